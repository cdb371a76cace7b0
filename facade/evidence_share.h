#pragma once

#include "contracts/call_context.h"
#include "contracts/capability.h"
#include "facade/clock.h"
#include "facade/journal/journal.h"
#include "parity/evidence_summary.h"
#include "parity/ledger.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::facade {

struct EvidenceShareSettings {
  std::int64_t fresh_ms = 5'000;    // What was told within is asked for no more.
  std::int64_t wait_ms = 10'000;    // How long a verdict waits for those that it asks.
  std::int64_t again_ms = 30'000;   // Told without being asked, so that little dies with a replica.
  std::int64_t history_days = 30;   // GateSettings::history_days.
  std::int64_t differences_ms = 0;  // How far back an approval looks for open differences.
  std::array<std::int64_t, 4> evidence_ms{};  // By Capability: how long evidence counts.
};

// What the replicas of a wave tell each other of what they have compared. Each has a ledger of its
// own; its summary lies in the journal, where the others read it: told now and then, and when a
// verdict asks for it. A ledger is known by its own id, so a replica that starts again replaces
// what it told before, and what a dead one told stays. With a journal that is not shared there is
// nobody to tell. Threads: any; tell() by one caller at a time.
class EvidenceShare {
 public:
  EvidenceShare(journal::Journal& journal, parity::Ledger& ledger, const parity::EvidenceBook& book,
                EvidenceShareSettings settings, Now now);

  // After the book was bound, before the first of the others.
  Status begin(const parity::Binding& binding);
  bool shared() const { return shared_; }

  // A round of the replica's own task: tells when somebody has asked, or when it is time to.
  // `at_once`: in any case, before it stops.
  Status tell(bool at_once = false);

  struct Others {
    // Of other ledgers, compared with what is in force here; those of dead replicas included.
    std::vector<parity::EvidenceSummary> told;
    std::int64_t live = 0;    // Other replicas that are alive.
    std::int64_t silent = 0;  // Of them: those that have not told.
    // Why nothing can be said for all replicas: the silent ones, and those that compare otherwise.
    std::vector<std::string> missing;
  };
  // Asks the live ones and waits for them, at most until the deadline and as long as the settings
  // allow. Never within a transaction.
  Result<Others> others(Capability capability, Deadline deadline);
  std::int64_t differences_ms() const { return settings_.differences_ms; }

 private:
  Status publish();
  Status look(Timestamp fresh, Others& others) const;
  Status read(Capability capability, Others& others) const;

  journal::Journal& journal_;
  parity::Ledger& ledger_;
  const parity::EvidenceBook& book_;
  const EvidenceShareSettings settings_;
  const Now now_;
  const bool shared_;
  parity::Binding binding_;  // By begin(), as is the next.
  std::string ledger_id_;
  std::mutex mutex_;
  Timestamp told_at_;         // The store's clock.
  std::int64_t took_ms_ = 0;  // The last telling.
};

}  // namespace underpin::facade
