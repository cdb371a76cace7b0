#include "tests/conformance/site.h"

#include <thread>

namespace underpin::conformance {
namespace {

// What a failure may be called. `rejected` (or anything else that is the channel's answer) says
// that nothing was applied and never will be.
class FaultContract : public Contract {
 protected:
  struct Kind {
    const char* name;
    const char* more;
    bool may_have_been_applied;
  };
  static constexpr Kind kinds[] = {
      {"429", "", false},
      {"503", "", false},
      {"500", "", false},
      {"drop", "", true},
      {"504_after_commit", "", true},
      {"late_commit", "\"delay_ms\": 200", true},
      {"drop_after_commit", "", true},
  };

  // After a failure: what may be there is looked up until an empty look-up is proof, and only then
  // sent again - as the facade does.
  template <class T, class Find, class Send>
  void settle(const Kind& kind, const Result<T>& first, const Find& find, const Send& send) {
    SCOPED_TRACE(kind.name);
    if (first) return;  // The adapter got through by itself.
    const Disposition next = disposition(first.error().code);
    EXPECT_TRUE(next == Disposition::retry || next == Disposition::resolve_outcome) << said(first);
    if (kind.may_have_been_applied) {
      EXPECT_EQ(first.error().code, ErrorCode::outcome_unknown) << said(first);
    }
    if (next == Disposition::resolve_outcome) {
      site().await_late_commits();
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(settle_ms);
      while (true) {
        const bool proof = std::chrono::steady_clock::now() > until;
        const auto found = find();
        if (found) return;
        ASSERT_EQ(found.error().code, ErrorCode::not_found) << said(found);
        if (proof) break;
        site().await_late_commits();
        // Every look-up counts in the vendor's quota: the next one is the proof.
        std::this_thread::sleep_until(until + std::chrono::milliseconds(1));
      }
    }
    const auto second = send();
    EXPECT_TRUE(second.has_value()) << said(second);
  }
};

class StockFaultContract : public FaultContract {};
class CustomerFaultContract : public FaultContract {};

TEST_P(FaultContract, NoFailureLosesOrDoublesAnOrder) {
  for (const Write write : {Write::create_order, Write::change_order}) {
    for (const Kind& kind : kinds) {
      const Order order = new_order();
      site().fault(write, kind.name, kind.more);
      const auto send = [&] { return orders().place_order(order, write_within()); };
      settle(
          kind, send(),
          [&]() -> Result<OrderReceipt> {
            auto found = orders().find_receipt(order.id, call_within());
            // A document without its lines is not the order yet.
            if (found && found->status == OrderStatus::open && !found->erp_totals)
              return Error{ErrorCode::not_found, "only a part"};
            return found;
          },
          send);
      site().clear_faults();
      site().await_late_commits();
      EXPECT_EQ(site().documents(reference_of(order)), 1) << kind.name;
      const Order held = read(order);
      ASSERT_EQ(held.lines.size(), 2u) << kind.name;
      EXPECT_EQ(held.totals.grand_total, decimal("95.20")) << kind.name;
    }
  }
}

TEST_P(FaultContract, NoFailureLosesOrDoublesAnAmendmentAReleaseOrACancel) {
  for (const Kind& kind : kinds) {
    SCOPED_TRACE(kind.name);
    const Order order = new_order();
    const OrderReceipt receipt = placed(order);
    OrderAmendment amendment;
    LineAmendment more;
    more.number = 1;
    more.quantity = decimal("4");
    amendment.lines.push_back(more);
    site().fault(Write::change_order, kind.name, kind.more);
    const auto amend = [&] {
      return orders().amend_order(ref_to(order), amendment, write_within());
    };
    settle(
        kind, amend(),
        [&]() -> Result<Order> {
          auto now = orders().get_order(ref_to(order), call_within());
          if (now && now->lines.at(0).quantity != decimal("4"))
            return Error{ErrorCode::not_found, "not in effect"};
          return now;
        },
        amend);
    site().clear_faults();
    site().await_late_commits();
    EXPECT_EQ(read(order).lines.at(0).quantity, decimal("4"));

    site().fault(Write::release_order, kind.name, kind.more);
    const auto release = [&] { return orders().release_order(ref_to(order), write_within()); };
    const auto first = release();
    if (!first) {
      const Disposition next = disposition(first.error().code);
      EXPECT_TRUE(next == Disposition::retry || next == Disposition::resolve_outcome)
          << said(first);
      const auto again = release();
      EXPECT_TRUE(again.has_value()) << said(again);
    }
    site().clear_faults();
    site().await_late_commits();
    EXPECT_TRUE(site().is_released(receipt.document));

    site().fault(Write::delete_order, kind.name, kind.more);
    const auto cancel = [&] {
      return orders().cancel_order(ref_to(order), {"", {}}, write_within());
    };
    settle(
        kind, cancel(),
        [&]() -> Result<Order> {
          auto now = orders().get_order(ref_to(order), call_within());
          if (now && now->status != OrderStatus::cancelled)
            return Error{ErrorCode::not_found, "not cancelled"};
          return now;
        },
        cancel);
    site().clear_faults();
    site().await_late_commits();
    EXPECT_FALSE(site().is_open(receipt.document));
    EXPECT_EQ(read(order).status, OrderStatus::cancelled);
  }
}

TEST_P(StockFaultContract, NoFailureLosesOrDoublesAStockMovement) {
  for (const Kind& kind : kinds) {
    StockAdjustment adjustment;
    adjustment.movement = MovementId{"FM-" + new_number()};
    adjustment.key = {Sku{"1030"}, LocationCode{"EAST"}};
    adjustment.quantity = decimal("3");
    adjustment.uom = "PCS";
    site().fault(Write::post_journal, kind.name, kind.more);
    const auto send = [&] { return inventory().adjust_stock(adjustment, write_within()); };
    settle(
        kind, send(),
        [&] { return inventory().find_adjustment(adjustment.movement, call_within()); }, send);
    site().clear_faults();
    site().await_late_commits();
    EXPECT_EQ(site().postings(adjustment.movement), 1) << kind.name;
  }
}

TEST_P(CustomerFaultContract, NoFailureLosesOrDoublesACustomer) {
  for (const Kind& kind : kinds) {
    Customer customer;
    customer.number = CustomerNumber{"F" + new_number()};
    customer.name = "Faulty " + customer.number.text();
    customer.kind = "person";
    customer.email = customer.number.text() + "@example.com";
    customer.currency = "EUR";
    customer.price_group = "RETAIL";
    site().fault(Write::create_customer, kind.name, kind.more);
    const auto send = [&] { return customers().create_customer(customer, write_within()); };
    settle(
        kind, send(), [&] { return customers().get_customer(customer.number, call_within()); },
        send);
    site().clear_faults();
    site().await_late_commits();
    EXPECT_EQ(site().customers(customer.number), 1) << kind.name;
    const auto held = customers().get_customer(customer.number, call_within());
    ASSERT_TRUE(held.has_value()) << said(held);
    EXPECT_EQ(held->name, customer.name);
  }
}

TEST_P(FaultContract, ARecordThatSomebodyElseSavedIsReadAgainNotOverwritten) {
  const Order order = new_order();
  placed(order);
  OrderAmendment amendment;
  LineAmendment more;
  more.number = 1;
  more.quantity = decimal("6");
  amendment.lines.push_back(more);
  site().fault(Write::change_order, "stale_key");
  const auto amended = orders().amend_order(ref_to(order), amendment, write_within());
  ASSERT_TRUE(amended.has_value()) << said(amended);
  EXPECT_EQ(read(order).lines.at(0).quantity, decimal("6"));
  site().fault(Write::delete_order, "stale_key");
  const auto cancelled = orders().cancel_order(ref_to(order), {"", {}}, write_within());
  ASSERT_TRUE(cancelled.has_value()) << said(cancelled);
  EXPECT_EQ(read(order).status, OrderStatus::cancelled);
}

TEST_P(FaultContract, ASlowErpIsGivenUpAtTheDeadline) {
  const auto took = [](const std::chrono::steady_clock::time_point begun) {
    return std::chrono::steady_clock::now() - begun;
  };
  const Order order = new_order();
  ASSERT_TRUE(site().adapter().ping(call_within()).has_value());
  site().fault(Write::create_order, "slow", "\"delay_ms\": 3000");
  auto begun = std::chrono::steady_clock::now();
  const auto late = orders().place_order(order, write_within(800));
  EXPECT_LT(took(begun), std::chrono::milliseconds(2'000));
  // An ERP that answers later by design has not failed: it is waited for no longer than this.
  const bool pending = late && late->state == ReceiptState::pending;
  if (!pending) {
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(disposition(late.error().code), Disposition::resolve_outcome) << said(late);
  }

  site().fault_everywhere("slow", "\"delay_ms\": 3000, \"count\": 2");
  begun = std::chrono::steady_clock::now();
  const auto unread = orders().get_order(ref_to(order), call_within(400));
  EXPECT_LT(took(begun), std::chrono::milliseconds(1'600));
  if (pending) {
    ASSERT_TRUE(unread.has_value()) << said(unread);
    EXPECT_EQ(unread->status, OrderStatus::pending) << "nobody was asked";
  } else {
    ASSERT_FALSE(unread.has_value());
    EXPECT_EQ(unread.error().code, ErrorCode::unavailable) << said(unread);
  }
  site().clear_faults();

  // What was given up may come yet: it is found, not sent again.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (site().documents(reference_of(order)) == 0)
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "the slow request was never carried out";
  const auto again = orders().place_order(order, write_within());
  EXPECT_TRUE(again.has_value()) << said(again);
  EXPECT_EQ(site().documents(reference_of(order)), 1);
}

TEST_P(FaultContract, AnErpThatIsNotThereIsUnavailableAndNothingWasSent) {
  const auto elsewhere = site().adapter_of_no_erp();
  ASSERT_NE(elsewhere, nullptr);
  const auto ping = elsewhere->ping(call_within(3'000));
  ASSERT_FALSE(ping.has_value());
  const auto refused = elsewhere->orders()->place_order(new_order(), write_within(3'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << said(refused);
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(orders, FaultContract);
INSTANTIATE_FOR_EVERY_ADAPTER_WITH(inventory, StockFaultContract);
INSTANTIATE_FOR_EVERY_ADAPTER_WITH(customers, CustomerFaultContract);

}  // namespace
}  // namespace underpin::conformance
