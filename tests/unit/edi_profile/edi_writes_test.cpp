#include "legacy-adapters/edi_profile/price_list.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/told/order_body.h"
#include "legacy-adapters/transport/told/price_list.h"
#include "tests/unit/edi_profile/partner.h"

namespace underpin::legacy::edi_profile {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A partner for the cases that leave nothing behind but orders of their own.
Partner& partner() {
  static Partner one;
  return one;
}

// ---- which write an answer is for

// The example, with one of its operations answered by a 997 alone.
void answered_by_997(const fs::path& folder, const std::string& operation,
                     const std::string& group) {
  fs::copy(example, folder, fs::copy_options::recursive);
  const fs::path file = folder / "operations" / (operation + ".json");
  std::string text = content_of(file);
  const std::string what = R"("group": ")" + group + R"(",)";
  text.replace(text.find(what), what.size(), what + R"( "answered_by": "acknowledgement",)");
  std::ofstream(file) << text;
}

TEST(EdiOrders, MayBeAnsweredByTheAcknowledgementAlone) {
  const test::TemporaryFolder folder("edi-profile");
  answered_by_997(folder.path(), "place_order", "PO");
  Partner it({}, folder.path().string());
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, write()));
  const std::string control = it.sent().at(0).substr(1, 9);
  it.drop(R"([["FA", [["997", [["AK1", "PO", ")" + std::to_string(std::stoi(control)) +
          R"("], ["AK9", "A", "1", "1", "1"]]]]]])");
  const auto receipt = it.orders().find_receipt(order.id, call());
  ASSERT_TRUE(receipt.has_value()) << said(receipt);
  EXPECT_EQ(receipt->state, ReceiptState::confirmed);
  EXPECT_EQ(receipt->document.text(), reference_of(order));
}

// Of the 860 that lies there.
std::string change_number(const Partner& it) {
  const std::string text = content_of(it.out() / it.sent().at(0));
  const std::size_t at = text.find("**", text.find("BCH*")) + 2;
  return text.substr(at, text.find('*', at) - at);
}

std::string answer_855(const Order& order, const std::string& verdict, const std::string& number) {
  return R"([["PR", [["855", [["BAK", "00", ")" + verdict + R"(", ")" + reference_of(order) +
         R"(", "20261124", null, null, null, ")" + number + R"("]]]]]])";
}

std::string answer_865(const std::string& reference, const std::string& verdict,
                       const std::string& change, const std::string& number) {
  return R"([["CA", [["865", [["BCA", "00", ")" + verdict + R"(", ")" + reference +
         R"(", null, ")" + change + R"(", "20261124"])" +
         (number.empty() ? "" : R"(, ["REF", "VN", ")" + number + R"("])") + "]]]]]";
}

TEST(EdiOrders, WhatTellsOfTheOrderDoesNotAnswerAChangeThatHasANumber) {
  Partner it;
  const Order order = it.new_order();
  const std::string number = it.placed(order).document.text();
  const auto amend = [&] {
    const auto done = it.orders().amend_order({order.id, {}}, quantity_of("4"), write());
    return done ? ErrorCode{} : done.error().code;
  };
  EXPECT_EQ(amend(), ErrorCode::outcome_unknown);
  const std::string change = change_number(it);
  it.drop(answer_855(order, "AD", number));  // The acknowledgement of the 850 once more.
  EXPECT_EQ(amend(), ErrorCode::outcome_unknown) << "an 855 does not accept an 860";
  EXPECT_EQ(it.refused(), "");
  it.drop(answer_855(order, "RJ", number));
  EXPECT_EQ(amend(), ErrorCode::outcome_unknown) << "and does not refuse one";
  EXPECT_THAT(it.refused(), HasSubstr("refuses what was not asked for"));
  // An answer that is about another document than the change was.
  it.drop(answer_865(reference_of(order), "AD", change, "LS999999"));
  EXPECT_EQ(amend(), ErrorCode::outcome_unknown);
  EXPECT_THAT(it.refused(), HasSubstr("which LS999999 is not"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->lines.at(0).quantity, decimal("3"));
  it.round();
  EXPECT_TRUE(it.orders().amend_order({order.id, {}}, quantity_of("4"), write()).has_value());
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->lines.at(0).quantity, decimal("4"));
}

TEST(EdiOrders, ATA1ThatRejectsTheInterchangeIsARefusal) {
  Partner& it = partner();
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, write()));
  const std::string control = it.sent().back().substr(1, 9);
  const auto drop = [&](const char* number, const std::string& code) {
    std::ofstream(it.in() / (std::string("TA1-") + number + ".edi"))
        << "ISA*00*          *00*          *ZZ*LAKESHORE      *ZZ*RETAILER       "
        << "*261124*1200*U*00401*" << number << "*0*P*>~TA1*" << control << "*261124*1200*" << code
        << "~IEA*0*" << number << "~";
    it.receive();
  };
  drop("900000001", "A*000");
  EXPECT_EQ(it.orders().find_receipt(order.id, call())->state, ReceiptState::pending);
  drop("900000002", "R*009");
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->status, OrderStatus::rejected);
  const auto refused = it.orders().place_order(order, write());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_EQ(refused.error().vendor_code, "TA1 009");
  fs::remove(it.out() / it.sent().back());  // The partner has it no more.
}

TEST(EdiOrders, OneOfThePhoneIsNamedByItsReferenceAndARefusalOfItsChangeIsFound) {
  Partner it;
  const auto open = it.orders().list_open_orders({}, call());
  ASSERT_TRUE(open && !open->items.empty()) << said(open);
  const auto changes = it.orders().order_changes(Cursor{}, call());
  ASSERT_TRUE(changes && !changes->items.empty()) << said(changes);
  const OrderRef ref{{}, changes->items.front().ref.document};
  EXPECT_FALSE(it.orders().amend_order(ref, quantity_of("7"), write()).has_value());
  const std::string file = content_of(it.out() / it.sent().at(0));
  EXPECT_THAT(file, HasSubstr("BCH*04*BK*PHONE-47")) << "an 860 without BCH03 is none";
  const std::size_t at = file.find("PHONE-");
  it.drop(answer_865(file.substr(at, 10), "RJ", change_number(it), ""));
  const auto refused = it.orders().amend_order(ref, quantity_of("7"), write());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused) << it.refused();
}

TEST(EdiOrders, ALineThatCannotBeReadLeavesTheOrderReadable) {
  Partner& it = partner();
  const Order order = it.new_order();
  const std::string number = it.placed(order).document.text();
  std::string lines = answer_855(order, "AD", number);
  lines.insert(lines.size() - 5, R"(, ["PO1", "10", "5", "EA", "20"])");
  it.drop(lines);
  EXPECT_THAT(it.refused(), HasSubstr("the order has no line 10"));
  EXPECT_TRUE(it.orders().get_order({order.id, {}}, call()).has_value());
  EXPECT_TRUE(it.orders().list_open_orders({}, call()).has_value());
}

TEST(EdiOrders, ShippedQuantitiesAreOfTheOrdersUnitAndOfASensibleSize) {
  const auto wrong = [](const char* line) {
    json::Value body = json::parse(R"({"lines": [{"number": 1, "sku": "1000", "uom": "PCS",
        "quantity": "5", "shippedQuantity": "0"}]})")
                           .value();
    json::Value order = json::parse(std::string(R"({"lines": [)") + line + "]}").value();
    const Told told = tell_shipment("S1", "2026-11-24", order, body);
    return told.wrong ? told.wrong->pointer : body.at_pointer("/lines/0/shippedQuantity")->text();
  };
  EXPECT_EQ(wrong(R"({"line": 1, "quantity": "1", "uom": "PCS"})"), "1");
  EXPECT_EQ(wrong(R"({"line": 1, "quantity": "1"})"), "1");
  EXPECT_EQ(wrong(R"({"line": 1, "quantity": "1", "uom": "BOX"})"), "/lines/0/uom");
  EXPECT_EQ(wrong(R"({"line": 1, "quantity": "1x"})"), "/lines/0/quantity");
  EXPECT_EQ(wrong(R"({"line": 1, "quantity": "99999999999999999999999999999999999999"})"),
            "/lines/0/quantity")
      << "no sum of such fits, and no order with it could be read";
}

TEST(EdiOrders, WhatADocumentCannotTakeAwayIsNotAcknowledged) {
  Partner& it = partner();
  Order order = it.new_order();
  order.customer_reference = "PO-1";
  it.placed(order);
  OrderAmendment amendment;
  amendment.customer_reference = "";
  const auto refused = it.orders().amend_order({order.id, {}}, amendment, write());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_THAT(it.sent(), IsEmpty());
}

// ---- write safety

TEST(EdiWrites, AnAdjustmentThatA997HasTakenIsNotSentAgainBeforeItsEntryIsTold) {
  const test::TemporaryFolder folder("edi-profile");
  answered_by_997(folder.path(), "adjust_stock", "AW");
  Partner it({}, folder.path().string());
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"M-1"};
  adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("5");
  adjustment.uom = "PCS";
  const auto adjust = [&] {
    const auto done = it.adapter().inventory()->adjust_stock(adjustment, write());
    return done ? ErrorCode{} : done.error().code;
  };
  EXPECT_EQ(adjust(), ErrorCode::outcome_unknown);
  ASSERT_THAT(it.sent(), SizeIs(1));
  it.drop(R"([["FA", [["997", [["AK1", "AW", ")" +
          std::to_string(std::stoi(it.sent().at(0).substr(1, 9))) +
          R"("], ["AK9", "A", "1", "1", "1"]]]]]])");
  EXPECT_EQ(adjust(), ErrorCode::outcome_unknown);
  EXPECT_THAT(it.sent(), SizeIs(1)) << "it would be booked twice";
  it.round();
  const auto done = it.adapter().inventory()->adjust_stock(adjustment, write());
  EXPECT_TRUE(done.has_value()) << said(done);
}

// As the state was before the file was sent: `taken` is where it lies now.
void unsend(const Partner& it, const fs::path& taken) {
  state::StateDatabase database((it.state() / "edi.db").string());
  const std::string name = taken.filename().string();
  database.prepare("UPDATE files SET sent = 0, content = ? WHERE name = ?")
      .bind(1, content_of(taken))
      .bind(2, name)
      .once();
  database.prepare("UPDATE requests SET state = 0 WHERE control = ?")
      .bind(1, std::int64_t{std::stoi(name.substr(1, 9))})
      .once();
}

TEST(EdiWrites, ACrashBeforeTheFileIsWrittenLosesNothing) {
  Partner it;
  fs::copy(it.state() / "outbound", it.folder() / "before", fs::copy_options::recursive);
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, write()));
  it.stop();
  const fs::path file = it.out() / it.sent().at(0);
  const std::string content = content_of(file);
  unsend(it, file);
  fs::remove(file);
  fs::remove_all(it.state() / "outbound");
  fs::rename(it.folder() / "before", it.state() / "outbound");
  it.restart();
  it.receive();
  EXPECT_EQ(content_of(file), content) << "the same number, the same order";
  it.round();
  EXPECT_EQ(it.orders().find_receipt(order.id, call())->state, ReceiptState::confirmed);
  EXPECT_EQ(it.documents(order), 1);
}

TEST(EdiWrites, ACrashBetweenTheFileAndItsRecordSendsNothingTwice) {
  Partner it;
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, write()));
  const std::string name = it.sent().at(0);
  it.simulator().control("POST", "job", "{}");  // The partner has taken it away.
  it.stop();
  unsend(it, it.out() / "taken" / name);
  it.restart();
  it.receive();
  EXPECT_THAT(names_in(it.out(), name), IsEmpty());
  it.round();
  EXPECT_EQ(it.orders().find_receipt(order.id, call())->state, ReceiptState::confirmed);
  EXPECT_EQ(it.documents(order), 1);
}

TEST(EdiWrites, WhatCannotBeSentIsNotKept) {
  Partner it;
  const Order order = it.new_order();
  state::StateDatabase database((it.state() / "edi.db").string());
  const std::string next = file_name(last_control(database) + 1, false);
  fs::create_directories(it.out() / ("." + next + ".part") / "in the way");
  const auto refused = it.orders().place_order(order, write());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << said(refused);
  EXPECT_EQ(it.orders().find_receipt(order.id, call()).error().code, ErrorCode::not_found);
  // One that was refused before is not forgotten.
  const fs::path in_the_way = it.out() / ("." + next + ".part");
  fs::remove_all(in_the_way);
  const Order refused_order = it.new_order("999");
  ASSERT_TRUE(it.orders().place_order(refused_order, write()));
  it.round();
  EXPECT_EQ(it.orders().place_order(refused_order, write()).error().code, ErrorCode::rejected);
  const fs::path later = it.out() / ("." + file_name(last_control(database) + 1, false) + ".part");
  fs::create_directories(later / "in the way");
  EXPECT_EQ(it.orders().place_order(refused_order, write()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(it.orders().get_order({refused_order.id, {}}, call())->status, OrderStatus::rejected);
  fs::remove_all(later);
  it.placed(order);
  EXPECT_EQ(it.documents(order), 1);
  Order star = it.new_order();
  star.customer_reference = "4*711";
  const auto separator = it.orders().place_order(star, write());
  ASSERT_FALSE(separator.has_value());
  EXPECT_EQ(separator.error().code, ErrorCode::invalid_request) << said(separator);
  star.customer_reference = std::string(31, 'x');
  EXPECT_FALSE(it.orders().place_order(star, write()).has_value()) << "never cut";
  star.customer_reference.clear();
  star.id.number = OrderNumber{"1234567890123456789"};
  EXPECT_FALSE(it.orders().place_order(star, write()).has_value()) << "longer than BEG03";
  EXPECT_THAT(it.sent(), IsEmpty());
}

TEST(EdiWrites, AStateThatIsOlderThanWhatWasSentProvesNothingAbsent) {
  Partner it;
  it.stop();
  fs::copy(it.state(), it.folder() / "backup", fs::copy_options::recursive);
  it.restart();
  const Order answered = it.new_order();
  it.placed(answered);
  const Order silent = it.new_order();
  ASSERT_TRUE(it.orders().place_order(silent, write()));
  it.stop();
  fs::remove_all(it.state());
  fs::rename(it.folder() / "backup", it.state());
  it.restart();
  const auto unknown = it.orders().find_receipt(silent.id, call());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::unavailable) << said(unknown);
  EXPECT_EQ(it.orders().place_order(silent, write()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(it.orders().get_order({silent.id, {}}, call()).error().code, ErrorCode::unavailable);
  Order gone = silent;
  gone.status = OrderStatus::cancelled;
  const auto follows = it.orders().follow_order(gone, write(Role::mirror));
  EXPECT_FALSE(follows.has_value()) << "the partner may well have it";
  EXPECT_NE(it.alarm("writes lost"), "");
  it.receive();
  EXPECT_TRUE(it.orders().find_receipt(answered.id, call())) << "its answer is in the archive";
  it.round();
  const auto found = it.orders().place_order(silent, write());
  ASSERT_TRUE(found.has_value()) << said(found);
  EXPECT_EQ(it.documents(silent), 1);
  it.later_ms = 25 * 3'600'000LL;
  const Order later = it.new_order();
  it.placed(later);
  EXPECT_EQ(it.documents(later), 1) << "under a number that was not used";
  EXPECT_EQ(it.alarm("writes lost"), "");
}

TEST(EdiWrites, IdsThatX12CannotHoldAreRefusedBeforeAnythingIsSent) {
  const auto settings = read_settings(R"({"profile": "x", "outbound": {"folder": "o"},
      "inbound": {"folder": "i"}, "us": {"id": "1234567890123456"}, "partner": {"id": "P1"}})");
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().fields.at(0).pointer, "/us") << said(settings);
}

TEST(EdiWrites, OneProcessWorksWithAnExchange) {
  Partner& it = partner();
  const auto settings =
      read_settings(R"({"profile": "x", "outbound": {"folder": ")" + it.out().string() +
                    R"("}, "inbound": {"folder": ")" + it.in().string() +
                    R"("}, "us": {"id": "RETAILER"}, "partner": {"id": "LAKESHORE"}})");
  ASSERT_TRUE(settings.has_value()) << said(settings);
  Runner other(profile::Profile::load(example, EdiKind{}).profile, *settings, "erp",
               (it.folder() / "other").string(), [] { return Timestamp{1}; });
  EXPECT_EQ(other.ping(call()).error().code, ErrorCode::unavailable);
  ASSERT_TRUE(it.adapter().ping(call()));
}

// ---- prices

TEST(EdiFiles, APriceWithTaxIsNotQuotedAsOneWithout) {
  const test::TemporaryFolder folder("edi-prices");
  State state((folder.path() / "edi.db").string());
  const auto quote = [&](const std::string& scope, bool with_tax) {
    json::Value prices = json::parse(R"({"currency": "EUR", "uom": "PCS", "from": "2026-01-01",
        "items": [{"sku": "1000", "prices": [{"unitPrice": "11.9"}]}]})")
                             .value();
    prices.set("taxIncluded", json::Value::boolean(with_tax));
    json::Value& row = *prices.find("items")->item(0)->find("prices")->item(0);
    if (!scope.empty()) row.set("scopeCode", scope);
    const json::Value request = json::parse(R"({"sku": "1000", "customer": "C10000",
        "currency": "EUR", "uom": "PCS", "quantity": "1", "at": "2026-11-24T12:00:00Z"})")
                                    .value();
    std::vector<Wrong> wrong;
    const auto rows = rows_of(prices, "UTC", wrong);
    if (!wrong.empty()) return wrong[0].rule;
    return state.write([&](StateDatabase& database) {
      PriceLoad load(database, "UTC");
      load.begin(1);
      for (const json::Value& one : rows) load.add(one);
      load.finish("A", Timestamp{1});
      try {
        const auto answer = quoted(database, request);
        return answer ? answer->get("unitPrice").text() : std::string("none");
      } catch (const profile::Failure& failure) {
        return failure.error.message;
      }
    });
  };
  EXPECT_EQ(quote("", false), "11.9");
  EXPECT_THAT(quote("", true), HasSubstr("is with tax"));
  EXPECT_THAT(quote("C10000", false), HasSubstr("must say whether")) << "not everybody's price";
}

}  // namespace
}  // namespace underpin::legacy::edi_profile
