#include "facade/api/ops_parts.h"
#include "facade/gate_desk.h"

#include <algorithm>

namespace underpin::facade::api {

std::optional<cutover::Stage> gate_stage_of(Facade& facade, const ApiCall& call,
                                            Capability capability,
                                            std::vector<FieldError>& errors) {
  const auto asked = query_of(call, "to");
  if (!asked) return next_gated(facade.cutover().plan(capability));
  const auto stage = cutover::parse_stage(*asked);
  if (stage && cutover::index(*stage) >= cutover::index(cutover::Stage::cloud_primary))
    return stage;
  errors.push_back({"to",
                    "must be cloud_primary, ramp_down or cloud_only: no step to another "
                    "stage needs a gate"});
  return std::nullopt;
}

namespace {

using json::Value;

Answer show_gate(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  std::vector<FieldError> errors;
  only_known(call, {"to"}, errors);
  const auto to = gate_stage_of(facade, call, *capability, errors);
  if (!errors.empty()) return validation(errors);
  const auto report = facade.gate().judge(*capability, *to, call.context());
  if (!report) return problem_for(report.error());
  Value value = to_json(*report);
  value.set("wave", facade.settings().wave);
  value.set("planVersion", Value::integer(facade.cutover().plan(*capability).version));
  return Answer::json(200, value);
}

Answer list_waivers(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const auto waivers = facade.gate().waivers(*capability);
  if (!waivers) return problem_for(waivers.error());
  Value items = Value::array();
  for (const Waiver& waiver : *waivers) {
    Value item = to_json(waiver);
    // One of an earlier release names no step: it answers for none.
    item.set("inForce", Value::boolean(waiver.to && waiver.in_force(facade.settings().now())));
    items.push(std::move(item));
  }
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

// A waiver of a cell that is not there would be believed, and do nothing.
std::string no_such_cell(const GateReport& report, const std::string& cell) {
  std::string known;
  const auto is = [&](const std::string& one) {
    known += (known.empty() ? "" : ", ") + one;
    return one == cell;
  };
  for (const parity::GateCell& one : report.facts.cells)
    if (is(parity::name_of(one))) return {};
  for (const std::string& one : report.facts.unseen)
    if (is("coverage " + one)) return {};
  for (const parity::Criterion& one : report.verdict.criteria)
    if (one.name.rfind("posting_", 0) == 0 && is(one.name)) return {};
  return "names no cell; there is " + known;
}

Answer waive(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"qa", "approver"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const Parsed body = parse_body(call, "gate-waiver");
  if (!body.value) return body.refused;
  auto to = next_gated(facade.cutover().plan(*capability));
  if (const Value* named = body.value->find("to"))
    to = cutover::parse_stage(named->text()).value_or(to);  // The schema has the stages' names.
  const auto until = Timestamp::parse(body.value->get("until").text());
  if (!until) return validation({{"/until", "must be an RFC 3339 time with its offset"}});
  Waiver waiver;
  waiver.cell = body.value->get("cell").text();
  waiver.reason = body.value->get("reason").text();
  waiver.by = body.value->get("by").text();
  waiver.until = *until;
  waiver.to = to;
  const auto report = facade.gate().judge(*capability, to, call.context());
  if (!report) return problem_for(report.error());
  if (const std::string unknown = no_such_cell(*report, waiver.cell); !unknown.empty())
    return validation({{"/cell", unknown}});
  const auto kept = facade.gate().waive(*capability, waiver, call.subject);
  if (!kept && kept.error().code == ErrorCode::invalid_request)
    return validation(kept.error().fields);
  return kept ? Answer::json(201, to_json(*kept)) : problem_for(kept.error());
}

Answer revoke(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"qa", "approver", "architect"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const auto id = id_of(call);
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  const auto revoked = facade.gate().revoke(*capability, id.value_or(0), call.subject,
                                            body.value->get("reason").text());
  return revoked ? Answer::json(200, to_json(*revoked)) : problem_for(revoked.error());
}

}  // namespace

ApiRoutes gate_routes(Facade& facade) {
  const std::string gate = "/ops/v1/gate/{capability}";
  ApiRoutes routes;
  routes.push_back(
      {"GET", gate, "show_gate", [&](const ApiCall& call) { return show_gate(facade, call); }});
  routes.push_back({"GET", gate + "/waivers", "list_gate_waivers",
                    [&](const ApiCall& call) { return list_waivers(facade, call); }});
  routes.push_back({"POST", gate + "/waivers", "waive_gate",
                    [&](const ApiCall& call) { return waive(facade, call); }});
  routes.push_back({"POST", gate + "/waivers/{id}/revoke", "revoke_gate_waiver",
                    [&](const ApiCall& call) { return revoke(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
