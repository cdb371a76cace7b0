#include "parity/values.h"

#include "parity/worth.h"

#include <date/tz.h>

#include <algorithm>
#include <stdexcept>

namespace underpin::parity {
namespace {

using json::Value;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string without(const std::string& text, std::string_view around) {
  const std::size_t first = text.find_first_not_of(around);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(around) - first + 1);
}

std::string without_zeros(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return text;
  const std::size_t first = text.find_first_not_of('0');
  return first == std::string::npos ? "0" : text.substr(first);
}

// "2026-11-24T10:00:00" as the clocks of `zone` show it.
std::optional<Timestamp> local_instant(const std::string& text, const std::string& zone) {
  const auto as_utc = Timestamp::parse(text + "Z");
  if (!as_utc) return std::nullopt;
  try {
    const date::local_time<std::chrono::microseconds> local{
        std::chrono::microseconds(as_utc->micros)};
    const auto instant = date::locate_zone(zone)->to_sys(local, date::choose::earliest);
    return Timestamp{
        std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count()};
  } catch (const std::exception&) {
    return std::nullopt;  // No zone of that name on this machine: it stays a text.
  }
}

std::optional<Timestamp> instant_of(const std::string& text, const std::string& zone) {
  if (text.size() < 16 || text[10] != 'T') return std::nullopt;
  const auto exact = Timestamp::parse(text);
  if (exact) return *exact;
  return local_instant(text.size() == 16 ? text + ":00" : text, zone);
}

std::optional<Date> day_in(const std::string& zone, Timestamp at) {
  try {
    const date::sys_time<std::chrono::microseconds> instant{std::chrono::microseconds(at.micros)};
    const date::year_month_day day{
        date::floor<date::days>(date::locate_zone(zone)->to_local(instant))};
    return Date{static_cast<std::int16_t>(static_cast<int>(day.year())),
                static_cast<std::uint8_t>(static_cast<unsigned>(day.month())),
                static_cast<std::uint8_t>(static_cast<unsigned>(day.day()))};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

bool is_blank(const Rule& rule, const Value& value) {
  return std::any_of(rule.blanks.begin(), rule.blanks.end(),
                     [&](const Value& blank) { return same_value(blank, value, true); });
}

std::string text_after(std::string text, const Rule& rule, const Rules& rules) {
  if (rule.trimmed) text = without(text, " \t\r\n");
  if (!rule.padding.empty()) text = without(text, rule.padding);
  if (rule.leading_zeros) text = without_zeros(text);
  if (!rule.codes.empty()) {
    const auto map = rules.codes.find(rule.codes);
    if (map != rules.codes.end()) {
      const auto code = map->second.find(text);
      if (code != map->second.end()) text = code->second;
    }
  }
  if (!rule.units.empty() && rule.unit_at.empty()) {
    const auto map = rules.units.find(rule.units);
    if (map != rules.units.end()) {
      const auto unit = map->second.find(text);
      if (unit != map->second.end()) text = unit->second.base;
    }
  }
  if (rule.any_case) text = lower(std::move(text));
  if (!rule.zone.empty()) {
    const auto instant = instant_of(text, rule.zone);
    if (instant) text = instant->text();
  }
  return text;
}

// A quantity in the base unit of the unit beside it, or a price for one of that.
Decimal in_base_unit(Decimal number, const Rule& rule, const Rules& rules, const Value* parent) {
  const auto map = rules.units.find(rule.units);
  if (parent == nullptr || map == rules.units.end()) return number;
  const auto unit = map->second.find(without(parent->get(rule.unit_at).text(), " "));
  if (unit == map->second.end()) return number;
  constexpr int more_places = 8;
  return rule.per_unit
             ? Decimal::divided(number, unit->second.factor,
                                std::min(Decimal::scale_max, number.scale() + more_places),
                                Rounding::half_even)
             : number * unit->second.factor;
}

}  // namespace

std::optional<Decimal> as_number(const Value& value) {
  if (value.is_number()) {
    const auto number = value.as_decimal();
    if (number) return *number;
    return std::nullopt;
  }
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.text();
  const std::size_t start = !text.empty() && text[0] == '-' ? 1 : 0;
  if (text.size() <= start || text[start] < '0' || text[start] > '9') return std::nullopt;
  if (text[start] == '0' && text.size() > start + 1 && text[start + 1] != '.') return std::nullopt;
  const auto number = Decimal::parse(text);
  if (number) return *number;
  return std::nullopt;
}

bool is_scalar(const Value& value) { return !value.is_array() && !value.is_object(); }

bool is_about_numbers(const Rule& rule) {
  return rule.factor || rule.rounding || !rule.unit_at.empty() || rule.absolute || rule.relative ||
         rule.per_document;
}

bool same_value(const Value& one, const Value& two, bool counts) {
  if (one == two) return true;
  if (!counts && one.is_string() && two.is_string()) return false;
  const auto number_one = as_number(one);
  if (!number_one) return false;
  const auto number_two = as_number(two);
  return number_two && *number_one == *number_two;
}

std::optional<Value> normalised(const Value& value, const Rule& rule, const Rules& rules,
                                const std::string& system, const Value* parent) {
  if (!rule.of.empty() && rule.of != system) return std::nullopt;
  if (!rule.blanks.empty() && is_blank(rule, value)) return Value::null();
  try {
    const bool counts = rule.factor || rule.rounding || !rule.unit_at.empty();
    const auto number = counts ? as_number(value) : std::nullopt;
    if (number) {
      Decimal after = *number;
      if (!rule.unit_at.empty()) after = in_base_unit(after, rule, rules, parent);
      if (rule.factor) after = after * *rule.factor;
      if (rule.rounding && after.scale() > rule.rounding->scale)
        after = after.rounded(rule.rounding->scale, rule.rounding->policy);
      if (after == *number) return std::nullopt;
      return Value::number(after);
    }
  } catch (const std::exception&) {
    return std::nullopt;  // Beyond a Decimal's digits: it is compared as it stands.
  }
  if (!value.is_string()) return std::nullopt;
  std::string after = text_after(value.text(), rule, rules);
  if (!rule.blanks.empty() && is_blank(rule, Value(after))) return Value::null();
  if (after == value.text()) return std::nullopt;
  return Value(std::move(after));
}

bool same_day(const Value& one, const Value& two, const std::string& zone) {
  if (!one.is_string() || !two.is_string()) return false;
  const auto is_day = [](const std::string& text) { return Date::parse(text).has_value(); };
  const bool day_first = is_day(one.text());
  if (day_first == is_day(two.text())) return false;
  const std::string& day = day_first ? one.text() : two.text();
  const auto instant = instant_of(day_first ? two.text() : one.text(), zone);
  if (!instant) return false;
  const auto there = day_in(zone, *instant);
  return there && there->text() == day;
}

std::optional<Decimal> apart(Decimal one, Decimal two) {
  try {
    return (one - two).magnitude();
  } catch (const std::overflow_error&) {
    return std::nullopt;
  }
}

bool within_limits(const Rule& rule, Decimal one, Decimal two) {
  const auto difference = apart(one, two);
  if (!difference) return false;
  if (rule.absolute && *difference <= *rule.absolute) return true;
  if (rule.relative) {
    try {
      const Decimal smaller = std::min(one.magnitude(), two.magnitude());
      if (*difference <= (*rule.relative * smaller).rounded(12, Rounding::half_even)) return true;
    } catch (const std::overflow_error&) {
      return false;
    }
  }
  return !rule.absolute && !rule.relative && rule.per_document.has_value();
}

std::string canonical_text(const Value& value, const std::string& field) {
  if (value.is_array()) {
    std::string text = "[";
    for (const Value& item : value.items()) text += canonical_text(item, field) + ",";
    return text + "]";
  }
  if (value.is_object()) {
    std::vector<std::string> members;
    members.reserve(value.size());
    for (const json::Member& member : value.members())
      members.push_back(json::write(Value(member.key)) + ":" +
                        canonical_text(member.value, member.key));
    std::sort(members.begin(), members.end());
    std::string text = "{";
    for (const std::string& member : members) text += member + ",";
    return text + "}";
  }
  const bool counts = !value.is_string() || holds_numbers(field);
  const auto number = counts ? as_number(value) : std::nullopt;
  return number ? number->normalized().text() : json::write(value);
}

bool fits(std::string_view pattern, std::string_view text) {
  const std::string p = lower(std::string(pattern));
  const std::string t = lower(std::string(text));
  std::size_t at = 0;
  std::size_t in = 0;
  std::size_t star = std::string::npos;
  std::size_t resume = 0;
  while (in < t.size()) {
    if (at < p.size() && p[at] == '*') {
      star = at++;
      resume = in;
    } else if (at < p.size() && p[at] == t[in]) {
      ++at;
      ++in;
    } else if (star != std::string::npos) {
      at = star + 1;
      in = ++resume;
    } else {
      return false;
    }
  }
  while (at < p.size() && p[at] == '*') ++at;
  return at == p.size();
}

bool is_zone(std::string_view zone) {
  try {
    return date::locate_zone(std::string(zone)) != nullptr;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace underpin::parity
