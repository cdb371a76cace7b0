#pragma once

#include "contracts/ports/return_service.h"
#include "legacy-adapters/iseries_batch/exchange.h"
#include "legacy-adapters/iseries_batch/order_store.h"

#include <optional>
#include <string>

namespace underpin::legacy::iseries_batch {

// Returns through return and status files. One that is not answered yet is `pending`.
class Returns : public ReturnService {
 public:
  Returns(const Settings& settings, std::string system, State& state, Exchange& exchange)
      : settings_(settings), system_(std::move(system)), state_(state), exchange_(exchange) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  std::optional<ReturnReference> told(const std::string& reference);  // Throws conflict.
  std::vector<Record> records_of(const OrderReturn& asked, const std::string& reference);

  const Settings& settings_;
  const std::string system_;
  State& state_;
  Exchange& exchange_;
};

}  // namespace underpin::legacy::iseries_batch
