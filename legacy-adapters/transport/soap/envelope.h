#pragma once

#include "contracts/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace underpin::legacy::soap {

// SOAP 1.1 Fault: faultcode, faultstring, and the text of detail.
struct Fault {
  std::string code;
  std::string text;
  std::string detail;
};

struct Limits {
  std::size_t bytes = 64u * 1024 * 1024;
  int depth = 32;
};

// What stands in the Body of an envelope.
struct Body {
  std::string name;  // Of its one element, without prefix; empty for an empty Body.
  std::string name_space;
  std::optional<Fault> fault;
};

// Reads an envelope as it came from the wire. internal, with the reason: not well-formed, a
// document type or an entity of its own, too large or too deep, no SOAP 1.1 envelope. The code is
// the caller's to replace: what it means depends on the request.
Result<Body> read_body(std::string_view envelope, const Limits& limits);

}  // namespace underpin::legacy::soap
