#include "legacy-adapters/transport/profile/adapter.h"

#include "legacy-adapters/soap_profile/runner.h"
#include "legacy-adapters/transport/profile/trial.h"

namespace underpin {
namespace {

using namespace legacy;

Result<std::unique_ptr<ErpAdapter>> make(const AdapterSettings& adapter, profile::Recorder record) {
  auto settings = soap_profile::read_settings(adapter.settings_json, adapter.system);
  if (!settings) return settings.error();
  auto loaded = profile::Profile::load(settings->profile, soap_profile::SoapKind{});
  if (!loaded.profile)
    return profile::bad_profile(settings->profile, loaded.faults, adapter.system);
  try {
    auto runner =
        std::make_shared<soap_profile::Runner>(loaded.profile, std::move(settings).value());
    if (const auto missing = runner->missing_endpoints(); !missing.empty())
      return Error{ErrorCode::invalid_request,
                   "the profile names endpoint " + missing.front() +
                       ", which \"endpoints\" of the settings does not have",
                   adapter.system};
    return std::unique_ptr<ErpAdapter>(std::make_unique<profile::Adapter>(
        loaded.profile, std::move(runner), adapter.system, std::move(record)));
  } catch (const std::exception& failure) {  // A certificate that cannot be used.
    return Error{ErrorCode::invalid_request, failure.what(), adapter.system};
  }
}

}  // namespace

Result<std::unique_ptr<ErpAdapter>> make_soap_profile_adapter(const AdapterSettings& adapter) {
  return make(adapter, {});
}

ProfileTools soap_profile_tools() {
  return profile::tools_of(std::make_shared<soap_profile::SoapKind>(), "soap_profile", make);
}

}  // namespace underpin
