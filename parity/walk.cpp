#include "parity/walk.h"

#include <algorithm>

namespace underpin::parity {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t next = std::min(path.find('/', at + 1), path.size());
    std::string part;
    for (std::size_t i = at + 1; i < next; ++i) {
      const bool escaped = path[i] == '~' && i + 1 < next;
      part += !escaped ? path[i] : path[i + 1] == '1' ? '/' : '~';
      i += escaped ? 1 : 0;
    }
    parts.push_back(std::move(part));
    at = next;
  }
  return parts;
}

}  // namespace underpin::parity
