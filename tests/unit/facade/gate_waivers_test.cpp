// Who answers for what the evidence does not show, and what posting has to show.
#include "facade/gate_waivers.h"

#include "facade/reconciliation.h"
#include "tests/unit/facade/gates.h"

namespace underpin::facade::test {
namespace {

// ---- who answers for gaps

TEST_F(Gates, AThinCellIsAnsweredForByNameUntilThen) {
  compared_customers(5);
  for (const char* cell : {"get_customer", "get_customer other"}) {
    const auto kept = gate().waive(Capability::customers,
                                   {0,
                                    cell,
                                    "few customers",
                                    "Olga",
                                    Timestamp{clock}.plus_ms(60'000),
                                    "",
                                    {},
                                    "",
                                    Stage::cloud_primary},
                                   "quinn");
    ASSERT_TRUE(kept);
    EXPECT_EQ(last_audit().get("kind").text(), "gate_waived");
    EXPECT_EQ(last_audit().get("actor").text(), "quinn");
    EXPECT_EQ(last_audit().get("detail").get("by").text(), "Olga");
  }
  EXPECT_EQ(unmet(), Names{});
  EXPECT_EQ(judged().verdict.criteria[0].waived_by, "Olga");
  open();
  EXPECT_EQ(unmet(), Names{}) << "it is in the journal";
  compared(Capability::customers, "get_customer", "C1", parity::Verdict::mismatch);
  EXPECT_THAT(unmet(), Contains("mismatch_rate get_customer")) << "a wrong cell is never waived";
  compared(Capability::customers, "get_customer", "C1");
  pass_ms(60'000);
  EXPECT_THAT(unmet(), Contains("sample get_customer")) << "it has ended";
}

TEST_F(Gates, AWaiverCanBeTakenBackAndHasAnEnd) {
  compared_customers(5);
  const Waiver wanted{
      0,  "get_customer",      "few", "Olga", Timestamp{clock}.plus_ms(3'600'000), "", {},
      "", Stage::cloud_primary};
  Waiver endless = wanted;
  endless.until = Timestamp{clock}.plus_ms(31LL * 86'400'000);
  EXPECT_FALSE(gate().waive(Capability::customers, endless, "quinn"));
  Waiver over = wanted;
  over.until = Timestamp{clock};
  EXPECT_FALSE(gate().waive(Capability::customers, over, "quinn"));
  ASSERT_TRUE(gate().waive(Capability::customers, wanted, "quinn"));
  EXPECT_THAT(unmet(), testing::Not(Contains("sample get_customer")));
  EXPECT_FALSE(gate().revoke(Capability::customers, 7, "ada", "no such"));
  ASSERT_TRUE(gate().revoke(Capability::customers, 1, "ada", "enough now"));
  EXPECT_EQ(last_audit().get("kind").text(), "gate_waiver_revoked");
  EXPECT_THAT(unmet(), Contains("sample get_customer"));
}

// Who answers for a thin cell before the first flip has not answered for what ends comparing.
TEST_F(Gates, AWaiverIsForTheStepThatItWasGivenFor) {
  compared_customers(5);
  Waiver wanted{0, "get_customer", "few", "Olga", Timestamp{clock}.plus_ms(3'600'000), "", {}, ""};
  const auto nameless = gate().waive(Capability::customers, wanted, "quinn");
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().fields.at(0).pointer, "/to");
  wanted.to = Stage::cloud_primary;
  ASSERT_TRUE(gate().waive(Capability::customers, wanted, "quinn"));
  EXPECT_THAT(unmet(), testing::Not(Contains("sample get_customer")));
  EXPECT_THAT(unmet(Capability::customers, Stage::ramp_down), Contains("sample get_customer"));
  wanted.to = Stage::ramp_down;
  ASSERT_TRUE(gate().waive(Capability::customers, wanted, "quinn"));
  EXPECT_THAT(unmet(Capability::customers, Stage::ramp_down),
              testing::Not(Contains("sample get_customer")));
}

// As a release before kept it.
TEST_F(Gates, AWaiverThatNamesNoStepIsInForceForNone) {
  compared_customers(5);
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    keep(
        tx, Capability::customers,
        {{1, "get_customer", "few", "Olga", Timestamp{clock}.plus_ms(3'600'000), "quinn", {}, ""}});
    return true;
  }));
  ASSERT_EQ(gate().waivers(Capability::customers)->size(), 1U);
  EXPECT_THAT(unmet(), Contains("sample get_customer"));
}

TEST_F(Gates, AnUnseenClassCanBeAnsweredFor) {
  for (int i = 0; i < 20; ++i) compared(Capability::pricing, "quote", "C" + std::to_string(i));
  gate().asked(Capability::pricing, "list_prices");
  ASSERT_EQ(unmet(Capability::pricing), (Names{"coverage", "basket"}));
  ASSERT_TRUE(gate().waive(Capability::pricing,
                           {0,
                            "coverage operation list_prices",
                            "one tool",
                            "Olga",
                            Timestamp{clock}.plus_ms(60'000),
                            "",
                            {},
                            "",
                            Stage::cloud_primary},
                           "quinn"));
  EXPECT_EQ(unmet(Capability::pricing), Names{"basket"}) << "nobody has named any prices";
}

// ---- posting parity

struct PostingGates : Gates {
  void SetUp() override {
    gate_settings.posting.required = true;
    Gates::SetUp();
  }
  void keep_totals(std::int64_t different, std::int64_t equal = 2) {
    Reconciliation done;
    done.posting = true;
    done.state = "done";
    done.started_at = done.ended_at = Timestamp{clock};
    done.equal = equal;
    if (different > 0) done.differences["value"] = different;
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      done.id = last_id_in(tx) + 1;
      keep(tx, done);
      return true;
    }));
  }
  // What comparing the scenarios leaves in the journal.
  void keep_scenarios(const std::string& verdict, const std::string& made_with) {
    json::Value item = json::Value::object();
    item.set("scenario", "split_tax");
    item.set("verdict", verdict);
    json::Value items = json::Value::array();
    items.push(item);
    json::Value kept = json::Value::object();
    kept.set("run", json::Value::integer(1));
    kept.set("at", Timestamp{clock}.text());
    kept.set("madeWith", made_with);
    kept.set("items", items);
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      tx.set_fact("posting_scenarios/result", json::write(kept));
      return true;
    }));
  }
  std::string state(Stage to = Stage::cloud_primary) {
    return judged(Capability::orders, to).posting;
  }
  Names posting_unmet(Stage to = Stage::cloud_primary) {
    Names names;
    for (const std::string& name : unmet(Capability::orders, to))
      if (name.rfind("posting_", 0) == 0) names.push_back(name);
    return names;
  }
};

TEST_F(PostingGates, WhatWasNotEvaluatedIsNotGreen) {
  EXPECT_EQ(posting_unmet(), (Names{"posting_totals", "posting_scenarios"}));
  EXPECT_EQ(state(), "not_evaluated");
  keep_totals(0);
  EXPECT_EQ(posting_unmet(), Names{"posting_scenarios"});
  keep_scenarios("match", gate().binding().hash);
  EXPECT_EQ(posting_unmet(), Names{});
  EXPECT_EQ(state(), "met");
}

TEST_F(PostingGates, TotalsOfNothingAreNoEvidenceAndOldOnesNeither) {
  keep_scenarios("tolerated", gate().binding().hash);
  keep_totals(0, 0);
  EXPECT_EQ(posting_unmet(), Names{"posting_totals"});
  keep_totals(0);
  EXPECT_EQ(posting_unmet(), Names{});
  pass_ms(25 * 3'600'000);
  EXPECT_EQ(posting_unmet(), Names{"posting_totals"});
}

TEST_F(PostingGates, ScenariosThatDifferWaitOrWereComparedWithOtherRulesDoNotCount) {
  keep_totals(0);
  for (const char* verdict : {"mismatch", "not_compared"}) {
    keep_scenarios(verdict, gate().binding().hash);
    EXPECT_EQ(posting_unmet(), Names{"posting_scenarios"}) << verdict;
  }
  keep_scenarios("match", "other rules");
  EXPECT_EQ(posting_unmet(), Names{"posting_scenarios"});
}

TEST_F(PostingGates, SomebodyMayAnswerForWhatWasNotSeenAndNobodyForWhatIsWrong) {
  for (const char* cell : {"posting_totals", "posting_scenarios"}) {
    Waiver waiver;
    waiver.cell = cell;
    waiver.by = "Fay Ito";
    waiver.reason = "Nothing is invoiced yet";
    waiver.until = Timestamp{clock}.plus_ms(3'600'000);
    waiver.to = Stage::cloud_primary;
    ASSERT_TRUE(gate().waive(Capability::orders, waiver, "quinn"));
  }
  EXPECT_EQ(posting_unmet(), Names{});
  EXPECT_EQ(state(), "waived");
  keep_totals(1);
  EXPECT_EQ(posting_unmet(), Names{"posting_totals"});
  EXPECT_EQ(state(), "different");
}

TEST_F(PostingGates, ItIsAskedForFromTheStageThatTheSiteNames) {
  gate_settings.posting.from = Stage::ramp_down;
  gate_settings.posting.scenarios = false;
  open();
  EXPECT_EQ(posting_unmet(), Names{});
  EXPECT_EQ(state(), "not_required");
  EXPECT_EQ(posting_unmet(Stage::ramp_down), Names{"posting_totals"});
  EXPECT_EQ(posting_unmet(Stage::cloud_only), Names{"posting_totals"});
  EXPECT_EQ(judged(Capability::customers, Stage::cloud_only).posting, "not_required");
}

}  // namespace
}  // namespace underpin::facade::test
