#include "tests/parity_corpus/reading.h"

#include "cloud-adapters/business_central/customers.h"
#include "cloud-adapters/business_central/inventory.h"
#include "cloud-adapters/business_central/orders.h"
#include "cloud-adapters/business_central/pricing.h"
#include "facade/comparisons.h"
#include "facade/customers.h"
#include "facade/order_content.h"
#include "facade/pricing.h"
#include "mapping/mapping.h"

#include <memory>

namespace underpin::embedded {
std::string_view business_central(std::string_view name);
}

namespace underpin::corpus {
namespace {

namespace bc = cloud::business_central;

// Which raw file answers a URL; empty: an empty collection.
std::string file_of(const std::string& url) {
  const std::string path = url.substr(0, url.find('?'));
  const std::string entity = path.substr(path.rfind(")/") + 2);
  if (entity.rfind("customerPricing", 0) == 0 || path.find("customerPricing(") != std::string::npos)
    return "bc_customer_pricing.json";
  if (entity == "salesOrders") return "bc_order.json";
  if (entity == "salesLinePromotions") return "bc_promotions.json";
  if (entity == "locations") return "bc_locations.json";
  if (entity == "customers") return "bc_customer.json";
  if (entity == "stockLevels") return "bc_stock.json";
  if (entity == "salesPrices") return "bc_prices.json";
  return {};
}

// A file that begins with a problem is answered with 400, or with the status that its first line
// names: "HTTP 404".
transport::Send sender(const Raw& raw) {
  return [raw](const transport::HttpRequest& request,
               const CallContext&) -> Result<transport::HttpResponse> {
    const std::string file = file_of(request.url);
    transport::HttpResponse response;
    response.status = 200;
    response.headers = {{"Content-Type", "application/json"}};
    response.body = file.empty() ? R"({"value":[]})" : raw.at(file);
    if (response.body.rfind("HTTP ", 0) == 0) {
      response.status = std::stoi(response.body.substr(5, 3));
      response.body.erase(0, response.body.find('\n') + 1);
    }
    // The place that is asked for is the server's to filter, as are other articles.
    if (file == "bc_stock.json" && response.status == 200) {
      auto all = json::parse(response.body);
      if (!all) return all.error();
      json::Value kept = json::Value::array();
      for (const json::Value& row : all->get("value").items())
        if (row.get("locationCode").text() == stock_key().location.text()) kept.push(row);
      json::Value value = *all;
      value.set("value", std::move(kept));
      response.body = json::write(value);
    }
    return response;
  };
}

bc::Settings settings() {
  bc::Settings settings;
  settings.base_url = "https://bc.example";
  settings.company = "CRONUS";
  settings.company_id = "2b500089-bc02-5134-872c-2af4ebb361b4";
  settings.user = "u";
  settings.password = "p";
  settings.charges = {{"shipping", "Account", "8510"}};
  return settings;
}

mapping::Mapping fields(const std::string& file) {
  return mapping::Mapping::load(embedded::business_central(file), file).value();
}

}  // namespace

parity::Side read_cloud(const std::string& document, const Raw& raw) {
  bc::Site site(settings(), "bc", sender(raw));
  if (document == "order") {
    bc::Orders orders(site);
    const auto read = orders.get_order({order_id(), {}}, soon());
    const auto receipt = orders.find_receipt(order_id(), soon());
    return facade::parity_side(read, 1, [&](const Order& one) {
      return facade::comparable(one, receipt ? receipt->document : DocumentNumber{}, true);
    });
  }
  if (document == "customer") {
    bc::Customers customers(site, fields("customer.json"));
    return facade::parity_side(customers.get_customer(CustomerNumber("C10001"), soon()), 1,
                               [](const Customer& one) { return facade::comparable(one); });
  }
  if (document == "stock") {
    bc::Inventory inventory(site, fields("stock_level.json"));
    return stock_side(inventory.get_stock({{stock_key().sku}, stock_key().location}, soon()));
  }
  bc::Pricing pricing(site, fields("price_entry.json"));
  PriceQuery query;
  query.sku = Sku("1000");
  query.limit = 200;
  return facade::parity_side(pricing.list_prices(query, soon()), 1,
                             [](const Page<PriceEntry>& one) { return facade::comparable(one); });
}

}  // namespace underpin::corpus
