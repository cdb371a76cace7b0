#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace underpin::facade::http {

// A fixed number of threads behind a bounded queue. Jobs must not throw. Threads: any.
class WorkerPool {
 public:
  WorkerPool(int threads, std::size_t queue_limit);
  ~WorkerPool();  // stop()

  // False, and nothing is kept, when every worker is busy and the queue is full, and after stop().
  bool try_run(std::function<void()> job);
  // Drops what waits, waits for what runs.
  void stop();

 private:
  void work();

  const std::size_t capacity_;  // Jobs that wait or run.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t running_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace underpin::facade::http
