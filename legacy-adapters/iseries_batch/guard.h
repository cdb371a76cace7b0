#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/iseries_batch/settings.h"
#include "legacy-adapters/iseries_batch/state.h"
#include "legacy-adapters/transport/file_drop/durable.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// Who works with an exchange, and whether state.db knows everything that was sent there. In the
// outbound folder lie `.underpin.lock`, which one process holds, and `.underpin.sent`, the highest
// numbers that were ever sent. A state.db that knows less is an older one (or a new one): what was
// sent since is lost to it. Until the batch job has answered each lost number, or was silent about
// them for `lost_after_minutes`, nothing is sent and an empty look-up proves nothing. Any method
// from any thread.
class ExchangeGuard {
 public:
  ExchangeGuard(const Settings& settings, std::filesystem::path inbound_state, State& state,
                std::function<Timestamp()> now);

  // From then on to the end of the process. unavailable: another process works with the exchange,
  // or its folder cannot be used. The first time, files of the archive that the register of what
  // was taken in does not know, and those that other processes had claimed, go back into the
  // inbound folder.
  Status hold();
  // Whether a write may be sent, and an empty look-up proves absence. unavailable: it does not, and
  // why.
  Status knows_all();
  // Before a file is sent: its numbers, durably. unavailable: nothing may be sent.
  Status mark(const Numbers& sent);
  // The inbound folder was read to its end.
  void took_all();

  // Whether knows_all() would refuse because of what is lost, as far as is known without asking.
  bool in_doubt() const { return in_doubt_; }
  std::vector<Alarm> alarms();

 private:
  Status take_hold();
  std::optional<LostWrites> lost();
  Result<Numbers> marked() const;
  int put_back() const;

  const Settings& settings_;
  const std::filesystem::path inbound_state_;
  State& state_;
  const std::function<Timestamp()> now_;
  const std::filesystem::path mark_;
  std::mutex mutex_;
  std::optional<file_drop::Descriptor> lock_;
  Numbers last_marked_;
  std::string not_held_;  // Why the last attempt failed.
  std::atomic<bool> held_{false};
  std::atomic<bool> rereading_{false};
  std::atomic<bool> in_doubt_{false};
};

}  // namespace underpin::legacy::iseries_batch
