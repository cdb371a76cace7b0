#include "tests/conformance/site.h"

#include <algorithm>
#include <set>

namespace underpin::conformance {
namespace {

// ---- customers
// -----------------------------------------------------------------------------------

class CustomerContract : public Contract {
 protected:
  Customer new_customer() {
    const std::string number = new_number();
    Customer customer;
    customer.number = CustomerNumber{"X" + number};
    customer.name = "Ada Test " + number;
    customer.kind = "person";
    customer.email = "ada" + number + "@example.com";
    customer.phone = "+49 30 1234567";
    customer.currency = "EUR";
    customer.price_group = "VIP";
    Address address;
    address.name = customer.name;
    address.line1 = "Am Markt 1";
    address.city = "Bremen";
    address.post_code = "28195";
    address.country = "DE";
    customer.address = address;
    return customer;
  }
  Customer held(const CustomerNumber& number) {
    const auto found = customers().get_customer(number, call_within());
    EXPECT_TRUE(found.has_value()) << said(found);
    return found ? *found : Customer{};
  }
  std::set<std::string> changes(Cursor& cursor) {
    std::set<std::string> seen;
    for (bool more = true; more;) {
      const auto page = customers().customer_changes(cursor, call_within());
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) break;
      for (const CustomerChange& change : page->items) seen.insert(change.number.text());
      EXPECT_FALSE(page->next.empty());
      cursor = page->next;
      more = page->more;
    }
    return seen;
  }
};

TEST_P(CustomerContract, CreatesUnderTheChannelsNumberOnceAndRefusesOtherContent) {
  const Customer customer = new_customer();
  for (int times = 0; times < 2; ++times) {
    const auto receipt = customers().create_customer(customer, write_within());
    ASSERT_TRUE(receipt.has_value()) << said(receipt);
    EXPECT_EQ(receipt->number, customer.number);
  }
  EXPECT_EQ(site().customers(customer.number), 1);
  const Customer kept = held(customer.number);
  EXPECT_EQ(kept.name, customer.name);
  EXPECT_EQ(kept.kind, customer.kind);
  EXPECT_EQ(kept.email, customer.email);
  EXPECT_EQ(kept.phone, customer.phone);
  EXPECT_EQ(kept.price_group, customer.price_group);
  EXPECT_EQ(kept.blocked, CustomerBlock::none);
  ASSERT_TRUE(kept.address.has_value());
  EXPECT_EQ(kept.address->line1, customer.address->line1);
  EXPECT_EQ(kept.address->post_code, customer.address->post_code);
  Customer other = customer;
  other.name = "Somebody Else";
  const auto conflict = customers().create_customer(other, write_within());
  ASSERT_FALSE(conflict.has_value());
  EXPECT_EQ(conflict.error().code, ErrorCode::conflict) << said(conflict);
  EXPECT_EQ(held(customer.number).name, customer.name);
  const auto unknown = customers().get_customer(CustomerNumber{"NOBODY"}, call_within());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST_P(CustomerContract, AmendsAbsolutelyAndRefusesAStaleRevision) {
  const Customer customer = new_customer();
  ASSERT_TRUE(customers().create_customer(customer, write_within()));
  const Revision before = held(customer.number).revision;
  CustomerAmendment amendment;
  amendment.name = "Ada Married";
  amendment.price_group = "RETAIL";
  for (int times = 0; times < 2; ++times) {
    const auto amended =
        customers().amend_customer(customer.number, amendment, Revision{}, write_within());
    ASSERT_TRUE(amended.has_value()) << said(amended);
  }
  const Customer now = held(customer.number);
  EXPECT_EQ(now.name, "Ada Married");
  EXPECT_EQ(now.price_group, "RETAIL");
  EXPECT_EQ(now.email, customer.email) << "what is not named stays";
  if (!site().adapter().descriptor().optimistic_locking) return;
  ASSERT_NE(now.revision, before);
  amendment.name = "Too Late";
  const auto stale = customers().amend_customer(customer.number, amendment, before, write_within());
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, ErrorCode::conflict) << said(stale);
  EXPECT_EQ(held(customer.number).name, "Ada Married");
  const auto current =
      customers().amend_customer(customer.number, amendment, now.revision, write_within());
  EXPECT_TRUE(current.has_value()) << said(current);
}

TEST_P(CustomerContract, PutMakesTheErpHoldExactlyThisBlockIncluded) {
  Customer customer = new_customer();
  ASSERT_TRUE(customers().put_customer(customer, write_within(20'000, Role::mirror)));
  EXPECT_EQ(held(customer.number).name, customer.name);
  customer.name = "Renamed";
  customer.address->city = "Hamburg";
  customer.blocked = CustomerBlock::all;
  for (int times = 0; times < 2; ++times) {
    const auto put = customers().put_customer(customer, write_within(20'000, Role::mirror));
    ASSERT_TRUE(put.has_value()) << said(put);
  }
  const Customer now = held(customer.number);
  EXPECT_EQ(now.name, "Renamed");
  EXPECT_EQ(now.address->city, "Hamburg");
  EXPECT_EQ(now.blocked, CustomerBlock::all);
  EXPECT_EQ(site().customers(customer.number), 1);
}

// What makes a feed's echo of our own writes harmless (docs/operating/feeds.md): it is looked at
// and not written again.
TEST_P(CustomerContract, PutOfWhatItHoldsAlreadyWritesNothing) {
  Customer customer = new_customer();
  customer.blocked = CustomerBlock::ship;
  ASSERT_TRUE(customers().put_customer(customer, write_within(20'000, Role::mirror)));
  const Customer before = held(customer.number);
  // As the relay does it: with what was read, not with what was sent.
  const auto put = customers().put_customer(before, write_within(20'000, Role::mirror));
  ASSERT_TRUE(put.has_value()) << said(put);
  const Customer after = held(customer.number);
  EXPECT_EQ(after.revision, before.revision);
  EXPECT_EQ(after.updated_at, before.updated_at);
  Customer back = before;
  back.name = "Somebody Else's";
  ASSERT_TRUE(customers().put_customer(back, write_within(20'000, Role::mirror)));
  ASSERT_TRUE(customers().put_customer(before, write_within(20'000, Role::mirror)));
  EXPECT_EQ(held(customer.number).name, before.name) << "back to an older value is a change";
}

TEST_P(CustomerContract, SearchFindsByEmailAndNameAndEndsItsPages) {
  const Customer customer = new_customer();
  ASSERT_TRUE(customers().create_customer(customer, write_within()));
  CustomerQuery by_email;
  by_email.email = "ADA" + customer.email.substr(3);
  auto page = customers().search_customers(by_email, call_within());
  ASSERT_TRUE(page.has_value()) << said(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].number, customer.number);
  CustomerQuery by_name;
  by_name.name = customer.name.substr(2);
  page = customers().search_customers(by_name, call_within());
  ASSERT_TRUE(page.has_value()) << said(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].number, customer.number);

  CustomerQuery all;
  all.limit = 40;
  std::set<std::string> numbers;
  std::size_t count = 0;
  for (int pages = 0; pages < 50; ++pages) {
    page = customers().search_customers(all, call_within());
    ASSERT_TRUE(page.has_value()) << said(page);
    for (const Customer& one : page->items) numbers.insert(one.number.text());
    count += page->items.size();
    all.cursor = page->next;
    if (all.cursor.empty()) break;
  }
  EXPECT_GE(numbers.size(), 120u);
  EXPECT_EQ(numbers.size(), count) << "nobody twice";
}

TEST_P(CustomerContract, ChangesShowWhatTheErpsOwnPeopleDid) {
  Cursor cursor;
  EXPECT_GE(changes(cursor).size(), 120u);
  const Customer customer = new_customer();
  ASSERT_TRUE(customers().create_customer(customer, write_within()));
  EXPECT_TRUE(changes(cursor).contains(customer.number.text()));
  site().block_customer(customer.number, true);
  EXPECT_TRUE(changes(cursor).contains(customer.number.text()));
  EXPECT_EQ(held(customer.number).blocked, CustomerBlock::all);
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(customers, CustomerContract);

// ---- stock
// ---------------------------------------------------------------------------------------

class InventoryContract : public Contract {
 protected:
  StockLevel level(const char* sku, const char* location) {
    const auto levels = inventory().get_stock({{Sku{sku}}, LocationCode{location}}, call_within());
    EXPECT_TRUE(levels.has_value()) << said(levels);
    return levels && !levels->empty() ? levels->front() : StockLevel{};
  }
  StockAdjustment adjustment(const char* sku, const char* quantity) {
    StockAdjustment one;
    one.movement = MovementId{"MV-" + new_number()};
    one.key = {Sku{sku}, LocationCode{"EAST"}};
    one.quantity = decimal(quantity);
    one.uom = "PCS";
    return one;
  }
};

TEST_P(InventoryContract, TellsStockPerLocationAndRefusesWhatItDoesNotKnow) {
  const auto everywhere = inventory().get_stock({{Sku{"1010"}, Sku{"1011"}}, {}}, call_within());
  ASSERT_TRUE(everywhere.has_value()) << said(everywhere);
  std::set<std::pair<std::string, std::string>> keys;
  for (const StockLevel& one : *everywhere) {
    keys.insert({one.key.sku.text(), one.key.location.text()});
    EXPECT_EQ(one.available, one.on_hand - one.reserved);
    EXPECT_EQ(one.uom, "PCS");
    EXPECT_FALSE(one.as_of.empty());
  }
  EXPECT_EQ(keys.size(), 6u) << "two articles at three locations";
  EXPECT_EQ(everywhere->size(), 6u);
  const auto unknown = inventory().get_stock({{Sku{"NONE"}}, {}}, call_within());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found) << said(unknown);
  const auto nowhere = inventory().get_stock({{Sku{"1010"}}, LocationCode{"MOON"}}, call_within());
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_EQ(nowhere.error().code, ErrorCode::not_found) << said(nowhere);
}

TEST_P(InventoryContract, ListsEveryLevelOnceInPages) {
  const auto all = inventory().get_stock({}, call_within());
  ASSERT_TRUE(all) << all.error().message;
  std::map<StockKey, Decimal> expected;
  for (const StockLevel& level : *all) expected[level.key] = level.on_hand;
  for (const int limit : {7, 1000}) {
    std::map<StockKey, Decimal> listed;
    Cursor cursor;
    int pages = 0;
    do {
      const auto page = inventory().list_stock(cursor, limit, call_within());
      ASSERT_TRUE(page) << page.error().message;
      for (const StockLevel& level : page->items)
        EXPECT_TRUE(listed.emplace(level.key, level.on_hand).second) << level.key.sku.text();
      cursor = page->next;
      ASSERT_LT(++pages, 10'000);
    } while (!cursor.empty());
    EXPECT_EQ(listed, expected) << limit;
    EXPECT_GE(pages, limit == 7 ? 3 : 1);
  }
}

TEST_P(InventoryContract, PostsAMovementOnceAndFindsIt) {
  const Decimal before = level("1012", "EAST").on_hand;
  const StockAdjustment more = adjustment("1012", "2.5");
  const auto first = inventory().adjust_stock(more, write_within());
  ASSERT_TRUE(first.has_value()) << said(first);
  EXPECT_EQ(first->movement, more.movement);
  EXPECT_EQ(first->key, more.key);
  EXPECT_EQ(first->quantity, decimal("2.5"));
  const auto again = inventory().adjust_stock(more, write_within());
  ASSERT_TRUE(again.has_value()) << said(again);
  EXPECT_EQ(again->document, first->document) << "a repeat answers with the first posting";
  EXPECT_EQ(site().postings(more.movement), 1);
  EXPECT_EQ(level("1012", "EAST").on_hand, before + decimal("2.5"));
  const auto found = inventory().find_adjustment(more.movement, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->document, first->document);
  EXPECT_EQ(found->quantity, decimal("2.5"));

  const StockAdjustment less = adjustment("1012", "-1");
  ASSERT_TRUE(inventory().adjust_stock(less, write_within()));
  EXPECT_EQ(level("1012", "EAST").on_hand, before + decimal("1.5"));
  const auto nothing = inventory().find_adjustment(MovementId{"MV-NEVER"}, call_within());
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found) << said(nothing);
  StockAdjustment count = adjustment("1012", "7");
  count.kind = AdjustmentKind::count;
  const auto counted = inventory().adjust_stock(count, write_within());
  ASSERT_FALSE(counted.has_value());
  EXPECT_EQ(counted.error().code, ErrorCode::unsupported) << "the facade makes it a difference";
}

TEST_P(InventoryContract, AMovementPostedTwiceIsAConflict) {
  const StockAdjustment one = adjustment("1013", "4");
  const Decimal before = level("1013", "EAST").on_hand;
  site().fault(Write::post_journal, "duplicate");
  (void)inventory().adjust_stock(one, write_within()).has_value();
  if (site().adapter().descriptor().idempotency == IdempotencyMode::natural_key) {
    // The ERP itself refuses a second posting under the movement's id.
    EXPECT_EQ(site().postings(one.movement), 1);
    EXPECT_EQ(level("1013", "EAST").on_hand, before + decimal("4"));
    const auto kept = inventory().find_adjustment(one.movement, call_within());
    ASSERT_TRUE(kept.has_value()) << said(kept);
    EXPECT_EQ(kept->quantity, decimal("4"));
    return;
  }
  ASSERT_EQ(site().postings(one.movement), 2);
  const auto found = inventory().find_adjustment(one.movement, call_within());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::conflict) << said(found);
}

TEST_P(InventoryContract, TheMovementsFeedTellsEveryEntryOnce) {
  Cursor cursor;
  const auto poll = [&] {
    std::vector<StockMovement> seen;
    for (bool more = true; more;) {
      const auto page = inventory().stock_movements(cursor, call_within());
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) break;
      seen.insert(seen.end(), page->items.begin(), page->items.end());
      cursor = page->next;
      more = page->more;
    }
    return seen;
  };
  EXPECT_GE(poll().size(), 180u) << "the first poll is everything there is";
  const StockAdjustment one = adjustment("1014", "6");
  ASSERT_TRUE(inventory().adjust_stock(one, write_within()));
  const std::string issue = "GI-" + new_number();
  site().goods_issue(Sku{"1014"}, LocationCode{"WEST"}, "2", issue);
  const auto seen = poll();
  const auto with = [&](const std::string& movement) {
    std::vector<StockMovement> found;
    for (const StockMovement& entry : seen)
      if (entry.movement.text() == movement) found.push_back(entry);
    return found;
  };
  ASSERT_EQ(with(one.movement.text()).size(), 1u);
  EXPECT_EQ(with(one.movement.text())[0].quantity, decimal("6"));
  EXPECT_EQ(with(one.movement.text())[0].key, one.key);
  ASSERT_EQ(with(issue).size(), 1u) << "the warehouse's own interface is no exception";
  EXPECT_EQ(with(issue)[0].quantity, decimal("-2"));
}

TEST_P(InventoryContract, SaysWhoMovedStockOrThatItDoesNot) {
  const StockAdjustment one = adjustment("1015", "3");
  ASSERT_TRUE(inventory().adjust_stock(one, write_within()));
  const std::string issue = "GI-" + new_number();
  site().goods_issue(Sku{"1015"}, LocationCode{"EAST"}, "1", issue);
  const Timestamp since =
      Timestamp::from(std::chrono::system_clock::now()).plus_ms(-2 * 86'400'000LL);
  const auto movements = inventory().movements_of(one.key, since, call_within());
  if (!inventory().names_stock_writers()) {
    ASSERT_FALSE(movements.has_value());
    EXPECT_EQ(movements.error().code, ErrorCode::unsupported) << said(movements);
    return;
  }
  ASSERT_TRUE(movements.has_value()) << said(movements);
  const auto user_of = [&](const std::string& movement) {
    for (const StockMovement& entry : *movements)
      if (entry.movement.text() == movement && entry.key == one.key) return entry.changed_by;
    return std::string();
  };
  EXPECT_FALSE(user_of(one.movement.text()).empty());
  EXPECT_FALSE(user_of(issue).empty());
  EXPECT_NE(user_of(issue), user_of(one.movement.text())) << "the warehouse is not Underpin";
  for (const StockMovement& entry : *movements) {
    EXPECT_EQ(entry.key, one.key);
    EXPECT_GE(entry.changed_at, since.plus_ms(-86'400'000)) << "on or after that day";
  }
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(inventory, InventoryContract);

// ---- prices
// --------------------------------------------------------------------------------------

class PricingContract : public Contract {
 protected:
  // What an adapter needs before it has prices: the file that waits for it.
  void run_tasks() {
    for (const AdapterTask& task : site().adapter().tasks()) {
      const Status done = task.run(call_within());
      EXPECT_TRUE(done.has_value()) << task.name << ": " << said(done);
    }
  }
  void await_prices() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    PriceQuery query;
    query.limit = 1;
    while (true) {
      run_tasks();
      const auto page = pricing().list_prices(query, call_within());
      if (page && !page->items.empty()) return;
      ASSERT_LT(std::chrono::steady_clock::now(), until) << "no price list: " << said(page);
    }
  }
};

TEST_P(PricingContract, QuotesWhatRulesForACustomerWithItsReasons) {
  ASSERT_NO_FATAL_FAILURE(await_prices());
  QuoteRequest request;
  request.customer = CustomerNumber{"C10000"};
  request.currency = "EUR";
  request.lines = {{1, Sku{"1000"}, decimal("2"), "PCS"}, {2, Sku{"1003"}, decimal("1"), "PCS"}};
  const auto quote = pricing().quote(request, call_within());
  ASSERT_TRUE(quote.has_value()) << said(quote);
  ASSERT_EQ(quote->lines.size(), 2u);
  Decimal total;
  for (const QuotedLine& one : quote->lines) {
    EXPECT_TRUE(one.list_price > Decimal{}) << one.number;
    EXPECT_EQ(one.net_amount, (one.quantity * one.unit_price).rounded(2, Rounding::half_up));
    if (one.unit_price != one.list_price) {
      EXPECT_FALSE(one.adjustments.empty()) << one.number;
    }
    total += one.net_amount;
  }
  EXPECT_EQ(quote->total_net, total);
  EXPECT_FALSE(quote->prices_as_of.empty());
  request.lines[1].sku = Sku{"NONE"};
  const auto refused = pricing().quote(request, call_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_FALSE(refused.error().fields.empty()) << "the line is named";
}

TEST_P(PricingContract, ListsItsPricesPageByPage) {
  ASSERT_NO_FATAL_FAILURE(await_prices());
  PriceQuery query;
  query.limit = 50;
  std::size_t count = 0;
  std::set<std::string> skus;
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = pricing().list_prices(query, call_within());
    ASSERT_TRUE(page.has_value()) << said(page);
    for (const PriceEntry& entry : page->items) skus.insert(entry.sku.text());
    count += page->items.size();
    query.cursor = page->next;
    if (query.cursor.empty()) break;
  }
  EXPECT_TRUE(query.cursor.empty());
  EXPECT_EQ(skus.size(), 60u);
  EXPECT_GE(count, 60u);
  PriceQuery one;
  one.sku = Sku{"1005"};
  const auto page = pricing().list_prices(one, call_within());
  ASSERT_TRUE(page.has_value()) << said(page);
  ASSERT_FALSE(page->items.empty());
  for (const PriceEntry& entry : page->items) EXPECT_EQ(entry.sku, Sku{"1005"});
}

TEST_P(PricingContract, PublishingIsIdempotentWithControlTotalsOrDeclaredUnsupported) {
  PriceList list;
  list.batch = "conf-" + new_number();
  list.full = false;
  list.created = Timestamp::from(std::chrono::system_clock::now());
  for (const char* sku : {"1020", "1021"}) {
    PriceEntry entry;
    entry.sku = Sku{sku};
    entry.scope = PriceScope::group;
    entry.scope_code = "VIP";
    entry.from = Date{2026, 1, 1};
    entry.zone = "Europe/Berlin";
    entry.minimum_quantity = decimal("10");
    entry.uom = "PCS";
    entry.currency = "EUR";
    entry.unit_price = decimal("1.25");
    list.entries.push_back(entry);
  }
  const auto first = pricing().publish_prices(list, write_within());
  if (!first) {
    EXPECT_EQ(first.error().code, ErrorCode::unsupported) << said(first);
    return;
  }
  EXPECT_EQ(first->batch, list.batch);
  EXPECT_EQ(first->rows, 2);
  EXPECT_EQ(first->hash_total, list.hash_total());
  const auto again = pricing().publish_prices(list, write_within());
  ASSERT_TRUE(again.has_value()) << said(again);
  EXPECT_EQ(*again, *first);
  PriceQuery query;
  query.sku = Sku{"1020"};
  const auto page = pricing().list_prices(query, call_within());
  ASSERT_TRUE(page.has_value()) << said(page);
  EXPECT_EQ(std::count(page->items.begin(), page->items.end(), list.entries[0]), 1);
}

TEST_P(PricingContract, SaysWhatWasChangedSinceOrThatItDoesNot) {
  const Timestamp ever = Timestamp::start_of(Date{2000, 1, 1});
  const auto all = pricing().prices_changed(Sku{"1022"}, ever, call_within());
  if (!pricing().dates_prices()) {
    ASSERT_FALSE(all.has_value());
    EXPECT_EQ(all.error().code, ErrorCode::unsupported) << said(all);
    return;
  }
  ASSERT_TRUE(all.has_value()) << said(all);
  PriceQuery query;
  query.sku = Sku{"1022"};
  const auto listed = pricing().list_prices(query, call_within());
  ASSERT_TRUE(listed.has_value()) << said(listed);
  EXPECT_EQ(all->size(), listed->items.size()) << "all of them were added at some time";
  for (const PriceEntry& entry : listed->items)
    EXPECT_EQ(std::count(all->begin(), all->end(), entry), 1);
  const Timestamp later = Timestamp::from(std::chrono::system_clock::now()).plus_ms(3'600'000);
  const auto none = pricing().prices_changed(Sku{"1022"}, later, call_within());
  ASSERT_TRUE(none.has_value()) << said(none);
  EXPECT_TRUE(none->empty());
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(pricing, PricingContract);

}  // namespace
}  // namespace underpin::conformance
