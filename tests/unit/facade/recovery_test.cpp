#include "tests/unit/facade/recovery_fixture.h"

#include <set>

namespace underpin::facade::test {
namespace {

TEST_F(RecoveryTest, AfterARestoreReadsAreServedAndWritesRefused) {
  dual_write();
  ASSERT_EQ(place("1").status, 201);
  settle();
  take_backup();
  restore_backup();
  EXPECT_TRUE(facade->orders().get("1", context()));
  const Answer refused = place("2");
  EXPECT_EQ(refused.status, 503);
  EXPECT_GT(refused.retry_after_s, 0);
  EXPECT_NE(refused.body.find("underpin recover"), std::string::npos) << refused.body;
  EXPECT_EQ(facade->orders().cancel("1", {}, {}, write("c1")).status, 503);
  EXPECT_EQ(facade->orders().amend("1", {}, {"*"}, write("a1")).status, 503);
  EXPECT_EQ(facade->orders().cancel("unknown", {}, {}, write("c2")).status, 503)
      << "it may only be unknown until recovery";
  EXPECT_EQ(facade->customers().create(customer("C2"), write("k-c2")).status, 503);
  EXPECT_EQ(facade->inventory().adjust(movement("M1", "1"), write("k-m1")).status, 503);
  EXPECT_EQ(place("1").status, 201) << "an answer that is known remains";
  EXPECT_EQ(documents_in(legacy(), "2"), 0U);
  const auto refused_plan =
      facade->cutover().change(Capability::orders, {Stage::shadow_read, cutover::whole_share},
                               version(Capability::orders), {"ada", "test"});
  ASSERT_FALSE(refused_plan);
  EXPECT_NE(refused_plan.error().message.find("underpin recover"), std::string::npos);
}

TEST_F(RecoveryTest, NothingIsSentBeforeTheErpsWereAsked) {
  dual_write();
  ASSERT_EQ(place("1").status, 201);  // Neither released nor mirrored yet.
  legacy().set_trap("place_order", Trap::lost_answer);
  ASSERT_EQ(place("2").status, 202);
  take_backup();
  restore_backup();
  const int placed = cloud().calls("place_order");
  const int released = legacy().calls("release_order");
  const int looked_up = legacy().calls("find_receipt");
  for (const Side side : {Side::legacy, Side::cloud})
    EXPECT_EQ(facade->relay().deliver_due(side), 0);
  EXPECT_EQ(facade->writes().resolve_outcomes(context()), 0);
  EXPECT_EQ(cloud().calls("place_order"), placed);
  EXPECT_EQ(legacy().calls("release_order"), released);
  EXPECT_EQ(legacy().calls("find_receipt"), looked_up);
}

TEST_F(RecoveryTest, OrdersSinceTheBackupAreKnownAgainAndNothingIsDoubled) {
  dual_write();
  ASSERT_EQ(place("1").status, 201);
  settle();
  take_backup();
  ASSERT_EQ(place("2").status, 201);
  settle();
  ASSERT_EQ(place("3").status, 201);  // Its mirror and its release are lost with the journal.
  ASSERT_EQ(facade->orders().cancel("1", {}, {}, write("c1")).status, 200);
  restore_backup();
  EXPECT_FALSE(known("2"));

  const RecoveryState done = recover();
  EXPECT_EQ(done.state, "open") << done.waits;
  EXPECT_EQ(done.counts.at("orders_rebuilt"), 2);
  EXPECT_EQ(done.counts.at("orders_in_nav"), done.counts.at("orders_known_in_nav"));
  EXPECT_EQ(document("2").home, Side::legacy);
  EXPECT_EQ(document("2").legacy_document, legacy().orders_with(order("2").id).at(0).document);
  EXPECT_EQ(document("2").cloud_document, cloud().orders_with(order("2").id).at(0).document);
  EXPECT_TRUE(document("3").mirrored);
  EXPECT_EQ(document("1").status, OrderStatus::cancelled);
  settle();
  for (const char* number : {"1", "2", "3"}) {
    EXPECT_EQ(documents_in(legacy(), number), 1U) << number;
    EXPECT_EQ(documents_in(cloud(), number), 1U) << number;
  }
  EXPECT_TRUE(legacy().orders_with(order("3").id).at(0).released);
  EXPECT_FALSE(cloud().orders_with(order("3").id).at(0).released);
  EXPECT_TRUE(cloud().orders_with(order("1").id).at(0).gone) << "its copy is withdrawn";
  EXPECT_EQ(rows(), 0U);
  EXPECT_TRUE(exceptions().empty());
  EXPECT_EQ(audit_kinds().back(), "recovery_done");
}

TEST_F(RecoveryTest, ARepeatUnderALostKeyGetsItsReceiptAndMakesNoSecondDocument) {
  dual_write();
  settle();
  take_backup();
  const Answer first = place("2");
  ASSERT_EQ(first.status, 201);
  settle();
  restore_backup();
  EXPECT_EQ(place("2").status, 503);
  ASSERT_EQ(recover().state, "open");
  const int sent = legacy().calls("place_order");
  const Answer again = place("2");
  EXPECT_EQ(again.status, 201) << again.body;
  const auto before = *json::parse(first.body);
  const auto after = *json::parse(again.body);
  EXPECT_EQ(after.get("number").text(), before.get("number").text());
  EXPECT_EQ(after.get("document").text(), before.get("document").text());
  EXPECT_EQ(place("2", "another key").status, 201);
  EXPECT_EQ(place("2").body, again.body) << "remembered from here on";
  // The same number for something else is taken.
  Order other = order("2");
  other.lines[0].sku = Sku{"2000"};
  EXPECT_EQ(facade->orders().place(other, write("k-other")).status, 409);
  EXPECT_EQ(legacy().calls("place_order"), sent);
  settle();
  EXPECT_EQ(documents_in(legacy(), "2"), 1U);
  EXPECT_EQ(documents_in(cloud(), "2"), 1U);
}

// What of a line was cancelled is lost with the journal, so "1 in all is cancelled" would take a
// second one away, for an order that was made since and for one that the backup has.
TEST_F(RecoveryTest, LinesOfARecoveredOrderAreChangedOnlyByWhoHasReadItSince) {
  dual_write();
  ASSERT_EQ(facade->orders().place(order("1", "4"), write("k1")).status, 201);
  settle();
  take_backup();
  ASSERT_EQ(facade->orders().place(order("2", "4"), write("k2")).status, 201);
  const OrderCancellation one{"changed mind", {{1, Decimal::of(1)}}};
  const auto at_home = [&](const char* number) {
    return legacy().orders_with(order(number).id).at(0).order.lines.at(0).quantity;
  };
  for (const char* number : {"1", "2"}) {
    ASSERT_EQ(facade->orders().cancel(number, one, {}, write("c" + std::string(number))).status,
              200);
    ASSERT_EQ(at_home(number), Decimal::of(3));
  }
  const std::string tag_before = facade->orders().get("1", context())->etag;
  settle();
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  for (const char* number : {"1", "2"}) {
    const std::string key = "c" + std::string(number);
    const Answer repeated = facade->orders().cancel(number, one, {}, write(key));
    EXPECT_EQ(repeated.status, 428) << repeated.body;
    EXPECT_NE(repeated.body.find("If-Match"), std::string::npos) << repeated.body;
    EXPECT_EQ(facade->orders().cancel(number, one, {"*"}, write(key)).status, 428);
    EXPECT_EQ(facade->orders().cancel(number, one, {tag_before}, write(key)).status, 412);
    OrderAmendment amendment;
    amendment.lines.emplace_back().number = 1;
    amendment.lines.back().quantity = Decimal::of(6);
    EXPECT_EQ(facade->orders().amend(number, amendment, {"*"}, write("a" + key)).status, 428);
    EXPECT_EQ(at_home(number), Decimal::of(3));
    // Whoever reads it sees what one more would mean.
    const auto seen = facade->orders().get(number, context());
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->value.lines.at(0).outstanding(), Decimal::of(3));
    const OrderCancellation more{
        "changed mind", {{1, seen->value.lines.at(0).cancelled_quantity + Decimal::of(1)}}};
    EXPECT_EQ(facade->orders().cancel(number, more, {seen->etag}, write(key)).status, 200);
    EXPECT_EQ(at_home(number), Decimal::of(2));
    EXPECT_EQ(facade->orders().cancel(number, {}, {seen->etag}, write("w" + key)).status, 412);
    EXPECT_EQ(facade->orders().cancel(number, {}, {}, write("w" + key)).status, 200)
        << "all of it is clear without";
  }
}

TEST_F(RecoveryTest, AHomeInTheCloudIsFoundThoughLegacyHasACopy) {
  dual_write();
  settle();
  take_backup();
  move(Capability::customers, Stage::shadow_read);
  move(Capability::orders, Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  move(Capability::orders, Stage::cloud_primary);
  ASSERT_EQ(place("2").status, 201);
  settle();
  ASSERT_TRUE(cloud().orders_with(order("2").id).at(0).released);
  restore_backup();
  // Also for a channel that asks before anything was recovered.
  const auto asked = facade->orders().get("2", context());
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->value.status, OrderStatus::released);
  EXPECT_FALSE(known("2")) << "only recovery remembers where it lives";
  ASSERT_EQ(recover().state, "open");
  EXPECT_EQ(document("2").home, Side::cloud);
  EXPECT_TRUE(document("2").mirrored);
  // By the plan that was restored it would be sent to legacy.
  EXPECT_EQ(place("2").status, 201);
  settle();
  EXPECT_EQ(documents_in(legacy(), "2"), 1U);
  EXPECT_EQ(documents_in(cloud(), "2"), 1U);
  EXPECT_FALSE(legacy().orders_with(order("2").id).at(0).released);
}

TEST_F(RecoveryTest, AnOrderThatBothHoldLiveStaysClosedUntilAPersonHasMendedIt) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(place("2").status, 201);
  ASSERT_EQ(place("3").status, 201);
  settle();
  cloud().release_by_hand(order("2").id);
  restore_backup();
  const RecoveryState done = recover();
  EXPECT_EQ(done.state, "open") << done.waits;
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "live_in_both");
  EXPECT_EQ(exceptions()[0].subject, "web/2");
  const Answer refused = facade->orders().cancel("2", {}, {}, write("c2"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("exception"), std::string::npos) << refused.body;
  EXPECT_EQ(facade->orders().cancel("3", {}, {}, write("c3")).status, 200) << "others are open";
  settle();
  EXPECT_FALSE(cloud().orders_with(order("2").id).at(0).gone) << "nobody decides by himself";

  const std::int64_t id = exceptions()[0].id;
  const Status too_early = facade->replay_exception(id, "olga", "mended");
  ASSERT_FALSE(too_early);
  EXPECT_EQ(too_early.error().code, ErrorCode::rejected);
  cloud().delete_by_hand(order("2").id);
  const Status mended = facade->replay_exception(id, "olga", "mended");
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_TRUE(exceptions().empty());
  EXPECT_EQ(document("2").home, Side::legacy);
  EXPECT_EQ(facade->orders().cancel("2", {}, {}, write("c2")).status, 200);
}

TEST_F(RecoveryTest, TwoDocumentsInOneErpCloseTheirSubjectUntilOneHasEnded) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(place("2").status, 201);
  settle();
  const DocumentNumber second = legacy().second_document(order("2").id);
  restore_backup();
  EXPECT_EQ(recover().state, "open");
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "duplicate_document");
  EXPECT_EQ(place("2").status, 503);
  EXPECT_EQ(place("3").status, 201);
  settle();
  EXPECT_FALSE(known("2")) << "the feed leaves it to a person as well";
  const std::int64_t id = exceptions()[0].id;
  EXPECT_FALSE(facade->discard_exception(id, "olga", "not yet mended"));
  EXPECT_EQ(place("2").status, 503);
  legacy().end_document(second);
  ASSERT_TRUE(facade->discard_exception(id, "olga", "the second one was ended"));
  EXPECT_EQ(document("2").home, Side::legacy);
  EXPECT_EQ(document("2").legacy_document, legacy().orders_with(order("2").id).at(0).document);
  const int sent = legacy().calls("place_order");
  EXPECT_EQ(place("2").status, 201);
  EXPECT_EQ(legacy().calls("place_order"), sent);
  settle();
  EXPECT_EQ(documents_in(cloud(), "2"), 1U);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(RecoveryTest, WhereNobodyCanTellTheHomeAPersonSaysAndTheOtherBecomesTheCopy) {
  for (const bool replay : {true, false}) {
    if (!replay) anew();
    dual_write();
    settle();
    take_backup();
    ASSERT_EQ(place("2").status, 201);
    while (facade->relay().deliver_due(Side::cloud) > 0) {
    }
    ASSERT_EQ(documents_in(cloud(), "2"), 1U);
    // Its home has a change that the copy lacks, and neither is released.
    legacy().edit(order("2").id, Decimal::of(5));
    restore_backup();
    ASSERT_EQ(recover().state, "open");
    ASSERT_EQ(exceptions().size(), 1U);
    EXPECT_EQ(exceptions()[0].kind, "home_unknown");
    EXPECT_EQ(place("2").status, 503);
    settle();
    EXPECT_EQ(cloud().orders_with(order("2").id).at(0).order.lines.at(0).quantity, Decimal::of(2));
    const std::int64_t id = exceptions()[0].id;
    ASSERT_TRUE(replay ? facade->replay_exception(id, "olga", "placed before the flip")
                       : facade->discard_exception(id, "olga", "placed after the flip"));
    EXPECT_EQ(document("2").home, replay ? Side::legacy : Side::cloud);
    settle();
    EXPECT_TRUE(exceptions().empty());
    const Decimal quantity = Decimal::of(replay ? 5 : 2);
    for (SmallErp* erp : {&legacy(), &cloud()}) {
      ASSERT_EQ(documents_in(*erp, "2"), 1U);
      EXPECT_EQ(erp->orders_with(order("2").id).at(0).order.lines.at(0).quantity, quantity);
      EXPECT_EQ(erp->orders_with(order("2").id).at(0).released, (erp == &legacy()) == replay);
    }
    EXPECT_EQ(place("2").status, 201);
  }
}

TEST_F(RecoveryTest, ARowOfTheBackupWhoseEffectIsThereIsNotDeliveredAgain) {
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  ASSERT_TRUE(facade->customers()
                  .amend(CustomerNumber{"C1"}, {"Ada", {}, {}, {}, {}}, {"*"}, write("k-c1"))
                  .status == 200);
  ASSERT_EQ(facade->inventory().adjust(movement("M1", "5"), write("k-m1")).status, 201);
  take_backup();  // With four rows: release, mirror, customer, movement.
  EXPECT_EQ(rows(), 4U);
  settle();
  EXPECT_EQ(rows(), 0U);
  restore_backup();
  EXPECT_EQ(rows(), 4U);
  const int placed = cloud().calls("place_order");
  const int released = legacy().calls("release_order");
  const int put = cloud().calls("put_customer");
  const int posted = cloud().calls("adjust_stock");
  const RecoveryState done = recover();
  EXPECT_EQ(done.state, "open") << done.waits;
  EXPECT_EQ(done.counts.at("deliveries_done"), 4);
  EXPECT_EQ(rows(), 0U);
  for (const Side side : {Side::legacy, Side::cloud})
    EXPECT_EQ(facade->relay().deliver_due(side), 0);
  EXPECT_EQ(cloud().calls("place_order"), placed);
  EXPECT_EQ(legacy().calls("release_order"), released);
  EXPECT_EQ(cloud().calls("put_customer"), put);
  EXPECT_EQ(cloud().calls("adjust_stock"), posted);
  EXPECT_EQ(cloud().postings_of(MovementId{"M1"}), 1);
}

TEST_F(RecoveryTest, ADeadLetterWhoseEffectIsThereIsSettled) {
  dual_write();
  settle();
  cloud().set_trap("place_order", Trap::refused);
  ASSERT_EQ(place("1").status, 201);
  settle();
  ASSERT_EQ(exceptions().size(), 1U);
  take_backup();
  ASSERT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "again"));
  settle();
  ASSERT_EQ(documents_in(cloud(), "1"), 1U);
  restore_backup();
  ASSERT_EQ(exceptions().size(), 1U);
  ASSERT_EQ(recover().state, "open");
  EXPECT_TRUE(exceptions().empty());
  EXPECT_EQ(rows(), 0U);
}

TEST_F(RecoveryTest, AnIntentThatTheBackupHadOpenIsSettledByWhatTheErpHolds) {
  dual_write();
  settle();
  legacy().set_trap("place_order", Trap::lost_answer);
  ASSERT_EQ(place("1").status, 202);
  legacy().set_trap("place_order", Trap::lost_request);
  ASSERT_EQ(place("2").status, 202);
  take_backup();
  restore_backup();
  const int sent = legacy().calls("place_order");
  const RecoveryState done = recover();
  EXPECT_EQ(done.state, "open") << done.waits;
  EXPECT_EQ(done.counts.at("intents_settled"), 1);
  EXPECT_EQ(done.counts.at("intents_given_up"), 1);
  EXPECT_EQ(place("1").status, 201);
  EXPECT_EQ(legacy().calls("place_order"), sent)
      << "what is absent was refused, or its channel repeats it";
  EXPECT_EQ(documents_in(legacy(), "2"), 0U);
  EXPECT_EQ(place("2").status, 201) << "the key is free again";
  settle();
  for (const char* number : {"1", "2"}) {
    EXPECT_EQ(documents_in(legacy(), number), 1U) << number;
    EXPECT_EQ(documents_in(cloud(), number), 1U) << number;
  }
}

TEST_F(RecoveryTest, AnOrderThatWasOpenAtTheBackupIsNotJudgedByWhatItBecameSince) {
  for (const bool released : {true, false}) {
    if (!released) anew();
    recovery_settings.release_unreleased = false;
    open();
    dual_write();
    settle();
    legacy().set_trap("place_order", Trap::lost_answer);
    ASSERT_EQ(place("1").status, 202);
    take_backup();
    (void)facade->writes().resolve_outcomes(context());
    if (released) settle();
    ASSERT_EQ(legacy().orders_with(order("1").id).at(0).released, released);
    legacy().edit(order("1").id, Decimal::of(5));  // A channel's amendment, whose trace is lost.
    legacy().total_becomes(order("1").id, Decimal::of(50));
    restore_backup();
    ASSERT_EQ(recover().state, "open");
    settle();
    EXPECT_EQ(document("1").grand_total, Decimal::of(50));
    if (released) {
      EXPECT_TRUE(document("1").holds.empty());
      EXPECT_TRUE(exceptions().empty());
    } else {
      // Its total may have been in order, or not: nobody knows.
      EXPECT_EQ(document("1").holds, std::vector<std::string>{"recovered"});
      ASSERT_EQ(exceptions().size(), 1U);
      EXPECT_EQ(exceptions()[0].kind, "unreleased_after_restore");
    }
    EXPECT_EQ(legacy().orders_with(order("1").id).at(0).released, released);
  }
}

TEST_F(RecoveryTest, ATotalThatDiffersStaysAHoldOfWhatNobodyHasChanged) {
  open();
  dual_write();
  settle();
  legacy().set_trap("place_order", Trap::lost_answer);
  ASSERT_EQ(place("1").status, 202);
  take_backup();
  legacy().total_becomes(order("1").id, Decimal::of(50));
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(document("1").holds, std::vector<std::string>{"totals_differ"});
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "totals_differ");
  EXPECT_FALSE(legacy().orders_with(order("1").id).at(0).released);
}

TEST_F(RecoveryTest, AnUnreleasedOrderIsHeldForAPersonUnlessConfiguredOtherwise) {
  recovery_settings.release_unreleased = false;
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(place("2").status, 201);  // Its release is lost; it may also have been held.
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_FALSE(legacy().orders_with(order("2").id).at(0).released);
  EXPECT_EQ(document("2").holds, (std::vector<std::string>{"recovered"}));
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "unreleased_after_restore");
  ASSERT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "the total is right"));
  settle();
  EXPECT_TRUE(legacy().orders_with(order("2").id).at(0).released);
  EXPECT_TRUE(document("2").holds.empty());
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(RecoveryTest, AReleaseThatTheBackupHadInItsOutboxIsSent) {
  recovery_settings.release_unreleased = false;
  open();
  dual_write();
  settle();
  ASSERT_EQ(place("1").status, 201);
  take_backup();
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_TRUE(legacy().orders_with(order("1").id).at(0).released);
  EXPECT_TRUE(exceptions().empty());
}

TEST_F(RecoveryTest, AnAmendmentSinceTheBackupIsWhatTheChannelSeesAndTheCopyHas) {
  dual_write();
  ASSERT_EQ(place("1").status, 201);
  settle();
  take_backup();
  OrderAmendment amendment;
  LineAmendment line;
  line.number = 1;
  line.quantity = Decimal::of(7);
  amendment.lines = {line};
  ASSERT_EQ(facade->orders().amend("1", amendment, {"*"}, write("a1")).status, 200);
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(facade->orders().get("1", context())->value.lines.at(0).quantity, Decimal::of(7));
  EXPECT_EQ(cloud().orders_with(order("1").id).at(0).order.lines.at(0).quantity, Decimal::of(7));
  const auto content = read_content(document("1").content);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->lines.at(0).quantity, Decimal::of(7));
}

TEST_F(RecoveryTest, ALostMirrorOfAnOrderWaitsForThatOfItsCustomer) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(facade->customers().create(customer("C9"), write("k-c9")).status, 201);
  Order placed = order("9");
  placed.customer = CustomerNumber{"C9"};
  ASSERT_EQ(facade->orders().place(placed, write("k9")).status, 201);
  ASSERT_EQ(cloud().customers_now().count(CustomerNumber{"C9"}), 0U);
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_TRUE(exceptions().empty());
  EXPECT_EQ(cloud().customers_now().count(CustomerNumber{"C9"}), 1U);
  EXPECT_EQ(documents_in(cloud(), "9"), 1U);
}

TEST_F(RecoveryTest, ARehearsalSaysWhatWouldBeDoneAndChangesNothing) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(place("2").status, 201);
  restore_backup();
  const RecoveryState rehearsed = recover(true);
  EXPECT_EQ(rehearsed.state, "closed");
  EXPECT_EQ(rehearsed.counts.at("orders_rebuilt"), 1);
  EXPECT_EQ(rehearsed.counts.at("mirrors_missing"), 1);
  EXPECT_FALSE(known("2"));
  EXPECT_EQ(rows(), 0U);
  EXPECT_EQ(place("3").status, 503);
  EXPECT_EQ(recover().state, "open");
  EXPECT_TRUE(known("2"));
}

TEST_F(RecoveryTest, AnErpThatIsAwayIsWaitedForAndARestartGoesOn) {
  dual_write();
  settle();
  take_backup();
  for (const char* number : {"2", "3"}) ASSERT_EQ(place(number).status, 201);
  restore_backup();
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::nullopt));
  for (int i = 0; i < 3; ++i) legacy().set_trap("find_receipt", Trap::unavailable);
  while (state().waits.empty()) (void)facade->recovery().advance(context());
  EXPECT_EQ(state().phase, "orders legacy");
  EXPECT_NE(state().waits.find("nav"), std::string::npos) << state().waits;
  EXPECT_EQ(place("4").status, 503);
  open();  // Killed, and started again.
  run_to_end();
  EXPECT_EQ(state().state, "open") << state().waits;
  EXPECT_TRUE(known("2"));
  EXPECT_TRUE(known("3"));
}

TEST_F(RecoveryTest, NothingIsProvedBeforeTheVendorsHaveSettled) {
  dual_write();
  settle();
  legacy().set_trap("place_order", Trap::late_commit);
  ASSERT_EQ(place("1").status, 202);
  take_backup();
  restore_backup();
  legacy().tune().settle_ms = 10'000;
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::nullopt));
  for (int i = 0; i < 5; ++i) (void)facade->recovery().advance(context());
  EXPECT_EQ(state().phase, "settling");
  legacy().commit_late();
  pass_ms(10'001);
  run_to_end();
  EXPECT_EQ(state().state, "open");
  EXPECT_EQ(place("1").status, 201);
  settle();
  EXPECT_EQ(documents_in(legacy(), "1"), 1U);
}

TEST_F(RecoveryTest, WritesStayClosedWhileTheCountsDoNotAgree) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(place("2").status, 201);
  settle();
  restore_backup();
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::nullopt));
  const auto damage = [&] {
    EXPECT_TRUE(facade->journal().write([&](JournalTransaction& tx) {
      auto known_document = *tx.document(order("2").id);
      known_document.legacy_document = DocumentNumber{"SO-0"};
      tx.put_document(known_document);
      return true;
    }));
  };
  for (int i = 0; i < 500 && state().state == "running"; ++i) {
    if (state().phase == "counting legacy") damage();
    (void)facade->recovery().advance(context());
  }
  EXPECT_EQ(state().state, "closed");
  ASSERT_EQ(state().differences.size(), 1U);
  EXPECT_NE(state().differences[0].find("web/2"), std::string::npos) << state().differences[0];
  EXPECT_EQ(place("3").status, 503);
  EXPECT_EQ(audit_kinds().back(), "recovery_refused");
  EXPECT_EQ(recover().state, "open") << "without the damage";
}

TEST_F(RecoveryTest, IsRefusedWhileWritesAreOpen) {
  const auto refused = facade->recovery().start("olga", "just so", false, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(RecoveryTest, BeginsSoLongBeforeTheBackupAsItIsAsked) {
  settle();
  pass_ms(120'000);
  settle();
  const std::optional<std::string> late = [&] {
    std::optional<std::string> at;
    EXPECT_TRUE(facade->journal().read([&](const JournalReader& reader) {
      at = position_at(reader, "nav", "orders", Timestamp{clock}, false);
    }));
    return at;
  }();
  ASSERT_EQ(place("1").status, 201);
  pass_ms(120'000);
  settle();
  EXPECT_TRUE(facade->journal().read([&](const JournalReader& reader) {
    const Timestamp now{clock};
    EXPECT_NE(position_at(reader, "nav", "orders", now, false), late);
    EXPECT_EQ(position_at(reader, "nav", "orders", now.plus_ms(-60'000), false), late);
    EXPECT_EQ(position_at(reader, "nav", "orders", now.plus_ms(-900'000), false), std::nullopt);
    EXPECT_TRUE(position_at(reader, "nav", "orders", now.plus_ms(-900'000), true));
  }));
}

}  // namespace
}  // namespace underpin::facade::test
