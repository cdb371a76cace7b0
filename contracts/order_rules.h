#pragma once

#include "contracts/customer.h"
#include "contracts/error.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "contracts/pricing.h"

#include <string_view>
#include <vector>

namespace underpin {

// What a channel's request must satisfy beyond types: a broken rule each, with a JSON pointer into
// the request; empty when all hold. The door answers 422 with them.

inline constexpr std::size_t order_lines_max = 500;
inline constexpr std::size_t availability_lines_max = 500;

bool is_order_number(std::string_view text);     // [A-Za-z0-9._-]{1,20}
bool is_customer_number(std::string_view text);  // [A-Z0-9-]{1,20}
bool is_movement_id(std::string_view text);      // [A-Z0-9._-]{1,20}
bool is_sku(std::string_view text);              // 1 to 20 printable ASCII characters, no blanks.
bool is_location(std::string_view text);         // [A-Z0-9_-]{1,10}
bool is_currency(std::string_view text);         // Three upper-case letters.
bool is_email(std::string_view text);            // One @, a dot in the domain, no blanks; <= 80.

// Line numbers, quantities, prices; netAmount is quantity * unitPrice + adjustments rounded half-up
// to cents; itemsNet and charges are exact sums; grandTotal is exactly itemsNet + charges, plus tax
// unless prices include it. Where the order states taxes, totals/tax is their sum to within one
// cent per stated tax: channels round per line or per document.
std::vector<FieldError> broken_rules(const Order& order);
// Of the amendment by itself; what the document allows is its home's to say.
std::vector<FieldError> broken_rules(const OrderAmendment& amendment);
std::vector<FieldError> broken_rules(const OrderCancellation& cancellation);
std::vector<FieldError> broken_rules(const StockAdjustment& adjustment);
std::vector<FieldError> broken_rules(const AvailabilityRequest& request);
std::vector<FieldError> broken_rules(const QuoteRequest& request);
std::vector<FieldError> broken_rules(const Customer& customer);
std::vector<FieldError> broken_rules(const CustomerAmendment& amendment);

}  // namespace underpin
