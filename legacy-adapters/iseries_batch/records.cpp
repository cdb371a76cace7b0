#include "legacy-adapters/iseries_batch/records.h"

#include "contracts/json/json_text.h"
#include "legacy-adapters/iseries_batch/failure.h"
#include "legacy-adapters/transport/prices/price_ruling.h"

#include <algorithm>
#include <sstream>

namespace underpin::legacy::iseries_batch {
namespace {

using edi::FieldKind;
using edi::FieldValue;

std::string text_of(const FieldValue& value) {
  if (const auto* number = std::get_if<Decimal>(&value)) return number->text();
  if (const auto* day = std::get_if<Date>(&value)) return day->empty() ? "" : day->text();
  return std::get<std::string>(value);
}

FieldValue value_of(const std::string& text, FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
    case FieldKind::right_text:
      return text;
    case FieldKind::century_date:
    case FieldKind::plain_date:
      return text.empty() ? Date{} : must(Date::parse(text));
    default:
      return must(Decimal::parse(text));
  }
}

const edi::RecordLayout& layout_of(const edi::FixedFormat& format, const std::string& name) {
  for (const edi::RecordLayout& layout : format.records)
    if (layout.name == name) return layout;
  fail(ErrorCode::internal, "there is no record " + name);
}

edi::FieldValues values_of(const json::Value& record, const edi::RecordLayout& layout,
                           std::int64_t seq) {
  edi::FieldValues values;
  for (const json::Member& member : record.get("fields").members()) {
    const auto field = layout.find(member.key);
    if (!field) fail(ErrorCode::internal, layout.name + " has no field " + member.key);
    values.emplace(member.key, value_of(member.value.text(), layout.fields[*field].kind));
  }
  values["SEQ"] = Decimal::of(seq);
  return values;
}

// "order line, field SKU must have …": which field, and the rule.
[[noreturn]] void refuse(const Error& error, const Record& record) {
  const std::string mark = record.layout + ", field ";
  const std::size_t at = error.message.find(mark);
  if (at == std::string::npos) fail(ErrorCode::internal, error.message);
  const std::size_t begin = at + mark.size();
  const std::size_t end = std::min(error.message.find(' ', begin), error.message.size());
  const std::string field = error.message.substr(begin, end - begin);
  const std::string rule = end < error.message.size() ? error.message.substr(end + 1) : "";
  const auto pointer = record.pointers.find(field);
  const std::string where = pointer == record.pointers.end() ? std::string() : pointer->second;
  fail(ErrorCode::rejected, (where.empty() ? record.layout + " " + field : where) + " " + rule,
       where, rule);
}

}  // namespace

Record& Record::put(const char* field, FieldValue value, std::string pointer) {
  values[field] = std::move(value);
  if (!pointer.empty()) pointers[field] = std::move(pointer);
  return *this;
}

std::string records_as_json(const std::vector<Record>& records) {
  json::Value all = json::Value::array();
  for (const Record& record : records) {
    json::Value fields = json::Value::object();
    for (const auto& [name, value] : record.values) fields.set(name, json::Value(text_of(value)));
    json::Value one = json::Value::object();
    one.set("record", json::Value(record.layout));
    one.set("fields", std::move(fields));
    all.push(std::move(one));
  }
  return json::write(all);
}

void check_fit(FileKind kind, const Wire& wire, const std::vector<Record>& records) {
  for (const Record& record : records) {
    std::ostringstream nowhere;
    edi::FixedWriter writer(nowhere, format_of(kind, wire));
    must(writer.begin({}));
    if (const Status written = writer.record(record.layout, record.values); !written)
      refuse(written.error(), record);
  }
}

std::string file_text(const OutFile& file, const std::vector<Request>& requests, const Wire& wire,
                      const std::string& zone) {
  const edi::FixedFormat format = format_of(file.kind, wire);
  std::ostringstream output;
  edi::FixedWriter writer(output, format, wire.ebcdic ? "" : "\r\n");
  const int seconds = prices::second_of_day_in(zone, file.made);
  must(writer.begin(
      {{"FILE", std::string(prefix(file.kind))},
       {"RUN", Decimal::of(file.run)},
       {"HDATE", prices::day_in(zone, file.made)},
       {"HTIME", Decimal::of(seconds / 3600 * 10'000 + seconds / 60 % 60 * 100 + seconds % 60)}}));
  for (const Request& request : requests) {
    const auto kept = json::parse(request.records);
    if (!kept) fail(ErrorCode::internal, "a kept write cannot be read: " + kept.error().message);
    for (const json::Value& record : kept->items()) {
      const std::string name = record.get("record").text();
      must(writer.record(name, values_of(record, layout_of(format, name), request.seq)));
    }
  }
  must(writer.end({}));
  return output.str();
}

}  // namespace underpin::legacy::iseries_batch
