#pragma once

#include "contracts/capability.h"
#include "contracts/time.h"
#include "facade/journal/journal.h"
#include "facade/sweep_rows.h"

#include <set>
#include <string>
#include <vector>

// Which classes of things legacy has, by what it listed itself when it was swept: orders older than
// the facade and stock that no channel has asked for among them. For coverage.
namespace underpin::facade {

// orders: "currency USD", "several lines", "one line", "several locations", "adjusted lines", of
// what is outstanding. inventory: "location EAST". Of other capabilities none: what was compared of
// them does not say whom or what it was about. An order's rows must not lie on several pages.
std::set<std::string> classes_of(Capability capability, const std::vector<SweepRow>& rows);

// Those that were seen after `since`.
std::set<std::string> history_in(const journal::JournalReader& reader, Capability capability,
                                 Timestamp since);
// What was noted within the hour stays as it is. Never within a transaction.
Status note_history(journal::Journal& journal, Capability capability,
                    const std::set<std::string>& classes, Timestamp at);

}  // namespace underpin::facade
