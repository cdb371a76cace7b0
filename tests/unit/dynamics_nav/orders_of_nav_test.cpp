// Orders against the simulated NAV.
#include "tests/unit/dynamics_nav/nav_adapter.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class OrdersOfNav : public NavAdapter {
 protected:
  OrderReceipt placed(const Order& order, Role role = Role::primary) {
    auto receipt = orders().place_order(order, now(role));
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt ? *receipt : OrderReceipt{};
  }
  Order read(const OrderRef& ref) {
    auto order = orders().get_order(ref, now());
    EXPECT_TRUE(order) << order.error().message;
    return order ? *order : Order{};
  }
};

TEST_F(OrdersOfNav, ArePlacedUnreleasedWithTheChannelsOwnPrices) {
  Order order = sample_order();
  order.requested_date = Date{2026, 12, 1};
  order.lines[1].requested_date = Date{2026, 12, 3};
  order.ship_to =
      Address{"", "ship_to", "Anna Müller & Söhne", "Hof 1", "", "Köln", "50667", "", "DE"};
  const OrderReceipt receipt = placed(order);
  EXPECT_EQ(receipt.status, OrderStatus::open);
  EXPECT_FALSE(receipt.released);
  ASSERT_TRUE(receipt.erp_totals.has_value());
  EXPECT_EQ(receipt.erp_totals->items_net, amount("48.12"));
  EXPECT_EQ(receipt.erp_totals->charges, amount("4.90"));
  EXPECT_EQ(receipt.erp_totals->tax, amount("10.08"));
  EXPECT_EQ(receipt.erp_totals->grand_total, amount("63.10"));

  const Order back = read(by_id(order));
  EXPECT_EQ(back.id, order.id);
  EXPECT_EQ(back.customer, order.customer);
  EXPECT_EQ(back.customer_reference, "PO-7");
  EXPECT_EQ(back.order_date, order.order_date);
  EXPECT_EQ(back.requested_date, order.requested_date);
  EXPECT_EQ(back.currency, "EUR");
  EXPECT_EQ(back.ship_to, order.ship_to);
  ASSERT_THAT(back.lines, SizeIs(2));
  EXPECT_EQ(back.lines[0].description, "Article 1000");
  EXPECT_EQ(back.lines[0].net_amount, amount("10.62"));
  EXPECT_EQ(back.lines[0].unit_price.text(), "5.90");
  ASSERT_THAT(back.lines[0].adjustments, SizeIs(1));
  EXPECT_EQ(back.lines[0].adjustments[0].promotion, "ADVENT-10");
  EXPECT_EQ(back.lines[0].adjustments[0].promotion_version, 3);
  EXPECT_EQ(back.lines[0].adjustments[0].amount, amount("-1.18"));
  EXPECT_EQ(back.lines[0].requested_date, std::nullopt);
  EXPECT_EQ(back.lines[1].requested_date, order.lines[1].requested_date);
  ASSERT_THAT(back.lines[1].taxes, SizeIs(1));
  EXPECT_EQ(back.lines[1].taxes[0], (Tax{"VAT19", amount("0.19"), amount("7.13")}));
  ASSERT_THAT(back.charges, SizeIs(1));
  EXPECT_EQ(back.charges[0].kind, "shipping");
  EXPECT_EQ(back.charges[0].code, "DHL");
  EXPECT_EQ(back.payments[0].id, "pi_3Q");
  EXPECT_EQ(back.totals, *receipt.erp_totals);
  EXPECT_EQ(back.status, OrderStatus::open);
}

TEST_F(OrdersOfNav, AreNotPlacedTwiceUnderOneIdentity) {
  const OrderReceipt first = placed(sample_order());
  const OrderReceipt second = placed(sample_order());
  EXPECT_EQ(first.document, second.document);
  EXPECT_THAT(held("WEB/100042"), SizeIs(1));
  Order of_another_channel = sample_order();
  of_another_channel.id.channel = ChannelId("pos");
  EXPECT_NE(placed(of_another_channel).document, first.document);
}

TEST_F(OrdersOfNav, KeepTheNumbersThatTheChannelGaveToLines) {
  Order order = sample_order("ab-1");
  order.lines = {line(2, "1000", "1", "5.90"), line(7, "1001", "1", "12.50")};
  order.lines[1].description = "A box [#3]";
  placed(order);
  OrderAmendment more;
  more.lines.push_back({4, {}, {}, {}, {}, line(4, "1002", "2", "3.00")});
  ASSERT_TRUE(orders().amend_order(by_id(order), more, now()));
  const Order back = read(by_id(order));
  ASSERT_THAT(back.lines, SizeIs(3));
  EXPECT_EQ(back.lines[0].number, 2);
  EXPECT_EQ(back.lines[0].sku.text(), "1000");
  EXPECT_EQ(back.lines[1].number, 4);
  EXPECT_EQ(back.lines[1].sku.text(), "1002");
  EXPECT_EQ(back.lines[2].number, 7);
  EXPECT_EQ(back.lines[2].description, "A box [#3]");
}

TEST_F(OrdersOfNav, AreRefusedWithNavsReasonAndLeaveNothingBehind) {
  Order order = sample_order();
  order.lines[1].sku = Sku("NOPE");
  const auto refused = orders().place_order(order, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_THAT(refused.error().message, HasSubstr("NOPE"));
  EXPECT_EQ(refused.error().system, "nav");
  EXPECT_THAT(held("WEB/100042"), IsEmpty());
  EXPECT_THAT(held("WEB/100042", "archived"), IsEmpty());
  order = sample_order();
  order.customer = CustomerNumber("C99999");
  const auto unknown = orders().place_order(order, now());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::rejected);
  EXPECT_EQ(placed(sample_order()).status, OrderStatus::open);
  EXPECT_THAT(held("WEB/100042"), SizeIs(1));
}

TEST_F(OrdersOfNav, OfABlockedCustomerAreRefused) {
  act("block_customer", R"({"number":"C10001","blocked":"All"})");
  const auto refused = orders().place_order(sample_order(), now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_THAT(refused.error().message, HasSubstr("gesperrt"));
}

TEST_F(OrdersOfNav, SayWhichFieldNavCannotKeep) {
  Order order = sample_order();
  order.lines[0].adjustments = {{"manual", "", 0, amount("1.00"), "surcharge"}};
  auto refused = orders().place_order(order, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  ASSERT_THAT(refused.error().fields, SizeIs(1));
  EXPECT_EQ(refused.error().fields[0].pointer, "/lines/0/adjustments");
  order = sample_order();
  order.lines[1].unit_price = amount("1.000001");
  refused = orders().place_order(order, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/1/unitPrice");
  EXPECT_THAT(held("WEB/100042"), IsEmpty());
}

TEST_F(OrdersOfNav, AreReleasedThroughTheSitesOperationAndMirrorsNever) {
  const Order order = sample_order();
  placed(order);
  auto released = orders().release_order(by_id(order), now());
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_TRUE(released->released);
  EXPECT_EQ(released->status, OrderStatus::released);
  EXPECT_TRUE(orders().release_order(by_id(order), now()));
  const Order mirror = sample_order("m1");
  EXPECT_FALSE(placed(mirror, Role::mirror).released);
  const auto refused = orders().release_order(by_id(mirror), now(Role::mirror));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(read(by_id(mirror)).status, OrderStatus::open);
}

TEST_F(OrdersOfNav, AreReopenedToBeChangedAndKeepStatedPrices) {
  const Order order = sample_order();
  placed(order);
  ASSERT_TRUE(orders().release_order(by_id(order), now()));
  OrderAmendment amendment;
  amendment.customer_reference = "PO-8";
  amendment.lines.push_back({1, amount("5"), {}, amount("-2.95"), {}, {}});
  amendment.lines.push_back({2, amount("0"), {}, {}, {}, {}});
  const auto changed = orders().amend_order(by_id(order), amendment, now());
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_FALSE(changed->released);
  EXPECT_EQ(changed->erp_totals->items_net, amount("26.55"));
  ASSERT_TRUE(orders().release_order(by_id(order), now()));
  const Order back = read(by_id(order));
  EXPECT_EQ(back.customer_reference, "PO-8");
  ASSERT_THAT(back.lines, SizeIs(1));
  EXPECT_EQ(back.lines[0].quantity, amount("5"));
  EXPECT_EQ(back.lines[0].unit_price, amount("5.90"));
  EXPECT_EQ(back.lines[0].adjustments[0].amount, amount("-2.95"));
  // The same again changes nothing: it stays released.
  const auto repeated = orders().amend_order(by_id(order), amendment, now());
  ASSERT_TRUE(repeated);
  EXPECT_TRUE(repeated->released);
}

TEST_F(OrdersOfNav, StayReleasedWhenNavRefusesTheChange) {
  const Order order = sample_order();
  const OrderReceipt receipt = placed(order);
  ASSERT_TRUE(orders().release_order(by_id(order), now()));
  act("pick_and_ship", R"({"orders":[")" + receipt.document.text() + R"("],"partial_percent":0})");
  OrderAmendment less;
  less.lines.push_back({1, amount("1"), {}, amount("0"), {}, {}});
  const auto refused = orders().amend_order(by_id(order), less, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(held("WEB/100042").at(0).get("status").text(), "Released");
}

TEST_F(OrdersOfNav, AreFoundOpenPostedAndArchived) {
  const Order shipped = sample_order("s1");
  const OrderReceipt receipt = placed(shipped);
  ASSERT_TRUE(orders().release_order(by_id(shipped), now()));
  const std::string number = receipt.document.text();
  act("pick_and_ship", R"({"orders":[")" + number + R"("],"partial_percent":0})");
  Order back = read(by_id(shipped));
  EXPECT_EQ(back.status, OrderStatus::shipped);
  EXPECT_EQ(back.lines.at(0).shipped_quantity, amount("2"));
  ASSERT_THAT(back.shipments, SizeIs(1));
  EXPECT_EQ(back.shipments[0].lines.at(1).line, 2);
  EXPECT_EQ(back.shipments[0].lines.at(1).quantity, amount("3"));
  const auto late = orders().cancel_order(by_id(shipped), {}, now());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::rejected);

  act("invoice", R"({"orders":[")" + number + R"("]})");
  EXPECT_THAT(held("WEB/S1"), IsEmpty());
  for (const OrderRef& ref : {by_id(shipped), OrderRef{{}, receipt.document}}) {
    back = read(ref);
    EXPECT_EQ(back.status, OrderStatus::invoiced);
    EXPECT_EQ(back.id, shipped.id);
    ASSERT_THAT(back.lines, SizeIs(2));
    EXPECT_EQ(back.lines[0].invoiced_quantity, amount("2"));
    EXPECT_EQ(back.lines[0].net_amount, amount("10.62"));
    ASSERT_THAT(back.charges, SizeIs(1));
    ASSERT_THAT(back.invoices, SizeIs(1));
    EXPECT_EQ(back.invoices[0].amount, amount("63.10"));
    EXPECT_EQ(back.totals.grand_total, amount("63.10"));
  }
  EXPECT_EQ(placed(shipped).document, receipt.document);  // Not placed again.
  EXPECT_EQ(orders().find_receipt(shipped.id, now())->status, OrderStatus::invoiced);

  const Order cancelled = sample_order("s2");
  placed(cancelled);
  const auto done = orders().cancel_order(by_id(cancelled), {}, now());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->status, OrderStatus::cancelled);
  EXPECT_TRUE(orders().cancel_order(by_id(cancelled), {}, now()));
  back = read(by_id(cancelled));
  EXPECT_EQ(back.status, OrderStatus::cancelled);
  EXPECT_EQ(back.lines.at(1).cancelled_quantity, amount("3"));
  EXPECT_EQ(orders().find_receipt(cancelled.id, now())->status, OrderStatus::cancelled);
  const auto nothing = orders().get_order(by_id(sample_order("none")), now());
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found);
}

TEST_F(OrdersOfNav, UnderOneReferenceTwiceAreAConflictThatNamesBoth) {
  const Order order = sample_order();
  const std::string first = placed(order).document.text();
  act("create_order",
      R"({"header":{"Sell_to_Customer_No":"C10002","External_Document_No":"WEB/100042"},
                          "lines":[{"Type":"Item","No":"1003","Quantity":"1","Location_Code":"EAST"}]})");
  const auto found = orders().find_receipt(order.id, now());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::conflict);
  for (const json::Value& one : held("WEB/100042"))
    EXPECT_THAT(found.error().message, HasSubstr(one.get("no").text()));
  EXPECT_THAT(found.error().message, HasSubstr(first));
}

TEST_F(OrdersOfNav, OfMirrorsFollowTheirHomeUntilItIsClosed) {
  Order order = sample_order();
  placed(order, Role::mirror);
  order.lines[0].shipped_quantity = amount("1");
  order.lines[1].cancelled_quantity = amount("3");
  auto followed = orders().follow_order(order, now(Role::mirror));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_FALSE(followed->released);
  const Order back = read(by_id(order));
  ASSERT_THAT(back.lines, SizeIs(1));
  EXPECT_EQ(back.lines[0].quantity, amount("1"));
  EXPECT_EQ(back.lines[0].unit_price, amount("5.90"));
  EXPECT_EQ(back.lines[0].net_amount, amount("5.31"));
  order.lines[0].shipped_quantity = amount("2");
  ASSERT_TRUE(orders().follow_order(order, now(Role::mirror)));
  EXPECT_THAT(read(by_id(order)).lines, IsEmpty()) << "open, and nothing outstanding";
  order.status = OrderStatus::invoiced;
  for (int i = 0; i < 2; ++i) {
    followed = orders().follow_order(order, now(Role::mirror));
    ASSERT_TRUE(followed) << followed.error().message;
    EXPECT_THAT(held("WEB/100042"), IsEmpty());
  }
  const Order never = sample_order("never");
  EXPECT_FALSE(orders().follow_order(never, now(Role::mirror)));
}

TEST_F(OrdersOfNav, OlderThanTheFacadeAreListedAndReadByTheirNumber) {
  OrderQuery query;
  query.limit = 50;
  std::size_t count = 0;
  std::size_t part_shipped = 0;
  do {
    const auto page = orders().list_open_orders(query, now());
    ASSERT_TRUE(page) << page.error().message;
    for (const Order& order : page->items) {
      ++count;
      if (order.status == OrderStatus::partially_shipped || order.status == OrderStatus::shipped) {
        ++part_shipped;
        EXPECT_FALSE(order.shipments.empty());
      }
    }
    query.cursor = page->next;
  } while (!query.cursor.empty());
  EXPECT_EQ(count, 160U);
  EXPECT_GE(part_shipped, 30U);
  const Order old = read({{}, DocumentNumber("SO-100200")});
  EXPECT_FALSE(old.lines.empty());
  EXPECT_FALSE(orders().get_order({{}, DocumentNumber("SO-999999")}, now()));
}

TEST_F(OrdersOfNav, ChangesAreFedByRowVersionOpenPostedAndCancelled) {
  Cursor cursor;
  std::size_t seen = 0;
  const auto drain = [&] {
    std::vector<OrderChange> changes;
    for (bool more = true; more;) {
      const auto page = orders().order_changes(cursor, now());
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return changes;
      changes.insert(changes.end(), page->items.begin(), page->items.end());
      cursor = page->next;
      more = page->more;
    }
    return changes;
  };
  seen = drain().size();
  EXPECT_EQ(seen, 200U);
  EXPECT_THAT(drain(), IsEmpty());
  const Order order = sample_order();
  const std::string number = placed(order).document.text();
  auto changes = drain();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].ref.id, order.id);
  EXPECT_EQ(changes[0].ref.document.text(), number);
  EXPECT_EQ(changes[0].status, OrderStatus::open);
  EXPECT_FALSE(changes[0].closed);
  ASSERT_TRUE(orders().release_order(by_id(order), now()));
  act("pick_and_ship", R"({"orders":[")" + number + R"("],"partial_percent":0})");
  changes = drain();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].status, OrderStatus::shipped);
  act("invoice", R"({"orders":[")" + number + R"("]})");
  changes = drain();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].status, OrderStatus::invoiced);
  EXPECT_TRUE(changes[0].closed);
  EXPECT_EQ(changes[0].customer, order.customer);
  placed(sample_order("x"));
  drain();
  ASSERT_TRUE(orders().cancel_order(by_id(sample_order("x")), {}, now()));
  changes = drain();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].status, OrderStatus::cancelled);
  EXPECT_FALSE(orders().order_changes(Cursor("?"), now()));
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
