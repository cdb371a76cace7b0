#pragma once

#include "contracts/ports/order_service.h"
#include "legacy-adapters/iseries_batch/exchange.h"
#include "legacy-adapters/iseries_batch/order_records.h"
#include "legacy-adapters/iseries_batch/order_store.h"

#include <string>

namespace underpin::legacy::iseries_batch {

// Orders through order and status files. What the last status file said is what there is: a new
// order that is not answered yet is `pending`, and read as it was sent. The outcome of any other
// write, and of a mirror, is unknown until then: nobody would hear of a refusal otherwise. A repeat
// of it sends nothing and is told what the answer was.
class Orders : public OrderService {
 public:
  Orders(const Settings& settings, std::string system, State& state, Exchange& exchange)
      : settings_(settings), system_(std::move(system)), state_(state), exchange_(exchange) {}

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
  // What is known of an order: as a status file told it, or the write that is to make it.
  struct Known {
    std::string subject;  // The reference; of a document that is not ours, "#" and its number.
    std::string reference;
    std::optional<OrderSeen> seen;
    std::optional<Request> placing;  // The last one, where nothing was told.
    bool untold = false;             // See State::order_untold.
  };
  Known find(const OrderRef& ref);
  [[noreturn]] void fail_absent(const char* what);
  Known existing(const OrderRef& ref);  // Throws not_found, or rejected when it was refused.
  std::optional<OrderSeen> told(const std::string& reference);
  // What came of the same write when it is not answered yet, or refused and nobody was told.
  std::optional<OrderReceipt> sent_before(const Known& known, const Request& wanted,
                                          const WriteContext& context);
  bool was_accepted(const Request& wanted);
  // Whether what is known of it is what there will be: nothing is on its way, or about to be told.
  bool is_settled(const Known& known);
  bool is_being_cancelled(const Known& known);  // Accepted; the order does not tell yet.
  // Throws outcome_unknown where a write was accepted of which the order does not tell yet.
  void await_record(const Known& known);
  OrderReceipt amended(const OrderAmendment& amendment, OrderReceipt receipt);
  OrderReceipt changed(const Known& known, const Request& wanted,
                       const std::vector<Record>& records, const WriteContext& context);
  OrderReceipt cancel_lines(const Known& known, const OrderCancellation& cancellation,
                            const WriteContext& context);
  OrderReceipt outcome(const Known& known, const Request& request);
  void check_answer(const Request& request, const std::vector<int>& lines = {});
  // Nothing: it is not so any more.
  std::optional<OrderChange> change_at(state::StateDatabase& database, const Change& change);

  const Settings& settings_;
  const std::string system_;
  State& state_;
  Exchange& exchange_;
};

}  // namespace underpin::legacy::iseries_batch
