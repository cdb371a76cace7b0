#pragma once

#include "contracts/json/json_text.h"
#include "contracts/time.h"
#include "legacy-adapters/edi_profile/order_body.h"
#include "legacy-adapters/edi_profile/state.h"

#include <optional>
#include <string>
#include <vector>

// The partner's price catalog: the one that was taken in last is in force as a whole.
namespace underpin::legacy::edi_profile {

// The rows of a document `prices`, in the form of answers of list_prices. What stands higher in it
// holds for all below that says nothing else. Each row that cannot be used is given to `wrong`.
std::vector<json::Value> rows_of(const json::Value& prices, const std::string& zone,
                                 std::vector<Wrong>& wrong);

// Replaces the list. False: a newer one is in force.
bool save_prices(StateDatabase& database, const std::string& batch, Timestamp created,
                 const std::vector<json::Value>& rows, std::int64_t told);
// Behind `position`; of an article, and of what rules for a customer, where these are not empty.
std::vector<json::Value> prices_after(StateDatabase& database, std::int64_t position,
                                      const std::string& sku, const std::string& customer,
                                      int limit);
// As answers of price_list_state and quote; nothing: there is no list, or no price.
std::optional<json::Value> price_state(StateDatabase& database);
std::optional<json::Value> quoted(StateDatabase& database, const json::Value& request);

}  // namespace underpin::legacy::edi_profile
