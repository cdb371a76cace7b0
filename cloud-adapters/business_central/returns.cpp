#include "cloud-adapters/business_central/returns.h"

#include "cloud-adapters/business_central/documents.h"
#include "contracts/external_reference.h"

#include <algorithm>
#include <set>

namespace underpin::cloud::business_central {
namespace {

constexpr std::size_t reference_max = 35;
constexpr std::string_view memos_set = "salesCreditMemos";
constexpr std::string_view reasons_set = "customerReturnReasons";

std::string at(std::size_t index, const char* member) {
  return "/lines/" + std::to_string(index) + "/" + member;
}

ReturnStatus status_of_memo(const std::string& status) {
  if (status == "Canceled") return ReturnStatus::cancelled;
  if (status == "Open" || status == "Paid" || status == "Corrective") return ReturnStatus::credited;
  return ReturnStatus::open;  // Draft, In Review.
}

std::string reference_to(const OrderId& order, const ReturnNumber& number) {
  return must(encode_return_reference(order, number, reference_max));
}

}  // namespace

const std::string& Returns::reason_code(const std::string& reason, std::size_t index) const {
  for (const CodePair& pair : site_.settings().return_reasons)
    if (pair.canonical == reason) return pair.vendor;
  throw Failure{site_.rejected("the reason " + reason + " has no return reason in Business Central",
                               at(index, "reason"),
                               "must be a reason that the ERP's settings map")};
}

// A code that the settings map and the company does not have is not written as mere text.
std::string Returns::reason_id(const std::string& code, std::size_t index,
                               const CallContext& context) {
  odata::Query query;
  query.filter = odata::eq("code", code);
  const auto found = site_.find_first(site_.v2(reasons_set, context) + query.text(), context);
  if (!found)
    throw Failure{site_.rejected("Business Central has no return reason " + code,
                                 at(index, "reason"), "must be a reason that the ERP has")};
  return text_of(*found, "id");
}

json::Value Returns::body_of(const OrderReturn& asked, const std::string& reference,
                             const CallContext& context) {
  if (asked.prices_include_tax) {
    Error error{ErrorCode::unsupported,
                "Business Central's v2.0 documents hold prices without tax"};
    throw Failure{error};
  }
  json::Value body = json::Value::object();
  body.set("externalDocumentNumber", reference);
  body.set("customerNumber", asked.customer.text());
  body.set("creditMemoDate", asked.date.text());
  if (!asked.currency.empty()) body.set("currencyCode", asked.currency);
  // A credit memo is applied to one invoice: which of several it shall be, accounting knows.
  if (asked.invoices.size() == 1) body.set("invoiceNumber", asked.invoices.front().text());
  json::Value lines = json::Value::array();
  std::set<std::string> ids;
  for (std::size_t i = 0; i < asked.lines.size(); ++i) {
    const ReturnLine& line = asked.lines[i];
    if (line.quantity.normalized().scale() > 5)
      throw Failure{site_.rejected("a quantity has more than five decimals", at(i, "quantity"),
                                   "must have at most five decimals")};
    const std::string& code = reason_code(line.reason, i);
    ids.insert(reason_id(code, i, context));
    json::Value one = json::Value::object();
    one.set("sequence", json::Value::integer(line.number * sequence_step));
    one.set("lineType", "Item");
    one.set("lineObjectNumber", line.sku.text());
    if (!line.description.empty()) one.set("description", shortened(line.description, 100));
    one.set("description2", code);
    if (!line.uom.empty()) one.set("unitOfMeasureCode", to_vendor(site_.settings().uom, line.uom));
    if (!line.location.empty())
      one.set("locationId", site_.location_id(line.location.text(), context));
    one.set("quantity", json::Value::number(line.quantity));
    one.set("unitPrice", json::Value::number(line.unit_price));
    one.set("discountAmount", json::Value::number(cents(line.discount)));
    lines.push(std::move(one));
  }
  // A credit memo has one reason; where its lines have several, only they say them.
  if (ids.size() == 1) body.set("customerReturnReasonId", *ids.begin());
  body.set("salesCreditMemoLines", std::move(lines));
  return body;
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&]() -> ReturnReceipt {
    const std::string reference = reference_to(asked.order, asked.number);
    if (const auto there = under(reference, context)) {
      if (!repeats(asked, *there))
        throw Failure{
            site_.failed(ErrorCode::conflict, "Business Central has another return under " +
                                                  reference + ": " + there->document.text())};
      return {asked.order, ReceiptState::confirmed, *there};
    }
    const json::Value body = body_of(asked, reference, context);
    odata::Query query;
    query.expand = "salesCreditMemoLines";
    const odata::Answer made =
        must(site_.client().send("POST", site_.v2(memos_set, context) + query.text(), body, {},
                                 odata::Effect::creating, context));
    if (made.body.find("salesCreditMemoLines") != nullptr)
      return {asked.order, ReceiptState::confirmed, read(made.body)};
    // It is made, and its lines were not told with it: read again, or nobody knows.
    const auto there = under(reference, context);
    if (!there)
      throw Failure{site_.failed(ErrorCode::outcome_unknown,
                                 "Business Central has made the return and does not show it")};
    return {asked.order, ReceiptState::confirmed, *there};
  });
}

ReturnReference Returns::read(const json::Value& memo) const {
  ReturnReference made;
  if (const auto id = decode_return_reference(text_of(memo, "externalDocumentNumber")))
    made.number = id->number;
  made.document = DocumentNumber(text_of(memo, "number"));
  made.date = date_of(memo, "creditMemoDate").value_or(Date{});
  made.status = status_of_memo(text_of(memo, "status"));
  const json::Value* lines = memo.find("salesCreditMemoLines");
  if (lines == nullptr || !lines->is_array())
    throw Failure{{ErrorCode::internal, "Business Central answered without salesCreditMemoLines"}};
  for (const json::Value& line : lines->items()) {
    if (text_of(line, "lineType") != "Item") continue;
    // Of another's memo the sequence says nothing of an order's lines.
    const std::int64_t sequence = integer_of(line, "sequence");
    const bool ours = !made.number.empty() && sequence % sequence_step == 0;
    made.lines.push_back(
        {ours ? static_cast<int>(sequence / sequence_step) : 0,
         Sku(text_of(line, "lineObjectNumber")), decimal_of(line, "quantity").normalized(),
         from_vendor(site_.settings().return_reasons, text_of(line, "description2"))});
  }
  return made;
}

std::vector<json::Value> Returns::memos(const std::string& filter, const CallContext& context) {
  odata::Query query;
  query.filter = filter;
  query.expand = "salesCreditMemoLines";
  query.orderby = "number";
  return site_.list(site_.v2(memos_set, context) + query.text(), context);
}

std::optional<ReturnReference> Returns::under(const std::string& reference,
                                              const CallContext& context) {
  const std::vector<json::Value> found =
      memos(odata::eq("externalDocumentNumber", reference), context);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    std::string numbers;
    for (const json::Value& one : found)
      numbers += (numbers.empty() ? "" : ", ") + text_of(one, "number");
    throw Failure{
        site_.failed(ErrorCode::conflict, "Business Central holds " + std::to_string(found.size()) +
                                              " returns under " + reference + ": " + numbers)};
  }
  return read(found.front());
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&]() -> ReturnReceipt {
    const auto made = under(reference_to(order, number), context);
    if (!made)
      throw Failure{site_.failed(ErrorCode::not_found, "Business Central has no such return")};
    return {order, ReceiptState::confirmed, *made};
  });
}

Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    const std::string order = must(encode_external_reference(whose.order, reference_max));
    std::vector<ReturnReference> returns;
    std::set<std::string> seen;
    const auto take = [&](const std::string& filter) {
      for (const json::Value& memo : memos(filter, context))
        if (seen.insert(text_of(memo, "id")).second) returns.push_back(read(memo));
    };
    // Two questions: v2.0 refuses an `or` over two fields.
    take("startswith(externalDocumentNumber," + odata::quoted(order + "#") + ")");
    if (!whose.invoices.empty()) {
      std::vector<std::string> conditions;
      for (const DocumentNumber& invoice : whose.invoices)
        conditions.push_back(odata::eq("invoiceNumber", invoice.text()));
      take(odata::any_of(conditions));
    }
    return returns;
  });
}

}  // namespace underpin::cloud::business_central
