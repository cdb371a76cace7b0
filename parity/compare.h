#pragma once

#include "contracts/decimal.h"
#include "contracts/error.h"
#include "contracts/json/json_text.h"
#include "contracts/result.h"
#include "contracts/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Comparing what two ERPs answered to one question. Pure: (primary, secondary, rules) -> verdict.
namespace underpin::parity {

enum class Kind : std::uint8_t { value, type, missing, extra, order, count, outcome };
enum class Verdict : std::uint8_t {
  match,
  tolerated,         // Within a rule's tolerance.
  known_difference,  // A registered difference with reason, approver and expiry covers it.
  late,              // Different, and equal when it was read again; or a delivery is on its way.
  mismatch,
  not_compared,  // With its reason.
};
std::string_view name(Kind kind);
std::string_view name(Verdict verdict);
std::optional<Verdict> parse_verdict(std::string_view text);

// What one rule does to the fields it covers. `path` is a JSON pointer in which "*" stands for any
// list element or member: "/lines/*/unitPrice".
struct Rule {
  std::string name;        // Shown in the report.
  std::string capability;  // "orders"; empty: every capability.
  std::string operation;   // "get_order"; empty: every operation.
  std::string path;
  bool ignore = false;              // Not compared; counted.
  bool late = false;                // Different is late: both will have it by another way.
  std::string list_key;             // The list at `path` is matched by this member, not by index.
  std::optional<Decimal> absolute;  // |primary - secondary| <= absolute is tolerated.
  std::optional<Decimal> relative;  // <= relative * |primary| is tolerated; a fraction.
  bool any_case = false;            // Texts are compared without case.
  bool trimmed = false;             // Texts are compared without surrounding blanks.
  // A cross-reference: values that are names of one thing in the two ERPs are equal. Looked up in
  // References by this class name, e.g. "order_document", "location".
  std::string references;
};

// A difference that people know and accept. All of reason, approved_by and expires are required.
struct KnownDifference {
  std::string name;
  std::string capability;
  std::string operation;
  std::string path;
  std::string subject;             // One subject, or empty: every one.
  std::optional<Decimal> at_most;  // |primary - secondary| covered; nothing: any difference.
  std::string reason;
  std::string approved_by;
  Date expires;  // Last day on which it covers.
};

struct Rules {
  std::vector<Rule> rules;
  std::vector<KnownDifference> known;
};

// Reads a rule file (contracts/schemas/parity-rules.schema.json). Unknown keys are refused.
Result<Rules> read_rules(std::string_view json_text);

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
};

struct Difference {
  std::string path;  // A concrete JSON pointer, list elements by key: "/lines/10/unitPrice".
  Kind kind = Kind::value;
  Verdict verdict = Verdict::mismatch;
  std::string primary;  // JSON text of the value; empty when missing.
  std::string secondary;
  std::string rule;  // What tolerated, ignored or covered it.
};

struct Comparison {
  Verdict verdict = Verdict::match;  // The worst of its differences.
  std::vector<Difference> differences;
  std::map<std::string, std::int64_t> suppressed;  // Rule name -> fields it suppressed.
  std::int64_t fields = 0;                         // Fields compared.
  std::string reason;                              // For not_compared.
};

struct Question {
  std::string capability;
  std::string operation;
  std::string subject;
  Date today;  // For expiry.
};

// Two documents: field by field. Two errors of one code: a match. One error, or two different ones:
// an outcome mismatch. Numbers and decimal texts compare by value (1.50 equals 1.5), lists by key
// where a rule names one: one inserted line is one difference, not forty.
Comparison compare(const Side& primary, const Side& secondary, const Rules& rules,
                   const References& references, const Question& question);

}  // namespace underpin::parity
