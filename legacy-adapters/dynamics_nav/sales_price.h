#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/dynamics_nav/price_file.h"

#include <string>

// NAV's own prices, the table [Sales Price] (7002), read as a whole.
//
// Of "Sales Type" 0 (customer), 1 (price group) and 2 (all customers) every row without a variant
// is read. Left out: prices of campaigns (3), which rule only for who takes part in one, and prices
// of variants, which the contracts do not have; examine_sales_prices() counts both. A blank
// currency is the company's own, a blank start is since ever, and days are of the company's zone.
namespace underpin::legacy::dynamics_nav {

struct SalesPriceSettings {
  SqlNames sql;
  std::string rowversion_fence;  // See OdbcSettings.
  std::string zone = "Europe/Berlin";
  Currency local_currency = "EUR";
  std::int64_t rows_max = 1'000'000;
};

// Equal for equal content: each change gives a row a higher version, and each deletion leaves
// fewer.
struct SalesPriceMark {
  std::string text;
  bool quiet = true;  // False: a change may be open whose version is below the highest seen.
};
Result<SalesPriceMark> mark_of_sales_prices(odbc::Database& database,
                                            const SalesPriceSettings& settings, Deadline deadline);

// Tells every row, in the order of its key, in constant memory, and what they came to: SHA-256 over
// what is told. invalid_request names the article and the column of a value that no price has.
Result<PriceFileTotals> read_sales_prices(odbc::Database& database,
                                          const SalesPriceSettings& settings, Deadline deadline,
                                          const PriceFileConsumer& consumer, std::string& checksum);

std::vector<Finding> examine_sales_prices(odbc::Database& database,
                                          const SalesPriceSettings& settings, Deadline deadline);

}  // namespace underpin::legacy::dynamics_nav
