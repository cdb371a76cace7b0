#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The HTTP(S)/1.1 client every adapter shares.
namespace underpin::transport {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // Absolute, http or https, already percent-encoded.
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  // Says that the request changes nothing at the server (GET and HEAD never do): a failure after
  // sending is then `unavailable`, and a dead pooled connection is replaced without a word.
  bool read_only = false;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  // Case-insensitive; the first of that name, nullptr when there is none.
  const std::string* header(std::string_view name) const;
};

struct ClientSettings {
  std::string system = {};                   // Goes into Error::system.
  std::string ca_file = {};                  // PEM; empty: the platform's trusted roots.
  bool verify = true;                        // Certificate chain and host name.
  std::string client_certificate_file = {};  // PEM chain; empty: none.
  std::string client_key_file = {};          // PEM; empty: in client_certificate_file.
  int connect_timeout_ms = 5'000;            // Name look-up, TCP and TLS together.
  std::size_t pool_size = 16;                // Idle connections kept per origin.
  int idle_limit_ms = 30'000;                // A connection idle for longer is not used again.
  std::size_t response_limit_bytes = 64u * 1024 * 1024;
  std::size_t head_limit_bytes = 64u * 1024;
};

// Thread rule: send() may be called from many threads at once; it blocks its caller, starts no
// thread (but one for a host's name, as resolvers know no deadline) and gives up by
// context.deadline as a whole, however slowly the server drips. Redirects are answers like any
// other. Every complete answer is a value, whatever its status. Errors:
//   unavailable      no byte of the request can have reached the server (name look-up, connecting,
//                    TLS, deadline before sending), or the request only reads.
//   outcome_unknown  a byte of the request may have reached the server, and no complete,
//                    well-formed answer within the limits came back.
//   invalid_request  the URL or a header is not well-formed; nothing was sent.
// Nothing is ever sent twice, except a read_only request on a pooled connection that turned out to
// be dead before the first byte of an answer.
// traceparent and X-Correlation-Id are added from the context unless the request has its own.
class HttpClient {
 public:
  // Throws std::runtime_error when a certificate file cannot be used.
  explicit HttpClient(ClientSettings settings);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  Result<HttpResponse> send(const HttpRequest& request, const CallContext& context);

  std::size_t idle_connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// HttpClient::send as a value: what sits on the client can be given answers without a network.
using Send = std::function<Result<HttpResponse>(const HttpRequest&, const CallContext&)>;

// The value of an Authorization header (RFC 7617).
std::string basic_authorization(std::string_view user, std::string_view password);

}  // namespace underpin::transport
