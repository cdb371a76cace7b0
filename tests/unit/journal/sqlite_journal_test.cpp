#include "tests/unit/journal/journal_fixture.h"
#include "tests/unit/journal/kill_run.h"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>

namespace underpin::facade::journal {
namespace {

JournalSettings in(const OwnFolder& folder) {
  JournalSettings settings;
  settings.file = folder.file("journal");
  return settings;
}

std::unique_ptr<Journal> opened(const JournalSettings& settings) {
  auto journal = open_sqlite_journal(settings);
  EXPECT_TRUE(journal.has_value()) << journal.error().message;
  return journal ? std::move(journal).value() : nullptr;
}

void execute(const std::string& file, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

// A latch whose wait is bounded, so that a broken test fails instead of hanging.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, std::chrono::seconds(30), [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

TEST(SqliteJournal, RefusesASchemaNewerThanItself) {
  const OwnFolder folder;
  opened(in(folder)).reset();
  execute(in(folder).file, "PRAGMA user_version = 99");
  const auto refused = open_sqlite_journal(in(folder));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("schema version 99"), std::string::npos)
      << refused.error().message;
}

TEST(SqliteJournal, RefusesAnotherProgramsDatabase) {
  const OwnFolder folder;
  execute(in(folder).file, "CREATE TABLE intent(other TEXT)");
  const auto refused = open_sqlite_journal(in(folder));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("another program's database"), std::string::npos)
      << refused.error().message;
}

TEST(SqliteJournal, RefusesAFileThatIsNoDatabaseAndSaysWhich) {
  const OwnFolder folder;
  std::ofstream(in(folder).file) << std::string(8'192, 'x');
  const auto refused = open_sqlite_journal(in(folder));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("not a database"), std::string::npos)
      << refused.error().message;
  std::ifstream untouched(in(folder).file);
  EXPECT_EQ(untouched.get(), 'x');
}

TEST(SqliteJournal, RefusesAFolderThatIsNotThere) {
  const OwnFolder folder;
  JournalSettings settings;
  settings.file = folder.file("missing/journal");
  const auto refused = open_sqlite_journal(settings);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("missing"), std::string::npos);
}

TEST(SqliteJournal, HasOneOwnerAtATime) {
  const OwnFolder folder;
  auto first = opened(in(folder));
  const auto second = open_sqlite_journal(in(folder));
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("another process"), std::string::npos)
      << second.error().message;
  first.reset();
  EXPECT_TRUE(open_sqlite_journal(in(folder)).has_value());
}

TEST(SqliteJournal, ReportsADamagedAmountInsteadOfGuessingOne) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  ASSERT_TRUE(journal
                  ->write([](JournalTransaction& tx) {
                    tx.put_document(order_document("1"));
                    return true;
                  })
                  .has_value());
  journal.reset();
  execute(in(folder).file, "UPDATE document SET grand_total = '12.x'");
  journal = opened(in(folder));
  const Status read = journal->read([](const JournalReader& r) {
    r.document({ChannelId{"web"}, OrderNumber{"1"}});
  });
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("grand_total"), std::string::npos);
}

// Members queued behind a busy writer share one commit: the last of them sees what the first wrote,
// and a reader does not yet.
TEST(GroupCommit, WritesThatWaitTogetherAreCommittedTogetherAndFailAlone) {
  const OwnFolder folder;
  const auto journal = opened(in(folder));
  Gate started;
  Gate go_on;
  std::thread busy([&] {
    const Status status = journal->write([&](JournalTransaction&) {
      started.open();
      return go_on.wait();
    });
    EXPECT_TRUE(status.has_value());
  });
  ASSERT_TRUE(started.wait());

  constexpr int members = 12;
  std::atomic<int> together{0};
  std::atomic<int> queued{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < members; ++i) {
    writers.emplace_back([&, i] {
      ++queued;
      const Status status = journal->write([&](JournalTransaction& tx) {
        int in_group = 0;
        for (int k = 0; k < members; ++k)
          if (!tx.fact("member" + std::to_string(k)).empty()) ++in_group;
        int committed = 0;
        const Status read = journal->read([&](const JournalReader& reader) {
          for (int k = 0; k < members; ++k)
            if (!reader.fact("member" + std::to_string(k)).empty()) ++committed;
        });
        EXPECT_TRUE(read.has_value());
        if (in_group > committed) ++together;
        tx.set_fact("member" + std::to_string(i), "written");
        if (i % 4 == 1) return false;
        if (i % 4 == 2) throw std::runtime_error("no luck");
        return true;
      });
      if (!status) ++failed;
    });
  }
  while (queued < members) std::this_thread::yield();
  go_on.open();
  busy.join();
  for (std::thread& writer : writers) writer.join();

  EXPECT_GT(together, 0);
  EXPECT_EQ(failed, 6);
  const Status read = journal->read([](const JournalReader& reader) {
    for (int k = 0; k < members; ++k)
      EXPECT_EQ(reader.fact("member" + std::to_string(k)).empty(), k % 4 == 1 || k % 4 == 2) << k;
  });
  EXPECT_TRUE(read.has_value());
}

TEST(GroupCommit, AGroupOfOneIsAllowed) {
  const OwnFolder folder;
  JournalSettings settings = in(folder);
  settings.group_max = 1;
  settings.readers = 1;
  const auto journal = opened(settings);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(journal
                    ->write([&](JournalTransaction& tx) {
                      tx.set_fact("f" + std::to_string(i), "1");
                      return true;
                    })
                    .has_value());
  }
}

TEST(SqliteJournal, ManyThreadsWriteAndReadWithoutLosingOrMixingAnything) {
  const OwnFolder folder;
  JournalSettings settings = in(folder);
  settings.readers = 2;
  auto journal = opened(settings);
  constexpr int threads = 8;
  constexpr int each = 40;
  std::atomic<bool> writing{true};
  std::atomic<int> opened_count{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (writing) {
        const Status read = journal->read([](const JournalReader& reader) {
          // One transaction made both, so one snapshot has both or neither.
          const auto answers = reader.counter("intents_closed");
          EXPECT_EQ(reader.pending_rows(Side::cloud), answers);
        });
        EXPECT_TRUE(read.has_value());
      }
    });
  }
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&, t] {
      for (int n = 0; n < each; ++n) {
        const std::string number = std::to_string(t * 1'000 + n);
        std::int64_t id = 0;
        const Status begun = journal->write([&](JournalTransaction& tx) {
          const OpenOutcome outcome = tx.open_intent(order_intent(number, "k" + number), at(0));
          id = std::get<Opened>(outcome).id;
          return true;
        });
        ASSERT_TRUE(begun.has_value());
        ++opened_count;
        const Status ended = journal->write([&](JournalTransaction& tx) {
          tx.put_document(order_document(number));
          tx.add_outbox_row(order_row(number, "C1"), at(0));
          return tx.close_intent(id, {201, number, "", ""}, at(1));
        });
        ASSERT_TRUE(ended.has_value());
        // Read your writes.
        const Status read = journal->read([&](const JournalReader& reader) {
          const auto answer = reader.answer_for(ChannelId{"web"}, IdempotencyKey{"k" + number});
          ASSERT_TRUE(answer.has_value());
          EXPECT_EQ(answer->body, number);
        });
        ASSERT_TRUE(read.has_value());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  writing = false;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(opened_count, threads * each);
  journal.reset();
  journal = opened(settings);
  const Status read = journal->read([](const JournalReader& reader) {
    EXPECT_EQ(reader.counter("intents_closed"), threads * each);
    DocumentQuery all;
    all.limit = 10'000;
    EXPECT_EQ(reader.documents(all).size(), static_cast<std::size_t>(threads * each));
  });
  EXPECT_TRUE(read.has_value());
}

TEST(SqliteJournal, OneSubjectIsOpenOnceHoweverManyTry) {
  const OwnFolder folder;
  const auto journal = opened(in(folder));
  std::atomic<int> won{0};
  std::atomic<int> busy{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < 12; ++t) {
    writers.emplace_back([&, t] {
      OpenOutcome outcome;
      const Status status = journal->write([&](JournalTransaction& tx) {
        outcome = tx.open_intent(customer_intent("C1", "k" + std::to_string(t)), at(0));
        return std::holds_alternative<Opened>(outcome);
      });
      if (status) ++won;
      if (std::holds_alternative<SubjectBusy>(outcome)) ++busy;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(busy, 11);
}

TEST(SqliteJournal, AKilledProcessLosesNothingItAcknowledgedAndLeavesNothingHalfDone) {
  std::mt19937 random(20'261'124);  // NOLINT: the same moments every time.
  for (int round = 0; round < 4; ++round) {
    const OwnFolder folder;
    const int writes = std::uniform_int_distribution<int>(1, 200)(random);
    const auto said = run_until_killed(in(folder), writes);
    ASSERT_GE(said.size(), static_cast<std::size_t>(writes));
    const auto journal = opened(in(folder));
    ASSERT_TRUE(journal);
    const Survey found = survey(*journal, said);
    EXPECT_EQ(found.lost, 0) << "of " << said.size() << " in round " << round;
    EXPECT_EQ(found.half_done, 0) << "in round " << round;
    const Status orphans = journal->read([](const JournalReader& reader) {
      for (const Intent& intent : reader.open_intents(100)) EXPECT_TRUE(intent.orphaned);
    });
    EXPECT_TRUE(orphans.has_value());
  }
}

}  // namespace
}  // namespace underpin::facade::journal
