// What both ERPs hold when a write has been mirrored.
#include "parity/report_data.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace underpin::facade {
namespace {

using cutover::Stage;

struct HeldAfterWrites : test::FacadeFixture {
  HeldAfterWrites() {
    legacy().add_customer(customer("C1"));
    comparison_settings.after_writes = true;
    open();
    move_all(Stage::dual_write);
  }

  std::vector<parity::LedgerEntry> held() {
    settle();
    EXPECT_TRUE(facade->shadows().drain(deadline_in(std::chrono::seconds(30))));
    facade->ledger().flush();
    std::vector<parity::LedgerEntry> entries = *facade->ledger().entries({});
    std::erase_if(entries, [](const parity::LedgerEntry& entry) {
      return entry.question.operation.rfind("held_after_", 0) != 0;
    });
    return entries;
  }
};

TEST_F(HeldAfterWrites, AMirroredOrderIsReadBackFromBothAndEqual) {
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  const auto entries = held();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].question.operation, "held_after_place_order");
  EXPECT_EQ(entries[0].question.subject, "web/1");
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::match);
  EXPECT_NE(entries[0].primary_document.find("promotions"), std::string::npos);
  EXPECT_NE(entries[0].primary_document.find("totals"), std::string::npos);
}

TEST_F(HeldAfterWrites, ATaxThatTheCloudAnsweredOtherwiseIsFound) {
  cloud().tax_off_by(Decimal{1, 2});
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  const auto entries = held();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::mismatch);
  EXPECT_TRUE(std::any_of(entries[0].comparison.differences.begin(),
                          entries[0].comparison.differences.end(),
                          [](const parity::Difference& difference) {
                            return difference.path.rfind("/answered/", 0) == 0;
                          }));
}

TEST_F(HeldAfterWrites, ATotalThatTheCloudHoldsOtherwiseIsFound) {
  cloud().before("get_order", [this] { cloud().total_becomes(order("1").id, Decimal{2001, 2}); });
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  const auto entries = held();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::mismatch);
  ASSERT_FALSE(entries[0].comparison.differences.empty());
  EXPECT_EQ(entries[0].comparison.differences[0].path, "/totals/grandTotal");
}

// Only the copy's ERP answered anybody for it: nothing to compare there.
TEST_F(HeldAfterWrites, WhatNobodyWasAnsweredIsNotComparedForADocumentOlderThanTheFacade) {
  Order own = order("x");
  own.id = {};
  own.customer_reference.clear();
  (void)legacy().own_order(own, true);
  const auto entries = held();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::match);
  for (const std::string& document : {entries[0].primary_document, entries[0].secondary_document}) {
    EXPECT_NE(document.find("totals"), std::string::npos);
    EXPECT_EQ(document.find("answered"), std::string::npos) << document;
  }
}

// Reports count by region and segment what comparisons carry.
TEST_F(HeldAfterWrites, CarriesTheCohortOfItsOrderWhereTheSiteAsksForIt) {
  comparison_settings.cohorts = true;
  open();
  Order of_region = order("1");
  of_region.ship_to.emplace();
  of_region.ship_to->name = "Ada";
  of_region.ship_to->country = "DE";
  of_region.ship_to->region = "BY";
  ASSERT_EQ(facade->orders().place(of_region, write("k1")).status, 201);
  const auto entries = held();
  ASSERT_EQ(entries.size(), 1u);
  const parity::Cohort& cohort = entries[0].question.cohort;
  ASSERT_EQ(cohort.count("regions"), 1u);
  EXPECT_EQ(cohort.at("regions"), std::vector<std::string>{"DE-BY"});
  parity::ReportQuery query;
  query.cohort = "regions=DE";
  const auto report = facade->ledger().report(query);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->comparisons, 1);
}

TEST_F(HeldAfterWrites, NothingIsReadBackWhereItIsSwitchedOff) {
  comparison_settings.after_writes = false;
  open();
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  EXPECT_TRUE(held().empty());
}

}  // namespace
}  // namespace underpin::facade
