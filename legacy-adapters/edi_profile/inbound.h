#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/edi_profile/documents.h"
#include "legacy-adapters/edi_profile/settings.h"
#include "legacy-adapters/edi_profile/state.h"
#include "legacy-adapters/transport/edi/x12_ack.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::legacy::edi_profile {

// Refused writes, and documents that cannot be applied: what a person has to look at.
struct Refusal {
  edi::Place place;
  std::string set;    // "855 0001"
  std::string field;  // Of the record or of the canonical document; empty: the whole.
  std::string reason;
};

// Takes the partner's files in: what their sets tell goes into the state, and what they deserve as
// an answer, a 997, into the files that wait to be sent. Any method from any thread; one poll at a
// time.
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
  class File;
  struct Reader {
    const profile::Document* document;
    SetIn in;
  };
  Status poll_locked(Deadline deadline);
  file_drop::Verdict apply(const file_drop::ClaimedFile& file);
  void write_refusals(const file_drop::ClaimedFile& file, const std::vector<Refusal>& refusals,
                      std::size_t count) const;

  const Settings& settings_;
  State& state_;
  const std::function<Timestamp()> now_;
  std::map<std::string, Reader> readers_;  // By set.
  std::mutex mutex_;
  file_drop::Inbox inbox_;
};

// The name of a file with this control number.
std::string file_name(std::int64_t control);
// Nine digits.
std::string control_text(std::int64_t control);

}  // namespace underpin::legacy::edi_profile
