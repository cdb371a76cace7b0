#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace underpin::facade {

struct GuardSettings {
  int concurrency = 16;          // Calls in the ERP at once.
  int trip_after = 8;            // Consecutive failures that open the circuit breaker.
  std::int64_t open_ms = 2'000;  // How long it stays open before one call may try again.
};

// Around every call into one system: a concurrency limit and a circuit breaker. What it refuses has
// certainly not been sent: `unavailable`. Threads: any.
class Guard {
 public:
  Guard(std::string system, GuardSettings settings)
      : system_(std::move(system)), settings_(settings) {}

  // Takes a slot, waiting until `deadline` at most. Every success is followed by leave().
  Status enter(Deadline deadline);
  // `healthy`: the system answered, whatever it said.
  void leave(bool healthy);
  bool open() const;

 private:
  const std::string system_;
  const GuardSettings settings_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  int failures_ = 0;
  bool probing_ = false;
  std::chrono::steady_clock::time_point closed_until_{};
};

// Error::vendor_code of what a guard refused: the system was not asked.
inline constexpr const char* not_asked = "not_asked";

// Did the system speak to us? Used to judge health.
bool spoke(ErrorCode code);

template <class T, class Call>
Result<T> guarded(Guard& guard, Deadline deadline, Call&& call) {
  const Status entered = guard.enter(deadline);
  if (!entered) return entered.error();
  struct Leave {
    Guard& guard;
    bool healthy = false;
    ~Leave() { guard.leave(healthy); }
  } leave{guard};
  Result<T> result = call();
  leave.healthy = result.has_value() || spoke(result.error().code);
  return result;
}

}  // namespace underpin::facade
