#include "contracts/order_status.h"
#include "facade/cutover_facts.h"

#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::Contains;
using testing::HasSubstr;

struct RollbackPreview : FacadeFixture {
  void SetUp() override {
    legacy().add_customer(customer("C1"));
    for (const Stage stage : {Stage::dual_write, Stage::shadow_read, Stage::cloud_primary})
      move_all(stage);
  }
  RollbackValidity validity(Capability capability = Capability::orders) {
    return facade->cutover().status(capability)->validity;
  }
  Preview preview() {
    const auto seen = facade->cutover().preview(Capability::orders, Stage::shadow_read);
    EXPECT_TRUE(seen);
    return *seen;
  }
  void move_without_delivering(Capability capability, Stage stage) {
    const auto moved =
        facade->cutover().change(capability, {stage, 100'000}, version(capability), {"ada", "on"});
    ASSERT_TRUE(moved) << moved.error().message;
  }
  void put(const std::string& number, OrderStatus status, bool mirrored, const char* total,
           const char* channel = "web") {
    journal::DocumentRecord document;
    document.id = {ChannelId{channel}, OrderNumber{number}};
    document.home = Side::cloud;
    document.status = status;
    document.closed = is_closed(status);
    document.mirrored = mirrored;
    document.cloud_document = DocumentNumber{"S-" + number};
    if (mirrored) document.legacy_document = DocumentNumber{"SO-" + number};
    document.currency = "EUR";
    document.grand_total = *Decimal::parse(total);
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      tx.put_document(document);
      return true;
    }));
  }
};

TEST_F(RollbackPreview, ItIsLosslessWhileLegacyHasEverything) {
  EXPECT_EQ(validity().state, "lossless");
  const auto placed = facade->orders().place(order("100"), write("k-100"));
  EXPECT_EQ(placed.status, 201);
  settle();
  EXPECT_EQ(validity().state, "lossless") << testing::PrintToString(validity().reasons);
  const Preview seen = preview();
  EXPECT_TRUE(seen.back);
  EXPECT_EQ(seen.in_flight, 1);
  EXPECT_EQ(seen.in_flight_worth.at("EUR"), *Decimal::parse("20.00"));
  EXPECT_EQ(seen.only_cloud, 0);
}

TEST_F(RollbackPreview, AnUndeliveredMirrorNeedsItsDelivery) {
  EXPECT_EQ(facade->orders().place(order("100"), write("k-100")).status, 201);
  EXPECT_EQ(validity().state, "needs_deliveries");
  EXPECT_EQ(validity().deliveries, 1);
  const Preview seen = preview();
  EXPECT_EQ(seen.subjects_at_risk, 1);
  EXPECT_EQ(seen.unmapped, 1) << "legacy has no number for it yet";
  settle();
  EXPECT_EQ(validity().state, "lossless");
}

TEST_F(RollbackPreview, ADeadLetterIsCountedAndRefusesNoStepBack) {
  dead_letter(Capability::orders, "web/7", Side::legacy);
  EXPECT_EQ(validity().state, "needs_deliveries");
  EXPECT_THAT(validity().reasons, Contains(HasSubstr("dead letters without a disposition")));
  const auto back = facade->cutover().roll_back(Capability::orders, version(Capability::orders),
                                                {"ada", "the way out"});
  EXPECT_TRUE(back) << back.error().message;
}

TEST_F(RollbackPreview, WhatHasLeftTheHouseIsPastReturnWithItsWorth) {
  put("1", OrderStatus::shipped, true, "10.10");
  put("2", OrderStatus::invoiced, true, "5.05");
  put("3", OrderStatus::cancelled, true, "99.00");
  put("4", OrderStatus::open, true, "1.00");
  EXPECT_EQ(validity().state, "past_return");
  EXPECT_EQ(validity().documents, 2);
  EXPECT_EQ(money_text(validity().worth), "15.15 EUR");
}

TEST_F(RollbackPreview, WhatTheCloudsOwnUsersSoldDoesNotCount) {
  put("S-1", OrderStatus::shipped, true, "10.10", "");
  put("S-2", OrderStatus::invoiced, true, "5.05", "");
  EXPECT_EQ(validity().state, "lossless") << testing::PrintToString(validity().reasons);
}

TEST_F(RollbackPreview, DocumentsThatOnlyTheCloudHasAreCountedWithTheirWorth) {
  put("1", OrderStatus::open, false, "12.00");
  const Preview seen = preview();
  EXPECT_EQ(seen.only_cloud, 1);
  EXPECT_EQ(money_text(seen.only_cloud_worth), "12.00 EUR");
  EXPECT_THAT(validity().reasons, Contains(HasSubstr("have no copy in legacy")));
}

TEST_F(RollbackPreview, AtCloudOnlyLegacyHasToBeCaughtUp) {
  for (const Capability capability : {Capability::pricing}) {
    move(capability, Stage::ramp_down);
    move(capability, Stage::cloud_only);
  }
  EXPECT_EQ(validity(Capability::pricing).state, "needs_deliveries");
  EXPECT_THAT(validity(Capability::pricing).reasons, Contains(HasSubstr("caught up")));
}

TEST_F(RollbackPreview, ADryRunOfARollbackShowsIt) {
  EXPECT_EQ(facade->orders().place(order("100"), write("k-100")).status, 201);
  const auto outlook = facade->cutover().rollback_outlook(
      Capability::orders, version(Capability::orders), Stage::shadow_read);
  ASSERT_TRUE(outlook);
  EXPECT_TRUE(outlook->verdict.allowed);
  EXPECT_FALSE(outlook->verdict.forward);
  EXPECT_EQ(outlook->preview.subjects_at_risk, 1);
  EXPECT_EQ(facade->cutover().status(Capability::orders)->plan.rollout.to, Stage::cloud_primary);
}

// The rules on refusing, on a real backlog.
TEST_F(RollbackPreview, AYoungBacklogLetsAFlipPassAndAnOldOneDoesNot) {
  cutover_settings.max_backlog_age_ms = 60'000;
  open();
  EXPECT_EQ(facade->orders().place(order("100"), write("k-100")).status, 201);
  for (const Capability capability :
       {Capability::customers, Capability::pricing, Capability::inventory})
    move_without_delivering(capability, Stage::ramp_down);
  pass_ms(61'000);
  const auto late = facade->cutover().change(Capability::orders, {Stage::ramp_down, 100'000},
                                             version(Capability::orders), {"ada", "late"});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("a delivery has waited for 61 s"));
  clock -= 30'000'000;
  const auto young = facade->cutover().change(Capability::orders, {Stage::ramp_down, 100'000},
                                              version(Capability::orders), {"ada", "in time"});
  EXPECT_TRUE(young) << young.error().message;
  EXPECT_EQ(facade->cutover().status(Capability::orders)->backlog.pending_to_legacy, 1);
}

TEST_F(RollbackPreview, AnUnknownOutcomeInLegacyDoesNotRefuseTheWayBackToLegacyOnly) {
  // A constraint: stock goes back before orders do.
  for (const Stage stage : {Stage::shadow_read, Stage::dual_write}) {
    move(Capability::inventory, stage);
    move(Capability::orders, stage);
  }
  legacy().set_trap("place_order", SmallErp::Trap::lost_answer);
  EXPECT_EQ(facade->orders().place(order("200"), write("k-200")).status, 202);
  EXPECT_EQ(facade->cutover().status(Capability::orders)->backlog.unknown_outcomes, 1);
  const auto back = facade->cutover().change(Capability::orders, {Stage::legacy_only, 100'000},
                                             version(Capability::orders), {"ada", "back"});
  EXPECT_TRUE(back) << back.error().message;
}

}  // namespace
}  // namespace underpin::facade::test
