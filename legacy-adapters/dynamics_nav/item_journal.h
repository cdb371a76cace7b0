#pragma once

#include "legacy-adapters/dynamics_nav/inventory.h"
#include "legacy-adapters/dynamics_nav/services.h"

namespace underpin::legacy::dynamics_nav {

// Posts one line through the site's codeunit ItemJournal and answers with the number of the item
// ledger entry. NAV does not recognise a repeat: look the document up first, and after an
// outcome_unknown.
Result<DocumentNumber> post_item_journal(const Services& services, const JournalLine& line,
                                         const CallContext& context);

}  // namespace underpin::legacy::dynamics_nav
