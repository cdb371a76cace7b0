#pragma once

#include "facade/cli/commands.h"

#include <string>

namespace underpin::facade::cli {

struct ReportOptions {
  std::string format = "html";  // html, json, csv, junit.
  std::string by = "pair";      // csv: a record for each pair, or for each field.
  std::string output;           // Empty: standard output.
  std::string ledger;           // Read this parity.db instead of asking a facade, ...
  std::string key_file;         // ... with the key that its pairs are sealed with, ...
  std::string rules_file;       // ... and the rules whose register is shown.
  std::string capability;       // Empty, as are the next ones: everything.
  std::string operation;
  std::string verdict;
  std::string kind;
  std::string path;
  std::string cohort;  // channels=web
  std::string group;   // regions, segments: what cohorts are counted by.
  std::string from;    // A time with its offset.
  std::string to;
  std::string last;      // 90m, 24h, 7d: instead of `from`.
  bool unmask = false;   // The facade's csv of pairs, with personal data: ...
  std::string reason;    // ... why.
  int unused_days = 30;  // A rule that suppressed nothing for so long is proposed for removal.
};
int parity_report(const OpsOptions& ops, const ReportOptions& options);
// Both ERPs are asked again for one pair: 0 when they no longer differ, 3 when they do.
int parity_replay(const OpsOptions& ops, std::int64_t id, bool unmask, const std::string& reason);

// The register of known differences; 3 when one is expired or over its budget.
int parity_register(const OpsOptions& ops);
int parity_proposals(const OpsOptions& ops);
// `rules_file`: where an accepted rule is added; empty: it is only recorded and shown.
int parity_decide(const OpsOptions& ops, const std::string& id, bool accept,
                  const std::string& reason, const std::string& rules_file);
// Scenarios of postings: places a run, or compares what the newest was posted as; 3: not alike, or
// not compared yet.
int parity_postings(const OpsOptions& ops, bool place, const std::string& reason);
// Stored pairs under other rules; asks nobody.
int parity_rejudge(const std::string& ledger, const std::string& rules_file,
                   const std::string& key_file);

}  // namespace underpin::facade::cli
