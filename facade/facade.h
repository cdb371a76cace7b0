#pragma once

#include "facade/audit.h"
#include "facade/catch_up.h"
#include "facade/comparisons.h"
#include "facade/customers.h"
#include "facade/cutover_desk.h"
#include "facade/cutover_guards.h"
#include "facade/demand.h"
#include "facade/feeds.h"
#include "facade/field_owners.h"
#include "facade/gate_settings.h"
#include "facade/history.h"
#include "facade/inventory.h"
#include "facade/kill_switch.h"
#include "facade/order_writes.h"
#include "facade/orders.h"
#include "facade/outbox_relay.h"
#include "facade/periodic_task.h"
#include "facade/plan_book.h"
#include "facade/pricing.h"
#include "facade/reconcile_desk.h"
#include "facade/recovery.h"
#include "facade/rehearsals.h"
#include "facade/repair_desk.h"
#include "facade/shadow_read.h"
#include "facade/systems.h"
#include "facade/transfer_desk.h"
#include "facade/write_life.h"
#include "facade/xref.h"
#include "parity/ledger.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

class GateDesk;
class OrderReturns;

struct FacadeSettings {
  std::string state_folder;  // journal.db, parity.db; exists, private to this wave and process.
  std::string wave = "default";
  OrderSettings orders;
  InventorySettings inventory;
  RelaySettings relay;
  WriteLimits writes;
  parity::Rules parity_rules;
  std::uint32_t parity_share_per_100k = cutover::whole_share;  // Of the subjects that are read.
  ComparisonSettings comparisons;
  std::string parity_key;    // 32 bytes that kept pairs are sealed with; empty: they are not.
  int parity_keep_days = 0;  // How long pairs are kept; 0: for good.
  GuardsSettings guards;
  int shadow_threads = 2;
  std::size_t shadow_queue_limit = 2'000;
  std::int64_t poll_ms = 500;           // Feeds and catching up.
  std::int64_t resolve_ms = 200;        // Outcome resolver.
  std::int64_t turn_limit_ms = 10'000;  // For the last changes of a cloud that customers leave.
  std::int64_t answers_kept_days = 8;   // Idempotency keys; at least seven.
  journal::JournalSettings journal;     // `file` is filled in from state_folder.
  CutoverSettings cutover;
  GateSettings gate;
  RehearsalSettings rehearsal;
  FieldOwners fields;
  RecoverySettings recovery;
  ReconcileSettings reconcile;
  OnStep on_step;    // Tests and traces.
  OnAudit on_audit;  // The log repeats the audit log's head.
  OnErpCall on_erp_call;
  std::function<void(Capability, parity::Verdict)> on_comparison;
  // Instead of it: a journal that several replicas share.
  std::optional<journal::PostgresSettings> postgres;
  std::int64_t plan_lease_ms = 5'000;  // A replica that cannot confirm its plan answers no read.
  // Simulations put a layer of their own around the journal, and keep comparisons out of files.
  std::function<std::unique_ptr<journal::Journal>(std::unique_ptr<journal::Journal>)>
      around_journal;
  std::function<Result<std::unique_ptr<parity::Ledger>>()> open_ledger;
  Now now = system_now;
};

struct SystemHealth {
  std::string system;
  Side side = Side::legacy;
  bool reachable = false;
  std::string detail;
};

// Everything between the channel API and the two ERPs of a wave; a process has one for each wave,
// and nothing is shared between them. start() begins the background
// work: relay, resolver, feeds, catching up, the adapters' own tasks. stop() ends it; what was
// accepted is in the journal. Threads: any.
class Facade {
 public:
  static Result<std::unique_ptr<Facade>> open(Systems systems, FacadeSettings settings);
  ~Facade();

  void start();
  void stop();
  // The background work, for a simulation that runs it round by round instead of start().
  const std::vector<std::unique_ptr<PeriodicTask>>& tasks() const { return tasks_; }

  OrderFacade& orders() { return *orders_; }
  OrderReturns& returns() { return *returns_; }
  InventoryFacade& inventory() { return *inventory_; }
  PricingFacade& pricing() { return *pricing_; }
  CustomerFacade& customers() { return *customers_; }
  CutoverDesk& cutover() { return *cutover_; }
  CutoverGuards& guards() { return *guards_; }
  GateDesk& gate() { return *gate_; }
  TransferDesk& transfers() { return *transfers_; }
  XrefImport& xref() { return *xref_; }
  HistoryExport& history() { return *history_; }
  AuditTrail& audit() { return *audit_; }
  KillSwitch& kill_switch() { return *kill_switch_; }
  // Brings the kill switch to the journal soon, without waiting for it.
  void kill_switch_changed();
  WriteLife& writes() { return *writes_; }
  journal::Journal& journal() { return *journal_; }
  const journal::Journal& journal() const { return *journal_; }
  const Comparisons& comparisons() const { return *comparisons_; }
  parity::Ledger& ledger() { return *ledger_; }
  ShadowQueue& shadows() { return *shadows_; }
  Rehearsals& rehearsals() { return *rehearsals_; }
  UndeliveredDemand& demand() { return demand_; }
  OutboxRelay& relay() { return *relay_; }
  Feeds& feeds() { return *feeds_; }
  CatchUp& catch_up() { return *catch_up_; }
  Recovery& recovery() { return *recovery_; }
  SnapshotDesk& snapshots() { return *snapshots_; }
  ReconcileDesk& reconciliations() { return *reconciliations_; }
  RepairDesk& repairs() { return *repairs_; }
  // Why writes are refused after a restore; empty: they are not.
  std::string closed() const;
  const Systems& systems() const { return systems_; }
  const FacadeSettings& settings() const { return settings_; }

  // Not Done: this replica answers no reads, because it may route by a plan that is not in force.
  Status plan_fresh() const { return plans_->fresh(); }

  std::vector<SystemHealth> health() const;  // As of the last look, at most a few seconds old.
  std::vector<std::pair<std::string, Alarm>> alarms() const;

  // Closes or drops what a person has decided on; kinds other than dead letters are settled by it:
  // a held document is released.
  Status replay_exception(std::int64_t id, const std::string& actor, const std::string& reason);
  Status discard_exception(std::int64_t id, const std::string& actor, const std::string& reason);

 private:
  Facade(Systems systems, FacadeSettings settings);
  Status set_up();
  parity::LedgerSettings ledger_settings() const;
  Status check_wave() const;  // The journal is this wave's and no other's.
  void add_tasks();
  // Periodic work that one replica at a time does, whichever takes it; `budget_ms` is its limit.
  std::function<bool()> by_one_replica(const std::string& name, std::int64_t budget_ms,
                                       std::function<bool()> run);
  // Work that waits while the journal is closed after a restore.
  std::function<bool()> unless_closed(std::function<bool()> run);
  // Exceptions that a restore leaves; nothing: another kind.
  std::optional<Status> settle_recovered(const journal::ExceptionRecord& exception, bool replay,
                                         const std::string& actor, const std::string& reason);
  CallContext background(std::int64_t budget_ms) const;
  void look_at_systems();

  Systems systems_;
  FacadeSettings settings_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<parity::Ledger> ledger_;
  std::unique_ptr<AuditTrail> audit_;
  std::unique_ptr<KillSwitch> kill_switch_;
  std::unique_ptr<ShadowQueue> shadows_;
  std::unique_ptr<PlanBook> plans_;
  std::unique_ptr<Comparisons> comparisons_;
  std::unique_ptr<WriteLife> writes_;
  UndeliveredDemand demand_;
  std::unique_ptr<OrderFacade> orders_;
  std::unique_ptr<OrderReturns> returns_;
  std::unique_ptr<InventoryFacade> inventory_;
  std::unique_ptr<PricingFacade> pricing_;
  std::unique_ptr<CustomerFacade> customers_;
  std::unique_ptr<OutboxRelay> relay_;
  std::unique_ptr<Feeds> feeds_;
  std::unique_ptr<CatchUp> catch_up_;
  std::unique_ptr<Recovery> recovery_;
  std::unique_ptr<SnapshotDesk> snapshots_;
  std::unique_ptr<ReconcileDesk> reconciliations_;
  std::unique_ptr<RepairDesk> repairs_;
  std::unique_ptr<CutoverDesk> cutover_;
  std::unique_ptr<CutoverGuards> guards_;
  std::unique_ptr<GateDesk> gate_;
  std::unique_ptr<TransferDesk> transfers_;
  std::unique_ptr<XrefImport> xref_;
  std::unique_ptr<HistoryExport> history_;
  std::unique_ptr<Rehearsals> rehearsals_;
  mutable std::mutex health_mutex_;
  std::vector<SystemHealth> health_;
  std::vector<std::unique_ptr<PeriodicTask>> tasks_;
  std::vector<PeriodicTask*> relay_tasks_;
  PeriodicTask* kill_switch_task_ = nullptr;
  PeriodicTask* plan_task_ = nullptr;  // With several replicas.
};

}  // namespace underpin::facade
