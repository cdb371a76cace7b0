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
  bool amount = false;  // The field is one.
  Decimal money;        // Sum of |primary - secondary| where both are amounts; zero elsewhere.
};

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
};

struct LedgerSettings {
  std::string file;
  int queue_limit = 10'000;
  int keep_matching_documents_every = 50;  // 1 of so many matches keeps its documents.
};
Result<std::unique_ptr<Ledger>> open_ledger(const LedgerSettings& settings);
// For reports from another process: reads only.
Result<std::unique_ptr<Ledger>> open_ledger_read_only(const std::string& file);

}  // namespace underpin::parity
