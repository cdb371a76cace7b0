#pragma once

#include "parity/evidence.h"
#include "parity/ledger.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// What one ledger can prove of a capability, in a form in which several ledgers add up: replicas
// compare side by side, and a verdict is about all of them. Pure; any thread.
namespace underpin::parity {

struct EvidenceSummary {
  std::string ledger;   // Whose: EvidenceBook::ledger_id().
  Timestamp told_at;    // Everything that was compared before is in it. The store's clock.
  std::string binding;  // The hash of what was compared with.
  Evidence evidence;
  std::map<std::string, std::int64_t> asked;  // By channels, by operation.
  std::map<std::string, KnownUse> known;      // Of the register.
  std::vector<DifferenceClass> open;          // Differences that are open.
};

// At most so many subjects are told: every mismatch first, then the newest of the others. What is
// left out makes the sample smaller, never a mismatch.
inline constexpr std::size_t told_subjects_max = 50'000;

std::string write_summary(const EvidenceSummary& summary);
// invalid_request: it is none.
Result<EvidenceSummary> read_summary(std::string_view text);

// Two words on one subject: the newer one stands, of two at one moment the mismatch; both have
// asked.
void add(SubjectEvidence& into, const SubjectEvidence& more);
// Subject by subject the newest comparison counts, whoever made it; of two at one moment the
// mismatch. Of before `since` only open mismatches count.
void merge(Evidence& into, const EvidenceSummary& more, Timestamp since);
void merge(std::map<std::string, KnownUse>& into, const std::map<std::string, KnownUse>& more);
// Counts add up: a subject that two ledgers have counts twice, which is never too few.
void merge(std::vector<DifferenceClass>& into, const std::vector<DifferenceClass>& more);

}  // namespace underpin::parity
