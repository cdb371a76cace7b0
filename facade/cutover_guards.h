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
  // Since the changes that the capability rests on were last seen whole, in whichever feed is
  // furthest behind.
  std::optional<std::int64_t> feed_age_max_ms;
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

  // invalid_request: a limit is configured that could never be judged, or that a feed would break
  // by its own interval.
  static Status possible(const Systems& systems, const GuardsSettings& settings,
                         std::int64_t poll_ms);

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
    // What is judged by its age, and since when: a feed that nobody ran until then is not late.
    std::vector<std::string> feeds;
    Timestamp feeds_since;
  };
  // A feed, and until when it has seen everything.
  struct FeedSeen {
    std::string feed;  // "customers of nav"
    std::optional<Timestamp> at;
  };
  std::vector<FeedSeen> feeds_in(const journal::JournalReader& reader,
                                 const cutover::Plan& plan) const;
  // `running`: the journal could be read, and feeds are not held after a restore.
  cutover::GuardReading feed_age(Watch& watch, std::int64_t limit_ms, bool running,
                                 const std::vector<FeedSeen>& feeds) const;
  void restart_if_moved(Watch& watch, const cutover::Plan& plan) const;

  const Systems& systems_;
  const journal::Journal& journal_;
  const GuardsSettings settings_;
  Now now_;
  mutable std::mutex mutex_;
  mutable std::array<Watch, 4> watches_;
};

}  // namespace underpin::facade
