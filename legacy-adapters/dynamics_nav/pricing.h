#pragma once

#include "contracts/ports/dated_prices.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/pricing_service.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/dynamics_nav/sales_price.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace underpin::legacy::dynamics_nav {

struct PricingSettings {
  std::string system;
  SqlNames sql;
  bool table = false;             // Prices are those of [Sales Price]; there is no price file.
  std::string rowversion_fence;   // See OdbcSettings; of the table only.
  int read_timeout_ms = 600'000;  // Of the whole table.
  file_drop::Settings drop;       // Where the nightly price file arrives.
  PriceFileLimits limits;
  std::string state_folder;  // price_list.db lies here.
  int poll_every_ms = 1'000;
  // The local time by which every day's list must be there, "06:00", and whose; empty: no alarm.
  std::string expected_by;
  std::string zone = "Europe/Berlin";
  Currency local_currency = "EUR";        // Of [Item].[Unit Price].
  Decimal vat_percent = Decimal::of(19);  // To compare rows with tax against rows without.
  std::function<Timestamp()> now = [] { return Timestamp::from(std::chrono::system_clock::now()); };
};

// Prices from the nightly file or from [Sales Price]; the customer's price group and the article's
// own price over ODBC. The table is looked at every poll and read as a whole when it has changed;
// what was read is a list as a file is: in force at once and as a whole, and kept to be handed on.
//
// quote: NAV's best price rule, see price_ruling.h. list_price is the lowest row for everyone at
// quantity 1, or the article's own unit price where there is none. The difference to the ruling row
// is one adjustment, "customer_price" (the customer's or its group's row) or "promotion" (a row for
// everyone), whose reason names the row. Before the first list: unavailable.
class NavPricing : public PricingService, public DatedPrices {
 public:
  // One poll of the drop folder or of the table; run by the facade, never twice at once.
  virtual Status poll(const CallContext& context) = 0;
  virtual std::vector<Finding> examine(const CallContext& context) = 0;
  virtual AdapterTask task() = 0;
  virtual std::vector<Alarm> alarms() const = 0;  // "price list late", "price list refused".
};

// internal when the state folder cannot be used or a setting is not valid.
Result<std::unique_ptr<NavPricing>> make_pricing(PricingSettings settings,
                                                 std::shared_ptr<odbc::Database> database);

// True when by `now` the list that was due last has not come. A day's list is due at `due_minutes`
// after midnight in `zone`; it counts for that day when it was accepted after the previous day's
// due time. `accepted` is empty when no list ever was.
bool is_price_list_late(Timestamp accepted, Timestamp now, int due_minutes, std::string_view zone);

}  // namespace underpin::legacy::dynamics_nav
