#pragma once

#include "contracts/ids.h"
#include "facade/http/message.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::facade::http {

// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a structured string in quotes, or
// the bare form most clients send. `"abc"` and `abc` are the same key. 1 to 255 printable
// characters; bare: no blanks, quotes, commas or semicolons. Neither key nor malformed: absent.
struct IdempotencyKeyHeader {
  std::optional<std::string> key;
  bool malformed = false;
};
IdempotencyKeyHeader read_idempotency_key(const Headers& headers);

// If-Match (RFC 9110, 13.1.1): entity tags verbatim with their quotes, or "*" alone. Weak tags stay
// as W/"x" and so equal no strong tag, as the strong comparison demands.
struct IfMatchHeader {
  std::vector<std::string> tags;
  bool malformed = false;
};
IfMatchHeader read_if_match(const Headers& headers);
// True for "*" and for a strong comparison that holds. `etag` with its quotes.
bool matches(const std::vector<std::string>& tags, std::string_view etag);

// W3C Trace Context. A valid traceparent is continued: same trace, a parent id of ours. Anything
// else (absent, malformed, all-zero ids, version ff) begins a new, sampled trace, and its
// tracestate is dropped.
struct TraceContext {
  std::string traceparent;  // To send on and to answer with: "00-<32 hex>-<16 hex>-<2 hex>"
  std::string trace_id;     // 32 hex
  std::string span_id;      // 16 hex, ours
  std::string tracestate;   // Only when continued.
  bool continued = false;
};
TraceContext read_trace_context(const Headers& headers);

// X-Correlation-Id, taken when it is [A-Za-z0-9._-]{1,64}, else a new one (32 hex).
CorrelationId read_correlation_id(const Headers& headers);

// Retry-After as delay-seconds, at least one second.
std::string retry_after(int seconds);

// Cryptographically random, lower-case hex; two characters a byte.
std::string random_hex(std::size_t bytes);

}  // namespace underpin::facade::http
