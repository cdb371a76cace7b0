#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"
#include "legacy-adapters/transport/soap/envelope.h"
#include "legacy-adapters/transport/soap/security.h"
#include "transport/http_client.h"

#include <chrono>
#include <map>
#include <string>

// SOAP 1.1 and 1.2 over the shared HTTP client, which keeps the one deadline of a call. Envelopes
// are text here; who makes them and reads them is the adapter's affair.
namespace underpin::legacy::soap {

struct Settings {
  std::string system;  // Goes into Error::system.
  std::string user;    // HTTP Basic; empty: none.
  std::string password;
  Version version = Version::v1_1;
  Security security;                          // Put into the Header of every envelope.
  std::chrono::milliseconds timeout{30'000};  // Of one exchange; the deadline if that is sooner.
  Limits limits;
  transport::ClientSettings http;
};

struct Request {
  std::string url;
  std::string action;  // SOAPAction, or the parameter of SOAP 1.2, without quotes.
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
// An answer in several parts (MTOM) comes as the one envelope that it stands for.
class Session;

// May be called from many threads at once.
class Client {
 public:
  explicit Client(Settings settings);

  Result<Answer> exchange(const Request& request, const CallContext& context);
  // The same, within what the server keeps between calls.
  Result<Answer> exchange(const Request& request, Session& session, const CallContext& context);
  // A document of the same server, a WSDL for instance; answers other than 200 are errors.
  Result<std::string> get(const std::string& url, const CallContext& context);

  const Settings& settings() const { return settings_; }

 private:
  Result<Answer> exchange(const Request& request, Session* session, const CallContext& context);
  void authorize(transport::HttpRequest& http) const;
  Error in_system(Error error) const;
  Error refused(int status, const transport::HttpResponse& response, bool read_only) const;

  Settings settings_;
  transport::HttpClient http_;
};

// A stateful server's session: the cookies that it sets, sent back to it with the next call. For
// services that keep something between calls, such as a unit of work that is committed by another
// call. One caller at a time.
class Session {
 public:
  // The value of a Cookie header; empty: none yet.
  std::string cookies() const;
  void take(const transport::HttpResponse& response);

 private:
  std::map<std::string, std::string> cookies_;
};

}  // namespace underpin::legacy::soap
