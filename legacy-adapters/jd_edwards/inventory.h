#pragma once

#include "contracts/ports/inventory_service.h"
#include "legacy-adapters/jd_edwards/interface.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <memory>
#include <string>

namespace underpin::legacy::jd_edwards {

// Stock from F41021, all locations and lots of a branch together: on hand is PQOH; reserved is what
// is committed, HCOM and PCOM, and what lies in a lot with a status (LOTS), which is not for sale.
// An article has a level at each branch that F4102 has it for.
//
// Adjustments go through F4111Z1 under their movement as the transaction number (EDTN), which that
// table holds once, and are found in the item ledger F4111 by the movement in TREX. Entries are
// numbered (UKID) and never changed. The feed goes by that number: an entry is told when it is
// first seen, and once more when nothing can be committed behind it any more.
std::unique_ptr<InventoryService> make_inventory(const Settings& settings, std::string system,
                                                 std::shared_ptr<odbc::Database> database,
                                                 const Interface& interface);

}  // namespace underpin::legacy::jd_edwards
