#include "facade/recovery.h"

#include "facade/guarded_port.h"
#include "facade/observe.h"

#include <algorithm>
#include <limits>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using journal::OutboxRow;
using json::Value;

namespace {

constexpr int rounds_max = 3;
constexpr std::size_t differences_max = 20;
constexpr std::string_view intent_prefix = "intent ";

Error carried_on_by_another() {
  return {ErrorCode::conflict, "another replica has carried the recovery on", {}, "carried_on"};
}

}  // namespace

bool is_fresh(const RecoveryState& state, const OutboxRow& row) {
  return row.id > journal::first_number(state.epoch);
}

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
  RecoveryState kept = state;
  ++kept.step;
  return write(state, [&](JournalTransaction& tx) {
    keep_recovery(tx, kept);
    return true;
  });
}

// One that stood still meanwhile finds the recovery carried on by another, or over and writes open.
bool Recovery::is_ours(JournalTransaction& tx, const RecoveryState& state) const {
  if (state.state != "running") return true;  // A person's decision on one order, at any time.
  const RecoveryState stored = recovery_in(tx);
  if (tx.fact(journal::closed_fact).empty() || stored.state != "running" ||
      stored.started_at != state.started_at || stored.step != state.step)
    return false;
  if (!journal_.shared()) return true;
  const auto claimed = tx.claim_on("task/recovery");
  return !claimed || claimed->replica == tx.self() || claimed->until <= now_();
}

Status Recovery::write(const RecoveryState& state,
                       const std::function<bool(JournalTransaction&)>& work) {
  bool lost = false;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    lost = !is_ours(tx, state);
    return !lost && work(tx);
  });
  if (lost) return carried_on_by_another();
  return written;
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
    state.failing.clear();
    ++state.step;
    state.round = 1;
    state.counts.clear();
    state.differences.clear();
    state.waits.clear();
    keep_recovery(tx, state);
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
  if (state.state != "running") return false;  // Kept with what it has ended in.
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
    std::erase_if(state.failing, [](const auto& one) { return !one.second.left; });
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
  // Each of their orders is looked at, whatever becomes of its intent, and however often an ERP
  // does not answer meanwhile; no feed need tell of it.
  const std::string fact = "recovery/orders of intents";
  std::set<std::string> orders;
  Status readable = Done{};
  const Status noted = write(state, [&](JournalTransaction& tx) {
    auto names = names_in(tx.fact(fact));
    if (!names) {
      readable = names.error();
      return false;
    }
    orders = std::move(names).value();
    for (const journal::Intent& intent : tx.open_intents(std::numeric_limits<int>::max()))
      if (intent.capability == Capability::orders) orders.insert(intent.subject);
    tx.set_fact(fact, text_of(orders));
    return true;
  });
  if (!readable) return readable;
  if (!noted) return noted;
  WriteLife::LookUp how;
  how.give_up_ms = settings_.give_up_ms;
  how.still_ours = [this, begun = state](JournalTransaction& tx) { return is_ours(tx, begun); };
  for (const auto& [name, failing] : state.failing)
    if (failing.left && name.compare(0, intent_prefix.size(), intent_prefix) == 0)
      how.but.insert(std::stoll(name.substr(intent_prefix.size())));
  const WriteLife::LookedUp looked = writes_.settle_by_looking_up(how, context);
  state.counts["intents_settled"] += looked.settled;
  state.counts["intents_given_up"] += looked.given_up;
  last = false;
  state.waits = looked.waits;
  if (!looked.failed.empty() && intents_left(state, looked, context)) return Done{};
  if (!looked.waits.empty()) return Done{};
  const std::vector<std::string> names(orders.begin(), orders.end());
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t at, const CallContext& looking) -> Status {
        const auto id = order_id_of(names[at]);
        return id ? examine_order(own, *id, std::nullopt, {}, looking) : Status(Done{});
      },
      [&](RecoveryState& own, std::size_t at, const Error& error) {
        return leave_subject(own, Capability::orders, names[at], std::nullopt, error);
      },
      context, all);
  if (!examined || !all) return examined;
  last = true;
  return write(state, [&](JournalTransaction& tx) {
    tx.set_fact(fact, "");
    return true;
  });
}

// Those that were looked up in vain for long, and orders of which an ERP holds several documents,
// are left open, and their subjects to a person; true: there was one, and the rest is looked at
// again.
bool Recovery::intents_left(RecoveryState& state, const WriteLife::LookedUp& looked,
                            const CallContext& context) {
  bool left = false;
  std::optional<bool> answering;
  for (const auto& [intent, error] : looked.failed) {
    const std::string name = std::string(intent_prefix) + std::to_string(intent.id);
    Status closed = Done{};
    if (error.code == ErrorCode::conflict) {
      closed = several_documents(state, intent.subject, intent.side, error);
    } else {
      if (error.vendor_code == not_asked) continue;
      if (!answering) answering = erps_answer(context);
      if (!*answering || !in_vain(state, name)) continue;
      closed = leave_subject(state, intent.capability, intent.subject, std::nullopt, error);
    }
    if (!closed) continue;
    state.failing[name].left = true;
    left = true;
  }
  if (left) state.waits.clear();
  return left;
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

Status Recovery::rows_page(RecoveryState& state, const CallContext& context, bool& last) {
  constexpr int page = 100;
  std::vector<OutboxRow> rows;
  std::int64_t after = 0;
  if (!state.cursor.empty()) after = std::stoll(state.cursor);
  const Status read =
      journal_.read([&](const JournalReader& reader) { rows = reader.outbox(after, page); });
  if (!read) return read;
  last = rows.size() < static_cast<std::size_t>(page) || is_fresh(state, rows.back());
  std::erase_if(rows, [&](const OutboxRow& row) { return is_fresh(state, row); });
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
            return id ? examine_order(own, *id, std::nullopt, {}, looking) : Status(Done{});
          case Capability::customers:
            return examine_customer(own, CustomerNumber{row.subject}, {}, looking);
          case Capability::inventory:
            return examine_movement_row(own, row, looking);
          case Capability::pricing:
            break;  // A batch that its receiver has changes nothing there.
        }
        return Done{};
      },
      [&](RecoveryState& own, std::size_t at, const Error& error) -> Status {
        const OutboxRow& row = rows[at];
        // A movement waits, and is looked up before it is delivered.
        if (row.capability != Capability::orders && row.capability != Capability::customers)
          return Done{};
        return leave_subject(own, row.capability, row.subject, std::nullopt, error);
      },
      context, all);
  if (!examined || !all) {
    last = false;
    return examined;
  }
  if (!rows.empty()) state.cursor = std::to_string(rows.back().id);
  return Done{};
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
    RecoveryState as_begun = state;
    as_begun.state = "running";
    if (!is_ours(tx, as_begun)) return false;
    if (opens) tx.set_fact(journal::closed_fact, "");
    keep_recovery(tx, state);
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

}  // namespace underpin::facade
