#pragma once

#include "contracts/ports/return_service.h"
#include "legacy-adapters/transport/profile/engine.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::profile {

// Returns of any ERP that a profile describes with place_return, find_return and returns_of.
class Returns final : public ReturnService {
 public:
  explicit Returns(const Engine& engine) : engine_(engine) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  std::string reference_of(const OrderId& order, const ReturnNumber& number) const;
  json::Value request_of(const OrderReturn& asked, const std::string& reference) const;
  std::optional<ReturnReference> under(const std::string& reference,
                                       const CallContext& context) const;

  const Engine& engine_;
};

}  // namespace underpin::legacy::profile
