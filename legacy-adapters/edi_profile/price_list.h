#pragma once

#include "legacy-adapters/transport/told/order_body.h"
#include "legacy-adapters/transport/told/price_list.h"

#include <string>
#include <vector>

namespace underpin::legacy::edi_profile {

// The rows of a document `prices`, in the form of answers of list_prices. What stands higher in it
// holds for all below that says nothing else. Each row that cannot be used is given to `wrong`.
std::vector<json::Value> rows_of(const json::Value& prices, const std::string& zone,
                                 std::vector<told::Wrong>& wrong);

}  // namespace underpin::legacy::edi_profile
