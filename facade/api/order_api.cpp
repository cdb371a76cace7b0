#include "contracts/json/return_codec.h"
#include "contracts/order_rules.h"
#include "contracts/order_status.h"
#include "facade/api/channel_api.h"
#include "facade/returns.h"

namespace underpin::facade::api {
namespace {

json::Value list_item(const journal::DocumentRecord& document) {
  json::Value item = json::Value::object();
  if (!document.id.channel.empty()) item.set("channel", document.id.channel.text());
  item.set("number", document.id.number.text());
  item.set("customer", document.customer.text());
  item.set("status", name(document.status));
  json::Value holds = json::Value::array();
  for (const std::string& hold : document.holds) holds.push(hold);
  item.set("holds", std::move(holds));
  if (!document.order_date.empty()) item.set("orderDate", document.order_date.text());
  if (!document.currency.empty()) item.set("currency", document.currency);
  item.set("grandTotal", document.grand_total.text());
  item.set("updatedAt", document.updated_at.text());
  return item;
}

Answer place(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  const Parsed body = parse_body(call, "order-request");
  if (!body.value) return body.refused;
  const auto order = json::order_request_from_json(*body.value, call.channel);
  if (!order) return problem_for(order.error());
  const auto broken = broken_rules(*order);
  if (!broken.empty()) return validation(broken);
  return facade.orders().place(*order, call.write_context());
}

Answer amend(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  if (const auto refused = if_match_refused(call)) return *refused;
  const Parsed body = parse_body(call, "order-amendment");
  if (!body.value) return body.refused;
  const auto amendment = json::order_amendment_request_from_json(*body.value);
  if (!amendment) return problem_for(amendment.error());
  const auto broken = broken_rules(*amendment);
  if (!broken.empty()) return validation(broken);
  return facade.orders().amend(call.params.at("number"), *amendment, call.if_match,
                               call.write_context());
}

Answer cancel(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  OrderCancellation cancellation;
  if (!call.body.empty()) {
    const Parsed body = parse_body(call, "order-cancellation");
    if (!body.value) return body.refused;
    const auto read = json::from_json<OrderCancellation>(*body.value);
    if (!read) return problem_for(read.error());
    const auto broken = broken_rules(*read);
    if (!broken.empty()) return validation(broken);
    cancellation = *read;
  }
  return facade.orders().cancel(call.params.at("number"), cancellation, call.if_match,
                                call.write_context());
}

Answer get(Facade& facade, const ApiCall& call) {
  const auto order = facade.orders().get(call.params.at("number"), call.context());
  if (!order) {
    const Error& error = order.error();
    if (error.vendor_code == "history-closed")
      return problem(410, error.vendor_code, "The order is not kept any more", error.message);
    if (error.vendor_code == "history-not-exported")
      return problem(404, error.vendor_code, "The order was not exported", error.message);
    return problem_for(error);
  }
  Answer answer = Answer::json(200, json::to_json(order->value));
  answer.etag = order->etag;
  return answer;
}

Answer place_return(Facade& facade, const ApiCall& call) {
  if (const auto refused = key_refused(call)) return *refused;
  const Parsed body = parse_body(call, "return-request");
  if (!body.value) return body.refused;
  const auto asked = json::return_request_from_json(*body.value);
  if (!asked) return problem_for(asked.error());
  const auto broken = broken_rules(*asked);
  if (!broken.empty()) return validation(broken);
  return facade.returns().place(call.params.at("number"), *asked, call.write_context());
}

Answer get_return(Facade& facade, const ApiCall& call) {
  return facade.returns().find(call.params.at("number"), ReturnNumber{call.params.at("return")},
                               call.context());
}

Answer list(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"customer", "updatedSince", "cursor", "limit"}, errors);
  OrderQuery query;
  query.limit = limit_of(call, errors);
  if (const auto customer = query_of(call, "customer")) query.customer = CustomerNumber{*customer};
  if (const auto since = query_of(call, "updatedSince")) {
    const auto time = Timestamp::parse(*since);
    if (time) {
      query.updated_since = *time;
    } else {
      errors.push_back({"updatedSince", "must be an RFC 3339 timestamp"});
    }
  }
  if (const auto cursor = query_of(call, "cursor")) query.cursor = Cursor{*cursor};
  if (!errors.empty()) return validation(errors);
  const auto found = facade.orders().list(query, call.context());
  if (!found) return problem_for(found.error());
  json::Value body = json::Value::object();
  json::Value items = json::Value::array();
  for (const journal::DocumentRecord& document : found->items) items.push(list_item(document));
  body.set("items", std::move(items));
  if (!found->next.empty()) body.set("next", found->next.text());
  if (!found->as_of.empty()) body.set("asOf", found->as_of.text());
  return Answer::json(200, body);
}

}  // namespace

void add_order_routes(ApiRoutes& routes, Facade& facade) {
  routes.push_back({"POST", "/v1/orders", "place_order",
                    [&](const ApiCall& call) { return place(facade, call); }});
  routes.push_back({"GET", "/v1/orders", "list_orders",
                    [&](const ApiCall& call) { return list(facade, call); }});
  routes.push_back({"GET", "/v1/orders/{number}", "get_order",
                    [&](const ApiCall& call) { return get(facade, call); }});
  routes.push_back({"PATCH", "/v1/orders/{number}", "amend_order",
                    [&](const ApiCall& call) { return amend(facade, call); }});
  routes.push_back({"POST", "/v1/orders/{number}/cancel", "cancel_order",
                    [&](const ApiCall& call) { return cancel(facade, call); }});
  routes.push_back({"POST", "/v1/orders/{number}/returns", "return_order",
                    [&](const ApiCall& call) { return place_return(facade, call); }});
  routes.push_back({"GET", "/v1/orders/{number}/returns/{return}", "get_return",
                    [&](const ApiCall& call) { return get_return(facade, call); }});
}

ApiRoutes channel_routes(Facade& facade) {
  ApiRoutes routes;
  add_order_routes(routes, facade);
  add_inventory_routes(routes, facade);
  add_pricing_routes(routes, facade);
  add_customer_routes(routes, facade);
  return routes;
}

}  // namespace underpin::facade::api
