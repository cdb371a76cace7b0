#pragma once

#include <string>
#include <string_view>

namespace underpin::parity {

// Lower-case hexadecimal.
std::string sha256_hex(std::string_view bytes);

}  // namespace underpin::parity
