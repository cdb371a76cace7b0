#include "facade/catch_up.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/cohorts.h"
#include "facade/customers.h"
#include "facade/feeds.h"
#include "facade/observe.h"

#include <algorithm>

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
  return json::write(value);
}

// Undelivered and dead rows towards `to`, of this capability.
std::int64_t waiting(const JournalReader& reader, const std::string& wave, Capability capability,
                     Side to) {
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

}  // namespace

CatchUp::CatchUp(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                 WriteLife& writes, OrderFacade& orders, Now now, std::function<void()> wake,
                 const FieldOwners& fields)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      writes_(writes),
      orders_(orders),
      now_(std::move(now)),
      wake_(std::move(wake)),
      fields_(fields) {}

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
  state.total = value->get("total").as_int() ? *value->get("total").as_int() : 0;
  state.delivered = value->get("delivered").as_int() ? *value->get("delivered").as_int() : 0;
  state.detail = value->get("detail").text();
  return state;
}

void CatchUp::bring_first(JournalTransaction& tx, const CustomerNumber& customer, Side to,
                          const std::string& wave, Timestamp now) {
  if (customer.empty() || state(tx, Capability::customers, to).state == "done") return;
  if (!tx.rows_of(to, Capability::customers, customer.text()).empty()) return;
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

void CatchUp::reset(JournalTransaction& tx, Capability capability, Side to) {
  tx.set_fact(fact_name(capability, to), write_state({}));
  if (capability == Capability::pricing && to == Side::cloud) tx.set_fact("prices/last", "");
}

Status CatchUp::advance(const CallContext& context) {
  for (const Capability capability : all_capabilities) {
    if (!mirrors_everything(plans_.plan(capability))) continue;
    for (const Side to : {Side::cloud, Side::legacy}) {
      CatchUpState reached;
      const Status read = journal_.read(
          [&](const JournalReader& reader) { reached = state(reader, capability, to); });
      if (!read) return read;
      if (reached.state == "done") continue;
      const Status advanced =
          reached.state == "running" ? count(capability, to) : start(capability, to, context);
      if (!advanced) return advanced;
    }
  }
  return Done{};
}

Status CatchUp::start(Capability capability, Side to, const CallContext& context) {
  std::int64_t total = 0;
  Status brought = Done{};
  switch (capability) {
    case Capability::customers:
      brought = bring_customers(to, context, total);
      break;
    case Capability::orders:
      brought = bring_orders(to, context, total);
      break;
    case Capability::pricing:
      brought = bring_prices(to, context, total);
      break;
    case Capability::inventory:
      break;
  }
  if (!brought) return brought;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    CatchUpState state;
    state.state = "running";
    state.total = total;
    state.detail = std::string(name(capability)) + " 0 of " + std::to_string(total);
    tx.set_fact(fact_name(capability, to), write_state(state));
    return true;
  });
  wake_();
  return written ? count(capability, to) : written;
}

Status CatchUp::count(Capability capability, Side to) {
  return journal_.write([&](JournalTransaction& tx) {
    CatchUpState now_at = state(tx, capability, to);
    if (now_at.state != "running") return true;
    const std::int64_t left = waiting(tx, plans_.wave(), capability, to);
    now_at.delivered = std::max<std::int64_t>(now_at.total - left, 0);
    now_at.detail = std::string(name(capability)) + " " + std::to_string(now_at.delivered) +
                    " of " + std::to_string(now_at.total);
    if (capability == Capability::pricing && to == Side::cloud)
      now_at.detail += ", control totals " + tx.fact("prices/delivered");
    if (left == 0) now_at.state = "done";
    tx.set_fact(fact_name(capability, to), write_state(now_at));
    return true;
  });
}

Status CatchUp::bring_customers(Side to, const CallContext& context, std::int64_t& total) {
  CustomerQuery query;
  query.limit = 200;
  while (true) {
    const auto page = observe<Page<Customer>>(other(to), cutover::Operation::read, [&] {
      return call_port<Page<Customer>>(
          systems_, other(to), context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.search_customers(query, context); });
    });
    if (!page.result) return page.result.error();
    const Status written = journal_.write([&](JournalTransaction& tx) {
      for (const Customer& customer : page.result->items) {
        record_cohort(tx, customer);
        // A row that waits already will carry the current value.
        if (!tx.rows_of(to, Capability::customers, customer.number.text()).empty()) continue;
        const std::string closed =
            journal::closed_subject_fact(Capability::customers, customer.number.text());
        if (!tx.fact(closed).empty()) continue;
        tx.add_outbox_row(customer_mirror(customer.number, to, plans_.wave(), "catch-up"), now_());
      }
      return true;
    });
    if (!written) return written;
    total += static_cast<std::int64_t>(page.result->items.size());
    if (page.result->next.empty()) return Done{};
    query.cursor = page.result->next;
  }
}

Status CatchUp::bring_orders(Side to, const CallContext& context, std::int64_t& total) {
  const Side home = other(to);
  if (systems_.on(to).adapter->descriptor().inert_by.empty()) return Done{};
  // The index must hold every open document first: that is what the first poll does.
  bool indexed = false;
  const Status looked = journal_.read([&](const JournalReader& reader) {
    indexed = !reader.fact("as_of/" + systems_.on(home).name + "/orders").empty();
  });
  if (!looked) return looked;
  if (!indexed)
    return Error{ErrorCode::unavailable,
                 "the documents of " + systems_.on(home).name + " have not been indexed yet"};
  journal::DocumentQuery query;
  query.closed = false;
  query.home = home;
  query.limit = 200;
  while (true) {
    std::vector<DocumentRecord> documents;
    const Status read =
        journal_.read([&](const JournalReader& reader) { documents = reader.documents(query); });
    if (!read) return read;
    for (const DocumentRecord& candidate : documents) {
      query.after_change = candidate.change;
      ++total;
      if (candidate.mirrored) continue;
      // With the subject locked, nothing the facade accepts can slip between reading and queueing.
      const auto held =
          writes_.locks().acquire("orders/" + order_subject(candidate.id), context.deadline);
      if (!held)
        return Error{ErrorCode::unavailable, "order " + order_subject(candidate.id) + " is busy"};
      const auto order = orders_.read_from(home, candidate, context);
      if (!order && order.error().code == ErrorCode::not_found) continue;
      if (!order) return order.error();
      if (is_closed(order->status)) continue;
      const Order outstanding = outstanding_part(*order);
      if (outstanding.lines.empty()) continue;
      if (!candidate.document(to).empty()) {
        // Imported: the other side has it, under a number of its own.
        const Status taken = take_copy(to, candidate, context);
        if (!taken) return taken;
        continue;
      }
      const Status written = journal_.write([&](JournalTransaction& tx) {
        auto document = tx.document(candidate.id);
        if (!document || document->mirrored || document->closed) return false;
        const std::string subject = order_subject(candidate.id);
        if (tx.open_intent_of(Capability::orders, subject)) return false;
        // A person has to decide first where it lives.
        if (!tx.fact(journal::closed_subject_fact(Capability::orders, subject)).empty())
          return false;
        queue_copy(tx, *document, outstanding, now_());
        return true;
      });
      if (written) continue;
      bool left_out = true;
      const Status looked_again = journal_.read([&](const JournalReader& reader) {
        const auto document = reader.document(candidate.id);
        left_out = document && !document->mirrored && !document->closed;
      });
      if (!looked_again) return looked_again;
      if (left_out)
        return Error{ErrorCode::unavailable, "order " + order_subject(candidate.id) + " is busy"};
    }
    if (documents.size() < 200) return Done{};
  }
}

// A copy that was there before the facade is the mirror, if it is inert. One that is released would
// be executed beside its document: nobody but a person can say which of the two is right.
Status CatchUp::take_copy(Side to, const DocumentRecord& candidate, const CallContext& context) {
  const auto copy = orders_.read_from(to, candidate, context);
  if (!copy && copy.error().code != ErrorCode::not_found) return copy.error();
  const bool inert = copy && copy->status == OrderStatus::open;
  return journal_.write([&](JournalTransaction& tx) {
    auto document = tx.document(candidate.id);
    if (!document || document->mirrored || document->closed) return true;
    const std::string subject = order_subject(document->id);
    if (inert) {
      document->mirrored = true;
      tx.put_document(*document);
      tx.add_outbox_row(follow_row(*document), now_());
      return true;
    }
    const std::string fact = "raised/copy_not_inert/" + subject;
    if (!tx.fact(fact).empty()) return true;
    tx.set_fact(fact, "1");
    journal::ExceptionRecord exception;
    exception.kind = "copy_not_inert";
    exception.capability = Capability::orders;
    exception.wave = document->wave;
    exception.subject = subject;
    exception.side = to;
    exception.detail = "the cross-references name " + document->document(to).text() + " in " +
                       systems_.on(to).name + " as the copy of " + subject + "; it is " +
                       (copy ? std::string(name(copy->status)) : std::string("not there"));
    tx.add_exception(exception, now_());
    return true;
  });
}

Status CatchUp::bring_prices(Side to, const CallContext& context, std::int64_t& total) {
  if (!fields_.carried(Capability::pricing, "list")) return Done{};
  if (to == Side::legacy) return Done{};  // Legacy keeps its own list: the nightly file is its own.
  const auto full = observe<std::optional<PriceList>>(Side::legacy, cutover::Operation::read, [&] {
    return call_port<std::optional<PriceList>>(
        systems_, Side::legacy, context.deadline, &ErpAdapter::pricing,
        [&](PricingService& port) { return port.prices_after({}, context); });
  });
  if (!full.result) return full.result.error();
  if (!*full.result)
    return Error{ErrorCode::unavailable, "no price list has been accepted yet",
                 systems_.legacy.name};
  const PriceList& list = **full.result;
  total = 1;
  return journal_.write([&](JournalTransaction& tx) {
    journal::NewOutboxRow row;
    row.side = to;
    row.capability = Capability::pricing;
    row.wave = plans_.wave();
    row.subject = price_list_subject;
    row.operation = "publish_prices";
    row.payload = json::write(json::to_json(list));
    row.key = IdempotencyKey{"prices/full/" + list.batch};
    row.correlation_id = "catch-up";
    tx.add_outbox_row(row, now_());
    tx.set_fact("prices/last", list.batch);
    return true;
  });
}

}  // namespace underpin::facade
