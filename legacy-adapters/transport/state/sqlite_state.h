#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace underpin::legacy::state {

struct StateFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
  bool unique = false;  // A key is there already.
};

class StateStatement;

// A SQLite file in the adapter's state folder; durable when a transaction has committed
// (synchronous FULL). Not for several threads at once. Failures throw StateFailure.
class StateDatabase {
 public:
  explicit StateDatabase(const std::string& file);
  void run(const char* sql);
  StateStatement prepare(std::string_view sql);

 private:
  friend class StateTransaction;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

class StateStatement {
 public:
  StateStatement& bind(int index, std::string_view text);
  StateStatement& bind(int index, std::int64_t whole);
  StateStatement& bind_null(int index);
  bool step();  // True when there is a row.
  void reset();
  std::string text(int column) const;
  std::int64_t whole(int column) const;
  bool is_null(int column) const;
  void once();  // Steps through and resets: for statements without rows.

 private:
  friend class StateDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit StateStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Rolls back unless committed.
class StateTransaction {
 public:
  explicit StateTransaction(StateDatabase& database);
  ~StateTransaction();
  StateTransaction(const StateTransaction&) = delete;
  StateTransaction& operator=(const StateTransaction&) = delete;
  void commit();

 private:
  StateDatabase& database_;
  bool open_ = true;
};

}  // namespace underpin::legacy::state
