#include "legacy-adapters/jd_edwards/orders.h"

#include "contracts/order_status.h"

#include <algorithm>

namespace underpin::legacy::jd_edwards {
namespace {

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

}  // namespace

Orders::Orders(const Settings& settings, std::string system,
               std::shared_ptr<odbc::Database> database, const Interface& interface)
    : settings_(settings),
      system_(std::move(system)),
      documents_(settings, database),
      records_(settings, system_, database, documents_, interface),
      feed_(settings, database) {}

void must_be_no_charge(int number) {
  if (number >= charge_lines_from)
    throw refused(ErrorCode::rejected, "line numbers from 900 on are those of charges",
                  at_line(number, "number"), "must be below " + std::to_string(charge_lines_from));
}

// ---------------------------------------------------------------------------------------- placing
std::vector<LineContent> Orders::new_lines(const Order& order) const {
  std::vector<LineContent> lines;
  for (const OrderLine& line : order.lines) {
    if (!is_positive(line.outstanding())) continue;
    must_be_no_charge(line.number);
    Decimal adjustments;
    for (const Adjustment& adjustment : line.adjustments) adjustments += adjustment.amount;
    LineContent content;
    content.number = line.number;
    content.sku = line.sku;
    content.location = line.location;
    content.uom = line.uom;
    content.quantity = line.outstanding();
    content.unit_price = line.unit_price;
    content.net_amount =
        (content.quantity * line.unit_price).rounded(2, Rounding::half_up) +
        adjustment_share(adjustments, content.quantity, line.quantity - line.cancelled_quantity);
    content.requested_date = line.requested_date;
    lines.push_back(std::move(content));
  }
  if (lines.empty())
    throw refused(ErrorCode::rejected, "nothing of the order is outstanding", "/lines",
                  "must have a line with something to deliver");
  std::sort(lines.begin(), lines.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (std::size_t i = 0; i < order.charges.size(); ++i) {
    const Charge& charge = order.charges[i];
    const auto item = std::find_if(settings_.charges.begin(), settings_.charges.end(),
                                   [&](const ChargeItem& one) { return one.kind == charge.kind; });
    if (item == settings_.charges.end())
      throw refused(ErrorCode::rejected, "no item is configured for charges of kind " + charge.kind,
                    "/charges/" + std::to_string(i) + "/kind",
                    "must be a kind that the settings map");
    LineContent content;
    content.number = charge_lines_from + static_cast<int>(i);
    content.sku = Sku(item->item);
    content.line_type = item->line_type;
    content.location = LocationCode(settings_.branch);
    content.uom = settings_.uoms.front().first;
    content.quantity = Decimal::of(1);
    content.unit_price = content.net_amount = charge.amount;
    lines.push_back(std::move(content));
  }
  return lines;
}

std::vector<InterfaceRow> Orders::create_rows(const Order& order, std::int64_t customer,
                                              const std::vector<LineContent>& lines) const {
  if (order.prices_include_tax)
    throw refused(ErrorCode::unsupported, "JD Edwards keeps prices without tax",
                  "/pricesIncludeTax", "must be false");
  if (order.currency != settings_.local_currency)
    throw refused(ErrorCode::rejected, "orders are in the company's currency", "/currency",
                  "must be " + settings_.local_currency);
  HeaderContent header;
  header.purpose = make_purpose;
  header.key = {0, settings_.document_type, settings_.company};
  header.customer = customer;
  header.ordered = cyyddd_of(order.order_date);
  header.requested = cyyddd_of(order.requested_date.value_or(order.order_date));
  header.reference = reference_of(order.id);
  header.customer_reference = order.customer_reference;
  header.hold = settings_.hold;
  header.currency = order.currency;
  header.lines = lines.size();
  std::vector<InterfaceRow> rows{records_.header_row(header)};
  for (const LineContent& line : lines) rows.push_back(records_.line_row(line));
  if (order.ship_to) rows.push_back(records_.address_row(*order.ship_to, "2"));
  if (order.bill_to) rows.push_back(records_.address_row(*order.bill_to, "1"));
  return rows;
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    return with_places(order.lines, [&] {
      const auto rows = [&] {
        const auto customer = documents_.address_number(order.customer, context);
        if (!customer)
          throw refused(ErrorCode::rejected, "customer " + order.customer.text() + " is not known",
                        "/customer", "is not known");
        return create_rows(order, *customer, new_lines(order));
      };
      const Document document =
          records_.place(reference_of(order.id), settings_.document_type, rows, context);
      // A version of R40211 that leaves the hold code out: goods would be sent twice.
      if (context.role == Role::mirror && document.is_released())
        throw Failure{{ErrorCode::conflict, "the copy " + number_of(document.key).text() +
                                                " is not on hold in JD Edwards"}};
      return read_after_write(system_,
                              [&] { return documents_.receipt_of(document, order.id, context); });
    });
  });
}

// --------------------------------------------------------------------------------------- changing
Document Orders::must_find(const OrderRef& ref, const CallContext& context) const {
  auto document = documents_.find(ref, context);
  if (!document) throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
  return std::move(*document);
}

// For a write: nothing waits to change it any more. It is read after that, or a change that was
// carried out just before would be missed.
Document Orders::must_settle(const OrderRef& ref, const CallContext& context) const {
  const DocumentKey key = must_find(ref, context).key;
  records_.settle_changes(key, context);
  return must_find({ref.id, number_of(key)}, context);
}

OrderReceipt Orders::change(const Document& document, const OrderRef& ref,
                            const OrderChanges& changes, const std::string& hold,
                            std::string_view purpose, const WriteContext& context) const {
  HeaderContent header;
  header.purpose = purpose;
  header.key = document.key;
  header.customer = document.customer;
  header.ordered = document.ordered;
  header.requested = changes.requested_date ? cyyddd_of(*changes.requested_date) : 0;
  header.reference = document.reference;
  header.customer_reference = changes.customer_reference.value_or(document.customer_reference);
  header.hold = hold;
  header.currency = document.currency;
  header.lines = changes.lines.size();
  std::vector<InterfaceRow> rows{records_.header_row(header)};
  for (const LineContent& line : changes.lines) rows.push_back(records_.line_row(line));
  if (changes.ship_to) rows.push_back(records_.address_row(*changes.ship_to, "2"));
  try {
    records_.change(document.key, rows, context);
  } catch (const Failure& failure) {
    // A job may refuse the rest of what it has begun with.
    if (failure.error.code != ErrorCode::rejected) throw;
    const auto now =
        read_after_write(system_, [&] { return documents_.by_key(document.key, context); });
    if (now && now->hold == document.hold && now->requested == document.requested &&
        now->customer_reference == document.customer_reference && now->rows == document.rows)
      throw;
    throw Failure{{ErrorCode::outcome_unknown, failure.error.message + "; a part of it is there",
                   system_, failure.error.vendor_code}};
  }
  return read_after_write(system_, [&] {
    const auto now = documents_.by_key(document.key, context);
    if (!now) throw Failure{{ErrorCode::outcome_unknown, "the order is not seen any more"}};
    return documents_.receipt_of(*now, ref.id, context);
  });
}

// An order that is released is taken back for the change; the caller releases it again. A hold of
// somebody else stays.
OrderReceipt Orders::changed(const Document& document, const OrderRef& ref,
                             const std::function<OrderChanges(const Order&)>& wanted,
                             const WriteContext& context) const {
  const OrderChanges changes = wanted(documents_.order_of(document, context));
  // A mirror is inert by our hold alone: what lifts another's would release it.
  const bool unheld = context.role == Role::mirror && document.hold != settings_.hold;
  if (changes.empty() && !unheld) return documents_.receipt_of(document, ref.id, context);
  if (!changes.lines.empty() && is_foreign(document))
    throw Failure{{ErrorCode::rejected, "order " + number_of(document.key).text() + " is in " +
                                            document.currency + ": its lines are changed in JDE"}};
  const std::string hold = unheld || document.hold.empty() ? settings_.hold : document.hold;
  return change(document, ref, changes, hold, alter_purpose, context);
}

// Its lines' amounts are told in the company's currency, and could not be written in that.
bool Orders::is_foreign(const Document& document) const {
  return !document.currency.empty() && document.currency != settings_.local_currency;
}

OrderReceipt Orders::cancelled(const Document& document, const OrderRef& ref,
                               const WriteContext& context) const {
  if (document.is_cancelled()) return documents_.receipt_of(document, ref.id, context);
  if (document.has_shipped())
    throw Failure{
        {ErrorCode::rejected, "order " + number_of(document.key).text() + " has shipped"}};
  return change(document, ref, {}, document.hold, cancel_purpose, context);
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Document document = must_settle(ref, context);
    if (!document.is_open())
      throw Failure{
          {ErrorCode::rejected, "order " + number_of(document.key).text() + " is closed"}};
    return with_places(amendment.lines, [&] {
      return changed(
          document, ref, [&](const Order& held) { return amended(held, amendment, context.role); },
          context);
    });
  });
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    if (!cancellation.lines.empty())
      throw Failure{{ErrorCode::unsupported, "lines are cancelled by amending their quantity"}};
    return cancelled(must_settle(ref, context), ref, context);
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror)
      throw Failure{{ErrorCode::unsupported, "a mirror stays on hold"}};
    const Document document = must_settle(ref, context);
    if (!document.is_open() || document.hold.empty())
      return documents_.receipt_of(document, ref.id, context);
    if (document.hold != settings_.hold)
      throw Failure{{ErrorCode::rejected, "order " + number_of(document.key).text() +
                                              " is on hold " + document.hold +
                                              ", which is not ours to lift"}};
    return change(document, ref, {}, "", alter_purpose, context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Document document = must_settle(ref, context);
    if (!document.is_open())
      throw Failure{
          {ErrorCode::rejected, "order " + number_of(document.key).text() + " is closed"}};
    if (document.hold == settings_.hold) return documents_.receipt_of(document, ref.id, context);
    // JDE keeps one code: theirs would be lost, or its lifting would release the order.
    if (!document.hold.empty())
      throw Failure{{ErrorCode::rejected, "order " + number_of(document.key).text() +
                                              " is on hold " + document.hold +
                                              ", which JDE's people may lift at any moment"}};
    return change(document, ref, {}, settings_.hold, alter_purpose, context);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const OrderRef ref{order.id, {}};
    const bool gone = is_closed(order.status);
    // A copy that is still waiting to be made is not gone.
    if (!records_.find(reference_of(order.id), settings_.document_type, context)) {
      if (!gone) throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
      OrderReceipt receipt;
      receipt.id = order.id;
      receipt.status = OrderStatus::cancelled;
      return receipt;
    }
    const Document document = must_settle(ref, context);
    if (!document.is_open()) return documents_.receipt_of(document, order.id, context);
    if (gone) return cancelled(document, ref, context);
    return with_places(order.lines, [&] {
      return changed(
          document, ref, [&](const Order& held) { return followed(held, order); }, context);
    });
  });
}

// ---------------------------------------------------------------------------------------- reading
Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(system_, ErrorCode::internal,
                 [&] { return documents_.order_of(must_find(ref, context), context); });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const auto document = records_.find(reference_of(id), settings_.document_type, context);
    if (document) return documents_.receipt_of(*document, id, context);
    throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
  });
}

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    Page<Order> page;
    std::optional<std::int64_t> customer;
    if (query.customer) {
      customer = documents_.address_number(*query.customer, context);
      if (!customer) return page;
    }
    std::int64_t after = 0;
    if (!query.cursor.empty()) {
      const auto given = Decimal::parse(query.cursor.text());
      if (!given || given->scale() != 0 || query.cursor.text().size() > 15)
        throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
      after = static_cast<std::int64_t>(given->coefficient());
    }
    const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, settings_.page_size));
    const auto numbers = documents_.open_numbers(customer, after, limit, context);
    if (numbers.size() == limit) page.next = Cursor(std::to_string(numbers.back()));
    for (const Document& document :
         documents_.of_numbers(numbers, settings_.document_type, context)) {
      if (!document.is_open()) continue;
      Order order = documents_.order_of(document, context);
      if (query.updated_since && order.updated_at && *order.updated_at < *query.updated_since)
        continue;
      page.items.push_back(std::move(order));
    }
    return page;
  });
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] { return feed_.changes(cursor, context); });
}

}  // namespace underpin::legacy::jd_edwards
