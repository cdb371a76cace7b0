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
};

struct SystemConfig {
  std::string adapter;        // "dynamics_nav"
  std::string settings_json;  // Checked against the adapter's own schema.
  GuardSettings guard;
};

struct Config {
  std::string folder;  // Of the file: relative paths are relative to it.
  std::string state_folder;
  std::string log_level = "info";
  ListenerConfig channel_listener;
  ListenerConfig ops_listener;
  std::vector<KeyConfig> keys;
  std::map<std::string, SystemConfig> systems;
  std::string legacy_system;  // Of the default wave.
  std::string cloud_system;
  std::string parity_rules_file;
  FacadeSettings facade;  // Its `postgres` is the store, when that is not SQLite.
};

// Errors name the field and the rule. `adapter_schema` gives the settings schema of an adapter,
// empty for an unknown one. ${NAME} in any text is taken from the environment, so that a file can
// be kept without secrets and ports.
Result<Config> read_config(const std::string& file,
                           const std::function<std::string_view(std::string_view)>& adapter_schema);

}  // namespace underpin::facade
