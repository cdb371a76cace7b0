// What makes JDE's interface tables dangerous: records that wait, are refused, or are carried out
// behind one's back.
#include "legacy-adapters/jd_edwards/interface.h"
#include "tests/unit/jd_edwards/jde_site.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>

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

  template <class F>
  static void await(const F& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) ASSERT_LT(std::chrono::steady_clock::now(), until);
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
  EXPECT_THAT(refused.error().message, testing::HasSubstr("of F47011: Item NONE branch EAST"));
  EXPECT_EQ(site().waiting("F47011"), 0) << "the next run must not find it";
  order.lines[1].sku = Sku{"1001"};
  EXPECT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
}

// The next run of the jobs: it takes every record without its mark again, whatever it said of it.
TEST_F(JdeInterface, ARefusedCreateThatIsLookedUpIsGivenUpForEver) {
  Customer customer;
  customer.number = CustomerNumber{"HELD-1"};
  customer.name = "On Hold";
  customer.kind = "person";
  customer.currency = "EUR";
  ASSERT_TRUE(
      until_known([&] { return adapter_->customers()->create_customer(customer, write_soon()); }));
  Order order = order_numbered("GIVENUP-1");
  order.customer = customer.number;
  site().people("block_customer", R"({"number": "HELD-1", "blocked": "Y"})");
  site().hold_queue(true);
  const auto sent = orders().place_order(order, write_soon());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::outcome_unknown);
  site().hold_queue(false);
  const auto looked = until_known([&] { return orders().find_receipt(order.id, write_soon()); });
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code, ErrorCode::not_found) << looked.error().message;
  EXPECT_EQ(site().waiting("F47011"), 0);
  site().people("block_customer", R"({"number": "HELD-1", "blocked": ""})");
  site().run_again();
  EXPECT_EQ(site().documents("WEB/GIVENUP-1"), 0) << "it was told that there will be none";
}

TEST_F(JdeInterface, WhatIsKnownOfARecordOutlivesTheProcessThatPutIt) {
  const Order order = order_numbered("RESTART-1");
  site().hold_queue(true);
  EXPECT_FALSE(site().adapter()->orders()->place_order(order, write_soon()));
  const auto other = site().adapter();  // Of another process.
  EXPECT_EQ(other->orders()->find_receipt(order.id, write_soon()).error().code,
            ErrorCode::outcome_unknown);
  EXPECT_FALSE(other->orders()->place_order(order, write_soon()));
  EXPECT_EQ(site().waiting("F47011"), 1);
  site().hold_queue(false);
  EXPECT_TRUE(until_known([&] { return other->orders()->find_receipt(order.id, write_soon()); }));
  EXPECT_EQ(site().documents("WEB/RESTART-1"), 1);
}

TEST_F(JdeInterface, AChangeThatWaitsIsAwaitedByTheNextOneAndBothComeIntoEffectInTheirOrder) {
  const Order order = order_numbered("CHANGES-1");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  site().hold_queue(true);
  EXPECT_FALSE(orders().amend_order(ref(order), first_line("4"), write_soon()));
  for (const char* quantity : {"4", "5"}) {
    const auto next = orders().amend_order(ref(order), first_line(quantity), write_soon());
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ErrorCode::outcome_unknown) << next.error().message;
  }
  EXPECT_EQ(site().waiting("F47011"), 1) << "one that waits is never written again";
  site().hold_queue(false);
  ASSERT_TRUE(
      until_known([&] { return orders().amend_order(ref(order), first_line("5"), write_soon()); }));
  EXPECT_EQ(orders().get_order(ref(order), write_soon())->lines.at(0).quantity, decimal("5"));
}

TEST_F(JdeInterface, NothingIsAnsweredWhileAReleaseOrAChangeWaitsBehindIt) {
  const Order order = order_numbered("BEHIND-1");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  site().hold_queue(true);
  EXPECT_FALSE(orders().release_order(ref(order), write_soon()));
  const auto blocked = orders().block_order(ref(order), write_soon());
  ASSERT_FALSE(blocked) << "it is on hold, and the next run releases it";
  EXPECT_EQ(blocked.error().code, ErrorCode::outcome_unknown);
  site().hold_queue(false);
  ASSERT_TRUE(until_known([&] { return orders().block_order(ref(order), write_soon()); }));
  EXPECT_EQ(orders().get_order(ref(order), write_soon())->status, OrderStatus::open);

  site().hold_queue(true);
  Order home = order;
  home.lines[0].quantity = decimal("4");
  EXPECT_FALSE(orders().follow_order(home, write_soon(Role::mirror)));
  EXPECT_FALSE(orders().follow_order(order, write_soon(Role::mirror)))
      << "nothing seems to be different";
  site().hold_queue(false);
  ASSERT_TRUE(until_known([&] { return orders().follow_order(order, write_soon(Role::mirror)); }));
  EXPECT_EQ(orders().get_order(ref(order), write_soon())->lines.at(0).quantity, decimal("3"));
}

TEST_F(JdeInterface, ACopyThatWaitsToBeMadeIsNotGone) {
  Order order = order_numbered("COPY-1");
  site().hold_queue(true);
  EXPECT_FALSE(orders().place_order(order, write_soon(Role::mirror)));
  order.status = OrderStatus::cancelled;
  const auto removed = orders().follow_order(order, write_soon(Role::mirror));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::outcome_unknown);
  site().hold_queue(false);
  ASSERT_TRUE(until_known([&] { return orders().follow_order(order, write_soon(Role::mirror)); }));
  EXPECT_EQ(orders().get_order(ref(order), write_soon())->status, OrderStatus::cancelled);
}

TEST_F(JdeInterface, AChangeWhoseRecordIsGoneWithoutEffectIsNoSuccess) {
  const Order order = order_numbered("GONE-1");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  site().hold_queue(true);
  const auto patient = site().adapter({}, 5'000);
  auto amended = std::async(std::launch::async, [&] {
    return patient->orders()->amend_order(ref(order), first_line("4"), write_soon());
  });
  await([&] { return site().waiting("F47011") == 1; });
  site().people("clear_interface", "{}");  // Somebody tidies up.
  const auto answer = amended.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::outcome_unknown) << answer.error().message;
}

TEST_F(JdeInterface, AnOrderWithoutItsMarkIsMarkedSoThatNoRunRepeatsIt) {
  const Order order = order_numbered("UNMARKED-1");
  site().simulator().fault("R40211.00", "504_after_commit");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
  EXPECT_EQ(site().waiting("F47011"), 0);
  site().run_again();
  EXPECT_EQ(site().documents("WEB/UNMARKED-1"), 1);
}

TEST_F(JdeInterface, AMovementWithoutItsMarkIsMarkedByWhoeverFindsIt) {
  InventoryService& stock = *adapter_->inventory();
  StockAdjustment one;
  one.key = {Sku{"1040"}, LocationCode{"EAST"}};
  one.quantity = decimal("1");
  one.uom = "PCS";
  for (const char* how : {"UNMARKED-1", "UNMARKED-2"}) {
    one.movement = MovementId{how};
    site().hold_queue(true);
    EXPECT_FALSE(stock.adjust_stock(one, write_soon())) << "its sender gives up";
    site().simulator().fault("R4111Z1", "504_after_commit");
    site().hold_queue(false);
    await([&] { return site().entries(how) == 1; });
    if (one.movement == MovementId{"UNMARKED-1"})
      EXPECT_TRUE(stock.adjust_stock(one, write_soon()));
    else
      EXPECT_TRUE(stock.find_adjustment(one.movement, write_soon()));
    EXPECT_EQ(site().waiting("F4111Z1"), 0);
    site().run_again();
    EXPECT_EQ(site().entries(how), 1);
  }
}

TEST_F(JdeInterface, AMessageIsNoRefusalWhereTheJobHasDoneItsWork) {
  const Order order = order_numbered("WARNED-1");
  site().warn();
  site().simulator().fault("R40211.00", "504_after_commit");
  const auto placed_it = until_known([&] { return orders().place_order(order, write_soon()); });
  ASSERT_TRUE(placed_it) << placed_it.error().message;
  site().simulator().fault("R40211.04", "504_after_commit");
  const auto amended =
      until_known([&] { return orders().amend_order(ref(order), first_line("4"), write_soon()); });
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_EQ(site().waiting("F47011"), 0);
}

TEST_F(JdeInterface, ARefusedMovementIsTakenAwayAndSaysWhy) {
  StockAdjustment one;
  one.movement = MovementId{"REFUSED-1"};
  one.key = {Sku{"1041"}, LocationCode{"EAST"}};
  one.quantity = decimal("1");
  one.uom = "PCS";
  InventoryService& stock = *adapter_->inventory();
  site().people("article", R"({"item": "1041", "location": "EAST", "stocked": false})");
  site().hold_queue(true);
  EXPECT_FALSE(stock.adjust_stock(one, write_soon()));
  site().hold_queue(false);
  const auto looked =
      until_known([&] { return stock.find_adjustment(one.movement, write_soon()); });
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code, ErrorCode::not_found) << looked.error().message;
  EXPECT_EQ(site().waiting("F4111Z1"), 0) << "the next run must not find it";
  const auto refused = until_known([&] { return stock.adjust_stock(one, write_soon()); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().message,
            "JD Edwards refused record UNDERPIN|STOCK|REFUSED-1 of F4111Z1: No primary location "
            "for item 61041 in EAST");
  site().people("article", R"({"item": "1041", "location": "EAST", "stocked": true})");
  EXPECT_TRUE(until_known([&] { return stock.adjust_stock(one, write_soon()); }));
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

TEST_F(JdeInterface, WritesOfACustomerComeIntoEffectInTheirOrder) {
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
  const auto second = customers.put_customer(customer, write_soon(Role::mirror));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::outcome_unknown) << second.error().message;
  EXPECT_EQ(site().waiting("F0101Z2"), 1) << "one that waits is never written again";
  site().hold_queue(false);
  ASSERT_TRUE(until_known([&] { return customers.put_customer(customer, write_soon()); }));
  EXPECT_EQ(customers.get_customer(customer.number, write_soon())->name, "Second Name");
  // A job that broke off before it marked its record.
  site().simulator().fault("R03010Z", "504_after_commit");
  customer.name = "Third Name";
  ASSERT_TRUE(until_known([&] { return customers.put_customer(customer, write_soon()); }));
  EXPECT_EQ(site().waiting("F0101Z2"), 0);
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

// Numbers of F47011 begin anew when it is purged.
TEST_F(JdeInterface, ARecordThatHasTheNumberOfAnEarlierOneIsLeftAlone) {
  const Order order = order_numbered("NUMBER-1");
  site().hold_queue(true);
  site().people("clear_interface", "{}");
  EXPECT_FALSE(orders().place_order(order, write_soon()));  // Number 1.
  const auto settings = read_settings(site().settings());
  ASSERT_TRUE(settings);
  odbc::Settings access;
  access.connection_string = settings->connection_string;
  const Interface interface(*settings, "jde", std::make_shared<odbc::Database>(access),
                            std::make_shared<odbc::Writer>(access));
  const Record earlier{&order_record(), {std::string("00001"), 1, std::string("UP")}, "17"};
  EXPECT_EQ(interface.look(earlier, write_soon())->state, RecordState::absent);
  interface.mark(earlier, write_soon());
  EXPECT_FALSE(interface.withdraw(earlier, write_soon()));
  EXPECT_EQ(site().waiting("F47011"), 1) << "it is the newer one's";
  site().hold_queue(false);
  EXPECT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
}

TEST_F(JdeInterface, LinesThatAPurgeHasLeftKeepTheirNumbers) {
  site().people("clear_interface", "{}");
  for (int number = 1; number <= 40; ++number)
    site().sql("INSERT INTO F47012 (SZEKCO, SZEDOC, SZEDCT, SZEDLN, SZEDSP) VALUES ('00001', " +
               std::to_string(number) + ", 'UP', 1000, 'Y')");
  EXPECT_TRUE(
      until_known([&] { return orders().place_order(order_numbered("PURGED-1"), write_soon()); }));
}

TEST_F(JdeInterface, FeedsTellWhatHasChangedAndThenNothing) {
  site().sql(
      "UPDATE F0101 SET ABUPMJ = 120001; UPDATE F03012 SET AIUPMJ = 120001;"
      "UPDATE F4201 SET SHUPMJ = 120001; UPDATE F4211 SET SDUPMJ = 120001;"
      "UPDATE F42119 SET SDUPMJ = 120001; UPDATE F0116 SET ALUPMJ = 120001;"
      "UPDATE F0115 SET WPUPMJ = 120001; UPDATE F01151 SET EAUPMJ = 120001");
  const auto customers = [&](Cursor& cursor) {
    std::size_t told = 0;
    for (bool more = true; more;) {
      const auto page = adapter_->customers()->customer_changes(cursor, write_soon());
      if (!page) throw std::runtime_error(page.error().message);
      told += page->items.size();
      cursor = page->next;
      more = page->more;
    }
    return told;
  };
  const auto changed_orders = [&](Cursor& cursor) {
    std::size_t told = 0;
    for (bool more = true; more;) {
      const auto page = orders().order_changes(cursor, write_soon());
      if (!page) throw std::runtime_error(page.error().message);
      told += page->items.size();
      cursor = page->next;
      more = page->more;
    }
    return told;
  };
  Cursor of_customers;
  EXPECT_GE(customers(of_customers), 120U);
  EXPECT_EQ(customers(of_customers), 0U);
  Cursor of_orders;
  EXPECT_GE(changed_orders(of_orders), 24U);
  EXPECT_EQ(changed_orders(of_orders), 0U);
}

TEST_F(JdeInterface, TheDoctorNamesWhatIsMissing) {
  for (const Finding& finding : adapter_->examine(write_soon()))
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  const auto other = site().adapter(R"(, "work_centre_view": "NOWHERE")");
  const auto findings = other->examine(write_soon());
  const auto bad =
      std::count_if(findings.begin(), findings.end(), [](const Finding& one) { return !one.ok; });
  EXPECT_EQ(bad, 1);
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& one) {
    return !one.ok && one.what == "table NOWHERE";
  }));
  // Quotes would be wrong.
  site().people("adjust_prices", R"({"in_force": true})");
  const Finding adjusted = adapter_->examine(write_soon()).back();
  const auto without = site().adapter(R"(, "pricing": false)");
  const Finding last = without->examine(write_soon()).back();
  site().people("adjust_prices", R"({"in_force": false})");
  EXPECT_FALSE(adjusted.ok);
  EXPECT_EQ(adjusted.detail, "1 are in force, and quotes leave them out: set 'pricing' to false");
  EXPECT_TRUE(last.ok) << last.what;
  EXPECT_EQ(without->pricing(), nullptr);
}

class JdeReturns : public JdeInterface {
 protected:
  ReturnService& returns() { return *reader_->returns(); }
  Order sold(const char* number) {
    Order order = order_numbered(number);
    EXPECT_TRUE(until_known([&] { return orders().place_order(order, write_soon()); }));
    EXPECT_TRUE(until_known([&] { return orders().release_order(ref(order), write_soon()); }));
    document_ = placed(order).document.text();
    document_.resize(document_.find('-'));
    site().people("ship", R"({"document": )" + document_ + "}");
    site().people("invoice", R"({"document": )" + document_ + "}");
    return order;
  }
  static OrderReturn back(const Order& order) {
    OrderReturn asked;
    asked.order = order.id;
    asked.number = ReturnNumber{"R1"};
    asked.date = Date{2026, 11, 28};
    asked.currency = "EUR";
    for (const OrderLine& sold : order.lines) {
      ReturnLine line;
      line.number = sold.number;
      line.quantity = decimal("1");
      line.reason = sold.number == 1 ? "DAMAGED" : "UNWANTED";
      line.location = sold.location;
      line.sku = sold.sku;
      line.uom = sold.uom;
      line.unit_price = sold.unit_price;
      asked.lines.push_back(line);
    }
    asked.lines[0].discount = decimal("0.50");
    return asked;
  }

  const std::unique_ptr<ErpAdapter> reader_ = site().adapter(
      R"(, "return_reasons": [{"reason": "DAMAGED", "code": "DAM"}, {"reason": "UNWANTED", "code": "ZZZ"}])");
  std::string document_;
};

TEST_F(JdeReturns, ARefusalNamesTheLineAndNothingOfTheReturnIsLeft) {
  const OrderReturn asked = back(sold("BACK-1"));
  const auto refused = until_known([&] { return returns().place_return(asked, write_soon()); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  ASSERT_EQ(refused.error().fields.size(), 1U) << refused.error().message;
  EXPECT_EQ(refused.error().fields[0].pointer, "/lines/1");
  EXPECT_EQ(refused.error().fields[0].detail, "Reason ZZZ is not in 42/RC");
  EXPECT_EQ(site().waiting("F47011"), 0);
  EXPECT_TRUE(returns().returns_of({asked.order, {}}, write_soon())->empty());
}

TEST_F(JdeReturns, AReturnThatWaitsIsNeitherAbsentNorSentAgainAndOneWithoutItsMarkIsMarked) {
  OrderReturn asked = back(sold("BACK-2"));
  asked.lines.pop_back();
  site().hold_queue(true);
  EXPECT_FALSE(returns().place_return(asked, write_soon()));
  const auto looked = returns().find_return(asked.order, asked.number, write_soon());
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code, ErrorCode::outcome_unknown) << looked.error().message;
  EXPECT_FALSE(returns().place_return(asked, write_soon()));
  EXPECT_EQ(site().waiting("F47011"), 1);
  site().simulator().fault("R40211.00", "504_after_commit");
  site().hold_queue(false);
  const auto made = until_known([&] { return returns().place_return(asked, write_soon()); });
  ASSERT_TRUE(made) << made.error().message;
  site().run_again();
  EXPECT_EQ(returns().returns_of({asked.order, {}}, write_soon())->size(), 1U);
  // JDE has it below zero, with the line's part of the discount.
  const json::Value books = site().simulator().control("GET", "state?part=returns");
  for (const json::Value& row : books.get("returns").items()) {
    if (row.get("reference").text() != "WEB/BACK-2#R1") continue;
    EXPECT_EQ(row.get("order").text(), "WEB/BACK-2");
    EXPECT_EQ(row.get("lines").items().at(0).get("amount").text(), "-19.50");
  }
}

TEST_F(JdeReturns, WhatJdesOwnPeopleTookBackCountsForTheLineOfTheOrder) {
  const Order order = sold("BACK-3");
  site().people("take_back", R"({"document": )" + document_ +
                                 R"(, "line": 2, "quantity": "2", "reason": "WRG"})");
  const auto found = returns().returns_of({order.id, {}}, write_soon());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  const ReturnReference& theirs = found->at(0);
  EXPECT_TRUE(theirs.number.empty());
  ASSERT_EQ(theirs.lines.size(), 1U);
  EXPECT_EQ(theirs.lines[0].line, 2) << "which is line 1.000 of the credit order";
  EXPECT_EQ(theirs.lines[0].quantity, decimal("2"));
  EXPECT_EQ(theirs.lines[0].reason, "WRG") << "their own, which is not mapped";
  const std::string number = theirs.document.text().substr(0, theirs.document.text().find('-'));
  EXPECT_FALSE(orders().get_order({order.id, theirs.document}, write_soon())) << "it is no order";
  site().people("receive_return", R"({"document": )" + number + "}");
  EXPECT_EQ(returns().returns_of({order.id, {}}, write_soon())->at(0).status,
            ReturnStatus::received);
  EXPECT_EQ(orders().get_order(ref(order), write_soon())->status, OrderStatus::invoiced);
}

TEST(JdeSettings, AreRefusedWithPointers) {
  const auto refused = make_jd_edwards_adapter(
      {"jde",
       R"({"connection_string": "x", "branch": "EAST", "owner": "A;B", "zone": "Nowhere",)"
       R"( "decimals": {"price": 9}, "hold": " ", "return_type": "SO", "surprise": 1, "user": "",)"
       R"( "edi_document_type": " ", "company_type": "CP"})",
       {}});
  ASSERT_FALSE(refused);
  std::vector<std::string> pointers;
  for (const FieldError& field : refused.error().fields) pointers.push_back(field.pointer);
  for (const char* pointer : {"/owner", "/zone", "/decimals/price", "/hold", "/return_type",
                              "/surprise", "/user", "/edi_document_type", "/company_type"})
    EXPECT_EQ(std::count(pointers.begin(), pointers.end(), pointer), 1) << pointer;
}

}  // namespace
}  // namespace underpin::legacy::jd_edwards
