#include "legacy-adapters/soap_profile/runner.h"
#include "legacy-adapters/sql_profile/statements.h"
#include "legacy-adapters/transport/profile/adapter.h"
#include "legacy-adapters/transport/profile/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_soap_profile_adapter(const AdapterSettings&);

// The ports over operations that answer as a case says: what an ERP may do between two of them.
namespace legacy::profile {
namespace {

using json::Value;
using Answer = Result<std::vector<Value>>;

class Scripted final : public Runner {
 public:
  Result<std::vector<Value>> run(const Operation& operation, const Value&, const CallContext&,
                                 Exchange*) override {
    asked.emplace_back(operation.shape->name);
    std::deque<Answer>& left = answers[asked.back()];
    if (left.empty()) return Error{ErrorCode::unavailable, "nothing more is said"};
    Answer next = std::move(left.front());
    left.pop_front();
    return next;
  }
  Status ping(const CallContext&) override { return Done{}; }
  std::vector<Finding> examine(const CallContext&) override { return {}; }

  std::map<std::string, std::deque<Answer>> answers;
  std::vector<std::string> asked;
};

Value record(std::string_view text) {
  auto parsed = json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Value();
}

class Ports : public testing::Test {
 protected:
  void SetUp() override {
    const auto loaded = Profile::load(UNDERPIN_SOURCE_DIR "/docs/adapters/examples/northgate",
                                      sql_profile::SqlKind{});
    ASSERT_NE(loaded.profile, nullptr);
    adapter_ = std::make_unique<Adapter>(loaded.profile, erp_, "erp");
  }
  static Answer order(const char* state) {
    Value it = record(R"({"order_type": "SO", "order_no": "00004711", "ext_ref": "WEB/1",
      "cust_no": "C1", "order_date": "2026-01-05", "currency": "EUR", "gross": "N",
      "items_net": "20.00", "charges_sum": "0.00", "tax_sum": "3.80", "grand_total": "23.80",
      "version": "1", "changed_at": "2026-01-05T10:00:00Z", "lines": [{"line": "1",
      "art_no": "1000", "unit": "PCS", "whse": "EAST", "qty": "2.000", "shipped": "0.000",
      "invoiced": "0.000", "price": "10.0000", "discount": "0.00", "net": "20.00", "tax": "3.80",
      "tax_code": "VAT19", "tax_rate": "0.19"}]})");
    it.set("state", state);
    return std::vector<Value>{it};
  }
  static Answer movement() {
    return std::vector<Value>{
        record(R"({"entry": "7", "art_no": "1000", "whse": "EAST", "qty": "2.500"})")};
  }
  static StockAdjustment adjustment() {
    StockAdjustment one;
    one.movement = MovementId{"MV-1"};
    one.key = {Sku{"1000"}, LocationCode{"EAST"}};
    one.quantity = *Decimal::parse("2.5");
    return one;
  }
  static Answer nothing() { return std::vector<Value>{}; }
  Result<OrderReceipt> cancel() {
    return adapter_->orders()->cancel_order({{}, DocumentNumber{"SO-00004711"}}, {}, {});
  }

  std::shared_ptr<Scripted> erp_ = std::make_shared<Scripted>();
  std::unique_ptr<Adapter> adapter_;
};

TEST_F(Ports, ACancellationCountsWhenTheOrderIsNoLongerOpen) {
  erp_->answers["get_order"] = {order("R"), order("C")};
  erp_->answers["cancel_order"] = {nothing()};
  const auto receipt = cancel();
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->status, OrderStatus::cancelled);
  erp_->answers["get_order"] = {order("R"), nothing()};
  erp_->answers["cancel_order"] = {nothing()};
  EXPECT_TRUE(cancel()) << "it was deleted";
}

TEST_F(Ports, ACancellationThatLeftTheOrderOpenIsNotSaidToBeDone) {
  erp_->answers["get_order"] = {order("R"), order("R")};
  erp_->answers["cancel_order"] = {nothing()};
  const auto open = cancel();
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::outcome_unknown);
  erp_->answers["get_order"] = {order("R")};  // It cannot be read again.
  erp_->answers["cancel_order"] = {nothing()};
  const auto unread = cancel();
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().code, ErrorCode::outcome_unknown);
}

TEST_F(Ports, APostingThatAnEarlierRequestBroughtMeanwhileIsFound) {
  erp_->answers["find_adjustment"] = {nothing(), movement()};
  erp_->answers["adjust_stock"] = {
      Error{ErrorCode::conflict, "the number is there", "erp", "23505/1"}};
  const auto posted = adapter_->inventory()->adjust_stock(adjustment(), {});
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->document, DocumentNumber{"7"});
}

TEST_F(Ports, AConflictWithNothingPostedStaysAConflict) {
  erp_->answers["find_adjustment"] = {nothing(), nothing()};
  erp_->answers["adjust_stock"] = {Error{ErrorCode::conflict, "no", "erp", "23505/1"}};
  const auto refused = adapter_->inventory()->adjust_stock(adjustment(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

// Nothing is the end of a list, and the beginning of a feed.
TEST_F(Ports, ARecordWithoutItsCursorIsNoPage) {
  const auto customer = [](const char* cursor) {
    Value it = record(R"({"cust_no": "C1", "changed_at": "2026-01-05T10:00:00Z"})");
    if (*cursor != '\0') it.set("stamp", cursor);
    return Answer(std::vector<Value>{it});
  };
  erp_->answers["customer_changes"] = {customer("8"), customer("")};
  const auto page = adapter_->customers()->customer_changes(Cursor("7"), {});
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->next, Cursor("8"));
  const auto broken = adapter_->customers()->customer_changes(Cursor("8"), {});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::internal);
}

// The requests that writing-a-profile.md names.
TEST(Trial, ReturnsAreAskedForByTheOrderAndMore) {
  const auto loaded =
      Profile::load(UNDERPIN_SOURCE_DIR "/docs/adapters/examples/marlow", soap_profile::SoapKind{});
  ASSERT_NE(loaded.profile, nullptr);
  const auto erp = std::make_shared<Scripted>();
  const auto attempted = [&](const char* operation, const char* request) {
    ProfileTrial trial;
    trial.folder = "x";
    trial.settings_json = "{}";
    trial.operation = operation;
    trial.request_json = request;
    const auto made = attempt(trial, [&](const AdapterSettings&, Recorder told) {
      return Result<std::unique_ptr<ErpAdapter>>(
          std::make_unique<Adapter>(loaded.profile, erp, "erp", std::move(told)));
    });
    return made ? record(*made) : Value();
  };
  const Value made = record(R"({"no": "R7", "ext_ref": "WEB/1/A", "date": "2026-01-05",
    "state": "10", "lines": [{"pos": "1", "item_no": "1000", "qty": "1.000", "reason": "D"}]})");
  erp->answers["find_return"] = {std::vector<Value>{made}};
  erp->answers["returns_of"] = {std::vector<Value>{made}};
  const Value one = attempted("find_return", R"({"channel": "web", "number": "1", "return": "A"})");
  EXPECT_EQ(one.get("error").get("message").text(), "");
  EXPECT_EQ(one.get("answer").get("document").text(), "R7") << json::write(one);
  const Value all =
      attempted("returns_of", R"({"channel": "web", "number": "1", "invoices": ["I1"]})");
  ASSERT_EQ(all.get("answer").size(), 1U) << json::write(all);
  EXPECT_EQ(json::write(all.get("steps").items().at(0).get("request").get("invoices")),
            R"([{"document":"I1"}])");
}

TEST(SoapSettings, AreCheckedBeforeAnythingIsSent) {
  const auto refused = [](const std::string& settings) {
    const auto read = soap_profile::read_settings(settings, "erp");
    return read || read.error().fields.empty() ? "" : read.error().fields[0].pointer;
  };
  EXPECT_EQ(refused(R"({"profile": "x", "url": "http://h/"})"), "");
  EXPECT_EQ(refused(R"({"profile": "x", "url": "ftp://h/"})"), "/url");
  EXPECT_EQ(refused(R"({"profile": "x", "url": "http://h/", "endpoints": {"a": "b"}})"),
            "/endpoints");
  EXPECT_EQ(refused(R"({"profile": "x", "url": "http://h/", "security": {"token": "saml"}})"),
            "/security/token");
  EXPECT_EQ(refused(R"({"profile": "x", "url": "http://h/", "security": {"token": "digest"}})"),
            "/security/user");
  EXPECT_EQ(refused(R"({"profile": "x", "url": "http://h/", "wsdl": "file:///x"})"), "/wsdl");
  EXPECT_EQ(soap_profile::read_settings(R"({"profile": "x", "url": "http://h/?a=1"})", "erp")->wsdl,
            "http://h/?a=1&wsdl");
  EXPECT_EQ(refused(R"({"profile": "x", "url": "http://h/", "passwd": "p"})"), "/passwd");
  const auto adapter =
      make_soap_profile_adapter({"erp",
                                 R"({"profile": ")" UNDERPIN_SOURCE_DIR
                                 R"(/docs/adapters/examples/marlow", "url": "http://h/"})",
                                 {}});
  EXPECT_TRUE(adapter) << adapter.error().message;
  const auto nowhere =
      make_soap_profile_adapter({"erp", R"({"profile": "/no/where", "url": "http://h/"})", {}});
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, testing::HasSubstr("the profile /no/where is not valid"));
}

}  // namespace
}  // namespace legacy::profile
}  // namespace underpin
