#pragma once

#include "contracts/ports/inventory_service.h"
#include "legacy-adapters/netsuite_soap/references.h"

#include <map>
#include <string>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// Stock is what getItemAvailability says. NetSuite commits nothing to an order that is not
// approved, nor what it has not got: what open orders still wait for is read from the orders.
class Inventory final : public InventoryService {
 public:
  Inventory(Suite& suite, References& references) : suite_(suite), references_(references) {}

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

 private:
  // Of articles by internal id.
  std::vector<StockLevel> levels(const std::vector<std::string>& items, const CallContext& context);
  std::map<StockKey, Decimal> waited_for(const std::vector<std::string>& items,
                                         const CallContext& context);
  std::string record_of(const StockAdjustment& adjustment, const CallContext& context);
  std::optional<AdjustmentReceipt> posted(const MovementId& movement, const CallContext& context);

  Suite& suite_;
  References& references_;
};

}  // namespace underpin::legacy::netsuite_soap
