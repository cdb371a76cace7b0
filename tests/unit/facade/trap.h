#pragma once

#include "contracts/result.h"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace underpin::facade::test {

// What shall go wrong with the next calls of an operation, in order.
enum class Trap {
  unavailable,    // Not applied, known not to have arrived.
  lost_answer,    // Applied, and then no answer: outcome_unknown.
  lost_request,   // Not applied, and no answer: outcome_unknown.
  late_commit,    // outcome_unknown now; applied when commit_late() is called.
  refused,        // rejected.
  stale,          // Not applied: somebody else has changed the record.
  throws_after,   // Applied, then an exception.
  throws_before,  // An exception, nothing applied.
};

// What an ERP tells of a record that it cannot read.
inline Error a_page() { return {ErrorCode::internal, "no answer, but a page"}; }

// Calls that misbehave on demand, and are counted.
class Trapped {
 public:
  void set_trap(const std::string& operation, Trap trap);
  void commit_late();
  int calls(const std::string& operation) const;
  // Called right before the next call of an operation is applied: what somebody else did first.
  void before(const std::string& operation, std::function<void()> act);
  // Not reachable: every call is refused before it arrives.
  bool is_down() const;
  void set_down(bool down);

 protected:
  template <class T, class Work>
  Result<T> trapped(const std::string& operation, Work work) {
    std::function<void()> first;
    {
      const std::lock_guard lock(mutex_);
      std::swap(first, before_[operation]);
    }
    if (first) first();
    const std::lock_guard lock(mutex_);
    if (down_) return Error{ErrorCode::unavailable, "down"};
    ++calls_[operation];
    auto& queue = traps_[operation];
    if (queue.empty()) return work();
    const Trap trap = queue.front();
    queue.pop_front();
    switch (trap) {
      case Trap::unavailable:
        return Error{ErrorCode::unavailable, "down"};
      case Trap::refused:
        return Error{ErrorCode::rejected, "refused by the ERP"};
      case Trap::stale:
        return Error{ErrorCode::conflict, "changed by another user"};
      case Trap::lost_request:
        return Error{ErrorCode::outcome_unknown, "no answer"};
      case Trap::lost_answer:
        (void)work();
        return Error{ErrorCode::outcome_unknown, "no answer"};
      case Trap::throws_before:
        throw std::runtime_error("before");
      case Trap::throws_after:
        (void)work();
        throw std::runtime_error("after");
      case Trap::late_commit:
        late_.push_back([this, work] {
          const std::lock_guard late_lock(mutex_);
          (void)work();
        });
        return Error{ErrorCode::outcome_unknown, "no answer"};
    }
    return work();
  }

  mutable std::mutex mutex_;
  bool down_ = false;

 private:
  std::map<std::string, std::deque<Trap>> traps_;
  std::map<std::string, std::function<void()>> before_;
  std::map<std::string, int> calls_;
  std::vector<std::function<void()>> late_;
};

}  // namespace underpin::facade::test
