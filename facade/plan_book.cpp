#include "facade/plan_book.h"

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
  const std::lock_guard lock(mutex_);
  plans_ = plans;
  return Done{};
}

cutover::Plan PlanBook::plan(Capability capability) const {
  const std::lock_guard lock(mutex_);
  return plans_[static_cast<std::size_t>(capability)];
}

}  // namespace underpin::facade
