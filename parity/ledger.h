#pragma once

#include "parity/compare.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

// Every comparison, kept: in a database file of its own, so that comparisons never queue in front
// of answers. record() only enqueues (bounded: a full queue drops and counts); one thread writes.
namespace underpin::parity {

struct LedgerEntry {
  std::int64_t id = 0;  // Assigned when it is stored.
  Timestamp at;
  Question question;
  std::string correlation_id;
  std::string primary_system;    // "nav"
  std::string secondary_system;  // "bc"
  std::string primary_side;      // "legacy"
  std::int64_t primary_micros = 0;
  std::int64_t secondary_micros = 0;
  Comparison comparison;
  // Kept for mismatches and a sample of the rest: both documents side by side.
  std::string primary_document;
  std::string secondary_document;
  std::optional<Error> primary_error = {};  // Instead of a document.
  std::optional<Error> secondary_error = {};
  bool is_pair = false;    // The documents are what was compared: they can be judged again.
  std::string rules = {};  // Version and hash of the rules that judged.
  // What was asked, where the subject does not say it: a quote's request, JSON text.
  std::string asked = {};
};

struct Latency {
  std::int64_t count = 0;
  std::int64_t p50_micros = 0;
  std::int64_t p95_micros = 0;
  std::int64_t p99_micros = 0;
};

struct OperationSummary {
  std::string capability;
  std::string operation;
  std::map<std::string, std::int64_t> by_verdict;  // Comparisons.
  Latency primary;
  Latency secondary;
  std::map<std::string, std::int64_t> suppressed;  // Rule -> fields.
};

struct FieldSummary {
  std::string capability;
  std::string operation;
  std::string path;  // List elements as "*".
  std::string kind;
  std::map<std::string, std::int64_t> by_verdict;
  std::vector<LedgerEntry> samples;  // At most 5, newest first; differences of this path only.
};

struct Summary {
  Timestamp from;
  Timestamp to;
  std::int64_t comparisons = 0;
  std::map<std::string, std::int64_t> by_verdict;
  std::int64_t dropped = 0;  // Not recorded because the queue was full.
  std::vector<OperationSummary> operations;
  std::vector<FieldSummary> fields;
};

// Differences of one kind at one field that are still open: the newest comparison of their subject
// shows them. `late` ones are not differences.
struct DifferenceClass {
  std::string operation;
  std::string path;  // List elements as "*".
  std::string kind;
  std::string rule;  // What tolerated or covered it; empty: nothing does, it is a mismatch.
  std::int64_t count = 0;
  bool amount = false;  // The field is one, or what they are worth is known.
  Decimal money;        // What they are worth together (worth.h).
};

// What a rule or a known difference has suppressed, since the ledger began.
struct RuleUse {
  struct Sample {
    Timestamp at;
    std::string subject;
    Suppressed what;
  };
  std::int64_t hits = 0;
  Timestamp last;                         // Suppressed or needed; empty: never.
  std::map<std::string, Timestamp> seen;  // Rule::content -> when it was first in force.
  std::vector<Sample> samples;            // The newest few.
};

// Of a known difference, among the newest comparisons of each subject.
struct KnownUse {
  std::int64_t documents = 0;
  Decimal money;              // What its differences are worth (worth.h).
  std::int64_t unvalued = 0;  // Differences that cannot be valued.
};

struct Report;       // parity/report_data.h
struct ReportQuery;  // parity/report_data.h

struct LedgerFilter {
  std::string capability;
  std::string verdict;
  std::string subject;
  std::int64_t after_id = 0;
  int limit = 200;
};

class Ledger {
 public:
  virtual ~Ledger() = default;
  virtual bool record(LedgerEntry entry) = 0;  // False: dropped. Any thread; never blocks on disk.
  virtual void flush() = 0;                    // Returns when everything recorded before is stored.
  virtual Result<Summary> summary() const = 0;
  virtual Result<std::vector<LedgerEntry>> entries(const LedgerFilter& filter) const = 0;
  // Of one capability, among comparisons made since then; by operation, path, kind and rule.
  virtual Result<std::vector<DifferenceClass>> open_differences(const std::string& capability,
                                                                Timestamp since) const = 0;
  // These rules are in force from now on: how long one has been unused is counted from there.
  virtual Status note_rules(const Rules&, Timestamp) { return Done{}; }
  virtual Result<std::map<std::string, RuleUse>> rule_uses() const {
    return std::map<std::string, RuleUse>{};
  }
  virtual Result<std::map<std::string, KnownUse>> known_uses() const {
    return std::map<std::string, KnownUse>{};
  }
  // What a report shows, aggregated where it lies. unavailable: this ledger keeps nothing.
  virtual Result<Report> report(const ReportQuery& query) const;
  // Comparisons with at least one difference that the query asks for, and only those
  // differences; oldest first, without documents. At most `limit`, with ids beyond `after_id`.
  virtual Result<std::vector<LedgerEntry>> pairs(const ReportQuery& query, std::int64_t after_id,
                                                 int limit) const;
};

struct LedgerSettings {
  std::string file;
  int queue_limit = 10'000;
  int keep_matching_documents_every = 50;  // 1 of so many matches keeps its documents.
  // 32 bytes: documents and values are sealed with it (sealing.h). Empty: they are not.
  std::string key = {};
  // Documents and values older than this are erased, counts stay. 0: never.
  int keep_days = 0;
};
Result<std::unique_ptr<Ledger>> open_ledger(const LedgerSettings& settings);
// For reports from another process: reads only.
// Without the key, what is sealed comes back empty.
Result<std::unique_ptr<Ledger>> open_ledger_read_only(const std::string& file,
                                                      const std::string& key = {});

}  // namespace underpin::parity
