#include "legacy-adapters/transport/soap/soap.h"

#include "legacy-adapters/transport/soap/mtom.h"

#include <algorithm>
#include <string_view>

namespace underpin::legacy::soap {
namespace {

int retry_after(const transport::HttpResponse& response) {
  const std::string* named = response.header("Retry-After");
  if (named == nullptr || named->empty() || named->size() > 6) return 0;
  if (!std::all_of(named->begin(), named->end(), [](char c) { return c >= '0' && c <= '9'; }))
    return 0;
  return std::stoi(*named);
}

Timestamp now() {
  return Timestamp{std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count()};
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
  return exchange(request, nullptr, context);
}

Result<Answer> Client::exchange(const Request& request, Session& session,
                                const CallContext& context) {
  return exchange(request, &session, context);
}

Result<Answer> Client::exchange(const Request& request, Session* session,
                                const CallContext& context) {
  transport::HttpRequest http;
  http.method = "POST";
  http.url = request.url;
  http.read_only = request.read_only;
  http.body = request.envelope;
  if (settings_.security.wanted()) {
    // Anew for each exchange: a nonce is good once.
    Result<std::string> secured = with_security(request.envelope, settings_.security, now());
    if (!secured) return in_system(secured.error());
    http.body = std::move(secured).value();
  }
  if (settings_.version == Version::v1_1) {
    http.headers = {{"Content-Type", "text/xml; charset=utf-8"},
                    {"SOAPAction", "\"" + request.action + "\""},
                    {"Accept", "text/xml, multipart/related"}};
  } else {
    http.headers = {
        {"Content-Type", "application/soap+xml; charset=utf-8; action=\"" + request.action + "\""},
        {"Accept", "application/soap+xml, multipart/related"}};
  }
  authorize(http);
  if (session != nullptr && !session->cookies().empty())
    http.headers.push_back({"Cookie", session->cookies()});
  Result<transport::HttpResponse> response = http_.send(http, limited(context, settings_.timeout));
  if (!response) return response.error();
  if (session != nullptr) session->take(*response);
  // By the body first: faults come with 500 or 200, and only an envelope is the service's own word.
  const std::string* type = response->header("Content-Type");
  Result<std::string> envelope = std::move(response->body);
  if (type != nullptr && is_multipart(*type)) {
    const std::string package = std::move(envelope).value();
    envelope = unpack(*type, package, settings_.limits);
  }
  Result<Body> body =
      envelope ? read_body(*envelope, settings_.limits) : Result<Body>(envelope.error());
  if (body && body->version != settings_.version)
    body = Error{ErrorCode::internal, "the service answered in the other version of SOAP"};
  const int status = response->status;
  if (!body || (!body->fault && status != 200)) {
    if (status != 200) return refused(status, *response, request.read_only);
    Error error = body.error();
    error.code = request.read_only ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
    return in_system(error);
  }
  return Answer{std::move(envelope).value(), std::move(body).value()};
}

void Client::authorize(transport::HttpRequest& http) const {
  if (settings_.user.empty()) return;
  http.headers.push_back(
      {"Authorization", transport::basic_authorization(settings_.user, settings_.password)});
}

Error Client::in_system(Error error) const {
  error.system = settings_.system;
  return error;
}

Result<std::string> Client::get(const std::string& url, const CallContext& context) {
  transport::HttpRequest http;
  http.url = url;
  authorize(http);
  Result<transport::HttpResponse> response = http_.send(http, limited(context, settings_.timeout));
  if (!response) return response.error();
  if (response->status != 200) return refused(response->status, *response, true);
  return std::move(response).value().body;
}

std::string Session::cookies() const {
  std::string text;
  for (const auto& [name, value] : cookies_)
    text += (text.empty() ? "" : "; ") + name + "=" + value;
  return text;
}

void Session::take(const transport::HttpResponse& response) {
  constexpr std::size_t cookies_max = 50;
  constexpr std::string_view set_cookie = "set-cookie";
  for (const transport::HttpHeader& header : response.headers) {
    const bool sets = std::equal(
        header.name.begin(), header.name.end(), set_cookie.begin(), set_cookie.end(),
        [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
    const std::string pair = header.value.substr(0, header.value.find(';'));
    const std::size_t equals = pair.find('=');
    if (!sets || equals == std::string::npos || equals == 0) continue;
    const std::string name = pair.substr(0, equals);
    if (cookies_.size() < cookies_max || cookies_.count(name) != 0)
      cookies_[name] = pair.substr(equals + 1);
  }
}

}  // namespace underpin::legacy::soap
