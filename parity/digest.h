#pragma once

#include <string>
#include <string_view>

namespace underpin::parity {

// Lower-case hexadecimal.
std::string sha256_hex(std::string_view bytes);
// HMAC-SHA-256: says nothing of `bytes` to who does not have the key.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

}  // namespace underpin::parity
