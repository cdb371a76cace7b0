#pragma once

#include "contracts/decimal.h"
#include "contracts/ids.h"
#include "contracts/time.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/settings.h"

#include <optional>
#include <string>
#include <string_view>

// Between canonical values and SAP's internal ones. Over RFC and in tables only internal forms
// count: no conversion exit runs. Functions throw Failure where a value has no form in SAP.
namespace underpin::legacy::sap_ecc {

inline constexpr std::size_t number_width = 10;     // KUNNR, VBELN
inline constexpr std::size_t material_width = 18;   // MATNR
inline constexpr std::size_t reference_width = 35;  // BSTKD
inline constexpr int line_step = 10;

bool is_digits(std::string_view text);
// ALPHA: digits get zeros in front, anything else stays.
std::string filled(std::string_view text, std::size_t width);
std::string stripped(std::string_view text);
// Digits with a zero in front would come back without it, as somebody else's number.
bool keeps_its_form(std::string_view text, std::size_t width);

std::string document_key(const std::string& number);  // VBELN
std::string item_key(int position);                   // POSNR

// DATS: 20261124 in tables, 2026-11-24 over SOAP. Nothing for the initial date.
std::string dats(Date date);
std::string soap_date(Date date);
std::optional<Date> date_of(std::string_view text);

// "10.00-" too. Throws Failure that names `what`.
Decimal number_of(std::string_view text, std::string_view what);
Decimal with_cents(Decimal amount);  // At least two places.

// A quantity with at most three decimals, or Failure at `pointer`.
std::string quantity_text(Decimal quantity, const std::string& pointer);
// A rate with two decimals and the number of units that it is for: 0.125 is 12.50 for 100.
struct Rate {
  std::string value;
  int per = 1;
};
Rate rate_of(Decimal price, const std::string& pointer);

// Code tables of the settings. Outwards what is not mapped stays; inwards too.
std::string unit_code(const Settings& settings, const std::string& unit);
std::string unit_of(const Settings& settings, const std::string& code);
const Place* place_of(const Settings& settings, const std::string& location);
// "" of a place that the settings do not name.
std::string location_of(const Settings& settings, std::string_view plant, std::string_view storage);

// Server dates and times of a zone, in seconds.
struct LocalTime {
  std::string day = "00000000";  // YYYYMMDD
  std::string time = "000000";   // HHMMSS
  auto operator<=>(const LocalTime&) const = default;
  std::string text() const { return day + time; }
};
LocalTime local_time(const std::string& zone, Timestamp moment);
LocalTime earlier(const LocalTime& time, std::int64_t seconds);
// `moment`, or the last second before an hour that comes twice while it does: a position by local
// time would pass by what comes in it the second time.
Timestamp before_repeated(const std::string& zone, Timestamp moment);
int offset_minutes(const std::string& zone, Timestamp moment);  // From UTC.
Timestamp moment_of(const std::string& zone, std::string_view day, std::string_view time);

}  // namespace underpin::legacy::sap_ecc
