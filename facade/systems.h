#pragma once

#include "contracts/capability.h"
#include "contracts/ports/erp_adapter.h"
#include "facade/guarded_port.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

namespace underpin::facade {

// A configured ERP with its guard. `role`: in this wave it is legacy or cloud.
struct ErpSystem {
  std::string name;  // "nav"
  std::unique_ptr<ErpAdapter> adapter;
  std::unique_ptr<Guard> guard;
};

// The two systems of a wave.
struct Systems {
  ErpSystem legacy;
  ErpSystem cloud;
  // The namespaces of the wave's channels: a reference in an ERP that looks like ours but names
  // none of them is somebody else's ("PO-2026/143"). Empty: every one is taken for ours.
  std::set<std::string> channels = {};
  const ErpSystem& on(Side side) const { return side == Side::legacy ? legacy : cloud; }
  bool offers(Side side, Capability capability) const {
    ErpAdapter& adapter = *on(side).adapter;
    switch (capability) {
      case Capability::orders:
        return adapter.orders() != nullptr;
      case Capability::inventory:
        return adapter.inventory() != nullptr;
      case Capability::pricing:
        return adapter.pricing() != nullptr;
      case Capability::customers:
        return adapter.customers() != nullptr;
    }
    return false;
  }
};

// Calls one port of one system behind its guard: call_port<Order>(systems, side, deadline,
// &ErpAdapter::orders, [&](OrderService& port) { return port.get_order(ref, context); }).
template <class T, class Port, class Call>
Result<T> call_port(const Systems& systems, Side side, Deadline deadline,
                    Port* (ErpAdapter::*select)(), Call&& call) {
  const ErpSystem& system = systems.on(side);
  Port* port = (system.adapter.get()->*select)();
  if (port == nullptr)
    return Error{ErrorCode::unsupported, "this capability is not offered", system.name};
  Result<T> result = guarded<T>(*system.guard, deadline, [&] { return call(*port); });
  if (!result && result.error().system.empty()) {
    Error error = result.error();
    error.system = system.name;
    return error;
  }
  return result;
}

}  // namespace underpin::facade
