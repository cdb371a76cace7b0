#pragma once

#include "contracts/error.h"
#include "contracts/json/json_text.h"
#include "facade/gate_settings.h"

#include <string>
#include <vector>

namespace underpin::facade {

// The section `gate` of the configuration, checked against its schema already; a null is the
// defaults, enforced. What the schema cannot say is added to `errors`, with its place below `at`.
GateSettings read_gate(const json::Value& value, const std::string& at,
                       std::vector<FieldError>& errors);

}  // namespace underpin::facade
