#pragma once

#include "facade/api/api_call.h"
#include "facade/api/wave_routes.h"
#include "facade/facade.h"
#include "facade/http/api_keys.h"
#include "facade/http/router.h"
#include "facade/http/server.h"
#include "facade/telemetry/log.h"
#include "facade/telemetry/metrics.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>

namespace underpin::facade::api {

struct ServiceSettings {
  http::ServerSettings channel_listener;
  http::ServerSettings ops_listener;
  std::int64_t channel_budget_ms = 10'000;
  std::int64_t ops_budget_ms = 30'000;
  std::vector<http::ApiKeySettings> keys;
};

// What the facade of a wave does with its ERPs is told to `metrics`, which must outlive it.
void measure(FacadeSettings& settings, telemetry::Metrics& metrics);

using AlarmsSeen = std::map<std::pair<std::string, std::string>, bool>;

// The two listeners over the facades of all waves: the channel API under /v1, where the key says
// which wave a call is about, and the ops API under /ops/v1, where `?wave=` does, with /livez,
// /readyz and /metrics without a key. Threads: start() and stop() from one, the rest any.
class Service {
 public:
  // Errors name the entry of a key and the rule it breaks, such as a wave that is not served.
  static Result<std::unique_ptr<Service>> make(const Facades& facades, telemetry::Log& log,
                                               telemetry::Metrics& metrics,
                                               ServiceSettings settings);
  // Errors name the listener whose port is taken.
  Status start();
  // No new requests; what is in progress is answered, until the deadline. True: nothing was cut.
  bool stop(Deadline deadline);
  int channel_port() const { return channel_->port(); }
  int ops_port() const { return ops_->port(); }

 private:
  Service(const Facades& facades, telemetry::Log& log, telemetry::Metrics& metrics,
          ServiceSettings settings, http::ApiKeys keys);
  void add(http::Router& router, const WaveRoute& route, bool channel);
  Answer channel_answer(const WaveRoute& route, const ApiCall& call);
  http::Response ready(const http::Request& request) const;
  http::Response serve(const http::Router& router, const http::Request& request);
  void collect();

  // A wave as the channel listener serves it.
  struct Served {
    Facade* facade = nullptr;
    std::atomic<int> calls{0};  // Of channels, with a worker now.
    AlarmsSeen alarms;          // By system and name: raised now? One exposition at a time.
  };

  const Facades facades_;
  std::map<std::string, Served> by_wave_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  ServiceSettings settings_;
  http::ApiKeys keys_;
  const int workers_of_wave_;  // One wave's slow ERPs must leave workers for the others.
  http::Router channel_router_;
  http::Router ops_router_;
  std::unique_ptr<http::Server> channel_;
  std::unique_ptr<http::Server> ops_;
};

}  // namespace underpin::facade::api
