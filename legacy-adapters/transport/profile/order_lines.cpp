#include "legacy-adapters/transport/profile/order_lines.h"

#include "legacy-adapters/transport/profile/failure.h"

namespace underpin::legacy::profile {
namespace {

using json::Value;

Value take(Value& object, std::string_view key) {
  const Value* found = object.find(key);
  if (found == nullptr) return {};
  Value value = *found;
  object.erase(key);
  return value;
}

Decimal amount_of(const Value& value) {
  if (value.is_null()) return {};
  return must(value.as_any_decimal());
}

}  // namespace

Decimal discount_of(const OrderLine& line) {
  Decimal sum;
  for (const Adjustment& one : line.adjustments) sum -= one.amount;
  return sum;
}

Decimal discount_share(const OrderLine& line, Decimal quantity) {
  const Decimal whole = line.quantity - line.cancelled_quantity;
  const Decimal discount = discount_of(line);
  if (quantity == whole || whole.is_zero()) return discount;
  return Decimal::divided(discount * quantity, whole, 2, Rounding::half_up);
}

Decimal net_of(Decimal quantity, Decimal price, Decimal discount) {
  return (quantity * price).rounded(2, Rounding::half_up) - discount;
}

Value new_line(const OrderLine& line, Decimal quantity, std::size_t position) {
  const Decimal discount = discount_share(line, quantity);
  Value result = Value::object();
  result.set("number", Value::integer(line.number));
  result.set("position", Value::integer(static_cast<std::int64_t>(position)));
  result.set("sku", line.sku.text());
  result.set("description", line.description);
  result.set("uom", line.uom);
  result.set("location", line.location.text());
  if (line.requested_date) result.set("requestedDate", line.requested_date->text());
  result.set("quantity", quantity.normalized().text());
  result.set("unitPrice", line.unit_price.text());
  result.set("discount", discount.text());
  result.set("netAmount", net_of(quantity, line.unit_price, discount).text());
  for (const Adjustment& one : line.adjustments) {
    if (one.promotion.empty()) continue;
    result.set("promotion", one.promotion);
    result.set("promotionVersion", Value::integer(one.promotion_version));
    break;
  }
  return result;
}

Value changed_line(const OrderLine& held, Decimal quantity, Decimal price, Decimal discount,
                   const std::optional<Date>& date) {
  const std::optional<Date> wanted = date ? date : held.requested_date;
  if (quantity == held.quantity && price == held.unit_price && discount == discount_of(held) &&
      wanted == held.requested_date)
    return {};
  Value result = Value::object();
  result.set("number", Value::integer(held.number));
  result.set("sku", held.sku.text());
  result.set("quantity", quantity.normalized().text());
  result.set("unitPrice", price.text());
  result.set("discount", discount.text());
  result.set("netAmount", net_of(quantity, price, discount).text());
  if (wanted) result.set("requestedDate", wanted->text());
  return result;
}

void complete_line(Value& line) {
  const Decimal discount = amount_of(take(line, "discount"));
  const std::string promotion = take(line, "promotion").text();
  const Value version = take(line, "promotionVersion");
  if (!discount.is_zero()) {
    Value one = Value::object();
    one.set("kind", promotion.empty() ? "manual" : "promotion");
    if (!promotion.empty()) one.set("promotion", promotion);
    if (!promotion.empty() && !version.is_null()) one.set("promotionVersion", version);
    one.set("amount", (-discount).text());
    line.set("adjustments", Value::array({one}));
  }
  const Value tax = take(line, "tax");
  const Value code = take(line, "taxCode");
  const Value rate = take(line, "taxRate");
  if (!tax.is_null()) {
    Value one = Value::object();
    one.set("code", code.text());
    one.set("rate", rate.is_null() ? Value("0") : rate);
    one.set("amount", tax);
    line.set("taxes", Value::array({one}));
  }
  for (const char* key : {"quantity", "cancelledQuantity", "shippedQuantity", "invoicedQuantity"})
    if (const Value* found = line.find(key)) line.set(key, amount_of(*found).normalized().text());
  if (line.find("netAmount") == nullptr)
    line.set(
        "netAmount",
        net_of(amount_of(line.get("quantity")), amount_of(line.get("unitPrice")), discount).text());
}

}  // namespace underpin::legacy::profile
