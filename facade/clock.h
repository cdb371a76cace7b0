#pragma once

#include "contracts/call_context.h"
#include "contracts/time.h"

#include <chrono>
#include <functional>

namespace underpin::facade {

// Time is a port: production reads the system clock, tests hand in their own.
using Now = std::function<Timestamp()>;
inline Timestamp system_now() { return Timestamp::from(std::chrono::system_clock::now()); }

inline Deadline deadline_in(std::chrono::milliseconds budget) {
  return std::chrono::steady_clock::now() + budget;
}
inline std::int64_t ms_left(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline -
                                                               std::chrono::steady_clock::now())
      .count();
}

}  // namespace underpin::facade
