#pragma once

#include "legacy-adapters/sql_profile/named_sql.h"
#include "legacy-adapters/transport/profile/profile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::sql_profile {

struct Column {
  std::string name;
  std::optional<int> floating;  // Kept as floating point; the places that are meant.
  bool keep_blanks = false;     // Otherwise the blanks at its end are padding.
};

struct Statement {
  std::string name;  // For people.
  NamedSql sql;
  std::vector<Column> columns;     // In the order in which the statement gives them.
  std::vector<std::string> key;    // Rows of one record have the same values here.
  std::string rows;                // The record's member that holds its rows, joined ones.
  std::string rows_if;             // A row counts when this column is not NULL.
  std::string into;                // The member of the first statement's record that holds these.
  std::vector<std::string> match;  // Columns that say whose they are.
  bool for_each = false;           // Asked once for each record, whose columns are names too.
  std::string each;                // Run once for each item of this list of the request.
  bool is_named = false;           // A later statement names a column of its one row.
  // Given or changed; otherwise `otherwise`.
  std::optional<std::int64_t> rows_expected;
  std::optional<std::int64_t> rows_at_least;
  ErrorCode otherwise = ErrorCode::conflict;
  std::string message;
};

// The outcome of rows that a job of the ERP works off: all that it gives.
struct Poll {
  NamedSql sql;
  bool has_message = false;  // A second column says why.
  std::vector<std::string> done;
  std::vector<std::string> failed;
  int every_ms = 500;
};

struct Statements {
  std::vector<Statement> statements;
  std::optional<Poll> poll;
};

// What the member "sql" of an operation says. Everything that is wrong is added to `faults`.
Statements read_statements(const profile::Operation& operation,
                           std::vector<profile::Fault>& faults);

class SqlKind final : public profile::Kind {
 public:
  std::string_view name() const override { return "sql"; }
  void check(const profile::Operation& operation,
             std::vector<profile::Fault>& faults) const override {
    (void)read_statements(operation, faults);
  }
};

}  // namespace underpin::legacy::sql_profile
