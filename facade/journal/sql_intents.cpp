#include "facade/journal/postgres.h"
#include "facade/journal/sql_rows.h"
#include "facade/journal/sql_transaction.h"
#include "facade/journal/sqlite.h"

// How a write is opened: what an earlier one, the plan and the backlog have to say about it.
namespace underpin::facade::journal {
namespace {

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

#define INTENT_ROW                                                           \
  "INSERT INTO intent(capability, wave, subject, operation, name, channel, " \
  "key, request_hash, request, side, birth, plan_version, give_up_at, "      \
  "correlation, state, attempts, opened_at, settle_from) "

// The values of INTENT_ROW, in its order; state and attempts are 0 and 1.
template <class Statement>
void bind_row(Statement& insert, const NewIntent& intent, Timestamp now) {
  insert.bind(number(intent.capability))
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
}

}  // namespace

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

// Everything that open_intent judges, and the row, in one statement. Nearly every write takes this
// way; who does not is judged in order, to be told why.
template <class Sql>
std::int64_t SqlTransaction<Sql>::open_unhindered(const NewIntent& intent, Timestamp now) {
  const bool state = intent.capability != Capability::orders;
  const std::size_t slash = intent.subject.find('/');
  const bool birth = intent.birth && slash != std::string::npos;
  const bool change = !state && !intent.birth && slash != std::string::npos;
  std::string sql = INTENT_ROW
      "SELECT CAST(? AS BIGINT),?,?,?,?,?,?,?,?,CAST(? AS BIGINT),CAST(? AS BIGINT),"
      "CAST(? AS BIGINT),CAST(? AS BIGINT),?,0,1,CAST(? AS BIGINT),CAST(? AS BIGINT) WHERE "
      "NOT EXISTS (SELECT 1 FROM intent WHERE channel = ? AND key = ?) AND "
      "NOT EXISTS (SELECT 1 FROM intent WHERE capability = ? AND name = ? AND name <> '') AND "
      "NOT EXISTS (SELECT 1 FROM intent WHERE capability = ? AND subject = ? AND state < 2) AND "
      "NOT EXISTS (SELECT 1 FROM fact WHERE name IN (?, ?) AND value <> '')";
  // Of a birth there is no document; a change goes to where its document is.
  if (birth) sql += " AND NOT EXISTS (SELECT 1 FROM document WHERE channel = ? AND number = ?)";
  if (change)
    sql +=
        " AND NOT EXISTS (SELECT 1 FROM document WHERE channel = ? AND number = ? AND home <> ?)";
  if (Sql::shared)
    sql +=
        " AND NOT EXISTS (SELECT 1 FROM outbox JOIN claim ON claim.what = 'row/' || outbox.id "
        "WHERE side = ? AND capability = ? AND subject = ? AND role = 0 AND until > ?)";
  if (Sql::shared && intent.judged_after)
    sql += " AND NOT EXISTS (SELECT 1 FROM intent WHERE capability = ? AND subject = ? AND id > ?)";
  if (intent.plan_version != 0)
    sql +=
        " AND COALESCE((SELECT max(version) FROM plan WHERE wave = ? AND capability = ?), 0) = ?";
  if (state) sql += std::string(" AND ") + pinned_side_sql + " IN (-1, ?)";
  sql += " RETURNING id";
  auto& insert = connection_.prepared(sql.c_str());
  const std::int64_t capability = number(intent.capability);
  bind_row(insert, intent, now);
  insert.bind(intent.channel.text()).bind(intent.key.text());
  insert.bind(capability).bind(intent.name);
  insert.bind(capability).bind(intent.subject);
  insert.bind(std::string_view(closed_fact))
      .bind(closed_subject_fact(intent.capability, intent.subject));
  if (birth || change)
    insert.bind(intent.subject.substr(0, slash)).bind(intent.subject.substr(slash + 1));
  if (change) insert.bind(number(intent.side));
  if (Sql::shared)
    insert.bind(number(intent.side)).bind(capability).bind(intent.subject).bind(now.micros);
  if (Sql::shared && intent.judged_after)
    insert.bind(capability).bind(intent.subject).bind(*intent.judged_after);
  if (intent.plan_version != 0) insert.bind(intent.wave).bind(capability).bind(intent.plan_version);
  if (state) {
    insert.bind(capability).bind(intent.subject).bind(capability).bind(intent.subject);
    insert.bind(number(intent.side));
  }
  return new_id(insert);
}

template <class Sql>
OpenOutcome SqlTransaction<Sql>::open_intent(const NewIntent& intent, Timestamp now) {
  if (const std::int64_t id = open_unhindered(intent, now); id != 0) return Opened{id};
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
      connection_.prepared(INTENT_ROW "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,1,?,?) RETURNING id");
  bind_row(insert, intent, now);
  return Opened{new_id(insert)};
}

template OpenOutcome SqlTransaction<Connection>::open_intent(const NewIntent&, Timestamp);
template OpenOutcome SqlTransaction<PgConnection>::open_intent(const NewIntent&, Timestamp);

}  // namespace underpin::facade::journal
