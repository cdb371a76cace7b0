#include "facade/api/ops_parts.h"

namespace underpin::facade::api {
namespace {

using json::Value;

Answer shown_answer(Facade& facade, int status, const Reconciliation& reconciliation,
                    bool with_groups = false) {
  Value value = shown(reconciliation, facade.reconciliations().progress(reconciliation),
                      facade.settings().now());
  if (with_groups) {
    const auto groups = facade.reconciliations().groups(reconciliation.id);
    if (groups) value.set("groups", *groups);
  }
  return Answer::json(status, value);
}

Answer refused(const Error& error) {
  if (error.code == ErrorCode::conflict)
    return problem(409, "conflict", "Not as it stands now", error.message);
  return problem_for(error);
}

Answer begin_posting(Facade& facade, const ApiCall& call, const Value& body) {
  std::vector<FieldError> errors;
  const auto date = [&](const char* key, Date otherwise) {
    if (body.find(key) == nullptr) return otherwise;
    const auto read = Date::parse(body.get(key).text());
    if (!read) errors.push_back({std::string("/") + key, "must be a date, YYYY-MM-DD"});
    return read ? *read : otherwise;
  };
  const Date from = date("from", facade.settings().now().date_utc());
  const Date to = date("to", from);
  if (!errors.empty()) return validation(errors);
  const auto begun = facade.reconciliations().start_posting(from, to, act_of(call, body));
  if (!begun && begun.error().code == ErrorCode::invalid_request)
    return validation({{"/to", begun.error().message}});
  return begun ? shown_answer(facade, 202, *begun) : refused(begun.error());
}

Answer begin(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect", "qa"})) return *forbidden;
  const Parsed body = parse_body(call, "reconciliation-request");
  if (!body.value) return body.refused;
  if (body.value->get("capability").text() == "posting")
    return body.value->find("atCutOff") == nullptr
               ? begin_posting(facade, call, *body.value)
               : validation({{"/atCutOff", "belongs to pricing: nothing else has a cut-off"}});
  for (const char* key : {"from", "to"})
    if (body.value->find(key) != nullptr)
      return validation({{std::string("/") + key, "belongs to posting"}});
  const auto capability = parse_capability(body.value->get("capability").text());
  if (!capability) return validation({{"/capability", "names no capability"}});
  const auto at_cut_off = body.value->get("atCutOff").as_bool();
  if (at_cut_off && *at_cut_off && !SweepRows::has_cut_off(*capability))
    return validation({{"/atCutOff", "belongs to pricing: nothing else has a cut-off"}});
  const auto begun = facade.reconciliations().start(*capability, act_of(call, *body.value),
                                                    at_cut_off && *at_cut_off);
  return begun ? shown_answer(facade, 202, *begun) : refused(begun.error());
}

Answer list(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"capability"}, errors);
  const std::string wanted = query_of(call, "capability").value_or("");
  if (!wanted.empty() && wanted != "posting" && !parse_capability(wanted))
    errors.push_back({"capability", "must be orders, inventory, pricing, customers or posting"});
  if (!errors.empty()) return validation(errors);
  const auto all = facade.reconciliations().list();
  if (!all) return problem_for(all.error());
  Value items = Value::array();
  for (const Reconciliation& one : *all) {
    if (!wanted.empty() && one.what() != wanted) continue;
    Value value = shown(one, facade.reconciliations().progress(one), facade.settings().now());
    value.set("wave", call.wave);
    items.push(std::move(value));
  }
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Answer none_such(const ApiCall& call) {
  return problem(404, "not-found", "Not found",
                 "There is no reconciliation " + call.params.at("id") + ".");
}

Answer show(Facade& facade, const ApiCall& call) {
  const auto id = id_of(call);
  if (!id) return none_such(call);
  const auto found = facade.reconciliations().get(*id);
  return found ? shown_answer(facade, 200, *found, true) : problem_for(found.error());
}

// Nothing is shown that was not written down before.
Status note_shown(Facade& facade, const ApiCall& call, std::int64_t id, const std::string& what) {
  const auto known = facade.reconciliations().get(id);
  if (!known) return known.error();
  Value detail = Value::object();
  detail.set("reason", query_of(call, "reason").value_or(""));
  detail.set("role", call.role);
  detail.set("capability", known->what());
  detail.set("shown", what);
  detail.set("different", Value::integer(known->different()));
  return facade.audit().write([&](journal::JournalTransaction&, AuditTrail::Pen& pen) {
    pen.add(
        {"reconciliation_unmasked", call.subject, "reconciliation " + std::to_string(id), detail});
    return true;
  });
}

Answer differences(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect", "qa"})) return *forbidden;
  const auto id = id_of(call);
  if (!id) return none_such(call);
  std::vector<FieldError> errors;
  only_known(call, {"after", "limit", "unmask", "reason"}, errors);
  const int limit = limit_of(call, errors);
  const std::string after = query_of(call, "after").value_or("0");
  if (after.empty() || after.size() > 17 ||
      after.find_first_not_of("0123456789") != std::string::npos)
    errors.push_back({"after", "must be the `next` of an earlier page"});
  const Unmasking unmasking = unmasking_of(call, errors);
  if (!errors.empty()) return validation(errors);
  if (unmasking.refused) return *unmasking.refused;
  if (unmasking.asked) {
    const std::string what = "at most " + std::to_string(limit) + " differences after " + after;
    if (const Status noted = note_shown(facade, call, *id, what); !noted)
      return problem_for(noted.error());
  }
  const auto page =
      facade.reconciliations().differences(*id, std::stoll(after), limit, unmasking.asked);
  if (!page && page.error().code == ErrorCode::invalid_request)
    return validation({{"after", "must be the `next` of an earlier page"}});
  if (!page) return refused(page.error());
  Value items = Value::array();
  for (const Value& item : page->items) items.push(item);
  Value body = Value::object();
  body.set("items", std::move(items));
  if (page->next > 0) body.set("next", std::to_string(page->next));
  return Answer::json(200, body);
}

Answer file(Facade& facade, const ApiCall& call, bool csv) {
  if (const auto forbidden = needs_role(call, {"operator", "architect", "qa"})) return *forbidden;
  const auto id = id_of(call);
  if (!id) return none_such(call);
  std::vector<FieldError> errors;
  only_known(call, {"unmask", "reason"}, errors);
  const Unmasking unmasking = unmasking_of(call, errors);
  if (!errors.empty()) return validation(errors);
  if (unmasking.refused) return *unmasking.refused;
  if (unmasking.asked) {
    if (const Status noted = note_shown(facade, call, *id, "every difference"); !noted)
      return problem_for(noted.error());
  }
  const auto text = facade.reconciliations().file(*id, csv ? "csv" : "json", unmasking.asked);
  if (!text) return refused(text.error());
  Answer answer;
  answer.status = 200;
  answer.csv = csv;
  answer.body = *text;
  return answer;
}

Value repair_value(const Repair& repair) {
  Value value = to_json(repair);
  value.erase("offset");
  value.erase("checkUntil");
  return value;
}

Value plan_value(const std::vector<RepairClass>& classes) {
  Value list = Value::array();
  for (const RepairClass& one : classes) {
    Value like = Value::object();
    like.set("kind", one.kind);
    like.set("subjects", Value::integer(one.subjects));
    if (one.step.action.empty()) {
      like.set("stays", one.step.stays);
    } else {
      like.set("action", one.step.action);
      like.set("to", name(one.step.to));
    }
    Value samples = Value::array();
    for (const std::string& subject : one.samples) samples.push(subject);
    like.set("samples", std::move(samples));
    list.push(std::move(like));
  }
  Value value = Value::object();
  value.set("dryRun", Value::boolean(true));
  value.set("classes", std::move(list));
  return value;
}

// It writes to ERPs: not a reader's.
Answer repair(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect"})) return *forbidden;
  const auto id = id_of(call);
  if (!id) return none_such(call);
  const DryRun dry = dry_run_of(call);
  if (dry.refused) return *dry.refused;
  const Parsed body = parse_body(call, "repair-request");
  if (!body.value) return body.refused;
  std::set<std::string> kinds;
  for (const Value& kind : body.value->get("kinds").items()) kinds.insert(kind.text());
  if (dry.asked) {
    const auto classes = facade.repairs().plan(*id, kinds);
    return classes ? Answer::json(200, plan_value(*classes)) : refused(classes.error());
  }
  const auto begun = facade.repairs().start(*id, kinds, act_of(call, *body.value));
  return begun ? Answer::json(202, repair_value(*begun)) : refused(begun.error());
}

Answer show_repair(Facade& facade, const ApiCall& call) {
  const auto id = id_of(call);
  if (!id) return none_such(call);
  const auto found = facade.repairs().get(*id);
  return found ? Answer::json(200, repair_value(*found)) : problem_for(found.error());
}

Answer stop_repair(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect"})) return *forbidden;
  const auto id = id_of(call);
  if (!id) return none_such(call);
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  const auto stopped = facade.repairs().stop(*id, act_of(call, *body.value));
  return stopped ? Answer::json(200, repair_value(*stopped)) : refused(stopped.error());
}

Answer stop(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect", "qa"})) return *forbidden;
  const auto id = id_of(call);
  if (!id) return none_such(call);
  const Parsed body = parse_body(call, "reason");
  if (!body.value) return body.refused;
  const auto stopped = facade.reconciliations().stop(*id, act_of(call, *body.value));
  return stopped ? shown_answer(facade, 200, *stopped) : refused(stopped.error());
}

Value snapshot_value(const Snapshot& snapshot, const ApiCall& call) {
  Value value = to_json(snapshot);
  value.erase("cursor");
  value.set("wave", call.wave);
  return value;
}

Answer begin_snapshot(Facade& facade, const ApiCall& call) {
  if (const auto forbidden = needs_role(call, {"operator", "architect", "qa"})) return *forbidden;
  const Parsed body = parse_body(call, "snapshot-request");
  if (!body.value) return body.refused;
  const auto capability = parse_capability(body.value->get("capability").text());
  if (!capability || !SweepRows::has_cut_off(*capability))
    return validation({{"/capability", "must be pricing: nothing else has a cut-off"}});
  const auto begun = facade.snapshots().start(*capability, act_of(call, *body.value));
  return begun ? Answer::json(202, snapshot_value(*begun, call)) : refused(begun.error());
}

Answer list_snapshots(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {}, errors);
  if (!errors.empty()) return validation(errors);
  const auto all = facade.snapshots().list();
  if (!all) return problem_for(all.error());
  Value items = Value::array();
  for (const Snapshot& one : *all) items.push(snapshot_value(one, call));
  Value body = Value::object();
  body.set("items", std::move(items));
  return Answer::json(200, body);
}

Answer show_snapshot(Facade& facade, const ApiCall& call) {
  const auto id = id_of(call);
  const auto found = facade.snapshots().get(id.value_or(0));
  if (!found && found.error().code == ErrorCode::not_found)
    return problem(404, "not-found", "Not found",
                   "There is no snapshot " + call.params.at("id") + ".");
  return found ? Answer::json(200, snapshot_value(*found, call)) : problem_for(found.error());
}

}  // namespace

ApiRoutes reconcile_routes(Facade& facade) {
  const std::string all = "/ops/v1/reconciliations";
  ApiRoutes routes;
  routes.push_back({"GET", all, "list_reconciliations",
                    [&](const ApiCall& call) { return list(facade, call); },
                    WavesOfCall::all_unnamed});
  routes.push_back({"POST", all, "begin_reconciliation",
                    [&](const ApiCall& call) { return begin(facade, call); }});
  routes.push_back({"GET", all + "/{id}", "show_reconciliation",
                    [&](const ApiCall& call) { return show(facade, call); }});
  routes.push_back({"GET", all + "/{id}/differences", "list_differences",
                    [&](const ApiCall& call) { return differences(facade, call); }});
  routes.push_back({"GET", all + "/{id}/differences.csv", "differences_csv",
                    [&](const ApiCall& call) { return file(facade, call, true); }});
  routes.push_back({"GET", all + "/{id}/differences.json", "differences_json",
                    [&](const ApiCall& call) { return file(facade, call, false); }});
  routes.push_back({"POST", all + "/{id}/stop", "stop_reconciliation",
                    [&](const ApiCall& call) { return stop(facade, call); }});
  routes.push_back({"POST", all + "/{id}/repair", "repair",
                    [&](const ApiCall& call) { return repair(facade, call); }});
  routes.push_back({"GET", all + "/{id}/repair", "show_repair",
                    [&](const ApiCall& call) { return show_repair(facade, call); }});
  routes.push_back({"POST", all + "/{id}/repair/stop", "stop_repair",
                    [&](const ApiCall& call) { return stop_repair(facade, call); }});
  const std::string snapshots = "/ops/v1/snapshots";
  routes.push_back({"GET", snapshots, "list_snapshots",
                    [&](const ApiCall& call) { return list_snapshots(facade, call); },
                    WavesOfCall::all_unnamed});
  routes.push_back({"POST", snapshots, "take_snapshot",
                    [&](const ApiCall& call) { return begin_snapshot(facade, call); }});
  routes.push_back({"GET", snapshots + "/{id}", "show_snapshot",
                    [&](const ApiCall& call) { return show_snapshot(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
