#pragma once

#include "parity/ledger.h"
#include "parity/rules.h"

#include <map>
#include <string>
#include <vector>

// The register of known differences and the rules, held against what they have covered: what a
// person must look at, and what a gate fails on. Pure.
namespace underpin::parity {

struct KnownHealth {
  std::string name;
  std::string owner;
  std::string reason;
  std::string ticket;
  Date expires;
  std::int64_t hits = 0;  // Documents whose newest comparison it covers.
  Decimal money;          // What the differences are worth (worth.h).
  std::optional<std::int64_t> budget_hits;
  std::optional<Decimal> budget_money;
  bool expired = false;
  bool over_hits = false;
  bool over_money = false;
  // It has a budget of money alone, and some of its differences cannot be valued: nothing limits
  // them, so it counts as over its budget.
  bool unvalued = false;
  bool over_budget() const { return over_hits || over_money || unvalued; }
  bool in_order() const { return !expired && !over_budget(); }
};

struct RegisterHealth {
  std::vector<KnownHealth> known;  // In the order of the file.
  std::int64_t expired = 0;
  std::int64_t over_budget = 0;
  bool in_order() const { return expired == 0 && over_budget == 0; }
};

// `uses` are Ledger::known_uses().
RegisterHealth register_health(const Rules& rules, const std::map<std::string, KnownUse>& uses,
                               Date today);

// Rules and outcome classes of a file that were of no use for `days`, by the ledger's uses:
// proposed for removal. One that was never used counts from when it was first in force
// (Ledger::note_rules()) as it stands: what was added or changed today is new. One that never was
// in force is not proposed.
std::vector<std::string> unused_rules(const Rules& rules,
                                      const std::map<std::string, RuleUse>& uses, Timestamp now,
                                      int days);

}  // namespace underpin::parity
