#include "facade/order_content.h"

#include "facade/posting_judge.h"

#include <gtest/gtest.h>

namespace underpin::facade {
namespace {

Decimal decimal(const char* text) { return *Decimal::parse(text); }

// Two pieces for 10.00, 1.00 off; 19 % tax.
Order content(bool prices_include_tax = false) {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"1"}};
  order.currency = "EUR";
  order.prices_include_tax = prices_include_tax;
  OrderLine line;
  line.number = 1;
  line.quantity = Decimal::of(2);
  line.unit_price = decimal("10.00");
  line.adjustments = {{"promotion", "P", 1, decimal("-1.00"), ""}};
  line.net_amount = decimal("19.00");
  line.taxes = {{"VAT19", decimal("0.19"), decimal(prices_include_tax ? "3.03" : "3.61")}};
  order.lines = {line};
  return order;
}

OrderAmendment quantity(const char* pieces) {
  LineAmendment line;
  line.number = 1;
  line.quantity = decimal(pieces);
  OrderAmendment amendment;
  amendment.lines = {line};
  return amendment;
}

TEST(OrderContent, AChangedLineHasTheTaxesOfWhatItIsNow) {
  Order order = content();
  apply(order, quantity("3"));
  EXPECT_EQ(order.lines[0].net_amount, decimal("29.00"));
  EXPECT_EQ(order.lines[0].taxes[0].amount, decimal("5.51"));
}

TEST(OrderContent, TaxesOfPricesWithTaxAreReckonedBack) {
  Order order = content(true);
  apply(order, quantity("3"));
  EXPECT_EQ(order.lines[0].taxes[0].amount, decimal("4.63"));  // 29.00 / 1.19 = 24.37 without.
}

TEST(OrderContent, AChangeOfAnythingElseLeavesTheTaxesAsTheChannelGaveThem) {
  Order order = content();
  order.lines[0].taxes[0].amount = decimal("3.60");
  OrderAmendment amendment;
  amendment.requested_date = Date{2026, 11, 30};
  apply(order, amendment);
  apply(order, quantity("2"));
  EXPECT_EQ(order.lines[0].taxes[0].amount, decimal("3.60"));
}

// The ERP's answer after the change has the same amount: the channel's taxes, which are shown then,
// are those after the change too.
TEST(OrderContent, TheOrderThatIsShownAfterAChangeHasItsTaxes) {
  Order order = content();
  apply(order, quantity("3"));
  Order at_home = order;
  at_home.lines[0].taxes = {{"19", decimal("0.19"), decimal("5.51")}};
  const Order shown = merged(at_home, order, {});
  EXPECT_EQ(shown.lines[0].taxes, (std::vector<Tax>{{"VAT19", decimal("0.19"), decimal("5.51")}}));
}

TEST(OrderContent, PostingExpectsTheTaxOfWhatTheOrderIsNow) {
  Order order = content();
  apply(order, quantity("3"));
  Order seen = order;
  const Date today{2026, 11, 24};
  seen.lines[0].invoiced_quantity = Decimal::of(3);
  seen.invoices.push_back({DocumentNumber("RE-1"), today, decimal("34.51")});
  const ExpectedPosting expected =
      expected_posting(order, seen, Side::legacy, {}, today, today, {});
  EXPECT_EQ(expected.net_sum(), decimal("29.00"));
  EXPECT_EQ(expected.tax_sum(), decimal("5.51"));
}

}  // namespace
}  // namespace underpin::facade
