#pragma once

#include "facade/cli/commands.h"

#include <string>

namespace underpin::facade::cli {

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
