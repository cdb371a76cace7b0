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

// May an open document of a class move to another home? One of several classes moves only when each
// of them may.
enum class TransferPolicy { finish_where_born, move };

struct TransferSettings {
  TransferPolicy open = TransferPolicy::finish_where_born;  // Nothing has left, nothing paid.
  TransferPolicy part_shipped = TransferPolicy::finish_where_born;  // What is outstanding moves.
  TransferPolicy prepaid = TransferPolicy::finish_where_born;       // A payment belongs to it.
  // The order moves, its return is finished where it is.
  TransferPolicy open_return = TransferPolicy::finish_where_born;
  int per_minute = 120;  // Documents, at most.
  int attempts_max = 6;  // Of one document; then it stays.
};

// How fast a side is brought up to date (facade/catch_up.h).
struct CatchUpSettings {
  std::array<std::int64_t, 4> per_minute{6'000, 6'000, 6'000, 6'000};  // Rows, by Capability.
  // While more deliveries than this wait for the receiving ERP, nothing is added to them.
  std::int64_t backlog_max = 200;
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
  TransferSettings transfer;  // Of orders: the capability whose documents have homes.
  CatchUpSettings catch_up;
};

}  // namespace underpin::facade
