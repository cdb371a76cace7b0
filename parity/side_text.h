#pragma once

#include "parity/compare.h"

#include <string>

namespace underpin::parity {

// A side as a text that is kept and judged again: {"document": ...} or {"error": ...}. What is read
// back is judged as what was written.
std::string write_side(const Side& side);
// invalid_request for anything else.
Result<Side> read_side(const std::string& text);

}  // namespace underpin::parity
