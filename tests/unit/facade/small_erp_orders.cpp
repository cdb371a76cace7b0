#include "contracts/order_status.h"
#include "tests/unit/facade/small_erp.h"

namespace underpin::facade::test {

Result<Rehearsed> SmallErp::place_order(const Order& order, RehearsalGrade grade,
                                        const CallContext&) {
  return trapped<Rehearsed>("rehearse_place_order", [&]() -> Result<Rehearsed> {
    if (grade > descriptor_.rehearsal) return Error{ErrorCode::unsupported, "no such grade"};
    Rehearsed rehearsed{order.id.number.text(), {}};
    for (std::size_t i = 0; i < order.lines.size(); ++i)
      if (order.lines[i].description.size() > 20)
        rehearsed.faults.push_back(
            {"/lines/" + std::to_string(i) + "/description", "must have at most 20 characters"});
    if (grade == RehearsalGrade::simulated && customers_.count(order.customer) == 0)
      rehearsed.faults.push_back({"/customer", "is not known"});
    return rehearsed;
  });
}

Result<Rehearsed> SmallErp::create_customer(const Customer& customer, RehearsalGrade,
                                            const CallContext&) {
  return trapped<Rehearsed>("rehearse_create_customer", [&]() -> Result<Rehearsed> {
    if (customer.email.empty())
      return Error{ErrorCode::rejected, "no address", {}, {}, 0, {{"/email", "is missing"}}};
    return Rehearsed{customer.number.text(), {}};
  });
}

Result<Rehearsed> SmallErp::adjust_stock(const StockAdjustment& adjustment, RehearsalGrade,
                                         const CallContext&) {
  return trapped<Rehearsed>("rehearse_adjust_stock", [&]() -> Result<Rehearsed> {
    return Rehearsed{adjustment.movement.text(), {}};
  });
}

Result<OrderReceipt> SmallErp::place_order(const Order& order, const WriteContext& context) {
  return trapped<OrderReceipt>("place_order",
                               [=, this, role = context.role] { return apply_place(order, role); });
}

Result<Order> SmallErp::get_order(const OrderRef& ref, const CallContext&) {
  return trapped<Order>("get_order", [&]() -> Result<Order> {
    const Held* held = find(ref);
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    Order order = held->order;
    order.status =
        held->gone ? OrderStatus::cancelled : status_of(order, held->released, held->posted);
    return order;
  });
}

Result<OrderReceipt> SmallErp::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                           const WriteContext&) {
  return trapped<OrderReceipt>("amend_order", [=, this]() -> Result<OrderReceipt> {
    Held* held = find(ref);
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    for (const LineAmendment& change : amendment.lines) {
      bool there = false;
      for (OrderLine& line : held->order.lines)
        if (line.number == change.number && change.quantity) {
          if (*change.quantity < line.shipped_quantity)
            return Error{ErrorCode::rejected, "below what has shipped"};
          line.quantity = *change.quantity;
          there = true;
        }
      if (there || !change.quantity || change.quantity->is_zero()) continue;
      if (!change.added) return Error{ErrorCode::rejected, "no such line"};
      held->order.lines.push_back(*change.added);
      held->order.lines.back().quantity = *change.quantity;
      held->order.lines.back().shipped_quantity = Decimal{};
    }
    held->released = false;
    order_changes_.push_back(held->document);
    return receipt(*held);
  });
}

Result<OrderReceipt> SmallErp::cancel_order(const OrderRef& ref, const OrderCancellation&,
                                            const WriteContext&) {
  return trapped<OrderReceipt>("cancel_order", [=, this]() -> Result<OrderReceipt> {
    Held* held = find(ref);
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    for (const OrderLine& line : held->order.lines)
      if (!line.shipped_quantity.is_zero()) return Error{ErrorCode::rejected, "a part has shipped"};
    held->gone = true;
    order_changes_.push_back(held->document);
    OrderReceipt answer = receipt(*held);
    answer.status = OrderStatus::cancelled;
    return answer;
  });
}

Result<OrderReceipt> SmallErp::release_order(const OrderRef& ref, const WriteContext&) {
  return trapped<OrderReceipt>("release_order", [=, this]() -> Result<OrderReceipt> {
    Held* held = find(ref);
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    held->released = !held->gone;
    order_changes_.push_back(held->document);
    return receipt(*held);
  });
}

Result<OrderReceipt> SmallErp::block_order(const OrderRef& ref, const WriteContext&) {
  return trapped<OrderReceipt>("block_order", [=, this]() -> Result<OrderReceipt> {
    Held* held = find(ref);
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    if (held->gone) return Error{ErrorCode::rejected, "the order is closed"};
    held->released = false;
    order_changes_.push_back(held->document);
    return receipt(*held);
  });
}

Result<OrderReceipt> SmallErp::follow_order(const Order& order, const WriteContext&) {
  return trapped<OrderReceipt>("follow_order", [=, this]() -> Result<OrderReceipt> {
    Held* held = find(OrderRef{order.id, {}});
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    held->order.lines.clear();
    for (const OrderLine& at_home : order.lines) {
      if (at_home.outstanding().is_zero()) continue;
      OrderLine line = at_home;
      line.quantity = at_home.outstanding();
      line.shipped_quantity = line.cancelled_quantity = Decimal{};
      held->order.lines.push_back(std::move(line));
    }
    if (is_closed(order.status)) held->gone = true;
    return receipt(*held);
  });
}

Result<OrderReceipt> SmallErp::find_receipt(const OrderId& id, const CallContext&) {
  return trapped<OrderReceipt>("find_receipt", [=, this]() -> Result<OrderReceipt> {
    if (unreadable.count(id.number.text()) != 0) return a_page();
    const auto count =
        std::count_if(held_.begin(), held_.end(), [&](const Held& h) { return h.order.id == id; });
    if (count > 1) return Error{ErrorCode::conflict, "two documents"};
    const Held* held = find(OrderRef{id, {}});
    if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
    return receipt(*held);
  });
}

Result<Page<Order>> SmallErp::list_open_orders(const OrderQuery&, const CallContext&) {
  const std::lock_guard lock(mutex_);
  Page<Order> page;
  for (const Held& held : held_)
    if (!held.gone) page.items.push_back(held.order);
  return page;
}

Result<ChangePage<OrderChange>> SmallErp::order_changes(const Cursor& cursor, const CallContext&) {
  const std::lock_guard lock(mutex_);
  ChangePage<OrderChange> page;
  const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor.text());
  std::set<std::string> seen;
  for (std::size_t i = order_changes_.size(); i > from; --i) {
    if (!seen.insert(order_changes_[i - 1].text()).second) continue;
    for (const Held& held : held_) {
      if (held.document != order_changes_[i - 1]) continue;
      OrderChange change;
      change.ref = {held.order.id, held.document};
      change.customer = held.order.customer;
      change.status =
          held.gone ? OrderStatus::cancelled : status_of(held.order, held.released, held.posted);
      change.closed = held.gone;
      page.items.insert(page.items.begin(), change);
    }
  }
  page.next = Cursor{std::to_string(order_changes_.size())};
  page.as_of = Timestamp{1'795'500'000'000'000};
  return page;
}

}  // namespace underpin::facade::test
