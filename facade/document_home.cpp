#include "facade/document_home.h"

#include <algorithm>

namespace underpin::facade {

DocumentSeen seen_as(const CapabilityDescriptor& descriptor, const Order& order, bool released) {
  switch (order.status) {
    case OrderStatus::cancelled:
    case OrderStatus::rejected:
      return DocumentSeen::ended;
    case OrderStatus::pending:
    case OrderStatus::open:
      // Where nothing can be kept from execution there are no copies.
      return descriptor.inert_by.empty() ? DocumentSeen::live : DocumentSeen::inert;
    case OrderStatus::partially_shipped:
      return released || descriptor.inert_by.empty() ? DocumentSeen::live : DocumentSeen::inert;
    case OrderStatus::released:
    case OrderStatus::shipped:
    case OrderStatus::invoiced:
      break;
  }
  return DocumentSeen::live;
}

bool has_shipped(const Order& order) {
  return std::any_of(order.lines.begin(), order.lines.end(),
                     [](const OrderLine& line) { return !line.shipped_quantity.is_zero(); });
}

HomeVerdict judge_home(const HomeEvidence& evidence) {
  const bool legacy_live = evidence.legacy == DocumentSeen::live;
  const bool cloud_live = evidence.cloud == DocumentSeen::live;
  if (legacy_live && cloud_live) return {std::nullopt, "live_in_both"};
  if (legacy_live || cloud_live) {
    const Side live = legacy_live ? Side::legacy : Side::cloud;
    // It was cancelled where it lives, and its copy is executed nevertheless.
    if (!evidence.mended && evidence.known_home && *evidence.known_home != live &&
        evidence.on(*evidence.known_home) == DocumentSeen::ended)
      return {std::nullopt, "live_in_both"};
    return {live, {}};
  }
  const bool in_legacy = evidence.legacy != DocumentSeen::absent;
  const bool in_cloud = evidence.cloud != DocumentSeen::absent;
  if (!in_legacy && !in_cloud) return {evidence.known_home, {}};
  if (evidence.decided && evidence.on(*evidence.decided) != DocumentSeen::absent)
    return {evidence.decided, {}};
  const auto remains = [&](Side side) { return evidence.on(side) == DocumentSeen::inert; };
  if (evidence.mended && remains(Side::legacy) != remains(Side::cloud))
    return {remains(Side::legacy) ? Side::legacy : Side::cloud, {}};
  if (evidence.known_home) return {evidence.known_home, {}};
  if (in_legacy != in_cloud) return {in_legacy ? Side::legacy : Side::cloud, {}};
  if (remains(Side::legacy) && remains(Side::cloud) &&
      evidence.shipped_in_legacy != evidence.shipped_in_cloud)
    return {evidence.shipped_in_legacy ? Side::legacy : Side::cloud, {}};
  const Side born = evidence.birth_side;
  if (evidence.legacy == evidence.cloud) {
    const bool told_apart = evidence.legacy == DocumentSeen::ended || evidence.same_content;
    if (told_apart) return {born, {}};
    return {std::nullopt, "home_unknown"};
  }
  // One was cancelled. In its home, by a channel, before its copy was withdrawn; a copy that
  // somebody deleted looks the same.
  if (evidence.on(born) == DocumentSeen::ended) return {born, {}};
  return {std::nullopt, "home_unknown"};
}

}  // namespace underpin::facade
