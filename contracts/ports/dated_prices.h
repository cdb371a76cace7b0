#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"
#include "contracts/time.h"

#include <optional>
#include <string>

namespace underpin {

// Beside PricingService, by a system whose price list is made at a time of its own, such as a
// nightly file: which list is in force, without its rows, however many they are. Thread rule and
// errors: see order_service.h.
class DatedPrices {
 public:
  struct Head {
    std::string batch;  // As PricingService::prices_after names it.
    Timestamp created;
  };
  virtual ~DatedPrices() = default;
  // Nothing: there is no list yet.
  virtual Result<std::optional<Head>> list_in_force(const CallContext& context) = 0;
};

}  // namespace underpin
