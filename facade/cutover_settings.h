#pragma once

#include "contracts/capability.h"
#include "contracts/time.h"
#include "cutover/stage.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace underpin::facade {

// No plan changes from `from` (inclusive) to `to` (exclusive).
struct FreezeWindow {
  Timestamp from;
  Timestamp to;
  std::string reason;
  std::set<Capability> capabilities;  // Empty: all.
  bool allow_back = false;            // Steps back are not frozen.
};

// The two-person rule of one capability: who signs besides the architect who proposes.
struct ApprovalRule {
  std::vector<std::string> roles;  // "approver", "qa", "finance": one signature each.
};

// How plans may be changed. Static: read with the configuration.
struct CutoverSettings {
  std::int64_t max_backlog_age_ms = 900'000;  // An older delivery refuses a step forward; 0: none.
  bool require_change_reference = false;
  std::array<std::int64_t, cutover::stage_rules.size()> min_dwell_ms{};  // By Stage.
  std::vector<FreezeWindow> freezes;
  std::array<std::optional<ApprovalRule>, 4> approvals;  // By Capability; absent: one person does.
  // How far back an open difference of the parity ledger counts for an approval.
  std::int64_t differences_hours = 168;
};

}  // namespace underpin::facade
