#include "tests/unit/facade/trap.h"

namespace underpin::facade::test {

void Trapped::set_trap(const std::string& operation, Trap trap) {
  const std::lock_guard lock(mutex_);
  traps_[operation].push_back(trap);
}

void Trapped::commit_late() {
  std::vector<std::function<void()>> late;
  {
    const std::lock_guard lock(mutex_);
    late.swap(late_);
  }
  for (const auto& work : late) work();
}

int Trapped::calls(const std::string& operation) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(operation);
  return found == calls_.end() ? 0 : found->second;
}

void Trapped::before(const std::string& operation, std::function<void()> act) {
  const std::lock_guard lock(mutex_);
  before_[operation] = std::move(act);
}

bool Trapped::is_down() const {
  const std::lock_guard lock(mutex_);
  return down_;
}

void Trapped::set_down(bool down) {
  const std::lock_guard lock(mutex_);
  down_ = down;
}

}  // namespace underpin::facade::test
