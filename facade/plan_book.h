#pragma once

#include "cutover/plan.h"
#include "facade/journal/journal.h"

#include <array>
#include <chrono>
#include <mutex>
#include <string>

namespace underpin::facade {

// The cutover plan of one wave as this replica knows it: a copy for routing. The journal checks the
// version again in the transaction that opens an intent, so a stale copy costs a retry, not a
// write. Threads: any.
class PlanBook {
 public:
  PlanBook(journal::Journal& journal, std::string wave, std::int64_t lease_ms = 5'000)
      : journal_(journal), wave_(std::move(wave)), lease_ms_(lease_ms) {}

  // Reads every plan; publishes version 1 (legacy_only) where there is none yet.
  Status load(Timestamp now);
  Status refresh();
  // With several replicas: reads every plan, routes by it, and then says so in the journal, where
  // the others wait for it. Renews the plan lease.
  Status renew();
  // `unavailable` when the plans were not confirmed within the lease: another replica may have
  // moved on without waiting for this one, which answers no read rather than guess. A process that
  // is alone needs no lease.
  Status fresh() const;
  cutover::Plan plan(Capability capability) const;
  const std::string& wave() const { return wave_; }

 private:
  journal::Journal& journal_;
  using Instant = std::chrono::steady_clock::time_point;
  const std::string wave_;
  const std::int64_t lease_ms_;
  mutable std::mutex mutex_;
  std::array<cutover::Plan, 4> plans_;
  Instant confirmed_{};
};

// "default/orders", as replicas name what they have taken.
std::string taken_name(const std::string& wave, Capability capability);

// The plan as a transaction sees it.
Result<cutover::Plan> plan_in(const journal::JournalReader& reader, const std::string& wave,
                              Capability capability);

}  // namespace underpin::facade
