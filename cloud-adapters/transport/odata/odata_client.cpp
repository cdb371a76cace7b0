#include "cloud-adapters/transport/odata/odata_client.h"

#include "cloud-adapters/transport/odata/odata_text.h"

#include <chrono>

namespace underpin::cloud::odata {
namespace {

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

// A service behind a proxy names itself by another host in its links; credentials go nowhere else.
std::string at_our_origin(const std::string& ours, const std::string& link) {
  const std::size_t our_path = ours.find('/', ours.find("://") + 3);
  if (begins(link, "/")) return ours.substr(0, our_path) + link;
  const std::size_t scheme = link.find("://");
  const std::size_t path =
      scheme == std::string::npos ? std::string::npos : link.find('/', scheme + 3);
  if (path == std::string::npos) return {};
  return ours.substr(0, our_path) + link.substr(path);
}

// A blank in a link that the service left as it is would be refused by the HTTP client.
std::string without_blanks(const std::string& link) {
  std::string text;
  for (const char c : link) {
    if (c == ' ') {
      text += "%20";
    } else if (c == '+') {
      text += "%2B";
    } else {
      text += c;
    }
  }
  return text;
}

constexpr std::size_t vendor_code_max = 200;
constexpr std::size_t message_max = 1'000;

// At most so many bytes, and no character in parts.
std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

bool is_malformed_request(std::string_view code) {
  return code == "BadRequest" || code == "BadRequest_InvalidToken" ||
         code == "BadRequest_InvalidRequestUrl";
}

}  // namespace

ODataClient::ODataClient(ClientOptions options, transport::Send send)
    : options_(std::move(options)), send_(std::move(send)) {
  if (options_.oauth) tokens_ = std::make_unique<TokenSource>(*options_.oauth, send_);
}

ODataClient::~ODataClient() = default;

Result<transport::HttpResponse> ODataClient::exchange(transport::HttpRequest request,
                                                      const CallContext& context) {
  if (request.headers.empty() || request.headers.front().name != "Accept")
    request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"Accept-Language", "en-US"});
  request.headers.push_back({"OData-MaxVersion", "4.0"});
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  for (int attempt = 0;; ++attempt) {
    std::string token;
    transport::HttpRequest authorized = request;
    if (tokens_) {
      const Result<std::string> got = tokens_->token(context);
      if (!got) {
        Error error = got.error();
        // Nothing has reached the ERP, whatever happened at the identity provider.
        if (error.code == ErrorCode::outcome_unknown) error.code = ErrorCode::unavailable;
        error.system = options_.system;
        return error;
      }
      token = *got;
      authorized.headers.push_back({"Authorization", "Bearer " + token});
    } else if (!options_.authorization.empty()) {
      authorized.headers.push_back({"Authorization", options_.authorization});
    }
    const Result<transport::HttpResponse> response = send_(authorized, context);
    // A 401 was refused at the door: sending it once more with a new token does nothing twice.
    if (response && response->status == 401 && tokens_ && attempt == 0) {
      tokens_->refused(token);
      continue;
    }
    if (!response) {
      Error error = response.error();
      error.system = options_.system;
      return error;
    }
    return response;
  }
}

Error ODataClient::failure(const transport::HttpResponse& response, Effect effect) const {
  Error error{ErrorCode::internal, "HTTP " + std::to_string(response.status)};
  error.system = options_.system;
  json::Limits limits;
  limits.max_bytes = 256 * 1024;
  const Result<json::Value> body = json::parse(response.body, limits);
  if (body) {
    const json::Value& described = body->get("error");
    error.vendor_code = cut(described.get("code").text(), vendor_code_max);
    const std::string& message = described.get("message").text();
    if (!message.empty()) error.message = cut(message, message_max);
  }
  if (error.vendor_code.empty()) error.vendor_code = "HTTP " + std::to_string(response.status);
  if (const std::string* value = response.header("Retry-After")) {
    error.retry_after_s = retry_after_s(*value, Timestamp::from(std::chrono::system_clock::now()));
  }
  const bool reading = effect == Effect::reading;
  switch (response.status) {
    case 400:
      error.code =
          is_malformed_request(error.vendor_code) ? ErrorCode::internal : ErrorCode::rejected;
      break;
    case 401:
    case 403:
      error.code = ErrorCode::unauthorized;
      break;
    case 404:
      error.code = error.vendor_code == "BadRequest_NotFound" ? ErrorCode::unsupported
                                                              : ErrorCode::not_found;
      break;
    case 405:
      error.code = ErrorCode::unsupported;
      break;
    case 409:
    case 412:
      error.code = ErrorCode::conflict;
      break;
    case 413:
      error.code = ErrorCode::rejected;
      break;
    case 429:
      error.code = ErrorCode::throttled;
      break;
    case 503:
      error.code =
          reading || options_.trust_503 ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
      break;
    default:
      // 408, 500, 502, 504 and whatever a proxy makes up: the service may have done its work.
      error.code = reading ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
      break;
  }
  return error;
}

Result<Answer> ODataClient::get(const std::string& url, const CallContext& context, int page_size) {
  transport::HttpRequest request{"GET", url};
  if (page_size > 0)
    request.headers.push_back({"Prefer", "odata.maxpagesize=" + std::to_string(page_size)});
  const Result<transport::HttpResponse> response = exchange(std::move(request), context);
  if (!response) return response.error();
  if (response->status != 200 && response->status != 204)
    return failure(*response, Effect::reading);
  Answer answer{response->status, {}};
  if (response->status == 204) return answer;
  json::Limits limits;
  limits.max_bytes = response->body.size();  // The HTTP client has limited it already.
  limits.max_nodes = 5'000'000;
  Result<json::Value> body = json::parse(response->body, limits);
  if (!body) {
    return Error{ErrorCode::unavailable, "the answer is no JSON: " + body.error().message,
                 options_.system};
  }
  answer.body = std::move(body).value();
  return answer;
}

Result<std::string> ODataClient::get_text(const std::string& url, const CallContext& context) {
  transport::HttpRequest request{"GET", url};
  request.headers = {{"Accept", "application/xml"}};
  const Result<transport::HttpResponse> response = exchange(std::move(request), context);
  if (!response) return response.error();
  if (response->status != 200) return failure(*response, Effect::reading);
  return response->body;
}

Result<Answer> ODataClient::send(const std::string& method, const std::string& url,
                                 const json::Value& body, const std::string& if_match,
                                 Effect effect, const CallContext& context) {
  transport::HttpRequest request{method, url};
  if (!body.is_null()) request.body = json::write(body);
  if (!if_match.empty()) request.headers.push_back({"If-Match", if_match});
  request.read_only = effect == Effect::reading;
  const Result<transport::HttpResponse> response = exchange(std::move(request), context);
  if (!response) return response.error();
  if (response->status < 200 || response->status > 299) return failure(*response, effect);
  Answer answer{response->status, {}};
  if (response->body.empty()) return answer;
  json::Limits limits;
  limits.max_bytes = response->body.size();
  Result<json::Value> parsed = json::parse(response->body, limits);
  if (!parsed) {
    // It was done; what came back cannot say what.
    return Error{effect == Effect::reading ? ErrorCode::unavailable : ErrorCode::outcome_unknown,
                 "the answer is no JSON: " + parsed.error().message, options_.system};
  }
  answer.body = std::move(parsed).value();
  return answer;
}

Result<ListPage> ODataClient::page(const std::string& url, const CallContext& context,
                                   int page_size) {
  Result<Answer> answer = get(url, context, page_size);
  if (!answer) return answer.error();
  const json::Value* items = answer->body.find("value");
  if (items == nullptr || !items->is_array())
    return Error{ErrorCode::unavailable, "the answer holds no list", options_.system};
  ListPage page;
  page.items = items->items();
  const std::string& next = answer->body.get("@odata.nextLink").text();
  if (!next.empty()) {
    page.next = at_our_origin(url, without_blanks(next));
    if (page.next.empty())
      return Error{ErrorCode::unavailable, "the link to the next page is no URL", options_.system};
  }
  return page;
}

Result<std::vector<json::Value>> ODataClient::list(const std::string& url,
                                                   const CallContext& context, int page_size,
                                                   int pages_max) {
  std::vector<json::Value> items;
  std::string next = url;
  for (int count = 0; !next.empty(); ++count) {
    if (count == pages_max)
      return Error{ErrorCode::internal, "the list has more pages than expected", options_.system};
    Result<ListPage> one = page(next, context, page_size);
    if (!one) return one.error();
    ListPage taken = std::move(one).value();
    for (json::Value& item : taken.items) items.push_back(std::move(item));
    next = std::move(taken.next);
  }
  return items;
}

}  // namespace underpin::cloud::odata
