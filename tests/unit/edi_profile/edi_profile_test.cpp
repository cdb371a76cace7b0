#include "tests/unit/edi_profile/partner.h"

namespace underpin::legacy::edi_profile {
namespace {

using profile::Fault;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A partner for all cases that leave nothing behind but orders of their own.
Partner& partner() {
  static Partner one({"--late-997", "--line-break", "\r\n  "});
  return one;
}

// ---- the profile

std::vector<Fault> faults_after(const std::string& file, const std::string& what,
                                const std::string& with) {
  profile::Files files = profile::read_files(example).files;
  std::string& text = files.at(file);
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), with);
  return profile::Profile::read(files, EdiKind{}).faults;
}

TEST(EdiCheck, TheExampleIsValidAndEveryFaultIsNamedWithItsPlace) {
  EXPECT_THAT(profile::Profile::load(example, EdiKind{}).faults, IsEmpty());
  const auto rule = [](const char* text) { return Contains(Field(&Fault::rule, HasSubstr(text))); };
  EXPECT_THAT(
      faults_after("operations/place_order.json", R"("2": "currency")", R"("2": "curency")"),
      rule("curency is made by no field"));
  EXPECT_THAT(
      faults_after("operations/place_order.json", R"("2": "currency")", R"("2": {"is": "EUR"})"),
      rule("must say currency"));
  EXPECT_THAT(
      faults_after("operations/place_order.json", R"("4": "customer")", R"("4.x": "customer")"),
      Contains(Fault{"operations/place_order.json", "/edi/segments/5/elements/4.x",
                     "must be an element's number, or \"5.2\" for a component"}));
  EXPECT_THAT(faults_after("operations/place_order.json", R"("group": "PO")", R"("group": "PO1")"),
              rule("functional identifier"));
  EXPECT_THAT(faults_after("documents/856.json", R"("2": "shipment")", R"("2": "asn")"),
              rule("shipment is given by no segment"));
  EXPECT_THAT(
      faults_after("documents/856.json", R"("document": "shipment")", R"("document": "asn")"),
      rule("is no document of this kind"));
  EXPECT_THAT(faults_after("documents/810.json", R"("set": "810")", R"("set": "997")"),
              rule("must not be an acknowledgement"));
  EXPECT_THAT(
      faults_after("documents/846.json", R"("canonical": "/onHand")", R"("canonical": "/shelf")"),
      rule("/shelf is no member of this document"));
  EXPECT_THAT(faults_after("profile.json", R"("customers":)", R"("clients":)"),
              rule("is neither an operation nor a capability"));
  profile::Files files = profile::read_files(example).files;
  files["operations/get_order.json"] = R"({"operation": "get_order", "edi": {}})";
  EXPECT_THAT(profile::Profile::read(files, EdiKind{}).faults,
              rule("what documents/ told answers get_order"));
}

Segment segment(const std::string& text) {
  Segment one;
  std::size_t from = 0;
  for (std::size_t to = 0; to != std::string::npos; from = to + 1) {
    to = text.find('*', from);
    const std::string part = text.substr(from, to - from);
    if (one.id.empty())
      one.id = part;
    else
      one.elements.push_back({part});
  }
  one.place.segment = one.id;
  return one;
}

Layout::Reading read(const std::string& document, const std::vector<std::string>& segments) {
  const auto file = json::parse(profile::read_files(example).files.at("documents/" + document));
  std::vector<Fault> none;
  std::vector<Segment> all;
  for (const std::string& one : segments) all.push_back(segment(one));
  return Layout::read(file->get("edi").get("segments"), "", document, none).read_set(all);
}

TEST(Layout, APartyThatIsNotReadLeavesItsAddressToNobody) {
  const auto file =
      json::parse(profile::read_files(example).files.at("operations/place_order.json"));
  std::vector<Fault> none;
  const Layout layout = Layout::read(file->get("edi").get("segments"), "", "", none);
  std::vector<Segment> all;
  for (const char* one :
       {"N1*ST*Dock", "N3*Wharf 1", "N1*SF*Factory", "N3*Mill Lane", "N1*BT*Office",
        "N3*High Street", "PO1*1*.5*EA*5.*PE*UP*0123*VP*1000", "N1*ST*Other"})
    all.push_back(segment(one));
  const auto reading = layout.read_set(all);
  EXPECT_THAT(reading.faults, IsEmpty());
  EXPECT_EQ(reading.record.at_pointer("/ship_to/street")->text(), "Wharf 1");
  EXPECT_EQ(reading.record.at_pointer("/ship_to/name")->text(), "Dock") << "behind the lines";
  EXPECT_EQ(reading.record.at_pointer("/bill_to/street")->text(), "High Street");
  EXPECT_EQ(reading.record.at_pointer("/lines/0/quantity")->text(), "0.5");
  EXPECT_EQ(reading.record.at_pointer("/lines/0/price")->text(), "5");
  EXPECT_EQ(reading.record.at_pointer("/lines/0/item")->text(), "1000") << "pairs in any order";
}

TEST(Layout, LevelsThatAreNotReadArePassedOver) {
  for (const bool packs : {false, true}) {
    std::vector<std::string> all{"BSN*00*S1*20261124", "HL*1**S", "HL*2*1*O", "PRF*WEB/1"};
    if (packs) all.insert(all.end(), {"HL*3*2*P", "MAN*GM*1"});
    all.insert(all.end(), {"HL*4*3*I", "LIN*1*VP*1000", "SN1**2*EA"});
    if (packs) all.insert(all.end(), {"HL*5*2*P", "LIN*9*VP*NONE"});
    all.insert(all.end(), {"HL*6*5*I", "LIN*2*VP*1001", "SN1**3*EA", "HL*7*1*O", "PRF*WEB/2"});
    const auto reading = read("856.json", all);
    EXPECT_THAT(reading.faults, IsEmpty());
    ASSERT_THAT(reading.record.get("orders").items(), SizeIs(2));
    const json::Value& items = reading.record.get("orders").items()[0].get("items");
    ASSERT_THAT(items.items(), SizeIs(2)) << packs;
    EXPECT_EQ(items.items()[1].get("item").text(), "1001");
  }
}

TEST(Layout, WhatIsSaidTwiceAndDifferentlyIsAFaultWithItsPlace) {
  const auto reading = read("810.json", {"BIG*20261124*I1**WEB/1", "TDS*100", "TDS*200"});
  ASSERT_THAT(reading.faults, SizeIs(1));
  EXPECT_EQ(reading.faults[0].place.segment, "TDS");
  EXPECT_EQ(reading.faults[0].place.element, 1);
  EXPECT_THAT(read("810.json", {"BIG*20261340*I1**WEB/1"}).faults, SizeIs(1)) << "no such day";
}

TEST(Layout, ACommaIsNoDecimalMarkInX12AndWhatMustBeThereIsAFault) {
  const auto amount = [](const char* text) {
    return read("810.json", {"BIG*20261124*I1**WEB/1", std::string("TDS*") + text})
        .record.get("cents")
        .text();
  };
  const auto quantity = [](const char* text) {
    return read("856.json", {"HL*1**O", "HL*2*1*I", std::string("SN1**") + text})
        .record.at_pointer("/orders/0/items/0/quantity")
        ->text();
  };
  EXPECT_EQ(amount("100"), "100");
  EXPECT_EQ(quantity("1,234"), "1,234") << "which the mapping refuses";
  EXPECT_EQ(quantity("+"), "+");
  EXPECT_EQ(quantity("-.5"), "-0.5");
  const auto faults = [](const char* document, const std::vector<std::string>& segments) {
    const auto reading = read(document, segments);
    return reading.faults.empty() ? std::string() : reading.faults[0].rule;
  };
  EXPECT_EQ(faults("810.json", {"BIG*20261124*I1**WEB/1***DI"}), "");
  EXPECT_EQ(faults("810.json", {"BIG*20261124*I1**WEB/1***CR"}), "must be DI or nothing");
  EXPECT_EQ(faults("855.json", {"PO1*1*5*EA*2000*HP*VP*1000"}), "must be PE or nothing")
      << "a price for a hundred";
  EXPECT_THAT(faults_after("documents/810.json", R"({"must": ["DI", ""]})", R"({"must": [""]})"),
              Contains(Field(&Fault::pointer, "/edi/segments/0/elements/7/must")));
}

// ---- answers

TEST(EdiOrders, ArePendingUntilTheAnswerAndA997IsNone) {
  Partner& it = partner();
  const Order order = it.new_order();
  const auto receipt = it.orders().place_order(order, write());
  ASSERT_TRUE(receipt.has_value()) << said(receipt);
  EXPECT_EQ(receipt->state, ReceiptState::pending);
  EXPECT_EQ(receipt->status, OrderStatus::pending);
  EXPECT_FALSE(receipt->released);
  const auto read = it.orders().get_order({order.id, {}}, call());
  ASSERT_TRUE(read.has_value()) << said(read);
  EXPECT_EQ(read->status, OrderStatus::pending);
  EXPECT_EQ(read->lines.at(0).quantity, decimal("3"));
  it.drop(R"([["FA", [["997", [["AK1", "PO", "999999"], ["AK9", "A", "1", "1", "1"]]]]]])");
  EXPECT_EQ(it.orders().find_receipt(order.id, call())->state, ReceiptState::pending);
  const std::size_t files = it.sent().size();
  ASSERT_TRUE(it.orders().place_order(order, write())) << "a repeat";
  EXPECT_EQ(it.sent().size(), files) << "sends nothing";
  const auto mirror = it.orders().place_order(it.new_order(), write(Role::mirror));
  ASSERT_FALSE(mirror.has_value());
  EXPECT_EQ(mirror.error().code, ErrorCode::outcome_unknown) << "nobody else tells its sender";

  it.round();
  const auto confirmed = it.orders().find_receipt(order.id, call());
  ASSERT_TRUE(confirmed.has_value()) << said(confirmed);
  EXPECT_EQ(confirmed->state, ReceiptState::confirmed);
  EXPECT_EQ(confirmed->erp_totals->grand_total, decimal("71.40"));
  EXPECT_EQ(it.changes()[order.id.number.text()].status, OrderStatus::open);
  it.simulator().control("POST", "late_997", "{}");
  it.receive();
  EXPECT_EQ(it.orders().find_receipt(order.id, call())->state, ReceiptState::confirmed);
  EXPECT_EQ(it.documents(order), 1);
}

TEST(EdiOrders, A997ThatRejectsIsARefusalThatReachesAPersonAndTheSenderOnce) {
  Partner it;
  const Order order = it.new_order("999");
  ASSERT_TRUE(it.orders().place_order(order, write()));
  EXPECT_EQ(it.alarm("write refused"), "");
  it.round();
  EXPECT_THAT(it.alarm("write refused"), HasSubstr("PO1, error 8, element 2 error 7 (999)"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->status, OrderStatus::rejected);
  EXPECT_EQ(it.changes()[order.id.number.text()].status, OrderStatus::rejected);
  EXPECT_EQ(it.orders().find_receipt(order.id, call()).error().code, ErrorCode::not_found);
  const auto told = it.orders().place_order(order, write());
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code, ErrorCode::rejected) << said(told);
  EXPECT_EQ(told.error().vendor_code, "997 R");
  EXPECT_EQ(it.alarm("write refused"), "") << "somebody has heard of it";
  EXPECT_THAT(it.sent(), IsEmpty());
  ASSERT_TRUE(it.orders().place_order(order, write())) << "who sends it again wants it tried";
  EXPECT_THAT(it.sent(), SizeIs(1));
  // What the partner says then is what holds, also against its translator.
  it.round();
  it.drop(R"([["PR", [["855", [["BAK", "00", "AK", ")" + reference_of(order) +
          R"(", "20261124", null, null, null, "LS1"]]]]]])");
  EXPECT_THAT(it.refused(), HasSubstr("which was refused before"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->status, OrderStatus::open);
}

TEST(EdiOrders, AnAnswerMayChangeQuantitiesPricesAndLines) {
  Partner& it = partner();
  Order order = it.new_order("5");
  OrderLine second = order.lines[0];
  second.number = 2;
  second.sku = Sku{"1001"};
  order.lines.push_back(second);
  ASSERT_TRUE(it.orders().place_order(order, write()));
  it.drop(
      R"([["PR", [["855", [["BAK", "00", "AC", ")" + reference_of(order) +
      R"(", "20261124", null, null, null, "LS9"], ["PO1", "1", "5", "EA", "19.5", "PE", "VP", "1000"],)"
      R"( ["ACK", "IA", "3", "EA", "068", "20261201"], ["ACK", "IB", "1", "EA", "068", "20261224"],)"
      R"( ["ACK", "IR", "1", "EA"], ["PO1", "2", "5", "EA", "20", "PE", "VP", "1001"],)"
      R"( ["ACK", "IR", "5", "EA"]]]]]])");
  const auto read = it.orders().get_order({order.id, {}}, call());
  ASSERT_TRUE(read.has_value()) << said(read);
  EXPECT_EQ(read->status, OrderStatus::open);
  ASSERT_THAT(read->lines, SizeIs(2));
  EXPECT_EQ(read->lines[0].quantity, decimal("4")) << "what is taken, now and later";
  EXPECT_EQ(read->lines[0].unit_price, decimal("19.50"));
  EXPECT_EQ(read->lines[1].cancelled_quantity, decimal("5"));
  // A code that the table does not know is nobody's guess.
  it.drop(R"([["PR", [["855", [["BAK", "00", "ZZ", ")" + reference_of(order) +
          R"(", "20261124"]]]]]])");
  EXPECT_THAT(it.refused(), HasSubstr("segment 2 BAK, element 2, /verdict"));
  // One of several deliveries without a quantity: how much is taken?
  it.drop(R"([["PR", [["855", [["BAK", "06", "AC", ")" + reference_of(order) +
          R"(", "20261124", null, null, null, "LS9"], ["PO1", "1", "5", "EA", "19.5"],)"
          R"( ["ACK", "IA"], ["ACK", "IR", "1", "EA"]]]]]])");
  EXPECT_THAT(it.refused(), HasSubstr("one of several must say it"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->lines[0].quantity, decimal("4"));
}

TEST(EdiOrders, SilenceIsAnUnknownOutcomeAndARepeatSendsNothing) {
  Partner it;
  const Order order = it.new_order();
  it.placed(order);
  const auto amend = [&](const char* quantity) {
    return it.orders().amend_order({order.id, {}}, quantity_of(quantity), write());
  };
  for (int times = 0; times < 2; ++times) {
    const auto unknown = amend("4");
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().code, ErrorCode::outcome_unknown) << said(unknown);
    EXPECT_THAT(it.sent(), SizeIs(1));
  }
  const auto other = amend("5");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::unavailable) << "one at a time: " << said(other);
  EXPECT_EQ(it.alarm("no answer"), "");
  it.later_ms = 25 * 3'600'000LL;
  EXPECT_THAT(it.alarm("no answer"), HasSubstr("change_order of WEB/" + order.id.number.text()));
  it.later_ms = 0;
  it.restart();  // Nothing of it was kept in memory.
  it.round();
  const auto done = amend("4");
  ASSERT_TRUE(done.has_value()) << said(done);
  EXPECT_EQ(done->erp_totals->items_net, decimal("80"));
  EXPECT_THAT(it.sent(), IsEmpty());
  // What the partner refuses is told to who asks again, and to a person until then.
  EXPECT_FALSE(amend("6").has_value());
  it.simulator().control(
      "POST", "users/delete_order",
      R"({"order": ")" + it.orders().find_receipt(order.id, call())->document.text() + "\"}");
  it.round();
  EXPECT_THAT(it.alarm("write refused"), HasSubstr("is cancelled"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->status, OrderStatus::cancelled);
}

// ---- files that are not as they should be

std::string shipment(const Order& order, const std::string& quantity = "1",
                     const std::string& more = {}) {
  return R"(["SH", [["856", [["BSN", "00", "S-)" + order.id.number.text() + more +
         R"(", "20261124"], ["HL", "1", "", "S"], ["HL", "2", "1", "O"], ["PRF", ")" +
         reference_of(order) +
         R"("], ["HL", "3", "2", "I"], ["LIN", "1", "VP", "1000"],)"
         R"( ["SN1", "", ")" +
         quantity + R"(", "EA"]]]]])";
}

Decimal shipped(Partner& it, const Order& order) {
  const auto read = it.orders().get_order({order.id, {}}, call());
  EXPECT_TRUE(read.has_value()) << said(read);
  return read ? read->lines.at(0).shipped_quantity : Decimal{};
}

TEST(EdiFiles, ABadSetIsRefusedWithItsPlaceAndTheRestIsTaken) {
  Partner it;
  const Order order = it.new_order();
  it.placed(order);
  const std::string unknown =
      R"(["SH", [["856", [["BSN", "00", "S-9", "20261124"], ["HL", "1", "", "O"],)"
      R"( ["PRF", "WEB/NONE"], ["HL", "2", "1", "I"], ["LIN", "1"], ["SN1", "", "1", "EA"]]]]])";
  const std::string no_day = R"(["IN", [["810", [["BIG", "20261399", "I-9", null, "WEB/1"]]]]])";
  const std::string name = it.drop("[" + unknown + ", " + no_day + ", " + shipment(order) + "]");
  EXPECT_EQ(shipped(it, order), decimal("1"));
  EXPECT_THAT(it.refused(), HasSubstr(name + " line "));
  EXPECT_THAT(it.refused(), HasSubstr("/orders/0/reference: order WEB/NONE is not known"));
  EXPECT_THAT(it.refused(), HasSubstr("set 810 0001, segment 2 BIG, element 1: must be a day"));
  EXPECT_NE(it.alarm("inbound documents refused"), "");
  // A count that is wrong: the partner is told by a 997.
  it.drop("[" + shipment(order, "2") + "]", "wrong_count");
  EXPECT_EQ(shipped(it, order), decimal("1"));
  it.round();
  const json::Value said_of_it = it.gateway().get("acknowledged");
  EXPECT_EQ(said_of_it.items().back().get("code").text(), "R");
  EXPECT_EQ(said_of_it.items().front().get("code").text(), "A");
  it.restart(R"(, "accept_wrong_count": true)");
  const Order second = it.new_order();
  it.placed(second);
  it.drop("[" + shipment(second) + "]", "wrong_count");
  EXPECT_EQ(shipped(it, second), decimal("1")) << "by policy";
}

TEST(EdiFiles, ByPolicyAFileWithABadSetIsHeldAsAWhole) {
  Partner it;
  const Order order = it.new_order();
  it.placed(order);
  it.restart(R"(, "bad_records": "hold")");
  it.round();
  const std::size_t acknowledged = it.gateway().get("acknowledged").size();
  const std::string name =
      it.drop("[" + shipment(order) + R"(, ["IN", [["810", [["BIG", "20261399", "I-9"]]]]]])");
  EXPECT_EQ(shipped(it, order), Decimal{});
  EXPECT_THAT(names_in(it.in() / "quarantine", ".reason"), SizeIs(1));
  EXPECT_NE(it.alarm("inbound file refused"), "");
  it.round();
  EXPECT_EQ(it.gateway().get("acknowledged").size(), acknowledged);
}

TEST(EdiFiles, WhatComesTwiceCountsOnceAndANumberIsUsedOnce) {
  Partner it;
  const Order order = it.new_order();
  it.placed(order);
  const std::string name = it.drop("[" + shipment(order) + "]");
  // The very file under another name, with something before it; the same shipment in another file.
  const auto archived = names_in(it.in() / "archive", "").back();
  std::ofstream(it.in() / "copy.edi", std::ios::binary)
      << "\r\n"
      << content_of(it.in() / "archive" / archived);
  it.receive();
  it.round();
  const std::size_t answered = it.gateway().get("acknowledged").size();
  // Without a change, because our 997 was lost: it is answered again.
  fs::copy(it.in() / "archive" / archived, it.in() / name);
  it.receive();
  it.round();
  EXPECT_EQ(it.gateway().get("acknowledged").size(), answered + 1);
  EXPECT_THAT(names_in(it.in() / "quarantine", ""), IsEmpty());
  it.drop("[" + shipment(order) + "]");
  EXPECT_EQ(shipped(it, order), decimal("1"));
  EXPECT_EQ(it.refused(), "");
  it.drop("[" + shipment(order, "2") + "]");
  EXPECT_THAT(it.refused(), HasSubstr("was told before, with other content"));
  it.round();
  const std::size_t acknowledged = it.gateway().get("acknowledged").size();
  it.drop("[" + shipment(order, "1", "-B") + "]", "same_control");
  it.round();
  EXPECT_EQ(it.gateway().get("acknowledged").size(), acknowledged) << "it was not taken";
  EXPECT_THAT(it.refused(), HasSubstr("was taken in before, with other content"));
  EXPECT_EQ(shipped(it, order), decimal("1"));
}

TEST(EdiFiles, HalfAFileIsNotTakenAndAForeignOneNotApplied) {
  Partner it;
  const Order order = it.new_order();
  it.placed(order);
  it.drop("[" + shipment(order) + "]", "half_written");
  EXPECT_EQ(it.refused(), "");
  EXPECT_EQ(shipped(it, order), Decimal{});
  it.drop("[" + shipment(order) + "]", "truncated");
  EXPECT_NE(it.refused(), "") << "its set has no end";
  const Order second = it.new_order();
  it.placed(second);
  it.drop("[" + shipment(second) + ", " + shipment(order) + "]", "truncated");
  fs::copy(it.in() / "archive" / names_in(it.in() / "archive", "").back(), it.in() / "again.edi");
  it.receive();
  EXPECT_EQ(shipped(it, second), decimal("1"));
  it.drop("[" + shipment(second) + "]", "same_control");
  EXPECT_EQ(shipped(it, second), decimal("1")) << "what ended early may come again, whole";
  it.drop("[" + shipment(order) + "]", "test");
  EXPECT_THAT(it.refused(), HasSubstr("is marked as a test"));
  EXPECT_EQ(shipped(it, order), Decimal{});
  it.drop("[" + shipment(order) + "]");
  EXPECT_EQ(shipped(it, order), decimal("1"));
}

TEST(EdiFiles, LettersOfAnotherSetAreRefusedOrReadByItsCodePage) {
  Partner it;
  const auto stock = [](const char* number, const std::string& place) {
    return "ISA*00*          *00*          *ZZ*LAKESHORE      *ZZ*RETAILER       "
           "*261124*1200*U*00401*" +
           std::string(number) + "*0*P*>~GS*IB*LAKESHORE*RETAILER*20261124*1200*1*X*004010~" +
           "ST*846*0001~BIA*04*SI*1*20261124~LIN**VP*1000~REF*WS*" + place +
           "~QTY*17*5*EA~SE*6*0001~GE*1*1~IEA*1*" + number + "~";
  };
  const auto there = [&] {
    return it.adapter()
        .inventory()
        ->get_stock({{Sku{"1000"}}, LocationCode{"K\xc3\xb6ln"}}, call())
        .has_value();
  };
  std::ofstream(it.in() / "a.edi") << stock("900000001", "K\xf6ln");
  it.receive();
  EXPECT_THAT(it.refused(), HasSubstr("REF, element 2: must be UTF-8"));
  EXPECT_FALSE(there());
  it.restart(R"(, "code_page": "ISO-8859-1")");
  std::ofstream(it.in() / "b.edi") << stock("900000002", "K\xf6ln");
  it.receive();
  EXPECT_TRUE(there());
  Order order = it.new_order();
  order.customer_reference = "J\xc3\xa4ger";
  ASSERT_TRUE(it.orders().place_order(order, write()));
  EXPECT_THAT(content_of(it.out() / it.sent().at(0)), HasSubstr("REF*CO*J\xe4ger~"));
  order = it.new_order();
  order.customer_reference = "\xd0\x96";
  EXPECT_EQ(it.orders().place_order(order, write()).error().code, ErrorCode::invalid_request);
}

TEST(EdiFiles, ShipmentsMayComeBeforeTheAnswer) {
  Partner& it = partner();
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, write()));
  it.drop("[" + shipment(order) + "]");
  it.round();
  EXPECT_EQ(shipped(it, order), decimal("1"));
  EXPECT_EQ(it.orders().get_order({order.id, {}}, call())->status, OrderStatus::partially_shipped);
  const Order other = it.new_order();
  ASSERT_TRUE(it.orders().place_order(other, write()));
  it.drop("[" + shipment(other) + "]");
  it.drop(R"([["PR", [["855", [["BAK", "00", "RJ", ")" + reference_of(other) +
          R"(", "20261124"]]]]]])");
  EXPECT_THAT(it.refused(), HasSubstr("of which something has shipped"));
  EXPECT_EQ(it.orders().get_order({other.id, {}}, call())->status, OrderStatus::pending);
}

TEST(EdiFiles, StockIsReplacedWhereTheListIsComplete) {
  Partner& it = partner();
  const auto stock = [&](const char* sku, const char* place) {
    return it.adapter().inventory()->get_stock({{Sku{sku}}, LocationCode{place}}, call());
  };
  const auto list = [](const char* purpose) {
    return std::string(R"([["IB", [["846", [["BIA", ")") + purpose +
           R"(", "SI", "1", "20261124"], ["LIN", null, "VP", "1000"], ["REF", "WS", "NORTH"],)"
           R"( ["QTY", "17", "12.5", "EA"], ["QTY", "33", "10", "EA"]]]]]])";
  };
  it.drop(R"([["IB", [["846", [["BIA", "04", "SI", "1", "20261124"], ["LIN", null, "VP", "1001"],)"
          R"( ["REF", "WS", "NORTH"], ["QTY", "17", "1", "EA"]]]]]])");
  it.drop(list("04"));
  ASSERT_TRUE(stock("1001", "NORTH").has_value());
  it.drop(list("00"));
  const auto level = stock("1000", "NORTH");
  ASSERT_TRUE(level.has_value()) << said(level);
  EXPECT_EQ(level->at(0).on_hand, decimal("12.5"));
  EXPECT_EQ(level->at(0).reserved, decimal("2.5"));
  EXPECT_EQ(level->at(0).uom, "PCS");
  EXPECT_FALSE(stock("1001", "NORTH").has_value()) << "it is not in the complete list";
  EXPECT_TRUE(stock("1001", "EAST").has_value()) << "of a place that the list does not name";
}

TEST(EdiFiles, ACatalogIsInForceAsAWholeAndTheNewestOne) {
  Partner& it = partner();
  const auto catalog = [](const std::string& name, const std::string& price) {
    return R"([["SC", [["832", [["BCT", "PS", ")" + name + R"("], ["CUR", "SE", "EUR"],)" +
           R"( ["LIN", null, "VP", "1000"], ["CTP", null, "CAT", ")" + price +
           R"(", "0", "EA"], ["DTM", "007", "20260101"], ["CTP", null, "CON", "1", "0", "EA"],)" +
           R"( ["DTM", "007", "20260101"]]]]]])";
  };
  const std::string first = it.drop(catalog("B", "7.5"));
  EXPECT_THAT(it.refused(), HasSubstr("/items/0/prices/1: must say for whom it is"));
  const auto listed = it.adapter().pricing()->list_prices({}, call());
  ASSERT_TRUE(listed.has_value()) << said(listed);
  ASSERT_THAT(listed->items, SizeIs(1)) << "of the list before nothing is left";
  EXPECT_EQ(listed->items[0].unit_price, decimal("7.5"));
  EXPECT_EQ(listed->items[0].uom, "PCS");
  const auto list = it.adapter().pricing()->prices_after("A", call());
  ASSERT_TRUE(list && *list) << said(list);
  EXPECT_EQ((*list)->batch, "B/" + first.substr(1, 9));
  EXPECT_FALSE(it.adapter().pricing()->prices_after((*list)->batch, call())->has_value());
  // Another one of the same name.
  std::string second = catalog("B", "8.5");
  it.drop(second);
  const auto changed = it.adapter().pricing()->prices_after((*list)->batch, call());
  ASSERT_TRUE(changed && *changed) << said(changed);
  EXPECT_EQ((*changed)->entries.at(0).unit_price, decimal("8.5"));
  // A part of one takes nothing away from what is in force.
  const std::string set = second.substr(9, second.size() - 12);
  const std::string last = it.drop(R"([["SC", [)" + set + ", " + set + "]]]");
  EXPECT_THAT(it.refused(), HasSubstr("is in the same interchange"));
  // The file before it comes late: it is older.
  std::string late = content_of(it.in() / "archive" / names_in(it.in() / "archive", "").back());
  const std::string number = last.substr(1, 9);
  const std::string before = control_text(std::stoi(number) + 999'999'000);
  for (std::size_t at = 0; (at = late.find(number, at)) != std::string::npos;)
    late.replace(at, 9, before);
  late.replace(late.find("PS*B"), 4, "PS*A");
  std::ofstream(it.in() / "late.edi", std::ios::binary) << late;
  it.receive();
  EXPECT_THAT(it.refused(), HasSubstr("a newer catalog than A is in force"));
}

TEST(EdiFiles, AnotherUnitOrCurrencyThanTheOrdersIsNotTaken) {
  Partner& it = partner();
  const Order order = it.new_order();
  ASSERT_TRUE(it.orders().place_order(order, write()));
  it.round();
  std::string cases = shipment(order, "1", "-C");
  cases.replace(cases.find("\"EA\""), 4, "\"CA\"");
  it.drop("[" + cases + "]");
  EXPECT_THAT(it.refused(), HasSubstr("\"CA\" is not in the table unit"));
  const auto invoice = [&](const char* currency) {
    return R"([["IN", [["810", [["BIG", "20261124", "I-)" + order.id.number.text() +
           R"(", null, ")" + reference_of(order) + R"("], ["CUR", "SE", ")" + currency +
           R"("], ["IT1", "1", "1", "EA", "20", "PE", "VP", "1000"], ["TDS", "2380"]]]]]])";
  };
  it.drop(invoice("USD"));
  EXPECT_THAT(it.refused(), HasSubstr("/currency: must be the order's, which is EUR"));
  it.drop(invoice("EUR"));
  const auto read = it.orders().get_order({order.id, {}}, call());
  ASSERT_TRUE(read.has_value()) << said(read);
  EXPECT_EQ(read->lines[0].shipped_quantity, Decimal{});
  ASSERT_THAT(read->invoices, SizeIs(1));
  EXPECT_EQ(read->invoices[0].amount, decimal("23.80"));
}

TEST(EdiFiles, OneThatCannotBeTakenInNowIsTriedAgainAndSaid) {
  Partner& it = partner();
  const fs::path aside = it.folder() / "late.edi";
  std::ofstream(aside) << "no interchange";
  const fs::path report = it.in() / "quarantine" /
                          ("late.edi." + file_drop::checksum_of(aside)->substr(0, 8) + ".refused");
  fs::create_directories(report / "in the way");
  fs::rename(aside, it.in() / "late.edi");
  EXPECT_THROW(it.receive(), std::runtime_error);
  EXPECT_TRUE(fs::exists(report));
  fs::remove_all(report);
  EXPECT_NO_THROW(it.receive());
  EXPECT_NE(content_of(report), "");
}

// ---- EDIFACT

TEST(EdiEdifact, AnOrderGoesFromOrdersToInvoice) {
  Rheinhafen it;
  const Order order = order_for("7001");
  const auto placed = it.orders().place_order(order, write());
  ASSERT_TRUE(placed.has_value()) << said(placed);
  EXPECT_EQ(placed->state, ReceiptState::pending);
  const std::string orders = it.sent("ORDERS");
  EXPECT_THAT(orders, HasSubstr("BGM+220+WEB/7001+9'DTM+137:20261124:102'RFF+UC:J\xe4ger?'s'"));
  EXPECT_THAT(orders, HasSubstr("LIN+1++1000:SA'QTY+21:3:PCE'PRI+AAA:20.5'LOC+18+EAST'"));
  EXPECT_THAT(orders, HasSubstr("UNS+S'CNT+2:1'UNT+"));
  it.receive("ORDRSP",
             "BGM+231+RH1+29'RFF+ON:WEB/7001'LIN+1++1000:SA'QTY+21:3:PCE'MOA+203:61,5'"
             "UNS+S'MOA+79:61,5'MOA+23:0'MOA+176:11,69'MOA+86:73,19'");
  EXPECT_EQ(it.refused(), "");
  const auto receipt = it.orders().find_receipt(order.id, call());
  ASSERT_TRUE(receipt.has_value()) << said(receipt);
  EXPECT_EQ(receipt->document.text(), "RH1");
  EXPECT_EQ(receipt->erp_totals->grand_total, decimal("73.19"));
  EXPECT_THAT(it.sent("CONTRL"), HasSubstr("UCI+1+4099999000003:14+4000001000005:14+7"));

  const OrderRef ref{order.id, {}};
  EXPECT_EQ(it.orders().release_order(ref, write()).error().code, ErrorCode::outcome_unknown);
  const std::string release = it.sent("ORDCHG");
  EXPECT_THAT(release, HasSubstr("BGM+230:::RELEASE+WEB/7001+4'"));
  const std::size_t at = release.find("RFF+CR:") + 7;
  const std::string change = release.substr(at, release.find('\'', at) - at);
  it.receive("ORDRSP", "BGM+231+RH1+29'RFF+ON:WEB/7001'RFF+CR:" + change + "'UNS+S'");
  const auto released = it.orders().release_order(ref, write());
  ASSERT_TRUE(released.has_value()) << said(released);
  EXPECT_TRUE(released->released);
  it.receive("DESADV",
             "BGM+351+D1+9'DTM+11:20261125:102'RFF+ON:WEB/7001'CPS+1'LIN+1++1000:SA'"
             "QTY+12:3:PCE'");
  it.receive("INVOIC",
             "BGM+380+I1+9'DTM+137:20261126:102'RFF+ON:WEB/7001'LIN+1++1000:SA'"
             "QTY+47:3:PCE'UNS+S'MOA+77:73,19'");
  const auto read = it.orders().get_order(ref, call());
  ASSERT_TRUE(read.has_value()) << said(read);
  EXPECT_EQ(read->status, OrderStatus::invoiced);
  EXPECT_THAT(read->shipments, SizeIs(1));
  EXPECT_EQ(read->invoices.at(0).amount, decimal("73.19"));
  it.receive("INVRPT", "BGM+35'LIN+1++1000:SA'QTY+145:12,5:PCE'QTY+17:10'LOC+18+EAST'");
  const auto stock = it.adapter().inventory()->get_stock({{Sku{"1000"}}, {}}, call());
  ASSERT_TRUE(stock.has_value()) << said(stock);
  EXPECT_EQ(stock->at(0).on_hand, decimal("12.5"));
  EXPECT_EQ(stock->at(0).reserved, decimal("2.5"));
  // References that are no numbers: what came last holds, and is complete where it says so.
  it.receive("INVRPT",
             "BGM+35'LIN+1++1001:SA'QTY+145:7:PCE'LOC+18+EAST'LIN+2++1000:SA'QTY+145:9:PCE'"
             "LOC+18+EAST'",
             0, "20261124120001");
  const auto there = [&](const char* sku) {
    return it.adapter().inventory()->get_stock({{Sku{sku}}, {}}, call());
  };
  ASSERT_TRUE(there("1001").has_value());
  it.receive("INVRPT", "BGM+35'LIN+1++1000:SA'QTY+145:8:PCE'LOC+18+EAST'", 0, "20261124120002");
  EXPECT_FALSE(there("1001").has_value());
  EXPECT_EQ(there("1000")->at(0).on_hand, decimal("8"));
  EXPECT_EQ(it.refused(), "");
}

TEST(EdiEdifact, ALineThatIsNotAcceptedIsNotDelivered) {
  Rheinhafen it;
  const Order order = order_for("7003");
  ASSERT_TRUE(it.orders().place_order(order, write()));
  it.receive("ORDRSP",
             "BGM+231+RH3+4'RFF+ON:WEB/7003'LIN+1+7+1000:SA'QTY+21:3:PCE'LIN+2+3+1001:SA'"
             "QTY+21:5:PCE'PRI+AAA:20'QTY+113:2:PCE'DTM+67:20261201:102'QTY+113:1:PCE'UNS+S'");
  EXPECT_EQ(it.refused(), "");
  const auto read = it.orders().get_order({order.id, {}}, call());
  ASSERT_TRUE(read.has_value()) << said(read);
  EXPECT_EQ(read->lines.at(0).cancelled_quantity, decimal("3"));
  EXPECT_EQ(read->lines.at(1).quantity, decimal("3"));
  it.receive("ORDRSP", "BGM+231+RH3+4'RFF+ON:WEB/7003'LIN+1+3+1000:SA'PRI+AAA:20,5:::100'UNS+S'");
  EXPECT_THAT(it.refused(), HasSubstr("must be 1 or nothing"));
}

TEST(EdiEdifact, AControlThatRejectsIsARefusalAndAWrongCountIsToldByOne) {
  Rheinhafen it;
  const Order order = order_for("7002");
  ASSERT_TRUE(it.orders().place_order(order, write()));
  const std::string orders = it.sent("ORDERS");
  const std::size_t at = orders.find("UNB+");
  const std::string head = orders.substr(at, orders.find('\'', at) - at);
  const std::string control = head.substr(head.rfind('+') + 1);
  it.receive("CONTRL", "UCI+" + control +
                           "+4000001000005:14+4099999000003:14+7'UCM+1+ORDERS:D:96A:UN+4'"
                           "UCS+6'UCD+12+3:1'");
  EXPECT_EQ(it.refused(), "");
  const auto refused = it.orders().place_order(order, write());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected) << said(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("segment 6"));
  it.receive("INVRPT", "BGM+35'LIN+1++1000:SA'QTY+145:12:PCE'LOC+18+EAST'", 1);
  EXPECT_THAT(it.refused(), HasSubstr("set INVRPT 1"));
  EXPECT_FALSE(it.adapter().inventory()->get_stock({{Sku{"1000"}}, {}}, call()).has_value());
  EXPECT_THAT(it.sent("CONTRL"), HasSubstr("UCM+1+INVRPT:D:96A:UN+4"));
}

TEST(EdiEdifact, OneProfileIsOfOneSyntax) {
  const auto loaded = profile::Profile::load(example, EdiKind{});
  ASSERT_NE(loaded.profile, nullptr);
  EXPECT_THAT(of_other_syntax(*loaded.profile, false), IsEmpty());
  profile::Files files = profile::read_files(example).files;
  files["documents/more.json"] = files.at("documents/810.json");
  const auto twice = profile::Profile::read(files, EdiKind{});
  ASSERT_NE(twice.profile, nullptr);
  EXPECT_THAT(
      of_other_syntax(*twice.profile, false),
      Contains(Fault{"documents/more.json", "/edi", "reads 810 as documents/810.json does"}));
  EXPECT_THAT(of_other_syntax(*loaded.profile, true),
              Contains(Fault{"documents/856.json", "/edi",
                             "must be a message of EDIFACT, as the others are"}));
}

}  // namespace
}  // namespace underpin::legacy::edi_profile
