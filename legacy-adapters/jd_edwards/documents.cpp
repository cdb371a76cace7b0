#include "legacy-adapters/jd_edwards/documents.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace underpin::legacy::jd_edwards {
namespace {

std::string text(const odbc::Row& row, std::size_t column) {
  return std::string(trimmed(odbc::text(row, column)));
}

std::int64_t whole(const odbc::Row& row, std::size_t column, std::string_view name) {
  return whole_of(odbc::text(row, column), name);
}

constexpr std::string_view line_columns =
    "SDDOCO, r.SDDCTO, r.SDKCOO, r.SDLNID, r.SDLITM, r.SDDSC1, r.SDMCU, r.SDUOM, r.SDLNTY, "
    "r.SDLTTR, r.SDDRQJ, r.SDADDJ, r.SDIVD, r.SDUORG, r.SDSOQS, r.SDSOCN, r.SDLPRC, r.SDUPRC, "
    "r.SDAEXP, r.SDDELN, r.SDDOC, r.SDDCT, r.SDTAX1, r.SDTXA1, r.SDUPMJ, r.SDTDAY, "
    "r.SDRCD, r.SDOORN, r.SDOGNO, r.SDEXR1";

// OORN is a text, which other programs write, too: 0 for what is no number.
std::int64_t original_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? number : 0;
}

LineRow line_of(const odbc::Row& row, const Decimals& decimals) {
  LineRow line;
  line.lnid = whole(row, 3, "LNID");
  line.item = text(row, 4);
  line.description = text(row, 5);
  line.branch = text(row, 6);
  line.uom = text(row, 7);
  line.line_type = text(row, 8);
  line.last_status = text(row, 9);
  line.requested = whole(row, 10, "DRQJ");
  line.shipped_day = whole(row, 11, "ADDJ");
  line.invoiced_day = whole(row, 12, "IVD");
  line.ordered = amount_of(odbc::text(row, 13), decimals.quantity, "UORG");
  line.cancelled = amount_of(odbc::text(row, 15), decimals.quantity, "SOCN");
  line.list_price = amount_of(odbc::text(row, 16), decimals.price, "LPRC");
  line.price = amount_of(odbc::text(row, 17), decimals.price, "UPRC");
  line.amount = amount_of(odbc::text(row, 18), decimals.amount, "AEXP");
  line.delivery = whole(row, 19, "DELN");
  if (const std::int64_t invoice = whole(row, 20, "DOC"); invoice != 0)
    line.invoice = text(row, 21) + "-" + std::to_string(invoice);
  // SOQS is what is to be shipped, from the order's entry on. That it was, ADDJ says, which ship
  // confirmation sets; what is never confirmed, as freight, has an invoice.
  if (line.shipped_day != 0 || !line.invoice.empty())
    line.shipped = amount_of(odbc::text(row, 14), decimals.quantity, "SOQS");
  line.taxable = text(row, 22) == "Y" && text(row, 29) != "E";  // Exempt, as exports are.
  line.tax_area = text(row, 23);
  line.changed = {whole(row, 24, "UPMJ"), whole(row, 25, "TDAY")};
  line.reason = text(row, 26);
  line.original = original_of(text(row, 27));
  line.original_line = whole(row, 28, "OGNO");
  return line;
}

Document header_of(const odbc::Row& row) {
  Document document;
  document.key = {whole(row, 0, "DOCO"), text(row, 1), text(row, 2)};
  document.customer = whole(row, 3, "AN8");
  document.ordered = whole(row, 4, "TRDJ");
  document.requested = whole(row, 5, "DRQJ");
  document.reference = text(row, 6);
  document.customer_reference = text(row, 7);
  document.hold = text(row, 8);
  document.currency = text(row, 9);
  document.changed = {whole(row, 10, "UPMJ"), whole(row, 11, "TDAY")};
  document.customer_number = text(row, 12);
  return document;
}

Decimal percent_of(Decimal amount, Decimal rate) {
  return (amount * rate * Decimal(1, 2)).rounded(2, Rounding::half_up);
}

// Of the rows of one line: JDE's own rounding is of the whole line.
template <class Rates>
Decimal tax_of(const LineRow& row, Decimal amount, const Rates& rates, std::int64_t day) {
  if (!row.taxable) return {};
  const auto area = rates.find(row.tax_area);
  if (area == rates.end())
    throw Failure{{ErrorCode::internal, "tax area " + row.tax_area + " has no rate in F4008"}};
  Decimal rate;
  for (const auto& [from, percent] : area->second)
    if (from <= day) rate = percent;
  return percent_of(amount, rate);
}

template <class Rates>
void add_invoices(const Document& document, const Rates& rates, Order& order) {
  std::map<std::string, std::map<int, Decimal>> amounts;
  std::map<std::string, std::map<int, const LineRow*>> of_line;
  for (const LineRow& row : document.rows) {
    if (row.invoice.empty()) continue;
    amounts[row.invoice][row.number()] += row.amount;
    of_line[row.invoice][row.number()] = &row;
  }
  for (const auto& [number, lines] : amounts) {
    InvoiceReference invoice;
    invoice.document = DocumentNumber(number);
    for (const auto& [line, amount] : lines) {
      const LineRow& row = *of_line[number][line];
      invoice.date = date_of(row.invoiced_day, "IVD").value_or(Date{});
      invoice.amount += amount + tax_of(row, amount, rates, row.invoiced_day);
    }
    order.invoices.push_back(std::move(invoice));
  }
}

void add_shipments(const Document& document, const std::vector<ChargeItem>& charges, Order& order) {
  std::map<std::int64_t, ShipmentReference> shipments;
  for (const LineRow& row : document.rows) {
    if (row.delivery == 0 || charge_of(row, charges) != nullptr) continue;
    ShipmentReference& shipment = shipments[row.delivery];
    shipment.document = DocumentNumber(std::to_string(row.delivery));
    shipment.date = date_of(row.shipped_day, "ADDJ").value_or(Date{});
    shipment.lines.push_back({row.number(), Sku(row.item), row.shipped});
  }
  for (auto& [number, shipment] : shipments) order.shipments.push_back(std::move(shipment));
}

}  // namespace

bool LineRow::is_cancelled() const {
  return last_status.rfind("98", 0) == 0 || (!cancelled.is_zero() && cancelled == ordered);
}

const ChargeItem* charge_of(const LineRow& row, const std::vector<ChargeItem>& charges) {
  for (const ChargeItem& one : charges)
    if (one.line_type == row.line_type && one.item == row.item) return &one;
  return nullptr;
}

std::string marks(std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += i == 0 ? "?" : ", ?";
  return result;
}

std::string reference_of(const OrderId& id) {
  return must(encode_external_reference(id, reference_max));
}

std::string original_number(std::int64_t number) {
  if (number == 0) return {};
  const std::string digits = std::to_string(number);
  return std::string(8 - std::min<std::size_t>(digits.size(), 8), '0') + digits;
}

DocumentNumber number_of(const DocumentKey& key) {
  return DocumentNumber(std::to_string(key.number) + "-" + key.type + "-" + key.company);
}

std::optional<DocumentKey> key_of(const DocumentNumber& number) {
  const std::string& given = number.text();
  const std::size_t first = given.find('-');
  const std::size_t second = first == std::string::npos ? first : given.find('-', first + 1);
  if (second == std::string::npos) return std::nullopt;
  DocumentKey key;
  const auto [end, code] = std::from_chars(given.data(), given.data() + first, key.number);
  if (code != std::errc() || end != given.data() + first || key.number <= 0) return std::nullopt;
  key.type = given.substr(first + 1, second - first - 1);
  key.company = given.substr(second + 1);
  if (key.type.empty() || key.type.size() > 2 || key.company.size() != 5) return std::nullopt;
  return key;
}

bool Document::is_cancelled() const {
  return !rows.empty() && std::all_of(rows.begin(), rows.end(),
                                      [](const LineRow& row) { return row.is_cancelled(); });
}

bool Document::is_posted() const {
  bool any = false;
  for (const LineRow& row : rows) {
    // What was amended to 0 stays open, and is never invoiced.
    if (row.is_cancelled() || row.ordered.is_zero()) continue;
    if (row.invoice.empty()) return false;
    any = true;
  }
  return any;
}

bool Document::has_shipped() const {
  return std::any_of(rows.begin(), rows.end(),
                     [](const LineRow& row) { return !row.shipped.is_zero(); });
}

std::size_t Document::lines() const {
  std::set<int> numbers;
  for (const LineRow& row : rows) numbers.insert(row.number());
  return numbers.size();
}

OrderStatus status_of(const Document& document, const Order& order) {
  if (document.is_cancelled()) return OrderStatus::cancelled;
  const OrderStatus status =
      underpin::status_of(order, document.is_released(), document.is_posted());
  // Nothing is ordered any more, and yet JDE keeps the order open: it may be raised again.
  if (status == OrderStatus::cancelled)
    return document.is_released() ? OrderStatus::released : OrderStatus::open;
  return status;
}

// ---------------------------------------------------------------------------------------- reading
std::vector<Document> Documents::headers(const std::string& condition,
                                         const odbc::Parameters& values,
                                         const CallContext& context) const {
  std::string statement;
  odbc::Parameters both;
  for (const std::string_view name : {"F4201", "F42019"}) {
    statement += statement.empty() ? "" : " UNION ALL ";
    statement +=
        "SELECT h.SHDOCO, h.SHDCTO, h.SHKCOO, h.SHAN8, h.SHTRDJ, h.SHDRQJ, h.SHVR01, h.SHVR02, "
        "h.SHHOLD, h.SHCRCD, h.SHUPMJ, h.SHTDAY, a.ABALKY FROM " +
        t(name) + " h LEFT JOIN " + t("F0101") + " a ON a.ABAN8 = h.SHAN8 WHERE " + condition;
    both.insert(both.end(), values.begin(), values.end());
  }
  std::map<DocumentKey, Document> found;  // While it is purged it may be seen twice.
  must(database_->query(statement, both, context.deadline, [&](const odbc::Row& row) {
    Document document = header_of(row);
    found.emplace(document.key, std::move(document));
    return true;
  }));
  std::vector<Document> documents;
  for (auto& [key, document] : found) documents.push_back(std::move(document));
  add_lines(documents, context);
  return documents;
}

void Documents::add_lines(std::vector<Document>& documents, const CallContext& context) const {
  if (documents.empty()) return;
  std::map<DocumentKey, Document*> by_key;
  odbc::Parameters numbers;
  for (Document& document : documents) {
    by_key[document.key] = &document;
    numbers.emplace_back(document.key.number);
  }
  std::string statement;
  odbc::Parameters both;
  for (const std::string_view name : {"F4211", "F42119"}) {
    statement += statement.empty() ? "" : " UNION ALL ";
    statement += "SELECT r." + std::string(line_columns) + " FROM " + t(name) +
                 " r WHERE r.SDDOCO IN (" + marks(numbers.size()) + ")";
    both.insert(both.end(), numbers.begin(), numbers.end());
  }
  must(database_->query(
      statement + " ORDER BY 1, 4", both, context.deadline, [&](const odbc::Row& row) {
        const auto found = by_key.find({whole(row, 0, "DOCO"), text(row, 1), text(row, 2)});
        if (found != by_key.end()) found->second->rows.push_back(line_of(row, settings_.decimals));
        return true;
      }));
}

std::optional<Document> Documents::by_reference(const std::string& reference,
                                                const std::string& type,
                                                const CallContext& context) const {
  std::vector<Document> found = headers(
      "h.SHVR01 = ? AND h.SHDCTO = ? AND h.SHKCOO = ?",
      {padded(reference, reference_max), padded(type, 2), padded(settings_.company, 5)}, context);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    std::string numbers;
    for (const Document& one : found)
      numbers += (numbers.empty() ? "" : ", ") + number_of(one.key).text();
    throw Failure{{ErrorCode::conflict,
                   "JD Edwards holds more than one document under " + reference + ": " + numbers}};
  }
  return std::move(found.front());
}

std::optional<Document> Documents::by_key(const DocumentKey& key,
                                          const CallContext& context) const {
  std::vector<Document> found =
      headers("h.SHDOCO = ? AND h.SHDCTO = ? AND h.SHKCOO = ?",
              {key.number, padded(key.type, 2), padded(key.company, 5)}, context);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Document> Documents::find(const OrderRef& ref, const CallContext& context) const {
  if (!ref.document.empty()) {
    const auto key = key_of(ref.document);
    const bool order =
        key && key->type == settings_.document_type && key->company == settings_.company;
    return order ? by_key(*key, context) : std::nullopt;
  }
  return by_reference(reference_of(ref.id), settings_.document_type, context);
}

std::vector<Document> Documents::of_numbers(const std::vector<std::int64_t>& numbers,
                                            const std::string& type,
                                            const CallContext& context) const {
  if (numbers.empty()) return {};
  odbc::Parameters values(numbers.begin(), numbers.end());
  values.emplace_back(padded(type, 2));
  values.emplace_back(padded(settings_.company, 5));
  return headers("h.SHDOCO IN (" + marks(numbers.size()) + ") AND h.SHDCTO = ? AND h.SHKCOO = ?",
                 values, context);
}

// With zeros in front or without them: programs differ.
std::vector<Document> Documents::that_refer_to(const DocumentKey& order, const std::string& type,
                                               const CallContext& context) const {
  std::string statement;
  odbc::Parameters values;
  for (const std::string_view name : {"F4211", "F42119"}) {
    statement += statement.empty() ? "" : " UNION ALL ";
    statement += "SELECT r.SDDOCO FROM " + t(name) +
                 " r WHERE r.SDOORN IN (?, ?) AND r.SDOCTO = ? AND r.SDOKCO = ? AND r.SDDCTO = ? "
                 "AND r.SDKCOO = ?";
    for (std::string value :
         {padded(original_number(order.number), 8), padded(std::to_string(order.number), 8),
          padded(order.type, 2), padded(order.company, 5), padded(type, 2),
          padded(settings_.company, 5)})
      values.emplace_back(std::move(value));
  }
  std::set<std::int64_t> numbers;
  must(database_->query(statement, values, context.deadline, [&](const odbc::Row& row) {
    numbers.insert(whole(row, 0, "DOCO"));
    return true;
  }));
  return of_numbers({numbers.begin(), numbers.end()}, type, context);
}

std::vector<std::int64_t> Documents::open_numbers(std::optional<std::int64_t> customer,
                                                  std::int64_t after, std::size_t limit,
                                                  const CallContext& context) const {
  odbc::Parameters values{after, padded(settings_.document_type, 2), padded(settings_.company, 5),
                          padded("999", 3)};
  if (customer) values.emplace_back(*customer);
  std::vector<std::int64_t> numbers;
  must(database_->query(
      "SELECT h.SHDOCO FROM " + t("F4201") + " h INNER JOIN " + t("F4211") +
          " l ON l.SDDOCO = h.SHDOCO AND l.SDDCTO = h.SHDCTO AND l.SDKCOO = h.SHKCOO WHERE "
          "h.SHDOCO > ? AND h.SHDCTO = ? AND h.SHKCOO = ? AND l.SDNXTR <> ?" +
          (customer ? " AND h.SHAN8 = ?" : "") + " ORDER BY h.SHDOCO",
      values, context.deadline, [&](const odbc::Row& row) {
        const std::int64_t number = whole(row, 0, "DOCO");
        if (!numbers.empty() && numbers.back() == number) return true;
        if (numbers.size() == limit) return false;
        numbers.push_back(number);
        return true;
      }));
  return numbers;
}

std::optional<std::int64_t> Documents::address_number(const CustomerNumber& customer,
                                                      const CallContext& context) const {
  if (width_of(customer.text()) > 20) return std::nullopt;
  const auto rows = must(database_->rows(
      "SELECT a.ABAN8 FROM " + t("F0101") + " a WHERE a.ABALKY = ? AND a.ABAT1 IN (?, ?)",
      {padded(customer.text(), 20), padded(settings_.person_type, 3),
       padded(settings_.company_type, 3)},
      context.deadline));
  if (rows.empty()) return std::nullopt;
  if (rows.size() > 1)
    throw Failure{
        {ErrorCode::conflict, "more than one address has the long number " + customer.text()}};
  return whole(rows.front(), 0, "AN8");
}

// Percentages by the day from which they rule, in that order.
Documents::Rates Documents::rates(const Document& document, const CallContext& context) const {
  std::set<std::string> areas;
  for (const LineRow& row : document.rows)
    if (row.taxable) areas.insert(row.tax_area);
  Rates found;
  if (areas.empty()) return found;
  odbc::Parameters values;
  for (const std::string& area : areas) values.emplace_back(padded(area, 10));
  // An area has up to five authorities.
  must(database_->query(
      "SELECT x.TATXA1, x.TAEFTJ, x.TATXR1, x.TATXR2, x.TATXR3, x.TATXR4, "
      "x.TATXR5 FROM " +
          t("F4008") + " x WHERE x.TATXA1 IN (" + marks(values.size()) + ") ORDER BY x.TAEFTJ",
      values, context.deadline, [&](const odbc::Row& row) {
        Decimal rate;
        for (std::size_t i = 2; i < 7; ++i)
          rate += amount_of(odbc::text(row, i), settings_.decimals.tax_rate, "TXR");
        found[text(row, 0)].emplace_back(whole(row, 1, "EFTJ"), rate);
        return true;
      }));
  return found;
}

void Documents::add_address(const Document& document, Order& order,
                            const CallContext& context) const {
  const auto rows = must(database_->rows(
      "SELECT o.OAANTY, o.OAMLNM, o.OAADD1, o.OAADD2, o.OACTY1, o.OAADDZ, o.OAADDS, o.OACTR FROM " +
          t("F4006") + " o WHERE o.OADOCO = ? AND o.OADCTO = ? AND o.OAKCOO = ?",
      {document.key.number, padded(document.key.type, 2), padded(document.key.company, 5)},
      context.deadline));
  for (const odbc::Row& row : rows) {
    Address address;
    address.name = text(row, 1);
    address.line1 = text(row, 2);
    address.line2 = text(row, 3);
    address.city = text(row, 4);
    address.post_code = text(row, 5);
    address.region = text(row, 6);
    address.country = text(row, 7);
    const bool ship_to = text(row, 0) == "2";
    address.kind = ship_to ? "ship_to" : "bill_to";
    (ship_to ? order.ship_to : order.bill_to) = std::move(address);
  }
}

Order Documents::content_of(const Document& document, const Rates& rates) const {
  Order order;
  order.id = decode_external_reference(document.reference).value_or(OrderId{});
  order.customer = CustomerNumber(document.customer_number);
  order.customer_reference = document.customer_reference;
  order.order_date = date_of(document.ordered, "TRDJ").value_or(Date{});
  order.requested_date = date_of(document.requested, "DRQJ");
  // LPRC, UPRC and AEXP are in the company's currency, whatever the order's (CRCD) is.
  order.currency = settings_.local_currency;
  Stamp newest = document.changed;
  std::map<int, std::vector<const LineRow*>> lines;
  for (const LineRow& row : document.rows) {
    lines[row.number()].push_back(&row);
    newest = std::max(newest, row.changed);
  }
  for (const auto& [number, rows] : lines) {
    const LineRow& last = *rows.back();
    OrderLine line;
    line.number = number;
    line.sku = Sku(last.item);
    line.description = last.description;
    line.location = LocationCode(last.branch);
    line.uom = last.uom;
    for (const auto& [canonical, vendor] : settings_.uoms)
      if (vendor == last.uom) line.uom = canonical;
    if (last.requested != document.requested) line.requested_date = date_of(last.requested, "DRQJ");
    for (const LineRow* row : rows) {
      line.quantity += row->ordered;
      line.cancelled_quantity += row->cancelled;
      line.shipped_quantity += row->shipped;
      if (!row->invoice.empty()) line.invoiced_quantity += row->shipped;
      if (!row->is_cancelled()) line.net_amount += row->amount;
    }
    const Decimal tax = tax_of(last, line.net_amount, rates, document.ordered);
    order.totals.tax += tax;
    if (const ChargeItem* charge = charge_of(last, settings_.charges)) {
      order.totals.charges += line.net_amount;
      order.charges.push_back({charge->kind, {}, line.net_amount, {}});
      continue;
    }
    line.unit_price = last.list_price.is_zero() ? last.price : last.list_price;
    const Decimal gross =
        ((line.quantity - line.cancelled_quantity) * line.unit_price).rounded(2, Rounding::half_up);
    if (line.net_amount != gross) {
      Adjustment adjustment;
      adjustment.kind = "manual";
      adjustment.amount = line.net_amount - gross;
      line.adjustments.push_back(std::move(adjustment));
    }
    order.totals.items_net += line.net_amount;
    order.lines.push_back(std::move(line));
  }
  order.totals.grand_total = order.totals.items_net + order.totals.charges + order.totals.tax;
  order.status = status_of(document, order);
  add_shipments(document, settings_.charges, order);
  add_invoices(document, rates, order);
  if (!document.hold.empty() && document.hold != settings_.hold)
    order.holds.push_back("hold_" + document.hold);
  order.updated_at = instant_of(settings_.zone, newest);
  order.revision = Revision(std::to_string(newest.day) + "-" + std::to_string(newest.time));
  return order;
}

Order Documents::order_of(const Document& document, const CallContext& context) const {
  Order order = content_of(document, rates(document, context));
  add_address(document, order, context);
  return order;
}

OrderReceipt Documents::receipt_of(const Document& document, const OrderId& id,
                                   const CallContext& context) const {
  const Order order = content_of(document, rates(document, context));
  OrderReceipt receipt;
  receipt.id = id.empty() ? order.id : id;
  receipt.document = number_of(document.key);
  receipt.status = order.status;
  receipt.released = document.is_released();
  receipt.revision = order.revision;
  if (!document.rows.empty()) receipt.erp_totals = order.totals;
  return receipt;
}

}  // namespace underpin::legacy::jd_edwards
