#pragma once

#include "cloud-adapters/business_central/site.h"
#include "contracts/ports/inventory_service.h"
#include "mapping/mapping.h"

namespace underpin::cloud::business_central {

// Stock from the site's stockLevels page, adjustments through its itemJournalPostings page.
class Inventory final : public InventoryService {
 public:
  Inventory(Site& site, mapping::Mapping fields) : site_(site), fields_(std::move(fields)) {}

  Result<std::vector<StockLevel>> get_stock(const StockQuery& query,
                                            const CallContext& context) override;
  Result<Page<StockLevel>> list_stock(const Cursor& cursor, int limit,
                                      const CallContext& context) override;
  Result<AdjustmentReceipt> adjust_stock(const StockAdjustment& adjustment,
                                         const WriteContext& context) override;
  Result<AdjustmentReceipt> find_adjustment(const MovementId& movement,
                                            const CallContext& context) override;
  Result<ChangePage<StockMovement>> stock_movements(const Cursor& cursor,
                                                    const CallContext& context) override;

  // The message that posts it. Throws Failure for what cannot be posted.
  json::Value posting_of(const StockAdjustment& adjustment) const;

 private:
  StockLevel level_of(const json::Value& row, Timestamp as_of) const;
  std::vector<json::Value> entries_of(const MovementId& movement, const CallContext& context);
  AdjustmentReceipt receipt_of(const MovementId& movement,
                               const std::vector<json::Value>& entries) const;
  StockKey key_of(const json::Value& row) const;
  void check_place(const StockAdjustment& adjustment, const CallContext& context);

  Site& site_;
  const mapping::Mapping fields_;
};

}  // namespace underpin::cloud::business_central
