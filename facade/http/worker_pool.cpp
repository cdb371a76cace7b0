#include "facade/http/worker_pool.h"

#include <algorithm>
#include <utility>

namespace underpin::facade::http {

WorkerPool::WorkerPool(int threads, std::size_t queue_limit)
    : capacity_(queue_limit + static_cast<std::size_t>(std::max(threads, 1))) {
  for (int i = 0; i < std::max(threads, 1); ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::try_run(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    // Counted with the running ones: a job waits only when no worker is free to take it.
    if (stopped_ || waiting_.size() + running_ >= capacity_) return false;
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::function<void()> job = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    job();
    job = nullptr;  // What it holds is given back before the slot is.
    lock.lock();
    --running_;
  }
}

}  // namespace underpin::facade::http
