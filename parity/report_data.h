#pragma once

#include "parity/known_register.h"
#include "parity/ledger.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// What reports of every format show, aggregated by the ledger: its size is bounded whatever the
// ledger holds.
namespace underpin::parity {

// Empty members: everything. `verdict` and `kind` choose among differences; they never change how
// many comparisons there were, because a rate needs its whole.
struct ReportQuery {
  std::string capability;
  std::string operation;
  std::string verdict;      // Of a difference: "mismatch".
  std::string kind;         // "value".
  std::string path;         // A field, list elements as "*".
  std::string cohort;       // "channels=web", "locations=EAST", "regions=DE", "segments=RETAIL".
  std::string group;        // What cohorts are counted by: report_groups.
  Timestamp from;           // Inclusive.
  Timestamp to;             // Exclusive.
  int pairs_of_field = 12;  // Of each verdict, the newest.
};

// A cell of counts: of one operation or field, by verdict, cohort and interval of time.
struct ReportCount {
  int of = 0;  // Index into `operations` or `fields`.
  std::string verdict;
  int cohort = 0;    // Index into `cohorts`.
  int interval = 0;  // Since `first_interval`.
  std::int64_t count = 0;
};

struct ReportField {
  int operation = 0;  // Index.
  std::string path;   // List elements as "*".
  std::string kind;
  std::map<std::string, std::int64_t> by_verdict;
  std::map<std::string, std::int64_t> by_rule;  // What tolerated or covered it.
  std::int64_t subjects = 0;                    // That it was found of.
  std::int64_t open = 0;  // Mismatches that the newest comparison of their subject shows.
  bool amount = false;    // The field is one: ...
  Decimal money;          // ... sum of |primary - secondary| of the open ones.
  Timestamp first;
  Timestamp last;
  // The newest of each verdict, mismatches first; each has the differences of this field only, and
  // its documents.
  std::vector<LedgerEntry> pairs;
};

// What rules and the register say beside what the ledger holds.
struct RulesShown {
  std::string identity;                        // Empty: no rules were at hand.
  std::map<std::string, std::string> reasons;  // Of rules and known differences, by name.
  RegisterHealth health;
  std::vector<std::string> unused;  // Suppressed nothing for unused_days: proposed for removal.
  int unused_days = 0;
};

struct Report {
  std::string wave;
  Timestamp made_at;
  ReportQuery query;
  Timestamp from;  // Of the first and last comparison within the query; empty: there is none.
  Timestamp to;
  std::int64_t comparisons = 0;
  std::map<std::string, std::int64_t> by_verdict;
  std::int64_t dropped = 0;              // Not recorded because the queue was full, ever.
  Timestamp began;                       // The ledger's first comparison, whatever was asked for.
  std::int64_t interval_ms = 3'600'000;  // Of the trend.
  Timestamp first_interval;
  int intervals = 0;
  // "channels=web"; by ReportQuery::group. The first one, "", stands for all that are not named.
  std::vector<std::string> cohorts;
  std::vector<OperationSummary> operations;
  std::vector<ReportField> fields;                   // The worst first.
  std::int64_t fields_left_out = 0;                  // Beyond fields_max, ...
  std::int64_t differences_left_out = 0;             // ... and their differences.
  std::vector<ReportCount> compared;                 // Of operations: comparisons.
  std::vector<ReportCount> differing;                // Of fields: differences.
  std::map<std::string, std::int64_t> not_compared;  // By reason, the most frequent.
  std::map<std::string, RuleUse> uses;               // Of rules and known differences.
  RulesShown rules;
  // How a person asks a system for what a pair compared, without us: shell commands, and notes that
  // begin with "#" (contracts/ports/described_reads.h). Empty: nobody here knows the systems.
  std::function<std::vector<std::string>(const LedgerEntry&, const std::string& side)> requests;

  static constexpr std::size_t fields_max = 300;
  static constexpr std::size_t cohorts_max = 40;
  static constexpr std::size_t counts_max = 20'000;  // In each of `compared` and `differing`.
  static constexpr int intervals_max = 60;
};

// What rules say about what the report shows.
RulesShown rules_shown(const Rules& rules, const Report& report,
                       const std::map<std::string, KnownUse>& known, int unused_days);

// What a report counts cohorts by: "", what a subject says by itself (the channel of an order, the
// location of a stock level), or what comparisons carry of it: "regions", "segments".
bool is_report_group(const std::string& text);
// "channels=web", "locations=EAST", "regions=DE" (its parts, such as DE-BY, too),
// "segments=RETAIL".
bool is_report_cohort(const std::string& text);
// The cohort of an entry, as Report::cohorts has it; empty: it has none.
std::string report_cohort_of(const LedgerEntry& entry, const std::string& group);

}  // namespace underpin::parity
