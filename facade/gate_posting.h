#pragma once

#include "facade/gate_settings.h"
#include "facade/gate_waivers.h"
#include "facade/journal/journal.h"
#include "parity/gate.h"

#include <string>
#include <vector>

// Whether both ERPs post orders alike, for the gate: by the totals of what both have posted, and by
// the scenarios. Pure reads. Threads: those of the reader.
namespace underpin::facade {

struct PostingParity {
  // "met", "waived" (somebody answers for what was not evaluated), "not_evaluated" (also: too long
  // ago, or nothing was posted), "different", or "not_required".
  std::string state;
  std::vector<parity::Criterion> criteria;  // "posting_totals", "posting_scenarios".
};

// `made_with`: the hash of what comparisons are made with now; scenarios that were compared with
// something else count no more.
PostingParity judge_posting(const journal::JournalReader& reader, const PostingGate& limits,
                            const std::string& made_with, const std::vector<Waiver>& waivers,
                            Timestamp now);

}  // namespace underpin::facade
