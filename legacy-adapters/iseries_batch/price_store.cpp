#include "legacy-adapters/iseries_batch/price_store.h"

#include "legacy-adapters/transport/file_drop/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>

namespace underpin::legacy::iseries_batch {
namespace {

using state::StateDatabase;
using state::StateFailure;
using state::StateStatement;

constexpr std::string_view name_begin = "prices-";
constexpr std::string_view name_end = ".db";

// The key sorts as text: article, whom for, start, currency, unit, quantity.
constexpr const char* schema = R"(
CREATE TABLE head (run INTEGER, checksum TEXT, created TEXT, accepted TEXT, rows INTEGER);
CREATE TABLE price (
  key TEXT PRIMARY KEY, sku TEXT NOT NULL, scope INTEGER NOT NULL, code TEXT NOT NULL,
  starts TEXT NOT NULL, ends TEXT NOT NULL, zone TEXT NOT NULL, uom TEXT NOT NULL,
  currency TEXT NOT NULL, minimum TEXT NOT NULL, tax_included INTEGER NOT NULL,
  unit_price TEXT NOT NULL) WITHOUT ROWID;
)";
constexpr const char* columns =
    "SELECT key, sku, scope, code, starts, ends, zone, uom, currency, minimum, tax_included,"
    " unit_price FROM price ";

template <class T>
T parsed(Result<T> value) {
  if (!value) throw StateFailure(value.error().message);
  return std::move(value).value();
}

PriceEntry entry_of(StateStatement& row) {
  PriceEntry entry;
  entry.sku = Sku{row.text(1)};
  entry.scope = static_cast<PriceScope>(row.whole(2));
  entry.scope_code = row.text(3);
  entry.from = parsed(Date::parse(row.text(4)));
  if (!row.text(5).empty()) entry.to = parsed(Date::parse(row.text(5)));
  entry.zone = row.text(6);
  entry.uom = row.text(7);
  entry.currency = row.text(8);
  entry.minimum_quantity = parsed(Decimal::parse(row.text(9)));
  entry.tax_included = row.whole(10) != 0;
  entry.unit_price = parsed(Decimal::parse(row.text(11)));
  return entry;
}

std::string key_of(const PriceEntry& entry) {
  std::string minimum = entry.minimum_quantity.rounded(3, Rounding::down).text();
  minimum.insert(0, 16 - std::min<std::size_t>(16, minimum.size()), '0');
  std::string key = entry.sku.text();
  for (const std::string& part : {std::to_string(static_cast<int>(entry.scope)), entry.scope_code,
                                  entry.from.text(), entry.currency, entry.uom, minimum})
    key += '\x1f' + part;
  return key;
}

// The database file is complete on the disk, under its name.
void make_durable(const std::filesystem::path& part, const std::filesystem::path& file) {
  const file_drop::Descriptor opened(::open(part.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened || ::fsync(opened.number()) != 0)
    throw StateFailure(part.string() + " cannot be made durable");
  std::filesystem::rename(part, file);
  if (const Status synced = file_drop::sync_folder(file.parent_path()); !synced)
    throw StateFailure(synced.error().message);
}

// Writes one file into a database that nobody reads.
class PriceFile {
 public:
  PriceFile(StateDatabase& database, const Reading& reading, const std::string& zone,
            std::int64_t in_force, const std::string& checksum_in_force,
            const std::function<void(Refusal)>& refused)
      : reading_(reading),
        zone_(zone),
        in_force_(in_force),
        checksum_in_force_(checksum_in_force),
        refused_(refused),
        insert_(database.prepare("INSERT OR IGNORE INTO price VALUES (?,?,?,?,?,?,?,?,?,?,?,?)")),
        changes_(database.prepare("SELECT changes()")) {}

  Status take(edi::ReadBytes read, const std::string& checksum) {
    edi::FixedReader reader(std::move(read), format_of(FileKind::prices, reading_.wire));
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
          if (rows_ == 0)
            return wrong("it has no row that can be used: it would take all prices away");
          return Done{};
      }
    }
  }
  const FileHeader& header() const { return header_; }
  std::int64_t rows() const { return rows_; }

 private:
  static Error wrong(std::string reason) { return {ErrorCode::invalid_request, std::move(reason)}; }
  Status begin(const edi::FixedReader& reader, const std::string& checksum) {
    const auto header = header_of(reader.record(), FileKind::prices, reading_.zone);
    if (!header) return header.error();
    header_ = *header;
    if (header_.run == in_force_ && checksum == checksum_in_force_)
      return Error{ErrorCode::conflict, "this list is in force"};
    if (header_.run <= in_force_)
      return wrong("run " + std::to_string(header_.run) +
                   " does not follow the list in force, run " + std::to_string(in_force_));
    return Done{};
  }

  // Where the fields of a row are: looked up once, not once a row.
  struct Columns {
    explicit Columns(const edi::RecordLayout& layout)
        : sku(*layout.find("SKU")),
          type(*layout.find("TYPE")),
          code(*layout.find("CODE")),
          from(*layout.find("FROM")),
          to(*layout.find("TO")),
          uom(*layout.find("UOM")),
          currency(*layout.find("CUR")),
          minimum(*layout.find("MINQ")),
          price(*layout.find("PRICE")),
          tax(*layout.find("TAXINC")) {}
    std::size_t sku, type, code, from, to, uom, currency, minimum, price, tax;
  };

  void record(const edi::FixedReader& reader) {
    const edi::FixedRecord& row = reader.record();
    const Columns& at = columns_ ? *columns_ : columns_.emplace(row.layout());
    const auto refuse = [&](const char* field, std::string reason) {
      refused_({reader.place().line, "price", field, std::move(reason)});
    };
    PriceEntry entry;
    entry.sku = Sku{row.text(at.sku)};
    if (entry.sku.empty()) return refuse("SKU", "must not be blank");
    const std::string type = row.text(at.type);
    if (type != "A" && type != "G" && type != "C")
      return refuse("TYPE", "must be A, G or C, not \"" + type + "\"");
    entry.scope = type == "A"   ? PriceScope::everyone
                  : type == "G" ? PriceScope::group
                                : PriceScope::customer;
    entry.scope_code = row.text(at.code);
    if (entry.scope_code.empty() != (entry.scope == PriceScope::everyone))
      return refuse("CODE", "must be blank for everyone, and for nobody else");
    // The reader gives out no record with a number or a day that cannot be read.
    entry.from = row.date(at.from).value();
    if (entry.from.empty()) return refuse("FROM", "must be a day");
    const Date to = row.date(at.to).value();
    if (!to.empty()) entry.to = to;
    if (entry.to && *entry.to < entry.from) return refuse("TO", "must not be before FROM");
    const std::string code = row.text(at.uom);
    const auto unit = reading_.units.from_vendor(code);
    if (!unit) return refuse("UOM", "\"" + code + "\" is no unit that the settings map");
    entry.uom = *unit;
    entry.currency = row.text(at.currency);
    if (entry.currency.size() != 3) return refuse("CUR", "must be a currency");
    entry.minimum_quantity = row.number(at.minimum).value().normalized();
    if (entry.minimum_quantity.is_negative()) return refuse("MINQ", "must not be negative");
    entry.unit_price = row.number(at.price).value();
    if (entry.unit_price.is_negative()) return refuse("PRICE", "must not be negative");
    const std::string tax = row.text(at.tax);
    if (!is_flag(tax)) return refuse("TAXINC", "must be Y, N or blank, not \"" + tax + "\"");
    entry.tax_included = tax == "Y";
    if (!put(entry)) return refuse("", "a second row with the same key");
    ++rows_;
  }

  // False: the key is there.
  bool put(const PriceEntry& entry) {
    insert_.bind(1, key_of(entry))
        .bind(2, entry.sku.text())
        .bind(3, static_cast<std::int64_t>(entry.scope))
        .bind(4, entry.scope_code)
        .bind(5, entry.from.text())
        .bind(6, entry.to ? entry.to->text() : std::string())
        .bind(7, zone_)
        .bind(8, entry.uom)
        .bind(9, entry.currency)
        .bind(10, entry.minimum_quantity.text())
        .bind(11, std::int64_t{entry.tax_included})
        .bind(12, entry.unit_price.text())
        .once();
    changes_.step();
    const bool added = changes_.whole(0) > 0;
    changes_.reset();
    return added;
  }

  const Reading& reading_;
  const std::string& zone_;
  const std::int64_t in_force_;
  const std::string& checksum_in_force_;
  const std::function<void(Refusal)>& refused_;
  StateStatement insert_;
  StateStatement changes_;
  std::optional<Columns> columns_;
  FileHeader header_;
  std::int64_t rows_ = 0;
};

}  // namespace

PriceBase::PriceBase(const std::filesystem::path& file) : database_(file.string()) {
  StateStatement row = database_.prepare("SELECT run, checksum, created, accepted, rows FROM head");
  if (!row.step()) throw StateFailure(file.string() + " has no head");
  head_ = {row.whole(0), row.text(1), parsed(Timestamp::parse(row.text(2))),
           parsed(Timestamp::parse(row.text(3))), row.whole(4)};
}

std::vector<PriceEntry> PriceBase::rows_of(const Sku& sku) {
  const std::lock_guard lock(mutex_);
  StateStatement rows =
      database_.prepare(std::string(columns) + "WHERE key > ? AND key < ? ORDER BY key");
  rows.bind(1, sku.text() + '\x1f').bind(2, sku.text() + '\x20');
  std::vector<PriceEntry> found;
  while (rows.step()) found.push_back(entry_of(rows));
  return found;
}

PriceBase::Rows PriceBase::rows_after(const std::string& key, const std::optional<Sku>& sku,
                                      const std::optional<CustomerNumber>& customer,
                                      const std::string& group, int limit) {
  const std::lock_guard lock(mutex_);
  std::string condition = "WHERE key > ? ";
  const std::string from = sku ? std::max(key, sku->text() + '\x1f') : key;
  if (sku) condition += "AND key < ? ";
  if (customer)
    condition += "AND (scope = 0 OR (scope = 1 AND code = ?) OR (scope = 2 AND code = ?)) ";
  StateStatement rows =
      database_.prepare(columns + condition + "ORDER BY key LIMIT " + std::to_string(limit));
  int at = 1;
  rows.bind(at++, from);
  if (sku) rows.bind(at++, sku->text() + '\x20');
  if (customer) {
    rows.bind(at++, group);
    rows.bind(at++, customer->text());
  }
  Rows found;
  while (rows.step()) {
    found.last = rows.text(0);
    found.entries.push_back(entry_of(rows));
  }
  return found;
}

PriceStore::PriceStore(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::string newest;
  for (const auto& one : std::filesystem::directory_iterator(folder_)) {
    const std::string name = one.path().filename().string();
    if (name.starts_with(name_begin) && name.ends_with(name_end)) newest = std::max(newest, name);
  }
  if (!newest.empty()) base_ = std::make_shared<PriceBase>(folder_ / newest);
  remove_others(newest);
}

std::shared_ptr<PriceBase> PriceStore::in_force() const {
  const std::lock_guard lock(mutex_);
  return base_;
}

// A list that somebody still reads goes when its last reader has closed it.
void PriceStore::remove_others(const std::string& name) const {
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(folder_, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    const std::string other = at->path().filename().string();
    if (!other.starts_with(name_begin)) continue;
    if (!name.empty() && other.starts_with(name)) continue;  // With what SQLite keeps beside it.
    std::error_code kept;
    std::filesystem::remove(at->path(), kept);
  }
}

Status PriceStore::take(edi::ReadBytes read, const std::string& checksum, const Reading& reading,
                        bool hold, Timestamp now, const std::function<void(Refusal)>& refused,
                        const std::function<void()>& report) {
  const auto current = in_force();
  const std::filesystem::path part = folder_ / "prices-next.part";
  for (const char* more : {"", "-wal", "-shm", "-journal"})
    std::filesystem::remove(part.string() + more);
  bool any = false;
  const std::function<void(Refusal)> noted = [&](Refusal refusal) {
    any = true;
    refused(std::move(refusal));
  };
  std::int64_t run = 0;
  {
    StateDatabase database(part.string());
    // Nobody reads it before it has its name, and what a crash leaves of it is thrown away.
    database.run("PRAGMA journal_mode=DELETE");
    database.run("PRAGMA journal_mode=OFF");
    database.run("PRAGMA synchronous=OFF");
    database.run("BEGIN");
    database.run(schema);
    PriceFile file(database, reading, reading.zone, current ? current->head().run : 0,
                   current ? current->head().checksum : checksum, noted);
    if (const Status taken = file.take(std::move(read), checksum); !taken) return taken;
    if (any && hold) return Error{ErrorCode::invalid_request, "held: a record cannot be used"};
    run = file.header().run;
    database.prepare("INSERT INTO head VALUES (?,?,?,?,?)")
        .bind(1, run)
        .bind(2, checksum)
        .bind(3, file.header().made.text())
        .bind(4, now.text())
        .bind(5, file.rows())
        .once();
    database.run("COMMIT");
  }
  std::string number = std::to_string(run);
  number.insert(0, 9 - std::min<std::size_t>(9, number.size()), '0');
  const std::string name = std::string(name_begin) + number + std::string(name_end);
  report();
  make_durable(part, folder_ / name);
  auto base = std::make_shared<PriceBase>(folder_ / name);
  {
    const std::lock_guard lock(mutex_);
    base_ = std::move(base);
  }
  remove_others(name);
  return Done{};
}

}  // namespace underpin::legacy::iseries_batch
