#pragma once

#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/profile_tools.h"
#include "legacy-adapters/transport/profile/engine.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace underpin::legacy::profile {

// Makes the adapter of a profile that tells what it does.
using MakeTold = std::function<Result<std::unique_ptr<ErpAdapter>>(const AdapterSettings& settings,
                                                                   Recorder record)>;

// ProfileTools::attempt, for every kind of profile.
Result<std::string> attempt(const ProfileTrial& trial, const MakeTold& make);

// ProfileTools of one kind.
ProfileTools tools_of(std::shared_ptr<const Kind> kind, std::string adapter, MakeTold make);

// The first faults of a profile, as one error: `underpin profile check` tells all of them.
Error bad_profile(const std::string& folder, const std::vector<Fault>& faults,
                  const std::string& system);

// The bytes of a profile's files, each behind its name; empty when they cannot be read.
std::string content_of(const std::string& folder);

}  // namespace underpin::legacy::profile
