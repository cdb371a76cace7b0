#include "cloud-adapters/business_central/customers.h"
#include "cloud-adapters/business_central/described.h"
#include "cloud-adapters/business_central/inventory.h"
#include "cloud-adapters/business_central/metadata.h"
#include "cloud-adapters/business_central/orders.h"
#include "cloud-adapters/business_central/postings.h"
#include "cloud-adapters/business_central/pricing.h"
#include "cloud-adapters/business_central/rehearsal.h"
#include "cloud-adapters/business_central/returns.h"
#include "contracts/ports/described_reads.h"
#include "contracts/ports/described_searches.h"
#include "contracts/ports/erp_adapter.h"

#include <stdexcept>

namespace underpin {
namespace embedded {
std::string_view business_central(std::string_view name);
}

namespace cloud::business_central {
namespace {

mapping::Mapping load_mapping(std::string_view file) {
  Result<mapping::Mapping> loaded = mapping::Mapping::load(embedded::business_central(file), file);
  if (!loaded) throw std::logic_error(loaded.error().message);
  return std::move(loaded).value();
}

class BusinessCentral final : public ErpAdapter, public DescribedReads, public DescribedSearches {
 public:
  BusinessCentral(Settings settings, std::string system)
      : site_(std::move(settings), std::move(system)),
        orders_(site_),
        inventory_(site_, load_mapping("stock_level.json")),
        pricing_(site_, load_mapping("price_entry.json")),
        customers_(site_, load_mapping("customer.json")),
        rehearsal_(site_, orders_, customers_, inventory_),
        returns_(site_),
        postings_(site_),
        described_(site_.settings(), site_.system(), load_mapping("stock_level.json"),
                   load_mapping("price_entry.json"), load_mapping("customer.json")) {
    descriptor_.idempotency = IdempotencyMode::lookup;
    descriptor_.optimistic_locking = true;
    descriptor_.stock_by_location = true;
    descriptor_.real_time_price = true;
    descriptor_.delta = DeltaMode::timestamp;
    descriptor_.page_max = site_.settings().page_size;
    descriptor_.rehearsal = RehearsalGrade::rendered;
    descriptor_.inert_by = "unreleased";
    descriptor_.settle_ms = site_.settings().settle_ms;
    if (!site_.settings().return_reasons.empty()) descriptor_.returns = ReturnsMode::credit_memo;
  }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }
  OrderService* orders() override { return &orders_; }
  InventoryService* inventory() override { return &inventory_; }
  PricingService* pricing() override { return &pricing_; }
  CustomerService* customers() override { return &customers_; }
  RehearsalService* rehearsals() override { return &rehearsal_; }
  ReturnService* returns() override {
    return site_.settings().return_reasons.empty() ? nullptr : &returns_;
  }
  PostingService* postings() override {
    return site_.settings().chart.empty() ? nullptr : &postings_;
  }

  std::vector<std::string> describe_order(const OrderRef& ref) override {
    return described_.order(ref);
  }
  std::vector<std::string> describe_stock(const StockQuery& query) override {
    return described_.stock(query);
  }
  std::vector<std::string> describe_customer(const CustomerNumber& number) override {
    return described_.customer(number);
  }
  std::vector<std::string> describe_search(const CustomerQuery& query) override {
    return described_.search(query);
  }
  std::vector<std::string> describe_prices(const PriceQuery& query) override {
    return described_.prices(query);
  }
  std::vector<std::string> describe_quote(const QuoteRequest& request) override {
    return described_.quote(request);
  }

  Status ping(const CallContext& context) override {
    return guarded(site_.system(), ErrorCode::internal, [&] {
      odata::Query query;
      query.select = "id,name";
      (void)site_.list(site_.api_root() + "/companies" + query.text(), context);
      return Done{};
    });
  }

  std::vector<Finding> examine(const CallContext& context) override {
    std::vector<Finding> findings;
    const Result<odata::ListPage> companies =
        site_.client().page(site_.api_root() + "/companies", context, 0);
    Finding reached{companies.has_value(), "Business Central at " + site_.api_root(), {}};
    if (!companies) reached.detail = companies.error().message;
    findings.push_back(reached);
    if (!companies) return findings;
    findings.push_back(company_finding(*companies, context));
    std::vector<NeededSet> needed = needed_of_v2();
    if (postings() != nullptr) needed.push_back(needed_of_postings());
    if (returns() != nullptr)
      for (const NeededSet& one : needed_of_returns()) needed.push_back(one);
    describe(findings, site_.api_root(), "v2.0", needed, context);
    const Settings& settings = site_.settings();
    describe(findings, site_.site_api_root(),
             settings.publisher + "/" + settings.group + "/" + settings.version,
             needed_of_site(settings.pages), context);
    return findings;
  }

 private:
  Finding company_finding(const odata::ListPage& companies, const CallContext& context) {
    const Settings& settings = site_.settings();
    const Result<std::string> id =
        guarded(site_.system(), ErrorCode::internal, [&] { return site_.company_id(context); });
    Finding finding{
        false,
        "company " + (settings.company.empty() ? settings.company_id : settings.company),
        {}};
    std::string names;
    for (const json::Value& company : companies.items) {
      if (id && company.get("id").text() == *id) finding.ok = true;
      names += (names.empty() ? "" : ", ") + company.get("name").text();
    }
    if (!finding.ok) finding.detail = "companies there: " + names;
    return finding;
  }

  void describe(std::vector<Finding>& findings, const std::string& root, const std::string& service,
                const std::vector<NeededSet>& needed, const CallContext& context) {
    const Result<std::string> csdl = site_.client().get_text(root + "/$metadata", context);
    if (!csdl) {
      findings.push_back({false, "$metadata of " + service, csdl.error().message});
      return;
    }
    for (Finding& finding : check_metadata(*csdl, service, needed))
      findings.push_back(std::move(finding));
  }

  Site site_;
  Orders orders_;
  Inventory inventory_;
  Pricing pricing_;
  Customers customers_;
  Rehearsal rehearsal_;
  Returns returns_;
  Postings postings_;
  Described described_;
  CapabilityDescriptor descriptor_;
};

}  // namespace
}  // namespace cloud::business_central

Result<std::unique_ptr<ErpAdapter>> make_business_central_adapter(const AdapterSettings& given) {
  namespace bc = cloud::business_central;
  Result<bc::Settings> settings = bc::read_settings(given.settings_json);
  if (!settings) {
    Error error = settings.error();
    error.system = given.system;
    return error;
  }
  try {
    return std::unique_ptr<ErpAdapter>(
        std::make_unique<bc::BusinessCentral>(std::move(settings).value(), given.system));
  } catch (const std::exception& fault) {
    // A certificate file that cannot be used, for example.
    return Error{ErrorCode::invalid_request, fault.what(), given.system};
  }
}

}  // namespace underpin
