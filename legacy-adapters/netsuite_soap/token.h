#pragma once

#include "legacy-adapters/netsuite_soap/settings.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace underpin::legacy::netsuite_soap {

// Token-based authentication (SuiteTalk, "The TokenPassport complex type"): base64 of HMAC-SHA256
// over account&consumerKey&token&nonce&timestamp; its key is both secrets, percent-encoded and
// joined by '&'.
std::string token_signature(const Settings& settings, std::string_view nonce,
                            std::int64_t timestamp_s);

// 20 random letters and digits: NetSuite takes a nonce once. Throws std::runtime_error when there
// is no randomness.
std::string new_nonce();

// The element of the envelope's Header.
std::string token_passport(const Settings& settings, const std::string& nonce,
                           std::int64_t timestamp_s);

}  // namespace underpin::legacy::netsuite_soap
