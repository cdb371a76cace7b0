#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/edi_profile/taking.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <functional>
#include <istream>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::legacy::edi_profile {

// Takes the partner's files in: what their sets tell goes into the state, and what they deserve as
// an answer, a 997 or a CONTRL, into the files that wait to be sent. Any method from any thread;
// one poll at a time.
class Inbound {
 public:
  Inbound(const Settings& settings, const profile::Profile& profile, const std::string& system,
          const std::string& state_folder, State& state, std::function<Timestamp()> now);

  // unavailable: the folder cannot be read.
  Status poll(Deadline deadline);
  // The same, unless somebody else is at it.
  void try_poll(Deadline deadline);
  std::vector<Alarm> alarms() const;

 private:
  Status poll_locked(Deadline deadline);
  file_drop::Verdict apply(const file_drop::ClaimedFile& file);
  void write_refusals(const file_drop::ClaimedFile& file, const std::vector<Refusal>& refusals,
                      std::size_t count) const;

  const Settings& settings_;
  State& state_;
  const std::function<Timestamp()> now_;
  DocumentReaders readers_;
  std::mutex mutex_;
  file_drop::Inbox inbox_;
};

// The name of a file with this control number.
std::string file_name(std::int64_t control, bool edifact);
// Nine digits.
std::string control_text(std::int64_t control);

}  // namespace underpin::legacy::edi_profile
