#include "cutover/stage.h"

#include <string>

#ifndef __clang_analyzer__  // It takes xxhash's own assertion for a path that can be taken.
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace underpin::cutover {

std::uint32_t bucket_per_100k(std::string_view salt, std::string_view subject) {
  std::string text(salt);
  text += '/';
  text += subject;
  return static_cast<std::uint32_t>(XXH64(text.data(), text.size(), 1) % whole_share);
}

}  // namespace underpin::cutover
