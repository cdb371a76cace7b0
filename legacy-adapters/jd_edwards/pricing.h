#pragma once

#include "contracts/ports/pricing_service.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::jd_edwards {

// A row of F4106.
struct BasePrice {
  PriceEntry entry;
  std::string branch;  // MCU; empty: every branch.
  std::int64_t expires = 0;
  bool calculated = false;  // BSCD: of a cost, by JDE; UPRC says nothing then.
  Stamp changed;
};

struct PriceQuestion {
  CustomerNumber customer;
  std::string price_group;
  Currency currency;
  std::string uom;
  Date day;
};
struct PriceRuling {
  const BasePrice* list = nullptr;   // For everyone.
  const BasePrice* price = nullptr;  // What rules for the customer.
};
// JDE's base price: of the rows whose unit, currency and days fit, the most specific rules and not
// the lowest: the customer's own, then its price group's, then that for everyone; of each, a row of
// the branch before one of all branches, and then the row that ends first. `rows` are of one
// article.
PriceRuling ruling(const std::vector<BasePrice>& rows, const PriceQuestion& question);

// Prices from F4106, read at each call. Quantity breaks and advanced price adjustments (F4072) are
// no part of it.
std::unique_ptr<PricingService> make_pricing(const Settings& settings, std::string system,
                                             std::shared_ptr<odbc::Database> database);

}  // namespace underpin::legacy::jd_edwards
