#pragma once

#include "legacy-adapters/edi_profile/taking.h"

#include <functional>
#include <istream>
#include <memory>
#include <string>

namespace underpin::legacy::edi_profile {

// Takes the partner's files in: what their sets tell goes into the state, and what they deserve as
// an answer, a 997 or a CONTRL, into the files that wait to be sent. Any method from any thread;
// one poll at a time.
class Inbound final : public told::Inbound {
 public:
  Inbound(std::shared_ptr<const Settings> settings, const profile::Profile& profile,
          const std::string& system, const std::string& state_folder, told::State& state,
          std::function<Timestamp()> now);

 private:
  void read(const file_drop::ClaimedFile& file, std::istream& input, told::StateDatabase& database,
            told::Refusals& refusals) override;

  const std::shared_ptr<const Settings> settings_;
  const std::function<Timestamp()> now_;
  DocumentReaders readers_;
};

// The name of a file with this control number.
std::string file_name(std::int64_t control, bool edifact);
// Nine digits.
std::string control_text(std::int64_t control);

}  // namespace underpin::legacy::edi_profile
