// The composition root: the only file that sees adapters.
#include "facade/cli/commands.h"
#include "facade/registered_adapters.h"

int main(int argc, char** argv) {
  underpin::facade::cli::Adapters adapters;
  adapters.registry = underpin::registered_adapters();
  adapters.settings_schema = underpin::adapter_settings_schema;
  adapters.features = underpin::adapter_features;
  adapters.fingerprint = underpin::adapter_fingerprint;
  adapters.profile_tools = underpin::registered_profile_tools();
  return underpin::facade::cli::run(argc, argv, adapters);
}
