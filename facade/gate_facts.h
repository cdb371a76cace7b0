#pragma once

#include "contracts/capability.h"
#include "facade/gate_settings.h"
#include "facade/gate_waivers.h"
#include "facade/journal/journal.h"
#include "parity/evidence.h"
#include "parity/gate.h"

#include <map>
#include <set>
#include <string>
#include <vector>

// What a gate is judged on, from the journal and the evidence. Pure reads. Threads: those of the
// reader.
namespace underpin::facade {

// The comparison that shows what an operation of a channel is about; empty: none does, because
// nothing of it is answered by an ERP.
std::string shown_by(const std::string& operation, bool compares_writes);

// One cell for each operation, cohort and class of fields; those that nothing fills are there, too.
// A refused mirror is a mismatch of the operation that shows its write (shown_by).
std::vector<parity::GateCell> cells_in(const journal::JournalReader& reader, Capability capability,
                                       const parity::Evidence& evidence,
                                       const std::set<std::string>& operations,
                                       const GateSettings& settings,
                                       const std::vector<Waiver>& waivers, bool compares_writes,
                                       Timestamp now);

// Without open mismatches of before `since` that nobody can look at again: of orders that are
// closed, and of price lists that were refused.
void leave_out_the_past(const journal::JournalReader& reader, parity::Evidence& evidence,
                        Timestamp since);

// Classes of what is in a document: "currency USD", "several lines", "adjusted lines".
std::set<std::string> classes_of(const journal::DocumentRecord& document);
// Those of legacy's stock which no compared stock has: "location EAST".
std::set<std::string> unseen_locations(const journal::JournalReader& reader,
                                       const parity::Evidence& evidence, Timestamp since);
// Those of legacy's orders since then which no compared order has.
std::set<std::string> unseen_classes(const journal::JournalReader& reader, const std::string& wave,
                                     const parity::Evidence& evidence, Timestamp since);

}  // namespace underpin::facade
