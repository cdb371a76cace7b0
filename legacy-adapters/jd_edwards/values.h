#pragma once

#include "contracts/decimal.h"
#include "contracts/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How JD Edwards writes things: every number is whole, with decimals that only the data dictionary
// knows; a date is CYYDDD, a time HHMMSS, both in the server's zone; texts are CHAR, padded with
// blanks, and a business unit (MCU) is right-justified. Everything here throws std::domain_error
// naming the column when the database holds something else. Thread rule: any.
namespace underpin::legacy::jd_edwards {

// Decimals of the data dictionary, which every site sets for itself.
struct Decimals {
  int quantity = 0;  // QTYINV class.
  int price = 4;     // UPRC, LPRC.
  int amount = 2;    // AEXP.
  int tax_rate = 3;  // TXR1.
};

inline constexpr int line_step = 1000;  // LNID has three: line 1.000 is 1000.

std::int64_t whole_of(std::string_view text, std::string_view column);
Decimal amount_of(std::string_view text, int decimals, std::string_view column);
// Nothing when the amount has more decimals, or more than 15 digits.
std::optional<std::int64_t> implied(Decimal amount, int decimals);

// 126328 is 2026-11-24, 99365 is 1999-12-31; 0 is no date.
std::optional<Date> date_of(std::int64_t cyyddd, std::string_view column);
std::int64_t cyyddd_of(Date day);

// Characters, not bytes, count against a column's width.
std::size_t width_of(std::string_view utf8);
std::string padded(std::string_view text, std::size_t width);
std::string unit(std::string_view code);          // "        EAST"
std::string_view trimmed(std::string_view text);  // Blanks at both ends.

// UPMJ and TDAY.
struct Stamp {
  std::int64_t day = 0;
  std::int64_t time = 0;
  auto operator<=>(const Stamp&) const = default;
};
bool is_zone(std::string_view zone);
Date day_in(std::string_view zone, Timestamp at);
Stamp stamp_in(std::string_view zone, Timestamp at);
// The first instant at which the clocks of `zone` show it; empty for no date.
Timestamp instant_of(std::string_view zone, Stamp stamp);
// So much earlier on the clock of the wall.
Stamp earlier(Stamp stamp, std::int64_t seconds);
// Of its clocks from UTC.
int offset_minutes(std::string_view zone, Timestamp at);

}  // namespace underpin::legacy::jd_edwards
