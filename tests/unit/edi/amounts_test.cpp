#include "legacy-adapters/transport/edi/amounts.h"

#include <gmock/gmock.h>

#include "legacy-adapters/transport/edi/code_page.h"

namespace underpin::legacy::edi {
namespace {

using testing::HasSubstr;

// The number's text, or the rule that it breaks.
std::string told(const Result<Decimal>& number) {
  return number ? number->text() : "! " + number.error().message;
}
std::string told(const Result<Date>& day) {
  return day ? (day->empty() ? "none" : day->text()) : "! " + day.error().message;
}
std::string told(const Result<std::string>& text) {
  return text ? *text : "! " + text.error().message;
}

TEST(Amounts, OfX12) {
  EXPECT_EQ(told(x12_number("12.50")), "12.50");
  EXPECT_EQ(told(x12_number(".5")), "0.5");
  EXPECT_EQ(told(x12_number("-.5")), "-0.5");
  EXPECT_EQ(told(x12_number("7.")), "7");
  for (const std::string_view bad : {"", "-", ".", "+1", "1,5", "1.2.3", "1e3", " 1", "--1"}) {
    EXPECT_THAT(told(x12_number(bad)), HasSubstr("must be a decimal number")) << bad;
  }
  EXPECT_THAT(told(x12_number(std::string(40, '9'))), HasSubstr("at most 38 digits"));
}

TEST(Amounts, OfEdifactHaveEitherDecimalMark) {
  EXPECT_EQ(told(edifact_number("12,5")), "12.5");
  EXPECT_EQ(told(edifact_number("-12.5")), "-12.5");
  EXPECT_EQ(told(edifact_number("7")), "7");
  for (const std::string_view bad : {",5", "-,5", "5,", "1,2,3", "1.000,5", "+1", "", "x"}) {
    EXPECT_EQ(told(edifact_number(bad))[0], '!') << bad;
  }
  EXPECT_EQ(edifact_text(Decimal(-1250, 2), ','), "-12,50");
}

TEST(Amounts, MayHaveTheirSignBehind) {
  EXPECT_EQ(told(trailing_sign_number("   1250.00-")), "-1250.00");
  EXPECT_EQ(told(trailing_sign_number("1250.00 ")), "1250.00");
  EXPECT_EQ(told(trailing_sign_number("-1250.00")), "-1250.00");
  EXPECT_EQ(told(trailing_sign_number("1250+")), "1250");
  for (const std::string_view bad : {"", "  ", "-", "-5-", "5--", "1 2", "5-+"}) {
    EXPECT_EQ(told(trailing_sign_number(bad))[0], '!') << bad;
  }
  EXPECT_EQ(trailing_sign_text(Decimal(-125, 1)), "12.5-");
  EXPECT_EQ(trailing_sign_text(Decimal(0, 2)), "0.00");
}

TEST(Amounts, MayHaveAPointThatIsNotWritten) {
  EXPECT_EQ(told(implied_number("0001250", 2)), "12.50");
  EXPECT_EQ(told(implied_number("-125", 2)), "-1.25");
  EXPECT_EQ(told(implied_number("125-", 3)), "-0.125");
  EXPECT_EQ(told(implied_number("12.5", 2))[0], '!');
  EXPECT_EQ(told(implied_number("-5-", 0))[0], '!');
  EXPECT_EQ(told(implied_text(Decimal(1250, 2), 2, 7)), "0001250");
  EXPECT_EQ(told(implied_text(Decimal(-125, 1), 2, 7)), "-001250");
  EXPECT_THAT(told(implied_text(Decimal(12505, 3), 2, 7)), HasSubstr("more than 2 places"));
  EXPECT_THAT(told(implied_text(Decimal(-1234567, 0), 0, 7)), HasSubstr("does not fit 6 digits"));
}

TEST(Amounts, OverpunchedCarryTheirSignInTheLastDigit) {
  EXPECT_EQ(told(overpunched_number("0001250", 2)), "12.50");
  EXPECT_EQ(told(overpunched_number("000125{", 2)), "12.50");
  EXPECT_EQ(told(overpunched_number("000125}", 2)), "-12.50");
  EXPECT_EQ(told(overpunched_number("12A", 0)), "121");
  EXPECT_EQ(told(overpunched_number("12I", 0)), "129");
  EXPECT_EQ(told(overpunched_number("12J", 0)), "-121");
  EXPECT_EQ(told(overpunched_number("12R", 0)), "-129");
  for (const std::string_view bad : {"", "A12", "12S", "1 }", "-12", "12a"}) {
    EXPECT_EQ(told(overpunched_number(bad, 0))[0], '!') << bad;
  }
  EXPECT_EQ(told(overpunched_text(Decimal(-1250, 2), 2, 6)), "00125}");
  EXPECT_EQ(told(overpunched_text(Decimal(17, 0), 0, 3)), "01G");
}

TEST(Amounts, OfEverySignAndFormAreReadAsWritten) {
  for (int number = -1100; number <= 1100; number += 7) {
    const Decimal value(number, 2);
    EXPECT_EQ(implied_number(*implied_text(value, 2, 9), 2).value(), value);
    EXPECT_EQ(overpunched_number(*overpunched_text(value, 2, 9), 2).value(), value);
    EXPECT_EQ(zoned_number(*zoned_bytes(value, 2, 9), 2).value(), value);
    EXPECT_EQ(packed_number(*packed_bytes(value, 2, 5), 2).value(), value);
    EXPECT_EQ(trailing_sign_number(trailing_sign_text(value)).value(), value);
    EXPECT_EQ(edifact_number(edifact_text(value, ',')).value(), value);
  }
}

TEST(Amounts, PackedAndZonedBytesAreChecked) {
  EXPECT_EQ(told(packed_number(std::string("\x12\x50\x0C", 3), 2)), "125.00");
  EXPECT_EQ(told(packed_number(std::string("\x01\x2D", 2), 0)), "-12");
  EXPECT_EQ(told(packed_number(std::string("\x01\x2F", 2), 0)), "12");
  EXPECT_THAT(told(packed_number(std::string("\x01\x23", 2), 0)),
              HasSubstr("must end with a sign"));
  EXPECT_THAT(told(packed_number(std::string("\x40\x40\x40", 3), 0)), HasSubstr("sign"));
  EXPECT_THAT(told(packed_number(std::string("\x1A\x0C", 2), 0)), HasSubstr("packed digits"));
  EXPECT_EQ(told(zoned_number("\xF1\xF2\xD3", 1)), "-12.3");
  EXPECT_EQ(told(zoned_number("\xF1\xF2\xC3", 1)), "12.3");
  EXPECT_THAT(told(zoned_number("\xF1\xD2\xF3", 1)), HasSubstr("zoned digits"));
  EXPECT_THAT(told(zoned_number("\xF1\xFA", 1)), HasSubstr("zoned digits"));
}

TEST(Amounts, DaysHaveACenturyDigitOrFourDigitsOfYear) {
  EXPECT_EQ(told(century_date("1261128")), "2026-11-28");
  EXPECT_EQ(told(century_date("0991231")), "1999-12-31");
  EXPECT_EQ(told(century_date("0000000")), "none");
  EXPECT_EQ(told(century_date("       ")), "none");
  EXPECT_EQ(told(century_date("1260230"))[0], '!');
  EXPECT_EQ(told(century_date("126112"))[0], '!');
  EXPECT_EQ(told(century_date("12611x8"))[0], '!');
  EXPECT_EQ(told(century_text(Date{2026, 11, 28})), "1261128");
  EXPECT_EQ(told(century_text(Date{1850, 1, 1}))[0], '!');
  EXPECT_EQ(told(plain_date("20261128")), "2026-11-28");
  EXPECT_EQ(told(plain_date("00000000")), "none");
  EXPECT_EQ(told(plain_date("20261301"))[0], '!');
  EXPECT_EQ(plain_text(Date{2026, 11, 28}), "20261128");
}

TEST(CodePage, TranslatesEbcdicOfSeveralCountries) {
  for (const std::string name : {"IBM037", "IBM273", "IBM500"}) {
    const auto page = CodePage::of(name);
    ASSERT_TRUE(page) << name;
    EXPECT_EQ(page->to_utf8("\xC1\xC2\xF1\x40"), "AB1 ") << name;
    EXPECT_EQ(told(page->from_utf8("Gr\u00fcn 12")).size(), 7U) << name;
    EXPECT_EQ(page->to_utf8(page->from_utf8("Gr\u00fcn 12").value()), "Gr\u00fcn 12") << name;
    EXPECT_THAT(told(page->from_utf8("12 \u20ac")), HasSubstr("has no \"\u20ac\""));
  }
  // The same byte is another character: why the country matters.
  EXPECT_EQ(CodePage::of("IBM037")->to_utf8("\xC0"), "{");
  EXPECT_EQ(CodePage::of("IBM273")->to_utf8("\xC0"), "\u00e4");
}

TEST(CodePage, RefusesWhatHasMoreThanAByteACharacter) {
  EXPECT_THAT(CodePage::of("UTF-8").error().message, HasSubstr("not one byte a character"));
  EXPECT_THAT(CodePage::of("no such set").error().message, HasSubstr("no character set"));
  EXPECT_EQ(CodePage::of("WINDOWS-1252")->to_utf8("\x80"), "\u20ac");
  EXPECT_EQ(character_set("UNOC"), "ISO-8859-1");
  EXPECT_EQ(character_set("UNOY"), "");
  for (const std::string_view syntax : {"UNOA", "UNOC", "UNOD", "UNOE", "UNOF", "UNOK"}) {
    EXPECT_TRUE(CodePage::of(std::string(character_set(syntax)))) << syntax;
  }
}

}  // namespace
}  // namespace underpin::legacy::edi
