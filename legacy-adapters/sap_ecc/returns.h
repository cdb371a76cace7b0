#pragma once

#include "contracts/ports/return_service.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/order_message.h"

#include <map>

namespace underpin::legacy::sap_ecc {

// Returns as sales documents of category H (BAPI_CUSTOMERRETURN_CREATE), one call and its commit.
// BSTKD has the return's reference, BSTKD_E its order's; items refer to the order's invoice where
// there is one, or else to the order. The reason of a line stands in the item's own reference
// (IHREZ), because SAP keeps an order reason for the whole document only; that is the first line's.
class Returns final : public ReturnService {
 public:
  Returns(const Functions& functions, const Settings& settings, const Tables& tables,
          const Documents& documents)
      : functions_(functions), settings_(settings), tables_(tables), documents_(documents) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  std::string reason_code(const std::string& reason, std::size_t index) const;
  std::string reason_of(const std::string& code) const;
  // Position of each position of the order in the invoice.
  std::map<std::string, std::string> invoice_items(const Document& order,
                                                   const std::string& invoice,
                                                   Deadline deadline) const;
  OrderMessage message_of(const OrderReturn& asked, const std::string& reference,
                          const Document& order, Deadline deadline) const;
  ReturnReference made_of(const Document& document) const;
  std::optional<ReturnReference> under(const std::string& reference,
                                       const CallContext& context) const;

  const Functions& functions_;
  const Settings& settings_;
  const Tables& tables_;
  const Documents& documents_;
};

}  // namespace underpin::legacy::sap_ecc
