#include "facade/transfer.h"
#include "contracts/json/json_text.h"
#include "facade/order_content.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::HasSubstr;
using Trap = SmallErp::Trap;

struct TransferTest : FacadeFixture {
  TransferTest() {
    legacy().add_customer(customer("C1"));
    cutover_settings.transfer.open = TransferPolicy::move;
    cutover_settings.transfer.part_shipped = TransferPolicy::move;
    cutover_settings.transfer.prepaid = TransferPolicy::move;
    cutover_settings.transfer.per_minute = 1'000'000;
    open();
  }
  void mirrored() {
    move(Capability::customers, Stage::dual_write);
    move(Capability::orders, Stage::dual_write);
  }
  void place(const std::string& number, const std::string& quantity = "10") {
    ASSERT_EQ(facade->orders().place(order(number, quantity), write("k" + number)).status, 201);
    settle();
  }
  static TransferWish wish(Side to, std::vector<journal::Subject> subjects = {}) {
    TransferWish wish;
    wish.to = to;
    wish.all = subjects.empty();
    wish.subjects = std::move(subjects);
    return wish;
  }
  std::int64_t begin(Side to, std::vector<journal::Subject> subjects = {}) {
    const auto started =
        facade->transfers().start(Capability::orders, wish(to, subjects), {"ada", "test"});
    EXPECT_TRUE(started) << started.error().message;
    return started ? started->record.id : 0;
  }
  // What the background would do until the transfer is over.
  void carry_out() {
    for (int round = 0; round < 30; ++round) {
      for (int i = 0; i < 10; ++i) (void)facade->transfers().run();
      settle();
      pass_ms(1'000);
    }
  }
  void dead_letters_discarded() {
    for (const auto& exception : exceptions())
      EXPECT_TRUE(facade->discard_exception(exception.id, "ada", "not this one"));
  }
  journal::TransferItem item(std::int64_t transfer, const std::string& number) {
    std::optional<journal::TransferItem> found;
    EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
      found = reader.transfer_item(transfer, "web/" + number);
    }));
    return found.value_or(journal::TransferItem{});
  }
  SmallErp::Held held(Side side, const std::string& number) {
    const auto all = on(side).orders_with(order(number).id);
    EXPECT_EQ(all.size(), 1u) << number << " in " << name(side);
    return all.empty() ? SmallErp::Held{} : all.front();
  }
  Order seen(const std::string& number) {
    const auto read = facade->orders().get(number, context());
    EXPECT_TRUE(read) << read.error().message;
    return read ? read->value : Order{};
  }
  void at_home_in(Side side, const std::string& number) {
    EXPECT_EQ(document(number).home, side);
    EXPECT_TRUE(held(side, number).released) << "its home executes it";
    if (!on(other(side)).orders_with(order(number).id).empty()) {
      EXPECT_FALSE(held(other(side), number).released) << "the copy is inert";
    }
  }
};

TEST_F(TransferTest, AnOpenOrderIsBlockedInItsOldHomeAndReleasedInTheNew) {
  mirrored();
  place("1");
  at_home_in(Side::legacy, "1");
  bool released_too_early = false;
  cloud().before("release_order", [&] { released_too_early = held(Side::legacy, "1").released; });
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  EXPECT_FALSE(released_too_early);
  at_home_in(Side::cloud, "1");
  EXPECT_EQ(item(id, "1").state, "moved") << item(id, "1").detail;
  EXPECT_TRUE(document("1").mirrored);
  EXPECT_EQ(facade->transfers().status(id)->record.state, "done");
  EXPECT_EQ(seen("1").status, OrderStatus::released);

  EXPECT_EQ(facade->orders().cancel("1", {"late", {}}, {}, write("c1")).status, 200);
  settle();
  EXPECT_TRUE(held(Side::cloud, "1").gone) << "its new home decides";
  EXPECT_TRUE(held(Side::legacy, "1").gone) << "and the copy follows";
}

TEST_F(TransferTest, ByDefaultEveryOrderFinishesWhereItWasBorn) {
  cutover_settings = {};
  open();
  mirrored();
  place("1");
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  at_home_in(Side::legacy, "1");
  EXPECT_EQ(item(id, "1").state, "stayed");
  EXPECT_THAT(item(id, "1").detail, HasSubstr("finish where they were born"));
  EXPECT_EQ(legacy().calls("block_order"), 0);
}

TEST_F(TransferTest, APrepaidOrderMovesOnlyWhenPrepaidOnesMay) {
  cutover_settings.transfer.prepaid = TransferPolicy::finish_where_born;
  open();
  mirrored();
  Order paid = order("1");
  paid.payments.push_back({"pi_1", "stripe", "card", Decimal::of(20)});
  ASSERT_EQ(facade->orders().place(paid, write("k1")).status, 201);
  place("2");
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  at_home_in(Side::legacy, "1");
  EXPECT_EQ(item(id, "1").detail, "prepaid orders finish where they were born");
  at_home_in(Side::cloud, "2");
}

TEST_F(TransferTest, OfAPartShippedOrderTheOutstandingQuantityMovesAndTheChannelSeesTheWhole) {
  mirrored();
  place("1");
  legacy().ship_part(order("1").id, 1, Decimal::of(4));
  settle();
  ASSERT_EQ(seen("1").status, OrderStatus::partially_shipped);
  begin(Side::cloud);
  carry_out();
  at_home_in(Side::cloud, "1");
  EXPECT_EQ(held(Side::cloud, "1").order.lines[0].quantity, Decimal::of(6));
  EXPECT_EQ(held(Side::legacy, "1").order.lines[0].quantity, Decimal::of(10));
  Order whole = seen("1");
  EXPECT_EQ(whole.status, OrderStatus::partially_shipped);
  EXPECT_EQ(whole.lines[0].quantity, Decimal::of(10));
  EXPECT_EQ(whole.lines[0].shipped_quantity, Decimal::of(4));
  EXPECT_EQ(whole.totals.grand_total, order("1", "10").totals.grand_total);
  EXPECT_EQ(whole.lines[0].net_amount, order("1", "10").lines[0].net_amount);
  ASSERT_EQ(whole.shipments.size(), 1u);

  cloud().ship_part(order("1").id, 1, Decimal::of(6));
  settle();
  whole = seen("1");
  EXPECT_EQ(whole.status, OrderStatus::shipped);
  EXPECT_EQ(whole.lines[0].shipped_quantity, Decimal::of(10));
  EXPECT_EQ(whole.shipments.size(), 2u);
  EXPECT_EQ(held(Side::legacy, "1").order.lines[0].quantity, Decimal::of(4))
      << "its copy keeps what left it, and nothing more";
  EXPECT_TRUE(exceptions().empty());

  legacy().invoice_part(order("1").id, "INV-1");
  settle();
  ASSERT_EQ(seen("1").invoices.size(), 1u) << "what left legacy is invoiced there";
  EXPECT_EQ(seen("1").lines[0].invoiced_quantity, Decimal::of(4));
}

TEST_F(TransferTest, ChangesOfAnOrderThatMovedInPartAreOfTheWholeOrder) {
  mirrored();
  place("1");
  legacy().ship_part(order("1").id, 1, Decimal::of(4));
  settle();
  begin(Side::cloud);
  carry_out();
  const auto quantity = [](const char* text) {
    OrderAmendment amendment;
    LineAmendment change;
    change.number = 1;
    change.quantity = Decimal::parse(text).value();
    amendment.lines.push_back(change);
    return amendment;
  };
  EXPECT_EQ(facade->orders().amend("1", quantity("12"), {"*"}, write("a1")).status, 200);
  settle();
  EXPECT_EQ(held(Side::cloud, "1").order.lines[0].quantity, Decimal::of(8));
  EXPECT_EQ(held(Side::legacy, "1").order.lines[0].quantity, Decimal::of(12));
  EXPECT_EQ(seen("1").lines[0].quantity, Decimal::of(12));
  at_home_in(Side::cloud, "1");
  EXPECT_EQ(facade->orders().amend("1", quantity("3"), {"*"}, write("a2")).status, 422)
      << "four have left";
  EXPECT_EQ(facade->orders().cancel("1", {"", {}}, {}, write("c1")).status, 422)
      << "the new home knows nothing of what has left";
  EXPECT_FALSE(held(Side::cloud, "1").gone);
  EXPECT_EQ(facade->orders().cancel("1", {"", {{1, Decimal::of(5)}}}, {}, write("c2")).status, 200);
  settle();
  EXPECT_EQ(held(Side::cloud, "1").order.lines[0].quantity, Decimal::of(3));
  EXPECT_EQ(seen("1").lines[0].cancelled_quantity, Decimal::of(5));
  EXPECT_EQ(seen("1").lines[0].outstanding(), Decimal::of(3));
}

TEST_F(TransferTest, AnOrderMayMoveBackAgain) {
  mirrored();
  place("1");
  legacy().ship_part(order("1").id, 1, Decimal::of(4));
  settle();
  begin(Side::cloud);
  carry_out();
  cloud().ship_part(order("1").id, 1, Decimal::of(2));
  settle();
  begin(Side::legacy);
  carry_out();
  at_home_in(Side::legacy, "1");
  EXPECT_EQ(held(Side::legacy, "1").order.lines[0].outstanding(), Decimal::of(4));
  const Order whole = seen("1");
  EXPECT_EQ(whole.lines[0].quantity, Decimal::of(10));
  EXPECT_EQ(whole.lines[0].shipped_quantity, Decimal::of(6));
  EXPECT_EQ(whole.shipments.size(), 2u);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(TransferTest, WhatLeavesWhileItIsBeingBlockedKeepsTheOrderHome) {
  mirrored();
  place("1");
  legacy().before("block_order", [&] { legacy().ship_part(order("1").id, 1, Decimal::of(1)); });
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  at_home_in(Side::legacy, "1");
  EXPECT_EQ(item(id, "1").state, "stayed");
  EXPECT_EQ(item(id, "1").detail, "a part of it left meanwhile: line 1: 1");
  EXPECT_EQ(cloud().calls("release_order"), 0);
}

TEST_F(TransferTest, AChannelsChangeMeanwhileIsRefusedForAMoment) {
  mirrored();
  place("1");
  Answer meanwhile;
  meanwhile.status = 0;
  on_step = [&](Step step, const std::string&) {
    if (step != Step::levelled || meanwhile.status != 0) return;
    meanwhile = facade->orders().cancel("1", {"", {}}, {}, write("c1"));
  };
  open();
  begin(Side::cloud);
  carry_out();
  EXPECT_EQ(meanwhile.status, 409) << meanwhile.body;
  EXPECT_GT(meanwhile.retry_after_s, 0);
  EXPECT_EQ(facade->orders().cancel("1", {"", {}}, {}, write("c1")).status, 200)
      << "and goes to the new home afterwards";
  EXPECT_TRUE(held(Side::cloud, "1").gone);
}

TEST_F(TransferTest, AnUnansweredStepHoldsTheSubjectUntilItIsSettled) {
  legacy().tune().settle_ms = 5'000;
  mirrored();
  place("1");
  legacy().set_trap("block_order", Trap::lost_answer);
  begin(Side::cloud);
  for (int i = 0; i < 5; ++i) (void)facade->transfers().run();
  EXPECT_EQ(facade->orders().cancel("1", {"", {}}, {}, write("c1")).status, 409);
  carry_out();
  at_home_in(Side::cloud, "1");
}

TEST_F(TransferTest, DeliveriesOnTheirWayAreWaitedFor) {
  mirrored();
  place("1");
  cloud().set_down(true);
  OrderAmendment amendment;
  amendment.requested_date = Date{2026, 12, 1};
  ASSERT_EQ(facade->orders().amend("1", amendment, {"*"}, write("a1")).status, 200);
  const std::int64_t id = begin(Side::cloud);
  for (int i = 0; i < 3; ++i) (void)facade->transfers().run();
  EXPECT_EQ(item(id, "1").state, "waiting");
  EXPECT_EQ(legacy().calls("block_order"), 0);
  cloud().set_down(false);
  carry_out();
  at_home_in(Side::cloud, "1");
}

TEST_F(TransferTest, HomesAreNotSwappedUnderADelivery) {
  mirrored();
  place("1");
  bool fed = false;
  on_step = [&](Step step, const std::string&) {
    if (step != Step::levelled || fed) return;
    fed = true;  // The feed has met the document, which was just blocked.
    EXPECT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      tx.add_outbox_row(follow_row(*tx.document(order("1").id)), Timestamp{clock});
      return true;
    }));
  };
  open();
  const std::int64_t id = begin(Side::cloud);
  for (int i = 0; i < 4; ++i) (void)facade->transfers().run();
  ASSERT_TRUE(fed);
  EXPECT_EQ(document("1").home, Side::legacy);
  EXPECT_EQ(item(id, "1").detail, "deliveries of it are on their way");
  carry_out();
  at_home_in(Side::cloud, "1");
}

TEST_F(TransferTest, ADocumentWithADeadLetterStays) {
  mirrored();
  place("1");
  dead_letter(Capability::orders, "web/1", Side::cloud);
  const std::int64_t id = begin(Side::cloud);
  for (int i = 0; i < 5; ++i) (void)facade->transfers().run();
  EXPECT_EQ(item(id, "1").state, "stayed");
  EXPECT_THAT(item(id, "1").detail, HasSubstr("dead letter"));
  EXPECT_TRUE(held(Side::legacy, "1").released);
}

TEST_F(TransferTest, WhatTheNewHomeRefusesIsReleasedAgainInTheOld) {
  place("1");  // Before anything is mirrored.
  cutover_settings.max_backlog_age_ms = 0;
  open();
  cloud().set_trap("place_order", Trap::refused);
  cloud().set_trap("place_order", Trap::refused);
  mirrored();
  dead_letters_discarded();
  ASSERT_FALSE(document("1").mirrored);
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  EXPECT_EQ(item(id, "1").state, "stayed");
  EXPECT_THAT(item(id, "1").detail, HasSubstr("the new home refuses it"));
  EXPECT_EQ(legacy().calls("block_order"), 1);
  at_home_in(Side::legacy, "1");
}

TEST_F(TransferTest, AnotherTotalInTheNewHomeKeepsTheOrderHome) {
  mirrored();
  place("1");
  Order cheaper = order("1", "10");
  cloud().before("get_order", [&] { cloud().total_becomes(order("1").id, Decimal::of(99)); });
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  EXPECT_EQ(item(id, "1").state, "stayed");
  EXPECT_EQ(item(id, "1").detail, "the new home computes a total of 99, the channel 100.00");
  at_home_in(Side::legacy, "1");
}

TEST_F(TransferTest, AnOrderThatCannotBeMovedForLongGoesBackToWork) {
  mirrored();
  place("1");
  on_step = [&](Step step, const std::string&) {
    if (step == Step::blocked) cloud().set_down(true);
  };
  open();
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  EXPECT_EQ(item(id, "1").state, "stayed");
  EXPECT_THAT(item(id, "1").detail, HasSubstr("given up after 6 attempts"));
  at_home_in(Side::legacy, "1");
}

TEST_F(TransferTest, ACopyThatWasMadeForATransferThatEndedFollowsItsDocument) {
  place("1");
  cutover_settings.max_backlog_age_ms = 0;
  open();
  cloud().set_trap("place_order", Trap::refused);
  mirrored();
  dead_letters_discarded();
  cloud().set_trap("place_order", Trap::lost_answer);
  on_step = [&](Step step, const std::string&) {
    if (step == Step::blocked) legacy_state->ship_part(order("1").id, 1, Decimal::of(0));
    if (step == Step::levelled) legacy_state->release_by_hand(order("1").id);
  };
  open();
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  EXPECT_EQ(item(id, "1").state, "stayed") << item(id, "1").detail;
  at_home_in(Side::legacy, "1");
  EXPECT_TRUE(document("1").mirrored);
  EXPECT_EQ(facade->orders().cancel("1", {"", {}}, {}, write("c1")).status, 200);
  settle();
  EXPECT_TRUE(held(Side::cloud, "1").gone);
}

TEST_F(TransferTest, AnOrderOlderThanTheFacadeMovesAndItsOriginalIsTheCopy) {
  Order old = order("x", "10");
  const DocumentNumber number = legacy().own_order(old, true);
  settle();
  mirrored();
  const std::int64_t id = begin(Side::cloud, {"/" + number.text()});
  carry_out();
  const OrderId in_cloud{ChannelId{"nav"}, OrderNumber{number.text()}};
  ASSERT_EQ(cloud().orders_with(in_cloud).size(), 1u);
  EXPECT_TRUE(cloud().orders_with(in_cloud).front().released);
  EXPECT_FALSE(legacy().document(number).released);
  EXPECT_EQ(facade->transfers().status(id)->counts.at("moved"), 1);
  ASSERT_EQ(seen(number.text()).status, OrderStatus::released);
  cloud().ship_part(in_cloud, 1, Decimal::of(10));
  settle();
  EXPECT_EQ(seen(number.text()).status, OrderStatus::shipped);
  EXPECT_TRUE(legacy().document(number).gone) << "nothing of it is outstanding any more";
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(TransferTest, WhatItsHomeHasNotReleasedStays) {
  Order held_back = order("x", "10");
  const DocumentNumber number = legacy().own_order(held_back, false);
  settle();
  mirrored();
  const std::int64_t id = begin(Side::cloud);
  carry_out();
  EXPECT_EQ(facade->transfers().status(id)->counts.at("stayed"), 1);
  EXPECT_FALSE(legacy().document(number).released) << "nor does a transfer release it";
  EXPECT_EQ(legacy().calls("block_order"), 0);
}

TEST_F(TransferTest, APreviewCountsByClassAndWorthAndChangesNothing) {
  cutover_settings.transfer.part_shipped = TransferPolicy::finish_where_born;
  open();
  mirrored();
  place("1", "10");
  place("2", "5");
  place("3", "2");
  legacy().ship_part(order("3").id, 1, Decimal::of(1));
  settle();
  const std::size_t entries = audit_log().size();
  const auto preview = facade->transfers().preview(
      Capability::orders, wish(Side::cloud, {"web/1", "web/2", "web/3", "web/9"}));
  ASSERT_TRUE(preview) << preview.error().message;
  EXPECT_TRUE(preview->reasons.empty());
  ASSERT_EQ(preview->groups.size(), 2u);
  EXPECT_EQ(preview->groups[0].classes, "open");
  EXPECT_EQ(preview->groups[0].stays, "");
  EXPECT_EQ(preview->groups[0].count, 2);
  EXPECT_EQ(money_text(preview->groups[0].worth), "150.00 EUR");
  EXPECT_EQ(preview->groups[1].classes, "part_shipped");
  EXPECT_EQ(preview->groups[1].stays, "part-shipped orders finish where they were born");
  EXPECT_EQ(preview->unknown, std::vector<std::string>{"web/9"});
  EXPECT_EQ(audit_log().size(), entries);
  EXPECT_TRUE(facade->transfers().list()->empty());
}

TEST_F(TransferTest, IsRefusedWithEveryReason) {
  const auto to = [&](Capability capability, Side side) {
    const auto started = facade->transfers().start(capability, wish(side), {"ada", "test"});
    return started ? std::string("started") : started.error().message;
  };
  EXPECT_THAT(to(Capability::orders, Side::cloud), HasSubstr("bc is not written to"));
  EXPECT_THAT(to(Capability::customers, Side::cloud), HasSubstr("has no documents"));
  EXPECT_EQ(audit_kinds().back(), "transfer_refused");
  mirrored();
  cloud().tune().inert_by.clear();
  EXPECT_THAT(to(Capability::orders, Side::cloud), HasSubstr("bc cannot keep a document from"));
  cloud().tune().inert_by = "unreleased";
  begin(Side::cloud);
  EXPECT_THAT(to(Capability::orders, Side::legacy), HasSubstr("is still running"));
}

TEST_F(TransferTest, MovesByTwoPeopleWhereOrdersDo) {
  mirrored();
  place("1");
  cutover_settings.approvals[static_cast<std::size_t>(Capability::orders)] =
      ApprovalRule{{"approver"}};
  open();
  const auto alone =
      facade->transfers().start(Capability::orders, wish(Side::cloud), {"ada", "test"});
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().message, HasSubstr("move by two people"));
  CutoverDesk::Wish proposed;
  proposed.change = *json::parse(R"({"transfer": {"to": "cloud", "all": true}})");
  const auto proposal = facade->cutover().propose(Capability::orders, proposed,
                                                  version(Capability::orders), {"ada", "empty it"});
  ASSERT_TRUE(proposal) << proposal.error().message;
  EXPECT_FALSE(facade->cutover().publish(Capability::orders, proposal->id, {"ada", "now"}));
  ASSERT_TRUE(facade->cutover().approve(Capability::orders, proposal->id,
                                        {"approver", "bob", "seen", {}, 0}));
  const auto published =
      facade->cutover().publish(Capability::orders, proposal->id, {"ada", "now"});
  ASSERT_TRUE(published) << published.error().message;
  carry_out();
  at_home_in(Side::cloud, "1");
  EXPECT_EQ(facade->transfers().list()->front().record.reason, "empty it");
}

TEST_F(TransferTest, PausesWhileAFreezeIsOpen) {
  mirrored();
  place("1");
  begin(Side::cloud);
  FreezeWindow freeze;
  freeze.from = Timestamp{clock};
  freeze.to = Timestamp{clock}.plus_ms(3'600'000);
  freeze.reason = "peak day";
  cutover_settings.freezes.push_back(freeze);
  open();
  for (int i = 0; i < 5; ++i) (void)facade->transfers().run();
  at_home_in(Side::legacy, "1");
  EXPECT_THAT(facade->transfers().list()->front().pauses, HasSubstr("peak day"));
  pass_ms(3'600'001);
  carry_out();
  at_home_in(Side::cloud, "1");
}

TEST_F(TransferTest, AStoppedTransferMovesNothingMore) {
  mirrored();
  place("1");
  const std::int64_t id = begin(Side::cloud);
  ASSERT_TRUE(facade->transfers().stop(id, {"ada", "enough"}));
  EXPECT_FALSE(facade->transfers().stop(id, {"ada", "again"}));
  carry_out();
  at_home_in(Side::legacy, "1");
  EXPECT_EQ(audit_kinds().back(), "transfer_stopped");
}

TEST_F(TransferTest, KeepsItsPace) {
  cutover_settings.transfer.per_minute = 60;
  open();
  mirrored();
  for (const char* number : {"1", "2", "3"}) place(number);
  begin(Side::cloud);
  const auto moved = [&] {
    int count = 0;
    for (const char* number : {"1", "2", "3"})
      count += document(number).home == Side::cloud ? 1 : 0;
    return count;
  };
  for (int i = 0; i < 10; ++i) (void)facade->transfers().run();
  EXPECT_EQ(moved(), 1);
  pass_ms(1'000);
  for (int i = 0; i < 10; ++i) (void)facade->transfers().run();
  EXPECT_EQ(moved(), 2);
}

// A journal whose process has died: nothing is kept any more.
class Mortal final : public journal::Journal {
 public:
  Mortal(std::unique_ptr<journal::Journal> inner, const bool& dead)
      : inner_(std::move(inner)), dead_(dead) {}
  Status write(const std::function<bool(journal::JournalTransaction&)>& work) override {
    if (dead_) return Error{ErrorCode::unavailable, "dead"};
    return inner_->write(work);
  }
  Status read(const std::function<void(const journal::JournalReader&)>& work) const override {
    if (dead_) return Error{ErrorCode::unavailable, "dead"};
    return inner_->read(work);
  }

 private:
  std::unique_ptr<journal::Journal> inner_;
  const bool& dead_;
};

class TransferCrash : public TransferTest, public testing::WithParamInterface<Step> {};

TEST_P(TransferCrash, IsResumedAndTheOrderIsReleasedInOneHomeOnly) {
  mirrored();
  place("1");
  legacy().ship_part(order("1").id, 1, Decimal::of(3));
  settle();
  bool dead = false;
  int passed = 0;
  around_journal = [&](std::unique_ptr<journal::Journal> journal) {
    return std::make_unique<Mortal>(std::move(journal), dead);
  };
  on_step = [&](Step step, const std::string& subject) {
    if (step != GetParam() || subject != "web/1" || ++passed > 1) return;
    dead = true;
    legacy_state->set_down(true);
    cloud_state->set_down(true);
  };
  open();
  begin(Side::cloud);
  for (int i = 0; i < 5 && !dead; ++i) (void)facade->transfers().run();
  for (int i = 0; i < 5 && !dead; ++i) (void)facade->relay().deliver_due(Side::cloud);
  ASSERT_TRUE(dead) << "the step was not passed";
  EXPECT_FALSE(held(Side::legacy, "1").released && held(Side::cloud, "1").released);
  dead = false;
  legacy().set_down(false);
  cloud().set_down(false);
  open();
  EXPECT_EQ(facade->orders().cancel("1", {"", {{1, Decimal::of(1)}}}, {}, write("c1")).status,
            passed == 1 && GetParam() != Step::closed && GetParam() != Step::relaying &&
                    GetParam() != Step::relayed && GetParam() != Step::delivered
                ? 409
                : 200);
  carry_out();
  at_home_in(Side::cloud, "1");
  const Order whole = seen("1");
  EXPECT_EQ(whole.lines[0].quantity, Decimal::of(10));
  EXPECT_EQ(whole.lines[0].shipped_quantity, Decimal::of(3));
  EXPECT_TRUE(exceptions().empty());
}

INSTANTIATE_TEST_SUITE_P(Steps, TransferCrash,
                         testing::Values(Step::opened, Step::blocked, Step::levelled, Step::moved,
                                         Step::sent, Step::closed, Step::relaying, Step::relayed,
                                         Step::delivered),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST(TransferClasses, AreMovedOnlyWhenEachOfThemMay) {
  TransferSettings settings;
  settings.open = settings.prepaid = TransferPolicy::move;
  EXPECT_EQ(kept_by_policy({false, false}, settings), "");
  EXPECT_EQ(kept_by_policy({false, true}, settings), "");
  EXPECT_THAT(kept_by_policy({true, true}, settings), HasSubstr("part-shipped"));
  settings.part_shipped = TransferPolicy::move;
  settings.prepaid = TransferPolicy::finish_where_born;
  EXPECT_THAT(kept_by_policy({true, true}, settings), HasSubstr("prepaid"));
  EXPECT_EQ(kept_by_policy({true, false}, settings), "");
}

TEST(TransferClasses, APartShippedOrderWithChargesStays) {
  journal::DocumentRecord document;
  Order at_home = FacadeFixture::order("1", "10");
  at_home.charges.push_back({"shipping", "DHL", Decimal::of(5), {}});
  EXPECT_EQ(kept_as_it_is(document, at_home), "");
  at_home.lines[0].shipped_quantity = Decimal::of(1);
  EXPECT_THAT(kept_as_it_is(document, at_home), HasSubstr("charges"));
  document.holds = {"totals_differ"};
  EXPECT_EQ(kept_as_it_is(document, at_home), "it is held: totals_differ");
}

}  // namespace
}  // namespace underpin::facade::test
