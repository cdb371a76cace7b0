#pragma once

#include "contracts/capability.h"
#include "contracts/inventory.h"
#include "facade/journal/journal.h"

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace underpin::facade {

// Acknowledged demand that an ERP has not received yet: available to sell is the ERP's figure less
// this. Derived from the journal (undelivered order mirrors), kept in memory, exact across
// restarts. A document counts from the moment its write is accepted until the receiving ERP has
// confirmed it; while in doubt it counts. Threads: any.
class UndeliveredDemand {
 public:
  // `lines` of the order `subject` are acknowledged and not yet in `side`.
  void add(Side side, const journal::Subject& subject, const Order& order);
  void remove(Side side, const journal::Subject& subject);
  Decimal at(Side side, const StockKey& key) const;
  // The demand now; taken before and after a read, the larger of the two is what to subtract.
  std::map<StockKey, Decimal> all(Side side) const;
  std::size_t documents(Side side) const;
  // With several replicas memory knows only this one's writes: everything is read from the journal.
  void read_from(const journal::Journal& journal) { journal_ = &journal; }

 private:
  using Lines = std::vector<std::pair<StockKey, Decimal>>;
  static Lines lines_of(const Order& order);
  const journal::Journal* journal_ = nullptr;  // Set before the facade serves.
  mutable std::mutex mutex_;
  std::map<journal::Subject, Lines> legacy_;
  std::map<journal::Subject, Lines> cloud_;
};

}  // namespace underpin::facade
