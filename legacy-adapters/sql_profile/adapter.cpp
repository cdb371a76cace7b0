#include "legacy-adapters/transport/profile/adapter.h"

#include "legacy-adapters/sql_profile/runner.h"
#include "legacy-adapters/sql_profile/settings.h"
#include "legacy-adapters/transport/profile/trial.h"

namespace underpin {
namespace {

using namespace legacy;

Result<std::unique_ptr<ErpAdapter>> make(const AdapterSettings& adapter, profile::Recorder record) {
  auto settings = sql_profile::read_settings(adapter.settings_json, adapter.system);
  if (!settings) return settings.error();
  auto loaded = profile::Profile::load(settings->profile, sql_profile::SqlKind{});
  if (!loaded.profile)
    return profile::bad_profile(settings->profile, loaded.faults, adapter.system);
  auto runner = std::make_shared<sql_profile::Runner>(loaded.profile, settings->odbc);
  return std::unique_ptr<ErpAdapter>(std::make_unique<profile::Adapter>(
      loaded.profile, std::move(runner), adapter.system, std::move(record)));
}

}  // namespace

Result<std::unique_ptr<ErpAdapter>> make_sql_profile_adapter(const AdapterSettings& adapter) {
  return make(adapter, {});
}

ProfileTools sql_profile_tools() {
  return profile::tools_of(std::make_shared<sql_profile::SqlKind>(), "sql_profile", make);
}

}  // namespace underpin
