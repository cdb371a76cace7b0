#include "legacy-adapters/sap_ecc/inventory.h"

#include "legacy-adapters/sap_ecc/forms.h"
#include "legacy-adapters/sap_ecc/order_message.h"

#include <algorithm>
#include <map>
#include <set>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr std::size_t movement_max = 20;
constexpr const char* quantity_most = "9999999999.999";  // QUAN (13.3): all there is.
constexpr std::size_t movements_of_max = 1'000;          // As the port has it.

struct Figures {
  Decimal on_hand;
  Decimal reserved;
};

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

}  // namespace

// -------------------------------------------------------------------------------------------
// levels
std::vector<StockLevel> Inventory::levels(const std::vector<std::string>& materials,
                                          const Place* place, bool all_known,
                                          Deadline deadline) const {
  const Timestamp as_of = now();  // Nothing later than this is claimed to be included.
  std::string only;
  odbc::Parameters keys{tables_.client()};
  if (!materials.empty()) only = " AND x.MATNR IN (" + marks(materials.size()) + ")";
  keys.insert(keys.end(), materials.begin(), materials.end());
  odbc::Parameters parameters;
  for (int part = 0; part < 3; ++part)
    parameters.insert(parameters.end(), keys.begin(), keys.end());
  std::map<std::string, std::string> units;
  std::map<std::pair<std::string, std::string>, Figures> figures;
  tables_.each("SELECT 'I', x.MATNR, ' ', ' ', x.MEINS, ' ' FROM " + tables_.name("MARA") +
                   " x WHERE x.MANDT = ? AND x.LVORM <> 'X'" + only +
                   " UNION ALL SELECT 'S', x.MATNR, x.WERKS, x.LGORT, ' ', x.LABST FROM " +
                   tables_.name("MARD") + " x WHERE x.MANDT = ?" + only +
                   " UNION ALL SELECT 'D', x.MATNR, x.WERKS, x.LGORT, ' ', x.OMENG FROM " +
                   tables_.name("VBBE") + " x WHERE x.MANDT = ?" + only,
               parameters, deadline, [&](const odbc::Row& row) {
                 const std::string kind = column(row, 0);
                 const std::string material = column(row, 1);
                 if (kind == "I") {
                   units[material] = column(row, 4);
                   return true;
                 }
                 const std::string plant = column(row, 2);
                 std::string location = location_of(settings_, plant, column(row, 3));
                 if (location.empty() && kind == "D" && column(row, 3).empty()) {
                   // An item without storage location takes from its plant: from the first that is
                   // named.
                   for (const Place& one : settings_.places)
                     if (location.empty() && one.plant == plant) location = one.location;
                 }
                 if (location.empty()) return true;
                 const Decimal quantity = number_of(odbc::text(row, 5), "MARD-LABST, VBBE-OMENG");
                 Figures& at = figures[{material, location}];
                 (kind == "S" ? at.on_hand : at.reserved) += quantity;
                 return true;
               });
  if (all_known)
    for (const std::string& material : materials)
      if (units.count(material) == 0)
        throw Failure{{ErrorCode::not_found,
                       "article " + stripped(material) + " does not exist",
                       {},
                       {},
                       0,
                       {{"/sku", "is not known"}}}};
  std::vector<StockLevel> levels;
  for (const auto& [key, at] : figures) {
    const auto unit = units.find(key.first);
    if (unit == units.end() || (place != nullptr && place->location != key.second)) continue;
    levels.push_back({{Sku(stripped(key.first)), LocationCode(key.second)},
                      unit_of(settings_, unit->second),
                      at.on_hand.normalized(),
                      at.reserved.normalized(),
                      (at.on_hand - at.reserved).normalized(),
                      as_of});
  }
  return levels;
}

// What SAP's availability check says of today. A figure that comes with a warning counts only where
// it is the lower one: it is short of what the rule should have looked at.
Decimal Inventory::checked(const StockLevel& level, const CallContext& context) const {
  const Place& place = *place_of(settings_, level.key.location.text());
  Record wanted = Record::object();
  wanted.set("REQ_DATE", soap_date(*date_of(local_time(settings_.zone, level.as_of).day)));
  wanted.set("REQ_QTY", quantity_most);
  Record dates = Record::array();
  dates.push(std::move(wanted));
  Record request = Record::object();
  request.set("PLANT", place.plant);
  request.set("MATERIAL", filled(level.key.sku.text(), material_width));
  request.set("UNIT", unit_code(settings_, level.uom));  // What the answer counts in.
  request.set("CHECK_RULE", settings_.check_rule);
  request.set("STGE_LOC", place.storage);
  request.set("WMDVSX", std::move(dates));  // Without a date what is still to come counts, too.
  const Result<Record> answer = functions_.read(availability_check, request, context);
  if (!answer) {
    Error error = answer.error();
    if (error.code == ErrorCode::rejected) error.code = ErrorCode::unavailable;
    error.message = "availability of " + level.key.sku.text() + " at " + level.key.location.text() +
                    ": " + error.message;
    throw Failure{error};
  }
  if (text_of(*answer, "DIALOGFLAG") == "N") return level.available;  // It is not checked by SAP.
  if (text_of(*answer, "AV_QTY_PLT").empty())
    throw Failure{{ErrorCode::unavailable, "SAP's availability check tells no quantity"}};
  const Decimal quantity = number_of(text_of(*answer, "AV_QTY_PLT"), "AV_QTY_PLT").normalized();
  if (text_of(answer->get("RETURN"), "TYPE") == "W") return std::min(quantity, level.available);
  return quantity;
}

Result<std::vector<StockLevel>> Inventory::get_stock(const StockQuery& query,
                                                     const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const Place* place = nullptr;
    if (query.location) {
      place = place_of(settings_, query.location->text());
      if (place == nullptr)
        throw Failure{{ErrorCode::not_found,
                       "location " + query.location->text() + " does not exist",
                       {},
                       {},
                       0,
                       {{"/location", "is not known"}}}};
    }
    std::set<std::string> wanted;
    for (const Sku& sku : query.skus) {
      if (!keeps_its_form(sku.text(), material_width))
        throw Failure{{ErrorCode::not_found,
                       "article " + sku.text() + " does not exist",
                       {},
                       {},
                       0,
                       {{"/sku", "is not known"}}}};
      wanted.insert(filled(sku.text(), material_width));
    }
    if (wanted.empty()) return levels({}, place, false, context.deadline);
    std::vector<StockLevel> all;
    std::vector<std::string> chunk;
    for (auto at = wanted.begin(); at != wanted.end();) {
      chunk.push_back(*at++);
      if (chunk.size() < chunk_max && at != wanted.end()) continue;
      for (StockLevel& level : levels(chunk, place, true, context.deadline)) {
        if (!settings_.check_rule.empty()) level.available = checked(level, context);
        all.push_back(std::move(level));
      }
      chunk.clear();
    }
    return all;
  });
}

// By material; the cursor is the last one.
Result<Page<StockLevel>> Inventory::list_stock(const Cursor& cursor, int limit,
                                               const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const auto places = static_cast<int>(settings_.places.size());
    const auto size = static_cast<std::size_t>(
        std::clamp(limit / std::max(places, 1), 1, static_cast<int>(chunk_max)));
    std::vector<std::string> materials;
    tables_.each("SELECT x.MATNR FROM " + tables_.name("MARA") +
                     " x WHERE x.MANDT = ? AND x.MATNR > ? ORDER BY x.MATNR",
                 {tables_.client(), cursor.text()}, context.deadline, [&](const odbc::Row& row) {
                   materials.push_back(column(row, 0));
                   return materials.size() < size;
                 });
    Page<StockLevel> page;
    if (materials.empty()) return page;
    if (materials.size() == size) page.next = Cursor(materials.back());
    page.items = levels(materials, nullptr, false, context.deadline);
    return page;
  });
}

// --------------------------------------------------------------------------------------
// adjustments
std::optional<AdjustmentReceipt> Inventory::posted(const MovementId& movement,
                                                   Deadline deadline) const {
  const auto rows = tables_.rows(
      "SELECT m.MBLNR, m.MJAHR, s.MATNR, s.WERKS, s.LGORT, s.SHKZG, s.MENGE FROM " +
          tables_.name("MKPF") + " m JOIN " + tables_.name("MSEG") +
          " s ON s.MANDT = m.MANDT AND s.MBLNR = m.MBLNR AND s.MJAHR = m.MJAHR WHERE m.MANDT = ? "
          "AND m.BKTXT = ? ORDER BY m.MJAHR, m.MBLNR, s.ZEILE",
      {tables_.client(), movement.text()}, deadline);
  if (rows.empty()) return std::nullopt;
  if (rows.size() > 1) {
    std::string documents;
    for (const odbc::Row& row : rows)
      documents += (documents.empty() ? "" : ", ") + column(row, 0) + "/" + column(row, 1);
    throw Failure{{ErrorCode::conflict,
                   "movement " + movement.text() + " was posted more than once: " + documents}};
  }
  const odbc::Row& row = rows.front();
  const Decimal quantity = number_of(odbc::text(row, 6), "MSEG-MENGE").normalized();
  return AdjustmentReceipt{movement,
                           DocumentNumber(column(row, 0) + "/" + column(row, 1)),
                           {Sku(stripped(column(row, 2))),
                            LocationCode(location_of(settings_, column(row, 3), column(row, 4)))},
                           column(row, 5) == "H" ? -quantity : quantity};
}

Record Inventory::movement_request(const StockAdjustment& adjustment) const {
  if (adjustment.movement.empty() || adjustment.movement.text().size() > movement_max)
    throw refused(ErrorCode::rejected, "a movement's id does not fit", "/movement",
                  "must have 1 to 20 characters");
  if (adjustment.quantity.is_zero())
    throw refused(ErrorCode::rejected, "nothing is moved", "/quantity", "must not be 0");
  const Place* place = place_of(settings_, adjustment.key.location.text());
  if (place == nullptr)
    throw refused(ErrorCode::rejected, "location " + adjustment.key.location.text() + " is unknown",
                  "/location", "is not known");
  const MovementType& type = adjustment.quantity.is_negative() ? settings_.minus : settings_.plus;
  Record item = Record::object();
  item.set("MATERIAL", material_key(adjustment.key.sku, "/sku"));
  item.set("PLANT", place->plant);
  item.set("STGE_LOC", place->storage);
  item.set("MOVE_TYPE", type.type);
  item.set("ENTRY_QNT", quantity_text(adjustment.quantity.magnitude(), "/quantity"));
  if (!adjustment.uom.empty()) item.set("ENTRY_UOM", unit_code(settings_, adjustment.uom));
  const std::string today = [&] {
    const LocalTime local = local_time(settings_.zone, now());
    return local.day.substr(0, 4) + "-" + local.day.substr(4, 2) + "-" + local.day.substr(6);
  }();
  Record header = Record::object();
  header.set("PSTNG_DATE", today);
  header.set("DOC_DATE", today);
  header.set("HEADER_TXT", adjustment.movement.text());
  Record code = Record::object();
  code.set("GM_CODE", type.code);
  Record items = Record::array();
  items.push(std::move(item));
  Record request = Record::object();
  request.set("GOODSMVT_HEADER", std::move(header));
  request.set("GOODSMVT_CODE", std::move(code));
  request.set("GOODSMVT_ITEM", std::move(items));
  return request;
}

Result<AdjustmentReceipt> Inventory::adjust_stock(const StockAdjustment& adjustment,
                                                  const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    if (adjustment.kind == AdjustmentKind::count)
      throw Failure{{ErrorCode::unsupported, "a goods movement is a difference, not a count"}};
    if (const auto before = posted(adjustment.movement, context.deadline)) {
      if (before->key == adjustment.key && before->quantity == adjustment.quantity) return *before;
      throw Failure{{ErrorCode::conflict, "movement " + adjustment.movement.text() +
                                              " was posted with other content (document " +
                                              before->document.text() + ")"}};
    }
    const Record request = movement_request(adjustment);
    // A receipt tells base units; a movement in another would come back as another quantity.
    const auto unit = tables_.rows(
        "SELECT x.MEINS FROM " + tables_.name("MARA") + " x WHERE x.MANDT = ? AND x.MATNR = ?",
        {tables_.client(), material_key(adjustment.key.sku, "/sku")}, context.deadline);
    if (unit.empty())
      throw refused(ErrorCode::rejected, "article " + adjustment.key.sku.text() + " is unknown",
                    "/sku", "is not known");
    const std::string base = unit_of(settings_, column(unit.front(), 0));
    if (!adjustment.uom.empty() && adjustment.uom != base)
      throw refused(ErrorCode::rejected, "stock is moved in base units", "/uom",
                    "must be the article's base unit " + base);
    WorkUnit work(functions_, context);
    (void)work.call("BAPI_GOODSMVT_CREATE", request);
    work.commit();
    // Only a look-up may say that it is there: a commit whose session had ended before it says that
    // all is well, too, and has posted nothing.
    std::optional<AdjustmentReceipt> made;
    try {
      made = posted(adjustment.movement, context.deadline);
    } catch (const Failure& failure) {
      Error error = failure.error;
      if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
      throw Failure{error};
    }
    if (!made)
      throw Failure{{ErrorCode::outcome_unknown, "the movement was committed and is not there"}};
    return std::move(*made);
  });
}

Result<AdjustmentReceipt> Inventory::find_adjustment(const MovementId& movement,
                                                     const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    auto found = posted(movement, context.deadline);
    if (!found)
      throw Failure{{ErrorCode::not_found, "no material document has the text " + movement.text()}};
    return std::move(*found);
  });
}

// -----------------------------------------------------------------------------------------
// movements
std::string Inventory::movement_columns() const {
  return "SELECT m.CPUDT, m.CPUTM, m.MJAHR, m.MBLNR, s.ZEILE, s.MATNR, s.WERKS, s.LGORT, s.SHKZG, "
         "s.MENGE, m.BKTXT, m.USNAM FROM " +
         tables_.name("MKPF") + " m JOIN " + tables_.name("MSEG") +
         " s ON s.MANDT = m.MANDT AND s.MBLNR = m.MBLNR AND s.MJAHR = m.MJAHR WHERE m.MANDT = ?";
}

StockMovement Inventory::movement_of(const odbc::Row& row) const {
  StockMovement movement;
  movement.key = {Sku(stripped(column(row, 5))),
                  LocationCode(location_of(settings_, column(row, 6), column(row, 7)))};
  movement.movement = MovementId(column(row, 10));
  movement.entry = DocumentNumber(column(row, 3) + "/" + column(row, 2) + "/" + column(row, 4));
  movement.quantity = number_of(odbc::text(row, 9), "MSEG-MENGE").normalized();
  if (column(row, 8) == "H") movement.quantity = -movement.quantity;
  movement.changed_at = moment_of(settings_.zone, column(row, 0), column(row, 1));
  movement.changed_by = column(row, 11);
  return movement;
}

// Cursor: second, year, document and line of the last one told. What is younger than the lag waits:
// documents before it may not be committed yet.
Result<ChangePage<StockMovement>> Inventory::stock_movements(const Cursor& cursor,
                                                             const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    constexpr std::size_t cursor_width = 8 + 6 + 4 + 10 + 4;
    std::string last = cursor.text();
    if (!last.empty() && (last.size() != cursor_width || !is_digits(last)))
      throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
    if (last.empty()) last = std::string(cursor_width, '0');
    ChangePage<StockMovement> page;
    page.as_of = before_repeated(settings_.zone,
                                 now().plus_ms(-std::int64_t{settings_.movements_lag_s} * 1'000));
    const LocalTime end = local_time(settings_.zone, page.as_of);
    const std::string day = last.substr(0, 8);
    const std::string time = last.substr(8, 6);
    tables_.each(
        movement_columns() +
            " AND (m.CPUDT > ? OR (m.CPUDT = ? AND m.CPUTM >= ?)) AND (m.CPUDT < ? OR (m.CPUDT = ? "
            "AND m.CPUTM <= ?)) ORDER BY m.CPUDT, m.CPUTM, m.MJAHR, m.MBLNR, s.ZEILE",
        {tables_.client(), day, day, time, end.day, end.day, end.time}, context.deadline,
        [&](const odbc::Row& row) {
          const std::string at =
              column(row, 0) + column(row, 1) + column(row, 2) + column(row, 3) + column(row, 4);
          if (at <= last) return true;
          if (page.items.size() >= static_cast<std::size_t>(settings_.page_size) * 5) {
            page.more = true;
            return false;
          }
          last = at;
          StockMovement movement = movement_of(row);
          if (!movement.key.location.empty()) page.items.push_back(std::move(movement));
          return true;
        });
    page.next = Cursor(last);
    return page;
  });
}

Result<std::vector<StockMovement>> Inventory::movements_of(const StockKey& key, Timestamp since,
                                                           const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    std::vector<StockMovement> movements;
    const Place* place = place_of(settings_, key.location.text());
    if (place == nullptr) return movements;
    tables_.each(movement_columns() +
                     " AND s.MATNR = ? AND s.WERKS = ? AND s.LGORT = ? AND m.CPUDT >= ? ORDER BY "
                     "m.CPUDT DESC, m.CPUTM DESC, m.MBLNR DESC, s.ZEILE DESC",
                 {tables_.client(), filled(key.sku.text(), material_width), place->plant,
                  place->storage, local_time(settings_.zone, since).day},
                 context.deadline, [&](const odbc::Row& row) {
                   movements.push_back(movement_of(row));
                   return movements.size() < movements_of_max;
                 });
    return movements;
  });
}

}  // namespace underpin::legacy::sap_ecc
