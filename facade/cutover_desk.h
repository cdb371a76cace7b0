#pragma once

#include "cutover/transition.h"
#include "facade/audit.h"
#include "facade/catch_up.h"
#include "facade/cutover_facts.h"
#include "facade/plan_book.h"
#include "facade/proposal.h"
#include "parity/ledger.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// What an architect sees of one capability.
struct CutoverStatus {
  cutover::Plan plan;
  std::string actor;
  std::string reason;
  Timestamp since;
  journal::Backlog backlog;
  journal::DocumentCounts documents;  // Of orders.
  CatchUpState catch_up_cloud;
  CatchUpState catch_up_legacy;
  // Live replicas that route by this version, and those that do not yet; empty: the only process.
  std::vector<std::string> taken_by;
  std::vector<std::string> waiting_for;
  std::vector<cutover::GuardReading> guards;  // Those that apply; empty: none is configured.
  RollbackValidity validity;
  std::string turning;              // Of customers: why they are not where the plan says yet.
  std::vector<std::string> frozen;  // By windows that are open now, in words.
};

// What a change would do, without doing it.
struct Outlook {
  cutover::Verdict verdict;
  cutover::Plan current;
  cutover::Plan next;  // As it would be published; the current one when it is not allowed.
  Preview preview;
};

// The body of a change of plan (cutover-change.schema.json). An error names the field.
Result<cutover::ChangeRequest> read_change(const json::Value& body, Capability capability);

// Why a change is made, and by whom.
struct Act {
  std::string actor;  // The token's subject.
  std::string reason;
  std::string change_reference = {};  // "CHG-4711"; the site's own.
};

// Where plans are changed: judged by cutover/transition.h on facts taken in the very transaction
// that publishes the new version and writes the audit log. What is refused is written there too.
// Threads: any.
class CutoverDesk {
 public:
  CutoverDesk(journal::Journal& journal, PlanBook& plans, AuditTrail& audit, parity::Ledger& ledger,
              CutoverSettings settings, Now now)
      : journal_(journal),
        plans_(plans),
        audit_(audit),
        ledger_(ledger),
        settings_(std::move(settings)),
        now_(std::move(now)) {}

  // As this process routes by it; asks nothing of the journal.
  cutover::Plan plan(Capability capability) const { return plans_.plan(capability); }
  Result<CutoverStatus> status(Capability capability) const;
  Result<std::vector<journal::PlanRecord>> history(Capability capability) const;

  // `expected` is the plan version the caller decided on (If-Match). Errors: conflict when it is
  // not the current one; rejected, with every reason, when the change is not allowed.
  Result<CutoverStatus> change(Capability capability, const cutover::ChangeRequest& request,
                               std::int64_t expected, const Act& act, bool force = false);
  // To the settings before the last forward step in force, or with `to` one whole stage back. One
  // person does, also where the two-person rule is on: the way out is never locked.
  Result<CutoverStatus> roll_back(Capability capability, std::int64_t expected, const Act& act,
                                  std::optional<cutover::Stage> to = std::nullopt);

  // Dry runs: the same judgement on the same facts; nothing is published or written.
  Result<Outlook> outlook(Capability capability, const cutover::ChangeRequest& request,
                          std::int64_t expected, bool force) const;
  Result<Outlook> rollback_outlook(Capability capability, std::int64_t expected,
                                   std::optional<cutover::Stage> to) const;
  Result<Preview> preview(Capability capability, cutover::Stage stage) const;

  // ---- proposals: the two-person rule, force, schedules (facade/proposals_desk.cpp)
  // `change` was read by read_change, or is {"transfer": …}, which read_transfer has read. A
  // proposal that needs no signature is approved at once.
  struct Wish {
    json::Value change;
    bool force = false;
    Timestamp not_before;  // Zero: published by hand.
    Timestamp not_after;   // Zero: 15 minutes after not_before.
  };
  Result<Proposal> propose(Capability capability, const Wish& wish, std::int64_t expected,
                           const Act& act);
  Result<std::vector<Proposal>> proposals(Capability capability) const;
  struct Approval {
    std::string role;  // Of the token: what the signature stands for.
    std::string subject;
    std::string reason;
    json::Value ceilings;  // Of the acceptor only; see set_ceilings.
    std::int64_t headroom_percent = 0;
  };
  Result<Proposal> approve(Capability capability, std::int64_t id, const Approval& approval);
  Result<Proposal> reject(Capability capability, std::int64_t id, const Act& act);
  Result<CutoverStatus> publish(Capability capability, std::int64_t id, const Act& act);
  // Publishes what is due; judged again. True: something was. One caller at a time is enough, more
  // do no harm.
  bool run_schedule();

  // A guard's breach, while the plan is at `expected`.
  Result<CutoverStatus> halt(Capability capability, std::int64_t expected,
                             const cutover::GuardReading& reading);
  // A person has looked at it. `births_by_plan`: new documents go by the plan again.
  Result<CutoverStatus> acknowledge(Capability capability, std::int64_t expected,
                                    bool births_by_plan, const std::string& actor,
                                    const std::string& reason);

  // What the guards say of a plan. Called outside of transactions; set before the first use.
  using ReadGuards = std::function<std::vector<cutover::GuardReading>(const cutover::Plan&)>;
  void read_guards(ReadGuards read) { read_guards_ = std::move(read); }

  // Whether the evidence is enough for a step to this stage; nothing: no gate is asked for. Called
  // outside of transactions; set before the first use.
  using ReadGate = std::function<std::optional<cutover::GateReading>(Capability, cutover::Stage)>;
  void read_gate(ReadGate read, bool enforced) {
    read_gate_ = std::move(read);
    gate_enforced_ = enforced;
  }

  // Open differences that approvals are bound to, where several replicas compare; otherwise those
  // of the ledger. Set before the first use.
  using ReadDifferences =
      std::function<Result<std::vector<parity::DifferenceClass>>(Capability, Timestamp since)>;
  void read_differences(ReadDifferences read) { read_differences_ = std::move(read); }

  // Begins the transfer of a published proposal, in its transaction. Set before the first use.
  using StartTransfer =
      std::function<std::optional<Error>(journal::JournalTransaction&, AuditTrail::Pen&, Capability,
                                         const json::Value& wish, const Act&)>;
  void start_transfers(StartTransfer start) { start_transfer_ = std::move(start); }

  // What a step that begins catching up would bring there. Called outside of transactions; set
  // before the first use.
  using LookAhead = std::function<Result<Bringing>(Capability, Side to)>;
  void look_ahead(LookAhead look) { look_ahead_ = std::move(look); }

 private:
  using Edit = std::function<std::optional<cutover::Plan>(const cutover::Plan&)>;
  Result<CutoverStatus> edit(Capability capability, const Edit& edit, std::int64_t expected,
                             const char* kind, const Act& act);
  using Judge = std::function<cutover::Verdict(const cutover::Plan&, const cutover::Facts&)>;
  struct Step {
    Judge judge;
    std::int64_t expected = 0;
    Act act;
    bool force = false;
    std::string refused_before;  // Not even judged: the two-person rule.
    json::Value detail;          // More for the audit log.
    std::vector<cutover::GuardReading> guards;
    std::optional<cutover::GateReading> gate;
  };
  // Publishes and writes the audit log, or writes there why not; nothing: it was published.
  std::optional<Error> publish_in(journal::JournalTransaction& tx, AuditTrail::Pen& pen,
                                  Capability capability, const Step& step);
  Result<CutoverStatus> publish_now(Capability capability, const Step& step);
  Result<Outlook> judged(Capability capability, const Step& step) const;
  Status add_bringing(Preview& preview, const cutover::Plan& plan,
                      const cutover::Rollout& next) const;
  // Of a change from where the plan is; a step back asks nobody.
  std::optional<cutover::GateReading> gate_for(Capability capability, cutover::Stage to) const;
  std::optional<cutover::GateReading> gate_of(const Step& step) const;
  std::string needs_two(Capability capability, bool force) const;
  std::optional<Error> unreferenced(const Act& act) const;
  Result<std::vector<parity::DifferenceClass>> open_classes(Capability capability) const;
  // One proposal, found and written back within one transaction.
  using Change = std::function<std::optional<Error>(journal::JournalTransaction&, AuditTrail::Pen&,
                                                    Proposal&)>;
  Result<Proposal> with_proposal(Capability capability, std::int64_t id, const Change& change);
  std::string book_name(Capability capability) const;

  // A change is complete when every live replica has taken it.
  void tell_replicas(const journal::JournalReader& reader, const cutover::Plan& plan,
                     CutoverStatus& status) const;
  Status take() { return journal_.shared() ? plans_.renew() : plans_.refresh(); }

  journal::Journal& journal_;
  PlanBook& plans_;
  AuditTrail& audit_;
  parity::Ledger& ledger_;
  const CutoverSettings settings_;
  const Now now_;
  ReadGuards read_guards_ = [](const cutover::Plan&) {
    return std::vector<cutover::GuardReading>{};
  };
  ReadGate read_gate_ = [](Capability, cutover::Stage) {
    return std::optional<cutover::GateReading>{};
  };
  bool gate_enforced_ = false;
  ReadDifferences read_differences_;
  StartTransfer start_transfer_;
  LookAhead look_ahead_;
};

}  // namespace underpin::facade
