#include "facade/journal/backup.h"
#include "facade/recovery.h"
#include "tests/unit/facade/replicas/two_replicas.h"

namespace underpin::facade {
namespace {

struct RecoveryReplicas : test::TwoReplicas {
  // An order that both have, a backup, a loss, and two replicas that find it so.
  void lose_the_journal() {
    first = replica("first");
    for (const Capability capability : {Capability::customers, Capability::orders})
      ASSERT_NO_FATAL_FAILURE(to_dual_write(*first, capability));
    ASSERT_EQ(first->orders().place(order(), write("k1")).status, 201);
    settle(*first);
    for (const Side side : {Side::legacy, Side::cloud})
      ASSERT_TRUE(first->feeds().poll_stock(side, context()));
    const std::string file = (folder / "backup").string();
    const Timestamp now = system_now();
    ASSERT_TRUE(journal::back_up(journal, file, now).has_value());
    first.reset();
    const auto restored = restore_closed(journal, file, "olga", now);
    ASSERT_TRUE(restored.has_value()) << restored.error().message;
    first = replica("first");
    second = replica("second");
    ASSERT_TRUE(first && second);
    ASSERT_TRUE(
        first->recovery().start("olga", "disk lost", false, std::int64_t{3'600'000}).has_value());
    const Deadline give_up = deadline_in(std::chrono::seconds(20));
    while (state().phase != "orders legacy" && ms_left(give_up) > 0)
      (void)first->recovery().advance(context());
    ASSERT_EQ(state().phase, "orders legacy");
  }
  RecoveryState state() { return *second->recovery().state(); }
  std::unique_ptr<Facade> first;
  std::unique_ptr<Facade> second;
};

TEST_F(RecoveryReplicas, OneThatStoodStillFindsTheRecoveryOverAndChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(lose_the_journal());
  // It has read legacy and is about to read the cloud: the other carries on and opens writes, and
  // the order moves.
  bool stood_still = false;
  cloud->before("get_order", [&] {
    stood_still = true;
    for (int i = 0; i < 300 && state().state == "running"; ++i)
      (void)second->recovery().advance(context());
    EXPECT_EQ(state().state, "open") << state().waits;
    TransferWish wish;
    wish.all = true;
    EXPECT_TRUE(second->transfers().start(Capability::orders, wish, {"ada", "test"}).has_value());
    for (int i = 0; i < 10; ++i) {
      (void)second->transfers().run();
      settle(*second);
    }
    EXPECT_EQ(document(*second).home, Side::cloud);
    EXPECT_TRUE(released(Side::cloud));
  });
  EXPECT_FALSE(first->recovery().advance(context()));
  ASSERT_TRUE(stood_still);
  EXPECT_EQ(document(*second).home, Side::cloud);
  EXPECT_EQ(state().state, "open");
  EXPECT_FALSE(first->recovery().advance(context()));
  EXPECT_EQ(state().state, "open");
  EXPECT_EQ(second->orders().cancel("1", {}, {}, write("c1")).status, 200);
}

// Nobody has a claim at that moment, and the recovery still runs.
TEST_F(RecoveryReplicas, OneThatStoodStillDoesNotTurnTheRecoveryBack) {
  ASSERT_NO_FATAL_FAILURE(lose_the_journal());
  RecoveryState reached;
  cloud->before("get_order", [&] {
    for (int i = 0; i < 20 && state().phase != "counting legacy"; ++i)
      (void)second->recovery().advance(context());
    reached = state();
  });
  EXPECT_FALSE(first->recovery().advance(context()));
  ASSERT_EQ(reached.phase, "counting legacy");
  EXPECT_EQ(state().phase, "counting legacy");
  EXPECT_EQ(state().step, reached.step);
  EXPECT_EQ(state().counts, reached.counts);
}

}  // namespace
}  // namespace underpin::facade
