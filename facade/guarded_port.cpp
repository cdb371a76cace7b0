#include "facade/guarded_port.h"

#include "facade/clock.h"

namespace underpin::facade {

bool spoke(ErrorCode code) {
  switch (code) {
    case ErrorCode::unavailable:
    case ErrorCode::outcome_unknown:
    case ErrorCode::internal:
      return false;
    default:
      return true;
  }
}

Status Guard::enter(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto now = monotonic().now();
  const bool tripped = failures_ >= settings_.trip_after;
  if (tripped && (now < closed_until_ || probing_)) {
    Error error{ErrorCode::unavailable, "circuit breaker is open after repeated failures", system_,
                not_asked};
    error.retry_after_s = static_cast<int>(settings_.open_ms / 1000) + 1;
    return error;
  }
  if (!monotonic().wait_until(lock, changed_, deadline,
                              [&] { return inside_ < settings_.concurrency; })) {
    return Error{ErrorCode::unavailable,
                 "all " + std::to_string(settings_.concurrency) +
                     " connections were busy until the deadline",
                 system_, not_asked};
  }
  if (tripped) probing_ = true;
  ++inside_;
  return Done{};
}

void Guard::leave(bool healthy) {
  const std::lock_guard lock(mutex_);
  --inside_;
  probing_ = false;
  if (healthy) {
    failures_ = 0;
  } else if (++failures_ >= settings_.trip_after) {
    closed_until_ = monotonic().now() + std::chrono::milliseconds(settings_.open_ms);
  }
  changed_.notify_one();
}

bool Guard::open() const {
  const std::lock_guard lock(mutex_);
  return failures_ >= settings_.trip_after && monotonic().now() < closed_until_;
}

}  // namespace underpin::facade
