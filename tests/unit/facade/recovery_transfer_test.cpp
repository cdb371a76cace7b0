// Backups that were taken while an order was being moved to another home, or before that.
#include "tests/unit/facade/recovery_fixture.h"

namespace underpin::facade::test {
namespace {

class BackupAtStep : public MovedOrders, public testing::WithParamInterface<std::tuple<Step, int>> {
 protected:
  BackupAtStep() { shipped = std::get<1>(GetParam()); }
  // `dies`: nothing more is done then; both ERPs are out of reach until the restore.
  void back_up_at_step(bool dies) {
    on_step = [this, dies](Step step, const std::string& subject) {
      if (step != std::get<0>(GetParam()) || subject != "web/1" || taken) return;
      taken = true;
      const auto backed_up = journal::back_up(store(), file(), Timestamp{clock});
      ASSERT_TRUE(backed_up.has_value()) << backed_up.error().message;
      if (!dies) return;
      legacy().set_down(true);
      cloud().set_down(true);
    };
    place_and_ship();
    open();
    begin(Side::cloud);
  }
  void recovers() {
    on_step = {};
    for (SmallErp* erp : {&legacy(), &cloud()}) erp->set_down(false);
    restore_backup();
    EXPECT_EQ(recover().state, "open") << state().waits;
    carry_out();
  }
  bool taken = false;
};

TEST_P(BackupAtStep, OfAMoveThatWentOnTheOrderLivesWhereItIsExecuted) {
  back_up_at_step(false);
  carry_out();
  ASSERT_TRUE(taken) << "the step was not passed";
  is_at_home_in(Side::cloud);
  recovers();
  is_at_home_in(Side::cloud);
  is_whole("1");
  EXPECT_EQ(kinds(), "");
  EXPECT_EQ(states_of_transfers(), "done ") << "another can be begun";
}

TEST_P(BackupAtStep, OfAMoveThatEndedThereTheOrderIsReleasedWhereTheJournalHasIt) {
  back_up_at_step(true);
  for (int i = 0; i < 200 && !taken; ++i) (void)facade->transfers().run();
  for (int i = 0; i < 10 && !taken; ++i) (void)facade->relay().deliver_due(Side::cloud);
  ASSERT_TRUE(taken) << "the step was not passed";
  recovers();
  const Step step = std::get<0>(GetParam());
  // A move that was opened only is begun anew, since nothing of it was done.
  const bool stays = step == Step::blocked || step == Step::levelled;
  is_at_home_in(stays || step == Step::opened ? Side::legacy : Side::cloud);
  is_whole("1");
  EXPECT_EQ(kinds(), "");
  EXPECT_EQ(states_of_transfers(), "done ") << "another can be begun";
}

// The default: somebody decides on what lies unreleased, and is told of it.
TEST_P(BackupAtStep, WhatIsNotReleasedIsAskedAbout) {
  recovery_settings.release_unreleased = false;
  back_up_at_step(true);
  for (int i = 0; i < 200 && !taken; ++i) (void)facade->transfers().run();
  for (int i = 0; i < 10 && !taken; ++i) (void)facade->relay().deliver_due(Side::cloud);
  ASSERT_TRUE(taken) << "the step was not passed";
  recovers();
  const Side home = document("1").home;
  EXPECT_FALSE(held(Side::legacy).released && held(Side::cloud).released);
  EXPECT_NE(held(home).released, kinds() == "unreleased_after_restore ");
  is_whole("1");
}

INSTANTIATE_TEST_SUITE_P(Steps, BackupAtStep,
                         testing::Combine(testing::Values(Step::opened, Step::blocked,
                                                          Step::levelled, Step::moved, Step::closed,
                                                          Step::relayed),
                                          testing::Values(0, 3)),
                         [](const auto& tested) {
                           return std::string(name(std::get<0>(tested.param))) + "_shipped_" +
                                  std::to_string(std::get<1>(tested.param));
                         });

TEST_F(MovedOrders, SinceTheBackupAreSeenWithWhatHadLeftBefore) {
  shipped = 3;
  place_and_ship();
  take_backup();
  begin(Side::cloud);
  carry_out();
  is_at_home_in(Side::cloud);
  restored_and_recovered();
  is_at_home_in(Side::cloud);
  is_whole("1");
  EXPECT_EQ(kinds(), "");
}

TEST_F(MovedOrders, ThatTheBackupDoesNotKnowAreSeenWithWhatHadLeftBefore) {
  for (const bool read_while_closed : {false, true}) {
    for (const std::int64_t left_later : {0, 2}) {
      anew();
      shipped = 3;
      dual_write();
      take_backup();
      place_and_ship();
      begin(Side::cloud);
      carry_out();
      if (left_later > 0) cloud().ship_part(order("1").id, 1, Decimal::of(left_later));
      settle();
      shipped += left_later;
      restore_backup();
      if (read_while_closed) {
        EXPECT_TRUE(facade->orders().get("1", context()));
      }
      ASSERT_EQ(recover().state, "open");
      carry_out();
      is_at_home_in(Side::cloud);
      is_whole("1");
      EXPECT_EQ(kinds(), "");
      EXPECT_NE(facade->orders().cancel("1", {}, {}, write("w1")).status, 200) << "a part has left";
    }
  }
}

TEST_F(MovedOrders, AndMovedBackHaveTheirPartsOnce) {
  shipped = 3;
  place_and_ship();
  begin(Side::cloud);
  carry_out();
  is_at_home_in(Side::cloud);
  take_backup();
  begin(Side::legacy);
  carry_out();
  is_at_home_in(Side::legacy);
  restored_and_recovered();
  is_at_home_in(Side::legacy);
  is_whole("1");
}

// Nothing tells of it any more: it was blocked long before the backup.
TEST_F(MovedOrders, OfWhichTheMoveIsGivenUpAreReleasedThoughNoFeedTellsOfThem) {
  place_and_ship();
  for (int i = 0; i < 40; ++i) cloud().set_trap("get_order", Trap::unavailable);
  begin(Side::cloud);
  for (int i = 0; i < 3; ++i) (void)facade->transfers().run();
  ASSERT_FALSE(held(Side::legacy).released);
  for (int i = 0; i < 20; ++i) {
    pass_ms(60'000);
    for (const Side side : {Side::legacy, Side::cloud})
      (void)facade->feeds().poll_orders(side, context()).has_value();
  }
  take_backup();
  restore_backup();
  ASSERT_TRUE(facade->recovery().start("olga", "disk lost", false, std::int64_t{600'000}));
  run_to_end();
  EXPECT_EQ(state().counts["intents_given_up"], 1);
  carry_out();
  is_at_home_in(Side::legacy);
}

// Orders that are older than the facade: in the other ERP their identity names the first.
struct OlderOrders : MovedOrders {
  // Backs up at that step of the move; `dies`: nothing more is done then.
  void restored_at(Step at, bool dies) {
    bool taken = false;
    on_step = [&](Step step, const std::string&) {
      if (step != at || taken) return;
      taken = true;
      ASSERT_TRUE(journal::back_up(store(), file(), Timestamp{clock}).has_value());
      if (dies) cloud().set_down(true);
    };
    open();
    number = legacy().own_order(order("x", "10"), true);
    settle();
    dual_write();
    settle();
    if (shipped > 0)
      legacy().ship_part(legacy().document(number).order.id, 1, Decimal::of(shipped));
    TransferWish wish;
    wish.to = Side::cloud;
    wish.subjects = {"/" + number.text()};
    ASSERT_TRUE(facade->transfers().start(Capability::orders, wish, {"ada", "test"}));
    for (int i = 0; i < 5; ++i) (void)facade->transfers().run();
    ASSERT_TRUE(taken);
    cloud().set_down(false);
    on_step = {};
    restored_and_recovered();
  }
  bool released(Side side) {
    if (side == Side::legacy) return legacy().document(number).released;
    return cloud().orders_with({ChannelId{"nav"}, OrderNumber{number.text()}}).at(0).released;
  }
  DocumentNumber number;
};

TEST_F(OlderOrders, ThatWereTakenBackToBeMovedAreReleasedAgain) {
  restored_at(Step::blocked, true);
  EXPECT_TRUE(released(Side::legacy));
  EXPECT_FALSE(released(Side::cloud));
  EXPECT_EQ(kinds(), "");
}

// That a part has left says nothing of its release, and it is looked at by several phases.
TEST_F(OlderOrders, OfWhichAPartHasLeftAreReleasedAgain) {
  shipped = 3;
  restored_at(Step::blocked, true);
  EXPECT_EQ(legacy().document(number).order.lines.at(0).shipped_quantity, Decimal::of(3));
  EXPECT_TRUE(released(Side::legacy));
  EXPECT_FALSE(released(Side::cloud));
  EXPECT_EQ(kinds(), "");
}

TEST_F(OlderOrders, ThatWereTakenBackToBeMovedAreAskedAbout) {
  recovery_settings.release_unreleased = false;
  restored_at(Step::blocked, true);
  EXPECT_FALSE(released(Side::legacy));
  EXPECT_EQ(kinds(), "unreleased_after_restore ");
}

TEST_F(OlderOrders, ThatWereMovedAreReleasedInTheirNewHome) {
  restored_at(Step::moved, true);
  EXPECT_FALSE(released(Side::legacy));
  EXPECT_TRUE(released(Side::cloud));
  EXPECT_EQ(kinds(), "");
}

}  // namespace
}  // namespace underpin::facade::test
