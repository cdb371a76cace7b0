#include "facade/order_copy.h"

#include "contracts/order_status.h"
#include "facade/order_content.h"
#include "facade/orders.h"

#include <algorithm>

namespace underpin::facade {
namespace {

using journal::DocumentRecord;

bool is_positive(Decimal quantity) { return !quantity.is_zero() && !quantity.is_negative(); }

Decimal adjusted(const OrderLine& line) {
  Decimal sum;
  for (const Adjustment& adjustment : line.adjustments) sum += adjustment.amount;
  return sum;
}

// What the copy's lines must be, absolutely: what it has shipped itself, and what is outstanding at
// home.
OrderAmendment level(const Order& copy, const Order& home, bool nothing_left) {
  OrderAmendment amendment;
  for (const OrderLine& line : copy.lines) {
    LineAmendment change;
    change.number = line.number;
    change.quantity = line.shipped_quantity;
    const auto at_home = std::find_if(home.lines.begin(), home.lines.end(),
                                      [&](const OrderLine& l) { return l.number == line.number; });
    if (!nothing_left && at_home != home.lines.end() && is_positive(at_home->outstanding())) {
      const Decimal kept = at_home->quantity - at_home->cancelled_quantity;
      change.quantity = line.shipped_quantity + at_home->outstanding();
      change.unit_price = at_home->unit_price;
      // The discount of a piece is the same in both.
      change.adjustment_total = shrunk(adjusted(*at_home), *change.quantity, kept);
    } else if (line.quantity != line.shipped_quantity) {
      const Decimal kept = line.quantity - line.cancelled_quantity;
      change.adjustment_total = shrunk(adjusted(line), *change.quantity, kept);
    }
    amendment.lines.push_back(std::move(change));
  }
  if (nothing_left) return amendment;
  for (const OrderLine& line : outstanding_part(home).lines) {
    const bool there = std::any_of(copy.lines.begin(), copy.lines.end(),
                                   [&](const OrderLine& l) { return l.number == line.number; });
    if (there) continue;
    LineAmendment change;
    change.number = line.number;
    change.quantity = line.quantity;
    change.added = line;
    amendment.lines.push_back(std::move(change));
  }
  return amendment;
}

}  // namespace

OrderRef ref_at(const Systems& systems, Side side, const DocumentRecord& document) {
  OrderRef ref;
  if (!document.id.channel.empty() || side != document.home)
    ref.id = identity_at_erp(document, systems);
  ref.document = document.document(side);
  return ref;
}

Result<OrderReceipt> follow_copy(const Systems& systems, Side side, const DocumentRecord& document,
                                 const Order& home, const WriteContext& context) {
  const bool was_home = has_moved_part(read_content(document.content)) ||
                        (document.id.channel.empty() && born_in(document) == side);
  if (!was_home) {
    Order as_mirrored = home;
    as_mirrored.id = identity_at_erp(document, systems);
    auto followed = call_port<OrderReceipt>(
        systems, side, context.deadline, &ErpAdapter::orders,
        [&](OrderService& port) { return port.follow_order(as_mirrored, context); });
    // One that was imported does not carry our reference.
    const bool by_number = !followed && followed.error().code == ErrorCode::not_found &&
                           !document.document(side).empty();
    if (!by_number) return followed;
  }
  const OrderRef ref = ref_at(systems, side, document);
  const auto copy =
      call_port<Order>(systems, side, context.deadline, &ErpAdapter::orders,
                       [&](OrderService& port) { return port.get_order(ref, context); });
  if (!copy) return copy.error();
  if (is_closed(copy->status)) {
    OrderReceipt gone;
    gone.id = document.id;
    gone.document = document.document(side);
    gone.status = copy->status;
    return gone;
  }
  const bool nothing_left =
      is_closed(home.status) ||
      std::none_of(home.lines.begin(), home.lines.end(),
                   [](const OrderLine& line) { return is_positive(line.outstanding()); });
  const bool shipped = std::any_of(copy->lines.begin(), copy->lines.end(), [](const OrderLine& l) {
    return !l.shipped_quantity.is_zero();
  });
  return call_port<OrderReceipt>(
      systems, side, context.deadline, &ErpAdapter::orders, [&](OrderService& port) {
        if (nothing_left && !shipped) return port.cancel_order(ref, OrderCancellation{}, context);
        return port.amend_order(ref, level(*copy, home, nothing_left), context);
      });
}

}  // namespace underpin::facade
