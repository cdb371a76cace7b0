#pragma once

#include "cloud-adapters/business_central/site.h"
#include "contracts/ports/return_service.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin::cloud::business_central {

// Returns as sales credit memos, which people post: v2.0 has no return orders. One entity set holds
// drafts and what was posted, under one id and one external number. externalDocumentNumber has the
// return's reference, which begins with that of its order; invoiceNumber the invoice it is applied
// to. A line's sequence is the order line's number times 10000, its description2 the reason.
// Thread rule: any number of threads.
class Returns final : public ReturnService {
 public:
  explicit Returns(Site& site) : site_(site) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  const std::string& reason_code(const std::string& reason, std::size_t index) const;
  std::string reason_id(const std::string& code, std::size_t index, const CallContext& context);
  json::Value body_of(const OrderReturn& asked, const std::string& reference,
                      const CallContext& context);
  ReturnReference read(const json::Value& memo) const;
  std::vector<json::Value> memos(const std::string& filter, const CallContext& context);
  std::optional<ReturnReference> under(const std::string& reference, const CallContext& context);

  Site& site_;
};

}  // namespace underpin::cloud::business_central
