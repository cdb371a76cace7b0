#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace underpin {

enum class Capability : std::uint8_t { orders, inventory, pricing, customers };
inline constexpr std::array<Capability, 4> all_capabilities{
    Capability::orders, Capability::inventory, Capability::pricing, Capability::customers};

// Which of the two ERPs of a wave. Legacy and cloud are roles of configured systems; primary and
// secondary are roles in one call, and swap at cloud_primary.
enum class Side : std::uint8_t { legacy, cloud };
constexpr Side other(Side side) { return side == Side::legacy ? Side::cloud : Side::legacy; }

constexpr std::string_view name(Capability capability) {
  constexpr std::array<std::string_view, 4> names{"orders", "inventory", "pricing", "customers"};
  return names[static_cast<std::size_t>(capability)];
}
constexpr std::string_view name(Side side) { return side == Side::legacy ? "legacy" : "cloud"; }

constexpr std::optional<Capability> parse_capability(std::string_view text) {
  for (const Capability capability : all_capabilities)
    if (name(capability) == text) return capability;
  return std::nullopt;
}
constexpr std::optional<Side> parse_side(std::string_view text) {
  if (text == "legacy") return Side::legacy;
  if (text == "cloud") return Side::cloud;
  return std::nullopt;
}

}  // namespace underpin
