#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/put_aside.h"
#include "legacy-adapters/iseries_batch/customers.h"
#include "legacy-adapters/iseries_batch/failure.h"
#include "legacy-adapters/iseries_batch/inventory.h"
#include "legacy-adapters/iseries_batch/orders.h"
#include "legacy-adapters/iseries_batch/pricing.h"
#include "legacy-adapters/iseries_batch/returns.h"
#include "legacy-adapters/transport/file_drop/quarantine.h"

#include <filesystem>

namespace underpin {
namespace legacy::iseries_batch {
namespace {

std::filesystem::path within(const AdapterSettings& adapter, const char* name) {
  return std::filesystem::path(adapter.state_folder) / name;
}

std::string made_folder(const AdapterSettings& adapter, const char* name) {
  const std::filesystem::path folder = within(adapter, name);
  std::filesystem::create_directories(folder);
  return folder.string();
}

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

// By the beginning of a file's name; a status file is of orders mostly.
Capability capability_of(std::string_view file) {
  const auto is = [&](FileKind kind) { return file.starts_with(prefix(kind)); };
  if (is(FileKind::stock) || is(FileKind::delta)) return Capability::inventory;
  if (is(FileKind::customer)) return Capability::customers;
  return is(FileKind::prices) ? Capability::pricing : Capability::orders;
}

class IseriesBatch final : public ErpAdapter, public PutAsideFiles {
 public:
  IseriesBatch(const AdapterSettings& adapter, Settings settings)
      : settings_(std::move(settings)),
        state_(within(adapter, "state.db").string()),
        stock_(within(adapter, "stock.db").string()),
        guard_(settings_, made_folder(adapter, "inbound"), state_, now),
        receiver_(settings_, adapter.system, made_folder(adapter, "inbound"), guard_, state_,
                  stock_, now),
        exchange_(settings_, adapter.system, made_folder(adapter, "outbound"), guard_, state_,
                  receiver_, now),
        orders_(settings_, adapter.system, state_, exchange_),
        customers_(settings_, adapter.system, state_, exchange_),
        inventory_(settings_, adapter.system, state_, stock_, exchange_),
        returns_(settings_, adapter.system, state_, exchange_),
        pricing_(settings_, adapter.system, adapter.state_folder, guard_, state_, stock_, now) {
    descriptor_.idempotency = IdempotencyMode::lookup;
    descriptor_.stock_by_location = true;
    descriptor_.delta = DeltaMode::timestamp;
    descriptor_.page_max = settings_.page_size;
    descriptor_.inert_by = "hold";
    descriptor_.settle_ms = settings_.settle_ms;
    if (!settings_.return_reasons.empty()) descriptor_.returns = ReturnsMode::return_order;
    doubtful_ = descriptor_;
    doubtful_.settle_ms =
        std::max<std::int64_t>(settings_.settle_ms, 60'000LL * settings_.lost_after_minutes);
  }

  // While writes are lost only the time proves that the batch job will not post them: a recovery
  // waits for that, or until the last of them is answered.
  const CapabilityDescriptor& descriptor() const override {
    return guard_.in_doubt() ? doubtful_ : descriptor_;
  }
  Status ping(const CallContext&) override { return exchange_.reachable(); }

  std::vector<Finding> examine(const CallContext&) override {
    std::vector<Finding> findings;
    const Status there = exchange_.reachable();
    findings.push_back({there.has_value(), "exchange folders", there ? "" : there.error().message});
    for (const std::string& folder : {settings_.inbound.folder, settings_.prices.folder})
      for (Finding& finding : file_drop::examine_folder(folder))
        findings.push_back(std::move(finding));
    const bool doubt = guard_.in_doubt();
    findings.push_back({!doubt, "every write that was sent",
                        doubt ? "a newer state.db has sent some that are not answered" : ""});
    const bool levels = !stock_.levels_after({}, 1).empty();
    findings.push_back({levels, "a stock file", levels ? "" : "none was taken in yet"});
    const auto list = pricing_.list_in_force({});
    const bool priced = list && list->has_value();
    findings.push_back({priced, "a price file", priced ? "" : "none was taken in yet"});
    return findings;
  }

  OrderService* orders() override { return &orders_; }
  InventoryService* inventory() override { return &inventory_; }
  PricingService* pricing() override { return &pricing_; }
  CustomerService* customers() override { return &customers_; }
  ReturnService* returns() override {
    return settings_.return_reasons.empty() ? nullptr : &returns_;
  }

  std::vector<AdapterTask> tasks() override {
    const std::chrono::milliseconds poll(settings_.poll_every_ms);
    const std::chrono::milliseconds send(
        std::max(settings_.collect_every_ms, settings_.poll_every_ms));
    return {
        {"send", send, [this](const CallContext&) { return exchange_.send_kept(); }},
        {"receive", poll,
         [this](const CallContext& context) { return receiver_.poll(context.deadline); }},
        {"prices", poll, [this](const CallContext& context) { return pricing_.poll(context); }}};
  }

  std::vector<Alarm> alarms() override {
    std::vector<Alarm> all = receiver_.alarms();
    for (Alarm& alarm : guard_.alarms()) all.push_back(std::move(alarm));
    for (Alarm& alarm : exchange_.alarms(now())) all.push_back(std::move(alarm));
    for (Alarm& alarm : pricing_.alarms()) all.push_back(std::move(alarm));
    return all;
  }

  std::vector<std::string> put_aside() override { return quarantines_.names(); }
  Result<PutAside> put_aside(const std::string& name) override { return quarantines_.tell(name); }

 private:
  const Settings settings_;
  CapabilityDescriptor descriptor_;
  CapabilityDescriptor doubtful_;
  State state_;
  StockStore stock_;
  ExchangeGuard guard_;
  Receiver receiver_;
  Exchange exchange_;
  Orders orders_;
  Customers customers_;
  Inventory inventory_;
  Returns returns_;
  Pricing pricing_;
  const file_drop::Quarantines quarantines_{
      {{settings_.inbound.folder, capability_of}, {settings_.prices.folder, capability_of}}};
};

}  // namespace
}  // namespace legacy::iseries_batch

Result<std::unique_ptr<ErpAdapter>> make_iseries_batch_adapter(const AdapterSettings& adapter) {
  using namespace legacy::iseries_batch;
  return guarded(adapter.system, ErrorCode::internal, [&]() -> std::unique_ptr<ErpAdapter> {
    return std::make_unique<IseriesBatch>(adapter, must(read_settings(adapter.settings_json)));
  });
}

}  // namespace underpin
