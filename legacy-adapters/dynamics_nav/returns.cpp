#include "legacy-adapters/dynamics_nav/returns.h"

#include <algorithm>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr std::size_t reference_max = 35;

std::string amount_text(Decimal amount) { return amount.normalized().text(); }

const std::vector<Record>& return_lines(const Record& header) {
  return part(header, "SalesLines", "Sales_Return_Order_Line");
}
const std::vector<Record>& credited_lines(const Record& memo) {
  return part(memo, "SalesCrMemoLines", "Posted_Sales_Cr_Memo_Line");
}

Failure refused(std::size_t index, const char* member, std::string rule, std::string message) {
  Error error{ErrorCode::rejected, std::move(message)};
  error.fields.push_back({"/lines/" + std::to_string(index) + "/" + member, std::move(rule)});
  return {std::move(error)};
}

std::string reference_to(const OrderId& order, const ReturnNumber& number) {
  return must(encode_return_reference(order, number, reference_max));
}

}  // namespace

// ---------------------------------------------------------------------------------------- reasons
std::string Returns::reason_code(const std::string& reason, std::size_t index) const {
  for (const auto& [ours, theirs] : settings_.return_reasons)
    if (ours == reason) return theirs;
  throw refused(index, "reason", "must be a reason that the ERP's settings map",
                "the reason " + reason + " has no return reason in NAV");
}

std::string Returns::reason_of(const std::string& code) const {
  for (const auto& [ours, theirs] : settings_.return_reasons)
    if (theirs == code) return ours;
  return code;
}

// ---------------------------------------------------------------------------------------- placing
Record Returns::header_of(const OrderReturn& asked, const std::string& reference) const {
  Record header = Record::object();
  header.set("Sell_to_Customer_No", asked.customer.text());
  header.set("External_Document_No", reference);
  header.set("Your_Reference", reference_of(asked.order));
  header.set("Order_Date", asked.date.text());
  header.set("Document_Date", asked.date.text());
  if (asked.currency != settings_.local_currency) header.set("Currency_Code", asked.currency);
  header.set("Prices_Including_VAT", asked.prices_include_tax ? "true" : "false");
  // NAV applies a document to one other: which of several invoices it shall be, accounting knows.
  if (asked.invoices.size() == 1) {
    header.set("Applies_to_Doc_Type", "Invoice");
    header.set("Applies_to_Doc_No", asked.invoices.front().text());
  }
  return header;
}

std::vector<Record> Returns::lines_of(const OrderReturn& asked) const {
  std::vector<Record> lines;
  for (std::size_t i = 0; i < asked.lines.size(); ++i) {
    const ReturnLine& line = asked.lines[i];
    const Decimal quantity = line.quantity.normalized();
    if (quantity.scale() > 5)
      throw refused(i, "quantity", "must have at most five decimals",
                    "a quantity has more than five decimals");
    if (line.location.text().size() > 10)
      throw refused(i, "location", "must have at most 10 characters", "a location is too long");
    Record record = Record::object();
    record.set("Type", "Item");
    record.set("No", line.sku.text());
    record.set("Description", with_number(without_number(line.description).first, line.number));
    record.set("Return_Reason_Code", reason_code(line.reason, i));
    if (!line.location.empty()) record.set("Location_Code", line.location.text());
    record.set("Quantity", quantity.text());
    if (!line.uom.empty()) record.set("Unit_of_Measure_Code", line.uom);
    record.set("Unit_Price", amount_text(line.unit_price));
    record.set("Line_Discount_Amount", amount_text(line.discount));
    lines.push_back(std::move(record));
  }
  return lines;
}

Record Returns::begin(const OrderReturn& asked, const std::string& reference,
                      const WriteContext& context) const {
  std::vector<Record> begun;
  for (Record& row : must(services_.list(
           return_order_binding(), {{"External_Document_No", literal(reference)}}, "", 0, context)))
    if (return_lines(row).empty()) begun.push_back(std::move(row));
  for (std::size_t i = 1; i < begun.size(); ++i) discard(begun[i], context);
  if (!begun.empty()) return std::move(begun.front());
  return must(services_.create(return_order_binding(), header_of(asked, reference), context));
}

// What fails here is found by the next place_return.
void Returns::discard(const Record& begun, const CallContext& context) const {
  (void)services_.remove(return_order_binding(), text_of(begun, "Key"), context);
}

ReturnReceipt Returns::receipt(const OrderReturn& asked, ReturnReference made) const {
  return {asked.order, ReceiptState::confirmed, std::move(made)};
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    const std::string reference = reference_to(asked.order, asked.number);
    const std::vector<Record> lines = lines_of(asked);  // Before anything is sent.
    if (const auto there = under(reference, context)) {
      if (!repeats(asked, *there))
        throw Failure{{ErrorCode::conflict, "NAV has another return under " + reference + ": " +
                                                there->document.text()}};
      return receipt(asked, *there);
    }
    Record header = begin(asked, reference, context);
    for (int attempt = 1;; ++attempt) {
      Record update = header_of(asked, reference);
      Record listed = Record::object();
      listed.set("Sales_Return_Order_Line", Record::array(lines));
      update.set("SalesLines", std::move(listed));
      update.set("Key", text_of(header, "Key"));
      const Result<Record> placed = services_.update(return_order_binding(), update, context);
      if (placed) break;
      if (placed.error().code == ErrorCode::conflict && attempt == 1) {
        // Somebody was quicker; perhaps it was our own request, repeated on its way.
        const auto now = services_.read(return_order_binding(), text_of(header, "No"), context);
        if (!now) {
          Error error = now.error();
          error.code = ErrorCode::outcome_unknown;
          throw Failure{error};
        }
        if (*now && return_lines(**now).empty()) {
          header = **now;
          continue;
        }
        if (*now) break;
      }
      // A refused return leaves no header behind.
      if (disposition(placed.error().code) == Disposition::answer_caller) discard(header, context);
      throw Failure{placed.error()};
    }
    // It is there: only a look-up may say what it is, and whether it is there once.
    std::optional<ReturnReference> made;
    try {
      made = under(reference, context);
    } catch (const Failure& failure) {
      if (failure.error.code == ErrorCode::conflict) throw;
      Error error = failure.error;
      error.code = ErrorCode::outcome_unknown;
      throw Failure{error};
    }
    if (!made)
      throw Failure{{ErrorCode::outcome_unknown, "the return went away while it was made"}};
    return receipt(asked, *made);
  });
}

// ---------------------------------------------------------------------------------------- reading
ReturnReference Returns::read(const Record& document, const std::vector<Record>& lines,
                              ReturnStatus status) const {
  ReturnReference made;
  if (const auto id = decode_return_reference(text_of(document, "External_Document_No")))
    made.number = id->number;
  if (const auto date = Date::parse(text_of(document, "Document_Date")); date && date->year > 1753)
    made.date = *date;
  made.status = status;
  for (const Record& line : lines) {
    if (!is_item(line)) continue;
    made.lines.push_back({without_number(text_of(line, "Description")).second,
                          Sku(text_of(line, "No")), amount_of(line, "Quantity").normalized(),
                          reason_of(text_of(line, "Return_Reason_Code"))});
  }
  return made;
}

void Returns::add(Found& found, const std::string& field, const std::string& criteria,
                  const CallContext& context) const {
  const std::vector<Filter> filter{{field, criteria}};
  // Open ones first: what is posted between the two questions is seen by one of them at least.
  for (const Record& row : must(services_.list(return_order_binding(), filter, "", 0, context))) {
    const std::vector<Record>& lines = return_lines(row);
    if (lines.empty()) continue;
    const bool received = std::any_of(lines.begin(), lines.end(), [](const Record& line) {
      return !amount_of(line, "Return_Qty_Received").is_zero();
    });
    Held held{read(row, lines, received ? ReturnStatus::received : ReturnStatus::open), true};
    held.made.document = DocumentNumber(text_of(row, "No"));
    found[text_of(row, "No")] = std::move(held);
  }
  std::map<std::string, Held> credited;
  for (const Record& row : must(services_.list(credit_memos_binding(), filter, "", 0, context))) {
    const std::string& of_return = text_of(row, "Return_Order_No");
    const std::string& own = of_return.empty() ? text_of(row, "No") : of_return;
    ReturnReference memo = read(row, credited_lines(row), ReturnStatus::credited);
    memo.document = DocumentNumber(own);
    const auto [known, is_new] = credited.try_emplace(own, Held{memo, false});
    if (is_new) continue;
    // Credited in several memos: together they are the return.
    for (ReturnedLine& line : memo.lines) {
      const auto same = std::find_if(known->second.made.lines.begin(),
                                     known->second.made.lines.end(), [&](const ReturnedLine& one) {
                                       return one.line == line.line && one.sku == line.sku &&
                                              one.reason == line.reason;
                                     });
      if (same == known->second.made.lines.end())
        known->second.made.lines.push_back(line);
      else
        same->quantity += line.quantity;
    }
  }
  for (auto& [own, held] : credited) {
    const auto open = found.find(own);
    // The return order is gone by now, or has all that is asked of it, also what is credited.
    if (open == found.end() || !open->second.open) found[own] = std::move(held);
  }
}

std::optional<ReturnReference> Returns::under(const std::string& reference,
                                              const CallContext& context) const {
  Found found;
  add(found, "External_Document_No", literal(reference), context);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    std::string numbers;
    for (const auto& [number, held] : found) numbers += (numbers.empty() ? "" : ", ") + number;
    throw Failure{{ErrorCode::conflict, "NAV holds " + std::to_string(found.size()) +
                                            " returns under " + reference + ": " + numbers}};
  }
  return std::move(found.begin()->second.made);
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    auto made = under(reference_to(order, number), context);
    if (!made) throw Failure{{ErrorCode::not_found, "NAV has no such return"}};
    return ReturnReceipt{order, ReceiptState::confirmed, std::move(*made)};
  });
}

Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    Found found;
    add(found, "Your_Reference", literal(reference_of(whose.order)), context);
    if (!whose.invoices.empty()) {
      std::string any;
      for (const DocumentNumber& invoice : whose.invoices)
        any += (any.empty() ? "" : "|") + literal(invoice.text());
      add(found, "Applies_to_Doc_No", any, context);
    }
    std::vector<ReturnReference> returns;
    for (auto& [number, held] : found) returns.push_back(std::move(held.made));
    return returns;
  });
}

}  // namespace underpin::legacy::dynamics_nav
