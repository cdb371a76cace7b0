#pragma once

#include "contracts/ports/dated_prices.h"
#include "contracts/ports/pricing_service.h"
#include "legacy-adapters/iseries_batch/price_store.h"
#include "legacy-adapters/iseries_batch/receiver.h"

#include <functional>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// Prices of the nightly file. quote: the best price rule, see transport/prices/price_ruling.h;
// list_price is the lowest row for everyone at quantity 1. The difference to the row that rules is
// one adjustment, whose reason names the row. Before the first list: unavailable.
class Pricing : public PricingService, public DatedPrices {
 public:
  Pricing(const Settings& settings, std::string system, const std::string& state_folder,
          ExchangeGuard& guard, State& state, StockStore& stock, std::function<Timestamp()> now);

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList& list,
                                          const WriteContext& context) override;
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override;
  Result<std::optional<Head>> list_in_force(const CallContext& context) override;

  Status poll(const CallContext& context);
  std::vector<Alarm> alarms() const;

 private:
  file_drop::Verdict apply(const file_drop::ClaimedFile& file);
  std::shared_ptr<PriceBase> base() const;  // Throws unavailable.
  std::string group_of(const CustomerNumber& customer, std::vector<FieldError>& faults) const;

  const Settings& settings_;
  const std::string system_;
  ExchangeGuard& guard_;
  State& state_;
  StockStore& stock_;
  const std::function<Timestamp()> now_;
  PriceStore store_;
  file_drop::Inbox inbox_;
};

}  // namespace underpin::legacy::iseries_batch
