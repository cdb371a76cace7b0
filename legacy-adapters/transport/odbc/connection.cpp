#include "legacy-adapters/transport/odbc/connection.h"

#include "legacy-adapters/transport/odbc/code_page.h"
#include "legacy-adapters/transport/odbc/portable.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace underpin::legacy::odbc {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool sets(const std::string& lower_case, std::string_view key) {
  const std::string start = std::string(key) + "=";
  return lower_case.rfind(start, 0) == 0 || lower_case.find(";" + start) != std::string::npos;
}

// What makes a driver stream a result, and give up a login, where its defaults do neither.
struct DriverOption {
  Driver driver;
  std::string_view key;  // In lower case; one that the site has set stays.
  std::string_view text;
};
constexpr std::array<DriverOption, 8> driver_options{{
    {Driver::sqlite, "stepapi", "StepAPI=1;"},  // Streams instead of loading the result.
    {Driver::sqlite, "nocreat", "NoCreat=1;"},  // A missing file is an error, not a new one.
    // Milliseconds that it waits for a lock itself. Short: it cannot be interrupted while it waits,
    // and the pool repeats a busy attempt until the deadline anyway.
    {Driver::sqlite, "timeout", "Timeout=20;"},
    {Driver::postgresql, "usedeclarefetch", "UseDeclareFetch=1;"},  // A cursor, not the result.
    {Driver::postgresql, "fetch", "Fetch=1000;"},                   // Rows it takes at once.
    // From 3.2 on it streams so; 3.1 always holds the result: Database::sweep.
    {Driver::mariadb, "streamrs", "STREAMRS=1;"},
    {Driver::mariadb, "forwardonly", "FORWARDONLY=1;"},
    {Driver::mariadb, "charset", "CHARSET=utf8mb4;"},
}};

std::string with_driver_options(std::string text, Driver driver, std::int64_t login_seconds) {
  const std::string given = lower(text);
  if (!text.empty() && text.back() != ';') text += ';';
  for (const DriverOption& option : driver_options)
    if (option.driver == driver && !sets(given, option.key)) text += option.text;
  // It knows the login's time limit, but waits for the server's first word without one.
  if (driver == Driver::mariadb && !sets(given, "conn_timeout")) {
    text += "CONN_TIMEOUT=" + std::to_string(login_seconds) + ";";
  }
  return text;
}

bool is_select(std::string_view sql) {
  const std::size_t start = sql.find_first_not_of(" \t\r\n(");
  if (start == std::string_view::npos) return false;
  const std::string word = lower(sql.substr(start, 6));
  return word == "select" || word.rfind("with", 0) == 0;
}

Connection::Outcome failed(ErrorCode code, std::string message, const Settings& settings) {
  Connection::Outcome outcome;
  outcome.ending = Connection::Ending::failed;
  outcome.error = Error{code, std::move(message), settings.system};
  return outcome;
}

std::int64_t ms_until(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline -
                                                               std::chrono::steady_clock::now())
      .count();
}

}  // namespace

bool names_sqlite(std::string_view connection_string) {
  return driver_of(connection_string) == Driver::sqlite;
}

std::vector<SQLWCHAR> wide(std::string_view utf8) {
  std::vector<SQLWCHAR> result;
  result.reserve(utf8.size() + 1);
  std::size_t i = 0;
  while (i < utf8.size()) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    unsigned point = length == 1 ? byte : byte & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const unsigned next = i + k < utf8.size() ? static_cast<unsigned char>(utf8[i + k]) : 0;
      point = (point << 6) | (next & 0x3F);
    }
    i += length;
    if (point >= 0x10000) {
      point -= 0x10000;
      result.push_back(static_cast<SQLWCHAR>(0xD800 | ((point >> 10) & 0x3FF)));
      result.push_back(static_cast<SQLWCHAR>(0xDC00 | (point & 0x3FF)));
    } else {
      result.push_back(static_cast<SQLWCHAR>(point));
    }
  }
  result.push_back(0);
  return result;
}

std::string narrow(const SQLWCHAR* text, std::size_t length) {
  std::string result;
  for (std::size_t i = 0; i < length; ++i) {
    unsigned point = text[i];
    if (point >= 0xD800 && point < 0xDC00 && i + 1 < length && (text[i + 1] & 0xFC00) == 0xDC00) {
      point = 0x10000 + ((point & 0x3FF) << 10) + (text[++i] & 0x3FFU);
    } else if (point >= 0xD800 && point < 0xE000) {
      point = 0xFFFD;  // Half a pair, as where a driver has cut a message short.
    }
    const auto put = [&result](unsigned byte) { result += static_cast<char>(byte & 0xFF); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xC0 | (point >> 6));
      put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
      put(0xE0 | (point >> 12));
      put(0x80 | ((point >> 6) & 0x3F));
      put(0x80 | (point & 0x3F));
    } else {
      put(0xF0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3F));
      put(0x80 | ((point >> 6) & 0x3F));
      put(0x80 | (point & 0x3F));
    }
  }
  return result;
}

Diagnostic diagnose(SQLSMALLINT kind, SQLHANDLE handle, bool bytes) {
  Diagnostic diagnostic;
  if (bytes) {
    SQLCHAR plain_state[6] = {};
    SQLCHAR plain[512] = {};
    SQLINTEGER code = 0;
    SQLSMALLINT used = 0;
    if (!SQL_SUCCEEDED(SQLGetDiagRec(kind, handle, 1, plain_state, &code, plain, 512, &used))) {
      return {"HY000", 0, "no diagnostic"};
    }
    return {reinterpret_cast<const char*>(plain_state), code, reinterpret_cast<const char*>(plain)};
  }
  SQLWCHAR state[6] = {};
  SQLWCHAR message[512] = {};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  if (!SQL_SUCCEEDED(SQLGetDiagRecW(kind, handle, 1, state, &native, message, 512, &length))) {
    return {"HY000", 0, "no diagnostic"};
  }
  diagnostic.state = narrow(state, 5);
  diagnostic.native = native;
  diagnostic.message = narrow(message, static_cast<std::size_t>(std::clamp<int>(length, 0, 511)));
  return diagnostic;
}

Connection::~Connection() {
  if (idle_ != SQL_NULL_HSTMT) SQLFreeHandle(SQL_HANDLE_STMT, idle_);
  if (connected_) SQLDisconnect(handle_);
  if (handle_ != SQL_NULL_HDBC) SQLFreeHandle(SQL_HANDLE_DBC, handle_);
}

Connection::Outcome Connection::fail(SQLSMALLINT kind, SQLHANDLE handle,
                                     std::string_view doing) const {
  const Diagnostic diagnostic = diagnose(kind, handle, sqlite_);
  Outcome outcome;
  outcome.error.code = code_of(diagnostic.state, diagnostic.native, driver_);
  outcome.error.message = std::string(doing) + ": " + diagnostic.message;
  outcome.error.system = settings_->system;
  outcome.error.vendor_code = diagnostic.state + "/" + std::to_string(diagnostic.native);
  outcome.ending = Ending::failed;
  // psqlODBC says HY000 of a connection that the server has closed under a statement.
  const bool general = diagnostic.state == "HY000" || diagnostic.state == "S1000";
  if (general && kind == SQL_HANDLE_STMT && dead()) {
    outcome.error.code = ErrorCode::unavailable;
    outcome.ending = Ending::lost;
  } else if (is_busy(diagnostic.state, diagnostic.native, driver_)) {
    outcome.ending = Ending::failed_but_again;
  } else if (is_connection_lost(diagnostic.state, diagnostic.native, driver_)) {
    outcome.ending = Ending::lost;
  }
  return outcome;
}

Status Connection::open(SQLHENV environment, const Settings& settings, Deadline deadline,
                        Access access) {
  settings_ = &settings;
  driver_ = driver_of(settings.connection_string);
  sqlite_ = driver_ == Driver::sqlite;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment, &handle_))) {
    handle_ = SQL_NULL_HDBC;
    return Error{ErrorCode::internal, "ODBC gave no connection handle", settings.system};
  }
  const std::int64_t allowed_ms =
      std::min<std::int64_t>(settings.login_timeout_ms, ms_until(deadline));
  const std::int64_t whole = std::max<std::int64_t>(1, (allowed_ms + 999) / 1000);
  const auto seconds = static_cast<SQLULEN>(whole);
  // Drivers without a login to wait for refuse these; that costs nothing.
  SQLSetConnectAttr(handle_, SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(seconds), 0);
  if (access == Access::read) {
    SQLSetConnectAttr(handle_, SQL_ATTR_ACCESS_MODE,
                      reinterpret_cast<SQLPOINTER>(SQLULEN{SQL_MODE_READ_ONLY}), 0);
  }
  if (!SQL_SUCCEEDED(connect(with_driver_options(settings.connection_string, driver_, whole)))) {
    return fail(SQL_HANDLE_DBC, handle_, "the database cannot be connected to").error;
  }
  connected_ = true;
  if (driver_ == Driver::other) {  // A DSN.
    std::array<SQLCHAR, 256> library{};
    SQLSMALLINT length = 0;
    if (SQL_SUCCEEDED(SQLGetInfo(handle_, SQL_DRIVER_NAME, library.data(),
                                 static_cast<SQLSMALLINT>(library.size()), &length))) {
      driver_ = driver_of_library(reinterpret_cast<const char*>(library.data()));
    }
  }
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, handle_, &idle_))) {
    idle_ = SQL_NULL_HSTMT;
    return fail(SQL_HANDLE_DBC, handle_, "the database gave no statement").error;
  }
  if (access == Access::write) {
    if (!SQL_SUCCEEDED(SQLSetConnectAttr(handle_, SQL_ATTR_AUTOCOMMIT,
                                         reinterpret_cast<SQLPOINTER>(SQLULEN{SQL_AUTOCOMMIT_OFF}),
                                         0))) {
      return fail(SQL_HANDLE_DBC, handle_, "the database takes no transactions").error;
    }
  } else if (sqlite_) {
    // The driver opens the file for writing whatever SQL_ATTR_ACCESS_MODE says.
    if (SQL_SUCCEEDED(prepare(idle_, "PRAGMA query_only = 1"))) SQLExecute(idle_);
    SQLFreeStmt(idle_, SQL_CLOSE);
  }
  return Done{};
}

SQLRETURN Connection::connect(std::string text) {
  if (sqlite_) {
    return SQLDriverConnect(handle_, nullptr, reinterpret_cast<SQLCHAR*>(text.data()), SQL_NTS,
                            nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  }
  std::vector<SQLWCHAR> words = wide(text);
  return SQLDriverConnectW(handle_, nullptr, words.data(), SQL_NTS, nullptr, 0, nullptr,
                           SQL_DRIVER_NOPROMPT);
}

SQLRETURN Connection::prepare(SQLHSTMT statement, std::string sql) {
  if (sqlite_) return SQLPrepare(statement, reinterpret_cast<SQLCHAR*>(sql.data()), SQL_NTS);
  std::vector<SQLWCHAR> words = wide(sql);
  return SQLPrepareW(statement, words.data(), SQL_NTS);
}

bool Connection::dead() const {
  SQLULEN dead = SQL_CD_FALSE;  // Wide enough for drivers that write either width.
  const SQLRETURN answer =
      SQLGetConnectAttr(handle_, SQL_ATTR_CONNECTION_DEAD, &dead, SQL_IS_UINTEGER, nullptr);
  return SQL_SUCCEEDED(answer) && static_cast<SQLUINTEGER>(dead) == SQL_CD_TRUE;
}

Connection::Outcome Connection::query(std::string_view sql, const Parameters& parameters,
                                      Deadline deadline, const Reader& reader, Watchdog& watchdog) {
  if (!is_select(sql)) {
    return failed(ErrorCode::internal, "only SELECT statements are sent to this database",
                  *settings_);
  }
  if (settings_->portable_only) {
    const std::string rule = not_portable(sql, settings_->extra_functions);
    if (!rule.empty()) {
      return failed(ErrorCode::internal, "the statement is not portable: " + rule, *settings_);
    }
  }
  return guarded(deadline, watchdog, [&](SQLHSTMT statement) {
    return run(statement, sql, parameters, deadline, reader);
  });
}

// With a statement that the watchdog cancels at the deadline.
Connection::Outcome Connection::guarded(Deadline deadline, Watchdog& watchdog, const Body& body) {
  SQLHSTMT statement = SQL_NULL_HSTMT;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, handle_, &statement))) {
    return fail(SQL_HANDLE_DBC, handle_, "the database gave no statement");
  }
  const SQLHSTMT to_cancel = sqlite_ ? idle_ : statement;
  const std::uint64_t ticket = watchdog.arm(deadline, [to_cancel] { SQLCancel(to_cancel); });
  Outcome outcome;
  try {
    outcome = body(statement);
  } catch (...) {
    watchdog.disarm(ticket);
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    throw;
  }
  outcome.cancelled = watchdog.disarm(ticket);
  SQLFreeHandle(SQL_HANDLE_STMT, statement);
  if (outcome.cancelled && outcome.ending != Ending::done) {
    outcome.ending = Ending::failed;
    outcome.error.code = ErrorCode::unavailable;
    outcome.error.message = "the database did not answer in time";
    outcome.error.system = settings_->system;
  }
  return outcome;
}

Connection::Outcome Connection::execute(std::string_view sql, const Parameters& parameters,
                                        Deadline deadline, const RowReader& each,
                                        Watchdog& watchdog, std::int64_t& affected) {
  affected = -1;
  return guarded(deadline, watchdog, [&](SQLHSTMT statement) -> Outcome {
    Bindings bindings;
    SQLRETURN executed = SQL_SUCCESS;
    Outcome outcome = start(statement, sql, parameters, deadline, bindings, executed);
    if (outcome.ending != Ending::done) return outcome;
    if (executed == SQL_NO_DATA) affected = 0;
    return take_results(statement, deadline, each, affected);
  });
}

// All that a statement gives. A procedure goes on behind its first result, and what fails there is
// said only to who asks for the next one.
Connection::Outcome Connection::take_results(SQLHSTMT statement, Deadline deadline,
                                             const RowReader& each, std::int64_t& affected) {
  int counts = 0;
  for (;;) {
    SQLSMALLINT columns = 0;
    SQLLEN count = -1;
    if (SQL_SUCCEEDED(SQLNumResultCols(statement, &columns)) && columns > 0) {
      Outcome outcome = fetch(statement, deadline, each);
      if (outcome.ending != Ending::done) return outcome;
    } else if (SQL_SUCCEEDED(SQLRowCount(statement, &count)) && count >= 0) {
      affected = ++counts == 1 ? static_cast<std::int64_t>(count) : -1;
    }
    const SQLRETURN more = SQLMoreResults(statement);
    if (more == SQL_NO_DATA) return {};
    if (!SQL_SUCCEEDED(more)) return fail(SQL_HANDLE_STMT, statement, "the statement failed");
    if (std::chrono::steady_clock::now() >= deadline)
      return failed(ErrorCode::unavailable, "the database did not answer in time", *settings_);
  }
}

Connection::Outcome Connection::end(bool commit) {
  const SQLRETURN ended = SQLEndTran(SQL_HANDLE_DBC, handle_, commit ? SQL_COMMIT : SQL_ROLLBACK);
  if (SQL_SUCCEEDED(ended)) return {};
  return fail(SQL_HANDLE_DBC, handle_, "the transaction did not end");
}

Connection::Outcome Connection::run(SQLHSTMT statement, std::string_view sql,
                                    const Parameters& parameters, Deadline deadline,
                                    const Reader& reader) {
  if (reader.rows_max > 0) {
    SQLSetStmtAttr(statement, SQL_ATTR_MAX_ROWS,
                   reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(reader.rows_max)), 0);
  }
  Bindings bindings;
  SQLRETURN executed = SQL_SUCCESS;
  Outcome outcome = start(statement, sql, parameters, deadline, bindings, executed);
  if (outcome.ending != Ending::done || executed == SQL_NO_DATA) return outcome;
  return reader.block != nullptr ? fetch_blocks(statement, deadline, reader)
                                 : fetch(statement, deadline, *reader.row);
}

// Prepares, binds and executes; rows, if there are any, are to be fetched.
Connection::Outcome Connection::start(SQLHSTMT statement, std::string_view sql,
                                      const Parameters& parameters, Deadline deadline,
                                      Bindings& bindings, SQLRETURN& executed) {
  const auto seconds = std::max<std::int64_t>(1, (ms_until(deadline) + 999) / 1000);
  SQLSetStmtAttr(statement, SQL_ATTR_QUERY_TIMEOUT,
                 reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(seconds)), 0);
  if (!SQL_SUCCEEDED(prepare(statement, std::string(sql)))) {
    return fail(SQL_HANDLE_STMT, statement, "the statement was refused");
  }
  std::vector<SQLBIGINT>& wholes = bindings.wholes;
  std::vector<SQLLEN>& lengths = bindings.lengths;
  wholes.resize(parameters.size());
  lengths.resize(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    const auto number = static_cast<SQLUSMALLINT>(i + 1);
    SQLRETURN bound = SQL_ERROR;
    if (parameter.is_whole()) {
      wholes[i] = parameter.whole();
      bound = SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 19, 0,
                               &wholes[i], 0, nullptr);
    } else {
      const std::string& value = parameter.text();
      lengths[i] = static_cast<SQLLEN>(value.size());
      bound =
          SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                           std::max<SQLULEN>(1, value.size()), 0, const_cast<char*>(value.c_str()),
                           static_cast<SQLLEN>(value.size() + 1), &lengths[i]);
    }
    if (!SQL_SUCCEEDED(bound)) return fail(SQL_HANDLE_STMT, statement, "a value cannot be bound");
  }
  if (std::chrono::steady_clock::now() >= deadline) {
    return failed(ErrorCode::unavailable, "there was no time left to ask the database", *settings_);
  }
  executed = SQLExecute(statement);
  if (executed != SQL_NO_DATA && !SQL_SUCCEEDED(executed))
    return fail(SQL_HANDLE_STMT, statement, "the statement failed");
  return {};
}

std::optional<Connection::Outcome> Connection::over(std::int64_t rows, std::int64_t bytes,
                                                    Deadline deadline, bool row_given) const {
  Outcome outcome;
  if (rows > settings_->rows_max) {
    outcome = failed(ErrorCode::internal,
                     "the result has more than " + std::to_string(settings_->rows_max) + " rows",
                     *settings_);
  } else if (bytes > settings_->bytes_max) {
    outcome = failed(ErrorCode::internal,
                     "the result has more than " + std::to_string(settings_->bytes_max) + " bytes",
                     *settings_);
  } else if (std::chrono::steady_clock::now() >= deadline) {
    outcome = failed(ErrorCode::unavailable, "the database did not answer in time", *settings_);
  } else {
    return std::nullopt;
  }
  outcome.row_given = row_given;
  return outcome;
}

Connection::Outcome Connection::fetch(SQLHSTMT statement, Deadline deadline,
                                      const RowReader& each) {
  Outcome outcome;
  SQLSMALLINT columns = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(statement, &columns))) {
    return fail(SQL_HANDLE_STMT, statement, "the result has no columns");
  }
  buffer_.resize(4096);
  Row row(static_cast<std::size_t>(columns));
  const std::vector<bool> bytes_of_page = coded(statement, columns);
  std::optional<CodePage> page;
  if (!settings_->code_page.empty()) {
    page.emplace(settings_->code_page);
    if (!page->known()) {
      return failed(ErrorCode::internal,
                    "the code page " + settings_->code_page + " is not known to iconv", *settings_);
    }
  }
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (;;) {
    const SQLRETURN fetched = SQLFetch(statement);
    if (fetched == SQL_NO_DATA) return outcome;
    if (!SQL_SUCCEEDED(fetched)) {
      Outcome broken = fail(SQL_HANDLE_STMT, statement, "the result broke off");
      broken.row_given = outcome.row_given;
      return broken;
    }
    ++rows;
    for (SQLSMALLINT column = 0; column < columns; ++column) {
      Value& value = row[static_cast<std::size_t>(column)];
      const bool converted = bytes_of_page[static_cast<std::size_t>(column)];
      if (!read_value(statement, static_cast<SQLUSMALLINT>(column + 1),
                      converted ? SQL_C_BINARY : SQL_C_CHAR, value, outcome)) {
        return outcome;
      }
      if (converted && value) {
        auto text = page->utf8(*value);
        if (!text) {
          const bool given = outcome.row_given;
          outcome = failed(ErrorCode::internal,
                           "column " + std::to_string(column + 1) + ": " + text.error().message,
                           *settings_);
          outcome.row_given = given;
          return outcome;
        }
        value = std::move(text).value();
      }
      bytes += static_cast<std::int64_t>(value ? value->size() : 0);
    }
    if (auto ended = over(rows, bytes, deadline, outcome.row_given)) return *ended;
    outcome.row_given = true;
    if (!each(row)) return outcome;
  }
}

Connection::Outcome Connection::fetch_blocks(SQLHSTMT statement, Deadline deadline,
                                             const Reader& reader) {
  static_assert(sizeof(SQLLEN) == sizeof(std::int64_t));
  Outcome outcome;
  SQLSMALLINT columns = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(statement, &columns))) {
    return fail(SQL_HANDLE_STMT, statement, "the result has no columns");
  }
  const std::vector<bool> bytes_of_page = coded(statement, columns);
  if (std::find(bytes_of_page.begin(), bytes_of_page.end(), true) != bytes_of_page.end()) {
    return failed(ErrorCode::internal, "columns in a code page do not come in blocks", *settings_);
  }
  const auto rows_max = static_cast<std::size_t>(std::max(1, reader.shape.rows));
  Block block(static_cast<std::size_t>(columns), rows_max, reader.shape.value_max);
  SQLULEN fetched_rows = 0;
  std::vector<SQLUSMALLINT> states(rows_max, SQL_ROW_SUCCESS);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_BIND_TYPE,
                 reinterpret_cast<SQLPOINTER>(SQLULEN{SQL_BIND_BY_COLUMN}), 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE,
                 reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(rows_max)), 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &fetched_rows, 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_STATUS_PTR, states.data(), 0);
  for (std::size_t column = 0; column < block.columns(); ++column) {
    const SQLRETURN bound = SQLBindCol(
        statement, static_cast<SQLUSMALLINT>(column + 1), SQL_C_CHAR,
        block.bytes_.data() + column * rows_max * block.stride_, static_cast<SQLLEN>(block.stride_),
        reinterpret_cast<SQLLEN*>(block.lengths_.data() + column * rows_max));
    if (!SQL_SUCCEEDED(bound)) return fail(SQL_HANDLE_STMT, statement, "a column cannot be bound");
  }
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (;;) {
    const SQLRETURN fetched = SQLFetch(statement);
    if (fetched == SQL_NO_DATA) return outcome;
    if (!SQL_SUCCEEDED(fetched)) {
      Outcome broken = fail(SQL_HANDLE_STMT, statement, "the result broke off");
      broken.row_given = outcome.row_given;
      return broken;
    }
    block.rows_ = std::min<std::size_t>(fetched_rows, rows_max);
    rows += static_cast<std::int64_t>(block.rows_);
    for (std::size_t row = 0; row < block.rows_; ++row) {
      if (states[row] != SQL_ROW_ERROR) continue;
      Outcome broken = fail(SQL_HANDLE_STMT, statement, "a row cannot be read");
      broken.row_given = outcome.row_given;
      return broken;
    }
    for (std::size_t column = 0; column < block.columns(); ++column) {
      for (std::size_t row = 0; row < block.rows_; ++row) {
        const std::int64_t length = block.lengths_[column * rows_max + row];
        if (length == SQL_NULL_DATA) continue;
        // Cut short, or of a length that the driver does not know.
        if (length < 0 || static_cast<std::size_t>(length) >= block.stride_) {
          Outcome cut = failed(ErrorCode::internal,
                               "column " + std::to_string(column + 1) + " has more than " +
                                   std::to_string(reader.shape.value_max) + " bytes",
                               *settings_);
          cut.row_given = outcome.row_given;
          return cut;
        }
        bytes += length;
      }
    }
    if (auto ended = over(rows, bytes, deadline, outcome.row_given)) return *ended;
    outcome.row_given = true;
    if (!(*reader.block)(block)) return outcome;
  }
}

std::vector<bool> Connection::coded(SQLHSTMT statement, SQLSMALLINT columns) const {
  std::vector<bool> result(static_cast<std::size_t>(columns), false);
  if (settings_->code_page.empty()) return result;
  for (SQLSMALLINT column = 0; column < columns; ++column) {
    SQLLEN type = 0;
    SQLColAttribute(statement, static_cast<SQLUSMALLINT>(column + 1), SQL_DESC_CONCISE_TYPE,
                    nullptr, 0, nullptr, &type);
    result[static_cast<std::size_t>(column)] =
        type == SQL_BINARY || type == SQL_VARBINARY || type == SQL_LONGVARBINARY;
  }
  return result;
}

// A value longer than the buffer comes in parts, text with a NUL behind each that is not counted.
bool Connection::read_value(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, Value& value,
                            Outcome& outcome) {
  const std::size_t room = buffer_.size() - (type == SQL_C_CHAR ? 1 : 0);
  if (!value) value.emplace();
  value->clear();
  for (;;) {
    SQLLEN length = 0;
    const SQLRETURN got = SQLGetData(statement, column, type, buffer_.data(),
                                     static_cast<SQLLEN>(buffer_.size()), &length);
    if (got == SQL_NO_DATA) return true;
    if (!SQL_SUCCEEDED(got)) {
      const bool given = outcome.row_given;
      outcome = fail(SQL_HANDLE_STMT, statement, "a value cannot be read");
      outcome.row_given = given;
      return false;
    }
    if (length == SQL_NULL_DATA) {
      value.reset();
      return true;
    }
    const bool more = length == SQL_NO_TOTAL || length > static_cast<SQLLEN>(room);
    value->append(buffer_.data(), more ? room : static_cast<std::size_t>(length));
    if (value->size() > settings_->value_max) {
      const bool given = outcome.row_given;
      outcome = failed(ErrorCode::internal,
                       "column " + std::to_string(column) + " has more than " +
                           std::to_string(settings_->value_max) + " bytes",
                       *settings_);
      outcome.row_given = given;
      return false;
    }
    if (!more) return true;
  }
}

}  // namespace underpin::legacy::odbc
