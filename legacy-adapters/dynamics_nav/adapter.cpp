#include "contracts/ports/described_reads.h"
#include "contracts/ports/described_searches.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/put_aside.h"
#include "legacy-adapters/dynamics_nav/customers.h"
#include "legacy-adapters/dynamics_nav/described.h"
#include "legacy-adapters/dynamics_nav/inventory.h"
#include "legacy-adapters/dynamics_nav/item_journal.h"
#include "legacy-adapters/dynamics_nav/orders.h"
#include "legacy-adapters/dynamics_nav/postings.h"
#include "legacy-adapters/dynamics_nav/pricing.h"
#include "legacy-adapters/dynamics_nav/returns.h"
#include "legacy-adapters/dynamics_nav/soap_wire.h"
#include "legacy-adapters/transport/file_drop/quarantine.h"

namespace underpin {
namespace embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace legacy::dynamics_nav {
namespace {

SqlNames names_of(const Settings& settings) {
  return {settings.odbc.company, settings.odbc.app_suffix, settings.odbc.quote};
}

std::shared_ptr<odbc::Database> database_of(const Settings& settings, const std::string& system) {
  odbc::Settings odbc;
  odbc.system = system;
  odbc.connection_string = settings.odbc.connection_string;
  odbc.pool_max = settings.odbc.pool_max;
  odbc.login_timeout_ms = settings.odbc.login_timeout_ms;
  odbc.query_timeout_ms = settings.odbc.query_timeout_ms;
  // A fence is the site's own SQL; without one every statement is ours, and runs anywhere.
  odbc.portable_only = settings.odbc.rowversion_fence.empty();
  return std::make_shared<odbc::Database>(std::move(odbc));
}

FeedSettings feed_of(const Settings& settings, const std::string& system) {
  FeedSettings feed;
  feed.system = system;
  feed.sql = names_of(settings);
  feed.rowversion_fence = settings.odbc.rowversion_fence;
  feed.page = static_cast<std::size_t>(settings.page_size);
  return feed;
}

InventorySettings inventory_of(const Settings& settings, const std::string& system) {
  InventorySettings inventory;
  inventory.system = system;
  inventory.sql = names_of(settings);
  inventory.zone = settings.zone;
  inventory.reason_code = settings.reason_code;
  inventory.value_entries = settings.odbc.value_entries;
  return inventory;
}

PricingSettings pricing_of(const Settings& settings, const AdapterSettings& adapter) {
  PricingSettings pricing;
  pricing.system = adapter.system;
  pricing.sql = names_of(settings);
  pricing.table = settings.prices.table;
  pricing.rowversion_fence = settings.odbc.rowversion_fence;
  pricing.drop.system = adapter.system;
  pricing.drop.folder = settings.prices.folder;
  pricing.drop.state_folder = adapter.state_folder;
  pricing.drop.suffix = settings.prices.suffix;
  pricing.drop.needs_done = settings.prices.needs_done;
  pricing.drop.stable_ms = settings.prices.stable_ms;
  pricing.state_folder = adapter.state_folder;
  pricing.poll_every_ms = settings.prices.poll_every_ms;
  pricing.expected_by = settings.prices.expected_by;
  pricing.zone = settings.zone;
  pricing.local_currency = settings.local_currency;
  pricing.vat_percent = settings.vat_percent;
  return pricing;
}

class DynamicsNav final : public ErpAdapter,
                          public DescribedReads,
                          public DescribedSearches,
                          public PutAsideFiles {
 public:
  DynamicsNav(const AdapterSettings& adapter, Settings settings, Mappings mappings,
              FaultTable faults)
      : settings_(std::move(settings)),
        mappings_(std::move(mappings)),
        described_(settings_, adapter.system, mappings_, faults, names_of(settings_)),
        services_(settings_.soap, adapter.system, make_soap_wire(settings_.soap, adapter.system),
                  std::move(faults)),
        database_(database_of(settings_, adapter.system)),
        orders_(services_, settings_, mappings_,
                OrderFeed(feed_of(settings_, adapter.system), database_)),
        customers_(services_, settings_, mappings_, feed_of(settings_, adapter.system), database_),
        inventory_(make_inventory(inventory_of(settings_, adapter.system), database_,
                                  [this](const JournalLine& line, const CallContext& context) {
                                    return post_item_journal(services_, line, context);
                                  })),
        returns_(services_, settings_),
        postings_({adapter.system, names_of(settings_), settings_.chart, settings_.local_currency},
                  database_) {
    descriptor_.idempotency = IdempotencyMode::lookup;
    descriptor_.optimistic_locking = true;
    descriptor_.stock_by_location = true;
    descriptor_.real_time_price = false;
    descriptor_.delta = DeltaMode::rowversion;
    descriptor_.page_max = settings_.page_size;
    descriptor_.inert_by = "unreleased";
    descriptor_.settle_ms = settings_.settle_ms;
    if (!settings_.return_reasons.empty()) descriptor_.returns = ReturnsMode::return_order;
  }

  void set_pricing(std::unique_ptr<NavPricing> pricing) { pricing_ = std::move(pricing); }
  const std::shared_ptr<odbc::Database>& database() const { return database_; }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }

  Status ping(const CallContext& context) override {
    if (const Status soap = services_.ping(context); !soap) return soap;
    return database_->ping(context.deadline);
  }

  std::vector<Finding> examine(const CallContext& context) override {
    std::vector<Finding> findings;
    const Status soap = services_.ping(context);
    findings.push_back({soap.has_value(), "SOAP services at " + settings_.soap.url,
                        soap ? "" : soap.error().message});
    if (soap) append(findings, services_.examine(context));
    if (soap && returns() != nullptr)
      append(findings, services_.examine(context, return_bindings()));
    const Status odbc = database_->ping(context.deadline);
    findings.push_back({odbc.has_value(), "SQL database", odbc ? "" : odbc.error().message});
    if (odbc) {
      append(findings, examine_sql(*database_, names_of(settings_), context.deadline));
      append(findings, examine_feeds(*database_, names_of(settings_), context.deadline));
      if (settings_.odbc.value_entries)
        append(findings, examine_value_entries(*database_, names_of(settings_), context.deadline));
      if (postings() != nullptr)
        append(findings, examine_postings(*database_, names_of(settings_), context.deadline));
    }
    if (odbc || !settings_.prices.table) append(findings, pricing_->examine(context));
    return findings;
  }

  OrderService* orders() override { return &orders_; }
  InventoryService* inventory() override { return inventory_.get(); }
  PricingService* pricing() override { return pricing_.get(); }
  CustomerService* customers() override { return &customers_; }
  PostingService* postings() override { return settings_.chart.empty() ? nullptr : &postings_; }
  ReturnService* returns() override {
    return settings_.return_reasons.empty() ? nullptr : &returns_;
  }
  std::vector<AdapterTask> tasks() override { return {pricing_->task()}; }
  std::vector<Alarm> alarms() override { return pricing_->alarms(); }

  std::vector<std::string> put_aside() override {
    return settings_.prices.table ? std::vector<std::string>() : quarantine_.names();
  }
  Result<PutAside> put_aside(const std::string& name) override { return quarantine_.tell(name); }

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
  std::vector<std::string> describe_prices(const PriceQuery&) override { return of_the_list(); }
  std::vector<std::string> describe_quote(const QuoteRequest&) override { return of_the_list(); }

 private:
  std::vector<std::string> of_the_list() {
    const auto list = pricing_->list_in_force({});
    return {
        "# Nothing is sent: prices are those of the " +
        std::string(settings_.prices.table ? "table Sales Price, as last read" : "nightly file") +
        (list && *list ? ", list " + (*list)->batch + " of " + (*list)->created.text()
                       : std::string())};
  }
  static void append(std::vector<Finding>& findings, std::vector<Finding> more) {
    for (Finding& finding : more) findings.push_back(std::move(finding));
  }

  const Settings settings_;
  const Mappings mappings_;
  const Described described_;
  const Services services_;
  const std::shared_ptr<odbc::Database> database_;
  CapabilityDescriptor descriptor_;
  Orders orders_;
  Customers customers_;
  std::unique_ptr<InventoryService> inventory_;
  Returns returns_;
  Postings postings_;
  std::unique_ptr<NavPricing> pricing_;
  const file_drop::Quarantine quarantine_{settings_.prices.folder,
                                          [](std::string_view) { return Capability::pricing; }};
};

}  // namespace
}  // namespace legacy::dynamics_nav

Result<std::unique_ptr<ErpAdapter>> make_dynamics_nav_adapter(const AdapterSettings& adapter) {
  using namespace legacy::dynamics_nav;
  return guarded(adapter.system, ErrorCode::internal, [&]() -> std::unique_ptr<ErpAdapter> {
    Settings settings = must(read_settings(adapter.settings_json));
    auto nav = std::make_unique<DynamicsNav>(
        adapter, settings, must(load_mappings()),
        must(FaultTable::load(embedded::dynamics_nav("faults.json"))));
    nav->set_pricing(must(make_pricing(pricing_of(settings, adapter), nav->database())));
    return nav;
  });
}

}  // namespace underpin
