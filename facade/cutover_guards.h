#pragma once

#include "cutover/guard.h"
#include "facade/clock.h"
#include "facade/cutover_desk.h"
#include "facade/journal/journal.h"
#include "facade/systems.h"
#include "parity/compare.h"

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// Every guard is optional. Rates are fractions.
struct CapabilityGuards {
  std::optional<cutover::RateLimit> error_rate;     // Answers 5xx, and unknown outcomes, of all.
  std::optional<cutover::RateLimit> mismatch_rate;  // Of what was compared.
  // Comparisons in which the primary took longer than `latency_ratio` times the other side.
  std::optional<cutover::RateLimit> slower_rate;
  double latency_ratio = 2;
  std::optional<std::int64_t> backlog_age_max_ms;  // Of the oldest undelivered mirror.
  std::optional<std::int64_t> feed_age_max_ms;     // Since an ERP's changes were last seen whole.
  std::optional<std::int64_t> dead_letters_max;
};

struct GuardsSettings {
  std::int64_t look_ms = 1'000;
  std::array<CapabilityGuards, 4> capabilities = {};  // By Capability.
};

// Watches every capability in every stage. A breach halts the capability, once, until a person has
// acknowledged it (cutover/transition.h says what that means). Each process judges what it has
// answered and compared itself. Threads: any; look() by one.
class CutoverGuards {
 public:
  CutoverGuards(const Systems& systems, const journal::Journal& journal, GuardsSettings settings,
                Now now);

  // `failed`: a 5xx, or an outcome that is not known yet.
  void answered(Capability capability, bool failed);
  void compared(Capability capability, parity::Verdict verdict, std::int64_t primary_micros,
                std::int64_t secondary_micros);

  // Those that apply in the current stage, as of now.
  std::vector<cutover::GuardReading> readings(const cutover::Plan& plan) const;
  // Judges and acts.
  void look(CutoverDesk& desk);

 private:
  struct Watch {
    std::int64_t plan_version = 0;
    std::optional<cutover::RateGuard> errors;
    std::optional<cutover::RateGuard> mismatches;
    std::optional<cutover::RateGuard> slower;
  };
  void restart_if_moved(Watch& watch, const cutover::Plan& plan) const;

  const Systems& systems_;
  const journal::Journal& journal_;
  const GuardsSettings settings_;
  Now now_;
  mutable std::mutex mutex_;
  mutable std::array<Watch, 4> watches_;
};

}  // namespace underpin::facade
