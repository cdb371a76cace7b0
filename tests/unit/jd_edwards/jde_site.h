#pragma once

#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/return_service.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_jd_edwards_adapter(const AdapterSettings&);

namespace legacy::jd_edwards {

// One simulated JD Edwards for all cases of a process, and an adapter that waits a moment for it.
class JdeSite {
 public:
  static JdeSite& shared() {
    static JdeSite site;
    return site;
  }
  std::string database() const { return (simulator_.folder() / "data" / "jde.db").string(); }
  std::string settings(const std::string& more = {}, int waits_ms = wait_ms) const {
    return R"({"connection_string": "Driver=SQLite3;Database=)" + database() +
           R"(;Timeout=300;SyncPragma=OFF", "branch": "EAST", "poll_ms": 2, "decimals": {"quantity": 2},)"
           R"( "ube_wait_ms": )" +
           std::to_string(waits_ms) + more + "}";
  }
  std::unique_ptr<ErpAdapter> adapter(const std::string& more = {}, int waits_ms = wait_ms) const {
    auto made = make_jd_edwards_adapter({"jde", settings(more, waits_ms), {}});
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(made).value();
  }
  test::Simulator& simulator() { return simulator_; }
  void hold_queue(bool held) {
    simulator_.control("POST", "queue", held ? R"({"held": true})" : R"({"held": false})");
  }
  // A job that breaks off leaves a message, too; ended by hold_queue.
  void warn() { simulator_.control("POST", "queue", R"({"warns": true})"); }
  // The next run of the jobs.
  void run_again() { simulator_.control("POST", "queue", R"({"rerun": true})"); }
  // Past JDE's programs.
  void sql(const std::string& statement) {
    sqlite3* db = nullptr;
    sqlite3_open_v2(database().c_str(), &db, SQLITE_OPEN_READWRITE, nullptr);
    sqlite3_busy_timeout(db, 10'000);
    const int done = sqlite3_exec(db, statement.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(db);
    if (done != SQLITE_OK) throw std::runtime_error(statement);
  }
  // The first value of a SELECT, without blanks.
  std::string value(const std::string& select) {
    sqlite3* db = nullptr;
    sqlite3_open_v2(database().c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_busy_timeout(db, 10'000);
    sqlite3_stmt* statement = nullptr;
    std::string found = "?";
    if (sqlite3_prepare_v2(db, select.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
      if (const auto* text = sqlite3_column_text(statement, 0))
        found = reinterpret_cast<const char*>(text);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    found.erase(found.find_last_not_of(' ') + 1);
    return found;
  }
  void people(const std::string& action, const std::string& body) {
    simulator_.control("POST", "users/" + action, body);
  }
  // Records of an interface table that wait.
  int waiting(const std::string& table) {
    int count = 0;
    const json::Value books = simulator_.control("GET", "state?part=interface");
    for (const json::Value& row : books.get("interface").items())
      if (row.get("table").text() == table && row.get("processed").text() != "Y") ++count;
    return count;
  }
  int entries(const std::string& movement) {
    int count = 0;
    const json::Value books = simulator_.control("GET", "state?part=movements");
    for (const json::Value& row : books.get("movements").items())
      if (row.get("document").text() == movement) ++count;
    return count;
  }
  int documents(const std::string& reference) {
    int count = 0;
    const json::Value books = simulator_.control("GET", "state?part=orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("reference").text() == reference) ++count;
    return count;
  }
  // Long enough for a job that runs, and short for one that does not.
  static constexpr int wait_ms = 150;

 private:
  JdeSite() : simulator_("jde", {}) {}
  test::Simulator simulator_;
};

inline WriteContext write_soon(Role role = Role::primary) {
  WriteContext context;
  context.correlation_id = CorrelationId{"unit"};
  context.channel = ChannelId{"web"};
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  context.idempotency_key = IdempotencyKey{"key"};
  context.role = role;
  return context;
}

inline Decimal decimal(const char* text) { return *Decimal::parse(text); }

inline OrderLine line(int number, const char* sku, const char* quantity, const char* price) {
  OrderLine line;
  line.number = number;
  line.sku = Sku{sku};
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = decimal(quantity);
  line.unit_price = decimal(price);
  line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
  return line;
}

inline Order order_numbered(const std::string& number) {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{number}};
  order.customer = CustomerNumber{"C10001"};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  order.lines = {line(1, "1000", "3", "20.00"), line(2, "1001", "2", "12.50")};
  return order;
}

}  // namespace legacy::jd_edwards
}  // namespace underpin
