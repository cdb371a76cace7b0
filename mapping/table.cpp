#include "mapping/table.h"

#include "contracts/json/object_reader.h"

#include <algorithm>
#include <array>

namespace underpin::mapping {
namespace {

using json::Need;
using json::ObjectReader;
using json::Value;

constexpr std::array<std::pair<Transform, std::string_view>, 8> transforms{
    {{Transform::text, "text"},
     {Transform::code, "code"},
     {Transform::decimal, "decimal"},
     {Transform::date, "date"},
     {Transform::constant, "const"},
     {Transform::join, "join"},
     {Transform::split, "split"},
     {Transform::each, "each"}}};

enum class Only { both, to_vendor, from_vendor };
constexpr std::array<std::pair<Only, std::string_view>, 2> directions{
    {{Only::to_vendor, "to_vendor"}, {Only::from_vendor, "from_vendor"}}};
// true: a JSON number.
constexpr std::array<std::pair<bool, std::string_view>, 2> vendor_forms{
    {{false, "text"}, {true, "number"}}};
constexpr std::array<std::pair<bool, std::string_view>, 2> canonical_forms{
    {{false, "string"}, {true, "number"}}};

struct File {
  std::vector<std::pair<std::string, CodeTable>> tables;
  bool vendor_number = false;
};

Place place_of(std::string_view text) {
  Place place;
  if (text.empty() || text[0] != '/') {
    place.keys.emplace_back(text);
    place.pointer = json::pointer_to("", text);
    return place;
  }
  place.pointer = text;
  std::string key;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == '/') {
      place.keys.push_back(std::move(key));
      key.clear();
    } else if (text[i] == '~' && i + 1 < text.size() &&
               (text[i + 1] == '0' || text[i + 1] == '1')) {
      key += text[++i] == '0' ? '~' : '/';
    } else {
      key += text[i];
    }
  }
  return place;
}

// One place, or a list of them where the transform takes several.
void read_places(ObjectReader& reader, std::string_view key, bool several, bool pointers,
                 std::vector<Place>& places) {
  const Value* found = reader.member(key, Need::required);
  if (found == nullptr) return;
  if (found->is_array() != several)
    return reader.refuse(
        key, several ? "must be a list for this transform" : "must be one text for this transform");
  const std::vector<Value> one = several ? found->items() : std::vector<Value>{*found};
  if (one.empty() || (several && one.size() < 2))
    return reader.refuse(key, "must name two or more");
  for (const Value& item : one) {
    if (!item.is_string() || item.text().empty() || item.text().back() == '/')
      return reader.refuse(key, "must be texts that name a member");
    if (pointers && item.text()[0] != '/')
      return reader.refuse(key, "must be a JSON pointer, beginning with /");
    places.push_back(place_of(item.text()));
  }
}

void read_scalar(ObjectReader& reader, std::string_view key, Value& value, Need need) {
  const Value* found = reader.member(key, need);
  if (found == nullptr) return;
  if (found->is_array() || found->is_object() || found->is_null())
    return reader.refuse(key, "must be a text, a number or a boolean");
  value = *found;
}

void read_size(ObjectReader& reader, std::string_view key, std::size_t& size) {
  if (!reader.has(key)) return;
  int value = 0;
  reader.read(key, value);
  if (value < 1) return reader.refuse(key, "must be 1 or more");
  size = static_cast<std::size_t>(value);
}

void read_decimal(ObjectReader& reader, Field& field) {
  reader.read("factor", field.factor, Need::optional);
  if (field.factor.is_zero()) reader.refuse("factor", "must not be 0");
  reader.read("scale_max", field.scale_max, Need::optional);
  if (field.scale_max < 0 || field.scale_max > Decimal::scale_max)
    reader.refuse("scale_max", "must be 0 to 20");
  reader.read("trim", field.trim, Need::optional);
  reader.read_word("vendor_form", field.vendor_number, vendor_forms, Need::optional);
  reader.read_word("canonical_form", field.canonical_number, canonical_forms, Need::optional);
}

void read_code(ObjectReader& reader, const File& file, Field& field) {
  reader.read("table", field.table_name);
  const auto table = std::find_if(file.tables.begin(), file.tables.end(), [&](const auto& entry) {
    return entry.first == field.table_name;
  });
  if (table != file.tables.end())
    field.codes = table->second;
  else if (!field.table_name.empty())
    reader.refuse("table", "is not a table of this file");
}

void read_split(ObjectReader& reader, Field& field) {
  reader.read("separator", field.separator, Need::optional);
  if (const Value* widths = reader.member("widths", Need::optional)) {
    for (const Value& item : widths->items()) {
      const auto width = item.as_int();
      if (!width || *width < 1) return reader.refuse("widths", "must be whole numbers from 1");
      field.widths.push_back(static_cast<std::size_t>(*width));
    }
    if (field.widths.size() != field.vendor.size())
      reader.refuse("widths", "must have one width for each vendor member");
  }
  if (field.separator.empty() == field.widths.empty())
    reader.refuse("separator", "must be there, or widths, and not both");
}

// A member cannot be a value and hold others at once.
const Place* inside_another(const std::vector<Field>& fields, std::vector<Place> Field::*side) {
  std::vector<const Place*> places;
  for (const Field& field : fields)
    for (const Place& place : field.*side) places.push_back(&place);
  for (const Place* inner : places)
    for (const Place* outer : places)
      if (inner->keys.size() > outer->keys.size() &&
          std::equal(outer->keys.begin(), outer->keys.end(), inner->keys.begin()))
        return inner;
  return nullptr;
}

void read_field(ObjectReader& reader, const File& file, int depth, Field& field);

void read_fields(ObjectReader& reader, const File& file, int depth, std::vector<Field>& fields) {
  if (depth > 8) return reader.refuse("fields", "must not be nested deeper than 8 levels");
  reader.read_each("fields", [&](ObjectReader& entry) {
    read_field(entry, file, depth, fields.emplace_back());
  });
  if (const Place* place = inside_another(fields, &Field::canonical))
    reader.refuse("fields", "canonical " + place->pointer + " lies within another field's");
  if (const Place* place = inside_another(fields, &Field::vendor))
    reader.refuse("fields", "vendor " + place->pointer + " lies within another field's");
}

void read_field(ObjectReader& reader, const File& file, int depth, Field& field) {
  reader.read_word("as", field.as, transforms);
  Only only = Only::both;
  reader.read_word("only", only, directions, Need::optional);
  field.to_vendor = only != Only::from_vendor;
  field.from_vendor = only != Only::to_vendor;
  read_places(reader, "vendor", field.as == Transform::split, false, field.vendor);
  if (field.as == Transform::constant) {
    read_scalar(reader, "value", field.value, Need::required);
    return;
  }
  read_places(reader, "canonical", field.as == Transform::join, true, field.canonical);
  reader.read("required", field.required, Need::optional);
  if (reader.has("blank")) read_scalar(reader, "blank", field.blank.emplace(), Need::required);
  reader.read("write_blank", field.write_blank, Need::optional);
  if (field.write_blank && !field.blank) reader.refuse("write_blank", "needs blank");
  field.vendor_number = file.vendor_number;
  switch (field.as) {
    case Transform::text:
      read_size(reader, "max", field.max);
      reader.read("cut", field.cut, Need::optional);
      if (field.cut && field.max == 0) reader.refuse("cut", "needs max");
      break;
    case Transform::code:
      read_code(reader, file, field);
      break;
    case Transform::decimal:
      read_decimal(reader, field);
      break;
    case Transform::date:
      reader.read("time", field.time, Need::optional);
      break;
    case Transform::join:
      reader.read("separator", field.separator);
      if (field.separator.empty()) reader.refuse("separator", "must not be empty");
      break;
    case Transform::split:
      read_split(reader, field);
      break;
    case Transform::each:
      read_fields(reader, file, depth + 1, field.fields);
      break;
    case Transform::constant:
      break;
  }
}

void read_tables(ObjectReader& reader, File& file) {
  const Value* tables = reader.member("tables", Need::optional);
  if (tables == nullptr) return;
  if (!tables->is_object()) return reader.refuse("tables", "must be an object of tables");
  for (const json::Member& member : tables->members()) {
    CodeTable codes;
    for (const Value& pair : member.value.items()) {
      const bool scalars =
          std::all_of(pair.items().begin(), pair.items().end(), [](const Value& side) {
            return side.is_string() || side.is_number() || side.is_boolean();
          });
      if (pair.size() != 2 || !pair.is_array() || !scalars)
        return reader.refuse("tables", member.key + " must be a list of pairs [canonical, vendor]");
      codes.emplace_back(pair.items()[0], pair.items()[1]);
    }
    if (codes.empty())
      return reader.refuse("tables", member.key + " must be a list of pairs [canonical, vendor]");
    file.tables.emplace_back(member.key, std::move(codes));
  }
}

}  // namespace

std::string_view name(Transform transform) {
  return transforms[static_cast<std::size_t>(transform)].second;
}

Result<Mapping::Table> read_table(std::string_view text, std::string_view file) {
  const auto document = json::parse_with_comments(text);
  if (!document) {
    Error error = document.error();
    error.message = std::string(file) + ": " + error.message;
    return error;
  }
  auto table = json::read_document<Mapping::Table>(
      *document, "mapping file " + std::string(file), [](ObjectReader& reader, auto& read) {
        File parts;
        reader.read("name", read.name, Need::optional);
        reader.read_word("vendor_form", parts.vendor_number, vendor_forms, Need::optional);
        read_tables(reader, parts);
        read_fields(reader, parts, 0, read.fields);
      });
  if (!table) return table;
  Mapping::Table result = std::move(table).value();
  result.file = file;
  return result;
}

}  // namespace underpin::mapping
