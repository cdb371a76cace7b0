#pragma once

#include "facade/audit.h"
#include "facade/cutover_desk.h"
#include "facade/posting_sweep.h"
#include "facade/reconciliation.h"
#include "facade/row_file.h"
#include "facade/snapshots.h"
#include "facade/sweep_rows.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

struct ReconcileSettings {
  int page = 200;                                   // Rows asked for at once.
  std::int64_t rows_per_s = 2'000;                  // Of each system, at most.
  std::size_t memory_max = std::size_t{192} << 20;  // Bytes, for comparing.
  std::int64_t pause_ms = 2'000;                    // Before what differs is read again.
  int passes = 5;  // Of reading it again; what still moves then counts.
  // A list that is older, such as a nightly file, is not compared; 0: however old.
  std::int64_t source_age_max_ms = 129'600'000;
  int kept = 20;                     // Reconciliations, with their files.
  Decimal document_tolerance{5, 2};  // Of what an order was posted as.
  // Who may post sales, by system (PostingSettings::posted_by).
  std::map<std::string, std::set<std::string>> posted_by = {};
  // Who may move stock, by system (InventoryService::names_stock_writers); not named: anybody.
  std::map<std::string, std::set<std::string>> stock_posted_by = {};
  std::string scenarios_file = {};  // Of postings (posting_scenarios.h); empty: none.
  bool test_company = false;        // Both systems are: scenarios may be placed there.
  SnapshotSettings snapshots = {};  // Page, pace and memory are those above.
  // 32 bytes: rows about persons are sealed with it in their files. Empty: with a key of the state
  // folder's own.
  std::string seal_key = {};
};

struct ReconcileProgress {
  std::int64_t done = 0;   // Rows that were read, of both systems; in `verifying`: bytes.
  std::int64_t total = 0;  // As the last one or the other side had; 0: not known.
  std::optional<std::int64_t> seconds_left;
};

// `underpin reconcile`: everything that both systems hold of a capability against each other,
// through the ports, page by page at the configured pace. What differs is read again before it
// counts: until both sides say the same twice, nothing of the subject is on its way, or the passes
// are over. One at a time in a wave. Its state is in the journal and its rows in files of the state
// folder, so that a process that dies goes on from the last page. Threads: any; run() by one caller
// at a time.
class ReconcileDesk {
 public:
  ReconcileDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                AuditTrail& audit, OrderFacade& orders, const FieldOwners& fields,
                SnapshotDesk& snapshots, std::string folder, ReconcileSettings settings, Now now);

  // Errors: conflict (one runs), unsupported (a system does not offer the capability, or as of a
  // cut-off was asked for and it has none). `at_cut_off`: legacy's list is held against what the
  // cloud held when it was made, however fresh it is; a stale one always is.
  Result<Reconciliation> start(Capability capability, const Act& act, bool at_cut_off = false);
  // Of what both ERPs have posted between two dates, both included, at most a year apart
  // (posting_sweep.h). Errors: those of start(); invalid_request (the dates).
  Result<Reconciliation> start_posting(Date from, Date to, const Act& act);
  Result<Reconciliation> stop(std::int64_t id, const Act& act);
  Result<std::vector<Reconciliation>> list() const;  // Newest first.
  Result<Reconciliation> get(std::int64_t id) const;
  Result<std::optional<Reconciliation>> newest(Capability capability) const;
  Result<std::optional<Reconciliation>> newest_posting() const;
  ReconcileProgress progress(const Reconciliation& reconciliation) const;

  // Counts and control totals by group; not_found: they are in another host's folder, or not there
  // yet.
  Result<json::Value> groups(std::int64_t id) const;
  // Confirmed differences from a position on (0: the first), as shown to people.
  struct Differences {
    std::vector<json::Value> items;
    std::int64_t next = 0;  // 0: there are no more.
  };
  // Personal data is masked unless `unmasked`: whoever asks for that has written down who sees it.
  Result<Differences> differences(std::int64_t id, std::int64_t after, int limit,
                                  bool unmasked = false) const;
  // The file of all of them, as it was written when the reconciliation was done: masked. Unmasked
  // it is made anew, and lies nowhere.
  Result<std::string> file(std::int64_t id, const std::string& format, bool unmasked = false) const;

  // The confirmed differences, for a repair. not_found: its files are not on this host.
  Result<std::unique_ptr<RowReader>> confirmed(const Reconciliation& reconciliation,
                                               std::int64_t from) const;
  // What differs now of everything that the key's subject has.
  Result<std::vector<parity::reconcile::Difference>> look(
      Capability capability, const std::vector<std::string>& key) const;
  const ReconcileSettings& settings() const { return settings_; }

  // One round; true: there is more to do at once.
  bool run();

 private:
  // What reading a subject again has told.
  struct Verdicts {
    std::int64_t converged = 0;
    std::int64_t on_its_way = 0;
    std::int64_t not_mirrored = 0;
    std::int64_t unsettled = 0;
    std::map<std::string, std::int64_t> not_compared;
    std::vector<parity::reconcile::Difference> confirmed;
    std::vector<parity::reconcile::Difference> later;
  };

  Result<Reconciliation> begin(Reconciliation begun, const Act& act);
  Status compare_postings(Reconciliation& now_at);
  Status verify_postings(Reconciliation& now_at);
  std::filesystem::path folder_of(std::int64_t id) const;
  std::string path_of(std::int64_t id, const std::string& file) const;
  Status step(Reconciliation& now_at);
  Status sweep(Reconciliation& now_at);
  Status sweep_page(Reconciliation& now_at, Side side, std::int64_t& rows);
  Status compare(Reconciliation& now_at);
  Status load(parity::reconcile::Rows& rows, const Reconciliation& now_at, Side side) const;
  // Its files; sealed where its rows are about persons.
  Result<parity::Seal> seal_of(const Reconciliation& now_at) const;
  Result<std::unique_ptr<RowFile>> rows_to(const Reconciliation& now_at, const std::string& file,
                                           std::int64_t size) const;
  Result<std::unique_ptr<RowReader>> rows_from(const Reconciliation& now_at,
                                               const std::string& file, std::int64_t from,
                                               std::int64_t end) const;
  Status verify(Reconciliation& now_at);
  Status verify_subject(const Reconciliation& now_at,
                        const std::vector<parity::reconcile::Difference>& seen,
                        Verdicts& verdicts) const;
  Status end_pass(Reconciliation& now_at);
  Status finish(Reconciliation& now_at);
  // facade/reconcile_writers.cpp: who has changed what differs, where an ERP tells.
  bool every_change_is_carried(Capability capability) const;
  Status tell_writers(Reconciliation& now_at,
                      const std::vector<parity::reconcile::Difference>& confirmed,
                      std::vector<Record>& records) const;
  // By key, as texts and as shown.
  std::map<std::string, json::Value> writers_of(const Reconciliation& reconciliation) const;
  // facade/reconcile_cut_off.cpp: what legacy's rows are held against, chosen before they are read.
  Status choose_basis(Reconciliation& now_at);
  Status stand_on_snapshot(Reconciliation& now_at);
  Status take_out_changed(const Reconciliation& now_at,
                          const std::vector<parity::reconcile::Difference>& seen,
                          std::vector<parity::reconcile::Difference>& differences,
                          Verdicts& verdicts) const;
  // A list that is too old to say anything of now; nothing: it is not.
  Result<std::string> stale(const Reconciliation& now_at) const;
  Status end(Reconciliation& now_at, const std::string& state);
  Status write_files(Reconciliation& now_at) const;
  json::Value shown(const Reconciliation& reconciliation,
                    const parity::reconcile::Difference& difference,
                    const std::map<std::string, json::Value>& writers, bool unmasked) const;
  struct Lists;  // Where both lists of what differs go.
  Status list_all(const Reconciliation& now_at, bool unmasked, const Lists& to) const;
  Status save(const Reconciliation& now_at);
  void forget_old(std::int64_t newest);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  AuditTrail& audit_;
  const std::filesystem::path folder_;
  const ReconcileSettings settings_;
  const Now now_;
  const SweepRows rows_;
  SnapshotDesk& snapshots_;
  const PostingSweep postings_;
  const std::string host_;
  std::atomic<bool> active_{true};  // Something may run; looked for now and then all the same.
  Timestamp next_at_;               // The pace; run() alone, as is the next.
  Timestamp look_at_;
};

// How a reconciliation is shown: its state, progress, counts.
json::Value shown(const Reconciliation& reconciliation, const ReconcileProgress& progress,
                  Timestamp now);

}  // namespace underpin::facade
