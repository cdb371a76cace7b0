#pragma once

#include "contracts/ports/inventory_service.h"
#include "legacy-adapters/iseries_batch/exchange.h"
#include "legacy-adapters/iseries_batch/stock_store.h"

#include <string>

namespace underpin::legacy::iseries_batch {

// Stock as the last stock files said it: as_of is theirs. What new orders and adjustments take
// from it that are not answered, or were after the level was told, is reserved, in get_stock;
// list_stock is the files' alone. An adjustment that is sent and not answered counts as posted,
// without an entry number and not yet in any level: the contract knows no pending adjustment. What
// the batch job refuses later is put aside (quarantine/) and raises an alarm.
class Inventory : public InventoryService {
 public:
  Inventory(const Settings& settings, std::string system, State& state, StockStore& stock,
            Exchange& exchange)
      : settings_(settings),
        system_(std::move(system)),
        state_(state),
        stock_(stock),
        exchange_(exchange) {}

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
  bool names_stock_writers() const override { return true; }
  Result<std::vector<StockMovement>> movements_of(const StockKey& key, Timestamp since,
                                                  const CallContext& context) override;

 private:
  std::optional<AdjustmentReceipt> posted(const MovementId& movement);
  // Nothing, too, when its refusal was told: then it may be sent again.
  std::optional<Request> sent(const MovementId& movement);

  const Settings& settings_;
  const std::string system_;
  State& state_;
  StockStore& stock_;
  Exchange& exchange_;
};

}  // namespace underpin::legacy::iseries_batch
