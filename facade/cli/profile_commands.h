#pragma once

#include "facade/cli/commands.h"

#include <CLI/CLI.hpp>

namespace underpin::facade::cli {

// `underpin profile check DIR` and `underpin profile try DIR OPERATION`. No facade is needed.
void add_profile_commands(CLI::App& app, const Adapters& adapters, int& code);

}  // namespace underpin::facade::cli
