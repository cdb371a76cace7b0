#pragma once

#include "contracts/json/json_text.h"
#include "contracts/time.h"
#include "parity/ledger.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

// A change of plan that waits for signatures, and what these signatures are bound to. Pure.
namespace underpin::facade {

// A class of open differences that the signers have seen, and how far it may grow.
struct AcceptedClass {
  parity::DifferenceClass seen;
  std::int64_t count_ceiling = 0;
  std::optional<Decimal> money_ceiling;  // Only where the difference is money.
};

struct Signature {
  std::string role;
  std::string subject;
  std::string reason;
  Timestamp at;
};

struct Proposal {
  std::int64_t id = 0;  // Per capability: 1, 2, 3 ...
  // "open": signatures are missing. "approved": may be published. The rest is over:
  // "published", "rejected", "void" (what it was bound to has moved), "expired" (its time passed).
  std::string state = "open";
  std::string why;                // Of a state that is over; of the last refusal of a schedule.
  std::int64_t plan_version = 0;  // It was decided on.
  json::Value change;             // cutover-change.schema.json.
  std::string requester;
  std::string reason;
  std::string change_reference;
  bool force = false;
  Timestamp requested_at;
  Timestamp not_before;               // Zero: published by hand.
  Timestamp not_after;                // A schedule that was refused until then is given up.
  std::vector<std::string> required;  // Roles, one signature each.
  std::vector<Signature> signatures;
  std::set<std::int64_t> dead_letters;  // Exceptions that were open.
  std::vector<AcceptedClass> classes;
  bool over() const { return state != "open" && state != "approved"; }
};

// The role that accepts differences: finance where it signs, else the first that does.
std::string acceptor_of(const Proposal& proposal);

// Why the proposal's signatures hold no longer; empty: they hold.
std::string void_reason(const Proposal& proposal, std::int64_t plan_version,
                        const std::set<std::int64_t>& dead_letters,
                        const std::vector<parity::DifferenceClass>& classes);

// What a role's signature needs; empty: it may be given. Every signer is somebody else.
std::string signature_refused(const Proposal& proposal, const std::string& role,
                              const std::string& subject);

// Sets ceilings as the acceptor gives them: [{"operation", "path", "kind", "rule", "count",
// "money"}], and `headroom_percent` on those that are not named. An error names the class that is
// not there.
Status set_ceilings(Proposal& proposal, const json::Value& ceilings, std::int64_t headroom_percent);

json::Value to_json(const Proposal& proposal);
Result<Proposal> read_proposal(const json::Value& value);

// All of one capability, as one fact of the journal keeps them: those that are not over, and the
// newest of the others.
struct ProposalBook {
  std::int64_t next_id = 1;
  std::vector<Proposal> proposals;
  Proposal* find(std::int64_t id);
};
inline constexpr std::size_t proposals_kept = 50;
std::string write_book(const ProposalBook& book);
Result<ProposalBook> read_book(const std::string& text);

}  // namespace underpin::facade
