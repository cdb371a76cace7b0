#pragma once

#include "contracts/call_context.h"
#include "contracts/time.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace underpin::facade {

// Time is a port: production reads the system clock, tests hand in their own.
using Now = std::function<Timestamp()>;
inline Timestamp system_now() { return Timestamp::from(std::chrono::system_clock::now()); }

// The clock of deadlines, and waiting by it. The machine's own, unless a simulation, which runs
// everything on one thread and in virtual time, has put its clock in place. Threads: any.
class MonotonicClock {
 public:
  virtual ~MonotonicClock() = default;
  virtual Deadline now() const = 0;
  // As condition_variable::wait_until: what `ready` says in the end.
  virtual bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                          Deadline until, const std::function<bool()>& ready) = 0;
};
MonotonicClock& monotonic();
// nullptr: the machine's. Only while nothing of the facade runs.
void use_monotonic_clock(MonotonicClock* clock);

inline Deadline deadline_in(std::chrono::milliseconds budget) { return monotonic().now() + budget; }
inline std::int64_t ms_left(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - monotonic().now())
      .count();
}

}  // namespace underpin::facade
