#include "facade/cutover_guards.h"

#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {
namespace {

using cutover::GuardVerdict;
using cutover::Stage;

struct CutoverGuardsTest : FacadeFixture {
  CutoverGuardsTest() {
    legacy().add_customer(customer("C1"));
    legacy().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
    cloud().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
    move_all(Stage::dual_write);
    move_all(Stage::shadow_read);
    move(Capability::customers, Stage::cloud_primary);
    move(Capability::orders, Stage::cloud_primary);
    // From here on orders are watched; and stock, for its errors only.
    GuardsSettings settings;
    cutover::RateLimit errors;
    errors.limit = 0.02;
    settings.capabilities[0].error_rate = errors;
    settings.capabilities[0].mismatch_rate = errors;
    settings.capabilities[0].slower_rate = errors;
    settings.capabilities[0].dead_letters_max = 0;
    settings.capabilities[1].error_rate = errors;
    guards = std::make_unique<CutoverGuards>(facade->systems(), facade->journal(), settings,
                                             [this] { return Timestamp{clock.load()}; });
    facade->cutover().read_guards(
        [this](const cutover::Plan& plan) { return guards->readings(plan); });
  }
  CutoverStatus status(Capability capability = Capability::orders) {
    return *facade->cutover().status(capability);
  }
  void fail(Capability capability, int times) {
    (void)status(capability);  // The plan version that is measured.
    for (int i = 0; i < times; ++i) guards->answered(capability, true);
  }
  std::unique_ptr<CutoverGuards> guards;
};

TEST_F(CutoverGuardsTest, ABreachReturnsBirthsToLegacyAndWhatIsBornStays) {
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  fail(Capability::orders, 30);
  guards->look(facade->cutover());
  ASSERT_TRUE(status().plan.halt);
  EXPECT_EQ(status().plan.halt->guard, "error_rate");
  EXPECT_EQ(status().plan.rollout.to, Stage::cloud_primary) << "the stage has not moved";
  EXPECT_EQ(facade->orders().place(order("2"), write("k2")).status, 201);
  settle();
  EXPECT_TRUE(cloud().orders_with(order("1").id).at(0).released);
  EXPECT_TRUE(legacy().orders_with(order("2").id).at(0).released);
  EXPECT_FALSE(cloud().orders_with(order("2").id).at(0).released) << "an inert mirror";
}

TEST_F(CutoverGuardsTest, AHaltLatchesUntilAPersonHasAcknowledgedIt) {
  fail(Capability::orders, 30);
  guards->look(facade->cutover());
  const std::int64_t version = status().plan.version;
  guards->look(facade->cutover());
  EXPECT_EQ(status().plan.version, version) << "one action, not one a second";
  settle();
  const auto forward = facade->cutover().change(
      Capability::orders, {Stage::ramp_down, cutover::whole_share, {}}, version, {"ada", "on"});
  ASSERT_FALSE(forward);
  EXPECT_NE(forward.error().message.find("acknowledge that first"), std::string::npos);
  ASSERT_TRUE(
      facade->cutover().acknowledge(Capability::orders, version, false, "ada", "cloud restarted"));
  EXPECT_FALSE(status().plan.halt);
  EXPECT_TRUE(status().plan.births_to_legacy) << "a person decides that, too";
  ASSERT_TRUE(facade->cutover().acknowledge(Capability::orders, version + 1, true, "ada", "fine"));
  EXPECT_FALSE(status().plan.births_to_legacy);
  const auto nothing =
      facade->cutover().acknowledge(Capability::orders, version + 2, true, "ada", "again");
  EXPECT_FALSE(nothing);
}

TEST_F(CutoverGuardsTest, AStepBackIsNeverHalted) {
  fail(Capability::orders, 30);
  guards->look(facade->cutover());
  settle();
  EXPECT_TRUE(
      facade->cutover().roll_back(Capability::orders, status().plan.version, {"ada", "back"}));
  EXPECT_TRUE(status().plan.halt) << "still to be acknowledged";
}

TEST_F(CutoverGuardsTest, StatesAreHaltedAndDoNotMove) {
  (void)status(Capability::inventory);
  for (int i = 0; i < 60; ++i) guards->answered(Capability::inventory, false);
  move(Capability::inventory, Stage::cloud_primary, 10'000);
  fail(Capability::inventory, 30);
  guards->look(facade->cutover());
  EXPECT_TRUE(status(Capability::inventory).plan.halt);
  EXPECT_EQ(status(Capability::inventory).plan.rollout.share_per_100k, 10'000u);
  EXPECT_FALSE(status(Capability::inventory).plan.births_to_legacy);
  EXPECT_FALSE(status(Capability::orders).plan.halt);
}

TEST_F(CutoverGuardsTest, WithoutTrafficThereIsNoStepForward) {
  move(Capability::customers, Stage::ramp_down);  // Never behind orders.
  const auto forward =
      facade->cutover().change(Capability::orders, {Stage::ramp_down, cutover::whole_share, {}},
                               status().plan.version, {"ada", "on"});
  ASSERT_FALSE(forward);
  EXPECT_NE(forward.error().message.find("error_rate says inconclusive"), std::string::npos)
      << forward.error().message;
  for (int i = 0; i < 60; ++i) {
    guards->answered(Capability::orders, false);
    guards->compared(Capability::orders, parity::Verdict::match, 1'000, 1'000);
  }
  const auto moved =
      facade->cutover().change(Capability::orders, {Stage::ramp_down, cutover::whole_share, {}},
                               status().plan.version, {"ada", "on"});
  EXPECT_TRUE(moved) << moved.error().message;
}

TEST_F(CutoverGuardsTest, MismatchesAndASlowPrimaryAreBreachesToo) {
  (void)status();
  for (int i = 0; i < 30; ++i)
    guards->compared(Capability::orders, parity::Verdict::mismatch, 1'000, 1'000);
  guards->look(facade->cutover());
  EXPECT_EQ(status().plan.halt->guard, "mismatch_rate");
  ASSERT_TRUE(facade->cutover().acknowledge(Capability::orders, status().plan.version, true, "ada",
                                            "planted"));
  (void)status();
  for (int i = 0; i < 30; ++i)
    guards->compared(Capability::orders, parity::Verdict::match, 2'100, 1'000);
  guards->look(facade->cutover());
  EXPECT_EQ(status().plan.halt->guard, "latency_ratio");
}

TEST_F(CutoverGuardsTest, ANewPlanIsMeasuredAfresh) {
  (void)status();
  for (int i = 0; i < 60; ++i) guards->answered(Capability::orders, false);
  EXPECT_EQ(status().guards.at(0).verdict, GuardVerdict::clear);
  ASSERT_TRUE(facade->cutover().change(Capability::orders, {Stage::shadow_read, 50'000, {}},
                                       status().plan.version, {"ada", "back a bit"}));
  EXPECT_EQ(status().guards.at(0).verdict, GuardVerdict::inconclusive);
}

}  // namespace
}  // namespace underpin::facade::test
