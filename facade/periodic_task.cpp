#include "facade/periodic_task.h"

namespace underpin::facade {

PeriodicTask::PeriodicTask(std::string name, std::chrono::milliseconds every,
                           std::function<bool()> run)
    : name_(std::move(name)), every_(every), run_(std::move(run)) {}

PeriodicTask::~PeriodicTask() { stop(); }

void PeriodicTask::start() {
  thread_ = std::thread([this] { loop(); });
}

void PeriodicTask::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void PeriodicTask::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool PeriodicTask::run_once() {
  try {
    return run_();
  } catch (...) {
    // A wall of its own: one failed round must not end the thread. What failed is tried again.
    return false;
  }
}

void PeriodicTask::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    const bool more = run_once();
    lock.lock();
    if (more) continue;
    changed_.wait_for(lock, every_, [this] { return woken_ || stopping_; });
  }
}

}  // namespace underpin::facade
