#include "contracts/json/codec.h"
#include "contracts/order_rules.h"
#include "facade/api/channel_api.h"

namespace underpin::facade::api {
namespace {

Answer quote(Facade& facade, const ApiCall& call) {
  const Parsed body = parse_body(call, "quote-request");
  if (!body.value) return body.refused;
  const auto request = json::from_json<QuoteRequest>(*body.value);
  if (!request) return problem_for(request.error());
  const auto broken = broken_rules(*request);
  if (!broken.empty()) return validation(broken);
  const auto quoted = facade.pricing().quote(*request, call.context());
  if (!quoted) return problem_for(quoted.error());
  return Answer::json(200, json::to_json(*quoted));
}

Answer prices(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"sku", "customer", "cursor", "limit"}, errors);
  PriceQuery query;
  query.limit = limit_of(call, errors);
  if (const auto sku = query_of(call, "sku")) query.sku = Sku{*sku};
  if (const auto customer = query_of(call, "customer")) query.customer = CustomerNumber{*customer};
  if (const auto cursor = query_of(call, "cursor")) query.cursor = Cursor{*cursor};
  if (!errors.empty()) return validation(errors);
  const auto page = facade.pricing().prices(query, call.context());
  if (!page) return problem_for(page.error());
  return Answer::json(200, json::page_to_json(*page));
}

}  // namespace

void add_pricing_routes(ApiRoutes& routes, Facade& facade) {
  routes.push_back({"POST", "/v1/pricing/quotes", "quote",
                    [&](const ApiCall& call) { return quote(facade, call); }});
  routes.push_back({"GET", "/v1/prices", "list_prices",
                    [&](const ApiCall& call) { return prices(facade, call); }});
}

}  // namespace underpin::facade::api
