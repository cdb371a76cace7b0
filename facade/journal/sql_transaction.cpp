#include "facade/journal/sql_transaction.h"

#include "contracts/order_status.h"
#include "facade/journal/owner_lock.h"
#include "facade/journal/postgres.h"
#include "facade/journal/sqlite.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace underpin::facade::journal {
namespace {

std::int64_t number(Capability capability) { return static_cast<std::int64_t>(capability); }
std::int64_t number(Side side) { return static_cast<std::int64_t>(side); }

// What an earlier intent under the same key or name says about a new one.
struct Earlier {
  std::int64_t id = 0;
  bool closed = false;
  std::string request_hash;
  StoredAnswer answer;
};

template <class Statement>
std::optional<Earlier> earlier(Statement& select) {
  std::optional<Earlier> found;
  if (select.step()) {
    found = Earlier{
        select.number(0),
        select.number(1) == 2,
        select.text(2),
        {static_cast<int>(select.number(3)), select.text(4), select.text(5), select.text(6)}};
  }
  select.reset();
  return found;
}

// Of an INSERT … RETURNING id.
template <class Statement>
std::int64_t new_id(Statement& insert) {
  const std::int64_t id = insert.step() ? insert.number(0) : 0;
  insert.reset();
  return id;
}

}  // namespace

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
std::optional<OpenOutcome> SqlTransaction<Sql>::judge_key(const NewIntent& intent) {
  auto& select = connection_.prepared(
      "SELECT id, state, request_hash, status, body, location, etag FROM intent WHERE "
      "channel = ? AND key = ?");
  select.bind(intent.channel.text()).bind(intent.key.text());
  const auto known = earlier(select);
  if (!known) return std::nullopt;
  if (known->request_hash != intent.request_hash) return KeyReused{};
  if (known->closed) return AlreadyAnswered{known->answer};
  return InFlight{known->id};
}

template <class Sql>
std::optional<OpenOutcome> SqlTransaction<Sql>::judge_name(const NewIntent& intent) {
  if (intent.name.empty()) return std::nullopt;
  auto& select = connection_.prepared(
      "SELECT id, state, request_hash, status, body, location, etag FROM intent WHERE "
      "capability = ? AND name = ? AND name <> ''");
  select.bind(number(intent.capability)).bind(intent.name);
  const auto known = earlier(select);
  if (!known) return std::nullopt;
  if (known->closed && known->request_hash == intent.request_hash)
    return AlreadyAnswered{known->answer};
  return NameTaken{};
}

// Closed, or a document that is there: one statement, because every write pays for it.
template <class Sql>
std::optional<OpenOutcome> SqlTransaction<Sql>::judge_subject(const NewIntent& intent) {
  const std::size_t slash = intent.subject.find('/');
  const bool birth = intent.birth && slash != std::string::npos;
  auto& select = connection_.prepared(
      "SELECT COALESCE((SELECT value FROM fact WHERE name = ?), ''), "
      "COALESCE((SELECT value FROM fact WHERE name = ?), ''), "
      "(SELECT count(*) FROM document WHERE channel = ? AND number = ?)");
  select.bind(std::string_view(closed_fact))
      .bind(closed_subject_fact(intent.capability, intent.subject))
      .bind(birth ? intent.subject.substr(0, slash) : std::string{})
      .bind(birth ? intent.subject.substr(slash + 1) : std::string{});
  std::string closed;
  bool known = false;
  if (select.step()) {
    closed = select.text(0).empty() ? select.text(1) : select.text(0);
    known = birth && select.number(2) > 0;
  }
  select.reset();
  if (!closed.empty()) return Closed{closed};
  if (known) return KnownDocument{};
  return std::nullopt;
}

template <class Sql>
std::optional<OpenOutcome> SqlTransaction<Sql>::judge_side(const NewIntent& intent) {
  if (intent.capability == Capability::orders) {
    if (intent.birth) return std::nullopt;
    const std::size_t slash = intent.subject.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto known = this->document({ChannelId{intent.subject.substr(0, slash)},
                                       OrderNumber{intent.subject.substr(slash + 1)}});
    if (known && known->home != intent.side) return WrongSide{known->home};
    return std::nullopt;
  }
  const auto pinned = this->pinned_side(intent.capability, intent.subject);
  if (pinned && *pinned != intent.side) return WrongSide{*pinned};
  return std::nullopt;
}

// Does any earlier intent have something to say about this one? Usually none has, and one look
// says so for key, name and subject.
template <class Sql>
bool SqlTransaction<Sql>::stands_alone(const NewIntent& intent) {
  auto& select = connection_.prepared(
      "SELECT id FROM intent WHERE channel = ? AND key = ? UNION ALL "
      "SELECT id FROM intent WHERE capability = ? AND name = ? AND name <> '' UNION ALL "
      "SELECT id FROM intent WHERE capability = ? AND subject = ? AND state < 2 LIMIT 1");
  select.bind(intent.channel.text())
      .bind(intent.key.text())
      .bind(number(intent.capability))
      .bind(intent.name)
      .bind(number(intent.capability))
      .bind(intent.subject);
  const bool any = select.step();
  select.reset();
  return !any;
}

template <class Sql>
std::optional<OpenOutcome> SqlTransaction<Sql>::judge_earlier(const NewIntent& intent) {
  const bool alone = stands_alone(intent);
  if (!alone) {
    if (const auto judged = judge_key(intent)) return *judged;
    if (const auto judged = judge_name(intent)) return *judged;
  }
  if (const auto judged = judge_subject(intent)) return *judged;
  if (!alone && connection_.rules.one_open_intent) {
    if (const auto busy = this->open_intent_of(intent.capability, intent.subject))
      return SubjectBusy{busy->id};
  }
  return std::nullopt;
}

template <class Sql>
OpenOutcome SqlTransaction<Sql>::open_intent(const NewIntent& intent, Timestamp now) {
  if (const auto judged = judge_earlier(intent)) return *judged;
  if constexpr (Sql::shared) {
    // A release that another replica is sending would meet this change in the ERP.
    auto& sending = connection_.prepared(
        "SELECT outbox.id FROM outbox JOIN claim ON claim.what = 'row/' || outbox.id WHERE "
        "side = ? AND capability = ? AND subject = ? AND role = 0 AND until > ?");
    sending.bind(number(intent.side))
        .bind(number(intent.capability))
        .bind(intent.subject)
        .bind(now.micros);
    const bool busy_sending = sending.step();
    sending.reset();
    if (busy_sending) return SubjectBusy{};
    if (intent.judged_after &&
        this->last_intent_of(intent.capability, intent.subject) > *intent.judged_after)
      return Overtaken{};
  }
  if (intent.plan_version != 0 && connection_.rules.plan_fence) {
    const auto current = this->plan(intent.wave, intent.capability);
    const std::int64_t version = current ? current->version : 0;
    if (version != intent.plan_version) return StalePlan{version};
  }
  if (const auto judged = judge_side(intent)) return *judged;
  auto& insert =
      connection_
          .prepared(
              "INSERT INTO intent(capability, wave, subject, operation, name, channel, key, "
              "request_hash, request, side, birth, plan_version, give_up_at, correlation, "
              "state, attempts, opened_at, settle_from) "
              "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,1,?,?) RETURNING id")
          .bind(number(intent.capability))
          .bind(intent.wave)
          .bind(intent.subject)
          .bind(intent.operation)
          .bind(intent.name)
          .bind(intent.channel.text())
          .bind(intent.key.text())
          .bind(intent.request_hash)
          .bind(intent.request)
          .bind(number(intent.side))
          .bind(intent.birth)
          .bind(intent.plan_version)
          .bind(intent.give_up_at.micros)
          .bind(intent.correlation_id)
          .bind(now.micros)
          .bind(intent.give_up_at.micros);
  return Opened{new_id(insert)};
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
  const bool head =
      !connection_.rules.mirror_order || !has_rows(row.side, row.capability, row.subject);
  const bool parked = row.depends_on_capability &&
                      has_rows(row.side, *row.depends_on_capability, row.depends_on_subject);
  auto& insert =
      connection_
          .prepared(
              "INSERT INTO outbox(side, capability, wave, subject, operation, payload, channel, "
              "key, correlation, role, depends_capability, depends_subject, not_before, state, "
              "created_at, next_at, head, parked) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,?) "
              "RETURNING id")
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
          .bind(head)
          .bind(parked);
  return new_id(insert);
}

template <class Sql>
bool SqlTransaction<Sql>::has_rows(Side side, Capability capability, const Subject& subject) {
  return oldest_row(side, capability, subject) != 0;
}

template <class Sql>
std::int64_t SqlTransaction<Sql>::oldest_row(Side side, Capability capability,
                                             const Subject& subject) {
  auto& select = connection_.prepared(
      "SELECT id FROM outbox WHERE side = ? AND capability = ? AND subject = ? ORDER BY id LIMIT "
      "1");
  select.bind(number(side)).bind(number(capability)).bind(subject);
  const std::int64_t id = select.step() ? select.number(0) : 0;
  select.reset();
  return id;
}

template <class Sql>
bool SqlTransaction<Sql>::remove_row(std::int64_t id) {
  const auto row = this->outbox_row(id);
  if (!row) return false;
  connection_.prepared("DELETE FROM outbox WHERE id = ?").bind(id).run();
  end_claim(row_claim(id));
  const std::int64_t next = oldest_row(row->side, row->capability, row->subject);
  if (next != 0) connection_.prepared("UPDATE outbox SET head = 1 WHERE id = ?").bind(next).run();
  // Whoever waited for this row and for no other older one may go.
  connection_
      .prepared(
          "UPDATE outbox SET parked = 0 WHERE parked = 1 AND side = ? AND "
          "depends_capability = ? AND depends_subject = ? AND id < ?")
      .bind(number(row->side))
      .bind(number(row->capability))
      .bind(row->subject)
      .bind(next == 0 ? std::numeric_limits<std::int64_t>::max() : next)
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
