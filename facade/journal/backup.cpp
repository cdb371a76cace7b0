#include "facade/journal/backup.h"

#include "facade/journal/backup_file.h"
#include "facade/journal/owner_lock.h"
#include "facade/journal/postgres.h"
#include "facade/journal/schema.h"
#include "facade/journal/sql_transaction.h"
#include "facade/journal/sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace underpin::facade::journal {
namespace {

using json::Value;

// What belongs to processes, and the schema's own mark.
const std::set<std::string, std::less<>> left_out{"replica", "claim", "commit_token",
                                                  "underpin_journal"};
// The tables that number their rows.
constexpr std::array<const char*, 4> numbered{"intent", "outbox", "exception", "replica"};

// What is given out after a restore lies above what was given out before it, at whatever rate.
std::int64_t first_change(std::int64_t epoch) { return epoch * 1'000'000'000'000; }

struct Column {
  std::string name;
  bool is_number = false;
};

// A table as its store describes it: what a later release adds is in its backups by itself.
struct Table {
  std::string name;
  std::vector<Column> columns;
  std::vector<std::size_t> key;  // The primary key's columns, in order.
};

void finish_key(Table& table, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      if (table.columns[i].name == name) table.key.push_back(i);
  if (table.key.empty()) throw StoreError("table " + table.name + " has no primary key");
}

std::vector<std::string> names_of(Statement& select) {
  std::vector<std::string> names;
  while (select.step()) names.push_back(select.text(0));
  select.reset();
  return names;
}

std::vector<Table> tables_of(Connection& connection) {
  std::vector<Table> tables;
  for (const std::string& name :
       names_of(connection.prepared("SELECT name FROM sqlite_master WHERE type = 'table' AND "
                                    "name NOT LIKE 'sqlite_%' ORDER BY name"))) {
    if (left_out.count(name) != 0) continue;
    Table table{name, {}, {}};
    std::vector<std::pair<std::int64_t, std::string>> key;
    Statement columns(connection, ("PRAGMA table_info(\"" + name + "\")").c_str());
    while (columns.step()) {
      table.columns.push_back({columns.text(1), columns.text(2) == "INTEGER"});
      if (columns.number(5) > 0) key.emplace_back(columns.number(5), columns.text(1));
    }
    std::sort(key.begin(), key.end());
    std::vector<std::string> names;
    for (const auto& [place, column] : key) names.push_back(column);
    finish_key(table, names);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<Table> tables_of(PgConnection& connection) {
  std::vector<std::string> names;
  auto& listed = connection.prepared(
      "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename");
  while (listed.step()) names.push_back(listed.text(0));
  listed.reset();
  std::vector<Table> tables;
  for (const std::string& name : names) {
    if (left_out.count(name) != 0) continue;
    Table table{name, {}, {}};
    auto& columns = connection.prepared(
        "SELECT attname, CASE WHEN atttypid = 'bigint'::regtype THEN 1 ELSE 0 END FROM "
        "pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped "
        "ORDER BY attnum");
    columns.bind(pg_quoted(name));
    while (columns.step()) table.columns.push_back({columns.text(0), columns.flag(1)});
    columns.reset();
    auto& key = connection.prepared(
        "SELECT attname FROM pg_index CROSS JOIN LATERAL unnest(indkey) WITH ORDINALITY AS "
        "k(number, place) JOIN pg_attribute ON attrelid = indrelid AND attnum = k.number WHERE "
        "indisprimary AND indrelid = to_regclass(?) ORDER BY k.place");
    key.bind(pg_quoted(name));
    std::vector<std::string> key_names;
    while (key.step()) key_names.push_back(key.text(0));
    key.reset();
    finish_key(table, key_names);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string joined(const Table& table, const std::vector<std::size_t>& columns) {
  std::string text;
  for (const std::size_t i : columns)
    text += (text.empty() ? "" : ", ") + pg_quoted(table.columns[i].name);
  return text;
}

std::string marks(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

std::vector<std::size_t> every_column(const Table& table) {
  std::vector<std::size_t> all(table.columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

// Text that no JSON can carry (an ERP's bytes) travels as PostgreSQL keeps it.
template <class Row>
Value value_of(const Row& row, const Table& table, std::size_t column) {
  if (table.columns[column].is_number) return Value::integer(row.number(static_cast<int>(column)));
  return Value(to_pg_text(row.text(static_cast<int>(column))));
}

template <class Statement>
void bind_value(Statement& statement, const Value& value, bool is_number) {
  if (!is_number) {
    statement.bind(from_pg_text(value.text()));
    return;
  }
  const auto number = value.as_int();
  statement.bind(number ? *number : std::int64_t{0});
}

// Page by page in the order of the primary key: no more than a page is held in memory.
template <class Sql>
void dump(Sql& connection, const Table& table, BackupWriter& writer) {
  constexpr std::int64_t page = 500;
  Value title = Value::object();
  title.set("table", table.name);
  Value columns = Value::array();
  for (const Column& column : table.columns) columns.push(column.name);
  title.set("columns", std::move(columns));
  writer.add(title);

  const std::string key = joined(table, table.key);
  const std::string from =
      "SELECT " + joined(table, every_column(table)) + " FROM " + pg_quoted(table.name);
  const std::string order = " ORDER BY " + key + " LIMIT ?";
  const std::string first = from + order;
  const std::string later =
      from + " WHERE (" + key + ") > (" + marks(table.key.size()) + ")" + order;
  std::vector<Value> last;
  for (std::int64_t found = page; found == page;) {
    auto& select = connection.prepared((last.empty() ? first : later).c_str());
    for (std::size_t i = 0; i < last.size(); ++i)
      bind_value(select, last[i], table.columns[table.key[i]].is_number);
    select.bind(page);
    found = 0;
    while (select.step()) {
      ++found;
      Value row = Value::array();
      for (std::size_t i = 0; i < table.columns.size(); ++i) row.push(value_of(select, table, i));
      if (found == page) {
        last.clear();
        for (const std::size_t i : table.key) last.push_back(row.items()[i]);
      }
      writer.count_row();
      writer.add(row);
    }
    select.reset();
  }
}

template <class Sql>
BackupInfo info_of(Sql& connection, Timestamp now) {
  BackupInfo info;
  info.schema_version = schema_version;
  info.taken_at = now;
  SqlReader<Sql, JournalReader> reader(connection, 0);
  info.epoch = epoch_in(reader);
  info.wave = reader.fact(wave_fact);
  auto& plans =
      connection.prepared("SELECT wave, capability, max(version) FROM plan GROUP BY 1, 2");
  while (plans.step()) {
    info.plans[plans.text(0) + "/" + std::string(name(static_cast<Capability>(plans.number(1))))] =
        plans.number(2);
  }
  plans.reset();
  auto& head = connection.prepared("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
  if (head.step()) {
    info.audit_seq = head.number(0);
    info.audit_head = head.text(1);
  }
  head.reset();
  return info;
}

template <class Sql>
BackupInfo dump_all(Sql& connection, const std::string& file, Timestamp now) {
  BackupWriter writer(file, info_of(connection, now));
  for (const Table& table : tables_of(connection)) dump(connection, table, writer);
  return writer.finish();
}

// Several rows a statement: a round trip for each would make a large journal slow to restore.
template <class Sql>
class Loader {
 public:
  explicit Loader(Sql& connection) : connection_(connection), tables_(tables_of(connection)) {}

  void take(const Value& line) {
    if (line.is_object()) {
      flush();
      begin(line);
      return;
    }
    if (table_ == nullptr || line.size() != columns_.size())
      throw BackupError(ErrorCode::rejected, "the backup has a row of an unknown form");
    rows_.push_back(line);
    if (rows_.size() == batch) flush();
  }

  void flush() {
    while (!rows_.empty()) {
      const std::size_t count = rows_.size() == batch ? batch : 1;
      const std::string one = "(" + marks(columns_.size()) + ")";
      std::string sql = "INSERT INTO " + pg_quoted(table_->name) + "(" + joined(*table_, columns_) +
                        ") VALUES " + one;
      for (std::size_t i = 1; i < count; ++i) sql += ", " + one;
      auto& insert = connection_.prepared(sql.c_str());
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t c = 0; c < columns_.size(); ++c)
          bind_value(insert, rows_[i].items()[c], table_->columns[columns_[c]].is_number);
      insert.run();
      rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count));
    }
  }

 private:
  static constexpr std::size_t batch = 40;

  void begin(const Value& title) {
    const auto found = std::find_if(tables_.begin(), tables_.end(), [&](const Table& table) {
      return table.name == title.get("table").text();
    });
    if (found == tables_.end())
      throw BackupError(ErrorCode::rejected, "the backup has a table " + title.get("table").text() +
                                                 " that this release does not know");
    table_ = &*found;
    columns_.clear();
    for (const Value& name : title.get("columns").items()) {
      const auto column =
          std::find_if(table_->columns.begin(), table_->columns.end(),
                       [&](const Column& known) { return known.name == name.text(); });
      if (column == table_->columns.end())
        throw BackupError(ErrorCode::rejected, "the backup has a column " + table_->name + "." +
                                                   name.text() +
                                                   " that this release does not know");
      columns_.push_back(static_cast<std::size_t>(column - table_->columns.begin()));
    }
  }

  Sql& connection_;
  const std::vector<Table> tables_;
  const Table* table_ = nullptr;
  std::vector<std::size_t> columns_;
  std::vector<Value> rows_;
};

template <class Sql>
std::int64_t highest(Sql& connection, const char* table) {
  auto& select =
      connection.prepared(("SELECT COALESCE(max(id), 0) FROM " + pg_quoted(table)).c_str());
  const std::int64_t id = select.step() ? select.number(0) : 0;
  select.reset();
  return id;
}

void number_from(Connection& connection, const std::string& table, std::int64_t last) {
  connection.prepared("DELETE FROM sqlite_sequence WHERE name = ?").bind(table).run();
  connection.prepared("INSERT INTO sqlite_sequence(name, seq) VALUES (?,?)")
      .bind(table)
      .bind(last)
      .run();
}

void number_from(PgConnection& connection, const std::string& table, std::int64_t last) {
  connection.prepared("SELECT setval(pg_get_serial_sequence(?, 'id'), ?)")
      .bind(pg_quoted(table))
      .bind(last)
      .run();
}

// Fills empty tables within the caller's transaction.
template <class Sql>
void load_all(Sql& connection, const std::string& file, Restored& restored,
              const FinishRestore& finish) {
  BackupReader reader(file);
  Loader<Sql> loader(connection);
  Value line;
  while (reader.next(line)) loader.take(line);
  loader.flush();
  for (const char* table : numbered)
    number_from(connection, table,
                std::max(highest(connection, table), first_number(restored.epoch)));
  SqlTransaction<Sql> transaction(connection, 0);
  auto& change = connection.prepared(
      "INSERT INTO counter VALUES ('change', ?) ON CONFLICT(name) DO UPDATE SET value = "
      "excluded.value");
  change.bind(std::max(transaction.counter("change"), first_change(restored.epoch))).run();
  transaction.set_fact(epoch_fact, std::to_string(restored.epoch));
  finish(transaction, restored);
}

// ---- SQLite

std::int64_t single_number(Connection& connection, const char* sql) {
  Statement select(connection, sql);
  return select.step() ? select.number(0) : 0;
}

void check_file(Connection& connection, const std::string& file) {
  if (single_number(connection, "PRAGMA application_id") != application_id)
    throw BackupError(ErrorCode::rejected, file + " is not a journal");
  if (single_number(connection, "PRAGMA user_version") > schema_version)
    throw BackupError(ErrorCode::rejected, file + " has a schema of a newer release");
}

BackupInfo back_up_store(const JournalSettings& settings, const std::string& file, Timestamp now) {
  // A connection would make a file where there is none.
  if (!std::filesystem::exists(settings.file))
    throw BackupError(ErrorCode::unavailable, settings.file + " is not there");
  Connection connection(settings.file, settings.vfs, false);
  connection.execute("PRAGMA query_only = 1");
  connection.execute("BEGIN");
  check_file(connection, settings.file);
  BackupInfo info = dump_all(connection, file, now);
  connection.execute("COMMIT");
  return info;
}

void sync_folder(const std::filesystem::path& folder) {
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

[[noreturn]] void fail_on(const std::string& file, const char* doing, int why) {
  throw BackupError(ErrorCode::unavailable,
                    file + " cannot be " + doing + ": " + std::strerror(why));
}

// What the file says of its epoch; nothing when it cannot be read any more.
std::optional<std::int64_t> epoch_of(const JournalSettings& settings) {
  // SQLite would throw the log of a file that it does not know away.
  std::array<char, 16> magic{};
  std::ifstream(settings.file, std::ios::binary).read(magic.data(), magic.size());
  if (std::string_view(magic.data(), magic.size()) != std::string_view("SQLite format 3\0", 16))
    return std::nullopt;
  try {
    Connection connection(settings.file, settings.vfs, false);
    check_file(connection, settings.file);
    return epoch_in(SqlReader<Connection, JournalReader>(connection, 0));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Everything into the one file: SQLite would take a log that lies beside the new file for its own.
void put_to_rest(const JournalSettings& settings) {
  Connection connection(settings.file, settings.vfs, false);
  Statement mode(connection, "PRAGMA journal_mode = DELETE");
  if (!mode.step() || mode.text(0) != "delete")
    throw BackupError(ErrorCode::unavailable,
                      settings.file + " is being read, by a backup perhaps: try again");
}

std::string kept_name(const JournalSettings& settings, Timestamp now) {
  std::string stamp = now.text();
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-' || c == '.'; });
  std::string kept = settings.file + ".before-restore-" + stamp;
  while (std::filesystem::exists(kept)) kept += "+";
  return kept;
}

// A former file that nobody can read keeps its log, too.
void put_aside(const JournalSettings& settings, const std::string& kept) {
  for (const char* part : {"-wal", "-shm"}) {
    const std::string from = settings.file + part;
    if (::rename(from.c_str(), (kept + part).c_str()) != 0 && errno != ENOENT)
      fail_on(from, "renamed", errno);
  }
  if (::link(settings.file.c_str(), kept.c_str()) != 0) fail_on(settings.file, "kept", errno);
}

Restored restore_store(const JournalSettings& settings, const std::string& file, Timestamp now,
                       const FinishRestore& finish) {
  Restored restored;
  restored.backup = *read_backup(file);
  std::filesystem::create_directories(std::filesystem::absolute(settings.file).parent_path());
  std::optional<OwnerLock> owner;
  try {
    owner.emplace(settings.file + ".lock");
  } catch (const SqliteError& held) {
    throw BackupError(held.code() == SQLITE_BUSY ? ErrorCode::conflict : ErrorCode::unavailable,
                      held.what());
  }
  const bool former = std::filesystem::exists(settings.file);
  restored.epoch = restored.backup.epoch + 1;
  if (former) {
    restored.kept = kept_name(settings, now);
    const auto epoch = epoch_of(settings);
    if (epoch) {
      restored.epoch = std::max(restored.epoch, *epoch + 1);
      put_to_rest(settings);
    }
  }
  const std::string fresh = settings.file + ".restoring";
  for (const char* part : {"", "-journal", "-wal", "-shm"}) ::unlink((fresh + part).c_str());
  {
    Connection connection(fresh, settings.vfs, true);
    connection.execute("PRAGMA synchronous = FULL");
    connection.execute("BEGIN IMMEDIATE");
    connection.execute(schema_sql);
    connection.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
    connection.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
    load_all(connection, file, restored, finish);
    connection.execute("COMMIT");
  }
  if (former) put_aside(settings, restored.kept);
  if (::rename(fresh.c_str(), settings.file.c_str()) != 0)
    fail_on(settings.file, "replaced", errno);
  sync_folder(std::filesystem::absolute(settings.file).parent_path());
  return restored;
}

// ---- PostgreSQL

PgSettings session_of(const PostgresSettings& settings) {
  PgSettings session;
  session.connection = settings.connection;
  session.schema = settings.schema;
  session.answer_ms = 120'000;  // One statement may write many rows, on a busy server.
  session.stall_ms = 120'000;   // A slow disk for the file is no stopped process.
  return session;
}

std::int64_t count(PgConnection& connection, const char* sql, const std::string& given) {
  auto& select = connection.prepared(sql);
  select.bind(given);
  const std::int64_t found = select.step() ? select.number(0) : 0;
  select.reset();
  return found;
}

// False: the schema is empty, or not there.
bool is_journal(PgConnection& connection, const std::string& schema) {
  if (count(connection,
            "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename = "
            "'underpin_journal'",
            schema) == 0) {
    if (count(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = ?", schema) != 0)
      throw BackupError(ErrorCode::rejected, "schema " + schema + " is another program's");
    return false;
  }
  auto& select = connection.prepared("SELECT max(version) FROM underpin_journal");
  const std::int64_t version = select.step() ? select.number(0) : 0;
  select.reset();
  if (version > schema_version)
    throw BackupError(ErrorCode::rejected, "schema " + schema + " is one of a newer release");
  return true;
}

BackupInfo back_up_store(const PostgresSettings& settings, const std::string& file, Timestamp now) {
  PgConnection connection(session_of(settings));
  connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!is_journal(connection, settings.schema))
    throw BackupError(ErrorCode::unavailable, "schema " + settings.schema + " holds no journal");
  BackupInfo info = dump_all(connection, file, now);
  connection.execute("COMMIT");
  return info;
}

void refuse_while_replicas_live(PgConnection& connection) {
  const SqlReader<PgConnection, JournalReader> reader(connection, 0);
  const Timestamp now = reader.clock();
  std::string living;
  for (const ReplicaRecord& replica : reader.replicas()) {
    if (replica.alive_until <= now) continue;
    living += (living.empty() ? "" : ", ") + replica.name + " until " + replica.alive_until.text();
  }
  if (!living.empty())
    throw BackupError(
        ErrorCode::conflict,
        "the store is held by " + living + ": stop it, or wait until then if its process is gone");
}

Restored restore_store(const PostgresSettings& settings, const std::string& file, Timestamp,
                       const FinishRestore& finish) {
  Restored restored;
  restored.backup = *read_backup(file);
  restored.epoch = restored.backup.epoch + 1;
  PgConnection connection(session_of(settings));
  // Everything is one transaction: until it commits, the former schema has the name.
  connection.execute("BEGIN; " + pg_writers_lock(settings.schema));
  if (is_journal(connection, settings.schema)) {
    refuse_while_replicas_live(connection);
    const SqlReader<PgConnection, JournalReader> reader(connection, 0);
    restored.epoch = std::max(restored.epoch, epoch_in(reader) + 1);
    // Names are cut at 63 bytes.
    const std::string end = "_before_epoch_" + std::to_string(restored.epoch);
    restored.kept = settings.schema.substr(0, 63 - end.size()) + end;
    connection.execute("ALTER SCHEMA " + pg_quoted(settings.schema) + " RENAME TO " +
                       pg_quoted(restored.kept));
  }
  if (count(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = ?", settings.schema) ==
      0)
    connection.execute("CREATE SCHEMA " + pg_quoted(settings.schema));
  connection.execute("CREATE TABLE underpin_journal (version BIGINT NOT NULL)");
  connection.execute("INSERT INTO underpin_journal VALUES (" + std::to_string(schema_version) +
                     ")");
  connection.execute(postgres_schema());
  load_all(connection, file, restored, finish);
  connection.execute("COMMIT");
  return restored;
}

template <class Done, class Work>
Result<Done> walled(Work&& work) {
  try {
    return work();
  } catch (const BackupError& failure) {
    return Error{failure.code(), failure.what(), "journal"};
  } catch (const PgError& failure) {
    // Not ours to create or rename: the role's rights.
    if (failure.state() == "42501")
      return Error{ErrorCode::rejected,
                   std::string(failure.what()) +
                       "; restoring renames the schema and makes a new one: the role must own the "
                       "schema and may create in the database",
                   "journal"};
    return Error{ErrorCode::unavailable, failure.what(), "journal"};
  } catch (const std::exception& failure) {
    return Error{ErrorCode::unavailable, failure.what(), "journal"};
  }
}

}  // namespace

Result<BackupInfo> back_up(const StoreSettings& store, const std::string& file, Timestamp now) {
  return walled<BackupInfo>([&] {
    return std::visit([&](const auto& settings) { return back_up_store(settings, file, now); },
                      store);
  });
}

Result<BackupInfo> read_backup(const std::string& file) {
  return walled<BackupInfo>([&] {
    BackupReader reader(file);
    Value line;
    while (reader.next(line)) {
    }
    return reader.info();
  });
}

Result<Restored> restore(const StoreSettings& store, const std::string& file, Timestamp now,
                         const FinishRestore& finish) {
  const auto checked = read_backup(file);
  if (!checked) return checked.error();
  return walled<Restored>([&] {
    return std::visit(
        [&](const auto& settings) { return restore_store(settings, file, now, finish); }, store);
  });
}

}  // namespace underpin::facade::journal
