#pragma once

#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/profile_tools.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::facade {
class Facade;
}

namespace underpin::facade::cli {

// What the composition root knows and nobody else: the adapters that were built in.
struct Adapters {
  AdapterRegistry registry;
  std::function<std::string_view(std::string_view)> settings_schema;
  // What it does for each capability: its features.json.
  std::function<std::string_view(std::string_view)> features;
  // What an adapter was built from: evidence is bound to it.
  std::function<std::string_view(std::string_view)> fingerprint;
  // Of the adapters that are made by a profile.
  std::vector<ProfileTools> profile_tools;
  // `serve` hands the facade over before it begins. Only tests do something with it: they switch a
  // safety rule off, to prove that it is missed.
  std::function<void(Facade&)> on_opened;
};

// `underpin <subcommand>`: serve, doctor, adapters, backup, restore, recover, waves, cutover,
// exceptions, outcomes, parity, profile, keys. Exit codes: 0 done, 1 refused or something is
// missing, 2 wrong usage or configuration.
int run(int argc, char** argv, const Adapters& adapters);

// ---- one function per subcommand (facade/cli/<name>.cpp)
// ------------------------------------------

struct ServeOptions {
  std::string config;
};
int serve(const ServeOptions& options, const Adapters& adapters);
int doctor(const std::string& config, const Adapters& adapters);
// Every adapter that is built in, and how it does what; `as_json` for programs.
int list_adapters(bool as_json, const Adapters& adapters);

// Offline, or beside a facade that serves: only the store is touched.
struct BackupOptions {
  std::string config;
  std::string file;
  std::string wave;  // Empty: the only one.
};
int backup(const BackupOptions& options, const Adapters& adapters);
struct RestoreOptions {
  std::string config;
  std::string file;
  std::string wave;         // Empty: the only one.
  std::int64_t wait_s = 0;  // For whoever holds the store to be gone.
  bool check_only = false;
};
int restore(const RestoreOptions& options, const Adapters& adapters);

// How to reach a running facade's ops listener.
struct OpsOptions {
  std::string url = "http://127.0.0.1:8081";
  std::string key;   // Empty: UNDERPIN_OPS_KEY.
  std::string wave;  // Which wave a command is about; empty: the only one. "*": every one.
};
int waves_list(const OpsOptions& ops);
int cutover_status(const OpsOptions& ops, const std::string& capability, bool as_json);
int cutover_acknowledge(const OpsOptions& ops, const std::string& capability,
                        const std::string& births, const std::string& reason,
                        const std::string& version);
// What is not given is taken from what is known of the subject.
struct ExplainOptions {
  std::string subject;
  std::string channel;
  std::string location;
  std::string sku;
  std::string region;
  std::string segment;
};
int cutover_explain(const OpsOptions& ops, const std::string& capability,
                    const ExplainOptions& asked);

struct ChangeOptions {
  std::string stage;  // For a rollback: empty leads to before the last forward step in force.
  std::string share = "100";
  std::string reason;
  std::string reference;   // "CHG-4711"
  std::string version;     // "7", "2.7"; empty: the current.
  std::string rules_file;  // Cohorts that have a share of their own.
  bool dry_run = false;
  bool force = false;
  std::string not_before;
  std::string not_after;
};
int cutover_set(const OpsOptions& ops, const std::string& capability, const ChangeOptions& change);
int cutover_rollback(const OpsOptions& ops, const std::string& capability,
                     const ChangeOptions& change);
int cutover_preview(const OpsOptions& ops, const std::string& capability, const std::string& stage,
                    bool as_json);
int cutover_propose(const OpsOptions& ops, const std::string& capability,
                    const ChangeOptions& change);
int cutover_proposals(const OpsOptions& ops, const std::string& capability, bool as_json);

struct ApprovalOptions {
  std::string reason;
  std::int64_t headroom_percent = 0;
  std::vector<std::string> ceilings;  // "operation path kind rule count [money]", by commas.
};
int cutover_approve(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                    const ApprovalOptions& approval);
// `how`: "reject" or "publish".
int cutover_decide(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                   const std::string& how, const std::string& reason);

struct TransferOptions {
  std::string to;             // "cloud", "legacy".
  std::string subjects_file;  // One order a line: web/100042; - reads standard input.
  bool all = false;
  std::string channel;
  std::string reason;
  std::string reference;
  bool dry_run = false;
  bool propose = false;  // For others to sign, instead of beginning it.
  bool wait = false;     // Until it is over.
};
int cutover_transfer(const OpsOptions& ops, const std::string& capability,
                     const TransferOptions& options);
// 0: all of them.
int cutover_transfers(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                      const std::string& state, bool as_json);
int cutover_transfer_stop(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                          const std::string& reason);

int audit_list(const OpsOptions& ops, std::int64_t after, bool as_json);
struct VerifyOptions {
  std::string journal;  // Offline, from this file; empty: from the running facade.
  std::vector<std::string> heads;
  std::string logs;  // A file of JSON log lines; with several waves, `wave` says whose count.
};
int audit_verify(const OpsOptions& ops, const VerifyOptions& options);

struct RecoverOptions {
  std::string config;  // Its ops listener is asked; empty: the ops URL.
  std::string reason = "after a restore";
  std::int64_t overlap_ms = -1;  // -1: as configured.
  bool dry_run = false;
  bool no_wait = false;
  std::int64_t wait_s = 0;  // 0: as long as it takes.
};
int recover(const OpsOptions& ops, const RecoverOptions& options, const Adapters& adapters);

struct ReconcileOptions {
  std::string capability;  // Or "posting".
  std::string from;        // Posting dates; empty: today.
  std::string to;
  std::string reason;
  std::string out;  // Folder for the lists of what differs; empty: none.
  bool no_wait = false;
  bool at_cut_off = false;  // Of pricing: as of when legacy's list was made.
  bool unmask = false;      // The lists show personal data; for `reason`, which is audited.
};
// 0: nothing differs; 3: something does; 1: it did not come to an end.
int reconcile(const OpsOptions& ops, const ReconcileOptions& options);
// 0: all of them.
int reconciliations_list(const OpsOptions& ops, std::int64_t id, const ReconcileOptions& options,
                         bool as_json);
struct RepairOptions {
  std::vector<std::string> kinds;  // Of differences; empty: all.
  std::string reason;
  bool dry_run = false;
};
// 0: what was queued is level now; 3: something still differs, or stayed.
int repair(const OpsOptions& ops, std::int64_t reconciliation, const RepairOptions& options);
// 0: it is kept.
int snapshot(const OpsOptions& ops, const ReconcileOptions& options);
int snapshots_list(const OpsOptions& ops, bool as_json);
int reconciliation_stop(const OpsOptions& ops, std::int64_t id, const std::string& reason);

// An empty target shows the switches.
int kill_switch(const OpsOptions& ops, const std::string& target, bool killed,
                const std::string& reason);

int outcomes_list(const OpsOptions& ops, bool as_json);
int outcomes_dispose(const OpsOptions& ops, std::int64_t id, const std::string& reason);
int exceptions_list(const OpsOptions& ops, const std::string& state, bool as_json);
int exceptions_show(const OpsOptions& ops, std::int64_t id);
int exceptions_settle(const OpsOptions& ops, std::int64_t id, const std::string& how,
                      const std::string& reason);
struct XrefOptions {
  std::string file;  // - reads standard input.
  std::string reason;
  bool dry_run = false;
};
int xref_import(const OpsOptions& ops, const XrefOptions& options);

int history_export(const OpsOptions& ops);

int keys_hash(const std::string& key);

}  // namespace underpin::facade::cli
