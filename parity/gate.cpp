#include "parity/gate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace underpin::parity {
namespace {

// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  constexpr double exact = 1e-14;
  constexpr int steps_max = 20'000;
  const auto kept_from_zero = [](double value) { return std::fabs(value) < tiny ? tiny : value; };
  double c = 1.0;
  double d = 1.0 / kept_from_zero(1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int m = 1; m <= steps_max; ++m) {
    const double k = m;
    const double even = k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k));
    d = 1.0 / kept_from_zero(1.0 + even * d);
    c = kept_from_zero(1.0 + even / c);
    fraction *= d * c;
    const double odd = -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0));
    d = 1.0 / kept_from_zero(1.0 + odd * d);
    c = kept_from_zero(1.0 + odd / c);
    const double change = d * c;
    fraction *= change;
    if (std::fabs(change - 1.0) < exact) break;
  }
  return fraction;
}

// I_x(a, b), regularised.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0.0) return 0.0;
  if (x >= 1.0) return 1.0;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
  return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

std::string percent(double rate) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g %%", rate * 100.0);
  return text.data();
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool is_waived(const GateCell& cell, Timestamp now) {
  return !cell.waived_by.empty() && now < cell.waived_until;
}

std::string parts_of(const GateCell& cell) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += ", " + std::to_string(count) + " " + what;
  };
  add(cell.replayed, "of them replayed");
  add(cell.tolerated, "tolerated");
  add(cell.known, "known differences");
  add(cell.late, "more late");
  add(cell.without, "more without anything of it that is compared");
  return text;
}

// How many subjects would prove it, if no more of them were wrong.
std::string needed_for(const GateCell& cell, const GateLimits& limits) {
  const auto needed = sample_needed(cell.mismatches, limits.mismatch_rate_max, limits.level);
  if (!needed) return "no sample proves it with so many mismatches";
  return std::to_string(std::max(*needed, limits.sample_min)) +
         " compared with no more mismatches prove it";
}

// A thin cell may be answered for; a wrong one may not.
void judge_cell(const GateCell& cell, const GateLimits& limits, Timestamp now,
                std::vector<Criterion>& criteria) {
  Criterion sample;
  sample.name = "sample " + name_of(cell);
  sample.met = cell.compared >= limits.sample_min;
  sample.figure = std::to_string(cell.compared) + " compared" + parts_of(cell);
  sample.limit = "at least " + std::to_string(limits.sample_min);
  const double upper = mismatch_rate_upper(cell.mismatches, cell.compared, limits.level);
  Criterion rate;
  rate.name = "mismatch_rate " + name_of(cell);
  rate.met = upper <= limits.mismatch_rate_max;
  rate.figure = std::to_string(cell.mismatches) + " of " + std::to_string(cell.compared) +
                ", below " + percent(upper) + " with " + percent(limits.level) + " confidence";
  rate.limit = "below " + percent(limits.mismatch_rate_max);
  if (!sample.met) sample.detail = needed_for(cell, limits);
  if (!rate.met) rate.detail = needed_for(cell, limits);
  if (is_waived(cell, now)) {
    for (Criterion* one : {&sample, &rate}) {
      if (one->met || (one == &rate && cell.mismatches > 0)) continue;
      one->met = true;
      one->waived_by = cell.waived_by;
      one->detail = "waived by " + cell.waived_by + " until " + cell.waived_until.text();
    }
  }
  criteria.push_back(std::move(sample));
  criteria.push_back(std::move(rate));
  if (!cell.field_class.empty()) return;  // A document is compared whole or not at all.
  Criterion compared;
  compared.name = "not_compared " + name_of(cell);
  const double left_out = share(cell.not_compared, cell.asked);
  compared.met = left_out <= limits.not_compared_max;
  compared.figure = std::to_string(cell.not_compared) + ", " + percent(left_out);
  compared.limit = "at most " + percent(limits.not_compared_max);
  criteria.push_back(std::move(compared));
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

std::string age(Timestamp then, Timestamp now) {
  return std::to_string((now.micros - then.micros) / 1'000'000) + " s old";
}

void judge_comparisons(const GateFacts& facts, const GateLimits& limits, Timestamp now,
                       std::vector<Criterion>& criteria) {
  const auto add = [&](const char* name, bool met, std::string figure, std::string limit,
                       std::string detail = {}) {
    criteria.push_back({name, met, {}, std::move(figure), std::move(limit), std::move(detail)});
  };
  for (const GateCell& cell : facts.cells) judge_cell(cell, limits, now, criteria);
  add("coverage", !facts.cells.empty() && facts.unseen.empty(),
      facts.cells.empty() ? "nothing was compared" : "unseen: " + listed(facts.unseen),
      "everything that legacy's history has was compared");
  if (criteria.back().met && !facts.unseen_waived.empty()) {
    criteria.back().waived_by = listed(facts.unseen_waived);
    criteria.back().detail = "waived: " + criteria.back().waived_by;
  }
  const bool fresh = !facts.newest_evidence.empty() &&
                     now <= facts.newest_evidence.plus_ms(limits.evidence_age_max_ms);
  add("evidence_age", fresh,
      facts.newest_evidence.empty() ? "none" : age(facts.newest_evidence, now),
      "at most " + std::to_string(limits.evidence_age_max_ms / 1000) + " s");
  add("evidence_for", facts.evidence_for == facts.in_force, facts.evidence_for, facts.in_force,
      facts.evidence_for == facts.in_force
          ? std::string{}
          : "adapters, mapping, code tables or rules have changed since: compare again");
  const double dropped = share(facts.dropped, facts.compared + facts.dropped);
  add("dropped", dropped <= limits.dropped_max,
      std::to_string(facts.dropped) + ", " + percent(dropped),
      "at most " + percent(limits.dropped_max));
  const double skipped = share(facts.skipped, facts.compared + facts.skipped);
  add("skipped", skipped <= limits.skipped_max,
      std::to_string(facts.skipped) + ", " + percent(skipped),
      "at most " + percent(limits.skipped_max));
}

}  // namespace

std::string name_of(const GateCell& cell) {
  std::string text = cell.operation;
  if (!cell.cohort.empty()) text += " of " + cell.cohort;
  if (!cell.field_class.empty()) text += " " + cell.field_class;
  return text;
}

void GateVerdict::add(std::vector<Criterion> more) {
  for (Criterion& one : more) {
    passed = passed && one.met;
    criteria.push_back(std::move(one));
  }
}

double mismatch_rate_upper(std::int64_t mismatches, std::int64_t compared, double level) {
  if (compared <= 0 || mismatches >= compared) return 1.0;
  // P(X <= k) = I_{1-p}(n-k, k+1); the p at which it falls to 1 - level.
  const auto at_most = [&](double p) {
    return incomplete_beta(static_cast<double>(compared - mismatches),
                           static_cast<double>(mismatches) + 1.0, 1.0 - p);
  };
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2.0;
    (at_most(middle) > 1.0 - level ? low : high) = middle;
  }
  return high;
}

std::optional<std::int64_t> sample_needed(std::int64_t mismatches, double limit, double level) {
  constexpr std::int64_t most = 1'000'000'000;
  if (limit <= 0.0 || mismatch_rate_upper(mismatches, most, level) > limit) return std::nullopt;
  std::int64_t low = mismatches;  // Not enough.
  std::int64_t high = most;       // Enough.
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (mismatch_rate_upper(mismatches, middle, level) > limit ? low : high) = middle;
  }
  return high;
}

GateVerdict judge_gate(const GateFacts& facts, const GateLimits& limits, Timestamp now) {
  GateVerdict verdict;
  std::vector<Criterion>& criteria = verdict.criteria;
  const auto add = [&](const char* name, bool met, std::string figure, std::string limit,
                       std::string detail = {}) {
    criteria.push_back({name, met, {}, std::move(figure), std::move(limit), std::move(detail)});
  };
  const std::int64_t unvalued = facts.unvalued_writes + facts.unvalued_documents;
  if (limits.comparisons) judge_comparisons(facts, limits, now, criteria);
  add("money_at_risk", !(facts.money_at_risk > limits.money_at_risk_max),
      facts.money_at_risk.text() +
          (unvalued > 0 ? ", and " + std::to_string(unvalued) + " that cannot be valued" : ""),
      "at most " + limits.money_at_risk_max.text(),
      facts.undelivered.empty() ? std::string{} : listed(facts.undelivered));
  add("unvalued_at_risk", unvalued <= limits.unvalued_at_risk_max,
      std::to_string(facts.unvalued_writes) + " writes, " +
          std::to_string(facts.unvalued_documents) + " documents with differences",
      "at most " + std::to_string(limits.unvalued_at_risk_max));
  add("known_differences", facts.expired.empty(),
      "expired or over budget: " + listed(facts.expired), "none expired, none over its budget");
  if (limits.reconciliation_age_max_ms > 0) {
    const bool recent = facts.reconciled_at &&
                        now <= facts.reconciled_at->plus_ms(limits.reconciliation_age_max_ms);
    const std::int64_t compared = facts.reconciliation_keys - facts.reconciliation_not_compared;
    const double left_out = share(facts.reconciliation_not_compared, facts.reconciliation_keys);
    add("reconciliation",
        recent && compared > 0 && facts.reconciliation_differences == 0 &&
            left_out <= limits.reconciliation_not_compared_max,
        facts.reconciled_at
            ? age(*facts.reconciled_at, now) + ", " + std::to_string(compared) + " compared, " +
                  std::to_string(facts.reconciliation_differences) + " differences, " +
                  std::to_string(facts.reconciliation_not_compared) + " not compared (" +
                  percent(left_out) + ")"
            : "none",
        "at most " + std::to_string(limits.reconciliation_age_max_ms / 1000) +
            " s old, of more than nothing, without differences, at most " +
            percent(limits.reconciliation_not_compared_max) + " not compared");
  }
  verdict.passed = std::all_of(criteria.begin(), criteria.end(),
                               [](const Criterion& criterion) { return criterion.met; });
  return verdict;
}

}  // namespace underpin::parity
