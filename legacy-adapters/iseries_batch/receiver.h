#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/iseries_batch/guard.h"
#include "legacy-adapters/iseries_batch/settings.h"
#include "legacy-adapters/iseries_batch/state.h"
#include "legacy-adapters/iseries_batch/status_file.h"
#include "legacy-adapters/iseries_batch/stock_store.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// What was put aside of a file: written beside it as quarantine/<name>.<part of its
// checksum>.refused when the rest of the file was taken in. The alarm of it ends when somebody
// takes that file away.
class Refusals {
 public:
  void add(Refusal refusal);
  bool empty() const { return count_ == 0; }
  // A line each.
  std::string text(const std::string& before = {}) const;
  void write(const file_drop::Inbox& inbox, const file_drop::ClaimedFile& file) const;

 private:
  static constexpr std::size_t kept_max = 1'000;
  std::vector<Refusal> kept_;
  std::size_t count_ = 0;
};
// Of a folder's quarantine: files that were refused, and files of which records were.
std::vector<Alarm> quarantine_alarms(const std::filesystem::path& quarantine,
                                     const std::string& what);

// What a file's store made of it, as the inbox wants it.
file_drop::Verdict verdict_of(const Status& taken, const std::string& batch);

// The inbound folder of status, stock and customer files. Any method from any thread; one poll at a
// time.
class Receiver {
 public:
  Receiver(const Settings& settings, const std::string& system, const std::string& state_folder,
           ExchangeGuard& guard, State& state, StockStore& stock, std::function<Timestamp()> now);

  // unavailable: the folder cannot be read, or another process works with the exchange.
  Status poll(Deadline deadline);
  // The same, unless somebody else is at it: false.
  bool try_poll(Deadline deadline);
  std::vector<Alarm> alarms() const;

 private:
  file_drop::Verdict apply(const file_drop::ClaimedFile& file);
  Status take(FileKind kind, const file_drop::ClaimedFile& file, Refusals& refusals);
  Status take_status(edi::ReadBytes read, const file_drop::ClaimedFile& file, Refusals& refusals);
  Status poll_locked(Deadline deadline);

  const Settings& settings_;
  const Reading reading_;
  ExchangeGuard& guard_;
  State& state_;
  StockStore& stock_;
  const std::function<Timestamp()> now_;
  std::mutex mutex_;
  file_drop::Inbox inbox_;
};

}  // namespace underpin::legacy::iseries_batch
