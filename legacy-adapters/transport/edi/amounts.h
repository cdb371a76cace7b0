#pragma once

#include "contracts/decimal.h"
#include "contracts/result.h"
#include "contracts/time.h"

#include <string>
#include <string_view>

// Numbers and days as old formats write them. Reading: invalid_request with the rule, nothing is
// guessed. Writing: invalid_request where the value does not fit, nothing is rounded or cut.
namespace underpin::legacy::edi {

// X12 type R: "12.50", ".5", "-.5", "7.".
Result<Decimal> x12_number(std::string_view text);

// "12,5" with a decimal mark of "," or "."; both are read, whichever the service advice names,
// but a digit must stand on either side. No grouping.
Result<Decimal> edifact_number(std::string_view text);
std::string edifact_text(const Decimal& number, char decimal_mark);

// SAP and others: "1250.00-", blanks around it, also "-1250.00" and "1250.00+". Blank is refused.
Result<Decimal> trailing_sign_number(std::string_view text);
std::string trailing_sign_text(const Decimal& number);

// Digits with `places` of them behind a point that is not written: "0001250", 2 is 12.50. A sign
// may stand in front or behind. X12 type N2, JD Edwards, fixed-width files.
Result<Decimal> implied_number(std::string_view text, int places);
// `width` digits, zero-filled, the sign in front ('-' or nothing) and part of the width.
Result<std::string> implied_text(const Decimal& number, int places, std::size_t width);

// Zoned decimal in ASCII: the last digit carries the sign, "{" and "A" to "I" positive, "}" and "J"
// to "R" negative; a plain digit is positive. "0001250" with a last "}" is -12500 at 0 places.
Result<Decimal> overpunched_number(std::string_view text, int places);
Result<std::string> overpunched_text(const Decimal& number, int places, std::size_t width);

// Zoned decimal in EBCDIC bytes: zone nibble F or C positive, D negative, in the last byte.
Result<Decimal> zoned_number(std::string_view bytes, int places);
Result<std::string> zoned_bytes(const Decimal& number, int places, std::size_t width);

// Packed decimal: two digits a byte, the last nibble is the sign, C or F positive, D negative.
Result<Decimal> packed_number(std::string_view bytes, int places);
Result<std::string> packed_bytes(const Decimal& number, int places, std::size_t width);

// CYYMMDD: century 0 is 19.., 1 is 20.. : "1261128" is 2026-11-28. Zeros and blanks: an empty Date.
Result<Date> century_date(std::string_view text);
Result<std::string> century_text(Date day);
// CCYYMMDD, as SAP, EDIFACT 102 and X12 D8. Zeros and blanks: an empty Date.
Result<Date> plain_date(std::string_view text);
std::string plain_text(Date day);  // "00000000" when empty.

}  // namespace underpin::legacy::edi
