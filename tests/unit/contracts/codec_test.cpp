#include "contracts/json/codec.h"

#include "contracts/json/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace underpin::json {
namespace {

using testing::Contains;
using testing::ElementsAre;

// Documents with every field set or not, by chance.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool chance() { return below(2) == 0; }
  std::string text(std::size_t length_max = 12) {
    static const std::vector<std::string> letters{
        "a", "Z", "0", " ", "\"", "\\", "/", "\xC3\xA4", "\xE2\x82\xAC", "\n"};
    std::string result = "x";
    for (std::uint64_t n = below(length_max); n > 0; --n) result += letters[below(letters.size())];
    return result;
  }
  std::string maybe_text() { return chance() ? text() : std::string(); }
  Decimal decimal() {
    Int128 coefficient = 0;
    for (std::uint64_t n = below(39); n > 0; --n)
      coefficient = coefficient * 10 + static_cast<Int128>(below(10));
    return {chance() ? coefficient : -coefficient, static_cast<int>(below(21))};
  }
  Date day() {
    return {static_cast<std::int16_t>(1 + below(9999)), static_cast<std::uint8_t>(1 + below(12)),
            static_cast<std::uint8_t>(1 + below(28))};
  }
  Timestamp time() { return {static_cast<std::int64_t>(below(4'000'000'000'000'000))}; }
  template <class T, class F>
  std::vector<T> list(F&& one) {
    std::vector<T> result;
    for (std::uint64_t n = below(4); n > 0; --n) result.push_back(one());
    return result;
  }
  template <class F>
  auto maybe(F&& one) -> std::optional<decltype(one())> {
    if (chance()) return one();
    return std::nullopt;
  }

  Address address() {
    return {maybe_text(),        chance() ? "ship_to" : "",
            maybe_text(),        maybe_text(),
            maybe_text(),        maybe_text(),
            maybe_text(),        maybe_text(),
            chance() ? "DE" : ""};
  }
  Adjustment adjustment() {
    return {text(), maybe_text(), static_cast<int>(below(3)), decimal(), maybe_text()};
  }
  Tax tax() { return {text(), decimal(), decimal()}; }
  OrderTotals totals() { return {decimal(), decimal(), decimal(), decimal()}; }
  OrderStatus status() { return static_cast<OrderStatus>(below(8)); }
  OrderLine line() {
    OrderLine line;
    line.number = static_cast<int>(below(10'000));
    line.sku = Sku{maybe_text()};
    line.description = maybe_text();
    line.uom = chance() ? "PCS" : "";
    line.location = LocationCode{chance() ? "EAST" : ""};
    line.requested_date = maybe([&] { return day(); });
    line.quantity = decimal();
    line.cancelled_quantity = decimal();
    line.shipped_quantity = decimal();
    line.invoiced_quantity = decimal();
    line.returned_quantity = decimal();
    line.unit_price = decimal();
    line.adjustments = list<Adjustment>([&] { return adjustment(); });
    line.net_amount = decimal();
    line.taxes = list<Tax>([&] { return tax(); });
    return line;
  }
  Order order() {
    Order order;
    order.id = {ChannelId{chance() ? "web" : ""}, OrderNumber{text()}};
    order.customer = CustomerNumber{maybe_text()};
    order.customer_reference = maybe_text();
    if (chance()) order.order_date = day();
    order.placed_at = maybe([&] { return time(); });
    order.requested_date = maybe([&] { return day(); });
    order.currency = chance() ? "EUR" : "";
    order.prices_include_tax = chance();
    order.ship_to = maybe([&] { return address(); });
    order.bill_to = maybe([&] { return address(); });
    order.lines = list<OrderLine>([&] { return line(); });
    order.charges = list<Charge>([&] {
      return Charge{text(), maybe_text(), decimal(), list<Tax>([&] { return tax(); })};
    });
    order.payments = list<PaymentReference>([&] {
      return PaymentReference{text(), text(), maybe_text(), decimal()};
    });
    order.totals = totals();
    order.status = status();
    order.holds = list<std::string>([&] { return text(); });
    order.shipments = list<ShipmentReference>([&] {
      return ShipmentReference{
          DocumentNumber{maybe_text()}, day(), list<DocumentLineQuantity>([&] {
            return DocumentLineQuantity{static_cast<int>(below(99)), Sku{maybe_text()}, decimal()};
          })};
    });
    order.invoices = list<InvoiceReference>([&] {
      return InvoiceReference{DocumentNumber{maybe_text()}, day(), decimal()};
    });
    order.updated_at = maybe([&] { return time(); });
    order.revision = Revision{maybe_text()};
    return order;
  }
  OrderAmendment amendment() {
    OrderAmendment amendment;
    amendment.ship_to = maybe([&] { return address(); });
    amendment.requested_date = maybe([&] { return day(); });
    amendment.customer_reference = maybe([&] { return maybe_text(); });
    amendment.lines = list<LineAmendment>([&] {
      LineAmendment entry;
      entry.number = static_cast<int>(below(10'000));
      entry.quantity = maybe([&] { return decimal(); });
      entry.unit_price = maybe([&] { return decimal(); });
      entry.adjustment_total = maybe([&] { return decimal(); });
      entry.requested_date = maybe([&] { return day(); });
      entry.added = maybe([&] { return line(); });
      return entry;
    });
    amendment.totals = maybe([&] { return totals(); });
    return amendment;
  }
  PriceEntry price() {
    PriceEntry entry;
    entry.sku = Sku{maybe_text()};
    entry.scope = static_cast<PriceScope>(below(3));
    entry.scope_code = maybe_text();
    if (chance()) entry.from = day();
    entry.to = maybe([&] { return day(); });
    entry.zone = maybe_text();
    entry.minimum_quantity = decimal();
    entry.uom = maybe_text();
    entry.currency = chance() ? "EUR" : "";
    entry.tax_included = chance();
    entry.unit_price = decimal();
    return entry;
  }

 private:
  std::mt19937_64 random_;
};

// Through the text, as the journal and the wire have it. Scales too: text of text is the text.
template <class T>
void expect_round_trip(const T& value) {
  const std::string text = write(to_json(value));
  const auto parsed = parse(text);
  ASSERT_TRUE(parsed.has_value()) << text;
  const auto back = from_json<T>(*parsed);
  ASSERT_TRUE(back.has_value()) << back.error().message << "\n" << text;
  ASSERT_EQ(write(to_json(*back)), text);
}
template <class T>
void expect_equal_round_trip(const T& value) {
  expect_round_trip(value);
  const auto back = from_json<T>(parse(write(to_json(value))).value());
  ASSERT_TRUE(back.has_value());
  ASSERT_EQ(*back, value) << write(to_json(value));
}

TEST(Codec, EveryDocumentIsReadBackAsItWasWritten) {
  Generator any(20261124);
  for (int i = 0; i < 500; ++i) {
    const StockKey key{Sku{any.maybe_text()}, LocationCode{any.maybe_text()}};
    expect_equal_round_trip(any.order());
    expect_equal_round_trip(any.amendment());
    expect_equal_round_trip(any.address());
    expect_equal_round_trip(any.totals());
    expect_equal_round_trip(any.price());
    expect_equal_round_trip(OrderCancellation{
        any.maybe_text(), any.list<LineCancellation>([&] {
          return LineCancellation{static_cast<int>(any.below(999)), any.decimal()};
        })});
    expect_equal_round_trip(
        OrderReceipt{{ChannelId{any.maybe_text()}, OrderNumber{any.maybe_text()}},
                     DocumentNumber{any.maybe_text()},
                     any.chance() ? ReceiptState::pending : ReceiptState::confirmed,
                     any.status(),
                     any.maybe([&] { return any.totals(); }),
                     any.chance(),
                     Revision{any.maybe_text()}});
    expect_round_trip(OrderRef{{ChannelId{any.maybe_text()}, OrderNumber{any.maybe_text()}},
                               DocumentNumber{any.maybe_text()}});
    expect_equal_round_trip(
        StockLevel{key, any.maybe_text(), any.decimal(), any.decimal(), any.decimal(), any.time()});
    expect_equal_round_trip(
        StockAdjustment{MovementId{any.text()},
                        {Sku{any.text()}, LocationCode{any.text()}},
                        any.chance() ? AdjustmentKind::count : AdjustmentKind::delta,
                        any.decimal(),
                        any.maybe([&] { return any.time(); }),
                        any.maybe_text(),
                        any.maybe_text()});
    expect_equal_round_trip(AdjustmentReceipt{
        MovementId{any.maybe_text()}, DocumentNumber{any.maybe_text()}, key, any.decimal()});
    expect_equal_round_trip(AvailabilityRequest{any.list<AvailabilityLine>([&] {
      return AvailabilityLine{Sku{any.text()}, any.maybe([&] { return LocationCode{any.text()}; })};
    })});
    expect_round_trip(PriceList{any.maybe_text(), any.chance(), any.time(),
                                any.list<PriceEntry>([&] { return any.price(); }),
                                any.list<PriceEntry>([&] { return any.price(); })});
    expect_equal_round_trip(PriceListReceipt{
        any.maybe_text(), static_cast<std::int64_t>(any.below(1'000'000'000'000)), any.decimal()});
    expect_round_trip(QuoteRequest{CustomerNumber{any.text()}, any.text(),
                                   any.maybe([&] { return any.time(); }), any.list<QuoteLine>([&] {
                                     return QuoteLine{static_cast<int>(any.below(999)),
                                                      Sku{any.text()}, any.decimal(),
                                                      any.maybe_text()};
                                   })});
    expect_equal_round_trip(Quote{
        CustomerNumber{any.maybe_text()}, any.maybe_text(), any.time(), any.list<QuotedLine>([&] {
          return QuotedLine{static_cast<int>(any.below(999)),
                            Sku{any.text()},
                            any.decimal(),
                            any.maybe_text(),
                            any.decimal(),
                            any.list<Adjustment>([&] { return any.adjustment(); }),
                            any.decimal(),
                            any.decimal()};
        }),
        any.decimal(), any.time()});
    expect_equal_round_trip(
        Customer{CustomerNumber{any.maybe_text()}, any.maybe_text(), any.maybe_text(),
                 any.maybe([&] { return any.address(); }), any.maybe_text(), any.maybe_text(),
                 any.maybe_text(), any.maybe_text(), static_cast<CustomerBlock>(any.below(4)),
                 any.maybe([&] { return any.time(); }), Revision{any.maybe_text()}});
    expect_equal_round_trip(CustomerAmendment{
        any.maybe([&] { return any.maybe_text(); }), any.maybe([&] { return any.address(); }),
        any.maybe([&] { return any.maybe_text(); }), any.maybe([&] { return any.maybe_text(); }),
        any.maybe([&] { return any.maybe_text(); })});
    expect_equal_round_trip(CustomerReceipt{CustomerNumber{any.maybe_text()},
                                            DocumentNumber{any.maybe_text()},
                                            Revision{any.maybe_text()}});
    if (HasFatalFailure()) return;
  }
}

TEST(Codec, WhatTheCodecWritesConformsToItsSchema) {
  Generator any(7);
  for (int i = 0; i < 100; ++i) {
    const auto check = [](std::string_view schema, const Value& value) {
      for (const FieldError& fault : Schema::named(schema).check(value))
        ADD_FAILURE() << schema << " " << fault.pointer << " " << fault.detail << "\n"
                      << write(value);
    };
    Order order = any.order();
    check("order", to_json(order));
    Page<PriceEntry> prices{any.list<PriceEntry>([&] {
                              PriceEntry entry = any.price();
                              entry.sku = Sku{"1000"};
                              entry.uom = "PCS";
                              return entry;
                            }),
                            Cursor{any.maybe_text()}};
    check("price-page", page_to_json(prices, any.time()));
    check("order-receipt", to_json(OrderReceipt{{ChannelId{"web"}, OrderNumber{"1"}},
                                                DocumentNumber{"SO-1"},
                                                ReceiptState::pending,
                                                any.status(),
                                                any.totals(),
                                                true,
                                                Revision{"r1"}}));
    check("customer",
          to_json(Customer{CustomerNumber{"C1"}, "Ada", "person", any.address(), "a@example.com",
                           "1", "EUR", "VIP", CustomerBlock::ship, any.time(), Revision{"r"}}));
    check("stock-levels", page_to_json(Page<StockLevel>{{{{Sku{"1000"}, LocationCode{"EAST"}},
                                                          "PCS",
                                                          any.decimal(),
                                                          any.decimal(),
                                                          any.decimal(),
                                                          any.time()}},
                                                        {}}));
    check("adjustment-receipt", to_json(AdjustmentReceipt{MovementId{"M1"},
                                                          DocumentNumber{"7"},
                                                          {Sku{"1000"}, LocationCode{"EAST"}},
                                                          any.decimal()}));
    if (HasFailure()) return;
  }
}

TEST(Codec, AmountsComeBackDigitForDigit) {
  Order order;
  order.id.number = OrderNumber{"100042"};
  order.totals.grand_total = Decimal::parse("12345678901234567.89").value();
  order.totals.tax = Decimal::parse("10.50").value();
  const std::string text = write(to_json(order));
  EXPECT_THAT(text, testing::HasSubstr(R"("tax":"10.50","grandTotal":"12345678901234567.89")"));
  EXPECT_EQ(write(to_json(from_json<Order>(parse(text).value()).value())), text);
}

constexpr const char* small_order =
    R"({"number":"100042","customer":"C10000","orderDate":"2026-11-24",
  "currency":"EUR",
  "lines":[{"number":1,"sku":"1000","quantity":"2","unitPrice":"10.50","netAmount":"21.00"}],
  "totals":{"itemsNet":"21.00","charges":"0","tax":"3.99","grandTotal":"24.99"}})";

std::vector<FieldError> request_faults(const Value& value) {
  const auto order = order_request_from_json(value, ChannelId{"web"});
  return order ? std::vector<FieldError>{} : order.error().fields;
}

TEST(Codec, ARequestBelongsToTheCallersChannel) {
  const auto order = order_request_from_json(parse(small_order).value(), ChannelId{"web"});
  ASSERT_TRUE(order.has_value()) << order.error().message;
  EXPECT_EQ(order->id, (OrderId{ChannelId{"web"}, OrderNumber{"100042"}}));
  EXPECT_EQ(order->lines.at(0).net_amount.text(), "21.00");
  Value forged = parse(small_order).value();
  forged.set("channel", "pos");
  EXPECT_THAT(request_faults(forged),
              ElementsAre(FieldError{"/channel", "is read-only and must not be sent"}));
}

TEST(Codec, WhatOnlyTheErpsWriteIsRefusedInARequestAndAcceptedInARecord) {
  Value value = parse(small_order).value();
  value.set("status", "shipped").set("holds", Value::array()).set("shipments", Value::array());
  value.set("invoices", Value::array())
      .set("updatedAt", "2026-11-24T18:00:00Z")
      .set("revision", "7");
  Value* line = value.find("lines")->item(0);
  line->set("cancelledQuantity", "0").set("shippedQuantity", "2");
  line->set("invoicedQuantity", "0").set("returnedQuantity", "0");
  EXPECT_TRUE(from_json<Order>(value).has_value());
  const auto faults = request_faults(value);
  EXPECT_EQ(faults.size(), 10U);
  EXPECT_THAT(faults, Contains(FieldError{"/lines/0/shippedQuantity",
                                          "is read-only and must not be sent"}));
  EXPECT_THAT(faults, Contains(FieldError{"/status", "is read-only and must not be sent"}));
  Value customer = parse(R"({"number":"C1","name":"Ada","blocked":"all"})").value();
  EXPECT_TRUE(from_json<Customer>(customer).has_value());
  EXPECT_EQ(customer_request_from_json(customer).error().fields,
            (std::vector<FieldError>{{"/blocked", "is read-only and must not be sent"}}));
}

TEST(Codec, AllFaultsOfADocumentAreReportedAtOnceWithTheirPointers) {
  Value value = parse(small_order).value();
  value.erase("customer");
  value.set("orderDate", "24.11.2026")
      .set("placedAt", "now")
      .set("pricesIncludeTax", "no")
      .set("x/y", Value::null());
  value.find("totals")->set("tax", Value::integer(4));
  Value* line = value.find("lines")->item(0);
  line->set("number", "1")
      .set("quantity", "2,0")
      .set("unitPrice", std::string(39, '9'))
      .set("netAmount", Value::null());
  value.find("lines")->push("2");
  EXPECT_THAT(
      request_faults(value),
      testing::UnorderedElementsAre(
          FieldError{"/customer", "is required"},
          FieldError{"/orderDate", "must be a calendar day in a string, like \"2026-11-24\""},
          FieldError{"/placedAt",
                     "must be an RFC 3339 timestamp in a string, like \"2026-11-24T18:00:00Z\""},
          FieldError{"/pricesIncludeTax", "must be a boolean, not a string"},
          FieldError{"/lines/0/number", "must be a whole number, not a string"},
          FieldError{"/lines/0/quantity",
                     "must be a decimal like \"10.50\", without exponent or grouping"},
          FieldError{"/lines/0/unitPrice",
                     "must have at most 38 digits and at most 20 decimal places"},
          FieldError{"/lines/0/netAmount",
                     "must be a decimal in a string, like \"10.50\", not null"},
          FieldError{"/lines/1", "must be an object, not a string"},
          FieldError{"/totals/tax", "must be a decimal in a string, like \"10.50\", not a number"},
          FieldError{"/x~1y", "is not a known member"}));
}

TEST(Codec, TheErrorNamesTheFirstFaultAndCountsTheRest) {
  const auto customer =
      from_json<Customer>(parse(R"({"number":1,"blocked":"maybe","colour":"red"})").value());
  ASSERT_FALSE(customer.has_value());
  EXPECT_EQ(customer.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(customer.error().message,
            "the customer is not valid: /number must be a string, not a number (and 2 more)");
  EXPECT_THAT(customer.error().fields,
              Contains(FieldError{"/blocked", "must be one of none, ship, invoice, all"}));
}

TEST(Codec, EmptyAndAbsentAreToldApartWhereItMatters) {
  const auto amendment = from_json<CustomerAmendment>(parse(R"({"phone":""})").value()).value();
  EXPECT_EQ(amendment.phone, std::string());
  EXPECT_FALSE(amendment.email.has_value());
  EXPECT_EQ(write(to_json(amendment)), R"({"phone":""})");
  EXPECT_EQ(write(to_json(Customer{})), R"({"blocked":"none"})");
}

TEST(Codec, ErrorsAreKeptWithEverythingAnOperatorNeeds) {
  Error error{ErrorCode::rejected,       "credit limit", "nav", "NAV-117\x01", 30,
              {{"/lines/0", "too much"}}};
  const auto back = error_from_json(parse(write(to_json(error))).value());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->code, ErrorCode::rejected);
  EXPECT_EQ(back->message, "credit limit");
  EXPECT_EQ(back->system, "nav");
  EXPECT_EQ(back->vendor_code, "NAV-117\x01");
  EXPECT_EQ(back->retry_after_s, 30);
  EXPECT_EQ(back->fields, error.fields);
  EXPECT_FALSE(error_from_json(Value::object()).has_value());
  EXPECT_FALSE(error_from_json(Value("rejected")).has_value());
}

TEST(Codec, APageHasNextOnlyWhenThereIsMore) {
  EXPECT_EQ(
      write(page_to_json(Page<CustomerReceipt>{{{CustomerNumber{"C1"}, {}, {}}}, Cursor{"abc"}},
                         Timestamp{0})),
      R"({"items":[{"number":"C1"}],"next":"abc","asOf":"1970-01-01T00:00:00Z"})");
  EXPECT_EQ(write(page_to_json(Page<CustomerReceipt>{})), R"({"items":[]})");
}

}  // namespace
}  // namespace underpin::json
