#pragma once

#include "legacy-adapters/file_profile/kind.h"
#include "legacy-adapters/transport/told/runner.h"

namespace underpin::legacy::file_profile {

// invalid_request, with pointers into the settings.
Result<told::ExchangeSettings> read_settings(std::string_view json);

// Carries the operations of a profile out with an ERP that takes and writes batch files: a write is
// one file. Any thread.
class Runner final : public told::Runner {
 public:
  Runner(const std::shared_ptr<const profile::Profile>& profile,
         const told::ExchangeSettings& settings, const std::string& system,
         const std::string& state_folder, const std::function<Timestamp()>& now);
};

}  // namespace underpin::legacy::file_profile
