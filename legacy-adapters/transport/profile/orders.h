#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/transport/profile/engine.h"

#include <functional>
#include <optional>

namespace underpin::legacy::profile {

// Orders of any ERP that a profile describes. What an order needs beyond the profile's operations -
// looking up first, what a change may do, following a document - is here, once for every profile.
class Orders final : public OrderService {
 public:
  explicit Orders(const Engine& engine) : engine_(engine) {}

  Result<OrderReceipt> place_order(const Order& order, const WriteContext& context) override;
  Result<Order> get_order(const OrderRef& ref, const CallContext& context) override;
  Result<OrderReceipt> amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                   const WriteContext& context) override;
  Result<OrderReceipt> cancel_order(const OrderRef& ref, const OrderCancellation& cancellation,
                                    const WriteContext& context) override;
  Result<OrderReceipt> release_order(const OrderRef& ref, const WriteContext& context) override;
  Result<OrderReceipt> block_order(const OrderRef& ref, const WriteContext& context) override;
  Result<OrderReceipt> follow_order(const Order& order, const WriteContext& context) override;
  Result<OrderReceipt> find_receipt(const OrderId& id, const CallContext& context) override;
  Result<Page<Order>> list_open_orders(const OrderQuery& query,
                                       const CallContext& context) override;
  Result<ChangePage<OrderChange>> order_changes(const Cursor& cursor,
                                                const CallContext& context) override;

 private:
  // A document as the ERP holds it, with every line that it has.
  struct Held {
    Order order;
    DocumentNumber document;
    bool released = false;
    bool posted = false;
    bool cancelled = false;
    bool has_totals = false;
    bool open() const { return !posted && !cancelled; }
    // Sent, and neither taken nor refused yet: the ERP answers later by design.
    bool pending() const { return order.status == OrderStatus::pending; }
    bool shipped() const;
  };
  using Changes = std::function<std::optional<json::Value>(const Held&)>;

  std::string reference_of(const OrderId& id) const;
  Held held_of(json::Value record) const;
  std::optional<Held> find(const OrderRef& ref, const CallContext& context) const;
  Held existing(const OrderRef& ref, const CallContext& context) const;
  std::optional<Held> find_written(const OrderId& id, const CallContext& context) const;
  Held again(const Held& held, const CallContext& context) const;
  OrderReceipt receipt_of(const Held& held, const OrderId& id) const;
  json::Value named(const Held& held, const WriteContext& context) const;
  json::Value placement_of(const Order& order, const WriteContext& context) const;
  std::optional<json::Value> amended(const Held& held, const OrderAmendment& amendment,
                                     const WriteContext& context) const;
  std::optional<json::Value> followed(const Held& held, const Order& order,
                                      const WriteContext& context) const;
  OrderReceipt change(Held held, const OrderRef& ref, const Changes& changes,
                      const WriteContext& context) const;
  OrderReceipt remove(Held held, const OrderRef& ref, const std::string& reason,
                      const WriteContext& context) const;
  OrderReceipt toggle(Held held, const OrderRef& ref, bool released,
                      const WriteContext& context) const;

  const Engine& engine_;
};

}  // namespace underpin::legacy::profile
