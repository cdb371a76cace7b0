#pragma once

#include "cutover/plan.h"
#include "facade/journal/journal.h"

#include <array>
#include <mutex>
#include <string>

namespace underpin::facade {

// The cutover plan of one wave as this replica knows it: a copy for routing. The journal checks the
// version again in the transaction that opens an intent, so a stale copy costs a retry, not a
// write. Threads: any.
class PlanBook {
 public:
  PlanBook(journal::Journal& journal, std::string wave)
      : journal_(journal), wave_(std::move(wave)) {}

  // Reads every plan; publishes version 1 (legacy_only) where there is none yet.
  Status load(Timestamp now);
  Status refresh();
  cutover::Plan plan(Capability capability) const;
  const std::string& wave() const { return wave_; }

 private:
  journal::Journal& journal_;
  const std::string wave_;
  mutable std::mutex mutex_;
  std::array<cutover::Plan, 4> plans_;
};

// The plan as a transaction sees it.
Result<cutover::Plan> plan_in(const journal::JournalReader& reader, const std::string& wave,
                              Capability capability);

}  // namespace underpin::facade
