#pragma once

#include "contracts/result.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace underpin {

// A calendar day without a time zone, as ERPs keep business dates. Text form: YYYY-MM-DD.
struct Date {
  std::int16_t year = 0;
  std::uint8_t month = 0;
  std::uint8_t day = 0;
  // Refuses days that no calendar has. The vendors' blank dates are the adapters' business.
  static Result<Date> parse(std::string_view text);
  std::string text() const;
  bool empty() const { return year == 0; }
  auto operator<=>(const Date&) const = default;
};

// A point in time, UTC, microseconds. Text form: RFC 3339 with Z; read with any offset.
struct Timestamp {
  std::int64_t micros = 0;  // Since 1970-01-01T00:00:00Z.
  static Result<Timestamp> parse(std::string_view text);
  std::string text() const;  // 2026-11-24T18:15:00.123Z; microseconds only when they are not zero.
  bool empty() const { return micros == 0; }
  Date date_utc() const;
  static Timestamp from(std::chrono::system_clock::time_point point);
  static Timestamp start_of(Date day);  // 00:00 UTC of the day.
  Timestamp plus_ms(std::int64_t ms) const { return {micros + ms * 1000}; }
  auto operator<=>(const Timestamp&) const = default;
};

}  // namespace underpin
