#include "facade/clock.h"

#include <atomic>

namespace underpin::facade {
namespace {

class MachineClock final : public MonotonicClock {
 public:
  Deadline now() const override { return std::chrono::steady_clock::now(); }
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                  Deadline until, const std::function<bool()>& ready) override {
    return changed.wait_until(lock, until, ready);
  }
};

std::atomic<MonotonicClock*> in_place{nullptr};

}  // namespace

MonotonicClock& monotonic() {
  static MachineClock machine;
  MonotonicClock* const clock = in_place.load(std::memory_order_acquire);
  return clock == nullptr ? machine : *clock;
}

void use_monotonic_clock(MonotonicClock* clock) {
  in_place.store(clock, std::memory_order_release);
}

}  // namespace underpin::facade
