#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

#include <fstream>

namespace underpin::facade::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

// A nightly list of legacy's against a cloud that is in use.
struct CutOffTest : FacadeFixture {
  CutOffTest() {
    for (int i = 1000; i < 1006; ++i)
      for (const Side side : {Side::legacy, Side::cloud}) price(side, std::to_string(i), "9.99");
  }
  void price(Side side, const std::string& sku, const std::string& price) {
    PriceEntry entry;
    entry.sku = Sku{sku};
    entry.from = Date{2026, 1, 1};
    entry.currency = "EUR";
    entry.unit_price = *Decimal::parse(price);
    on(side).set_price(entry);
  }
  void list_made_now(const std::string& batch = "B1") {
    legacy().list_made_at(Timestamp{clock}, batch);
  }
  void cloud_dates_prices() {
    cloud().price_clock = [this] { return Timestamp{clock}; };
  }
  Snapshot run_snapshot(std::int64_t id) {
    for (int round = 0; round < 100; ++round) {
      (void)facade->snapshots().run();
      pass_ms(500);
      const auto now_at = facade->snapshots().get(id);
      EXPECT_TRUE(now_at);
      if (!now_at || now_at->state != "reading") return now_at ? *now_at : Snapshot{};
    }
    ADD_FAILURE() << "no end";
    return {};
  }
  Snapshot taken() {
    const auto begun = facade->snapshots().start(Capability::pricing, {"ada", "test"});
    EXPECT_TRUE(begun) << begun.error().message;
    return begun ? run_snapshot(begun->id) : Snapshot{};
  }
  // What happens by itself, for a while.
  void run_by_itself() {
    for (int round = 0; round < 20; ++round) {
      (void)facade->snapshots().run();
      pass_ms(1'000);
    }
  }
  Reconciliation reconciled(bool at_cut_off = false) {
    const auto begun =
        facade->reconciliations().start(Capability::pricing, {"ada", "test"}, at_cut_off);
    EXPECT_TRUE(begun) << begun.error().message;
    for (int round = 0; begun && round < 500; ++round) {
      (void)facade->reconciliations().run();
      pass_ms(500);
      const auto now_at = facade->reconciliations().get(begun->id);
      if (now_at && !now_at->running()) return *now_at;
    }
    ADD_FAILURE() << "no end";
    return {};
  }
  std::vector<std::string> found(const Reconciliation& of) {
    std::vector<std::string> all;
    const auto page = facade->reconciliations().differences(of.id, 0, 100);
    EXPECT_TRUE(page);
    for (const json::Value& item : page->items)
      all.push_back(item.get("kind").text() + " " + item.get("key").get("sku").text() + " " +
                    item.get("legacy").get("unitPrice").text() + "/" +
                    item.get("cloud").get("unitPrice").text());
    return all;
  }
  std::filesystem::path rows_of(const Snapshot& snapshot) {
    return folder / "snapshots" / ("pricing-" + std::to_string(snapshot.id) + ".rows");
  }
};

TEST_F(CutOffTest, AnOldListIsHeldAgainstTheSnapshotOfItsCutOff) {
  price(Side::cloud, "1001", "8.88");
  list_made_now();
  pass_ms(10 * minute_ms);
  const Snapshot snapshot = taken();
  EXPECT_EQ(snapshot.state, "kept");
  EXPECT_EQ(snapshot.rows, 6);
  EXPECT_EQ(snapshot.checksum.size(), 64U);
  pass_ms(40 * hour_ms);
  price(Side::cloud, "1002", "7.77");  // Somebody's work of the day.
  price(Side::cloud, "1001", "8.00");  // It was wrong before.
  const int whole_lists = legacy().whole_lists;
  const Reconciliation done = reconciled();
  // A list of any size: of when it is, is asked without its rows.
  EXPECT_EQ(legacy().whole_lists, whole_lists);
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_EQ(done.basis, "snapshot");
  EXPECT_EQ(done.snapshot, snapshot.id);
  EXPECT_EQ(done.equal, 5);
  EXPECT_THAT(found(done), ElementsAre("value 1001 9.99/8.88"));
  EXPECT_EQ(done.as_of(), done.cut_off);
  EXPECT_LT(done.as_of(), done.started_at.plus_ms(-40 * hour_ms));
}

TEST_F(CutOffTest, WithoutASnapshotWhatChangedSinceIsTakenOut) {
  cloud_dates_prices();
  price(Side::cloud, "1001", "8.88");
  pass_ms(minute_ms);
  list_made_now();
  pass_ms(40 * hour_ms);
  price(Side::cloud, "1002", "7.77");
  price(Side::cloud, "2000", "1.00");
  cloud().remove_price(Sku{"1003"});
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_EQ(done.basis, "rolled_back");
  EXPECT_THAT(found(done), ElementsAre("value 1001 9.99/8.88"));
  EXPECT_THAT(done.not_compared,
              UnorderedElementsAre(Pair("changedSinceCutOff", 2), Pair("mayBeRemovedSince", 1)));
  const json::Value shown = facade::shown(done, {}, Timestamp{clock});
  EXPECT_EQ(shown.get("notCompared").get("changedSinceCutOff").text(), "2");
  EXPECT_EQ(shown.get("basis").text(), "rolled_back");
}

TEST_F(CutOffTest, WhatIsChangedWhileItIsReadAgainIsTakenOut) {
  cloud_dates_prices();
  price(Side::cloud, "1001", "8.88");
  pass_ms(minute_ms);
  list_made_now();
  pass_ms(40 * hour_ms);
  const auto begun = facade->reconciliations().start(Capability::pricing, {"ada", "test"});
  while (facade->reconciliations().get(begun->id)->state != "verifying") {
    (void)facade->reconciliations().run();
    pass_ms(100);
  }
  price(Side::cloud, "1001", "6.66");
  while (facade->reconciliations().get(begun->id)->running()) {
    (void)facade->reconciliations().run();
    pass_ms(500);
  }
  const auto done = facade->reconciliations().get(begun->id);
  EXPECT_EQ(done->different(), 0);
  EXPECT_THAT(done->not_compared, ElementsAre(Pair("changedSinceCutOff", 1)));
}

TEST_F(CutOffTest, WithNeitherItIsNotCompared) {
  list_made_now();
  pass_ms(40 * hour_ms);
  price(Side::cloud, "1002", "7.77");
  const Reconciliation old = reconciled();
  EXPECT_EQ(old.state, "not_compared");
  EXPECT_THAT(old.waits, HasSubstr("stale source"));
  EXPECT_EQ(old.different(), 0);
  EXPECT_FALSE(*facade->reconciliations().newest(Capability::pricing));
}

TEST_F(CutOffTest, ASnapshotOfAnotherTimeDoesNotStandForTheCutOff) {
  (void)taken();
  pass_ms(90 * minute_ms);
  list_made_now();
  pass_ms(90 * minute_ms);
  (void)taken();
  pass_ms(40 * hour_ms);
  EXPECT_EQ(reconciled().state, "not_compared");
}

TEST_F(CutOffTest, TheNearestSnapshotIsTaken) {
  (void)taken();
  pass_ms(50 * minute_ms);
  const Snapshot near = taken();
  pass_ms(5 * minute_ms);
  list_made_now();
  pass_ms(30 * minute_ms);
  (void)taken();
  pass_ms(40 * hour_ms);
  EXPECT_EQ(reconciled().snapshot, near.id);
}

TEST_F(CutOffTest, ASnapshotWhoseFileIsNotWhatItWasIsNotUsed) {
  list_made_now();
  const Snapshot snapshot = taken();
  {
    std::fstream file(rows_of(snapshot), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(rows_of(snapshot)) - 3));
    file.put('!');
  }
  pass_ms(40 * hour_ms);
  EXPECT_EQ(reconciled().state, "not_compared");
  EXPECT_EQ(facade->snapshots().get(snapshot.id)->state, "damaged");
  cloud_dates_prices();
  EXPECT_EQ(reconciled().basis, "rolled_back");
}

TEST_F(CutOffTest, AListThatCameLaterIsWhatTheCloudHoldsFromThenOn) {
  price(Side::cloud, "1001", "8.88");  // Of yesterday's list.
  list_made_now();
  (void)taken();
  pass_ms(10 * minute_ms);
  move(Capability::pricing, cutover::Stage::dual_write);
  settle();
  pass_ms(40 * hour_ms);
  // The snapshot is from before the list came.
  EXPECT_EQ(reconciled().state, "not_compared");
  list_made_now("B2");
  (void)facade->feeds().poll_prices(context());
  settle();
  const Snapshot after = taken();
  pass_ms(40 * hour_ms);
  price(Side::cloud, "1002", "7.77");
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.snapshot, after.id);
  EXPECT_FALSE(done.arrived.empty());
  EXPECT_EQ(done.different(), 0);
}

TEST_F(CutOffTest, WhatHasComeSinceIsLevel) {
  price(Side::cloud, "1001", "8.88");
  list_made_now();
  (void)taken();
  pass_ms(40 * hour_ms);
  price(Side::cloud, "1001", "9.99");
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.different(), 0);
  EXPECT_EQ(done.converged, 1);
}

TEST_F(CutOffTest, AFreshListIsHeldAgainstNowUnlessTheCutOffIsAskedFor) {
  cloud_dates_prices();
  price(Side::cloud, "1001", "8.88");
  pass_ms(minute_ms);
  list_made_now();
  pass_ms(minute_ms);
  price(Side::cloud, "1002", "7.77");
  EXPECT_THAT(found(reconciled()), ElementsAre("value 1001 9.99/8.88", "value 1002 9.99/7.77"));
  EXPECT_THAT(found(reconciled(true)), ElementsAre("value 1001 9.99/8.88"));
}

TEST_F(CutOffTest, OnlyWhatHasACutOffIsHeldAgainstOne) {
  const Act act{"ada", "test"};
  for (const Capability capability :
       {Capability::orders, Capability::inventory, Capability::customers}) {
    const auto refused = facade->reconciliations().start(capability, act, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_FALSE(facade->snapshots().start(capability, act));
  }
}

TEST_F(CutOffTest, NothingOfACutOffIsRepaired) {
  move(Capability::pricing, cutover::Stage::dual_write);
  settle();
  list_made_now("B2");
  (void)facade->feeds().poll_prices(context());
  settle();
  price(Side::cloud, "1001", "8.88");
  (void)taken();
  const Reconciliation done = reconciled(true);
  ASSERT_EQ(done.different(), 1);
  const auto refused = facade->repairs().start(done.id, {}, {"ada", "test"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("cut-off"));
  EXPECT_FALSE(facade->repairs().plan(done.id, {}));
}

// ---- snapshots

TEST_F(CutOffTest, ASnapshotGoesOnFromTheLastPageAfterACrash) {
  reconcile_settings.page = 2;
  open();
  const auto begun = facade->snapshots().start(Capability::pricing, {"ada", "test"});
  ASSERT_TRUE(begun);
  (void)facade->snapshots().run();
  EXPECT_EQ(facade->snapshots().get(begun->id)->rows, 2);
  std::ofstream(folder / "snapshots" / "pricing-1.part", std::ios::app) << "half a page";
  open();
  const Snapshot done = run_snapshot(begun->id);
  EXPECT_EQ(done.state, "kept") << done.waits;
  EXPECT_EQ(done.rows, 6);
  EXPECT_FALSE(std::filesystem::exists(folder / "snapshots" / "pricing-1.part"));
}

TEST_F(CutOffTest, OneSnapshotIsReadAtATime) {
  const auto begun = facade->snapshots().start(Capability::pricing, {"ada", "test"});
  ASSERT_TRUE(begun);
  const auto second = facade->snapshots().start(Capability::pricing, {"ada", "test"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(CutOffTest, ASnapshotThatTakesTooLongStandsForNothing) {
  cloud().set_down(true);
  const auto begun = facade->snapshots().start(Capability::pricing, {"ada", "test"});
  ASSERT_TRUE(begun);
  (void)facade->snapshots().run();
  EXPECT_THAT(facade->snapshots().get(begun->id)->waits, HasSubstr("down"));
  cloud().set_down(false);
  reconcile_settings.page = 2;
  open();
  (void)facade->snapshots().run();
  pass_ms(3 * hour_ms);
  (void)facade->snapshots().run();
  const auto ended = facade->snapshots().get(begun->id);
  EXPECT_EQ(ended->state, "failed");
  EXPECT_THAT(ended->waits, HasSubstr("longer"));
}

TEST_F(CutOffTest, EqualContentHasTheSameChecksumWhateverItsOrder) {
  const Snapshot first = taken();
  price(Side::cloud, "1001", "8.88");
  const Snapshot second = taken();
  price(Side::cloud, "1001", "9.99");
  const Snapshot third = taken();
  EXPECT_NE(first.checksum, second.checksum);
  EXPECT_EQ(first.checksum, third.checksum);
}

TEST_F(CutOffTest, OnlySoManySnapshotsAreKeptAndOnlySoLong) {
  reconcile_settings.snapshots.kept = 2;
  open();
  const Snapshot first = taken();
  (void)taken();
  (void)taken();
  EXPECT_EQ(facade->snapshots().list()->size(), 2U);
  EXPECT_FALSE(facade->snapshots().get(first.id));
  EXPECT_FALSE(std::filesystem::exists(rows_of(first)));
  pass_ms(15 * 24 * hour_ms);
  const Snapshot last = taken();
  ASSERT_EQ(facade->snapshots().list()->size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(rows_of(last)));
}

TEST_F(CutOffTest, ANewListIsFollowedByASnapshotOnceItHasArrived) {
  reconcile_settings.snapshots.plans[Capability::pricing].on_new_list = true;
  open();
  list_made_now();
  run_by_itself();
  ASSERT_EQ(facade->snapshots().list()->size(), 1U);
  EXPECT_EQ(facade->snapshots().list()->front().state, "kept");
  run_by_itself();
  EXPECT_EQ(facade->snapshots().list()->size(), 1U);  // Once for each list.

  move(Capability::pricing, cutover::Stage::dual_write);
  settle();
  price(Side::legacy, "1001", "5.55");
  list_made_now("B2");
  run_by_itself();
  EXPECT_EQ(facade->snapshots().list()->size(), 1U);  // The cloud has not got it.
  (void)facade->feeds().poll_prices(context());
  settle();
  run_by_itself();
  ASSERT_EQ(facade->snapshots().list()->size(), 2U);
  pass_ms(40 * hour_ms);
  price(Side::cloud, "1002", "7.77");
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.basis, "snapshot");
  EXPECT_EQ(done.equal, 6);
}

TEST_F(CutOffTest, AListThatIsOldWhenItIsMetGetsNoSnapshot) {
  reconcile_settings.snapshots.plans[Capability::pricing].on_new_list = true;
  list_made_now();
  pass_ms(2 * hour_ms);
  open();
  run_by_itself();
  EXPECT_TRUE(facade->snapshots().list()->empty());
}

TEST_F(CutOffTest, EveryDayAtItsTimeASnapshotIsTaken) {
  SnapshotPlan& plan = reconcile_settings.snapshots.plans[Capability::pricing];
  plan.zone = "Europe/Berlin";
  plan.at_minutes = 150;
  open();
  clock = Timestamp::parse("2026-11-24T01:29:00Z")->micros;  // 02:29 there.
  run_by_itself();
  EXPECT_TRUE(facade->snapshots().list()->empty());
  pass_ms(minute_ms);
  run_by_itself();
  run_by_itself();
  EXPECT_EQ(facade->snapshots().list()->size(), 1U);
  // A day on which nobody was there to take it in time has none.
  clock = Timestamp::parse("2026-11-25T03:00:00Z")->micros;
  run_by_itself();
  EXPECT_EQ(facade->snapshots().list()->size(), 1U);
  clock = Timestamp::parse("2026-11-26T01:31:00Z")->micros;
  run_by_itself();
  EXPECT_EQ(facade->snapshots().list()->size(), 2U);
}

}  // namespace
}  // namespace underpin::facade::test
