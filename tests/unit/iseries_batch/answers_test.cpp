// An answer says that a write was posted; what it has led to comes with a record, which may come
// later. And files that would take away, or replace, what they must not.
#include "contracts/ports/return_service.h"
#include "legacy-adapters/iseries_batch/order_store.h"
#include "legacy-adapters/iseries_batch/price_store.h"
#include "legacy-adapters/iseries_batch/settings.h"
#include "legacy-adapters/iseries_batch/stock_store.h"
#include "legacy-adapters/transport/state/sqlite_state.h"
#include "tests/unit/iseries_batch/batch_site.h"

#include <sstream>

namespace underpin::legacy::iseries_batch {
namespace {

template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::internal : result.error().code;
}

class Answers : public testing::Test {
 protected:
  static BatchSite& site() {
    static BatchSite one({}, R"(, "return_reasons": [{"reason": "DAMAGED", "code": "DEF"}])");
    return one;
  }
  static Order order() {
    static int last = 0;
    return new_order("A-" + std::to_string(++last));
  }
  static std::string reference(const Order& order) { return "WEB/" + order.id.number.text(); }
  static WriteContext keyed(const char* key, Role role = Role::primary) {
    WriteContext context = write_within(10'000, role);
    context.channel = ChannelId{"web"};
    context.idempotency_key = IdempotencyKey{key};
    return context;
  }
  static std::int64_t sent() {
    state::StateDatabase database((site().folder() / "state" / "state.db").string());
    state::StateStatement count = database.prepare("SELECT count(*) FROM out_file WHERE sent = 1");
    count.step();
    return count.whole(0);
  }
  // A status file of these rows alone: the job itself takes nothing.
  static void status(const std::string& rows) {
    site().simulator().control("POST", "files", R"({"kind": "status", "rows": [)" + rows + "]}");
    site().receive();
  }
  // The last file that was sent, which the job never sees; and the answer to its last write.
  static std::string take_away() {
    const auto folder = site().folder() / "out";
    const std::string name = files_in(folder, ".DAT").back();
    const std::string text = content_of(folder / name);
    std::filesystem::remove(folder / name);
    return text;
  }
  static std::string accepted(const char* tag, const std::string& reference,
                              const std::string& document = {}) {
    const std::string seq = std::to_string(site().last_seq(tag));
    take_away();
    const std::string kind = tag[0] == 'O' ? "ORD" : tag[0] == 'C' ? "CUO" : "ADJ";
    return R"(["ANS", {"SEQ": ")" + seq + R"(", "KIND": ")" + kind + R"(", "REF": ")" + reference +
           R"(", "RESULT": "A", "DOC": ")" + document + "\"}]";
  }
  static std::string record(const Order& order, const std::string& document, const char* status,
                            const char* quantity) {
    return R"(["SHD", {"ORDNO": ")" + document + R"(", "REF": ")" + reference(order) +
           R"(", "STATUS": ")" + status +
           R"(", "HOLD": "Y", "CUST": "C10001", "ODATE": "2026-11-24", "CUR": "EUR",
           "NLINES": "1", "VERS": "1"}], ["SLN", {"ORDNO": ")" +
           document + R"(", "LINE": "1", "SKU": "1000", "WHS": "EAST", "UOM": "PCS", "QTY": ")" +
           quantity + R"(", "PRICE": "20.00"}])";
  }
  // Placed, accepted and told of, on hold.
  static std::string told(const Order& wanted, Role role = Role::primary) {
    static int last = 800'000;
    const std::string document = std::to_string(++last);
    const auto placed = site().orders().place_order(wanted, write_within(10'000, role));
    EXPECT_EQ(placed.has_value(), role == Role::primary);
    status(accepted("OHA", reference(wanted), document) + "," + record(wanted, document, "O", "3"));
    return document;
  }
  static OrderAmendment quantity(const char* text) {
    OrderAmendment amendment;
    amendment.lines.push_back({1, decimal(text), {}, {}, {}, {}});
    return amendment;
  }
};

TEST_F(Answers, AnAcceptedCancellationIsNotSentAgainWhileItsRecordIsAwaited) {
  const Order wanted = order();
  const std::string document = told(wanted);
  const OrderRef ref{wanted.id, {}};
  const auto cancel = [&](const char* key) {
    return site().orders().cancel_order(ref, {"", {}}, keyed(key));
  };
  EXPECT_EQ(code_of(cancel("x1")), ErrorCode::outcome_unknown);
  status(accepted("OHA", reference(wanted), document));
  const auto files = sent();
  EXPECT_EQ(code_of(cancel("x1")), ErrorCode::outcome_unknown);
  EXPECT_EQ(code_of(cancel("x2")), ErrorCode::outcome_unknown);
  Order gone = wanted;
  gone.status = OrderStatus::cancelled;
  EXPECT_EQ(code_of(site().orders().follow_order(gone, keyed("x3", Role::mirror))),
            ErrorCode::outcome_unknown);
  EXPECT_EQ(sent(), files) << "a second one would be refused, and the refusal told";
  status(record(wanted, document, "X", "3"));
  const auto done = cancel("x1");
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->status, OrderStatus::cancelled);
  EXPECT_EQ(sent(), files);
}

TEST_F(Answers, WhatWasAcceptedOfAnOrderThatNothingTellsOfYetIsNotSentAgain) {
  const Order wanted = order();
  const OrderRef ref{wanted.id, {}};
  ASSERT_TRUE(site().orders().place_order(wanted, keyed("p")).has_value());
  status(accepted("OHA", reference(wanted), "810001"));
  const auto release = [&] { return site().orders().release_order(ref, keyed("r")); };
  const auto amend = [&] { return site().orders().amend_order(ref, quantity("5"), keyed("c")); };
  const auto cancel = [&] { return site().orders().cancel_order(ref, {"", {}}, keyed("x")); };
  const auto each_once = [&](const auto& write) {
    EXPECT_EQ(code_of(write()), ErrorCode::outcome_unknown);
    status(accepted("OHA", reference(wanted), "810001"));
    const auto files = sent();
    EXPECT_EQ(code_of(write()), ErrorCode::outcome_unknown);
    EXPECT_EQ(sent(), files);
  };
  each_once(amend);
  each_once(release);
  each_once(cancel);
}

TEST_F(Answers, AChangeBackIsSentWhileTheRecordOfTheChangeIsAwaited) {
  const Order wanted = order();
  const std::string document = told(wanted);
  const OrderRef ref{wanted.id, {}};
  const auto amend = [&](const char* to, const char* key) {
    return site().orders().amend_order(ref, quantity(to), keyed(key));
  };
  EXPECT_EQ(code_of(amend("5", "c1")), ErrorCode::outcome_unknown);
  status(accepted("OHA", reference(wanted), document));
  auto files = sent();
  EXPECT_EQ(code_of(amend("5", "c1")), ErrorCode::outcome_unknown);
  EXPECT_EQ(sent(), files);
  // The order as it was told still has three.
  EXPECT_EQ(code_of(amend("3", "c2")), ErrorCode::outcome_unknown);
  EXPECT_EQ(sent(), files + 1);
  status(accepted("OHA", reference(wanted), document) + "," + record(wanted, document, "O", "3"));
  EXPECT_TRUE(amend("3", "c2").has_value());
  EXPECT_TRUE(amend("3", "c3").has_value()) << "now it is known to be so";
  files = sent();
  // A hold, too, is not known to be there when a release was accepted since.
  EXPECT_EQ(code_of(site().orders().release_order(ref, keyed("r"))), ErrorCode::outcome_unknown);
  status(accepted("OHA", reference(wanted), document));
  EXPECT_EQ(code_of(site().orders().block_order(ref, keyed("h"))), ErrorCode::outcome_unknown);
  EXPECT_EQ(sent(), files + 2);
  take_away();
}

TEST_F(Answers, CancelledLinesAreNotTakenForUnchangedWhileAnotherChangeIsOnItsWay) {
  const Order wanted = order();
  told(wanted);
  const OrderRef ref{wanted.id, {}};
  const auto cancel = [&](const char* text, const char* key) {
    return site().orders().cancel_order(ref, {"", {{1, decimal(text)}}}, keyed(key));
  };
  EXPECT_TRUE(cancel("0", "k0").has_value()) << "nothing of it is cancelled";
  EXPECT_EQ(code_of(cancel("1", "k1")), ErrorCode::outcome_unknown);
  EXPECT_EQ(code_of(cancel("0", "k2")), ErrorCode::outcome_unknown);
  take_away();
  take_away();
}

TEST_F(Answers, ACopyIsToldAllOfItWhileTheRecordOfAChangeIsAwaited) {
  Order home = order();
  const std::string document = told(home, Role::mirror);
  const auto follow = [&](const char* key) {
    return site().orders().follow_order(home, keyed(key, Role::mirror));
  };
  home.lines[0].quantity = decimal("5");
  EXPECT_EQ(code_of(follow("f1")), ErrorCode::outcome_unknown);
  status(accepted("OHA", reference(home), document));
  auto files = sent();
  EXPECT_TRUE(follow("f1").has_value());
  EXPECT_EQ(sent(), files) << "it was accepted";
  home.lines[0].quantity = decimal("3");
  EXPECT_EQ(code_of(follow("f2")), ErrorCode::outcome_unknown) << "the copy has five";
  EXPECT_EQ(sent(), files + 1);
  take_away();
}

TEST_F(Answers, AnAddedLineThatIsThereIsChangedAndNoOtherArticleTakesItsPlace) {
  const Order wanted = order();
  told(wanted);
  const OrderRef ref{wanted.id, {}};
  OrderAmendment more;
  LineAmendment line;
  line.number = 1;
  line.quantity = decimal("7");
  line.added = wanted.lines[0];
  more.lines.push_back(line);
  EXPECT_EQ(code_of(site().orders().amend_order(ref, more, keyed("n1"))),
            ErrorCode::outcome_unknown);
  const std::string text = take_away();
  const std::size_t at = text.find("OLN");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(text.substr(at + 3 + 9 + 4, 5), "Q    ") << "the job may refuse a second line 1";
  const Order other = order();
  told(other);
  more.lines[0].quantity = decimal("3");
  more.lines[0].added->sku = Sku{"1001"};
  const auto refused = site().orders().amend_order({other.id, {}}, more, keyed("n2"));
  EXPECT_EQ(code_of(refused), ErrorCode::rejected) << "line 1 is three of another article";
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/lines/0/added/sku");
}

TEST_F(Answers, ACustomerIsAsItWasAcceptedUntilACustomerFileTellsOfIt) {
  CustomerService& customers = *site().adapter().customers();
  const CustomerNumber number{"C10002"};
  const auto email = [&] { return customers.get_customer(number, call_within())->email; };
  const std::string before = email();
  CustomerAmendment change;
  change.email = "new@example.com";
  ASSERT_TRUE(customers.amend_customer(number, change, {}, write_within()));
  status(accepted("CUSC", number.text()));
  EXPECT_EQ(email(), "new@example.com");
  CustomerAmendment phone;
  phone.phone = "555";
  ASSERT_TRUE(customers.amend_customer(number, phone, {}, write_within()));
  EXPECT_NE(content_of(site().folder() / "out" / files_in(site().folder() / "out", ".DAT").back())
                .find("new@example.com"),
            std::string::npos)
      << "the record is whole: it would take the address back";
  status(accepted("CUSC", number.text()));
  const auto files = sent();
  change.email = before;
  ASSERT_TRUE(customers.amend_customer(number, change, {}, write_within()));
  EXPECT_EQ(sent(), files + 1);
  status(accepted("CUSC", number.text()));
  site().simulator().control("POST", "users/block_customer",
                             R"({"number": "C10002", "block": "S"})");
  site().receive();
  const auto there = customers.get_customer(number, call_within());
  EXPECT_EQ(there->blocked, CustomerBlock::ship) << "what a customer file says is newer";
  EXPECT_NE(there->phone, "555");
  // A new one is there from when it is sent, and is not created twice.
  Customer one;
  one.number = CustomerNumber{"X-TOLD"};
  one.name = "Ada";
  one.kind = "person";
  ASSERT_TRUE(customers.create_customer(one, write_within()));
  status(accepted("CUSA", "X-TOLD"));
  EXPECT_TRUE(customers.get_customer(one.number, call_within()).has_value());
  const auto created = sent();
  EXPECT_TRUE(customers.create_customer(one, write_within()));
  EXPECT_EQ(sent(), created);
}

TEST_F(Answers, AMovementThatWasPostedWithOtherContentIsAConflict) {
  InventoryService& inventory = *site().adapter().inventory();
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"MV-ONCE"};
  adjustment.key = {Sku{"1012"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("2");
  adjustment.uom = "PCS";
  ASSERT_TRUE(inventory.adjust_stock(adjustment, write_within()));
  site().night();
  EXPECT_TRUE(inventory.adjust_stock(adjustment, write_within()));
  adjustment.quantity = decimal("3");
  EXPECT_EQ(code_of(inventory.adjust_stock(adjustment, write_within())), ErrorCode::conflict);
  site().simulator().control(
      "POST", "users/goods_issue",
      R"({"item": "1013", "location": "EAST", "quantity": "1", "document": "MV-THEIRS"})");
  site().receive();
  adjustment.movement = MovementId{"MV-THEIRS"};
  EXPECT_EQ(code_of(inventory.adjust_stock(adjustment, write_within())), ErrorCode::conflict)
      << "nothing of ours was posted";
}

TEST_F(Answers, AFlagThatIsNoneALineTwiceAndAnUnknownAddressPutTheOrderAside) {
  const auto put_aside = [&](std::string rows, const char* from, const char* to,
                             const std::string& why) {
    const std::size_t at = rows.find(from);
    ASSERT_NE(at, std::string::npos);
    rows.replace(at, std::string(from).size(), to);
    status(rows);
    OrderRef ref;
    ref.document = DocumentNumber{"830001"};
    EXPECT_FALSE(site().orders().get_order(ref, call_within()).has_value()) << to;
    std::string all;
    for (const std::string& name : files_in(site().quarantine(), ".refused"))
      all += content_of(site().quarantine() / name);
    EXPECT_NE(all.find(why), std::string::npos) << all;
    for (const auto& one : std::filesystem::directory_iterator(site().quarantine()))
      std::filesystem::remove(one.path());
  };
  const std::string rows = record(order(), "830001", "O", "3");
  put_aside(rows, R"("HOLD": "Y")", R"("HOLD": "J")",
            "order, HOLD: must be Y, N or blank, not \"J\"");
  put_aside(rows, R"("CUR": "EUR")", R"("TAXINC": "1", "CUR": "EUR")",
            "order, TAXINC: must be Y, N or blank, not \"1\"");
  const std::string twice = rows.substr(rows.find(R"(["SLN")"));
  put_aside(rows + "," + twice, R"("NLINES": "1")", R"("NLINES": "2")",
            "830001 has line 1 more than once");
  put_aside(rows + R"(, ["SAD", {"ORDNO": "830001", "KIND": "Q"}])", R"("KIND": "Q")",
            R"("KIND": "Z")", "order address, KIND: must be S or B, not \"Z\"");
}

TEST_F(Answers, ARepeatOfAReturnIsNoOtherOneWhenItsOrderHasANumberByThen) {
  const Order wanted = order();
  ASSERT_TRUE(site().orders().place_order(wanted, write_within()));
  const std::string answer = accepted("OHA", reference(wanted), "820001");
  OrderReturn asked;
  asked.order = wanted.id;
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
    return site().adapter().returns()->place_return(asked, write_within());
  };
  ASSERT_TRUE(give_back().has_value());
  take_away();
  status(answer + "," + record(wanted, "820001", "O", "3"));
  const auto again = give_back();
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->state, ReceiptState::pending);
  asked.lines[0].quantity = decimal("2");
  EXPECT_EQ(code_of(give_back()), ErrorCode::conflict);
}

TEST(RestoreToTheEnd, APollThatItsDeadlineEndsHasNotReadTheArchiveToItsEnd) {
  BatchSite site;
  ASSERT_TRUE(site.orders().place_order(new_order("R-1"), write_within()));
  site.back_up();
  site.night();
  site.restore();
  const auto absent = [&] {
    return code_of(
        site.orders().find_receipt({ChannelId{"web"}, OrderNumber{"R-9"}}, call_within()));
  };
  EXPECT_EQ(absent(), ErrorCode::unavailable);
  EXPECT_TRUE(site.has_alarm("archive not read"));
  for (const AdapterTask& task : site.adapter().tasks()) {
    if (task.name != "receive") continue;
    EXPECT_TRUE(task.run(call_within(0)).has_value());
  }
  EXPECT_EQ(absent(), ErrorCode::unavailable) << "no file was taken in yet";
  site.receive();
  EXPECT_EQ(absent(), ErrorCode::not_found);
  EXPECT_FALSE(site.has_alarm("archive not read"));
}

TEST(RestoreToTheEnd, ALostWriteThatTheJobPutsOffIsReported) {
  BatchSite site;
  site.back_up();
  ASSERT_TRUE(site.orders().place_order(new_order("R-1"), write_within()));
  std::filesystem::remove(site.folder() / "out" / files_in(site.folder() / "out", ".DAT").back());
  site.restore();
  EXPECT_EQ(code_of(site.orders().place_order(new_order("R-2"), write_within())),
            ErrorCode::unavailable);
  EXPECT_TRUE(site.has_alarm("writes lost"));
  site.simulator().control(
      "POST", "files",
      R"({"kind": "status", "rows": [["ANS", {"SEQ": "1", "KIND": "ORD", "REF": "WEB/R-1",
          "RESULT": "L"}]]})");
  site.receive();
  EXPECT_FALSE(site.has_alarm("writes lost"));
  EXPECT_NE(site.alarm("inbound records refused").find("ORD WEB/R-1 was put off, and is lost"),
            std::string::npos)
      << site.alarm("inbound records refused");
}

TEST_F(Answers, ARefusalOfWhatWasSentAgainSinceIsNotInTheFeedAnyMore) {
  const Cursor before = site().orders().order_changes({}, call_within())->next;
  Order wanted = order();
  wanted.lines[0].sku = Sku{"NONE"};
  ASSERT_TRUE(site().orders().place_order(wanted, write_within()));
  site().night();
  EXPECT_EQ(site().orders().order_changes(before, call_within())->items.size(), 1u);
  wanted.lines[0].sku = Sku{"1000"};
  ASSERT_TRUE(site().orders().place_order(wanted, write_within()));
  const auto pending = site().orders().order_changes(before, call_within());
  EXPECT_TRUE(pending->items.empty());
  EXPECT_NE(pending->next, before) << "it is passed by";
  site().night();
  const auto placed = site().orders().order_changes(before, call_within());
  ASSERT_EQ(placed->items.size(), 1u);
  EXPECT_EQ(placed->items[0].status, OrderStatus::open);
}

TEST_F(Answers, WhatWasAcceptedIsReservedUntilALevelCanCountIt) {
  const auto deliver = [](const char* kind, std::int64_t run, Timestamp made,
                          const std::vector<std::pair<const char*, edi::FieldValues>>& rows) {
    std::ostringstream output;
    const FileKind of = std::string(kind) == "STK" ? FileKind::delta : FileKind::status;
    edi::FixedWriter writer(output, format_of(of, {}));
    ASSERT_TRUE(writer.begin({{"FILE", std::string(prefix(of))},
                              {"RUN", Decimal::of(run)},
                              {"HDATE", made.date_utc()},
                              {"HTIME", Decimal::of(0)}}));
    for (const auto& [name, values] : rows) ASSERT_TRUE(writer.record(name, values));
    ASSERT_TRUE(writer.end({}));
    site().drop(std::string(prefix(of)) + std::to_string(run) + ".DAT", output.str());
    site().receive();
  };
  const auto level = [&](std::int64_t run, Timestamp made) {
    deliver("STK", run, made,
            {{"stock level",
              {{"SKU", std::string("1031")},
               {"WHS", std::string("EAST")},
               {"UOM", std::string("PCS")},
               {"ONHAND", decimal("100")}}}});
  };
  const auto available = [] {
    return site()
        .adapter()
        .inventory()
        ->get_stock({{Sku{"1031"}}, LocationCode{"EAST"}}, call_within())
        ->at(0)
        .available;
  };
  const Timestamp evening = Timestamp::start_of(Date{2027, 3, 1});
  const Timestamp night = Timestamp::start_of(Date{2027, 3, 2});
  level(900'001, evening);
  Order wanted = order();
  wanted.lines[0].sku = Sku{"1031"};
  ASSERT_TRUE(site().orders().place_order(wanted, write_within()));
  EXPECT_EQ(available(), decimal("97"));
  const std::int64_t seq = site().last_seq("OHA");
  take_away();
  deliver("STS", 900'001, night,
          {{"answer",
            {{"SEQ", Decimal::of(seq)},
             {"KIND", std::string("ORD")},
             {"REF", reference(wanted)},
             {"RESULT", std::string("A")}}}});
  EXPECT_EQ(available(), decimal("97")) << "the level is of the evening";
  level(900'002, night);
  EXPECT_EQ(available(), decimal("100"));
}

TEST_F(Answers, AWriteThatWaitsForNothingTakesNoNightsFileIn) {
  const auto file = site().simulator().control("POST", "files", R"({"kind": "stock"})");
  const std::string name = file.get("file").text();
  ASSERT_TRUE(site().orders().place_order(order(), write_within()));
  EXPECT_TRUE(std::filesystem::exists(site().inbound() / name));
  take_away();
  site().receive();
  EXPECT_FALSE(std::filesystem::exists(site().inbound() / name));
}

TEST(LargeOrder, IsPutAsideWhenItCouldNotBeReadAgain) {
  const test::TemporaryFolder folder("iseries-large");
  State state((folder.path() / "state.db").string());
  OrderSeen seen;
  seen.document = "1";
  const auto take = [&] {
    return state.write([&](state::StateDatabase& database) {
      return take_order(database, seen, 1, Timestamp::start_of(Date{2026, 11, 28}));
    });
  };
  EXPECT_FALSE(take().has_value());
  seen.document = "2";
  seen.order.shipments.push_back({DocumentNumber{"S"}, Date{2026, 11, 28}, {}});
  seen.order.shipments[0].lines.resize(200'000);
  EXPECT_TRUE(take().has_value());
  const auto open =
      state.read([](state::StateDatabase& database) { return open_orders(database, "", "", 10); });
  EXPECT_EQ(open.size(), 1u);
}

// ---- files of stock and prices

class Stores : public testing::Test {
 protected:
  struct Row {
    const char* record;
    edi::FieldValues values;
  };
  static std::string file(FileKind kind, std::int64_t run, Date day, int time,
                          const std::vector<Row>& rows) {
    std::ostringstream output;
    edi::FixedWriter writer(output, format_of(kind, {}));
    EXPECT_TRUE(writer.begin({{"FILE", std::string(prefix(kind))},
                              {"RUN", Decimal::of(run)},
                              {"HDATE", day},
                              {"HTIME", Decimal::of(time)}}));
    for (const Row& row : rows) EXPECT_TRUE(writer.record(row.record, row.values));
    EXPECT_TRUE(writer.end({}));
    return output.str();
  }
  static Row level(const char* sku, const char* on_hand) {
    return {"stock level",
            {{"SKU", std::string(sku)},
             {"WHS", std::string("EAST")},
             {"UOM", std::string("PCS")},
             {"ONHAND", decimal(on_hand)}}};
  }
  static Row moved(int entry, const char* quantity) {
    return {"movement",
            {{"ENTRY", Decimal::of(entry)},
             {"SKU", std::string("1000")},
             {"WHS", std::string("EAST")},
             {"UOM", std::string("PCS")},
             {"DOC", std::string("D")},
             {"QTY", decimal(quantity)}}};
  }
  Status take(StockStore& store, FileKind kind, const std::string& text) {
    std::istringstream input(text);
    return store.take(
        kind, edi::reading(input), std::to_string(++files_), {wire_, zone_, none_, none_}, false,
        [this](Refusal refusal) { refusals_.push_back(iseries_batch::text(refusal)); }, [] {});
  }
  test::TemporaryFolder folder_{"iseries-stores"};
  Wire wire_;
  std::string zone_ = "Europe/Berlin";
  CodeTable none_;
  std::vector<std::string> refusals_;
  int files_ = 0;
};

TEST_F(Stores, ALaterRunCountsInTheHourThatTheClockGoesThroughTwice) {
  StockStore store((folder_.path() / "stock.db").string());
  const Date night{2026, 10, 25};
  ASSERT_TRUE(
      take(store, FileKind::delta,
           file(FileKind::delta, 1, night, 25'000, {level("1000", "9"), level("1001", "9")})));
  ASSERT_TRUE(
      take(store, FileKind::delta, file(FileKind::delta, 2, night, 21'000, {level("1000", "4")})));
  EXPECT_EQ(store.levels("1000", "").at(0).on_hand, decimal("4"));
  // A run that comes late stays the older one.
  ASSERT_TRUE(
      take(store, FileKind::delta, file(FileKind::delta, 4, night, 23'000, {level("1001", "5")})));
  ASSERT_TRUE(
      take(store, FileKind::delta, file(FileKind::delta, 3, night, 22'000, {level("1001", "7")})));
  EXPECT_EQ(store.levels("1001", "").at(0).on_hand, decimal("5"));
}

TEST_F(Stores, AMovementUnderTheNumberOfAnotherIsPutAsideAndNotLeftOut) {
  StockStore store((folder_.path() / "stock.db").string());
  const Date day{2026, 11, 28};
  ASSERT_TRUE(take(store, FileKind::delta, file(FileKind::delta, 1, day, 0, {moved(7, "1")})));
  ASSERT_TRUE(
      take(store, FileKind::delta,
           file(FileKind::delta, 2, day, 1, {moved(7, "1"), moved(7, "2"), moved(0, "3")})));
  EXPECT_EQ(store.movements_after(0, 10).size(), 1u);
  ASSERT_EQ(refusals_.size(), 2u) << "the same one told again is none";
  EXPECT_EQ(refusals_[0], "line 3: movement, ENTRY: 7 was taken in before, with other content");
  EXPECT_EQ(refusals_[1], "line 4: movement, ENTRY: must be greater than 0");
}

TEST_F(Stores, AFileThatNamesNothingTakesNothingAway) {
  StockStore store((folder_.path() / "stock.db").string());
  const Date day{2026, 11, 28};
  ASSERT_TRUE(take(store, FileKind::stock, file(FileKind::stock, 1, day, 0, {level("1000", "9")})));
  const Status empty = take(store, FileKind::stock, file(FileKind::stock, 2, day, 1, {}));
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(store.levels("", "").size(), 1u);

  std::filesystem::create_directories(folder_.path() / "prices");
  PriceStore prices(folder_.path() / "prices");
  const auto take_prices = [&](std::int64_t run, const char* currency, bool rows) {
    std::vector<Row> all;
    if (rows)
      all.push_back({"price",
                     {{"SKU", std::string("1000")},
                      {"TYPE", std::string("A")},
                      {"FROM", day},
                      {"CUR", std::string(currency)},
                      {"PRICE", decimal("1")}}});
    std::istringstream input(file(FileKind::prices, run, day, 0, all));
    return prices.take(
        edi::reading(input), std::to_string(run), {wire_, zone_, none_, none_}, false,
        Timestamp::start_of(day), [](Refusal) {}, [] {});
  };
  ASSERT_TRUE(take_prices(1, "EUR", true));
  EXPECT_EQ(code_of(Result<Done>(take_prices(2, "EUR", false))), ErrorCode::invalid_request);
  EXPECT_EQ(code_of(Result<Done>(take_prices(3, "??", true))), ErrorCode::invalid_request)
      << "none of its rows can be used";
  EXPECT_EQ(prices.in_force()->head().run, 1);
}

}  // namespace
}  // namespace underpin::legacy::iseries_batch
