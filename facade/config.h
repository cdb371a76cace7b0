#pragma once

#include "contracts/json/json_text.h"
#include "facade/facade.h"

#include <map>
#include <string>
#include <vector>

namespace underpin::facade {

// The static settings: one JSON file (comments allowed), contracts/schemas/config.schema.json. An
// unknown key refuses to start. What changes while running (the cutover plan) is not here.

struct ListenerConfig {
  std::string address = "127.0.0.1";
  int port = 8080;
  int workers = 16;
  int queue_limit = 256;
  std::int64_t request_budget_ms = 10'000;  // Total for what one request asks of ERPs.
  std::int64_t body_limit_bytes = 1'048'576;
  int connection_limit = 10'000;
};

// A key as it is stored: never the key itself. See `underpin keys hash`.
struct KeyConfig {
  std::string subject;  // Who: "web", "ada@example.com".
  std::string role;     // "channel", "architect", "approver", "qa", "finance", "operator".
  std::string channel;  // For the role channel: its namespace.
  std::string hash;     // "sha256:<salt hex>:<digest hex>"
  std::string wave;     // For the role channel: the one wave that it calls; always filled in.
  std::vector<std::string> waves;  // For the other roles: no wave but these; empty: every one.
};

struct SystemConfig {
  std::string adapter;        // "dynamics_nav"
  std::string settings_json;  // Checked against the adapter's own schema.
  GuardSettings guard;
};

// One wave: two systems that no other wave has, and the common settings with what it says
// otherwise.
struct WaveConfig {
  std::string name;
  std::string legacy_system;
  std::string cloud_system;
  FacadeSettings facade;  // Complete: state folder, schema and name are the wave's own.
};

// The name of the wave whose state lies where it did before there were several.
inline constexpr const char* first_wave = "default";
// stateFolder/waves/NAME, or for `default` the stateFolder itself.
std::string wave_folder(const std::string& state_folder, const std::string& wave);

struct Config {
  std::string folder;  // Of the file: relative paths are relative to it.
  std::string state_folder;
  std::string log_level = "info";
  ListenerConfig channel_listener;
  ListenerConfig ops_listener;
  std::vector<KeyConfig> keys;
  std::map<std::string, SystemConfig> systems;
  FacadeSettings
      facade;  // Common to all waves. Its `postgres` is the store, if that is not SQLite.
  std::vector<WaveConfig> waves;  // By name; at least one.
};

// Errors name the field and the rule. `adapter_schema` gives the settings schema of an adapter,
// empty for an unknown one. ${NAME} in any text is taken from the environment, so that a file can
// be kept without secrets and ports.
Result<Config> read_config(const std::string& file,
                           const std::function<std::string_view(std::string_view)>& adapter_schema);

// Refuses a state folder with the journal of a wave that the configuration does not name: what was
// acknowledged there would neither be delivered nor known.
Status check_state_folder(const Config& config);

}  // namespace underpin::facade
