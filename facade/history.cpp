#include "facade/history.h"

#include "contracts/json/codec.h"

#include <sqlite3.h>

#include <mutex>

namespace underpin::facade {
namespace {

// Marks the file as ours ("UNDH" in ASCII).
constexpr int application_id = 0x554e4448;

class SqliteHistory final : public HistoryFile {
 public:
  SqliteHistory(sqlite3* db, std::string file) : db_(db), file_(std::move(file)) {}
  ~SqliteHistory() override { ::sqlite3_close(db_); }
  SqliteHistory(const SqliteHistory&) = delete;
  SqliteHistory& operator=(const SqliteHistory&) = delete;

  Status put(const journal::Subject& subject, const std::string& order_json) override {
    const std::lock_guard lock(mutex_);
    sqlite3_stmt* statement = prepared(
        "INSERT INTO closed_order(subject, content) VALUES (?,?) ON CONFLICT(subject) DO UPDATE "
        "SET content = excluded.content");
    if (statement == nullptr) return failed();
    bind(statement, 1, subject);
    bind(statement, 2, order_json);
    const bool done = ::sqlite3_step(statement) == SQLITE_DONE;
    ::sqlite3_finalize(statement);
    if (!done) return failed();
    return Done{};
  }

  Result<std::optional<std::string>> find(const journal::Subject& subject) const override {
    const std::lock_guard lock(mutex_);
    sqlite3_stmt* statement = prepared("SELECT content FROM closed_order WHERE subject = ?");
    if (statement == nullptr) return failed();
    bind(statement, 1, subject);
    std::optional<std::string> found;
    const int step = ::sqlite3_step(statement);
    if (step == SQLITE_ROW)
      found = std::string(reinterpret_cast<const char*>(::sqlite3_column_text(statement, 0)));
    ::sqlite3_finalize(statement);
    if (step != SQLITE_ROW && step != SQLITE_DONE) return failed();
    return found;
  }

  Result<std::int64_t> count() const override {
    const std::lock_guard lock(mutex_);
    sqlite3_stmt* statement = prepared("SELECT COUNT(*) FROM closed_order");
    if (statement == nullptr || ::sqlite3_step(statement) != SQLITE_ROW) {
      ::sqlite3_finalize(statement);
      return failed();
    }
    const std::int64_t number = ::sqlite3_column_int64(statement, 0);
    ::sqlite3_finalize(statement);
    return number;
  }

  bool run(const char* sql) {
    return ::sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  std::int64_t pragma(const char* sql) {
    sqlite3_stmt* statement = prepared(sql);
    std::int64_t value = -1;
    if (statement != nullptr && ::sqlite3_step(statement) == SQLITE_ROW)
      value = ::sqlite3_column_int64(statement, 0);
    ::sqlite3_finalize(statement);
    return value;
  }
  Error failed() const {
    return {ErrorCode::unavailable,
            "the history file " + file_ + " cannot be used: " + ::sqlite3_errmsg(db_)};
  }

 private:
  sqlite3_stmt* prepared(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    if (::sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) return nullptr;
    return statement;
  }
  static void bind(sqlite3_stmt* statement, int at, const std::string& text) {
    ::sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()),
                        SQLITE_TRANSIENT);
  }

  sqlite3* db_;
  const std::string file_;
  mutable std::mutex mutex_;
};

}  // namespace

Result<std::unique_ptr<HistoryFile>> open_history_file(const std::string& file, bool writable) {
  sqlite3* db = nullptr;
  const int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  const int opened = ::sqlite3_open_v2(file.c_str(), &db, flags, nullptr);
  auto history = std::make_unique<SqliteHistory>(db, file);
  if (opened != SQLITE_OK) return history->failed();
  ::sqlite3_busy_timeout(db, 5'000);
  const std::int64_t owner = history->pragma("PRAGMA application_id");
  const bool fresh = history->pragma("SELECT COUNT(*) FROM sqlite_master") == 0;
  if (owner != application_id && !(fresh && writable))
    return Error{ErrorCode::invalid_request, file + " is no history of closed orders"};
  if (writable &&
      (!history->run("PRAGMA journal_mode=WAL") || !history->run("PRAGMA synchronous=FULL") ||
       !history->run("PRAGMA application_id=1431192648") ||
       !history->run("CREATE TABLE IF NOT EXISTS closed_order (subject TEXT PRIMARY KEY, content "
                     "TEXT NOT NULL) WITHOUT ROWID")))
    return history->failed();
  return std::unique_ptr<HistoryFile>(std::move(history));
}

Result<HistoryPage> HistoryExport::page(std::int64_t after, int limit, const CallContext& context) {
  if (file_.empty())
    return Error{ErrorCode::invalid_request,
                 "no orders.historyFile is configured",
                 {},
                 {},
                 0,
                 {{"/orders/historyFile", "must name the file in the configuration"}}};
  const std::lock_guard lock(mutex_);
  auto file = open_history_file(file_, true);
  if (!file) return file.error();
  journal::DocumentQuery query;
  query.closed = true;
  query.home = Side::legacy;
  query.after_change = after;
  query.limit = limit;
  std::vector<journal::DocumentRecord> documents;
  const Status read = journal_.read(
      [&](const journal::JournalReader& reader) { documents = reader.documents(query); });
  if (!read) return read.error();
  HistoryPage page;
  page.after = after;
  page.more = documents.size() == static_cast<std::size_t>(limit);
  for (const journal::DocumentRecord& document : documents) {
    const auto order = orders_.view_of(document, context);
    if (!order && order.error().code == ErrorCode::not_found) {
      ++page.gone;
    } else if (!order) {
      // What has come so far is kept; the caller goes on from here.
      if (page.exported + page.gone == 0) return order.error();
      page.more = true;
      break;
    } else {
      const Status kept =
          (*file)->put(order_subject(document.id), json::write(json::to_json(*order)));
      if (!kept) return kept.error();
      ++page.exported;
    }
    page.after = document.change;
  }
  const auto in_file = (*file)->count();
  if (!in_file) return in_file.error();
  page.in_file = *in_file;
  return page;
}

}  // namespace underpin::facade
