#include "transport/url.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>

namespace underpin::transport {
namespace {

Error refused(std::string rule) { return {ErrorCode::invalid_request, "the URL " + rule}; }

}  // namespace

std::string Url::host_header() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? "443" : "80")) text += ":" + port;
  return text;
}

std::string Url::origin() const { return (tls ? "https://" : "http://") + host + ":" + port; }

Result<Url> parse_url(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c > '~') return refused("holds a character that must be percent-encoded");
  // Poco takes the authority apart. The rest goes out as it was written: Poco would decode the path
  // and encode it again, and an encoded slash would come back as a plain one.
  const std::size_t scheme_end = text.find("://");
  const std::size_t end =
      text.find_first_of("/?#", scheme_end == std::string_view::npos ? 0 : scheme_end + 3);
  Poco::URI uri;
  try {
    uri = std::string(text.substr(0, end));
  } catch (const Poco::Exception& e) {
    return refused("has no well-formed host and port: " + e.displayText());
  }
  Url url;
  url.tls = uri.getScheme() == "https";
  if (!url.tls && uri.getScheme() != "http") return refused("must begin with http:// or https://");
  if (!uri.getUserInfo().empty()) return refused("must not hold user information");
  if (uri.getHost().empty()) return refused("names no host");
  url.host = uri.getHost();
  if (url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
  url.port = std::to_string(uri.getPort());
  if (uri.getPort() == 0 || text.substr(0, end).back() == ':')
    return refused("has no well-formed port");
  if (end != std::string_view::npos) url.target = text.substr(end, text.find('#') - end);
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  return url;
}

}  // namespace underpin::transport
