#include "legacy-adapters/jd_edwards/order_feed.h"
#include "legacy-adapters/jd_edwards/pricing.h"
#include "legacy-adapters/jd_edwards/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

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
  EXPECT_EQ(offset_minutes(zone, summer), 120);
  EXPECT_EQ(offset_minutes(zone, *Timestamp::parse("2026-10-25T01:30:00Z")), 60);
}

// A table of changes, and a feed that is polled at times of its own.
class JdeFeed : public testing::Test {
 protected:
  JdeFeed() { settings_.feed_overlap_s = 30; }
  void change(const char* at, std::int64_t number) {
    rows_.push_back({stamp_in(zone, *Timestamp::parse(at)), number});
    std::sort(rows_.begin(), rows_.end());
  }
  std::vector<std::int64_t> poll(const char* at) {
    std::vector<std::int64_t> told;
    bool more = true;
    while (more) {
      const auto from = feed_cursor(cursor_);
      if (!from) throw std::runtime_error(cursor_.text());
      FeedSweep sweep(*from, settings_, *Timestamp::parse(at));
      odbc::Parameters values;
      (void)sweep.condition("D", "T", "N", values);
      // What the condition says, of its own values.
      const Stamp low{values.at(0).whole(), values.at(2).whole()};
      const std::int64_t number = values.size() > 3 ? values.at(4).whole() : 0;
      for (const FeedCursor::Place& row : rows_) {
        const bool behind =
            values.size() > 3 ? row > FeedCursor::Place{low, number} : row.stamp > low;
        if (!behind) continue;
        const auto taken = sweep.take(row);
        if (taken == FeedSweep::Take::full) break;
        if (taken == FeedSweep::Take::tell) told.push_back(row.key);
      }
      more = sweep.more();
      cursor_ = sweep.next();
    }
    return told;
  }
  using Told = std::vector<std::int64_t>;

  Settings settings_;
  std::vector<FeedCursor::Place> rows_;
  Cursor cursor_;
};

TEST_F(JdeFeed, TellsAChangeAtOnceAndOnceMoreWhenNothingCanComeBehindIt) {
  change("2026-07-01T10:00:00Z", 1);
  EXPECT_EQ(poll("2026-07-01T10:00:01Z"), Told{1});
  EXPECT_EQ(poll("2026-07-01T10:00:01Z"), Told{1}) << "its second may not be over";
  EXPECT_EQ(poll("2026-07-01T10:00:03Z"), Told{});
  change("2026-07-01T10:00:05Z", 2);
  EXPECT_EQ(poll("2026-07-01T10:00:10Z"), Told{2});
  EXPECT_EQ(poll("2026-07-01T10:00:20Z"), Told{});
  EXPECT_EQ(poll("2026-07-01T10:00:31Z"), Told{1});
  EXPECT_EQ(poll("2026-07-01T10:00:36Z"), Told{2});
  for (const char* later : {"2026-07-01T10:00:37Z", "2026-07-01T10:01:40Z", "2026-07-02T10:00:00Z"})
    EXPECT_EQ(poll(later), Told{}) << later;
}

TEST_F(JdeFeed, MissesNothingThatIsCommittedBehindOthers) {
  change("2026-07-01T10:00:20Z", 7);
  EXPECT_EQ(poll("2026-07-01T10:00:25Z"), Told{7});
  change("2026-07-01T10:00:10Z", 3);  // Began to save before, and took longer.
  EXPECT_EQ(poll("2026-07-01T10:00:26Z"), Told{});
  EXPECT_EQ(poll("2026-07-01T10:00:41Z"), Told{3});
  EXPECT_EQ(poll("2026-07-01T10:00:51Z"), Told{7});
}

TEST_F(JdeFeed, GoesOnWithinASecondWhereAPageEnded) {
  settings_.page_size = 2;
  for (std::int64_t number = 1; number <= 5; ++number) change("2026-07-01T10:00:00Z", number);
  change("2026-07-01T10:00:00Z", 5);  // Its header and a line.
  EXPECT_EQ(poll("2026-07-01T10:00:10Z"), (Told{1, 2, 3, 4, 5}));
  EXPECT_EQ(poll("2026-07-01T10:00:11Z"), Told{});
  EXPECT_EQ(poll("2026-07-01T10:00:40Z"), (Told{1, 2, 3, 4, 5}));
  EXPECT_EQ(poll("2026-07-01T10:00:41Z"), Told{});
}

TEST_F(JdeFeed, MissesNothingWhenTheClocksAreSetBack) {
  change("2026-10-25T00:40:00Z", 1);  // 02:40, of the summer.
  EXPECT_EQ(poll("2026-10-25T00:41:00Z"), Told{1});
  // Nobody polls until after 02:40 has come again.
  change("2026-10-25T01:10:00Z", 2);  // 02:10, of the winter.
  EXPECT_EQ(poll("2026-10-25T01:50:00Z"), (Told{2, 1})) << "one that was told may be told again";
  EXPECT_EQ(poll("2026-10-25T01:51:00Z"), Told{});
  // In spring an hour is left out: what was on its way before it is not.
  cursor_ = Cursor{};
  rows_.clear();
  EXPECT_EQ(poll("2026-03-29T01:00:05Z"), Told{});
  change("2026-03-29T00:59:50Z", 3);  // 01:59:50.
  EXPECT_EQ(poll("2026-03-29T01:00:10Z"), Told{3});
}

TEST(JdeValues, CursorsOfOthersAreRefused) {
  EXPECT_TRUE(feed_cursor(Cursor("")));
  const std::string whole = "126328/101500/126328/101502/17/-60";
  EXPECT_EQ(feed_cursor(Cursor(whole))->text(), whole);
  EXPECT_EQ(feed_cursor(Cursor(whole + "/126328/101501/9"))->behind->key, 9);
  EXPECT_EQ(feed_cursor(Cursor(whole + "/126328/101501/9"))->text(), whole + "/126328/101501/9");
  for (const char* text :
       {"126328", "x/1", "1/2/3/4/5", "1/2/3/4/5/6/", "1/2/3/4/5/6/7", "1/999999/3/4/5/6",
        "-1/2/3/4/5/6", "1/2/3/4/5/9999", "1/2/3/4/5/6/7/8/9/10"})
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
