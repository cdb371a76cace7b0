// Any bytes as a status file of the iSeries, as lines and as EBCDIC records: it is taken in or
// refused with a reason, and what is given out of it is complete.
#include "legacy-adapters/iseries_batch/status_file.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

using namespace underpin;
using namespace underpin::legacy::iseries_batch;
namespace edi = underpin::legacy::edi;

void require(bool promise) {
  if (!promise) std::abort();
}

void check(const std::string& file, const Wire& wire) {
  static const std::string zone = "Europe/Berlin";
  static const CodeTable none;
  bool begun = false;
  StatusConsumer consumer;
  consumer.header = [&](const FileHeader& header) -> Status {
    require(!begun && header.run > 0 && !header.made.empty());
    begun = true;
    return Done{};
  };
  consumer.answer = [&](const Answer&) { require(begun); };
  consumer.order = [&](const OrderSeen& seen) {
    require(begun && !seen.document.empty());
    for (const OrderLine& line : seen.order.lines)
      require(!line.quantity.is_zero() || !line.shipped_quantity.is_zero());
    return std::optional<std::string>();
  };
  consumer.made_return = [&](const ReturnSeen&) { require(begun); };
  consumer.refused = [](Refusal refusal) { require(!text(refusal).empty()); };
  std::istringstream input(file);
  const Status read = read_status_file(edi::reading(input), {wire, zone, none, none}, consumer);
  require(read ? begun : !read.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Wire lines = wire_of("ISO-8859-1", false).value();
  static const Wire packed = wire_of("IBM273", true).value();
  const std::string file(reinterpret_cast<const char*>(data), size);
  check(file, lines);
  check(file, packed);
  return 0;
}
