#include "legacy-adapters/dynamics_nav/inventory.h"

#include "legacy-adapters/dynamics_nav/price_ruling.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr int quantity_decimals = 5;  // NAV rounds quantities to 0.00001.
constexpr std::size_t movement_max = 20;
constexpr std::size_t movements_of_max = 1'000;  // As the port has it.

// Code fields hold upper case only.
std::string code_text(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

struct Figures {
  Decimal on_hand;
  Decimal reserved;
};

// What one statement tells about some articles.
struct StockReading {
  std::map<std::string, std::string> base_uom;  // By article; its keys are the articles that exist.
  std::set<std::string> locations;
  std::map<std::pair<std::string, std::string>, Decimal> per_unit;  // Article, unit -> base units.
  struct Demand {
    std::string sku, location, uom;
    Decimal quantity;
  };
  std::vector<Demand> demand;
  std::map<StockKey, Figures> figures;
};

// Cursor: the number of the last entry given out.
std::optional<std::int64_t> parse_cursor(const std::string& text) {
  if (text.empty()) return 0;
  std::int64_t entry = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, entry);
  if (read.ec != std::errc() || read.ptr != end || entry < 0) return std::nullopt;
  return entry;
}

class NavInventory : public InventoryService {
 public:
  NavInventory(InventorySettings settings, std::shared_ptr<odbc::Database> database,
               PostJournalLine post)
      : settings_(std::move(settings)), database_(std::move(database)), post_(std::move(post)) {}

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
  bool names_stock_writers() const override { return settings_.value_entries; }
  Result<std::vector<StockMovement>> movements_of(const StockKey& key, Timestamp since,
                                                  const CallContext& context) override;

 private:
  std::string q(std::string_view identifier) const { return quoted(settings_.sql, identifier); }
  std::string t(std::string_view nav_name) const { return table(settings_.sql, nav_name); }
  Error error(ErrorCode code, std::string message, std::vector<FieldError> fields = {}) const {
    return Error{code, std::move(message), settings_.system, {}, 0, std::move(fields)};
  }

  Status read_stock(const std::vector<std::string>& skus,
                    const std::optional<LocationCode>& location, Deadline deadline,
                    StockReading& reading) const;
  void take(const odbc::Row& row, StockReading& reading) const;
  Status check(const StockAdjustment& adjustment, const CallContext& context) const;
  Error refuse(std::string pointer, std::string detail) const;

  const InventorySettings settings_;
  const std::shared_ptr<odbc::Database> database_;
  const PostJournalLine post_;
};

// Columns: kind, article, location, unit, quantity.
std::string stock_statement(const SqlNames& names, std::size_t skus, bool with_location) {
  const auto q = [&](std::string_view identifier) { return quoted(names, identifier); };
  const auto t = [&](std::string_view nav_name) { return table(names, nav_name); };
  const std::string zero = "CAST(0 AS DECIMAL(38,20))";
  const auto only = [&](const std::string& alias, std::string_view item_column, bool by_location) {
    std::string condition;
    if (skus > 0) condition += " AND " + alias + "." + q(item_column) + " IN (" + marks(skus) + ")";
    if (by_location && with_location)
      condition += " AND " + alias + "." + q("Location Code") + " = ?";
    return condition;
  };
  return "SELECT 'D', l." + q("No_") + ", l." + q("Location Code") + ", l." +
         q("Unit of Measure Code") + ", l." + q("Outstanding Quantity") + " FROM " +
         t("Sales Line") + " l WHERE l." + q("Document Type") + " = " +
         std::to_string(document_type_order) + " AND l." + q("Type") + " = " +
         std::to_string(line_type_item) + only("l", "No_", true) + " UNION ALL SELECT 'R', r." +
         q("Item No_") + ", r." + q("Location Code") + ", '', r." + q("Quantity (Base)") +
         " FROM " + t("Reservation Entry") + " r WHERE r." + q("Positive") + " = 0 AND r." +
         q("Reservation Status") + " = " + std::to_string(reservation_status_reservation) +
         " AND r." + q("Source Type") + " <> " + std::to_string(table_sales_line) +
         only("r", "Item No_", true) + " UNION ALL SELECT 'L', e." + q("Item No_") + ", e." +
         q("Location Code") + ", '', e." + q("Quantity") + " FROM " + t("Item Ledger Entry") +
         " e WHERE 1 = 1" + only("e", "Item No_", true) + " UNION ALL SELECT 'I', i." + q("No_") +
         ", '', i." + q("Base Unit of Measure") + ", " + zero + " FROM " + t("Item") +
         " i WHERE 1 = 1" + only("i", "No_", false) + " UNION ALL SELECT 'U', u." + q("Item No_") +
         ", '', u." + q("Code") + ", u." + q("Qty_ per Unit of Measure") + " FROM " +
         t("Item Unit of Measure") + " u WHERE 1 = 1" + only("u", "Item No_", false) +
         " UNION ALL SELECT 'W', '', w." + q("Code") + ", '', " + zero + " FROM " + t("Location") +
         " w";
}

odbc::Parameters stock_parameters(const std::vector<std::string>& skus,
                                  const std::optional<LocationCode>& location) {
  odbc::Parameters parameters;
  for (const bool by_location : {true, true, true, false, false}) {  // As in stock_statement().
    parameters.insert(parameters.end(), skus.begin(), skus.end());
    if (by_location && location) parameters.emplace_back(location->text());
  }
  return parameters;
}

std::vector<std::string> articles_of(const StockQuery& query) {
  std::vector<std::string> skus;
  for (const Sku& sku : query.skus) skus.push_back(sku.text());
  std::sort(skus.begin(), skus.end());
  skus.erase(std::unique(skus.begin(), skus.end()), skus.end());
  return skus;
}

void NavInventory::take(const odbc::Row& row, StockReading& reading) const {
  const std::string_view kind = odbc::text(row, 0);
  const std::string sku(odbc::text(row, 1));
  const std::string location(odbc::text(row, 2));
  const std::string uom(odbc::text(row, 3));
  const auto quantity = [&](std::string_view column) {
    return decimal_of(odbc::text(row, 4), column);
  };
  if (kind == "D") {
    reading.demand.push_back({sku, location, uom, quantity("Outstanding Quantity")});
  } else if (kind == "R") {
    reading.figures[{Sku(sku), LocationCode(location)}].reserved -= quantity("Quantity (Base)");
  } else if (kind == "L") {
    reading.figures[{Sku(sku), LocationCode(location)}].on_hand += quantity("Quantity");
  } else if (kind == "I") {
    reading.base_uom[sku] = uom;
  } else if (kind == "U") {
    reading.per_unit[{sku, uom}] = quantity("Qty_ per Unit of Measure");
  } else {
    reading.locations.insert(location);
  }
}

Status NavInventory::read_stock(const std::vector<std::string>& skus,
                                const std::optional<LocationCode>& location, Deadline deadline,
                                StockReading& reading) const {
  const odbc::Parameters parameters = stock_parameters(skus, location);
  const Status read =
      database_->query(stock_statement(settings_.sql, skus.size(), location.has_value()),
                       parameters, deadline, [&](const odbc::Row& row) {
                         take(row, reading);
                         return true;
                       });
  if (!read) return read;
  for (const StockReading::Demand& line : reading.demand) {
    Decimal per_unit = Decimal::of(1);
    if (const auto unit = reading.per_unit.find({line.sku, line.uom});
        unit != reading.per_unit.end()) {
      per_unit = unit->second.normalized();
    }
    reading.figures[{Sku(line.sku), LocationCode(line.location)}].reserved +=
        line.quantity.normalized() * per_unit;
  }
  reading.demand.clear();
  return Done{};
}

Result<std::vector<StockLevel>> NavInventory::get_stock(const StockQuery& query,
                                                        const CallContext& context) {
  const std::vector<std::string> skus = articles_of(query);
  const Timestamp as_of = settings_.now();  // Nothing later than this is claimed to be included.
  std::vector<StockLevel> levels;
  std::size_t from = 0;
  do {
    const std::size_t count = std::min(chunk_max, skus.size() - from);
    StockReading reading;
    try {
      const Status read = read_stock({skus.begin() + static_cast<std::ptrdiff_t>(from),
                                      skus.begin() + static_cast<std::ptrdiff_t>(from + count)},
                                     query.location, context.deadline, reading);
      if (!read) return read.error();
    } catch (const std::exception& failure) {
      return error(ErrorCode::internal, failure.what());
    }
    if (query.location && reading.locations.count(query.location->text()) == 0) {
      return error(ErrorCode::not_found, "location " + query.location->text() + " does not exist",
                   {{"/location", "is not known"}});
    }
    for (std::size_t i = from; i < from + count; ++i) {
      if (reading.base_uom.count(skus[i]) == 0) {
        return error(ErrorCode::not_found, "article " + skus[i] + " does not exist",
                     {{"/sku", "is not known"}});
      }
    }
    if (query.location) reading.locations = {query.location->text()};
    for (const auto& [sku, uom] : reading.base_uom) {
      std::map<std::string, Figures> by_location;
      for (const std::string& location : reading.locations) by_location[location];
      for (auto at = reading.figures.lower_bound({Sku(sku), LocationCode()});
           at != reading.figures.end() && at->first.sku.text() == sku; ++at) {
        by_location[at->first.location.text()] = at->second;
      }
      for (const auto& [location, figures] : by_location) {
        levels.push_back({{Sku(sku), LocationCode(location)},
                          uom,
                          figures.on_hand.normalized(),
                          figures.reserved.normalized(),
                          (figures.on_hand - figures.reserved).normalized(),
                          as_of});
      }
    }
    from += count;
  } while (from < skus.size());
  return levels;
}

// By article; the cursor is the last one. What is stored in the ERP's own order is continued in it:
// the comparison is the database's.
Result<Page<StockLevel>> NavInventory::list_stock(const Cursor& cursor, int limit,
                                                  const CallContext& context) {
  const auto locations =
      database_->rows("SELECT COUNT(*) FROM " + t("Location"), {}, context.deadline);
  if (!locations) return locations.error();
  std::int64_t places = 1;
  try {
    places += whole_of(odbc::text(locations->front(), 0), "Location");
  } catch (const std::exception& failure) {
    return error(ErrorCode::internal, failure.what());
  }
  const auto articles = static_cast<std::size_t>(
      std::clamp<std::int64_t>(limit / places, 1, static_cast<std::int64_t>(chunk_max)));
  StockQuery query;
  Page<StockLevel> page;
  const Status read =
      database_->query("SELECT i." + q("No_") + " FROM " + t("Item") + " i WHERE i." + q("No_") +
                           " > ? ORDER BY i." + q("No_"),
                       {cursor.text()}, context.deadline, [&](const odbc::Row& row) {
                         query.skus.emplace_back(std::string(odbc::text(row, 0)));
                         return query.skus.size() < articles;
                       });
  if (!read) return read.error();
  if (query.skus.empty()) return page;
  if (query.skus.size() == articles) page.next = Cursor(query.skus.back().text());
  auto levels = get_stock(query, context);
  // One that was deleted since: the rest is there all the same.
  if (!levels && levels.error().code == ErrorCode::not_found) {
    std::vector<StockLevel> found;
    for (const Sku& sku : query.skus) {
      const auto one = get_stock({{sku}, std::nullopt}, context);
      if (!one && one.error().code == ErrorCode::not_found) continue;
      if (!one) return one.error();
      found.insert(found.end(), one->begin(), one->end());
    }
    levels = std::move(found);
  }
  if (!levels) return levels.error();
  page.items = std::move(levels).value();
  return page;
}

Error NavInventory::refuse(std::string pointer, std::string detail) const {
  std::string message = pointer.substr(1) + " " + detail;
  return error(ErrorCode::rejected, std::move(message), {{std::move(pointer), std::move(detail)}});
}

Status NavInventory::check(const StockAdjustment& adjustment, const CallContext& context) const {
  if (adjustment.movement.empty() || adjustment.movement.text().size() > movement_max) {
    return refuse("/movement", "must have 1 to 20 characters");
  }
  if (adjustment.quantity.is_zero()) return refuse("/quantity", "must not be 0");
  if (adjustment.quantity.normalized().scale() > quantity_decimals) {
    return refuse("/quantity", "must have at most 5 decimals");
  }
  const auto known = database_->rows(
      "SELECT 'I', i." + q("Base Unit of Measure") + " FROM " + t("Item") + " i WHERE i." +
          q("No_") + " = ? UNION ALL SELECT 'W', w." + q("Code") + " FROM " + t("Location") +
          " w WHERE w." + q("Code") + " = ?",
      {adjustment.key.sku.text(), adjustment.key.location.text()}, context.deadline);
  if (!known) return known.error();
  const odbc::Row* item = nullptr;
  const odbc::Row* location = nullptr;
  for (const odbc::Row& row : *known) (odbc::text(row, 0) == "I" ? item : location) = &row;
  if (item == nullptr) return refuse("/sku", "is not known");
  if (location == nullptr) return refuse("/location", "is not known");
  const std::string base(odbc::text(*item, 1));
  if (!adjustment.uom.empty() && adjustment.uom != base) {
    return refuse("/uom", "must be the article's base unit " + base);
  }
  return Done{};
}

Result<AdjustmentReceipt> NavInventory::adjust_stock(const StockAdjustment& adjustment,
                                                     const WriteContext& context) {
  if (adjustment.kind == AdjustmentKind::count) {
    return error(ErrorCode::unsupported, "NAV's item journal takes differences, not counts");
  }
  const auto before = find_adjustment(adjustment.movement, context);
  if (before) {
    if (before->key == adjustment.key && before->quantity == adjustment.quantity) return before;
    return error(ErrorCode::conflict, "movement " + adjustment.movement.text() +
                                          " was posted with other content (entry " +
                                          before->document.text() + ")");
  }
  if (before.error().code != ErrorCode::not_found) return before.error();
  if (const Status good = check(adjustment, context); !good) return good.error();
  JournalLine line;
  line.document = adjustment.movement.text();
  line.key = adjustment.key;
  line.quantity = adjustment.quantity;
  line.posting_date = day_in(settings_.zone, settings_.now());
  line.reason_code = settings_.reason_code;
  const auto posted = post_(line, context);
  if (!posted) return posted.error();
  return AdjustmentReceipt{adjustment.movement, *posted, adjustment.key, adjustment.quantity};
}

Result<AdjustmentReceipt> NavInventory::find_adjustment(const MovementId& movement,
                                                        const CallContext& context) {
  const auto rows = database_->rows("SELECT e." + q("Entry No_") + ", e." + q("Item No_") + ", e." +
                                        q("Location Code") + ", e." + q("Quantity") + " FROM " +
                                        t("Item Ledger Entry") + " e WHERE e." + q("Document No_") +
                                        " = ? ORDER BY e." + q("Entry No_"),
                                    {code_text(movement.text())}, context.deadline);
  if (!rows) return rows.error();
  if (rows->empty()) {
    return error(ErrorCode::not_found, "no item ledger entry has document " + movement.text());
  }
  if (rows->size() > 1) {
    std::string entries;
    for (const odbc::Row& row : *rows)
      entries += (entries.empty() ? "" : ", ") + std::string(odbc::text(row, 0));
    return error(ErrorCode::conflict,
                 "movement " + movement.text() + " was posted more than once: entries " + entries);
  }
  try {
    const odbc::Row& row = rows->front();
    return AdjustmentReceipt{
        movement,
        DocumentNumber(std::string(odbc::text(row, 0))),
        {Sku(std::string(odbc::text(row, 1))), LocationCode(std::string(odbc::text(row, 2)))},
        decimal_of(odbc::text(row, 3), "Quantity").normalized()};
  } catch (const std::exception& failure) {
    return error(ErrorCode::internal, failure.what());
  }
}

Result<ChangePage<StockMovement>> NavInventory::stock_movements(const Cursor& cursor,
                                                                const CallContext& context) {
  auto last = parse_cursor(cursor.text());
  if (!last) return error(ErrorCode::invalid_request, "the cursor is not one of this system");
  ChangePage<StockMovement> page;
  page.as_of = settings_.now();
  const Status read = database_->query(
      "SELECT e." + q("Entry No_") + ", e." + q("Item No_") + ", e." + q("Location Code") + ", e." +
          q("Document No_") + ", e." + q("Quantity") + " FROM " + t("Item Ledger Entry") +
          " e WHERE e." + q("Entry No_") + " > ? ORDER BY e." + q("Entry No_"),
      {*last}, context.deadline, [&](const odbc::Row& row) {
        if (page.items.size() >= static_cast<std::size_t>(settings_.movements_page)) {
          page.more = true;
          return false;
        }
        last = whole_of(odbc::text(row, 0), "Entry No_");
        page.items.push_back(
            {{Sku(std::string(odbc::text(row, 1))), LocationCode(std::string(odbc::text(row, 2)))},
             MovementId(std::string(odbc::text(row, 3))),
             DocumentNumber(std::to_string(*last)),
             decimal_of(odbc::text(row, 4), "Quantity").normalized(),
             page.as_of});
        return true;
      });
  if (!read) return read.error();
  page.next = Cursor(std::to_string(*last));
  return page;
}

Result<std::vector<StockMovement>> NavInventory::movements_of(const StockKey& key, Timestamp since,
                                                              const CallContext& context) {
  if (!settings_.value_entries)
    return error(ErrorCode::unsupported, "the settings do not allow to read Value Entry");
  std::vector<StockMovement> movements;
  std::int64_t last = 0;
  const Status read = database_->query(
      "SELECT e." + q("Entry No_") + ", e." + q("Document No_") + ", e." + q("Quantity") + ", e." +
          q("Posting Date") + ", v." + q("User ID") + " FROM " + t("Item Ledger Entry") +
          " e LEFT JOIN " + t("Value Entry") + " v ON v." + q("Item Ledger Entry No_") + " = e." +
          q("Entry No_") + " WHERE e." + q("Item No_") + " = ? AND e." + q("Location Code") +
          " = ? AND e." + q("Posting Date") + " >= {ts '" + day_in(settings_.zone, since).text() +
          " 00:00:00'} ORDER BY e." + q("Entry No_") + " DESC, v." + q("Entry No_"),
      {key.sku.text(), key.location.text()}, context.deadline, [&](const odbc::Row& row) {
        const std::int64_t entry = whole_of(odbc::text(row, 0), "Entry No_");
        if (entry == last) return true;  // A later change of its value.
        if (movements.size() == movements_of_max) return false;
        last = entry;
        StockMovement movement;
        movement.key = key;
        movement.movement = MovementId(std::string(odbc::text(row, 1)));
        movement.entry = DocumentNumber(std::to_string(entry));
        movement.quantity = decimal_of(odbc::text(row, 2), "Quantity").normalized();
        if (const auto day = date_of(odbc::text(row, 3), "Posting Date"))
          movement.changed_at = instant_of(settings_.zone, *day, 0);
        movement.changed_by = std::string(odbc::text(row, 4));
        movements.push_back(std::move(movement));
        return true;
      });
  if (!read) return read.error();
  return movements;
}

}  // namespace

std::unique_ptr<InventoryService> make_inventory(InventorySettings settings,
                                                 std::shared_ptr<odbc::Database> database,
                                                 PostJournalLine post) {
  return std::make_unique<NavInventory>(std::move(settings), std::move(database), std::move(post));
}

std::vector<Finding> examine_value_entries(odbc::Database& database, const SqlNames& names,
                                           Deadline deadline) {
  return examine_tables(database, names, deadline,
                        {{"Value Entry", {"Entry No_", "Item Ledger Entry No_", "User ID"}}});
}

std::string stock_question(const SqlNames& names, const StockQuery& query) {
  std::vector<std::string> skus = articles_of(query);
  if (skus.size() > chunk_max) skus.resize(chunk_max);
  const odbc::Parameters values = stock_parameters(skus, query.location);
  const std::string statement = stock_statement(names, skus.size(), query.location.has_value());
  std::string question;
  std::size_t next = 0;
  char closes = '\0';  // The quote that ends the name or text that we are in.
  for (const char c : statement) {
    if (closes != '\0') {
      if (c == closes) closes = '\0';
    } else if (c == '\'' || c == '"' || c == '`') {
      closes = c;
    } else if (c == '[') {
      closes = ']';
    } else if (c == '?' && next < values.size()) {
      question += '\'';
      for (const char of_value : values[next++].text()) {
        if (of_value == '\'') question += '\'';
        // MariaDB, whose names stand in backticks, takes the character behind it for another one.
        if (of_value == '\\' && names.quote.front() == '`') question += '\\';
        question += of_value;
      }
      question += '\'';
      continue;
    }
    question += c;
  }
  return question;
}

}  // namespace underpin::legacy::dynamics_nav
