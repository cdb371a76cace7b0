#pragma once

#include "contracts/capability.h"
#include "contracts/ports/erp_adapter.h"
#include "facade/guarded_port.h"

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace underpin::facade {

// Told of every call into a system, waiting for its guard included: "ok" or an error code's name.
// Threads: any.
using OnErpCall = std::function<void(std::string_view system, Capability, std::string_view outcome,
                                     double seconds)>;

// A configured ERP with its guard. `role`: in this wave it is legacy or cloud.
struct ErpSystem {
  std::string name;  // "nav"
  std::unique_ptr<ErpAdapter> adapter;
  std::unique_ptr<Guard> guard;
  OnErpCall on_call = {};
};

template <class Port>
constexpr Capability capability_of_port() {
  if constexpr (std::is_same_v<Port, OrderService> || std::is_same_v<Port, PostingService> ||
                std::is_same_v<Port, ReturnService>)
    return Capability::orders;
  if constexpr (std::is_same_v<Port, InventoryService>) return Capability::inventory;
  if constexpr (std::is_same_v<Port, PricingService>) return Capability::pricing;
  return Capability::customers;
}

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
  const auto begun = std::chrono::steady_clock::now();
  Result<T> result = guarded<T>(*system.guard, deadline, [&] { return call(*port); });
  if (system.on_call) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    system.on_call(system.name, capability_of_port<Port>(),
                   result ? std::string_view("ok") : name(result.error().code), took.count());
  }
  if (!result && result.error().system.empty()) {
    Error error = result.error();
    error.system = system.name;
    return error;
  }
  return result;
}

}  // namespace underpin::facade
