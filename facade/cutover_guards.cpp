#include "facade/cutover_guards.h"

#include <algorithm>
#include <utility>

namespace underpin::facade {

using cutover::GuardReading;

CutoverGuards::CutoverGuards(const Systems& systems, const journal::Journal& journal,
                             GuardsSettings settings, Now now)
    : systems_(systems), journal_(journal), settings_(settings), now_(std::move(now)) {
  for (const Capability capability : all_capabilities) {
    const auto at = static_cast<std::size_t>(capability);
    const CapabilityGuards& wanted = settings_.capabilities[at];
    Watch& watch = watches_[at];
    if (wanted.error_rate) watch.errors.emplace("error_rate", *wanted.error_rate);
    if (wanted.mismatch_rate) watch.mismatches.emplace("mismatch_rate", *wanted.mismatch_rate);
    if (wanted.slower_rate) watch.slower.emplace("latency_ratio", *wanted.slower_rate);
  }
}

void CutoverGuards::answered(Capability capability, bool failed) {
  const std::lock_guard lock(mutex_);
  auto& errors = watches_[static_cast<std::size_t>(capability)].errors;
  if (errors) errors->count(failed, now_());
}

void CutoverGuards::compared(Capability capability, parity::Verdict verdict,
                             std::int64_t primary_micros, std::int64_t secondary_micros) {
  if (verdict == parity::Verdict::not_compared) return;
  const auto at = static_cast<std::size_t>(capability);
  const std::lock_guard lock(mutex_);
  Watch& watch = watches_[at];
  if (watch.mismatches) watch.mismatches->count(verdict == parity::Verdict::mismatch, now_());
  if (!watch.slower || primary_micros <= 0 || secondary_micros <= 0) return;
  const double ratio = static_cast<double>(primary_micros) / static_cast<double>(secondary_micros);
  watch.slower->count(ratio > settings_.capabilities[at].latency_ratio, now_());
}

void CutoverGuards::restart_if_moved(Watch& watch, const cutover::Plan& plan) const {
  if (watch.plan_version == plan.version) return;
  watch.plan_version = plan.version;
  for (auto* guard : {&watch.errors, &watch.mismatches, &watch.slower})
    if (*guard) (*guard)->restart(now_());
}

std::vector<GuardReading> CutoverGuards::readings(const cutover::Plan& plan) const {
  const auto at = static_cast<std::size_t>(plan.capability);
  const CapabilityGuards& wanted = settings_.capabilities[at];
  std::vector<GuardReading> found;
  {
    const std::lock_guard lock(mutex_);
    Watch& watch = watches_[at];
    restart_if_moved(watch, plan);
    const Timestamp now = now_();
    if (watch.errors) found.push_back(watch.errors->look(now));
    const bool compares = cutover::rule(plan.rollout.from).shadow_reads ||
                          cutover::rule(plan.rollout.to).shadow_reads;
    if (compares && watch.mismatches) found.push_back(watch.mismatches->look(now));
    if (compares && watch.slower) found.push_back(watch.slower->look(now));
  }
  const bool feeds =
      plan.capability == Capability::orders || plan.capability == Capability::inventory;
  journal::Backlog backlog;
  std::string seen_legacy;
  std::string seen_cloud;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    backlog = reader.backlog(plan.wave, plan.capability, plan.version);
    seen_legacy = reader.fact("as_of/" + systems_.legacy.name + "/orders");
    seen_cloud = reader.fact("as_of/" + systems_.cloud.name + "/orders");
  });
  const auto age_ms = [&](Timestamp since) {
    return since.micros == 0 ? 0 : (now_().micros - since.micros) / 1000;
  };
  if (wanted.backlog_age_max_ms) {
    found.push_back(cutover::read_level("backlog_age", read.has_value(),
                                        age_ms(backlog.oldest_pending), *wanted.backlog_age_max_ms,
                                        "ms"));
  }
  if (feeds && wanted.feed_age_max_ms) {
    const auto legacy = Timestamp::parse(seen_legacy);
    const auto cloud = Timestamp::parse(seen_cloud);
    const bool known = read && legacy && cloud;
    const std::int64_t age = known ? std::max(age_ms(*legacy), age_ms(*cloud)) : 0;
    found.push_back(cutover::read_level("feed_age", known, age, *wanted.feed_age_max_ms, "ms"));
  }
  if (wanted.dead_letters_max) {
    found.push_back(cutover::read_level("dead_letters", read.has_value(),
                                        backlog.dead_to_legacy + backlog.dead_to_cloud,
                                        *wanted.dead_letters_max, ""));
  }
  return found;
}

void CutoverGuards::look(CutoverDesk& desk) {
  for (const Capability capability : all_capabilities) {
    // The plan alone: a status would count every document of the cloud, once a second.
    const cutover::Plan plan = desk.plan(capability);
    if (plan.halt) continue;
    for (const GuardReading& reading : readings(plan)) {
      if (reading.verdict != cutover::GuardVerdict::breach) continue;
      // Another process may have been first: then the version has moved, and this is no fault.
      (void)desk.halt(capability, plan.version, reading).has_value();
      break;
    }
  }
}

}  // namespace underpin::facade
