// Values of SQL rows as a driver may print them, and a driver's UTF-16: read exactly, or refused
// with the column's name.
#include "contracts/json/json_text.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/dynamics_nav/order_feed.h"
#include "legacy-adapters/transport/odbc/connection.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace underpin;
using namespace underpin::legacy;
using namespace underpin::legacy::dynamics_nav;

void require(bool promise) {
  if (!promise) std::abort();
}

// True when `read` refused `text`, which is by naming the column and nothing else.
template <class F>
bool refuses(F&& read) {
  try {
    read();
    return false;
  } catch (const std::domain_error& refusal) {
    require(std::string_view(refusal.what()).rfind("column Quantity: ", 0) == 0);
    return true;
  }
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return text;
}

void check_decimal(std::string_view text) {
  Decimal value;
  if (refuses([&] { value = decimal_of(text, "Quantity"); })) {
    require(text != ".50000000000000000000" && text != "-.5");
    return;
  }
  require(value.scale() <= Decimal::scale_max);
  require(Decimal::parse(value.text()).value() == value);
  require(!value.is_negative() || text.front() == '-');
  // Every digit that was printed after the point is kept.
  const std::size_t point = text.find('.');
  const std::size_t places = point == std::string_view::npos ? 0 : text.size() - point - 1;
  require(value.scale() == static_cast<int>(places));
}

void check_whole(std::string_view text) {
  std::int64_t value = 0;
  if (refuses([&] { value = whole_of(text, "Quantity"); })) return;
  std::string_view digits = without_sign(text);
  require(!digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  const std::string sign = value < 0 ? "-" : "";
  require(std::to_string(value) == sign + std::string(digits));
  const auto version = version_of(Cursor(std::string(text)));
  require(!version || *version == value);
}

void check_date(std::string_view text) {
  std::optional<Date> day;
  if (refuses([&] { day = date_of(text, "Quantity"); })) return;
  if (!day) return require(text.substr(0, 10) == "1753-01-01");
  require(day->text() == text.substr(0, 10) && *day != Date{1753, 1, 1});
  // A day, or a moment of it; nothing that merely begins like a day.
  require(text.size() == 10 || text[10] == ' ' || text[10] == 'T');
}

// The JSON writer replaces what is no UTF-8.
bool is_utf8(const std::string& text) {
  return json::parse(json::write(json::Value(text))).value().text() == text;
}

void check_utf16(const std::uint8_t* data, std::size_t size) {
  std::vector<SQLWCHAR> units(size / sizeof(SQLWCHAR));
  if (!units.empty()) std::memcpy(units.data(), data, units.size() * sizeof(SQLWCHAR));
  const std::string text = odbc::narrow(units.data(), units.size());
  require(is_utf8(text));
  // What was no text has been replaced once and for all; the rest goes there and back.
  const std::vector<SQLWCHAR> back = odbc::wide(text);
  require(back.size() == units.size() + 1 && back.back() == 0);
  require(odbc::narrow(back.data(), back.size() - 1) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_decimal(text);
  check_whole(text);
  check_date(text);
  check_utf16(data, size);
  const std::vector<SQLWCHAR> units = odbc::wide(text);
  require(is_utf8(odbc::narrow(units.data(), units.size() - 1)));
  (void)odbc::names_sqlite(text);
  const std::string identifier = quoted({}, text);
  // No name ends the quotation early.
  for (std::size_t i = 1; i + 1 < identifier.size(); ++i) {
    if (identifier[i] != ']') continue;
    require(i + 2 < identifier.size() && identifier[i + 1] == ']');
    ++i;
  }
  return 0;
}
