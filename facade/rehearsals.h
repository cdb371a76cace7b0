#pragma once

#include "facade/clock.h"
#include "facade/journal/journal.h"
#include "facade/plan_book.h"
#include "facade/shadow_read.h"
#include "facade/systems.h"
#include "parity/ledger.h"

#include <array>
#include <cstddef>

namespace underpin::facade {

struct RehearsalSettings {
  std::array<RehearsalGrade, 4> grades{};  // By Capability; none: not rehearsed.
  int threads = 1;
  std::size_t queue_limit = 500;
};

// Writes of channels in legacy_only, made once more for the cloud without making them: what an
// adapter's mapping, the vendor's published description (grade 1) or the vendor itself (grade 2)
// would refuse goes to the ledger as a comparison of its own kind, "rehearse_place_order" and the
// like: the primary accepted it; would the other? Births of documents and customers, and stock
// adjustments; what changes a document that the cloud does not have cannot be rehearsed.
//
// Threads: any. after() neither blocks nor throws; a full queue drops and counts.
class Rehearsals {
 public:
  Rehearsals(const Systems& systems, const journal::Journal& journal, PlanBook& plans,
             parity::Ledger& ledger, parity::Rules rules, RehearsalSettings settings, Now now);

  // An error names a capability whose grade the cloud's adapter does not declare.
  static Status possible(const Systems& systems, const RehearsalSettings& settings);

  // A channel has been told yes.
  void after(const journal::Intent& intent);

  ShadowQueue& queue() { return queue_; }
  void stop() { queue_.stop(); }

 private:
  void rehearse(const journal::Intent& intent);
  Result<Rehearsed> ask(const journal::Intent& intent, const CallContext& context);

  const Systems& systems_;
  const journal::Journal& journal_;
  PlanBook& plans_;
  parity::Ledger& ledger_;
  const parity::Rules rules_;
  const RehearsalSettings settings_;
  const Now now_;
  ShadowQueue queue_;
};

}  // namespace underpin::facade
