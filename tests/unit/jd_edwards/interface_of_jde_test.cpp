// What makes JDE's interface tables dangerous: records that wait, are refused, or are carried out
// behind one's back.
#include "tests/unit/jd_edwards/jde_site.h"

#include <algorithm>

namespace underpin::legacy::jd_edwards {
namespace {

class JdeInterface : public testing::Test {
 protected:
  void TearDown() override {
    site().simulator().clear_faults();
    site().hold_queue(false);
  }
  static JdeSite& site() { return JdeSite::shared(); }
  OrderService& orders() { return *adapter_->orders(); }
  static OrderRef ref(const Order& order) { return {order.id, {}}; }
  OrderReceipt placed(const Order& order) {
    const auto receipt = orders().place_order(order, write_soon());
    EXPECT_TRUE(receipt.has_value()) << receipt.error().message;
    return receipt ? *receipt : OrderReceipt{};
  }
  static OrderAmendment first_line(const char* quantity) {
    OrderAmendment amendment;
    amendment.lines.push_back({1, decimal(quantity), {}, {}, {}, {}});
    return amendment;
  }
  // A job that runs may take longer than the adapter waits, on a machine that is busy.
  template <class F>
  auto until_known(const F& write) {
    auto done = write();
    for (int times = 0; times < 100 && !done && done.error().code == ErrorCode::outcome_unknown;
         ++times)
      done = write();
    return done;
  }

  const std::unique_ptr<ErpAdapter> adapter_ = site().adapter();
};

TEST_F(JdeInterface, ACreateThatWaitsIsNeitherAbsentNorSentAgain) {
  const Order order = order_numbered("WAITS-1");
  site().hold_queue(true);
  const auto first = orders().place_order(order, write_soon());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::outcome_unknown) << first.error().message;
  const auto looked = orders().find_receipt(order.id, write_soon());
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code, ErrorCode::outcome_unknown) << "it may come at any moment";
  EXPECT_FALSE(orders().place_order(order, write_soon()));
  EXPECT_EQ(site().waiting("F47011"), 1) << "the repeat waits for the record that is there";
  site().hold_queue(false);
  EXPECT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  EXPECT_EQ(site().documents("WEB/WAITS-1"), 1);
}

TEST_F(JdeInterface, ARefusedRecordIsTakenAwayAndARepeatWithTheCauseMendedSucceeds) {
  Order order = order_numbered("REFUSED-1");
  order.lines[1].sku = Sku{"NONE"};
  const auto refused = until_known([&] { return orders().place_order(order, write_soon()); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().vendor_code, "0267");
  ASSERT_EQ(refused.error().fields.size(), 1U);
  EXPECT_EQ(refused.error().fields[0].pointer, "/lines/1");
  EXPECT_EQ(site().waiting("F47011"), 0) << "the next run must not find it";
  order.lines[1].sku = Sku{"1001"};
  EXPECT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
}

TEST_F(JdeInterface, AChangeThatWaitsIsReplacedByTheNextOne) {
  const Order order = order_numbered("CHANGES-1");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  site().hold_queue(true);
  EXPECT_FALSE(orders().amend_order(ref(order), first_line("4"), write_soon()));
  EXPECT_FALSE(orders().amend_order(ref(order), first_line("5"), write_soon()));
  EXPECT_EQ(site().waiting("F47011"), 1) << "the older one must not come into effect later";
  site().hold_queue(false);
  ASSERT_TRUE(
      until_known([&] { return orders().amend_order(ref(order), first_line("5"), write_soon()); }));
  EXPECT_EQ(orders().get_order(ref(order), write_soon())->lines.at(0).quantity, decimal("5"));
}

TEST_F(JdeInterface, AnOrderThatIsThereWithoutItsMarkIsMarkedSoThatNoRunRepeatsIt) {
  const Order order = order_numbered("UNMARKED-1");
  site().simulator().fault("R40211.00", "504_after_commit");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  EXPECT_EQ(site().waiting("F47011"), 0);
  EXPECT_EQ(site().documents("WEB/UNMARKED-1"), 1);
}

TEST_F(JdeInterface, AnOrderWithFewerLinesThanItsRecordIsNotThereYet) {
  const Order order = order_numbered("HALF-1");
  site().simulator().fault("R40211.00", "500");
  const auto receipt = until_known([&] { return orders().place_order(order, write_soon()); });
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->erp_totals->items_net, decimal("85"));
}

TEST_F(JdeInterface, AMovementIsInItsTableOnce) {
  StockAdjustment one;
  one.movement = MovementId{"ONCE-1"};
  one.key = {Sku{"1040"}, LocationCode{"WEST"}};
  one.quantity = decimal("2.25");
  one.uom = "PCS";
  site().hold_queue(true);
  InventoryService& stock = *adapter_->inventory();
  for (int times = 0; times < 2; ++times) {
    const auto posted = stock.adjust_stock(one, write_soon());
    ASSERT_FALSE(posted);
    EXPECT_EQ(posted.error().code, ErrorCode::outcome_unknown) << posted.error().message;
  }
  EXPECT_EQ(stock.find_adjustment(one.movement, write_soon()).error().code,
            ErrorCode::outcome_unknown);
  EXPECT_EQ(site().waiting("F4111Z1"), 1);
  site().hold_queue(false);
  const auto posted = until_known([&] { return stock.adjust_stock(one, write_soon()); });
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->quantity, decimal("2.25"));
}

TEST_F(JdeInterface, TheNewestWordOnACustomerRules) {
  CustomerService& customers = *adapter_->customers();
  Customer customer;
  customer.number = CustomerNumber{"NEWEST-1"};
  customer.name = "First Name";
  customer.kind = "person";
  customer.currency = "EUR";
  customer.price_group = "VIP";
  site().hold_queue(true);
  EXPECT_FALSE(customers.put_customer(customer, write_soon(Role::mirror)));
  customer.name = "Second Name";
  EXPECT_FALSE(customers.put_customer(customer, write_soon(Role::mirror)));
  EXPECT_EQ(site().waiting("F0101Z2"), 1);
  site().hold_queue(false);
  ASSERT_TRUE(until_known([&] { return customers.put_customer(customer, write_soon()); }));
  EXPECT_EQ(customers.get_customer(customer.number, write_soon())->name, "Second Name");
}

TEST_F(JdeInterface, AHoldOfSomebodyElseIsNeitherLiftedNorReplaced) {
  const Order order = order_numbered("CREDIT-1");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  const std::string document = placed(order).document.text();
  site().people("hold",
                R"({"document": )" + document.substr(0, document.find('-')) + R"(, "code": "C1"})");
  const auto refused = orders().release_order(ref(order), write_soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  ASSERT_TRUE(
      until_known([&] { return orders().amend_order(ref(order), first_line("4"), write_soon()); }));
  const auto held = orders().get_order(ref(order), write_soon());
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(held->holds, std::vector<std::string>{"hold_C1"});
  EXPECT_EQ(held->status, OrderStatus::open);
}

TEST_F(JdeInterface, WhatDoesNotFitIsRefusedBeforeAnythingIsSent) {
  site().hold_queue(true);
  const auto refusal = [&](const Order& order) {
    const auto answer = orders().place_order(order, write_soon());
    EXPECT_FALSE(answer);
    if (answer || answer.error().fields.empty()) return std::string("nothing");
    EXPECT_TRUE(answer.error().code == ErrorCode::rejected ||
                answer.error().code == ErrorCode::unsupported ||
                answer.error().code == ErrorCode::invalid_request)
        << answer.error().message;
    return answer.error().fields[0].pointer;
  };
  EXPECT_EQ(refusal(order_numbered("abcdefghijklmnopqrst")), "/number") << "25 characters";
  Order order = order_numbered("FITS-1");
  order.lines[0].uom = "BOX";
  EXPECT_EQ(refusal(order), "/lines/0/uom");
  order = order_numbered("FITS-1");
  order.lines[1].quantity = decimal("1.005");
  EXPECT_EQ(refusal(order), "/lines/1/quantity");
  order = order_numbered("FITS-1");
  order.lines[1].unit_price = decimal("1.00005");
  EXPECT_EQ(refusal(order), "/lines/1/unitPrice");
  order = order_numbered("FITS-1");
  order.currency = "USD";
  EXPECT_EQ(refusal(order), "/currency");
  order = order_numbered("FITS-1");
  order.prices_include_tax = true;
  EXPECT_EQ(refusal(order), "/pricesIncludeTax");
  order = order_numbered("FITS-1");
  order.customer = CustomerNumber{"V90000"};
  EXPECT_EQ(refusal(order), "/customer") << "a supplier's address is no customer";
  order = order_numbered("FITS-1");
  order.ship_to = Address{};
  order.ship_to->city = std::string(26, 'x');
  EXPECT_EQ(refusal(order), "/shipTo/city");
  order = order_numbered("FITS-1");
  order.charges.push_back({"shipping", "STD", decimal("4.90"), {}});
  EXPECT_EQ(refusal(order), "/charges/0/kind");
  EXPECT_EQ(site().waiting("F47011"), 0);
}

TEST_F(JdeInterface, ALineThatWasShippedInPartIsOneLine) {
  Order order = order_numbered("SPLIT-1");
  order.ship_to = Address{};
  order.ship_to->kind = "ship_to";
  order.ship_to->name = "Jörg Weiß";
  order.ship_to->city = "Köln";
  order.ship_to->country = "DE";
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  ASSERT_TRUE(until_known([&] { return orders().release_order(ref(order), write_soon()); }));
  const std::string document = placed(order).document.text();
  site().people("ship", R"({"document": )" + document.substr(0, document.find('-')) +
                            R"(, "partial": true})");
  const auto held = orders().get_order(ref(order), write_soon());
  ASSERT_TRUE(held) << held.error().message;
  ASSERT_EQ(held->lines.size(), 2U);
  EXPECT_EQ(held->lines[0].quantity, decimal("3"));
  EXPECT_EQ(held->lines[0].shipped_quantity, decimal("1"));
  EXPECT_EQ(held->lines[0].net_amount, decimal("60"));
  EXPECT_EQ(held->status, OrderStatus::partially_shipped);
  ASSERT_TRUE(held->ship_to);
  EXPECT_EQ(*held->ship_to, *order.ship_to);
}

TEST_F(JdeInterface, AHeldLotIsOnHandAndNotForSale) {
  const auto levels =
      adapter_->inventory()->get_stock({{Sku{"1050"}}, LocationCode{"CENTRAL"}}, write_soon());
  ASSERT_TRUE(levels) << levels.error().message;
  EXPECT_GE(levels->at(0).reserved, decimal("5"));
  EXPECT_EQ(levels->at(0).available, levels->at(0).on_hand - levels->at(0).reserved);
}

TEST_F(JdeInterface, TheDoctorNamesWhatIsMissing) {
  for (const Finding& finding : adapter_->examine(write_soon()))
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  const auto other = site().adapter(R"(, "work_centre_view": "NOWHERE")");
  const auto findings = other->examine(write_soon());
  const auto bad =
      std::count_if(findings.begin(), findings.end(), [](const Finding& one) { return !one.ok; });
  EXPECT_EQ(bad, 1);
  EXPECT_EQ(findings.back().what, "table NOWHERE");
}

TEST(JdeSettings, AreRefusedWithPointers) {
  const auto refused = make_jd_edwards_adapter(
      {"jde",
       R"({"connection_string": "x", "branch": "EAST", "owner": "A;B", "zone": "Nowhere",)"
       R"( "decimals": {"price": 9}, "hold": " ", "surprise": 1})",
       {}});
  ASSERT_FALSE(refused);
  std::vector<std::string> pointers;
  for (const FieldError& field : refused.error().fields) pointers.push_back(field.pointer);
  for (const char* pointer : {"/owner", "/zone", "/decimals/price", "/hold", "/surprise"})
    EXPECT_EQ(std::count(pointers.begin(), pointers.end(), pointer), 1) << pointer;
}

}  // namespace
}  // namespace underpin::legacy::jd_edwards
