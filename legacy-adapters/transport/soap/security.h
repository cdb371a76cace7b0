#pragma once

#include "contracts/result.h"
#include "contracts/time.h"
#include "legacy-adapters/transport/soap/envelope.h"

#include <chrono>
#include <string>
#include <string_view>

namespace underpin::legacy::soap {

// WS-Security 1.1, UsernameToken Profile (OASIS): who asks, in the Header of the envelope.
enum class Token {
  none,
  text,    // The password as it is: over TLS only.
  digest,  // Base64(SHA-1(nonce + created + password)): the server must know the password.
};

struct Security {
  Token token = Token::none;
  std::string user;
  std::string password;
  // A wsu:Timestamp that ends so long after it was made; 0: none.
  std::chrono::seconds timestamp{0};
  bool must_understand = true;

  bool wanted() const { return token != Token::none || timestamp.count() > 0; }
};

// Of the nonce as octets, not as the base64 that is sent.
std::string password_digest(std::string_view nonce_octets, std::string_view created,
                            std::string_view password);

// `envelope` with a wsse:Security header, before the others in its Header. Each call makes a nonce
// of its own. internal: `envelope` is no SOAP envelope.
Result<std::string> with_security(std::string_view envelope, const Security& security,
                                  Timestamp now);

}  // namespace underpin::legacy::soap
