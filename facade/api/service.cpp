#include "facade/api/service.h"

#include "facade/api/channel_api.h"
#include "facade/api/ops_api.h"
#include "facade/http/headers.h"
#include "facade/http/problem.h"

#include <chrono>

namespace underpin::facade::api {
namespace {

http::Response to_response(const Answer& answer) {
  http::Response response;
  response.status = answer.status;
  response.headers.add("Content-Type", answer.problem ? "application/problem+json"
                                       : answer.html  ? "text/html; charset=utf-8"
                                                      : "application/json");
  if (!answer.location.empty()) response.headers.add("Location", answer.location);
  if (!answer.etag.empty()) response.headers.add("ETag", answer.etag);
  if (answer.retry_after_s > 0)
    response.headers.add("Retry-After", http::retry_after(answer.retry_after_s));
  response.body = answer.body;
  return response;
}

std::string_view capability_of(std::string_view operation) {
  if (operation.find("order") != std::string_view::npos) return "orders";
  if (operation.find("customer") != std::string_view::npos) return "customers";
  if (operation.find("stock") != std::string_view::npos ||
      operation.find("availability") != std::string_view::npos)
    return "inventory";
  if (operation.find("quote") != std::string_view::npos ||
      operation.find("price") != std::string_view::npos)
    return "pricing";
  return "ops";
}

http::Response unauthenticated(const http::Request& request) {
  return http::problem(401, "unauthenticated", "An API key is required",
                       "Send a known key in X-API-Key.", request.path, {},
                       {{"WWW-Authenticate", "ApiKey realm=\"underpin\""}});
}

}  // namespace

Result<std::unique_ptr<Service>> Service::make(Facade& facade, telemetry::Log& log,
                                               telemetry::Metrics& metrics,
                                               ServiceSettings settings) {
  auto keys = http::ApiKeys::load(settings.keys);
  if (!keys) return keys.error();
  return std::unique_ptr<Service>(
      new Service(facade, log, metrics, std::move(settings), std::move(keys).value()));
}

Service::Service(Facade& facade, telemetry::Log& log, telemetry::Metrics& metrics,
                 ServiceSettings settings, http::ApiKeys keys)
    : facade_(facade),
      log_(log),
      metrics_(metrics),
      settings_(std::move(settings)),
      keys_(std::move(keys)) {
  for (const ApiRoute& route : channel_routes(facade_)) add(channel_router_, route, true);
  for (const ApiRoute& route : ops_routes(facade_)) add(ops_router_, route, false);
  ops_router_.add("GET", "/livez", [](const http::Request&, const http::PathParameters&) {
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.body = "{\"live\":true}";
    return response;
  });
  ops_router_.add("GET", "/readyz", [this](const http::Request&, const http::PathParameters&) {
    return to_response(readiness(facade_));
  });
  ops_router_.add("GET", "/metrics", [this](const http::Request&, const http::PathParameters&) {
    http::Response response;
    response.headers.add("Content-Type", std::string(telemetry::Metrics::content_type));
    response.body = metrics_.expose();
    return response;
  });
  metrics_.before_exposition([this] { collect(); });
  channel_ = std::make_unique<http::Server>(
      settings_.channel_listener,
      [this](const http::Request& request) { return serve(channel_router_, request); });
  ops_ = std::make_unique<http::Server>(
      settings_.ops_listener,
      [this](const http::Request& request) { return serve(ops_router_, request); });
}

// What no route answered (404, 405, 401) is told, traced and logged like everything else.
http::Response Service::serve(const http::Router& router, const http::Request& request) {
  http::Response response = router.handle(request);
  if (response.headers.find("X-Correlation-Id") != nullptr) return response;
  const CorrelationId correlation = http::read_correlation_id(request.headers);
  const auto trace = http::read_trace_context(request.headers);
  response.headers.add("X-Correlation-Id", correlation.text());
  response.headers.add("traceparent", trace.traceparent);
  if (response.status >= 400) {
    metrics_.request("none", "none", response.status, 0);
    log_.info("request", correlation.text(),
              {{"method", request.method},
               {"path", request.path},
               {"status", response.status},
               {"trace_id", trace.trace_id}});
  }
  return response;
}

void Service::add(http::Router& router, const ApiRoute& route, bool channel) {
  const auto handler = [this, route, channel](const http::Request& request,
                                              const http::PathParameters& parameters) {
    const auto started = std::chrono::steady_clock::now();
    const auto principal = keys_.authenticate(request.headers);
    // A channel's key opens the channel API, everyone else's the ops API.
    if (!principal || (principal->role == "channel") != channel) return unauthenticated(request);

    ApiCall call;
    call.params = parameters;
    for (const auto& [name, value] : request.query) call.query[name] = value;
    call.body = request.body;
    call.path = request.path;
    call.subject = principal->subject;
    call.role = principal->role;
    call.channel = ChannelId{principal->channel};
    const auto key = http::read_idempotency_key(request.headers);
    call.idempotency_key = key.key;
    call.idempotency_key_malformed = key.malformed;
    const auto if_match = http::read_if_match(request.headers);
    call.if_match = if_match.tags;
    call.correlation_id = http::read_correlation_id(request.headers);
    const auto trace = http::read_trace_context(request.headers);
    call.traceparent = trace.traceparent;
    call.budget_ms = channel ? settings_.channel_budget_ms : settings_.ops_budget_ms;

    Answer answer;
    if (const auto killed = channel ? switched_off(route.operation) : std::nullopt) {
      answer = *killed;
    } else if (if_match.malformed) {
      answer = facade::problem(400, "malformed", "If-Match is malformed",
                               "If-Match must be a list of quoted entity tags, or *.");
    } else if (const Status fresh = facade_.plan_fresh();
               channel && !fresh && std::string_view(route.method) == "GET") {
      answer = facade::problem(503, "plan-unconfirmed", "The cutover plan cannot be confirmed",
                               fresh.error().message, {}, 1);
    } else {
      try {
        answer = route.handler(call);
      } catch (const std::exception& thrown) {
        log_.error("a request failed", call.correlation_id.text(),
                   {{"operation", route.operation}, {"error", thrown.what()}});
        answer = facade::problem(500, "internal", "Internal error",
                                 "The fault was logged under the correlation id.");
      }
    }
    http::Response response = to_response(answer);
    response.headers.add("X-Correlation-Id", call.correlation_id.text());
    response.headers.add("traceparent", trace.traceparent);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    metrics_.request(capability_of(route.operation), route.operation, answer.status, took.count());
    if (channel) {
      const auto capability = parse_capability(capability_of(route.operation));
      // A 202 that asks to come back later is an outcome nobody knows yet.
      const bool unknown = answer.status == 202 && answer.retry_after_s > 0;
      if (capability) facade_.guards().answered(*capability, answer.status >= 500 || unknown);
    }
    const auto level = answer.status >= 500 ? telemetry::Level::warning : telemetry::Level::info;
    log_.write(level, "request", call.correlation_id.text(),
               {{"method", request.method},
                {"path", request.path},
                {"operation", route.operation},
                {"status", answer.status},
                {"subject", principal->subject},
                {"micros", static_cast<std::int64_t>(took.count() * 1e6)},
                {"trace_id", trace.trace_id}});
    return response;
  };
  router.add(route.method, route.pattern, handler);
}

// The kill switch refuses; it never sends a call elsewhere.
std::optional<Answer> Service::switched_off(const std::string& operation) {
  const auto capability = parse_capability(capability_of(operation));
  if (!capability) return std::nullopt;
  const auto state = facade_.kill_switch().refusal(*capability);
  if (!state) return std::nullopt;
  return facade::problem(
      503, "switched-off", "Switched off by an operator",
      "Calls of " + std::string(name(*capability)) + " are refused for now: " + state->reason, {},
      30);
}

void Service::collect() {
  std::vector<std::string_view> stages;
  for (const cutover::StageRule& rule : cutover::stage_rules) stages.push_back(rule.name);
  for (const Capability capability : all_capabilities) {
    const cutover::Plan plan = facade_.cutover().plan(capability);
    metrics_.plan_version(name(capability)).set(static_cast<double>(plan.version));
    metrics_.set_stage(name(capability), cutover::name(plan.rollout.to), stages);
  }
  const Status read = facade_.journal().read([&](const journal::JournalReader& reader) {
    for (const Side side : {Side::legacy, Side::cloud})
      metrics_.outbox_pending(facade_.systems().on(side).name)
          .set(static_cast<double>(reader.pending_rows(side)));
    metrics_.outbox_delivered().raise_to(static_cast<double>(reader.counter("outbox_delivered")));
    metrics_.dead_letters().set(static_cast<double>(reader.exceptions("open", 500).size()));
    metrics_.open_intents().set(static_cast<double>(reader.open_intents(500).size()));
  });
  (void)read;  // A journal that does not answer shows in /readyz.
  metrics_.shadow_dropped().raise_to(static_cast<double>(facade_.shadows().dropped()));
  metrics_.shadow_queued().raise_to(
      static_cast<double>(facade_.shadows().finished() + facade_.shadows().waiting()));
  for (const auto& [system, alarm] : facade_.alarms())
    metrics_.adapter_alarm(system, alarm.name).set(1);
}

Status Service::start() {
  const Status channel = channel_->start();
  if (!channel) {
    Error error = channel.error();
    error.message = "channel listener: " + error.message;
    return error;
  }
  const Status ops = ops_->start();
  if (!ops) {
    Error error = ops.error();
    error.message = "ops listener: " + error.message;
    return error;
  }
  return Done{};
}

bool Service::stop(Deadline deadline) {
  channel_->stop_accepting();
  const bool channel = channel_->drain(deadline);
  const bool ops = ops_->drain(deadline);
  return channel && ops;
}

}  // namespace underpin::facade::api
