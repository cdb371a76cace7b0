#include "legacy-adapters/transport/soap/soap.h"

#include <algorithm>

namespace underpin::legacy::soap {
namespace {

int retry_after(const transport::HttpResponse& response) {
  const std::string* named = response.header("Retry-After");
  if (named == nullptr || named->empty() || named->size() > 6) return 0;
  if (!std::all_of(named->begin(), named->end(), [](char c) { return c >= '0' && c <= '9'; }))
    return 0;
  return std::stoi(*named);
}

CallContext limited(const CallContext& context, std::chrono::milliseconds timeout) {
  CallContext result = context;
  result.deadline = std::min(context.deadline, std::chrono::steady_clock::now() + timeout);
  return result;
}

transport::ClientSettings http_settings(const Settings& settings) {
  transport::ClientSettings http = settings.http;
  http.system = settings.system;
  http.response_limit_bytes = settings.limits.bytes;
  return http;
}

}  // namespace

Client::Client(Settings settings)
    : settings_(std::move(settings)), http_(http_settings(settings_)) {}

Error Client::refused(int status, const transport::HttpResponse& response, bool read_only) const {
  const std::string said = "HTTP " + std::to_string(status);
  Error error{ErrorCode::internal, "the service refused the request with " + said, settings_.system,
              said, retry_after(response)};
  if (status == 401 || status == 403) {
    error.code = ErrorCode::unauthorized;
    error.message = "the service does not accept our credentials";
  } else if (status == 429) {
    error.code = ErrorCode::throttled;
    error.message = "the service is busy";
  } else if (status == 404) {
    error.message = "no service is published at the configured address";
  } else if (status < 400 || status >= 500) {
    // A gateway may answer for a request that is still running behind it, so a 503 proves nothing.
    error.code = read_only ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
    error.message = "the service answered with " + said + " and no SOAP envelope";
  }
  return error;
}

Result<Answer> Client::exchange(const Request& request, const CallContext& context) {
  transport::HttpRequest http;
  http.method = "POST";
  http.url = request.url;
  http.read_only = request.read_only;
  http.body = request.envelope;
  http.headers = {
      {"Content-Type", "text/xml; charset=utf-8"},
      {"SOAPAction", "\"" + request.action + "\""},
      {"Accept", "text/xml"},
      {"Authorization", transport::basic_authorization(settings_.user, settings_.password)}};
  Result<transport::HttpResponse> response = http_.send(http, limited(context, settings_.timeout));
  if (!response) return response.error();
  // By the body first: faults come with 500 or 200, and only an envelope is the service's own word.
  Result<Body> body = read_body(response->body, settings_.limits);
  const int status = response->status;
  if (!body || (!body->fault && status != 200)) {
    if (status != 200) return refused(status, *response, request.read_only);
    Error error = body.error();
    error.code = request.read_only ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
    error.system = settings_.system;
    return error;
  }
  return Answer{std::move(response).value().body, std::move(body).value()};
}

Result<std::string> Client::get(const std::string& url, const CallContext& context) {
  transport::HttpRequest http;
  http.url = url;
  http.headers = {
      {"Authorization", transport::basic_authorization(settings_.user, settings_.password)}};
  Result<transport::HttpResponse> response = http_.send(http, limited(context, settings_.timeout));
  if (!response) return response.error();
  if (response->status != 200) return refused(response->status, *response, true);
  return std::move(response).value().body;
}

}  // namespace underpin::legacy::soap
