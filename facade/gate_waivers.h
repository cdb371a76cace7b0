#pragma once

#include "contracts/capability.h"
#include "contracts/json/json_text.h"
#include "contracts/time.h"
#include "cutover/stage.h"
#include "facade/journal/journal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// A named person answers for what the evidence does not show, for one transition and until then:
// for a thin cell, or for a class of legacy's history that was not seen. Never for what was seen to
// be wrong.
struct Waiver {
  std::int64_t id = 0;  // Per capability: 1, 2, 3 ...
  std::string cell;     // "get_order amount", "coverage currency USD".
  std::string reason;
  std::string by;  // Who answers for it.
  Timestamp until;
  std::string actor;  // The token's subject.
  Timestamp at;
  std::string revoked_by;  // Empty: it was not.
  // The step that it was given for; for no other one it counts. Nothing: of a release that did not
  // ask, and in force for none.
  std::optional<cutover::Stage> to = {};
  bool in_force(Timestamp now) const { return revoked_by.empty() && now < until; }
};

json::Value to_json(const Waiver& waiver);

// All of them, those that are over included, oldest first.
std::vector<Waiver> waivers_in(const journal::JournalReader& reader, Capability capability);
// Those that were given for the step to this stage.
std::vector<Waiver> waivers_for(const journal::JournalReader& reader, Capability capability,
                                cutover::Stage to);
void keep(journal::JournalTransaction& tx, Capability capability,
          const std::vector<Waiver>& waivers);

// The one in force for a cell; nullptr: none is.
const Waiver* waiver_for(const std::vector<Waiver>& waivers, const std::string& cell,
                         Timestamp now);

}  // namespace underpin::facade
