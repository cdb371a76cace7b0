#include "legacy-adapters/jd_edwards/order_records.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr int number_attempts = 20;  // Of a key in F47011 that others take, too.

std::string text_of(const odbc::Row& row, std::size_t column) {
  return std::string(trimmed(odbc::text(row, column)));
}

// `line`: LNID, UORG, LPRC, AEXP, DRQJ of F47012.
bool has_line(const Document& document, const odbc::Row& line, const Decimals& decimals) {
  const auto number = static_cast<int>(whole_of(odbc::text(line, 0), "LNID") / line_step);
  Decimal ordered;
  Decimal amount;
  const LineRow* last = nullptr;
  for (const LineRow& row : document.rows) {
    if (row.number() != number || row.is_cancelled()) continue;
    ordered += row.ordered - row.cancelled;
    amount += row.amount;
    last = &row;
  }
  const std::int64_t day = whole_of(odbc::text(line, 4), "DRQJ");
  return last != nullptr && ordered == amount_of(odbc::text(line, 1), decimals.quantity, "UORG") &&
         last->list_price == amount_of(odbc::text(line, 2), decimals.price, "LPRC") &&
         amount == amount_of(odbc::text(line, 3), decimals.amount, "AEXP") &&
         (day == 0 || last->requested == day);
}

}  // namespace

std::string at_line(int number, std::string_view field) {
  return "/lines/" + std::to_string(number) + "/" + std::string(field);
}

// Pointers are made with line numbers, here and by what JDE names: the caller knows places.
Failure by_place(Failure failure, const std::vector<int>& numbers) {
  constexpr std::string_view start = "/lines/";
  for (FieldError& field : failure.error.fields) {
    if (field.pointer.rfind(start, 0) != 0) continue;
    int number = 0;
    const char* end = field.pointer.data() + field.pointer.size();
    const auto read = std::from_chars(field.pointer.data() + start.size(), end, number);
    const std::string rest(read.ptr, end);
    const auto line = std::find(numbers.begin(), numbers.end(), number);
    if (line != numbers.end())
      field.pointer = std::string(start) + std::to_string(line - numbers.begin()) + rest;
    else if (number >= charge_lines_from)
      field.pointer = "/charges/" + std::to_string(number - charge_lines_from) + rest;
  }
  return failure;
}

// ------------------------------------------------------------------------------------------- rows
InterfaceRow OrderRecords::header_row(const HeaderContent& header) const {
  if (width_of(header.customer_reference) > reference_max)
    throw refused(ErrorCode::rejected, "the customer's reference is too long", "/customerReference",
                  "must have at most 25 characters");
  const Stamp now = stamp_in(settings_.zone, Timestamp::from(std::chrono::system_clock::now()));
  return {"F47011",
          {{"SYEDLN", 0},
           {"SYEDST", padded(header.purpose == make_purpose ? "850" : "860", 6)},
           {"SYEDER", std::string("R")},
           {"SYEDDT", now.day},
           {"SYEDDL", static_cast<std::int64_t>(header.lines)},
           {"SYTPUR", padded(header.purpose, 2)},
           {"SYKCOO", padded(header.key.company, 5)},
           {"SYDOCO", header.key.number},
           {"SYDCTO", padded(header.key.type, 2)},
           {"SYMCU", unit(settings_.branch)},
           {"SYCO", padded(header.key.company, 5)},
           {"SYAN8", header.customer},
           {"SYSHAN", header.customer},
           {"SYDRQJ", header.requested},
           {"SYTRDJ", header.ordered},
           {"SYVR01", padded(header.reference, reference_max)},
           {"SYVR02", padded(header.customer_reference, reference_max)},
           {"SYHOLD", padded(header.hold, 2)},
           {"SYCRCD", padded(header.currency, 3)},
           {"SYUSER", padded(settings_.user, 10)},
           {"SYPID", padded("UNDERPIN", 10)},
           {"SYUPMJ", now.day},
           {"SYTDAY", now.time}}};
}

InterfaceRow OrderRecords::line_row(const LineContent& line) const {
  const auto number = [&](Decimal value, int decimals, std::string_view field) {
    const auto scaled = implied(value, decimals);
    if (!scaled)
      throw refused(ErrorCode::rejected,
                    "line " + std::to_string(line.number) + " has more digits than JD Edwards",
                    at_line(line.number, field),
                    "must have at most " + std::to_string(decimals) + " decimals and 15 digits");
    return *scaled;
  };
  std::string uom;
  for (const auto& [canonical, vendor] : settings_.uoms)
    if (canonical == line.uom) uom = vendor;
  if (uom.empty())
    throw refused(ErrorCode::rejected, "unit " + line.uom + " is not mapped",
                  at_line(line.number, "uom"), "must be a unit that the settings map");
  if (width_of(line.sku.text()) > 25)
    throw refused(ErrorCode::rejected, "an article is too long for JD Edwards",
                  at_line(line.number, "sku"), "must have at most 25 characters");
  if (line.location.text().size() > 12)
    throw refused(ErrorCode::rejected, "a location is too long for JD Edwards",
                  at_line(line.number, "location"), "must have at most 12 characters");
  if (line.number < 1 || line.number > 999)
    throw refused(ErrorCode::rejected, "JD Edwards has no such line number",
                  at_line(line.number, "number"),
                  "must be below " + std::to_string(charge_lines_from));
  const Decimal price = line.quantity.is_zero()
                            ? line.unit_price
                            : Decimal::divided(line.net_amount, line.quantity,
                                               settings_.decimals.price, Rounding::half_up);
  const std::int64_t lnid = std::int64_t{line.number} * line_step;
  const Decimals& decimals = settings_.decimals;
  InterfaceRow row{"F47012",
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
                    {"SZDRQJ", line.requested_date ? cyyddd_of(*line.requested_date) : 0},
                    {"SZRCD", padded(line.reason, 3)},
                    {"SZOKCO", padded(line.original.company, 5)},
                    {"SZOORN", padded(original_number(line.original.number), 8)},
                    {"SZOCTO", padded(line.original.type, 2)},
                    {"SZOGNO", line.original_line}}};
  return row;
}

InterfaceRow OrderRecords::address_row(const Address& address, std::string_view kind) const {
  const std::string pointer = kind == "2" ? "/shipTo/" : "/billTo/";
  const auto field = [&](const std::string& text, std::size_t width, std::string_view name) {
    if (width_of(text) > width)
      throw refused(ErrorCode::rejected, "an address is too long for JD Edwards",
                    pointer + std::string(name),
                    "must have at most " + std::to_string(width) + " characters");
    return padded(text, width);
  };
  return {"F4706",
          {{"ZAEDLN", kind == "2" ? 2 : 1},
           {"ZAANTY", std::string(kind)},
           {"ZAMLNM", field(address.name, 40, "name")},
           {"ZAADD1", field(address.line1, 40, "line1")},
           {"ZAADD2", field(address.line2, 40, "line2")},
           {"ZAADDZ", field(address.post_code, 12, "postCode")},
           {"ZACTY1", field(address.city, 25, "city")},
           {"ZAADDS", field(address.region, 3, "region")},
           {"ZACTR", field(address.country, 3, "country")}}};
}

// ---------------------------------------------------------------------------------------- records
Record OrderRecords::record_of(std::int64_t number, std::string batch) const {
  return {&order_record(),
          {padded(settings_.company, 5), number, padded(settings_.edi_document_type, 2)},
          std::move(batch)};
}

Record OrderRecords::record_of(const odbc::Row& row) const {
  return record_of(whole_of(odbc::text(row, 0), "EDOC"), text_of(row, 1));
}

// Behind every number that is there: a purge may leave lines whose header is gone.
std::int64_t OrderRecords::next_number(const CallContext& context) const {
  std::string statement;
  odbc::Parameters values;
  for (const RecordKind::Part& part : order_record().parts) {
    const std::string prefix = "y." + std::string(part.prefix);
    statement += std::string(statement.empty() ? "" : " UNION ALL ") + "SELECT MAX(" + prefix +
                 "EDOC) FROM " + t(part.table) + " y WHERE " + prefix + "EKCO = ? AND " + prefix +
                 "EDCT = ?";
    values.emplace_back(padded(settings_.company, 5));
    values.emplace_back(padded(settings_.edi_document_type, 2));
  }
  std::int64_t highest = 0;
  for (const odbc::Row& row : must(database_->rows(statement, values, context.deadline)))
    highest = std::max(highest, whole_of(odbc::text(row, 0), "EDOC"));
  return highest + 1;
}

OrderRecords::Begun OrderRecords::begun(const std::string& reference,
                                        const CallContext& context) const {
  Begun begun;
  for (const odbc::Row& row : must(database_->rows(
           "SELECT y.SYEDOC, y.SYEDBT, y.SYEDDL, y.SYEDSP FROM " + t("F47011") +
               " y WHERE y.SYVR01 = ? AND y.SYEKCO = ? AND y.SYEDCT = ? AND y.SYTPUR = ? ORDER BY "
               "y.SYEDOC",
           {padded(reference, reference_max), padded(settings_.company, 5),
            padded(settings_.edi_document_type, 2), padded(make_purpose, 2)},
           context.deadline))) {
    const auto lines = static_cast<std::size_t>(whole_of(odbc::text(row, 2), "EDDL"));
    if (text_of(row, 3) == "Y")
      begun.lines = std::max(begun.lines, lines);
    else if (!begun.waiting)
      begun.waiting = Waiting{record_of(row), lines};
  }
  return begun;
}

// A line may have been left out though the record has its mark: only people can tell why.
Document OrderRecords::whole(Document document, std::size_t lines) const {
  if (document.lines() >= lines) return document;
  throw Failure{{ErrorCode::outcome_unknown, "document " + number_of(document.key).text() +
                                                 " has " + std::to_string(document.lines()) +
                                                 " of " + std::to_string(lines) + " lines"}};
}

// Under the next number of our key space; one that somebody was quicker to take is passed over.
Record OrderRecords::put(std::vector<InterfaceRow> rows, const CallContext& context) const {
  std::int64_t number = next_number(context);
  const std::string batch = batch_of(Timestamp::from(std::chrono::system_clock::now()).micros, 0);
  for (InterfaceRow& row : rows) {
    const std::string prefix(row.columns.front().first.substr(0, 2));
    row.columns.insert(row.columns.begin(),
                       {{prefix + "EKCO", padded(settings_.company, 5)},
                        {prefix + "EDOC", number},
                        {prefix + "EDCT", padded(settings_.edi_document_type, 2)},
                        {prefix + "EDSP", std::string("N")}});
    if (row.table == "F47011") row.columns.emplace_back("SYEDBT", padded(batch, 15));
  }
  for (int attempt = 1;; ++attempt, ++number) {
    for (InterfaceRow& row : rows) row.columns[1].second = odbc::Parameter(number);
    const Status done = interface_.put(order_record(), rows, context);
    if (done) return record_of(number, batch);
    if (done.error().code != ErrorCode::conflict) throw Failure{done.error()};
    if (attempt == number_attempts)
      throw Failure{{ErrorCode::unavailable, "others take the numbers of F47011 too fast"}};
  }
}

// ------------------------------------------------------------------------------------------ making
// Waits for the job that makes the document, and reads back what JDE holds.
Document OrderRecords::confirmed(const std::string& reference, const std::string& type,
                                 const Waiting& begun, const CallContext& context) const {
  const auto held = [&] {
    return must_after_write(guarded(system_, ErrorCode::outcome_unknown, [&] {
      return documents_.by_reference(reference, type, context);
    }));
  };
  const auto complete = [&] {
    const auto document = held();
    return document && document->lines() >= begun.lines;
  };
  try {
    interface_.await(begun.record, complete, context);
  } catch (const Failure& failure) {
    // A job may refuse the rest of what it has begun with.
    if (failure.error.code == ErrorCode::rejected && held())
      throw Failure{{ErrorCode::outcome_unknown, failure.error.message + "; a part of it is there",
                     system_, failure.error.vendor_code}};
    throw;
  }
  auto document = held();
  if (!document)
    throw Failure{{ErrorCode::outcome_unknown, "record " + begun.record.text() +
                                                   " was carried out, and its order is not seen"}};
  return whole(std::move(*document), begun.lines);
}

Document OrderRecords::place(const std::string& reference, const std::string& type,
                             const std::function<std::vector<InterfaceRow>()>& make,
                             const CallContext& context) const {
  // The record first: one that is carried out between the two is not missed.
  const Begun before = begun(reference, context);
  const auto& waiting = before.waiting;
  auto document = documents_.by_reference(reference, type, context);
  if (document && !waiting) return whole(std::move(*document), before.lines);
  if (waiting) {
    const Look seen = must(interface_.look(waiting->record, context));
    // One that was refused is replaced: its cause may have been mended since.
    if (document || seen.state != RecordState::refused ||
        !interface_.withdraw(waiting->record, context))
      return confirmed(reference, type, *waiting, context);
    // A run that broke off may have carried it out since it was looked for.
    document = documents_.by_reference(reference, type, context);
    if (document) return whole(std::move(*document), waiting->lines);
  }
  const std::vector<InterfaceRow> rows = make();
  const auto lines = std::count_if(rows.begin(), rows.end(),
                                   [](const InterfaceRow& row) { return row.table == "F47012"; });
  const Record record = put(rows, context);
  return confirmed(reference, type, {record, static_cast<std::size_t>(lines)}, context);
}

std::optional<Document> OrderRecords::find(const std::string& reference, const std::string& type,
                                           const CallContext& context) const {
  const Begun before = begun(reference, context);
  const auto& waiting = before.waiting;
  auto document = documents_.by_reference(reference, type, context);
  if (!waiting && !document) return std::nullopt;
  if (!waiting) return whole(std::move(*document), before.lines);
  if (document && document->lines() >= waiting->lines) {
    interface_.mark(waiting->record, context);
    return document;
  }
  const Look seen = must(interface_.look(waiting->record, context));
  // Where it stayed, the next run would take it again, long after it was given up.
  if (seen.state == RecordState::refused && interface_.withdraw(waiting->record, context))
    return documents_.by_reference(reference, type, context);
  throw Failure{{ErrorCode::outcome_unknown,
                 "record " + waiting->record.text() + " waits for its batch job"}};
}

// ---------------------------------------------------------------------------------------- changing
void OrderRecords::settle_changes(const DocumentKey& key, const CallContext& context) const {
  odbc::Parameters values = key_of_document(key);
  for (const std::string& value : {padded(settings_.company, 5),
                                   padded(settings_.edi_document_type, 2), padded(make_purpose, 2)})
    values.emplace_back(value);
  const auto rows = must(database_->rows(
      "SELECT y.SYEDOC, y.SYEDBT FROM " + t("F47011") +
          " y WHERE y.SYDOCO = ? AND y.SYDCTO = ? AND y.SYKCOO = ? AND y.SYEKCO = ? AND y.SYEDCT "
          "= ? AND y.SYTPUR <> ? AND y.SYEDSP <> 'Y' ORDER BY y.SYEDOC",
      values, context.deadline));
  for (const odbc::Row& row : rows) {
    try {
      await_change(record_of(row), key, context);
    } catch (const Failure& failure) {
      // It is its own sender's, who looks it up.
      if (failure.error.code != ErrorCode::rejected) throw;
    }
  }
}

void OrderRecords::change(const DocumentKey& key, const std::vector<InterfaceRow>& rows,
                          const CallContext& context) const {
  const Record record = put(rows, context);
  await_change(record, key, context);
  // The mark says that a job has read it, and no more.
  if (!read_after_write(system_, [&] { return in_effect(record, key, context); }))
    throw Failure{{ErrorCode::outcome_unknown, "record " + record.text() +
                                                   " was carried out, and order " +
                                                   number_of(key).text() + " does not show it"}};
}

void OrderRecords::await_change(const Record& record, const DocumentKey& key,
                                const CallContext& context) const {
  const auto effective = [&] {
    return read_after_write(system_, [&] { return in_effect(record, key, context); });
  };
  interface_.await(record, effective, context);
}

// Whether JDE's tables have all that the record asks for. Changes are absolute: such a record has
// been carried out, or would change nothing.
bool OrderRecords::in_effect(const Record& record, const DocumentKey& key,
                             const CallContext& context) const {
  const auto part = [&](const std::string& columns, std::string_view name, std::string prefix) {
    prefix = "p." + prefix;
    return must(database_->rows("SELECT " + columns + " FROM " + t(name) + " p WHERE " + prefix +
                                    "EKCO = ? AND " + prefix + "EDOC = ? AND " + prefix +
                                    "EDCT = ?",
                                record.key, context.deadline));
  };
  const auto document = documents_.by_key(key, context);
  const auto header = part("p.SYTPUR, p.SYHOLD, p.SYDRQJ, p.SYVR02", "F47011", "SY");
  if (!document || header.empty()) return false;
  if (text_of(header[0], 0) == cancel_purpose) return document->is_cancelled();
  const std::int64_t requested = whole_of(odbc::text(header[0], 2), "DRQJ");
  if (document->hold != text_of(header[0], 1) ||
      document->customer_reference != text_of(header[0], 3) ||
      (requested != 0 && document->requested != requested))
    return false;
  const auto lines = part("p.SZLNID, p.SZUORG, p.SZLPRC, p.SZAEXP, p.SZDRQJ", "F47012", "SZ");
  for (const odbc::Row& line : lines)
    if (!has_line(*document, line, settings_.decimals)) return false;
  std::map<std::string, odbc::Row> there;
  for (odbc::Row& row : must(database_->rows(
           "SELECT o.OAANTY, o.OAMLNM, o.OAADD1, o.OAADD2, o.OAADDZ, o.OACTY1, o.OAADDS, o.OACTR "
           "FROM " +
               t("F4006") + " o WHERE o.OADOCO = ? AND o.OADCTO = ? AND o.OAKCOO = ?",
           key_of_document(key), context.deadline)))
    there[text_of(row, 0)] = std::move(row);
  for (const odbc::Row& address :
       part("p.ZAANTY, p.ZAMLNM, p.ZAADD1, p.ZAADD2, p.ZAADDZ, p.ZACTY1, p.ZAADDS, p.ZACTR",
            "F4706", "ZA")) {
    const auto held = there.find(text_of(address, 0));
    if (held == there.end()) return false;
    for (std::size_t i = 1; i < address.size(); ++i)
      if (text_of(address, i) != text_of(held->second, i)) return false;
  }
  return true;
}

}  // namespace underpin::legacy::jd_edwards
