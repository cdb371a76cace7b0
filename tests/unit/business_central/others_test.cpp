#include "simulated_erp.h"

namespace underpin::cloud::business_central {
namespace {

Customer new_customer(const char* number) {
  Customer customer;
  customer.number = CustomerNumber(number);
  customer.name = "Müller & Söhne";
  customer.kind = "company";
  Address address;
  address.line1 = "Hauptstraße 1";
  address.city = "Köln";
  address.post_code = "50667";
  address.country = "DE";
  customer.address = address;
  customer.email = "info@mueller.example";
  customer.phone = "+49 221 1";
  customer.currency = "EUR";
  customer.price_group = "B2B";
  return customer;
}

class BusinessCentralCustomers : public SimulatedErp {
 protected:
  Customer get(const char* number) {
    const auto found = customers().get_customer(CustomerNumber(number), call_within(5'000));
    EXPECT_TRUE(found.has_value()) << said(found);
    return found ? *found : Customer{};
  }
};

TEST_F(BusinessCentralCustomers, ComeBackAsTheyWereCreated) {
  const Customer customer = new_customer("N-1");
  const auto receipt = customers().create_customer(customer, write_within(5'000));
  ASSERT_TRUE(receipt.has_value()) << said(receipt);
  Customer read = get("N-1");
  EXPECT_EQ(read.revision, receipt->revision);
  read.updated_at.reset();
  read.revision = {};
  EXPECT_EQ(read, customer);
}

TEST_F(BusinessCentralCustomers, AreCreatedOnceAndOtherContentIsAConflict) {
  Customer customer = new_customer("N-2");
  fault("customers.POST", "504_after_commit");
  EXPECT_EQ(customers().create_customer(customer, write_within(5'000)).error().code,
            ErrorCode::outcome_unknown);
  const auto repeat = customers().create_customer(customer, write_within(5'000));
  ASSERT_TRUE(repeat.has_value()) << said(repeat);
  EXPECT_EQ(get("N-2").price_group, "B2B") << "a repeat completes the price group";
  customer.email = "other@mueller.example";
  EXPECT_EQ(customers().create_customer(customer, write_within(5'000)).error().code,
            ErrorCode::conflict);
}

TEST_F(BusinessCentralCustomers, AreAmendedOnTheVersionThatWasRead) {
  const Customer before = get("C10001");
  CustomerAmendment amendment;
  amendment.name = "New Name";
  amendment.price_group = "VIP";
  const auto receipt =
      customers().amend_customer(before.number, amendment, before.revision, write_within(5'000));
  ASSERT_TRUE(receipt.has_value()) << said(receipt);
  const Customer after = get("C10001");
  EXPECT_EQ(after.name, "New Name");
  EXPECT_EQ(after.price_group, "VIP");
  EXPECT_EQ(after.email, before.email);
  EXPECT_EQ(after.address, before.address);
  amendment.name = "Newer Name";
  EXPECT_EQ(customers()
                .amend_customer(before.number, amendment, before.revision, write_within(5'000))
                .error()
                .code,
            ErrorCode::conflict);
  fault("customers.PATCH", "stale_key");
  EXPECT_EQ(customers()
                .amend_customer(before.number, amendment, after.revision, write_within(5'000))
                .error()
                .code,
            ErrorCode::conflict);
  fault("customers.PATCH", "stale_key");
  const auto whatever_version =
      customers().amend_customer(before.number, amendment, {}, write_within(5'000));
  ASSERT_TRUE(whatever_version.has_value()) << said(whatever_version);
  EXPECT_EQ(get("C10001").name, "Newer Name");
}

TEST_F(BusinessCentralCustomers, AreOverwrittenExactlyWhenPut) {
  Customer customer = new_customer("N-3");
  customer.blocked = CustomerBlock::ship;
  const auto made = customers().put_customer(customer, write_within(5'000, Role::mirror));
  ASSERT_TRUE(made.has_value()) << said(made);
  EXPECT_EQ(get("N-3").blocked, CustomerBlock::ship);
  customer.blocked = CustomerBlock::none;
  customer.phone.clear();
  customer.address->line1 = "Nebenweg 2";
  customer.price_group.clear();
  ASSERT_TRUE(customers().put_customer(customer, write_within(5'000, Role::mirror)));
  Customer read = get("N-3");
  read.updated_at.reset();
  read.revision = {};
  EXPECT_EQ(read, customer);
  EXPECT_EQ(customers().get_customer(CustomerNumber("NOBODY"), call_within(5'000)).error().code,
            ErrorCode::not_found);
}

TEST_F(BusinessCentralCustomers, AreFoundByMailAndNameInAnyCase) {
  ASSERT_TRUE(customers().create_customer(new_customer("N-4"), write_within(5'000)));
  CustomerQuery query;
  query.email = "INFO@mueller.EXAMPLE";
  auto page = customers().search_customers(query, call_within(5'000));
  ASSERT_TRUE(page.has_value()) << said(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].price_group, "B2B");
  query.email.reset();
  query.name = "MÜLLER & s";
  page = customers().search_customers(query, call_within(5'000));
  ASSERT_TRUE(page.has_value()) << said(page);
  ASSERT_EQ(page->items.size(), 1u);
  query = {};
  query.limit = 50;
  std::size_t seen = 0;
  do {
    page = customers().search_customers(query, call_within(5'000));
    ASSERT_TRUE(page.has_value()) << said(page);
    seen += page->items.size();
    query.cursor = page->next;
  } while (!query.cursor.empty());
  EXPECT_EQ(seen, rows("customers", "customers", "currencyCode", "EUR").size());
}

TEST_F(BusinessCentralCustomers, ChangesOfCardAndPriceGroupAreSeen) {
  Cursor cursor;
  const auto poll = [&] {
    std::vector<std::string> numbers;
    for (bool more = true; more;) {
      const auto page = customers().customer_changes(cursor, call_within(5'000));
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) break;
      for (const CustomerChange& change : page->items) numbers.push_back(change.number.text());
      cursor = page->next;
      more = page->more;
    }
    return numbers;
  };
  EXPECT_GE(poll().size(), 120u);
  EXPECT_TRUE(poll().empty());
  user("block_customer", R"({"number": "C10003", "blocked": "All"})");
  EXPECT_EQ(poll(), std::vector<std::string>{"C10003"});
  CustomerAmendment amendment;
  amendment.price_group = "B2B";
  ASSERT_TRUE(
      customers().amend_customer(CustomerNumber("C10004"), amendment, {}, write_within(5'000)));
  (void)poll();
  EXPECT_TRUE(poll().empty());
  EXPECT_EQ(get("C10003").blocked, CustomerBlock::all);
}

class BusinessCentralStock : public SimulatedErp {
 protected:
  StockLevel level(const char* sku, const char* location) {
    StockQuery query;
    query.skus = {Sku(sku)};
    query.location = LocationCode(location);
    const auto levels = inventory().get_stock(query, call_within(5'000));
    EXPECT_TRUE(levels.has_value()) << said(levels);
    return levels && !levels->empty() ? levels->front() : StockLevel{};
  }
};

TEST_F(BusinessCentralStock, IsWhatTheLedgerHoldsLessTheDemandOfOpenOrders) {
  const StockLevel before = level("1000", "EAST");
  EXPECT_EQ(before.available, before.on_hand - before.reserved);
  EXPECT_EQ(before.uom, "PCS");
  ASSERT_TRUE(orders().place_order(web_order("1"), write_within(5'000, Role::mirror)));
  const StockLevel after = level("1000", "EAST");
  EXPECT_EQ(after.on_hand, before.on_hand);
  EXPECT_EQ(after.reserved, before.reserved + dec("3")) << "an inert copy counts as demand";
  StockQuery everything;
  const auto all = inventory().get_stock(everything, call_within(10'000));
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 180u);
  StockQuery several;
  several.skus = {Sku("1000"), Sku("1001"), Sku("NONE")};
  EXPECT_EQ(inventory().get_stock(several, call_within(5'000)).error().code, ErrorCode::not_found);
  several.skus.pop_back();
  EXPECT_EQ(inventory().get_stock(several, call_within(5'000))->size(), 6u);
  several.location = LocationCode("MOON");
  EXPECT_EQ(inventory().get_stock(several, call_within(5'000)).error().code, ErrorCode::not_found);
}

TEST_F(BusinessCentralStock, MovementsArePostedOnceUnderTheirId) {
  const StockLevel before = level("1005", "WEST");
  StockAdjustment adjustment;
  adjustment.movement = MovementId("M-1");
  adjustment.key = before.key;
  adjustment.quantity = dec("-1.5");
  adjustment.uom = "PCS";
  adjustment.reason = "broken in the shop";
  const auto posted = inventory().adjust_stock(adjustment, write_within(5'000));
  ASSERT_TRUE(posted.has_value()) << said(posted);
  EXPECT_EQ(posted->quantity, dec("-1.5"));
  const auto repeat = inventory().adjust_stock(adjustment, write_within(5'000));
  ASSERT_TRUE(repeat.has_value()) << said(repeat);
  EXPECT_EQ(repeat->document, posted->document);
  EXPECT_EQ(level("1005", "WEST").on_hand, before.on_hand - dec("1.5"));
  const auto found = inventory().find_adjustment(adjustment.movement, call_within(5'000));
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(*found, *posted);
  adjustment.quantity = dec("2");
  EXPECT_EQ(inventory().adjust_stock(adjustment, write_within(5'000)).error().code,
            ErrorCode::conflict);
  adjustment.movement = MovementId("M-2");
  adjustment.uom = "BOX";
  EXPECT_EQ(inventory().adjust_stock(adjustment, write_within(5'000)).error().code,
            ErrorCode::rejected);
  adjustment.uom = "PCS";
  adjustment.kind = AdjustmentKind::count;
  EXPECT_EQ(inventory().adjust_stock(adjustment, write_within(5'000)).error().code,
            ErrorCode::unsupported);
  EXPECT_EQ(inventory().find_adjustment(MovementId("M-2"), call_within(5'000)).error().code,
            ErrorCode::not_found);
}

TEST_F(BusinessCentralStock, MovementsAreSeenInOrder) {
  adapter_ = connect(R"("page_size": 50)");
  Cursor cursor;
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const auto page = inventory().stock_movements(cursor, call_within(5'000));
    ASSERT_TRUE(page.has_value()) << said(page);
    seen += page->items.size();
    cursor = page->next;
    more = page->more;
  }
  EXPECT_GE(seen, 100u);
  user("goods_issue",
       R"({"item": "1002", "location": "EAST", "quantity": "2", "document": "GI-1"})");
  const auto page = inventory().stock_movements(cursor, call_within(5'000));
  ASSERT_TRUE(page.has_value()) << said(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].movement, MovementId("GI-1"));
  EXPECT_EQ(page->items[0].quantity, dec("-2"));
}

class BusinessCentralPrices : public SimulatedErp {
 protected:
  std::vector<PriceEntry> all_prices() {
    PriceQuery query;
    std::vector<PriceEntry> entries;
    do {
      const auto page = pricing().list_prices(query, call_within(5'000));
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) break;
      entries.insert(entries.end(), page->items.begin(), page->items.end());
      query.cursor = page->next;
    } while (!query.cursor.empty());
    return entries;
  }
  static PriceEntry entry(const char* sku, const char* price) {
    PriceEntry entry;
    entry.sku = Sku(sku);
    entry.from = day("2026-01-01");
    entry.zone = "Europe/Berlin";
    entry.uom = "PCS";
    entry.currency = "EUR";
    entry.unit_price = dec(price);
    return entry;
  }
};

TEST_F(BusinessCentralPrices, RowsThatWereChangedAfterAnInstantAreTold) {
  PriceList list;
  list.batch = "T-C1";
  list.entries = {entry("1000", "20.00"), entry("1001", "10.00")};
  ASSERT_TRUE(pricing().publish_prices(list, write_within(10'000)));
  const auto as_of = pricing().prices_after({}, call_within(5'000));
  ASSERT_TRUE(as_of && *as_of) << said(as_of);
  const Timestamp published = (*as_of)->created;
  list.batch = "T-C2";
  list.full = false;
  list.entries = {entry("1000", "21.00")};
  ASSERT_TRUE(pricing().publish_prices(list, write_within(10'000)));
  EXPECT_TRUE(pricing().dates_prices());
  const auto changed = pricing().prices_changed(Sku("1000"), published, call_within(5'000));
  ASSERT_TRUE(changed.has_value()) << said(changed);
  ASSERT_EQ(changed->size(), 1u);
  EXPECT_EQ(changed->front().unit_price.text(), "21.00");
  const auto other = pricing().prices_changed(Sku("1001"), published, call_within(5'000));
  ASSERT_TRUE(other.has_value()) << said(other);
  EXPECT_TRUE(other->empty());
  const auto all = pricing().prices_changed(Sku("1001"), Timestamp{1'000}, call_within(5'000));
  ASSERT_TRUE(all.has_value()) << said(all);
  EXPECT_EQ(all->size(), 1u);
}

TEST_F(BusinessCentralPrices, QuotesSayWhyAPriceRules) {
  PriceList list;
  list.batch = "T-1";
  list.full = true;
  list.entries = {entry("1000", "20.00"), entry("1001", "10.00")};
  PriceEntry own = entry("1000", "15.55");
  own.scope = PriceScope::customer;
  own.scope_code = "C10000";
  list.entries.push_back(own);
  const auto published = pricing().publish_prices(list, write_within(10'000));
  ASSERT_TRUE(published.has_value()) << said(published);
  QuoteRequest request;
  request.customer = CustomerNumber("C10000");
  request.currency = "EUR";
  request.lines = {{7, Sku("1000"), dec("2"), "PCS"}, {8, Sku("1001"), dec("1"), "PCS"}};
  const auto quote = pricing().quote(request, call_within(5'000));
  ASSERT_TRUE(quote.has_value()) << said(quote);
  ASSERT_EQ(quote->lines.size(), 2u);
  EXPECT_EQ(quote->lines[0].number, 7);
  EXPECT_EQ(quote->lines[0].list_price.text(), "20.00");
  EXPECT_EQ(quote->lines[0].unit_price.text(), "15.55");
  EXPECT_EQ(quote->lines[0].net_amount.text(), "31.10");
  ASSERT_EQ(quote->lines[0].adjustments.size(), 1u);
  EXPECT_EQ(quote->lines[0].adjustments[0].kind, "customer_price");
  EXPECT_EQ(quote->lines[0].adjustments[0].amount.text(), "-8.90");
  EXPECT_TRUE(quote->lines[1].adjustments.empty());
  EXPECT_EQ(quote->total_net.text(), "41.10");
  EXPECT_FALSE(quote->prices_as_of.empty());
  request.lines[1].sku = Sku("NONE");
  const auto unknown = pricing().quote(request, call_within(5'000));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::rejected);
  ASSERT_EQ(unknown.error().fields.size(), 1u) << said(unknown);
  EXPECT_EQ(unknown.error().fields[0].pointer, "/lines/1/sku");
}

TEST_F(BusinessCentralPrices, ListsArePublishedOnceWithControlTotals) {
  PriceList list;
  list.batch = "T-2";
  list.entries = {entry("1000", "19.99"), entry("1001", "0.10"), entry("1002", "10.50")};
  list.entries[2].to = day("2026-12-31");
  list.entries[2].minimum_quantity = dec("5");
  list.entries[1].tax_included = true;
  list.entries[1].scope = PriceScope::group;
  list.entries[1].scope_code = "VIP";
  fault("priceListBatches.POST", "drop_after_commit");
  EXPECT_EQ(pricing().publish_prices(list, write_within(5'000)).error().code,
            ErrorCode::outcome_unknown);
  const auto receipt = pricing().publish_prices(list, write_within(5'000));
  ASSERT_TRUE(receipt.has_value()) << said(receipt);
  EXPECT_EQ(receipt->rows, 3);
  EXPECT_EQ(receipt->hash_total, dec("30.59"));
  const std::vector<PriceEntry> read = all_prices();
  ASSERT_EQ(read.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(read[i], list.entries[i]) << i;
  PriceList delta;
  delta.batch = "T-3";
  delta.full = false;
  delta.entries = {entry("1000", "18.00")};
  delta.deletions = {list.entries[1]};
  ASSERT_TRUE(pricing().publish_prices(delta, write_within(5'000)));
  ASSERT_EQ(all_prices().size(), 2u);
  EXPECT_EQ(all_prices()[0].unit_price.text(), "18.00");
}

TEST_F(BusinessCentralPrices, OfACustomerAreItsOwnItsGroupsAndEveryones) {
  const std::vector<PriceEntry> all = all_prices();
  PriceQuery query;
  query.customer = CustomerNumber("C10001");
  query.limit = 200;
  const auto customer = customers().get_customer(*query.customer, call_within(5'000));
  ASSERT_TRUE(customer.has_value());
  std::size_t expected = 0;
  for (const PriceEntry& one : all)
    if (one.scope == PriceScope::everyone ||
        (one.scope == PriceScope::group && one.scope_code == customer->price_group) ||
        (one.scope == PriceScope::customer && one.scope_code == "C10001"))
      ++expected;
  std::size_t seen = 0;
  do {
    const auto page = pricing().list_prices(query, call_within(5'000));
    ASSERT_TRUE(page.has_value()) << said(page);
    seen += page->items.size();
    query.cursor = page->next;
  } while (!query.cursor.empty());
  EXPECT_EQ(seen, expected);
  EXPECT_LT(expected, all.size());
  query.customer = CustomerNumber("NOBODY");
  EXPECT_EQ(pricing().list_prices(query, call_within(5'000)).error().code, ErrorCode::rejected);
}

TEST_F(BusinessCentralPrices, AreFedOnAsAWholeWheneverARowChanges) {
  const auto first = pricing().prices_after({}, call_within(5'000));
  ASSERT_TRUE(first.has_value()) << said(first);
  ASSERT_TRUE(first->has_value());
  EXPECT_TRUE((*first)->full);
  EXPECT_EQ((*first)->entries.size(), all_prices().size());
  const auto none = pricing().prices_after((*first)->batch, call_within(5'000));
  ASSERT_TRUE(none.has_value()) << said(none);
  EXPECT_FALSE(none->has_value());
  user("change_price", R"({"item": "1000", "price": "1.23"})");
  const auto next = pricing().prices_after((*first)->batch, call_within(5'000));
  ASSERT_TRUE(next.has_value() && next->has_value());
  EXPECT_NE((*next)->hash_total(), (*first)->hash_total());
}

class BusinessCentralDoctor : public SimulatedErp {};

TEST_F(BusinessCentralDoctor, FindsEverythingInTheSampleCompany) {
  ASSERT_TRUE(adapter_->ping(call_within(5'000)));
  const std::vector<Finding> findings = adapter_->examine(call_within(10'000));
  EXPECT_GT(findings.size(), 20u);
  for (const Finding& finding : findings)
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
}

TEST_F(BusinessCentralDoctor, NamesWhatIsMissing) {
  adapter_ = connect(R"("site_api": {"pages": {"stock": "warehouseStock"}})");
  bool named = false;
  for (const Finding& finding : adapter_->examine(call_within(10'000))) {
    if (finding.what.find("warehouseStock") == std::string::npos) {
      EXPECT_TRUE(finding.ok) << finding.what;
      continue;
    }
    named = true;
    EXPECT_FALSE(finding.ok);
  }
  EXPECT_TRUE(named);
  adapter_ = connect(R"("site_api": {"version": "v9.9"})");
  const std::vector<Finding> findings = adapter_->examine(call_within(10'000));
  EXPECT_FALSE(findings.back().ok);
  EXPECT_NE(findings.back().what.find("contoso/retail/v9.9"), std::string::npos);
}

TEST(BusinessCentralSettings, RefuseWhatTheyDoNotKnow) {
  const auto make = [](const std::string& text) {
    return make_business_central_adapter({"bc", text, ""});
  };
  const auto unknown = make(R"({"base_url": "http://127.0.0.1:1", "company": "X", "colour": "red",
      "auth": {"kind": "basic", "user": "u", "password": "env:UNDERPIN_NOT_SET"}})");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(unknown.error().system, "bc");
  std::string pointers;
  for (const FieldError& field : unknown.error().fields) pointers += field.pointer + " ";
  EXPECT_NE(pointers.find("/colour"), std::string::npos) << pointers;
  EXPECT_NE(pointers.find("/auth/password"), std::string::npos) << pointers;
  EXPECT_FALSE(make(R"({"base_url": "http://127.0.0.1:1",
      "auth": {"kind": "basic", "user": "u", "password": "p"}})")
                   .has_value());
  EXPECT_FALSE(make(R"({"base_url": "http://127.0.0.1:1", "company": "X",
      "auth": {"kind": "oauth2", "client_id": "c"}})")
                   .has_value());
  EXPECT_FALSE(make(R"({"base_url": "http://127.0.0.1:1", "company": "X", "tls": {"ca_file": "/no"},
      "auth": {"kind": "basic", "user": "u", "password": "p"}})")
                   .has_value());
}

TEST(BusinessCentralSettings, AnErpThatIsDownIsUnavailable) {
  const auto adapter =
      make_business_central_adapter({"bc", R"({"base_url": "http://127.0.0.1:9", "company": "X",
                 "auth": {"kind": "basic", "user": "u", "password": "p"}})",
                                     ""});
  ASSERT_TRUE(adapter.has_value());
  EXPECT_EQ((*adapter)->ping(call_within(2'000)).error().code, ErrorCode::unavailable);
  EXPECT_EQ((*adapter)->orders()->place_order(web_order("1"), write_within(2'000)).error().code,
            ErrorCode::unavailable);
  EXPECT_FALSE((*adapter)->examine(call_within(2'000)).at(0).ok);
}

}  // namespace
}  // namespace underpin::cloud::business_central
