#include "legacy-adapters/transport/profile/orders.h"

#include "contracts/external_reference.h"
#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/profile/order_lines.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::profile {
namespace {

using json::Value;

Failure refused(ErrorCode code, std::string message, std::string pointer, std::string rule) {
  Error error{code, std::move(message)};
  error.fields.push_back({std::move(pointer), std::move(rule)});
  return {std::move(error)};
}

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

std::string at(std::size_t index, std::string_view member) {
  return "/lines/" + std::to_string(index) + "/" + std::string(member);
}

bool take_flag(Value& record, std::string_view key) {
  const Value* found = record.find(key);
  if (found == nullptr) return false;
  const bool set = must(found->as_bool());
  record.erase(key);
  return set;
}

// The channel's identity, from the reference that the ERP keeps or from members of its own.
OrderId take_identity(Value& record) {
  const std::string reference = record.get("reference").text();
  record.erase("reference");
  if (const auto id = decode_external_reference(reference)) return *id;
  if (record.get("channel").text().empty()) {
    record.erase("number");  // Of another system, or the ERP's own.
    return {};
  }
  return {ChannelId(record.get("channel").text()), OrderNumber(record.get("number").text())};
}

// After a write has been acknowledged, an error says nothing of it.
template <class F>
auto after_write(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Failure& failure) {
    Error error = failure.error;
    if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
    throw Failure{std::move(error)};
  }
}

std::optional<std::string> text_or_nothing(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

bool Orders::Held::shipped() const {
  return std::any_of(order.lines.begin(), order.lines.end(),
                     [](const OrderLine& line) { return !line.shipped_quantity.is_zero(); });
}

std::string Orders::reference_of(const OrderId& id) const {
  auto reference = encode_external_reference(id, engine_.profile().reference_max());
  if (reference) return std::move(reference).value();
  throw refused(ErrorCode::rejected, reference.error().message, "/number",
                "must fit the ERP's field of " + std::to_string(engine_.profile().reference_max()) +
                    " characters");
}

// ---- reading

Orders::Held Orders::held_of(Value record) const {
  Held held;
  held.document = DocumentNumber(record.get("document").text());
  record.erase("document");
  held.released = take_flag(record, "released");
  held.posted = take_flag(record, "posted");
  held.cancelled = take_flag(record, "cancelled");
  held.has_totals = record.find("totals") != nullptr;
  const OrderId id = take_identity(record);
  bool says_cancelled = false;
  if (const Value* lines = record.find("lines")) {
    std::vector<Value> complete = lines->items();
    for (Value& line : complete) {
      says_cancelled = says_cancelled || line.find("cancelledQuantity") != nullptr;
      complete_line(line);
    }
    record.set("lines", Value::array(std::move(complete)));
  }
  const bool says_status = record.find("status") != nullptr;
  held.order = must(json::from_json<Order>(record));
  held.order.id = id;
  std::stable_sort(held.order.lines.begin(), held.order.lines.end(),
                   [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
  if (held.cancelled && !says_cancelled)
    for (OrderLine& line : held.order.lines)
      line.cancelled_quantity = line.quantity - line.shipped_quantity;
  if (says_status) {
    const OrderStatus status = held.order.status;
    held.posted = held.posted || status == OrderStatus::invoiced;
    held.cancelled =
        held.cancelled || status == OrderStatus::cancelled || status == OrderStatus::rejected;
    held.released = held.released ||
                    (status != OrderStatus::open && status != OrderStatus::pending && held.open());
  } else {
    held.order.status = held.posted      ? OrderStatus::invoiced
                        : held.cancelled ? OrderStatus::cancelled
                                         : status_of(held.order, held.released, false);
  }
  return held;
}

std::optional<Orders::Held> Orders::find(const OrderRef& ref, const CallContext& context) const {
  Value request = Value::object();
  if (!ref.document.empty()) {
    request.set("document", ref.document.text());
  } else {
    const auto reference = encode_external_reference(ref.id, engine_.profile().reference_max());
    if (!reference) return std::nullopt;  // Longer than what the ERP can hold.
    request.set("reference", *reference);
    request.set("channel", ref.id.channel.text());
    request.set("number", ref.id.number.text());
  }
  const std::vector<Value> records = engine_.ask("get_order", request, context);
  if (records.empty()) return std::nullopt;
  if (records.size() > 1) {
    std::string numbers;
    for (const Value& record : records)
      numbers += (numbers.empty() ? "" : ", ") + record.get("document").text();
    throw Failure{{ErrorCode::conflict, "the ERP holds more than one document: " + numbers}};
  }
  return held_of(records.front());
}

Orders::Held Orders::existing(const OrderRef& ref, const CallContext& context) const {
  auto held = find(ref, context);
  if (!held) throw Failure{{ErrorCode::not_found, "the ERP has no such order"}};
  return std::move(*held);
}

// By the look-up that recognises a write again.
std::optional<Orders::Held> Orders::find_written(const OrderId& id,
                                                 const CallContext& context) const {
  Value request = Value::object();
  request.set("reference", reference_of(id));
  request.set("channel", id.channel.text());
  request.set("number", id.number.text());
  std::set<std::string> documents;
  for (const Value& record : engine_.ask("find_receipt", request, context))
    documents.insert(record.get("document").text());
  if (documents.empty()) return std::nullopt;
  if (documents.size() > 1) {
    std::string numbers;
    for (const std::string& one : documents) numbers += (numbers.empty() ? "" : ", ") + one;
    throw Failure{{ErrorCode::conflict, "the ERP holds more than one document with reference " +
                                            reference_of(id) + ": " + numbers}};
  }
  // One that is not answered yet has no number.
  if (documents.begin()->empty()) return find({id, {}}, context);
  return find({{}, DocumentNumber(*documents.begin())}, context);
}

Orders::Held Orders::again(const Held& held, const CallContext& context) const {
  return existing({{}, held.document}, context);
}

OrderReceipt Orders::receipt_of(const Held& held, const OrderId& id) const {
  OrderReceipt receipt;
  receipt.id = held.order.id.empty() ? id : held.order.id;
  receipt.document = held.document;
  receipt.state = held.pending() ? ReceiptState::pending : ReceiptState::confirmed;
  receipt.status = held.order.status;
  if (held.has_totals) receipt.erp_totals = held.order.totals;
  receipt.released = held.released && held.open();
  receipt.revision = held.order.revision;
  return receipt;
}

Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    Held held = existing(ref, context);
    // A line that was brought to nothing is cancelled: other ERPs delete it.
    if (held.open())
      std::erase_if(held.order.lines,
                    [](const OrderLine& line) { return line.quantity.is_zero(); });
    return held.order;
  });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    const auto held = find_written(id, context);
    if (!held) throw Failure{{ErrorCode::not_found, "the ERP has no such order"}};
    return receipt_of(*held, id);
  });
}

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    Value request = Value::object();
    if (query.customer) request.set("customer", query.customer->text());
    if (query.updated_since) request.set("updatedSince", query.updated_since->text());
    Engine::Part part =
        engine_.page("list_open_orders", request, query.cursor, query.limit, context);
    Page<Order> page;
    if (part.full) page.next = part.next;
    for (Value& record : part.records) {
      Held held = held_of(std::move(record));
      if (!held.open()) continue;
      if (query.updated_since && held.order.updated_at &&
          *held.order.updated_at < *query.updated_since)
        continue;
      std::erase_if(held.order.lines,
                    [](const OrderLine& line) { return line.quantity.is_zero(); });
      page.items.push_back(std::move(held.order));
    }
    return page;
  });
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    ChangePage<OrderChange> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    Engine::Part part = engine_.page("order_changes", Value::object(), cursor,
                                     engine_.profile().descriptor().page_max, context);
    page.next = part.next;
    page.more = part.full;
    for (Value& record : part.records) {
      OrderChange change;
      change.ref.document = DocumentNumber(record.get("document").text());
      change.customer = CustomerNumber(record.get("customer").text());
      if (!parse(record.get("status").text(), change.status))
        throw Failure{{ErrorCode::internal,
                       "order_changes: \"" + record.get("status").text() + "\" is no status"}};
      change.ref.id = take_identity(record);
      change.closed = is_closed(change.status);
      const auto changed = Timestamp::parse(record.get("changedAt").text());
      change.changed_at = changed ? *changed : page.as_of;
      page.items.push_back(std::move(change));
    }
    return page;
  });
}

// ---- placing

Value Orders::placement_of(const Order& order, const WriteContext& context) const {
  Value request = json::to_json(order);
  for (const char* key :
       {"lines", "status", "holds", "shipments", "invoices", "returns", "updatedAt", "revision"})
    request.erase(key);
  request.set("reference", reference_of(order.id));
  request.set("role", context.role == Role::mirror ? "mirror" : "primary");
  std::vector<const OrderLine*> sorted;
  for (const OrderLine& line : order.lines)
    if (is_positive(line.outstanding())) sorted.push_back(&line);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const OrderLine* a, const OrderLine* b) { return a->number < b->number; });
  if (sorted.empty())
    throw refused(ErrorCode::rejected, "nothing of the order is outstanding", "/lines",
                  "must have a line with something to deliver");
  Value lines = Value::array();
  for (std::size_t i = 0; i < sorted.size(); ++i)
    lines.push(new_line(*sorted[i], sorted[i]->outstanding(), i + 1));
  request.set("lines", std::move(lines));
  return request;
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror && engine_.profile().descriptor().inert_by.empty())
      throw Failure{{ErrorCode::unsupported, "this ERP cannot keep a mirrored document inert"}};
    engine_.must_offer("place_order");
    if (const auto there = find_written(order.id, context)) return receipt_of(*there, order.id);
    try {
      engine_.ask("place_order", placement_of(order, context), context);
    } catch (const Failure& failure) {
      // A key that is there already: perhaps by our own request, repeated on its way.
      if (failure.error.code != ErrorCode::conflict) throw;
      const auto there = after_write([&] { return find_written(order.id, context); });
      if (!there) throw;
      return receipt_of(*there, order.id);
    }
    return after_write([&] {
      const auto there = find_written(order.id, context);
      if (!there) throw Failure{{ErrorCode::not_found, "the order is not there yet"}};
      // The feed tells a channel of its order; of a mirror only its sender is told.
      if (there->pending() && context.role == Role::mirror)
        throw Failure{{ErrorCode::outcome_unknown, "the ERP has not answered yet"}};
      return receipt_of(*there, order.id);
    });
  });
}

// ---- changing

Value Orders::named(const Held& held, const WriteContext& context) const {
  Value request = Value::object();
  request.set("document", held.document.text());
  if (!held.order.id.empty()) {
    request.set("reference", reference_of(held.order.id));
    request.set("channel", held.order.id.channel.text());
    request.set("number", held.order.id.number.text());
  }
  request.set("revision", held.order.revision.text());
  request.set("role", context.role == Role::mirror ? "mirror" : "primary");
  return request;
}

namespace {

// The header of change_order: all of it, as it shall be.
void set_header(Value& request, const std::string& customer_reference,
                const std::optional<Date>& date, const std::optional<Address>& ship_to) {
  if (const auto text = text_or_nothing(customer_reference))
    request.set("customerReference", *text);
  if (date) request.set("requestedDate", date->text());
  if (ship_to) request.set("shipTo", json::to_json(*ship_to));
}

struct LineChanges {
  Value changed = Value::array();
  Value added = Value::array();
  bool empty() const { return changed.empty() && added.empty(); }
};

const OrderLine* line_of(const Order& order, int number) {
  const auto found = std::find_if(order.lines.begin(), order.lines.end(),
                                  [&](const OrderLine& one) { return one.number == number; });
  return found == order.lines.end() ? nullptr : &*found;
}

void add_line(const LineAmendment& wanted, std::size_t index, std::size_t there,
              LineChanges& changes) {
  if (!wanted.added) {
    if (wanted.quantity && wanted.quantity->is_zero()) return;
    throw refused(ErrorCode::rejected, "the order has no line " + std::to_string(wanted.number),
                  at(index, "number"), "must name a line of the order");
  }
  const OrderLine& line = *wanted.added;
  const Decimal quantity = wanted.quantity.value_or(line.quantity - line.cancelled_quantity);
  if (is_positive(quantity))
    changes.added.push(new_line(line, quantity, there + changes.added.size() + 1));
}

void change_line(const OrderLine& held, const LineAmendment& wanted, std::size_t index, Role role,
                 LineChanges& changes) {
  const Decimal quantity = wanted.quantity.value_or(held.quantity);
  const Decimal price = wanted.unit_price.value_or(held.unit_price);
  Decimal discount = discount_of(held);
  if (wanted.adjustment_total) discount = -*wanted.adjustment_total;
  if (quantity < held.shipped_quantity)
    throw refused(ErrorCode::rejected,
                  held.shipped_quantity.normalized().text() + " of the line have shipped",
                  at(index, "quantity"), "must not be less than what has shipped");
  // A mirror holds what is outstanding, its amendment may speak of the whole line.
  const Decimal gross = (quantity * price).rounded(2, Rounding::half_up);
  if (quantity.is_zero())
    discount = Decimal{};
  else if (role == Role::mirror && discount > gross)
    discount = gross;
  Value change = changed_line(held, quantity, price, discount, wanted.requested_date);
  if (!change.is_null()) changes.changed.push(std::move(change));
}

}  // namespace

std::optional<Value> Orders::amended(const Held& held, const OrderAmendment& amendment,
                                     const WriteContext& context) const {
  const Order& now = held.order;
  const std::string customer_reference =
      amendment.customer_reference.value_or(now.customer_reference);
  const std::optional<Date> date =
      amendment.requested_date ? amendment.requested_date : now.requested_date;
  std::optional<Address> ship_to = now.ship_to;
  if (amendment.ship_to) {
    ship_to = amendment.ship_to;
    if (now.ship_to) {  // What the ERP does not keep is no change.
      ship_to->id = now.ship_to->id;
      ship_to->kind = now.ship_to->kind;
    }
  }
  LineChanges lines;
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& wanted = amendment.lines[i];
    if (const OrderLine* line = line_of(now, wanted.number))
      change_line(*line, wanted, i, context.role, lines);
    else
      add_line(wanted, i, now.lines.size(), lines);
  }
  if (lines.empty() && customer_reference == now.customer_reference && date == now.requested_date &&
      ship_to == now.ship_to)
    return std::nullopt;
  Value request = named(held, context);
  set_header(request, customer_reference, date, ship_to);
  request.set("changed", std::move(lines.changed));
  request.set("added", std::move(lines.added));
  return request;
}

std::optional<Value> Orders::followed(const Held& held, const Order& order,
                                      const WriteContext& context) const {
  LineChanges lines;
  for (const OrderLine& line : held.order.lines) {
    const OrderLine* home = line_of(order, line.number);
    const bool wanted = home != nullptr && is_positive(home->outstanding());
    Value change = wanted ? changed_line(line, home->outstanding(), home->unit_price,
                                         discount_share(*home, home->outstanding()), {})
                          : changed_line(line, {}, line.unit_price, {}, {});
    if (!change.is_null()) lines.changed.push(std::move(change));
  }
  for (const OrderLine& home : order.lines)
    if (is_positive(home.outstanding()) && line_of(held.order, home.number) == nullptr)
      lines.added.push(
          new_line(home, home.outstanding(), held.order.lines.size() + lines.added.size() + 1));
  if (lines.empty()) return std::nullopt;
  Value request = named(held, context);
  set_header(request, held.order.customer_reference, held.order.requested_date, held.order.ship_to);
  request.set("changed", std::move(lines.changed));
  request.set("added", std::move(lines.added));
  return request;
}

// The operation takes a release back in its own transaction. One that somebody else has been
// quicker than is computed once more, from what is there now.
OrderReceipt Orders::change(Held held, const OrderRef& ref, const Changes& changes,
                            const WriteContext& context) const {
  for (int attempt = 1;; ++attempt) {
    if (!held.open())
      throw Failure{{ErrorCode::rejected, "order " + held.document.text() + " is closed"}};
    const std::optional<Value> request = changes(held);
    if (!request) return receipt_of(held, ref.id);
    try {
      engine_.ask("change_order", *request, context);
      break;
    } catch (const Failure& failure) {
      if (failure.error.code != ErrorCode::conflict || attempt == 2) throw;
    }
    held = again(held, context);
  }
  return after_write([&] { return receipt_of(again(held, context), ref.id); });
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    return change(
        existing(ref, context), ref,
        [&](const Held& held) { return amended(held, amendment, context); }, context);
  });
}

OrderReceipt Orders::remove(Held held, const OrderRef& ref, const std::string& reason,
                            const WriteContext& context) const {
  for (int attempt = 1;; ++attempt) {
    if (held.posted)
      throw Failure{{ErrorCode::rejected, "order " + held.document.text() + " has been posted"}};
    if (held.cancelled) return receipt_of(held, ref.id);
    if (held.shipped())
      throw Failure{{ErrorCode::rejected, "order " + held.document.text() + " has shipped"}};
    Value request = named(held, context);
    if (!reason.empty()) request.set("reason", reason);
    try {
      engine_.ask("cancel_order", request, context);
      break;
    } catch (const Failure& failure) {
      if (failure.error.code != ErrorCode::conflict || attempt == 2) throw;
    }
    held = again(held, context);
  }
  // An ERP may delete what is cancelled, so that there is nothing to read again.
  const auto there = after_write([&] { return find({{}, held.document}, context); });
  if (there && there->open())
    throw Failure{{ErrorCode::outcome_unknown,
                   "order " + held.document.text() + " is still open after its cancellation"}};
  OrderReceipt receipt = receipt_of(held, ref.id);
  receipt.status = OrderStatus::cancelled;
  receipt.released = false;
  receipt.revision = {};
  return receipt;
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    if (!cancellation.lines.empty())
      throw Failure{{ErrorCode::unsupported, "lines are cancelled by amending their quantity"}};
    return remove(existing(ref, context), ref, cancellation.reason, context);
  });
}

OrderReceipt Orders::toggle(Held held, const OrderRef& ref, bool released,
                            const WriteContext& context) const {
  const std::string_view operation = released ? "release_order" : "block_order";
  try {
    engine_.ask(operation, named(held, context), context);
  } catch (const Failure& failure) {
    if (failure.error.code != ErrorCode::conflict) throw;
    held = again(held, context);
    if (!held.open())
      throw Failure{{ErrorCode::rejected, "order " + held.document.text() + " was closed"}};
    if (held.released == released) return receipt_of(held, ref.id);
    engine_.ask(operation, named(held, context), context);
  }
  return after_write([&] { return receipt_of(again(held, context), ref.id); });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror)
      throw Failure{{ErrorCode::unsupported, "a mirror stays unreleased"}};
    Held held = existing(ref, context);
    if (!held.open() || held.released) return receipt_of(held, ref.id);
    return toggle(std::move(held), ref, true, context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    Held held = existing(ref, context);
    if (!held.open())
      throw Failure{{ErrorCode::rejected, "order " + held.document.text() + " is closed"}};
    if (!held.released) return receipt_of(held, ref.id);
    return toggle(std::move(held), ref, false, context);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    const OrderRef ref{order.id, {}};
    auto held = find(ref, context);
    const bool gone = is_closed(order.status);
    if (!held) {
      if (!gone) throw Failure{{ErrorCode::not_found, "the ERP has no such order"}};
      OrderReceipt receipt;
      receipt.id = order.id;
      receipt.status = OrderStatus::cancelled;
      return receipt;
    }
    if (!held->open()) return receipt_of(*held, order.id);
    if (gone) return remove(std::move(*held), ref, {}, context);
    return change(
        std::move(*held), ref, [&](const Held& now) { return followed(now, order, context); },
        context);
  });
}

}  // namespace underpin::legacy::profile
