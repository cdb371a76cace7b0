#pragma once

#include "contracts/customer.h"
#include "contracts/ids.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "contracts/pricing.h"

#include <string>
#include <vector>

namespace underpin {

// How a person would ask this ERP what a port asks it, without Underpin: beside ErpAdapter, by an
// adapter that can tell. Each answer is a list of shell commands in the order in which the adapter
// asks; what it asks depending on an answer is left out. A text that begins with "#" says what no
// command can. No credential is in it: user, password and the like are variables named after the
// system, "$NAV_USER". Nobody is asked. Thread rule: any.
class DescribedReads {
 public:
  virtual ~DescribedReads() = default;
  virtual std::vector<std::string> describe_order(const OrderRef& ref) = 0;
  virtual std::vector<std::string> describe_stock(const StockQuery& query) = 0;
  virtual std::vector<std::string> describe_customer(const CustomerNumber& number) = 0;
  virtual std::vector<std::string> describe_prices(const PriceQuery& query) = 0;
  virtual std::vector<std::string> describe_quote(const QuoteRequest& request) = 0;
};

}  // namespace underpin
