#pragma once

#include "facade/api/api_call.h"
#include "facade/facade.h"
#include "facade/http/api_keys.h"
#include "facade/http/router.h"
#include "facade/http/server.h"
#include "facade/telemetry/log.h"
#include "facade/telemetry/metrics.h"

#include <memory>
#include <optional>
#include <string>

namespace underpin::facade::api {

struct ServiceSettings {
  http::ServerSettings channel_listener;
  http::ServerSettings ops_listener;
  std::int64_t channel_budget_ms = 10'000;
  std::int64_t ops_budget_ms = 30'000;
  std::vector<http::ApiKeySettings> keys;
};

// The two listeners over one facade: the channel API under /v1, the ops API under /ops/v1 with
// /livez, /readyz and /metrics without a key. Threads: start() and stop() from one, the rest any.
class Service {
 public:
  static Result<std::unique_ptr<Service>> make(Facade& facade, telemetry::Log& log,
                                               telemetry::Metrics& metrics,
                                               ServiceSettings settings);
  // Errors name the listener whose port is taken.
  Status start();
  // No new requests; what is in progress is answered, until the deadline. True: nothing was cut.
  bool stop(Deadline deadline);
  int channel_port() const { return channel_->port(); }
  int ops_port() const { return ops_->port(); }

 private:
  Service(Facade& facade, telemetry::Log& log, telemetry::Metrics& metrics,
          ServiceSettings settings, http::ApiKeys keys);
  void add(http::Router& router, const ApiRoute& route, bool channel);
  http::Response serve(const http::Router& router, const http::Request& request);
  std::optional<Answer> switched_off(const std::string& operation);
  void collect();

  Facade& facade_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  ServiceSettings settings_;
  http::ApiKeys keys_;
  http::Router channel_router_;
  http::Router ops_router_;
  std::unique_ptr<http::Server> channel_;
  std::unique_ptr<http::Server> ops_;
};

}  // namespace underpin::facade::api
