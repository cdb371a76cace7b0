#pragma once

#include "contracts/capability.h"
#include "contracts/decimal.h"
#include "facade/journal/journal.h"
#include "facade/systems.h"
#include "parity/evidence.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// What stands on one side only, in money: open differences, and writes that have not arrived or
// whose outcome is not known.
namespace underpin::facade {

// Stock that is posted on one side only. It is worth its price, which no journal has.
struct StockAtRisk {
  std::string sku;
  std::string uom;  // Empty: the article's base unit.
  Decimal quantity;
};

struct AtRisk {
  // A document's differences count once, by the operation that shows the largest; a write that has
  // not arrived counts once, and the refusal of its mirror not beside it.
  Decimal money;
  std::int64_t unvalued_writes = 0;
  std::int64_t unvalued_documents = 0;  // With differences in amounts or quantities, of no known
                                        // worth.
  std::vector<StockAtRisk> stock;       // In neither yet.
  std::vector<std::string> words;       // "2 deliveries on their way"
};

// Pure reads, on the thread of the reader.
AtRisk at_risk_in(const journal::JournalReader& reader, const std::string& wave,
                  Capability capability, const parity::Evidence& evidence);

// Asks the ERPs what the stock costs, legacy first: the highest price of its unit that has not
// ended counts. What has none, and articles beyond the first `articles`, are unvalued writes. Never
// within a transaction; any thread.
void value_stock(const Systems& systems, AtRisk& risk, Timestamp now, const CallContext& context,
                 std::size_t articles = 50);

}  // namespace underpin::facade
