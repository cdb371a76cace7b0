#include "contracts/json/codec.h"
#include "contracts/order_rules.h"
#include "facade/api/channel_api.h"

namespace underpin::facade::api {
namespace {

Answer levels(const Result<std::vector<StockLevel>>& found) {
  if (!found) return problem_for(found.error());
  json::Value items = json::Value::array();
  for (const StockLevel& level : *found) items.push(json::to_json(level));
  json::Value body = json::Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Answer get(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"location"}, errors);
  StockQuery query;
  query.skus.push_back(Sku{call.params.at("sku")});
  if (!is_sku(call.params.at("sku")))
    errors.push_back({"sku", "must be 1 to 20 printable characters without blanks"});
  if (const auto location = query_of(call, "location")) {
    if (!is_location(*location)) errors.push_back({"location", "must be [A-Z0-9_-]{1,10}"});
    query.location = LocationCode{*location};
  }
  if (!errors.empty()) return validation(errors);
  return levels(facade.inventory().get(query, call.context()));
}

Answer availability(Facade& facade, const ApiCall& call) {
  const Parsed body = parse_body(call, "availability-request");
  if (!body.value) return body.refused;
  const auto request = json::from_json<AvailabilityRequest>(*body.value);
  if (!request) return problem_for(request.error());
  const auto broken = broken_rules(*request);
  if (!broken.empty()) return validation(broken);
  std::vector<std::pair<Sku, std::optional<LocationCode>>> asked;
  for (const AvailabilityLine& line : request->lines) asked.emplace_back(line.sku, line.location);
  return levels(facade.inventory().availability(asked, call.context()));
}

Answer adjust(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  const Parsed body = parse_body(call, "stock-adjustment");
  if (!body.value) return body.refused;
  const auto adjustment = json::from_json<StockAdjustment>(*body.value);
  if (!adjustment) return problem_for(adjustment.error());
  const auto broken = broken_rules(*adjustment);
  if (!broken.empty()) return validation(broken);
  return facade.inventory().adjust(*adjustment, call.write_context());
}

}  // namespace

void add_inventory_routes(ApiRoutes& routes, Facade& facade) {
  routes.push_back({"GET", "/v1/inventory/{sku}", "get_stock",
                    [&](const ApiCall& call) { return get(facade, call); }});
  routes.push_back({"POST", "/v1/inventory/availability", "get_availability",
                    [&](const ApiCall& call) { return availability(facade, call); }});
  routes.push_back({"POST", "/v1/inventory/adjustments", "adjust_stock",
                    [&](const ApiCall& call) { return adjust(facade, call); }});
}

}  // namespace underpin::facade::api
