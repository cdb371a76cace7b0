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

// The bytes of a profile's files, each behind its name; empty when they cannot be read.
std::string content_of(const std::string& folder);

}  // namespace underpin::legacy::profile
