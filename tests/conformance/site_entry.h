#pragma once

#include "contracts/json/adapter_features.h"
#include "tests/conformance/site.h"

#include <memory>
#include <vector>

namespace underpin::conformance {

struct SiteEntry {
  const char* adapter;
  std::unique_ptr<Site> (*make)();
  std::string_view (*embedded)(std::string_view file);
  AdapterFeatures features() const;
};

// One for each file in sites/ whose adapter is built: the build writes it.
const std::vector<SiteEntry>& all_sites();

}  // namespace underpin::conformance
