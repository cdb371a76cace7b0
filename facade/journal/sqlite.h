#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

// A thin, throwing wrapper over the SQLite C API for the journal's own files. Nothing thrown here
// passes the journal's port. Thread rule: a Connection belongs to one thread at a time.
namespace underpin::facade::journal {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(const std::string& what, int code) : std::runtime_error(what), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

class Connection;

// A prepared statement, reused. Bind in order, then step; reset before the next use.
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

  void execute(const char* sql);
  // The statement for this text, prepared once; reset and ready for binding.
  Statement& prepared(const char* sql);
  std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_); }
  int changes() const { return sqlite3_changes(handle_); }
  sqlite3* handle() const { return handle_; }
  [[noreturn]] void fail(const char* doing) const;

 private:
  sqlite3* handle_ = nullptr;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
};

}  // namespace underpin::facade::journal
