#pragma once

#include "contracts/error.h"
#include "parity/rules.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Comparing what two ERPs answered to one question, or two records of one thing. Pure:
// (primary, secondary, rules) -> verdict, the same whichever of both is called primary.
namespace underpin::parity {

enum class Verdict : std::uint8_t {
  match,
  tolerated,         // Within a rule's limits.
  known_difference,  // A registered difference with reason, approver and expiry covers it.
  late,              // Different, and equal when it was read again; or a delivery is on its way.
  mismatch,
  not_compared,  // With its reason.
};
std::string_view name(Verdict verdict);
std::optional<Verdict> parse_verdict(std::string_view text);

// Pairs of names for one thing: class -> primary's name -> secondary's name, in both directions.
class References {
 public:
  void add(const std::string& reference_class, const std::string& one, const std::string& other);
  bool same(const std::string& reference_class, const std::string& one,
            const std::string& other) const;

 private:
  std::map<std::string, std::multimap<std::string, std::string>> pairs_;
};

// What one system did with the call: a document, or an error.
struct Side {
  std::optional<json::Value> document;
  std::optional<Error> error;
  std::int64_t micros = 0;  // How long it took.
  Timestamp as_of = {};     // What it shows: of when; empty: of when it was asked.
};

struct Difference {
  std::string path;  // A concrete JSON pointer, list elements by key: "/lines/10/unitPrice".
  Kind kind = Kind::value;
  Verdict verdict = Verdict::mismatch;
  std::string primary;  // JSON text of the value; empty when missing.
  std::string secondary;
  std::string rule;        // What tolerated, ignored or covered it.
  std::string field = {};  // The path with list elements as "*": "/lines/*/unitPrice".
  bool volatile_field = false;
  std::optional<Decimal> worth = {};  // In money (worth.h); nothing: it cannot be valued.
};

// What a rule kept from being a difference.
struct Suppressed {
  std::string rule;
  std::string path;
  std::string primary;
  std::string secondary;
};

// Two names that were equal by References.
struct Related {
  std::string reference_class;
  std::string primary;
  std::string secondary;
};

struct Comparison {
  Verdict verdict = Verdict::match;  // The worst of its differences.
  std::vector<Difference> differences;
  std::map<std::string, std::int64_t> suppressed;  // Rule name -> fields it suppressed.
  // Rules that were needed without suppressing anything: lists were matched by them, a field that
  // they call volatile was there.
  std::set<std::string> used;
  std::vector<Related> related;
  std::vector<Suppressed> samples;  // At most samples_max for each rule.
  std::int64_t fields = 0;          // Fields compared.
  std::set<std::string> classes;    // Of these, by field_class_of (worth.h).
  std::string reason;               // For not_compared and late.
  std::int64_t converged_ms = -1;   // late: how long after the first look both were equal.

  static constexpr int samples_max = 2;
};

struct Question {
  std::string capability;
  std::string operation;
  std::string subject;
  Date today;  // For expiry.
  Cohort cohort = {};
  std::string primary_system = {};  // For rules of one system: "nav".
  std::string secondary_system = {};
};

// The rules of one operation, prepared once for many comparisons: rows of a sweep, lists of
// records. Keeps a reference to `rules`. Any thread.
class Judge {
 public:
  Judge(const Rules& rules, std::string_view capability, std::string_view operation);
  Judge(Rules&&, std::string_view, std::string_view) = delete;

  // Two documents: field by field. Two errors that mean the same: a match. One error, or two
  // different ones: an outcome mismatch; an error that says nothing about the question (a system
  // that could not be asked): not compared. Numbers and decimal texts compare by value (1.50 equals
  // 1.5), lists by key where a rule names one: one inserted line is one difference, not forty.
  // Never throws but for want of memory.
  Comparison compare(const Side& primary, const Side& secondary, const References& references,
                     const Question& question) const;

  struct Pattern {
    const Rule* rule = nullptr;
    const KnownDifference* known = nullptr;
    std::vector<std::string> path;  // Unescaped segments.
  };

 private:
  const Rules& rules_;
  std::vector<Pattern> patterns_;
  std::vector<Pattern> known_;
  std::vector<const OutcomeClass*> outcomes_;
};

// For a single comparison.
Comparison compare(const Side& primary, const Side& secondary, const Rules& rules,
                   const References& references, const Question& question);

// The worst of its differences; what is not compared stays so.
Verdict verdict_of(const Comparison& comparison);

}  // namespace underpin::parity
