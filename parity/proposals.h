#pragma once

#include "parity/ledger.h"
#include "parity/rules.h"

#include <string>
#include <vector>

// What mismatches have in common, as rules that people may accept: nothing is learned by itself.
// Pure.
namespace underpin::parity {

struct Mismatch {
  std::string capability;
  std::string operation;
  std::string subject;
  std::string primary_system;
  std::string secondary_system;
  Difference difference;
};
// Those of stored entries.
std::vector<Mismatch> mismatches_of(const std::vector<LedgerEntry>& entries);

struct Proposal {
  std::string id;  // Of what it is about: the same as long as it is proposed.
  std::string capability;
  std::string operation;
  std::string path;            // With "*".
  std::string transformation;  // "rounding", "case", "blanks around", "leading zeros", "padding",
                               // "time zone", "unit factor", "code map", "sign", "blank value".
  json::Value rule;            // As it would stand in the rule file.
  json::Value code_map;        // For "code map": codes by what they mean; null otherwise.
  std::int64_t support = 0;    // Mismatches that it explains ...
  std::int64_t of = 0;         // ... of those at this path.
  std::int64_t subjects = 0;
  std::vector<Mismatch> samples;  // At most 5.
};

// At least `support` mismatches of at least two subjects, and 9 of 10 at their path, for each
// proposal: one simple thing that explains nearly all. The best supported first.
std::vector<Proposal> propose(const std::vector<Mismatch>& mismatches, std::int64_t support = 5);

}  // namespace underpin::parity
