// The reader of COND_A files takes any bytes: what it tells is whole, and what it refuses has a
// reason.
#include "legacy-adapters/sap_ecc/cond_a.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

namespace underpin::embedded {
std::string_view sap_ecc(std::string_view name);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin;
  using namespace underpin::legacy::sap_ecc;
  static const auto layout = CondALayout::load(embedded::sap_ecc("cond_a.json"));
  if (!layout) std::abort();
  std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
  const Status read = layout->read(
      input, {"100", "1000", "10", "PR00"}, [](const ConditionRecord& record) -> Status {
        if (record.sku.empty() || record.steps.empty() || record.to < record.from ||
            record.unit.empty() || record.currency.size() != 3)
          std::abort();
        for (const auto& [quantity, price] : record.steps)
          if (quantity.is_negative() || price.is_negative()) std::abort();
        return Done{};
      });
  if (!read && (read.error().code != ErrorCode::invalid_request || read.error().message.empty()))
    std::abort();
  return 0;
}
