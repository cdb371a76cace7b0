#include "facade/journal/schema.h"
#include "facade/journal/sqlite_transaction.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace underpin::facade::journal {
namespace {

Error failed(const std::exception& thrown) {
  return {ErrorCode::unavailable, thrown.what(), "journal"};
}

class SqliteJournal final : public Journal {
 public:
  explicit SqliteJournal(JournalSettings settings)
      : settings_(std::move(settings)), writing_(settings_.file, settings_.vfs, true) {
    prepare();
    for (int i = 0; i < std::max(settings_.readers, 1); ++i) {
      idle_.push_back(std::make_unique<Connection>(settings_.file, settings_.vfs, false));
      idle_.back()->execute("PRAGMA query_only = 1");
    }
    writer_ = std::thread([this] { write_groups(); });
  }

  ~SqliteJournal() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    writer_.join();
  }

  Status write(const std::function<bool(JournalTransaction&)>& work) override {
    Member member{&work};
    std::unique_lock lock(mutex_);
    if (stopping_) return Error{ErrorCode::unavailable, "the journal is closing", "journal"};
    queue_.push_back(&member);
    changed_.notify_all();
    member.finished.wait(lock, [&] { return member.done; });
    return member.result;
  }

  Status read(const std::function<void(const JournalReader&)>& work) const override {
    std::unique_ptr<Connection> connection;
    {
      std::unique_lock lock(readers_mutex_);
      reader_freed_.wait(lock, [&] { return !idle_.empty(); });
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    Status result = Done{};
    try {
      // One snapshot for everything that `work` looks at.
      connection->execute("BEGIN");
      work(SqliteReader<JournalReader>(*connection));
    } catch (const std::exception& thrown) {
      result = failed(thrown);
    }
    try {
      if (sqlite3_get_autocommit(connection->handle()) == 0) connection->execute("COMMIT");
    } catch (const std::exception& thrown) {
      if (result) result = failed(thrown);
    }
    {
      const std::lock_guard lock(readers_mutex_);
      idle_.push_back(std::move(connection));
    }
    reader_freed_.notify_one();
    return result;
  }

 private:
  // One write() call that waits for its group's commit.
  struct Member {
    explicit Member(const std::function<bool(JournalTransaction&)>* w) : work(w) {}
    const std::function<bool(JournalTransaction&)>* work;
    std::condition_variable finished;
    bool done = false;
    Status result = Done{};
  };

  void prepare() {
    writing_.execute("PRAGMA journal_mode = WAL");
    writing_.execute(settings_.synchronous_full ? "PRAGMA synchronous = FULL"
                                                : "PRAGMA synchronous = OFF");
    writing_.execute("PRAGMA wal_autocheckpoint = 2000");
    std::int64_t version = 0;
    {
      Statement select(writing_, "PRAGMA user_version");
      if (select.step()) version = select.number(0);
    }
    if (version > schema_version) {
      throw SqliteError("journal " + settings_.file + " has schema version " +
                            std::to_string(version) + ", this release knows up to " +
                            std::to_string(schema_version),
                        SQLITE_ERROR);
    }
    writing_.execute("BEGIN IMMEDIATE");
    writing_.execute(schema_sql);
    writing_.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
    // Whoever had these open is gone.
    writing_.execute("UPDATE intent SET orphaned = 1 WHERE state = 0");
    writing_.execute("COMMIT");
  }

  void write_groups() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !queue_.empty() || stopping_; });
      if (queue_.empty()) return;
      std::vector<Member*> group;
      while (!queue_.empty() && group.size() < static_cast<std::size_t>(settings_.group_max)) {
        group.push_back(queue_.front());
        queue_.pop_front();
      }
      lock.unlock();
      write_group(group);
      lock.lock();
      for (Member* member : group) {
        member->done = true;
        member->finished.notify_one();
      }
    }
  }

  // A member that fails is rolled back alone; a commit that fails fails every member.
  void write_group(const std::vector<Member*>& group) {
    try {
      writing_.execute("BEGIN IMMEDIATE");
      for (Member* member : group) write_member(*member);
      writing_.execute("COMMIT");
    } catch (const std::exception& thrown) {
      for (Member* member : group) member->result = failed(thrown);
      try {
        if (sqlite3_get_autocommit(writing_.handle()) == 0) writing_.execute("ROLLBACK");
      } catch (const std::exception&) {
        // Nothing was kept; the next BEGIN says what is still wrong.
      }
    }
  }

  void write_member(Member& member) {
    writing_.execute("SAVEPOINT member");
    bool keep = false;
    try {
      SqliteTransaction transaction(writing_);
      keep = (*member.work)(transaction);
      if (!keep)
        member.result = Error{ErrorCode::conflict, "the write was taken back", "journal"};
    } catch (const SqliteError& thrown) {
      const int primary = thrown.code() & 0xff;
      member.result = failed(thrown);
      // These end the whole transaction: its members cannot be told apart any more.
      if (primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_NOMEM ||
          sqlite3_get_autocommit(writing_.handle()) != 0)
        throw;
    } catch (const std::exception& thrown) {
      member.result = Error{ErrorCode::internal, thrown.what(), "journal"};
    }
    if (!keep) writing_.execute("ROLLBACK TO member");
    writing_.execute("RELEASE member");
  }

  const JournalSettings settings_;
  Connection writing_;  // The writer thread's, after construction.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Member*> queue_;
  bool stopping_ = false;
  mutable std::mutex readers_mutex_;
  mutable std::condition_variable reader_freed_;
  mutable std::vector<std::unique_ptr<Connection>> idle_;
  std::thread writer_;
};

}  // namespace

Result<std::unique_ptr<Journal>> open_sqlite_journal(const JournalSettings& settings) {
  try {
    return std::unique_ptr<Journal>(std::make_unique<SqliteJournal>(settings));
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::unavailable, thrown.what(), "journal"};
  }
}

}  // namespace underpin::facade::journal
