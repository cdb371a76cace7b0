#include "tests/crash/world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

namespace underpin::crash {
namespace {

using test::Vendor;

// Without the SOAP library there is no NAV adapter; then two companies of one vendor are migrated.
constexpr Vendor legacy_vendor = Vendor::UNDERPIN_CRASH_LEGACY;
// What the channel does and where the child is killed; UNDERPIN_CRASH_SEED tries another course.
std::uint64_t seed() {
  const char* const given = std::getenv("UNDERPIN_CRASH_SEED");
  return given == nullptr ? 20'261'124 : std::stoull(given);
}
constexpr int kills_between_checks = 8;

// The facade, killed `kills` times and brought back; between the kills the channel goes on.
class Ordeal {
 public:
  Ordeal() : world(legacy_vendor, Vendor::business_central, seed()) {}

  void move_to(const std::string& stage, Side births) {
    world.faults_off();
    const ChildEnd end = world.run("prepare", {"stage=" + stage});
    ASSERT_EQ(end.exit_code, 0) << end.output;
    births_ = births;
  }

  // One life of the child, ended at the n-th passing of a step, in the n-th sync, or, when `where`
  // is empty, after that many milliseconds.
  void live_and_die(const std::string& where, int nth, std::vector<std::string> values = {}) {
    world.faults_on();
    int kill_after_ms = 6'000;
    if (where == "sync") {
      values.push_back("kill_in_sync=" + std::to_string(nth));
    } else if (where.empty()) {
      kill_after_ms = nth;
    } else {
      values.push_back("kill_at=" + where);
      values.push_back("nth=" + std::to_string(nth));
    }
    const ChildEnd end = world.run("work", values, kill_after_ms);
    ASSERT_TRUE(end.killed || end.stopped)
        << "the child ended by itself with " << end.exit_code << ": " << end.output;
    ++kills[end.killed ? where : "any moment"];
    ++killed;
    note_births();
  }

  Judgement recover(std::vector<std::string> values = {}) {
    world.faults_off();
    recovered = world.run("recover", values);
    note_births();
    return judge(world, homes, recovered);
  }

  void print() const {
    std::cout << "killed " << killed << " times:";
    for (const auto& [where, times] : kills) std::cout << ' ' << where << ' ' << times << ',';
    std::cout << "\nsteps passed:";
    for (std::size_t i = 0; i < facade::step_count; ++i) {
      const auto step = static_cast<facade::Step>(i);
      std::cout << ' ' << name(step) << ' ' << world.passed(step)
                << (i + 1 < facade::step_count ? "," : "\n");
    }
  }

  World world;
  std::vector<Side> homes;  // Of each story that was begun.
  std::map<std::string, int> kills;
  int killed = 0;
  ChildEnd recovered;

 private:
  void note_births() { homes.resize(world.memory().stories.size(), births_); }

  Side births_ = Side::legacy;
};

const std::vector<std::string>& places_to_die() {
  static const std::vector<std::string> places{
      "opened", "sent", "closed", "relaying", "relayed", "delivered", "resolving", "sync", ""};
  return places;
}

int nth_of(const std::string& where, std::mt19937_64& random) {
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<std::uint64_t>(limit));
  };
  if (where.empty()) return 150 + below(500);
  if (where == "resolving") return 1 + below(2);
  if (where == "sync") return 5 + below(40);
  return 1 + below(8);
}

void kill_everywhere(Ordeal& run, int kills, std::mt19937_64& random) {
  for (int i = 0; i < kills; ++i) {
    const std::string& where =
        places_to_die()[static_cast<std::size_t>(i) % places_to_die().size()];
    run.live_and_die(where, nth_of(where, random));
    if (testing::Test::HasFatalFailure()) return;
    if ((i + 1) % kills_between_checks != 0 && i + 1 != kills) continue;
    const Judgement judgement = run.recover();
    ASSERT_TRUE(judgement.flawless()) << "after " << run.killed << " kills\n" << judgement;
  }
}

TEST(CrashTest, LosesNoAcknowledgedWriteAndDuplicatesNone) {
  Ordeal run;
  std::mt19937_64 random(seed());
  ASSERT_NO_FATAL_FAILURE(run.move_to("dual_write", Side::legacy));
  ASSERT_NO_FATAL_FAILURE(kill_everywhere(run, 36, random));
  ASSERT_NO_FATAL_FAILURE(run.move_to("cloud_primary", Side::cloud));
  ASSERT_NO_FATAL_FAILURE(kill_everywhere(run, 27, random));
  const Judgement judgement = run.recover();
  run.print();
  std::cout << "in both ERPs, once: " << judgement.orders << " orders, " << judgement.movements
            << " stock movements, " << judgement.customers << " customers\n";
  EXPECT_TRUE(judgement.flawless()) << judgement;
  for (const std::string& where : places_to_die()) {
    if (!where.empty()) {
      EXPECT_GE(run.kills[where], 5) << "too few kills at " << where;
    }
  }
  EXPECT_GT(judgement.orders, 50);
  EXPECT_GT(judgement.movements, 10);
  EXPECT_GT(judgement.customers, 10);
}

TEST(CrashTest, FailsWhenTheResolverIsSwitchedOff) {
  Ordeal run;
  ASSERT_NO_FATAL_FAILURE(run.move_to("dual_write", Side::legacy));
  for (const int nth : {3, 4}) {
    ASSERT_NO_FATAL_FAILURE(run.live_and_die("sent", nth, {"resolver=off", "patience_ms=500"}));
    ASSERT_NO_FATAL_FAILURE(run.live_and_die("opened", nth, {"resolver=off", "patience_ms=500"}));
  }
  const Judgement without = run.recover({"resolver=off", "patience_ms=500"});
  EXPECT_FALSE(without.unsettled.empty());
  EXPECT_FALSE(without.flawless());
  std::cout << "without the resolver: " << without.unsettled.size() << " unsettled\n";
  // Nothing is lost yet: with the resolver on, the same journal settles everything.
  const Judgement with = run.recover();
  EXPECT_TRUE(with.flawless()) << with;
}

TEST(CrashTest, FailsWhenTheSyncIsSwitchedOff) {
  Ordeal run;
  ASSERT_NO_FATAL_FAILURE(run.move_to("dual_write", Side::legacy));
  for (const int nth : {6, 7}) {
    ASSERT_NO_FATAL_FAILURE(run.live_and_die("closed", nth, {"sync=off"}));
    ASSERT_NO_FATAL_FAILURE(run.live_and_die("delivered", nth, {"sync=off"}));
  }
  const Judgement judgement = run.recover();
  EXPECT_FALSE(judgement.lost.empty());
  std::cout << "without the sync: " << judgement.lost.size() << " lost\n";
}

}  // namespace
}  // namespace underpin::crash
