#pragma once

#include <string>
#include <vector>

namespace underpin::parity {

// One record by RFC 4180, with its CR LF. A text that a spreadsheet would take for a formula (it
// begins with = + - @, a tab or a return) gets an apostrophe in front; a plain decimal number such
// as -1.50 is none and stays.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace underpin::parity
