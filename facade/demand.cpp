#include "facade/demand.h"

#include "facade/order_content.h"

namespace underpin::facade {

void UndeliveredDemand::add(Side side, const journal::Subject& subject, const Order& order) {
  if (journal_ != nullptr) return;
  Lines lines = lines_of(order);
  const std::lock_guard lock(mutex_);
  (side == Side::legacy ? legacy_ : cloud_)[subject] = std::move(lines);
}

UndeliveredDemand::Lines UndeliveredDemand::lines_of(const Order& order) {
  Lines lines;
  for (const OrderLine& line : order.lines)
    lines.emplace_back(StockKey{line.sku, line.location}, line.outstanding());
  return lines;
}

void UndeliveredDemand::remove(Side side, const journal::Subject& subject) {
  const std::lock_guard lock(mutex_);
  (side == Side::legacy ? legacy_ : cloud_).erase(subject);
}

std::map<StockKey, Decimal> UndeliveredDemand::all(Side side) const {
  std::map<StockKey, Decimal> sums;
  if (journal_ != nullptr) {
    // A store that does not answer lets the plan lease run out, and with it every read.
    const Status read = journal_->look([&](const journal::JournalReader& reader) {
      for (const journal::DocumentRecord& document : reader.undelivered_documents(side))
        if (const auto content = read_content(document.content))
          for (const auto& [key, quantity] : lines_of(*content)) sums[key] += quantity;
    });
    (void)read;
    return sums;
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [subject, lines] : side == Side::legacy ? legacy_ : cloud_)
    for (const auto& [key, quantity] : lines) sums[key] += quantity;
  return sums;
}

Decimal UndeliveredDemand::at(Side side, const StockKey& key) const {
  const auto sums = all(side);
  const auto found = sums.find(key);
  return found == sums.end() ? Decimal{} : found->second;
}

std::size_t UndeliveredDemand::documents(Side side) const {
  const std::lock_guard lock(mutex_);
  return (side == Side::legacy ? legacy_ : cloud_).size();
}

}  // namespace underpin::facade
