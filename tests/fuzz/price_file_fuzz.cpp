// The reader of the nightly price file takes any bytes: it answers with totals or with an error
// that names a line, never crashes, and what it accepts adds up.
#include "legacy-adapters/dynamics_nav/price_file.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin;
  using namespace underpin::legacy::dynamics_nav;
  std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
  PriceFileLimits limits;
  limits.rows_max = 1'000;
  std::int64_t rows = 0;
  std::int64_t deletions = 0;
  Decimal sum;
  PriceFileConsumer consumer;
  consumer.header = [](const PriceFileHeader& header) -> Status {
    if (header.batch.empty()) std::abort();
    return Done{};
  };
  consumer.row = [&](const PriceEntry& entry, bool deletion) -> Status {
    if (entry.sku.empty() || entry.unit_price.is_negative()) std::abort();
    ++(deletion ? deletions : rows);
    if (!deletion) sum += entry.unit_price;
    return Done{};
  };
  const auto totals = read_price_file(input, limits, consumer);
  if (totals) {
    if (totals->rows != rows || totals->deletions != deletions || totals->hash_total != sum) {
      std::abort();
    }
  } else if (totals.error().message.rfind("line ", 0) != 0) {
    std::abort();
  }
  return 0;
}
