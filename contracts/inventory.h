#pragma once

#include "contracts/decimal.h"
#include "contracts/ids.h"
#include "contracts/time.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin {

struct StockKey {
  Sku sku;
  LocationCode location;
  auto operator<=>(const StockKey&) const = default;
};

// One article at one location, in base units of measure.
struct StockLevel {
  StockKey key;
  std::string uom;
  Decimal on_hand;   // Physically there, by the ERP's ledger.
  Decimal reserved;  // Demand the ERP knows: outstanding quantities of open documents.
  Decimal
      available;  // The ERP's on_hand - reserved; the facade subtracts what the ERP cannot know.
  Timestamp as_of;
  bool operator==(const StockLevel&) const = default;
};

struct StockQuery {
  std::vector<Sku> skus;                 // Empty: every article.
  std::optional<LocationCode> location;  // Nothing: every location.
};

// A channel's question for many articles at once.
struct AvailabilityLine {
  Sku sku;
  std::optional<LocationCode> location;  // Nothing: every location.
  bool operator==(const AvailabilityLine&) const = default;
};
struct AvailabilityRequest {
  std::vector<AvailabilityLine> lines;
  bool operator==(const AvailabilityRequest&) const = default;
};

enum class AdjustmentKind {
  delta,  // Add `quantity` (signed).
  count,  // The counted quantity as of `as_of`; the facade turns it into a delta before it sends.
};

struct StockAdjustment {
  MovementId movement;  // The channel's; the ERP's document number; posted once under it.
  StockKey key;
  AdjustmentKind kind = AdjustmentKind::delta;
  Decimal quantity;
  std::optional<Timestamp> as_of;  // Required for a count.
  std::string uom;
  std::string reason;
  bool operator==(const StockAdjustment&) const = default;
};

struct AdjustmentReceipt {
  MovementId movement;
  DocumentNumber document;  // The ERP's entry number.
  StockKey key;
  Decimal quantity;  // The posted delta, signed.
  bool operator==(const AdjustmentReceipt&) const = default;
};

// A ledger entry that a poll of an ERP saw (goods issues, receipts, adjustments).
struct StockMovement {
  StockKey key;
  MovementId movement;  // The entry's document number.
  DocumentNumber entry;
  Decimal quantity;
  Timestamp changed_at;
  std::string changed_by = {};  // The ERP's user id; empty: it does not say.
};

}  // namespace underpin
