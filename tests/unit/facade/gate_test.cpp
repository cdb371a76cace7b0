// What the gate is judged on, who answers for gaps, and that no step forward passes without it.
#include "facade/gate_desk.h"
#include "facade/gate_facts.h"
#include "facade/reconciliation.h"
#include "tests/unit/facade/gates.h"

namespace underpin::facade::test {
namespace {

TEST_F(Gates, NothingIsGreenBecauseNothingWasSeen) {
  EXPECT_EQ(unmet(),
            (Names{"sample get_customer", "mismatch_rate get_customer", "sample get_customer other",
                   "mismatch_rate get_customer other", "evidence_age"}));
}

// A refused mirror was in no cell: twenty equal orders and one that the cloud never took were
// green.
TEST_F(Gates, AMirrorThatWasRefusedIsAMismatchOfItsOperation) {
  compared_customers(20);
  EXPECT_EQ(unmet(), Names{});
  compared(Capability::customers, "put_customer", "C900", parity::Verdict::mismatch);
  GateReport report = judged();
  ASSERT_FALSE(report.facts.cells.empty());
  EXPECT_EQ(report.facts.cells[0].operation, "get_customer");
  EXPECT_EQ(report.facts.cells[0].compared, 21);
  EXPECT_EQ(report.facts.cells[0].mismatches, 1);
  EXPECT_THAT(unmet(), Contains("mismatch_rate get_customer"));
  // Delivered after all, and seen to be equal.
  pass_ms(1'000);
  compared(Capability::customers, "get_customer", "C900");
  report = judged();
  EXPECT_EQ(report.facts.cells[0].compared, 21) << "one subject, whatever it was asked about";
  EXPECT_EQ(unmet(), Names{});
}

TEST_F(Gates, ARefusedMirrorOfAnyWriteHasACell) {
  const auto mismatches = [&](Capability capability, const std::string& operation) {
    for (const parity::GateCell& cell : judged(capability).facts.cells)
      if (cell.operation == operation && cell.cohort.empty() && cell.field_class.empty())
        return cell.mismatches;
    return std::int64_t{-1};
  };
  for (const char* operation : {"place_order", "amend_order", "cancel_order", "follow_order"})
    compared(Capability::orders, operation, std::string("web/") + operation,
             parity::Verdict::mismatch);
  EXPECT_EQ(mismatches(Capability::orders, "get_order"), 4);
  compared(Capability::inventory, "adjust_stock", "1000@EAST", parity::Verdict::mismatch);
  EXPECT_EQ(mismatches(Capability::inventory, "get_stock"), 1);
  for (const char* operation : {"create_customer", "amend_customer", "put_customer"})
    compared(Capability::customers, operation, operation, parity::Verdict::mismatch);
  EXPECT_EQ(mismatches(Capability::customers, "get_customer"), 3);
}

TEST_F(Gates, PassesWithEnoughSubjectsAndNotWithManyLooksAtOne) {
  for (int i = 0; i < 200; ++i) compared(Capability::customers, "get_customer", "C1");
  EXPECT_THAT(unmet(), Contains("sample get_customer"));
  compared_customers(20);
  EXPECT_EQ(unmet(), Names{});
}

TEST_F(Gates, ARefusalNamesTheCriterionAndTheStepWaitsForTheEvidence) {
  to_shadow_read();
  EXPECT_THAT(refusal(Capability::customers, Stage::cloud_primary),
              HasSubstr("the gate refuses: sample get_customer: 0 compared (at least 20); 20 "
                        "compared with no more mismatches prove it"));
  compared_customers(20);
  EXPECT_EQ(refusal(Capability::customers, Stage::cloud_primary), "");
  const json::Value entry = last_audit();
  EXPECT_EQ(entry.get("kind").text(), "plan_published");
  EXPECT_EQ(entry.get("detail").get("gate").get("passed"), json::Value::boolean(true));
  EXPECT_THAT(entry.get("detail").get("gate").get("criteria").items().at(0).text(),
              HasSubstr("met sample get_customer: 20 compared"));
}

TEST_F(Gates, EachShareAndEachStageBeyondIsJudgedAnew) {
  to_shadow_read();
  compared_customers(20);
  facade->ledger().flush();
  ASSERT_TRUE(facade->cutover().change(Capability::customers, {Stage::cloud_primary, 10'000},
                                       version(Capability::customers), {"ada", "test"}));
  settle();
  pass_ms(25 * 3'600'000);
  EXPECT_THAT(refusal(Capability::customers, Stage::cloud_primary), HasSubstr("sample"));
  compared_customers(20);
  EXPECT_EQ(refusal(Capability::customers, Stage::cloud_primary), "");
  settle();
  compared(Capability::customers, "get_customer", "C1", parity::Verdict::mismatch);
  EXPECT_THAT(refusal(Capability::customers, Stage::ramp_down),
              HasSubstr("the gate refuses: mismatch_rate get_customer: 1 of 20"));
}

// "Half stay behind" is a step forward for those who were behind; it was not judged as one.
TEST_F(Gates, AStepForwardThatNamesTheStageBehindIsNotTakenUnjudged) {
  to_shadow_read();
  compared_customers(20);
  facade->ledger().flush();
  ASSERT_TRUE(facade->cutover().change(Capability::customers, {Stage::cloud_primary, 10'000},
                                       version(Capability::customers), {"ada", "test"}));
  settle();
  const auto changed = facade->cutover().change(Capability::customers, {Stage::shadow_read, 50'000},
                                                version(Capability::customers), {"ada", "test"});
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("it was not judged for this step"));
}

// Nothing is compared at ramp_down; what else the gate knows still holds.
TEST_F(Gates, TheLastStepIsJudgedWithoutComparisons) {
  gate_settings.limits[static_cast<std::size_t>(Capability::customers)].reconciliation_age_max_ms =
      3'600'000;
  open();
  EXPECT_EQ(unmet(Capability::customers, Stage::cloud_only), Names{"reconciliation"});
}

TEST_F(Gates, AStepBackAsksNobody) {
  to_shadow_read();
  compared_customers(20);
  ASSERT_EQ(refusal(Capability::customers, Stage::cloud_primary), "");
  settle();
  compared(Capability::customers, "get_customer", "C1", parity::Verdict::mismatch);
  facade->ledger().flush();
  EXPECT_TRUE(facade->cutover().roll_back(Capability::customers, version(Capability::customers),
                                          {"ada", "back"}));
}

TEST_F(Gates, ADryRunSaysTheSame) {
  to_shadow_read();
  const auto outlook =
      facade->cutover().outlook(Capability::customers, {Stage::cloud_primary, cutover::whole_share},
                                version(Capability::customers), false);
  ASSERT_TRUE(outlook);
  EXPECT_FALSE(outlook->verdict.allowed);
  EXPECT_THAT(outlook->verdict.reasons, Contains(HasSubstr("the gate refuses: sample")));
  EXPECT_THAT(outlook->verdict.overridable, testing::Not(Contains(HasSubstr("gate"))));
}

// Proved by what happens without the rule.
TEST_F(Gates, WhereItIsNotEnforcedNothingIsRefused) {
  gate_settings.enforced = false;
  open();
  to_shadow_read();
  EXPECT_EQ(refusal(Capability::customers, Stage::cloud_primary), "");
  EXPECT_FALSE(judged().verdict.passed);
}

TEST_F(Gates, ASignedProposalIsJudgedWhenItIsPublished) {
  cutover_settings.approvals[static_cast<std::size_t>(Capability::customers)] =
      ApprovalRule{{"approver"}};
  open();
  const auto by_two = [&](Stage stage) -> std::string {
    settle();
    facade->ledger().flush();
    json::Value change = json::Value::object();
    change.set("stage", cutover::name(stage));
    const auto made = facade->cutover().propose(Capability::customers, {change, false, {}, {}},
                                                version(Capability::customers), {"ada", "x"});
    EXPECT_TRUE(made);
    EXPECT_TRUE(facade->cutover().approve(Capability::customers, made->id,
                                          {"approver", "bob", "ok", json::Value::array(), 0}));
    const auto published = facade->cutover().publish(Capability::customers, made->id, {"ada", "x"});
    return published ? "" : published.error().message;
  };
  ASSERT_EQ(by_two(Stage::dual_write), "");
  settle();
  ASSERT_EQ(by_two(Stage::shadow_read), "");
  EXPECT_THAT(by_two(Stage::cloud_primary), HasSubstr("the gate refuses"));
  compared_customers(20);
  EXPECT_EQ(by_two(Stage::cloud_primary), "");
}

// ---- what it is judged on

TEST_F(Gates, ANewAdapterANewRuleOrANewSettingVoidsTheEvidence) {
  compared_customers(20);
  ASSERT_EQ(unmet(), Names{});
  open();
  ASSERT_EQ(unmet(), Names{}) << "a restart voids nothing";
  pass_ms(1'000);
  const auto voided = [&](const char* what) {
    open();
    EXPECT_THAT(unmet(), Contains("sample get_customer")) << what;
    pass_ms(1'000);
    compared_customers(20);
    EXPECT_EQ(unmet(), Names{}) << what;
    pass_ms(1'000);
  };
  gate_settings.made_with["adapter nav"] = "other code";
  voided("adapter");
  cloud().tune().page_max = 7;
  voided("descriptor");
  gate_settings.made_with["settings bc"] = "other company";
  voided("settings");
  field_owners.set(Capability::customers, "phone", {"", LearnedBy::not_kept});
  voided("rules that the configuration makes");
  comparison_settings.after_writes = !comparison_settings.after_writes;
  voided("compareWrites");
  comparison_settings.max_age_ms[Capability::customers] = 60'000;
  voided("maxAgeSeconds");
  comparison_settings.max_age_ms[Capability::customers] = 90'000;
  voided("another maxAgeSeconds");
  // What the code that compares was built from is part of it, in every build.
  EXPECT_EQ(gate().binding().parts.at("code that compares").size(), 64U);
}

TEST_F(Gates, EvidenceEnds) {
  compared_customers(20);
  pass_ms(23 * 3'600'000);
  EXPECT_EQ(unmet(), Names{});
  pass_ms(2 * 3'600'000);
  EXPECT_THAT(unmet(), Contains("sample get_customer"));
}

TEST_F(Gates, ScenariosFillACellAndAreShownAsWhatTheyAre) {
  compared_customers(15);
  for (int i = 0; i < 5; ++i)
    compared(Capability::customers, "get_customer", "S" + std::to_string(i), parity::Verdict::match,
             "scenario-1");
  const GateReport report = judged();
  EXPECT_TRUE(report.verdict.passed);
  EXPECT_EQ(report.verdict.criteria[0].figure, "20 compared, 5 of them replayed");
}

// Ten thousand documents whose amounts a rule ignores were proof of their amounts.
TEST_F(Gates, AClassOfFieldsNeedsASampleOfItsOwn) {
  classes = {"quantity", "other"};
  for (int i = 0; i < 20; ++i) compared(Capability::orders, "get_order", std::to_string(i));
  EXPECT_EQ(unmet(Capability::orders),
            (Names{"sample get_order amount", "mismatch_rate get_order amount"}));
  for (const parity::GateCell& cell : judged(Capability::orders).facts.cells) {
    EXPECT_EQ(cell.compared, cell.field_class == "amount" ? 0 : 20) << parity::name_of(cell);
    EXPECT_EQ(cell.without, cell.field_class == "amount" ? 20 : 0) << parity::name_of(cell);
  }
  // Seen to be wrong, in whatever way, it counts; and so does what was compared of it.
  pass_ms(1'000);
  classes = {"amount", "quantity", "other"};
  for (int i = 0; i < 19; ++i) compared(Capability::orders, "get_order", std::to_string(i));
  EXPECT_EQ(unmet(Capability::orders), Names{"sample get_order amount"});
  compared(Capability::orders, "get_order", "19");
  EXPECT_EQ(unmet(Capability::orders), Names{});
}

// As the rules of a site do it, with documents.
TEST_F(Gates, WhatARuleIgnoresForACohortIsNotGreenForIt) {
  parity::Rule ignoring;
  ignoring.name = "prices of shops are agreed elsewhere";
  ignoring.capability = "orders";
  ignoring.path = "/lines/*/unitPrice";
  ignoring.cohort = {{"segments", {"shops"}}};
  ignoring.ignore = true;
  parity::Rules rules;
  rules.rules = {ignoring};
  const auto lines = json::parse(R"({"lines": [{"sku": "1", "quantity": "2", "unitPrice": "3"}]})");
  const auto classes_for = [&](const char* segment) {
    parity::Side side;
    side.document = *lines;
    parity::Question question{"orders", "get_order", "web/1", Timestamp{clock}.date_utc()};
    question.cohort = {{"segments", {segment}}};
    return parity::compare(side, side, rules, {}, question).classes;
  };
  EXPECT_EQ(classes_for("shops"), (std::set<std::string>{"quantity", "other"}));
  EXPECT_EQ(classes_for("web"), (std::set<std::string>{"amount", "quantity", "other"}));
}

TEST_F(Gates, TooMuchThatWasNotCompared) {
  compared_customers(30);
  for (int i = 0; i < 4; ++i)
    compared(Capability::customers, "get_customer", "N" + std::to_string(i),
             parity::Verdict::not_compared);
  EXPECT_EQ(unmet(), Names{"not_compared get_customer"});
}

TEST_F(Gates, EachCohortHasItsOwnCells) {
  cutover::CohortRule east;
  east.name = "east";
  east.locations = {"EAST"};
  gate_settings.cohorts = {east};
  open();
  for (int i = 0; i < 20; ++i)
    compared(Capability::inventory, "get_stock", std::to_string(i) + "@WEST");
  EXPECT_THAT(unmet(Capability::inventory), Contains("sample get_stock of east"));
  for (int i = 0; i < 20; ++i)
    compared(Capability::inventory, "get_stock", std::to_string(i) + "@EAST");
  EXPECT_EQ(unmet(Capability::inventory), Names{});
}

TEST_F(Gates, WhatChannelsAskedForMustHaveBeenCompared) {
  for (int i = 0; i < 20; ++i) compared(Capability::pricing, "quote", "C" + std::to_string(i));
  gate().asked(Capability::pricing, "quote");
  gate().asked(Capability::pricing, "list_prices");
  EXPECT_EQ(unmet(Capability::pricing), (Names{"coverage", "basket"}));
  const GateReport report = judged(Capability::pricing);
  EXPECT_EQ(report.facts.unseen, Names{"operation list_prices"});
}

TEST_F(Gates, AClassOfOrdersThatLegacyHasAndNoComparedOneIsMissed) {
  move_all(Stage::dual_write);
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(100 + i);
    ASSERT_EQ(facade->orders().place(order(number), write("k" + number)).status, 201);
    compared(Capability::orders, "get_order", "web/" + number);
  }
  settle();
  EXPECT_EQ(unmet(Capability::orders), Names{});
  Order gift = order("900");
  gift.payments.push_back({"pi_1", "stripe", "card", gift.totals.grand_total});
  ASSERT_EQ(facade->orders().place(gift, write("k900")).status, 201);
  settle();
  EXPECT_EQ(unmet(Capability::orders), Names{"coverage"});
  EXPECT_EQ(judged(Capability::orders).facts.unseen, Names{"payments"});
  compared(Capability::orders, "get_order", "web/900");
  EXPECT_EQ(unmet(Capability::orders), Names{});
}

// A difference does not end because nobody looks, but when nobody can.
TEST_F(Gates, AnOldMismatchIsOpenUntilItsOrderIsClosed) {
  move_all(Stage::dual_write);
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(facade->orders()
                  .place(order(std::to_string(100 + i)), write("k" + std::to_string(i)))
                  .status,
              201);
  settle();
  compared(Capability::orders, "get_order", "web/100", parity::Verdict::mismatch);
  pass_ms(25 * 3'600'000);
  for (int i = 1; i < 20; ++i)
    compared(Capability::orders, "get_order", "web/" + std::to_string(100 + i));
  EXPECT_THAT(unmet(Capability::orders), Contains("mismatch_rate get_order"));
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    journal::DocumentRecord shipped = document("100");
    shipped.closed = true;
    tx.put_document(shipped);
    return true;
  }));
  EXPECT_EQ(judged(Capability::orders).facts.cells.at(0).mismatches, 0);
}

TEST_F(Gates, AnExpiredKnownDifference) {
  parity::KnownDifference known;
  known.name = "KD-1";
  known.capability = "customers";
  known.path = "/phone";
  known.expires = Timestamp{clock}.plus_ms(-2 * 86'400'000).date_utc();
  parity_rules.known.push_back(known);
  open();
  compared_customers(20);
  EXPECT_EQ(unmet(), Names{"known_differences"});
}

TEST_F(Gates, AReconciliationThatIsOldOrFoundDifferences) {
  gate_settings.limits[static_cast<std::size_t>(Capability::customers)].reconciliation_age_max_ms =
      3'600'000;
  open();
  compared_customers(20);
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "none";
  Reconciliation done;
  done.id = 1;
  done.capability = Capability::customers;
  done.state = "done";
  done.started_at = done.ended_at = Timestamp{clock};
  done.equal = 10;
  const auto kept = [&] {
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      keep(tx, done);
      return true;
    }));
  };
  kept();
  EXPECT_EQ(unmet(), Names{});
  pass_ms(3'600'001);
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "old";
  done.id = 2;
  done.started_at = done.ended_at = Timestamp{clock};
  done.differences["value"] = 1;
  kept();
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "it found something";
  done.differences.clear();
  done.equal = 90;
  done.legacy.left_out = 2;
  done.on_its_way = 1;
  done.not_mirrored = 1;
  done.not_compared["changedSinceCutOff"] = 1;
  kept();
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "5 of 92 say nothing";
  done.equal = 98;
  kept();
  EXPECT_EQ(unmet(), Names{}) << "5 of 100";
  // Made with other adapters, mapping or rules than those in force.
  pass_ms(1'000);
  gate_settings.made_with["adapter nav"] = "another";
  open();
  compared_customers(20);
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "it was begun before";
  done.ended_at = Timestamp{clock};
  kept();
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "and has only ended since";
  done.started_at = Timestamp{clock};
  kept();
  EXPECT_EQ(unmet(), Names{});
  done.equal = 0;
  done.legacy.left_out = done.on_its_way = done.not_mirrored = 0;
  done.not_compared.clear();
  kept();
  EXPECT_EQ(unmet(), Names{"reconciliation"}) << "it compared nothing";
}

TEST_F(Gates, DroppedComparisonsAreCountedAcrossRestarts) {
  compared_customers(20);
  facade->ledger().flush();
  ASSERT_TRUE(parity::EvidenceBook(folder.string() + "/parity.db", "")
                  .add({{"customers", "", 0, 5, 0}}, Timestamp{clock}));
  open();
  EXPECT_EQ(unmet(), Names{"dropped"});
}

// ---- the price basket

struct Basket : Gates {
  void SetUp() override {
    gate_settings.basket = {{"1000", Decimal::of(2), "PCS", "C1", "EUR", "Europe/Berlin"}};
    Gates::SetUp();
    for (int i = 0; i < 20; ++i) compared(Capability::pricing, "quote", "C" + std::to_string(i));
    price(Side::legacy, "10.00");
    price(Side::cloud, "10.00");
  }
  void price(Side side, const std::string& amount) {
    PriceEntry entry;
    entry.sku = Sku{"1000"};
    entry.from = Date{2026, 1, 1};
    entry.zone = "Europe/Berlin";
    entry.uom = "PCS";
    entry.currency = "EUR";
    entry.unit_price = *Decimal::parse(amount);
    on(side).set_price(entry);
  }
};

TEST_F(Basket, IsAskedOfBothERPs) {
  EXPECT_EQ(unmet(Capability::pricing), Names{});
  price(Side::cloud, "10.50");
  EXPECT_EQ(unmet(Capability::pricing), Names{"basket 2 of 1000 for C1 in Europe/Berlin"});
  EXPECT_THAT(judged(Capability::pricing).verdict.criteria.back().figure,
              HasSubstr("now 10.00 and 10.50"));
}

TEST_F(Basket, TwoThatHaveNoPriceAreEqualAndStillNoEvidence) {
  gate_settings.basket[0].sku = "2000";
  open();
  EXPECT_EQ(unmet(Capability::pricing), Names{"basket 2 of 2000 for C1 in Europe/Berlin"});
}

TEST_F(Basket, AnErpThatDoesNotAnswerIsNoEvidence) {
  cloud().set_down(true);
  EXPECT_EQ(unmet(Capability::pricing), Names{"basket 2 of 1000 for C1 in Europe/Berlin"});
}

}  // namespace
}  // namespace underpin::facade::test
