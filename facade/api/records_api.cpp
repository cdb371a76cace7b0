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

// One page: an export of years does not fit into one call's budget.
Answer export_history(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect", "operator"})) return *refused;
  std::vector<FieldError> errors;
  only_known(call, {"after", "limit"}, errors);
  const int limit = limit_of(call, errors);
  const std::string after = query_of(call, "after").value_or("0");
  if (after.size() > 17 || after.find_first_not_of("0123456789") != std::string::npos ||
      after.empty())
    errors.push_back({"after", "must be the `after` of an earlier page"});
  if (!errors.empty()) return validation(errors);
  const auto page = facade.history().page(std::stoll(after), limit, call.context());
  if (!page && page.error().code == ErrorCode::invalid_request)
    return problem(409, "no-history-file", "No history file is configured", page.error().message,
                   page.error().fields);
  if (!page) return problem_for(page.error());
  Value value = Value::object();
  value.set("exported", Value::integer(page->exported));
  value.set("gone", Value::integer(page->gone));
  value.set("inFile", Value::integer(page->in_file));
  value.set("after", Value::integer(page->after));
  value.set("more", Value::boolean(page->more));
  return Answer::json(200, value);
}

}  // namespace

ApiRoutes records_routes(Facade& facade) {
  ApiRoutes routes;
  routes.push_back({"POST", "/ops/v1/xref/imports", "import_xref",
                    [&](const ApiCall& call) { return import_xref(facade, call); }});
  routes.push_back({"POST", "/ops/v1/history/export", "export_history",
                    [&](const ApiCall& call) { return export_history(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
