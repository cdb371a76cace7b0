#pragma once

#include "legacy-adapters/transport/odbc/odbc.h"
#include "legacy-adapters/transport/odbc/watchdog.h"

#include <sql.h>
#include <sqlext.h>

#include <chrono>
#include <string>
#include <vector>

namespace underpin::legacy::odbc {

// The first diagnostic record of a handle.
struct Diagnostic {
  std::string state;
  int native = 0;
  std::string message;
};

// `bytes`: through the narrow function, see wide().
Diagnostic diagnose(SQLSMALLINT kind, SQLHANDLE handle, bool bytes);

// UTF-8 and UTF-16 as unixODBC's wide functions take it (SQLWCHAR is two bytes). Between a narrow
// caller and a wide driver, or the reverse, unixODBC converts by the process's locale and loses
// letters; so drivers are spoken to in wide text, and SQLite's, which has no wide functions and
// takes UTF-8 bytes as they are, in narrow.
std::vector<SQLWCHAR> wide(std::string_view utf8);
std::string narrow(const SQLWCHAR* text, std::size_t length);

// One connection; used by one thread at a time, except for the watchdog's cancel.
class Connection {
 public:
  Connection() = default;
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // A connection that is written through has no autocommit: what it does lasts from end(true) on.
  enum class Access { read, write };
  Status open(SQLHENV environment, const Settings& settings, Deadline deadline,
              Access access = Access::read);

  enum class Ending { done, failed, failed_but_again, lost };
  struct Outcome {
    Ending ending = Ending::done;
    Error error;
    bool cancelled = false;
    bool row_given = false;
  };
  // Who takes the rows: one by one, or, when `block` is set, in blocks.
  struct Reader {
    const RowReader* row = nullptr;
    const BlockReader* block = nullptr;
    BlockShape shape = {};
    int rows_max = 0;  // As many the database may stop after; 0: it must not.
  };
  Outcome query(std::string_view sql, const Parameters& parameters, Deadline deadline,
                const Reader& reader, Watchdog& watchdog);

  // Any one statement, within the transaction that is under way. `affected`: rows it has changed;
  // negative when the driver does not say, or says several numbers.
  Outcome execute(std::string_view sql, const Parameters& parameters, Deadline deadline,
                  const RowReader& each, Watchdog& watchdog, std::int64_t& affected);
  // The end of the transaction, however long the database takes over it. An error of a commit may
  // leave it in force.
  Outcome end(bool commit);

  bool dead() const;  // As far as the driver knows without a round trip.
  std::chrono::steady_clock::time_point idle_since{};

 private:
  struct Bindings {  // Lives until the statement has been executed.
    std::vector<SQLBIGINT> wholes;
    std::vector<SQLLEN> lengths;
  };
  SQLRETURN connect(std::string text);
  SQLRETURN prepare(SQLHSTMT statement, std::string sql);
  using Body = std::function<Outcome(SQLHSTMT)>;
  Outcome guarded(Deadline deadline, Watchdog& watchdog, const Body& body);
  Outcome fail(SQLSMALLINT kind, SQLHANDLE handle, std::string_view doing) const;
  Outcome run(SQLHSTMT statement, std::string_view sql, const Parameters& parameters,
              Deadline deadline, const Reader& reader);
  Outcome start(SQLHSTMT statement, std::string_view sql, const Parameters& parameters,
                Deadline deadline, Bindings& bindings, SQLRETURN& executed);
  Outcome take_results(SQLHSTMT statement, Deadline deadline, const RowReader& each,
                       std::int64_t& affected);
  Outcome fetch(SQLHSTMT statement, Deadline deadline, const RowReader& each);
  Outcome fetch_blocks(SQLHSTMT statement, Deadline deadline, const Reader& reader);
  // Nothing, or the error of a result that has grown over its limits or past its time.
  std::optional<Outcome> over(std::int64_t rows, std::int64_t bytes, Deadline deadline,
                              bool row_given) const;
  bool read_value(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, Value& value,
                  Outcome& outcome);
  // The columns that are bytes and are to be read in the code page.
  std::vector<bool> coded(SQLHSTMT statement, SQLSMALLINT columns) const;

  const Settings* settings_ = nullptr;
  SQLHDBC handle_ = SQL_NULL_HDBC;
  // SQLite's driver frees a running statement under its owner in SQLCancel, but SQLCancel of an
  // idle statement interrupts the whole connection safely; so there is always an idle one.
  SQLHSTMT idle_ = SQL_NULL_HSTMT;
  bool connected_ = false;
  bool sqlite_ = false;
  Driver driver_ = Driver::other;
  std::vector<char> buffer_;
};

// True when the connection string names SQLite's driver.
bool names_sqlite(std::string_view connection_string);

}  // namespace underpin::legacy::odbc
