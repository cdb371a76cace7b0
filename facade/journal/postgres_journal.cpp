#include "facade/journal/group_commit.h"
#include "facade/journal/postgres.h"
#include "facade/journal/schema.h"
#include "facade/journal/sql_transaction.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

namespace underpin::facade::journal {
namespace {

using std::chrono::milliseconds;
using Instant = std::chrono::steady_clock::time_point;

Instant in_ms(std::int64_t ms) { return std::chrono::steady_clock::now() + milliseconds(ms); }

Error failed(const std::exception& thrown) {
  return {ErrorCode::unavailable, thrown.what(), "journal"};
}

// A name that no other writer has, now or later.
std::string new_writer_name() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) name += std::to_string(random()) + (i < 3 ? "-" : "");
  return name;
}

class PostgresJournal final : public Journal {
 public:
  explicit PostgresJournal(PostgresSettings settings)
      : settings_(std::move(settings)), writer_name_(new_writer_name()) {
    session_.connection = settings_.connection;
    session_.schema = settings_.schema;
    session_.stall_ms = settings_.stall_ms;
    prepare();
    idle_.resize(static_cast<std::size_t>(std::max(settings_.readers, 1)));
    writer_ = std::make_unique<GroupCommit>(
        settings_.group_max, [this](const GroupCommit::Group& group) { write_group(group); },
        [] {});
  }

  ~PostgresJournal() override {
    stop_listening();
    // A replica that leaves needs no waiting for.
    (void)write([](JournalTransaction& tx) {
      tx.renew_replica({}, {});
      return true;
    }).has_value();
    writer_->stop();
  }

  bool shared() const override { return true; }
  std::int64_t epoch() const override { return epoch_; }

  void on_plan_published(std::function<void()> wake) override {
    stop_listening();
    if (!wake) return;
    stopping_ = false;
    listener_ = std::thread([this, wake = std::move(wake)] { listen(wake); });
  }

  Status write(const std::function<bool(JournalTransaction&)>& work) override {
    return writer_->write(work);
  }

  Status read(const std::function<void(const JournalReader&)>& work) const override {
    return on_a_reader([&](PgConnection& connection) {
      // One snapshot for everything that `work` looks at, from its first statement on.
      connection.later("BEGIN");
      connection.later(fence());
      work(SqlReader<PgConnection, JournalReader>(connection, self_));
    });
  }

  Status look(const std::function<void(const JournalReader&)>& work) const override {
    return on_a_reader([&](PgConnection& connection) {
      // Sent together, fence and statement are a transaction, without one that is begun and ended.
      const std::int64_t before = connection.messages();
      connection.later(fence());
      work(SqlReader<PgConnection, JournalReader>(connection, self_));
      connection.flush();
      if (connection.messages() > before + 1)
        throw std::logic_error("journal: more than one statement in a look");
    });
  }

 private:
  Status on_a_reader(const std::function<void(PgConnection&)>& use) const {
    std::unique_ptr<PgConnection> connection;
    {
      std::unique_lock lock(readers_mutex_);
      reader_freed_.wait(lock, [&] { return !idle_.empty(); });
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    Status result = Done{};
    try {
      if (!connection || !connection->alive())
        connection = connected(in_ms(settings_.reconnect_ms), true);
      use(*connection);
    } catch (const StoreError& thrown) {
      result = failed(thrown);
    } catch (const std::exception& thrown) {
      result = Error{ErrorCode::internal, thrown.what(), "journal"};
    } catch (...) {
      result = Error{ErrorCode::internal, "journal: a read threw no exception", "journal"};
    }
    leave(connection);
    {
      const std::lock_guard lock(readers_mutex_);
      idle_.push_back(std::move(connection));
    }
    reader_freed_.notify_one();
    return result;
  }

  // ---- connections

  // Connected and inside the transaction of a group, the first member's savepoint set. A connection
  // that was lost unnoticed is made again; a server that is away is waited for.
  void begin(std::unique_ptr<PgConnection>& connection) const {
    const auto start = [this](PgConnection& one) {
      one.later("BEGIN");
      one.later(writers_lock());
      one.later(fence());
      one.later("SAVEPOINT member");
      one.flush();
    };
    const Instant until = in_ms(settings_.reconnect_ms);
    if (connection) {
      try {
        start(*connection);
        return;
      } catch (const PgError&) {
        if (!connection->lost()) {
          end(connection);
          throw;
        }
      }
    }
    connection = connected(until);
    start(*connection);
  }

  std::unique_ptr<PgConnection> connected(Instant until, bool reading = false) const {
    PgSettings session = session_;
    session.snapshots = reading;
    for (int wait_ms = 20;; wait_ms = std::min(wait_ms * 2, 250)) {
      try {
        return std::make_unique<PgConnection>(session);
      } catch (const PgError&) {
        if (std::chrono::steady_clock::now() + milliseconds(wait_ms) >= until) throw;
      }
      std::this_thread::sleep_for(milliseconds(wait_ms));
    }
  }

  // Leaves no transaction behind; a connection that cannot even do that is dropped.
  static void end(std::unique_ptr<PgConnection>& connection) {
    if (!connection) return;
    try {
      if (!connection->lost() && connection->in_transaction()) connection->execute("ROLLBACK");
    } catch (const std::exception&) {
      connection.reset();
    }
    if (connection && connection->lost()) connection.reset();
  }

  // The end of a transaction that nobody waits for.
  static void leave(std::unique_ptr<PgConnection>& connection) {
    if (!connection) return;
    try {
      if (!connection->lost()) connection->roll_back_unawaited();
    } catch (const std::exception&) {
      connection.reset();
    }
    if (connection && connection->lost()) connection.reset();
  }

  // ---- schema

  void prepare() {
    auto connection = connected(in_ms(settings_.reconnect_ms));
    const std::string lock = writers_lock();
    connection->execute("BEGIN; " + lock);
    if (count(*connection, "SELECT count(*) FROM pg_namespace WHERE nspname = ?",
              settings_.schema) == 0) {
      connection->execute("CREATE SCHEMA IF NOT EXISTS " + pg_quoted(settings_.schema));
    }
    const auto tables = [&](std::string_view name) {
      return count(*connection,
                   name.empty() ? "SELECT count(*) FROM pg_tables WHERE schemaname = ?"
                                : "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND "
                                  "tablename = 'underpin_journal'",
                   settings_.schema);
    };
    if (tables("underpin_journal") == 0) {
      if (tables("") != 0) refuse("is another program's");
      connection->execute("CREATE TABLE underpin_journal (version BIGINT NOT NULL)");
      connection->execute("INSERT INTO underpin_journal VALUES (" + std::to_string(schema_version) +
                          ")");
    }
    const std::int64_t version = count(*connection, "SELECT max(version) FROM underpin_journal");
    if (version > schema_version) {
      refuse("has schema version " + std::to_string(version) + ", this release knows up to " +
             std::to_string(schema_version));
    }
    connection->execute(postgres_schema());
    connection->execute("UPDATE underpin_journal SET version = " + std::to_string(schema_version));
    // Nobody looks for a commit that long afterwards.
    connection->execute("DELETE FROM commit_token WHERE at < now() - interval '30 days'");
    // Until the first renewal by whoever serves; a visitor (a test, a tool) is soon forgotten.
    self_ = count(*connection,
                  "INSERT INTO replica(name, alive_until) VALUES ('', CAST(extract(epoch FROM "
                  "clock_timestamp()) * 1000000 AS BIGINT)) RETURNING id");
    epoch_ = epoch_in(SqlReader<PgConnection, JournalReader>(*connection, self_));
    connection->execute("COMMIT");
    writing_ = std::move(connection);
  }

  // Ends a transaction of a process that began before a restore, at its beginning.
  std::string fence() const {
    const std::string mine = std::to_string(epoch_);
    return "SELECT fence_epoch(" + mine +
           ") WHERE COALESCE((SELECT value FROM fact WHERE name = 'epoch'), '1') <> '" + mine + "'";
  }

  template <class... Given>
  static std::int64_t count(PgConnection& connection, const char* sql, const Given&... given) {
    PgStatement& select = connection.prepared(sql);
    (select.bind(given), ...);
    const std::int64_t found = select.step() ? select.number(0) : 0;
    select.reset();
    return found;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw StoreError("journal: schema " + settings_.schema + " " + why);
  }

  // One group at a time, over all replicas of this schema; the server lets the next one in when the
  // transaction of the last has ended, however it ended.
  std::string writers_lock() const { return pg_writers_lock(settings_.schema); }

  // ---- what other replicas announce

  void stop_listening() {
    stopping_ = true;
    if (listener_.joinable()) listener_.join();
  }

  void listen(const std::function<void()>& wake) const {
    std::unique_ptr<PgConnection> connection;
    while (!stopping_) {
      try {
        if (!connection) {
          connection = std::make_unique<PgConnection>(session_);
          connection->listen();
          wake();  // Whatever was announced while nobody listened.
        }
        if (connection->heard(100)) wake();
      } catch (const std::exception&) {
        // Whoever is to be woken also polls.
        connection.reset();
        std::this_thread::sleep_for(milliseconds(100));
      }
    }
  }

  // ---- groups

  // A member that fails is rolled back alone; a commit that fails fails every member.
  void write_group(const GroupCommit::Group& group) {
    bool committing = false;
    try {
      begin(writing_);
      bool first = true;
      for (GroupCommit::Member* member : group) {
        if (!first) {
          writing_->later("RELEASE SAVEPOINT member");
          writing_->later("SAVEPOINT member");
        }
        first = false;
        write_member(*member, group.size() > 1);
      }
      ++token_;
      committing = true;
      writing_
          ->prepared(
              "INSERT INTO commit_token VALUES (?, ?) ON CONFLICT (writer) DO UPDATE SET "
              "token = excluded.token, at = excluded.at")
          .bind(writer_name_)
          .bind(token_)
          .run();
      writing_->later("COMMIT");
      writing_->flush();
    } catch (const std::exception& thrown) {
      const bool cut_off = committing && (!writing_ || writing_->lost());
      end(writing_);
      const Status outcome = cut_off ? find_out() : Status(failed(thrown));
      if (outcome) return;  // It was committed, and every member has its result.
      for (GroupCommit::Member* member : group) member->result = outcome.error();
    }
  }

  // What failed at the end of a member that is not alone must be its own failure; one that is alone
  // may find it in the commit.
  void write_member(GroupCommit::Member& member, bool to_the_end) {
    const std::int64_t errors_before = writing_->errors();
    bool keep = false;
    try {
      SqlTransaction<PgConnection> transaction(*writing_, self_);
      keep = (*member.work)(transaction);
      if (to_the_end) writing_->flush();
      if (!keep) member.result = Error{ErrorCode::conflict, "the write was taken back", "journal"};
    } catch (const StoreError& thrown) {
      member.result = failed(thrown);
    } catch (const std::exception& thrown) {
      member.result = Error{ErrorCode::internal, thrown.what(), "journal"};
    } catch (...) {
      member.result = Error{ErrorCode::internal, "journal: a write threw no exception", "journal"};
    }
    if (writing_->lost()) throw StoreError("journal: the connection was lost");
    if (keep && writing_->errors() != errors_before) {
      // The work swallowed an error: half of it must not stay.
      keep = false;
      member.result = Error{ErrorCode::internal, "journal: a statement failed", "journal"};
    }
    if (!keep) writing_->execute("ROLLBACK TO SAVEPOINT member");
  }

  // The connection was lost during COMMIT: only the store knows. Having the writers' lock proves
  // that the old session's transaction has ended; then its token is there, or it never will be.
  Status find_out() {
    const Instant until = in_ms(settings_.settle_ms);
    std::string why;
    do {
      try {
        writing_ = connected(until);
        writing_->execute("BEGIN; " + writers_lock());
        const bool kept = count(*writing_, "SELECT token FROM commit_token WHERE writer = ?",
                                writer_name_) == token_;
        writing_->execute("COMMIT");
        if (kept) return Done{};
        return Error{ErrorCode::unavailable, "the connection was lost before the commit",
                     "journal"};
      } catch (const std::exception& thrown) {
        why = thrown.what();
        end(writing_);
      }
    } while (std::chrono::steady_clock::now() < until);
    return Error{ErrorCode::outcome_unknown,
                 "the store went away while it committed, and has not come back: " + why,
                 "journal"};
  }

  const PostgresSettings settings_;
  const std::string writer_name_;
  PgSettings session_;
  std::int64_t self_ = 0;   // Set before the writer starts.
  std::int64_t epoch_ = 1;  // The same.
  std::atomic<bool> stopping_{false};
  // The writer thread's, after construction.
  std::unique_ptr<PgConnection> writing_;
  std::int64_t token_ = 0;
  mutable std::mutex readers_mutex_;
  mutable std::condition_variable reader_freed_;
  mutable std::vector<std::unique_ptr<PgConnection>> idle_;  // Null: to be connected.
  std::unique_ptr<GroupCommit> writer_;
  std::thread listener_;
};

}  // namespace

Result<std::unique_ptr<Journal>> open_postgres_journal(const PostgresSettings& settings) {
  try {
    return std::unique_ptr<Journal>(std::make_unique<PostgresJournal>(settings));
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::unavailable, thrown.what(), "journal"};
  }
}

Result<bool> postgres_journal_exists(const PostgresSettings& settings) {
  try {
    PgSettings session;
    session.connection = settings.connection;
    session.schema = settings.schema;
    PgConnection connection(session);
    PgStatement& select = connection.prepared(
        "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename = 'underpin_journal'");
    return select.bind(settings.schema).step() && select.number(0) > 0;
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::unavailable, thrown.what(), "journal"};
  }
}

}  // namespace underpin::facade::journal
