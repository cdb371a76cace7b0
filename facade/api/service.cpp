#include "facade/api/service.h"

#include "facade/api/channel_api.h"
#include "facade/api/ops_api.h"
#include "facade/gate_desk.h"
#include "facade/http/headers.h"
#include "facade/http/problem.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

namespace underpin::facade::api {
namespace {

http::Response to_response(const Answer& answer) {
  http::Response response;
  response.status = answer.status;
  response.headers.add("Content-Type", answer.problem ? "application/problem+json"
                                       : answer.html  ? "text/html; charset=utf-8"
                                       : answer.csv   ? "text/csv; charset=utf-8"
                                       : answer.xml   ? "application/xml; charset=utf-8"
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

std::optional<Answer> switched_off(Facade& facade, const std::string& operation) {
  const auto capability = parse_capability(capability_of(operation));
  if (!capability) return std::nullopt;
  const auto state = facade.kill_switch().refusal(*capability);
  if (!state) return std::nullopt;
  return facade::problem(
      503, "switched-off", "Switched off by an operator",
      "Calls of " + std::string(name(*capability)) + " are refused for now: " + state->reason, {},
      30);
}

// Of all workers, what one of several waves may have: half of what each other's even share would be
// is left to it.
int workers_of_wave(int workers, std::size_t waves) {
  const int others = static_cast<int>(waves) - 1;
  return std::max(1, workers - others * std::max(1, workers / (2 * (others + 1))));
}

void collect_wave(Facade& facade, telemetry::Metrics& metrics, AlarmsSeen& alarms) {
  const std::string& wave = facade.settings().wave;
  std::vector<std::string_view> stages;
  stages.reserve(cutover::stage_rules.size());
  for (const cutover::StageRule& rule : cutover::stage_rules) stages.push_back(rule.name);
  for (const Capability capability : all_capabilities) {
    const cutover::Plan plan = facade.cutover().plan(capability);
    metrics.plan_version(wave, name(capability)).set(static_cast<double>(plan.version));
    metrics.set_stage(wave, name(capability), cutover::name(plan.rollout.to), stages);
  }
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    for (const Side side : {Side::legacy, Side::cloud})
      metrics.outbox_pending(wave, facade.systems().on(side).name)
          .set(static_cast<double>(reader.pending_rows(side)));
    metrics.outbox_delivered(wave).raise_to(
        static_cast<double>(reader.counter("outbox_delivered")));
    std::int64_t dead = 0;
    std::int64_t open = 0;
    for (const Capability capability : all_capabilities) {
      const journal::Backlog backlog = reader.backlog(wave, capability, 0);
      dead += backlog.dead_to_legacy + backlog.dead_to_cloud;
      open += backlog.open_intents;
    }
    metrics.dead_letters(wave).set(static_cast<double>(dead));
    metrics.open_intents(wave).set(static_cast<double>(open));
    metrics.open_exceptions(wave).set(
        static_cast<double>(reader.exceptions("open", std::numeric_limits<int>::max()).size()));
    metrics.writes_closed(wave).set(reader.fact(journal::closed_fact).empty() ? 0 : 1);
  });
  (void)read;  // A journal that does not answer shows in /readyz.
  metrics.rehearsals_dropped(wave).raise_to(
      static_cast<double>(facade.rehearsals().queue().dropped()));
  metrics.shadow_dropped(wave).raise_to(static_cast<double>(facade.shadows().dropped()));
  metrics.shadow_queued(wave).raise_to(
      static_cast<double>(facade.shadows().finished() + facade.shadows().waiting()));
  // An alarm that was told once stays a series: it has to fall when its cause has ended.
  for (auto& [alarm, raised] : alarms) raised = false;
  for (const auto& [system, alarm] : facade.alarms()) alarms[{system, alarm.name}] = true;
  for (const auto& [alarm, raised] : alarms)
    metrics.adapter_alarm(wave, alarm.first, alarm.second).set(raised ? 1 : 0);
}

http::Response unauthenticated(const http::Request& request) {
  return http::problem(401, "unauthenticated", "An API key is required",
                       "Send a known key in X-API-Key.", request.path, {},
                       {{"WWW-Authenticate", "ApiKey realm=\"underpin\""}});
}

}  // namespace

void measure(FacadeSettings& settings, telemetry::Metrics& metrics) {
  settings.on_erp_call = [&metrics, wave = settings.wave](
                             std::string_view system, Capability capability,
                             std::string_view outcome, double seconds) {
    metrics.erp_call(wave, system, name(capability), outcome, seconds);
  };
  settings.on_comparison = [&metrics, wave = settings.wave](Capability capability,
                                                            parity::Verdict verdict) {
    metrics.comparison(wave, name(capability), parity::name(verdict));
  };
}

Result<std::unique_ptr<Service>> Service::make(const Facades& facades, telemetry::Log& log,
                                               telemetry::Metrics& metrics,
                                               ServiceSettings settings) {
  std::set<std::string> waves;
  for (const Facade* facade : facades) waves.insert(facade->settings().wave);
  for (std::size_t i = 0; i < settings.keys.size(); ++i) {
    http::ApiKeySettings& key = settings.keys[i];
    if (key.role == "channel" && key.wave.empty() && waves.size() == 1) key.wave = *waves.begin();
    std::vector<std::string> named = key.waves;
    if (key.role == "channel") named.push_back(key.wave);
    for (const std::string& wave : named) {
      if (waves.count(wave) == 0) {
        return Error{ErrorCode::invalid_request, "keys: /keys/" + std::to_string(i) +
                                                     " is for the wave \"" + wave +
                                                     "\", which is not served"};
      }
    }
  }
  auto keys = http::ApiKeys::load(settings.keys);
  if (!keys) return keys.error();
  return std::unique_ptr<Service>(
      new Service(facades, log, metrics, std::move(settings), std::move(keys).value()));
}

Service::Service(const Facades& facades, telemetry::Log& log, telemetry::Metrics& metrics,
                 ServiceSettings settings, http::ApiKeys keys)
    : facades_(facades),
      log_(log),
      metrics_(metrics),
      settings_(std::move(settings)),
      keys_(std::move(keys)),
      workers_of_wave_(workers_of_wave(settings_.channel_listener.workers, facades.size())) {
  for (Facade* facade : facades_) {
    by_wave_[facade->settings().wave].facade = facade;
    metrics_.begin_wave(facade->settings().wave);
  }
  for (const WaveRoute& route : over_waves(facades_, channel_routes))
    add(channel_router_, route, true);
  for (const WaveRoute& route : over_waves(facades_, ops_routes)) add(ops_router_, route, false);
  ops_router_.add("GET", "/livez", [](const http::Request&, const http::PathParameters&) {
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.body = "{\"live\":true}";
    return response;
  });
  ops_router_.add(
      "GET", "/readyz",
      [this](const http::Request& request, const http::PathParameters&) { return ready(request); });
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
    metrics_.request("", "none", "none", response.status, 0);
    log_.info("request", correlation.text(),
              {{"method", request.method},
               {"path", request.path},
               {"status", response.status},
               {"trace_id", trace.trace_id}});
  }
  return response;
}

// A balancer in front of one wave's channels asks for that wave alone.
http::Response Service::ready(const http::Request& request) const {
  const std::string* wave = request.parameter("wave");
  if (wave == nullptr) return to_response(readiness(facades_));
  const auto found = by_wave_.find(*wave);
  if (found == by_wave_.end()) {
    return to_response(
        facade::problem(404, "not-found", "Not found", "There is no wave " + *wave + "."));
  }
  return to_response(readiness({found->second.facade}));
}

void Service::add(http::Router& router, const WaveRoute& wave_route, bool channel) {
  const auto handler = [this, wave_route, channel](const http::Request& request,
                                                   const http::PathParameters& parameters) {
    const auto started = std::chrono::steady_clock::now();
    const ApiRoute& route = wave_route.route;
    const auto principal = keys_.authenticate(request.headers);
    // A channel's key opens the channel API, everyone else's the ops API.
    if (!principal || (principal->role == "channel") != channel) return unauthenticated(request);

    ApiCall call;
    call.params = parameters;
    std::vector<std::string> asked;  // Of staff: a channel's wave is its key's, whatever it says.
    for (const auto& [name, value] : request.query) {
      call.query[name] = value;
      if (name == "wave") asked.push_back(value);
    }
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

    Aim aim;
    if (channel) {
      aim.waves = {principal->wave};
    } else {
      aim = aim_of(wave_route, asked, principal->waves);
    }
    if (aim.waves.size() == 1 && !aim.refused) call.wave = aim.waves.front();

    Answer answer;
    if (aim.refused) {
      answer = *aim.refused;
    } else if (if_match.malformed) {
      answer = facade::problem(400, "malformed", "If-Match is malformed",
                               "If-Match must be a list of quoted entity tags, or *.");
    } else {
      try {
        answer = channel ? channel_answer(wave_route, call) : answer_of(wave_route, aim, call);
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
    metrics_.request(call.wave, capability_of(route.operation), route.operation, answer.status,
                     took.count());
    if (channel) {
      const auto capability = parse_capability(capability_of(route.operation));
      // A 202 that asks to come back later is an outcome nobody knows yet.
      const bool unknown = answer.status == 202 && answer.retry_after_s > 0;
      if (capability) {
        Facade& facade = *by_wave_.at(call.wave).facade;
        facade.guards().answered(*capability, answer.status >= 500 || unknown);
        if (answer.status < 400) facade.gate().asked(*capability, route.operation);
      }
    }
    const auto level = answer.status >= 500 ? telemetry::Level::warning : telemetry::Level::info;
    log_.write(level, "request", call.correlation_id.text(),
               {{"method", request.method},
                {"path", request.path},
                {"operation", route.operation},
                {"wave", call.wave},
                {"status", answer.status},
                {"subject", principal->subject},
                {"micros", static_cast<std::int64_t>(took.count() * 1e6)},
                {"trace_id", trace.trace_id}});
    return response;
  };
  router.add(wave_route.route.method, wave_route.route.pattern, handler);
}

Answer Service::channel_answer(const WaveRoute& route, const ApiCall& call) {
  Served& served = by_wave_.at(call.wave);
  Facade& facade = *served.facade;
  struct Inside {
    std::atomic<int>& calls;
    const int number;
    explicit Inside(std::atomic<int>& of) : calls(of), number(++of) {}
    ~Inside() { --calls; }
  } inside(served.calls);
  if (inside.number > workers_of_wave_) {
    metrics_.wave_full(call.wave).add();
    return facade::problem(
        503, "overloaded", "Too busy",
        "Too many calls of the wave " + call.wave + " are in progress; nothing was done.", {}, 1);
  }
  // The kill switch refuses; it never sends a call elsewhere.
  if (const auto killed = switched_off(facade, route.route.operation)) return *killed;
  // Reads could be routed by a plan that is over. Writes are fenced, but a store that cannot be
  // asked takes none, and nobody need wait to hear that.
  const Status fresh = facade.plan_fresh();
  if (!fresh) {
    return facade::problem(503, "plan-unconfirmed", "The cutover plan cannot be confirmed",
                           fresh.error().message, {}, 1);
  }
  return route.handlers.at(call.wave)(call);
}

void Service::collect() {
  for (auto& [wave, served] : by_wave_) collect_wave(*served.facade, metrics_, served.alarms);
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
