#include "contracts/ports/posting_service.h"
#include "contracts/ports/return_service.h"
#include "tests/conformance/site.h"

#include <thread>

namespace underpin::conformance {
namespace {

// Returns, and what the ERP's own people do with them. An adapter that declares none is left out.
class ReturnContract : public Contract {
 protected:
  void SetUp() override {
    Contract::SetUp();
    ASSERT_NE(site().adapter().returns(), nullptr) << "return reasons are configured";
    ASSERT_NE(site().adapter().descriptor().returns, ReturnsMode::none);
  }
  ReturnService& returns() { return *site().adapter().returns(); }
  bool cloud() { return site().name() == "business_central"; }

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
    const std::string reference =
        *encode_return_reference(wanted.order, wanted.number, std::size_t{35});
    const json::Value state = cloud() ? site().simulator().control("GET", "state?part=creditMemos")
                                      : site().simulator().control("GET", "state");
    int found = 0;
    for (const char* table : {"salesCreditMemos", "returns", "credit_memos"}) {
      for (const json::Value& row : state.get(table).items()) {
        const json::Value& lines = row.get("lines");
        if (!cloud() && lines.size() == 0) continue;  // Begun, and nobody's return.
        const bool ours =
            row.get(cloud() ? "externalDocumentNumber" : "external_document_no").text() ==
            reference;
        found += ours ? 1 : 0;
      }
    }
    return found;
  }
  json::Value people(const std::string& action, const std::string& body) {
    return site().simulator().control("POST", "users/" + action, body);
  }
  void credit(const ReturnReceipt& receipt) {
    const std::string number = "\"" + receipt.made.document.text() + "\"";
    if (cloud())
      people("post_credit_memos", "{\"number\": " + number + "}");
    else
      people("post_returns", "{\"orders\": [" + number + "]}");
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
  const json::Value state =
      site().simulator().control("GET", cloud() ? "state?part=creditMemos" : "state?part=returns");
  for (const json::Value& row : state.get(cloud() ? "salesCreditMemos" : "returns").items())
    if (row.get(cloud() ? "number" : "no").text() == receipt.made.document.text()) {
      EXPECT_EQ(row.get(cloud() ? "invoiceNumber" : "applies_to").text(),
                wanted.invoices[0].text());
    }
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
  credit(made(wanted));
  const auto found = returns().find_return(order.id, wanted.number, call_within());
  ASSERT_TRUE(found) << said(found);
  EXPECT_EQ(found->made.status, ReturnStatus::credited);
  EXPECT_TRUE(repeats(wanted, found->made));
  ASSERT_EQ(of(order).size(), 1U);
  EXPECT_EQ(made(wanted).made, found->made) << "a repeat makes no second one";
  EXPECT_EQ(documents(wanted), 1);
}

TEST_P(ReturnContract, CreditsAreNamedAsReturnsInTheBooks) {
  const Order order = sold();
  const OrderReturn wanted = asked(order, "1");
  credit(made(wanted));
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
  const std::vector<const char*> operations =
      cloud() ? std::vector<const char*>{"salesCreditMemos.POST"}
              : std::vector<const char*>{"SalesReturnOrder.Create", "SalesReturnOrder.Update"};
  for (const char* operation : operations) {
    for (const Kind& kind : {Kind{"429", ""}, Kind{"503", ""}, Kind{"500", ""}, Kind{"drop", ""},
                             Kind{"504_after_commit", ""}, Kind{"late_commit", "\"delay_ms\": 200"},
                             Kind{"drop_after_commit", ""}}) {
      SCOPED_TRACE(std::string(operation) + " " + kind.name);
      const Order order = sold();
      const OrderReturn wanted = asked(order, "1");
      site().simulator().fault(operation, kind.name, kind.more);
      const auto first = returns().place_return(wanted, write_within());
      site().simulator().await_late_commits();
      site().simulator().clear_faults();
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

INSTANTIATE_FOR_EVERY_ADAPTER(ReturnContract);

}  // namespace
}  // namespace underpin::conformance
