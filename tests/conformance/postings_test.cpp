#include "contracts/ports/posting_service.h"
#include "tests/conformance/site.h"

#include <map>
#include <set>

namespace underpin::conformance {
namespace {

class PostingContract : public Contract {
 protected:
  PostingService& postings() {
    PostingService* service = site().adapter().postings();
    if (service == nullptr) throw std::runtime_error("no chart of accounts is configured");
    return *service;
  }
  static Date today() { return Timestamp::from(std::chrono::system_clock::now()).date_utc(); }
  std::vector<PostedEntry> entries(PostingQuery query) {
    std::vector<PostedEntry> all;
    do {
      const auto page = postings().posted_entries(query, call_within());
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) break;
      all.insert(all.end(), page->items.begin(), page->items.end());
      query.cursor = page->next;
    } while (!query.cursor.empty());
    return all;
  }
  std::vector<PostedEntry> of(const Order& order, int limit = 200) {
    PostingQuery query;
    query.from = query.to = today();
    query.limit = limit;
    std::vector<PostedEntry> own = entries(query);
    std::erase_if(own, [&](const PostedEntry& entry) { return !(entry.order == order.id); });
    return own;
  }
  Order invoiced() {
    const Order order = new_order();
    const OrderReceipt receipt = released(order);
    site().ship(receipt.document, false);
    site().invoice(receipt.document);
    return order;
  }
};

TEST_P(PostingContract, WhatWasInvoicedIsPostedBalancedUnderTheOrdersIdentity) {
  const Order order = invoiced();
  const Order held = read(order);
  std::map<AccountClass, Decimal> general;
  Decimal tax;
  Decimal base;
  std::set<std::string> codes;
  Decimal sum;
  for (const PostedEntry& entry : of(order)) {
    EXPECT_EQ(entry.posting_date, today());
    EXPECT_EQ(entry.kind, PostedKind::invoice);
    EXPECT_FALSE(entry.closing);
    EXPECT_EQ(entry.currency, "EUR");
    EXPECT_EQ(entry.document, held.invoices.at(0).document);
    if (entry.ledger == Ledger::tax) {
      tax += entry.amount;
      base += entry.base;
      codes.insert(entry.tax_code);
      continue;
    }
    general[entry.account_class] += entry.amount;
    sum += entry.amount;
  }
  EXPECT_EQ(sum, Decimal{}) << "the entries of a document add up to nothing";
  EXPECT_EQ(general[AccountClass::revenue] + general[AccountClass::discount],
            -(held.totals.grand_total - held.totals.tax));
  EXPECT_EQ(base, -(held.totals.grand_total - held.totals.tax));
  EXPECT_EQ(general[AccountClass::tax], -held.totals.tax);
  EXPECT_EQ(tax, general[AccountClass::tax]) << "both ledgers say the same";
  EXPECT_EQ(codes, std::set<std::string>{"VAT19"});
  EXPECT_EQ(general[AccountClass::receivable], held.totals.grand_total);
  EXPECT_EQ(general[AccountClass::inventory], -general[AccountClass::cogs]);
  EXPECT_EQ(general.count(AccountClass::other), 0U);
}

TEST_P(PostingContract, EveryEntryComesOnceHoweverSmallThePages) {
  const Order order = invoiced();
  const std::vector<PostedEntry> whole = of(order);
  EXPECT_GE(whole.size(), 5U);
  EXPECT_EQ(of(order, 2), whole);
}

TEST_P(PostingContract, AnotherDayAndAnotherDocumentHaveEntriesOfTheirOwn) {
  const Order order = invoiced();
  const Order other = invoiced();
  PostingQuery later;
  later.from = later.to = Date{2031, 1, 1};
  EXPECT_TRUE(entries(later).empty());
  PostingQuery named;
  named.documents = {read(order).invoices.at(0).document};
  const std::vector<PostedEntry> found = entries(named);
  EXPECT_EQ(found, of(order));
  EXPECT_NE(found, of(other));
}

TEST_P(PostingContract, AMirrorPostsNothing) {
  const Order order = new_order();
  placed(order, Role::mirror);
  EXPECT_TRUE(of(order).empty());
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(postings, PostingContract);

}  // namespace
}  // namespace underpin::conformance
