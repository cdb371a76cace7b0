#include "legacy-adapters/iseries_batch/inventory.h"

#include "contracts/json/codec.h"
#include "legacy-adapters/iseries_batch/failure.h"

#include <algorithm>

namespace underpin::legacy::iseries_batch {
namespace {

constexpr int movements_max = 1'000;
constexpr char between = '\t';  // In a cursor; no article has one.

AdjustmentReceipt receipt_of(const StockMovement& movement) {
  return {movement.movement, movement.entry, movement.key, movement.quantity};
}

AdjustmentReceipt receipt_of(const StockAdjustment& adjustment, const std::string& document) {
  return {adjustment.movement, DocumentNumber{document}, adjustment.key, adjustment.quantity};
}

StockAdjustment content_of(const Request& request) {
  const auto value = json::parse(request.content);
  return must(value ? json::from_json<StockAdjustment>(*value)
                    : Result<StockAdjustment>(value.error()));
}

std::vector<Record> record_of(const StockAdjustment& adjustment, const CodeTable& units) {
  const auto unit = units.to_vendor(adjustment.uom);
  if (!unit)
    fail(ErrorCode::rejected, "unit " + adjustment.uom + " is not mapped", "/uom",
         "must be a unit that the settings map");
  Record record{"adjustment", {}, {}};
  record.put("MOVE", adjustment.movement.text(), "/movement")
      .put("SKU", adjustment.key.sku.text(), "/sku")
      .put("WHS", adjustment.key.location.text(), "/location")
      .put("UOM", *unit, "/uom")
      .put("QTY", adjustment.quantity, "/quantity")
      .put("REASON", adjustment.reason, "/reason");
  return {record};
}

// A job that writes stock before answers has posted before it wrote either.
constexpr std::int64_t one_job_ms = 900'000;

// Less what is on its way to the ERP, or was accepted after the level was told: the next stock file
// counts it.
void reserve(std::vector<StockLevel>& levels,
             const std::map<StockKey, std::vector<Demand>>& demand) {
  for (StockLevel& level : levels) {
    const auto found = demand.find(level.key);
    if (found == demand.end()) continue;
    for (const Demand& one : found->second) {
      if (one.answered && level.as_of.plus_ms(one_job_ms) >= *one.answered) continue;
      level.reserved += one.quantity;
      level.available -= one.quantity;
    }
  }
}

}  // namespace

Result<std::vector<StockLevel>> Inventory::get_stock(const StockQuery& query, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    const std::string location = query.location ? query.location->text() : std::string();
    if (query.location && !stock_.knows_location(location))
      fail(ErrorCode::not_found, "there is no location " + location);
    // Before the levels are read: what is answered in between counts twice rather than not at all.
    if (query.skus.empty()) {
      const auto demand = state_.demand_on({});
      std::vector<StockLevel> all = stock_.levels("", location);
      reserve(all, demand);
      return all;
    }
    std::vector<StockLevel> found;
    for (const Sku& sku : query.skus) {
      if (!stock_.base_unit(sku)) fail(ErrorCode::not_found, "there is no article " + sku.text());
      const auto demand = state_.demand_on(sku);
      auto levels = stock_.levels(sku.text(), location);
      reserve(levels, demand);
      found.insert(found.end(), levels.begin(), levels.end());
    }
    return found;
  });
}

Result<Page<StockLevel>> Inventory::list_stock(const Cursor& cursor, int limit,
                                               const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    const std::string& text = cursor.text();
    const std::size_t at = text.find(between);
    if (!text.empty() && at == std::string::npos)
      fail(ErrorCode::invalid_request, "the cursor is none of this system");
    const StockKey after =
        text.empty() ? StockKey{}
                     : StockKey{Sku{text.substr(0, at)}, LocationCode{text.substr(at + 1)}};
    const int count = std::max(limit, 1);
    Page<StockLevel> page;
    page.items = stock_.levels_after(after, count);
    if (static_cast<int>(page.items.size()) == count) {
      const StockKey& last = page.items.back().key;
      page.next = Cursor{last.sku.text() + between + last.location.text()};
    }
    return page;
  });
}

std::optional<AdjustmentReceipt> Inventory::posted(const MovementId& movement) {
  exchange_.must_hold();
  const auto entries = stock_.movements_under(movement);
  if (entries.empty()) return std::nullopt;
  if (entries.size() > 1) {
    std::string numbers;
    for (const StockMovement& entry : entries)
      numbers += (numbers.empty() ? "" : ", ") + entry.entry.text();
    fail(ErrorCode::conflict, "posted several times: " + numbers);
  }
  return receipt_of(entries.front());
}

std::optional<Request> Inventory::sent(const MovementId& movement) {
  auto request = state_.last(FileKind::adjustments, movement.text());
  if (request && request->state == RequestState::refused && request->told) return std::nullopt;
  return request;
}

Result<AdjustmentReceipt> Inventory::adjust_stock(const StockAdjustment& adjustment,
                                                  const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    if (adjustment.kind == AdjustmentKind::count)
      fail(ErrorCode::unsupported, "a count is sent as a difference");
    if (const auto there = posted(adjustment.movement)) {
      // As we sent it; without that, as the movement is: in the article's own unit.
      const auto sent_as = state_.last(FileKind::adjustments, adjustment.movement.text());
      const Decimal quantity = sent_as ? content_of(*sent_as).quantity : there->quantity;
      if (there->key != adjustment.key || quantity != adjustment.quantity)
        fail(ErrorCode::conflict,
             "the movement was posted with other content, as entry " + there->document.text());
      return *there;
    }
    Request request;
    if (const auto before = sent(adjustment.movement)) {
      const StockAdjustment known = content_of(*before);
      if (known.key != adjustment.key || known.quantity != adjustment.quantity)
        fail(ErrorCode::conflict, "the movement was sent with other content");
      request =
          before->state == RequestState::refused ? *before : exchange_.await(*before, context);
    } else {
      request.file = FileKind::adjustments;
      request.subject = adjustment.movement.text();
      request.action = "A";
      request.content = json::write(json::to_json(adjustment));
      if (adjustment.quantity.is_negative())
        request.demand.push_back({adjustment.key, -adjustment.quantity});
      request =
          exchange_.submit(std::move(request), record_of(adjustment, settings_.units), context);
    }
    if (request.state == RequestState::refused) {
      state_.refusal_told(request.seq);
      throw Failure{refusal_of(request)};
    }
    return receipt_of(adjustment, request.document);
  });
}

Result<AdjustmentReceipt> Inventory::find_adjustment(const MovementId& movement,
                                                     const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    if (const auto there = posted(movement)) return *there;
    const auto request = sent(movement);
    if (!request || request->state == RequestState::refused) {
      exchange_.must_know_all();
      fail(ErrorCode::not_found, "nothing was posted under " + movement.text());
    }
    return receipt_of(content_of(*request), request->document);
  });
}

Result<ChangePage<StockMovement>> Inventory::stock_movements(const Cursor& cursor,
                                                             const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    std::int64_t position = 0;
    if (!cursor.empty()) {
      const auto number = Decimal::parse(cursor.text());
      if (!number || number->scale() != 0 || number->is_negative())
        fail(ErrorCode::invalid_request, "the cursor is none of this system");
      position = static_cast<std::int64_t>(number->coefficient());
    }
    ChangePage<StockMovement> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    const auto entries = stock_.movements_after(position, settings_.page_size);
    for (const StockStore::Entry& entry : entries) page.items.push_back(entry.movement);
    page.next = Cursor{std::to_string(entries.empty() ? position : entries.back().position)};
    page.more = static_cast<int>(entries.size()) == settings_.page_size;
    return page;
  });
}

Result<std::vector<StockMovement>> Inventory::movements_of(const StockKey& key, Timestamp since,
                                                           const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    return stock_.newest(key, Timestamp::start_of(since.date_utc()), movements_max);
  });
}

}  // namespace underpin::legacy::iseries_batch
