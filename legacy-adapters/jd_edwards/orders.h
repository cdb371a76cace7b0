#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/jd_edwards/interface.h"
#include "legacy-adapters/jd_edwards/order_feed.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace underpin::legacy::jd_edwards {

// What a line shall be, as a whole.
struct LineContent {
  int number = 0;
  Sku sku;
  LocationCode location;
  std::string uom;
  std::string line_type = "S";
  Decimal quantity;
  Decimal unit_price;
  Decimal net_amount;
  std::optional<Date> requested_date;
};

// What shall be different in an open order.
struct OrderChanges {
  std::vector<LineContent> lines;
  std::optional<Address> ship_to;
  std::optional<Date> requested_date;
  std::optional<std::string> customer_reference;
  bool empty() const { return lines.empty() && !ship_to && !requested_date && !customer_reference; }
};

// Orders are read from F4201 and F4211 and written through F47011 and F47012, which R40211 carries
// out: purpose 00 makes an order, 04 changes one, 01 cancels one. An order that is not released
// has our hold code, a mirror always.
//
// A create waits in the interface table for its job. While it does, find_receipt is outcome_unknown
// and place_order waits for the record that is there instead of writing another. A change that
// waits is taken away by the next one, so that it does not come into effect behind its back.
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
  // A create that waits, and how many lines it has.
  struct Begun {
    Record record;
    std::size_t lines = 0;
  };
  std::string t(std::string_view name) const { return table(settings_, name); }
  std::optional<Begun> begun(const std::string& reference, const CallContext& context) const;
  std::vector<Record> waiting_changes(const DocumentKey& key, const CallContext& context) const;
  Record record_of(std::int64_t number) const;
  std::int64_t next_number(const CallContext& context) const;

  std::vector<LineContent> new_lines(const Order& order) const;
  std::vector<InterfaceRow> create_rows(const Order& order, std::int64_t customer,
                                        const std::vector<LineContent>& lines) const;
  void add_line(std::vector<InterfaceRow>& rows, const LineContent& line) const;
  void add_address(std::vector<InterfaceRow>& rows, const Address& address,
                   std::string_view kind) const;
  Record put(std::vector<InterfaceRow> rows, const std::vector<Record>& withdrawn,
             const CallContext& context) const;

  Document must_find(const OrderRef& ref, const CallContext& context) const;
  OrderReceipt confirmed(const Order& order, const Begun& begun, const WriteContext& context) const;
  OrderReceipt change(const Document& document, const OrderRef& ref, const OrderChanges& changes,
                      const std::string& hold, std::string_view purpose,
                      const std::function<bool(const Document&)>& in_effect,
                      const WriteContext& context) const;
  OrderReceipt cancelled(const Document& document, const OrderRef& ref,
                         const WriteContext& context) const;
  OrderReceipt changed(const Document& document, const OrderRef& ref,
                       const std::function<OrderChanges(const Order&)>& wanted,
                       const WriteContext& context) const;

  const Settings& settings_;
  const std::string system_;
  const std::shared_ptr<odbc::Database> database_;
  const Interface& interface_;
  const Documents documents_;
  const OrderFeed feed_;
};

// What amend_order and follow_order change, from what JDE holds and what shall be. Throw Failure.
OrderChanges amended(const Order& held, const OrderAmendment& amendment, Role role);
OrderChanges followed(const Order& held, const Order& home);
// The share of a line's adjustments that falls on `quantity` of `of`.
Decimal adjustment_share(Decimal adjustments, Decimal quantity, Decimal of);

}  // namespace underpin::legacy::jd_edwards
