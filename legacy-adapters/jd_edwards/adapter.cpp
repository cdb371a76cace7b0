#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/jd_edwards/customers.h"
#include "legacy-adapters/jd_edwards/examine.h"
#include "legacy-adapters/jd_edwards/failure.h"
#include "legacy-adapters/jd_edwards/inventory.h"
#include "legacy-adapters/jd_edwards/orders.h"
#include "legacy-adapters/jd_edwards/pricing.h"
#include "legacy-adapters/jd_edwards/returns.h"

namespace underpin {
namespace legacy::jd_edwards {
namespace {

odbc::Settings odbc_of(const Settings& settings, const std::string& system) {
  odbc::Settings odbc;
  odbc.system = system;
  odbc.connection_string = settings.connection_string;
  odbc.pool_max = settings.pool_max;
  odbc.login_timeout_ms = settings.login_timeout_ms;
  odbc.query_timeout_ms = settings.query_timeout_ms;
  odbc.portable_only = true;
  odbc.extra_functions = {"UPPER"};  // SQL-92's; every database that JDE runs on has it.
  return odbc;
}

class JdEdwards final : public ErpAdapter {
 public:
  JdEdwards(const std::string& system, Settings settings)
      : settings_(std::move(settings)),
        database_(std::make_shared<odbc::Database>(odbc_of(settings_, system))),
        writer_(std::make_shared<odbc::Writer>(odbc_of(settings_, system))),
        interface_(settings_, system, database_, writer_),
        orders_(settings_, system, database_, interface_),
        returns_(settings_, system, database_, interface_),
        customers_(settings_, system, database_, interface_),
        inventory_(make_inventory(settings_, system, database_, interface_)),
        pricing_(make_pricing(settings_, system, database_)) {
    descriptor_.idempotency = IdempotencyMode::lookup;
    descriptor_.stock_by_location = true;
    descriptor_.real_time_price = settings_.pricing;
    descriptor_.returns = ReturnsMode::return_order;
    descriptor_.delta = DeltaMode::timestamp;
    descriptor_.page_max = settings_.page_size;
    descriptor_.inert_by = "hold_code";
    descriptor_.settle_ms = settings_.settle_ms;
  }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }
  Status ping(const CallContext& context) override { return database_->ping(context.deadline); }
  std::vector<Finding> examine(const CallContext& context) override {
    return examine_tables(*database_, *writer_, settings_, context.deadline);
  }
  OrderService* orders() override { return &orders_; }
  InventoryService* inventory() override { return inventory_.get(); }
  PricingService* pricing() override { return settings_.pricing ? pricing_.get() : nullptr; }
  CustomerService* customers() override { return &customers_; }
  ReturnService* returns() override { return &returns_; }

 private:
  const Settings settings_;
  const std::shared_ptr<odbc::Database> database_;
  const std::shared_ptr<odbc::Writer> writer_;
  const Interface interface_;
  CapabilityDescriptor descriptor_;
  Orders orders_;
  Returns returns_;
  Customers customers_;
  std::unique_ptr<InventoryService> inventory_;
  std::unique_ptr<PricingService> pricing_;
};

}  // namespace
}  // namespace legacy::jd_edwards

Result<std::unique_ptr<ErpAdapter>> make_jd_edwards_adapter(const AdapterSettings& adapter) {
  using namespace legacy::jd_edwards;
  return guarded(adapter.system, ErrorCode::internal, [&]() -> std::unique_ptr<ErpAdapter> {
    return std::make_unique<JdEdwards>(adapter.system, must(read_settings(adapter.settings_json)));
  });
}

}  // namespace underpin
