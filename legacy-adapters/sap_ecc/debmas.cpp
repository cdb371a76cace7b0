#include "legacy-adapters/sap_ecc/debmas.h"

#include "contracts/json/object_reader.h"
#include "legacy-adapters/transport/edi/idoc.h"

#include <algorithm>
#include <sstream>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr std::string_view general = "E2KNA1M";
constexpr std::string_view sales_area = "E2KNVVM";
constexpr std::size_t email_width = 241;
constexpr const char* unchanged = "/";

}  // namespace

Columns read_columns(json::ObjectReader& reader, std::string_view member) {
  Columns columns;
  std::vector<std::string> listed;
  reader.read(member, listed);
  for (const std::string& column : listed) {
    const std::size_t blank = column.find(' ');
    const Result<Decimal> width =
        Decimal::parse(blank == std::string::npos ? "" : column.substr(blank + 1));
    if (!width || width->scale() != 0 || *width < Decimal::of(1) || *width > Decimal::of(1'000)) {
      reader.refuse(member, "must be names with their widths");
      continue;
    }
    columns.emplace_back(column.substr(0, blank), static_cast<std::size_t>(width->coefficient()));
  }
  return columns;
}

Result<DebmasLayout> DebmasLayout::load(std::string_view text) {
  const Result<json::Value> document = json::parse(text);
  if (!document) return document.error();
  return json::read_document<DebmasLayout>(
      *document, "debmas.json", [](json::ObjectReader& reader, DebmasLayout& layout) {
        std::string about;
        reader.read("about", about, json::Need::optional);
        reader.read_each("segments", [&](json::ObjectReader& one) {
          Segment segment;
          one.read("name", segment.name);
          segment.columns = read_columns(one, "columns");
          layout.segments_.push_back(std::move(segment));
        });
      });
}

Result<std::string> DebmasLayout::data_of(std::string_view name,
                                          const std::map<std::string, std::string>& fields) const {
  const auto segment = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& one) {
    return one.name.rfind(name, 0) == 0;
  });
  if (segment == segments_.end())
    return Error{ErrorCode::internal, "there are no columns of " + std::string(name)};
  edi::IdocData data;
  std::size_t offset = 0;
  std::size_t used = 0;
  for (const auto& [column, width] : segment->columns) {
    const auto found = fields.find(column);
    used += found != fields.end() ? 1 : 0;
    const Status put = data.put(offset, width, found == fields.end() ? unchanged : found->second);
    if (!put) {
      Error error = put.error();
      error.code = ErrorCode::rejected;
      error.message = column + ": " + error.message;
      return error;
    }
    offset += width;
  }
  if (used != fields.size())
    return Error{ErrorCode::internal, "a field has no columns in " + segment->name};
  return data.text();
}

Result<std::string> DebmasLayout::file(const DebmasFields& fields, const CustomerSettings& settings,
                                       const std::string& client, const std::string& key,
                                       const std::string& number) const {
  const Result<std::string> head = data_of(general, fields.general);
  if (!head) return head.error();
  std::ostringstream file;
  edi::IdocWriter writer(file);
  edi::IdocControl control;
  const std::pair<std::string_view, std::string> values[] = {{"MANDT", client},
                                                             {"DOCNUM", number},
                                                             {"DIRECT", "2"},
                                                             {"IDOCTYP", settings.idoc_type},
                                                             {"CIMTYP", settings.extension},
                                                             {"MESTYP", "DEBMAS"},
                                                             {"SNDPOR", settings.sender_port},
                                                             {"SNDPRT", "LS"},
                                                             {"SNDPRN", settings.sender_partner},
                                                             {"RCVPOR", settings.receiver_port},
                                                             {"RCVPRT", "LS"},
                                                             {"RCVPRN", settings.receiver_partner},
                                                             {"ARCKEY", key}};
  for (const auto& [name, value] : values) (void)control.set(name, value);
  const auto name_of = [&](std::string_view prefix) {
    for (const Segment& segment : segments_)
      if (segment.name.rfind(prefix, 0) == 0) return segment.name;
    return std::string(prefix);
  };
  if (const Status begun = writer.begin(control); !begun) return begun.error();
  if (const Status put = writer.segment(name_of(general), 1, *head); !put) return put.error();
  if (fields.has_email && !settings.email_segment.empty()) {
    edi::IdocData data;
    Status put = data.put(0, email_width, fields.email);
    if (put) put = writer.segment(settings.email_segment, 2, data.text());
    if (!put) return put.error();
  }
  if (!fields.sales_area.empty()) {
    const Result<std::string> area = data_of(sales_area, fields.sales_area);
    if (!area) return area.error();
    if (const Status put = writer.segment(name_of(sales_area), 2, *area); !put) return put.error();
  }
  if (const Status ended = writer.end(); !ended) return ended.error();
  return file.str();
}

}  // namespace underpin::legacy::sap_ecc
