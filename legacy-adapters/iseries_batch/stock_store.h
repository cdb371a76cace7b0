#pragma once

#include "contracts/inventory.h"
#include "legacy-adapters/iseries_batch/status_file.h"
#include "legacy-adapters/transport/state/sqlite_state.h"

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// Levels and movements of the stock files, in stock.db of the adapter's state folder. A nightly
// file of any size is taken in in constant memory; reads see all of it or nothing. Any method from
// any thread; failures throw StateFailure.
class StockStore {
 public:
  explicit StockStore(const std::string& file);

  // A stock or delta file. invalid_request: nothing was taken in, and why; conflict: this very file
  // was before. `hold`: a refused record holds the whole file. `report` is called before it counts
  // as taken in; what it throws keeps it from that.
  Status take(FileKind kind, edi::ReadBytes read, const std::string& checksum,
              const Reading& reading, bool hold, const std::function<void(Refusal)>& refused,
              const std::function<void()>& report);

  // Empty sku: every one. In the order of article and location, after a key.
  std::vector<StockLevel> levels(const std::string& sku, const std::string& location);
  std::vector<StockLevel> levels_after(const StockKey& key, int limit);
  bool knows_location(const std::string& location);
  // The base unit of an article; nothing: no stock file names it.
  std::optional<std::string> base_unit(const Sku& sku);

  struct Entry {
    std::int64_t position = 0;  // Of the feed.
    StockMovement movement;
  };
  std::vector<Entry> movements_after(std::int64_t position, int limit);
  std::vector<StockMovement> movements_under(const MovementId& movement);
  std::vector<StockMovement> newest(const StockKey& key, Timestamp since, int limit);

 private:
  std::mutex writing_mutex_;
  std::mutex reading_mutex_;
  state::StateDatabase writing_;
  state::StateDatabase reading_;
};

}  // namespace underpin::legacy::iseries_batch
