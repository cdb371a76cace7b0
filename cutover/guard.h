#pragma once

#include "contracts/time.h"

#include <cstdint>
#include <string>
#include <string_view>

// Does what is measured stay within its limit? Looking often must not raise false alarms, and no
// traffic says nothing. Pure: time and counts are parameters. One thread at a time.
namespace underpin::cutover {

enum class GuardVerdict : std::uint8_t { clear, inconclusive, breach };
std::string_view name(GuardVerdict verdict);

struct GuardReading {
  std::string guard;  // "error_rate", "latency_ratio", "mismatch_rate", "backlog_age", ...
  GuardVerdict verdict = GuardVerdict::inconclusive;
  std::string detail;  // "3 of 120 (limit 2 %)"
};

struct RateLimit {
  double limit = 0.05;               // Of all, as a fraction.
  std::int64_t window_ms = 60'000;   // Evidence is gathered within one window.
  std::int64_t minimum_sample = 50;  // In this and the last window; fewer are inconclusive.
  double false_alarm = 0.001;        // Chance of one or more false breaches until restart().
};

// The natural logarithm of the evidence that the true rate is above the limit: a mixture of
// likelihood ratios over higher rates. While the true rate is at most the limit, this is the
// logarithm of a non-negative supermartingale that begins at one; by Ville's inequality it ever
// reaches log(1 / a) with a chance of at most a, however often one looks.
double log_evidence_above(double limit, std::int64_t events, std::int64_t of);

// Counts events among trials in windows that follow each other. The k-th window may raise a false
// alarm with a chance of false_alarm / (k (k + 1)): together at most false_alarm.
class RateGuard {
 public:
  RateGuard(std::string guard, RateLimit limit) : guard_(std::move(guard)), limit_(limit) {}

  void restart(Timestamp now);  // What is measured has changed: a new plan is in force.
  void count(bool event, Timestamp now);
  // A breach stays until restart().
  GuardReading look(Timestamp now);

 private:
  void roll(Timestamp now);

  std::string guard_;
  RateLimit limit_;
  Timestamp window_from_;
  std::int64_t window_ = 1;
  std::int64_t events_ = 0;
  std::int64_t of_ = 0;
  std::int64_t last_events_ = 0;
  std::int64_t last_of_ = 0;
  std::string breach_;
};

// A value that is either known or not, against its limit.
GuardReading read_level(std::string guard, bool known, std::int64_t value, std::int64_t limit,
                        std::string_view unit);

}  // namespace underpin::cutover
