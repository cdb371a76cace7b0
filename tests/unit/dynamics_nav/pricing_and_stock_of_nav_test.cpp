// Stock and prices against the simulated NAV: a process of its own with tables and files that were
// not made by this code.
#include "legacy-adapters/dynamics_nav/inventory.h"
#include "legacy-adapters/dynamics_nav/pricing.h"
#include "tests/unit/dynamics_nav/nav_process.h"
#include "tests/unit/dynamics_nav/nav_tables.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SimulatedNav : public testing::Test {
 protected:
  SimulatedNav() {
    settings_.system = "nav";
    settings_.drop.system = "nav";
    settings_.drop.folder = nav_.drop_folder().string();
    settings_.drop.state_folder = (nav_.folder() / "state").string();
    settings_.drop.suffix = ".csv";
    settings_.drop.stable_ms = 0;
    settings_.state_folder = settings_.drop.state_folder;
    fs::create_directories(settings_.state_folder);
    pricing_ = make_pricing(settings_, nav_.database()).value();
    InventorySettings stock;
    stock.system = "nav";
    inventory_ = make_inventory(stock, nav_.database(), {});
  }
  void write_file(const std::string& body) {
    nav_.post("/_sim/users/write_price_file", body);
    const Status polled = pricing_->poll(in_five_seconds());
    EXPECT_TRUE(polled) << polled.error().message;
  }
  std::string unit_price(const char* customer, const char* sku, int quantity) {
    QuoteRequest request;
    request.customer = CustomerNumber(customer);
    request.currency = "EUR";
    request.at = Timestamp::parse("2026-11-24T10:00:00Z").value();
    request.lines = {{1, Sku(sku), Decimal::of(quantity), "PCS"}};
    const auto quote = pricing_->quote(request, in_five_seconds());
    return quote ? quote->lines[0].unit_price.text() : quote.error().message;
  }

  NavProcess nav_;
  PricingSettings settings_;
  std::unique_ptr<NavPricing> pricing_;
  std::unique_ptr<InventoryService> inventory_;
};

TEST_F(SimulatedNav, TheDoctorFindsEveryTableAndColumn) {
  const auto findings = examine_sql(*nav_.database(), SqlNames{}, in_five_seconds().deadline);
  EXPECT_GE(findings.size(), 8U);
  for (const Finding& finding : findings)
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
}

TEST_F(SimulatedNav, PricesFollowItsFullListAndItsDeltas) {
  write_file(R"({"mode":"full"})");
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
  // Article 1000, 5.90: an Advent offer of 10 %, VIP 5 %, B2B 12 % and 20 % from ten on, C10004 22
  // %.
  EXPECT_EQ(unit_price("C10000", "1000", 1), "5.31");
  EXPECT_EQ(unit_price("C10001", "1000", 1), "5.31");
  EXPECT_EQ(unit_price("C10004", "1000", 1), "4.60");
  EXPECT_EQ(unit_price("C10009", "1000", 9), "5.19");
  EXPECT_EQ(unit_price("C10009", "1000", 10), "4.72");
  const auto first = pricing_->prices_after("", in_five_seconds());
  ASSERT_TRUE(first && first->has_value());
  EXPECT_EQ((**first).entries.size(), 248U);
  const auto head = pricing_->list_in_force(in_five_seconds());
  ASSERT_TRUE(head && head->has_value());
  EXPECT_EQ((**head).batch, (**first).batch);
  EXPECT_EQ((**head).created, (**first).created);
  nav_.post("/_sim/users/change_price", R"({"item":"1000","unit_price":"1.25"})");
  nav_.post("/_sim/users/change_price",
            R"({"item":"1000","sales_type":"customer","code":"C10004","delete":true})");
  write_file(R"({"mode":"delta"})");
  EXPECT_EQ(unit_price("C10000", "1000", 1), "1.25");
  EXPECT_EQ(unit_price("C10004", "1000", 1), "1.25");
  const auto delta = pricing_->prices_after((**first).batch, in_five_seconds());
  ASSERT_TRUE(delta && delta->has_value());
  EXPECT_FALSE((**delta).full);
  EXPECT_EQ((**delta).entries.size(), 1U);
  ASSERT_EQ((**delta).deletions.size(), 1U);
  EXPECT_EQ((**delta).deletions[0].scope_code, "C10004");
  EXPECT_EQ((**delta).deletions[0].zone, "Europe/Berlin");
}

TEST_F(SimulatedNav, PricesFollowItsTableWithoutAFile) {
  settings_.table = true;
  pricing_.reset();
  pricing_ = make_pricing(settings_, nav_.database()).value();
  const auto poll = [&] {
    const Status polled = pricing_->poll(in_five_seconds());
    EXPECT_TRUE(polled) << polled.error().message;
  };
  EXPECT_THAT(unit_price("C10000", "1000", 1), HasSubstr("no price list"));
  poll();
  EXPECT_EQ(unit_price("C10000", "1000", 1), "5.31");
  EXPECT_EQ(unit_price("C10004", "1000", 1), "4.6");
  EXPECT_EQ(unit_price("C10009", "1000", 10), "4.72");
  const auto first = pricing_->prices_after("", in_five_seconds());
  ASSERT_TRUE(first && first->has_value());
  EXPECT_EQ((**first).entries.size(), 248U);  // As many as its file has.
  poll();
  const auto same = pricing_->prices_after((**first).batch, in_five_seconds());
  EXPECT_TRUE(same && !same->has_value()) << "nothing has changed";

  nav_.post("/_sim/users/change_price", R"({"item":"1000","unit_price":"1.25"})");
  nav_.post("/_sim/users/change_price",
            R"({"item":"1000","sales_type":"customer","code":"C10004","delete":true})");
  poll();
  EXPECT_EQ(unit_price("C10000", "1000", 1), "1.25");
  EXPECT_EQ(unit_price("C10004", "1000", 1), "1.25");
  const auto next = pricing_->prices_after((**first).batch, in_five_seconds());
  ASSERT_TRUE(next && next->has_value());
  EXPECT_TRUE((**next).full);
  EXPECT_EQ((**next).entries.size(), 247U);

  // After a restart the table is read again, and is no other list for it.
  pricing_.reset();
  pricing_ = make_pricing(settings_, nav_.database()).value();
  poll();
  const auto still = pricing_->prices_after((**next).batch, in_five_seconds());
  EXPECT_TRUE(still && !still->has_value());
  for (const Finding& finding : pricing_->examine(in_five_seconds()))
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
}

TEST_F(SimulatedNav, ItsSpoiltFilesLeaveTheLastGoodListInForce) {
  write_file(R"({"mode":"full"})");
  const auto good = pricing_->prices_after("", in_five_seconds());
  ASSERT_TRUE(good && good->has_value());
  std::vector<std::string> reasons;
  for (const char* trap : {"truncated", "bad_hash", "duplicate", "half_written"}) {
    write_file(std::string(R"({"mode":"full","trap":")") + trap + "\"}");
    for (const Alarm& alarm : pricing_->alarms()) reasons.push_back(alarm.detail);
    const auto now = pricing_->prices_after("", in_five_seconds());
    ASSERT_TRUE(now && now->has_value());
    EXPECT_EQ((**now).batch, (**good).batch) << trap;
  }
  EXPECT_THAT(reasons, ElementsAre(HasSubstr("truncated"), HasSubstr("hash total"),
                                   HasSubstr("duplicate"), HasSubstr("truncated")));
  write_file(R"({"mode":"full"})");
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
}

TEST_F(SimulatedNav, AFileThatIsStillBeingWrittenIsTakenWhenItIsComplete) {
  settings_.drop.stable_ms = 400;
  pricing_.reset();
  pricing_ = make_pricing(settings_, nav_.database()).value();
  nav_.post("/_sim/users/write_price_file",
            R"({"mode":"full","trap":"half_written","complete_after_ms":200})");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  bool taken = false;
  while (!taken && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(pricing_->poll(in_five_seconds()));
    taken = pricing_->prices_after("", in_five_seconds())->has_value();
  }
  EXPECT_TRUE(taken);
  EXPECT_THAT(pricing_->alarms(), IsEmpty());
}

TEST_F(SimulatedNav, StockIsTheSumOfItsLedgerLessOpenOrders) {
  const auto all = inventory_->get_stock({}, in_five_seconds());
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), 180U);  // 60 articles, 3 locations.
  const StockQuery query{{Sku("1000")}, LocationCode("EAST")};
  const auto before = inventory_->get_stock(query, in_five_seconds());
  ASSERT_TRUE(before && before->size() == 1);
  EXPECT_EQ(before->front().available, before->front().on_hand - before->front().reserved);
  EXPECT_EQ(before->front().uom, "PCS");
  Decimal moved;
  Cursor cursor;
  for (bool more = true; more;) {
    const auto page = inventory_->stock_movements(cursor, in_five_seconds());
    ASSERT_TRUE(page);
    for (const StockMovement& movement : page->items)
      if (movement.key == before->front().key) moved += movement.quantity;
    cursor = page->next;
    more = page->more;
  }
  EXPECT_EQ(moved, before->front().on_hand);
  nav_.post("/_sim/users/receipt",
            R"({"document":"WR-1","item":"1000","location":"EAST","quantity":"7.5"})");
  const auto after = inventory_->get_stock(query, in_five_seconds());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->front().on_hand, before->front().on_hand + Decimal::parse("7.5").value());
  const auto change = inventory_->stock_movements(cursor, in_five_seconds());
  ASSERT_TRUE(change);
  ASSERT_EQ(change->items.size(), 1U);
  EXPECT_EQ(change->items[0].movement, MovementId("WR-1"));
  EXPECT_EQ(change->items[0].quantity.text(), "7.5");
  const auto found = inventory_->find_adjustment(MovementId("wr-1"), in_five_seconds());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->document, change->items[0].entry);
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
