#pragma once

#include "legacy-adapters/transport/prices/price_ruling.h"

// NAV's best price rule ("Sales Price Calc. Mgt.") is the one that all price files have in common.
namespace underpin::legacy::dynamics_nav {

using prices::day_in;
using prices::instant_of;
using prices::is_zone;
using prices::net_unit_price;
using prices::next_day;
using prices::previous_day;
using prices::PriceQuestion;
using prices::PriceRuling;
using prices::rules_at;
using prices::ruling;

}  // namespace underpin::legacy::dynamics_nav
