#pragma once

#include "contracts/ports/erp_adapter.h"
#include "contracts/result.h"
#include "contracts/time.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <string>
#include <string_view>
#include <vector>

// NAV's tables as SQL Server keeps them: [Company$Table] (later versions [Company$Table$app GUID]),
// with . " \ / ' [ ] % of a name written as "_". No NULLs; a blank date is 1753-01-01; an option is
// the number of its place. Decimals are decimal(38,20).
namespace underpin::legacy::dynamics_nav {

struct SqlNames {
  std::string company = "CRONUS";
  std::string app_suffix;    // "$437dbf0e-84ff-417a-965d-ed2bb9650972"; empty: none.
  std::string quote = "[]";  // Left and right quote of an identifier.
};

// The quoted name of a table or a column, from its NAV name as the database writes it ("No_").
std::string quoted(const SqlNames& names, std::string_view identifier);
std::string table(const SqlNames& names, std::string_view nav_name);

// "?,?,?".
std::string marks(std::size_t count);

// SQL Server takes at most 2,100 parameters in a statement; a chunk's statement uses it several
// times.
inline constexpr std::size_t chunk_max = 200;

// A decimal as a driver prints it (".50000000000000000000" from SQL Server, "0.5" from others).
// Throws std::domain_error naming the column.
Decimal decimal_of(std::string_view text, std::string_view column);
std::int64_t whole_of(std::string_view text, std::string_view column);
// Nothing for NAV's blank date.
std::optional<Date> date_of(std::string_view text, std::string_view column);

// Option "Document Type" of Sales Line, "Type" of Sales Line, "Reservation Status".
inline constexpr int document_type_order = 1;
inline constexpr int line_type_item = 2;
inline constexpr int reservation_status_reservation = 0;
inline constexpr int table_sales_line = 37;  // Table number in "Source Type".

struct TableUse {
  std::string_view table;
  std::vector<std::string_view> columns;
};
// These, one by one.
std::vector<Finding> examine_tables(odbc::Database& database, const SqlNames& names,
                                    Deadline deadline, const std::vector<TableUse>& tables);

// Every table and column that inventory and pricing read, checked one by one; for the doctor.
std::vector<Finding> examine_sql(odbc::Database& database, const SqlNames& names,
                                 Deadline deadline);

}  // namespace underpin::legacy::dynamics_nav
