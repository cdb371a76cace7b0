#pragma once

#include "legacy-adapters/dynamics_nav/services.h"

namespace underpin::legacy::dynamics_nav {

// A site's own WSDL against what the adapter was built for: one finding per operation and one per
// type, which names every element that is missing. A site's additional elements do no harm.
std::vector<Finding> check_wsdl(std::string_view wsdl, const Binding& binding);

}  // namespace underpin::legacy::dynamics_nav
