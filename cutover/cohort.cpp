#include "cutover/cohort.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace underpin::cutover {
namespace {

using json::Value;
using List = std::vector<std::string> CohortRule::*;

constexpr std::size_t rules_max = 50;
constexpr std::size_t entries_max = 10'000;
constexpr std::size_t text_max = 200;
constexpr std::uint32_t whole = 100'000;

constexpr std::array<std::pair<const char*, List>, 6> lists{{
    {"channels", &CohortRule::channels},
    {"locations", &CohortRule::locations},
    {"regions", &CohortRule::regions},
    {"segments", &CohortRule::segments},
    {"skus", &CohortRule::skus},
    {"keys", &CohortRule::keys},
}};

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool holds_all(const std::vector<std::string>& list, const std::vector<std::string>& texts) {
  return !texts.empty() && std::all_of(texts.begin(), texts.end(),
                                       [&](const std::string& text) { return holds(list, text); });
}

bool holds_region(const std::vector<std::string>& list, const std::string& region) {
  return !region.empty() &&
         (holds(list, region) || holds(list, region.substr(0, region.find('-'))));
}

Error refused(const std::string& path, const std::string& rule) {
  return {ErrorCode::invalid_request, "rules" + path + " " + rule, {}, {}, 0,
          {{"/rules" + path, rule}}};
}

Result<std::string> text_of(const Value& value, const char* key, const std::string& path) {
  const Value* member = value.find(key);
  const std::string at = path + "/" + key;
  if (member == nullptr || !member->is_string()) return refused(at, "must be a text");
  std::string text = member->as_string().value();
  if (text.empty() || text.size() > text_max) return refused(at, "must have 1 to 200 characters");
  return text;
}

}  // namespace

bool CohortRule::same_cohort(const CohortRule& other) const {
  return std::all_of(lists.begin(), lists.end(),
                     [&](const auto& list) { return this->*list.second == other.*list.second; });
}

bool matches(const CohortRule& rule, const Subject& subject) {
  return (rule.keys.empty() || holds(rule.keys, subject.key)) &&
         (rule.channels.empty() || holds(rule.channels, subject.channel)) &&
         (rule.segments.empty() || holds(rule.segments, subject.segment)) &&
         (rule.regions.empty() || holds_region(rule.regions, subject.region)) &&
         (rule.locations.empty() || holds_all(rule.locations, subject.locations)) &&
         (rule.skus.empty() || holds_all(rule.skus, subject.skus));
}

Value to_json(const CohortRule& rule) {
  Value value = Value::object();
  value.set("name", rule.name);
  value.set("reason", rule.reason);
  value.set("sharePer100k", Value::integer(rule.share_per_100k));
  Value match = Value::object();
  for (const auto& [key, list] : lists) {
    if ((rule.*list).empty()) continue;
    Value entries = Value::array();
    for (const std::string& text : rule.*list) entries.push(Value::string(text));
    match.set(key, std::move(entries));
  }
  value.set("match", std::move(match));
  return value;
}

Result<std::vector<CohortRule>> read_rules(const Value& value, bool documents) {
  if (!value.is_array()) return refused("", "must be a list");
  if (value.items().size() > rules_max) return refused("", "must not be more than 50");
  std::vector<CohortRule> rules;
  std::set<std::string> names;
  for (const Value& entry : value.items()) {
    const std::string path = "/" + std::to_string(rules.size());
    if (!entry.is_object()) return refused(path, "must be an object");
    for (const auto& [key, member] : entry.members())
      if (key != "name" && key != "reason" && key != "sharePer100k" && key != "match")
        return refused(path + "/" + key, "is not known");
    CohortRule rule;
    const auto name = text_of(entry, "name", path);
    if (!name) return name.error();
    rule.name = *name;
    if (!names.insert(rule.name).second) return refused(path + "/name", "is used twice");
    const auto reason = text_of(entry, "reason", path);
    if (!reason) return reason.error();
    rule.reason = *reason;
    const Value* share = entry.find("sharePer100k");
    const auto number = share == nullptr ? Result<std::int64_t>(std::int64_t{-1}) : share->as_int();
    if (!number || *number < 0 || *number > std::int64_t{whole})
      return refused(path + "/sharePer100k", "must be 0 to 100000");
    rule.share_per_100k = static_cast<std::uint32_t>(*number);
    const Value* match = entry.find("match");
    if (match == nullptr || !match->is_object() || match->members().empty())
      return refused(path + "/match", "must name at least one list");
    for (const json::Member& given : match->members()) {
      const std::string at = path + "/match/" + given.key;
      const Value& member = given.value;
      const auto list = std::find_if(lists.begin(), lists.end(),
                                     [&](const auto& one) { return given.key == one.first; });
      if (list == lists.end()) return refused(at, "is not known");
      if (!documents && list->second == &CohortRule::channels)
        return refused(at, "is only for documents: who asks does not move what is shared");
      if (!member.is_array() || member.items().empty() || member.items().size() > entries_max)
        return refused(at, "must be a list of 1 to 10000 texts");
      for (const Value& text : member.items()) {
        if (!text.is_string() || text.as_string().value().empty() ||
            text.as_string().value().size() > text_max)
          return refused(at, "must hold texts of 1 to 200 characters");
        (rule.*(list->second)).push_back(text.as_string().value());
      }
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace underpin::cutover
