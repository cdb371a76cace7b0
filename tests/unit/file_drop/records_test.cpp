// A process that ends in the middle of a file, at every place where it can.
#include "legacy-adapters/transport/file_drop/records.h"
#include "tests/unit/file_drop/drop_folders.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

namespace underpin::legacy::file_drop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Records : public FileDrop {
 protected:
  Verdict apply(const RecordLayout& layout, const std::function<RecordVerdict(const Record&)>& each,
                const Keeper& keeper) {
    const fs::path path = root_ / "drop" / "a.csv";
    const ClaimedFile file{path, "a.csv", *checksum_of(path),
                           static_cast<std::int64_t>(fs::file_size(path))};
    return apply_records(file, layout, keeper, each,
                         std::chrono::steady_clock::now() + std::chrono::minutes(1));
  }
  Keeper keeper() { return keep_positions((root_ / "state").string()); }

  std::vector<std::string> effects() const {
    std::ifstream input(root_ / "effects");
    std::vector<std::string> lines;
    for (std::string line; std::getline(input, line);) lines.push_back(line);
    return lines;
  }

  // Runs `work` in a process that ends itself with SIGKILL somewhere in it. True: it was killed.
  static bool killed(const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }
};

enum class Moment { before_effect, after_effect };

// The receiver with no transaction of its own: its effect is a line of a file, which it can look
// up.
TEST_F(Records, EachIsAppliedOnceThoughTheProcessIsKilledAtEachOfThem) {
  drop("a.csv", "one\ntwo\nthree\nfour\n");
  const std::vector<std::string> all{"one", "two", "three", "four"};
  for (int at = 1; at <= 4; ++at) {
    for (const Moment moment : {Moment::before_effect, Moment::after_effect}) {
      fs::remove(root_ / "effects");
      fs::remove_all(root_ / "state" / "positions");
      std::vector<std::int64_t> doubted;
      const auto take = [&](const Record& record, bool dies) {
        const auto kill_at = [&](Moment here) {
          if (dies && record.number == at && here == moment) ::raise(SIGKILL);
        };
        if (record.in_doubt) {
          doubted.push_back(record.number);
          const auto done = effects();
          if (std::find(done.begin(), done.end(), record.bytes) != done.end()) {
            return RecordVerdict{};
          }
        }
        kill_at(Moment::before_effect);
        std::ofstream(root_ / "effects", std::ios::app) << record.bytes << '\n';
        kill_at(Moment::after_effect);
        return RecordVerdict{};
      };
      EXPECT_TRUE(killed([&] {
        (void)apply(
            {}, [&](const Record& record) { return take(record, true); }, keeper());
      }));
      const Verdict verdict = apply(
          {}, [&](const Record& record) { return take(record, false); }, keeper());
      EXPECT_EQ(verdict.kind, Verdict::Kind::applied) << verdict.reason;
      EXPECT_EQ(effects(), all) << at;
      EXPECT_THAT(doubted, ElementsAre(at));  // That one and no other.
    }
  }
}

// The receiver whose position is a row of its own transaction: nothing is in doubt.
TEST_F(Records, EachIsAppliedOnceWhenItsReceiverCommitsThePosition) {
  const std::string path = (root_ / "effects.db").string();
  const auto run = [](sqlite3* database, const std::string& sql, std::int64_t* value = nullptr) {
    const auto read = [](void* to, int, char** columns, char**) {
      if (to != nullptr) *static_cast<std::int64_t*>(to) = std::atoll(columns[0]);
      return 0;
    };
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), read, value, &message), SQLITE_OK) << message;
    sqlite3_free(message);
  };
  const auto go = [&](int dies_at, bool after_commit) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    run(database,
        "CREATE TABLE IF NOT EXISTS effect (line TEXT);"
        "CREATE TABLE IF NOT EXISTS position (at INTEGER, records INTEGER)");
    Keeper own;
    own.reached = [&](const std::string&) -> Result<Reached> {
      Reached reached;
      run(database, "SELECT ifnull(max(at), 0) FROM position", &reached.position.offset);
      run(database, "SELECT ifnull(max(records), 0) FROM position", &reached.position.records);
      return reached;
    };
    const Verdict verdict = apply(
        {},
        [&](const Record& record) {
          EXPECT_FALSE(record.in_doubt);
          run(database, "BEGIN; INSERT INTO effect VALUES ('" + std::string(record.bytes) +
                            "'); INSERT INTO position VALUES (" +
                            std::to_string(record.after.offset) + "," +
                            std::to_string(record.after.records) + ")");
          if (record.number == dies_at && !after_commit) ::raise(SIGKILL);
          run(database, "COMMIT");
          if (record.number == dies_at) ::raise(SIGKILL);
          return RecordVerdict{};
        },
        own);
    EXPECT_EQ(verdict.kind, Verdict::Kind::applied) << verdict.reason;
    std::int64_t lines = 0;
    run(database, "SELECT count(*) * 10 + count(DISTINCT line) FROM effect", &lines);
    EXPECT_EQ(lines, 33);  // Three, and three different ones.
    sqlite3_close(database);
  };
  drop("a.csv", "one\r\ntwo\r\nthree");
  for (int at = 1; at <= 3; ++at) {
    for (const bool after_commit : {false, true}) {
      fs::remove(path);
      EXPECT_TRUE(killed([&] { go(at, after_commit); }));
      go(0, false);
    }
  }
}

TEST_F(Records, ATornPositionFallsBackToTheOneBefore) {
  drop("a.csv", "one\ntwo\nthree\n");
  const Verdict stopped = apply(
      {},
      [](const Record& record) {
        return record.number < 3 ? RecordVerdict{}
                                 : RecordVerdict{RecordVerdict::Kind::later, "store is busy"};
      },
      keeper());
  EXPECT_EQ(stopped.kind, Verdict::Kind::later);
  const fs::path file = root_ / "state" / "positions" / listed(root_ / "state" / "positions")[0];
  const std::string slots = content(file);
  // The position before record 3 has two records behind it: the first of the two slots.
  std::ofstream(file, std::ios::binary)
      << slots.substr(0, 10) << std::string(10, '\0') << slots.substr(20);
  std::vector<std::string> seen;
  const Verdict verdict = apply(
      {},
      [&](const Record& record) {
        seen.push_back(std::string(record.bytes) + (record.in_doubt ? "?" : ""));
        return RecordVerdict{};
      },
      keeper());
  EXPECT_EQ(verdict.kind, Verdict::Kind::applied);
  EXPECT_THAT(seen, ElementsAre("two?", "three"));
}

TEST_F(Records, ARefusalNamesTheLineTheRuleAndWhatWasApplied) {
  drop("a.csv", "one\ntwo\n");
  const Verdict verdict = apply(
      {},
      [](const Record& record) {
        return record.number == 1
                   ? RecordVerdict{}
                   : RecordVerdict{RecordVerdict::Kind::refused, "quantity must be greater than 0"};
      },
      keeper());
  EXPECT_EQ(verdict.kind, Verdict::Kind::refused);
  EXPECT_EQ(verdict.reason,
            "line 2: quantity must be greater than 0 (records applied before it: 1)");
}

TEST_F(Records, LimitsAreOfLinesAndOfTheirNumber) {
  const auto take = [](const Record&) { return RecordVerdict{}; };
  drop("a.csv", "12345\n123456\n");
  RecordLayout narrow;
  narrow.length_max = 5;
  EXPECT_THAT(apply(narrow, take, keeper()).reason,
              HasSubstr("line 2: must not have more than 5 bytes"));
  RecordLayout few;
  few.records_max = 1;
  drop("a.csv", "1\n2\n");
  EXPECT_THAT(apply(few, take, keeper()).reason, HasSubstr("not be more than 1 records"));
  RecordLayout fixed;
  fixed.fixed_length = 3;
  drop("a.csv", "abcde");
  EXPECT_THAT(apply(fixed, take, keeper()).reason, HasSubstr("line 2: must have 3 bytes, not 2"));
}

TEST_F(Records, OfAFixedLengthNeedNoLineEnds) {
  drop("a.csv", "abc\nefghi");
  RecordLayout fixed;
  fixed.fixed_length = 3;
  std::vector<std::string> seen;
  const auto verdict = apply(
      fixed,
      [&](const Record& record) {
        seen.emplace_back(record.bytes);
        return RecordVerdict{};
      },
      keeper());
  EXPECT_EQ(verdict.kind, Verdict::Kind::applied) << verdict.reason;
  EXPECT_THAT(seen, ElementsAre("abc", "\nef", "ghi"));
}

TEST_F(Records, ThePositionGoesWithTheFile) {
  Inbox inbox(settings());
  const Keeper keeps = keeper();
  drop("a.csv", "one\ntwo\n");
  int taken = 0;
  bool busy = true;
  const auto apply_file = [&](const ClaimedFile& file) {
    return apply_records(
        file, {}, keeps,
        [&](const Record& record) {
          if (record.number == 2 && busy) return RecordVerdict{RecordVerdict::Kind::later, "busy"};
          ++taken;
          return RecordVerdict{};
        },
        std::chrono::steady_clock::now() + std::chrono::minutes(1));
  };
  EXPECT_EQ(inbox.poll(apply_file, later())->waiting, 1);
  EXPECT_EQ(listed(root_ / "state" / "positions").size(), 1U);
  busy = false;
  EXPECT_EQ(inbox.poll(apply_file, later())->applied, 1);
  EXPECT_EQ(taken, 2);
  EXPECT_TRUE(listed(root_ / "state" / "positions").empty());
}

}  // namespace
}  // namespace underpin::legacy::file_drop
