#include "legacy-adapters/jd_edwards/inventory.h"

#include "contracts/order_rules.h"
#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/jd_edwards/failure.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr std::size_t chunk_max = 200;  // Articles of one statement.
constexpr std::size_t movement_max = 20;
constexpr std::size_t movements_page = 500;
constexpr std::size_t movements_of_max = 1'000;  // As the port has it.
constexpr std::size_t item_width = 25;
// One batch number for all: the transaction number alone tells movements apart.
constexpr std::string_view batch = "STOCK";

Failure bad(std::string pointer, std::string rule) {
  std::string message = pointer.substr(1) + " " + rule;
  return refused(ErrorCode::rejected, std::move(message), std::move(pointer), std::move(rule));
}

struct Figures {
  Decimal on_hand;
  Decimal reserved;
};

struct Reading {
  std::map<std::string, std::string> uom;           // By article.
  std::map<std::string, std::set<std::string>> at;  // Its branches.
  std::map<StockKey, Figures> figures;
  std::set<std::string> branches;
};

// UKID is given out before the entry is committed: one may come behind a higher number.
struct LedgerPlace {
  std::int64_t low = 0;   // Nothing comes at or before it any more.
  std::int64_t seen = 0;  // The furthest that was told.
  std::int64_t at = 0;    // Within a sweep of more than one page: the last one taken.
};

// "1200/1234", and "/1220" within a sweep.
std::optional<LedgerPlace> ledger_place(const std::string& cursor) {
  if (cursor.empty()) return LedgerPlace{};
  std::vector<std::int64_t> parts;
  const char* at = cursor.data();
  const char* const end = at + cursor.size();
  while (parts.size() < 3) {
    std::int64_t value = 0;
    const auto [next, code] = std::from_chars(at, end, value);
    if (code != std::errc() || value < 0) return std::nullopt;
    parts.push_back(value);
    at = next;
    if (at == end) break;
    if (*at++ != '/') return std::nullopt;
  }
  if (at != end || parts.size() < 2) return std::nullopt;
  return LedgerPlace{parts[0], parts[1], parts.size() == 3 ? parts[2] : parts[0]};
}

std::string text(const odbc::Row& row, std::size_t column) {
  return std::string(trimmed(odbc::text(row, column)));
}

class JdeInventory : public InventoryService {
 public:
  JdeInventory(const Settings& settings, std::string system,
               std::shared_ptr<odbc::Database> database, const Interface& interface)
      : settings_(settings),
        system_(std::move(system)),
        database_(std::move(database)),
        interface_(interface) {}

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
  std::string t(std::string_view name) const { return table(settings_, name); }
  Decimal quantity(const odbc::Row& row, std::size_t column, std::string_view name) const {
    return amount_of(odbc::text(row, column), settings_.decimals.quantity, name);
  }
  Reading read(const std::vector<std::string>& skus, const std::optional<LocationCode>& location,
               const CallContext& context) const;
  void take(const odbc::Row& row, Reading& reading) const;
  std::vector<StockLevel> levels(const StockQuery& query, const CallContext& context,
                                 bool all_must_exist) const;
  std::optional<AdjustmentReceipt> posted(const MovementId& movement,
                                          const CallContext& context) const;
  std::int64_t checked(const StockAdjustment& adjustment, const CallContext& context) const;
  Record record_of(const MovementId& movement) const;
  InterfaceRow row_of(const StockAdjustment& adjustment, std::int64_t quantity) const;
  std::string unit_of(const std::string& vendor) const {
    for (const auto& [canonical, code] : settings_.uoms)
      if (code == vendor) return canonical;
    return vendor;
  }

  const Settings& settings_;
  const std::string system_;
  const std::shared_ptr<odbc::Database> database_;
  const Interface& interface_;
};

// Columns: kind, article, branch, unit or lot status, and three quantities. Demand and stock are
// of one row of F41021, so no shipment falls between them.
Reading JdeInventory::read(const std::vector<std::string>& skus,
                           const std::optional<LocationCode>& location,
                           const CallContext& context) const {
  odbc::Parameters values;
  const auto only = [&](const std::string& branch_column) {
    std::string condition;
    if (!skus.empty()) condition += " AND i.IMLITM IN (" + marks(skus.size()) + ")";
    for (const std::string& sku : skus) values.emplace_back(padded(sku, item_width));
    if (location) {
      condition += " AND " + branch_column + " = ?";
      values.emplace_back(unit(location->text()));
    }
    return condition;
  };
  std::string statement =
      "SELECT 'Q', i.IMLITM, q.LIMCU, q.LILOTS, q.LIPQOH, q.LIHCOM, q.LIPCOM FROM " + t("F41021") +
      " q INNER JOIN " + t("F4101") + " i ON i.IMITM = q.LIITM WHERE 1 = 1" + only("q.LIMCU");
  statement += " UNION ALL SELECT 'I', i.IMLITM, b.IBMCU, i.IMUOM1, 0, 0, 0 FROM " + t("F4102") +
               " b INNER JOIN " + t("F4101") + " i ON i.IMITM = b.IBITM WHERE 1 = 1" +
               only("b.IBMCU");
  statement += " UNION ALL SELECT 'W', '', m.MCMCU, '', 0, 0, 0 FROM " + t("F0006") +
               " m WHERE m.MCSTYL = ?";
  values.emplace_back(padded("BP", 2));
  Reading reading;
  must(database_->query(statement, values, context.deadline, [&](const odbc::Row& row) {
    take(row, reading);
    return true;
  }));
  return reading;
}

void JdeInventory::take(const odbc::Row& row, Reading& reading) const {
  const std::string kind = text(row, 0);
  const std::string sku = text(row, 1);
  const std::string branch = text(row, 2);
  if (kind == "W") {
    reading.branches.insert(branch);
  } else if (kind == "I") {
    reading.uom[sku] = unit_of(text(row, 3));
    reading.at[sku].insert(branch);
  } else {
    Figures& figures = reading.figures[{Sku(sku), LocationCode(branch)}];
    const Decimal on_hand = quantity(row, 4, "PQOH");
    const Decimal committed = quantity(row, 5, "HCOM") + quantity(row, 6, "PCOM");
    figures.on_hand += on_hand;
    figures.reserved += text(row, 3).empty() ? committed : std::max(on_hand, committed);
  }
}

std::vector<StockLevel> JdeInventory::levels(const StockQuery& query, const CallContext& context,
                                             bool all_must_exist) const {
  std::set<std::string> asked;
  for (const Sku& sku : query.skus) asked.insert(sku.text());
  const std::vector<std::string> skus(asked.begin(), asked.end());
  const Timestamp as_of = Timestamp::from(std::chrono::system_clock::now());
  std::vector<StockLevel> found;
  std::size_t from = 0;
  do {
    const std::size_t count = std::min(chunk_max, skus.size() - from);
    const std::vector<std::string> chunk(skus.begin() + static_cast<std::ptrdiff_t>(from),
                                         skus.begin() + static_cast<std::ptrdiff_t>(from + count));
    const Reading reading = read(chunk, query.location, context);
    if (query.location && reading.branches.count(query.location->text()) == 0)
      throw refused(ErrorCode::not_found, "location " + query.location->text() + " does not exist",
                    "/location", "is not known");
    for (const std::string& sku : chunk)
      if (all_must_exist && reading.uom.count(sku) == 0)
        throw refused(ErrorCode::not_found, "article " + sku + " does not exist", "/sku",
                      "is not known");
    for (const auto& [sku, branches] : reading.at) {
      for (const std::string& branch : branches) {
        const StockKey key{Sku(sku), LocationCode(branch)};
        const auto figures = reading.figures.find(key);
        const Figures there = figures == reading.figures.end() ? Figures{} : figures->second;
        found.push_back({key, reading.uom.at(sku), there.on_hand.normalized(),
                         there.reserved.normalized(), (there.on_hand - there.reserved).normalized(),
                         as_of});
      }
    }
    from += count;
  } while (from < skus.size());
  return found;
}

Result<std::vector<StockLevel>> JdeInventory::get_stock(const StockQuery& query,
                                                        const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] { return levels(query, context, true); });
}

// By article; the cursor is the last one, in the database's own order.
Result<Page<StockLevel>> JdeInventory::list_stock(const Cursor& cursor, int limit,
                                                  const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const auto branches =
        must(database_->rows("SELECT COUNT(*) FROM " + t("F0006") + " m WHERE m.MCSTYL = ?",
                             {padded("BP", 2)}, context.deadline));
    const std::int64_t places =
        std::max<std::int64_t>(1, whole_of(odbc::text(branches.front(), 0), "MCMCU"));
    const auto articles = static_cast<std::size_t>(
        std::clamp<std::int64_t>(limit / places, 1, static_cast<std::int64_t>(chunk_max)));
    StockQuery query;
    must(database_->query(
        "SELECT i.IMLITM FROM " + t("F4101") + " i WHERE i.IMLITM > ? ORDER BY i.IMLITM",
        {padded(cursor.text(), item_width)}, context.deadline, [&](const odbc::Row& row) {
          query.skus.emplace_back(text(row, 0));
          return query.skus.size() < articles;
        }));
    Page<StockLevel> page;
    if (query.skus.empty()) return page;
    if (query.skus.size() == articles) page.next = Cursor(query.skus.back().text());
    // One that has no branch, or was deleted since, is left out.
    page.items = levels(query, context, false);
    return page;
  });
}

// ------------------------------------------------------------------------------------ adjustments
Record JdeInventory::record_of(const MovementId& movement) const {
  return {&stock_record(),
          {padded(settings_.user, 10), padded(batch, 15), padded(movement.text(), 22)}};
}

std::optional<AdjustmentReceipt> JdeInventory::posted(const MovementId& movement,
                                                      const CallContext& context) const {
  const auto rows = must(database_->rows(
      "SELECT e.ILUKID, e.ILLITM, e.ILMCU, e.ILTRQT FROM " + t("F4111") +
          " e WHERE e.ILTREX = ? AND e.ILDCT = ? ORDER BY e.ILUKID",
      {padded(movement.text(), 30), padded(settings_.adjustment_type, 2)}, context.deadline));
  if (rows.empty()) return std::nullopt;
  if (rows.size() > 1) {
    std::string entries;
    for (const odbc::Row& row : rows) entries += (entries.empty() ? "" : ", ") + text(row, 0);
    throw Failure{{ErrorCode::conflict, "movement " + movement.text() +
                                            " was posted more than once: entries " + entries}};
  }
  const odbc::Row& row = rows.front();
  return AdjustmentReceipt{movement,
                           DocumentNumber(text(row, 0)),
                           {Sku(text(row, 1)), LocationCode(text(row, 2))},
                           quantity(row, 3, "TRQT")};
}

std::int64_t JdeInventory::checked(const StockAdjustment& adjustment,
                                   const CallContext& context) const {
  if (adjustment.quantity.is_zero()) throw bad("/quantity", "must not be 0");
  const auto scaled = implied(adjustment.quantity, settings_.decimals.quantity);
  if (!scaled)
    throw bad("/quantity",
              "must have at most " + std::to_string(settings_.decimals.quantity) + " decimals");
  const Reading reading = read({adjustment.key.sku.text()}, std::nullopt, context);
  const auto at = reading.at.find(adjustment.key.sku.text());
  if (at == reading.at.end()) throw bad("/sku", "is not known");
  if (at->second.count(adjustment.key.location.text()) == 0)
    throw bad("/location", "is not known for this article");
  const std::string& base = reading.uom.at(adjustment.key.sku.text());
  if (!adjustment.uom.empty() && adjustment.uom != base)
    throw bad("/uom", "must be the article's base unit " + base);
  return *scaled;
}

InterfaceRow JdeInventory::row_of(const StockAdjustment& adjustment, std::int64_t quantity) const {
  std::string vendor;
  for (const auto& [canonical, code] : settings_.uoms)
    if (canonical == adjustment.uom) vendor = code;
  const Date today = day_in(settings_.zone, Timestamp::from(std::chrono::system_clock::now()));
  return {"F4111Z1",
          {{"SZEDUS", padded(settings_.user, 10)},
           {"SZEDBT", padded(batch, 15)},
           {"SZEDTN", padded(adjustment.movement.text(), 22)},
           {"SZEDLN", line_step},
           {"SZEDSP", std::string("N")},
           {"SZTNAC", padded("A", 2)},
           {"SZLITM", padded(adjustment.key.sku.text(), item_width)},
           {"SZMCU", unit(adjustment.key.location.text())},
           {"SZLOCN", padded("", 20)},
           {"SZLOTN", padded("", 30)},
           {"SZDCT", padded(settings_.adjustment_type, 2)},
           {"SZKCO", padded(settings_.company, 5)},
           {"SZTRDJ", cyyddd_of(today)},
           {"SZTRUM", padded(vendor, 2)},
           {"SZTRQT", quantity},
           {"SZTREX", padded(adjustment.movement.text(), 30)},
           {"SZRCD", padded(settings_.reason_code, 3)}}};
}

Result<AdjustmentReceipt> JdeInventory::adjust_stock(const StockAdjustment& adjustment,
                                                     const WriteContext& context) {
  if (adjustment.kind == AdjustmentKind::count)
    return Error{ErrorCode::unsupported, "F4111Z1 takes differences, not counts", system_};
  return guarded(system_, ErrorCode::outcome_unknown, [&]() -> AdjustmentReceipt {
    const auto same = [&](const AdjustmentReceipt& receipt) {
      if (receipt.key == adjustment.key && receipt.quantity == adjustment.quantity) return receipt;
      throw Failure{{ErrorCode::conflict, "movement " + adjustment.movement.text() +
                                              " was posted with other content (entry " +
                                              receipt.document.text() + ")"}};
    };
    if (adjustment.movement.empty() || adjustment.movement.text().size() > movement_max)
      throw bad("/movement", "must have 1 to 20 characters");
    const Record record = record_of(adjustment.movement);
    const Look seen = must(interface_.look(record, context));
    const bool unmarked = seen.state == RecordState::waiting || seen.state == RecordState::refused;
    if (const auto before = posted(adjustment.movement, context)) {
      if (unmarked) interface_.mark(record, context);
      return same(*before);
    }
    // One that waits is not written again: its key is taken, and it is not refused any more. One
    // that was refused is replaced.
    if (seen.state == RecordState::absent || seen.state == RecordState::refused) {
      const InterfaceRow row = row_of(adjustment, checked(adjustment, context));
      if (seen.state == RecordState::refused) {
        (void)interface_.withdraw(record, context);
        // A run that broke off may have carried it out since it was looked for.
        if (const auto late = posted(adjustment.movement, context)) return same(*late);
      }
      const Status put = interface_.put(stock_record(), {row}, context);
      if (!put && put.error().code != ErrorCode::conflict) throw Failure{put.error()};
    }
    const auto entry = [&] {
      return must_after_write(guarded(system_, ErrorCode::outcome_unknown,
                                      [&] { return posted(adjustment.movement, context); }));
    };
    interface_.await(
        record, [&] { return entry().has_value(); }, context);
    const auto now = entry();
    if (!now)
      throw Failure{{ErrorCode::outcome_unknown,
                     "record " + record.text() + " was carried out, and its entry is not seen"}};
    return same(*now);
  });
}

Result<AdjustmentReceipt> JdeInventory::find_adjustment(const MovementId& movement,
                                                        const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&]() -> AdjustmentReceipt {
    const Record record = record_of(movement);
    const Look seen =
        movement.text().size() <= movement_max ? must(interface_.look(record, context)) : Look{};
    const auto found = posted(movement, context);
    if (found) {
      if (seen.state == RecordState::waiting || seen.state == RecordState::refused)
        interface_.mark(record, context);
      return *found;
    }
    // One that was refused is taken away: the next run would take it again.
    if (seen.state == RecordState::refused && interface_.withdraw(record, context)) {
      if (const auto late = posted(movement, context)) return *late;
    } else if (seen.state != RecordState::absent) {
      throw Failure{{ErrorCode::outcome_unknown,
                     "record " + record.text() + " is there, and its entry is not seen"}};
    }
    throw Failure{{ErrorCode::not_found, "no entry has the movement " + movement.text()}};
  });
}

// --------------------------------------------------------------------------------------- ledger
Result<ChangePage<StockMovement>> JdeInventory::stock_movements(const Cursor& cursor,
                                                                const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    auto place = ledger_place(cursor.text());
    if (!place) throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
    ChangePage<StockMovement> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    const Stamp closing = stamp_in(
        settings_.zone, page.as_of.plus_ms(-std::int64_t{settings_.feed_overlap_s} * 1'000));
    bool closed = place->low == place->at;  // So far no entry is so new that one may come behind.
    must(database_->query(
        "SELECT e.ILUKID, e.ILLITM, e.ILMCU, e.ILTREX, e.ILTRQT, e.ILUSER, e.ILCRDJ, e.ILTDAY "
        "FROM " +
            t("F4111") + " e WHERE e.ILUKID > ? ORDER BY e.ILUKID",
        {place->at}, context.deadline, [&](const odbc::Row& row) {
          if (page.items.size() >= movements_page) {
            page.more = true;
            return false;
          }
          const std::int64_t entry = whole_of(odbc::text(row, 0), "UKID");
          const Stamp made{whole_of(odbc::text(row, 6), "CRDJ"),
                           whole_of(odbc::text(row, 7), "TDAY")};
          closed = closed && made <= closing;
          place->at = entry;
          if (closed) place->low = entry;
          if (!closed && entry <= place->seen) return true;
          page.items.push_back({{Sku(text(row, 1)), LocationCode(text(row, 2))},
                                MovementId(text(row, 3)),
                                DocumentNumber(std::to_string(entry)),
                                quantity(row, 4, "TRQT"),
                                page.as_of,
                                text(row, 5)});
          return true;
        }));
    if (!page.more) place->seen = std::max(place->seen, place->at);
    page.next = Cursor(std::to_string(place->low) + "/" + std::to_string(place->seen) +
                       (page.more ? "/" + std::to_string(place->at) : ""));
    return page;
  });
}

Result<std::vector<StockMovement>> JdeInventory::movements_of(const StockKey& key, Timestamp since,
                                                              const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    std::vector<StockMovement> movements;
    must(database_->query(
        "SELECT e.ILUKID, e.ILTREX, e.ILTRQT, e.ILUSER, e.ILCRDJ, e.ILTDAY FROM " + t("F4111") +
            " e WHERE e.ILLITM = ? AND e.ILMCU = ? AND e.ILCRDJ >= ? ORDER BY e.ILUKID DESC",
        {padded(key.sku.text(), item_width), unit(key.location.text()),
         cyyddd_of(day_in(settings_.zone, since))},
        context.deadline, [&](const odbc::Row& row) {
          if (movements.size() == movements_of_max) return false;
          StockMovement movement;
          movement.key = key;
          movement.entry = DocumentNumber(text(row, 0));
          movement.movement = MovementId(text(row, 1));
          movement.quantity = quantity(row, 2, "TRQT");
          movement.changed_by = text(row, 3);
          movement.changed_at = instant_of(settings_.zone, {whole_of(odbc::text(row, 4), "CRDJ"),
                                                            whole_of(odbc::text(row, 5), "TDAY")});
          movements.push_back(std::move(movement));
          return true;
        }));
    return movements;
  });
}

}  // namespace

std::unique_ptr<InventoryService> make_inventory(const Settings& settings, std::string system,
                                                 std::shared_ptr<odbc::Database> database,
                                                 const Interface& interface) {
  return std::make_unique<JdeInventory>(settings, std::move(system), std::move(database),
                                        interface);
}

}  // namespace underpin::legacy::jd_edwards
