// What JDE's tables mean, where it is not what they seem to say.
#include "tests/unit/jd_edwards/jde_site.h"

#include <gmock/gmock.h>

#include <future>

namespace underpin::legacy::jd_edwards {
namespace {

class JdeTruth : public testing::Test {
 protected:
  void TearDown() override {
    site().simulator().clear_faults();
    site().hold_queue(false);
  }
  static JdeSite& site() { return JdeSite::shared(); }
  OrderService& orders() { return *adapter_->orders(); }
  CustomerService& customers() { return *adapter_->customers(); }
  template <class F>
  static auto until_known(const F& write) {
    auto done = write();
    for (int times = 0; times < 100 && !done && done.error().code == ErrorCode::outcome_unknown;
         ++times)
      done = write();
    return done;
  }
  template <class F>
  static void await(const F& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) ASSERT_LT(std::chrono::steady_clock::now(), until);
  }
  // DOCO.
  std::string placed(const Order& order, bool released = false) {
    const auto made = until_known([&] { return orders().place_order(order, write_soon()); });
    EXPECT_TRUE(made) << made.error().message;
    if (released) {
      const auto freed = until_known([&] {
        return orders().release_order({order.id, {}}, write_soon());
      });
      EXPECT_TRUE(freed) << freed.error().message;
    }
    std::string number = made ? made->document.text() : "0-";
    number.resize(number.find('-'));
    return number;
  }
  Order read(const Order& order) {
    const auto held = orders().get_order({order.id, {}}, write_soon());
    EXPECT_TRUE(held) << held.error().message;
    return held ? *held : Order{};
  }
  static OrderAmendment line_amended(int number, const char* quantity,
                                     const char* price = nullptr) {
    OrderAmendment amendment;
    amendment.lines.push_back({number, decimal(quantity), {}, {}, {}, {}});
    if (price != nullptr) amendment.lines[0].unit_price = decimal(price);
    return amendment;
  }
  static Customer customer_numbered(const char* number) {
    Customer customer;
    customer.number = CustomerNumber{number};
    customer.name = "Anna Adler";
    customer.kind = "person";
    customer.currency = "EUR";
    customer.email = "anna@example.com";
    return customer;
  }

  const std::unique_ptr<ErpAdapter> adapter_ = site().adapter();
};

TEST_F(JdeTruth, WhatIsToBeShippedHasNotShipped) {
  const Order order = order_numbered("PLANNED-1");
  const std::string document = placed(order, true);
  EXPECT_EQ(site().value("SELECT SDSOQS FROM F4211 WHERE SDDOCO = " + document), "300")
      << "JDE plans a line's shipment from its entry on";
  const Order held = read(order);
  EXPECT_EQ(held.status, OrderStatus::released);
  EXPECT_TRUE(held.lines.at(0).shipped_quantity.is_zero());
  EXPECT_TRUE(until_known([&] {
    return orders().cancel_order({order.id, {}}, {"", {}}, write_soon());
  }));
}

TEST_F(JdeTruth, ALineThatWasAmendedToNothingDoesNotKeepAnOrderFromBeingInvoiced) {
  const Order order = order_numbered("NOTHING-1");
  const std::string document = placed(order);
  ASSERT_TRUE(until_known([&] {
    return orders().amend_order({order.id, {}}, line_amended(2, "0"), write_soon());
  }));
  ASSERT_TRUE(until_known([&] { return orders().release_order({order.id, {}}, write_soon()); }));
  site().people("ship", R"({"document": )" + document + "}");
  EXPECT_EQ(read(order).status, OrderStatus::shipped);
  site().people("invoice", R"({"document": )" + document + "}");
  EXPECT_EQ(read(order).status, OrderStatus::invoiced);
}

TEST_F(JdeTruth, ALineThatWasCancelledElsewhereIsCancelled) {
  const Order order = order_numbered("ELSEWHERE-1");
  const std::string document = placed(order);
  site().sql(
      "UPDATE F4211 SET SDLTTR = '984', SDNXTR = '999', SDSOCN = SDUORG, SDSOQS = 0 WHERE "
      "SDLNID = 2000 AND SDDOCO = " +
      document);
  const Order held = read(order);
  EXPECT_EQ(held.totals.items_net, decimal("60")) << "line 2 costs nothing any more";
  EXPECT_EQ(held.status, OrderStatus::open);
}

TEST_F(JdeTruth, AmountsAreInTheCompanysCurrencyWhateverTheOrdersIs) {
  const Order order = order_numbered("FOREIGN-1");
  const std::string document = placed(order);
  site().sql("UPDATE F4201 SET SHCRCD = 'USD', SHCRRM = 'F' WHERE SHDOCO = " + document);
  const Order held = read(order);
  EXPECT_EQ(held.currency, "EUR") << "AEXP is domestic";
  EXPECT_EQ(held.totals.items_net, decimal("85"));
  const auto amended = orders().amend_order({order.id, {}}, line_amended(1, "5"), write_soon());
  ASSERT_FALSE(amended) << "its amounts would be written as dollars";
  EXPECT_EQ(amended.error().code, ErrorCode::rejected) << amended.error().message;
  EXPECT_TRUE(until_known([&] {
    return orders().cancel_order({order.id, {}}, {"", {}}, write_soon());
  }));
}

TEST_F(JdeTruth, ATaxAreaHasUpToFiveAuthorities) {
  const Order order = order_numbered("TAXES-1");
  placed(order);
  site().sql("UPDATE F4008 SET TATXR2 = 1000, TATXR5 = 500");
  const Decimal tax = read(order).totals.tax;
  site().sql("UPDATE F4008 SET TATXR2 = 0, TATXR5 = 0");
  EXPECT_EQ(tax, decimal("17.43")) << "20.5 percent of 60.00 and of 25.00";
}

TEST_F(JdeTruth, WhatIsExemptFromTaxHasNone) {
  const Order order = order_numbered("EXEMPT-1");
  const std::string document = placed(order);
  EXPECT_EQ(read(order).totals.tax, decimal("16.15"));
  site().sql("UPDATE F4211 SET SDEXR1 = 'E ' WHERE SDDOCO = " + document);
  EXPECT_TRUE(read(order).totals.tax.is_zero());
}

TEST_F(JdeTruth, AQuoteOrAnotherCompanysOrderIsNoOrder) {
  const Order order = order_numbered("QUOTE-1");
  const std::string document = placed(order);
  const auto find = [&](const std::string& number) {
    return orders().get_order({order.id, DocumentNumber(number)}, write_soon()).has_value();
  };
  EXPECT_TRUE(find(document + "-SO-00001"));
  for (const auto& [type, company] : {std::pair{"SQ", "00001"}, std::pair{"SO", "00002"}}) {
    for (const auto& [table, p] : {std::pair{"F4201", "SH"}, std::pair{"F4211", "SD"}})
      site().sql("UPDATE " + std::string(table) + " SET " + p + "DCTO = '" + type + "', " + p +
                 "KCOO = '" + company + "' WHERE " + p + "DOCO = " + document);
    EXPECT_FALSE(find(document + "-" + type + "-" + company)) << type << company;
  }
}

// The mark says that a job has read a record.
TEST_F(JdeTruth, AChangeThatWasCarriedOutAndDidNothingIsNoSuccess) {
  const Order order = order_numbered("IDLE-1");
  placed(order);
  const auto patient = site().adapter({}, 5'000);
  site().hold_queue(true);
  for (const char* what : {"amend", "cancel", "release"}) {
    SCOPED_TRACE(what);
    auto changed = std::async(std::launch::async, [&] {
      const OrderRef ref{order.id, {}};
      if (what[0] == 'a')
        return patient->orders()->amend_order(ref, line_amended(1, "4"), write_soon());
      if (what[0] == 'c') return patient->orders()->cancel_order(ref, {"", {}}, write_soon());
      return patient->orders()->release_order(ref, write_soon());
    });
    await([&] { return site().waiting("F47011") == 1; });
    site().sql("UPDATE F47011 SET SYEDSP = 'Y'");
    const auto answer = changed.get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::outcome_unknown) << answer.error().message;
  }
}

TEST_F(JdeTruth, AChangeThatWasRefusedInPartIsNoRefusal) {
  const Order order = order_numbered("PARTLY-1");
  const std::string document = placed(order);
  const auto patient = site().adapter({}, 5'000);
  site().hold_queue(true);
  OrderAmendment both = line_amended(1, "4");
  both.lines.push_back({2, decimal("7"), {}, {}, {}, {}});
  auto changed = std::async(std::launch::async, [&] {
    return patient->orders()->amend_order({order.id, {}}, both, write_soon());
  });
  await([&] { return site().waiting("F47011") == 1; });
  site().sql(
      "BEGIN; UPDATE F4211 SET SDUORG = 400, SDAEXP = 8000 WHERE SDLNID = 1000 AND SDDOCO = " +
      document +
      "; INSERT INTO F01131V (WVTABL, WVKEY, WVLINE, WVDTAI, WVTEXT, WVSEQ) SELECT "
      "'F47011    ', substr('00001|' || SYEDOC || '|UP' || printf('%60s', ''), 1, 60), 2000, "
      "'0372', 'No', 900000 FROM F47011 WHERE SYEDSP = 'N'; COMMIT");
  const auto answer = changed.get();
  site().sql("DELETE FROM F01131V WHERE WVSEQ = 900000");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::outcome_unknown) << answer.error().message;
}

TEST_F(JdeTruth, ALineThatHasShippedIsNotGivenAnotherPrice) {
  const Order order = order_numbered("PRICED-1");
  const std::string document = placed(order, true);
  site().people("ship", R"({"document": )" + document + "}");
  const auto amended =
      orders().amend_order({order.id, {}}, line_amended(1, "3", "1.00"), write_soon());
  ASSERT_FALSE(amended);
  EXPECT_EQ(amended.error().code, ErrorCode::rejected) << amended.error().message;
  EXPECT_EQ(amended.error().fields.at(0).pointer, "/lines/0/number");
  EXPECT_TRUE(orders().amend_order({order.id, {}}, line_amended(1, "3"), write_soon()))
      << "nothing of it changes";
}

TEST_F(JdeTruth, AnAddedLineIsNeitherAChargeNorAnotherArticleNorLeftAsItIs) {
  const auto charging =
      site().adapter(R"(, "charges": [{"kind": "shipping", "item": "FREIGHT", "line_type": "F"}])");
  OrderService& service = *charging->orders();
  Order order = order_numbered("ADDED-1");
  order.charges.push_back({"shipping", "STD", decimal("4.90"), {}});
  ASSERT_TRUE(until_known([&] { return service.place_order(order, write_soon()); }));
  const OrderRef ref{order.id, {}};
  const auto add = [&](int number, const char* sku, const char* quantity) {
    OrderAmendment amendment;
    amendment.lines.push_back({number, {}, {}, {}, {}, line(number, sku, quantity, "2.00")});
    return until_known([&] { return service.amend_order(ref, amendment, write_soon()); });
  };
  const auto charge = add(900, "1002", "1");
  ASSERT_FALSE(charge) << "it is the freight's";
  EXPECT_EQ(charge.error().fields.at(0).pointer, "/lines/0/number") << charge.error().message;
  ASSERT_TRUE(add(3, "1002", "1"));
  ASSERT_TRUE(add(3, "1002", "4"));
  const auto held = service.get_order(ref, write_soon());
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(held->lines.at(2).quantity, decimal("4"));
  EXPECT_EQ(held->totals.charges, decimal("4.90"));
  const auto other = add(3, "1003", "4");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().fields.at(0).pointer, "/lines/0/added/sku");
}

TEST_F(JdeTruth, ACopyThatIsNotOnHoldIsNoSuccess) {
  const Order order = order_numbered("UNHELD-1");
  const auto patient = site().adapter({}, 5'000);
  site().hold_queue(true);
  auto placed = std::async(std::launch::async, [&] {
    return patient->orders()->place_order(order, write_soon(Role::mirror));
  });
  await([&] { return site().waiting("F47011") == 1; });
  site().sql("UPDATE F47011 SET SYHOLD = '  ' WHERE SYEDSP = 'N'");
  site().hold_queue(false);
  const auto answer = placed.get();
  ASSERT_FALSE(answer) << "it would be sent";
  EXPECT_EQ(answer.error().code, ErrorCode::conflict) << answer.error().message;
}

TEST_F(JdeTruth, ACopyWhoseHoldSomebodyHasChangedIsPutOnHoldAgain) {
  const Order order = order_numbered("REHELD-1");
  ASSERT_TRUE(until_known([&] { return orders().place_order(order, write_soon(Role::mirror)); }));
  for (const char* theirs : {"C1", "  "}) {
    site().sql("UPDATE F4201 SET SHHOLD = '" + std::string(theirs) +
               "' WHERE SHVR01 LIKE 'WEB/REHELD-1 %'");
    ASSERT_TRUE(
        until_known([&] { return orders().follow_order(order, write_soon(Role::mirror)); }));
    EXPECT_EQ(site().value("SELECT SHHOLD FROM F4201 WHERE SHVR01 LIKE 'WEB/REHELD-1 %'"), "UP")
        << "whoever lifts theirs would send the goods a second time";
  }
}

TEST_F(JdeTruth, AnOrderOnSomebodyElsesHoldIsNotTakenBack) {
  const Order order = order_numbered("THEIRS-1");
  const std::string document = placed(order);
  site().people("hold", R"({"document": )" + document + R"(, "code": "C1"})");
  const auto blocked = orders().block_order({order.id, {}}, write_soon());
  ASSERT_FALSE(blocked) << "it is released when they lift it";
  EXPECT_EQ(blocked.error().code, ErrorCode::rejected) << blocked.error().message;
}

TEST_F(JdeTruth, AnOrderThatLacksALineOfItsRecordIsNoSuccess) {
  const Order order = order_numbered("LACKS-1");
  const std::string document = placed(order);
  site().sql("DELETE FROM F4211 WHERE SDLNID = 2000 AND SDDOCO = " + document);
  for (const auto& answer :
       {orders().find_receipt(order.id, write_soon()), orders().place_order(order, write_soon())}) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::outcome_unknown) << answer.error().message;
  }
}

TEST_F(JdeTruth, ACustomerWithoutALongNumberIsNoChannels) {
  site().sql(
      "INSERT INTO F0101 (ABAN8, ABALKY, ABALPH, ABDC, ABAT1, ABUPMJ, ABUPMT) VALUES "
      "(39999, printf('%20s', ''), 'Nameless', 'NAMELESS', 'C  ', 100001, 1); INSERT INTO "
      "F03012 (AIAN8, AICO, AIUPMJ, AIUPMT) VALUES (39999, '00000', 126001, 1)");
  CustomerQuery query;
  query.name = "Nameless";
  const auto found = customers().search_customers(query, write_soon());
  const auto told = customers().customer_changes({}, write_soon());
  site().sql("DELETE FROM F0101 WHERE ABAN8 = 39999; DELETE FROM F03012 WHERE AIAN8 = 39999");
  ASSERT_TRUE(found && told);
  EXPECT_TRUE(found->items.empty());
  EXPECT_TRUE(std::none_of(told->items.begin(), told->items.end(),
                           [](const CustomerChange& one) { return one.number.empty(); }));
}

TEST_F(JdeTruth, ACustomersChangeThatDidNothingIsNoSuccess) {
  Customer customer = customer_numbered("IDLE-C1");
  ASSERT_TRUE(until_known([&] { return customers().create_customer(customer, write_soon()); }));
  const auto patient = site().adapter({}, 5'000);
  site().hold_queue(true);
  customer.phone = "030 1";
  auto changed = std::async(std::launch::async, [&] {
    return patient->customers()->put_customer(customer, write_soon(Role::mirror));
  });
  await([&] { return site().waiting("F0101Z2") == 1; });
  site().sql("UPDATE F0101Z2 SET SZEDSP = 'Y'");
  const auto answer = changed.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::outcome_unknown) << answer.error().message;
}

TEST_F(JdeTruth, ACustomersChangeThatWasRefusedInPartIsNoRefusalAndIsTakenAway) {
  Customer customer = customer_numbered("PARTLY-C1");
  ASSERT_TRUE(until_known([&] { return customers().create_customer(customer, write_soon()); }));
  const auto patient = site().adapter({}, 5'000);
  customer.name = "Berta Adler";
  for (const bool in_part : {false, true}) {
    site().hold_queue(true);
    customer.phone = in_part ? "030 2" : "030 1";
    auto changed = std::async(std::launch::async, [&] {
      return patient->customers()->put_customer(customer, write_soon(Role::mirror));
    });
    await([&] { return site().waiting("F0101Z2") == 1; });
    // As many messages as a job can think of.
    std::string sql = "BEGIN; ";
    if (in_part) sql += "UPDATE F0101 SET ABALPH = 'Berta Adler' WHERE ABALKY LIKE 'PARTLY-C1 %'; ";
    for (int serial = 900'000; serial < 900'200; ++serial)
      sql +=
          "INSERT INTO F01131V (WVTABL, WVKEY, WVLINE, WVDTAI, WVTEXT, WVSEQ) SELECT 'F0101Z2   ', "
          "substr('UNDERPIN|' || trim(SZEDBT) || '|PARTLY-C1' || printf('%60s', ''), 1, 60), 0, "
          "'0103', 'No', " +
          std::to_string(serial) + " FROM F0101Z2 WHERE SZEDSP = 'N'; ";
    site().sql(sql + "COMMIT");
    const auto answer = changed.get();
    site().sql("DELETE FROM F01131V WHERE WVSEQ >= 900000");
    site().hold_queue(false);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, in_part ? ErrorCode::outcome_unknown : ErrorCode::rejected)
        << answer.error().message;
    EXPECT_LT(answer.error().message.size(), 400U);
    EXPECT_EQ(site().waiting("F0101Z2"), 0);
  }
}

TEST_F(JdeTruth, AnAddressThatDoesNotRuleYetIsNotTold) {
  Customer customer = customer_numbered("FUTURE-C1");
  customer.address = Address{};
  customer.address->city = "Berlin";
  ASSERT_TRUE(until_known([&] { return customers().create_customer(customer, write_soon()); }));
  site().sql(
      "UPDATE F0116 SET ALEFTB = 139001 WHERE ALAN8 = (SELECT ABAN8 FROM F0101 WHERE ABALKY "
      "LIKE 'FUTURE-C1 %')");
  const auto held = customers().get_customer(customer.number, write_soon());
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_FALSE(held->address);
}

TEST_F(JdeTruth, ACustomerThatIsSentAgainIsARepeatWhateverJdeMakesOfIt) {
  Customer customer = customer_numbered("REPEAT-C1");
  customer.currency.clear();
  customer.name = " Anna Adler ";
  customer.address = Address{};
  customer.address->region = "BY";
  ASSERT_TRUE(until_known([&] { return customers().create_customer(customer, write_soon()); }));
  const auto again = customers().create_customer(customer, write_soon());
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(site().value("SELECT AICRCD FROM F03012 c, F0101 a WHERE c.AIAN8 = a.ABAN8 AND "
                         "a.ABALKY = 'REPEAT-C1           '"),
            "EUR");
}

TEST_F(JdeTruth, ABlockThatIsNotMappedIsKept) {
  const Customer customer = customer_numbered("BLOCK-C1");
  ASSERT_TRUE(until_known([&] { return customers().create_customer(customer, write_soon()); }));
  site().people("block_customer", R"({"number": "BLOCK-C1", "blocked": "C"})");
  EXPECT_EQ(customers().get_customer(customer.number, write_soon())->blocked, CustomerBlock::all);
  CustomerAmendment amendment;
  amendment.phone = "030 2";
  ASSERT_TRUE(until_known(
      [&] { return customers().amend_customer(customer.number, amendment, {}, write_soon()); }));
  EXPECT_EQ(site().value("SELECT AIHDAR FROM F03012 c, F0101 a WHERE c.AIAN8 = a.ABAN8 AND "
                         "a.ABALKY = 'BLOCK-C1            '"),
            "C");
}

TEST_F(JdeTruth, FeedsTellWhatEachProgramStampsAndWhatHasNoStamp) {
  site().sql(
      "UPDATE F0101 SET ABUPMJ = 120001; UPDATE F03012 SET AIUPMJ = 120001; UPDATE F0116 SET "
      "ALUPMJ = 120001; UPDATE F0115 SET WPUPMJ = 120001; UPDATE F01151 SET EAUPMJ = 120001;"
      // Converted from another system.
      "UPDATE F0101 SET ABUPMJ = NULL, ABUPMT = NULL WHERE ABALKY LIKE 'C10002 %'");
  for (const char* table : {"F03012 SET AIUPMJ = 0, AIUPMT = 0 WHERE AIAN8",
                            "F0116 SET ALUPMJ = 0, ALUPMT = 0 WHERE ALAN8",
                            "F0115 SET WPUPMJ = 0, WPUPMT = 0 WHERE WPAN8",
                            "F01151 SET EAUPMJ = 0, EAUPMT = 0 WHERE EAAN8"})
    site().sql("UPDATE " + std::string(table) +
               " = (SELECT ABAN8 FROM F0101 WHERE ABALKY LIKE 'C10002 %')");
  Cursor cursor;
  const auto poll = [&] {
    std::vector<std::string> told;
    for (bool more = true; more;) {
      const auto page = customers().customer_changes(cursor, write_soon());
      if (!page) throw std::runtime_error(page.error().message);
      for (const CustomerChange& change : page->items) told.push_back(change.number.text());
      cursor = page->next;
      more = page->more;
    }
    return told;
  };
  EXPECT_THAT(poll(), testing::Contains("C10002"));
  EXPECT_THAT(poll(), testing::IsEmpty());
  site().people("change_mail", R"({"number": "C10001", "mail": "new@example.com"})");
  EXPECT_THAT(poll(), testing::ElementsAre("C10001"));
}

TEST_F(JdeTruth, AnEntryThatIsCommittedBehindAHigherOneIsTold) {
  InventoryService& stock = *adapter_->inventory();
  site().sql("UPDATE F4111 SET ILCRDJ = 120001");
  Cursor cursor;
  const auto poll = [&] {
    std::vector<std::string> told;
    for (bool more = true; more;) {
      const auto page = stock.stock_movements(cursor, write_soon());
      if (!page) throw std::runtime_error(page.error().message);
      for (const StockMovement& movement : page->items) told.push_back(movement.movement.text());
      cursor = page->next;
      more = page->more;
    }
    return told;
  };
  const auto enter = [&](const std::string& entry) {
    site().sql(
        "INSERT INTO F4111 (ILUKID, ILITM, ILLITM, ILMCU, ILTRQT, ILTREX, ILCRDJ, ILTDAY) "
        "VALUES (" +
        entry + ", 61000, '1000', '        EAST', 100, 'E" + entry + "', 139001, 0)");
  };
  EXPECT_GE(poll().size(), 180U);
  enter("900002");
  EXPECT_THAT(poll(), testing::ElementsAre("E900002"));
  EXPECT_THAT(poll(), testing::IsEmpty());
  enter("900001");                                 // Numbered before, and committed later.
  site().sql("UPDATE F4111 SET ILCRDJ = 120001");  // Time passes.
  EXPECT_THAT(poll(), testing::ElementsAre("E900001", "E900002"));
  EXPECT_THAT(poll(), testing::IsEmpty());
  for (const char* other : {"17", "1/2/3/4", "1/x", "-1/2", "1/"})
    EXPECT_FALSE(stock.stock_movements(Cursor(other), write_soon())) << other;
  site().sql("DELETE FROM F4111 WHERE ILUKID > 900000");
}

TEST_F(JdeTruth, AMovementThatWaitsIsNotRefused) {
  InventoryService& stock = *adapter_->inventory();
  StockAdjustment one;
  one.movement = MovementId{"WAITS-M1"};
  one.key = {Sku{"1042"}, LocationCode{"EAST"}};
  one.quantity = decimal("1");
  one.uom = "PCS";
  site().hold_queue(true);
  EXPECT_FALSE(stock.adjust_stock(one, write_soon()));
  // The article is taken out of the branch's range meanwhile.
  site().sql(
      "UPDATE F4102 SET IBMCU = '     ELSEWHERE' WHERE IBLITM LIKE '1042 %' AND IBMCU LIKE '% "
      "EAST'");
  const auto again = stock.adjust_stock(one, write_soon());
  site().sql("UPDATE F4102 SET IBMCU = '        EAST' WHERE IBMCU = '     ELSEWHERE'");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::outcome_unknown) << again.error().message;
}

TEST_F(JdeTruth, PricesOfAGradeOrOfNobodyAreNotForEveryone) {
  const auto row = [](const std::string& columns, const std::string& values) {
    return "INSERT INTO F4106 (BPITM, BPLITM, BPMCU, BPLOCN, BPLOTN, BPIGID, BPCGID, BPCRCD, "
           "BPUOM, "
           "BPEFTJ, BPEXDJ, BPUPRC, " +
           columns +
           ") VALUES (61000, printf('%-25s', '1000'), "
           "printf('%12s', ''), printf('%20s', ''), printf('%30s', ''), 0, 0, 'EUR', 'EA', 126001, "
           "126333, 100, " +
           values + ")";
  };
  QuoteRequest request;
  request.at = Timestamp::parse("2026-11-29T12:00:00Z").value();
  QuoteLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.quantity = decimal("1");
  request.lines.push_back(line);
  const auto quoted = [&] {
    const auto quote = adapter_->pricing()->quote(request, write_soon());
    return quote ? quote->lines.at(0).unit_price.text() : quote.error().message;
  };
  const std::string price = quoted();
  site().sql(row("BPAN8, BPLOTG, BPFRMP, BPUPMJ, BPTDAY", "0, 'B  ', 0, 126002, 1"));
  EXPECT_EQ(quoted(), price) << "of grade B";
  site().sql(row("BPAN8, BPLOTG, BPFRMP, BPUPMJ, BPTDAY", "0, '   ', 50000, 126002, 2"));
  EXPECT_EQ(quoted(), price) << "of a potency";
  site().sql(row("BPAN8, BPLOTG, BPFRMP, BPUPMJ, BPTDAY", "99999, '   ', 0, 126002, 3"));
  EXPECT_EQ(quoted(), price) << "of a customer that has no long number";
  site().sql(row("BPAN8, BPLOTG, BPFRMP, BPUPMJ, BPTDAY", "0, '   ', 0, 126002, 4"));
  EXPECT_EQ(quoted(), "0.01") << "for everyone, and it ends first";
  site().sql("UPDATE F4106 SET BPUPRC = 20000 WHERE BPUPMJ = 126002 AND BPTDAY = 4");
  EXPECT_EQ(quoted(), "2");
  site().sql(row("BPAN8, BPLOTG, BPFRMP, BPUPMJ, BPTDAY", "0, '   ', 0, 126002, 5"));
  EXPECT_EQ(quoted(), "0.01") << "the newest of two that rule alike";
  site().sql("UPDATE F4106 SET BPBSCD = '2', BPUPRC = 0 WHERE BPUPMJ = 126002 AND BPTDAY = 5");
  EXPECT_THAT(quoted(), testing::HasSubstr("calculates of its cost")) << "and is not for nothing";
  const auto changed = adapter_->pricing()->prices_changed(
      Sku{"1000"}, Timestamp::parse("2026-01-01T23:00:04Z").value(), write_soon());
  ASSERT_TRUE(changed);
  EXPECT_TRUE(std::any_of(changed->begin(), changed->end(), [](const PriceEntry& one) {
    return one.unit_price == decimal("2");
  })) << "of the same second";
  EXPECT_TRUE(std::none_of(changed->begin(), changed->end(),
                           [](const PriceEntry& one) { return one.unit_price.is_zero(); }));
  site().sql("DELETE FROM F4106 WHERE BPUPMJ = 126002");
}

}  // namespace
}  // namespace underpin::legacy::jd_edwards
