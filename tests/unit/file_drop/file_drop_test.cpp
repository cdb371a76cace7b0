#include "tests/unit/file_drop/drop_folders.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace underpin::legacy::file_drop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(FileDrop, AppliesAFileOnceAndArchivesIt) {
  Inbox inbox(settings());
  drop("a.csv", "one");
  const auto report = inbox.poll(record(), later());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->applied, 1);
  EXPECT_THAT(applied_, ElementsAre("a.csv=one"));
  ASSERT_EQ(listed(inbox.archive_folder()).size(), 1U);
  EXPECT_EQ(content(inbox.archive_folder() / listed(inbox.archive_folder())[0]), "one");
  EXPECT_FALSE(fs::exists(root_ / "drop" / "a.csv"));
  const auto again = inbox.poll(record(), later());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->applied, 0);
  EXPECT_EQ(applied_.size(), 1U);
}

TEST_F(FileDrop, TakesFilesInTheOrderOfTheirNames) {
  Inbox inbox(settings());
  drop("c.csv", "3");
  drop("a.csv", "1");
  drop("b.csv", "2");
  ASSERT_TRUE(inbox.poll(record(), later()));
  EXPECT_THAT(applied_, ElementsAre("a.csv=1", "b.csv=2", "c.csv=3"));
}

TEST_F(FileDrop, LeavesTemporaryForeignAndLinkedFilesAlone) {
  Inbox inbox(settings());
  drop("a.csv.tmp", "x");
  drop("b.csv.part", "x");
  drop(".hidden.csv", "x");
  drop("notes.txt", "x");
  fs::create_symlink("/etc/passwd", root_ / "drop" / "link.csv");
  fs::create_directory(root_ / "drop" / "folder.csv");
  const auto report = inbox.poll(record(), later());
  ASSERT_TRUE(report);
  EXPECT_TRUE(applied_.empty());
  fs::rename(root_ / "drop" / "a.csv.tmp", root_ / "drop" / "a.csv");
  ASSERT_TRUE(inbox.poll(record(), later()));
  EXPECT_THAT(applied_, ElementsAre("a.csv=x"));
}

TEST_F(FileDrop, WaitsUntilAFileHasStoppedGrowing) {
  Inbox inbox(settings("state", 2000));
  drop("a.csv", "ha");
  EXPECT_EQ(inbox.poll(record(), later())->waiting, 1);
  now_ += std::chrono::milliseconds(1500);
  drop("a.csv", "half");  // Grew: the wait begins again.
  EXPECT_EQ(inbox.poll(record(), later())->waiting, 1);
  now_ += std::chrono::milliseconds(1500);
  EXPECT_EQ(inbox.poll(record(), later())->waiting, 1);
  now_ += std::chrono::milliseconds(500);
  EXPECT_EQ(inbox.poll(record(), later())->applied, 1);
  EXPECT_THAT(applied_, ElementsAre("a.csv=half"));
}

TEST_F(FileDrop, WaitsForTheDoneFileWhenConfigured) {
  Settings with_done = settings();
  with_done.needs_done = true;
  Inbox inbox(with_done);
  drop("a.csv", "x");
  EXPECT_EQ(inbox.poll(record(), later())->waiting, 1);
  drop("a.csv.done", "");
  EXPECT_EQ(inbox.poll(record(), later())->applied, 1);
  EXPECT_FALSE(fs::exists(root_ / "drop" / "a.csv.done"));
}

TEST_F(FileDrop, QuarantinesTheSameContentUnderAnotherName) {
  Inbox inbox(settings());
  drop("a.csv", "same");
  ASSERT_TRUE(inbox.poll(record(), later()));
  drop("b.csv", "same");
  const auto report = inbox.poll(record(), later());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->quarantined, 1);
  EXPECT_EQ(applied_.size(), 1U);
  EXPECT_THAT(report->quarantined_reasons, ElementsAre(HasSubstr("b.csv: duplicate")));
  const auto names = listed(inbox.quarantine_folder());
  ASSERT_EQ(names.size(), 2U);
  EXPECT_THAT(content(inbox.quarantine_folder() / names[1]), HasSubstr("applied as a.csv"));
}

TEST_F(FileDrop, AppliesOtherContentUnderAUsedName) {
  Inbox inbox(settings());
  drop("a.csv", "monday");
  ASSERT_TRUE(inbox.poll(record(), later()));
  drop("a.csv", "tuesday");
  ASSERT_TRUE(inbox.poll(record(), later()));
  EXPECT_THAT(applied_, ElementsAre("a.csv=monday", "a.csv=tuesday"));
  EXPECT_EQ(listed(inbox.archive_folder()).size(), 2U);
}

TEST_F(FileDrop, QuarantinesWhatTheReaderRefusesWithItsReason) {
  Inbox inbox(settings());
  drop("a.csv", "broken");
  const auto report = inbox.poll(
      [](const ClaimedFile&) { return Verdict::refused("line 3: no trailer"); }, later());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->quarantined, 1);
  const auto names = listed(inbox.quarantine_folder());
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(content(inbox.quarantine_folder() / names[0]), "broken");
  EXPECT_EQ(content(inbox.quarantine_folder() / names[1]), "a.csv\nline 3: no trailer\n");
}

TEST_F(FileDrop, QuarantinesAFileOverTheSizeLimitUnread) {
  Settings small = settings();
  small.size_max = 3;
  Inbox inbox(small);
  drop("a.csv", "four");
  drop("b.csv", "ok!");
  const auto report = inbox.poll(record(), later());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->quarantined, 1);
  EXPECT_THAT(applied_, ElementsAre("b.csv=ok!"));
}

TEST_F(FileDrop, RemembersAcrossARestartWhatItApplied) {
  {
    Inbox inbox(settings());
    drop("a.csv", "once");
    ASSERT_TRUE(inbox.poll(record(), later()));
  }
  Inbox restarted(settings());
  drop("again.csv", "once");
  const auto report = restarted.poll(record(), later());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->quarantined, 1);
  EXPECT_EQ(applied_.size(), 1U);
}

// The process ends after the content was applied and before the register knew: the reader gets the
// same file again and is the one who recognises it.
TEST_F(FileDrop, GivesAClaimedFileAgainAfterARestartInTheMiddleOfApplying) {
  std::set<std::string> store;
  int asked = 0;
  const auto idempotent = [&](const ClaimedFile& file) {
    ++asked;
    store.insert(file.checksum);
    return Verdict::applied("B1");
  };
  drop("a.csv", "x");
  {
    Inbox inbox(settings());
    EXPECT_THROW((void)inbox.poll(
                     [&](const ClaimedFile& file) -> Verdict {
                       (void)idempotent(file);
                       throw std::runtime_error("killed");
                     },
                     later()),
                 std::runtime_error);
    EXPECT_EQ(listed(inbox.claim_folder()).size(), 1U);
  }
  Inbox restarted(settings());
  EXPECT_EQ(restarted.poll(idempotent, later())->applied, 1);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(store.size(), 1U);
  EXPECT_TRUE(listed(restarted.claim_folder()).empty());
}

// The process ends between the register and the archive: the file is moved, not applied again.
TEST_F(FileDrop, OnlyArchivesAfterARestartWhatTheRegisterKnows) {
  std::string claim;
  {
    Inbox inbox(settings());
    drop("a.csv", "x");
    EXPECT_EQ(
        inbox.poll([](const ClaimedFile&) { return Verdict::later("busy"); }, later())->waiting, 1);
    claim = listed(inbox.claim_folder())[0];
    Register known(root_ / "state" / "file_drop.register");
    ASSERT_TRUE(known.load());
    const auto checksum = checksum_of(inbox.claim_folder() / claim);
    ASSERT_TRUE(known.add(Applied{claim, "a.csv", *checksum, "B1"}));
  }
  Inbox restarted(settings());
  EXPECT_EQ(restarted.poll(record(), later())->applied, 1);
  EXPECT_TRUE(applied_.empty());
  EXPECT_THAT(listed(restarted.archive_folder()), ElementsAre(claim));
}

TEST_F(FileDrop, HoldsBackLaterFilesWhenOneIsPutOff) {
  Inbox inbox(settings());
  drop("a.csv", "1");
  drop("b.csv", "2");
  int asked = 0;
  const auto report = inbox.poll(
      [&](const ClaimedFile&) {
        ++asked;
        return Verdict::later("store is busy");
      },
      later());
  ASSERT_TRUE(report);
  EXPECT_EQ(asked, 1);
  ASSERT_TRUE(inbox.poll(record(), later()));
  EXPECT_THAT(applied_, ElementsAre("a.csv=1", "b.csv=2"));
}

TEST_F(FileDrop, GivesEachFileToOneOfTwoPollersAtOnce) {
  constexpr int files = 200;
  for (int i = 0; i < files; ++i) drop(std::to_string(i) + ".csv", "content " + std::to_string(i));
  std::mutex mutex;
  std::multiset<std::string> taken;
  std::atomic<int> ready{0};
  std::vector<std::thread> pollers;
  std::atomic<int> failures{0};
  for (const std::string state : {"state", "state2"}) {
    pollers.emplace_back([&, state] {
      Inbox inbox(settings(state));
      ++ready;
      while (ready < 2) std::this_thread::yield();
      const auto report = inbox.poll(
          [&](const ClaimedFile& file) {
            const std::lock_guard lock(mutex);
            taken.insert(file.name);
            return Verdict::applied(file.name);
          },
          later());
      if (!report) ++failures;
    });
  }
  for (std::thread& poller : pollers) poller.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(taken.size(), static_cast<std::size_t>(files));
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(),
            static_cast<std::size_t>(files));
}

TEST_F(FileDrop, SaysThatItsFolderIsMissing) {
  Settings missing = settings();
  missing.folder = (root_ / "nowhere").string();
  Inbox inbox(missing);
  const auto report = inbox.poll(record(), later());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::unavailable);
  EXPECT_THAT(report.error().message, HasSubstr("nowhere does not exist"));
  fs::create_directories(missing.folder);  // Mounted later: it works from then on.
  EXPECT_TRUE(inbox.poll(record(), later()));
}

TEST_F(FileDrop, StartsNoFileAfterTheDeadline) {
  Inbox inbox(settings());
  drop("a.csv", "1");
  ASSERT_TRUE(inbox.poll(record(), now_));
  EXPECT_TRUE(applied_.empty());
  ASSERT_TRUE(inbox.poll(record(), later()));
  EXPECT_EQ(applied_.size(), 1U);
}

TEST_F(FileDrop, ExaminesTheRightsOnAFolder) {
  for (const Finding& finding : examine_folder((root_ / "drop").string()))
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  const auto missing = examine_folder((root_ / "nowhere").string());
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_FALSE(missing[0].ok);
  const auto forbidden = examine_folder("/proc/self");  // Nobody, not even root, creates there.
  EXPECT_TRUE(std::any_of(forbidden.begin(), forbidden.end(),
                          [](const Finding& finding) { return !finding.ok; }));
}

TEST_F(FileDrop, RegisterDropsALineTornByACrash) {
  const fs::path file = root_ / "state" / "register";
  {
    Register known(file);
    ASSERT_TRUE(known.load());
    ASSERT_TRUE(known.add(Applied{"a\tb", "näme\n.csv", "c1", "B 1"}));
    ASSERT_TRUE(known.add(Applied{"x", "y", "c2", "B2"}));
  }
  fs::resize_file(file, fs::file_size(file) - 3);
  Register known(file);
  ASSERT_TRUE(known.load());
  ASSERT_NE(known.by_checksum("c1"), nullptr);
  EXPECT_EQ(known.by_checksum("c1")->name, "näme\n.csv");
  EXPECT_EQ(known.by_checksum("c1")->claim, "a\tb");
  ASSERT_NE(known.by_batch("B 1"), nullptr);
  EXPECT_EQ(known.by_checksum("c2"), nullptr);
  ASSERT_TRUE(known.add(Applied{"x", "y", "c2", "B2"}));
  Register again(file);
  ASSERT_TRUE(again.load());
  EXPECT_NE(again.by_batch("B2"), nullptr);
}

TEST_F(FileDrop, RegisterThatKeepsTheLastFilesForgetsTheOldestOnDiskAndInMemory) {
  const auto file = root_ / "state" / "register";
  std::filesystem::create_directories(file.parent_path());
  Register one(file, 3);
  Register other(file, 3);
  const auto add = [](Register& at, int number) {
    ASSERT_TRUE(at.load());
    const std::string text = std::to_string(number);
    ASSERT_TRUE(at.add(Applied{"claim" + text, "name" + text, "sum" + text, "batch" + text}));
  };
  for (int number = 1; number <= 6; ++number) add(number % 2 == 0 ? one : other, number);
  EXPECT_NE(other.by_name("name1"), nullptr);
  add(one, 7);
  ASSERT_TRUE(other.load());
  for (const Register* at : {&one, &other}) {
    EXPECT_EQ(at->names().size(), 4u);
    EXPECT_EQ(at->by_name("name3"), nullptr);
    EXPECT_EQ(at->by_checksum("sum3"), nullptr);
    EXPECT_EQ(at->by_batch("batch3"), nullptr);
    EXPECT_NE(at->by_name("name4"), nullptr);
    EXPECT_NE(at->by_batch("batch7"), nullptr);
    EXPECT_TRUE(at->forgets());
  }
  Register again(file, 3);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.names().size(), 4u);
  Register all(file);
  ASSERT_TRUE(all.load());
  EXPECT_FALSE(all.forgets());
}

TEST_F(FileDrop, ChecksumIsSha256) {
  drop("a.csv", "abc");
  const auto checksum = checksum_of(root_ / "drop" / "a.csv");
  ASSERT_TRUE(checksum);
  EXPECT_EQ(*checksum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace underpin::legacy::file_drop
