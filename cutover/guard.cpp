#include "cutover/guard.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace underpin::cutover {
namespace {

std::string counted(std::int64_t events, std::int64_t of, double limit) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%lld of %lld (limit %.3g %%)",
                static_cast<long long>(events), static_cast<long long>(of), limit * 100);
  return text.data();
}

}  // namespace

std::string_view name(GuardVerdict verdict) {
  constexpr std::array<std::string_view, 3> names{"clear", "inconclusive", "breach"};
  return names[static_cast<std::size_t>(verdict)];
}

double log_evidence_above(double limit, std::int64_t events, std::int64_t of) {
  // Alternatives by their odds, from half as much again to a hundredfold.
  constexpr std::array<double, 7> odds_ratios{1.5, 2, 3, 5, 10, 30, 100};
  const double odds = limit / (1 - limit);
  const auto hits = static_cast<double>(events);
  const auto misses = static_cast<double>(of - events);
  std::array<double, odds_ratios.size()> logs{};
  for (std::size_t i = 0; i < odds_ratios.size(); ++i) {
    const double alternative = odds * odds_ratios[i] / (1 + odds * odds_ratios[i]);
    logs[i] =
        hits * std::log(alternative / limit) + misses * std::log((1 - alternative) / (1 - limit));
  }
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double one : logs) sum += std::exp(one - largest);
  return largest + std::log(sum / static_cast<double>(logs.size()));
}

void RateGuard::restart(Timestamp now) {
  window_from_ = now;
  window_ = 1;
  events_ = of_ = last_events_ = last_of_ = 0;
  breach_.clear();
}

void RateGuard::roll(Timestamp now) {
  if (window_from_.micros == 0) window_from_ = now;
  const std::int64_t passed = (now.micros - window_from_.micros) / 1000 / limit_.window_ms;
  if (passed <= 0) return;
  last_events_ = passed == 1 ? events_ : 0;
  last_of_ = passed == 1 ? of_ : 0;
  events_ = of_ = 0;
  window_ += passed;
  window_from_ = window_from_.plus_ms(passed * limit_.window_ms);
}

void RateGuard::count(bool event, Timestamp now) {
  roll(now);
  ++of_;
  if (!event) return;
  ++events_;
  if (!breach_.empty()) return;
  const auto k = static_cast<double>(window_);
  const double enough = std::log(k * (k + 1) / limit_.false_alarm);
  if (log_evidence_above(limit_.limit, events_, of_) >= enough)
    breach_ = counted(events_, of_, limit_.limit);
}

GuardReading RateGuard::look(Timestamp now) {
  roll(now);
  if (!breach_.empty()) return {guard_, GuardVerdict::breach, breach_};
  const std::int64_t events = events_ + last_events_;
  const std::int64_t of = of_ + last_of_;
  std::string detail = counted(events, of, limit_.limit);
  if (of < limit_.minimum_sample) {
    detail += ", " + std::to_string(limit_.minimum_sample) + " are needed";
    return {guard_, GuardVerdict::inconclusive, detail};
  }
  const bool within = static_cast<double>(events) <= limit_.limit * static_cast<double>(of);
  return {guard_, within ? GuardVerdict::clear : GuardVerdict::inconclusive, detail};
}

GuardReading read_level(std::string guard, bool known, std::int64_t value, std::int64_t limit,
                        std::string_view unit) {
  const std::string after = unit.empty() ? std::string{} : " " + std::string(unit);
  const std::string bound = " (limit " + std::to_string(limit) + after + ")";
  if (!known) return {std::move(guard), GuardVerdict::inconclusive, "not known yet" + bound};
  return {std::move(guard), value > limit ? GuardVerdict::breach : GuardVerdict::clear,
          std::to_string(value) + after + bound};
}

}  // namespace underpin::cutover
