#pragma once

#include "facade/audit.h"
#include "facade/cutover_desk.h"
#include "facade/transfer_order.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// Which open documents shall move, and where to. Exactly one of the three is given.
struct TransferWish {
  Side to = Side::cloud;
  bool all = false;
  std::optional<ChannelId> channel;        // Born in this channel.
  std::vector<journal::Subject> subjects;  // "web/100042"; at most 10,000.
};
// The body of a request (cutover-transfer.schema.json). An error names the field.
Result<TransferWish> read_transfer(const json::Value& body);

// Documents that are alike, and what would become of them by what the journal knows.
struct TransferGroup {
  std::string classes;  // "open", "part_shipped prepaid".
  std::string stays;    // Why they would stay; empty: they would move.
  std::int64_t count = 0;
  Money worth;
};
struct TransferPreview {
  std::vector<std::string> reasons;  // Why the transfer would be refused; empty: it would begin.
  std::vector<TransferGroup> groups;
  std::vector<journal::Subject> unknown;  // Asked for, and no document: the first 20.
};

struct TransferStatus {
  journal::TransferRecord record;
  std::map<std::string, std::int64_t> counts;  // By the state of the item.
  std::string pauses;                          // Why nothing moves just now; empty: it goes on.
};

// `underpin cutover transfer`: begins transfers, shows them, and carries them out, one document
// after the other, at the configured pace. Where orders move by two people a transfer is proposed,
// signed and published like a change of plan. Threads: any; run() by one caller at a time.
class TransferDesk {
 public:
  TransferDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
               AuditTrail& audit, WriteLife& writes, CutoverSettings settings,
               std::int64_t give_up_ms, Now now);

  // Asks no ERP: classes are those of the index, which the feeds keep fresh.
  Result<TransferPreview> preview(Capability capability, const TransferWish& wish) const;
  // Errors: rejected, with every reason, when it is not allowed.
  Result<TransferStatus> start(Capability capability, const TransferWish& wish, const Act& act);
  // The same within a transaction that publishes a proposal. Nothing: it has begun.
  std::optional<Error> start_in(journal::JournalTransaction& tx, AuditTrail::Pen& pen,
                                Capability capability, const TransferWish& wish, const Act& act,
                                std::int64_t& id) const;
  // Documents that are on their way come to an end; no further one begins.
  Result<TransferStatus> stop(std::int64_t id, const Act& act);

  Result<std::vector<TransferStatus>> list() const;  // The newest 50.
  Result<TransferStatus> status(std::int64_t id) const;
  Result<std::vector<journal::TransferItem>> items(std::int64_t id, const std::string& state,
                                                   const journal::Subject& after, int limit) const;

  // One round; true: something was done, and there is more to do at once.
  bool run();

 private:
  std::vector<std::string> refusals(const journal::JournalReader& reader, Capability capability,
                                    const TransferWish& wish) const;
  std::string paused(const journal::JournalReader& reader,
                     const journal::TransferRecord& record) const;
  bool list_documents(const journal::TransferRecord& record);
  bool move_one(const journal::TransferRecord& record, const journal::TransferItem& item);
  void finish(const journal::TransferRecord& record);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  AuditTrail& audit_;
  WriteLife& writes_;
  const CutoverSettings settings_;
  const std::int64_t give_up_ms_;
  const Now now_;
  Timestamp next_at_;  // Of the pace.
};

}  // namespace underpin::facade
