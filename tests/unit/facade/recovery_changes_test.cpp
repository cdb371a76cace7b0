// What changed since the backup, and what was read before recovery had found out.
#include "tests/unit/facade/recovery_fixture.h"

namespace underpin::facade::test {
namespace {

TEST_F(MovedOrders, WhatLeftSinceTheBackupLeftOnce) {
  dual_write();
  take_backup();
  shipped = 3;
  place_and_ship();
  restored_and_recovered();
  is_whole("1");
  // The channel, which ordered ten, makes it nine.
  OrderAmendment amendment;
  amendment.lines.emplace_back().number = 1;
  amendment.lines.back().quantity = Decimal::of(9);
  const std::string tag = facade->orders().get("1", context())->etag;
  EXPECT_EQ(facade->orders().amend("1", amendment, {tag}, write("a1")).status, 200);
  EXPECT_EQ(held(Side::legacy).order.lines.at(0).quantity, Decimal::of(9));
}

TEST_F(RecoveryTest, AReadWhileClosedDoesNotDecideWhereAnOrderLives) {
  recovery_settings.release_unreleased = false;
  open();
  dual_write();
  settle();
  take_backup();
  for (const Stage stage : {Stage::shadow_read, Stage::cloud_primary})
    for (const Capability capability : {Capability::customers, Capability::orders})
      move(capability, stage);
  ASSERT_EQ(place("2").status, 201);
  while (facade->relay().deliver_due(Side::legacy) > 0) {
  }
  ASSERT_EQ(documents_in(legacy(), "2"), 1U);
  // An acknowledged change that its copy lacks; not released yet.
  OrderAmendment amendment;
  amendment.lines.emplace_back().number = 1;
  amendment.lines.back().quantity = Decimal::of(5);
  ASSERT_EQ(facade->orders().amend("2", amendment, {"*"}, write("a2")).status, 200);
  restore_backup();
  EXPECT_TRUE(facade->orders().get("2", context()));
  EXPECT_FALSE(known("2")) << "a guess is not remembered";
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(cloud().orders_with(order("2").id).at(0).order.lines.at(0).quantity, Decimal::of(5));
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "home_unknown");
}

TEST_F(RecoveryTest, AReadWhileClosedLosesNothingOfAnOrder) {
  dual_write();
  settle();
  take_backup();
  const Order placed = order("2", "4");
  ASSERT_EQ(facade->orders().place(placed, write("k2")).status, 201);
  settle();
  restore_backup();
  EXPECT_TRUE(facade->orders().get("2", context()));
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(facade->orders().place(placed, write("k2")).status, 201) << "repeated";
  auto seen = facade->orders().get("2", context());
  const OrderCancellation one{"x", {{1, Decimal::of(1)}}};
  EXPECT_EQ(facade->orders().cancel("2", one, {seen->etag}, write("c2")).status, 200);
  seen = facade->orders().get("2", context());
  EXPECT_EQ(seen->value.lines[0].cancelled_quantity, Decimal::of(1));
}

// What waits in the backup was acknowledged by the side that it comes from.
TEST_F(RecoveryTest, AnUndeliveredChangeOfACustomerIsNotOverwrittenByATouchOfItsCopy) {
  dual_write();
  settle();
  const CustomerNumber number{"C1"};
  ASSERT_EQ(facade->customers().amend(number, {"Ada", {}, {}, {}, {}}, {"*"}, write("k1")).status,
            200);
  EXPECT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  take_backup();
  const Customer old = cloud().customers_now().at(number);
  cloud().add_customer(old);
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  // Asked about already, it is not decided by the clocks when it is looked at once more.
  ASSERT_TRUE(facade->journal().write([](JournalTransaction& tx) {
    tx.set_fact(journal::closed_fact, "recovered once more");
    return true;
  }));
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(legacy().customers_now().at(number).name, "Ada");
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "customer_differs_after_restore");
  // Nobody has touched the copy: no question.
  anew();
  dual_write();
  settle();
  ASSERT_EQ(facade->customers().amend(number, {"Ada", {}, {}, {}, {}}, {"*"}, write("k2")).status,
            200);
  take_backup();
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(cloud().customers_now().at(number).name, "Ada");
  EXPECT_TRUE(exceptions().empty());
}

}  // namespace
}  // namespace underpin::facade::test
