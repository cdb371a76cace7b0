#include "simulated_erp.h"

namespace underpin::cloud::business_central {
namespace {

class BusinessCentralFaults : public SimulatedErp {
 protected:
  // Places the order although the ERP fails in the given way, as the facade would: an unknown
  // outcome is looked up until the ERP has settled, and only then sent again.
  void survives(const std::string& kind, const std::string& more, ErrorCode expected) {
    const Order order = web_order(("x" + std::to_string(++number_)).c_str());
    const std::string reference = "WEB/^X" + std::to_string(number_);
    fault("salesOrders.POST", kind, more);
    const auto first = orders().place_order(order, write_within(5'000));
    ASSERT_FALSE(first.has_value()) << kind;
    EXPECT_EQ(first.error().code, expected) << kind << ": " << said(first);
    EXPECT_EQ(first.error().system, "bc");
    if (first.error().code == ErrorCode::outcome_unknown) await_late_commits();
    const auto receipt = orders().place_order(order, write_within(5'000));
    ASSERT_TRUE(receipt.has_value()) << kind << ": " << said(receipt);
    EXPECT_EQ(documents(reference), 1u) << kind;
    const auto read = orders().get_order(ref_to(order), call_within(5'000));
    ASSERT_TRUE(read.has_value()) << said(read);
    EXPECT_EQ(read->lines.at(0).adjustments, order.lines.at(0).adjustments)
        << kind << ": a repeat completes the promotions";
    control("DELETE", "faults");
  }

 private:
  int number_ = 0;
};

TEST_F(BusinessCentralFaults, LeaveNoDoubleOrder) {
  survives("429", "", ErrorCode::throttled);
  survives("503", "", ErrorCode::outcome_unknown);
  survives("500", "", ErrorCode::outcome_unknown);
  survives("504_after_commit", "", ErrorCode::outcome_unknown);
  survives("late_commit", R"("delay_ms": 700)", ErrorCode::outcome_unknown);
  survives("late_commit", R"("delay_ms": 300, "status": 504)", ErrorCode::outcome_unknown);
  survives("drop", "", ErrorCode::outcome_unknown);
  survives("drop_after_commit", "", ErrorCode::outcome_unknown);
}

TEST_F(BusinessCentralFaults, ThrottlingNamesWhenToComeBack) {
  fault("*", "429");
  const auto refused = orders().get_order(ref_to(web_order("1")), call_within(5'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::throttled);
  EXPECT_EQ(refused.error().retry_after_s, 1);
  EXPECT_EQ(refused.error().vendor_code, "Application_TooManyRequests");
}

TEST_F(BusinessCentralFaults, A503ProvesThatNothingWasCreatedOnlyWhereTheSiteSaysSo) {
  adapter_ = connect(R"("trust_503": true)");
  fault("salesOrders.POST", "503");
  const auto refused = orders().place_order(web_order("1"), write_within(5'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(refused.error().retry_after_s, 1);
}

TEST_F(BusinessCentralFaults, ASlowErpIsGivenUpAtTheDeadline) {
  fault("salesOrders.POST", "slow", R"("delay_ms": 1500)");
  const auto begun = std::chrono::steady_clock::now();
  const auto late = orders().place_order(web_order("1"), write_within(700));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::outcome_unknown);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(1400));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (documents("WEB/1") == 0 && std::chrono::steady_clock::now() < until) ::usleep(20'000);
  ASSERT_TRUE(orders().place_order(web_order("1"), write_within(5'000)));
  EXPECT_EQ(documents("WEB/1"), 1u);
}

TEST_F(BusinessCentralFaults, AFailedLookUpSendsNothing) {
  fault("orderArchive.GET", "500");
  const auto refused = orders().place_order(web_order("1"), write_within(5'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(documents("WEB/1"), 0u);
}

TEST_F(BusinessCentralFaults, AnOrderWhosePromotionsFailedIsUnknownUntilItIsRepeated) {
  fault("salesLinePromotions.POST", "500", R"("count": 3)");
  const Order order = web_order("1");
  const auto unknown = orders().place_order(order, write_within(5'000));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::outcome_unknown);
  ASSERT_TRUE(orders().place_order(order, write_within(5'000)));
  const auto read = orders().get_order(ref_to(order), call_within(5'000));
  EXPECT_EQ(read->lines.at(0).adjustments, order.lines.at(0).adjustments);
  EXPECT_EQ(documents("WEB/1"), 1u);
}

TEST_F(BusinessCentralFaults, AnAmendmentThatBreaksOffReleasesTheOrderAgain) {
  const Order order = web_order("1");
  ASSERT_TRUE(orders().place_order(order, write_within(5'000)));
  ASSERT_TRUE(orders().release_order(ref_to(order), write_within(5'000)));
  fault("salesOrderLines.PATCH", "503");
  OrderAmendment amendment;
  LineAmendment more;
  more.number = 1;
  more.quantity = dec("9");
  amendment.lines = {more};
  const auto broken = orders().amend_order(ref_to(order), amendment, write_within(5'000));
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::outcome_unknown);
  const auto read = orders().get_order(ref_to(order), call_within(5'000));
  EXPECT_EQ(read->status, OrderStatus::released);
  EXPECT_EQ(read->lines.at(0).quantity, dec("3"));
}

TEST_F(BusinessCentralFaults, LeaveNoDoubleStockMovement) {
  StockAdjustment adjustment;
  adjustment.key = {Sku("1000"), LocationCode("EAST")};
  adjustment.quantity = dec("-2");
  adjustment.uom = "PCS";
  int number = 0;
  for (const char* kind : {"504_after_commit", "late_commit", "drop_after_commit", "drop", "500"}) {
    adjustment.movement = MovementId("M-" + std::to_string(++number));
    fault("itemJournalPostings.POST", kind, R"("delay_ms": 300)");
    const auto first = inventory().adjust_stock(adjustment, write_within(5'000));
    ASSERT_FALSE(first.has_value()) << kind;
    EXPECT_EQ(first.error().code, ErrorCode::outcome_unknown) << kind;
    await_late_commits();
    const auto second = inventory().adjust_stock(adjustment, write_within(5'000));
    ASSERT_TRUE(second.has_value()) << kind << ": " << said(second);
    EXPECT_EQ(
        rows("ledger", "itemLedgerEntries", "documentNumber", adjustment.movement.text()).size(),
        1u)
        << kind;
    control("DELETE", "faults");
  }
  adjustment.movement = MovementId("M-DOUBLE");
  fault("itemJournalPostings.POST", "duplicate");
  (void)inventory().adjust_stock(adjustment, write_within(5'000));
  const auto found = inventory().find_adjustment(adjustment.movement, call_within(5'000));
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::conflict) << "a double is raised, not hidden";
}

TEST_F(BusinessCentralFaults, WrongCredentialsAreOurs) {
  adapter_ = connect({}, R"("auth": {"kind": "basic", "user": "underpin", "password": "wrong"})");
  EXPECT_EQ(adapter_->ping(call_within(5'000)).error().code, ErrorCode::unauthorized);
  EXPECT_EQ(orders().place_order(web_order("1"), write_within(5'000)).error().code,
            ErrorCode::unauthorized);
}

class BusinessCentralTokens : public BusinessCentralFaults {
 protected:
  void SetUp() override {
    start({"--auth", "oauth", "--client-id", "app", "--client-secret", "s+cret &",
           "--token-seconds", "3600"});
    adapter_ = connect({}, R"("auth": {"kind": "oauth2", "token_url": ")" + base_ +
                               R"(/tenant/oauth2/v2.0/token", "client_id": "app",
                               "client_secret": "s+cret &"})");
  }
};

TEST_F(BusinessCentralTokens, AreKeptAndRenewedOnceWhenRefused) {
  ASSERT_TRUE(adapter_->ping(call_within(5'000)));
  const Order order = web_order("1");
  ASSERT_TRUE(orders().place_order(order, write_within(5'000)));
  control("DELETE", "tokens");
  const auto again = orders().find_receipt(order.id, call_within(5'000));
  EXPECT_TRUE(again.has_value()) << said(again);
  adapter_ = connect({}, R"("auth": {"kind": "oauth2", "token_url": ")" + base_ +
                             R"(/tenant/oauth2/v2.0/token", "client_id": "app",
                             "client_secret": "wrong"})");
  const auto refused = adapter_->ping(call_within(5'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
  EXPECT_EQ(refused.error().vendor_code, "invalid_client");
  EXPECT_EQ(refused.error().message.find("wrong"), std::string::npos);
}

}  // namespace
}  // namespace underpin::cloud::business_central
