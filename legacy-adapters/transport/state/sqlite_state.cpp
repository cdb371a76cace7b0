#include "legacy-adapters/transport/state/sqlite_state.h"

#include <sqlite3.h>

namespace underpin::legacy::state {
namespace {

[[noreturn]] void fail(sqlite3* database, std::string_view doing) {
  StateFailure failure(std::string(doing) + ": " +
                       (database != nullptr ? sqlite3_errmsg(database) : "out of memory"));
  failure.unique = database != nullptr && sqlite3_errcode(database) == SQLITE_CONSTRAINT;
  throw failure;
}

}  // namespace

void StateDatabase::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

StateDatabase::StateDatabase(const std::string& file) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) fail(opened, file + " cannot be opened");
  sqlite3_busy_timeout(opened, 2'000);
  run("PRAGMA journal_mode=WAL");
  run("PRAGMA synchronous=FULL");
}

void StateDatabase::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(database_.get(), sql);
  }
}

StateStatement StateDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    fail(database_.get(), sql);
  }
  return StateStatement(statement);
}

void StateStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

StateStatement& StateStatement::bind(int index, std::string_view text) {
  sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

StateStatement& StateStatement::bind(int index, std::int64_t whole) {
  sqlite3_bind_int64(statement_.get(), index, whole);
  return *this;
}

StateStatement& StateStatement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

bool StateStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(statement_.get());
  StateFailure failure(sqlite3_errmsg(database));
  failure.unique = (code & 0xff) == SQLITE_CONSTRAINT;
  sqlite3_reset(statement_.get());
  throw failure;
}

void StateStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::string StateStatement::text(int column) const {
  const unsigned char* value = sqlite3_column_text(statement_.get(), column);
  if (value == nullptr) return {};
  return {reinterpret_cast<const char*>(value),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t StateStatement::whole(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool StateStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void StateStatement::once() {
  while (step()) {
  }
  reset();
}

StateTransaction::StateTransaction(StateDatabase& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

StateTransaction::~StateTransaction() {
  if (open_) sqlite3_exec(database_.database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void StateTransaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace underpin::legacy::state
