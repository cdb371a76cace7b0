#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace underpin::facade {

// Work that runs again and again on a thread of its own, never twice at once. `run` answers whether
// there is more to do right away. Threads: wake() and stop() from any.
class PeriodicTask {
 public:
  PeriodicTask(std::string name, std::chrono::milliseconds every, std::function<bool()> run);
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

  void start();
  void wake();
  void stop();
  const std::string& name() const { return name_; }
  std::chrono::milliseconds every() const { return every_; }
  // One round on the caller's thread, for a simulation that does not start(). Behind the wall.
  bool run_once();

 private:
  void loop();

  const std::string name_;
  const std::chrono::milliseconds every_;
  const std::function<bool()> run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace underpin::facade
