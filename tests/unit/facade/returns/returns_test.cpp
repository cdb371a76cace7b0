#include "facade/returns.h"

#include "contracts/json/codec.h"
#include "contracts/json/schema.h"
#include "facade/transfer.h"
#include "tests/unit/facade/facade_fixture.h"
#include "tests/unit/facade/returns/small_returns.h"

#include <gmock/gmock.h>

namespace underpin::facade {
namespace {

using test::SmallReturns;
using test::Trap;
using testing::HasSubstr;

Decimal decimal(const char* text) { return *Decimal::parse(text); }

struct Returns : test::FacadeFixture {
  Returns() {
    legacy().return_desk = &in_legacy;
    cloud().return_desk = &in_cloud;
    Customer known;
    known.number = CustomerNumber{"C1"};
    known.kind = "person";
    known.currency = "EUR";
    for (test::SmallErp* erp : {&legacy(), &cloud()}) erp->add_customer(known);
  }

  void ship(const std::string& number, const std::string& quantity = "5") {
    Order placed = order(number, quantity);
    placed.lines[0].adjustments = {{"manual", {}, 0, decimal("-1.00"), {}}};
    placed.lines[0].net_amount = placed.lines[0].net_amount - decimal("1.00");
    placed.totals.items_net = placed.totals.grand_total = placed.lines[0].net_amount;
    ASSERT_EQ(facade->orders().place(placed, write("place-" + number)).status, 201);
    settle();
    legacy().ship(placed.id);
    cloud().ship(placed.id);
    settle();
  }
  static OrderReturn some(const char* number, const char* quantity,
                          const char* reason = "DAMAGED") {
    OrderReturn asked;
    asked.number = ReturnNumber{number};
    asked.date = Date{2026, 11, 28};
    ReturnLine line;
    line.number = 1;
    line.quantity = decimal(quantity);
    line.reason = reason;
    asked.lines.push_back(line);
    return asked;
  }
  Answer place(const std::string& order, const OrderReturn& asked, const std::string& key) {
    return facade->returns().place(order, asked, write(key));
  }

  SmallReturns in_legacy{"SR-"};
  SmallReturns in_cloud{"CM-"};
};

TEST_F(Returns, GoToTheHomeOfTheirOrderWhateverThePlanSays) {
  ship("1");
  move_all(cutover::Stage::dual_write);
  move_all(cutover::Stage::shadow_read);
  move_all(cutover::Stage::cloud_primary);
  const Answer made = place("1", some("R-1", "2"), "k1");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.location, "/v1/orders/1/returns/R-1");
  EXPECT_TRUE(json::Schema::named("return-receipt").check(*json::parse(made.body)).empty())
      << made.body;
  ASSERT_EQ(in_legacy.held().size(), 1U);
  EXPECT_TRUE(in_cloud.held().empty());
  ship("2");
  EXPECT_EQ(place("2", some("R-1", "2"), "k2").status, 201);
  EXPECT_EQ(in_legacy.held().size(), 1U);
  EXPECT_EQ(in_cloud.held().size(), 1U);
}

TEST_F(Returns, HandTheHomeWhatTheOrderSaysAndNotTheChannel) {
  ship("1");
  ASSERT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  ASSERT_EQ(place("1", some("R-2", "3"), "k2").status, 201);
  const auto held = in_legacy.held();
  ASSERT_EQ(held.size(), 2U);
  const ReturnLine& first = held[0].asked.lines[0];
  EXPECT_EQ(held[0].asked.order, order("1").id);
  EXPECT_EQ(held[0].asked.customer, CustomerNumber{"C1"});
  EXPECT_EQ(held[0].asked.currency, "EUR");
  EXPECT_EQ(first.sku, Sku{"1000"});
  EXPECT_EQ(first.location, LocationCode{"EAST"});
  EXPECT_EQ(first.unit_price, decimal("10.00"));
  EXPECT_EQ(first.discount, decimal("0.40"));
  EXPECT_EQ(first.discount + held[1].asked.lines[0].discount, decimal("1.00"))
      << "the discounts of all returns add up to the line's";
}

TEST_F(Returns, MoreThanWasShippedAndIsNotBackIsRefused) {
  ship("1", "3");
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  const Answer refused = place("1", some("R-2", "2"), "k2");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("/lines/0/quantity"));
  EXPECT_THAT(refused.body,
              HasSubstr("must not be more than the 1 that were shipped and are not returned yet"));
  in_legacy.becomes(ReturnNumber{"R-1"}, ReturnStatus::cancelled);
  EXPECT_EQ(place("1", some("R-2", "2"), "k3").status, 201) << "what was withdrawn is not back";
  EXPECT_EQ(in_legacy.held().size(), 2U);
}

TEST_F(Returns, WhatTheErpsOwnUsersTookBackCounts) {
  ship("1", "3");
  in_legacy.own(order("1").id, {0, Sku{"1000"}, decimal("3"), "BEFORE"});
  EXPECT_EQ(place("1", some("R-1", "1"), "k1").status, 422);
  EXPECT_EQ(in_legacy.held().size(), 1U);
}

TEST_F(Returns, NothingCanComeBackBeforeItLeft) {
  ASSERT_EQ(facade->orders().place(order("1"), write("k0")).status, 201);
  settle();
  EXPECT_THAT(place("1", some("R-1", "1"), "k1").body, HasSubstr("more than the 0"));
  EXPECT_TRUE(in_legacy.held().empty());
}

TEST_F(Returns, ARepeatIsTheSameReturnAndOtherContentIsRefused) {
  ship("1");
  const Answer made = place("1", some("R-1", "5"), "k1");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(place("1", some("R-1", "5"), "k1").body, made.body);
  EXPECT_EQ(place("1", some("R-1", "5"), "k2").body, made.body) << "another key, the same return";
  EXPECT_EQ(place("1", some("R-1", "4"), "k3").status, 409);
  EXPECT_EQ(place("1", some("R-2", "1"), "k1").status, 422) << "the key is used";
  EXPECT_EQ(in_legacy.held().size(), 1U);
  EXPECT_EQ(in_legacy.calls("place_return"), 1);
}

TEST_F(Returns, ARepeatWhoseAnswerIsForgottenIsRecognisedInTheErp) {
  ship("1");
  ASSERT_EQ(place("1", some("R-1", "5"), "k1").status, 201);
  pass_ms(30LL * 86'400'000);
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    return tx.forget_answers(Timestamp{clock.load()}) > 0;
  }));
  EXPECT_EQ(place("1", some("R-1", "5"), "k1").status, 201) << "all of it is back, by this return";
  EXPECT_EQ(place("1", some("R-1", "4"), "k2").status, 409);
  EXPECT_EQ(in_legacy.held().size(), 1U);
}

TEST_F(Returns, ALostAnswerIsLookedUpAndNothingIsMadeTwice) {
  ship("1");
  in_legacy.set_trap("place_return", Trap::lost_answer);
  const Answer unknown = place("1", some("R-1", "2"), "k1");
  EXPECT_EQ(unknown.status, 202);
  EXPECT_TRUE(json::Schema::named("outcome-unknown").check(*json::parse(unknown.body)).empty());
  EXPECT_EQ(unknown.location, "/v1/orders/1/returns/R-1");
  EXPECT_EQ(place("1", some("R-2", "1"), "k2").status, 409) << "the order waits for its outcome";
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  EXPECT_EQ(in_legacy.held().size(), 1U);
  EXPECT_EQ(in_legacy.calls("place_return"), 1);
}

TEST_F(Returns, ALostRequestIsSentAgainOnce) {
  ship("1");
  in_legacy.set_trap("place_return", Trap::lost_request);
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 202);
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  EXPECT_EQ(in_legacy.held().size(), 1U);
}

TEST_F(Returns, ALateCommitIsFoundAndNotRepeated) {
  ship("1");
  legacy().tune().settle_ms = 60'000;
  in_legacy.set_trap("place_return", Trap::late_commit);
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 202);
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 409) << "absence is not proved yet";
  in_legacy.commit_late();
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  EXPECT_EQ(in_legacy.held().size(), 1U);
  EXPECT_EQ(in_legacy.calls("place_return"), 1);
}

TEST_F(Returns, ACrashAfterItWasSentLosesNothing) {
  ship("1");
  in_legacy.set_trap("place_return", Trap::throws_after);
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 202);
  open();
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  EXPECT_EQ(in_legacy.held().size(), 1U);
}

TEST_F(Returns, TwoDocumentsUnderOneNumberAreRaised) {
  ship("1");
  in_legacy.set_trap("place_return", Trap::lost_answer);
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 202);
  in_legacy.double_it(ReturnNumber{"R-1"});
  settle();
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "duplicate_return");
  EXPECT_EQ(exceptions()[0].subject, "web/1");
}

TEST_F(Returns, ASecondDocumentThatCommitsAfterTheAnswerIsRaised) {
  ship("1");
  legacy().tune().settle_ms = 5'000;
  in_legacy.set_trap("place_return", Trap::lost_request);
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 202);
  pass_ms(5'001);
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  in_legacy.double_it(ReturnNumber{"R-1"});  // The first request, after all.
  EXPECT_EQ(place("1", some("R-2", "1"), "k2").status, 201) << "later returns do not wait for it";
  pass_ms(44'000);
  settle();
  EXPECT_TRUE(exceptions().empty()) << "not looked at yet";
  pass_ms(7'000);
  settle();
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "duplicate_return");
  EXPECT_EQ(exceptions()[0].subject, "web/1");
  EXPECT_EQ(exceptions()[0].side, Side::legacy);
  EXPECT_THAT(exceptions()[0].detail, HasSubstr("R-1"));
}

TEST_F(Returns, OneThatWasRefusedAndCommitsLateIsRaised) {
  ship("1");
  legacy().tune().settle_ms = 5'000;
  in_legacy.set_trap("place_return", Trap::late_commit);
  in_legacy.set_trap("place_return", Trap::refused);
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 202);
  pass_ms(5'001);
  settle();
  EXPECT_EQ(place("1", some("R-1", "2"), "k1").status, 422);
  in_legacy.commit_late();
  pass_ms(51'000);
  settle();
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "duplicate_return");
  EXPECT_THAT(exceptions()[0].detail, HasSubstr("refused"));
}

TEST_F(Returns, WithoutAKnownOrderTheReturnIsKeptForAPerson) {
  const Answer kept = place("404", some("R-1", "2"), "k1");
  EXPECT_EQ(kept.status, 202);
  EXPECT_TRUE(json::Schema::named("return-unlinked").check(*json::parse(kept.body)).empty())
      << kept.body;
  EXPECT_EQ(place("404", some("R-1", "2"), "k1").body, kept.body);
  EXPECT_EQ(place("404", some("R-1", "2"), "k2").body, kept.body);
  EXPECT_EQ(place("404", some("R-1", "1"), "k3").status, 409);
  ASSERT_EQ(exceptions().size(), 1U) << "a repeat is no second return";
  const journal::ExceptionRecord raised = exceptions().at(0);
  EXPECT_EQ(raised.kind, "unlinked_return");
  EXPECT_EQ(raised.subject, "web/404");
  const auto payload = json::parse(raised.payload);
  EXPECT_EQ(payload->get("asked").get("lines").items().at(0).get("reason").text(), "DAMAGED");
  EXPECT_EQ(payload->get("asked").get("lines").items().at(0).get("quantity").text(), "2");
  EXPECT_TRUE(in_legacy.held().empty() && in_cloud.held().empty());
}

TEST_F(Returns, WhileAnErpCannotBeAskedAnUnknownNumberIsNotUnlinked) {
  cloud().set_down(true);
  EXPECT_EQ(place("404", some("R-1", "2"), "k1").status, 503);
  cloud().set_down(false);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(Returns, AnErpWithoutReturnsSaysSo) {
  ship("1");
  legacy().return_desk = nullptr;
  EXPECT_EQ(place("1", some("R-1", "1"), "k1").status, 422);
  EXPECT_TRUE(facade->orders().get("1", context())) << "its orders are read all the same";
}

TEST_F(Returns, AnOrderShowsItsReturnsAndKeepsItsEntityTag) {
  ship("1");
  const auto before = facade->orders().get("1", context());
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->value.returns.empty());
  ASSERT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  const auto after = facade->orders().get("1", context());
  ASSERT_TRUE(after);
  ASSERT_EQ(after->value.returns.size(), 1U);
  EXPECT_EQ(after->value.returns[0].document, DocumentNumber{"SR-1"});
  EXPECT_EQ(after->value.lines[0].returned_quantity, decimal("2"));
  EXPECT_EQ(after->etag, before->etag);
  EXPECT_TRUE(json::Schema::named("order").check(json::to_json(after->value)).empty());
  EXPECT_EQ(json::write(comparable(after->value, {}, true)),
            json::write(comparable(before->value, {}, true)))
      << "the copy has no returns, and need not have any";
}

TEST_F(Returns, AnOrderOfWhichNothingLeftIsReadWithoutAskingForReturns) {
  ASSERT_EQ(facade->orders().place(order("1"), write("k0")).status, 201);
  ASSERT_TRUE(facade->orders().get("1", context()));
  EXPECT_EQ(in_legacy.calls("returns_of"), 0);
}

TEST_F(Returns, AreFoundByTheChannelsNumberHoweverFarTheyAre) {
  ship("1");
  ASSERT_EQ(place("1", some("R-1", "2"), "k1").status, 201);
  in_legacy.becomes(ReturnNumber{"R-1"}, ReturnStatus::credited);
  const Answer found = facade->returns().find("1", ReturnNumber{"R-1"}, context());
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(json::parse(found.body)->get("status").text(), "credited");
  EXPECT_EQ(facade->returns().find("1", ReturnNumber{"R-2"}, context()).status, 404);
  EXPECT_EQ(facade->returns().find("9", ReturnNumber{"R-1"}, context()).status, 404);
}

TEST(TransferOfReturns, AnOpenReturnKeepsItsOrderUnlessThePolicySaysOtherwise) {
  Order at_home;
  at_home.lines.emplace_back();
  at_home.lines[0].quantity = decimal("2");
  at_home.lines[0].shipped_quantity = decimal("1");
  ReturnReference made;
  TransferSettings settings;
  settings.open = settings.part_shipped = settings.prepaid = TransferPolicy::move;
  const DocumentClasses with = classes_of(at_home, std::nullopt, {made});
  EXPECT_EQ(class_text(with), "part_shipped open_return");
  EXPECT_THAT(kept_by_policy(with, settings), HasSubstr("open return"));
  settings.open_return = TransferPolicy::move;
  EXPECT_EQ(kept_by_policy(with, settings), "");
  made.status = ReturnStatus::credited;
  EXPECT_EQ(class_text(classes_of(at_home, std::nullopt, {made})), "part_shipped");
}

}  // namespace
}  // namespace underpin::facade
