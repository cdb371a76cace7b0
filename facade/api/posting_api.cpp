#include "facade/api/ops_parts.h"
#include "facade/posting_scenarios.h"

namespace underpin::facade::api {
namespace {

using json::Value;

Answer answer_of(const Error& error) {
  if (error.code == ErrorCode::unsupported)
    return problem(409, "conflict", "Not as it stands now", error.message);
  return problem_for(error);
}

// Writes to both ERPs.
Answer place(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect"})) return *forbidden;
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  const auto run = PostingScenarios(facade).place(act_of(call, *body.value));
  if (!run) return answer_of(run.error());
  Value value = Value::object();
  value.set("run", Value::integer(*run));
  return Answer::json(201, value);
}

Answer compare(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect", "qa"})) return *forbidden;
  const auto results = PostingScenarios(facade).compare();
  if (!results) return answer_of(results.error());
  Value items = Value::array();
  for (const ScenarioResult& one : *results) items.push(to_json(one));
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

}  // namespace

ApiRoutes posting_routes(Facade& facade) {
  const std::string runs = "/ops/v1/parity/postings";
  ApiRoutes routes;
  routes.push_back({"POST", runs, "place_posting_scenarios",
                    [&](const ApiCall& call) { return place(facade, call); }});
  routes.push_back({"POST", runs + "/compare", "compare_posting_scenarios",
                    [&](const ApiCall& call) { return compare(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
