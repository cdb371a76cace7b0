#pragma once

#include "contracts/order.h"
#include "facade/journal/journal.h"
#include "facade/systems.h"

namespace underpin::facade {

// What a document goes by when that side is asked for it.
OrderRef ref_at(Side side, const journal::DocumentRecord& document, const Systems& systems);

}  // namespace underpin::facade
