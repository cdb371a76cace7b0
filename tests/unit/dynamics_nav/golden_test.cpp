// Recorded conversations with NAV: a canonical document and the exact envelopes it becomes, the
// envelopes that NAV answered and the canonical document they become.
//
// legacy-adapters/dynamics_nav/golden/<case>/case.json says what is done;
// NN-<operation>.request.xml and .reply.xml are the conversation, result.json is what came of it.
// UPDATE_GOLDEN=1 records them anew from a simulated NAV.
#include "contracts/json/codec.h"
#include "legacy-adapters/dynamics_nav/customers.h"
#include "legacy-adapters/dynamics_nav/orders.h"
#include "legacy-adapters/dynamics_nav/soap_wire.h"
#include "tests/unit/dynamics_nav/nav_process.h"
#include "tests/unit/dynamics_nav/nav_tables.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace underpin::embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace underpin::legacy::dynamics_nav {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

// One element a line, so that a difference can be read.
std::string in_lines(const std::string& xml) {
  std::string text;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    text += xml[i];
    if (xml[i] == '>' && i + 1 < xml.size() && xml[i + 1] == '<') text += '\n';
  }
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

class Names {
 public:
  explicit Names(fs::path folder) : folder_(std::move(folder)) {}
  fs::path next(const std::string& url, const std::string& action, const char* end) {
    const std::string number = std::to_string(count_);
    return folder_ /
           ((number.size() < 2 ? "0" : "") + number + "-" + url.substr(url.rfind('/') + 1) + "." +
            action.substr(action.rfind(':') + 1) + end);
  }
  void step() { ++count_; }
  int count() const { return count_ - 1; }

 private:
  fs::path folder_;
  int count_ = 1;
};

class Recorder final : public Wire {
 public:
  Recorder(std::shared_ptr<Wire> nav, const fs::path& folder)
      : nav_(std::move(nav)), names_(folder) {}
  Result<Reply> exchange(const Exchange& exchange, const CallContext& context) override {
    Result<Reply> reply = nav_->exchange(exchange, context);
    EXPECT_TRUE(reply) << reply.error().message;
    if (!reply) return reply;
    EXPECT_FALSE(reply->fault.has_value()) << exchange.action << ": " << reply->fault->text;
    write_file(names_.next(exchange.url, exchange.action, ".request.xml"),
               in_lines(exchange.envelope));
    write_file(names_.next(exchange.url, exchange.action, ".reply.xml"), in_lines(reply->envelope));
    names_.step();
    return reply;
  }
  Result<std::string> get(const std::string& url, const CallContext& context) override {
    return nav_->get(url, context);
  }

 private:
  std::shared_ptr<Wire> nav_;
  Names names_;
};

class Replay final : public Wire {
 public:
  explicit Replay(const fs::path& folder) : names_(folder) {}
  Result<Reply> exchange(const Exchange& exchange, const CallContext&) override {
    const fs::path request = names_.next(exchange.url, exchange.action, ".request.xml");
    EXPECT_TRUE(fs::exists(request)) << "was not said before: " << request;
    EXPECT_EQ(in_lines(exchange.envelope), read_file(request)) << request;
    std::string reply = read_file(names_.next(exchange.url, exchange.action, ".reply.xml"));
    names_.step();
    return Reply{std::move(reply), std::nullopt};
  }
  Result<std::string> get(const std::string& url, const CallContext&) override {
    return Error{ErrorCode::unavailable, url};
  }
  int count() const { return names_.count(); }

 private:
  Names names_;
};

struct Conversation {
  Conversation(std::shared_ptr<Wire> wire, const SoapSettings& soap)
      : mappings(load_mappings().value()) {
    settings.soap = soap;
    settings.charges = {{"shipping", "8510"}, {"fee", "8520"}, {"gift_wrap", "8530"}};
    services =
        std::make_unique<Services>(soap, "nav", std::move(wire),
                                   FaultTable::load(embedded::dynamics_nav("faults.json")).value());
    orders =
        std::make_unique<Orders>(*services, settings, mappings, OrderFeed(FeedSettings{}, nullptr));
    customers = std::make_unique<Customers>(*services, settings, mappings, FeedSettings{}, nullptr);
  }

  template <class T>
  static json::Value told(const Result<T>& result) {
    return result ? json::to_json(*result) : json::to_json(result.error());
  }

  json::Value run(const json::Value& input) {
    WriteContext context = in_five_seconds();
    context.deadline += std::chrono::seconds(25);
    const std::string what = input.get("do").text();
    const auto order = json::from_json<Order>(input.get("order"));
    const auto customer = json::from_json<Customer>(input.get("customer"));
    if (what == "place_order") return told(orders->place_order(order.value(), context));
    if (what == "get_order")
      return told(orders->get_order({{}, DocumentNumber(input.get("document").text())}, context));
    if (what == "amend_order") {
      (void)orders->place_order(order.value(), context);
      (void)orders->release_order({order->id, {}}, context);
      return told(orders->amend_order(
          {order->id, {}}, json::from_json<OrderAmendment>(input.get("amendment")).value(),
          context));
    }
    if (what == "cancel_order") {
      (void)orders->place_order(order.value(), context);
      return told(orders->cancel_order({order->id, {}}, {}, context));
    }
    if (what == "create_customer") {
      (void)customers->create_customer(customer.value(), context);
      return told(customers->get_customer(customer->number, context));
    }
    ADD_FAILURE() << "case.json: unknown do: " << what;
    return {};
  }

  Settings settings;
  Mappings mappings;
  std::unique_ptr<Services> services;
  std::unique_ptr<Orders> orders;
  std::unique_ptr<Customers> customers;
};

SoapSettings sample_site() {
  SoapSettings soap;
  soap.url = "http://nav.example:7047";
  soap.company = "CRONUS";
  soap.user = "nav-user";
  soap.password = "nav-password";
  return soap;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  const fs::path golden = fs::path(UNDERPIN_SOURCE_DIR) / "legacy-adapters/dynamics_nav/golden";
  for (const auto& entry : fs::directory_iterator(golden))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenNav : public testing::TestWithParam<std::string> {};

TEST_P(GoldenNav, SaysAndReadsWhatWasRecorded) {
  const fs::path folder =
      fs::path(UNDERPIN_SOURCE_DIR) / "legacy-adapters/dynamics_nav/golden" / GetParam();
  const auto input = json::parse(read_file(folder / "case.json"));
  ASSERT_TRUE(input) << input.error().message;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().filename() != "case.json") fs::remove(entry.path());
    NavProcess nav;
    SoapSettings soap = sample_site();
    soap.url = "http://127.0.0.1:" + std::to_string(nav.port());
    Conversation recording(std::make_shared<Recorder>(make_soap_wire(soap, "nav"), folder), soap);
    write_file(folder / "result.json", json::write_pretty(recording.run(*input)) + "\n");
  }
  const auto wire = std::make_shared<Replay>(folder);
  Conversation replay(wire, sample_site());
  const auto expected = json::parse(read_file(folder / "result.json"));
  ASSERT_TRUE(expected) << "result.json: " << expected.error().message;
  EXPECT_EQ(json::write_pretty(replay.run(*input)), json::write_pretty(*expected));
  const auto recorded =
      std::count_if(fs::directory_iterator(folder), fs::directory_iterator(),
                    [](const fs::directory_entry& entry) {
                      return entry.path().string().find(".request.xml") != std::string::npos;
                    });
  EXPECT_EQ(wire->count(), recorded) << "something that was said before is not said any more";
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenNav, testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
