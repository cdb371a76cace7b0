#include "facade/journal/backup.h"
#include "tests/support/postgres.h"
#include "tests/unit/journal/journal_fixture.h"

#include <chrono>
#include <thread>

namespace underpin::facade::journal {
namespace {

using test_support::own_schema;

std::unique_ptr<Journal> opened(const PostgresSettings& settings) {
  auto journal = open_postgres_journal(settings);
  EXPECT_TRUE(journal.has_value()) << journal.error().message;
  return journal ? std::move(journal).value() : nullptr;
}

Status set_fact(Journal& journal, const std::string& name, const std::string& value) {
  return journal.write([&](JournalTransaction& tx) {
    tx.set_fact(name, value);
    return true;
  });
}

std::string fact(const Journal& journal, const std::string& name) {
  std::string value;
  const Status read = journal.read([&](const JournalReader& r) { value = r.fact(name); });
  EXPECT_TRUE(read.has_value()) << read.error().message;
  return value;
}

Result<Restored> put_back(const StoreSettings& store, const std::string& file) {
  return restore(store, file, at(100), [](JournalTransaction& tx, const Restored&) {
    tx.set_fact(closed_fact, "restored");
  });
}

Status live_for(Journal& journal, std::int64_t ms) {
  return journal.write([&](JournalTransaction& tx) {
    tx.renew_replica({}, tx.clock().plus_ms(ms));
    return true;
  });
}

TEST(PostgresBackup, AProcessOfTheOlderEpochNeitherReadsNorWrites) {
  const OwnFolder folder;
  const PostgresSettings settings = own_schema();
  const auto hung = opened(settings);
  ASSERT_TRUE(set_fact(*hung, "a", "1").has_value());
  EXPECT_EQ(fact(*hung, "a"), "1");
  ASSERT_TRUE(back_up(settings, folder.file("b"), at(50)).has_value());
  const auto restored = put_back(settings, folder.file("b"));
  ASSERT_TRUE(restored.has_value()) << restored.error().message;

  const Status wrote = set_fact(*hung, "a", "2");
  ASSERT_FALSE(wrote.has_value());
  EXPECT_EQ(wrote.error().code, ErrorCode::unavailable);
  EXPECT_NE(wrote.error().message.find("was restored"), std::string::npos) << wrote.error().message;
  const Status looked = hung->read([](const JournalReader& reader) {
    (void)reader.fact("a");
    ADD_FAILURE() << "it was read";
  });
  ASSERT_FALSE(looked.has_value());
  EXPECT_EQ(looked.error().code, ErrorCode::unavailable);
  const Status once = hung->look([](const JournalReader& reader) {
    (void)reader.fact("a");
    ADD_FAILURE() << "it was read";
  });
  ASSERT_FALSE(once.has_value());
  EXPECT_EQ(once.error().code, ErrorCode::unavailable);

  const auto fresh = opened(settings);
  EXPECT_EQ(fresh->epoch(), 2);
  EXPECT_EQ(fact(*fresh, "a"), "1");
  EXPECT_TRUE(set_fact(*fresh, "a", "3").has_value());
  EXPECT_FALSE(set_fact(*hung, "a", "4").has_value());
}

TEST(PostgresBackup, IsNotRestoredWhileAReplicaLives) {
  const OwnFolder folder;
  const PostgresSettings settings = own_schema();
  const auto serving = opened(settings);
  ASSERT_TRUE(set_fact(*serving, "a", "1").has_value());
  ASSERT_TRUE(back_up(settings, folder.file("b"), at(50)).has_value());
  ASSERT_TRUE(live_for(*serving, 60'000).has_value());
  const auto refused = put_back(settings, folder.file("b"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("/" + std::to_string(::getpid())), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(set_fact(*serving, "a", "2").has_value());

  // One that is gone is waited for until its lease has run out, and no longer.
  ASSERT_TRUE(live_for(*serving, 0).has_value());
  EXPECT_TRUE(put_back(settings, folder.file("b")).has_value());
}

TEST(PostgresBackup, WhatTheSchemaHeldIsKeptUnderAnotherName) {
  const OwnFolder folder;
  PostgresSettings settings = own_schema();
  ASSERT_TRUE(set_fact(*opened(settings), "a", "1").has_value());
  ASSERT_TRUE(back_up(settings, folder.file("b"), at(50)).has_value());
  ASSERT_TRUE(set_fact(*opened(settings), "a", "2").has_value());
  const auto restored = put_back(settings, folder.file("b"));
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(fact(*opened(settings), "a"), "1");
  settings.schema = restored->kept;
  EXPECT_EQ(fact(*opened(settings), "a"), "2");
}

TEST(PostgresBackup, OfEitherStoreIsRestoredIntoTheOther) {
  const OwnFolder folder;
  JournalSettings embedded;
  embedded.file = folder.file("journal.db");
  const PostgresSettings shared = own_schema();
  const std::string odd("\xff\0 odd", 6);
  {
    const auto journal = std::move(open_sqlite_journal(embedded)).value();
    ASSERT_TRUE(set_fact(*journal, "odd", odd).has_value());
    ASSERT_TRUE(journal
                    ->write([](JournalTransaction& tx) {
                      tx.put_document(order_document("1"));
                      return true;
                    })
                    .has_value());
  }
  ASSERT_TRUE(back_up(embedded, folder.file("b"), at(50)).has_value());
  const auto there = put_back(shared, folder.file("b"));
  ASSERT_TRUE(there.has_value()) << there.error().message;
  EXPECT_EQ(there->kept, "");
  EXPECT_EQ(fact(*opened(shared), "odd"), odd);

  ASSERT_TRUE(back_up(shared, folder.file("c"), at(60)).has_value());
  const auto back = put_back(embedded, folder.file("c"));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->epoch, 3);
  const auto journal = std::move(open_sqlite_journal(embedded)).value();
  EXPECT_EQ(fact(*journal, "odd"), odd);
  const Status read = journal->read(
      [](const JournalReader& reader) { EXPECT_TRUE(reader.document(order_document("1").id)); });
  EXPECT_TRUE(read.has_value());
}

TEST(PostgresBackup, IsOneMomentHoweverMuchIsWrittenMeanwhile) {
  const OwnFolder folder;
  const PostgresSettings settings = own_schema();
  const auto journal = opened(settings);
  std::atomic<bool> done{false};
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 1; !done; ++i) {
      const Status kept = journal->write([&](JournalTransaction& tx) {
        tx.set_cursor("nav", "orders", std::to_string(i));
        tx.set_fact("same", std::to_string(i));
        tx.add_outbox_row(customer_row("C" + std::to_string(i)), at(1));
        return true;
      });
      EXPECT_TRUE(kept.has_value());
      written = i;
      written.notify_one();
    }
  });
  written.wait(0);
  for (int round = 0; round < 5; ++round) {
    const auto info = back_up(settings, folder.file("b"), at(50));
    EXPECT_TRUE(info.has_value()) << info.error().message;
  }
  done = true;
  writer.join();
  PostgresSettings other = own_schema();
  ASSERT_TRUE(put_back(other, folder.file("b")).has_value());
  const Status read = opened(other)->read([](const JournalReader& reader) {
    EXPECT_EQ(reader.cursor("nav", "orders"), reader.fact("same"));
    EXPECT_EQ(std::to_string(reader.outbox(0, 1'000'000).size()), reader.fact("same"));
  });
  EXPECT_TRUE(read.has_value());
}

}  // namespace
}  // namespace underpin::facade::journal
