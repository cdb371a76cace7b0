#pragma once

#include "contracts/result.h"
#include "legacy-adapters/transport/soap/envelope.h"

#include <string>
#include <string_view>

namespace underpin::legacy::soap {

// Is an answer of this Content-Type a package of several parts (MTOM, SOAP with Attachments)?
bool is_multipart(std::string_view content_type);

// The envelope of a MIME multipart/related answer (RFC 2387) with its attachments in the places
// where xop:Include names them (XOP 1.0, W3C), as base64, which is what the schema says is there.
// What no part names is dropped. internal, with the reason: no boundary, no root part, a part that
// is named and missing, too large when put together.
Result<std::string> unpack(std::string_view content_type, std::string_view package,
                           const Limits& limits);

}  // namespace underpin::legacy::soap
