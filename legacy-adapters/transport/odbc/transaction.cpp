#include "legacy-adapters/transport/odbc/transaction.h"

#include "legacy-adapters/transport/odbc/connection.h"

#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

namespace underpin::legacy::odbc {
namespace {

using Clock = std::chrono::steady_clock;
using Ending = Connection::Ending;

// A commit that the database has refused by name: the transaction is gone. Everything else after
// COMMIT was sent may be in force: 40003 says so itself, general errors say nothing.
bool certainly_not_committed(const Error& error) {
  const std::string state = error.vendor_code.substr(0, error.vendor_code.find('/'));
  if (state == "40003") return false;
  const std::string group = state.substr(0, 2);
  return group == "23" || group == "40" || group == "P0" || group == "22" || group == "42";
}

// psqlODBC reads through a cursor, which a function that writes must not be called by.
Settings for_writing(Settings settings) {
  settings.portable_only = false;
  std::string& text = settings.connection_string;
  if (driver_of(text) == Driver::postgresql && text.find("UseDeclareFetch") == std::string::npos)
    text += (!text.empty() && text.back() != ';' ? ";" : "") + std::string("UseDeclareFetch=0;");
  return settings;
}

class Running final : public Transaction {
 public:
  Running(Connection& connection, const Settings& settings, Deadline deadline, Watchdog& watchdog)
      : connection_(connection), settings_(settings), deadline_(deadline), watchdog_(watchdog) {}

  Result<Executed> execute(std::string_view sql, const Parameters& parameters) override {
    if (broken_)
      return Error{ErrorCode::internal, "a statement follows one that failed", settings_.system};
    Executed done;
    const RowReader take = [&](const Row& row) {
      done.rows.push_back(row);
      return true;
    };
    const Connection::Outcome outcome =
        connection_.execute(sql, parameters, deadline_, take, watchdog_, done.affected);
    if (outcome.ending == Ending::done) return done;
    broken_ = true;
    sound_ = sound_ && outcome.ending != Ending::lost && !outcome.cancelled;
    return outcome.error;
  }
  bool sound() const { return sound_; }
  bool broken() const { return broken_; }

 private:
  Connection& connection_;
  const Settings& settings_;
  const Deadline deadline_;
  Watchdog& watchdog_;
  bool sound_ = true;
  bool broken_ = false;
};

}  // namespace

class Writer::Pool {
 public:
  explicit Pool(Settings settings) : settings_(for_writing(std::move(settings))) {
    if (SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment_))) {
      SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION,
                    reinterpret_cast<SQLPOINTER>(SQLULEN{SQL_OV_ODBC3}), 0);
    }
  }
  ~Pool() {
    for (Abandoned& one : abandoned_) one.thread.join();
    idle_.clear();
    if (environment_ != SQL_NULL_HENV) SQLFreeHandle(SQL_HANDLE_ENV, environment_);
  }

  Status transact(Deadline deadline, const std::function<Status(Transaction&)>& body) {
    const Deadline end =
        std::min(deadline, Clock::now() + std::chrono::milliseconds(settings_.query_timeout_ms));
    auto borrowed = borrow(end);
    if (!borrowed) return borrowed.error();
    std::shared_ptr<Connection> connection = std::move(borrowed).value();
    Running running(*connection, settings_, end, watchdog_);
    Status done = Done{};
    try {
      done = body(running);
    } catch (...) {
      connection.reset();  // Its end rolls back.
      give_back(nullptr, false);
      throw;
    }
    if (done && running.broken())
      done = Error{ErrorCode::internal, "a failed statement was passed over", settings_.system};
    // A commit that cannot be awaited would be an unknown outcome for nothing.
    if (done && Clock::now() >= end)
      done = Error{ErrorCode::unavailable, "there was no time left to commit", settings_.system};
    const auto outcome = ended(connection, static_cast<bool>(done), end);
    const bool sound = outcome && outcome->ending == Ending::done && running.sound();
    give_back(sound ? std::move(connection) : nullptr, sound);
    if (!done) return done;  // Rolled back, if not by us then by the database.
    if (!outcome)
      return Error{ErrorCode::outcome_unknown, "the commit was not answered in time",
                   settings_.system};
    if (outcome->ending == Ending::done) return Done{};
    Error error = outcome->error;
    if (!certainly_not_committed(error)) error.code = ErrorCode::outcome_unknown;
    return error;
  }

  const Settings& settings() const { return settings_; }
  Statistics statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

 private:
  // No driver gives the end of a transaction up by itself, so it is waited for on a thread of its
  // own, which keeps the connection. Nothing: not answered by `end`.
  struct Awaited {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<Connection::Outcome> outcome;
  };
  struct Abandoned {
    std::thread thread;
    std::shared_ptr<Awaited> awaited;
  };

  std::optional<Connection::Outcome> ended(const std::shared_ptr<Connection>& connection,
                                           bool commit, Deadline end) {
    const auto awaited = std::make_shared<Awaited>();
    std::thread thread([awaited, connection, commit] {
      Connection::Outcome outcome = connection->end(commit);
      const std::lock_guard lock(awaited->mutex);
      awaited->outcome = std::move(outcome);
      awaited->answered.notify_all();
    });
    std::unique_lock lock(awaited->mutex);
    if (awaited->answered.wait_until(lock, end, [&] { return awaited->outcome.has_value(); })) {
      const std::optional<Connection::Outcome> outcome = awaited->outcome;
      lock.unlock();
      thread.join();
      return outcome;
    }
    lock.unlock();
    abandon({std::move(thread), awaited});
    return std::nullopt;
  }

  // Kept until it has its answer; those that have one by now are let go.
  void abandon(Abandoned one) {
    const std::lock_guard lock(mutex_);
    ++statistics_.cancelled;
    abandoned_.push_back(std::move(one));
    for (auto at = abandoned_.begin(); at != abandoned_.end();) {
      std::unique_lock answered(at->awaited->mutex);
      const bool over = at->awaited->outcome.has_value();
      answered.unlock();
      if (over) at->thread.join();
      at = over ? abandoned_.erase(at) : std::next(at);
    }
  }

  Result<std::shared_ptr<Connection>> borrow(Deadline end) {
    if (environment_ == SQL_NULL_HENV)
      return Error{ErrorCode::internal, "ODBC cannot be initialized", settings_.system};
    std::unique_lock lock(mutex_);
    const auto free = [&] { return in_use_ < settings_.pool_max; };
    if (!returned_.wait_until(lock, end, free)) {
      return Error{ErrorCode::unavailable,
                   "all " + std::to_string(settings_.pool_max) + " connections are in use",
                   settings_.system};
    }
    ++in_use_;
    const Deadline oldest = Clock::now() - std::chrono::milliseconds(settings_.idle_max_ms);
    while (!idle_.empty()) {
      std::shared_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      lock.unlock();
      const bool stands =
          connection->idle_since > oldest && !connection->dead() && answers(*connection, end);
      if (stands) return connection;
      connection.reset();
      lock.lock();
      ++statistics_.discarded;
    }
    lock.unlock();
    auto connection = std::make_shared<Connection>();
    const Status opened = connection->open(environment_, settings_, end, Connection::Access::write);
    lock.lock();
    if (opened) {
      ++statistics_.opened;
      return connection;
    }
    --in_use_;
    lock.unlock();
    returned_.notify_one();
    return opened.error();
  }

  // A write is not tried again, so its connection is asked beforehand whether it still stands.
  bool answers(Connection& connection, Deadline end) {
    const Driver driver = driver_of(settings_.connection_string);
    const std::string_view from = driver == Driver::oracle ? " FROM DUAL"
                                  : driver == Driver::db2  ? " FROM SYSIBM.SYSDUMMY1"
                                                           : "";
    std::int64_t affected = 0;
    const RowReader none = [](const Row&) { return true; };
    const auto asked =
        connection.execute("SELECT 1" + std::string(from), {}, end, none, watchdog_, affected);
    return asked.ending == Ending::done;
  }

  void give_back(std::shared_ptr<Connection> connection, bool sound) {
    {
      const std::lock_guard lock(mutex_);
      --in_use_;
      if (sound) {
        connection->idle_since = Clock::now();
        idle_.push_back(std::move(connection));
      } else {
        ++statistics_.discarded;
      }
    }
    returned_.notify_one();
  }

  const Settings settings_;
  SQLHENV environment_ = SQL_NULL_HENV;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::shared_ptr<Connection>> idle_;
  std::list<Abandoned> abandoned_;
  int in_use_ = 0;
  Statistics statistics_;
  Watchdog watchdog_;
};

Writer::Writer(Settings settings) : pool_(std::make_unique<Pool>(std::move(settings))) {}
Writer::~Writer() = default;

Status Writer::transact(Deadline deadline, const std::function<Status(Transaction&)>& body) {
  try {
    return pool_->transact(deadline, body);
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, std::string("a transaction failed: ") + error.what(),
                 pool_->settings().system};
  }
}

Statistics Writer::statistics() const { return pool_->statistics(); }

}  // namespace underpin::legacy::odbc
