#include "legacy-adapters/iseries_batch/stock_store.h"

#include "legacy-adapters/iseries_batch/state.h"

#include <algorithm>

namespace underpin::legacy::iseries_batch {
namespace {

using state::StateDatabase;
using state::StateStatement;
using state::StateTransaction;

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS level (
  sku TEXT NOT NULL, location TEXT NOT NULL, uom TEXT NOT NULL, on_hand TEXT NOT NULL,
  reserved TEXT NOT NULL, as_of TEXT NOT NULL, PRIMARY KEY (sku, location)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS level_location ON level (location);
CREATE TABLE IF NOT EXISTS movement (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  entry INTEGER NOT NULL UNIQUE, sku TEXT NOT NULL, location TEXT NOT NULL, document TEXT NOT NULL,
  quantity TEXT NOT NULL, at TEXT NOT NULL, user TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS movement_document ON movement (document);
CREATE INDEX IF NOT EXISTS movement_key ON movement (sku, location, at);
CREATE TABLE IF NOT EXISTS newest_run (
  kind INTEGER PRIMARY KEY, run INTEGER NOT NULL, made TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS in_run (
  kind INTEGER NOT NULL, run INTEGER NOT NULL, checksum TEXT NOT NULL,
  PRIMARY KEY (kind, run)) WITHOUT ROWID;
)";

Timestamp timestamp_of(const std::string& text) {
  const auto parsed = Timestamp::parse(text);
  return parsed ? *parsed : Timestamp{};
}

Decimal decimal_of(const std::string& text) {
  const auto parsed = Decimal::parse(text);
  if (!parsed) throw state::StateFailure("a quantity cannot be read: " + text);
  return *parsed;
}

// Text that sorts as the point in time does, to the second.
std::string sortable(Timestamp at) { return Timestamp{at.micros / 1'000'000 * 1'000'000}.text(); }

StockLevel level_of(StateStatement& row) {
  StockLevel level;
  level.key = {Sku{row.text(0)}, LocationCode{row.text(1)}};
  level.uom = row.text(2);
  level.on_hand = decimal_of(row.text(3));
  level.reserved = decimal_of(row.text(4));
  level.available = level.on_hand - level.reserved;
  level.as_of = timestamp_of(row.text(5));
  return level;
}

constexpr const char* level_columns =
    "SELECT sku, location, uom, on_hand, reserved, as_of FROM level ";
constexpr const char* movement_columns =
    "SELECT position, entry, sku, location, document, quantity, at, user FROM movement ";

StockStore::Entry entry_of(StateStatement& row) {
  StockMovement movement;
  movement.entry = DocumentNumber{std::to_string(row.whole(1))};
  movement.key = {Sku{row.text(2)}, LocationCode{row.text(3)}};
  movement.movement = MovementId{row.text(4)};
  movement.quantity = decimal_of(row.text(5));
  movement.changed_at = timestamp_of(row.text(6));
  movement.changed_by = row.text(7);
  return {row.whole(0), std::move(movement)};
}

// One file, in one transaction.
class StockFile {
 public:
  StockFile(StateDatabase& database, FileKind kind, const Reading& reading,
            const std::function<void(Refusal)>& refused)
      : database_(database),
        kind_(kind),
        reading_(reading),
        refused_([this, &refused](Refusal refusal) {
          any_refused_ = true;
          refused(std::move(refusal));
        }),
        level_(database.prepare(
            "INSERT INTO level (sku, location, uom, on_hand, reserved, as_of) VALUES (?,?,?,?,?,?)"
            " ON CONFLICT (sku, location) DO UPDATE SET uom = excluded.uom, on_hand ="
            " excluded.on_hand, reserved = excluded.reserved, as_of = excluded.as_of"
            " WHERE excluded.as_of >= as_of")),
        movement_(database.prepare(
            "INSERT INTO movement (entry, sku, location, document, quantity, at, user)"
            " VALUES (?,?,?,?,?,?,?) ON CONFLICT (entry) DO NOTHING")) {}

  // conflict: the file was taken in before.
  Status take(edi::ReadBytes read, const std::string& checksum) {
    edi::FixedReader reader(std::move(read), format_of(kind_, reading_.wire));
    bool done = false;
    for (;;) {
      const auto kind = reader.next();
      if (!kind) return kind.error();
      switch (*kind) {
        case edi::FixedKind::batch:
          if (done) return wrong("a second batch follows");
          if (const Status begun = begin(reader, checksum); !begun) return begun;
          break;
        case edi::FixedKind::record:
          record(reader);
          break;
        case edi::FixedKind::rejected:
          report(reader, refused_);
          break;
        case edi::FixedKind::batch_end:
          if (!reader.batch_faults().empty()) return wrong(reasons(reader.batch_faults()));
          done = true;
          break;
        case edi::FixedKind::end:
          if (!done) return wrong("the file has no header");
          if (kind_ == FileKind::stock && levels_ == 0)
            return wrong("it names no level that can be used: it would take all of them away");
          finish(checksum);
          return Done{};
      }
    }
  }

 private:
  static Error wrong(std::string reason) { return {ErrorCode::invalid_request, std::move(reason)}; }
  Status begin(const edi::FixedReader& reader, const std::string& checksum) {
    const auto header = header_of(reader.record(), kind_, reading_.zone);
    if (!header) return header.error();
    header_ = *header;
    switch (run_known(database_, kind_, header_.run, checksum)) {
      case RunKnown::no:
        put_in_order();
        return Done{};
      case RunKnown::same:
        return Error{ErrorCode::conflict, "this file was taken in before"};
      case RunKnown::refused:
        break;
    }
    return wrong("run " + std::to_string(header_.run) + " was taken in before, with other content");
  }
  // Clocks are set back, every autumn: a run that follows another was not made before it.
  void put_in_order() {
    StateStatement newest = database_.prepare("SELECT run, made FROM newest_run WHERE kind = ?");
    newest.bind(1, static_cast<std::int64_t>(kind_));
    if (newest.step()) {
      if (newest.whole(0) > header_.run) return;
      header_.made = std::max(header_.made, timestamp_of(newest.text(1)));
    }
    database_.prepare("INSERT OR REPLACE INTO newest_run (kind, run, made) VALUES (?,?,?)")
        .bind(1, static_cast<std::int64_t>(kind_))
        .bind(2, header_.run)
        .bind(3, header_.made.text())
        .once();
  }
  void record(const edi::FixedReader& reader) {
    const Fields fields(reader.record().values().value());
    const std::string& name = reader.record().layout().name;
    const auto refuse = [&](const char* field, std::string reason) {
      refused_({reader.place().line, name, field, std::move(reason)});
    };
    const auto unit = reading_.units.from_vendor(fields.text("UOM"));
    if (!unit)
      return refuse("UOM", "\"" + fields.text("UOM") + "\" is no unit that the settings map");
    if (fields.text("SKU").empty()) return refuse("SKU", "must not be blank");
    if (fields.text("WHS").empty()) return refuse("WHS", "must not be blank");
    if (name == "movement") {
      if (fields.whole("ENTRY") <= 0) return refuse("ENTRY", "must be greater than 0");
      if (!movement(fields))
        refuse("ENTRY",
               std::to_string(fields.whole("ENTRY")) + " was taken in before, with other content");
      return;
    }
    ++levels_;
    level_.bind(1, fields.text("SKU"))
        .bind(2, fields.text("WHS"))
        .bind(3, *unit)
        .bind(4, fields.number("ONHAND").normalized().text())
        .bind(5, fields.number("ALLOC").normalized().text())
        .bind(6, sortable(header_.made))
        .once();
  }
  // False: the entry is there, and another one.
  bool movement(const Fields& fields) {
    const Timestamp at = instant_of(reading_.zone, fields.date("MDATE"), fields.whole("MTIME"));
    movement_.bind(1, fields.whole("ENTRY"))
        .bind(2, fields.text("SKU"))
        .bind(3, fields.text("WHS"))
        .bind(4, fields.text("DOC"))
        .bind(5, fields.number("QTY").normalized().text())
        .bind(6, sortable(at.empty() ? header_.made : at))
        .bind(7, fields.text("USER"))
        .once();
    StateStatement there = database_.prepare(
        "SELECT 1 FROM movement WHERE entry = ? AND sku = ? AND location = ? AND document = ? AND"
        " quantity = ?");
    there.bind(1, fields.whole("ENTRY"))
        .bind(2, fields.text("SKU"))
        .bind(3, fields.text("WHS"))
        .bind(4, fields.text("DOC"))
        .bind(5, fields.number("QTY").normalized().text());
    return there.step();
  }
  // What a full file does not name is not there any more; of one with a record that could not be
  // read nobody knows what it names.
  void finish(const std::string& checksum) {
    if (kind_ == FileKind::stock && !any_refused_)
      database_.prepare("DELETE FROM level WHERE as_of < ?").bind(1, sortable(header_.made)).once();
    run_taken(database_, kind_, header_.run, checksum);
  }

  StateDatabase& database_;
  const FileKind kind_;
  const Reading& reading_;
  bool any_refused_ = false;
  std::int64_t levels_ = 0;
  const std::function<void(Refusal)> refused_;
  FileHeader header_;
  StateStatement level_;
  StateStatement movement_;
};

}  // namespace

StockStore::StockStore(const std::string& file) : writing_(file), reading_(file) {
  writing_.run(schema);
}

Status StockStore::take(FileKind kind, edi::ReadBytes read, const std::string& checksum,
                        const Reading& reading, bool hold,
                        const std::function<void(Refusal)>& refused,
                        const std::function<void()>& report) {
  const std::lock_guard lock(writing_mutex_);
  bool any = false;
  const std::function<void(Refusal)> noted = [&](Refusal refusal) {
    any = true;
    refused(std::move(refusal));
  };
  StateTransaction transaction(writing_);
  const Status taken = StockFile(writing_, kind, reading, noted).take(std::move(read), checksum);
  if (!taken) return taken;
  if (any && hold) return Error{ErrorCode::invalid_request, "held: a record cannot be used"};
  report();
  transaction.commit();
  return Done{};
}

std::vector<StockLevel> StockStore::levels(const std::string& sku, const std::string& location) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement rows = reading_.prepare(
      std::string(level_columns) +
      "WHERE (? = '' OR sku = ?) AND (? = '' OR location = ?) ORDER BY sku, location");
  if (!sku.empty())
    rows = reading_.prepare(std::string(level_columns) +
                            "WHERE ? <> '' AND sku = ? AND (? = '' OR location = ?)"
                            " ORDER BY sku, location");
  rows.bind(1, sku).bind(2, sku).bind(3, location).bind(4, location);
  std::vector<StockLevel> found;
  while (rows.step()) found.push_back(level_of(rows));
  return found;
}

std::vector<StockLevel> StockStore::levels_after(const StockKey& key, int limit) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement rows = reading_.prepare(
      std::string(level_columns) + "WHERE (sku, location) > (?, ?) ORDER BY sku, location LIMIT ?");
  rows.bind(1, key.sku.text()).bind(2, key.location.text()).bind(3, std::int64_t{limit});
  std::vector<StockLevel> found;
  while (rows.step()) found.push_back(level_of(rows));
  return found;
}

bool StockStore::knows_location(const std::string& location) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement row = reading_.prepare("SELECT 1 FROM level WHERE location = ? LIMIT 1");
  row.bind(1, location);
  return row.step();
}

std::optional<std::string> StockStore::base_unit(const Sku& sku) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement row = reading_.prepare("SELECT uom FROM level WHERE sku = ? LIMIT 1");
  row.bind(1, sku.text());
  if (!row.step()) return std::nullopt;
  return row.text(0);
}

std::vector<StockStore::Entry> StockStore::movements_after(std::int64_t position, int limit) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement rows = reading_.prepare(std::string(movement_columns) +
                                         "WHERE position > ? ORDER BY position LIMIT ?");
  rows.bind(1, position).bind(2, std::int64_t{limit});
  std::vector<Entry> found;
  while (rows.step()) found.push_back(entry_of(rows));
  return found;
}

std::vector<StockMovement> StockStore::movements_under(const MovementId& movement) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement rows =
      reading_.prepare(std::string(movement_columns) + "WHERE document = ? ORDER BY entry");
  rows.bind(1, movement.text());
  std::vector<StockMovement> found;
  while (rows.step()) found.push_back(entry_of(rows).movement);
  return found;
}

std::vector<StockMovement> StockStore::newest(const StockKey& key, Timestamp since, int limit) {
  const std::lock_guard lock(reading_mutex_);
  StateStatement rows = reading_.prepare(
      std::string(movement_columns) +
      "WHERE sku = ? AND location = ? AND at >= ? ORDER BY at DESC, entry DESC LIMIT ?");
  rows.bind(1, key.sku.text())
      .bind(2, key.location.text())
      .bind(3, sortable(since))
      .bind(4, std::int64_t{limit});
  std::vector<StockMovement> found;
  while (rows.step()) found.push_back(entry_of(rows).movement);
  return found;
}

}  // namespace underpin::legacy::iseries_batch
