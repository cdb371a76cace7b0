#include "facade/journal/postgres.h"

#include "facade/journal/schema.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <utility>

namespace underpin::facade::journal {
namespace {

constexpr char escape = '\x1a';

// The length of the UTF-8 sequence that `text` begins with; 0: none that PostgreSQL accepts.
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  if (first < 0x80) return first == 0 || text[0] == escape ? 0 : 1;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  if (first >= 0xe0 && first <= 0xef) length = 3;
  if (first >= 0xf0 && first <= 0xf4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool beyond = first == 0xf4 && second > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string trimmed(const char* message) {
  std::string text = message == nullptr ? "" : message;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Names are cut at 63 bytes: a schema's name is at most that long, so it is shortened to fit.
std::string plan_channel(const std::string& schema) {
  return "plan " + schema.substr(schema.size() > 58 ? schema.size() - 58 : 0);
}

}  // namespace

std::string pg_quoted(const std::string& identifier) {
  std::string text = "\"";
  for (const char c : identifier) {
    if (c == '"') text += c;
    text += c;
  }
  return text + "\"";
}

std::string pg_literal(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'') text += c;
    text += c;
  }
  return text + "'";
}

std::string pg_writers_lock(const std::string& schema) {
  return "SELECT pg_advisory_xact_lock(" + std::to_string(application_id) + ", hashtext(" +
         pg_literal(schema) + "))";
}

std::string to_pg_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string kept;
  kept.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence(text);
    if (length > 0) {
      kept += text.substr(0, length);
      text.remove_prefix(length);
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[0]);
    kept += escape;
    kept += digits[byte >> 4U];
    kept += digits[byte & 0xfU];
    text.remove_prefix(1);
  }
  return kept;
}

std::string from_pg_text(std::string_view text) {
  if (text.find(escape) == std::string_view::npos) return std::string(text);
  std::string given;
  given.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == escape && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ec == std::errc{}) {
      given += static_cast<char>(byte);
      i += 2;
    } else {
      given += text[i];
    }
  }
  return given;
}

// ---- statement -------------------------------------------------------------------------------

PgStatement& PgStatement::bind(std::string_view text) {
  values_.push_back(to_pg_text(text));
  return *this;
}

PgStatement& PgStatement::bind(std::int64_t number) {
  values_.push_back(std::to_string(number));
  return *this;
}

bool PgStatement::step() {
  if (result_ == nullptr) {
    result_ = connection_.run_prepared(name_, values_);
    row_ = -1;
  }
  return ++row_ < PQntuples(result_);
}

void PgStatement::run() {
  connection_.waiting_.push_back({name_, std::move(values_)});
  reset();
}

void PgStatement::reset() {
  PQclear(result_);
  result_ = nullptr;
  row_ = -1;
  values_.clear();
}

std::string PgStatement::text(int column) const {
  return from_pg_text({PQgetvalue(result_, row_, column),
                       static_cast<std::size_t>(PQgetlength(result_, row_, column))});
}

std::int64_t PgStatement::number(int column) const {
  const char* text = PQgetvalue(result_, row_, column);
  const int length = PQgetlength(result_, row_, column);
  std::int64_t value = 0;  // NULL reads as 0, as in SQLite.
  std::from_chars(text, text + length, value);
  return value;
}

// ---- connection ------------------------------------------------------------------------------

PgConnection::PgConnection(const PgSettings& settings) : settings_(settings) {
  // libpq counts in seconds here, and takes less than two as two.
  const std::string connect_s =
      std::to_string(std::max<std::int64_t>(settings_.connect_ms / 1000, 2));
  const std::string answer_ms = std::to_string(settings_.answer_ms);
  // The first "dbname" is expanded into everything it says; what follows wins over it.
  const std::array<const char*, 9> keys{
      "dbname",           "client_encoding",           "connect_timeout",
      "tcp_user_timeout", "keepalives_idle",           "keepalives_interval",
      "keepalives_count", "fallback_application_name", nullptr};
  const std::array<const char*, 9> values{settings_.connection.c_str(),
                                          "UTF8",
                                          connect_s.c_str(),
                                          answer_ms.c_str(),
                                          "5",
                                          "2",
                                          "3",
                                          "underpin",
                                          nullptr};
  handle_ = PQconnectdbParams(keys.data(), values.data(), 1);
  if (handle_ == nullptr || PQstatus(handle_) != CONNECTION_OK) {
    const std::string why = trimmed(PQerrorMessage(handle_));
    PQfinish(handle_);
    throw PgError("journal: " + why, "");
  }
  try {
    PQsetNoticeProcessor(
        handle_, [](void*, const char*) {}, nullptr);
    PQsetnonblocking(handle_, 1);
    execute("SET search_path TO " + pg_quoted(settings_.schema) +
            "; SET lock_timeout = " + std::to_string(settings_.lock_ms) +
            "; SET idle_in_transaction_session_timeout = " + std::to_string(settings_.stall_ms) +
            "; SET statement_timeout = " + std::to_string(settings_.answer_ms) +
            (settings_.snapshots ? "; SET default_transaction_isolation = 'repeatable read'"
                                   "; SET default_transaction_read_only = on"
                                 : "") +
            // An answer to a channel means that the disk has it; more than that is the server's
            // own setting.
            "; SELECT set_config('synchronous_commit', 'on', false) WHERE "
            "current_setting('synchronous_commit') = 'off'");
  } catch (...) {
    PQfinish(handle_);
    throw;
  }
}

PgConnection::~PgConnection() {
  statements_.clear();
  PQfinish(handle_);
}

bool PgConnection::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(handle_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void PgConnection::lose(const std::string& why) {
  lost_ = true;
  ++errors_;
  throw PgError("journal: the connection was lost: " + why, "");
}

void PgConnection::wait_for(bool writing, std::int64_t until_ms, const std::string& doing) {
  pollfd wanted{PQsocket(handle_), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
  while (true) {
    const std::int64_t left = until_ms - now_ms();
    if (left <= 0)
      lose("no answer within " + std::to_string(settings_.answer_ms) + " ms (" + doing + ")");
    const int ready = ::poll(&wanted, 1, static_cast<int>(left));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) lose("poll failed");
  }
}

void PgConnection::push_out(std::int64_t until_ms, const std::string& doing) {
  while (true) {
    const int unsent = PQflush(handle_);
    if (unsent == 0) return;
    if (unsent < 0) lose(trimmed(PQerrorMessage(handle_)));
    wait_for(true, until_ms, doing);
    if (PQconsumeInput(handle_) == 0) lose(trimmed(PQerrorMessage(handle_)));
  }
}

PGresult* PgConnection::next_result(std::int64_t until_ms, const std::string& doing) {
  while (PQisBusy(handle_) == 1) {
    wait_for(false, until_ms, doing);
    if (PQconsumeInput(handle_) == 0) lose(trimmed(PQerrorMessage(handle_)));
  }
  return PQgetResult(handle_);
}

void PgConnection::fail(const PGresult* result, const std::string& doing) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string code = state == nullptr ? "" : state;
  const std::string why =
      trimmed(result == nullptr ? PQerrorMessage(handle_) : PQresultErrorMessage(result));
  if (PQstatus(handle_) != CONNECTION_OK) lose(why);
  ++errors_;
  throw PgError("journal: " + why + " (" + text_of(doing).substr(0, 80) + ")", code);
}

namespace {

struct Cleared {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Held = std::unique_ptr<PGresult, Cleared>;

bool good(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return result != nullptr && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
}

}  // namespace

PGresult* PgConnection::answer(const std::string& doing) {
  const std::int64_t until_ms = now_ms() + settings_.answer_ms;
  push_out(until_ms, doing);
  Held last;
  while (PGresult* next = next_result(until_ms, doing)) last.reset(next);
  if (!good(last.get())) fail(last.get(), doing);
  changes_ = std::atoi(PQcmdTuples(last.get()));
  return last.release();
}

void PgConnection::send(const Waiting& one) {
  std::vector<const char*> texts;
  texts.reserve(one.values.size());
  for (const std::string& value : one.values) texts.push_back(value.c_str());
  if (PQsendQueryPrepared(handle_, one.name.c_str(), static_cast<int>(texts.size()), texts.data(),
                          nullptr, nullptr, 0) != 1)
    lose(trimmed(PQerrorMessage(handle_)));
}

// One message to the server and one back, however many statements: what follows one that fails is
// not executed.
PGresult* PgConnection::send_waiting() {
  take_unawaited();
  const std::vector<Waiting> all = std::exchange(waiting_, {});
  ++messages_;
  if (all.size() == 1) {
    send(all.front());
    return answer(all.front().name);
  }
  const std::int64_t until_ms = now_ms() + settings_.answer_ms;
  if (PQenterPipelineMode(handle_) != 1) lose(trimmed(PQerrorMessage(handle_)));
  for (const Waiting& one : all) send(one);
  if (PQpipelineSync(handle_) != 1) lose(trimmed(PQerrorMessage(handle_)));
  push_out(until_ms, "a pipeline");
  Held last;
  Held failed;
  std::string failed_doing;
  for (const Waiting& one : all) {
    last.reset();
    while (PGresult* next = next_result(until_ms, "a pipeline")) last.reset(next);
    if (good(last.get()) || failed) continue;
    failed = std::move(last);
    failed_doing = one.name;
    if (!failed) break;  // Nothing more will come.
  }
  if (failed_doing.empty()) {
    changes_ = std::atoi(PQcmdTuples(last.get()));
  } else if (!failed) {
    fail(nullptr, failed_doing);
  }
  PQclear(next_result(until_ms, "the end of a pipeline"));
  if (PQstatus(handle_) != CONNECTION_OK || PQexitPipelineMode(handle_) != 1)
    lose(failed ? trimmed(PQresultErrorMessage(failed.get())) : trimmed(PQerrorMessage(handle_)));
  if (failed) fail(failed.get(), failed_doing);
  return last.release();
}

void PgConnection::take_unawaited() {
  if (!std::exchange(unawaited_, false)) return;
  PQclear(answer("ROLLBACK"));
}

// For messages about failures.
std::string PgConnection::text_of(const std::string& name) const {
  for (const auto& [sql, statement] : statements_)
    if (statement->name() == name) return sql;
  return name;
}

void PgConnection::flush() {
  if (!waiting_.empty()) PQclear(send_waiting());
}

int PgConnection::changes() {
  flush();
  return changes_;
}

void PgConnection::roll_back_unawaited() {
  waiting_.clear();
  if (!in_transaction()) return;
  if (PQsendQuery(handle_, "ROLLBACK") != 1) lose(trimmed(PQerrorMessage(handle_)));
  unawaited_ = true;
  push_out(now_ms() + settings_.answer_ms, "ROLLBACK");
}

bool PgConnection::alive() {
  try {
    take_unawaited();
    // Whoever is at rest hears of the end alone, after a message or two why.
    pollfd wanted{PQsocket(handle_), POLLIN, 0};
    for (int i = 0; i < 4 && ::poll(&wanted, 1, 0) > 0; ++i)
      if (PQconsumeInput(handle_) == 0) lose(trimmed(PQerrorMessage(handle_)));
    return PQstatus(handle_) == CONNECTION_OK;
  } catch (const PgError&) {
    return false;
  }
}

void PgConnection::execute(const std::string& sql) {
  flush();
  take_unawaited();
  if (PQsendQuery(handle_, sql.c_str()) != 1) lose(trimmed(PQerrorMessage(handle_)));
  PQclear(answer(sql));
}

PGresult* PgConnection::run_prepared(const std::string& name,
                                     const std::vector<std::string>& values) {
  waiting_.push_back({name, values});
  return send_waiting();
}

PgStatement& PgConnection::prepared(const char* sql) {
  auto found = statements_.find(std::string_view(sql));
  if (found == statements_.end()) {
    std::string numbered;
    int parameter = 0;
    for (const char* c = sql; *c != '\0'; ++c) {
      if (*c == '?') {
        numbered += '$' + std::to_string(++parameter);
      } else {
        numbered += *c;
      }
    }
    // With its first word, for who reads the server's log or listens on the line.
    const std::string name =
        numbered.substr(0, numbered.find(' ')) + " " + std::to_string(statements_.size());
    take_unawaited();
    if (PQsendPrepare(handle_, name.c_str(), numbered.c_str(), 0, nullptr) != 1)
      lose(trimmed(PQerrorMessage(handle_)));
    PQclear(answer(numbered));
    found = statements_.emplace(sql, std::make_unique<PgStatement>(*this, name)).first;
  }
  found->second->reset();
  return *found->second;
}

void PgConnection::announce_plan() {
  prepared("SELECT pg_notify(?, '')").bind(plan_channel(settings_.schema)).run();
}

void PgConnection::listen() { execute("LISTEN " + pg_quoted(plan_channel(settings_.schema))); }

bool PgConnection::heard(std::int64_t within_ms) {
  const std::int64_t until_ms = now_ms() + within_ms;
  while (true) {
    if (PQconsumeInput(handle_) == 0) lose(trimmed(PQerrorMessage(handle_)));
    bool any = false;
    while (PGnotify* told = PQnotifies(handle_)) {
      PQfreemem(told);
      any = true;
    }
    const std::int64_t left = until_ms - now_ms();
    if (any || left <= 0) return any;
    pollfd wanted{PQsocket(handle_), POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(left));
  }
}

}  // namespace underpin::facade::journal
