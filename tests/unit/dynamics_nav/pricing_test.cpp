#include "legacy-adapters/dynamics_nav/pricing.h"

#include "tests/unit/dynamics_nav/nav_tables.h"
#include "tests/unit/dynamics_nav/price_file_text.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

namespace underpin::legacy::dynamics_nav {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Decimal dec(const char* text) { return Decimal::parse(text).value(); }

class NavPricingTest : public testing::Test {
 protected:
  NavPricingTest() {
    std::string pattern = (fs::temp_directory_path() / "pricing-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "drop");
    for (const char* item : {"1000", "1001", "1002"}) tables_.item(item);
    tables_.customer("C10000", "VIP");
    tables_.customer("C10001", "");
    settings_.system = "nav";
    settings_.drop.system = "nav";
    settings_.drop.folder = (folder_ / "drop").string();
    settings_.drop.state_folder = (folder_ / "state").string();
    settings_.drop.suffix = ".csv";
    settings_.drop.stable_ms = 0;
    settings_.state_folder = (folder_ / "state").string();
    fs::create_directories(settings_.state_folder);
    settings_.expected_by = "06:00";
    settings_.now = [this] { return now_; };
    restart();
  }
  ~NavPricingTest() override {
    pricing_.reset();
    fs::remove_all(folder_);
  }

  void restart() {
    pricing_.reset();
    auto made = make_pricing(settings_, tables_.database());
    ASSERT_TRUE(made) << made.error().message;
    pricing_ = std::move(made).value();
  }

  void drop(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "drop" / name, std::ios::binary) << text;
  }
  void poll() {
    const Status polled = pricing_->poll(in_five_seconds());
    EXPECT_TRUE(polled) << polled.error().message;
  }
  void drop_sample_list() {
    drop("prices-1.csv",
         PriceFileText("B1", "FULL")
             .everyone("1000", "10.00")
             .price("1000;1;VIP;2026-01-01;;0;PCS;9.50;0;Europe/Berlin")
             .price("1000;2;;2026-01-01;;10;PCS;8.00;0;Europe/Berlin")
             .price("1000;0;C10001;2026-01-01;2026-12-31;0;PCS;9.00;0;Europe/Berlin")
             .price("1001;2;;2026-11-01;2026-12-24;0;PCS;3.3333;0;Europe/Berlin")
             .text());
    poll();
  }

  QuoteRequest basket(const char* customer, std::vector<QuoteLine> lines) {
    QuoteRequest request;
    request.customer = CustomerNumber(customer);
    request.currency = "EUR";
    request.lines = std::move(lines);
    return request;
  }
  static QuoteLine line(int number, const char* sku, const char* quantity) {
    return {number, Sku(sku), dec(quantity), "PCS"};
  }

  fs::path folder_;
  NavTables tables_;
  PricingSettings settings_;
  Timestamp now_ = Timestamp::parse("2026-11-24T10:00:00Z").value();
  std::unique_ptr<NavPricing> pricing_;
};

TEST_F(NavPricingTest, QuotesABasketWithTheReasonOfEveryPrice) {
  drop_sample_list();
  const auto quote = pricing_->quote(basket("C10000", {line(1, "1000", "2"), line(2, "1000", "10"),
                                                       line(3, "1001", "3"), line(4, "1002", "1")}),
                                     in_five_seconds());
  ASSERT_TRUE(quote) << quote.error().message;
  ASSERT_EQ(quote->lines.size(), 4U);
  const QuotedLine& group = quote->lines[0];
  EXPECT_EQ(group.list_price, dec("10"));
  EXPECT_EQ(group.unit_price, dec("9.50"));
  EXPECT_EQ(group.net_amount.text(), "19.00");
  ASSERT_EQ(group.adjustments.size(), 1U);
  EXPECT_EQ(group.adjustments[0].kind, "customer_price");
  EXPECT_EQ(group.adjustments[0].amount, dec("-1.00"));
  EXPECT_EQ(group.adjustments[0].reason, "price of group VIP from 2026-01-01");
  const QuotedLine& many = quote->lines[1];
  EXPECT_EQ(many.list_price, dec("10"));
  EXPECT_EQ(many.unit_price, dec("8"));
  ASSERT_EQ(many.adjustments.size(), 1U);
  EXPECT_EQ(many.adjustments[0].kind, "promotion");
  EXPECT_EQ(many.adjustments[0].amount, dec("-20"));
  EXPECT_THAT(many.adjustments[0].reason, HasSubstr("for 10 PCS or more"));
  EXPECT_EQ(quote->lines[2].net_amount.text(), "10.00");  // 9.9999
  EXPECT_THAT(quote->lines[2].adjustments, IsEmpty());
  EXPECT_EQ(quote->lines[3].list_price, dec("5.9"));  // No row: the article's own price.
  EXPECT_EQ(quote->total_net.text(), "114.90");
  EXPECT_EQ(quote->at, now_);
  EXPECT_EQ(quote->prices_as_of.text(), "2026-11-24T01:00:00Z");
}

TEST_F(NavPricingTest, QuotesWhatRulesAtTheTimeAskedFor) {
  drop_sample_list();
  QuoteRequest request = basket("C10001", {line(1, "1000", "1"), line(2, "1001", "1")});
  request.at = Timestamp::parse("2026-12-31T22:59:59Z").value();
  const auto last_day = pricing_->quote(request, in_five_seconds());
  ASSERT_TRUE(last_day);
  EXPECT_EQ(last_day->lines[0].unit_price, dec("9.00"));
  EXPECT_EQ(last_day->lines[1].unit_price, dec("5.9"));  // The offer is over.
  request.at = Timestamp::parse("2026-12-31T23:00:00Z").value();
  const auto next_year = pricing_->quote(request, in_five_seconds());
  ASSERT_TRUE(next_year);
  EXPECT_EQ(next_year->lines[0].unit_price, dec("10.00"));
}

TEST_F(NavPricingTest, RejectsUnknownCustomersArticlesAndUnitsAndNamesThemAll) {
  drop_sample_list();
  QuoteRequest request =
      basket("C99999", {line(1, "1000", "1"), line(2, "9999", "1"), line(3, "1002", "1")});
  request.lines[2].uom = "PALLET";
  const auto quote = pricing_->quote(request, in_five_seconds());
  ASSERT_FALSE(quote);
  EXPECT_EQ(quote.error().code, ErrorCode::rejected);
  std::vector<std::string> pointers;
  for (const FieldError& field : quote.error().fields) pointers.push_back(field.pointer);
  EXPECT_THAT(pointers, ElementsAre("/customer", "/lines/1/sku", "/lines/2/sku"));
}

TEST_F(NavPricingTest, IsUnavailableBeforeTheFirstList) {
  const auto quote = pricing_->quote(basket("C10000", {line(1, "1000", "1")}), in_five_seconds());
  ASSERT_FALSE(quote);
  EXPECT_EQ(quote.error().code, ErrorCode::unavailable);
}

TEST_F(NavPricingTest, ListsPricesInPagesInTheOrderOfTheirKeys) {
  drop_sample_list();
  PriceQuery query;
  query.limit = 2;
  std::vector<std::string> seen;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = pricing_->list_prices(query, in_five_seconds());
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_LE(page->items.size(), 2U);
    for (const PriceEntry& row : page->items)
      seen.push_back(row.sku.text() + "/" + row.scope_code + "/" + row.unit_price.text());
    if (page->next.empty()) break;
    query.cursor = page->next;
  }
  EXPECT_THAT(seen, ElementsAre("1000//10.00", "1000//8.00", "1000/VIP/9.50", "1000/C10001/9.00",
                                "1001//3.3333"));
}

TEST_F(NavPricingTest, ListsWhatRulesForACustomerOrAnArticle) {
  drop_sample_list();
  PriceQuery query;
  query.customer = CustomerNumber("C10000");
  EXPECT_EQ(pricing_->list_prices(query, in_five_seconds())->items.size(), 4U);
  query.customer = CustomerNumber("C10001");
  EXPECT_EQ(pricing_->list_prices(query, in_five_seconds())->items.size(), 4U);
  query.sku = Sku("1001");
  EXPECT_EQ(pricing_->list_prices(query, in_five_seconds())->items.size(), 1U);
  query.sku = Sku("9999");
  EXPECT_THAT(pricing_->list_prices(query, in_five_seconds())->items, IsEmpty());
  query.customer = CustomerNumber("C99999");
  EXPECT_EQ(pricing_->list_prices(query, in_five_seconds()).error().code, ErrorCode::rejected);
  query = {};
  query.cursor = Cursor("zz");
  EXPECT_EQ(pricing_->list_prices(query, in_five_seconds()).error().code,
            ErrorCode::invalid_request);
}

TEST_F(NavPricingTest, RefusesToTakeOverAnotherSystemsList) {
  const auto answer = pricing_->publish_prices(PriceList{}, in_five_seconds());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unsupported);
}

TEST_F(NavPricingTest, KeepsTheLastGoodListAndRaisesAnAlarmWhenAFileIsRefused) {
  drop_sample_list();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
  const std::string next =
      PriceFileText("B2", "FULL", "2026-11-24T02:00:00Z").everyone("1000", "99").text();
  drop("prices-2.csv", next.substr(0, next.size() - 4));
  poll();
  const auto alarms = pricing_->alarms();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].name, "price list refused");
  EXPECT_THAT(alarms[0].detail, HasSubstr("prices-2.csv: line 3"));
  const auto quote = pricing_->quote(basket("C10001", {line(1, "1000", "1")}), in_five_seconds());
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->lines[0].unit_price, dec("9"));
  drop("prices-2.csv", next);
  poll();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
}

TEST_F(NavPricingTest, RaisesAnAlarmWhileTheListIsLate) {
  now_ = Timestamp::parse("2026-11-24T04:00:00Z").value();
  drop_sample_list();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
  now_ = Timestamp::parse("2026-11-25T04:59:59Z").value();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
  now_ = Timestamp::parse("2026-11-25T05:00:00Z").value();
  const auto alarms = pricing_->alarms();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].name, "price list late");
  EXPECT_THAT(alarms[0].detail, HasSubstr("batch B1"));
  drop("prices-2.csv", PriceFileText("B2", "DELTA", "2026-11-25T05:10:00Z").text());
  now_ = Timestamp::parse("2026-11-25T05:10:00Z").value();
  poll();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
}

TEST_F(NavPricingTest, QuotesAfterARestartFromTheListItHad) {
  drop_sample_list();
  restart();
  const auto quote = pricing_->quote(basket("C10000", {line(1, "1000", "1")}), in_five_seconds());
  ASSERT_TRUE(quote) << quote.error().message;
  EXPECT_EQ(quote->lines[0].unit_price, dec("9.5"));
  drop("again.csv", PriceFileText("B9", "DELTA").everyone("1000", "1").text());
  poll();
  const auto next = pricing_->prices_after("B1", in_five_seconds());
  ASSERT_TRUE(next && next->has_value());
  EXPECT_EQ((**next).batch, "B9");
}

// The process ended after the list was durable and before the folder knew: the file is still
// claimed.
TEST_F(NavPricingTest, DoesNotApplyAListTwiceAfterARestartInTheMiddle) {
  drop_sample_list();
  const fs::path archive = folder_ / "drop" / "archive";
  const fs::path archived = fs::directory_iterator(archive)->path();
  const fs::path claimed = fs::directory_iterator(folder_ / "drop" / "claimed")->path();
  fs::rename(archived, claimed / archived.filename());
  fs::resize_file(folder_ / "state" / "file_drop.register", 0);
  restart();
  poll();
  EXPECT_TRUE(fs::exists(archived));
  EXPECT_TRUE(fs::is_empty(folder_ / "drop" / "quarantine"));
  const auto next = pricing_->prices_after("B1", in_five_seconds());
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->has_value());  // No second generation.
}

TEST_F(NavPricingTest, AnswersQuotesWhileListsChange) {
  drop_sample_list();
  std::atomic<bool> ending{false};
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!ending) {
        const auto quote = pricing_->quote(
            basket("C10000", {line(1, "1000", "1"), line(2, "1001", "1")}), in_five_seconds());
        // Every list prices both articles alike: a mixture of two lists would show.
        if (!quote || (quote->prices_as_of.text() != "2026-11-24T01:00:00Z" &&
                       quote->lines[0].unit_price != quote->lines[1].unit_price)) {
          ++wrong;
        }
        ++answered;
      }
    });
  }
  for (int i = 1; i <= 20; ++i) {
    const std::string price = std::to_string(i) + ".00";
    drop("p.csv", PriceFileText("N" + std::to_string(i), "FULL", "2026-11-24T03:00:00Z")
                      .everyone("1000", price)
                      .everyone("1001", price)
                      .text());
    poll();
  }
  while (answered < 10) std::this_thread::yield();
  ending = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(NavPricingTest, RefusesSettingsThatAreNotTimesOrZones) {
  PricingSettings bad = settings_;
  bad.expected_by = "6 o'clock";
  EXPECT_EQ(make_pricing(bad, tables_.database()).error().fields[0].pointer, "/expected_by");
  bad = settings_;
  bad.zone = "Europe/Atlantis";
  EXPECT_EQ(make_pricing(bad, tables_.database()).error().fields[0].pointer, "/zone");
  bad = settings_;
  bad.state_folder = "/nowhere";
  EXPECT_EQ(make_pricing(bad, tables_.database()).error().code, ErrorCode::internal);
}

class NavSalesPriceTest : public NavPricingTest {
 protected:
  NavSalesPriceTest() {
    settings_.table = true;
    settings_.expected_by.clear();
    restart();
  }
  void price(const char* item, const char* who, const char* currency, const char* variant,
             const char* unit_price, const char* ends = "1753-01-01") {
    tables_.sales_price("'" + std::string(item) + "', " + who + ", '1753-01-01 00:00:00', '" +
                        currency + "', '" + variant + "', 'PCS', '0', '" + unit_price + "', '" +
                        ends + " 00:00:00', 0");
  }
  std::string of(const char* item, const char* currency = "EUR") {
    QuoteRequest request = basket("C10000", {line(1, item, "1")});
    request.currency = currency;
    const auto quote = pricing_->quote(request, in_five_seconds());
    return quote ? quote->lines[0].unit_price.text() : quote.error().message;
  }
};

TEST_F(NavSalesPriceTest, CurrenciesEndsCampaignsAndVariants) {
  price("1000", "2, ''", "", "", "4.00000000000000000000");
  price("1000", "2, ''", "USD", "", "4.4");
  price("1000", "3, 'SUMMER'", "", "", "1");
  price("1000", "2, ''", "", "RED", "2");
  price("1000", "1, 'VIP'", "", "", "3", "2026-11-23");
  poll();
  for (const Alarm& alarm : pricing_->alarms()) ADD_FAILURE() << alarm.detail;
  EXPECT_EQ(of("1000"), "4");
  EXPECT_EQ(of("1000", "USD"), "4.4");
  std::vector<std::string> told;
  for (const Finding& finding : pricing_->examine(in_five_seconds()))
    told.push_back(finding.what + ": " + finding.detail);
  EXPECT_THAT(told, testing::Contains("sales prices of campaigns: 1 rows, not read"));
  EXPECT_THAT(told, testing::Contains("sales prices of variants: 1 rows, not read"));
}

TEST_F(NavSalesPriceTest, ARowThatNoPriceHasLeavesTheListInForceAndIsNamed) {
  price("1000", "2, ''", "", "", "4");
  poll();
  price("1001", "2, ''", "", "", "-4");
  poll();
  EXPECT_EQ(of("1000"), "4");
  EXPECT_EQ(of("1001"), "5.9");
  ASSERT_EQ(pricing_->alarms().size(), 1U);
  EXPECT_EQ(pricing_->alarms()[0].detail, "Sales Price: article 1001: Unit Price is negative");
  tables_.run("DELETE FROM " + tables_.name("Sales Price") + " WHERE [Item No_] = '1001'");
  poll();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
}

TEST_F(NavSalesPriceTest, ATableThatWasRefusedIsNotReadAgainBeforeItChanges) {
  price("1000", "2, ''", "", "", "-4");
  poll();
  // Without a version of its own: a table that is read would be found good.
  tables_.run("UPDATE " + tables_.name("Sales Price") + " SET [Unit Price] = '4'");
  poll();
  EXPECT_EQ(pricing_->alarms().size(), 1U);
  price("1001", "2, ''", "", "", "7");
  poll();
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
  EXPECT_EQ(of("1000"), "4");
}

TEST_F(NavSalesPriceTest, AChangeBelowTheHighestVersionIsNotPassedBy) {
  price("1000", "2, ''", "", "", "4");
  price("1001", "2, ''", "", "", "7");
  settings_.rowversion_fence = "0";  // A change is open, always.
  restart();
  poll();
  tables_.run("UPDATE " + tables_.name("Sales Price") +
              " SET [Unit Price] = '3.5' WHERE [Item No_] = '1000'");
  poll();
  EXPECT_EQ(of("1000"), "3.5");
}

TEST_F(NavSalesPriceTest, AsOfWhenTheTableWasLastSeen) {
  price("1000", "2, ''", "", "", "4");
  poll();
  now_ = now_.plus_ms(3'600'000);
  poll();
  const auto quote = pricing_->quote(basket("C10000", {line(1, "1000", "1")}), in_five_seconds());
  ASSERT_TRUE(quote) << quote.error().message;
  EXPECT_EQ(quote->prices_as_of, now_);
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
