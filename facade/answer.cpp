#include "facade/answer.h"

#include <algorithm>

namespace underpin::facade {

Answer Answer::json(int status, const underpin::json::Value& value) {
  Answer answer;
  answer.status = status;
  answer.body = underpin::json::write(value);
  return answer;
}

Answer from_stored(const journal::StoredAnswer& stored) {
  Answer answer;
  answer.status = stored.status;
  answer.body = stored.body;
  answer.location = stored.location;
  answer.etag = stored.etag;
  answer.problem = stored.status >= 400;
  return answer;
}

Answer problem(int status, std::string_view slug, std::string_view title, std::string_view detail,
               const std::vector<FieldError>& fields, int retry_after_s) {
  using json::Value;
  Value value = Value::object();
  value.set("type", "urn:underpin:problem:" + std::string(slug));
  value.set("title", title);
  value.set("status", Value::integer(status));
  value.set("detail", detail);
  if (!fields.empty()) {
    Value errors = Value::array();
    for (const FieldError& field : fields) {
      Value error = Value::object();
      error.set("pointer", field.pointer);
      error.set("detail", field.detail);
      errors.push(std::move(error));
    }
    value.set("errors", std::move(errors));
  }
  Answer answer = Answer::json(status, value);
  answer.problem = true;
  answer.retry_after_s = retry_after_s;
  return answer;
}

Answer problem_for(const Error& error) {
  const int wait = std::max(error.retry_after_s, 1);
  std::string detail = error.message;
  if (!error.system.empty()) detail = error.system + ": " + detail;
  switch (error.code) {
    case ErrorCode::invalid_request:
      return problem(422, "validation", "Request failed validation", detail, error.fields);
    case ErrorCode::not_found:
      return problem(404, "not-found", "Not found", detail, error.fields);
    case ErrorCode::conflict:
      return problem(409, "conflict", "Conflict with the current state", detail, error.fields);
    case ErrorCode::rejected:
      return problem(422, "rejected", "The ERP refused the request", detail, error.fields);
    case ErrorCode::unsupported:
      return problem(422, "unsupported", "The ERP does not offer this", detail, error.fields);
    case ErrorCode::unauthorized:
      return problem(503, "erp-unavailable", "The ERP refuses our credentials", detail, {}, wait);
    case ErrorCode::throttled:
      return problem(503, "erp-throttled", "The ERP asks to wait", detail, {}, wait);
    case ErrorCode::unavailable:
      return problem(503, "erp-unavailable", "The ERP cannot be reached", detail, {}, wait);
    case ErrorCode::outcome_unknown:
      return problem(503, "outcome-unknown", "The outcome is not known yet", detail, {}, wait);
    case ErrorCode::internal:
      return problem(500, "internal", "Internal error", detail);
  }
  return problem(500, "internal", "Internal error", detail);
}

}  // namespace underpin::facade
