#pragma once

#include "contracts/capability.h"
#include "contracts/json/json_text.h"
#include "tests/crash/steps.h"
#include "tests/crash/work.h"
#include "tests/support/simulator.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

// Two simulated ERPs that live on while the facade between them is killed again and again.
namespace underpin::crash {

// One document of an ERP, as its own books say.
struct BookedOrder {
  bool living = false;  // Among the open documents; otherwise deleted or posted.
  bool released = false;
  std::map<int, Decimal> lines;  // By the channel's line number.
};

// What one ERP holds of the channel's writes.
struct Books {
  std::map<std::string, std::vector<BookedOrder>> orders;     // By external reference.
  std::map<std::string, int> movements;                       // How often each was posted.
  std::map<std::string, std::vector<std::string>> customers;  // Names, by number.
};

struct ChildEnd {
  bool killed = false;   // By itself, at the step that was asked for.
  bool stopped = false;  // By the parent, because the step was not reached in time.
  int exit_code = -1;
  std::string output;
};

class World {
 public:
  World(test::Vendor legacy, test::Vendor cloud, std::uint64_t seed);

  // Runs a child to its end. `kill_after_ms`: the parent kills it then, whatever it does.
  ChildEnd run(const std::string& mode, const std::vector<std::string>& values,
               int kill_after_ms = 120'000);
  void faults_on();
  void faults_off();
  Books books(Side side);
  Memory memory() const;
  std::int64_t passed(facade::Step step) const;
  std::uint64_t seed() const { return seed_; }

 private:
  const std::uint64_t seed_;
  test::TemporaryFolder folder_;
  std::unique_ptr<test::Simulator> legacy_;
  std::unique_ptr<test::Simulator> cloud_;
  StepCounts* counts_ = nullptr;
};

// What recovery left wrong, in sentences. `homes`: where the orders of each story were born; a
// story beyond the end has none. Empty: every acknowledged write is there, once, and its mirror
// too.
struct Judgement {
  std::vector<std::string> lost;  // Acknowledged, or answered 202, and not there or not right.
  std::vector<std::string> duplicated;  // Applied twice in one ERP.
  std::vector<std::string> unsettled;   // Asked, and no final answer to be had.
  std::vector<std::string> wrong;       // Everything else that must not be.
  int orders = 0;
  int movements = 0;
  int customers = 0;
  bool flawless() const {
    return lost.empty() && duplicated.empty() && unsettled.empty() && wrong.empty();
  }
};
Judgement judge(World& world, const std::vector<Side>& homes, const ChildEnd& recovered);
std::ostream& operator<<(std::ostream& out, const Judgement& judgement);

}  // namespace underpin::crash
