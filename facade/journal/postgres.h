#pragma once

#include "facade/journal/journal.h"
#include "facade/journal/store_error.h"

#include <libpq-fe.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// A thin, throwing wrapper over libpq for the journal, of the same shape as sqlite.h, so that both
// stores run one text of every statement. Nothing thrown here passes the journal's port. Every wait
// for the server has a deadline; who misses it has lost the connection. Thread rule: a PgConnection
// belongs to one thread at a time.
namespace underpin::facade::journal {

class PgError : public StoreError {
 public:
  PgError(const std::string& what, std::string state)
      : StoreError(what), state_(std::move(state)) {}
  const std::string& state() const { return state_; }  // SQLSTATE; empty: none.

 private:
  std::string state_;
};

// A text as PostgreSQL can keep it, and back: what is no UTF-8, and NUL, travels as 0x1A and two
// hexadecimal digits, so that an ERP's message or a channel's key is kept byte by byte.
std::string to_pg_text(std::string_view text);
std::string from_pg_text(std::string_view text);

std::string pg_quoted(const std::string& identifier);
std::string pg_literal(const std::string& value);
// The statement that makes writers of one schema come one after the other, until their transaction
// ends.
std::string pg_writers_lock(const std::string& schema);

class PgConnection;

// A prepared statement, reused. Bind in order, then step; reset before the next use. Parameters are
// written as ?, as for SQLite.
class PgStatement {
 public:
  PgStatement(PgConnection& connection, std::string name)
      : connection_(connection), name_(std::move(name)) {}
  ~PgStatement() { reset(); }
  PgStatement(const PgStatement&) = delete;
  PgStatement& operator=(const PgStatement&) = delete;

  PgStatement& bind(std::string_view text);
  PgStatement& bind(std::int64_t number);
  PgStatement& bind(bool flag) { return bind(std::int64_t{flag}); }
  bool step();  // True: a row. False: done.
  // Executes and resets. It may be sent with the next statement whose result is asked for, and fail
  // there: see PgConnection::flush.
  void run();
  void reset();

  std::string text(int column) const;
  std::int64_t number(int column) const;
  bool flag(int column) const { return number(column) != 0; }
  const std::string& name() const { return name_; }

 private:
  PgConnection& connection_;
  const std::string name_;
  std::vector<std::string> values_;
  PGresult* result_ = nullptr;
  int row_ = -1;
};

struct PgSettings {
  std::string connection;  // URI or keyword=value text, as libpq reads it.
  std::string schema;      // Every table lives here.
  std::int64_t connect_ms = 3'000;
  std::int64_t answer_ms = 15'000;  // For one statement; longer than any lock is waited for.
  std::int64_t lock_ms = 8'000;
  // A session that stands still inside a transaction longer than this is ended by the server: a
  // stopped process holds nobody up.
  std::int64_t stall_ms = 3'000;
  // Every transaction only reads, and sees one snapshot, also one that nobody has begun: statements
  // that are sent together.
  bool snapshots = false;
};

class PgConnection {
 public:
  explicit PgConnection(const PgSettings& settings);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  using Prepared = PgStatement;
  static constexpr bool shared = true;
  static constexpr const char* clock_sql =
      "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
  void announce_plan();                // To every session that listens, when this commits.
  void listen();                       // From now on.
  bool heard(std::int64_t within_ms);  // An announcement arrived; waits at most so long.
  static std::string index_hint(const char*) { return {}; }
  SafetyRules rules;  // All of them, always.

  // One or several statements without parameters; returns when they are done.
  void execute(const std::string& sql);
  // One statement, of which nobody waits for the end: it is sent together with the next one that is
  // waited for. What fails is thrown there, and what was sent after it was not executed. Prepared
  // once, so the texts must be few.
  void later(const std::string& sql) { prepared(sql.c_str()).run(); }
  void flush();  // Waits for everything that was run or put off.
  // Ends the transaction without waiting for it; the next use takes the answer.
  void roll_back_unawaited();
  // A connection at rest: has the server not ended it? Asks nothing of the server.
  bool alive();
  // The statement for this text, prepared once; reset and ready for binding.
  PgStatement& prepared(const char* sql);
  int changes();  // Of the last statement.
  std::int64_t errors() const { return errors_; }
  std::int64_t messages() const { return messages_; }  // That were sent to the server so far.
  bool lost() const { return lost_; }
  bool in_transaction() const;
  PGconn* handle() const { return handle_; }
  const PgSettings& settings() const { return settings_; }

 private:
  friend class PgStatement;
  struct Waiting {
    std::string name;  // Of a prepared statement.
    std::vector<std::string> values;
  };
  PGresult* run_prepared(const std::string& name, const std::vector<std::string>& values);
  PGresult* send_waiting();  // All of it at once; the result of the last.
  void send(const Waiting& one);
  std::string text_of(const std::string& name) const;
  void take_unawaited();
  PGresult* answer(const std::string& doing);  // Of the query that was sent.
  void push_out(std::int64_t until_ms, const std::string& doing);
  PGresult* next_result(std::int64_t until_ms, const std::string& doing);
  [[noreturn]] void fail(const PGresult* result, const std::string& doing);
  void wait_for(bool writing, std::int64_t until_ms, const std::string& doing);
  [[noreturn]] void lose(const std::string& why);

  const PgSettings settings_;
  PGconn* handle_ = nullptr;
  bool lost_ = false;
  bool unawaited_ = false;  // The end of a transaction was sent, its answer not taken yet.
  std::vector<Waiting> waiting_;
  int changes_ = 0;
  std::int64_t errors_ = 0;
  std::int64_t messages_ = 0;
  std::map<std::string, std::unique_ptr<PgStatement>, std::less<>> statements_;
};

}  // namespace underpin::facade::journal
