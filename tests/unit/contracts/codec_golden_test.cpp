#include "contracts/json/codec.h"
#include "contracts/json/schema.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace underpin::json {
namespace {

// The canonical documents as channels and the journal see them: tests/golden/codec/<name>.json.
// A change here is a change of the channel API. UPDATE_GOLDEN=1 writes the files anew.
void expect_golden(const std::string& name, const Value& value) {
  const std::string path = UNDERPIN_SOURCE_DIR "/tests/golden/codec/" + name + ".json";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << write_pretty(value);
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << path << " is missing";
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(write_pretty(value), text.str()) << name;
}

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }
Date day(std::string_view text) { return Date::parse(text).value(); }
Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

Order full_order() {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"100042"}};
  order.customer = CustomerNumber{"C10000"};
  order.customer_reference = "PO-2026-117";
  order.order_date = day("2026-11-24");
  order.placed_at = at("2026-11-24T18:15:00.250Z");
  order.requested_date = day("2026-11-27");
  order.currency = "EUR";
  Address address;
  address.kind = "ship_to";
  address.name = "Anna Becker";
  address.line1 =
      "Hauptstra\xC3\x9F"
      "e 1";
  address.city = "Berlin";
  address.post_code = "10115";
  address.country = "DE";
  order.ship_to = address;
  OrderLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.description = "Espresso cup, white";
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = dec("4");
  line.cancelled_quantity = dec("1");
  line.shipped_quantity = dec("2.00000000000000000000");
  line.unit_price = dec("5.90");
  line.adjustments.push_back({"promotion", "AUTUMN-10", 3, dec("-2.36"), "10 % off"});
  line.net_amount = dec("21.24");
  line.taxes.push_back({"VAT19", dec("0.19"), dec("4.04")});
  order.lines.push_back(line);
  order.charges.push_back({"shipping", "DHL", dec("4.90"), {{"VAT19", dec("0.19"), dec("0.93")}}});
  order.payments.push_back({"pi_3Q", "stripe", "card", dec("31.11")});
  order.totals = {dec("21.24"), dec("4.90"), dec("4.97"), dec("31.11")};
  order.status = OrderStatus::partially_shipped;
  order.holds = {"totals_differ"};
  order.shipments.push_back(
      {DocumentNumber{"PS-1001"}, day("2026-11-25"), {{1, Sku{"1000"}, dec("2")}}});
  order.invoices.push_back({DocumentNumber{"PI-1001"}, day("2026-11-25"), dec("15.56")});
  order.updated_at = at("2026-11-25T09:00:00Z");
  order.revision = Revision{"r42"};
  return order;
}

TEST(CodecGolden, AnOrderLooksLikeThis) { expect_golden("order", to_json(full_order())); }

TEST(CodecGolden, ChangesAndReceiptsOfAnOrderLookLikeThis) {
  OrderAmendment amendment;
  amendment.requested_date = day("2026-11-30");
  amendment.customer_reference = "";
  LineAmendment changed;
  changed.number = 1;
  changed.quantity = dec("6");
  changed.adjustment_total = dec("-3.54");
  LineAmendment added;
  added.number = 2;
  added.added = full_order().lines[0];
  added.added->number = 2;
  amendment.lines = {changed, added};
  amendment.totals = full_order().totals;
  expect_golden("order-amendment", to_json(amendment));
  expect_golden("order-cancellation",
                to_json(OrderCancellation{"changed their mind", {{1, dec("1")}}}));
  OrderReceipt receipt;
  receipt.id = full_order().id;
  receipt.document = DocumentNumber{"SO-1001"};
  receipt.erp_totals = full_order().totals;
  receipt.status = OrderStatus::released;
  receipt.released = true;
  receipt.revision = Revision{"r1"};
  expect_golden("order-receipt", to_json(receipt));
}

TEST(CodecGolden, StockLooksLikeThis) {
  const StockKey key{Sku{"1000"}, LocationCode{"EAST"}};
  expect_golden("stock-level", to_json(StockLevel{key, "PCS", dec("120.000"), dec("4"),
                                                  dec("116.000"), at("2026-11-24T18:00:00Z")}));
  expect_golden("stock-adjustment",
                to_json(StockAdjustment{MovementId{"CNT-1"}, key, AdjustmentKind::count, dec("17"),
                                        at("2026-11-24T06:00:00+01:00"), "PCS", "Cycle count"}));
  expect_golden(
      "adjustment-receipt",
      to_json(AdjustmentReceipt{MovementId{"CNT-1"}, DocumentNumber{"4711"}, key, dec("-3")}));
  expect_golden(
      "availability-request",
      to_json(AvailabilityRequest{{{Sku{"1000"}, LocationCode{"EAST"}}, {Sku{"1001"}, {}}}}));
}

TEST(CodecGolden, PricesLookLikeThis) {
  PriceEntry entry;
  entry.sku = Sku{"1000"};
  entry.scope = PriceScope::group;
  entry.scope_code = "VIP";
  entry.from = day("2026-01-01");
  entry.to = day("2026-12-24");
  entry.zone = "Europe/Berlin";
  entry.minimum_quantity = dec("0");
  entry.uom = "PCS";
  entry.currency = "EUR";
  entry.unit_price = dec("5.61");
  PriceList list;
  list.batch = "20261124-1";
  list.full = false;
  list.created = at("2026-11-24T02:00:00Z");
  list.entries = {entry};
  list.deletions = {entry};
  expect_golden("price-list", to_json(list));
  expect_golden("price-list-receipt",
                to_json(PriceListReceipt{"20261124-1", 1, list.hash_total()}));
  expect_golden("quote-request",
                to_json(QuoteRequest{
                    CustomerNumber{"C10000"}, "EUR", {}, {{1, Sku{"1000"}, dec("4"), "PCS"}}}));
  Quote quote;
  quote.customer = CustomerNumber{"C10000"};
  quote.currency = "EUR";
  quote.at = at("2026-11-24T18:15:00Z");
  quote.lines.push_back({1,
                         Sku{"1000"},
                         dec("4"),
                         "PCS",
                         dec("5.90"),
                         {{"customer_price", "", 0, dec("-1.16"), "price group VIP"}},
                         dec("5.61"),
                         dec("22.44")});
  quote.total_net = dec("22.44");
  quote.prices_as_of = at("2026-11-24T02:00:00Z");
  expect_golden("quote", to_json(quote));
}

TEST(CodecGolden, CustomersLookLikeThis) {
  Customer customer;
  customer.number = CustomerNumber{"C10000"};
  customer.name = "Anna Becker";
  customer.kind = "person";
  customer.address = full_order().ship_to;
  customer.email = "c10000@example.com";
  customer.phone = "+49 30 5500000";
  customer.currency = "EUR";
  customer.price_group = "RETAIL";
  customer.blocked = CustomerBlock::ship;
  customer.updated_at = at("2026-11-24T18:15:00Z");
  customer.revision = Revision{"r7"};
  expect_golden("customer", to_json(customer));
  CustomerAmendment amendment;
  amendment.email = "anna@example.com";
  amendment.phone = "";
  expect_golden("customer-amendment", to_json(amendment));
  expect_golden(
      "customer-receipt",
      to_json(CustomerReceipt{CustomerNumber{"C10000"}, DocumentNumber{"5d1c"}, Revision{"r8"}}));
}

TEST(CodecGolden, AnErrorLooksLikeThis) {
  expect_golden("error", to_json(Error{ErrorCode::rejected,
                                       "The customer is blocked.",
                                       "nav",
                                       "NAV:Blocked",
                                       0,
                                       {{"/customer", "is blocked in the ERP"}}}));
}

}  // namespace
}  // namespace underpin::json
