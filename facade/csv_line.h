#pragma once

#include <string>
#include <vector>

namespace underpin::facade {

// RFC 4180, with its line end. A text that a spreadsheet would take for a formula gets an
// apostrophe in front.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace underpin::facade
