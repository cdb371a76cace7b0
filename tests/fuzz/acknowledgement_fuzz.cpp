// A receiver's acknowledgement: read and written the same again, or refused with a line.
#include "legacy-adapters/transport/file_drop/acknowledgement.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin::legacy::file_drop;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parse_acknowledgement(text);
  if (!read) {
    require(read.error().message.rfind("line ", 0) == 0);
    return 0;
  }
  const auto again = parse_acknowledgement(text_of(*read));
  require(again.has_value());
  require(again->file == read->file && again->checksum == read->checksum &&
          again->accepted == read->accepted && again->batch == read->batch &&
          again->reason == read->reason);
  return 0;
}
