#pragma once

#include "contracts/ids.h"
#include "contracts/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace underpin {

// The ERPs' external reference field holds both halves of an order's identity, reversibly, and so
// that a vendor that upper-cases and trims (NAV's Code fields) changes nothing: "web" + "100042"
// is "WEB/100042", a lower-case letter of the number is "^X".
// Channels are [a-z0-9-]{1,10}; numbers [A-Za-z0-9._-]{1,20}. Longer than `length_max` is refused.
Result<std::string> encode_external_reference(const OrderId& id, std::size_t length_max);

// Nothing when the text is not one that encode_external_reference makes.
std::optional<OrderId> decode_external_reference(std::string_view text);

}  // namespace underpin
