#include "facade/plan_book.h"

#include <algorithm>

namespace underpin::facade {

Result<cutover::Plan> plan_in(const journal::JournalReader& reader, const std::string& wave,
                              Capability capability) {
  const auto record = reader.plan(wave, capability);
  if (!record) {
    return Error{ErrorCode::internal,
                 "no cutover plan for " + std::string(name(capability)) + " in wave " + wave};
  }
  return cutover::read_plan(record->plan, wave, capability, record->version);
}

Status PlanBook::load(Timestamp now) {
  const Status made = journal_.write([&](journal::JournalTransaction& tx) {
    for (const Capability capability : all_capabilities) {
      if (tx.plan(wave_, capability)) continue;
      journal::PlanRecord first;
      first.wave = wave_;
      first.capability = capability;
      first.plan = cutover::write_plan(cutover::initial_plan(wave_, capability));
      first.actor = "underpin";
      first.reason = "first start";
      first.at = now;
      if (!tx.publish_plan(first, 0)) return false;
    }
    return true;
  });
  if (!made) return made;
  return refresh();
}

std::string taken_name(const std::string& wave, Capability capability) {
  return wave + "/" + std::string(name(capability));
}

Status PlanBook::renew() {
  // From before the look: whatever happens meanwhile makes the lease end earlier, not later.
  const Instant asked = std::chrono::steady_clock::now();
  const Status read = refresh();
  if (!read) return read;
  std::map<std::string, std::int64_t> taken;
  for (const Capability capability : all_capabilities)
    taken[taken_name(wave_, capability)] = plan(capability).version;
  const Status told = journal_.write([&](journal::JournalTransaction& tx) {
    tx.renew_replica(taken, tx.clock().plus_ms(lease_ms_));
    return true;
  });
  if (!told) return told;
  const std::lock_guard lock(mutex_);
  confirmed_ = std::max(confirmed_, asked);
  return Done{};
}

Status PlanBook::fresh() const {
  if (!journal_.shared()) return Done{};
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() - confirmed_ < std::chrono::milliseconds(lease_ms_))
    return Done{};
  return Error{ErrorCode::unavailable,
               "the cutover plan could not be confirmed for " + std::to_string(lease_ms_) + " ms"};
}

Status PlanBook::refresh() {
  std::array<cutover::Plan, 4> plans;
  Error failed;
  bool ok = true;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    for (const Capability capability : all_capabilities) {
      const auto plan = plan_in(reader, wave_, capability);
      if (!plan) {
        failed = plan.error();
        ok = false;
        return;
      }
      plans[static_cast<std::size_t>(capability)] = *plan;
    }
  });
  if (!read) return read;
  if (!ok) return failed;
  // Two looks at once may end in the other order: the older one must not bring its plan back, and
  // nobody would look again.
  const std::lock_guard lock(mutex_);
  for (const Capability capability : all_capabilities) {
    const auto place = static_cast<std::size_t>(capability);
    if (plans[place].version >= plans_[place].version) plans_[place] = std::move(plans[place]);
  }
  return Done{};
}

cutover::Plan PlanBook::plan(Capability capability) const {
  const std::lock_guard lock(mutex_);
  return plans_[static_cast<std::size_t>(capability)];
}

}  // namespace underpin::facade
