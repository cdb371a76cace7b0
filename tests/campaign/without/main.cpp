// The facade with one safety rule switched off, named by UNDERPIN_WITHOUT: what a campaign must
// miss.
#include "facade/cli/commands.h"
#include "facade/facade.h"
#include "facade/registered_adapters.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  const char* const given = std::getenv("UNDERPIN_WITHOUT");
  const std::string_view rule = given == nullptr ? "" : given;
  underpin::facade::cli::Adapters adapters;
  adapters.registry = underpin::registered_adapters();
  adapters.settings_schema = underpin::adapter_settings_schema;
  adapters.features = underpin::adapter_features;
  adapters.fingerprint = underpin::adapter_fingerprint;
  adapters.profile_tools = underpin::registered_profile_tools();
  if (rule == "resolver") {
    // Nobody looks up what became of a write.
    adapters.on_opened = [](underpin::facade::Facade& facade) {
      facade.writes().switch_resolver(false);
    };
  } else {
    std::fprintf(stderr, "UNDERPIN_WITHOUT names no rule: resolver\n");
    return 2;
  }
  return underpin::facade::cli::run(argc, argv, adapters);
}
