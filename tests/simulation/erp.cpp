#include "tests/simulation/erp.h"

#include "contracts/order_status.h"

#include <algorithm>
#include <array>

namespace underpin::simulation {

std::string_view name(Fault fault) {
  constexpr std::array<std::string_view, fault_count> names{
      "none",         "unavailable",   "throttled",   "refused",          "stale",
      "lost_request", "lost_answer",   "late_commit", "very_late_commit", "stall",
      "hang",         "throws_before", "throws_after"};
  return names[static_cast<std::size_t>(fault)];
}

OrderStatus Erp::Document::status() const {
  return cancelled ? OrderStatus::cancelled : status_of(order, released && !says_open, posted);
}

Erp::Erp(Surroundings& surroundings, ErpSettings given)
    : settings(std::move(given)), world(surroundings) {}

std::vector<std::size_t> Erp::with_reference(const OrderId& id) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < documents.size(); ++i)
    if (!id.empty() && documents[i].order.id == id) found.push_back(i);
  return found;
}

Erp::Document* Erp::find(const OrderRef& ref) {
  // By the ERP's own number when it is known; a reference may have gained a second document.
  for (Document& document : documents)
    if (!ref.document.empty() && document.number == ref.document) return &document;
  for (Document& document : documents)
    if (!ref.id.empty() && document.order.id == ref.id) return &document;
  return nullptr;
}

void Erp::changed(std::size_t document) {
  ++documents[document].revision;
  order_log.push_back(document);
}

void Erp::note(const std::string& subject, const std::string& key, const std::string& operation,
               Role role) {
  log.push_back({world.scheduler().time(), subject, key, operation, role});
  world.applied(settings.side,
                operation + " " + subject + " " + key + (role == Role::mirror ? " mirror" : ""));
}

OrderReceipt Erp::receipt(const Document& document) const {
  OrderReceipt receipt;
  receipt.id = document.order.id;
  receipt.document = document.number;
  receipt.released = document.released && !(document.inert && !settings.rules.mirrors_inert);
  receipt.status = document.status();
  if (document.complete) {
    receipt.erp_totals = document.order.totals;
    Decimal sum;
    for (const OrderLine& line : document.order.lines)
      sum += (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
    receipt.erp_totals->grand_total = document.tax_off ? sum + Decimal::of(1) : sum;
  }
  receipt.revision = Revision{std::to_string(document.revision)};
  return receipt;
}

Decimal Erp::reserved(const StockKey& key) const {
  Decimal sum;
  for (const Document& document : documents) {
    if (!document.open()) continue;
    for (const OrderLine& line : document.order.lines)
      if (line.sku == key.sku && line.location == key.location) sum += line.outstanding();
  }
  return sum;
}

bool Erp::ship(std::size_t index, bool all) {
  Document& document = documents[index];
  if (!document.released || !document.open() || !document.complete) return false;
  bool any = false;
  for (OrderLine& line : document.order.lines) {
    Decimal quantity = line.outstanding();
    if (quantity.is_zero() || quantity.is_negative()) continue;
    if (!all && quantity > Decimal::of(1)) quantity = Decimal::of(1);
    line.shipped_quantity += quantity;
    world.goods_moved({line.sku, line.location}, -quantity);
    any = true;
    if (!all) break;
  }
  if (!any) return false;
  if (document.inert) document.executed_inert = true;
  changed(index);
  world.applied(settings.side, "shipped " + document.number.text());
  return true;
}

bool Erp::post(std::size_t index) {
  Document& document = documents[index];
  if (document.status() != OrderStatus::shipped || !document.open()) return false;
  document.posted = true;
  changed(index);
  world.applied(settings.side, "posted " + document.number.text());
  return true;
}

bool Erp::cancel(std::size_t index) {
  Document& document = documents[index];
  const OrderStatus status = document.status();
  if (document.inert || !document.complete ||
      (status != OrderStatus::open && status != OrderStatus::released))
    return false;
  document.cancelled = true;
  document.released = false;
  changed(index);
  world.applied(settings.side, "cancelled by a user " + document.number.text());
  return true;
}

bool Erp::edit(std::size_t index, Decimal quantity) {
  Document& document = documents[index];
  if (document.inert || !document.open() || document.order.lines.empty()) return false;
  OrderLine& line = document.order.lines.front();
  if (quantity < line.shipped_quantity || !line.cancelled_quantity.is_zero()) return false;
  if (document.status() == OrderStatus::shipped && quantity > line.quantity)
    world.grew_again(document.order.id);
  line.quantity = quantity;
  changed(index);
  world.applied(settings.side, "edited by a user " + document.number.text());
  return true;
}

void Erp::change_customer(const CustomerNumber& number, const std::string& phone) {
  customers[number].phone = phone;
  customers[number].updated_at = world.wall();
  customer_log.push_back(number);
  world.applied(settings.side, "customer changed by a user " + number.text());
}

DocumentNumber Erp::own_order(const Order& order) {
  Document document;
  document.number = mint();
  document.order = order;
  document.order.id = {};
  document.complete = true;
  document.released = true;
  document.entered = world.scheduler().time();
  documents.push_back(std::move(document));
  changed(documents.size() - 1);
  return documents.back().number;
}

void Erp::accept_prices(const PriceList& list) {
  price_lists.push_back(list);
  for (const PriceEntry& entry : list.entries) prices[entry.sku] = entry.unit_price;
}

}  // namespace underpin::simulation
