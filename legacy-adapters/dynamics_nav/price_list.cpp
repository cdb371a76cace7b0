#include "legacy-adapters/dynamics_nav/price_list.h"

#include "legacy-adapters/dynamics_nav/sqlite_state.h"

#include <algorithm>
#include <array>

namespace underpin::legacy::dynamics_nav {
namespace {

// A row is stored once per generation as it came ("change"), and the list in force as it is
// ("price"). The zone is no part of the key in NAV, but it is in other systems: a deletion is
// therefore kept with the zone that the deleted row had, and a row that changes its zone deletes
// its former self.
constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS generation (
  number INTEGER PRIMARY KEY, batch TEXT NOT NULL UNIQUE, checksum TEXT NOT NULL,
  is_full INTEGER NOT NULL, created TEXT NOT NULL, accepted TEXT NOT NULL, rows INTEGER NOT NULL,
  deletions INTEGER NOT NULL, hash_total TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS change (
  generation INTEGER NOT NULL, deletion INTEGER NOT NULL, sku TEXT NOT NULL,
  scope INTEGER NOT NULL, scope_code TEXT NOT NULL, starts TEXT NOT NULL, currency TEXT NOT NULL,
  uom TEXT NOT NULL, minimum_quantity TEXT NOT NULL, zone TEXT NOT NULL, ends TEXT NOT NULL,
  tax_included INTEGER NOT NULL, unit_price TEXT NOT NULL,
  PRIMARY KEY (generation, sku, scope, scope_code, starts, currency, uom, minimum_quantity,
               deletion)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS price (
  sku TEXT NOT NULL, scope INTEGER NOT NULL, scope_code TEXT NOT NULL, starts TEXT NOT NULL,
  currency TEXT NOT NULL, uom TEXT NOT NULL, minimum_quantity TEXT NOT NULL, zone TEXT NOT NULL,
  ends TEXT NOT NULL, tax_included INTEGER NOT NULL, unit_price TEXT NOT NULL,
  PRIMARY KEY (sku, scope, scope_code, starts, currency, uom, minimum_quantity)) WITHOUT ROWID;
)";

constexpr const char* key_columns =
    "sku, scope, scope_code, starts, currency, uom, minimum_quantity";
constexpr const char* row_columns =
    "sku, scope, scope_code, starts, currency, uom, minimum_quantity, zone, ends, tax_included, "
    "unit_price";

PriceEntry entry_of(const StateStatement& row, int first) {
  PriceEntry entry;
  entry.sku = Sku(row.text(first));
  entry.scope = static_cast<PriceScope>(row.whole(first + 1));
  entry.scope_code = row.text(first + 2);
  entry.from = Date::parse(row.text(first + 3)).value();
  entry.currency = row.text(first + 4);
  entry.uom = row.text(first + 5);
  entry.minimum_quantity = Decimal::parse(row.text(first + 6)).value();
  entry.zone = row.text(first + 7);
  if (const std::string ends = row.text(first + 8); !ends.empty()) {
    entry.to = Date::parse(ends).value();
  }
  entry.tax_included = row.whole(first + 9) != 0;
  entry.unit_price = Decimal::parse(row.text(first + 10)).value();
  return entry;
}

// Numbers in a key sort as text: sixteen digits before the point.
std::string sortable(Decimal quantity) {
  std::string text = quantity.normalized().text();
  const std::size_t whole = std::min(text.find('.'), text.size());
  if (whole < 16) text.insert(0, 16 - whole, '0');
  return text;
}

Timestamp timestamp_of(const std::string& text) { return Timestamp::parse(text).value(); }

std::string key_of_alias(const std::string& alias) {
  std::string result;
  for (const char* column :
       {"sku", "scope", "scope_code", "starts", "currency", "uom", "minimum_quantity"})
    result += (result.empty() ? "" : ", ") + alias + "." + column;
  return result;
}

struct Refused {
  std::string reason;
};

}  // namespace

PriceKey key_of(const PriceEntry& entry) {
  return {entry.sku.text(),
          std::to_string(static_cast<int>(entry.scope)),
          entry.scope_code,
          entry.from.text(),
          entry.currency,
          entry.uom,
          sortable(entry.minimum_quantity)};
}

struct PriceLists::Store {
  explicit Store(const std::string& file) : database(file) { database.run(schema); }

  struct Generation {
    std::int64_t number = 0;
    std::string batch;
    std::string checksum;
    bool full = true;
    Timestamp created;
    Timestamp accepted;
  };

  std::optional<Generation> generation(std::string_view condition, std::string_view value = {}) {
    StateStatement statement = database.prepare(
        "SELECT number, batch, checksum, is_full, created, accepted FROM generation " +
        std::string(condition));
    if (!value.empty()) statement.bind(1, value);
    if (!statement.step()) return std::nullopt;
    return Generation{statement.whole(0),
                      statement.text(1),
                      statement.text(2),
                      statement.whole(3) != 0,
                      timestamp_of(statement.text(4)),
                      timestamp_of(statement.text(5))};
  }
  std::optional<Generation> latest() { return generation("ORDER BY number DESC LIMIT 1"); }

  Status check(const PriceFileHeader& header, const std::string& checksum);
  PriceFileTotals take(const Read& read, std::int64_t number, const std::string& checksum,
                       PriceFileHeader& header);
  void put_in_force(std::int64_t number, bool full);
  void forget_before(std::int64_t number);

  StateDatabase database;
};

PriceLists::PriceLists(const std::filesystem::path& file, std::int64_t generations_kept)
    : store_(std::make_unique<Store>(file.string())), generations_kept_(generations_kept) {
  load();
}

PriceLists::~PriceLists() = default;

Status PriceLists::Store::check(const PriceFileHeader& header, const std::string& checksum) {
  const auto refuse = [](std::string reason) -> Status {
    return Error{ErrorCode::invalid_request, std::move(reason)};
  };
  if (const auto known = generation("WHERE batch = ?", header.batch)) {
    if (known->checksum == checksum) return Error{ErrorCode::conflict, "repeated"};
    return refuse("batch " + header.batch + " was accepted already, with other content");
  }
  const auto current = latest();
  if (!current && !header.full) {
    return refuse("a delta (batch " + header.batch + ") before any full list");
  }
  if (current && header.created < current->created) {
    return refuse("batch " + header.batch + " was created at " + header.created.text() +
                  ", before the list in force (batch " + current->batch + ", " +
                  current->created.text() + ")");
  }
  return Done{};
}

// Reads the whole list into `change`. Throws Refused when the content is at fault.
PriceFileTotals PriceLists::Store::take(const Read& read, std::int64_t number,
                                        const std::string& checksum, PriceFileHeader& header) {
  StateStatement insert =
      database.prepare("INSERT INTO change (generation, deletion, " + std::string(row_columns) +
                       ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)");
  StateStatement opposite =
      database.prepare("SELECT 1 FROM change WHERE generation = ? AND deletion = ? AND (" +
                       std::string(key_columns) + ") = (?,?,?,?,?,?,?)");
  bool repeated = false;
  PriceFileConsumer consumer;
  consumer.header = [&](const PriceFileHeader& told) {
    header = told;
    const Status checked = check(told, checksum);
    repeated = !checked && checked.error().code == ErrorCode::conflict;
    return checked;
  };
  consumer.row = [&](const PriceEntry& entry, bool deletion) -> Status {
    insert.bind(1, number)
        .bind(2, std::int64_t{deletion})
        .bind(3, entry.sku.text())
        .bind(4, static_cast<std::int64_t>(entry.scope))
        .bind(5, entry.scope_code)
        .bind(6, entry.from.text())
        .bind(7, entry.currency)
        .bind(8, entry.uom)
        .bind(9, entry.minimum_quantity.normalized().text())
        .bind(10, entry.zone)
        .bind(11, entry.to ? entry.to->text() : std::string())
        .bind(12, std::int64_t{entry.tax_included})
        .bind(13, entry.unit_price.text());
    const Error second{ErrorCode::invalid_request,
                       "article " + entry.sku.text() + ": a second row with the same key"};
    try {
      insert.once();
    } catch (const StateFailure& failure) {
      if (!failure.unique) throw;
      return second;
    }
    if (header.full) return Done{};
    opposite.bind(1, number)
        .bind(2, std::int64_t{!deletion})
        .bind(3, entry.sku.text())
        .bind(4, static_cast<std::int64_t>(entry.scope))
        .bind(5, entry.scope_code)
        .bind(6, entry.from.text())
        .bind(7, entry.currency)
        .bind(8, entry.uom)
        .bind(9, entry.minimum_quantity.normalized().text());
    const bool both = opposite.step();
    opposite.reset();
    if (both) return second;
    return Done{};
  };
  const auto totals = read(consumer);
  if (!totals) throw Refused{repeated ? std::string() : totals.error().message};
  return *totals;
}

void PriceLists::Store::put_in_force(std::int64_t number, bool full) {
  const std::string columns(row_columns);
  const std::string key(key_columns);
  const auto with_number = [&](const std::string& sql) {
    database.prepare(sql).bind(1, number).once();
  };
  if (full) {
    database.run("DELETE FROM price");
  } else {
    // A deletion of what is not there is none.
    with_number("DELETE FROM change WHERE generation = ? AND deletion = 1 AND (" + key +
                ") NOT IN (SELECT " + key + " FROM price)");
    with_number(
        "UPDATE change AS c SET (zone, ends, tax_included, unit_price) = (SELECT p.zone, "
        "p.ends, p.tax_included, p.unit_price FROM price p WHERE (" +
        key_of_alias("p") + ") = (" + key_of_alias("c") +
        ")) WHERE c.generation = ? AND c.deletion = 1");
    with_number("DELETE FROM price WHERE (" + key + ") IN (SELECT " + key +
                " FROM change WHERE generation = ? AND deletion = 1)");
    with_number("INSERT INTO change (generation, deletion, " + columns +
                ") SELECT c.generation, 1, p.* FROM change c JOIN price p ON (" +
                key_of_alias("p") + ") = (" + key_of_alias("c") +
                ") WHERE c.generation = ? AND c.deletion = 0 AND c.zone <> p.zone");
  }
  with_number("INSERT OR REPLACE INTO price (" + columns + ") SELECT " + columns +
              " FROM change WHERE generation = ? AND deletion = 0");
}

// The generation's own line stays: a batch is known for ever, its rows are not kept for ever.
void PriceLists::Store::forget_before(std::int64_t number) {
  database.prepare("DELETE FROM change WHERE generation < ?").bind(1, number).once();
}

Acceptance PriceLists::accept(std::istream& input, const std::string& checksum,
                              const PriceFileLimits& limits, Timestamp now) {
  return take_in(
      [&](const PriceFileConsumer& consumer) { return read_price_file(input, limits, consumer); },
      checksum, true, now);
}

Acceptance PriceLists::accept_rows(const PriceFileHeader& header, const ReadRows& read,
                                   Timestamp now) {
  std::string checksum;
  return take_in(
      [&](const PriceFileConsumer& consumer) -> Result<PriceFileTotals> {
        if (const Status begun = consumer.header(header); !begun) return begun.error();
        return read(consumer, checksum);
      },
      checksum, false, now);
}

Acceptance PriceLists::take_in(const Read& read, const std::string& checksum, bool files,
                               Timestamp now) {
  const std::lock_guard lock(store_mutex_);
  PriceFileHeader header;
  try {
    StateTransaction transaction(store_->database);
    const auto current = store_->latest();
    const std::int64_t number = current ? current->number + 1 : 1;
    const PriceFileTotals totals = store_->take(read, number, checksum, header);
    if (!files && current && current->checksum == checksum)
      return {Acceptance::Kind::repeated, current->batch, {}};
    store_->database
        .prepare(
            "INSERT INTO generation (number, batch, checksum, is_full, created, accepted, "
            "rows, deletions, hash_total) VALUES (?,?,?,?,?,?,?,?,?)")
        .bind(1, number)
        .bind(2, header.batch)
        .bind(3, checksum)
        .bind(4, std::int64_t{header.full})
        .bind(5, header.created.text())
        .bind(6, now.text())
        .bind(7, totals.rows)
        .bind(8, totals.deletions)
        .bind(9, totals.hash_total.text())
        .once();
    store_->put_in_force(number, header.full);
    store_->forget_before(number - generations_kept_ + 1);
    transaction.commit();
    load();
    return {Acceptance::Kind::accepted, header.batch, {}};
  } catch (const Refused& refused) {
    if (refused.reason.empty()) return repeated(header.batch);
    return {Acceptance::Kind::refused, header.batch, refused.reason};
  } catch (const StateFailure& failure) {
    return {Acceptance::Kind::failed, header.batch, failure.what()};
  }
}

// Reads the list again: the first time it may have become durable but not been read.
Acceptance PriceLists::repeated(const std::string& batch) {
  try {
    load();
    return {Acceptance::Kind::repeated, batch, {}};
  } catch (const StateFailure& failure) {
    return {Acceptance::Kind::failed, batch, failure.what()};
  }
}

void PriceLists::load() {
  auto table = std::make_shared<PriceTable>();
  if (const auto current = store_->latest()) {
    table->generation = current->number;
    table->batch = current->batch;
    table->created = current->created;
    table->accepted = current->accepted;
    StateStatement rows =
        store_->database.prepare("SELECT " + std::string(row_columns) + " FROM price");
    while (rows.step()) {
      PriceEntry entry = entry_of(rows, 0);
      table->by_sku[entry.sku.text()].push_back(std::move(entry));
    }
    for (auto& [sku, entries] : table->by_sku) {
      std::sort(entries.begin(), entries.end(),
                [](const PriceEntry& a, const PriceEntry& b) { return key_of(a) < key_of(b); });
    }
  }
  const std::lock_guard lock(table_mutex_);
  table_ = std::move(table);
}

std::shared_ptr<const PriceTable> PriceLists::in_force() const {
  const std::lock_guard lock(table_mutex_);
  return table_;
}

Result<std::optional<PriceList>> PriceLists::after(const std::string& batch) const {
  const std::lock_guard lock(store_mutex_);
  try {
    const auto latest = store_->latest();
    if (!latest) return std::optional<PriceList>();
    PriceList list;
    const auto asked = batch.empty() ? std::nullopt : store_->generation("WHERE batch = ?", batch);
    if (asked && asked->number == latest->number) return std::optional<PriceList>();
    const auto next =
        !asked ? std::nullopt
               : store_->generation("WHERE number = " + std::to_string(asked->number + 1));
    if (next && next->number > latest->number - generations_kept_) {
      list.batch = next->batch;
      list.full = next->full;
      list.created = next->created;
      StateStatement rows = store_->database.prepare(
          "SELECT deletion, " + std::string(row_columns) + " FROM change WHERE generation = ?");
      rows.bind(1, next->number);
      while (rows.step()) {
        (rows.whole(0) != 0 ? list.deletions : list.entries).push_back(entry_of(rows, 1));
      }
    } else {
      list.batch = latest->batch;
      list.created = latest->created;
      for (const auto& [sku, entries] : in_force()->by_sku) {
        list.entries.insert(list.entries.end(), entries.begin(), entries.end());
      }
    }
    return std::optional<PriceList>(std::move(list));
  } catch (const StateFailure& failure) {
    return Error{ErrorCode::internal,
                 std::string("the price lists cannot be read: ") + failure.what()};
  }
}

}  // namespace underpin::legacy::dynamics_nav
