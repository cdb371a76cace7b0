#include "simulated_erp.h"

namespace underpin::cloud::business_central {
namespace {

class BusinessCentralOrders : public SimulatedErp {
 protected:
  OrderReceipt place(const Order& order, Role role = Role::primary) {
    const auto receipt = orders().place_order(order, write_within(10'000, role));
    EXPECT_TRUE(receipt.has_value()) << said(receipt);
    return receipt ? *receipt : OrderReceipt{};
  }
  Order get(const Order& order) {
    const auto found = orders().get_order(ref_to(order), call_within(10'000));
    EXPECT_TRUE(found.has_value()) << said(found);
    return found ? *found : Order{};
  }
  void release(const Order& order) {
    const auto receipt = orders().release_order(ref_to(order), write_within(10'000));
    ASSERT_TRUE(receipt.has_value()) << said(receipt);
    ASSERT_TRUE(receipt->released);
  }
  void ship(const OrderReceipt& receipt, const char* partial = "false") {
    const json::Value done = user("pick_and_ship", R"({"number": ")" + receipt.document.text() +
                                                       R"(", "partial": )" + partial + "}");
    ASSERT_EQ(done.get("shipped").size(), 1u) << json::write(done);
  }
  std::string status_in_erp(const OrderReceipt& receipt) {
    const auto found = rows("orders", "salesOrders", "number", receipt.document.text());
    return found.empty() ? "gone" : found.front().get("status").text();
  }
};

TEST_F(BusinessCentralOrders, ArePlacedUnreleasedWithTheChannelsPricesAndReadBack) {
  const Order order = web_order("100042");
  const OrderReceipt receipt = place(order);
  EXPECT_FALSE(receipt.document.empty());
  EXPECT_FALSE(receipt.released);
  EXPECT_EQ(receipt.status, OrderStatus::open);
  ASSERT_TRUE(receipt.erp_totals.has_value());
  EXPECT_EQ(receipt.erp_totals->items_net.text(), "80.00");
  EXPECT_EQ(receipt.erp_totals->charges.text(), "4.90");
  EXPECT_EQ(receipt.erp_totals->tax.text(), "16.13");  // 10.45 + 4.75 + 0.93, rounded per line.
  EXPECT_EQ(receipt.erp_totals->grand_total.text(), "101.03");

  const Order read = get(order);
  EXPECT_EQ(read.id, order.id);
  EXPECT_EQ(read.customer, order.customer);
  EXPECT_EQ(read.order_date, order.order_date);
  EXPECT_EQ(read.requested_date, order.requested_date);
  EXPECT_EQ(read.currency, "EUR");
  EXPECT_FALSE(read.ship_to.has_value()) << "the customer's own address is not one-time";
  ASSERT_EQ(read.lines.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.lines[i].number, order.lines[i].number);
    EXPECT_EQ(read.lines[i].sku, order.lines[i].sku);
    EXPECT_EQ(read.lines[i].uom, "PCS");
    EXPECT_EQ(read.lines[i].location, order.lines[i].location);
    EXPECT_EQ(read.lines[i].quantity, order.lines[i].quantity);
    EXPECT_EQ(read.lines[i].unit_price.text(), order.lines[i].unit_price.text());
    EXPECT_EQ(read.lines[i].net_amount, order.lines[i].net_amount);
    EXPECT_EQ(read.lines[i].adjustments, order.lines[i].adjustments);
  }
  ASSERT_EQ(read.charges.size(), 1u);
  EXPECT_EQ(read.charges[0].kind, "shipping");
  EXPECT_EQ(read.charges[0].code, "DHL");
  EXPECT_EQ(read.charges[0].amount.text(), "4.90");
  EXPECT_EQ(read.totals, *receipt.erp_totals);
  EXPECT_EQ(read.status, OrderStatus::open);
}

TEST_F(BusinessCentralOrders, KeepAnIdentityThatTheErpUpperCases) {
  Order order = web_order("aB-7.x");
  order.id.channel = ChannelId("pos-1");
  place(order);
  EXPECT_EQ(get(order).id, order.id);
  EXPECT_EQ(rows("orders", "salesOrders", "externalDocumentNumber", "POS-1/^AB-7.^X").size(), 1u);
}

TEST_F(BusinessCentralOrders, KeepAOneTimeAddressWithoutTouchingTheCustomer) {
  Order order = web_order("1");
  Address to;
  to.kind = "ship_to";
  to.name = "Zoë O'Neil";
  to.line1 = "Straße 1+2";
  to.city = "Köln";
  to.post_code = "50667";
  to.country = "DE";
  order.ship_to = to;
  place(order);
  EXPECT_EQ(get(order).ship_to, order.ship_to);
  const auto customer = customers().get_customer(order.customer, call_within(5'000));
  ASSERT_TRUE(customer.has_value());
  EXPECT_NE(customer->address->line1, to.line1);
}

TEST_F(BusinessCentralOrders, AreNotPlacedTwice) {
  const Order order = web_order("2");
  const OrderReceipt first = place(order);
  const OrderReceipt second = place(order);
  EXPECT_EQ(first.document, second.document);
  EXPECT_EQ(documents("WEB/2"), 1u);
}

TEST_F(BusinessCentralOrders, AreNotPlacedAgainOnceCancelledOrPosted) {
  const Order cancelled = web_order("3");
  const OrderReceipt first = place(cancelled);
  ASSERT_TRUE(orders().cancel_order(ref_to(cancelled), {"", {}}, write_within(10'000)));
  const OrderReceipt again = place(cancelled);
  EXPECT_EQ(again.document, first.document);
  EXPECT_EQ(again.status, OrderStatus::cancelled);
  EXPECT_EQ(documents("WEB/3"), 1u);

  const Order posted = web_order("4");
  const OrderReceipt placed = place(posted);
  release(posted);
  ship(placed);
  user("invoice", R"({"number": ")" + placed.document.text() + "\"}");
  EXPECT_EQ(status_in_erp(placed), "gone");
  const OrderReceipt repeat = place(posted);
  EXPECT_EQ(repeat.document, placed.document);
  EXPECT_EQ(repeat.status, OrderStatus::invoiced);
  EXPECT_EQ(documents("WEB/4"), 1u);
}

TEST_F(BusinessCentralOrders, ThatExistTwiceAreAConflictNamingBoth) {
  const Order order = web_order("5");
  fault("salesOrders.POST", "duplicate");
  (void)orders().place_order(order, write_within(10'000));
  ASSERT_EQ(documents("WEB/5"), 2u);
  const auto receipt = orders().find_receipt(order.id, call_within(5'000));
  ASSERT_FALSE(receipt.has_value());
  EXPECT_EQ(receipt.error().code, ErrorCode::conflict);
  for (const auto& row : rows("orders", "salesOrders", "externalDocumentNumber", "WEB/5"))
    EXPECT_NE(receipt.error().message.find(row.get("number").text()), std::string::npos)
        << receipt.error().message;
}

TEST_F(BusinessCentralOrders, MirrorsAreNeverReleasedAndHoldWhatIsOutstanding) {
  Order order = web_order("6");
  order.lines[0].shipped_quantity = dec("1");
  order.lines[1].cancelled_quantity = dec("2");
  const OrderReceipt receipt = place(order, Role::mirror);
  EXPECT_FALSE(receipt.released);
  EXPECT_EQ(status_in_erp(receipt), "Draft");
  const auto refused = orders().release_order(ref_to(order), write_within(5'000, Role::mirror));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(status_in_erp(receipt), "Draft");
  const Order read = get(order);
  ASSERT_EQ(read.lines.size(), 1u);
  EXPECT_EQ(read.lines[0].quantity, dec("2"));
  EXPECT_EQ(read.lines[0].adjustments[0].amount + dec("3.33"), Decimal())
      << "two thirds of the discount";
}

TEST_F(BusinessCentralOrders, AreReleasedOnceAndForAll) {
  const Order order = web_order("7");
  const OrderReceipt receipt = place(order);
  release(order);
  release(order);
  EXPECT_EQ(status_in_erp(receipt), "Open");
  EXPECT_EQ(get(order).status, OrderStatus::released);
}

TEST_F(BusinessCentralOrders, TellWhatWasShippedAndInvoiced) {
  const Order order = web_order("8");
  const OrderReceipt receipt = place(order);
  release(order);
  ship(receipt, "true");
  const Order partly = get(order);
  EXPECT_EQ(partly.status, OrderStatus::partially_shipped);
  EXPECT_EQ(partly.lines[0].shipped_quantity, dec("1"));
  ASSERT_EQ(partly.shipments.size(), 1u);
  EXPECT_EQ(partly.shipments[0].lines[0].line, 1);
  EXPECT_EQ(partly.shipments[0].lines[0].quantity, dec("1"));
  ship(receipt);
  EXPECT_EQ(get(order).status, OrderStatus::shipped);
  user("invoice", R"({"number": ")" + receipt.document.text() + "\"}");
  ASSERT_EQ(status_in_erp(receipt), "gone");
  const Order invoiced = get(order);
  EXPECT_EQ(invoiced.status, OrderStatus::invoiced);
  EXPECT_EQ(invoiced.id, order.id);
  ASSERT_EQ(invoiced.lines.size(), 2u);
  EXPECT_EQ(invoiced.lines[0].shipped_quantity, dec("3"));
  EXPECT_EQ(invoiced.lines[0].invoiced_quantity, dec("3"));
  EXPECT_EQ(invoiced.lines[0].location, LocationCode("EAST"));
  EXPECT_EQ(invoiced.lines[0].adjustments, order.lines[0].adjustments);
  EXPECT_EQ(invoiced.shipments.size(), 2u);
  ASSERT_EQ(invoiced.invoices.size(), 1u);
  EXPECT_EQ(invoiced.invoices[0].amount.text(), "101.03");
  EXPECT_EQ(invoiced.totals.grand_total.text(), "101.03");
  OrderRef by_number;
  by_number.document = receipt.document;
  const auto found = orders().get_order(by_number, call_within(5'000));
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->id, order.id);
}

TEST_F(BusinessCentralOrders, ThatAreUnknownAreNotFound) {
  const Order order = web_order("nowhere");
  EXPECT_EQ(orders().get_order(ref_to(order), call_within(5'000)).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(orders().find_receipt(order.id, call_within(5'000)).error().code, ErrorCode::not_found);
  EXPECT_EQ(orders().release_order(ref_to(order), write_within(5'000)).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(orders().cancel_order(ref_to(order), {}, write_within(5'000)).error().code,
            ErrorCode::not_found);
}

TEST_F(BusinessCentralOrders, AreAmendedAbsolutelyAndReopenedForIt) {
  const Order order = web_order("9");
  const OrderReceipt receipt = place(order);
  release(order);
  OrderAmendment amendment;
  LineAmendment more;
  more.number = 1;
  more.quantity = dec("4");
  LineAmendment gone;
  gone.number = 2;
  gone.quantity = dec("0");
  LineAmendment added;
  added.number = 3;
  added.added = line(3, "1002", "1", "7.77", "0.77");
  amendment.lines = {more, gone, added};
  amendment.requested_date = day("2026-12-01");
  const auto amended = orders().amend_order(ref_to(order), amendment, write_within(10'000));
  ASSERT_TRUE(amended.has_value()) << said(amended);
  EXPECT_FALSE(amended->released) << "the caller releases it again";
  EXPECT_EQ(status_in_erp(receipt), "Draft");
  EXPECT_EQ(amended->erp_totals->items_net.text(), "82.00");  // 4 * 20 - 5, and 7.77 - 0.77.
  const Order read = get(order);
  EXPECT_EQ(read.requested_date, day("2026-12-01"));
  ASSERT_EQ(read.lines.size(), 2u);
  EXPECT_EQ(read.lines[0].quantity, dec("4"));
  EXPECT_EQ(read.lines[0].adjustments, order.lines[0].adjustments)
      << "the amount, not the percentage";
  EXPECT_EQ(read.lines[1].number, 3);
  EXPECT_EQ(read.lines[1].adjustments[0].promotion, "SUMMER");
  EXPECT_EQ(read.lines[1].adjustments[0].promotion_version, 3);

  release(order);
  const auto repeat = orders().amend_order(ref_to(order), amendment, write_within(10'000));
  ASSERT_TRUE(repeat.has_value()) << said(repeat);
  EXPECT_TRUE(repeat->released) << "a repeat changes nothing and reopens nothing";
}

// A change states one discount for a line, not whose it is: what a longer line has more than was
// placed is the promotions' like the rest, not somebody's manual discount.
TEST_F(BusinessCentralOrders, PromotionsOfAChangedLineKeepTheirSharesOfItsDiscount) {
  Order order = web_order("9s");
  Adjustment second = order.lines[0].adjustments.at(0);
  second.promotion = "SECOND";
  second.amount = dec("-1.00");  // Of 6.00 together, with 5.00 of SUMMER.
  order.lines[0].adjustments.push_back(second);
  place(order);
  const auto amounts = [&] {
    std::map<std::string, std::string> by_promotion;
    const Order held = get(order);
    for (const Adjustment& one : held.lines.at(0).adjustments)
      by_promotion[one.promotion] = one.amount.text();
    return by_promotion;
  };
  const auto discount_becomes = [&](const char* quantity, const char* total) {
    OrderAmendment amendment;
    LineAmendment changed;
    changed.number = 1;
    changed.quantity = dec(quantity);
    changed.adjustment_total = dec(total);
    amendment.lines = {changed};
    const auto amended = orders().amend_order(ref_to(order), amendment, write_within(10'000));
    EXPECT_TRUE(amended.has_value()) << said(amended);
  };
  using Amounts = std::map<std::string, std::string>;
  ASSERT_EQ(amounts(), (Amounts{{"SUMMER", "-5.00"}, {"SECOND", "-1.00"}}));
  discount_becomes("5", "-10.00");
  EXPECT_EQ(amounts(), (Amounts{{"SUMMER", "-8.33"}, {"SECOND", "-1.67"}}));
  discount_becomes("1", "-2.00");
  EXPECT_EQ(amounts(), (Amounts{{"SUMMER", "-1.67"}, {"SECOND", "-0.33"}}));
  discount_becomes("6", "-12.00");
  EXPECT_EQ(amounts(), (Amounts{{"SUMMER", "-10.00"}, {"SECOND", "-2.00"}}));
}

TEST_F(BusinessCentralOrders, AmendmentThatIsRefusedLeavesAReleasedOrderReleased) {
  const Order order = web_order("10");
  const OrderReceipt receipt = place(order);
  release(order);
  ship(receipt, "true");  // One of three of line 1.
  OrderAmendment amendment;
  LineAmendment less;
  less.number = 1;
  less.quantity = dec("0.5");
  amendment.lines = {less};
  const auto refused = orders().amend_order(ref_to(order), amendment, write_within(10'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().vendor_code, "Application_DialogException");
  EXPECT_EQ(status_in_erp(receipt), "Open");
}

TEST_F(BusinessCentralOrders, AmendmentReadsAStaleOrderAgain) {
  const Order order = web_order("11");
  place(order);
  fault("salesOrderLines.PATCH", "stale_key");
  OrderAmendment amendment;
  LineAmendment more;
  more.number = 1;
  more.quantity = dec("5");
  amendment.lines = {more};
  const auto amended = orders().amend_order(ref_to(order), amendment, write_within(10'000));
  ASSERT_TRUE(amended.has_value()) << said(amended);
  EXPECT_EQ(get(order).lines[0].quantity, dec("5"));
  fault("salesOrderLines.PATCH", "stale_key", R"("count": 5)");
  amendment.lines[0].quantity = dec("6");
  const auto stale = orders().amend_order(ref_to(order), amendment, write_within(10'000));
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, ErrorCode::conflict);
}

TEST_F(BusinessCentralOrders, AreCancelledWithATombstone) {
  const Order order = web_order("12");
  const OrderReceipt receipt = place(order);
  release(order);
  fault("salesOrders.DELETE", "stale_key");
  const auto cancelled =
      orders().cancel_order(ref_to(order), {"changed mind", {}}, write_within(10'000));
  ASSERT_TRUE(cancelled.has_value()) << said(cancelled);
  EXPECT_EQ(cancelled->status, OrderStatus::cancelled);
  EXPECT_EQ(status_in_erp(receipt), "gone");
  const Order read = get(order);
  EXPECT_EQ(read.status, OrderStatus::cancelled);
  EXPECT_EQ(read.lines[0].cancelled_quantity, dec("3"));
  const auto again = orders().cancel_order(ref_to(order), {"", {}}, write_within(10'000));
  ASSERT_TRUE(again.has_value()) << said(again);
  EXPECT_EQ(again->status, OrderStatus::cancelled);
  const auto released = orders().release_order(ref_to(order), write_within(10'000));
  ASSERT_TRUE(released.has_value()) << "what is cancelled needs no release";
}

TEST_F(BusinessCentralOrders, ThatHaveShippedAreNotCancelled) {
  const Order order = web_order("13");
  const OrderReceipt receipt = place(order);
  release(order);
  ship(receipt, "true");
  EXPECT_EQ(orders().cancel_order(ref_to(order), {}, write_within(10'000)).error().code,
            ErrorCode::rejected);
  ship(receipt);
  user("invoice", R"({"number": ")" + receipt.document.text() + "\"}");
  EXPECT_EQ(orders().cancel_order(ref_to(order), {}, write_within(10'000)).error().code,
            ErrorCode::rejected);
}

TEST_F(BusinessCentralOrders, MirrorsFollowTheirDocument) {
  Order order = web_order("14");
  const OrderReceipt receipt = place(order, Role::mirror);
  order.lines[0].shipped_quantity = dec("2");
  order.lines[1].quantity = dec("5");
  order.lines.push_back(line(3, "1003", "1", "9.99"));
  auto followed = orders().follow_order(order, write_within(10'000, Role::mirror));
  ASSERT_TRUE(followed.has_value()) << said(followed);
  EXPECT_FALSE(followed->released);
  Order copy = get(order);
  ASSERT_EQ(copy.lines.size(), 3u);
  EXPECT_EQ(copy.lines[0].quantity, dec("1"));
  EXPECT_EQ(copy.lines[1].quantity, dec("5"));
  EXPECT_EQ(copy.lines[2].quantity, dec("1"));
  EXPECT_EQ(status_in_erp(receipt), "Draft");
  followed = orders().follow_order(order, write_within(10'000, Role::mirror));
  ASSERT_TRUE(followed.has_value()) << said(followed);

  order.lines[1].cancelled_quantity = dec("5");
  ASSERT_TRUE(orders().follow_order(order, write_within(10'000, Role::mirror)));
  copy = get(order);
  EXPECT_EQ(copy.lines.size(), 2u);

  order.lines[0].shipped_quantity = dec("3");
  order.lines[2].shipped_quantity = dec("1");
  ASSERT_TRUE(orders().follow_order(order, write_within(10'000, Role::mirror)));
  EXPECT_EQ(status_in_erp(receipt), "Draft") << "the order may be raised again";
  EXPECT_TRUE(get(order).lines.empty());
  order.status = OrderStatus::invoiced;
  ASSERT_TRUE(orders().follow_order(order, write_within(10'000, Role::mirror)));
  EXPECT_EQ(status_in_erp(receipt), "gone");
  ASSERT_TRUE(orders().follow_order(order, write_within(10'000, Role::mirror)));
}

TEST_F(BusinessCentralOrders, MirrorThatSomebodyReleasedIsReopenedBeforeItShips) {
  const Order order = web_order("15");
  const OrderReceipt receipt = place(order, Role::mirror);
  release(order);
  const auto followed = orders().follow_order(order, write_within(10'000, Role::mirror));
  ASSERT_TRUE(followed.has_value()) << said(followed);
  EXPECT_EQ(status_in_erp(receipt), "Draft");
}

TEST_F(BusinessCentralOrders, RefuseWhatTheErpRefusesWithItsCode) {
  Order order = web_order("16");
  order.lines[1].sku = Sku("NONE");
  const auto unknown_item = orders().place_order(order, write_within(10'000));
  ASSERT_FALSE(unknown_item.has_value());
  EXPECT_EQ(unknown_item.error().code, ErrorCode::rejected);
  EXPECT_EQ(unknown_item.error().vendor_code, "Internal_RecordNotFound");
  EXPECT_EQ(documents("WEB/16"), 0u) << "a deep insert is all or nothing";
  order = web_order("16");
  order.charges[0].kind = "insurance";
  const auto charge = orders().place_order(order, write_within(10'000));
  EXPECT_EQ(charge.error().code, ErrorCode::rejected);
  EXPECT_EQ(charge.error().fields.at(0).pointer, "/charges/0/kind");
  order = web_order("16");
  order.lines[0].location = LocationCode("MOON");
  EXPECT_EQ(orders().place_order(order, write_within(10'000)).error().code, ErrorCode::rejected);
  order = web_order("16");
  order.lines[0].adjustments[0].amount = dec("1.00");
  EXPECT_EQ(orders().place_order(order, write_within(10'000)).error().code, ErrorCode::unsupported);
  user("block_customer", R"({"number": "C10000", "blocked": "All"})");
  EXPECT_EQ(orders().place_order(web_order("16"), write_within(10'000)).error().code,
            ErrorCode::rejected);
  EXPECT_EQ(documents("WEB/16"), 0u);
}

TEST_F(BusinessCentralOrders, AreListedPageByPage) {
  for (const char* number : {"20", "21", "22"}) place(web_order(number));
  OrderQuery query;
  query.customer = CustomerNumber("C10000");
  query.limit = 2;
  std::vector<Order> seen;
  do {
    const auto page = orders().list_open_orders(query, call_within(10'000));
    ASSERT_TRUE(page.has_value()) << said(page);
    EXPECT_LE(page->items.size(), 2u);
    seen.insert(seen.end(), page->items.begin(), page->items.end());
    query.cursor = page->next;
  } while (!query.cursor.empty());
  std::size_t ours = 0;
  for (const Order& order : seen) {
    EXPECT_EQ(order.customer, CustomerNumber("C10000"));
    if (order.id.channel == ChannelId("web")) {
      ++ours;
      EXPECT_EQ(order.lines.at(0).adjustments.at(0).promotion, "SUMMER");
    }
  }
  EXPECT_EQ(ours, 3u);
  query.cursor = Cursor("/api/v2.0/companies");
  EXPECT_EQ(orders().list_open_orders(query, call_within(5'000)).error().code,
            ErrorCode::invalid_request);
}

TEST_F(BusinessCentralOrders, ChangesAreSeenOnceInWhateverPlace) {
  Cursor cursor;
  const auto poll = [&] {
    std::map<std::string, OrderChange> changes;
    bool more = true;
    for (int rounds = 0; more && rounds < 100; ++rounds) {
      const auto page = orders().order_changes(cursor, call_within(10'000));
      EXPECT_TRUE(page.has_value()) << said(page);
      if (!page) return changes;
      for (const OrderChange& change : page->items) changes[change.ref.document.text()] = change;
      cursor = page->next;
      more = page->more;
    }
    return changes;
  };
  adapter_ = connect(R"("page_size": 2)");
  const auto first = poll();
  EXPECT_GE(first.size(), 4u) << "the orders that people typed in, open and closed";
  EXPECT_TRUE(poll().empty());
  const Order one = web_order("30");
  const Order two = web_order("31");
  const OrderReceipt first_receipt = place(one);
  const OrderReceipt second_receipt = place(two);
  auto changes = poll();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[first_receipt.document.text()].ref.id, one.id);
  EXPECT_EQ(changes[first_receipt.document.text()].status, OrderStatus::open);
  EXPECT_FALSE(changes[first_receipt.document.text()].closed);
  release(one);
  ship(first_receipt);
  user("delete_order", R"({"number": ")" + second_receipt.document.text() + "\"}");
  changes = poll();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[first_receipt.document.text()].status, OrderStatus::shipped);
  EXPECT_EQ(changes[second_receipt.document.text()].status, OrderStatus::cancelled);
  EXPECT_TRUE(changes[second_receipt.document.text()].closed);
  EXPECT_EQ(changes[second_receipt.document.text()].ref.id, two.id);
  user("invoice", R"({"number": ")" + first_receipt.document.text() + "\"}");
  changes = poll();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[first_receipt.document.text()].status, OrderStatus::invoiced);
  EXPECT_TRUE(changes[first_receipt.document.text()].closed);
  EXPECT_TRUE(poll().empty());
}

}  // namespace
}  // namespace underpin::cloud::business_central
