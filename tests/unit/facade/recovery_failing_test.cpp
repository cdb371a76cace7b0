// One of the many cannot be looked up: it is left to a person, and the rest is opened.
#include "tests/unit/facade/recovery_fixture.h"

namespace underpin::facade::test {
namespace {

struct FailingLook : MovedOrders {
  // As often as it takes, on a clock that goes on.
  RecoveryState recover_in_time() {
    const auto begun = facade->recovery().start("olga", "disk lost", false, std::nullopt);
    EXPECT_TRUE(begun.has_value()) << begun.error().message;
    for (looks = 0; looks < 200 && state().state == "running"; ++looks) {
      (void)facade->recovery().advance(context());
      pass_ms(5'000);
    }
    return state();
  }
  int looks = 0;
  Status replay(const journal::ExceptionRecord& exception) {
    return facade->replay_exception(exception.id, "olga", "mended in the ERP");
  }
};

TEST_F(FailingLook, AnOrderIsLeftToAPersonAndTheRestIsOpened) {
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  ASSERT_EQ(place("2").status, 201);
  settle();
  take_backup();
  ASSERT_EQ(place("3").status, 201);
  settle();
  restore_backup();
  cloud().unreadable = {"2", "3"};
  const RecoveryState done = recover_in_time();
  ASSERT_EQ(done.state, "open") << done.waits;
  EXPECT_LT(looks, 30) << "waited for once, not again in each phase that meets it";
  ASSERT_EQ(exceptions().size(), 2U);
  for (const journal::ExceptionRecord& one : exceptions()) {
    EXPECT_EQ(one.kind, "not_looked_up_after_restore");
    EXPECT_NE(one.detail.find("no answer, but a page"), std::string::npos) << one.detail;
  }
  // Only these two are closed.
  EXPECT_EQ(facade->orders().cancel("2", {}, {}, write("c2")).status, 503);
  EXPECT_EQ(place("3").status, 503);
  EXPECT_EQ(place("4").status, 201);
  const Status early = replay(exceptions()[0]);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::rejected) << early.error().message;
  cloud().unreadable.clear();
  ASSERT_EQ(exceptions().size(), 2U);
  for (const journal::ExceptionRecord& one : exceptions()) EXPECT_TRUE(replay(one));
  settle();
  EXPECT_TRUE(exceptions().empty());
  EXPECT_TRUE(known("3"));
  EXPECT_EQ(documents_in(legacy(), "3"), 1U);
  EXPECT_EQ(documents_in(cloud(), "3"), 1U);
  EXPECT_EQ(place("3").status, 201) << "repeated";
  EXPECT_EQ(documents_in(legacy(), "3"), 1U);
  EXPECT_EQ(facade->orders()
                .cancel("2", {}, {facade->orders().get("2", context())->etag}, write("c2"))
                .status,
            200);
}

// The backup was to release it; since then it has moved. Nobody could look, so nothing is sent,
// also when it could be by then.
TEST_F(FailingLook, WhatWaitedForAnOrderThatNobodyCouldLookUpIsNotSent) {
  recovery_settings.release_unreleased = false;
  open();
  dual_write();
  settle();
  ASSERT_EQ(facade->orders().place(order("1", "10"), write("k1")).status, 201);
  take_backup();  // Its release waits, and its copy.
  settle();
  begin(Side::cloud);
  carry_out();
  is_at_home_in(Side::cloud);
  restore_backup();
  legacy().unreadable = {"1"};
  ASSERT_EQ(recover_in_time().state, "open");
  ASSERT_EQ(exceptions().size(), 1U) << kinds();
  legacy().unreadable.clear();
  carry_out();
  EXPECT_FALSE(held(Side::legacy).released) << "it would be executed twice";
  ASSERT_TRUE(replay(exceptions()[0]));
  carry_out();
  is_at_home_in(Side::cloud);
  EXPECT_TRUE(exceptions().empty()) << kinds();
}

TEST_F(FailingLook, WhatWaitedIsSentWhenAPersonKeepsWhatTheBackupHas) {
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  take_backup();  // Its release waits, and its copy.
  restore_backup();
  cloud().unreadable = {"1"};
  ASSERT_EQ(recover_in_time().state, "open");
  cloud().unreadable.clear();
  settle();
  EXPECT_EQ(documents_in(cloud(), "1"), 0U);
  ASSERT_EQ(exceptions().size(), 1U);
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "nothing has happened since"));
  settle();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released);
  EXPECT_EQ(documents_in(cloud(), "1"), 1U);
}

TEST_F(FailingLook, AnErpThatIsDownIsWaitedFor) {
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  settle();
  take_backup();
  restore_backup();
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::nullopt).has_value());
  while (state().phase != "orders legacy") (void)facade->recovery().advance(context());
  cloud().set_down(true);
  for (int i = 0; i < 50; ++i) {
    (void)facade->recovery().advance(context());
    pass_ms(5'000);
  }
  EXPECT_EQ(state().state, "running");
  EXPECT_NE(state().waits.find("down"), std::string::npos) << state().waits;
  EXPECT_TRUE(exceptions().empty());
  cloud().set_down(false);
  run_to_end();
  EXPECT_EQ(state().state, "open");
  EXPECT_TRUE(exceptions().empty());
}

// It has been down for long, and the circuit breaker refuses for a moment after it is back.
TEST_F(FailingLook, WhatWasNotAskedHasNotFailed) {
  guard_settings = {16, 3, 60'000};
  open();
  dual_write();
  settle();
  for (const char* number : {"1", "2", "3", "4", "5"}) ASSERT_EQ(place(number).status, 201);
  settle();
  take_backup();
  restore_backup();
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::nullopt).has_value());
  while (state().phase != "orders legacy") (void)facade->recovery().advance(context());
  cloud().set_down(true);
  for (int i = 0; i < 50; ++i) {
    (void)facade->recovery().advance(context());
    pass_ms(5'000);
  }
  cloud().set_down(false);
  for (int i = 0; i < 20; ++i) {
    (void)facade->recovery().advance(context());
    pass_ms(5'000);
  }
  EXPECT_EQ(state().state, "running") << "the breaker is still open";
  EXPECT_TRUE(exceptions().empty()) << kinds();
}

TEST_F(FailingLook, ACustomerIsLeftToAPersonAndWhatWaitedForItWaits) {
  dual_write();
  settle();
  const CustomerNumber number{"C1"};
  ASSERT_EQ(facade->customers().amend(number, {"Ada", {}, {}, {}, {}}, {"*"}, write("k1")).status,
            200);
  EXPECT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  take_backup();  // Legacy -> cloud waits in it.
  restore_backup();
  cloud().unreadable = {"C1"};
  const RecoveryState done = recover_in_time();
  ASSERT_EQ(done.state, "open") << done.waits;
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "not_looked_up_after_restore");
  EXPECT_EQ(done.counts.at("exceptions"), 1);
  EXPECT_EQ(facade->customers().amend(number, {"Grace", {}, {}, {}, {}}, {"*"}, write("k2")).status,
            503);
  EXPECT_FALSE(replay(exceptions()[0]));
  cloud().unreadable.clear();
  settle();
  EXPECT_NE(cloud().customers_now().at(number).name, "Ada") << "closed";
  // A user of the cloud has changed it meanwhile: nobody's change is overwritten unasked.
  Customer edited = customer("C1");
  edited.name = "Edith";
  cloud().add_customer(edited);
  ASSERT_TRUE(replay(exceptions()[0]));
  settle();
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "customer_differs_after_restore");
  EXPECT_EQ(cloud().customers_now().at(number).name, "Edith");
  EXPECT_EQ(legacy().customers_now().at(number).name, "Ada");
}

// Met again by the same recovery, it can be read: nobody need decide any more.
TEST_F(FailingLook, WhatCanBeLookedUpLaterAfterAllIsSettled) {
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  settle();
  ASSERT_EQ(facade->customers()
                .amend(CustomerNumber{"C1"}, {"Ada", {}, {}, {}, {}}, {"*"}, write("a1"))
                .status,
            200);
  EXPECT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  take_backup();
  restore_backup();
  legacy().unreadable = {"1", "C1"};
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::nullopt).has_value());
  for (int i = 0; i < 200 && state().phase != "orders cloud"; ++i) {
    (void)facade->recovery().advance(context());
    pass_ms(5'000);
  }
  ASSERT_EQ(exceptions().size(), 2U);
  legacy().unreadable.clear();
  run_to_end();
  EXPECT_EQ(state().state, "open") << state().waits;
  ASSERT_EQ(exceptions().size(), 1U) << "no phase meets the customer again";
  EXPECT_EQ(exceptions()[0].subject, "C1");
  ASSERT_TRUE(replay(exceptions()[0]));
  ASSERT_EQ(exceptions().size(), 1U);
  ASSERT_TRUE(replay(exceptions()[0])) << "legacy was the last";
  settle();
  EXPECT_TRUE(exceptions().empty()) << kinds();
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Ada");
  EXPECT_EQ(facade->orders()
                .cancel("1", {}, {facade->orders().get("1", context())->etag}, write("c1"))
                .status,
            200);
}

// Nobody can tell its home either: that is asked instead.
TEST_F(FailingLook, OneQuestionGivesWayToAnother) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(place("1").status, 201);
  settle();
  const DocumentNumber copy = cloud().orders_with(order("1").id).at(0).document;
  ASSERT_TRUE(cloud().release_order({order("1").id, copy}, write("by a user")));
  restore_backup();
  cloud().unreadable = {"1"};
  ASSERT_EQ(recover_in_time().state, "open");
  ASSERT_EQ(exceptions().size(), 1U);
  cloud().unreadable.clear();
  (void)replay(exceptions()[0]);
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "live_in_both");
  EXPECT_EQ(place("1").status, 503) << "still closed";
}

TEST_F(FailingLook, DiscardOpensASubjectAsTheBackupHasIt) {
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  settle();
  take_backup();
  restore_backup();
  cloud().unreadable = {"1"};
  ASSERT_EQ(recover_in_time().state, "open");
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(facade->orders().cancel("1", {}, {"*"}, write("c1")).status, 503);
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "the cloud has lost it"));
  EXPECT_TRUE(exceptions().empty());
  EXPECT_EQ(facade->orders().cancel("1", {}, {"*"}, write("c1")).status, 200);
}

TEST_F(FailingLook, AMovementIsAPersonsToPost) {
  recovery_settings.movement_prefixes = {"SHOP-"};
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(facade->inventory().adjust(movement("SHOP-1", "5"), write("k1")).status, 201);
  ASSERT_EQ(facade->inventory().adjust(movement("SHOP-2", "3"), write("k2")).status, 201);
  settle();
  restore_backup();
  cloud().unreadable = {"SHOP-2"};
  const RecoveryState done = recover_in_time();
  ASSERT_EQ(done.state, "open") << done.waits;
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "movement_in_one_erp");
  cloud().unreadable.clear();
  ASSERT_TRUE(replay(exceptions()[0]));
  settle();
  EXPECT_EQ(cloud().postings_of(MovementId{"SHOP-2"}), 1) << "it was there";
  EXPECT_EQ(legacy().postings_of(MovementId{"SHOP-2"}), 1);
}

// A write of which the backup knows only that it had begun; nobody can say what became of it.
struct FailingIntent : FailingLook {
  void begun_before_the_backup(Trap trap) {
    dual_write();
    settle();
    legacy().set_trap("place_order", trap);
    ASSERT_EQ(place("1").status, 202);
    ASSERT_EQ(place("2").status, 201);
    take_backup();
    restore_backup();
    legacy().unreadable = {"1"};
    const RecoveryState done = recover_in_time();
    ASSERT_EQ(done.state, "open") << done.waits;
    ASSERT_EQ(exceptions().size(), 1U);
    EXPECT_EQ(exceptions()[0].kind, "not_looked_up_after_restore");
    EXPECT_EQ(place("1").status, 409) << "still being looked up";
    EXPECT_EQ(place("4").status, 201);
  }
};

TEST_F(FailingIntent, IsTakenWhenItIsFound) {
  begun_before_the_backup(Trap::lost_answer);
  EXPECT_FALSE(replay(exceptions()[0]));
  legacy().unreadable.clear();
  pass_ms(60'000);
  ASSERT_TRUE(replay(exceptions()[0]));
  settle();
  EXPECT_TRUE(exceptions().empty());
  EXPECT_EQ(place("1").status, 201);
  EXPECT_EQ(documents_in(legacy(), "1"), 1U);
  EXPECT_EQ(documents_in(cloud(), "1"), 1U);
}

TEST_F(FailingIntent, IsNeverSentAgainWhenItIsAbsent) {
  begun_before_the_backup(Trap::lost_request);
  legacy().unreadable.clear();
  pass_ms(600'000);
  for (int i = 0; i < 3; ++i) {
    (void)facade->writes().resolve_outcomes(context());
    pass_ms(60'000);
  }
  EXPECT_EQ(documents_in(legacy(), "1"), 0U);
  EXPECT_EQ(place("1").status, 409) << "closed until a person has looked";
  ASSERT_EQ(exceptions().size(), 1U);
  ASSERT_TRUE(replay(exceptions()[0]));
  EXPECT_EQ(documents_in(legacy(), "1"), 0U);
  EXPECT_EQ(place("1").status, 201);
  settle();
  EXPECT_EQ(documents_in(legacy(), "1"), 1U);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(FailingIntent, IsGivenUpByWhoDiscardsIt) {
  begun_before_the_backup(Trap::lost_request);
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "legacy has lost it"));
  EXPECT_TRUE(exceptions().empty());
  legacy().unreadable.clear();
  settle();
  EXPECT_EQ(documents_in(legacy(), "1"), 0U);
  EXPECT_EQ(place("1").status, 201);
  EXPECT_EQ(documents_in(legacy(), "1"), 1U);
}

// Its order has moved since: what the backup would send now makes two homes of it.
TEST_F(FailingIntent, IsNotSettledBeforeItsOrderIsJudged) {
  dual_write();
  settle();
  legacy().set_trap("place_order", Trap::lost_answer);
  ASSERT_EQ(facade->orders().place(order("1", "10"), write("k1")).status, 202);
  take_backup();
  settle();
  begin(Side::cloud);
  carry_out();
  is_at_home_in(Side::cloud);
  restore_backup();
  legacy().unreadable = {"1"};
  ASSERT_EQ(recover_in_time().state, "open");
  ASSERT_EQ(exceptions().size(), 1U) << kinds();
  legacy().unreadable.clear();
  pass_ms(600'000);
  carry_out();
  EXPECT_FALSE(held(Side::legacy).released);
  ASSERT_TRUE(replay(exceptions()[0]));
  carry_out();
  is_at_home_in(Side::cloud);
  EXPECT_TRUE(exceptions().empty()) << kinds();
}

TEST_F(FailingIntent, OfStockIsLookedUpWhenAPersonSaysSo) {
  dual_write();
  settle();
  legacy().set_trap("adjust_stock", Trap::lost_answer);
  ASSERT_EQ(facade->inventory().adjust(movement("M-1", "5"), write("m1")).status, 202);
  take_backup();
  restore_backup();
  legacy().unreadable = {"M-1"};
  ASSERT_EQ(recover_in_time().state, "open");
  ASSERT_EQ(exceptions().size(), 1U) << kinds();
  EXPECT_FALSE(replay(exceptions()[0])) << "it still cannot be looked up";
  EXPECT_EQ(facade->inventory().adjust(movement("M-2", "1"), write("m2")).status, 503);
  legacy().unreadable.clear();
  ASSERT_TRUE(replay(exceptions()[0]));
  EXPECT_EQ(facade->inventory().adjust(movement("M-2", "1"), write("m2")).status, 201);
  settle();
  for (SmallErp* erp : {&legacy(), &cloud()}) EXPECT_EQ(erp->postings_of(MovementId{"M-1"}), 1);
  EXPECT_TRUE(exceptions().empty()) << kinds();
}

// By one that stood still while another carried the recovery on.
TEST_F(FailingLook, WhatIsLookedUpTooLateChangesNothing) {
  dual_write();
  settle();
  legacy().set_trap("place_order", Trap::lost_answer);
  ASSERT_EQ(place("1").status, 202);
  legacy().set_trap("place_order", Trap::lost_request);
  ASSERT_EQ(place("2").status, 202);
  const auto open = [&] {
    std::size_t count = 0;
    EXPECT_TRUE(facade->journal().read(
        [&](const JournalReader& reader) { count = reader.open_intents(10).size(); }));
    return count;
  };
  WriteLife::LookUp how;
  bool ours = false;
  how.still_ours = [&](JournalTransaction&) { return ours; };
  const auto late = facade->writes().settle_by_looking_up(how, context());
  EXPECT_EQ(late.settled + late.given_up, 0);
  EXPECT_FALSE(late.waits.empty());
  EXPECT_EQ(open(), 2U);
  ours = true;
  const auto done = facade->writes().settle_by_looking_up(how, context());
  EXPECT_EQ(done.settled, 1);
  EXPECT_EQ(done.given_up, 1);
  EXPECT_EQ(open(), 0U);
}

TEST_F(FailingLook, NamesThatCannotBeReadAreNotTakenForNone) {
  EXPECT_TRUE(names_in("")->empty());
  EXPECT_EQ(names_in(text_of({"a", "b"}))->size(), 2U);
  for (const char* broken : {"[\"a\",", "{}", "7", "[\"a\"] x"}) {
    EXPECT_FALSE(names_in(broken).has_value()) << broken;
  }
}

}  // namespace
}  // namespace underpin::facade::test
