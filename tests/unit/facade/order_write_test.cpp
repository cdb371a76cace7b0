#include "contracts/json/json_text.h"
#include "tests/unit/facade/facade_fixture.h"

#include <thread>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using Trap = SmallErp::Trap;

struct OrderWriteTest : FacadeFixture {
  OrderWriteTest() {
    legacy().add_customer(customer("C1"));
    legacy().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
    cloud().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
  }
  std::size_t in_legacy(const std::string& number) {
    return legacy().orders_with(order(number).id).size();
  }
  std::size_t in_cloud(const std::string& number) {
    return cloud().orders_with(order(number).id).size();
  }
};

TEST_F(OrderWriteTest, AnOrderIsConfirmedByItsHomeAndThenReleasedThere) {
  const Answer answer = facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.location, "/v1/orders/1");
  EXPECT_FALSE(legacy().orders_with(order("1").id).at(0).released);
  settle();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released);
  EXPECT_EQ(in_cloud("1"), 0u) << "no mirror in legacy_only";
}

TEST_F(OrderWriteTest, ARepeatGetsTheStoredAnswerAndPostsNothing) {
  const Answer first = facade->orders().place(order("1"), write("k1"));
  const Answer second = facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(second.status, first.status);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(legacy().calls("place_order"), 1);
}

TEST_F(OrderWriteTest, TheSameKeyWithOtherContentIsRefused) {
  facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(facade->orders().place(order("2"), write("k1")).status, 422);
  EXPECT_EQ(in_legacy("2"), 0u);
}

TEST_F(OrderWriteTest, KeysAreScopedByChannel) {
  EXPECT_EQ(facade->orders().place(order("1"), write("k1", "web")).status, 201);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1", "pos")).status, 201);
  EXPECT_EQ(legacy().order_count(), 2u) << "two stores may both send 1";
}

TEST_F(OrderWriteTest, TheSameNumberUnderANewKeyGetsTheFirstReceiptOrAConflict) {
  const Answer first = facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(facade->orders().place(order("1"), write("k2")).body, first.body);
  EXPECT_EQ(facade->orders().place(order("1", "3"), write("k3")).status, 409);
  EXPECT_EQ(in_legacy("1"), 1u);
}

TEST_F(OrderWriteTest, ARefusalIsStoredAndLeavesTheNumberFree) {
  legacy().set_trap("place_order", Trap::refused);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 422);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 422) << "the stored answer";
  EXPECT_EQ(legacy().calls("place_order"), 1);
  EXPECT_EQ(facade->orders().place(order("1"), write("k2")).status, 201);
}

TEST_F(OrderWriteTest, WhatDidNotReachTheHomeFreesTheKey) {
  legacy().set_trap("place_order", Trap::unavailable);
  const Answer answer = facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_GT(answer.retry_after_s, 0);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  EXPECT_EQ(in_legacy("1"), 1u);
}

TEST_F(OrderWriteTest, AnUnknownOutcomeIsLookedUpAndNeverSentAgainBlindly) {
  legacy().set_trap("place_order", Trap::lost_answer);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 409) << "in flight";
  settle();
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201) << "the stored answer";
  EXPECT_EQ(legacy().calls("place_order"), 1);
  EXPECT_EQ(in_legacy("1"), 1u);
}

TEST_F(OrderWriteTest, AnExceptionInAWriteIsAnUnknownOutcome) {
  legacy().set_trap("place_order", Trap::throws_after);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  settle();
  EXPECT_EQ(in_legacy("1"), 1u);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
}

TEST_F(OrderWriteTest, WhatWasLostOnTheWayIsSentAgainAfterItsAbsenceIsProved) {
  legacy().tune().settle_ms = 5'000;
  legacy().set_trap("place_order", Trap::lost_request);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  settle();
  EXPECT_EQ(in_legacy("1"), 0u) << "an empty look-up proves nothing yet";
  pass_ms(5'001);
  settle();
  EXPECT_EQ(in_legacy("1"), 1u);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
}

TEST_F(OrderWriteTest, ALateCommitWithinTheVendorsTimeIsNotPostedTwice) {
  legacy().tune().settle_ms = 5'000;
  legacy().set_trap("place_order", Trap::late_commit);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  settle();
  pass_ms(3'000);
  legacy().commit_late();
  settle();
  pass_ms(10'000);
  settle();
  EXPECT_EQ(in_legacy("1"), 1u);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
}

TEST_F(OrderWriteTest, ATotalBeyondTheToleranceHoldsTheDocument) {
  legacy().tax_off_by(Decimal{6, 2});
  const Answer answer = facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(answer.status, 201);
  EXPECT_NE(answer.body.find("\"holds\":[\"totals_differ\"]"), std::string::npos) << answer.body;
  settle();
  EXPECT_FALSE(legacy().orders_with(order("1").id).at(0).released);
  ASSERT_EQ(exceptions().size(), 1u);
  EXPECT_EQ(exceptions()[0].kind, "totals_differ");
  EXPECT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "agreed by phone"));
  settle();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(OrderWriteTest, ATotalWithinTheToleranceDoesNot) {
  legacy().tax_off_by(Decimal{5, 2});
  const Answer answer = facade->orders().place(order("1"), write("k1"));
  EXPECT_NE(answer.body.find("\"holds\":[]"), std::string::npos) << answer.body;
}

TEST_F(OrderWriteTest, UnderDualWriteTheOtherErpGetsAnInertCopy) {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  facade->orders().place(order("1"), write("k1"));
  settle();
  ASSERT_EQ(in_cloud("1"), 1u);
  EXPECT_FALSE(cloud().orders_with(order("1").id).at(0).released);
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released);
  EXPECT_FALSE(document("1").cloud_document.empty());
}

TEST_F(OrderWriteTest, AMirrorWaitsForItsCustomersMirror) {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  for (int i = 0; i < 3; ++i) cloud().set_trap("put_customer", Trap::unavailable);
  EXPECT_EQ(facade->customers().create(customer("C2"), write("c2")).status, 201);
  Order second = order("1");
  second.customer = CustomerNumber{"C2"};
  EXPECT_EQ(facade->orders().place(second, write("k1")).status, 201);
  facade->relay().deliver_due(Side::cloud);
  EXPECT_EQ(cloud().calls("place_order"), 0);
  settle();
  EXPECT_EQ(in_cloud("1"), 1u);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(OrderWriteTest, ADeliveryThatMeetsAStaleVersionIsTriedAgainAndThenAPersonLooks) {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  settle();
  const auto settle_patiently = [&] {
    for (int i = 0; i < 6; ++i) {
      settle();
      pass_ms(10'000);
    }
  };
  for (int i = 0; i < 4; ++i) legacy().set_trap("release_order", Trap::stale);
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  settle_patiently();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released);
  EXPECT_TRUE(exceptions().empty());
  for (int i = 0; i < 5; ++i) legacy().set_trap("release_order", Trap::stale);
  ASSERT_EQ(facade->orders().place(order("2"), write("k2")).status, 201);
  settle_patiently();
  EXPECT_FALSE(legacy().orders_with(order("2").id).at(0).released);
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "dead_letter");
}

TEST_F(OrderWriteTest, ARefusedMirrorIsADeadLetterThatTheChannelNeverNotices) {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  cloud().set_trap("place_order", Trap::refused);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  settle();
  ASSERT_EQ(exceptions().size(), 1u);
  EXPECT_EQ(exceptions()[0].kind, "dead_letter");
  facade->ledger().flush();
  parity::LedgerFilter filter;
  filter.capability = "orders";
  filter.verdict = "mismatch";
  const auto entries = facade->ledger().entries(filter);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->at(0).comparison.differences.at(0).kind, parity::Kind::outcome);
  EXPECT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "the customer is there now"));
  settle();
  EXPECT_EQ(in_cloud("1"), 1u);
}

TEST_F(OrderWriteTest, AnAmbiguousMirrorIsDeliveredOnce) {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  cloud().set_trap("place_order", Trap::lost_answer);
  facade->orders().place(order("1"), write("k1"));
  settle();
  EXPECT_EQ(in_cloud("1"), 1u);
}

TEST_F(OrderWriteTest, ADeliveryWhoseOutcomeTheJournalCouldNotKeepWaitsAsLongAsAnyOther) {
  on_step = [&](Step step, const std::string&) {
    if (step == Step::relayed && cloud().calls("place_order") == 1) failing_writes = 1;
  };
  open();
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  cloud().tune().settle_ms = 5'000;
  cloud().set_trap("place_order", Trap::late_commit);
  facade->orders().place(order("1"), write("k1"));
  settle();
  pass_ms(9'000);
  settle();
  EXPECT_EQ(cloud().calls("place_order"), 1) << "a look-up that finds nothing proves nothing yet";
  cloud().commit_late();
  pass_ms(10'000);
  settle();
  EXPECT_EQ(cloud().calls("place_order"), 2);
  EXPECT_EQ(in_cloud("1"), 1u);
}

TEST_F(OrderWriteTest, AChangeNeedsTheCurrentEntityTag) {
  facade->orders().place(order("1"), write("k1"));
  settle();
  const auto read = facade->orders().get("1", context());
  ASSERT_TRUE(read) << read.error().message;
  OrderAmendment amendment;
  LineAmendment line;
  line.number = 1;
  line.quantity = Decimal::of(5);
  amendment.lines.push_back(line);
  EXPECT_EQ(facade->orders().amend("1", amendment, {"\"stale\""}, write("a0")).status, 412);
  EXPECT_EQ(facade->orders().amend("1", amendment, {read->etag}, write("a1")).status, 200);
  EXPECT_EQ(facade->orders().amend("1", amendment, {read->etag}, write("a1")).status, 200)
      << "a repeat is answered, not judged";
  EXPECT_EQ(facade->orders().amend("1", amendment, {read->etag}, write("a2")).status, 412);
  settle();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released) << "released again";
  const auto again = facade->orders().get("1", context());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->value.lines.at(0).quantity, Decimal::of(5));
}

TEST_F(OrderWriteTest, AChangeWhoseEffectIsNotSeenIsNotToldAsDone) {
  facade->orders().place(order("1"), write("k1"));
  settle();
  OrderAmendment reference;
  reference.customer_reference = "PO 2";
  OrderAmendment discount;
  discount.lines.emplace_back().number = 1;
  discount.lines[0].adjustment_total = Decimal::of(-1);
  OrderAmendment address;
  address.ship_to = Address{};
  address.ship_to->name = "Ada";
  int calls = 0;
  for (const OrderAmendment& amendment : {reference, discount, address}) {
    legacy().set_trap("amend_order", Trap::lost_request);
    const std::string key = "a" + std::to_string(calls);
    EXPECT_EQ(facade->orders().amend("1", amendment, {"*"}, write(key)).status, 202);
    EXPECT_EQ(legacy().calls("amend_order"), calls + 1);
    pass_ms(60'000);
    settle();
    EXPECT_EQ(legacy().calls("amend_order"), calls + 2) << "it never came to the ERP: " << key;
    calls += 2;
  }
}

TEST_F(OrderWriteTest, ACustomersAddressIsInEffectAsAWhole) {
  Customer known = customer("C7");
  known.address = Address{};
  known.address->name = "Ada";
  legacy().add_customer(known);
  CustomerAmendment moved;
  moved.address = known.address;
  moved.address->line2 = "c/o Grace";
  legacy().set_trap("amend_customer", Trap::lost_request);
  EXPECT_EQ(facade->customers().amend(CustomerNumber{"C7"}, moved, {"*"}, write("m1")).status, 202);
  pass_ms(60'000);
  settle();
  EXPECT_EQ(legacy().calls("amend_customer"), 2) << "it never came to the ERP";
}

TEST_F(OrderWriteTest, OfTwoChangesWithOneTagOneIsRefused) {
  facade->orders().place(order("1"), write("k1"));
  settle();
  const auto read = facade->orders().get("1", context());
  ASSERT_TRUE(read);
  std::array<int, 2> statuses{};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      OrderAmendment amendment;
      LineAmendment line;
      line.number = 1;
      line.quantity = Decimal::of(static_cast<long long>(10 + i));
      amendment.lines.push_back(line);
      statuses[i] = facade->orders()
                        .amend("1", amendment, {read->etag}, write("a" + std::to_string(i)))
                        .status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::sort(statuses.begin(), statuses.end());
  EXPECT_EQ(statuses[0], 200);
  EXPECT_EQ(statuses[1], 412);
}

TEST_F(OrderWriteTest, CancellingLinesIsRememberedAndMirrored) {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  facade->orders().place(order("1", "5"), write("k1"));
  settle();
  OrderCancellation cancellation;
  cancellation.reason = "changed mind";
  cancellation.lines.push_back({1, Decimal::of(2)});
  EXPECT_EQ(facade->orders().cancel("1", cancellation, {}, write("c1")).status, 200);
  settle();
  const auto read = facade->orders().get("1", context());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value.lines.at(0).quantity, Decimal::of(5));
  EXPECT_EQ(read->value.lines.at(0).cancelled_quantity, Decimal::of(2));
  EXPECT_EQ(legacy().orders_with(order("1").id).at(0).order.lines.at(0).quantity, Decimal::of(3));
  EXPECT_EQ(cloud().orders_with(order("1").id).at(0).order.lines.at(0).quantity, Decimal::of(3));
}

TEST_F(OrderWriteTest, ACancelAfterDispatchIsRefused) {
  facade->orders().place(order("1"), write("k1"));
  settle();
  legacy().ship(order("1").id);
  EXPECT_EQ(facade->orders().cancel("1", {}, {}, write("c1")).status, 422);
}

TEST_F(OrderWriteTest, ADocumentLivesWhereItWasBornWhateverThePlanSays) {
  move_all(Stage::dual_write);
  facade->orders().place(order("1"), write("k1"));
  move_all(Stage::shadow_read);
  move_all(Stage::cloud_primary);
  EXPECT_EQ(facade->orders().place(order("2"), write("k2")).status, 201);
  settle();
  EXPECT_EQ(document("1").home, Side::legacy);
  EXPECT_EQ(document("2").home, Side::cloud);
  EXPECT_TRUE(cloud().orders_with(order("2").id).at(0).released);
  EXPECT_FALSE(legacy().orders_with(order("2").id).at(0).released) << "its inert copy";
  EXPECT_EQ(facade->orders().cancel("1", {}, {}, write("c1")).status, 200);
  settle();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).gone) << "cancelled at home";
  EXPECT_TRUE(cloud().orders_with(order("1").id).at(0).gone) << "and its copy follows";
}

TEST_F(OrderWriteTest, LegacyOnlyWaitsForABirthThatIsStillOpenInTheCloud) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  move(Capability::orders, Stage::cloud_primary);
  std::vector<std::string> refused;
  on_step = [&](Step step, const std::string&) {
    if (step != Step::opened) return;
    for (const Stage stage : {Stage::shadow_read, Stage::dual_write, Stage::legacy_only}) {
      const auto back = facade->cutover().roll_back(Capability::orders, version(Capability::orders),
                                                    {"ada", "back while it is being sent"}, stage);
      if (!back) refused.push_back(back.error().message);
    }
  };
  open();
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_NE(refused[0].find("legacy_only waits until nothing is pinned to the cloud: 1"),
            std::string::npos)
      << refused[0];
  settle();
  EXPECT_EQ(document("1").home, Side::cloud);
  EXPECT_EQ(in_legacy("1"), 1u) << "legacy knows its demand";
}

TEST_F(OrderWriteTest, AMirrorFollowsItsDocumentWhenTheHomeShips) {
  move_all(Stage::dual_write);
  facade->orders().place(order("1"), write("k1"));
  settle();
  legacy().ship(order("1").id);
  settle();
  EXPECT_TRUE(cloud().orders_with(order("1").id).at(0).order.lines.empty());
  const auto read = facade->orders().get("1", context());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value.status, OrderStatus::shipped);
  legacy().post(order("1").id);
  settle();
  EXPECT_TRUE(cloud().orders_with(order("1").id).at(0).gone);
}

TEST_F(OrderWriteTest, AnOrderThatIsRaisedAfterEverythingHasLeftIsDemandInItsCopyAgain) {
  move_all(Stage::dual_write);
  const auto in_the_copy = [&] {
    const auto copies = cloud().orders_with(order("1").id);
    EXPECT_EQ(copies.size(), 1u);
    EXPECT_FALSE(copies.at(0).gone);
    Decimal sum;
    for (const OrderLine& line : copies.at(0).order.lines) sum += line.outstanding();
    return sum;
  };
  facade->orders().place(order("1"), write("k1"));
  settle();
  legacy().ship(order("1").id);
  settle();
  EXPECT_EQ(in_the_copy(), Decimal{});
  legacy().edit(order("1").id, Decimal::of(5));
  settle();
  EXPECT_EQ(in_the_copy(), Decimal::of(3)) << "raised by the home's users";
  legacy().ship(order("1").id);
  settle();
  OrderAmendment amendment;
  LineAmendment raised;
  raised.number = 1;
  raised.quantity = Decimal::of(9);
  amendment.lines.push_back(raised);
  EXPECT_EQ(facade->orders().amend("1", amendment, {"*"}, write("k2")).status, 200);
  settle();
  EXPECT_EQ(in_the_copy(), Decimal::of(4)) << "raised by a channel";
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(OrderWriteTest, AnOrderWaitsForACustomerThatIsNotBroughtOverYet) {
  // Customers mirror, and catching them up has not begun.
  ASSERT_TRUE(facade->cutover().change(
      Capability::customers, {Stage::dual_write, cutover::whole_share}, 1, {"ada", "test"}));
  ASSERT_TRUE(facade->cutover().change(
      Capability::orders, {Stage::dual_write, cutover::whole_share}, 1, {"ada", "test"}));
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  while (facade->relay().deliver_due(Side::cloud) > 0) {
  }
  EXPECT_TRUE(exceptions().empty()) << exceptions().at(0).detail;
  EXPECT_EQ(in_cloud("1"), 1u);
}

TEST_F(OrderWriteTest, WithItsCopyGivenUpLaterChangesHaveNothingToFollow) {
  move_all(Stage::dual_write);
  cloud().set_trap("place_order", Trap::refused);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  settle();
  OrderAmendment amendment;
  LineAmendment less;
  less.number = 1;
  less.quantity = Decimal::of(1);
  amendment.lines.push_back(less);
  EXPECT_EQ(facade->orders().amend("1", amendment, {"*"}, write("k2")).status, 200);
  ASSERT_EQ(exceptions().size(), 1u);
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "not wanted there"));
  EXPECT_EQ(facade->orders().cancel("1", {}, {}, write("k3")).status, 200);
  settle();
  EXPECT_TRUE(exceptions().empty()) << exceptions().at(0).detail;
  EXPECT_EQ(in_cloud("1"), 0u);
}

TEST_F(OrderWriteTest, AnAcknowledgedOrderSurvivesTheProcess) {
  legacy().set_trap("place_order", Trap::lost_answer);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  open();
  settle();
  EXPECT_EQ(in_legacy("1"), 1u);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
}

TEST_F(OrderWriteTest, WithoutTheResolverAnUnknownOutcomeStaysUnknown) {
  facade->writes().switch_resolver(false);
  legacy().set_trap("place_order", Trap::lost_answer);
  facade->orders().place(order("1"), write("k1"));
  settle();
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 409);
}

TEST_F(OrderWriteTest, NumbersOfDocumentsOlderThanTheFacadeResolve) {
  const DocumentNumber number = legacy().own_order(order("x"), true);
  const auto read = facade->orders().get(number.text(), context());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value.id.number.text(), number.text());
  EXPECT_EQ(facade->orders().get("NONE", context()).error().code, ErrorCode::not_found);
}

TEST_F(OrderWriteTest, OpenDocumentsAreBroughtOverInertAndOnlyWhatIsOutstanding) {
  Order old = order("x", "7");
  old.lines[0].shipped_quantity = Decimal::of(3);
  const DocumentNumber number = legacy().own_order(old, true);
  settle();
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  settle();
  const auto copies = cloud().orders_with({ChannelId{"nav"}, OrderNumber{number.text()}});
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].order.lines.at(0).quantity, Decimal::of(4));
  EXPECT_FALSE(copies[0].released);
}

TEST_F(OrderWriteTest, AnOrderThatUsersEnterAfterCatchingUpGetsItsCopy) {
  move_all(Stage::dual_write);
  const DocumentNumber number = legacy().own_order(order("x", "7"), true);
  settle();
  const auto copies = cloud().orders_with({ChannelId{"nav"}, OrderNumber{number.text()}});
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].order.lines.at(0).quantity, Decimal::of(7));
  EXPECT_FALSE(copies[0].released);
  EXPECT_EQ(cloud().order_count(), 1u);
  EXPECT_EQ(legacy().order_count(), 1u) << "a copy is nobody's new order";
}

TEST_F(OrderWriteTest, ACopyThatWasGivenUpIsNotBroughtAgain) {
  move_all(Stage::dual_write);
  cloud().set_trap("place_order", Trap::refused);
  const DocumentNumber number = legacy().own_order(order("x", "7"), true);
  settle();
  ASSERT_EQ(exceptions().size(), 1u);
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "not wanted there"));
  legacy().touch(number);
  settle();
  EXPECT_EQ(cloud().order_count(), 0u);
}

TEST_F(OrderWriteTest, ListsComeFromTheIndexEachDocumentOnce) {
  legacy().own_order(order("x"), true);
  for (int i = 1; i <= 5; ++i)
    facade->orders().place(order(std::to_string(i)), write("k" + std::to_string(i)));
  settle();
  OrderQuery query;
  query.limit = 2;
  std::set<std::string> seen;
  int listed = 0;
  while (true) {
    const auto page = facade->orders().list(query, context());
    ASSERT_TRUE(page);
    for (const auto& item : page->items) {
      seen.insert(item.id.number.text());
      ++listed;
    }
    if (page->next.empty()) break;
    query.cursor = page->next;
  }
  EXPECT_EQ(listed, 6);
  EXPECT_EQ(seen.size(), 6u);
}

}  // namespace
}  // namespace underpin::facade::test
