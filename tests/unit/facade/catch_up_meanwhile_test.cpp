#include "tests/unit/facade/catch_up_fixture.h"

#include <gmock/gmock.h>

#include <functional>

// Catching up beside what goes on meanwhile: users, feeds, channels and other replicas.
namespace underpin::facade::test {
namespace {

using testing::HasSubstr;

// The feed leaves it to catching up, which is at the end of its list.
TEST_F(CatchingUp, BringsAnOrderThatIsEnteredWhileTheLastPageIsRead) {
  place_orders(3);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  legacy().before("get_order", [&] {
    Order late = order("");
    late.id = {};
    late.customer = CustomerNumber{numbered(0)};
    legacy().own_order(late, true);
    index_orders();
  });
  for (int round = 0; round < 12; ++round) {
    advance();
    deliver();
    index_orders();
    pass_ms(10'000);
  }
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(cloud().order_count(), 4u);
}

// While the second is read, a user raises the first, which had been read as shipped.
TEST_F(CatchingUp, BringsAnOrderThatIsRaisedInTheMiddleOfItsPage) {
  const auto place_one = [&](const char* number) {
    Order placed = order(number);
    placed.customer = CustomerNumber{numbered(0)};
    EXPECT_EQ(facade->orders().place(placed, write(number)).status, 201);
    while (facade->relay().deliver_due(Side::legacy) > 0) {
    }
    index_orders();
  };
  const OrderId first{ChannelId{"web"}, OrderNumber{"100"}};
  place_one("100");
  legacy().ship(first);
  index_orders();
  place_one("200");
  place_one("300");
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  int reads = 0;
  const std::function<void()> each = [&] {
    if (++reads == 1) {
      legacy().before("get_order", each);
      return;
    }
    // While the second is read, a user raises the first.
    legacy().change(first,
                    [](SmallErp::Held& held) { held.order.lines.at(0).quantity = Decimal::of(5); });
    index_orders();
  };
  legacy().before("get_order", each);
  for (int round = 0; round < 12; ++round) {
    advance();
    deliver();
    index_orders();
    pass_ms(10'000);
  }
  EXPECT_GE(reads, 2);
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(cloud().order_count(), 3u);
}

// Another process has published legacy_only, and this one has not heard of it: nothing that it
// brings counts, now or for the next way into dual_write.
TEST_F(CatchingUp, BeginsNothingUnderAPlanThatIsNoMore) {
  cutover_settings.catch_up.per_minute.fill(6'000);
  open();
  to_dual_write(Capability::customers);
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    const auto now_plan = tx.plan("default", Capability::customers);
    cutover::Plan back = cutover::initial_plan("default", Capability::customers);
    journal::PlanRecord record;
    record.wave = "default";
    record.capability = Capability::customers;
    record.plan = cutover::write_plan(back);
    record.actor = "other replica";
    record.reason = "back";
    CatchUp::reset(tx, Capability::customers, Side::cloud);
    return tx.publish_plan(record, now_plan->version);
  }));
  advance();  // Runs before the news of the plan.
  deliver();
  advance();
  EXPECT_EQ(reached(Capability::customers).state, "not_started");
  open();  // Plan taken.
  Customer changed = customer(numbered(0));
  changed.name = "Changed at legacy_only";
  legacy().add_customer(changed);
  for (const Side side : {Side::legacy, Side::cloud})
    ASSERT_TRUE(facade->feeds().poll_customers(side, context()));
  to_dual_write(Capability::customers);
  for (int round = 0; round < 6; ++round) {
    advance();
    deliver();
    pass_ms(10'000);
  }
  EXPECT_EQ(reached(Capability::customers).state, "done");
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{numbered(0)}).name, "Changed at legacy_only");
}

// What another replica mirrors by its newer plan, this one's feed must not drop.
TEST_F(CatchingUp, TheFeedOfAnOlderPlanDropsNoChange) {
  for (const Side side : {Side::legacy, Side::cloud})
    ASSERT_TRUE(facade->feeds().poll_customers(side, context()));
  ASSERT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  // Another replica: publishes dual_write and brings everything.
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    const auto now_plan = tx.plan("default", Capability::customers);
    cutover::Plan next = cutover::initial_plan("default", Capability::customers);
    next.rollout = {Stage::dual_write, Stage::dual_write, cutover::whole_share};
    journal::PlanRecord record;
    record.wave = "default";
    record.capability = Capability::customers;
    record.plan = cutover::write_plan(next);
    record.actor = "other replica";
    record.reason = "on";
    tx.set_fact("catch_up/customers/cloud",
                R"({"state":"done","total":25,"delivered":25,"detail":"","listed":true})");
    return tx.publish_plan(record, now_plan->version);
  }));
  for (int i = 0; i < 25; ++i) cloud().add_customer(customer(numbered(i)));
  Customer changed = customer(numbered(3));
  changed.name = "Changed by a user";
  legacy().add_customer(changed);
  EXPECT_FALSE(facade->feeds().poll_customers(Side::legacy, context()));  // By the older plan.
  open();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
    advance();
    deliver();
    pass_ms(10'000);
  }
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{numbered(3)}).name, "Changed by a user");
}

TEST_F(CatchingUp, DoesNotBringACopyAgainThatWasGivenUp) {
  cutover_settings.catch_up.per_minute.fill(60);
  open();
  place_orders(12);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  cloud().set_trap("place_order", SmallErp::Trap::refused);
  advance();
  deliver();
  int discarded = 0;
  for (const auto& exception : exceptions()) {
    if (exception.kind != "dead_letter") continue;
    ASSERT_TRUE(facade->discard_exception(exception.id, "ada", "not there"));
    ++discarded;
  }
  EXPECT_EQ(discarded, 1);
  deliver();
  for (const auto& exception : exceptions())
    ASSERT_TRUE(facade->discard_exception(exception.id, "ada", "not there"));
  for (int round = 0; round < 12; ++round) {
    pass_ms(10'000);
    advance();
    deliver();
  }
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(cloud().order_count(), 11u);
}

// One mirror is on its way at every look.
TEST_F(CatchingUp, IsDoneUnderSteadyWrites) {
  cutover_settings.catch_up.per_minute.fill(6'000);
  open();
  to_dual_write(Capability::customers);
  CustomerAmendment amendment;
  for (int round = 0; round < 50; ++round) {
    advance();
    deliver();
    pass_ms(1'000);
    amendment.name = "N" + std::to_string(round);
    EXPECT_EQ(facade->customers()
                  .amend(CustomerNumber{numbered(round % 25)}, amendment, {"*"},
                         write("w" + std::to_string(round)))
                  .status,
              200);
  }
  EXPECT_EQ(reached(Capability::customers).state, "done");
}

// What is born meanwhile has its copy, and moves to the end of the list.
TEST_F(CatchingUp, OfOrdersIsDoneUnderSteadyWrites) {
  place_orders(12);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  for (int round = 0; round < 12; ++round) {
    Order born = order(std::to_string(900 + round));
    born.customer = CustomerNumber{numbered(0)};
    EXPECT_EQ(facade->orders().place(born, write("n" + std::to_string(round))).status, 201);
    advance();
    deliver();
    while (facade->relay().deliver_due(Side::legacy) > 0) {
    }
    pass_ms(10'000);
  }
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(reached(Capability::orders).total, 12);
}

TEST_F(CatchingUp, GoesRoundAnOrderThatWaitsForAPersonAndSaysSo) {
  place_orders(4);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  const std::string closed = journal::closed_subject_fact(Capability::orders, "web/101");
  const auto close = [&](const std::string& why) {
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      tx.set_fact(closed, why);
      return true;
    }));
  };
  close("Order web/101 waits for a person.");
  const auto some_rounds = [&] {
    for (int round = 0; round < 6; ++round) {
      advance();
      deliver();
      pass_ms(10'000);
    }
  };
  some_rounds();
  EXPECT_EQ(cloud().order_count(), 3u) << "the others are there";
  EXPECT_EQ(reached(Capability::orders).state, "running");
  EXPECT_THAT(reached(Capability::orders).detail, HasSubstr("web/101 waits for a person"));
  close("");
  some_rounds();
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(cloud().order_count(), 4u);
}

TEST_F(CatchingUp, GoesRoundAnOrderThatItsHomeCannotTell) {
  place_orders(4);
  to_dual_write(Capability::customers);
  to_dual_write(Capability::orders);
  int reads = 0;
  const std::function<void()> each = [&] {
    legacy().before("get_order", each);
    if (++reads == 2) legacy().set_trap("get_order", SmallErp::Trap::refused);
  };
  legacy().before("get_order", each);
  advance();
  EXPECT_EQ(reached(Capability::orders).total, 3);
  EXPECT_THAT(reached(Capability::orders).held, HasSubstr("order web/10"));
  for (int round = 0; round < 6; ++round) {
    pass_ms(10'000);
    advance();
    deliver();
  }
  EXPECT_EQ(reached(Capability::orders).state, "done");
  EXPECT_EQ(cloud().order_count(), 4u);
}

// A place that is refused again, after the list was read anew, is not an old cursor.
TEST_F(CatchingUp, StaysWhereAPageCannotBeReadAndSaysSo) {
  to_dual_write(Capability::customers);
  advance();
  deliver();
  for (int round = 0; round < 30; ++round) {
    if (!reached(Capability::customers).position.empty())
      legacy().set_trap("search_customers", SmallErp::Trap::refused);
    pass_ms(10'000);
    advance();
    deliver();
  }
  EXPECT_LE(cloud().calls("put_customer"), 20) << "the first page twice, not for ever";
  EXPECT_EQ(reached(Capability::customers).state, "running");
  EXPECT_FALSE(reached(Capability::customers).held.empty());
  EXPECT_FALSE(reached(Capability::customers).expected_at);
}

// Its legacy ERP tells of deletions; at legacy_only nothing is mirrored, and the cloud has it
// still.
TEST_F(CatchingUp, ACustomerDeletedWhileNothingIsMirroredIsRaised) {
  cutover_settings.catch_up.per_minute.fill(6'000);
  open();
  const auto polls = [&] {
    for (const Side side : {Side::legacy, Side::cloud})
      ASSERT_TRUE(facade->feeds().poll_customers(side, context()));
  };
  polls();
  to_dual_write(Capability::customers);
  advance();
  deliver();
  advance();
  polls();
  ASSERT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                          {"ada", "back"}));
  cloud().delete_customer(CustomerNumber{numbered(6)});
  polls();
  legacy().delete_customer(CustomerNumber{numbered(5)});
  legacy().delete_customer(CustomerNumber{numbered(6)});
  polls();
  ASSERT_EQ(exceptions().size(), 1u) << "of what the cloud does not have there is nothing to say";
  EXPECT_EQ(exceptions()[0].kind, "customer_deleted");
  EXPECT_EQ(exceptions()[0].subject, numbered(5));
}

}  // namespace
}  // namespace underpin::facade::test
