#include "tests/unit/facade/gates.h"

namespace underpin::facade::test {

void Gates::SetUp() {
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

GateDesk& Gates::gate() { return facade->gate(); }

void Gates::compared(Capability capability, const std::string& operation,
                     const std::string& subject, parity::Verdict verdict,
                     const std::string& correlation) {
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

void Gates::compared_customers(int number) {
  for (int i = 0; i < number; ++i)
    compared(Capability::customers, "get_customer", "C" + std::to_string(i));
}

GateReport Gates::judged(Capability capability, Stage to) {
  facade->ledger().flush();
  const auto report = gate().judge(capability, to, context());
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : GateReport{};
}

std::vector<std::string> Gates::unmet(Capability capability, Stage to) {
  std::vector<std::string> names;
  const GateReport report = judged(capability, to);
  for (const parity::Criterion& criterion : report.verdict.criteria)
    if (!criterion.met) names.push_back(criterion.name);
  EXPECT_EQ(report.verdict.passed, names.empty());
  return names;
}

std::string Gates::refusal(Capability capability, Stage stage) {
  facade->ledger().flush();
  const auto changed = facade->cutover().change(capability, {stage, cutover::whole_share},
                                                version(capability), {"ada", "test"});
  return changed ? "" : changed.error().message;
}

void Gates::to_shadow_read() {
  move_all(Stage::dual_write);
  move_all(Stage::shadow_read);
}

}  // namespace underpin::facade::test
