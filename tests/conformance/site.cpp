#include "tests/conformance/site.h"

#include "contracts/external_reference.h"

#include <map>
#include <set>
#include <stdexcept>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_business_central_adapter(const AdapterSettings&);
#ifdef UNDERPIN_CONFORMANCE_WITH_NAV
Result<std::unique_ptr<ErpAdapter>> make_dynamics_nav_adapter(const AdapterSettings&);
#endif

namespace conformance {

using test::Vendor;

std::vector<const char*> all_adapters() {
#ifdef UNDERPIN_CONFORMANCE_WITH_NAV
  return {"business_central", "dynamics_nav"};
#else
  return {"business_central"};
#endif
}

std::string adapter_name(const testing::TestParamInfo<const char*>& adapter) {
  return adapter.param;
}

namespace {

std::string quoted(const std::string& text) { return json::write(json::Value(text)); }

int count_if(const json::Value& rows, std::string_view member, const std::string& value) {
  int found = 0;
  for (const json::Value& row : rows.items())
    if (row.get(member).text() == value) ++found;
  return found;
}

}  // namespace

Site::Site(const std::string& adapter)
    : name_(adapter),
      simulator_(std::make_unique<test::Simulator>(
          adapter == "business_central" ? Vendor::business_central : Vendor::dynamics_nav)),
      adapter_(make(name_, simulator_->settings(settle_ms), simulator_->folder() / "state")) {
  if (adapter_ == nullptr) throw std::runtime_error("no adapter " + name_);
  if (!cloud()) {
    // Prices of NAV come with its nightly file.
    user("write_price_file", R"({"mode": "full"})");
  }
}

std::unique_ptr<ErpAdapter> make(const std::string& adapter, const std::string& settings,
                                 const std::filesystem::path& state_folder) {
  std::filesystem::create_directories(state_folder);
  const AdapterSettings given{"erp", settings, state_folder.string()};
  Result<std::unique_ptr<ErpAdapter>> made =
      Error{ErrorCode::invalid_request, "no adapter is called " + adapter};
  if (adapter == "business_central") made = make_business_central_adapter(given);
#ifdef UNDERPIN_CONFORMANCE_WITH_NAV
  if (adapter == "dynamics_nav") made = make_dynamics_nav_adapter(given);
#endif
  EXPECT_TRUE(made.has_value()) << said(made);
  if (!made) return nullptr;
  return std::move(made).value();
}

json::Value Site::user(const std::string& action, const std::string& body) {
  return simulator_->control("POST", "users/" + action, body);
}

void Site::ship(const DocumentNumber& document, bool partial) {
  const std::string number = quoted(document.text());
  const json::Value done =
      cloud() ? user("pick_and_ship", R"({"number": )" + number + R"(, "partial": )" +
                                          (partial ? "true" : "false") + "}")
              : user("pick_and_ship", R"({"orders": [)" + number + R"(], "partial_percent": )" +
                                          (partial ? "100" : "0") + "}");
  const json::Value& shipped = done.get(cloud() ? "shipped" : "shipments");
  if (shipped.size() != 1) throw std::runtime_error("nothing was shipped: " + json::write(done));
}

void Site::invoice(const DocumentNumber& document) {
  const std::string number = quoted(document.text());
  user("invoice", cloud() ? R"({"number": )" + number + "}" : R"({"orders": [)" + number + "]}");
}

void Site::delete_order(const DocumentNumber& document) {
  user("delete_order",
       std::string(cloud() ? R"({"number": )" : R"({"no": )") + quoted(document.text()) + "}");
}

void Site::change_quantity(const DocumentNumber& document, int line, const std::string& quantity) {
  const std::string sequence = std::to_string(line * 10'000);
  const std::string number = quoted(document.text());
  if (cloud()) {
    user("edit_order", R"({"number": )" + number + R"(, "line": {"sequence": )" + sequence +
                           R"(, "quantity": )" + quoted(quantity) + "}}");
  } else {
    user("edit_order", R"({"no": )" + number + R"(, "lines": [{"line_no": )" + sequence +
                           R"(, "Quantity": )" + quoted(quantity) + "}]}");
  }
}

void Site::goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                       const std::string& document) {
  user("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                          quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                          R"(, "document": )" + quoted(document) + "}");
}

void Site::block_customer(const CustomerNumber& number, bool blocked) {
  user("block_customer", R"({"number": )" + quoted(number.text()) + R"(, "blocked": )" +
                             quoted(blocked   ? "All"
                                    : cloud() ? " "
                                              : "_blank_") +
                             "}");
}

int Site::documents(const std::string& reference) {
  const json::Value state = simulator_->control("GET", "state");
  std::set<std::string> numbers;
  const auto add = [&](std::string_view table, std::string_view by, std::string_view number) {
    for (const json::Value& row : state.get(table).items())
      if (row.get(by).text() == reference) numbers.insert(row.get(number).text());
  };
  if (cloud()) {
    add("salesOrders", "externalDocumentNumber", "number");
    add("orderArchive", "externalDocumentNumber", "orderNumber");
    add("salesShipments", "externalDocumentNumber", "orderNumber");
    add("salesInvoices", "externalDocumentNumber", "orderNumber");
  } else {
    add("orders", "external_document_no", "no");
    add("archived", "external_document_no", "no");
    add("shipments", "external_document_no", "order_no");
    add("invoices", "external_document_no", "order_no");
  }
  return static_cast<int>(numbers.size());
}

bool Site::is_open(const DocumentNumber& document) {
  const json::Value state = simulator_->control("GET", "state?part=orders");
  return count_if(state.get(cloud() ? "salesOrders" : "orders"), cloud() ? "number" : "no",
                  document.text()) > 0;
}

bool Site::is_released(const DocumentNumber& document) {
  const json::Value state = simulator_->control("GET", "state?part=orders");
  for (const json::Value& row : state.get(cloud() ? "salesOrders" : "orders").items())
    if (row.get(cloud() ? "number" : "no").text() == document.text())
      return row.get("status").text() == (cloud() ? "Open" : "Released");
  return false;
}

int Site::postings(const MovementId& movement) {
  if (cloud()) {
    return count_if(simulator_->control("GET", "state?part=ledger").get("itemLedgerEntries"),
                    "documentNumber", movement.text());
  }
  return count_if(simulator_->control("GET", "state?part=ledger_entries").get("ledger_entries"),
                  "document", movement.text());
}

int Site::customers(const CustomerNumber& number) {
  return count_if(simulator_->control("GET", "state?part=customers").get("customers"), "number",
                  number.text());
}

void Site::fault(Write write, const std::string& kind, const std::string& more) {
  static const std::map<Write, std::pair<const char*, const char*>> operations{
      {Write::create_order, {"salesOrders.POST", "SalesOrder.Create"}},
      {Write::change_order, {"salesOrderLines.PATCH", "SalesOrder.Update"}},
      {Write::delete_order, {"salesOrders.DELETE", "SalesOrder.Delete"}},
      {Write::release_order, {"salesOrderReleases.POST", "SalesRelease.*"}},
      {Write::post_journal, {"itemJournalPostings.POST", "ItemJournal.*"}},
      {Write::create_customer, {"customers.POST", "Customer.Create"}},
  };
  const auto& [ours, theirs] = operations.at(write);
  simulator_->fault(cloud() ? ours : theirs, kind, more);
}

void Site::fault_everywhere(const std::string& kind, const std::string& more) {
  simulator_->fault("*", kind, more);
}

// ---- the fixture
// ---------------------------------------------------------------------------------

void Contract::SetUp() {
  static std::map<std::string, std::unique_ptr<Site>> sites;
  std::unique_ptr<Site>& one = sites[GetParam()];
  if (!one) one = std::make_unique<Site>(GetParam());
  site_ = one.get();
}

void Contract::TearDown() {
  if (site_ == nullptr) return;
  site_->simulator().clear_faults();
  site_->simulator().await_late_commits();
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
  context.idempotency_key = IdempotencyKey{"key"};
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

}  // namespace conformance
}  // namespace underpin
