#include "facade/journal/backup.h"
#include "tests/unit/journal/journal_fixture.h"

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

namespace underpin::facade::journal {
namespace {

std::string bytes_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void put_bytes(const std::string& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

JournalSettings in(const OwnFolder& folder) {
  JournalSettings settings;
  settings.file = folder.file("journal.db");
  return settings;
}

std::unique_ptr<Journal> opened(const JournalSettings& settings) {
  auto journal = open_sqlite_journal(settings);
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
  return restore(store, file, at(100), [](JournalTransaction&, const Restored&) {});
}

TEST(SqliteBackup, IsNotRestoredWhileAProcessHasTheJournal) {
  const OwnFolder folder;
  const auto serving = opened(in(folder));
  ASSERT_TRUE(set_fact(*serving, "a", "1").has_value());
  ASSERT_TRUE(back_up(in(folder), folder.file("b"), at(50)).has_value());
  ASSERT_TRUE(set_fact(*serving, "a", "2").has_value());
  const auto refused = put_back(in(folder), folder.file("b"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(fact(*serving, "a"), "2");
  EXPECT_TRUE(set_fact(*serving, "a", "3").has_value());
}

TEST(SqliteBackup, KeepsWhatTheFileHeldWithTheLastWritesOfItsLog) {
  const OwnFolder folder;
  JournalSettings settings = in(folder);
  ASSERT_TRUE(set_fact(*opened(settings), "a", "1").has_value());
  ASSERT_TRUE(back_up(settings, folder.file("b"), at(50)).has_value());
  ASSERT_TRUE(set_fact(*opened(settings), "a", "2").has_value());
  const auto restored = put_back(settings, folder.file("b"));
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(fact(*opened(settings), "a"), "1");
  settings.file = restored->kept;
  EXPECT_EQ(fact(*opened(settings), "a"), "2");
}

TEST(SqliteBackup, IsRestoredOverAFileThatNobodyCanReadAnyMore) {
  const OwnFolder folder;
  ASSERT_TRUE(set_fact(*opened(in(folder)), "a", "1").has_value());
  ASSERT_TRUE(back_up(in(folder), folder.file("b"), at(50)).has_value());
  put_bytes(folder.file("journal.db"), std::string(20'000, 'x'));
  put_bytes(folder.file("journal.db-wal"), "the log of a file that is no more");
  const auto restored = put_back(in(folder), folder.file("b"));
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(fact(*opened(in(folder)), "a"), "1");
  EXPECT_EQ(bytes_of(restored->kept), std::string(20'000, 'x'));
  EXPECT_EQ(bytes_of(restored->kept + "-wal"), "the log of a file that is no more");
}

TEST(SqliteBackup, IsOneMomentHoweverMuchIsWrittenMeanwhile) {
  const OwnFolder folder;
  const auto journal = opened(in(folder));
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
    const auto info = back_up(in(folder), folder.file("b"), at(50));
    EXPECT_TRUE(info.has_value()) << info.error().message;
  }
  done = true;
  writer.join();
  JournalSettings other = in(folder);
  other.file = folder.file("other.db");
  ASSERT_TRUE(put_back(other, folder.file("b")).has_value());
  const Status read = opened(other)->read([](const JournalReader& reader) {
    EXPECT_EQ(reader.cursor("nav", "orders"), reader.fact("same"));
    EXPECT_EQ(std::to_string(reader.outbox(0, 1'000'000).size()), reader.fact("same"));
  });
  EXPECT_TRUE(read.has_value());
}

}  // namespace
}  // namespace underpin::facade::journal
