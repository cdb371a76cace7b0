#pragma once

#include "cloud-adapters/business_central/customers.h"
#include "cloud-adapters/business_central/inventory.h"
#include "cloud-adapters/business_central/orders.h"
#include "cloud-adapters/business_central/pricing.h"
#include "cloud-adapters/business_central/site.h"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::cloud::business_central {

// What the services send for a read, for people: they are run with a transport that writes down the
// request and answers nothing, so that what is told is what would be sent. See
// contracts/ports/described_reads.h. Thread rule: any.
class Described {
 public:
  // Nothing secret of the settings is kept.
  Described(Settings settings, std::string system, mapping::Mapping stock, mapping::Mapping prices,
            mapping::Mapping customers);
  std::vector<std::string> order(const OrderRef& ref);
  std::vector<std::string> stock(const StockQuery& query);
  std::vector<std::string> customer(const CustomerNumber& number);
  std::vector<std::string> search(const CustomerQuery& query);
  std::vector<std::string> prices(const PriceQuery& query);
  std::vector<std::string> quote(const QuoteRequest& request);

 private:
  std::vector<std::string> recorded(const std::function<void(const CallContext&)>& ask);

  const std::string authorization_;  // Of curl: variables.
  const std::string company_;        // Variable of its id, where the settings do not have it.
  std::mutex mutex_;
  std::vector<transport::HttpRequest> sent_;
  Site site_;
  Orders orders_;
  Inventory inventory_;
  Pricing pricing_;
  Customers customers_;
};

}  // namespace underpin::cloud::business_central
