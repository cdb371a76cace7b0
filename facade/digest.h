#pragma once

#include <string>
#include <string_view>

namespace underpin::facade {

// SHA-256, 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace underpin::facade
