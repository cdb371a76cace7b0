#include "facade/journal/postgres.h"
#include "facade/journal/sql_reader.h"
#include "facade/journal/sql_rows.h"
#include "facade/journal/sql_transaction.h"
#include "facade/journal/sqlite.h"

// What is asked for each request or poll, one statement each: with a server every statement is a
// round trip.
namespace underpin::facade::journal {

template <class Sql, class Base>
BeforeWrite SqlReader<Sql, Base>::before_write(Capability capability, const Subject& subject,
                                               const ChannelId& channel,
                                               const IdempotencyKey& key) const {
  auto& select = connection_.prepared(
      "SELECT COALESCE((SELECT value FROM fact WHERE name = ?), ''), "
      "(SELECT CASE WHEN channel = ? AND key = ? THEN 2 ELSE 1 END FROM intent WHERE "
      "capability = ? AND subject = ? AND state < 2), "
      "(SELECT count(*) FROM intent WHERE channel = ? AND key = ? AND state = 2), "
      "(SELECT id FROM intent WHERE capability = ? AND subject = ? ORDER BY id DESC LIMIT 1)");
  select.bind(std::string_view(closed_fact))
      .bind(channel.text())
      .bind(key.text())
      .bind(number(capability))
      .bind(subject)
      .bind(channel.text())
      .bind(key.text())
      .bind(number(capability))
      .bind(subject);
  return first<BeforeWrite>(select,
                            [](const auto& row) {
                              BeforeWrite before;
                              before.closed = row.text(0);
                              before.open = row.number(1) > 0;
                              before.repeat = row.number(1) == 2 || row.number(2) > 0;
                              before.last = row.number(3);
                              return before;
                            })
      .value_or(BeforeWrite{});
}

template <class Sql, class Base>
std::optional<Side> SqlReader<Sql, Base>::pinned_side(Capability capability,
                                                      const Subject& subject) const {
  return state(capability, subject, {}).pinned;
}

template <class Sql, class Base>
StateLook SqlReader<Sql, Base>::state(Capability capability, const Subject& subject,
                                      const std::vector<std::string>& facts) const {
  StateLook seen;
  seen.facts.resize(facts.size());
  // Documents have homes.
  const bool pins = capability != Capability::orders && connection_.rules.affinity;
  if (!pins && facts.empty()) return seen;
  std::string sql = std::string("SELECT ") + pinned_side_sql;
  for (std::size_t i = 0; i < facts.size(); ++i)
    sql += ", COALESCE((SELECT value FROM fact WHERE name = ?), '')";
  auto& select = connection_.prepared(sql.c_str());
  select.bind(number(capability)).bind(subject).bind(number(capability)).bind(subject);
  for (const std::string& fact : facts) select.bind(fact);
  const Closing<typename Sql::Prepared> closing{select};
  if (!select.step()) return seen;
  if (pins && select.number(0) >= 0) seen.pinned = side_of(select.number(0));
  for (std::size_t i = 0; i < facts.size(); ++i)
    seen.facts[i] = select.text(static_cast<int>(i) + 1);
  return seen;
}

template <class Sql, class Base>
std::int64_t SqlReader<Sql, Base>::pinned_subjects(Capability capability, Side side) const {
  if (capability == Capability::orders) {
    auto& open =
        connection_.prepared("SELECT count(*) FROM document WHERE closed = 0 AND home = ?");
    open.bind(number(side));
    return counted(open);
  }
  auto& pinned = connection_.prepared(
      "SELECT (SELECT count(DISTINCT subject) FROM outbox WHERE capability = ? AND side = ? AND "
      "role = 1) + (SELECT count(*) FROM intent WHERE state < 2 AND side = ? AND capability = ? "
      "AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.capability = intent.capability AND "
      "outbox.side IN (0, 1) AND outbox.subject = intent.subject AND outbox.role = 1))");
  pinned.bind(number(capability))
      .bind(number(other(side)))
      .bind(number(side))
      .bind(number(capability));
  return counted(pinned);
}

template <class Sql, class Base>
bool SqlReader<Sql, Base>::any_due(Side side, Timestamp now) const {
  auto& select =
      connection_.prepared(("SELECT count(*) FROM (SELECT 1 FROM outbox" +
                            Sql::index_hint("outbox_ready_by_time") + ready_sql + "LIMIT 1) AS due")
                               .c_str());
  select.bind(number(side)).bind(now.micros);
  return counted(select) > 0;
}

template BeforeWrite SqlReader<Connection, JournalReader>::before_write(
    Capability, const Subject&, const ChannelId&, const IdempotencyKey&) const;
template std::optional<Side> SqlReader<Connection, JournalReader>::pinned_side(
    Capability, const Subject&) const;
template StateLook SqlReader<Connection, JournalReader>::state(
    Capability, const Subject&, const std::vector<std::string>&) const;
template std::int64_t SqlReader<Connection, JournalReader>::pinned_subjects(Capability, Side) const;
template bool SqlReader<Connection, JournalReader>::any_due(Side, Timestamp) const;
template BeforeWrite SqlReader<PgConnection, JournalReader>::before_write(
    Capability, const Subject&, const ChannelId&, const IdempotencyKey&) const;
template std::optional<Side> SqlReader<PgConnection, JournalReader>::pinned_side(
    Capability, const Subject&) const;
template StateLook SqlReader<PgConnection, JournalReader>::state(
    Capability, const Subject&, const std::vector<std::string>&) const;
template std::int64_t SqlReader<PgConnection, JournalReader>::pinned_subjects(Capability,
                                                                              Side) const;
template bool SqlReader<PgConnection, JournalReader>::any_due(Side, Timestamp) const;
template BeforeWrite SqlReader<Connection, JournalTransaction>::before_write(
    Capability, const Subject&, const ChannelId&, const IdempotencyKey&) const;
template std::optional<Side> SqlReader<Connection, JournalTransaction>::pinned_side(
    Capability, const Subject&) const;
template StateLook SqlReader<Connection, JournalTransaction>::state(
    Capability, const Subject&, const std::vector<std::string>&) const;
template std::int64_t SqlReader<Connection, JournalTransaction>::pinned_subjects(Capability,
                                                                                 Side) const;
template bool SqlReader<Connection, JournalTransaction>::any_due(Side, Timestamp) const;
template BeforeWrite SqlReader<PgConnection, JournalTransaction>::before_write(
    Capability, const Subject&, const ChannelId&, const IdempotencyKey&) const;
template std::optional<Side> SqlReader<PgConnection, JournalTransaction>::pinned_side(
    Capability, const Subject&) const;
template StateLook SqlReader<PgConnection, JournalTransaction>::state(
    Capability, const Subject&, const std::vector<std::string>&) const;
template std::int64_t SqlReader<PgConnection, JournalTransaction>::pinned_subjects(Capability,
                                                                                   Side) const;
template bool SqlReader<PgConnection, JournalTransaction>::any_due(Side, Timestamp) const;

}  // namespace underpin::facade::journal
