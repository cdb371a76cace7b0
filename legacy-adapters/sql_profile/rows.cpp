#include "legacy-adapters/sql_profile/rows.h"

#include "legacy-adapters/transport/profile/floating.h"

#include <map>

namespace underpin::legacy::sql_profile {
namespace {

using json::Value;

// A record's values in some columns, as one text that two records share only when they are equal.
std::string key_of(const Value& record, const std::vector<std::string>& columns) {
  Value key = Value::array();
  for (const std::string& column : columns) key.push(record.get(column));
  return json::write(key);
}

}  // namespace

Result<Value> record_of(const Statement& statement, const odbc::Row& row) {
  if (row.size() != statement.columns.size())
    return Error{ErrorCode::internal,
                 "statement " + statement.name + " gives " + std::to_string(row.size()) +
                     " columns, the profile names " + std::to_string(statement.columns.size())};
  Value record = Value::object();
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!row[i]) continue;
    const Column& column = statement.columns[i];
    std::string text(column.keep_blanks ? std::string_view(*row[i]) : odbc::unpadded(*row[i]));
    if (column.floating) {
      const auto exact = profile::exact_of_floating(text, *column.floating);
      if (!exact)
        return Error{ErrorCode::internal, "statement " + statement.name + ", column " +
                                              column.name + ": '" + text.substr(0, 40) +
                                              "' is no number of " +
                                              std::to_string(*column.floating) + " places"};
      text = exact->text();
    }
    record.append({column.name, Value(std::move(text))});
  }
  return record;
}

std::vector<Value> grouped(const Statement& statement, std::vector<Value> rows) {
  if (statement.rows.empty()) return rows;
  std::vector<Value> records;
  std::map<std::string, std::size_t> places;
  for (Value& row : rows) {
    const std::string key = key_of(row, statement.key);
    const auto [place, first] = places.emplace(key, records.size());
    if (first) {
      Value record = row;
      record.set(statement.rows, Value::array());
      records.push_back(std::move(record));
    }
    if (!statement.rows_if.empty() && row.find(statement.rows_if) == nullptr) continue;
    records[place->second].find(statement.rows)->push(std::move(row));
  }
  return records;
}

void put_to_their_records(const Statement& statement, const std::vector<Value>& details,
                          std::vector<Value>& records) {
  std::map<std::string, std::vector<Value>> by_key;
  for (const Value& one : details) by_key[key_of(one, statement.match)].push_back(one);
  for (Value& record : records) {
    const auto found = by_key.find(key_of(record, statement.match));
    record.set(statement.into,
               Value::array(found == by_key.end() ? std::vector<Value>{} : found->second));
  }
}

}  // namespace underpin::legacy::sql_profile
