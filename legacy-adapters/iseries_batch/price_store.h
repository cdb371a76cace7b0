#pragma once

#include "contracts/ports/dated_prices.h"
#include "contracts/pricing.h"
#include "legacy-adapters/iseries_batch/status_file.h"
#include "legacy-adapters/transport/state/sqlite_state.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// One list that was accepted, in a file of its own; it never changes. Any method from any thread.
class PriceBase {
 public:
  explicit PriceBase(const std::filesystem::path& file);

  struct Head {
    std::int64_t run = 0;
    std::string checksum;
    Timestamp created;
    Timestamp accepted;
    std::int64_t rows = 0;
  };
  const Head& head() const { return head_; }
  std::string batch() const { return "PRC" + std::to_string(head_.run); }

  std::vector<PriceEntry> rows_of(const Sku& sku);
  // In the order of their keys, after one; `sku` and `customer` as PriceQuery has them.
  struct Rows {
    std::vector<PriceEntry> entries;
    std::string last;  // The key of the last one.
  };
  Rows rows_after(const std::string& key, const std::optional<Sku>& sku,
                  const std::optional<CustomerNumber>& customer, const std::string& group,
                  int limit);

 private:
  std::mutex mutex_;
  state::StateDatabase database_;
  Head head_;
};

// The list in force. A nightly file of any size is written into a new file in constant memory,
// beside the one that is read; it is in force when it has its name. Any method from any thread;
// one file at a time is taken in. Failures throw StateFailure.
class PriceStore {
 public:
  explicit PriceStore(std::filesystem::path folder);

  // invalid_request: refused, the list in force stays; conflict: this very file is in force.
  // `report` is called before it is; what it throws keeps it from that.
  Status take(edi::ReadBytes read, const std::string& checksum, const Reading& reading, bool hold,
              Timestamp now, const std::function<void(Refusal)>& refused,
              const std::function<void()>& report);

  std::shared_ptr<PriceBase> in_force() const;  // nullptr: there was no list yet.

 private:
  void remove_others(const std::string& name) const;

  const std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::shared_ptr<PriceBase> base_;
};

}  // namespace underpin::legacy::iseries_batch
