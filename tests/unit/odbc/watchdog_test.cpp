#include "legacy-adapters/transport/odbc/watchdog.h"

#include <gtest/gtest.h>

#include <atomic>

namespace underpin::legacy::odbc {
namespace {

using Clock = std::chrono::steady_clock;

// A cancel that reaches the driver a moment before it begins is lost; one is not enough.
TEST(Watchdog, StopsAgainUntilItIsDisarmed) {
  Watchdog watchdog;
  std::atomic<int> stops{0};
  const std::uint64_t ticket = watchdog.arm(Clock::now(), [&] { ++stops; });
  const auto end = Clock::now() + std::chrono::seconds(20);
  while (stops < 3 && Clock::now() < end) std::this_thread::yield();
  EXPECT_GE(stops, 3);
  EXPECT_TRUE(watchdog.disarm(ticket));
  const int after = stops;
  // Another entry's turn passes; the disarmed one is not run again.
  std::atomic<bool> passed{false};
  const std::uint64_t other =
      watchdog.arm(Clock::now() + std::chrono::milliseconds(50), [&] { passed = true; });
  while (!passed && Clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(watchdog.disarm(other));
  EXPECT_EQ(stops, after);
}

TEST(Watchdog, DoesNothingWhenDisarmedInTime) {
  Watchdog watchdog;
  std::atomic<int> stops{0};
  const std::uint64_t ticket = watchdog.arm(Clock::now() + std::chrono::hours(1), [&] { ++stops; });
  EXPECT_FALSE(watchdog.disarm(ticket));
  EXPECT_EQ(stops, 0);
}

}  // namespace
}  // namespace underpin::legacy::odbc
