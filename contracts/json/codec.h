#pragma once

#include "contracts/customer.h"
#include "contracts/inventory.h"
#include "contracts/json/json_text.h"
#include "contracts/order.h"
#include "contracts/page.h"
#include "contracts/pricing.h"

#include <optional>

// The canonical documents in JSON, one codec per type; contracts/schemas describes the same shapes.
// Members are camelCase. Amounts and quantities are strings ("10.50"), their scale is kept; dates
// are YYYY-MM-DD, timestamps RFC 3339. Empty texts and absent optionals are not written.
//
// from_json refuses unknown members and wrong types as invalid_request and reports all of them at
// once in Error::fields. It accepts everything that to_json writes: from_json(to_json(x)) == x.
// What a channel may not send (status, shipped quantities, revision ...) is refused by the
// ..._request decoders. Rules between fields are contracts/order_rules.h's.
namespace underpin::json {

Value to_json(const Address& address);
Value to_json(const OrderTotals& totals);
Value to_json(const Order& order);
Value to_json(const OrderAmendment& amendment);
Value to_json(const OrderCancellation& cancellation);
Value to_json(const OrderReceipt& receipt);
Value to_json(const OrderRef& ref);
Value to_json(const StockLevel& level);
Value to_json(const StockAdjustment& adjustment);
Value to_json(const AdjustmentReceipt& receipt);
Value to_json(const AvailabilityRequest& request);
Value to_json(const PriceEntry& entry);
Value to_json(const PriceList& list);
Value to_json(const PriceListReceipt& receipt);
Value to_json(const QuoteRequest& request);
Value to_json(const Quote& quote);
Value to_json(const Customer& customer);
Value to_json(const CustomerAmendment& amendment);
Value to_json(const CustomerReceipt& receipt);
// {code, message, system, vendorCode, retryAfterS, fields}: for stored answers and exceptions.
Value to_json(const Error& error);

template <class T>
Result<T> from_json(const Value& value);
template <>
Result<Address> from_json<Address>(const Value& value);
template <>
Result<OrderTotals> from_json<OrderTotals>(const Value& value);
template <>
Result<Order> from_json<Order>(const Value& value);
template <>
Result<OrderAmendment> from_json<OrderAmendment>(const Value& value);
template <>
Result<OrderCancellation> from_json<OrderCancellation>(const Value& value);
template <>
Result<OrderReceipt> from_json<OrderReceipt>(const Value& value);
template <>
Result<OrderRef> from_json<OrderRef>(const Value& value);
template <>
Result<StockLevel> from_json<StockLevel>(const Value& value);
template <>
Result<StockAdjustment> from_json<StockAdjustment>(const Value& value);
template <>
Result<AdjustmentReceipt> from_json<AdjustmentReceipt>(const Value& value);
template <>
Result<AvailabilityRequest> from_json<AvailabilityRequest>(const Value& value);
template <>
Result<PriceEntry> from_json<PriceEntry>(const Value& value);
template <>
Result<PriceList> from_json<PriceList>(const Value& value);
template <>
Result<PriceListReceipt> from_json<PriceListReceipt>(const Value& value);
template <>
Result<QuoteRequest> from_json<QuoteRequest>(const Value& value);
template <>
Result<Quote> from_json<Quote>(const Value& value);
template <>
Result<Customer> from_json<Customer>(const Value& value);
template <>
Result<CustomerAmendment> from_json<CustomerAmendment>(const Value& value);
template <>
Result<CustomerReceipt> from_json<CustomerReceipt>(const Value& value);

// An Error cannot be the value of a Result; nothing when `value` is none.
std::optional<Error> error_from_json(const Value& value);

// What a channel sends: required members must be there, read-only ones must not. `channel` comes
// from the caller's key, never from the body.
Result<Order> order_request_from_json(const Value& value, const ChannelId& channel);
Result<OrderAmendment> order_amendment_request_from_json(const Value& value);
Result<Customer> customer_request_from_json(const Value& value);

// {items, next, asOf}: `next` is absent on the last page.
template <class T>
Value page_to_json(const Page<T>& page, std::optional<Timestamp> as_of = std::nullopt) {
  Value items = Value::array();
  for (const T& item : page.items) items.push(to_json(item));
  Value result = Value::object();
  result.set("items", std::move(items));
  if (!page.next.empty()) result.set("next", page.next.text());
  if (as_of) result.set("asOf", as_of->text());
  return result;
}

}  // namespace underpin::json
