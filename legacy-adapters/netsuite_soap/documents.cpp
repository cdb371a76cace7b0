#include "legacy-adapters/netsuite_soap/documents.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"
#include "legacy-adapters/netsuite_soap/countries.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr int users_lines_from = 9'000;

int line_number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > 9'999)
    return 0;
  return value;
}

bool not_positive(Decimal quantity) { return quantity.is_zero() || quantity.is_negative(); }

int users_number(const std::string& key) { return users_lines_from + line_number(key) % 1'000; }

// NetSuite knows nothing of the channel's line numbers: nothing keeps one from being there twice.
void tell_repeated_lines(Document& document) {
  std::set<int> open;
  for (DocumentLine& line : document.lines) {
    if (line.closed || line.number >= users_lines_from) continue;
    line.again = !open.insert(line.number).second;
    if (line.again) line.number = line.order.number = users_number(line.key);
  }
}

Decimal cents(Decimal amount) { return amount.rounded(2, Rounding::half_up); }

}  // namespace

Decimal share_of(Decimal sum, Decimal quantity, Decimal whole) {
  if (sum.is_zero() || whole.is_zero()) return {};
  if (quantity == whole) return sum;
  return Decimal::divided(sum * quantity, whole, 2, Rounding::half_up);
}

const std::string& custom_field(const Node& row, std::string_view script_id) {
  for (const Node& field : row.get("customFieldList").children)
    if (field.attribute("scriptId") == script_id) return field.text_of("value");
  static const std::string nothing;
  return nothing;
}

bool Document::closed() const {
  return status == "_closed" || status == "_cancelled" || status == "_fullyBilled";
}

bool Document::approved() const { return !closed() && status != pending_approval; }

bool Document::released() const {
  if (!approved()) return false;
  bool waits = false;
  for (const DocumentLine& line : lines) {
    if (not_positive(line.waiting())) continue;
    if (!line.held) return true;
    waits = true;
  }
  return !waits;
}

bool Document::any_shipped() const {
  return std::any_of(lines.begin(), lines.end(), [](const DocumentLine& line) {
    return !line.order.shipped_quantity.is_zero();
  });
}

bool Document::any_invoiced() const {
  return std::any_of(lines.begin(), lines.end(), [](const DocumentLine& line) {
    return !line.order.invoiced_quantity.is_zero();
  });
}

OrderStatus Document::order_status() const {
  if (status == "_cancelled") return OrderStatus::cancelled;
  if (status == "_fullyBilled") return OrderStatus::invoiced;
  // Closed by hand: what has left is over all the same.
  if (status == "_closed") return any_shipped() ? OrderStatus::invoiced : OrderStatus::cancelled;
  Order quantities;
  for (const DocumentLine& line : lines) {
    if (line.closed && line.order.shipped_quantity.is_zero()) continue;
    OrderLine one = line.order;
    if (line.closed) one.quantity = one.shipped_quantity;
    if (!one.quantity.is_zero()) quantities.lines.push_back(std::move(one));
  }
  return status_of(quantities, released(), false);
}

const DocumentLine* Document::line(int wanted) const {
  const DocumentLine* found = nullptr;
  for (const DocumentLine& one : lines)
    if (one.number == wanted && (found == nullptr || found->closed)) found = &one;
  return found;
}

std::optional<Document> Documents::by_key(const std::string& internal_id,
                                          const CallContext& context) {
  const std::optional<Node> record = suite_.get("salesOrder", internal_id, {}, context);
  if (!record) return std::nullopt;
  return read(*record);
}

std::optional<Document> Documents::by_id(const OrderId& id, const CallContext& context) {
  const std::string reference = must(encode_external_reference(id, reference_max));
  const std::optional<Node> record = suite_.get("salesOrder", {}, reference, context);
  if (!record) return std::nullopt;
  return read(*record);
}

std::optional<Document> Documents::find(const OrderRef& ref, const CallContext& context) {
  if (!ref.id.empty()) return by_id(ref.id, context);
  if (ref.document.empty()) return std::nullopt;
  std::optional<Document> found;
  suite_.search_all(search_record("platformCommon:TransactionSearchBasic",
                                  search_text("platformCommon:tranId", "is", ref.document.text()) +
                                      search_words("platformCommon:type", {"_salesOrder"})),
                    context, [&](const Node& record) {
                      if (record.text_of("tranId") != ref.document.text()) return true;
                      found = read(record);
                      return false;
                    });
  return found;
}

Document Documents::required(const OrderRef& ref, const CallContext& context) {
  std::optional<Document> found = find(ref, context);
  if (!found) throw Failure{{ErrorCode::not_found, "NetSuite has no such order"}};
  return std::move(*found);
}

Document Documents::read(const Node& record) const {
  Document document;
  document.internal_id = record.attribute("internalId");
  document.reference = record.attribute("externalId");
  document.number = record.text_of("tranId");
  document.status = record.text_of("orderStatus");
  if (const auto id = decode_external_reference(document.reference)) document.id = *id;
  for (const Node& row : record.get("itemList").children)
    if (row.name == "item") read_line(document, row);
  tell_repeated_lines(document);
  document.record = record;
  document.record.children.erase(
      std::remove_if(document.record.children.begin(), document.record.children.end(),
                     [](const Node& child) { return child.name == "itemList"; }),
      document.record.children.end());
  return document;
}

void Documents::read_line(Document& document, const Node& row) const {
  const std::string& item = row.id_of("item");
  const Settings& settings = suite_.settings();
  for (const CodePair& pair : settings.charges)
    if (pair.vendor == item) return read_charge(document, row, pair);
  if (!settings.discount_item.empty() && item == settings.discount_item) {
    // It is about the line above it.
    if (document.lines.empty()) return;
    DocumentLine& line = document.lines.back();
    line.discount_key = row.text_of("line");
    line.other_discounts = line.discount;
    line.discount += row.decimal_of("amount");
    line.order.net_amount += row.decimal_of("amount");
    if (!line.order.taxes.empty()) line.order.taxes.front().amount += row.decimal_of("tax1Amt");
    if (!line.discount.is_zero()) {
      Adjustment adjustment;
      adjustment.promotion = custom_field(row, settings.fields.promotion);
      adjustment.kind = adjustment.promotion.empty() ? "manual" : "promotion";
      adjustment.amount = cents(line.discount);
      adjustment.reason = row.text_of("description");
      line.order.adjustments = {adjustment};
    }
    return;
  }
  read_article(document, row);
}

void Documents::read_charge(Document& document, const Node& row, const CodePair& pair) const {
  DocumentCharge charge;
  charge.key = row.text_of("line");
  charge.charge.kind = pair.canonical;
  charge.charge.code = row.text_of("description");
  charge.charge.amount = cents(row.decimal_of("amount"));
  document.charges.push_back(std::move(charge));
}

void Documents::read_article(Document& document, const Node& row) const {
  const Settings& settings = suite_.settings();
  DocumentLine line;
  line.key = row.text_of("line");
  line.number = line_number(custom_field(row, settings.fields.line));
  if (line.number == 0) line.number = users_number(line.key);
  line.closed = row.bool_of("isClosed");
  line.held = row.text_of("commitInventory") == "_doNotCommit";
  OrderLine& order = line.order;
  order.number = line.number;
  order.sku = Sku(row.name_of("item"));
  order.description = row.text_of("description");
  const std::string& unit = row.id_of("units");
  const std::string* uom = from_vendor(settings.uom, unit);
  order.uom = unit.empty() ? settings.base_uom : uom == nullptr ? row.name_of("units") : *uom;
  order.location = LocationCode(row.name_of("location"));
  order.requested_date = row.day_of("expectedShipDate");
  order.quantity = row.decimal_of("quantity");
  order.shipped_quantity = row.decimal_of("quantityFulfilled");
  order.invoiced_quantity = row.decimal_of("quantityBilled");
  const std::string& rate = row.text_of("rate");
  if (!rate.empty() && rate.back() != '%') order.unit_price = must(exact_double(rate));
  order.net_amount = row.decimal_of("amount");
  Tax tax;
  const std::string code = row.name_of("taxCode");
  const std::string* ours = from_vendor(settings.tax_codes, code);
  tax.code = ours == nullptr ? code : *ours;
  tax.rate = (row.decimal_of("taxRate1") * Decimal(1, 2)).normalized();
  tax.amount = row.decimal_of("tax1Amt");
  if (!tax.code.empty()) order.taxes.push_back(std::move(tax));
  document.lines.push_back(std::move(line));
}

void require_each_line_once(const Document& document) {
  std::string twice;
  for (const DocumentLine& line : document.lines)
    if (line.again)
      twice += (twice.empty() ? "" : ", ") + line.key + " (" + line.order.sku.text() + ")";
  if (!twice.empty())
    throw Failure{{ErrorCode::conflict,
                   "order " + document.number + " has a channel's line twice; NetSuite's line " +
                       twice + " must be closed or be made one of the account's own"}};
}

OrderTotals totals_of(const Document& document) {
  OrderTotals totals;
  for (const DocumentLine& line : document.lines) totals.items_net += line.order.net_amount;
  for (const DocumentCharge& charge : document.charges) totals.charges += charge.charge.amount;
  totals.charges += document.record.decimal_of("shippingCost");
  totals.items_net = cents(totals.items_net);
  totals.charges = cents(totals.charges);
  totals.tax = cents(document.record.decimal_of("taxTotal"));
  totals.grand_total = cents(document.record.decimal_of("total"));
  return totals;
}

Order Documents::order_without_postings(const Document& document, const CallContext& context) {
  const Node& record = document.record;
  Order order;
  order.id = document.id;
  // "C10001 Ada Lovelace": an entity is shown with its name.
  const std::string entity = record.name_of("entity");
  order.customer = CustomerNumber(entity.substr(0, entity.find(' ')));
  // An order without a number of the customer's own carries ours there.
  if (record.text_of("otherRefNum") != document.reference)
    order.customer_reference = record.text_of("otherRefNum");
  order.order_date = record.day_of("tranDate").value_or(Date{});
  order.requested_date = record.day_of("shipDate");
  order.currency = references_.currency_code(record.id_of("currency"), context).value_or("");
  if (const Node* to = record.child("shippingAddress"))
    order.ship_to = address_of(suite_, *to, "ship_to");
  if (const Node* to = record.child("billingAddress"))
    order.bill_to = address_of(suite_, *to, "bill_to");
  const bool closed = document.closed();
  for (const DocumentLine& line : document.lines) {
    OrderLine one = line.order;
    if (line.closed && closed) {
      one.cancelled_quantity = one.quantity - one.shipped_quantity;
    } else if (line.closed) {
      one.quantity = one.shipped_quantity;
    }
    if (one.quantity.is_zero()) continue;  // Cancelled in an order that goes on.
    one.net_amount = cents(one.net_amount);
    for (Tax& tax : one.taxes) tax.amount = cents(tax.amount);
    order.lines.push_back(std::move(one));
  }
  for (const DocumentCharge& charge : document.charges)
    if (!charge.charge.amount.is_zero()) order.charges.push_back(charge.charge);
  order.totals = totals_of(document);
  order.status = document.order_status();
  order.updated_at = record.time_of("lastModifiedDate");
  order.revision = Revision(record.text_of("lastModifiedDate"));
  return order;
}

Order Documents::order_of(const Document& document, const CallContext& context) {
  Order order = order_without_postings(document, context);
  if (document.any_shipped() || document.any_invoiced()) add_postings(order, document, context);
  return order;
}

void Documents::add_postings(Order& order, const Document& document, const CallContext& context) {
  const auto number_of = [&](const Node& row) {
    for (const DocumentLine& line : document.lines)
      if (line.key == row.text_of("orderLine")) return line.number;
    return 0;
  };
  suite_.search_all(
      search_record("platformCommon:TransactionSearchBasic",
                    search_any("platformCommon:createdFrom", {document.internal_id}) +
                        search_words("platformCommon:type", {"_itemFulfillment", "_invoice"})),
      context, [&](const Node& record) {
        if (record.instance_type() == "Invoice") {
          order.invoices.push_back({DocumentNumber(record.text_of("tranId")),
                                    record.day_of("tranDate").value_or(Date{}),
                                    cents(record.decimal_of("total"))});
          return true;
        }
        // Picked and packed is not shipped.
        if (record.text_of("shipStatus") != "_shipped") return true;
        ShipmentReference shipment;
        shipment.document = DocumentNumber(record.text_of("tranId"));
        shipment.date = record.day_of("tranDate").value_or(Date{});
        for (const Node& row : record.get("itemList").children)
          shipment.lines.push_back(
              {number_of(row), Sku(row.name_of("item")), row.decimal_of("quantity")});
        order.shipments.push_back(std::move(shipment));
        return true;
      });
}

OrderReceipt Documents::receipt_of(const Document& document, const OrderId& asked) const {
  OrderReceipt receipt;
  receipt.id = document.id.empty() ? asked : document.id;
  receipt.document = DocumentNumber(document.number);
  receipt.status = document.order_status();
  receipt.erp_totals = totals_of(document);
  receipt.released = document.released();
  receipt.revision = Revision(document.record.text_of("lastModifiedDate"));
  return receipt;
}

Address address_of(const Suite& suite, const Node& address, const std::string& kind) {
  Address result;
  result.kind = kind;
  result.name = address.text_of("addressee");
  result.line1 = address.text_of("addr1");
  result.line2 = address.text_of("addr2");
  result.city = address.text_of("city");
  result.post_code = address.text_of("zip");
  result.region = address.text_of("state");
  result.country = country_code(suite.settings().countries, address.text_of("country"));
  return result;
}

void write_address(Xml& xml, std::string_view tag, const Suite& suite, const Address& address,
                   const std::string& pointer, const Address& there) {
  std::string country;
  if (!address.country.empty()) {
    const std::optional<std::string> known =
        country_word(suite.settings().countries, address.country);
    if (!known)
      throw rejected("the country " + address.country + " has no word in NetSuite's list",
                     pointer + "/country", "must be a country that the settings map");
    country = *known;
  }
  struct Part {
    const char* name;
    const std::string& wanted;
    const std::string& actual;
  };
  const std::array parts{
      Part{"country", country, there.country},        Part{"addressee", address.name, there.name},
      Part{"addr1", address.line1, there.line1},      Part{"addr2", address.line2, there.line2},
      Part{"city", address.city, there.city},         Part{"state", address.region, there.region},
      Part{"zip", address.post_code, there.post_code}};
  xml.open(tag);
  Xml blank;
  for (const Part& part : parts)
    if (part.wanted.empty() && !part.actual.empty()) blank.leaf("platformCore:name", part.name);
  if (!blank.empty()) xml.open("platformCore:nullFieldList").raw(blank.text()).close();
  for (const Part& part : parts)
    if (!part.wanted.empty()) xml.leaf(std::string("platformCommon:") + part.name, part.wanted);
  xml.close();
}

}  // namespace underpin::legacy::netsuite_soap
