#include "facade/field_owners.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;

struct FieldOwnersTest : FacadeFixture {
  FieldOwnersTest() {
    legacy().add_customer(customer("C1"));
    legacy().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
    cloud().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
  }
  void learned(Capability capability, const std::string& field, LearnedBy how) {
    field_owners.set(capability, field, {"finance", how});
    open();
  }
  Customer in_cloud() { return cloud().customers_now().at(CustomerNumber{"C1"}); }
  // The verdict of the newest comparison of one kind.
  parity::Verdict verdict(const std::string& operation) {
    EXPECT_TRUE(facade->shadows().drain(deadline_in(std::chrono::seconds(30))));
    facade->ledger().flush();
    const auto entries = facade->ledger().entries({});
    EXPECT_TRUE(entries);
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry)
      if (entry->question.operation == operation) return entry->comparison.verdict;
    ADD_FAILURE() << "no comparison of " << operation;
    return parity::Verdict::not_compared;
  }
  // legacy says `legacy_phone`, the cloud what it was told or keeps.
  parity::Verdict compared_with_phone(const std::string& cloud_phone) {
    move(Capability::customers, Stage::dual_write);
    move(Capability::customers, Stage::shadow_read);
    Customer there = in_cloud();
    there.phone = cloud_phone;
    cloud().add_customer(there);
    EXPECT_TRUE(facade->customers().get(CustomerNumber{"C1"}, context()));
    return verdict("get_customer");
  }
};

TEST_F(FieldOwnersTest, WithoutAWordEveryFieldIsCarriedAndCompared) {
  Customer blocked = customer("C1");
  blocked.phone = "+49 1";
  blocked.blocked = CustomerBlock::all;
  legacy().add_customer(blocked);
  EXPECT_EQ(compared_with_phone("+49 2"), parity::Verdict::mismatch);
  EXPECT_EQ(in_cloud().blocked, CustomerBlock::all);
}

TEST_F(FieldOwnersTest, AFieldThatTheOtherDoesNotKeepIsNeitherCarriedNorCompared) {
  learned(Capability::customers, "phone", LearnedBy::not_kept);
  Customer here = customer("C1");
  here.phone = "+49 1";
  legacy().add_customer(here);
  EXPECT_EQ(compared_with_phone("+49 2"), parity::Verdict::match);
  CustomerAmendment amendment;
  amendment.email = "new@example.com";
  ASSERT_EQ(facade->customers().amend(CustomerNumber{"C1"}, amendment, {"*"}, write("k1")).status,
            200);
  settle();
  EXPECT_EQ(in_cloud().email, "new@example.com");
  EXPECT_EQ(in_cloud().phone, "+49 2") << "what is there stays";
}

TEST_F(FieldOwnersTest, AFieldWithAnInterfaceOfItsOwnIsLateUntilBothHaveIt) {
  learned(Capability::customers, "phone", LearnedBy::own_interface);
  Customer here = customer("C1");
  here.phone = "+49 1";
  legacy().add_customer(here);
  EXPECT_EQ(compared_with_phone(""), parity::Verdict::late);
  EXPECT_EQ(in_cloud().phone, "") << "the facade does not carry it";
  Customer there = in_cloud();
  there.phone = "+49 1";
  cloud().add_customer(there);
  ASSERT_TRUE(facade->customers().get(CustomerNumber{"C1"}, context()));
  EXPECT_EQ(verdict("get_customer"), parity::Verdict::match);
}

TEST_F(FieldOwnersTest, AnotherFieldIsStillAMismatch) {
  learned(Capability::customers, "email", LearnedBy::own_interface);
  Customer here = customer("C1");
  here.phone = "+49 1";
  legacy().add_customer(here);
  EXPECT_EQ(compared_with_phone("+49 2"), parity::Verdict::mismatch);
}

TEST_F(FieldOwnersTest, StockThatMovesByAnInterfaceOfItsOwnIsNotMirrored) {
  learned(Capability::inventory, "onHand", LearnedBy::own_interface);
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  move(Capability::inventory, Stage::dual_write);
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"M-1"};
  adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
  adjustment.quantity = Decimal::of(5);
  ASSERT_EQ(facade->inventory().adjust(adjustment, write("k1")).status, 201);
  settle();
  EXPECT_EQ(legacy().postings_of(adjustment.movement), 1);
  EXPECT_EQ(cloud().postings_of(adjustment.movement), 0);
}

TEST_F(FieldOwnersTest, APriceListOfItsOwnIsNotFed) {
  PriceEntry entry;
  entry.sku = Sku{"1000"};
  entry.unit_price = Decimal::of(10);
  legacy().set_price(entry);
  learned(Capability::pricing, "list", LearnedBy::own_interface);
  move(Capability::pricing, Stage::dual_write);
  EXPECT_EQ(cloud().calls("publish_prices"), 0);
  move(Capability::pricing, Stage::shadow_read);
}

TEST_F(FieldOwnersTest, AnAddressThatCopiesDoNotKeepStaysOffThemAndKeepsOrdersHome) {
  learned(Capability::orders, "shipTo", LearnedBy::not_kept);
  cutover_settings.transfer.open = TransferPolicy::move;
  cutover_settings.transfer.per_minute = 1'000'000;
  open();
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  Order addressed = order("1");
  Address to;
  to.name = "Ada";
  addressed.ship_to = to;
  ASSERT_EQ(facade->orders().place(addressed, write("k1")).status, 201);
  settle();
  EXPECT_TRUE(legacy().orders_with(addressed.id).at(0).order.ship_to);
  EXPECT_FALSE(cloud().orders_with(addressed.id).at(0).order.ship_to);
  TransferWish wish;
  wish.all = true;
  const auto begun = facade->transfers().start(Capability::orders, wish, {"ada", "test"});
  ASSERT_TRUE(begun);
  for (int i = 0; i < 5; ++i) (void)facade->transfers().run();
  EXPECT_EQ(facade->transfers().status(begun->record.id)->counts.at("stayed"), 1);
  EXPECT_EQ(legacy().calls("block_order"), 0);
}

TEST(FieldOwnersTable, ANewCustomerHasItsNameWhateverIsCarried) {
  FieldOwners owners;
  owners.set(Capability::customers, "name", {"user", LearnedBy::not_kept});
  owners.set(Capability::customers, "email", {"user", LearnedBy::not_kept});
  Customer customer = FacadeFixture::customer("C1");
  EXPECT_EQ(owners.for_receiver(customer, std::nullopt).name, customer.name);
  EXPECT_EQ(owners.for_receiver(customer, std::nullopt).email, "");
  Customer there;
  there.name = "as it is there";
  EXPECT_EQ(owners.for_receiver(customer, there).name, "as it is there");
}

}  // namespace
}  // namespace underpin::facade::test
