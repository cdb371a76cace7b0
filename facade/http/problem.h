#pragma once

#include "contracts/error.h"
#include "facade/http/message.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::facade::http {

// RFC 9457 body, application/problem+json. The type is `urn:underpin:problem:<slug>`: a name that
// does not pretend to be a page somewhere, equal in every installation. Slugs the door itself uses:
// malformed, request-timeout, body-too-large, target-too-long, head-too-large,
// unsupported-encoding, unsupported-version, expectation-failed, overloaded, not-found,
// method-not-allowed, internal. Empty `instance` and `fields` are left out.
Response problem(int status, std::string_view slug, std::string_view title, std::string_view detail,
                 std::string_view instance = {}, const std::vector<FieldError>& fields = {},
                 std::vector<std::pair<std::string, std::string>> headers = {});

// Appends `text` as a JSON string with its quotes: RFC 8259, and bytes that are not UTF-8 become
// U+FFFD, so that the result is always valid JSON.
void append_json_string(std::string& to, std::string_view text);

}  // namespace underpin::facade::http
