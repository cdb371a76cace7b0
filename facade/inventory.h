#pragma once

#include "facade/comparisons.h"
#include "facade/demand.h"
#include "facade/field_owners.h"
#include "facade/observe.h"
#include "facade/write_life.h"

#include <map>
#include <string>
#include <vector>

namespace underpin::facade {

struct InventorySettings {
  std::map<std::string, Decimal>
      safety_stock;                         // By channel; what is kept back per sku and location.
  std::int64_t count_age_max_ms = 300'000;  // An older count is refused: stock has moved since.
};

std::string stock_subject(const StockKey& key);  // "1000@EAST"
std::optional<StockKey> stock_key_of(const std::string& subject);

// Stock as channels see it: a state per sku and location.
// available = the ERP's figure - acknowledged demand which that ERP has not received yet - the
// channel's safety stock, never less than nothing. Threads: any.
class InventoryFacade {
 public:
  InventoryFacade(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                  WriteLife& writes, Comparisons& comparisons, const UndeliveredDemand& demand,
                  Now now, InventorySettings settings);

  // GET /v1/inventory/{sku}?location=, and POST /v1/inventory/availability for many.
  Result<std::vector<StockLevel>> get(const StockQuery& query, const CallContext& context);
  // The levels of exactly these keys; a key without a location asks for every location.
  Result<std::vector<StockLevel>> availability(
      const std::vector<std::pair<Sku, std::optional<LocationCode>>>& asked,
      const CallContext& context);
  // POST /v1/inventory/adjustments.
  Answer adjust(const StockAdjustment& adjustment, const WriteContext& context);
  // How both sides are asked for one level, to be compared.
  ShadowCheck check_of(const StockKey& key, Side primary, const CallContext& context);

 private:
  Result<std::vector<StockLevel>> read_from(Side side, const StockQuery& query,
                                            const CallContext& context);
  void shadow(const StockLevel& answered, Side side, std::int64_t micros,
              const CallContext& context);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  WriteLife& writes_;
  Comparisons& comparisons_;
  const UndeliveredDemand& demand_;
  Now now_;
  InventorySettings settings_;
};

// A posting whose outcome was in doubt is looked up once more, at ten times the vendor's settle_ms:
// two under one movement id, or one of a write that was refused, are raised as
// "duplicate_posting". No feed would show them.
journal::NewOutboxRow verify_posting_row(Side side, const std::string& wave,
                                         const StockAdjustment& adjustment, bool refused,
                                         std::int64_t settle_ms, Timestamp now);

// "adjust_stock".
void add_inventory_writes(WriteLife& writes, const Systems& systems, const FieldOwners& fields);

// What both ERPs must agree on, as JSON.
json::Value comparable_level(const StockLevel& level);

}  // namespace underpin::facade
