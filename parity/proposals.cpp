#include "parity/proposals.h"

#include "parity/digest.h"
#include "parity/values.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace underpin::parity {
namespace {

using json::Value;

constexpr std::size_t samples_max = 5;
constexpr std::int64_t share_needed = 9;  // Of ten.

// One way to explain a difference: the rule's members, and what they are called.
struct Explanation {
  std::string transformation;
  Rule rule;
  Value members;  // As in the file, without name, path and reason.
};

Value flag(const char* key) {
  Value value = Value::object();
  value.set(key, Value::boolean(true));
  return value;
}

void add_texts(std::vector<Explanation>& all) {
  Rule rule;
  rule.trimmed = true;
  all.push_back({"blanks around", rule, flag("trimmed")});
  rule = {};
  rule.any_case = true;
  all.push_back({"case", rule, flag("anyCase")});
  rule = {};
  rule.leading_zeros = true;
  all.push_back({"leading zeros", rule, flag("leadingZeros")});
  for (const char* with : {"*", "_", "-", "."}) {
    rule = {};
    rule.padding = with;
    Value members = Value::object();
    members.set("padding", with);
    all.push_back({"padding", rule, std::move(members)});
  }
  rule = {};
  Value blanks = Value::array();
  for (const char* blank :
       {"", "0001-01-01", "1753-01-01", "1900-01-01", "9999-12-31", "00000000", "0"}) {
    rule.blanks.emplace_back(blank);
    blanks.push(Value(blank));
  }
  rule.blanks.push_back(Value::null());
  Value members = Value::object();
  members.set("blanks", std::move(blanks));
  all.push_back({"blank value", rule, std::move(members)});
}

void add_zones(std::vector<Explanation>& all) {
  for (const char* zone : {"UTC", "Europe/Berlin", "Europe/London", "America/New_York",
                           "America/Chicago", "America/Denver", "America/Los_Angeles", "Asia/Tokyo",
                           "Asia/Shanghai", "Australia/Sydney"}) {
    Rule rule;
    rule.zone = zone;
    Value members = Value::object();
    members.set("zone", zone);
    all.push_back({"time zone", rule, std::move(members)});
  }
}

void add_roundings(std::vector<Explanation>& all) {
  const std::array<std::pair<const char*, Rounding>, 3> policies{
      {{"half_up", Rounding::half_up},
       {"half_even", Rounding::half_even},
       {"down", Rounding::down}}};
  for (int scale = 5; scale >= 0; --scale) {
    for (const auto& [policy, rounding] : policies) {
      Rule rule;
      rule.rounding = RoundingRule{scale, rounding};
      Value how = Value::object();
      how.set("scale", Value::integer(scale));
      how.set("policy", policy);
      Value members = Value::object();
      members.set("rounding", std::move(how));
      all.push_back({"rounding", rule, std::move(members)});
    }
  }
}

// Those that need no pair to be known. Of equal support, what stands first wins: what says least.
const std::vector<Explanation>& fixed_explanations() {
  static const std::vector<Explanation> all = [] {
    std::vector<Explanation> list;
    add_texts(list);
    add_zones(list);
    add_roundings(list);
    return list;
  }();
  return all;
}

std::optional<Value> value_of(const std::string& json_text) {
  if (json_text.empty()) return Value::null();  // Absent.
  const auto value = json::parse(json_text);
  if (!value || !is_scalar(*value)) return std::nullopt;
  return *value;
}

bool explains(const Rule& rule, const Value& one, const Value& two, const std::string& system_one,
              const std::string& system_two) {
  static const Rules none;
  const Value a = normalised(one, rule, none, system_one, nullptr).value_or(one);
  const Value b = normalised(two, rule, none, system_two, nullptr).value_or(two);
  // A blank explains only what is there against what is not.
  if (rule.blanks.empty() && (a.is_null() || b.is_null())) return false;
  return same_value(a, b, is_about_numbers(rule)) ||
         (!rule.zone.empty() && same_day(a, b, rule.zone));
}

// The number by which the primary's value becomes the secondary's, if that is a plain one.
std::optional<Decimal> factor_between(const Value& one, const Value& two) {
  const auto a = as_number(one);
  const auto b = as_number(two);
  if (!a || !b || a->is_zero() || b->is_zero()) return std::nullopt;
  try {
    constexpr int places = 8;
    const Decimal factor = Decimal::divided(*b, *a, places, Rounding::half_even).normalized();
    if (factor.is_zero() || factor == Decimal::of(1) || *a * factor != *b) return std::nullopt;
    return factor;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

class Proposer {
 public:
  Proposer(const std::vector<const Mismatch*>& group, std::int64_t support)
      : group_(group), support_(support) {}

  std::optional<Proposal> best() {
    for (const Explanation& one : fixed_explanations()) try_rule(one);
    try_factors();
    if (!best_) try_codes();
    return best_;
  }

 private:
  void try_rule(const Explanation& explanation) {
    std::vector<const Mismatch*> explained;
    for (const Mismatch* mismatch : group_) {
      const auto one = value_of(mismatch->difference.primary);
      const auto two = value_of(mismatch->difference.secondary);
      if (one && two &&
          explains(explanation.rule, *one, *two, mismatch->primary_system,
                   mismatch->secondary_system))
        explained.push_back(mismatch);
    }
    offer(explanation, explained, {});
  }

  void try_factors() {
    std::map<std::string, std::vector<const Mismatch*>> by_factor;
    for (const Mismatch* mismatch : group_) {
      const auto one = value_of(mismatch->difference.primary);
      const auto two = value_of(mismatch->difference.secondary);
      const auto factor = one && two ? factor_between(*one, *two) : std::nullopt;
      // Which system was primary may have changed meanwhile.
      if (factor) by_factor[mismatch->primary_system + " " + factor->text()].push_back(mismatch);
    }
    for (const auto& [key, explained] : by_factor) {
      const std::size_t space = key.rfind(' ');
      const std::string factor = key.substr(space + 1);
      Explanation explanation;
      explanation.transformation = factor == "-1" ? "sign" : "unit factor";
      explanation.members = Value::object();
      explanation.members.set("of", key.substr(0, space));
      explanation.members.set("factor", factor);
      // Amounts that happen to be apart by one ratio are no unit: two different figures at least.
      std::set<std::string> figures;
      for (const Mismatch* mismatch : explained) figures.insert(mismatch->difference.primary);
      if (figures.size() > 1) offer(explanation, explained, {});
    }
  }

  // Each text of the primary always stands for the same one of the secondary.
  void try_codes() {
    std::map<std::string, std::string> meaning;
    std::set<std::string> ambiguous;
    std::vector<const Mismatch*> texts;
    for (const Mismatch* mismatch : group_) {
      const auto one = value_of(mismatch->difference.primary);
      const auto two = value_of(mismatch->difference.secondary);
      if (!one || !two || !one->is_string() || !two->is_string() || one->text().empty() ||
          two->text().empty() || as_number(*one) || as_number(*two))
        continue;
      texts.push_back(mismatch);
      const auto [known, added] = meaning.emplace(one->text(), two->text());
      if (!added && known->second != two->text()) ambiguous.insert(one->text());
    }
    // Names of people map to each other too: a code is what many subjects share.
    if (meaning.size() * 3 > texts.size()) return;
    std::vector<const Mismatch*> explained;
    Value map = Value::object();
    for (const Mismatch* mismatch : texts) {
      const std::string from = value_of(mismatch->difference.primary)->text();
      if (ambiguous.count(from) == 0) explained.push_back(mismatch);
    }
    for (const auto& [from, to] : meaning) {
      if (ambiguous.count(from) != 0) continue;
      if (map.find(to) == nullptr) map.set(to, Value::array());
      map.find(to)->push(Value(from));
    }
    Explanation explanation;
    explanation.transformation = "code map";
    explanation.members = Value::object();
    std::string name = group_.front()->difference.field;
    std::replace(name.begin(), name.end(), '/', ' ');
    explanation.members.set("codes", group_.front()->capability + name);
    offer(explanation, explained, std::move(map));
  }

  void offer(const Explanation& explanation, const std::vector<const Mismatch*>& explained,
             Value map) {
    const auto count = static_cast<std::int64_t>(explained.size());
    const auto all = static_cast<std::int64_t>(group_.size());
    if (count < support_ || count * 10 < all * share_needed) return;
    if (best_ && best_->support >= count) return;
    std::set<std::string> subjects;
    for (const Mismatch* mismatch : explained) subjects.insert(mismatch->subject);
    if (subjects.size() < 2) return;
    const Mismatch& first = *explained.front();
    Proposal proposal;
    proposal.capability = first.capability;
    proposal.operation = first.operation;
    proposal.path = first.difference.field;
    proposal.transformation = explanation.transformation;
    proposal.support = count;
    proposal.of = all;
    proposal.subjects = static_cast<std::int64_t>(subjects.size());
    proposal.code_map = std::move(map);
    for (const Mismatch* mismatch : explained)
      if (proposal.samples.size() < samples_max) proposal.samples.push_back(*mismatch);
    proposal.rule = Value::object();
    proposal.rule.set("name", explanation.transformation + " at " + proposal.path);
    proposal.rule.set("capability", proposal.capability);
    proposal.rule.set("operation", proposal.operation);
    proposal.rule.set("path", proposal.path);
    for (const json::Member& member : explanation.members.members())
      proposal.rule.set(member.key, member.value);
    proposal.id = sha256_hex(canonical_text(proposal.rule)).substr(0, 12);
    best_ = std::move(proposal);
  }

  const std::vector<const Mismatch*>& group_;
  const std::int64_t support_;
  std::optional<Proposal> best_;
};

}  // namespace

std::vector<Mismatch> mismatches_of(const std::vector<LedgerEntry>& entries) {
  std::vector<Mismatch> all;
  for (const LedgerEntry& entry : entries)
    for (const Difference& difference : entry.comparison.differences)
      if (difference.verdict == Verdict::mismatch)
        all.push_back({entry.question.capability, entry.question.operation, entry.question.subject,
                       entry.primary_system, entry.secondary_system, difference});
  return all;
}

std::vector<Proposal> propose(const std::vector<Mismatch>& mismatches, std::int64_t support) {
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<const Mismatch*>> groups;
  for (const Mismatch& mismatch : mismatches)
    groups[{mismatch.capability, mismatch.operation, mismatch.difference.field}].push_back(
        &mismatch);
  std::vector<Proposal> proposals;
  for (const auto& [key, group] : groups)
    if (auto best = Proposer(group, std::max<std::int64_t>(support, 2)).best())
      proposals.push_back(std::move(*best));
  std::stable_sort(proposals.begin(), proposals.end(),
                   [](const Proposal& a, const Proposal& b) { return a.support > b.support; });
  return proposals;
}

}  // namespace underpin::parity
