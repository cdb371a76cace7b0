#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/jd_edwards/order_feed.h"
#include "legacy-adapters/jd_edwards/order_records.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace underpin::legacy::jd_edwards {

// What shall be different in an open order.
struct OrderChanges {
  std::vector<LineContent> lines;
  std::optional<Address> ship_to;
  std::optional<Date> requested_date;
  std::optional<std::string> customer_reference;
  bool empty() const { return lines.empty() && !ship_to && !requested_date && !customer_reference; }
};

// Orders are read from F4201 and F4211 and written through F47011 and F47012. An order that is not
// released has our hold code, a mirror always.
//
// A create waits in the interface table for its job. While it does, find_receipt is outcome_unknown
// and place_order waits for the record that is there instead of writing another. So does a change
// for one that waits, whoever sent it.
class Orders : public OrderService {
 public:
  Orders(const Settings& settings, std::string system, std::shared_ptr<odbc::Database> database,
         const Interface& interface);

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
  std::vector<LineContent> new_lines(const Order& order) const;
  std::vector<InterfaceRow> create_rows(const Order& order, std::int64_t customer,
                                        const std::vector<LineContent>& lines) const;
  Document must_find(const OrderRef& ref, const CallContext& context) const;
  Document must_settle(const OrderRef& ref, const CallContext& context) const;
  OrderReceipt change(const Document& document, const OrderRef& ref, const OrderChanges& changes,
                      const std::string& hold, std::string_view purpose,
                      const WriteContext& context) const;
  OrderReceipt cancelled(const Document& document, const OrderRef& ref,
                         const WriteContext& context) const;
  OrderReceipt changed(const Document& document, const OrderRef& ref,
                       const std::function<OrderChanges(const Order&)>& wanted,
                       const WriteContext& context) const;
  bool is_foreign(const Document& document) const;

  const Settings& settings_;
  const std::string system_;
  const Documents documents_;
  const OrderRecords records_;
  const OrderFeed feed_;
};

// Throws where `number` is one of those of charges.
void must_be_no_charge(int number);
// What amend_order and follow_order change, from what JDE holds and what shall be. Throw Failure.
OrderChanges amended(const Order& held, const OrderAmendment& amendment, Role role);
OrderChanges followed(const Order& held, const Order& home);
// The share of a line's adjustments that falls on `quantity` of `of`.
Decimal adjustment_share(Decimal adjustments, Decimal quantity, Decimal of);

}  // namespace underpin::legacy::jd_edwards
