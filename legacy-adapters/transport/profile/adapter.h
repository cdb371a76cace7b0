#pragma once

#include "legacy-adapters/transport/profile/engine.h"
#include "legacy-adapters/transport/profile/orders.h"
#include "legacy-adapters/transport/profile/returns.h"
#include "legacy-adapters/transport/profile/states.h"

namespace underpin::legacy::profile {

// An ERP that is described by a profile and asked by a runner. A capability of which no operation
// is described is not offered.
class Adapter final : public ErpAdapter, public PutAsideFiles {
 public:
  Adapter(std::shared_ptr<const Profile> profile, std::shared_ptr<Runner> runner,
          std::string system, Recorder record = {})
      : engine_(std::move(profile), std::move(runner), std::move(system), std::move(record)),
        orders_(engine_),
        inventory_(engine_),
        pricing_(engine_),
        customers_(engine_),
        returns_(engine_) {}

  const CapabilityDescriptor& descriptor() const override { return engine_.profile().descriptor(); }
  Status ping(const CallContext& context) override { return engine_.runner().ping(context); }
  std::vector<Finding> examine(const CallContext& context) override {
    return engine_.runner().examine(context);
  }
  std::vector<AdapterTask> tasks() override { return engine_.runner().tasks(); }
  std::vector<Alarm> alarms() override { return engine_.runner().alarms(); }
  std::vector<std::string> put_aside() override {
    PutAsideFiles* files = engine_.runner().files();
    return files == nullptr ? std::vector<std::string>() : files->put_aside();
  }
  Result<PutAside> put_aside(const std::string& name) override {
    PutAsideFiles* files = engine_.runner().files();
    if (files == nullptr) return Error{ErrorCode::not_found, "takes in no files"};
    return files->put_aside(name);
  }
  OrderService* orders() override { return offered(Capability::orders, orders_); }
  InventoryService* inventory() override { return offered(Capability::inventory, inventory_); }
  PricingService* pricing() override { return offered(Capability::pricing, pricing_); }
  CustomerService* customers() override { return offered(Capability::customers, customers_); }
  ReturnService* returns() override { return engine_.has("place_return") ? &returns_ : nullptr; }

 private:
  template <class T>
  T* offered(Capability capability, T& port) {
    return engine_.profile().offers(capability) ? &port : nullptr;
  }

  const Engine engine_;
  Orders orders_;
  Inventory inventory_;
  Pricing pricing_;
  Customers customers_;
  Returns returns_;
};

}  // namespace underpin::legacy::profile
