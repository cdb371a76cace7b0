// What only SAP does, through the adapter, against the simulated one.
#include "contracts/ports/return_service.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/order_feed.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_sap_ecc_adapter(const AdapterSettings&);

namespace {

std::string settings_of(const test::Simulator& sap,
                        const std::string& more = R"(, "feed_overlap_s": 1)") {
  return R"({"soap": {"url": ")" + sap.base_url() +
         R"(", "user": "UNDERPIN", "password": "sap-password"}, "odbc": {"connection_string": )" +
         R"("Driver=SQLite3;Database=)" + (sap.folder() / "data" / "sap.db").string() +
         R"("}, "sales_area": {"organization": "1000", "channel": "10", "division": "00"},)" +
         R"( "locations": [{"location": "EAST", "plant": "1000", "storage": "0001"}],)" +
         R"( "units": [{"unit": "PCS", "code": "ST"}, {"unit": "BOX", "code": "KAR"}],)" +
         R"( "customers": {"folder": ")" + (sap.folder() / "idocs").string() +
         R"(", "poll_ms": 10}, "settle_ms": 100)" + more + "}";
}

class SapTraps : public testing::Test {
 protected:
  SapTraps() : sap_("sap", {"--idoc-folder", "{folder}/idocs", "--language", "E"}) {
    std::filesystem::create_directories(sap_.folder() / "state");
    adapter_ = adapter_with(settings_of(sap_));
  }
  std::unique_ptr<ErpAdapter> adapter_with(const std::string& settings) {
    return legacy::sap_ecc::must(
        make_sap_ecc_adapter({"erp", settings, (sap_.folder() / "state").string()}));
  }

  ErpAdapter& adapter() { return *adapter_; }
  OrderService& orders() { return *adapter_->orders(); }
  json::Value people(const std::string& action, const std::string& body) {
    return sap_.control("POST", "users/" + action, body);
  }
  json::Value order_in_books(const DocumentNumber& document) {
    const json::Value books = sap_.control("GET", "state?part=orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("number").text() == document.text()) return row;
    return {};
  }
  static std::string named(const DocumentNumber& document) {
    return R"("document": ")" + document.text() + "\"";
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
  Order order(const std::string& number) {
    Order order;
    order.id = {ChannelId{"web"}, OrderNumber{number}};
    order.customer = CustomerNumber{"C10001"};
    order.order_date = Date{2026, 11, 24};
    order.currency = "EUR";
    OrderLine line;
    line.number = 7;
    line.sku = Sku{"1000"};
    line.uom = "PCS";
    line.location = LocationCode{"EAST"};
    line.quantity = decimal("4");
    line.unit_price = decimal("12.50");
    order.lines.push_back(line);
    return order;
  }
  OrderReceipt placed(const Order& order) {
    return legacy::sap_ecc::must(orders().place_order(order, write()));
  }
  Order held(const Order& order) {
    return legacy::sap_ecc::must(orders().get_order({order.id, {}}, call()));
  }

  test::Simulator sap_;
  std::unique_ptr<ErpAdapter> adapter_;
};

TEST_F(SapTraps, ADocumentThatSomebodyHasOpenIsTriedAgainLaterAndNotRejected) {
  const Order one = order("1");
  const OrderReceipt receipt = placed(one);
  people("open_dialog", "{" + named(receipt.document) + R"(, "user": "MUELLER"})");
  const auto busy = orders().release_order({one.id, {}}, write());
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::unavailable);
  EXPECT_EQ(busy.error().vendor_code, "V1 042");
  EXPECT_NE(busy.error().message.find("being processed by MUELLER"), std::string::npos);
  people("open_dialog", "{" + named(receipt.document) + R"(, "user": ""})");
  EXPECT_TRUE(orders().release_order({one.id, {}}, write()));
}

TEST_F(SapTraps, ABlockOfSapsOwnPeopleIsNotTakenAway) {
  const Order one = order("2");
  const OrderReceipt receipt = placed(one);
  people("set_block", "{" + named(receipt.document) + R"(, "block": "01"})");
  const auto released = orders().release_order({one.id, {}}, write());
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::rejected);
  EXPECT_EQ(order_in_books(receipt.document).get("block").text(), "01");
  EXPECT_EQ(held(one).status, OrderStatus::open);
}

TEST_F(SapTraps, WhatIsBeingPickedIsNotCancelledAndTheLockIsGivenBack) {
  const Order one = order("3");
  const OrderReceipt receipt = placed(one);
  ASSERT_TRUE(orders().release_order({one.id, {}}, write()));
  people("pick", "{" + named(receipt.document) + "}");
  EXPECT_EQ(held(one).status, OrderStatus::released) << "nothing has left yet";
  const auto cancelled = orders().cancel_order({one.id, {}}, {"", {}}, write());
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::rejected);
  // Refused by SAP inside a unit of work: its session is ended, or people would find it locked.
  OrderAmendment less;
  less.lines.push_back({7, decimal("1"), {}, {}, {}, {}});
  const auto below = orders().amend_order({one.id, {}}, less, write());
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().vendor_code, "V1 497");
  people("change_quantity", "{" + named(receipt.document) + R"(, "line": 7, "quantity": "5"})");
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("5"));
}

TEST_F(SapTraps, NumbersThatSapWouldWriteOtherwiseAreRefusedAndNothingIsCut) {
  Order zeros = order("4");
  zeros.lines[0].sku = Sku{"0001000"};
  const auto refused = orders().place_order(zeros, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  ASSERT_EQ(refused.error().fields.size(), 1U);
  EXPECT_EQ(refused.error().fields[0].pointer, "/lines/0/sku");
  Order other_customer = order("4");
  other_customer.customer = CustomerNumber{"C1234567890"};
  EXPECT_EQ(orders().place_order(other_customer, write()).error().fields.at(0).pointer,
            "/customer");
  Order long_reference = order("4");
  long_reference.customer_reference = std::string(36, 'x');
  EXPECT_EQ(orders().place_order(long_reference, write()).error().fields.at(0).pointer,
            "/customerReference");
  Order elsewhere = order("4");
  elsewhere.lines[0].location = LocationCode{"MOON"};
  EXPECT_EQ(orders().place_order(elsewhere, write()).error().fields.at(0).pointer,
            "/lines/0/location");
  // A reference of more than the 20 characters that VBAK-BSTNK keeps.
  Order longest = order("ABCDEFGHIJKLMNOPQRST");
  longest.id.channel = ChannelId{"store-0815"};
  placed(longest);
  EXPECT_EQ(held(longest).id, longest.id);
}

TEST_F(SapTraps, APriceOfThreeDecimalsIsSentForTenUnitsAndOtherUnitsAreKept) {
  Order one = order("5");
  one.lines[0].unit_price = decimal("0.125");
  one.lines[0].quantity = decimal("8");
  one.lines[0].uom = "BOX";
  const OrderReceipt receipt = placed(one);
  EXPECT_EQ(receipt.erp_totals->items_net, decimal("1.00"));
  const Order now = held(one);
  EXPECT_EQ(now.lines.at(0).unit_price, decimal("0.125"));
  EXPECT_EQ(now.lines.at(0).uom, "BOX");
  EXPECT_EQ(now.lines.at(0).number, 7);
  const auto stock =
      adapter().inventory()->get_stock({{Sku{"1000"}}, LocationCode{"EAST"}}, call());
  ASSERT_TRUE(stock);
  EXPECT_GE(stock->at(0).reserved, decimal("80")) << "ten pieces a box";
  Order surcharge = order("6");
  surcharge.lines[0].adjustments.push_back({"manual", {}, 0, decimal("1.00"), {}});
  EXPECT_EQ(orders().place_order(surcharge, write()).error().code, ErrorCode::unsupported);
}

TEST_F(SapTraps, WhatIsAvailableIsSapsOwnAnswerForTodayWhereTheSiteWantsIt) {
  const auto site = adapter_with(settings_of(sap_, R"(, "stock": {"check_rule": "A"})"));
  const auto level = [&](ErpAdapter& erp) {
    return legacy::sap_ecc::must(
               erp.inventory()->get_stock({{Sku{"1000"}}, LocationCode{"EAST"}}, call()))
        .at(0);
  };
  const StockLevel before = level(adapter());
  ASSERT_EQ(level(*site).available, before.available);
  people("plan", R"({"item": "1000", "location": "EAST", "quantity": "500", "day": "2099-01-01"})");
  EXPECT_EQ(level(*site).available, before.available) << "of today";
  people("plan", R"({"item": "1000", "location": "EAST", "quantity": "-3", "day": "2026-01-01"})");
  const StockLevel reserved = level(*site);
  EXPECT_EQ(reserved.available, before.available - decimal("3"));
  EXPECT_EQ(reserved.on_hand, before.on_hand);
  EXPECT_EQ(reserved.reserved, before.reserved) << "what a sweep compares is told alike";
  EXPECT_EQ(level(adapter()).available, before.available) << "nobody asked SAP";
  people("set_check", R"({"item": "1000", "check": "none"})");
  EXPECT_EQ(level(*site).available, before.available) << "SAP tells 0 of what it does not check";
  people("set_check", R"({"item": "1000", "check": "warning"})");
  EXPECT_EQ(level(*site).available, before.available - decimal("3"));
  people("plan", R"({"item": "1000", "location": "EAST", "quantity": "50", "day": "2026-01-01"})");
  EXPECT_EQ(level(*site).available, before.available) << "a warning's figure lets nobody promise";
  people("set_check", R"({"item": "1000", "check": "silent"})");
  EXPECT_EQ(site->inventory()->get_stock({{Sku{"1000"}}, {}}, call()).error().code,
            ErrorCode::unavailable)
      << "nothing is not none";
  people("set_check", R"({"item": "1000", "check": ""})");
  EXPECT_EQ(level(*site).available, before.available + decimal("47"));
  const auto refusing = adapter_with(settings_of(sap_, R"(, "stock": {"check_rule": "ZZ"})"));
  const auto refused = refusing->inventory()->get_stock({{Sku{"1000"}}, {}}, call());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << "never a figure";
  bool examined = false;
  for (const Finding& finding : site->examine(call()))
    examined = examined || finding.what == "function BAPI_MATERIAL_AVAILABILITY";
  EXPECT_TRUE(examined);
}

TEST_F(SapTraps, AnOrderThatWasDeletedIsToldByItsChangeDocument) {
  const Order one = order("7");
  const OrderReceipt receipt = placed(one);
  Cursor cursor;
  for (bool more = true; more;) {
    const auto page = legacy::sap_ecc::must(orders().order_changes(cursor, call()));
    cursor = page.next;
    more = page.more;
  }
  people("delete_order", "{" + named(receipt.document) + "}");
  const auto page = orders().order_changes(cursor, call());
  ASSERT_TRUE(page);
  const auto told =
      std::find_if(page->items.begin(), page->items.end(),
                   [&](const OrderChange& one_) { return one_.ref.document == receipt.document; });
  ASSERT_NE(told, page->items.end());
  EXPECT_TRUE(told->closed);
  EXPECT_EQ(told->status, OrderStatus::cancelled);
  const auto bad = orders().order_changes(Cursor{"yesterday"}, call());
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::invalid_request);
}

// A site polls twice a second, and each telling is a row in the outbox of everybody who listens.
TEST_F(SapTraps, AnIdleFeedTellsNothing) {
  people("block_customer", R"({"number": "C10003", "block": "01"})");
  people("age", R"({"seconds": 20})");
  const auto site = adapter_with(settings_of(sap_, R"(, "feed_overlap_s": 60, "page_size": 7)"));
  const auto told = [](const auto& changes, Cursor& cursor) {
    std::size_t count = 0;
    for (bool more = true; more;) {
      const auto page = legacy::sap_ecc::must(changes(cursor, call()));
      count += page.items.size();
      cursor = page.next;
      more = page.more;
    }
    return count;
  };
  const auto of_orders = [&](const Cursor& cursor, const CallContext& context) {
    return site->orders()->order_changes(cursor, context);
  };
  const auto of_customers = [&](const Cursor& cursor, const CallContext& context) {
    return site->customers()->customer_changes(cursor, context);
  };
  Cursor orders_told;
  EXPECT_EQ(told(of_orders, orders_told), 12U);
  EXPECT_EQ(told(of_orders, orders_told), 0U) << "nothing has changed";
  Cursor customers_told;
  EXPECT_GE(told(of_customers, customers_told), 120U);
  EXPECT_EQ(told(of_customers, customers_told), 1U) << "it changed while all were read";
  EXPECT_EQ(told(of_customers, customers_told), 0U);
  placed(order("10"));
  EXPECT_EQ(told(of_orders, orders_told), 1U);
}

TEST_F(SapTraps, ACustomerThatCannotBeWrittenIsRefusedBeforeAFileLiesThere) {
  Customer customer;
  customer.number = CustomerNumber{"X1"};
  customer.name = "Anna";
  customer.kind = "person";
  customer.currency = "EUR";
  customer.price_group = "GOLD";
  auto refused = adapter().customers()->create_customer(customer, write());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/priceGroup") << "never a default";
  customer.price_group.clear();
  customer.email = "anna@example.com";
  refused = adapter().customers()->create_customer(customer, write());
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported) << "no segment is configured for it";
  customer.email.clear();
  customer.name = std::string(40, 'x');
  refused = adapter().customers()->create_customer(customer, write());
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/name");
  EXPECT_TRUE(std::filesystem::is_empty(sap_.folder() / "idocs"));
  customer.name = "Anna Maria Theodora von und zu Hohenlohe Langenburg";
  ASSERT_TRUE(adapter().customers()->create_customer(customer, write()));
  EXPECT_EQ(adapter().customers()->get_customer(customer.number, call())->name, customer.name);
}

TEST_F(SapTraps, AQuoteHasEveryConditionAndTheListANewNameWhenARecordWasChanged) {
  people("agree_rebate", R"({"customer": "C10000", "percent": "10"})");
  QuoteRequest request{
      CustomerNumber{"C10000"}, "EUR", {}, {{1, Sku{"1001"}, decimal("2"), "PCS"}}};
  const auto quote = adapter().pricing()->quote(request, call());
  ASSERT_TRUE(quote) << quote.error().message;
  const QuotedLine& line = quote->lines.at(0);
  EXPECT_EQ(line.list_price, decimal("18.40"));
  ASSERT_EQ(line.adjustments.size(), 1U);
  EXPECT_EQ(line.adjustments[0].reason, "K007");
  EXPECT_EQ(line.adjustments[0].amount, decimal("-3.68"));
  EXPECT_EQ(line.net_amount, decimal("33.12"));
  const auto list = adapter().pricing()->prices_after({}, call());
  ASSERT_TRUE(list && *list);
  EXPECT_GE((*list)->entries.size(), 180U);
  const std::string batch = (*list)->batch;
  const auto same = adapter().pricing()->prices_after(batch, call());
  ASSERT_TRUE(same);
  EXPECT_FALSE(same->has_value());
  people("change_price", R"({"item": "1001", "price": "17.00"})");
  const auto next = adapter().pricing()->prices_after(batch, call());
  ASSERT_TRUE(next && next->has_value());
  EXPECT_NE((*next)->batch, batch);
}

TEST_F(SapTraps, ARehearsalIsJudgedBySapAndMakesNothing) {
  RehearsalService& rehearsals = *adapter().rehearsals();
  const auto good = rehearsals.place_order(order("8"), RehearsalGrade::simulated, call());
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_TRUE(good->faults.empty());
  EXPECT_NE(good->message.find("BAPI_SALESORDER_CREATEFROMDAT2"), std::string::npos);
  Order unknown = order("8");
  unknown.lines[0].sku = Sku{"NONE"};
  const auto bad = rehearsals.place_order(unknown, RehearsalGrade::simulated, call());
  ASSERT_TRUE(bad) << bad.error().message;
  ASSERT_EQ(bad->faults.size(), 1U);
  EXPECT_EQ(bad->faults[0].pointer, "/1/MATERIAL");
  EXPECT_EQ(orders().find_receipt(order("8").id, call()).error().code, ErrorCode::not_found);
}

// The session is lost between the call and its commit, and the commit says that all is well.
TEST_F(SapTraps, ACommitThatCommittedNothingIsNotTakenForOne) {
  const auto lost_after = [&](const std::string& function) {
    sap_.control("POST", "end_sessions", R"({"after": ")" + function + "\"}");
  };
  const Order one = order("9");
  lost_after("BAPI_SALESORDER_CREATEFROMDAT2");
  const auto created = orders().place_order(one, write());
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::outcome_unknown);
  placed(one);

  const std::string change = "BAPI_SALESORDER_CHANGE";
  const OrderRef ref{one.id, {}};
  OrderAmendment more;
  more.lines.push_back({7, decimal("6"), {}, {}, {}, {}});
  lost_after(change);
  const auto amended = orders().amend_order(ref, more, write());
  ASSERT_FALSE(amended) << held(one).lines.at(0).quantity.text();
  EXPECT_EQ(amended.error().code, ErrorCode::outcome_unknown);
  lost_after(change);
  const auto released = orders().release_order(ref, write());
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::outcome_unknown);
  lost_after(change);
  const auto cancelled = orders().cancel_order(ref, {"", {}}, write());
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::outcome_unknown);
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("4"));
  ASSERT_TRUE(orders().amend_order(ref, more, write()));
  EXPECT_EQ(held(one).lines.at(0).quantity, decimal("6"));

  StockAdjustment adjustment;
  adjustment.movement = MovementId{"LOST-1"};
  adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("3");
  lost_after("BAPI_GOODSMVT_CREATE");
  const auto moved = adapter().inventory()->adjust_stock(adjustment, write());
  ASSERT_FALSE(moved) << moved->document.text();
  EXPECT_EQ(moved.error().code, ErrorCode::outcome_unknown);
  EXPECT_EQ(adapter().inventory()->find_adjustment(adjustment.movement, call()).error().code,
            ErrorCode::not_found);
  const auto again = adapter().inventory()->adjust_stock(adjustment, write());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->quantity, decimal("3"));
  EXPECT_FALSE(again->document.empty());
}

TEST_F(SapTraps, TheDoctorFindsEveryFunctionAndTable) {
  const std::vector<Finding> findings = adapter().examine(call());
  EXPECT_GT(findings.size(), 30U);
  for (const Finding& finding : findings)
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
}

// Tables of changes, and a feed that is polled at times of its own.
class SapFeed : public testing::Test {
 protected:
  using FeedPosition = legacy::sap_ecc::FeedPosition;
  using Told = std::vector<std::string>;
  SapFeed() { settings_.feed_overlap_s = 30; }
  void change(const char* at, const std::string& key) {
    rows_.push_back({legacy::sap_ecc::local_time(settings_.zone, *Timestamp::parse(at)), key});
    std::sort(rows_.begin(), rows_.end());
  }
  Told poll(const char* at) {
    Told told;
    for (bool more = true; more;) {
      legacy::sap_ecc::FeedSweep sweep(legacy::sap_ecc::feed_position(cursor_), settings_,
                                       *Timestamp::parse(at));
      for (const FeedPosition::Place& row : rows_)
        if (row.stamp >= sweep.begin() && sweep.take(row) == legacy::sap_ecc::FeedSweep::Take::full)
          break;
      told.insert(told.end(), sweep.keys().begin(), sweep.keys().end());
      more = sweep.more();
      cursor_ = written(sweep.next());
    }
    return told;
  }

  legacy::sap_ecc::Settings settings_;
  std::vector<FeedPosition::Place> rows_;
  Cursor cursor_;
};

TEST_F(SapFeed, TellsAChangeAtOnceAndOnceMoreWhenNothingCanComeBehindIt) {
  change("2026-07-01T10:00:00Z", "1");
  EXPECT_EQ(poll("2026-07-01T10:00:01Z"), Told{"1"});
  EXPECT_EQ(poll("2026-07-01T10:00:02Z"), Told{"1"}) << "another may have been saved meanwhile";
  EXPECT_EQ(poll("2026-07-01T10:00:03Z"), Told{});
  change("2026-07-01T10:00:05Z", "2");
  EXPECT_EQ(poll("2026-07-01T10:00:10Z"), Told{"2"});
  EXPECT_EQ(poll("2026-07-01T10:00:20Z"), Told{});
  EXPECT_EQ(poll("2026-07-01T10:00:31Z"), Told{"1"});
  EXPECT_EQ(poll("2026-07-01T10:00:36Z"), Told{"2"});
  for (const char* later : {"2026-07-01T10:00:37Z", "2026-07-01T10:01:40Z", "2026-07-02T10:00:00Z"})
    EXPECT_EQ(poll(later), Told{}) << later;
}

TEST_F(SapFeed, MissesNothingThatIsCommittedBehindOthers) {
  change("2026-07-01T10:00:20Z", "7");
  EXPECT_EQ(poll("2026-07-01T10:00:25Z"), Told{"7"});
  change("2026-07-01T10:00:10Z", "3");  // Began to save before, and took longer.
  EXPECT_EQ(poll("2026-07-01T10:00:26Z"), Told{});
  EXPECT_EQ(poll("2026-07-01T10:00:41Z"), Told{"3"});
  EXPECT_EQ(poll("2026-07-01T10:00:51Z"), Told{"7"});
}

TEST_F(SapFeed, GoesOnWithinASecondWhereAPageEnded) {
  settings_.page_size = 2;
  for (const char* key : {"1", "2", "3", "4", "5", "5"}) change("2026-07-01T10:00:00Z", key);
  EXPECT_EQ(poll("2026-07-01T10:00:10Z"), (Told{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(poll("2026-07-01T10:00:11Z"), Told{});
  EXPECT_EQ(poll("2026-07-01T10:00:40Z"), (Told{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(poll("2026-07-01T10:00:41Z"), Told{});
}

TEST_F(SapFeed, MissesNothingWhenTheClocksAreSetBack) {
  change("2026-10-25T00:40:00Z", "1");  // 02:40, of the summer.
  EXPECT_EQ(poll("2026-10-25T00:41:00Z"), Told{"1"});
  // Nobody polls until after 02:40 has come again.
  change("2026-10-25T01:10:00Z", "2");  // 02:10, of the winter.
  EXPECT_EQ(poll("2026-10-25T01:50:00Z"), (Told{"2", "1"})) << "what was told may be told again";
  EXPECT_EQ(poll("2026-10-25T01:51:00Z"), Told{});
}

TEST_F(SapFeed, AnHourThatComesTwiceIsToldWhenItIsOver) {
  const auto until = [&](const char* moment) {
    const Timestamp told =
        legacy::sap_ecc::before_repeated(settings_.zone, *Timestamp::parse(moment));
    return legacy::sap_ecc::local_time(settings_.zone, told).text();
  };
  EXPECT_EQ(until("2026-10-24T23:59:59Z"), "20261025015959");
  EXPECT_EQ(until("2026-10-25T00:00:00Z"), "20261025015959");
  EXPECT_EQ(until("2026-10-25T00:59:59Z"), "20261025015959");
  EXPECT_EQ(until("2026-10-25T01:00:00Z"), "20261025015959");
  EXPECT_EQ(until("2026-10-25T01:59:59Z"), "20261025015959");
  EXPECT_EQ(until("2026-10-25T02:00:00Z"), "20261025030000");
  EXPECT_EQ(until("2026-03-29T01:00:00Z"), "20260329030000") << "one that does not come";
}

TEST_F(SapFeed, CursorsAreReadAsTheyWereWrittenAndThoseOfOthersRefused) {
  for (const std::optional<FeedPosition::Place>& behind :
       {std::optional<FeedPosition::Place>{}, {{{"20261124", "101503"}, "0000010002"}}}) {
    const FeedPosition position{
        {"20261124", "101500"}, {{"20261124", "101502"}, "C1/7"}, -60, behind};
    const FeedPosition read = legacy::sap_ecc::feed_position(written(position));
    EXPECT_EQ(read.low, position.low);
    EXPECT_EQ(read.seen, position.seen);
    EXPECT_EQ(read.behind, position.behind);
    EXPECT_EQ(read.offset, -60);
  }
  // Of an earlier version.
  EXPECT_EQ(legacy::sap_ecc::feed_position(Cursor("20261124101500/0000010001")).low.text(),
            "20261124101500");
  const std::string whole = written(FeedPosition{}).text();
  for (const std::string& text : {std::string("20261124"), std::string("yesterday"),
                                  whole.substr(0, 20), whole + "1", "x" + whole})
    EXPECT_THROW((void)legacy::sap_ecc::feed_position(Cursor(text)), legacy::sap_ecc::Failure)
        << text;
}

}  // namespace
}  // namespace underpin
