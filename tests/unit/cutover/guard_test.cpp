#include "cutover/guard.h"

#include <gtest/gtest.h>

#include <random>

namespace underpin::cutover {
namespace {

Timestamp at_ms(std::int64_t ms) { return Timestamp{1'700'000'000'000'000 + ms * 1000}; }

// `looks` trials, looked at after each of them; true when a breach was ever called.
bool breaches(std::mt19937_64& random, double rate, RateLimit limit, int trials) {
  RateGuard guard("error_rate", limit);
  std::bernoulli_distribution event(rate);
  for (int i = 0; i < trials; ++i) {
    guard.count(event(random), at_ms(i * 10));
    if (guard.look(at_ms(i * 10)).verdict == GuardVerdict::breach) return true;
  }
  return false;
}

TEST(Guard, LookingAfterEveryCallRaisesNoMoreFalseAlarmsThanPromised) {
  std::mt19937_64 random(20261124);
  RateLimit limit;
  limit.limit = 0.05;
  limit.false_alarm = 0.05;
  limit.window_ms = 5'000;  // 500 trials; 6 windows.
  int alarms = 0;
  for (int run = 0; run < 400; ++run) alarms += breaches(random, 0.05, limit, 3'000);
  EXPECT_LE(alarms, 400 * 0.05 + 15) << "three standard deviations above the promise";
}

TEST(Guard, ARateWellAboveTheLimitIsFoundSoon) {
  std::mt19937_64 random(7);
  RateLimit limit;
  limit.limit = 0.02;
  int found = 0;
  for (int run = 0; run < 100; ++run) found += breaches(random, 0.2, limit, 150);
  EXPECT_GE(found, 97);
}

TEST(Guard, ARateThatRisesAfterALongQuietTimeIsFoundInItsWindow) {
  RateLimit limit;
  limit.limit = 0.02;
  limit.window_ms = 10'000;
  RateGuard guard("error_rate", limit);
  for (int i = 0; i < 100'000; ++i) guard.count(false, at_ms(i * 10));
  EXPECT_EQ(guard.look(at_ms(1'000'000)).verdict, GuardVerdict::clear);
  int needed = 0;
  while (guard.look(at_ms(1'000'000 + needed * 10)).verdict != GuardVerdict::breach) {
    guard.count(needed % 2 == 0, at_ms(1'000'000 + needed * 10));
    ASSERT_LT(++needed, 60);
  }
}

TEST(Guard, NoTrafficIsNeitherGreenNorRed) {
  RateGuard guard("error_rate", {});
  guard.restart(at_ms(0));
  EXPECT_EQ(guard.look(at_ms(0)).verdict, GuardVerdict::inconclusive);
  for (int i = 0; i < 49; ++i) guard.count(false, at_ms(i));
  EXPECT_EQ(guard.look(at_ms(50)).verdict, GuardVerdict::inconclusive);
  EXPECT_EQ(guard.look(at_ms(50)).detail, "0 of 49 (limit 5 %), 50 are needed");
  guard.count(false, at_ms(50));
  EXPECT_EQ(guard.look(at_ms(51)).verdict, GuardVerdict::clear);
  // Traffic that stops goes back to inconclusive.
  EXPECT_EQ(guard.look(at_ms(10 * 60'000)).verdict, GuardVerdict::inconclusive);
}

TEST(Guard, AnEarlyErrorAmongFewCallsIsNoBreach) {
  RateGuard guard("error_rate", {});
  guard.count(true, at_ms(0));
  EXPECT_EQ(guard.look(at_ms(1)).verdict, GuardVerdict::inconclusive);
}

TEST(Guard, ABreachStaysUntilWhatIsMeasuredChanges) {
  RateGuard guard("error_rate", {});
  for (int i = 0; i < 30; ++i) guard.count(true, at_ms(i));
  EXPECT_EQ(guard.look(at_ms(30)).verdict, GuardVerdict::breach);
  EXPECT_EQ(guard.look(at_ms(600'000)).verdict, GuardVerdict::breach);
  guard.restart(at_ms(600'001));
  EXPECT_EQ(guard.look(at_ms(600'002)).verdict, GuardVerdict::inconclusive);
}

TEST(Guard, ALevelIsMeasuredOrNotKnown) {
  EXPECT_EQ(read_level("backlog_age", false, 0, 500, "ms").verdict, GuardVerdict::inconclusive);
  EXPECT_EQ(read_level("backlog_age", true, 500, 500, "ms").verdict, GuardVerdict::clear);
  const GuardReading old = read_level("backlog_age", true, 501, 500, "ms");
  EXPECT_EQ(old.verdict, GuardVerdict::breach);
  EXPECT_EQ(old.detail, "501 ms (limit 500 ms)");
}

TEST(Guard, EvidenceBeginsAtNothingAndFallsWithEveryGoodCall) {
  EXPECT_NEAR(log_evidence_above(0.05, 0, 0), 0, 1e-12);
  EXPECT_LT(log_evidence_above(0.05, 0, 10), 0);
  EXPECT_GT(log_evidence_above(0.05, 5, 10), 5);
}

}  // namespace
}  // namespace underpin::cutover
