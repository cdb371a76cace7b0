#include "tests/unit/facade/replicas/two_replicas.h"

#include <gtest/gtest.h>

namespace underpin::facade {
namespace {

struct CatchUpReplicas : test::TwoReplicas {
  static void move(Facade& at, Capability capability, cutover::Stage stage) {
    cutover::ChangeRequest request;
    request.stage = stage;
    const auto moved = at.cutover().change(
        capability, request, at.cutover().status(capability)->plan.version, {"ada", "test"});
    ASSERT_TRUE(moved) << moved.error().message;
  }
  static std::string state(Facade& at) {
    return at.cutover().status(Capability::customers)->catch_up_cloud.state;
  }
  static Customer named(const std::string& name) {
    Customer customer;
    customer.number = CustomerNumber{"C1"};
    customer.name = name;
    customer.kind = "person";
    customer.currency = "EUR";
    return customer;
  }
  std::string in_cloud() { return cloud->customers_now().at(CustomerNumber{"C1"}).name; }
};

// A way back that it has not heard of yet: nothing that it brings counts.
TEST_F(CatchUpReplicas, OneWithAnOlderPlanBringsNothing) {
  auto first = replica("first");
  auto second = replica("second");
  ASSERT_TRUE(first && second);
  settle(*first);
  move(*first, Capability::customers, cutover::Stage::dual_write);
  settle(*first);
  ASSERT_EQ(state(*first), "done");
  const auto back = second->cutover().roll_back(
      Capability::customers, second->cutover().status(Capability::customers)->plan.version,
      {"ada", "b"});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(state(*second), "not_started");
  (void)first->catch_up().advance(context());  // Woken before it has taken the plan.
  (void)first->relay().deliver_due(Side::cloud);
  (void)first->catch_up().advance(context());
  EXPECT_EQ(state(*second), "not_started");
  CustomerAmendment a;
  a.name = "At legacy_only";
  EXPECT_EQ(second->customers().amend(CustomerNumber{"C1"}, a, {"*"}, write("k")).status, 200);
  settle(*second);
  first.reset();
  move(*second, Capability::customers, cutover::Stage::dual_write);
  for (int i = 0; i < 3; ++i) settle(*second);
  EXPECT_EQ(state(*second), "done");
  EXPECT_EQ(in_cloud(), "At legacy_only");
}

// What the others mirror by the newer plan, it must not drop.
TEST_F(CatchUpReplicas, TheFeedOfAnOlderPlanDropsNoChange) {
  auto first = replica("first");
  auto second = replica("second");
  ASSERT_TRUE(first && second);
  settle(*first);
  move(*second, Capability::customers, cutover::Stage::dual_write);
  settle(*second);
  ASSERT_EQ(state(*second), "done");
  legacy->add_customer(named("By a user"));
  EXPECT_FALSE(first->feeds().poll_customers(Side::legacy, context()));
  for (int i = 0; i < 3; ++i) settle(*second);
  EXPECT_EQ(in_cloud(), "By a user");
}

}  // namespace
}  // namespace underpin::facade
