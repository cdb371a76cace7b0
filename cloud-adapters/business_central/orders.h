#pragma once

#include "cloud-adapters/business_central/documents.h"
#include "contracts/ports/order_service.h"

#include <functional>

namespace underpin::cloud::business_central {

// Orders as v2.0 salesOrders, released and reopened through the site's own pages (SITE_API.md).
class Orders final : public OrderService {
 public:
  explicit Orders(Site& site) : site_(site), documents_(site) {}

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

  // The message that creates the order, and in `placed` the lines that it holds; none: nothing of
  // it is to be shipped. Throws Failure for what Business Central would not keep.
  json::Value order_body(const Order& order, Role role, std::vector<OrderLine>& placed,
                         const CallContext& context);

 private:
  // One living order being changed: writes are counted, so that a failure after the first of them
  // is not reported as "nothing happened".
  struct Change;

  json::Value line_body(const OrderLine& line, Decimal quantity, std::size_t index,
                        const CallContext& context);
  json::Value charge_body(const Charge& charge, std::size_t index) const;
  enum class Promotions { none_yet, maybe_some };
  void add_promotions(const std::string& order_id, const std::vector<OrderLine>& lines,
                      Promotions there, const CallContext& context);
  void amend_living(Change& change, const OrderAmendment& amendment);
  void follow_living(Change& change, const Order& order);
  void amend_line(Change& change, const LineAmendment& wanted, std::size_t index);
  Result<OrderReceipt> change_order(Found found, const OrderId& id, const WriteContext& context,
                                    const std::function<void(Change&)>& apply);
  OrderReceipt remove(Found found, const OrderId& id, const WriteContext& context);

  Site& site_;
  Documents documents_;
};

// The discount of `quantity` of a line that gives `adjustments` for all of `of`; rounded half up.
Decimal discount_share(Decimal adjustments, Decimal quantity, Decimal of);

}  // namespace underpin::cloud::business_central
