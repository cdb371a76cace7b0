#include "facade/journal/group_commit.h"

#include <algorithm>

namespace underpin::facade::journal {

GroupCommit::GroupCommit(int group_max, std::function<void(const Group&)> commit,
                         std::function<void()> between)
    : group_max_(static_cast<std::size_t>(std::max(group_max, 1))),
      commit_(std::move(commit)),
      between_(std::move(between)),
      writer_([this] { loop(); }) {}

void GroupCommit::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (writer_.joinable()) writer_.join();
}

Status GroupCommit::write(const Work& work) {
  if (std::this_thread::get_id() == writer_.get_id())
    return Error{ErrorCode::internal, "journal: a write inside a write", "journal"};
  Member member{&work};
  std::unique_lock lock(mutex_);
  if (stopping_) return Error{ErrorCode::unavailable, "the journal is closing", "journal"};
  queue_.push_back(&member);
  changed_.notify_all();
  member.finished.wait(lock, [&] { return member.done; });
  return member.result;
}

void GroupCommit::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return !queue_.empty() || stopping_; });
    if (queue_.empty()) return;
    Group group;
    while (!queue_.empty() && group.size() < group_max_) {
      group.push_back(queue_.front());
      queue_.pop_front();
    }
    lock.unlock();
    commit_(group);
    lock.lock();
    for (Member* member : group) {
      member->done = true;
      // Under the lock: a member that has seen `done` is gone.
      member->finished.notify_one();
    }
    lock.unlock();
    between_();
    lock.lock();
  }
}

}  // namespace underpin::facade::journal
