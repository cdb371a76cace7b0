#include "cutover/transition.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace underpin::cutover {
namespace {

Rollout at(Stage stage) { return {stage, stage, whole_share}; }

Facts all_at(Stage stage) {
  Facts facts;
  facts.rollouts.fill(at(stage));
  facts.caught_up = true;
  return facts;
}

Plan plan_at(Capability capability, Rollout rollout) {
  Plan plan = initial_plan("default", capability);
  plan.rollout = rollout;
  return plan;
}

void set(Facts& facts, Capability capability, Rollout rollout) {
  facts.rollouts[static_cast<std::size_t>(capability)] = rollout;
}

std::string joined(const Verdict& verdict) {
  std::string text;
  for (const std::string& reason : verdict.reasons) text += reason + "\n";
  return text;
}

TEST(Transition, CloudStockWaitsForTheOpenOrdersOfBefore) {
  const Plan stock = plan_at(Capability::inventory, at(Stage::shadow_read));
  Facts facts = all_at(Stage::shadow_read);
  facts.orders_missing_in_cloud = "catching up is running orders 3 of 7";
  const Verdict refused = check_change(stock, {Stage::cloud_primary, whole_share}, facts);
  EXPECT_FALSE(refused.allowed);
  EXPECT_NE(joined(refused).find("orders 3 of 7"), std::string::npos) << joined(refused);
  facts.orders_missing_in_cloud.clear();
  EXPECT_TRUE(check_change(stock, {Stage::cloud_primary, whole_share}, facts).allowed);
}

TEST(Transition, SkippingAStageIsRefused) {
  for (const StageRule& from : stage_rules) {
    for (const StageRule& to : stage_rules) {
      const Plan plan = plan_at(Capability::pricing, at(from.stage));
      const Verdict verdict = check_change(plan, {to.stage, whole_share}, all_at(from.stage));
      EXPECT_EQ(verdict.allowed, adjacent(from.stage, to.stage)) << from.name << " " << to.name;
    }
  }
}

TEST(Transition, AShareLiesBetweenTwoAdjacentStages) {
  const Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  const Verdict start =
      check_change(plan, {Stage::cloud_primary, 10'000}, all_at(Stage::shadow_read));
  ASSERT_TRUE(start.allowed) << joined(start);
  EXPECT_EQ(start.next, (Rollout{Stage::shadow_read, Stage::cloud_primary, 10'000}));
  const Plan moving = applied(plan, start);
  const Verdict finish =
      check_change(moving, {Stage::cloud_primary, whole_share}, all_at(Stage::shadow_read));
  EXPECT_EQ(finish.next, at(Stage::cloud_primary));
  const Verdict elsewhere =
      check_change(moving, {Stage::ramp_down, whole_share}, all_at(Stage::shadow_read));
  EXPECT_FALSE(elsewhere.allowed);
  const Verdict back =
      check_change(moving, {Stage::shadow_read, whole_share}, all_at(Stage::shadow_read));
  ASSERT_TRUE(back.allowed);
  EXPECT_FALSE(back.forward);
  EXPECT_EQ(back.next, at(Stage::shadow_read));
}

TEST(Transition, ShadowReadWaitsUntilTheCloudIsCaughtUp) {
  Facts facts = all_at(Stage::dual_write);
  facts.caught_up = false;
  facts.catch_up_detail = "customers 118 of 120";
  const Plan plan = plan_at(Capability::customers, at(Stage::dual_write));
  const Verdict verdict = check_change(plan, {Stage::shadow_read, whole_share}, facts);
  EXPECT_FALSE(verdict.allowed);
  EXPECT_NE(joined(verdict).find("118 of 120"), std::string::npos);
}

TEST(Transition, CustomersAreNeverBehindOrders) {
  Facts facts = all_at(Stage::dual_write);
  const Plan orders = plan_at(Capability::orders, at(Stage::dual_write));
  EXPECT_FALSE(check_change(orders, {Stage::shadow_read, whole_share}, facts).allowed);
  set(facts, Capability::customers, at(Stage::shadow_read));
  EXPECT_TRUE(check_change(orders, {Stage::shadow_read, whole_share}, facts).allowed);
  const Plan customers = plan_at(Capability::customers, at(Stage::dual_write));
  EXPECT_FALSE(check_change(customers, {Stage::legacy_only, whole_share}, all_at(Stage::dual_write))
                   .allowed);
}

TEST(Transition, CustomersWithAShareAreBehindAllTheSame) {
  Facts facts = all_at(Stage::shadow_read);
  set(facts, Capability::customers, {Stage::shadow_read, Stage::cloud_primary, 99'999});
  const Plan orders = plan_at(Capability::orders, at(Stage::shadow_read));
  EXPECT_FALSE(check_change(orders, {Stage::cloud_primary, 10'000}, facts).allowed);
}

TEST(Transition, StockIsServedByTheCloudOnlyWhenItSeesTheDemand) {
  Facts facts = all_at(Stage::shadow_read);
  set(facts, Capability::orders, at(Stage::legacy_only));
  const Plan stock = plan_at(Capability::inventory, at(Stage::shadow_read));
  EXPECT_FALSE(check_change(stock, {Stage::cloud_primary, 1}, facts).allowed);
  set(facts, Capability::orders, at(Stage::dual_write));
  EXPECT_TRUE(check_change(stock, {Stage::cloud_primary, 1}, facts).allowed);
}

TEST(Transition, OrdersLeaveLegacyOnlyAfterStockHas) {
  Facts facts = all_at(Stage::ramp_down);
  set(facts, Capability::customers, at(Stage::cloud_only));
  set(facts, Capability::inventory, at(Stage::shadow_read));
  const Plan orders = plan_at(Capability::orders, at(Stage::ramp_down));
  EXPECT_FALSE(check_change(orders, {Stage::cloud_only, whole_share}, facts).allowed);
  set(facts, Capability::inventory, at(Stage::cloud_primary));
  EXPECT_TRUE(check_change(orders, {Stage::cloud_only, whole_share}, facts).allowed);
}

TEST(Transition, StockLeavesLegacyWhenNoLegacyOrderIsOpenOrItsDemandIsOverlaid) {
  Facts facts = all_at(Stage::ramp_down);
  facts.open_legacy_orders = 3;
  const Plan stock = plan_at(Capability::inventory, at(Stage::ramp_down));
  EXPECT_FALSE(check_change(stock, {Stage::cloud_only, whole_share}, facts).allowed);
  facts.legacy_demand_overlaid = true;
  EXPECT_TRUE(check_change(stock, {Stage::cloud_only, whole_share}, facts).allowed);
  facts.legacy_demand_overlaid = false;
  facts.open_legacy_orders = 0;
  EXPECT_TRUE(check_change(stock, {Stage::cloud_only, whole_share}, facts).allowed);
}

TEST(Transition, ForwardWaitsForOpenIntentsDeadLettersAndUnknownOutcomes) {
  const Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  for (auto member :
       {&Facts::open_intents_before, &Facts::dead_letters, &Facts::unknown_outcomes}) {
    Facts facts = all_at(Stage::shadow_read);
    facts.*member = 1;
    EXPECT_FALSE(check_change(plan, {Stage::cloud_primary, whole_share}, facts).allowed);
    EXPECT_TRUE(check_change(plan, {Stage::dual_write, whole_share}, facts).allowed)
        << "a step back is never refused for backlog";
  }
}

TEST(Transition, TheEndsWaitUntilNothingIsPinnedToTheSideBeingLeft) {
  Facts facts = all_at(Stage::dual_write);
  facts.pinned_to_cloud = 1;
  const Plan early = plan_at(Capability::pricing, at(Stage::dual_write));
  EXPECT_FALSE(check_change(early, {Stage::legacy_only, whole_share}, facts).allowed);
  facts = all_at(Stage::ramp_down);
  facts.pinned_to_legacy = 1;
  const Plan late = plan_at(Capability::pricing, at(Stage::ramp_down));
  EXPECT_FALSE(check_change(late, {Stage::cloud_only, whole_share}, facts).allowed);
  EXPECT_TRUE(check_change(late, {Stage::cloud_primary, whole_share}, facts).allowed);
}

TEST(Transition, EveryShareThatEntersAnEndWaitsNotTheFirstAlone) {
  Facts facts = all_at(Stage::ramp_down);
  facts.pinned_to_legacy = 1;
  const Plan moving = plan_at(Capability::pricing, {Stage::ramp_down, Stage::cloud_only, 10'000});
  EXPECT_FALSE(check_change(moving, {Stage::cloud_only, 20'000}, facts).allowed);
  EXPECT_TRUE(check_change(moving, {Stage::cloud_only, 5'000}, facts).allowed);
}

TEST(Transition, OnlyABacklogThatIsTooOldRefusesAStepForward) {
  const Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  Facts facts = all_at(Stage::shadow_read);
  facts.max_backlog_age_ms = 60'000;
  facts.backlog_age_ms = 60'000;
  facts.pinned_to_legacy = 500;
  EXPECT_TRUE(check_change(plan, {Stage::cloud_primary, whole_share}, facts).allowed)
      << "a younger backlog only pins its subjects";
  facts.backlog_age_ms = 60'001;
  const Verdict late = check_change(plan, {Stage::cloud_primary, whole_share}, facts);
  EXPECT_FALSE(late.allowed);
  EXPECT_NE(joined(late).find("60 s"), std::string::npos) << joined(late);
  EXPECT_TRUE(check_change(plan, {Stage::dual_write, whole_share}, facts).allowed);
}

TEST(Transition, AFreezeHoldsBothDirectionsAndADwellTimeOnlyForward) {
  const Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  Facts frozen = all_at(Stage::shadow_read);
  frozen.holds = {"changes are frozen until January"};
  EXPECT_FALSE(check_change(plan, {Stage::cloud_primary, whole_share}, frozen).allowed);
  EXPECT_FALSE(check_change(plan, {Stage::dual_write, whole_share}, frozen).allowed);
  Facts dwelling = all_at(Stage::shadow_read);
  dwelling.forward_holds = {"it has been there for 5 s"};
  EXPECT_FALSE(check_change(plan, {Stage::cloud_primary, whole_share}, dwelling).allowed);
  EXPECT_TRUE(check_change(plan, {Stage::dual_write, whole_share}, dwelling).allowed);
}

TEST(Force, OverridesHoldsDeadLettersAndAnOldBacklogAndSaysSo) {
  const Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  Facts facts = all_at(Stage::shadow_read);
  facts.holds = {"frozen"};
  facts.forward_holds = {"guard"};
  facts.dead_letters = 2;
  facts.max_backlog_age_ms = 1;
  facts.backlog_age_ms = 2;
  const Verdict plain = check_change(plan, {Stage::cloud_primary, whole_share}, facts);
  EXPECT_FALSE(plain.allowed);
  EXPECT_EQ(plain.overridable.size(), 4u);
  facts.force = true;
  const Verdict forced = check_change(plan, {Stage::cloud_primary, whole_share}, facts);
  EXPECT_TRUE(forced.allowed) << joined(forced);
  EXPECT_EQ(forced.overridden.size(), 4u);
}

TEST(Force, NeverOverridesWhatSafetyRestsOn) {
  const auto refused = [](Capability capability, Stage from, Stage to, auto spoil) {
    Facts facts = all_at(from);
    facts.force = true;
    spoil(facts);
    const Verdict verdict = check_change(plan_at(capability, at(from)), {to, whole_share}, facts);
    EXPECT_TRUE(verdict.overridden.empty());
    return !verdict.allowed;
  };
  EXPECT_TRUE(refused(Capability::pricing, Stage::dual_write, Stage::cloud_primary, [](Facts&) {}))
      << "skipping a stage";
  EXPECT_TRUE(refused(Capability::pricing, Stage::dual_write, Stage::shadow_read,
                      [](Facts& f) { f.caught_up = false; }));
  EXPECT_TRUE(refused(Capability::pricing, Stage::ramp_down, Stage::cloud_only,
                      [](Facts& f) { f.pinned_to_legacy = 1; }));
  EXPECT_TRUE(refused(Capability::pricing, Stage::dual_write, Stage::legacy_only,
                      [](Facts& f) { f.pinned_to_cloud = 1; }));
  EXPECT_TRUE(refused(Capability::orders, Stage::shadow_read, Stage::cloud_primary, [](Facts&) {}))
      << "a constraint: customers would be behind";
  EXPECT_TRUE(refused(Capability::pricing, Stage::shadow_read, Stage::cloud_primary,
                      [](Facts& f) { f.unknown_outcomes = 1; }));
  EXPECT_TRUE(refused(Capability::pricing, Stage::shadow_read, Stage::cloud_primary, [](Facts& f) {
    f.open_intents_before = 1;
    f.dead_letters = 1;
  })) << "one that is overridable does not help the other";
}

TEST(Gate, IsAskedForEveryShareIntoCloudPrimaryAndForEveryStageBeyond) {
  const GateReading closed{false, {"sample get_stock: 3 compared (at least 300)"}, {}};
  for (const StageRule& from : stage_rules) {
    if (from.stage == Stage::cloud_only) continue;
    const StageRule& to = stage_rules[static_cast<std::size_t>(index(from.stage) + 1)];
    for (const std::uint32_t share : {10'000U, whole_share}) {
      Facts facts = all_at(from.stage);
      facts.gate = closed;
      const Plan plan = plan_at(Capability::pricing, at(from.stage));
      const bool gated = index(to.stage) >= index(Stage::cloud_primary);
      const Verdict verdict = check_change(plan, {to.stage, share}, facts);
      EXPECT_EQ(verdict.allowed, !gated) << to.name;
      if (gated) {
        EXPECT_NE(joined(verdict).find("the gate refuses: sample get_stock"), std::string::npos);
      }
      facts.gate->passed = true;
      EXPECT_TRUE(check_change(plan, {to.stage, share}, facts).allowed) << to.name;
    }
  }
}

TEST(Gate, IsNotOverriddenByForceAndNotAskedOnTheWayBack) {
  Facts facts = all_at(Stage::shadow_read);
  facts.gate = GateReading{};
  facts.force = true;
  const Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  EXPECT_FALSE(check_change(plan, {Stage::cloud_primary, whole_share}, facts).allowed);
  facts = all_at(Stage::ramp_down);
  facts.gate = GateReading{};
  const Plan ahead = plan_at(Capability::pricing, at(Stage::ramp_down));
  EXPECT_TRUE(check_change(ahead, {Stage::cloud_primary, whole_share}, facts).allowed);
}

TEST(Rollback, ToAStageGoesBackOneWholeStage) {
  const Facts facts = all_at(Stage::shadow_read);
  Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  for (const std::uint32_t share : {10'000u, whole_share})
    plan = applied(plan, check_change(plan, {Stage::cloud_primary, share}, facts));
  const Verdict back = check_rollback(plan, facts, Stage::shadow_read);
  ASSERT_TRUE(back.allowed) << joined(back);
  EXPECT_EQ(back.next, at(Stage::shadow_read)) << "not the 10 % in between";
  EXPECT_TRUE(applied(plan, back).undo.empty());
  EXPECT_FALSE(check_rollback(plan, facts, Stage::dual_write).allowed) << "two stages";
  EXPECT_FALSE(check_rollback(plan, facts, Stage::ramp_down).allowed) << "ahead";
  EXPECT_FALSE(check_rollback(plan, facts, Stage::cloud_primary).allowed) << "here";
  const Plan moving =
      plan_at(Capability::pricing, {Stage::shadow_read, Stage::cloud_primary, 50'000});
  EXPECT_EQ(check_rollback(moving, facts, Stage::shadow_read).next, at(Stage::shadow_read));
}

TEST(Rollback, PublishesTheSettingsBeforeTheLastForwardStepInForce) {
  const Facts facts = all_at(Stage::shadow_read);
  Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  for (const std::uint32_t share : {10'000u, 50'000u, whole_share})
    plan = applied(plan, check_change(plan, {Stage::cloud_primary, share}, facts));
  EXPECT_EQ(plan.rollout, at(Stage::cloud_primary));
  plan = applied(plan, check_rollback(plan, facts));
  EXPECT_EQ(plan.rollout, (Rollout{Stage::shadow_read, Stage::cloud_primary, 50'000}));
  plan = applied(plan, check_rollback(plan, facts));
  EXPECT_EQ(plan.rollout, (Rollout{Stage::shadow_read, Stage::cloud_primary, 10'000}));
  plan = applied(plan, check_rollback(plan, facts));
  EXPECT_EQ(plan.rollout, at(Stage::shadow_read));
  EXPECT_FALSE(check_rollback(plan, facts).allowed) << "nothing is in force any more";
}

TEST(Rollback, IsNeverItselfRolledBack) {
  const Facts facts = all_at(Stage::shadow_read);
  Plan plan = plan_at(Capability::pricing, at(Stage::dual_write));
  plan = applied(plan, check_change(plan, {Stage::shadow_read, whole_share}, facts));
  plan = applied(plan, check_change(plan, {Stage::cloud_primary, whole_share}, facts));
  plan = applied(plan, check_rollback(plan, facts));
  EXPECT_EQ(plan.rollout, at(Stage::shadow_read));
  plan = applied(plan, check_rollback(plan, facts));
  EXPECT_EQ(plan.rollout, at(Stage::dual_write)) << "not cloud_primary again";
}

TEST(Rollback, IsNotRefusedForBacklogDeadLettersOrUnknownOutcomes) {
  Facts facts = all_at(Stage::shadow_read);
  Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  plan = applied(plan, check_change(plan, {Stage::cloud_primary, whole_share}, facts));
  facts.dead_letters = facts.unknown_outcomes = facts.open_intents_before = 9;
  facts.pinned_to_cloud = facts.pinned_to_legacy = 9;
  EXPECT_TRUE(check_rollback(plan, facts).allowed);
}

TEST(Rollback, AStepBackByHandTakesTheStepsAboveItOutOfForce) {
  const Facts facts = all_at(Stage::shadow_read);
  Plan plan = plan_at(Capability::pricing, at(Stage::shadow_read));
  for (const std::uint32_t share : {10'000u, 50'000u})
    plan = applied(plan, check_change(plan, {Stage::cloud_primary, share}, facts));
  plan = applied(plan, check_change(plan, {Stage::cloud_primary, 5'000}, facts));
  EXPECT_EQ(plan.undo.size(), 1u);
  plan = applied(plan, check_rollback(plan, facts));
  EXPECT_EQ(plan.rollout, at(Stage::shadow_read));
}

// Random walks over every legal and illegal request.
TEST(Transition, WalksNeverLeaveTheTableAndUndoAlwaysLeadsBack) {
  std::mt19937 random(20261124);
  for (int walk = 0; walk < 300; ++walk) {
    Plan plan = plan_at(Capability::pricing, at(Stage::legacy_only));
    for (int step = 0; step < 60; ++step) {
      const auto stage = static_cast<Stage>(random() % 6);
      const auto share = static_cast<std::uint32_t>(random() % 11) * 10'000;
      const Verdict verdict = random() % 4 == 0
                                  ? check_rollback(plan, all_at(Stage::shadow_read))
                                  : check_change(plan, {stage, share}, all_at(Stage::shadow_read));
      if (!verdict.allowed) continue;
      const std::int64_t before = progress(plan.rollout);
      plan = applied(plan, verdict);
      EXPECT_EQ(verdict.forward, progress(plan.rollout) > before);
      EXPECT_TRUE(plan.rollout.settled() || adjacent(plan.rollout.from, plan.rollout.to));
      for (const Rollout& earlier : plan.undo) EXPECT_LT(progress(earlier), progress(plan.rollout));
      for (std::size_t i = 1; i < plan.undo.size(); ++i)
        EXPECT_LT(progress(plan.undo[i - 1]), progress(plan.undo[i]));
    }
    while (!plan.undo.empty())
      plan = applied(plan, check_rollback(plan, all_at(Stage::shadow_read)));
    EXPECT_LE(progress(plan.rollout), progress(at(Stage::cloud_only)));
  }
}

}  // namespace
}  // namespace underpin::cutover
