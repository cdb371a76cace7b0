#pragma once

#include "contracts/order.h"

#include <string_view>

namespace underpin {

std::string_view name(OrderStatus status);
bool parse(std::string_view text, OrderStatus& status);

// True when a channel that saw `from` may later see `to`. Reflexive; a status never regresses.
bool may_follow(OrderStatus from, OrderStatus to);

// invoiced, cancelled, rejected: nothing changes any more.
bool is_closed(OrderStatus status);

// The status that line quantities imply for a document that is `released` or not.
OrderStatus status_of(const Order& order, bool released, bool posted);

}  // namespace underpin
