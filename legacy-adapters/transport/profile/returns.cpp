#include "legacy-adapters/transport/profile/returns.h"

#include "contracts/external_reference.h"
#include "contracts/json/return_codec.h"
#include "legacy-adapters/transport/profile/failure.h"

#include <algorithm>

namespace underpin::legacy::profile {
namespace {

using json::Value;

ReturnReference made_of(const Value& record) {
  ReturnReference made;
  made.document = DocumentNumber(record.get("document").text());
  if (const auto id = decode_return_reference(record.get("reference").text()))
    made.number = id->number;
  if (const auto date = Date::parse(record.get("date").text())) made.date = *date;
  const std::string& status = record.get("status").text();
  for (const ReturnStatus one : {ReturnStatus::open, ReturnStatus::received, ReturnStatus::credited,
                                 ReturnStatus::cancelled})
    if (status == name(one)) made.status = one;
  if (status != name(made.status))
    throw Failure{{ErrorCode::internal, "\"" + status + "\" is no status of a return"}};
  for (const Value& line : record.get("lines").items()) {
    ReturnedLine back;
    const auto number = line.get("number").as_any_decimal();
    back.line = number ? static_cast<int>(must(line.get("number").as_int())) : 0;
    back.sku = Sku(line.get("sku").text());
    back.quantity = must(line.get("quantity").as_any_decimal("/quantity")).normalized();
    back.reason = line.get("reason").text();
    made.lines.push_back(std::move(back));
  }
  return made;
}

// A reason that no table has is the ERP's answer to the channel, not the channel's mistake.
Failure told(Failure failure) {
  const auto& fields = failure.error.fields;
  const bool reason = std::any_of(fields.begin(), fields.end(), [](const FieldError& one) {
    return one.pointer.size() > 7 && one.pointer.compare(one.pointer.size() - 7, 7, "/reason") == 0;
  });
  if (failure.error.code == ErrorCode::invalid_request && reason)
    failure.error.code = ErrorCode::rejected;
  return failure;
}

}  // namespace

std::string Returns::reference_of(const OrderId& order, const ReturnNumber& number) const {
  return must(encode_return_reference(order, number, engine_.profile().reference_max()));
}

Value Returns::request_of(const OrderReturn& asked, const std::string& reference) const {
  Value request = Value::object();
  request.set("reference", reference);
  request.set("orderReference",
              must(encode_external_reference(asked.order, engine_.profile().reference_max())));
  request.set("date", asked.date.text());
  request.set("customer", asked.customer.text());
  request.set("currency", asked.currency);
  request.set("pricesIncludeTax", Value::boolean(asked.prices_include_tax));
  // Which of several invoices it shall be, accounting knows.
  if (asked.invoices.size() == 1) request.set("invoice", asked.invoices.front().text());
  Value lines = Value::array();
  for (const ReturnLine& line : asked.lines) {
    Value one = Value::object();
    one.set("number", Value::integer(line.number));
    one.set("sku", line.sku.text());
    one.set("description", line.description);
    one.set("uom", line.uom);
    one.set("location", line.location.text());
    one.set("quantity", line.quantity.normalized().text());
    one.set("unitPrice", line.unit_price.text());
    one.set("discount", line.discount.text());
    one.set("reason", line.reason);
    lines.push(std::move(one));
  }
  request.set("lines", std::move(lines));
  return request;
}

std::optional<ReturnReference> Returns::under(const std::string& reference,
                                              const CallContext& context) const {
  Value request = Value::object();
  request.set("reference", reference);
  const std::vector<Value> records = engine_.ask("find_return", request, context);
  if (records.empty()) return std::nullopt;
  if (records.size() > 1)
    throw Failure{{ErrorCode::conflict, "the ERP holds " + std::to_string(records.size()) +
                                            " returns under " + reference}};
  return made_of(records.front());
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    engine_.must_offer("place_return");
    const std::string reference = reference_of(asked.order, asked.number);
    const auto receipt_of = [&](ReturnReference there) {
      if (!repeats(asked, there))
        throw Failure{{ErrorCode::conflict, "the ERP has another return under " + reference + ": " +
                                                there.document.text()}};
      return ReturnReceipt{asked.order, ReceiptState::confirmed, std::move(there)};
    };
    if (auto there = under(reference, context)) return receipt_of(std::move(*there));
    std::optional<Failure> twice;
    try {
      engine_.ask("place_return", request_of(asked, reference), context);
    } catch (const Failure& failure) {
      // One that is there already: perhaps by our own request, repeated on its way.
      if (failure.error.code != ErrorCode::conflict) throw told(failure);
      twice = failure;
    }
    std::optional<ReturnReference> made;
    try {
      made = under(reference, context);
    } catch (const Failure& failure) {
      Error error = failure.error;
      if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
      throw Failure{std::move(error)};
    }
    if (made) return receipt_of(std::move(*made));
    if (twice) throw Failure{*twice};
    throw Failure{{ErrorCode::outcome_unknown, "the return is not there yet"}};
  });
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    auto made = under(reference_of(order, number), context);
    if (!made) throw Failure{{ErrorCode::not_found, "the ERP has no such return"}};
    return ReturnReceipt{order, ReceiptState::confirmed, std::move(*made)};
  });
}

Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    Value request = Value::object();
    request.set("orderReference",
                must(encode_external_reference(whose.order, engine_.profile().reference_max())));
    Value invoices = Value::array();
    for (const DocumentNumber& invoice : whose.invoices) {
      Value one = Value::object();
      one.set("document", invoice.text());
      invoices.push(std::move(one));
    }
    request.set("invoices", std::move(invoices));
    std::vector<ReturnReference> returns;
    for (const Value& record : engine_.ask("returns_of", request, context)) {
      ReturnReference made = made_of(record);
      const bool known = std::any_of(returns.begin(), returns.end(), [&](const auto& one) {
        return one.document == made.document;
      });
      if (!known) returns.push_back(std::move(made));
    }
    return returns;
  });
}

}  // namespace underpin::legacy::profile
