#include "contracts/json/codec.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/profile/states.h"

#include <set>

namespace underpin::legacy::profile {
namespace {

using json::Value;

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

Decimal amount_of(const Value& record, std::string_view key) {
  const Value& value = record.get(key);
  return value.is_null() ? Decimal{}
                         : must(value.as_any_decimal("/" + std::string(key))).normalized();
}

}  // namespace

StockLevel Inventory::level_of(Value record, Timestamp as_of) const {
  StockLevel level;
  level.key = {Sku(record.get("sku").text()), LocationCode(record.get("location").text())};
  level.uom = record.get("uom").text();
  level.on_hand = amount_of(record, "onHand");
  level.reserved = amount_of(record, "reserved");
  level.available = record.find("available") != nullptr ? amount_of(record, "available")
                                                        : level.on_hand - level.reserved;
  const auto said = Timestamp::parse(record.get("asOf").text());
  level.as_of = said ? *said : as_of;
  return level;
}

Result<std::vector<StockLevel>> Inventory::get_stock(const StockQuery& query,
                                                     const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    const Timestamp as_of = now();
    std::vector<StockLevel> levels;
    if (query.skus.empty()) {
      Cursor cursor;
      for (bool more = true; more;) {
        Engine::Part part = engine_.page("list_stock", Value::object(), cursor,
                                         engine_.profile().descriptor().page_max, context);
        for (Value& record : part.records) {
          StockLevel level = level_of(std::move(record), as_of);
          if (!query.location || level.key.location == *query.location)
            levels.push_back(std::move(level));
        }
        cursor = part.next;
        more = part.full;
      }
      return levels;
    }
    Value request = Value::object();
    Value items = Value::array();
    std::set<Sku> missing;
    for (const Sku& sku : query.skus) {
      if (!missing.insert(sku).second) continue;
      Value item = Value::object();
      item.set("sku", sku.text());
      items.push(std::move(item));
    }
    request.set("items", std::move(items));
    if (query.location) request.set("location", query.location->text());
    for (Value& record : engine_.ask("get_stock", request, context)) {
      levels.push_back(level_of(std::move(record), as_of));
      missing.erase(levels.back().key.sku);
    }
    if (!missing.empty())
      throw Failure{{ErrorCode::not_found,
                     "the ERP has no article " + missing.begin()->text() +
                         (query.location ? " at " + query.location->text() : std::string())}};
    return levels;
  });
}

Result<Page<StockLevel>> Inventory::list_stock(const Cursor& cursor, int limit,
                                               const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    const Timestamp as_of = now();
    Engine::Part part = engine_.page("list_stock", Value::object(), cursor, limit, context);
    Page<StockLevel> page;
    if (part.full) page.next = part.next;
    for (Value& record : part.records) page.items.push_back(level_of(std::move(record), as_of));
    return page;
  });
}

std::optional<AdjustmentReceipt> Inventory::find(const MovementId& movement,
                                                 const CallContext& context) const {
  Value request = Value::object();
  request.set("movement", movement.text());
  const std::vector<Value> records = engine_.ask("find_adjustment", request, context);
  if (records.empty()) return std::nullopt;
  if (records.size() > 1)
    throw Failure{{ErrorCode::conflict, "movement " + movement.text() + " was posted " +
                                            std::to_string(records.size()) + " times"}};
  const Value& record = records.front();
  AdjustmentReceipt receipt;
  receipt.movement = movement;
  receipt.document = DocumentNumber(record.get("document").text());
  receipt.key = {Sku(record.get("sku").text()), LocationCode(record.get("location").text())};
  receipt.quantity = amount_of(record, "quantity");
  return receipt;
}

Result<AdjustmentReceipt> Inventory::adjust_stock(const StockAdjustment& adjustment,
                                                  const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    if (adjustment.kind == AdjustmentKind::count)
      throw Failure{{ErrorCode::unsupported, "a count is posted as the difference that it makes"}};
    engine_.must_offer("adjust_stock");
    if (const auto there = find(adjustment.movement, context)) return *there;
    Value request = json::to_json(adjustment);
    request.erase("kind");
    std::optional<Failure> twice;
    try {
      engine_.ask("adjust_stock", request, context);
    } catch (const Failure& failure) {
      // A number that is there already: perhaps by our own request, repeated on its way.
      if (failure.error.code != ErrorCode::conflict) throw;
      twice = failure;
    }
    try {
      if (const auto posted = find(adjustment.movement, context)) return *posted;
    } catch (const Failure& failure) {
      Error error = failure.error;
      if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
      throw Failure{std::move(error)};
    }
    if (twice) throw Failure{*twice};
    throw Failure{{ErrorCode::outcome_unknown, "the posting is not there yet"}};
  });
}

Result<AdjustmentReceipt> Inventory::find_adjustment(const MovementId& movement,
                                                     const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    const auto posted = find(movement, context);
    if (!posted)
      throw Failure{{ErrorCode::not_found, "nothing was posted under " + movement.text()}};
    return *posted;
  });
}

Result<ChangePage<StockMovement>> Inventory::stock_movements(const Cursor& cursor,
                                                             const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    ChangePage<StockMovement> page;
    page.as_of = now();
    const Engine::Part part = engine_.page("stock_movements", Value::object(), cursor,
                                           engine_.profile().descriptor().page_max, context);
    page.next = part.next;
    page.more = part.full;
    for (const Value& record : part.records) {
      StockMovement one;
      one.key = {Sku(record.get("sku").text()), LocationCode(record.get("location").text())};
      one.movement = MovementId(record.get("movement").text());
      one.entry = DocumentNumber(record.get("document").text());
      one.quantity = amount_of(record, "quantity");
      const auto changed = Timestamp::parse(record.get("changedAt").text());
      one.changed_at = changed ? *changed : page.as_of;
      one.changed_by = record.get("changedBy").text();
      page.items.push_back(std::move(one));
    }
    return page;
  });
}

}  // namespace underpin::legacy::profile
