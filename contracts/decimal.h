#pragma once

#include "contracts/result.h"

#include <compare>
#include <string>
#include <string_view>

namespace underpin {

__extension__ using Int128 = __int128;

enum class Rounding { half_even, half_up, down };

// A decimal number: coefficient * 10^-scale, up to 38 digits and scale 20 (NAV keeps
// decimal(38,20)). Never a double: 0.1 + 0.2 is 0.3 here. Equality is numeric (1.50 == 1.5); the
// scale is kept because ERPs disagree about it and parity may have to say so.
class Decimal {
 public:
  static constexpr int digits_max = 38;
  static constexpr int scale_max = 20;

  constexpr Decimal() = default;
  constexpr Decimal(Int128 coefficient, int scale) : coefficient_(coefficient), scale_(scale) {}
  static constexpr Decimal of(long long whole) { return {whole, 0}; }
  // Plain digits with an optional sign and point ("-12.50"); no exponent, no grouping, no blanks.
  static Result<Decimal> parse(std::string_view text);

  constexpr Int128 coefficient() const { return coefficient_; }
  constexpr int scale() const { return scale_; }
  std::string text() const;  // As parsed: "10.50" stays "10.50".

  // Exact; throws std::overflow_error beyond 38 digits or scale 20.
  friend Decimal operator+(Decimal a, Decimal b);
  friend Decimal operator-(Decimal a, Decimal b);
  friend Decimal operator*(Decimal a, Decimal b);
  friend Decimal operator-(Decimal a) { return {-a.coefficient_, a.scale_}; }
  Decimal& operator+=(Decimal other) { return *this = *this + other; }
  Decimal& operator-=(Decimal other) { return *this = *this - other; }
  friend std::strong_ordering operator<=>(Decimal a, Decimal b);
  friend bool operator==(Decimal a, Decimal b) { return (a <=> b) == 0; }

  // Rounding is always asked for, never implied. A larger scale pads with zeros.
  Decimal rounded(int scale, Rounding rounding) const;
  // a / b to `scale` places; throws std::domain_error for b == 0.
  static Decimal divided(Decimal a, Decimal b, int scale, Rounding rounding);
  Decimal normalized() const;  // Without trailing zeros: "3.000" -> "3".
  Decimal magnitude() const { return {coefficient_ < 0 ? -coefficient_ : coefficient_, scale_}; }
  bool is_zero() const { return coefficient_ == 0; }
  bool is_negative() const { return coefficient_ < 0; }

 private:
  Int128 coefficient_ = 0;
  int scale_ = 0;
};

}  // namespace underpin
