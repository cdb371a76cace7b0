// Any bytes as NetSuite's answer: refused, or read as a tree within the limits; and what orders,
// customers, stock, prices and returns make of it is a value or an Error with a reason.
#include "contracts/json/codec.h"
#include "legacy-adapters/netsuite_soap/customers.h"
#include "legacy-adapters/netsuite_soap/inventory.h"
#include "legacy-adapters/netsuite_soap/orders.h"
#include "legacy-adapters/netsuite_soap/pricing.h"
#include "legacy-adapters/netsuite_soap/returns.h"
#include "legacy-adapters/transport/soap/envelope.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::legacy;
using namespace underpin::legacy::netsuite_soap;

void require(bool promise) {
  if (!promise) std::abort();
}

// Whatever is asked, the same answer, a few times: a page that says there are more goes on so long.
class OneAnswer {
 public:
  explicit OneAnswer(std::string_view bytes) : bytes_(bytes) {}
  Result<soap::Answer> exchange() {
    if (++times_ > 6) return Error{ErrorCode::unavailable, "asked often enough"};
    const Result<soap::Body> body = soap::read_body(bytes_, {64 * 1024, 32});
    if (!body) return body.error();
    return soap::Answer{std::string(bytes_), *body};
  }

 private:
  std::string_view bytes_;
  int times_ = 0;
};

template <class T>
void check(const Result<T>& result) {
  require(result.has_value() || !result.error().message.empty());
}

template <class Ask>
void ask(std::string_view bytes, const Ask& body) {
  static const Settings settings = [] {
    Settings one;
    one.version = "2020_2";
    one.discount_item = "901";
    one.charges = {{"shipping", "910"}};
    one.return_reasons = {{"DAMAGED", "Damaged"}};
    return one;
  }();
  OneAnswer answer(bytes);
  Suite suite(settings, "netsuite", [&](const soap::Request& request, const CallContext&) {
    require(!request.envelope.empty());
    return answer.exchange();
  });
  References references(suite);
  Documents documents(suite, references);
  body(suite, references, documents);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<Node> tree = read_xml(bytes, {32, 10'000});
  require(tree.has_value() || !tree.error().message.empty());
  const OrderId id{ChannelId("web"), OrderNumber("100042")};
  ask(bytes, [&](Suite& suite, References& references, Documents& documents) {
    Orders orders(suite, references, documents);
    const Result<Order> order = orders.get_order({id, {}}, {});
    check(order);
    if (order)
      for (const OrderLine& line : order->lines) require(line.number >= 1 && line.number <= 9'999);
  });
  ask(bytes, [&](Suite& suite, References& references, Documents& documents) {
    check(Orders(suite, references, documents).list_open_orders({}, {}));
  });
  ask(bytes, [&](Suite& suite, References& references, Documents& documents) {
    check(Orders(suite, references, documents).order_changes({}, {}));
  });
  ask(bytes, [&](Suite& suite, References&, Documents&) {
    const auto all = guarded("netsuite", ErrorCode::internal, [&] {
      int taken = 0;
      suite.deleted("customer", Timestamp{}, {}, [&](const Node&, Timestamp) { ++taken; });
      return taken;
    });
    check(all);
  });
  ask(bytes, [&](Suite& suite, References& references, Documents&) {
    check(Customers(suite, references).get_customer(CustomerNumber("C10001"), {}));
  });
  ask(bytes, [&](Suite& suite, References& references, Documents&) {
    check(Inventory(suite, references).stock_movements({}, {}));
  });
  ask(bytes, [&](Suite& suite, References& references, Documents&) {
    check(Inventory(suite, references).find_adjustment(MovementId("MV-1"), {}));
  });
  ask(bytes, [&](Suite& suite, References& references, Documents&) {
    check(Pricing(suite, references).list_prices({}, {}));
  });
  ask(bytes, [&](Suite& suite, References& references, Documents& documents) {
    check(Returns(suite, references, documents).find_return(id, ReturnNumber("R1"), {}));
  });
  return 0;
}
