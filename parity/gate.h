#pragma once

#include "contracts/decimal.h"
#include "contracts/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Is the evidence enough to go one stage further? Pure: (facts, limits, now) -> every criterion
// with its figure. Nothing is green because nothing was seen.
namespace underpin::parity {

// The rate that the true share of mismatches stays below with confidence `level`, after
// `mismatches` among `compared`: the upper end of the exact one-sided binomial interval (Clopper
// and Pearson, Biometrika 26, 1934). 1 when nothing was compared. 0 <= mismatches <= compared, 0 <
// level < 1.
double mismatch_rate_upper(std::int64_t mismatches, std::int64_t compared, double level);
// How many comparisons bring that rate to `limit` or below, if there are no more mismatches than
// these; nothing: more than a thousand million.
std::optional<std::int64_t> sample_needed(std::int64_t mismatches, double limit, double level);

// Comparisons of one kind: what a cell of the evidence is about.
struct GateCell {
  std::string operation;
  std::string cohort;             // Empty: everybody.
  std::string field_class;        // Empty: whole documents.
  std::int64_t compared = 0;      // Matches, tolerated, known, mismatches.
  std::int64_t mismatches = 0;    // Late ones are none.
  std::int64_t asked = 0;         // Comparisons begun; of a subject any number.
  std::int64_t not_compared = 0;  // Of these, with a reason of their own.
  std::int64_t late = 0;          // Different, and equal later: neither sample nor mismatch.
  std::int64_t tolerated = 0;     // Of `compared`, as is the next.
  std::int64_t known = 0;
  std::int64_t replayed = 0;  // Of `compared`: by replayed or scenario evidence, not by traffic.
  // Of a class of fields: documents that were compared without it, because a rule ignores it or
  // they hold none of it. Not among `compared`.
  std::int64_t without = 0;
  std::string waived_by;   // A named person answers for a thin cell ...
  Timestamp waived_until;  // ... until then.
};

struct GateLimits {
  bool comparisons = true;           // Cells, coverage and age are judged.
  double level = 0.95;               // Of confidence.
  double mismatch_rate_max = 0.001;  // Its upper bound, in every cell.
  std::int64_t sample_min = 300;     // Comparisons in every cell.
  double not_compared_max = 0.05;    // Share of those asked for.
  double dropped_max = 0.01;         // Share of comparisons that the queue had no room for.
  double skipped_max = 0.95;         // Share of reads whose subjects are not among the compared.
  Decimal money_at_risk_max;         // Open differences, undelivered and unresolved writes.
  std::int64_t unvalued_at_risk_max = 10;  // What of these cannot be valued.
  std::int64_t evidence_age_max_ms = 86'400'000;
  std::int64_t reconciliation_age_max_ms = 0;     // 0: none is asked for.
  double reconciliation_not_compared_max = 0.05;  // Share of its keys that it left out.
};

struct GateFacts {
  std::vector<GateCell> cells;
  std::vector<std::string> unseen;         // Classes that legacy's history has and shadow has not.
  std::vector<std::string> unseen_waived;  // "currency USD by olga until 2026-12-01T00:00:00Z".
  std::int64_t compared = 0;               // All of it, and what the queue dropped.
  std::int64_t dropped = 0;
  std::int64_t skipped = 0;  // Reads of subjects outside the compared share.
  Decimal money_at_risk;
  std::int64_t unvalued_writes = 0;     // Undelivered or unresolved, of no known value.
  std::int64_t unvalued_documents = 0;  // With open differences whose worth is not known.
  Timestamp newest_evidence;            // Empty: there is none.
  // Hashes of adapters, mapping, code tables and rules: those it was made with, and those in force.
  std::string evidence_for;
  std::string in_force;
  std::vector<std::string> expired;  // Known differences: expired, or over their budget.
  std::optional<Timestamp> reconciled_at;
  std::int64_t reconciliation_differences = 0;
  std::int64_t reconciliation_keys = 0;          // All that it read.
  std::int64_t reconciliation_not_compared = 0;  // Of these, left out for whatever reason.
  std::vector<std::string> undelivered;          // What the money is at risk by, in words.
};

struct Criterion {
  std::string name;  // "mismatch_rate get_order"
  bool met = false;
  std::string waived_by;  // Met only because this person answers for it.
  std::string figure;     // What was found, with its unit.
  std::string limit;      // What is asked for.
  std::string detail;     // What would help; may be empty.
};

struct GateVerdict {
  bool passed = false;  // Every criterion is met, and there is evidence.
  std::vector<Criterion> criteria;
  // Adds criteria that were judged elsewhere.
  void add(std::vector<Criterion> more);
};

// "get_order of shops amount": what a waiver of a cell names.
std::string name_of(const GateCell& cell);

GateVerdict judge_gate(const GateFacts& facts, const GateLimits& limits, Timestamp now);

}  // namespace underpin::parity
