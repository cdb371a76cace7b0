#pragma once

#include "facade/demand.h"
#include "facade/orders.h"

#include <memory>

namespace underpin::facade {

// The four writes of an order: "place_order", "amend_order", "cancel_order", "cancel_lines".
void add_order_writes(WriteLife& writes, const Systems& systems, journal::Journal& journal,
                      UndeliveredDemand& demand, OrderSettings settings);

}  // namespace underpin::facade
