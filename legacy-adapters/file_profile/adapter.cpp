#include "legacy-adapters/transport/profile/adapter.h"

#include "legacy-adapters/file_profile/runner.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/profile/trial.h"

namespace underpin {
namespace {

using namespace legacy;

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

Result<std::unique_ptr<ErpAdapter>> make(const AdapterSettings& adapter, profile::Recorder record) {
  auto settings = file_profile::read_settings(adapter.settings_json);
  if (!settings) return settings.error();
  auto loaded = file_profile::load(settings->profile);
  if (!loaded.profile)
    return profile::bad_profile(settings->profile, loaded.faults, adapter.system);
  const std::string state =
      adapter.state_folder.empty() ? settings->state_folder : adapter.state_folder;
  if (state.empty())
    return Error{ErrorCode::invalid_request, "state_folder must name a folder to try with",
                 adapter.system};
  return profile::guarded(
      adapter.system, ErrorCode::internal, [&]() -> std::unique_ptr<ErpAdapter> {
        auto runner = std::make_shared<file_profile::Runner>(loaded.profile, *settings,
                                                             adapter.system, state, now);
        return std::make_unique<profile::Adapter>(loaded.profile, std::move(runner), adapter.system,
                                                  std::move(record));
      });
}

}  // namespace

Result<std::unique_ptr<ErpAdapter>> make_file_profile_adapter(const AdapterSettings& adapter) {
  return make(adapter, {});
}

ProfileTools file_profile_tools() {
  ProfileTools tools =
      profile::tools_of(std::make_shared<file_profile::FileKind>(), "file_profile", make);
  tools.check = [](const std::string& folder) { return file_profile::load(folder).faults; };
  return tools;
}

}  // namespace underpin
