#pragma once

#include "facade/http/message.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::facade::http {

using PathParameters = std::map<std::string, std::string>;
using RouteHandler = std::function<Response(const Request&, const PathParameters&)>;

// A table of method + pattern. "/v1/orders/{number}/cancel": a segment in braces takes any one
// non-empty segment, percent-decoded after splitting, so that "A%2F1" is one number. A literal
// segment is preferred to a parameter. HEAD is answered by GET's handler. Filled before serving,
// then only read: threads any.
class Router {
 public:
  // Asserts that pattern starts with "/" and that no equal route exists.
  void add(std::string method, std::string_view pattern, RouteHandler handler);

  // 400 for a bad escape, 404 for an unknown path, 405 with Allow for a known path, as problems.
  Response handle(const Request& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // A parameter keeps its opening brace: "{number".
    RouteHandler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace underpin::facade::http
