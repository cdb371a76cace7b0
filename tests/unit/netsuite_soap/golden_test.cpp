#include "contracts/json/codec.h"
#include "contracts/json/json_text.h"
#include "legacy-adapters/netsuite_soap/customers.h"
#include "legacy-adapters/netsuite_soap/inventory.h"
#include "legacy-adapters/netsuite_soap/orders.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace underpin::legacy::netsuite_soap {
namespace {

namespace fs = std::filesystem;
const fs::path golden = UNDERPIN_SOURCE_DIR "/legacy-adapters/netsuite_soap/golden";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// One element per line, and nothing that differs from one exchange to the next.
std::string in_lines(std::string text) {
  const std::string begin = "<platformMsgs:tokenPassport>";
  const std::string end = "</platformMsgs:tokenPassport>";
  const std::size_t from = text.find(begin);
  if (from != std::string::npos)
    text.replace(from, text.find(end) + end.size() - from, "<platformMsgs:tokenPassport/>");
  for (std::size_t at = text.find("><"); at != std::string::npos; at = text.find("><", at + 1))
    text.insert(at + 1, "\n");
  return text + "\n";
}

class Exchanges {
 public:
  explicit Exchanges(fs::path folder) : folder_(std::move(folder)) {}
  fs::path next(const std::string& action, const char* suffix) const {
    const std::string number = (count_ < 10 ? "0" : "") + std::to_string(count_);
    return folder_ / (number + "." + action + suffix);
  }
  void step() { ++count_; }
  int count() const { return count_ - 1; }

 private:
  fs::path folder_;
  int count_ = 1;
};

Wire recorder(Wire netsuite, const std::shared_ptr<Exchanges>& exchanges) {
  return [netsuite, exchanges](const soap::Request& request, const CallContext& context) {
    Result<soap::Answer> answer = netsuite(request, context);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return answer;
    write_file(exchanges->next(request.action, ".request.xml"), in_lines(request.envelope));
    write_file(exchanges->next(request.action, ".reply.xml"), in_lines(answer->envelope));
    exchanges->step();
    return answer;
  };
}

Wire replay(const std::shared_ptr<Exchanges>& exchanges) {
  return [exchanges](const soap::Request& request, const CallContext&) -> Result<soap::Answer> {
    const fs::path asked = exchanges->next(request.action, ".request.xml");
    EXPECT_TRUE(fs::exists(asked)) << "was not said before: " << asked;
    EXPECT_EQ(in_lines(request.envelope), read_file(asked)) << asked;
    std::string envelope = read_file(exchanges->next(request.action, ".reply.xml"));
    exchanges->step();
    const Result<soap::Body> body = soap::read_body(envelope, {});
    if (!body) return body.error();
    return soap::Answer{std::move(envelope), *body};
  };
}

Settings sample_site(const std::string& url) {
  const auto settings = read_settings(
      R"({"url": ")" + url +
      R"(", "auth": {"account": "TSTDRV1", "consumer_key": "consumer-key",)"
      R"( "consumer_secret": "consumer-secret", "token": "token-id",)"
      R"( "token_secret": "token-secret"}, "subsidiary": "2", "adjustment_account": "151",)"
      R"( "discount_item": "901", "charges": [{"canonical": "shipping", "vendor": "910"}]})");
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? *settings : Settings{};
}

template <class T>
json::Value told(const Result<T>& result) {
  return result ? json::to_json(*result) : json::to_json(result.error());
}

WriteContext in_ten_seconds() {
  WriteContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  context.idempotency_key = IdempotencyKey("key");
  return context;
}

// The last answer of what a case asks for.
json::Value converse(const json::Value& input, const Settings& settings, Wire wire) {
  Suite suite(settings, "netsuite", std::move(wire));
  References references(suite);
  Documents documents(suite, references);
  Orders orders(suite, references, documents);
  Inventory inventory(suite, references);
  Customers customers(suite, references);
  const WriteContext context = in_ten_seconds();
  const auto order = json::from_json<Order>(input.get("order"));
  json::Value last;
  for (const json::Value& step : input.get("do").items()) {
    const std::string& what = step.text();
    if (what == "place") last = told(orders.place_order(order.value(), context));
    if (what == "release") last = told(orders.release_order({order->id, {}}, context));
    if (what == "cancel") last = told(orders.cancel_order({order->id, {}}, {}, context));
    if (what == "read") last = told(orders.get_order({order->id, {}}, context));
    if (what == "amend")
      last = told(orders.amend_order(
          {order->id, {}}, json::from_json<OrderAmendment>(input.get("amendment")).value(),
          context));
    if (what == "create_customer")
      last = told(customers.create_customer(
          json::from_json<Customer>(input.get("customer")).value(), context));
    if (what == "read_customer")
      last = told(customers.get_customer(CustomerNumber(input.get("customer").get("number").text()),
                                         context));
    if (what == "adjust")
      last = told(inventory.adjust_stock(
          json::from_json<StockAdjustment>(input.get("adjustment")).value(), context));
  }
  return last;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(golden))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenNetSuite : public testing::TestWithParam<std::string> {};

TEST_P(GoldenNetSuite, SaysAndReadsWhatWasRecorded) {
  const fs::path folder = golden / GetParam();
  const auto input = json::parse(read_file(folder / "case.json"));
  ASSERT_TRUE(input) << input.error().message;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().filename() != "case.json") fs::remove(entry.path());
    test::Simulator account("netsuite", {});
    const Settings settings = sample_site(account.base_url());
    const json::Value result =
        converse(*input, settings,
                 recorder(soap_wire(settings, "netsuite"), std::make_shared<Exchanges>(folder)));
    write_file(folder / "result.json", json::write_pretty(result) + "\n");
  }
  const auto exchanges = std::make_shared<Exchanges>(folder);
  const Settings settings = sample_site("http://netsuite.example");
  const auto expected = json::parse(read_file(folder / "result.json"));
  ASSERT_TRUE(expected) << "result.json: " << expected.error().message;
  EXPECT_EQ(json::write_pretty(converse(*input, settings, replay(exchanges))),
            json::write_pretty(*expected));
  const auto files = std::distance(fs::directory_iterator(folder), fs::directory_iterator{});
  EXPECT_EQ(files, 2 + 2 * exchanges->count()) << "something recorded was not said";
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenNetSuite, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<std::string>& one) { return one.param; });

}  // namespace
}  // namespace underpin::legacy::netsuite_soap
