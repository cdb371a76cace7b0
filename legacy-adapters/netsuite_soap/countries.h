#pragma once

#include "legacy-adapters/netsuite_soap/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// SuiteTalk names countries by words of its own (platformCommon:Country), "_germany" for DE. The
// settings' pairs come first; nothing: neither they nor the table have the code.
std::optional<std::string> country_word(const std::vector<CodePair>& own, const std::string& code);
// The word itself when no pair has it: it is shown, not lost.
std::string country_code(const std::vector<CodePair>& own, const std::string& word);

}  // namespace underpin::legacy::netsuite_soap
