#include "cloud-adapters/business_central/orders.h"

#include "cloud-adapters/business_central/order_change.h"
#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>

namespace underpin::cloud::business_central {
namespace {

constexpr std::size_t reference_max = 35;
constexpr int price_scale_max = 5;

std::string at(std::size_t index, std::string_view member) {
  return "/lines/" + std::to_string(index) + "/" + std::string(member);
}

void put_text(json::Value& body, std::string_view name, const std::string& value) {
  if (!value.empty()) body.set(name, value);
}

}  // namespace

Decimal discount_share(Decimal adjustments, Decimal quantity, Decimal of) {
  if (adjustments.is_zero() || of.is_zero()) return Decimal(0, 2);
  if (quantity == of) return (-adjustments).rounded(2, Rounding::half_up);
  return Decimal::divided(-adjustments * quantity, of, 2, Rounding::half_up);
}

// A salesOrderLine with everything stated that Business Central would otherwise work out by itself.
json::Value Orders::line_body(const OrderLine& line, Decimal quantity, std::size_t index,
                              const CallContext& context) {
  const Decimal adjustments = sum_of(line.adjustments);
  if (!adjustments.is_zero() && !adjustments.is_negative()) {
    Error error{ErrorCode::unsupported, "Business Central keeps no surcharge on an order line"};
    error.fields.push_back({at(index, "adjustments"), "must not be positive in sum"});
    throw Failure{error};
  }
  if (cents(adjustments) != adjustments)
    throw Failure{site_.rejected("a line's discount has more than two decimals",
                                 at(index, "adjustments"), "must be whole cents in sum")};
  if (line.unit_price.normalized().scale() > price_scale_max)
    throw Failure{site_.rejected("a unit price has more than five decimals", at(index, "unitPrice"),
                                 "must have at most five decimals")};
  if (quantity.normalized().scale() > 5)
    throw Failure{site_.rejected("a quantity has more than five decimals", at(index, "quantity"),
                                 "must have at most five decimals")};
  json::Value body = json::Value::object();
  body.set("sequence", json::Value::integer(line.number * sequence_step));
  body.set("lineType", "Item");
  body.set("lineObjectNumber", line.sku.text());
  put_text(body, "description", shortened(line.description, 100));
  put_text(body, "unitOfMeasureCode", to_vendor(site_.settings().uom, line.uom));
  if (!line.location.empty()) {
    body.set("locationId", site_.location_id(line.location.text(), context));
  }
  if (line.requested_date) body.set("shipmentDate", line.requested_date->text());
  body.set("quantity", json::Value::number(quantity));
  body.set("unitPrice", json::Value::number(line.unit_price));
  body.set("discountAmount",
           json::Value::number(discount_share(adjustments, quantity, line.quantity)));
  return body;
}

json::Value Orders::charge_body(const Charge& charge, std::size_t index) const {
  const std::string pointer = "/charges/" + std::to_string(index);
  for (const ChargeLine& line : site_.settings().charges) {
    if (line.kind != charge.kind) continue;
    if (charge.amount.is_negative())
      throw Failure{
          site_.rejected("a charge is negative", pointer + "/amount", "must not be negative")};
    json::Value body = json::Value::object();
    body.set("sequence", json::Value::integer(first_charge_sequence +
                                              static_cast<std::int64_t>(index) * sequence_step));
    body.set("lineType", line.line_type);
    body.set("lineObjectNumber", line.number);
    put_text(body, "description2", shortened(charge.code, 50));
    body.set("quantity", json::Value::integer(1));
    body.set("unitPrice", json::Value::number(charge.amount));
    body.set("discountAmount", json::Value::integer(0));
    return body;
  }
  throw Failure{
      site_.rejected("charges of kind " + charge.kind + " have no line in Business Central",
                     pointer + "/kind", "must be a kind that the settings map")};
}

json::Value Orders::order_body(const Order& order, Role role, std::vector<OrderLine>& placed,
                               const CallContext& context) {
  if (order.prices_include_tax) {
    Error error{ErrorCode::unsupported, "Business Central's v2.0 orders hold prices without tax"};
    error.fields.push_back({"/pricesIncludeTax", "must be false"});
    throw Failure{error};
  }
  json::Value body = json::Value::object();
  body.set("externalDocumentNumber", must(encode_external_reference(order.id, reference_max)));
  body.set("customerNumber", order.customer.text());
  if (!order.order_date.empty()) body.set("orderDate", order.order_date.text());
  put_text(body, "currencyCode", order.currency);
  if (order.requested_date) body.set("requestedDeliveryDate", order.requested_date->text());
  if (order.ship_to) {
    const Address& to = *order.ship_to;
    body.set("shipToName", to.name);
    body.set("shipToAddressLine1", to.line1);
    body.set("shipToAddressLine2", to.line2);
    body.set("shipToCity", to.city);
    body.set("shipToPostCode", to.post_code);
    body.set("shipToState", to.region);
    body.set("shipToCountry", to.country);
  }
  json::Value lines = json::Value::array();
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& line = order.lines[i];
    // A copy counts as demand for what is still to be shipped, and for nothing else.
    const Decimal quantity =
        role == Role::mirror ? line.outstanding() : line.quantity - line.cancelled_quantity;
    if (quantity.is_zero() || quantity.is_negative()) continue;
    lines.push(line_body(line, quantity, i, context));
    placed.push_back(line);
  }
  if (placed.empty()) return body;
  for (std::size_t i = 0; i < order.charges.size(); ++i)
    lines.push(charge_body(order.charges[i], i));
  body.set("salesOrderLines", std::move(lines));
  return body;
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    Found found = documents_.find_by_reference(order.id, context);
    if (found.place != Place::nowhere) {
      // An earlier attempt may have ended between the order and its promotions.
      if (found.place == Place::living) {
        const std::map<int, const json::Value*> there = item_lines(found.header);
        std::vector<OrderLine> lines = order.lines;
        std::erase_if(lines, [&](const OrderLine& line) { return there.count(line.number) == 0; });
        add_promotions(found.order_id, lines, Promotions::maybe_some, context);
      }
      return documents_.receipt_of(found, order.id, context);
    }
    std::vector<OrderLine> placed;
    const json::Value body = order_body(order, context.role, placed, context);
    if (placed.empty()) {
      if (context.role != Role::mirror)
        throw Failure{site_.rejected("the order has no line to ship", "/lines",
                                     "must hold a line that is not cancelled")};
      OrderReceipt nothing_to_keep;
      nothing_to_keep.id = order.id;
      nothing_to_keep.status = order.status;
      return nothing_to_keep;
    }
    odata::Query query;
    query.expand = "salesOrderLines";
    const odata::Answer answer =
        must(site_.client().send("POST", site_.v2("salesOrders", context) + query.text(), body, {},
                                 odata::Effect::creating, context));
    Found made{Place::living, answer.body, text_of(answer.body, "id"),
               text_of(answer.body, "number"), false};
    if (made.header.find("salesOrderLines") == nullptr)
      made = documents_.living(made.order_id, context);
    try {
      add_promotions(made.order_id, placed, Promotions::none_yet, context);
    } catch (const Failure& failure) {
      // The order is there; only a look-up may say so.
      Error error = failure.error;
      error.code = ErrorCode::outcome_unknown;
      error.message = "order " + made.number +
                      " was created, its promotions were not all written: " + error.message;
      throw Failure{error};
    }
    return documents_.receipt_of(made, order.id, context);
  });
}

// The promotions that are not there yet. A second attempt reads what the first has left.
void Orders::add_promotions(const std::string& order_id, const std::vector<OrderLine>& lines,
                            Promotions there, const CallContext& context) {
  struct Row {
    std::int64_t sequence;
    std::string code;
    json::Value body;
  };
  std::vector<Row> rows;
  for (const OrderLine& line : lines) {
    std::map<std::string, Adjustment> by_promotion;  // The page keeps one row per line and code.
    for (const Adjustment& adjustment : line.adjustments) {
      if (adjustment.promotion.empty()) continue;
      const auto [known, is_new] = by_promotion.emplace(adjustment.promotion, adjustment);
      if (!is_new) known->second.amount += adjustment.amount;
    }
    for (const auto& [code, adjustment] : by_promotion) {
      Row row{line.number * sequence_step, code, json::Value::object()};
      row.body.set("orderId", order_id);
      row.body.set("lineSequence", json::Value::integer(row.sequence));
      row.body.set("promotionCode", code);
      row.body.set("promotionVersion", std::to_string(adjustment.promotion_version));
      row.body.set("amount", json::Value::number(-adjustment.amount));
      row.body.set("description", shortened(adjustment.reason, 100));
      rows.push_back(std::move(row));
    }
  }
  if (rows.empty()) return;
  const std::string url = site_.page(site_.settings().pages.promotions, context);
  for (int attempt = 0; !rows.empty(); ++attempt) {
    std::vector<json::Value> existing;
    if (attempt > 0 || there == Promotions::maybe_some)
      existing = documents_.promotions(order_id, context);
    std::erase_if(rows, [&](const Row& row) {
      return std::any_of(existing.begin(), existing.end(), [&](const json::Value& one) {
        return integer_of(one, "lineSequence") == row.sequence &&
               text_of(one, "promotionCode") == row.code;
      });
    });
    Error last;
    bool all = true;
    for (const Row& row : rows) {
      const Result<odata::Answer> answer =
          site_.client().send("POST", url, row.body, {}, odata::Effect::absolute, context);
      if (answer || answer.error().vendor_code == "Internal_EntityWithSameKeyExists") continue;
      last = answer.error();
      all = false;
      break;
    }
    if (all) return;
    if (attempt == 2 || disposition(last.code) == Disposition::answer_caller) throw Failure{last};
  }
}

Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal,
                 [&] { return documents_.order_of(documents_.find(ref, context), context); });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    const Found found = documents_.find_by_reference(id, context);
    if (found.place == Place::nowhere)
      throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such order")};
    return documents_.receipt_of(found, id, context);
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror) throw Failure{site_.rejected("a mirror is never released")};
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such order")};
    if (found.place == Place::living && !is_released(found.header)) {
      json::Value body = json::Value::object();
      body.set("orderId", found.order_id);
      const Result<odata::Answer> answer =
          site_.client().send("POST", site_.page(site_.settings().pages.releases, context), body,
                              {}, odata::Effect::absolute, context);
      // Posted or deleted since it was read: what has become of it is the answer.
      const bool gone = !answer && answer.error().vendor_code == "Internal_RecordNotFound";
      if (!answer && !gone) throw Failure{answer.error()};
      Found now = documents_.living(found.order_id, context);
      if (now.place == Place::nowhere) {
        OrderRef by_number;
        by_number.document = DocumentNumber(found.number);
        now = documents_.find(by_number, context);
      }
      found = std::move(now);
      if (found.place == Place::nowhere)
        throw Failure{
            site_.failed(ErrorCode::not_found, "the order went away while it was released")};
    }
    return documents_.receipt_of(found, ref.id, context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such order")};
    if (found.place != Place::living)
      throw Failure{site_.rejected("order " + found.number + " is closed")};
    if (is_released(found.header)) {
      json::Value body = json::Value::object();
      body.set("orderId", found.order_id);
      must(site_.client().send("POST", site_.page(site_.settings().pages.reopens, context), body,
                               {}, odata::Effect::absolute, context));
      Found now = documents_.living(found.order_id, context);
      if (now.place == Place::nowhere)
        throw Failure{
            site_.failed(ErrorCode::outcome_unknown, "the order went away while it was blocked")};
      found = std::move(now);
    }
    return documents_.receipt_of(found, ref.id, context);
  });
}

// Deletes the order; the archive keeps that it was cancelled. A stale version is read again once.
OrderReceipt Orders::remove(Found found, const OrderId& id, const WriteContext& context) {
  OrderReceipt receipt;
  receipt.id = id;
  receipt.document = DocumentNumber(found.number);
  receipt.status = OrderStatus::cancelled;
  for (int attempt = 0;; ++attempt) {
    if (has_shipped(found.header))
      throw Failure{
          site_.rejected("order " + found.number + " has been shipped, at least in part")};
    const Result<odata::Answer> answer =
        site_.client().send("DELETE", site_.v2("salesOrders", context) + "(" + found.order_id + ")",
                            {}, etag_of(found.header), odata::Effect::absolute, context);
    if (answer) return receipt;
    const ErrorCode code = answer.error().code;
    if (code != ErrorCode::not_found && (code != ErrorCode::conflict || attempt > 0))
      throw Failure{answer.error()};
    Found now = documents_.living(found.order_id, context);
    if (now.place == Place::nowhere) {
      OrderRef by_number;
      by_number.document = DocumentNumber(found.number);
      now = documents_.find(by_number, context);
      if (now.place == Place::nowhere || now.deleted) return receipt;
      throw Failure{site_.rejected("order " + found.number + " has been posted")};
    }
    found = std::move(now);
  }
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    // Business Central does not know what a line was before: only its new quantity is absolute.
    if (!cancellation.lines.empty())
      throw Failure{
          site_.failed(ErrorCode::unsupported, "lines are cancelled by amending their quantity")};
    Found found = documents_.find(ref, context);
    if (found.place == Place::nowhere)
      throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such order")};
    if (found.place == Place::living) return remove(std::move(found), ref.id, context);
    OrderReceipt receipt = documents_.receipt_of(found, ref.id, context);
    if (receipt.status != OrderStatus::cancelled)
      throw Failure{site_.rejected("order " + found.number + " has been posted")};
    return receipt;
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    Found found = documents_.find_by_reference(order.id, context);
    OrderReceipt gone;
    gone.id = order.id;
    gone.document = DocumentNumber(found.number);
    gone.status = OrderStatus::cancelled;
    if (found.place != Place::living) return gone;
    if (has_shipped(found.header))
      throw Failure{site_.rejected("the copy " + found.number + " has been shipped")};
    if (is_closed(order.status)) return remove(std::move(found), order.id, context);
    return must(change_order(std::move(found), order.id, context,
                             [&](Change& change) { follow_living(change, order); }));
  });
}

}  // namespace underpin::cloud::business_central
