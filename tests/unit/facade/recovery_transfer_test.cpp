// Backups that were taken while an order was being moved to another home.
#include "facade/transfer.h"
#include "tests/unit/facade/recovery_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using testing::HasSubstr;

struct RecoveryOfTransfers : RecoveryTest {
  RecoveryOfTransfers() {
    cutover_settings.transfer.open = TransferPolicy::move;
    cutover_settings.transfer.part_shipped = TransferPolicy::move;
    cutover_settings.transfer.prepaid = TransferPolicy::move;
    cutover_settings.transfer.per_minute = 1'000'000;
    open();
  }
  void begin() {
    TransferWish wish;
    wish.to = Side::cloud;
    wish.all = true;
    const auto started = facade->transfers().start(Capability::orders, wish, {"ada", "test"});
    ASSERT_TRUE(started) << started.error().message;
  }
  void carry_out() {
    for (int round = 0; round < 10; ++round) {
      for (int i = 0; i < 10; ++i) (void)facade->transfers().run();
      settle();
      pass_ms(1'000);
    }
  }
  SmallErp::Held held(Side side) {
    const auto all = on(side).orders_with(order("1").id);
    EXPECT_EQ(all.size(), 1u) << name(side);
    return all.empty() ? SmallErp::Held{} : all.front();
  }
  void is_at_home_in(Side side) {
    EXPECT_EQ(document("1").home, side);
    EXPECT_TRUE(held(side).released) << "its home executes it";
    EXPECT_FALSE(held(other(side)).released) << "the copy is inert";
    EXPECT_TRUE(document("1").mirrored);
  }
  std::string states_of_transfers() {
    std::string text;
    const auto all = facade->transfers().list();
    EXPECT_TRUE(all);
    for (const TransferStatus& one : *all) text += one.record.state + " ";
    return text;
  }
  void is_whole() {
    const auto seen = facade->orders().get("1", context());
    ASSERT_TRUE(seen) << seen.error().message;
    ASSERT_EQ(seen->value.lines.size(), 1u);
    EXPECT_EQ(seen->value.lines[0].quantity, Decimal::of(10));
    EXPECT_EQ(seen->value.lines[0].shipped_quantity, Decimal::of(shipped));
    EXPECT_EQ(seen->value.lines[0].outstanding(), Decimal::of(10 - shipped));
  }
  void place_and_ship() {
    dual_write();
    ASSERT_EQ(facade->orders().place(order("1", "10"), write("k1")).status, 201);
    settle();
    if (shipped > 0) legacy().ship_part(order("1").id, 1, Decimal::of(shipped));
    settle();
  }
  int shipped = 0;
};

class BackupAtStep : public RecoveryOfTransfers,
                     public testing::WithParamInterface<std::tuple<Step, int>> {
 protected:
  BackupAtStep() { shipped = std::get<1>(GetParam()); }
  void back_up_at_step() {
    on_step = [this](Step step, const std::string& subject) {
      if (step != std::get<0>(GetParam()) || subject != "web/1" || taken) return;
      taken = true;
      const auto backed_up = journal::back_up(store(), file(), Timestamp{clock});
      ASSERT_TRUE(backed_up.has_value()) << backed_up.error().message;
    };
    place_and_ship();
    open();
    begin();
  }
  bool taken = false;
};

TEST_P(BackupAtStep, OfAMoveThatWentOnTheOrderLivesWhereItIsExecuted) {
  back_up_at_step();
  carry_out();
  ASSERT_TRUE(taken) << "the step was not passed";
  is_at_home_in(Side::cloud);
  on_step = {};
  restore_backup();
  EXPECT_EQ(recover().state, "open") << state().waits;
  carry_out();
  is_at_home_in(Side::cloud);
  is_whole();
  EXPECT_TRUE(exceptions().empty()) << exceptions().at(0).kind << exceptions().at(0).detail;
  EXPECT_EQ(states_of_transfers(), "done ") << "another can be begun";
}

TEST_P(BackupAtStep, OfAMoveThatEndedThereTheOrderIsReleasedInOneHome) {
  back_up_at_step();
  for (int i = 0; i < 200 && !taken; ++i) (void)facade->transfers().run();
  for (int i = 0; i < 10 && !taken; ++i) (void)facade->relay().deliver_due(Side::cloud);
  ASSERT_TRUE(taken) << "the step was not passed";
  const SmallErp::Held legacy_then = held(Side::legacy);
  (void)legacy_then;
  on_step = {};
  restore_backup();
  EXPECT_EQ(recover().state, "open") << state().waits;
  carry_out();
  is_at_home_in(document("1").home);
  is_whole();
  EXPECT_TRUE(exceptions().empty()) << exceptions().at(0).kind << exceptions().at(0).detail;
  EXPECT_EQ(states_of_transfers(), "done ") << "another can be begun";
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

TEST_F(RecoveryOfTransfers, AMoveSinceTheBackupIsSeenWithWhatHadLeftBefore) {
  shipped = 3;
  place_and_ship();
  take_backup();
  begin();
  carry_out();
  is_at_home_in(Side::cloud);
  is_whole();
  restore_backup();
  EXPECT_EQ(recover().state, "open") << state().waits;
  carry_out();
  is_at_home_in(Side::cloud);
  is_whole();
  EXPECT_TRUE(exceptions().empty()) << exceptions().at(0).kind << exceptions().at(0).detail;
}

}  // namespace
}  // namespace underpin::facade::test
