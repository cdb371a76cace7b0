#pragma once

#include "contracts/result.h"

#include <string>
#include <string_view>

namespace underpin::transport {

// What a request needs of an absolute http or https URL.
struct Url {
  bool tls = false;
  std::string host;    // Without the brackets of an IPv6 address.
  std::string port;    // "443" when the URL names none.
  std::string target;  // Path and query, at least "/".
  std::string host_header() const;
  std::string origin() const;  // "https://host:port": connections are shared within it.
};

// Refuses other schemes, user information, blanks, control and non-ASCII bytes, and a raw `+` is
// left as it is: percent-encoding is the caller's business.
Result<Url> parse_url(std::string_view text);

}  // namespace underpin::transport
