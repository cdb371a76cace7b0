#pragma once

#include "tests/unit/journal/journal_fixture.h"

// Intents, answers and documents. Included once per store, by the file that instantiates the suite.
namespace underpin::facade::journal {

// ---- open_intent: key, name, subject, plan, side, in this order
// ------------------------------------

TEST_P(JournalSuite, AnOpenedIntentIsKeptWithEverythingItWasGiven) {
  NewIntent given = order_intent("1", "k1");
  given.wave = "north";
  given.side = Side::cloud;
  const std::int64_t id = opened(given, at(7));
  const auto kept = read([&](const JournalReader& r) { return r.intent(id); });
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id, id);
  EXPECT_EQ(kept->capability, Capability::orders);
  EXPECT_EQ(kept->wave, "north");
  EXPECT_EQ(kept->subject, "web/1");
  EXPECT_EQ(kept->operation, "place_order");
  EXPECT_EQ(kept->name, "web/1");
  EXPECT_EQ(kept->channel.text(), "web");
  EXPECT_EQ(kept->key.text(), "k1");
  EXPECT_EQ(kept->request_hash, given.request_hash);
  EXPECT_EQ(kept->request, given.request);
  EXPECT_EQ(kept->side, Side::cloud);
  EXPECT_TRUE(kept->birth);
  EXPECT_EQ(kept->give_up_at, at(30));
  EXPECT_EQ(kept->settle_from, at(30));
  EXPECT_EQ(kept->correlation_id, "c-1");
  EXPECT_EQ(kept->state, IntentState::open);
  EXPECT_EQ(kept->opened_at, at(7));
  EXPECT_FALSE(kept->orphaned);
}

TEST_P(JournalSuite, WhatThereIsBeforeAWriteIsSeenAtOnce) {
  const NewIntent intent = order_intent("100042", "key-1");
  const auto before = [&](const IdempotencyKey& key) {
    return read([&](const JournalReader& reader) {
      return reader.before_write(intent.capability, intent.subject, intent.channel, key);
    });
  };
  BeforeWrite seen = before(intent.key);
  EXPECT_FALSE(seen.open || seen.repeat);
  EXPECT_EQ(seen.last, 0);
  const std::int64_t id = opened(intent);
  seen = before(intent.key);
  EXPECT_TRUE(seen.open && seen.repeat);
  EXPECT_EQ(seen.last, id);
  seen = before(IdempotencyKey{"another"});
  EXPECT_TRUE(seen.open);
  EXPECT_FALSE(seen.repeat);
  close(id);
  seen = before(intent.key);
  EXPECT_FALSE(seen.open);
  EXPECT_TRUE(seen.repeat);
  EXPECT_EQ(seen.last, id);
  EXPECT_EQ(seen.closed, "");
  write([](JournalTransaction& tx) { tx.set_fact(closed_fact, "restored"); });
  EXPECT_EQ(before(intent.key).closed, "restored");
}

TEST_P(JournalSuite, AStateIsLookedAtTogetherWithFacts) {
  write([](JournalTransaction& tx) { tx.set_fact("cohort/customers/C1", "a"); });
  const auto look = [&](Capability capability) {
    StateLook seen;
    const Status looked = journal_->look([&](const JournalReader& reader) {
      seen = reader.state(capability, "C1", {"none", "cohort/customers/C1"});
    });
    EXPECT_TRUE(looked) << looked.error().message;
    return seen;
  };
  EXPECT_EQ(look(Capability::customers).pinned, std::nullopt);
  EXPECT_EQ(look(Capability::customers).facts, (std::vector<std::string>{"", "a"}));
  const std::int64_t row = add(customer_row("C1"));
  EXPECT_EQ(look(Capability::customers).pinned, Side::legacy);
  EXPECT_EQ(look(Capability::orders).pinned, std::nullopt);
  EXPECT_EQ(look(Capability::orders).facts, (std::vector<std::string>{"", "a"}));
  write([&](JournalTransaction& tx) { tx.delivered(row); });
  EXPECT_EQ(look(Capability::customers).pinned, std::nullopt);
}

TEST_P(JournalSuite, ARowIsDueWhenItsTimeHasCome) {
  const auto any = [&](Side side, Timestamp now) {
    return read([&](const JournalReader& reader) { return reader.any_due(side, now); });
  };
  EXPECT_FALSE(any(Side::cloud, at(100)));
  NewOutboxRow row = customer_row("C1");
  row.not_before = at(50);
  add(row);
  EXPECT_FALSE(any(Side::cloud, at(49)));
  EXPECT_TRUE(any(Side::cloud, at(50)));
  EXPECT_FALSE(any(Side::legacy, at(50)));
}

TEST_P(JournalSuite, ARepeatOfAClosedKeyGetsTheStoredAnswer) {
  const StoredAnswer answer{201, R"({"total":"10.50"})", "/v1/orders/1", "\"7\""};
  close(opened(order_intent("1", "k1")), answer);
  const OpenOutcome again = try_open(order_intent("1", "k1"));
  ASSERT_TRUE(is<AlreadyAnswered>(again));
  EXPECT_EQ(std::get<AlreadyAnswered>(again).answer, answer);
  EXPECT_EQ(read([](const JournalReader& r) {
              return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k1"});
            }),
            answer);
}

TEST_P(JournalSuite, ARepeatOfAnOpenKeyIsInFlightAndHasNoAnswerYet) {
  const std::int64_t id = opened(order_intent("1", "k1"));
  const OpenOutcome again = try_open(order_intent("1", "k1"));
  ASSERT_TRUE(is<InFlight>(again));
  EXPECT_EQ(std::get<InFlight>(again).intent, id);
  EXPECT_FALSE(read(
      [](const JournalReader& r) { return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k1"}); }));
}

TEST_P(JournalSuite, AKeyWithOtherContentIsRefusedWhetherOpenOrClosed) {
  const std::int64_t id = opened(order_intent("1", "k1"));
  EXPECT_TRUE(is<KeyReused>(try_open(order_intent("2", "k1"))));
  close(id);
  EXPECT_TRUE(is<KeyReused>(try_open(order_intent("2", "k1"))));
}

TEST_P(JournalSuite, AKeyBelongsToItsChannel) {
  opened(order_intent("1", "k1"));
  NewIntent other_channel = order_intent("2", "k1");
  other_channel.channel = ChannelId{"pos"};
  EXPECT_TRUE(is<Opened>(try_open(other_channel)));
}

TEST_P(JournalSuite, ANameWithTheSameContentUnderANewKeyGetsTheFirstAnswer) {
  const StoredAnswer answer{201, R"({"number":"1"})", "/v1/orders/1", ""};
  close(opened(order_intent("1", "k1")), answer);
  const OpenOutcome again = try_open(order_intent("1", "k2"));
  ASSERT_TRUE(is<AlreadyAnswered>(again));
  EXPECT_EQ(std::get<AlreadyAnswered>(again).answer, answer);
}

TEST_P(JournalSuite, ANameIsTakenByOtherContentOrWhileItIsOpen) {
  const std::int64_t id = opened(order_intent("1", "k1"));
  EXPECT_TRUE(is<NameTaken>(try_open(order_intent("1", "k2"))));
  close(id);
  NewIntent changed = order_intent("1", "k2");
  changed.request_hash = "another";
  EXPECT_TRUE(is<NameTaken>(try_open(changed)));
}

TEST_P(JournalSuite, ANameBelongsToItsCapability) {
  close(opened(order_intent("1", "k1")));
  NewIntent customer = customer_intent("C1", "k2");
  customer.name = "web/1";
  EXPECT_TRUE(is<Opened>(try_open(customer)));
}

TEST_P(JournalSuite, ARefusalKeepsItsKeyButFreesItsName) {
  const StoredAnswer refused{422, R"({"title":"credit hold"})", "", ""};
  close(opened(order_intent("1", "k1")), refused);
  const OpenOutcome repeat = try_open(order_intent("1", "k1"));
  ASSERT_TRUE(is<AlreadyAnswered>(repeat));
  EXPECT_EQ(std::get<AlreadyAnswered>(repeat).answer, refused);
  NewIntent corrected = order_intent("1", "k2");
  corrected.request_hash = "corrected";
  EXPECT_TRUE(is<Opened>(try_open(corrected)));
}

TEST_P(JournalSuite, ASubjectHasOneOpenIntentPerCapability) {
  const std::int64_t id = opened(customer_intent("C1", "k1"));
  const OpenOutcome second = try_open(customer_intent("C1", "k2"));
  ASSERT_TRUE(is<SubjectBusy>(second));
  EXPECT_EQ(std::get<SubjectBusy>(second).intent, id);
  NewIntent stock = customer_intent("C1", "k3");
  stock.capability = Capability::inventory;
  EXPECT_TRUE(is<Opened>(try_open(stock)));
  EXPECT_EQ(read([](const JournalReader& r) {
              return r.open_intent_of(Capability::customers, "C1");
            })->id,
            id);
  close(id);
  EXPECT_TRUE(is<Opened>(try_open(customer_intent("C1", "k2"))));
}

TEST_P(JournalSuite, AnUnknownOutcomeKeepsItsSubjectAndItsKey) {
  const std::int64_t id = opened(customer_intent("C1", "k1"));
  write([&](JournalTransaction& tx) { tx.mark_unknown(id, at(9), "no answer"); });
  EXPECT_TRUE(is<SubjectBusy>(try_open(customer_intent("C1", "k2"))));
  EXPECT_TRUE(is<InFlight>(try_open(customer_intent("C1", "k1"))));
  const auto kept = read([&](const JournalReader& r) { return r.intent(id); });
  EXPECT_EQ(kept->state, IntentState::unknown);
  EXPECT_EQ(kept->settle_from, at(9));
  EXPECT_EQ(kept->last_error, "no answer");
}

TEST_P(JournalSuite, AWriteRoutedWithAnOlderPlanIsStale) {
  PlanRecord plan;
  plan.capability = Capability::customers;
  plan.plan = "{}";
  write([&](JournalTransaction& tx) {
    EXPECT_TRUE(tx.publish_plan(plan, 0));
    EXPECT_TRUE(tx.publish_plan(plan, 1));
  });
  NewIntent intent = customer_intent("C1", "k1");
  intent.plan_version = 1;
  const OpenOutcome stale = try_open(intent);
  ASSERT_TRUE(is<StalePlan>(stale));
  EXPECT_EQ(std::get<StalePlan>(stale).version, 2);
  intent.plan_version = 2;
  EXPECT_TRUE(is<Opened>(try_open(intent)));
}

TEST_P(JournalSuite, AWriteThatWasNotRoutedByAPlanIsNotFenced) {
  PlanRecord plan;
  plan.capability = Capability::customers;
  write([&](JournalTransaction& tx) { EXPECT_TRUE(tx.publish_plan(plan, 0)); });
  EXPECT_TRUE(is<Opened>(try_open(customer_intent("C1", "k1"))));
}

TEST_P(JournalSuite, TheFenceIsTheWavesOwn) {
  PlanRecord plan;
  plan.capability = Capability::customers;
  plan.wave = "north";
  write([&](JournalTransaction& tx) { EXPECT_TRUE(tx.publish_plan(plan, 0)); });
  NewIntent intent = customer_intent("C1", "k1");
  intent.plan_version = 1;
  EXPECT_TRUE(is<StalePlan>(try_open(intent)));
  intent.wave = "north";
  EXPECT_TRUE(is<Opened>(try_open(intent)));
}

TEST_P(JournalSuite, AChangeOfADocumentGoesToItsHome) {
  write([&](JournalTransaction& tx) { tx.put_document(order_document("1", Side::cloud)); });
  NewIntent change = order_intent("1", "k1");
  change.birth = false;
  change.name.clear();
  const OpenOutcome wrong = try_open(change);
  ASSERT_TRUE(is<WrongSide>(wrong));
  EXPECT_EQ(std::get<WrongSide>(wrong).side, Side::cloud);
  change.side = Side::cloud;
  EXPECT_TRUE(is<Opened>(try_open(change)));
}

TEST_P(JournalSuite, ADocumentOlderThanTheFacadeGoesToItsHomeToo) {
  DocumentRecord old = order_document("SO/77", Side::legacy);
  old.id = {ChannelId{}, OrderNumber{"SO/77"}};
  write([&](JournalTransaction& tx) { tx.put_document(old); });
  NewIntent change = order_intent("x", "k1");
  change.birth = false;
  change.name.clear();
  change.subject = "/SO/77";
  change.side = Side::cloud;
  EXPECT_TRUE(is<WrongSide>(try_open(change)));
}

TEST_P(JournalSuite, AStateWithAnUndeliveredMirrorStaysOnItsSide) {
  const std::int64_t row = add(customer_row("C1", Side::cloud));
  NewIntent intent = customer_intent("C1", "k1");
  intent.side = Side::cloud;
  const OpenOutcome wrong = try_open(intent);
  ASSERT_TRUE(is<WrongSide>(wrong));
  EXPECT_EQ(std::get<WrongSide>(wrong).side, Side::legacy);
  write([&](JournalTransaction& tx) { tx.delivered(row); });
  EXPECT_TRUE(is<Opened>(try_open(intent)));
}

TEST_P(JournalSuite, TheChecksComeInOrderKeyNameSubjectPlanSide) {
  PlanRecord plan;
  plan.capability = Capability::customers;
  write([&](JournalTransaction& tx) { EXPECT_TRUE(tx.publish_plan(plan, 0)); });
  add(customer_row("C1", Side::cloud));
  NewIntent first = customer_intent("C1", "k1");
  first.name = "n1";
  const std::int64_t id = opened(first);

  NewIntent all_wrong = customer_intent("C1", "k1");  // Wrong in every respect.
  all_wrong.name = "n1";
  all_wrong.request_hash = "another";
  all_wrong.plan_version = 9;
  all_wrong.side = Side::cloud;
  EXPECT_TRUE(is<KeyReused>(try_open(all_wrong)));
  all_wrong.key = IdempotencyKey{"k2"};
  EXPECT_TRUE(is<NameTaken>(try_open(all_wrong)));
  all_wrong.name = "n2";
  EXPECT_TRUE(is<SubjectBusy>(try_open(all_wrong)));
  close(id);
  EXPECT_TRUE(is<StalePlan>(try_open(all_wrong)));
  all_wrong.plan_version = 1;
  EXPECT_TRUE(is<WrongSide>(try_open(all_wrong)));
  all_wrong.side = Side::legacy;
  EXPECT_TRUE(is<Opened>(try_open(all_wrong)));
}

// ---- the life of an intent
// -------------------------------------------------------------------------

TEST_P(JournalSuite, ReleasingFreesKeyNameAndSubject) {
  const std::int64_t id = opened(order_intent("1", "k1"));
  bool released = false;
  write([&](JournalTransaction& tx) { released = tx.release_intent(id); });
  EXPECT_TRUE(released);
  NewIntent other_content = order_intent("1", "k1");
  other_content.request_hash = "another";
  const std::int64_t second = opened(other_content);
  EXPECT_NE(second, id) << "an id is never used twice";
}

TEST_P(JournalSuite, WhatIsClosedOrReleasedIsNotClosedOrReleasedAgain) {
  const std::int64_t first = opened(order_intent("1", "k1"));
  const std::int64_t second = opened(order_intent("2", "k2"));
  close(first, {201, "first", "", ""});
  write([&](JournalTransaction& tx) {
    EXPECT_FALSE(tx.close_intent(first, {201, "second", "", ""}, at(2)));
    EXPECT_FALSE(tx.release_intent(first));
    EXPECT_TRUE(tx.release_intent(second));
    EXPECT_FALSE(tx.close_intent(second, {201, "", "", ""}, at(2)));
    EXPECT_FALSE(tx.release_intent(second));
    EXPECT_FALSE(tx.close_intent(999, {201, "", "", ""}, at(2)));
  });
  EXPECT_EQ(read([](const JournalReader& r) {
              return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k1"});
            })->body,
            "first");
  EXPECT_EQ(counted("intents_closed"), 1);
}

TEST_P(JournalSuite, EveryFurtherHandOverIsCountedAndMovesTheSendersDeadline) {
  const std::int64_t id = opened(order_intent("1", "k1"));
  EXPECT_EQ(read([&](const JournalReader& r) { return r.intent(id)->attempts; }), 1);
  write([&](JournalTransaction& tx) { tx.count_attempt(id, at(90)); });
  const auto intent = read([&](const JournalReader& r) { return r.intent(id); });
  EXPECT_EQ(intent->attempts, 2);
  EXPECT_EQ(intent->give_up_at, at(90));
  EXPECT_EQ(intent->settle_from, at(90));
  EXPECT_EQ(intent->state, IntentState::open);
}

TEST_P(JournalSuite, OpenIntentsComeOldestFirstAndWithoutClosedOnes) {
  const std::int64_t first = opened(order_intent("1", "k1"));
  const std::int64_t second = opened(order_intent("2", "k2"));
  const std::int64_t third = opened(order_intent("3", "k3"));
  close(second);
  const auto open = read([](const JournalReader& r) { return r.open_intents(10); });
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].id, first);
  EXPECT_EQ(open[1].id, third);
  EXPECT_EQ(read([](const JournalReader& r) { return r.open_intents(1); }).size(), 1U);
  EXPECT_FALSE(read([&](const JournalReader& r) { return r.intent(second); }));
}

TEST_P(JournalSuite, ForgettingTakesOldAnswersOnlyAndNeverAnOpenIntent) {
  const std::int64_t old_open = opened(order_intent("1", "k1"), at(0));
  close(opened(order_intent("2", "k2"), at(0)), {201, "", "", ""}, at(10));
  close(opened(order_intent("3", "k3"), at(0)), {201, "", "", ""}, at(20));
  std::int64_t forgotten = 0;
  write([&](JournalTransaction& tx) { forgotten = tx.forget_answers(at(20)); });
  EXPECT_EQ(forgotten, 1);
  EXPECT_TRUE(read([&](const JournalReader& r) { return r.intent(old_open); }));
  EXPECT_FALSE(read(
      [](const JournalReader& r) { return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k2"}); }));
  EXPECT_TRUE(read(
      [](const JournalReader& r) { return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k3"}); }));
  EXPECT_TRUE(is<Opened>(try_open(order_intent("2", "k2")))) << "key and name are free again";
}

// Who opens an embedded store knows that its last owner is gone; on a shared one the owner may
// live.
TEST_P(JournalSuite, AReopenedStoreOrphansWhatWasOpenAndKeepsTheRest) {
  const std::int64_t id = opened(order_intent("1", "k1"));
  close(opened(order_intent("2", "k2")), {201, "kept", "", ""});
  open();
  const auto orphan = read([&](const JournalReader& r) { return r.intent(id); });
  ASSERT_TRUE(orphan);
  EXPECT_EQ(orphan->orphaned, !journal_->shared());
  EXPECT_TRUE(is<InFlight>(try_open(order_intent("1", "k1"))));
  EXPECT_EQ(read([](const JournalReader& r) {
              return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k2"});
            })->body,
            "kept");
  write([&](JournalTransaction& tx) { tx.count_attempt(id, at(60)); });
  EXPECT_FALSE(read([&](const JournalReader& r) { return r.intent(id); })->orphaned)
      << "this process sends it now";
}

// ---- documents
// -------------------------------------------------------------------------------------

TEST_P(JournalSuite, ADocumentComesBackAsItWasPut) {
  DocumentRecord given = order_document("1", Side::cloud);
  given.wave = "north";
  given.status = OrderStatus::partially_shipped;
  given.legacy_document = DocumentNumber{"SO-1"};
  given.cloud_document = DocumentNumber{"S-ORD1"};
  given.mirrored = true;
  given.holds = {"totals_differ", "address"};
  write([&](JournalTransaction& tx) { tx.put_document(given); });
  const auto kept = read([&](const JournalReader& r) { return r.document(given.id); });
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id, given.id);
  EXPECT_EQ(kept->wave, "north");
  EXPECT_EQ(kept->home, Side::cloud);
  EXPECT_EQ(kept->plan_version, 3);
  EXPECT_EQ(kept->bucket, 4'242U);
  EXPECT_EQ(kept->customer.text(), "C10000");
  EXPECT_EQ(kept->status, OrderStatus::partially_shipped);
  EXPECT_EQ(kept->document(Side::legacy).text(), "SO-1");
  EXPECT_EQ(kept->document(Side::cloud).text(), "S-ORD1");
  EXPECT_TRUE(kept->mirrored);
  EXPECT_FALSE(kept->closed);
  EXPECT_EQ(kept->holds, given.holds);
  EXPECT_EQ(kept->order_date, given.order_date);
  EXPECT_EQ(kept->currency, "EUR");
  EXPECT_EQ(kept->grand_total.text(), "12345678901234567.890");
  EXPECT_EQ(kept->content, given.content);
  EXPECT_EQ(kept->created_at, at(1));
  EXPECT_EQ(kept->updated_at, at(2));
  EXPECT_GT(kept->change, 0);
}

TEST_P(JournalSuite, EveryPutTakesANewPlaceInTheChangeIndex) {
  write([&](JournalTransaction& tx) {
    tx.put_document(order_document("1"));
    tx.put_document(order_document("2"));
    tx.put_document(order_document("1"));
  });
  open();
  write([&](JournalTransaction& tx) { tx.put_document(order_document("3")); });
  const auto all = read([](const JournalReader& r) { return r.documents({}); });
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].id.number.text(), "2");
  EXPECT_EQ(all[1].id.number.text(), "1");
  EXPECT_EQ(all[2].id.number.text(), "3");
  EXPECT_LT(all[0].change, all[1].change);
  EXPECT_LT(all[1].change, all[2].change);
}

TEST_P(JournalSuite, AStatusThatAChannelHasSeenNeverRegresses) {
  DocumentRecord document = order_document("1");
  document.status = OrderStatus::invoiced;
  document.closed = true;
  write([&](JournalTransaction& tx) { tx.put_document(document); });
  document.status = OrderStatus::open;
  document.closed = false;
  document.cloud_document = DocumentNumber{"S-ORD9"};
  write([&](JournalTransaction& tx) { tx.put_document(document); });
  const auto kept = read([&](const JournalReader& r) { return r.document(document.id); });
  EXPECT_EQ(kept->status, OrderStatus::invoiced);
  EXPECT_TRUE(kept->closed);
  EXPECT_EQ(kept->cloud_document.text(), "S-ORD9") << "the rest of the record is taken";
  EXPECT_EQ(counted("status_regressions_refused"), 1);
}

TEST_P(JournalSuite, EveryNumberADocumentEverHadFindsIt) {
  DocumentRecord document = order_document("1");
  document.legacy_document = DocumentNumber{"SO-1"};
  write([&](JournalTransaction& tx) { tx.put_document(document); });
  document.legacy_document = DocumentNumber{"SO-1-NEW"};
  document.cloud_document = DocumentNumber{"S-ORD1"};
  write([&](JournalTransaction& tx) {
    tx.put_document(document);
    tx.add_alias(document.id, "IMPORT-1");
    tx.add_alias(document.id, "IMPORT-1");
  });
  for (const char* number : {"SO-1", "SO-1-NEW", "S-ORD1", "IMPORT-1"}) {
    const auto found = read([&](const JournalReader& r) { return r.documents_named(number); });
    ASSERT_EQ(found.size(), 1U) << number;
    EXPECT_EQ(found[0].id, document.id);
  }
  EXPECT_TRUE(read([](const JournalReader& r) { return r.documents_named("SO-2"); }).empty());
}

TEST_P(JournalSuite, OneNumberInSeveralSystemsFindsAllItsDocuments) {
  DocumentRecord in_legacy = order_document("1");
  in_legacy.legacy_document = DocumentNumber{"1001"};
  DocumentRecord in_cloud = order_document("2", Side::cloud);
  in_cloud.cloud_document = DocumentNumber{"1001"};
  DocumentRecord old = order_document("1001");
  old.id.channel = ChannelId{};
  write([&](JournalTransaction& tx) {
    tx.put_document(in_legacy);
    tx.put_document(in_cloud);
    tx.put_document(old);
  });
  EXPECT_EQ(read([](const JournalReader& r) { return r.documents_named("1001"); }).size(), 3U);
}

TEST_P(JournalSuite, DocumentsAreListedByEachCondition) {
  write([&](JournalTransaction& tx) {
    tx.put_document(order_document("1"));
    DocumentRecord other_channel = order_document("2", Side::cloud);
    other_channel.id.channel = ChannelId{"pos"};
    other_channel.customer = CustomerNumber{"C2"};
    other_channel.updated_at = at(50);
    tx.put_document(other_channel);
    DocumentRecord old = order_document("SO-3");
    old.id.channel = ChannelId{};
    old.closed = true;
    old.status = OrderStatus::invoiced;
    old.updated_at = at(60);
    tx.put_document(old);
  });
  const auto listed = [&](const std::function<void(DocumentQuery&)>& ask) {
    DocumentQuery query;
    ask(query);
    std::string numbers;
    for (const DocumentRecord& d : read([&](const JournalReader& r) { return r.documents(query); }))
      numbers += d.id.number.text() + " ";
    return numbers;
  };
  EXPECT_EQ(listed([](DocumentQuery&) {}), "1 2 SO-3 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.channel = ChannelId{"web"}; }), "1 SO-3 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.customer = CustomerNumber{"C2"}; }), "2 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.updated_since = at(50); }), "2 SO-3 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.closed = true; }), "SO-3 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.closed = false; }), "1 2 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.home = Side::cloud; }), "2 ");
  EXPECT_EQ(listed([](DocumentQuery& q) { q.limit = 2; }), "1 2 ");
  EXPECT_EQ(listed([](DocumentQuery& q) {
              q.channel = ChannelId{"pos"};
              q.customer = CustomerNumber{"C10000"};
              q.updated_since = at(55);
              q.closed = true;
              q.home = Side::legacy;
            }),
            "SO-3 ");
}

TEST_P(JournalSuite, PagesOfAListFollowEachOtherWithoutGapOrRepeat) {
  write([&](JournalTransaction& tx) {
    for (int i = 0; i < 25; ++i) {
      DocumentRecord document = order_document(std::to_string(i));
      document.updated_at = at(100 - i);  // Not the order of change.
      tx.put_document(document);
    }
  });
  DocumentQuery query;
  query.updated_since = at(80);
  query.limit = 7;
  std::vector<std::string> seen;
  while (true) {
    const auto page = read([&](const JournalReader& r) { return r.documents(query); });
    if (page.empty()) break;
    for (const DocumentRecord& document : page) seen.push_back(document.id.number.text());
    query.after_change = page.back().change;
    ASSERT_LE(seen.size(), 21U);
  }
  ASSERT_EQ(seen.size(), 21U);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], std::to_string(i));
}

TEST_P(JournalSuite, OpenDocumentsAreCountedPerHome) {
  write([&](JournalTransaction& tx) {
    tx.put_document(order_document("1"));
    DocumentRecord mirrored = order_document("2");
    mirrored.mirrored = true;
    tx.put_document(mirrored);
    tx.put_document(order_document("3", Side::cloud));
    DocumentRecord closed = order_document("4", Side::cloud);
    closed.closed = true;
    tx.put_document(closed);
    DocumentRecord elsewhere = order_document("5");
    elsewhere.wave = "north";
    tx.put_document(elsewhere);
  });
  const auto counts = read([](const JournalReader& r) { return r.document_counts("default"); });
  EXPECT_EQ(counts.open_in_legacy, 2);
  EXPECT_EQ(counts.open_in_cloud, 1);
  EXPECT_EQ(counts.unmirrored_open_in_legacy, 1);
  EXPECT_EQ(counts.unmirrored_open_in_cloud, 1);
  EXPECT_EQ(read([](const JournalReader& r) {
              return r.pinned_subjects(Capability::orders, Side::legacy);
            }),
            3);
}

}  // namespace underpin::facade::journal
