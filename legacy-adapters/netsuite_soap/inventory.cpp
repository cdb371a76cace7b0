#include "legacy-adapters/netsuite_soap/inventory.h"

#include "legacy-adapters/netsuite_soap/change_cursor.h"

#include <algorithm>
#include <chrono>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr int quantity_scale_max = 5;
constexpr std::size_t items_at_once = 100;

const std::vector<std::string> waiting_statuses{
    "_salesOrderPendingApproval", "_salesOrderPendingFulfillment", "_salesOrderPartiallyFulfilled",
    "_salesOrderPendingBillingPartiallyFulfilled"};

std::string inventory_items() {
  Xml active;
  active.open("platformCommon:isInactive").flag("platformCore:searchValue", false).close();
  return search_record("platformCommon:ItemSearchBasic",
                       active.text() + search_words("platformCommon:type", {"_inventoryItem"}));
}

StockKey key_of(const Node& row, std::string_view location) {
  return {Sku(row.name_of("item")), LocationCode(row.name_of(location))};
}

Failure not_there(const std::string& what) {
  return {{ErrorCode::not_found, "NetSuite has no " + what}};
}

}  // namespace

// Per article and place: what open orders wait for and NetSuite has not committed to them.
std::map<StockKey, Decimal> Inventory::waited_for(const std::vector<std::string>& items,
                                                  const CallContext& context) {
  std::map<StockKey, Decimal> waiting;
  suite_.search_all(search_record("platformCommon:TransactionSearchBasic",
                                  search_any("platformCommon:item", items) +
                                      search_words("platformCommon:status", waiting_statuses) +
                                      search_words("platformCommon:type", {"_salesOrder"})),
                    context, [&](const Node& order) {
                      for (const Node& row : order.get("itemList").children) {
                        if (row.bool_of("isClosed")) continue;
                        const std::string& item = row.id_of("item");
                        if (std::find(items.begin(), items.end(), item) == items.end()) continue;
                        const Decimal waits = row.decimal_of("quantity") -
                                              row.decimal_of("quantityFulfilled") -
                                              row.decimal_of("quantityCommitted");
                        // More may have left than was ordered: nobody else gets that.
                        if (!waits.is_negative()) waiting[key_of(row, "location")] += waits;
                      }
                      return true;
                    });
  return waiting;
}

std::vector<StockLevel> Inventory::levels(const std::vector<std::string>& items,
                                          const CallContext& context) {
  std::vector<StockLevel> result;
  for (std::size_t begin = 0; begin < items.size(); begin += items_at_once) {
    const std::size_t end = std::min(begin + items_at_once, items.size());
    const std::vector<std::string> some(items.begin() + static_cast<std::ptrdiff_t>(begin),
                                        items.begin() + static_cast<std::ptrdiff_t>(end));
    const Timestamp now = Timestamp::from(std::chrono::system_clock::now());
    std::map<StockKey, Decimal> waiting = waited_for(some, context);
    for (const Node& row : suite_.availability(some, context)) {
      StockLevel level;
      level.key = key_of(row, "locationId");
      level.uom = suite_.settings().base_uom;
      level.on_hand = row.decimal_of("quantityOnHand");
      level.reserved = (row.decimal_of("quantityCommitted") + waiting[level.key]).normalized();
      level.available = level.on_hand - level.reserved;
      level.as_of = now;
      result.push_back(std::move(level));
    }
  }
  return result;
}

Result<std::vector<StockLevel>> Inventory::get_stock(const StockQuery& query,
                                                     const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    if (query.location && !references_.location(query.location->text(), context))
      throw not_there("location " + query.location->text());
    std::vector<std::string> items;
    for (const Sku& sku : query.skus) {
      const auto item = references_.item(sku.text(), context);
      if (!item) throw not_there("article " + sku.text());
      items.push_back(*item);
    }
    if (query.skus.empty())
      suite_.search_all(inventory_items(), context, [&](const Node& record) {
        items.push_back(record.attribute("internalId"));
        return true;
      });
    std::vector<StockLevel> result = levels(items, context);
    if (query.location)
      std::erase_if(result,
                    [&](const StockLevel& level) { return level.key.location != *query.location; });
    return result;
  });
}

Result<Page<StockLevel>> Inventory::list_stock(const Cursor& cursor, int limit,
                                               const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    const int places = std::max(1, static_cast<int>(references_.locations(context).size()));
    const int articles =
        std::clamp(limit / places, 1, std::min(suite_.settings().page_size, 1'000));
    const Slice slice = read_slice(suite_, inventory_items(), cursor, articles, context);
    std::vector<std::string> items;
    for (const Node& record : slice.records) items.push_back(record.attribute("internalId"));
    return Page<StockLevel>{levels(items, context), slice.next};
  });
}

std::string Inventory::record_of(const StockAdjustment& adjustment, const CallContext& context) {
  const auto item = references_.item(adjustment.key.sku.text(), context);
  if (!item)
    throw rejected("NetSuite has no article " + adjustment.key.sku.text(), "/sku",
                   "must name an article of the ERP");
  const auto place = references_.location(adjustment.key.location.text(), context);
  if (!place)
    throw rejected("NetSuite has no location " + adjustment.key.location.text(), "/location",
                   "must name a location of the ERP");
  // An adjustment is in the article's own unit.
  if (!adjustment.uom.empty() && adjustment.uom != suite_.settings().base_uom)
    throw rejected("stock is kept in " + suite_.settings().base_uom, "/uom",
                   "must be the unit that stock is kept in");
  if (adjustment.quantity.normalized().scale() > quantity_scale_max)
    throw rejected("a quantity has more than five decimals", "/quantity",
                   "must have at most five decimals");
  Xml xml;
  xml.open("platformMsgs:record", {{"xsi:type", "tranInvt:InventoryAdjustment"},
                                   {"externalId", adjustment.movement.text()}});
  if (!suite_.settings().subsidiary.empty())
    xml.ref("tranInvt:subsidiary", suite_.settings().subsidiary);
  xml.ref("tranInvt:account", suite_.settings().adjustment_account);
  if (!adjustment.reason.empty()) xml.leaf("tranInvt:memo", adjustment.reason);
  xml.open("tranInvt:inventoryList", {{"replaceAll", "true"}}).open("tranInvt:inventory");
  xml.ref("tranInvt:item", *item).ref("tranInvt:location", *place);
  xml.leaf("tranInvt:adjustQtyBy", adjustment.quantity);
  return xml.close().close().close().text();
}

std::optional<AdjustmentReceipt> Inventory::posted(const MovementId& movement,
                                                   const CallContext& context) {
  const std::optional<Node> record =
      suite_.get("inventoryAdjustment", {}, movement.text(), context);
  if (!record) return std::nullopt;
  const std::vector<Node>& rows = record->get("inventoryList").children;
  if (rows.size() != 1)
    throw Failure{{ErrorCode::conflict, "adjustment " + record->text_of("tranId") + " under " +
                                            movement.text() + " is none of ours"}};
  return AdjustmentReceipt{movement, DocumentNumber(record->text_of("tranId")),
                           key_of(rows.front(), "location"),
                           rows.front().decimal_of("adjustQtyBy")};
}

Result<AdjustmentReceipt> Inventory::adjust_stock(const StockAdjustment& adjustment,
                                                  const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    if (adjustment.kind == AdjustmentKind::count)
      throw Failure{{ErrorCode::unsupported, "a count is made a difference by the facade"}};
    if (const auto there = posted(adjustment.movement, context)) return *there;
    const auto make = [&] { return record_of(adjustment, context); };
    const std::string record = make();
    std::optional<Failure> refused;
    try {
      references_.write("add", record, make, context);
    } catch (const Failure& failure) {
      // An earlier attempt was faster: NetSuite refuses a second one under the movement's id.
      if (!may_be_saved(failure)) throw;
      if (failure.error.code == ErrorCode::rejected) refused = failure;
    }
    try {
      if (const auto made = posted(adjustment.movement, context)) return *made;
    } catch (const Failure& failure) {
      throw unknown(failure.error);
    }
    if (refused) throw *refused;
    throw Failure{{ErrorCode::outcome_unknown, "the adjustment was added and cannot be found"}};
  });
}

Result<AdjustmentReceipt> Inventory::find_adjustment(const MovementId& movement,
                                                     const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    const auto there = posted(movement, context);
    if (!there) throw not_there("adjustment " + movement.text());
    return *there;
  });
}

Result<ChangePage<StockMovement>> Inventory::stock_movements(const Cursor& cursor,
                                                             const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    ChangeCursor position = ChangeCursor::read(cursor);
    ChangePage<StockMovement> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    const ChangeSource source{
        [](const std::string& since) {
          return search_record("platformCommon:TransactionSearchBasic",
                               since + search_words("platformCommon:type",
                                                    {"_inventoryAdjustment", "_itemFulfillment"}));
        },
        true};
    const auto take = [&](const Node& record, Timestamp when) {
      const bool adjusted = record.instance_type() == "InventoryAdjustment";
      // Picked and packed has not left. It is saved anew when it does.
      if (!adjusted && record.text_of("shipStatus") != "_shipped") return;
      const std::string& external = record.attribute("externalId");
      const std::string& number = record.text_of("tranId");
      int row_number = 0;
      for (const Node& row : record.get(adjusted ? "inventoryList" : "itemList").children) {
        StockMovement movement;
        movement.key = key_of(row, "location");
        movement.movement = MovementId(external.empty() ? number : external);
        movement.entry = DocumentNumber(number + ":" + std::to_string(++row_number));
        movement.quantity = adjusted ? row.decimal_of("adjustQtyBy") : -row.decimal_of("quantity");
        movement.changed_at = when;
        page.items.push_back(std::move(movement));
      }
    };
    const bool complete = read_changes(suite_, source, position, page.as_of, context, take);
    page.next = position.write();
    page.more = !complete;
    return page;
  });
}

}  // namespace underpin::legacy::netsuite_soap
