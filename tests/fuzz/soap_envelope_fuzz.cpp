// Any bytes as NAV's answer: refused, or read as an envelope within the limits; what every
// service's types read of it are plain texts; and a document made of it is one that the codecs
// accept.
#include "contracts/json/codec.h"
#include "legacy-adapters/dynamics_nav/documents.h"
#include "legacy-adapters/dynamics_nav/services.h"
#include "legacy-adapters/dynamics_nav/wsdl_check.h"
#include "legacy-adapters/transport/soap/envelope.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace underpin::embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace {

using namespace underpin;
using namespace underpin::legacy;
using namespace underpin::legacy::dynamics_nav;

void require(bool promise) {
  if (!promise) std::abort();
}

const soap::Limits limits{64 * 1024, 32};

// Objects, arrays and texts; the texts are UTF-8, which the writer would otherwise replace.
void check_record(const Record& record) {
  require(record.is_object());
  const auto again = json::parse(json::write(record));
  require(again.has_value() && *again == record);
}

// Answers whatever is asked with the same bytes, as soap_wire does.
class OneAnswer final : public Wire {
 public:
  std::string envelope;
  std::optional<Fault> fault;
  Result<Reply> exchange(const Exchange& exchange, const CallContext&) override {
    require(!exchange.envelope.empty());
    return Reply{envelope, fault};
  }
  Result<std::string> get(const std::string&, const CallContext&) override { return envelope; }
};

const FaultTable& faults() {
  static const FaultTable table = FaultTable::load(embedded::dynamics_nav("faults.json")).value();
  return table;
}

void check_order(const Documents& documents, const Found& found) {
  const Order order = documents.order_of(found, {});
  for (const OrderLine& line : order.lines) require(line.number >= 1 && line.number <= 9'999);
  const auto again = json::from_json<Order>(json::to_json(order));
  require(again.has_value() && *again == order);
  (void)documents.receipt_of(found, order.id);
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

void check_documents(const std::shared_ptr<OneAnswer>& wire) {
  static const Mappings mappings = load_mappings().value();
  static const Settings settings;
  const Services services(settings.soap, "nav", wire, faults());
  const Documents documents(services, settings, mappings);
  may_refuse([&] { check_order(documents, documents.find_by_number("1001", {})); });
  may_refuse([&] {
    check_order(documents,
                documents.find_by_reference({ChannelId("web"), OrderNumber("100042")}, {}));
  });
  may_refuse([&] {
    const auto rows = must(services.list(sales_order_binding(), {}, "", 0, {}));
    for (const Order& order : documents.open_orders_of(rows, {})) {
      require(json::from_json<Order>(json::to_json(order)).has_value());
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<const Binding*> bindings = all_bindings();
  bindings.insert(bindings.end(), return_bindings().begin(), return_bindings().end());
  for (const Binding* binding : bindings) {
    for (const Finding& finding : check_wsdl(bytes, *binding)) require(!finding.what.empty());
  }
  const Result<soap::Body> body = soap::read_body(bytes, limits);
  if (!body) {
    require(body.error().code == ErrorCode::internal && !body.error().message.empty());
    return 0;
  }
  require(!body->fault || body->name == "Fault");
  // What is well-formed stays so inside the limits only.
  require(!soap::read_body(bytes, {size - 1, limits.depth}).has_value());
  require(!soap::read_body(bytes.substr(0, bytes.rfind('>')), limits).has_value());
  const auto wire = std::make_shared<OneAnswer>();
  wire->envelope = std::string(bytes);
  if (body->fault) {
    wire->fault = Fault{body->fault->code, body->fault->text};
    const Error error = faults().error_of(*wire->fault, "nav");
    require(error.code != ErrorCode::outcome_unknown && error.system == "nav");
  }
  for (const Binding* binding : bindings) {
    for (const Operation& operation : binding->operations) {
      try {
        check_record(operation.decode(bytes));
      } catch (const std::runtime_error& refusal) {
        require(refusal.what()[0] != '\0');
      }
    }
  }
  check_documents(wire);
  return 0;
}
