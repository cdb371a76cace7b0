#pragma once

#include "contracts/decimal.h"

#include <optional>
#include <string_view>

namespace underpin::legacy::profile {

// An amount that an ERP keeps as floating point, as it is printed ("2.5", "1e-05",
// "2.9999999999999996"), rounded half to even to `scale` places. Nothing when it is no number, or
// when rounding would change it by more than the noise of floating point (one part in 10^9): then
// the declared scale is not the one that is kept.
std::optional<Decimal> exact_of_floating(std::string_view text, int scale);

}  // namespace underpin::legacy::profile
