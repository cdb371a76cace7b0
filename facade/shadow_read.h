#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace underpin::facade {

// The read that follows the answer. offer() never blocks: a full queue drops and counts, because
// nothing a comparison does may slow the answer it compares. Threads: any.
class ShadowQueue {
 public:
  using Task = std::function<void()>;

  ShadowQueue(int threads, std::size_t limit);
  ~ShadowQueue();
  ShadowQueue(const ShadowQueue&) = delete;
  ShadowQueue& operator=(const ShadowQueue&) = delete;

  // Runs `task` after `delay`. False: dropped.
  bool offer(Task task, std::chrono::milliseconds delay = {});
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t finished() const { return finished_; }
  std::size_t waiting() const;
  // Runs one task that is due, on the caller's thread. For a queue without threads of its own, as
  // simulations have. False: none is due.
  bool run_due();
  // Waits until everything offered so far has run, or `deadline`. For tests and reports.
  bool drain(std::chrono::steady_clock::time_point deadline);
  void stop();  // What still waits is given up.

 private:
  struct Waiting {
    std::chrono::steady_clock::time_point due;
    std::uint64_t sequence;
    Task task;
    bool operator<(const Waiting& other) const {
      return due != other.due ? due > other.due : sequence > other.sequence;
    }
  };
  void run();
  void run_first(std::unique_lock<std::mutex>& lock);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Waiting> queue_;
  std::uint64_t sequence_ = 0;
  int running_ = 0;
  bool stopping_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> finished_{0};
  std::vector<std::thread> threads_;
};

}  // namespace underpin::facade
