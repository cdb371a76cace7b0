// The part of ReconcileDesk for a list of legacy's that has a cut-off: what the cloud held then.
#include "facade/reconcile_desk.h"

#include <algorithm>

namespace underpin::facade {

using journal::JournalReader;
using parity::reconcile::Difference;
using parity::reconcile::DifferenceKind;

namespace {

CallContext calling() {
  CallContext context;
  context.correlation_id = CorrelationId{"reconcile"};
  context.deadline = deadline_in(std::chrono::milliseconds(30'000));
  return context;
}

}  // namespace

Status ReconcileDesk::choose_basis(Reconciliation& now_at) {
  now_at.basis = "now";
  if (now_at.posting || !SweepRows::has_cut_off(now_at.capability)) return save(now_at);
  const auto source = rows_.as_of(Side::legacy, now_at.capability, calling());
  if (!source) return source.error();
  if (!*source && !now_at.at_cut_off) return save(now_at);
  if (!*source) {
    now_at.waits =
        "stale source: " + systems_.legacy.name + " has no list that says when it was made";
    return end(now_at, "not_compared");
  }
  now_at.cut_off = (*source)->made_at;
  now_at.legacy.source_as_of = now_at.cut_off;
  const bool old = settings_.source_age_max_ms > 0 &&
                   now_at.cut_off.plus_ms(settings_.source_age_max_ms) < now_();
  if (!old && !now_at.at_cut_off) return save(now_at);

  std::optional<Timestamp> arrived;
  const Status read = journal_.read(
      [&](const JournalReader& reader) { arrived = list_arrived_in(reader, (*source)->batch); });
  if (!read) return read;
  if (arrived) now_at.arrived = *arrived;
  if (const Status stood = stand_on_snapshot(now_at); !stood) return stood;
  if (now_at.basis == "snapshot") return save(now_at);
  if (rows_.dates_changes(Side::cloud, now_at.capability)) {
    now_at.basis = "rolled_back";
    return save(now_at);
  }
  now_at.waits = "stale source: the list of " + systems_.legacy.name + " is as of " +
                 now_at.cut_off.text() + ", there is no snapshot of " + systems_.cloud.name +
                 " from then, and it does not say when a row was changed";
  return end(now_at, "not_compared");
}

// A damaged one is passed over: the next nearest, or rolling back, says the same.
Status ReconcileDesk::stand_on_snapshot(Reconciliation& now_at) {
  const auto snapshots = snapshots_.near(
      now_at.capability, now_at.cut_off,
      now_at.arrived.empty() ? std::nullopt : std::optional<Timestamp>(now_at.arrived));
  if (!snapshots) return snapshots.error();
  for (const Snapshot& one : *snapshots) {
    const Status copied =
        snapshots_.copy_rows(one, path_of(now_at.id, std::string(name(Side::cloud)) + ".rows"));
    if (!copied && copied.error().code == ErrorCode::conflict) continue;
    if (!copied) return copied;
    now_at.basis = "snapshot";
    now_at.snapshot = one.id;
    now_at.cloud.complete = true;
    now_at.cloud.rows = one.rows;
    now_at.cloud.bytes = one.bytes;
    now_at.cloud.begun_at = one.begun_at;
    now_at.cloud.ended_at = one.ended_at;
    return Done{};
  }
  return Done{};
}

// What was read with a date of its own is compared with what the other side holds now only while it
// is fresh: the cloud has moved on since an old file was made.
Result<std::string> ReconcileDesk::stale(const Reconciliation& now_at) const {
  const auto source = rows_.as_of(Side::legacy, now_at.capability, calling());
  if (!source) return source.error();
  if (!*source) return std::string();
  const std::string& system = systems_.legacy.name;
  // Rows of both.
  if ((*source)->made_at != now_at.legacy.source_as_of)
    return "stale source: " + system + " took another list while it was read";
  if (now_at.of_now() && settings_.source_age_max_ms > 0 &&
      (*source)->made_at.plus_ms(settings_.source_age_max_ms) < now_())
    return "stale source: the list of " + system + " is as of " + (*source)->made_at.text();
  return std::string();
}

// Differences of which the cloud's row was changed after the cut-off say nothing of the cut-off. Of
// a row that only legacy has nobody can tell whether the cloud had it then.
Status ReconcileDesk::take_out_changed(const Reconciliation& now_at,
                                       const std::vector<Difference>& seen,
                                       std::vector<Difference>& differences,
                                       Verdicts& verdicts) const {
  if (differences.empty()) return Done{};
  // After the rows themselves were read: what changed in between is among them.
  const auto changed = rows_.changed_since(Side::cloud, now_at.capability,
                                           parity::reconcile::key_parts(seen.front().key),
                                           now_at.cloud_cut_off(), calling());
  if (!changed) return changed.error();
  std::erase_if(differences, [&](const Difference& one) {
    const bool own = std::any_of(seen.begin(), seen.end(),
                                 [&](const Difference& before) { return before.key == one.key; });
    if (!own) return false;
    if (one.kind == DifferenceKind::missing_in_cloud) {
      ++verdicts.not_compared["mayBeRemovedSince"];
    } else if (changed->count(one.key) > 0) {
      ++verdicts.not_compared["changedSinceCutOff"];
    } else {
      return false;
    }
    return true;
  });
  return Done{};
}

}  // namespace underpin::facade
