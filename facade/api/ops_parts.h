#pragma once

#include "facade/api/api_call.h"
#include "facade/facade.h"

// What the files of the ops API share.
namespace underpin::facade::api {

std::optional<Answer> needs_role(const ApiCall& call,
                                 std::initializer_list<std::string_view> roles);
std::optional<Capability> capability_of(const ApiCall& call);
Answer no_capability(const ApiCall& call);
std::optional<std::int64_t> id_of(const ApiCall& call);          // Of the path.
std::optional<std::int64_t> number_in(const std::string& text);  // Digits, and not too many.

// The plan version of If-Match, or a refusal.
struct Expected {
  std::int64_t version = 0;
  std::optional<Answer> refused;
};
// Of another plan epoch (before a restore): 412.
Expected expected_of(const Facade& facade, const ApiCall& call);
// The entity tag of a plan version: "7", and "2.7" in the second epoch.
std::string version_tag(const Facade& facade, std::int64_t version);

// The actor is the token's subject; reason and change reference are the body's.
Act act_of(const ApiCall& call, const json::Value& body);

// 412 for a plan that has moved on, 409 with every reason for what is not allowed, 422 for a body.
Answer refusal_answer(const Error& error);
Answer status_answer(const Facade& facade, const Result<CutoverStatus>& status);
json::Value preview_value(const Preview& preview);

// Transfers of documents between homes (facade/api/transfer_api.cpp).
ApiRoutes transfer_routes(Facade& facade);

// Cross-references and history (facade/api/records_api.cpp).
ApiRoutes records_routes(Facade& facade);

// What comparisons found, the register, proposals.
ApiRoutes parity_routes(Facade& facade);
// Reports of every format, and both ERPs asked again for one pair (parity_report_api.cpp).
ApiRoutes parity_report_routes(Facade& facade);
// Personal data is asked for (`unmask`, with a `reason`), by somebody who may see it, or not.
struct Unmasking {
  bool asked = false;
  std::string reason;
  std::optional<Answer> refused;  // The role does not allow it.
};
Unmasking unmasking_of(const ApiCall& call, std::vector<FieldError>& errors);
// Who sees whose data, and why, in the audit log; before anything is shown.
Status note_unmasking(Facade& facade, const ApiCall& call, const std::string& what,
                      const std::vector<parity::LedgerEntry>& entries);
// The differences of one comparison; personal data is masked unless `unmasked`.
json::Value differences_value(const parity::Comparison& comparison, bool unmasked);
// `unusedDays` of the query, or the standard.
int unused_days_of(const ApiCall& call, std::vector<FieldError>& errors);

// Whether the evidence is enough, and who answers for gaps (facade/api/gate_api.cpp).
ApiRoutes gate_routes(Facade& facade);
// The stage that `to` names; without it, that of the next step which needs a gate.
std::optional<cutover::Stage> gate_stage_of(Facade& facade, const ApiCall& call,
                                            Capability capability, std::vector<FieldError>& errors);
// Go/no-go packs (facade/api/pack_api.cpp).
ApiRoutes pack_routes(Facade& facade);

// A dry run is asked for, or the query says something else.
struct DryRun {
  bool asked = false;
  std::optional<Answer> refused;
};
DryRun dry_run_of(const ApiCall& call);
json::Value money_value(const Money& money);
// Complete sweeps of both systems (facade/api/reconcile_api.cpp).
ApiRoutes reconcile_routes(Facade& facade);
// Orders that show whether both ERPs post alike (facade/api/posting_api.cpp).
ApiRoutes posting_routes(Facade& facade);
// Writes with an unknown outcome (facade/api/outcome_api.cpp).
ApiRoutes outcome_routes(Facade& facade);
// Recovery after a restore (facade/api/recovery_api.cpp).
ApiRoutes recovery_routes(Facade& facade);

// Proposals, previews, audit log, kill switch (facade/api/control_api.cpp).
ApiRoutes control_routes(Facade& facade);

}  // namespace underpin::facade::api
