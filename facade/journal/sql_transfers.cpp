#include "facade/journal/postgres.h"
#include "facade/journal/sql_transaction.h"
#include "facade/journal/sqlite.h"

namespace underpin::facade::journal {

template <class Sql>
std::int64_t SqlTransaction<Sql>::add_transfer(const TransferRecord& transfer) {
  auto& insert =
      connection_
          .prepared(
              "INSERT INTO transfer(wave, capability, destination, state, selection, actor, "
              "reason, reference, started_at, ended_at) VALUES (?,?,?,?,?,?,?,?,?,?) RETURNING id")
          .bind(transfer.wave)
          .bind(static_cast<std::int64_t>(transfer.capability))
          .bind(static_cast<std::int64_t>(transfer.to))
          .bind(transfer.state)
          .bind(transfer.selection)
          .bind(transfer.actor)
          .bind(transfer.reason)
          .bind(transfer.change_reference)
          .bind(transfer.started_at.micros)
          .bind(transfer.ended_at.micros);
  const std::int64_t id = insert.step() ? insert.number(0) : 0;
  insert.reset();
  return id;
}

template <class Sql>
void SqlTransaction<Sql>::put_transfer(const TransferRecord& transfer) {
  connection_.prepared("UPDATE transfer SET state = ?, ended_at = ? WHERE id = ?")
      .bind(transfer.state)
      .bind(transfer.ended_at.micros)
      .bind(transfer.id)
      .run();
}

template <class Sql>
void SqlTransaction<Sql>::put_transfer_item(const TransferItem& item) {
  connection_
      .prepared(
          "INSERT INTO transfer_item(transfer, subject, state, classes, detail, memo, attempts, "
          "next_at, currency, value) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT(transfer, subject) "
          "DO UPDATE SET state = excluded.state, classes = excluded.classes, "
          "detail = excluded.detail, memo = excluded.memo, attempts = excluded.attempts, "
          "next_at = excluded.next_at, currency = excluded.currency, value = excluded.value")
      .bind(item.transfer)
      .bind(item.subject)
      .bind(item.state)
      .bind(item.classes)
      .bind(item.detail)
      .bind(item.memo)
      .bind(std::int64_t{item.attempts})
      .bind(item.next_at.micros)
      .bind(item.currency)
      .bind(item.value.text())
      .run();
}

template std::int64_t SqlTransaction<Connection>::add_transfer(const TransferRecord&);
template std::int64_t SqlTransaction<PgConnection>::add_transfer(const TransferRecord&);
template void SqlTransaction<Connection>::put_transfer(const TransferRecord&);
template void SqlTransaction<PgConnection>::put_transfer(const TransferRecord&);
template void SqlTransaction<Connection>::put_transfer_item(const TransferItem&);
template void SqlTransaction<PgConnection>::put_transfer_item(const TransferItem&);

}  // namespace underpin::facade::journal
