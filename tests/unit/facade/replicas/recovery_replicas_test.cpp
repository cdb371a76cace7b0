#include "facade/journal/backup.h"
#include "facade/recovery.h"
#include "tests/unit/facade/replicas/two_replicas.h"

namespace underpin::facade {
namespace {

struct RecoveryReplicas : test::TwoReplicas {};

TEST_F(RecoveryReplicas, OneThatStoodStillFindsTheRecoveryOverAndChangesNothing) {
  std::unique_ptr<Facade> first = replica("first");
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
  std::unique_ptr<Facade> second = replica("second");
  ASSERT_TRUE(first && second);
  ASSERT_TRUE(
      first->recovery().start("olga", "disk lost", false, std::int64_t{3'600'000}).has_value());
  const auto state = [&] { return *second->recovery().state(); };
  const Deadline give_up = deadline_in(std::chrono::seconds(20));
  while (state().phase != "orders legacy" && ms_left(give_up) > 0)
    (void)first->recovery().advance(context());
  ASSERT_EQ(state().phase, "orders legacy");
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

}  // namespace
}  // namespace underpin::facade
