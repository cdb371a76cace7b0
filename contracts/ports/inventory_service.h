#pragma once

#include "contracts/call_context.h"
#include "contracts/inventory.h"
#include "contracts/page.h"
#include "contracts/result.h"

namespace underpin {

// The inventory capability of one ERP. Thread rule and errors: see order_service.h.
class InventoryService {
 public:
  virtual ~InventoryService() = default;

  // An unknown article or location is not_found when it was asked for by name.
  virtual Result<std::vector<StockLevel>> get_stock(const StockQuery& query,
                                                    const CallContext& context) = 0;

  // Every level there is, for a complete sweep: pages of about `limit` levels, each level once if
  // nothing is added or removed meanwhile. Cursor: the adapter's own.
  virtual Result<Page<StockLevel>> list_stock(const Cursor& cursor, int limit,
                                              const CallContext& context) = 0;

  // Posts a delta under adjustment.movement; looks the movement up first: a repeat answers with the
  // first posting. A count is unsupported here: the facade turns it into a delta.
  virtual Result<AdjustmentReceipt> adjust_stock(const StockAdjustment& adjustment,
                                                 const WriteContext& context) = 0;

  // Resolves an outcome_unknown: the posting under this movement id, or not_found. More than one
  // posting is a conflict.
  virtual Result<AdjustmentReceipt> find_adjustment(const MovementId& movement,
                                                    const CallContext& context) = 0;

  virtual Result<ChangePage<StockMovement>> stock_movements(const Cursor& cursor,
                                                            const CallContext& context) = 0;

  // Whether this system says who posted an entry of its stock ledger.
  virtual bool names_stock_writers() const { return false; }
  // The newest entries of one article at one location, at most 1,000, posted on or after `since`'s
  // day, each with who posted it.
  virtual Result<std::vector<StockMovement>> movements_of(const StockKey&, Timestamp,
                                                          const CallContext&) {
    return Error{ErrorCode::unsupported, "this system does not say who posted stock"};
  }
};

}  // namespace underpin
