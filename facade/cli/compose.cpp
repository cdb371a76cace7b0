#include "facade/cli/compose.h"

#include <filesystem>

namespace underpin::facade::cli {
namespace {

Result<ErpSystem> make_system(const std::string& name, const Config& config,
                              const Adapters& adapters) {
  const SystemConfig& settings = config.systems.at(name);
  const auto factory = adapters.registry.find(settings.adapter);
  if (factory == adapters.registry.end())
    return Error{ErrorCode::invalid_request, "no adapter is called " + settings.adapter};
  AdapterSettings given;
  given.system = name;
  given.settings_json = settings.settings_json;
  given.state_folder = config.state_folder + "/" + name;
  std::error_code failed;
  std::filesystem::create_directories(given.state_folder, failed);
  if (failed)
    return Error{ErrorCode::invalid_request,
                 given.state_folder + " cannot be made: " + failed.message()};
  auto adapter = factory->second(given);
  if (!adapter) {
    Error error = adapter.error();
    error.message = "system " + name + ": " + error.message;
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
  const Config& read = composition->config;
  auto legacy = make_system(read.legacy_system, read, adapters);
  if (!legacy) return legacy.error();
  auto cloud = make_system(read.cloud_system, read, adapters);
  if (!cloud) return cloud.error();
  composition->systems.legacy = std::move(legacy).value();
  composition->systems.cloud = std::move(cloud).value();
  for (const KeyConfig& key : read.keys)
    if (!key.channel.empty()) composition->systems.channels.insert(key.channel);
  return composition;
}

Result<std::unique_ptr<Facade>> open_facade(Composition& composition) {
  return Facade::open(std::move(composition.systems), composition.config.facade);
}

}  // namespace underpin::facade::cli
