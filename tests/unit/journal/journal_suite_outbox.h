#pragma once

#include "tests/unit/journal/journal_fixture.h"

#include <chrono>

// Outbox, exceptions, affinity, plan, transactions. See journal_suite.h.
namespace underpin::facade::journal {

// ---- outbox
// ----------------------------------------------------------------------------------------

TEST_P(JournalSuite, AnOutboxRowComesBackAsItWasAdded) {
  NewOutboxRow given = order_row("1", "C1");
  given.wave = "north";
  given.role = Role::primary;
  given.not_before = at(40);
  const std::int64_t id = add(given, at(3));
  const auto kept = read([&](const JournalReader& r) { return r.outbox_row(id); });
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id, id);
  EXPECT_EQ(kept->side, Side::cloud);
  EXPECT_EQ(kept->capability, Capability::orders);
  EXPECT_EQ(kept->wave, "north");
  EXPECT_EQ(kept->subject, "web/1");
  EXPECT_EQ(kept->operation, "place_order");
  EXPECT_EQ(kept->payload, given.payload);
  EXPECT_EQ(kept->channel.text(), "web");
  EXPECT_EQ(kept->key, given.key);
  EXPECT_EQ(kept->correlation_id, "c-1");
  EXPECT_EQ(kept->role, Role::primary);
  EXPECT_EQ(kept->depends_on_capability, Capability::customers);
  EXPECT_EQ(kept->depends_on_subject, "C1");
  EXPECT_EQ(kept->not_before, at(40));
  EXPECT_EQ(kept->next_at, at(40));
  EXPECT_EQ(kept->created_at, at(3));
  EXPECT_EQ(kept->state, OutboxState::pending);
  EXPECT_EQ(kept->attempts, 0);
}

TEST_P(JournalSuite, OnlyTheOldestRowOfASubjectIsDueAndSubjectsDoNotWaitForEachOther) {
  const std::int64_t first = add(customer_row("C1"));
  const std::int64_t second = add(customer_row("C1"));
  const std::int64_t other_subject = add(customer_row("C2"));
  const std::int64_t other_side = add(customer_row("C1", Side::legacy));
  NewOutboxRow stock = customer_row("C1");
  stock.capability = Capability::inventory;
  const std::int64_t other_capability = add(stock);
  EXPECT_EQ(due(), (std::vector<std::int64_t>{first, other_subject, other_capability}));
  EXPECT_EQ(due(Side::legacy), (std::vector<std::int64_t>{other_side}));
  write([&](JournalTransaction& tx) { tx.delivered(first); });
  EXPECT_EQ(due(), (std::vector<std::int64_t>{second, other_subject, other_capability}));
}

TEST_P(JournalSuite, ARowWaitsForItsTime) {
  NewOutboxRow later = customer_row("C1");
  later.not_before = at(50);
  const std::int64_t first = add(later);
  const std::int64_t second = add(customer_row("C2"));
  EXPECT_EQ(due(Side::cloud, at(49)), (std::vector<std::int64_t>{second}));
  EXPECT_EQ(due(Side::cloud, at(50)), (std::vector<std::int64_t>{first, second}));
}

TEST_P(JournalSuite, ARetryCountsWaitsAndHoldsBackTheSubject) {
  const std::int64_t first = add(customer_row("C1"));
  add(customer_row("C1"));
  write([&](JournalTransaction& tx) { tx.retry_later(first, at(60), "throttled"); });
  EXPECT_TRUE(due(Side::cloud, at(59)).empty());
  EXPECT_EQ(due(Side::cloud, at(60)), (std::vector<std::int64_t>{first}));
  const auto row = read([&](const JournalReader& r) { return r.outbox_row(first); });
  EXPECT_EQ(row->attempts, 1);
  EXPECT_EQ(row->last_error, "throttled");
}

TEST_P(JournalSuite, ADeadRowHoldsBackItsSubjectAndNobodyElse) {
  const std::int64_t dead = add(customer_row("C1"));
  add(customer_row("C1"));
  const std::int64_t other_subject = add(customer_row("C2"));
  kill_row(dead);
  EXPECT_EQ(due(), (std::vector<std::int64_t>{other_subject}));
}

TEST_P(JournalSuite, ARowIsParkedBehindOlderRowsOfWhatItDependsOn) {
  const std::int64_t customer = add(customer_row("C1"));
  const std::int64_t customer_again = add(customer_row("C1"));
  const std::int64_t order = add(order_row("1", "C1"));
  const std::int64_t free_order = add(order_row("2", "C2"));
  EXPECT_EQ(due(), (std::vector<std::int64_t>{customer, free_order}));
  write([&](JournalTransaction& tx) { tx.delivered(customer); });
  EXPECT_EQ(due(), (std::vector<std::int64_t>{customer_again, free_order}));
  write([&](JournalTransaction& tx) { tx.delivered(customer_again); });
  EXPECT_EQ(due(), (std::vector<std::int64_t>{order, free_order}));
}

TEST_P(JournalSuite, ARowIsNotParkedBehindYoungerRowsOrTheOtherSide) {
  add(customer_row("C1", Side::legacy));
  const std::int64_t order = add(order_row("1", "C1"));
  const std::int64_t customer = add(customer_row("C1"));
  EXPECT_EQ(due(), (std::vector<std::int64_t>{order, customer}));
}

TEST_P(JournalSuite, AParkedRowGoesWhenTheLastOlderOneIsGoneThoughYoungerOnesCame) {
  const std::int64_t older = add(customer_row("C1"));
  const std::int64_t order = add(order_row("1", "C1"));
  const std::int64_t younger = add(customer_row("C1"));
  const std::int64_t second_order = add(order_row("2", "C1"));
  write([&](JournalTransaction& tx) { tx.delivered(older); });
  EXPECT_EQ(due(), (std::vector<std::int64_t>{order, younger}));
  write([&](JournalTransaction& tx) { tx.delivered(younger); });
  EXPECT_EQ(due(), (std::vector<std::int64_t>{order, second_order}));
}

TEST_P(JournalSuite, ADeadDependencyKeepsARowParkedUntilItIsDiscarded) {
  const std::int64_t customer = add(customer_row("C1"));
  const std::int64_t order = add(order_row("1", "C1"));
  const std::int64_t exception = kill_row(customer);
  EXPECT_TRUE(due().empty());
  write([&](JournalTransaction& tx) {
    EXPECT_TRUE(tx.discard_exception(exception, "kim", "sold the shop", at(9)));
  });
  EXPECT_EQ(due(), (std::vector<std::int64_t>{order}));
}

TEST_P(JournalSuite, DueRowsComeOldestFirstAndNotMoreThanAskedFor) {
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 10; ++i)
    ids.push_back(add(customer_row("C" + std::to_string(i)), at(10 - i)));
  write([&](JournalTransaction& tx) { tx.retry_later(ids[0], at(20), "slow"); });
  EXPECT_EQ(due(), ids);
  EXPECT_EQ(due(Side::cloud, at(100), 3), (std::vector<std::int64_t>{ids[0], ids[1], ids[2]}));
}

TEST_P(JournalSuite, WhatWasDeliveredIsGoneAndCountedOnce) {
  const std::int64_t row = add(customer_row("C1"));
  write([&](JournalTransaction& tx) {
    tx.delivered(row);
    tx.delivered(row);
  });
  EXPECT_FALSE(read([&](const JournalReader& r) { return r.outbox_row(row); }));
  EXPECT_EQ(counted("outbox_delivered"), 1);
  EXPECT_EQ(read([](const JournalReader& r) { return r.pending_rows(Side::cloud); }), 0);
}

TEST_P(JournalSuite, RowsOfASubjectComeInOrderDeadOnesIncluded) {
  const std::int64_t first = add(customer_row("C1"));
  const std::int64_t second = add(customer_row("C1"));
  add(customer_row("C2"));
  kill_row(first);
  const auto rows = read(
      [](const JournalReader& r) { return r.rows_of(Side::cloud, Capability::customers, "C1"); });
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, first);
  EXPECT_EQ(rows[0].state, OutboxState::dead);
  EXPECT_EQ(rows[1].id, second);
  EXPECT_EQ(read([](const JournalReader& r) { return r.pending_rows(Side::cloud); }), 2)
      << "the second of C1, and C2";
}

TEST_P(JournalSuite, FiftyThousandWaitingRowsDoNotSlowTheRelay) {
  constexpr int rows = 50'000;
  // Half waits behind one dead customer, a quarter behind one subject's first, a quarter is due.
  const std::int64_t blocked = add(customer_row("C0"));
  write([&](JournalTransaction& tx) {
    for (int i = 0; i < rows; ++i) {
      if (i % 2 == 0) {
        tx.add_outbox_row(order_row(std::to_string(i), "C0"), at(0));
      } else if (i % 4 == 1) {
        tx.add_outbox_row(customer_row("C0"), at(0));
      } else {
        tx.add_outbox_row(customer_row("C" + std::to_string(i)), at(0));
      }
    }
  });
  kill_row(blocked);
  const auto timed = [&](Timestamp now, std::size_t expected) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 5; ++i) {
      const auto start = std::chrono::steady_clock::now();
      EXPECT_EQ(due(Side::cloud, now, 64).size(), expected);
      best = std::min(best, std::chrono::steady_clock::now() - start);
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(best).count();
  };
  EXPECT_LT(timed(at(100), 64), 50);
  // Nothing is due any more: everything backs off but three.
  write([&](JournalTransaction& tx) {
    for (const OutboxRow& row : tx.due_rows(Side::cloud, at(100), rows))
      if (row.subject != "C3" && row.subject != "C7" && row.subject != "C49999")
        tx.retry_later(row.id, at(1'000), "down");
  });
  EXPECT_LT(timed(at(100), 3), 50);
  EXPECT_LT(timed(at(1'000), 64), 50);
}

// ---- affinity
// --------------------------------------------------------------------------------------

TEST_P(JournalSuite, AStateIsPinnedByAMirrorPendingOrDeadAndByAnOpenIntent) {
  EXPECT_EQ(pinned("C1"), std::nullopt);
  const std::int64_t row = add(customer_row("C1", Side::cloud));
  EXPECT_EQ(pinned("C1"), Side::legacy);
  const std::int64_t exception = kill_row(row);
  EXPECT_EQ(pinned("C1"), Side::legacy);
  write([&](JournalTransaction& tx) {
    EXPECT_TRUE(tx.discard_exception(exception, "kim", "not needed", at(9)));
  });
  EXPECT_EQ(pinned("C1"), std::nullopt);
  NewIntent intent = customer_intent("C1", "k1");
  intent.side = Side::cloud;
  const std::int64_t id = opened(intent);
  EXPECT_EQ(pinned("C1"), Side::cloud);
  write([&](JournalTransaction& tx) { tx.mark_unknown(id, at(1), "?"); });
  EXPECT_EQ(pinned("C1"), Side::cloud);
  close(id);
  EXPECT_EQ(pinned("C1"), std::nullopt);
}

TEST_P(JournalSuite, WorkInAnOwnHomePinsNothing) {
  NewOutboxRow row = customer_row("C1");
  row.role = Role::primary;
  add(row);
  EXPECT_EQ(pinned("C1"), std::nullopt);
  EXPECT_EQ(read([](const JournalReader& r) {
              return r.pinned_subjects(Capability::customers, Side::legacy);
            }),
            0);
}

TEST_P(JournalSuite, PinnedSubjectsAreCountedOnceEach) {
  add(customer_row("C1", Side::cloud));
  add(customer_row("C1", Side::cloud));
  add(customer_row("C2", Side::cloud));
  add(customer_row("C3", Side::legacy));
  opened(customer_intent("C1", "k1"));  // Pinned to legacy twice over.
  NewIntent in_cloud = customer_intent("C4", "k2");
  in_cloud.side = Side::cloud;
  opened(in_cloud);
  const auto count = [&](Side side) {
    return read(
        [&](const JournalReader& r) { return r.pinned_subjects(Capability::customers, side); });
  };
  EXPECT_EQ(count(Side::legacy), 2);
  EXPECT_EQ(count(Side::cloud), 2);
}

TEST_P(JournalSuite, TheBacklogCountsWhatStandsBetweenTheSystems) {
  PlanRecord plan;
  plan.capability = Capability::customers;
  write([&](JournalTransaction& tx) { EXPECT_TRUE(tx.publish_plan(plan, 0)); });
  NewIntent before = customer_intent("C1", "k1");
  before.plan_version = 1;
  opened(before);
  write([&](JournalTransaction& tx) { EXPECT_TRUE(tx.publish_plan(plan, 1)); });
  NewIntent after = customer_intent("C2", "k2");
  after.plan_version = 2;
  const std::int64_t unknown = opened(after);
  write([&](JournalTransaction& tx) { tx.mark_unknown(unknown, at(1), "?"); });
  kill_row(add(customer_row("C3"), at(1)));
  add(customer_row("C4"), at(7));
  add(customer_row("C5"), at(6));
  add(customer_row("C6", Side::legacy), at(8));
  NewOutboxRow own_home = customer_row("C7");
  own_home.role = Role::primary;
  add(own_home, at(2));
  add(order_row("1", "C9"), at(2));
  NewOutboxRow elsewhere = customer_row("C8");
  elsewhere.wave = "north";
  add(elsewhere, at(2));
  const Backlog backlog =
      read([](const JournalReader& r) { return r.backlog("default", Capability::customers, 2); });
  EXPECT_EQ(backlog.open_intents, 2);
  EXPECT_EQ(backlog.open_intents_before, 1);
  EXPECT_EQ(backlog.unknown_outcomes, 1);
  EXPECT_EQ(backlog.pending_to_cloud, 2);
  EXPECT_EQ(backlog.pending_to_legacy, 1);
  EXPECT_EQ(backlog.dead_to_cloud, 1);
  EXPECT_EQ(backlog.dead_to_legacy, 0);
  EXPECT_EQ(backlog.oldest_pending, at(6));
}

// ---- exceptions
// ------------------------------------------------------------------------------------

TEST_P(JournalSuite, ADeadLetterOpensAnExceptionThatRefersToItsRow) {
  const std::int64_t row = add(customer_row("C1"));
  const std::int64_t id = kill_row(row);
  const auto exception = read([&](const JournalReader& r) { return r.exception(id); });
  ASSERT_TRUE(exception);
  EXPECT_EQ(exception->kind, "dead_letter");
  EXPECT_EQ(exception->capability, Capability::customers);
  EXPECT_EQ(exception->subject, "C1");
  EXPECT_EQ(exception->side, Side::cloud);
  EXPECT_EQ(exception->outbox_row, row);
  EXPECT_NE(exception->detail.find("refused"), std::string::npos);
  EXPECT_EQ(exception->payload, customer_row("C1").payload);
  EXPECT_EQ(exception->correlation_id, "c-C1");
  EXPECT_EQ(exception->opened_at, at(5));
  EXPECT_EQ(exception->state, "open");
  write([&](JournalTransaction& tx) {
    EXPECT_EQ(tx.dead_letter(row, "again", at(6)), 0) << "it is dead already";
  });
  EXPECT_EQ(read([](const JournalReader& r) { return r.exceptions("open", 10); }).size(), 1U);
}

TEST_P(JournalSuite, AReplayedRowIsPendingAgainAsAnAttemptOfBefore) {
  const std::int64_t row = add(customer_row("C1"));
  const std::int64_t id = kill_row(row);
  write([&](JournalTransaction& tx) {
    EXPECT_TRUE(tx.replay_exception(id, "kim", "customer was created", at(20)));
    EXPECT_FALSE(tx.replay_exception(id, "kim", "twice", at(21)));
    EXPECT_FALSE(tx.discard_exception(id, "kim", "too late", at(21)));
  });
  EXPECT_EQ(due(Side::cloud, at(20)), (std::vector<std::int64_t>{row}));
  EXPECT_EQ(read([&](const JournalReader& r) { return r.outbox_row(row); })->attempts, 1);
  const auto closed = read([&](const JournalReader& r) { return r.exception(id); });
  EXPECT_EQ(closed->state, "replayed");
  EXPECT_EQ(closed->closed_by, "kim");
  EXPECT_EQ(closed->close_reason, "customer was created");
  EXPECT_EQ(closed->closed_at, at(20));
}

TEST_P(JournalSuite, ADiscardedRowIsDroppedCountedAndLetsTheNextOneGo) {
  const std::int64_t row = add(customer_row("C1"));
  const std::int64_t next = add(customer_row("C1"));
  const std::int64_t id = kill_row(row);
  write([&](JournalTransaction& tx) {
    EXPECT_TRUE(tx.discard_exception(id, "kim", "obsolete", at(20)));
  });
  EXPECT_FALSE(read([&](const JournalReader& r) { return r.outbox_row(row); }));
  EXPECT_EQ(due(), (std::vector<std::int64_t>{next}));
  EXPECT_EQ(counted("outbox_discarded"), 1);
  EXPECT_EQ(read([&](const JournalReader& r) { return r.exception(id); })->state, "discarded");
}

TEST_P(JournalSuite, SettlingClosesButNeverHidesADeadRow) {
  const std::int64_t dead_letter = kill_row(add(customer_row("C1")));
  ExceptionRecord differs;
  differs.kind = "totals_differ";
  differs.subject = "web/1";
  std::int64_t other_kind = 0;
  write([&](JournalTransaction& tx) { other_kind = tx.add_exception(differs, at(1)); });
  write([&](JournalTransaction& tx) {
    EXPECT_FALSE(tx.settle_exception(dead_letter, "kim", "looks fine", at(2)));
    EXPECT_FALSE(tx.replay_exception(other_kind, "kim", "nothing to replay", at(2)));
    EXPECT_TRUE(tx.settle_exception(other_kind, "kim", "corrected", at(2)));
    EXPECT_FALSE(tx.settle_exception(4'711, "kim", "unknown", at(2)));
  });
  const auto open = read([](const JournalReader& r) { return r.exceptions("open", 10); });
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].id, dead_letter);
  EXPECT_EQ(read([](const JournalReader& r) { return r.exceptions("settled", 10); }).size(), 1U);
  EXPECT_EQ(read([](const JournalReader& r) { return r.exceptions("", 10); }).size(), 2U);
}

// ---- plan, cursors, facts
// --------------------------------------------------------------------------

TEST_P(JournalSuite, PlansAreVersionedWithoutGapsAndOnlyOnTopOfTheExpectedOne) {
  PlanRecord plan;
  plan.capability = Capability::pricing;
  plan.plan = "first";
  plan.actor = "ada";
  plan.reason = "start";
  plan.at = at(1);
  write([&](JournalTransaction& tx) {
    EXPECT_FALSE(tx.publish_plan(plan, 1));
    EXPECT_TRUE(tx.publish_plan(plan, 0));
    EXPECT_FALSE(tx.publish_plan(plan, 0));
    plan.plan = "second";
    EXPECT_TRUE(tx.publish_plan(plan, 1));
  });
  const auto current =
      read([](const JournalReader& r) { return r.plan("default", Capability::pricing); });
  ASSERT_TRUE(current);
  EXPECT_EQ(current->version, 2);
  EXPECT_EQ(current->plan, "second");
  const auto history =
      read([](const JournalReader& r) { return r.plan_history("default", Capability::pricing); });
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].version, 2);
  EXPECT_EQ(history[1].version, 1);
  EXPECT_EQ(history[1].actor, "ada");
  EXPECT_EQ(history[1].reason, "start");
  EXPECT_EQ(history[1].at, at(1));
  EXPECT_FALSE(read([](const JournalReader& r) { return r.plan("north", Capability::pricing); }));
  EXPECT_FALSE(read([](const JournalReader& r) { return r.plan("default", Capability::orders); }));
}

TEST_P(JournalSuite, CursorsAndFactsAreKeptAndAnEmptyFactIsNone) {
  write([&](JournalTransaction& tx) {
    tx.set_cursor("nav", "orders", "1");
    tx.set_cursor("nav", "orders", "2");
    tx.set_cursor("nav", "customers", "9");
    tx.set_fact("catch_up/orders", "{}");
    tx.set_fact("gone", "{}");
    tx.set_fact("gone", "");
  });
  open();
  const auto& seen = *journal_;
  const Status status = seen.read([](const JournalReader& r) {
    EXPECT_EQ(r.cursor("nav", "orders"), "2");
    EXPECT_EQ(r.cursor("nav", "customers"), "9");
    EXPECT_EQ(r.cursor("bc", "orders"), "");
    EXPECT_EQ(r.fact("catch_up/orders"), "{}");
    EXPECT_EQ(r.fact("gone"), "");
    EXPECT_EQ(r.counter("never_counted"), 0);
  });
  EXPECT_TRUE(status.has_value());
}

TEST_P(JournalSuite, TextIsKeptByteForByte) {
  const std::string text = std::string("quote ' \" \\ nul ") + '\0' + " umlaut \xc3\xa4 end";
  write([&](JournalTransaction& tx) { tx.set_fact("text", text); });
  EXPECT_EQ(read([](const JournalReader& r) { return r.fact("text"); }), text);
}

// ---- transactions
// ----------------------------------------------------------------------------------

TEST_P(JournalSuite, WorkThatReturnsFalseLeavesNothing) {
  const Status taken_back = journal_->write([](JournalTransaction& tx) {
    tx.set_fact("a", "1");
    return false;
  });
  ASSERT_FALSE(taken_back.has_value());
  EXPECT_EQ(taken_back.error().code, ErrorCode::conflict);
  EXPECT_EQ(read([](const JournalReader& r) { return r.fact("a"); }), "");
}

TEST_P(JournalSuite, WorkThatThrowsLeavesNothingAndTheJournalUsable) {
  const Status thrown = journal_->write([](JournalTransaction& tx) -> bool {
    tx.set_fact("a", "1");
    throw std::runtime_error("no luck");
  });
  ASSERT_FALSE(thrown.has_value());
  EXPECT_EQ(thrown.error().code, ErrorCode::internal);
  const Status not_an_exception = journal_->write([](JournalTransaction&) -> bool { throw 7; });
  EXPECT_FALSE(not_an_exception.has_value());
  write([](JournalTransaction& tx) { EXPECT_EQ(tx.fact("a"), ""); });
}

TEST_P(JournalSuite, AReadThatThrowsIsAnErrorAndTheJournalStaysUsable) {
  for (int i = 0; i < 20; ++i) {
    const Status thrown =
        journal_->read([](const JournalReader&) { throw std::runtime_error("no luck"); });
    ASSERT_FALSE(thrown.has_value());
  }
  EXPECT_EQ(read([](const JournalReader& r) { return r.fact("a"); }), "");
}

TEST_P(JournalSuite, ATransactionReadsItsOwnWrites) {
  write([](JournalTransaction& tx) {
    tx.put_document(order_document("1"));
    EXPECT_TRUE(tx.document({ChannelId{"web"}, OrderNumber{"1"}}));
    const std::int64_t row = tx.add_outbox_row(customer_row("C1"), at(0));
    EXPECT_EQ(tx.due_rows(Side::cloud, at(1), 9).at(0).id, row);
  });
}

TEST_P(JournalSuite, AReadSeesOneSnapshotWhileOthersWrite) {
  write([](JournalTransaction& tx) { tx.set_fact("a", "1"); });
  const Status status = journal_->read([&](const JournalReader& reader) {
    EXPECT_EQ(reader.fact("a"), "1");
    write([](JournalTransaction& tx) { tx.set_fact("a", "2"); });
    EXPECT_EQ(reader.fact("a"), "1");
  });
  EXPECT_TRUE(status.has_value());
  EXPECT_EQ(read([](const JournalReader& r) { return r.fact("a"); }), "2");
}

TEST_P(JournalSuite, AWriteInsideAWriteIsRefusedInsteadOfWaitingForItself) {
  write([&](JournalTransaction&) {
    const Status nested = journal_->write([](JournalTransaction&) { return true; });
    ASSERT_FALSE(nested.has_value());
    EXPECT_EQ(nested.error().code, ErrorCode::internal);
  });
}

}  // namespace underpin::facade::journal
