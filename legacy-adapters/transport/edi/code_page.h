#pragma once

#include "contracts/result.h"

#include <array>
#include <string>
#include <string_view>

namespace underpin::legacy::edi {

// A character set of one byte a character, by the names of the C library's iconv: "IBM037",
// "IBM273" and "IBM500" (EBCDIC: CCSID 37, 273 and 500), "ISO-8859-1", "WINDOWS-1252". Tables are
// made once; converting asks nobody. Immutable after of(): any thread.
class CodePage {
 public:
  // invalid_request: the library does not know the name, or it has not one byte a character.
  static Result<CodePage> of(const std::string& name);

  // UTF-8. A byte without a character becomes U+FFFD.
  std::string to_utf8(std::string_view bytes) const;
  // invalid_request names the first character that the set lacks; nothing is replaced.
  Result<std::string> from_utf8(std::string_view text) const;

  const std::string& name() const { return name_; }

 private:
  CodePage() = default;
  std::string name_;
  std::array<std::string, 256> utf8_;
  std::array<char, 128> ascii_{};      // The byte of each ASCII character,
  std::array<bool, 128> has_ascii_{};  // where there is one.
};

// The name that iconv gives to an EDIFACT syntax identifier: UNOC is ISO-8859-1. Empty for one that
// has more than a byte a character (UNOW, UNOX, UNOY) or is not known.
std::string_view character_set(std::string_view syntax);

}  // namespace underpin::legacy::edi
