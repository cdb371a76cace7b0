#pragma once

#include "contracts/ports/return_service.h"
#include "legacy-adapters/jd_edwards/order_records.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::jd_edwards {

// Returns as credit orders: documents of a type of their own, made as orders are (order_records.h).
// VR01 has the return's reference, VR02 its order's; each line refers to the line of the order that
// comes back (OORN, OGNO), whose invoice JDE knows. JDE keeps their quantities below zero.
class Returns final : public ReturnService {
 public:
  Returns(const Settings& settings, std::string system, std::shared_ptr<odbc::Database> database,
          const Interface& interface)
      : settings_(settings),
        system_(std::move(system)),
        documents_(settings, database),
        records_(settings, system_, database, documents_, interface) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  std::string reason_code(const ReturnLine& line) const;
  std::string reason_of(const std::string& code) const;
  std::vector<InterfaceRow> rows_of(const OrderReturn& asked, const std::string& reference,
                                    const Document& order) const;
  ReturnReference made_of(const Document& document) const;

  const Settings& settings_;
  const std::string system_;
  const Documents documents_;
  const OrderRecords records_;
};

}  // namespace underpin::legacy::jd_edwards
