#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/put_aside.h"
#include "legacy-adapters/sap_ecc/customers.h"
#include "legacy-adapters/sap_ecc/inventory.h"
#include "legacy-adapters/sap_ecc/orders.h"
#include "legacy-adapters/sap_ecc/pricing.h"
#include "legacy-adapters/sap_ecc/rehearsal.h"
#include "legacy-adapters/sap_ecc/returns.h"
#include "legacy-adapters/transport/file_drop/quarantine.h"

namespace underpin {
namespace embedded {
std::string_view sap_ecc(std::string_view name);
}

namespace legacy::sap_ecc {
namespace {

std::shared_ptr<odbc::Database> database_of(const Settings& settings, const std::string& system) {
  odbc::Settings odbc;
  odbc.system = system;
  odbc.connection_string = settings.odbc.connection_string;
  odbc.pool_max = settings.odbc.pool_max;
  odbc.login_timeout_ms = settings.odbc.login_timeout_ms;
  odbc.query_timeout_ms = settings.odbc.query_timeout_ms;
  odbc.portable_only = true;
  return std::make_shared<odbc::Database>(std::move(odbc));
}

class SapEcc final : public ErpAdapter, public PutAsideFiles {
 public:
  SapEcc(const AdapterSettings& adapter, Settings settings, MessageTable messages,
         DebmasLayout debmas, CondALayout cond_a, Orders05Layout orders05)
      : settings_(std::move(settings)),
        functions_(settings_.soap, adapter.system, std::move(messages)),
        tables_(settings_, database_of(settings_, adapter.system)),
        idocs_(settings_.order_files.outbound.empty()
                   ? nullptr
                   : std::make_unique<IdocOrders>(adapter.system, settings_, std::move(orders05),
                                                  adapter.state_folder)),
        orders_(functions_, settings_, tables_, idocs_.get()),
        inventory_(functions_, settings_, tables_),
        rehearsals_(functions_, settings_, inventory_),
        returns_(functions_, settings_, tables_, orders_.documents()),
        records_(settings_.price_file.folder.empty()
                     ? nullptr
                     : std::make_unique<PriceRecords>(adapter.system, settings_, std::move(cond_a),
                                                      adapter.state_folder)),
        pricing_(functions_, settings_, tables_, records_.get()),
        customers_(adapter.system, settings_, tables_, std::move(debmas), adapter.state_folder),
        quarantines_(quarantines_of(settings_)) {
    descriptor_.idempotency = IdempotencyMode::lookup;
    descriptor_.stock_by_location = true;
    descriptor_.real_time_price = settings_.price_file.folder.empty();
    descriptor_.delta = DeltaMode::timestamp;
    descriptor_.page_max = settings_.page_size;
    descriptor_.inert_by = "delivery_block";
    descriptor_.rehearsal = RehearsalGrade::simulated;
    descriptor_.settle_ms = settings_.settle_ms;
    if (!settings_.return_reasons.empty()) descriptor_.returns = ReturnsMode::return_order;
  }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }

  Status ping(const CallContext& context) override {
    if (const Status soap = functions_.ping(context); !soap) return soap;
    return tables_.ping(context.deadline);
  }

  std::vector<Finding> examine(const CallContext& context) override {
    std::vector<Finding> findings;
    const Status soap = functions_.ping(context);
    findings.push_back({soap.has_value(), "function modules at " + settings_.soap.url,
                        soap ? "" : soap.error().message});
    if (soap) append(findings, functions_.examine(!settings_.check_rule.empty(), context));
    const Status odbc = tables_.ping(context.deadline);
    findings.push_back({odbc.has_value(), "SQL database", odbc ? "" : odbc.error().message});
    if (odbc) append(findings, tables_.examine(context.deadline));
    if (records_) append(findings, records_->examine());
    if (idocs_) append(findings, idocs_->examine());
    return findings;
  }

  OrderService* orders() override { return &orders_; }
  InventoryService* inventory() override { return &inventory_; }
  PricingService* pricing() override { return &pricing_; }
  RehearsalService* rehearsals() override { return &rehearsals_; }
  ReturnService* returns() override {
    return settings_.return_reasons.empty() ? nullptr : &returns_;
  }
  CustomerService* customers() override { return &customers_; }
  std::vector<AdapterTask> tasks() override {
    std::vector<AdapterTask> tasks;
    if (records_)
      tasks.push_back({"COND_A files", std::chrono::milliseconds(settings_.price_file.poll_ms),
                       [this](const CallContext& context) { return records_->poll(context); }});
    if (idocs_)
      tasks.push_back({"order IDocs", std::chrono::milliseconds(settings_.order_files.poll_ms),
                       [this](const CallContext& context) { return orders_.poll_idocs(context); }});
    return tasks;
  }
  std::vector<Alarm> alarms() override {
    std::vector<Alarm> alarms = records_ ? records_->alarms() : std::vector<Alarm>();
    if (idocs_)
      for (Alarm& alarm : idocs_->alarms()) alarms.push_back(std::move(alarm));
    return alarms;
  }

  std::vector<std::string> put_aside() override { return quarantines_.names(); }
  Result<PutAside> put_aside(const std::string& name) override { return quarantines_.tell(name); }

 private:
  static file_drop::Quarantines quarantines_of(const Settings& settings) {
    std::vector<file_drop::Quarantine> folders;
    if (!settings.price_file.folder.empty())
      folders.emplace_back(settings.price_file.folder,
                           [](std::string_view) { return Capability::pricing; });
    if (!settings.order_files.inbound.empty())
      folders.emplace_back(settings.order_files.inbound,
                           [](std::string_view) { return Capability::orders; });
    return file_drop::Quarantines(std::move(folders));
  }
  static void append(std::vector<Finding>& findings, std::vector<Finding> more) {
    for (Finding& finding : more) findings.push_back(std::move(finding));
  }

  const Settings settings_;
  const Functions functions_;
  const Tables tables_;
  CapabilityDescriptor descriptor_;
  const std::unique_ptr<IdocOrders> idocs_;
  Orders orders_;
  Inventory inventory_;
  Rehearsals rehearsals_;
  Returns returns_;
  const std::unique_ptr<PriceRecords> records_;
  Pricing pricing_;
  Customers customers_;
  const file_drop::Quarantines quarantines_;
};

}  // namespace
}  // namespace legacy::sap_ecc

Result<std::unique_ptr<ErpAdapter>> make_sap_ecc_adapter(const AdapterSettings& adapter) {
  using namespace legacy::sap_ecc;
  return guarded(adapter.system, ErrorCode::internal, [&]() -> std::unique_ptr<ErpAdapter> {
    return std::make_unique<SapEcc>(adapter, must(read_settings(adapter.settings_json)),
                                    must(MessageTable::load(embedded::sap_ecc("messages.json"))),
                                    must(DebmasLayout::load(embedded::sap_ecc("debmas.json"))),
                                    must(CondALayout::load(embedded::sap_ecc("cond_a.json"))),
                                    must(Orders05Layout::load(embedded::sap_ecc("orders05.json"))));
  });
}

}  // namespace underpin
