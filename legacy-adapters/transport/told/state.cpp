#include "legacy-adapters/transport/told/state.h"

#include <algorithm>

namespace underpin::legacy::told {
namespace {

using json::Value;
using state::StateFailure;
using state::StateStatement;

constexpr std::int64_t control_max = 999'999'999;

constexpr const char* tables = R"(
  CREATE TABLE IF NOT EXISTS counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS files(control INTEGER PRIMARY KEY, name TEXT NOT NULL,
    content TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX IF NOT EXISTS files_unsent ON files(control) WHERE sent = 0;
  CREATE TABLE IF NOT EXISTS interchanges(sender TEXT, control TEXT, digest TEXT NOT NULL,
    PRIMARY KEY(sender, control));
  CREATE TABLE IF NOT EXISTS requests(seq INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL, subject TEXT NOT NULL, content TEXT NOT NULL, set_id TEXT NOT NULL,
    control INTEGER NOT NULL, state INTEGER NOT NULL, acknowledged_only INTEGER NOT NULL,
    code TEXT NOT NULL, reason TEXT NOT NULL, told INTEGER NOT NULL, made TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS requests_subject ON requests(subject, seq);
  CREATE INDEX IF NOT EXISTS requests_control ON requests(control);
  CREATE INDEX IF NOT EXISTS requests_open ON requests(seq) WHERE state < 3;
  CREATE INDEX IF NOT EXISTS requests_untold ON requests(seq) WHERE state = 4 AND told = 0;
  CREATE TABLE IF NOT EXISTS orders(id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL, document TEXT NOT NULL, customer TEXT NOT NULL,
    open INTEGER NOT NULL, body TEXT NOT NULL, told INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS orders_reference ON orders(reference);
  CREATE INDEX IF NOT EXISTS orders_document ON orders(document);
  CREATE TABLE IF NOT EXISTS feed(position INTEGER PRIMARY KEY AUTOINCREMENT,
    id INTEGER NOT NULL UNIQUE, at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS levels(sku TEXT, location TEXT, body TEXT NOT NULL,
    told INTEGER NOT NULL, PRIMARY KEY(sku, location));
  CREATE TABLE IF NOT EXISTS complete_levels(location TEXT PRIMARY KEY, told INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS movements(position INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL UNIQUE, movement TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS movements_named ON movements(movement);
  CREATE TABLE IF NOT EXISTS customers(number TEXT PRIMARY KEY, body TEXT NOT NULL,
    told INTEGER NOT NULL, deleted INTEGER NOT NULL, position INTEGER NOT NULL UNIQUE,
    at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS price_lists(batch TEXT NOT NULL, created TEXT NOT NULL,
    told INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS prices(position INTEGER PRIMARY KEY AUTOINCREMENT, sku TEXT NOT NULL,
    scope TEXT NOT NULL, code TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS prices_sku ON prices(sku);
)";

constexpr const char* request_columns =
    "seq, operation, subject, content, set_id, control, state, acknowledged_only, code, reason, "
    "told, made";
constexpr const char* order_columns = "o.id, o.reference, o.document, o.body, o.told";

Value parsed(const std::string& text) {
  auto value = json::parse(text);
  if (!value) throw StateFailure("what was told: " + value.error().message);
  return std::move(value).value();
}

Timestamp time_of(const std::string& text) {
  const auto time = Timestamp::parse(text);
  if (!time) throw StateFailure("what was told: " + time.error().message);
  return *time;
}

Request request_at(const StateStatement& row) {
  Request one;
  one.seq = row.whole(0);
  one.operation = row.text(1);
  one.subject = row.text(2);
  one.content = row.text(3);
  one.set = row.text(4);
  one.control = row.whole(5);
  one.state = static_cast<RequestState>(row.whole(6));
  one.acknowledged_only = row.whole(7) != 0;
  one.code = row.text(8);
  one.reason = row.text(9);
  one.told = row.whole(10) != 0;
  one.made = time_of(row.text(11));
  return one;
}

template <class... Values>
std::vector<Request> requests_where(StateDatabase& database, const std::string& where,
                                    const Values&... values) {
  auto statement =
      database.prepare("SELECT " + std::string(request_columns) + " FROM requests WHERE " + where);
  int index = 0;
  (statement.bind(++index, values), ...);
  std::vector<Request> found;
  while (statement.step()) found.push_back(request_at(statement));
  return found;
}

std::optional<Request> first_of(std::vector<Request> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

StoredOrder order_at(const StateStatement& row, int from) {
  StoredOrder one;
  one.id = row.whole(from);
  one.reference = row.text(from + 1);
  one.document = row.text(from + 2);
  one.body = parsed(row.text(from + 3));
  one.told = row.whole(from + 4);
  return one;
}

bool is_open(const Value& body) {
  const std::string& status = body.get("status").text();
  const auto is_set = [&](const char* member) {
    const Value& value = body.get(member);
    return value.is_boolean() && *value.as_bool();
  };
  return status != "pending" && status != "rejected" && !is_set("posted") && !is_set("cancelled");
}

std::vector<Value> bodies(StateStatement& statement, int column) {
  std::vector<Value> found;
  while (statement.step()) found.push_back(parsed(statement.text(column)));
  return found;
}

}  // namespace

State::State(const std::string& file) : writing_(file), reading_(file) { writing_.run(tables); }

bool came_before(std::int64_t a, std::int64_t b) {
  const std::int64_t ahead = (b - a + control_max) % control_max;
  return ahead != 0 && ahead < control_max / 2;
}

// ---- interchanges

namespace {

std::optional<std::int64_t> counter(StateDatabase& database, std::string_view name) {
  auto statement = database.prepare("SELECT value FROM counters WHERE name = ?");
  statement.bind(1, name);
  if (!statement.step()) return std::nullopt;
  return statement.whole(0);
}

void set_counter(StateDatabase& database, std::string_view name, std::int64_t value) {
  database.prepare("INSERT OR REPLACE INTO counters(name, value) VALUES(?, ?)")
      .bind(1, name)
      .bind(2, value)
      .once();
}

}  // namespace

std::int64_t last_control(StateDatabase& database) {
  return counter(database, "control").value_or(0);
}

void raise_control(StateDatabase& database, std::int64_t to) {
  set_counter(database, "control", to);
}

std::optional<Timestamp> lost_since(StateDatabase& database) {
  const auto micros = counter(database, "lost_since");
  return micros ? std::optional(Timestamp{*micros}) : std::nullopt;
}

void set_lost_since(StateDatabase& database, Timestamp since) {
  set_counter(database, "lost_since", since.micros);
}

std::int64_t next_control(StateDatabase& database, std::int64_t first) {
  const auto last = counter(database, "control");
  std::int64_t next = last ? std::max(*last + 1, first) : first;
  if (next > control_max) next = 1;
  set_counter(database, "control", next);
  return next;
}

std::int64_t next_arrival(StateDatabase& database) {
  std::int64_t next = counter(database, "arrived").value_or(0) + 1;
  if (next > control_max) next = 1;
  set_counter(database, "arrived", next);
  return next;
}

void saw_number(StateDatabase& database, std::int64_t control) {
  const auto before = counter(database, "arrived");
  if (!before || came_before(*before, control)) set_counter(database, "arrived", control);
}

void keep_file(StateDatabase& database, const OutFile& file) {
  database.prepare("INSERT OR REPLACE INTO files(control, name, content) VALUES(?, ?, ?)")
      .bind(1, file.control)
      .bind(2, file.name)
      .bind(3, file.content)
      .once();
}

std::optional<OutFile> next_unsent(StateDatabase& database) {
  auto statement = database.prepare(
      "SELECT control, name, content FROM files WHERE sent = 0 ORDER BY control LIMIT 1");
  if (!statement.step()) return std::nullopt;
  return OutFile{statement.whole(0), statement.text(1), statement.text(2)};
}

void file_sent(StateDatabase& database, std::int64_t control) {
  database.prepare("UPDATE files SET sent = 1, content = '' WHERE control = ?")
      .bind(1, control)
      .once();
  database.prepare("UPDATE requests SET state = 1 WHERE control = ? AND state = 0")
      .bind(1, control)
      .once();
}

void forget_file(StateDatabase& database, std::int64_t control) {
  database.prepare("DELETE FROM files WHERE control = ? AND sent = 0").bind(1, control).once();
}

std::optional<std::string> interchange_taken(StateDatabase& database, const std::string& sender,
                                             const std::string& control) {
  auto statement =
      database.prepare("SELECT digest FROM interchanges WHERE sender = ? AND control = ?");
  statement.bind(1, sender).bind(2, control);
  if (!statement.step()) return std::nullopt;
  return statement.text(0);
}

void take_interchange(StateDatabase& database, const std::string& sender,
                      const std::string& control, const std::string& digest) {
  database.prepare("INSERT OR REPLACE INTO interchanges(sender, control, digest) VALUES(?, ?, ?)")
      .bind(1, sender)
      .bind(2, control)
      .bind(3, digest)
      .once();
}

// ---- writes

std::int64_t keep_request(StateDatabase& database, const Request& request) {
  database
      .prepare(
          "INSERT INTO requests(operation, subject, content, set_id, control, state, "
          "acknowledged_only, code, reason, told, made) "
          "VALUES(?, ?, ?, ?, ?, 0, ?, '', '', 0, ?)")
      .bind(1, request.operation)
      .bind(2, request.subject)
      .bind(3, request.content)
      .bind(4, request.set)
      .bind(5, request.control)
      .bind(6, std::int64_t{request.acknowledged_only ? 1 : 0})
      .bind(7, request.made.text())
      .once();
  auto last = database.prepare("SELECT last_insert_rowid()");
  last.step();
  return last.whole(0);
}

void set_control(StateDatabase& database, std::int64_t seq, std::int64_t control) {
  database.prepare("UPDATE requests SET control = ? WHERE seq = ?")
      .bind(1, control)
      .bind(2, seq)
      .once();
}

std::optional<Request> request_of(StateDatabase& database, std::int64_t seq) {
  return first_of(requests_where(database, "seq = ?", seq));
}

std::optional<Request> request_of_control(StateDatabase& database, std::int64_t control) {
  return first_of(requests_where(database, "control = ? ORDER BY seq DESC LIMIT 1", control));
}

std::optional<Request> open_request(StateDatabase& database, const std::string& subject) {
  return first_of(requests_where(database, "subject = ? AND state < 3 ORDER BY seq LIMIT 1",
                                 std::string_view(subject)));
}

std::optional<Request> last_request(StateDatabase& database, const std::string& subject) {
  return first_of(
      requests_where(database, "subject = ? ORDER BY seq DESC LIMIT 1", std::string_view(subject)));
}

void settle_request(StateDatabase& database, const Request& request) {
  database.prepare("UPDATE requests SET state = ?, code = ?, reason = ?, told = ? WHERE seq = ?")
      .bind(1, static_cast<std::int64_t>(request.state))
      .bind(2, request.code)
      .bind(3, request.reason)
      .bind(4, std::int64_t{request.told ? 1 : 0})
      .bind(5, request.seq)
      .once();
}

void forget_request(StateDatabase& database, std::int64_t seq) {
  database.prepare("DELETE FROM requests WHERE seq = ?").bind(1, seq).once();
}

std::vector<Request> untold_refusals(StateDatabase& database) {
  return requests_where(database, "state = 4 AND told = 0 ORDER BY seq LIMIT 100");
}

std::optional<Request> longest_open(StateDatabase& database) {
  return first_of(requests_where(database, "state < 3 ORDER BY seq LIMIT 1"));
}

// ---- orders

std::vector<StoredOrder> orders_of_reference(StateDatabase& database,
                                             const std::string& reference) {
  auto statement = database.prepare("SELECT " + std::string(order_columns) +
                                    " FROM orders o WHERE o.reference = ? ORDER BY o.id");
  statement.bind(1, reference);
  std::vector<StoredOrder> found;
  while (statement.step()) found.push_back(order_at(statement, 0));
  return found;
}

std::optional<StoredOrder> order_of_document(StateDatabase& database, const std::string& document) {
  if (document.empty()) return std::nullopt;
  auto statement = database.prepare("SELECT " + std::string(order_columns) +
                                    " FROM orders o WHERE o.document = ?");
  statement.bind(1, document);
  if (!statement.step()) return std::nullopt;
  return order_at(statement, 0);
}

std::vector<StoredOrder> open_orders(StateDatabase& database, std::int64_t after,
                                     const std::string& customer, int limit) {
  auto statement = database.prepare(
      "SELECT " + std::string(order_columns) +
      " FROM orders o WHERE o.open = 1 AND o.id > ? AND (? = '' OR o.customer = ?) "
      "ORDER BY o.id LIMIT ?");
  statement.bind(1, after).bind(2, customer).bind(3, customer).bind(4, std::int64_t{limit});
  std::vector<StoredOrder> found;
  while (statement.step()) found.push_back(order_at(statement, 0));
  return found;
}

void save_order(StateDatabase& database, StoredOrder& order) {
  const std::string customer = order.body.get("customer").text();
  const std::int64_t open = is_open(order.body) ? 1 : 0;
  if (order.id == 0) {
    database
        .prepare(
            "INSERT INTO orders(reference, document, customer, open, body, told) "
            "VALUES(?, ?, ?, ?, ?, ?)")
        .bind(1, order.reference)
        .bind(2, order.document)
        .bind(3, customer)
        .bind(4, open)
        .bind(5, json::write(order.body))
        .bind(6, order.told)
        .once();
    auto last = database.prepare("SELECT last_insert_rowid()");
    last.step();
    order.id = last.whole(0);
    return;
  }
  database
      .prepare(
          "UPDATE orders SET reference = ?, document = ?, customer = ?, open = ?, body = ?, "
          "told = ? WHERE id = ?")
      .bind(1, order.reference)
      .bind(2, order.document)
      .bind(3, customer)
      .bind(4, open)
      .bind(5, json::write(order.body))
      .bind(6, order.told)
      .bind(7, order.id)
      .once();
}

void forget_order(StateDatabase& database, std::int64_t id) {
  database.prepare("DELETE FROM orders WHERE id = ?").bind(1, id).once();
}

void mark_changed(StateDatabase& database, std::int64_t order, Timestamp at) {
  database.prepare("DELETE FROM feed WHERE id = ?").bind(1, order).once();
  database.prepare("INSERT INTO feed(id, at) VALUES(?, ?)")
      .bind(1, order)
      .bind(2, at.text())
      .once();
}

std::vector<Change> changes_after(StateDatabase& database, std::int64_t position, int limit) {
  auto statement = database.prepare("SELECT f.position, f.at, " + std::string(order_columns) +
                                    " FROM feed f JOIN orders o ON o.id = f.id "
                                    "WHERE f.position > ? ORDER BY f.position LIMIT ?");
  statement.bind(1, position).bind(2, std::int64_t{limit});
  std::vector<Change> found;
  while (statement.step())
    found.push_back({statement.whole(0), time_of(statement.text(1)), order_at(statement, 2)});
  return found;
}

// ---- stock

void save_level(StateDatabase& database, const Value& level, std::int64_t told) {
  const std::string& sku = level.get("sku").text();
  const std::string& location = level.get("location").text();
  auto before = database.prepare("SELECT told FROM levels WHERE sku = ? AND location = ?");
  before.bind(1, sku).bind(2, location);
  if (before.step() && came_before(told, before.whole(0))) return;
  auto complete = database.prepare("SELECT told FROM complete_levels WHERE location = ?");
  complete.bind(1, location);
  if (complete.step() && came_before(told, complete.whole(0))) return;
  database.prepare("INSERT OR REPLACE INTO levels(sku, location, body, told) VALUES(?, ?, ?, ?)")
      .bind(1, sku)
      .bind(2, location)
      .bind(3, json::write(level))
      .bind(4, told)
      .once();
}

void forget_levels_told_before(StateDatabase& database, const std::string& location,
                               std::int64_t told) {
  auto before = database.prepare("SELECT told FROM complete_levels WHERE location = ?");
  before.bind(1, location);
  if (before.step() && came_before(told, before.whole(0))) return;
  database.prepare("INSERT OR REPLACE INTO complete_levels(location, told) VALUES(?, ?)")
      .bind(1, location)
      .bind(2, told)
      .once();
  std::vector<std::string> old;
  auto statement = database.prepare("SELECT sku, told FROM levels WHERE location = ?");
  statement.bind(1, location);
  while (statement.step())
    if (came_before(statement.whole(1), told)) old.push_back(statement.text(0));
  for (const std::string& sku : old)
    database.prepare("DELETE FROM levels WHERE sku = ? AND location = ?")
        .bind(1, sku)
        .bind(2, location)
        .once();
}

std::vector<Value> levels_of(StateDatabase& database, const std::string& sku,
                             const std::string& location) {
  auto statement = database.prepare(
      "SELECT body FROM levels WHERE sku = ? AND (? = '' OR location = ?) ORDER BY location");
  statement.bind(1, sku).bind(2, location).bind(3, location);
  return bodies(statement, 0);
}

// The cursor is the key behind which the page begins, its parts at a line break.
std::vector<Value> levels_after(StateDatabase& database, const std::string& cursor, int limit) {
  const std::size_t at = std::min(cursor.find('\n'), cursor.size());
  const std::string sku = cursor.substr(0, at);
  const std::string location = at < cursor.size() ? cursor.substr(at + 1) : "";
  auto statement = database.prepare(
      "SELECT body FROM levels WHERE sku > ? OR (sku = ? AND location > ?) "
      "ORDER BY sku, location LIMIT ?");
  statement.bind(1, sku).bind(2, sku).bind(3, location).bind(4, std::int64_t{limit});
  std::vector<Value> found = bodies(statement, 0);
  for (Value& one : found)
    one.set("cursor", one.get("sku").text() + "\n" + one.get("location").text());
  return found;
}

bool save_movement(StateDatabase& database, const Value& movement) {
  const std::string& document = movement.get("document").text();
  const std::string body = json::write(movement);
  auto before = database.prepare("SELECT body FROM movements WHERE document = ?");
  before.bind(1, document);
  if (before.step()) return before.text(0) == body;
  database.prepare("INSERT INTO movements(document, movement, body) VALUES(?, ?, ?)")
      .bind(1, document)
      .bind(2, movement.get("movement").text())
      .bind(3, body)
      .once();
  return true;
}

std::vector<Value> movements_named(StateDatabase& database, const std::string& movement) {
  auto statement = database.prepare("SELECT body FROM movements WHERE movement = ?");
  statement.bind(1, movement);
  return bodies(statement, 0);
}

std::vector<Value> movements_after(StateDatabase& database, std::int64_t position, int limit) {
  auto statement = database.prepare(
      "SELECT position, body FROM movements WHERE position > ? ORDER BY position LIMIT ?");
  statement.bind(1, position).bind(2, std::int64_t{limit});
  std::vector<Value> found;
  while (statement.step()) {
    Value one = parsed(statement.text(1));
    one.set("cursor", std::to_string(statement.whole(0)));
    found.push_back(std::move(one));
  }
  return found;
}

// ---- customers

bool save_customer(StateDatabase& database, Value customer, bool deleted, std::int64_t told,
                   Timestamp at) {
  const std::string number = customer.get("number").text();
  auto before = database.prepare("SELECT body, told, deleted FROM customers WHERE number = ?");
  before.bind(1, number);
  if (before.step()) {
    if (came_before(told, before.whole(1))) return false;
    Value held = parsed(before.text(0));
    held.erase("updatedAt");
    if (held == customer && (before.whole(2) != 0) == deleted) {
      database.prepare("UPDATE customers SET told = ? WHERE number = ?")
          .bind(1, told)
          .bind(2, number)
          .once();
      return true;
    }
  }
  const std::int64_t position = counter(database, "customers").value_or(0) + 1;
  set_counter(database, "customers", position);
  customer.set("updatedAt", at.text());
  database
      .prepare(
          "INSERT OR REPLACE INTO customers(number, body, told, deleted, position, at) "
          "VALUES(?, ?, ?, ?, ?, ?)")
      .bind(1, number)
      .bind(2, json::write(customer))
      .bind(3, told)
      .bind(4, std::int64_t{deleted ? 1 : 0})
      .bind(5, position)
      .bind(6, at.text())
      .once();
  return true;
}

std::vector<Value> customers_named(StateDatabase& database, const std::string& number) {
  auto statement = database.prepare("SELECT body FROM customers WHERE number = ? AND deleted = 0");
  statement.bind(1, number);
  return bodies(statement, 0);
}

std::vector<Value> customers_after(StateDatabase& database, const std::string& number,
                                   const std::function<bool(const Value&)>& wanted, int limit) {
  auto statement = database.prepare(
      "SELECT body FROM customers WHERE number > ? AND deleted = 0 ORDER BY number");
  statement.bind(1, number);
  std::vector<Value> found;
  while (found.size() < static_cast<std::size_t>(limit) && statement.step()) {
    Value one = parsed(statement.text(0));
    if (!wanted(one)) continue;
    one.set("cursor", one.get("number").text());
    found.push_back(std::move(one));
  }
  return found;
}

std::vector<Value> customer_changes_after(StateDatabase& database, std::int64_t position,
                                          int limit) {
  auto statement = database.prepare(
      "SELECT position, number, deleted, at FROM customers WHERE position > ? "
      "ORDER BY position LIMIT ?");
  statement.bind(1, position).bind(2, std::int64_t{limit});
  std::vector<Value> found;
  while (statement.step()) {
    Value one = Value::object();
    one.set("cursor", std::to_string(statement.whole(0)));
    one.set("number", statement.text(1));
    one.set("deleted", Value::boolean(statement.whole(2) != 0));
    one.set("changedAt", statement.text(3));
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace underpin::legacy::told
