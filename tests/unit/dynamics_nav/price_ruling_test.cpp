#include "legacy-adapters/dynamics_nav/price_ruling.h"

#include "legacy-adapters/dynamics_nav/pricing.h"

#include <gtest/gtest.h>

namespace underpin::legacy::dynamics_nav {
namespace {

Decimal dec(const char* text) { return Decimal::parse(text).value(); }
Date day(const char* text) { return Date::parse(text).value(); }
Timestamp at(const char* text) { return Timestamp::parse(text).value(); }

PriceEntry row(PriceScope scope, const char* code, const char* price, const char* minimum = "0",
               const char* from = "2026-01-01", const char* to = "") {
  PriceEntry entry;
  entry.sku = Sku("1000");
  entry.scope = scope;
  entry.scope_code = code;
  entry.from = day(from);
  if (*to != '\0') entry.to = day(to);
  entry.zone = "Europe/Berlin";
  entry.minimum_quantity = dec(minimum);
  entry.uom = "PCS";
  entry.currency = "EUR";
  entry.unit_price = dec(price);
  return entry;
}
PriceEntry everyone(const char* price, const char* minimum = "0") {
  return row(PriceScope::everyone, "", price, minimum);
}
PriceEntry group(const char* code, const char* price, const char* minimum = "0") {
  return row(PriceScope::group, code, price, minimum);
}
PriceEntry customer(const char* code, const char* price, const char* minimum = "0") {
  return row(PriceScope::customer, code, price, minimum);
}

PriceQuestion question(const char* quantity = "1", const char* price_group = "VIP") {
  PriceQuestion question;
  question.customer = CustomerNumber("C10000");
  question.price_group = price_group;
  question.currency = "EUR";
  question.uom = "PCS";
  question.quantity = dec(quantity);
  question.at = at("2026-11-24T10:00:00Z");
  question.vat_percent = dec("19");
  return question;
}

std::string ruled(const std::vector<PriceEntry>& rows, const PriceQuestion& asked) {
  const PriceRuling answer = ruling(rows, asked);
  return answer.price == nullptr ? "none" : answer.price->unit_price.text();
}
std::string listed(const std::vector<PriceEntry>& rows, const PriceQuestion& asked) {
  const PriceRuling answer = ruling(rows, asked);
  return answer.list == nullptr ? "none" : answer.list->unit_price.text();
}

TEST(PriceRuling, TakesTheLowestOfAllRowsThatApply) {
  EXPECT_EQ(ruled({everyone("10"), group("VIP", "9"), customer("C10000", "8")}, question()), "8");
  EXPECT_EQ(ruled({everyone("10"), group("VIP", "7"), customer("C10000", "8")}, question()), "7");
  EXPECT_EQ(ruled({everyone("6"), group("VIP", "7"), customer("C10000", "8")}, question()), "6");
}

TEST(PriceRuling, IgnoresRowsOfOtherCustomersAndGroups) {
  EXPECT_EQ(ruled({everyone("10"), group("B2B", "1"), customer("C10001", "2")}, question()), "10");
  EXPECT_EQ(ruled({everyone("10"), group("", "1")}, question("1", "")), "10");
}

TEST(PriceRuling, NeedsTheMinimumQuantity) {
  const std::vector<PriceEntry> rows{everyone("10"), everyone("8", "10"), everyone("7", "100.5")};
  EXPECT_EQ(ruled(rows, question("9.99")), "10");
  EXPECT_EQ(ruled(rows, question("10")), "8");
  EXPECT_EQ(ruled(rows, question("100.5")), "7");
  EXPECT_EQ(listed(rows, question("1000")), "10");  // The list price is the one at quantity 1.
}

TEST(PriceRuling, ListPriceIsForEveryoneOnly) {
  EXPECT_EQ(listed({group("VIP", "9"), customer("C10000", "8")}, question()), "none");
  EXPECT_EQ(listed({everyone("10"), everyone("9.5", "1"), group("VIP", "9")}, question()), "9.5");
}

TEST(PriceRuling, NeedsTheCurrencyAndTheUnit) {
  PriceEntry dollars = everyone("1");
  dollars.currency = "USD";
  PriceEntry boxes = everyone("2");
  boxes.uom = "BOX";
  EXPECT_EQ(ruled({dollars, boxes}, question()), "none");
  PriceQuestion asked = question();
  asked.currency = "USD";
  EXPECT_EQ(ruled({dollars, boxes}, asked), "1");
}

TEST(PriceRuling, ARowWithoutAUnitIsForTheBaseUnit) {
  PriceEntry any = everyone("7");
  any.uom.clear();
  EXPECT_EQ(ruled({any}, question()), "7");
  PriceQuestion boxes = question();
  boxes.uom = "BOX";
  boxes.base_uom = false;
  EXPECT_EQ(ruled({any}, boxes), "none");
}

TEST(PriceRuling, OfEqualPricesTheMoreSpecificRowRules) {
  const std::vector<PriceEntry> rows{everyone("5"), customer("C10000", "5.00"),
                                     group("VIP", "5.0")};
  const PriceRuling answer = ruling(rows, question());
  ASSERT_NE(answer.price, nullptr);
  EXPECT_EQ(answer.price->scope, PriceScope::customer);
}

TEST(PriceRuling, ComparesRowsWithTaxWithoutIt) {
  PriceEntry with_tax = everyone("11.90");
  with_tax.tax_included = true;
  EXPECT_EQ(net_unit_price(with_tax, dec("19")), dec("10"));
  EXPECT_EQ(ruled({everyone("10.01"), with_tax}, question()), "11.90");
  EXPECT_EQ(ruled({everyone("9.99"), with_tax}, question()), "9.99");
  with_tax.unit_price = dec("9.99");
  EXPECT_EQ(net_unit_price(with_tax, dec("19")), dec("8.39496"));
}

TEST(PriceRuling, RulesFromTheFirstToTheLastMomentOfItsDaysInItsZone) {
  PriceEntry advent = row(PriceScope::everyone, "", "9", "0", "2026-11-01", "2026-12-24");
  EXPECT_FALSE(rules_at(advent, at("2026-10-31T22:59:59.999999Z")));  // 23:59:59.999999 in Berlin
  EXPECT_TRUE(rules_at(advent, at("2026-10-31T23:00:00Z")));          // midnight in Berlin
  EXPECT_TRUE(rules_at(advent, at("2026-12-24T22:59:59.999999Z")));
  EXPECT_FALSE(rules_at(advent, at("2026-12-24T23:00:00Z")));
  advent.zone = "UTC";
  EXPECT_FALSE(rules_at(advent, at("2026-10-31T23:00:00Z")));
  EXPECT_TRUE(rules_at(advent, at("2026-11-01T00:00:00Z")));
  EXPECT_TRUE(rules_at(advent, at("2026-12-24T23:59:59Z")));
  EXPECT_FALSE(rules_at(advent, at("2026-12-25T00:00:00Z")));
}

TEST(PriceRuling, FollowsTheChangesToAndFromSummerTime) {
  // 2026-03-29 has 23 hours in Berlin, 2026-10-25 has 25.
  const PriceEntry spring = row(PriceScope::everyone, "", "9", "0", "2026-03-29", "2026-03-29");
  EXPECT_FALSE(rules_at(spring, at("2026-03-28T22:59:59Z")));
  EXPECT_TRUE(rules_at(spring, at("2026-03-28T23:00:00Z")));
  EXPECT_TRUE(rules_at(spring, at("2026-03-29T21:59:59Z")));
  EXPECT_FALSE(rules_at(spring, at("2026-03-29T22:00:00Z")));
  const PriceEntry autumn = row(PriceScope::everyone, "", "9", "0", "2026-10-25", "2026-10-25");
  EXPECT_FALSE(rules_at(autumn, at("2026-10-24T21:59:59Z")));
  EXPECT_TRUE(rules_at(autumn, at("2026-10-24T22:00:00Z")));
  EXPECT_TRUE(rules_at(autumn, at("2026-10-25T22:59:59Z")));
  EXPECT_FALSE(rules_at(autumn, at("2026-10-25T23:00:00Z")));
}

TEST(PriceRuling, ServesAZoneWhoseDayBeginsAtOneOClock) {
  // Beirut: on 2026-03-29 the clocks go from 00:00 to 01:00; the day still begins.
  PriceEntry entry = row(PriceScope::everyone, "", "9", "0", "2026-03-29", "2026-03-29");
  entry.zone = "Asia/Beirut";
  EXPECT_FALSE(rules_at(entry, at("2026-03-28T21:59:59Z")));
  EXPECT_TRUE(rules_at(entry, at("2026-03-28T22:00:00Z")));
}

TEST(PriceRuling, RulesForEverWithoutAnEnd) {
  EXPECT_TRUE(rules_at(everyone("1"), at("2199-12-31T00:00:00Z")));
  EXPECT_FALSE(rules_at(everyone("1"), at("2025-12-31T22:59:59Z")));
}

TEST(PriceRuling, KnowsTheZonesOfTheTzDatabase) {
  EXPECT_TRUE(is_zone("Europe/Berlin"));
  EXPECT_TRUE(is_zone("UTC"));
  EXPECT_FALSE(is_zone("Europe/Atlantis"));
  EXPECT_FALSE(is_zone(""));
}

TEST(PriceListLate, IsLateOnlyAfterTheDueTimeOfTheZone) {
  const Timestamp yesterday = at("2026-11-23T01:30:00Z");
  const auto late = [&](Timestamp accepted, const char* now) {
    return is_price_list_late(accepted, at(now), 6 * 60, "Europe/Berlin");
  };
  EXPECT_FALSE(late(yesterday, "2026-11-23T20:00:00Z"));
  EXPECT_FALSE(late(yesterday, "2026-11-24T04:59:59Z"));                   // 05:59:59 in Berlin
  EXPECT_TRUE(late(yesterday, "2026-11-24T05:00:00Z"));                    // 06:00
  EXPECT_FALSE(late(at("2026-11-24T05:10:00Z"), "2026-11-24T05:11:00Z"));  // Came after all.
  EXPECT_FALSE(late(at("2026-11-23T05:00:01Z"), "2026-11-24T05:00:00Z"));  // Early for the 24th.
  EXPECT_TRUE(late(Timestamp{}, "2026-11-24T05:00:00Z"));
}

TEST(PriceListLate, KeepsTheLocalTimeAcrossSummerTime) {
  const Timestamp before = at("2026-03-28T01:00:00Z");
  EXPECT_FALSE(is_price_list_late(before, at("2026-03-29T03:59:59Z"), 360, "Europe/Berlin"));
  EXPECT_TRUE(is_price_list_late(before, at("2026-03-29T04:00:00Z"), 360, "Europe/Berlin"));
  // 02:30 does not exist on that day: the change at 03:00 local, 01:00 UTC, counts.
  EXPECT_EQ(instant_of("Europe/Berlin", day("2026-03-29"), 150), at("2026-03-29T01:00:00Z"));
  // 02:30 comes twice on 2026-10-25: the first counts.
  EXPECT_EQ(instant_of("Europe/Berlin", day("2026-10-25"), 150), at("2026-10-25T00:30:00Z"));
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
