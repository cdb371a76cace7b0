#pragma once

#include "contracts/order_return.h"
#include "facade/orders.h"

#include <string>
#include <vector>

namespace underpin::facade {

// Returns of orders, as channels see them. A return is a document in its order's home, wherever the
// plan has new orders born, and nowhere else: the copy of an order has none. Threads: any.
class OrderReturns {
 public:
  OrderReturns(const Systems& systems, journal::Journal& journal, WriteLife& writes,
               OrderFacade& orders);

  // POST /v1/orders/{number}/returns: 201; 202 while the outcome is not known; 202 with the state
  // "unlinked" where no order is known, which leaves the exception `unlinked_return`; or a problem.
  Answer place(const std::string& number, const OrderReturn& asked, const WriteContext& context);
  // GET /v1/orders/{number}/returns/{return}, from the order's home.
  Answer find(const std::string& number, const ReturnNumber& wanted, const CallContext& context);

 private:
  std::optional<Answer> judge(const OrderId& id, const OrderReturn& asked,
                              journal::NewIntent& draft, const CallContext& context);
  Answer keep_unlinked(const std::string& number, const std::string& why, const OrderReturn& asked,
                       const WriteContext& context);

  const Systems& systems_;
  journal::Journal& journal_;
  WriteLife& writes_;
  OrderFacade& orders_;
};

// "return_order", and "unlinked_return", which asks no ERP.
void add_return_writes(WriteLife& writes, const Systems& systems);

// Two documents of one return, or one of a return that was refused. No feed would show them: after
// a doubt a row "verify_posting" looks once more, and this is what it asks. `conflict`: two.
inline constexpr const char* duplicate_return_kind = "duplicate_return";
Status look_again_for_return(const Systems& systems, Side side, const json::Value& payload,
                             const CallContext& context);

// What one ERP holds of a document's returns; nothing where it offers none.
Result<std::vector<ReturnReference>> returns_at(const Systems& systems, Side side,
                                                const journal::DocumentRecord& document,
                                                const std::vector<InvoiceReference>& invoices,
                                                const CallContext& context);

// The channel's view with its returns, those that stayed in an earlier home too. Of an order of
// which nothing has left no ERP is asked. `at_home`: what the view was made of.
Result<Order> with_returns(Order view, const Order& at_home,
                           const journal::DocumentRecord& document, const Systems& systems,
                           const CallContext& context);

}  // namespace underpin::facade
