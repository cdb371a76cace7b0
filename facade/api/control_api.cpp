#include "contracts/json/schema.h"
#include "facade/api/ops_parts.h"

#include <algorithm>

namespace underpin::facade::api {
namespace {

using json::Value;

Answer proposal_answer(const Facade& facade, int status, const Result<Proposal>& proposal) {
  if (!proposal) return refusal_answer(proposal.error());
  Answer answer = Answer::json(status, to_json(*proposal));
  answer.etag = version_tag(facade, proposal->plan_version);
  return answer;
}

// A time of the body; nothing when it is absent, an error when it is none.
std::optional<Timestamp> time_of(const Value& body, const char* key,
                                 std::vector<FieldError>& errors) {
  const Value* member = body.find(key);
  if (member == nullptr) return std::nullopt;
  const auto time = Timestamp::parse(member->text());
  if (time) return *time;
  errors.push_back({std::string("/") + key, "must be an RFC 3339 time with its offset"});
  return std::nullopt;
}

Answer propose(Facade& facade, const ApiCall& call) {
  if (const auto refused = needs_role(call, {"architect"})) return *refused;
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const Expected expected = expected_of(facade, call);
  if (expected.refused) return *expected.refused;
  const Parsed body = parse_body(call, "cutover-proposal");
  if (!body.value) return body.refused;
  const Value* transfer = body.value->find("transfer");
  const Value& change = transfer == nullptr ? body.value->get("change") : *transfer;
  std::vector<FieldError> errors;
  if ((transfer == nullptr) == (body.value->find("change") == nullptr))
    return validation({{"", "must give exactly one of change and transfer"}});
  const std::string at = transfer == nullptr ? "/change" : "/transfer";
  for (const FieldError& fault :
       json::Schema::named(transfer == nullptr ? "cutover-change" : "cutover-transfer")
           .check(change))
    errors.push_back({at + fault.pointer, fault.detail});
  if (transfer != nullptr && errors.empty()) {
    const auto wanted = read_transfer(*transfer);
    if (!wanted)
      for (const FieldError& fault : wanted.error().fields)
        errors.push_back({at + fault.pointer, fault.detail});
  }
  CutoverDesk::Wish wish;
  wish.not_before = time_of(*body.value, "notBefore", errors).value_or(Timestamp{});
  wish.not_after = time_of(*body.value, "notAfter", errors).value_or(Timestamp{});
  if (!errors.empty()) return validation(errors);
  const auto force = change.get("force").as_bool();
  wish.force = force && *force;
  wish.change = change;
  if (transfer != nullptr) {
    wish.change = Value::object();
    wish.change.set("transfer", *transfer);
  }
  Answer answer = proposal_answer(
      facade, 201,
      facade.cutover().propose(*capability, wish, expected.version, act_of(call, change)));
  return answer;
}

Answer list_proposals(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const auto proposals = facade.cutover().proposals(*capability);
  if (!proposals) return problem_for(proposals.error());
  Value items = Value::array();
  for (const Proposal& proposal : *proposals) items.push(to_json(proposal));
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

// What is done to one proposal.
struct OnProposal {
  std::optional<Answer> refused;
  Capability capability = Capability::orders;
  std::int64_t id = 0;
  Value body;
};

OnProposal on_proposal(const ApiCall& call, std::initializer_list<std::string_view> roles,
                       std::string_view schema) {
  OnProposal on;
  on.refused = needs_role(call, roles);
  if (on.refused) return on;
  const auto capability = capability_of(call);
  const auto id = id_of(call);
  if (!capability) {
    on.refused = no_capability(call);
  } else if (!id) {
    on.refused = problem(404, "not-found", "Not found",
                         "There is no proposal " + call.params.at("id") + ".");
  } else {
    on.capability = *capability;
    on.id = *id;
    Parsed body = parse_body(call, schema);
    if (!body.value) {
      on.refused = body.refused;
    } else {
      on.body = std::move(*body.value);
    }
  }
  return on;
}

Answer approve(Facade& facade, const ApiCall& call) {
  const OnProposal on = on_proposal(call, {"approver", "qa", "finance"}, "cutover-approval");
  if (on.refused) return *on.refused;
  CutoverDesk::Approval approval;
  approval.role = call.role;
  approval.subject = call.subject;
  approval.reason = on.body.get("reason").text();
  approval.ceilings = on.body.get("ceilings");
  const auto headroom = on.body.get("headroomPercent").as_int();
  approval.headroom_percent = headroom ? *headroom : 0;
  return proposal_answer(facade, 200, facade.cutover().approve(on.capability, on.id, approval));
}

Answer preview(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  std::vector<FieldError> errors;
  only_known(call, {"stage"}, errors);
  const auto stage = cutover::parse_stage(query_of(call, "stage").value_or(""));
  if (!stage) errors.push_back({"stage", "must name one of the six stages"});
  if (!errors.empty()) return validation(errors);
  const auto seen = facade.cutover().preview(*capability, *stage);
  if (!seen) return problem_for(seen.error());
  return Answer::json(200, preview_value(*seen));
}

Answer list_audit(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"after", "limit"}, errors);
  const int limit = limit_of(call, errors);
  const std::string after = query_of(call, "after").value_or("0");
  if (after.size() > 17 ||
      !std::all_of(after.begin(), after.end(), [](char c) { return c >= '0' && c <= '9'; }))
    errors.push_back({"after", "must be the `seq` of an entry"});
  if (!errors.empty()) return validation(errors);
  std::vector<journal::AuditRecord> records;
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    records = reader.audit(std::stoll(after), limit);
  });
  if (!read) return problem_for(read.error());
  Value items = Value::array();
  for (const journal::AuditRecord& record : records) {
    Value item = Value::object();
    item.set("seq", Value::integer(record.seq));
    item.set("previous", record.previous);
    item.set("hash", record.hash);
    item.set("entry", record.entry);  // As it was sealed: text, not a document to be rewritten.
    items.push(std::move(item));
  }
  Value body = Value::object();
  body.set("items", std::move(items));
  if (records.size() == static_cast<std::size_t>(limit))
    body.set("next", Value::integer(records.back().seq));
  return Answer::json(200, body);
}

Value kill_value(const KillSwitch& kill) {
  Value targets = Value::object();
  for (std::size_t target = 0; target <= KillSwitch::all; ++target) {
    const KillSwitch::State state = kill.state(target);
    Value one = Value::object();
    one.set("killed", Value::boolean(state.killed));
    if (!state.at.empty()) {
      one.set("reason", state.reason);
      one.set("actor", state.actor);
      one.set("at", state.at.text());
    }
    targets.set(KillSwitch::target_name(target), std::move(one));
  }
  Value value = Value::object();
  value.set("targets", std::move(targets));
  value.set("auditPending", Value::boolean(kill.audit_pending()));
  return value;
}

// Asks nothing of the journal: it must work when the journal does not.
Answer set_kill(Facade& facade, const ApiCall& call, bool killed) {
  if (const auto refused = needs_role(call, {"operator", "architect"})) return *refused;
  const auto target = KillSwitch::parse_target(call.params.at("target"));
  if (!target) {
    return problem(404, "not-found", "Not found",
                   "There is nothing called " + call.params.at("target") +
                       "; it is orders, inventory, pricing, customers or all.");
  }
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  const Status kept =
      facade.kill_switch().set(*target, killed, call.subject, body.value->get("reason").text());
  facade.kill_switch_changed();
  Value value = kill_value(facade.kill_switch());
  if (!kept) value.set("warning", kept.error().message);
  return Answer::json(200, value);
}

}  // namespace

ApiRoutes control_routes(Facade& facade) {
  ApiRoutes routes;
  const auto add = [&](std::string method, std::string pattern, std::string operation,
                       ApiHandler handler, WavesOfCall waves = WavesOfCall::one) {
    routes.push_back(
        {std::move(method), std::move(pattern), std::move(operation), std::move(handler), waves});
  };
  const std::string capability = "/ops/v1/cutover/{capability}";
  add("GET", capability + "/preview", "cutover_preview",
      [&](const ApiCall& call) { return preview(facade, call); });
  add("GET", capability + "/proposals", "list_proposals",
      [&](const ApiCall& call) { return list_proposals(facade, call); });
  add("POST", capability + "/proposals", "propose",
      [&](const ApiCall& call) { return propose(facade, call); });
  add("POST", capability + "/proposals/{id}/approve", "approve_proposal",
      [&](const ApiCall& call) { return approve(facade, call); });
  add("POST", capability + "/proposals/{id}/reject", "reject_proposal", [&](const ApiCall& call) {
    const OnProposal on = on_proposal(call, {"architect", "approver", "qa", "finance"}, "reason");
    if (on.refused) return *on.refused;
    return proposal_answer(facade, 200,
                           facade.cutover().reject(on.capability, on.id, act_of(call, on.body)));
  });
  add("POST", capability + "/proposals/{id}/publish", "publish_proposal", [&](const ApiCall& call) {
    const OnProposal on = on_proposal(call, {"architect"}, "reason");
    if (on.refused) return *on.refused;
    return status_answer(facade,
                         facade.cutover().publish(on.capability, on.id, act_of(call, on.body)));
  });
  add("GET", "/ops/v1/audit", "list_audit",
      [&](const ApiCall& call) { return list_audit(facade, call); });
  add(
      "GET", "/ops/v1/kill", "kill_state",
      [&](const ApiCall&) { return Answer::json(200, kill_value(facade.kill_switch())); },
      WavesOfCall::all_unnamed);
  add(
      "POST", "/ops/v1/kill/{target}", "kill",
      [&](const ApiCall& call) { return set_kill(facade, call, true); }, WavesOfCall::all_asked);
  add(
      "POST", "/ops/v1/unkill/{target}", "unkill",
      [&](const ApiCall& call) { return set_kill(facade, call, false); }, WavesOfCall::all_asked);
  return routes;
}

}  // namespace underpin::facade::api
