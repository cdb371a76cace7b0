#include "transport/http_client.h"

#include "transport/connection.h"
#include "transport/response_reader.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

// Why not Poco::Net's session: its timeouts are per socket call, it connects and sends again by
// itself on a broken connection, and it takes a chunked body that was cut for a whole one.
namespace underpin::transport {
namespace {

using std::chrono::steady_clock;

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

const std::string* find_header(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const HttpHeader& header : headers)
    if (same_name(header.name, name)) return &header.value;
  return nullptr;
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

// What a header cannot carry is left out of a trace id rather than refusing the call for it.
std::string printable(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (c > ' ' && c <= '~') kept += c;
  return kept;
}

Result<std::string> head_of(const HttpRequest& request, const Url& url,
                            const CallContext& context) {
  if (!is_header_name(request.method))
    return Error{ErrorCode::invalid_request, "the request's method is not well-formed"};
  std::string head =
      request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host_header() + "\r\n";
  for (const HttpHeader& header : request.headers) {
    if (!is_header_name(header.name) || !is_header_value(header.value))
      return Error{ErrorCode::invalid_request,
                   "the header " + printable(header.name) + " is not well-formed"};
    for (const std::string_view ours :
         {"Host", "Content-Length", "Transfer-Encoding", "Connection"})
      if (same_name(header.name, ours))
        return Error{ErrorCode::invalid_request,
                     "the header " + header.name + " is the client's to write"};
    head += header.name + ": " + header.value + "\r\n";
  }
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty() || find_header(request.headers, name) != nullptr) return;
    head += std::string(name) + ": " + value + "\r\n";
  };
  add("traceparent", printable(context.traceparent));
  add("X-Correlation-Id", printable(context.correlation_id.text()));
  add("User-Agent", "underpin");
  if (!request.body.empty() ||
      (request.method != "GET" && request.method != "HEAD" && request.method != "DELETE"))
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return head + "\r\n";
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  return find_header(headers, name);
}

struct HttpClient::State {
  explicit State(ClientSettings given)
      : settings(std::move(given)),
        tls(settings.ca_file, settings.verify, settings.client_certificate_file,
            settings.client_key_file) {}

  // A connection that is idle, young enough and quiet; nullptr when there is none.
  std::unique_ptr<Connection> take_idle(const std::string& origin) {
    const auto oldest = steady_clock::now() - std::chrono::milliseconds(settings.idle_limit_ms);
    std::vector<std::unique_ptr<Connection>> dead;  // Closed outside the lock.
    const std::lock_guard lock(mutex);
    std::vector<std::unique_ptr<Connection>>& idle = pool[origin];
    while (!idle.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle.back());  // The latest used first.
      idle.pop_back();
      if (connection->idle_since >= oldest && connection->is_quiet()) return connection;
      dead.push_back(std::move(connection));
    }
    return nullptr;
  }

  void give_back(const std::string& origin, std::unique_ptr<Connection> connection) {
    connection->idle_since = steady_clock::now();
    std::unique_ptr<Connection> surplus;
    const std::lock_guard lock(mutex);
    std::vector<std::unique_ptr<Connection>>& idle = pool[origin];
    if (idle.size() >= settings.pool_size && !idle.empty()) {
      surplus = std::move(idle.front());
      idle.erase(idle.begin());
    }
    if (settings.pool_size > 0) idle.push_back(std::move(connection));
  }

  Error failed(ErrorCode code, std::string message) const {
    Error error{code, std::move(message)};
    error.system = settings.system;
    return error;
  }

  const ClientSettings settings;
  const TlsContext tls;
  mutable std::mutex mutex;
  std::map<std::string, std::vector<std::unique_ptr<Connection>>> pool;
};

HttpClient::HttpClient(ClientSettings settings)
    : state_(std::make_unique<State>(std::move(settings))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request, const CallContext& context) {
  State& state = *state_;
  const Result<Url> url = parse_url(request.url);
  if (!url) return state.failed(url.error().code, url.error().message);
  const Result<std::string> head = head_of(request, *url, context);
  if (!head) return state.failed(head.error().code, head.error().message);
  const bool head_only = request.method == "HEAD";
  const bool read_only = request.read_only || request.method == "GET" || head_only;
  const std::string origin = url->origin();
  std::unique_ptr<Connection> connection = state.take_idle(origin);
  while (true) {
    const bool pooled = connection != nullptr;
    if (!pooled) {
      const Deadline connected = std::min(
          context.deadline,
          steady_clock::now() + std::chrono::milliseconds(state.settings.connect_timeout_ms));
      Result<std::unique_ptr<Connection>> opened = Connection::open(*url, &state.tls, connected);
      if (!opened) return state.failed(ErrorCode::unavailable, opened.error().message);
      connection = std::move(opened).value();
    }
    const std::size_t before = connection->written();
    // One write for small requests: servers answer a head and its body in one go.
    Transfer transfer = Transfer::done;
    if (request.body.size() <= 16'384) {
      transfer = connection->write(*head + request.body, context.deadline);
    } else {
      transfer = connection->write(*head, context.deadline);
      if (transfer == Transfer::done) transfer = connection->write(request.body, context.deadline);
    }
    const bool sent_any = connection->written() != before;
    std::string reason;
    bool any_answer = false;
    if (transfer == Transfer::done || (transfer == Transfer::broken && sent_any)) {
      // A server may refuse a request (413, 401) and close before it has read all of it.
      HttpResponse response;
      const ReadOutcome outcome =
          read_response(*connection, head_only, state.settings, context.deadline, response);
      if (outcome.transfer == Transfer::done) {
        if (outcome.reusable && transfer == Transfer::done)
          state.give_back(origin, std::move(connection));
        return response;
      }
      transfer = outcome.transfer;
      reason = outcome.reason;
      any_answer = outcome.any_byte;
    } else {
      reason = transfer == Transfer::deadline ? "sending the request took too long"
                                              : "the connection broke: " + connection->failure();
    }
    const bool dead = transfer == Transfer::end || transfer == Transfer::broken;
    connection.reset();
    if (pooled && dead && !any_answer && (read_only || !sent_any)) continue;  // On a fresh one.
    const ErrorCode code =
        sent_any && !read_only ? ErrorCode::outcome_unknown : ErrorCode::unavailable;
    return state.failed(code, request.method + " " + origin + ": " + reason);
  }
}

std::size_t HttpClient::idle_connections() const {
  const std::lock_guard lock(state_->mutex);
  std::size_t count = 0;
  for (const auto& [origin, idle] : state_->pool) count += idle.size();
  return count;
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string plain = std::string(user) + ":" + std::string(password);
  std::string text = "Basic ";
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    unsigned bits = 0;
    const std::size_t count = std::min<std::size_t>(3, plain.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (j < count ? static_cast<unsigned char>(plain[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= count ? alphabet[bits >> (18 - 6 * j) & 63u] : '=';
  }
  return text;
}

}  // namespace underpin::transport
