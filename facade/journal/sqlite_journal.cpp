#include "facade/journal/owner_lock.h"
#include "facade/journal/schema.h"
#include "facade/journal/sqlite_transaction.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <limits>
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
      : settings_(std::move(settings)),
        owner_(settings_.file + ".lock"),
        writing_(settings_.file, settings_.vfs, true) {
    prepare();
    for (int i = 0; i < std::max(settings_.readers, 1); ++i) {
      idle_.push_back(std::make_unique<Connection>(settings_.file, settings_.vfs, false));
      idle_.back()->execute("PRAGMA query_only = 1");
      idle_.back()->rules = settings_.rules;
    }
    if (settings_.writer_thread) writer_ = std::thread([this] { write_groups(); });
  }

  ~SqliteJournal() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (writer_.joinable()) writer_.join();
    if (!settings_.writer_thread && unsettled_) settle();
  }

  Status write(const std::function<bool(JournalTransaction&)>& work) override {
    if (std::this_thread::get_id() == writer_.get_id())
      return Error{ErrorCode::internal, "journal: a write inside a write", "journal"};
    Member member{&work};
    if (!settings_.writer_thread) {
      const std::lock_guard alone(mutex_);
      write_group({&member});
      checkpoint_when_due();
      return member.result;
    }
    std::unique_lock lock(mutex_);
    if (stopping_) return Error{ErrorCode::unavailable, "the journal is closing", "journal"};
    queue_.push_back(&member);  // Callers wait, so there are never more than there are callers.
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
    } catch (const SqliteError& thrown) {
      result = failed(thrown);
    } catch (const std::exception& thrown) {
      result = Error{ErrorCode::internal, thrown.what(), "journal"};
    } catch (...) {
      result = Error{ErrorCode::internal, "journal: a read threw no exception", "journal"};
    }
    try {
      if (connection->in_transaction()) connection->execute("COMMIT");
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
    if (single_number("PRAGMA application_id") != application_id &&
        single_number("SELECT count(*) FROM sqlite_master") != 0)
      refuse("is another program's database");
    const std::int64_t version = single_number("PRAGMA user_version");
    if (version > schema_version) {
      refuse("has schema version " + std::to_string(version) + ", this release knows up to " +
             std::to_string(schema_version));
    }
    writing_.execute("PRAGMA journal_mode = WAL");
    writing_.execute(settings_.synchronous_full ? "PRAGMA synchronous = FULL"
                                                : "PRAGMA synchronous = OFF");
    // Checkpoints are made between groups, when nobody waits for an answer.
    writing_.execute("PRAGMA wal_autocheckpoint = 0");
    sqlite3_wal_hook(
        writing_.handle(),
        [](void* frames, sqlite3*, const char*, int in_log) {
          *static_cast<int*>(frames) = in_log;
          return SQLITE_OK;
        },
        &wal_frames_);
    writing_.execute("BEGIN IMMEDIATE");
    writing_.execute(schema_sql);
    writing_.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
    writing_.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
    // Whoever had these open is gone.
    writing_.execute("UPDATE intent SET orphaned = 1 WHERE state = 0");
    writing_.execute("COMMIT");
    writing_.rules = settings_.rules;
    if (!settings_.rules.one_open_intent) writing_.execute("DROP INDEX intent_subject");
  }

  std::int64_t single_number(const char* sql) {
    Statement select(writing_, sql);
    return select.step() ? select.number(0) : 0;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw SqliteError("journal " + settings_.file + " " + why, SQLITE_ERROR);
  }

  void write_groups() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !queue_.empty() || stopping_; });
      if (queue_.empty()) break;
      std::vector<Member*> group;
      while (!queue_.empty() &&
             group.size() < static_cast<std::size_t>(std::max(settings_.group_max, 1))) {
        group.push_back(queue_.front());
        queue_.pop_front();
      }
      lock.unlock();
      write_group(group);
      lock.lock();
      for (Member* member : group) {
        member->done = true;
        // Under the lock: a member that has seen `done` is gone.
        member->finished.notify_one();
      }
      lock.unlock();
      checkpoint_when_due();
      lock.lock();
    }
    lock.unlock();
    if (unsettled_) settle();
  }

  // A member that fails is rolled back alone; a commit that fails fails every member.
  void write_group(const std::vector<Member*>& group) {
    bool committing = false;
    try {
      if (unsettled_ && !settle())
        throw SqliteError("journal: the store has failed and has not recovered", SQLITE_IOERR);
      writing_.execute("BEGIN IMMEDIATE");
      writing_.require_transaction(true);
      for (Member* member : group) write_member(*member);
      writing_.require_transaction(false);
      committing = true;
      writing_.execute("COMMIT");
    } catch (const std::exception& thrown) {
      writing_.require_transaction(false);
      for (Member* member : group) member->result = failed(thrown);
      roll_back();
      if (committing) {
        unsettled_ = true;
        settle();
      }
    }
  }

  void write_member(Member& member) {
    writing_.execute("SAVEPOINT member");
    const std::int64_t errors_before = writing_.errors();
    bool keep = false;
    try {
      SqliteTransaction transaction(writing_);
      keep = (*member.work)(transaction);
      if (!keep) member.result = Error{ErrorCode::conflict, "the write was taken back", "journal"};
    } catch (const SqliteError& thrown) {
      member.result = failed(thrown);
    } catch (const std::exception& thrown) {
      member.result = Error{ErrorCode::internal, thrown.what(), "journal"};
    } catch (...) {
      member.result = Error{ErrorCode::internal, "journal: a write threw no exception", "journal"};
    }
    if (writing_.errors() != errors_before) {
      // These end the whole transaction: its members cannot be told apart any more.
      const int primary = writing_.last_error() & 0xff;
      if (primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_NOMEM ||
          !writing_.in_transaction())
        throw SqliteError("journal: " + std::string(sqlite3_errstr(writing_.last_error())),
                          writing_.last_error());
      // The work swallowed an error: half of it must not stay.
      if (keep) {
        keep = false;
        member.result =
            Error{ErrorCode::internal,
                  "journal: " + std::string(sqlite3_errstr(writing_.last_error())), "journal"};
      }
    }
    if (!keep) writing_.execute("ROLLBACK TO member");
    writing_.execute("RELEASE member");
  }

  void roll_back() {
    try {
      if (writing_.in_transaction()) writing_.execute("ROLLBACK");
    } catch (const std::exception&) {
      // Nothing was kept; the next BEGIN says what is still wrong.
    }
  }

  // A commit whose sync failed may lie complete in the log: after a crash it would be found there,
  // although its writers were told that nothing was kept. A commit of our own takes its place.
  bool settle() {
    try {
      writing_.execute("BEGIN IMMEDIATE");
      writing_.execute(
          "INSERT INTO counter VALUES ('commits_failed', 1) ON CONFLICT(name) DO "
          "UPDATE SET value = value + 1");
      writing_.execute("COMMIT");
      unsettled_ = false;
    } catch (const std::exception&) {
      roll_back();  // Every write is refused until this succeeds.
    }
    return !unsettled_;
  }

  void checkpoint_when_due() {
    constexpr int often = 2'000;      // Frames (pages) in the log between two checkpoints.
    constexpr int too_long = 50'000;  // Readers kept the log from starting over: wait for them.
    if (wal_frames_ < checkpointed_frames_) checkpointed_frames_ = 0;  // The log started over.
    if (wal_frames_ - checkpointed_frames_ < often) return;
    int frames = 0;
    int done = 0;
    sqlite3_busy_timeout(writing_.handle(), 100);
    const int mode = wal_frames_ > too_long ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    // A checkpoint that fails leaves everything in the log; the next one tries again.
    sqlite3_wal_checkpoint_v2(writing_.handle(), nullptr, mode, &frames, &done);
    sqlite3_busy_timeout(writing_.handle(), Connection::busy_timeout_ms);
    checkpointed_frames_ = wal_frames_;
  }

  const JournalSettings settings_;
  const OwnerLock owner_;
  // The writer thread's, after construction.
  int wal_frames_ = 0;
  int checkpointed_frames_ = 0;
  bool unsettled_ = false;
  Connection writing_;
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

Result<std::vector<AuditRecord>> read_sqlite_audit(const std::string& file) {
  try {
    Connection connection(file, {}, false);
    return SqliteReader<JournalReader>(connection).audit(0, std::numeric_limits<int>::max());
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::unavailable, thrown.what(), "journal"};
  }
}

}  // namespace underpin::facade::journal
