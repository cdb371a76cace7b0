#include "legacy-adapters/dynamics_nav/nav_sql.h"

#include <array>
#include <charconv>
#include <stdexcept>

namespace underpin::legacy::dynamics_nav {
namespace {

const std::vector<TableUse>& tables_read() {
  static const std::vector<TableUse> tables{
      {"Item", {"No_", "Base Unit of Measure", "Unit Price"}},
      {"Item Unit of Measure", {"Item No_", "Code", "Qty_ per Unit of Measure"}},
      {"Location", {"Code"}},
      {"Item Ledger Entry", {"Entry No_", "Item No_", "Location Code", "Document No_", "Quantity"}},
      {"Sales Line",
       {"Document Type", "Type", "No_", "Location Code", "Unit of Measure Code",
        "Outstanding Quantity"}},
      {"Reservation Entry",
       {"Positive", "Item No_", "Location Code", "Quantity (Base)", "Reservation Status",
        "Source Type"}},
      {"Customer", {"No_", "Customer Price Group"}},
  };
  return tables;
}

[[noreturn]] void unreadable(std::string_view text, std::string_view column, const char* rule) {
  throw std::domain_error("column " + std::string(column) + ": '" +
                          std::string(text.substr(0, 50)) + "' is not " + rule);
}

}  // namespace

std::string quoted(const SqlNames& names, std::string_view identifier) {
  const char left = names.quote.empty() ? '[' : names.quote.front();
  const char right = names.quote.empty() ? ']' : names.quote.back();
  std::string result(1, left);
  for (const char c : identifier) {
    result += c;
    if (c == right) result += c;
  }
  return result += right;
}

std::string table(const SqlNames& names, std::string_view nav_name) {
  std::string company = names.company;
  for (char& c : company)
    if (std::string_view(".\"\\/'[]%").find(c) != std::string_view::npos) c = '_';
  return quoted(names, company + "$" + std::string(nav_name) + names.app_suffix);
}

std::string marks(std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += i == 0 ? "?" : ",?";
  return result;
}

Decimal decimal_of(std::string_view text, std::string_view column) {
  const bool negative = !text.empty() && text.front() == '-';
  std::string digits(negative ? text.substr(1) : text);
  if (!digits.empty() && digits.front() == '.') digits.insert(0, "0");
  const auto value = Decimal::parse((negative ? "-" : "") + digits);
  if (!value) unreadable(text, column, "a decimal number");
  return *value;
}

std::int64_t whole_of(std::string_view text, std::string_view column) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    unreadable(text, column, "a whole number");
  }
  return value;
}

std::optional<Date> date_of(std::string_view text, std::string_view column) {
  const auto day = Date::parse(text.substr(0, 10));
  const bool ends = text.size() == 10 || (text.size() > 10 && (text[10] == ' ' || text[10] == 'T'));
  if (!day || !ends) unreadable(text, column, "a date");
  if (*day == Date{1753, 1, 1}) return std::nullopt;
  return *day;
}

// A table that is there is asked for each of its columns, so that every missing one is named.
std::vector<Finding> examine_tables(odbc::Database& database, const SqlNames& names,
                                    Deadline deadline, const std::vector<TableUse>& tables) {
  std::vector<Finding> findings;
  const auto readable = [&](const std::string& what, const std::string& from) {
    return database.rows("SELECT " + what + " FROM " + from + " t WHERE 1 = 0", {}, deadline);
  };
  for (const TableUse& use : tables) {
    const std::string from = table(names, use.table);
    const auto found = readable("1", from);
    findings.push_back({found.has_value(), "table " + from, found ? "" : found.error().message});
    if (!found) continue;
    for (const std::string_view column : use.columns) {
      const std::string name = quoted(names, column);
      const auto asked = readable("t." + name, from);
      if (!asked) {
        findings.push_back({false, "column " + from + "." + name, asked.error().message});
      }
    }
  }
  return findings;
}

std::vector<Finding> examine_sql(odbc::Database& database, const SqlNames& names,
                                 Deadline deadline) {
  if (const Status reached = database.ping(deadline); !reached) {
    return {{false, "ODBC connection", reached.error().message}};
  }
  std::vector<Finding> findings{{true, "ODBC connection", ""}};
  for (Finding& finding : examine_tables(database, names, deadline, tables_read()))
    findings.push_back(std::move(finding));
  return findings;
}

}  // namespace underpin::legacy::dynamics_nav
