#pragma once

#include "parity/report_data.h"

#include <string>
#include <vector>

// A report in the formats that people and machines read. Values are masked (masking.h) in all of
// them. Pure.
namespace underpin::parity {

// contracts/schemas/parity-report.schema.json.
std::string report_json(const Report& report);

// One self-contained page: no network, no script but its own (it says so itself in a content
// security policy), readable without script, to be opened from a file, sorted, filtered, printed.
// At most a few megabytes whatever the ledger holds: pairs beyond that are left to the CSV.
std::string report_html(const Report& report);

// JUnit XML for CI: one test case for each operation and field path. A mismatch is a failure with a
// sample; a known difference is skipped, with its expiry, and fails when it is over its budget.
// Nothing compared is an error.
std::string report_junit(const Report& report);

// CSV, one record for each field, kind and verdict.
std::string report_csv(const Report& report);

// CSV, one record for each difference of each pair, for pages of Ledger::pairs().
std::string pairs_csv_head();
// `unmasked`: personal data as it is, for who may see it.
std::string pairs_csv(const std::vector<LedgerEntry>& pairs, const std::string& wave,
                      bool unmasked = false);

// As people read it: a text without its quotes, everything else as JSON. `kind` "type" keeps them.
std::string shown_value(const std::string& json_text, const std::string& kind);

}  // namespace underpin::parity
