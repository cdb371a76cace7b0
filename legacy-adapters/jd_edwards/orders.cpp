#include "legacy-adapters/jd_edwards/orders.h"

#include "contracts/order_status.h"

#include <algorithm>
#include <charconv>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr std::string_view make = "00";
constexpr std::string_view alter = "04";
constexpr std::string_view cancel = "01";
constexpr int number_attempts = 20;  // Of a key in F47011 that others take, too.

std::string at(int number, std::string_view field) {
  return "/lines/" + std::to_string(number) + "/" + std::string(field);
}

// Pointers are made with line numbers, here and by what JDE names: the caller knows places.
template <class Lines>
Failure by_place(Failure failure, const Lines& lines) {
  constexpr std::string_view start = "/lines/";
  for (FieldError& field : failure.error.fields) {
    if (field.pointer.rfind(start, 0) != 0) continue;
    int number = 0;
    const char* end = field.pointer.data() + field.pointer.size();
    const auto read = std::from_chars(field.pointer.data() + start.size(), end, number);
    const std::string rest(read.ptr, end);
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&](const auto& one) { return one.number == number; });
    if (line != lines.end())
      field.pointer = std::string(start) + std::to_string(line - lines.begin()) + rest;
    else if (number >= charge_lines_from)
      field.pointer = "/charges/" + std::to_string(number - charge_lines_from) + rest;
  }
  return failure;
}

template <class Lines, class F>
auto with_places(const Lines& lines, F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Failure& failure) {
    throw by_place(failure, lines);
  }
}

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

// The canonical reader gives every amount without needless zeros, so equality is by value.
bool holds(const Order& held, const OrderChanges& changes) {
  if (changes.ship_to && (!held.ship_to || !(*held.ship_to == *changes.ship_to))) return false;
  if (changes.requested_date && held.requested_date != changes.requested_date) return false;
  if (changes.customer_reference && held.customer_reference != *changes.customer_reference)
    return false;
  for (const LineContent& wanted : changes.lines) {
    const auto line = std::find_if(held.lines.begin(), held.lines.end(),
                                   [&](const auto& one) { return one.number == wanted.number; });
    if (line == held.lines.end() || line->quantity - line->cancelled_quantity != wanted.quantity ||
        line->unit_price != wanted.unit_price || line->net_amount != wanted.net_amount)
      return false;
    const auto& day = line->requested_date ? line->requested_date : held.requested_date;
    if (wanted.requested_date && day != wanted.requested_date) return false;
  }
  return true;
}

}  // namespace

Orders::Orders(const Settings& settings, std::string system,
               std::shared_ptr<odbc::Database> database, const Interface& interface)
    : settings_(settings),
      system_(std::move(system)),
      database_(database),
      interface_(interface),
      documents_(settings, database),
      feed_(settings, database) {}

// ------------------------------------------------------------------------------ interface records
Record Orders::record_of(std::int64_t number) const {
  return {&order_record(),
          {padded(settings_.company, 5), number, padded(settings_.edi_document_type, 2)}};
}

std::optional<Orders::Begun> Orders::begun(const std::string& reference,
                                           const CallContext& context) const {
  const auto rows = must(database_->rows(
      "SELECT y.SYEDOC, y.SYEDDL FROM " + t("F47011") +
          " y WHERE y.SYVR01 = ? AND y.SYEKCO = ? AND y.SYEDCT = ? AND y.SYTPUR = ? AND y.SYEDSP "
          "<> 'Y' ORDER BY y.SYEDOC",
      {padded(reference, reference_max), padded(settings_.company, 5),
       padded(settings_.edi_document_type, 2), padded(make, 2)},
      context.deadline));
  if (rows.empty()) return std::nullopt;
  return Begun{record_of(whole_of(odbc::text(rows.front(), 0), "EDOC")),
               static_cast<std::size_t>(whole_of(odbc::text(rows.front(), 1), "EDDL"))};
}

std::vector<Record> Orders::waiting_changes(const DocumentKey& key,
                                            const CallContext& context) const {
  const auto rows = must(database_->rows(
      "SELECT y.SYEDOC FROM " + t("F47011") +
          " y WHERE y.SYDOCO = ? AND y.SYDCTO = ? AND y.SYKCOO = ? AND y.SYEKCO = ? AND y.SYEDCT "
          "= ? AND y.SYTPUR <> ? AND y.SYEDSP <> 'Y'",
      {key.number, padded(key.type, 2), padded(key.company, 5), padded(settings_.company, 5),
       padded(settings_.edi_document_type, 2), padded(make, 2)},
      context.deadline));
  std::vector<Record> records;
  for (const odbc::Row& row : rows)
    records.push_back(record_of(whole_of(odbc::text(row, 0), "EDOC")));
  return records;
}

std::int64_t Orders::next_number(const CallContext& context) const {
  const auto rows = must(database_->rows(
      "SELECT MAX(y.SYEDOC) FROM " + t("F47011") + " y WHERE y.SYEKCO = ? AND y.SYEDCT = ?",
      {padded(settings_.company, 5), padded(settings_.edi_document_type, 2)}, context.deadline));
  return rows.empty() ? 1 : whole_of(odbc::text(rows.front(), 0), "EDOC") + 1;
}

void Orders::add_line(std::vector<InterfaceRow>& rows, const LineContent& line) const {
  const auto number = [&](Decimal value, int decimals, std::string_view field) {
    const auto scaled = implied(value, decimals);
    if (!scaled)
      throw refused(ErrorCode::rejected,
                    "line " + std::to_string(line.number) + " has more decimals than JD Edwards",
                    at(line.number, field),
                    "must have at most " + std::to_string(decimals) + " decimals");
    return *scaled;
  };
  std::string uom;
  for (const auto& [canonical, vendor] : settings_.uoms)
    if (canonical == line.uom) uom = vendor;
  if (uom.empty())
    throw refused(ErrorCode::rejected, "unit " + line.uom + " is not mapped",
                  at(line.number, "uom"), "must be a unit that the settings map");
  if (line.sku.text().size() > 25 || line.location.text().size() > 12)
    throw refused(ErrorCode::rejected, "an article or location is too long for JD Edwards",
                  at(line.number, "sku"), "must have at most 25 characters, the location 12");
  if (line.number < 1 || line.number > 999)
    throw refused(ErrorCode::rejected, "JD Edwards has no such line number",
                  at(line.number, "number"),
                  "must be at most " + std::to_string(charge_lines_from));
  const Decimal price = line.quantity.is_zero()
                            ? line.unit_price
                            : Decimal::divided(line.net_amount, line.quantity,
                                               settings_.decimals.price, Rounding::half_up);
  const std::int64_t lnid = std::int64_t{line.number} * line_step;
  const Decimals& decimals = settings_.decimals;
  rows.push_back({"F47012",
                  {{"SZEDLN", lnid},
                   {"SZLNID", lnid},
                   {"SZLITM", padded(line.sku.text(), 25)},
                   {"SZMCU", unit(line.location.text())},
                   {"SZDSC1", padded("", 30)},
                   {"SZLNTY", padded(line.line_type, 2)},
                   {"SZUOM", padded(uom, 2)},
                   {"SZUORG", number(line.quantity, decimals.quantity, "quantity")},
                   {"SZLPRC", number(line.unit_price, decimals.price, "unitPrice")},
                   {"SZUPRC", number(price, decimals.price, "unitPrice")},
                   {"SZAEXP", number(line.net_amount, decimals.amount, "netAmount")},
                   {"SZPROV", std::string("1")},
                   {"SZDRQJ", line.requested_date ? cyyddd_of(*line.requested_date) : 0}}});
}

void Orders::add_address(std::vector<InterfaceRow>& rows, const Address& address,
                         std::string_view kind) const {
  const std::string pointer = kind == "2" ? "/shipTo/" : "/billTo/";
  const auto field = [&](const std::string& text, std::size_t width, std::string_view name) {
    if (width_of(text) > width)
      throw refused(ErrorCode::rejected, "an address is too long for JD Edwards",
                    pointer + std::string(name),
                    "must have at most " + std::to_string(width) + " characters");
    return padded(text, width);
  };
  rows.push_back({"F4706",
                  {{"ZAEDLN", kind == "2" ? 2 : 1},
                   {"ZAANTY", std::string(kind)},
                   {"ZAMLNM", field(address.name, 40, "name")},
                   {"ZAADD1", field(address.line1, 40, "line1")},
                   {"ZAADD2", field(address.line2, 40, "line2")},
                   {"ZAADDZ", field(address.post_code, 12, "postCode")},
                   {"ZACTY1", field(address.city, 25, "city")},
                   {"ZAADDS", field(address.region, 3, "region")},
                   {"ZACTR", field(address.country, 3, "country")}}});
}

// Under the next number of our key space; one that somebody was quicker to take is passed over.
Record Orders::put(std::vector<InterfaceRow> rows, const std::vector<Record>& withdrawn,
                   const CallContext& context) const {
  std::int64_t number = next_number(context);
  for (InterfaceRow& row : rows) {
    const std::string prefix(row.columns.front().first.substr(0, 2));
    row.columns.insert(row.columns.begin(),
                       {{prefix + "EKCO", padded(settings_.company, 5)},
                        {prefix + "EDOC", number},
                        {prefix + "EDCT", padded(settings_.edi_document_type, 2)},
                        {prefix + "EDSP", std::string("N")}});
  }
  for (int attempt = 1;; ++attempt, ++number) {
    for (InterfaceRow& row : rows) row.columns[1].second = odbc::Parameter(number);
    const Status done = interface_.put(order_record(), rows, withdrawn, context);
    if (done) return record_of(number);
    if (done.error().code != ErrorCode::conflict || attempt == number_attempts)
      throw Failure{done.error()};
  }
}

// ---------------------------------------------------------------------------------------- placing
std::vector<LineContent> Orders::new_lines(const Order& order) const {
  std::vector<LineContent> lines;
  for (const OrderLine& line : order.lines) {
    if (!is_positive(line.outstanding())) continue;
    if (line.number >= charge_lines_from)
      throw refused(ErrorCode::rejected, "line numbers from 900 on are those of charges",
                    at(line.number, "number"),
                    "must be below " + std::to_string(charge_lines_from));
    Decimal adjustments;
    for (const Adjustment& adjustment : line.adjustments) adjustments += adjustment.amount;
    LineContent content;
    content.number = line.number;
    content.sku = line.sku;
    content.location = line.location;
    content.uom = line.uom;
    content.quantity = line.outstanding();
    content.unit_price = line.unit_price;
    content.net_amount =
        (content.quantity * line.unit_price).rounded(2, Rounding::half_up) +
        adjustment_share(adjustments, content.quantity, line.quantity - line.cancelled_quantity);
    content.requested_date = line.requested_date;
    lines.push_back(std::move(content));
  }
  if (lines.empty())
    throw refused(ErrorCode::rejected, "nothing of the order is outstanding", "/lines",
                  "must have a line with something to deliver");
  std::sort(lines.begin(), lines.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (std::size_t i = 0; i < order.charges.size(); ++i) {
    const Charge& charge = order.charges[i];
    const auto item = std::find_if(settings_.charges.begin(), settings_.charges.end(),
                                   [&](const ChargeItem& one) { return one.kind == charge.kind; });
    if (item == settings_.charges.end())
      throw refused(ErrorCode::rejected, "no item is configured for charges of kind " + charge.kind,
                    "/charges/" + std::to_string(i) + "/kind",
                    "must be a kind that the settings map");
    LineContent content;
    content.number = charge_lines_from + static_cast<int>(i);
    content.sku = Sku(item->item);
    content.line_type = item->line_type;
    content.location = LocationCode(settings_.branch);
    content.uom = settings_.uoms.front().first;
    content.quantity = Decimal::of(1);
    content.unit_price = content.net_amount = charge.amount;
    lines.push_back(std::move(content));
  }
  return lines;
}

std::vector<InterfaceRow> Orders::create_rows(const Order& order, std::int64_t customer,
                                              const std::vector<LineContent>& lines) const {
  if (order.prices_include_tax)
    throw refused(ErrorCode::unsupported, "JD Edwards keeps prices without tax",
                  "/pricesIncludeTax", "must be false");
  if (order.currency != settings_.local_currency)
    throw refused(ErrorCode::rejected, "orders are in the company's currency", "/currency",
                  "must be " + settings_.local_currency);
  if (width_of(order.customer_reference) > reference_max)
    throw refused(ErrorCode::rejected, "the customer's reference is too long", "/customerReference",
                  "must have at most 25 characters");
  const Stamp now = stamp_in(settings_.zone, Timestamp::from(std::chrono::system_clock::now()));
  std::vector<InterfaceRow> rows;
  rows.push_back({"F47011",
                  {{"SYEDLN", 0},
                   {"SYEDST", padded("850", 6)},
                   {"SYEDER", std::string("R")},
                   {"SYEDDT", now.day},
                   {"SYEDDL", static_cast<std::int64_t>(lines.size())},
                   {"SYTPUR", padded(make, 2)},
                   {"SYKCOO", padded(settings_.company, 5)},
                   {"SYDOCO", 0},
                   {"SYDCTO", padded(settings_.document_type, 2)},
                   {"SYMCU", unit(settings_.branch)},
                   {"SYCO", padded(settings_.company, 5)},
                   {"SYAN8", customer},
                   {"SYSHAN", customer},
                   {"SYDRQJ", cyyddd_of(order.requested_date.value_or(order.order_date))},
                   {"SYTRDJ", cyyddd_of(order.order_date)},
                   {"SYVR01", padded(reference_of(order.id), reference_max)},
                   {"SYVR02", padded(order.customer_reference, reference_max)},
                   {"SYHOLD", padded(settings_.hold, 2)},
                   {"SYCRCD", padded(order.currency, 3)},
                   {"SYUSER", padded(settings_.user, 10)},
                   {"SYPID", padded("UNDERPIN", 10)},
                   {"SYUPMJ", now.day},
                   {"SYTDAY", now.time}}});
  for (const LineContent& line : lines) add_line(rows, line);
  if (order.ship_to) add_address(rows, *order.ship_to, "2");
  if (order.bill_to) add_address(rows, *order.bill_to, "1");
  return rows;
}

// Waits for the job that makes the order, and reads back what JDE holds.
OrderReceipt Orders::confirmed(const Order& order, const Begun& begun,
                               const WriteContext& context) const {
  const std::string reference = reference_of(order.id);
  const auto complete = [&] {
    const auto document = must_after_write(guarded(system_, ErrorCode::outcome_unknown, [&] {
      return documents_.by_reference(reference, context);
    }));
    return document && document->lines() >= begun.lines;
  };
  interface_.await(begun.record, complete, context);
  const auto document = documents_.by_reference(reference, context);
  if (!document)
    throw Failure{{ErrorCode::outcome_unknown, "record " + begun.record.text() +
                                                   " was carried out, and the order is not seen"}};
  return documents_.receipt_of(*document, order.id, context);
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    return with_places(order.lines, [&] {
      const std::string reference = reference_of(order.id);
      const auto document = documents_.by_reference(reference, context);
      const auto waiting = begun(reference, context);
      if (document && !waiting) return documents_.receipt_of(*document, order.id, context);
      if (waiting) {
        const Look seen = must(interface_.look(waiting->record, context));
        // One that was refused before this order was changed for the better.
        if (document || seen.state != RecordState::refused ||
            !interface_.withdraw(waiting->record, context))
          return confirmed(order, *waiting, context);
      }
      const auto customer = documents_.address_number(order.customer, context);
      if (!customer)
        throw refused(ErrorCode::rejected, "customer " + order.customer.text() + " is not known",
                      "/customer", "is not known");
      const std::vector<LineContent> lines = new_lines(order);
      const Record record = put(create_rows(order, *customer, lines), {}, context);
      try {
        return confirmed(order, {record, lines.size()}, context);
      } catch (const Failure& failure) {  // Reading is all that can have failed since.
        if (failure.error.code != ErrorCode::unavailable) throw;
        Error error = failure.error;
        error.code = ErrorCode::outcome_unknown;
        throw Failure{std::move(error)};
      }
    });
  });
}

// --------------------------------------------------------------------------------------- changing
Document Orders::must_find(const OrderRef& ref, const CallContext& context) const {
  auto document = documents_.find(ref, context);
  if (!document) throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
  return std::move(*document);
}

OrderReceipt Orders::change(const Document& document, const OrderRef& ref,
                            const OrderChanges& changes, const std::string& hold,
                            std::string_view purpose,
                            const std::function<bool(const Document&)>& in_effect,
                            const WriteContext& context) const {
  const std::string& vr02 = changes.customer_reference.value_or(document.customer_reference);
  if (width_of(vr02) > reference_max)
    throw refused(ErrorCode::rejected, "the customer's reference is too long", "/customerReference",
                  "must have at most 25 characters");
  const Stamp now = stamp_in(settings_.zone, Timestamp::from(std::chrono::system_clock::now()));
  std::vector<InterfaceRow> rows;
  rows.push_back({"F47011",
                  {{"SYEDLN", 0},
                   {"SYEDST", padded("860", 6)},
                   {"SYEDER", std::string("R")},
                   {"SYEDDT", now.day},
                   {"SYEDDL", static_cast<std::int64_t>(changes.lines.size())},
                   {"SYTPUR", padded(purpose, 2)},
                   {"SYKCOO", padded(document.key.company, 5)},
                   {"SYDOCO", document.key.number},
                   {"SYDCTO", padded(document.key.type, 2)},
                   {"SYMCU", unit(settings_.branch)},
                   {"SYCO", padded(document.key.company, 5)},
                   {"SYAN8", document.customer},
                   {"SYSHAN", document.customer},
                   {"SYTRDJ", document.ordered},
                   {"SYCRCD", padded(document.currency, 3)},
                   {"SYDRQJ", changes.requested_date ? cyyddd_of(*changes.requested_date) : 0},
                   {"SYVR01", padded(document.reference, reference_max)},
                   {"SYVR02", padded(vr02, reference_max)},
                   {"SYHOLD", padded(hold, 2)},
                   {"SYUSER", padded(settings_.user, 10)},
                   {"SYPID", padded("UNDERPIN", 10)},
                   {"SYUPMJ", now.day},
                   {"SYTDAY", now.time}}});
  for (const LineContent& line : changes.lines) add_line(rows, line);
  if (changes.ship_to) add_address(rows, *changes.ship_to, "2");
  const Record record = put(std::move(rows), waiting_changes(document.key, context), context);
  const auto reread = [&] {
    auto now_held = must_after_write(guarded(system_, ErrorCode::outcome_unknown, [&] {
      return documents_.by_key(document.key, context);
    }));
    if (!now_held) throw Failure{{ErrorCode::outcome_unknown, "the order is not seen any more"}};
    return std::move(*now_held);
  };
  interface_.await(
      record, [&] { return in_effect(reread()); }, context);
  return must_after_write(guarded(system_, ErrorCode::outcome_unknown, [&] {
    return documents_.receipt_of(reread(), ref.id, context);
  }));
}

// An order that is released is taken back for the change; the caller releases it again. A hold of
// somebody else stays.
OrderReceipt Orders::changed(const Document& document, const OrderRef& ref,
                             const std::function<OrderChanges(const Order&)>& wanted,
                             const WriteContext& context) const {
  const OrderChanges changes = wanted(documents_.order_of(document, context));
  if (changes.empty()) return documents_.receipt_of(document, ref.id, context);
  const std::string hold = document.hold.empty() ? settings_.hold : document.hold;
  const auto in_effect = [&](const Document& now) {
    return now.hold == hold && holds(documents_.order_of(now, context), changes);
  };
  return change(document, ref, changes, hold, alter, in_effect, context);
}

OrderReceipt Orders::cancelled(const Document& document, const OrderRef& ref,
                               const WriteContext& context) const {
  if (document.is_cancelled()) return documents_.receipt_of(document, ref.id, context);
  if (document.has_shipped())
    throw Failure{
        {ErrorCode::rejected, "order " + number_of(document.key).text() + " has shipped"}};
  return change(
      document, ref, {}, document.hold, cancel,
      [](const Document& now) { return now.is_cancelled(); }, context);
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Document document = must_find(ref, context);
    if (!document.is_open())
      throw Failure{
          {ErrorCode::rejected, "order " + number_of(document.key).text() + " is closed"}};
    return with_places(amendment.lines, [&] {
      return changed(
          document, ref, [&](const Order& held) { return amended(held, amendment, context.role); },
          context);
    });
  });
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    if (!cancellation.lines.empty())
      throw Failure{{ErrorCode::unsupported, "lines are cancelled by amending their quantity"}};
    return cancelled(must_find(ref, context), ref, context);
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror)
      throw Failure{{ErrorCode::unsupported, "a mirror stays on hold"}};
    const Document document = must_find(ref, context);
    if (!document.is_open() || document.hold.empty())
      return documents_.receipt_of(document, ref.id, context);
    if (document.hold != settings_.hold)
      throw Failure{{ErrorCode::rejected, "order " + number_of(document.key).text() +
                                              " is on hold " + document.hold +
                                              ", which is not ours to lift"}};
    return change(
        document, ref, {}, "", alter, [](const Document& now) { return now.hold.empty(); },
        context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const Document document = must_find(ref, context);
    if (!document.is_open())
      throw Failure{
          {ErrorCode::rejected, "order " + number_of(document.key).text() + " is closed"}};
    if (!document.hold.empty()) return documents_.receipt_of(document, ref.id, context);
    return change(
        document, ref, {}, settings_.hold, alter,
        [](const Document& now) { return !now.hold.empty(); }, context);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const OrderRef ref{order.id, {}};
    const bool gone = is_closed(order.status);
    const auto document = documents_.find(ref, context);
    if (!document) {
      if (!gone) throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
      OrderReceipt receipt;
      receipt.id = order.id;
      receipt.status = OrderStatus::cancelled;
      return receipt;
    }
    if (!document->is_open()) return documents_.receipt_of(*document, order.id, context);
    if (gone) return cancelled(*document, ref, context);
    return with_places(order.lines, [&] {
      return changed(
          *document, ref, [&](const Order& held) { return followed(held, order); }, context);
    });
  });
}

// ---------------------------------------------------------------------------------------- reading
Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(system_, ErrorCode::internal,
                 [&] { return documents_.order_of(must_find(ref, context), context); });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const std::string reference = reference_of(id);
    // The record first: one that is carried out between the two is not missed.
    const auto waiting = begun(reference, context);
    const auto document = documents_.by_reference(reference, context);
    if (document && (!waiting || document->lines() >= waiting->lines)) {
      if (waiting) interface_.mark(waiting->record, context);
      return documents_.receipt_of(*document, id, context);
    }
    if (waiting) {
      const Look seen = must(interface_.look(waiting->record, context));
      if (seen.state != RecordState::refused)
        throw Failure{{ErrorCode::outcome_unknown,
                       "record " + waiting->record.text() + " waits for its batch job"}};
    }
    throw Failure{{ErrorCode::not_found, "JD Edwards has no such order"}};
  });
}

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    Page<Order> page;
    std::optional<std::int64_t> customer;
    if (query.customer) {
      customer = documents_.address_number(*query.customer, context);
      if (!customer) return page;
    }
    std::int64_t after = 0;
    if (!query.cursor.empty()) {
      const auto given = Decimal::parse(query.cursor.text());
      if (!given || given->scale() != 0 || query.cursor.text().size() > 15)
        throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
      after = static_cast<std::int64_t>(given->coefficient());
    }
    const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, settings_.page_size));
    const auto numbers = documents_.open_numbers(customer, after, limit, context);
    if (numbers.size() == limit) page.next = Cursor(std::to_string(numbers.back()));
    for (const Document& document : documents_.of_numbers(numbers, context)) {
      if (!document.is_open()) continue;
      Order order = documents_.order_of(document, context);
      if (query.updated_since && order.updated_at && *order.updated_at < *query.updated_since)
        continue;
      page.items.push_back(std::move(order));
    }
    return page;
  });
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] { return feed_.changes(cursor, context); });
}

}  // namespace underpin::legacy::jd_edwards
