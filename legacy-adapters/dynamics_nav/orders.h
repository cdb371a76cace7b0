#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/dynamics_nav/documents.h"
#include "legacy-adapters/dynamics_nav/order_feed.h"

#include <functional>

namespace underpin::legacy::dynamics_nav {

// Orders as NAV sales orders: the SalesOrder page, the posted and archived documents, and the
// site's codeunit SalesRelease. A mirror is an order that stays unreleased.
//
// A header and its lines are two requests, so place_order can end between them. The header carries
// the external reference from the first one on: the next place_order finds it and adds the lines;
// everything else treats it as not there. A Key that went stale is read again once.
class Orders final : public OrderService {
 public:
  Orders(const Services& services, const Settings& settings, const Mappings& mappings,
         OrderFeed feed)
      : services_(services),
        settings_(settings),
        mappings_(mappings),
        documents_(services, settings, mappings),
        feed_(std::move(feed)) {}

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
  // What shall be different, as a record for Update without its Key; empty when nothing is.
  using Changes = std::function<Record(const Record& header)>;

  Record header_of(const Order& order) const;
  Record line_of(const OrderLine& line, Decimal quantity, std::size_t index) const;
  Record charge_of(const Charge& charge, std::size_t index) const;
  std::vector<Record> new_lines(const Order& order) const;
  Record amended(const Record& header, const OrderAmendment& amendment, Role role) const;
  Record followed(const Record& header, const Order& order) const;

  Record begin_order(const Order& order, const WriteContext& context) const;
  OrderReceipt confirm_placed(const Order& order, const Record& placed,
                              const WriteContext& context) const;
  void discard(const Record& begun, const CallContext& context) const;
  OrderReceipt change_open(Found found, const OrderRef& ref, const Changes& changes,
                           const WriteContext& context) const;
  OrderReceipt remove_open(Found found, const OrderRef& ref, const WriteContext& context) const;
  void release(const std::string& number, const char* operation, const CallContext& context) const;

  const Services& services_;
  const Settings& settings_;
  const Mappings& mappings_;
  Documents documents_;
  OrderFeed feed_;
};

// The discount of `quantity` of a line that has `adjustments` for all of `of`; rounded half up.
Decimal discount_share(Decimal adjustments, Decimal quantity, Decimal of);

}  // namespace underpin::legacy::dynamics_nav
