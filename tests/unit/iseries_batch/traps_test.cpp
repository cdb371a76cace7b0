// Files as they should not be.
#include "tests/unit/iseries_batch/batch_site.h"

namespace underpin::legacy::iseries_batch {
namespace {

using json::Value;

class Traps : public testing::Test {
 protected:
  static BatchSite& site() {
    static BatchSite one;
    return one;
  }
  void TearDown() override {
    for (const auto& one : std::filesystem::directory_iterator(site().quarantine()))
      std::filesystem::remove(one.path());
  }
  std::string reported() {
    std::string all;
    for (const char* ending : {".refused", ".reason"})
      for (const std::string& name : files_in(site().quarantine(), ending))
        all += content_of(site().quarantine() / name);
    return all;
  }
  // A status file of these rows: [["SHD", {"ORDNO": …}], …].
  void status(const std::string& rows, const std::string& trap = {}) {
    site().simulator().control(
        "POST", "files", R"({"kind": "status", "trap": ")" + trap + R"(", "rows": )" + rows + "}");
    site().receive();
  }
  static std::string header(const std::string& number, const std::string& more = {}) {
    return R"(["SHD", {"ORDNO": ")" + number + R"(", "REF": "WEB/T-)" + number +
           R"(", "STATUS": "O", "HOLD": "Y", "CUST": "C10001", "ODATE": "2026-11-24", "CUR": "EUR",
           "NLINES": "1", "VERS": "1", "NET": "-3.21", "TOTAL": "-3.21")" +
           more + "}]";
  }
  static std::string line(const std::string& number, const std::string& uom = "PCS") {
    return R"(["SLN", {"ORDNO": ")" + number + R"(", "LINE": "1", "SKU": "1000", "WHS": "EAST",
           "UOM": ")" +
           uom + R"(", "QTY": "2", "PRICE": "10.00", "ADJ": "-23.21"}])";
  }
  Result<Order> read(const std::string& number) {
    OrderRef ref;
    ref.document = DocumentNumber{number};
    return site().orders().get_order(ref, call_within());
  }
};

TEST_F(Traps, ATrailerThatDoesNotMatchHoldsTheWholeFile) {
  for (const char* trap : {"bad_count", "bad_hash", "truncated"}) {
    status("[" + header("900001") + "," + line("900001") + "]", trap);
    EXPECT_FALSE(read("900001").has_value()) << trap;
    EXPECT_TRUE(site().has_alarm("inbound file refused")) << trap;
    EXPECT_FALSE(reported().empty()) << trap;
    TearDown();
  }
  status("[" + header("900001") + "," + line("900001") + "]");
  const auto held = read("900001");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->totals.grand_total, decimal("-3.21")) << "a negative overpunch";
  EXPECT_EQ(held->lines.at(0).adjustments.at(0).amount, decimal("-23.21"));
}

TEST_F(Traps, AHalfWrittenFileIsLeftWhereItIs) {
  site().simulator().control("POST", "files", R"({"kind": "stock", "trap": "half_written"})");
  site().receive();
  EXPECT_TRUE(reported().empty());
  EXPECT_EQ(files_in(site().inbound(), ".part").size(), 1u);
}

TEST_F(Traps, TheLinesOfAnOrderThatLostOneAreNoOrder) {
  status("[" + header("900002") + "]");
  EXPECT_FALSE(read("900002").has_value());
  EXPECT_NE(reported().find("NLINES: 900002 has fewer lines"), std::string::npos) << reported();
}

TEST_F(Traps, ARecordBeforeItsHeaderIsPutAsideAndTheRestIsTaken) {
  status("[" + line("900003") + "," + header("900004") + "," + line("900004") + "]");
  EXPECT_FALSE(read("900003").has_value());
  EXPECT_TRUE(read("900004").has_value());
  const std::string report = reported();
  EXPECT_NE(report.find("line 2: order line, ORDNO: belongs to order 900003"), std::string::npos)
      << report;
}

TEST_F(Traps, AnUnknownStatusCodeIsPutAsideAndNeverReplaced) {
  status("[" + header("900005", R"(, "STATUS": "Q")") + "," + line("900005") + "," +
         header("900006") + "," + line("900006") + "]");
  EXPECT_FALSE(read("900005").has_value());
  EXPECT_TRUE(read("900006").has_value());
  EXPECT_NE(reported().find("STATUS: \"Q\" is no status of an order"), std::string::npos)
      << reported();
}

TEST_F(Traps, AnOlderRunDoesNotOverwriteANewerOne) {
  const std::string rows = "[" + header("900007") + "," + line("900007") + "]";
  const auto file =
      site().simulator().control("POST", "files", R"({"kind": "status", "rows": )" + rows + "}");
  const std::string late = file.get("file").text();
  std::filesystem::rename(site().inbound() / late, site().folder() / late);
  status("[" + header("900007", R"(, "CUSREF": "newer")") + "," + line("900007") + "]");
  std::filesystem::rename(site().folder() / late, site().inbound() / late);
  site().receive();
  EXPECT_EQ(read("900007")->customer_reference, "newer");
  EXPECT_TRUE(reported().empty()) << reported();
}

TEST_F(Traps, AnOrderOfItsOwnUsersIsReadWithoutAnIdentity) {
  status("[" + header("900008", R"(, "REF": "Phone 12")") + "," + line("900008") + "]");
  const auto held = read("900008");
  ASSERT_TRUE(held.has_value());
  EXPECT_TRUE(held->id.empty());
  EXPECT_EQ(held->customer, CustomerNumber{"C10001"});
}

TEST_F(Traps, AnAnswerToWhatWasNeverSentIsPutAside) {
  status(R"([["ANS", {"SEQ": "999999", "KIND": "ORD", "REF": "WEB/X", "RESULT": "A"}]])");
  EXPECT_NE(reported().find("SEQ 999999 is no write of ours"), std::string::npos) << reported();
}

TEST_F(Traps, AnAnswerForAnotherReferenceConfirmsNothing) {
  ASSERT_TRUE(site().orders().place_order(new_order("T-77"), write_within()));
  // The first number of this adapter; the answer names another order.
  status(R"([["ANS", {"SEQ": "1", "KIND": "ORD", "REF": "WEB/OTHER", "RESULT": "A"}]])");
  const auto found =
      site().orders().find_receipt({ChannelId{"web"}, OrderNumber{"T-77"}}, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, ReceiptState::pending);
  EXPECT_NE(reported().find("the answer is for ORD WEB/OTHER"), std::string::npos) << reported();
}

TEST_F(Traps, AnAnswerAndItsOrderMayComeInTwoFiles) {
  const Order order = new_order("T-78");
  ASSERT_TRUE(site().orders().place_order(order, write_within()));
  const std::string seq = [&] {
    // The number stands in the header record of the file that was sent last.
    const auto files = files_in(site().folder() / "out", ".DAT");
    const std::string text = content_of(site().folder() / "out" / files.back());
    return std::to_string(std::stoi(text.substr(text.find("OHA") + 4, 9)));
  }();
  status(R"([["ANS", {"SEQ": ")" + seq +
         R"(", "KIND": "ORD", "REF": "WEB/T-78", "RESULT": "A", "DOC": "900078"}]])");
  auto found = site().orders().find_receipt(order.id, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, ReceiptState::pending) << "nothing is known of it but its number";
  EXPECT_EQ(found->document, DocumentNumber{"900078"});
  status("[" + header("900078", R"(, "REF": "WEB/T-78")") + "," + line("900078") + "]");
  found = site().orders().find_receipt(order.id, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, ReceiptState::confirmed);
}

TEST_F(Traps, AFileThatNothingSaysWhatItIsIsQuarantined) {
  site().drop("XYZ1.DAT", "whatever");
  site().receive();
  EXPECT_TRUE(site().has_alarm("inbound file refused"));
  EXPECT_NE(reported().find("nothing says what it is"), std::string::npos) << reported();
}

TEST_F(Traps, ARunThatComesAgainWithOtherContentIsRefused) {
  const auto file = site().simulator().control(
      "POST", "files",
      R"({"kind": "status", "rows": [)" + header("900009") + "," + line("900009") + "]}");
  const std::string name = file.get("file").text();
  const std::string first = content_of(site().inbound() / name);
  site().receive();
  std::string other = first;
  other.replace(other.find("1000 "), 5, "1001 ");
  site().drop("STS-again.DAT", other);
  site().receive();
  EXPECT_EQ(read("900009")->lines.at(0).sku, Sku{"1000"});
  EXPECT_NE(reported().find("was taken in before, with other content"), std::string::npos)
      << reported();
}

TEST_F(Traps, BlanksWhereANumberShouldBeAreZero) {
  const auto file = site().simulator().control(
      "POST", "files",
      R"({"kind": "status", "rows": [)" + header("900010") + "," + line("900010") + "]}");
  const std::string name = file.get("file").text();
  std::string text = content_of(site().inbound() / name);
  // CANC stands behind QTY in the order line.
  const std::size_t at = text.find("SLN900010") + 3 + 10 + 4 + 20 + 50 + 10 + 3 + 11;
  ASSERT_EQ(text.substr(at, 11), "0000000000{");
  text.replace(at, 11, std::string(11, ' '));
  std::filesystem::remove(site().inbound() / name);
  site().drop(name, text);
  site().receive();
  const auto held = read("900010");
  ASSERT_TRUE(held.has_value()) << reported();
  EXPECT_TRUE(held->lines.at(0).cancelled_quantity.is_zero());
  EXPECT_EQ(held->lines.at(0).quantity, decimal("2"));
}

TEST(HoldPolicy, OneBadRecordHoldsTheWholeFile) {
  BatchSite site({}, R"(, "bad_records": "hold")");
  site.simulator().control(
      "POST", "files",
      R"({"kind": "status", "rows": [["SHD", {"ORDNO": "1", "STATUS": "Q", "NLINES": "0"}],)"
      R"( ["SHD", {"ORDNO": "2", "STATUS": "O", "NLINES": "0"}]]})");
  site.receive();
  OrderRef ref;
  ref.document = DocumentNumber{"2"};
  EXPECT_FALSE(site.orders().get_order(ref, call_within()).has_value());
  EXPECT_TRUE(site.has_alarm("inbound file refused"));
}

// ---- what does not fit

TEST_F(Traps, WhatIsTooLongIsRefusedAndNeverCut) {
  Order order = new_order("T-90");
  Address address;
  address.name = std::string(36, 'x');
  order.ship_to = address;
  auto refused = site().orders().place_order(order, write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/shipTo/name");
  EXPECT_EQ(refused.error().fields.at(0).detail, "must have at most 35 characters");
  order.ship_to->name = std::string(35, 'x');
  order.lines[0].quantity = decimal("1.0001");
  refused = site().orders().place_order(order, write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/quantity");
  order.lines[0].quantity = decimal("123456789");
  refused = site().orders().place_order(order, write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/quantity");
  EXPECT_FALSE(site().orders().find_receipt(order.id, call_within()).has_value());
}

TEST_F(Traps, ACharacterThatTheSiteLacksIsRefusedAndNeverReplaced) {
  Order order = new_order("T-91");
  order.lines[0].description = "Tasse für 3 €";
  const auto refused = site().orders().place_order(order, write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/description");
  EXPECT_NE(refused.error().fields.at(0).detail.find("€"), std::string::npos);
}

// ---- EBCDIC

TEST(Ebcdic, OrdersStockAndPricesInPackedRecordsOfAGermanCodePage) {
  BatchSite site({"--code-page", "cp273", "--packed"},
                 R"(, "code_page": "IBM273", "packed": true)");
  Order order = new_order("E-1");
  order.lines[0].description = "Täßchen @ Größe";
  ASSERT_TRUE(site.orders().place_order(order, write_within()));
  site.night();
  const auto held = site.orders().get_order({order.id, {}}, call_within());
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->status, OrderStatus::open);
  EXPECT_EQ(held->lines.at(0).description, "Täßchen @ Größe");
  EXPECT_EQ(held->totals.grand_total, decimal("65.45"));
  EXPECT_EQ(held->lines.at(0).adjustments.at(0).amount, decimal("-5.00"));
  const auto levels = site.adapter().inventory()->get_stock({{Sku{"1000"}}, {}}, call_within());
  ASSERT_TRUE(levels.has_value());
  EXPECT_EQ(levels->size(), 3u);
  const auto list = site.adapter().pricing()->list_prices({Sku{"1000"}, {}, {}, 10}, call_within());
  ASSERT_TRUE(list.has_value());
  EXPECT_FALSE(list->items.empty());
  order.id.number = OrderNumber{"E-2"};
  order.lines[0].description = "Łódź";
  const auto refused = site.orders().place_order(order, write_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/description");
}

TEST(Ebcdic, ZonedSignsLieInTheZoneNibble) {
  BatchSite site({"--code-page", "cp037"}, R"(, "code_page": "IBM037")");
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"MV-1"};
  adjustment.key = {Sku{"1012"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("-2.5");
  adjustment.uom = "PCS";
  ASSERT_TRUE(site.adapter().inventory()->adjust_stock(adjustment, write_within()));
  const auto files = files_in(site.folder() / "out", ".DAT");
  const std::string sent = content_of(site.folder() / "out" / files.back());
  EXPECT_EQ(sent.size(), 3u * 400u);
  EXPECT_EQ(static_cast<unsigned char>(sent[400 + 65 + 10]), 0xD0);  // QTY ends in -0.
  site.night();
  EXPECT_EQ(
      site.adapter().inventory()->find_adjustment(adjustment.movement, call_within())->quantity,
      decimal("-2.5"));
}

}  // namespace
}  // namespace underpin::legacy::iseries_batch
