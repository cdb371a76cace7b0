#pragma once

#include "contracts/json/json_text.h"
#include "contracts/order.h"

namespace underpin::legacy::profile {

Decimal discount_of(const OrderLine& line);  // The sum of its adjustments, with the other sign.
// Of a part of the line: the whole's discount in proportion, rounded to cents.
Decimal discount_share(const OrderLine& line, Decimal quantity);
Decimal net_of(Decimal quantity, Decimal price, Decimal discount);

// A line of the request of place_order and of `added` of change_order.
json::Value new_line(const OrderLine& line, Decimal quantity, std::size_t position);
// An entry of `changed`, or a null when the line already is so.
json::Value changed_line(const OrderLine& held, Decimal quantity, Decimal price, Decimal discount,
                         const std::optional<Date>& date);

// One line of an answer: `discount` becomes an adjustment, `tax` a tax, `netAmount` is computed
// when the ERP does not say it.
void complete_line(json::Value& line);

}  // namespace underpin::legacy::profile
