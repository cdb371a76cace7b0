#include "legacy-adapters/transport/profile/adapter.h"

#include "legacy-adapters/sql_profile/runner.h"
#include "legacy-adapters/sql_profile/settings.h"
#include "legacy-adapters/transport/profile/trial.h"

namespace underpin {
namespace {

using namespace legacy;

// The first faults of a profile, as one error: `underpin profile check` tells all of them.
Error bad_profile(const std::string& folder, const std::vector<profile::Fault>& faults,
                  const std::string& system) {
  Error error{ErrorCode::invalid_request, "the profile " + folder + " is not valid", system};
  for (const profile::Fault& fault : faults) {
    if (error.fields.size() == 20) break;
    error.fields.push_back({fault.file + "#" + fault.pointer, fault.rule});
  }
  if (!faults.empty())
    error.message += ": " + faults[0].file + " " + faults[0].pointer + " " + faults[0].rule;
  return error;
}

Result<std::unique_ptr<ErpAdapter>> make(const AdapterSettings& adapter, profile::Recorder record) {
  auto settings = sql_profile::read_settings(adapter.settings_json, adapter.system);
  if (!settings) return settings.error();
  auto loaded = profile::Profile::load(settings->profile, sql_profile::SqlKind{});
  if (!loaded.profile) return bad_profile(settings->profile, loaded.faults, adapter.system);
  auto runner = std::make_shared<sql_profile::Runner>(loaded.profile, settings->odbc);
  return std::unique_ptr<ErpAdapter>(std::make_unique<profile::Adapter>(
      loaded.profile, std::move(runner), adapter.system, std::move(record)));
}

}  // namespace

Result<std::unique_ptr<ErpAdapter>> make_sql_profile_adapter(const AdapterSettings& adapter) {
  return make(adapter, {});
}

ProfileTools sql_profile_tools() {
  ProfileTools tools;
  tools.kind = "sql";
  tools.adapter = "sql_profile";
  tools.check = [](const std::string& folder) {
    return profile::Profile::load(folder, sql_profile::SqlKind{}).faults;
  };
  tools.attempt = [](const ProfileTrial& trial) { return profile::attempt(trial, make); };
  tools.content = [](const std::string& settings_json) {
    const auto settings = json::parse_with_comments(settings_json);
    return settings ? profile::content_of(settings->get("profile").text()) : std::string();
  };
  return tools;
}

}  // namespace underpin
