#include "facade/api/ops_parts.h"
#include "facade/outcomes.h"

#include <algorithm>

namespace underpin::facade::api {
namespace {

using json::Value;

Value outcome_value(const UnknownOutcome& outcome) {
  const journal::Intent& intent = outcome.intent;
  Value value = Value::object();
  value.set("id", Value::integer(intent.id));
  value.set("wave", intent.wave);
  value.set("capability", name(intent.capability));
  value.set("operation", intent.operation);
  value.set("subject", intent.subject);
  value.set("side", name(intent.side));
  value.set("since", intent.opened_at.text());
  value.set("attempts", Value::integer(intent.attempts));
  value.set("lastError", intent.last_error);
  if (!intent.correlation_id.empty()) value.set("correlationId", intent.correlation_id);
  if (outcome.disposition) {
    Value disposition = Value::object();
    disposition.set("by", outcome.disposition->by);
    disposition.set("reason", outcome.disposition->reason);
    disposition.set("at", outcome.disposition->at.text());
    value.set("disposition", std::move(disposition));
  }
  return value;
}

Answer list_outcomes(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"capability", "cursor", "limit"}, errors);
  const int limit = limit_of(call, errors);
  const auto asked = query_of(call, "capability");
  const auto capability = asked ? parse_capability(*asked) : std::nullopt;
  if (asked && !capability)
    errors.push_back({"capability", "must be orders, inventory, pricing or customers"});
  const auto after = number_in(query_of(call, "cursor").value_or("0"));
  if (!after) errors.push_back({"cursor", "must be the `next` of an earlier page"});
  if (!errors.empty()) return validation(errors);
  std::vector<UnknownOutcome> found;
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    found = unknown_outcomes(reader, facade.settings().now());
  });
  if (!read) return problem_for(read.error());
  std::erase_if(found, [&](const UnknownOutcome& one) {
    return one.intent.id <= *after || (capability && one.intent.capability != *capability);
  });
  const bool more = found.size() > static_cast<std::size_t>(limit);
  if (more) found.resize(static_cast<std::size_t>(limit));
  Value items = Value::array();
  for (const UnknownOutcome& one : found) items.push(outcome_value(one));
  Value body = Value::object();
  body.set("items", std::move(items));
  if (more) body.set("next", std::to_string(found.back().intent.id));
  return Answer::json(200, body);
}

Answer dispose(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"operator", "architect"})) return *refused;
  const auto id = id_of(call);
  if (!id) {
    return problem(404, "not-found", "Not found",
                   "There is no write " + call.params.at("id") + " with an unknown outcome.");
  }
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  const Timestamp now = facade.settings().now();
  const std::string& reason = body.value->get("reason").text();
  const Status disposed = dispose_of_outcome(facade.audit(), *id, call.subject, reason, now);
  if (!disposed && disposed.error().code == ErrorCode::conflict) {
    return problem(409, "outcome-not-unknown", "The outcome is not unknown",
                   disposed.error().message);
  }
  if (!disposed) return problem_for(disposed.error());
  // It may have ended since: then what was said of it is in the audit log alone.
  Value value = Value::object();
  value.set("id", Value::integer(*id));
  value.set("open", Value::boolean(false));
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    for (const UnknownOutcome& one : unknown_outcomes(reader, now)) {
      if (one.intent.id != *id) continue;
      value = outcome_value(one);
      value.set("open", Value::boolean(true));
    }
  });
  if (!read) return problem_for(read.error());
  return Answer::json(200, value);
}

}  // namespace

ApiRoutes outcome_routes(Facade& facade) {
  ApiRoutes routes;
  routes.push_back({"GET", "/ops/v1/outcomes", "list_outcomes",
                    [&](const ApiCall& call) { return list_outcomes(facade, call); },
                    WavesOfCall::all_unnamed});
  routes.push_back({"POST", "/ops/v1/outcomes/{id}/disposition", "dispose_outcome",
                    [&](const ApiCall& call) { return dispose(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
