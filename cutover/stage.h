#pragma once

#include "contracts/capability.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace underpin::cutover {

enum class Operation : std::uint8_t { read, write };

// How far a capability has moved. Neighbouring stages can be mixed safely, and each but the last
// can go back one step without losing data, because the system being left is still being written
// to.
enum class Stage : std::uint8_t {
  legacy_only,
  dual_write,
  shadow_read,
  cloud_primary,
  ramp_down,
  cloud_only,
};

struct StageRule {
  Stage stage;
  std::string_view name;
  Side primary;        // Answers the channel; where new documents are born.
  bool mirror_writes;  // Repeat a successful write on the other side, through the outbox.
  bool shadow_reads;   // Repeat a read on the other side, later, and compare.
};

// clang-format off
inline constexpr std::array<StageRule, 6> stage_rules{{
  //                      name             primary       mirror  shadow
  {Stage::legacy_only,   "legacy_only",   Side::legacy, false,  false},
  {Stage::dual_write,    "dual_write",    Side::legacy, true,   false},
  {Stage::shadow_read,   "shadow_read",   Side::legacy, true,   true },
  {Stage::cloud_primary, "cloud_primary", Side::cloud,  true,   true },
  {Stage::ramp_down,     "ramp_down",     Side::cloud,  true,   false},
  {Stage::cloud_only,    "cloud_only",    Side::cloud,  false,  false},
}};
// clang-format on

constexpr const StageRule& rule(Stage stage) {
  return stage_rules[static_cast<std::size_t>(stage)];
}
constexpr std::string_view name(Stage stage) { return rule(stage).name; }
constexpr int index(Stage stage) { return static_cast<int>(stage); }
constexpr std::optional<Stage> parse_stage(std::string_view text) {
  for (const StageRule& r : stage_rules)
    if (r.name == text) return r.stage;
  return std::nullopt;
}
constexpr bool adjacent(Stage a, Stage b) {
  const int distance = index(a) - index(b);
  return distance == 1 || distance == -1;
}

// The table is indexed by Stage.
static_assert([] {
  for (std::size_t i = 0; i < stage_rules.size(); ++i)
    if (stage_rules[i].stage != static_cast<Stage>(i)) return false;
  return true;
}());

struct Route {
  Side primary = Side::legacy;
  std::optional<Side> secondary;  // Mirror for a write, shadow for a read.
  Stage stage = Stage::legacy_only;
};

constexpr Route route_for(Stage stage, Operation operation) {
  const StageRule& r = rule(stage);
  const bool both = operation == Operation::write ? r.mirror_writes : r.shadow_reads;
  return {r.primary, both ? std::optional{other(r.primary)} : std::nullopt, stage};
}

inline constexpr std::uint32_t whole_share = 100'000;  // 100 % in steps of 0.001 %.

// Buckets are sticky and monotonic: raising a share never moves a subject back. Version 1 is
// XXH64(salt + "/" + subject, seed 1) mod 100,000; pinned by test vectors, never to be changed.
inline constexpr int bucket_version = 1;
std::uint32_t bucket_per_100k(std::string_view salt, std::string_view subject);

}  // namespace underpin::cutover
