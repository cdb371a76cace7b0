#pragma once

#include "facade/journal/journal.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace underpin::facade::journal {

// One writer thread that gathers waiting write() calls into groups. The store commits a group and
// leaves each member its result; only then do the callers return. Threads: write() from any.
class GroupCommit {
 public:
  using Work = std::function<bool(JournalTransaction&)>;

  struct Member {
    explicit Member(const Work* w) : work(w) {}
    const Work* work;
    std::condition_variable finished;
    bool done = false;
    Status result = Done{};
  };
  using Group = std::vector<Member*>;

  // `commit` and `between` (after the members of a group were let go, when nobody waits for an
  // answer) run on the writer thread and throw nothing.
  GroupCommit(int group_max, std::function<void(const Group&)> commit,
              std::function<void()> between);
  ~GroupCommit() { stop(); }
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  Status write(const Work& work);
  void stop();  // Commits what waits; later writes are refused.

 private:
  void loop();

  const std::size_t group_max_;
  const std::function<void(const Group&)> commit_;
  const std::function<void()> between_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Member*> queue_;  // Callers wait, so there are never more than there are callers.
  bool stopping_ = false;
  std::thread writer_;
};

}  // namespace underpin::facade::journal
