#pragma once

#include "contracts/result.h"

#include <string>
#include <string_view>

// The file with which a receiver says what became of a file: lines "key: value" in UTF-8, each key
// once: file, sha256, result (accepted or rejected), batch, reason. file and result must be there.
namespace underpin::legacy::file_drop {

struct Acknowledgement {
  std::string file;      // The name it was sent under.
  std::string checksum;  // SHA-256, hexadecimal; empty: the receiver did not say.
  bool accepted = false;
  std::string batch;
  std::string reason;
};

inline constexpr std::size_t acknowledgement_max = 16'384;  // Bytes of the whole file.

// A control character in a value becomes a blank; a long reason is cut.
std::string text_of(const Acknowledgement& acknowledgement);

// invalid_request names the line and the rule. Throws nothing.
Result<Acknowledgement> parse_acknowledgement(std::string_view text);

}  // namespace underpin::legacy::file_drop
