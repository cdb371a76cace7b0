#include "facade/cohorts.h"

#include "facade/explain.h"
#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {
namespace {

using cutover::Stage;

struct CohortTest : FacadeFixture {
  CohortTest() {
    legacy().add_customer(customer("C1"));
    for (const char* location : {"EAST", "WEST"}) {
      legacy().set_stock({Sku{"1000"}, LocationCode{location}}, Decimal::of(100));
      cloud().set_stock({Sku{"1000"}, LocationCode{location}}, Decimal::of(100));
    }
  }
  void change(Capability capability, Stage stage, std::uint32_t share, std::string_view rules) {
    settle();
    const auto status = facade->cutover().status(capability);
    ASSERT_TRUE(status);
    const auto read = cutover::read_rules(*json::parse(rules), capability == Capability::orders);
    ASSERT_TRUE(read) << read.error().message;
    const auto changed = facade->cutover().change(capability, {stage, share, *read},
                                                  status->plan.version, {"ada", "test"});
    ASSERT_TRUE(changed) << changed.error().message;
  }
  Order order_at(const std::string& number, const std::string& location) {
    Order placed = order(number);
    placed.lines[0].location = LocationCode{location};
    return placed;
  }
  Explanation explained(Capability capability, const std::string& subject) {
    ExplainQuestion question;
    question.capability = capability;
    question.subject = cutover::Subject(subject);
    const auto found = explain_route(facade->journal(), "default", question);
    EXPECT_TRUE(found);
    return found ? *found : Explanation{};
  }
};

constexpr const char* west =
    R"([{"name":"west","reason":"the pilot","sharePer100k":100000,"match":{"locations":["WEST"]}}])";

TEST_F(CohortTest, OrdersOfAPilotStoreAreBornInTheCloudAndOthersAreNot) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  change(Capability::orders, Stage::cloud_primary, 0, west);
  EXPECT_EQ(facade->orders().place(order_at("1", "WEST"), write("k1")).status, 201);
  EXPECT_EQ(facade->orders().place(order_at("2", "EAST"), write("k2")).status, 201);
  EXPECT_EQ(explained(Capability::orders, "web/1").primary, Side::cloud);
  EXPECT_EQ(explained(Capability::orders, "web/1").rule, "west");
  EXPECT_EQ(explained(Capability::orders, "web/2").primary, Side::legacy);
  EXPECT_EQ(explained(Capability::orders, "web/2").rule, "");
  settle();
  EXPECT_TRUE(cloud().orders_with(order("1").id).at(0).released);
  EXPECT_FALSE(legacy().orders_with(order("1").id).at(0).released) << "the mirror is inert";
  EXPECT_TRUE(legacy().orders_with(order("2").id).at(0).released);
}

TEST_F(CohortTest, OnceBornADocumentDoesNotMoveWithItsCohort) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  facade->orders().place(order_at("1", "WEST"), write("k1"));
  change(Capability::orders, Stage::cloud_primary, 0, west);
  const Explanation found = explained(Capability::orders, "web/1");
  EXPECT_EQ(found.stage, Stage::cloud_primary);
  EXPECT_EQ(found.primary, Side::legacy);
  EXPECT_NE(found.because.back().find("was born in legacy"), std::string::npos);
}

TEST_F(CohortTest, StockOfAPilotStoreIsAdjustedInTheCloudFirst) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  change(Capability::inventory, Stage::cloud_primary, 0, west);
  for (const char* location : {"EAST", "WEST"}) {
    StockAdjustment adjustment;
    adjustment.movement = MovementId{std::string("m-") + location};
    adjustment.key = {Sku{"1000"}, LocationCode{location}};
    adjustment.quantity = Decimal::of(-1);
    adjustment.uom = "PCS";
    EXPECT_EQ(facade->inventory().adjust(adjustment, write(location)).status, 201);
  }
  EXPECT_EQ(explained(Capability::inventory, "1000@WEST").primary, Side::cloud);
  EXPECT_EQ(explained(Capability::inventory, "1000@EAST").primary, Side::legacy);
  EXPECT_EQ(cloud().calls("adjust_stock"), 1);
  EXPECT_EQ(legacy().calls("adjust_stock"), 1);
  settle();
  EXPECT_EQ(cloud().calls("adjust_stock"), 2);
  EXPECT_EQ(legacy().calls("adjust_stock"), 2);
}

TEST_F(CohortTest, AChangeOfSegmentMovesNothing) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  Customer vip = customer("C2");
  vip.price_group = "VIP";
  EXPECT_EQ(facade->customers().create(vip, write("k1")).status, 201);
  change(Capability::customers, Stage::cloud_primary, 0,
         R"([{"name":"vip","reason":"r","sharePer100k":100000,"match":{"segments":["VIP"]}}])");
  settle();
  EXPECT_EQ(*facade->customers().side_of(CustomerNumber{"C2"}), Side::cloud);
  EXPECT_EQ(*facade->customers().side_of(CustomerNumber{"C1"}), Side::legacy);
  CustomerAmendment amendment;
  amendment.price_group = "RETAIL";
  EXPECT_EQ(facade->customers().amend(CustomerNumber{"C2"}, amendment, {"*"}, write("k2")).status,
            200);
  settle();
  EXPECT_EQ(*facade->customers().side_of(CustomerNumber{"C2"}), Side::cloud);
}

TEST_F(CohortTest, AStateWithBacklogIsExplainedByWhatPinsIt) {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
  Customer created = customer("C2");
  EXPECT_EQ(facade->customers().create(created, write("k1")).status, 201);
  const auto status = facade->cutover().status(Capability::customers);
  ASSERT_TRUE(facade->cutover().change(Capability::customers,
                                       {Stage::cloud_primary, cutover::whole_share, {}},
                                       status->plan.version, {"ada", "test"}));
  Explanation found = explained(Capability::customers, "C2");
  EXPECT_EQ(found.primary, Side::legacy);
  EXPECT_NE(found.because.back().find("until what users changed"), std::string::npos);
  ASSERT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  found = explained(Capability::customers, "C2");
  EXPECT_EQ(found.primary, Side::legacy);
  EXPECT_NE(found.because.back().find("pinned to legacy"), std::string::npos);
  settle();
  EXPECT_EQ(explained(Capability::customers, "C2").primary, Side::cloud);
}

}  // namespace
}  // namespace underpin::facade::test
