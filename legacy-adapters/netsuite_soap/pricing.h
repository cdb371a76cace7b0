#pragma once

#include "contracts/ports/pricing_service.h"
#include "legacy-adapters/netsuite_soap/references.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// Prices are the articles' price matrix (price level, currency, quantity breaks) and what customers
// have agreed on for single articles. NetSuite computes no price for who asks: this is its rule.
// The customer's own price rules, else the one of its price level, else the base price; of its
// quantity breaks the highest that is reached. None of them has dates: what rules, rules.
class Pricing final : public PricingService {
 public:
  Pricing(Suite& suite, References& references) : suite_(suite), references_(references) {}

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList& list,
                                          const WriteContext& context) override;
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override;

 private:
  std::vector<PriceEntry> entries_of_item(const Node& item, const CallContext& context);
  std::vector<PriceEntry> entries_of_customer(const Node& customer, const CallContext& context);
  PriceEntry entry(const std::string& sku, const Node& currency, const CallContext& context);
  std::optional<Node> customer(const CustomerNumber& number, const CallContext& context);
  std::string group_of(const Node& level) const;
  QuotedLine quoted(const QuoteLine& asked, const Node& item, const Node& customer,
                    const Currency& currency, std::size_t index, const CallContext& context);
  Page<PriceEntry> page_of_list(const PriceQuery& query, const CallContext& context);
  bool unchanged_since(Timestamp newest, const CallContext& context);

  Suite& suite_;
  References& references_;
  // The batch that was last read again and found as it was, and the newest save of then.
  std::mutex mutex_;
  std::string read_again_;
  Timestamp read_to_;
};

}  // namespace underpin::legacy::netsuite_soap
