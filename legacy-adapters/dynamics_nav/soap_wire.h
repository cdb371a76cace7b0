#pragma once

#include "legacy-adapters/dynamics_nav/services.h"

namespace underpin::legacy::dynamics_nav {

// The wire that leads to a real NAV.
std::shared_ptr<Wire> make_soap_wire(const SoapSettings& settings, const std::string& system);

}  // namespace underpin::legacy::dynamics_nav
