#include "facade/clock.h"
#include "facade/guarded_port.h"
#include "facade/shadow_read.h"
#include "facade/subject_locks.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace underpin::facade {
namespace {

using std::chrono::milliseconds;

TEST(Guard, OpensAfterRepeatedFailuresAndSendsNothingThen) {
  Guard guard("nav", {4, 3, 60'000});
  int sent = 0;
  for (int i = 0; i < 5; ++i) {
    const auto result = guarded<int>(guard, deadline_in(milliseconds(100)), [&]() -> Result<int> {
      ++sent;
      return Error{ErrorCode::unavailable, "down"};
    });
    EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  }
  EXPECT_EQ(sent, 3);
  EXPECT_TRUE(guard.open());
}

TEST(Guard, ARefusalIsAHealthyAnswer) {
  Guard guard("nav", {4, 1, 60'000});
  for (int i = 0; i < 3; ++i)
    (void)guarded<int>(guard, deadline_in(milliseconds(100)), []() -> Result<int> {
      return Error{ErrorCode::rejected, "no"};
    });
  EXPECT_FALSE(guard.open());
}

TEST(Guard, ClosesAgainWhenOneCallSucceeds) {
  Guard guard("nav", {4, 1, 0});
  (void)guarded<int>(guard, deadline_in(milliseconds(100)), []() -> Result<int> {
    return Error{ErrorCode::unavailable, "down"};
  });
  const auto result =
      guarded<int>(guard, deadline_in(milliseconds(100)), []() -> Result<int> { return 1; });
  EXPECT_TRUE(result);
  EXPECT_FALSE(guard.open());
}

TEST(Guard, WaitsForAConnectionUntilTheDeadlineOnly) {
  Guard guard("nav", {1, 8, 1'000});
  ASSERT_TRUE(guard.enter(deadline_in(milliseconds(100))));
  const Status second = guard.enter(deadline_in(milliseconds(20)));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  guard.leave(true);
  EXPECT_TRUE(guard.enter(deadline_in(milliseconds(100))));
  guard.leave(true);
}

TEST(SubjectLocks, OneHolderAtATimeAndWaitingIsBounded) {
  SubjectLocks locks;
  auto held = locks.acquire("orders/web/1", deadline_in(milliseconds(10)));
  ASSERT_TRUE(held);
  EXPECT_FALSE(locks.acquire("orders/web/1", deadline_in(milliseconds(10))));
  EXPECT_TRUE(locks.acquire("orders/web/2", deadline_in(milliseconds(10))));
  auto waiting = std::async(std::launch::async, [&] {
    return static_cast<bool>(locks.acquire("orders/web/1", deadline_in(std::chrono::seconds(10))));
  });
  held = SubjectLocks::Held{};
  EXPECT_TRUE(waiting.get());
}

TEST(ShadowQueue, DropsAndCountsWhenItIsFull) {
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  ShadowQueue queue(1, 2);
  std::promise<void> begun;
  ASSERT_TRUE(queue.offer([&] {
    begun.set_value();
    opened.wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(queue.offer([] {}));
  EXPECT_TRUE(queue.offer([] {}));
  EXPECT_FALSE(queue.offer([] {}));
  EXPECT_EQ(queue.dropped(), 1u);
  gate.set_value();
  EXPECT_TRUE(queue.drain(deadline_in(std::chrono::seconds(10))));
  EXPECT_EQ(queue.finished(), 3u);
}

TEST(ShadowQueue, AThrowingTaskEndsNothing) {
  ShadowQueue queue(1, 4);
  queue.offer([] { throw std::runtime_error("boom"); });
  bool ran = false;
  queue.offer([&] { ran = true; });
  EXPECT_TRUE(queue.drain(deadline_in(std::chrono::seconds(10))));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace underpin::facade
