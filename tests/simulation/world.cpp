#include "tests/simulation/world.h"

#include "tests/crash/vfs/fault_vfs.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace underpin::simulation {

using facade::journal::Journal;
using facade::journal::JournalReader;
using facade::journal::JournalTransaction;

namespace {

constexpr std::array<std::string_view, mutant_count> mutant_names{"none",
                                                                  "resolver_off",
                                                                  "journal_not_synced",
                                                                  "live_mirrors",
                                                                  "no_look_up",
                                                                  "settle_too_short",
                                                                  "cancel_after_shipping",
                                                                  "two_open_intents",
                                                                  "no_affinity",
                                                                  "no_mirror_order",
                                                                  "demand_not_overlaid",
                                                                  "duplicates_not_raised",
                                                                  "block_does_nothing",
                                                                  "no_plan_fence",
                                                                  "no_subject_locks",
                                                                  "births_stay",
                                                                  "last_changes_forgotten",
                                                                  "no_second_look",
                                                                  "postings_not_verified",
                                                                  "ends_do_not_wait"};

// What the process does when it dies at a commit.
const std::vector<std::string>& labels() {
  static const std::vector<std::string> all{
      "write",       "relay", "outcome resolver", "order feed", "customer feed", "price feed",
      "catching up", "flip",  "operator",         "transfers"};
  return all;
}

std::string without_system(const std::string& task) {
  for (const std::string system : {" nav", " bc"}) {
    if (task.size() > system.size() &&
        task.compare(task.size() - system.size(), system.size(), system) == 0)
      return task.substr(0, task.size() - system.size());
  }
  return task;
}

// Comparisons are made, and kept nowhere.
class NoLedger final : public parity::Ledger {
 public:
  bool record(parity::LedgerEntry) override { return true; }
  void flush() override {}
  Result<parity::Summary> summary() const override { return parity::Summary{}; }
  Result<std::vector<parity::LedgerEntry>> entries(const parity::LedgerFilter&) const override {
    return std::vector<parity::LedgerEntry>{};
  }
  Result<std::vector<parity::DifferenceClass>> open_differences(const std::string&,
                                                                Timestamp) const override {
    return std::vector<parity::DifferenceClass>{};
  }
};

}  // namespace

std::string_view name(Mutant mutant) { return mutant_names[static_cast<std::size_t>(mutant)]; }

std::optional<Mutant> parse_mutant(std::string_view text) {
  for (std::size_t i = 0; i < mutant_count; ++i)
    if (mutant_names[i] == text) return static_cast<Mutant>(i);
  return std::nullopt;
}

const std::vector<std::string>& must_be_hit() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < facade::step_count; ++i) {
      const std::string step(facade::name(static_cast<facade::Step>(i)));
      names.push_back("step " + step);
      names.push_back("crash at step " + step);
    }
    for (const std::string& label : labels()) {
      names.push_back("crash before a commit of: " + label);
      names.push_back("crash after a commit of: " + label);
    }
    names.insert(names.end(), {"crash at any moment", "power failure", "store: failed write",
                               "store: failed sync", "store: failed sync that worked"});
    for (std::size_t i = 1; i < fault_count; ++i)
      names.push_back("fault: " + std::string(name(static_cast<Fault>(i))));
    for (const cutover::StageRule& rule : cutover::stage_rules)
      names.push_back("orders reached " + std::string(rule.name));
    names.insert(names.end(), {"flip forward",
                               "flip back",
                               "flip by share",
                               "rollback",
                               "flip refused",
                               "acknowledged place_order",
                               "acknowledged amend_order",
                               "acknowledged cancel_order",
                               "acknowledged cancel_lines",
                               "acknowledged create_customer",
                               "acknowledged amend_customer",
                               "acknowledged adjust_stock",
                               "acknowledged return_order",
                               "refused",
                               "repeated",
                               "repeated under another key",
                               "read order",
                               "read stock",
                               "read customer",
                               "read list",
                               "user ships",
                               "user posts",
                               "user cancels",
                               "user edits",
                               "transfer begun",
                               "transfer done",
                               "document moved",
                               "document stayed",
                               "part-shipped document moved",
                               "user changes customer",
                               "user orders",
                               "user accepts prices",
                               "dead letter replayed",
                               "dead letter discarded",
                               "hold released",
                               "comparison",
                               "duplicate raised",
                               "writer stalls",
                               "halted",
                               "halt acknowledged",
                               "born in legacy while halted",
                               "duplicate posting raised",
                               "duplicate return raised",
                               "grew again after everything had left"});
    return names;
  }();
  return all;
}

// The journal as fibers see it: a commit takes time, others run meanwhile, and the process may die
// right before it or right after.
class World::AroundJournal final : public Journal {
 public:
  AroundJournal(World& world, std::unique_ptr<Journal> inner)
      : world_(world), inner_(std::move(inner)) {}

  Status write(const std::function<bool(JournalTransaction&)>& work) override {
    world_.scheduler_.check_alive();
    world_.maybe_yield(300);
    world_.maybe_stall();
    due(CrashOrder::At::before_commit, "before");
    const Status written = inner_->write(work);
    due(CrashOrder::At::after_commit, "after");
    world_.maybe_yield(300);
    return written;
  }
  Status read(const std::function<void(const JournalReader&)>& work) const override {
    world_.scheduler_.check_alive();
    world_.maybe_yield(60);
    return inner_->read(work);
  }

 private:
  void due(CrashOrder::At at, const std::string& when) {
    auto& armed = world_.armed_;
    if (!armed || armed->at != at || armed->label != world_.scheduler_.label()) return;
    if (--armed->countdown > 0) return;
    world_.die("crash " + when + " a commit of: " + armed->label);
  }

  World& world_;
  const std::unique_ptr<Journal> inner_;
};

World::World(const WorldOptions& options) : options_(options), dice_(options.seed) {
  facade::use_monotonic_clock(&scheduler_);
  crash::register_fault_vfs();
  const std::string memory = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  static int worlds = 0;
  folder_ = memory + "/underpin-simulation-" + std::to_string(::getpid()) + "-" +
            std::to_string(++worlds);
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

World::~World() {
  scheduler_.kill();
  facade_.reset();
  crash::clear_faults();
  crash::fault_vfs_crash();
  crash::fault_vfs_restart();
  std::filesystem::remove_all(folder_);
  facade::use_monotonic_clock(nullptr);
}

void World::tell(const std::string& what) {
  for (const char c : what) {
    report_.trace ^= static_cast<unsigned char>(c);
    report_.trace *= 0x100000001b3ULL;
  }
  report_.trace ^= static_cast<std::uint64_t>(time());
  report_.trace *= 0x100000001b3ULL;
  if (options_.tell) {
    std::cout << time() / 1000 << "." << time() % 1000 << " [" << scheduler_.label() << "] " << what
              << "\n";
  }
}

void World::violation(const std::string& what) {
  tell("VIOLATION " + what);
  if (report_.violations.size() < 20) report_.violations.push_back(what);
}

void World::draw_settings() {
  report_.trace = 0xcbf29ce484222325ULL;
  const std::vector<IdempotencyMode> modes{IdempotencyMode::lookup, IdempotencyMode::lookup,
                                           IdempotencyMode::natural_key,
                                           IdempotencyMode::key_header};
  const Mutant mutant = options_.mutant;
  const bool late = mutant == Mutant::duplicates_not_raised || mutant == Mutant::no_second_look ||
                    mutant == Mutant::postings_not_verified;
  beyond_settle_ = dice_.chance(100) || late;
  fault_per_1000_ = static_cast<int>(dice_.one_of(std::vector<int>{0, 15, 40, 90, 160}));
  if (late) fault_per_1000_ = 160;
  stock_strict_ = dice_.chance(700) || mutant == Mutant::demand_not_overlaid;
  settle_ms_ = dice_.between(400, 1'500);
  catch_up_backlog_ = dice_.chance(600) ? dice_.between(1, 3) : 200;
  ErpSettings legacy{
      Side::legacy, "nav", "SO-", dice_.one_of(modes), settle_ms_, dice_.between(500, 20'000), {}};
  ErpSettings cloud{
      Side::cloud, "bc", "S-ORD", dice_.one_of(modes), settle_ms_, dice_.between(500, 20'000), {}};
  if (beyond_settle_) legacy.mode = cloud.mode = IdempotencyMode::lookup;
  for (ErpSettings* one : {&legacy, &cloud}) {
    one->rules.mirrors_inert = mutant != Mutant::live_mirrors;
    one->rules.looks_up = mutant != Mutant::no_look_up;
    one->rules.settle_is_true = mutant != Mutant::settle_too_short;
    one->rules.refuses_shipped = mutant != Mutant::cancel_after_shipping;
    one->rules.blocks = mutant != Mutant::block_does_nothing;
    one->rules.says_duplicates = mutant != Mutant::duplicates_not_raised;
    if (mutant == Mutant::no_look_up || mutant == Mutant::settle_too_short)
      one->mode = IdempotencyMode::lookup;
  }
  legacy_ = std::make_unique<Erp>(*this, legacy);
  cloud_ = std::make_unique<Erp>(*this, cloud);
  if (mutant == Mutant::no_second_look || mutant == Mutant::no_subject_locks) stall_per_1000_ = 300;
  // To and fro, undisturbed: there the fence and the ends matter.
  if (from_end_to_end()) {
    fault_per_1000_ = mutant == Mutant::ends_do_not_wait ? 90 : 0;
    stall_per_1000_ = mutant == Mutant::no_plan_fence ? 300 : 0;
  }
  const int crashes = from_end_to_end() ? 0 : static_cast<int>(dice_.between(0, 4));
  for (int i = 0; i < crashes; ++i) {
    CrashOrder order;
    order.at = static_cast<CrashOrder::At>(dice_.between(0, 3));
    order.step = static_cast<facade::Step>(dice_.between(0, facade::step_count - 1));
    order.label = dice_.one_of(labels());
    order.countdown = static_cast<int>(dice_.between(1, 12));
    order.power = dice_.chance(500);
    crashes_.push_back(order);
  }
  channels_ = {ChannelId{"web"}, ChannelId{"pos"}};
  // Where the world begins: customers are never behind orders.
  const auto at = [](Capability capability) { return static_cast<std::size_t>(capability); };
  target_[at(Capability::customers)] = static_cast<int>(dice_.between(0, 4));
  target_[at(Capability::orders)] =
      static_cast<int>(dice_.between(0, target_[at(Capability::customers)]));
  target_[at(Capability::pricing)] = static_cast<int>(dice_.between(0, 3));
  if (from_end_to_end()) {
    target_[at(Capability::customers)] = 3;
    target_[at(Capability::orders)] = 0;
  }
  if (mutant == Mutant::births_stay)
    target_[at(Capability::customers)] = target_[at(Capability::orders)] = 3;
  const int stock_most = target_[at(Capability::orders)] >= 1 ? 4 : 2;
  target_[at(Capability::inventory)] =
      static_cast<int>(dice_.between(stock_strict_ ? 1 : 0, stock_most));
}

void World::open_process() {
  facade::Systems systems;
  const auto system = [&](Erp& erp) {
    return facade::ErpSystem{
        erp.settings.name, make_port(erp),
        std::make_unique<facade::Guard>(erp.settings.name, facade::GuardSettings{6, 8, 700})};
  };
  systems.legacy = system(*legacy_);
  systems.cloud = system(*cloud_);
  for (const ChannelId& channel : channels_) systems.channels.insert(channel.text());
  facade::FacadeSettings settings;
  settings.state_folder = folder_;
  settings.orders.give_up_ms = 1'500;
  settings.inventory.safety_stock["pos"] = Decimal::of(2);
  settings.relay.parallel = 1;
  settings.relay.give_up_ms = 1'200;
  settings.relay.backoff_min_ms = 40;
  settings.relay.backoff_max_ms = 1'500;
  settings.writes.subject_wait_ms = 300;
  settings.shadow_threads = 0;
  settings.shadow_queue_limit = 40;
  settings.journal.vfs = crash::fault_vfs_name;
  settings.journal.readers = 1;
  settings.journal.writer_thread = false;
  settings.journal.synchronous_full = options_.mutant != Mutant::journal_not_synced;
  settings.journal.rules.one_open_intent = options_.mutant != Mutant::two_open_intents;
  settings.journal.rules.affinity = options_.mutant != Mutant::no_affinity;
  settings.journal.rules.mirror_order = options_.mutant != Mutant::no_mirror_order;
  settings.cutover.transfer.open = settings.cutover.transfer.part_shipped =
      settings.cutover.transfer.prepaid = facade::TransferPolicy::move;
  settings.cutover.transfer.per_minute = 600;
  // Catching up in pages of its own, that others come between.
  settings.cutover.catch_up.backlog_max = catch_up_backlog_;
  settings.journal.rules.plan_fence = options_.mutant != Mutant::no_plan_fence;
  settings.journal.rules.births_return = options_.mutant != Mutant::births_stay;
  settings.journal.rules.last_changes = options_.mutant != Mutant::last_changes_forgotten;
  settings.journal.rules.second_look = options_.mutant != Mutant::no_second_look;
  settings.journal.rules.verified_postings = options_.mutant != Mutant::postings_not_verified;
  settings.journal.rules.waiting_ends = options_.mutant != Mutant::ends_do_not_wait;
  settings.around_journal = [this](std::unique_ptr<Journal> journal) {
    return std::make_unique<AroundJournal>(*this, std::move(journal));
  };
  settings.open_ledger = [] {
    return Result<std::unique_ptr<parity::Ledger>>(std::make_unique<NoLedger>());
  };
  settings.on_step = [this](facade::Step step, const std::string&) { on_step(step); };
  settings.now = [this] { return wall(); };
  auto opened = facade::Facade::open(std::move(systems), std::move(settings));
  if (!opened) {
    // A store that fails at the start: whoever supervises the process starts it again.
    tell("the facade does not open: " + opened.error().message);
    if (!faulty_) violation("the facade does not open: " + opened.error().message);
    count("store fails at the start");
    return close_process();
  }
  facade_ = std::move(opened).value();
  facade_->writes().switch_resolver(options_.mutant != Mutant::resolver_off);
  if (options_.mutant == Mutant::no_subject_locks) facade_->writes().locks().switch_off();
  tell("process starts");
  for (const auto& task : facade_->tasks()) {
    const Micros every = dice_.between(40, 400) * 1'000;
    scheduler_.spawn(without_system(task->name()), [this, task = task.get(), every] {
      while (true) {
        scheduler_.sleep(dice_.between(every / 2, every));
        task->run_once();
      }
    });
  }
  scheduler_.spawn("comparisons", [this] {
    while (true) {
      scheduler_.sleep(150'000);
      while (facade_->shadows().run_due()) count("comparison");
    }
  });
  arm_crash();
}

void World::arm_crash() {
  armed_.reset();
  if (!acting_ || crashes_.empty()) return;
  armed_ = crashes_.back();
  crashes_.pop_back();
  if (armed_->at != CrashOrder::At::moment) return;
  const Micros when = time() + dice_.between(50'000, 2'500'000);
  scheduler_.at(when, [this] {
    if (facade_ && armed_ && armed_->at == CrashOrder::At::moment && acting_)
      die("crash at any moment");
  });
}

void World::die(const std::string& where) {
  count(where);
  tell(where);
  const bool power = armed_ && armed_->power;
  armed_.reset();
  crashed_ = true;
  if (power) {
    count("power failure");
    crash::fault_vfs_crash();
  }
  scheduler_.kill();
  if (scheduler_.in_fiber()) throw Killed{};
}

void World::on_step(facade::Step step) {
  scheduler_.check_alive();
  const std::string text(facade::name(step));
  count("step " + text);
  if (!armed_ || armed_->at != CrashOrder::At::step || armed_->step != step) return;
  if (--armed_->countdown > 0) return;
  die("crash at step " + text);
}

void World::maybe_yield(int per_1000) {
  if (scheduler_.in_fiber() && dice_.chance(per_1000)) scheduler_.sleep(dice_.between(1, 3'000));
}

// A thread that the machine does not run for a while: what it has read may be over when it goes on.
void World::maybe_stall() {
  const std::string& label = scheduler_.label();
  const bool sends = label == "write" || label == "relay" || label == "outcome resolver";
  if (!faulty_ || !scheduler_.in_fiber() || !sends || !dice_.chance(stall_per_1000_)) return;
  count("writer stalls");
  scheduler_.sleep(dice_.between(50'000, 1'700'000));
}

void World::close_process() {
  crashed_ = false;
  facade_.reset();
  crash::clear_faults();
  crash::fault_vfs_crash();
  if (!crash::fault_vfs_restart()) violation("files of a dead process are still open");
  for (ChannelWrite& write : writes_) {
    write.on_its_way = false;
    write.in_flight = 0;
  }
  active_reads_.clear();
  scheduler_.at(time() + dice_.between(10'000, 900'000), [this] {
    if (!facade_) open_process();
  });
}

CallContext World::call_within(std::int64_t ms, const ChannelId& channel) const {
  CallContext context;
  context.correlation_id = CorrelationId{"simulation"};
  context.channel = channel;
  context.deadline = facade::deadline_in(std::chrono::milliseconds(ms));
  return context;
}

void World::in_process(const std::string& label, std::function<void()> body) {
  if (facade_ && !crashed_) scheduler_.spawn(label, std::move(body));
}

void World::run_until(Micros end) {
  bool reached = false;
  scheduler_.at(end, [&reached] { reached = true; });
  while (!reached) {
    scheduler_.step();
    if (crashed_) close_process();
  }
}

void World::every(Micros low, Micros high, std::function<void()> act) {
  scheduler_.at(time() + dice_.between(low, high), [this, low, high, act] {
    if (!acting_) return;
    act();
    every(low, high, act);
  });
}

Fault World::draw_fault(Side side, bool write) {
  if (!faulty_ || !dice_.chance(fault_per_1000_)) return Fault::none;
  static const std::vector<Fault> of_reads{Fault::unavailable, Fault::unavailable, Fault::throttled,
                                           Fault::hang, Fault::throws_before};
  static const std::vector<Fault> of_writes{
      Fault::unavailable, Fault::throttled,    Fault::refused,       Fault::stale,
      Fault::lost_answer, Fault::lost_answer,  Fault::late_commit,   Fault::late_commit,
      Fault::hang,        Fault::lost_request, Fault::throws_before, Fault::throws_after};
  Fault fault = dice_.one_of(write ? of_writes : of_reads);
  if (write && beyond_settle_ && dice_.chance(250))
    fault = dice_.chance(500) ? Fault::very_late_commit : Fault::stall;
  count("fault: " + std::string(name(fault)));
  tell(on(side).settings.name + " fault: " + std::string(name(fault)));
  return fault;
}

void World::applied(Side side, const std::string& what) {
  tell(on(side).settings.name + ": " + what);
  touch();
}

void World::goods_moved(const StockKey& key, Decimal quantity) {
  physical_[key] += quantity;
  legacy_->stock[key] += quantity;
  cloud_->stock[key] += quantity;
}

void World::grew_again(const OrderId& id) {
  count("grew again after everything had left");
  tell("grew again: " + facade::order_subject(id));
}

WorldReport World::run() {
  draw_settings();
  populate();
  open_process();
  if (!facade_) return report_;
  retry();
  // To where the world begins, undisturbed.
  acting_ = true;
  every(10'000, 40'000, [this] {
    if (!walking_) flip();
  });
  run_until(2'500'000);
  walking_ = faulty_ = true;
  arm_crash();
  const Micros length = dice_.between(3'000'000, 9'000'000);
  every(20'000, 260'000, [this] { channel_acts(); });
  every(40'000, 400'000, [this] { user_acts(); });
  every(100'000, 900'000, [this] { flip(); });
  every(400'000, 2'000'000, [this] { halt_or_acknowledge(); });
  if (options_.mutant == Mutant::no_affinity || options_.mutant == Mutant::last_changes_forgotten)
    every(50'000, 200'000, [this] { flip(); });
  if (options_.mutant == Mutant::last_changes_forgotten) {
    every(50'000, 200'000,
          [this] { change_customer(CustomerNumber{"C" + std::to_string(dice_.between(1, 4))}); });
  }
  if (from_end_to_end()) every(40'000, 120'000, [this] { flip(); });
  every(150'000, 600'000, [this] { operate(); });
  if (options_.mutant == Mutant::block_does_nothing || dice_.chance(500))
    every(300'000, 1'500'000, [this] { transfer(); });
  if (fault_per_1000_ > 0) {
    every(300'000, 3'000'000, [this] {
      switch (dice_.between(0, 2)) {
        case 0:
          crash::fail_writes(static_cast<int>(dice_.between(0, 30)), 1, SQLITE_IOERR_WRITE);
          break;
        case 1:
          crash::fail_syncs(static_cast<int>(dice_.between(0, 8)), 1, SQLITE_IOERR_FSYNC);
          break;
        default:
          crash::fail_syncs_that_worked(static_cast<int>(dice_.between(0, 8)), 1,
                                        SQLITE_IOERR_FSYNC);
          count("store: failed sync that worked");
          break;
      }
    });
  }
  const auto before = crash::fault_vfs_counts();
  run_until(time() + length);
  // Faults stop; everything comes to rest.
  acting_ = faulty_ = false;
  armed_.reset();
  crash::clear_faults();
  const auto after = crash::fault_vfs_counts();
  report_.counts["store: failed write"] += after.failed_writes - before.failed_writes;
  report_.counts["store: failed sync"] += after.failed_syncs - before.failed_syncs;
  tell("faults have stopped");
  for (int round = 0; round < 60; ++round) {
    run_until(time() + 700'000);
    operate();
    settle_duplicates();
    if (round > (beyond_settle_ ? 11 : 4) && at_rest()) break;
  }
  if (!at_rest()) violation("does not come to rest: " + unrest());
  judge(*this);
  return report_;
}

WorldReport run_world(const WorldOptions& options) {
  World world(options);
  return world.run();
}

}  // namespace underpin::simulation
