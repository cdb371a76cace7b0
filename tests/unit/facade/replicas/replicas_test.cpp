#include "facade/audit.h"
#include "facade/clock.h"
#include "facade/cutover_desk.h"
#include "facade/plan_book.h"
#include "parity/ledger.h"
#include "tests/support/postgres.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace underpin::facade {
namespace {

// Nothing was compared.
struct NoDifferences final : parity::Ledger {
  bool record(parity::LedgerEntry) override { return true; }
  void flush() override {}
  Result<parity::Summary> summary() const override { return parity::Summary{}; }
  Result<std::vector<parity::LedgerEntry>> entries(const parity::LedgerFilter&) const override {
    return std::vector<parity::LedgerEntry>{};
  }
  Result<std::vector<parity::DifferenceClass>> open_differences(const std::string&,
                                                                Timestamp) const override {
    return std::vector<parity::DifferenceClass>{};
  }
};

// What one process has of the cutover: its journal, its copy of the plan, its desk.
struct Replica {
  Replica(const journal::PostgresSettings& settings, std::int64_t lease_ms)
      : journal(std::move(journal::open_postgres_journal(settings)).value()),
        plans(*journal, "default", lease_ms),
        audit(*journal, system_now, {}),
        ledger(std::make_unique<NoDifferences>()),
        desk(*journal, plans, audit, *ledger, {}, system_now) {
    EXPECT_TRUE(plans.load(system_now()).has_value());
    EXPECT_TRUE(plans.renew().has_value());
  }
  Result<CutoverStatus> move(cutover::Stage stage, std::uint32_t share, std::int64_t expected) {
    cutover::ChangeRequest request;
    request.stage = stage;
    request.share_per_100k = share;
    return desk.change(Capability::customers, request, expected, {"ada", "test"});
  }
  std::unique_ptr<journal::Journal> journal;
  PlanBook plans;
  AuditTrail audit;
  std::unique_ptr<parity::Ledger> ledger;
  CutoverDesk desk;
};

TEST(Replicas, AForwardStepWaitsUntilEveryLiveOneHasTakenTheLast) {
  const auto settings = test_support::own_schema();
  Replica first(settings, 60'000);
  Replica second(settings, 60'000);
  const auto begun = first.move(cutover::Stage::dual_write, 10'000, 1);
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  EXPECT_EQ(begun->taken_by.size(), 1U);
  EXPECT_EQ(begun->waiting_for.size(), 1U);

  const auto refused = first.move(cutover::Stage::dual_write, 20'000, 2);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_NE(refused.error().message.find("has not taken plan version 2"), std::string::npos)
      << refused.error().message;

  ASSERT_TRUE(second.plans.renew().has_value());
  EXPECT_EQ(second.plans.plan(Capability::customers).version, 2);
  const auto whole = first.desk.status(Capability::customers);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->taken_by.size(), 2U);
  EXPECT_TRUE(whole->waiting_for.empty());
  EXPECT_TRUE(first.move(cutover::Stage::dual_write, 20'000, 2).has_value());
}

TEST(Replicas, AStepBackWaitsForNobody) {
  const auto settings = test_support::own_schema();
  Replica first(settings, 60'000);
  const Replica second(settings, 60'000);
  ASSERT_TRUE(first.move(cutover::Stage::dual_write, 10'000, 1).has_value());
  const auto back = first.desk.roll_back(Capability::customers, 2, {"ada", "test"});
  EXPECT_TRUE(back.has_value()) << back.error().message;
}

TEST(Replicas, OneWhoseLeaseHasRunOutIsNotWaitedForAndKnowsIt) {
  const auto settings = test_support::own_schema();
  Replica first(settings, 60'000);
  Replica hung(settings, 300);
  EXPECT_TRUE(first.plans.fresh().has_value());
  ASSERT_TRUE(first.move(cutover::Stage::dual_write, 10'000, 1).has_value());
  const Deadline give_up = deadline_in(std::chrono::seconds(30));
  auto next = first.move(cutover::Stage::dual_write, 20'000, 2);
  while (!next && ms_left(give_up) > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    next = first.move(cutover::Stage::dual_write, 20'000, 2);
  }
  ASSERT_TRUE(next.has_value()) << next.error().message;
  EXPECT_TRUE(next->waiting_for.empty());
  // Whoever is not waited for any more has stopped answering before that.
  const Status fresh = hung.plans.fresh();
  ASSERT_FALSE(fresh.has_value());
  EXPECT_EQ(fresh.error().code, ErrorCode::unavailable);

  ASSERT_TRUE(hung.plans.renew().has_value());
  EXPECT_TRUE(hung.plans.fresh().has_value());
  EXPECT_EQ(hung.plans.plan(Capability::customers).version, 3);
}

TEST(Replicas, OneThatLeavesIsNotWaitedFor) {
  const auto settings = test_support::own_schema();
  Replica first(settings, 60'000);
  {
    const Replica leaving(settings, 60'000);
    const auto status = first.desk.status(Capability::customers);
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->taken_by.size(), 2U);
  }
  ASSERT_TRUE(first.move(cutover::Stage::dual_write, 10'000, 1).has_value());
  EXPECT_TRUE(first.move(cutover::Stage::dual_write, 20'000, 2).has_value());
}

}  // namespace
}  // namespace underpin::facade
