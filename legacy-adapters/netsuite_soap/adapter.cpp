#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/netsuite_soap/customers.h"
#include "legacy-adapters/netsuite_soap/inventory.h"
#include "legacy-adapters/netsuite_soap/orders.h"
#include "legacy-adapters/netsuite_soap/pricing.h"
#include "legacy-adapters/netsuite_soap/returns.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace underpin {
namespace legacy::netsuite_soap {
namespace {

constexpr std::array needed_operations{"add",        "update",           "upsert",
                                       "get",        "getAll",           "search",
                                       "getDeleted", "searchMoreWithId", "getItemAvailability"};

class NetSuite final : public ErpAdapter {
 public:
  NetSuite(Settings settings, const std::string& system)
      : settings_(std::move(settings)),
        suite_(settings_, system, soap_wire(settings_, system)),
        references_(suite_),
        documents_(suite_, references_),
        orders_(suite_, references_, documents_),
        inventory_(suite_, references_),
        customers_(suite_, references_),
        pricing_(suite_, references_),
        returns_(suite_, references_, documents_) {
    descriptor_.idempotency = IdempotencyMode::natural_key;
    descriptor_.optimistic_locking = false;
    descriptor_.stock_by_location = true;
    descriptor_.real_time_price = true;
    descriptor_.delta = DeltaMode::timestamp;
    descriptor_.page_max = settings_.page_size;
    descriptor_.inert_by = "pending_approval";
    descriptor_.settle_ms = settings_.settle_ms;
    if (!settings_.return_reasons.empty()) descriptor_.returns = ReturnsMode::return_order;
  }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }
  OrderService* orders() override { return &orders_; }
  InventoryService* inventory() override { return &inventory_; }
  PricingService* pricing() override { return &pricing_; }
  CustomerService* customers() override { return &customers_; }
  ReturnService* returns() override {
    return settings_.return_reasons.empty() ? nullptr : &returns_;
  }

  Status ping(const CallContext& context) override {
    return guarded(suite_.system(), ErrorCode::internal, [&] {
      (void)suite_.get_all("currency", context);
      return Done{};
    });
  }

  std::vector<Finding> examine(const CallContext& context) override {
    std::vector<Finding> findings;
    const Status reached = ping(context);
    findings.push_back({reached.has_value(),
                        "account " + settings_.account + " at " + settings_.url,
                        reached ? "" : reached.error().message});
    if (!reached) return findings;
    examine_description(findings, context);
    examine_settings(findings, context);
    return findings;
  }

 private:
  void examine_description(std::vector<Finding>& findings, const CallContext& context) {
    const Result<std::string> text = read_wsdl(settings_, suite_.system(), context);
    const Result<Node> wsdl = text ? read_xml(*text) : Result<Node>(text.error());
    Finding finding{wsdl.has_value(), "WSDL " + settings_.version,
                    wsdl ? "" : wsdl.error().message};
    if (wsdl) {
      const Node& port = wsdl->get("portType");
      for (const char* operation : needed_operations) {
        const bool there =
            std::any_of(port.children.begin(), port.children.end(), [&](const Node& one) {
              return one.name == "operation" && one.attribute("name") == operation;
            });
        if (there) continue;
        finding.ok = false;
        finding.detail +=
            (finding.detail.empty() ? "missing operations: " : ", ") + std::string(operation);
      }
    }
    findings.push_back(std::move(finding));
  }

  void examine_settings(std::vector<Finding>& findings, const CallContext& context) {
    const auto places = guarded(suite_.system(), ErrorCode::internal,
                                [&] { return references_.locations(context); });
    findings.push_back(
        {places && !places->empty(), "locations",
         places ? (places->empty() ? "there is none" : "") : places.error().message});
    // Without the permission the feeds of orders and customers fail.
    const auto deletions = guarded(suite_.system(), ErrorCode::internal, [&] {
      suite_.deleted("customer", Timestamp::from(std::chrono::system_clock::now()), context,
                     [](const Node&, Timestamp) {});
      return Done{};
    });
    findings.push_back({deletions.has_value(), "permission to see deleted records",
                        deletions ? "" : deletions.error().message});
    if (settings_.discount_item.empty())
      findings.push_back({false, "discount_item", "without it discounts are refused"});
  }

  Settings settings_;
  Suite suite_;
  References references_;
  Documents documents_;
  Orders orders_;
  Inventory inventory_;
  Customers customers_;
  Pricing pricing_;
  Returns returns_;
  CapabilityDescriptor descriptor_;
};

}  // namespace
}  // namespace legacy::netsuite_soap

Result<std::unique_ptr<ErpAdapter>> make_netsuite_soap_adapter(const AdapterSettings& given) {
  namespace netsuite = legacy::netsuite_soap;
  Result<netsuite::Settings> settings = netsuite::read_settings(given.settings_json);
  if (!settings) {
    Error error = settings.error();
    error.system = given.system;
    return error;
  }
  try {
    return std::unique_ptr<ErpAdapter>(
        std::make_unique<netsuite::NetSuite>(std::move(settings).value(), given.system));
  } catch (const std::exception& fault) {
    // A certificate file that cannot be used, for example.
    return Error{ErrorCode::invalid_request, fault.what(), given.system};
  }
}

}  // namespace underpin
