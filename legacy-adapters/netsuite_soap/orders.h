#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/netsuite_soap/documents.h"
#include "legacy-adapters/netsuite_soap/failure.h"

#include <functional>
#include <set>
#include <string>

namespace underpin::legacy::netsuite_soap {

// Orders are sales orders; their identity is the externalId, which NetSuite keeps unique. NetSuite
// has no versions of records: a change is made from what was read just before, names the lines it
// changes and no others, and is one request.
class Orders final : public OrderService {
 public:
  Orders(Suite& suite, References& references, Documents& documents)
      : suite_(suite), references_(references), documents_(documents) {}

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
  // What an update shall change: elements of the SalesOrder before its itemList, and rows of that.
  struct Change {
    std::string status;  // orderStatus; empty: as it is.
    std::string blank;   // Elements, each empty for "as it is".
    std::string ship_date;
    std::string other_ref_num;
    std::string addresses;
    std::string rows;
    bool empty() const {
      return status.empty() && blank.empty() && ship_date.empty() && other_ref_num.empty() &&
             addresses.empty() && rows.empty();
    }
  };
  // What a line shall be.
  struct Wanted {
    Decimal quantity;
    Decimal unit_price;
    Decimal discount;  // Signed.
    std::optional<Date> requested_date;
    bool hold = false;  // Nothing more of it is picked.
  };

  std::string record_of(const Order& order, Role role, const CallContext& context);
  void add_rows(Xml& rows, const OrderLine& line, const Wanted& wanted, std::size_t index,
                const CallContext& context);
  void add_charges(Xml& rows, const Order& order);
  void add_discount(Xml& rows, int number, const Wanted& wanted, const OrderLine* explained);
  void change_row(Xml& rows, const DocumentLine& line, const Wanted& wanted, bool close,
                  std::size_t index, const OrderLine* explained, const CallContext& context);
  static void check_scales(const Wanted& wanted, std::size_t index);
  std::string unit_of(const std::string& uom, const std::string& pointer) const;

  Change amendment_of(const Document& document, const OrderAmendment& amendment, Role role,
                      const CallContext& context);
  Change following_of(const Document& document, const Order& order, const CallContext& context);
  // Of lines that NetSuite still ships; those in `but` have rows already.
  void hold_lines(Change& change, const Document& document, bool held,
                  const std::set<std::string>& but = {});
  Change closing_of(const Document& document) const;

  // Applies what `plan` makes of the present document; once more when somebody else saved it at the
  // same time. An empty change is not sent. `plan` of what is read afterwards must leave nothing of
  // lines and status to do: otherwise the outcome is unknown.
  OrderReceipt change_order(Document document, const OrderId& asked,
                            const std::function<Change(const Document&)>& plan,
                            const CallContext& context);
  // An update was refused: the receipt when all of it is there in spite of that. Otherwise throws
  // `refused`, as an unknown outcome when the order was saved meanwhile.
  OrderReceipt saved_all_the_same(const Document& before, const OrderId& asked,
                                  const std::function<Change(const Document&)>& plan,
                                  const Failure& refused, const CallContext& context);
  std::string record_of(const Document& document, const Change& change) const;

  Suite& suite_;
  References& references_;
  Documents& documents_;
};

}  // namespace underpin::legacy::netsuite_soap
