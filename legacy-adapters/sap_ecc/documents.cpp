#include "legacy-adapters/sap_ecc/documents.h"

#include "contracts/external_reference.h"
#include "contracts/order_return.h"
#include "contracts/order_status.h"
#include "legacy-adapters/sap_ecc/forms.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr int line_number_max = 9'999;
constexpr std::string_view function = "BAPISDORDER_GETDETAILEDLIST";

Decimal amount_in(const Record& row, std::string_view field) {
  return number_of(text_of(row, field), field);
}

std::size_t to_whole(std::string_view digits) {
  return is_digits(digits) && digits.size() <= 6 ? std::stoul(std::string(digits)) : 0;
}

Record view_of_everything() {
  Record view = Record::object();
  for (const char* part :
       {"HEADER", "ITEM", "SDSCHEDULE", "BUSINESS", "PARTNER", "ADDRESS", "STATUS_H", "SDCOND"})
    view.set(part, "X");
  return view;
}

Item* item_of(std::map<std::string, Document>& documents, const std::string& number,
              const std::string& position) {
  const auto document = documents.find(number);
  if (document == documents.end()) return nullptr;
  for (Item& item : document->second.items)
    if (item.position == position) return &item;
  return nullptr;
}

Item* item_of(Document& document, const std::string& position) {
  for (Item& item : document.items)
    if (item.position == position) return &item;
  return nullptr;
}

}  // namespace

Decimal Item::unit_price() const {
  if (!price) return {};
  if (price->per == 1) return price->rate;
  return Decimal::divided(price->rate, Decimal::of(price->per), 5, Rounding::half_up).normalized();
}

Decimal Item::adjustment() const {
  return net - (quantity * unit_price()).rounded(2, Rounding::half_up);
}

std::string reference_of(const OrderId& id) {
  return must(encode_external_reference(id, reference_width));
}

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& adjustment : adjustments) sum += adjustment.amount;
  return sum;
}

bool Documents::is_charge(const Item& item) const {
  return std::any_of(settings_.charges.begin(), settings_.charges.end(),
                     [&](const CodePair& charge) { return charge.second == item.material; });
}

// ----------------------------------------------------------------------------------------- finding
std::optional<Document> Documents::find(const OrderRef& ref, const CallContext& context) const {
  if (!ref.document.empty()) {
    std::optional<Document> found = read(ref.document.text(), context);
    if (found && found->category != "C") found.reset();
    if (found || ref.id.channel.empty()) return found;
  }
  if (ref.id.empty()) return std::nullopt;
  if (ref.id.channel.empty()) return read(ref.id.number.text(), context);
  return find_by_reference(ref.id, context);
}

std::vector<std::string> Documents::numbers_under(std::string_view column_name,
                                                  const std::string& reference,
                                                  std::string_view category,
                                                  Deadline deadline) const {
  std::vector<std::string> numbers;
  tables_.each("SELECT d.VBELN FROM " + tables_.name("VBKD") + " d JOIN " + tables_.name("VBAK") +
                   " k ON k.MANDT = d.MANDT AND k.VBELN = d.VBELN WHERE d.MANDT = ? AND d." +
                   std::string(column_name) +
                   " = ? AND d.POSNR = '000000' AND k.VBTYP = ? AND k.VKORG = ? ORDER BY d.VBELN",
               {tables_.client(), reference, category, settings_.organization}, deadline,
               [&](const odbc::Row& row) {
                 numbers.push_back(column(row, 0));
                 return true;
               });
  return numbers;
}

std::optional<Document> Documents::find_by_reference(const OrderId& id,
                                                     const CallContext& context) const {
  const std::string reference = reference_of(id);
  const std::vector<std::string> there = numbers_under("BSTKD", reference, "C", context.deadline);
  std::vector<Document> found = read_all(there, context);
  if (found.size() < there.size())  // The user may not read all of them, say.
    throw Failure{{ErrorCode::unavailable, "SAP has documents with reference " + reference +
                                               " and does not tell what is in them"}};
  std::vector<Document*> lasting;
  for (Document& document : found)
    if (!is_cancelled(document)) lasting.push_back(&document);
  if (lasting.size() > 1) {
    std::string numbers;
    for (const Document* one : lasting) numbers += (numbers.empty() ? "" : ", ") + one->number;
    throw Failure{{ErrorCode::conflict, "SAP holds " + std::to_string(lasting.size()) +
                                            " orders with reference " + reference + ": " +
                                            numbers}};
  }
  if (!lasting.empty()) return std::move(*lasting.front());
  if (found.empty()) return std::nullopt;
  return std::move(found.back());
}

std::optional<Document> Documents::read(const std::string& number,
                                        const CallContext& context) const {
  if (number.empty() || number.size() > number_width) return std::nullopt;
  std::vector<Document> found = read_all({number}, context);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Document> Documents::read_all(const std::vector<std::string>& numbers,
                                          const CallContext& context) const {
  std::vector<Document> documents;
  if (numbers.empty()) return documents;
  Record keys = Record::array();
  for (const std::string& number : numbers) {
    Record key = Record::object();
    key.set("VBELN", document_key(number));
    keys.push(std::move(key));
  }
  Record request = Record::object();
  request.set("I_BAPI_VIEW", view_of_everything());
  request.set("SALES_DOCUMENTS", std::move(keys));
  documents = parse(must(functions_.read(function, request, context)));
  std::map<std::string, Document*> by_key;
  for (Document& document : documents) by_key[document_key(document.number)] = &document;
  if (!by_key.empty()) add_flow(by_key, context);
  return documents;
}

// ----------------------------------------------------------------------------------------- reading
void Documents::add_header(const Record& row, Document& document) const {
  document.number = stripped(text_of(row, "DOC_NUMBER"));
  document.category = text_of(row, "SD_DOC_CAT");
  document.block = text_of(row, "DLV_BLOCK");
  document.reason = text_of(row, "ORD_REASON");
  document.currency = text_of(row, "CURRENCY");
  document.customer = stripped(text_of(row, "SOLD_TO"));
  document.reference = text_of(row, "PURCH_NO");
  document.date = date_of(text_of(row, "DOC_DATE")).value_or(Date{});
  document.requested = date_of(text_of(row, "REQ_DATE_H"));
}

void Documents::add_item(const Record& row, Document& document) const {
  Item item;
  item.position = text_of(row, "ITM_NUMBER");
  item.material = stripped(text_of(row, "MATERIAL"));
  item.text = text_of(row, "SHORT_TEXT");
  item.unit = text_of(row, "SALES_UNIT");
  item.plant = text_of(row, "PLANT");
  item.storage = text_of(row, "STGE_LOC");
  item.rejection = text_of(row, "REA_FOR_RE");
  item.quantity = amount_in(row, "REQ_QTY").normalized();
  item.net = with_cents(amount_in(row, "NET_VALUE"));
  item.number =
      static_cast<int>(std::min<std::size_t>(to_whole(text_of(row, "PO_ITM_NO")), 100'000));
  document.items.push_back(std::move(item));
}

void Documents::add_condition(const Record& row, Item& item) const {
  if (!text_of(row, "CONDISACTI").empty()) return;
  const std::string& kind = text_of(row, "COND_TYPE");
  if (text_of(row, "CONDTYPE") == "D") {
    item.tax += with_cents(amount_in(row, "CONDVALUE"));
    item.tax_percent += amount_in(row, "COND_VALUE").normalized();
    return;
  }
  Condition condition{text_of(row, "COND_ST_NO"), text_of(row, "COND_COUNT"),
                      with_cents(amount_in(row, "COND_VALUE")), 1};
  condition.per = std::max(
      1, static_cast<int>(std::min<std::size_t>(to_whole(text_of(row, "COND_P_UNT")), 100'000)));
  if (kind == settings_.price_condition) item.price = condition;
  if (kind == settings_.discount_condition) item.discount = condition;
}

std::vector<Document> Documents::parse(const Record& answer) const {
  std::map<std::string, Document> documents;
  for (const Record& row : answer.get("ORDER_HEADERS_OUT").items())
    add_header(row, documents[text_of(row, "DOC_NUMBER")]);
  for (const Record& row : answer.get("ORDER_ITEMS_OUT").items()) {
    const auto found = documents.find(text_of(row, "DOC_NUMBER"));
    if (found != documents.end()) add_item(row, found->second);
  }
  for (const Record& row : answer.get("ORDER_BUSINESS_OUT").items()) {
    const auto found = documents.find(text_of(row, "SD_DOC"));
    if (found == documents.end()) continue;
    if (to_whole(text_of(row, "ITM_NUMBER")) != 0) {
      if (Item* item = item_of(found->second, text_of(row, "ITM_NUMBER")))
        item->reason = text_of(row, "REF_1");
      continue;
    }
    // The header's own PURCH_NO ends after 20 characters.
    found->second.reference = text_of(row, "PURCH_NO_C");
    found->second.customer_reference = text_of(row, "PURCH_NO_S");
  }
  for (const Record& row : answer.get("ORDER_SCHEDULES_OUT").items()) {
    Item* item = item_of(documents, text_of(row, "DOC_NUMBER"), text_of(row, "ITM_NUMBER"));
    if (item == nullptr) continue;
    item->schedule_lines.push_back(text_of(row, "SCHED_LINE"));
    if (!item->requested) item->requested = date_of(text_of(row, "REQ_DATE"));
  }
  for (const Record& row : answer.get("ORDER_CONDITIONS_OUT").items())
    if (Item* item = item_of(documents, text_of(row, "SD_DOC"), text_of(row, "ITM_NUMBER")))
      add_condition(row, *item);
  for (const Record& row : answer.get("ORDER_STATUSHEADERS_OUT").items()) {
    const auto found = documents.find(text_of(row, "SD_DOC"));
    if (found != documents.end()) found->second.is_done = text_of(row, "PRC_STAT_H") == "C";
  }
  add_addresses(answer, documents);
  std::vector<Document> list;
  for (auto& [key, document] : documents) {
    number_lines(document);
    list.push_back(std::move(document));
  }
  return list;
}

// A partner's address is the customer's own ("D"), or one of the document.
void Documents::add_addresses(const Record& answer,
                              std::map<std::string, Document>& documents) const {
  std::map<std::string, const Record*> addresses;
  for (const Record& row : answer.get("ORDER_ADDRESS_OUT").items())
    addresses[text_of(row, "ADDRESS")] = &row;
  for (const Record& row : answer.get("ORDER_PARTNERS_OUT").items()) {
    const std::string& role = text_of(row, "PARTN_ROLE");
    const std::string& origin = text_of(row, "ADDRE_INDI");
    const auto document = documents.find(text_of(row, "SD_DOC"));
    const auto found = addresses.find(text_of(row, "ADDRESS"));
    if ((role != "WE" && role != "RE") || origin.empty() || origin == "D" ||
        to_whole(text_of(row, "ITM_NUMBER")) != 0 || document == documents.end() ||
        found == addresses.end())
      continue;
    Address address;
    address.kind = role == "WE" ? "ship_to" : "bill_to";
    address.name = text_of(*found->second, "NAME");
    address.line1 = text_of(*found->second, "STREET");
    address.line2 = text_of(*found->second, "NAME_2");
    address.city = text_of(*found->second, "CITY");
    address.post_code = text_of(*found->second, "POSTL_CODE");
    address.region = text_of(*found->second, "REGION");
    address.country = text_of(*found->second, "COUNTRY");
    (role == "WE" ? document->second.ship_to : document->second.bill_to) = std::move(address);
  }
}

// The channel's number stands in POSEX; a line of SAP's own users goes by its place.
void Documents::number_lines(Document& document) const {
  std::set<int> taken;
  const bool ours = decode_external_reference(document.reference).has_value() ||
                    decode_return_reference(document.reference).has_value();
  for (Item& item : document.items) {
    if (is_charge(item) || !ours || item.number < 1 || item.number > line_number_max ||
        !taken.insert(item.number).second)
      item.number = 0;
  }
  for (Item& item : document.items) {
    const std::size_t place = to_whole(item.position);
    if (is_charge(item) || item.number != 0 || place == 0 || place % line_step != 0) continue;
    const int number = static_cast<int>(place) / line_step;
    if (number <= line_number_max && taken.insert(number).second) item.number = number;
  }
  int next = 1;
  for (Item& item : document.items) {
    if (is_charge(item) || item.number != 0) continue;
    while (!taken.insert(next).second) ++next;
    item.number = next;
  }
}

// -------------------------------------------------------------------------------- the document
// flow
void Documents::add_flow(std::map<std::string, Document*>& documents,
                         const CallContext& context) const {
  add_deliveries(documents, context.deadline);
  add_invoices(documents, context.deadline);
}

namespace {

odbc::Parameters keys_of(const std::string& client,
                         const std::map<std::string, Document*>& documents) {
  odbc::Parameters parameters{client};
  for (const auto& [key, document] : documents) parameters.emplace_back(key);
  return parameters;
}

// The flow of an order may also name what followed its returns: deliveries back are no shipments of
// the order, and credit memos no invoices.
bool follows(const Document& document, const std::string& category, const char* of_order,
             const char* of_return) {
  return category == (document.category == "H" ? of_return : of_order);
}

}  // namespace

void Documents::add_deliveries(std::map<std::string, Document*>& documents,
                               Deadline deadline) const {
  const std::string sql =
      "SELECT f.VBELV, f.POSNV, k.VBELN, k.WADAT_IST, p.LFIMG, f.VBTYP_N FROM " +
      tables_.name("VBFA") + " f JOIN " + tables_.name("LIPS") +
      " p ON p.MANDT = f.MANDT AND p.VBELN = f.VBELN AND p.POSNR = f.POSNN JOIN " +
      tables_.name("LIKP") +
      " k ON k.MANDT = p.MANDT AND k.VBELN = p.VBELN WHERE f.MANDT = ? AND f.VBELV IN (" +
      marks(documents.size()) + ") AND f.VBTYP_N IN ('J', 'T') ORDER BY k.VBELN, p.POSNR";
  tables_.each(sql, keys_of(tables_.client(), documents), deadline, [&](const odbc::Row& row) {
    const auto found = documents.find(column(row, 0));
    if (found == documents.end()) return true;
    Document& document = *found->second;
    if (!follows(document, column(row, 5), "J", "T")) return true;
    Item* item = item_of(document, column(row, 1));
    const Decimal quantity = number_of(odbc::text(row, 4), "LIPS-LFIMG").normalized();
    if (item != nullptr) item->delivered += quantity;
    const std::optional<Date> issued = date_of(odbc::text(row, 3));
    if (!issued) return true;  // Being picked.
    if (item != nullptr) item->shipped += quantity;
    const DocumentNumber delivery(stripped(column(row, 2)));
    if (document.shipments.empty() || document.shipments.back().document != delivery)
      document.shipments.push_back({delivery, *issued, {}});
    if (item != nullptr)
      document.shipments.back().lines.push_back({item->number, Sku(item->material), quantity});
    return true;
  });
}

void Documents::add_invoices(std::map<std::string, Document*>& documents, Deadline deadline) const {
  const std::string sql =
      "SELECT f.VBELV, f.POSNV, k.VBELN, k.FKDAT, k.NETWR, k.MWSBK, k.WAERK, p.FKIMG, f.VBTYP_N "
      "FROM " +
      tables_.name("VBFA") + " f JOIN " + tables_.name("VBRP") +
      " p ON p.MANDT = f.MANDT AND p.VBELN = f.VBELN AND p.POSNR = f.POSNN JOIN " +
      tables_.name("VBRK") +
      " k ON k.MANDT = p.MANDT AND k.VBELN = p.VBELN WHERE f.MANDT = ? AND f.VBELV IN (" +
      marks(documents.size()) +
      ") AND f.VBTYP_N IN ('M', 'O') AND k.FKSTO <> 'X' ORDER BY k.VBELN, p.POSNR";
  std::map<std::string, int> decimals;
  tables_.each(sql, keys_of(tables_.client(), documents), deadline, [&](const odbc::Row& row) {
    const auto found = documents.find(column(row, 0));
    if (found == documents.end()) return true;
    Document& document = *found->second;
    if (!follows(document, column(row, 8), "M", "O")) return true;
    if (Item* item = item_of(document, column(row, 1)))
      item->invoiced += number_of(odbc::text(row, 7), "VBRP-FKIMG").normalized();
    const DocumentNumber invoice(stripped(column(row, 2)));
    if (!document.invoices.empty() && document.invoices.back().document == invoice) return true;
    const Decimal gross =
        number_of(odbc::text(row, 4), "VBRK-NETWR") + number_of(odbc::text(row, 5), "VBRK-MWSBK");
    decimals[column(row, 6)] = 2;
    document.invoices.push_back({invoice, date_of(odbc::text(row, 3)).value_or(Date{}), gross});
    return true;
  });
  // Tables keep amounts as if every currency had two decimals.
  for (auto& [currency, places] : decimals) {
    places = tables_.decimals_of(currency, deadline);
    for (const auto& [key, document] : documents) {
      if (document->currency != currency || places == 2) continue;
      for (InvoiceReference& invoice : document->invoices) {
        for (int shift = places; shift < 2; ++shift)
          invoice.amount = invoice.amount * Decimal::of(10);
        for (int shift = 2; shift < places; ++shift)
          invoice.amount =
              Decimal::divided(invoice.amount, Decimal::of(10), places, Rounding::down);
      }
    }
  }
}

// ----------------------------------------------------------------------------------------
// answering
bool Documents::is_cancelled(const Document& document) const {
  bool by_order = false;
  for (const Item& item : document.items) {
    if (!item.is_rejected() || !item.shipped.is_zero()) return false;
    by_order = by_order || item.rejection != settings_.line_rejection;
  }
  return by_order;
}

namespace {

// Of a line that was rejected after a part of it had left: that part.
Decimal kept_share(const Item& item, Decimal amount) {
  if (!item.is_rejected() || item.quantity.is_zero()) return amount;
  return Decimal::divided(amount * item.shipped, item.quantity, 2, Rounding::half_up);
}

std::vector<Tax> taxes_of(const Item& item, Decimal tax) {
  if (item.tax_percent.is_zero() && tax.is_zero()) return {};
  return {
      Tax{"VAT" + item.tax_percent.normalized().text(),
          Decimal::divided(item.tax_percent, Decimal::of(100), 6, Rounding::half_up).normalized(),
          with_cents(tax)}};
}

}  // namespace

Order Documents::order_of(const Document& document) const {
  Order order;
  order.id = decode_external_reference(document.reference).value_or(OrderId{});
  order.customer = CustomerNumber(document.customer);
  order.customer_reference = document.customer_reference;
  order.order_date = document.date;
  order.requested_date = document.requested;
  order.currency = document.currency;
  order.ship_to = document.ship_to;
  order.bill_to = document.bill_to;
  order.shipments = document.shipments;
  order.invoices = document.invoices;
  const bool cancelled = is_cancelled(document);
  Decimal tax;
  for (const Item& item : document.items) {
    const Decimal share = cancelled ? item.tax : kept_share(item, item.tax);
    const Decimal net = with_cents(cancelled ? item.net : kept_share(item, item.net));
    if (is_charge(item)) {
      if (item.is_rejected() && !cancelled) continue;
      const auto kind =
          std::find_if(settings_.charges.begin(), settings_.charges.end(),
                       [&](const CodePair& one) { return one.second == item.material; });
      order.charges.push_back({kind->first, {}, net, taxes_of(item, share)});
      order.totals.charges += net;
      tax += share;
      continue;
    }
    OrderLine line;
    line.number = item.number;
    line.sku = Sku(item.material);
    line.description = item.text;
    line.uom = unit_of(settings_, item.unit);
    line.location = LocationCode(location_of(settings_, item.plant, item.storage));
    if (item.requested != document.requested) line.requested_date = item.requested;
    line.quantity = item.is_rejected() && !cancelled ? item.shipped : item.quantity;
    if (cancelled) line.cancelled_quantity = item.quantity;
    line.shipped_quantity = item.shipped;
    line.invoiced_quantity = item.invoiced;
    line.unit_price = with_cents(item.unit_price());
    line.net_amount = net;
    if (const Decimal adjustment = item.adjustment(); !adjustment.is_zero())
      line.adjustments.push_back({"manual", {}, 0, with_cents(adjustment), {}});
    line.taxes = taxes_of(item, share);
    // A line that was brought to nothing is not told: other ERPs delete it.
    if (line.quantity.is_zero()) continue;
    order.totals.items_net += net;
    tax += share;
    order.lines.push_back(std::move(line));
  }
  std::sort(order.lines.begin(), order.lines.end(),
            [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
  order.totals.items_net = with_cents(order.totals.items_net);
  order.totals.charges = with_cents(order.totals.charges);
  order.totals.tax = with_cents(tax);
  order.totals.grand_total =
      with_cents(order.totals.items_net + order.totals.charges + order.totals.tax);
  const bool posted = document.is_done && !document.invoices.empty();
  order.status =
      cancelled ? OrderStatus::cancelled : status_of(order, is_released(document), posted);
  return order;
}

OrderReceipt Documents::receipt_of(const Document& document, const OrderId& id) const {
  const Order order = order_of(document);
  OrderReceipt receipt;
  receipt.id = id.empty() ? order.id : id;
  receipt.document = DocumentNumber(document.number);
  receipt.status = order.status;
  receipt.erp_totals = order.totals;
  receipt.released = is_released(document) && !is_closed(order.status);
  return receipt;
}

}  // namespace underpin::legacy::sap_ecc
