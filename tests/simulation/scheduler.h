#pragma once

#include "facade/clock.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

// Everything of a simulated world happens on one thread: a queue of events in virtual time, and
// fibers, which are what the facade's threads and the channels' requests would be. A fiber runs
// until it sleeps; nothing else runs meanwhile.
namespace underpin::simulation {

using Micros = std::int64_t;

// One stream of random numbers from one seed, the same on every platform.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  // Of low..high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  bool chance(int per_1000) { return between(0, 999) < per_1000; }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(all.size()) - 1))];
  }

 private:
  std::uint64_t state_;
};

// Thrown in a fiber whose process has died; what it touches then throws it again.
struct Killed {};

// Thread rule: one thread.
class Scheduler final : public facade::MonotonicClock {
 public:
  Scheduler();
  ~Scheduler() override;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  Micros time() const { return now_; }
  // An event of the world outside the process: it outlives a crash.
  void at(Micros when, std::function<void()> event);
  // A fiber of the process; `label` says what it does, for counting where crashes hit.
  void spawn(std::string label, std::function<void()> body);

  bool in_fiber() const { return running_ != nullptr; }
  const std::string& label() const;
  void relabel(const std::string& label);
  // Of the running fiber. Throws Killed in a process that has died.
  void sleep_until(Micros when);
  void sleep(Micros duration) { sleep_until(now_ + duration); }
  void check_alive() const;

  // From a fiber or an event: the process dies here. Every fiber ends before anything else happens.
  void kill();
  bool dying() const { return dying_; }
  // Runs the next event; false when there is none.
  bool step();
  std::size_t fibers() const { return live_.size(); }

  // facade::MonotonicClock
  Deadline now() const override { return Deadline{std::chrono::microseconds(now_)}; }
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                  Deadline until, const std::function<bool()>& ready) override;

 private:
  struct Fiber;
  struct Event {
    Micros when;
    std::uint64_t sequence;
    std::function<void()> run;
    Fiber* fiber;
    bool operator<(const Event& other) const {
      return when != other.when ? when > other.when : sequence > other.sequence;
    }
  };
  void resume(Fiber* fiber);
  void end_all();
  static void enter(unsigned low, unsigned high);

  Micros now_ = 0;
  std::uint64_t sequence_ = 0;
  std::priority_queue<Event> events_;
  std::vector<std::unique_ptr<Fiber>> live_;
  std::vector<std::unique_ptr<Fiber>> spare_;
  Fiber* running_ = nullptr;
  bool dying_ = false;
};

}  // namespace underpin::simulation
