#include "legacy-adapters/file_profile/records.h"
#include "tests/unit/file_profile/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace underpin::legacy::file_profile {
namespace {

using json::Value;
using profile::Fault;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- the profile

std::vector<Fault> faults_after(const std::string& file, const std::string& what,
                                const std::string& with) {
  profile::Files files = profile::read_files(example).files;
  std::string& text = files.at(file);
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), with);
  return checked(profile::Profile::read(files, FileKind{})).faults;
}

TEST(FileCheck, TheExampleIsValidAndEveryFaultIsNamedWithItsPlace) {
  EXPECT_THAT(load(example).faults, IsEmpty());
  const auto rule = [](const char* text) {
    return Contains(testing::Field(&Fault::rule, HasSubstr(text)));
  };
  EXPECT_THAT(faults_after("operations/place_order.json", R"("field": "currency")",
                           R"("field": "curency")"),
              rule("curency is made by no field"));
  EXPECT_THAT(
      faults_after("operations/place_order.json", R"("field": "currency")", R"("is": "EUR")"),
      rule("must say currency"));
  EXPECT_THAT(faults_after("operations/place_order.json", R"("at": 4, "width": 5)",
                           R"("at": 4, "width": 6)"),
              rule("overlaps another"));
  EXPECT_THAT(faults_after("operations/cancel_order.json", R"("count": true)", R"("sum": "X/y")"),
              rule("must be a number of a record"));
  EXPECT_THAT(faults_after("documents/status.json", R"("as": "CCYYMMDD")", R"("as": "YYMMDD")"),
              Contains(Fault{"documents/status.json", "/file/records/0/fields/9/as",
                             "must be text, right_text, number, decimal, trailing_sign, "
                             "overpunched, packed, CYYMMDD, CCYYMMDD or a form of days such as "
                             "DD.MM.YYYY"}));
  EXPECT_THAT(
      faults_after("documents/shipments.json", R"("separator": ";")", R"("separator": ";;")"),
      rule("one ASCII character"));
  EXPECT_THAT(faults_after("documents/shipments.json", "BK2SHP", "BK3INV"), rule("is that of"));
  EXPECT_THAT(faults_after("documents/stock.json", R"({"field": "$run", "as": "number"}, )", ""),
              rule("which is newer is not known"));
  EXPECT_THAT(faults_after("documents/stock.json", R"({"count": true})", R"({"field": "kind"})"),
              rule("is read too late"));
  EXPECT_THAT(faults_after("documents/stock.json", R"("tag": "L",)", R"("name": "L",)"),
              rule("must have a tag where there is"));
  EXPECT_THAT(faults_after("documents/stock.json", R"("form": "delimited")", R"("form": "csv")"),
              rule("must be fixed or delimited"));
  EXPECT_THAT(faults_after("documents/stock.json", R"("form")", R"("from": 1, "form")"),
              rule("is not known here"));
  EXPECT_THAT(faults_after("documents/status.json", R"("tag": "TRL")", R"("tag": "LINE")"),
              rule("the tag LINE begins as that of another record, LIN"));
  EXPECT_THAT(faults_after("documents/stock.json", R"("tag": "T")", R"("tag": "L")"),
              rule("the tag L begins as that of another"));
  EXPECT_THAT(faults_after("operations/adjust_stock.json", R"({"field": "unit"})",
                           R"({"field": "unit"}, {"field": "a/x"}, {"field": "b/x"})"),
              rule("must have fields of one list"));
}

// ---- records

Layout layout_of(const std::string& json) {
  std::vector<Fault> faults;
  Layout layout = Layout::read(json::parse(json).value(), "test.json", faults);
  for (const Fault& fault : faults) ADD_FAILURE() << fault.pointer << " " << fault.rule;
  return layout;
}

struct Read {
  std::vector<Value> records;
  std::vector<std::string> faults;  // "2 L quantity"
  std::string bad;                  // Of the file.
};

Read read(const Layout& layout, const std::string& text) {
  std::istringstream input(text);
  DocumentReader reader(edi::reading(input), layout);
  Read read;
  try {
    while (auto document = reader.next()) {
      for (const Bad& one : document->faults)
        read.faults.push_back(std::to_string(one.line) + " " + one.record + " " + one.field);
      if (document->faults.empty()) read.records.push_back(document->record);
    }
  } catch (const BadFile& bad) {
    read.bad = bad.reason;
  }
  return read;
}

const char* const fixed_layout = R"({
  "name": "X", "form": "fixed",
  "header": {"tag": "H", "fields": [{"field": "$run", "at": 2, "width": 4, "as": "number"}]},
  "records": [
    {"tag": "O", "fields": [{"field": "no", "at": 2, "width": 6}, {"field": "day", "at": 8, "width": 7, "as": "CYYMMDD"},
                            {"field": "net", "at": 15, "width": 9, "as": "trailing_sign"}]},
    {"tag": "L", "list": "lines", "fields": [{"field": "item", "at": 2, "width": 6, "as": "right_text"},
      {"field": "quantity", "at": 8, "width": 7, "as": "overpunched", "places": 2},
      {"field": "due", "at": 15, "width": 10, "as": "DD.MM.YYYY"}]}],
  "trailer": {"tag": "T", "fields": [{"count": true, "at": 2, "width": 4}, {"sum": "L/quantity", "at": 6, "width": 9,
    "as": "overpunched", "places": 2}]}})";

const char* const delimited_layout = R"({
  "name": "X", "form": "delimited", "separator": ";", "decimal_mark": ",", "encoding": "ISO-8859-1",
  "header": {"tag": "H", "fields": [{"field": "$run", "as": "number"}]},
  "records": [
    {"tag": "O", "fields": [{"field": "no"}, {"field": "day", "as": "DD.MM.YYYY"}, {"field": "net", "as": "decimal"}]},
    {"tag": "L", "list": "lines", "fields": [{"field": "item"}, {"field": "quantity", "as": "number", "places": 2},
      {"field": "due", "as": "YYYY-MM-DD"}]}],
  "trailer": {"tag": "T", "fields": [{"count": true}, {"sum": "L/quantity", "as": "number", "places": 2}]}})";

Value order() {
  return json::parse(R"({"$run": "7", "no": "A1", "day": "2026-11-24", "net": "-12.50", "lines": [
    {"item": "100", "quantity": "3", "due": "2026-12-01"}, {"item": "Zoë;\"2", "quantity": "0.25"}]})")
      .value();
}

TEST(FileRecords, BothFormsAreReadAsTheyAreWritten) {
  for (const char* json : {fixed_layout, delimited_layout}) {
    const Layout layout = layout_of(json);
    const auto text = write_file(layout, order());
    ASSERT_TRUE(text.has_value()) << text.error().message;
    const Read back = read(layout, *text);
    EXPECT_EQ(back.bad, "") << *text;
    EXPECT_THAT(back.faults, IsEmpty()) << *text;
    ASSERT_THAT(back.records, SizeIs(1)) << *text;
    const Value& one = back.records[0];
    EXPECT_EQ(one.get("day").text(), "2026-11-24");
    EXPECT_EQ(decimal(one.get("net").text().c_str()), decimal("-12.5")) << *text;
    EXPECT_EQ(one.get("$run").text(), "") << "the header's is no member of a document";
    ASSERT_EQ(one.get("lines").size(), 2u);
    EXPECT_EQ(one.get("lines").items()[0].get("due").text(), "2026-12-01");
    EXPECT_EQ(one.get("lines").items()[1].find("due"), nullptr) << "blank is nothing";
    EXPECT_EQ(one.get("lines").items()[1].get("item").text(), "Zoë;\"2");
    EXPECT_EQ(Decimal::parse(one.get("lines").items()[1].get("quantity").text()).value(),
              Decimal::parse("0.25").value());
  }
  EXPECT_EQ(*write_file(layout_of(delimited_layout), order()),
            "H;7\nO;A1;24.11.2026;-12,50\nL;100;300;2026-12-01\nL;\"Zo\xEB;\"\"2\";25;\nT;3;325\n");
}

TEST(FileRecords, WhatDoesNotFitIsRefusedAndNothingIsCut) {
  for (const char* json : {fixed_layout, delimited_layout}) {
    const Layout layout = layout_of(json);
    const auto refuses = [&](const char* member, const char* value) {
      Value wrong = order();
      wrong.set(member, value);
      const auto text = write_file(layout, wrong);
      return !text && text.error().code == ErrorCode::rejected;
    };
    EXPECT_TRUE(refuses("no", "A\nT0001")) << "a line in a line";
    EXPECT_TRUE(refuses("day", "soon"));
    EXPECT_TRUE(refuses("net", "many"));
    EXPECT_EQ(refuses("no", "A123456"), !layout.delimited) << "one character more than the field";
    EXPECT_EQ(refuses("no", "\xCE\xA9"), layout.delimited) << "no letter of ISO-8859-1";
  }
}

TEST(FileRecords, AFileThatIsNotWholeIsHeldAsAWhole) {
  for (const char* json : {fixed_layout, delimited_layout}) {
    const Layout layout = layout_of(json);
    const std::string text = write_file(layout, order()).value();
    const auto bad_after = [&](const std::string& what, const std::string& with) {
      std::string wrong = text;
      wrong.replace(wrong.find(what), what.size(), with);
      return read(layout, wrong).bad;
    };
    const bool delimited = layout.delimited;
    EXPECT_THAT(bad_after(delimited ? "T;3" : "T0003", delimited ? "T;4" : "T0004"),
                HasSubstr("4 records, the "));
    EXPECT_THAT(bad_after(delimited ? "T;3;325" : "32E\n", delimited ? "T;3;326" : "32F\n"),
                HasSubstr("the sum of"));
    EXPECT_THAT(bad_after(text.substr(text.rfind("\nT") + 1), ""), HasSubstr("trailer"));
    EXPECT_THAT(bad_after(text.substr(0, text.find('\n') + 1), ""), testing::Not(""));
    EXPECT_THAT(read(layout, "").bad, HasSubstr("header"));
    EXPECT_THAT(
        read(layout, text + text.substr(text.find("\nO") + 1)).bad +
            (read(layout, text + text.substr(text.find("\nO") + 1)).faults.empty() ? "" : "!"),
        testing::Not(""))
        << "records behind the trailer";
  }
}

TEST(FileRecords, ABadRecordSpoilsItsDocumentAndNoOther) {
  const Layout layout = layout_of(R"({"name": "X", "form": "delimited", "records": [
    {"tag": "O", "fields": [{"field": "no"}, {"field": "net", "as": "decimal"}]},
    {"tag": "L", "list": "lines", "fields": [{"field": "item"}, {"field": "quantity", "as": "decimal"}]}]})");
  const Read some = read(
      layout,
      "L;1;1\nO;1;2.5\nL;a;1\nL;b;x\nO;2;\nL;c;\"2\"\nO;3\nL;d;1\nQ;1\nO;4;\"1\nO;5;1,5\nO;6;7-\n");
  EXPECT_EQ(some.bad, "");
  EXPECT_THAT(some.faults,
              ElementsAre("1 L ", "4 L lines/quantity", "7 O ", "9  ", "10  ", "11 O net"));
  ASSERT_THAT(some.records, SizeIs(2));
  EXPECT_EQ(some.records[0].get("no").text(), "2");
  EXPECT_EQ(some.records[1].get("net").text(), "-7");
}

TEST(FileRecords, RowsOfOneKeyAreOneDocumentAndColumnsAreFoundByTheirNames) {
  const Layout layout = layout_of(
      R"({"name": "X", "form": "delimited", "separator": "tab", "column_row": true, "records": [
    {"key": ["no"], "fields": [{"field": "no", "column": "Nr"}, {"field": "lines/item", "column": "Item"}]}]})");
  const Read rows = read(layout, "Item\tMore\tNr\r\na\tx\t1\r\nb\t\t1\r\nc\t\t2\r\n");
  ASSERT_THAT(rows.records, SizeIs(2));
  EXPECT_EQ(rows.records[0].get("lines").size(), 2u);
  EXPECT_EQ(rows.records[1].get("lines").items()[0].get("item").text(), "c");
  EXPECT_THAT(read(layout, "Item\tMore\na\tx\n").bad, HasSubstr("no column Nr"));
  EXPECT_THAT(read(layout, "").bad, HasSubstr("row of the columns"));
}

// Half a shipment would be told as a whole one.
TEST(FileRecords, RowsOfOneKeyCountTogetherOrNotAtAll) {
  const Layout layout = layout_of(
      R"({"name": "X", "form": "delimited", "records": [{"key": ["no"], "fields": [{"field": "no"},
    {"field": "net", "as": "decimal"}, {"field": "lines/quantity", "as": "decimal"}]}]})");
  const auto numbers = [&](const std::string& rows) {
    std::string all;
    for (const Value& one : read(layout, rows).records) all += one.get("no").text();
    return all;
  };
  EXPECT_EQ(numbers("1;5;1\n1;;2\n2;5;1\n"), "12");
  EXPECT_EQ(numbers("1;5;1\n1;5;many\n1;5;3\n2;5;1\n"), "2");
  EXPECT_EQ(numbers("1;5;many\n1;5;2\n2;5;1\n"), "2");
  EXPECT_EQ(numbers("1;5;1\n1;\"5;2\n1;5;3\n2;5;1\n"), "2");
  EXPECT_EQ(numbers("1;5;1\n2;5\n2;5;1\n3;5;1\n"), "3") << "whose row it was is not known";
  EXPECT_EQ(numbers("1;5\n1;5;1\n2;5;1\n"), "2");
  const Read two = read(layout, "1;5;1\n1;6;2\n2;5;1\n");
  EXPECT_THAT(two.faults, ElementsAre("2 record net")) << "one document has one amount";
  EXPECT_THAT(two.records, SizeIs(1));
}

TEST(FileRecords, ADocumentHasALimit) {
  const Layout layout = layout_of(R"({"name": "X", "form": "delimited", "records": [
    {"tag": "O", "fields": [{"field": "no"}]}, {"tag": "L", "list": "lines", "fields": [{"field": "item"}]}]})");
  std::string text = "O;1\n";
  for (int i = 0; i <= 50'000; ++i) text += "L;a\n";
  for (int i = 0; i < 500; ++i) text += "Q\n";
  const Read some = read(layout, text + "O;2\nL;a\n");
  EXPECT_THAT(some.faults, SizeIs(100)) << "the first of them are kept";
  ASSERT_THAT(some.records, SizeIs(1));
  EXPECT_EQ(some.records[0].get("no").text(), "2");
}

TEST(FileRecords, AFileIsOneBatchAndNoDigitIsMissing) {
  const Layout layout = layout_of(fixed_layout);
  const std::string text = write_file(layout, order()).value();
  EXPECT_THAT(read(layout, text + text).bad, HasSubstr("stands behind the trailer"));
  EXPECT_THAT(read(layout, text + "L100\n").bad, HasSubstr("stands behind the trailer"));
  const Layout rows =
      layout_of(R"({"name": "X", "form": "fixed", "records": [{"tag": "L", "list": "rows",
    "fields": [{"field": "item", "at": 2, "width": 2}, {"field": "net", "at": 4, "width": 6, "as": "overpunched", "places": 2}]}]})");
  const Read cut = read(rows, "La 00030{\nLa 00030\nLa\n");
  EXPECT_THAT(cut.faults, ElementsAre("2 L rows/net"));
  EXPECT_THAT(cut.records, SizeIs(2));
  const Layout columns = layout_of(R"({"name": "X", "form": "delimited", "column_row": true,
    "records": [{"list": "rows", "fields": [{"field": "net"}]}]})");
  EXPECT_THAT(read(columns, "net;tax;net\n1;2;3\n").bad, HasSubstr("column net twice"));
}

TEST(FileRecords, RowsOfOneKeyAreWrittenWithTheirSum) {
  const Layout layout = layout_of(R"({"name": "X", "form": "delimited",
    "header": {"tag": "H", "fields": []}, "records": [{"tag": "L", "key": ["no"], "fields": [
      {"field": "no"}, {"field": "lines/net", "as": "decimal"}]}],
    "trailer": {"tag": "T", "fields": [{"count": true}, {"sum": "L/lines/net", "as": "decimal"}]}})");
  const auto written = [&](const char* record) {
    return write_file(layout, json::parse(record).value());
  };
  const auto text = written(R"({"no": "1", "lines": [{"net": "2"}, {"net": "3.5"}]})");
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(*text, "H\nL;1;2\nL;1;3.5\nT;2;5.5\n");
  EXPECT_EQ(read(layout, *text).bad, "");
  const auto nothing = written(R"({"no": "1"})");
  ASSERT_FALSE(nothing.has_value()) << "no row would say it: " << *nothing;
  EXPECT_EQ(nothing.error().code, ErrorCode::rejected);
}

TEST(FileRecords, EbcdicAndPackedDigitsAreRead) {
  const Layout layout = layout_of(
      R"({"name": "X", "form": "fixed", "record_bytes": 16, "encoding": "IBM037", "ebcdic": true,
    "records": [{"tag": "L", "list": "rows", "fields": [{"field": "item", "at": 2, "width": 5},
      {"field": "net", "at": 7, "width": 4, "as": "packed", "places": 2},
      {"field": "count", "at": 11, "width": 3, "as": "overpunched"}]}]})");
  const Read rows = read(
      layout, std::string("\xD3\xE9\x96\x40\x40\x40\x00\x12\x34\x5D\xF0\xF0\xC7\x40\x40\x40", 16));
  EXPECT_THAT(rows.faults, IsEmpty()) << rows.bad;
  ASSERT_THAT(rows.records, SizeIs(1));
  const Value& row = rows.records[0].get("rows").items()[0];
  EXPECT_EQ(row.get("item").text(), "Zo");
  EXPECT_EQ(row.get("net").text(), "-123.45");
  EXPECT_EQ(row.get("count").text(), "7");
}

// ---- writes and what comes back

TEST(FileWrites, AnOrderIsPendingUntilTheStatusFileAndARepeatSendsNothing) {
  Exchange it;
  const Order order = it.new_order();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto receipt = it.orders().place_order(order, Exchange::write());
    ASSERT_TRUE(receipt.has_value()) << said(receipt);
    EXPECT_EQ(receipt->state, ReceiptState::pending);
    EXPECT_TRUE(receipt->document.empty());
  }
  ASSERT_THAT(it.names("out"), ElementsAre("ORD000000001.txt"));
  EXPECT_THAT(content_of(it.path("out") / "ORD000000001.txt"), HasSubstr("WEB/1001"));
  it.drop("BK1STA1.txt", Exchange::status(1, order, "SB1"));
  const auto found = it.orders().find_receipt(order.id, Exchange::call());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(found->state, ReceiptState::confirmed);
  EXPECT_EQ(found->document.text(), "SB1");
  EXPECT_TRUE(it.orders().place_order(order, Exchange::write()).has_value());
  EXPECT_THAT(it.names("out"), SizeIs(1)) << "a resend makes no second order";
}

TEST(FileWrites, ARefusalReachesAPersonOnceAndSilenceIsAnUnknownOutcome) {
  Exchange it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  it.drop("BK1STA1.txt", Exchange::status(1, order, "", "NO"));
  EXPECT_THAT(it.alarm("write refused"), HasSubstr("no credit"));
  const auto told = it.orders().place_order(order, Exchange::write());
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code, ErrorCode::rejected);
  EXPECT_EQ(told.error().vendor_code, "CRED");
  EXPECT_EQ(it.alarm("write refused"), "");
  EXPECT_THAT(it.names("out"), SizeIs(1));
  EXPECT_TRUE(it.orders().place_order(order, Exchange::write()).has_value()) << "tried again";
  EXPECT_THAT(it.names("out"), SizeIs(2));

  it.drop("BK1STA2.txt", Exchange::status(2, order, "SB1"));
  OrderCancellation cancellation;
  const auto silent = it.orders().cancel_order({order.id, {}}, cancellation, Exchange::write());
  ASSERT_FALSE(silent.has_value());
  EXPECT_EQ(silent.error().code, ErrorCode::outcome_unknown) << said(silent);
  const auto again = it.orders().cancel_order({order.id, {}}, cancellation, Exchange::write());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::outcome_unknown) << said(again);
  EXPECT_THAT(it.names("out", "CAN"), SizeIs(1)) << "it is on its way";
  it.later_ms = 25 * 3'600'000LL;
  EXPECT_THAT(it.alarm("no answer"), HasSubstr("cancel_order"));
}

TEST(FileWrites, ACrashBetweenTheFileAndItsRecordSendsNothingTwice) {
  Exchange it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  const std::string content = content_of(it.path("out") / "ORD000000001.txt");
  fs::remove(it.path("out") / "ORD000000001.txt");  // The ERP has taken it.
  it.stop();
  {
    state::StateDatabase database((it.path("state") / "files.db").string());
    database.prepare("UPDATE files SET sent = 0, content = ?").bind(1, content).once();
    database.run("UPDATE requests SET state = 0");
  }
  it.restart();
  it.run_tasks();
  EXPECT_THAT(it.names("out"), IsEmpty());
  it.drop("BK1STA1.txt", Exchange::status(1, order, "SB1"));
  EXPECT_EQ(it.orders().find_receipt(order.id, Exchange::call())->state, ReceiptState::confirmed);
  EXPECT_TRUE(it.orders().place_order(order, Exchange::write()).has_value());
  EXPECT_THAT(it.names("out"), IsEmpty());
}

TEST(FileWrites, WhatDoesNotFitItsFieldIsRefusedAndNotKept) {
  Exchange it;
  Order order = it.new_order();
  order.lines[0].quantity = decimal("123456789.5");
  const auto refused = it.orders().place_order(order, Exchange::write());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("quantity"));
  EXPECT_EQ(it.orders().find_receipt(order.id, Exchange::call()).error().code,
            ErrorCode::not_found);
  EXPECT_THAT(it.names("out"), IsEmpty());
}

TEST(FileInbound, AStatusFileThatComesTwiceCountsOnceAndANumberIsUsedOnce) {
  Exchange it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  const std::string text = Exchange::status(1, order, "SB1");
  it.drop("BK1STA1.txt", text);
  const auto before = it.orders().order_changes(Cursor{}, Exchange::call());
  ASSERT_TRUE(before.has_value());
  it.drop("BK1STA1.txt", text);
  it.drop("BK1STA1-again.txt", text);
  const auto after = it.orders().order_changes(before->next, Exchange::call());
  ASSERT_TRUE(after.has_value());
  EXPECT_THAT(after->items, IsEmpty());
  it.drop("BK1STA-other.txt", Exchange::status(1, order, "SB1", "OK", 0, "0000000500{"));
  EXPECT_THAT(it.refusals(), HasSubstr("number 1 was taken in before, with other content"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, Exchange::call())->lines.at(0).quantity,
            decimal("3"));
}

// A crash after the state was written and before the register of the folder was.
TEST(FileInbound, AFileThatWasTakenInBeforeACrashIsNotTakenInAgain) {
  Exchange it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  const std::string text = Exchange::status(1, order, "SB1");
  it.drop("BK1STA1.txt", text);
  const auto before = it.orders().order_changes(Cursor{}, Exchange::call());
  ASSERT_TRUE(before.has_value());
  EXPECT_THAT(before->items, SizeIs(1));
  it.stop();
  for (const std::string& claim : it.names("in/archive")) fs::remove(it.path("in/archive") / claim);
  ASSERT_TRUE(fs::remove(it.path("state") / "inbound" / "file_drop.register"));
  it.restart();
  it.drop("BK1STA1.txt", text);
  EXPECT_THAT(it.names("in"), IsEmpty()) << "done, without a complaint";
  EXPECT_EQ(it.refusals(), "");
  const auto after = it.orders().order_changes(before->next, Exchange::call());
  ASSERT_TRUE(after.has_value());
  EXPECT_THAT(after->items, IsEmpty());
}

TEST(FileInbound, HalfAFileIsNotTakenAndAWrongCountHoldsAllOfIt) {
  Exchange it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  const std::string text = Exchange::status(1, order, "SB1");
  const auto is_pending = [&] {
    return it.orders().find_receipt(order.id, Exchange::call())->state == ReceiptState::pending;
  };
  it.drop("BK1STA1.txt.part", text.substr(0, text.size() / 2));
  EXPECT_THAT(it.names("in"), SizeIs(1)) << "still being written";
  it.drop("BK1STA2.txt", text.substr(0, text.size() / 2));
  EXPECT_THAT(it.refusals(), HasSubstr("ends before the batch's trailer"));
  EXPECT_TRUE(is_pending());
  std::string wrong = text;
  wrong.replace(wrong.find("TRL000000002"), 12, "TRL000000003");
  it.drop("BK1STA3.txt", wrong);
  EXPECT_THAT(it.refusals(), HasSubstr("says 3 records, the batch has 2"));
  EXPECT_TRUE(is_pending());
  EXPECT_THAT(it.alarm("inbound file refused"), HasSubstr("2 in "));
  it.drop("BK1STA4.txt", text);
  EXPECT_FALSE(is_pending());
  it.drop("BK1STA5.txt", "");
  EXPECT_THAT(it.refusals(), HasSubstr("is empty"));
  it.drop("unknown.txt", text + "\n");
  EXPECT_THAT(it.refusals(), HasSubstr("no document of the profile reads"));
}

TEST(FileInbound, ABadRecordIsPutAsideWithItsPlaceAndTheRestCountsOrNothingDoes) {
  const std::string rows =
      "entry;date;movement;item;warehouse;quantity;unit\n"
      "1;24.11.2026;M1;1000;EAST;-2;EA\n"
      "2;24.11.2026;M2;1000;EAST;many;EA\n"
      "3;24.11.2026;M3;1000;EAST;1;BOX\n"
      "4;24.11.2026;M4;1000;EAST;4,5;EA\n";
  for (const bool hold : {false, true}) {
    Exchange it;
    it.restart(hold ? R"(, "bad_records": "hold")" : "");
    it.drop("BK4MOV1.csv", rows);
    const auto movements = it.inventory().stock_movements(Cursor{}, Exchange::call());
    ASSERT_TRUE(movements.has_value()) << said(movements);
    EXPECT_THAT(movements->items, SizeIs(hold ? 0 : 2));
    EXPECT_THAT(it.refusals(),
                HasSubstr("line 3, record row, field entries/quantity: must be a number"));
    if (hold) {
      it.restart();
      it.drop("BK4MOV1.csv", rows);
      EXPECT_THAT(it.inventory().stock_movements(Cursor{}, Exchange::call())->items, SizeIs(2))
          << "what was held may come again as it is";
      continue;
    }
    EXPECT_THAT(it.refusals(), HasSubstr("line 4, field /entries/0/unit: "));
    EXPECT_THAT(it.alarm("inbound documents refused"), HasSubstr("BK4MOV1.csv"));
    auto* files = dynamic_cast<PutAsideFiles*>(&it.adapter());
    ASSERT_TRUE(files != nullptr && files->put_aside().size() == 1);
    EXPECT_EQ(files->put_aside(files->put_aside()[0])->capability, Capability::inventory);
  }
}

std::string stock(int run, const char* kind, const std::vector<std::string>& rows, int total) {
  std::string text = "H;" + std::to_string(run) + ";" + kind + "\n";
  for (const std::string& row : rows) text += "L;" + row + "\n";
  return text + "T;" + std::to_string(rows.size()) + ";" + std::to_string(total) + "\n";
}

TEST(FileInbound, ASnapshotReplacesWhatItDoesNotNameAndNothingNewer) {
  Exchange it;
  const auto on_hand = [&](const char* sku) -> std::string {
    StockQuery query;
    query.skus = {Sku{sku}};
    const auto levels = it.inventory().get_stock(query, Exchange::call());
    return levels ? levels->at(0).on_hand.text() : std::string(name(levels.error().code));
  };
  it.drop("BK6STK3.csv", stock(3, "F", {"1000;EAST;EA;10;8", "1001;EAST;EA;5;5"}, 15));
  EXPECT_EQ(on_hand("1001"), "5");
  it.drop("BK7DLT5.csv", stock(5, "C", {"1000;EAST;EA;9;9"}, 9));
  it.drop("BK6STK4.csv", stock(4, "F", {"1000;EAST;EA;7;7", "1002;EAST;EA;1;1"}, 8));
  EXPECT_EQ(on_hand("1000"), "9") << "the change is newer than the snapshot";
  EXPECT_EQ(on_hand("1001"), "not_found") << "not in the last snapshot";
  it.drop("BK6STK6.csv", stock(6, "F", {"1000;EAST;EA;7;7", "1002;EAST;BOX;1;1"}, 8));
  EXPECT_EQ(on_hand("1002"), "1") << "what could not be read is not gone";
  const std::string huge = "99999999999999999999999999999999999999";
  it.drop("BK6STK65.csv",
          "H;65;F\nL;1000;EAST;EA;" + huge + ";0,00000000000000000001\nT;1;" + huge + "\n");
  EXPECT_THAT(it.refusals(), HasSubstr("BK6STK65.csv"));
  EXPECT_EQ(on_hand("1000"), "7") << "and what comes behind it is read:";
  it.drop("BK6STK8.csv", stock(8, "F", {"1000;EAST;EA;7;7"}, 7));
  it.drop("BK7DLT7.csv", stock(7, "C", {"1002;EAST;EA;4;4"}, 4));
  EXPECT_EQ(on_hand("1002"), "not_found") << "an older file does not bring it back";
  it.drop("BK7DLT9.csv", stock(9, "C", {"1002;EAST;EA;3;3"}, 3));
  EXPECT_EQ(on_hand("1002"), "3");
}

TEST(FileInbound, APriceListIsInForceAsAWholeOrNotAtAll) {
  Exchange it;
  const auto list = [](int run, const std::string& rows, const char* end) {
    return "H;" + std::to_string(run) + ";NIGHT-" + std::to_string(run) + "\n" + rows + end;
  };
  const auto price = [&]() -> std::string {
    QuoteRequest request;
    request.customer = CustomerNumber{"C10000"};
    request.currency = "EUR";
    request.lines = {{1, Sku{"1000"}, decimal("2"), "PCS"}};
    const auto quote = it.pricing().quote(request, Exchange::call());
    return quote ? quote->lines.at(0).unit_price.text() : std::string(name(quote.error().code));
  };
  EXPECT_EQ(price(), "rejected");
  const std::string row = "P;1000;A;;0;EA;01.01.2020;;EUR;";
  it.drop("BK8PRC2.csv",
          list(2, row + "5,90\nP;1000;C;C10000;0;EA;01.01.2020;;EUR;5,10\n", "T;2;11\n"));
  EXPECT_EQ(price(), "5.10") << it.refusals();
  it.drop("BK8PRC3.csv", list(3, row + "4,00\n", "T;2;4\n"));
  EXPECT_EQ(price(), "5.10") << "a wrong count: the list before stays";
  it.drop("BK8PRC33.csv",
          list(3, row + "1,00\nP;1000;C;C10000;0;BOX;01.01.2020;;EUR;1,00\n", "T;2;2\n"));
  EXPECT_EQ(price(), "5.10")
      << "with a row that cannot be read: a customer would pay another price";
  EXPECT_THAT(it.refusals(), HasSubstr("line 3, field /prices/0/unit"));
  it.drop("BK8PRC1.csv", list(1, row + "9,00\n", "T;1;9\n"));
  EXPECT_EQ(price(), "5.10") << "an older list";
  it.drop("BK8PRC4.csv", list(4, row + "3,00\n", "T;1;3\n"));
  EXPECT_EQ(price(), "3.00");
  EXPECT_THAT(it.refusals(), HasSubstr("a newer price list is in force"));
  const auto after = it.pricing().prices_after("NIGHT-2", Exchange::call());
  ASSERT_TRUE(after.has_value() && after->has_value()) << said(after);
  EXPECT_THAT((*after)->entries, SizeIs(1));
  it.drop("BK8PRC5.csv", "H;5;NIGHT-4\n" + row + "2,00\nT;1;2\n");  // Of the same name.
  EXPECT_TRUE(it.pricing().prices_after((*after)->batch, Exchange::call())->has_value());
}

TEST(FileInbound, ARefusedAdjustmentIsToldOnce) {
  Exchange it;
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"M77"};
  adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("-2");
  adjustment.uom = "PCS";
  adjustment.reason = "damaged; \"wet\"";
  const auto silent = it.inventory().adjust_stock(adjustment, Exchange::write());
  ASSERT_FALSE(silent.has_value());
  EXPECT_EQ(silent.error().code, ErrorCode::outcome_unknown) << said(silent);
  const auto state = [&] {
    return it.inventory().find_adjustment(adjustment.movement, Exchange::call()).error().code;
  };
  EXPECT_EQ(state(), ErrorCode::outcome_unknown) << "sent, and not known to be absent";
  EXPECT_EQ(content_of(it.path("out") / "ADJ000000001.csv"),
            "movement;item;warehouse;quantity;unit;reason\r\n"
            "M77;1000;EAST;-2;EA;\"damaged; \"\"wet\"\"\"\r\n");
  it.drop("BK5ADA1.csv", "H;1\nA;M77;NO;LOCK;stocktaking\nT;1\n");
  EXPECT_THAT(it.alarm("write refused"), HasSubstr("stocktaking"));
  EXPECT_EQ(it.inventory().adjust_stock(adjustment, Exchange::write()).error().code,
            ErrorCode::rejected);
  EXPECT_EQ(it.alarm("write refused"), "");
  EXPECT_EQ(state(), ErrorCode::not_found);
  it.drop("BK4MOV1.csv",
          "entry;date;movement;item;warehouse;quantity;unit\n1;24.11.2026;M77;1000;EAST;-2;EA\n");
  EXPECT_THAT(it.refusals(), HasSubstr("posts M77, which was refused before"));
  EXPECT_TRUE(it.inventory().adjust_stock(adjustment, Exchange::write()).has_value());
  EXPECT_THAT(it.names("out"), SizeIs(1));
}

TEST(FileInbound, AnInvoiceWhoseRowsStandApartIsNotHalfAnInvoice) {
  Exchange it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  it.drop("BK1STA1.txt", Exchange::status(1, order, "SB1"));
  const auto row = [&](const char* invoice, const char* billed) {
    return std::string(invoice) + ";24.11.2026;SB1;" + Exchange::reference(order) + ";20;1;1000;" +
           billed + "\n";
  };
  it.drop("BK3INV1.csv", "invoice;date;order;reference;amount;line;item;billed\n" + row("I1", "1") +
                             row("I2", "1") + row("I1", "0,5"));
  EXPECT_THAT(it.refusals(), HasSubstr("invoice I1 was told before, with other content"));
  const auto known = it.orders().get_order({order.id, {}}, Exchange::call());
  ASSERT_TRUE(known.has_value()) << said(known);
  EXPECT_THAT(known->invoices, SizeIs(2));
}

TEST(FileInbound, AnAnswerThatComesLateOverwritesNothingThatANewerFileSaid) {
  Exchange it;
  const Order order = it.new_order();
  const OrderRef ref{order.id, {}};
  ASSERT_TRUE(it.orders().place_order(order, Exchange::write()));
  it.drop("BK1STA2.txt", Exchange::status(2, order, "SB1"));
  const auto released = it.orders().release_order(ref, Exchange::write());
  ASSERT_FALSE(released.has_value());
  EXPECT_EQ(released.error().code, ErrorCode::outcome_unknown) << said(released);
  it.drop("BK1STA5.txt", Exchange::status(5, order, "SB1", "OK", 0, "0000000500{"));
  it.drop("BK1STA4.txt", Exchange::status(4, order, "SB1", "OK", 2, "0000000400{"));
  EXPECT_EQ(it.orders().get_order(ref, Exchange::call())->lines.at(0).quantity, decimal("5"))
      << it.refusals();
  const auto cancelled = it.orders().cancel_order(ref, {}, Exchange::write());
  EXPECT_EQ(cancelled.error().code, ErrorCode::outcome_unknown) << said(cancelled);
  it.drop("BK1STA8.txt", Exchange::status(8, order, "SB1", "OK", 0, "0000000600{"));
  it.drop("BK1STA7.txt", Exchange::status(7, order, "SB1", "OK", 3, "0000000400{"));
  const auto order_now = it.orders().get_order(ref, Exchange::call());
  EXPECT_EQ(order_now->lines.at(0).quantity, decimal("6"));
  EXPECT_EQ(order_now->status, OrderStatus::cancelled) << "the ERP has cancelled it";
  it.later_ms = 25 * 3'600'000LL;
  EXPECT_EQ(it.alarm("no answer"), "") << "it is answered all the same";
}

TEST(FileInbound, ACustomerIsAnsweredByAFileThatShowsItAsItWasAskedFor) {
  Exchange it;
  const auto file = [](int run, const std::string& name) {
    return "H;" + std::to_string(run) + "\nC;C1;" + name + ";P;;;;;;;;;;EUR;B2B;N;\nT;1\n";
  };
  Customer customer;
  customer.number = CustomerNumber{"C1"};
  customer.name = "Ada";
  customer.kind = "person";
  customer.currency = "EUR";
  customer.price_group = "B2B";
  const auto create = [&] { return it.customers().create_customer(customer, Exchange::write()); };
  EXPECT_EQ(create().error().code, ErrorCode::outcome_unknown);
  EXPECT_EQ(create().error().code, ErrorCode::outcome_unknown);
  EXPECT_THAT(it.names("out"), ElementsAre("CUS000000001.txt"));
  it.drop("BK9CUS1.csv", file(1, "Ada"));
  EXPECT_TRUE(create().has_value());
  CustomerAmendment amendment;
  amendment.name = "Ada Married";
  const auto amend = [&] {
    return it.customers().amend_customer(customer.number, amendment, Revision{}, Exchange::write());
  };
  EXPECT_EQ(amend().error().code, ErrorCode::outcome_unknown);
  it.drop("BK9CUS2.csv", file(2, "Ada"));  // Written before the change had come.
  it.later_ms = 25 * 3'600'000LL;
  EXPECT_THAT(it.alarm("no answer"), HasSubstr("change_customer"));
  it.drop("BK9CUA3.csv", "H;3\nA;C1;NO;LOCK;in use\nT;1\n");
  EXPECT_THAT(it.alarm("write refused"), HasSubstr("in use"));
  EXPECT_EQ(amend().error().code, ErrorCode::rejected);
  EXPECT_EQ(it.alarm("write refused"), "");
  EXPECT_EQ(amend().error().code, ErrorCode::outcome_unknown) << "tried again";
  it.drop("BK9CUA4.csv", "H;4\nA;C1;NO;LOCK;in use\nT;1\n");
  EXPECT_EQ(amend().error().code, ErrorCode::rejected) << "the same words, another file";
  EXPECT_EQ(amend().error().code, ErrorCode::outcome_unknown);
  it.drop("BK9CUS5.csv", file(5, "Ada Married"));
  EXPECT_TRUE(amend().has_value());
  it.drop("BK9CUS4.csv", file(4, "Ada"));
  EXPECT_EQ(it.customers().get_customer(customer.number, Exchange::call())->name, "Ada Married")
      << it.refusals();
  EXPECT_THAT(it.names("out"), SizeIs(4));
  amendment.name = "Ada";
  EXPECT_EQ(amend().error().code, ErrorCode::outcome_unknown);
  it.drop("BK9CUS3.csv", file(3, "Ada"));
  EXPECT_EQ(amend().error().code, ErrorCode::outcome_unknown)
      << "an old file shows what it shall be again: it is not the answer";
}

}  // namespace
}  // namespace underpin::legacy::file_profile
