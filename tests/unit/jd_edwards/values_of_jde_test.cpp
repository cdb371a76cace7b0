#include "legacy-adapters/jd_edwards/order_feed.h"
#include "legacy-adapters/jd_edwards/pricing.h"
#include "legacy-adapters/jd_edwards/values.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr const char* zone = "Europe/Berlin";

TEST(JdeValues, DatesAreCenturyYearAndDayOfYear) {
  EXPECT_EQ(cyyddd_of({2026, 11, 24}), 126328);
  EXPECT_EQ(*date_of(126328, "DRQJ"), (Date{2026, 11, 24}));
  EXPECT_EQ(*date_of(99365, "DRQJ"), (Date{1999, 12, 31}));
  EXPECT_EQ(*date_of(124366, "DRQJ"), (Date{2024, 12, 31}));
  EXPECT_EQ(date_of(0, "DRQJ"), std::nullopt) << "0 is no date";
  EXPECT_THROW(date_of(125366, "DRQJ"), std::domain_error) << "2025 has no 366th day";
  EXPECT_THROW(date_of(126000, "DRQJ"), std::domain_error);
  EXPECT_THROW(date_of(-1, "DRQJ"), std::domain_error);
}

TEST(JdeValues, DecimalsAreImpliedAndNeverRounded) {
  EXPECT_EQ(amount_of("199900", 4, "UPRC"), *Decimal::parse("19.99"));
  EXPECT_EQ(amount_of("-150.000", 2, "TRQT"), *Decimal::parse("-1.5"));
  EXPECT_EQ(amount_of("  ", 2, "TRQT"), Decimal{}) << "NULL, as other programs leave it";
  EXPECT_THROW(amount_of("1.5", 2, "TRQT"), std::domain_error);
  EXPECT_THROW(amount_of("12a", 2, "TRQT"), std::domain_error);
  EXPECT_EQ(implied(*Decimal::parse("19.99"), 4), 199900);
  EXPECT_EQ(implied(*Decimal::parse("-2.50"), 1), -25);
  EXPECT_EQ(implied(*Decimal::parse("2.55"), 1), std::nullopt);
  EXPECT_EQ(implied(*Decimal::parse("1234567890123456"), 0), std::nullopt) << "15 digits";
}

TEST(JdeValues, TextsArePaddedByCharactersAndUnitsRightJustified) {
  EXPECT_EQ(padded("Köln", 6), "Köln  ");
  EXPECT_EQ(unit("EAST"), "        EAST");
  EXPECT_EQ(trimmed("        EAST"), "EAST");
  EXPECT_EQ(trimmed("   "), "");
}

TEST(JdeValues, StampsAreOfTheServersClockAndComeTwiceInAutumn) {
  const Timestamp summer = *Timestamp::parse("2026-07-01T10:00:05Z");
  EXPECT_EQ(stamp_in(zone, summer), (Stamp{126182, 120005}));
  EXPECT_EQ(instant_of(zone, {126182, 120005}), summer);
  EXPECT_EQ(earlier({126001, 10}, 30), (Stamp{125365, 235940}));
  EXPECT_FALSE(set_back_before(zone, summer));
  EXPECT_TRUE(set_back_before(zone, *Timestamp::parse("2026-10-25T01:30:00Z")));
  EXPECT_FALSE(set_back_before(zone, *Timestamp::parse("2026-10-25T03:30:00Z")));
  EXPECT_FALSE(set_back_before(zone, *Timestamp::parse("2026-03-29T01:30:00Z")));
  Settings settings;
  settings.feed_overlap_s = 30;
  const FeedCursor cursor{{126298, 21500}, 0};
  EXPECT_EQ(begin_of(cursor, settings, *Timestamp::parse("2026-10-25T01:30:00Z")).stamp,
            (Stamp{126298, 11430}))
      << "02:15 was there twice";
  EXPECT_EQ(begin_of(cursor, settings, *Timestamp::parse("2026-10-25T05:30:00Z")).stamp,
            (Stamp{126298, 21430}));
}

TEST(JdeValues, CursorsOfOthersAreRefused) {
  EXPECT_TRUE(feed_cursor(Cursor("")));
  EXPECT_EQ(feed_cursor(Cursor("126328-101500"))->stamp, (Stamp{126328, 101500}));
  EXPECT_EQ(feed_cursor(Cursor("126328-101500-17"))->number, 17);
  for (const char* text : {"126328", "x-1", "126328-101500-17-2", "126328-", "1-999999", "-1-2"})
    EXPECT_FALSE(feed_cursor(Cursor(text))) << text;
}

TEST(JdeValues, DocumentNumbersCarryTypeAndCompany) {
  EXPECT_EQ(number_of({200017, "SO", "00001"}).text(), "200017-SO-00001");
  EXPECT_EQ(key_of(DocumentNumber("200017-SO-00001")), (DocumentKey{200017, "SO", "00001"}));
  for (const char* text : {"200017", "x-SO-00001", "200017-SO", "200017-SOX-00001", "-SO-00001"})
    EXPECT_EQ(key_of(DocumentNumber(text)), std::nullopt) << text;
}

BasePrice price(PriceScope scope, const char* code, const char* amount, std::int64_t expires,
                const char* branch = "") {
  BasePrice row;
  row.entry.scope = scope;
  row.entry.scope_code = code;
  row.entry.unit_price = *Decimal::parse(amount);
  row.entry.from = {2026, 1, 1};
  row.entry.to = date_of(expires, "EXDJ");
  row.entry.currency = "EUR";
  row.entry.uom = "PCS";
  row.expires = expires;
  row.branch = branch;
  return row;
}

TEST(JdePrices, TheMostSpecificRowRulesAndNotTheLowest) {
  const PriceQuestion question{CustomerNumber("C1"), "VIP", "EUR", "PCS", {2026, 11, 28}};
  std::vector<BasePrice> rows{price(PriceScope::everyone, "", "7.00", 140366)};
  const auto rules = [&] { return ruling(rows, question).price->entry.unit_price.text(); };
  EXPECT_EQ(rules(), "7.00");
  rows.push_back(price(PriceScope::everyone, "", "8.00", 126358));
  EXPECT_EQ(rules(), "8.00") << "the offer that ends first";
  rows.push_back(price(PriceScope::everyone, "", "8.50", 140366, "EAST"));
  EXPECT_EQ(rules(), "8.50") << "the branch's own";
  rows.push_back(price(PriceScope::group, "VIP", "9.00", 140366));
  EXPECT_EQ(rules(), "9.00") << "the group's";
  rows.push_back(price(PriceScope::customer, "C1", "10.00", 140366));
  EXPECT_EQ(rules(), "10.00") << "the customer's own";
  EXPECT_EQ(ruling(rows, question).list->entry.unit_price.text(), "8.50");
  rows.push_back(price(PriceScope::customer, "C2", "1.00", 140366));
  rows.push_back(price(PriceScope::customer, "C1", "2.00", 126300));
  EXPECT_EQ(rules(), "10.00") << "somebody else's, and one that is over";
  EXPECT_EQ(ruling(rows, {CustomerNumber("C1"), "", "USD", "PCS", question.day}).price, nullptr);
}

}  // namespace
}  // namespace underpin::legacy::jd_edwards
