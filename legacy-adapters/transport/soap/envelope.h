#pragma once

#include "contracts/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace underpin::legacy::soap {

enum class Version { v1_1, v1_2 };

// Of SOAP 1.1: faultcode, faultstring, and the text of detail. Of SOAP 1.2: the Value of the Code
// and of its innermost Subcode, the first Text of the Reason, and the text of Detail.
struct Fault {
  std::string code;
  std::string subcode = {};  // 1.2 only.
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
  Version version = Version::v1_1;
};

// Reads an envelope as it came from the wire. internal, with the reason: not well-formed, a
// document type or an entity of its own, too large or too deep, more than a thousand attributes in
// one element, no envelope of SOAP 1.1 or 1.2. The code is the caller's to replace: what it means
// depends on the request.
Result<Body> read_body(std::string_view envelope, const Limits& limits);

}  // namespace underpin::legacy::soap
