#include "cloud-adapters/business_central/order_change.h"
#include "cloud-adapters/business_central/orders.h"

#include <algorithm>

namespace underpin::cloud::business_central {
namespace {

void set_if_other(json::Value& body, const json::Value& record, std::string_view name,
                  const std::string& wanted) {
  if (text_of(record, name) != wanted) body.set(name, wanted);
}

void set_if_other(json::Value& body, const json::Value& record, std::string_view name,
                  Decimal wanted) {
  if (decimal_of(record, name) != wanted) body.set(name, json::Value::number(wanted));
}

bool not_positive(Decimal quantity) { return quantity.is_zero() || quantity.is_negative(); }

}  // namespace

// The page takes no other amount for a row: it is removed and written again. Rows are informative;
// the line's discount counts, and is written by now.
void Orders::Change::keep_shares(Documents& documents) {
  std::erase_if(discounts, [](const auto& one) {
    return !(one.second.now > one.second.before) || one.second.before.is_zero();
  });
  if (discounts.empty()) return;
  std::map<std::int64_t, std::vector<json::Value>> rows_of;
  for (json::Value& row : documents.promotions(current.order_id, context)) {
    const std::int64_t sequence = integer_of(row, "lineSequence");
    if (discounts.count(sequence) > 0) rows_of[sequence].push_back(std::move(row));
  }
  const std::string url = site.page(site.settings().pages.promotions, context);
  for (const auto& [sequence, rows] : rows_of) {
    const Discount& discount = discounts.at(sequence);
    Decimal explained;
    for (const json::Value& row : rows) explained += decimal_of(row, "amount");
    if (explained.is_zero() || explained.is_negative()) continue;
    const Decimal wanted = Decimal::divided(std::min(explained, discount.before) * discount.now,
                                            discount.before, 2, Rounding::half_up);
    if (!(wanted > explained)) continue;  // What explains more than there is, is read as a share.
    Decimal rest = wanted;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Decimal amount = i + 1 == rows.size()
                                 ? rest
                                 : Decimal::divided(decimal_of(rows[i], "amount") * wanted,
                                                    explained, 2, Rounding::half_up);
      rest -= amount;
      json::Value body = json::Value::object();
      for (const char* name :
           {"orderId", "lineSequence", "promotionCode", "promotionVersion", "description"})
        if (const json::Value* member = rows[i].find(name)) body.set(name, *member);
      body.set("amount", json::Value::number(amount));
      send("DELETE", url + "(" + text_of(rows[i], "id") + ")", {}, etag_of(rows[i]));
      send("POST", url, body, {});
    }
  }
  discounts.clear();
}

// Applies a change to a living order, once more on the present version when somebody else saved it
// meanwhile. An order that was reopened for a change that then fails is released again: it must not
// be forgotten unreleased.
Result<OrderReceipt> Orders::change_order(Found found, const OrderId& id,
                                          const WriteContext& context,
                                          const std::function<void(Change&)>& apply) {
  Change change(site_, context, std::move(found));
  const bool was_released = is_released(change.current.header);
  bool explaining = false;
  try {
    for (int attempt = 0;; ++attempt) {
      try {
        apply(change);
        break;
      } catch (const Failure& failure) {
        // A release that was under way, perhaps our own of before, may come after the reopening.
        const bool released_again = failure.error.code == ErrorCode::rejected && change.reopened;
        if ((failure.error.code != ErrorCode::conflict && !released_again) || attempt > 0) throw;
        const std::string number = change.current.number;
        change.current = documents_.living(change.current.order_id, context);
        if (released_again && change.current.place != Place::nowhere &&
            !is_released(change.current.header))
          throw;
        if (change.current.place == Place::nowhere)
          throw Failure{site_.rejected("order " + number + " was posted or deleted meanwhile")};
      }
    }
    explaining = true;
    change.keep_shares(documents_);
    if (!change.added.empty())
      add_promotions(change.current.order_id, change.added, Promotions::maybe_some, context);
  } catch (const Failure& failure) {
    Error error = failure.error;
    if (was_released && change.reopened && context.role == Role::primary) {
      json::Value body = json::Value::object();
      body.set("orderId", change.current.order_id);
      const Result<odata::Answer> released =
          site_.client().send("POST", site_.page(site_.settings().pages.releases, context), body,
                              {}, odata::Effect::absolute, context);
      if (!released) {
        error.code = ErrorCode::outcome_unknown;
        error.message +=
            "; the order was reopened and could not be released again: " + released.error().message;
      }
    }
    // Some of the change may be there: absolute changes are repeated or looked up, not forgotten.
    // When only what explains a discount is left, the change itself is: it is looked up, not
    // denied.
    if (change.wrote && (explaining || disposition(error.code) == Disposition::retry))
      error.code = ErrorCode::outcome_unknown;
    return error;
  }
  if (!change.wrote) return documents_.receipt_of(change.current, id, context);
  const Found now = documents_.living(change.current.order_id, context);
  if (now.place == Place::nowhere)
    return site_.failed(ErrorCode::outcome_unknown, "the order went away after it was changed");
  return documents_.receipt_of(now, id, context);
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such order")};
    if (found.place != Place::living)
      throw Failure{site_.rejected("order " + found.number + " is closed")};
    return must(change_order(std::move(found), ref.id, context,
                             [&](Change& change) { amend_living(change, amendment); }));
  });
}

void Orders::amend_living(Change& change, const OrderAmendment& amendment) {
  json::Value header = json::Value::object();
  const json::Value& current = change.current.header;
  if (amendment.ship_to) {
    const Address& to = *amendment.ship_to;
    set_if_other(header, current, "shipToName", to.name);
    set_if_other(header, current, "shipToAddressLine1", to.line1);
    set_if_other(header, current, "shipToAddressLine2", to.line2);
    set_if_other(header, current, "shipToCity", to.city);
    set_if_other(header, current, "shipToPostCode", to.post_code);
    set_if_other(header, current, "shipToState", to.region);
    set_if_other(header, current, "shipToCountry", to.country);
  }
  if (amendment.requested_date)
    set_if_other(header, current, "requestedDeliveryDate", amendment.requested_date->text());
  // The customer's own order number has no property in v2.0 salesOrders: the facade keeps it.
  if (!header.empty()) {
    const json::Value saved = change.send(
        "PATCH", site_.v2("salesOrders", change.context) + "(" + change.current.order_id + ")",
        header, etag_of(current));
    for (const json::Member& member : saved.members())
      if (member.key != "salesOrderLines") change.current.header.set(member.key, member.value);
  }
  for (std::size_t i = 0; i < amendment.lines.size(); ++i)
    amend_line(change, amendment.lines[i], i);
}

void Orders::amend_line(Change& change, const LineAmendment& wanted, std::size_t index) {
  const auto find = [&]() -> const json::Value* {
    const auto lines = item_lines(change.current.header);
    const auto found = lines.find(wanted.number);
    return found == lines.end() ? nullptr : found->second;
  };
  const json::Value* line = find();
  if (line == nullptr) {
    if (wanted.added) {
      change.reopen(documents_);
      const OrderLine& added = *wanted.added;
      OrderLine numbered = added;
      numbered.number = wanted.number;
      // Its sequence is its key: a second one is refused, not added.
      const Decimal quantity = wanted.quantity.value_or(added.quantity - added.cancelled_quantity);
      change.send("POST",
                  site_.v2("salesOrders", change.context) + "(" + change.current.order_id +
                      ")/salesOrderLines",
                  line_body(numbered, quantity, index, change.context), {});
      change.added.push_back(std::move(numbered));
      return;
    }
    // A line cancelled before: it is gone, as is wanted.
    if (wanted.quantity && wanted.quantity->is_zero()) return;
    throw Failure{site_.rejected("the order has no line " + std::to_string(wanted.number),
                                 "/lines/" + std::to_string(index) + "/number",
                                 "must name a line of the order")};
  }
  const auto body_for = [&](const json::Value& now) {
    json::Value body = json::Value::object();
    if (wanted.requested_date)
      set_if_other(body, now, "shipmentDate", wanted.requested_date->text());
    if (wanted.quantity) set_if_other(body, now, "quantity", *wanted.quantity);
    if (wanted.unit_price) set_if_other(body, now, "unitPrice", *wanted.unit_price);
    Decimal discount = decimal_of(now, "discountAmount");
    if (wanted.adjustment_total) {
      discount = -*wanted.adjustment_total;
      if (discount.is_negative())
        throw Failure{site_.rejected("Business Central keeps no surcharge on an order line",
                                     "/lines/" + std::to_string(index) + "/adjustmentTotal",
                                     "must not be positive")};
      set_if_other(body, now, "discountAmount", discount);
    }
    // Unless it is stated, a new quantity or price changes the discount.
    if (!body.empty()) body.set("discountAmount", json::Value::number(discount));
    return body;
  };
  const bool remove = wanted.quantity && wanted.quantity->is_zero();
  if (!remove && body_for(*line).empty()) return;
  change.reopen(documents_);
  line = find();
  if (line == nullptr) return;
  if (remove) {
    change.send("DELETE", change.line_url(*line), {}, etag_of(*line));
    return;
  }
  const json::Value body = body_for(*line);
  if (body.empty()) return;
  const std::int64_t sequence = integer_of(*line, "sequence");
  const Decimal before = decimal_of(*line, "discountAmount");
  const Decimal now = decimal_of(body, "discountAmount");
  change.send("PATCH", change.line_url(*line), body, etag_of(*line));
  // Of a repeated attempt, the first one knows what was there before.
  if (now != before) change.discounts.insert_or_assign(sequence, Change::Discount{before, now});
}

// Brings the copy's lines to what is outstanding at home. The copy stays unreleased; one that
// somebody has released is reopened, before two warehouses ship it.
void Orders::follow_living(Change& change, const Order& order) {
  change.reopen(documents_);
  const std::map<int, const json::Value*> lines = item_lines(change.current.header);
  for (const auto& [number, line] : lines) {
    const int wanted = number;
    const auto at_home =
        std::find_if(order.lines.begin(), order.lines.end(),
                     [wanted](const OrderLine& one) { return one.number == wanted; });
    if (at_home != order.lines.end() && !not_positive(at_home->outstanding())) {
      json::Value body = json::Value::object();
      const Decimal outstanding = at_home->outstanding();
      const Decimal discount = discount_share(sum_of(at_home->adjustments), outstanding,
                                              at_home->quantity - at_home->cancelled_quantity);
      set_if_other(body, *line, "quantity", outstanding);
      set_if_other(body, *line, "unitPrice", at_home->unit_price);
      set_if_other(body, *line, "discountAmount", discount);
      if (body.empty()) continue;
      body.set("discountAmount", json::Value::number(discount));
      change.send("PATCH", change.line_url(*line), body, etag_of(*line));
    } else {
      change.send("DELETE", change.line_url(*line), {}, etag_of(*line));
    }
  }
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& at_home = order.lines[i];
    if (not_positive(at_home.outstanding()) || lines.count(at_home.number) != 0) continue;
    change.send("POST",
                site_.v2("salesOrders", change.context) + "(" + change.current.order_id +
                    ")/salesOrderLines",
                line_body(at_home, at_home.outstanding(), i, change.context), {});
    change.added.push_back(at_home);
  }
}

}  // namespace underpin::cloud::business_central
