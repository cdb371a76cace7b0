#include "contracts/order_rules.h"

#include "contracts/json/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace underpin {
namespace {

using testing::ElementsAre;

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }

json::Value example(const std::string& name) {
  std::ifstream file(UNDERPIN_SOURCE_DIR "/docs/examples/" + name + ".json");
  std::ostringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).value();
}

Order sample() { return json::order_request_from_json(example("order"), ChannelId{"web"}).value(); }

std::vector<FieldError> after(const std::function<void(Order&)>& change) {
  Order order = sample();
  change(order);
  return broken_rules(order);
}

TEST(OrderRules, TheSampleOrderBreaksNone) { EXPECT_THAT(broken_rules(sample()), ElementsAre()); }

TEST(OrderRules, QuantitiesArePositiveAndPricesNotNegative) {
  EXPECT_THAT(after([](Order& o) { o.lines[0].quantity = dec("0.00"); }),
              testing::Contains(FieldError{"/lines/0/quantity", "must be greater than 0"}));
  EXPECT_THAT(after([](Order& o) { o.lines[1].quantity = dec("-1"); }),
              testing::Contains(FieldError{"/lines/1/quantity", "must be greater than 0"}));
  EXPECT_THAT(after([](Order& o) { o.lines[0].unit_price = dec("-5.90"); }),
              testing::Contains(FieldError{"/lines/0/unitPrice", "must not be negative"}));
}

TEST(OrderRules, LineNumbersAreInRangeAndUnique) {
  EXPECT_THAT(after([](Order& o) { o.lines[1].number = 1; }),
              ElementsAre(FieldError{"/lines/1/number", "must be unique among the lines"}));
  EXPECT_THAT(after([](Order& o) { o.lines[0].number = 0; }),
              ElementsAre(FieldError{"/lines/0/number", "must be 1 to 9999"}));
  EXPECT_THAT(after([](Order& o) { o.lines[0].number = 10'000; }),
              ElementsAre(FieldError{"/lines/0/number", "must be 1 to 9999"}));
}

TEST(OrderRules, NetAmountsAndTotalsAddUp) {
  EXPECT_THAT(
      after([](Order& o) { o.lines[0].net_amount = dec("21.25"); }),
      ElementsAre(
          FieldError{
              "/lines/0/netAmount",
              "must be quantity * unitPrice + adjustments, rounded half-up to cents (21.24)"},
          FieldError{"/totals/itemsNet", "must be the sum of the lines' netAmount (39.65)"}));
  EXPECT_THAT(
      after([](Order& o) { o.totals.grand_total = dec("47.19"); }),
      ElementsAre(FieldError{"/totals/grandTotal", "must be itemsNet + charges + tax (47.18)"}));
  EXPECT_THAT(
      after([](Order& o) {
        o.charges.push_back({"shipping", "", dec("4.90"), {}});
      }),
      ElementsAre(FieldError{"/totals/charges", "must be the sum of the charges' amount (4.90)"}));
  EXPECT_THAT(after([](Order& o) { o.prices_include_tax = true; }),
              ElementsAre(FieldError{"/totals/grandTotal", "must be itemsNet + charges (39.64)"}));
}

TEST(OrderRules, NetAmountsRoundHalfUpToCents) {
  const auto one_line = [](std::string_view quantity, std::string_view price,
                           std::string_view net) {
    Order order = sample();
    order.lines.resize(1);
    order.lines[0].quantity = dec(quantity);
    order.lines[0].unit_price = dec(price);
    order.lines[0].adjustments.clear();
    order.lines[0].taxes.clear();
    order.lines[0].net_amount = dec(net);
    order.totals = {dec(net), dec("0"), dec("0"), dec(net)};
    return broken_rules(order);
  };
  EXPECT_THAT(one_line("1", "0.125", "0.13"), ElementsAre());
  EXPECT_THAT(one_line("1", "0.125", "0.12"), testing::SizeIs(1));
  EXPECT_THAT(one_line("3", "0.333333", "1.00"), ElementsAre());
  EXPECT_THAT(one_line("1.5", "0.33", "0.5"), ElementsAre()) << "0.495 is 0.50";
  EXPECT_THAT(one_line("12345678901234567.89", "1", "12345678901234567.89"), ElementsAre());
}

TEST(OrderRules, StatedTaxesAddUpToWithinACentEach) {
  EXPECT_THAT(after([](Order& o) {
                o.totals.tax = dec("7.56");
                o.totals.grand_total = dec("47.20");
              }),
              ElementsAre())
      << "two taxes, two cents";
  EXPECT_THAT(after([](Order& o) {
                o.totals.tax = dec("7.57");
                o.totals.grand_total = dec("47.21");
              }),
              ElementsAre(FieldError{
                  "/totals/tax",
                  "must be the sum of the stated taxes, to within one cent for each of them"}));
  EXPECT_THAT(after([](Order& o) { o.lines[0].taxes[0].rate = dec("19"); }),
              ElementsAre(FieldError{"/lines/0/taxes/0/rate",
                                     "must be a fraction from 0 to below 1, like \"0.19\""}));
}

TEST(OrderRules, AmountsBeyondThirtyEightDigitsAreAnErrorNotAnException) {
  const auto broken = after([](Order& o) {
    o.lines[0].quantity = dec(std::string(30, '9'));
    o.lines[0].unit_price = dec(std::string(30, '9'));
  });
  EXPECT_THAT(broken, testing::Contains(FieldError{
                          "/lines/0/netAmount",
                          "is too large: the amounts of the document must fit 38 digits"}));
  EXPECT_THAT(
      after([](Order& o) { o.totals.items_net = o.totals.tax = dec(std::string(38, '9')); }),
      testing::Contains(FieldError{
          "/totals/grandTotal", "is too large: the amounts of the document must fit 38 digits"}));
}

TEST(OrderRules, AnOrderHasOneToFiveHundredLinesAndACurrency) {
  EXPECT_THAT(after([](Order& o) { o.lines.clear(); }),
              testing::Contains(FieldError{"/lines", "must have at least one line"}));
  EXPECT_THAT(after([](Order& o) { o.lines.resize(501, o.lines[0]); }),
              ElementsAre(FieldError{"/lines", "must have at most 500 lines"}));
  EXPECT_THAT(
      after([](Order& o) { o.currency = "eur"; }),
      ElementsAre(FieldError{"/currency", "must be a currency code of three upper-case letters"}));
  EXPECT_THAT(after([](Order& o) { o.ship_to->country = "GER"; }),
              ElementsAre(FieldError{"/shipTo/country",
                                     "must be a country code of two upper-case letters"}));
}

TEST(OrderRules, NumbersAreWhatEveryErpCanHold) {
  EXPECT_TRUE(is_order_number("aZ9._-"));
  for (const char* text : {"", "a b", "a/b", "123456789012345678901", "\xC3\xA4"})
    EXPECT_FALSE(is_order_number(text)) << text;
  EXPECT_TRUE(is_customer_number("C10000-A"));
  for (const char* text : {"", "c1", "C_1", "C.1", "C12345678901234567890"})
    EXPECT_FALSE(is_customer_number(text)) << text;
  EXPECT_TRUE(is_movement_id("GR-2026.1_A"));
  for (const char* text : {"", "gr", "A B", "A/B", "A12345678901234567890"})
    EXPECT_FALSE(is_movement_id(text)) << text;
  EXPECT_TRUE(is_sku("AB/12#x"));
  for (const char* text : {"", "A B", "\t", "123456789012345678901"})
    EXPECT_FALSE(is_sku(text)) << text;
  EXPECT_TRUE(is_location("EAST"));
  for (const char* text : {"", "east", "ABCDEFGHIJK"}) EXPECT_FALSE(is_location(text)) << text;
  EXPECT_TRUE(is_currency("EUR"));
  for (const char* text : {"", "EURO", "eur", "E1R"}) EXPECT_FALSE(is_currency(text)) << text;
}

TEST(OrderRules, EmailAddressesHaveTheirShape) {
  for (const char* text : {"c10000@example.com", "a.b+c@x.example.org", "\xC3\xA4@example.de"})
    EXPECT_TRUE(is_email(text)) << text;
  for (const char* text : {"", "a", "@example.com", "a@", "a@b", "a@.com", "a@b.", "a@b..c",
                           "a@@b.c", "a b@c.d", "a@b.c,d@e.f"})
    EXPECT_FALSE(is_email(text)) << text;
  EXPECT_FALSE(is_email(std::string(80, 'a') + "@example.com"));
}

TEST(OrderRules, AnAmendmentChangesSomethingAndSaysItOnce) {
  const OrderAmendment fine = json::order_amendment_request_from_json(example("amendment")).value();
  EXPECT_THAT(broken_rules(fine), ElementsAre());
  EXPECT_THAT(broken_rules(OrderAmendment{}), ElementsAre(FieldError{"", "must change something"}));
  OrderAmendment amendment = fine;
  amendment.lines[0].quantity = Decimal::of(0);
  EXPECT_THAT(
      broken_rules(amendment),
      ElementsAre(FieldError{"/lines/0/quantity",
                             "must be greater than 0; a line is withdrawn by cancelling it"}));
  amendment = fine;
  amendment.lines[0] = LineAmendment{};
  amendment.lines[0].number = 3;
  EXPECT_THAT(broken_rules(amendment),
              ElementsAre(FieldError{"/lines/0", "must change something"},
                          FieldError{"/lines/1/number", "must be unique among the lines"}));
  amendment = fine;
  amendment.lines[1].quantity = Decimal::of(1);
  amendment.lines[1].added->number = 4;
  amendment.lines[1].added->net_amount = dec("34.94");
  EXPECT_THAT(
      broken_rules(amendment),
      ElementsAre(
          FieldError{"/lines/1", "must not change a line that it adds"},
          FieldError{"/lines/1/added/number", "must equal the number of the amended line"},
          FieldError{
              "/lines/1/added/netAmount",
              "must be quantity * unitPrice + adjustments, rounded half-up to cents (34.95)"}));
  amendment = fine;
  amendment.totals->grand_total = dec("100");
  EXPECT_THAT(broken_rules(amendment),
              ElementsAre(FieldError{"/totals/grandTotal", "must be itemsNet + charges + tax"}));
}

TEST(OrderRules, ACancellationNamesLinesAndQuantities) {
  EXPECT_THAT(broken_rules(OrderCancellation{}), ElementsAre()) << "the whole order";
  EXPECT_THAT(broken_rules(OrderCancellation{"", {{1, dec("1")}, {1, dec("0")}}}),
              ElementsAre(FieldError{"/lines/1/number", "must be unique among the lines"},
                          FieldError{"/lines/1/quantity", "must be greater than 0"}));
}

TEST(OrderRules, ADeltaMovesSomethingAndACountSaysWhen) {
  StockAdjustment adjustment{MovementId{"M-1"},
                             {Sku{"1000"}, LocationCode{"EAST"}},
                             AdjustmentKind::delta,
                             dec("-2"),
                             {},
                             "PCS",
                             ""};
  EXPECT_THAT(broken_rules(adjustment), ElementsAre());
  adjustment.quantity = dec("0.0");
  EXPECT_THAT(broken_rules(adjustment),
              ElementsAre(FieldError{"/quantity", "must not be 0 in a delta"}));
  adjustment.kind = AdjustmentKind::count;
  EXPECT_THAT(broken_rules(adjustment),
              ElementsAre(FieldError{"/asOf", "is required for a count"}));
  adjustment.as_of = Timestamp{1};
  EXPECT_THAT(broken_rules(adjustment), ElementsAre());
  adjustment.quantity = dec("-1");
  adjustment.movement = MovementId{"m 1"};
  EXPECT_THAT(broken_rules(adjustment),
              ElementsAre(FieldError{"/movement",
                                     "must be 1 to 20 upper-case letters, digits, '.', '_' or '-'"},
                          FieldError{"/quantity", "must not be negative in a count"}));
}

TEST(OrderRules, CustomersHaveANumberANameAndAPlausibleAddress) {
  Customer customer = json::customer_request_from_json(example("customer")).value();
  EXPECT_THAT(broken_rules(customer), ElementsAre());
  customer.number = CustomerNumber{"c1"};
  customer.name = "  ";
  customer.kind = "robot";
  customer.email = "nobody";
  customer.currency = "EURO";
  customer.address->country = "de";
  std::vector<std::string> pointers;
  for (const FieldError& broken : broken_rules(customer)) pointers.push_back(broken.pointer);
  EXPECT_THAT(pointers, testing::UnorderedElementsAre("/number", "/name", "/kind", "/email",
                                                      "/currency", "/address/country"));
  EXPECT_THAT(broken_rules(CustomerAmendment{}),
              ElementsAre(FieldError{"", "must change something"}));
  CustomerAmendment amendment;
  amendment.email = "";
  EXPECT_THAT(broken_rules(amendment), ElementsAre()) << "an e-mail address may be removed";
  amendment.name = "";
  EXPECT_THAT(broken_rules(amendment), ElementsAre(FieldError{"/name", "must not be empty"}));
}

TEST(OrderRules, QuotesAndAvailabilityAskForSomething) {
  EXPECT_THAT(broken_rules(AvailabilityRequest{}),
              ElementsAre(FieldError{"/lines", "must have at least one line"}));
  EXPECT_THAT(broken_rules(AvailabilityRequest{{{Sku{""}, LocationCode{"east"}}}}),
              testing::SizeIs(2));
  AvailabilityRequest many;
  many.lines.resize(501, AvailabilityLine{Sku{"1000"}, {}});
  EXPECT_THAT(broken_rules(many), ElementsAre(FieldError{"/lines", "must have at most 500 lines"}));
  const QuoteRequest request{CustomerNumber{"C1"},
                             "EUR",
                             {},
                             {{1, Sku{"1000"}, dec("0"), ""}, {1, Sku{"1000"}, dec("1"), ""}}};
  EXPECT_THAT(broken_rules(request),
              ElementsAre(FieldError{"/lines/0/quantity", "must be greater than 0"},
                          FieldError{"/lines/1/number", "must be unique among the lines"}));
}

}  // namespace
}  // namespace underpin
