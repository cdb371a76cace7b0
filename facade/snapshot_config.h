#pragma once

#include "contracts/error.h"
#include "contracts/json/json_text.h"
#include "facade/snapshots.h"

#include <vector>

namespace underpin::facade {

// The section `reconcile.snapshots` of the configuration, checked against its schema already. What
// the schema cannot say is added to `errors`.
void read_snapshots(const json::Value& value, SnapshotSettings& settings,
                    std::vector<FieldError>& errors);

}  // namespace underpin::facade
