// Each replica has a ledger of its own; a verdict is about what all of them have compared.
#include "facade/gate_desk.h"
#include "facade/pack_desk.h"
#include "tests/unit/facade/replicas/two_replicas.h"

#include <gmock/gmock.h>

#include <thread>

namespace underpin::facade {
namespace {

using cutover::Stage;
using parity::Verdict;
using testing::Contains;
using testing::HasSubstr;

struct EvidenceReplicas : test::TwoReplicas {
  EvidenceReplicas() {
    gate.enforced = true;
    for (parity::GateLimits& limits : gate.limits) {
      limits.sample_min = 20;
      limits.mismatch_rate_max = 0.15;
      limits.money_at_risk_max = Decimal::of(1'000);
    }
    gate.replicas_wait_ms = 200;
  }
  std::unique_ptr<Facade> started(const std::string& name) {
    auto facade = replica(name);
    if (!facade) return nullptr;
    for (const auto& task : facade->tasks())  // By which the others know that it is alive.
      if (task->name() == "plan") (void)task->run_once();
    return facade;
  }
  static void compared(Facade& facade, const std::string& customer,
                       Verdict verdict = Verdict::match) {
    parity::LedgerEntry entry;
    entry.at = system_now();
    entry.question = {"customers", "get_customer", customer, entry.at.date_utc()};
    entry.comparison.verdict = verdict;
    entry.comparison.classes = {"amount", "quantity", "other"};
    if (verdict == Verdict::mismatch)
      entry.comparison.differences.push_back(
          {"/phone", parity::Kind::value, verdict, "\"1\"", "\"2\"", ""});
    ASSERT_TRUE(facade.ledger().record(std::move(entry)));
  }
  static void compared_many(Facade& facade, int from, int to) {
    for (int i = from; i < to; ++i) compared(facade, "C" + std::to_string(i));
  }
  static GateReport judged(Facade& facade) {
    const auto report = facade.gate().judge(Capability::customers, Stage::cloud_primary, context());
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : GateReport{};
  }
  static std::vector<std::string> unmet(Facade& facade) {
    std::vector<std::string> names;
    for (const parity::Criterion& criterion : judged(facade).verdict.criteria)
      if (!criterion.met) names.push_back(criterion.name);
    return names;
  }
  static const parity::GateCell& whole(const GateReport& report) {
    static const parity::GateCell none;
    return report.facts.cells.empty() ? none : report.facts.cells.front();
  }
  static void told(Facade& facade, bool at_once = false) {
    const Status done = facade.gate().tell(at_once);
    ASSERT_TRUE(done) << done.error().message;
  }
  using Names = std::vector<std::string>;
};

TEST_F(EvidenceReplicas, AMismatchThatTheOtherHasSeenFailsTheGate) {
  const auto first = started("first");
  const auto second = started("second");
  ASSERT_TRUE(first && second);
  compared_many(*first, 0, 20);
  told(*second);
  EXPECT_EQ(unmet(*first), Names{});
  compared(*second, "C900", Verdict::mismatch);
  told(*second, true);
  EXPECT_THAT(unmet(*first), Contains("mismatch_rate get_customer"));
  EXPECT_EQ(whole(judged(*first)).mismatches, 1);
  const auto reading =
      first->gate().reading(Capability::customers, Stage::cloud_primary, context());
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->passed);
}

TEST_F(EvidenceReplicas, SubjectsAddUpAndTheNewestWordOnEachCounts) {
  const auto first = started("first");
  const auto second = started("second");
  ASSERT_TRUE(first && second);
  compared_many(*first, 0, 12);
  compared(*second, "C0", Verdict::mismatch);
  compared_many(*second, 8, 20);  // Four of them are the first's, too.
  compared(*first, "C0");         // Looked at again: it is mended.
  told(*second);
  const GateReport report = judged(*first);
  EXPECT_EQ(whole(report).compared, 20) << "no subject counts twice";
  EXPECT_EQ(whole(report).mismatches, 0);
  EXPECT_TRUE(report.verdict.passed);
}

TEST_F(EvidenceReplicas, ALiveOneThatIsSilentRefusesAndADeadOnesWordStays) {
  const auto first = started("first");
  auto second = started("second");
  ASSERT_TRUE(first && second);
  compared_many(*first, 0, 20);
  GateReport report = judged(*first);
  EXPECT_FALSE(report.verdict.passed);
  EXPECT_THAT(report.verdict.criteria.back().name, "replicas");
  EXPECT_THAT(report.verdict.criteria.back().detail, HasSubstr("has not told"));
  const auto classes = first->gate().open_differences(Capability::customers, Timestamp{});
  ASSERT_FALSE(classes);
  EXPECT_THAT(classes.error().message, HasSubstr("has not told"));
  const auto pack =
      make_pack(*first, Capability::customers, Stage::cloud_primary, context(), "ada");
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_THAT(pack->files.at("differences.json"), HasSubstr("has not told"));
  EXPECT_THAT(pack_page(pack->pack, pack->files), HasSubstr("Of one replica only"));
  // It leaves; what it saw to be wrong is still wrong.
  compared(*second, "C900", Verdict::mismatch);
  told(*second, true);
  second.reset();
  EXPECT_THAT(unmet(*first), Contains("mismatch_rate get_customer"));
  // Until somebody looks at the subject again.
  compared(*first, "C900");
  EXPECT_EQ(unmet(*first), Names{});
}

TEST_F(EvidenceReplicas, OneThatStartsAgainReplacesWhatItsLedgerTold) {
  const auto first = started("first");
  auto second = started("second");
  ASSERT_TRUE(first && second);
  compared_many(*first, 0, 20);
  compared(*second, "C900", Verdict::mismatch);
  told(*second, true);
  second.reset();
  second = started("second");
  ASSERT_TRUE(second);
  EXPECT_THAT(unmet(*first), Contains("replicas")) << "it is another replica now, and silent";
  compared(*second, "C900");
  told(*second, true);
  EXPECT_EQ(unmet(*first), Names{});
}

TEST_F(EvidenceReplicas, AVerdictAsksAndWaitsForTheAnswer) {
  gate.replicas_wait_ms = 20'000;
  const auto first = started("first");
  const auto second = started("second");
  ASSERT_TRUE(first && second);
  compared_many(*second, 0, 20);
  std::atomic<bool> over{false};
  std::thread task([&] {
    while (!over) EXPECT_TRUE(second->gate().tell());
  });
  const GateReport report = judged(*first);
  over = true;
  task.join();
  EXPECT_TRUE(report.verdict.passed);
  EXPECT_EQ(whole(report).compared, 20);
}

TEST_F(EvidenceReplicas, OneThatComparesWithOtherRulesVoidsTheVerdict) {
  const auto first = started("first");
  gate.made_with["adapter nav"] = "the next release";
  const auto second = started("second");
  ASSERT_TRUE(first && second);
  compared_many(*first, 0, 20);
  told(*second);
  const GateReport report = judged(*first);
  EXPECT_FALSE(report.verdict.passed);
  EXPECT_THAT(report.verdict.criteria.back().detail, HasSubstr("compares with other"));
}

TEST_F(EvidenceReplicas, AnApprovalIsBoundToTheDifferencesOfAll) {
  approvals[static_cast<std::size_t>(Capability::customers)] = ApprovalRule{{"finance"}};
  const auto first = started("first");
  const auto second = started("second");
  ASSERT_TRUE(first && second);
  compared(*first, "C1", Verdict::mismatch);
  compared(*second, "C2", Verdict::mismatch);
  told(*second);
  json::Value change = json::Value::object();
  change.set("stage", "dual_write");
  const auto proposal = first->cutover().propose(Capability::customers, {change, false, {}, {}}, 1,
                                                 {"ada", "parity is fine"});
  ASSERT_TRUE(proposal) << proposal.error().message;
  ASSERT_EQ(proposal->classes.size(), 1U);
  EXPECT_EQ(proposal->classes[0].seen.count, 2);
  // One more, which only the other has seen: more than was accepted.
  compared(*second, "C3", Verdict::mismatch);
  told(*second, true);
  const auto signed_off = first->cutover().approve(
      Capability::customers, proposal->id, {"finance", "fay", "accepted", json::Value::array(), 0});
  ASSERT_FALSE(signed_off);
  EXPECT_THAT(signed_off.error().message, HasSubstr("void"));
}

}  // namespace
}  // namespace underpin::facade
