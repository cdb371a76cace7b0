#include "contracts/decimal.h"

#include <algorithm>
#include <stdexcept>

namespace underpin {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

constexpr Int128 limit = power_of_ten(Decimal::digits_max);  // 10^38 < 2^127.

[[noreturn]] void does_not_fit() { throw std::overflow_error("decimal does not fit 38 digits"); }

Decimal checked(Int128 coefficient, int scale) {
  while (scale > Decimal::scale_max && coefficient % 10 == 0) coefficient /= 10, --scale;
  if (coefficient >= limit || coefficient <= -limit || scale > Decimal::scale_max) does_not_fit();
  return {coefficient, scale};
}

Int128 multiplied(Int128 a, Int128 b) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) does_not_fit();
  return product;
}

Int128 at_scale(Decimal d, int scale) {
  return multiplied(d.coefficient(), power_of_ten(scale - d.scale()));
}

bool half_or_more(Uint128 remainder, Uint128 divisor, bool quotient_is_odd, Rounding rounding) {
  if (rounding == Rounding::down) return false;
  const Uint128 rest = divisor - remainder;  // Compares remainder with half without doubling.
  if (remainder == rest) return rounding == Rounding::half_up || quotient_is_odd;
  return remainder > rest;
}

Uint128 absolute(Int128 value) {
  return value < 0 ? Uint128{0} - static_cast<Uint128>(value) : static_cast<Uint128>(value);
}

}  // namespace

Result<Decimal> Decimal::parse(std::string_view text) {
  const auto bad = [&](std::string_view rule) {
    return Error{ErrorCode::invalid_request, "not a decimal (" + std::string(rule) + "): '" +
                                                 std::string(text.substr(0, 60)) + "'"};
  };
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  Int128 coefficient = 0;
  int significant = 0;
  int scale = 0;
  bool digit_seen = false;
  bool point = false;
  for (const char c : rest) {
    if (c == '.') {
      if (point || !digit_seen) return bad("digits with at most one point");
      point = true;
    } else if (c >= '0' && c <= '9') {
      digit_seen = true;
      if (significant > 0 || c != '0') ++significant;
      if (significant > digits_max) return bad("at most 38 digits");
      coefficient = coefficient * 10 + (c - '0');
      if (point && ++scale > scale_max) return bad("at most 20 decimal places");
    } else {
      return bad("digits with at most one point");
    }
  }
  if (!digit_seen || rest.back() == '.') return bad("digits with at most one point");
  return Decimal{negative ? -coefficient : coefficient, scale};
}

std::string Decimal::text() const {
  Uint128 rest = absolute(coefficient_);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  std::reverse(digits.begin(), digits.end());
  const auto width = static_cast<std::size_t>(scale_);
  if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
  if (scale_ > 0) digits.insert(digits.size() - width, 1, '.');
  return coefficient_ < 0 ? "-" + digits : digits;
}

Decimal operator+(Decimal a, Decimal b) {
  const int scale = std::max(a.scale_, b.scale_);
  Int128 sum = 0;
  if (__builtin_add_overflow(at_scale(a, scale), at_scale(b, scale), &sum)) does_not_fit();
  return checked(sum, scale);
}

Decimal operator-(Decimal a, Decimal b) { return a + Decimal{-b.coefficient_, b.scale_}; }

Decimal operator*(Decimal a, Decimal b) {
  // 20 decimals times 20 decimals overflows on zeros that carry nothing; drop them, keep the scale
  // that the factors announce where it fits.
  Int128 product = 0;
  if (a.scale_ + b.scale_ <= Decimal::scale_max &&
      !__builtin_mul_overflow(a.coefficient_, b.coefficient_, &product) && product < limit &&
      product > -limit) {
    return {product, a.scale_ + b.scale_};
  }
  const Decimal x = a.normalized();
  const Decimal y = b.normalized();
  return checked(multiplied(x.coefficient_, y.coefficient_), x.scale_ + y.scale_);
}

std::strong_ordering operator<=>(Decimal a, Decimal b) {
  // Whole part first, then the fractions at one scale: neither step can overflow.
  const Int128 unit_a = power_of_ten(a.scale_);
  const Int128 unit_b = power_of_ten(b.scale_);
  const Int128 whole_a = a.coefficient_ / unit_a;
  const Int128 whole_b = b.coefficient_ / unit_b;
  if (whole_a != whole_b)
    return whole_a < whole_b ? std::strong_ordering::less : std::strong_ordering::greater;
  const Int128 part_a = (a.coefficient_ % unit_a) * power_of_ten(Decimal::scale_max - a.scale_);
  const Int128 part_b = (b.coefficient_ % unit_b) * power_of_ten(Decimal::scale_max - b.scale_);
  if (part_a == part_b) return std::strong_ordering::equal;
  return part_a < part_b ? std::strong_ordering::less : std::strong_ordering::greater;
}

Decimal Decimal::rounded(int scale, Rounding rounding) const {
  if (scale < 0 || scale > scale_max) does_not_fit();
  if (scale >= scale_) return checked(at_scale(*this, scale), scale);
  const auto unit = static_cast<Uint128>(power_of_ten(scale_ - scale));
  const Uint128 value = absolute(coefficient_);
  Uint128 quotient = value / unit;
  if (half_or_more(value % unit, unit, quotient % 2 != 0, rounding)) ++quotient;
  const auto result = static_cast<Int128>(quotient);
  return checked(coefficient_ < 0 ? -result : result, scale);
}

Decimal Decimal::divided(Decimal a, Decimal b, int scale, Rounding rounding) {
  if (b.is_zero()) throw std::domain_error("decimal division by zero");
  if (scale < 0 || scale > scale_max) does_not_fit();
  const Decimal x = a.normalized();
  const Decimal y = b.normalized();
  // x / y = (x.c * 10^(scale + y.s - x.s)) / y.c at `scale` places.
  Int128 numerator = x.coefficient_;
  Int128 denominator = y.coefficient_;
  const int shift = scale + y.scale_ - x.scale_;
  if (shift >= 0) {
    if (shift > digits_max) does_not_fit();
    numerator = multiplied(numerator, power_of_ten(shift));
  } else {
    denominator = multiplied(denominator, power_of_ten(-shift));
  }
  const bool negative = (numerator < 0) != (denominator < 0);
  const Uint128 n = absolute(numerator);
  const Uint128 d = absolute(denominator);
  Uint128 quotient = n / d;
  if (half_or_more(n % d, d, quotient % 2 != 0, rounding)) ++quotient;
  const auto result = static_cast<Int128>(quotient);
  return checked(negative ? -result : result, scale);
}

Decimal Decimal::normalized() const {
  Decimal result = *this;
  while (result.scale_ > 0 && result.coefficient_ % 10 == 0) {
    result.coefficient_ /= 10;
    --result.scale_;
  }
  return result;
}

}  // namespace underpin
