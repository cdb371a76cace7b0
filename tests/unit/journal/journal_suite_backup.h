#pragma once

#include "facade/journal/backup.h"
#include "tests/unit/journal/journal_fixture.h"

#include <fstream>
#include <iterator>
#include <limits>

namespace underpin::facade::journal {

// How to name the store that a test's `Store` opens, and one that is empty.
struct BackupStore {
  Store store;
  std::function<StoreSettings(const std::string& place)> settings;
};

inline void PrintTo(const BackupStore& store, std::ostream* out) { *out << store.store.name; }

inline std::string bytes_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline void put_bytes(const std::string& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class JournalBackup : public ::testing::TestWithParam<BackupStore> {
 protected:
  StoreSettings settings(const std::string& name = "journal") {
    return GetParam().settings(folder_.file(name));
  }
  std::unique_ptr<Journal> open(const std::string& name = "journal") {
    auto opened = GetParam().store.open(folder_.file(name));
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return opened ? std::move(opened).value() : nullptr;
  }
  std::string file() const { return folder_.file("backup"); }

  static void write(Journal& journal, const std::function<void(JournalTransaction&)>& work) {
    const Status written = journal.write([&](JournalTransaction& tx) {
      work(tx);
      return true;
    });
    ASSERT_TRUE(written.has_value()) << written.error().message;
  }
  template <class Read>
  static auto read(const Journal& journal, Read&& what) {
    decltype(what(std::declval<const JournalReader&>())) result{};
    const Status status = journal.read([&](const JournalReader& reader) { result = what(reader); });
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return result;
  }

  // One of everything a journal keeps.
  static void fill(Journal& journal) {
    write(journal, [](JournalTransaction& tx) {
      const auto closed = std::get<Opened>(tx.open_intent(order_intent("1", "k1"), at(0))).id;
      tx.close_intent(closed, {201, R"({"number":"1"})", "/v1/orders/1", "\"t\""}, at(1));
      tx.open_intent(customer_intent("C2", "k2"), at(2));
      tx.put_document(order_document("1"));
      tx.add_alias(order_document("1").id, "OLD-1");
      tx.add_outbox_row(customer_row("C1"), at(3));
      NewOutboxRow dead = customer_row("C3");
      dead.payload = std::string("bytes \xff\x00\x1a of an ERP", 20);
      tx.dead_letter(tx.add_outbox_row(dead, at(3)), "refused", at(4));
      PlanRecord plan;
      plan.plan = R"({"stage":"dual_write"})";
      plan.actor = "ada";
      tx.publish_plan(plan, 0);
      tx.append_audit({1, std::string(64, '0'), std::string(64, 'a'), R"({"seq":1})"});
      tx.set_cursor("nav", "orders", "4711");
      tx.set_fact("catch_up/orders/cloud", R"({"state":"done"})");
    });
  }

  Result<Restored> put_back(const std::string& name = "journal") {
    return restore(settings(name), file(), at(100), [](JournalTransaction& tx, const Restored&) {
      tx.set_fact(closed_fact, "restored");
    });
  }

  OwnFolder folder_;
};

TEST_P(JournalBackup, TakenWhileTheJournalIsOpenIsRestoredWithEverything) {
  {
    const auto journal = open();
    fill(*journal);
    const auto info = back_up(settings(), file(), at(50));
    ASSERT_TRUE(info.has_value()) << info.error().message;
    EXPECT_EQ(info->epoch, 1);
    EXPECT_EQ(info->taken_at, at(50));
    EXPECT_EQ(info->plans, (std::map<std::string, std::int64_t>{{"default/orders", 1}}));
    EXPECT_EQ(info->audit_seq, 1);
    EXPECT_EQ(info->audit_head, std::string(64, 'a'));
    // Not in the backup: as if it had never been.
    write(*journal, [](JournalTransaction& tx) { tx.set_fact("later", "yes"); });
  }
  const auto restored = put_back();
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(restored->epoch, 2);
  EXPECT_FALSE(restored->kept.empty());

  const auto journal = open();
  EXPECT_EQ(journal->epoch(), 2);
  const auto fact = [&](const std::string& name) {
    return read(*journal, [&](const JournalReader& r) { return r.fact(name); });
  };
  EXPECT_EQ(fact("later"), "");
  EXPECT_EQ(fact("catch_up/orders/cloud"), R"({"state":"done"})");
  EXPECT_EQ(fact(closed_fact), "restored");
  EXPECT_EQ(read(*journal,
                 [](const JournalReader& r) {
                   return r.answer_for(ChannelId{"web"}, IdempotencyKey{"k1"});
                 }),
            (StoredAnswer{201, R"({"number":"1"})", "/v1/orders/1", "\"t\""}));
  const auto intent = read(*journal, [](const JournalReader& r) {
    return r.open_intent_of(Capability::customers, "C2");
  });
  ASSERT_TRUE(intent);
  EXPECT_EQ(intent->key.text(), "k2");
  const auto document =
      read(*journal, [](const JournalReader& r) { return r.document(order_document("1").id); });
  ASSERT_TRUE(document);
  EXPECT_EQ(document->grand_total.text(), "12345678901234567.890");
  EXPECT_EQ(
      read(*journal, [](const JournalReader& r) { return r.documents_named("OLD-1"); }).size(), 1U);
  const auto rows = read(*journal, [](const JournalReader& r) { return r.outbox(0, 10); });
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].state, OutboxState::pending);
  EXPECT_EQ(rows[1].state, OutboxState::dead);
  EXPECT_EQ(rows[1].payload, std::string("bytes \xff\x00\x1a of an ERP", 20));
  const auto exceptions =
      read(*journal, [](const JournalReader& r) { return r.exceptions("open", 10); });
  ASSERT_EQ(exceptions.size(), 1U);
  EXPECT_EQ(exceptions[0].outbox_row, rows[1].id);
  EXPECT_EQ(
      read(*journal, [](const JournalReader& r) { return r.plan("default", Capability::orders); })
          ->plan,
      R"({"stage":"dual_write"})");
  EXPECT_EQ(read(*journal, [](const JournalReader& r) { return r.audit(0, 10); }).size(), 1U);
  EXPECT_EQ(read(*journal, [](const JournalReader& r) { return r.cursor("nav", "orders"); }),
            "4711");
}

TEST_P(JournalBackup, WhatIsGivenOutAfterARestoreIsAboveWhatWasGivenOutAfterTheBackup) {
  std::int64_t row_before = 0;
  std::int64_t change_before = 0;
  {
    const auto journal = open();
    fill(*journal);
    ASSERT_TRUE(back_up(settings(), file(), at(50)).has_value());
    write(*journal, [&](JournalTransaction& tx) {
      for (int i = 0; i < 50; ++i) row_before = tx.add_outbox_row(customer_row("C9"), at(60));
      for (int i = 0; i < 50; ++i) tx.put_document(order_document("1"));
    });
    change_before = read(*journal, [](const JournalReader& r) {
      return r.document(order_document("1").id)->change;
    });
  }
  ASSERT_TRUE(put_back().has_value());
  const auto journal = open();
  write(*journal, [&](JournalTransaction& tx) {
    EXPECT_GT(tx.add_outbox_row(customer_row("C9"), at(60)), row_before);
    EXPECT_GT(tx.add_exception({}, at(60)), row_before);
    tx.put_document(order_document("1"));
    // A channel's cursor into the list of changes, taken before the loss, misses nothing.
    EXPECT_GT(tx.document(order_document("1").id)->change, change_before);
  });
}

TEST_P(JournalBackup, EveryRestoreRaisesTheEpoch) {
  { fill(*open()); }
  ASSERT_TRUE(back_up(settings(), file(), at(50)).has_value());
  EXPECT_EQ(put_back()->epoch, 2);
  EXPECT_EQ(put_back()->epoch, 3);
  ASSERT_TRUE(back_up(settings(), file(), at(60)).has_value());
  EXPECT_EQ(read_backup(file())->epoch, 3);
  EXPECT_EQ(put_back("another")->epoch, 4);  // Nothing is there: the backup's own is what counts.
}

TEST_P(JournalBackup, ClosedWritesAreRefusedAndAnswersRemain) {
  { fill(*open()); }
  ASSERT_TRUE(back_up(settings(), file(), at(50)).has_value());
  ASSERT_TRUE(put_back().has_value());
  const auto journal = open();
  write(*journal, [](JournalTransaction& tx) {
    EXPECT_TRUE(is<AlreadyAnswered>(tx.open_intent(order_intent("1", "k1"), at(110))));
    EXPECT_TRUE(is<KeyReused>(tx.open_intent(order_intent("9", "k1"), at(110))));
    const OpenOutcome refused = tx.open_intent(order_intent("9", "k9"), at(110));
    ASSERT_TRUE(is<Closed>(refused));
    EXPECT_EQ(std::get<Closed>(refused).reason, "restored");
    tx.set_fact(closed_fact, "");
    EXPECT_TRUE(is<Opened>(tx.open_intent(order_intent("9", "k9"), at(120))));
  });
}

TEST_P(JournalBackup, AFileThatIsNotWholeIsRefusedAndTheStoreStays) {
  { fill(*open()); }
  ASSERT_TRUE(back_up(settings(), file(), at(50)).has_value());
  const std::string whole = bytes_of(file());
  const auto refused = [&](const std::string& bytes) {
    put_bytes(file(), bytes);
    const auto restored = put_back();
    EXPECT_FALSE(restored.has_value());
    return restored ? ErrorCode::internal : restored.error().code;
  };
  EXPECT_EQ(refused(whole.substr(0, whole.size() / 2)), ErrorCode::rejected);
  EXPECT_EQ(refused(whole.substr(0, whole.size() - 1)), ErrorCode::rejected);
  std::string changed = whole;
  changed.replace(changed.find("C10000"), 6, "C10001");
  EXPECT_EQ(refused(changed), ErrorCode::rejected);
  changed = whole;
  changed.replace(changed.find("\"epoch\":1"), 9, "\"epoch\":7");
  EXPECT_EQ(refused(changed), ErrorCode::rejected);
  EXPECT_EQ(refused(whole + "[1]\n"), ErrorCode::rejected);
  EXPECT_EQ(refused("{}\n"), ErrorCode::invalid_request);
  EXPECT_EQ(refused(""), ErrorCode::invalid_request);
  EXPECT_EQ(open()->epoch(), 1);
}

TEST_P(JournalBackup, AStoreThatIsNotThereIsNoBackup) {
  const auto info = back_up(settings("nowhere"), file(), at(50));
  ASSERT_FALSE(info.has_value());
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("nowhere")));
}

TEST_P(JournalBackup, WhatFinishesARestoreIsKeptWithItOrNothingIs) {
  { fill(*open()); }
  ASSERT_TRUE(back_up(settings(), file(), at(50)).has_value());
  const auto restored =
      restore(settings(), file(), at(100), [](JournalTransaction& tx, const Restored&) {
        tx.set_fact(closed_fact, "restored");
        throw std::runtime_error("the audit log cannot be written");
      });
  ASSERT_FALSE(restored.has_value());
  const auto journal = open();
  EXPECT_EQ(journal->epoch(), 1);
  EXPECT_EQ(read(*journal, [](const JournalReader& r) { return r.fact(closed_fact); }), "");
}

}  // namespace underpin::facade::journal
