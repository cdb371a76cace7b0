#pragma once

#include "contracts/call_context.h"
#include "facade/gate_settings.h"
#include "facade/systems.h"
#include "parity/compare.h"

#include <vector>

namespace underpin::facade {

// Asks both ERPs for every price of the basket, now, when the next price begins or ends to rule,
// and when the next day begins in the item's zone, and compares as a quote is compared. One
// criterion for each item; it is met when every answer is one, and all of them are equal or
// tolerated. Threads: any; asks the ERPs, so never within a transaction.
std::vector<parity::Criterion> judge_basket(const Systems& systems, const parity::Rules& rules,
                                            const std::vector<BasketItem>& basket, Timestamp now,
                                            const CallContext& context);

// The first instant after `now` at which one of these prices begins or ends to rule, in its own
// zone; an entry without one is of `zone`. Nothing: none does.
std::optional<Timestamp> next_boundary(const std::vector<PriceEntry>& entries, Timestamp now,
                                       const std::string& zone);

}  // namespace underpin::facade
