#include "contracts/order_return.h"

#include "contracts/json/json_text.h"
#include "contracts/json/return_codec.h"
#include "contracts/json/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace underpin {
namespace {

using testing::HasSubstr;

Decimal decimal(const char* text) { return *Decimal::parse(text); }

Order shipped_order() {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"100042"}};
  for (const auto& [number, sku, quantity, shipped] :
       {std::tuple{1, "1000", "5", "3"}, std::tuple{2, "1000", "4", "4"},
        std::tuple{3, "2000", "1", "0"}}) {
    OrderLine line;
    line.number = number;
    line.sku = Sku{sku};
    line.quantity = decimal(quantity);
    line.shipped_quantity = decimal(shipped);
    order.lines.push_back(line);
  }
  return order;
}

OrderReturn asked_for(int line, const char* quantity, const char* reason = "DAMAGED") {
  OrderReturn asked;
  asked.order = {ChannelId{"web"}, OrderNumber{"100042"}};
  asked.number = ReturnNumber{"R-1"};
  asked.date = Date{2026, 11, 28};
  ReturnLine one;
  one.number = line;
  one.quantity = decimal(quantity);
  one.reason = reason;
  asked.lines.push_back(one);
  return asked;
}

ReturnReference made(const char* number, int line, const char* quantity,
                     ReturnStatus status = ReturnStatus::open) {
  ReturnReference one;
  one.number = ReturnNumber{number};
  one.status = status;
  one.lines.push_back({line, Sku{"1000"}, decimal(quantity), "DAMAGED"});
  return one;
}

std::string first(const std::vector<FieldError>& broken) {
  return broken.empty() ? "" : broken[0].pointer + " " + broken[0].detail;
}

TEST(OrderReturn, MoreThanWasShippedAndIsNotBackNamesTheLineAndWhatIsLeft) {
  Order order = shipped_order();
  count_returned(order, {made("R-0", 1, "2")});
  EXPECT_EQ(broken_rules(asked_for(1, "1"), order).size(), 0U);
  EXPECT_EQ(first(broken_rules(asked_for(1, "2"), order)),
            "/lines/0/quantity must not be more than the 1 that were shipped and are not returned "
            "yet");
  EXPECT_THAT(first(broken_rules(asked_for(3, "1"), order)), HasSubstr("more than the 0"));
  EXPECT_EQ(first(broken_rules(asked_for(7, "1"), order)),
            "/lines/0/number must name a line of the order");
}

TEST(OrderReturn, WhatIsWithdrawnAndTheReturnItselfTakeNothingBack) {
  Order order = shipped_order();
  count_returned(order, {made("R-0", 1, "2", ReturnStatus::cancelled), made("R-1", 1, "3")},
                 ReturnNumber{"R-1"});
  EXPECT_TRUE(order.lines[0].returned_quantity.is_zero());
  count_returned(order, {made("R-1", 1, "3", ReturnStatus::credited)});
  EXPECT_EQ(order.lines[0].returned_quantity, decimal("3"));
}

TEST(OrderReturn, ALineThatTheErpDoesNotNameCountsForTheLinesOfItsArticle) {
  Order order = shipped_order();
  count_returned(order, {made("", 0, "4"), made("R-0", 1, "1")});
  EXPECT_EQ(order.lines[0].returned_quantity, decimal("3"));
  EXPECT_EQ(order.lines[1].returned_quantity, decimal("2"));
  EXPECT_TRUE(order.lines[2].returned_quantity.is_zero());
}

TEST(OrderReturn, ItsOwnRulesNameTheFieldAndTheRule) {
  EXPECT_TRUE(broken_rules(asked_for(1, "1")).empty());
  EXPECT_EQ(first(broken_rules(asked_for(1, "0"))), "/lines/0/quantity must be greater than 0");
  EXPECT_THAT(first(broken_rules(asked_for(1, "1", "damaged"))), HasSubstr("/lines/0/reason must"));
  EXPECT_THAT(first(broken_rules(asked_for(0, "1"))), HasSubstr("/lines/0/number must be 1"));
  OrderReturn twice = asked_for(1, "1");
  twice.lines.push_back(twice.lines[0]);
  EXPECT_EQ(first(broken_rules(twice)), "/lines/1/number must be unique among the lines");
  OrderReturn none = asked_for(1, "1");
  none.lines.clear();
  EXPECT_EQ(first(broken_rules(none)), "/lines must have at least one line");
  OrderReturn nameless = asked_for(1, "1");
  nameless.number = ReturnNumber{"R 1"};
  EXPECT_THAT(first(broken_rules(nameless)), HasSubstr("/number must be"));
}

TEST(OrderReturn, ARepeatHasTheSameLinesQuantitiesAndReasons) {
  const ReturnReference there = made("R-1", 1, "2.0");
  EXPECT_TRUE(repeats(asked_for(1, "2"), there));
  EXPECT_FALSE(repeats(asked_for(1, "1"), there));
  EXPECT_FALSE(repeats(asked_for(2, "2"), there));
  EXPECT_FALSE(repeats(asked_for(1, "2", "OTHER"), there));
}

TEST(OrderReturn, TheReferenceIsReadBackAndIsNeverCut) {
  const OrderId order{ChannelId{"web"}, OrderNumber{"100042"}};
  const auto text = encode_return_reference(order, ReturnNumber{"R-1a"}, 35);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "WEB/100042#R-1^A");
  const auto back = decode_return_reference(*text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->order, order);
  EXPECT_EQ(back->number, ReturnNumber{"R-1a"});
  const auto refused = encode_return_reference(
      {ChannelId{"web"}, OrderNumber{"12345678901234567890"}}, ReturnNumber{"1234567890123"}, 35);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/number");
  for (const char* other : {"WEB/100042", "WEB/100042#", "#R-1", "WEB/1#a", "WEB/1#R#2"})
    EXPECT_FALSE(decode_return_reference(other)) << other;
}

TEST(OrderReturn, TheCodecKeepsEverything) {
  OrderReturn asked = asked_for(1, "1.50");
  asked.customer = CustomerNumber{"C1"};
  asked.currency = "EUR";
  asked.invoices = {DocumentNumber{"RE-1"}};
  asked.lines[0].sku = Sku{"1000"};
  asked.lines[0].description = "Cup";
  asked.lines[0].uom = "PCS";
  asked.lines[0].location = LocationCode{"EAST"};
  asked.lines[0].unit_price = decimal("10.00");
  asked.lines[0].discount = decimal("0.50");
  const auto again = json::from_json<OrderReturn>(json::to_json(asked));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, asked);

  ReturnReceipt receipt;
  receipt.order = asked.order;
  receipt.made = made("R-1", 1, "1.50", ReturnStatus::received);
  receipt.made.document = DocumentNumber{"SR-1"};
  receipt.made.date = asked.date;
  const auto read = json::from_json<ReturnReceipt>(json::to_json(receipt));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, receipt);
  EXPECT_TRUE(json::Schema::named("return-receipt").check(json::to_json(receipt)).empty());

  Order order = shipped_order();
  order.returns = {receipt.made};
  const auto of_order = json::from_json<Order>(json::to_json(order));
  ASSERT_TRUE(of_order) << of_order.error().message;
  EXPECT_EQ(*of_order, order);
  EXPECT_TRUE(json::Schema::named("order").check(json::to_json(order)).empty());
  order.returns.clear();
  EXPECT_EQ(json::to_json(order).find("returns"), nullptr) << "its hash would change";
}

TEST(OrderReturn, AChannelMayNotSendWhatTheOrderSays) {
  const auto value = json::parse(
      R"({"number": "R-1", "returnDate": "2026-11-28",
          "lines": [{"number": 1, "quantity": "1", "reason": "DAMAGED", "unitPrice": "0.01"}]})");
  const auto read = json::return_request_from_json(*value);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fields.at(0).pointer, "/lines/0/unitPrice");
  EXPECT_FALSE(json::Schema::named("return-request").check(*value).empty());
}

}  // namespace
}  // namespace underpin
