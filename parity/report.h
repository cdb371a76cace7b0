#pragma once

#include "parity/ledger.h"

#include <string>

namespace underpin::parity {

// JSON: machine-readable. HTML: one self-contained file (no network), readable at a glance,
// sortable and filterable: per capability, operation and field path the counts by verdict, sample
// pairs with both values side by side, what each rule suppressed, the latency of both systems.
// `wave`: whose comparisons these are, when that is known.
std::string report_json(const Summary& summary, const std::string& wave = {});
std::string report_html(const Summary& summary, const std::string& wave = {});

}  // namespace underpin::parity
