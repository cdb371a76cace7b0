#pragma once

#include "facade/cli/commands.h"
#include "facade/config.h"

#include <memory>
#include <string>
#include <vector>

namespace underpin::facade::cli {

// The configuration and the systems of its waves, not serving yet.
struct Composition {
  Config config;
  std::vector<Systems> systems;  // As config.waves.
};

// Reads the configuration and makes an adapter for each system of each wave. An ERP that is down is
// no error here; a setting that is wrong is.
Result<std::unique_ptr<Composition>> compose(const std::string& config_file,
                                             const Adapters& adapters);

// One for each wave, as config.waves; takes the systems over. An error names the wave.
Result<std::vector<std::unique_ptr<Facade>>> open_facades(Composition& composition);

}  // namespace underpin::facade::cli
