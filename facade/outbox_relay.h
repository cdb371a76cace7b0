#pragma once

#include "facade/comparisons.h"
#include "facade/demand.h"
#include "facade/field_owners.h"
#include "facade/orders.h"
#include "facade/write_life.h"

#include <functional>
#include <map>
#include <string>

namespace underpin::facade {

struct RelaySettings {
  int batch = 64;                     // Rows looked at in one pass, each of another subject.
  int parallel = 4;                   // Deliveries at once to one system.
  std::int64_t give_up_ms = 10'000;   // Total deadline of one delivery.
  std::int64_t backoff_min_ms = 100;  // Doubles with every attempt.
  std::int64_t backoff_max_ms = 30'000;
};

// Delivers outbox rows: mirrors to the other ERP, releases to the home. In order per subject, with
// the key of the write, at least once; receivers recognise what they have. What the receiver
// refuses becomes a dead letter and an outcome mismatch; the channel never notices. Threads: one
// caller per side at a time.
class OutboxRelay {
 public:
  OutboxRelay(const Systems& systems, journal::Journal& journal, OrderFacade& orders,
              Comparisons& comparisons, UndeliveredDemand& demand, SubjectLocks& locks, Now now,
              OnStep on_step, RelaySettings settings, const FieldOwners& fields);

  // One pass over what is due; returns how many rows were delivered.
  int deliver_due(Side side);
  // Rebuilds the demand that receivers lack, after a start.
  Status load_demand();

 private:
  // What a delivery adds to the transaction that ticks the row off.
  using Effect = std::function<void(journal::JournalTransaction&)>;
  using Deliver = Result<Effect> (OutboxRelay::*)(const journal::OutboxRow&, const WriteContext&);

  // What this replica may send now, and until when: each row claimed. `attempts` counts a sender
  // that had it before, perhaps this process, and did not say what became of it.
  std::vector<journal::OutboxRow> claim_due(Side side, Deadline& until);
  bool deliver(const journal::OutboxRow& row, Deadline until);
  // Changes of a copy do nothing once a person has given the copy up: `mirrored` is off then.
  Result<Effect> place_order(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> release_order(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> amend_order(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> cancel_order(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> follow_order(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> put_customer(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> adjust_stock(const journal::OutboxRow& row, const WriteContext& context);
  // Looks only.
  Result<Effect> verify_posting(const journal::OutboxRow& row, const WriteContext& context);
  Result<Effect> publish_prices(const journal::OutboxRow& row, const WriteContext& context);
  Result<journal::DocumentRecord> document_of(const journal::OutboxRow& row) const;
  static const std::map<std::string, Deliver>& table();

  const Systems& systems_;
  journal::Journal& journal_;
  OrderFacade& orders_;
  Comparisons& comparisons_;
  UndeliveredDemand& demand_;
  SubjectLocks& locks_;
  Now now_;
  OnStep on_step_;
  RelaySettings settings_;
  const FieldOwners& fields_;
};

}  // namespace underpin::facade
