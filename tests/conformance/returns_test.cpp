#include "contracts/ports/posting_service.h"
#include "contracts/ports/return_service.h"
#include "tests/conformance/site.h"

#include <thread>

namespace underpin::conformance {
namespace {

// Returns, and what the ERP's own people do with them. An adapter that declares none is left out.
class ReturnContract : public Contract {
 protected:
  ReturnService& returns() { return *site().adapter().returns(); }

  // An order of which everything has left and is invoiced.
  Order sold() {
    const Order order = new_order();
    const OrderReceipt receipt = released(order);
    site().ship(receipt.document, false);
    site().invoice(receipt.document);
    return order;
  }
  OrderReturn asked(const Order& order, const char* quantity, const char* reason = "DAMAGED") {
    OrderReturn wanted;
    wanted.order = order.id;
    wanted.number = ReturnNumber{"R-1"};
    wanted.date = Date{2026, 11, 28};
    wanted.customer = order.customer;
    wanted.currency = order.currency;
    for (const InvoiceReference& invoice : read(order).invoices)
      wanted.invoices.push_back(invoice.document);
    ReturnLine back;
    back.number = 2;
    back.quantity = decimal(quantity);
    back.reason = reason;
    back.sku = Sku{"1001"};
    back.description = "Back again";
    back.uom = "PCS";
    back.location = order.lines[1].location;
    back.unit_price = decimal("12.50");
    wanted.lines.push_back(back);
    return wanted;
  }
  ReturnReceipt made(const OrderReturn& wanted) {
    const auto receipt = returns().place_return(wanted, write_within());
    EXPECT_TRUE(receipt.has_value()) << said(receipt);
    return receipt ? *receipt : ReturnReceipt{};
  }
  std::vector<ReturnReference> of(const Order& order) {
    ReturnsOf whose{order.id, {}};
    for (const InvoiceReference& invoice : read(order).invoices)
      whose.invoices.push_back(invoice.document);
    const auto found = returns().returns_of(whose, call_within());
    EXPECT_TRUE(found.has_value()) << said(found);
    return found ? *found : std::vector<ReturnReference>{};
  }
  // Of the ERP's books: documents under the reference, open or posted.
  int documents(const OrderReturn& wanted) {
    return site().returns(*encode_return_reference(wanted.order, wanted.number, std::size_t{35}));
  }
};

TEST_P(ReturnContract, APartOfAnOrderComesBackAsOneDocumentAppliedToItsInvoice) {
  const Order order = sold();
  const OrderReturn wanted = asked(order, "1");
  ASSERT_EQ(wanted.invoices.size(), 1U);
  const ReturnReceipt receipt = made(wanted);
  EXPECT_EQ(receipt.state, ReceiptState::confirmed);
  EXPECT_EQ(receipt.made.number, wanted.number);
  EXPECT_EQ(receipt.made.status, ReturnStatus::open);
  EXPECT_EQ(receipt.made.date, wanted.date);
  EXPECT_TRUE(repeats(wanted, receipt.made));
  EXPECT_EQ(receipt.made.lines.at(0).sku, Sku{"1001"});
  EXPECT_EQ(documents(wanted), 1);
  const auto seen = of(order);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0], receipt.made);
  EXPECT_EQ(site().applied_to(receipt.made.document), wanted.invoices[0].text());
  EXPECT_TRUE(read(order).returns.empty()) << "the port of orders says nothing of returns";
}

TEST_P(ReturnContract, AWholeOrderComesBackWithEveryLinesOwnReason) {
  const Order order = sold();
  OrderReturn wanted = asked(order, "2", "UNWANTED");
  ReturnLine first = wanted.lines[0];
  first.number = 1;
  first.quantity = decimal("3");
  first.sku = Sku{"1000"};
  first.unit_price = decimal("20.00");
  first.discount = decimal("5.00");
  first.reason = "DAMAGED";
  wanted.lines.push_back(first);
  const ReturnReceipt receipt = made(wanted);
  EXPECT_TRUE(repeats(wanted, receipt.made));
  Order seen = read(order);
  count_returned(seen, of(order));
  for (const OrderLine& line : seen.lines)
    EXPECT_EQ(line.returned_quantity, line.shipped_quantity) << line.number;
}

TEST_P(ReturnContract, ARepeatIsTheSameReturnAndOtherContentAConflict) {
  const Order order = sold();
  const OrderReturn wanted = asked(order, "1");
  const ReturnReceipt receipt = made(wanted);
  EXPECT_EQ(made(wanted), receipt);
  const auto other = returns().place_return(asked(order, "2"), write_within());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::conflict) << said(other);
  const auto reason = returns().place_return(asked(order, "1", "UNWANTED"), write_within());
  ASSERT_FALSE(reason);
  EXPECT_EQ(reason.error().code, ErrorCode::conflict) << said(reason);
  EXPECT_EQ(documents(wanted), 1);
}

TEST_P(ReturnContract, AReasonThatIsNotMappedIsRefusedAndNeverReplaced) {
  const Order order = sold();
  const OrderReturn wanted = asked(order, "1", "BORED");
  const auto refused = returns().place_return(wanted, write_within());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  ASSERT_EQ(refused.error().fields.size(), 1U) << said(refused);
  EXPECT_EQ(refused.error().fields[0].pointer, "/lines/0/reason");
  EXPECT_EQ(documents(wanted), 0);
}

TEST_P(ReturnContract, AReferenceThatIsTooLongIsRefusedAndNeverCut) {
  const Order order = sold();
  OrderReturn wanted = asked(order, "1");
  wanted.number = ReturnNumber{"abcdefghijklmnopqrst"};
  const auto refused = returns().place_return(wanted, write_within());
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().fields.size(), 1U) << said(refused);
  EXPECT_EQ(refused.error().fields[0].pointer, "/number");
  EXPECT_TRUE(of(order).empty());
}

TEST_P(ReturnContract, WhatIsCreditedIsStillFoundAndCountsOnce) {
  const Order order = sold();
  const OrderReturn wanted = asked(order, "1");
  site().credit(made(wanted).made.document);
  const auto found = returns().find_return(order.id, wanted.number, call_within());
  ASSERT_TRUE(found) << said(found);
  EXPECT_EQ(found->made.status, ReturnStatus::credited);
  EXPECT_TRUE(repeats(wanted, found->made));
  ASSERT_EQ(of(order).size(), 1U);
  EXPECT_EQ(made(wanted).made, found->made) << "a repeat makes no second one";
  EXPECT_EQ(documents(wanted), 1);
  const Order seen = read(order);
  EXPECT_EQ(seen.invoices.size(), 1U) << "a credit memo is no invoice of the order";
  for (const OrderLine& line : seen.lines) {
    EXPECT_EQ(line.shipped_quantity, line.quantity) << line.number;
    EXPECT_EQ(line.invoiced_quantity, line.quantity) << line.number;
  }
}

// Of an ERP that tells what it has posted, too.
class CreditContract : public ReturnContract {};

TEST_P(CreditContract, CreditsAreNamedAsReturnsInTheBooks) {
  const Order order = sold();
  const OrderReturn wanted = asked(order, "1");
  site().credit(made(wanted).made.document);
  PostingQuery query;
  query.from = query.to = Timestamp::from(std::chrono::system_clock::now()).date_utc();
  int named = 0;
  Decimal sum;
  do {
    const auto page = site().adapter().postings()->posted_entries(query, call_within());
    ASSERT_TRUE(page) << said(page);
    for (const PostedEntry& entry : page->items) {
      if (entry.kind != PostedKind::credit_memo || entry.ledger != Ledger::general) continue;
      const auto id = decode_return_reference(entry.reference);
      if (!id || id->order != order.id) continue;
      EXPECT_TRUE(entry.order.empty()) << "it is no posting of the order";
      ++named;
      sum += entry.amount;
    }
    query.cursor = page->next;
  } while (!query.cursor.empty());
  EXPECT_GT(named, 2);
  EXPECT_EQ(sum, Decimal{});
}

TEST_P(ReturnContract, WhatIsNotThereIsNotFound) {
  const Order order = sold();
  const auto found = returns().find_return(order.id, ReturnNumber{"R-9"}, call_within());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found) << said(found);
  EXPECT_TRUE(of(order).empty());
}

TEST_P(ReturnContract, NoFailureLosesOrDoublesAReturn) {
  struct Kind {
    const char* name;
    const char* more;
  };
  for (const std::string& operation : site().operations_of(Write::create_return)) {
    for (const Kind& kind : {Kind{"429", ""}, Kind{"503", ""}, Kind{"500", ""}, Kind{"drop", ""},
                             Kind{"504_after_commit", ""}, Kind{"late_commit", "\"delay_ms\": 200"},
                             Kind{"drop_after_commit", ""}}) {
      SCOPED_TRACE(operation + " " + kind.name);
      const Order order = sold();
      const OrderReturn wanted = asked(order, "1");
      site().fault(operation, kind.name, kind.more);
      const auto first = returns().place_return(wanted, write_within());
      site().await_late_commits();
      site().clear_faults();
      if (!first) {
        const Disposition next = disposition(first.error().code);
        ASSERT_TRUE(next == Disposition::retry || next == Disposition::resolve_outcome)
            << said(first);
        if (next == Disposition::resolve_outcome) {
          const auto until =
              std::chrono::steady_clock::now() + std::chrono::milliseconds(settle_ms);
          std::this_thread::sleep_until(until);
          const auto found = returns().find_return(order.id, wanted.number, call_within());
          if (!found) {
            EXPECT_EQ(found.error().code, ErrorCode::not_found) << said(found);
          }
        }
        (void)made(wanted);
      }
      EXPECT_EQ(documents(wanted), 1);
      EXPECT_EQ(of(order).size(), 1U);
    }
  }
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(returns, ReturnContract);
INSTANTIATE_FOR_EVERY_ADAPTER_WITH(postings, CreditContract);

}  // namespace
}  // namespace underpin::conformance
