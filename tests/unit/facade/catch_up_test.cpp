#include "tests/unit/facade/catch_up_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using testing::HasSubstr;

TEST_F(CatchingUp, QueuesNoMoreThanItsPaceAllows) {
  to_dual_write(Capability::customers);
  advance();
  advance();
  EXPECT_EQ(waiting(), 10) << "without time passing there is no second page";
  deliver();
  pass_ms(9'999);
  advance();
  EXPECT_EQ(waiting(), 0);
  pass_ms(1);
  advance();
  EXPECT_EQ(waiting(), 10);
  EXPECT_EQ(reached(Capability::customers).per_minute, 60);
  EXPECT_THAT(reached(Capability::customers).detail,
              HasSubstr("customers 10 of 20 so far, at most 60 a minute"));
}

TEST_F(CatchingUp, IsNotDoneBeforeTheEndOfItsListWhateverHasBeenDelivered) {
  to_dual_write(Capability::customers);
  advance();
  deliver();
  advance();
  EXPECT_EQ(reached(Capability::customers).state, "running");
  EXPECT_FALSE(facade->cutover().change(Capability::customers,
                                        {Stage::shadow_read, cutover::whole_share},
                                        version(Capability::customers), {"ada", "too early"}));
  for (int page = 0; page < 2; ++page) {
    pass_ms(10'000);
    advance();
    deliver();
  }
  advance();
  EXPECT_EQ(reached(Capability::customers).state, "done");
  EXPECT_EQ(cloud().customers_now().size(), 25u);
}

TEST_F(CatchingUp, HoldsBackWhileTheReceiverHasTooMuchToTake) {
  cutover_settings.catch_up.per_minute.fill(60'000);
  cutover_settings.catch_up.backlog_max = 5;
  open();
  to_dual_write(Capability::customers);
  pass_ms(1'000);
  for (int round = 0; round < 10; ++round) {
    advance();
    pass_ms(1'000);
  }
  EXPECT_EQ(waiting(), 10) << "a page of five, and another while no more than five wait";
  EXPECT_THAT(reached(Capability::customers).held, HasSubstr("10 deliveries to bc wait"));
  EXPECT_THAT(reached(Capability::customers).detail, HasSubstr("held back"));
  // What a channel changes meanwhile stands behind ten rows, not behind all of them.
  CustomerAmendment amendment;
  amendment.name = "Changed meanwhile";
  EXPECT_EQ(
      facade->customers().amend(CustomerNumber{numbered(24)}, amendment, {"*"}, write("k")).status,
      200);
  EXPECT_EQ(waiting(), 11);
  deliver();
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{numbered(24)}).name, "Changed meanwhile");
  EXPECT_LT(cloud().customers_now().size(), 25u);
  for (int round = 0; round < 10; ++round) {
    advance();
    deliver();
    pass_ms(1'000);
  }
  EXPECT_EQ(reached(Capability::customers).state, "done");
  EXPECT_EQ(reached(Capability::customers).held, "");
  EXPECT_EQ(cloud().customers_now().size(), 25u);
}

TEST_F(CatchingUp, GoesOnAfterARestartWhereItWas) {
  to_dual_write(Capability::customers);
  advance();
  pass_ms(10'000);
  advance();  // Two pages; what they queued is not delivered.
  open();
  for (int round = 0; round < 4; ++round) {
    pass_ms(10'000);
    advance();
  }
  EXPECT_EQ(legacy().calls("search_customers"), 3) << "three pages, each of them once";
  deliver();
  advance();
  EXPECT_EQ(reached(Capability::customers).state, "done");
  EXPECT_EQ(reached(Capability::customers).total, 25);
  EXPECT_EQ(cloud().customers_now().size(), 25u);
  EXPECT_EQ(cloud().calls("put_customer"), 25);
}

TEST_F(CatchingUp, ReadsThePageInProgressAgainWhenItsRowsWereNotKept) {
  to_dual_write(Capability::customers);
  advance();
  pass_ms(10'000);
  failing_writes = 1;
  advance();  // The second page is read; the crash takes what it would have queued.
  EXPECT_EQ(failing_writes, 0);
  open();
  for (int round = 0; round < 4; ++round) {
    advance();
    pass_ms(10'000);
  }
  EXPECT_EQ(legacy().calls("search_customers"), 4) << "the page in progress twice, no other";
  deliver();
  EXPECT_EQ(cloud().customers_now().size(), 25u);
  EXPECT_EQ(cloud().calls("put_customer"), 25) << "nothing is queued twice";
}

TEST_F(CatchingUp, BeginsAgainWhenTheErpDoesNotKnowThePlaceAnyMore) {
  to_dual_write(Capability::customers);
  advance();
  deliver();
  legacy().delete_customer(CustomerNumber{numbered(9)});
  legacy().set_trap("search_customers", SmallErp::Trap::refused);
  for (int round = 0; round < 6; ++round) {
    pass_ms(10'000);
    advance();
    deliver();
  }
  advance();
  EXPECT_EQ(reached(Capability::customers).state, "done");
  EXPECT_EQ(reached(Capability::customers).total, 24);
  EXPECT_EQ(legacy().calls("search_customers"), 5) << "one, the refused one, and three";
  for (int i = 0; i < 25; ++i)
    EXPECT_EQ(cloud().customers_now().count(CustomerNumber{numbered(i)}), 1u) << i;
}

TEST_F(CatchingUp, BeginsAnewAfterAWayBackInItsMiddle) {
  to_dual_write(Capability::customers);
  advance();
  deliver();
  pass_ms(10'000);
  advance();
  deliver();
  const auto back = facade->cutover().roll_back(Capability::customers,
                                                version(Capability::customers), {"ada", "back"});
  ASSERT_TRUE(back) << back.error().message;
  Customer changed = customer(numbered(0));
  changed.name = "Changed while nothing was mirrored";
  legacy().add_customer(changed);
  for (const Side side : {Side::legacy, Side::cloud})
    ASSERT_TRUE(facade->feeds().poll_customers(side, context()));
  to_dual_write(Capability::customers);
  EXPECT_EQ(reached(Capability::customers).state, "not_started");
  for (int round = 0; round < 4; ++round) {
    advance();
    deliver();
    pass_ms(10'000);
  }
  EXPECT_EQ(reached(Capability::customers).state, "done");
  EXPECT_EQ(reached(Capability::customers).total, 25);
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{numbered(0)}).name,
            "Changed while nothing was mirrored");
}

TEST_F(CatchingUp, QueuesNothingOnceAnotherProcessHasTurnedThePlanBack) {
  to_dual_write(Capability::customers);
  // Between the reading of a page and its rows: what a paused replica would wake up to.
  legacy().before("search_customers", [&] {
    ASSERT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                            {"ada", "back"}));
  });
  advance();
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(reached(Capability::customers).state, "not_started");
}

TEST_F(CatchingUp, QueuesNothingOfAPageThatWasReadBeforeANewBeginning) {
  to_dual_write(Capability::customers);
  legacy().before("search_customers", [&] {
    ASSERT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                            {"ada", "back"}));
    to_dual_write(Capability::customers);
  });
  advance();
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(reached(Capability::customers).state, "not_started");
}

TEST_F(CatchingUp, OfOrdersReadsEachOnceAcrossARestart) {
  place_orders(12);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  const int read_before = legacy().calls("get_order");
  advance();
  EXPECT_EQ(legacy().calls("get_order") - read_before, 10);
  EXPECT_EQ(reached(Capability::orders).total, 10);
  open();
  advance();
  EXPECT_EQ(legacy().calls("get_order") - read_before, 10) << "the pace is kept across it, too";
  for (int round = 0; round < 6; ++round) {
    pass_ms(10'000);
    advance();
  }
  EXPECT_EQ(legacy().calls("get_order") - read_before, 12);
  deliver();
  advance();
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(reached(Capability::orders).total, 12);
  EXPECT_EQ(cloud().order_count(), 12u);
}

TEST_F(CatchingUp, OfOrdersKeepsWhatItQueuedWhenTheNextOneFails) {
  place_orders(6);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  const int read_before = legacy().calls("get_order");
  int reads = -1;  // The first call only arms it.
  const std::function<void()> each = [&] {
    legacy().before("get_order", each);
    if (++reads == 4) legacy().set_trap("get_order", SmallErp::Trap::unavailable);
  };
  each();
  advance();
  EXPECT_EQ(reached(Capability::orders).total, 3);
  advance();
  EXPECT_EQ(legacy().calls("get_order") - read_before, 7) << "the fourth one twice, no other";
  EXPECT_EQ(reached(Capability::orders).total, 6);
}

// The plan may move before anything is indexed: what the feed meets then is catching up's to bring.
TEST_F(CatchingUp, OfOrdersThatTheFeedMeetsOnlyNowKeepsItsPace) {
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  for (int i = 0; i < 12; ++i) {
    Order old = order("");
    old.id = {};
    old.customer = CustomerNumber{numbered(0)};
    legacy().own_order(old, true);
  }
  index_orders();
  advance();
  EXPECT_EQ(reached(Capability::orders).total, 10);
  pass_ms(10'000);
  for (int round = 0; round < 3; ++round) {
    advance();
    deliver();
    pass_ms(10'000);
  }
  advance();
  EXPECT_EQ(reached(Capability::orders).detail, "orders 12 of 12");
  EXPECT_EQ(cloud().order_count(), 12u);
  Order late = order("");
  late.id = {};
  late.customer = CustomerNumber{numbered(0)};
  legacy().own_order(late, true);
  index_orders();
  deliver();
  EXPECT_EQ(cloud().order_count(), 13u) << "afterwards the feed brings what users enter";
}

// Its copy was given up by a person; without it no order of that customer could be taken.
TEST_F(CatchingUp, AnOrderBringsTheCustomerWhoseCopyWasGivenUp) {
  cutover_settings.catch_up.per_minute.fill(6'000);
  open();
  to_dual_write(Capability::customers);
  cloud().set_trap("put_customer", SmallErp::Trap::refused);
  advance();
  deliver();
  advance();
  ASSERT_EQ(exceptions().size(), 1u);
  const std::string given_up = exceptions()[0].subject;
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "nobody needs it"));
  advance();
  ASSERT_EQ(reached(Capability::customers).state, "done");
  to_dual_write(Capability::orders);
  index_orders();
  advance();
  Order placed = order("1");
  placed.customer = CustomerNumber{given_up};
  EXPECT_EQ(facade->orders().place(placed, write("k1")).status, 201);
  deliver();
  EXPECT_TRUE(exceptions().empty()) << exceptions().at(0).detail;
  EXPECT_EQ(cloud().calls("put_customer"), 26) << "the customer that was given up goes in front";
  EXPECT_EQ(cloud().order_count(), 1u);
}

// The order waited for its customer's copy, which was then given up: replayed, it brings it along.
TEST_F(CatchingUp, AnOrderThatIsReplayedBringsTheCustomerWhoseCopyWasGivenUp) {
  cutover_settings.catch_up.per_minute.fill(6'000);
  open();
  to_dual_write(Capability::customers);
  advance();
  deliver();
  to_dual_write(Capability::orders);
  index_orders();
  advance();
  Order placed = order("1");
  placed.customer = CustomerNumber{numbered(0)};
  cloud().set_trap("place_order", SmallErp::Trap::refused);
  EXPECT_EQ(facade->orders().place(placed, write("k1")).status, 201);
  deliver();
  ASSERT_EQ(exceptions().size(), 1u);
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    CatchUp::give_up_customer(tx, numbered(0), Side::cloud);
    return true;
  }));
  const int before = cloud().calls("put_customer");
  ASSERT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "mended there"));
  deliver();
  EXPECT_EQ(cloud().calls("put_customer") - before, 1);
  EXPECT_EQ(cloud().order_count(), 1u);
}

TEST_F(CatchingUp, OfOrdersSaysWhenItWillBeDone) {
  place_orders(30);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  advance();
  EXPECT_FALSE(reached(Capability::orders).expected_at) << "nothing has been delivered yet";
  deliver();
  pass_ms(10'000);
  advance();
  deliver();
  pass_ms(10'000);
  advance();
  const auto state = reached(Capability::orders);
  ASSERT_TRUE(state.expected_at) << state.detail;
  EXPECT_GT(state.expected_at->micros, clock.load());
  EXPECT_LE(state.expected_at->micros, clock.load() + 60'000'000);
  EXPECT_THAT(state.detail, HasSubstr("done at about"));
}

TEST_F(CatchingUp, IsPreviewedByCountAndValueBeforeTheStepThatBeginsIt) {
  place_orders(3);
  legacy().change({ChannelId{"web"}, OrderNumber{"100"}}, [](SmallErp::Held& held) {
    held.order.lines[0].shipped_quantity = Decimal::of(1);
  });
  index_orders();
  const auto orders = facade->cutover().preview(Capability::orders, Stage::dual_write);
  ASSERT_TRUE(orders);
  ASSERT_TRUE(orders->bringing);
  EXPECT_EQ(orders->bringing->to, Side::cloud);
  ASSERT_EQ(orders->bringing->documents.size(), 2u);
  EXPECT_EQ(orders->bringing->documents[0].classes, "open");
  EXPECT_EQ(orders->bringing->documents[0].count, 2);
  EXPECT_EQ(orders->bringing->documents[0].worth.at("EUR"), Decimal::of(40));
  EXPECT_EQ(orders->bringing->documents[1].classes, "part_shipped");
  EXPECT_EQ(orders->bringing->documents[1].count, 1);
  EXPECT_EQ(orders->bringing->with_number, 0);
  EXPECT_FALSE(orders->bringing->customers);
  const auto customers = facade->cutover().preview(Capability::customers, Stage::dual_write);
  ASSERT_TRUE(customers && customers->bringing && customers->bringing->customers);
  EXPECT_EQ(customers->bringing->customers->count, 25);
  EXPECT_FALSE(customers->bringing->customers->at_least);
  EXPECT_EQ(waiting(), 0) << "a preview brings nothing";
  const auto dry =
      facade->cutover().outlook(Capability::customers, {Stage::dual_write, cutover::whole_share},
                                version(Capability::customers), false);
  ASSERT_TRUE(dry);
  ASSERT_TRUE(dry->preview.bringing);
  // What it said is what comes.
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  for (int round = 0; round < 5; ++round) {
    advance();
    deliver();
    pass_ms(10'000);
  }
  EXPECT_EQ(reached(Capability::orders).total, 3);
  EXPECT_EQ(reached(Capability::customers).total, 25);
  EXPECT_FALSE(facade->cutover().preview(Capability::orders, Stage::shadow_read)->bringing);
}

TEST_F(CatchingUp, IsPreviewedWithTheCrossReferencesThatWereImported) {
  place_orders(2);
  const std::string document = this->document("100").legacy_document.text();
  std::vector<FieldError> faults;
  const auto report =
      facade->xref().run("order,web/100," + document + ",S-ORD900\n" + "order,OLD-1," + document +
                             ",\n" + "customer,OLD-C," + numbered(0) + ",\n",
                         2, false, {"ada", "before the facade"});
  ASSERT_TRUE(report);
  ASSERT_TRUE(report->faults.empty()) << report->faults[0].pointer << report->faults[0].detail;
  const auto orders = facade->cutover().preview(Capability::orders, Stage::dual_write);
  ASSERT_TRUE(orders && orders->bringing);
  EXPECT_EQ(orders->bringing->cross_references, 2);
  EXPECT_EQ(orders->bringing->with_number, 1) << "its copy is taken, not placed";
  const auto customers = facade->cutover().preview(Capability::customers, Stage::dual_write);
  ASSERT_TRUE(customers && customers->bringing);
  EXPECT_EQ(customers->bringing->cross_references, 1);
}

TEST_F(CatchingUp, IsPreviewedForTheWayBackIntoRampDown) {
  cutover_settings.catch_up = {};
  open();
  for (const Stage stage : {Stage::dual_write, Stage::shadow_read, Stage::cloud_primary,
                            Stage::ramp_down, Stage::cloud_only})
    move_all(stage);
  Order placed = order("500");
  placed.customer = CustomerNumber{numbered(0)};
  EXPECT_EQ(facade->orders().place(placed, write("k500")).status, 201);
  settle();
  const auto orders = facade->cutover().preview(Capability::orders, Stage::ramp_down);
  ASSERT_TRUE(orders && orders->bringing);
  EXPECT_EQ(orders->bringing->to, Side::legacy);
  ASSERT_EQ(orders->bringing->documents.size(), 1u);
  EXPECT_EQ(orders->bringing->documents[0].count, 1);
  EXPECT_EQ(orders->bringing->documents[0].worth.at("EUR"), Decimal::of(20));
}

TEST_F(CatchingUp, IsPreviewedAsUnknownWhileTheErpCannotBeAsked) {
  legacy().set_trap("search_customers", SmallErp::Trap::unavailable);
  const auto seen = facade->cutover().preview(Capability::customers, Stage::dual_write);
  ASSERT_TRUE(seen && seen->bringing && seen->bringing->customers);
  EXPECT_NE(seen->bringing->customers->failed, "");
}

}  // namespace
}  // namespace underpin::facade::test
