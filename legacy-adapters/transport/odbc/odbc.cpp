#include "legacy-adapters/transport/odbc/odbc.h"

#include "legacy-adapters/transport/odbc/connection.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace underpin::legacy::odbc {

using Clock = std::chrono::steady_clock;

class Database::Pool {
 public:
  explicit Pool(Settings settings) : settings_(std::move(settings)) {
    if (SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment_))) {
      SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION,
                    reinterpret_cast<SQLPOINTER>(SQLULEN{SQL_OV_ODBC3}), 0);
    }
  }

  ~Pool() {
    idle_.clear();
    if (environment_ != SQL_NULL_HENV) SQLFreeHandle(SQL_HANDLE_ENV, environment_);
  }

  Status query(std::string_view sql, const Parameters& parameters, Deadline deadline,
               const Connection::Reader& reader) {
    const Deadline end =
        std::min(deadline, Clock::now() + std::chrono::milliseconds(settings_.query_timeout_ms));
    Error last{ErrorCode::unavailable, "the database did not answer in time", settings_.system};
    bool fresh = false;  // After a broken pooled connection only a new one tells the truth.
    while (Clock::now() < end) {
      bool reused = false;
      auto borrowed = borrow(end, fresh, reused);
      if (!borrowed) {
        if (!again_after(borrowed.error(), end)) return borrowed.error();
        last = borrowed.error();
        continue;
      }
      std::unique_ptr<Connection> connection = std::move(borrowed).value();
      Connection::Outcome outcome;
      try {
        outcome = connection->query(sql, parameters, end, reader, watchdog_);
      } catch (...) {  // The reader threw; the statement is gone, the connection is sound.
        give_back(std::move(connection), true);
        throw;
      }
      using Ending = Connection::Ending;
      const bool sound = outcome.ending != Ending::lost && !outcome.cancelled;
      give_back(std::move(connection), sound);
      if (outcome.cancelled) count(&Statistics::cancelled);
      if (outcome.ending == Ending::done) return Done{};
      last = outcome.error;
      if (outcome.row_given) return last;
      if (outcome.ending == Ending::failed_but_again) {
        if (!again_after(last, end)) return last;
      } else if (outcome.ending == Ending::lost && reused) {
        fresh = true;
      } else {
        return last;
      }
    }
    return last;
  }

  Statistics statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

  const Settings& settings() const { return settings_; }

 private:
  void count(std::int64_t Statistics::*what) {
    const std::lock_guard lock(mutex_);
    ++(statistics_.*what);
  }

  // A locked database is tried again until the end; waits a little in between.
  bool again_after(const Error& error, Deadline end) {
    const std::size_t slash = error.vendor_code.find('/');
    if (slash == std::string::npos) return false;
    const int native = std::atoi(error.vendor_code.c_str() + slash + 1);
    if (!is_busy(error.vendor_code.substr(0, slash), native,
                 driver_of(settings_.connection_string))) {
      return false;
    }
    count(&Statistics::busy);
    const Deadline next = Clock::now() + std::chrono::milliseconds(10);
    if (next >= end) return false;
    std::this_thread::sleep_until(next);
    return true;
  }

  Result<std::unique_ptr<Connection>> borrow(Deadline end, bool fresh, bool& reused) {
    if (environment_ == SQL_NULL_HENV) {
      return Error{ErrorCode::internal, "ODBC cannot be initialized", settings_.system};
    }
    std::vector<std::unique_ptr<Connection>> stale;  // Closed outside the lock.
    std::unique_lock lock(mutex_);
    const auto free = [&] { return !idle_.empty() || in_use_ < settings_.pool_max; };
    if (!returned_.wait_until(lock, end, free)) {
      return Error{ErrorCode::unavailable,
                   "all " + std::to_string(settings_.pool_max) + " connections are in use",
                   settings_.system};
    }
    const Deadline oldest = Clock::now() - std::chrono::milliseconds(settings_.idle_max_ms);
    ++in_use_;
    while (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      if (!fresh && connection->idle_since > oldest && !connection->dead()) {
        reused = true;
        return connection;
      }
      ++statistics_.discarded;
      stale.push_back(std::move(connection));
    }
    lock.unlock();
    stale.clear();
    auto connection = std::make_unique<Connection>();
    const Status opened = connection->open(environment_, settings_, end);
    lock.lock();
    if (!opened) {
      --in_use_;
      lock.unlock();
      returned_.notify_one();
      return opened.error();
    }
    ++statistics_.opened;
    return connection;
  }

  void give_back(std::unique_ptr<Connection> connection, bool sound) {
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
  std::vector<std::unique_ptr<Connection>> idle_;
  int in_use_ = 0;
  Statistics statistics_;
  Watchdog watchdog_;
};

Database::Database(Settings settings) : pool_(std::make_unique<Pool>(std::move(settings))) {}
Database::~Database() = default;

Status Database::query(std::string_view sql, const Parameters& parameters, Deadline deadline,
                       const RowReader& each) {
  try {
    return pool_->query(sql, parameters, deadline, {&each, nullptr});
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, std::string("reading a result failed: ") + error.what(),
                 pool_->settings().system};
  }
}

Status Database::query_blocks(std::string_view sql, const Parameters& parameters,
                              const BlockShape& shape, Deadline deadline, const BlockReader& each) {
  try {
    return pool_->query(sql, parameters, deadline, {nullptr, &each, shape});
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, std::string("reading a result failed: ") + error.what(),
                 pool_->settings().system};
  }
}

Status Database::sweep(std::string_view sql, const Parameter& from, int page,
                       const BlockShape& shape, Deadline deadline, const BlockReader& each) {
  const Settings& settings = pool_->settings();
  Parameter after = from;
  std::int64_t total = 0;
  for (bool more = true; more;) {
    int rows = 0;
    bool stopped = false;
    std::string last;
    const BlockReader take = [&](const Block& block) {
      rows += static_cast<int>(block.rows());
      last = block.text(block.rows() - 1, 0);
      if (!each(block)) stopped = true;
      return !stopped;
    };
    try {
      const Parameters parameters{after};
      const Status read = pool_->query(sql, parameters, deadline, {nullptr, &take, shape, page});
      if (!read) return read;
    } catch (const std::exception& error) {
      return Error{ErrorCode::internal, std::string("reading a result failed: ") + error.what(),
                   settings.system};
    }
    total += rows;
    if (total > settings.rows_max) {
      return Error{ErrorCode::internal,
                   "the result has more than " + std::to_string(settings.rows_max) + " rows",
                   settings.system};
    }
    more = !stopped && rows == page;  // A driver that does not stop after a page has given all.
    if (!more) break;
    if (last == (after.is_whole() ? std::to_string(after.whole()) : after.text())) {
      return Error{ErrorCode::internal, "a sweep's key did not rise: " + last, settings.system};
    }
    after =
        from.is_whole() ? Parameter(static_cast<std::int64_t>(std::stoll(last))) : Parameter(last);
  }
  return Done{};
}

Result<std::vector<Row>> Database::rows(std::string_view sql, const Parameters& parameters,
                                        Deadline deadline) {
  std::vector<Row> all;
  const Status status = query(sql, parameters, deadline, [&all](const Row& row) {
    all.push_back(row);
    return true;
  });
  if (!status) return status.error();
  return all;
}

Status Database::ping(Deadline deadline) {
  const Driver driver = driver_of(pool_->settings().connection_string);
  const std::string_view from = driver == Driver::oracle ? " FROM DUAL"
                                : driver == Driver::db2  ? " FROM SYSIBM.SYSDUMMY1"
                                                         : "";
  return query("SELECT 1" + std::string(from), {}, deadline, [](const Row&) { return true; });
}

Statistics Database::statistics() const { return pool_->statistics(); }

}  // namespace underpin::legacy::odbc
