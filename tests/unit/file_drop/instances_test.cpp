// Two instances at one folder, and what was applied before.
#include "legacy-adapters/transport/file_drop/durable.h"
#include "legacy-adapters/transport/file_drop/outbox.h"
#include "tests/unit/file_drop/drop_folders.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>

namespace underpin::legacy::file_drop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Instances : public FileDrop {
 protected:
  // Polls in a process of its own until nothing lies there, and notes each file it applied.
  pid_t poller(Settings with, const fs::path& note) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    Inbox inbox(std::move(with));
    bool good = true;
    for (int empty = 0; good && empty < 3;) {
      const auto report = inbox.poll(
          [&](const ClaimedFile& file) {
            std::ofstream(note, std::ios::app) << file.name << '\n';
            return Verdict::applied(file.name);
          },
          later());
      good = report.has_value();
      empty = good && report->applied == 0 && report->waiting == 0 ? empty + 1 : 0;
    }
    ::_exit(good ? 0 : 1);
  }

  static int ended(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }

  std::multiset<std::string> noted(const fs::path& note) const {
    std::ifstream input(note);
    std::multiset<std::string> names;
    for (std::string line; std::getline(input, line);) names.insert(line);
    return names;
  }
};

TEST_F(Instances, OfTwoProcessesOneTakesEachFile) {
  constexpr int files = 150;
  std::multiset<std::string> all;
  for (int i = 0; i < files; ++i) {
    drop(std::to_string(i) + ".csv", "content " + std::to_string(i));
    all.insert(std::to_string(i) + ".csv");
  }
  const pid_t first = poller(settings("state1"), root_ / "note1");
  const pid_t second = poller(settings("state2"), root_ / "note2");
  EXPECT_EQ(ended(first), 0);
  EXPECT_EQ(ended(second), 0);
  std::multiset<std::string> taken = noted(root_ / "note1");
  taken.merge(noted(root_ / "note2"));
  EXPECT_EQ(taken, all);
}

// Both find each other's claims, because they share the state: only the lock tells them apart.
TEST_F(Instances, TwoProcessesWithOneStateFolderApplyEachFileOnce) {
  std::multiset<std::string> all;
  for (int i = 0; i < 60; ++i) {
    drop(std::to_string(i) + ".csv", "content " + std::to_string(i));
    all.insert(std::to_string(i) + ".csv");
  }
  const pid_t first = poller(settings(), root_ / "note1");
  const pid_t second = poller(settings(), root_ / "note2");
  EXPECT_EQ(ended(first), 0);
  EXPECT_EQ(ended(second), 0);
  std::multiset<std::string> taken = noted(root_ / "note1");
  taken.merge(noted(root_ / "note2"));
  EXPECT_EQ(taken, all);
}

TEST_F(Instances, WaitWhileAnotherHoldsTheRegister) {
  Inbox inbox(settings());
  drop("a.csv", "x");
  {
    const auto other = try_lock(root_ / "state" / "file_drop.register.lock");
    ASSERT_TRUE(other && other.value());
    EXPECT_EQ(inbox.poll(record(), later())->waiting, 1);
    EXPECT_THAT(applied_, IsEmpty());
  }
  EXPECT_EQ(inbox.poll(record(), later())->applied, 1);
}

TEST_F(Instances, ThatShareARegisterApplyAContentOnce) {
  Settings one = settings("state1");
  Settings two = settings("state2");
  one.register_file = two.register_file = (root_ / "shared.register").string();
  Inbox first(one);
  Inbox second(two);
  drop("a.csv", "same");
  EXPECT_EQ(first.poll(record(), later())->applied, 1);
  drop("b.csv", "same");
  EXPECT_EQ(second.poll(record(), later())->quarantined, 1);
  EXPECT_EQ(applied_.size(), 1U);
}

// Between the look at a complete file and its claim another instance took it, and the producer
// began a new one under the name. The test stands in for both, at that very moment.
TEST_F(Instances, ANewFileUnderTheNameOfAClaimedOneIsPutBack) {
  Settings slow = settings();
  slow.stable_ms = 1'000;
  bool swap = false;
  slow.clock = [&] {  // Asked after the file was looked at.
    if (std::exchange(swap, false)) {
      fs::rename(root_ / "drop" / "a.csv", root_ / "elsewhere");
      drop("a.csv", "hal");
    }
    return now_;
  };
  Inbox inbox(slow);
  drop("a.csv", "whole");
  ASSERT_TRUE(inbox.poll(record(), later()));
  now_ += std::chrono::seconds(2);
  swap = true;
  const auto report = inbox.poll(record(), later());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(swap);
  EXPECT_EQ(report->waiting, 1);
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(content(root_ / "drop" / "a.csv"), "hal");
}

TEST_F(Instances, AFileIsCompleteAtOnceWhenItHasItsName) {
  Inbox inbox(settings());  // Not waited for size or marker.
  drop("a.csv.part", "x");
  EXPECT_EQ(inbox.poll(record(), later())->applied, 0);
  fs::rename(root_ / "drop" / "a.csv.part", root_ / "drop" / "a.csv");
  EXPECT_EQ(inbox.poll(record(), later())->applied, 1);
}

TEST_F(Instances, AMarkerOlderThanItsFileIsOfAnEarlierOne) {
  Settings marked = settings();
  marked.needs_done = true;
  marked.done_suffix = ".ready";
  Inbox inbox(marked);
  drop("a.csv.ready", "");
  drop("a.csv", "half");
  fs::last_write_time(root_ / "drop" / "a.csv.ready",
                      fs::last_write_time(root_ / "drop" / "a.csv") - std::chrono::seconds(1));
  EXPECT_EQ(inbox.poll(record(), later())->waiting, 1);
  drop("a.csv.ready", "");
  fs::last_write_time(root_ / "drop" / "a.csv.ready",
                      fs::last_write_time(root_ / "drop" / "a.csv"));
  EXPECT_EQ(inbox.poll(record(), later())->applied, 1);
  EXPECT_FALSE(fs::exists(root_ / "drop" / "a.csv.ready"));
}

TEST_F(Instances, ANameIsTakenOnceWhereThatIsTheRule) {
  Settings once = settings();
  once.names_once = true;
  Inbox inbox(once);
  drop("a.csv", "monday");
  EXPECT_EQ(inbox.poll(record(), later())->applied, 1);
  drop("a.csv", "tuesday");
  const auto report = inbox.poll(record(), later());
  EXPECT_THAT(report->quarantined_reasons, ElementsAre(HasSubstr("the name was applied before")));
  EXPECT_EQ(applied_.size(), 1U);
}

TEST_F(Instances, ABatchIsAppliedOnceWhateverItsFile) {
  Settings batches = settings();
  batches.batch_of = [](const ClaimedFile& file) -> std::optional<std::string> {
    const std::string text = content(file.path);
    return text.substr(0, text.find(' '));
  };
  Inbox inbox(batches);
  int applied = 0;
  const auto apply = [&](const ClaimedFile& file) {
    ++applied;
    return Verdict::applied(*batches.batch_of(file));
  };
  drop("a.csv", "B7 one");
  EXPECT_EQ(inbox.poll(apply, later())->applied, 1);
  drop("b.csv", "B7 two");
  const auto report = inbox.poll(apply, later());
  EXPECT_THAT(report->quarantined_reasons, ElementsAre(HasSubstr("batch B7 was applied before")));
  EXPECT_EQ(applied, 1);
}

TEST_F(Instances, EachVerdictIsAcknowledgedInAFile) {
  fs::create_directories(root_ / "out");
  Settings telling = settings();
  telling.acknowledgements = std::make_shared<Outbox>(
      OutboxSettings{"nav", (root_ / "out").string(), (root_ / "outstate").string(), 1'000, {}});
  Inbox inbox(telling);
  drop("a.csv", "good");
  drop("b.csv", "bad");
  ASSERT_TRUE(inbox.poll(
      [](const ClaimedFile& file) {
        return content(file.path) == "good" ? Verdict::applied("B1")
                                            : Verdict::refused("line 2: no trailer");
      },
      later()));
  const auto names = listed(root_ / "out");
  ASSERT_EQ(names.size(), 2U);
  const auto good = parse_acknowledgement(content(root_ / "out" / names[0]));
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->file, "a.csv");
  EXPECT_TRUE(good->accepted);
  EXPECT_EQ(good->batch, "B1");
  EXPECT_EQ(good->checksum,
            *checksum_of(inbox.archive_folder() / names[0].substr(0, names[0].size() - 4)));
  const auto bad = parse_acknowledgement(content(root_ / "out" / names[1]));
  ASSERT_TRUE(bad);
  EXPECT_FALSE(bad->accepted);
  EXPECT_EQ(bad->reason, "line 2: no trailer");
}

}  // namespace
}  // namespace underpin::legacy::file_drop
