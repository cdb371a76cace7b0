#pragma once

#include "mapping/mapping.h"

#include <optional>
#include <utility>
#include <vector>

// What a mapping file says, ready to be applied. Private to mapping/.
namespace underpin::mapping {

enum class Transform { text, code, decimal, date, constant, join, split, each };

// Where a member stands, from the document or from the item of an `each`.
struct Place {
  std::vector<std::string> keys;
  std::string pointer;  // The same as a JSON pointer.
};

using CodeTable = std::vector<std::pair<json::Value, json::Value>>;  // canonical, vendor

struct Field {
  Transform as = Transform::text;
  bool to_vendor = true;
  bool from_vendor = true;
  std::vector<Place> canonical;
  std::vector<Place> vendor;
  bool required = false;
  std::optional<json::Value> blank;
  bool write_blank = false;
  // text
  std::size_t max = 0;  // Characters; 0: no limit.
  bool cut = false;
  // code
  std::string table_name;
  CodeTable codes;
  // decimal
  Decimal factor = Decimal::of(1);
  int scale_max = Decimal::scale_max;
  bool trim = false;
  bool vendor_number = false;
  bool canonical_number = false;
  // date
  bool time = false;
  // const
  json::Value value;
  // join, split
  std::string separator;
  std::vector<std::size_t> widths;
  // each
  std::vector<Field> fields;
};

struct Mapping::Table {
  std::string file;
  std::string name;
  std::vector<Field> fields;
};

std::string_view name(Transform transform);
Result<Mapping::Table> read_table(std::string_view text, std::string_view file);

}  // namespace underpin::mapping
