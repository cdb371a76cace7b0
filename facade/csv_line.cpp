#include "facade/csv_line.h"

#include <string_view>

namespace underpin::facade {
namespace {

std::string csv_field(const std::string& text) {
  std::string field = text;
  const bool number =
      !field.empty() && field.find_first_not_of("+-.0123456789") == std::string::npos;
  if (!field.empty() && !number && std::string_view("=+-@\t\r").find(field[0]) != std::string::npos)
    field.insert(0, 1, '\'');
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i)
    line += (i == 0 ? "" : ",") + csv_field(fields[i]);
  return line + "\r\n";
}

}  // namespace underpin::facade
