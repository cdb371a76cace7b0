#pragma once

#include "contracts/ports/inventory_service.h"
#include "legacy-adapters/sap_ecc/functions.h"
#include "legacy-adapters/sap_ecc/tables.h"

#include <string>

namespace underpin::legacy::sap_ecc {

// Stock by plant and storage location: unrestricted stock of MARD, less the requirements of sales
// documents in VBBE, in base units. Only places that the settings name. With a checking rule in the
// settings, what is available of articles that are asked for by name is SAP's own answer for today
// (BAPI_MATERIAL_AVAILABILITY). Adjustments are material documents with the movement's id as their
// header text (BKTXT; XBLNR has only 16 characters).
class Inventory final : public InventoryService {
 public:
  Inventory(const Functions& functions, const Settings& settings, const Tables& tables)
      : functions_(functions), settings_(settings), tables_(tables) {}

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

  // What BAPI_GOODSMVT_CREATE is sent. Failure: what cannot be moved.
  Record movement_request(const StockAdjustment& adjustment) const;

 private:
  // Of these materials (their keys), at every place or at one.
  std::vector<StockLevel> levels(const std::vector<std::string>& materials, const Place* at,
                                 bool all_known, Deadline deadline) const;
  Decimal checked(const StockLevel& level, const CallContext& context) const;
  std::optional<AdjustmentReceipt> posted(const MovementId& movement, Deadline deadline) const;
  std::string movement_columns() const;
  StockMovement movement_of(const odbc::Row& row) const;

  const Functions& functions_;
  const Settings& settings_;
  const Tables& tables_;
};

}  // namespace underpin::legacy::sap_ecc
