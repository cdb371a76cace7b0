#include "legacy-adapters/dynamics_nav/price_list.h"

#include "tests/unit/dynamics_nav/price_file_text.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Acceptance::Kind;

class PriceListsTest : public testing::Test {
 protected:
  PriceListsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prices-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    lists_ = std::make_unique<PriceLists>(file());
  }
  ~PriceListsTest() override {
    lists_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::filesystem::path file() const { return folder_ / "price_list.db"; }
  void restart(std::int64_t kept = 60) {
    lists_.reset();
    lists_ = std::make_unique<PriceLists>(file(), kept);
  }

  Acceptance accept(const std::string& text) {
    std::istringstream input(text);
    return lists_->accept(input, std::to_string(std::hash<std::string>{}(text)), {},
                          Timestamp::parse("2026-11-24T02:00:00Z").value());
  }

  // "sku=price" of everything in force.
  std::vector<std::string> in_force() const {
    std::vector<std::string> rows;
    for (const auto& [sku, entries] : lists_->in_force()->by_sku)
      for (const PriceEntry& entry : entries) rows.push_back(sku + "=" + entry.unit_price.text());
    return rows;
  }

  std::filesystem::path folder_;
  std::unique_ptr<PriceLists> lists_;
};

TEST_F(PriceListsTest, AFullListReplacesEverything) {
  EXPECT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").everyone("2", "2").text()).kind,
            Kind::accepted);
  EXPECT_THAT(in_force(), ElementsAre("1=1", "2=2"));
  EXPECT_EQ(accept(PriceFileText("B2", "FULL").everyone("3", "3.00").text()).kind, Kind::accepted);
  EXPECT_THAT(in_force(), ElementsAre("3=3.00"));
  EXPECT_EQ(lists_->in_force()->batch, "B2");
  EXPECT_EQ(lists_->in_force()->generation, 2);
}

TEST_F(PriceListsTest, ADeltaChangesAddsAndDeletes) {
  ASSERT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").everyone("2", "2").text()).kind,
            Kind::accepted);
  const Acceptance delta = accept(PriceFileText("B2", "DELTA")
                                      .everyone("2", "2.5")
                                      .everyone("3", "3")
                                      .deletion("1;2;;2026-01-01;0.000;PCS")
                                      .deletion("9;2;;2026-01-01;0;PCS")
                                      .text());
  ASSERT_EQ(delta.kind, Kind::accepted) << delta.reason;
  EXPECT_THAT(in_force(), ElementsAre("2=2.5", "3=3"));
}

TEST_F(PriceListsTest, ADeletionSaysWhichZoneTheRowHad) {
  ASSERT_EQ(accept(PriceFileText("B1", "FULL")
                       .price("1;2;;2026-01-01;;0;PCS;1.50;1;UTC")
                       .everyone("2", "2")
                       .text())
                .kind,
            Kind::accepted);
  ASSERT_EQ(accept(PriceFileText("B2", "DELTA")
                       .deletion("1;2;;2026-01-01;0;PCS")
                       .deletion("9;2;;2026-01-01;0;PCS")
                       .price("2;2;;2026-01-01;;0;PCS;2;0;America/New_York")
                       .text())
                .kind,
            Kind::accepted);
  const auto delta = lists_->after("B1");
  ASSERT_TRUE(delta && delta->has_value());
  ASSERT_EQ((**delta).deletions.size(), 2U);  // What was not there is not deleted.
  EXPECT_EQ((**delta).deletions[0].sku, Sku("1"));
  EXPECT_EQ((**delta).deletions[0].zone, "UTC");
  EXPECT_EQ((**delta).deletions[0].unit_price.text(), "1.50");
  EXPECT_EQ((**delta).deletions[1].sku, Sku("2"));  // It moved to another zone.
  EXPECT_EQ((**delta).deletions[1].zone, "Europe/Berlin");
  ASSERT_EQ((**delta).entries.size(), 1U);
  EXPECT_EQ((**delta).entries[0].zone, "America/New_York");
  EXPECT_THAT(in_force(), ElementsAre("2=2"));
}

TEST_F(PriceListsTest, RefusesADeltaThatBothSetsAndDeletesARow) {
  ASSERT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").text()).kind, Kind::accepted);
  const std::string_view key = "1;2;;2026-01-01;0;PCS";
  EXPECT_EQ(accept(PriceFileText("B2", "DELTA").everyone("1", "2").deletion(key).text()).kind,
            Kind::refused);
  EXPECT_EQ(accept(PriceFileText("B2", "DELTA").deletion(key).everyone("1", "2").text()).kind,
            Kind::refused);
  EXPECT_THAT(in_force(), ElementsAre("1=1"));
}

TEST_F(PriceListsTest, ARefusedListLeavesTheLastGoodOneInForce) {
  ASSERT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").text()).kind, Kind::accepted);
  const std::string good = PriceFileText("B2", "FULL").everyone("2", "2").everyone("3", "3").text();
  for (const std::string& bad :
       {good.substr(0, good.size() / 2), good.substr(0, good.rfind("T;")),
        PriceFileText("B2", "FULL").everyone("2", "2").without_trailer() + "T;1;3\r\n",
        PriceFileText("B2", "FULL").everyone("2", "2").without_trailer() + "T;2;2\r\n",
        PriceFileText("B2", "FULL").raw("Z;?\r\n").text(), std::string("not a price file")}) {
    const Acceptance answer = accept(bad);
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_FALSE(answer.reason.empty());
    EXPECT_THAT(in_force(), ElementsAre("1=1"));
    EXPECT_EQ(lists_->in_force()->batch, "B1");
  }
  restart();
  EXPECT_THAT(in_force(), ElementsAre("1=1"));
  EXPECT_EQ(accept(good).kind, Kind::accepted);  // The batch id was not used up.
}

TEST_F(PriceListsTest, RefusesTwoRowsWithOneKey) {
  const Acceptance answer =
      accept(PriceFileText("B1", "FULL").everyone("1", "1").everyone("1", "2").text());
  EXPECT_EQ(answer.kind, Kind::refused);
  EXPECT_THAT(answer.reason, HasSubstr("line 3: article 1: a second row with the same key"));
}

TEST_F(PriceListsTest, KnowsABatchAgain) {
  const std::string text = PriceFileText("B1", "FULL").everyone("1", "1").text();
  ASSERT_EQ(accept(text).kind, Kind::accepted);
  restart();
  EXPECT_EQ(accept(text).kind, Kind::repeated);
  EXPECT_EQ(accept(text).batch, "B1");
  EXPECT_EQ(lists_->in_force()->generation, 1);
  const Acceptance other = accept(PriceFileText("B1", "FULL").everyone("1", "9").text());
  EXPECT_EQ(other.kind, Kind::refused);
  EXPECT_THAT(other.reason, HasSubstr("batch B1 was accepted already, with other content"));
}

TEST_F(PriceListsTest, RefusesADeltaWithoutAListAndAListFromThePast) {
  const Acceptance delta = accept(PriceFileText("B1", "DELTA").everyone("1", "1").text());
  EXPECT_EQ(delta.kind, Kind::refused);
  EXPECT_THAT(delta.reason, HasSubstr("before any full list"));
  ASSERT_EQ(accept(PriceFileText("B2", "FULL", "2026-11-24T01:00:00Z").text()).kind,
            Kind::accepted);
  const Acceptance old = accept(PriceFileText("B3", "FULL", "2026-11-23T01:00:00Z").text());
  EXPECT_EQ(old.kind, Kind::refused);
  EXPECT_THAT(old.reason, HasSubstr("before the list in force"));
}

TEST_F(PriceListsTest, KeepsTheListAcrossARestart) {
  ASSERT_EQ(accept(PriceFileText("B1", "FULL", "2026-11-24T01:00:00Z")
                       .price("1000;0;C10004;2026-01-01;2026-12-24;10;PCS;4.60;1;UTC")
                       .text())
                .kind,
            Kind::accepted);
  restart();
  const auto table = lists_->in_force();
  EXPECT_EQ(table->batch, "B1");
  EXPECT_EQ(table->created.text(), "2026-11-24T01:00:00Z");
  EXPECT_EQ(table->accepted.text(), "2026-11-24T02:00:00Z");
  PriceEntry expected;
  expected.sku = Sku("1000");
  expected.scope = PriceScope::customer;
  expected.scope_code = "C10004";
  expected.from = Date{2026, 1, 1};
  expected.to = Date{2026, 12, 24};
  expected.zone = "UTC";
  expected.minimum_quantity = Decimal::of(10);
  expected.uom = "PCS";
  expected.currency = "EUR";
  expected.tax_included = true;
  expected.unit_price = Decimal::parse("4.60").value();
  ASSERT_EQ(table->by_sku.count("1000"), 1U);
  EXPECT_THAT(table->by_sku.at("1000"), ElementsAre(expected));
}

TEST_F(PriceListsTest, HandsOnEveryLaterListInOrder) {
  EXPECT_FALSE(lists_->after("")->has_value());
  ASSERT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").text()).kind, Kind::accepted);
  ASSERT_EQ(
      accept(
          PriceFileText("B2", "DELTA").everyone("2", "2").deletion("1;2;;2026-01-01;0;PCS").text())
          .kind,
      Kind::accepted);
  ASSERT_EQ(accept(PriceFileText("B3", "FULL").everyone("3", "3").everyone("4", "4").text()).kind,
            Kind::accepted);
  restart();
  const auto now = lists_->after("");
  ASSERT_TRUE(now && now->has_value());
  EXPECT_EQ((**now).batch, "B3");
  EXPECT_TRUE((**now).full);
  EXPECT_EQ((**now).entries.size(), 2U);
  const auto second = lists_->after("B1");
  ASSERT_TRUE(second && second->has_value());
  EXPECT_EQ((**second).batch, "B2");
  EXPECT_FALSE((**second).full);
  ASSERT_EQ((**second).entries.size(), 1U);
  ASSERT_EQ((**second).deletions.size(), 1U);
  EXPECT_EQ((**second).deletions[0].sku, Sku("1"));
  EXPECT_EQ((**second).hash_total(), Decimal::of(2));
  const auto third = lists_->after("B2");
  ASSERT_TRUE(third && third->has_value());
  EXPECT_EQ((**third).batch, "B3");
  EXPECT_TRUE((**third).full);
  EXPECT_EQ((**third).hash_total(), Decimal::of(7));
  const auto none = lists_->after("B3");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST_F(PriceListsTest, AnswersAnUnknownOrForgottenBatchWithTheFullList) {
  restart(2);
  ASSERT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").text()).kind, Kind::accepted);
  for (const char* batch : {"B2", "B3", "B4"})
    ASSERT_EQ(accept(PriceFileText(batch, "DELTA").everyone(batch, "2").text()).kind,
              Kind::accepted);
  const auto forgotten = lists_->after("B1");  // B2's rows are no longer kept.
  ASSERT_TRUE(forgotten && forgotten->has_value());
  EXPECT_EQ((**forgotten).batch, "B4");
  EXPECT_TRUE((**forgotten).full);
  EXPECT_EQ((**forgotten).entries.size(), 4U);
  const auto kept = lists_->after("B2");
  ASSERT_TRUE(kept && kept->has_value());
  EXPECT_EQ((**kept).batch, "B3");
  const auto unknown = lists_->after("never heard of");
  ASSERT_TRUE(unknown && unknown->has_value());
  EXPECT_EQ((**unknown).batch, "B4");
  // A batch whose rows are forgotten is still known.
  EXPECT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").text()).kind, Kind::repeated);
}

TEST_F(PriceListsTest, ReadersKeepTheListTheyHold) {
  ASSERT_EQ(accept(PriceFileText("B1", "FULL").everyone("1", "1").text()).kind, Kind::accepted);
  const auto held = lists_->in_force();
  ASSERT_EQ(accept(PriceFileText("B2", "FULL").everyone("2", "2").text()).kind, Kind::accepted);
  EXPECT_EQ(held->batch, "B1");
  EXPECT_EQ(held->by_sku.count("1"), 1U);
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
