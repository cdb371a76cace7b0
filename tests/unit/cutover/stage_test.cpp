#include "cutover/plan.h"

#include <gtest/gtest.h>

#include <string>

namespace underpin::cutover {
namespace {

Plan plan_of(Capability capability, Rollout rollout) {
  Plan plan = initial_plan("default", capability);
  plan.rollout = rollout;
  return plan;
}

TEST(StageTable, EveryStageBetweenTheEndsKeepsTheOtherSystemCurrent) {
  for (const StageRule& r : stage_rules) {
    const bool an_end = r.stage == Stage::legacy_only || r.stage == Stage::cloud_only;
    EXPECT_EQ(r.mirror_writes, !an_end) << r.name;
  }
}

TEST(StageTable, ReadsAreComparedOnlyWhileBothSystemsAreWrittenTo) {
  for (const StageRule& r : stage_rules) EXPECT_TRUE(!r.shadow_reads || r.mirror_writes) << r.name;
}

TEST(StageTable, ThePrimaryChangesExactlyOnceOnTheWay) {
  int changes = 0;
  for (std::size_t i = 1; i < stage_rules.size(); ++i)
    changes += stage_rules[i].primary != stage_rules[i - 1].primary;
  EXPECT_EQ(changes, 1);
}

TEST(StageTable, ThePrimaryChangesOnlyBetweenStagesThatMirrorAndShadow) {
  for (std::size_t i = 1; i < stage_rules.size(); ++i) {
    if (stage_rules[i].primary == stage_rules[i - 1].primary) continue;
    EXPECT_TRUE(stage_rules[i].mirror_writes && stage_rules[i - 1].mirror_writes);
    EXPECT_TRUE(stage_rules[i].shadow_reads && stage_rules[i - 1].shadow_reads);
  }
}

TEST(StageTable, NamesAreReadBack) {
  for (const StageRule& r : stage_rules) EXPECT_EQ(parse_stage(r.name), r.stage);
  EXPECT_FALSE(parse_stage("cloud"));
}

// Published vectors: another implementation, or a later release, must draw the same buckets.
TEST(Bucket, IsPinnedByTestVectors) {
  EXPECT_EQ(bucket_version, 1);
  EXPECT_EQ(bucket_per_100k("orders", "web/100042"), 30'075u);
  EXPECT_EQ(bucket_per_100k("orders", "pos/100042"), 53'598u);
  EXPECT_EQ(bucket_per_100k("inventory", "1000@EAST"), 70'478u);
  EXPECT_EQ(bucket_per_100k("customers", "C10000"), 67'089u);
  EXPECT_EQ(bucket_per_100k("", ""), 26'675u);
}

TEST(Rollout, RaisingTheShareNeverMovesASubjectBack) {
  for (int subject = 0; subject < 500; ++subject) {
    bool moved = false;
    for (std::uint32_t share = 0; share <= whole_share; share += 2'500) {
      const Plan plan =
          plan_of(Capability::orders, {Stage::shadow_read, Stage::cloud_primary, share});
      const bool now = stage_for(plan, std::to_string(subject)) == Stage::cloud_primary;
      EXPECT_TRUE(now || !moved);
      moved = now;
    }
    EXPECT_TRUE(moved);
  }
}

TEST(Rollout, LoweringTheShareMovesOnlySubjectsAboveIt) {
  for (int subject = 0; subject < 2'000; ++subject) {
    const std::string text = "S" + std::to_string(subject);
    const Plan wide =
        plan_of(Capability::orders, {Stage::shadow_read, Stage::cloud_primary, 50'000});
    const Plan narrow =
        plan_of(Capability::orders, {Stage::shadow_read, Stage::cloud_primary, 10'000});
    if (stage_for(narrow, text) == Stage::cloud_primary) {
      EXPECT_EQ(stage_for(wide, text), Stage::cloud_primary);
    }
  }
}

TEST(Rollout, TenPercentIsTenPercentOfSubjects) {
  const Plan plan = plan_of(Capability::orders, {Stage::shadow_read, Stage::cloud_primary, 10'000});
  int moved = 0;
  for (int subject = 0; subject < 100'000; ++subject)
    moved += stage_for(plan, "C" + std::to_string(subject)) == Stage::cloud_primary;
  EXPECT_NEAR(moved, 10'000, 400);
}

TEST(Rollout, CapabilitiesDrawDifferentCohorts) {
  int both = 0;
  for (int subject = 0; subject < 100'000; ++subject) {
    const std::string text = "C" + std::to_string(subject);
    both += bucket_per_100k("orders", text) < 10'000 && bucket_per_100k("pricing", text) < 10'000;
  }
  EXPECT_NEAR(both, 1'000, 200);
}

TEST(Plan, IsReadBackAsItWasWritten) {
  Plan plan = plan_of(Capability::inventory, {Stage::shadow_read, Stage::cloud_primary, 12'345});
  plan.undo = {{Stage::legacy_only, Stage::legacy_only, whole_share},
               {Stage::shadow_read, Stage::shadow_read, whole_share}};
  const auto read = read_plan(write_plan(plan), "default", Capability::inventory, 7);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->rollout, plan.rollout);
  EXPECT_EQ(read->undo, plan.undo);
  EXPECT_EQ(read->salt, "inventory");
  EXPECT_EQ(read->version, 7);
}

TEST(Plan, OfAnotherBucketVersionIsRefused) {
  std::string text = write_plan(initial_plan("default", Capability::orders));
  const auto at = text.find("\"bucketVersion\":1");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 17, "\"bucketVersion\":2");
  EXPECT_FALSE(read_plan(text, "default", Capability::orders, 1));
}

}  // namespace
}  // namespace underpin::cutover
