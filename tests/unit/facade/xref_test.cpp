#include "facade/xref.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::HasSubstr;

struct XrefTest : FacadeFixture {
  XrefTest() {
    legacy().add_customer(customer("C1"));
    old = legacy().own_order(order("x", "10"), true);
    settle();
  }
  // Faults as the importer sees them, one a line; empty: imported.
  std::string import(const std::string& csv, bool dry_run = false) {
    const auto report = facade->xref().run(csv, 2, dry_run, {"ada", "older orders"});
    EXPECT_TRUE(report) << report.error().message;
    if (!report) return "?";
    last = *report;
    std::string text;
    for (const FieldError& fault : report->faults)
      text += fault.pointer + ": " + fault.detail + "\n";
    return text;
  }
  Result<Tagged<Order>> read(const std::string& number, const std::string& channel = "web") {
    return facade->orders().get(number, context(channel));
  }

  DocumentNumber old;
  XrefReport last;
};

TEST_F(XrefTest, AnOlderOrderIsReadByTheNumberThatWasImported) {
  ASSERT_FALSE(read("100042"));
  EXPECT_EQ(import("order,web/100042," + old.text() + ",\n"), "");
  EXPECT_EQ(last.added, 1);
  const auto found = read("100042");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->value.lines[0].quantity, Decimal::of(10));
  EXPECT_FALSE(read("100042", "pos")) << "another channel's number";
  EXPECT_EQ(last_audit().get("kind").text(), "xref_imported");
}

TEST_F(XrefTest, ARepeatChangesNothingAndADryRunNeither) {
  const std::string csv = "order,web/100042," + old.text() + ",\n";
  EXPECT_EQ(import(csv, true), "");
  EXPECT_EQ(last.added, 1);
  EXPECT_FALSE(read("100042"));
  EXPECT_EQ(import(csv), "");
  const std::size_t entries = audit_log().size();
  EXPECT_EQ(import(csv), "");
  EXPECT_EQ(last.added, 0);
  EXPECT_EQ(last.known, 1);
  EXPECT_EQ(audit_log().size(), entries);
}

TEST_F(XrefTest, FaultsNameLineFieldAndRuleAndNothingIsImported) {
  const std::string faults = import("order,web/100042," + old.text() +
                                    ",\n"
                                    "invoice,1,2,3\n"
                                    "order,shop/1\n"
                                    "order,,SO-9,\n"
                                    "order,web/7,,\n"
                                    "order,web/8,a number that is much too long,\n"
                                    "order,\"web/9,SO-9,\n"
                                    "customer,OLD-1,C1,C2\n"
                                    "order,web/100042,SO-77,\n");
  EXPECT_EQ(faults,
            "line 3, kind: must be order or customer\n"
            "line 4, whole: must be kind,number,legacy,cloud\n"
            "line 5, number: must be there\n"
            "line 6, legacy: must be there, or cloud: a number alone names nothing\n"
            "line 7, legacy: must have at most 20 characters\n"
            "line 8, whole: must be kind,number,legacy,cloud\n"
            "line 9, cloud: must be the legacy number, or empty: a customer has one number\n"
            "line 10, number: names something else in line 2\n");
  EXPECT_FALSE(read("100042"));
}

TEST_F(XrefTest, ConflictsAreRefusedAsAWhole) {
  const DocumentNumber other_order = legacy().own_order(order("y", "3"), true);
  settle();
  ASSERT_EQ(import("order,web/100042," + old.text() + ",S-1\n"), "");
  EXPECT_THAT(import("order,web/1," + other_order.text() + ",\norder,web/100042," +
                     other_order.text() + ",\n"),
              HasSubstr("line 3, number: is known already, of the order " + old.text()));
  EXPECT_FALSE(read("1")) << "its good lines neither";
  EXPECT_THAT(import("order,web/2," + other_order.text() + ",S-1\n"), HasSubstr("line 2, cloud:"));
  EXPECT_THAT(import("customer,OLD-1,C1,\ncustomer,OLD-1,C1,\n"), "");
  EXPECT_THAT(import("customer,OLD-1,C9,\n"),
              HasSubstr("number: is an alias of the customer C1 already"));
}

TEST_F(XrefTest, ACustomersAliasIsReadAndChanged) {
  ASSERT_EQ(import("customer,OLD-77,C1,\n"), "");
  const auto found = facade->customers().get(CustomerNumber{"OLD-77"}, context());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->value.number, CustomerNumber{"C1"});
  CustomerAmendment amendment;
  amendment.phone = "+49 1";
  EXPECT_EQ(
      facade->customers().amend(CustomerNumber{"OLD-77"}, amendment, {"*"}, write("k1")).status,
      200);
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).phone, "+49 1");
}

TEST_F(XrefTest, CatchingUpTakesACopyThatTheCloudHasAndMakesNoSecondOne) {
  cloud().add_customer(customer("C1"));
  const DocumentNumber copy = cloud().own_order(order("x", "12"), false);
  settle();  // The cloud's feed has met it, as an order of its own.
  ASSERT_EQ(import("order,web/100042," + old.text() + "," + copy.text() + "\n"), "");
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  EXPECT_EQ(cloud().order_count(), 1u);
  EXPECT_EQ(cloud().calls("place_order"), 0);
  EXPECT_EQ(cloud().document(copy).order.lines[0].quantity, Decimal::of(10)) << "and it follows";
  EXPECT_TRUE(exceptions().empty());
  const auto by_cloud = read(copy.text());
  ASSERT_TRUE(by_cloud);
  EXPECT_EQ(by_cloud->value.id.number.text(), old.text()) << "one order, by all its numbers";
}

TEST_F(XrefTest, ACopyThatIsReleasedIsNotTakenForAMirror) {
  cloud().add_customer(customer("C1"));
  const DocumentNumber copy = cloud().own_order(order("x", "10"), true);
  ASSERT_EQ(import("order,web/100042," + old.text() + "," + copy.text() + "\n"), "");
  settle();
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  EXPECT_EQ(cloud().order_count(), 1u);
  ASSERT_EQ(exceptions().size(), 1u);
  EXPECT_EQ(exceptions().front().kind, "copy_not_inert");
  EXPECT_THAT(exceptions().front().detail, HasSubstr("it is released"));
}

TEST_F(XrefTest, AnOrderThatNoFeedHasMetIsFoundByItsImportedNumber) {
  Order known = order("z", "4");
  const DocumentNumber number = legacy().own_order(known, true);  // Not polled yet.
  ASSERT_EQ(import("order,100043," + number.text() + ",\n"), "");
  const auto found = read("100043", "pos");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->value.lines[0].quantity, Decimal::of(4));
}

}  // namespace
}  // namespace underpin::facade::test
