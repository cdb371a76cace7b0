#pragma once

#include "facade/clock.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

namespace underpin::facade {

// One writer per subject in this process; the journal enforces the same between processes. Waiting
// is bounded. Threads: any.
class SubjectLocks {
 public:
  class Held {
   public:
    Held() = default;
    Held(SubjectLocks* locks, std::string subject) : locks_(locks), subject_(std::move(subject)) {}
    Held(Held&& other) noexcept : locks_(other.locks_), subject_(std::move(other.subject_)) {
      other.locks_ = nullptr;
    }
    Held& operator=(Held&& other) noexcept {
      std::swap(locks_, other.locks_);
      std::swap(subject_, other.subject_);
      return *this;
    }
    ~Held() {
      if (locks_ != nullptr) locks_->release(subject_);
    }
    explicit operator bool() const { return locks_ != nullptr; }

   private:
    SubjectLocks* locks_ = nullptr;
    std::string subject_;
  };

  // Only in a simulation that proves that they are needed: everybody gets every lock.
  void switch_off() { off_ = true; }

  // An empty Held when the subject stayed busy until `until`.
  Held acquire(const std::string& subject, Deadline until) {
    std::unique_lock lock(mutex_);
    Entry& entry = entries_[subject];
    ++entry.users;
    const bool free =
        monotonic().wait_until(lock, entry.freed, until, [&] { return off_ || !entry.busy; });
    if (!free) {
      if (--entry.users == 0) entries_.erase(subject);
      return {};
    }
    entry.busy = true;
    return {this, subject};
  }

 private:
  struct Entry {
    bool busy = false;
    int users = 0;
    std::condition_variable freed;
  };

  void release(const std::string& subject) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(subject);
    found->second.busy = false;
    if (--found->second.users == 0) {
      entries_.erase(found);
    } else {
      found->second.freed.notify_one();
    }
  }

  bool off_ = false;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace underpin::facade
