#pragma once

#include "contracts/decimal.h"
#include "contracts/json/json_text.h"
#include "contracts/result.h"
#include "contracts/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What people say about comparing: rules, equal outcomes, known differences. One file, versioned;
// contracts/schemas/parity-rules.schema.json describes it. Pure values; any thread.
namespace underpin::parity {

enum class Kind : std::uint8_t { value, type, missing, extra, order, count, outcome };
std::string_view name(Kind kind);
std::optional<Kind> parse_kind(std::string_view text);

// Facts of a subject, or which of them a rule is for: "channels", "locations", "regions",
// "segments", "skus", "keys", as in a rollout's rules.
using Cohort = std::map<std::string, std::vector<std::string>>;
// Every list that `wanted` names holds all that `subject` has of it, and it has some. A region "DE"
// holds "DE-BY".
bool within(const Cohort& wanted, const Cohort& subject);

// Where something applies. Empty texts and lists: everywhere. `path` is a JSON pointer in which "*"
// stands for any list element or member: "/lines/*/unitPrice".
struct Scope {
  std::string capability;  // "orders".
  std::string operation;   // "get_order".
  std::string path;
  Cohort cohort;
};

struct RoundingRule {
  int scale = 0;
  Rounding policy = Rounding::half_up;
};

// A code in its base unit: one "BOX" is 12 "EA".
struct UnitOf {
  std::string base;
  Decimal factor = Decimal::of(1);
};
using UnitMap = std::map<std::string, UnitOf>;       // Code -> base unit.
using CodeMap = std::map<std::string, std::string>;  // Code -> the code that it means.

// What one rule does to the fields it covers. Normalising members change what both sides said, or
// what `of` said, before it is compared; the rules of one field work one after the other, in the
// order of the file. Limits then judge what is left of a difference.
struct Rule {
  std::string name;        // Unique; shown in the report.
  std::string capability;  // As in Scope, as are the next two.
  std::string operation;
  std::string path;
  Cohort cohort;
  std::string reason;
  std::string of;  // Normalise only what this system said, "nav"; empty: what either said.

  bool ignore = false;          // Not compared.
  bool late = false;            // Different is late: both will have it by another way.
  bool volatile_field = false;  // Moves while one looks: read again before it counts.

  // ---- lists
  std::vector<std::string> list_key;  // Elements are matched by these members, not by index.
  bool ordered = false;               // With a key: another order is a difference.
  bool set = false;                   // Elements are matched by being equal, in any order.

  // ---- normalising
  bool any_case = false;            // ASCII letters without case.
  bool trimmed = false;             // Without surrounding blanks.
  bool leading_zeros = false;       // "0000100" is "100", where there are only digits.
  std::string padding;              // One character that fills a field up, at either end.
  std::string zone;                 // Times without an offset are of this zone; instants are equal
                                    // by their instant, a day equals an instant on it.
  std::string codes;                // Name of a code map.
  std::string units;                // Name of a unit map: for the unit itself ...
  std::string unit_at;              // ... or for a quantity whose unit is this sibling,
  bool per_unit = false;            // or a price for one of that.
  std::optional<Decimal> factor;    // What `of` says is multiplied by this.
  std::vector<json::Value> blanks;  // These, null and an absent member are one.
  std::optional<RoundingRule> rounding;  // Equal after this rounding is tolerated.
  // A cross-reference: values that are names of one thing in the two ERPs are equal. Looked up in
  // References by this class name, e.g. "order_document", "location".
  std::string references;

  // ---- limits
  std::optional<Decimal> absolute;  // |primary - secondary| <= absolute is tolerated.
  std::optional<Decimal> relative;  // <= relative * the smaller of both is tolerated; a fraction.
  // Tolerated only while all that this rule tolerates in one document adds up to no more.
  std::optional<Decimal> per_document;

  std::string content = {};  // SHA-256 of what the file says; empty: no file says it.
};

// Answers, most of them errors. Each member that is not empty must match; "*" stands for any text,
// case does not count.
struct AnswerPattern {
  std::string system;
  std::string code;  // Of ErrorCode: "rejected".
  std::string vendor_code;
  std::string message;
  bool empty = false;     // No error: an answer of nothing, [] or {} or null.
  bool answered = false;  // No error, whatever was answered; of known differences only.
};

// A difference that people know and accept. Everything but the predicate is required.
struct KnownDifference {
  std::string name;
  std::string capability;
  std::string operation;
  std::string path;
  Cohort cohort;
  std::string subject;             // One subject, or empty: every one.
  std::optional<Decimal> at_most;  // |primary - secondary| covered; nothing: any difference.
  std::vector<Kind> kinds;         // Empty: every kind.
  // Instead of a path: what one side and the other answered, whichever is which; two, or none. Such
  // a difference is one of outcomes, and nothing else is covered by it.
  std::vector<AnswerPattern> answers;
  std::string owner;  // Who sees to it that it goes away.
  std::string reason;
  std::string ticket;
  std::string approved_by;
  Date expires;                             // Last day on which it covers.
  std::optional<std::int64_t> budget_hits;  // At least one of both budgets is there.
  std::optional<Decimal> budget_money;
};

// Answers that mean the same, whichever of them a side gives: a SOAP fault and an HTTP problem.
struct OutcomeClass {
  using Answer = AnswerPattern;
  std::string name;
  std::string capability;
  std::string operation;
  std::vector<Answer> answers;
  std::string reason;
  std::string content = {};  // As a rule's.
};

struct Rules {
  std::string version;  // Of the file, as its authors count: "2026-11-24.1".
  std::string hash;     // SHA-256 of the file, hexadecimal; empty without one.
  std::vector<Rule> rules;
  std::vector<KnownDifference> known;
  std::vector<OutcomeClass> outcomes;
  std::map<std::string, CodeMap> codes;
  std::map<std::string, UnitMap> units;
};

// "2@1f3a5b7c9d0e": version and the hash's beginning; kept with everything that they judged.
std::string identity(const Rules& rules);

// Reads a rule file. Unknown keys and all else that breaks its rules are refused as
// invalid_request, each with file, JSON pointer, the rule's name and what is wrong. `file` is only
// shown.
Result<Rules> read_rules(std::string_view json_text, const std::string& file = "parity rules");

}  // namespace underpin::parity
