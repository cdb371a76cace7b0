#pragma once

#include "tests/conformance/site.h"

#include <memory>
#include <vector>

namespace underpin::conformance {

struct SiteEntry {
  const char* adapter;
  std::unique_ptr<Site> (*make)();
  Offers (*offers)();
};

// One for each file in sites/ whose adapter is built: the build writes it.
const std::vector<SiteEntry>& all_sites();

}  // namespace underpin::conformance
