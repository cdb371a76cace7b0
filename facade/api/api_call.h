#pragma once

#include "contracts/call_context.h"
#include "contracts/json/json_text.h"
#include "facade/answer.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade::api {

// A request after the door: authenticated, headers read, nothing of HTTP left but the words.
struct ApiCall {
  std::map<std::string, std::string> params;  // Of the path: "number", "sku", "capability", "id".
  std::map<std::string, std::string> query;
  std::string body;
  std::string path;
  std::string subject;  // Of the token: who is acting.
  std::string role;     // "channel", "architect", "qa", "operator".
  std::string wave;     // The key's, for a channel; for staff the one that `?wave=` names.
  ChannelId channel;
  StoreCode store;
  std::optional<std::string> idempotency_key;  // Well-formed, without quotes.
  bool idempotency_key_malformed = false;
  std::vector<std::string> if_match;  // Entity tags with their quotes; "*" is any.
  CorrelationId correlation_id;
  std::string traceparent;
  std::int64_t budget_ms = 10'000;  // For everything that is asked of ERPs.

  CallContext context() const;
  WriteContext write_context() const;
};

using ApiHandler = std::function<Answer(const ApiCall&)>;

// How many waves one call of staff may be about, where several are served.
enum class WavesOfCall {
  one,          // `?wave=NAME` is needed.
  all_unnamed,  // A list: without `wave` it is about all of them.
  all_asked,    // `?wave=*` is about all of them; nothing is about none.
};

struct ApiRoute {
  std::string method;
  std::string pattern;    // "/v1/orders/{number}/cancel"
  std::string operation;  // "cancel_order": for metrics, logs and the budget.
  ApiHandler handler;     // Of one wave.
  WavesOfCall waves = WavesOfCall::one;
};
using ApiRoutes = std::vector<ApiRoute>;

// ---- what handlers share
// -------------------------------------------------------------------------

// 400 for text that is no JSON, 422 for what breaks the schema or a rule; otherwise the document.
struct Parsed {
  std::optional<json::Value> value;
  Answer refused;
};
Parsed parse_body(const ApiCall& call, std::string_view schema);

// The answer to a missing or malformed Idempotency-Key, or nothing.
std::optional<Answer> key_refused(const ApiCall& call);
// 428 without If-Match, or nothing.
std::optional<Answer> if_match_refused(const ApiCall& call);
Answer validation(const std::vector<FieldError>& fields);

// `limit` of the query: 1 to 500, else a field error is added.
int limit_of(const ApiCall& call, std::vector<FieldError>& errors);
std::optional<std::string> query_of(const ApiCall& call, const std::string& name);
// Unknown query parameters are refused: a misspelt filter must not answer everything.
void only_known(const ApiCall& call, std::initializer_list<std::string_view> names,
                std::vector<FieldError>& errors);

}  // namespace underpin::facade::api
