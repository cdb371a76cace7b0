#include "tests/unit/facade/replicas/two_replicas.h"

#include <thread>

namespace underpin::facade {
namespace {

struct TransferReplicas : test::TwoReplicas {};

TEST_F(TransferReplicas, OneThatHangsBeforeTheSwapIsOvertakenAndSwapsNothingWhenItWakes) {
  std::unique_ptr<Facade> second;
  int hung = 0;
  const auto first = replica("first", [&](Step step, const std::string&) {
    if (step != Step::levelled || ++hung > 1) return;
    // It stands still here. A channel's change that the other replica gets is refused meanwhile.
    const Answer meanwhile = second->orders().cancel("1", {"", {}}, {}, write("c1"));
    EXPECT_EQ(meanwhile.status, 409) << meanwhile.body;
    EXPECT_FALSE(released(Side::legacy) || released(Side::cloud));
    // It looks at the old home once more, and then stands still again, right before the swap. Its
    // time is up: the other takes the document over, finds that it must stay, and releases it.
    before_write = [&] {
      cloud->total_becomes(order().id, Decimal::of(99));
      const Deadline give_up = deadline_in(std::chrono::seconds(30));
      while (second->writes().resolve_outcomes(context()) == 0 && ms_left(give_up) > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      for (int i = 0; i < 3; ++i) (void)second->relay().deliver_due(Side::legacy);
      EXPECT_TRUE(released(Side::legacy)) << "it went back to work";
    };
  });
  ASSERT_TRUE(first);
  for (const Capability capability : {Capability::customers, Capability::orders})
    ASSERT_NO_FATAL_FAILURE(to_dual_write(*first, capability));
  ASSERT_EQ(first->orders().place(order(), write("k1")).status, 201);
  settle(*first);
  second = replica("second");
  ASSERT_TRUE(second);
  TransferWish wish;
  wish.all = true;
  const auto begun = first->transfers().start(Capability::orders, wish, {"ada", "test"});
  ASSERT_TRUE(begun) << begun.error().message;
  for (int i = 0; i < 4 && hung == 0; ++i) (void)first->transfers().run();
  ASSERT_EQ(hung, 1);
  settle(*first);
  settle(*second);
  EXPECT_EQ(document(*second).home, Side::legacy);
  EXPECT_TRUE(released(Side::legacy));
  EXPECT_FALSE(released(Side::cloud)) << "what it had decided is not in force any more";
  const auto status = second->transfers().status(begun->record.id);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->counts.at("stayed"), 1);
}

}  // namespace
}  // namespace underpin::facade
