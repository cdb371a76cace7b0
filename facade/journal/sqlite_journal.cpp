#include "facade/journal/group_commit.h"
#include "facade/journal/owner_lock.h"
#include "facade/journal/schema.h"
#include "facade/journal/sql_transaction.h"
#include "facade/journal/sqlite.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>

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
    if (settings_.writer_thread) {
      writer_ = std::make_unique<GroupCommit>(
          settings_.group_max, [this](const GroupCommit::Group& group) { write_group(group); },
          [this] { checkpoint_when_due(); });
    }
  }

  ~SqliteJournal() override {
    if (writer_) writer_->stop();
    if (unsettled_) settle();
  }

  std::int64_t epoch() const override { return epoch_; }

  Status write(const std::function<bool(JournalTransaction&)>& work) override {
    if (writer_) return writer_->write(work);
    const std::lock_guard alone(alone_);
    GroupCommit::Member member{&work};
    write_group({&member});
    checkpoint_when_due();
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
      work(SqlReader<Connection, JournalReader>(*connection, self_));
    } catch (const StoreError& thrown) {
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
    writing_.execute("DELETE FROM replica");
    // The only one, alive as long as it holds the file; its id is no earlier one's.
    writing_.execute("INSERT INTO replica(name, alive_until) VALUES ('', 9223372036854775807)");
    self_ = sqlite3_last_insert_rowid(writing_.handle());
    // Nobody restores the file while this process owns it.
    epoch_ = epoch_in(SqlReader<Connection, JournalReader>(writing_, self_));
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

  // A member that fails is rolled back alone; a commit that fails fails every member.
  void write_group(const GroupCommit::Group& group) {
    bool committing = false;
    try {
      if (unsettled_ && !settle())
        throw SqliteError("journal: the store has failed and has not recovered", SQLITE_IOERR);
      writing_.execute("BEGIN IMMEDIATE");
      writing_.require_transaction(true);
      for (GroupCommit::Member* member : group) write_member(*member);
      writing_.require_transaction(false);
      committing = true;
      writing_.execute("COMMIT");
    } catch (const std::exception& thrown) {
      writing_.require_transaction(false);
      for (GroupCommit::Member* member : group) member->result = failed(thrown);
      roll_back();
      if (committing) {
        unsettled_ = true;
        settle();
      }
    }
  }

  void write_member(GroupCommit::Member& member) {
    writing_.execute("SAVEPOINT member");
    const std::int64_t errors_before = writing_.errors();
    bool keep = false;
    try {
      SqlTransaction<Connection> transaction(writing_, self_);
      keep = (*member.work)(transaction);
      if (!keep) member.result = Error{ErrorCode::conflict, "the write was taken back", "journal"};
    } catch (const StoreError& thrown) {
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
  std::int64_t self_ = 0;  // Set before the writer starts.
  std::int64_t epoch_ = 1;
  Connection writing_;
  std::mutex alone_;  // Without a writer thread.
  mutable std::mutex readers_mutex_;
  mutable std::condition_variable reader_freed_;
  mutable std::vector<std::unique_ptr<Connection>> idle_;
  std::unique_ptr<GroupCommit> writer_;
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
    return SqlReader<Connection, JournalReader>(connection, 0)
        .audit(0, std::numeric_limits<int>::max());
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::unavailable, thrown.what(), "journal"};
  }
}

}  // namespace underpin::facade::journal
