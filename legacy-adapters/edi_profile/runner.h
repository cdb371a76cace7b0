#pragma once

#include "legacy-adapters/edi_profile/inbound.h"
#include "legacy-adapters/transport/told/runner.h"

namespace underpin::legacy::edi_profile {

// Carries the operations of a profile out with a trading partner: a write is an interchange. Any
// thread.
class Runner final : public told::Runner {
 public:
  Runner(const std::shared_ptr<const profile::Profile>& profile, const Settings& settings,
         const std::string& system, const std::string& state_folder,
         const std::function<Timestamp()>& now);

 private:
  Runner(const std::shared_ptr<const profile::Profile>& profile,
         const std::shared_ptr<const Settings>& settings, const std::string& system,
         const std::string& state_folder, const std::function<Timestamp()>& now);
};

}  // namespace underpin::legacy::edi_profile
