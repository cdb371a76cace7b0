#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::facade::http {

// Percent-decoding (RFC 3986, 2.1). Nothing for a bad escape, for a control character and for text
// that is not UTF-8: such text would only fail later, in a database or an ERP.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

// "a=1&b=%20" as pairs, in order; a name without "=" has an empty value, empty parts are skipped.
std::optional<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view text);

bool valid_utf8(std::string_view text);
// Bytes of the well-formed sequence that non-empty text begins with, 1 to 4; 0 when there is none.
std::size_t utf8_sequence(std::string_view text);

}  // namespace underpin::facade::http
