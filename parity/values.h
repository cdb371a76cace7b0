#pragma once

#include "parity/rules.h"

#include <optional>
#include <string>

// One value at a time: what a rule makes of it, and when two of them are equal. Pure; nothing here
// throws. For comparisons of documents and of single records alike.
namespace underpin::parity {

// "10.50" and 10.5 are numbers; "007" and "+5" are names.
std::optional<Decimal> as_number(const json::Value& value);
// Equal without any rule: numbers by value. Two texts are numbers where the field `counts`
// (holds_numbers() in worth.h, or is_about_numbers() of a rule); elsewhere they are names, and
// "1.10" is not "1.1".
bool same_value(const json::Value& one, const json::Value& two, bool counts);
// The rule reads its field as numbers.
bool is_about_numbers(const Rule& rule);
bool is_scalar(const json::Value& value);

// What `rule` makes of a scalar that `system` said, beside the members of `parent` (or none).
// Nothing: the rule does not change it. A null: the rule takes it for a blank.
std::optional<json::Value> normalised(const json::Value& value, const Rule& rule,
                                      const Rules& rules, const std::string& system,
                                      const json::Value* parent);
// A rule's day equals an instant on that day of its zone.
bool same_day(const json::Value& one, const json::Value& two, const std::string& zone);

// |one - two| by the rule's limits of a single field; false also when the rule has none.
bool within_limits(const Rule& rule, Decimal one, Decimal two);
// |one - two|; nothing beyond what a Decimal holds.
std::optional<Decimal> apart(Decimal one, Decimal two);

// The same text for equal values, whatever the order of members. `field` is where it stands.
std::string canonical_text(const json::Value& value, const std::string& field = {});

// `pattern` with "*" for any text, without case.
bool fits(std::string_view pattern, std::string_view text);

bool is_zone(std::string_view zone);

}  // namespace underpin::parity
