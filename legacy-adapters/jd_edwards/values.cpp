#include "legacy-adapters/jd_edwards/values.h"

#include <date/tz.h>

#include <charconv>
#include <stdexcept>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr int digits_max = 15;

[[noreturn]] void unreadable(std::string_view text, std::string_view column, const char* rule) {
  throw std::domain_error("column " + std::string(column) + ": '" +
                          std::string(text.substr(0, 50)) + "' is not " + rule);
}

date::local_days local_day(Date day) {
  return date::local_days(date::year(day.year) / date::month(day.month) / date::day(day.day));
}

Date day_of(date::local_days day) {
  const date::year_month_day ymd(day);
  return {static_cast<std::int16_t>(static_cast<int>(ymd.year())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.month())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.day()))};
}

const date::time_zone& zone_named(std::string_view zone) {
  return *date::locate_zone(std::string(zone));
}

date::sys_time<std::chrono::microseconds> sys(Timestamp at) {
  return date::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at.micros));
}

date::local_seconds local_of(Stamp stamp) {
  const auto day = date_of(stamp.day, "UPMJ");
  if (!day) return {};
  return local_day(*day) + std::chrono::hours(stamp.time / 10'000) +
         std::chrono::minutes(stamp.time / 100 % 100) + std::chrono::seconds(stamp.time % 100);
}

Stamp stamp_of(date::local_seconds at) {
  const auto day = date::floor<date::days>(at);
  const std::int64_t seconds = (at - day).count();
  return {cyyddd_of(day_of(day)), seconds / 3600 * 10'000 + seconds / 60 % 60 * 100 + seconds % 60};
}

}  // namespace

std::int64_t whole_of(std::string_view text, std::string_view column) {
  const std::string_view bare = trimmed(text);
  if (bare.empty()) return 0;  // NULL, as other programs leave it.
  // Some drivers print a NUMERIC's decimals though there are none: "200.000".
  const std::string_view digits = bare.substr(0, bare.find('.'));
  const std::string_view rest = bare.substr(digits.size());
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc() || end != digits.data() + digits.size() ||
      rest.find_first_not_of(".0") != std::string_view::npos)
    unreadable(text, column, "a whole number");
  return value;
}

Decimal amount_of(std::string_view text, int decimals, std::string_view column) {
  return Decimal(whole_of(text, column), decimals).normalized();
}

std::optional<std::int64_t> implied(Decimal amount, int decimals) {
  const Decimal bare = amount.normalized();
  if (bare.scale() > decimals) return std::nullopt;
  const Decimal padded_out = bare.rounded(decimals, Rounding::half_up);
  if (Decimal(padded_out.magnitude().coefficient(), 0).text().size() > digits_max)
    return std::nullopt;
  return static_cast<std::int64_t>(padded_out.coefficient());
}

std::optional<Date> date_of(std::int64_t cyyddd, std::string_view column) {
  if (cyyddd == 0) return std::nullopt;
  const std::int64_t in_year = cyyddd % 1000;
  const date::year year(static_cast<int>(1900 + cyyddd / 1000));
  if (cyyddd < 0 || cyyddd > 999'366 || in_year < 1 || in_year > (year.is_leap() ? 366 : 365))
    unreadable(std::to_string(cyyddd), column, "a date CYYDDD");
  return day_of(date::local_days(year / date::January / 1) + date::days(in_year - 1));
}

std::int64_t cyyddd_of(Date day) {
  if (day.empty()) return 0;
  const auto first = date::local_days(date::year(day.year) / date::January / 1);
  return (day.year - 1900) * 1000LL + (local_day(day) - first).count() + 1;
}

std::size_t width_of(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
  return count;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  const std::size_t there = width_of(text);
  if (there < width) result.append(width - there, ' ');
  return result;
}

std::string unit(std::string_view code) {
  constexpr std::size_t width = 12;
  if (code.size() >= width) return std::string(code);
  return std::string(width - code.size(), ' ') + std::string(code);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool is_zone(std::string_view zone) {
  try {
    zone_named(zone);
    return !zone.empty();
  } catch (const std::runtime_error&) {
    return false;
  }
}

Date day_in(std::string_view zone, Timestamp at) {
  return day_of(date::floor<date::days>(zone_named(zone).to_local(sys(at))));
}

Stamp stamp_in(std::string_view zone, Timestamp at) {
  return stamp_of(date::floor<std::chrono::seconds>(zone_named(zone).to_local(sys(at))));
}

Timestamp instant_of(std::string_view zone, Stamp stamp) {
  if (stamp.day == 0) return {};
  const auto instant = zone_named(zone).to_sys(local_of(stamp), date::choose::earliest);
  return {
      std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count()};
}

Stamp earlier(Stamp stamp, std::int64_t seconds) {
  if (stamp.day == 0) return stamp;
  return stamp_of(local_of(stamp) - std::chrono::seconds(seconds));
}

int offset_minutes(std::string_view zone, Timestamp at) {
  const auto seconds = date::floor<std::chrono::seconds>(sys(at));
  return static_cast<int>(
      std::chrono::duration_cast<std::chrono::minutes>(zone_named(zone).get_info(seconds).offset)
          .count());
}

}  // namespace underpin::legacy::jd_edwards
