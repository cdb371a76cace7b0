#include "tests/conformance/site.h"

#include "contracts/external_reference.h"
#include "tests/conformance/site_entry.h"

#include <atomic>
#include <map>
#include <stdexcept>

namespace underpin::conformance {

AdapterFeatures SiteEntry::features() const {
  const auto value = json::parse(embedded("features.json"));
  if (!value) throw std::runtime_error(std::string(adapter) + ": " + value.error().message);
  auto features = adapter_features_from_json(*value);
  if (!features) throw std::runtime_error(std::string(adapter) + ": " + said(features));
  return std::move(features).value();
}

std::vector<const char*> adapters_with(std::string_view capability) {
  std::vector<const char*> names;
  for (const SiteEntry& entry : all_sites())
    if (entry.features().offers(capability)) names.push_back(entry.adapter);
  return names;
}

std::string adapter_name(const testing::TestParamInfo<const char*>& adapter) {
  return adapter.param;
}

std::string quoted(const std::string& text) { return json::write(json::Value(text)); }

int count_if(const json::Value& rows, std::string_view member, const std::string& value) {
  int found = 0;
  for (const json::Value& row : rows.items())
    if (row.get(member).text() == value) ++found;
  return found;
}

std::unique_ptr<ErpAdapter> made(Result<std::unique_ptr<ErpAdapter>> adapter) {
  EXPECT_TRUE(adapter.has_value()) << said(adapter);
  if (!adapter) return nullptr;
  return std::move(adapter).value();
}

void Site::use(std::unique_ptr<ErpAdapter> adapter) {
  if (adapter == nullptr) throw std::runtime_error("no adapter " + name_);
  adapter_ = std::move(adapter);
}

json::Value SimulatedSite::state(const std::string& part) {
  return simulator_->control("GET", part.empty() ? "state" : "state?part=" + part);
}

json::Value SimulatedSite::people(const std::string& action, const std::string& body) {
  return simulator_->control("POST", "users/" + action, body);
}

std::filesystem::path SimulatedSite::state_folder(const std::string& name) {
  const std::filesystem::path folder = simulator_->folder() / name;
  std::filesystem::create_directories(folder);
  return folder;
}

// ---- the fixture
// ---------------------------------------------------------------------------------

void Contract::SetUp() {
  static std::map<std::string, std::unique_ptr<Site>> sites;
  std::unique_ptr<Site>& one = sites[GetParam()];
  for (const SiteEntry& entry : all_sites())
    if (!one && entry.adapter == std::string(GetParam())) one = entry.make();
  site_ = one.get();
}

void Contract::TearDown() {
  if (site_ == nullptr) return;
  site_->clear_faults();
  site_->await_late_commits();
}

std::string Contract::new_number() {
  static int last = 5'000;
  return std::to_string(++last);
}

Order Contract::new_order() {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"Conf-" + new_number()}};
  order.customer = CustomerNumber{"C10001"};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  order.requested_date = Date{2026, 11, 27};
  order.lines = {line(1, "1000", "3", "20.00"), line(2, "1001", "2", "12.50")};
  order.lines[0].adjustments.push_back({"promotion", "SUMMER", 3, decimal("-5.00"), "Summer sale"});
  order.lines[0].net_amount = decimal("55.00");
  return order;
}

OrderReceipt Contract::placed(const Order& order, Role role) {
  const auto receipt = orders().place_order(order, write_within(20'000, role));
  EXPECT_TRUE(receipt.has_value()) << said(receipt);
  return receipt ? *receipt : OrderReceipt{};
}

OrderReceipt Contract::released(const Order& order) {
  const OrderReceipt receipt = placed(order);
  const auto done = orders().release_order(ref_to(order), write_within());
  EXPECT_TRUE(done.has_value()) << said(done);
  EXPECT_TRUE(done && done->released);
  return receipt;
}

Order Contract::read(const Order& order) {
  const auto found = orders().get_order(ref_to(order), call_within());
  EXPECT_TRUE(found.has_value()) << said(found);
  return found ? *found : Order{};
}

CallContext call_within(int ms) {
  CallContext context;
  context.correlation_id = CorrelationId{"conformance"};
  context.channel = ChannelId{"web"};
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  return context;
}

WriteContext write_within(int ms, Role role) {
  WriteContext context;
  static_cast<CallContext&>(context) = call_within(ms);
  // Each write has a key of its own.
  static std::atomic<int> last{0};
  context.idempotency_key = IdempotencyKey{"key-" + std::to_string(++last)};
  context.role = role;
  return context;
}

Decimal decimal(const char* text) {
  const auto parsed = Decimal::parse(text);
  if (!parsed) throw std::runtime_error(std::string("no decimal: ") + text);
  return *parsed;
}

OrderLine line(int number, const char* sku, const char* quantity, const char* price) {
  OrderLine line;
  line.number = number;
  line.sku = Sku{sku};
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = decimal(quantity);
  line.unit_price = decimal(price);
  line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
  return line;
}

OrderRef ref_to(const Order& order) { return {order.id, {}}; }

std::string reference_of(const Order& order) {
  const auto reference = encode_external_reference(order.id, 35);
  if (!reference) throw std::runtime_error(reference.error().message);
  return *reference;
}

}  // namespace underpin::conformance
