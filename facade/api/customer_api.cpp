#include "contracts/json/codec.h"
#include "contracts/order_rules.h"
#include "facade/api/channel_api.h"

namespace underpin::facade::api {
namespace {

Answer create(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  const Parsed body = parse_body(call, "customer-request");
  if (!body.value) return body.refused;
  const auto customer = json::customer_request_from_json(*body.value);
  if (!customer) return problem_for(customer.error());
  const auto broken = broken_rules(*customer);
  if (!broken.empty()) return validation(broken);
  return facade.customers().create(*customer, call.write_context());
}

Answer amend(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  if (const auto refused = if_match_refused(call)) return *refused;
  const Parsed body = parse_body(call, "customer-amendment");
  if (!body.value) return body.refused;
  const auto amendment = json::from_json<CustomerAmendment>(*body.value);
  if (!amendment) return problem_for(amendment.error());
  const auto broken = broken_rules(*amendment);
  if (!broken.empty()) return validation(broken);
  return facade.customers().amend(CustomerNumber{call.params.at("number")}, *amendment,
                                  call.if_match, call.write_context());
}

Answer get(Facade& facade, const ApiCall& call) {
  const auto customer =
      facade.customers().get(CustomerNumber{call.params.at("number")}, call.context());
  if (!customer) return problem_for(customer.error());
  Answer answer = Answer::json(200, json::to_json(customer->value));
  answer.etag = customer->etag;
  return answer;
}

Answer search(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"email", "name", "cursor", "limit"}, errors);
  CustomerQuery query;
  query.limit = limit_of(call, errors);
  query.email = query_of(call, "email");
  query.name = query_of(call, "name");
  if (const auto cursor = query_of(call, "cursor")) query.cursor = Cursor{*cursor};
  if (!errors.empty()) return validation(errors);
  const auto page = facade.customers().search(query, call.context());
  if (!page) return problem_for(page.error());
  return Answer::json(200, json::page_to_json(*page));
}

}  // namespace

void add_customer_routes(ApiRoutes& routes, Facade& facade) {
  routes.push_back({"POST", "/v1/customers", "create_customer",
                    [&](const ApiCall& call) { return create(facade, call); }});
  routes.push_back({"GET", "/v1/customers", "search_customers",
                    [&](const ApiCall& call) { return search(facade, call); }});
  routes.push_back({"GET", "/v1/customers/{number}", "get_customer",
                    [&](const ApiCall& call) { return get(facade, call); }});
  routes.push_back({"PATCH", "/v1/customers/{number}", "amend_customer",
                    [&](const ApiCall& call) { return amend(facade, call); }});
}

}  // namespace underpin::facade::api
