#include "legacy-adapters/transport/profile/floating.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace underpin::legacy::profile {
namespace {

constexpr int digits_kept = 30;  // More than a double has.

struct Digits {
  bool negative = false;
  std::string digits;  // Without leading zeros.
  int exponent = 0;    // Of the digits as a whole number.
};

std::optional<Digits> digits_of(std::string_view text) {
  Digits result;
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) result.negative = text[at++] == '-';
  bool point = false;
  bool any = false;
  for (; at < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[at])) != 0 || (text[at] == '.' && !point));
       ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    any = true;
    if (point) --result.exponent;
    if (!result.digits.empty() || text[at] != '0') result.digits += text[at];
    if (result.digits.size() > 400) return std::nullopt;
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    const std::size_t sign = at + 1 < text.size() && text[at + 1] == '+' ? 1 : 0;
    const char* begin = text.data() + at + 1 + sign;
    const char* end = text.data() + text.size();
    int more = 0;
    const auto [stopped, code] = std::from_chars(begin, end, more);
    if (code != std::errc() || stopped != end || more < -400 || more > 400) return std::nullopt;
    result.exponent += more;
  }
  return result;
}

}  // namespace

std::optional<Decimal> exact_of_floating(std::string_view text, int scale) {
  auto parts = digits_of(text);
  if (!parts) return std::nullopt;
  // Without the digits that no double has, and without those below a place that Decimal keeps.
  while (!parts->digits.empty() && (static_cast<int>(parts->digits.size()) > digits_kept ||
                                    parts->exponent < -Decimal::scale_max)) {
    parts->digits.pop_back();
    ++parts->exponent;
  }
  if (parts->digits.empty()) return Decimal(0, scale);
  if (parts->exponent > 0) {
    if (static_cast<int>(parts->digits.size()) + parts->exponent > digits_kept) return std::nullopt;
    parts->digits.append(static_cast<std::size_t>(parts->exponent), '0');
    parts->exponent = 0;
  }
  Int128 coefficient = 0;
  for (const char digit : parts->digits) coefficient = coefficient * 10 + (digit - '0');
  const Decimal value(parts->negative ? -coefficient : coefficient, -parts->exponent);
  try {
    const Decimal rounded = value.rounded(scale, Rounding::half_even);
    const Decimal error = (value - rounded).magnitude();
    const Decimal size = value.magnitude();
    const Decimal one = Decimal::of(1);
    Decimal noise = (size < one ? one : size).rounded(9, Rounding::half_up) * Decimal(1, 9);
    // Of a large number that would be a digit which somebody meant.
    const Decimal meant(1, std::min(scale + 2, Decimal::scale_max));
    if (meant < noise) noise = meant;
    if (error > noise) return std::nullopt;
    return rounded;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace underpin::legacy::profile
