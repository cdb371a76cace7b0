// What the night has not answered yet.
#include "legacy-adapters/transport/state/sqlite_state.h"
#include "tests/unit/iseries_batch/batch_site.h"

#include <atomic>
#include <thread>

namespace underpin::legacy::iseries_batch {
namespace {

class Pending : public testing::Test {
 protected:
  static BatchSite& site() {
    static BatchSite one;
    return one;
  }
  static Order order() {
    static int last = 0;
    return new_order("P-" + std::to_string(++last));
  }
  static std::string reference(const Order& order) { return "WEB/" + order.id.number.text(); }
  // Not known to be done, and not refused: it is looked up, and sent again only when it is not
  // there.
  static bool unknown(const Result<OrderReceipt>& result) {
    return !result && result.error().code == ErrorCode::outcome_unknown;
  }
  static WriteContext keyed(const char* key) {
    WriteContext context = write_within();
    context.channel = ChannelId{"web"};
    context.idempotency_key = IdempotencyKey{key};
    return context;
  }
  // As it is when it is released and the night is over.
  Order released() {
    const Order wanted = order();
    placed(wanted);
    EXPECT_TRUE(unknown(site().orders().release_order({wanted.id, {}}, write_within())));
    site().night();
    return wanted;
  }
  // Files since the beginning, those too that the job has taken.
  static std::int64_t sent() {
    state::StateDatabase database((site().folder() / "state" / "state.db").string());
    state::StateStatement count = database.prepare("SELECT count(*) FROM out_file WHERE sent = 1");
    count.step();
    return count.whole(0);
  }
  static void forget_reports() {
    for (const auto& one : std::filesystem::directory_iterator(site().quarantine()))
      std::filesystem::remove(one.path());
  }
  OrderReceipt placed(const Order& order) {
    const auto receipt = site().orders().place_order(order, write_within());
    EXPECT_TRUE(receipt.has_value()) << receipt.error().message;
    return receipt ? *receipt : OrderReceipt{};
  }
};

TEST_F(Pending, AnOrderIsPendingUntilAStatusFileConfirmsIt) {
  const Order wanted = order();
  const OrderReceipt sent = placed(wanted);
  EXPECT_EQ(sent.state, ReceiptState::pending);
  EXPECT_EQ(sent.status, OrderStatus::pending);
  EXPECT_FALSE(sent.released);
  EXPECT_TRUE(sent.document.empty());
  EXPECT_FALSE(sent.erp_totals.has_value());
  const auto read = site().orders().get_order({wanted.id, {}}, call_within());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->status, OrderStatus::pending);
  EXPECT_EQ(read->lines.at(0).sku, Sku{"1000"});
  const auto found = site().orders().find_receipt(wanted.id, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, ReceiptState::pending);
  EXPECT_EQ(site().documents(reference(wanted)), 0);

  site().night();
  const auto confirmed = site().orders().find_receipt(wanted.id, call_within());
  ASSERT_TRUE(confirmed.has_value());
  EXPECT_EQ(confirmed->state, ReceiptState::confirmed);
  EXPECT_EQ(confirmed->status, OrderStatus::open);
  EXPECT_FALSE(confirmed->document.empty());
  EXPECT_EQ(confirmed->erp_totals->grand_total, decimal("65.45"));
}

TEST_F(Pending, ARefusedOrderIsRejectedInReadsAndInTheFeed) {
  Order wanted = order();
  wanted.lines[0].sku = Sku{"NONE"};
  Cursor cursor = site().orders().order_changes({}, call_within())->next;
  placed(wanted);
  site().night();
  const auto read = site().orders().get_order({wanted.id, {}}, call_within());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->status, OrderStatus::rejected);
  const auto changes = site().orders().order_changes(cursor, call_within());
  ASSERT_TRUE(changes.has_value());
  ASSERT_EQ(changes->items.size(), 1u);
  EXPECT_EQ(changes->items[0].ref.id, wanted.id);
  EXPECT_EQ(changes->items[0].status, OrderStatus::rejected);
  EXPECT_TRUE(changes->items[0].closed);
  const auto found = site().orders().find_receipt(wanted.id, call_within());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  const auto released = site().orders().release_order({wanted.id, {}}, write_within());
  ASSERT_FALSE(released.has_value());
  EXPECT_EQ(released.error().code, ErrorCode::rejected);
  EXPECT_EQ(released.error().vendor_code, "ITEM");
  EXPECT_EQ(released.error().fields.at(0).pointer, "/lines/0");
  EXPECT_FALSE(site().has_alarm("inbound records refused")) << "the feed tells of it";
}

TEST_F(Pending, ARepeatSendsNothingAndOtherContentIsAConflict) {
  const Order wanted = order();
  placed(wanted);
  const auto files = files_in(site().folder() / "out", ".DAT").size();
  EXPECT_EQ(placed(wanted).state, ReceiptState::pending);
  EXPECT_EQ(files_in(site().folder() / "out", ".DAT").size(), files);
  Order other = wanted;
  other.lines[0].quantity = decimal("4");
  const auto conflict = site().orders().place_order(other, write_within());
  ASSERT_FALSE(conflict.has_value());
  EXPECT_EQ(conflict.error().code, ErrorCode::conflict);
  site().night();
  EXPECT_EQ(site().documents(reference(wanted)), 1);
  EXPECT_EQ(placed(wanted).state, ReceiptState::confirmed);
}

TEST_F(Pending, ChangesOfAPendingOrderFollowItInTheNight) {
  const Order wanted = order();
  placed(wanted);
  OrderAmendment more;
  more.lines.push_back({1, decimal("5"), {}, {}, {}, {}});
  EXPECT_TRUE(unknown(site().orders().amend_order({wanted.id, {}}, more, write_within())));
  EXPECT_TRUE(unknown(site().orders().release_order({wanted.id, {}}, write_within())));
  // A repeat of the last one sends nothing.
  const auto files = files_in(site().folder() / "out", ".DAT").size();
  EXPECT_TRUE(unknown(site().orders().release_order({wanted.id, {}}, write_within())));
  EXPECT_EQ(files_in(site().folder() / "out", ".DAT").size(), files);
  site().night();
  const auto read = site().orders().get_order({wanted.id, {}}, call_within());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->status, OrderStatus::released);
  EXPECT_EQ(read->lines.at(0).quantity, decimal("5"));
}

TEST_F(Pending, ARestartOfTheAdapterForgetsNothing) {
  const Order wanted = order();
  placed(wanted);
  site().restart();
  const auto found = site().orders().find_receipt(wanted.id, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, ReceiptState::pending);
  site().night();
  site().restart();
  EXPECT_EQ(placed(wanted).state, ReceiptState::confirmed);
  EXPECT_EQ(site().documents(reference(wanted)), 1);
}

TEST_F(Pending, WhatTheInterfacePutsOffIsSentAgainByItself) {
  const Order wanted = order();
  placed(wanted);
  site().simulator().fault("ORD.A", "503");
  site().night();  // Its "send" comes before the answer was read.
  site().night();
  site().night();
  EXPECT_EQ(site().documents(reference(wanted)), 1);
  EXPECT_EQ(placed(wanted).state, ReceiptState::confirmed);
}

TEST_F(Pending, AJobThatEndsAfterItHasPostedPostsNothingTwice) {
  const Order wanted = order();
  placed(wanted);
  site().simulator().fault("ORD.A", "504_after_commit");
  site().night();
  EXPECT_EQ(site().documents(reference(wanted)), 1);
  EXPECT_EQ(placed(wanted).state, ReceiptState::confirmed);
}

TEST_F(Pending, AStatusFileThatComesTwiceIsTakenInOnce) {
  const Order wanted = order();
  placed(wanted);
  site().simulator().fault("ORD.A", "drop_after_commit");
  const Cursor before = site().orders().order_changes({}, call_within())->next;
  site().night();
  const auto changes = site().orders().order_changes(before, call_within());
  ASSERT_TRUE(changes.has_value());
  EXPECT_EQ(changes->items.size(), 1u);
  const auto reasons = files_in(site().quarantine(), ".reason");
  ASSERT_EQ(reasons.size(), 1u) << "the second one is put aside";
  for (const auto& one : std::filesystem::directory_iterator(site().quarantine()))
    std::filesystem::remove(one.path());
}

TEST_F(Pending, ACustomerThatIsSentIsReadAsItWasSentAndARefusalIsPutAside) {
  Customer customer;
  customer.number = CustomerNumber{"X-NEW"};
  customer.name = "Ada";
  customer.kind = "person";
  customer.currency = "EUR";
  CustomerService& customers = *site().adapter().customers();
  ASSERT_TRUE(customers.create_customer(customer, write_within()));
  const auto sent = customers.get_customer(customer.number, call_within());
  ASSERT_TRUE(sent.has_value());
  EXPECT_EQ(sent->name, "Ada");
  QuoteRequest asked;
  asked.customer = customer.number;
  asked.lines.push_back({1, Sku{"1000"}, decimal("1"), {}});
  EXPECT_TRUE(site().adapter().pricing()->quote(asked, call_within()).has_value())
      << "a new customer may ask for a price";
  Customer other = customer;
  other.name = "Somebody Else";
  const auto conflict = customers.create_customer(other, write_within());
  ASSERT_FALSE(conflict.has_value());
  EXPECT_EQ(conflict.error().code, ErrorCode::conflict);
  site().night();
  EXPECT_EQ(customers.get_customer(customer.number, call_within())->name, "Ada");

  // What the night refuses is in the feed: whoever has carried it on has to take it back.
  customer.number = CustomerNumber{"X-REFUSED"};
  ASSERT_TRUE(customers.create_customer(customer, write_within()));
  Cursor before;
  for (bool more = true; more;) {
    const auto page = customers.customer_changes(before, call_within());
    before = page->next;
    more = page->more;
  }
  site().simulator().control(
      "POST", "files",
      R"({"kind": "status", "rows": [["ANS", {"SEQ": ")" + std::to_string(site().last_seq("CUSA")) +
          R"(", "KIND": "CUO", "REF": "X-REFUSED", "RESULT": "R", "REASON": "CRED"}]]})");
  std::filesystem::remove(site().folder() / "out" /
                          files_in(site().folder() / "out", ".DAT").back());
  site().receive();
  const auto changes = customers.customer_changes(before, call_within());
  ASSERT_EQ(changes->items.size(), 1u);
  EXPECT_EQ(changes->items[0].number, customer.number);
  EXPECT_TRUE(changes->items[0].deleted);
  EXPECT_FALSE(customers.get_customer(customer.number, call_within()).has_value());
  forget_reports();

  StockAdjustment adjustment;
  adjustment.movement = MovementId{"MV-REFUSED"};
  adjustment.key = {Sku{"NONE"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("-2.5");
  adjustment.uom = "PCS";
  InventoryService& inventory = *site().adapter().inventory();
  const auto receipt = inventory.adjust_stock(adjustment, write_within());
  ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
  EXPECT_TRUE(receipt->document.empty());
  site().night();
  const auto refused = inventory.find_adjustment(adjustment.movement, call_within());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_TRUE(site().has_alarm("inbound records refused"));
  const auto reports = files_in(site().quarantine(), ".refused");
  ASSERT_EQ(reports.size(), 1u);
  const std::string report = content_of(site().quarantine() / reports[0]);
  EXPECT_NE(report.find("answer, RESULT: ADJ MV-REFUSED was refused: ITEM"), std::string::npos)
      << report;
  // The alarm ends when somebody has looked at it.
  std::filesystem::remove(site().quarantine() / reports[0]);
  EXPECT_FALSE(site().has_alarm("inbound records refused"));
}

TEST_F(Pending, AChangeThatTheNightRefusesIsPutAsideAndItsOrderIsInTheFeedAgain) {
  const Order wanted = released();
  const std::string number = placed(wanted).document.text();
  EXPECT_TRUE(unknown(site().orders().cancel_order({wanted.id, {}}, {"", {}}, keyed("cancel it"))));
  EXPECT_EQ(site().orders().get_order({wanted.id, {}}, call_within())->status,
            OrderStatus::released)
      << "nothing is cancelled yet";
  site().simulator().control("POST", "users/ship", R"({"order": ")" + number + "\"}");
  site().receive();
  const Cursor before = site().orders().order_changes({}, call_within())->next;
  site().night();
  EXPECT_EQ(site().orders().get_order({wanted.id, {}}, call_within())->status,
            OrderStatus::shipped);
  const auto changes = site().orders().order_changes(before, call_within());
  ASSERT_TRUE(changes.has_value());
  ASSERT_EQ(changes->items.size(), 1u);
  EXPECT_EQ(changes->items[0].ref.document.text(), number);
  const auto reports = files_in(site().quarantine(), ".refused");
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(content_of(site().quarantine() / reports[0]).find("was refused: SHIP"),
            std::string::npos);
  std::filesystem::remove(site().quarantine() / reports[0]);
  // The facade looks it up, finds no cancelled order, and sends it again.
  const auto files = sent();
  const auto told = site().orders().cancel_order({wanted.id, {}}, {"", {}}, keyed("cancel it"));
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code, ErrorCode::rejected);
  EXPECT_EQ(told.error().vendor_code, "SHIP");
  EXPECT_EQ(sent(), files) << "it was refused already";
}

TEST_F(Pending, ARefusedChangeIsToldToItsRepeatOnceWhateverCameInBetween) {
  const Order wanted = order();
  placed(wanted);
  OrderAmendment more;
  LineAmendment line;
  line.number = 2;
  line.quantity = decimal("1");
  line.added = wanted.lines[0];
  line.added->number = 2;
  line.added->sku = Sku{"NONE"};
  more.lines.push_back(line);
  // It is sent while nothing says the order's number, and repeated when it has one.
  EXPECT_TRUE(unknown(site().orders().amend_order({wanted.id, {}}, more, keyed("more"))));
  EXPECT_TRUE(unknown(site().orders().release_order({wanted.id, {}}, keyed("more"))));
  auto files = sent();
  EXPECT_TRUE(unknown(site().orders().amend_order({wanted.id, {}}, more, keyed("more"))));
  EXPECT_EQ(sent(), files) << "it is on its way";
  site().night();
  site().restart();
  forget_reports();
  files = sent();
  const auto told = site().orders().amend_order({wanted.id, {}}, more, keyed("more"));
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code, ErrorCode::rejected) << told.error().message;
  EXPECT_EQ(sent(), files);
  // Who has heard of it and sends it again wants it tried again.
  EXPECT_TRUE(unknown(site().orders().amend_order({wanted.id, {}}, more, keyed("more"))));
  EXPECT_EQ(sent(), files + 1);
  site().night();
  forget_reports();
  // Another write that wants the same is one of its own.
  EXPECT_TRUE(unknown(site().orders().amend_order({wanted.id, {}}, more, keyed("another"))));
  site().night();
  forget_reports();
}

TEST_F(Pending, ARepeatOfAnAcceptedReleaseReleasesNothingThatWasChangedSince) {
  const Order wanted = order();
  placed(wanted);
  EXPECT_TRUE(unknown(site().orders().release_order({wanted.id, {}}, keyed("r1"))));
  site().night();
  OrderAmendment more;
  more.lines.push_back({1, decimal("5"), {}, {}, {}, {}});
  EXPECT_TRUE(unknown(site().orders().amend_order({wanted.id, {}}, more, keyed("c1"))));
  const auto files = sent();
  EXPECT_TRUE(site().orders().release_order({wanted.id, {}}, keyed("r1")).has_value());
  EXPECT_EQ(sent(), files);
  site().night();
  EXPECT_TRUE(site().orders().release_order({wanted.id, {}}, keyed("r1")).has_value());
  EXPECT_EQ(sent(), files) << "the change has put it on hold";
  // And a repeat of the accepted change is answered, too.
  const auto again = site().orders().amend_order({wanted.id, {}}, more, keyed("c1"));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->status, OrderStatus::open);
}

TEST_F(Pending, ARefusedMirrorIsToldToItsSender) {
  Order copy = order();
  copy.lines[0].sku = Sku{"NONE"};
  const auto place = [&] {
    return site().orders().place_order(copy, write_within(10'000, Role::mirror));
  };
  EXPECT_TRUE(unknown(place()));
  const auto files = sent();
  EXPECT_TRUE(unknown(place()));
  site().night();
  const auto refused = place();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::rejected);
  EXPECT_EQ(refused.error().vendor_code, "ITEM");
  EXPECT_EQ(sent(), files);
}

TEST_F(Pending, ACopyIsComparedWhenWhatWasSentToItIsAnswered) {
  Order home = order();
  EXPECT_TRUE(unknown(site().orders().place_order(home, write_within(10'000, Role::mirror))));
  site().night();
  home.lines[0].quantity = decimal("5");
  const auto follow = [&] {
    return site().orders().follow_order(home, write_within(10'000, Role::mirror));
  };
  EXPECT_TRUE(unknown(follow()));
  const auto files = sent();
  // At home it is as the last status file says of the copy, which is about to be changed.
  home.lines[0].quantity = decimal("3");
  EXPECT_TRUE(unknown(follow()));
  EXPECT_EQ(sent(), files);
  site().night();
  EXPECT_TRUE(unknown(follow()));
  EXPECT_EQ(sent(), files + 1);
  site().night();
  EXPECT_TRUE(follow().has_value());
  EXPECT_EQ(site().orders().get_order({home.id, {}}, call_within())->lines.at(0).quantity,
            decimal("3"));
}

TEST_F(Pending, WhatSomebodyCountsOnIsKeptWhenTheInterfacePutsItOff) {
  const Order wanted = order();
  placed(wanted);
  site().simulator().fault("ORD.A", "503");
  site().simulator().control("POST", "job", "{}");
  // The answer says: send it again. The channel was told that it is pending.
  for (const AdapterTask& task : site().adapter().tasks())
    if (task.name == "receive") {
      ASSERT_TRUE(task.run(call_within()).has_value());
    }
  EXPECT_EQ(placed(wanted).state, ReceiptState::pending);
  site().night();
  site().night();
  EXPECT_EQ(site().documents(reference(wanted)), 1);
}

TEST(Crash, AnAnswerMayComeBeforeItIsKnownThatItsFileWasSent) {
  BatchSite site;
  const Order order = new_order("Q-1");
  ASSERT_TRUE(site.orders().place_order(order, write_within()));
  site.simulator().control("POST", "job", "{}");
  site.stop();
  {
    // As a crash between the file and the note of it leaves it.
    state::StateDatabase database((site.folder() / "state" / "state.db").string());
    database.run("UPDATE request SET state = 0; UPDATE out_file SET sent = 0");
  }
  site.restart();
  for (const AdapterTask& task : site.adapter().tasks())
    if (task.name == "receive") {
      ASSERT_TRUE(task.run(call_within()).has_value());
    }
  const auto found = site.orders().place_order(order, write_within());
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->state, ReceiptState::confirmed);
  EXPECT_FALSE(site.has_alarm("inbound records refused"));
  site.night();
  EXPECT_EQ(site.documents("WEB/Q-1"), 1);
}

TEST(HoldPolicy, ARefusedWriteIsNoFaultOfItsFile) {
  BatchSite site({}, R"(, "bad_records": "hold")");
  const Order order = new_order("H-1");
  ASSERT_TRUE(site.orders().place_order(order, write_within()));
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"MV-HOLD"};
  adjustment.key = {Sku{"NONE"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("1");
  adjustment.uom = "PCS";
  ASSERT_TRUE(site.adapter().inventory()->adjust_stock(adjustment, write_within()));
  site.night();
  EXPECT_FALSE(site.has_alarm("inbound file refused"));
  EXPECT_TRUE(site.has_alarm("inbound records refused"));
  EXPECT_FALSE(
      site.adapter().inventory()->find_adjustment(adjustment.movement, call_within()).has_value());
}

TEST_F(Pending, WhatIsOnItsWayIsReservedUntilTheNightCountsIt) {
  const auto level = [] {
    const auto levels = site().adapter().inventory()->get_stock(
        {{Sku{"1030"}}, LocationCode{"EAST"}}, call_within());
    EXPECT_TRUE(levels.has_value() && levels->size() == 1);
    return levels->at(0);
  };
  const StockLevel before = level();
  const auto taken = [&] { return before.available - level().available; };
  Order wanted = order();
  wanted.lines[0].sku = Sku{"1030"};
  placed(wanted);
  EXPECT_EQ(taken(), decimal("3"));
  placed(wanted);
  EXPECT_EQ(taken(), decimal("3")) << "a repeat takes nothing more";
  Order refused = order();
  refused.customer = CustomerNumber{"NOBODY"};
  refused.lines[0].sku = Sku{"1030"};
  placed(refused);
  Order copy = order();
  copy.lines[0].sku = Sku{"1030"};
  EXPECT_TRUE(unknown(site().orders().place_order(copy, write_within(10'000, Role::mirror))));
  EXPECT_EQ(taken(), decimal("6")) << "the facade counts the copy";
  StockAdjustment sale;
  sale.movement = MovementId{"MV-SALE"};
  sale.key = {Sku{"1030"}, LocationCode{"EAST"}};
  sale.quantity = decimal("-2");
  sale.uom = "PCS";
  ASSERT_TRUE(site().adapter().inventory()->adjust_stock(sale, write_within()));
  EXPECT_EQ(taken(), decimal("8"));
  EXPECT_EQ(level().on_hand, before.on_hand);
  EXPECT_EQ(level().reserved, before.reserved + decimal("8"));
  site().restart();
  EXPECT_EQ(taken(), decimal("8"));
  site().night();
  // Both orders of three, and the sale: the ERP's own figures. Nothing of the refused one.
  EXPECT_EQ(taken(), decimal("8"));
  EXPECT_EQ(level().on_hand, before.on_hand - decimal("2"));
  forget_reports();
}

TEST_F(Pending, ANegativeAdjustmentIsPostedWithItsSign) {
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"MV-MINUS"};
  adjustment.key = {Sku{"1012"}, LocationCode{"EAST"}};
  adjustment.quantity = decimal("-2.5");
  adjustment.uom = "PCS";
  InventoryService& inventory = *site().adapter().inventory();
  ASSERT_TRUE(inventory.adjust_stock(adjustment, write_within()));
  site().night();
  const auto found = inventory.find_adjustment(adjustment.movement, call_within());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->quantity, decimal("-2.5"));
  EXPECT_FALSE(found->document.empty());
}

TEST(Concurrent, WritersReadersAndTasksGoOnBesideEachOther) {
  BatchSite site({"--job", "at_every_file"}, R"(, "return_reasons": [])",
                 R"(, "answer_wait_ms": 5000)");
  std::atomic<bool> ended{false};
  std::atomic<int> confirmed{0};
  std::vector<std::thread> others;
  others.emplace_back([&] {
    while (!ended) site.receive();
  });
  others.emplace_back([&] {
    while (!ended) {
      EXPECT_TRUE(site.orders().order_changes({}, call_within()).has_value());
      EXPECT_TRUE(site.adapter().inventory()->get_stock({{Sku{"1000"}}, {}}, call_within()));
      EXPECT_TRUE(site.adapter().descriptor().settle_ms > 0);
      site.adapter().alarms();
    }
  });
  std::vector<std::thread> writers;
  for (const char* name : {"A", "B", "C"})
    writers.emplace_back([&site, &confirmed, name] {
      for (int i = 0; i < 4; ++i) {
        const Order order = new_order(name + std::to_string(i));
        const auto placed = site.orders().place_order(order, write_within(20'000));
        EXPECT_TRUE(placed.has_value()) << placed.error().message;
        const auto released = site.orders().release_order({order.id, {}}, write_within(20'000));
        if (placed && placed->state == ReceiptState::confirmed && released) ++confirmed;
      }
    });
  for (std::thread& writer : writers) writer.join();
  ended = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(confirmed, 12);
  for (const char* name : {"A", "B", "C"})
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(site.documents(std::string("WEB/") + name + std::to_string(i)), 1);
  EXPECT_FALSE(site.has_alarm("inbound records refused")) << site.alarm("inbound records refused");
}

TEST(Collecting, WhatIsWrittenMeanwhileGoesOutInOneFile) {
  BatchSite site({}, "", R"(, "collect_every_ms": 60000)");
  for (const char* number : {"K-1", "K-2", "K-3"}) {
    const auto receipt = site.orders().place_order(new_order(number), write_within());
    ASSERT_TRUE(receipt.has_value());
    EXPECT_EQ(receipt->state, ReceiptState::pending);
  }
  EXPECT_TRUE(files_in(site.folder() / "out", ".DAT").empty());
  site.restart();
  site.receive();  // Its "send" is the collection.
  EXPECT_EQ(files_in(site.folder() / "out", ".DAT").size(), 1u);
  site.night();
  EXPECT_EQ(site.documents("WEB/K-1") + site.documents("WEB/K-2") + site.documents("WEB/K-3"), 3);
}

TEST(Collecting, WhatCannotBeSentIsUnavailableAndKeptNowhere) {
  BatchSite site;
  std::filesystem::rename(site.folder() / "out", site.folder() / "away");
  const auto lost = site.orders().place_order(new_order("L-1"), write_within());
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable);
  std::filesystem::rename(site.folder() / "away", site.folder() / "out");
  const auto found =
      site.orders().find_receipt({ChannelId{"web"}, OrderNumber{"L-1"}}, call_within());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  site.night();
  EXPECT_EQ(site.documents("WEB/L-1"), 0);
}

}  // namespace
}  // namespace underpin::legacy::iseries_batch
