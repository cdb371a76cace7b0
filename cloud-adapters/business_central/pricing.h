#pragma once

#include "cloud-adapters/business_central/site.h"
#include "contracts/ports/pricing_service.h"
#include "mapping/mapping.h"

namespace underpin::cloud::business_central {

// Prices through the site's salesPrices, priceQuotes and priceListBatches pages.
class Pricing final : public PricingService {
 public:
  Pricing(Site& site, mapping::Mapping fields) : site_(site), fields_(std::move(fields)) {}

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList& list,
                                          const WriteContext& context) override;
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override;
  bool dates_prices() const override { return true; }
  Result<std::vector<PriceEntry>> prices_changed(const Sku& sku, Timestamp since,
                                                 const CallContext& context) override;

 private:
  PriceEntry entry_of(const json::Value& row) const;
  json::Value row_of(const PriceEntry& entry) const;
  Error unknown_in(const QuoteRequest& request, const Error& refused, const CallContext& context);
  // How many rows there are and when the latest of them changed; the name of the list in force.
  struct State {
    std::int64_t rows = 0;
    Timestamp changed;
    std::string batch() const;
  };
  State state(const CallContext& context);

  Site& site_;
  const mapping::Mapping fields_;
};

}  // namespace underpin::cloud::business_central
