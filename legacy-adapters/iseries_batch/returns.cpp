#include "legacy-adapters/iseries_batch/returns.h"

#include "contracts/external_reference.h"
#include "contracts/json/return_codec.h"
#include "legacy-adapters/iseries_batch/failure.h"

namespace underpin::legacy::iseries_batch {
namespace {

constexpr std::size_t reference_max = 35;

std::string reference_to(const OrderId& order, const ReturnNumber& number) {
  const auto reference = encode_return_reference(order, number, reference_max);
  if (!reference)
    fail(ErrorCode::rejected, reference.error().message, "/number",
         "must fit into the 35 characters of a reference, with the order's");
  return *reference;
}

// What was sent and is not answered.
ReturnReference sent_as(const OrderReturn& asked) {
  ReturnReference made;
  made.number = asked.number;
  made.date = asked.date;
  for (const ReturnLine& line : asked.lines)
    made.lines.push_back({line.number, line.sku, line.quantity, line.reason});
  return made;
}

ReturnReference named(const ReturnSeen& seen) {
  ReturnReference made = seen.made;
  if (const auto id = decode_return_reference(seen.reference)) made.number = id->number;
  return made;
}

}  // namespace

std::optional<ReturnReference> Returns::told(const std::string& reference) {
  exchange_.must_hold();
  const auto found = state_.read([&](state::StateDatabase& database) {
    return iseries_batch::returns_of(database, reference);
  });
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return named(found.front());
  std::string numbers;
  for (const ReturnSeen& seen : found)
    numbers += (numbers.empty() ? "" : ", ") + seen.made.document.text();
  fail(ErrorCode::conflict, "several returns under " + reference + ": " + numbers);
}

std::vector<Record> Returns::records_of(const OrderReturn& asked, const std::string& reference) {
  const std::string order = must(encode_external_reference(asked.order, reference_max));
  const auto orders =
      state_.read([&](state::StateDatabase& database) { return orders_of(database, order); });
  Record header{"return header", {}, {}};
  header.put("REF", order)
      .put("RREF", reference)
      .put("ORDNO", orders.empty() ? std::string() : orders.back().document)
      .put("CUST", asked.customer.text())
      .put("CUR", asked.currency)
      .put("RDATE", asked.date, "/date");
  // It is applied to one invoice: which of several it shall be, accounting knows.
  if (asked.invoices.size() == 1) header.put("INVNO", asked.invoices.front().text());
  std::vector<Record> records{header};
  for (std::size_t i = 0; i < asked.lines.size(); ++i) {
    const ReturnLine& line = asked.lines[i];
    const std::string pointer = "/lines/" + std::to_string(i) + "/";
    const auto reason = settings_.return_reasons.to_vendor(line.reason);
    if (!reason)
      fail(ErrorCode::rejected, "return reason " + line.reason + " is not mapped",
           pointer + "reason", "must be a reason that the settings map");
    const auto unit = settings_.units.to_vendor(line.uom);
    if (!unit)
      fail(ErrorCode::rejected, "unit " + line.uom + " is not mapped", pointer + "uom",
           "must be a unit that the settings map");
    Record record{"return line", {}, {}};
    record.put("LINE", Decimal::of(line.number))
        .put("SKU", line.sku.text())
        .put("UOM", *unit)
        .put("QTY", line.quantity, pointer + "quantity")
        .put("REASON", *reason)
        .put("WHS", line.location.text(), pointer + "location")
        .put("PRICE", line.unit_price)
        .put("DISC", line.discount);
    records.push_back(std::move(record));
  }
  return records;
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const std::string reference = reference_to(asked.order, asked.number);
    const std::vector<Record> records = records_of(asked, reference);
    const auto conflict = [&] {
      fail(ErrorCode::conflict, "another return is there under " + reference);
    };
    auto there = told(reference);
    if (there && !repeats(asked, *there)) conflict();
    if (there) return ReturnReceipt{asked.order, ReceiptState::confirmed, *there};
    auto request = state_.last(FileKind::returns, reference);
    // The records of a repeat name the order's number, which may not have been known before.
    const std::string content = json::write(json::to_json(asked));
    const bool same =
        request && (request->content == content || request->records == records_as_json(records));
    const bool refused = request && request->state == RequestState::refused;
    // Who was told of a refusal and sends it again wants it tried again.
    if (refused && (request->told || !same)) request.reset();
    if (request && !same) conflict();
    if (request && !refused) {
      request = exchange_.await(*request, context);
    } else if (!request) {
      Request draft;
      draft.file = FileKind::returns;
      draft.subject = reference;
      draft.action = "A";
      draft.content = content;
      request = exchange_.submit(std::move(draft), records, context);
    }
    if (request->state == RequestState::refused) {
      state_.refusal_told(request->seq);
      throw Failure{refusal_of(*request)};
    }
    there = told(reference);
    if (there) return ReturnReceipt{asked.order, ReceiptState::confirmed, *there};
    return ReturnReceipt{asked.order, ReceiptState::pending, sent_as(asked)};
  });
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    const std::string reference = reference_to(order, number);
    if (const auto there = told(reference))
      return ReturnReceipt{order, ReceiptState::confirmed, *there};
    const auto request = state_.last(FileKind::returns, reference);
    if (!request || request->state == RequestState::refused) {
      exchange_.must_know_all();
      fail(ErrorCode::not_found, "there is no such return");
    }
    const auto value = json::parse(request->content);
    const OrderReturn asked =
        must(value ? json::from_json<OrderReturn>(*value) : Result<OrderReturn>(value.error()));
    return ReturnReceipt{order, ReceiptState::pending, sent_as(asked)};
  });
}

Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    const std::string reference = must(encode_external_reference(whose.order, reference_max));
    exchange_.must_know_all();
    std::vector<ReturnReference> found;
    state_.read([&](state::StateDatabase& database) {
      const auto orders = orders_of(database, reference);
      const std::string document = orders.empty() ? "#" : orders.back().document;
      for (const ReturnSeen& seen : returns_of_order(database, document, whose.invoices))
        found.push_back(named(seen));
      return true;
    });
    return found;
  });
}

}  // namespace underpin::legacy::iseries_batch
