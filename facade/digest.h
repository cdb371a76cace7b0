#pragma once

#include "contracts/result.h"

#include <string>
#include <string_view>

namespace underpin::facade {

// SHA-256, 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
// Of a whole file, read piece by piece; unavailable: it cannot be read.
Result<std::string> sha256_hex_of_file(const std::string& path);

}  // namespace underpin::facade
