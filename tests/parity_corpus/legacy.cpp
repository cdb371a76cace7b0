#include "tests/parity_corpus/reading.h"

#include "contracts/json/codec.h"
#include "facade/comparisons.h"
#include "facade/customers.h"
#include "facade/inventory.h"
#include "facade/order_content.h"
#include "facade/pricing.h"
#include "legacy-adapters/dynamics_nav/customers.h"
#include "legacy-adapters/dynamics_nav/inventory.h"
#include "legacy-adapters/dynamics_nav/orders.h"
#include "legacy-adapters/dynamics_nav/price_file.h"
#include "legacy-adapters/transport/soap/envelope.h"
#include "tests/unit/dynamics_nav/nav_tables.h"

#include <sstream>

namespace underpin::embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace underpin::corpus {
namespace {

namespace nav = legacy::dynamics_nav;

// Answers every request with the raw file of its service and operation.
class RawNav final : public nav::Wire {
 public:
  explicit RawNav(Raw raw) : raw_(std::move(raw)) {}

  Result<nav::Reply> exchange(const nav::Exchange& exchange, const CallContext&) override {
    const std::string service = exchange.url.substr(exchange.url.rfind('/') + 1);
    const std::string operation = exchange.action.substr(exchange.action.rfind(':') + 1);
    const std::string file = file_of(service, operation);
    const std::string envelope = file.empty() ? nothing(exchange.action) : raw_.at(file);
    const auto body = legacy::soap::read_body(envelope, {});
    if (!body) return body.error();
    nav::Reply reply{envelope, std::nullopt};
    if (body->fault) reply.fault = nav::Fault{body->fault->code, body->fault->text};
    return reply;
  }
  Result<std::string> get(const std::string& url, const CallContext&) override {
    return Error{ErrorCode::unavailable, url};
  }

 private:
  static std::string file_of(const std::string& service, const std::string& operation) {
    if (service == "SalesOrder") return "nav_order.xml";
    if (service == "Customer")
      return operation == "Read" ? "nav_customer.xml" : "nav_customers.xml";
    return {};
  }
  static std::string nothing(const std::string& action) {
    const std::string name_space = action.substr(0, action.rfind(':'));
    return R"(<Soap:Envelope xmlns:Soap="http://schemas.xmlsoap.org/soap/envelope/"><Soap:Body>)"
           R"(<ReadMultiple_Result xmlns=")" +
           name_space +
           R"("><ReadMultiple_Result/></ReadMultiple_Result></Soap:Body></Soap:Envelope>)";
  }
  const Raw raw_;
};

struct Nav {
  explicit Nav(const Raw& raw) : mappings(nav::load_mappings().value()) {
    settings.soap.url = "http://nav.example:7047";
    settings.soap.company = "CRONUS";
    settings.charges = {{"shipping", "8510"}};
    services = std::make_unique<nav::Services>(
        settings.soap, "nav", std::make_shared<RawNav>(raw),
        nav::FaultTable::load(embedded::dynamics_nav("faults.json")).value());
  }
  nav::Settings settings;
  nav::Mappings mappings;
  std::unique_ptr<nav::Services> services;
};

parity::Side order(const Raw& raw) {
  Nav site(raw);
  nav::Orders orders(*site.services, site.settings, site.mappings,
                     nav::OrderFeed(nav::FeedSettings{}, nullptr));
  const auto read = orders.get_order({order_id(), {}}, soon());
  const auto receipt = orders.find_receipt(order_id(), soon());
  return facade::parity_side(read, 1, [&](const Order& one) {
    return facade::comparable(one, receipt ? receipt->document : DocumentNumber{}, true);
  });
}

parity::Side customer(const Raw& raw) {
  Nav site(raw);
  nav::Customers customers(*site.services, site.settings, site.mappings, nav::FeedSettings{},
                           nullptr);
  return facade::parity_side(customers.get_customer(CustomerNumber("C10001"), soon()), 1,
                             [](const Customer& one) { return facade::comparable(one); });
}

parity::Side stock(const Raw& raw) {
  nav::NavTables tables;
  tables.run(raw.at("nav_stock.sql"));
  nav::InventorySettings settings;
  settings.system = "nav";
  settings.sql.company = "CRONUS";
  const auto inventory = nav::make_inventory(
      settings, tables.database(), [](const nav::JournalLine&, const CallContext&) {
        return Result<DocumentNumber>(Error{ErrorCode::unsupported, "nothing is posted here"});
      });
  return stock_side(inventory->get_stock({{stock_key().sku}, stock_key().location}, soon()));
}

parity::Side prices(const Raw& raw) {
  Page<PriceEntry> page;
  std::istringstream file(raw.at("nav_prices.csv"));
  nav::PriceFileConsumer consumer;
  consumer.header = [](const nav::PriceFileHeader&) { return Status(Done{}); };
  consumer.row = [&](const PriceEntry& row, bool deletion) {
    if (!deletion) page.items.push_back(row);
    return Status(Done{});
  };
  const auto totals = nav::read_price_file(file, {}, consumer);
  if (!totals) {
    parity::Side side;
    side.error = totals.error();
    return side;
  }
  return facade::parity_side(Result<Page<PriceEntry>>(page), 1,
                             [](const Page<PriceEntry>& one) { return facade::comparable(one); });
}

}  // namespace

parity::Side read_legacy(const std::string& document, const Raw& raw) {
  if (document == "order") return order(raw);
  if (document == "customer") return customer(raw);
  if (document == "stock") return stock(raw);
  return prices(raw);
}

}  // namespace underpin::corpus
