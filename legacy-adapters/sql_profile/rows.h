#pragma once

#include "contracts/result.h"
#include "legacy-adapters/sql_profile/statements.h"

#include <string>
#include <vector>

namespace underpin::legacy::sql_profile {

// A row as the statement's columns name it: NULL is no member, padding is taken off, floating point
// becomes exact. internal, naming the column, for what is not what the profile says.
Result<json::Value> record_of(const Statement& statement, const odbc::Row& row);

// Rows with the same values in `key` become one record, with all of them under `rows`, in the order
// in which they came. Without `rows` each row is a record.
std::vector<json::Value> grouped(const Statement& statement, std::vector<json::Value> rows);

// Puts `details` under `into` of the record that has the same values in `match`.
void put_to_their_records(const Statement& statement, const std::vector<json::Value>& details,
                          std::vector<json::Value>& records);

}  // namespace underpin::legacy::sql_profile
