// Those who act on a world from inside the site: they flip, empty an ERP, decide on exceptions, and
// say when everything is at rest.
#include "facade/order_content.h"
#include "tests/simulation/world.h"

#include <algorithm>

namespace underpin::simulation {

using facade::journal::ExceptionRecord;
using facade::journal::JournalReader;

namespace {

// A delivery that met two documents, or postings, is raised as a dead letter that says so.
bool says_two(const ExceptionRecord& exception) {
  return exception.kind == "dead_letter" &&
         (exception.detail.find("two documents") != std::string::npos ||
          exception.detail.find("two postings") != std::string::npos);
}

}  // namespace

// ---- those who flip

void World::flip() {
  auto capability = static_cast<Capability>(dice_.between(0, 3));
  const bool customers_alone = options_.mutant == Mutant::no_affinity || from_end_to_end() ||
                               options_.mutant == Mutant::last_changes_forgotten;
  if (customers_alone && walking_) capability = Capability::customers;
  const auto at = static_cast<std::size_t>(capability);
  const auto kind = dice_.between(0, 99);
  const auto share = static_cast<std::uint32_t>(dice_.between(1, 99) * 1'000);
  in_process("flip", [this, capability, at, kind, share] {
    auto& desk = facade_->cutover();
    const auto status = desk.status(capability);
    scheduler_.check_alive();
    if (!status) return;
    const cutover::Rollout rollout = status->plan.rollout;
    const int here = cutover::index(rollout.to);
    const auto most = capability == Capability::inventory && stock_strict_ ? 4 : 5;
    const auto least = capability == Capability::inventory && stock_strict_ ? 1 : 0;
    Result<facade::CutoverStatus> moved = Error{};
    cutover::ChangeRequest request;
    if (!walking_) {
      if (here >= target_[at]) return;
      request.stage = static_cast<cutover::Stage>(here + 1);
      moved = desk.change(capability, request, status->plan.version, {"ada", "to the start"});
    } else if (from_end_to_end()) {
      if (here == 0) going_up_ = true;
      if (here == 3) going_up_ = false;
      request.stage = static_cast<cutover::Stage>(here + (going_up_ ? 1 : -1));
      moved = desk.change(capability, request, status->plan.version, {"ada", "end to end"});
    } else if (kind < 12) {
      if (least == 1 && !status->plan.undo.empty() &&
          cutover::index(status->plan.undo.back().lowest()) < least)
        return;
      moved = desk.roll_back(capability, status->plan.version, {"ada", "back"});
      if (moved) count("rollback");
    } else {
      const bool forward = kind < 70;
      if (!rollout.settled()) {
        request.stage = forward ? rollout.to : rollout.from;
        if (kind % 3 == 0) request.share_per_100k = share;
      } else {
        const int next = here + (forward ? 1 : -1);
        if (next < least || next > most) return;
        request.stage = static_cast<cutover::Stage>(next);
        if (kind % 2 == 0) request.share_per_100k = share;
      }
      moved = desk.change(capability, request, status->plan.version, {"ada", "walk"});
      if (moved) {
        count(forward ? "flip forward" : "flip back");
        if (!moved->plan.rollout.settled()) count("flip by share");
      }
    }
    scheduler_.check_alive();
    if (moved) {
      tell("plan of " + std::string(name(capability)) + ": " + cutover::write_plan(moved->plan));
      if (capability == Capability::orders)
        count("orders reached " + std::string(cutover::name(moved->plan.rollout.highest())));
    } else if (walking_) {
      count("flip refused");
      tell("refused: " + moved.error().message);
    }
  });
}

// A guard halts orders; after a while a person acknowledges it.
void World::halt_or_acknowledge() {
  const bool keen = options_.mutant == Mutant::births_stay;
  if (!keen && !dice_.chance(250)) return;
  const bool halts = keen || dice_.chance(300);
  in_process("flip", [this, halts] {
    auto& desk = facade_->cutover();
    const cutover::Plan plan = desk.plan(Capability::orders);
    if (plan.halt || plan.births_to_legacy) {
      if (!halts_.empty() && halts_.back().second < 0) halts_.back().second = time();
      if (desk.acknowledge(Capability::orders, plan.version, true, "ada", "seen"))
        count("halt acknowledged");
      return;
    }
    if (!cutover::rule(plan.rollout.from).mirror_writes ||
        !cutover::rule(plan.rollout.to).mirror_writes || !halts)
      return;
    if (!desk.halt(Capability::orders, plan.version,
                   {"error_rate", cutover::GuardVerdict::breach, "simulated"}))
      return;
    count("halted");
    tell("orders are halted");
    halts_.emplace_back(time(), -1);
  });
}

// ---- those who empty an ERP

void World::transfer() {
  facade::TransferWish wish;
  wish.to = dice_.chance(600) ? Side::cloud : Side::legacy;
  wish.all = dice_.chance(700);
  if (!wish.all) wish.channel = dice_.one_of(channels_);
  const bool stops = dice_.chance(60);
  in_process("transfer", [this, wish, stops] {
    auto& desk = facade_->transfers();
    if (stops) {
      const auto all = desk.list();
      if (all && !all->empty())
        (void)desk.stop(all->front().record.id, {"ada", "enough"}).has_value();
      return;
    }
    const auto begun = desk.start(Capability::orders, wish, {"ada", "empty it"});
    scheduler_.check_alive();
    if (begun) {
      count("transfer begun");
      tell("transfer " + std::to_string(begun->record.id) + " to " + std::string(name(wish.to)));
    }
  });
}

// What of a line the other ERP had shipped before the document moved away from there.
Decimal World::moved_part(const OrderId& id, Side home, int number) const {
  const Erp& before = home == Side::legacy ? *cloud_ : *legacy_;
  Decimal moved;
  for (const std::size_t index : before.with_reference(id))
    for (const OrderLine& one : before.documents[index].order.lines)
      if (one.number == number) moved += one.shipped_quantity;
  return moved;
}

// ---- those who operate

void World::operate() {
  in_process("operator", [this] {
    std::vector<ExceptionRecord> open;
    const Status read = facade_->journal().read(
        [&](const JournalReader& reader) { open = reader.exceptions("open", 100); });
    if (!read) return;
    for (const ExceptionRecord& exception : open) {
      const std::string about = std::string(name(exception.capability)) + "/" + exception.subject;
      if (says_two(exception)) continue;  // To be settled in the ERP first.
      if (exception.kind == "dead_letter") {
        const int times = ++replays_[about];
        if (times > 6 || (acting_ && dice_.chance(80))) {
          if (!acting_) violation("a dead letter stays dead: " + about + ": " + exception.detail);
          if (facade_->discard_exception(exception.id, "ada", "given up")) {
            discarded_.insert(about);
            count("dead letter discarded");
            tell("a person gives up what " + about + " had waiting: " + exception.detail);
          }
        } else if (facade_->replay_exception(exception.id, "ada", "again")) {
          count("dead letter replayed");
        }
      } else if (exception.kind == "totals_differ") {
        if (facade_->replay_exception(exception.id, "ada", "accepted")) count("hold released");
      } else if (exception.kind == "internal_fault" || exception.kind == "mirror_executed" ||
                 exception.kind == "last_changes_missing" ||
                 exception.kind == "customer_left_behind") {
        count("exception " + exception.kind);
        if (exception.capability == Capability::customers) left_behind_ = true;
        (void)facade_->discard_exception(exception.id, "ada", "seen").has_value();
      }
    }
  });
}

// What a person does about a second document, once it has been raised.
void World::settle_duplicates() {
  if (!facade_) return;
  std::vector<ExceptionRecord> open;
  const Status read = facade_->journal().read(
      [&](const JournalReader& reader) { open = reader.exceptions("open", 100); });
  if (!read) return;
  for (const ExceptionRecord& exception : open) {
    const bool said = says_two(exception);
    const bool posting = exception.kind == "duplicate_posting";
    const bool of_return = exception.kind == "duplicate_return";
    if ((exception.kind != "duplicate_document" && !posting && !of_return && !said) ||
        !exception.side)
      continue;
    count(of_return ? "duplicate return raised"
          : posting ? "duplicate posting raised"
                    : "duplicate raised");
    Erp& erp = on(*exception.side);
    raised_duplicates_.insert(std::string(name(*exception.side)) + "/" + exception.subject);
    const auto id = facade::order_id_of(exception.subject);
    if (of_return) {
      std::set<ReturnNumber> seen;
      std::erase_if(erp.returns, [&](const Erp::Return& one) {
        return facade::order_subject(one.order) == exception.subject &&
               !seen.insert(one.made.number).second;
      });
    } else if (exception.capability == Capability::orders && id) {
      std::optional<facade::journal::DocumentRecord> document;
      (void)facade_->journal()
          .read([&](const JournalReader& reader) { document = reader.document(*id); })
          .has_value();
      OrderId at_erp = *id;
      if (document) at_erp = facade::identity_at_erp(*document, facade_->systems());
      if (document && at_erp.channel.text() == erp.settings.name) at_erp = {};
      const auto all = erp.with_reference(at_erp);
      std::size_t keep = all.empty() ? 0 : all.front();
      for (const std::size_t index : all)
        if (document && erp.documents[index].number == document->document(*exception.side))
          keep = index;
      for (const std::size_t index : all) {
        if (index == keep) continue;
        erp.documents[index].order.id = {};
        erp.documents[index].cancelled = true;
        erp.documents[index].released = false;
        erp.changed(index);
      }
    } else if (exception.capability == Capability::inventory) {
      std::set<MovementId> seen;
      std::erase_if(erp.movements, [&](const StockMovement& movement) {
        if (facade::stock_subject(movement.key) != exception.subject) return false;
        if (seen.insert(movement.movement).second) return false;
        erp.stock[movement.key] -= movement.quantity;
        return true;
      });
    }
    in_process("operator", [this, exception, said] {
      if (said) {
        (void)facade_->replay_exception(exception.id, "ada", "settled in the ERP").has_value();
        return;
      }
      (void)facade_->discard_exception(exception.id, "ada", "settled in the ERP").has_value();
    });
  }
}

// ---- rest

std::string World::unrest() {
  if (!facade_) return "the process is down";
  std::string why;
  const auto transfers = facade_->transfers().list();
  if (!transfers) return "the journal cannot be read";
  for (const Capability capability : all_capabilities) {
    const auto status = facade_->cutover().status(capability);
    if (!status) return "the status cannot be read";
    const auto& rollout = status->plan.rollout;
    if (index(rollout.lowest()) < index(cutover::Stage::dual_write) ||
        index(rollout.highest()) > index(cutover::Stage::ramp_down))
      continue;
    for (const auto* one : {&status->catch_up_cloud, &status->catch_up_legacy})
      if (one->state != "done")
        why += "catching up of " + std::string(name(capability)) + " is " + one->state + ": " +
               one->detail + "; ";
  }
  for (const auto& transfer : *transfers) {
    const std::string& state = transfer.record.state;
    if (transfer.pauses.empty() && (state == "listing" || state == "running"))
      why += "transfer " + std::to_string(transfer.record.id) + " is " + state + "; ";
  }
  for (const ChannelWrite& write : writes_) {
    if (write.state == WriteState::waiting)
      why +=
          "no final answer to " + write.operation + " " + write.subject + " (" + write.key + "); ";
  }
  (void)facade_->journal()
      .read([&](const JournalReader& reader) {
        for (const auto& intent : reader.open_intents(10))
          why += "open intent of " + intent.operation + " " + intent.subject + "; ";
        for (const Side side : {Side::legacy, Side::cloud}) {
          const std::string& system = on(side).settings.name;
          if (reader.pending_rows(side) > 0)
            why += std::to_string(reader.pending_rows(side)) + " rows to " + system + "; ";
          // Only in worlds in which something commits that late is it worth waiting for.
          if (beyond_settle_ && !reader.due_rows(side, wall().plus_ms(86'400'000), 1).empty())
            why += "rows to " + system + " that are looked at later; ";
          if (reader.cursor(system, "orders") != std::to_string(on(side).order_log.size()) &&
              !on(side).order_log.empty())
            why += "the order feed of " + system + " is behind; ";
          if (reader.cursor(system, "customers") != std::to_string(on(side).customer_log.size()) &&
              !on(side).customer_log.empty())
            why += "the customer feed of " + system + " is behind; ";
        }
        for (const auto& exception : reader.exceptions("open", 20))
          why += exception.kind + ": " + exception.detail + "; ";
      })
      .has_value();
  return why;
}

bool World::at_rest() { return facade_ && unrest().empty(); }

}  // namespace underpin::simulation
