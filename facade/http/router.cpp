#include "facade/http/router.h"

#include <algorithm>

namespace underpin::facade::http {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  std::size_t at = path.empty() || path[0] != '/' ? 0 : 1;
  while (at <= path.size()) {
    const std::size_t next = std::min(path.find('/', at), path.size());
    parts.emplace_back(path.substr(at, next - at));
    at = next + 1;
  }
  return parts;
}

bool is_param(const std::string& part) { return part.size() > 2 && part.front() == '{'; }

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool query) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && query) {
      decoded += ' ';
    } else if (text[i] == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex(text[i + 1]);
      const int low = hex(text[i + 2]);
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

bool split_target(std::string_view target, std::string& path,
                  std::vector<std::pair<std::string, std::string>>& query) {
  const std::size_t mark = target.find('?');
  path = std::string(target.substr(0, mark));
  if (mark == std::string_view::npos) return true;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = percent_decoded(pair.substr(0, equals), true);
    const auto value =
        percent_decoded(equals < pair.size() ? pair.substr(equals + 1) : std::string_view{}, true);
    if (!key || !value) return false;
    query.emplace_back(*key, *value);
  }
  return true;
}

void Router::add(std::string method, std::string pattern, std::size_t route) {
  entries_.push_back({std::move(method), parts_of(pattern), route});
}

Router::Found Router::find(std::string_view method, std::string_view path) const {
  Found found;
  const std::vector<std::string> parts = parts_of(path);
  std::size_t best_literals = 0;
  for (const Entry& entry : entries_) {
    if (entry.parts.size() != parts.size()) continue;
    std::map<std::string, std::string> params;
    std::size_t literals = 0;
    bool fits = true;
    for (std::size_t i = 0; i < parts.size() && fits; ++i) {
      if (is_param(entry.parts[i])) {
        const auto value = percent_decoded(parts[i], false);
        if (!value) {
          found.bad_escape = true;
          fits = false;
        } else if (value->empty()) {
          fits = false;
        } else {
          params[entry.parts[i].substr(1, entry.parts[i].size() - 2)] = *value;
        }
      } else {
        fits = entry.parts[i] == parts[i];
        ++literals;
      }
    }
    if (!fits) continue;
    const bool same = entry.method == method || (method == "HEAD" && entry.method == "GET");
    if (!same) {
      found.allowed.push_back(entry.method);
      continue;
    }
    // "/v1/inventory/availability" is nearer than "/v1/inventory/{sku}".
    if (found.route && literals <= best_literals) continue;
    found.route = entry.route;
    found.params = std::move(params);
    best_literals = literals;
  }
  if (found.route) found.allowed.clear();
  return found;
}

}  // namespace underpin::facade::http
