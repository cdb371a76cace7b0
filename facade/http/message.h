#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::facade::http {

// Fields in the order in which they came; names compare without case (RFC 9110, 5.1). Repeated
// fields stay apart.
class Headers {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // Replaces every field of that name.
  void set(std::string_view name, std::string value);
  // The first field of that name, or nothing.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;  // Empty when absent.
  std::vector<std::string_view> all(std::string_view name) const;
  // Is `token` in the comma-separated list of that name (Connection, Accept)? Case does not matter.
  bool lists(std::string_view name, std::string_view token) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool equal_ignoring_case(std::string_view left, std::string_view right);

// A request as the door lets it through: complete, within the limits, unambiguous.
struct Request {
  std::string method;  // As sent: "GET". Case matters.
  std::string target;  // As sent: "/v1/orders/A%2F1?limit=5".
  std::string path;  // The target up to "?", still percent-encoded: the router decodes by segment.
  // Decoded ("+" is a blank, as in forms), in order, valid UTF-8. A bad escape never gets here.
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;  // Without trailer fields: those are read and dropped.
  std::string body;
  std::string remote;  // "127.0.0.1:54321"
  int version_minor = 1;
  bool keep_alive = true;
  // The first parameter of that name, or nothing.
  const std::string* parameter(std::string_view name) const;
};

// The server adds Content-Length, Date and Connection and leaves out the body for HEAD, 204 and
// 304. Field values with control characters are refused by the server as 500: they would split the
// answer.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

std::string_view reason_phrase(int status);

}  // namespace underpin::facade::http
