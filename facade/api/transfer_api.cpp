#include "facade/api/ops_parts.h"

#include <algorithm>
#include <set>

namespace underpin::facade::api {
namespace {

using json::Value;

Value transfer_value(const TransferStatus& status) {
  const journal::TransferRecord& record = status.record;
  Value value = Value::object();
  value.set("id", Value::integer(record.id));
  value.set("capability", name(record.capability));
  value.set("to", name(record.to));
  value.set("state", record.state);
  const auto selection = json::parse(record.selection, {64 * 1024 * 1024, 8, 1'000'000});
  if (selection) {
    // Thousands of numbers are no summary.
    Value shown = *selection;
    const Value* subjects = shown.find("subjects");
    if (subjects != nullptr) {
      const auto count = static_cast<std::int64_t>(subjects->size());
      shown.erase("subjects");
      shown.set("subjectCount", Value::integer(count));
    }
    value.set("selection", std::move(shown));
  }
  value.set("actor", record.actor);
  value.set("reason", record.reason);
  if (!record.change_reference.empty()) value.set("changeReference", record.change_reference);
  value.set("startedAt", record.started_at.text());
  if (!record.ended_at.empty()) value.set("endedAt", record.ended_at.text());
  if (!status.pauses.empty()) value.set("pauses", status.pauses);
  Value counts = Value::object();
  for (const auto& [state, count] : status.counts) counts.set(state, Value::integer(count));
  value.set("documents", std::move(counts));
  return value;
}

Value item_value(const journal::TransferItem& item) {
  Value value = Value::object();
  value.set("subject", item.subject);
  value.set("state", item.state);
  value.set("classes", item.classes);
  if (!item.detail.empty()) value.set("detail", item.detail);
  value.set("attempts", Value::integer(item.attempts));
  if (!item.currency.empty()) value.set("currency", item.currency);
  value.set("worth", item.value.text());
  return value;
}

Value preview_value(const TransferPreview& preview) {
  Value value = Value::object();
  value.set("dryRun", Value::boolean(true));
  value.set("allowed", Value::boolean(preview.reasons.empty()));
  Value reasons = Value::array();
  for (const std::string& reason : preview.reasons) reasons.push(reason);
  value.set("reasons", std::move(reasons));
  Value groups = Value::array();
  for (const TransferGroup& group : preview.groups) {
    Value one = Value::object();
    one.set("classes", group.classes);
    one.set("moves", Value::boolean(group.stays.empty()));
    if (!group.stays.empty()) one.set("stays", group.stays);
    one.set("count", Value::integer(group.count));
    one.set("worth", money_value(group.worth));
    groups.push(std::move(one));
  }
  value.set("groups", std::move(groups));
  Value unknown = Value::array();
  for (const std::string& subject : preview.unknown) unknown.push(subject);
  value.set("unknown", std::move(unknown));
  return value;
}

Answer transfer_answer(int status, const Result<TransferStatus>& transfer) {
  if (transfer) return Answer::json(status, transfer_value(*transfer));
  if (transfer.error().code == ErrorCode::rejected)
    return problem(409, "transfer-refused", "The transfer is refused", transfer.error().message,
                   transfer.error().fields);
  return refusal_answer(transfer.error());
}

Answer begin(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const DryRun dry = dry_run_of(call);
  if (dry.refused) return *dry.refused;
  const Parsed body = parse_body(call, "cutover-transfer");
  if (!body.value) return body.refused;
  const auto wish = read_transfer(*body.value);
  if (!wish) return validation(wish.error().fields);
  if (dry.asked) {
    const auto preview = facade.transfers().preview(*capability, *wish);
    return preview ? Answer::json(200, preview_value(*preview)) : problem_for(preview.error());
  }
  Answer answer =
      transfer_answer(201, facade.transfers().start(*capability, *wish, act_of(call, *body.value)));
  return answer;
}

Answer list(Facade& facade, const ApiCall& call) {
  if (!capability_of(call)) return no_capability(call);
  const auto all = facade.transfers().list();
  if (!all) return problem_for(all.error());
  Value items = Value::array();
  for (const TransferStatus& status : *all)
    if (name(status.record.capability) == call.params.at("capability"))
      items.push(transfer_value(status));
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Answer no_transfer(const ApiCall& call) {
  return problem(
      404, "not-found", "Not found",
      "There is no transfer " + call.params.at("id") + " of " + call.params.at("capability") + ".");
}

Answer show(Facade& facade, const ApiCall& call) {
  if (!capability_of(call)) return no_capability(call);
  const auto id = id_of(call);
  if (!id) return no_transfer(call);
  std::vector<FieldError> errors;
  only_known(call, {"state", "after", "limit"}, errors);
  const int limit = limit_of(call, errors);
  const std::string state = query_of(call, "state").value_or("");
  static const std::set<std::string> states{"",         "waiting", "blocking", "blocked",
                                            "levelled", "moved",   "stayed"};
  if (states.count(state) == 0)
    errors.push_back({"state", "must be waiting, blocking, blocked, levelled, moved or stayed"});
  if (!errors.empty()) return validation(errors);
  const auto status = facade.transfers().status(*id);
  if (!status && status.error().code == ErrorCode::not_found) return no_transfer(call);
  if (!status) return problem_for(status.error());
  if (name(status->record.capability) != call.params.at("capability")) return no_transfer(call);
  const auto found =
      facade.transfers().items(*id, state, query_of(call, "after").value_or(""), limit);
  if (!found) return problem_for(found.error());
  Value body = transfer_value(*status);
  Value items = Value::array();
  for (const journal::TransferItem& item : *found) items.push(item_value(item));
  body.set("items", std::move(items));
  if (found->size() == static_cast<std::size_t>(limit)) body.set("next", found->back().subject);
  return Answer::json(200, body);
}

Answer stop(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect", "operator"})) return *refused;
  if (!capability_of(call)) return no_capability(call);
  const auto id = id_of(call);
  if (!id) return no_transfer(call);
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  return transfer_answer(200, facade.transfers().stop(*id, act_of(call, *body.value)));
}

}  // namespace

ApiRoutes transfer_routes(Facade& facade) {
  const std::string transfers = "/ops/v1/cutover/{capability}/transfers";
  ApiRoutes routes;
  routes.push_back({"GET", transfers, "list_transfers",
                    [&](const ApiCall& call) { return list(facade, call); }});
  routes.push_back(
      {"POST", transfers, "transfer", [&](const ApiCall& call) { return begin(facade, call); }});
  routes.push_back({"GET", transfers + "/{id}", "show_transfer",
                    [&](const ApiCall& call) { return show(facade, call); }});
  routes.push_back({"POST", transfers + "/{id}/stop", "stop_transfer",
                    [&](const ApiCall& call) { return stop(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
