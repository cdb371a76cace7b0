#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <vector>

namespace underpin::legacy::jd_edwards {

// Every table and column that is read or written, for the doctor. Nothing is written: whether the
// login may insert into the interface tables shows at the first write.
std::vector<Finding> examine_tables(odbc::Database& database, const Settings& settings,
                                    Deadline deadline);

}  // namespace underpin::legacy::jd_edwards
