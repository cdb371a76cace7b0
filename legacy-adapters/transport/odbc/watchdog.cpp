#include "legacy-adapters/transport/odbc/watchdog.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace underpin::legacy::odbc {
namespace {

constexpr std::chrono::milliseconds again_after{10};

}  // namespace

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
    entries_.emplace(ticket, Entry{deadline, std::move(stop)});
  }
  changed_.notify_all();
  return ticket;
}

bool Watchdog::disarm(std::uint64_t ticket) {
  std::unique_lock lock(mutex_);
  const auto entry = entries_.find(ticket);
  changed_.wait(lock, [&] { return !entry->second.running; });
  const bool stopped = entry->second.has_run;
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
      if (entry.next <= now && (due == nullptr || entry.next < due->next)) due = &entry;
      next = std::min(next, entry.next);
    }
    if (due != nullptr) {
      due->running = true;  // Keeps the entry, and what `stop` refers to, alive.
      lock.unlock();
      due->stop();
      lock.lock();
      due->running = false;
      due->has_run = true;
      due->next = std::chrono::steady_clock::now() + again_after;
      changed_.notify_all();
    } else if (next == Deadline::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

}  // namespace underpin::legacy::odbc
