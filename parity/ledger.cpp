#include "parity/ledger.h"

#include "parity/ledger_reading.h"
#include "parity/report_data.h"
#include "parity/worth.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace underpin::parity {
namespace {

constexpr int schema_version = 5;
// A VACUUM takes some seconds for a GiB, and as much room again.
constexpr std::int64_t written_anew_max = std::int64_t{2} << 30;
constexpr int samples_kept = 5;  // Of what each rule suppressed.
constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS comparison (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL, capability TEXT NOT NULL, operation TEXT NOT NULL, subject TEXT NOT NULL,
  correlation TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL, fields INTEGER NOT NULL,
  primary_system TEXT NOT NULL, secondary_system TEXT NOT NULL, primary_side TEXT NOT NULL,
  primary_micros INTEGER NOT NULL, secondary_micros INTEGER NOT NULL,
  primary_document TEXT NOT NULL, secondary_document TEXT NOT NULL, suppressed TEXT NOT NULL,
  rules TEXT NOT NULL DEFAULT '', converged_ms INTEGER NOT NULL DEFAULT -1,
  context TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '', segment TEXT NOT NULL DEFAULT '',
  classes TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS comparison_verdict ON comparison(capability, verdict, id);
CREATE INDEX IF NOT EXISTS comparison_subject ON comparison(subject, id);
CREATE TABLE IF NOT EXISTS difference (
  comparison INTEGER NOT NULL REFERENCES comparison(id), path TEXT NOT NULL,
  field TEXT NOT NULL, kind TEXT NOT NULL, verdict TEXT NOT NULL,
  one TEXT NOT NULL, two TEXT NOT NULL, rule TEXT NOT NULL, worth TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS difference_of ON difference(comparison);
CREATE TABLE IF NOT EXISTS rule_use (
  name TEXT PRIMARY KEY, hits INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rule_seen (
  name TEXT NOT NULL, content TEXT NOT NULL, first INTEGER NOT NULL,
  PRIMARY KEY (name, content));
CREATE TABLE IF NOT EXISTS suppressed_sample (
  rule TEXT NOT NULL, at INTEGER NOT NULL, subject TEXT NOT NULL, path TEXT NOT NULL,
  one TEXT NOT NULL, two TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS suppressed_sample_of ON suppressed_sample(rule, at);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
)sql";

constexpr const char* from_version_1 = R"sql(
ALTER TABLE comparison ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE comparison ADD COLUMN converged_ms INTEGER NOT NULL DEFAULT -1;
ALTER TABLE comparison ADD COLUMN context TEXT NOT NULL DEFAULT '';
)sql";

constexpr const char* from_version_2 = R"sql(
ALTER TABLE comparison ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE comparison ADD COLUMN segment TEXT NOT NULL DEFAULT '';
)sql";

// What releases before compared says nothing of the classes of its fields, and fills no such cell.
constexpr const char* from_version_4 =
    "ALTER TABLE comparison ADD COLUMN classes TEXT NOT NULL DEFAULT '';";

// Of a subject's cohort, where its comparison carries it.
std::string fact_of(const Cohort& cohort, const char* fact) {
  const auto found = cohort.find(fact);
  return found == cohort.end() || found->second.empty() ? std::string{} : found->second.front();
}

std::string in_one_text(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string write_counts(const std::map<std::string, std::int64_t>& counts) {
  json::Value value = json::Value::object();
  for (const auto& [key, count] : counts) value.set(key, json::Value::integer(count));
  return json::write(value);
}

Error failed(const std::exception& thrown) { return {ErrorCode::unavailable, thrown.what()}; }

class SqliteLedger final : public Ledger {
 public:
  explicit SqliteLedger(LedgerSettings settings)
      : settings_(std::move(settings)), seal_(settings_.key), database_(settings_.file, true) {
    // What is erased is overwritten: free space of a page would keep it.
    database_.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;");
    database_.run("BEGIN IMMEDIATE");
    Statement version(database_, "PRAGMA user_version");
    version.step();
    if (version.number(0) > schema_version)
      throw std::runtime_error("parity ledger " + settings_.file +
                               " was written by a newer release");
    const std::int64_t written_by = version.number(0);
    version.reset();
    if (written_by == 1) database_.run(from_version_1);
    if (written_by == 1 || written_by == 2) database_.run(from_version_2);
    if (lacks("comparison", "classes")) database_.run(from_version_4);
    const bool unvalued = lacks("difference", "worth");
    if (unvalued) database_.run("ALTER TABLE difference ADD COLUMN worth TEXT NOT NULL DEFAULT ''");
    database_.run(schema);
    if (unvalued) value_differences();
    database_.run("PRAGMA user_version=5; COMMIT");
    forget_old_pages(written_by == 0);
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
    return reading<Summary>([](const Reading& reading) { return summarize(reading); });
  }

  Result<std::vector<LedgerEntry>> entries(const LedgerFilter& filter) const override {
    return reading<std::vector<LedgerEntry>>(
        [&](const Reading& reading) { return select_entries(reading, filter); });
  }

  Result<std::vector<DifferenceClass>> open_differences(const std::string& capability,
                                                        Timestamp since) const override {
    return reading<std::vector<DifferenceClass>>(
        [&](const Reading& reading) { return classes_of(reading, capability, since); });
  }

  Status note_rules(const Rules& rules, Timestamp now) override {
    try {
      Database database(settings_.file, true);
      database.run("BEGIN IMMEDIATE");
      const auto note = [&](const std::string& rule, const std::string& content) {
        if (content.empty()) return;
        Statement(database, "INSERT OR IGNORE INTO rule_seen VALUES (?, ?, ?)")
            .bind(rule)
            .bind(content)
            .bind(now.micros)
            .step();
      };
      for (const Rule& rule : rules.rules) note(rule.name, rule.content);
      for (const OutcomeClass& outcome : rules.outcomes) note(outcome.name, outcome.content);
      database.run("COMMIT");
      return Done{};
    } catch (const std::exception& thrown) {
      return failed(thrown);
    }
  }
  Result<std::map<std::string, RuleUse>> rule_uses() const override {
    return reading<std::map<std::string, RuleUse>>(uses_of_rules);
  }
  Result<std::map<std::string, KnownUse>> known_uses() const override {
    return reading<std::map<std::string, KnownUse>>(uses_of_known);
  }
  Result<Report> report(const ReportQuery& query) const override {
    return reading<Report>([&](const Reading& reading) { return report_of(reading, query); });
  }
  Result<std::vector<LedgerEntry>> pairs(const ReportQuery& query, std::int64_t after_id,
                                         int limit) const override {
    return reading<std::vector<LedgerEntry>>(
        [&](const Reading& reading) { return pairs_of(reading, query, after_id, limit); });
  }

 private:
  // Reads on a connection of their own: a report never holds up the writer.
  template <class T, class Work>
  Result<T> reading(Work&& work) const {
    try {
      Database database(settings_.file, false);
      return work(Reading{database, seal_});
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

  // Releases before did not overwrite what they erased: free pages still hold it, and free space in
  // pages. The file is written anew, once; one that is too long for a start stays as it is.
  void forget_old_pages(bool is_new) {
    {
      Statement done(database_, "SELECT 1 FROM counter WHERE name = 'written_anew'");
      if (done.step()) return;
    }
    Statement size(database_,
                   "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    if (!size.step() || size.number(0) > written_anew_max) return;
    size.reset();
    try {
      if (!is_new) {
        database_.run("VACUUM");
        (void)truncated(database_);
      }
      database_.run("INSERT INTO counter VALUES ('written_anew', 1)");
    } catch (const std::exception&) {
      // No room for a second file, or a reader holds it: at the next start.
    }
  }

  // The table is there, of a release that had no such column.
  bool lacks(std::string_view table, std::string_view column) {
    Statement columns(database_, "SELECT count(*), sum(name = ?) FROM pragma_table_info(?)");
    columns.bind(column).bind(table);
    return columns.step() && columns.number(0) > 0 && columns.number(1) == 0;
  }

  // Releases before kept the values only: what they are worth is taken from them before they are
  // erased.
  void value_differences() {
    Statement select(database_,
                     "SELECT d.rowid, d.field, d.kind, d.one, d.two, c.primary_document, "
                     "c.secondary_document FROM difference d JOIN comparison c ON c.id = "
                     "d.comparison WHERE d.one <> '' OR d.two <> ''");
    Statement update(database_, "UPDATE difference SET worth = ? WHERE rowid = ?");
    while (select.step()) {
      Difference difference;
      difference.field = select.text(1);
      difference.kind = parse_kind(select.text(2)).value_or(Kind::value);
      const auto opened = [&](int column) {
        const auto text = seal_.opened(select.text(column));
        return text ? *text : std::string{};
      };
      difference.primary = opened(3);
      difference.secondary = opened(4);
      update.bind(worth_text(difference, opened(5), opened(6))).bind(select.number(0)).step();
      update.reset();
    }
  }

  static std::string worth_text(const Difference& difference, const std::string& primary_document,
                                const std::string& secondary_document) {
    if (difference.worth) return difference.worth->text();
    const auto value_of = [](const std::string& text) -> std::optional<json::Value> {
      const auto value = json::parse(text);
      return value ? std::optional(*value) : std::nullopt;
    };
    const auto pointer_to = [](const std::optional<json::Value>& value) {
      return value ? &*value : nullptr;
    };
    const auto one = value_of(difference.primary);
    const auto two = value_of(difference.secondary);
    const auto primary = value_of(primary_document);
    const auto secondary = value_of(secondary_document);
    const auto worth = worth_of(
        difference.kind, difference.field.empty() ? field_of(difference.path) : difference.field,
        pointer_to(one), pointer_to(two),
        {nullptr, nullptr, pointer_to(primary), pointer_to(secondary)});
    return worth ? worth->text() : std::string{};
  }

  void store(const std::deque<LedgerEntry>& batch, std::int64_t dropped) {
    database_.run("BEGIN IMMEDIATE");
    Statement insert(database_,
                     "INSERT INTO comparison(at, capability, operation, subject, correlation, "
                     "verdict, reason, fields, primary_system, secondary_system, primary_side, "
                     "primary_micros, secondary_micros, primary_document, secondary_document, "
                     "suppressed, rules, converged_ms, context, region, segment, "
                     "classes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    Statement add(database_, "INSERT INTO difference VALUES (?,?,?,?,?,?,?,?,?)");
    for (const LedgerEntry& entry : batch) {
      const bool keep = entry.comparison.verdict != Verdict::match ||
                        matches_++ % settings_.keep_matching_documents_every == 0;
      insert.bind(entry.at.micros)
          .bind(entry.question.capability)
          .bind(entry.question.operation)
          .bind(entry.question.subject)
          .bind(entry.correlation_id)
          .bind(name(entry.comparison.verdict))
          .bind(sealed_reason(entry.comparison.reason))
          .bind(entry.comparison.fields)
          .bind(entry.primary_system)
          .bind(entry.secondary_system)
          .bind(entry.primary_side)
          .bind(entry.primary_micros)
          .bind(entry.secondary_micros)
          .bind(keep ? seal_.sealed(entry.primary_document) : std::string{})
          .bind(keep ? seal_.sealed(entry.secondary_document) : std::string{})
          .bind(write_counts(entry.comparison.suppressed))
          .bind(entry.rules)
          .bind(entry.comparison.converged_ms)
          .bind(keep ? seal_.sealed(write_context(entry)) : std::string{})
          .bind(fact_of(entry.question.cohort, "regions"))
          .bind(fact_of(entry.question.cohort, "segments"))
          .bind(in_one_text(entry.comparison.classes));
      insert.step();
      insert.reset();
      const std::int64_t id = sqlite3_last_insert_rowid(database_.handle());
      for (const Difference& difference : entry.comparison.differences) {
        add.bind(id)
            .bind(difference.path)
            .bind(difference.field.empty() ? field_of(difference.path) : difference.field)
            .bind(name(difference.kind))
            .bind(name(difference.verdict))
            .bind(seal_.sealed(difference.primary))
            .bind(seal_.sealed(difference.secondary))
            .bind(difference.rule)
            .bind(worth_text(difference, entry.primary_document, entry.secondary_document));
        add.step();
        add.reset();
      }
      store_uses(entry);
    }
    if (!batch.empty()) erase_before(batch.back().at);
    Statement count(database_,
                    "INSERT INTO counter VALUES ('dropped', ?) ON CONFLICT(name) DO "
                    "UPDATE SET value = excluded.value");
    count.bind(dropped);
    count.step();
    database_.run("COMMIT");
    // The log beside the file still has the pages as they were. A reader may hold it: then next
    // time.
    if (erased_now_ && truncated(database_)) erased_now_ = false;
  }

  static bool truncated(Database& database) {
    sqlite3_busy_timeout(database.handle(), 0);  // Comparisons do not wait for a report.
    bool done = false;
    {
      Statement checkpoint(database, "PRAGMA wal_checkpoint(TRUNCATE)");
      done = checkpoint.step() && checkpoint.number(0) == 0;
    }
    sqlite3_busy_timeout(database.handle(), Database::busy_ms);
    return done;
  }

  // "bc: rejected: ...": what stands in front is counted by, what an ERP wrote is sealed.
  std::string sealed_reason(const std::string& reason) const {
    const std::size_t end = reason.find(": ");
    if (end == std::string::npos) return reason;
    return reason.substr(0, end + 2) + seal_.sealed(reason.substr(end + 2));
  }

  void store_uses(const LedgerEntry& entry) {
    for (const auto& [rule, count] : entry.comparison.suppressed) {
      Statement use(database_,
                    "INSERT INTO rule_use VALUES (?, ?, ?) ON CONFLICT(name) DO UPDATE SET "
                    "hits = hits + excluded.hits, last = max(last, excluded.last)");
      use.bind(rule).bind(count).bind(entry.at.micros).step();
    }
    for (const std::string& rule : entry.comparison.used) {
      Statement use(database_,
                    "INSERT INTO rule_use VALUES (?, 0, ?) ON CONFLICT(name) DO UPDATE SET "
                    "last = max(last, excluded.last)");
      use.bind(rule).bind(entry.at.micros).step();
    }
    for (const Suppressed& one : entry.comparison.samples) {
      Statement sample(database_, "INSERT INTO suppressed_sample VALUES (?, ?, ?, ?, ?, ?)");
      sample.bind(one.rule)
          .bind(entry.at.micros)
          .bind(entry.question.subject)
          .bind(one.path)
          .bind(seal_.sealed(one.primary))
          .bind(seal_.sealed(one.secondary))
          .step();
      Statement older(
          database_,
          "DELETE FROM suppressed_sample WHERE rule = ? AND rowid NOT IN (SELECT rowid "
          "FROM suppressed_sample WHERE rule = ? ORDER BY at DESC, rowid DESC LIMIT ?)");
      older.bind(one.rule).bind(one.rule).bind(std::int64_t{samples_kept}).step();
    }
  }

  // What is kept for some days only; by the time of what is recorded, at most once an hour.
  void erase_before(Timestamp now) {
    constexpr std::int64_t hour_ms = 3'600'000;
    if (settings_.keep_days <= 0 || now < erased_.plus_ms(hour_ms)) return;
    erased_ = now;
    const std::int64_t limit = now.plus_ms(-24 * hour_ms * settings_.keep_days).micros;
    Statement pairs(database_,
                    "UPDATE comparison SET primary_document = '', secondary_document = '', "
                    "context = '', reason = CASE WHEN instr(reason, ': ') > 0 THEN "
                    "substr(reason, 1, instr(reason, ': ') - 1) ELSE reason END "
                    "WHERE at < ? AND (primary_document <> '' OR secondary_document <> '' OR "
                    "context <> '' OR instr(reason, ': ') > 0)");
    pairs.bind(limit).step();
    Statement values(database_,
                     "UPDATE difference SET one = '', two = '' WHERE (one <> '' OR two <> '') AND "
                     "comparison IN (SELECT id FROM comparison WHERE at < ?)");
    values.bind(limit).step();
    Statement samples(database_, "DELETE FROM suppressed_sample WHERE at < ?");
    samples.bind(limit).step();
    erased_now_ = true;
  }

  const LedgerSettings settings_;
  const Seal seal_;
  Database database_;  // The writer thread's.
  Timestamp erased_;
  bool erased_now_ = false;  // And the log has not been cut since.
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
  ReadOnlyLedger(const std::string& file, std::string key)
      : seal_(std::move(key)), database_(file, false) {
    Statement version(database_, "PRAGMA user_version");
    version.step();
    if (version.number(0) != schema_version)
      throw std::runtime_error("parity ledger " + file +
                               " was written by another release; start this one on it once");
  }
  bool record(LedgerEntry) override { return false; }
  void flush() override {}
  Result<Summary> summary() const override { return reading<Summary>(summarize); }
  Result<std::vector<LedgerEntry>> entries(const LedgerFilter& filter) const override {
    return reading<std::vector<LedgerEntry>>(
        [&](const Reading& reading) { return select_entries(reading, filter); });
  }
  Result<std::vector<DifferenceClass>> open_differences(const std::string& capability,
                                                        Timestamp since) const override {
    return reading<std::vector<DifferenceClass>>(
        [&](const Reading& reading) { return classes_of(reading, capability, since); });
  }
  Result<std::map<std::string, RuleUse>> rule_uses() const override {
    return reading<std::map<std::string, RuleUse>>(uses_of_rules);
  }
  Result<std::map<std::string, KnownUse>> known_uses() const override {
    return reading<std::map<std::string, KnownUse>>(uses_of_known);
  }
  Result<Report> report(const ReportQuery& query) const override {
    return reading<Report>([&](const Reading& reading) { return report_of(reading, query); });
  }
  Result<std::vector<LedgerEntry>> pairs(const ReportQuery& query, std::int64_t after_id,
                                         int limit) const override {
    return reading<std::vector<LedgerEntry>>(
        [&](const Reading& reading) { return pairs_of(reading, query, after_id, limit); });
  }

 private:
  template <class T, class Work>
  Result<T> reading(Work&& work) const {
    const std::lock_guard lock(mutex_);
    try {
      return work(Reading{database_, seal_});
    } catch (const std::exception& thrown) {
      return failed(thrown);
    }
  }

  const Seal seal_;
  mutable std::mutex mutex_;
  mutable Database database_;
};

}  // namespace

Result<Report> Ledger::report(const ReportQuery&) const {
  return Error{ErrorCode::unavailable, "this ledger keeps nothing"};
}

Result<std::vector<LedgerEntry>> Ledger::pairs(const ReportQuery&, std::int64_t, int) const {
  return Error{ErrorCode::unavailable, "this ledger keeps nothing"};
}

Result<std::unique_ptr<Ledger>> open_ledger(const LedgerSettings& settings) {
  try {
    return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(settings));
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Result<std::unique_ptr<Ledger>> open_ledger_read_only(const std::string& file,
                                                      const std::string& key) {
  try {
    return std::unique_ptr<Ledger>(std::make_unique<ReadOnlyLedger>(file, key));
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

}  // namespace underpin::parity
