#pragma once

#include "cutover/guard.h"
#include "cutover/plan.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Which change of a plan is allowed, and why not. Pure: every fact is a parameter.
namespace underpin::cutover {

struct ChangeRequest {
  Stage stage = Stage::legacy_only;
  std::uint32_t share_per_100k = whole_share;  // Of the subjects, under `stage`.
  // Cohorts with a share of their own under `stage`. Absent: those of the step that is under way.
  std::optional<std::vector<CohortRule>> rules = {};
};

// What a gate says of the evidence: its verdict, and each criterion with its figure and limit.
struct GateReading {
  bool passed = false;
  std::vector<std::string> unmet;    // Criteria that are not met, in words.
  std::vector<std::string> figures;  // All of them.
};

// What the journal and the ERPs say, at the moment of the decision.
struct Facts {
  std::array<Rollout, 4> rollouts;  // Of every capability of the wave, by Capability.
  // Writes of this capability that were opened under an older plan version, less those of an
  // unknown outcome that somebody has seen.
  std::int64_t open_intents_before = 0;
  std::int64_t dead_letters = 0;      // Of this capability, without a disposition.
  std::int64_t unknown_outcomes = 0;  // The same.
  bool caught_up = false;             // The side being entered holds everything acknowledged.
  std::string catch_up_detail;        // "customers 118 of 120", for the refusal.
  std::int64_t pinned_to_legacy = 0;  // Subjects that must stay there (open documents, backlog).
  std::int64_t pinned_to_cloud = 0;
  std::int64_t open_legacy_orders = 0;
  // Open orders of before dual_write are not all in the cloud yet; what is still missing, for
  // people.
  std::string orders_missing_in_cloud;
  std::vector<GuardReading> guards;     // Those that apply; empty: none is configured.
  bool legacy_demand_overlaid = false;  // The facade subtracts their demand from cloud stock.
  std::int64_t backlog_age_ms = 0;      // Of the oldest delivery that waits.
  std::int64_t max_backlog_age_ms = 0;  // Older refuses a step forward; 0: any age is fine.
  // Why nothing may move, or nothing forward, in words: a freeze, a dwell time.
  std::vector<std::string> holds;
  std::vector<std::string> forward_holds;
  // Whether the evidence is enough for a step forward into cloud_primary or beyond; nothing: no
  // gate is enforced.
  std::optional<GateReading> gate;
  // The last step that turned the primary of customers has not turned it yet, in words. Neither
  // customers nor orders go further, and the ends wait.
  std::string turning;
  bool force = false;  // Two people override what may be overridden.
};

struct Verdict {
  bool allowed = false;
  bool forward = false;
  Rollout next;                      // The rollout that would be published.
  std::vector<std::string> reasons;  // Why not; or, when allowed, what the change means.
  // Those of the reasons that force overrides: holds, guards, dead letters, the age of the backlog.
  // What safety rests on is never among them: adjacent stages, constraints, catching up, waiting at
  // the ends, writes of an older plan, unknown outcomes without a disposition; nor a halt that
  // nobody has acknowledged, nor a gate.
  std::vector<std::string> overridable;
  std::vector<std::string> overridden;  // Force did: for the audit.
};

// Does any subject move on? Its own cohort may, while the rollout's share stays.
bool moves_forward(const Rollout& now, const Rollout& next);

// A step forward to it needs the gate: subjects would be answered by the cloud, or lose what a way
// back rests on.
bool is_gated(const Rollout& next);

// The furthest position of a rollout on the way, for comparing two of them: 0 is legacy_only.
std::int64_t progress(const Rollout& rollout);

Verdict check_change(const Plan& current, const ChangeRequest& request, const Facts& facts);

// The rollback of the last forward step still in force; or, with `to`, one whole stage back.
Verdict check_rollback(const Plan& current, const Facts& facts,
                       std::optional<Stage> to = std::nullopt);

// What a guard's breach does: no further step forward, and new documents are born in the legacy
// system wherever both are written. What is born stays; states do not move. Nothing: halted
// already.
std::optional<Plan> halted(const Plan& current, const GuardReading& reading, Timestamp now);

// A person has looked. `births_by_plan`: new documents go by the plan again.
std::optional<Plan> acknowledged(const Plan& current, bool births_by_plan);

// The plan after an allowed verdict (undo list kept; version is the journal's to assign).
Plan applied(const Plan& current, const Verdict& verdict);

}  // namespace underpin::cutover
