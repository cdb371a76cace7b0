#pragma once

#include "contracts/pricing.h"
#include "contracts/result.h"
#include "legacy-adapters/dynamics_nav/price_file.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// What identifies and orders the rows of a list: article, whom for, start, currency, unit,
// quantity.
using PriceKey = std::vector<std::string>;
PriceKey key_of(const PriceEntry& entry);

// The list in force, complete and immutable; readers share it while the next is taken in.
struct PriceTable {
  std::int64_t generation = 0;  // 0: no list was ever accepted.
  std::string batch;
  Timestamp created;
  Timestamp accepted;
  std::map<std::string, std::vector<PriceEntry>> by_sku;  // Each in the order of key_of().
};

// How taking in a file ended.
struct Acceptance {
  enum class Kind {
    accepted,
    repeated,  // This very content had been accepted before, e.g. before a crash: nothing changed.
    refused,   // The content is at fault; the list in force stays.
    failed,    // The store is; the same file may be tried again.
  };
  Kind kind = Kind::failed;
  std::string batch;
  std::string reason;
};

// Accepted price lists, numbered, in a SQLite file of the adapter's state folder: the list in force
// survives a restart, and later lists can be handed on in order. Any method from any thread.
class PriceLists {
 public:
  // Throws StateFailure when the file cannot be opened.
  PriceLists(const std::filesystem::path& file, std::int64_t generations_kept = 60);
  ~PriceLists();

  // All or nothing: the list is in force, durably, or nothing has changed.
  Acceptance accept(std::istream& input, const std::string& checksum, const PriceFileLimits& limits,
                    Timestamp now);

  // The same of a full list that is no file: `read` tells its rows, and in `checksum` what they
  // came to. Rows that came to what the list in force came to are no new list: repeated.
  using ReadRows =
      std::function<Result<PriceFileTotals>(const PriceFileConsumer&, std::string& checksum)>;
  Acceptance accept_rows(const PriceFileHeader& header, const ReadRows& read, Timestamp now);

  std::shared_ptr<const PriceTable> in_force() const;

  // See PricingService::prices_after. A batch that is unknown, or so old that its successors are no
  // longer kept, is answered with the full list in force. internal: the store cannot be read.
  Result<std::optional<PriceList>> after(const std::string& batch) const;

 private:
  struct Store;
  using Read = std::function<Result<PriceFileTotals>(const PriceFileConsumer&)>;
  // `checksum` is known when the reading has ended. Without `files` equal rows are no new list.
  Acceptance take_in(const Read& read, const std::string& checksum, bool files, Timestamp now);
  Acceptance repeated(const std::string& batch);
  void load();
  std::unique_ptr<Store> store_;
  mutable std::mutex store_mutex_;
  mutable std::mutex table_mutex_;
  std::shared_ptr<const PriceTable> table_;
  std::int64_t generations_kept_;
};

}  // namespace underpin::legacy::dynamics_nav
