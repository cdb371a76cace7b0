#include "cloud-adapters/transport/odata/odata_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace underpin::cloud::odata {
namespace {

constexpr int retry_after_max_s = 3'600;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view text) { return std::stoi(std::string(text)); }

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::optional<Timestamp> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  const int month_number = static_cast<int>(month - months.begin()) + 1;
  const std::string moment = std::string(text.substr(12, 4)) + (month_number < 10 ? "-0" : "-") +
                             std::to_string(month_number) + "-" + std::string(text.substr(5, 2)) +
                             "T" + std::string(text.substr(17, 8)) + "Z";
  const Result<Timestamp> parsed = Timestamp::parse(moment);
  if (!parsed) return std::nullopt;
  return *parsed;
}

std::string joined(const std::vector<std::string>& parts, std::string_view word) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += word;
    text += part;
  }
  return text;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
        c == '.' || c == '_' || c == '~') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += digits[static_cast<unsigned char>(c) >> 4];
      encoded += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

std::string quoted(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    literal += c;
    if (c == '\'') literal += '\'';
  }
  return literal + "'";
}

std::string eq(std::string_view property, std::string_view text) {
  return std::string(property) + " eq " + quoted(text);
}

std::string eq_guid(std::string_view property, std::string_view guid) {
  return std::string(property) + " eq " + std::string(guid);
}

std::string since(std::string_view property, Timestamp moment) {
  return std::string(property) + " ge " + moment.text();
}

std::string all_of(const std::vector<std::string>& conditions) {
  return joined(conditions, " and ");
}

std::string any_of(const std::vector<std::string>& conditions) {
  return "(" + joined(conditions, " or ") + ")";
}

std::string Query::text() const {
  std::string options;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    options += options.empty() ? "?" : "&";
    options += std::string(name) + "=" + percent_encoded(value);
  };
  add("$filter", filter);
  add("$expand", expand);
  add("$select", select);
  add("$orderby", orderby);
  if (top) add("$top", std::to_string(*top));
  if (count) add("$count", "true");
  return options;
}

int retry_after_s(std::string_view value, Timestamp now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (is_number(value)) return std::clamp(number(value), 1, retry_after_max_s);
  const std::optional<Timestamp> moment = http_date(value);
  if (!moment) return 0;
  const std::int64_t left_s = (moment->micros - now.micros + 999'999) / 1'000'000;
  return static_cast<int>(std::clamp<std::int64_t>(left_s, 1, retry_after_max_s));
}

}  // namespace underpin::cloud::odata
