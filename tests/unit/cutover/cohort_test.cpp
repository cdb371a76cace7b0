#include "cutover/cohort.h"

#include "cutover/transition.h"

#include <gtest/gtest.h>

#include <string>

namespace underpin::cutover {
namespace {

std::vector<CohortRule> rules_of(std::string_view text, bool documents = true) {
  const auto rules = read_rules(*json::parse(text), documents);
  return rules ? *rules : std::vector<CohortRule>{};
}

std::string refusal(std::string_view text, bool documents = true) {
  const auto rules = read_rules(*json::parse(text), documents);
  return rules ? "accepted" : rules.error().message;
}

Plan on_the_way(std::uint32_t share, std::string_view rules) {
  Plan plan = initial_plan("default", Capability::orders);
  plan.rollout = {Stage::shadow_read, Stage::cloud_primary, share, rules_of(rules)};
  return plan;
}

constexpr const char* pilot_stores =
    R"([{"name":"pilot","reason":"two stores volunteered","sharePer100k":100000,
         "match":{"locations":["BERLIN","KIEL"]}}])";

TEST(Cohort, TheFirstRuleThatMatchesDecides) {
  const Plan plan = on_the_way(0, R"([
    {"name":"not web","reason":"r","sharePer100k":0,"match":{"channels":["web"]}},
    {"name":"all of DE","reason":"r","sharePer100k":100000,"match":{"regions":["DE"]}}])");
  Subject subject("web/1");
  subject.channel = "web";
  subject.region = "DE";
  EXPECT_EQ(stage_for(plan, subject), Stage::shadow_read);
  EXPECT_EQ(place(plan, subject).rule->name, "not web");
  subject.channel = "pos";
  EXPECT_EQ(stage_for(plan, subject), Stage::cloud_primary);
  subject.region = "FR";
  EXPECT_EQ(stage_for(plan, subject), Stage::shadow_read);
  EXPECT_EQ(place(plan, subject).rule, nullptr);
}

TEST(Cohort, AnOrderBelongsToStoresOnlyWithAllItsLines) {
  const Plan plan = on_the_way(0, pilot_stores);
  Subject subject("web/1");
  EXPECT_EQ(stage_for(plan, subject), Stage::shadow_read);
  subject.locations = {"KIEL", "BERLIN"};
  EXPECT_EQ(stage_for(plan, subject), Stage::cloud_primary);
  subject.locations = {"KIEL", "ROME"};
  EXPECT_EQ(stage_for(plan, subject), Stage::shadow_read);
}

TEST(Cohort, EveryListOfARuleMustMatch) {
  const auto rules = rules_of(R"([{"name":"n","reason":"r","sharePer100k":1,
    "match":{"segments":["VIP"],"keys":["C1","C2"],"regions":["DE-BY"],"skus":["1000"]}}])");
  Subject subject("C1");
  subject.segment = "VIP";
  subject.region = "DE-BY";
  subject.skus = {"1000"};
  EXPECT_TRUE(matches(rules[0], subject));
  Subject other = subject;
  other.segment = "RETAIL";
  EXPECT_FALSE(matches(rules[0], other));
  other = subject;
  other.key = "C3";
  EXPECT_FALSE(matches(rules[0], other));
  other = subject;
  other.region = "DE";
  EXPECT_FALSE(matches(rules[0], other));
  other = subject;
  other.skus = {};
  EXPECT_FALSE(matches(rules[0], other));
}

TEST(Cohort, AShareWithinACohortIsStickyLikeAnyOther) {
  const Plan narrow = on_the_way(0, R"([{"name":"n","reason":"r","sharePer100k":20000,
    "match":{"channels":["web"]}}])");
  const Plan wide = on_the_way(0, R"([{"name":"n","reason":"r","sharePer100k":60000,
    "match":{"channels":["web"]}}])");
  int in_narrow = 0;
  for (int i = 0; i < 2'000; ++i) {
    Subject subject("web/" + std::to_string(i));
    subject.channel = "web";
    if (stage_for(narrow, subject) != Stage::cloud_primary) continue;
    ++in_narrow;
    EXPECT_EQ(stage_for(wide, subject), Stage::cloud_primary) << i;
  }
  EXPECT_NEAR(in_narrow, 400, 80);
}

TEST(Cohort, WhoAsksDoesNotMoveWhatIsShared) {
  constexpr const char* by_channel =
      R"([{"name":"n","reason":"r","sharePer100k":1,"match":{"channels":["web"]}}])";
  EXPECT_EQ(refusal(by_channel), "accepted");
  EXPECT_EQ(refusal(by_channel, false),
            "rules/0/match/channels is only for documents: who asks does not move what is shared");
}

TEST(Cohort, ARuleThatCannotBeReadIsRefusedByFieldAndRule) {
  EXPECT_EQ(refusal("{}"), "rules must be a list");
  EXPECT_EQ(refusal("[1]"), "rules/0 must be an object");
  EXPECT_EQ(refusal(R"([{"reason":"r","sharePer100k":1,"match":{"keys":["a"]}}])"),
            "rules/0/name must be a text");
  EXPECT_EQ(refusal(R"([{"name":"n","reason":"","sharePer100k":1,"match":{"keys":["a"]}}])"),
            "rules/0/reason must have 1 to 200 characters");
  EXPECT_EQ(refusal(R"([{"name":"n","reason":"r","sharePer100k":100001,"match":{"keys":["a"]}}])"),
            "rules/0/sharePer100k must be 0 to 100000");
  EXPECT_EQ(refusal(R"([{"name":"n","reason":"r","sharePer100k":1,"match":{}}])"),
            "rules/0/match must name at least one list");
  EXPECT_EQ(refusal(R"([{"name":"n","reason":"r","sharePer100k":1,"match":{"shops":["a"]}}])"),
            "rules/0/match/shops is not known");
  EXPECT_EQ(refusal(R"([{"name":"n","reason":"r","sharePer100k":1,"match":{"keys":[]}}])"),
            "rules/0/match/keys must be a list of 1 to 10000 texts");
  EXPECT_EQ(refusal(R"([{"name":"n","reason":"r","sharePer100k":1,"match":{"keys":["a"]}},
                        {"name":"n","reason":"r","sharePer100k":1,"match":{"keys":["b"]}}])"),
            "rules/1/name is used twice");
  EXPECT_EQ(refusal(R"([{"name":"n","why":"r","sharePer100k":1,"match":{"keys":["a"]}}])"),
            "rules/0/why is not known");
}

TEST(Cohort, RulesAreKeptWithThePlan) {
  Plan plan = on_the_way(10'000, pilot_stores);
  plan.undo = {{Stage::shadow_read, Stage::cloud_primary, 0, rules_of(pilot_stores)}};
  const auto again = read_plan(write_plan(plan), plan.wave, plan.capability, 3);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rollout, plan.rollout);
  EXPECT_EQ(again->undo, plan.undo);
}

Facts level() {
  Facts facts;
  for (Rollout& rollout : facts.rollouts)
    rollout = {Stage::cloud_primary, Stage::cloud_primary, whole_share};
  facts.rollouts[0] = {Stage::shadow_read, Stage::shadow_read, whole_share};
  facts.caught_up = true;
  return facts;
}

Plan at_shadow_read() {
  Plan plan = initial_plan("default", Capability::orders);
  plan.rollout = {Stage::shadow_read, Stage::shadow_read, whole_share};
  return plan;
}

TEST(CohortChange, ACohortMayGoAheadOfEverybodyElse) {
  const Plan plan = at_shadow_read();
  const Verdict verdict =
      check_change(plan, {Stage::cloud_primary, 0, rules_of(pilot_stores)}, level());
  ASSERT_TRUE(verdict.allowed) << verdict.reasons[0];
  EXPECT_TRUE(verdict.forward);
  EXPECT_EQ(verdict.reasons[0],
            "shadow_read -> shadow_read with 0 % at cloud_primary, pilot 100 %");
  // ... is a forward step that a rollback takes back ...
  const Plan moved = applied(plan, verdict);
  ASSERT_EQ(moved.undo.size(), 1u);
  const Verdict back = check_rollback(moved, level());
  ASSERT_TRUE(back.allowed);
  EXPECT_EQ(applied(moved, back).rollout, plan.rollout);
  EXPECT_TRUE(applied(moved, back).undo.empty());
  // ... and everybody else follows with the whole share.
  const Verdict whole = check_change(moved, {Stage::cloud_primary, whole_share, {}}, level());
  ASSERT_TRUE(whole.allowed);
  EXPECT_TRUE(whole.next.settled());
  EXPECT_TRUE(whole.next.rules.empty());
}

TEST(CohortChange, ACohortMayStayBehindTheWholeShare) {
  const Plan plan = at_shadow_read();
  const auto rules = rules_of(R"([{"name":"not Kiel","reason":"stocktaking","sharePer100k":0,
    "match":{"locations":["KIEL"]}}])");
  const Verdict verdict = check_change(plan, {Stage::cloud_primary, whole_share, rules}, level());
  ASSERT_TRUE(verdict.allowed);
  EXPECT_FALSE(verdict.next.settled());
  Subject kiel("web/1");
  kiel.locations = {"KIEL"};
  EXPECT_EQ(stage_for(applied(plan, verdict), kiel), Stage::shadow_read);
  EXPECT_EQ(stage_for(applied(plan, verdict), "web/1"), Stage::cloud_primary);
}

TEST(CohortChange, NamingACohortIsAForwardStepAlsoWhenTheShareStays) {
  Plan plan = at_shadow_read();
  plan.rollout = {Stage::shadow_read, Stage::cloud_primary, 10'000, {}};
  Facts facts = level();
  facts.dead_letters = 1;
  EXPECT_FALSE(
      check_change(plan, {Stage::cloud_primary, 10'000, rules_of(pilot_stores)}, facts).allowed);
  // Taking a cohort back is none, and dead letters never lock the way back.
  plan.rollout.rules = rules_of(pilot_stores);
  const Verdict back =
      check_change(plan, {Stage::cloud_primary, 10'000, std::vector<CohortRule>{}}, facts);
  EXPECT_TRUE(back.allowed);
  EXPECT_FALSE(back.forward);
}

TEST(CohortChange, ReleasingACohortThatWasHeldBackIsAForwardStep) {
  Plan plan = at_shadow_read();
  plan.rollout = {
      Stage::shadow_read, Stage::cloud_primary, 50'000,
      rules_of(R"([{"name":"n","reason":"r","sharePer100k":0,"match":{"keys":["a"]}}])")};
  const Verdict released =
      check_change(plan, {Stage::cloud_primary, 50'000, std::vector<CohortRule>{}}, level());
  EXPECT_TRUE(released.forward);
}

TEST(CohortChange, CohortsStayWhenOnlyTheShareMoves) {
  Plan plan = at_shadow_read();
  plan.rollout = {Stage::shadow_read, Stage::cloud_primary, 10'000, rules_of(pilot_stores)};
  const Verdict verdict = check_change(plan, {Stage::cloud_primary, 50'000, {}}, level());
  EXPECT_EQ(verdict.next.rules, plan.rollout.rules);
  EXPECT_EQ(verdict.next.share_per_100k, 50'000u);
}

}  // namespace
}  // namespace underpin::cutover
