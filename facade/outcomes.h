#pragma once

#include "facade/audit.h"
#include "facade/journal/journal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Writes whose outcome nobody knows yet, and what a person has said of them. A disposition means:
// somebody has seen it, and cutover may go on while it stays open. It changes nothing else: the
// resolver goes on looking, the subject takes no other write and stays pinned, and nothing is sent
// because of it. It ends with the write. Threads: any.
namespace underpin::facade {

struct OutcomeDisposition {
  std::string by;  // Subject of the token.
  std::string reason;
  Timestamp at;
};

struct UnknownOutcome {
  journal::Intent intent;
  std::optional<OutcomeDisposition> disposition;
};

// The sender has said so, or is gone, or is past its deadline: what the resolver looks up.
bool outcome_is_unknown(const journal::Intent& intent, Timestamp now);

// Every one of the journal, oldest first.
std::vector<UnknownOutcome> unknown_outcomes(const journal::JournalReader& reader, Timestamp now);

// How many with a disposition there are among what a Backlog of this plan counts.
struct DisposedOutcomes {
  std::int64_t unknown = 0;         // Of Backlog::unknown_outcomes.
  std::int64_t of_older_plans = 0;  // Of Backlog::open_intents_before.
};
DisposedOutcomes disposed_outcomes(const journal::JournalReader& reader, const std::string& wave,
                                   Capability capability, std::int64_t plan_version, Timestamp now);

// Gives one a disposition, with an audit entry; a later one takes the place of the first.
// not_found: no such write is open. conflict: its sender is still waiting for the answer.
Status dispose_of_outcome(AuditTrail& audit, std::int64_t id, const std::string& actor,
                          const std::string& reason, Timestamp now);

}  // namespace underpin::facade
