// Any records as Business Central's answers: an order made of them is one that the codecs accept,
// or they are refused by the member's name. An input is a JSON object of the entity sets' records:
// {"salesOrders": [...], "salesShipments": [...]}; what it does not name is empty.
#include "cloud-adapters/business_central/documents.h"
#include "cloud-adapters/business_central/metadata.h"
#include "cloud-adapters/business_central/site.h"
#include "contracts/json/codec.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::cloud::business_central;

void require(bool promise) {
  if (!promise) std::abort();
}

Settings sample_settings() {
  Settings settings;
  settings.base_url = "https://erp.example";
  settings.company_id = "c0000000-0000-0000-0000-000000000001";
  settings.user = "u";
  settings.password = "p";
  settings.charges = {{"shipping", "Charge", "FREIGHT"}};
  return settings;
}

// ".../companies(x)/salesOrders(1)?$filter=..." -> "salesOrders".
std::string_view entity_of(std::string_view url) {
  url = url.substr(0, url.find('?'));
  url.remove_prefix(url.rfind('/') + 1);
  return url.substr(0, url.find('('));
}

void check(const Order& order) {
  int last = 0;
  for (const OrderLine& line : order.lines) {
    require(line.number >= 1 && line.number >= last);
    last = line.number;
  }
  const auto again = json::from_json<Order>(json::to_json(order));
  require(again.has_value() && *again == order);
}

// A refusal is a Failure, or an amount that no Decimal holds: nothing else may be thrown.
template <class F>
void may_refuse(F&& body) {
  try {
    body();
  } catch (const Failure& failure) {
    require(!failure.error.message.empty());
  } catch (const std::overflow_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Finding& finding : check_metadata(text, "v2.0", needed_of_v2()))
    require(!finding.what.empty());
  // A message of ours against any description: every fault names a rule.
  json::Value line = json::Value::object();
  line.set("sequence", json::Value::integer(10'000));
  line.set("description", "Cup");
  json::Value message = json::Value::object();
  message.set("customerNumber", "C10000");
  message.set("salesOrderLines", json::Value::array({line}));
  for (const FieldError& fault : check_message(text, "salesOrders", message))
    require(!fault.detail.empty());
  const auto sets = json::parse(text);
  if (!sets || !sets->is_object()) return 0;
  Site site(
      sample_settings(), "bc", [&](const transport::HttpRequest& request, const CallContext&) {
        transport::HttpResponse response;
        response.status = 200;
        const std::string_view entity = entity_of(request.url);
        json::Value body = json::Value::object();
        body.set("value", json::Value::array());
        if (entity == "locations") {
          json::Value east = json::Value::object();
          east.set("id", "e0000000-0000-0000-0000-000000000001");
          east.set("code", "EAST");
          body.set("value", json::Value::array({east}));
        } else if (const json::Value* records = sets->find(entity)) {
          if (request.url.find("salesOrders(") == std::string::npos) {
            body.set("value", *records);
          } else if (records->empty()) {
            response.status = 404;
          } else {
            body = records->items().empty() ? json::Value::object() : records->items().front();
          }
        }
        response.body = json::write(body);
        return Result<transport::HttpResponse>(response);
      });
  Documents documents(site);
  const CallContext context;
  const OrderRef ref{{ChannelId("web"), OrderNumber("100042")}, DocumentNumber("S-ORD101001")};
  may_refuse([&] {
    const Found found = documents.find(ref, context);
    if (found.place == Place::nowhere) return;
    may_refuse([&] { check(documents.order_of(found, context)); });
    may_refuse([&] { (void)documents.receipt_of(found, ref.id, context); });
  });
  may_refuse([&] {
    const Found found = documents.find_by_reference(ref.id, context);
    if (found.place != Place::nowhere) check(documents.order_of(found, context));
  });
  may_refuse([&] {
    const Found found = documents.living("a0000000-0000-0000-0000-000000000001", context);
    if (found.place == Place::living) (void)item_lines(found.header);
  });
  may_refuse([&] {
    const auto headers = site.list(site.v2("salesOrders", context), context);
    for (const Order& order : documents.orders_of(headers, context)) check(order);
  });
  return 0;
}
