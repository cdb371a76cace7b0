#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/idoc_orders.h"
#include "legacy-adapters/sap_ecc/order_feed.h"
#include "legacy-adapters/sap_ecc/order_message.h"

namespace underpin::legacy::sap_ecc {

// Orders as SAP sales documents of category C. Everything that is placed carries a delivery block,
// which a release takes away and which keeps a mirror inert. Each change is one call and its commit
// in one session, so that all of it is in effect or nothing. With `idocs`, new orders whose home
// this is go out as IDocs; mirrors and changes do not.
class Orders final : public OrderService {
 public:
  Orders(const Functions& functions, const Settings& settings, const Tables& tables,
         IdocOrders* idocs)
      : functions_(functions),
        settings_(settings),
        documents_(functions, settings, tables),
        feed_(settings, tables, documents_),
        tables_(tables),
        idocs_(idocs) {}

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

  const Documents& documents() const { return documents_; }
  Status poll_idocs(const CallContext& context) const;

 private:
  bool was_shown(const OrderId& id) const;
  std::vector<std::string> statuses_of_idocs(const std::string& reference, Deadline deadline) const;
  void must_not_wait_in_sap(const OrderId& id, const CallContext& context) const;
  Document must_find(const OrderRef& ref, const CallContext& context) const;
  OrderMessage amended(const Document& document, const OrderAmendment& amendment, Role role) const;
  OrderMessage followed(const Document& document, const Order& order) const;
  // Brings a line to these figures; what is right already is not sent.
  struct Figures {
    Decimal quantity;
    Decimal price;
    Decimal adjustment;
    std::optional<Date> requested;
  };
  void bring(OrderMessage& message, const Document& document, const Item& item,
             const Figures& wanted, std::size_t index) const;
  static std::string free_position(const Document& document, int number, int& last);
  OrderReceipt change(const Document& document, const OrderRef& ref, OrderMessage message,
                      bool nothing_may_leave, const WriteContext& context) const;
  OrderReceipt cancel_whole(const Document& document, const OrderRef& ref,
                            const WriteContext& context) const;
  void nothing_has_left(const Document& document) const;
  OrderReceipt read_back(const Document& before, const OrderId& id,
                         const CallContext& context) const;

  const Functions& functions_;
  const Settings& settings_;
  Documents documents_;
  OrderFeed feed_;
  const Tables& tables_;
  IdocOrders* const idocs_;
};

// What SAP returned of rows and fields, as pointers into the order whose lines were sent.
Error with_pointers(Error error, const Order& order);

}  // namespace underpin::legacy::sap_ecc
