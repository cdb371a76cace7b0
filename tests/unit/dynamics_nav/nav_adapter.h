#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "tests/unit/dynamics_nav/nav_process.h"
#include "tests/unit/dynamics_nav/nav_tables.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace underpin {
Result<std::unique_ptr<ErpAdapter>> make_dynamics_nav_adapter(const AdapterSettings& settings);
}

namespace underpin::legacy::dynamics_nav {

// The whole adapter against a simulated NAV of its own.
class NavAdapter : public testing::Test {
 protected:
  NavAdapter() {
    std::filesystem::create_directories(nav_.folder() / "state");
    auto adapter =
        make_dynamics_nav_adapter({"nav", settings(), (nav_.folder() / "state").string()});
    EXPECT_TRUE(adapter) << adapter.error().message;
    adapter_ = std::move(adapter).value();
  }

  std::string settings(const std::string& password = "nav-password") const {
    return R"({"soap":{"url":"http://127.0.0.1:)" + std::to_string(nav_.port()) +
           R"(","company":"CRONUS","user":"nav-user","password":")" + password +
           R"("},"odbc":{"connection_string":"Driver=)" + odbc::SampleDatabase::driver() +
           ";Database=" + (nav_.folder() / "data" / "nav.db").string() +
           R"("},"prices":{"folder":")" + nav_.drop_folder().string() + R"(","stable_ms":0}})";
  }

  static WriteContext within(int ms, Role role = Role::primary) {
    WriteContext context;
    context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    context.idempotency_key = IdempotencyKey("key");
    context.role = role;
    return context;
  }
  static WriteContext now(Role role = Role::primary) { return within(20'000, role); }

  OrderService& orders() { return *adapter_->orders(); }
  CustomerService& customers() { return *adapter_->customers(); }

  void fault(const std::string& operation, const std::string& kind, const std::string& more = "") {
    nav_.post("/_sim/faults",
              R"({"operation":")" + operation + R"(","kind":")" + kind + "\"" + more + "}");
  }
  void act(const std::string& action, const std::string& body) {
    nav_.post("/_sim/users/" + action, body);
  }
  // What NAV itself holds: "orders", "shipments", "invoices", "archived", "ledger_entries".
  json::Value state(const std::string& part, const std::string& query = "") {
    auto parsed = json::parse(nav_.get("/_sim/state?part=" + part + query));
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed->get(part);
  }
  std::vector<json::Value> held(const std::string& reference, const std::string& part = "orders") {
    std::vector<json::Value> found;
    const json::Value documents = state(part);
    for (const json::Value& one : documents.items())
      if (one.get("external_document_no").text() == reference) found.push_back(one);
    return found;
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return condition();
  }

  static Decimal amount(const char* text) { return Decimal::parse(text).value(); }

  static OrderLine line(int number, const char* sku, const char* quantity, const char* price,
                        const char* discount = "0") {
    OrderLine one;
    one.number = number;
    one.sku = Sku(sku);
    one.description = std::string("Article ") + sku;
    one.uom = "PCS";
    one.location = LocationCode("EAST");
    one.quantity = amount(quantity);
    one.unit_price = amount(price);
    if (!amount(discount).is_zero())
      one.adjustments = {{"promotion", "ADVENT-10", 3, -amount(discount), "Advent"}};
    one.net_amount =
        (one.quantity * one.unit_price - amount(discount)).rounded(2, Rounding::half_up);
    return one;
  }

  static Order sample_order(const char* number = "100042") {
    Order order;
    order.id = {ChannelId("web"), OrderNumber(number)};
    order.customer = CustomerNumber("C10001");
    order.customer_reference = "PO-7";
    order.order_date = Date{2026, 11, 24};
    order.currency = "EUR";
    order.lines = {line(1, "1000", "2", "5.90", "1.18"), line(2, "1001", "3", "12.50")};
    order.charges = {{"shipping", "DHL", amount("4.90"), {}}};
    order.payments = {{"pi_3Q", "stripe", "card", amount("62.48")}};
    return order;
  }
  static OrderRef by_id(const Order& order) { return {order.id, {}}; }

  NavProcess nav_;
  std::unique_ptr<ErpAdapter> adapter_;
};

}  // namespace underpin::legacy::dynamics_nav
