#include "tests/crash/vfs/fault_vfs.h"
#include "tests/unit/journal/journal_fixture.h"
#include "tests/unit/journal/kill_run.h"

#include <sqlite3.h>

#include <iostream>
#include <random>

namespace underpin::crash {
namespace {

using namespace underpin::facade::journal;  // NOLINT: the journal is what is tested here.

JournalSettings in(const OwnFolder& folder, bool synchronous_full = true) {
  EXPECT_TRUE(register_fault_vfs());
  JournalSettings settings;
  settings.file = folder.file("journal");
  settings.vfs = fault_vfs_name;
  settings.synchronous_full = synchronous_full;
  return settings;
}

std::unique_ptr<Journal> opened(const JournalSettings& settings) {
  auto journal = open_sqlite_journal(settings);
  EXPECT_TRUE(journal.has_value()) << journal.error().message;
  return journal ? std::move(journal).value() : nullptr;
}

Status put(Journal& journal, const std::string& fact) {
  return journal.write([&](JournalTransaction& tx) {
    tx.set_fact(fact, "kept");
    return true;
  });
}

bool has(const Journal& journal, const std::string& fact) {
  std::string value;
  const Status read = journal.read([&](const JournalReader& reader) { value = reader.fact(fact); });
  EXPECT_TRUE(read.has_value());
  return value == "kept";
}

// The machine is one per process: each test starts and ends with it running and without faults.
class FaultVfs : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(register_fault_vfs()); }
  void TearDown() override {
    clear_faults();
    EXPECT_TRUE(fault_vfs_restart());
  }
};

TEST_F(FaultVfs, AKilledWriterThatSyncsLosesNothingItAcknowledged) {
  std::mt19937 random(7);  // NOLINT: the same moments every time.
  std::size_t acknowledged = 0;
  for (int round = 0; round < 5; ++round) {
    const OwnFolder folder;
    const int writes = std::uniform_int_distribution<int>(1, 150)(random);
    const auto said = run_until_killed(in(folder), writes);
    ASSERT_GE(said.size(), static_cast<std::size_t>(writes));
    acknowledged += said.size();
    const auto journal = opened(in(folder));
    ASSERT_TRUE(journal);
    const Survey found = survey(*journal, said);
    EXPECT_EQ(found.lost, 0) << "of " << said.size() << " in round " << round;
    EXPECT_EQ(found.half_done, 0) << "in round " << round;
  }
  std::cout << acknowledged << " acknowledged writes survived 5 kills\n";
}

TEST_F(FaultVfs, AKillInTheMiddleOfASyncLeavesNothingHalfDone) {
  for (const int syncs : {3, 4, 6, 40, 77}) {
    const OwnFolder folder;
    const auto said = run_until_killed(in(folder), 1'000'000, [&] { kill_at_sync(syncs); });
    const auto journal = opened(in(folder));
    ASSERT_TRUE(journal) << syncs;
    const Survey found = survey(*journal, said);
    EXPECT_EQ(found.lost, 0) << syncs;
    EXPECT_EQ(found.half_done, 0) << syncs;
  }
}

TEST_F(FaultVfs, AKillBetweenTwoWritesLeavesNothingHalfDone) {
  for (const int writes : {5, 60, 61, 62, 63, 64, 500, 3'000}) {
    const OwnFolder folder;
    const auto said = run_until_killed(in(folder), 1'000'000, [&] { kill_at_write(writes); });
    const auto journal = opened(in(folder));
    ASSERT_TRUE(journal) << writes;
    const Survey found = survey(*journal, said);
    EXPECT_EQ(found.lost, 0) << writes;
    EXPECT_EQ(found.half_done, 0) << writes;
  }
}

// The proof that this VFS bites, and that the sync is what keeps the promise.
TEST_F(FaultVfs, AKilledWriterThatDoesNotSyncLosesWhatItAcknowledged) {
  const OwnFolder folder;
  const auto said = run_until_killed(in(folder, false), 100);
  ASSERT_GE(said.size(), 100U);
  const auto journal = opened(in(folder));
  ASSERT_TRUE(journal);
  const Survey found = survey(*journal, said);
  EXPECT_GT(found.lost, 0);
  std::cout << found.lost << " of " << said.size() << " acknowledged writes were lost\n";
}

TEST_F(FaultVfs, ACrashInTheSameProcessKeepsWhatWasSyncedAndDropsTheRest) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  ASSERT_TRUE(put(*journal, "synced").has_value());
  journal.reset();
  journal = opened(in(folder, false));
  ASSERT_TRUE(put(*journal, "not synced").has_value());
  EXPECT_TRUE(has(*journal, "not synced"));
  EXPECT_GT(fault_vfs_counts().unsynced_bytes, 0);
  fault_vfs_crash();
  EXPECT_FALSE(put(*journal, "without power").has_value());
  EXPECT_FALSE(fault_vfs_restart()) << "the journal is still open";
  journal.reset();
  ASSERT_TRUE(fault_vfs_restart());
  journal = opened(in(folder));
  EXPECT_TRUE(has(*journal, "synced"));
  EXPECT_FALSE(has(*journal, "not synced"));
}

TEST_F(FaultVfs, WhatWasClosedWithoutASyncIsSeenButNotOnTheDisk) {
  const OwnFolder folder;
  opened(in(folder, false)).reset();
  auto journal = opened(in(folder, false));
  ASSERT_TRUE(put(*journal, "a").has_value());
  journal.reset();
  journal = opened(in(folder, false));
  EXPECT_TRUE(has(*journal, "a"));
  journal.reset();
  fault_vfs_crash();
  ASSERT_TRUE(fault_vfs_restart());
  journal = opened(in(folder));
  EXPECT_FALSE(has(*journal, "a"));
}

TEST_F(FaultVfs, AFailedSyncFailsTheWriteAndTheJournalGoesOnWithoutIt) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  ASSERT_TRUE(put(*journal, "before").has_value());
  fail_syncs(0, 1, SQLITE_IOERR_FSYNC);
  const Status failed = put(*journal, "failed");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  EXPECT_NE(failed.error().message.find("journal"), std::string::npos);
  EXPECT_FALSE(has(*journal, "failed"));
  ASSERT_TRUE(put(*journal, "after").has_value());
  journal.reset();
  journal = opened(in(folder));
  EXPECT_TRUE(has(*journal, "before"));
  EXPECT_FALSE(has(*journal, "failed"));
  EXPECT_TRUE(has(*journal, "after"));
}

// The commit lies on the disk, complete, although its sync failed: a crash would find it there.
TEST_F(FaultVfs, AWriteWhoseSyncFailedDoesNotComeBackAfterACrash) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  ASSERT_TRUE(put(*journal, "before").has_value());
  fail_syncs_that_worked(0, 1, SQLITE_IOERR_FSYNC);
  ASSERT_FALSE(put(*journal, "failed").has_value());
  fault_vfs_crash();
  journal.reset();
  ASSERT_TRUE(fault_vfs_restart());
  journal = opened(in(folder));
  EXPECT_TRUE(has(*journal, "before"));
  EXPECT_FALSE(has(*journal, "failed"));
  std::int64_t commits_failed = 0;
  const Status read = journal->read(
      [&](const JournalReader& reader) { commits_failed = reader.counter("commits_failed"); });
  EXPECT_TRUE(read.has_value());
  EXPECT_EQ(commits_failed, 1) << "what took its place was synced before the error was answered";
}

TEST_F(FaultVfs, WhileTheDiskFailsEveryWriteIsRefusedAndReadsGoOn) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  ASSERT_TRUE(put(*journal, "before").has_value());
  fail_syncs(0, 1'000, SQLITE_IOERR_FSYNC);
  for (int i = 0; i < 5; ++i) {
    const Status failed = put(*journal, "failed" + std::to_string(i));
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  }
  EXPECT_TRUE(has(*journal, "before"));
  clear_faults();
  ASSERT_TRUE(put(*journal, "after").has_value());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(has(*journal, "failed" + std::to_string(i)));
  EXPECT_TRUE(has(*journal, "after"));
}

TEST_F(FaultVfs, AFullDiskFailsTheWholeGroupAndKeepsNoneOfIt) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  ASSERT_TRUE(put(*journal, "before").has_value());
  fail_writes(1, 3, SQLITE_FULL);
  const Status failed = journal->write([](JournalTransaction& tx) {
    for (int i = 0; i < 200; ++i) tx.put_document(order_document(std::to_string(i)));
    tx.set_fact("failed", "kept");
    return true;
  });
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  clear_faults();
  EXPECT_FALSE(has(*journal, "failed"));
  ASSERT_TRUE(put(*journal, "after").has_value());
  journal.reset();
  journal = opened(in(folder));
  EXPECT_TRUE(has(*journal, "before"));
  EXPECT_FALSE(has(*journal, "failed"));
  EXPECT_TRUE(has(*journal, "after"));
  const Status read =
      journal->read([](const JournalReader& reader) { EXPECT_TRUE(reader.documents({}).empty()); });
  EXPECT_TRUE(read.has_value());
}

TEST_F(FaultVfs, WorkThatSwallowsAFullDiskIsNotKeptByHalf) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  // More than the page cache holds, so that pages are written before the commit, and fail there.
  fail_writes(50, 1, SQLITE_FULL);
  int swallowed = 0;
  const Status failed = journal->write([&](JournalTransaction& tx) {
    const std::string content(8'000, 'x');
    for (int i = 0; i < 1'500; ++i) {
      DocumentRecord document = order_document(std::to_string(i));
      document.content = content;
      try {
        tx.put_document(document);
      } catch (const std::exception&) {
        ++swallowed;
      }
    }
    return true;
  });
  EXPECT_GT(swallowed, 0);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  const Status read =
      journal->read([](const JournalReader& reader) { EXPECT_TRUE(reader.documents({}).empty()); });
  EXPECT_TRUE(read.has_value());
  ASSERT_TRUE(put(*journal, "after").has_value());
}

TEST_F(FaultVfs, TenThousandWritesPassThroughManyCheckpoints) {
  const OwnFolder folder;
  auto journal = opened(in(folder));
  const std::int64_t syncs_before = fault_vfs_counts().syncs;
  for (int round = 0; round < 100; ++round) {
    const Status written = journal->write([&](JournalTransaction& tx) {
      for (int i = 0; i < 100; ++i) {
        DocumentRecord document = order_document(std::to_string(round * 100 + i));
        document.content = std::string(1'000, 'c');
        tx.put_document(document);
      }
      return true;
    });
    ASSERT_TRUE(written.has_value()) << written.error().message;
  }
  EXPECT_GE(fault_vfs_counts().syncs - syncs_before, 100 + 2) << "commits and checkpoints";
  fault_vfs_crash();
  journal.reset();
  ASSERT_TRUE(fault_vfs_restart());
  journal = opened(in(folder));
  DocumentQuery all;
  all.limit = 20'000;
  const Status read = journal->read(
      [&](const JournalReader& reader) { EXPECT_EQ(reader.documents(all).size(), 10'000U); });
  EXPECT_TRUE(read.has_value());
}

}  // namespace
}  // namespace underpin::crash
