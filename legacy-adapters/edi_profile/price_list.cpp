#include "legacy-adapters/edi_profile/price_list.h"

namespace underpin::legacy::edi_profile {
namespace {

using json::Value;

constexpr const char* inherited[] = {"currency", "uom", "from", "to", "taxIncluded"};

void inherit(const Value& from, Value& row) {
  for (const char* member : inherited)
    if (row.find(member) == nullptr)
      if (const Value* value = from.find(member)) row.set(member, *value);
}

}  // namespace

std::vector<Value> rows_of(const Value& prices, const std::string& zone,
                           std::vector<told::Wrong>& wrong) {
  std::vector<Value> rows;
  const std::vector<Value>& items = prices.get("items").items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string at = json::pointer_to("/items", i);
    const std::vector<Value>& all = items[i].get("prices").items();
    for (std::size_t j = 0; j < all.size(); ++j) {
      Value row = all[j];
      row.set("sku", items[i].get("sku"));
      inherit(items[i], row);
      inherit(prices, row);
      const std::string rule = told::complete_price(row, zone);
      if (rule.empty())
        rows.push_back(std::move(row));
      else
        wrong.push_back({json::pointer_to(at + "/prices", j), rule});
    }
  }
  return rows;
}

}  // namespace underpin::legacy::edi_profile
