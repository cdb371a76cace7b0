#include "facade/api/ops_parts.h"
#include "facade/gate_desk.h"
#include "facade/pack_desk.h"

namespace underpin::facade::api {
namespace {

using json::Value;

Answer make(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  std::vector<FieldError> errors;
  only_known(call, {"to", "unmask", "reason"}, errors);
  const auto to = gate_stage_of(facade, call, *capability, errors);
  const Unmasking unmasking = unmasking_of(call, errors);
  if (!errors.empty()) return validation(errors);
  if (unmasking.refused) return *unmasking.refused;
  const auto made = make_pack(facade, *capability, *to, call.context(), call.subject,
                              {unmasking.asked, call.role, unmasking.reason});
  if (!made) return problem_for(made.error());
  Value files = Value::object();
  for (const auto& [name, content] : made->files) files.set(name, content);
  Value body = Value::object();
  body.set("pack", write_pack(made->pack));
  body.set("seal", made->pack.seal());
  body.set("files", std::move(files));
  return Answer::json(201, body);
}

Answer sign(Facade& facade, const ApiCall& call) {
  const auto capability = capability_of(call);
  if (!capability) return no_capability(call);
  const Parsed body = parse_body(call, "pack-sign-off");
  if (!body.value) return body.refused;
  SignOff given;
  given.seal = body.value->get("seal").text();
  given.previous = body.value->get("previous").text();
  given.name = body.value->get("name").text();
  given.role = body.value->get("role").text();
  given.comment = body.value->get("comment").text();
  given.subject = call.subject;
  // A role is what the key has, not what somebody says.
  if (given.role != call.role)
    return problem(403, "forbidden", "The token's role does not allow this",
                   "The token of " + call.subject + " has the role " + call.role + ", not " +
                       given.role + ".");
  const auto entry = sign_pack(facade, *capability, given);
  if (!entry && entry.error().code == ErrorCode::rejected)
    return problem(409, "sign-off-refused", "The sign-off is refused", entry.error().message);
  if (!entry && entry.error().code == ErrorCode::conflict)
    return problem(409, "conflict", "Not as it stands now", entry.error().message);
  if (!entry) return problem_for(entry.error());
  Value value = Value::object();
  value.set("seq", Value::integer(entry->seq));
  value.set("previous", entry->previous);
  value.set("hash", entry->hash);
  value.set("entry", entry->entry);
  return Answer::json(201, value);
}

}  // namespace

ApiRoutes pack_routes(Facade& facade) {
  const std::string packs = "/ops/v1/gate/{capability}/packs";
  ApiRoutes routes;
  routes.push_back(
      {"POST", packs, "make_pack", [&](const ApiCall& call) { return make(facade, call); }});
  routes.push_back({"POST", packs + "/sign", "sign_pack",
                    [&](const ApiCall& call) { return sign(facade, call); }});
  return routes;
}

}  // namespace underpin::facade::api
