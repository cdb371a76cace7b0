#include "facade/api/service.h"
#include "facade/cli/commands.h"
#include "facade/cli/compose.h"
#include "facade/config.h"

#include <csignal>
#include <cstdio>
#include <thread>
#include <vector>

namespace underpin::facade::cli {

int serve(const ServeOptions& options, const Adapters& adapters) {
  // Signals are taken by sigwait below, in this thread; every thread started from here on inherits
  // the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto composed = compose(options.config, adapters);
  if (!composed) {
    std::fprintf(stderr, "underpin: %s\n", composed.error().message.c_str());
    return 2;
  }
  Composition& parts = *composed.value();
  telemetry::LogSettings log_settings;
  log_settings.level =
      telemetry::parse_level(parts.config.log_level == "warn" ? "warning" : parts.config.log_level)
          .value_or(telemetry::Level::info);
  auto log = telemetry::Log::open(log_settings);
  if (!log) {
    std::fprintf(stderr, "underpin: log: %s\n", log.error().message.c_str());
    return 2;
  }
  const std::size_t files = http::raise_open_file_limit();
  // A later `underpin audit verify` finds a cut tail by what the log says.
  telemetry::Metrics metrics;
  for (WaveConfig& wave : parts.config.waves) {
    api::measure(wave.facade, metrics);
    wave.facade.on_audit = [&log, name = wave.name](const journal::AuditRecord& record) {
      const auto level = (*log)->enabled(telemetry::Level::info) ? telemetry::Level::info
                                                                 : telemetry::Level::error;
      (*log)->write(level, "audit", {},
                    {{"wave", name}, {"audit_seq", record.seq}, {"audit_hash", record.hash}});
    };
  }
  auto facades = open_facades(parts);
  if (!facades) {
    std::fprintf(stderr, "underpin: %s\n", facades.error().message.c_str());
    return 2;
  }
  api::Facades serving;
  std::string waves;
  for (const auto& facade : *facades) {
    if (adapters.on_opened) adapters.on_opened(*facade);
    serving.push_back(facade.get());
    waves += (waves.empty() ? "" : " ") + facade->settings().wave;
  }

  api::ServiceSettings settings;
  const auto listener = [](const ListenerConfig& from) {
    http::ServerSettings to;
    to.address = from.address;
    to.port = from.port;
    to.workers = from.workers;
    to.queue_limit = static_cast<std::size_t>(from.queue_limit);
    to.body_limit_bytes = static_cast<std::size_t>(from.body_limit_bytes);
    to.connection_limit = static_cast<std::size_t>(from.connection_limit);
    return to;
  };
  settings.channel_listener = listener(parts.config.channel_listener);
  settings.ops_listener = listener(parts.config.ops_listener);
  settings.channel_budget_ms = parts.config.channel_listener.request_budget_ms;
  settings.ops_budget_ms = parts.config.ops_listener.request_budget_ms;
  for (const KeyConfig& key : parts.config.keys)
    settings.keys.push_back({key.subject, key.role, key.channel, key.hash, key.wave, key.waves});
  auto service = api::Service::make(serving, **log, metrics, std::move(settings));
  if (!service) {
    std::fprintf(stderr, "underpin: %s\n", service.error().message.c_str());
    return 2;
  }
  std::unique_ptr<api::Service> doors = std::move(service).value();
  const Status started = doors->start();
  if (!started) {
    std::fprintf(stderr, "underpin: %s\n", started.error().message.c_str());
    return 2;
  }
  for (Facade* facade : serving) facade->start();
  (*log)->info("serving", {},
               {{"waves", waves},
                {"channel_port", doors->channel_port()},
                {"ops_port", doors->ops_port()},
                {"open_files", static_cast<std::uint64_t>(files)}});
  std::printf("underpin serves: channel API on port %d, ops on port %d\n", doors->channel_port(),
              doors->ops_port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  (*log)->info("draining", {}, {{"signal", signal}});
  const bool whole = doors->stop(deadline_in(std::chrono::seconds(20)));
  // Side by side: what one wave's ERPs still have to answer keeps no other wave waiting.
  std::vector<std::thread> ending;
  for (Facade* facade : serving) ending.emplace_back([facade] { facade->stop(); });
  for (std::thread& thread : ending) thread.join();
  (*log)->info("stopped", {}, {{"everything_answered", whole}});
  return whole ? 0 : 1;
}

}  // namespace underpin::facade::cli
