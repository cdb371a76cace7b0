#include "facade/api/api_call.h"

#include "contracts/json/schema.h"
#include "facade/clock.h"

#include <algorithm>

namespace underpin::facade::api {

CallContext ApiCall::context() const {
  CallContext context;
  context.correlation_id = correlation_id;
  context.traceparent = traceparent;
  context.channel = channel;
  context.store = store;
  context.deadline = deadline_in(std::chrono::milliseconds(budget_ms));
  return context;
}

WriteContext ApiCall::write_context() const {
  WriteContext context;
  static_cast<CallContext&>(context) = this->context();
  context.idempotency_key = IdempotencyKey{idempotency_key.value_or("")};
  return context;
}

Answer validation(const std::vector<FieldError>& fields) {
  std::string detail = "The request breaks " + std::to_string(fields.size()) +
                       (fields.size() == 1 ? " rule." : " rules.");
  if (!fields.empty()) detail += " First: " + fields[0].pointer + " " + fields[0].detail + ".";
  return problem(422, "validation", "Request failed validation", detail, fields);
}

Parsed parse_body(const ApiCall& call, std::string_view schema) {
  Parsed parsed;
  if (call.body.empty()) {
    parsed.refused = problem(400, "malformed", "The body is not JSON", "The body is empty.");
    return parsed;
  }
  auto value = json::parse(call.body);
  if (!value) {
    parsed.refused = problem(400, "malformed", "The body is not JSON", value.error().message);
    return parsed;
  }
  const auto errors = json::Schema::named(schema).check(*value);
  if (!errors.empty()) {
    parsed.refused = validation(errors);
    return parsed;
  }
  parsed.value = std::move(value).value();
  return parsed;
}

std::optional<Answer> key_refused(const ApiCall& call) {
  if (call.idempotency_key_malformed) {
    return problem(400, "idempotency-key-malformed", "Idempotency-Key is malformed",
                   "Idempotency-Key must be 1 to 255 printable characters, quoted or not.",
                   {{"Idempotency-Key", "must be 1 to 255 printable characters"}});
  }
  if (call.idempotency_key) return std::nullopt;
  return problem(400, "idempotency-key-missing", "Idempotency-Key is missing",
                 call.path + " requires an Idempotency-Key header.",
                 {{"Idempotency-Key", "is required"}});
}

std::optional<Answer> if_match_refused(const ApiCall& call) {
  if (!call.if_match.empty()) return std::nullopt;
  return problem(428, "precondition-required", "Precondition required",
                 call.path + " requires If-Match with the entity tag of the last read.",
                 {{"If-Match", "is required"}});
}

std::optional<std::string> query_of(const ApiCall& call, const std::string& name) {
  const auto found = call.query.find(name);
  if (found == call.query.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

int limit_of(const ApiCall& call, std::vector<FieldError>& errors) {
  const auto text = query_of(call, "limit");
  if (!text) return 100;
  const bool digits = text->size() <= 3 && std::all_of(text->begin(), text->end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
  const int limit = digits ? std::stoi(*text) : 0;
  if (limit < 1 || limit > 500) errors.push_back({"limit", "must be 1 to 500"});
  return limit;
}

void only_known(const ApiCall& call, std::initializer_list<std::string_view> names,
                std::vector<FieldError>& errors) {
  for (const auto& [name, value] : call.query) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      errors.push_back({name, "is not a parameter of this request"});
  }
}

}  // namespace underpin::facade::api
