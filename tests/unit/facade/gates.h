#pragma once

#include "facade/gate_desk.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {

using cutover::Stage;
using testing::Contains;
using testing::HasSubstr;

struct Gates : FacadeFixture {
  void SetUp() override {
    gate_settings.enforced = true;
    for (parity::GateLimits& limits : gate_settings.limits) {
      limits.sample_min = 20;
      limits.mismatch_rate_max = 0.15;
      limits.money_at_risk_max = Decimal::of(1'000);
    }
    open();
    ASSERT_TRUE(facade);
    for (SmallErp* erp : {&legacy(), &cloud()}) {
      erp->add_customer(customer("C1"));
      erp->set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(10'000));
    }
  }
  GateDesk& gate() { return facade->gate(); }

  void compared(Capability capability, const std::string& operation, const std::string& subject,
                parity::Verdict verdict = parity::Verdict::match,
                const std::string& correlation = "test") {
    parity::LedgerEntry entry;
    entry.at = Timestamp{clock};
    entry.question = {std::string(name(capability)), operation, subject, entry.at.date_utc()};
    entry.correlation_id = correlation;
    entry.comparison.verdict = verdict;
    entry.comparison.classes = classes;
    if (verdict == parity::Verdict::mismatch)
      entry.comparison.differences.push_back(
          {"/phone", parity::Kind::value, verdict, "\"1\"", "\"2\"", ""});
    ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  }
  // What of the documents is compared.
  std::set<std::string> classes{"amount", "quantity", "other"};
  void compared_customers(int number) {
    for (int i = 0; i < number; ++i)
      compared(Capability::customers, "get_customer", "C" + std::to_string(i));
  }
  GateReport judged(Capability capability = Capability::customers,
                    Stage to = Stage::cloud_primary) {
    facade->ledger().flush();
    const auto report = gate().judge(capability, to, context());
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : GateReport{};
  }
  std::vector<std::string> unmet(Capability capability = Capability::customers,
                                 Stage to = Stage::cloud_primary) {
    std::vector<std::string> names;
    const GateReport report = judged(capability, to);
    for (const parity::Criterion& criterion : report.verdict.criteria)
      if (!criterion.met) names.push_back(criterion.name);
    EXPECT_EQ(report.verdict.passed, names.empty());
    return names;
  }
  using Names = std::vector<std::string>;
  // As an architect asks for it; the desk's own words.
  std::string refusal(Capability capability, Stage stage) {
    facade->ledger().flush();
    const auto changed = facade->cutover().change(capability, {stage, cutover::whole_share},
                                                  version(capability), {"ada", "test"});
    return changed ? "" : changed.error().message;
  }
  void to_shadow_read() {
    move_all(Stage::dual_write);
    move_all(Stage::shadow_read);
  }
};

}  // namespace underpin::facade::test
