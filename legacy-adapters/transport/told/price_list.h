#pragma once

#include "contracts/json/json_text.h"
#include "contracts/time.h"
#include "legacy-adapters/transport/told/state.h"

#include <optional>
#include <string>
#include <vector>

// The ERP's price list: the one that was taken in last is in force as a whole.
namespace underpin::legacy::told {

// Adds what a row leaves out to it. What is wrong with it then; empty: nothing.
std::string complete_price(json::Value& row, const std::string& zone);

// Replaces the list, row by row, in the caller's transaction: reads go on with the one before until
// it commits.
class PriceLoad {
 public:
  PriceLoad(StateDatabase& database, std::string zone)
      : database_(database), zone_(std::move(zone)) {}
  // False: a list with a higher number is in force, and nothing was done.
  bool begin(std::int64_t told);
  // In the form of answers of list_prices, without zone. What is wrong with it; empty: nothing.
  std::string add(json::Value row);
  std::int64_t rows() const { return rows_; }
  void finish(const std::string& batch, Timestamp created);

 private:
  StateDatabase& database_;
  const std::string zone_;
  std::int64_t told_ = 0;
  std::int64_t rows_ = 0;
  std::optional<state::StateStatement> insert_;
};

// Behind `position`; of an article, and of what rules for a customer, where these are not empty.
std::vector<json::Value> prices_after(StateDatabase& database, std::int64_t position,
                                      const std::string& sku, const std::string& customer,
                                      int limit);
// As answers of price_list_state and quote; nothing: there is no list, or no price.
std::optional<json::Value> price_state(StateDatabase& database);
std::optional<json::Value> quoted(StateDatabase& database, const json::Value& request);

}  // namespace underpin::legacy::told
