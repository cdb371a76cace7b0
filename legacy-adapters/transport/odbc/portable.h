#pragma once

#include <string>
#include <string_view>
#include <vector>

// The SQL that adapters write themselves, so that one text runs on SQL Server (also over FreeTDS),
// Db2, Oracle, PostgreSQL, MariaDB and SQLite. What is allowed, and nothing else:
// - one statement that begins with SELECT; no comments, no ";"
// - the words SELECT FROM WHERE AND OR NOT IN IS NULL LIKE BETWEEN UNION ALL LEFT JOIN INNER ON
//   ORDER GROUP BY HAVING ASC DESC AS, and CASE WHEN THEN ELSE END
// - the functions COUNT SUM MIN MAX COALESCE, and CAST to BIGINT, VARCHAR(n) or DECIMAL(p,s)
// - the operators = <> < > <= >= + - * , . ( )
// - "?" for values; whole and decimal numbers, and '' strings of printable ASCII, as constants
// - {d '2026-01-31'} and {ts '2026-01-31 00:00:00'}, which drivers write as their database has them
// - names: quoted by [], "" or `` (the site's choice), and unquoted aliases of letters, digits and
// _
namespace underpin::legacy::odbc {

// Empty, or the first rule that `sql` breaks. `extra_functions`: what a site has allowed besides.
std::string not_portable(std::string_view sql,
                         const std::vector<std::string>& extra_functions = {});

}  // namespace underpin::legacy::odbc
