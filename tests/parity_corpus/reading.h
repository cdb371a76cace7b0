#pragma once

#include "contracts/call_context.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "parity/compare.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

// Raw answers of the vendors, read by the real adapters into what parity compares.
namespace underpin::corpus {

using Raw = std::map<std::string, std::string>;  // File name -> bytes, changes applied.

// `document`: order, customer, stock or prices. NAV answers orders and customers by SOAP, stock by
// ODBC, prices by file; Business Central all of them by OData.
parity::Side read_legacy(const std::string& document, const Raw& raw);
parity::Side read_cloud(const std::string& document, const Raw& raw);

inline OrderId order_id() { return {ChannelId("web"), OrderNumber("100042")}; }
inline StockKey stock_key() { return {Sku("1000"), LocationCode("EAST")}; }
inline CallContext soon() {
  CallContext context;
  context.channel = ChannelId("web");
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  return context;
}

// As the facade picks the level of one place.
parity::Side stock_side(const Result<std::vector<StockLevel>>& levels);

}  // namespace underpin::corpus
