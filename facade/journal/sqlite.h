#pragma once

#include "facade/journal/journal.h"
#include "facade/journal/store_error.h"

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

// A thin, throwing wrapper over the SQLite C API for the journal's own files. Nothing thrown here
// passes the journal's port. Thread rule: a Connection belongs to one thread at a time.
namespace underpin::facade::journal {

class SqliteError : public StoreError {
 public:
  SqliteError(const std::string& what, int code) : StoreError(what), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

class Connection;

// A prepared statement, reused. Bind in order, then step; reset before the next use.
//
// What step() throws is also counted by the connection, so that work which swallows an error cannot
// have its half committed.
class Statement {
 public:
  Statement(Connection& connection, const char* sql);
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Statement& bind(bool flag) { return bind(std::int64_t{flag}); }
  bool step();  // True: a row. False: done.
  void run();   // Steps to the end and resets.
  void reset();

  std::string text(int column) const;
  std::int64_t number(int column) const { return sqlite3_column_int64(handle_, column); }
  bool flag(int column) const { return number(column) != 0; }

 private:
  void check_bound(int code) const;

  Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

class Connection {
 public:
  Connection(const std::string& file, const std::string& vfs, bool writable);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  using Prepared = Statement;
  static constexpr bool shared = false;
  static constexpr const char* clock_sql =
      "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000";
  void announce_plan() const {}  // Nobody else is there.
  static constexpr int busy_timeout_ms = 5'000;
  static std::string index_hint(const char* index) { return std::string(" INDEXED BY ") + index; }

  SafetyRules rules;

  void execute(const char* sql);
  // The statement for this text, prepared once; reset and ready for binding.
  Statement& prepared(const char* sql);
  int changes() const { return sqlite3_changes(handle_); }
  sqlite3* handle() const { return handle_; }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

  // While on, a statement outside a transaction is an error. SQLite ends a transaction by itself on
  // some failures (disk full, I/O error); what came after would then commit piece by piece.
  void require_transaction(bool required) { transaction_required_ = required; }
  bool transaction_required() const { return transaction_required_; }
  std::int64_t errors() const { return errors_; }
  int last_error() const { return last_error_; }  // SQLite's extended code; 0: none yet.
  [[noreturn]] void fail(const char* doing);

 private:
  sqlite3* handle_ = nullptr;
  bool transaction_required_ = false;
  std::int64_t errors_ = 0;
  int last_error_ = 0;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
};

}  // namespace underpin::facade::journal
