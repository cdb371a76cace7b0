#pragma once

#include "contracts/call_context.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace underpin::legacy::odbc {

// Calls back when a deadline passes. Drivers may ignore SQL_ATTR_QUERY_TIMEOUT (SQLite's does), so
// the end of a statement is enforced from outside. One thread for all statements of a pool.
class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Runs `stop`, on the watchdog's thread, when `deadline` passes before disarm(), and again every
  // few milliseconds until then: a cancel that comes just before the driver begins is without
  // effect.
  std::uint64_t arm(Deadline deadline, std::function<void()> stop);

  // After this `stop` is not running and will not run. True when it has run.
  bool disarm(std::uint64_t ticket);

 private:
  struct Entry {
    Deadline next;
    std::function<void()> stop;
    bool running = false;
    bool has_run = false;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Entry> entries_;
  std::uint64_t last_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace underpin::legacy::odbc
