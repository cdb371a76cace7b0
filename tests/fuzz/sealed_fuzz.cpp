// Any bytes in the place of what was sealed: what carries the mark of a seal is opened only if this
// key sealed it as it stands; everything else comes back as it is. What is sealed is opened again.
#include "parity/sealing.h"

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
  using namespace underpin;
  using namespace underpin::parity;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Seal seal(std::string(32, 'k'));
  const Seal other(std::string(32, 'o'));

  const auto opened = seal.opened(text);
  if (Seal::is_sealed(text)) {
    require(!opened.has_value() && opened.error().code == ErrorCode::conflict);
  } else {
    require(opened.has_value() && *opened == text);
  }

  const std::string sealed = seal.sealed(text);
  require(sealed.empty() == text.empty());
  const auto back = seal.opened(sealed);
  require(back.has_value() && *back == text);
  if (text.empty()) return 0;
  require(Seal::is_sealed(sealed) && !other.opened(sealed).has_value());
  // One bit of the second half is noticed, and so is a cut.
  std::string changed = sealed;
  const std::size_t at = sealed.size() - 1 - data[0] % (sealed.size() / 2);
  changed[at] = static_cast<char>(changed[at] ^ 1);
  require(!seal.opened(changed).has_value());
  require(!seal.opened(std::string_view(sealed).substr(0, sealed.size() - 1)).has_value());
  return 0;
}
