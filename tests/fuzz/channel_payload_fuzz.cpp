// Any JSON in the place of any payload: every codec refuses it, naming the fields, or reads it, and
// what it read is written and read again as the same.
#include "contracts/json/return_codec.h"
#include "contracts/json/schema.h"
#include "contracts/order_rules.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace underpin;

void require(bool promise) {
  if (!promise) std::abort();
}

void check_refusal(const Error& error) {
  require(error.code == ErrorCode::invalid_request && !error.message.empty());
  require(!error.fields.empty());
  for (const FieldError& field : error.fields) {
    require(field.pointer.empty() || field.pointer.front() == '/');
    require(!field.detail.empty());
  }
}

template <class T>
void check_codec(const json::Value& value) {
  const Result<T> read = json::from_json<T>(value);
  if (!read) return check_refusal(read.error());
  const json::Value told = json::to_json(*read);
  const Result<json::Value> parsed = json::parse(json::write(told));
  require(parsed.has_value() && *parsed == told);
  const Result<T> again = json::from_json<T>(*parsed);
  require(again.has_value() && json::to_json(*again) == told);
}

template <class... T>
void check_codecs(const json::Value& value) {
  (check_codec<T>(value), ...);
}

// What a channel's order may not say for itself is never taken from its body.
void check_requests(const json::Value& value) {
  const Result<Order> order = json::order_request_from_json(value, ChannelId{"web"});
  if (order) {
    require(order->id.channel.text() == "web" && order->revision.empty());
    require(order->shipments.empty() && order->invoices.empty() && !order->updated_at);
    for (const OrderLine& line : order->lines)
      require(line.shipped_quantity.is_zero() && line.invoiced_quantity.is_zero());
    for (const FieldError& broken : broken_rules(*order)) require(!broken.detail.empty());
    require(json::from_json<Order>(json::to_json(*order)).value() == *order);
  } else {
    check_refusal(order.error());
  }
  const Result<OrderAmendment> amendment = json::order_amendment_request_from_json(value);
  if (!amendment) check_refusal(amendment.error());
  const Result<OrderReturn> returned = json::return_request_from_json(value);
  if (returned) {
    // What it takes back, and for how much, is the order's to say.
    require(returned->order.empty() && returned->customer.empty() && returned->invoices.empty());
    for (const ReturnLine& line : returned->lines)
      require(line.sku.empty() && line.unit_price.is_zero() && line.discount.is_zero());
    for (const FieldError& broken : broken_rules(*returned)) require(!broken.detail.empty());
  } else {
    check_refusal(returned.error());
  }
  const Result<Customer> customer = json::customer_request_from_json(value);
  if (!customer) check_refusal(customer.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A reference that is read is written again as the same.
  if (const auto id = decode_return_reference(text)) {
    const auto written = encode_return_reference(id->order, id->number, size);
    require(written.has_value() && *written == text);
  }
  const auto value = json::parse(text);
  if (!value) return 0;
  check_codecs<Address, OrderTotals, Order, OrderAmendment, OrderCancellation, OrderReceipt,
               OrderRef, StockLevel, StockAdjustment, AdjustmentReceipt, AvailabilityRequest,
               PriceEntry, PriceList, PriceListReceipt, QuoteRequest, Quote, Customer,
               CustomerAmendment, CustomerReceipt, OrderReturn, ReturnReceipt>(*value);
  check_requests(*value);
  if (const auto error = json::error_from_json(*value)) {
    const json::Value told = json::to_json(*error);
    const auto again = json::error_from_json(told);
    require(again.has_value() && json::to_json(*again) == told);
  }
  return 0;
}
