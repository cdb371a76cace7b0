#include "facade/shadow_read.h"

#include "facade/clock.h"

namespace underpin::facade {

ShadowQueue::ShadowQueue(int threads, std::size_t limit) : limit_(limit) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

ShadowQueue::~ShadowQueue() { stop(); }

bool ShadowQueue::offer(Task task, std::chrono::milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= limit_) {
      ++dropped_;
      return false;
    }
    queue_.push({monotonic().now() + delay, ++sequence_, std::move(task)});
  }
  changed_.notify_one();
  return true;
}

std::size_t ShadowQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() + static_cast<std::size_t>(running_);
}

bool ShadowQueue::drain(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] { return queue_.empty() && running_ == 0; });
}

void ShadowQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  // What they hold ends here, while those are there whom it concerns.
  std::priority_queue<Waiting> waiting;
  const std::lock_guard lock(mutex_);
  waiting.swap(queue_);
}

void ShadowQueue::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto due = queue_.top().due;
    if (due > monotonic().now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    run_first(lock);
  }
}

bool ShadowQueue::run_due() {
  std::unique_lock lock(mutex_);
  if (stopping_ || queue_.empty() || queue_.top().due > monotonic().now()) return false;
  run_first(lock);
  return true;
}

void ShadowQueue::run_first(std::unique_lock<std::mutex>& lock) {
  Task task = queue_.top().task;
  queue_.pop();
  ++running_;
  lock.unlock();
  try {
    task();
  } catch (...) {
    // A comparison that throws is lost, never propagated: the answer has long been given.
  }
  ++finished_;
  task = nullptr;
  lock.lock();
  --running_;
  changed_.notify_all();
}

}  // namespace underpin::facade
