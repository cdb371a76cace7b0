#pragma once

#include "contracts/call_context.h"
#include "cutover/transition.h"
#include "facade/audit.h"
#include "facade/comparisons.h"
#include "facade/evidence_share.h"
#include "facade/gate_settings.h"
#include "facade/gate_waivers.h"
#include "parity/evidence.h"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

struct AtRisk;  // facade/gate_money.h

// A gate as it was judged, with what it was judged on.
struct GateReport {
  Capability capability = Capability::orders;
  cutover::Stage to = cutover::Stage::cloud_primary;
  Timestamp at;
  bool enforced = false;
  parity::GateLimits limits;
  parity::GateFacts facts;
  parity::GateVerdict verdict;
  parity::Binding binding;  // What comparisons are made with, and since when.
  Timestamp evidence_since;
  std::string posting = "not_required";  // Of orders: PostingParity::state.
};

json::Value to_json(const GateReport& report);
// One line for each criterion: "mismatch_rate get_stock: 1 of 12, ... (below 0.1 %)".
std::string in_words(const parity::Criterion& criterion);
cutover::GateReading reading_of(const GateReport& report);

// Is the evidence enough for a step forward? The same function answers people and, before a
// transition, the cutover desk. Evidence lies with the ledger of comparisons; waivers and
// reconciliations in the journal. Threads: any.
class GateDesk {
 public:
  struct Parts {
    const Systems& systems;
    journal::Journal& journal;
    AuditTrail& audit;
    parity::Ledger& ledger;
    const Comparisons& comparisons;
  };
  // `differences_ms`: how far back an approval looks for open differences.
  GateDesk(Parts parts, std::string ledger_file, const std::string& ledger_key, std::string wave,
           GateSettings settings, std::int64_t differences_ms, Now now);

  // Notes what comparisons are made with from here on. Before the first of them.
  Status begin();
  // A channel's call, for legacy's own history of operations.
  void asked(Capability capability, const std::string& operation);
  // Brings what was counted to the ledger's file; often.
  void keep_counts();
  // Tells the other replicas what this one has compared (EvidenceShare::tell); often.
  Status tell(bool at_once = false);

  // Of what all replicas have compared; waits for their word. Asks the ERPs for the price basket:
  // never within a transaction. An error: what it rests on cannot be read, and then nothing passes.
  Result<GateReport> judge(Capability capability, cutover::Stage to, const CallContext& context);
  // What the cutover engine is told; nothing: the step needs no gate, or none is enforced.
  std::optional<cutover::GateReading> reading(Capability capability, cutover::Stage to,
                                              const CallContext& context);

  // Open differences of all replicas: what an approval is bound to. unavailable: one of them has
  // not told what it has compared.
  Result<std::vector<parity::DifferenceClass>> open_differences(Capability capability,
                                                                Timestamp since);

  Result<std::vector<Waiver>> waivers(Capability capability) const;
  // `waiver` without id, actor and time, with its step. Errors: invalid_request, with the field.
  Result<Waiver> waive(Capability capability, Waiver waiver, const std::string& actor);
  Result<Waiver> revoke(Capability capability, std::int64_t id, const std::string& actor,
                        const std::string& reason);

  const parity::EvidenceBook& book() const { return book_; }
  const parity::Binding& binding() const { return binding_; }
  const GateSettings& settings() const { return settings_; }

 private:
  std::map<std::string, std::string> made_with() const;
  // Adds what other replicas have compared; the criterion that all of them have told.
  Status add_others(Capability capability, const CallContext& context, parity::Evidence& evidence,
                    std::map<std::string, std::int64_t>& asked,
                    std::map<std::string, parity::KnownUse>& known, GateReport& report,
                    std::vector<parity::Criterion>& criteria);
  Status read_journal(Capability capability, parity::Evidence& evidence,
                      const std::map<std::string, std::int64_t>& asked, GateReport& report,
                      AtRisk& risk) const;

  const Parts parts_;
  parity::EvidenceBook book_;
  const std::string wave_;
  const GateSettings settings_;
  const Now now_;
  EvidenceShare share_;
  parity::Binding binding_;  // By begin().
  std::mutex keeping_;       // Held while counts are brought to the file.
  std::mutex mutex_;
  std::map<std::pair<Capability, std::string>, std::int64_t> asked_;
  std::array<Comparisons::LeftOut, 4> kept_{};  // Counted already.
};

// The stage of the next step forward that needs a gate.
cutover::Stage next_gated(const cutover::Plan& plan);

}  // namespace underpin::facade
