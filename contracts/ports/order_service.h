#pragma once

#include "contracts/call_context.h"
#include "contracts/order.h"
#include "contracts/page.h"
#include "contracts/result.h"

namespace underpin {

// The order capability of one ERP. Implemented once per adapter, and by the facade itself.
//
// Thread rule for all ports: methods may be called from many threads at once. They return an Error
// rather than throw, give up by context.deadline, and never retry: the facade retries, because only
// it knows the budget. Error codes follow contracts/error.h; what may have been applied is
// outcome_unknown, what certainly was not is unavailable.
class OrderService {
 public:
  virtual ~OrderService() = default;

  // Creates the document, unreleased, with the channel's prices and discounts stated explicitly,
  // and reads the ERP's totals back into the receipt. With context.role == mirror the document is
  // inert and stays so. Looks up the external reference first: a repeat answers with the existing
  // document.
  virtual Result<OrderReceipt> place_order(const Order& order, const WriteContext& context) = 0;

  // Open, posted, archived and cancelled documents are all searched.
  virtual Result<Order> get_order(const OrderRef& ref, const CallContext& context) = 0;

  // Absolute changes; a repeat changes nothing. Reopens a released document to change it and
  // answers released=false then: the caller releases it again.
  virtual Result<OrderReceipt> amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                           const WriteContext& context) = 0;

  // `rejected` when something that shall be cancelled has shipped. Cancelling a cancelled order is
  // a success.
  virtual Result<OrderReceipt> cancel_order(const OrderRef& ref,
                                            const OrderCancellation& cancellation,
                                            const WriteContext& context) = 0;

  // Clears the document for picking, through the site's own release operation. Releasing what is
  // released, posted or cancelled already is a success. With context.role == primary an inert copy
  // becomes the document itself: a transfer has made this ERP its home.
  virtual Result<OrderReceipt> release_order(const OrderRef& ref, const WriteContext& context) = 0;

  // Takes the release back, through the site's own operation: nothing of the document is picked
  // until it is released again, and it is as inert as a mirror. Blocking what is not released is a
  // success; what is closed is `rejected`. Goods may have left meanwhile: the caller reads it
  // again.
  virtual Result<OrderReceipt> block_order(const OrderRef& ref, const WriteContext& context) = 0;

  // A mirror follows its document: brings the inert copy's outstanding quantities to those of
  // `order` (quantity - cancelled - shipped in the home), and removes it when the document is
  // closed. While the document is open the copy stays, if with nothing outstanding: the order may
  // be raised again. Removing what is gone is a success.
  virtual Result<OrderReceipt> follow_order(const Order& order, const WriteContext& context) = 0;

  // Resolves an outcome_unknown of place_order: what the ERP holds under this identity (open,
  // posted, archived), or not_found. More than one document is a conflict naming them all.
  virtual Result<OrderReceipt> find_receipt(const OrderId& id, const CallContext& context) = 0;

  // Open documents, for catching up and listing. Cursor: the adapter's own.
  virtual Result<Page<Order>> list_open_orders(const OrderQuery& query,
                                               const CallContext& context) = 0;

  // What changed since `cursor` (empty: everything there is, open and closed).
  virtual Result<ChangePage<OrderChange>> order_changes(const Cursor& cursor,
                                                        const CallContext& context) = 0;
};

}  // namespace underpin
