#pragma once

#include "contracts/call_context.h"
#include "contracts/decimal.h"
#include "contracts/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Reading an ERP's SQL tables over ODBC. Only SELECT: an ERP's tables are written by the ERP.
namespace underpin::legacy::odbc {

struct Settings {
  std::string system;             // The configured system's name; goes into Error::system.
  std::string connection_string;  // "Driver=…;Server=…;…" or "DSN=…"; never in an error text.
  int pool_max = 8;               // Connections; a caller waits for one until its deadline.
  int login_timeout_ms = 5'000;
  int query_timeout_ms = 30'000;      // One statement with its fetches; the deadline if sooner.
  int idle_max_ms = 60'000;           // An idle connection older than this is replaced.
  std::int64_t rows_max = 2'000'000;  // Of one result.
  std::int64_t bytes_max = 1'000'000'000;  // Of all values of one result; they stream through.
  std::size_t value_max = 1'000'000;       // Bytes of one value.
  // Columns of bytes (BINARY, and CHAR of Db2 for i with CCSID 65535, which no driver converts) are
  // read in this code page, a name of iconv such as "IBM037"; empty: as hexadecimal digits.
  std::string code_page;
  // Refuses a statement outside the subset of portable.h; for adapters that write their own SQL.
  bool portable_only = false;
  // What a site's configuration adds to the subset: functions of its database, "MIN_ACTIVE_…()".
  std::vector<std::string> extra_functions;
};

// A value bound to a "?". Text goes as VARCHAR, numbers as BIGINT, decimals exactly, as text.
class Parameter {
 public:
  Parameter(std::string text) : text_(std::move(text)) {}
  Parameter(std::string_view text) : text_(text) {}
  Parameter(const char* text) : text_(text) {}
  Parameter(std::int64_t whole) : whole_(whole), is_whole_(true) {}
  Parameter(int whole) : Parameter(std::int64_t{whole}) {}
  Parameter(Decimal amount) : text_(amount.text()) {}
  bool is_whole() const { return is_whole_; }
  std::int64_t whole() const { return whole_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::int64_t whole_ = 0;
  bool is_whole_ = false;
};
using Parameters = std::vector<Parameter>;

// Every value arrives as the text that the driver made of it, UTF-8; amounts are never floating
// point. Nothing is NULL; a blank is "".
using Value = std::optional<std::string>;
using Row = std::vector<Value>;

// The text of a column, "" for NULL (NAV knows none).
inline std::string_view text(const Row& row, std::size_t column) {
  return row[column] ? std::string_view(*row[column]) : std::string_view();
}

// Takes one row; false ends the query early, as a success. The row is overwritten by the next.
using RowReader = std::function<bool(const Row&)>;

// Rows that arrived together, one value a column; see Database::query_blocks.
class Block {
 public:
  Block(std::size_t columns, std::size_t rows_max, std::size_t value_max)
      : columns_(columns),
        stride_(value_max + 1),
        rows_max_(rows_max),
        bytes_(columns * rows_max * stride_),
        lengths_(columns * rows_max) {}
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  bool is_null(std::size_t row, std::size_t column) const {
    return lengths_[column * rows_max_ + row] < 0;
  }
  // "" for NULL. Until the reader returns.
  std::string_view text(std::size_t row, std::size_t column) const {
    const std::int64_t length = lengths_[column * rows_max_ + row];
    if (length < 0) return {};
    return {bytes_.data() + (column * rows_max_ + row) * stride_, static_cast<std::size_t>(length)};
  }

 private:
  friend class Connection;
  std::size_t columns_;
  std::size_t stride_;  // Bytes of one value, with the NUL that drivers put behind it.
  std::size_t rows_max_;
  std::size_t rows_ = 0;
  std::vector<char> bytes_;            // By column, then by row.
  std::vector<std::int64_t> lengths_;  // The same; negative for NULL.
};

// Takes one block; false ends the query early, as a success. The next overwrites it.
using BlockReader = std::function<bool(const Block&)>;

struct BlockShape {
  int rows = 500;
  std::size_t value_max = 100;  // Bytes of a value. A longer one is an error that names the column.
};

struct Statistics {
  std::int64_t opened = 0;     // Connections ever made.
  std::int64_t discarded = 0;  // Found dead, broken, cancelled or too old.
  std::int64_t cancelled = 0;  // Statements stopped by the watchdog.
  std::int64_t busy = 0;       // Attempts repeated because the database was locked.
};

// A database, through a pool of connections. All methods may be called from many threads at once;
// they return an Error rather than throw, and give up by `deadline`. Errors: unavailable (not
// reachable, locked, deadlock, out of time), unauthorized, conflict (a unique key), internal (our
// statement, a missing table, a result over its limits). Error::vendor_code is "SQLSTATE/native".
class Database {
 public:
  explicit Database(Settings settings);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one SELECT (or WITH) and streams its rows in constant memory. A connection found broken,
  // and a locked database, are tried again until the deadline as long as no row was given out.
  Status query(std::string_view sql, const Parameters& parameters, Deadline deadline,
               const RowReader& each);

  // As query, many rows at once: for sweeps of short values, where what each value costs in calls
  // into the driver is most of the work. A driver that knows no arrays gives blocks of one row.
  Status query_blocks(std::string_view sql, const Parameters& parameters, const BlockShape& shape,
                      Deadline deadline, const BlockReader& each);

  // A sweep in constant memory over any driver, also one that holds a whole result (MariaDB's
  // before 3.2): pages of `page` rows, each a statement of its own, so not one moment's state.
  // `sql` ends in "WHERE key > ? ORDER BY key"; its first column is that key, unique, text or
  // whole, never NULL; `from` is below the first. The deadline and the limit of rows are of the
  // whole sweep.
  Status sweep(std::string_view sql, const Parameter& from, int page, const BlockShape& shape,
               Deadline deadline, const BlockReader& each);

  // As query, for results known to be small.
  Result<std::vector<Row>> rows(std::string_view sql, const Parameters& parameters,
                                Deadline deadline);

  // A connection can be had and answers.
  Status ping(Deadline deadline);

  Statistics statistics() const;

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

// Whose driver it is: where the state says nothing, its native codes do.
enum class Driver { other, sqlite, postgresql, mariadb, sql_server, oracle, db2 };

// By the name in "Driver=…"; other for a DSN, whose driver is known once it is connected.
Driver driver_of(std::string_view connection_string);
// By the file that the driver names, "libmaodbc.so".
Driver driver_of_library(std::string_view library);

// What a diagnostic record means to the caller of a read. `native` decides where the state is the
// general HY000/S1000.
ErrorCode code_of(std::string_view sqlstate, int native, Driver driver);

// The database is locked by somebody: worth another attempt.
bool is_busy(std::string_view sqlstate, int native, Driver driver);

// The connection itself is gone.
bool is_connection_lost(std::string_view sqlstate, int native, Driver driver);

// Without the blanks that pad a CHAR column to its length. Some drivers strip them, some do not,
// and databases compare CHAR without them: compare and look up what this gives.
inline std::string_view unpadded(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace underpin::legacy::odbc
