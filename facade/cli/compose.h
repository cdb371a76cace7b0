#pragma once

#include "facade/cli/commands.h"
#include "facade/config.h"

#include <memory>
#include <string>

namespace underpin::facade::cli {

// The configuration and its systems, not serving yet.
struct Composition {
  Config config;
  Systems systems;
};

// Reads the configuration and makes an adapter for each of its two systems. An ERP that is down is
// no error here; a setting that is wrong is.
Result<std::unique_ptr<Composition>> compose(const std::string& config_file,
                                             const Adapters& adapters);

// Takes the systems over.
Result<std::unique_ptr<Facade>> open_facade(Composition& composition);

}  // namespace underpin::facade::cli
