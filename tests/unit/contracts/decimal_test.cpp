#include "contracts/decimal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>

namespace underpin {
namespace {

Decimal dec(std::string_view text) {
  const auto value = Decimal::parse(text);
  if (!value) throw std::invalid_argument(value.error().message);
  return *value;
}

const std::string nines38(38, '9');

TEST(Decimal, ComesBackAsItWasWritten) {
  for (const std::string& text :
       {std::string("0"), std::string("10.50"), std::string("-0.05"),
        std::string("12345678901234567.89"), nines38, "-" + nines38,
        std::string("0.00000000000000000001"),
        std::string("123456789012345678.12345678901234567890"), std::string("0.00")})
    EXPECT_EQ(dec(text).text(), text);
  EXPECT_EQ(dec("+1.5").text(), "1.5");
  EXPECT_EQ(dec("007").text(), "7");
  EXPECT_EQ(dec("-0").text(), "0");
}

TEST(Decimal, RefusesWhatIsNoDecimalAndNamesTheRule) {
  for (const char* text :
       {"", "-", ".", "1.", ".5", "1e3", "1,5", " 1", "1 ", "1.2.3", "--1", "0x1", "NaN"})
    EXPECT_FALSE(Decimal::parse(text).has_value()) << text;
  EXPECT_THAT(Decimal::parse("1" + nines38).error().message,
              testing::HasSubstr("at most 38 digits"));
  EXPECT_THAT(Decimal::parse("0.000000000000000000001").error().message,
              testing::HasSubstr("at most 20 decimal places"));
  EXPECT_TRUE(Decimal::parse("000000" + nines38).has_value()) << "leading zeros are no digits";
  EXPECT_LT(Decimal::parse(std::string(1'000'000, '9')).error().message.size(), 200U);
}

TEST(Decimal, AddsAndSubtractsExactly) {
  EXPECT_EQ((dec("0.1") + dec("0.2")).text(), "0.3");
  EXPECT_EQ((dec("10.50") + dec("0.5")).text(), "11.00");
  EXPECT_EQ((dec("1") - dec("1.00")).text(), "0.00");
  EXPECT_EQ((dec("12345678901234567.89") + dec("0.01")).text(), "12345678901234567.90");
  EXPECT_EQ((-dec("1.50")).text(), "-1.50");
  Decimal sum;
  for (int i = 0; i < 10; ++i) sum += dec("0.1");
  EXPECT_EQ(sum, Decimal::of(1));
}

TEST(Decimal, OverflowIsThrownNeverWrapped) {
  EXPECT_THROW(dec(nines38) + Decimal::of(1), std::overflow_error);
  EXPECT_THROW(dec("-" + nines38) - Decimal::of(1), std::overflow_error);
  EXPECT_THROW(dec(nines38) * Decimal::of(2), std::overflow_error);
  EXPECT_THROW(dec(nines38) + dec("0.1"), std::overflow_error);
  EXPECT_THROW(dec(nines38).rounded(2, Rounding::half_up), std::overflow_error);
  EXPECT_THROW(dec("0.00000000000000000001") * dec("0.1"), std::overflow_error);
}

TEST(Decimal, MultipliesNavsTwentyPlacesWithoutLosingAnything) {
  EXPECT_EQ(dec("3.00000000000000000000") * dec("10.12300000000000000000"), dec("30.369"));
  EXPECT_EQ(dec("0.00000000000000000001") * dec("1.00000000000000000000"),
            dec("0.00000000000000000001"));
  EXPECT_EQ((dec("2.00") * dec("5.50")).text(), "11.0000");
  EXPECT_EQ(dec("-4") * dec("5.90"), dec("-23.60"));
  EXPECT_EQ((dec("0.00000000000000000000") * dec(nines38)), Decimal::of(0));
}

TEST(Decimal, RoundsByTheNamedRule) {
  struct Case {
    const char* value;
    int scale;
    const char* half_even;
    const char* half_up;
    const char* down;
  };
  for (const Case& c :
       {Case{"2.345", 2, "2.34", "2.35", "2.34"}, Case{"2.355", 2, "2.36", "2.36", "2.35"},
        Case{"-2.345", 2, "-2.34", "-2.35", "-2.34"}, Case{"2.3451", 2, "2.35", "2.35", "2.34"},
        Case{"0.5", 0, "0", "1", "0"}, Case{"1.5", 0, "2", "2", "1"},
        Case{"9.995", 2, "10.00", "10.00", "9.99"}, Case{"10.5", 2, "10.50", "10.50", "10.50"},
        Case{"0.00499999999999999999", 2, "0.00", "0.00", "0.00"}}) {
    EXPECT_EQ(dec(c.value).rounded(c.scale, Rounding::half_even).text(), c.half_even) << c.value;
    EXPECT_EQ(dec(c.value).rounded(c.scale, Rounding::half_up).text(), c.half_up) << c.value;
    EXPECT_EQ(dec(c.value).rounded(c.scale, Rounding::down).text(), c.down) << c.value;
  }
  EXPECT_THROW(dec("1").rounded(21, Rounding::down), std::overflow_error);
  EXPECT_THROW(dec("1").rounded(-1, Rounding::down), std::overflow_error);
}

TEST(Decimal, DividesToTheAskedPlaces) {
  EXPECT_EQ(Decimal::divided(dec("10"), dec("3"), 2, Rounding::half_up).text(), "3.33");
  EXPECT_EQ(Decimal::divided(dec("20"), dec("3"), 2, Rounding::half_up).text(), "6.67");
  EXPECT_EQ(Decimal::divided(dec("-1"), dec("8"), 2, Rounding::half_even).text(), "-0.12");
  EXPECT_EQ(Decimal::divided(dec("-1"), dec("8"), 2, Rounding::half_up).text(), "-0.13");
  EXPECT_EQ(Decimal::divided(dec("19.00000000000000000000"), dec("100"), 20, Rounding::down),
            dec("0.19"));
  EXPECT_EQ(Decimal::divided(dec("0"), dec("7"), 4, Rounding::half_up).text(), "0.0000");
  EXPECT_THROW(Decimal::divided(dec("1"), dec("0.00"), 2, Rounding::down), std::domain_error);
}

TEST(Decimal, ComparesByValueWhateverTheScale) {
  EXPECT_EQ(dec("1.50"), dec("1.5"));
  EXPECT_NE(dec("1.50").text(), dec("1.5").text());
  EXPECT_LT(dec("-0.5"), dec("0.5"));
  EXPECT_LT(dec("-1.5"), dec("-1.4"));
  EXPECT_GT(dec(nines38), dec("0.99999999999999999999"));
  EXPECT_LT(dec("-" + nines38), dec("-0.00000000000000000001"));
  EXPECT_TRUE(dec("-0.00").is_zero());
  EXPECT_FALSE(dec("-0.00").is_negative());
  EXPECT_EQ(dec("3.000").normalized().text(), "3");
  EXPECT_EQ(dec("-3.10").magnitude().text(), "3.10");
}

class DecimalProperty : public testing::Test {
 protected:
  // Up to `digits` digits and `scale_max` places, small and large alike.
  Decimal any(int digits, int scale_max) {
    Int128 coefficient = 0;
    for (std::uint64_t n = random_() % static_cast<std::uint64_t>(digits + 1); n > 0; --n)
      coefficient = coefficient * 10 + static_cast<Int128>(random_() % 10);
    if (random_() % 2 == 0) coefficient = -coefficient;
    return {coefficient, static_cast<int>(random_() % static_cast<std::uint64_t>(scale_max + 1))};
  }
  std::mt19937_64 random_{20261124};
};

TEST_F(DecimalProperty, TextIsReadBackWithValueAndScale) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal value = any(38, 20);
    const Decimal back = dec(value.text());
    ASSERT_EQ(back, value);
    ASSERT_EQ(back.scale(), value.scale());
  }
}

TEST_F(DecimalProperty, SumsAreCommutativeAssociativeAndUndone) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(10, 5);
    const Decimal b = any(10, 5);
    const Decimal c = any(10, 5);
    ASSERT_EQ(a + b, b + a);
    ASSERT_EQ((a + b) + c, a + (b + c));
    ASSERT_EQ((a + b) - b, a);
    ASSERT_EQ(a * (b + c), a * b + a * c) << a.text() << " " << b.text() << " " << c.text();
  }
}

TEST_F(DecimalProperty, OrderAgreesWithTheSignOfTheDifference) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(17, 20);
    const Decimal b = i % 10 == 0 ? a.normalized() : any(17, 20);
    const Decimal difference = a - b;
    ASSERT_EQ(a < b, difference.is_negative()) << a.text() << " " << b.text();
    ASSERT_EQ(a == b, difference.is_zero());
    ASSERT_EQ((a <=> b), 0 <=> (b <=> a));
  }
}

TEST_F(DecimalProperty, RoundingMovesByHalfAUnitAtMostAndOnlyOnce) {
  const Decimal half_cent = dec("0.005");
  for (int i = 0; i < 20'000; ++i) {
    const Decimal value = any(30, 18);
    for (const Rounding rule : {Rounding::half_even, Rounding::half_up, Rounding::down}) {
      const Decimal rounded = value.rounded(2, rule);
      ASSERT_EQ(rounded.scale(), 2);
      ASSERT_EQ(rounded.rounded(2, rule), rounded);
      const Decimal moved = (rounded - value).magnitude();
      if (rule == Rounding::down)
        ASSERT_LE(rounded.magnitude(), value.magnitude());
      else
        ASSERT_LE(moved, half_cent) << value.text();
    }
  }
}

TEST_F(DecimalProperty, DivisionIsUndoneByMultiplicationToWithinTheLastPlace) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(12, 4);
    Decimal b = any(6, 3);
    if (b.is_zero()) b = Decimal::of(7);
    const Decimal quotient = Decimal::divided(a, b, 10, Rounding::down);
    const Decimal rest = (a - quotient * b).magnitude();
    ASSERT_LT(rest, b.magnitude() * Decimal(1, 10)) << a.text() << " / " << b.text();
    ASSERT_EQ(Decimal::divided(a * b, b, 8, Rounding::down), a);
  }
}

}  // namespace
}  // namespace underpin
