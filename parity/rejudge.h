#pragma once

#include "parity/ledger.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace underpin::parity {

struct Rejudged {
  std::int64_t id = 0;
  std::string subject;
  Verdict before = Verdict::match;
  Verdict after = Verdict::match;
  std::string path;  // Of the first difference that decides.
};

struct RejudgeResult {
  std::int64_t judged = 0;
  std::int64_t not_kept = 0;  // Comparisons whose pair is not stored, or cannot be opened.
  std::map<std::pair<Verdict, Verdict>, std::int64_t> moved;  // Before, after; equal ones too.
  std::vector<Rejudged> changed;                              // At most changed_max, oldest first.
  static constexpr std::size_t changed_max = 1'000;
};

// The stored pair as it was compared, once more. Nothing: the pair is not kept.
std::optional<Comparison> judged_again(const LedgerEntry& entry, const Rules& rules);

// All stored pairs under `rules`, without a word to any ERP. Late and not compared stay what they
// were: they are about when, not about what.
Result<RejudgeResult> rejudge(const Ledger& ledger, const Rules& rules);

}  // namespace underpin::parity
