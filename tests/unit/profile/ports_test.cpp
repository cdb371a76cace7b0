#include "legacy-adapters/sql_profile/statements.h"
#include "legacy-adapters/transport/profile/adapter.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

// The ports over operations that answer as a case says: what an ERP may do between two of them.
namespace underpin::legacy::profile {
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

}  // namespace
}  // namespace underpin::legacy::profile
