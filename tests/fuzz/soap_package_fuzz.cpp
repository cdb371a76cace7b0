// Any bytes as an answer in several parts, its Content-Type in the first line: refused, or put
// together within the limits; and an envelope takes the security header without losing its Body.
#include "legacy-adapters/transport/soap/mtom.h"
#include "legacy-adapters/transport/soap/security.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::legacy;

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(bytes.find('\n'), bytes.size());
  const std::string_view type = bytes.substr(0, line);
  const std::string_view package = bytes.substr(std::min(line + 1, bytes.size()));
  (void)soap::is_multipart(type);
  const soap::Limits limits{64 * 1024, 32};
  const Result<std::string> whole = soap::unpack(type, package, limits);
  if (!whole) {
    require(whole.error().code == ErrorCode::internal && !whole.error().message.empty());
    return 0;
  }
  require(package.find("--") != std::string_view::npos);
  const Result<soap::Body> body = soap::read_body(*whole, limits);
  soap::Security security;
  security.token = soap::Token::digest;
  security.user = "ada";
  const Result<std::string> secured = soap::with_security(*whole, security, Timestamp{1});
  if (!body || !secured) return 0;
  const Result<soap::Body> again = soap::read_body(*secured, {1024 * 1024, 32});
  require(again.has_value() && again->name == body->name && again->version == body->version);
  return 0;
}
