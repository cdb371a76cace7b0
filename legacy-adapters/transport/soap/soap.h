#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"
#include "legacy-adapters/transport/soap/envelope.h"
#include "transport/http_client.h"

#include <chrono>
#include <memory>
#include <string>

// SOAP 1.1 over the shared HTTP client, which keeps the one deadline of a call. Envelopes are text
// here; who makes them and reads them is the adapter's affair.
namespace underpin::legacy::soap {

struct Settings {
  std::string system;  // Goes into Error::system.
  std::string user;    // HTTP Basic.
  std::string password;
  std::chrono::milliseconds timeout{30'000};  // Of one exchange; the deadline if that is sooner.
  Limits limits;
  transport::ClientSettings http;
};

struct Request {
  std::string url;
  std::string action;  // SOAPAction, without quotes.
  std::string envelope;
  bool read_only = false;  // Changes nothing at the server.
};

struct Answer {
  std::string envelope;
  Body body;
};

// What became of an exchange, by status and body:
//   a value           an envelope came back. A fault in it (with HTTP 500, 200 or any other status)
//                     means that the server understood and refused: nothing was applied.
//   unavailable       nothing can have reached the server, or the request only reads.
//   outcome_unknown   sent, and what came back is no envelope: a gateway's 5xx, a cut, garbage.
//   throttled         429.
//   unauthorized      401, 403.
//   internal          404 and other 4xx: this address or this request is wrong, nothing was
//   applied.
// May be called from many threads at once.
class Client {
 public:
  explicit Client(Settings settings);

  Result<Answer> exchange(const Request& request, const CallContext& context);
  // A document of the same server, a WSDL for instance; answers other than 200 are errors.
  Result<std::string> get(const std::string& url, const CallContext& context);

  const Settings& settings() const { return settings_; }

 private:
  Error refused(int status, const transport::HttpResponse& response, bool read_only) const;

  Settings settings_;
  transport::HttpClient http_;
};

}  // namespace underpin::legacy::soap
