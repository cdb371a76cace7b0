#pragma once

#include "contracts/call_context.h"
#include "contracts/page.h"
#include "contracts/pricing.h"
#include "contracts/result.h"

#include <optional>
#include <vector>

namespace underpin {

// The pricing capability of one ERP. Thread rule and errors: see order_service.h.
class PricingService {
 public:
  virtual ~PricingService() = default;

  // An unknown article or customer is `rejected`, with the line in Error::fields.
  virtual Result<Quote> quote(const QuoteRequest& request, const CallContext& context) = 0;

  virtual Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                               const CallContext& context) = 0;

  // Takes over another system's list. Idempotent by list.batch. The receipt carries the count and
  // hash total as this ERP computed them.
  virtual Result<PriceListReceipt> publish_prices(const PriceList& list,
                                                  const WriteContext& context) = 0;

  // The next list this system accepted after `batch` (empty: a full list of what is in force now).
  // Nothing when there is none newer.
  virtual Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                        const CallContext& context) = 0;

  // Whether this system says when a row of its list was changed.
  virtual bool dates_prices() const { return false; }
  // Rows of the article, as they are now, that were added or changed after `since`, whoever did it.
  // A row that was removed leaves no trace here.
  virtual Result<std::vector<PriceEntry>> prices_changed(const Sku&, Timestamp,
                                                         const CallContext&) {
    return Error{ErrorCode::unsupported, "this system does not say when a price was changed"};
  }
};

}  // namespace underpin
