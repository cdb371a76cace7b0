#include "tests/conformance/site.h"

#include <map>

namespace underpin::conformance {
namespace {

class OrderContract : public Contract {
 protected:
  static OrderAmendment quantity_of(int number, const char* quantity) {
    OrderAmendment amendment;
    LineAmendment change;
    change.number = number;
    change.quantity = decimal(quantity);
    amendment.lines.push_back(change);
    return amendment;
  }
  Decimal quantity_in(const Order& order, int number) {
    for (const OrderLine& line : order.lines)
      if (line.number == number) return line.quantity;
    return {};
  }
  // Everything that changed since the last call, the newest word of each document.
  std::map<std::string, OrderChange> changes(Cursor& cursor) {
    std::map<std::string, OrderChange> seen;
    for (bool more = true; more;) {
      const auto page = orders().order_changes(cursor, call_within());
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) break;
      for (const OrderChange& change : page->items) seen[change.ref.document.text()] = change;
      EXPECT_FALSE(page->next.empty());
      cursor = page->next;
      more = page->more;
    }
    return seen;
  }
};

TEST_P(OrderContract, PlacesUnreleasedWithTheChannelsPricesAndReadsTheTotalsBack) {
  const Order order = new_order();
  const OrderReceipt receipt = placed(order);
  EXPECT_EQ(receipt.id, order.id);
  EXPECT_FALSE(receipt.document.empty());
  EXPECT_EQ(receipt.state, ReceiptState::confirmed);
  EXPECT_EQ(receipt.status, OrderStatus::open);
  EXPECT_FALSE(receipt.released);
  EXPECT_FALSE(site().is_released(receipt.document));
  ASSERT_TRUE(receipt.erp_totals.has_value());
  EXPECT_EQ(receipt.erp_totals->items_net, decimal("80.00"));
  EXPECT_EQ(receipt.erp_totals->tax, decimal("15.20"));  // 10.45 + 4.75, rounded per line.
  EXPECT_EQ(receipt.erp_totals->grand_total, decimal("95.20"));

  const Order held = read(order);
  EXPECT_EQ(held.id, order.id);
  EXPECT_EQ(held.customer, order.customer);
  EXPECT_EQ(held.currency, "EUR");
  EXPECT_EQ(held.order_date, order.order_date);
  EXPECT_EQ(held.requested_date, order.requested_date);
  EXPECT_EQ(held.totals.grand_total, decimal("95.20"));
  ASSERT_EQ(held.lines.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(held.lines[i].number, order.lines[i].number);
    EXPECT_EQ(held.lines[i].sku, order.lines[i].sku);
    EXPECT_EQ(held.lines[i].location, order.lines[i].location);
    EXPECT_EQ(held.lines[i].quantity, order.lines[i].quantity);
    EXPECT_EQ(held.lines[i].unit_price, order.lines[i].unit_price)
        << "the channel's, not the list's";
    EXPECT_EQ(held.lines[i].net_amount, order.lines[i].net_amount);
  }
}

TEST_P(OrderContract, ARepeatedPlaceAnswersWithTheDocumentThatIsThereWhateverBecameOfIt) {
  const Order open = new_order();
  const OrderReceipt first = placed(open);
  EXPECT_EQ(placed(open).document, first.document);
  EXPECT_EQ(site().documents(reference_of(open)), 1);

  const Order cancelled = new_order();
  const OrderReceipt before = placed(cancelled);
  ASSERT_TRUE(orders().cancel_order(ref_to(cancelled), {"", {}}, write_within()));
  const OrderReceipt after = placed(cancelled);
  EXPECT_EQ(after.document, before.document);
  EXPECT_EQ(after.status, OrderStatus::cancelled);
  EXPECT_EQ(site().documents(reference_of(cancelled)), 1);

  const Order posted = new_order();
  const OrderReceipt living = released(posted);
  site().ship(living.document, false);
  site().invoice(living.document);
  ASSERT_FALSE(site().is_open(living.document)) << "a posted order is deleted";
  const OrderReceipt late = placed(posted);
  EXPECT_EQ(late.document, living.document);
  EXPECT_EQ(late.status, OrderStatus::invoiced);
  EXPECT_EQ(site().documents(reference_of(posted)), 1);
}

TEST_P(OrderContract, AnIdentityComesBackAsTheChannelWroteIt) {
  Order order = new_order();
  order.id = {ChannelId{"pos-1"}, OrderNumber{"aB_" + new_number() + ".x"}};
  placed(order);
  EXPECT_EQ(read(order).id, order.id);
}

TEST_P(OrderContract, AMirrorIsNeverReleasedAndCountsAsDemandForWhatIsOutstanding) {
  const StockQuery query{{Sku{"1007"}}, LocationCode{"WEST"}};
  const auto before = inventory().get_stock(query, call_within());
  ASSERT_TRUE(before.has_value()) << said(before);
  Order order = new_order();
  order.lines = {line(1, "1007", "5", "9.00")};
  order.lines[0].location = LocationCode{"WEST"};
  order.lines[0].cancelled_quantity = decimal("1");
  order.lines[0].shipped_quantity = decimal("1");
  const OrderReceipt receipt = placed(order, Role::mirror);
  EXPECT_FALSE(receipt.released);
  EXPECT_FALSE(site().adapter().descriptor().inert_by.empty());
  const auto refused = orders().release_order(ref_to(order), write_within(20'000, Role::mirror));
  EXPECT_FALSE(refused.has_value()) << "a mirror is never released";
  EXPECT_FALSE(site().is_released(receipt.document));
  EXPECT_EQ(quantity_in(read(order), 1), decimal("3"));
  const auto after = inventory().get_stock(query, call_within());
  ASSERT_TRUE(after.has_value()) << said(after);
  EXPECT_EQ(after->at(0).reserved - before->at(0).reserved, decimal("3"));
  EXPECT_EQ(before->at(0).available - after->at(0).available, decimal("3"));
  EXPECT_EQ(after->at(0).on_hand, before->at(0).on_hand);
}

TEST_P(OrderContract, IsReleasedThroughTheSitesOwnOperationOnceAndForAll) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  EXPECT_TRUE(site().is_released(receipt.document));
  EXPECT_EQ(read(order).status, OrderStatus::released);
  const auto again = orders().release_order(ref_to(order), write_within());
  ASSERT_TRUE(again.has_value()) << said(again);
  EXPECT_TRUE(again->released);
  site().ship(receipt.document, false);
  site().invoice(receipt.document);
  const auto posted = orders().release_order(ref_to(order), write_within());
  EXPECT_TRUE(posted.has_value()) << "what is posted needs no release: " << said(posted);
}

TEST_P(OrderContract, IsBlockedAsOftenAsOneLikesAndReleasedAgain) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  for (int times = 0; times < 2; ++times) {
    const auto blocked = orders().block_order(ref_to(order), write_within());
    ASSERT_TRUE(blocked.has_value()) << said(blocked);
    EXPECT_FALSE(blocked->released);
    EXPECT_EQ(blocked->document, receipt.document);
    EXPECT_FALSE(site().is_released(receipt.document));
  }
  EXPECT_EQ(read(order).status, OrderStatus::open);
  ASSERT_TRUE(orders().release_order(ref_to(order), write_within()));
  EXPECT_TRUE(site().is_released(receipt.document));
}

TEST_P(OrderContract, ABlockedDocumentKeepsWhatHasShippedAndWhatIsClosedIsNotBlocked) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  site().ship(receipt.document, true);
  const Order before = read(order);
  ASSERT_EQ(before.status, OrderStatus::partially_shipped);
  ASSERT_TRUE(orders().block_order(ref_to(order), write_within()));
  EXPECT_FALSE(site().is_released(receipt.document));
  const Order after = read(order);
  for (std::size_t i = 0; i < before.lines.size(); ++i) {
    EXPECT_EQ(after.lines[i].quantity, before.lines[i].quantity);
    EXPECT_EQ(after.lines[i].shipped_quantity, before.lines[i].shipped_quantity);
  }
  ASSERT_TRUE(orders().release_order(ref_to(order), write_within()));
  site().ship(receipt.document, false);
  site().invoice(receipt.document);
  const auto closed = orders().block_order(ref_to(order), write_within());
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, ErrorCode::rejected) << said(closed);
  const auto unknown = orders().block_order(ref_to(new_order()), write_within());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found) << said(unknown);
}

TEST_P(OrderContract, AnInertCopyBecomesTheDocumentWhenItIsReleasedAsThePrimary) {
  const Order order = new_order();
  const OrderReceipt copy = placed(order, Role::mirror);
  ASSERT_FALSE(site().is_released(copy.document));
  const auto live = orders().release_order(ref_to(order), write_within());
  ASSERT_TRUE(live.has_value()) << said(live);
  EXPECT_TRUE(site().is_released(copy.document));
  EXPECT_EQ(read(order).status, OrderStatus::released);
}

TEST_P(OrderContract, AnAmendmentIsAbsoluteRepeatableAndReopensAReleasedDocument) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  OrderAmendment amendment = quantity_of(1, "4");
  amendment.lines[0].unit_price = decimal("21.00");
  LineAmendment gone;
  gone.number = 2;
  gone.quantity = decimal("0");
  LineAmendment added;
  added.number = 3;
  added.added = line(3, "1002", "1", "7.77");
  amendment.lines.push_back(gone);
  amendment.lines.push_back(added);
  amendment.requested_date = Date{2026, 12, 1};
  const auto amended = orders().amend_order(ref_to(order), amendment, write_within());
  ASSERT_TRUE(amended.has_value()) << said(amended);
  EXPECT_FALSE(amended->released) << "the caller releases it again";
  EXPECT_FALSE(site().is_released(receipt.document));
  ASSERT_TRUE(amended->erp_totals.has_value());
  EXPECT_EQ(amended->erp_totals->items_net, decimal("86.77"));  // 4 * 21 - 5, and 7.77.
  const Order held = read(order);
  EXPECT_EQ(quantity_in(held, 1), decimal("4"));
  EXPECT_EQ(quantity_in(held, 2), Decimal{});
  EXPECT_EQ(quantity_in(held, 3), decimal("1"));
  EXPECT_EQ(held.requested_date, (Date{2026, 12, 1}));

  ASSERT_TRUE(orders().release_order(ref_to(order), write_within()));
  const auto repeat = orders().amend_order(ref_to(order), amendment, write_within());
  ASSERT_TRUE(repeat.has_value()) << said(repeat);
  EXPECT_TRUE(repeat->released) << "a repeat changes nothing and reopens nothing";
  EXPECT_EQ(read(order).lines.size(), held.lines.size());
}

TEST_P(OrderContract, AnAmendmentBelowWhatHasShippedIsRejectedAndLeavesTheOrderReleased) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  site().ship(receipt.document, false);
  const auto refused = orders().amend_order(ref_to(order), quantity_of(1, "1"), write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_TRUE(site().is_released(receipt.document));
  EXPECT_EQ(quantity_in(read(order), 1), decimal("3"));
}

TEST_P(OrderContract, ACancelLeavesATombstoneAndIsASuccessAgain) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  const auto cancelled = orders().cancel_order(ref_to(order), {"changed mind", {}}, write_within());
  ASSERT_TRUE(cancelled.has_value()) << said(cancelled);
  EXPECT_EQ(cancelled->status, OrderStatus::cancelled);
  EXPECT_FALSE(site().is_open(receipt.document));
  EXPECT_EQ(read(order).status, OrderStatus::cancelled);
  const auto again = orders().cancel_order(ref_to(order), {"", {}}, write_within());
  ASSERT_TRUE(again.has_value()) << said(again);
  EXPECT_EQ(again->status, OrderStatus::cancelled);
  EXPECT_TRUE(orders().release_order(ref_to(order), write_within()).has_value())
      << "what is cancelled needs no release";
}

TEST_P(OrderContract, ACancelAfterAShipmentIsRejected) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  site().ship(receipt.document, true);
  const auto partly = orders().cancel_order(ref_to(order), {"", {}}, write_within());
  ASSERT_FALSE(partly.has_value());
  EXPECT_EQ(partly.error().code, ErrorCode::rejected) << said(partly);
  EXPECT_TRUE(site().is_open(receipt.document));
  site().ship(receipt.document, false);
  site().invoice(receipt.document);
  const auto posted = orders().cancel_order(ref_to(order), {"", {}}, write_within());
  ASSERT_FALSE(posted.has_value());
  EXPECT_EQ(posted.error().code, ErrorCode::rejected) << said(posted);
}

TEST_P(OrderContract, AMirrorFollowsItsDocumentAndIsWithdrawnWhenThatIsClosed) {
  Order order = new_order();
  const OrderReceipt receipt = placed(order, Role::mirror);
  order.lines[0].shipped_quantity = decimal("2");
  order.lines[1].quantity = decimal("5");
  for (int times = 0; times < 2; ++times) {  // A repeat changes nothing.
    const auto followed = orders().follow_order(order, write_within(20'000, Role::mirror));
    ASSERT_TRUE(followed.has_value()) << said(followed);
    EXPECT_FALSE(followed->released);
    EXPECT_EQ(quantity_in(read(order), 1), decimal("1"));
    EXPECT_EQ(quantity_in(read(order), 2), decimal("5"));
    EXPECT_FALSE(site().is_released(receipt.document));
  }
  order.lines[1].cancelled_quantity = decimal("5");
  ASSERT_TRUE(orders().follow_order(order, write_within(20'000, Role::mirror)));
  EXPECT_EQ(quantity_in(read(order), 2), Decimal{});
  order.lines[0].shipped_quantity = decimal("3");
  for (int times = 0; times < 2; ++times) {
    const auto emptied = orders().follow_order(order, write_within(20'000, Role::mirror));
    ASSERT_TRUE(emptied.has_value()) << said(emptied);
    EXPECT_EQ(quantity_in(read(order), 1), Decimal{});
    EXPECT_TRUE(site().is_open(receipt.document)) << "the order may be raised again";
  }
  order.lines[0].quantity = decimal("7");  // Raised by the home's users: 4 are outstanding.
  order.lines[1].cancelled_quantity = Decimal{};
  ASSERT_TRUE(orders().follow_order(order, write_within(20'000, Role::mirror)));
  EXPECT_EQ(quantity_in(read(order), 1), decimal("4"));
  EXPECT_EQ(quantity_in(read(order), 2), decimal("5"));
  EXPECT_FALSE(site().is_released(receipt.document));
  order.lines[0].shipped_quantity = decimal("7");
  order.lines[1].shipped_quantity = decimal("5");
  ASSERT_TRUE(orders().follow_order(order, write_within(20'000, Role::mirror)));
  OrderAmendment raised;  // Raised by a channel: the line may have to come back.
  raised.lines.push_back({1, decimal("2"), {}, {}, {}, order.lines[0]});
  ASSERT_TRUE(orders().amend_order(ref_to(order), raised, write_within(20'000, Role::mirror)));
  EXPECT_EQ(quantity_in(read(order), 1), decimal("2"));
  order.status = OrderStatus::invoiced;
  for (int times = 0; times < 2; ++times) {  // Removing what is gone is a success.
    const auto removed = orders().follow_order(order, write_within(20'000, Role::mirror));
    ASSERT_TRUE(removed.has_value()) << said(removed);
    EXPECT_FALSE(site().is_open(receipt.document));
  }
  Order closed = new_order();
  const OrderReceipt copy = placed(closed, Role::mirror);
  closed.status = OrderStatus::cancelled;
  ASSERT_TRUE(orders().follow_order(closed, write_within(20'000, Role::mirror)));
  EXPECT_FALSE(site().is_open(copy.document));
}

TEST_P(OrderContract, AReceiptIsFoundForOpenPostedAndArchivedDocumentsAndForNothingElse) {
  const Order open = new_order();
  const OrderReceipt living = placed(open);
  auto found = orders().find_receipt(open.id, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->document, living.document);
  EXPECT_EQ(found->status, OrderStatus::open);
  ASSERT_TRUE(found->erp_totals.has_value());
  EXPECT_EQ(found->erp_totals->grand_total, decimal("95.20"));

  const Order posted = new_order();
  const OrderReceipt shipped = released(posted);
  site().ship(shipped.document, false);
  site().invoice(shipped.document);
  found = orders().find_receipt(posted.id, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->document, shipped.document);
  EXPECT_EQ(found->status, OrderStatus::invoiced);

  const Order archived = new_order();
  const OrderReceipt deleted = placed(archived);
  site().delete_order(deleted.document);
  found = orders().find_receipt(archived.id, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->document, deleted.document);
  EXPECT_EQ(found->status, OrderStatus::cancelled);

  const auto nothing = orders().find_receipt(new_order().id, call_within());
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found);
}

TEST_P(OrderContract, TwoDocumentsUnderOneIdentityAreAConflictThatNamesBoth) {
  const Order order = new_order();
  site().fault(Write::create_order, "duplicate");
  (void)orders().place_order(order, write_within()).has_value();
  if (site().documents(reference_of(order)) == 2) {
    const auto found = orders().find_receipt(order.id, call_within());
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, ErrorCode::conflict) << said(found);
  } else {
    // An adapter that fills the document in a second step has thrown the empty double away.
    EXPECT_TRUE(orders().find_receipt(order.id, call_within()).has_value());
    EXPECT_EQ(site().documents(reference_of(order)), 1);
  }
}

TEST_P(OrderContract, IsReadByTheErpsOwnNumberAlsoWhenItIsPosted) {
  const Order order = new_order();
  const OrderReceipt receipt = released(order);
  OrderRef by_number;
  by_number.document = receipt.document;
  auto found = orders().get_order(by_number, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->id, order.id);
  site().ship(receipt.document, true);
  found = orders().get_order(by_number, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->status, OrderStatus::partially_shipped);
  ASSERT_EQ(found->shipments.size(), 1u);
  site().ship(receipt.document, false);
  site().invoice(receipt.document);
  found = orders().get_order(by_number, call_within());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->id, order.id);
  EXPECT_EQ(found->status, OrderStatus::invoiced);
  EXPECT_EQ(found->shipments.size(), 2u);
  ASSERT_EQ(found->invoices.size(), 1u);
  EXPECT_EQ(found->invoices[0].amount, decimal("95.20"));
  EXPECT_EQ(found->totals.grand_total, decimal("95.20"));
  by_number.document = DocumentNumber{"NO-SUCH-1"};
  const auto unknown = orders().get_order(by_number, call_within());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST_P(OrderContract, ChangesShowShipmentsPostingsAndDeletionsAndSkipNothing) {
  Cursor cursor;
  EXPECT_GE(changes(cursor).size(), 4u) << "the first poll is everything there is, open and closed";
  const Order one = new_order();
  const Order two = new_order();
  const OrderReceipt first = placed(one);
  const OrderReceipt second = placed(two);
  auto seen = changes(cursor);
  ASSERT_TRUE(seen.contains(first.document.text()));
  ASSERT_TRUE(seen.contains(second.document.text()));
  EXPECT_EQ(seen[first.document.text()].ref.id, one.id);
  EXPECT_FALSE(seen[first.document.text()].closed);

  ASSERT_TRUE(orders().release_order(ref_to(one), write_within()));
  site().ship(first.document, false);
  site().delete_order(second.document);
  // A process that dies here begins again where it was: with the cursor, and nothing else.
  seen = changes(cursor);
  ASSERT_TRUE(seen.contains(first.document.text()));
  EXPECT_EQ(seen[first.document.text()].status, OrderStatus::shipped);
  ASSERT_TRUE(seen.contains(second.document.text())) << "a deletion is a change";
  EXPECT_EQ(seen[second.document.text()].status, OrderStatus::cancelled);
  EXPECT_TRUE(seen[second.document.text()].closed);
  EXPECT_EQ(seen[second.document.text()].ref.id, two.id);

  site().invoice(first.document);
  seen = changes(cursor);
  ASSERT_TRUE(seen.contains(first.document.text())) << "a posting is a change";
  EXPECT_EQ(seen[first.document.text()].status, OrderStatus::invoiced);
  EXPECT_TRUE(seen[first.document.text()].closed);
}

TEST_P(OrderContract, OpenDocumentsAreListedPageByPage) {
  std::map<std::string, int> expected;
  for (int i = 0; i < 3; ++i) expected[placed(new_order()).id.number.text()] = 0;
  OrderQuery query;
  query.customer = CustomerNumber{"C10001"};
  query.limit = 2;
  for (int pages = 0; pages < 200; ++pages) {
    const auto page = orders().list_open_orders(query, call_within());
    ASSERT_TRUE(page.has_value()) << said(page);
    EXPECT_LE(page->items.size(), 2u);
    for (const Order& order : page->items) {
      EXPECT_EQ(order.customer, CustomerNumber{"C10001"});
      const auto one = expected.find(order.id.number.text());
      if (one != expected.end()) ++one->second;
    }
    query.cursor = page->next;
    if (query.cursor.empty()) break;
  }
  EXPECT_TRUE(query.cursor.empty()) << "the list does not end";
  for (const auto& [number, times] : expected) EXPECT_EQ(times, 1) << number;
}

TEST_P(OrderContract, RefusesWhatTheErpRefusesAndKeepsNothingOfIt) {
  Order unknown_item = new_order();
  unknown_item.lines[1].sku = Sku{"NONE"};
  const auto refused = orders().place_order(unknown_item, write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_FALSE(refused.error().message.empty());
  EXPECT_EQ(refused.error().system, "erp");
  EXPECT_EQ(site().documents(reference_of(unknown_item)), 0);

  Order blocked = new_order();
  blocked.customer = CustomerNumber{"C10002"};
  site().block_customer(blocked.customer, true);
  const auto blocked_answer = orders().place_order(blocked, write_within());
  site().block_customer(blocked.customer, false);
  ASSERT_FALSE(blocked_answer.has_value());
  EXPECT_EQ(blocked_answer.error().code, ErrorCode::rejected) << said(blocked_answer);
  EXPECT_EQ(site().documents(reference_of(blocked)), 0);
}

INSTANTIATE_FOR_EVERY_ADAPTER_WITH(orders, OrderContract);

}  // namespace
}  // namespace underpin::conformance
