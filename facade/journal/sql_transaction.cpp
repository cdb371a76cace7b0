#include "facade/journal/sql_transaction.h"

#include "contracts/order_status.h"
#include "facade/journal/owner_lock.h"
#include "facade/journal/postgres.h"
#include "facade/journal/sql_rows.h"
#include "facade/journal/sqlite.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace underpin::facade::journal {

template <class Sql>
void SqlTransaction<Sql>::increment(const char* counter) {
  connection_
      .prepared(
          "INSERT INTO counter VALUES (?, 1) ON CONFLICT(name) DO UPDATE SET "
          "value = counter.value + 1")
      .bind(std::string_view(counter))
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::count_attempt(std::int64_t id, Timestamp give_up_at) {
  connection_
      .prepared(
          "UPDATE intent SET attempts = attempts + 1, give_up_at = ?, settle_from = ?, "
          "state = 0, orphaned = 0 WHERE id = ? AND state < 2")
      .bind(give_up_at.micros)
      .bind(give_up_at.micros)
      .bind(id)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::mark_unknown(std::int64_t id, Timestamp settle_from,
                                       const std::string& error) {
  connection_
      .prepared(
          "UPDATE intent SET state = 1, settle_from = ?, error = ?, orphaned = 0 WHERE "
          "id = ? AND state < 2")
      .bind(settle_from.micros)
      .bind(error)
      .bind(id)
      .run();
}

template <class Sql>
bool SqlTransaction<Sql>::close_intent(std::int64_t id, const StoredAnswer& answer, Timestamp now) {
  // A refused request leaves its name free: the channel corrects it and sends it under a new key.
  // The request was kept to be sent again after a crash; nobody will.
  connection_
      .prepared(
          "UPDATE intent SET state = 2, request = '', closed_at = ?, status = ?, body = ?, "
          "location = ?, "
          "etag = ?, name = CASE WHEN ? >= 400 THEN '' ELSE name END WHERE id = ? AND "
          "state < 2")
      .bind(now.micros)
      .bind(std::int64_t{answer.status})
      .bind(answer.body)
      .bind(answer.location)
      .bind(answer.etag)
      .bind(std::int64_t{answer.status})
      .bind(id)
      .run();
  const bool closed = connection_.changes() == 1;
  if (closed) increment("intents_closed");
  end_claim(intent_claim(id));
  return closed;
}

template <class Sql>
bool SqlTransaction<Sql>::release_intent(std::int64_t id) {
  end_claim(intent_claim(id));
  connection_.prepared("DELETE FROM intent WHERE id = ? AND state < 2").bind(id).run();
  return connection_.changes() == 1;
}

template <class Sql>
std::int64_t SqlTransaction<Sql>::forget_answers(Timestamp before) {
  connection_.prepared("DELETE FROM intent WHERE state = 2 AND closed_at < ?")
      .bind(before.micros)
      .run();
  return connection_.changes();
}

template <class Sql>
std::int64_t SqlTransaction<Sql>::add_outbox_row(const NewOutboxRow& row, Timestamp now) {
  // Ids ascend, so every row of the subject, and of what it depends on, that is here is older.
  // Asked in the order of their index, so that no plan of a small table reads a large one.
  auto& insert =
      connection_
          .prepared(
              "INSERT INTO outbox(side, capability, wave, subject, operation, payload, channel, "
              "key, correlation, role, depends_capability, depends_subject, not_before, state, "
              "created_at, next_at, head, parked) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?, "
              "CASE WHEN ? = 1 AND (SELECT id FROM outbox WHERE side = ? AND capability = ? AND "
              "subject = ? ORDER BY id LIMIT 1) IS NOT NULL THEN 0 ELSE 1 END, "
              "CASE WHEN (SELECT id FROM outbox WHERE side = ? AND capability = ? AND "
              "subject = ? ORDER BY id LIMIT 1) IS NOT NULL THEN 1 ELSE 0 END) RETURNING id")
          .bind(number(row.side))
          .bind(number(row.capability))
          .bind(row.wave)
          .bind(row.subject)
          .bind(row.operation)
          .bind(row.payload)
          .bind(row.channel.text())
          .bind(row.key.text())
          .bind(row.correlation_id)
          .bind(std::int64_t{row.role == Role::mirror})
          .bind(row.depends_on_capability ? number(*row.depends_on_capability) : std::int64_t{-1})
          .bind(row.depends_on_subject)
          .bind(row.not_before.micros)
          .bind(now.micros)
          .bind(std::max(row.not_before, now).micros)
          .bind(connection_.rules.mirror_order)
          .bind(number(row.side))
          .bind(number(row.capability))
          .bind(row.subject)
          .bind(number(row.side))
          .bind(row.depends_on_capability ? number(*row.depends_on_capability) : std::int64_t{-1})
          .bind(row.depends_on_subject);
  return new_id(insert);
}

template <class Sql>
bool SqlTransaction<Sql>::remove_row(std::int64_t id) {
  auto& removed =
      connection_.prepared("DELETE FROM outbox WHERE id = ? RETURNING side, capability, subject");
  removed.bind(id);
  const bool any = removed.step();
  const std::int64_t side = any ? removed.number(0) : 0;
  const std::int64_t capability = any ? removed.number(1) : 0;
  const Subject subject = any ? removed.text(2) : Subject{};
  removed.reset();
  if (!any) return false;
  end_claim(row_claim(id));
  connection_
      .prepared(
          "UPDATE outbox SET head = 1 WHERE id = (SELECT id FROM outbox WHERE side = ? AND "
          "capability = ? AND subject = ? ORDER BY id LIMIT 1)")
      .bind(side)
      .bind(capability)
      .bind(subject)
      .run();
  // Whoever waited for this row and for no other older one may go.
  connection_
      .prepared(
          "UPDATE outbox SET parked = 0 WHERE parked = 1 AND side = ? AND "
          "depends_capability = ? AND depends_subject = ? AND id < COALESCE((SELECT older.id "
          "FROM outbox AS older WHERE older.side = ? AND older.capability = ? AND "
          "older.subject = ? ORDER BY older.id LIMIT 1), ?)")
      .bind(side)
      .bind(capability)
      .bind(subject)
      .bind(side)
      .bind(capability)
      .bind(subject)
      .bind(std::numeric_limits<std::int64_t>::max())
      .run();
  return true;
}

template <class Sql>
void SqlTransaction<Sql>::delivered(std::int64_t row) {
  if (remove_row(row)) increment("outbox_delivered");
}

template <class Sql>
void SqlTransaction<Sql>::retry_later(std::int64_t row, Timestamp next_at,
                                      const std::string& error) {
  const auto claimed = this->claim_on(row_claim(row));
  if (claimed && claimed->replica != self_) return;  // Whoever has it now says what became of it.
  end_claim(row_claim(row));
  connection_
      .prepared(
          "UPDATE outbox SET attempts = attempts + 1, next_at = ?, last_error = ? WHERE "
          "id = ?")
      .bind(next_at.micros)
      .bind(error)
      .bind(row)
      .run();
}

template <class Sql>
std::int64_t SqlTransaction<Sql>::dead_letter(std::int64_t row, const std::string& error,
                                              Timestamp now) {
  connection_
      .prepared(
          "UPDATE outbox SET state = 1, attempts = attempts + 1, last_error = ? WHERE "
          "id = ? AND state = 0")
      .bind(error)
      .bind(row)
      .run();
  if (connection_.changes() == 0) return 0;  // Delivered meanwhile, or dead with its exception.
  end_claim(row_claim(row));
  const auto dead = this->outbox_row(row);
  if (!dead) return 0;
  ExceptionRecord exception;
  exception.kind = "dead_letter";
  exception.capability = dead->capability;
  exception.wave = dead->wave;
  exception.subject = dead->subject;
  exception.side = dead->side;
  exception.outbox_row = row;
  exception.detail = dead->operation + " to " + std::string(name(dead->side)) + ": " + error;
  exception.payload = dead->payload;
  exception.correlation_id = dead->correlation_id;
  return add_exception(exception, now);
}

template <class Sql>
std::int64_t SqlTransaction<Sql>::add_exception(const ExceptionRecord& exception, Timestamp now) {
  auto& insert =
      connection_
          .prepared(
              "INSERT INTO exception(kind, capability, wave, subject, side, outbox_row, detail, "
              "payload, correlation, opened_at, state) VALUES (?,?,?,?,?,?,?,?,?,?,'open') "
              "RETURNING id")
          .bind(exception.kind)
          .bind(number(exception.capability))
          .bind(exception.wave)
          .bind(exception.subject)
          .bind(exception.side ? number(*exception.side) : std::int64_t{-1})
          .bind(exception.outbox_row)
          .bind(exception.detail)
          .bind(exception.payload)
          .bind(exception.correlation_id)
          .bind(now.micros);
  return new_id(insert);
}

template <class Sql>
bool SqlTransaction<Sql>::close_exception(std::int64_t id, const char* state,
                                          const std::string& actor, const std::string& reason,
                                          Timestamp now) {
  connection_
      .prepared(
          "UPDATE exception SET state = ?, closed_by = ?, close_reason = ?, closed_at = ? "
          "WHERE id = ? AND state = 'open'")
      .bind(std::string_view(state))
      .bind(actor)
      .bind(reason)
      .bind(now.micros)
      .bind(id)
      .run();
  return connection_.changes() == 1;
}

template <class Sql>
bool SqlTransaction<Sql>::replay_exception(std::int64_t id, const std::string& actor,
                                           const std::string& reason, Timestamp now) {
  const auto known = this->exception(id);
  if (!known || !this->outbox_row(known->outbox_row)) return false;  // Nothing to do again.
  if (!close_exception(id, "replayed", actor, reason, now)) return false;
  connection_
      // Not as if it had never been sent: how far the earlier attempts got may be in doubt.
      .prepared("UPDATE outbox SET state = 0, attempts = 1, next_at = ? WHERE id = ? AND state = 1")
      .bind(now.micros)
      .bind(known->outbox_row)
      .run();
  return true;
}

template <class Sql>
bool SqlTransaction<Sql>::discard_exception(std::int64_t id, const std::string& actor,
                                            const std::string& reason, Timestamp now) {
  const auto known = this->exception(id);
  if (!known || !close_exception(id, "discarded", actor, reason, now)) return false;
  const auto row = this->outbox_row(known->outbox_row);
  if (row && row->state == OutboxState::dead && remove_row(row->id)) increment("outbox_discarded");
  return true;
}

template <class Sql>
bool SqlTransaction<Sql>::settle_exception(std::int64_t id, const std::string& actor,
                                           const std::string& reason, Timestamp now) {
  // A dead row pins its subject until it is replayed or discarded: without its exception nobody
  // would know.
  const auto known = this->exception(id);
  if (known) {
    const auto row = this->outbox_row(known->outbox_row);
    if (row && row->state == OutboxState::dead) return false;
  }
  return close_exception(id, "settled", actor, reason, now);
}

template <class Sql>
bool SqlTransaction<Sql>::publish_plan(const PlanRecord& record, std::int64_t expected) {
  const auto current = this->plan(record.wave, record.capability);
  if ((current ? current->version : 0) != expected) return false;
  connection_.prepared("INSERT INTO plan VALUES (?,?,?,?,?,?,?)")
      .bind(record.wave)
      .bind(number(record.capability))
      .bind(expected + 1)
      .bind(record.plan)
      .bind(record.actor)
      .bind(record.reason)
      .bind(record.at.micros)
      .run();
  connection_.announce_plan();
  return true;
}

template <class Sql>
AuditRecord SqlTransaction<Sql>::lock_audit() {
  // Groups are committed one after the other, in every store: this transaction is the lock.
  auto& select = connection_.prepared(
      "SELECT seq, previous, hash, entry FROM audit ORDER BY seq DESC LIMIT 1");
  AuditRecord head;
  head.hash = std::string(64, '0');
  if (select.step()) head = {select.number(0), select.text(1), select.text(2), select.text(3)};
  select.reset();
  return head;
}

template <class Sql>
void SqlTransaction<Sql>::append_audit(const AuditRecord& record) {
  const AuditRecord head = lock_audit();
  if (record.seq != head.seq + 1 || record.previous != head.hash)
    throw std::logic_error("an audit entry must continue the newest one");
  connection_.prepared("INSERT INTO audit VALUES (?,?,?,?)")
      .bind(record.seq)
      .bind(record.previous)
      .bind(record.hash)
      .bind(record.entry)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::set_cursor(const std::string& system, const std::string& feed,
                                     const std::string& cursor) {
  connection_
      .prepared(
          "INSERT INTO cursor VALUES (?,?,?) ON CONFLICT(system, feed) DO UPDATE SET cursor = "
          "excluded.cursor")
      .bind(system)
      .bind(feed)
      .bind(cursor)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::set_fact(const std::string& name, const std::string& value) {
  if (value.empty()) {  // Reads as none, so it is none.
    connection_.prepared("DELETE FROM fact WHERE name = ?").bind(name).run();
    return;
  }
  connection_
      .prepared(
          "INSERT INTO fact VALUES (?,?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
      .bind(name)
      .bind(value)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::end_claim(const std::string& what) {
  connection_.prepared("DELETE FROM claim WHERE what = ?").bind(what).run();
}

template <class Sql>
bool SqlTransaction<Sql>::claim(const std::string& what, Timestamp expired_by, Timestamp until) {
  connection_
      .prepared(
          "INSERT INTO claim(what, replica, until) VALUES (?,?,?) ON CONFLICT(what) DO UPDATE SET "
          "replica = excluded.replica, until = excluded.until WHERE "
          "claim.replica = excluded.replica OR claim.until <= ?")
      .bind(what)
      .bind(self_)
      .bind(until.micros)
      .bind(expired_by.micros)
      .run();
  return connection_.changes() == 1;
}

template <class Sql>
std::set<std::string> SqlTransaction<Sql>::claim_all(const std::vector<std::string>& whats,
                                                     Timestamp expired_by, Timestamp until) {
  std::set<std::string> taken;
  if (whats.empty()) return taken;
  std::string sql = "INSERT INTO claim(what, replica, until) VALUES ";
  for (std::size_t i = 0; i < whats.size(); ++i) sql += i == 0 ? "(?,?,?)" : ",(?,?,?)";
  sql +=
      " ON CONFLICT(what) DO UPDATE SET replica = excluded.replica, until = excluded.until WHERE "
      "claim.replica = excluded.replica OR claim.until <= ? RETURNING what";
  auto& insert = connection_.prepared(sql.c_str());
  for (const std::string& what : whats) insert.bind(what).bind(self_).bind(until.micros);
  insert.bind(expired_by.micros);
  const Closing<typename Sql::Prepared> closing{insert};
  while (insert.step()) taken.insert(insert.text(0));
  return taken;
}

template <class Sql>
void SqlTransaction<Sql>::give_back(const std::string& what) {
  connection_.prepared("DELETE FROM claim WHERE what = ? AND replica = ?")
      .bind(what)
      .bind(self_)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::renew_replica(const std::map<std::string, std::int64_t>& taken,
                                        Timestamp alive_until) {
  std::string lines;
  for (const auto& [plan, version] : taken) lines += std::to_string(version) + " " + plan + "\n";
  // One that was stopped for long comes back under the same id: its claims have run out by then.
  connection_
      .prepared(
          "INSERT INTO replica(id, name, alive_until, taken) VALUES (?,?,?,?) ON CONFLICT(id) DO "
          "UPDATE SET name = excluded.name, alive_until = excluded.alive_until, "
          "taken = excluded.taken")
      .bind(self_)
      .bind(process_name())
      .bind(alive_until.micros)
      .bind(lines)
      .run();
  constexpr std::int64_t remembered_ms = 60'000;
  connection_.prepared("DELETE FROM replica WHERE alive_until < ? AND id <> ?")
      .bind(this->clock().plus_ms(-remembered_ms).micros)
      .bind(self_)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::end_claims_of_the_gone(Timestamp now) {
  if constexpr (Sql::shared) {
    (void)now;  // Another replica's process may only stand still.
  } else {
    connection_.prepared("UPDATE claim SET until = ? WHERE replica <> ? AND until > ?")
        .bind(now.micros)
        .bind(self_)
        .bind(now.micros)
        .run();
  }
}

template class SqlTransaction<Connection>;
template class SqlTransaction<PgConnection>;

}  // namespace underpin::facade::journal
