#include "contracts/order_status.h"

#include <array>
#include <utility>

namespace underpin {
namespace {

using enum OrderStatus;

constexpr std::array<std::pair<OrderStatus, std::string_view>, 8> names{{
    {pending, "pending"},
    {open, "open"},
    {released, "released"},
    {partially_shipped, "partially_shipped"},
    {shipped, "shipped"},
    {invoiced, "invoiced"},
    {cancelled, "cancelled"},
    {rejected, "rejected"},
}};

// Row: from; column: to. open <-> released are both "not shipped yet": an ERP reopens a document to
// change it, and a channel that polls in between has seen nothing go back.
constexpr bool table[8][8] = {
    //               pending open  released partial shipped invoiced cancelled rejected
    /* pending   */ {true, true, true, true, true, true, true, true},
    /* open      */ {false, true, true, true, true, true, true, false},
    /* released  */ {false, true, true, true, true, true, true, false},
    /* partially */ {false, false, false, true, true, true, true, false},
    /* shipped   */ {false, false, false, false, true, true, false, false},
    /* invoiced  */ {false, false, false, false, false, true, false, false},
    /* cancelled */ {false, false, false, false, false, false, true, false},
    /* rejected  */ {false, false, false, false, false, false, false, true},
};

}  // namespace

std::string_view name(OrderStatus status) { return names[static_cast<std::size_t>(status)].second; }

bool parse(std::string_view text, OrderStatus& status) {
  for (const auto& [value, label] : names) {
    if (label == text) {
      status = value;
      return true;
    }
  }
  return false;
}

bool may_follow(OrderStatus from, OrderStatus to) {
  return table[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

bool is_closed(OrderStatus status) {
  return status == invoiced || status == cancelled || status == rejected;
}

OrderStatus status_of(const Order& order, bool is_released, bool posted) {
  bool any_shipped = false;
  bool any_outstanding = false;
  bool any_kept = false;
  for (const OrderLine& line : order.lines) {
    if (!line.shipped_quantity.is_zero()) any_shipped = true;
    if (!(line.quantity - line.cancelled_quantity).is_zero()) any_kept = true;
    const Decimal rest = line.outstanding();
    if (!rest.is_zero() && !rest.is_negative()) any_outstanding = true;
  }
  if (!any_kept && !order.lines.empty()) return cancelled;
  if (posted) return invoiced;
  if (any_shipped) return any_outstanding ? partially_shipped : shipped;
  return is_released ? released : open;
}

}  // namespace underpin
