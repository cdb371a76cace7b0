#include "facade/api/ops_api.h"

#include "contracts/order_status.h"
#include "facade/api/ops_parts.h"
#include "facade/explain.h"

#include <algorithm>
#include <limits>
#include <map>

namespace underpin::facade::api {

using json::Value;

std::optional<Answer> needs_role(const ApiCall& call,
                                 std::initializer_list<std::string_view> roles) {
  if (std::find(roles.begin(), roles.end(), call.role) != roles.end()) return std::nullopt;
  std::string wanted;
  for (const std::string_view role : roles) {
    if (!wanted.empty()) wanted += " or ";
    wanted += role;
  }
  return problem(403, "forbidden", "The token's role does not allow this",
                 "This needs the role " + wanted + "; the token of " + call.subject +
                     " has the role " + call.role + ".");
}

Value money_value(const Money& money) {
  Value value = Value::object();
  for (const auto& [currency, amount] : money) value.set(currency, amount.text());
  return value;
}

namespace {

Value rules_value(const std::vector<cutover::CohortRule>& rules) {
  Value value = Value::array();
  for (const cutover::CohortRule& rule : rules) value.push(cutover::to_json(rule));
  return value;
}

Value rollout_value(const cutover::Rollout& rollout) {
  Value value = Value::object();
  value.set("stage", name(rollout.to));
  value.set("from", name(rollout.from));
  value.set("sharePer100k", Value::integer(rollout.share_per_100k));
  if (!rollout.rules.empty()) value.set("rules", rules_value(rollout.rules));
  return value;
}

Value catch_up_value(const CatchUpState& state) {
  Value value = Value::object();
  value.set("state", state.state);
  value.set("total", Value::integer(state.total));
  value.set("delivered", Value::integer(state.delivered));
  if (!state.detail.empty()) value.set("detail", state.detail);
  if (state.state != "running" && state.held.empty()) return value;
  value.set("listed", Value::boolean(state.listed));
  value.set("perMinute", Value::integer(state.per_minute));
  if (!state.held.empty()) value.set("held", state.held);
  if (state.expected_at) value.set("expectedAt", state.expected_at->text());
  return value;
}

Value backlog_value(const journal::Backlog& b) {
  Value backlog = Value::object();
  backlog.set("openIntents", Value::integer(b.open_intents));
  backlog.set("openIntentsOfOlderPlans", Value::integer(b.open_intents_before));
  backlog.set("unknownOutcomes", Value::integer(b.unknown_outcomes));
  backlog.set("pendingToLegacy", Value::integer(b.pending_to_legacy));
  backlog.set("pendingToCloud", Value::integer(b.pending_to_cloud));
  backlog.set("deadLettersToLegacy", Value::integer(b.dead_to_legacy));
  backlog.set("deadLettersToCloud", Value::integer(b.dead_to_cloud));
  return backlog;
}

Value bringing_value(const Bringing& bringing) {
  Value value = Value::object();
  value.set("to", name(bringing.to));
  if (bringing.customers) {
    Value customers = Value::object();
    if (bringing.customers->failed.empty()) {
      customers.set("count", Value::integer(bringing.customers->count));
      customers.set("atLeast", Value::boolean(bringing.customers->at_least));
    } else {
      customers.set("failed", bringing.customers->failed);
    }
    value.set("customers", std::move(customers));
  }
  Value documents = Value::array();
  for (const Bringing::Documents& group : bringing.documents) {
    Value one = Value::object();
    one.set("class", group.classes);
    one.set("count", Value::integer(group.count));
    one.set("worth", money_value(group.worth));
    documents.push(std::move(one));
  }
  value.set("documents", std::move(documents));
  value.set("indexed", Value::boolean(bringing.indexed));
  value.set("noCopies", Value::boolean(bringing.no_copies));
  value.set("withNumber", Value::integer(bringing.with_number));
  value.set("crossReferences", Value::integer(bringing.cross_references));
  return value;
}

Value texts(const std::vector<std::string>& lines) {
  Value value = Value::array();
  for (const std::string& line : lines) value.push(line);
  return value;
}

Value validity_value(const RollbackValidity& validity) {
  Value value = Value::object();
  value.set("state", validity.state);
  value.set("deliveries", Value::integer(validity.deliveries));
  value.set("documentsPastReturn", Value::integer(validity.documents));
  value.set("worthPastReturn", money_value(validity.worth));
  value.set("reasons", texts(validity.reasons));
  return value;
}

Value status_value(const CutoverStatus& status) {
  Value value = Value::object();
  value.set("wave", status.plan.wave);
  value.set("capability", name(status.plan.capability));
  value.set("version", Value::integer(status.plan.version));
  value.set("stage", name(status.plan.rollout.to));
  value.set("from", name(status.plan.rollout.from));
  value.set("sharePer100k", Value::integer(status.plan.rollout.share_per_100k));
  if (!status.plan.rollout.rules.empty())
    value.set("rules", rules_value(status.plan.rollout.rules));
  value.set("actor", status.actor);
  value.set("reason", status.reason);
  value.set("since", status.since.text());
  if (!status.plan.undo.empty()) value.set("rollbackTo", rollout_value(status.plan.undo.back()));
  if (status.plan.births_to_legacy) value.set("births", "legacy");
  if (status.plan.halt) {
    Value halt = Value::object();
    halt.set("guard", status.plan.halt->guard);
    halt.set("detail", status.plan.halt->detail);
    halt.set("at", status.plan.halt->at.text());
    value.set("halt", std::move(halt));
  }
  Value guards = Value::array();
  for (const cutover::GuardReading& reading : status.guards) {
    Value one = Value::object();
    one.set("guard", reading.guard);
    one.set("verdict", cutover::name(reading.verdict));
    one.set("detail", reading.detail);
    guards.push(std::move(one));
  }
  value.set("guards", std::move(guards));
  value.set("backlog", backlog_value(status.backlog));
  if (status.plan.capability == Capability::orders) {
    Value documents = Value::object();
    documents.set("openInLegacy", Value::integer(status.documents.open_in_legacy));
    documents.set("openInCloud", Value::integer(status.documents.open_in_cloud));
    value.set("documents", std::move(documents));
  }
  const auto names = [](const std::vector<std::string>& replicas) {
    Value list = Value::array();
    for (const std::string& replica : replicas) list.push(Value(replica));
    return list;
  };
  value.set("takenBy", names(status.taken_by));
  value.set("waitingFor", names(status.waiting_for));
  value.set("catchUpCloud", catch_up_value(status.catch_up_cloud));
  value.set("catchUpLegacy", catch_up_value(status.catch_up_legacy));
  value.set("rollbackValidity", validity_value(status.validity));
  if (!status.turning.empty()) value.set("turning", status.turning);
  if (!status.frozen.empty()) value.set("frozen", texts(status.frozen));
  return value;
}

// A dry run: the verdict, every reason, the plan as it would be, and what stands in the way back.
Answer outlook_answer(const Facade& facade, const Result<Outlook>& outlook) {
  if (!outlook) return refusal_answer(outlook.error());
  Value value = Value::object();
  value.set("dryRun", Value::boolean(true));
  value.set("allowed", Value::boolean(outlook->verdict.allowed));
  value.set("forward", Value::boolean(outlook->verdict.forward));
  value.set("reasons", texts(outlook->verdict.reasons));
  value.set("overridable", texts(outlook->verdict.overridable));
  value.set("overridden", texts(outlook->verdict.overridden));
  Value plan = rollout_value(outlook->next.rollout);
  plan.set("version", Value::integer(outlook->next.version));
  if (!outlook->next.undo.empty()) plan.set("rollbackTo", rollout_value(outlook->next.undo.back()));
  value.set("plan", std::move(plan));
  value.set("preview", preview_value(outlook->preview));
  Answer answer = Answer::json(200, value);
  answer.etag = version_tag(facade, outlook->current.version);
  return answer;
}

}  // namespace

Value preview_value(const Preview& preview) {
  Value value = Value::object();
  value.set("back", Value::boolean(preview.back));
  value.set("subjectsAtRisk", Value::integer(preview.subjects_at_risk));
  value.set("backlog", backlog_value(preview.backlog));
  value.set("backlogAgeMs", Value::integer(preview.backlog_age_ms));
  value.set("unmapped", Value::integer(preview.unmapped));
  value.set("inFlight", Value::integer(preview.in_flight));
  value.set("inFlightWorth", money_value(preview.in_flight_worth));
  value.set("onlyCloud", Value::integer(preview.only_cloud));
  value.set("onlyCloudWorth", money_value(preview.only_cloud_worth));
  value.set("rollbackValidity", validity_value(preview.validity));
  if (preview.bringing) value.set("bringing", bringing_value(*preview.bringing));
  return value;
}

Answer refusal_answer(const Error& error) {
  if (error.code == ErrorCode::conflict)
    return problem(412, "precondition-failed", "The plan has moved on", error.message);
  if (error.code == ErrorCode::rejected) {
    return problem(409, "transition-refused", "The change of stage is refused", error.message,
                   error.fields);
  }
  if (error.code == ErrorCode::invalid_request) return validation(error.fields);
  return problem_for(error);
}

std::string version_tag(const Facade& facade, std::int64_t version) {
  const std::int64_t epoch = facade.journal().epoch();
  return "\"" + (epoch == 1 ? std::string{} : std::to_string(epoch) + ".") +
         std::to_string(version) + "\"";
}

Answer status_answer(const Facade& facade, const Result<CutoverStatus>& status) {
  if (!status) return refusal_answer(status.error());
  Value value = status_value(*status);
  value.set("epoch", Value::integer(facade.journal().epoch()));
  Answer answer = Answer::json(200, value);
  answer.etag = version_tag(facade, status->plan.version);
  return answer;
}

Act act_of(const ApiCall& call, const Value& body) {
  return {call.subject, body.get("reason").text(), body.get("changeReference").text()};
}

std::optional<Capability> capability_of(const ApiCall& call) {
  return parse_capability(call.params.at("capability"));
}

Answer no_capability(const ApiCall& call) {
  return problem(404, "not-found", "Not found",
                 "There is no capability " + call.params.at("capability") +
                     "; it is orders, inventory, pricing or customers.");
}

Expected expected_of(const Facade& facade, const ApiCall& call) {
  Expected expected;
  expected.refused = if_match_refused(call);
  if (expected.refused) return expected;
  std::string text = call.if_match.front();
  std::erase(text, '"');
  const auto digits = [](const std::string& part) {
    return !part.empty() && part.size() < 18 &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t dot = text.find('.');
  const std::string epoch = dot == std::string::npos ? "1" : text.substr(0, dot);
  if (dot != std::string::npos) text.erase(0, dot + 1);
  if (!digits(text) || !digits(epoch)) {
    expected.refused = problem(400, "malformed", "If-Match is malformed",
                               "If-Match must be the plan version, for instance \"7\".");
    return expected;
  }
  expected.version = std::stoll(text);
  const std::int64_t now = facade.journal().epoch();
  if (std::stoll(epoch) != now) {
    expected.refused =
        problem(412, "precondition-failed", "The plan has moved on",
                "the version is one of epoch " + epoch +
                    "; the journal was restored since, and this is epoch " + std::to_string(now));
  }
  return expected;
}

DryRun dry_run_of(const ApiCall& call) {
  DryRun dry;
  std::vector<FieldError> errors;
  only_known(call, {"dryRun"}, errors);
  const std::string text = query_of(call, "dryRun").value_or("false");
  if (text != "true" && text != "false") errors.push_back({"dryRun", "must be true or false"});
  if (!errors.empty()) dry.refused = validation(errors);
  dry.asked = text == "true";
  return dry;
}

namespace {

Answer change_plan(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const Expected expected = expected_of(facade, call);
  if (expected.refused) return *expected.refused;
  const DryRun dry = dry_run_of(call);
  if (dry.refused) return *dry.refused;
  const Parsed body = parse_body(call, "cutover-change");
  if (!body.value) return body.refused;
  const auto request = read_change(*body.value, *capability);
  if (!request) return validation(request.error().fields);
  const auto forced = body.value->get("force").as_bool();
  const bool force = forced && *forced;
  if (dry.asked)
    return outlook_answer(facade,
                          facade.cutover().outlook(*capability, *request, expected.version, force));
  return status_answer(facade, facade.cutover().change(*capability, *request, expected.version,
                                                       act_of(call, *body.value), force));
}

Answer roll_back(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const Expected expected = expected_of(facade, call);
  if (expected.refused) return *expected.refused;
  const DryRun dry = dry_run_of(call);
  if (dry.refused) return *dry.refused;
  const Parsed body = parse_body(call, "cutover-rollback");
  if (!body.value) return body.refused;
  std::optional<cutover::Stage> to;
  if (const Value* stage = body.value->find("toStage")) to = cutover::parse_stage(stage->text());
  if (dry.asked)
    return outlook_answer(facade,
                          facade.cutover().rollback_outlook(*capability, expected.version, to));
  return status_answer(facade, facade.cutover().roll_back(*capability, expected.version,
                                                          act_of(call, *body.value), to));
}

// A person has looked at what a guard halted.
Answer acknowledge(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const Expected expected = expected_of(facade, call);
  if (expected.refused) return *expected.refused;
  const Parsed body = parse_body(call, "cutover-acknowledge");
  if (!body.value) return body.refused;
  return status_answer(
      facade, facade.cutover().acknowledge(*capability, expected.version,
                                           body.value->get("births").text() == "plan", call.subject,
                                           body.value->get("reason").text()));
}

// Why a subject goes where it goes.
Answer explain(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  std::vector<FieldError> errors;
  only_known(call, {"subject", "channel", "location", "sku", "region", "segment"}, errors);
  const std::string key = query_of(call, "subject").value_or("");
  if (key.empty()) errors.push_back({"subject", "is missing"});
  if (!errors.empty()) return validation(errors);
  ExplainQuestion question;
  question.capability = *capability;
  question.subject = cutover::Subject(key);
  question.subject.channel = query_of(call, "channel").value_or("");
  question.subject.region = query_of(call, "region").value_or("");
  question.subject.segment = query_of(call, "segment").value_or("");
  if (const auto location = query_of(call, "location")) question.subject.locations = {*location};
  if (const auto sku = query_of(call, "sku")) question.subject.skus = {*sku};
  const auto found = explain_route(facade.journal(), facade.settings().wave, question);
  if (!found) return problem_for(found.error());
  Value body = Value::object();
  body.set("capability", name(*capability));
  body.set("subject", key);
  body.set("planVersion", Value::integer(found->plan_version));
  body.set("stage", name(found->stage));
  body.set("primary", name(found->primary));
  if (found->mirror) body.set("mirror", name(*found->mirror));
  if (found->shadow) body.set("shadow", name(*found->shadow));
  body.set("bucket", Value::integer(found->bucket));
  body.set("sharePer100k", Value::integer(found->share_per_100k));
  if (!found->rule.empty()) body.set("rule", found->rule);
  Value because = Value::array();
  for (const std::string& reason : found->because) because.push(reason);
  body.set("because", std::move(because));
  return Answer::json(200, body);
}

// A list of one: what several waves answer is joined.
Answer this_wave(Facade& facade) {
  Value wave = Value::object();
  wave.set("wave", facade.settings().wave);
  wave.set("legacy", facade.systems().legacy.name);
  wave.set("cloud", facade.systems().cloud.name);
  Value channels = Value::array();
  for (const std::string& channel : facade.systems().channels) channels.push(channel);
  wave.set("channels", std::move(channels));
  Value items = Value::array();
  items.push(std::move(wave));
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Answer all_plans(Facade& facade) {
  Value items = Value::array();
  for (const Capability capability : all_capabilities) {
    const auto status = facade.cutover().status(capability);
    if (!status) return problem_for(status.error());
    items.push(status_value(*status));
    items.item(items.size() - 1)->set("epoch", Value::integer(facade.journal().epoch()));
  }
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Answer plan_history(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const auto history = facade.cutover().history(*capability);
  if (!history) return problem_for(history.error());
  // What the audit log knows more: the change reference, the signers, and whether force was used.
  std::map<std::int64_t, Value> published;
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    for (const auto& record : reader.audit(0, std::numeric_limits<int>::max())) {
      const auto entry = json::parse(record.entry);
      if (!entry || entry->get("kind").text() != "plan_published" ||
          entry->get("about").text() != name(*capability))
        continue;
      const auto version = entry->get("detail").get("version").as_int();
      if (version) published[*version] = entry->get("detail");
    }
  });
  if (!read) return problem_for(read.error());
  Value items = Value::array();
  for (const journal::PlanRecord& record : *history) {
    Value item = Value::object();
    item.set("version", Value::integer(record.version));
    const auto plan = json::parse(record.plan);
    if (plan) item.set("plan", *plan);
    item.set("actor", record.actor);
    item.set("reason", record.reason);
    item.set("at", record.at.text());
    const Value& detail = published[record.version];
    for (const char* key : {"changeReference", "force", "overridden"})
      if (const Value* known = detail.find(key)) item.set(key, *known);
    const Value& signatures = detail.get("proposal").get("signatures");
    if (!signatures.is_null()) item.set("signatures", signatures);
    items.push(std::move(item));
  }
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Value exception_value(const journal::ExceptionRecord& exception) {
  Value value = Value::object();
  value.set("wave", exception.wave);
  value.set("id", Value::integer(exception.id));
  value.set("kind", exception.kind);
  value.set("capability", name(exception.capability));
  value.set("subject", exception.subject);
  if (exception.side) value.set("side", name(*exception.side));
  value.set("state", exception.state);
  value.set("detail", exception.detail);
  value.set("openedAt", exception.opened_at.text());
  if (!exception.correlation_id.empty()) value.set("correlationId", exception.correlation_id);
  if (exception.state != "open") {
    value.set("closedBy", exception.closed_by);
    value.set("closeReason", exception.close_reason);
    value.set("closedAt", exception.closed_at.text());
  }
  return value;
}

}  // namespace

std::optional<std::int64_t> number_in(const std::string& text) {
  if (text.empty() || text.size() > 17 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return std::stoll(text);
}

namespace {

Answer list_exceptions(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"state", "capability", "cursor", "limit"}, errors);
  const int limit = limit_of(call, errors);
  const auto asked = query_of(call, "capability");
  const auto capability = asked ? parse_capability(*asked) : std::nullopt;
  if (asked && !capability)
    errors.push_back({"capability", "must be orders, inventory, pricing or customers"});
  const auto after = number_in(query_of(call, "cursor").value_or("0"));
  if (!after) errors.push_back({"cursor", "must be the `next` of an earlier page"});
  if (!errors.empty()) return validation(errors);
  std::vector<journal::ExceptionRecord> found;
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    found = reader.exceptions(query_of(call, "state").value_or("open"),
                              std::numeric_limits<int>::max());
  });
  if (!read) return problem_for(read.error());
  std::erase_if(found, [&](const journal::ExceptionRecord& exception) {
    return exception.id <= *after || (capability && exception.capability != *capability);
  });
  const bool more = found.size() > static_cast<std::size_t>(limit);
  if (more) found.resize(static_cast<std::size_t>(limit));
  Value items = Value::array();
  for (const auto& exception : found) items.push(exception_value(exception));
  Value body = Value::object();
  body.set("items", std::move(items));
  if (more) body.set("next", std::to_string(found.back().id));
  return Answer::json(200, body);
}

}  // namespace

std::optional<std::int64_t> id_of(const ApiCall& call) { return number_in(call.params.at("id")); }

namespace {

Answer no_exception(const ApiCall& call) {
  return problem(404, "not-found", "Not found",
                 "There is no exception " + call.params.at("id") + ".");
}

Answer show_exception(Facade& facade, const ApiCall& call) {
  const auto id = id_of(call);
  if (!id) return no_exception(call);
  std::optional<journal::ExceptionRecord> found;
  std::optional<journal::OutboxRow> row;
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    found = reader.exception(*id);
    if (found && found->outbox_row != 0) row = reader.outbox_row(found->outbox_row);
  });
  if (!read) return problem_for(read.error());
  if (!found) return no_exception(call);
  Value body = exception_value(*found);
  const auto payload = json::parse(found->payload);
  if (payload) body.set("payload", *payload);
  if (row) {
    Value delivery = Value::object();
    delivery.set("operation", row->operation);
    delivery.set("attempts", Value::integer(row->attempts));
    delivery.set("lastError", row->last_error);
    body.set("delivery", std::move(delivery));
  }
  return Answer::json(200, body);
}

using SettleException = Status (Facade::*)(std::int64_t, const std::string&, const std::string&);

Answer settle_exception(Facade& facade, const ApiCall& call, SettleException settle) {
  if (const auto refused = needs_role(call, {"operator", "architect"})) return *refused;
  const auto id = id_of(call);
  if (!id) return no_exception(call);
  const Parsed body = parse_body(call, "exception-settlement");
  if (!body.value) return body.refused;
  const Status settled = (facade.*settle)(*id, call.subject, body.value->get("reason").text());
  if (!settled) return problem_for(settled.error());
  return show_exception(facade, call);
}

// One order end to end: where it lives, what it is called, and what is still to be done for it.
Answer trace(Facade& facade, const ApiCall& call) {
  const std::string& number = call.params.at("number");
  const std::string channel = query_of(call, "channel").value_or("");
  std::vector<journal::DocumentRecord> documents;
  Value rows = Value::array();
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    if (auto document = reader.document({ChannelId{channel}, OrderNumber{number}}))
      documents.push_back(*document);
    if (documents.empty()) documents = reader.documents_named(number);
    for (const auto& document : documents) {
      for (const Side side : {Side::legacy, Side::cloud}) {
        for (const auto& row :
             reader.rows_of(side, Capability::orders, order_subject(document.id))) {
          Value one = Value::object();
          one.set("side", name(side));
          one.set("operation", row.operation);
          one.set("state", row.state == journal::OutboxState::dead ? "dead" : "pending");
          one.set("attempts", Value::integer(row.attempts));
          one.set("lastError", row.last_error);
          rows.push(std::move(one));
        }
      }
    }
  });
  if (!read) return problem_for(read.error());
  if (documents.empty())
    return problem(404, "not-found", "Not found", "No order is known by " + number + ".");
  Value items = Value::array();
  for (const auto& document : documents) {
    Value one = Value::object();
    one.set("channel", document.id.channel.text());
    one.set("number", document.id.number.text());
    one.set("home", name(document.home));
    one.set("status", name(document.status));
    one.set("legacyDocument", document.legacy_document.text());
    one.set("cloudDocument", document.cloud_document.text());
    one.set("mirrored", Value::boolean(document.mirrored));
    one.set("closed", Value::boolean(document.closed));
    one.set("planVersion", Value::integer(document.plan_version));
    one.set("bucket", Value::integer(document.bucket));
    one.set("createdAt", document.created_at.text());
    one.set("updatedAt", document.updated_at.text());
    items.push(std::move(one));
  }
  Value body = Value::object();
  body.set("documents", std::move(items));
  body.set("undelivered", std::move(rows));
  return Answer::json(200, body);
}

}  // namespace

ApiRoutes ops_routes(Facade& facade) {
  ApiRoutes routes;
  const auto add = [&](std::string method, std::string pattern, std::string operation,
                       ApiHandler handler, WavesOfCall waves = WavesOfCall::one) {
    routes.push_back(
        {std::move(method), std::move(pattern), std::move(operation), std::move(handler), waves});
  };
  add(
      "GET", "/ops/v1/waves", "list_waves", [&](const ApiCall&) { return this_wave(facade); },
      WavesOfCall::all_unnamed);
  add(
      "GET", "/ops/v1/cutover", "cutover_status", [&](const ApiCall&) { return all_plans(facade); },
      WavesOfCall::all_unnamed);
  add("GET", "/ops/v1/cutover/{capability}", "cutover_status", [&](const ApiCall& call) {
    const auto capability = capability_of(call);
    return capability ? status_answer(facade, facade.cutover().status(*capability))
                      : no_capability(call);
  });
  add("GET", "/ops/v1/cutover/{capability}/history", "cutover_history",
      [&](const ApiCall& call) { return plan_history(facade, call); });
  add("GET", "/ops/v1/cutover/{capability}/explain", "cutover_explain",
      [&](const ApiCall& call) { return explain(facade, call); });
  add("PUT", "/ops/v1/cutover/{capability}", "cutover_change",
      [&](const ApiCall& call) { return change_plan(facade, call); });
  add("POST", "/ops/v1/cutover/{capability}/rollback", "cutover_rollback",
      [&](const ApiCall& call) { return roll_back(facade, call); });
  add("POST", "/ops/v1/cutover/{capability}/acknowledge", "cutover_acknowledge",
      [&](const ApiCall& call) { return acknowledge(facade, call); });
  add(
      "GET", "/ops/v1/exceptions", "list_exceptions",
      [&](const ApiCall& call) { return list_exceptions(facade, call); }, WavesOfCall::all_unnamed);
  add("GET", "/ops/v1/exceptions/{id}", "show_exception",
      [&](const ApiCall& call) { return show_exception(facade, call); });
  add("POST", "/ops/v1/exceptions/{id}/replay", "replay_exception", [&](const ApiCall& call) {
    return settle_exception(facade, call, &Facade::replay_exception);
  });
  add("POST", "/ops/v1/exceptions/{id}/discard", "discard_exception", [&](const ApiCall& call) {
    return settle_exception(facade, call, &Facade::discard_exception);
  });
  add("GET", "/ops/v1/trace/{number}", "trace",
      [&](const ApiCall& call) { return trace(facade, call); });
  for (ApiRoute& route : outcome_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : recovery_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : reconcile_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : posting_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : control_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : transfer_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : records_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : parity_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : gate_routes(facade)) routes.push_back(std::move(route));
  for (ApiRoute& route : pack_routes(facade)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace underpin::facade::api
