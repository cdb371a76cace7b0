#include "parity/gate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace underpin::parity {
namespace {

constexpr std::int64_t hour = 3'600'000'000;
const Timestamp now{1'795'500'000'000'000};

// P(X <= k) of a binomial distribution, summed term by term.
double at_most(std::int64_t k, std::int64_t n, double p) {
  double sum = 0.0;
  for (std::int64_t i = 0; i <= k; ++i) {
    const auto x = static_cast<double>(i);
    const auto all = static_cast<double>(n);
    sum += std::exp(std::lgamma(all + 1) - std::lgamma(x + 1) - std::lgamma(all - x + 1) +
                    x * std::log(p) + (all - x) * std::log1p(-p));
  }
  return sum;
}

TEST(Gate, TheBoundIsTheExactOneOfTheBinomialDistribution) {
  std::mt19937 random(20261128);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t n = 1 + static_cast<std::int64_t>(random() % 3'000);
    const std::int64_t k = static_cast<std::int64_t>(random() % static_cast<unsigned>(n));
    const double level = random() % 2 == 0 ? 0.95 : 0.99;
    const double upper = mismatch_rate_upper(k, n, level);
    EXPECT_NEAR(at_most(k, n, upper), 1.0 - level, 1e-7) << k << " of " << n;
  }
}

TEST(Gate, KnownBounds) {
  // The rule of three: nothing among n says below about 3/n with 95 % confidence.
  EXPECT_NEAR(mismatch_rate_upper(0, 300, 0.95), 1.0 - std::pow(0.05, 1.0 / 300), 1e-12);
  EXPECT_NEAR(mismatch_rate_upper(5, 100, 0.95), 0.1022533, 1e-6);
  EXPECT_EQ(mismatch_rate_upper(0, 0, 0.95), 1.0);
  EXPECT_EQ(mismatch_rate_upper(7, 7, 0.95), 1.0);
  EXPECT_NEAR(mismatch_rate_upper(1'000, 1'000'000, 0.95), 0.001053, 2e-6);
}

TEST(Gate, TheSampleItNamesIsTheSmallestThatProves) {
  for (const std::int64_t mismatches : {0, 1, 4}) {
    for (const double limit : {0.2, 0.01, 0.001}) {
      const auto needed = sample_needed(mismatches, limit, 0.95);
      ASSERT_TRUE(needed);
      EXPECT_LE(mismatch_rate_upper(mismatches, *needed, 0.95), limit);
      EXPECT_GT(mismatch_rate_upper(mismatches, *needed - 1, 0.95), limit);
    }
  }
  EXPECT_FALSE(sample_needed(0, 0.0, 0.95));
}

GateLimits limits() {
  GateLimits limits;
  limits.mismatch_rate_max = 0.01;
  limits.sample_min = 300;
  limits.skipped_max = 0.5;
  limits.money_at_risk_max = Decimal::of(100);
  limits.reconciliation_age_max_ms = 86'400'000;
  return limits;
}

GateFacts green() {
  GateFacts facts;
  GateCell cell;
  cell.operation = "get_order";
  cell.compared = cell.asked = 500;
  facts.cells.push_back(cell);
  facts.compared = 500;
  facts.newest_evidence = Timestamp{now.micros - hour};
  facts.evidence_for = facts.in_force = "abc";
  facts.reconciled_at = Timestamp{now.micros - hour};
  facts.reconciliation_keys = 100;
  return facts;
}

std::string missed(const GateFacts& facts) {
  std::string names;
  const GateVerdict verdict = judge_gate(facts, limits(), now);
  for (const Criterion& criterion : verdict.criteria)
    if (!criterion.met) names += (names.empty() ? "" : "|") + criterion.name;
  EXPECT_EQ(verdict.passed, names.empty());
  return names;
}

TEST(Gate, PassesWhenEveryCriterionIsMet) { EXPECT_EQ(missed(green()), ""); }

TEST(Gate, IsNotGreenBecauseNothingWasSeen) {
  EXPECT_EQ(missed({}), "coverage|evidence_age|reconciliation");
}

TEST(Gate, EveryCriterionFailsAlone) {
  GateFacts facts = green();
  facts.cells[0].mismatches = 3;
  EXPECT_EQ(missed(facts), "mismatch_rate get_order");
  facts = green();
  facts.cells[0].compared = 200;
  EXPECT_EQ(missed(facts), "sample get_order|mismatch_rate get_order");
  facts = green();
  facts.cells[0].not_compared = 60;
  EXPECT_EQ(missed(facts), "not_compared get_order");
  facts = green();
  facts.unseen = {"cancel_order"};
  EXPECT_EQ(missed(facts), "coverage");
  facts = green();
  facts.newest_evidence = Timestamp{now.micros - 25 * hour};
  EXPECT_EQ(missed(facts), "evidence_age");
  facts = green();
  facts.in_force = "abd";
  EXPECT_EQ(missed(facts), "evidence_for");
  facts = green();
  facts.dropped = 50;
  EXPECT_EQ(missed(facts), "dropped");
  facts = green();
  facts.skipped = 2'000;
  EXPECT_EQ(missed(facts), "skipped");
  facts = green();
  facts.money_at_risk = *Decimal::parse("100.01");
  EXPECT_EQ(missed(facts), "money_at_risk");
  facts = green();
  facts.unvalued_writes = 6;
  facts.unvalued_documents = 5;
  EXPECT_EQ(missed(facts), "unvalued_at_risk") << "what has no value is not worth nothing";
  facts = green();
  facts.expired = {"KD-1"};
  EXPECT_EQ(missed(facts), "known_differences");
  facts = green();
  facts.reconciliation_differences = 1;
  EXPECT_EQ(missed(facts), "reconciliation");
  facts = green();
  facts.reconciled_at = Timestamp{now.micros - 25 * hour};
  EXPECT_EQ(missed(facts), "reconciliation");
  facts = green();
  facts.reconciliation_keys = 100;
  facts.reconciliation_not_compared = 6;
  EXPECT_EQ(missed(facts), "reconciliation") << "equal is what was looked at";
  facts.reconciliation_not_compared = 5;
  EXPECT_EQ(missed(facts), "");
  facts.reconciliation_keys = facts.reconciliation_not_compared = 0;
  EXPECT_EQ(missed(facts), "reconciliation") << "nothing was compared, and nothing differs";
}

TEST(Gate, TheMoneyAtRiskSaysWhatIsNotInIt) {
  GateFacts facts = green();
  facts.money_at_risk = Decimal::of(7);
  facts.unvalued_writes = 2;
  for (const Criterion& criterion : judge_gate(facts, limits(), now).criteria)
    if (criterion.name == "money_at_risk") {
      EXPECT_EQ(criterion.figure, "7, and 2 that cannot be valued");
    }
}

TEST(Gate, AThinCellMayBeAnsweredForUntilThenAWrongOneMayNot) {
  GateFacts facts = green();
  GateCell& cell = facts.cells[0];
  cell.compared = 20;
  cell.waived_by = "olga";
  cell.waived_until = Timestamp{now.micros + hour};
  EXPECT_EQ(missed(facts), "");
  EXPECT_EQ(judge_gate(facts, limits(), now).criteria[0].waived_by, "olga");
  cell.mismatches = 1;
  EXPECT_EQ(missed(facts), "mismatch_rate get_order");
  cell.mismatches = 0;
  cell.waived_until = now;
  EXPECT_EQ(missed(facts), "sample get_order|mismatch_rate get_order");
}

}  // namespace
}  // namespace underpin::parity
