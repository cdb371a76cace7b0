#pragma once

#include "cloud-adapters/transport/oauth/token_source.h"
#include "contracts/call_context.h"
#include "contracts/json/json_text.h"
#include "contracts/result.h"
#include "transport/http_client.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace underpin::cloud::odata {

// What a failed write may have left behind.
enum class Effect {
  reading,   // A POST that stores nothing.
  absolute,  // Applying it twice equals applying it once, or If-Match guards it.
  creating,  // A second one would be a second document.
};

struct ClientOptions {
  std::string system;         // Error::system.
  std::string authorization;  // A fixed Authorization header; empty: tokens, or none.
  std::optional<OAuthSettings> oauth;
  // Whether a 503 proves that a writing request was not processed. Gateways in front of an ERP
  // answer 503 for requests that are committed seconds later.
  bool trust_503 = false;
};

struct Answer {
  int status = 0;
  json::Value body;  // null for 204.
};

struct ListPage {
  std::vector<json::Value> items;
  std::string next;  // A URL of this service; empty on the last page.
};

// Requests to one OData V4 service with JSON bodies. Thread rule: any number of threads. Errors:
//   throttled        429; retry_after_s is set
//   unavailable      not sent, or 503 (see trust_503), or a failed read
//   outcome_unknown  sent and not answered, 408, 500, 502, 504: for a write
//   rejected         400 and 413: understood and refused; vendor_code holds the OData error code
//   conflict         409 and 412: If-Match is stale
//   not_found        404          unauthorized  401 (after one renewal of the token) and 403
//   unsupported      404 and 405 where the service has no such page or method
//   internal         400 that says the request itself is malformed: our fault, nothing was done
class ODataClient {
 public:
  ODataClient(ClientOptions options, transport::Send send);
  ~ODataClient();

  Result<Answer> get(const std::string& url, const CallContext& context, int page_size = 0);
  Result<Answer> send(const std::string& method, const std::string& url, const json::Value& body,
                      const std::string& if_match, Effect effect, const CallContext& context);
  Result<std::string> get_text(const std::string& url, const CallContext& context);

  Result<ListPage> page(const std::string& url, const CallContext& context, int page_size);
  // Every page, at most `pages_max` of them: a longer list is an `internal` error, never a part.
  Result<std::vector<json::Value>> list(const std::string& url, const CallContext& context,
                                        int page_size, int pages_max = 1'000);

 private:
  Result<transport::HttpResponse> exchange(transport::HttpRequest request,
                                           const CallContext& context);
  Error failure(const transport::HttpResponse& response, Effect effect) const;

  const ClientOptions options_;
  const transport::Send send_;
  std::unique_ptr<TokenSource> tokens_;
};

}  // namespace underpin::cloud::odata
