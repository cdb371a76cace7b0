#pragma once

#include "contracts/capability.h"
#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"
#include "legacy-adapters/transport/told/state.h"

#include <istream>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::legacy::told {

// What of a file could not be applied, one line for a person each: the first thousand are kept.
struct Refusals {
  std::vector<std::string> list;
  std::size_t count = 0;
  void add(std::string text) {
    if (++count <= 1'000) list.push_back(std::move(text));
  }
};

// Thrown while a file is read: what it has said is undone, and it goes to quarantine as a whole.
struct Held {
  std::string reason;
};

// Takes files in: each within one transaction of the state, all of it or nothing. Any method from
// any thread; one poll at a time.
class Inbound {
 public:
  // `hold_bad_files`: a refusal holds the whole file; otherwise the rest of it counts.
  Inbound(file_drop::Settings drop, bool hold_bad_files, State& state)
      : state_(state), hold_bad_files_(hold_bad_files), inbox_(std::move(drop)) {}
  virtual ~Inbound() = default;

  // unavailable: the folder cannot be read, or a file could not be taken in and is tried again, and
  // those behind it wait.
  Status poll(Deadline deadline);
  // The same, unless somebody else is at it.
  void try_poll(Deadline deadline);
  std::vector<Alarm> alarms() const;
  // What a file is about, by its name.
  virtual Capability about(std::string_view) const { return Capability::orders; }

 protected:
  // The state whose transaction a file is read in.
  virtual State& state_of(const file_drop::ClaimedFile&) { return state_; }
  // Throws Held, or whatever else means that the file is tried again later.
  virtual void read(const file_drop::ClaimedFile& file, std::istream& input,
                    StateDatabase& database, Refusals& refusals) = 0;

 private:
  Status poll_locked(Deadline deadline);
  file_drop::Verdict apply(const file_drop::ClaimedFile& file);
  void write_refusals(const file_drop::ClaimedFile& file, const Refusals& refusals) const;

  State& state_;
  const bool hold_bad_files_;
  std::mutex mutex_;
  file_drop::Inbox inbox_;
};

}  // namespace underpin::legacy::told
