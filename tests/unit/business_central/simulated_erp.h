#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "transport/http_client.h"

#include <gtest/gtest.h>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

extern char** environ;

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_business_central_adapter(const AdapterSettings&);

namespace cloud::business_central {

inline CallContext call_within(int ms) {
  CallContext context;
  context.correlation_id = CorrelationId("test");
  context.channel = ChannelId("web");
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  return context;
}

inline WriteContext write_within(int ms, Role role = Role::primary) {
  WriteContext context;
  static_cast<CallContext&>(context) = call_within(ms);
  context.idempotency_key = IdempotencyKey("key");
  context.role = role;
  return context;
}

// The simulated Business Central as a process of its own, with an adapter in front of it.
class SimulatedErp : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(const std::vector<std::string>& options) {
    folder_ = std::filesystem::temp_directory_path() /
              ("underpin-bc-" + std::to_string(::getpid()) + "-" + std::to_string(counter_++));
    std::filesystem::create_directories(folder_);
    std::vector<std::string> words{
        UNDERPIN_PYTHON, UNDERPIN_SOURCE_DIR "/tests/simulators/bc/server.py",
        "--port",        "0",
        "--data",        folder_.string()};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    ASSERT_EQ(::posix_spawn(&process_, arguments[0], &actions, nullptr, arguments.data(), environ),
              0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string line;
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && c != '\n') line += c;
    ::close(ends[0]);
    ASSERT_EQ(line.rfind("ready port=", 0), 0u) << "the simulator did not start: " << line;
    base_ = "http://127.0.0.1:" + line.substr(11);
    adapter_ = connect({});
  }

  void TearDown() override {
    if (process_ > 0) {
      ::kill(process_, SIGTERM);
      ::waitpid(process_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  std::string basic_auth() const {
    return R"("auth": {"kind": "basic", "user": "underpin",
                       "password": "bc-demo-web-service-key"})";
  }

  // `more` are further members of the settings.
  std::unique_ptr<ErpAdapter> connect(const std::string& more, const std::string& auth = {}) {
    const std::string settings =
        R"({"base_url": ")" + base_ + R"(", "company": "Contoso Retail DE", "settle_ms": 500, )" +
        (auth.empty() ? basic_auth() : auth) + (more.empty() ? "" : ", " + more) + "}";
    auto made = make_business_central_adapter({"bc", settings, folder_.string()});
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    if (!made) return nullptr;
    return std::move(made).value();
  }

  // Of the simulator's control plane, which is no part of the ERP.
  json::Value control(const std::string& method, const std::string& path,
                      const std::string& body = {}) {
    const auto answer =
        http_.send({method, base_ + "/_sim/" + path, {{"Content-Type", "application/json"}}, body},
                   call_within(10'000));
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
    if (!answer) return {};
    EXPECT_LT(answer->status, 300) << answer->body;
    const auto value = json::parse(answer->body.empty() ? "null" : answer->body);
    EXPECT_TRUE(value.has_value()) << answer->body;
    return value ? *value : json::Value();
  }
  void fault(const std::string& operation, const std::string& kind, const std::string& more = {}) {
    control("POST", "faults",
            R"({"operation": ")" + operation + R"(", "kind": ")" + kind + "\"" +
                (more.empty() ? "" : ", " + more) + "}");
  }
  json::Value user(const std::string& action, const std::string& body = "{}") {
    return control("POST", "users/" + action, body);
  }
  // Rows of a table of the ERP that have this member.
  std::vector<json::Value> rows(const std::string& part, const std::string& table,
                                const std::string& member, const std::string& value) {
    std::vector<json::Value> found;
    const json::Value state = control("GET", "state?part=" + part);
    for (const json::Value& row : state.get(table).items())
      if (row.get(member).text() == value) found.push_back(row);
    return found;
  }
  std::size_t documents(const std::string& reference) {
    return rows("orders", "salesOrders", "externalDocumentNumber", reference).size() +
           rows("archive", "orderArchive", "externalDocumentNumber", reference).size();
  }
  void await_late_commits() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (control("GET", "faults").get("late_commits_pending").text() != "0") {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << "the late commit never came";
      ::usleep(20'000);
    }
  }

  OrderService& orders() { return *adapter_->orders(); }
  InventoryService& inventory() { return *adapter_->inventory(); }
  PricingService& pricing() { return *adapter_->pricing(); }
  CustomerService& customers() { return *adapter_->customers(); }

  std::string base_;
  std::filesystem::path folder_;
  std::unique_ptr<ErpAdapter> adapter_;
  transport::HttpClient http_{transport::ClientSettings{}};

 private:
  pid_t process_ = -1;
  static inline int counter_ = 0;
};

template <class T>
std::string said(const Result<T>& result) {
  if (result) return "a value";
  std::string text = std::string(name(result.error().code)) + " " + result.error().vendor_code +
                     ": " + result.error().message;
  for (const FieldError& field : result.error().fields)
    text += "; " + field.pointer + " " + field.detail;
  return text;
}

inline Decimal dec(const char* text) { return Decimal::parse(text).value(); }
inline Date day(const char* text) { return Date::parse(text).value(); }

inline OrderLine line(int number, const char* sku, const char* quantity, const char* price,
                      const char* discount = "0") {
  OrderLine line;
  line.number = number;
  line.sku = Sku(sku);
  line.uom = "PCS";
  line.location = LocationCode("EAST");
  line.quantity = dec(quantity);
  line.unit_price = dec(price);
  if (!dec(discount).is_zero())
    line.adjustments.push_back({"promotion", "SUMMER", 3, -dec(discount), "Summer sale"});
  line.net_amount = (line.quantity * line.unit_price - dec(discount)).rounded(2, Rounding::half_up);
  return line;
}

inline Order web_order(const char* number) {
  Order order;
  order.id = {ChannelId("web"), OrderNumber(number)};
  order.customer = CustomerNumber("C10000");
  order.order_date = day("2026-11-24");
  order.currency = "EUR";
  order.requested_date = day("2026-11-27");
  order.lines = {line(1, "1000", "3", "20.00", "5.00"), line(2, "1001", "2", "12.50")};
  Charge shipping;
  shipping.kind = "shipping";
  shipping.code = "DHL";
  shipping.amount = dec("4.90");
  order.charges = {shipping};
  return order;
}

inline OrderRef ref_to(const Order& order) { return {order.id, {}}; }

}  // namespace cloud::business_central
}  // namespace underpin
