// New orders as ORDERS05 files, and what ORDRSP files say of them, against the simulated SAP.
#include "contracts/external_reference.h"
#include "contracts/ports/put_aside.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/transport/state/sqlite_state.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_sap_ecc_adapter(const AdapterSettings&);

namespace {

namespace fs = std::filesystem;
using legacy::sap_ecc::must;

constexpr const char* long_ago = "2026-01-01T00:00:00Z";

Decimal decimal(const char* text) { return *Decimal::parse(text); }

template <class T>
std::optional<ErrorCode> code(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

// One SAP for all cases; each has folders and references of its own.
class IdocOrders : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    sap_ = std::make_unique<test::Simulator>("sap", std::vector<std::string>{"--language", "E"});
  }
  static void TearDownTestSuite() { sap_.reset(); }

  IdocOrders() : folder_("idoc-orders") {
    for (const char* name : {"out", "in", "state"}) fs::create_directories(at(name));
    adapter_ = made("state");
  }
  fs::path at(const std::string& name) const { return folder_.path() / name; }
  Result<std::unique_ptr<ErpAdapter>> make(const std::string& state, const std::string& orders) {
    return make_sap_ecc_adapter(
        {"erp",
         R"({"soap": {"url": ")" + sap_->base_url() +
             R"(", "user": "UNDERPIN", "password": "sap-password"}, "odbc": {"connection_string": )" +
             R"("Driver=SQLite3;Database=)" + (sap_->folder() / "data" / "sap.db").string() +
             R"("}, "sales_area": {"organization": "1000", "channel": "10", "division": "00"},)" +
             R"( "locations": [{"location": "EAST", "plant": "1000", "storage": "0001"}],)" +
             R"( "charges": [{"kind": "shipping", "code": "SHIPPING"}],)" +
             R"( "units": [{"unit": "PCS", "code": "ST"}], "orders": {)" + orders + "}}",
         at(state).string()});
  }
  std::unique_ptr<ErpAdapter> made(const std::string& state, const std::string& more = "",
                                   const char* by = "idoc") {
    return must(make(state, "\"by\": \"" + std::string(by) + R"(", "outbound": ")" +
                                at("out").string() + R"(", "inbound": ")" + at("in").string() +
                                R"(", "units": [{"unit": "PCS", "code": "PCE"}], "stable_ms": 0)" +
                                more));
  }
  void reopen() {
    adapter_.reset();
    adapter_ = made("state");
  }
  static CallContext call() {
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    return context;
  }
  static WriteContext write(Role role = Role::primary) {
    WriteContext context;
    static_cast<CallContext&>(context) = call();
    context.role = role;
    return context;
  }
  // A reference that no other case has.
  Order order(const char* quantity = "4") {
    Order order;
    order.id = {ChannelId{"web"}, OrderNumber{"I" + std::to_string(++last_)}};
    order.customer = CustomerNumber{"C10001"};
    order.order_date = Date{2026, 11, 24};
    order.currency = "EUR";
    OrderLine line;
    line.number = 7;
    line.sku = Sku{"1000"};
    line.uom = "PCS";
    line.location = LocationCode{"EAST"};
    line.quantity = decimal(quantity);
    line.unit_price = decimal("12.50");
    order.lines.push_back(line);
    return order;
  }
  OrderService& orders() { return *adapter_->orders(); }
  Result<OrderReceipt> place(const Order& order) { return orders().place_order(order, write()); }
  Result<OrderReceipt> receipt(const Order& order) {
    return orders().find_receipt(order.id, call());
  }
  Status poll() { return adapter_->tasks().at(0).run(call()); }
  // SAP's inbound job runs.
  json::Value take(const std::string& more = "") {
    return sap_->control("POST", "users/take_orders",
                         R"({"folder": ")" + at("out").string() + R"(", "answers": ")" +
                             at("in").string() + "\"" + more + "}");
  }
  json::Value post_again() {
    return sap_->control("POST", "users/post_again",
                         R"({"answers": ")" + at("in").string() + "\"}");
  }
  std::vector<std::string> files(const char* folder = "out") const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(at(folder)))
      if (entry.is_regular_file() && entry.path().filename().string().front() != '.')
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string content(const std::string& name) const {
    std::ifstream input(at("out/" + name), std::ios::binary);
    return {std::istreambuf_iterator<char>(input), {}};
  }
  void run_sql(const std::string& sql) {
    legacy::state::StateDatabase((at("state") / "idoc_orders/orders.db").string()).run(sql.c_str());
  }
  std::string alarm(const std::string& name) {
    for (const Alarm& one : adapter_->alarms())
      if (one.name == name) return one.detail;
    return {};
  }
  std::vector<PutAside> put_aside() {
    auto& aside = dynamic_cast<PutAsideFiles&>(*adapter_);
    std::vector<PutAside> all;
    for (const std::string& name : aside.put_aside()) all.push_back(must(aside.put_aside(name)));
    return all;
  }
  std::size_t documents(const Order& order) {
    std::size_t count = 0;
    const json::Value books = sap_->control("GET", "state?part=orders");
    for (const json::Value& row : books.get("orders").items())
      count += row.get("reference").text() == reference(order) ? 1 : 0;
    return count;
  }
  static std::string padded(std::string text, std::size_t width) {
    text.resize(width, ' ');
    return text;
  }
  // An ORDRSP as SAP might send it: `lines` are SDATA of E2EDP01 each.
  static std::string answer(const std::string& reference, const std::string& document,
                            const std::vector<std::string>& lines,
                            const std::string& made = "20300101120000",
                            const std::string& head = "") {
    std::string control = padded("EDI_DC40", 10) + "1000000000000000042";
    control = padded(control, 99) + "ORDRSP";
    std::string text = padded(control, 378) + made + "\n";
    int count = 0;
    const auto segment = [&](const char* name, const std::string& data) {
      const std::string number = std::to_string(++count);
      text += padded(name, 30) + "1000000000000000042" + std::string(6 - number.size(), '0') +
              number + "000000" + "01" + data + "\n";
    };
    segment("E2EDK01005", head);
    if (!reference.empty()) segment("E2EDK02", "001" + reference);
    if (!document.empty()) segment("E2EDK02", "002" + document);
    for (const std::string& line : lines) segment("E2EDP01006", line);
    segment("E2EDS01", "001" + std::to_string(lines.size()));
    return text;
  }
  static std::string line(const char* position, const char* quantity, const char* net,
                          const char* action = "") {
    return padded(padded(padded(padded(position, 6) + action, 11) + quantity, 26) + "PCE", 78) +
           net;
  }
  void drop(const std::string& name, const std::string& text) {
    std::ofstream(at("in/" + name), std::ios::binary) << text;
  }
  static std::string reference(const Order& order) {
    return must(encode_external_reference(order.id, 35));
  }

  static std::unique_ptr<test::Simulator> sap_;
  static int last_;
  test::TemporaryFolder folder_;
  std::unique_ptr<ErpAdapter> adapter_;
};
std::unique_ptr<test::Simulator> IdocOrders::sap_;
int IdocOrders::last_ = 0;

TEST_F(IdocOrders, ANewOrderIsPendingAndThenWhatABapiWouldHaveMadeOfIt) {
  Order one = order();
  one.lines[0].adjustments.push_back({"promotion", {}, 0, decimal("-2.50"), "AUTUMN"});
  one.lines[0].requested_date = Date{2026, 12, 3};
  one.lines[0].description = "Größe XL";
  OrderLine cheap = one.lines[0];
  cheap.number = 2;
  cheap.sku = Sku{"1001"};
  cheap.quantity = decimal("2.5");
  cheap.unit_price = decimal("0.125");
  cheap.adjustments.clear();
  one.lines.push_back(cheap);
  one.ship_to = Address{};
  one.ship_to->name = std::string("Bäckerei Öztürk & Söhne, Köln") + "-Süd";
  one.ship_to->line1 = "Straße des 17. Juni 1";
  one.ship_to->city = "Köln";
  one.ship_to->post_code = "50667";
  one.ship_to->country = "DE";
  one.charges.push_back({});
  one.charges[0].kind = "shipping";
  one.charges[0].amount = decimal("4.90");
  const OrderReceipt placed = must(place(one));
  EXPECT_EQ(placed.state, ReceiptState::pending);
  EXPECT_EQ(placed.status, OrderStatus::pending);
  EXPECT_FALSE(placed.released);
  ASSERT_EQ(files(), std::vector<std::string>{"ORDERS_0000000000000001.idoc"});
  EXPECT_EQ(must(receipt(one)).state, ReceiptState::pending);
  EXPECT_EQ(must(orders().get_order({one.id, {}}, call())).status, OrderStatus::pending);
  const json::Value taken = take();
  ASSERT_EQ(taken.get("idocs").items().at(0).get("status").text(), "53")
      << taken.get("idocs").items().at(0).get("text").text();
  ASSERT_TRUE(poll());
  EXPECT_TRUE(adapter_->alarms().empty()) << adapter_->alarms()[0].detail;
  EXPECT_TRUE(put_aside().empty());
  const OrderReceipt confirmed = must(receipt(one));
  EXPECT_EQ(confirmed.state, ReceiptState::confirmed);
  EXPECT_FALSE(confirmed.document.empty());
  Order as_bapi = one;
  as_bapi.id = order().id;
  fs::create_directories(at("other"));
  const auto bapi = must(make("other", ""));
  ASSERT_TRUE(bapi->orders()->place_order(as_bapi, write()));
  const Order there = must(orders().get_order({one.id, {}}, call()));
  const Order expected = must(bapi->orders()->get_order({as_bapi.id, {}}, call()));
  EXPECT_EQ(there.lines, expected.lines);
  EXPECT_EQ(there.charges, expected.charges);
  EXPECT_EQ(there.totals, expected.totals);
  EXPECT_EQ(there.ship_to, expected.ship_to);
  EXPECT_EQ(there.order_date, expected.order_date);
  EXPECT_EQ(must(place(one)).document, confirmed.document) << "a repeat finds it";
  EXPECT_TRUE(files().empty());
}

TEST_F(IdocOrders, AReferenceHasOneIdocForGood) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  const std::string sent = content(files().at(0));
  EXPECT_EQ(must(place(one)).state, ReceiptState::pending);
  Order other = one;
  other.lines[0].quantity = decimal("5");
  EXPECT_EQ(code(place(other)), ErrorCode::conflict);
  reopen();
  EXPECT_EQ(must(place(one)).state, ReceiptState::pending);
  EXPECT_EQ(code(place(other)), ErrorCode::conflict);
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(content(files().at(0)), sent);
  fs::remove(at("out") / files().at(0));
  reopen();
  ASSERT_TRUE(poll());
  EXPECT_EQ(must(place(one)).state, ReceiptState::pending);
  EXPECT_TRUE(files().empty()) << "SAP has taken it: not again";
}

// Status 51 is no refusal: people may post it weeks later.
TEST_F(IdocOrders, WhatSapHasNotPostedIsNeitherAbsentNorRefused) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  take(R"(, "status": "51")");
  ASSERT_TRUE(poll());
  EXPECT_EQ(must(receipt(one)).state, ReceiptState::pending);
  EXPECT_EQ(must(place(one)).state, ReceiptState::pending);
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(must(orders().get_order({one.id, {}}, call())).status, OrderStatus::pending);
  const auto released = orders().release_order({one.id, {}}, write());
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::throttled) << "SAP is well, so no breaker opens";
  EXPECT_GT(released.error().retry_after_s, 0);
  EXPECT_EQ(code(orders().cancel_order({one.id, {}}, {}, write())), ErrorCode::throttled);
  EXPECT_EQ(code(orders().place_order(one, write(Role::mirror))), ErrorCode::throttled);
  Order closed = one;
  closed.status = OrderStatus::cancelled;
  EXPECT_EQ(code(orders().follow_order(closed, write(Role::mirror))), ErrorCode::throttled);
  EXPECT_EQ(alarm("order not answered"), "");
  run_sql(std::string("UPDATE sent SET made = '") + long_ago + "'");
  EXPECT_NE(alarm("order not answered").find(reference(one)), std::string::npos);
  EXPECT_EQ(must(receipt(one)).state, ReceiptState::pending) << "however long it takes";
  const json::Value posted = post_again();
  const OrderReceipt late = must(receipt(one));
  EXPECT_EQ(late.state, ReceiptState::confirmed);
  EXPECT_EQ(alarm("order not answered"), "");
  EXPECT_TRUE(orders().release_order({one.id, {}}, write()));
}

TEST_F(IdocOrders, AnOrderThatIsPostedWithoutAnAnswerIsFoundByThePoll) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  sap_->control("POST", "users/take_orders", R"({"folder": ")" + at("out").string() + "\"}");
  run_sql(std::string("UPDATE sent SET made = '") + long_ago + "'");
  EXPECT_NE(alarm("order not answered"), "");
  ASSERT_TRUE(poll());
  EXPECT_EQ(alarm("order not answered"), "");
}

TEST_F(IdocOrders, WhatWasKeptIsSentLaterAsItWasKept) {
  const fs::path part = at("out/.ORDERS_0000000000000001.idoc.part");
  fs::create_directories(part / "full");  // Nothing can be written aside.
  const Order one = order();
  EXPECT_EQ(must(place(one)).state, ReceiptState::pending);
  EXPECT_TRUE(files().empty());
  EXPECT_NE(alarm("order file not sent"), "");
  EXPECT_FALSE(poll());
  fs::remove_all(part);
  ASSERT_TRUE(poll());
  EXPECT_EQ(alarm("order file not sent"), "");
  ASSERT_EQ(files(), std::vector<std::string>{"ORDERS_0000000000000001.idoc"});
  fs::remove_all(at("out"));
  EXPECT_EQ(code(place(order())), ErrorCode::unavailable) << "nothing is kept of it";
  fs::create_directories(at("out"));
  ASSERT_TRUE(poll());
  EXPECT_TRUE(files().empty());
}

TEST_F(IdocOrders, WhatIsKeptIsPendingWhateverFailsBehindIt) {
  run_sql("CREATE TRIGGER full BEFORE UPDATE ON sent BEGIN SELECT RAISE(ABORT, 'full'); END");
  const Order one = order();
  const auto placed = place(one);
  ASSERT_TRUE(placed) << "it is on its way: " << placed.error().message;
  EXPECT_EQ(placed->state, ReceiptState::pending);
  EXPECT_EQ(files().size(), 1U);
  EXPECT_NE(alarm("order file not sent"), "");
  EXPECT_FALSE(poll());
  run_sql("DROP TRIGGER full");
  take(R"(, "status": "51")");
  ASSERT_TRUE(poll());
  EXPECT_TRUE(files().empty()) << "not twice";
  EXPECT_EQ(alarm("order file not sent"), "");
  // Of a row that could not be written nobody knows whether it is there.
  run_sql("CREATE TRIGGER gone AFTER INSERT ON sent BEGIN SELECT RAISE(ABORT, 'full'); END");
  EXPECT_EQ(code(place(order())), ErrorCode::outcome_unknown);
}

// A process that ended before it knew: the number is kept and perhaps marked, the file is not
// known.
TEST_F(IdocOrders, AfterACrashTheSameIdocGoesOutUnlessSapMayHaveIt) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  const std::string sent = content(files().at(0));
  const auto forget = [&](bool mark) {
    adapter_.reset();
    run_sql("UPDATE sent SET sent = 0");
    fs::remove(at("state/idoc_orders/file_drop.sent"));
    fs::remove(at("out/ORDERS_0000000000000001.idoc"));
    if (!mark) fs::remove(at("out/.underpin.sent"));
    adapter_ = made("state");
  };
  forget(false);
  ASSERT_TRUE(poll());
  ASSERT_EQ(files().size(), 1U);
  EXPECT_EQ(content(files().at(0)), sent);
  forget(true);
  ASSERT_TRUE(poll());
  EXPECT_TRUE(files().empty()) << "it was marked, so it may have been sent";
  EXPECT_NE(alarm("order file not sent").find("may have been sent"), std::string::npos);
  EXPECT_EQ(must(place(one)).state, ReceiptState::pending);
  EXPECT_TRUE(files().empty());
  run_sql(std::string("UPDATE sent SET made = '") + long_ago + "'");
  ASSERT_TRUE(poll());
  ASSERT_EQ(files().size(), 1U) << "SAP does not know it after all that time";
  EXPECT_EQ(content(files().at(0)), sent);
  take(R"(, "status": "51")");
  forget(true);
  run_sql(std::string("UPDATE sent SET made = '") + long_ago + "'");
  ASSERT_TRUE(poll());
  EXPECT_TRUE(files().empty()) << "SAP has its IDoc and may post it";
  EXPECT_EQ(documents(one), 0U);
  post_again();
  EXPECT_EQ(documents(one), 1U);
}

TEST_F(IdocOrders, ARestoredStateCallsNothingAbsentAndUsesNoNumberTwice) {
  ASSERT_TRUE(place(order()));
  adapter_.reset();
  fs::copy(at("state"), at("backup"), fs::copy_options::recursive);
  adapter_ = made("state");
  const Order lost = order();
  const Order never = order();
  ASSERT_TRUE(place(lost));
  ASSERT_EQ(files().size(), 2U);
  adapter_.reset();
  fs::remove_all(at("state"));
  fs::rename(at("backup"), at("state"));
  adapter_ = made("state");
  EXPECT_EQ(code(receipt(lost)), ErrorCode::unavailable);
  EXPECT_EQ(code(receipt(never)), ErrorCode::unavailable);
  EXPECT_EQ(code(place(lost)), ErrorCode::unavailable) << "it would be there twice";
  EXPECT_EQ(code(orders().get_order({lost.id, {}}, call())), ErrorCode::unavailable);
  EXPECT_EQ(code(orders().place_order(lost, write(Role::mirror))), ErrorCode::unavailable);
  EXPECT_NE(alarm("orders in doubt"), "");
  reopen();
  EXPECT_EQ(code(receipt(never)), ErrorCode::unavailable);
  take();
  EXPECT_EQ(must(receipt(lost)).state, ReceiptState::confirmed) << "SAP shows it";
  EXPECT_EQ(code(receipt(never)), ErrorCode::unavailable);
  run_sql(std::string("UPDATE fact SET value = '") + long_ago + "' WHERE name = 'lost_since'");
  EXPECT_EQ(code(receipt(never)), ErrorCode::not_found);
  EXPECT_EQ(alarm("orders in doubt"), "");
  ASSERT_TRUE(place(never));
  EXPECT_EQ(files(), std::vector<std::string>{"ORDERS_0000000000000003.idoc"});
  std::ofstream(at("out/.underpin.sent")) << "1";  // Half of a number.
  reopen();
  EXPECT_EQ(code(receipt(order())), ErrorCode::unavailable);
}

TEST_F(IdocOrders, ARestoredStatePlacesNothingThatWaitsInSapToBePosted) {
  ASSERT_TRUE(place(order()));
  adapter_.reset();
  fs::copy(at("state"), at("backup"), fs::copy_options::recursive);
  adapter_ = made("state");
  const Order lost = order();
  ASSERT_TRUE(place(lost));
  adapter_.reset();
  fs::remove_all(at("state"));
  fs::rename(at("backup"), at("state"));
  adapter_ = made("state");
  take(R"(, "status": "51")");
  EXPECT_EQ(code(receipt(lost)), ErrorCode::unavailable);
  run_sql(std::string("UPDATE fact SET value = '") + long_ago + "' WHERE name = 'lost_since'");
  EXPECT_EQ(code(receipt(order())), ErrorCode::not_found) << "nobody sent it";
  EXPECT_EQ(code(receipt(lost)), ErrorCode::unavailable) << "it may be posted weeks later";
  EXPECT_EQ(code(place(lost)), ErrorCode::unavailable) << "it would be there twice";
  EXPECT_EQ(code(orders().place_order(lost, write(Role::mirror))), ErrorCode::unavailable);
  EXPECT_EQ(code(orders().get_order({lost.id, {}}, call())), ErrorCode::unavailable);
  EXPECT_EQ(code(orders().release_order({lost.id, {}}, write())), ErrorCode::unavailable);
  Order closed = lost;
  closed.status = OrderStatus::cancelled;
  EXPECT_EQ(code(orders().follow_order(closed, write(Role::mirror))), ErrorCode::unavailable);
  EXPECT_TRUE(files().empty());
  const auto set_status = [&](const char* status) {
    legacy::state::StateDatabase((sap_->folder() / "data" / "sap.db").string())
        .run(("UPDATE EDIDC SET STATUS = '" + std::string(status) + "' WHERE ARCKEY = '" +
              reference(lost) + "'")
                 .c_str());
  };
  for (const char* at_rest : {"68", "53"}) {
    set_status(at_rest);
    EXPECT_EQ(code(receipt(lost)), ErrorCode::not_found) << at_rest;
  }
  set_status("51");
  post_again();
  EXPECT_EQ(must(place(lost)).state, ReceiptState::confirmed);
  EXPECT_EQ(documents(lost), 1U);
}

TEST_F(IdocOrders, ADocumentThatTheTablesShowAndNoBapiTellsIsNotAbsent) {
  const Order one = order();
  const OrderReceipt made = must(orders().place_order(one, write(Role::mirror)));
  const std::string number = made.document.text();
  const std::string key = std::string(10 - number.size(), '0') + number;
  const auto rename = [&](const std::string& from, const std::string& to) {
    legacy::state::StateDatabase books((sap_->folder() / "data" / "sap.db").string());
    for (const char* table : {"VBKD", "VBAK"})
      books.run(("UPDATE " + std::string(table) + " SET VBELN = '" + to + "' WHERE VBELN = '" +
                 from + "'")
                    .c_str());
  };
  rename(key, number);  // Without its zeros no BAPI finds it.
  EXPECT_EQ(code(receipt(one)), ErrorCode::unavailable);
  EXPECT_EQ(code(place(one)), ErrorCode::unavailable) << "it would be there twice";
  EXPECT_TRUE(files().empty());
  Cursor at;
  auto page = orders().order_changes(at, call());
  for (; page && page->more; page = orders().order_changes(at, call())) at = page->next;
  EXPECT_EQ(code(page), ErrorCode::unavailable) << "it would be told as cancelled";
  rename(number, key);
  EXPECT_EQ(must(place(one)).document, made.document);
}

TEST_F(IdocOrders, OneProcessSendsIntoAFolder) {
  ASSERT_TRUE(place(order()));
  fs::create_directories(at("other"));
  const auto second = made("other");
  EXPECT_EQ(code(second->orders()->place_order(order(), write())), ErrorCode::unavailable);
  EXPECT_EQ(code(second->orders()->find_receipt(order().id, call())), ErrorCode::unavailable);
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(IdocOrders, WhatSapAnswersOtherwiseIsToldToAPersonAndReadAsSapHasIt) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  take(R"(, "quantity": {"7": "3"}, "twice": true)");
  ASSERT_TRUE(poll());
  EXPECT_NE(alarm("order answered otherwise").find("quantity 3 PCE and not 4 PCE"),
            std::string::npos)
      << alarm("order answered otherwise");
  // The same file twice counts once; the second lies in quarantine as such.
  const std::vector<PutAside> told = put_aside();
  ASSERT_EQ(told.size(), 2U);
  const PutAside& answered = told[0].whole ? told[1] : told[0];
  const PutAside& again = told[0].whole ? told[0] : told[1];
  EXPECT_EQ(answered.capability, Capability::orders);
  EXPECT_FALSE(answered.whole);
  ASSERT_EQ(answered.records.size(), 1U);
  EXPECT_NE(answered.records[0].find(reference(one)), std::string::npos);
  EXPECT_TRUE(again.whole);
  EXPECT_EQ(must(orders().get_order({one.id, {}}, call())).lines.at(0).quantity, decimal("3"));
  EXPECT_EQ(must(receipt(one)).state, ReceiptState::confirmed);
}

TEST_F(IdocOrders, EveryDifferenceOfAnAnswerIsNamed) {
  Order one = order();
  OrderLine more = one.lines[0];
  more.number = 8;
  one.lines.push_back(more);
  ASSERT_TRUE(place(one));
  const std::string good = line("000008", "4", "50.00");
  const std::string priced = padded(padded(padded("000007", 11) + "4", 26) + "PCE", 54) + "12.00";
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases{
      {{line("000007", "4.000", "49.00"), good}, "line 7: value 49 and not 50"},
      {{line("000007", "4", "", "003"), good}, "line 7: is rejected"},
      {{good}, "line 7: is not in the answer"},
      {{priced, good}, "line 7: price 12 for 1 and not 12.5"},
      {{line("000007", "4", "50"), good, line("", "1", "")}, "without POSEX: was not ordered"}};
  int day = 10;
  for (const auto& [lines, words] : cases) {
    const std::string made = "203001" + std::to_string(++day) + "120000";
    drop("answer" + std::to_string(day), answer(reference(one), "0000004711", lines, made));
    ASSERT_TRUE(poll());
    ASSERT_EQ(put_aside().size(), 1U) << words;
    EXPECT_EQ(put_aside()[0].records.size(), 1U);
    EXPECT_NE(put_aside()[0].records[0].find(words), std::string::npos)
        << put_aside()[0].records[0];
    fs::remove_all(at("in/quarantine"));
    fs::create_directories(at("in/quarantine"));
  }
  drop("good", answer(reference(one), "0000004711", {line("000007", "4.000", "50.00"), good},
                      "20300201120000"));
  drop("nobody", answer("4500012345", "0000004712", {line("000010", "1", "1")}));
  ASSERT_TRUE(poll());
  EXPECT_TRUE(put_aside().empty()) << "as ordered, or ordered by somebody else";
  const OrderReceipt known = must(receipt(one));
  EXPECT_EQ(known.state, ReceiptState::pending) << "SAP's tables do not show it yet";
  EXPECT_EQ(known.document, DocumentNumber{"4711"});
}

TEST_F(IdocOrders, ARejectionOfTheWholeOrderSettlesIt) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  take(R"(, "refuse": true)");
  ASSERT_TRUE(poll());
  EXPECT_EQ(code(place(one)), ErrorCode::rejected);
  EXPECT_EQ(code(receipt(one)), ErrorCode::not_found);
  EXPECT_EQ(must(orders().get_order({one.id, {}}, call())).status, OrderStatus::rejected);
  EXPECT_EQ(code(orders().release_order({one.id, {}}, write())), ErrorCode::rejected);
  ASSERT_EQ(put_aside().size(), 1U);
  EXPECT_NE(put_aside()[0].records.at(0).find("whole order is rejected"), std::string::npos);
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(documents(one), 0U);
  // Every line of a document that SAP has: its tables rule.
  const Order lines = order();
  ASSERT_TRUE(place(lines));
  take(R"(, "reject": true)");
  ASSERT_TRUE(poll());
  EXPECT_EQ(must(receipt(lines)).status, OrderStatus::cancelled);
}

TEST_F(IdocOrders, AnOlderAnswerThatComesLateChangesNothing) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  const std::vector<std::string> as_ordered{line("000007", "4", "50.00")};
  drop("1", answer(reference(one), "0000004711", as_ordered, "20300102120000"));
  drop("2", answer(reference(one), "", {}, "20300101120000", "003"));
  ASSERT_TRUE(poll());
  EXPECT_EQ(must(receipt(one)).state, ReceiptState::pending);
  EXPECT_TRUE(put_aside().empty());
  drop("3", answer(reference(one), "0000004799", as_ordered, "20300103120000"));
  ASSERT_TRUE(poll());
  EXPECT_NE(alarm("order answer refused").find("4711 already"), std::string::npos)
      << alarm("order answer refused");
  EXPECT_EQ(must(receipt(one)).document, DocumentNumber{"4711"});
}

TEST_F(IdocOrders, WhatIsNotUnderstoodIsPutAsideAndSaysWhere) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  const std::string good = answer(reference(one), "0000004711", {line("000007", "4", "50.00")});
  const auto with = [&](const std::string& old, const std::string& instead) {
    std::string text = good;
    const std::size_t found = text.find(old);
    EXPECT_NE(found, std::string::npos) << old;
    return text.replace(found, old.size(), instead);
  };
  const std::vector<std::pair<std::string, std::vector<const char*>>> cases{
      {with("ORDRSP", "ORDERS"), {"MESTYP"}},
      {with("EDI_DC40  100", "EDI_DC40  200"), {"MANDT", "200"}},
      {with("4              PCE", "four           PCE"), {"line 5", "E2EDP01006", "MENGE", "four"}},
      {with("4              PCE", "4-             PCE"), {"MENGE", "negative"}},
      {with("4              PCE", "               PCE"), {"MENGE", "blank"}},
      {with("50.00", "50,00"), {"NETWR", "number"}},
      {with("000007", "seven "), {"POSEX", "digits"}},
      {answer("", "0000004711", {}), {"E1EDK02 001"}},
      {answer(reference(one), "", {line("000007", "4", "50.00")}), {"E1EDK02 002"}},
      {with("0011\n", "0012\n"), {"E1EDS01", "2 lines"}},
      {with("00000300000001", "00000400000001"), {"SEGNUM"}},
      {"no IDoc\n", {"EDI_DC40"}},
      {good + answer("", "1", {}), {"E1EDK02 001"}}};
  std::size_t count = 0;
  for (const auto& [text, words] : cases) {
    const std::string name = "bad" + std::to_string(++count);
    drop(name, text);
    ASSERT_TRUE(poll());
    const std::string reason = alarm("order answer refused");
    for (const char* word : words)
      EXPECT_NE(reason.find(word), std::string::npos) << name << ": " << word << " in: " << reason;
    ASSERT_EQ(put_aside().size(), 1U) << name;
    EXPECT_TRUE(put_aside()[0].whole);
    EXPECT_EQ(put_aside()[0].file, name);
    EXPECT_TRUE(must(receipt(one)).document.empty()) << "nothing of the file counts: " << name;
    fs::remove_all(at("in/quarantine"));
    fs::create_directories(at("in/quarantine"));
  }
  drop("whole.part", good);
  ASSERT_TRUE(poll());
  EXPECT_TRUE(must(receipt(one)).document.empty()) << "still being written";
  take(R"(, "half": true)");
  ASSERT_TRUE(poll());
  EXPECT_NE(alarm("order answer refused"), "");
}

TEST_F(IdocOrders, MirrorsGoByBapiAndStayInert) {
  const Order one = order();
  const OrderReceipt mirror = must(orders().place_order(one, write(Role::mirror)));
  EXPECT_EQ(mirror.state, ReceiptState::confirmed);
  EXPECT_FALSE(mirror.released);
  EXPECT_TRUE(files().empty());
}

TEST_F(IdocOrders, BackToBapisWhatIsOnItsWayIsStillAwaited) {
  const Order one = order();
  ASSERT_TRUE(place(one));
  adapter_.reset();
  adapter_ = made("state", "", "bapi");
  EXPECT_EQ(code(place(one)), ErrorCode::throttled) << "it would be there twice";
  EXPECT_EQ(must(receipt(one)).state, ReceiptState::pending);
  EXPECT_EQ(must(place(order())).state, ReceiptState::confirmed);
  take();
  EXPECT_EQ(must(place(one)).state, ReceiptState::confirmed);
  EXPECT_EQ(documents(one), 1U);
}

TEST_F(IdocOrders, WhatDoesNotFitIsRefusedAndNeverCut) {
  const auto refused = [&](const Order& order) {
    const auto receipt = place(order);
    if (receipt) return std::string("taken");
    return receipt.error().fields.empty() ? receipt.error().message
                                          : receipt.error().fields[0].pointer;
  };
  Order one = order();
  one.lines[0].uom = "PALLET";
  EXPECT_EQ(refused(one), "/lines/0/uom");
  one = order();
  one.lines[0].description = std::string(41, 'x');
  EXPECT_EQ(refused(one), "/lines/0/description");
  one = order();
  one.lines[0].quantity = decimal("1.0001");
  EXPECT_EQ(refused(one), "/lines/0/quantity");
  one = order();
  one.ship_to = Address{};
  one.ship_to->post_code = "1234567890";
  EXPECT_EQ(refused(one), "/shipTo/postCode");
  one = order();
  one.customer_reference = "PO 1";
  EXPECT_EQ(refused(one), "/customerReference");
  one = order();
  one.lines[0].description = "two\nlines";
  EXPECT_NE(refused(one).find("control character"), std::string::npos);
  EXPECT_TRUE(files().empty());
  adapter_.reset();
  adapter_ = made("state", R"(, "reference_qualifier": "044")");
  one = order();
  one.customer_reference = "PO 1";
  ASSERT_TRUE(place(one));
  take();
  EXPECT_EQ(must(orders().get_order({one.id, {}}, call())).customer_reference, "PO 1");
}

TEST_F(IdocOrders, SettingsSayWhatIsMissing) {
  for (const char* bad :
       {R"("by": "idoc")", R"("by": "fax")", R"("outbound": "/tmp/a")",
        R"("by": "idoc", "outbound": "/a", "inbound": "/a", "units": [{"unit": "P", "code": "P"}])",
        R"("by": "idoc", "outbound": "/a", "inbound": "/b")"})
    EXPECT_FALSE(make("state", bad)) << bad;
}

}  // namespace
}  // namespace underpin
