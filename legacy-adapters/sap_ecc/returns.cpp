#include "legacy-adapters/sap_ecc/returns.h"

#include "legacy-adapters/sap_ecc/forms.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr std::string_view invoice_category = "M";
constexpr std::string_view order_category = "C";

std::string at(std::size_t index, std::string_view field) {
  return "/lines/" + std::to_string(index) + "/" + std::string(field);
}

std::string reference_to(const OrderId& order, const ReturnNumber& number) {
  return must(encode_return_reference(order, number, reference_width));
}

}  // namespace

std::string Returns::reason_code(const std::string& reason, std::size_t index) const {
  for (const auto& [ours, theirs] : settings_.return_reasons)
    if (ours == reason) return theirs;
  throw refused(ErrorCode::rejected, "the reason " + reason + " has no order reason in SAP",
                at(index, "reason"), "must be a reason that the ERP's settings map");
}

std::string Returns::reason_of(const std::string& code) const {
  for (const auto& [ours, theirs] : settings_.return_reasons)
    if (theirs == code) return ours;
  return code;
}

std::map<std::string, std::string> Returns::invoice_items(const Document& order,
                                                          const std::string& invoice,
                                                          Deadline deadline) const {
  std::map<std::string, std::string> items;
  tables_.each("SELECT f.POSNV, f.POSNN FROM " + tables_.name("VBFA") +
                   " f WHERE f.MANDT = ? AND f.VBELV = ? AND f.VBELN = ? AND f.VBTYP_N = 'M'",
               {tables_.client(), document_key(order.number), document_key(invoice)}, deadline,
               [&](const odbc::Row& row) {
                 items[column(row, 0)] = column(row, 1);
                 return true;
               });
  return items;
}

OrderMessage Returns::message_of(const OrderReturn& asked, const std::string& reference,
                                 const Document& order, Deadline deadline) const {
  if (asked.prices_include_tax)
    throw refused(ErrorCode::unsupported, "SAP's pricing procedure takes prices without tax",
                  "/pricesIncludeTax", "must be false");
  // Which of several invoices it shall be, accounting knows.
  std::map<std::string, std::string> invoiced;
  if (asked.invoices.size() == 1)
    invoiced = invoice_items(order, asked.invoices.front().text(), deadline);
  OrderMessage message;
  message.header.update("I")
      .set("DOC_TYPE", settings_.return_type)
      .set("SALES_ORG", settings_.organization)
      .set("DISTR_CHAN", settings_.channel)
      .set("DIVISION", settings_.division)
      .set("PURCH_NO_C", reference)
      .set("PURCH_NO_S", reference_of(asked.order))
      .set("DOC_DATE", soap_date(asked.date))
      .set("CURRENCY", asked.currency);
  if (!asked.lines.empty())
    message.header.set("ORD_REASON", reason_code(asked.lines.front().reason, 0));
  Record sold_to = Record::object();
  sold_to.set("PARTN_ROLE", "AG");
  sold_to.set("PARTN_NUMB", customer_key(asked.customer, "/customer"));
  message.partner(std::move(sold_to));
  for (std::size_t i = 0; i < asked.lines.size(); ++i) {
    const ReturnLine& asked_line = asked.lines[i];
    OrderLine line;
    line.number = asked_line.number;
    line.sku = asked_line.sku;
    line.description = asked_line.description;
    line.uom = asked_line.uom;
    line.location = asked_line.location;
    line.quantity = asked_line.quantity;
    line.unit_price = asked_line.unit_price;
    if (!asked_line.discount.is_zero())
      line.adjustments.push_back({"manual", {}, 0, -asked_line.discount, {}});
    Flagged more;
    more.set("REF_1", reason_code(asked_line.reason, i));
    const auto sold = std::find_if(order.items.begin(), order.items.end(), [&](const Item& item) {
      return item.number == asked_line.number && !documents_.is_charge(item);
    });
    if (sold != order.items.end()) {
      const auto of_invoice = invoiced.find(sold->position);
      const bool by_invoice = of_invoice != invoiced.end();
      more.set("REF_DOC", document_key(by_invoice ? asked.invoices.front().text() : order.number))
          .set("REF_DOC_IT", by_invoice ? of_invoice->second : sold->position)
          .set("REF_DOC_CA", std::string(by_invoice ? invoice_category : order_category));
    }
    add_line(message, line, item_key(asked_line.number * line_step), asked_line.quantity, i,
             asked.currency, settings_, &more);
  }
  return message;
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    const std::string reference = reference_to(asked.order, asked.number);
    for (std::size_t i = 0; i < asked.lines.size(); ++i)
      (void)reason_code(asked.lines[i].reason, i);  // Before anything is asked.
    const auto repeated = [&](const ReturnReference& there) {
      if (!repeats(asked, there))
        throw Failure{{ErrorCode::conflict,
                       "SAP has another return under " + reference + ": " + there.document.text()}};
      return ReturnReceipt{asked.order, ReceiptState::confirmed, there};
    };
    if (const auto there = under(reference, context)) return repeated(*there);
    const std::optional<Document> order = documents_.find_by_reference(asked.order, context);
    if (!order) throw Failure{{ErrorCode::not_found, "SAP has no such order"}};
    const OrderMessage message = message_of(asked, reference, *order, context.deadline);
    WorkUnit unit(functions_, context);
    (void)unit.call("BAPI_CUSTOMERRETURN_CREATE", message.request(return_parameters));
    unit.commit();
    // It is there: only a look-up may say what it is, and whether it is there once.
    std::optional<ReturnReference> made;
    try {
      made = under(reference, context);
    } catch (const Failure& failure) {
      Error error = failure.error;
      if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
      throw Failure{error};
    }
    if (!made)
      throw Failure{{ErrorCode::outcome_unknown, "the return was committed and is not there"}};
    return ReturnReceipt{asked.order, ReceiptState::confirmed, std::move(*made)};
  });
}

// ---------------------------------------------------------------------------------------- reading
ReturnReference Returns::made_of(const Document& document) const {
  ReturnReference made;
  const auto id = decode_return_reference(document.reference);
  if (id) made.number = id->number;
  made.document = DocumentNumber(document.number);
  made.date = document.date;
  const bool withdrawn = std::all_of(document.items.begin(), document.items.end(),
                                     [](const Item& item) { return item.is_rejected(); });
  const bool back = std::any_of(document.items.begin(), document.items.end(),
                                [](const Item& item) { return !item.shipped.is_zero(); });
  if (withdrawn && !document.items.empty()) {
    made.status = ReturnStatus::cancelled;
  } else if (document.is_done && !document.invoices.empty()) {
    made.status = ReturnStatus::credited;
  } else if (back || !document.invoices.empty()) {
    made.status = ReturnStatus::received;
  }
  for (const Item& item : document.items) {
    if (item.is_rejected() && made.status != ReturnStatus::cancelled) continue;
    made.lines.push_back({id ? item.number : 0, Sku(item.material), item.quantity,
                          reason_of(item.reason.empty() ? document.reason : item.reason)});
  }
  return made;
}

std::optional<ReturnReference> Returns::under(const std::string& reference,
                                              const CallContext& context) const {
  const std::vector<Document> found = documents_.read_all(
      documents_.numbers_under("BSTKD", reference, "H", context.deadline), context);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    std::string numbers;
    for (const Document& one : found) numbers += (numbers.empty() ? "" : ", ") + one.number;
    throw Failure{{ErrorCode::conflict, "SAP holds " + std::to_string(found.size()) +
                                            " returns under " + reference + ": " + numbers}};
  }
  return made_of(found.front());
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    auto made = under(reference_to(order, number), context);
    if (!made) throw Failure{{ErrorCode::not_found, "SAP has no such return"}};
    return ReturnReceipt{order, ReceiptState::confirmed, std::move(*made)};
  });
}

// Under the order's reference, and what follows the order or its invoices in the document flow.
Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const std::string reference = reference_of(whose.order);
    const auto own = documents_.numbers_under("BSTKD_E", reference, "H", context.deadline);
    std::set<std::string> numbers(own.begin(), own.end());
    odbc::Parameters before{tables_.client()};
    for (const std::string& number :
         documents_.numbers_under("BSTKD", reference, order_category, context.deadline))
      before.emplace_back(number);
    for (const DocumentNumber& invoice : whose.invoices)
      before.emplace_back(document_key(invoice.text()));
    if (before.size() > 1)
      tables_.each("SELECT f.VBELN FROM " + tables_.name("VBFA") +
                       " f WHERE f.MANDT = ? AND f.VBELV IN (" + marks(before.size() - 1) +
                       ") AND f.VBTYP_N = 'H'",
                   before, context.deadline, [&](const odbc::Row& row) {
                     numbers.insert(column(row, 0));
                     return true;
                   });
    std::vector<ReturnReference> returns;
    for (const Document& document :
         documents_.read_all(std::vector<std::string>(numbers.begin(), numbers.end()), context)) {
      // A return of another order that shares an invoice is that order's.
      const auto id = decode_return_reference(document.reference);
      if (document.category == "H" && (!id || id->order == whose.order))
        returns.push_back(made_of(document));
    }
    return returns;
  });
}

}  // namespace underpin::legacy::sap_ecc
