#include "legacy-adapters/iseries_batch/order_store.h"

#include "contracts/json/codec.h"
#include "contracts/json/object_reader.h"
#include "contracts/json/return_codec.h"
#include "contracts/order_status.h"

namespace underpin::legacy::iseries_batch {
namespace {

using state::StateDatabase;
using state::StateFailure;
using state::StateStatement;

constexpr std::size_t surely_read = 1'000'000;  // Bytes of JSON that no limit of the reader meets.

OrderSeen seen_of(StateStatement& row) {
  OrderSeen seen;
  seen.document = row.text(0);
  seen.reference = row.text(1);
  seen.held = row.whole(2) != 0;
  const auto value = json::parse(row.text(3));
  const auto order = value ? json::from_json<Order>(*value) : Result<Order>(value.error());
  if (!order) throw StateFailure("order " + seen.document + ": " + order.error().message);
  seen.order = *order;
  return seen;
}

constexpr const char* order_columns = "SELECT document, reference, held, content FROM orders ";

std::vector<OrderSeen> all_orders(StateStatement& rows) {
  std::vector<OrderSeen> found;
  while (rows.step()) found.push_back(seen_of(rows));
  return found;
}

constexpr const char* return_columns =
    "SELECT document, order_document, reference, invoice, content FROM returns ";

std::vector<ReturnSeen> all_returns(StateStatement& rows) {
  std::vector<ReturnSeen> found;
  while (rows.step()) {
    ReturnSeen seen;
    seen.order_document = rows.text(1);
    seen.reference = rows.text(2);
    seen.invoice = rows.text(3);
    const auto value = json::parse(rows.text(4));
    const auto made =
        value ? json::read_document<ReturnReference>(*value, "return", json::read_return)
              : Result<ReturnReference>(value.error());
    if (!made) throw StateFailure("return " + rows.text(0) + ": " + made.error().message);
    seen.made = *made;
    found.push_back(std::move(seen));
  }
  return found;
}

// Of a new order that it is none; of a change that somebody should look at the order again.
void mark_refused(StateDatabase& database, const Request& request, Timestamp now) {
  if (request.action == "A")
    return mark_changed(database, "orders", std::string(refused_key) + request.subject, now);
  if (request.subject.starts_with("#"))
    return mark_changed(database, "orders", request.subject.substr(1), now);
  const auto orders = orders_of(database, request.subject);
  if (!orders.empty()) mark_changed(database, "orders", orders.back().document, now);
}

// The record may stand before its answer in the file, or come in another one.
void note_untold(StateDatabase& database, const std::string& subject, std::int64_t run) {
  database
      .prepare(
          "INSERT OR REPLACE INTO order_untold (subject, run) SELECT ?1, ?2 WHERE NOT EXISTS"
          " (SELECT 1 FROM orders WHERE (reference = ?1 OR '#' || document = ?1) AND run >= ?2)")
      .bind(1, subject)
      .bind(2, run)
      .once();
}

}  // namespace

std::optional<std::string> take_order(StateDatabase& database, const OrderSeen& seen,
                                      std::int64_t run, Timestamp now) {
  const std::string content = json::write(json::to_json(seen.order));
  // What cannot be read again would end every reading of the feed and of the open orders.
  if (content.size() > surely_read)
    if (const auto read = json::parse(content); !read)
      return seen.document + " is too large: " + read.error().message;
  StateStatement known =
      database.prepare("SELECT run, content, held, reference FROM orders WHERE document = ?");
  known.bind(1, seen.document);
  const bool there = known.step();
  if (there) {
    if (known.whole(0) > run) return std::nullopt;
  }
  database.prepare("DELETE FROM order_untold WHERE subject IN (?,?) AND run <= ?")
      .bind(1, seen.reference)
      .bind(2, "#" + seen.document)
      .bind(3, run)
      .once();
  if (there) {
    if (known.text(1) == content && (known.whole(2) != 0) == seen.held &&
        known.text(3) == seen.reference) {
      database.prepare("UPDATE orders SET run = ? WHERE document = ?")
          .bind(1, run)
          .bind(2, seen.document)
          .once();
      return std::nullopt;
    }
  }
  database
      .prepare(
          "INSERT OR REPLACE INTO orders (document, reference, customer, closed, held, run, "
          "content)"
          " VALUES (?,?,?,?,?,?,?)")
      .bind(1, seen.document)
      .bind(2, seen.reference)
      .bind(3, seen.order.customer.text())
      .bind(4, std::int64_t{is_closed(seen.order.status)})
      .bind(5, std::int64_t{seen.held})
      .bind(6, run)
      .bind(7, content)
      .once();
  mark_changed(database, "orders", seen.document, now);
  return std::nullopt;
}

void take_return(StateDatabase& database, const ReturnSeen& seen, std::int64_t run) {
  database
      .prepare(
          "INSERT INTO returns (document, order_document, reference, invoice, run, content)"
          " VALUES (?,?,?,?,?,?) ON CONFLICT (document) DO UPDATE SET order_document ="
          " excluded.order_document, reference = excluded.reference, invoice = excluded.invoice,"
          " run = excluded.run, content = excluded.content WHERE excluded.run >= run")
      .bind(1, seen.made.document.text())
      .bind(2, seen.order_document)
      .bind(3, seen.reference)
      .bind(4, seen.invoice)
      .bind(5, run)
      .bind(6, json::write(json::to_json(seen.made)))
      .once();
}

AnswerTaken take_answer(StateDatabase& database, const Answer& answer, std::int64_t run,
                        Timestamp made, Timestamp now) {
  const auto wrong = [](std::string reason) { return AnswerTaken{std::move(reason), {}, {}}; };
  const std::string number = std::to_string(answer.seq);
  const auto known = request_in(database, answer.seq);
  if (!known && answer_lost(database, answer.seq)) {
    AnswerTaken taken;
    taken.lost = true;
    return taken;
  }
  if (!known) return wrong("SEQ " + number + " is no write of ours");
  Request request = *known;
  // Of an order that is older than we are the ERP's own number is told.
  const bool same = request.subject == answer.reference || request.subject == "#" + answer.document;
  if (prefix(request.file) != answer.kind || !same)
    return wrong("SEQ " + number + " was " + std::string(prefix(request.file)) + " " +
                 request.subject + ", the answer is for " + answer.kind + " " + answer.reference);
  // The job may be faster than the note that its file was sent, which a crash may have cost as
  // well.
  const bool kept = request.state == RequestState::kept;
  if (kept && !request.in_file) return wrong("SEQ " + number + " was not sent yet");
  if (!kept && request.state != RequestState::sent) {
    const bool accepted = request.state == RequestState::accepted;
    if (accepted == (answer.result == Answer::Result::accepted)) return {};  // Told again.
    return wrong("SEQ " + number + " was " + (accepted ? "accepted" : "refused") + " before");
  }
  if (answer.result == Answer::Result::later) {
    database.prepare("UPDATE request SET state = 0, run = NULL WHERE seq = ?")
        .bind(1, answer.seq)
        .once();
    return {};
  }
  request.state =
      answer.result == Answer::Result::accepted ? RequestState::accepted : RequestState::refused;
  request.document = answer.document;
  request.reason = answer.reason;
  request.text = answer.text;
  request.line = answer.line;
  answer_request(database, request, made);
  if (request.state == RequestState::accepted && request.file == FileKind::orders)
    note_untold(database, request.subject, run);
  if (request.state == RequestState::refused && request.file == FileKind::orders)
    mark_refused(database, request, now);
  // It is again what the ERP last said of it, or is none.
  if (request.state == RequestState::refused && request.file == FileKind::customers)
    mark_changed(database, "customers", request.subject, now);
  if (request.state == RequestState::refused) return {{}, std::move(request), {}};
  return {};
}

bool placed_again(StateDatabase& database, const std::string& reference) {
  StateStatement row = database.prepare(
      "SELECT state FROM request WHERE file = ? AND subject = ? AND action = 'A'"
      " ORDER BY seq DESC LIMIT 1");
  row.bind(1, static_cast<std::int64_t>(FileKind::orders)).bind(2, reference);
  return row.step() && row.whole(0) != static_cast<std::int64_t>(RequestState::refused);
}

std::vector<OrderSeen> orders_of(StateDatabase& database, const std::string& reference) {
  StateStatement rows =
      database.prepare(std::string(order_columns) + "WHERE reference = ? ORDER BY document");
  rows.bind(1, reference);
  return all_orders(rows);
}

std::optional<OrderSeen> order_of(StateDatabase& database, const std::string& document) {
  StateStatement row = database.prepare(std::string(order_columns) + "WHERE document = ?");
  row.bind(1, document);
  if (!row.step()) return std::nullopt;
  return seen_of(row);
}

std::vector<OrderSeen> open_orders(StateDatabase& database, const std::string& after,
                                   const std::string& customer, int limit) {
  StateStatement rows =
      database.prepare(std::string(order_columns) +
                       "WHERE closed = 0 AND document > ? AND (? = '' OR customer = ?)"
                       " ORDER BY document LIMIT ?");
  rows.bind(1, after).bind(2, customer).bind(3, customer).bind(4, std::int64_t{limit});
  return all_orders(rows);
}

std::vector<ReturnSeen> returns_of(StateDatabase& database, const std::string& reference) {
  StateStatement rows = database.prepare(std::string(return_columns) + "WHERE reference = ?");
  rows.bind(1, reference);
  return all_returns(rows);
}

std::vector<ReturnSeen> returns_of_order(StateDatabase& database, const std::string& document,
                                         const std::vector<DocumentNumber>& invoices) {
  StateStatement rows =
      database.prepare(std::string(return_columns) + "WHERE order_document = ? ORDER BY document");
  rows.bind(1, document);
  std::vector<ReturnSeen> found = all_returns(rows);
  for (const DocumentNumber& invoice : invoices) {
    StateStatement more =
        database.prepare(std::string(return_columns) +
                         "WHERE order_document = '' AND invoice = ? ORDER BY document");
    more.bind(1, invoice.text());
    for (ReturnSeen& seen : all_returns(more)) found.push_back(std::move(seen));
  }
  return found;
}

}  // namespace underpin::legacy::iseries_batch
