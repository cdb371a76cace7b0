// Any bytes: the JSON reader answers with a value or an error, what it reads is written and read
// back unchanged, and schema, codecs, rules and mappings take every value without crashing. Links:
// contracts_json, mapping.
#include "contracts/json/codec.h"
#include "contracts/json/json_text.h"
#include "contracts/json/schema.h"
#include "contracts/order_rules.h"
#include "mapping/mapping.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

const underpin::mapping::Mapping& sample_mapping() {
  static const auto mapping = underpin::mapping::Mapping::load(R"({"fields": [
    {"as": "split", "canonical": "/number", "vendor": ["N", "M"], "widths": [3, 3]},
    {"as": "join", "canonical": ["/customer", "/currency"], "vendor": "J", "separator": "a"},
    {"as": "date", "canonical": "/orderDate", "vendor": "D"},
    {"as": "each", "canonical": "/lines", "vendor": "L", "fields": [
      {"as": "decimal", "canonical": "/quantity", "vendor": "Q", "factor": "100", "scale_max": 2}]}
    ]})",
                                                               "sample.json");
  return mapping.value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value =
      json::parse(text, {.max_bytes = 1 << 20, .max_depth = 64, .max_nodes = 100'000});
  if (!value) {
    expect(!value.error().message.empty());
    return 0;
  }
  const std::string written = json::write(*value);
  const auto again = json::parse(written);
  expect(again && *again == *value && json::write(*again) == written);
  const auto pretty = json::parse(json::write_pretty(*value));
  expect(pretty && *pretty == *value);

  (void)json::Schema::named("order-request").check(*value);
  (void)json::Schema::compile(text);
  const auto order = json::order_request_from_json(*value, ChannelId{"web"});
  if (order) {
    (void)broken_rules(*order);
    expect(json::from_json<Order>(json::to_json(*order)).value() == *order);
  }
  (void)json::from_json<OrderAmendment>(*value);
  (void)json::from_json<Customer>(*value);

  const auto record = sample_mapping().to_vendor(*value);
  if (record) (void)sample_mapping().from_vendor(*record);
  (void)sample_mapping().from_vendor(*value);
  const auto mapping = mapping::Mapping::load(text, "any.json");
  if (mapping) {
    (void)mapping->to_vendor(*value);
    (void)mapping->from_vendor(*value);
  }
  return 0;
}
