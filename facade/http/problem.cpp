#include "facade/http/problem.h"

namespace underpin::facade::http {

std::string json_escaped(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      escaped += '\\';
      escaped += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      // Bytes that are no ASCII come from a broken request: shown, not interpreted.
      escaped += "\\u00";
      escaped += digits[byte >> 4];
      escaped += digits[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

Response problem(int status, std::string_view slug, std::string_view title,
                 std::string_view detail, Headers headers) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.body = "{\"type\":\"urn:underpin:problem:" + json_escaped(slug) + "\",\"title\":\"" +
                  json_escaped(title) + "\",\"status\":" + std::to_string(status) +
                  ",\"detail\":\"" + json_escaped(detail) + "\"}";
  return response;
}

}  // namespace underpin::facade::http
