#include "facade/catch_up.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/cohorts.h"
#include "facade/customers.h"
#include "facade/feeds.h"
#include "facade/observe.h"

#include <algorithm>
#include <limits>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;

namespace {

std::string fact_name(Capability capability, Side to) {
  return "catch_up/" + std::string(name(capability)) + "/" + std::string(name(to));
}

std::string write_state(const CatchUpState& state) {
  json::Value value = json::Value::object();
  value.set("state", state.state);
  value.set("total", json::Value::integer(state.total));
  value.set("delivered", json::Value::integer(state.delivered));
  value.set("detail", state.detail);
  value.set("listed", json::Value::boolean(state.listed));
  value.set("position", state.position);
  value.set("journey", json::Value::integer(state.journey));
  value.set("perMinute", json::Value::integer(state.per_minute));
  value.set("since", json::Value::integer(state.since.micros));
  value.set("nextAt", json::Value::integer(state.next_at.micros));
  value.set("held", state.held);
  value.set("lastRow", json::Value::integer(state.last_row));
  value.set("refusedAt", state.refused_at);
  if (state.expected_at) value.set("expectedAt", json::Value::integer(state.expected_at->micros));
  return json::write(value);
}

std::int64_t number_in(const json::Value& value, const char* name) {
  const auto number = value.get(name).as_int();
  return number ? *number : 0;
}

constexpr int customers_page = 200;
constexpr int orders_page = 50;  // Each is read from its home.
constexpr std::int64_t page_ms = 10'000;

// Undelivered and dead rows towards `to`, of this capability, up to the row `last`; oldest first.
struct Waiting {
  std::int64_t rows = 0;
  std::int64_t newest = 0;
};
Waiting waiting_up_to(const JournalReader& reader, const std::string& wave, Capability capability,
                      Side to, std::int64_t last) {
  constexpr int some = 500;
  Waiting waiting;
  std::int64_t after = 0;
  while (true) {
    const std::vector<journal::OutboxRow> rows = reader.outbox(after, some);
    for (const journal::OutboxRow& row : rows) {
      after = row.id;
      if (row.id > last) return waiting;
      if (row.side != to || row.capability != capability || row.wave != wave ||
          row.operation == "verify_posting")
        continue;
      ++waiting.rows;
      waiting.newest = row.id;
    }
    if (rows.size() < some) return waiting;
  }
}

// What channels write after the list was complete is nothing that catching up waits for.
std::int64_t waiting(const JournalReader& reader, const std::string& wave, Capability capability,
                     Side to, const CatchUpState& at) {
  if (at.listed && at.last_row >= 0)
    return waiting_up_to(reader, wave, capability, to, at.last_row).rows;
  const journal::Backlog backlog = reader.backlog(wave, capability, 0);
  return to == Side::cloud ? backlog.pending_to_cloud + backlog.dead_to_cloud
                           : backlog.pending_to_legacy + backlog.dead_to_legacy;
}

// Both sides are written to for every subject: only then does a count stay true.
bool mirrors_everything(const cutover::Plan& plan) {
  return index(plan.rollout.lowest()) >= index(cutover::Stage::dual_write) &&
         index(plan.rollout.highest()) <= index(cutover::Stage::ramp_down);
}

void queue_copy(JournalTransaction& tx, DocumentRecord document, Order outstanding, Timestamp now) {
  outstanding.id = document.id;
  document.mirrored = true;
  tx.put_document(document);
  journal::NewOutboxRow row;
  row.side = other(document.home);
  row.capability = Capability::orders;
  row.wave = document.wave;
  row.subject = order_subject(document.id);
  row.operation = "place_order";
  row.payload = write_content(outstanding);
  row.channel = document.id.channel;
  row.key = IdempotencyKey{"catch-up/" + row.subject};
  row.correlation_id = "catch-up";
  row.depends_on_capability = Capability::customers;
  row.depends_on_subject = document.customer.text();
  CatchUp::bring_first(tx, document.customer, row.side, document.wave, now);
  tx.add_outbox_row(row, now);
  // What shipped between the reading and this moment was nobody's to follow yet.
  tx.add_outbox_row(follow_row(document), now);
}

std::string given_up(const DocumentRecord& document) {
  return "copy_given_up/" + order_subject(document.id);
}

std::string customer_given_up(const std::string& customer, Side at) {
  return "copy_given_up/customers/" + std::string(name(at)) + "/" + customer;
}

}  // namespace

CatchUp::CatchUp(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                 WriteLife& writes, OrderFacade& orders, Now now, std::function<void()> wake,
                 const FieldOwners& fields, CatchUpSettings settings)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      writes_(writes),
      orders_(orders),
      now_(std::move(now)),
      wake_(std::move(wake)),
      fields_(fields),
      settings_(settings) {}

CatchUpState CatchUp::state(const JournalReader& reader, Capability capability, Side to) {
  CatchUpState state;
  const std::string fact = reader.fact(fact_name(capability, to));
  if (fact.empty()) {
    // Legacy lacks nothing until the cloud has been alone; the cloud lacks everything at first.
    if (to == Side::legacy) state.state = "done";
    return state;
  }
  const auto value = json::parse(fact);
  if (!value || !value->is_object()) return state;
  state.state = value->get("state").text();
  state.total = number_in(*value, "total");
  state.delivered = number_in(*value, "delivered");
  state.detail = value->get("detail").text();
  const json::Value* listed = value->find("listed");
  state.listed = listed == nullptr ? state.state != "not_started"  // Of before there were pages.
                                   : *listed == json::Value::boolean(true);
  state.position = value->get("position").text();
  state.journey = number_in(*value, "journey");
  state.per_minute = number_in(*value, "perMinute");
  state.since = Timestamp{number_in(*value, "since")};
  state.next_at = Timestamp{number_in(*value, "nextAt")};
  state.held = value->get("held").text();
  state.last_row = value->find("lastRow") == nullptr ? -1 : number_in(*value, "lastRow");
  state.refused_at = value->get("refusedAt").text();
  if (value->find("expectedAt") != nullptr)
    state.expected_at = Timestamp{number_in(*value, "expectedAt")};
  return state;
}

void CatchUp::bring_first(JournalTransaction& tx, const CustomerNumber& customer, Side to,
                          const std::string& wave, Timestamp now) {
  if (customer.empty()) return;
  const std::string missing = customer_given_up(customer.text(), to);
  const bool given_up = !tx.fact(missing).empty();
  if (!given_up && state(tx, Capability::customers, to).state == "done") return;
  if (!tx.rows_of(to, Capability::customers, customer.text()).empty()) return;
  if (given_up) tx.set_fact(missing, "");
  tx.add_outbox_row(customer_mirror(customer, to, wave, "catch-up"), now);
}

void CatchUp::bring_late(JournalTransaction& tx, const Systems& systems, DocumentRecord document,
                         const Order& at_home, Timestamp now) {
  const Side to = other(document.home);
  if (document.mirrored || document.closed || is_closed(at_home.status)) return;
  // A restored journal is filled by the recovery; an order of two homes waits for a person; and
  // what was imported as a copy is one.
  if (!tx.fact(journal::closed_fact).empty() || !document.document(to).empty() ||
      !tx.fact(journal::closed_subject_fact(Capability::orders, order_subject(document.id)))
           .empty())
    return;
  if (systems.on(to).adapter->descriptor().inert_by.empty()) return;
  const auto plan = plan_in(tx, document.wave, Capability::orders);
  if (!plan || !mirrors_everything(*plan)) return;
  // Catching up comes to it, at its pace: also when it has just read it as it was before.
  const CatchUpState listing = state(tx, Capability::orders, to);
  if (listing.state != "done" && !listing.listed) {
    tx.put_document(document);
    return;
  }
  // A change in progress brings its own change, and with it this.
  if (tx.open_intent_of(Capability::orders, order_subject(document.id))) return;
  if (!tx.fact(given_up(document)).empty()) return;
  const Order outstanding = outstanding_part(at_home);
  if (outstanding.lines.empty()) return;
  queue_copy(tx, std::move(document), outstanding, now);
}

void CatchUp::give_up_copy(JournalTransaction& tx, const DocumentRecord& document) {
  tx.set_fact(given_up(document), "1");
}

void CatchUp::give_up_customer(JournalTransaction& tx, const std::string& customer, Side at) {
  tx.set_fact(customer_given_up(customer, at), "1");
}

void CatchUp::reset(JournalTransaction& tx, Capability capability, Side to) {
  CatchUpState fresh;
  fresh.journey = state(tx, capability, to).journey + 1;
  tx.set_fact(fact_name(capability, to), write_state(fresh));
  if (capability == Capability::pricing && to == Side::cloud) tx.set_fact("prices/last", "");
}

Status CatchUp::advance(const CallContext& context) {
  Status first = Done{};
  for (const Capability capability : all_capabilities) {
    if (!mirrors_everything(plans_.plan(capability))) continue;
    for (const Side to : {Side::cloud, Side::legacy}) {
      const Status advanced = bring(capability, to, context);
      if (!advanced && first) first = advanced;
    }
  }
  return first;
}

std::int64_t CatchUp::per_minute(Capability capability) const {
  return std::max<std::int64_t>(settings_.per_minute[static_cast<std::size_t>(capability)], 1);
}

// A page is ten seconds' worth at most, so that a slow pace is even, and no longer than what may
// wait at once.
int CatchUp::page_rows(Capability capability, int most) const {
  const std::int64_t rows = std::min(per_minute(capability) / 6, settings_.backlog_max);
  return static_cast<int>(std::clamp<std::int64_t>(rows, 1, most));
}

void CatchUp::pace(CatchUpState& state, Capability capability, std::int64_t rows) const {
  state.next_at = std::max(state.next_at, now_()).plus_ms(rows * 60'000 / per_minute(capability));
}

Status CatchUp::bring(Capability capability, Side to, const CallContext& context) {
  Status brought = Done{};
  std::string held;
  bool queued = false;
  while (brought && held.empty()) {
    CatchUpState at;
    std::int64_t waiting_there = 0;
    const Status read = journal_.read([&](const JournalReader& reader) {
      at = state(reader, capability, to);
      waiting_there = reader.pending_rows(to);
    });
    if (!read) return read;
    if (at.state == "done") return Done{};
    if (at.listed || now_() < at.next_at) break;
    // One list, or nothing, makes no other delivery late.
    const bool many = capability == Capability::customers || capability == Capability::orders;
    if (many && waiting_there > settings_.backlog_max) {
      held = std::to_string(waiting_there) + " deliveries to " + systems_.on(to).name +
             " wait, and above " + std::to_string(settings_.backlog_max) + " none is added";
      break;
    }
    if (queued && ms_left(context.deadline) < page_ms) break;
    brought = bring_page(capability, to, at, held, context);
    queued = true;
    // A conflict: the plan, or another replica, has gone on meanwhile. That holds nothing back.
    if (!brought && brought.error().code != ErrorCode::conflict) held = brought.error().message;
  }
  if (queued) wake_();
  const Status counted = count(capability, to, held);
  return brought ? counted : brought;
}

Status CatchUp::bring_page(Capability capability, Side to, CatchUpState& at, std::string& held,
                           const CallContext& context) {
  switch (capability) {
    case Capability::customers:
      return bring_customers(to, at, context);
    case Capability::orders:
      return bring_orders(to, at, held, context);
    case Capability::pricing:
      return bring_prices(to, at, context);
    case Capability::inventory:
      break;
  }
  return go_on(capability, to, at, [](JournalTransaction&, CatchUpState& next) {
    next.listed = true;
    return true;
  });
}

Status CatchUp::go_on(Capability capability, Side to, CatchUpState& at, const Step& step) {
  CatchUpState reached;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    reached = state(tx, capability, to);
    // By the plan in force, which this process may not have taken yet.
    const auto plan = plan_in(tx, plans_.wave(), capability);
    if (!plan || !mirrors_everything(*plan)) return false;
    // Begun anew meanwhile, as every step that begins or ends mirroring makes it; or another
    // replica is at it: its rows are that one's to queue.
    if (reached.journey != at.journey || reached.position != at.position || reached.listed)
      return false;
    if (reached.state != "running") reached.since = now_();
    reached.state = "running";
    if (!step(tx, reached)) return false;
    if (reached.listed) {
      constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
      reached.last_row = waiting_up_to(tx, plans_.wave(), capability, to, all).newest;
    }
    tx.set_fact(fact_name(capability, to), write_state(reached));
    return true;
  });
  if (written) at = reached;
  return written;
}

Status CatchUp::count(Capability capability, Side to, const std::string& held) {
  bool same = false;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    const CatchUpState before = state(tx, capability, to);
    CatchUpState at = before;
    const auto plan = plan_in(tx, plans_.wave(), capability);
    if (at.state == "done" || (at.state != "running" && held.empty()) || !plan ||
        !mirrors_everything(*plan)) {
      same = true;
      return false;
    }
    const Timestamp now = now_();
    const std::int64_t left = waiting(tx, plans_.wave(), capability, to, at);
    at.delivered = std::max<std::int64_t>(at.total - left, 0);
    at.per_minute = per_minute(capability);
    at.held = held;
    at.expected_at.reset();
    if (at.state == "running" && at.listed && left == 0) {
      at.state = "done";
    } else if (at.listed || capability == Capability::orders) {
      std::int64_t to_queue = 0;
      if (!at.listed) {
        const journal::DocumentCounts open = tx.document_counts(plans_.wave());
        to_queue =
            to == Side::cloud ? open.unmirrored_open_in_legacy : open.unmirrored_open_in_cloud;
      }
      const std::int64_t to_deliver = to_queue + at.total - at.delivered;
      const std::int64_t passed_ms = (now.micros - at.since.micros) / 1000;
      if (held.empty() && at.delivered > 0 && passed_ms >= 1'000) {
        const std::int64_t paced_ms = to_queue * 60'000 / at.per_minute;
        at.expected_at = now.plus_ms(std::max(paced_ms, to_deliver * passed_ms / at.delivered));
      }
    }
    at.detail = std::string(name(capability)) + " " + std::to_string(at.delivered) + " of " +
                std::to_string(at.total);
    if (!at.listed) at.detail += " so far, at most " + std::to_string(at.per_minute) + " a minute";
    if (!at.held.empty()) at.detail += ", held back: " + at.held;
    if (at.expected_at) at.detail += ", done at about " + at.expected_at->text();
    if (capability == Capability::pricing && to == Side::cloud)
      at.detail += ", control totals " + tx.fact("prices/delivered");
    const std::string text = write_state(at);
    same = text == write_state(before);
    if (!same) tx.set_fact(fact_name(capability, to), text);
    return !same;
  });
  return same && !written && written.error().code == ErrorCode::conflict ? Status(Done{}) : written;
}

Status CatchUp::bring_customers(Side to, CatchUpState& at, const CallContext& context) {
  CustomerQuery query;
  query.limit = page_rows(Capability::customers, customers_page);
  query.cursor = Cursor{at.position};
  const auto page = observe<Page<Customer>>(other(to), cutover::Operation::read, [&] {
    return call_port<Page<Customer>>(
        systems_, other(to), context.deadline, &ErpAdapter::customers,
        [&](CustomerService& port) { return port.search_customers(query, context); });
  });
  if (!page.result) {
    const ErrorCode code = page.result.error().code;
    const bool refused = code == ErrorCode::rejected || code == ErrorCode::not_found ||
                         code == ErrorCode::conflict || code == ErrorCode::invalid_request;
    // The same place refused again, now that the list was read anew: it is not the place.
    if (at.position.empty() || !refused || at.refused_at == at.position) return page.result.error();
    // The ERP does not know this place in its list any more: from the beginning. What was delivered
    // is put as it is now.
    const Status again =
        go_on(Capability::customers, to, at, [&](JournalTransaction&, CatchUpState& next) {
          next.refused_at = next.position;
          next.position.clear();
          next.total = 0;
          pace(next, Capability::customers, query.limit);
          return true;
        });
    return again ? Status(page.result.error()) : again;
  }
  return go_on(Capability::customers, to, at, [&](JournalTransaction& tx, CatchUpState& next) {
    for (const Customer& customer : page.result->items) {
      record_cohort(tx, customer);
      const std::string closed =
          journal::closed_subject_fact(Capability::customers, customer.number.text());
      if (!tx.fact(closed).empty()) continue;
      // Always a row of its own: one that waits may be on its way with what it read before this.
      tx.add_outbox_row(customer_mirror(customer.number, to, plans_.wave(), "catch-up"), now_());
    }
    const auto rows = static_cast<std::int64_t>(page.result->items.size());
    next.total += rows;
    next.position = page.result->next.text();
    next.listed = next.position.empty();
    pace(next, Capability::customers, rows);
    return true;
  });
}

Status CatchUp::bring_orders(Side to, CatchUpState& at, std::string& held,
                             const CallContext& context) {
  const Side home = other(to);
  std::vector<DocumentRecord> documents;
  journal::DocumentQuery query;
  query.closed = false;
  query.home = home;
  query.limit = page_rows(Capability::orders, orders_page);
  query.after_change = at.position.empty() ? 0 : std::stoll(at.position);
  const bool kept = !systems_.on(to).adapter->descriptor().inert_by.empty();
  bool indexed = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    indexed = !reader.fact("as_of/" + systems_.on(home).name + "/orders").empty();
    if (kept && indexed) documents = reader.documents(query);
  });
  if (!read) return read;
  // The index must hold every open document first: that is what the first poll does.
  if (kept && !indexed)
    return Error{ErrorCode::unavailable,
                 "the documents of " + systems_.on(home).name + " have not been indexed yet"};
  std::int64_t looked_at = 0;
  for (const DocumentRecord& candidate : documents) {
    if (candidate.mirrored) continue;
    const Status brought = bring_order(to, candidate, at, looked_at, held, context);
    if (!brought) return brought;
  }
  return go_on(Capability::orders, to, at, [&](JournalTransaction& tx, CatchUpState& next) {
    if (!documents.empty()) next.position = std::to_string(documents.back().change);
    // What came, or moved to the end, while this page was read is still to be looked at; what has
    // got its copy moved there, too.
    journal::DocumentQuery rest = query;
    rest.after_change = next.position.empty() ? 0 : std::stoll(next.position);
    rest.limit = 500;
    const std::vector<DocumentRecord> further = kept ? tx.documents(rest) : documents;
    const auto unseen = std::find_if(further.begin(), further.end(),
                                     [](const DocumentRecord& one) { return !one.mirrored; });
    next.listed = !kept || (unseen == further.end() && std::ssize(further) < rest.limit);
    if (kept && unseen != further.begin())
      next.position = std::to_string(std::prev(unseen)->change);
    pace(next, Capability::orders, looked_at);
    return true;
  });
}

Status CatchUp::bring_order(Side to, const DocumentRecord& candidate, CatchUpState& at,
                            std::int64_t& looked_at, std::string& held,
                            const CallContext& context) {
  const std::string subject = order_subject(candidate.id);
  // With the subject locked, nothing that this process accepts can slip between reading and
  // queueing.
  const auto locked = writes_.locks().acquire("orders/" + subject, context.deadline);
  if (!locked) return put_off(to, candidate, "order " + subject + " is busy", at, held);
  ++looked_at;
  const auto order = orders_.read_from(other(to), candidate, context);
  if (!order && order.error().code == ErrorCode::not_found) return Done{};
  if (!order) return not_read(to, candidate, order.error(), at, held);
  const Order outstanding = outstanding_part(*order);
  if (is_closed(order->status) || outstanding.lines.empty()) return Done{};
  // Imported: the other side has it, under a number of its own.
  std::optional<Result<Order>> copy;
  if (!candidate.document(to).empty()) {
    copy = orders_.read_from(to, candidate, context);
    if (!*copy && copy->error().code != ErrorCode::not_found)
      return not_read(to, candidate, copy->error(), at, held);
  }
  std::string busy;
  const Status written =
      go_on(Capability::orders, to, at, [&](JournalTransaction& tx, CatchUpState& next) {
        const auto document = tx.document(candidate.id);
        next.position = std::to_string(candidate.change);
        // Changed since it was read, here or by another replica: it stands further on in the list.
        if (document && document->change != candidate.change) return true;
        if (!document || document->mirrored || document->closed) return true;
        if (!tx.fact(given_up(*document)).empty()) return true;
        if (copy) {
          take_copy(tx, *document, *copy, next);
          return true;
        }
        if (tx.open_intent_of(Capability::orders, subject))
          busy = "order " + subject + " is busy";
        else
          busy = tx.fact(journal::closed_subject_fact(Capability::orders, subject));
        if (!busy.empty()) {
          tx.put_document(*document);
          return true;
        }
        queue_copy(tx, *document, outstanding, now_());
        ++next.total;
        return true;
      });
  if (written && !busy.empty()) held = busy;
  return written;
}

// An ERP that does not answer holds all of them up; what it says of one order holds only that one.
Status CatchUp::not_read(Side to, const DocumentRecord& candidate, const Error& error,
                         CatchUpState& at, std::string& held) {
  const Disposition what = disposition(error.code);
  if (what == Disposition::retry || what == Disposition::resolve_outcome) return error;
  return put_off(to, candidate, "order " + order_subject(candidate.id) + ": " + error.message, at,
                 held);
}

// To the end of the list: the others go on, and it is not complete before this one is.
Status CatchUp::put_off(Side to, const DocumentRecord& candidate, const std::string& why,
                        CatchUpState& at, std::string& held) {
  held = why;
  return go_on(Capability::orders, to, at, [&](JournalTransaction& tx, CatchUpState& next) {
    const auto document = tx.document(candidate.id);
    next.position = std::to_string(candidate.change);
    if (document && document->change == candidate.change && !document->mirrored)
      tx.put_document(*document);
    return true;
  });
}

// A copy that was there before the facade is the mirror, if it is inert. One that is released would
// be executed beside its document: nobody but a person can say which of the two is right.
void CatchUp::take_copy(JournalTransaction& tx, DocumentRecord document, const Result<Order>& copy,
                        CatchUpState& next) {
  const Side to = other(document.home);
  const std::string subject = order_subject(document.id);
  if (copy && copy->status == OrderStatus::open) {
    document.mirrored = true;
    tx.put_document(document);
    tx.add_outbox_row(follow_row(document), now_());
    ++next.total;
    return;
  }
  const std::string fact = "raised/copy_not_inert/" + subject;
  if (!tx.fact(fact).empty()) return;
  tx.set_fact(fact, "1");
  journal::ExceptionRecord exception;
  exception.kind = "copy_not_inert";
  exception.capability = Capability::orders;
  exception.wave = document.wave;
  exception.subject = subject;
  exception.side = to;
  exception.detail = "the cross-references name " + document.document(to).text() + " in " +
                     systems_.on(to).name + " as the copy of " + subject + "; it is " +
                     (copy ? std::string(name(copy->status)) : std::string("not there"));
  tx.add_exception(exception, now_());
}

Status CatchUp::bring_prices(Side to, CatchUpState& at, const CallContext& context) {
  std::optional<PriceList> list;
  // Legacy keeps its own list: the nightly file is its own.
  if (to == Side::cloud && fields_.carried(Capability::pricing, "list")) {
    const auto full =
        observe<std::optional<PriceList>>(Side::legacy, cutover::Operation::read, [&] {
          return call_port<std::optional<PriceList>>(
              systems_, Side::legacy, context.deadline, &ErpAdapter::pricing,
              [&](PricingService& port) { return port.prices_after({}, context); });
        });
    if (!full.result) return full.result.error();
    if (!*full.result)
      return Error{ErrorCode::unavailable, "no price list has been accepted yet",
                   systems_.legacy.name};
    list = **full.result;
  }
  return go_on(Capability::pricing, to, at, [&](JournalTransaction& tx, CatchUpState& next) {
    next.listed = true;
    if (!list) return true;
    next.total = 1;
    journal::NewOutboxRow row;
    row.side = to;
    row.capability = Capability::pricing;
    row.wave = plans_.wave();
    row.subject = price_list_subject;
    row.operation = "publish_prices";
    row.payload = json::write(json::to_json(*list));
    row.key = IdempotencyKey{"prices/full/" + list->batch};
    row.correlation_id = "catch-up";
    tx.add_outbox_row(row, now_());
    tx.set_fact("prices/last", list->batch);
    return true;
  });
}

}  // namespace underpin::facade
