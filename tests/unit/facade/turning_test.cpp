// A step that turns the primary of customers leaves nothing behind that users did before it.
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::HasSubstr;
using Trap = SmallErp::Trap;

struct TurningTest : FacadeFixture {
  TurningTest() {
    for (const char* number : {"C1", "C2"}) legacy().add_customer(customer(number));
    move(Capability::customers, Stage::dual_write);
    move(Capability::customers, Stage::shadow_read);
  }
  static Customer called(const std::string& phone) {
    Customer changed = customer("C1");
    changed.phone = phone;
    return changed;
  }
  std::string phone_in(Side side) {
    return on(side).customers_now().at(CustomerNumber{"C1"}).phone;
  }
  Side side_of(const std::string& number) {
    return *facade->customers().side_of(CustomerNumber{number});
  }
  Result<CutoverStatus> publish(Stage stage, std::uint32_t share = cutover::whole_share) {
    return facade->cutover().change(Capability::customers, {stage, share},
                                    version(Capability::customers), {"ada", "test"});
  }
  void poll(Side side) { EXPECT_TRUE(facade->feeds().poll_customers(side, context())); }
};

TEST_F(TurningTest, WhatUsersOfTheOldPrimaryChangedBeforeTheStepIsTakenOver) {
  legacy().add_customer(called("+49 1"));  // The feed has not met it.
  const auto turned = publish(Stage::cloud_primary);
  ASSERT_TRUE(turned);
  EXPECT_THAT(turned->turning, HasSubstr("in legacy"));
  EXPECT_EQ(side_of("C1"), Side::legacy);
  EXPECT_EQ(side_of("C2"), Side::legacy) << "nobody knows yet who was changed";
  poll(Side::legacy);
  EXPECT_EQ(side_of("C1"), Side::legacy) << "pinned until its change is delivered";
  EXPECT_EQ(side_of("C2"), Side::cloud);
  EXPECT_EQ(facade->cutover().status(Capability::customers)->turning, "");
  settle();
  EXPECT_EQ(side_of("C1"), Side::cloud);
  EXPECT_EQ(phone_in(Side::cloud), "+49 1");
}

TEST_F(TurningTest, AndSoOnTheWayBack) {
  move(Capability::customers, Stage::cloud_primary);
  cloud().add_customer(called("+49 2"));
  ASSERT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                          {"ada", "back"}));
  EXPECT_EQ(side_of("C2"), Side::cloud);
  settle();
  EXPECT_EQ(side_of("C1"), Side::legacy);
  EXPECT_EQ(phone_in(Side::legacy), "+49 2");
}

TEST_F(TurningTest, AChannelWritesWhereTheCustomerStillIs) {
  ASSERT_TRUE(publish(Stage::cloud_primary));
  CustomerAmendment amendment;
  amendment.phone = "+49 3";
  EXPECT_EQ(facade->customers().amend(CustomerNumber{"C1"}, amendment, {"*"}, write("k1")).status,
            200);
  EXPECT_EQ(phone_in(Side::legacy), "+49 3");
  settle();
  EXPECT_EQ(side_of("C1"), Side::cloud);
  EXPECT_EQ(phone_in(Side::cloud), "+49 3");
}

TEST_F(TurningTest, WhatUsersOfTheNewPrimaryChangeMeanwhileIsMetAfterwards) {
  ASSERT_TRUE(publish(Stage::cloud_primary));
  cloud().add_customer(called("+49 4"));
  poll(Side::cloud);  // Its time has not come.
  settle();
  EXPECT_EQ(phone_in(Side::legacy), "+49 4");
  EXPECT_EQ(phone_in(Side::cloud), "+49 4");
}

TEST_F(TurningTest, NothingGoesFurtherUntilItHasTurnedAndTheWayBackIsFree) {
  ASSERT_TRUE(publish(Stage::cloud_primary));
  const auto further = publish(Stage::ramp_down);
  ASSERT_FALSE(further);
  EXPECT_THAT(further.error().message, HasSubstr("customers stay where they were"));
  const auto back = facade->cutover().roll_back(Capability::customers,
                                                version(Capability::customers), {"ada", "back"});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->turning, "") << "nobody had turned";
  EXPECT_EQ(side_of("C1"), Side::legacy);
}

TEST_F(TurningTest, WhatUsersChangedInAPrimaryThatNeverWasIsRaised) {
  settle();
  ASSERT_TRUE(publish(Stage::cloud_primary));
  cloud().add_customer(called("+49 7"));
  ASSERT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                          {"ada", "at once"}));
  settle();
  ASSERT_EQ(exceptions().size(), 1u);
  EXPECT_EQ(exceptions()[0].kind, "customer_left_behind");
  EXPECT_EQ(exceptions()[0].subject, "C1");
}

TEST_F(TurningTest, AShareTurnsTheSameWay) {
  legacy().add_customer(called("+49 5"));
  ASSERT_TRUE(publish(Stage::cloud_primary, 50'000));
  EXPECT_EQ(side_of("C1"), Side::legacy);
  EXPECT_EQ(side_of("C2"), Side::legacy);
  settle();
  EXPECT_EQ(phone_in(Side::cloud), "+49 5");
  ASSERT_TRUE(publish(Stage::cloud_primary));
  settle();
  EXPECT_EQ(side_of("C1"), Side::cloud);
  EXPECT_EQ(side_of("C2"), Side::cloud);
}

TEST_F(TurningTest, ACloudThatCannotBeReadDoesNotLockTheWayBack) {
  move(Capability::customers, Stage::cloud_primary);
  cloud().add_customer(called("+49 6"));
  ASSERT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                          {"ada", "the cloud is down"}));
  for (int i = 0; i < 2; ++i) {
    cloud().set_trap("customer_changes", Trap::unavailable);
    EXPECT_FALSE(facade->feeds().poll_customers(Side::cloud, context()));
    EXPECT_TRUE(facade->feeds().turn_in_time(10'000));
    EXPECT_EQ(side_of("C1"), i == 0 ? Side::cloud : Side::legacy);
    pass_ms(10'001);
    EXPECT_TRUE(facade->feeds().turn_in_time(10'000));
  }
  ASSERT_EQ(exceptions().size(), 1u);
  EXPECT_EQ(exceptions()[0].kind, "last_changes_missing");
  settle();
  ASSERT_EQ(exceptions().size(), 2u) << "what was left behind is raised by itself";
  EXPECT_EQ(exceptions()[1].kind, "customer_left_behind");
  EXPECT_EQ(exceptions()[1].subject, "C1");
}

TEST_F(TurningTest, ACustomerThatUsersDeletedIsRaisedAndACopyIsPutBack) {
  settle();
  cloud().delete_customer(CustomerNumber{"C1"});
  settle();
  EXPECT_EQ(cloud().customers_now().count(CustomerNumber{"C1"}), 1u);
  EXPECT_TRUE(exceptions().empty());
  legacy().delete_customer(CustomerNumber{"C1"});
  settle();
  ASSERT_EQ(exceptions().size(), 1u);
  EXPECT_EQ(exceptions()[0].kind, "customer_deleted");
  EXPECT_THAT(exceptions()[0].detail, HasSubstr("bc still has it"));
}

}  // namespace
}  // namespace underpin::facade::test
