#include "legacy-adapters/iseries_batch/layouts.h"

#include "legacy-adapters/transport/prices/price_ruling.h"

#include <array>
#include <stdexcept>

namespace underpin::legacy::iseries_batch {
namespace {

using edi::Field;
using edi::FieldKind;
using edi::FixedFormat;
using edi::RecordLayout;

// Fields follow each other without gaps, behind a tag of three characters.
class Table {
 public:
  Table(std::string tag, std::string name) { layout_ = {std::move(name), std::move(tag), 0, {}}; }
  Table& text(const char* name, std::size_t width) { return add(name, width, FieldKind::text, 0); }
  Table& whole(const char* name, std::size_t width) {
    return add(name, width, FieldKind::number, 0);
  }
  Table& day(const char* name) { return add(name, 7, FieldKind::century_date, 0); }
  Table& zoned(const char* name, std::size_t width, int places) {
    return add(name, width, FieldKind::overpunched, places);
  }
  Table& quantity(const char* name) { return zoned(name, 11, 3); }
  Table& amount(const char* name) { return zoned(name, 13, 2); }
  Table& price(const char* name) { return zoned(name, 13, 4); }
  operator RecordLayout() const { return layout_; }

 private:
  Table& add(const char* name, std::size_t width, FieldKind kind, int places) {
    layout_.fields.push_back({name, offset_, width, kind, places});
    offset_ += width;
    return *this;
  }
  RecordLayout layout_;
  std::size_t offset_ = 3;
};

Table address(const char* tag, const char* name, const char* key, std::size_t width) {
  Table table(tag, name);
  if (width == 9)
    table.whole(key, width);
  else
    table.text(key, width);
  return table.text("KIND", 1)
      .text("ADRID", 20)
      .text("NAME", 35)
      .text("ADR1", 35)
      .text("ADR2", 35)
      .text("CITY", 25)
      .text("ZIP", 10)
      .text("REGION", 3)
      .text("CTRY", 2);
}

std::vector<RecordLayout> order_records() {
  return {Table("OHA", "order header")
              .text("ACT", 1)
              .whole("SEQ", 9)
              .text("REF", 35)
              .text("ORDNO", 10)
              .text("HOLD", 1)
              .text("CHG", 4)
              .text("CUST", 20)
              .text("CUSREF", 35)
              .day("ODATE")
              .day("RDATE")
              .text("CUR", 3)
              .text("TAXINC", 1)
              .amount("NET")
              .text("REASON", 30),
          address("OAD", "order address", "SEQ", 9),
          Table("OLN", "order line")
              .whole("SEQ", 9)
              .whole("LINE", 4)
              .text("CHG", 5)
              .text("SKU", 20)
              .text("DESC", 50)
              .text("WHS", 10)
              .text("UOM", 3)
              .quantity("QTY")
              .quantity("CANC")
              .price("PRICE")
              .amount("ADJ")
              .text("PROMO", 20)
              .day("RDATE"),
          Table("OCH", "order charge")
              .whole("SEQ", 9)
              .text("KIND", 10)
              .text("CODE", 20)
              .amount("AMOUNT"),
          Table("OPY", "order payment")
              .whole("SEQ", 9)
              .text("ID", 50)
              .text("METHOD", 20)
              .text("PROVID", 20)
              .amount("AMOUNT")};
}

RecordLayout customer_record() {
  return Table("CUS", "customer")
      .text("ACT", 1)
      .whole("SEQ", 9)
      .text("NUM", 20)
      .text("NAME", 50)
      .text("KIND", 1)
      .text("HASADR", 1)
      .text("ADNAME", 35)
      .text("ADR1", 35)
      .text("ADR2", 35)
      .text("CITY", 25)
      .text("ZIP", 10)
      .text("REGION", 3)
      .text("CTRY", 2)
      .text("EMAIL", 80)
      .text("PHONE", 20)
      .text("CUR", 3)
      .text("GROUP", 10)
      .text("BLOCK", 1)
      .day("CHGD")
      .whole("CHGT", 6)
      .whole("VERS", 9);
}

std::vector<RecordLayout> return_records() {
  return {Table("RHD", "return header")
              .whole("SEQ", 9)
              .text("REF", 35)
              .text("RREF", 58)
              .text("ORDNO", 10)
              .text("CUST", 20)
              .text("CUR", 3)
              .day("RDATE")
              .text("INVNO", 10),
          Table("RLN", "return line")
              .whole("SEQ", 9)
              .whole("LINE", 4)
              .text("SKU", 20)
              .text("UOM", 3)
              .quantity("QTY")
              .text("REASON", 4)
              .text("WHS", 10)
              .price("PRICE")
              .amount("DISC")};
}

std::vector<RecordLayout> status_records() {
  return {
      Table("ANS", "answer")
          .whole("SEQ", 9)
          .text("KIND", 3)
          .text("REF", 58)
          .text("RESULT", 1)
          .text("DOC", 10)
          .text("REASON", 4)
          .text("TEXT", 60)
          .whole("LINE", 4),
      Table("SHD", "order")
          .text("ORDNO", 10)
          .text("REF", 35)
          .text("STATUS", 1)
          .text("HOLD", 1)
          .text("CUST", 20)
          .text("CUSREF", 35)
          .day("ODATE")
          .day("RDATE")
          .text("CUR", 3)
          .text("TAXINC", 1)
          .day("CHGD")
          .whole("CHGT", 6)
          .whole("VERS", 9)
          .whole("NLINES", 4)
          .amount("NET")
          .amount("CHARGE")
          .amount("TAX")
          .amount("TOTAL"),
      address("SAD", "order address", "ORDNO", 10),
      Table("SLN", "order line")
          .text("ORDNO", 10)
          .whole("LINE", 4)
          .text("SKU", 20)
          .text("DESC", 50)
          .text("WHS", 10)
          .text("UOM", 3)
          .quantity("QTY")
          .quantity("CANC")
          .quantity("SHIP")
          .quantity("INV")
          .price("PRICE")
          .amount("ADJ")
          .text("PROMO", 20)
          .amount("NET")
          .amount("TAX")
          .text("TAXC", 6)
          .zoned("TAXR", 5, 4)
          .day("RDATE"),
      Table("SSH", "shipment")
          .text("ORDNO", 10)
          .text("SHIPNO", 10)
          .day("SDATE")
          .whole("LINE", 4)
          .text("SKU", 20)
          .quantity("QTY"),
      Table("SIV", "invoice").text("ORDNO", 10).text("INVNO", 10).day("IDATE").amount("AMOUNT"),
      Table("SCH", "charge").text("ORDNO", 10).text("KIND", 10).text("CODE", 20).amount("AMOUNT"),
      Table("SPY", "payment")
          .text("ORDNO", 10)
          .text("ID", 50)
          .text("METHOD", 20)
          .text("PROVID", 20)
          .amount("AMOUNT"),
      Table("SRH", "return")
          .text("RETNO", 10)
          .text("ORDNO", 10)
          .text("RREF", 58)
          .text("STATUS", 1)
          .day("RDATE")
          .text("INVNO", 10)
          .whole("NLINES", 4),
      Table("SRL", "return line")
          .text("RETNO", 10)
          .whole("LINE", 4)
          .text("SKU", 20)
          .quantity("QTY")
          .text("REASON", 4)};
}

RecordLayout level_record() {
  return Table("STK", "stock level")
      .text("SKU", 20)
      .text("WHS", 10)
      .text("UOM", 3)
      .quantity("ONHAND")
      .quantity("ALLOC");
}

RecordLayout movement_record() {
  return Table("MOV", "movement")
      .whole("ENTRY", 10)
      .text("SKU", 20)
      .text("WHS", 10)
      .text("UOM", 3)
      .text("DOC", 20)
      .quantity("QTY")
      .day("MDATE")
      .whole("MTIME", 6)
      .text("USER", 10);
}

RecordLayout price_record() {
  return Table("PRC", "price")
      .text("SKU", 20)
      .text("TYPE", 1)
      .text("CODE", 20)
      .day("FROM")
      .day("TO")
      .text("UOM", 3)
      .text("CUR", 3)
      .quantity("MINQ")
      .price("PRICE")
      .text("TAXINC", 1);
}

// Records, and what the trailer's two hash totals are of.
struct Content {
  std::vector<RecordLayout> records;
  std::vector<std::array<const char*, 2>> totals;
};

Content content_of(FileKind kind) {
  switch (kind) {
    case FileKind::orders:
      return {order_records(), {{"order line", "QTY"}, {"order header", "NET"}}};
    case FileKind::customers:
    case FileKind::customer:
      return {{customer_record()}, {}};
    case FileKind::adjustments:
      return {{Table("ADJ", "adjustment")
                   .whole("SEQ", 9)
                   .text("MOVE", 20)
                   .text("SKU", 20)
                   .text("WHS", 10)
                   .text("UOM", 3)
                   .quantity("QTY")
                   .text("REASON", 30)},
              {{"adjustment", "QTY"}}};
    case FileKind::returns:
      return {return_records(), {{"return line", "QTY"}}};
    case FileKind::status:
      return {status_records(), {{"order line", "QTY"}, {"order", "TOTAL"}}};
    case FileKind::stock:
      return {{level_record()}, {{"stock level", "ONHAND"}}};
    case FileKind::delta:
      return {{movement_record(), level_record()},
              {{"movement", "QTY"}, {"stock level", "ONHAND"}}};
    case FileKind::prices:
      return {{price_record()}, {{"price", "PRICE"}}};
  }
  return {};
}

void write_packed(RecordLayout& layout) {
  for (Field& field : layout.fields)
    if (field.kind == FieldKind::overpunched) field.kind = FieldKind::packed;
}

}  // namespace

Result<Wire> wire_of(const std::string& code_page, bool packed) {
  Wire wire;
  if (code_page != "UTF-8") {
    const auto page = edi::CodePage::of(code_page);
    if (!page) return page.error();
    wire.code_page = *page;
    // In EBCDIC a blank is no blank of ASCII.
    wire.ebcdic = page->from_utf8(" ").value() != " ";
  }
  wire.packed = packed;
  if (packed && !wire.ebcdic)
    return Error{ErrorCode::invalid_request, "packed numbers need an EBCDIC code page"};
  return wire;
}

std::string_view prefix(FileKind kind) {
  constexpr std::array<std::string_view, 9> names{"ORD", "CUO", "ADJ", "RET", "STS",
                                                  "STK", "DLT", "CUS", "PRC"};
  return names[static_cast<std::size_t>(kind)];
}

edi::FixedFormat format_of(FileKind kind, const Wire& wire) {
  Content content = content_of(kind);
  FixedFormat format;
  format.code_page = wire.code_page;
  format.ebcdic = wire.ebcdic;
  format.characters = !wire.code_page;
  format.fixed_bytes = wire.ebcdic ? record_length : 0;
  format.record_bytes = wire.code_page ? record_length : 4 * record_length;
  format.header =
      Table("HDR", "header").text("FILE", 3).whole("RUN", 9).day("HDATE").whole("HTIME", 6);
  format.trailer =
      Table("TRL", "trailer").whole("COUNT", 9).zoned("HASH1", 15, 4).zoned("HASH2", 15, 4);
  format.count_field = "COUNT";
  format.records = std::move(content.records);
  const char* fields[] = {"HASH1", "HASH2"};
  for (std::size_t i = 0; i < content.totals.size(); ++i)
    format.hash_totals.push_back({fields[i], content.totals[i][0], content.totals[i][1]});
  if (wire.packed) {
    for (RecordLayout& layout : format.records) write_packed(layout);
    write_packed(*format.trailer);
  }
  return format;
}

// --------------------------------------------------------------------------------- fields

namespace {

template <class T>
const T& field(const edi::FieldValues& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end() || !std::holds_alternative<T>(found->second))
    throw std::logic_error("no such field: " + std::string(name));
  return std::get<T>(found->second);
}

}  // namespace

const std::string& Fields::text(std::string_view name) const {
  return field<std::string>(values_, name);
}
Decimal Fields::number(std::string_view name) const { return field<Decimal>(values_, name); }
std::int64_t Fields::whole(std::string_view name) const {
  return static_cast<std::int64_t>(number(name).coefficient());
}
Date Fields::date(std::string_view name) const { return field<Date>(values_, name); }
std::optional<Date> Fields::day(std::string_view name) const {
  const Date day = date(name);
  if (day.empty()) return std::nullopt;
  return day;
}

Timestamp instant_of(const std::string& zone, Date day, std::int64_t hhmmss) {
  if (day.empty()) return {};
  const auto minutes = static_cast<int>(hhmmss / 10'000 * 60 + hhmmss / 100 % 100);
  return prices::instant_of(zone, day, minutes).plus_ms(hhmmss % 100 * 1'000);
}

Result<FileHeader> header_of(const edi::FixedRecord& record, FileKind kind,
                             const std::string& zone) {
  const auto values = record.values();
  if (!values) return Error{ErrorCode::invalid_request, "header " + values.error().message};
  const Fields fields(*values);
  const auto refused = [](std::string reason) {
    return Error{ErrorCode::invalid_request, "header " + std::move(reason)};
  };
  if (fields.text("FILE") != prefix(kind))
    return refused("FILE must be " + std::string(prefix(kind)) + ", not \"" + fields.text("FILE") +
                   "\"");
  FileHeader header;
  header.run = fields.whole("RUN");
  if (header.run <= 0) return refused("RUN must be greater than 0");
  const std::int64_t time = fields.whole("HTIME");
  if (time < 0 || time > 235'959) return refused("HTIME must be a time, HHMMSS");
  header.made = instant_of(zone, fields.date("HDATE"), time);
  if (header.made.empty()) return refused("HDATE must be a day");
  return header;
}

}  // namespace underpin::legacy::iseries_batch
