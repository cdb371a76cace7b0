#include "facade/facade.h"

#include "contracts/json/codec.h"
#include "facade/gate_desk.h"
#include "facade/observe.h"
#include "facade/put_aside.h"
#include "facade/returns.h"

#include <algorithm>

namespace underpin::facade {

using journal::JournalTransaction;

Facade::Facade(Systems systems, FacadeSettings settings)
    : systems_(std::move(systems)), settings_(std::move(settings)) {}

Facade::~Facade() { stop(); }

Result<std::unique_ptr<Facade>> Facade::open(Systems systems, FacadeSettings settings) {
  std::unique_ptr<Facade> facade(new Facade(std::move(systems), std::move(settings)));
  const Status ready = facade->set_up();
  if (!ready) return ready.error();
  return facade;
}

Status Facade::set_up() {
  systems_.legacy.on_call = systems_.cloud.on_call = settings_.on_erp_call;
  journal::JournalSettings journal = settings_.journal;
  if (journal.file.empty()) journal.file = settings_.state_folder + "/journal.db";
  auto opened = settings_.postgres ? journal::open_postgres_journal(*settings_.postgres)
                                   : journal::open_sqlite_journal(journal);
  if (!opened) return opened.error();
  journal_ = std::move(opened).value();
  if (settings_.around_journal) journal_ = settings_.around_journal(std::move(journal_));
  const Status own = check_wave();
  if (!own) return own;
  audit_ = std::make_unique<AuditTrail>(*journal_, settings_.now, settings_.on_audit);
  kill_switch_ =
      std::make_unique<KillSwitch>(settings_.state_folder + "/kill-switch.json", settings_.now);
  const Status switched = kill_switch_->load();
  if (!switched) return switched;
  auto ledger =
      settings_.open_ledger ? settings_.open_ledger() : parity::open_ledger(ledger_settings());
  if (!ledger) return ledger.error();
  ledger_ = std::move(ledger).value();

  const Now& now = settings_.now;
  shadows_ = std::make_unique<ShadowQueue>(settings_.shadow_threads, settings_.shadow_queue_limit);
  const Status taken_over = journal_->write([&](JournalTransaction& tx) {
    tx.end_claims_of_the_gone(now());
    tx.set_fact(journal::wave_fact, settings_.wave);
    tx.count_invoiced();
    return true;
  });
  if (!taken_over) return taken_over;
  if (journal_->shared()) demand_.read_from(*journal_);
  plans_ = std::make_unique<PlanBook>(*journal_, settings_.wave, settings_.plan_lease_ms);
  const Status loaded = plans_->load(now());
  if (!loaded) return loaded;
  settings_.comparisons.subject_key = settings_.parity_key;
  comparisons_ = std::make_unique<Comparisons>(
      systems_, *ledger_, settings_.fields.with(settings_.parity_rules), *shadows_, now,
      settings_.parity_share_per_100k, settings_.comparisons);
  // A ledger that cannot note them proposes none for removal; channels are served all the same.
  (void)ledger_->note_rules(comparisons_->rules(), now());
  writes_ = std::make_unique<WriteLife>(systems_, *journal_, *plans_, now, settings_.on_step,
                                        settings_.writes);
  add_order_writes(*writes_, systems_, *journal_, demand_, settings_.orders);
  add_return_writes(*writes_, systems_);
  add_customer_writes(*writes_, systems_);
  add_inventory_writes(*writes_, systems_, settings_.fields);
  orders_ = std::make_unique<OrderFacade>(systems_, *journal_, *plans_, *writes_, *comparisons_,
                                          now, settings_.orders);
  returns_ = std::make_unique<OrderReturns>(systems_, *journal_, *writes_, *orders_);
  inventory_ = std::make_unique<InventoryFacade>(systems_, *journal_, *plans_, *writes_,
                                                 *comparisons_, demand_, now, settings_.inventory);
  pricing_ = std::make_unique<PricingFacade>(systems_, *plans_, *journal_, *comparisons_, now);
  customers_ =
      std::make_unique<CustomerFacade>(systems_, *journal_, *plans_, *writes_, *comparisons_, now);
  relay_ = std::make_unique<OutboxRelay>(systems_, *journal_, *orders_, *comparisons_, demand_,
                                         writes_->locks(), now, settings_.on_step, settings_.relay,
                                         settings_.fields);
  const auto wake = [this] {
    for (PeriodicTask* task : relay_tasks_) task->wake();
  };
  writes_->on_outbox_rows(wake);
  feeds_ = std::make_unique<Feeds>(systems_, *journal_, *plans_, *orders_, *customers_, now, wake,
                                   settings_.fields);
  catch_up_ = std::make_unique<CatchUp>(systems_, *journal_, *plans_, *writes_, *orders_, now, wake,
                                        settings_.fields, settings_.cutover.catch_up);
  recovery_ = std::make_unique<Recovery>(systems_, *journal_, *plans_, *audit_, *writes_, *orders_,
                                         *customers_, demand_, now, wake, settings_.recovery);
  ReconcileSettings reconcile = settings_.reconcile;
  reconcile.document_tolerance = settings_.orders.document_tolerance;
  reconcile.seal_key = settings_.parity_key;
  SnapshotSettings snapshots = reconcile.snapshots;
  snapshots.page = reconcile.page;
  snapshots.rows_per_s = reconcile.rows_per_s;
  snapshots.memory_max = reconcile.memory_max / 4;
  snapshots_ = std::make_unique<SnapshotDesk>(
      systems_, *journal_, *plans_, *audit_, *orders_, settings_.fields,
      settings_.state_folder + "/snapshots", snapshots, now);
  reconciliations_ = std::make_unique<ReconcileDesk>(
      systems_, *journal_, *plans_, *audit_, *orders_, settings_.fields, *snapshots_,
      settings_.state_folder + "/reconcile", reconcile, now);
  repairs_ = std::make_unique<RepairDesk>(systems_, *journal_, *plans_, *audit_, *writes_, *orders_,
                                          *reconciliations_, settings_.fields, now, wake);
  cutover_ =
      std::make_unique<CutoverDesk>(*journal_, *plans_, *audit_, *ledger_, settings_.cutover, now);
  const parity::LedgerSettings of_ledger = ledger_settings();
  gate_ = std::make_unique<GateDesk>(
      GateDesk::Parts{systems_, *journal_, *audit_, *ledger_, *comparisons_}, of_ledger.file,
      of_ledger.key, settings_.wave, settings_.gate,
      settings_.cutover.differences_hours * 3'600'000, now);
  if (!settings_.open_ledger) {
    const Status bound = gate_->begin();
    if (!bound) return bound;
  }
  cutover_->look_ahead([this](Capability capability, Side to) {
    return what_is_brought(systems_, *journal_, capability, to, background(5'000));
  });
  cutover_->read_gate(
      [this](Capability capability, cutover::Stage to) {
        return gate_->reading(capability, to, background(20'000));
      },
      settings_.gate.enforced);
  cutover_->read_differences([this](Capability capability, Timestamp since) {
    return gate_->open_differences(capability, since);
  });
  add_transfer_write(*writes_,
                     {systems_, *journal_, *orders_, settings_.cutover.transfer,
                      settings_.orders.document_tolerance,
                      settings_.fields.all_carried(Capability::orders), settings_.on_step, now});
  transfers_ = std::make_unique<TransferDesk>(systems_, *journal_, *plans_, *audit_, *writes_,
                                              settings_.cutover, settings_.orders.give_up_ms, now);
  cutover_->start_transfers([this](JournalTransaction& tx, AuditTrail::Pen& pen,
                                   Capability capability, const json::Value& wish, const Act& act) {
    const auto read = read_transfer(wish);
    std::int64_t id = 0;
    return read ? transfers_->start_in(tx, pen, capability, *read, act, id)
                : std::optional<Error>(read.error());
  });
  const Status rehearsed = Rehearsals::possible(systems_, settings_.rehearsal);
  if (!rehearsed) return rehearsed;
  rehearsals_ = std::make_unique<Rehearsals>(systems_, *journal_, *plans_, *ledger_,
                                             settings_.parity_rules, settings_.rehearsal, now);
  writes_->on_acknowledged([this](const journal::Intent& intent) { rehearsals_->after(intent); });
  xref_ = std::make_unique<XrefImport>(systems_, *journal_, *audit_);
  history_ = std::make_unique<HistoryExport>(*journal_, *orders_, settings_.orders.history_file);
  const Status watched = CutoverGuards::possible(systems_, settings_.guards, settings_.poll_ms);
  if (!watched) return watched;
  guards_ = std::make_unique<CutoverGuards>(systems_, *journal_, settings_.guards, now);
  cutover_->read_guards([this](const cutover::Plan& plan) { return guards_->readings(plan); });
  comparisons_->on_compared([this](Capability capability, parity::Verdict verdict,
                                   std::int64_t primary, std::int64_t secondary) {
    guards_->compared(capability, verdict, primary, secondary);
    if (settings_.on_comparison) settings_.on_comparison(capability, verdict);
  });
  const Status demand = relay_->load_demand();
  if (!demand) return demand;
  add_tasks();
  return Done{};
}

parity::LedgerSettings Facade::ledger_settings() const {
  parity::LedgerSettings settings{settings_.state_folder + "/parity.db"};
  settings.key = settings_.parity_key;
  settings.keep_days = settings_.parity_keep_days;
  return settings;
}

Status Facade::check_wave() const {
  std::string known;
  const Status read = journal_->read([&](const journal::JournalReader& reader) {
    known = reader.fact(journal::wave_fact);
    // From before there were several: without the fact.
    if (known.empty() && reader.plan("default", Capability::orders)) known = "default";
  });
  if (!read) return read;
  if (!known.empty() && known != settings_.wave) {
    return Error{ErrorCode::invalid_request,
                 "the journal in " +
                     (settings_.postgres ? "the schema " + settings_.postgres->schema
                                         : settings_.state_folder) +
                     " is the wave " + known + "'s, not the wave " + settings_.wave +
                     "'s: a wave keeps its name"};
  }
  return Done{};
}

CallContext Facade::background(std::int64_t budget_ms) const {
  CallContext context;
  context.correlation_id = CorrelationId{"underpin"};
  context.deadline = deadline_in(std::chrono::milliseconds(budget_ms));
  return context;
}

void Facade::add_tasks() {
  using std::chrono::milliseconds;
  const auto add = [&](std::string name, milliseconds every, std::function<bool()> run) {
    tasks_.push_back(std::make_unique<PeriodicTask>(std::move(name), every, std::move(run)));
    return tasks_.back().get();
  };
  const auto one = [&](const std::string& name, milliseconds every, std::int64_t budget_ms,
                       std::function<bool()> run) {
    add(name, every, by_one_replica(name, budget_ms, std::move(run)));
  };
  const auto feed = [&](const std::string& name, std::function<bool()> run) {
    one(name, milliseconds(settings_.poll_ms), 30'000, unless_closed(std::move(run)));
  };
  for (const Side side : {Side::legacy, Side::cloud}) {
    const std::string& system = systems_.on(side).name;
    // Woken by what this replica writes; this is for what others wrote and what has become due.
    relay_tasks_.push_back(add("relay " + system, milliseconds(journal_->shared() ? 250 : 100),
                               [this, side] { return relay_->deliver_due(side) > 0; }));
    feed("order feed " + system, [this, side] {
      if (systems_.offers(side, Capability::orders))
        (void)feeds_->poll_orders(side, background(30'000)).has_value();
      return false;
    });
    feed("customer feed " + system, [this, side] {
      if (systems_.offers(side, Capability::customers))
        (void)feeds_->poll_customers(side, background(30'000)).has_value();
      return false;
    });
    one("stock positions " + system, milliseconds(std::max<std::int64_t>(settings_.poll_ms, 5'000)),
        30'000, unless_closed([this, side] {
          if (systems_.offers(side, Capability::inventory))
            (void)feeds_->poll_stock(side, background(30'000)).has_value();
          return false;
        }));
    one("put aside " + system, milliseconds(settings_.poll_ms), 30'000, [this, side] {
      return raise_put_aside(*journal_, systems_, side, settings_.wave, settings_.now()) > 0;
    });
    for (const AdapterTask& task : systems_.on(side).adapter->tasks()) {
      one(system + " " + task.name, task.every, 30'000, [this, run = task.run] {
        (void)run(background(30'000)).has_value();
        return false;
      });
    }
  }
  add("outcome resolver", milliseconds(settings_.resolve_ms),
      [this] { return writes_->resolve_outcomes(background(settings_.orders.give_up_ms)) > 0; });
  feed("price feed", [this] {
    (void)feeds_->poll_prices(background(30'000)).has_value();
    return false;
  });
  one("catching up", milliseconds(settings_.poll_ms), 60'000, unless_closed([this] {
        (void)catch_up_->advance(background(60'000)).has_value();
        return false;
      }));
  one("recovery", milliseconds(settings_.poll_ms), 60'000,
      [this] { return recovery_->advance(background(60'000)); });
  add("turning", milliseconds(settings_.poll_ms), unless_closed([this] {
        (void)feeds_->turn_in_time(settings_.turn_limit_ms).has_value();
        return false;
      }));
  add("guards", milliseconds(settings_.guards.look_ms), unless_closed([this] {
        guards_->look(*cutover_);
        return false;
      }));
  one("transfers", milliseconds(100), 30'000, unless_closed([this] { return transfers_->run(); }));
  one("snapshots", milliseconds(100), 60'000, [this] { return snapshots_->run(); });
  one("reconciliation", milliseconds(100), 60'000, [this] { return reconciliations_->run(); });
  one("repair", milliseconds(100), 60'000, unless_closed([this] { return repairs_->run(); }));
  add("scheduled changes", milliseconds(1'000),
      unless_closed([this] { return cutover_->run_schedule(); }));
  kill_switch_task_ = add("kill switch", milliseconds(1'000), [this] {
    (void)kill_switch_->meet_journal(*journal_, *audit_);
    return false;
  });
  if (!settings_.open_ledger) {
    add("evidence", milliseconds(1'000), [this] {
      (void)gate_->tell().has_value();  // What could not be told is told at the next round.
      return false;
    });
  }
  add("health", milliseconds(2'000), [this] {
    look_at_systems();
    return false;
  });
  if (journal_->shared()) {
    plan_task_ =
        add("plan", milliseconds(std::max<std::int64_t>(settings_.plan_lease_ms / 5, 20)), [this] {
          (void)plans_->renew().has_value();
          return false;
        });
  }
  one("answers", milliseconds(3'600'000), 10'000, unless_closed([this] {
        const std::int64_t days = std::max<std::int64_t>(settings_.answers_kept_days, 7);
        (void)journal_
            ->write([&](JournalTransaction& tx) {
              tx.forget_answers(settings_.now().plus_ms(-days * 86'400'000));
              return true;
            })
            .has_value();
        return false;
      }));
}

std::string Facade::closed() const {
  std::string reason;
  const Status read = journal_->look(
      [&](const journal::JournalReader& reader) { reason = reader.fact(journal::closed_fact); });
  return read ? reason : read.error().message;
}

std::function<bool()> Facade::unless_closed(std::function<bool()> run) {
  return [this, run = std::move(run)] { return closed().empty() && run(); };
}

std::function<bool()> Facade::by_one_replica(const std::string& name, std::int64_t budget_ms,
                                             std::function<bool()> run) {
  if (!journal_->shared()) return run;
  const std::string what = "task/" + name;
  // A task runs on one thread, so what it knows of its claim needs no lock.
  return [this, what, budget_ms, run = std::move(run), known = journal::Claim{},
          ask_at = Timestamp{}]() mutable {
    constexpr std::int64_t spare_ms = 5'000;
    constexpr std::int64_t ask_again_ms = 1'000;
    const Timestamp now = settings_.now();
    // One's own claim is nobody else's before its end; another's may be given back early.
    if (known.replica == 0 || known.until < now.plus_ms(budget_ms)) {
      if (now < ask_at) return false;
      std::optional<journal::Claim> held;
      std::int64_t self = 0;
      const Status read = journal_->look([&](const journal::JournalReader& reader) {
        held = reader.claim_on(what);
        self = reader.self();
      });
      known = {};
      if (!read) return false;
      if (held && held->replica != self && now < held->until) {
        ask_at = std::min(held->until, now.plus_ms(ask_again_ms));
        return false;
      }
      // Long enough for the whole run, renewed now and then and not before every one.
      const journal::Claim wanted{self, now.plus_ms(budget_ms + spare_ms)};
      const Status taken = journal_->write(
          [&](JournalTransaction& tx) { return tx.claim(what, now, wanted.until); });
      if (!taken) return false;
      known = wanted;
    }
    return run();
  };
}

void Facade::start() {
  if (plan_task_ != nullptr) {
    // Serving begins with a plan that the others know of.
    (void)plans_->renew().has_value();
    journal_->on_plan_published([this] { plan_task_->wake(); });
  }
  for (auto& task : tasks_) task->start();
}

void Facade::stop() {
  if (plan_task_ != nullptr) journal_->on_plan_published({});
  for (auto& task : tasks_) task->stop();
  if (journal_ && journal_->shared() && !tasks_.empty()) {
    // What it did alone, another may do at once.
    (void)journal_
        ->write([&](JournalTransaction& tx) {
          for (const auto& task : tasks_) tx.give_back("task/" + task->name());
          return true;
        })
        .has_value();
  }
  if (shadows_) shadows_->stop();
  if (gate_) gate_->keep_counts();  // And what has just been given up.
  if (rehearsals_) rehearsals_->stop();
  if (ledger_) ledger_->flush();
  // What it has compared stays known while it is away.
  if (gate_ && !tasks_.empty() && !settings_.open_ledger) (void)gate_->tell(true).has_value();
}

void Facade::look_at_systems() {
  std::vector<SystemHealth> seen;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const ErpSystem& system = systems_.on(side);
    const auto answer = observe<Done>(side, cutover::Operation::read,
                                      [&] { return system.adapter->ping(background(3'000)); });
    seen.push_back({system.name, side, answer.result.has_value(),
                    answer.result ? "" : answer.result.error().message});
  }
  const std::lock_guard lock(health_mutex_);
  health_ = std::move(seen);
}

void Facade::kill_switch_changed() { kill_switch_task_->wake(); }

std::vector<SystemHealth> Facade::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

std::vector<std::pair<std::string, Alarm>> Facade::alarms() const {
  std::vector<std::pair<std::string, Alarm>> all;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const ErpSystem& system = systems_.on(side);
    for (const Alarm& alarm : system.adapter->alarms()) all.emplace_back(system.name, alarm);
  }
  return all;
}

namespace {

AuditNote settled_note(const journal::ExceptionRecord& exception, const char* how,
                       const std::string& actor, const std::string& reason) {
  AuditNote note;
  note.kind = how;
  note.actor = actor;
  note.about = "exception " + std::to_string(exception.id);
  note.detail.set("exceptionKind", exception.kind);
  note.detail.set("capability", name(exception.capability));
  note.detail.set("subject", exception.subject);
  note.detail.set("what", exception.detail);
  note.detail.set("reason", reason);
  return note;
}

Error no_such_exception(std::int64_t id) {
  return {ErrorCode::not_found, "no open exception has the number " + std::to_string(id)};
}

}  // namespace

std::optional<Status> Facade::settle_recovered(const journal::ExceptionRecord& exception,
                                               bool replay, const std::string& actor,
                                               const std::string& reason) {
  std::string closed;
  const Status read = journal_->read([&](const journal::JournalReader& reader) {
    closed = reader.fact(journal::closed_subject_fact(exception.capability, exception.subject));
  });
  if (!read) return read;
  const bool home_in_doubt =
      !closed.empty() && (exception.kind == "live_in_both" || exception.kind == "home_unknown" ||
                          exception.kind == "duplicate_document");
  const bool customer = exception.kind == "customer_differs_after_restore";
  const bool held = exception.kind == "unreleased_after_restore";
  const bool movement = exception.kind == "movement_in_one_erp";
  const bool unseen = exception.kind == not_looked_up;
  if (!home_in_doubt && !customer && !unseen && !(replay && (held || movement)))
    return std::nullopt;
  if (home_in_doubt && (replay || exception.kind != "live_in_both")) {
    std::optional<Side> home;
    if (exception.kind == "home_unknown" && exception.side)
      home = replay ? *exception.side : other(*exception.side);
    const Status mended = recovery_->reconsider(exception.subject, home, background(30'000));
    if (!mended) return mended;
  }
  if (unseen && replay) {
    const Status looked = recovery_->look_again(exception, background(30'000));
    if (!looked) return looked;
  }
  const Status written = audit_->write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    pen.add(settled_note(exception, replay ? "exception_replayed" : "exception_discarded", actor,
                         reason));
    const auto id = order_id_of(exception.subject);
    auto document =
        id && exception.capability == Capability::orders ? tx.document(*id) : std::nullopt;
    if (home_in_doubt && !replay) {
      // Looked at again; or, of two that are executed, the person says that the journal has the
      // right one: the other is theirs to deal with.
      tx.set_fact(journal::closed_subject_fact(Capability::orders, exception.subject), "");
    } else if (unseen) {
      const auto now = tx.exception(exception.id);
      if (now && now->state != "open") return true;  // By the look itself.
      // Discarded, it is as if it had never been sent: whoever asks again looks for it first.
      writes_->abandon(tx, exception.capability, exception.subject);
      const std::string fact =
          journal::closed_subject_fact(exception.capability, exception.subject);
      const std::string ours = "exception " + std::to_string(exception.id) + " ";
      if (tx.fact(fact).find(ours) != std::string::npos) tx.set_fact(fact, "");
    } else if (customer) {
      if (!exception.side) return false;
      const Side last = replay ? *exception.side : other(*exception.side);
      tx.set_fact(journal::closed_subject_fact(Capability::customers, exception.subject), "");
      tx.add_outbox_row(customer_mirror(CustomerNumber{exception.subject}, other(last),
                                        exception.wave, "recovery"),
                        settings_.now());
    } else if (held && document && !document->closed) {
      std::erase(document->holds, "recovered");
      document->updated_at = settings_.now();
      tx.put_document(*document);
      journal::NewOutboxRow row;
      row.side = document->home;
      row.wave = document->wave;
      row.subject = exception.subject;
      row.operation = "release_order";
      row.payload = "{}";
      row.channel = document->id.channel;
      row.key = IdempotencyKey{"release/" + std::to_string(exception.id)};
      row.role = Role::primary;
      tx.add_outbox_row(row, settings_.now());
    } else if (movement) {
      const auto payload = json::parse(exception.payload);
      const auto adjustment = payload ? json::from_json<StockAdjustment>(*payload)
                                      : Result<StockAdjustment>(payload.error());
      if (!adjustment || !exception.side) return false;
      tx.add_outbox_row(movement_row(*adjustment, *exception.side, exception.wave),
                        settings_.now());
    }
    return tx.settle_exception(exception.id, actor, reason, settings_.now());
  });
  if (written) {
    for (PeriodicTask* task : relay_tasks_) task->wake();
  }
  return written;
}

Status Facade::replay_exception(std::int64_t id, const std::string& actor,
                                const std::string& reason) {
  bool found = false;
  std::optional<journal::ExceptionRecord> known;
  const Status read =
      journal_->read([&](const journal::JournalReader& reader) { known = reader.exception(id); });
  if (!read) return read;
  if (known && known->state == "open") {
    if (auto settled = settle_recovered(*known, true, actor, reason)) return *settled;
  }
  const Status written = audit_->write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    const auto exception = tx.exception(id);
    if (!exception || exception->state != "open") return false;
    found = true;
    pen.add(settled_note(*exception, "exception_replayed", actor, reason));
    if (exception->outbox_row != 0) {
      // An order cannot be taken without its customer, whose copy may have been given up.
      const auto row = tx.outbox_row(exception->outbox_row);
      if (row && row->operation == "place_order")
        CatchUp::bring_first(tx, CustomerNumber{row->depends_on_subject}, row->side, row->wave,
                             settings_.now());
      return tx.replay_exception(id, actor, reason, settings_.now());
    }
    if (exception->kind == "totals_differ") {
      // The person has accepted the ERP's total: the hold ends and the document is released.
      const auto document_id = order_id_of(exception->subject);
      auto document = document_id ? tx.document(*document_id) : std::nullopt;
      if (document && !document->closed) {
        std::erase(document->holds, "totals_differ");
        document->updated_at = settings_.now();
        tx.put_document(*document);
        journal::NewOutboxRow row;
        row.side = document->home;
        row.capability = Capability::orders;
        row.wave = document->wave;
        row.subject = exception->subject;
        row.operation = "release_order";
        row.payload = "{}";
        row.channel = document->id.channel;
        row.key = IdempotencyKey{"release/" + std::to_string(id)};
        row.role = Role::primary;
        tx.add_outbox_row(row, settings_.now());
      }
    }
    return tx.settle_exception(id, actor, reason, settings_.now());
  });
  if (!found) return no_such_exception(id);
  if (written) {
    for (PeriodicTask* task : relay_tasks_) task->wake();
  }
  return written;
}

Status Facade::discard_exception(std::int64_t id, const std::string& actor,
                                 const std::string& reason) {
  bool found = false;
  std::optional<journal::ExceptionRecord> known;
  const Status read =
      journal_->read([&](const journal::JournalReader& reader) { known = reader.exception(id); });
  if (!read) return read;
  if (known && known->state == "open") {
    if (auto settled = settle_recovered(*known, false, actor, reason)) return *settled;
  }
  const Status written = audit_->write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    const auto exception = tx.exception(id);
    if (!exception || exception->state != "open") return false;
    found = true;
    pen.add(settled_note(*exception, "exception_discarded", actor, reason));
    if (exception->outbox_row == 0) return tx.settle_exception(id, actor, reason, settings_.now());
    // Without its copy a document is not mirrored any more: later changes have nothing to follow.
    const auto row = tx.outbox_row(exception->outbox_row);
    const auto document_id = order_id_of(exception->subject);
    if (row && row->operation == "place_order" && document_id) {
      if (auto document = tx.document(*document_id)) {
        document->mirrored = false;
        tx.put_document(*document);
        CatchUp::give_up_copy(tx, *document);
      }
    }
    if (row && row->operation == "put_customer")
      CatchUp::give_up_customer(tx, row->subject, row->side);
    return tx.discard_exception(id, actor, reason, settings_.now());
  });
  if (!found) return no_such_exception(id);
  return written;
}

}  // namespace underpin::facade
