#include "legacy-adapters/transport/profile/adapter.h"

#include "legacy-adapters/edi_profile/runner.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/profile/trial.h"

namespace underpin {
namespace {

using namespace legacy;

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

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
  auto settings = edi_profile::read_settings(adapter.settings_json);
  if (!settings) return settings.error();
  auto loaded = profile::Profile::load(settings->profile, edi_profile::EdiKind{});
  if (!loaded.profile) return bad_profile(settings->profile, loaded.faults, adapter.system);
  if (const auto other =
          edi_profile::of_other_syntax(*loaded.profile, settings->edifact.has_value());
      !other.empty())
    return bad_profile(settings->profile, other, adapter.system);
  const std::string state =
      adapter.state_folder.empty() ? settings->state_folder : adapter.state_folder;
  if (state.empty())
    return Error{ErrorCode::invalid_request, "state_folder must name a folder to try with",
                 adapter.system};
  return profile::guarded(
      adapter.system, ErrorCode::internal, [&]() -> std::unique_ptr<ErpAdapter> {
        auto runner = std::make_shared<edi_profile::Runner>(loaded.profile, *settings,
                                                            adapter.system, state, now);
        return std::make_unique<profile::Adapter>(loaded.profile, std::move(runner), adapter.system,
                                                  std::move(record));
      });
}

}  // namespace

Result<std::unique_ptr<ErpAdapter>> make_edi_profile_adapter(const AdapterSettings& adapter) {
  return make(adapter, {});
}

ProfileTools edi_profile_tools() {
  ProfileTools tools;
  tools.kind = "edi";
  tools.adapter = "edi_profile";
  tools.check = [](const std::string& folder) {
    auto loaded = profile::Profile::load(folder, edi_profile::EdiKind{});
    if (loaded.profile)
      return edi_profile::of_other_syntax(*loaded.profile,
                                          edi_profile::is_edifact(*loaded.profile));
    return loaded.faults;
  };
  tools.attempt = [](const ProfileTrial& trial) { return profile::attempt(trial, make); };
  tools.content = [](const std::string& settings_json) {
    const auto settings = json::parse_with_comments(settings_json);
    return settings ? profile::content_of(settings->get("profile").text()) : std::string();
  };
  return tools;
}

}  // namespace underpin
