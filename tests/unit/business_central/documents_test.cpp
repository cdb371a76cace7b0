// Records that no Business Central of ours has sent, answered without a network.
#include "cloud-adapters/business_central/documents.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace underpin::cloud::business_central {
namespace {

json::Value sample(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(UNDERPIN_SOURCE_DIR "/tests/fuzz/corpus/business_central_fuzz/" + file)
              .rdbuf();
  return json::parse(text.str()).value();
}

json::Value number(const char* text) { return json::Value::number_text(text).value(); }

json::Value& first_of(json::Value& record, const char* name) { return *record.find(name)->item(0); }

// The order that `sets`, lists of records by entity set, say under number S-ORD101001.
Order order_of(const json::Value& sets) {
  Settings settings;
  settings.base_url = "https://erp.example";
  settings.company_id = "1";
  settings.locations = {{"EAST", "EAST"}};
  Site site(settings, "bc", [&](const transport::HttpRequest& request, const CallContext&) {
    std::string entity = request.url.substr(0, request.url.find('?'));
    entity = entity.substr(entity.rfind('/') + 1);
    std::string records = R"([{"id": "e0000000-0000-0000-0000-000000000001", "code": "EAST"}])";
    if (entity != "locations")
      records = sets.find(entity) == nullptr ? "[]" : json::write(sets.get(entity));
    return Result<transport::HttpResponse>(
        transport::HttpResponse{200, {}, "{\"value\": " + records + "}"});
  });
  Documents documents(site);
  const OrderRef ref{{}, DocumentNumber("S-ORD101001")};
  return documents.order_of(documents.find(ref, {}), {});
}

TEST(BusinessCentralDocuments, ASurchargeBesidePromotionsWorthNothingIsNoDivisionByZero) {
  json::Value sets = sample("living.json");
  first_of(first_of(sets, "salesOrders"), "salesOrderLines").set("discountAmount", number("-1.0"));
  first_of(sets, "salesLinePromotions").set("amount", number("0"));
  const Order order = order_of(sets);
  ASSERT_EQ(order.lines.size(), 2u);
  ASSERT_EQ(order.lines[0].adjustments.size(), 1u);
  EXPECT_EQ(order.lines[0].adjustments[0].kind, "manual");
  EXPECT_EQ(order.lines[0].adjustments[0].amount, Decimal::of(1));
}

TEST(BusinessCentralDocuments, PostedLinesComeInTheOrderOfTheirNumbers) {
  json::Value sets = sample("posted.json");
  json::Value& lines = *first_of(sets, "salesInvoices").find("salesInvoiceLines");
  json::Value between = lines.items().front();
  between.set("sequence", number("5000"));
  lines.push(std::move(between));
  const Order order = order_of(sets);
  ASSERT_EQ(order.lines.size(), 2u);
  EXPECT_EQ(order.lines[0].number, 1);
  EXPECT_EQ(order.lines[1].number, 500);
}

}  // namespace
}  // namespace underpin::cloud::business_central
