#pragma once

#include "contracts/call_context.h"
#include "legacy-adapters/iseries_batch/receiver.h"
#include "legacy-adapters/iseries_batch/records.h"
#include "legacy-adapters/transport/file_drop/outbox.h"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// A write's way: kept in state.db, sent in a file, answered by a status file. Any method from any
// thread.
class Exchange {
 public:
  Exchange(const Settings& settings, const std::string& system, const std::string& state_folder,
           ExchangeGuard& guard, State& state, Receiver& receiver, std::function<Timestamp()> now);

  // Keeps and sends the write, and waits for its answer as long as the settings say. The request as
  // it is then: `sent` (or, where writes are collected, `kept`) is pending. Throws Failure:
  // rejected, a value does not fit its field; unavailable, nothing was sent and nothing is kept,
  // the batch job wants it later, or what was sent before is not known as a whole.
  Request submit(Request draft, const std::vector<Record>& records, const CallContext& context);
  // Waits again for one that was sent before. What the batch job wants later stays kept: somebody
  // may count on it.
  Request await(const Request& request, const CallContext& context);

  // Sends what is kept: the collection, and what was put off.
  Status send_kept();
  Status reachable() const;
  // Before anything is read: what another process works with is not known here. Throws unavailable.
  void must_hold();
  // Before anything is said to be absent. Throws unavailable: that is not known.
  void must_know_all();
  std::vector<Alarm> alarms(Timestamp now);

 private:
  Status send(FileKind kind);
  bool may_be_sent(const OutFile& file);
  std::optional<Request> answered(std::int64_t seq, const CallContext& context, bool withdraw);

  const Settings& settings_;
  ExchangeGuard& guard_;
  State& state_;
  Receiver& receiver_;
  const std::function<Timestamp()> now_;
  std::mutex sending_;
  Timestamp forgotten_;  // When answered writes were forgotten last; the task that sends does it.
  file_drop::Outbox outbox_;
};

// The error of a refusal; `lines` are the numbers of the lines in the document that was sent.
Error refusal_of(const Request& request, const std::vector<int>& lines = {});

}  // namespace underpin::legacy::iseries_batch
