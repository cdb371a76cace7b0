#include "legacy-adapters/jd_edwards/returns.h"

#include <algorithm>
#include <map>

namespace underpin::legacy::jd_edwards {
namespace {

std::string reference_to(const OrderId& order, const ReturnNumber& number) {
  return must(encode_return_reference(order, number, reference_max));
}

// The row that has shipped most of the line: what of it is in which row, a return does not say.
const LineRow* sold_row(const Document& order, int line) {
  const LineRow* best = nullptr;
  for (const LineRow& row : order.rows)
    if (row.number() == line && !row.is_cancelled() &&
        (best == nullptr || row.shipped > best->shipped))
      best = &row;
  return best;
}

}  // namespace

std::string Returns::reason_code(const ReturnLine& line) const {
  for (const auto& [ours, theirs] : settings_.return_reasons)
    if (ours == line.reason) return theirs;
  throw refused(ErrorCode::rejected, "the reason " + line.reason + " has no code in JD Edwards",
                at_line(line.number, "reason"), "must be a reason that the ERP's settings map");
}

std::string Returns::reason_of(const std::string& code) const {
  for (const auto& [ours, theirs] : settings_.return_reasons)
    if (theirs == code) return ours;
  return code;
}

std::vector<InterfaceRow> Returns::rows_of(const OrderReturn& asked, const std::string& reference,
                                           const Document& order) const {
  if (asked.prices_include_tax)
    throw refused(ErrorCode::unsupported, "JD Edwards keeps prices without tax",
                  "/pricesIncludeTax", "must be false");
  if (asked.currency != settings_.local_currency)
    throw refused(ErrorCode::rejected, "returns are in the company's currency", "/currency",
                  "must be " + settings_.local_currency);
  if (!order.currency.empty() && order.currency != settings_.local_currency)
    throw refused(ErrorCode::rejected, "the order is in " + order.currency, "/currency",
                  "must be that of the order");
  HeaderContent header;
  header.purpose = make_purpose;
  header.key = {0, settings_.return_type, settings_.company};
  header.customer = order.customer;
  header.ordered = header.requested = cyyddd_of(asked.date);
  header.reference = reference;
  header.customer_reference = order.reference;
  header.currency = asked.currency;
  header.lines = asked.lines.size();
  std::vector<InterfaceRow> rows{records_.header_row(header)};
  for (const ReturnLine& line : asked.lines) {
    const LineRow* sold = sold_row(order, line.number);
    if (sold == nullptr)
      throw refused(ErrorCode::rejected, "the order has no line " + std::to_string(line.number),
                    at_line(line.number, "number"), "must name a line of the order");
    LineContent content;
    content.number = line.number;
    content.sku = line.sku;
    content.location = line.location;
    content.uom = line.uom;
    content.line_type = settings_.return_line_type;
    content.quantity = line.quantity;
    content.unit_price = line.unit_price;
    content.net_amount =
        (line.quantity * line.unit_price).rounded(2, Rounding::half_up) - line.discount;
    content.reason = reason_code(line);
    content.original = order.key;
    content.original_line = sold->lnid;
    rows.push_back(records_.line_row(content));
  }
  return rows;
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    return with_places(asked.lines, [&] {
      const std::string reference = reference_to(asked.order, asked.number);
      const auto rows = [&] {
        for (const ReturnLine& line : asked.lines) (void)reason_code(line);  // Before all else.
        const auto order =
            documents_.by_reference(reference_of(asked.order), settings_.document_type, context);
        if (!order) throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
        return rows_of(asked, reference, *order);
      };
      const ReturnReference made =
          made_of(records_.place(reference, settings_.return_type, rows, context));
      if (!repeats(asked, made))
        throw Failure{{ErrorCode::conflict, "JD Edwards has another return under " + reference +
                                                ": " + made.document.text()}};
      return ReturnReceipt{asked.order, ReceiptState::confirmed, made};
    });
  });
}

// ---------------------------------------------------------------------------------------- reading
ReturnReference Returns::made_of(const Document& document) const {
  ReturnReference made;
  const auto id = decode_return_reference(document.reference);
  if (id) made.number = id->number;
  made.document = number_of(document.key);
  made.date = date_of(document.ordered, "TRDJ").value_or(Date{});
  if (document.is_cancelled()) {
    made.status = ReturnStatus::cancelled;
  } else if (!document.rows.empty() && document.is_posted()) {
    made.status = ReturnStatus::credited;
  } else if (document.has_shipped()) {
    made.status = ReturnStatus::received;
  }
  std::map<int, ReturnedLine> lines;
  for (const LineRow& row : document.rows) {
    if (row.is_cancelled() && made.status != ReturnStatus::cancelled) continue;
    // What JDE's own people took back has line numbers of its own.
    const int line = static_cast<int>(row.original_line / line_step);
    ReturnedLine& back = lines[row.number()];
    back.line = line != 0 || !id ? line : row.number();
    back.sku = Sku(row.item);
    back.quantity = (back.quantity + row.ordered.magnitude()).normalized();
    back.reason = reason_of(row.reason);
  }
  for (auto& [number, line] : lines) made.lines.push_back(std::move(line));
  return made;
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const auto document =
        records_.find(reference_to(order, number), settings_.return_type, context);
    if (!document) throw Failure{{ErrorCode::not_found, "JD Edwards has no such return"}};
    return ReturnReceipt{order, ReceiptState::confirmed, made_of(*document)};
  });
}

Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    std::vector<ReturnReference> returns;
    const auto order =
        documents_.by_reference(reference_of(whose.order), settings_.document_type, context);
    if (!order) return returns;
    for (const Document& document :
         documents_.that_refer_to(order->key, settings_.return_type, context))
      returns.push_back(made_of(document));
    return returns;
  });
}

}  // namespace underpin::legacy::jd_edwards
