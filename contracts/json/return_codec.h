#pragma once

#include "contracts/json/codec.h"
#include "contracts/order_return.h"

namespace underpin::json {

class ObjectReader;

Value to_json(const OrderReturn& asked);
Value to_json(const ReturnReference& made);
// {channel, number, return, document, date, status, state, lines}: of the order, and what was made.
Value to_json(const ReturnReceipt& receipt);

template <>
Result<OrderReturn> from_json<OrderReturn>(const Value& value);
template <>
Result<ReturnReceipt> from_json<ReturnReceipt>(const Value& value);

// What a channel sends: {number, returnDate, lines: [{number, quantity, reason, location}]}.
Result<OrderReturn> return_request_from_json(const Value& value);

// Of an order's `returns`.
void read_return(ObjectReader& reader, ReturnReference& made);

}  // namespace underpin::json
