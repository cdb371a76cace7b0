#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"
#include "transport/http_client.h"

#include <chrono>
#include <mutex>
#include <string>

namespace underpin::cloud {

struct OAuthSettings {
  std::string token_url;  // https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token
  std::string client_id;
  std::string client_secret;  // Resolved: the secret itself.
  std::string scope;          // https://api.businesscentral.dynamics.com/.default
  int expiry_margin_s = 60;   // A token is renewed this long before it runs out.
};

// Access tokens for OAuth 2.0 client credentials (RFC 6749, 4.4): one is kept until shortly before
// it expires. May be used from many threads; only one of them asks for a new token at a time, the
// others take what it got.
class TokenSource {
 public:
  TokenSource(OAuthSettings settings, transport::Send send);

  // unauthorized when the identity provider refuses; unavailable when it cannot be reached: in no
  // case has the ERP been called.
  Result<std::string> token(const CallContext& context);
  // The ERP refused `token`: the next call asks for another, unless somebody already has.
  void refused(const std::string& token);

 private:
  Result<std::string> request(const CallContext& context);

  const OAuthSettings settings_;
  const transport::Send send_;
  std::mutex mutex_;
  std::string token_;
  std::chrono::steady_clock::time_point renew_at_{};
};

}  // namespace underpin::cloud
