#include "facade/cli/compose.h"

#include "facade/digest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace underpin::facade::cli {
namespace {

Result<ErpSystem> make_system(const std::string& name, const WaveConfig& wave, const Config& config,
                              const Adapters& adapters) {
  const SystemConfig& settings = config.systems.at(name);
  const auto factory = adapters.registry.find(settings.adapter);
  if (factory == adapters.registry.end())
    return Error{ErrorCode::invalid_request, "no adapter is called " + settings.adapter};
  AdapterSettings given;
  given.system = name;
  given.settings_json = settings.settings_json;
  given.state_folder = wave.facade.state_folder + "/" + name;
  std::error_code failed;
  std::filesystem::create_directories(given.state_folder, failed);
  if (failed)
    return Error{ErrorCode::invalid_request,
                 given.state_folder + " cannot be made: " + failed.message()};
  auto adapter = factory->second(given);
  if (!adapter) {
    Error error = adapter.error();
    error.message = "wave " + wave.name + ", system " + name + ": " + error.message;
    return error;
  }
  ErpSystem system;
  system.name = name;
  system.adapter = std::move(adapter).value();
  system.guard = std::make_unique<Guard>(name, settings.guard);
  return system;
}

}  // namespace

Result<std::unique_ptr<Composition>> compose(const std::string& config_file,
                                             const Adapters& adapters) {
  auto config = read_config(config_file, adapters.settings_schema);
  if (!config) return config.error();
  auto composition = std::make_unique<Composition>();
  composition->config = std::move(config).value();
  std::ifstream file(config_file, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  for (WaveConfig& wave : composition->config.waves) {
    wave.facade.gate.configuration_hash = sha256_hex(bytes.str());
    for (const std::string& name : {wave.legacy_system, wave.cloud_system}) {
      const SystemConfig& system = composition->config.systems.at(name);
      auto& made_with = wave.facade.gate.made_with;
      if (adapters.fingerprint)
        made_with["adapter " + name] = std::string(adapters.fingerprint(system.adapter));
      made_with["settings " + name] = sha256_hex(system.settings_json);
      for (const ProfileTools& tools : adapters.profile_tools)
        if (tools.adapter == system.adapter)
          made_with["profile " + name] = sha256_hex(tools.content(system.settings_json));
    }
  }
  const Config& read = composition->config;
  const Status whole = check_state_folder(read);
  if (!whole) return whole.error();
  for (const WaveConfig& wave : read.waves) {
    auto legacy = make_system(wave.legacy_system, wave, read, adapters);
    if (!legacy) return legacy.error();
    auto cloud = make_system(wave.cloud_system, wave, read, adapters);
    if (!cloud) return cloud.error();
    Systems systems;
    systems.legacy = std::move(legacy).value();
    systems.cloud = std::move(cloud).value();
    for (const KeyConfig& key : read.keys)
      if (key.role == "channel" && key.wave == wave.name) systems.channels.insert(key.channel);
    composition->systems.push_back(std::move(systems));
  }
  return composition;
}

Result<std::vector<std::unique_ptr<Facade>>> open_facades(Composition& composition) {
  const Config& config = composition.config;
  std::vector<std::unique_ptr<Facade>> facades;
  // As check_state_folder, for what lies in PostgreSQL.
  const bool has_first =
      std::any_of(config.waves.begin(), config.waves.end(),
                  [](const WaveConfig& wave) { return wave.name == first_wave; });
  if (const auto& postgres = config.facade.postgres; postgres && !has_first) {
    const auto there = journal::postgres_journal_exists(*postgres);
    if (!there) return there.error();
    if (*there) {
      return Error{ErrorCode::invalid_request,
                   "the schema " + postgres->schema + " holds the journal of the wave " +
                       first_wave +
                       ", which the configuration does not name. A wave keeps its name; when it "
                       "is over, drop its schema"};
    }
  }
  for (std::size_t i = 0; i < config.waves.size(); ++i) {
    const WaveConfig& wave = config.waves[i];
    auto opened = Facade::open(std::move(composition.systems[i]), wave.facade);
    if (!opened) {
      Error error = opened.error();
      error.message = "wave " + wave.name + ": " + error.message;
      return error;
    }
    facades.push_back(std::move(opened).value());
  }
  return facades;
}

}  // namespace underpin::facade::cli
