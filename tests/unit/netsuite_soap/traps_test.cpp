// What only NetSuite does, through the adapter, against the simulated account.
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/return_service.h"
#include "legacy-adapters/netsuite_soap/failure.h"
#include "tests/support/simulator.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_netsuite_soap_adapter(const AdapterSettings&);

namespace legacy::netsuite_soap {
namespace {

// One account for all cases; each has documents of its own.
class NetSuiteTraps : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    account_ = std::make_unique<test::Simulator>("netsuite", std::vector<std::string>{});
    adapter_ = adapter("");
  }
  static std::unique_ptr<ErpAdapter> adapter(const std::string& more) {
    return must(make_netsuite_soap_adapter(
        {"erp",
         "{" + more + R"("url": ")" + account_->base_url() +
             R"(", "auth": {"account": "TSTDRV1", "consumer_key": "consumer-key",)"
             R"( "consumer_secret": "consumer-secret", "token": "token-id",)"
             R"( "token_secret": "token-secret"}, "subsidiary": "2", "adjustment_account": "151",)"
             R"( "discount_item": "901", "change_overlap_ms": 1000, "settle_ms": 100,)"
             R"( "charges": [{"canonical": "shipping", "vendor": "910"}],)"
             R"( "return_reasons": [{"canonical": "DAMAGED", "vendor": "Damaged"}]})",
         account_->folder().string()}));
  }
  static void TearDownTestSuite() {
    adapter_.reset();
    account_.reset();
  }
  void TearDown() override {
    workflow("");
    account_->clear_faults();
    account_->await_late_commits();
  }

  OrderService& orders() { return *adapter_->orders(); }
  static json::Value people(const std::string& action, const std::string& body) {
    return account_->control("POST", "users/" + action, body);
  }
  static void workflow(const std::string& kind) {
    account_->control("POST", "setup", R"({"workflow": ")" + kind + "\"}");
  }
  static std::int64_t calls(const std::string& operation) {
    const json::Value counted = account_->control("GET", "calls");
    const json::Value* found = counted.find(operation);
    return found == nullptr ? 0 : *found->as_int();
  }
  static std::string named(const DocumentNumber& document) {
    return R"("order": ")" + document.text() + "\"";
  }
  static Decimal decimal(const char* text) { return *Decimal::parse(text); }
  static CallContext call() {
    CallContext context;
    context.correlation_id = CorrelationId{"traps"};
    context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    return context;
  }
  static WriteContext write(Role role = Role::primary) {
    WriteContext context;
    static_cast<CallContext&>(context) = call();
    context.role = role;
    return context;
  }
  static OrderLine line(int number, const char* sku, const char* quantity) {
    OrderLine line;
    line.number = number;
    line.sku = Sku{sku};
    line.uom = "PCS";
    line.location = LocationCode{"EAST"};
    line.quantity = decimal(quantity);
    line.unit_price = decimal("12.50");
    return line;
  }
  static Order order(const char* number) {
    Order order;
    order.id = {ChannelId{"web"}, OrderNumber{number}};
    order.customer = CustomerNumber{"C10001"};
    order.order_date = Date{2026, 11, 24};
    order.currency = "EUR";
    order.lines = {line(1, "1040", "4"), line(2, "1041", "2")};
    return order;
  }
  OrderReceipt placed(const Order& order, Role role = Role::primary) {
    return must(orders().place_order(order, write(role)));
  }
  Order held(const Order& order) { return must(orders().get_order({order.id, {}}, call())); }
  static OrderReturn back(const Order& one, const char* number) {
    OrderReturn back;
    back.order = one.id;
    back.number = ReturnNumber{number};
    back.date = Date{2026, 11, 28};
    back.customer = one.customer;
    back.currency = one.currency;
    ReturnLine returned;
    returned.number = 1;
    returned.quantity = decimal("1");
    returned.reason = "DAMAGED";
    returned.sku = one.lines[0].sku;
    returned.location = one.lines[0].location;
    returned.unit_price = one.lines[0].unit_price;
    back.lines = {returned};
    return back;
  }
  static OrderAmendment to(std::initializer_list<std::pair<int, const char*>> quantities) {
    OrderAmendment amendment;
    for (const auto& [number, quantity] : quantities)
      amendment.lines.push_back({number, decimal(quantity), {}, {}, {}, {}});
    return amendment;
  }

  static std::unique_ptr<test::Simulator> account_;
  static std::unique_ptr<ErpAdapter> adapter_;
};
std::unique_ptr<test::Simulator> NetSuiteTraps::account_;
std::unique_ptr<ErpAdapter> NetSuiteTraps::adapter_;

TEST_F(NetSuiteTraps, ASaveThatAWorkflowUndidInWholeOrInPartIsNoSuccess) {
  const Order one = order("1");
  const OrderRef ref{one.id, {}};
  placed(one);
  const auto code_of = [](const auto& result) {
    return result ? std::string("a success") : std::string(name(result.error().code));
  };
  for (const char* kind : {"keeps_lines", "keeps_last_line"}) {
    workflow(kind);
    EXPECT_EQ(code_of(orders().amend_order(ref, to({{1, "5"}, {2, "3"}}), write())),
              "outcome_unknown")
        << kind;
  }
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("5")) << "a part was done";
  EXPECT_EQ(held(one).lines.at(1).quantity, decimal("2"));
  workflow("");
  EXPECT_EQ(code_of(orders().amend_order(ref, to({{1, "5"}, {2, "3"}}), write())), "a success");
  EXPECT_EQ(held(one).lines.at(1).quantity, decimal("3"));

  workflow("keeps_status");
  EXPECT_EQ(code_of(orders().release_order(ref, write())), "outcome_unknown");
  EXPECT_EQ(held(one).status, OrderStatus::open);
  workflow("");
  EXPECT_EQ(code_of(orders().release_order(ref, write())), "a success");
  workflow("keeps_status");
  EXPECT_EQ(code_of(orders().block_order(ref, write())), "outcome_unknown");
  workflow("keeps_lines");
  EXPECT_EQ(code_of(orders().cancel_order(ref, {"", {}}, write())), "outcome_unknown");
  EXPECT_NE(held(one).status, OrderStatus::cancelled);
  workflow("");
  EXPECT_EQ(code_of(orders().cancel_order(ref, {"", {}}, write())), "a success");
  EXPECT_EQ(held(one).status, OrderStatus::cancelled);
}

TEST_F(NetSuiteTraps, ACustomerWhoseBlockOrPriceGroupAScriptUndidIsNoSuccess) {
  CustomerService& customers = *adapter_->customers();
  Customer customer;
  customer.number = CustomerNumber{"TRAP-8"};
  customer.name = "Ada Kept";
  customer.kind = "person";
  customer.price_group = "RETAIL";
  ASSERT_TRUE(customers.create_customer(customer, write()));
  CustomerAmendment amendment;
  amendment.price_group = "VIP";
  customer.blocked = CustomerBlock::all;
  workflow("keeps_codes");
  const auto amended = customers.amend_customer(customer.number, amendment, {}, write());
  ASSERT_FALSE(amended);
  EXPECT_EQ(amended.error().code, ErrorCode::outcome_unknown);
  const auto put = customers.put_customer(customer, write());
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::outcome_unknown);
  workflow("");
  EXPECT_TRUE(customers.amend_customer(customer.number, amendment, {}, write()));
  EXPECT_TRUE(customers.put_customer(customer, write()));
  EXPECT_EQ(customers.get_customer(customer.number, call())->blocked, CustomerBlock::all);
}

TEST_F(NetSuiteTraps, WhatAScriptRefusesAfterItWasSavedIsDoneAndWhatWasNotSavedIsRefused) {
  const Order one = order("20");
  workflow("fails_after_save");
  const auto made = orders().place_order(one, write());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->document.empty());
  const auto amended = orders().amend_order({one.id, {}}, to({{1, "9"}}), write());
  ASSERT_TRUE(amended) << amended.error().message;
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"TRAP-20"};
  adjustment.key = {Sku{"1040"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("2");
  EXPECT_TRUE(adapter_->inventory()->adjust_stock(adjustment, write()));
  Customer customer;
  customer.number = CustomerNumber{"TRAP-20"};
  customer.name = "Ada Late";
  customer.kind = "person";
  EXPECT_TRUE(adapter_->customers()->create_customer(customer, write()));
  CustomerAmendment amendment;
  amendment.email = "late@example.com";
  EXPECT_TRUE(adapter_->customers()->amend_customer(customer.number, amendment, {}, write()));
  customer.blocked = CustomerBlock::all;
  EXPECT_TRUE(adapter_->customers()->put_customer(customer, write()));
  EXPECT_TRUE(adapter_->returns()->place_return(back(one, "R-20"), write()));
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("9"));

  Order longer = order("21");
  longer.customer_reference = std::string(46, 'x');
  EXPECT_EQ(orders().place_order(longer, write()).error().code, ErrorCode::rejected);
  OrderAmendment too_long;
  too_long.customer_reference = longer.customer_reference;
  EXPECT_EQ(orders().amend_order({one.id, {}}, too_long, write()).error().code,
            ErrorCode::rejected);
  customer.email = std::string(300, 'x');
  EXPECT_EQ(adapter_->customers()->put_customer(customer, write()).error().code,
            ErrorCode::rejected);
}

TEST_F(NetSuiteTraps, WhatIsAddedToAnOrderWhoseLinesWaitWaitsToo) {
  Order one = order("22");
  const OrderRef ref{one.id, {}};
  const OrderReceipt receipt = placed(one);
  ASSERT_TRUE(orders().release_order(ref, write()));
  people("pick_and_ship", "{" + named(receipt.document) + R"(, "partial": true})");
  ASSERT_TRUE(orders().amend_order(ref, to({{2, "3"}}), write()));
  OrderAmendment more;
  more.lines.push_back({3, {}, {}, {}, {}, line(3, "1042", "1")});
  const auto amended = orders().amend_order(ref, more, write());
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_FALSE(amended->released);
  EXPECT_EQ(people("pick_and_ship", "{" + named(receipt.document) + "}").get("shipped").size(), 0U)
      << "nobody has released it since";
  const auto released = orders().release_order(ref, write());
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_TRUE(released->released);
  people("pick_and_ship", "{" + named(receipt.document) + "}");
  EXPECT_EQ(held(one).lines.at(2).shipped_quantity, decimal("1"));
}

TEST_F(NetSuiteTraps, ALineThatSomebodyClosedIsOpenedByAQuantityAlone) {
  const Order one = order("23");
  const OrderRef ref{one.id, {}};
  const OrderReceipt receipt = placed(one);
  people("edit_order",
         "{" + named(receipt.document) + R"(, "lines": [{"line": "1", "isClosed": "true"}]})");
  OrderAmendment dearer;
  dearer.lines.push_back({1, {}, decimal("13.00"), {}, Date{2026, 12, 24}, {}});
  ASSERT_TRUE(orders().amend_order(ref, dearer, write()));
  ASSERT_EQ(held(one).lines.size(), 1U) << "it was closed";
  EXPECT_EQ(held(one).lines.at(0).number, 2);
  ASSERT_TRUE(orders().amend_order(ref, to({{1, "3"}}), write()));
  EXPECT_EQ(held(one).lines.at(0).outstanding(), decimal("3"));
}

TEST_F(NetSuiteTraps, ACustomersOwnNumberCanBeTakenAway) {
  Order one = order("24");
  one.customer_reference = "PO 7";
  placed(one);
  EXPECT_EQ(held(one).customer_reference, "PO 7");
  OrderAmendment amendment;
  amendment.customer_reference = "";
  ASSERT_TRUE(orders().amend_order({one.id, {}}, amendment, write()));
  EXPECT_EQ(held(one).customer_reference, "");
}

TEST_F(NetSuiteTraps, NothingOfAnAddressIsLeftWhenGoodsGoToAnother) {
  Order one = order("28");
  one.ship_to = Address{};
  one.ship_to->kind = "ship_to";
  one.ship_to->name = "Ada";
  one.ship_to->line1 = "Lane 1";
  one.ship_to->line2 = "Back door";
  one.ship_to->city = "Bonn";
  one.ship_to->post_code = "53111";
  one.ship_to->region = "NW";
  one.ship_to->country = "DE";
  placed(one);
  OrderAmendment amendment;
  amendment.ship_to = one.ship_to;
  amendment.ship_to->line1 = "Street 2";
  amendment.ship_to->line2 = amendment.ship_to->region = "";
  ASSERT_TRUE(orders().amend_order({one.id, {}}, amendment, write()));
  const Order now = held(one);
  EXPECT_EQ(now.ship_to->line1, "Street 2");
  EXPECT_EQ(now.ship_to->line2, "");
  EXPECT_EQ(now.ship_to->region, "");
  EXPECT_EQ(now.ship_to->city, "Bonn");
}

TEST_F(NetSuiteTraps, AReturnThatAScriptChangedIsNeitherDoneNorRefused) {
  const Order one = order("27");
  placed(one);
  workflow("clears_columns");
  const auto made = adapter_->returns()->place_return(back(one, "R-27"), write());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::outcome_unknown);
  EXPECT_TRUE(adapter_->returns()->find_return(one.id, ReturnNumber{"R-27"}, call()));
}

TEST_F(NetSuiteTraps, AReturnIsInTheCurrencyOfItsOrder) {
  Order elsewhere = order("25");  // NetSuite has never heard of it.
  elsewhere.currency = "USD";
  ASSERT_TRUE(adapter_->returns()->place_return(back(elsewhere, "R-25"), write()));
  Order here = order("26");
  here.currency = "USD";
  placed(here);
  ASSERT_TRUE(adapter_->returns()->place_return(back(here, "R-26"), write()));
  int found = 0;
  const json::Value books = account_->control("GET", "state?part=returns");
  for (const json::Value& row : books.get("returns").items()) {
    const std::string& reference = row.get("externalId").text();
    if (!reference.ends_with("#R-25") && !reference.ends_with("#R-26")) continue;
    ++found;
    EXPECT_EQ(row.get("currency").get("@internalId").text(), "2") << reference;
  }
  EXPECT_EQ(found, 2);
}

TEST_F(NetSuiteTraps, AnOrderThatAWorkflowApprovesIsToldAsReleased) {
  workflow("approves");
  const OrderReceipt copy = placed(order("2"), Role::mirror);
  EXPECT_TRUE(copy.released) << "a copy that is not inert must not pass for one";
}

TEST_F(NetSuiteTraps, ALineThatCameTwiceKeepsItsOrderFromBeingReleasedUntilAPersonLooked) {
  const Order one = order("3");
  const OrderReceipt receipt = placed(one);
  OrderAmendment more;
  more.lines.push_back({3, {}, {}, {}, {}, line(3, "1042", "1")});
  account_->fault("salesOrder.update", "late_commit", R"("delay_ms": 150)");
  const auto first = orders().amend_order({one.id, {}}, more, write());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::outcome_unknown);
  // Sent again before an empty look-up proved anything.
  ASSERT_TRUE(orders().amend_order({one.id, {}}, more, write()));
  account_->await_late_commits();

  const Order now = held(one);
  std::vector<int> numbers;
  for (const OrderLine& row : now.lines) numbers.push_back(row.number);
  ASSERT_EQ(numbers.size(), 4U);
  EXPECT_THAT(numbers, testing::ElementsAre(1, 2, 3, testing::Gt(9'000)));
  const auto refused = orders().release_order({one.id, {}}, write());
  ASSERT_FALSE(refused) << "the article would be shipped twice";
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("1042"));
  const auto amended = orders().amend_order({one.id, {}}, to({{3, "2"}}), write());
  ASSERT_FALSE(amended) << "which of the two is meant?";
  EXPECT_EQ(amended.error().code, ErrorCode::conflict);

  people("edit_order", "{" + named(receipt.document) +
                           R"(, "lines": [{"line": "4", "isClosed": "true", "quantity": "0"}]})");
  const auto released = orders().release_order({one.id, {}}, write());
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_TRUE(released->released);
}

TEST_F(NetSuiteTraps, ACopyWithALineTooManyFollowsItsOrderAllTheSame) {
  Order one = order("4");
  const OrderReceipt copy = placed(one, Role::mirror);
  people("copy_line", "{" + named(copy.document) + R"(, "line": "1"})");
  one.lines[0].shipped_quantity = decimal("1");
  one.status = OrderStatus::partially_shipped;
  ASSERT_TRUE(orders().follow_order(one, write(Role::mirror)));
  Decimal demand;
  for (const OrderLine& row : held(one).lines) demand += row.outstanding();
  EXPECT_EQ(demand, decimal("5"));
}

TEST_F(NetSuiteTraps, WhatIsRepeatedAfterAnUnknownOutcomeIsLookedUpAndAddedOnce) {
  const auto unknown_then_once = [&](const std::string& operation, const auto& send) {
    SCOPED_TRACE(operation);
    const std::int64_t before = calls(operation);
    account_->fault(operation, "drop_after_commit");
    const auto first = send();
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, ErrorCode::outcome_unknown);
    EXPECT_EQ(calls(operation), before + 1) << "no adapter sends again by itself";
    const auto second = send();
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(calls(operation), before + 1) << "it was there, and is not sent again";
  };
  const Order one = order("5");
  unknown_then_once("salesOrder.add", [&] { return orders().place_order(one, write()); });
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"TRAP-1"};
  adjustment.key = {Sku{"1040"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("2");
  unknown_then_once("inventoryAdjustment.add",
                    [&] { return adapter_->inventory()->adjust_stock(adjustment, write()); });
  Customer customer;
  customer.number = CustomerNumber{"TRAP-1"};
  customer.name = "Ada Trap";
  customer.kind = "person";
  unknown_then_once("customer.add",
                    [&] { return adapter_->customers()->create_customer(customer, write()); });
  customer.number = CustomerNumber{"TRAP-2"};
  unknown_then_once("customer.upsert",
                    [&] { return adapter_->customers()->put_customer(customer, write()); });
  const OrderReturn returned = back(one, "R-1");
  unknown_then_once("returnAuthorization.add",
                    [&] { return adapter_->returns()->place_return(returned, write()); });
  unknown_then_once("salesOrder.update", [&] {
    return orders().amend_order({one.id, {}}, to({{1, "6"}}), write());
  });
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("6"));
}

TEST_F(NetSuiteTraps, ACustomerWhoseNumberDiffersInCaseAloneIsSomebodyElse) {
  Customer customer;
  customer.number = CustomerNumber{"TRAP-5"};
  customer.name = "Ada Upper";
  customer.kind = "person";
  ASSERT_TRUE(adapter_->customers()->create_customer(customer, write()));
  customer.number = CustomerNumber{"trap-5"};
  customer.name = "Ada Lower";
  const auto refused = adapter_->customers()->create_customer(customer, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(refused.error().vendor_code, "UNIQUE_CUST_ID_REQD");
  EXPECT_FALSE(adapter_->customers()->put_customer(customer, write()));
  EXPECT_EQ(adapter_->customers()->get_customer(CustomerNumber{"TRAP-5"}, call())->name,
            "Ada Upper");
}

TEST_F(NetSuiteTraps, TheLongestNameIsKeptAndALongerOneIsRefusedAndNeverCut) {
  Customer customer;
  customer.number = CustomerNumber{"TRAP-6"};
  customer.kind = "company";
  for (int i = 0; i < 83; ++i) customer.name += "\u00F6";
  ASSERT_TRUE(adapter_->customers()->create_customer(customer, write()));
  EXPECT_EQ(adapter_->customers()->get_customer(customer.number, call())->name, customer.name);
  customer.number = CustomerNumber{"TRAP-7"};
  customer.name += "x";
  const auto refused = adapter_->customers()->create_customer(customer, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/name");
  Order longest = order("14");
  longest.customer_reference = std::string(46, 'x');
  const auto cut = orders().place_order(longest, write());
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().vendor_code, "EXCEEDED_MAX_FIELD_LENGTH");
}

TEST_F(NetSuiteTraps, AnArticleThatWasMadeAnewIsFoundUnderItsNewIdAtOnce) {
  Order first = order("15");
  first.lines = {line(1, "1050", "1")};
  placed(first);
  people("renew_item", R"({"item": "1050"})");
  Order second = order("16");
  second.lines = first.lines;
  EXPECT_TRUE(orders().place_order(second, write())) << "what is remembered is not the truth";
  people("renew_item", R"({"item": "1050"})");
  OrderAmendment more;
  more.lines.push_back({2, {}, {}, {}, {}, line(2, "1050", "2")});
  EXPECT_TRUE(orders().amend_order({second.id, {}}, more, write()));
  people("renew_item", R"({"item": "1050"})");
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"TRAP-15"};
  adjustment.key = {Sku{"1050"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("1");
  EXPECT_TRUE(adapter_->inventory()->adjust_stock(adjustment, write()));

  people("block_customer", R"({"number": "C10090", "blocked": true})");
  Order third = order("17");
  third.customer = CustomerNumber{"C10090"};
  const std::int64_t before = calls("salesOrder.add");
  const auto refused = orders().place_order(third, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(calls("salesOrder.add"), before + 1) << "the id is right: it is not sent again";
}

TEST_F(NetSuiteTraps, ANameThatAnotherArticleWasGivenIsNotRememberedForEver) {
  const auto forgetful = adapter(R"("ids_kept_ms": 0, )");
  Order one = order("29");
  one.lines = {line(1, "1051", "1")};
  ASSERT_TRUE(forgetful->orders()->place_order(one, write()));
  people("rename_item", R"({"item": "1051"})");
  one.id = order("30").id;
  ASSERT_TRUE(forgetful->orders()->place_order(one, write()));
  EXPECT_EQ(held(one).lines.at(0).sku.text(), "1051") << "the old article would be shipped";
  EXPECT_EQ(held(one).currency, "EUR");
}

TEST_F(NetSuiteTraps, MoreRequestsThanTheAccountTakesAreThrottledAndNothingWasDone) {
  const Order one = order("6");
  account_->fault("salesOrder.add", "429");
  const auto busy = orders().place_order(one, write());
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::throttled);
  EXPECT_EQ(busy.error().vendor_code, "SSS_REQUEST_LIMIT_EXCEEDED");
  EXPECT_EQ(orders().find_receipt(one.id, call()).error().code, ErrorCode::not_found);
}

TEST_F(NetSuiteTraps, WhatNetSuiteWouldRoundIsRefusedInAChangeToo) {
  const Order one = order("7");
  placed(one);
  OrderAmendment finer = to({{1, "1.1234567"}});
  auto refused = orders().amend_order({one.id, {}}, finer, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/quantity");
  finer = to({{1, "4"}});
  finer.lines[0].unit_price = decimal("0.123456789");
  refused = orders().amend_order({one.id, {}}, finer, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/unitPrice");
  finer = to({{1, "4"}});
  finer.lines[0].adjustment_total = decimal("-0.125");
  refused = orders().amend_order({one.id, {}}, finer, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/adjustments");
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("4"));
  Order charged = order("32");
  charged.charges.push_back({"shipping", "", decimal("4.999"), {}});
  const auto dear = orders().place_order(charged, write());
  ASSERT_FALSE(dear);
  EXPECT_EQ(dear.error().fields.at(0).pointer, "/charges/0/amount");
  OrderReturn returned = back(one, "R-7");
  returned.lines[0].discount = decimal("0.125");
  const auto sent_back = adapter_->returns()->place_return(returned, write());
  ASSERT_FALSE(sent_back);
  EXPECT_EQ(sent_back.error().fields.at(0).pointer, "/lines/0/discount");
}

TEST_F(NetSuiteTraps, AnAmendmentThatEndsTheLastLineIsASuccessAndItsRepeatToo) {
  const Order one = order("8");
  placed(one);
  for (int times = 0; times < 2; ++times) {
    const auto ended = orders().amend_order({one.id, {}}, to({{1, "0"}, {2, "0"}}), write());
    ASSERT_TRUE(ended) << ended.error().message;
  }
  const auto later = orders().amend_order({one.id, {}}, to({{1, "3"}}), write());
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::rejected);
}

TEST_F(NetSuiteTraps, ADiscountOfALineThatIsAddedIsTheOneThatIsAskedFor) {
  const Order one = order("9");
  placed(one);
  OrderAmendment more;
  OrderLine added = line(3, "1042", "2");
  added.adjustments.push_back({"promotion", "SUMMER", 1, decimal("-4.00"), "Summer"});
  more.lines.push_back({3, {}, {}, decimal("-1.00"), {}, added});
  const auto amended = orders().amend_order({one.id, {}}, more, write());
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_EQ(held(one).lines.at(2).net_amount, decimal("24.00"));
}

TEST_F(NetSuiteTraps, ADiscountThatSomebodyAddedIsPartOfTheSumThatIsAskedFor) {
  Order one = order("31");
  one.lines = {line(1, "1040", "4")};
  one.lines[0].adjustments.push_back({"promotion", "SUMMER", 1, decimal("-4.00"), "Summer"});
  const OrderReceipt receipt = placed(one);
  people("edit_order", "{" + named(receipt.document) +
                           R"(, "lines": [{"item": {"@internalId": "901"}, "rate": "-1"}]})");
  ASSERT_EQ(held(one).lines.at(0).net_amount, decimal("45.00"));
  OrderAmendment amendment = to({{1, "4"}});
  amendment.lines[0].adjustment_total = decimal("-7.00");
  const auto amended = orders().amend_order({one.id, {}}, amendment, write());
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_EQ(held(one).lines.at(0).net_amount, decimal("43.00"));
}

TEST_F(NetSuiteTraps, WhatPeopleDeleteIsToldOnceInTheFeeds) {
  Cursor of_orders;
  Cursor of_customers;
  const auto sweep = [](Cursor& cursor, const auto& ask) {
    auto all = must(ask(cursor));
    while (all.more) {
      cursor = all.next;
      auto page = must(ask(cursor));
      all.items.insert(all.items.end(), page.items.begin(), page.items.end());
      all.more = page.more;
      all.next = page.next;
    }
    cursor = all.next;
    return all.items;
  };
  const auto order_feed = [&](const Cursor& at) { return orders().order_changes(at, call()); };
  const auto customer_feed = [&](const Cursor& at) {
    return adapter_->customers()->customer_changes(at, call());
  };
  const Order one = order("10");
  const OrderReceipt receipt = placed(one);
  Customer customer;
  customer.number = CustomerNumber{"TRAP-9"};
  customer.name = "Ada Gone";
  customer.kind = "person";
  ASSERT_TRUE(adapter_->customers()->create_customer(customer, write()));
  sweep(of_orders, order_feed);
  sweep(of_customers, customer_feed);
  people("delete_order", "{" + named(receipt.document) + "}");
  for (const char* number : {"TRAP-9", "C10077", "C10078"})
    people("delete_customer", R"({"number": ")" + std::string(number) + "\"}");
  // Made again before the feed looks: it is there.
  customer.number = CustomerNumber{"C10078"};
  ASSERT_TRUE(adapter_->customers()->create_customer(customer, write()));
  const Order again = order("18");
  people("delete_order", "{" + named(placed(again).document) + "}");
  placed(again);

  for (const bool told : {true, false}) {
    std::vector<std::string> gone;
    for (const CustomerChange& change : sweep(of_customers, customer_feed))
      if (change.deleted) gone.push_back(change.number.text());
    if (told)
      EXPECT_THAT(gone, testing::UnorderedElementsAre("TRAP-9", "C10077"));
    else
      EXPECT_THAT(gone, testing::IsEmpty());
    int cancelled = 0;
    for (const OrderChange& change : sweep(of_orders, order_feed)) {
      if (change.ref.id == again.id) {
        EXPECT_EQ(change.status, OrderStatus::open);
      }
      if (change.ref.id != one.id) continue;
      ++cancelled;
      EXPECT_EQ(change.ref.document, receipt.document);
      EXPECT_EQ(change.status, OrderStatus::cancelled);
      EXPECT_TRUE(change.closed);
    }
    EXPECT_EQ(cancelled, told ? 1 : 0);
  }
}

TEST_F(NetSuiteTraps, ReturnsThatPeopleMadeAreFoundByEveryInvoiceThatIsNamed) {
  std::vector<DocumentNumber> invoices;
  for (const char* number : {"11", "12"}) {
    const Order one = order(number);
    const OrderReceipt receipt = placed(one);
    ASSERT_TRUE(orders().release_order({one.id, {}}, write()));
    people("pick_and_ship", "{" + named(receipt.document) + "}");
    people("invoice", "{" + named(receipt.document) + "}");
    invoices.push_back(held(one).invoices.at(0).document);
    people("create_return",
           R"({"invoice": ")" + invoices.back().text() + R"(", "item": "1040", "quantity": "1"})");
  }
  // An order that lives here under no identity of ours.
  const auto found = adapter_->returns()->returns_of({order("13").id, invoices}, call());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->size(), 2U);
}

TEST_F(NetSuiteTraps, TheDoctorFindsEveryOperationAndPermission) {
  const std::vector<Finding> findings = adapter_->examine(call());
  EXPECT_GE(findings.size(), 4U);
  for (const Finding& finding : findings)
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  account_->fault("getDeleted", "500");
  const std::vector<Finding> again = adapter_->examine(call());
  EXPECT_EQ(std::count_if(again.begin(), again.end(), [](const Finding& one) { return !one.ok; }),
            1);
}

}  // namespace
}  // namespace legacy::netsuite_soap
}  // namespace underpin
