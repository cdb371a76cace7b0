#pragma once

#include "contracts/capability.h"
#include "facade/audit.h"
#include "facade/clock.h"

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// Refuses channel calls of a capability, or of all, at once. It never re-routes, and it needs
// nothing that may be down: it rules in memory, keeps itself in a small file beside the journal so
// that a restart keeps it, and goes to the journal (audit log, other replicas) when that answers.
// Threads: any.
class KillSwitch {
 public:
  struct State {
    bool killed = false;
    std::string reason;
    std::string actor;
    Timestamp at;  // Of the last change; zero: never changed.
  };
  // Of a capability; the last one is `all`.
  static constexpr std::size_t all = all_capabilities.size();
  static std::optional<std::size_t> parse_target(std::string_view text);
  static std::string target_name(std::size_t target);

  KillSwitch(std::string file, Now now) : file_(std::move(file)), now_(std::move(now)) {}

  // What an earlier process left. An error, not a guess, when the file cannot be read.
  Status load();
  // In force when this returns, whatever it returns. An error: it would not survive a restart.
  Status set(std::size_t target, bool killed, const std::string& actor, const std::string& reason);
  // Why a call must be refused; nothing: it may pass.
  std::optional<State> refusal(Capability capability) const;
  State state(std::size_t target) const;

  // Brings changes to the journal, with their audit entries, and takes those of other replicas.
  // Repeating it does nothing; false: the journal does not answer.
  bool meet_journal(journal::Journal& journal, AuditTrail& audit);
  bool audit_pending() const;

 private:
  struct Pending {
    std::size_t target = 0;
    State state;
  };
  Status save(const std::lock_guard<std::mutex>& lock);
  void apply(const std::lock_guard<std::mutex>& lock, std::size_t target, State state);

  const std::string file_;
  const Now now_;
  std::atomic<unsigned> killed_{0};  // One bit each: the door looks at nothing else.
  mutable std::mutex mutex_;
  std::array<State, all + 1> states_;
  std::vector<Pending> pending_;
};

}  // namespace underpin::facade
