#include "facade/recovery.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/catch_up.h"
#include "facade/cohorts.h"
#include "facade/feeds.h"
#include "facade/observe.h"

#include <algorithm>
#include <mutex>
#include <thread>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;
using journal::OutboxRow;
using json::Value;

namespace {

constexpr const char* state_fact = "recovery";
constexpr int rounds_max = 3;
constexpr std::size_t differences_max = 20;
// Rows that recovery itself makes are numbered above every row of the backup.
constexpr std::int64_t numbers_per_epoch = 1'000'000'000;

// ---- state

Timestamp time_in(const Value& value, const char* key) {
  const auto time = Timestamp::parse(value.get(key).text());
  return time ? *time : Timestamp{};
}

std::int64_t number_in(const Value& value, const char* key, std::int64_t fallback = 0) {
  const auto number = value.get(key).as_int();
  return number ? *number : fallback;
}

RecoveryState read_state(const std::string& text) {
  RecoveryState state;
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return state;
  state.state = value->get("state").text();
  const auto dry = value->get("dryRun").as_bool();
  state.dry_run = dry && *dry;
  state.epoch = number_in(*value, "epoch", 1);
  state.taken_at = time_in(*value, "backupTakenAt");
  state.restored_at = time_in(*value, "restoredAt");
  state.started_at = time_in(*value, "startedAt");
  state.ended_at = time_in(*value, "endedAt");
  state.actor = value->get("actor").text();
  state.reason = value->get("reason").text();
  state.overlap_ms = number_in(*value, "overlapMs");
  state.phase = value->get("phase").text();
  state.cursor = value->get("cursor").text();
  for (const Value& one : value->get("doneOfPage").items())
    state.done_of_page.push_back(one.text());
  state.round = static_cast<int>(number_in(*value, "round"));
  for (const json::Member& count : value->get("counts").members())
    state.counts[count.key] = number_in(value->get("counts"), count.key.c_str());
  for (const Value& difference : value->get("differences").items())
    state.differences.push_back(difference.text());
  state.waits = value->get("waitsFor").text();
  return state;
}

std::string closed_because(Timestamp taken_at) {
  return "The journal was restored from a backup of " + taken_at.text() +
         ": writes are closed until `underpin recover` has read what the ERPs hold since.";
}

// ---- positions of feeds

constexpr std::int64_t slots = 60;
constexpr std::int64_t slot_ms = 60'000;

std::string position_fact(const std::string& system, const std::string& feed, std::int64_t slot) {
  return "position/" + system + "/" + feed + "/" + std::to_string(slot);
}

struct Position {
  Timestamp at;
  std::string cursor;
};

std::optional<Position> position_in(const std::string& fact) {
  const std::size_t blank = fact.find(' ');
  const auto at = Timestamp::parse(fact.substr(0, blank));
  if (blank == std::string::npos || !at) return std::nullopt;
  return Position{*at, fact.substr(blank + 1)};
}

// ---- orders

std::string lines_of(const Order& order) {
  return json::write(comparable(order, DocumentNumber{}, false).get("lines"));
}

// Vendors change the case of some fields, and keep no ids of a channel's.
bool same_text(const std::string& a, const std::string& b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

bool same_place(const std::optional<Address>& a, const std::optional<Address>& b) {
  if (!a || !b) return !a && !b;
  return same_text(a->name, b->name) && same_text(a->line1, b->line1) &&
         same_text(a->line2, b->line2) && same_text(a->city, b->city) &&
         same_text(a->post_code, b->post_code) && same_text(a->country, b->country);
}

bool same_header(const Order& a, const Order& b) {
  return same_place(a.ship_to, b.ship_to) && a.requested_date == b.requested_date &&
         same_text(a.customer_reference, b.customer_reference);
}

// An order as a channel may have placed it, by what its home holds: what the ERP cannot keep is
// lost with the journal.
std::string content_of(Order at_home, const OrderId& id) {
  if (at_home.lines.empty()) return {};
  at_home.id = id;
  at_home.shipments.clear();
  at_home.invoices.clear();
  at_home.updated_at.reset();
  at_home.revision = {};
  at_home.holds.clear();
  at_home.status = OrderStatus::open;
  return write_content(at_home);
}

// What the channel knew, brought to what its home holds now: changes since the backup are lost.
std::string content_after(Order known, const Order& at_home) {
  if (at_home.status == OrderStatus::cancelled) {
    apply(known, OrderCancellation{});
    return write_content(known);
  }
  for (OrderLine& line : known.lines) {
    const auto now = std::find_if(at_home.lines.begin(), at_home.lines.end(),
                                  [&](const OrderLine& l) { return l.number == line.number; });
    if (now == at_home.lines.end()) {
      line.cancelled_quantity = line.quantity;  // ERPs delete what is cancelled as a whole.
      continue;
    }
    if (now->quantity + line.cancelled_quantity != line.quantity) {
      line.quantity = now->quantity + line.cancelled_quantity;
      line.adjustments = now->adjustments;
      line.net_amount = now->net_amount;
    }
    if (now->unit_price != line.unit_price) {
      line.unit_price = now->unit_price;
      line.net_amount = now->net_amount;
    }
  }
  for (const OrderLine& line : at_home.lines) {
    const bool there = std::any_of(known.lines.begin(), known.lines.end(),
                                   [&](const OrderLine& l) { return l.number == line.number; });
    if (!there) known.lines.push_back(line);
  }
  if (at_home.ship_to && !same_place(at_home.ship_to, known.ship_to))
    known.ship_to = at_home.ship_to;
  if (at_home.requested_date) known.requested_date = at_home.requested_date;
  if (!at_home.customer_reference.empty() &&
      !same_text(at_home.customer_reference, known.customer_reference))
    known.customer_reference = at_home.customer_reference;
  return write_content(known);
}

bool has_outstanding(const Order& order) {
  return std::any_of(order.lines.begin(), order.lines.end(),
                     [](const OrderLine& line) { return line.outstanding() > Decimal{}; });
}

journal::NewOutboxRow order_row(const DocumentRecord& document, std::int64_t epoch, Side side,
                                std::string operation, std::string payload, Role role) {
  journal::NewOutboxRow row;
  row.side = side;
  row.capability = Capability::orders;
  row.wave = document.wave;
  row.subject = order_subject(document.id);
  row.operation = std::move(operation);
  row.payload = std::move(payload);
  row.channel = document.id.channel;
  row.key =
      IdempotencyKey{"recovery/" + std::to_string(epoch) + "/" + row.operation + "/" + row.subject};
  row.correlation_id = "recovery";
  row.role = role;
  return row;
}

// Takes rows of the backup away; a dead one with its exception.
int take_rows(JournalTransaction& tx, const std::vector<OutboxRow>& rows, Timestamp now) {
  for (const OutboxRow& row : rows) {
    tx.delivered(row.id);
    if (row.state != journal::OutboxState::dead) continue;
    for (const journal::ExceptionRecord& exception :
         tx.exceptions("open", std::numeric_limits<int>::max())) {
      if (exception.outbox_row == row.id)
        tx.settle_exception(exception.id, "underpin", "recovered by what the ERPs hold", now);
    }
  }
  return static_cast<int>(rows.size());
}

}  // namespace

json::Value to_json(const RecoveryState& state) {
  Value value = Value::object();
  value.set("state", state.state);
  value.set("dryRun", Value::boolean(state.dry_run));
  value.set("epoch", Value::integer(state.epoch));
  const auto time = [&](const char* key, Timestamp at) {
    if (!at.empty()) value.set(key, at.text());
  };
  time("backupTakenAt", state.taken_at);
  time("restoredAt", state.restored_at);
  time("startedAt", state.started_at);
  time("endedAt", state.ended_at);
  value.set("actor", state.actor);
  value.set("reason", state.reason);
  value.set("overlapMs", Value::integer(state.overlap_ms));
  value.set("phase", state.phase);
  value.set("cursor", state.cursor);
  Value done = Value::array();
  for (const std::string& one : state.done_of_page) done.push(one);
  if (!done.empty()) value.set("doneOfPage", std::move(done));
  value.set("round", Value::integer(state.round));
  Value counts = Value::object();
  for (const auto& [name, count] : state.counts) counts.set(name, Value::integer(count));
  value.set("counts", std::move(counts));
  Value differences = Value::array();
  for (const std::string& difference : state.differences) differences.push(difference);
  value.set("differences", std::move(differences));
  if (!state.waits.empty()) value.set("waitsFor", state.waits);
  return value;
}

RecoveryState recovery_in(const JournalReader& reader) {
  const std::string text = reader.fact(state_fact);
  RecoveryState state;
  if (!text.empty()) state = read_state(text);
  state.epoch = journal::epoch_in(reader);
  return state;
}

Result<journal::Restored> restore_closed(const journal::StoreSettings& store,
                                         const std::string& file, const std::string& actor,
                                         Timestamp now) {
  return journal::restore(store, file, now,
                          [&](JournalTransaction& tx, const journal::Restored& restored) {
                            RecoveryState state;
                            state.state = "closed";
                            state.taken_at = restored.backup.taken_at;
                            state.restored_at = now;
                            state.actor = actor;
                            tx.set_fact(journal::closed_fact, closed_because(state.taken_at));
                            tx.set_fact(state_fact, json::write(to_json(state)));
                            AuditNote note;
                            note.kind = "restored";
                            note.actor = actor;
                            note.about = "all";
                            note.detail.set("backupTakenAt", state.taken_at.text());
                            note.detail.set("backupChecksum", restored.backup.checksum);
                            note.detail.set("backupEpoch", Value::integer(restored.backup.epoch));
                            note.detail.set("epoch", Value::integer(restored.epoch));
                            if (!restored.kept.empty())
                              note.detail.set("formerContent", restored.kept);
                            AuditTrail::Pen(tx, now).add(note);
                          });
}

void note_position(JournalTransaction& tx, const std::string& system, const std::string& feed,
                   const std::string& cursor, Timestamp now) {
  const std::int64_t minute = now.micros / 1000 / slot_ms;
  const std::string name = position_fact(system, feed, minute % slots);
  const auto noted = position_in(tx.fact(name));
  if (noted && noted->at.micros / 1000 / slot_ms == minute) return;
  tx.set_fact(name, now.text() + " " + cursor);
}

std::optional<std::string> position_at(const JournalReader& reader, const std::string& system,
                                       const std::string& feed, Timestamp at, bool or_oldest) {
  std::optional<Position> newest;
  std::optional<Position> oldest;
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const auto noted = position_in(reader.fact(position_fact(system, feed, slot)));
    if (!noted) continue;
    if (!oldest || noted->at < oldest->at) oldest = noted;
    if (noted->at <= at && (!newest || newest->at < noted->at)) newest = noted;
  }
  if (!newest && or_oldest) newest = oldest;
  if (!newest) return std::nullopt;
  return newest->cursor;
}

Recovery::Recovery(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                   AuditTrail& audit, WriteLife& writes, OrderFacade& orders,
                   CustomerFacade& customers, UndeliveredDemand& demand, Now now,
                   std::function<void()> wake, RecoverySettings settings)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      audit_(audit),
      writes_(writes),
      orders_(orders),
      customers_(customers),
      demand_(demand),
      now_(std::move(now)),
      wake_(std::move(wake)),
      settings_(std::move(settings)) {}

Result<RecoveryState> Recovery::state() const {
  RecoveryState state;
  const Status read =
      journal_.read([&](const JournalReader& reader) { state = recovery_in(reader); });
  if (!read) return read.error();
  return state;
}

Status Recovery::keep(const RecoveryState& state) {
  return journal_.write([&](JournalTransaction& tx) {
    tx.set_fact(state_fact, json::write(to_json(state)));
    return true;
  });
}

Result<RecoveryState> Recovery::start(const std::string& actor, const std::string& reason,
                                      bool dry_run, std::optional<std::int64_t> overlap_ms) {
  RecoveryState state;
  std::optional<Error> refused;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    state = recovery_in(tx);
    if (tx.fact(journal::closed_fact).empty()) {
      refused = {ErrorCode::conflict,
                 "writes are open: there is nothing to recover; a restore closes them"};
    } else if (state.state == "running") {
      refused = {ErrorCode::conflict,
                 "recovery runs since " + state.started_at.text() + ", begun by " + state.actor};
    }
    if (refused) return false;
    state.state = "running";
    state.dry_run = dry_run;
    state.started_at = now_();
    state.ended_at = {};
    state.actor = actor;
    state.reason = reason;
    state.overlap_ms = overlap_ms.value_or(settings_.overlap_ms);
    state.phase = "settling";
    state.cursor.clear();
    state.done_of_page.clear();
    state.round = 1;
    state.counts.clear();
    state.differences.clear();
    state.waits.clear();
    tx.set_fact(state_fact, json::write(to_json(state)));
    AuditNote note;
    note.kind = "recovery_begun";
    note.actor = actor;
    note.about = "all";
    note.detail.set("reason", reason);
    note.detail.set("dryRun", Value::boolean(dry_run));
    note.detail.set("overlapMs", Value::integer(state.overlap_ms));
    pen.add(note);
    return true;
  });
  if (refused) return *refused;
  if (!written) return written.error();
  return state;
}

// ---- phases

namespace {

// In this order; each is done page by page. Customers before the orders that wait for them.
const std::vector<std::string> phases{
    "settling",        "intents",        "customers legacy", "customers cloud",  "customers",
    "orders legacy",   "orders cloud",   "deliveries",       "movements legacy", "movements cloud",
    "counting legacy", "counting cloud", "opening"};

std::string next_phase(const std::string& phase) {
  const auto found = std::find(phases.begin(), phases.end(), phase);
  return found == phases.end() || found + 1 == phases.end() ? phases.back() : *(found + 1);
}

Side side_of_phase(const std::string& phase) {
  return phase.find("cloud") != std::string::npos ? Side::cloud : Side::legacy;
}

}  // namespace

bool Recovery::advance(const CallContext& context) {
  auto known = state();
  if (!known || known->state != "running") return false;
  RecoveryState state = std::move(known).value();
  const RecoveryState before = state;
  bool more = false;
  const Status worked = work(state, context, more);
  if (!worked) {
    // The page is read again: what it wrote is written again the same.
    state = before;
    const Error& error = worked.error();
    state.waits = (error.system.empty() ? "" : error.system + ": ") + error.message;
    if (state.waits == before.waits) return false;
  }
  return keep(state).has_value() && worked.has_value() && more;
}

Status Recovery::work(RecoveryState& state, const CallContext& context, bool& more) {
  state.waits.clear();
  bool last = true;
  Status done = Done{};
  const Side side = side_of_phase(state.phase);
  const std::string kind = state.phase.substr(0, state.phase.find(' '));
  if (state.phase == "settling") {
    // Whoever served before has given up by the restore; the vendors may commit a little longer.
    const std::int64_t settle_ms = std::max(systems_.legacy.adapter->descriptor().settle_ms,
                                            systems_.cloud.adapter->descriptor().settle_ms);
    const Timestamp settled = state.restored_at.plus_ms(settle_ms);
    if (now_() < settled) {
      return Error{ErrorCode::unavailable,
                   "until " + settled.text() + " an ERP may still commit what was sent before"};
    }
  } else if (state.phase == "intents") {
    done = intents(state, context, last);
  } else if (kind == "orders") {
    done = orders_page(state, side, context, last);
  } else if (kind == "deliveries") {
    done = rows_page(state, context, last);
  } else if (state.phase == "customers") {
    done = customers_compared(state, context, last);
  } else if (kind == "customers") {
    done = customers_page(state, side, context, last);
  } else if (kind == "movements") {
    done = movements_page(state, side, context, last);
  } else if (kind == "counting") {
    done = count_page(state, side, context, last);
  } else {
    return open(state);
  }
  if (!done) return done;
  more = state.waits.empty();
  if (last) {
    state.phase = next_phase(state.phase);
    state.cursor.clear();
  }
  return Done{};
}

Status Recovery::intents(RecoveryState& state, const CallContext& context, bool& last) {
  if (state.dry_run) {
    return journal_.read([&](const JournalReader& reader) {
      state.counts["intents_open"] =
          static_cast<std::int64_t>(reader.open_intents(std::numeric_limits<int>::max()).size());
    });
  }
  const WriteLife::LookedUp looked = writes_.settle_by_looking_up(context);
  state.waits = looked.waits;
  last = looked.waits.empty();
  state.counts["intents_settled"] += looked.settled;
  state.counts["intents_given_up"] += looked.given_up;
  for (const journal::Subject& subject : looked.orders) {
    const auto id = order_id_of(subject);
    if (!id) continue;
    const Status examined = examine_order(state, *id, std::nullopt, context);
    if (!examined) return examined;
  }
  return Done{};
}

Result<std::string> Recovery::begin_at(const RecoveryState& state, Side side,
                                       const std::string& feed, bool or_oldest) const {
  std::string cursor;
  const std::string& system = systems_.on(side).name;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto noted =
        position_at(reader, system, feed, state.taken_at.plus_ms(-state.overlap_ms), or_oldest);
    if (noted) cursor = *noted;  // Else it is read from its beginning.
  });
  if (!read) return read.error();
  return cursor;
}

Status Recovery::each(RecoveryState& state, const std::vector<std::string>& names,
                      const Examine& examine, const CallContext& context, bool& all) {
  const std::set<std::string> done_before(state.done_of_page.begin(), state.done_of_page.end());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (done_before.count(names[i]) == 0) open.push_back(i);
  const Deadline until = deadline_in(std::chrono::milliseconds(settings_.page_ms));
  std::mutex mutex;  // Guards what follows, and the state.
  std::size_t next = 0;
  std::optional<Error> failed;
  const auto work = [&] {
    while (true) {
      std::size_t at = 0;
      {
        const std::lock_guard lock(mutex);
        if (next == open.size() || failed || ms_left(until) <= 0) return;
        at = open[next++];
      }
      RecoveryState own;
      own.dry_run = state.dry_run;
      own.epoch = state.epoch;
      CallContext looking = context;
      looking.deadline = deadline_in(std::chrono::milliseconds(settings_.give_up_ms));
      // A thread has its own wall.
      Status examined = Error{ErrorCode::internal, "an exception of an unknown type"};
      try {
        examined = examine(own, at, looking);
      } catch (const std::exception& thrown) {
        examined = Error{ErrorCode::internal, thrown.what()};
      } catch (...) {
      }
      const std::lock_guard lock(mutex);
      if (!examined) {
        failed = examined.error();
        return;
      }
      state.done_of_page.push_back(names[at]);
      for (const auto& [name, count] : own.counts) state.counts[name] += count;
    }
  };
  std::vector<std::thread> threads;
  const std::size_t wanted =
      std::min(open.size(), static_cast<std::size_t>(std::max(settings_.parallel, 1)));
  for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  all = !failed && next == open.size();
  if (all) state.done_of_page.clear();
  if (failed) state.waits = (failed->system.empty() ? "" : failed->system + ": ") + failed->message;
  return Done{};
}

Status Recovery::orders_page(RecoveryState& state, Side side, const CallContext& context,
                             bool& last) {
  if (!systems_.offers(side, Capability::orders)) return Done{};
  const auto begin = begin_at(state, side, "orders", false);
  if (!begin) return begin.error();
  const Cursor from{state.cursor.empty() ? *begin : state.cursor};
  const auto page = observe<ChangePage<OrderChange>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<OrderChange>>(
        systems_, side, context.deadline, &ErpAdapter::orders,
        [&](OrderService& port) { return port.order_changes(from, context); });
  });
  if (!page.result) return page.result.error();
  std::vector<OrderId> ids;
  std::vector<std::optional<Side>> older_homes;
  std::vector<std::string> names;
  for (const OrderChange& change : page.result->items) {
    const OrderId id = identity_in_journal(change.ref.id, systems_);
    if (id.empty()) continue;  // The ERP's own order: its feed tells, when writes are open.
    // Two documents of one order, one of them deleted, are one order.
    if (std::find(names.begin(), names.end(), order_subject(id)) != names.end()) continue;
    ids.push_back(id);
    names.push_back(order_subject(id));
    older_homes.emplace_back();
    if (id.channel.empty())
      older_homes.back() =
          change.ref.id.channel.text() == systems_.legacy.name ? Side::legacy : Side::cloud;
  }
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t at, const CallContext& looking) {
        return examine_order(own, ids[at], older_homes[at], looking);
      },
      context, all);
  last = false;
  if (!examined || !all) return examined;
  state.cursor = page.result->next.text();
  last = !page.result->more;
  return Done{};
}

Result<Recovery::Sight> Recovery::sight(Side side, const OrderId& id,
                                        std::optional<Side> older_home,
                                        const CallContext& context) const {
  Sight seen;
  if (!systems_.offers(side, Capability::orders)) return seen;
  OrderRef ref;
  if (older_home && *older_home == side) {
    ref.document = DocumentNumber{id.number.text()};
  } else {
    ref.id = older_home ? OrderId{ChannelId{systems_.on(*older_home).name}, id.number} : id;
    const auto receipt = observe<OrderReceipt>(side, cutover::Operation::read, [&] {
      return call_port<OrderReceipt>(
          systems_, side, context.deadline, &ErpAdapter::orders,
          [&](OrderService& port) { return port.find_receipt(ref.id, context); });
    });
    if (!receipt.result) {
      if (receipt.result.error().code == ErrorCode::not_found) return seen;
      return receipt.result.error();
    }
    ref.document = receipt.result->document;
  }
  const auto order = observe<Order>(side, cutover::Operation::read, [&] {
    return call_port<Order>(systems_, side, context.deadline, &ErpAdapter::orders,
                            [&](OrderService& port) { return port.get_order(ref, context); });
  });
  if (!order.result) {
    if (order.result.error().code == ErrorCode::not_found) return seen;
    return order.result.error();
  }
  seen.order = *order.result;
  seen.document = ref.document;
  return seen;
}

Status Recovery::examine_order(RecoveryState& state, const OrderId& id,
                               std::optional<Side> older_home, const CallContext& context) {
  const journal::Subject subject = order_subject(id);
  const auto held = writes_.locks().acquire("orders/" + subject, context.deadline);
  if (!held) return Error{ErrorCode::unavailable, "order " + subject + " is busy"};
  std::optional<DocumentRecord> known;
  bool open_intent = false;
  const Status looked = journal_.read([&](const JournalReader& reader) {
    known = reader.document(id);
    open_intent = reader.open_intent_of(Capability::orders, subject).has_value();
  });
  if (!looked) return looked;
  if (open_intent) return Done{};  // Several documents under one identity: an exception says so.
  if (id.channel.empty() && !older_home)
    older_home = known ? std::optional(known->home) : older_home;

  std::map<Side, Sight> seen;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const auto one = sight(side, id, older_home, context);
    if (one) {
      seen[side] = *one;
      continue;
    }
    if (one.error().code != ErrorCode::conflict) return one.error();
    if (state.dry_run) {
      ++state.counts["exceptions"];
      return Done{};
    }
    // Several documents in one ERP: closed for this subject until a person has settled it there.
    const Status raised = journal_.write([&](JournalTransaction& tx) {
      const std::string closed = journal::closed_subject_fact(Capability::orders, subject);
      if (!tx.fact(closed).empty()) return true;
      journal::ExceptionRecord exception;
      exception.kind = "duplicate_document";
      exception.capability = Capability::orders;
      exception.wave = plans_.wave();
      exception.subject = subject;
      exception.side = side;
      exception.detail = one.error().message;
      const std::int64_t number = tx.add_exception(exception, now_());
      tx.set_fact(closed, "Order " + subject + " waits for exception " + std::to_string(number) +
                              " to be decided.");
      ++state.counts["exceptions"];
      return true;
    });
    return raised;
  }
  if (!seen[Side::legacy].order && !seen[Side::cloud].order) return Done{};

  HomeEvidence evidence;
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (!seen[side].order) continue;
    (side == Side::legacy ? evidence.legacy : evidence.cloud) =
        seen_as(systems_.on(side).adapter->descriptor(), *seen[side].order);
  }
  if (seen[Side::legacy].order && seen[Side::cloud].order) {
    evidence.same_content =
        lines_of(*seen[Side::legacy].order) == lines_of(*seen[Side::cloud].order) &&
        same_header(*seen[Side::legacy].order, *seen[Side::cloud].order);
  }
  if (known) evidence.known_home = known->home;
  if (older_home) evidence.known_home = *older_home;
  const Order& sample =
      seen[Side::legacy].order ? *seen[Side::legacy].order : *seen[Side::cloud].order;
  std::optional<cutover::Plan> plan;
  std::optional<cutover::Subject> cohort;
  std::vector<OutboxRow> rows;
  const Status planned = journal_.read([&](const JournalReader& reader) {
    const auto read_plan = plan_in(reader, plans_.wave(), Capability::orders);
    if (!read_plan) return;
    plan = *read_plan;
    Order named = sample;
    named.id = id;
    cohort = cohort_of(named, reader);
    for (const Side side : {Side::legacy, Side::cloud})
      for (OutboxRow& row : reader.rows_of(side, Capability::orders, subject))
        rows.push_back(std::move(row));
  });
  if (!planned) return planned;
  if (!plan) return Error{ErrorCode::internal, "no cutover plan for orders"};
  evidence.birth_side = cutover::birth_side(*plan, *cohort);

  const HomeVerdict verdict = judge_home(evidence);
  const Side home = verdict.home.value_or(evidence.known_home.value_or(evidence.birth_side));
  const Side away = other(home);
  if (!seen[home].order) return Done{};  // The journal knows it, its ERP does not any more.
  const Order& at_home = *seen[home].order;

  DocumentRecord document =
      known ? *known : adopted(at_home, id, home, seen[home].document, now_());
  if (!known) {
    document.wave = plans_.wave();
    document.plan_version = plan->version;
    document.bucket = cutover::bucket_per_100k(plan->salt, subject);
    document.content = id.channel.empty() ? std::string{} : content_of(at_home, id);
    ++state.counts["orders_rebuilt"];
  } else if (document.home != home) {
    ++state.counts["homes_changed"];
  }
  const auto content_before = read_content(document.content);
  const bool changed =
      !content_before || content_after(*content_before, at_home) != write_content(*content_before);
  if (known && content_before && changed) {
    document.content = content_after(*content_before, at_home);
    document.grand_total = at_home.totals.grand_total;
    ++state.counts["orders_changed"];
  }
  document.home = home;
  document.status = at_home.status;
  document.closed = is_closed(at_home.status);
  for (const Side side : {Side::legacy, Side::cloud})
    if (!seen[side].document.empty()) document.set_document(side, seen[side].document);
  document.updated_at = now_();

  const bool inert_possible = !systems_.on(away).adapter->descriptor().inert_by.empty();
  const bool wanted =
      !document.closed && inert_possible && has_outstanding(at_home) &&
      (cutover::rule(cutover::stage_for(*plan, *cohort)).mirror_writes || document.mirrored);
  std::vector<journal::NewOutboxRow> fresh;
  std::vector<OutboxRow> done;  // Rows of the backup that need not be sent any more.
  std::optional<journal::ExceptionRecord> exception;
  if (verdict.home) {
    const auto& copy = seen[away].order;
    for (const OutboxRow& row : rows)
      if (row.side == away || row.role == Role::mirror) done.push_back(row);
    if (copy) {
      document.mirrored = true;
      if (evidence.on(away) == DocumentSeen::inert) {
        if (!document.closed && !same_header(at_home, *copy)) {
          OrderAmendment header;
          header.ship_to = at_home.ship_to;
          header.requested_date = at_home.requested_date;
          if (!at_home.customer_reference.empty())
            header.customer_reference = at_home.customer_reference;
          if (header.ship_to || header.requested_date || header.customer_reference)
            fresh.push_back(order_row(document, state.epoch, away, "amend_order",
                                      json::write(json::to_json(header)), Role::mirror));
        }
        if (document.closed || lines_of(at_home) != lines_of(*copy))
          fresh.push_back(
              order_row(document, state.epoch, away, "follow_order", "{}", Role::mirror));
      }
    } else if (wanted) {
      document.mirrored = true;
      Order outstanding = outstanding_part(at_home);
      outstanding.id = id;
      auto row = order_row(document, state.epoch, away, "place_order", write_content(outstanding),
                           Role::mirror);
      row.depends_on_capability = Capability::customers;
      row.depends_on_subject = document.customer.text();
      fresh.push_back(std::move(row));
      fresh.push_back(order_row(document, state.epoch, away, "follow_order", "{}", Role::mirror));
      ++state.counts["mirrors_missing"];
    } else if (!known) {
      document.mirrored = false;
    }
    const bool release_waits = std::any_of(rows.begin(), rows.end(), [&](const OutboxRow& row) {
      return row.side == home && row.operation == "release_order";
    });
    const bool unreleased =
        evidence.on(home) == DocumentSeen::inert && !id.channel.empty() && document.holds.empty();
    for (const OutboxRow& row : rows) {
      if (row.side != home || row.role != Role::primary) continue;
      if (!unreleased || changed || !known) done.push_back(row);
    }
    if (unreleased && !(release_waits && known && !changed)) {
      if (settings_.release_unreleased) {
        fresh.push_back(
            order_row(document, state.epoch, home, "release_order", "{}", Role::primary));
      } else {
        document.holds.emplace_back("recovered");
        exception.emplace();
        exception->kind = "unreleased_after_restore";
        exception->detail = "order " + subject + " is not released in " + systems_.on(home).name +
                            " (document " + seen[home].document.text() + ", " +
                            at_home.totals.grand_total.text() + " " + at_home.currency +
                            "): it was held, or its release was still to be sent. Replay "
                            "releases it.";
      }
    }
  } else {
    // Nobody but a person can tell: nothing is sent, and no channel changes it, until then.
    done = rows;
    document.mirrored = false;
    exception.emplace();
    exception->kind = verdict.doubt;
    exception->detail =
        (verdict.doubt == "live_in_both"
             ? "both ERPs hold order " + subject + " so that it is executed there: "
             : "nobody can tell in which ERP order " + subject + " lives, and they differ: ") +
        systems_.legacy.name + " " + seen[Side::legacy].document.text() + ", " +
        systems_.cloud.name + " " + seen[Side::cloud].document.text() +
        ". End one of them there; replay looks again.";
  }
  const auto count_rows = [&] {
    // Made before, in this recovery, and made anew.
    const std::int64_t own = std::count_if(done.begin(), done.end(), [&](const OutboxRow& row) {
      return row.id > state.epoch * numbers_per_epoch;
    });
    const auto count = [&](const char* name, std::int64_t more) {
      if (more != 0) state.counts[name] += more;
    };
    count("deliveries_done", static_cast<std::int64_t>(done.size()) - own);
    count("deliveries_made", static_cast<std::int64_t>(fresh.size()) - own);
    if (exception) ++state.counts["exceptions"];
  };
  if (state.dry_run) {
    count_rows();
    return Done{};
  }

  const std::string closed = journal::closed_subject_fact(Capability::orders, subject);
  const Status written = journal_.write([&](JournalTransaction& tx) {
    (void)take_rows(tx, done, now_());
    tx.put_document(document);
    for (const journal::NewOutboxRow& row : fresh) {
      if (row.operation == "place_order")
        CatchUp::bring_first(tx, document.customer, row.side, row.wave, now_());
      tx.add_outbox_row(row, now_());
    }
    if (verdict.home && !tx.fact(closed).empty()) tx.set_fact(closed, "");
    if (exception && tx.fact(closed).empty()) {
      exception->capability = Capability::orders;
      exception->wave = document.wave;
      exception->subject = subject;
      exception->side = home;
      const std::int64_t number = tx.add_exception(*exception, now_());
      if (!verdict.home)
        tx.set_fact(closed, "Order " + subject + " waits for exception " + std::to_string(number) +
                                " to be decided.");
    }
    return true;
  });
  if (!written) return written;
  count_rows();
  const auto content = read_content(document.content);
  const bool on_its_way =
      std::any_of(fresh.begin(), fresh.end(), [&](const auto& row) { return row.side == away; });
  if (content && on_its_way && !document.closed) {
    demand_.add(away, subject, *content);
  } else {
    demand_.remove(away, subject);
  }
  return Done{};
}

// Rows of the backup: what they were to do may have been done since.
Status Recovery::rows_page(RecoveryState& state, const CallContext& context, bool& last) {
  constexpr int page = 100;
  std::vector<OutboxRow> rows;
  std::int64_t after = 0;
  if (!state.cursor.empty()) after = std::stoll(state.cursor);
  const Status read =
      journal_.read([&](const JournalReader& reader) { rows = reader.outbox(after, page); });
  if (!read) return read;
  const std::int64_t fresh_from = state.epoch * numbers_per_epoch;
  last = rows.size() < static_cast<std::size_t>(page) || rows.back().id > fresh_from;
  std::erase_if(rows, [&](const OutboxRow& row) { return row.id > fresh_from; });
  std::vector<std::string> names;
  for (const OutboxRow& row : rows) names.push_back(std::to_string(row.id));
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t at, const CallContext& looking) -> Status {
        const OutboxRow& row = rows[at];
        const auto id = order_id_of(row.subject);
        switch (row.capability) {
          case Capability::orders:
            return id ? examine_order(own, *id, std::nullopt, looking) : Status(Done{});
          case Capability::customers:
            return examine_customer(own, CustomerNumber{row.subject}, {}, looking);
          case Capability::inventory:
            return examine_movement_row(own, row, looking);
          case Capability::pricing:
            break;  // A batch that its receiver has changes nothing there.
        }
        return Done{};
      },
      context, all);
  if (!examined || !all) {
    last = false;
    return examined;
  }
  if (!rows.empty()) state.cursor = std::to_string(rows.back().id);
  return Done{};
}

// ---- customers

namespace {

// What a side tells of is looked at; what it tells of after the very position of the backup was
// changed there since.
std::string seen_fact(Side side, bool since_backup) {
  return std::string("recovery/customers/") + (since_backup ? "changed/" : "seen/") +
         std::string(name(side));
}

std::set<std::string> names_in(const std::string& fact) {
  std::set<std::string> names;
  const auto value = json::parse(fact, {64 * 1024 * 1024, 4, 5'000'000});
  if (value)
    for (const Value& one : value->items()) names.insert(one.text());
  return names;
}

}  // namespace

Status Recovery::customers_page(RecoveryState& state, Side side, const CallContext& context,
                                bool& last) {
  if (!systems_.offers(side, Capability::customers)) return Done{};
  // Once from before the backup, and once from its own position: "seen <cursor>", "changed …".
  const std::size_t blank = state.cursor.find(' ');
  const bool first = state.cursor.empty() || blank + 1 == state.cursor.size();
  const bool since_backup = state.cursor.compare(0, 7, "changed") == 0;
  std::string from;
  if (!first) {
    from = state.cursor.substr(blank + 1);
  } else if (since_backup) {
    const Status read = journal_.read([&](const JournalReader& reader) {
      from = reader.cursor(systems_.on(side).name, "customers");
    });
    if (!read) return read;
  } else {
    const auto begin = begin_at(state, side, "customers", false);
    if (!begin) return begin.error();
    from = *begin;
  }
  const auto page = observe<ChangePage<CustomerChange>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<CustomerChange>>(
        systems_, side, context.deadline, &ErpAdapter::customers,
        [&](CustomerService& port) { return port.customer_changes(Cursor{from}, context); });
  });
  if (!page.result) return page.result.error();
  const std::string fact = seen_fact(side, since_backup);
  const Status written = journal_.write([&](JournalTransaction& tx) {
    std::set<std::string> names;
    if (!first) names = names_in(tx.fact(fact));
    for (const CustomerChange& change : page.result->items)
      if (!change.deleted) names.insert(change.number.text());
    Value list = Value::array();
    for (const std::string& one : names) list.push(one);
    tx.set_fact(fact, json::write(list));
    if (since_backup)
      state.counts["customers_changed_in_" + systems_.on(side).name] =
          static_cast<std::int64_t>(names.size());
    return true;
  });
  if (!written) return written;
  const bool more = page.result->more;
  state.cursor = (since_backup || !more ? "changed " : "seen ") +
                 (more ? page.result->next.text() : std::string{});
  last = since_backup && !more;
  return Done{};
}

Status Recovery::customers_compared(RecoveryState& state, const CallContext& context, bool& last) {
  constexpr std::size_t page = 100;
  std::map<std::string, std::set<Side>> changed;
  const Status read = journal_.read([&](const JournalReader& reader) {
    for (const Side side : {Side::legacy, Side::cloud}) {
      for (const std::string& number : names_in(reader.fact(seen_fact(side, false))))
        changed[number];
      for (const std::string& number : names_in(reader.fact(seen_fact(side, true))))
        changed[number].insert(side);
    }
  });
  if (!read) return read;
  std::vector<std::string> names;
  std::vector<std::set<Side>> sides;
  auto at = state.cursor.empty() ? changed.begin() : changed.upper_bound(state.cursor);
  for (; at != changed.end() && names.size() < page; ++at) {
    names.push_back(at->first);
    sides.push_back(at->second);
  }
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t which, const CallContext& looking) {
        return examine_customer(own, CustomerNumber{names[which]}, sides[which], looking);
      },
      context, all);
  last = all && at == changed.end();
  if (!examined || !all) return examined;
  if (!names.empty()) state.cursor = names.back();
  if (!last) return Done{};
  return journal_.write([&](JournalTransaction& tx) {
    for (const Side side : {Side::legacy, Side::cloud})
      for (const bool since_backup : {false, true}) tx.set_fact(seen_fact(side, since_backup), "");
    return true;
  });
}

Status Recovery::examine_customer(RecoveryState& state, const CustomerNumber& number,
                                  const std::set<Side>& changed, const CallContext& context) {
  const auto held = writes_.locks().acquire("customers/" + number.text(), context.deadline);
  if (!held) return Error{ErrorCode::unavailable, "customer " + number.text() + " is busy"};
  std::map<Side, Customer> there;
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (!systems_.offers(side, Capability::customers)) return Done{};
    const auto customer = observe<Customer>(side, cutover::Operation::read, [&] {
      return call_port<Customer>(
          systems_, side, context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.get_customer(number, context); });
    });
    if (customer.result) {
      there[side] = *customer.result;
    } else if (customer.result.error().code != ErrorCode::not_found) {
      return customer.result.error();
    }
  }
  const auto place = customers_.place(number);
  if (!place) return place.error();
  std::vector<OutboxRow> rows;
  bool mirrored = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    for (const Side side : {Side::legacy, Side::cloud})
      for (OutboxRow& row : reader.rows_of(side, Capability::customers, number.text()))
        rows.push_back(std::move(row));
    mirrored = customer_is_mirrored(reader, plans_.wave(), place->stage);
  });
  if (!read) return read;
  const std::int64_t fresh_from = state.epoch * numbers_per_epoch;
  // Judged before, in this recovery, with what its row will bring.
  if (std::any_of(rows.begin(), rows.end(),
                  [&](const OutboxRow& row) { return row.id > fresh_from; }))
    return Done{};
  const bool same =
      there.size() == 2 && comparable(there[Side::legacy]) == comparable(there[Side::cloud]);
  const bool differs = !there.empty() && !same && (mirrored || !rows.empty());
  // Both have it, and neither has changed it since the backup: its rows say who is newer.
  if (differs && there.size() == 2 && changed.empty()) return Done{};
  // Whoever has written last. A mirror changes the other side as well, so a side that changed
  // alone is newer; else by the clocks, where both ERPs tell one, and then by the plan.
  Side newest = cutover::rule(place->stage).primary;
  bool doubtful = false;
  if (there.size() == 1) {
    newest = there.begin()->first;
  } else if (differs) {
    constexpr std::int64_t skew_us = 2'000'000;
    const auto& legacy_at = there[Side::legacy].updated_at;
    const auto& cloud_at = there[Side::cloud].updated_at;
    if (changed.size() == 1) {
      newest = *changed.begin();
    } else if (legacy_at && cloud_at && legacy_at->micros > cloud_at->micros + skew_us) {
      newest = Side::legacy;
    } else if (legacy_at && cloud_at && cloud_at->micros > legacy_at->micros + skew_us) {
      newest = Side::cloud;
    } else {
      doubtful = true;
    }
  }
  if (differs) ++state.counts["customers_differing"];
  if (state.dry_run || (there.empty() && rows.empty())) return Done{};
  return journal_.write([&](JournalTransaction& tx) {
    if (!there.empty())
      record_cohort(tx, there.count(newest) != 0 ? there.at(newest) : there.begin()->second);
    if (!rows.empty()) state.counts["deliveries_done"] += take_rows(tx, rows, now_());
    if (!differs) return true;
    tx.add_outbox_row(customer_mirror(number, other(newest), plans_.wave(), "recovery"), now_());
    ++state.counts["deliveries_made"];
    if (!doubtful) return true;
    journal::ExceptionRecord exception;
    exception.kind = "customer_differs_after_restore";
    exception.capability = Capability::customers;
    exception.wave = plans_.wave();
    exception.subject = number.text();
    exception.side = newest;
    exception.detail = "customer " + number.text() +
                       " was changed in both ERPs since the backup, and they differ. What " +
                       systems_.on(newest).name + " has is taken over; " +
                       systems_.on(other(newest)).name +
                       " had: " + json::write(comparable(there[other(newest)]));
    tx.add_exception(exception, now_());
    ++state.counts["exceptions"];
    return true;
  });
}

// ---- stock movements

Status Recovery::examine_movement_row(RecoveryState& state, const OutboxRow& row,
                                      const CallContext& context) {
  const auto payload = json::parse(row.payload);
  const auto adjustment = payload ? json::from_json<StockAdjustment>(*payload)
                                  : Result<StockAdjustment>(payload.error());
  if (!adjustment) return Done{};
  const auto found = observe<AdjustmentReceipt>(row.side, cutover::Operation::read, [&] {
    return call_port<AdjustmentReceipt>(
        systems_, row.side, context.deadline, &ErpAdapter::inventory, [&](InventoryService& port) {
          return port.find_adjustment(adjustment->movement, context);
        });
  });
  if (!found.result) {
    // Not there: it is delivered when writes are open, and looked up once more before.
    if (found.result.error().code == ErrorCode::not_found ||
        found.result.error().code == ErrorCode::conflict)
      return Done{};
    return found.result.error();
  }
  ++state.counts["deliveries_done"];
  if (state.dry_run) return Done{};
  return journal_.write([&](JournalTransaction& tx) {
    (void)take_rows(tx, {row}, now_());
    return true;
  });
}

Status Recovery::movements_page(RecoveryState& state, Side side, const CallContext& context,
                                bool& last) {
  if (!systems_.offers(side, Capability::inventory)) return Done{};
  const std::string& system = systems_.on(side).name;
  // What was adjusted before the feed began is in the rows of the backup, or was delivered.
  const auto begin = begin_at(state, side, "stock", true);
  if (!begin) return begin.error();
  if (begin->empty()) {
    // The ledger has a past without end, and not every movement in it was a channel's.
    state.counts["movements_not_checked_in_" + system] = 1;
    return Done{};
  }
  const Cursor from{state.cursor.empty() ? *begin : state.cursor};
  const auto page = observe<ChangePage<StockMovement>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<StockMovement>>(
        systems_, side, context.deadline, &ErpAdapter::inventory,
        [&](InventoryService& port) { return port.stock_movements(from, context); });
  });
  if (!page.result) return page.result.error();
  std::vector<std::string> names;
  for (const StockMovement& movement : page.result->items) names.push_back(movement.entry.text());
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t at, const CallContext& looking) {
        return examine_movement(own, side, page.result->items[at], looking);
      },
      context, all);
  last = false;
  if (!examined || !all) return examined;
  state.counts["movements_in_" + system] += static_cast<std::int64_t>(page.result->items.size());
  state.cursor = page.result->next.text();
  last = !page.result->more;
  return Done{};
}

Status Recovery::examine_movement(RecoveryState& state, Side side, const StockMovement& movement,
                                  const CallContext& context) {
  if (movement.movement.empty() || movement.quantity.is_zero()) return Done{};
  const Side away = other(side);
  if (!systems_.offers(away, Capability::inventory)) return Done{};
  const std::string subject = stock_subject(movement.key);
  bool mirrored = false;
  bool handled = false;
  const std::string raised =
      "raised/movement_in_one_erp/" + std::string(name(away)) + "/" + movement.movement.text();
  const Status planned = journal_.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, plans_.wave(), Capability::inventory);
    mirrored =
        plan && cutover::rule(cutover::stage_for(*plan, cohort_of(movement.key))).mirror_writes;
    handled = !reader.fact(raised).empty();
    for (const OutboxRow& row : reader.rows_of(away, Capability::inventory, subject)) {
      const auto payload = json::parse(row.payload);
      handled = handled || (payload && payload->get("movement").text() == movement.movement.text());
    }
  });
  if (!planned) return planned;
  if (!mirrored || handled) return Done{};
  const auto find_on = [&](Side where) {
    return observe<AdjustmentReceipt>(where, cutover::Operation::read,
                                      [&] {
                                        return call_port<AdjustmentReceipt>(
                                            systems_, where, context.deadline,
                                            &ErpAdapter::inventory, [&](InventoryService& port) {
                                              return port.find_adjustment(movement.movement,
                                                                          context);
                                            });
                                      })
        .result;
  };
  const auto there = find_on(away);
  if (there || there.error().code == ErrorCode::conflict) return Done{};
  if (there.error().code != ErrorCode::not_found) return there.error();
  // A document of several lines is a shipment or a receipt of the warehouse's, no adjustment.
  const auto here = find_on(side);
  if (!here && here.error().code == ErrorCode::conflict) return Done{};
  if (!here && here.error().code != ErrorCode::not_found) return here.error();

  StockAdjustment adjustment;
  adjustment.movement = movement.movement;
  adjustment.key = movement.key;
  adjustment.quantity = movement.quantity;
  const std::string payload = json::write(json::to_json(adjustment));
  const std::string& text = movement.movement.text();
  const bool a_channels = std::any_of(
      settings_.movement_prefixes.begin(), settings_.movement_prefixes.end(),
      [&](const std::string& prefix) { return text.compare(0, prefix.size(), prefix) == 0; });
  ++state.counts[a_channels ? "movements_missing" : "exceptions"];
  if (state.dry_run) return Done{};
  return journal_.write([&](JournalTransaction& tx) {
    if (a_channels) {
      tx.add_outbox_row(movement_row(adjustment, away, plans_.wave()), now_());
      ++state.counts["deliveries_made"];
      return true;
    }
    journal::ExceptionRecord exception;
    exception.kind = "movement_in_one_erp";
    exception.capability = Capability::inventory;
    exception.wave = plans_.wave();
    exception.subject = subject;
    exception.side = away;
    exception.payload = payload;
    exception.detail = "movement " + text + " of " + movement.quantity.text() + " is in " +
                       systems_.on(side).name + " and not in " + systems_.on(away).name +
                       ". Replay posts it there; discard leaves it.";
    tx.add_exception(exception, now_());
    tx.set_fact(raised, "1");
    return true;
  });
}

journal::NewOutboxRow movement_row(const StockAdjustment& adjustment, Side to,
                                   const std::string& wave) {
  journal::NewOutboxRow row;
  row.side = to;
  row.capability = Capability::inventory;
  row.wave = wave;
  row.subject = stock_subject(adjustment.key);
  row.operation = "adjust_stock";
  row.payload = json::write(json::to_json(adjustment));
  row.key = IdempotencyKey{"recovery/" + adjustment.movement.text()};
  row.correlation_id = "recovery";
  return row;
}

// ---- counting and opening

// Read again from the beginning: every document of our channels that an ERP tells of must be known
// under its number, or wait for a person.
Status Recovery::count_page(RecoveryState& state, Side side, const CallContext& context,
                            bool& last) {
  if (!systems_.offers(side, Capability::orders)) return Done{};
  const std::string& system = systems_.on(side).name;
  const std::string in_erp = "orders_in_" + system;
  const std::string in_journal = "orders_known_in_" + system;
  const auto begin = begin_at(state, side, "orders", false);
  if (!begin) return begin.error();
  if (state.cursor.empty()) {
    state.counts[in_erp] = 0;
    state.counts[in_journal] = 0;
    if (side == Side::legacy) state.differences.clear();
  }
  const Cursor from{state.cursor.empty() ? *begin : state.cursor};
  const auto page = observe<ChangePage<OrderChange>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<OrderChange>>(
        systems_, side, context.deadline, &ErpAdapter::orders,
        [&](OrderService& port) { return port.order_changes(from, context); });
  });
  if (!page.result) return page.result.error();
  const Status read = journal_.read([&](const JournalReader& reader) {
    for (const OrderChange& change : page.result->items) {
      const OrderId id = identity_in_journal(change.ref.id, systems_);
      if (id.empty()) continue;
      const auto document = reader.document(id);
      const std::string subject = order_subject(id);
      const bool waits =
          !reader.fact(journal::closed_subject_fact(Capability::orders, subject)).empty() ||
          reader.open_intent_of(Capability::orders, subject).has_value();
      const bool same = document && document->document(side) == change.ref.document;
      // A deleted document beside the one in force has nothing to say.
      if (!same && change.status == OrderStatus::cancelled && document) continue;
      ++state.counts[in_erp];
      if (same || waits) {
        ++state.counts[in_journal];
      } else if (state.differences.size() < differences_max) {
        state.differences.push_back(system + " holds " + change.ref.document.text() +
                                    " for order " + subject + ", the journal " +
                                    (document ? "knows " + document->document(side).text()
                                              : std::string("does not know it")));
      }
    }
  });
  if (!read) return read;
  state.cursor = page.result->next.text();
  last = !page.result->more;
  return Done{};
}

Status Recovery::open(RecoveryState& state) {
  bool agree = true;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const std::string& system = systems_.on(side).name;
    agree =
        agree && state.counts["orders_in_" + system] == state.counts["orders_known_in_" + system];
  }
  if (!state.dry_run && !agree && state.round < rounds_max) {
    ++state.round;
    state.phase = "orders legacy";
    state.cursor.clear();
    return Done{};
  }
  state.ended_at = now_();
  state.phase = "done";
  const bool opens = agree && !state.dry_run;
  state.state = opens ? "open" : "closed";
  if (!agree && !state.dry_run) state.waits = "the counts do not agree: writes stay closed";
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    if (recovery_in(tx).state != "running") return false;
    if (opens) tx.set_fact(journal::closed_fact, "");
    tx.set_fact(state_fact, json::write(to_json(state)));
    AuditNote note;
    note.kind = opens ? "recovery_done" : state.dry_run ? "recovery_rehearsed" : "recovery_refused";
    note.actor = state.actor;
    note.about = "all";
    note.detail.set("reason", state.reason);
    const Value whole = to_json(state);
    note.detail.set("counts", whole.get("counts"));
    note.detail.set("differences", whole.get("differences"));
    pen.add(note);
    return true;
  });
  if (!written) return written;
  if (opens) wake_();
  return Done{};
}

Status Recovery::reconsider(const journal::Subject& subject, const CallContext& context) {
  const auto id = order_id_of(subject);
  if (!id) return Error{ErrorCode::internal, subject + " is no order"};
  RecoveryState unkept;
  const auto known = state();
  if (!known) return known.error();
  unkept.epoch = known->epoch;
  const Status examined = examine_order(unkept, *id, std::nullopt, context);
  if (!examined) return examined;
  std::string closed;
  const Status read = journal_.read([&](const JournalReader& reader) {
    closed = reader.fact(journal::closed_subject_fact(Capability::orders, subject));
  });
  if (!read) return read;
  if (!closed.empty())
    return Error{ErrorCode::rejected, "nothing has changed in the ERPs: " + closed};
  return Done{};
}

}  // namespace underpin::facade
