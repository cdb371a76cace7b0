#include "facade/journal/sql_reader.h"

#include "facade/journal/postgres.h"
#include "facade/journal/sql_rows.h"
#include "facade/journal/sqlite.h"

#include <sstream>

#include <map>
#include <tuple>

namespace underpin::facade::journal {
namespace {

#define INTENT_COLUMNS                                                                        \
  "SELECT id, capability, wave, subject, operation, name, channel, key, request_hash, "       \
  "request, side, birth, plan_version, give_up_at, correlation, state, attempts, opened_at, " \
  "settle_from, orphaned, error FROM intent "
#define DOCUMENT_COLUMNS                                                             \
  "SELECT channel, number, wave, home, plan_version, bucket, customer, status, "     \
  "legacy_document, cloud_document, mirrored, closed, holds, order_date, currency, " \
  "grand_total, content, created_at, updated_at, change FROM document "
#define OUTBOX_COLUMN_LIST                                                                \
  "SELECT id, side, capability, wave, subject, operation, payload, channel, key, "        \
  "correlation, role, depends_capability, depends_subject, not_before, state, attempts, " \
  "created_at, next_at, last_error"
#define OUTBOX_COLUMNS OUTBOX_COLUMN_LIST " FROM outbox "
#define OUTBOX_CLAIMED_COLUMNS \
  OUTBOX_COLUMN_LIST           \
  ", COALESCE((SELECT until FROM claim WHERE what = 'row/' || outbox.id), -1) FROM outbox "
#define EXCEPTION_COLUMNS                                                           \
  "SELECT id, kind, capability, wave, subject, side, outbox_row, detail, payload, " \
  "correlation, opened_at, state, closed_by, close_reason, closed_at FROM exception "
#define TRANSFER_COLUMNS                                                                   \
  "SELECT id, wave, capability, destination, state, selection, actor, reason, reference, " \
  "started_at, ended_at FROM transfer "
#define TRANSFER_ITEM_COLUMNS                                                                   \
  "SELECT transfer, subject, state, classes, detail, memo, attempts, next_at, currency, value " \
  "FROM transfer_item "

Capability capability_of(std::int64_t value) { return static_cast<Capability>(value); }

// The journal wrote it: what it cannot read back is damage, and no amount is guessed.
template <class T>
T stored(const Result<T>& read, const char* column) {
  if (read) return *read;
  throw StoreError("journal: " + std::string(column) + " cannot be read: " + read.error().message);
}

template <class Row>
Intent intent_in(const Row& row) {
  Intent intent;
  intent.id = row.number(0);
  intent.capability = capability_of(row.number(1));
  intent.wave = row.text(2);
  intent.subject = row.text(3);
  intent.operation = row.text(4);
  intent.name = row.text(5);
  intent.channel = ChannelId{row.text(6)};
  intent.key = IdempotencyKey{row.text(7)};
  intent.request_hash = row.text(8);
  intent.request = row.text(9);
  intent.side = side_of(row.number(10));
  intent.birth = row.flag(11);
  intent.plan_version = row.number(12);
  intent.give_up_at = {row.number(13)};
  intent.correlation_id = row.text(14);
  intent.state = row.number(15) == 1 ? IntentState::unknown : IntentState::open;
  intent.attempts = static_cast<int>(row.number(16));
  intent.opened_at = {row.number(17)};
  intent.settle_from = {row.number(18)};
  intent.orphaned = row.flag(19);
  intent.last_error = row.text(20);
  return intent;
}

template <class Row>
DocumentRecord document_in(const Row& row) {
  DocumentRecord document;
  document.id = {ChannelId{row.text(0)}, OrderNumber{row.text(1)}};
  document.wave = row.text(2);
  document.home = side_of(row.number(3));
  document.plan_version = row.number(4);
  document.bucket = static_cast<std::uint32_t>(row.number(5));
  document.customer = CustomerNumber{row.text(6)};
  document.status = static_cast<OrderStatus>(row.number(7));
  document.legacy_document = DocumentNumber{row.text(8)};
  document.cloud_document = DocumentNumber{row.text(9)};
  document.mirrored = row.flag(10);
  document.closed = row.flag(11);
  const std::string holds = row.text(12);
  for (std::size_t at = 0; at < holds.size();) {
    const std::size_t next = std::min(holds.find('\n', at), holds.size());
    document.holds.push_back(holds.substr(at, next - at));
    at = next + 1;
  }
  const std::string date = row.text(13);
  if (!date.empty()) document.order_date = stored(Date::parse(date), "order_date");
  document.currency = row.text(14);
  document.grand_total = stored(Decimal::parse(row.text(15)), "grand_total");
  document.content = row.text(16);
  document.created_at = {row.number(17)};
  document.updated_at = {row.number(18)};
  document.change = row.number(19);
  return document;
}

template <class Row>
OutboxRow row_in(const Row& row) {
  OutboxRow result;
  result.id = row.number(0);
  result.side = side_of(row.number(1));
  result.capability = capability_of(row.number(2));
  result.wave = row.text(3);
  result.subject = row.text(4);
  result.operation = row.text(5);
  result.payload = row.text(6);
  result.channel = ChannelId{row.text(7)};
  result.key = IdempotencyKey{row.text(8)};
  result.correlation_id = row.text(9);
  result.role = row.number(10) == 0 ? Role::primary : Role::mirror;
  if (row.number(11) >= 0) result.depends_on_capability = capability_of(row.number(11));
  result.depends_on_subject = row.text(12);
  result.not_before = {row.number(13)};
  result.state = row.number(14) == 0 ? OutboxState::pending : OutboxState::dead;
  result.attempts = static_cast<int>(row.number(15));
  result.created_at = {row.number(16)};
  result.next_at = {row.number(17)};
  result.last_error = row.text(18);
  return result;
}

template <class Row>
ExceptionRecord exception_in(const Row& row) {
  ExceptionRecord exception;
  exception.id = row.number(0);
  exception.kind = row.text(1);
  exception.capability = capability_of(row.number(2));
  exception.wave = row.text(3);
  exception.subject = row.text(4);
  if (row.number(5) >= 0) exception.side = side_of(row.number(5));
  exception.outbox_row = row.number(6);
  exception.detail = row.text(7);
  exception.payload = row.text(8);
  exception.correlation_id = row.text(9);
  exception.opened_at = {row.number(10)};
  exception.state = row.text(11);
  exception.closed_by = row.text(12);
  exception.close_reason = row.text(13);
  exception.closed_at = {row.number(14)};
  return exception;
}

template <class Row>
TransferRecord transfer_in(const Row& row) {
  TransferRecord transfer;
  transfer.id = row.number(0);
  transfer.wave = row.text(1);
  transfer.capability = capability_of(row.number(2));
  transfer.to = side_of(row.number(3));
  transfer.state = row.text(4);
  transfer.selection = row.text(5);
  transfer.actor = row.text(6);
  transfer.reason = row.text(7);
  transfer.change_reference = row.text(8);
  transfer.started_at = {row.number(9)};
  transfer.ended_at = {row.number(10)};
  return transfer;
}

template <class Row>
TransferItem transfer_item_in(const Row& row) {
  TransferItem item;
  item.transfer = row.number(0);
  item.subject = row.text(1);
  item.state = row.text(2);
  item.classes = row.text(3);
  item.detail = row.text(4);
  item.memo = row.text(5);
  item.attempts = static_cast<int>(row.number(6));
  item.next_at = {row.number(7)};
  item.currency = row.text(8);
  item.value = stored(Decimal::parse(row.text(9)), "value");
  return item;
}

template <class Row>
PlanRecord plan_in(const Row& row) {
  PlanRecord plan;
  plan.wave = row.text(0);
  plan.capability = capability_of(row.number(1));
  plan.version = row.number(2);
  plan.plan = row.text(3);
  plan.actor = row.text(4);
  plan.reason = row.text(5);
  plan.at = {row.number(6)};
  return plan;
}

}  // namespace

template <class Sql, class Base>
std::optional<StoredAnswer> SqlReader<Sql, Base>::answer_for(const ChannelId& channel,
                                                             const IdempotencyKey& key) const {
  auto& select = connection_.prepared(
      "SELECT status, body, location, etag FROM intent WHERE channel = ? AND key = ? AND "
      "state = 2");
  select.bind(channel.text()).bind(key.text());
  return first<StoredAnswer>(select, [](const auto& row) {
    return StoredAnswer{static_cast<int>(row.number(0)), row.text(1), row.text(2), row.text(3)};
  });
}

template <class Sql, class Base>
std::optional<Intent> SqlReader<Sql, Base>::intent(std::int64_t id) const {
  auto& select = connection_.prepared(INTENT_COLUMNS "WHERE id = ? AND state < 2");
  select.bind(id);
  return first<Intent>(select, intent_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<Intent> SqlReader<Sql, Base>::open_intent_of(Capability capability,
                                                           const Subject& subject) const {
  auto& select =
      connection_.prepared(INTENT_COLUMNS "WHERE capability = ? AND subject = ? AND state < 2");
  select.bind(number(capability)).bind(subject);
  return first<Intent>(select, intent_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::int64_t SqlReader<Sql, Base>::last_intent_of(Capability capability,
                                                  const Subject& subject) const {
  auto& select = connection_.prepared(
      "SELECT id FROM intent WHERE capability = ? AND subject = ? ORDER BY id DESC LIMIT 1");
  select.bind(number(capability)).bind(subject);
  return first<std::int64_t>(select, [](const auto& row) { return row.number(0); }).value_or(0);
}

template <class Sql, class Base>
std::vector<Intent> SqlReader<Sql, Base>::open_intents(int limit) const {
  auto& select = connection_.prepared(INTENT_COLUMNS "WHERE state < 2 ORDER BY id LIMIT ?");
  select.bind(std::int64_t{limit});
  return every<Intent>(select, intent_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<DocumentRecord> SqlReader<Sql, Base>::document(const OrderId& id) const {
  auto& select = connection_.prepared(DOCUMENT_COLUMNS "WHERE channel = ? AND number = ?");
  select.bind(id.channel.text()).bind(id.number.text());
  return first<DocumentRecord>(select, document_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<DocumentRecord> SqlReader<Sql, Base>::documents_named(const std::string& name) const {
  auto& select =
      connection_.prepared(DOCUMENT_COLUMNS
                           "WHERE (channel, number) IN "
                           "(SELECT channel, document FROM alias WHERE alias.number = ?) "
                           "ORDER BY change");
  select.bind(name);
  return every<DocumentRecord>(select, document_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<DocumentRecord> SqlReader<Sql, Base>::documents(const DocumentQuery& query) const {
  // One statement per combination of conditions: each is prepared once. Later pages continue at
  // their place in the change order; a first page "since" is found by time (+change: not by
  // change).
  const bool by_time = query.updated_since && query.after_change == 0 && !query.customer;
  std::string sql = DOCUMENT_COLUMNS "WHERE ";
  sql += by_time ? "+change > ?" : "change > ?";
  if (query.channel) sql += " AND (channel = ? OR channel = '')";
  if (query.customer) sql += " AND customer = ?";
  if (query.updated_since) sql += " AND updated_at >= ?";
  if (query.closed) sql += *query.closed ? " AND closed = 1" : " AND closed = 0";
  if (query.home) sql += " AND home = ?";
  sql += by_time ? " ORDER BY +change LIMIT ?" : " ORDER BY change LIMIT ?";
  auto& select = connection_.prepared(sql.c_str());
  select.bind(query.after_change);
  if (query.channel) select.bind(query.channel->text());
  if (query.customer) select.bind(query.customer->text());
  if (query.updated_since) select.bind(query.updated_since->micros);
  if (query.home) select.bind(number(*query.home));
  select.bind(std::int64_t{query.limit});
  return every<DocumentRecord>(select, document_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<DocumentRecord> SqlReader<Sql, Base>::undelivered_documents(Side side) const {
  auto& select = connection_.prepared(DOCUMENT_COLUMNS
                                      "WHERE closed = 0 AND mirrored = 1 AND home = ? AND "
                                      "channel || '/' || number IN (SELECT subject FROM outbox "
                                      "WHERE side = ? AND capability = ?) ORDER BY change");
  select.bind(number(other(side))).bind(number(side)).bind(number(Capability::orders));
  return every<DocumentRecord>(select, document_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
DocumentCounts SqlReader<Sql, Base>::document_counts(const std::string& wave) const {
  DocumentCounts counts;
  auto& select = connection_.prepared(
      "SELECT home, mirrored, count(*) FROM document WHERE closed = 0 AND wave = ? GROUP BY 1, 2");
  select.bind(wave);
  const Closing<typename Sql::Prepared> closing{select};
  while (select.step()) {
    const bool legacy = side_of(select.number(0)) == Side::legacy;
    (legacy ? counts.open_in_legacy : counts.open_in_cloud) += select.number(2);
    if (!select.flag(1))
      (legacy ? counts.unmirrored_open_in_legacy : counts.unmirrored_open_in_cloud) +=
          select.number(2);
  }
  return counts;
}

template <class Sql, class Base>
std::vector<DocumentValue> SqlReader<Sql, Base>::document_values(const std::string& wave,
                                                                 Side home) const {
  // Summed here: SQLite's own sum() would make doubles of the amounts.
  std::map<std::tuple<std::int64_t, bool, bool, bool, std::string>, DocumentValue> groups;
  {
    auto& select = connection_.prepared(
        "SELECT status, mirrored, "
        "CASE WHEN legacy_document <> '' AND cloud_document <> '' THEN 1 ELSE 0 END, "
        "CASE WHEN channel = '' THEN 1 ELSE 0 END, currency, grand_total FROM document WHERE "
        "closed = 0 AND wave = ? AND home = ?");
    select.bind(wave).bind(number(home));
    const Closing<typename Sql::Prepared> closing{select};
    while (select.step()) {
      DocumentValue& group = groups[{select.number(0), select.flag(1), select.flag(2),
                                     select.flag(3), select.text(4)}];
      group.status = static_cast<OrderStatus>(select.number(0));
      group.mirrored = select.flag(1);
      group.mapped = select.flag(2);
      group.own = select.flag(3);
      group.currency = select.text(4);
      group.total += stored(Decimal::parse(select.text(5)), "grand_total");
      ++group.count;
    }
  }
  std::vector<DocumentValue> values;
  for (auto& [key, group] : groups) values.push_back(std::move(group));
  const std::string prefix = invoiced_prefix(wave, home);
  auto& select = connection_.prepared(
      "SELECT name, value FROM counter WHERE substr(name, 1, ?) = ? ORDER BY name");
  select.bind(static_cast<std::int64_t>(prefix.size())).bind(prefix);
  const Closing<typename Sql::Prepared> closing{select};
  while (select.step()) {
    // "<prefix>EUR count", then "<prefix>EUR worth".
    const std::string name = select.text(0).substr(prefix.size());
    const std::size_t space = name.rfind(' ');
    const Currency currency = name.substr(0, space);
    if (values.empty() || !values.back().closed || values.back().currency != currency) {
      DocumentValue invoiced;
      invoiced.status = OrderStatus::invoiced;
      invoiced.closed = true;
      invoiced.currency = currency;
      values.push_back(std::move(invoiced));
    }
    if (name.substr(space + 1) == "count") {
      values.back().count = select.number(1);
    } else {
      const Decimal worth = Decimal{select.number(1), worth_scale}.normalized();
      values.back().total = worth.scale() < 2 ? worth.rounded(2, Rounding::half_up) : worth;
    }
  }
  std::erase_if(values, [](const DocumentValue& value) { return value.count == 0; });
  return values;
}

template <class Sql, class Base>
std::vector<OutboxRow> SqlReader<Sql, Base>::due_rows(Side side, Timestamp now, int limit) const {
  // With few due among many that back off, by time; with many due, by id until `limit` are found.
  constexpr std::int64_t few = 1'000;
  // `head` and `parked` are kept by the transaction, so only an index is walked here.
  const std::string by_time = "FROM outbox" + Sql::index_hint("outbox_ready_by_time") + ready_sql;
  const std::string by_id = "FROM outbox" + Sql::index_hint("outbox_ready_by_id") + ready_sql;
  auto& probe = connection_.prepared(
      ("SELECT count(*) FROM (SELECT 1 " + by_time + "LIMIT ?) AS due").c_str());
  probe.bind(number(side)).bind(now.micros).bind(few);
  const std::int64_t due = counted(probe);
  if (due == 0) return {};
  auto& select =
      connection_.prepared((OUTBOX_CLAIMED_COLUMNS "WHERE id IN (SELECT id " +
                            (due < few ? by_time : by_id) + "ORDER BY id LIMIT ?) ORDER BY id")
                               .c_str());
  select.bind(number(side)).bind(now.micros).bind(std::int64_t{limit});
  return every<OutboxRow>(select, [](const auto& row) {
    OutboxRow result = row_in(row);
    if (row.number(19) >= 0) result.claimed_until = Timestamp{row.number(19)};
    return result;
  });
}

template <class Sql, class Base>
std::vector<OutboxRow> SqlReader<Sql, Base>::rows_of(Side side, Capability capability,
                                                     const Subject& subject) const {
  auto& select = connection_.prepared(
      OUTBOX_COLUMNS "WHERE side = ? AND capability = ? AND subject = ? ORDER BY id");
  select.bind(number(side)).bind(number(capability)).bind(subject);
  return every<OutboxRow>(select, row_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<OutboxRow> SqlReader<Sql, Base>::outbox_row(std::int64_t id) const {
  auto& select = connection_.prepared(OUTBOX_COLUMNS "WHERE id = ?");
  select.bind(id);
  return first<OutboxRow>(select, row_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<OutboxRow> SqlReader<Sql, Base>::outbox(std::int64_t after_id, int limit) const {
  auto& select = connection_.prepared(OUTBOX_COLUMNS "WHERE id > ? ORDER BY id LIMIT ?");
  select.bind(after_id).bind(std::int64_t{limit});
  return every<OutboxRow>(select, row_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::int64_t SqlReader<Sql, Base>::pending_rows(Side side) const {
  auto& select = connection_.prepared(
      "SELECT count(*) FROM outbox WHERE side = ? AND state = 0 AND operation <> "
      "'verify_posting'");
  select.bind(number(side));
  return counted(select);
}

template <class Sql, class Base>
Backlog SqlReader<Sql, Base>::backlog(const std::string& wave, Capability capability,
                                      std::int64_t plan_version) const {
  Backlog backlog;
  auto& intents = connection_.prepared(
      "SELECT count(*), count(*) FILTER (WHERE plan_version <> 0 AND plan_version < ?), "
      "count(*) FILTER (WHERE state = 1) FROM intent "
      "WHERE state < 2 AND capability = ? AND wave = ?");
  intents.bind(plan_version).bind(number(capability)).bind(wave);
  first<bool>(intents, [&](const auto& row) {
    backlog.open_intents = row.number(0);
    backlog.open_intents_before = row.number(1);
    backlog.unknown_outcomes = row.number(2);
    return true;
  });
  auto& rows = connection_.prepared(
      "SELECT side, state, count(*), min(created_at) FROM outbox WHERE wave = ? AND "
      "capability = ? AND role = 1 GROUP BY 1, 2");
  rows.bind(wave).bind(number(capability));
  const Closing<typename Sql::Prepared> closing{rows};
  while (rows.step()) {
    const bool legacy = side_of(rows.number(0)) == Side::legacy;
    if (rows.number(1) == 0) {
      (legacy ? backlog.pending_to_legacy : backlog.pending_to_cloud) = rows.number(2);
      const Timestamp oldest{rows.number(3)};
      if (backlog.oldest_pending.empty() || oldest < backlog.oldest_pending)
        backlog.oldest_pending = oldest;
    } else {
      (legacy ? backlog.dead_to_legacy : backlog.dead_to_cloud) = rows.number(2);
    }
  }
  return backlog;
}

template <class Sql, class Base>
std::vector<ExceptionRecord> SqlReader<Sql, Base>::exceptions(const std::string& state,
                                                              int limit) const {
  if (state.empty()) {
    auto& all = connection_.prepared(EXCEPTION_COLUMNS "ORDER BY id LIMIT ?");
    all.bind(std::int64_t{limit});
    return every<ExceptionRecord>(all, exception_in<typename Sql::Prepared>);
  }
  auto& select = connection_.prepared(EXCEPTION_COLUMNS "WHERE state = ? ORDER BY id LIMIT ?");
  select.bind(state).bind(std::int64_t{limit});
  return every<ExceptionRecord>(select, exception_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<ExceptionRecord> SqlReader<Sql, Base>::exception(std::int64_t id) const {
  auto& select = connection_.prepared(EXCEPTION_COLUMNS "WHERE id = ?");
  select.bind(id);
  return first<ExceptionRecord>(select, exception_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<PlanRecord> SqlReader<Sql, Base>::plan(const std::string& wave,
                                                     Capability capability) const {
  auto& select = connection_.prepared(
      "SELECT wave, capability, version, plan, actor, reason, at FROM plan WHERE wave = ? AND "
      "capability = ? ORDER BY version DESC LIMIT 1");
  select.bind(wave).bind(number(capability));
  return first<PlanRecord>(select, plan_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<PlanRecord> SqlReader<Sql, Base>::plan_history(const std::string& wave,
                                                           Capability capability) const {
  auto& select = connection_.prepared(
      "SELECT wave, capability, version, plan, actor, reason, at FROM plan WHERE wave = ? AND "
      "capability = ? ORDER BY version DESC");
  select.bind(wave).bind(number(capability));
  return every<PlanRecord>(select, plan_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<AuditRecord> SqlReader<Sql, Base>::audit(std::int64_t after_seq, int limit) const {
  auto& select = connection_.prepared(
      "SELECT seq, previous, hash, entry FROM audit WHERE seq > ? ORDER BY seq LIMIT ?");
  select.bind(after_seq).bind(std::int64_t{limit});
  return every<AuditRecord>(select, [](const auto& row) {
    return AuditRecord{row.number(0), row.text(1), row.text(2), row.text(3)};
  });
}

template <class Sql, class Base>
std::vector<TransferRecord> SqlReader<Sql, Base>::transfers(int limit) const {
  auto& select = connection_.prepared(TRANSFER_COLUMNS "ORDER BY id DESC LIMIT ?");
  select.bind(std::int64_t{limit});
  return every<TransferRecord>(select, transfer_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<TransferRecord> SqlReader<Sql, Base>::transfer(std::int64_t id) const {
  auto& select = connection_.prepared(TRANSFER_COLUMNS "WHERE id = ?");
  select.bind(id);
  return first<TransferRecord>(select, transfer_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::optional<TransferItem> SqlReader<Sql, Base>::transfer_item(std::int64_t transfer,
                                                                const Subject& subject) const {
  auto& select = connection_.prepared(TRANSFER_ITEM_COLUMNS "WHERE transfer = ? AND subject = ?");
  select.bind(transfer).bind(subject);
  return first<TransferItem>(select, transfer_item_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<TransferItem> SqlReader<Sql, Base>::transfer_items(std::int64_t transfer,
                                                               const std::string& state,
                                                               const Subject& after,
                                                               int limit) const {
  auto& select = connection_.prepared(
      TRANSFER_ITEM_COLUMNS
      "WHERE transfer = ? AND subject > ? AND (? = '' OR state = ?) ORDER BY subject LIMIT ?");
  select.bind(transfer).bind(after).bind(state).bind(state).bind(std::int64_t{limit});
  return every<TransferItem>(select, transfer_item_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::vector<TransferItem> SqlReader<Sql, Base>::due_transfer_items(std::int64_t transfer,
                                                                   Timestamp now, int limit) const {
  auto& select = connection_.prepared(
      TRANSFER_ITEM_COLUMNS
      "WHERE transfer = ? AND state = 'waiting' AND next_at <= ? ORDER BY next_at, subject "
      "LIMIT ?");
  select.bind(transfer).bind(now.micros).bind(std::int64_t{limit});
  return every<TransferItem>(select, transfer_item_in<typename Sql::Prepared>);
}

template <class Sql, class Base>
std::map<std::string, std::int64_t> SqlReader<Sql, Base>::transfer_counts(
    std::int64_t transfer) const {
  auto& select = connection_.prepared(
      "SELECT state, COUNT(*) FROM transfer_item WHERE transfer = ? GROUP BY state");
  select.bind(transfer);
  std::map<std::string, std::int64_t> counts;
  for (const auto& [state, count] : every<std::pair<std::string, std::int64_t>>(
           select, [](const auto& row) { return std::pair(row.text(0), row.number(1)); }))
    counts[state] = count;
  return counts;
}

template <class Sql, class Base>
std::string SqlReader<Sql, Base>::cursor(const std::string& system, const std::string& feed) const {
  auto& select = connection_.prepared("SELECT cursor FROM cursor WHERE system = ? AND feed = ?");
  select.bind(system).bind(feed);
  return first<std::string>(select, [](const auto& row) { return row.text(0); }).value_or("");
}

template <class Sql, class Base>
std::string SqlReader<Sql, Base>::fact(const std::string& name) const {
  auto& select = connection_.prepared("SELECT value FROM fact WHERE name = ?");
  select.bind(name);
  return first<std::string>(select, [](const auto& row) { return row.text(0); }).value_or("");
}

template <class Sql, class Base>
std::int64_t SqlReader<Sql, Base>::counter(const std::string& name) const {
  auto& select = connection_.prepared("SELECT value FROM counter WHERE name = ?");
  select.bind(name);
  return counted(select);
}

template <class Sql, class Base>
std::vector<ReplicaRecord> SqlReader<Sql, Base>::replicas() const {
  auto& select =
      connection_.prepared("SELECT id, name, alive_until, taken FROM replica ORDER BY id");
  return every<ReplicaRecord>(select, [](const auto& row) {
    ReplicaRecord replica;
    replica.id = row.number(0);
    replica.name = row.text(1);
    replica.alive_until = {row.number(2)};
    std::istringstream lines(row.text(3));
    std::int64_t version = 0;
    std::string plan;
    while (lines >> version && lines.get() == ' ' && std::getline(lines, plan))
      replica.taken[plan] = version;
    return replica;
  });
}

template <class Sql, class Base>
std::optional<Claim> SqlReader<Sql, Base>::claim_on(const std::string& what) const {
  auto& select = connection_.prepared("SELECT replica, until FROM claim WHERE what = ?");
  select.bind(what);
  return first<Claim>(select, [](const auto& row) {
    return Claim{row.number(0), {row.number(1)}};
  });
}

template <class Sql, class Base>
Timestamp SqlReader<Sql, Base>::clock() const {
  auto& select = connection_.prepared(Sql::clock_sql);
  return {counted(select)};
}

template class SqlReader<Connection, JournalReader>;
template class SqlReader<Connection, JournalTransaction>;
template class SqlReader<PgConnection, JournalReader>;
template class SqlReader<PgConnection, JournalTransaction>;

}  // namespace underpin::facade::journal
