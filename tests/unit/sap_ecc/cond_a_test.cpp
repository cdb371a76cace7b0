// Prices from COND_A files, as the simulated SAP sends them.
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/pricing_service.h"
#include "contracts/ports/put_aside.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <tuple>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_sap_ecc_adapter(const AdapterSettings&);

namespace {

using legacy::sap_ecc::must;

// One SAP for all cases; each has a folder and a store of its own.
class CondA : public testing::Test {
 protected:
  static void SetUpTestSuite() { sap_ = std::make_unique<test::Simulator>("sap", arguments()); }
  static void TearDownTestSuite() { sap_.reset(); }
  static std::vector<std::string> arguments() { return {"--language", "E"}; }

  CondA() : folder_("cond-a") {
    for (const char* name : {"in", "state", "other"})
      std::filesystem::create_directories(folder_.path() / name);
    reopen();
  }
  void reopen() {
    adapter_.reset();
    adapter_ = adapter_with(R"(, "prices": {"folder": ")" + (folder_.path() / "in").string() +
                                R"(", "units": [{"unit": "PCS", "code": "PCE"}], "stable_ms": 0})",
                            "state");
  }
  std::unique_ptr<ErpAdapter> adapter_with(const std::string& more, const char* state) {
    return must(make_sap_ecc_adapter(
        {"erp",
         R"({"soap": {"url": ")" + sap_->base_url() +
             R"(", "user": "UNDERPIN", "password": "sap-password"}, "odbc": {"connection_string": )" +
             R"("Driver=SQLite3;Database=)" + (sap_->folder() / "data" / "sap.db").string() +
             R"("}, "sales_area": {"organization": "1000", "channel": "10", "division": "00"},)" +
             R"( "locations": [{"location": "EAST", "plant": "1000", "storage": "0001"}],)" +
             R"( "price_groups": [{"group": "VIP", "code": "02"}],)" +
             R"( "units": [{"unit": "PCS", "code": "ST"}])" + more + "}",
         (folder_.path() / state).string()}));
  }
  static CallContext call() {
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    return context;
  }
  PricingService& prices() { return *adapter_->pricing(); }
  Status poll() { return adapter_->tasks().at(0).run(call()); }
  void send(const std::string& name, const std::string& more = "") {
    sap_->control("POST", "users/send_prices",
                  R"({"folder": ")" + (folder_.path() / "in").string() + R"(", "name": ")" + name +
                      "\"" + more + "}");
  }
  void drop(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / "in" / name, std::ios::binary) << text;
  }
  static QuoteRequest request(const std::string& customer, const std::string& sku,
                              const char* quantity) {
    return {CustomerNumber{customer},
            "EUR",
            Timestamp::parse("2026-11-24T12:00:00Z").value(),
            {{1, Sku{sku}, *Decimal::parse(quantity), "PCS"}}};
  }
  Result<Quote> quote(const std::string& sku, const char* on = "2026-11-24T12:00:00Z",
                      const char* quantity = "1") {
    QuoteRequest asked = request("C10001", sku, quantity);
    asked.at = Timestamp::parse(on).value();
    return prices().quote(asked, call());
  }
  static std::vector<PriceEntry> all(PricingService& service,
                                     const std::optional<CustomerNumber>& customer) {
    std::vector<PriceEntry> entries;
    PriceQuery query;
    query.customer = customer;
    query.limit = 400;
    do {
      const auto page = must(service.list_prices(query, call()));
      entries.insert(entries.end(), page.items.begin(), page.items.end());
      query.cursor = page.next;
    } while (!query.cursor.empty());
    std::sort(entries.begin(), entries.end(), [](const PriceEntry& a, const PriceEntry& b) {
      return std::tuple(a.sku.text(), a.scope, a.scope_code, a.from, a.minimum_quantity) <
             std::tuple(b.sku.text(), b.scope, b.scope_code, b.from, b.minimum_quantity);
    });
    return entries;
  }
  // A file of one record, for everyone, of article X1.
  static std::string record(const char* made, const char* from, const char* to, const char* price,
                            const char* deleted = " ", const char* organization = "1000") {
    const auto padded = [](std::string text, std::size_t width) {
      text.resize(width, ' ');
      return text;
    };
    std::string control = padded("EDI_DC40", 10) + "1000000000000000042";
    control = padded(control, 99) + "COND_A";
    control = padded(control, 378) + made;
    int count = 0;
    const auto segment = [&](const char* name, const std::string& data) {
      const std::string number = std::to_string(++count);
      return padded(name, 30) + "1000000000000000042" + std::string(6 - number.size(), '0') +
             number + "000000" + "01" + data + "\n";
    };
    std::string text = control + "\n";
    text += segment("E2KOMG", "A304V PR00" + std::string(organization) + "10X1");
    text += segment("E2KONH", padded("", 10) + from + to);
    text += segment("E2KONP", padded("PR00", 14) + "A" + padded("", 48) + "C" + padded(price, 16) +
                                  "EUR  1    PCE" + padded("", 51) + deleted);
    return text;
  }

  static std::unique_ptr<test::Simulator> sap_;
  test::TemporaryFolder folder_;
  std::unique_ptr<ErpAdapter> adapter_;
};
std::unique_ptr<test::Simulator> CondA::sap_;

TEST_F(CondA, WithoutAFileNothingIsKnownAndThenAsMuchAsSapKnows) {
  EXPECT_EQ(quote("1000").error().code, ErrorCode::unavailable);
  EXPECT_EQ(prices().list_prices({}, call()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(prices().prices_after("", call()).error().code, ErrorCode::unavailable);
  send("0001.idoc");
  ASSERT_TRUE(poll());
  const auto by_sap = adapter_with("", "other");
  EXPECT_TRUE(all(prices(), std::nullopt) == all(*by_sap->pricing(), std::nullopt));
  EXPECT_TRUE(all(prices(), CustomerNumber{"C10000"}) ==
              all(*by_sap->pricing(), CustomerNumber{"C10000"}));
  int specific = 0;
  for (const char* customer : {"C10000", "C10001", "C10002", "C10003"})
    for (const char* sku : {"1000", "1001", "1002", "1003", "1010"})
      for (const char* quantity : {"1", "10", "100"}) {
        const QuoteRequest asked = request(customer, sku, quantity);
        const Quote told = must(by_sap->pricing()->quote(asked, call()));
        const Quote ours = must(prices().quote(asked, call()));
        EXPECT_EQ(ours.lines, told.lines) << customer << " " << sku << " " << quantity;
        EXPECT_EQ(ours.total_net, told.total_net);
        specific +=
            ours.lines[0].unit_price !=
                    must(prices().quote(request("C10001", sku, "1"), call())).lines[0].unit_price
                ? 1
                : 0;
      }
  EXPECT_GT(specific, 0) << "some have a price of their own";
  const auto examined = adapter_->examine(call());
  EXPECT_TRUE(std::all_of(examined.begin(), examined.end(),
                          [](const Finding& finding) { return finding.ok; }));
}

TEST_F(CondA, TheListHasANewNameWhenAFileWasTakenInAndOutlivesTheProcess) {
  send("0001.idoc", R"(, "item": "1004")");
  ASSERT_TRUE(poll());
  const PriceList list = must(prices().prices_after("", call())).value();
  EXPECT_FALSE(list.entries.empty());
  EXPECT_FALSE(must(prices().prices_after(list.batch, call())).has_value());
  reopen();
  EXPECT_FALSE(must(prices().prices_after(list.batch, call())).has_value());
  sap_->control("POST", "users/change_price", R"({"item": "1004", "price": "77.00"})");
  send("0002.idoc", R"(, "item": "1004")");
  ASSERT_TRUE(poll());
  const PriceList next = must(prices().prices_after(list.batch, call())).value();
  EXPECT_NE(next.batch, list.batch);
  EXPECT_TRUE(std::any_of(next.entries.begin(), next.entries.end(), [](const PriceEntry& entry) {
    return entry.unit_price == *Decimal::parse("77.00");
  }));
  send("0003.idoc", R"(, "item": "1004", "delete": true)");
  ASSERT_TRUE(poll());
  EXPECT_TRUE(must(prices().prices_after(next.batch, call()))->entries.empty());
  const auto none = quote("1004");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fields.at(0).pointer, "/lines/0/sku");
}

TEST_F(CondA, ARecordMakesRoomForItselfAndOnlyForItsDays) {
  drop("1", record("20260101120000", "20260101", "99991231", "10.00"));
  drop("2", record("20260102120000", "20260601", "20260630", "8.00"));
  drop("3", record("20260103120000", "20260615", "20260615", "7.00"));
  drop("4", record("20260104120000", "20260620", "20260710", "6.00", "X"));
  drop("5", record("20260105120000", "20260101", "99991231", "1.00", " ", "2000"));
  ASSERT_TRUE(poll());
  for (const Alarm& alarm : adapter_->alarms()) ADD_FAILURE() << alarm.detail;
  const auto on = [&](const char* moment) {
    const auto told = quote("X1", moment);
    return told ? told->lines[0].unit_price.text() : std::string(name(told.error().code));
  };
  EXPECT_EQ(on("2026-05-31T21:59:59Z"), "10.00") << "the day is Berlin's";
  EXPECT_EQ(on("2026-05-31T22:00:00Z"), "8.00");
  EXPECT_EQ(on("2026-06-15T12:00:00Z"), "7.00");
  EXPECT_EQ(on("2026-06-16T12:00:00Z"), "8.00");
  EXPECT_EQ(on("2026-06-20T12:00:00Z"), "rejected") << "deleted";
  EXPECT_EQ(on("2026-07-11T12:00:00Z"), "10.00");
  EXPECT_EQ(on("2025-12-31T12:00:00Z"), "rejected");
  EXPECT_EQ(must(prices().list_prices({Sku{"X1"}, {}, {}, 10}, call())).items.size(), 5U);
}

TEST_F(CondA, KeysAreCountedInCharacters) {
  const std::string article = "ÄÖÜ-4567890123456Z";  // As many characters as there is room for.
  std::string text = record("20260101120000", "20260101", "99991231", "10.00");
  text.replace(text.find("10X1") + 2, 2, article);
  drop("1", text);
  ASSERT_TRUE(poll());
  const auto told = quote(article);
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->lines[0].unit_price, *Decimal::parse("10.00"));
}

TEST_F(CondA, AnOlderIdocThatComesLateChangesNothing) {
  drop("1", record("20260102120000", "20260101", "99991231", "10.00"));
  ASSERT_TRUE(poll());
  drop("2", record("20260102115959", "20260101", "99991231", "9.00"));
  ASSERT_TRUE(poll());
  EXPECT_EQ(must(quote("X1")).lines[0].unit_price, *Decimal::parse("10.00"));
  ASSERT_EQ(adapter_->alarms().size(), 1U);
  EXPECT_NE(adapter_->alarms()[0].detail.find("a newer IDoc"), std::string::npos)
      << adapter_->alarms()[0].detail;
}

TEST_F(CondA, WhatIsNotUnderstoodIsPutAsideAsAWholeAndSaysWhere) {
  drop("0", record("20260101120000", "20260101", "99991231", "10.00"));
  ASSERT_TRUE(poll());
  const std::string good = record("20260102120000", "20260101", "99991231", "9.00");
  const auto with = [&](const std::string& old, const std::string& instead) {
    std::string text = good;
    const std::size_t found = text.find(old);
    EXPECT_NE(found, std::string::npos) << old;
    return text.replace(found, old.size(), instead);
  };
  const std::string last_line = good.substr(good.find("E2KONP"));
  const std::string negative = with("9.00 ", "9.00-");
  std::string other_unit = with("PCE", "KAR");
  const std::vector<std::pair<std::string, std::vector<const char*>>> cases{
      {with("COND_A", "DEBMAS"), {"MESTYP"}},
      {with("EDI_DC40  100", "EDI_DC40  200"), {"MANDT", "200"}},
      {with("A304V ", "A005V "), {"E2KOMG", "KOTABNR", "005"}},
      {with("A304V ", "A304M "), {"E2KOMG", "KAPPL"}},
      {with("PR00", "K007"), {"E2KOMG", "KSCHL", "K007"}},
      {with("10X1", "10  "), {"E2KOMG", "VAKEY"}},
      {with("2026010199991231", "2026130199991231"), {"E2KONH", "DATAB"}},
      {with("2026010199991231", "2026010120251231"), {"E2KONH", "DATBI"}},
      {negative, {"E2KONP", "KBETR", "negative"}},
      {with("9.00 ", "nine "), {"E2KONP", "KBETR", "number"}},
      {with("C9.00", "A9.00"), {"E2KONP", "KRECH"}},
      {other_unit, {"KMEIN KAR", "prices.units"}},
      {good.substr(0, good.size() - 2) + "1\n", {"E2KONP", "LOEVM_KO"}},
      {good.substr(0, good.find("E2KONP")), {"E1KONP", "missing"}},
      {with("00000200000001", "00000300000001"), {"SEGNUM"}},
      {"no IDoc\n", {"EDI_DC40"}},
      {good + good.substr(0, good.find("E2KONH")), {"E1KONH", "missing"}},
  };
  std::size_t refused = 0;
  for (const auto& [text, words] : cases) {
    const std::string name = "bad" + std::to_string(++refused);
    drop(name, text);
    ASSERT_TRUE(poll());
    const std::vector<Alarm> alarms = adapter_->alarms();
    ASSERT_EQ(alarms.size(), 1U) << text;
    EXPECT_EQ(alarms[0].name, "price file refused");
    const std::string reason = alarms[0].detail;
    auto* aside = dynamic_cast<PutAsideFiles*>(adapter_.get());
    ASSERT_NE(aside, nullptr);
    ASSERT_EQ(aside->put_aside().size(), 1U);
    const PutAside told = must(aside->put_aside(aside->put_aside().front()));
    EXPECT_EQ(told.capability, Capability::pricing);
    EXPECT_TRUE(told.whole);
    EXPECT_EQ(told.file, name);
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "in/quarantine"))
      std::filesystem::remove(file.path());
    EXPECT_TRUE(adapter_->alarms().empty()) << "somebody has seen to it";
    EXPECT_TRUE(aside->put_aside().empty());
    for (const char* word : words)
      EXPECT_NE(reason.find(word), std::string::npos) << word << " in: " << reason;
    EXPECT_EQ(must(quote("X1")).lines[0].unit_price, *Decimal::parse("10.00")) << reason;
  }
  drop("good", good);
  ASSERT_TRUE(poll());
  EXPECT_EQ(must(quote("X1")).lines[0].unit_price, *Decimal::parse("9.00"));
}

TEST_F(CondA, AQuoteIsRefusedWhereItsRecordIsOfAnotherCurrencyOrUnit) {
  drop("1", record("20260101120000", "20260101", "99991231", "10.00"));
  ASSERT_TRUE(poll());
  QuoteRequest asked = request("C10001", "X1", "1");
  asked.currency = "USD";
  EXPECT_EQ(prices().quote(asked, call()).error().fields.at(0).pointer, "/currency");
  asked.currency = "EUR";
  asked.lines[0].uom = "BOX";
  EXPECT_EQ(prices().quote(asked, call()).error().fields.at(0).pointer, "/lines/0/uom");
  asked.lines[0].uom.clear();
  EXPECT_EQ(must(prices().quote(asked, call())).lines[0].uom, "PCS");
  asked.customer = CustomerNumber{"NOBODY"};
  EXPECT_EQ(prices().quote(asked, call()).error().fields.at(0).pointer, "/customer");
}

}  // namespace
}  // namespace underpin
