// Customers against the simulated NAV.
#include "tests/unit/dynamics_nav/nav_adapter.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class CustomersOfNav : public NavAdapter {
 protected:
  static Customer sample(const char* number = "X-1") {
    Customer customer;
    customer.number = CustomerNumber(number);
    customer.name = "Jürgen Groß & Söhne (Köln)";
    customer.kind = "company";
    customer.address = Address{"", "", "", "Am Ring 3", "Hof 2", "Köln", "50667", "NRW", "DE"};
    customer.email = "einkauf@gross.example";
    customer.phone = "+49 221 1";
    customer.currency = "EUR";
    customer.price_group = "B2B";
    return customer;
  }
  std::vector<std::string> found(const CustomerQuery& query) {
    std::vector<std::string> numbers;
    const auto page = customers().search_customers(query, now());
    EXPECT_TRUE(page) << page.error().message;
    if (page)
      for (const Customer& one : page->items) numbers.push_back(one.number.text());
    return numbers;
  }
};

TEST_F(CustomersOfNav, AreCreatedOnceUnderTheirNumberAndReadBack) {
  const auto created = customers().create_customer(sample(), now());
  ASSERT_TRUE(created) << created.error().message;
  auto back = customers().get_customer(CustomerNumber("X-1"), now());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->revision, created->revision);
  back = [&] {
    Customer c = *back;
    c.revision = {};
    return Result<Customer>(c);
  }();
  EXPECT_EQ(*back, sample());
  const auto repeated = customers().create_customer(sample(), now());
  ASSERT_TRUE(repeated) << repeated.error().message;
  EXPECT_EQ(repeated->revision, created->revision);
  Customer other = sample();
  other.email = "other@gross.example";
  const auto conflict = customers().create_customer(other, now());
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, ErrorCode::conflict);
  fault("Customer.Create", "duplicate");
  EXPECT_TRUE(customers().create_customer(sample("X-2"), now()));
  fault("Customer.Create", "drop_after_commit");
  const auto unknown = customers().create_customer(sample("X-3"), now());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::outcome_unknown);
  EXPECT_TRUE(customers().create_customer(sample("X-3"), now()));
  Customer wrong = sample("X-4");
  wrong.price_group = "NOPE";
  const auto refused = customers().create_customer(wrong, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(customers().get_customer(CustomerNumber("X-4"), now()).error().code,
            ErrorCode::not_found);
}

TEST_F(CustomersOfNav, AreChangedOnlyFromTheRevisionThatWasRead) {
  const CustomerNumber number("C10000");
  const auto read = customers().get_customer(number, now());
  ASSERT_TRUE(read);
  CustomerAmendment amendment;
  amendment.email = "new@example.com";
  amendment.phone = "";
  const auto changed = customers().amend_customer(number, amendment, read->revision, now());
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_NE(changed->revision, read->revision);
  const auto stale = customers().amend_customer(number, amendment, read->revision, now());
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::conflict);
  const auto back = customers().get_customer(number, now());
  EXPECT_EQ(back->email, "new@example.com");
  EXPECT_EQ(back->phone, "");
  EXPECT_EQ(back->name, read->name);
  EXPECT_EQ(back->address, read->address);
  // A repeat changes nothing; a Key that goes stale on the way is read again.
  EXPECT_EQ(customers().amend_customer(number, amendment, {}, now())->revision, changed->revision);
  fault("Customer.Update", "stale_key");
  amendment.name = "Other";
  EXPECT_TRUE(customers().amend_customer(number, amendment, {}, now()));
  EXPECT_EQ(customers().amend_customer(CustomerNumber("NONE"), amendment, {}, now()).error().code,
            ErrorCode::not_found);
}

TEST_F(CustomersOfNav, CarryTheirBlockOnlyIntoMirrors) {
  Customer customer = sample();
  customer.blocked = CustomerBlock::ship;
  ASSERT_TRUE(customers().put_customer(customer, now()));
  EXPECT_EQ(customers().get_customer(customer.number, now())->blocked, CustomerBlock::none);
  ASSERT_TRUE(customers().put_customer(customer, now(Role::mirror)));
  EXPECT_EQ(customers().get_customer(customer.number, now())->blocked, CustomerBlock::ship);
  customer.blocked = CustomerBlock::none;
  customer.price_group = "";
  ASSERT_TRUE(customers().put_customer(customer, now(Role::mirror)));
  const auto back = customers().get_customer(customer.number, now());
  EXPECT_EQ(back->blocked, CustomerBlock::none);
  EXPECT_EQ(back->price_group, "");
  act("block_customer", R"({"number":"C10003","blocked":"All"})");
  EXPECT_EQ(customers().get_customer(CustomerNumber("C10003"), now())->blocked, CustomerBlock::all);
}

TEST_F(CustomersOfNav, AreFoundByMailAndNameWhateverTheCase) {
  ASSERT_TRUE(customers().create_customer(sample(), now()));
  CustomerQuery query;
  query.email = "Einkauf@GROSS.example";
  EXPECT_THAT(found(query), testing::ElementsAre("X-1"));
  query = {};
  query.name = "groß & söhne (k";
  EXPECT_THAT(found(query), testing::ElementsAre("X-1"));
  query.name = "groß | söhne";
  EXPECT_THAT(found(query), IsEmpty());
  query.name = "*' <>..";
  EXPECT_THAT(found(query), IsEmpty());
  query = {};
  query.limit = 50;
  std::size_t count = 0;
  do {
    const auto page = customers().search_customers(query, now());
    ASSERT_TRUE(page);
    count += page->items.size();
    query.cursor = page->next;
  } while (!query.cursor.empty());
  EXPECT_EQ(count, 121U);
}

TEST_F(CustomersOfNav, ChangesAreFedByRowVersion) {
  Cursor cursor;
  const auto drain = [&] {
    std::vector<std::string> numbers;
    for (bool more = true; more;) {
      const auto page = customers().customer_changes(cursor, now());
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return numbers;
      for (const CustomerChange& change : page->items) numbers.push_back(change.number.text());
      cursor = page->next;
      more = page->more;
    }
    return numbers;
  };
  EXPECT_THAT(drain(), SizeIs(120));
  EXPECT_THAT(drain(), IsEmpty());
  act("edit_customer", R"({"number":"C10007","Phone_No":"1"})");
  EXPECT_THAT(drain(), testing::ElementsAre("C10007"));
}

TEST_F(CustomersOfNav, StockIsAdjustedThroughTheItemJournalOnceForEachMovement) {
  StockAdjustment adjustment;
  adjustment.movement = MovementId("MOV-1");
  adjustment.key = {Sku("1000"), LocationCode("EAST")};
  adjustment.quantity = amount("-2.5");
  adjustment.uom = "PCS";
  const auto posted = adapter_->inventory()->adjust_stock(adjustment, now());
  ASSERT_TRUE(posted) << posted.error().message;
  const auto repeated = adapter_->inventory()->adjust_stock(adjustment, now());
  ASSERT_TRUE(repeated);
  EXPECT_EQ(repeated->document, posted->document);
  fault("ItemJournal.PostItemJournal", "504_after_commit");
  adjustment.movement = MovementId("MOV-2");
  const auto unknown = adapter_->inventory()->adjust_stock(adjustment, now());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::outcome_unknown);
  EXPECT_TRUE(adapter_->inventory()->find_adjustment(adjustment.movement, now()));
  adjustment.movement = MovementId("MOV-3");
  adjustment.quantity = amount("-100000");
  const auto refused = adapter_->inventory()->adjust_stock(adjustment, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
