#pragma once

#include "facade/customers.h"
#include "facade/reconcile_desk.h"
#include "facade/write_life.h"

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace underpin::facade {

// What is to be done about one subject that differs.
struct RepairStep {
  // "put_customer", "adjust_stock", "publish_prices", "follow_order", "place_order"; empty:
  // nothing, because of `stays`.
  std::string action;
  Side to = Side::cloud;
  std::string stays;
};

// Subjects that are alike, and what would be done about them.
struct RepairClass {
  std::string kind;  // Of the first difference of each.
  RepairStep step;
  std::int64_t subjects = 0;
  std::vector<std::string> samples;  // The first five.
};

struct Repair {
  std::int64_t reconciliation = 0;
  std::string state = "queueing";  // Then "checking", what was queued again; "done" or "stopped".
  std::set<std::string> kinds;     // Of differences; empty: all.
  std::string actor;
  std::string reason;
  Timestamp started_at;
  Timestamp ended_at;
  Timestamp check_until;  // What is not delivered by then counts as not repaired.
  std::string waits;
  std::int64_t offset = 0;  // In the file of differences.
  std::int64_t queued = 0;
  std::int64_t level = 0;   // Nothing differed any more when their turn came.
  std::int64_t stayed = 0;  // Nothing that the facade may do.
  std::int64_t repaired = 0;
  std::int64_t still_different = 0;
  bool running() const { return state == "queueing" || state == "checking"; }
};
json::Value to_json(const Repair& repair);

// `underpin repair`: brings one side to what the other says, subject by subject, through the outbox
// like every other delivery: documents by their home, states by the side that rules. Each subject
// is read again before, and once more when everything was delivered. Writes nothing to the side
// that rules, and nothing where the plan does not write. One repair for each reconciliation.
// Threads: any; run() by one caller at a time.
class RepairDesk {
 public:
  RepairDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans, AuditTrail& audit,
             WriteLife& writes, OrderFacade& orders, const ReconcileDesk& reconciliations,
             const FieldOwners& fields, Now now, std::function<void()> wake);

  // Asks no ERP. Errors: not_found, conflict (it is not done).
  Result<std::vector<RepairClass>> plan(std::int64_t reconciliation,
                                        const std::set<std::string>& kinds) const;
  // Errors: those of plan(); conflict also when it was repaired before, or another repair runs.
  Result<Repair> start(std::int64_t reconciliation, const std::set<std::string>& kinds,
                       const Act& act);
  Result<Repair> stop(std::int64_t reconciliation, const Act& act);
  Result<Repair> get(std::int64_t reconciliation) const;

  // One round; true: there is more to do at once.
  bool run();

 private:
  using Differences = std::vector<parity::reconcile::Difference>;

  Result<Reconciliation> done_one(std::int64_t id) const;
  Result<RepairStep> judge(Capability capability, const Differences& differences) const;
  Result<RepairStep> judge_state(Capability capability, const Differences& differences) const;
  Result<RepairStep> judge_order(const Differences& differences) const;
  Status step(Repair& repair);
  Status queue(Repair& repair, const Reconciliation& reconciliation);
  Status queue_subject(Repair& repair, const Reconciliation& reconciliation,
                       const Differences& seen, std::int64_t next_offset);
  // What is sent; nothing: there is nothing to send any more.
  Result<std::optional<journal::NewOutboxRow>> row_for(const Repair& repair, Capability capability,
                                                       const Differences& differences,
                                                       const RepairStep& step) const;
  Status check(Repair& repair, const Reconciliation& reconciliation);
  Status finish(Repair& repair);
  Status save(const Repair& repair);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  AuditTrail& audit_;
  WriteLife& writes_;
  OrderFacade& orders_;
  const ReconcileDesk& reconciliations_;
  const FieldOwners& fields_;
  const Now now_;
  const std::function<void()> wake_;
  std::atomic<bool> active_{true};  // Something may run; looked for now and then all the same.
  Timestamp next_at_;               // run() alone, as is the next.
  Timestamp look_at_;
};

}  // namespace underpin::facade
