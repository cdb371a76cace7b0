#pragma once

#include "contracts/ports/return_service.h"
#include "legacy-adapters/netsuite_soap/documents.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// Returns are return authorizations under their reference as externalId, created from the order's
// invoice where there is one and no other, else from the order.
class Returns final : public ReturnService {
 public:
  Returns(Suite& suite, References& references, Documents& documents)
      : suite_(suite), references_(references), documents_(documents) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  std::optional<ReturnReference> under(const std::string& reference, const CallContext& context);
  ReturnReference read(const Node& record) const;
  std::string record_of(const OrderReturn& asked, const std::string& reference,
                        const CallContext& context);
  void write_row(Xml& rows, const ReturnLine& line, std::size_t index, const Document* order,
                 const CallContext& context);
  // Internal ids of the invoices of an order, or of those that are named.
  std::vector<std::string> invoices_of(const std::string& order, const CallContext& context);
  std::optional<std::string> invoice(const DocumentNumber& number, const CallContext& context);

  Suite& suite_;
  References& references_;
  Documents& documents_;
};

}  // namespace underpin::legacy::netsuite_soap
