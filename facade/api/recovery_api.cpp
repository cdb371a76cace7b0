#include "facade/api/ops_parts.h"

namespace underpin::facade::api {
namespace {

Answer recovery_answer(int status, const Result<RecoveryState>& state) {
  if (!state) return problem_for(state.error());
  return Answer::json(status, to_json(*state));
}

Answer begin_recovery(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"operator", "architect"})) return *refused;
  const Parsed body = parse_body(call, "recovery-request");
  if (!body.value) return body.refused;
  const auto dry = body.value->get("dryRun").as_bool();
  const auto overlap = body.value->get("overlapMs").as_int();
  const auto begun =
      facade.recovery().start(call.subject, body.value->get("reason").text(), dry && *dry,
                              overlap ? std::optional<std::int64_t>(*overlap) : std::nullopt);
  return recovery_answer(202, begun);
}

}  // namespace

ApiRoutes recovery_routes(Facade& facade) {
  ApiRoutes routes;
  routes.push_back({"GET", "/ops/v1/recovery", "recovery", [&](const ApiCall&) {
                      return recovery_answer(200, facade.recovery().state());
                    }});
  routes.push_back({"POST", "/ops/v1/recovery", "begin_recovery",
                    [&](const ApiCall& call) { return begin_recovery(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
