#include "cloud-adapters/business_central/inventory.h"

#include "cloud-adapters/business_central/changes.h"

#include <algorithm>
#include <chrono>

namespace underpin::cloud::business_central {
namespace {

constexpr int quantity_scale_max = 5;

}  // namespace

StockKey Inventory::key_of(const json::Value& row) const {
  return {Sku(text_of(row, "itemNumber")),
          LocationCode(from_vendor(site_.settings().locations, text_of(row, "locationCode")))};
}

StockLevel Inventory::level_of(const json::Value& row, Timestamp as_of) const {
  const json::Value level = must(fields_.from_vendor(row));
  StockLevel one;
  one.key = key_of(row);
  one.uom = from_vendor(site_.settings().uom, level.get("uom").text());
  one.on_hand = must(level.get("onHand").as_any_decimal()).normalized();
  one.reserved = must(level.get("reserved").as_any_decimal()).normalized();
  one.available = (one.on_hand - one.reserved).normalized();
  one.as_of = as_of;
  return one;
}

Result<Page<StockLevel>> Inventory::list_stock(const Cursor& cursor, int limit,
                                               const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    odata::Query options;
    options.orderby = "itemNumber,locationCode";
    const Timestamp as_of = Timestamp::from(std::chrono::system_clock::now());
    const odata::ListPage page =
        read_page(site_, site_.page(site_.settings().pages.stock, context) + options.text(), cursor,
                  std::clamp(limit, 1, site_.settings().page_size), context);
    Page<StockLevel> levels;
    for (const json::Value& row : page.items) levels.items.push_back(level_of(row, as_of));
    levels.next = cursor_of(page);
    return levels;
  });
}

Result<std::vector<StockLevel>> Inventory::get_stock(const StockQuery& query,
                                                     const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    constexpr std::size_t at_once = 20;  // Keeps the URL below what servers take.
    const std::string location =
        query.location ? odata::eq("locationCode",
                                   to_vendor(site_.settings().locations, query.location->text()))
                       : std::string();
    const Timestamp as_of = Timestamp::from(std::chrono::system_clock::now());
    std::vector<StockLevel> levels;
    const auto read = [&](const std::string& filter) {
      odata::Query options;
      options.filter = filter;
      for (const json::Value& row : site_.list(
               site_.page(site_.settings().pages.stock, context) + options.text(), context)) {
        levels.push_back(level_of(row, as_of));
      }
    };
    if (query.skus.empty()) {
      read(location);
    } else {
      for (std::size_t begin = 0; begin < query.skus.size(); begin += at_once) {
        std::vector<std::string> conditions;
        for (std::size_t i = begin; i < std::min(begin + at_once, query.skus.size()); ++i)
          conditions.push_back(odata::eq("itemNumber", query.skus[i].text()));
        read(odata::all_of({odata::any_of(conditions), location}));
      }
      for (const Sku& sku : query.skus) {
        if (std::any_of(levels.begin(), levels.end(),
                        [&](const StockLevel& level) { return level.key.sku == sku; }))
          continue;
        throw Failure{site_.failed(ErrorCode::not_found,
                                   "Business Central has no stock of article " + sku.text() +
                                       (query.location ? " at " + query.location->text() : ""))};
      }
    }
    if (levels.empty() && query.location)
      throw Failure{site_.failed(ErrorCode::not_found,
                                 "Business Central has no location " + query.location->text())};
    return levels;
  });
}

std::vector<json::Value> Inventory::entries_of(const MovementId& movement,
                                               const CallContext& context) {
  odata::Query query;
  query.filter = odata::eq("documentNumber", movement.text());
  query.orderby = "entryNumber";
  return site_.list(site_.page(site_.settings().pages.ledger, context) + query.text(), context);
}

AdjustmentReceipt Inventory::receipt_of(const MovementId& movement,
                                        const std::vector<json::Value>& entries) const {
  if (entries.size() > 1) {
    std::string numbers;
    for (const json::Value& entry : entries)
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(integer_of(entry, "entryNumber"));
    throw Failure{site_.failed(
        ErrorCode::conflict,
        "movement " + movement.text() + " was posted more than once: entries " + numbers)};
  }
  const json::Value& entry = entries.front();
  return {movement, DocumentNumber(std::to_string(integer_of(entry, "entryNumber"))), key_of(entry),
          decimal_of(entry, "quantity").normalized()};
}

// The journal takes base units only, and names no unit: another one would post another quantity.
void Inventory::check_place(const StockAdjustment& adjustment, const CallContext& context) {
  odata::Query query;
  query.filter =
      odata::all_of({odata::eq("itemNumber", adjustment.key.sku.text()),
                     odata::eq("locationCode", to_vendor(site_.settings().locations,
                                                         adjustment.key.location.text()))});
  const std::optional<json::Value> level =
      site_.find_first(site_.page(site_.settings().pages.stock, context) + query.text(), context);
  if (!level)
    throw Failure{site_.rejected("Business Central has no article " + adjustment.key.sku.text() +
                                     " at " + adjustment.key.location.text(),
                                 "/sku", "must name an article that the location has")};
  const std::string base = from_vendor(site_.settings().uom, text_of(*level, "unitOfMeasureCode"));
  if (!adjustment.uom.empty() && adjustment.uom != base)
    throw Failure{site_.rejected("stock of " + adjustment.key.sku.text() + " is counted in " + base,
                                 "/uom", "must be the article's base unit, " + base)};
}

json::Value Inventory::posting_of(const StockAdjustment& adjustment) const {
  if (adjustment.kind == AdjustmentKind::count)
    throw Failure{site_.failed(ErrorCode::unsupported, "a count is posted as the difference")};
  if (adjustment.quantity.is_zero() ||
      adjustment.quantity.normalized().scale() > quantity_scale_max)
    throw Failure{site_.rejected("the quantity cannot be posted", "/quantity",
                                 "must not be 0 and have at most five decimals")};
  const Timestamp now = Timestamp::from(std::chrono::system_clock::now());
  json::Value body = json::Value::object();
  body.set("documentNumber", adjustment.movement.text());
  body.set("itemNumber", adjustment.key.sku.text());
  body.set("locationCode", to_vendor(site_.settings().locations, adjustment.key.location.text()));
  body.set("entryType", adjustment.quantity.is_negative() ? "Negative" : "Positive");
  body.set("quantity", json::Value::number(adjustment.quantity.magnitude()));
  body.set("postingDate", adjustment.as_of.value_or(now).date_utc().text());
  // Only reasons that the settings map are codes of the ERP; a channel's free text is not.
  for (const CodePair& pair : site_.settings().reasons)
    if (pair.canonical == adjustment.reason) body.set("reasonCode", pair.vendor);
  return body;
}

Result<AdjustmentReceipt> Inventory::adjust_stock(const StockAdjustment& adjustment,
                                                  const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    const json::Value body = posting_of(adjustment);
    const std::vector<json::Value> entries = entries_of(adjustment.movement, context);
    if (!entries.empty()) {
      const AdjustmentReceipt posted = receipt_of(adjustment.movement, entries);
      if (posted.key != adjustment.key || posted.quantity != adjustment.quantity)
        throw Failure{site_.failed(ErrorCode::conflict, "movement " + adjustment.movement.text() +
                                                            " was posted with other content")};
      return posted;
    }
    check_place(adjustment, context);
    const odata::Answer answer =
        must(site_.client().send("POST", site_.page(site_.settings().pages.journal, context), body,
                                 {}, odata::Effect::creating, context));
    return AdjustmentReceipt{adjustment.movement,
                             DocumentNumber(std::to_string(integer_of(answer.body, "entryNumber"))),
                             adjustment.key, adjustment.quantity};
  });
}

Result<AdjustmentReceipt> Inventory::find_adjustment(const MovementId& movement,
                                                     const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    const std::vector<json::Value> entries = entries_of(movement, context);
    if (entries.empty())
      throw Failure{site_.failed(ErrorCode::not_found,
                                 "Business Central has no posting of movement " + movement.text())};
    return receipt_of(movement, entries);
  });
}

// Entry numbers ascend in the order of posting: the ledger is locked while one is written.
Result<ChangePage<StockMovement>> Inventory::stock_movements(const Cursor& cursor,
                                                             const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    const Result<Decimal> last = Decimal::parse(cursor.empty() ? "0" : cursor.text());
    if (!last || last->scale() != 0)
      throw Failure{site_.failed(ErrorCode::invalid_request, "the cursor is no entry number")};
    ChangePage<StockMovement> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    page.next = Cursor(last->text());
    odata::Query query;
    query.filter = "entryNumber gt " + last->text();
    query.orderby = "entryNumber";
    const odata::ListPage entries =
        must(site_.client().page(site_.page(site_.settings().pages.ledger, context) + query.text(),
                                 context, site_.settings().page_size));
    for (const json::Value& entry : entries.items) {
      StockMovement movement;
      movement.key = key_of(entry);
      movement.movement = MovementId(text_of(entry, "documentNumber"));
      movement.entry = DocumentNumber(std::to_string(integer_of(entry, "entryNumber")));
      movement.quantity = decimal_of(entry, "quantity").normalized();
      movement.changed_at = time_of(entry, "systemModifiedAt");
      page.next = Cursor(movement.entry.text());
      page.items.push_back(std::move(movement));
    }
    page.more = !entries.next.empty();
    return page;
  });
}

}  // namespace underpin::cloud::business_central
