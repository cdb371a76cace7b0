#include "facade/http/router.h"

#include "facade/http/percent.h"
#include "facade/http/problem.h"

#include <algorithm>
#include <cassert>

namespace underpin::facade::http {
namespace {

// "/v1/orders/" has the segments "v1", "orders" and "": it is not "/v1/orders".
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) { return !segment.empty() && segment[0] == '{'; }

// Does the pattern take this path, segment by segment, still undecoded? A literal has no escapes.
bool takes(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  return pattern.size() == path.size() &&
         std::equal(pattern.begin(), pattern.end(), path.begin(),
                    [](const std::string& wanted, std::string_view given) {
                      return is_parameter(wanted) ? !given.empty() : given == wanted;
                    });
}

// Among patterns that take the same path, the one with a literal where the other has a parameter.
bool more_literal(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (is_parameter(left[i]) != is_parameter(right[i])) return is_parameter(right[i]);
  }
  return false;
}

// Same paths for both, whatever their parameters are called.
[[maybe_unused]] bool same_shape(const std::vector<std::string>& left,
                                 const std::vector<std::string>& right) {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(),
                                                   [](const std::string& a, const std::string& b) {
                                                     return (is_parameter(a) && is_parameter(b)) ||
                                                            a == b;
                                                   });
}

}  // namespace

void Router::add(std::string method, std::string_view pattern, RouteHandler handler) {
  assert(!pattern.empty() && pattern.front() == '/');
  Route route{std::move(method), {}, std::move(handler)};
  for (const std::string_view segment : split(pattern)) {
    const bool parameter = is_parameter(segment) && segment.back() == '}';
    route.segments.emplace_back(parameter ? segment.substr(0, segment.size() - 1) : segment);
  }
  assert(std::none_of(routes_.begin(), routes_.end(), [&](const Route& other) {
    return other.method == route.method && same_shape(other.segments, route.segments);
  }));
  routes_.push_back(std::move(route));
}

Response Router::handle(const Request& request) const {
  const auto not_found = [&] {
    return problem(404, "not-found", "Not found", "There is nothing at this path.", request.path);
  };
  if (request.path.empty() || request.path.front() != '/') return not_found();
  const std::vector<std::string_view> path = split(request.path);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;

  const std::vector<std::string>* best = nullptr;
  for (const Route& route : routes_) {
    if (takes(route.segments, path) && (!best || more_literal(route.segments, *best)))
      best = &route.segments;
  }
  if (!best) return not_found();

  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    if (!takes(route.segments, path) || more_literal(*best, route.segments)) continue;
    if (route.method != method) {
      allowed.push_back(route.method);
      if (route.method == "GET") allowed.emplace_back("HEAD");
      continue;
    }
    PathParameters parameters;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (!is_parameter(route.segments[i])) continue;
      auto value = percent_decode(path[i]);
      const std::string name = route.segments[i].substr(1);
      if (!value) {
        return problem(400, "malformed", "The path is malformed",
                       "The path segment for {" + name + "} is not percent-encoded UTF-8 text.",
                       request.path,
                       {{name, "must be percent-encoded UTF-8 without control characters"}});
      }
      parameters.emplace(name, std::move(*value));
    }
    return route.handler(request, parameters);
  }
  std::sort(allowed.begin(), allowed.end());
  std::string allow;
  for (const std::string& each : allowed) allow += (allow.empty() ? "" : ", ") + each;
  return problem(405, "method-not-allowed", "Method not allowed",
                 request.method + " is not offered here; " + allow + " is.", request.path, {},
                 {{"Allow", allow}});
}

}  // namespace underpin::facade::http
