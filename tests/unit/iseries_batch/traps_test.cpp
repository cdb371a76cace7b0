// Files as they should not be, and states that do not know what was sent.
#include "contracts/ports/return_service.h"
#include "legacy-adapters/iseries_batch/guard.h"
#include "legacy-adapters/iseries_batch/layouts.h"
#include "legacy-adapters/iseries_batch/state.h"
#include "tests/unit/iseries_batch/batch_site.h"

#include <sstream>

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
  const std::string seq = std::to_string(site().last_seq("OHA"));
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

// Each kind of file with a record that can be used, one that cannot, and another that can.
struct BadRecord {
  FileKind kind;
  const char* record;
  edi::FieldValues good;
  edi::FieldValues bad;
  const char* report;
};

std::vector<BadRecord> bad_records() {
  const auto text = [](const char* value) { return std::string(value); };
  const auto one = [] { return Decimal::of(1); };
  const edi::FieldValues level{
      {"SKU", text("B1")}, {"WHS", text("EAST")}, {"UOM", text("PCS")}, {"ONHAND", one()}};
  const edi::FieldValues customer{{"ACT", text("U")},
                                  {"NUM", text("B1")},
                                  {"NAME", text("Ada")},
                                  {"KIND", text("P")},
                                  {"BLOCK", text("N")}};
  const edi::FieldValues price{{"SKU", text("B1")},        {"TYPE", text("A")},
                               {"FROM", Date{2026, 1, 1}}, {"CUR", text("EUR")},
                               {"PRICE", one()},           {"UOM", text("PCS")}};
  const edi::FieldValues order{{"ORDNO", text("B1")}, {"STATUS", text("O")}, {"CUST", text("C1")}};
  const auto with = [](edi::FieldValues values, const char* name, edi::FieldValue value) {
    values[name] = std::move(value);
    return values;
  };
  return {
      {FileKind::stock, "stock level", level, with(level, "SKU", text("")),
       "line 3: stock level, SKU: must not be blank"},
      {FileKind::customer, "customer", customer, with(customer, "BLOCK", text("Q")),
       "line 3: customer, BLOCK: must be N, S, I or A, not \"Q\""},
      {FileKind::prices, "price", price, with(price, "CUR", text("EU")),
       "line 3: price, CUR: must be a currency"},
      {FileKind::status, "order", order, with(order, "STATUS", text("Q")),
       "line 3: order, STATUS: \"Q\" is no status of an order"},
  };
}

std::string file_with(const BadRecord& one, std::int64_t run) {
  std::ostringstream output;
  edi::FixedWriter writer(output, format_of(one.kind, {}));
  EXPECT_TRUE(writer.begin({{"FILE", std::string(prefix(one.kind))},
                            {"RUN", Decimal::of(run)},
                            {"HDATE", Date{2026, 12, 24}}}));
  EXPECT_TRUE(writer.record(one.record, one.good));
  EXPECT_TRUE(writer.record(one.record, one.bad));
  EXPECT_TRUE(writer.end({}));
  return output.str();
}

// Whether the good record of a file is in force.
bool is_taken(ErpAdapter& adapter, FileKind kind) {
  OrderRef ref;
  ref.document = DocumentNumber{"B1"};
  switch (kind) {
    case FileKind::stock:
      return adapter.inventory()->get_stock({{Sku{"B1"}}, {}}, call_within()).has_value();
    case FileKind::customer:
      return adapter.customers()->get_customer(CustomerNumber{"B1"}, call_within()).has_value();
    case FileKind::prices: {
      const auto list = adapter.pricing()->list_prices({Sku{"B1"}, {}, {}, 10}, call_within());
      return list && !list->items.empty();
    }
    default:
      return adapter.orders()->get_order(ref, call_within()).has_value();
  }
}

TEST(BadRecords, AreReportedWithFileLineFieldAndReasonAndThePolicySaysWhatBecomesOfTheRest) {
  BatchSite site;
  for (const bool hold : {true, false}) {
    site.restart_with(hold ? R"(, "bad_records": "hold")" : R"(, "bad_records": "process")");
    for (const BadRecord& one : bad_records()) {
      SCOPED_TRACE(std::string(prefix(one.kind)) + (hold ? ", held" : ", processed"));
      const bool is_price = one.kind == FileKind::prices;
      const std::string name = std::string(prefix(one.kind)) + "000900001.DAT";
      const auto folder = is_price ? site.folder() / "prices" : site.inbound();
      std::ofstream(folder / ("." + name), std::ios::binary) << file_with(one, 900'001);
      std::filesystem::rename(folder / ("." + name), folder / name);
      site.receive();
      EXPECT_EQ(is_taken(site.adapter(), one.kind), !hold);
      EXPECT_TRUE(site.adapter().inventory()->get_stock({{Sku{"1000"}}, {}}, call_within()))
          << "the record that could not be used may have been this article's";
      const auto reports = files_in(folder / "quarantine", hold ? ".reason" : ".refused");
      ASSERT_EQ(reports.size(), 1u);
      EXPECT_EQ(files_in(folder / "quarantine", hold ? ".refused" : ".reason").size(), 0u);
      const std::string report = content_of(folder / "quarantine" / reports[0]);
      EXPECT_NE(report.find(name + (hold ? "\n" : " ") + one.report), std::string::npos) << report;
      const std::string alarm = site.alarm(std::string(is_price ? "price" : "inbound") +
                                           (hold ? " file refused" : " records refused"));
      EXPECT_NE(alarm.find(name + " " + one.report), std::string::npos) << alarm;
      for (const auto& left : std::filesystem::directory_iterator(folder / "quarantine"))
        std::filesystem::remove(left.path());
    }
  }
}

TEST(SettingsOfABatchInterface, EachFolderIsItsOwn) {
  const auto read = [](const char* out, const char* in, const char* prices) {
    return read_settings(R"({"outbound": {"folder": ")" + std::string(out) +
                         R"("}, "inbound": {"folder": ")" + in + R"("}, "prices": {"folder": ")" +
                         prices + R"("}})");
  };
  EXPECT_TRUE(read("/a", "/b", "/c").has_value());
  for (const auto& wrong :
       {read("/a", "/a/../a", "/c"), read("/a", "/b", "/b"), read("/a", "/b", "/a")}) {
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error().code, ErrorCode::invalid_request);
    EXPECT_NE(wrong.error().fields.at(0).detail.find("folder of its own"), std::string::npos);
  }
}

// ---- a state that does not know what was sent

StockAdjustment movement(const char* id, const char* sku = "1012") {
  StockAdjustment adjustment;
  adjustment.movement = MovementId{id};
  adjustment.key = {Sku{sku}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("2");
  adjustment.uom = "PCS";
  return adjustment;
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::internal : result.error().code;
}

TEST(Restore, NothingIsSentAndNothingIsAbsentUntilWhatWasLostIsAnswered) {
  BatchSite site;
  const Order before = new_order("R-1");
  ASSERT_TRUE(site.orders().place_order(before, write_within()));
  site.night();
  site.back_up();
  const Order lost = new_order("R-2");
  ASSERT_TRUE(site.orders().place_order(lost, write_within()));
  ASSERT_TRUE(site.adapter().inventory()->adjust_stock(movement("R-MOVE", "NONE"), write_within()));
  const std::int64_t last = site.last_seq("OHA");
  site.restore();

  EXPECT_EQ(site.adapter().descriptor().settle_ms, 2'160 * 60'000);
  EXPECT_EQ(code_of(site.orders().find_receipt(lost.id, call_within())), ErrorCode::unavailable)
      << "the night may be about to post it";
  EXPECT_EQ(code_of(site.orders().place_order(lost, write_within())), ErrorCode::unavailable);
  EXPECT_NE(site.alarm("writes lost").find("writes 2 to 3 "), std::string::npos)
      << site.alarm("writes lost");
  EXPECT_EQ(
      code_of(site.adapter().inventory()->find_adjustment(MovementId{"R-MOVE"}, call_within())),
      ErrorCode::unavailable);
  EXPECT_TRUE(site.orders().get_order({before.id, {}}, call_within()).has_value());
  site.restart();
  EXPECT_EQ(code_of(site.orders().place_order(lost, write_within())), ErrorCode::unavailable)
      << "it is remembered";

  site.night();
  EXPECT_FALSE(site.has_alarm("writes lost"));
  EXPECT_EQ(site.adapter().descriptor().settle_ms, 60'000);
  const auto found = site.orders().place_order(lost, write_within());
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->state, ReceiptState::confirmed);
  EXPECT_EQ(site.documents("WEB/R-2"), 1);
  // What the night refused of it somebody has to know.
  EXPECT_NE(site.alarm("inbound records refused").find("ADJ R-MOVE was refused: ITEM"),
            std::string::npos)
      << site.alarm("inbound records refused");
  // And no number is used twice: the job would tell the answer that it gave before.
  ASSERT_TRUE(site.orders().place_order(new_order("R-3"), write_within()));
  EXPECT_GT(site.last_seq("OHA"), last + 1);
  site.night();
  EXPECT_EQ(site.documents("WEB/R-3"), 1);
}

TEST(Restore, WhatWasTakenInSinceIsTakenInOnceMore) {
  BatchSite site;
  const Order order = new_order("R-1");
  ASSERT_TRUE(site.orders().place_order(order, write_within()));
  site.back_up();
  site.night();
  site.restore();
  EXPECT_EQ(
      code_of(site.orders().find_receipt({ChannelId{"web"}, OrderNumber{"R-9"}}, call_within())),
      ErrorCode::unavailable);
  EXPECT_FALSE(site.has_alarm("writes lost")) << "only files are";
  site.receive();
  const auto found = site.orders().find_receipt(order.id, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, ReceiptState::confirmed) << "the job tells it only once";
  site.night();
  EXPECT_FALSE(site.has_alarm("inbound file refused")) << site.alarm("inbound file refused");
}

TEST(Restore, AStateThatIsGoneWaitsAsLongAsTheSiteSays) {
  BatchSite site({}, "", R"(, "lost_after_minutes": 0)");
  ASSERT_TRUE(site.orders().place_order(new_order("R-1"), write_within()));
  site.stop();
  std::filesystem::remove_all(site.folder() / "state");
  // One of its files it had claimed, and not archived, when it ended.
  const auto customers = files_in(site.inbound() / "archive", "").at(0);
  ASSERT_TRUE(customers.starts_with("CUS")) << customers;
  std::filesystem::create_directories(site.inbound() / "claimed" / "ended");
  std::filesystem::rename(site.inbound() / "archive" / customers,
                          site.inbound() / "claimed" / "ended" / customers);
  site.restart();
  site.receive();
  EXPECT_TRUE(site.adapter()
                  .customers()
                  ->get_customer(CustomerNumber{"C10001"}, call_within())
                  .has_value());
  ASSERT_TRUE(site.orders().place_order(new_order("R-2"), write_within()));
  EXPECT_EQ(site.last_seq("OHA"), 2);
  site.night();
  EXPECT_EQ(site.documents("WEB/R-1") + site.documents("WEB/R-2"), 2);
}

TEST(Restore, AMarkThatCannotBeReadStopsEverything) {
  const test::TemporaryFolder folder("iseries-mark");
  Settings settings;
  settings.outbound_folder = (folder.path() / "out").string();
  settings.inbound.folder = (folder.path() / "in").string();
  std::filesystem::create_directories(settings.outbound_folder);
  std::filesystem::create_directories(folder.path() / "state");
  State state((folder.path() / "state" / "state.db").string());
  const auto now = [] { return Timestamp::start_of(Date{2026, 11, 28}); };
  for (const char* mark : {"", "7", "7 4", "7 x .", "-1 4 .", "7 1000000000 ."}) {
    std::ofstream(folder.path() / "out" / ".underpin.sent") << mark;
    ExchangeGuard guard(settings, folder.path() / "state", state, now);
    EXPECT_TRUE(guard.in_doubt()) << mark;
    EXPECT_FALSE(guard.knows_all().has_value()) << mark;
    EXPECT_FALSE(guard.mark({9, 9}).has_value()) << mark;
  }
  std::ofstream(folder.path() / "out" / ".underpin.sent") << "0 0 .";
  ExchangeGuard guard(settings, folder.path() / "state", state, now);
  EXPECT_TRUE(guard.knows_all().has_value());
  EXPECT_TRUE(guard.mark({9, 2}).has_value());
  EXPECT_TRUE(guard.mark({3, 1}).has_value());
  EXPECT_EQ(content_of(folder.path() / "out" / ".underpin.sent"), "9 2 .\n");
}

TEST(TwoFacades, OneAloneWorksWithAnExchange) {
  BatchSite site;
  ASSERT_TRUE(site.orders().place_order(new_order("D-1"), write_within()));
  const auto state = site.folder() / "other-state";
  std::filesystem::create_directories(state);
  auto made = make_iseries_batch_adapter({"erp", site.settings(), state.string()});
  ASSERT_TRUE(made.has_value());
  ErpAdapter& other = **made;
  const Order order = new_order("D-2");
  EXPECT_EQ(code_of(other.orders()->place_order(order, write_within())), ErrorCode::unavailable);
  EXPECT_EQ(code_of(other.orders()->find_receipt(order.id, call_within())), ErrorCode::unavailable)
      << "it cannot know";
  for (const AdapterTask& task : other.tasks())
    EXPECT_FALSE(task.run(call_within()).has_value()) << task.name;
  EXPECT_EQ(code_of(other.inventory()->get_stock({{Sku{"1000"}}, {}}, call_within())),
            ErrorCode::unavailable);
  EXPECT_EQ(code_of(other.orders()->list_open_orders({}, call_within())), ErrorCode::unavailable);
  EXPECT_EQ(code_of(other.orders()->order_changes({}, call_within())), ErrorCode::unavailable);
  EXPECT_EQ(code_of(other.customers()->customer_changes({}, call_within())),
            ErrorCode::unavailable);
  EXPECT_EQ(code_of(other.pricing()->list_prices({}, call_within())), ErrorCode::unavailable);
  bool told = false;
  for (const Alarm& alarm : other.alarms()) told = told || alarm.name == "exchange not held";
  EXPECT_TRUE(told);
  EXPECT_EQ(files_in(site.folder() / "out", ".DAT").size(), 1u);
  // It takes over; what the first one has sent is lost to it until the night.
  site.stop();
  EXPECT_EQ(code_of(other.orders()->place_order(order, write_within())), ErrorCode::unavailable);
  site.simulator().control("POST", "job", "{}");
  for (const AdapterTask& task : other.tasks())
    EXPECT_TRUE(task.run(call_within()).has_value()) << task.name;
  EXPECT_TRUE(other.orders()->place_order(order, write_within()).has_value());
  EXPECT_EQ(site.documents("WEB/D-1"), 1);
}

TEST(TwoFacades, TwoThatWereHeldUpKeepOneWrite) {
  const test::TemporaryFolder folder("iseries-state");
  State state((folder.path() / "state.db").string());
  Request request;
  request.subject = "WEB/1";
  request.action = "C";
  request.records = request.content = "{}";
  request.key = "web/k";
  const State::Kept first = state.keep(request);
  EXPECT_TRUE(first.added);
  const State::Kept second = state.keep(request);
  EXPECT_FALSE(second.added);
  EXPECT_EQ(second.seq, first.seq);
  request.key = "web/another";
  EXPECT_TRUE(state.keep(request).added);
}

TEST(Forgetting, AnsweredWritesAreForgottenAndOthersNot) {
  const test::TemporaryFolder folder("iseries-state");
  State state((folder.path() / "state.db").string());
  Request request;
  request.records = request.content = "{}";
  std::vector<std::int64_t> numbers;
  for (const char* subject : {"old and answered", "old and open", "young and answered"}) {
    request.subject = subject;
    request.made = Timestamp::start_of(subject[0] == 'o' ? Date{2026, 1, 20} : Date{2026, 11, 20});
    numbers.push_back(state.keep(request).seq);
  }
  for (const std::int64_t seq : {numbers[0], numbers[2]})
    state.write([&](state::StateDatabase& database) {
      Request answered;
      answered.seq = seq;
      answered.state = RequestState::accepted;
      answer_request(database, answered);
      return true;
    });
  state.forget_answered(Timestamp::start_of(Date{2026, 8, 1}));
  EXPECT_FALSE(state.request(numbers[0]).has_value());
  EXPECT_TRUE(state.request(numbers[1]).has_value());
  EXPECT_TRUE(state.request(numbers[2]).has_value());
  EXPECT_EQ(state.numbers().seq, numbers[2]);
}

TEST_F(Traps, ARefusedReturnOrAdjustmentIsToldToItsRepeatOnceBeforeItIsSentAgain) {
  BatchSite one({}, R"(, "return_reasons": [{"reason": "DAMAGED", "code": "DEF"}])");
  OrderReturn asked;
  asked.order = {ChannelId{"web"}, OrderNumber{"T-60"}};
  asked.number = ReturnNumber{"R1"};
  asked.customer = CustomerNumber{"C10001"};
  asked.currency = "EUR";
  asked.date = Date{2026, 11, 28};
  ReturnLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.uom = "PCS";
  line.quantity = decimal("1");
  line.reason = "DAMAGED";
  asked.lines.push_back(line);
  const auto give_back = [&] {
    return one.adapter().returns()->place_return(asked, write_within());
  };
  const auto adjust = [&] {
    return one.adapter().inventory()->adjust_stock(movement("T-MOVE", "NONE"), write_within());
  };
  ASSERT_TRUE(give_back().has_value());
  const std::int64_t seq = one.last_seq("RHD");
  ASSERT_TRUE(adjust().has_value());
  one.simulator().control(
      "POST", "files",
      R"({"kind": "status", "rows": [["ANS", {"SEQ": ")" + std::to_string(seq) +
          R"(", "KIND": "RET", "REF": "WEB/T-60#R1", "RESULT": "R", "REASON": "OLD"}], ["ANS", {"SEQ": ")" +
          std::to_string(seq + 1) +
          R"(", "KIND": "ADJ", "REF": "T-MOVE", "RESULT": "R", "REASON": "ITEM"}]]})");
  one.receive();
  const auto files = files_in(one.folder() / "out", ".DAT").size();
  const auto back = give_back();
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, ErrorCode::rejected) << back.error().message;
  EXPECT_EQ(back.error().vendor_code, "OLD");
  const auto adjusted = adjust();
  ASSERT_FALSE(adjusted.has_value());
  EXPECT_EQ(adjusted.error().vendor_code, "ITEM");
  EXPECT_EQ(files_in(one.folder() / "out", ".DAT").size(), files);
  EXPECT_TRUE(give_back().has_value()) << "who has heard of it wants it tried again";
  EXPECT_TRUE(adjust().has_value());
  EXPECT_EQ(files_in(one.folder() / "out", ".DAT").size(), files + 2);
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
