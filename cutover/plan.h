#pragma once

#include "contracts/result.h"
#include "contracts/time.h"
#include "cutover/cohort.h"
#include "cutover/stage.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::cutover {

// Where a capability stands: `share_per_100k` of the subjects are already under `to`, every other
// under `from`; a cohort that a rule names has a share of its own. Settled: from == to, the whole
// share and no rule.
struct Rollout {
  Stage from = Stage::legacy_only;
  Stage to = Stage::legacy_only;
  std::uint32_t share_per_100k = whole_share;
  std::vector<CohortRule> rules = {};  // The first that matches decides.
  bool settled() const { return from == to; }
  Stage lowest() const { return index(from) < index(to) ? from : to; }
  Stage highest() const { return index(from) < index(to) ? to : from; }
  bool operator==(const Rollout&) const = default;
};

// A guard has stopped a capability: no further step forward until a person has acknowledged it.
struct Halt {
  std::string guard;   // "error_rate"
  std::string detail;  // What it saw.
  Timestamp at;
  bool operator==(const Halt&) const = default;
};

// One capability's plan in one wave. Versioned and audited by the journal; this is its content.
struct Plan {
  std::string wave = "default";
  Capability capability = Capability::orders;
  std::int64_t version = 0;
  Rollout rollout;
  std::string salt;  // Of the buckets; one per capability, so that cohorts differ.
  // The settings before each forward step that is still in force, oldest first: what a rollback
  // publishes again is the last of them. A rollback removes it, so it is never itself rolled back.
  std::vector<Rollout> undo;
  std::optional<Halt> halt;
  // New documents are born in the legacy system, whatever the stage, wherever both are written.
  bool births_to_legacy = false;
};

Plan initial_plan(std::string wave, Capability capability);

// JSON text, as the journal keeps it and GET /ops/v1/cutover/{capability} shows it.
std::string write_plan(const Plan& plan);
Result<Plan> read_plan(std::string_view text, std::string wave, Capability capability,
                       std::int64_t version);

// Why a subject is where it is.
struct Placement {
  Stage stage = Stage::legacy_only;
  std::uint32_t bucket = 0;          // Of 100,000.
  std::uint32_t share_per_100k = 0;  // The share that it was measured against.
  const CohortRule* rule = nullptr;  // Into the plan; nullptr: the rollout's own share.
};

Placement place(const Plan& plan, const Subject& subject);

// The stage that rules for a subject.
inline Stage stage_for(const Plan& plan, const Subject& subject) {
  return place(plan, subject).stage;
}
// Where a document would be born.
Side birth_side(const Plan& plan, const Subject& subject);
inline Route route(const Plan& plan, const Subject& subject, Operation operation) {
  return route_for(stage_for(plan, subject), operation);
}

}  // namespace underpin::cutover
