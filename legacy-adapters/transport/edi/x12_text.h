#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// What reader and writers of the formats agree on about short texts.
namespace underpin::legacy::edi {

// One to 18 digits and nothing else.
std::optional<std::int64_t> whole_number(std::string_view text);

// Equal as numbers, "0042" and "42", or as texts.
bool same_number(std::string_view one, std::string_view other);

// Two or three capital letters or digits, a letter first.
bool is_segment_id(std::string_view id);

}  // namespace underpin::legacy::edi
