#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace underpin::facade {

// Of this machine, as it calls itself.
inline std::string host_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return host.data();
}

}  // namespace underpin::facade
