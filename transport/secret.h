#pragma once

#include "contracts/result.h"

#include <string>
#include <string_view>

namespace underpin::transport {

// A secret as configuration names it: "env:NAME" (environment variable), "file:PATH" (first line of
// a file), anything else is the secret itself. A name that leads nowhere is invalid_request; the
// error never holds the secret.
Result<std::string> resolve_secret(std::string_view named);

}  // namespace underpin::transport
