// Any bytes in the place of pack.json: it is read or refused, never believed. What is read is
// written in one form and read again as the same; a pack whose chain is whole has no other faults
// than those of its files.
#include "facade/pack.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin::facade;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto pack = read_pack(text);
  require(!pack_faults({{pack_name, text}}).empty());  // Without its page it is never whole.
  if (!pack) return 0;
  require(!pack->entries.empty());
  const std::string written = write_pack(*pack);
  const auto again = read_pack(written);
  require(again.has_value() && again->entries == pack->entries && write_pack(*again) == written);
  require(!pack_page(*pack, {}).empty());
  return 0;
}
