#include "facade/journal/sqlite.h"

namespace underpin::facade::journal {

Statement::Statement(Connection& connection, const char* sql) : connection_(connection) {
  if (sqlite3_prepare_v3(connection.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_,
                         nullptr) != SQLITE_OK)
    connection.fail(sql);
}

Statement& Statement::bind(std::string_view text) {
  // An empty view may have no address, which SQLite would bind as NULL.
  check_bound(sqlite3_bind_text64(handle_, ++bound_, text.empty() ? "" : text.data(), text.size(),
                                  SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  check_bound(sqlite3_bind_int64(handle_, ++bound_, number));
  return *this;
}

void Statement::check_bound(int code) const {
  if (code != SQLITE_OK) connection_.fail(sqlite3_sql(handle_));
}

bool Statement::step() {
  if (connection_.transaction_required() && !connection_.in_transaction())
    connection_.fail("the transaction has ended");
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.fail(sqlite3_sql(handle_));
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

Connection::Connection(const std::string& file, const std::string& vfs, bool writable) {
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE);
  if (sqlite3_open_v2(file.c_str(), &handle_, flags, vfs.empty() ? nullptr : vfs.c_str()) !=
      SQLITE_OK) {
    const std::string why = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle_);
    sqlite3_close(handle_);
    throw SqliteError("journal " + file + ": " + why, code);
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, busy_timeout_ms);
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

void Connection::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

Statement& Connection::prepared(const char* sql) {
  auto found = statements_.find(std::string_view(sql));
  if (found == statements_.end())
    found = statements_.emplace(sql, std::make_unique<Statement>(*this, sql)).first;
  found->second->reset();
  return *found->second;
}

void Connection::fail(const char* doing) {
  ++errors_;
  last_error_ = sqlite3_extended_errcode(handle_);
  throw SqliteError("journal: " + std::string(sqlite3_errmsg(handle_)) + " (" +
                        std::string(doing == nullptr ? "" : doing).substr(0, 80) + ")",
                    last_error_);
}

}  // namespace underpin::facade::journal
