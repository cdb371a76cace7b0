// The reader of ORDRSP files takes any bytes: what it tells is whole, and what it refuses has a
// reason.
#include "legacy-adapters/sap_ecc/orders05.h"

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
  static const auto layout = Orders05Layout::load(embedded::sap_ecc("orders05.json"));
  if (!layout) std::abort();
  std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
  OrderedItem item;
  item.position = "000007";
  item.unit = "PCE";
  item.quantity = Decimal::of(4);
  item.price = Decimal::of(12);
  const Status read = layout->read(input, "100", [&](const OrderAnswer& answer) -> Status {
    if (answer.reference.empty() || answer.stamp.empty()) std::abort();
    if (answer.document.empty() && !answer.rejected) std::abort();
    for (const OrderAnswer::Line& line : answer.lines)
      if (line.per.is_zero() || (!line.quantity && !line.rejected)) std::abort();
    for (const std::string& one : differences(answer, {item}))
      if (one.empty()) std::abort();
    return Done{};
  });
  if (!read && (read.error().code != ErrorCode::invalid_request || read.error().message.empty()))
    std::abort();
  return 0;
}
