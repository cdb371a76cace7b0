#include "transport/shell.h"

#include <algorithm>
#include <array>

namespace underpin::transport {
namespace {

constexpr std::array<std::string_view, 8> kept_headers{
    "accept",   "accept-language",  "content-type",  "data-access-intent",
    "if-match", "odata-maxversion", "odata-version", "prefer"};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool is_kept(const HttpHeader& header) {
  const std::string name = lower_case(header.name);
  return name == "soapaction" ||
         std::find(kept_headers.begin(), kept_headers.end(), name) != kept_headers.end();
}

// "https://user:secret@host/path" without what stands before the "@".
std::string without_user(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t host = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", host), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < host ? url : url.substr(0, host) + url.substr(at + 1);
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string variable_prefix(std::string_view system) {
  std::string prefix;
  for (const char c : system) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    prefix += lower ? static_cast<char>(c - 'a' + 'A') : plain ? c : '_';
  }
  if (prefix.empty() || (prefix[0] >= '0' && prefix[0] <= '9')) prefix.insert(0, 1, '_');
  return prefix;
}

std::string curl_command(const HttpRequest& request, std::string_view authorization) {
  std::string text = "curl -sS";
  if (!authorization.empty()) text += " " + std::string(authorization);
  if (request.method != "GET" && (request.method != "POST" || request.body.empty()))
    text += " -X " + shell_quoted(request.method);
  for (const HttpHeader& header : request.headers)
    if (is_kept(header)) text += " -H " + shell_quoted(header.name + ": " + header.value);
  if (!request.body.empty()) text += " --data-binary " + shell_quoted(request.body);
  return text + " " + shell_quoted(without_user(request.url));
}

}  // namespace underpin::transport
