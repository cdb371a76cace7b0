#include "legacy-adapters/sap_ecc/order_message.h"

#include <algorithm>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr int charges_from = 900'000;  // Positions above every line's.

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

std::string at(std::size_t index, std::string_view field) {
  return "/lines/" + std::to_string(index) + "/" + std::string(field);
}

Record table_of(const std::vector<Flagged>& rows, bool twins) {
  Record table = Record::array();
  for (const Flagged& row : rows) table.push(twins ? row.twin() : row.row());
  return table;
}

Record partner(const std::string& role, const std::string& customer) {
  Record row = Record::object();
  row.set("PARTN_ROLE", role);
  row.set("PARTN_NUMB", customer);
  return row;
}

void set_address(Record& row, const Address& address, const std::string& pointer,
                 const char* post_code) {
  row.set("NAME", fitting(address.name, 35, pointer + "/name"));
  row.set("NAME_2", fitting(address.line2, 35, pointer + "/line2"));
  row.set("STREET", fitting(address.line1, 35, pointer + "/line1"));
  row.set("CITY", fitting(address.city, 35, pointer + "/city"));
  row.set(post_code, fitting(address.post_code, 10, pointer + "/postCode"));
  row.set("REGION", fitting(address.region, 3, pointer + "/region"));
  row.set("COUNTRY", fitting(address.country, 3, pointer + "/country"));
}

}  // namespace

Flagged& Flagged::key(std::string_view name, const std::string& value) {
  row_.set(name, value);
  twin_.set(name, value);
  return *this;
}

Flagged& Flagged::set(std::string_view name, const std::string& value) {
  row_.set(name, value);
  twin_.set(name, "X");
  set_ = true;
  return *this;
}

Flagged& Flagged::add(const Flagged& other) {
  for (const json::Member& member : other.row_.members()) set(member.key, member.value.text());
  return *this;
}

Flagged& Flagged::update(std::string_view flag) {
  twin_.set("UPDATEFLAG", std::string(flag));
  return *this;
}

void OrderMessage::schedule(const std::string& position, const std::vector<std::string>& present,
                            const std::string& quantity, const std::optional<Date>& date) {
  const auto add = [&](const std::string& line, const std::string& amount, bool is_new) {
    Flagged row;
    row.key("ITM_NUMBER", position).key("SCHED_LINE", line).update(is_new ? "I" : "U");
    if (!amount.empty()) row.set("REQ_QTY", amount);
    if (date) row.set("REQ_DATE", soap_date(*date));
    schedules_.push_back(std::move(row));
  };
  add(present.empty() ? "0001" : present.front(), quantity, present.empty());
  if (quantity.empty()) return;
  for (std::size_t i = 1; i < present.size(); ++i) add(present[i], "0", false);
}

void OrderMessage::condition(const std::string& position, const std::string& type,
                             const std::optional<Condition>& present, const Rate& rate,
                             const std::string& currency) {
  Flagged row;
  row.key("ITM_NUMBER", position)
      .key("COND_ST_NO", present ? present->step : "")
      .key("COND_COUNT", present ? present->count : "")
      .key("COND_TYPE", type)
      .update(present ? "U" : "I")
      .set("COND_VALUE", rate.value)
      .set("CURRENCY", currency)
      .set("COND_P_UNT", std::to_string(rate.per));
  conditions_.push_back(std::move(row));
}

void OrderMessage::change_address(const std::string& document, const std::string& customer,
                                  const Address& address, const std::string& pointer) {
  constexpr const char* link = "1";
  Record change = Record::object();
  change.set("DOCUMENT", document);
  change.set("ITM_NUMBER", "000000");
  change.set("UPDATEFLAG", "U");
  change.set("PARTN_ROLE", "WE");
  change.set("P_NUMB_OLD", customer);
  change.set("P_NUMB_NEW", customer);
  change.set("ADDR_LINK", link);
  partner_changes_.push(std::move(change));
  Record row = Record::object();
  row.set("ADDR_NO", link);
  set_address(row, address, pointer, "POSTL_COD1");
  addresses_.push(std::move(row));
}

Record OrderMessage::request(const Parameters& names) const {
  Record request = Record::object();
  request.set(names.header, header.row());
  request.set(std::string(names.header) + "X", header.twin());
  request.set(names.items, table_of(items_, false));
  request.set(names.items_x, table_of(items_, true));
  request.set(names.schedules, table_of(schedules_, false));
  request.set(names.schedules_x, table_of(schedules_, true));
  request.set(names.conditions, table_of(conditions_, false));
  request.set(names.conditions_x, table_of(conditions_, true));
  request.set(names.partners, partners_);
  if (!addresses_.empty()) {
    request.set("PARTNERCHANGES", partner_changes_);
    request.set("PARTNERADDRESSES", addresses_);
  }
  return request;
}

// -------------------------------------------------------------------------------------------
// values
const std::string& fitting(const std::string& text, std::size_t width, const std::string& pointer) {
  const auto characters =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      }));
  if (characters > width)
    throw refused(ErrorCode::rejected, "a text is longer than SAP's field", pointer,
                  "must have at most " + std::to_string(width) + " characters");
  return text;
}

std::string customer_key(const CustomerNumber& number, const std::string& pointer) {
  if (!keeps_its_form(number.text(), number_width))
    throw refused(ErrorCode::rejected, "customer " + number.text() + " has no such number in SAP",
                  pointer, "must have 1 to 10 characters, and no zeros before other digits");
  return filled(number.text(), number_width);
}

std::string material_key(const Sku& sku, const std::string& pointer) {
  if (!keeps_its_form(sku.text(), material_width))
    throw refused(ErrorCode::rejected, "article " + sku.text() + " has no such number in SAP",
                  pointer, "must have 1 to 18 characters, and no zeros before other digits");
  return filled(sku.text(), material_width);
}

std::string adjustment_type(Decimal amount, const Settings& settings, const std::string& pointer) {
  if (amount.is_negative()) return settings.discount_condition;
  if (settings.surcharge_condition.empty())
    throw refused(ErrorCode::unsupported, "no condition type is configured for surcharges", pointer,
                  "must not be positive in sum");
  return settings.surcharge_condition;
}

Decimal adjustment_share(Decimal adjustments, Decimal quantity, Decimal of) {
  if (quantity == of || of.is_zero()) return adjustments;
  return Decimal::divided(adjustments * quantity, of, 2, Rounding::half_up);
}

// ------------------------------------------------------------------------------------------
// building
void add_line(OrderMessage& message, const OrderLine& line, const std::string& position,
              Decimal quantity, std::size_t index, const Currency& currency,
              const Settings& settings, const Flagged* more) {
  Flagged item;
  item.key("ITM_NUMBER", position).update("I");
  item.set("MATERIAL", material_key(line.sku, at(index, "sku")));
  item.set("PO_ITM_NO", filled(std::to_string(line.number), 6));
  if (!line.uom.empty())
    item.set("SALES_UNIT", fitting(unit_code(settings, line.uom), 3, at(index, "uom")));
  if (!line.description.empty())
    item.set("SHORT_TEXT", fitting(line.description, 40, at(index, "description")));
  if (!line.location.empty()) {
    const Place* place = place_of(settings, line.location.text());
    if (place == nullptr)
      throw refused(ErrorCode::rejected,
                    "location " + line.location.text() + " is no plant and storage location",
                    at(index, "location"), "must be a location that the settings name");
    item.set("PLANT", place->plant).set("STORE_LOC", place->storage);
  }
  if (more != nullptr) item.add(*more);
  message.item(item);
  message.schedule(position, {}, quantity_text(quantity, at(index, "quantity")),
                   line.requested_date);
  message.condition(position, settings.price_condition, std::nullopt,
                    rate_of(line.unit_price, at(index, "unitPrice")), currency);
  const Decimal adjustment =
      adjustment_share(sum_of(line.adjustments), quantity, line.quantity - line.cancelled_quantity);
  if (adjustment.is_zero()) return;
  if (adjustment.normalized().scale() > 2)
    throw refused(ErrorCode::rejected, "a line's discount has more than two decimals",
                  at(index, "adjustments"), "must be whole cents in sum");
  message.condition(position, adjustment_type(adjustment, settings, at(index, "adjustments")),
                    std::nullopt, {adjustment.normalized().text(), 1}, currency);
}

namespace {

void add_charge(OrderMessage& message, const Charge& charge, std::size_t index, const Order& order,
                const Settings& settings) {
  const std::string pointer = "/charges/" + std::to_string(index);
  const auto material = std::find_if(settings.charges.begin(), settings.charges.end(),
                                     [&](const CodePair& one) { return one.first == charge.kind; });
  if (material == settings.charges.end())
    throw refused(ErrorCode::rejected,
                  "no material is configured for charges of kind " + charge.kind, pointer + "/kind",
                  "must be a kind that the ERP has a material for");
  if (charge.amount.is_negative())
    throw refused(ErrorCode::unsupported, "a charge is no discount", pointer + "/amount",
                  "must not be negative");
  const std::string position = item_key(charges_from + line_step * (static_cast<int>(index) + 1));
  Flagged item;
  item.key("ITM_NUMBER", position).update("I");
  item.set("MATERIAL", filled(material->second, material_width));
  if (!charge.code.empty()) item.set("SHORT_TEXT", fitting(charge.code, 40, pointer + "/code"));
  message.item(item);
  message.schedule(position, {}, "1", std::nullopt);
  message.condition(position, settings.price_condition, std::nullopt,
                    rate_of(charge.amount, pointer + "/amount"), order.currency);
}

void add_partners(OrderMessage& message, const Order& order) {
  const std::string customer = customer_key(order.customer, "/customer");
  message.partner(partner("AG", customer));
  if (order.ship_to) {
    Record row = partner("WE", customer);
    set_address(row, *order.ship_to, "/shipTo", "POSTL_CODE");
    message.partner(std::move(row));
  }
  if (order.bill_to) {
    Record row = partner("RE", customer);
    set_address(row, *order.bill_to, "/billTo", "POSTL_CODE");
    message.partner(std::move(row));
  }
}

}  // namespace

OrderMessage whole_order(const Order& order, const Settings& settings) {
  if (order.prices_include_tax)
    throw refused(ErrorCode::unsupported, "SAP's pricing procedure takes prices without tax",
                  "/pricesIncludeTax", "must be false");
  OrderMessage message;
  message.header.update("I")
      .set("DOC_TYPE", settings.order_type)
      .set("SALES_ORG", settings.organization)
      .set("DISTR_CHAN", settings.channel)
      .set("DIVISION", settings.division)
      .set("PURCH_NO_C", reference_of(order.id))
      .set("DOC_DATE", soap_date(order.order_date))
      .set("REQ_DATE_H", soap_date(order.requested_date.value_or(order.order_date)))
      .set("CURRENCY", order.currency)
      .set("DLV_BLOCK", settings.block);
  if (!order.customer_reference.empty())
    message.header.set("PURCH_NO_S", fitting(order.customer_reference, 35, "/customerReference"));
  add_partners(message, order);
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& line = order.lines[i];
    if (!is_positive(line.outstanding())) continue;
    add_line(message, line, item_key(line.number * line_step), line.outstanding(), i,
             order.currency, settings);
  }
  if (message.has_no_lines())
    throw refused(ErrorCode::rejected, "nothing of the order is outstanding", "/lines",
                  "must have a line with something to deliver");
  for (std::size_t i = 0; i < order.charges.size(); ++i)
    add_charge(message, order.charges[i], i, order, settings);
  return message;
}

}  // namespace underpin::legacy::sap_ecc
