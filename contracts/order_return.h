#pragma once

#include "contracts/error.h"
#include "contracts/order.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin {

// Goods of an order that come back: a document of its own, in the home of its order and nowhere
// else. Its identity is the order's with the channel's number of the return.

struct ReturnLine {
  int number = 0;  // OrderLine::number.
  Decimal quantity;
  std::string reason;     // A code of the channels' table; each ERP's settings map it to its own.
  LocationCode location;  // Where the goods come back to.
  // What is taken back, as the order has it. A channel does not send these.
  Sku sku;
  std::string description;
  std::string uom;
  Decimal unit_price;
  Decimal discount;  // For the whole returned quantity, >= 0.
  bool operator==(const ReturnLine&) const = default;
};

struct OrderReturn {
  OrderId order;
  ReturnNumber number;
  Date date;  // Business date.
  std::vector<ReturnLine> lines;
  // Of the order, as its home has it.
  CustomerNumber customer;
  Currency currency;
  bool prices_include_tax = false;
  std::vector<DocumentNumber> invoices;
  bool operator==(const OrderReturn&) const = default;
};

struct ReturnReceipt {
  OrderId order;
  ReceiptState state = ReceiptState::confirmed;
  ReturnReference made;
  bool operator==(const ReturnReceipt&) const = default;
};

// Whose returns: by the reference that the facade gave them, and by the invoices that the ERP's own
// users applied theirs to.
struct ReturnsOf {
  OrderId order;
  std::vector<DocumentNumber> invoices;
};

std::string_view name(ReturnStatus status);

inline constexpr std::size_t return_lines_max = 500;

bool is_return_number(std::string_view text);  // [A-Za-z0-9._-]{1,20}
bool is_reason_code(std::string_view text);    // [A-Z0-9_-]{1,20}

// What a channel's return must satisfy by itself, like contracts/order_rules.h.
std::vector<FieldError> broken_rules(const OrderReturn& asked);

// What of each line of `order` is back or on its way back: of every return that is not cancelled
// but the one that is numbered `but`. Where an ERP does not name the line it counts for the lines
// of its article, in their order.
void count_returned(Order& order, const std::vector<ReturnReference>& returns,
                    const ReturnNumber& but = {});

// What it breaks of an order whose returned quantities have been counted: lines that are not there,
// and more than was shipped and is not back.
std::vector<FieldError> broken_rules(const OrderReturn& asked, const Order& order);

// The same lines, quantities and reasons: a repeat.
bool repeats(const OrderReturn& asked, const ReturnReference& made);

// The reference of a return in an ERP: its order's, '#', and its number, written as
// encode_external_reference writes one. "WEB/100042#R1".
Result<std::string> encode_return_reference(const OrderId& order, const ReturnNumber& number,
                                            std::size_t length_max);
struct ReturnId {
  OrderId order;
  ReturnNumber number;
};
std::optional<ReturnId> decode_return_reference(std::string_view text);

}  // namespace underpin
