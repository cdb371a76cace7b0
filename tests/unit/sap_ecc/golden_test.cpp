// What is sent and read, as files: legacy-adapters/sap_ecc/golden/<case>. UPDATE_GOLDEN=1 writes
// what comes out anew.
#include "contracts/json/codec.h"
#include "legacy-adapters/sap_ecc/debmas.h"
#include "legacy-adapters/sap_ecc/functions.h"
#include "legacy-adapters/sap_ecc/idoc_orders.h"
#include "legacy-adapters/sap_ecc/order_message.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace underpin {
namespace embedded {
std::string_view sap_ecc(std::string_view name);
}

namespace legacy::sap_ecc {
namespace {

std::string path_of(const std::string& file) { return UNDERPIN_SAP_GOLDEN "/" + file; }

std::string read_file(const std::string& file) {
  std::ifstream stream(path_of(file), std::ios::binary);
  EXPECT_TRUE(stream.good()) << file;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void expect_golden(const std::string& file, const std::string& text) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr)
    std::ofstream(path_of(file), std::ios::binary) << text;
  EXPECT_EQ(text, read_file(file));
}

// An element a line, so that a difference is seen.
std::string in_lines(const std::string& xml) {
  std::string text;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    text += xml[i];
    if (xml[i] == '>' && i + 1 < xml.size() && xml[i + 1] == '<') text += '\n';
  }
  return text + "\n";
}

Settings sample_settings() {
  Settings settings;
  settings.places = {{"EAST", "1000", "0001"}, {"WEST", "1100", "0001"}};
  settings.units = {{"PCS", "ST"}};
  settings.charges = {{"shipping", "SHIPPING"}};
  return settings;
}

TEST(GoldenSapEcc, AnOrderIsPlacedWithAFlagForEveryField) {
  const auto document = json::parse(read_file("order_place/order.json"));
  ASSERT_TRUE(document) << document.error().message;
  const auto order = json::from_json<Order>(*document);
  ASSERT_TRUE(order) << order.error().message;
  expect_golden(
      "order_place/request.xml",
      in_lines(write_call("BAPI_SALESORDER_CREATEFROMDAT2",
                          whole_order(*order, sample_settings()).request(create_parameters))));
}

TEST(GoldenSapEcc, AnAnswerIsReadAsItStands) {
  const auto record =
      read_answer("BAPISDORDER_GETDETAILEDLIST", read_file("order_read/answer.xml"));
  ASSERT_TRUE(record) << record.error().message;
  expect_golden("order_read/record.json", json::write_pretty(*record) + "\n");
}

TEST(GoldenSapEcc, ACustomersIdocLeavesAloneWhatItDoesNotName) {
  const auto layout = DebmasLayout::load(embedded::sap_ecc("debmas.json"));
  ASSERT_TRUE(layout) << layout.error().message;
  DebmasFields fields;
  fields.general = {{"MSGFN", "005"},
                    {"KUNNR", "0000004711"},
                    {"NAME1", "Änne Weiß"},
                    {"LAND1", "DE"},
                    {"AUFSD", ""}};
  fields.sales_area = {{"VKORG", "1000"}, {"VTWEG", "10"}, {"SPART", "00"}, {"KONDA", "02"}};
  fields.has_email = true;
  fields.email = "aenne@example.com";
  CustomerSettings settings;
  settings.extension = "ZDEBMAS06";
  settings.email_segment = "Z2KNA1E";
  const auto file = layout->file(fields, settings, "100", "4711-1", "1");
  ASSERT_TRUE(file) << file.error().message;
  expect_golden("customer_create/DEBMAS.idoc", *file);
  fields.general["NAME1"] = std::string(36, 'x');
  const auto refused = layout->file(fields, settings, "100", "4711-1", "1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << "never cut";
}

// SAP posts an order after somebody has looked into SAP, and somebody else has seen it there by
// now.
TEST(IdocOrdersState, WhatIsShownSinceSapWasLookedIntoIsNotAbsent) {
  const test::TemporaryFolder folder("idoc-shown");
  Settings settings;
  settings.order_files.outbound = (folder.path() / "out").string();
  settings.order_files.inbound = (folder.path() / "in").string();
  std::filesystem::create_directories(settings.order_files.outbound);
  IdocOrders idocs("erp", settings, must(Orders05Layout::load(embedded::sap_ecc("orders05.json"))),
                   folder.path().string());
  Order one;
  one.id = {ChannelId{"web"}, OrderNumber{"1"}};
  one.customer = CustomerNumber{"C10001"};
  one.order_date = Date{2026, 11, 24};
  one.currency = "EUR";
  one.lines.push_back({});
  one.lines[0].number = 1;
  one.lines[0].sku = Sku{"1000"};
  one.lines[0].quantity = Decimal::of(4);
  one.lines[0].unit_price = Decimal::of(12);
  CallContext call;
  call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  ASSERT_EQ(idocs.place(one, false, call).state, ReceiptState::pending);
  const bool before = idocs.is_shown(one.id);
  EXPECT_FALSE(before);
  idocs.seen(one.id, "4711");
  const auto refusal = [](const auto& body) -> std::optional<ErrorCode> {
    try {
      body();
      return std::nullopt;
    } catch (const Failure& failure) {
      return failure.error.code;
    }
  };
  ASSERT_TRUE(idocs.awaited(one.id, before)) << "it would be told as not there";
  EXPECT_EQ(idocs.awaited(one.id, before)->document, DocumentNumber{"4711"});
  ASSERT_TRUE(idocs.placed(one.id, before));
  EXPECT_EQ(idocs.placed(one.id, before)->status, OrderStatus::pending);
  EXPECT_EQ(refusal([&] { idocs.must_not_be_awaited(one.id, before); }), ErrorCode::throttled);
  EXPECT_EQ(refusal([&] { idocs.place(one, before, call); }), std::nullopt);
  // Deleted in SAP since.
  ASSERT_TRUE(idocs.is_shown(one.id));
  EXPECT_FALSE(idocs.awaited(one.id, true));
  EXPECT_FALSE(idocs.placed(one.id, true));
  EXPECT_EQ(refusal([&] { idocs.must_not_be_awaited(one.id, true); }), std::nullopt);
  EXPECT_EQ(refusal([&] { idocs.place(one, true, call); }), ErrorCode::rejected);
}

}  // namespace
}  // namespace legacy::sap_ecc
}  // namespace underpin
