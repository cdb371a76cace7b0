#include "facade/http/problem.h"

#include "facade/http/percent.h"

#include <cstdint>
#include <cstdio>

namespace underpin::facade::http {

void append_json_string(std::string& to, std::string_view text) {
  to.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x80) {
      const std::size_t length = utf8_sequence(text);
      if (length == 0) {
        to += "\xEF\xBF\xBD";  // U+FFFD for each byte that belongs to no sequence
        text.remove_prefix(1);
      } else {
        to += text.substr(0, length);
        text.remove_prefix(length);
      }
      continue;
    }
    text.remove_prefix(1);
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (byte < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(byte));
          to += escape;
        } else {
          to.push_back(c);
        }
    }
  }
  to.push_back('"');
}

Response problem(int status, std::string_view slug, std::string_view title, std::string_view detail,
                 std::string_view instance, const std::vector<FieldError>& fields,
                 std::vector<std::pair<std::string, std::string>> headers) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/problem+json");
  for (auto& [name, value] : headers) response.headers.add(std::move(name), std::move(value));
  std::string& body = response.body;
  const auto member = [&](std::string_view name, std::string_view value) {
    body.push_back(',');
    append_json_string(body, name);
    body.push_back(':');
    append_json_string(body, value);
  };
  body = "{\"type\":";
  append_json_string(body, "urn:underpin:problem:" + std::string(slug));
  member("title", title);
  body += ",\"status\":" + std::to_string(status);
  if (!detail.empty()) member("detail", detail);
  if (!instance.empty()) member("instance", instance);
  if (!fields.empty()) {
    body += ",\"errors\":[";
    for (std::size_t i = 0; i < fields.size(); ++i) {
      body += i == 0 ? "{\"pointer\":" : ",{\"pointer\":";
      append_json_string(body, fields[i].pointer);
      member("detail", fields[i].detail);
      body.push_back('}');
    }
    body.push_back(']');
  }
  body.push_back('}');
  return response;
}

}  // namespace underpin::facade::http
