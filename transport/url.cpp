#include "transport/url.h"

namespace underpin::transport {
namespace {

Error refused(std::string_view rule) {
  return {ErrorCode::invalid_request, "the URL " + std::string(rule)};
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return value > 0 && value <= 65535;
}

}  // namespace

std::string Url::host_header() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? "443" : "80")) text += ":" + port;
  return text;
}

std::string Url::origin() const { return (tls ? "https://" : "http://") + host + ":" + port; }

Result<Url> parse_url(std::string_view text) {
  Url url;
  for (const char c : text)
    if (c <= ' ' || c > '~') return refused("holds a character that must be percent-encoded");
  constexpr std::string_view plain = "http://";
  constexpr std::string_view secure = "https://";
  if (text.substr(0, plain.size()) == plain) {
    text.remove_prefix(plain.size());
  } else if (text.substr(0, secure.size()) == secure) {
    text.remove_prefix(secure.size());
    url.tls = true;
  } else {
    return refused("must begin with http:// or https://");
  }
  const std::size_t end = text.find_first_of("/?#");
  std::string_view authority = text.substr(0, end);
  if (end != std::string_view::npos) url.target = text.substr(end, text.find('#') - end);
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos)
    return refused("must not hold user information");
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return refused("has an unfinished IPv6 address");
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    if (!authority.empty()) {
      if (authority.front() != ':') return refused("has no well-formed port");
      port = authority.substr(1);
      if (port.empty()) return refused("has no well-formed port");
    }
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = authority.substr(colon + 1);
      if (port.empty()) return refused("has no well-formed port");
    }
  }
  if (url.host.empty()) return refused("names no host");
  if (!port.empty() && !is_port(port)) return refused("has no well-formed port");
  url.port = port.empty() ? (url.tls ? "443" : "80") : std::string(port);
  return url;
}

}  // namespace underpin::transport
