#include "parity/ledger.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>

namespace underpin::parity {
namespace {

using json::Value;

constexpr int schema_version = 1;
constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS comparison (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL, capability TEXT NOT NULL, operation TEXT NOT NULL, subject TEXT NOT NULL,
  correlation TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL, fields INTEGER NOT NULL,
  primary_system TEXT NOT NULL, secondary_system TEXT NOT NULL, primary_side TEXT NOT NULL,
  primary_micros INTEGER NOT NULL, secondary_micros INTEGER NOT NULL,
  primary_document TEXT NOT NULL, secondary_document TEXT NOT NULL, suppressed TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS comparison_verdict ON comparison(capability, verdict, id);
CREATE INDEX IF NOT EXISTS comparison_subject ON comparison(subject, id);
CREATE TABLE IF NOT EXISTS difference (
  comparison INTEGER NOT NULL REFERENCES comparison(id), path TEXT NOT NULL,
  field TEXT NOT NULL, kind TEXT NOT NULL, verdict TEXT NOT NULL,
  one TEXT NOT NULL, two TEXT NOT NULL, rule TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS difference_of ON difference(comparison);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
)sql";

class Database {
 public:
  Database(const std::string& file, bool writable) {
    const int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (sqlite3_open_v2(file.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr) !=
        SQLITE_OK) {
      const std::string why = handle_ == nullptr ? "no memory" : sqlite3_errmsg(handle_);
      sqlite3_close(handle_);
      throw std::runtime_error("parity ledger " + file + ": " + why);
    }
    sqlite3_busy_timeout(handle_, 5'000);
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  void run(const char* sql) {
    char* message = nullptr;
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, &message) != SQLITE_OK) {
      const std::string why = message == nullptr ? "error" : message;
      sqlite3_free(message);
      throw std::runtime_error("parity ledger: " + why);
    }
  }
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(Database& database, const std::string& sql) : database_(database) {
    if (sqlite3_prepare_v2(database.handle(), sql.c_str(), -1, &handle_, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string("parity ledger: ") + sqlite3_errmsg(database.handle()));
  }
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& bind(std::string_view text) {
    sqlite3_bind_text(handle_, ++bound_, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(std::int64_t number) {
    sqlite3_bind_int64(handle_, ++bound_, number);
    return *this;
  }
  bool step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw std::runtime_error(std::string("parity ledger: ") + sqlite3_errmsg(database_.handle()));
  }
  void reset() {
    sqlite3_reset(handle_);
    bound_ = 0;
  }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return bytes == nullptr
               ? std::string{}
               : std::string(bytes,
                             static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(handle_, column); }

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

// "/lines/10/unitPrice" -> "/lines/*/unitPrice": list elements have numeric or composed keys.
std::string field_of(const std::string& path) {
  std::string field;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t next = path.find('/', at + 1);
    const std::string part = path.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    const bool element = part.empty() || part.find_first_of("0123456789|") != std::string::npos;
    field += "/" + (element ? std::string("*") : part);
    at = next == std::string::npos ? path.size() : next;
  }
  return field;
}

std::string write_counts(const std::map<std::string, std::int64_t>& counts) {
  Value value = Value::object();
  for (const auto& [key, count] : counts) value.set(key, Value::integer(count));
  return json::write(value);
}

void add_counts(const std::string& text, std::map<std::string, std::int64_t>& sums) {
  const auto value = json::parse(text);
  if (!value) return;
  for (const json::Member& member : value->members()) {
    const auto count = member.value.as_int();
    if (count) sums[member.key] += *count;
  }
}

Latency latency_of(std::vector<std::int64_t> micros) {
  Latency latency;
  latency.count = static_cast<std::int64_t>(micros.size());
  if (micros.empty()) return latency;
  std::sort(micros.begin(), micros.end());
  const auto at = [&](std::size_t per_cent) {
    return micros[std::min(micros.size() - 1, micros.size() * per_cent / 100)];
  };
  latency.p50_micros = at(50);
  latency.p95_micros = at(95);
  latency.p99_micros = at(99);
  return latency;
}

std::vector<Difference> differences_of(Database& database, std::int64_t id) {
  Statement select(database,
                   "SELECT path, kind, verdict, one, two, rule FROM difference "
                   "WHERE comparison = ?");
  select.bind(id);
  std::vector<Difference> differences;
  while (select.step()) {
    Difference difference;
    difference.path = select.text(0);
    for (int k = 0; k <= static_cast<int>(Kind::outcome); ++k)
      if (name(static_cast<Kind>(k)) == select.text(1)) difference.kind = static_cast<Kind>(k);
    difference.verdict = parse_verdict(select.text(2)).value_or(Verdict::mismatch);
    difference.primary = select.text(3);
    difference.secondary = select.text(4);
    difference.rule = select.text(5);
    differences.push_back(std::move(difference));
  }
  return differences;
}

constexpr const char* entry_columns =
    "SELECT id, at, capability, operation, subject, correlation, verdict, reason, fields, "
    "primary_system, secondary_system, primary_side, primary_micros, secondary_micros, "
    "primary_document, secondary_document FROM comparison";

LedgerEntry entry_of(const Statement& row) {
  LedgerEntry entry;
  entry.id = row.number(0);
  entry.at = {row.number(1)};
  entry.question = {row.text(2), row.text(3), row.text(4), entry.at.date_utc()};
  entry.correlation_id = row.text(5);
  entry.comparison.verdict = parse_verdict(row.text(6)).value_or(Verdict::mismatch);
  entry.comparison.reason = row.text(7);
  entry.comparison.fields = row.number(8);
  entry.primary_system = row.text(9);
  entry.secondary_system = row.text(10);
  entry.primary_side = row.text(11);
  entry.primary_micros = row.number(12);
  entry.secondary_micros = row.number(13);
  entry.primary_document = row.text(14);
  entry.secondary_document = row.text(15);
  return entry;
}

Result<Summary> summarize(Database& database) {
  Summary summary;
  Statement all(database,
                "SELECT capability, operation, verdict, primary_micros, secondary_micros, "
                "suppressed, at FROM comparison ORDER BY id");
  struct Numbers {
    OperationSummary summary;
    std::vector<std::int64_t> primary;
    std::vector<std::int64_t> secondary;
  };
  std::map<std::pair<std::string, std::string>, Numbers> operations;
  while (all.step()) {
    Numbers& numbers = operations[{all.text(0), all.text(1)}];
    ++numbers.summary.by_verdict[all.text(2)];
    ++summary.by_verdict[all.text(2)];
    ++summary.comparisons;
    if (all.number(3) > 0) numbers.primary.push_back(all.number(3));
    if (all.number(4) > 0) numbers.secondary.push_back(all.number(4));
    add_counts(all.text(5), numbers.summary.suppressed);
    if (summary.from.empty()) summary.from = {all.number(6)};
    summary.to = {all.number(6)};
  }
  for (auto& [key, numbers] : operations) {
    numbers.summary.capability = key.first;
    numbers.summary.operation = key.second;
    numbers.summary.primary = latency_of(std::move(numbers.primary));
    numbers.summary.secondary = latency_of(std::move(numbers.secondary));
    summary.operations.push_back(std::move(numbers.summary));
  }
  Statement fields(database,
                   "SELECT c.capability, c.operation, d.field, d.kind, d.verdict, count(*) "
                   "FROM difference d JOIN comparison c ON c.id = d.comparison "
                   "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4");
  while (fields.step()) {
    if (summary.fields.empty() || summary.fields.back().capability != fields.text(0) ||
        summary.fields.back().operation != fields.text(1) ||
        summary.fields.back().path != fields.text(2) ||
        summary.fields.back().kind != fields.text(3)) {
      FieldSummary field;
      field.capability = fields.text(0);
      field.operation = fields.text(1);
      field.path = fields.text(2);
      field.kind = fields.text(3);
      summary.fields.push_back(std::move(field));
    }
    summary.fields.back().by_verdict[fields.text(4)] = fields.number(5);
  }
  for (FieldSummary& field : summary.fields) {
    Statement samples(database,
                      std::string(entry_columns) +
                          " WHERE id IN (SELECT comparison FROM difference d JOIN comparison c ON "
                          "c.id = d.comparison WHERE c.capability = ? AND c.operation = ? AND "
                          "d.field = ? AND d.kind = ? ORDER BY comparison DESC LIMIT 5) "
                          "ORDER BY id DESC");
    samples.bind(field.capability).bind(field.operation).bind(field.path).bind(field.kind);
    while (samples.step()) {
      LedgerEntry entry = entry_of(samples);
      for (Difference& difference : differences_of(database, entry.id))
        if (field_of(difference.path) == field.path && name(difference.kind) == field.kind)
          entry.comparison.differences.push_back(std::move(difference));
      field.samples.push_back(std::move(entry));
    }
  }
  Statement dropped(database, "SELECT value FROM counter WHERE name = 'dropped'");
  if (dropped.step()) summary.dropped = dropped.number(0);
  return summary;
}

Result<std::vector<LedgerEntry>> select_entries(Database& database, const LedgerFilter& filter) {
  std::string sql = std::string(entry_columns) + " WHERE id > ?";
  if (!filter.capability.empty()) sql += " AND capability = ?";
  if (!filter.verdict.empty()) sql += " AND verdict = ?";
  if (!filter.subject.empty()) sql += " AND subject = ?";
  Statement select(database, sql + " ORDER BY id LIMIT ?");
  select.bind(filter.after_id);
  if (!filter.capability.empty()) select.bind(filter.capability);
  if (!filter.verdict.empty()) select.bind(filter.verdict);
  if (!filter.subject.empty()) select.bind(filter.subject);
  select.bind(std::int64_t{filter.limit});
  std::vector<LedgerEntry> entries;
  while (select.step()) entries.push_back(entry_of(select));
  for (LedgerEntry& entry : entries)
    entry.comparison.differences = differences_of(database, entry.id);
  return entries;
}

// The member that a field names decides whether its difference is money.
bool is_amount(const std::string& field) {
  std::string last = field.substr(field.rfind('/') + 1);
  std::transform(last.begin(), last.end(), last.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"amount", "total", "price", "net", "tax", "gross", "charge", "credit"})
    if (last.find(word) != std::string::npos) return true;
  return false;
}

Decimal money_apart(const std::string& field, const std::string& one, const std::string& two) {
  if (!is_amount(field)) return {};
  const auto amount = [](const std::string& text) -> std::optional<Decimal> {
    const auto value = json::parse(text);
    if (!value) return std::nullopt;
    const auto decimal = value->as_any_decimal();
    return decimal ? std::optional(*decimal) : std::nullopt;
  };
  const auto primary = amount(one);
  const auto secondary = amount(two);
  if (!primary || !secondary) return {};
  const Decimal apart = *primary - *secondary;
  return apart.is_negative() ? -apart : apart;
}

Result<std::vector<DifferenceClass>> classes_of(Database& database, const std::string& capability,
                                                Timestamp since) {
  Statement select(database,
                   "SELECT c.operation, d.field, d.kind, d.rule, d.one, d.two FROM comparison c "
                   "JOIN difference d ON d.comparison = c.id WHERE c.capability = ? AND c.at >= ? "
                   "AND d.verdict IN ('mismatch', 'tolerated', 'known_difference') AND NOT EXISTS "
                   "(SELECT 1 FROM comparison n WHERE n.subject = c.subject AND n.id > c.id AND "
                   "n.capability = c.capability AND n.operation = c.operation AND "
                   "n.verdict <> 'not_compared')");
  select.bind(capability).bind(since.micros);
  std::map<std::tuple<std::string, std::string, std::string, std::string>, DifferenceClass> found;
  while (select.step()) {
    DifferenceClass& one = found[{select.text(0), select.text(1), select.text(2), select.text(3)}];
    one.operation = select.text(0);
    one.path = select.text(1);
    one.kind = select.text(2);
    one.rule = select.text(3);
    one.amount = is_amount(one.path);
    ++one.count;
    one.money += money_apart(one.path, select.text(4), select.text(5));
  }
  std::vector<DifferenceClass> classes;
  for (auto& [key, one] : found) classes.push_back(std::move(one));
  return classes;
}

Error failed(const std::exception& thrown) { return {ErrorCode::unavailable, thrown.what()}; }

class SqliteLedger final : public Ledger {
 public:
  explicit SqliteLedger(LedgerSettings settings)
      : settings_(std::move(settings)), database_(settings_.file, true) {
    database_.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;");
    Statement version(database_, "PRAGMA user_version");
    version.step();
    if (version.number(0) > schema_version)
      throw std::runtime_error("parity ledger " + settings_.file +
                               " was written by a newer release");
    version.reset();
    database_.run(schema);
    database_.run("PRAGMA user_version=1");
    writer_ = std::thread([this] { write(); });
  }

  ~SqliteLedger() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    writer_.join();
  }

  bool record(LedgerEntry entry) override {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= static_cast<std::size_t>(settings_.queue_limit)) {
        ++dropped_;
        return false;
      }
      queue_.push_back(std::move(entry));
      ++accepted_;
    }
    changed_.notify_all();
    return true;
  }

  void flush() override {
    std::unique_lock lock(mutex_);
    // What is recorded meanwhile is not waited for: under traffic the queue may never be empty.
    const std::uint64_t until = accepted_;
    ++flushing_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return settled_ >= until || stopping_; });
    --flushing_;
  }

  Result<Summary> summary() const override {
    return reading<Summary>([](Database& database) { return summarize(database); });
  }

  Result<std::vector<LedgerEntry>> entries(const LedgerFilter& filter) const override {
    return reading<std::vector<LedgerEntry>>(
        [&](Database& database) { return select_entries(database, filter); });
  }

  Result<std::vector<DifferenceClass>> open_differences(const std::string& capability,
                                                        Timestamp since) const override {
    return reading<std::vector<DifferenceClass>>(
        [&](Database& database) { return classes_of(database, capability, since); });
  }

 private:
  // Reads on a connection of their own: a report never holds up the writer.
  template <class T, class Work>
  Result<T> reading(Work&& work) const {
    try {
      Database database(settings_.file, false);
      return work(database);
    } catch (const std::exception& thrown) {
      return failed(thrown);
    }
  }

  void write() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !queue_.empty() || stopping_; });
      if (queue_.empty()) return;
      // A commit costs the same for one as for many, and nobody waits for it.
      constexpr std::chrono::milliseconds gathering{50};
      changed_.wait_for(lock, gathering, [&] { return stopping_ || flushing_ > 0; });
      std::deque<LedgerEntry> batch;
      batch.swap(queue_);
      const std::int64_t dropped = dropped_;
      lock.unlock();
      std::int64_t lost = 0;
      try {
        store(batch, dropped);
      } catch (const std::exception&) {
        // A full disk loses comparisons, never answers; they are counted as dropped.
        lost = static_cast<std::int64_t>(batch.size());
        try {
          database_.run("ROLLBACK");
        } catch (const std::exception&) {
          // There was no transaction to end.
        }
      }
      lock.lock();
      dropped_ += lost;
      settled_ += batch.size();
      changed_.notify_all();
    }
  }

  void store(const std::deque<LedgerEntry>& batch, std::int64_t dropped) {
    database_.run("BEGIN IMMEDIATE");
    Statement insert(database_,
                     "INSERT INTO comparison(at, capability, operation, subject, correlation, "
                     "verdict, reason, fields, primary_system, secondary_system, primary_side, "
                     "primary_micros, secondary_micros, primary_document, secondary_document, "
                     "suppressed) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    Statement add(database_, "INSERT INTO difference VALUES (?,?,?,?,?,?,?,?)");
    for (const LedgerEntry& entry : batch) {
      const bool keep = entry.comparison.verdict != Verdict::match ||
                        matches_++ % settings_.keep_matching_documents_every == 0;
      insert.bind(entry.at.micros)
          .bind(entry.question.capability)
          .bind(entry.question.operation)
          .bind(entry.question.subject)
          .bind(entry.correlation_id)
          .bind(name(entry.comparison.verdict))
          .bind(entry.comparison.reason)
          .bind(entry.comparison.fields)
          .bind(entry.primary_system)
          .bind(entry.secondary_system)
          .bind(entry.primary_side)
          .bind(entry.primary_micros)
          .bind(entry.secondary_micros)
          .bind(keep ? entry.primary_document : std::string{})
          .bind(keep ? entry.secondary_document : std::string{})
          .bind(write_counts(entry.comparison.suppressed));
      insert.step();
      insert.reset();
      const std::int64_t id = sqlite3_last_insert_rowid(database_.handle());
      for (const Difference& difference : entry.comparison.differences) {
        add.bind(id)
            .bind(difference.path)
            .bind(field_of(difference.path))
            .bind(name(difference.kind))
            .bind(name(difference.verdict))
            .bind(difference.primary)
            .bind(difference.secondary)
            .bind(difference.rule);
        add.step();
        add.reset();
      }
    }
    Statement count(database_,
                    "INSERT INTO counter VALUES ('dropped', ?) ON CONFLICT(name) DO "
                    "UPDATE SET value = excluded.value");
    count.bind(dropped);
    count.step();
    database_.run("COMMIT");
  }

  const LedgerSettings settings_;
  Database database_;  // The writer thread's.
  std::int64_t matches_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LedgerEntry> queue_;
  std::uint64_t accepted_ = 0;
  int flushing_ = 0;           // Who waits until everything is stored.
  std::uint64_t settled_ = 0;  // Of the accepted: stored, or lost with a full disk.
  bool stopping_ = false;
  std::int64_t dropped_ = 0;
  std::thread writer_;
};

class ReadOnlyLedger final : public Ledger {
 public:
  explicit ReadOnlyLedger(const std::string& file) : database_(file, false) {}
  bool record(LedgerEntry) override { return false; }
  void flush() override {}
  Result<Summary> summary() const override {
    const std::lock_guard lock(mutex_);
    try {
      return summarize(database_);
    } catch (const std::exception& thrown) {
      return failed(thrown);
    }
  }
  Result<std::vector<LedgerEntry>> entries(const LedgerFilter& filter) const override {
    const std::lock_guard lock(mutex_);
    try {
      return select_entries(database_, filter);
    } catch (const std::exception& thrown) {
      return failed(thrown);
    }
  }
  Result<std::vector<DifferenceClass>> open_differences(const std::string& capability,
                                                        Timestamp since) const override {
    const std::lock_guard lock(mutex_);
    try {
      return classes_of(database_, capability, since);
    } catch (const std::exception& thrown) {
      return failed(thrown);
    }
  }

 private:
  mutable std::mutex mutex_;
  mutable Database database_;
};

}  // namespace

Result<std::unique_ptr<Ledger>> open_ledger(const LedgerSettings& settings) {
  try {
    return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(settings));
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Result<std::unique_ptr<Ledger>> open_ledger_read_only(const std::string& file) {
  try {
    return std::unique_ptr<Ledger>(std::make_unique<ReadOnlyLedger>(file));
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

}  // namespace underpin::parity
