#include "contracts/order_status.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace underpin {
namespace {

using enum OrderStatus;
constexpr std::array<OrderStatus, 8> all{pending, open,     released,  partially_shipped,
                                         shipped, invoiced, cancelled, rejected};

TEST(OrderStatus, NamesAreReadBack) {
  for (const OrderStatus status : all) {
    OrderStatus back = status == open ? pending : open;
    EXPECT_TRUE(parse(name(status), back));
    EXPECT_EQ(back, status);
  }
  OrderStatus untouched = shipped;
  EXPECT_FALSE(parse("Shipped", untouched));
  EXPECT_EQ(untouched, shipped);
}

TEST(OrderStatus, ALegalTransitionIsExactlyOneOfTheTable) {
  const auto successors = [](OrderStatus from) {
    std::string text;
    for (const OrderStatus to : all)
      if (may_follow(from, to)) text += std::string(name(to)) + " ";
    return text;
  };
  EXPECT_EQ(successors(pending),
            "pending open released partially_shipped shipped invoiced cancelled rejected ");
  EXPECT_EQ(successors(open), "open released partially_shipped shipped invoiced cancelled ");
  EXPECT_EQ(successors(released), "open released partially_shipped shipped invoiced cancelled ");
  EXPECT_EQ(successors(partially_shipped), "partially_shipped shipped invoiced cancelled ");
  EXPECT_EQ(successors(shipped), "shipped invoiced ");
  EXPECT_EQ(successors(invoiced), "invoiced ");
  EXPECT_EQ(successors(cancelled), "cancelled ");
  EXPECT_EQ(successors(rejected), "rejected ");
}

TEST(OrderStatus, TransitionsAreTransitiveSoThatAPollMayMissSteps) {
  for (const OrderStatus a : all) {
    EXPECT_TRUE(may_follow(a, a));
    for (const OrderStatus b : all)
      for (const OrderStatus c : all)
        if (may_follow(a, b) && may_follow(b, c)) {
          EXPECT_TRUE(may_follow(a, c));
        }
  }
}

TEST(OrderStatus, WhatIsClosedStaysAsItIs) {
  for (const OrderStatus from : {invoiced, cancelled, rejected}) {
    EXPECT_TRUE(is_closed(from));
    for (const OrderStatus to : all) EXPECT_EQ(may_follow(from, to), from == to) << name(from);
  }
  EXPECT_FALSE(is_closed(shipped));
}

Order with_lines(std::initializer_list<std::array<int, 3>> quantities) {
  Order order;
  for (const auto& [ordered, cancelled_quantity, shipped_quantity] : quantities) {
    OrderLine line;
    line.quantity = Decimal::of(ordered);
    line.cancelled_quantity = Decimal::of(cancelled_quantity);
    line.shipped_quantity = Decimal::of(shipped_quantity);
    order.lines.push_back(line);
  }
  return order;
}

TEST(OrderStatus, QuantitiesImplyTheStatus) {
  EXPECT_EQ(status_of(with_lines({{2, 0, 0}}), false, false), open);
  EXPECT_EQ(status_of(with_lines({{2, 0, 0}}), true, false), released);
  EXPECT_EQ(status_of(with_lines({{2, 0, 1}, {1, 0, 0}}), true, false), partially_shipped);
  EXPECT_EQ(status_of(with_lines({{2, 0, 2}, {1, 0, 0}}), true, false), partially_shipped);
  EXPECT_EQ(status_of(with_lines({{2, 0, 2}, {1, 1, 0}}), true, false), shipped);
  EXPECT_EQ(status_of(with_lines({{2, 1, 1}}), true, false), shipped);
  EXPECT_EQ(status_of(with_lines({{2, 0, 2}}), true, true), invoiced);
  EXPECT_EQ(status_of(with_lines({{2, 2, 0}, {1, 1, 0}}), false, false), cancelled);
  EXPECT_EQ(status_of(with_lines({}), false, false), open)
      << "an order without lines is not cancelled";
}

}  // namespace
}  // namespace underpin
