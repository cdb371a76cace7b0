#include "legacy-adapters/dynamics_nav/sales_price.h"

#include "legacy-adapters/transport/file_drop/digest.h"

#include <array>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr std::string_view table_name = "Sales Price";
constexpr std::array columns{"Item No_",          "Sales Type",           "Sales Code",
                             "Starting Date",     "Ending Date",          "Currency Code",
                             "Minimum Quantity",  "Unit of Measure Code", "Unit Price",
                             "Price Includes VAT"};
// By "Sales Type"; the statement asks for no other.
constexpr std::array scopes{PriceScope::customer, PriceScope::group, PriceScope::everyone};
constexpr int campaign = 3;
constexpr Date since_ever{1753, 1, 1};  // NAV's blank date.

PriceEntry entry_of(const odbc::Block& block, std::size_t row, const SalesPriceSettings& settings) {
  const auto text = [&](std::size_t column) { return block.text(row, column); };
  const auto bad = [&](std::size_t column, const char* rule) {
    throw std::domain_error(std::string(columns[column]) + " " + rule);
  };
  PriceEntry entry;
  entry.sku = Sku(std::string(text(0)));
  entry.scope = scopes.at(static_cast<std::size_t>(whole_of(text(1), columns[1])));
  entry.scope_code = text(2);
  if ((entry.scope == PriceScope::everyone) != entry.scope_code.empty())
    bad(2, "does not fit Sales Type");
  entry.from = date_of(text(3), columns[3]).value_or(since_ever);
  entry.to = date_of(text(4), columns[4]);
  if (entry.to && *entry.to < entry.from) bad(4, "lies before Starting Date");
  entry.currency = text(5).empty() ? settings.local_currency : Currency(text(5));
  entry.minimum_quantity = decimal_of(text(6), columns[6]).normalized();
  if (entry.minimum_quantity.is_negative()) bad(6, "is negative");
  entry.uom = text(7);
  entry.unit_price = decimal_of(text(8), columns[8]).normalized();
  if (entry.unit_price.is_negative()) bad(8, "is negative");
  entry.tax_included = whole_of(text(9), columns[9]) != 0;
  entry.zone = settings.zone;
  return entry;
}

std::string rows_read(const SqlNames& names) {
  return " FROM " + table(names, table_name) + " p WHERE p." + quoted(names, "Sales Type") +
         " IN (0, 1, 2) AND p." + quoted(names, "Variant Code") + " = ''";
}

}  // namespace

Result<SalesPriceMark> mark_of_sales_prices(odbc::Database& database,
                                            const SalesPriceSettings& settings, Deadline deadline) {
  const std::string version =
      "COALESCE(MAX(CAST(p." + quoted(settings.sql, "timestamp") + " AS BIGINT)), 0)";
  std::string statement = "SELECT COUNT(*), " + version;
  if (!settings.rowversion_fence.empty())
    statement += ", CASE WHEN " + version + " < CAST(" + settings.rowversion_fence +
                 " AS BIGINT) THEN 1 ELSE 0 END";
  const auto rows =
      database.rows(statement + " FROM " + table(settings.sql, table_name) + " p", {}, deadline);
  if (!rows) return rows.error();
  const odbc::Row& row = rows->at(0);
  SalesPriceMark mark{std::string(odbc::text(row, 0)) + "@" + std::string(odbc::text(row, 1)),
                      true};
  if (!settings.rowversion_fence.empty()) mark.quiet = odbc::text(row, 2) == "1";
  return mark;
}

Result<PriceFileTotals> read_sales_prices(odbc::Database& database,
                                          const SalesPriceSettings& settings, Deadline deadline,
                                          const PriceFileConsumer& consumer,
                                          std::string& checksum) {
  const auto p = [&](std::string_view column) { return "p." + quoted(settings.sql, column); };
  std::string statement = "SELECT ";
  for (std::size_t i = 0; i < columns.size(); ++i)
    statement += (i == 0 ? "" : ", ") + p(columns[i]);
  statement += rows_read(settings.sql) + " ORDER BY " + p("Item No_") + ", " + p("Sales Type") +
               ", " + p("Sales Code") + ", " + p("Starting Date") + ", " + p("Currency Code") +
               ", " + p("Unit of Measure Code") + ", " + p("Minimum Quantity");
  PriceFileTotals totals;
  Status taken = Done{};
  const auto refuse = [&](std::string_view article, const std::string& why) {
    taken = Error{ErrorCode::invalid_request, "article " + std::string(article) + ": " + why};
    return false;
  };
  file_drop::Digest digest;
  const Status read = database.query_blocks(
      statement, {}, odbc::BlockShape{}, deadline, [&](const odbc::Block& block) {
        for (std::size_t row = 0; row < block.rows(); ++row) {
          if (totals.rows >= settings.rows_max)
            return refuse(block.text(row, 0),
                          "more than " + std::to_string(settings.rows_max) + " rows");
          PriceEntry entry;
          try {
            entry = entry_of(block, row, settings);
            totals.hash_total += entry.unit_price;
          } catch (const std::domain_error& fault) {
            return refuse(block.text(row, 0), fault.what());
          } catch (const std::overflow_error&) {
            return refuse(block.text(row, 0), "the unit prices add up to too many digits");
          }
          ++totals.rows;
          for (std::size_t column = 0; column < columns.size(); ++column)
            digest.add(block.text(row, column));
          taken = consumer.row(entry, false);
          if (!taken) return false;
        }
        return true;
      });
  if (!read) return read.error();
  if (!taken) return taken.error();
  checksum = digest.hexadecimal();
  return totals;
}

std::vector<Finding> examine_sales_prices(odbc::Database& database,
                                          const SalesPriceSettings& settings, Deadline deadline) {
  std::vector<std::string_view> names(columns.begin(), columns.end());
  names.insert(names.end(), {"Variant Code", "timestamp"});
  std::vector<Finding> findings =
      examine_tables(database, settings.sql, deadline, {{table_name, names}});
  for (const Finding& finding : findings)
    if (!finding.ok) return findings;
  const auto count = [&](const std::string& what, const std::string& condition) {
    const auto rows = database.rows(
        "SELECT COUNT(*) FROM " + table(settings.sql, table_name) + " p WHERE p." + condition, {},
        deadline);
    if (!rows) return findings.push_back({false, what, rows.error().message});
    findings.push_back({true, what, std::string(odbc::text(rows->at(0), 0)) + " rows, not read"});
  };
  count("sales prices of campaigns",
        quoted(settings.sql, "Sales Type") + " = " + std::to_string(campaign));
  count("sales prices of variants", quoted(settings.sql, "Variant Code") + " <> ''");
  return findings;
}

}  // namespace underpin::legacy::dynamics_nav
