#pragma once

#include "contracts/capability.h"
#include "contracts/json/json_text.h"
#include "facade/journal/journal.h"
#include "facade/row_file.h"
#include "parity/reconcile/reconcile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace underpin::facade {

// How far the reading of one side has come.
struct SweepState {
  std::string cursor;
  bool complete = false;
  std::int64_t rows = 0;
  std::int64_t left_out = 0;
  std::int64_t bytes = 0;  // Of the file of its rows.
  Timestamp source_as_of;  // Of a list that is older than its reading, such as a nightly file.
  Timestamp begun_at;      // What it holds is as of some moment between the two.
  Timestamp ended_at;
};

// One reconciliation of one capability, or of what was posted, as the journal keeps it.
struct Reconciliation {
  std::int64_t id = 0;
  Capability capability = Capability::orders;
  // Of the books instead (posting_sweep.h), between two posting dates; `capability` is orders then.
  bool posting = false;
  Date from;
  Date to;
  // "sweeping" both systems, "comparing", "verifying" what differs, then "done"; or "not_compared",
  // for the reason that `waits` gives; or "stopped" by a person, or "failed".
  std::string state = "sweeping";
  std::string actor;
  std::string reason;
  std::string kept_by;  // The host whose state folder has its files.
  Timestamp started_at;
  Timestamp ended_at;
  SweepState legacy;
  SweepState cloud;
  std::string waits;  // What it cannot go on for; for people.

  // What legacy's rows are held against. "now": what the cloud held while it was read. "snapshot":
  // what it held at the cut-off of legacy's list. "rolled_back": what is known to have been the
  // same at the cut-off. Empty: not chosen yet.
  std::string basis;
  bool at_cut_off = false;  // As of the cut-off was asked for, however fresh the list.
  Timestamp cut_off;        // When legacy's list was made; empty: it has no cut-off.
  Timestamp arrived;        // When the cloud got that list; empty: not from Underpin.
  std::int64_t snapshot = 0;
  // Keys that differ and were taken out, by reason: "changedSinceCutOff", "mayBeRemovedSince".
  std::map<std::string, std::int64_t> not_compared;

  // Verifying: passes over what still differs, each no sooner than the pause after the last.
  int pass = 0;
  std::int64_t offset = 0;       // In the pass's file.
  std::int64_t open_bytes = 0;   // Of that file: keys that differ.
  std::int64_t later_bytes = 0;  // Of the next pass's.
  std::int64_t confirmed_bytes = 0;
  Timestamp not_before;

  std::int64_t equal = 0;  // Keys, as swept.
  // Of these, what they are apart in amounts that are not compared: "tax".
  std::map<std::string, Decimal> apart;
  std::int64_t differed = 0;      // Keys, as swept.
  std::int64_t converged = 0;     // Equal when they were read again.
  std::int64_t on_its_way = 0;    // A write or a delivery of the subject is open.
  std::int64_t not_mirrored = 0;  // Documents that no plan has a copy of.
  std::int64_t unsettled = 0;     // Still moving at the last pass; among the differences.
  std::map<std::string, std::int64_t> differences;  // Confirmed, by kind.
  // Rogue writers: confirmed differences in columns that nobody is declared to write, while the
  // plan carries every change; by column.
  std::map<std::string, std::int64_t> undeclared;
  // Those that an ERP names: changes of what differs, by system and user whom nobody declares.
  std::map<std::pair<std::string, std::string>, std::int64_t> rogue;
  std::set<std::string> writers_not_told;  // Systems that do not say who changed this.
  std::int64_t writer_bytes = 0;           // Of the file of who changed what.
  // Of postings, what is no difference: "orders", "foreign", "rounded", "otherCurrency", ...
  std::map<std::string, std::int64_t> counts;

  SweepState& on(Side side) { return side == Side::legacy ? legacy : cloud; }
  const SweepState& on(Side side) const { return side == Side::legacy ? legacy : cloud; }
  bool running() const {
    return state == "sweeping" || state == "comparing" || state == "verifying";
  }
  std::int64_t different() const;
  // Keys that were read on either side, and those that nothing is said of: without an identity to
  // match by, without a copy, on their way, changed since the cut-off.
  std::int64_t keys() const { return equal + differed + legacy.left_out + cloud.left_out; }
  std::int64_t left_out() const;
  bool of_now() const { return basis.empty() || basis == "now"; }
  // What it says is at least as old.
  Timestamp as_of() const { return of_now() ? started_at : std::min(started_at, cut_off); }
  // From when on what the cloud holds of legacy's list was its own doing.
  Timestamp cloud_cut_off() const { return std::max(arrived, cut_off); }
  std::string_view what() const { return posting ? "posting" : name(capability); }
};

// [{"system", "user", "changes"}, ...]
json::Value rogue_value(const Reconciliation& reconciliation);
json::Value counts_value(const std::map<std::string, std::int64_t>& counts);
json::Value to_json(const Reconciliation& reconciliation);
Reconciliation read_reconciliation(const std::string& text);

// A difference as it is kept in files and shown.
std::vector<std::string> to_record(const parity::reconcile::Difference& difference);
std::optional<parity::reconcile::Difference> read_difference(
    const std::vector<std::string>& record);

// A file of differences, subject by subject: they lie together, by the first `own_parts` of the
// key.
class DifferencesBySubject {
 public:
  DifferencesBySubject(std::unique_ptr<RowReader> reader, std::size_t own_parts)
      : reader_(std::move(reader)), own_parts_(own_parts), position_(reader_->position()) {}
  // False: there is none left.
  Result<bool> next(std::vector<parity::reconcile::Difference>& of_subject);
  std::int64_t position() const { return position_; }  // Where the next subject begins.

 private:
  std::unique_ptr<RowReader> reader_;
  const std::size_t own_parts_;
  std::int64_t position_;
  std::optional<parity::reconcile::Difference> following_;  // Read already.
};

// ---- in the journal
std::optional<Reconciliation> reconciliation_in(const journal::JournalReader& reader,
                                                std::int64_t id);
std::optional<Reconciliation> running_in(const journal::JournalReader& reader);
// The newest that is done: what a gate asks for, with its age.
std::optional<Reconciliation> newest_in(const journal::JournalReader& reader,
                                        Capability capability);
std::optional<Reconciliation> newest_posting_in(const journal::JournalReader& reader);
std::int64_t last_id_in(const journal::JournalReader& reader);
void keep(journal::JournalTransaction& tx, const Reconciliation& reconciliation);
void forget(journal::JournalTransaction& tx, std::int64_t id);

}  // namespace underpin::facade
