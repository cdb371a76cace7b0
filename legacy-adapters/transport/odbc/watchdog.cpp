#include "legacy-adapters/transport/odbc/watchdog.h"

#include <utility>

namespace underpin::legacy::odbc {

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::uint64_t Watchdog::arm(Deadline deadline, std::function<void()> stop) {
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = ++last_;
    entries_.emplace(ticket, Entry{deadline, std::move(stop), State::waiting});
  }
  changed_.notify_all();
  return ticket;
}

bool Watchdog::disarm(std::uint64_t ticket) {
  std::unique_lock lock(mutex_);
  const auto entry = entries_.find(ticket);
  changed_.wait(lock, [&] { return entry->second.state != State::stopping; });
  const bool stopped = entry->second.state == State::stopped;
  entries_.erase(entry);
  return stopped;
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto now = std::chrono::steady_clock::now();
    Entry* due = nullptr;
    auto next = Deadline::max();
    for (auto& [ticket, entry] : entries_) {
      if (entry.state != State::waiting) continue;
      if (entry.deadline <= now) due = &entry;
      if (entry.deadline < next) next = entry.deadline;
    }
    if (due != nullptr) {
      due->state = State::stopping;  // Keeps the entry, and what `stop` refers to, alive.
      lock.unlock();
      due->stop();
      lock.lock();
      due->state = State::stopped;
      changed_.notify_all();
    } else if (next == Deadline::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

}  // namespace underpin::legacy::odbc
