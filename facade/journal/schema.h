#pragma once

#include <string>

namespace underpin::facade::journal {

inline constexpr int schema_version = 1;
// Marks the file as ours ("UNDP" in ASCII), so that no other program's database is taken over.
inline constexpr int application_id = 0x554e4450;

// Decimals and dates are text, timestamps are microseconds since 1970 UTC, enums their ordinals.
// One text for both stores: postgres_schema() puts PostgreSQL's words in place of SQLite's.
inline constexpr const char* schema_sql = R"sql(
CREATE TABLE IF NOT EXISTS intent (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  capability INTEGER NOT NULL, wave TEXT NOT NULL, subject TEXT NOT NULL, operation TEXT NOT NULL,
  name TEXT NOT NULL, channel TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL,
  request TEXT NOT NULL, side INTEGER NOT NULL, birth INTEGER NOT NULL,
  plan_version INTEGER NOT NULL, give_up_at INTEGER NOT NULL, correlation TEXT NOT NULL,
  state INTEGER NOT NULL,            -- 0 open, 1 unknown, 2 closed
  attempts INTEGER NOT NULL, opened_at INTEGER NOT NULL, settle_from INTEGER NOT NULL,
  orphaned INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
  closed_at INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL DEFAULT '', location TEXT NOT NULL DEFAULT '', etag TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS intent_subject ON intent(capability, subject) WHERE state < 2;
CREATE INDEX IF NOT EXISTS intent_of_subject ON intent(capability, subject, id);
CREATE UNIQUE INDEX IF NOT EXISTS intent_key ON intent(channel, key);
CREATE UNIQUE INDEX IF NOT EXISTS intent_name ON intent(capability, name) WHERE name <> '';
CREATE INDEX IF NOT EXISTS intent_open ON intent(id) WHERE state < 2;
CREATE INDEX IF NOT EXISTS intent_closed ON intent(closed_at) WHERE state = 2;

CREATE TABLE IF NOT EXISTS document (
  channel TEXT NOT NULL, number TEXT NOT NULL, wave TEXT NOT NULL, home INTEGER NOT NULL,
  plan_version INTEGER NOT NULL, bucket INTEGER NOT NULL, customer TEXT NOT NULL,
  status INTEGER NOT NULL, legacy_document TEXT NOT NULL, cloud_document TEXT NOT NULL,
  mirrored INTEGER NOT NULL, closed INTEGER NOT NULL, holds TEXT NOT NULL,
  order_date TEXT NOT NULL, currency TEXT NOT NULL, grand_total TEXT NOT NULL,
  content TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  change INTEGER NOT NULL, PRIMARY KEY (channel, number));
CREATE UNIQUE INDEX IF NOT EXISTS document_change ON document(change);
CREATE INDEX IF NOT EXISTS document_customer ON document(customer, change);
CREATE INDEX IF NOT EXISTS document_updated ON document(updated_at);
CREATE INDEX IF NOT EXISTS document_open ON document(wave, home, mirrored) WHERE closed = 0;
CREATE INDEX IF NOT EXISTS document_open_change ON document(change) WHERE closed = 0;

CREATE TABLE IF NOT EXISTS alias (
  number TEXT NOT NULL, channel TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (number, channel, document)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  side INTEGER NOT NULL, capability INTEGER NOT NULL, wave TEXT NOT NULL, subject TEXT NOT NULL,
  operation TEXT NOT NULL, payload TEXT NOT NULL, channel TEXT NOT NULL, key TEXT NOT NULL,
  correlation TEXT NOT NULL, role INTEGER NOT NULL,
  depends_capability INTEGER NOT NULL,   -- -1: depends on nothing
  depends_subject TEXT NOT NULL, not_before INTEGER NOT NULL,
  state INTEGER NOT NULL,                -- 0 pending, 1 dead
  attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, next_at INTEGER NOT NULL,
  last_error TEXT NOT NULL DEFAULT '',
  head INTEGER NOT NULL,                 -- 1: the oldest of its side, capability and subject
  parked INTEGER NOT NULL);              -- 1: an older row of what it depends on is still here
CREATE INDEX IF NOT EXISTS outbox_subject ON outbox(side, capability, subject, id);
-- What may be sent, in two orders: due_rows takes the shorter way.
CREATE INDEX IF NOT EXISTS outbox_ready_by_id ON outbox(side, id, next_at)
  WHERE head = 1 AND parked = 0 AND state = 0;
CREATE INDEX IF NOT EXISTS outbox_ready_by_time ON outbox(side, next_at, id)
  WHERE head = 1 AND parked = 0 AND state = 0;
CREATE INDEX IF NOT EXISTS outbox_parked
  ON outbox(side, depends_capability, depends_subject, id) WHERE parked = 1;
CREATE INDEX IF NOT EXISTS outbox_mirror ON outbox(capability, side, subject) WHERE role = 1;
CREATE INDEX IF NOT EXISTS outbox_wave
  ON outbox(wave, capability, role, side, state, created_at);
CREATE INDEX IF NOT EXISTS outbox_state ON outbox(side, state);

CREATE TABLE IF NOT EXISTS exception (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL, capability INTEGER NOT NULL, wave TEXT NOT NULL, subject TEXT NOT NULL,
  side INTEGER NOT NULL,                 -- -1: neither
  outbox_row INTEGER NOT NULL, detail TEXT NOT NULL, payload TEXT NOT NULL,
  correlation TEXT NOT NULL, opened_at INTEGER NOT NULL, state TEXT NOT NULL,
  closed_by TEXT NOT NULL DEFAULT '', close_reason TEXT NOT NULL DEFAULT '',
  closed_at INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS exception_state ON exception(state, id);

CREATE TABLE IF NOT EXISTS plan (
  wave TEXT NOT NULL, capability INTEGER NOT NULL, version INTEGER NOT NULL, plan TEXT NOT NULL,
  actor TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (wave, capability, version)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY, previous TEXT NOT NULL, hash TEXT NOT NULL, entry TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_kept BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_whole BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE IF NOT EXISTS transfer (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  wave TEXT NOT NULL, capability INTEGER NOT NULL, destination INTEGER NOT NULL,
  state TEXT NOT NULL, selection TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
  reference TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS transfer_item (
  transfer INTEGER NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, classes TEXT NOT NULL,
  detail TEXT NOT NULL, memo TEXT NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL,
  currency TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (transfer, subject)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS transfer_item_due ON transfer_item(transfer, next_at, subject)
  WHERE state = 'waiting';

CREATE TABLE IF NOT EXISTS cursor (
  system TEXT NOT NULL, feed TEXT NOT NULL, cursor TEXT NOT NULL,
  PRIMARY KEY (system, feed)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS replica (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL, alive_until INTEGER NOT NULL,
  taken TEXT NOT NULL DEFAULT '');       -- lines "<plan version> <wave>/<capability>"
CREATE TABLE IF NOT EXISTS claim (
  what TEXT PRIMARY KEY, replica INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// The same tables for PostgreSQL, in the schema that the session's search path names.
std::string postgres_schema();

}  // namespace underpin::facade::journal
