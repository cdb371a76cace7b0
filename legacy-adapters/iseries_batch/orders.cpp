#include "legacy-adapters/iseries_batch/orders.h"

#include "contracts/external_reference.h"
#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "legacy-adapters/iseries_batch/failure.h"

#include <algorithm>

namespace underpin::legacy::iseries_batch {
namespace {

constexpr std::size_t reference_max = 35;

std::string reference_of(const OrderId& id) {
  return must(encode_external_reference(id, reference_max));
}

const OrderLine* line_of(const Order& order, int number) {
  const auto found = std::find_if(order.lines.begin(), order.lines.end(),
                                  [&](const OrderLine& line) { return line.number == number; });
  return found == order.lines.end() ? nullptr : &*found;
}

bool has_shipped(const Order& order) {
  return std::any_of(order.lines.begin(), order.lines.end(),
                     [](const OrderLine& line) { return !line.shipped_quantity.is_zero(); });
}

OrderReceipt receipt_of(const OrderSeen& seen) {
  OrderReceipt receipt;
  receipt.id = seen.order.id;
  receipt.document = DocumentNumber{seen.document};
  receipt.status = seen.order.status;
  receipt.erp_totals = seen.order.totals;
  receipt.released = !seen.held && seen.order.status != OrderStatus::cancelled;
  receipt.revision = seen.order.revision;
  return receipt;
}

OrderReceipt pending_receipt(const OrderId& id, const std::string& document) {
  OrderReceipt receipt;
  receipt.id = id;
  receipt.document = DocumentNumber{document};
  receipt.state = ReceiptState::pending;
  receipt.status = OrderStatus::pending;
  receipt.released = false;
  return receipt;
}

[[noreturn]] void fail_unanswered() {
  fail(ErrorCode::outcome_unknown, "the answer of the batch job is awaited");
}

Request order_request(const std::string& subject, const char* action, std::string content,
                      const WriteContext& context) {
  Request request;
  request.file = FileKind::orders;
  request.subject = subject;
  request.action = action;
  request.content = std::move(content);
  if (!context.idempotency_key.empty())
    request.key = context.channel.text() + "/" + context.idempotency_key.text();
  return request;
}

Order content_of(const Request& request) {
  const auto value = json::parse(request.content);
  return must(value ? json::from_json<Order>(*value) : Result<Order>(value.error()));
}

std::vector<int> lines_of(const Order& order) {
  std::vector<int> numbers;
  for (const OrderLine& line : order.lines) numbers.push_back(line.number);
  return numbers;
}

bool is_in_effect(const LineAmendment& change, const OrderLine* line) {
  if (line == nullptr) {
    const Decimal wanted = change.quantity ? *change.quantity
                           : change.added  ? change.added->outstanding()
                                           : Decimal::of(1);
    return wanted.is_zero();
  }
  if (change.added && line->sku != change.added->sku) return false;
  if (change.added && !change.quantity && line->quantity != change.added->quantity) return false;
  if (change.quantity && line->quantity != *change.quantity) return false;
  if (change.unit_price && line->unit_price != *change.unit_price) return false;
  if (change.requested_date && line->requested_date != change.requested_date) return false;
  if (!change.adjustment_total) return true;
  Decimal sum;
  for (const Adjustment& one : line->adjustments) sum += one.amount;
  return sum == *change.adjustment_total;
}

bool same_address(const std::optional<Address>& is, const Address& wanted) {
  return is && is->name == wanted.name && is->line1 == wanted.line1 && is->line2 == wanted.line2 &&
         is->city == wanted.city && is->post_code == wanted.post_code &&
         is->country == wanted.country && is->region == wanted.region;
}

bool is_in_effect(const OrderAmendment& amendment, const Order& order) {
  if (amendment.ship_to && !same_address(order.ship_to, *amendment.ship_to)) return false;
  if (amendment.requested_date && order.requested_date != amendment.requested_date) return false;
  if (amendment.customer_reference && order.customer_reference != *amendment.customer_reference)
    return false;
  return std::all_of(amendment.lines.begin(), amendment.lines.end(), [&](const auto& change) {
    return is_in_effect(change, line_of(order, change.number));
  });
}

void check_shipped(const OrderAmendment& amendment, const Order& order) {
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& change = amendment.lines[i];
    const OrderLine* line = line_of(order, change.number);
    if (line == nullptr || !change.quantity || *change.quantity >= line->shipped_quantity) continue;
    fail(ErrorCode::rejected, "less than what has shipped of the line",
         "/lines/" + std::to_string(i) + "/quantity",
         "must be at least " + line->shipped_quantity.text() + ", which has shipped");
  }
}

// An added line that is there already is changed: the batch job may refuse a second one of its
// number.
std::vector<LineChange> changes_of(const OrderAmendment& amendment, const Order& order) {
  std::vector<LineChange> changes;
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& line = amendment.lines[i];
    LineChange change;
    change.number = line.number;
    change.pointer = "/lines/" + std::to_string(i);
    change.quantity = line.quantity;
    change.unit_price = line.unit_price;
    change.adjustment = line.adjustment_total;
    change.requested_date = line.requested_date;
    change.added = line.added;
    if (const OrderLine* there = line_of(order, line.number); there != nullptr && line.added) {
      if (there->sku != line.added->sku)
        fail(ErrorCode::rejected, "the line is there with another article",
             change.pointer + "/added/sku", "must be " + there->sku.text() + ", as it is there");
      if (!line.quantity) change.quantity = line.added->outstanding();
      change.added.reset();
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

// What of a copy has to change so that it holds what is outstanding at home.
std::vector<LineChange> differences(const Order& home, const Order& copy, bool all) {
  std::vector<LineChange> changes;
  for (const OrderLine& line : home.lines) {
    const OrderLine* there = line_of(copy, line.number);
    const Decimal outstanding = line.outstanding().is_negative() ? Decimal{} : line.outstanding();
    if (there == nullptr && outstanding.is_zero()) continue;
    const Decimal wanted = outstanding + (there == nullptr ? Decimal{} : there->shipped_quantity);
    if (!all && there != nullptr && there->quantity == wanted) continue;
    LineChange change;
    change.number = line.number;
    change.quantity = wanted;
    if (there == nullptr) change.added = line;
    changes.push_back(std::move(change));
  }
  for (const OrderLine& line : copy.lines) {
    if (line_of(home, line.number) != nullptr || line.quantity == line.shipped_quantity) continue;
    LineChange change;
    change.number = line.number;
    change.quantity = line.shipped_quantity;
    changes.push_back(std::move(change));
  }
  return changes;
}

std::int64_t position_of(const std::string& cursor) {
  if (cursor.empty()) return 0;
  const auto number = Decimal::parse(cursor);
  if (!number || number->scale() != 0 || number->is_negative())
    fail(ErrorCode::invalid_request, "the cursor is none of this system");
  return static_cast<std::int64_t>(number->coefficient());
}

}  // namespace

std::optional<OrderSeen> Orders::told(const std::string& reference) {
  std::vector<OrderSeen> all =
      state_.read([&](state::StateDatabase& database) { return orders_of(database, reference); });
  const auto cancelled = [](const OrderSeen& seen) {
    return seen.order.status == OrderStatus::cancelled;
  };
  if (all.empty()) return std::nullopt;
  const auto last = all.back();
  std::erase_if(all, cancelled);
  if (all.empty()) return last;
  if (all.size() == 1) return all.front();
  std::string numbers;
  for (const OrderSeen& seen : all) numbers += (numbers.empty() ? "" : ", ") + seen.document;
  fail(ErrorCode::conflict, "several orders under " + reference + ": " + numbers);
}

Orders::Known Orders::find(const OrderRef& ref) {
  exchange_.must_hold();
  Known known;
  if (!ref.document.empty()) {
    known.seen = state_.read(
        [&](state::StateDatabase& database) { return order_of(database, ref.document.text()); });
    if (known.seen) {
      known.reference = known.seen->reference;
      known.subject =
          known.seen->order.id.empty() ? "#" + known.seen->document : known.seen->reference;
      known.untold = state_.order_untold(known.subject);
      return known;
    }
  }
  if (ref.id.empty()) return known;
  known.reference = known.subject = reference_of(ref.id);
  known.untold = state_.order_untold(known.subject);
  known.seen = told(known.reference);
  if (known.seen) return known;
  known.placing = state_.last_of_action(FileKind::orders, known.subject, "A");
  return known;
}

void Orders::fail_absent(const char* what) {
  exchange_.must_know_all();
  fail(ErrorCode::not_found, what);
}

Orders::Known Orders::existing(const OrderRef& ref) {
  Known known = find(ref);
  if (known.seen) return known;
  if (!known.placing) fail_absent("there is no such order");
  if (known.placing->state == RequestState::refused)
    throw Failure{refusal_of(*known.placing, lines_of(content_of(*known.placing)))};
  return known;
}

// Throws a refusal, which the write's sender has heard of then.
void Orders::check_answer(const Request& request, const std::vector<int>& lines) {
  if (request.state != RequestState::refused) return;
  state_.refusal_told(request.seq);
  throw Failure{refusal_of(request, lines)};
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    Known known = find({order.id, {}});
    if (known.seen) return receipt_of(*known.seen);
    const std::vector<Record> records = new_order(order, known.reference, settings_.units);
    Request request = order_request(known.subject, "A", json::write(json::to_json(order)), context);
    // The facade counts the demand of a mirror that is not delivered.
    if (context.role != Role::mirror)
      for (const OrderLine& line : order.lines)
        request.demand.push_back({{line.sku, line.location}, line.outstanding()});
    const bool open = known.placing && known.placing->state != RequestState::refused;
    if (open && known.placing->records != records_as_json(records))
      fail(ErrorCode::conflict, "the reference was sent with other content");
    if (open) {
      request = exchange_.await(*known.placing, context);
    } else if (const auto before = state_.same(request); before && !before->told) {
      request = *before;
    } else {
      request = exchange_.submit(std::move(request), records, context);
    }
    check_answer(request, lines_of(order));
    // The answer may come in one status file and the order in the next.
    if (request.state == RequestState::accepted) known.seen = told(known.reference);
    if (known.seen) return receipt_of(*known.seen);
    // The feed tells a channel of its order; of a mirror only its sender is told.
    if (context.role == Role::mirror) fail_unanswered();
    return pending_receipt(order.id, request.document);
  });
}

Result<Order> Orders::get_order(const OrderRef& ref, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&]() -> Order {
    const Known known = find(ref);
    if (known.seen) return known.seen->order;
    if (!known.placing) fail_absent("there is no such order");
    Order order = content_of(*known.placing);
    order.status = known.placing->state == RequestState::refused ? OrderStatus::rejected
                                                                 : OrderStatus::pending;
    return order;
  });
}

std::optional<OrderReceipt> Orders::sent_before(const Known& known, const Request& wanted,
                                                const WriteContext& context) {
  const auto before = state_.same(wanted);
  if (!before || before->state == RequestState::accepted) return std::nullopt;
  if (before->state != RequestState::refused)
    return outcome(known, exchange_.await(*before, context));
  // Who was told of a refusal and sends it again wants it tried again.
  if (!before->told) check_answer(*before);
  return std::nullopt;
}

// Only a key says that it is the very write, and not another one that wants the same.
bool Orders::was_accepted(const Request& wanted) {
  if (wanted.key.empty()) return false;
  const auto before = state_.same(wanted);
  return before && before->state == RequestState::accepted;
}

bool Orders::is_settled(const Known& known) {
  return !known.untold && state_.unanswered(FileKind::orders, known.subject).empty();
}

bool Orders::is_being_cancelled(const Known& known) {
  if (!known.untold) return false;
  const auto last = state_.last_of_action(FileKind::orders, known.subject, "X");
  return last && last->state == RequestState::accepted;
}

void Orders::await_record(const Known& known) {
  if (!known.seen || known.untold)
    fail(ErrorCode::outcome_unknown, "the order's record is awaited");
}

OrderReceipt Orders::outcome(const Known& known, const Request& request) {
  check_answer(request);
  if (request.state != RequestState::accepted) fail_unanswered();
  OrderRef ref;
  if (known.seen) {
    ref.document = DocumentNumber{known.seen->document};
  } else {
    ref.id = content_of(*known.placing).id;
  }
  const Known now = find(ref);
  const bool in_effect = now.seen && (is_closed(now.seen->order.status) ||
                                      (request.action == "R" && !now.seen->held) ||
                                      (request.action == "H" && now.seen->held));
  if (!in_effect) await_record(now);
  return receipt_of(*now.seen);
}

// Sends a change; answers with what it led to.
OrderReceipt Orders::changed(const Known& known, const Request& wanted,
                             const std::vector<Record>& records, const WriteContext& context) {
  return outcome(known, exchange_.submit(wanted, records, context));
}

// An accepted change of which no status file has told yet is found in the order later.
OrderReceipt Orders::amended(const OrderAmendment& amendment, OrderReceipt receipt) {
  const auto seen = state_.read(
      [&](state::StateDatabase& database) { return order_of(database, receipt.document.text()); });
  if (!seen || !is_in_effect(amendment, seen->order))
    fail(ErrorCode::outcome_unknown, "the order's record is awaited");
  return receipt;
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Known known = existing(ref);
    const Request wanted =
        order_request(known.subject, "C", json::write(json::to_json(amendment)), context);
    if (const auto receipt = sent_before(known, wanted, context))
      return amended(amendment, *receipt);
    if (known.seen) {
      const Order& order = known.seen->order;
      const bool in_effect = is_in_effect(amendment, order);
      if (in_effect && is_settled(known)) return receipt_of(*known.seen);
      if (was_accepted(wanted)) {
        if (!in_effect) await_record(known);
        // Changed since by somebody else: its totals are not those of this change.
        OrderReceipt receipt = receipt_of(*known.seen);
        if (!in_effect) receipt.erp_totals.reset();
        return receipt;
      }
      if (is_closed(order.status))
        fail(ErrorCode::rejected, "the order is " + std::string(name(order.status)));
      check_shipped(amendment, order);
    } else if (was_accepted(wanted)) {
      await_record(known);
    }
    const std::vector<Record> records = change_of(
        {amendment.ship_to, amendment.requested_date, amendment.customer_reference},
        changes_of(amendment, known.seen ? known.seen->order : content_of(*known.placing)),
        known.reference, known.seen ? known.seen->document : "", settings_.units);
    return amended(amendment, changed(known, wanted, records, context));
  });
}

OrderReceipt Orders::cancel_lines(const Known& known, const OrderCancellation& cancellation,
                                  const WriteContext& context) {
  if (!known.seen)
    fail(ErrorCode::rejected, "lines can be cancelled when the iSeries has answered the order");
  json::Value content = json::Value::object();
  content.set("cancellation", json::to_json(cancellation));
  const Request wanted = order_request(known.subject, "C", json::write(content), context);
  if (const auto receipt = sent_before(known, wanted, context)) return *receipt;
  if (was_accepted(wanted)) return receipt_of(*known.seen);
  const Order& order = known.seen->order;
  const bool settled = is_settled(known);
  std::vector<LineChange> changes;
  for (std::size_t i = 0; i < cancellation.lines.size(); ++i) {
    const LineCancellation& one = cancellation.lines[i];
    const std::string pointer = "/lines/" + std::to_string(i);
    const OrderLine* line = line_of(order, one.number);
    if (line == nullptr)
      fail(ErrorCode::rejected, "there is no such line", pointer, "must be a line of the order");
    if (one.quantity > line->quantity - line->shipped_quantity)
      fail(ErrorCode::rejected, "what has shipped cannot be cancelled", pointer + "/quantity",
           "must be at most what has not shipped");
    if (one.quantity == line->cancelled_quantity && settled) continue;
    LineChange change;
    change.number = one.number;
    change.pointer = pointer;
    change.cancelled = one.quantity;
    changes.push_back(std::move(change));
  }
  if (changes.empty()) return receipt_of(*known.seen);
  if (is_closed(order.status))
    fail(ErrorCode::rejected, "the order is " + std::string(name(order.status)));
  const std::vector<Record> records =
      change_of({}, changes, known.reference, known.seen->document, settings_.units);
  return changed(known, wanted, records, context);
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Known known = existing(ref);
    if (!cancellation.lines.empty()) return cancel_lines(known, cancellation, context);
    const Request wanted =
        order_request(known.subject, "X", json::write(json::to_json(cancellation)), context);
    if (const auto receipt = sent_before(known, wanted, context)) return *receipt;
    if (known.seen) {
      if (known.seen->order.status == OrderStatus::cancelled) return receipt_of(*known.seen);
    }
    // A second cancellation would be refused, and the refusal told of what is cancelled.
    if (is_being_cancelled(known)) await_record(known);
    if (known.seen) {
      if (known.seen->order.status == OrderStatus::invoiced || has_shipped(known.seen->order))
        fail(ErrorCode::rejected, "a part of the order has shipped");
    }
    return changed(known, wanted,
                   action_on("X", known.reference, known.seen ? known.seen->document : "",
                             cancellation.reason),
                   context);
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror) fail(ErrorCode::rejected, "a mirror is never released");
    const Known known = existing(ref);
    const Request wanted = order_request(known.subject, "R", "{}", context);
    if (const auto receipt = sent_before(known, wanted, context)) return *receipt;
    // A change since has put it on hold again, and asks for a release of its own.
    const bool cleared = known.seen && (!known.seen->held || is_closed(known.seen->order.status));
    if (was_accepted(wanted)) {
      if (!cleared) await_record(known);
      return receipt_of(*known.seen);
    }
    if (cleared && is_settled(known)) return receipt_of(*known.seen);
    return changed(known, wanted,
                   action_on("R", known.reference, known.seen ? known.seen->document : "", ""),
                   context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Known known = existing(ref);
    const Request wanted = order_request(known.subject, "H", "{}", context);
    if (const auto receipt = sent_before(known, wanted, context)) return *receipt;
    if (known.seen && is_closed(known.seen->order.status))
      fail(ErrorCode::rejected, "the order is " + std::string(name(known.seen->order.status)));
    if (known.seen && known.seen->held && is_settled(known)) return receipt_of(*known.seen);
    if (known.untold && was_accepted(wanted)) {
      if (!known.seen || !known.seen->held) await_record(known);
      return receipt_of(*known.seen);
    }
    return changed(known, wanted,
                   action_on("H", known.reference, known.seen ? known.seen->document : "", ""),
                   context);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    Known known = find({order.id, {}});
    const bool gone =
        !known.seen && (!known.placing || known.placing->state == RequestState::refused);
    if (gone) exchange_.must_know_all();
    if (is_closed(order.status)) {
      if (gone) return pending_receipt(order.id, {});
      const Request wanted = order_request(known.subject, "X", R"({"withdrawn":true})", context);
      if (known.seen && is_closed(known.seen->order.status)) return receipt_of(*known.seen);
      if (const auto receipt = sent_before(known, wanted, context)) return *receipt;
      if (is_being_cancelled(known)) await_record(known);
      return changed(
          known, wanted,
          action_on("X", known.reference, known.seen ? known.seen->document : "", "withdrawn"),
          context);
    }
    if (gone) fail(ErrorCode::not_found, "there is no copy of the order");
    // What the copy lacks is known when what was sent to it is answered.
    const auto open = state_.unanswered(FileKind::orders, known.subject);
    if (!open.empty() && open.back().action != "A") {
      const Request request = exchange_.await(open.back(), context);
      if (request.state != RequestState::accepted && request.state != RequestState::refused)
        fail_unanswered();
      known = find({order.id, {}});
    }
    const Order before = known.seen ? known.seen->order : content_of(*known.placing);
    // A copy of which less is known than was sent to it is told all of it once more.
    const std::vector<LineChange> changes = differences(order, before, known.untold);
    if (changes.empty()) {
      if (!known.seen) fail_unanswered();
      return receipt_of(*known.seen);
    }
    const Request wanted = order_request(
        known.subject, "C",
        records_as_json(change_of({}, changes, known.reference, "", settings_.units)), context);
    if (const auto receipt = sent_before(known, wanted, context)) return *receipt;
    if (known.untold && was_accepted(wanted)) {
      if (!known.seen) await_record(known);
      return receipt_of(*known.seen);
    }
    return changed(known, wanted,
                   change_of({}, changes, known.reference, known.seen ? known.seen->document : "",
                             settings_.units),
                   context);
  });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    const Known known = find({id, {}});
    if (known.seen) return receipt_of(*known.seen);
    if (!known.placing || known.placing->state == RequestState::refused)
      fail_absent("there is no such order");
    return pending_receipt(id, known.placing->document);
  });
}

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_know_all();
    const int limit = std::clamp(query.limit, 1, settings_.page_size);
    const auto found = state_.read([&](state::StateDatabase& database) {
      return open_orders(database, query.cursor.text(),
                         query.customer ? query.customer->text() : "", limit);
    });
    Page<Order> page;
    for (const OrderSeen& seen : found)
      if (!query.updated_since || !seen.order.updated_at ||
          *seen.order.updated_at >= *query.updated_since)
        page.items.push_back(seen.order);
    if (static_cast<int>(found.size()) == limit) page.next = Cursor{found.back().document};
    return page;
  });
}

std::optional<OrderChange> Orders::change_at(state::StateDatabase& database, const Change& change) {
  OrderChange found;
  found.changed_at = change.at;
  if (change.key.starts_with(refused_key)) {
    const std::string reference = change.key.substr(refused_key.size());
    // Who reads late must not hear of the refusal of what was sent again since.
    if (placed_again(database, reference)) return std::nullopt;
    if (const auto id = decode_external_reference(reference)) found.ref.id = *id;
    found.status = OrderStatus::rejected;
    found.closed = true;
    return found;
  }
  const auto seen = order_of(database, change.key);
  if (!seen) throw state::StateFailure("order " + change.key + " is in the feed and not there");
  found.ref = {seen->order.id, DocumentNumber{seen->document}};
  found.customer = seen->order.customer;
  found.status = seen->order.status;
  found.closed = is_closed(found.status);
  return found;
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    const std::int64_t position = position_of(cursor.text());
    ChangePage<OrderChange> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    state_.read([&](state::StateDatabase& database) {
      const auto changes = changes_after(database, "orders", position, settings_.page_size);
      for (const Change& change : changes)
        if (auto one = change_at(database, change)) page.items.push_back(std::move(*one));
      page.next = Cursor{std::to_string(changes.empty() ? position : changes.back().position)};
      page.more = static_cast<int>(changes.size()) == settings_.page_size;
      return true;
    });
    return page;
  });
}

}  // namespace underpin::legacy::iseries_batch
