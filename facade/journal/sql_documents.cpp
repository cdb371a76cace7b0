#include "contracts/order_status.h"
#include "facade/journal/postgres.h"
#include "facade/journal/sql_transaction.h"
#include "facade/journal/sqlite.h"

namespace underpin::facade::journal {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

template <class Sql>
void SqlTransaction<Sql>::put_document(const DocumentRecord& given) {
  DocumentRecord document = given;
  std::optional<DocumentRecord> seen;
  {
    auto& select = connection_.prepared(
        "SELECT status, closed, wave, home, currency, grand_total FROM document WHERE "
        "channel = ? AND number = ?");
    select.bind(given.id.channel.text()).bind(given.id.number.text());
    if (select.step()) {
      seen.emplace();
      seen->id = given.id;
      seen->status = static_cast<OrderStatus>(select.number(0));
      seen->closed = select.flag(1);
      seen->wave = select.text(2);
      seen->home = select.number(3) == 0 ? Side::legacy : Side::cloud;
      seen->currency = select.text(4);
      const auto total = Decimal::parse(select.text(5));
      if (total) seen->grand_total = *total;
    }
    select.reset();
  }
  if (seen && !may_follow(seen->status, given.status)) {
    document.status = seen->status;
    document.closed = document.closed || seen->closed;
    increment("status_regressions_refused");
  }
  if (seen) count_if_invoiced(*seen, -1);
  count_if_invoiced(document, 1);
  connection_
      .prepared(
          "INSERT INTO counter VALUES ('change', 1) ON CONFLICT(name) DO UPDATE SET "
          "value = counter.value + 1")
      .run();
  connection_
      .prepared(
          "INSERT INTO document VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
          "ON CONFLICT(channel, number) DO UPDATE SET "
          "wave = excluded.wave, home = excluded.home, plan_version = "
          "excluded.plan_version, bucket = excluded.bucket, customer = excluded.customer, "
          "status = excluded.status, legacy_document = excluded.legacy_document, "
          "cloud_document = excluded.cloud_document, mirrored = excluded.mirrored, closed "
          "= excluded.closed, holds = excluded.holds, order_date = excluded.order_date, "
          "currency = excluded.currency, grand_total = excluded.grand_total, content = "
          "excluded.content, created_at = excluded.created_at, updated_at = "
          "excluded.updated_at, change = excluded.change")
      .bind(document.id.channel.text())
      .bind(document.id.number.text())
      .bind(document.wave)
      .bind(static_cast<std::int64_t>(document.home))
      .bind(document.plan_version)
      .bind(std::int64_t{document.bucket})
      .bind(document.customer.text())
      .bind(static_cast<std::int64_t>(document.status))
      .bind(document.legacy_document.text())
      .bind(document.cloud_document.text())
      .bind(document.mirrored)
      .bind(document.closed)
      .bind(joined(document.holds))
      .bind(document.order_date.empty() ? std::string{} : document.order_date.text())
      .bind(document.currency)
      .bind(document.grand_total.text())
      .bind(document.content)
      .bind(document.created_at.micros)
      .bind(document.updated_at.micros)
      .bind(this->counter("change"))
      .run();
  for (const DocumentNumber* alias : {&document.legacy_document, &document.cloud_document})
    if (!alias->empty()) add_alias(document.id, alias->text());
  // Older than the facade: its number is an ERP's.
  if (document.id.channel.empty()) add_alias(document.id, document.id.number.text());
}

template <class Sql>
void SqlTransaction<Sql>::count_if_invoiced(const DocumentRecord& document, int times) {
  if (!document.closed || document.status != OrderStatus::invoiced || document.id.channel.empty())
    return;
  const std::string prefix = invoiced_prefix(document.wave, document.home) + document.currency;
  const Decimal worth = document.grand_total.rounded(worth_scale, Rounding::half_up);
  add_to(prefix + " count", times);
  add_to(prefix + " worth", times * static_cast<std::int64_t>(worth.coefficient()));
}

template <class Sql>
void SqlTransaction<Sql>::add_to(const std::string& counter, std::int64_t amount) {
  connection_
      .prepared(
          "INSERT INTO counter VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET "
          "value = counter.value + excluded.value")
      .bind(counter)
      .bind(amount)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::count_invoiced() {
  constexpr const char* counted = "invoiced_are_counted";
  if (this->counter(counted) != 0) return;
  increment(counted);
  DocumentQuery query;
  query.closed = true;
  query.limit = 1'000;
  // What this release has put here was counted at once, and is counted anew.
  connection_.prepared("DELETE FROM counter WHERE substr(name, 1, 9) = 'invoiced/'").run();
  while (true) {
    const auto documents = this->documents(query);
    for (const DocumentRecord& document : documents) count_if_invoiced(document, 1);
    if (documents.size() < static_cast<std::size_t>(query.limit)) return;
    query.after_change = documents.back().change;
  }
}

template <class Sql>
void SqlTransaction<Sql>::add_alias(const OrderId& id, const std::string& alias) {
  connection_.prepared("INSERT INTO alias VALUES (?,?,?) ON CONFLICT DO NOTHING")
      .bind(alias)
      .bind(id.channel.text())
      .bind(id.number.text())
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::forget_document(const OrderId& id) {
  if (const auto known = this->document(id)) count_if_invoiced(*known, -1);
  for (const char* sql : {"DELETE FROM document WHERE channel = ? AND number = ?",
                          "DELETE FROM alias WHERE channel = ? AND document = ?"})
    connection_.prepared(sql).bind(id.channel.text()).bind(id.number.text()).run();
}

template void SqlTransaction<Connection>::put_document(const DocumentRecord&);
template void SqlTransaction<PgConnection>::put_document(const DocumentRecord&);
template void SqlTransaction<Connection>::count_invoiced();
template void SqlTransaction<PgConnection>::count_invoiced();
template void SqlTransaction<Connection>::add_alias(const OrderId&, const std::string&);
template void SqlTransaction<PgConnection>::add_alias(const OrderId&, const std::string&);
template void SqlTransaction<Connection>::forget_document(const OrderId&);
template void SqlTransaction<PgConnection>::forget_document(const OrderId&);

}  // namespace underpin::facade::journal
