#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using Trap = SmallErp::Trap;

struct StateTest : FacadeFixture {
  StateTest() {
    for (const char* number : {"C1", "C2"}) legacy().add_customer(customer(number));
    legacy().set_stock(key, Decimal::of(100));
    cloud().set_stock(key, Decimal::of(100));
    PriceEntry price;
    price.sku = Sku{"1000"};
    price.unit_price = *Decimal::parse("10.50");
    legacy().set_price(price);
  }
  StockAdjustment movement(const std::string& id, const std::string& quantity) {
    StockAdjustment adjustment;
    adjustment.movement = MovementId{id};
    adjustment.key = key;
    adjustment.quantity = *Decimal::parse(quantity);
    adjustment.uom = "PCS";
    return adjustment;
  }
  CustomerAmendment renamed(const std::string& name) {
    CustomerAmendment amendment;
    amendment.name = name;
    return amendment;
  }
  Decimal available() {
    const auto levels = facade->inventory().get(StockQuery{{key.sku}, key.location}, context());
    EXPECT_TRUE(levels) << levels.error().message;
    return levels ? levels->at(0).available : Decimal{};
  }
  const StockKey key{Sku{"1000"}, LocationCode{"EAST"}};
};

TEST_F(StateTest, AMovementIsPostedOnceInEachErpUnderItsId) {
  move_all(Stage::dual_write);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 201);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k2")).status, 201)
      << "the same movement under a new key gets the first receipt";
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-4"), write("k3")).status, 409);
  cloud().set_trap("adjust_stock", Trap::lost_answer);
  EXPECT_EQ(facade->inventory().adjust(movement("M2", "5"), write("k4")).status, 201);
  settle();
  for (const Side side : {Side::legacy, Side::cloud}) {
    EXPECT_EQ(on(side).postings_of(MovementId{"M1"}), 1);
    EXPECT_EQ(on(side).postings_of(MovementId{"M2"}), 1);
    EXPECT_EQ(on(side).stock_now().at(key), Decimal::of(102));
  }
}

// No feed shows stock postings: what was in doubt is looked up once more, long after settle_ms.
struct PostingInDoubt : StateTest {
  PostingInDoubt() {
    for (const Side side : {Side::legacy, Side::cloud}) on(side).tune().settle_ms = 5'000;
  }
  void wait_until_verified() {
    pass_ms(49'000);
    settle();
    EXPECT_TRUE(exceptions().empty()) << "not looked at yet";
    pass_ms(6'000);
    settle();
  }
  void expect_raised(Side side) {
    ASSERT_EQ(exceptions().size(), 1u);
    EXPECT_EQ(exceptions()[0].kind, "duplicate_posting");
    EXPECT_EQ(exceptions()[0].subject, "1000@EAST");
    EXPECT_EQ(exceptions()[0].side, side);
    EXPECT_NE(exceptions()[0].detail.find("M1"), std::string::npos);
  }
};

TEST_F(PostingInDoubt, ThatCommitsAfterItsRepeatIsRaised) {
  legacy().set_trap("adjust_stock", Trap::lost_request);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 202);
  pass_ms(5'001);
  settle();
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 201);
  legacy().post_again(MovementId{"M1"});  // The first request, after all.
  wait_until_verified();
  expect_raised(Side::legacy);
}

TEST_F(PostingInDoubt, OfAMirrorIsVerifiedToo) {
  move_all(Stage::dual_write);
  cloud().set_trap("adjust_stock", Trap::lost_request);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 201);
  settle();
  pass_ms(5'001);
  settle();
  EXPECT_EQ(cloud().postings_of(MovementId{"M1"}), 1);
  cloud().post_again(MovementId{"M1"});
  wait_until_verified();
  expect_raised(Side::cloud);
}

TEST_F(PostingInDoubt, ThatWasRefusedAndCommitsLateIsRaised) {
  legacy().set_trap("adjust_stock", Trap::late_commit);
  legacy().set_trap("adjust_stock", Trap::refused);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 202);
  pass_ms(5'001);
  settle();
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 422);
  legacy().commit_late();
  wait_until_verified();
  expect_raised(Side::legacy);
}

TEST_F(PostingInDoubt, StaysSoWhenAPersonReplaysItsDelivery) {
  move_all(Stage::dual_write);
  cloud().set_trap("adjust_stock", Trap::late_commit);
  cloud().set_trap("adjust_stock", Trap::refused);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 201);
  settle();
  pass_ms(5'001);
  settle();
  ASSERT_EQ(exceptions().size(), 1u);
  ASSERT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "the period is open again"));
  settle();
  EXPECT_EQ(cloud().postings_of(MovementId{"M1"}), 1);
  cloud().post_again(MovementId{"M1"});
  wait_until_verified();
  expect_raised(Side::cloud);
}

TEST_F(PostingInDoubt, HoldsUpNoLaterPostingOfItsArticle) {
  legacy().set_trap("adjust_stock", Trap::lost_answer);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 202);
  settle();
  move(Capability::inventory, Stage::dual_write);
  EXPECT_EQ(facade->inventory().adjust(movement("M2", "-1"), write("k2")).status, 201);
  settle();
  EXPECT_EQ(cloud().postings_of(MovementId{"M2"}), 1);
  EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
    EXPECT_EQ(reader.pending_rows(Side::legacy), 0);
  }));
}

TEST_F(PostingInDoubt, IsNotAPostingThatWasConfirmed) {
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "-3"), write("k1")).status, 201);
  pass_ms(60'000);
  settle();
  EXPECT_EQ(legacy().calls("find_adjustment"), 0);
}

TEST_F(StateTest, ACountBecomesTheDeltaThatItMeant) {
  move_all(Stage::dual_write);
  StockAdjustment count = movement("M1", "90");
  count.kind = AdjustmentKind::count;
  count.as_of = Timestamp{clock.load()};
  EXPECT_EQ(facade->inventory().adjust(count, write("k1")).status, 201);
  settle();
  EXPECT_EQ(legacy().stock_now().at(key), Decimal::of(90));
  EXPECT_EQ(cloud().stock_now().at(key), Decimal::of(90));
  count.movement = MovementId{"M2"};
  count.as_of = Timestamp{clock.load()}.plus_ms(-600'000);
  EXPECT_EQ(facade->inventory().adjust(count, write("k2")).status, 422) << "too old";
}

// Affinity: a state with backlog stays with the ERP that has all its acknowledged writes, whatever
// the plan says, and moves when its backlog is empty.
TEST_F(StateTest, AStateWithAnUndeliveredMirrorStaysWhereItsWritesAre) {
  move_all(Stage::dual_write);
  move(Capability::customers, Stage::shadow_read);
  for (int i = 0; i < 2; ++i) cloud().set_trap("put_customer", Trap::unavailable);
  EXPECT_EQ(facade->customers()
                .amend(CustomerNumber{"C1"}, renamed("New name"), {"*"}, write("k1"))
                .status,
            200);
  const auto status = facade->cutover().status(Capability::customers);
  ASSERT_TRUE(status);
  ASSERT_TRUE(facade->cutover().change(Capability::customers,
                                       {Stage::cloud_primary, cutover::whole_share},
                                       status->plan.version, {"ada", "flip under backlog"}));
  ASSERT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  EXPECT_EQ(*facade->customers().side_of(CustomerNumber{"C1"}), Side::legacy) << "pinned";
  EXPECT_EQ(*facade->customers().side_of(CustomerNumber{"C2"}), Side::cloud);
  const auto read = facade->customers().get(CustomerNumber{"C1"}, context());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value.name, "New name") << "a channel reads its own write";
  EXPECT_EQ(
      facade->customers().amend(CustomerNumber{"C1"}, renamed("Newer"), {"*"}, write("k2")).status,
      200);
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "Newer");
  settle();
  EXPECT_EQ(*facade->customers().side_of(CustomerNumber{"C1"}), Side::cloud);
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Newer");
}

TEST_F(StateTest, AWriteRoutedWithAnOldPlanIsRoutedAgain) {
  move_all(Stage::dual_write);
  journal::NewIntent intent;
  intent.capability = Capability::customers;
  intent.subject = "C1";
  intent.operation = "amend_customer";
  intent.channel = ChannelId{"web"};
  intent.key = IdempotencyKey{"stale"};
  intent.request_hash = "h";
  intent.plan_version = 1;  // The plan has moved on.
  journal::OpenOutcome outcome;
  (void)facade->journal().write([&](journal::JournalTransaction& tx) {
    outcome = tx.open_intent(intent, Timestamp{1});
    return false;
  });
  EXPECT_TRUE(std::holds_alternative<journal::StalePlan>(outcome));
  EXPECT_EQ(facade->customers().amend(CustomerNumber{"C1"}, renamed("X"), {"*"}, write("k")).status,
            200);
}

TEST_F(StateTest, WhatFinanceBlocksInThePrimaryIsCarriedOver) {
  move_all(Stage::dual_write);
  Customer blocked = customer("C1");
  blocked.blocked = CustomerBlock::all;
  legacy().add_customer(blocked);
  settle();
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).blocked, CustomerBlock::all);
}

// The feed brings a channel's own write again. Its put is of the current value, which the other
// side has: no second write there, and no user's change is ever taken for an echo.
TEST_F(StateTest, AChannelsChangeIsWrittenOnceOnTheOtherSideAndAUsersAfterItStillTravels) {
  move_all(Stage::dual_write);
  const CustomerNumber number{"C1"};
  const std::string former = cloud().customers_now().at(number).name;
  const auto writes_there = [&] { return cloud().customer_changes({}, context())->items.size(); };
  const auto written = writes_there();
  EXPECT_EQ(facade->customers().amend(number, renamed("By a channel"), {"*"}, write("k1")).status,
            200);
  settle();
  EXPECT_EQ(writes_there(), written + 1);
  EXPECT_EQ(cloud().customers_now().at(number).name, "By a channel");
  Customer edited = legacy().customers_now().at(number);
  edited.name = "By a user";
  legacy().add_customer(edited);
  settle();
  EXPECT_EQ(cloud().customers_now().at(number).name, "By a user");
  edited.name = "By a channel";  // What the facade delivered last but one.
  legacy().add_customer(edited);
  settle();
  EXPECT_EQ(cloud().customers_now().at(number).name, "By a channel");
  edited.name = former;
  legacy().add_customer(edited);
  settle();
  EXPECT_EQ(cloud().customers_now().at(number).name, former);
  EXPECT_EQ(writes_there(), written + 4);
}

// Right behind a channel's write, before its mirror or its echo has been looked at.
TEST_F(StateTest, AUsersEditBetweenAChannelsWriteAndItsEchoTravelsAlsoBackToTheFormerValue) {
  move_all(Stage::dual_write);
  const CustomerNumber number{"C1"};
  const Customer before = legacy().customers_now().at(number);
  EXPECT_EQ(facade->customers().amend(number, renamed("By a channel"), {"*"}, write("k1")).status,
            200);
  facade->relay().deliver_due(Side::cloud);
  EXPECT_EQ(cloud().customers_now().at(number).name, "By a channel");
  legacy().add_customer(before);
  settle();
  EXPECT_EQ(cloud().customers_now().at(number).name, before.name);
}

// A delivery whose outcome nobody knows, and a user who takes the change back meanwhile: a mark of
// what was last delivered for certain would call that an echo.
TEST_F(StateTest, AnEditBackIsPutWhenTheDeliveryBeforeItMayHaveArrived) {
  move_all(Stage::dual_write);
  const CustomerNumber number{"C1"};
  const Customer before = legacy().customers_now().at(number);
  Customer edited = before;
  edited.name = "For a moment";
  legacy().add_customer(edited);
  cloud().set_trap("put_customer", Trap::lost_answer);
  ASSERT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  facade->relay().deliver_due(Side::cloud);
  EXPECT_EQ(cloud().customers_now().at(number).name, "For a moment");
  legacy().add_customer(before);
  settle();
  EXPECT_EQ(cloud().customers_now().at(number).name, before.name);
}

TEST_F(StateTest, CustomersAreBroughtOverAndCountedBeforeShadowRead) {
  const auto status = facade->cutover().status(Capability::customers);
  ASSERT_TRUE(facade->cutover().change(Capability::customers,
                                       {Stage::dual_write, cutover::whole_share},
                                       status->plan.version, {"ada", "begin"}));
  const auto early = facade->cutover().change(
      Capability::customers, {Stage::shadow_read, cutover::whole_share}, 2, {"ada", "too early"});
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::rejected);
  settle();
  EXPECT_EQ(cloud().customers_now().size(), 2u);
  const auto after = facade->cutover().status(Capability::customers);
  EXPECT_EQ(after->catch_up_cloud.state, "done");
  EXPECT_EQ(after->catch_up_cloud.delivered, 2);
  move(Capability::customers, Stage::shadow_read);
}

TEST_F(StateTest, APlanIsChangedOnlyByWhoKnowsItsVersion) {
  const auto refused = facade->cutover().change(
      Capability::customers, {Stage::dual_write, cutover::whole_share}, 7, {"ada", "guess"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(StateTest, AvailableIsLessWhatTheErpHasNotReceivedYet) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  move(Capability::orders, Stage::cloud_primary);
  EXPECT_EQ(available(), Decimal::of(100)) << "legacy answers for stock";
  for (int i = 0; i < 5; ++i) legacy().set_trap("place_order", Trap::unavailable);
  Order sold = order("1", "4");
  EXPECT_EQ(facade->orders().place(sold, write("k1")).status, 201);
  facade->relay().deliver_due(Side::legacy);
  EXPECT_EQ(available(), Decimal::of(96)) << "legacy does not know the order yet";
  settle();
  EXPECT_EQ(available(), Decimal::of(96)) << "now it does";
}

TEST_F(StateTest, AnAcceptedPriceListIsFedWithControlTotals) {
  move(Capability::pricing, Stage::dual_write);
  const auto page = cloud().list_prices({}, context());
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].unit_price.text(), "10.50");
}

TEST_F(StateTest, TheAnswerDoesNotDependOnTheShadow) {
  move_all(Stage::dual_write);
  move(Capability::customers, Stage::shadow_read);
  cloud().set_trap("get_customer", Trap::throws_before);
  const auto read = facade->customers().get(CustomerNumber{"C1"}, context());
  ASSERT_TRUE(read) << "a shadow that throws is compared, not propagated";
  ASSERT_TRUE(facade->shadows().drain(deadline_in(std::chrono::seconds(10))));
  facade->ledger().flush();
  const auto summary = facade->ledger().summary();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->comparisons, 1);
}

TEST_F(StateTest, NoShadowRunsAtTheEnds) {
  ASSERT_TRUE(facade->customers().get(CustomerNumber{"C1"}, context()));
  EXPECT_EQ(facade->shadows().waiting() + facade->shadows().finished(), 0u);
}

TEST_F(StateTest, ARollbackReturnsToTheSettingsBeforeAndLosesNothing) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  EXPECT_EQ(facade->customers()
                .amend(CustomerNumber{"C1"}, renamed("In the cloud"), {"*"}, write("k1"))
                .status,
            200);
  const auto status = facade->cutover().status(Capability::customers);
  const auto back = facade->cutover().roll_back(Capability::customers, status->plan.version,
                                                {"ada", "the cloud is slow"});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->plan.rollout.to, Stage::shadow_read);
  const auto pinned = facade->customers().get(CustomerNumber{"C1"}, context());
  ASSERT_TRUE(pinned);
  EXPECT_EQ(pinned->value.name, "In the cloud") << "never un-seen, delivered or not";
  settle();
  const auto read = facade->customers().get(CustomerNumber{"C1"}, context());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value.name, "In the cloud");
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "In the cloud");
}

}  // namespace
}  // namespace underpin::facade::test
