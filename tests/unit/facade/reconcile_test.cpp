#include "facade/gate_desk.h"
#include "facade/legacy_history.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

#include <array>
#include <fstream>

namespace underpin::facade::test {
namespace {

using parity::reconcile::DifferenceKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

struct ReconcileTest : FacadeFixture {
  Reconciliation begin(Capability capability) {
    const auto begun = facade->reconciliations().start(capability, {"ada", "test"});
    EXPECT_TRUE(begun) << begun.error().message;
    return begun ? *begun : Reconciliation{};
  }
  // Round after round, with time passing between them.
  Reconciliation run_to_end(std::int64_t id) {
    for (int round = 0; round < 500; ++round) {
      (void)facade->reconciliations().run();
      pass_ms(500);
      const auto now_at = facade->reconciliations().get(id);
      EXPECT_TRUE(now_at);
      if (!now_at || !now_at->running()) return now_at ? *now_at : Reconciliation{};
    }
    ADD_FAILURE() << "no end";
    return {};
  }
  Reconciliation reconciled(Capability capability) { return run_to_end(begin(capability).id); }

  std::vector<std::string> found(std::int64_t id) {
    std::vector<std::string> all;
    std::int64_t after = 0;
    do {
      const auto page = facade->reconciliations().differences(id, after, 2);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return all;
      for (const json::Value& item : page->items) {
        std::string key;
        for (const json::Member& part : item.get("key").members())
          key += (key.empty() ? "" : "@") + part.value.text();
        all.push_back(item.get("kind").text() + " " + key);
      }
      after = page->next;
    } while (after > 0);
    return all;
  }
  void stock_on(Side side, const std::string& sku, const std::string& quantity) {
    on(side).set_stock({Sku{sku}, LocationCode{"EAST"}}, *Decimal::parse(quantity));
  }
  void both_have_customers(int count) {
    for (int i = 0; i < count; ++i)
      for (const Side side : {Side::legacy, Side::cloud})
        on(side).add_customer(customer("C" + std::to_string(i)));
  }
  Repair repaired(std::int64_t id, const std::set<std::string>& kinds = {}) {
    const auto begun = facade->repairs().start(id, kinds, {"ada", "test"});
    EXPECT_TRUE(begun) << begun.error().message;
    for (int round = 0; round < 500; ++round) {
      (void)facade->repairs().run();
      settle();
      pass_ms(500);
      const auto now_at = facade->repairs().get(id);
      if (now_at && !now_at->running()) return *now_at;
    }
    ADD_FAILURE() << "no end";
    return {};
  }
};

TEST_F(ReconcileTest, FindsExactlyTheKeysThatDifferOfStock) {
  for (int i = 0; i < 700; ++i)
    for (const Side side : {Side::legacy, Side::cloud})
      stock_on(side, std::to_string(1000 + i), "5.0");
  stock_on(Side::cloud, "1003", "4");
  stock_on(Side::legacy, "9001", "1");
  stock_on(Side::cloud, "9002", "1");
  stock_on(Side::legacy, "9003", "0");  // Nothing on hand is what the other has, too.
  const Reconciliation done = reconciled(Capability::inventory);
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_EQ(done.equal, 699);
  EXPECT_EQ(done.legacy.rows, 701);
  EXPECT_THAT(found(done.id), ElementsAre("value 1003@EAST", "missing_in_cloud 9001@EAST",
                                          "missing_in_legacy 9002@EAST"));
  const auto groups = facade->reconciliations().groups(done.id);
  ASSERT_TRUE(groups);
  EXPECT_EQ(groups->items()[0].get("legacy").get("onHand").text(), "3501");
  EXPECT_EQ(groups->items()[0].get("cloud").get("onHand").text(), "3500");
  EXPECT_THAT(audit_kinds(),
              testing::IsSupersetOf({"reconciliation_started", "reconciliation_done"}));
  const auto newest = facade->reconciliations().newest(Capability::inventory);
  ASSERT_TRUE(newest && *newest);
  EXPECT_EQ((*newest)->id, done.id);
}

TEST_F(ReconcileTest, WritesWhatDiffersAsCsvAndJson) {
  both_have_customers(3);
  Customer changed = customer("C1");
  changed.name = "=cmd(), \"Ltd\"";
  cloud().add_customer(changed);
  const Reconciliation done = reconciled(Capability::customers);
  const auto csv = facade->reconciliations().file(done.id, "csv");
  ASSERT_TRUE(csv) << csv.error().message;
  EXPECT_THAT(*csv, HasSubstr("kind,group,number,legacy.name"));
  EXPECT_THAT(*csv, HasSubstr("value,EUR,C1,xxxxxxxx x9,"));
  EXPECT_THAT(*csv, HasSubstr("\"'=xxx(), \"\"xxx\"\"\""));  // No formula, and quoted.
  const auto bare = facade->reconciliations().file(done.id, "csv", true);
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_THAT(*bare, HasSubstr("value,EUR,C1,Customer C1,"));
  EXPECT_THAT(*bare, HasSubstr("\"'=cmd(), \"\"Ltd\"\"\""));
  const auto text = facade->reconciliations().file(done.id, "json", true);
  ASSERT_TRUE(text);
  const auto list = json::parse(*text);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->items()[0].get("cloud").get("name").text(), changed.name);
}

// Whoever may read the state folder may not read of whom its files are.
TEST_F(ReconcileTest, NoFileSaysWhoACustomerIs) {
  const auto in_clear = [&] {
    std::set<std::string> files;
    const auto all = std::filesystem::recursive_directory_iterator(folder / "reconcile");
    for (const auto& one : all) {
      if (!one.is_regular_file()) continue;
      std::ifstream file(one.path(), std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(file), {});
      for (const char* personal : {"Anna", "Schmidt", "Lindenweg", "example.com", "0301"})
        if (text.find(personal) != std::string::npos) files.insert(one.path().filename());
    }
    return files;
  };
  both_have_customers(3);
  for (const Side side : {Side::legacy, Side::cloud}) {
    Customer anna = customer("C1");
    anna.name = side == Side::legacy ? "Anna Schmidt" : "Anne Schmidt";
    anna.email = "anna@example.com";
    anna.phone = "0301 234567";
    anna.address = Address{};
    anna.address->line1 = "Lindenweg 7";
    anna.address->country = "DE";
    on(side).add_customer(anna);
  }
  const Reconciliation begun = begin(Capability::customers);
  std::set<std::string> seen;
  for (int round = 0; round < 500 && facade->reconciliations().get(begun.id)->running(); ++round) {
    (void)facade->reconciliations().run();
    pass_ms(500);
    EXPECT_THAT(in_clear(), testing::IsEmpty()) << "round " << round;
    for (const auto& one : std::filesystem::directory_iterator(folder / "reconcile" / "1"))
      seen.insert(one.path().filename());
  }
  EXPECT_THAT(seen,
              testing::IsSupersetOf({"legacy.rows", "cloud.rows", "open-0.rows", "confirmed.rows",
                                     "differences.csv", "differences.json"}));
  const auto mode = std::filesystem::status(folder / "reconcile" / "key").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);

  // What differs can be told without seeing it, and be seen.
  const auto masked = facade->reconciliations().differences(begun.id, 0, 10);
  ASSERT_TRUE(masked) << masked.error().message;
  const json::Value one = masked->items.at(0);
  EXPECT_EQ(one.get("legacy").get("name").text(), "xxxx xxxxxxx");
  EXPECT_EQ(one.get("legacy").get("phone").text(), "9999 999999");
  EXPECT_THAT(one.get("legacy").get("address").text(), HasSubstr("xxxxxxxxx 9"));
  EXPECT_EQ(json::write(one.get("differs")), R"(["name"])");
  const auto bare = facade->reconciliations().differences(begun.id, 0, 10, true);
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->items.at(0).get("cloud").get("name").text(), "Anne Schmidt");
  EXPECT_THAT(in_clear(), testing::IsEmpty()) << "what is shown unmasked is not written";

  // Without the key nobody reads it.
  std::filesystem::resize_file(folder / "reconcile" / "key", 0);
  std::ofstream(folder / "reconcile" / "key", std::ios::binary) << std::string(32, 'k');
  const auto refused = facade->reconciliations().differences(begun.id, 0, 10, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(ReconcileTest, WhatBecomesEqualMeanwhileDoesNotCount) {
  stock_on(Side::legacy, "1000", "5");
  stock_on(Side::cloud, "1000", "4");
  stock_on(Side::legacy, "2000", "5");
  stock_on(Side::cloud, "2000", "4");
  const Reconciliation begun = begin(Capability::inventory);
  while (facade->reconciliations().get(begun.id)->state != "verifying") {
    (void)facade->reconciliations().run();
    pass_ms(100);
  }
  stock_on(Side::cloud, "1000", "5");
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.differed, 2);
  EXPECT_EQ(done.converged, 1);
  EXPECT_THAT(found(done.id), ElementsAre("value 2000@EAST"));
}

TEST_F(ReconcileTest, WhatStillMovesIsReadAgainUntilItStands) {
  stock_on(Side::legacy, "1000", "5");
  stock_on(Side::cloud, "1000", "4");
  const Reconciliation begun = begin(Capability::inventory);
  // Another figure at every look, for two looks.
  int looks = 0;
  while (facade->reconciliations().get(begun.id)->running()) {
    const auto now_at = facade->reconciliations().get(begun.id);
    if (now_at->state == "verifying" && now_at->pass == looks && looks < 2)
      stock_on(Side::cloud, "1000", std::to_string(10 + looks++));
    (void)facade->reconciliations().run();
    pass_ms(500);
  }
  const auto done = facade->reconciliations().get(begun.id);
  EXPECT_EQ(done->unsettled, 0);
  EXPECT_GE(done->pass, 2);
  const auto page = facade->reconciliations().differences(begun.id, 0, 10);
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].get("cloud").get("onHand").text(), "11");
}

TEST_F(ReconcileTest, WhatIsOnItsWayIsNotADifference) {
  both_have_customers(2);
  move(Capability::customers, cutover::Stage::dual_write);
  cloud().set_down(true);
  Customer changed = customer("C1");
  changed.name = "Another name";
  legacy().add_customer(changed);
  ASSERT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));  // A row waits now.
  cloud().set_down(false);
  const Reconciliation done = reconciled(Capability::customers);
  EXPECT_THAT(found(done.id), ElementsAre());
  EXPECT_EQ(done.on_its_way, 1);
}

TEST_F(ReconcileTest, AnOrderThatNoPlanMirrorsIsNotMissing) {
  both_have_customers(2);
  ASSERT_LT(facade->orders().place(order("1"), write("k1")).status, 300);
  const Reconciliation done = reconciled(Capability::orders);
  EXPECT_THAT(found(done.id), ElementsAre());
  EXPECT_EQ(done.not_mirrored, 1);
}

TEST_F(ReconcileTest, AMirrorThatDiffersIsFoundLineByLine) {
  both_have_customers(2);
  move(Capability::customers, cutover::Stage::dual_write);
  move(Capability::orders, cutover::Stage::dual_write);
  ASSERT_LT(facade->orders().place(order("1"), write("k1")).status, 300);
  ASSERT_LT(facade->orders().place(order("2"), write("k2")).status, 300);
  settle();
  cloud().edit(order("2").id, *Decimal::parse("1"));
  const Reconciliation done = reconciled(Capability::orders);
  EXPECT_THAT(found(done.id), ElementsAre("value web/2@1"));
}

TEST_F(ReconcileTest, TwoDocumentsThatTheErpWillNotShowAreDuplicatesAllTheSame) {
  both_have_customers(2);
  move(Capability::customers, cutover::Stage::dual_write);
  move(Capability::orders, cutover::Stage::dual_write);
  ASSERT_LT(facade->orders().place(order("1"), write("k1")).status, 300);
  settle();
  cloud().second_document(order("1").id);
  const Reconciliation begun = begin(Capability::orders);
  for (int i = 0; i < 20; ++i) cloud().set_trap("get_order", SmallErp::Trap::refused);
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_THAT(found(done.id), ElementsAre("duplicate_in_cloud web/1@1"));
  const auto plan = facade->repairs().plan(done.id, {});
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->front().step.action.empty());
  ASSERT_TRUE(facade->repairs().start(done.id, {}, {"ada", "test"}));
  for (int round = 0; round < 20; ++round, pass_ms(3'000)) (void)facade->repairs().run();
  EXPECT_EQ(facade->repairs().get(done.id)->state, "done");
  EXPECT_EQ(facade->repairs().get(done.id)->stayed, 1);
}

TEST_F(ReconcileTest, GoesOnFromTheLastPageAfterACrash) {
  for (int i = 0; i < 900; ++i)
    for (const Side side : {Side::legacy, Side::cloud})
      stock_on(side, std::to_string(1000 + i), std::to_string(i + 1));
  stock_on(Side::cloud, "1100", "7");
  const Reconciliation begun = begin(Capability::inventory);
  (void)facade->reconciliations().run();
  pass_ms(500);
  (void)facade->reconciliations().run();
  const std::int64_t rows = facade->reconciliations().get(begun.id)->legacy.rows;
  ASSERT_EQ(rows, 400);
  const int asked = legacy().calls("get_stock");
  // A page whose state was not kept: its rows lie behind what the state says.
  std::ofstream(folder / "reconcile" / "1" / "legacy.rows", std::ios::app) << "half a page";
  open();
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_EQ(done.legacy.rows, 900);
  EXPECT_THAT(found(done.id), ElementsAre("value 1100@EAST"));
  // Three pages were left of five, and one key was read again.
  EXPECT_EQ(legacy().calls("get_stock") - asked, 3 + 1);
}

TEST_F(ReconcileTest, FilesOfAnotherStateEndIt) {
  for (int i = 0; i < 300; ++i) stock_on(Side::legacy, std::to_string(1000 + i), "1");
  const Reconciliation begun = begin(Capability::inventory);
  (void)facade->reconciliations().run();
  std::filesystem::resize_file(folder / "reconcile" / "1" / "legacy.rows", 10);
  const Reconciliation ended = run_to_end(begun.id);
  EXPECT_EQ(ended.state, "failed");
  EXPECT_THAT(ended.waits, HasSubstr("legacy.rows"));
  EXPECT_EQ(reconciled(Capability::inventory).state, "done");
}

TEST_F(ReconcileTest, WaitsForASystemThatIsAway) {
  stock_on(Side::legacy, "1", "1");
  const Reconciliation begun = begin(Capability::inventory);
  cloud().set_down(true);
  (void)facade->reconciliations().run();
  EXPECT_FALSE(facade->reconciliations().get(begun.id)->waits.empty());
  EXPECT_TRUE(facade->reconciliations().get(begun.id)->legacy.complete);
  pass_ms(2'500);
  cloud().set_down(false);
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.state, "done");
  EXPECT_THAT(found(done.id), ElementsAre("missing_in_cloud 1@EAST"));
}

TEST_F(ReconcileTest, KeepsItsPace) {
  for (int i = 0; i < 1000; ++i) stock_on(Side::legacy, std::to_string(1000 + i), "1");
  const Reconciliation begun = begin(Capability::inventory);
  int rounds = 0;
  // A hundred milliseconds hold 200 rows at 2,000 a second.
  for (int i = 0; i < 20; ++i) {
    (void)facade->reconciliations().run();
    ++rounds;
    pass_ms(50);
    if (facade->reconciliations().get(begun.id)->state != "sweeping") break;
  }
  EXPECT_GE(rounds, 8);
}

TEST_F(ReconcileTest, OneAtATimeAndMayBeStopped) {
  both_have_customers(1);
  const Reconciliation begun = begin(Capability::customers);
  const auto second = facade->reconciliations().start(Capability::inventory, {"ada", "test"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  ASSERT_TRUE(facade->reconciliations().stop(begun.id, {"ada", "enough"}));
  EXPECT_FALSE(facade->reconciliations().run());
  EXPECT_EQ(facade->reconciliations().get(begun.id)->state, "stopped");
  EXPECT_FALSE(facade->reconciliations().stop(begun.id, {"ada", "again"}));
  EXPECT_FALSE(*facade->reconciliations().newest(Capability::customers));
  EXPECT_EQ(begin(Capability::inventory).id, begun.id + 1);
}

// ---- repair

std::vector<std::string> in_words(const std::vector<RepairClass>& classes) {
  std::vector<std::string> all;
  for (const RepairClass& one : classes)
    all.push_back(one.kind + ": " +
                  (one.step.action.empty()
                       ? one.step.stays
                       : one.step.action + " to " + std::string(name(one.step.to))) +
                  " " + std::to_string(one.subjects));
  return all;
}

TEST_F(ReconcileTest, RepairsCustomersFromTheSideThatRules) {
  both_have_customers(4);
  move(Capability::customers, cutover::Stage::dual_write);
  Customer changed = customer("C1");
  changed.name = "Changed by hand";
  cloud().add_customer(changed);
  cloud().delete_customer(CustomerNumber{"C2"});
  cloud().add_customer(customer("C9"));
  const Reconciliation done = reconciled(Capability::customers);
  ASSERT_THAT(found(done.id),
              ElementsAre("value C1", "missing_in_cloud C2", "missing_in_legacy C9"));
  const auto plan = facade->repairs().plan(done.id, {});
  ASSERT_TRUE(plan);
  EXPECT_THAT(in_words(*plan),
              UnorderedElementsAre("value: put_customer to cloud 1",
                                   "missing_in_cloud: put_customer to cloud 1",
                                   "missing_in_legacy: only bc has it, and nav rules 1"));
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Changed by hand");
  const Repair repair = repaired(done.id);
  EXPECT_EQ(repair.queued, 2);
  EXPECT_EQ(repair.stayed, 1);
  EXPECT_EQ(repair.repaired, 2);
  EXPECT_EQ(repair.still_different, 1);
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Customer C1");
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "Customer C1");
  EXPECT_EQ(cloud().customers_now().count(CustomerNumber{"C2"}), 1U);
  EXPECT_EQ(legacy().customers_now().count(CustomerNumber{"C9"}), 0U);
  EXPECT_THAT(found(reconciled(Capability::customers).id), ElementsAre("missing_in_legacy C9"));
  EXPECT_THAT(audit_kinds(), testing::IsSupersetOf({"repair_started", "repair_done"}));
  // Once for each reconciliation.
  const auto again = facade->repairs().start(done.id, {}, {"ada", "test"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST_F(ReconcileTest, RepairsOnlyTheKindsThatWereAskedFor) {
  both_have_customers(4);
  move(Capability::customers, cutover::Stage::dual_write);
  Customer changed = customer("C1");
  changed.name = "Changed by hand";
  cloud().add_customer(changed);
  cloud().delete_customer(CustomerNumber{"C2"});
  const Reconciliation done = reconciled(Capability::customers);
  const Repair repair = repaired(done.id, {"missing_in_cloud"});
  EXPECT_EQ(repair.queued, 1);
  EXPECT_THAT(found(reconciled(Capability::customers).id), ElementsAre("value C1"));
}

TEST_F(ReconcileTest, RepairPostsAStockDifferenceOnceThoughItIsInterrupted) {
  for (const Side side : {Side::legacy, Side::cloud}) stock_on(side, "1000", "10");
  move(Capability::inventory, cutover::Stage::dual_write);
  stock_on(Side::cloud, "1000", "7.5");
  const Reconciliation done = reconciled(Capability::inventory);
  ASSERT_THAT(found(done.id), ElementsAre("value 1000@EAST"));
  ASSERT_TRUE(facade->repairs().start(done.id, {}, {"ada", "test"}));
  cloud().set_trap("adjust_stock", SmallErp::Trap::lost_answer);
  (void)facade->repairs().run();
  (void)facade->relay().deliver_due(Side::cloud);
  open();
  for (int round = 0; round < 100 && facade->repairs().get(done.id)->running(); ++round) {
    (void)facade->repairs().run();
    settle();
    pass_ms(2'000);
  }
  const auto repair = facade->repairs().get(done.id);
  EXPECT_EQ(repair->queued, 1);
  EXPECT_EQ(repair->repaired, 1);
  const StockKey key{Sku{"1000"}, LocationCode{"EAST"}};
  EXPECT_EQ(cloud().stock_now().at(key), *Decimal::parse("10"));
  EXPECT_EQ(legacy().stock_now().at(key), *Decimal::parse("10"));
}

TEST_F(ReconcileTest, WritesNothingWhereThePlanDoesNotWrite) {
  both_have_customers(2);
  cloud().delete_customer(CustomerNumber{"C1"});
  const Reconciliation done = reconciled(Capability::customers);
  const Repair repair = repaired(done.id);
  EXPECT_EQ(repair.queued, 0);
  EXPECT_EQ(repair.stayed, 1);
  EXPECT_EQ(cloud().customers_now().count(CustomerNumber{"C1"}), 0U);
}

TEST_F(ReconcileTest, RepairsTheCopyFromTheDocumentsHome) {
  both_have_customers(2);
  move(Capability::customers, cutover::Stage::dual_write);
  move(Capability::orders, cutover::Stage::dual_write);
  ASSERT_LT(facade->orders().place(order("1", "5"), write("k1")).status, 300);
  settle();
  cloud().edit(order("1").id, *Decimal::parse("1"));
  const Reconciliation done = reconciled(Capability::orders);
  ASSERT_THAT(found(done.id), ElementsAre("value web/1@1"));
  const Repair repair = repaired(done.id);
  EXPECT_EQ(repair.repaired, 1);
  EXPECT_EQ(cloud().orders_with(order("1").id)[0].order.lines[0].quantity, Decimal::of(5));
  EXPECT_EQ(legacy().orders_with(order("1").id)[0].order.lines[0].quantity, Decimal::of(5));
}

TEST_F(ReconcileTest, AListOfPricesThatSomebodyChangedIsPublishedAgain) {
  PriceEntry entry;
  entry.sku = Sku{"1000"};
  entry.from = Date{2026, 1, 1};
  entry.currency = "EUR";
  entry.unit_price = *Decimal::parse("9.99");
  legacy().set_price(entry);
  move(Capability::pricing, cutover::Stage::dual_write);
  settle();
  entry.unit_price = *Decimal::parse("8.99");
  cloud().set_price(entry);
  const Reconciliation done = reconciled(Capability::pricing);
  ASSERT_EQ(done.different(), 1);
  EXPECT_EQ(repaired(done.id).repaired, 1);
  EXPECT_EQ(reconciled(Capability::pricing).different(), 0);
}

TEST_F(ReconcileTest, AnOldFileSaysNothingOfNow) {
  PriceEntry entry;
  entry.sku = Sku{"1000"};
  entry.from = Date{2026, 1, 1};
  entry.currency = "EUR";
  entry.unit_price = *Decimal::parse("9.99");
  legacy().set_price(entry);
  legacy().list_made_at(Timestamp{clock}.plus_ms(-35 * 3'600'000));
  EXPECT_EQ(reconciled(Capability::pricing).different(), 1);
  legacy().list_made_at(Timestamp{clock}.plus_ms(-37 * 3'600'000));
  const Reconciliation old = reconciled(Capability::pricing);
  EXPECT_EQ(old.state, "not_compared");
  EXPECT_THAT(old.waits, HasSubstr("stale source"));
  EXPECT_EQ(old.different(), 0);
  // Nor does one that is replaced while it is read.
  legacy().list_made_at(Timestamp{clock}.plus_ms(-3'600'000));
  const Reconciliation begun = begin(Capability::pricing);
  (void)facade->reconciliations().run();
  legacy().list_made_at(Timestamp{clock});
  EXPECT_EQ(run_to_end(begun.id).state, "not_compared");
}

TEST_F(ReconcileTest, CountsWhatNobodyIsDeclaredToWrite) {
  field_owners.set(Capability::customers, "phone", {"finance", LearnedBy::feed});
  open();
  both_have_customers(4);
  Customer changed = customer("C1");
  changed.phone = "1";
  changed.name = "Changed by hand";
  cloud().add_customer(changed);
  EXPECT_THAT(reconciled(Capability::customers).undeclared,
              testing::IsEmpty());  // Not carried yet.
  cloud().add_customer(customer("C1"));
  move(Capability::customers, cutover::Stage::dual_write);
  cloud().add_customer(changed);
  changed.number = CustomerNumber{"C2"};
  changed.name = "Customer C2";
  changed.email = "C2@example.com";
  cloud().add_customer(changed);  // Only what finance may write.
  cloud().add_customer(customer("C9"));
  const Reconciliation done = reconciled(Capability::customers);
  EXPECT_EQ(done.different(), 3);
  EXPECT_THAT(done.undeclared, UnorderedElementsAre(std::pair("name", 1), std::pair("(row)", 1)));
}

TEST_F(ReconcileTest, NamesWhoMovedTheStockThatDiffers) {
  reconcile_settings.stock_posted_by["nav"] = {"WMS"};
  open();
  legacy().tells_users = true;
  const auto place = [](const char* sku) { return StockKey{Sku{sku}, LocationCode{"EAST"}}; };
  for (const char* sku : {"1000", "2000", "3000"})
    for (const Side side : {Side::legacy, Side::cloud}) stock_on(side, sku, "10");
  legacy().move_stock(place("1000"), Decimal::of(1), "EVA");
  EXPECT_TRUE(reconciled(Capability::inventory).rogue.empty());  // Not every change is carried yet.
  move(Capability::inventory, cutover::Stage::dual_write);
  legacy().move_stock(place("1000"), Decimal::of(2), "EVA");
  for (int i = 0; i < 3; ++i) legacy().move_stock(place("1000"), Decimal::of(1), "WMS");
  legacy().move_stock(place("2000"), Decimal::of(1), "WMS");
  legacy().move_stock(place("3000"), Decimal::of(1), "EVA");  // Level: the cloud has it, too.
  cloud().move_stock(place("3000"), Decimal::of(1), "BOB");
  legacy().set_trap("movements_of", SmallErp::Trap::unavailable);  // It is asked again.
  const Reconciliation done = reconciled(Capability::inventory);
  EXPECT_EQ(done.different(), 2);
  EXPECT_THAT(done.rogue, ElementsAre(testing::Pair(testing::Pair("nav", "EVA"), 2)));
  EXPECT_THAT(done.writers_not_told, ElementsAre("bc"));
  const auto page = facade->reconciliations().differences(done.id, 0, 10);
  ASSERT_EQ(page->items.size(), 2U);
  const json::Value& who = page->items[0].get("changedBy");
  ASSERT_EQ(who.size(), 2U);
  EXPECT_EQ(who.items()[0].get("user").text(), "EVA");
  EXPECT_EQ(who.items()[0].get("changes").text(), "2");
  EXPECT_FALSE(*who.items()[0].get("declared").as_bool());
  EXPECT_EQ(who.items()[1].get("user").text(), "WMS");
  EXPECT_TRUE(*who.items()[1].get("declared").as_bool());
  const auto csv = facade->reconciliations().file(done.id, "csv");
  ASSERT_TRUE(csv);
  EXPECT_THAT(*csv, HasSubstr("changedBy"));
  EXPECT_THAT(*csv, HasSubstr("nav EVA 2; nav WMS 3"));
  EXPECT_THAT(*facade->reconciliations().file(done.id, "json"), HasSubstr("\"user\":\"EVA\""));
  const json::Value shown = facade::shown(done, {}, Timestamp{clock});
  EXPECT_EQ(shown.get("rogueWriters").items()[0].get("user").text(), "EVA");
  EXPECT_EQ(shown.get("writersNotTold").items()[0].text(), "bc");
  EXPECT_THAT(json::write(last_audit()), HasSubstr("EVA"));
  // Where nobody is declared, anybody may; they are shown all the same.
  reconcile_settings.stock_posted_by.clear();
  open();
  const Reconciliation again = reconciled(Capability::inventory);
  EXPECT_TRUE(again.rogue.empty());
  EXPECT_TRUE(facade->reconciliations().differences(again.id, 0, 1)->items[0].find("changedBy"));
}

TEST_F(ReconcileTest, WhereNoErpTellsWhoChangedItThatIsSaid) {
  both_have_customers(2);
  cloud().delete_customer(CustomerNumber{"C1"});
  const Reconciliation done = reconciled(Capability::customers);
  EXPECT_THAT(done.writers_not_told, ElementsAre("bc", "nav"));
  EXPECT_EQ(facade::shown(done, {}, Timestamp{clock}).get("writersNotTold").size(), 2U);
}

TEST_F(ReconcileTest, ADifferenceThatIsGoneByItsTurnIsNotTouched) {
  for (const Side side : {Side::legacy, Side::cloud}) stock_on(side, "1000", "10");
  move(Capability::inventory, cutover::Stage::dual_write);
  stock_on(Side::cloud, "1000", "7");
  const Reconciliation done = reconciled(Capability::inventory);
  stock_on(Side::cloud, "1000", "10");
  const Repair repair = repaired(done.id);
  EXPECT_EQ(repair.level, 1);
  EXPECT_EQ(repair.queued, 0);
  EXPECT_EQ(cloud().calls("adjust_stock"), 0);
}

// Net and tax were summed up by currency only: a cent too much here and one too little there were
// equal, and nothing asked for the sums.
TEST_F(ReconcileTest, WhatEqualLinesAreApartInTaxIsMoneyAtRisk) {
  using parity::reconcile::Column;
  parity::reconcile::Shape shape;
  shape.key = {"order", "line"};
  shape.columns = {Column{"outstanding", true, true}, Column{"net", true, true, false, true},
                   Column{"tax", true, true, false, true}};
  parity::reconcile::Rows legacy_rows(shape, {}, {folder.string(), 1 << 20});
  parity::reconcile::Rows cloud_rows(shape, {}, {folder.string(), 1 << 20});
  const auto add = [](parity::reconcile::Rows& to, const char* line, const char* quantity,
                      const char* tax) {
    const std::array<std::string_view, 2> key{"web/1", line};
    const std::array<std::string_view, 3> values{quantity, "20.00", tax};
    ASSERT_TRUE(to.add("EUR", key, values));
  };
  add(legacy_rows, "1", "2", "3.80");
  add(cloud_rows, "1", "2", "3.90");
  add(legacy_rows, "2", "2.0", "3.80");
  add(cloud_rows, "2", "2", "3.70");
  add(legacy_rows, "3", "5", "1.00");
  add(cloud_rows, "3", "6", "9.00");
  ASSERT_TRUE(legacy_rows.sort());
  ASSERT_TRUE(cloud_rows.sort());
  const auto summary = parity::reconcile::compare(
      legacy_rows, cloud_rows, [](const parity::reconcile::Difference& difference) {
        EXPECT_EQ(difference.legacy, std::vector<std::string>{"5"}) << "no value of what is apart";
        return Status(Done{});
      });
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->equal, 2);
  EXPECT_EQ(summary->apart.size(), 1U);
  EXPECT_EQ(summary->apart.at("tax"), *Decimal::parse("0.20")) << "they do not cancel out";
  // The gate knows it from the newest reconciliation.
  Reconciliation done;
  done.id = 1;
  done.state = "done";
  done.started_at = done.ended_at = Timestamp{clock};
  done.apart = summary->apart;
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    keep(tx, done);
    return true;
  }));
  const auto report =
      facade->gate().judge(Capability::orders, cutover::Stage::cloud_primary, context());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->facts.money_at_risk, *Decimal::parse("0.20"));
}

// Stock that no channel has asked for was in no history, and orders older than the facade neither.
TEST_F(ReconcileTest, WhatLegacyListsIsPartOfItsHistoryForTheGate) {
  stock_on(Side::legacy, "1000", "5");
  legacy().set_stock({Sku{"1000"}, LocationCode{"WEST"}}, Decimal::of(1));
  const auto unseen = [&](Capability capability) {
    facade->ledger().flush();
    const auto report = facade->gate().judge(capability, cutover::Stage::cloud_primary, context());
    EXPECT_TRUE(report);
    return report ? report->facts.unseen : std::vector<std::string>{};
  };
  EXPECT_THAT(unseen(Capability::inventory), ElementsAre());
  (void)reconciled(Capability::inventory);
  EXPECT_THAT(unseen(Capability::inventory), ElementsAre("location EAST", "location WEST"));
  parity::LedgerEntry entry;
  entry.at = Timestamp{clock};
  entry.question = {"inventory", "get_stock", "1000@EAST", entry.at.date_utc()};
  ASSERT_TRUE(facade->ledger().record(entry));
  EXPECT_THAT(unseen(Capability::inventory), ElementsAre("location WEST"));
  const auto classes = classes_of(
      Capability::orders,
      {{"USD", {"/1", "1"}, {"C1", "1000", "PCS", "EAST", "2", "10.00", "0", "20.00", "0"}},
       {"USD", {"/1", "2"}, {"C1", "1000", "PCS", "WEST", "2", "10.00", "-1.00", "19.00", "0"}},
       {"EUR", {"/2", "1"}, {"C1", "1000", "PCS", "EAST", "2", "10.00", "0", "20.00", "0"}}});
  EXPECT_THAT(classes, UnorderedElementsAre("currency USD", "currency EUR", "several lines",
                                            "one line", "several locations", "adjusted lines"));
  ASSERT_TRUE(note_history(facade->journal(), Capability::orders, classes, Timestamp{clock}));
  ASSERT_TRUE(note_history(facade->journal(), Capability::orders, {"one line"}, Timestamp{clock}));
  EXPECT_THAT(unseen(Capability::orders), UnorderedElementsAreArray(classes));
  pass_ms(31LL * 86'400'000);
  EXPECT_THAT(unseen(Capability::orders), ElementsAre()) << "beyond historyDays";
}

}  // namespace
}  // namespace underpin::facade::test
