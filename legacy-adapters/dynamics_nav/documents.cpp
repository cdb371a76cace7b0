#include "legacy-adapters/dynamics_nav/documents.h"

#include "contracts/external_reference.h"
#include "contracts/json/codec.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <set>

namespace underpin {
namespace embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace legacy::dynamics_nav {
namespace {

constexpr int line_number_max = 9'999;
constexpr std::size_t reference_max = 35;
constexpr std::size_t description_max = 100;
constexpr std::string_view lines_archive = "SalesLinesArchive";
constexpr std::string_view row_archive = "Sales_Order_Archive_Line";

Result<mapping::Mapping> load(std::string_view file) {
  return mapping::Mapping::load(embedded::dynamics_nav(file), file);
}

const std::vector<Record>& archived_lines(const Record& header) {
  return part(header, lines_archive, row_archive);
}
const std::vector<Record>& shipped_lines(const Record& shipment) {
  return part(shipment, "SalesShipmLines", "Posted_Sales_Shpt_Line");
}
const std::vector<Record>& invoiced_lines(const Record& invoice) {
  return part(invoice, "SalesInvLines", "Posted_Sales_Invoice_Line");
}

OrderId id_of(const Record& header) {
  return decode_external_reference(text_of(header, "External_Document_No")).value_or(OrderId{});
}

std::optional<Date> date_of(const Record& record, std::string_view element) {
  const Result<Date> date = Date::parse(text_of(record, element));
  if (!date || date->year < 1754) return std::nullopt;
  return *date;
}

// "a"|"b", for a ReadMultiple of many documents at once.
std::string any_of(const std::vector<std::string>& values) {
  std::string criteria;
  for (const std::string& value : values)
    criteria += (criteria.empty() ? "" : "|") + literal(value);
  return criteria;
}

Address address_at(const Record& record, const std::string& prefix, const std::string& name) {
  const auto text = [&](std::string_view element) { return text_of(record, element); };
  Address address;
  address.name = text(name);
  address.line1 = text(prefix + "Address");
  address.line2 = text(prefix + "Address_2");
  address.city = text(prefix + "City");
  address.post_code = text(prefix + "Post_Code");
  address.country = text(prefix + "Country_Region_Code");
  return address;
}

std::vector<Tax> taxes_of(const Record& line, bool included) {
  const Decimal percent = amount_of(line, "VAT_Percent").normalized();
  if (percent.is_negative())
    throw Failure{{ErrorCode::internal, "a line with a negative VAT_Percent came from NAV"}};
  const Decimal net = amount_of(line, "Line_Amount");
  Decimal amount = amount_of(line, "Amount_Including_VAT") - net;
  if (included)
    amount = Decimal::divided(net * percent, percent + Decimal::of(100), 2, Rounding::half_up);
  if (percent.is_zero() && amount.is_zero()) return {};
  return {Tax{"VAT" + percent.text(),
              Decimal::divided(percent, Decimal::of(100), 4, Rounding::half_up).normalized(),
              with_cents(amount)}};
}

json::Value adjustments_of(const Record& line) {
  json::Value list = json::Value::array();
  const Decimal discount = amount_of(line, "Line_Discount_Amount");
  const std::string& promotion = text_of(line, "Promotion_Code");
  if (discount.is_zero() && promotion.empty()) return list;
  json::Value one = json::Value::object();
  one.set("kind", promotion.empty() ? "manual" : "promotion");
  if (!promotion.empty()) {
    one.set("promotion", promotion);
    const Result<Decimal> version = Decimal::parse(text_of(line, "Promotion_Version"));
    if (version && !version->is_zero()) one.set("promotionVersion", json::Value::number(*version));
  }
  one.set("amount", with_cents(-discount).text());
  list.push(std::move(one));
  return list;
}

bool has_lines(const Record& header) { return !order_lines(header).empty(); }

}  // namespace

Result<Mappings> load_mappings() {
  try {
    return Mappings{must(load("order_header.json")), must(load("order_line.json")),
                    must(load("ship_to.json")), must(load("bill_to.json")),
                    must(load("customer.json"))};
  } catch (const Failure& failure) {
    return failure.error;
  }
}

// --------------------------------------------------------------------------------------- records
const std::vector<Record>& order_lines(const Record& header) {
  return part(header, "SalesLines", "Sales_Order_Line");
}
bool is_released(const Record& header) { return text_of(header, "Status") == "Released"; }
bool is_item(const Record& line) { return text_of(line, "Type") == "Item"; }

bool has_shipped(const Record& header) {
  const std::vector<Record>& lines = order_lines(header);
  return std::any_of(lines.begin(), lines.end(), [](const Record& line) {
    return !amount_of(line, "Quantity_Shipped").is_zero();
  });
}

std::string reference_of(const OrderId& id) {
  return must(encode_external_reference(id, reference_max));
}

std::int64_t line_no_of(const Record& line) {
  const Result<Decimal> number = Decimal::parse(text_of(line, "Line_No"));
  if (!number || number->scale() != 0 || number->magnitude() > Decimal::of(INT32_MAX))
    throw Failure{{ErrorCode::internal, "a line without Line_No came from NAV"}};
  return static_cast<std::int64_t>(number->coefficient());
}

Decimal amount_of(const Record& record, std::string_view element) {
  const std::string& text = text_of(record, element);
  if (text.empty()) return {};
  return must(Decimal::parse(text));
}

Decimal with_cents(Decimal amount) {
  amount = amount.normalized();
  return amount.scale() < 2 ? amount.rounded(2, Rounding::half_up) : amount;
}

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& adjustment : adjustments) sum += adjustment.amount;
  return sum;
}

std::pair<std::string, int> without_number(const std::string& description) {
  const std::size_t at = description.rfind(" [#");
  if (at == std::string::npos || description.back() != ']') return {description, 0};
  const std::string digits = description.substr(at + 3, description.size() - at - 4);
  if (digits.empty() || digits.size() > 4 || digits[0] == '0' ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return {description, 0};
  return {description.substr(0, at), std::stoi(digits)};
}

std::string with_number(const std::string& description, int number) {
  const std::string mark = " [#" + std::to_string(number) + "]";
  // NAV counts characters; cut between them.
  std::size_t end = 0;
  for (std::size_t characters = 0; end < description.size(); ++end) {
    if ((static_cast<unsigned char>(description[end]) & 0xC0U) == 0x80U) continue;
    if (characters++ == description_max - mark.size()) break;
  }
  return description.substr(0, end) + mark;
}

std::map<std::int64_t, int> numbers_of(const std::vector<Record>& lines, bool ours) {
  std::map<std::int64_t, int> numbers;
  std::set<int> taken;
  const auto take = [&](std::int64_t line_no, std::int64_t number) {
    if (number < 1 || number > line_number_max || numbers.count(line_no) != 0) return;
    if (taken.insert(static_cast<int>(number)).second) numbers[line_no] = static_cast<int>(number);
  };
  for (const Record& line : lines)
    if (ours && is_item(line))
      take(line_no_of(line), without_number(text_of(line, "Description")).second);
  for (const Record& line : lines)
    if (is_item(line) && line_no_of(line) % line_step == 0)
      take(line_no_of(line), line_no_of(line) / line_step);
  for (const Record& line : lines) {  // A line that a NAV user put between two others.
    if (!is_item(line)) continue;
    for (int number = taken.empty() ? 1 : *taken.rbegin() + 1;
         number > 0 && numbers.count(line_no_of(line)) == 0; --number)
      take(line_no_of(line), number);
  }
  return numbers;
}

// --------------------------------------------------------------------------------------- finding
Found Documents::find(const OrderRef& ref, const CallContext& context) const {
  if (!ref.document.empty()) {
    Found found = find_by_number(ref.document.text(), context);
    if (found.place != Place::nowhere || ref.id.channel.empty()) return found;
  }
  if (ref.id.empty()) return {};
  if (ref.id.channel.empty()) return find_by_number(ref.id.number.text(), context);
  return find_by_reference(ref.id, context);
}

Found Documents::find_by_number(const std::string& number, const CallContext& context) const {
  if (number.size() > 20) return {};  // NAV has no such number, and would refuse the question.
  std::optional<Record> open = must(services_.read(sales_order_binding(), number, context));
  if (open && has_lines(*open)) return {Place::open, text_of(*open, "No"), *open, {}, {}};
  std::map<std::string, Found> found;
  for (Record& row :
       must(services_.list(archive_binding(), {{"No", literal(number)}}, "", 0, context)))
    if (!archived_lines(row).empty())
      found[number] = {Place::archived, text_of(row, "No"), std::move(row), {}, {}};
  const auto postings = postings_of({number}, context);
  for (const auto& [order, posted] : postings) {
    Found& one = found[order];
    if (one.place == Place::nowhere) one = {Place::posted, order, {}, {}, {}};
    one.shipments = posted.shipments;
    one.invoices = posted.invoices;
  }
  return choose(std::move(found), "number " + number);
}

Found Documents::find_by_reference(const OrderId& id, const CallContext& context) const {
  const std::string reference = reference_of(id);
  const std::vector<Filter> filter{{"External_Document_No", literal(reference)}};
  std::map<std::string, Found> found;
  for (Record& row : must(services_.list(sales_order_binding(), filter, "", 0, context))) {
    if (!has_lines(row)) continue;
    Found& one = found[text_of(row, "No")];
    one = {Place::open, text_of(row, "No"), std::move(row), {}, {}};
  }
  for (Record& row : must(services_.list(archive_binding(), filter, "", 0, context))) {
    Found& one = found[text_of(row, "No")];  // The latest version comes last.
    if (one.place == Place::open || archived_lines(row).empty()) continue;
    one = {Place::archived, text_of(row, "No"), std::move(row), {}, {}};
  }
  const auto posted = [&](const Binding& page, std::vector<Record> Found::*rows) {
    for (Record& row : must(services_.list(page, filter, "", 0, context))) {
      const std::string number = text_of(row, "Order_No");
      if (number.empty()) continue;
      Found& one = found[number];
      if (one.place == Place::nowhere) one = {Place::posted, number, {}, {}, {}};
      (one.*rows).push_back(std::move(row));
    }
  };
  posted(shipments_binding(), &Found::shipments);
  posted(invoices_binding(), &Found::invoices);
  return choose(std::move(found), "external reference " + reference);
}

Found Documents::choose(std::map<std::string, Found> found, const std::string& named) const {
  std::vector<Found*> lasting;
  Found* deleted = nullptr;
  for (auto& [number, one] : found) {
    if (one.place == Place::nowhere) continue;
    if (one.place == Place::archived && one.shipments.empty())
      deleted = &one;
    else
      lasting.push_back(&one);
  }
  if (lasting.size() > 1) {
    std::string numbers;
    for (const Found* one : lasting) numbers += (numbers.empty() ? "" : ", ") + one->number;
    throw Failure{{ErrorCode::conflict, "NAV holds " + std::to_string(lasting.size()) +
                                            " documents with " + named + ": " + numbers}};
  }
  if (!lasting.empty()) return std::move(*lasting.front());
  return deleted == nullptr ? Found{} : std::move(*deleted);
}

std::vector<Record> Documents::begun(const OrderId& id, const CallContext& context) const {
  std::vector<Record> rows;
  for (Record& row :
       must(services_.list(sales_order_binding(),
                           {{"External_Document_No", literal(reference_of(id))}}, "", 0, context)))
    if (!has_lines(row)) rows.push_back(std::move(row));
  return rows;
}

std::map<std::string, Documents::Postings> Documents::postings_of(
    const std::vector<std::string>& numbers, const CallContext& context) const {
  std::map<std::string, Postings> postings;
  if (numbers.empty()) return postings;
  const std::vector<Filter> filter{{"Order_No", any_of(numbers)}};
  for (Record& row : must(services_.list(shipments_binding(), filter, "", 0, context))) {
    std::vector<Record>& rows = postings[text_of(row, "Order_No")].shipments;
    rows.push_back(std::move(row));
  }
  for (Record& row : must(services_.list(invoices_binding(), filter, "", 0, context))) {
    std::vector<Record>& rows = postings[text_of(row, "Order_No")].invoices;
    rows.push_back(std::move(row));
  }
  return postings;
}

// --------------------------------------------------------------------------------------- reading
// NAV copies the customer's and the payer's address into every order; only another one is one-time.
// Cards are needed only where the two differ.
std::map<std::string, Record> Documents::cards_of(const std::vector<const Record*>& headers,
                                                  const CallContext& context) const {
  std::set<std::string> numbers;
  for (const Record* header : headers) {
    if (address_at(*header, "Ship_to_", "Ship_to_Name") ==
        address_at(*header, "Bill_to_", "Bill_to_Name"))
      continue;
    numbers.insert(text_of(*header, "Sell_to_Customer_No"));
    numbers.insert(text_of(*header, "Bill_to_Customer_No"));
  }
  numbers.erase("");
  std::map<std::string, Record> cards;
  if (numbers.empty()) return cards;
  for (Record& card : must(services_.list(
           customer_binding(),
           {{"No", any_of(std::vector<std::string>(numbers.begin(), numbers.end()))}}, "", 0,
           context))) {
    std::string number = text_of(card, "No");
    cards[std::move(number)] = std::move(card);
  }
  return cards;
}

Order Documents::from_lines(const Record& header, const std::vector<Record>& lines,
                            const std::map<std::string, Record>& cards) const {
  json::Value document = must(mappings_.header.from_vendor(header));
  if (document.get("currency").text().empty()) document.set("currency", settings_.local_currency);
  const OrderId id = id_of(header);
  const bool ours = !id.empty();
  const std::map<std::int64_t, int> numbers = numbers_of(lines, ours);
  const std::string& own_date = text_of(header, "Shipment_Date");
  json::Value list = json::Value::array();
  std::vector<Charge> charges;
  OrderTotals totals{Decimal(0, 2), Decimal(0, 2), {}, {}};
  const bool included = text_of(header, "Prices_Including_VAT") == "true";
  std::vector<std::vector<Tax>> taxes;
  for (const Record& line : lines) {
    if (text_of(line, "Type") == "_blank_") continue;  // A remark.
    const Decimal amount = amount_of(line, "Line_Amount");
    if (!is_item(line)) {
      const auto account = std::find_if(
          settings_.charges.begin(), settings_.charges.end(),
          [&](const ChargeAccount& one) { return one.account == text_of(line, "No"); });
      const std::string kind = account == settings_.charges.end() ? "fee" : account->kind;
      const std::string& described = text_of(line, "Description");
      charges.push_back({kind, ours && described != kind ? described : std::string(),
                         with_cents(amount), taxes_of(line, included)});
      totals.charges += amount;
      continue;
    }
    totals.items_net += amount;
    json::Value one = must(mappings_.line.from_vendor(line));
    one.set("number", json::Value::integer(numbers.at(line_no_of(line))));
    for (const char* quantity : {"quantity", "shippedQuantity", "invoicedQuantity"})
      if (const json::Value* found = one.find(quantity))
        one.set(quantity, must(Decimal::parse(found->text())).normalized().text());
    for (const char* price : {"unitPrice", "netAmount"})
      one.set(price, with_cents(amount_of(one, price)).text());
    // The date a line gets by itself says nothing that the header does not say.
    if (text_of(line, "Shipment_Date") == own_date) one.erase("requestedDate");
    if (ours) one.set("description", without_number(text_of(line, "Description")).first);
    one.set("adjustments", adjustments_of(line));
    list.push(std::move(one));
    taxes.push_back(taxes_of(line, included));
  }
  document.set("lines", std::move(list));
  Order order = must(json::from_json<Order>(document));
  for (std::size_t i = 0; i < order.lines.size(); ++i) order.lines[i].taxes = std::move(taxes[i]);
  std::sort(order.lines.begin(), order.lines.end(),
            [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
  order.id = id;
  order.charges = std::move(charges);
  if (!text_of(header, "Payment_Reference").empty())
    order.payments.push_back({text_of(header, "Payment_Reference"), {}, {}, {}});
  totals.items_net = with_cents(totals.items_net);
  totals.charges = with_cents(totals.charges);
  totals.tax = with_cents(amount_of(header, "Total_VAT_Amount"));
  totals.grand_total = with_cents(amount_of(header, "Total_Amount_Incl_VAT"));
  order.totals = totals;
  const auto one_time = [&](const std::string& prefix, const std::string& customer,
                            const char* kind) -> std::optional<Address> {
    const auto card = cards.find(text_of(header, customer));
    Address address = address_at(header, prefix, prefix + "Name");
    if (card == cards.end() || address == Address{} ||
        address == address_at(card->second, "", "Name"))
      return std::nullopt;
    address.kind = kind;
    return address;
  };
  order.ship_to = one_time("Ship_to_", "Sell_to_Customer_No", "ship_to");
  order.bill_to = one_time("Bill_to_", "Bill_to_Customer_No", "bill_to");
  return order;
}

void Documents::add_postings(Order& order, const Postings& postings,
                             const std::map<std::int64_t, int>& numbers) const {
  for (const Record& shipment : postings.shipments) {
    ShipmentReference one{DocumentNumber(text_of(shipment, "No")),
                          date_of(shipment, "Posting_Date").value_or(Date{}),
                          {}};
    for (const Record& line : shipped_lines(shipment)) {
      if (!is_item(line)) continue;
      const auto number = numbers.find(line_no_of(line));
      one.lines.push_back({number == numbers.end() ? 0 : number->second, Sku(text_of(line, "No")),
                           amount_of(line, "Quantity").normalized()});
    }
    order.shipments.push_back(std::move(one));
  }
  for (const Record& invoice : postings.invoices)
    order.invoices.push_back({DocumentNumber(text_of(invoice, "No")),
                              date_of(invoice, "Posting_Date").value_or(Date{}),
                              with_cents(amount_of(invoice, "Total_Amount_Incl_VAT"))});
}

std::vector<Order> Documents::open_orders_of(const std::vector<Record>& headers,
                                             const CallContext& context) const {
  std::vector<std::string> shipped;
  std::vector<const Record*> pointers;
  for (const Record& header : headers) {
    pointers.push_back(&header);
    if (has_shipped(header)) shipped.push_back(text_of(header, "No"));
  }
  const std::map<std::string, Record> cards = cards_of(pointers, context);
  const std::map<std::string, Postings> postings = postings_of(shipped, context);
  std::vector<Order> orders;
  for (const Record& header : headers) {
    const std::vector<Record>& lines = order_lines(header);
    Order order = from_lines(header, lines, cards);
    order.status = status_of(order, is_released(header), false);
    // A line whose quantity was brought to nothing is cancelled: other ERPs delete it.
    order.lines.erase(std::remove_if(order.lines.begin(), order.lines.end(),
                                     [](const OrderLine& line) { return line.quantity.is_zero(); }),
                      order.lines.end());
    if (const auto found = postings.find(text_of(header, "No")); found != postings.end())
      add_postings(order, found->second, numbers_of(lines, !order.id.empty()));
    orders.push_back(std::move(order));
  }
  return orders;
}

Order Documents::order_of(const Found& found, const CallContext& context) const {
  if (found.place == Place::open) return std::move(open_orders_of({found.header}, context).front());
  if (found.place == Place::posted) {
    const Record header = posted_header(found);
    return from_posted(found, cards_of({&header}, context));
  }
  if (found.place == Place::archived)
    return from_archive(found, cards_of({&found.header}, context));
  throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
}

Order Documents::from_archive(const Found& found,
                              const std::map<std::string, Record>& cards) const {
  const std::vector<Record>& lines = archived_lines(found.header);
  Order order = from_lines(found.header, lines, cards);
  for (OrderLine& line : order.lines)
    line.cancelled_quantity = line.quantity - line.shipped_quantity;
  order.status = status_of(order, false, true);
  add_postings(order, {found.shipments, found.invoices}, numbers_of(lines, !order.id.empty()));
  return order;
}

// The last invoice's header with the totals of all; a shipment's, where nothing was invoiced.
Record Documents::posted_header(const Found& found) {
  const std::vector<Record>& documents = found.invoices.empty() ? found.shipments : found.invoices;
  if (documents.empty()) throw Failure{{ErrorCode::not_found, "NAV has no such order"}};
  Record header = documents.back();
  for (const char* total : {"Total_Amount_Excl_VAT", "Total_VAT_Amount", "Total_Amount_Incl_VAT"}) {
    Decimal sum;
    for (const Record& document : documents) sum += amount_of(document, total);
    header.set(total, sum.text());
  }
  header.erase("Key");  // Of an invoice: no revision of the order.
  return header;
}

// An order that is gone because it was posted completely: its lines are those of its invoices (of
// its shipments, where there are none), added up.
Order Documents::from_posted(const Found& found, const std::map<std::string, Record>& cards) const {
  const bool invoiced = !found.invoices.empty();
  std::map<std::int64_t, Record> by_number;
  for (const Record& document : invoiced ? found.invoices : found.shipments) {
    for (const Record& line : invoiced ? invoiced_lines(document) : shipped_lines(document)) {
      if (text_of(line, "Type") == "_blank_") continue;
      const auto [at, fresh] = by_number.try_emplace(line_no_of(line), line);
      if (fresh) continue;
      for (const char* element : {"Quantity", "Quantity_Invoiced", "Line_Discount_Amount",
                                  "Line_Amount", "Amount_Including_VAT"})
        if (line.find(element) != nullptr)
          at->second.set(element,
                         (amount_of(at->second, element) + amount_of(line, element)).text());
    }
  }
  std::vector<Record> lines;
  for (auto& [line_no, line] : by_number) {
    const std::string quantity = text_of(line, "Quantity");
    line.set("Quantity_Shipped", quantity);
    if (invoiced) line.set("Quantity_Invoiced", quantity);
    lines.push_back(std::move(line));
  }
  Order order = from_lines(posted_header(found), lines, cards);
  order.status = status_of(order, false, true);
  add_postings(order, {found.shipments, found.invoices}, numbers_of(lines, !order.id.empty()));
  return order;
}

OrderReceipt Documents::receipt_of(const Found& found, const OrderId& id) const {
  Order order;
  if (found.place == Place::open) {
    order = from_lines(found.header, order_lines(found.header), {});
    order.status = status_of(order, is_released(found.header), false);
  } else if (found.place == Place::archived) {
    order = from_archive(found, {});
  } else {
    order = from_posted(found, {});
  }
  OrderReceipt receipt;
  receipt.id = id.empty() ? order.id : id;
  receipt.document = DocumentNumber(found.number);
  receipt.status = order.status;
  receipt.erp_totals = order.totals;
  receipt.released = found.place == Place::open && is_released(found.header);
  receipt.revision = order.revision;
  return receipt;
}

}  // namespace legacy::dynamics_nav
}  // namespace underpin
