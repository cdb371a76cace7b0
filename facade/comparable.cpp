// What both ERPs must agree on, of everything that is compared. Evidence is bound to this file:
// what it leaves out, nothing was ever seen of.
#include "contracts/json/codec.h"
#include "facade/customers.h"
#include "facade/inventory.h"
#include "facade/order_content.h"
#include "facade/pricing.h"

#include <algorithm>
#include <map>

namespace underpin::facade {

Decimal shrunk(Decimal discount, Decimal kept, Decimal ordered) {
  if (ordered.is_zero()) return Decimal{};
  return Decimal::divided(discount * kept, ordered, 2, Rounding::half_up);
}

json::Value comparable(const Order& order, const DocumentNumber& document, bool with_totals) {
  json::Value value = json::Value::object();
  if (!document.empty()) value.set("document", document.text());
  value.set("customer", order.customer.text());
  value.set("currency", order.currency);
  json::Value lines = json::Value::array();
  for (const OrderLine& line : order.lines) {
    const Decimal rest = line.outstanding();
    if (rest.is_zero()) continue;
    Decimal discount;
    for (const Adjustment& adjustment : line.adjustments) discount += adjustment.amount;
    json::Value entry = json::Value::object();
    entry.set("number", json::Value::integer(line.number));
    entry.set("sku", line.sku.text());
    entry.set("uom", line.uom);
    entry.set("location", line.location.text());
    entry.set("outstanding", rest.text());
    entry.set("unitPrice", line.unit_price.text());
    entry.set("discount", shrunk(discount, rest, line.quantity - line.cancelled_quantity).text());
    lines.push(std::move(entry));
  }
  // When everything has left, the inert copy is withdrawn, and archives keep no addresses.
  if (order.ship_to && lines.size() != 0) value.set("shipTo", json::to_json(*order.ship_to));
  value.set("lines", std::move(lines));
  if (with_totals) value.set("totals", json::to_json(order.totals));
  return value;
}

void add_postings_of_lines(const Order& order, const std::optional<OrderReceipt>& receipt,
                           json::Value& value) {
  if (receipt && receipt->erp_totals) value.set("answered", json::to_json(*receipt->erp_totals));
  json::Value* lines = value.find("lines");
  for (std::size_t i = 0; lines != nullptr && i < lines->size(); ++i) {
    json::Value& entry = *lines->item(i);
    const auto line = std::find_if(order.lines.begin(), order.lines.end(), [&](const OrderLine& l) {
      return std::to_string(l.number) == entry.get("number").text();
    });
    if (line == order.lines.end()) continue;
    entry.set("net", line->net_amount.text());
    Decimal tax;
    for (const Tax& one : line->taxes) tax += one.amount;
    entry.set("tax", tax.text());
    std::map<std::string, Decimal> promotions;
    for (const Adjustment& one : line->adjustments) promotions[one.promotion] += one.amount;
    json::Value reduced = json::Value::object();
    for (const auto& [promotion, amount] : promotions)
      reduced.set(promotion.empty() ? "without" : promotion, amount.text());
    entry.set("promotions", std::move(reduced));
  }
}

json::Value comparable_level(const StockLevel& level) {
  json::Value value = json::Value::object();
  value.set("uom", level.uom);
  value.set("onHand", level.on_hand.text());
  value.set("reserved", level.reserved.text());
  value.set("available", level.available.text());
  return value;
}

json::Value comparable(const Customer& customer) {
  Customer plain = customer;
  plain.updated_at.reset();
  plain.revision = {};
  return json::to_json(plain);
}

json::Value comparable(const Page<Customer>& page) {
  std::map<std::string, json::Value> by_number;
  for (const Customer& customer : page.items)
    by_number[customer.number.text()] = comparable(customer);
  json::Value customers = json::Value::array();
  for (auto& [number, customer] : by_number) customers.push(std::move(customer));
  json::Value value = json::Value::object();
  value.set("customers", std::move(customers));
  return value;
}

json::Value comparable(const Quote& quote) {
  json::Value value = json::Value::object();
  value.set("currency", quote.currency);
  value.set("totalNet", quote.total_net.text());
  json::Value lines = json::Value::array();
  for (const QuotedLine& line : quote.lines) {
    json::Value entry = json::Value::object();
    entry.set("number", json::Value::integer(line.number));
    entry.set("sku", line.sku.text());
    entry.set("quantity", line.quantity.text());
    entry.set("uom", line.uom);
    entry.set("listPrice", line.list_price.text());
    entry.set("unitPrice", line.unit_price.text());
    entry.set("netAmount", line.net_amount.text());
    lines.push(std::move(entry));
  }
  value.set("lines", std::move(lines));
  return value;
}

json::Value comparable(const Page<PriceEntry>& page) {
  json::Value entries = json::Value::array();
  for (const PriceEntry& entry : page.items) {
    entries.push(json::to_json(entry));
  }
  json::Value value = json::Value::object();
  value.set("prices", std::move(entries));
  return value;
}

}  // namespace underpin::facade
