#include "contracts/time.h"

#include <array>

namespace underpin {
namespace {

// Days since 1970-01-01 of a proleptic Gregorian day, and back (Howard Hinnant's algorithms).
constexpr std::int64_t days_from(int y, unsigned m, unsigned d) {
  y -= m <= 2;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return static_cast<std::int64_t>(era) * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

constexpr Date date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto doe = static_cast<unsigned>(days - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t y = static_cast<std::int64_t>(yoe) + era * 400;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned d = doy - (153 * mp + 2) / 5 + 1;
  const unsigned m = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int16_t>(y + (m <= 2)), static_cast<std::uint8_t>(m),
          static_cast<std::uint8_t>(d)};
}

bool leap(int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

int days_in(int y, int m) {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && leap(y) ? 29 : days[static_cast<std::size_t>(m - 1)];
}

bool digits(std::string_view text, std::size_t at, std::size_t count, int& value) {
  if (at + count > text.size()) return false;
  value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  return true;
}

Error bad(std::string_view what, std::string_view text) {
  return {ErrorCode::invalid_request,
          "not a " + std::string(what) + ": '" + std::string(text.substr(0, 40)) + "'"};
}

std::string padded(std::int64_t value, std::size_t width) {
  std::string text = std::to_string(value);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

constexpr std::int64_t micros_per_day = 86'400'000'000;

}  // namespace

Result<Date> Date::parse(std::string_view text) {
  int y = 0;
  int m = 0;
  int d = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !digits(text, 0, 4, y) ||
      !digits(text, 5, 2, m) || !digits(text, 8, 2, d) || y < 1 || m < 1 || m > 12 || d < 1 ||
      d > days_in(y, m)) {
    return bad("calendar day (YYYY-MM-DD)", text);
  }
  return Date{static_cast<std::int16_t>(y), static_cast<std::uint8_t>(m),
              static_cast<std::uint8_t>(d)};
}

std::string Date::text() const {
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2);
}

Result<Timestamp> Timestamp::parse(std::string_view text) {
  constexpr std::string_view what = "timestamp (RFC 3339, e.g. 2026-11-24T18:00:00Z)";
  if (text.size() < 20) return bad(what, text);
  const auto day = Date::parse(text.substr(0, 10));
  int h = 0;
  int m = 0;
  int s = 0;
  if (!day || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || !digits(text, 11, 2, h) ||
      text[13] != ':' || !digits(text, 14, 2, m) || text[16] != ':' || !digits(text, 17, 2, s) ||
      h > 23 || m > 59 || s > 60) {
    return bad(what, text);
  }
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (text[at] == '.') {
    std::int64_t unit = 100'000;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      fraction += unit * (text[at] - '0');
      unit /= 10;
    }
    if (at == first) return bad(what, text);
  }
  std::int64_t offset_minutes = 0;
  if (at == text.size()) return bad(what, text);
  if (text[at] == 'Z' || text[at] == 'z') {
    ++at;
  } else if (text[at] == '+' || text[at] == '-') {
    int oh = 0;
    int om = 0;
    if (!digits(text, at + 1, 2, oh) || at + 3 >= text.size() || text[at + 3] != ':' ||
        !digits(text, at + 4, 2, om) || oh > 23 || om > 59) {
      return bad(what, text);
    }
    offset_minutes = (text[at] == '-' ? -1 : 1) * (oh * 60 + om);
    at += 6;
  }
  if (at != text.size()) return bad(what, text);
  const std::int64_t seconds = days_from(day->year, day->month, day->day) * 86'400 + h * 3600 +
                               m * 60 + s - offset_minutes * 60;
  // An offset or a leap second may lead out of the years that text() writes with four digits.
  if (seconds < days_from(1, 1, 1) * 86'400 || seconds >= days_from(10'000, 1, 1) * 86'400)
    return bad(what, text);
  return Timestamp{seconds * 1'000'000 + fraction};
}

std::string Timestamp::text() const {
  std::int64_t days = micros / micros_per_day;
  std::int64_t rest = micros % micros_per_day;
  if (rest < 0) {
    rest += micros_per_day;
    --days;
  }
  const std::int64_t seconds = rest / 1'000'000;
  const std::int64_t fraction = rest % 1'000'000;
  std::string result = date_of(days).text() + "T" + padded(seconds / 3600, 2) + ":" +
                       padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2);
  if (fraction % 1000 != 0) {
    result += "." + padded(fraction, 6);
  } else if (fraction != 0) {
    result += "." + padded(fraction / 1000, 3);
  }
  return result + "Z";
}

Date Timestamp::date_utc() const {
  std::int64_t days = micros / micros_per_day;
  if (micros % micros_per_day < 0) --days;
  return date_of(days);
}

Timestamp Timestamp::from(std::chrono::system_clock::time_point point) {
  return {std::chrono::duration_cast<std::chrono::microseconds>(point.time_since_epoch()).count()};
}

Timestamp Timestamp::start_of(Date day) {
  return {days_from(day.year, day.month, day.day) * micros_per_day};
}

}  // namespace underpin
