#include "facade/http/headers.h"

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace underpin::facade::http {
namespace {

constexpr std::size_t key_limit = 255;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

// sf-string of RFC 8941, 3.3.3: printable ASCII, backslash escapes only quote and backslash.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\') {
      if (++i == text.size() || (text[i] != '"' && text[i] != '\\')) return std::nullopt;
      c = text[i];
    } else if (c == '"' || c < 0x20 || c > 0x7E) {
      return std::nullopt;
    }
    value.push_back(c);
  }
  return value;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// One entity tag off the front: W/ optional, quoted, etagc is 0x21 or 0x23 and up (RFC
// 9110, 8.8.3).
std::optional<std::string> take_tag(std::string_view& text) {
  std::size_t at = text.substr(0, 2) == "W/" ? 2 : 0;
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x21 || byte == 0x7F) return std::nullopt;
  }
  if (at >= text.size()) return std::nullopt;
  std::string tag(text.substr(0, at + 1));
  text.remove_prefix(at + 1);
  return tag;
}

}  // namespace

IdempotencyKeyHeader read_idempotency_key(const Headers& headers) {
  const auto values = headers.all("Idempotency-Key");
  if (values.empty()) return {};
  if (values.size() > 1) return {std::nullopt, true};
  const std::string_view text = values.front();
  std::optional<std::string> key;
  if (!text.empty() && text.front() == '"') {
    key = unquoted(text);
  } else if (std::all_of(text.begin(), text.end(), [](char c) {
               return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';';
             })) {
    key = std::string(text);
  }
  if (!key || key->empty() || key->size() > key_limit) return {std::nullopt, true};
  return {std::move(key), false};
}

IfMatchHeader read_if_match(const Headers& headers) {
  IfMatchHeader result;
  const auto values = headers.all("If-Match");
  if (values.size() == 1 && values.front() == "*") return {{"*"}, false};
  for (std::string_view text : values) {
    bool tag_due = true;  // Empty list elements are allowed: `"a", , "b"`.
    for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
      if (text.front() == ',') {
        tag_due = true;
        text.remove_prefix(1);
        continue;
      }
      auto tag = tag_due ? take_tag(text) : std::nullopt;
      if (!tag) return {{}, true};
      result.tags.push_back(std::move(*tag));
      tag_due = false;
    }
  }
  if (!values.empty() && result.tags.empty()) result.malformed = true;
  return result;
}

bool matches(const std::vector<std::string>& tags, std::string_view etag) {
  if (tags.size() == 1 && tags.front() == "*") return true;
  if (etag.empty() || etag.front() != '"') return false;
  return std::find(tags.begin(), tags.end(), etag) != tags.end();
}

TraceContext read_trace_context(const Headers& headers) {
  TraceContext context;
  context.span_id = random_hex(8);
  const auto values = headers.all("traceparent");
  std::string flags = "01";
  if (values.size() == 1) {
    const std::string_view text = values.front();
    // version "-" trace-id "-" parent-id "-" flags; a later version may go on after another "-".
    const bool shape = text.size() >= 55 && text[2] == '-' && text[35] == '-' && text[52] == '-' &&
                       (text.size() == 55 || (text.substr(0, 2) != "00" && text[55] == '-')) &&
                       is_lower_hex(text.substr(0, 2)) && is_lower_hex(text.substr(3, 32)) &&
                       is_lower_hex(text.substr(36, 16)) && is_lower_hex(text.substr(53, 2));
    if (shape && text.substr(0, 2) != "ff" && !all_zero(text.substr(3, 32)) &&
        !all_zero(text.substr(36, 16))) {
      context.continued = true;
      context.trace_id = std::string(text.substr(3, 32));
      // Only the sampled bit is defined in version 00; the digit's lowest bit is that flag.
      const char last = text[54];
      const int digit = last <= '9' ? last - '0' : last - 'a' + 10;
      flags = digit % 2 == 1 ? "01" : "00";
      for (const std::string_view state : headers.all("tracestate")) {
        if (!context.tracestate.empty()) context.tracestate += ",";
        context.tracestate += state;
      }
    }
  }
  if (!context.continued) context.trace_id = random_hex(16);
  context.traceparent = "00-" + context.trace_id + "-" + context.span_id + "-" + flags;
  return context;
}

CorrelationId read_correlation_id(const Headers& headers) {
  const auto values = headers.all("X-Correlation-Id");
  if (values.size() == 1) {
    const std::string_view text = values.front();
    const bool clean =
        !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
          return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '_' || c == '-';
        });
    if (clean) return CorrelationId{std::string(text)};
  }
  return CorrelationId{random_hex(16)};
}

std::string retry_after(int seconds) { return std::to_string(std::max(seconds, 1)); }

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1)
    throw std::runtime_error("the system's random numbers are not available");
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes);
  for (const unsigned char byte : random) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

}  // namespace underpin::facade::http
