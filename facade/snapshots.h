#pragma once

#include "facade/audit.h"
#include "facade/cutover_desk.h"
#include "facade/row_file.h"
#include "facade/sweep_rows.h"

#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// When snapshots of a capability are taken by themselves.
struct SnapshotPlan {
  std::optional<int> at_minutes;  // After midnight in `zone`, every day.
  std::string zone = "UTC";       // IANA name.
  bool on_new_list = false;       // When legacy has a new list, and the cloud has got it.
};

struct SnapshotSettings {
  std::map<Capability, SnapshotPlan> plans = {};
  int kept = 10;                                // Of a capability.
  std::int64_t age_max_ms = 14 * 86'400'000LL;  // Older ones are forgotten.
  // How far a snapshot may lie from the moment that it is to stand for.
  std::int64_t tolerance_ms = 3'600'000;
  int page = 200;
  std::int64_t rows_per_s = 2'000;
  std::size_t memory_max = std::size_t{32} << 20;  // For sorting.
};

// What the cloud held of a capability at a time, as a sorted file of the state folder.
struct Snapshot {
  std::int64_t id = 0;
  Capability capability = Capability::pricing;
  // "reading", then "kept"; or "failed", for the reason that `waits` gives; or "damaged": its file
  // is not what it was.
  std::string state = "reading";
  std::string actor;
  std::string reason;
  std::string kept_by;  // The host whose state folder has its file.
  Timestamp begun_at;   // What it holds is as of some moment between the two.
  Timestamp ended_at;
  std::string cursor;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string checksum;  // SHA-256 of its file.
  std::string waits;     // What it cannot go on for; for people.
};
json::Value to_json(const Snapshot& snapshot);

// Takes and keeps snapshots of the cloud, for a list of legacy's that is older than its reading.
// One is read at a time in a wave, page by page at the pace of a reconciliation; its state is in
// the journal, so that a process that dies goes on from the last page. One that takes longer than
// twice the tolerance would stand for no moment and fails. Threads: any; run() by one caller at a
// time.
class SnapshotDesk {
 public:
  SnapshotDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
               AuditTrail& audit, OrderFacade& orders, const FieldOwners& fields,
               std::string folder, SnapshotSettings settings, Now now);

  // Errors: conflict (one is being read), unsupported (nothing of legacy's has a cut-off there).
  Result<Snapshot> start(Capability capability, const Act& act);
  Result<std::vector<Snapshot>> list() const;  // Newest first.
  Result<Snapshot> get(std::int64_t id) const;

  // Those on this host that stand for the moment, nearest first: they lie within the tolerance as a
  // whole and, after `arrived`, were begun no sooner than that.
  Result<std::vector<Snapshot>> near(Capability capability, Timestamp moment,
                                     std::optional<Timestamp> arrived) const;
  // Copies its rows to a file. conflict: its file is not what it was; it is marked as damaged.
  Status copy_rows(const Snapshot& snapshot, const std::string& to);

  const SnapshotSettings& settings() const { return settings_; }

  // One round; true: there is more to do at once.
  bool run();

 private:
  std::string path_of(const Snapshot& snapshot, const char* ending) const;
  Status read_on(Snapshot& snapshot);
  Status sort(Snapshot& snapshot);
  Status finish(Snapshot snapshot, const std::string& state, const std::string& why);
  void begin_due();
  Status look_for_list(Capability capability);
  bool is_due(Capability capability, const SnapshotPlan& plan, std::string& day) const;
  void forget(journal::JournalTransaction& tx, std::vector<std::string>& files) const;

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  AuditTrail& audit_;
  const FieldOwners& fields_;
  const std::filesystem::path folder_;
  const SnapshotSettings settings_;
  const Now now_;
  const SweepRows rows_;
  const std::string host_;
  std::atomic<bool> active_{true};
  Timestamp next_at_;  // run() alone, as is the next.
  Timestamp look_at_;
};

// When the cloud got the list of this batch, if Underpin brought it and knows.
std::optional<Timestamp> list_arrived_in(const journal::JournalReader& reader,
                                         const std::string& batch);

}  // namespace underpin::facade
