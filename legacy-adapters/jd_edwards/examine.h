#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"
#include "legacy-adapters/transport/odbc/transaction.h"

#include <vector>

namespace underpin::legacy::jd_edwards {

// Every table and column that is read or written, and the right to write the interface tables, for
// the doctor. No row is changed.
std::vector<Finding> examine_tables(odbc::Database& database, odbc::Writer& writer,
                                    const Settings& settings, Deadline deadline);

}  // namespace underpin::legacy::jd_edwards
