#include "facade/outbox_relay.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/inventory.h"
#include "facade/observe.h"
#include "facade/order_copy.h"
#include "facade/returns.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;
using journal::OutboxRow;

namespace {

constexpr int conflicts_max = 5;

template <class T>
Result<T> payload_of(const OutboxRow& row) {
  const auto value = json::parse(row.payload);
  if (value) {
    const auto payload = json::from_json<T>(*value);
    if (payload) return *payload;
  }
  return Error{ErrorCode::internal,
               "the payload of outbox row " + std::to_string(row.id) + " cannot be read"};
}

template <class T>
Status as_status(const Result<T>& result) {
  if (!result) return result.error();
  return Done{};
}

// Changes of the stored document that a delivery brings; none when it is not known any more.
std::function<void(JournalTransaction&)> change_document(
    const OrderId& id, std::function<void(DocumentRecord&)> change) {
  return [id, change = std::move(change)](JournalTransaction& tx) {
    auto document = tx.document(id);
    if (!document) return;
    change(*document);
    tx.put_document(*document);
  };
}

}  // namespace

OutboxRelay::OutboxRelay(const Systems& systems, journal::Journal& journal, OrderFacade& orders,
                         Comparisons& comparisons, UndeliveredDemand& demand, SubjectLocks& locks,
                         Now now, OnStep on_step, RelaySettings settings, const FieldOwners& fields)
    : systems_(systems),
      journal_(journal),
      orders_(orders),
      comparisons_(comparisons),
      demand_(demand),
      locks_(locks),
      now_(std::move(now)),
      on_step_(on_step ? std::move(on_step) : [](Step, const std::string&) {}),
      settings_(settings),
      fields_(fields) {}

const std::map<std::string, OutboxRelay::Deliver>& OutboxRelay::table() {
  static const std::map<std::string, Deliver> deliveries{
      {"place_order", &OutboxRelay::place_order},
      {"release_order", &OutboxRelay::release_order},
      {"amend_order", &OutboxRelay::amend_order},
      {"cancel_order", &OutboxRelay::cancel_order},
      {"follow_order", &OutboxRelay::follow_order},
      {"put_customer", &OutboxRelay::put_customer},
      {"adjust_stock", &OutboxRelay::adjust_stock},
      {"verify_posting", &OutboxRelay::verify_posting},
      {"publish_prices", &OutboxRelay::publish_prices},
  };
  return deliveries;
}

Status OutboxRelay::load_demand() {
  return journal_.read([&](const JournalReader& reader) {
    journal::DocumentQuery query;
    query.closed = false;
    query.limit = 500;
    while (true) {
      const auto documents = reader.documents(query);
      for (const DocumentRecord& document : documents) {
        const Side receiver = other(document.home);
        const std::string subject = order_subject(document.id);
        if (!document.mirrored || reader.rows_of(receiver, Capability::orders, subject).empty())
          continue;
        if (const auto content = read_content(document.content))
          demand_.add(receiver, subject, *content);
      }
      if (documents.size() < 500) return;
      query.after_change = documents.back().change;
    }
  });
}

std::vector<OutboxRow> OutboxRelay::claim_due(Side side, Deadline& until) {
  const auto due = [&](const JournalReader& reader) {
    return reader.due_rows(side, now_(), settings_.batch);
  };
  // Whoever sent a row before and did not say what became of it (it died, or stands still, or it
  // was this process, and the journal took no writes) had until its claim ended. For the vendor's
  // time after that a look-up that finds nothing proves nothing, and a second delivery could become
  // a second document.
  const std::int64_t settle_ms = systems_.on(side).adapter->descriptor().settle_ms;
  const auto may_begin = [&](const OutboxRow& row) {
    return !row.claimed_until || *row.claimed_until <= now_().plus_ms(-settle_ms);
  };
  bool any = false;
  Status looked =
      journal_.look([&](const JournalReader& reader) { any = reader.any_due(side, now_()); });
  if (!looked || !any) return {};
  any = false;
  looked = journal_.read([&](const JournalReader& reader) {
    // After a restore these rows may have been delivered already: recovery looks first.
    if (!reader.fact(journal::closed_fact).empty()) return;
    for (const OutboxRow& row : due(reader)) any = any || may_begin(row);
  });
  if (!looked || !any) return {};
  std::vector<OutboxRow> rows;
  const Status claimed = journal_.write([&](JournalTransaction& tx) {
    rows.clear();
    if (!tx.fact(journal::closed_fact).empty()) return false;
    until = deadline_in(std::chrono::milliseconds(settings_.give_up_ms));
    const Timestamp now = now_();
    std::vector<std::string> wanted;
    for (const OutboxRow& row : due(tx)) {
      if (rows.size() >= static_cast<std::size_t>(settings_.parallel) * 4) break;
      if (journal_.shared() && row.role == Role::primary) {
        // A change in progress has reopened the document; it asks for a release of its own.
        const auto open = tx.open_intent_of(row.capability, row.subject);
        if (open && open->state == journal::IntentState::open && now < open->give_up_at) continue;
      }
      if (!may_begin(row)) continue;
      wanted.push_back(journal::row_claim(row.id));
      rows.push_back(row);
      if (row.claimed_until) ++rows.back().attempts;
    }
    const auto taken =
        tx.claim_all(wanted, now.plus_ms(-settle_ms), now.plus_ms(settings_.give_up_ms));
    std::erase_if(
        rows, [&](const OutboxRow& row) { return taken.count(journal::row_claim(row.id)) == 0; });
    return !rows.empty();
  });
  if (!claimed) rows.clear();
  return rows;
}

int OutboxRelay::deliver_due(Side side) {
  Deadline until{};
  const std::vector<OutboxRow> rows = claim_due(side, until);
  if (rows.empty()) return 0;
  // Each row is of another subject, so they may be delivered side by side.
  std::atomic<std::size_t> next{0};
  std::atomic<int> delivered{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < rows.size(); i = next++)
      if (deliver(rows[i], until)) ++delivered;
  };
  std::vector<std::thread> threads;
  const std::size_t extra = std::min(rows.size(), static_cast<std::size_t>(settings_.parallel)) - 1;
  for (std::size_t i = 0; i < extra; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return delivered;
}

bool OutboxRelay::deliver(const OutboxRow& row, Deadline until) {
  // Its turn came late: it is not begun with half the time gone, but claimed anew.
  if (ms_left(until) < settings_.give_up_ms / 2) {
    const Status given_back = journal_.write([&](JournalTransaction& tx) {
      tx.give_back(journal::row_claim(row.id));
      return true;
    });
    (void)given_back;  // Nobody sent it; at worst it waits until the claim ends.
    return false;
  }
  WriteContext context;
  context.channel = row.channel;
  context.correlation_id = CorrelationId{row.correlation_id};
  context.idempotency_key = row.key;
  context.role = row.role;
  context.deadline = until;
  on_step_(Step::relaying, row.subject);
  const auto behaviour = table().find(row.operation);
  const auto observed =
      observe<Effect>(row.side, cutover::Operation::write, [&]() -> Result<Effect> {
        if (behaviour == table().end())
          return Error{ErrorCode::internal, "no delivery is known for " + row.operation};
        // Held up since: another replica may have taken it over.
        if (ms_left(context.deadline) <= 0)
          return Error{ErrorCode::unavailable, "the deadline had passed before it was sent"};
        return (this->*behaviour->second)(row, context);
      });
  on_step_(Step::relayed, row.subject);
  if (observed.result) {
    const Status ticked = journal_.write([&](JournalTransaction& tx) {
      if (*observed.result) (*observed.result)(tx);
      tx.delivered(row.id);
      return true;
    });
    if (!ticked) return false;
    // With a shared journal demand is read from there.
    const bool demand = row.capability == Capability::orders && !journal_.shared();
    const bool held = row.capability == Capability::orders && row.role == Role::mirror &&
                      comparisons_.compares_writes();
    if (demand || held) {
      bool level = false;
      const Status read = journal_.look([&](const JournalReader& reader) {
        level = reader.rows_of(row.side, row.capability, row.subject).empty();
      });
      if (read && level && demand) demand_.remove(row.side, row.subject);
      if (read && level && held) {
        const auto document = document_of(row);
        if (document) orders_.compare_held(*document, row.operation, context);
      }
    }
    on_step_(Step::delivered, row.subject);
    return true;
  }

  const Error& error = observed.result.error();
  const std::string text = std::string(name(error.code)) + ": " + error.message;
  std::int64_t wait_ms = settings_.backoff_min_ms << std::min(row.attempts, 12);
  wait_ms = std::min(wait_ms, settings_.backoff_max_ms);
  wait_ms = std::max<std::int64_t>(wait_ms, std::int64_t{error.retry_after_s} * 1000);
  Status noted = Done{};
  // Somebody changed the record between its being read and written: that passes. What still is a
  // conflict then is a person's to look at.
  const bool stale = error.code == ErrorCode::conflict && row.attempts + 1 < conflicts_max;
  switch (stale ? Disposition::retry : disposition(error.code)) {
    case Disposition::retry:
      noted = journal_.write([&](JournalTransaction& tx) {
        tx.retry_later(row.id, now_().plus_ms(wait_ms), text);
        return true;
      });
      break;
    case Disposition::resolve_outcome: {
      // Receivers look up before they create; the look-up is proof only after the vendor's time.
      const std::int64_t settle_ms = systems_.on(row.side).adapter->descriptor().settle_ms;
      noted = journal_.write([&](JournalTransaction& tx) {
        tx.retry_later(row.id, now_().plus_ms(std::max(wait_ms, settle_ms)), text);
        return true;
      });
      break;
    }
    case Disposition::answer_caller:
    case Disposition::dead_letter:
      noted = journal_.write([&](JournalTransaction& tx) {
        tx.dead_letter(row.id, text, now_());
        return true;
      });
      if (row.role == Role::mirror) comparisons_.record_refused_mirror(row, error);
      break;
  }
  (void)noted;  // A journal that cannot write keeps the row, and the claim for its time.
  return false;
}

Result<DocumentRecord> OutboxRelay::document_of(const OutboxRow& row) const {
  const auto id = order_id_of(row.subject);
  std::optional<DocumentRecord> document;
  const Status read = journal_.look([&](const JournalReader& reader) {
    if (id) document = reader.document(*id);
  });
  if (!read) return read.error();
  if (!document) {
    return Error{ErrorCode::internal, "document " + row.subject + " is not in the journal"};
  }
  return *document;
}

Result<OutboxRelay::Effect> OutboxRelay::place_order(const OutboxRow& row,
                                                     const WriteContext& context) {
  const auto order = payload_of<Order>(row);
  if (!order) return order.error();
  const auto document = document_of(row);
  if (!document) return document.error();
  Order inert = fields_.for_copy(*order);
  inert.id = identity_at_erp(*document, systems_);
  const auto receipt =
      call_port<OrderReceipt>(systems_, row.side, context.deadline, &ErpAdapter::orders,
                              [&](OrderService& port) { return port.place_order(inert, context); });
  if (!receipt) return receipt.error();
  if (receipt->released) {
    return Error{ErrorCode::rejected, "the mirror is released in " + systems_.on(row.side).name +
                                          " and would be executed twice"};
  }
  return Effect{change_document(document->id,
                                [side = row.side, number = receipt->document](DocumentRecord& d) {
                                  d.set_document(side, number);
                                })};
}

Result<OutboxRelay::Effect> OutboxRelay::release_order(const OutboxRow& row,
                                                       const WriteContext& context) {
  // A change in progress has reopened the document and would find it released under its hands; it
  // asks for a release of its own when it is done.
  const auto held = locks_.acquire("orders/" + row.subject, context.deadline);
  if (!held) return Error{ErrorCode::unavailable, "the order is being changed"};
  const auto document = document_of(row);
  if (!document) return document.error();
  // Held meanwhile, or cancelled, or moved to another home: there is nothing to release.
  if (!document->holds.empty() || document->closed || document->home != row.side) return Effect{};
  const auto receipt = call_port<OrderReceipt>(
      systems_, row.side, context.deadline, &ErpAdapter::orders, [&](OrderService& port) {
        return port.release_order(ref_at(systems_, row.side, *document), context);
      });
  if (!receipt) return receipt.error();
  return Effect{
      change_document(document->id, [status = receipt->status, now = now_()](DocumentRecord& d) {
        if (!may_follow(d.status, status) || d.status == status) return;
        d.status = status;
        d.updated_at = now;
      })};
}

Result<OutboxRelay::Effect> OutboxRelay::amend_order(const OutboxRow& row,
                                                     const WriteContext& context) {
  auto amendment = payload_of<OrderAmendment>(row);
  if (!amendment) return amendment.error();
  const auto document = document_of(row);
  if (!document) return document.error();
  if (!document->mirrored) return Effect{};
  // The inert copy keeps what is outstanding at home, which may have shipped a part by now.
  const auto home = orders_.read_from(document->home, *document, context);
  if (!home) return home.error();
  // Cancelled, posted or shipped as a whole since: the copy is withdrawn, and may be gone already.
  const Order rest = outstanding_part(*home);
  if (is_closed(home->status) || rest.lines.empty()) return follow_order(row, context);
  OrderAmendment outstanding = fields_.for_copy(*amendment);
  const auto content = read_content(document->content);
  for (LineAmendment& change : outstanding.lines) {
    if (!change.quantity) continue;
    const auto line = std::find_if(rest.lines.begin(), rest.lines.end(),
                                   [&](const OrderLine& l) { return l.number == change.number; });
    // A copy that was the document itself has shipped a part of it.
    change.quantity = (line == rest.lines.end() ? Decimal{} : line->quantity) +
                      moved_quantity(content, change.number);
    // The copy may have lost a line of which nothing was outstanding: it comes back as a new one.
    if (line != rest.lines.end()) change.added = *line;
  }
  const auto receipt = call_port<OrderReceipt>(
      systems_, row.side, context.deadline, &ErpAdapter::orders, [&](OrderService& port) {
        return port.amend_order(ref_at(systems_, row.side, *document), outstanding, context);
      });
  if (!receipt) return receipt.error();
  return Effect{};
}

Result<OutboxRelay::Effect> OutboxRelay::cancel_order(const OutboxRow& row,
                                                      const WriteContext& context) {
  const auto document = document_of(row);
  if (!document) return document.error();
  if (!document->mirrored) return Effect{};
  const auto receipt = call_port<OrderReceipt>(
      systems_, row.side, context.deadline, &ErpAdapter::orders, [&](OrderService& port) {
        return port.cancel_order(ref_at(systems_, row.side, *document), OrderCancellation{},
                                 context);
      });
  if (!receipt && receipt.error().code != ErrorCode::not_found) return receipt.error();
  return Effect{};
}

Result<OutboxRelay::Effect> OutboxRelay::follow_order(const OutboxRow& row,
                                                      const WriteContext& context) {
  const auto document = document_of(row);
  if (!document) return document.error();
  if (!document->mirrored) return Effect{};
  const auto home = orders_.read_from(document->home, *document, context);
  if (!home) return home.error();
  const auto receipt = follow_copy(systems_, row.side, *document, *home, context);
  if (!receipt && receipt.error().code != ErrorCode::not_found) return receipt.error();
  return Effect{};
}

Result<OutboxRelay::Effect> OutboxRelay::put_customer(const OutboxRow& row,
                                                      const WriteContext& context) {
  const CustomerNumber number{row.subject};
  const auto customer = call_port<Customer>(
      systems_, other(row.side), context.deadline, &ErpAdapter::customers,
      [&](CustomerService& port) { return port.get_customer(number, context); });
  if (!customer) {
    if (customer.error().code == ErrorCode::not_found)
      return Error{ErrorCode::rejected, systems_.on(other(row.side)).name +
                                            " does not have customer " + row.subject +
                                            " any more: was it deleted there?"};
    return customer.error();
  }
  std::optional<Customer> there;
  if (!fields_.all_carried(Capability::customers)) {
    const auto held = call_port<Customer>(
        systems_, row.side, context.deadline, &ErpAdapter::customers,
        [&](CustomerService& port) { return port.get_customer(number, context); });
    if (!held && held.error().code != ErrorCode::not_found) return held.error();
    if (held) there = *held;
  }
  const Customer carried = fields_.for_receiver(*customer, there);
  const auto receipt = call_port<CustomerReceipt>(
      systems_, row.side, context.deadline, &ErpAdapter::customers,
      [&](CustomerService& port) { return port.put_customer(carried, context); });
  if (!receipt) return receipt.error();
  return Effect{};
}

Result<OutboxRelay::Effect> OutboxRelay::adjust_stock(const OutboxRow& row,
                                                      const WriteContext& context) {
  const auto adjustment = payload_of<StockAdjustment>(row);
  if (!adjustment) return adjustment.error();
  const auto receipt = call_port<AdjustmentReceipt>(
      systems_, row.side, context.deadline, &ErpAdapter::inventory,
      [&](InventoryService& port) { return port.adjust_stock(*adjustment, context); });
  if (!receipt) return receipt.error();
  if (row.attempts == 0) return Effect{};
  // Sent before, and nobody knows how far that got.
  auto verify = verify_posting_row(row.side, row.wave, *adjustment, false,
                                   systems_.on(row.side).adapter->descriptor().settle_ms, now_());
  verify.correlation_id = row.correlation_id;
  return Effect{[verify, now = now_()](JournalTransaction& tx) {
    if (tx.rules().verified_postings) tx.add_outbox_row(verify, now);
  }};
}

Result<OutboxRelay::Effect> OutboxRelay::verify_posting(const OutboxRow& row,
                                                        const WriteContext& context) {
  const auto payload = json::parse(row.payload);
  if (!payload) return payload.error();
  const bool of_return = payload->find("return") != nullptr;
  const std::string& movement = payload->get("movement").text();
  const auto refused = payload->get("refused").as_bool();
  const Status found = of_return ? look_again_for_return(systems_, row.side, *payload, context)
                                 : as_status(call_port<AdjustmentReceipt>(
                                       systems_, row.side, context.deadline, &ErpAdapter::inventory,
                                       [&](InventoryService& port) {
                                         return port.find_adjustment(MovementId{movement}, context);
                                       }));
  std::string detail;
  if (!found) {
    if (disposition(found.error().code) == Disposition::retry) return found.error();
    if (found.error().code != ErrorCode::conflict) return Effect{};
    detail = found.error().message;
  } else if (refused && *refused) {
    detail = "it was refused, and posted later";
  } else {
    return Effect{};
  }
  journal::ExceptionRecord exception;
  exception.kind = of_return ? duplicate_return_kind : "duplicate_posting";
  exception.capability = row.capability;
  exception.wave = row.wave;
  exception.subject = payload->get("subject").text();
  exception.side = row.side;
  exception.detail =
      (of_return ? "return " + payload->get("return").text() : "movement " + movement) + " in " +
      systems_.on(row.side).name + ": " + detail;
  exception.payload = row.payload;
  exception.correlation_id = row.correlation_id;
  return Effect{
      [exception, now = now_()](JournalTransaction& tx) { tx.add_exception(exception, now); }};
}

Result<OutboxRelay::Effect> OutboxRelay::publish_prices(const OutboxRow& row,
                                                        const WriteContext& context) {
  const auto list = payload_of<PriceList>(row);
  if (!list) return list.error();
  const auto receipt = call_port<PriceListReceipt>(
      systems_, row.side, context.deadline, &ErpAdapter::pricing,
      [&](PricingService& port) { return port.publish_prices(*list, context); });
  if (!receipt) return receipt.error();
  const auto rows = static_cast<std::int64_t>(list->entries.size());
  if (receipt->rows != rows || receipt->hash_total != list->hash_total()) {
    return Error{ErrorCode::rejected, "control totals of price list " + list->batch +
                                          " differ: sent " + std::to_string(rows) +
                                          " rows, hash total " + list->hash_total().text() +
                                          "; received " + std::to_string(receipt->rows) + ", " +
                                          receipt->hash_total.text()};
  }
  json::Value totals = json::Value::object();
  totals.set("batch", list->batch);
  totals.set("rows", json::Value::integer(rows));
  totals.set("hashTotal", list->hash_total().text());
  totals.set("at", now_().text());
  return Effect{[text = json::write(totals)](JournalTransaction& tx) {
    tx.set_fact("prices/delivered", text);
  }};
}

}  // namespace underpin::facade
