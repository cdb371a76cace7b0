#include "legacy-adapters/dynamics_nav/orders.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr std::size_t payment_reference_max = 50;

std::string at(std::size_t index, std::string_view field) {
  return "/lines/" + std::to_string(index) + "/" + std::string(field);
}

Failure refused(ErrorCode code, std::string message, std::string pointer, std::string rule) {
  Error error{code, std::move(message)};
  error.fields.push_back({std::move(pointer), std::move(rule)});
  return {std::move(error)};
}

// NAV's form of an amount, without needless zeros.
std::string nav_amount(Decimal amount) { return amount.normalized().text(); }

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

Record with_lines(Record header, std::vector<Record> lines) {
  if (lines.empty()) return header;
  Record part = Record::object();
  part.set("Sales_Order_Line", Record::array(std::move(lines)));
  header.set("SalesLines", std::move(part));
  return header;
}

// A record from a mapping: what breaks a rule of NAV's is the channel's to change.
Record said(const mapping::Mapping& mapping, const json::Value& document,
            const std::string& prefix) {
  Result<json::Value> record = mapping.to_vendor(document);
  if (record) return std::move(record).value();
  Error error = record.error();
  for (FieldError& field : error.fields) field.pointer = prefix + field.pointer;
  throw Failure{error};
}

void set_if_other(Record& changes, const Record& current, std::string_view element,
                  const std::string& value) {
  if (text_of(current, element) != value) changes.set(element, value);
}

void set_amount_if_other(Record& changes, const Record& current, std::string_view element,
                         Decimal value) {
  if (amount_of(current, element) != value) changes.set(element, nav_amount(value));
}

}  // namespace

Decimal discount_share(Decimal adjustments, Decimal quantity, Decimal of) {
  if (quantity == of || of.is_zero()) return -adjustments;
  return Decimal::divided(-adjustments * quantity, of, 2, Rounding::half_up);
}

// --------------------------------------------------------------------------------------- placing
Record Orders::header_of(const Order& order) const {
  json::Value document = json::to_json(order);
  if (order.currency == settings_.local_currency) document.erase("currency");
  Record header = said(mappings_.header, document, {});
  header.set("External_Document_No", reference_of(order.id));
  // A line's own date is told from the header's: see Documents.
  header.set("Shipment_Date", order.requested_date.value_or(order.order_date).text());
  const auto add = [&](const std::optional<Address>& address, const mapping::Mapping& mapping,
                       const std::string& prefix) {
    if (!address) return;
    const Record fields = said(mapping, json::to_json(*address), prefix);
    for (const json::Member& member : fields.members()) header.set(member.key, member.value);
  };
  add(order.bill_to, mappings_.bill_to, "/billTo");
  add(order.ship_to, mappings_.ship_to, "/shipTo");
  std::string payments;
  for (const PaymentReference& payment : order.payments) {
    const std::string next = payments + (payments.empty() ? "" : " ") + payment.id;
    if (next.size() <= payment_reference_max) payments = next;
  }
  if (!payments.empty()) header.set("Payment_Reference", payments);
  return header;
}

Record Orders::line_of(const OrderLine& line, Decimal quantity, std::size_t index) const {
  const Decimal adjustments = sum_of(line.adjustments);
  if (is_positive(adjustments))
    throw refused(ErrorCode::unsupported, "NAV keeps no surcharge on an order line",
                  at(index, "adjustments"), "must not be positive in sum");
  if (adjustments.normalized().scale() > 2)
    throw refused(ErrorCode::rejected, "a line's discount has more than two decimals",
                  at(index, "adjustments"), "must be whole cents in sum");
  json::Value document = json::Value::object();
  document.set("sku", line.sku.text());
  document.set("description", line.description);
  document.set("uom", line.uom);
  document.set("location", line.location.text());
  document.set("quantity", nav_amount(quantity));
  document.set("unitPrice", nav_amount(line.unit_price));
  if (line.requested_date) document.set("requestedDate", line.requested_date->text());
  Record record = said(mappings_.line, document, "/lines/" + std::to_string(index));
  record.set(
      "Line_Discount_Amount",
      nav_amount(discount_share(adjustments, quantity, line.quantity - line.cancelled_quantity)));
  for (const Adjustment& adjustment : line.adjustments) {
    if (adjustment.promotion.empty()) continue;
    if (adjustment.promotion.size() > 20)
      throw refused(ErrorCode::rejected, "a promotion's id is too long for NAV",
                    at(index, "adjustments"), "must have promotion ids of at most 20 characters");
    record.set("Promotion_Code", adjustment.promotion);
    record.set("Promotion_Version", std::to_string(adjustment.promotion_version));
    break;
  }
  return record;
}

Record Orders::charge_of(const Charge& charge, std::size_t index) const {
  const auto account =
      std::find_if(settings_.charges.begin(), settings_.charges.end(),
                   [&](const ChargeAccount& one) { return one.kind == charge.kind; });
  const std::string pointer = "/charges/" + std::to_string(index);
  if (account == settings_.charges.end())
    throw refused(ErrorCode::rejected,
                  "no account is configured for charges of kind " + charge.kind, pointer + "/kind",
                  "must be a kind that the ERP has an account for");
  if (charge.amount.is_negative())
    throw refused(ErrorCode::unsupported, "NAV takes no negative charge", pointer + "/amount",
                  "must not be negative");
  Record record = Record::object();
  record.set("Type", "G_L_Account");
  record.set("No", account->account);
  record.set("Description", charge.code.empty() ? charge.kind : charge.code);
  record.set("Quantity", "1");
  record.set("Unit_Price", nav_amount(charge.amount));
  record.set("Line_Discount_Amount", "0");
  return record;
}

// Articles in the order of their numbers, then charges. NAV numbers what it gets 10000, 20000 ...
std::vector<Record> Orders::new_lines(const Order& order) const {
  std::vector<std::pair<int, Record>> articles;
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& line = order.lines[i];
    if (!is_positive(line.outstanding())) continue;
    articles.emplace_back(line.number, line_of(line, line.outstanding(), i));
  }
  std::stable_sort(articles.begin(), articles.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Record> lines;
  for (auto& [number, record] : articles) {
    const std::string description = text_of(record, "Description");
    if (number != static_cast<int>(lines.size()) + 1 || without_number(description).second != 0)
      record.set("Description", with_number(description, number));
    lines.push_back(std::move(record));
  }
  if (lines.empty())
    throw refused(ErrorCode::rejected, "nothing of the order is outstanding", "/lines",
                  "must have a line with something to deliver");
  for (std::size_t i = 0; i < order.charges.size(); ++i)
    lines.push_back(charge_of(order.charges[i], i));
  return lines;
}

// The header under our reference: one that was begun before, or a new one.
Record Orders::begin_order(const Order& order, const WriteContext& context) const {
  std::vector<Record> begun = documents_.begun(order.id, context);
  for (std::size_t i = 1; i < begun.size(); ++i) discard(begun[i], context);
  if (!begun.empty()) return std::move(begun.front());
  return must(services_.create(sales_order_binding(), header_of(order), context));
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    const Found found = documents_.find_by_reference(order.id, context);
    if (found.place != Place::nowhere) return documents_.receipt_of(found, order.id);
    const std::vector<Record> lines = new_lines(order);  // Before anything is sent.
    Record header = begin_order(order, context);
    for (int attempt = 1;; ++attempt) {
      Record update = with_lines(header_of(order), lines);
      update.set("Key", text_of(header, "Key"));
      const Result<Record> placed = services_.update(sales_order_binding(), update, context);
      if (placed) return confirm_placed(order, *placed, context);
      if (placed.error().code == ErrorCode::conflict && attempt == 1) {
        // Somebody was quicker; perhaps it was our own request, repeated on its way.
        const std::string number = text_of(header, "No");
        Result<std::optional<Record>> read = services_.read(sales_order_binding(), number, context);
        if (!read) {
          Error error = read.error();
          error.code = ErrorCode::outcome_unknown;
          throw Failure{error};
        }
        std::optional<Record> now = std::move(read).value();
        if (now && order_lines(*now).empty()) {
          header = std::move(*now);
          continue;
        }
        if (now) return confirm_placed(order, *now, context);
      }
      // A refused order leaves no header behind.
      if (disposition(placed.error().code) == Disposition::answer_caller) discard(header, context);
      throw Failure{placed.error()};
    }
  });
}

// Reads back what NAV holds under the reference: its totals, and whether it holds it once.
OrderReceipt Orders::confirm_placed(const Order& order, const Record& placed,
                                    const WriteContext& context) const {
  const std::string number = text_of(placed, "No");
  const Record* now = &placed;
  const Result<std::vector<Record>> held =
      services_.list(sales_order_binding(),
                     {{"External_Document_No", literal(reference_of(order.id))}}, "", 0, context);
  std::string numbers;
  if (held) {
    for (const Record& one : *held) {
      if (text_of(one, "No") == number) {
        now = &one;
      } else if (order_lines(one).empty()) {
        discard(one, context);
        continue;
      }
      numbers += (numbers.empty() ? "" : ", ") + text_of(one, "No");
    }
    if (numbers.find(',') != std::string::npos)
      throw Failure{
          {ErrorCode::conflict, "NAV holds more than one document with external reference " +
                                    reference_of(order.id) + ": " + numbers}};
  }
  return documents_.receipt_of({Place::open, number, *now, {}, {}}, order.id);
}

// Takes a header without lines away, its reference first, so that no archive keeps it. What fails
// here is found by the next place_order.
void Orders::discard(const Record& begun, const CallContext& context) const {
  Record update = Record::object();
  update.set("Key", text_of(begun, "Key"));
  update.set("External_Document_No", "");
  const Result<Record> renamed = services_.update(sales_order_binding(), update, context);
  if (!renamed || !order_lines(*renamed).empty()) return;
  (void)services_.remove(sales_order_binding(), text_of(*renamed, "Key"), context);
}

// -------------------------------------------------------------------------------------- changing
Record Orders::amended(const Record& header, const OrderAmendment& amendment, Role role) const {
  Record changes = Record::object();
  if (amendment.ship_to) {
    const Record fields = said(mappings_.ship_to, json::to_json(*amendment.ship_to), "/shipTo");
    for (const json::Member& member : fields.members())
      set_if_other(changes, header, member.key, member.value.text());
  }
  if (amendment.requested_date)
    set_if_other(changes, header, "Requested_Delivery_Date", amendment.requested_date->text());
  if (amendment.customer_reference) {
    if (amendment.customer_reference->size() > 35)
      throw refused(ErrorCode::invalid_request, "the customer's reference is too long",
                    "/customerReference", "must have at most 35 characters");
    set_if_other(changes, header, "Your_Reference", *amendment.customer_reference);
  }
  const std::vector<Record>& present = order_lines(header);
  const std::map<std::int64_t, int> numbers =
      numbers_of(present, !text_of(header, "External_Document_No").empty());
  std::int64_t last = 0;
  for (const Record& line : present) last = std::max(last, line_no_of(line));
  std::vector<Record> lines;
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& wanted = amendment.lines[i];
    const auto line = std::find_if(present.begin(), present.end(), [&](const Record& one) {
      const auto number = numbers.find(line_no_of(one));
      return number != numbers.end() && number->second == wanted.number;
    });
    if (line == present.end()) {
      if (!wanted.added) {
        if (wanted.quantity && wanted.quantity->is_zero()) continue;
        throw refused(ErrorCode::rejected, "the order has no line " + std::to_string(wanted.number),
                      at(i, "number"), "must name a line of the order");
      }
      const OrderLine& added = *wanted.added;
      const Decimal quantity = wanted.quantity.value_or(added.quantity - added.cancelled_quantity);
      if (!is_positive(quantity)) continue;
      Record record = line_of(added, quantity, i);
      last = (last / line_step + 1) * line_step;
      const std::string description = text_of(record, "Description");
      if (last != std::int64_t{wanted.number} * line_step ||
          without_number(description).second != 0)
        record.set("Description", with_number(description, wanted.number));
      lines.push_back(std::move(record));
      continue;
    }
    const Decimal quantity = wanted.quantity.value_or(amount_of(*line, "Quantity"));
    const Decimal price = wanted.unit_price.value_or(amount_of(*line, "Unit_Price"));
    Decimal discount = amount_of(*line, "Line_Discount_Amount");
    if (wanted.adjustment_total) discount = -*wanted.adjustment_total;
    if (discount.is_negative())
      throw refused(ErrorCode::unsupported, "NAV keeps no surcharge on an order line",
                    at(i, "adjustmentTotal"), "must not be positive");
    // A mirror holds what is outstanding, its amendment may speak of the whole line.
    const Decimal gross = (quantity * price).rounded(2, Rounding::half_up);
    if (quantity.is_zero() || (role == Role::mirror && discount > gross))
      discount = quantity.is_zero() ? Decimal{} : gross;
    Record change = Record::object();
    set_amount_if_other(change, *line, "Quantity", quantity);
    set_amount_if_other(change, *line, "Unit_Price", price);
    set_amount_if_other(change, *line, "Line_Discount_Amount", discount);
    if (!change.empty()) {  // All three, or NAV looks the price up again.
      change.set("Quantity", nav_amount(quantity));
      change.set("Unit_Price", nav_amount(price));
      change.set("Line_Discount_Amount", nav_amount(discount));
    }
    if (wanted.requested_date)
      set_if_other(change, *line, "Shipment_Date", wanted.requested_date->text());
    if (change.empty()) continue;
    change.set("Key", text_of(*line, "Key"));
    lines.push_back(std::move(change));
  }
  return with_lines(std::move(changes), std::move(lines));
}

Record Orders::followed(const Record& header, const Order& order) const {
  const std::vector<Record>& present = order_lines(header);
  const std::map<std::int64_t, int> numbers = numbers_of(present, true);
  std::vector<Record> lines;
  std::set<int> there;
  std::int64_t last = 0;
  for (const Record& line : present) {
    last = std::max(last, line_no_of(line));
    const auto number = numbers.find(line_no_of(line));
    if (number == numbers.end()) continue;
    there.insert(number->second);
    const auto home =
        std::find_if(order.lines.begin(), order.lines.end(),
                     [&](const OrderLine& one) { return one.number == number->second; });
    Decimal quantity;
    Decimal price = amount_of(line, "Unit_Price");
    Decimal discount;
    if (home != order.lines.end() && is_positive(home->outstanding())) {
      quantity = home->outstanding();
      price = home->unit_price;
      discount = discount_share(sum_of(home->adjustments), quantity,
                                home->quantity - home->cancelled_quantity);
    }
    Record change = Record::object();
    set_amount_if_other(change, line, "Quantity", quantity);
    set_amount_if_other(change, line, "Unit_Price", price);
    set_amount_if_other(change, line, "Line_Discount_Amount", discount);
    if (change.empty()) continue;
    change.set("Key", text_of(line, "Key"));
    change.set("Quantity", nav_amount(quantity));
    change.set("Unit_Price", nav_amount(price));
    change.set("Line_Discount_Amount", nav_amount(discount));
    lines.push_back(std::move(change));
  }
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& home = order.lines[i];
    if (!is_positive(home.outstanding()) || there.count(home.number) != 0) continue;
    Record record = line_of(home, home.outstanding(), i);
    last = (last / line_step + 1) * line_step;
    const std::string description = text_of(record, "Description");
    if (last != std::int64_t{home.number} * line_step || without_number(description).second != 0)
      record.set("Description", with_number(description, home.number));
    lines.push_back(std::move(record));
  }
  return with_lines(Record::object(), std::move(lines));
}

void Orders::release(const std::string& number, const char* operation,
                     const CallContext& context) const {
  Record request = Record::object();
  request.set("orderNo", number);
  must(services_.call(release_binding(), operation, request, context));
}

// Applies changes to an open order: reopened if it is released, its Key read again at most once.
OrderReceipt Orders::change_open(Found found, const OrderRef& ref, const Changes& changes,
                                 const WriteContext& context) const {
  const std::string number = found.number;
  bool reopened = false;
  const auto reread = [&] {
    found = documents_.find_by_number(number, context);
    if (found.place != Place::open)
      throw Failure{{ErrorCode::rejected, "order " + number + " was closed meanwhile"}};
  };
  try {
    for (int attempt = 1;; ++attempt) {
      Record update = changes(found.header);
      if (update.empty()) break;
      if (is_released(found.header)) {
        release(number, "ReopenOrder", context);
        reopened = true;
        reread();
        update = changes(found.header);
      }
      update.set("Key", text_of(found.header, "Key"));
      Result<Record> updated = services_.update(sales_order_binding(), update, context);
      if (updated) {
        found.header = std::move(updated).value();
        break;
      }
      // A release that was under way, perhaps our own of before, may come after the reopening.
      const bool released_again = updated.error().code == ErrorCode::rejected && reopened;
      if ((updated.error().code != ErrorCode::conflict && !released_again) || attempt == 2)
        throw Failure{updated.error()};
      reread();
      if (released_again && !is_released(found.header)) throw Failure{updated.error()};
    }
  } catch (const Failure& failure) {
    // What was not changed is released again, or nobody would.
    if (reopened && context.role == Role::primary &&
        failure.error.code != ErrorCode::outcome_unknown) {
      try {
        release(number, "ReleaseOrder", context);
      } catch (const Failure& second) {
        Error error = failure.error;
        error.message += "; and it could not be released again: " + second.error.message;
        throw Failure{error};
      }
    }
    throw;
  }
  return documents_.receipt_of(found, ref.id);
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
    if (found.place != Place::open)
      throw Failure{{ErrorCode::rejected, "order " + found.number + " is closed"}};
    return change_open(
        std::move(found), ref,
        [&](const Record& header) { return amended(header, amendment, context.role); }, context);
  });
}

OrderReceipt Orders::remove_open(Found found, const OrderRef& ref,
                                 const WriteContext& context) const {
  for (int attempt = 1;; ++attempt) {
    if (has_shipped(found.header))
      throw Failure{{ErrorCode::rejected, "order " + found.number + " has shipped"}};
    const Status removed =
        services_.remove(sales_order_binding(), text_of(found.header, "Key"), context);
    const bool again = !removed && attempt == 1 &&
                       (removed.error().code == ErrorCode::conflict ||
                        removed.error().code == ErrorCode::not_found);
    if (!removed && !again) throw Failure{removed.error()};
    if (removed) {
      OrderReceipt receipt = documents_.receipt_of(found, ref.id);
      receipt.status = OrderStatus::cancelled;
      receipt.released = false;
      receipt.revision = {};
      return receipt;
    }
    found = documents_.find_by_number(found.number, context);
    if (found.place == Place::archived) return documents_.receipt_of(found, ref.id);
    if (found.place != Place::open)
      throw Failure{{ErrorCode::rejected, "order " + found.number + " was posted meanwhile"}};
  }
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    // NAV does not know what a line was before: only its new quantity is absolute.
    if (!cancellation.lines.empty())
      throw Failure{{ErrorCode::unsupported, "lines are cancelled by amending their quantity"}};
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
    if (found.place == Place::open) return remove_open(std::move(found), ref, context);
    OrderReceipt receipt = documents_.receipt_of(found, ref.id);
    if (receipt.status != OrderStatus::cancelled)
      throw Failure{{ErrorCode::rejected, "order " + found.number + " has been posted"}};
    return receipt;
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror)
      throw Failure{{ErrorCode::unsupported, "a mirror stays unreleased"}};
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
    if (found.place != Place::open || is_released(found.header))
      return documents_.receipt_of(found, ref.id);
    release(found.number, "ReleaseOrder", context);
    // Released it is, whether or not it can be read again.
    const Result<std::optional<Record>> now =
        services_.read(sales_order_binding(), found.number, context);
    if (now && *now) found.header = **now;
    found.header.set("Status", "Released");
    return documents_.receipt_of(found, ref.id);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
    if (found.place != Place::open)
      throw Failure{{ErrorCode::rejected, "order " + found.number + " is closed"}};
    if (is_released(found.header)) {
      release(found.number, "ReopenOrder", context);
      // Open it is, whether or not it can be read again.
      const Result<std::optional<Record>> now =
          services_.read(sales_order_binding(), found.number, context);
      if (now && *now) found.header = **now;
      found.header.set("Status", "Open");
    }
    return documents_.receipt_of(found, ref.id);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    const OrderRef ref{order.id, {}};
    Found found = documents_.find(ref, context);
    const bool gone = is_closed(order.status);
    if (found.place == Place::nowhere) {
      if (!gone) throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
      OrderReceipt receipt;
      receipt.id = order.id;
      receipt.status = OrderStatus::cancelled;
      return receipt;
    }
    if (found.place != Place::open) return documents_.receipt_of(found, order.id);
    if (gone) return remove_open(std::move(found), ref, context);
    return change_open(
        std::move(found), ref, [&](const Record& header) { return followed(header, order); },
        context);
  });
}

// --------------------------------------------------------------------------------------- reading
Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    const Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
    return documents_.order_of(found, context);
  });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    const Found found = documents_.find_by_reference(id, context);
    if (found.place == Place::nowhere)
      throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
    return documents_.receipt_of(found, id);
  });
}

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    std::vector<Filter> filters;
    if (query.customer) filters.push_back({"Sell_to_Customer_No", literal(query.customer->text())});
    const int size = std::clamp(query.limit, 1, settings_.page_size);
    std::vector<Record> rows =
        must(services_.list(sales_order_binding(), filters, query.cursor.text(), size, context));
    Page<Order> page;
    if (static_cast<int>(rows.size()) == size) page.next = Cursor(text_of(rows.back(), "Key"));
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [](const Record& row) { return order_lines(row).empty(); }),
               rows.end());
    for (Order& order : documents_.open_orders_of(rows, context)) {
      if (query.updated_since && order.updated_at && *order.updated_at < *query.updated_since)
        continue;
      page.items.push_back(std::move(order));
    }
    return page;
  });
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return feed_.changes(cursor, context);
}

}  // namespace underpin::legacy::dynamics_nav
