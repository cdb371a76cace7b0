#include "legacy-adapters/iseries_batch/state.h"

namespace underpin::legacy::iseries_batch {
namespace {

using state::StateDatabase;
using state::StateStatement;

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS request (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  file INTEGER NOT NULL,            -- FileKind
  subject TEXT NOT NULL,
  action TEXT NOT NULL,
  records TEXT NOT NULL,
  content TEXT NOT NULL,
  state INTEGER NOT NULL,           -- RequestState
  run INTEGER,                      -- Of the file that it went into.
  document TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '',
  line INTEGER NOT NULL DEFAULT 0,
  made TEXT NOT NULL,
  key TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS request_subject ON request (file, subject, seq);
CREATE INDEX IF NOT EXISTS request_run ON request (run) WHERE run IS NOT NULL;
CREATE INDEX IF NOT EXISTS request_open ON request (state, seq) WHERE state < 2;
CREATE INDEX IF NOT EXISTS request_answered ON request (made) WHERE state >= 2;
CREATE TABLE IF NOT EXISTS demand (   -- Of unanswered writes, and of accepted ones of these days.
  seq INTEGER NOT NULL, sku TEXT NOT NULL, location TEXT NOT NULL, quantity TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS demand_seq ON demand (seq);
CREATE INDEX IF NOT EXISTS demand_sku ON demand (sku);
CREATE TABLE IF NOT EXISTS demand_answered (   -- Accepted by a status file made then; microseconds.
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS out_file (
  run INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  made TEXT NOT NULL,
  sent INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS in_run (
  kind INTEGER NOT NULL, run INTEGER NOT NULL, checksum TEXT NOT NULL,
  PRIMARY KEY (kind, run)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  feed TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL,
  UNIQUE (feed, key));
CREATE TABLE IF NOT EXISTS lost (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, found INTEGER NOT NULL);  -- Microseconds.
CREATE TABLE IF NOT EXISTS lost_answer (seq INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS orders (
  document TEXT PRIMARY KEY, reference TEXT NOT NULL, customer TEXT NOT NULL, closed INTEGER NOT NULL,
  held INTEGER NOT NULL, run INTEGER NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_reference ON orders (reference);
CREATE TABLE IF NOT EXISTS order_untold (   -- Accepted by a run, and no record has come since.
  subject TEXT PRIMARY KEY, run INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS customer_told (  -- What had been sent when the last record came.
  number TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS returns (
  document TEXT PRIMARY KEY, order_document TEXT NOT NULL, reference TEXT NOT NULL,
  invoice TEXT NOT NULL, run INTEGER NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS returns_reference ON returns (reference);
CREATE INDEX IF NOT EXISTS returns_order ON returns (order_document);
CREATE TABLE IF NOT EXISTS customers (
  number TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, price_group TEXT NOT NULL,
  deleted INTEGER NOT NULL, run INTEGER NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS customers_email ON customers (email);
)";

constexpr const char* columns =
    "seq, file, subject, action, records, content, state, document, reason, text, line, made, key, "
    "run IS NOT NULL, told";

std::string select(const char* condition) {
  return std::string("SELECT ") + columns + " FROM request WHERE " + condition;
}

std::string name_of(FileKind kind, std::int64_t run) {
  std::string number = std::to_string(run);
  number.insert(0, 9 - std::min<std::size_t>(9, number.size()), '0');
  return std::string(prefix(kind)) + number + ".DAT";
}

Timestamp timestamp_of(const std::string& text) {
  const auto parsed = Timestamp::parse(text);
  return parsed ? *parsed : Timestamp{};
}

Request request_of_row(StateStatement& row) {
  Request request;
  request.seq = row.whole(0);
  request.file = static_cast<FileKind>(row.whole(1));
  request.subject = row.text(2);
  request.action = row.text(3);
  request.records = row.text(4);
  request.content = row.text(5);
  request.state = static_cast<RequestState>(row.whole(6));
  request.document = row.text(7);
  request.reason = row.text(8);
  request.text = row.text(9);
  request.line = static_cast<int>(row.whole(10));
  request.made = timestamp_of(row.text(11));
  request.key = row.text(12);
  request.in_file = row.whole(13) != 0;
  request.told = row.whole(14) != 0;
  return request;
}

std::vector<Request> all(StateStatement& rows) {
  std::vector<Request> found;
  while (rows.step()) found.push_back(request_of_row(rows));
  return found;
}

OutFile file_of_row(StateStatement& row) {
  return {row.whole(0), static_cast<FileKind>(row.whole(1)), row.text(2),
          timestamp_of(row.text(3))};
}

}  // namespace

State::State(const std::string& file) : writing_(file), reading_(file) { writing_.run(schema); }

State::Kept State::keep(const Request& request) {
  return write([&](StateDatabase& database) -> Kept {
    // Who was held up between looking and keeping finds here what another has kept meanwhile.
    StateStatement same = database.prepare(
        "SELECT seq, action, content, key FROM request WHERE file = ? AND subject = ? AND state < 2"
        " ORDER BY seq DESC");
    same.bind(1, static_cast<std::int64_t>(request.file)).bind(2, request.subject);
    for (bool last = true; same.step(); last = false) {
      if (same.text(1) != request.action || same.text(2) != request.content) continue;
      if (request.key.empty() ? last : same.text(3) == request.key) return {same.whole(0), false};
    }
    database
        .prepare(
            "INSERT INTO request (file, subject, action, records, content, state, made, key)"
            " VALUES (?,?,?,?,?,0,?,?)")
        .bind(1, static_cast<std::int64_t>(request.file))
        .bind(2, request.subject)
        .bind(3, request.action)
        .bind(4, request.records)
        .bind(5, request.content)
        .bind(6, request.made.text())
        .bind(7, request.key)
        .once();
    StateStatement last = database.prepare("SELECT last_insert_rowid()");
    last.step();
    const Kept kept{last.whole(0), true};
    for (const auto& [key, quantity] : request.demand)
      database.prepare("INSERT INTO demand (seq, sku, location, quantity) VALUES (?,?,?,?)")
          .bind(1, kept.seq)
          .bind(2, key.sku.text())
          .bind(3, key.location.text())
          .bind(4, quantity.text())
          .once();
    return kept;
  });
}

Numbers State::numbers() {
  return read([](StateDatabase& database) {
    Numbers numbers;
    StateStatement rows = database.prepare("SELECT name, seq FROM sqlite_sequence");
    while (rows.step()) {
      if (rows.text(0) == "request") numbers.seq = rows.whole(1);
      if (rows.text(0) == "out_file") numbers.run = rows.whole(1);
    }
    return numbers;
  });
}

void State::lose_until(const Numbers& sent, Timestamp now) {
  const Numbers known = numbers();
  write([&](StateDatabase& database) {
    const auto go_on_after = [&](const char* table, std::int64_t number) {
      database.prepare("DELETE FROM sqlite_sequence WHERE name = ?").bind(1, table).once();
      database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?,?)")
          .bind(1, table)
          .bind(2, number)
          .once();
    };
    if (sent.run > known.run) go_on_after("out_file", sent.run);
    if (sent.seq <= known.seq) return true;
    go_on_after("request", sent.seq);
    database.prepare("INSERT INTO lost (first, last, found) VALUES (?,?,?)")
        .bind(1, known.seq + 1)
        .bind(2, sent.seq)
        .bind(3, now.micros)
        .once();
    return true;
  });
}

std::optional<LostWrites> State::lost(Timestamp silent_since) {
  return write([&](StateDatabase& database) -> std::optional<LostWrites> {
    database
        .prepare(
            "DELETE FROM lost WHERE found <= ? OR last - first + 1 <="
            " (SELECT count(*) FROM lost_answer WHERE seq BETWEEN first AND last)")
        .bind(1, silent_since.micros)
        .once();
    database
        .prepare(
            "DELETE FROM lost_answer WHERE NOT EXISTS"
            " (SELECT 1 FROM lost WHERE seq BETWEEN first AND last)")
        .once();
    StateStatement row = database.prepare("SELECT first, last FROM lost ORDER BY first LIMIT 1");
    if (!row.step()) return std::nullopt;
    return LostWrites{row.whole(0), row.whole(1)};
  });
}

bool answer_lost(StateDatabase& database, std::int64_t seq) {
  StateStatement range = database.prepare("SELECT 1 FROM lost WHERE ? BETWEEN first AND last");
  range.bind(1, seq);
  if (!range.step()) return false;
  database.prepare("INSERT OR IGNORE INTO lost_answer (seq) VALUES (?)").bind(1, seq).once();
  return true;
}

std::optional<Request> request_in(StateDatabase& database, std::int64_t seq) {
  StateStatement row = database.prepare(select("seq = ?"));
  row.bind(1, seq);
  if (!row.step()) return std::nullopt;
  return request_of_row(row);
}

std::optional<Request> State::request(std::int64_t seq) {
  return read([&](StateDatabase& database) { return request_in(database, seq); });
}

std::optional<Request> State::last(FileKind file, const std::string& subject) {
  return read([&](StateDatabase& database) -> std::optional<Request> {
    StateStatement row =
        database.prepare(select("file = ? AND subject = ? ORDER BY seq DESC LIMIT 1"));
    row.bind(1, static_cast<std::int64_t>(file)).bind(2, subject);
    if (!row.step()) return std::nullopt;
    return request_of_row(row);
  });
}

std::optional<Request> State::last_of_action(FileKind file, const std::string& subject,
                                             const std::string& action) {
  return read([&](StateDatabase& database) -> std::optional<Request> {
    StateStatement row = database.prepare(
        select("file = ? AND subject = ? AND action = ? ORDER BY seq DESC LIMIT 1"));
    row.bind(1, static_cast<std::int64_t>(file)).bind(2, subject).bind(3, action);
    if (!row.step()) return std::nullopt;
    return request_of_row(row);
  });
}

std::optional<Request> State::same(const Request& wanted) {
  if (wanted.key.empty()) {
    auto found = last(wanted.file, wanted.subject);
    const bool is_it = found && found->key.empty() && found->action == wanted.action &&
                       found->content == wanted.content;
    if (!is_it) found.reset();
    return found;
  }
  return read([&](StateDatabase& database) -> std::optional<Request> {
    StateStatement row = database.prepare(
        select("file = ? AND subject = ? AND action = ? AND content = ? AND key = ?"
               " ORDER BY seq DESC LIMIT 1"));
    row.bind(1, static_cast<std::int64_t>(wanted.file))
        .bind(2, wanted.subject)
        .bind(3, wanted.action)
        .bind(4, wanted.content)
        .bind(5, wanted.key);
    if (!row.step()) return std::nullopt;
    return request_of_row(row);
  });
}

void State::refusal_told(std::int64_t seq) {
  write([&](StateDatabase& database) {
    database.prepare("UPDATE request SET told = 1 WHERE seq = ?").bind(1, seq).once();
    return true;
  });
}

std::optional<Request> State::accepted_and_untold(const std::string& customer) {
  return read([&](StateDatabase& database) -> std::optional<Request> {
    StateStatement row = database.prepare(
        select("file = ? AND subject = ? AND state = 2 AND seq > COALESCE("
               "(SELECT told.seq FROM customer_told told WHERE told.number = subject), 0)"
               " ORDER BY seq DESC LIMIT 1"));
    row.bind(1, static_cast<std::int64_t>(FileKind::customers)).bind(2, customer);
    if (!row.step()) return std::nullopt;
    return request_of_row(row);
  });
}

bool State::order_untold(const std::string& subject) {
  return read([&](StateDatabase& database) {
    StateStatement row = database.prepare("SELECT 1 FROM order_untold WHERE subject = ?");
    row.bind(1, subject);
    return row.step();
  });
}

std::vector<Request> State::unanswered(FileKind file, const std::string& subject) {
  return read([&](StateDatabase& database) {
    StateStatement rows =
        database.prepare(select("file = ? AND subject = ? AND state < 2 ORDER BY seq"));
    rows.bind(1, static_cast<std::int64_t>(file)).bind(2, subject);
    return all(rows);
  });
}

std::vector<Request> State::unanswered(FileKind file) {
  return read([&](StateDatabase& database) {
    StateStatement rows = database.prepare(select("state < 2 AND file = ? ORDER BY seq"));
    rows.bind(1, static_cast<std::int64_t>(file));
    return all(rows);
  });
}

std::optional<Request> State::longest_unanswered() {
  return read([&](StateDatabase& database) -> std::optional<Request> {
    StateStatement row = database.prepare(select("state < 2 ORDER BY seq LIMIT 1"));
    if (!row.step()) return std::nullopt;
    return request_of_row(row);
  });
}

std::map<StockKey, std::vector<Demand>> State::demand_on(const Sku& sku) {
  return read([&](StateDatabase& database) {
    StateStatement rows =
        database.prepare(std::string("SELECT d.sku, d.location, d.quantity, a.at FROM demand d"
                                     " LEFT JOIN demand_answered a ON a.seq = d.seq") +
                         (sku.empty() ? "" : " WHERE d.sku = ?"));
    if (!sku.empty()) rows.bind(1, sku.text());
    std::map<StockKey, std::vector<Demand>> found;
    while (rows.step()) {
      const auto quantity = Decimal::parse(rows.text(2));
      if (!quantity) throw state::StateFailure("a quantity cannot be read: " + rows.text(2));
      Demand one{*quantity, {}};
      if (!rows.is_null(3)) one.answered = Timestamp{rows.whole(3)};
      found[{Sku{rows.text(0)}, LocationCode{rows.text(1)}}].push_back(one);
    }
    return found;
  });
}

void State::forget_answered(Timestamp before) {
  // Few at a time: whoever writes waits no longer than for one of them.
  constexpr std::int64_t part = 500;
  bool more = true;
  while (more) {
    more = write([&](StateDatabase& database) {
      database
          .prepare(
              "DELETE FROM request WHERE state >= 2 AND seq IN (SELECT seq FROM request WHERE"
              " state >= 2 AND made < ? ORDER BY made LIMIT ?)")
          .bind(1, before.text())
          .bind(2, part)
          .once();
      StateStatement changes = database.prepare("SELECT changes()");
      changes.step();
      return changes.whole(0) == part;
    });
  }
  write([&](StateDatabase& database) {
    database
        .prepare(
            "DELETE FROM out_file WHERE sent = 1 AND made < ? AND NOT EXISTS"
            " (SELECT 1 FROM request WHERE request.run = out_file.run)")
        .bind(1, before.text())
        .once();
    return true;
  });
}

void State::forget_demand(Timestamp answered_before) {
  write([&](StateDatabase& database) {
    for (const char* sql :
         {"DELETE FROM demand WHERE seq IN (SELECT seq FROM demand_answered WHERE at < ?)",
          "DELETE FROM demand_answered WHERE at < ?"})
      database.prepare(sql).bind(1, answered_before.micros).once();
    return true;
  });
}

bool State::withdraw(std::int64_t seq) {
  return write([&](StateDatabase& database) {
    database.prepare("DELETE FROM request WHERE seq = ? AND state = 0 AND run IS NULL")
        .bind(1, seq)
        .once();
    StateStatement left = database.prepare("SELECT 1 FROM request WHERE seq = ?");
    left.bind(1, seq);
    if (left.step()) return false;
    database.prepare("DELETE FROM demand WHERE seq = ?").bind(1, seq).once();
    return true;
  });
}

std::optional<OutFile> State::next_file(FileKind kind, Timestamp now) {
  return write([&](StateDatabase& database) -> std::optional<OutFile> {
    const auto which = static_cast<std::int64_t>(kind);
    StateStatement begun = database.prepare(
        "SELECT run, kind, name, made FROM out_file WHERE kind = ? AND sent = 0 ORDER BY run");
    begun.bind(1, which);
    if (begun.step()) return file_of_row(begun);
    StateStatement kept =
        database.prepare("SELECT 1 FROM request WHERE state = 0 AND file = ? AND run IS NULL");
    kept.bind(1, which);
    if (!kept.step()) return std::nullopt;
    database.prepare("INSERT INTO out_file (kind, name, made, sent) VALUES (?, '', ?, 0)")
        .bind(1, which)
        .bind(2, now.text())
        .once();
    StateStatement last = database.prepare("SELECT last_insert_rowid()");
    last.step();
    const OutFile file{last.whole(0), kind, name_of(kind, last.whole(0)), now};
    database.prepare("UPDATE out_file SET name = ? WHERE run = ?")
        .bind(1, file.name)
        .bind(2, file.run)
        .once();
    database.prepare("UPDATE request SET run = ? WHERE state = 0 AND file = ? AND run IS NULL")
        .bind(1, file.run)
        .bind(2, which)
        .once();
    return file;
  });
}

std::vector<Request> State::requests_in(const OutFile& file) {
  return read([&](StateDatabase& database) {
    StateStatement rows = database.prepare(select("run = ? ORDER BY seq"));
    rows.bind(1, file.run);
    return all(rows);
  });
}

void State::file_sent(const OutFile& file) {
  write([&](StateDatabase& database) {
    database.prepare("UPDATE out_file SET sent = 1 WHERE run = ?").bind(1, file.run).once();
    database.prepare("UPDATE request SET state = 1 WHERE run = ? AND state = 0")
        .bind(1, file.run)
        .once();
    return true;
  });
}

void State::file_not_sent(const OutFile& file) {
  write([&](StateDatabase& database) {
    database.prepare("UPDATE request SET run = NULL WHERE run = ?").bind(1, file.run).once();
    database.prepare("DELETE FROM out_file WHERE run = ?").bind(1, file.run).once();
    return true;
  });
}

void State::wait_begins(std::int64_t seq) {
  const std::lock_guard lock(waiting_mutex_);
  waiting_.insert(seq);
}

void State::wait_ends(std::int64_t seq) {
  const std::lock_guard lock(waiting_mutex_);
  waiting_.erase(waiting_.find(seq));
}

bool State::is_waited_for(std::int64_t seq) {
  const std::lock_guard lock(waiting_mutex_);
  return waiting_.contains(seq);
}

void answer_request(StateDatabase& database, const Request& answered, Timestamp made) {
  database
      .prepare(
          "UPDATE request SET state = ?, document = ?, reason = ?, text = ?, line = ? WHERE seq = "
          "?")
      .bind(1, static_cast<std::int64_t>(answered.state))
      .bind(2, answered.document)
      .bind(3, answered.reason)
      .bind(4, answered.text)
      .bind(5, std::int64_t{answered.line})
      .bind(6, answered.seq)
      .once();
  if (answered.state == RequestState::accepted && !made.empty()) {
    database
        .prepare(
            "INSERT OR REPLACE INTO demand_answered (seq, at) SELECT ?1, ?2"
            " WHERE EXISTS (SELECT 1 FROM demand WHERE seq = ?1)")
        .bind(1, answered.seq)
        .bind(2, made.micros)
        .once();
  } else {
    database.prepare("DELETE FROM demand WHERE seq = ?").bind(1, answered.seq).once();
  }
}

void mark_changed(StateDatabase& database, std::string_view feed, const std::string& key,
                  Timestamp at) {
  database.prepare("INSERT OR REPLACE INTO feed (feed, key, at) VALUES (?,?,?)")
      .bind(1, feed)
      .bind(2, key)
      .bind(3, at.text())
      .once();
}

std::vector<Change> changes_after(StateDatabase& database, std::string_view feed,
                                  std::int64_t position, int limit) {
  StateStatement rows = database.prepare(
      "SELECT position, key, at FROM feed WHERE feed = ? AND position > ? ORDER BY position LIMIT "
      "?");
  rows.bind(1, feed).bind(2, position).bind(3, std::int64_t{limit});
  std::vector<Change> found;
  while (rows.step()) found.push_back({rows.whole(0), rows.text(1), timestamp_of(rows.text(2))});
  return found;
}

RunKnown run_known(StateDatabase& database, FileKind kind, std::int64_t run,
                   const std::string& checksum) {
  StateStatement row = database.prepare("SELECT checksum FROM in_run WHERE kind = ? AND run = ?");
  row.bind(1, static_cast<std::int64_t>(kind)).bind(2, run);
  if (!row.step()) return RunKnown::no;
  return row.text(0) == checksum ? RunKnown::same : RunKnown::refused;
}

void run_taken(StateDatabase& database, FileKind kind, std::int64_t run,
               const std::string& checksum) {
  database.prepare("INSERT INTO in_run (kind, run, checksum) VALUES (?,?,?)")
      .bind(1, static_cast<std::int64_t>(kind))
      .bind(2, run)
      .bind(3, checksum)
      .once();
}

}  // namespace underpin::legacy::iseries_batch
