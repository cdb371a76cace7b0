#include "facade/api/ops_parts.h"

namespace underpin::facade::api {
namespace {

using json::Value;

Answer import_xref(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect", "operator"})) return *refused;
  const DryRun dry = dry_run_of(call);
  if (dry.refused) return *dry.refused;
  const Parsed body = parse_body(call, "xref-import");
  if (!body.value) return body.refused;
  const auto first = body.value->get("firstLine").as_int();
  const auto report =
      facade.xref().run(body.value->get("csv").text(), static_cast<int>(first ? *first : 1),
                        dry.asked, act_of(call, *body.value));
  if (!report) return problem_for(report.error());
  if (!report->faults.empty()) return validation(report->faults);
  Value value = Value::object();
  value.set("dryRun", Value::boolean(dry.asked));
  value.set("added", Value::integer(report->added));
  value.set("known", Value::integer(report->known));
  return Answer::json(200, value);
}

}  // namespace

ApiRoutes records_routes(Facade& facade) {
  ApiRoutes routes;
  routes.push_back({"POST", "/ops/v1/xref/imports", "import_xref",
                    [&](const ApiCall& call) { return import_xref(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
