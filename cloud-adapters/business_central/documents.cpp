#include "cloud-adapters/business_central/documents.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <set>

namespace underpin::cloud::business_central {
namespace {

constexpr int line_number_max = 9'999;
constexpr std::size_t reference_max = 35;

bool is_item(const json::Value& line) { return text_of(line, "lineType") == "Item"; }
bool is_charge(const json::Value& line) {
  const std::string type = text_of(line, "lineType");
  return type == "Charge" || type == "Account";
}

std::map<std::int64_t, int> numbers_of(const std::vector<json::Value>& lines) {
  std::vector<std::int64_t> sequences;
  for (const json::Value& line : lines)
    if (is_item(line)) sequences.push_back(integer_of(line, "sequence"));
  return line_numbers(sequences);
}

Address address_of(const json::Value& header, const std::string& prefix,
                   const std::string& name_property) {
  Address address;
  address.name = text_of(header, name_property);
  address.line1 = text_of(header, prefix + "AddressLine1");
  address.line2 = text_of(header, prefix + "AddressLine2");
  address.city = text_of(header, prefix + "City");
  address.post_code = text_of(header, prefix + "PostCode");
  address.region = text_of(header, prefix + "State");
  address.country = text_of(header, prefix + "Country");
  return address;
}

// Business Central copies the customer's address into every order: only another one is one-time.
std::optional<Address> one_time_ship_to(const json::Value& header) {
  Address ship_to = address_of(header, "shipTo", "shipToName");
  const Address sell_to = address_of(header, "sellTo", "customerName");
  if (ship_to == sell_to || ship_to == Address{}) return std::nullopt;
  ship_to.kind = "ship_to";
  return ship_to;
}

OrderId id_of(const json::Value& header) {
  const std::optional<OrderId> id =
      decode_external_reference(text_of(header, "externalDocumentNumber"));
  return id ? *id : OrderId{};
}

// The line's discount is what counts; its promotions explain it. Where they explain more than there
// is (the line was shortened since), each keeps its share.
std::vector<Adjustment> adjustments_of(Decimal discount, std::int64_t sequence,
                                       const std::vector<json::Value>& promotions) {
  std::vector<Adjustment> adjustments;
  Decimal explained;
  for (const json::Value& row : promotions) {
    if (integer_of(row, "lineSequence") != sequence) continue;
    Adjustment adjustment;
    adjustment.kind = "promotion";
    adjustment.promotion = text_of(row, "promotionCode");
    const std::string version = text_of(row, "promotionVersion");
    const Result<Decimal> number = Decimal::parse(version);
    if (number && number->scale() == 0 && version.size() < 10)
      adjustment.promotion_version = std::stoi(version);
    adjustment.amount = -with_cents(decimal_of(row, "amount"));
    adjustment.reason = text_of(row, "description");
    explained -= adjustment.amount;
    adjustments.push_back(std::move(adjustment));
  }
  Decimal rest = discount;
  for (std::size_t i = 0; i < adjustments.size(); ++i) {
    Decimal& amount = adjustments[i].amount;
    if (explained > discount && !explained.is_zero()) {
      amount = i + 1 == adjustments.size()
                   ? -with_cents(rest)
                   : Decimal::divided(amount * discount, explained, 2, Rounding::half_up);
    }
    rest += amount;
  }
  std::erase_if(adjustments, [](const Adjustment& one) { return one.amount.is_zero(); });
  if (!rest.is_zero()) adjustments.push_back({"manual", {}, 0, -with_cents(rest), {}});
  return adjustments;
}

std::vector<Tax> taxes_of(const json::Value& line, const std::string& amount_property,
                          const Settings& settings) {
  const Decimal percent = decimal_of(line, "taxPercent");
  const Decimal amount = decimal_of(line, amount_property);
  if (percent.is_zero() && amount.is_zero()) return {};
  return {Tax{from_vendor(settings.tax_codes, text_of(line, "taxCode")),
              Decimal::divided(percent, Decimal::of(100), 4, Rounding::half_up).normalized(),
              with_cents(amount)}};
}

std::string charge_kind(const json::Value& line, const Settings& settings) {
  for (const ChargeLine& charge : settings.charges)
    if (charge.line_type == text_of(line, "lineType") &&
        charge.number == text_of(line, "lineObjectNumber"))
      return charge.kind;
  return "fee";
}

const std::vector<json::Value>& lines_of(const json::Value& header, std::string_view name) {
  const json::Value* lines = header.find(name);
  if (lines == nullptr || !lines->is_array())
    throw Failure{{ErrorCode::internal, "Business Central answered without " + std::string(name)}};
  return lines->items();
}

}  // namespace

std::map<std::int64_t, int> line_numbers(const std::vector<std::int64_t>& sequences) {
  std::map<std::int64_t, int> numbers;
  std::set<int> taken;
  std::vector<std::int64_t> others;
  for (const std::int64_t sequence : sequences) {
    if (sequence % sequence_step == 0 && sequence / sequence_step >= 1 &&
        sequence / sequence_step <= line_number_max) {
      numbers[sequence] = static_cast<int>(sequence / sequence_step);
      taken.insert(numbers[sequence]);
    } else {
      others.push_back(sequence);
    }
  }
  std::sort(others.begin(), others.end());
  for (const std::int64_t sequence : others) {
    int number = sequence % 10 == 0 && sequence / 10 >= 1 && sequence / 10 <= line_number_max
                     ? static_cast<int>(sequence / 10)
                     : line_number_max;
    while (number > 1 && taken.count(number) != 0) --number;
    numbers[sequence] = number;
    taken.insert(number);
  }
  return numbers;
}

std::map<int, const json::Value*> item_lines(const json::Value& header) {
  const std::vector<json::Value>& lines = lines_of(header, "salesOrderLines");
  const std::map<std::int64_t, int> numbers = numbers_of(lines);
  std::map<int, const json::Value*> by_number;
  for (const json::Value& line : lines)
    if (is_item(line)) by_number[numbers.at(integer_of(line, "sequence"))] = &line;
  return by_number;
}

bool is_released(const json::Value& header) { return text_of(header, "status") == "Open"; }

bool has_shipped(const json::Value& header) {
  const std::vector<json::Value>& lines = lines_of(header, "salesOrderLines");
  return std::any_of(lines.begin(), lines.end(), [](const json::Value& line) {
    return !decimal_of(line, "shippedQuantity").is_zero();
  });
}

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& adjustment : adjustments) sum += adjustment.amount;
  return sum;
}

OrderStatus status_of_living(const json::Value& header) {
  Order order;
  for (const json::Value& line : lines_of(header, "salesOrderLines")) {
    if (!is_item(line)) continue;
    OrderLine quantities;
    quantities.quantity = decimal_of(line, "quantity");
    quantities.shipped_quantity = decimal_of(line, "shippedQuantity");
    order.lines.push_back(std::move(quantities));
  }
  return status_of(order, is_released(header), false);
}

OrderTotals totals_of(const json::Value& header) {
  OrderTotals totals{Decimal(0, 2), Decimal(0, 2), with_cents(decimal_of(header, "totalTaxAmount")),
                     with_cents(decimal_of(header, "totalAmountIncludingTax"))};
  for (const json::Value& line : lines_of(header, "salesOrderLines")) {
    if (is_item(line)) totals.items_net += decimal_of(line, "netAmount");
    if (is_charge(line)) totals.charges += decimal_of(line, "netAmount");
  }
  return totals;
}

// ------------------------------------------------------------------------------------- finding
Found Documents::find(const OrderRef& ref, const CallContext& context) {
  if (!ref.document.empty()) {
    const std::string& number = ref.document.text();
    Found found = find_where(odata::eq("number", number), odata::eq("orderNumber", number),
                             "number " + number, true, context);
    if (found.place != Place::nowhere || ref.id.empty()) return found;
  }
  return find_by_reference(ref.id, context);
}

Found Documents::find_by_reference(const OrderId& id, const CallContext& context) {
  const std::string reference = must(encode_external_reference(id, reference_max));
  const std::string condition = odata::eq("externalDocumentNumber", reference);
  return find_where(condition, condition, "external reference " + reference, false, context);
}

Found Documents::find_where(const std::string& own, const std::string& others,
                            const std::string& named, bool unique, const CallContext& context) {
  std::map<std::string, Found> found;  // By order number.
  odata::Query orders;
  orders.filter = own;
  orders.expand = "salesOrderLines";
  for (json::Value& row : site_.list(site_.v2("salesOrders", context) + orders.text(), context)) {
    Found one{Place::living, {}, text_of(row, "id"), text_of(row, "number"), false};
    one.header = std::move(row);
    found[one.number] = std::move(one);
  }
  if (unique && !found.empty()) return std::move(found.begin()->second);
  odata::Query archive;
  archive.filter = others;
  archive.orderby = "archivedAt";
  for (json::Value& row :
       site_.list(site_.page(site_.settings().pages.archive, context) + archive.text(), context)) {
    Found one{Place::archived,
              {},
              text_of(row, "orderId"),
              text_of(row, "orderNumber"),
              text_of(row, "reason") == "Deleted"};
    one.header = std::move(row);
    if (found.count(one.number) == 0) found[one.number] = std::move(one);
  }
  if (unique && !found.empty()) return std::move(found.begin()->second);
  // An order that lives or is archived has its postings under the same number; the others are
  // looked for as well, so that one whose order was lost is not created again.
  odata::Query posted;
  posted.filter = others;
  for (const char* entity : {"salesInvoices", "salesShipments"}) {
    for (json::Value& row : site_.list(site_.v2(entity, context) + posted.text(), context)) {
      const std::string number = text_of(row, "orderNumber");
      if (number.empty() || found.count(number) != 0) continue;
      Found one{Place::posted, {}, {}, number, false};
      one.header = std::move(row);
      found[number] = std::move(one);
    }
  }
  if (found.empty()) return {};
  std::vector<Found*> lasting;
  Found* latest_deleted = nullptr;
  for (auto& [number, one] : found) {
    if (!one.deleted) {
      lasting.push_back(&one);
    } else if (latest_deleted == nullptr ||
               text_of(one.header, "archivedAt") > text_of(latest_deleted->header, "archivedAt")) {
      latest_deleted = &one;
    }
  }
  if (lasting.size() > 1) {
    std::string numbers;
    for (const Found* one : lasting) numbers += (numbers.empty() ? "" : ", ") + one->number;
    throw Failure{site_.failed(ErrorCode::conflict,
                               "Business Central holds " + std::to_string(lasting.size()) +
                                   " documents with " + named + ": " + numbers)};
  }
  return std::move(lasting.empty() ? *latest_deleted : *lasting.front());
}

Found Documents::living(const std::string& order_id, const CallContext& context) {
  odata::Query query;
  query.expand = "salesOrderLines";
  const Result<odata::Answer> answer = site_.client().get(
      site_.v2("salesOrders", context) + "(" + order_id + ")" + query.text(), context);
  if (!answer) {
    if (answer.error().code == ErrorCode::not_found) return {};
    throw Failure{answer.error()};
  }
  return {Place::living, answer->body, text_of(answer->body, "id"), text_of(answer->body, "number"),
          false};
}

// ------------------------------------------------------------------------------------- reading
std::vector<json::Value> Documents::promotions(const std::string& order_id,
                                               const CallContext& context) {
  return promotions_of({order_id}, context)[order_id];
}

Documents::Promotions Documents::promotions_of(const std::vector<std::string>& order_ids,
                                               const CallContext& context) {
  constexpr std::size_t at_once = 20;  // Keeps the URL below what servers take.
  Promotions promotions;
  for (std::size_t begin = 0; begin < order_ids.size(); begin += at_once) {
    std::vector<std::string> conditions;
    for (std::size_t i = begin; i < std::min(begin + at_once, order_ids.size()); ++i)
      conditions.push_back(odata::eq_guid("orderId", order_ids[i]));
    odata::Query query;
    query.filter = odata::any_of(conditions);
    for (json::Value& row : site_.list(
             site_.page(site_.settings().pages.promotions, context) + query.text(), context)) {
      const std::string order_id = text_of(row, "orderId");
      promotions[order_id].push_back(std::move(row));
    }
  }
  return promotions;
}

std::vector<Order> Documents::orders_of(const std::vector<json::Value>& headers,
                                        const CallContext& context) {
  std::vector<std::string> discounted;
  for (const json::Value& header : headers) {
    const std::vector<json::Value>& lines = lines_of(header, "salesOrderLines");
    if (std::any_of(lines.begin(), lines.end(), [](const json::Value& line) {
          return !decimal_of(line, "discountAmount").is_zero();
        }))
      discounted.push_back(text_of(header, "id"));
  }
  const Promotions found = promotions_of(discounted, context);
  std::vector<Order> orders;
  for (const json::Value& header : headers) orders.push_back(from_living(header, found, context));
  return orders;
}

Order Documents::order_of(const Found& found, const CallContext& context) {
  switch (found.place) {
    case Place::living:
      return std::move(orders_of({found.header}, context).front());
    case Place::archived:
      return from_archive(found, context);
    case Place::posted:
      return from_posted(found, context);
    case Place::nowhere:
      break;
  }
  throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such order")};
}

Order Documents::from_living(const json::Value& header, const Promotions& found,
                             const CallContext& context) {
  const Settings& settings = site_.settings();
  Order order;
  order.id = id_of(header);
  order.customer = CustomerNumber(text_of(header, "customerNumber"));
  order.order_date = date_of(header, "orderDate").value_or(Date{});
  order.requested_date = date_of(header, "requestedDeliveryDate");
  order.currency = text_of(header, "currencyCode");
  order.prices_include_tax = bool_of(header, "pricesIncludeTax");
  order.ship_to = one_time_ship_to(header);
  const std::vector<json::Value>& lines = lines_of(header, "salesOrderLines");
  const std::map<std::int64_t, int> numbers = numbers_of(lines);
  static const std::vector<json::Value> none;
  const auto rows = found.find(text_of(header, "id"));
  // The date a line gets by itself says nothing that the header does not say.
  const Date own_date = order.requested_date.value_or(order.order_date);
  bool shipped = false;
  for (const json::Value& line : lines) {
    if (is_charge(line)) {
      order.charges.push_back({charge_kind(line, settings), text_of(line, "description2"),
                               with_cents(decimal_of(line, "netAmount")),
                               taxes_of(line, "netTaxAmount", settings)});
      continue;
    }
    if (!is_item(line)) continue;
    OrderLine one;
    const std::int64_t sequence = integer_of(line, "sequence");
    one.number = numbers.at(sequence);
    one.sku = Sku(text_of(line, "lineObjectNumber"));
    one.description = text_of(line, "description");
    one.uom = from_vendor(settings.uom, text_of(line, "unitOfMeasureCode"));
    one.location = LocationCode(site_.location_code(text_of(line, "locationId"), context));
    const std::optional<Date> date = date_of(line, "shipmentDate");
    if (date && *date != own_date) one.requested_date = date;
    one.quantity = decimal_of(line, "quantity").normalized();
    one.shipped_quantity = decimal_of(line, "shippedQuantity").normalized();
    one.invoiced_quantity = decimal_of(line, "invoicedQuantity").normalized();
    one.unit_price = with_cents(decimal_of(line, "unitPrice"));
    one.adjustments = adjustments_of(decimal_of(line, "discountAmount"), sequence,
                                     rows == found.end() ? none : rows->second);
    one.net_amount = with_cents(decimal_of(line, "netAmount"));
    one.taxes = taxes_of(line, "netTaxAmount", settings);
    shipped = shipped || !one.shipped_quantity.is_zero();
    order.lines.push_back(std::move(one));
  }
  std::sort(order.lines.begin(), order.lines.end(),
            [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
  order.totals = totals_of(header);
  order.status = status_of(order, is_released(header), false);
  order.updated_at = time_of(header, "lastModifiedDateTime");
  order.revision = Revision(etag_of(header));
  if (shipped) add_postings(order, text_of(header, "number"), numbers, context);
  return order;
}

Order Documents::from_archive(const Found& found, const CallContext& context) {
  const Settings& settings = site_.settings();
  const json::Value& row = found.header;
  Order order;
  order.id = id_of(row);
  order.customer = CustomerNumber(text_of(row, "customerNumber"));
  order.order_date = date_of(row, "orderDate").value_or(Date{});
  order.currency = text_of(row, "currencyCode");
  const std::vector<json::Value>& lines = lines_of(row, "lines");
  const std::map<std::int64_t, int> numbers = numbers_of(lines);
  const std::vector<json::Value> rows = promotions(found.order_id, context);
  bool shipped = false;
  for (const json::Value& line : lines) {
    if (is_charge(line)) {
      const Decimal amount = with_cents(decimal_of(line, "netAmount"));
      order.charges.push_back({charge_kind(line, settings), {}, amount, {}});
      order.totals.charges += amount;
      continue;
    }
    if (!is_item(line)) continue;
    OrderLine one;
    const std::int64_t sequence = integer_of(line, "sequence");
    one.number = numbers.at(sequence);
    one.sku = Sku(text_of(line, "lineObjectNumber"));
    one.uom = from_vendor(settings.uom, text_of(line, "unitOfMeasureCode"));
    one.location = LocationCode(from_vendor(settings.locations, text_of(line, "locationCode")));
    one.quantity = decimal_of(line, "quantity").normalized();
    one.shipped_quantity = decimal_of(line, "shippedQuantity").normalized();
    one.invoiced_quantity = decimal_of(line, "invoicedQuantity").normalized();
    if (found.deleted) one.cancelled_quantity = one.quantity - one.shipped_quantity;
    one.unit_price = with_cents(decimal_of(line, "unitPrice"));
    one.adjustments = adjustments_of(decimal_of(line, "discountAmount"), sequence, rows);
    one.net_amount = with_cents(decimal_of(line, "netAmount"));
    order.totals.items_net += one.net_amount;
    shipped = shipped || !one.shipped_quantity.is_zero();
    order.lines.push_back(std::move(one));
  }
  std::sort(order.lines.begin(), order.lines.end(),
            [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
  order.status = found.deleted && !shipped ? OrderStatus::cancelled : OrderStatus::invoiced;
  order.updated_at = time_of(row, "archivedAt");
  order.revision = Revision(text_of(row, "id"));
  if (shipped) add_postings(order, found.number, numbers, context);
  return order;
}

std::vector<json::Value> Documents::invoices(const std::string& number,
                                             const CallContext& context) {
  odata::Query query;
  query.filter = odata::eq("orderNumber", number);
  query.expand = "salesInvoiceLines";
  query.orderby = "number";
  return site_.list(site_.v2("salesInvoices", context) + query.text(), context);
}

// Only postings are left: what they say of an order is what they posted of it.
Order Documents::from_posted(const Found& found, const CallContext& context) {
  const Settings& settings = site_.settings();
  const json::Value& row = found.header;
  Order order;
  order.id = id_of(row);
  order.customer = CustomerNumber(text_of(row, "customerNumber"));
  order.order_date = date_of(row, "postingDate").value_or(Date{});
  order.currency = text_of(row, "currencyCode");
  order.ship_to = one_time_ship_to(row);
  order.updated_at = time_of(row, "lastModifiedDateTime");
  order.revision = Revision(etag_of(row));
  std::map<std::int64_t, OrderLine> by_sequence;
  for (const json::Value& invoice : invoices(found.number, context)) {
    order.totals.tax += with_cents(decimal_of(invoice, "totalTaxAmount"));
    order.totals.grand_total += with_cents(decimal_of(invoice, "totalAmountIncludingTax"));
    for (const json::Value& line : lines_of(invoice, "salesInvoiceLines")) {
      if (is_charge(line)) {
        order.charges.push_back({charge_kind(line, settings), text_of(line, "description2"),
                                 with_cents(decimal_of(line, "netAmount")),
                                 taxes_of(line, "netTaxAmount", settings)});
        order.totals.charges += order.charges.back().amount;
        continue;
      }
      if (!is_item(line)) continue;
      OrderLine& one = by_sequence[integer_of(line, "sequence")];
      one.sku = Sku(text_of(line, "lineObjectNumber"));
      one.description = text_of(line, "description");
      one.uom = from_vendor(settings.uom, text_of(line, "unitOfMeasureCode"));
      one.location = LocationCode(site_.location_code(text_of(line, "locationId"), context));
      const Decimal quantity = decimal_of(line, "quantity").normalized();
      one.quantity += quantity;
      one.shipped_quantity += quantity;
      one.invoiced_quantity += quantity;
      one.unit_price = with_cents(decimal_of(line, "unitPrice"));
      one.net_amount += with_cents(decimal_of(line, "netAmount"));
      const Decimal discount = sum_of(one.adjustments) - decimal_of(line, "discountAmount");
      one.adjustments.clear();
      if (!discount.is_zero())
        one.adjustments.push_back({"manual", {}, 0, with_cents(discount), {}});
      order.totals.items_net += with_cents(decimal_of(line, "netAmount"));
    }
  }
  std::vector<std::int64_t> sequences;
  for (const auto& [sequence, line] : by_sequence) sequences.push_back(sequence);
  const std::map<std::int64_t, int> numbers = line_numbers(sequences);
  for (auto& [sequence, line] : by_sequence) {
    line.number = numbers.at(sequence);
    order.lines.push_back(std::move(line));
  }
  std::sort(order.lines.begin(), order.lines.end(),
            [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
  order.status = order.lines.empty() ? OrderStatus::shipped : OrderStatus::invoiced;
  add_postings(order, found.number, numbers, context);
  return order;
}

void Documents::add_postings(Order& order, const std::string& number,
                             const std::map<std::int64_t, int>& numbers,
                             const CallContext& context) {
  odata::Query query;
  query.filter = odata::eq("orderNumber", number);
  query.expand = "salesShipmentLines";
  query.orderby = "number";
  for (const json::Value& row :
       site_.list(site_.v2("salesShipments", context) + query.text(), context)) {
    ShipmentReference shipment;
    shipment.document = DocumentNumber(text_of(row, "number"));
    shipment.date = date_of(row, "postingDate").value_or(Date{});
    for (const json::Value& line : lines_of(row, "salesShipmentLines")) {
      if (text_of(line, "lineType") != "Item") continue;
      const auto known = numbers.find(integer_of(line, "sequence"));
      shipment.lines.push_back({known == numbers.end() ? 0 : known->second,
                                Sku(text_of(line, "lineObjectNumber")),
                                decimal_of(line, "quantity").normalized()});
    }
    order.shipments.push_back(std::move(shipment));
  }
  const bool closed = is_closed(order.status);
  OrderTotals posted;
  for (const json::Value& row : invoices(number, context)) {
    const Decimal amount = with_cents(decimal_of(row, "totalAmountIncludingTax"));
    order.invoices.push_back({DocumentNumber(text_of(row, "number")),
                              date_of(row, "postingDate").value_or(Date{}), amount});
    posted.tax += with_cents(decimal_of(row, "totalTaxAmount"));
    posted.grand_total += amount;
  }
  // The archive keeps no tax: a closed order's is what was invoiced of it.
  if (closed) {
    order.totals.tax = posted.tax;
    order.totals.grand_total = posted.grand_total;
  }
}

OrderReceipt Documents::receipt_of(const Found& found, const OrderId& id,
                                   const CallContext& context) {
  OrderReceipt receipt;
  receipt.id = id;
  receipt.document = DocumentNumber(found.number);
  if (found.place == Place::living) {
    receipt.status = status_of_living(found.header);
    receipt.erp_totals = totals_of(found.header);
    receipt.released = is_released(found.header);
    receipt.revision = Revision(etag_of(found.header));
    return receipt;
  }
  const Order order = order_of(found, context);
  receipt.status = order.status;
  receipt.released = !found.deleted;
  receipt.revision = order.revision;
  if (!found.deleted) receipt.erp_totals = order.totals;
  return receipt;
}

}  // namespace underpin::cloud::business_central
