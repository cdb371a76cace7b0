#include "facade/repair_desk.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/cohorts.h"
#include "facade/digest.h"
#include "facade/feeds.h"
#include "facade/hidden.h"
#include "facade/observe.h"
#include "facade/order_content.h"
#include "facade/recovery.h"

#include <algorithm>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;
using parity::reconcile::Difference;
using parity::reconcile::DifferenceKind;

namespace {

constexpr std::int64_t round_ms = 2'000;
constexpr std::int64_t call_ms = 30'000;
constexpr std::int64_t trouble_ms = 2'000;
constexpr std::int64_t idle_ms = 2'000;        // Between two looks for one that another began.
constexpr std::int64_t delivery_ms = 600'000;  // For everything that was queued.
constexpr const char* running_fact = "repair/running";

std::string fact_of(std::int64_t reconciliation) {
  return "repair/" + std::to_string(reconciliation);
}

CallContext calling() {
  CallContext context;
  context.correlation_id = CorrelationId{"repair"};
  context.deadline = deadline_in(std::chrono::milliseconds(call_ms));
  return context;
}

RepairStep stays(std::string why) { return {"", Side::cloud, std::move(why)}; }

std::optional<Repair> repair_in(const JournalReader& reader, std::int64_t reconciliation) {
  const std::string text = reader.fact(fact_of(reconciliation));
  const auto value = json::parse(text);
  if (text.empty() || !value) return std::nullopt;
  Repair repair;
  const auto number = [&](const char* key) {
    const auto found = value->get(key).as_int();
    return found ? *found : 0;
  };
  const auto time = [&](const char* key) {
    const auto found = Timestamp::parse(value->get(key).text());
    return found ? *found : Timestamp{};
  };
  repair.reconciliation = number("reconciliation");
  repair.state = value->get("state").text();
  for (const Value& kind : value->get("kinds").items()) repair.kinds.insert(kind.text());
  repair.actor = value->get("actor").text();
  repair.reason = value->get("reason").text();
  repair.started_at = time("startedAt");
  repair.ended_at = time("endedAt");
  repair.check_until = time("checkUntil");
  repair.waits = value->get("waitsFor").text();
  repair.offset = number("offset");
  repair.queued = number("queued");
  repair.level = number("level");
  repair.stayed = number("stayed");
  repair.repaired = number("repaired");
  repair.still_different = number("stillDifferent");
  return repair;
}

void keep(JournalTransaction& tx, const Repair& repair) {
  tx.set_fact(fact_of(repair.reconciliation), json::write(to_json(repair)));
  tx.set_fact(running_fact, repair.running() ? std::to_string(repair.reconciliation) : "");
}

AuditNote note_of(const char* kind, const Repair& repair, const Act& act) {
  AuditNote note;
  note.kind = kind;
  note.actor = act.actor;
  note.about = "reconciliation " + std::to_string(repair.reconciliation);
  note.detail = to_json(repair);
  note.detail.set("reason", act.reason);
  return note;
}

bool wanted(const std::set<std::string>& kinds, const std::vector<Difference>& differences) {
  return kinds.empty() ||
         std::any_of(differences.begin(), differences.end(), [&](const Difference& one) {
           return kinds.count(std::string(name(one.kind))) != 0;
         });
}

bool has(const std::vector<Difference>& differences, DifferenceKind kind) {
  return std::any_of(differences.begin(), differences.end(),
                     [&](const Difference& one) { return one.kind == kind; });
}

DifferenceKind missing_in(Side side) {
  return side == Side::legacy ? DifferenceKind::missing_in_legacy
                              : DifferenceKind::missing_in_cloud;
}

Decimal on_hand(const std::vector<std::string>& values) {
  const auto amount = values.empty() ? Result<Decimal>(Decimal{}) : Decimal::parse(values.front());
  return amount ? *amount : Decimal{};
}

}  // namespace

json::Value to_json(const Repair& repair) {
  Value value = Value::object();
  value.set("reconciliation", Value::integer(repair.reconciliation));
  value.set("state", repair.state);
  Value kinds = Value::array();
  for (const std::string& kind : repair.kinds) kinds.push(kind);
  value.set("kinds", std::move(kinds));
  value.set("actor", repair.actor);
  value.set("reason", repair.reason);
  value.set("startedAt", repair.started_at.text());
  if (!repair.ended_at.empty()) value.set("endedAt", repair.ended_at.text());
  if (!repair.check_until.empty()) value.set("checkUntil", repair.check_until.text());
  if (!repair.waits.empty()) value.set("waitsFor", repair.waits);
  value.set("offset", Value::integer(repair.offset));
  value.set("queued", Value::integer(repair.queued));
  value.set("level", Value::integer(repair.level));
  value.set("stayed", Value::integer(repair.stayed));
  value.set("repaired", Value::integer(repair.repaired));
  value.set("stillDifferent", Value::integer(repair.still_different));
  return value;
}

RepairDesk::RepairDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                       AuditTrail& audit, WriteLife& writes, OrderFacade& orders,
                       const ReconcileDesk& reconciliations, const FieldOwners& fields, Now now,
                       std::function<void()> wake)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      audit_(audit),
      writes_(writes),
      orders_(orders),
      reconciliations_(reconciliations),
      fields_(fields),
      now_(std::move(now)),
      wake_(std::move(wake)) {}

// ---- what people ask

Result<Reconciliation> RepairDesk::done_one(std::int64_t id) const {
  auto found = reconciliations_.get(id);
  if (found && found->state != "done") {
    return Error{ErrorCode::conflict,
                 "reconciliation " + std::to_string(id) + " is " + found->state + ", not done"};
  }
  if (found && found->posting)
    return Error{ErrorCode::conflict, "what was posted is mended by the ERPs' own people"};
  if (found && !found->of_now())
    return Error{ErrorCode::conflict,
                 "it tells what differed at a cut-off: repair what a reconciliation of now finds"};
  return found;
}

Result<std::vector<RepairClass>> RepairDesk::plan(std::int64_t reconciliation,
                                                  const std::set<std::string>& kinds) const {
  const auto done = done_one(reconciliation);
  if (!done) return done.error();
  auto reader = reconciliations_.confirmed(*done, 0);
  if (!reader) return reader.error();
  DifferencesBySubject subjects(std::move(reader).value(), SweepRows::own_parts(done->capability));
  std::map<std::array<std::string, 4>, RepairClass> classes;
  Differences of_subject;
  while (true) {
    const auto more = subjects.next(of_subject);
    if (!more) return more.error();
    if (!*more) break;
    if (!wanted(kinds, of_subject)) continue;
    const auto judged = judge(done->capability, of_subject);
    if (!judged) return judged.error();
    const std::string kind(name(of_subject.front().kind));
    RepairClass& like =
        classes[{kind, judged->action, std::string(name(judged->to)), judged->stays}];
    like.kind = kind;
    like.step = *judged;
    ++like.subjects;
    if (like.samples.size() < 5)
      like.samples.push_back(SweepRows::subject(
          done->capability, parity::reconcile::key_parts(of_subject.front().key)));
  }
  std::vector<RepairClass> all;
  for (auto& [key, one] : classes) all.push_back(std::move(one));
  return all;
}

Result<Repair> RepairDesk::start(std::int64_t reconciliation, const std::set<std::string>& kinds,
                                 const Act& act) {
  const auto done = done_one(reconciliation);
  if (!done) return done.error();
  const auto reader = reconciliations_.confirmed(*done, 0);
  if (!reader) return reader.error();
  Repair repair;
  repair.reconciliation = reconciliation;
  repair.kinds = kinds;
  repair.actor = act.actor;
  repair.reason = act.reason;
  repair.started_at = now_();
  std::string refused;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    refused.clear();
    if (repair_in(tx, reconciliation)) {
      refused = "reconciliation " + std::to_string(reconciliation) +
                " was repaired before: reconcile again, and repair what is left";
    } else if (const std::string running = tx.fact(running_fact); !running.empty()) {
      refused = "the repair of reconciliation " + running + " runs: one at a time";
    }
    if (!refused.empty()) return false;
    keep(tx, repair);
    pen.add(note_of("repair_started", repair, act));
    return true;
  });
  if (!refused.empty()) return Error{ErrorCode::conflict, refused};
  if (!written) return written.error();
  active_ = true;
  return repair;
}

Result<Repair> RepairDesk::stop(std::int64_t reconciliation, const Act& act) {
  std::optional<Repair> known;
  bool stopped = false;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    known = repair_in(tx, reconciliation);
    stopped = known && known->running();
    if (!stopped) return false;
    known->state = "stopped";
    known->ended_at = now_();
    keep(tx, *known);
    pen.add(note_of("repair_stopped", *known, act));
    return true;
  });
  if (!known)
    return Error{ErrorCode::not_found,
                 "reconciliation " + std::to_string(reconciliation) + " is not being repaired"};
  if (!stopped) return Error{ErrorCode::conflict, "the repair is over"};
  if (!written) return written.error();
  return *known;
}

Result<Repair> RepairDesk::get(std::int64_t reconciliation) const {
  std::optional<Repair> found;
  const Status read = journal_.read(
      [&](const JournalReader& reader) { found = repair_in(reader, reconciliation); });
  if (!read) return read.error();
  if (!found)
    return Error{ErrorCode::not_found,
                 "reconciliation " + std::to_string(reconciliation) + " has not been repaired"};
  return *found;
}

// ---- the direction

Result<RepairStep> RepairDesk::judge(Capability capability, const Differences& differences) const {
  if (has(differences, DifferenceKind::duplicate_in_legacy) ||
      has(differences, DifferenceKind::duplicate_in_cloud))
    return stays("there are several of it in one system: a person says which is right");
  return capability == Capability::orders ? judge_order(differences)
                                          : judge_state(capability, differences);
}

Result<RepairStep> RepairDesk::judge_state(Capability capability,
                                           const Differences& differences) const {
  const auto key = parity::reconcile::key_parts(differences.front().key);
  const journal::Subject subject = SweepRows::subject(capability, key);
  cutover::Stage stage = cutover::Stage::legacy_only;
  std::optional<Side> pinned;
  const cutover::Plan plan = plans_.plan(capability);
  const Status read = journal_.read([&](const JournalReader& reader) {
    pinned = reader.pinned_side(capability, subject);
    stage =
        capability == Capability::customers
            ? cutover::stage_for(plan, cohort_of(CustomerNumber{subject}, reader))
        : capability == Capability::inventory
            ? cutover::stage_for(plan, cohort_of(StockKey{Sku{key.at(0)}, LocationCode{key.at(1)}}))
            : plan.rollout.lowest();
  });
  if (!read) return read.error();
  const Side rules = pinned.value_or(cutover::rule(stage).primary);
  const Side to = other(rules);
  const std::string system = systems_.on(to).name;
  if (!cutover::rule(stage).mirror_writes)
    return stays("the plan does not write to " + system + " at " + std::string(name(stage)));
  if (capability == Capability::pricing) {
    if (rules != Side::legacy) return stays("the legacy price list is its own");
    if (!fields_.carried(capability, "list"))
      return stays("the ERPs' own interface carries the price list");
    return RepairStep{"publish_prices", to, ""};
  }
  if (capability == Capability::inventory) {
    if (!fields_.carried(capability, "onHand"))
      return stays("the ERPs' own interface carries what is on hand");
    return RepairStep{"adjust_stock", to, ""};
  }
  if (has(differences, missing_in(rules)))
    return stays("only " + system + " has it, and " + systems_.on(rules).name + " rules");
  return RepairStep{"put_customer", to, ""};
}

Result<RepairStep> RepairDesk::judge_order(const Differences& differences) const {
  const auto id = order_id_of(parity::reconcile::key_parts(differences.front().key).at(0));
  std::optional<journal::DocumentRecord> document;
  bool closed = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    if (!id) return;
    document = reader.document(*id);
    closed =
        !reader.fact(journal::closed_subject_fact(Capability::orders, order_subject(*id))).empty();
  });
  if (!read) return read.error();
  if (!document) return stays("the journal does not know it: a person says where it lives");
  if (closed) return stays("a person has to decide first where it lives");
  const Side to = other(document->home);
  if (systems_.on(to).adapter->descriptor().inert_by.empty())
    return stays(systems_.on(to).name + " takes no inert copies");
  if (!document->mirrored) return stays("the plan has no copy of it");
  // Every line of it is missing there: the copy is.
  const bool gone = std::all_of(differences.begin(), differences.end(),
                                [&](const Difference& one) { return one.kind == missing_in(to); });
  return RepairStep{gone ? "place_order" : "follow_order", to, ""};
}

// ---- the work

Status RepairDesk::save(const Repair& repair) {
  return journal_.write([&](JournalTransaction& tx) {
    const auto current = repair_in(tx, repair.reconciliation);
    if (!current || !current->running()) return false;
    keep(tx, repair);
    return true;
  });
}

bool RepairDesk::run() {
  if (now_() < (active_ ? next_at_ : look_at_)) return false;
  std::optional<Repair> repair;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const std::string running = reader.fact(running_fact);
    if (!running.empty()) repair = repair_in(reader, std::stoll(running));
  });
  active_ = read && repair;
  look_at_ = now_().plus_ms(idle_ms);
  if (!active_) return false;
  const Status done = step(*repair);
  if (done) return repair->running();
  next_at_ = now_().plus_ms(std::max(trouble_ms, std::int64_t{done.error().retry_after_s} * 1000));
  repair->waits = done.error().message;
  (void)save(*repair).has_value();
  return false;
}

Status RepairDesk::step(Repair& repair) {
  const auto reconciliation = reconciliations_.get(repair.reconciliation);
  if (!reconciliation) return reconciliation.error();
  repair.waits.clear();
  return repair.state == "queueing" ? queue(repair, *reconciliation)
                                    : check(repair, *reconciliation);
}

Status RepairDesk::queue(Repair& repair, const Reconciliation& reconciliation) {
  auto reader = reconciliations_.confirmed(reconciliation, repair.offset);
  if (!reader) return reader.error();
  DifferencesBySubject subjects(std::move(reader).value(),
                                SweepRows::own_parts(reconciliation.capability));
  const Deadline end = deadline_in(std::chrono::milliseconds(round_ms));
  Differences of_subject;
  std::int64_t reads = 0;
  Status queued = Done{};
  while (ms_left(end) > 0) {
    const auto more = subjects.next(of_subject);
    if (!more) return more.error();
    if (!*more) {
      repair.state = "checking";
      repair.offset = 0;
      repair.check_until = now_().plus_ms(delivery_ms);
      next_at_ = now_().plus_ms(reconciliations_.settings().pause_ms);
      queued = save(repair);
      break;
    }
    if (wanted(repair.kinds, of_subject)) {
      queued = queue_subject(repair, reconciliation, of_subject, subjects.position());
      if (!queued) break;
      ++reads;
    } else {
      repair.offset = subjects.position();
    }
  }
  if (repair.state == "queueing")
    next_at_ = now_().plus_ms(reads * 1000 /
                              std::max<std::int64_t>(reconciliations_.settings().rows_per_s, 1));
  wake_();
  return queued;
}

Status RepairDesk::queue_subject(Repair& repair, const Reconciliation& reconciliation,
                                 const Differences& seen, std::int64_t next_offset) {
  const Capability capability = reconciliation.capability;
  const auto key = parity::reconcile::key_parts(seen.front().key);
  const journal::Subject subject = SweepRows::subject(capability, key);
  // With the subject locked, nothing that the facade accepts slips between reading and queueing.
  const auto held = writes_.locks().acquire(std::string(name(capability)) + "/" + subject,
                                            deadline_in(std::chrono::milliseconds(call_ms)));
  if (!held) return Error{ErrorCode::unavailable, subject + " is busy"};
  const auto now_there = reconciliations_.look(capability, key);
  const bool hidden = !now_there && is_hidden(now_there.error());
  if (!now_there && !hidden) return now_there.error();
  std::optional<journal::NewOutboxRow> row;
  Repair after = repair;
  after.offset = next_offset;
  if (hidden) {
    ++after.stayed;
  } else if (now_there->empty()) {
    ++after.level;
  } else {
    const auto judged = judge(capability, *now_there);
    if (!judged) return judged.error();
    if (!judged->action.empty()) {
      auto made = row_for(repair, capability, *now_there, *judged);
      if (!made) return made.error();
      row = std::move(made).value();
    }
    ++(row ? after.queued : after.stayed);
  }
  bool busy = false;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    busy = false;
    const auto current = repair_in(tx, repair.reconciliation);
    if (!current || !current->running()) return false;
    if (row) {
      // What is on its way already makes what was read untrue.
      const auto waiting = tx.rows_of(row->side, capability, subject);
      const auto pending = [&](const std::string& operation) {
        return std::any_of(waiting.begin(), waiting.end(), [&](const auto& one) {
          return one.state == journal::OutboxState::pending &&
                 (operation.empty() || one.operation == operation);
        });
      };
      busy = tx.open_intent_of(capability, subject).has_value() ||
             (capability == Capability::inventory && pending(""));
      if (busy) return false;
      const bool same = pending(row->operation);
      if (!same) tx.add_outbox_row(*row, now_());
    }
    keep(tx, after);
    return true;
  });
  if (busy) return Error{ErrorCode::unavailable, "a write of " + subject + " is on its way"};
  if (written) repair = after;
  return written;
}

Result<std::optional<journal::NewOutboxRow>> RepairDesk::row_for(const Repair& repair,
                                                                 Capability capability,
                                                                 const Differences& differences,
                                                                 const RepairStep& step) const {
  const std::string mark = "repair/" + std::to_string(repair.reconciliation);
  const auto key = parity::reconcile::key_parts(differences.front().key);
  std::optional<journal::NewOutboxRow> row;
  if (step.action == "put_customer") {
    row = customer_mirror(CustomerNumber{key.at(0)}, step.to, plans_.wave(), mark);
  } else if (step.action == "adjust_stock") {
    const Difference& difference = differences.front();
    const Decimal legacy = on_hand(difference.legacy);
    const Decimal cloud = on_hand(difference.cloud);
    StockAdjustment adjustment;
    adjustment.key = {Sku{key.at(0)}, LocationCode{key.at(1)}};
    // The same movement again is posted once.
    adjustment.movement = MovementId{"RC" + std::to_string(repair.reconciliation) + "-" +
                                     sha256_hex(SweepRows::subject(capability, key)).substr(0, 10)};
    adjustment.quantity = step.to == Side::cloud ? legacy - cloud : cloud - legacy;
    adjustment.reason = "reconciliation";
    if (adjustment.quantity.is_zero()) return row;  // Another unit: nothing to post.
    row = movement_row(adjustment, step.to, plans_.wave());
  } else if (step.action == "publish_prices") {
    const auto full =
        observe<std::optional<PriceList>>(Side::legacy, cutover::Operation::read, [&] {
          return call_port<std::optional<PriceList>>(
              systems_, Side::legacy, calling().deadline, &ErpAdapter::pricing,
              [&](PricingService& port) { return port.prices_after({}, calling()); });
        });
    if (!full.result) return full.result.error();
    if (!*full.result) return row;
    PriceList list = **full.result;
    // A batch that was taken over before would be answered, and change nothing.
    list.batch += "-R" + std::to_string(repair.reconciliation);
    journal::NewOutboxRow prices;
    prices.side = step.to;
    prices.capability = capability;
    prices.wave = plans_.wave();
    prices.subject = price_list_subject;
    prices.operation = "publish_prices";
    prices.payload = json::write(json::to_json(list));
    prices.key = IdempotencyKey{"prices/" + list.batch};
    row = std::move(prices);
  } else {
    std::optional<journal::DocumentRecord> document;
    const auto id = order_id_of(key.at(0));
    const Status read = journal_.read([&](const JournalReader& reader) {
      if (id) document = reader.document(*id);
    });
    if (!read) return read.error();
    if (!document || document->closed) return row;
    row = follow_row(*document);
    if (step.action == "place_order") {
      const auto order = observe<Order>(document->home, cutover::Operation::read, [&] {
        return orders_.read_from(document->home, *document, calling());
      });
      if (!order.result) return order.result.error();
      if (is_closed(order.result->status)) return std::optional<journal::NewOutboxRow>();
      Order outstanding = outstanding_part(*order.result);
      outstanding.id = document->id;
      if (outstanding.lines.empty()) return std::optional<journal::NewOutboxRow>();
      row->operation = "place_order";
      row->payload = write_content(outstanding);
      row->depends_on_capability = Capability::customers;
      row->depends_on_subject = document->customer.text();
    }
    row->key = IdempotencyKey{mark + "/" + row->subject};
  }
  row->correlation_id = mark;
  return row;
}

Status RepairDesk::check(Repair& repair, const Reconciliation& reconciliation) {
  const Capability capability = reconciliation.capability;
  auto reader = reconciliations_.confirmed(reconciliation, repair.offset);
  if (!reader) return reader.error();
  DifferencesBySubject subjects(std::move(reader).value(), SweepRows::own_parts(capability));
  const Deadline end = deadline_in(std::chrono::milliseconds(round_ms));
  Differences of_subject;
  while (ms_left(end) > 0) {
    const auto more = subjects.next(of_subject);
    if (!more) return more.error();
    if (!*more) return finish(repair);
    if (wanted(repair.kinds, of_subject)) {
      const auto key = parity::reconcile::key_parts(of_subject.front().key);
      const journal::Subject subject = SweepRows::subject(capability, key);
      bool pending = false;
      const Status read = journal_.read([&](const JournalReader& looking) {
        for (const Side side : {Side::legacy, Side::cloud})
          for (const journal::OutboxRow& row : looking.rows_of(side, capability, subject))
            pending = pending || row.state == journal::OutboxState::pending;
      });
      if (!read) return read;
      if (pending && now_() < repair.check_until) {
        repair.waits = "the delivery of " + subject;
        next_at_ = now_().plus_ms(reconciliations_.settings().pause_ms);
        return save(repair);
      }
      const auto left = reconciliations_.look(capability, key);
      if (!left && !is_hidden(left.error())) return left.error();
      ++(left && left->empty() ? repair.repaired : repair.still_different);
    }
    repair.offset = subjects.position();
  }
  return save(repair);
}

Status RepairDesk::finish(Repair& repair) {
  Repair done = repair;
  done.state = "done";
  done.ended_at = now_();
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    const auto current = repair_in(tx, repair.reconciliation);
    if (!current || !current->running()) return false;
    keep(tx, done);
    pen.add(note_of("repair_done", done, {"underpin", done.reason}));
    return true;
  });
  if (written) repair = done;
  return written;
}

}  // namespace underpin::facade
