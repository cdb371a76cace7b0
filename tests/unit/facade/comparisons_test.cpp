#include "facade/comparisons.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

namespace underpin::facade {
namespace {

// What one side answers to each look, in order; the last answer stays.
struct Answers {
  std::vector<std::string> stock;
  std::atomic<std::size_t> at{0};
  parity::Side next() {
    const std::size_t i = std::min(at++, stock.size() - 1);
    parity::Side side;
    json::Value document = json::Value::object();
    document.set("onHand", stock[i]);
    side.document = document;
    return side;
  }
};

class ComparisonsTest : public testing::Test {
 protected:
  ComparisonsTest() : queue_(1, 100) {
    std::filesystem::remove(file_);
    ledger_ = parity::open_ledger({file_}).value();
    systems_.legacy.name = "nav";
    systems_.cloud.name = "bc";
  }
  ~ComparisonsTest() override {
    queue_.stop();
    ledger_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file_ + suffix);
  }

  // The verdict once it is in the ledger.
  parity::Comparison compared(Answers& legacy, Answers& cloud) {
    Comparisons comparisons(systems_, *ledger_, {}, queue_, system_now);
    ShadowCheck check;
    check.capability = Capability::inventory;
    check.operation = "get_stock";
    check.subject = "1000@EAST";
    check.answered = legacy.next();
    check.ask = [&](Side side) { return side == Side::legacy ? legacy.next() : cloud.next(); };
    comparisons.begin(std::move(check));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < give_up) {
      ledger_->flush();
      const auto entries = ledger_->entries({});
      if (entries && !entries->empty()) {
        // What compares is still at work after it has recorded.
        EXPECT_TRUE(queue_.drain(give_up));
        return entries->front().comparison;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << "nothing was recorded in 30 s";
    return {};
  }

  const std::string file_ = testing::TempDir() + "comparisons_" + std::to_string(::getpid()) + "_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
  Systems systems_;
  std::unique_ptr<parity::Ledger> ledger_;
  ShadowQueue queue_;
};

TEST_F(ComparisonsTest, TheSameSubjectsAreComparedEachTimeAndNoMoreThanTheirShare) {
  const Comparisons tenth(systems_, *ledger_, {}, queue_, system_now, 10'000);
  const Comparisons other_replica(systems_, *ledger_, {}, queue_, system_now, 10'000);
  const Comparisons half(systems_, *ledger_, {}, queue_, system_now, 50'000);
  const Comparisons all(systems_, *ledger_, {}, queue_, system_now);
  const Comparisons none(systems_, *ledger_, {}, queue_, system_now, 0);
  int compared = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string subject = "C" + std::to_string(i);
    if (tenth.compares(subject)) ++compared;
    ASSERT_EQ(tenth.compares(subject), other_replica.compares(subject));
    ASSERT_LE(tenth.compares(subject), half.compares(subject)) << "a larger share drops none";
    ASSERT_TRUE(all.compares(subject));
    ASSERT_FALSE(none.compares(subject));
  }
  EXPECT_NEAR(compared, 1'000, 150);
}

TEST_F(ComparisonsTest, ASubjectOutsideTheShareIsNotAskedAgain) {
  Comparisons comparisons(systems_, *ledger_, {}, queue_, system_now, 0);
  Answers legacy{{"100"}};
  ShadowCheck check;
  check.subject = "1000@EAST";
  check.answered = legacy.next();
  bool asked = false;
  check.ask = [&](Side) {
    asked = true;
    return legacy.next();
  };
  comparisons.begin(std::move(check));
  ASSERT_TRUE(queue_.drain(std::chrono::steady_clock::now() + std::chrono::seconds(30)));
  EXPECT_FALSE(asked);
  EXPECT_EQ(comparisons.left_out(Capability::orders).skipped, 1);
  EXPECT_EQ(comparisons.left_out(Capability::orders).dropped, 0);
}

TEST_F(ComparisonsTest, WhatAQueueHasNoRoomForIsCounted) {
  ShadowQueue full(0, 1);
  Comparisons comparisons(systems_, *ledger_, {}, full, system_now);
  for (int i = 0; i < 3; ++i) {
    ShadowCheck check;
    check.capability = Capability::inventory;
    check.subject = "1000@EAST";
    check.ask = [](Side) { return parity::Side{}; };
    comparisons.begin(std::move(check));
  }
  EXPECT_EQ(comparisons.left_out(Capability::inventory).dropped, 2);
  EXPECT_EQ(comparisons.left_out(Capability::orders).dropped, 0);
}

// Seen once, while values move, it is neither right nor wrong.
TEST_F(ComparisonsTest, ADifferenceThatThereIsNoRoomToLookAtAgainIsNotCompared) {
  ShadowQueue small(0, 1);
  Comparisons comparisons(systems_, *ledger_, {}, small, system_now);
  Answers legacy{{"100"}};
  Answers cloud{{"93"}};
  const auto check = [&] {
    ShadowCheck made;
    made.capability = Capability::inventory;
    made.operation = "get_stock";
    made.subject = "1000@EAST";
    made.answered = legacy.next();
    made.ask = [&](Side side) {
      // The room that it has left is taken meanwhile.
      if (side == Side::cloud && small.waiting() < 2) {
        EXPECT_TRUE(small.offer([] {}));
      }
      return side == Side::legacy ? legacy.next() : cloud.next();
    };
    return made;
  };
  comparisons.begin(check());
  ASSERT_TRUE(small.run_due());
  ledger_->flush();
  const auto entries = ledger_->entries({});
  ASSERT_TRUE(entries && entries->size() == 1);
  EXPECT_EQ(entries->front().comparison.verdict, parity::Verdict::not_compared);
  EXPECT_EQ(entries->front().comparison.reason, "there was no room to look again");
  EXPECT_TRUE(entries->front().comparison.differences.empty());
}

TEST_F(ComparisonsTest, WhatWaitsWhenItStopsIsCounted) {
  {
    ShadowQueue still(0, 10);
    for (int i = 0; i < 3; ++i) {
      ShadowCheck check;
      check.capability = Capability::inventory;
      check.subject = "1000@EAST";
      check.ask = [](Side) { return parity::Side{}; };
      Comparisons own(systems_, *ledger_, {}, still, system_now);
      own.begin(std::move(check));
      EXPECT_EQ(own.left_out(Capability::inventory).dropped, 0);
      if (i == 2) {
        still.stop();
        EXPECT_EQ(own.left_out(Capability::inventory).dropped, 1);
      }
    }
  }
}

TEST_F(ComparisonsTest, ADifferenceThatStaysIsAMismatchEvenWhenBothSidesMove) {
  Answers legacy{{"100", "98", "90"}};
  Answers cloud{{"93", "91", "83"}};
  const parity::Comparison comparison = compared(legacy, cloud);
  EXPECT_EQ(comparison.verdict, parity::Verdict::mismatch);
  EXPECT_EQ(legacy.at, 3U);
}

TEST_F(ComparisonsTest, ADifferenceThatChangesFromLookToLookIsLookedAtOnceMore) {
  Answers legacy{{"100", "100", "90", "90"}};
  Answers cloud{{"93", "93", "100", "90"}};
  const parity::Comparison comparison = compared(legacy, cloud);
  EXPECT_EQ(comparison.verdict, parity::Verdict::late);
  EXPECT_EQ(legacy.at, 4U);
}

TEST_F(ComparisonsTest, ADifferenceThatNeverSettlesIsAMismatchInTheEnd) {
  Answers legacy{{"100"}};
  Answers cloud{{"99", "98", "97", "96", "95", "94", "93"}};
  const parity::Comparison comparison = compared(legacy, cloud);
  EXPECT_EQ(comparison.verdict, parity::Verdict::mismatch);
  EXPECT_EQ(cloud.at, 7U);
}

// Time goes on only when the test says so.
class ManualClock final : public MonotonicClock {
 public:
  Deadline now() const override { return now_; }
  bool wait_until(std::unique_lock<std::mutex>&, std::condition_variable&, Deadline,
                  const std::function<bool()>& ready) override {
    return ready();
  }
  void pass(std::chrono::milliseconds time) { now_ += time; }

 private:
  Deadline now_{std::chrono::hours(1)};
};

// Comparisons in virtual time: back-off is not waited for.
class LooksTest : public testing::Test {
 protected:
  LooksTest() : queue_(0, 100) {
    use_monotonic_clock(&clock_);
    std::filesystem::remove(file_);
    ledger_ = parity::open_ledger({file_}).value();
    systems_.legacy.name = "nav";
    systems_.cloud.name = "bc";
  }
  ~LooksTest() override {
    queue_.stop();
    ledger_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file_ + suffix);
    use_monotonic_clock(nullptr);
  }

  Timestamp now() const {
    return {std::chrono::duration_cast<std::chrono::microseconds>(clock_.now().time_since_epoch())
                .count()};
  }

  ShadowCheck check(Answers& legacy, Answers& cloud) {
    ShadowCheck check;
    check.capability = Capability::inventory;
    check.operation = "get_stock";
    check.subject = "1000@EAST";
    check.answered = legacy.next();
    check.ask = [&](Side side) { return side == Side::legacy ? legacy.next() : cloud.next(); };
    return check;
  }

  // What is in the ledger when all looks have been taken.
  std::vector<parity::LedgerEntry> after(ShadowCheck check, const parity::Rules& rules = {},
                                         const ComparisonSettings& settings = {}) {
    Comparisons comparisons(
        systems_, *ledger_, rules, queue_, [this] { return now(); }, cutover::whole_share,
        settings);
    comparisons.begin(std::move(check));
    while (queue_.waiting() > 0)
      if (!queue_.run_due()) clock_.pass(std::chrono::milliseconds(100));
    ledger_->flush();
    return *ledger_->entries({});
  }

  const std::string file_ = testing::TempDir() + "looks_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
  ManualClock clock_;
  Systems systems_;
  std::unique_ptr<parity::Ledger> ledger_;
  ShadowQueue queue_;
};

parity::Rules with_rule(const std::string& rule) {
  return parity::read_rules(R"({"version":"7","rules":[)" + rule + "]}").value();
}

TEST_F(LooksTest, AVolatileFieldIsGivenLongerBeforeItCounts) {
  Answers legacy{{"100"}};
  Answers cloud{{"99"}};
  const auto entries =
      after(check(legacy, cloud),
            with_rule(R"({"name":"stock moves","path":"/onHand","volatile":true})"));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::mismatch);
  EXPECT_EQ(cloud.at, 5U);
  EXPECT_EQ(legacy.at, 5U) << "the primary may have moved: it is asked again each time";
}

TEST_F(LooksTest, AnyOtherFieldIsLookedAtThreeTimes) {
  Answers legacy{{"100"}};
  Answers cloud{{"99"}};
  after(check(legacy, cloud));
  EXPECT_EQ(cloud.at, 3U);
}

TEST_F(LooksTest, LateSaysHowLongItTookToBecomeEqual) {
  Answers legacy{{"100"}};
  Answers cloud{{"99", "99", "100"}};
  const auto entries = after(check(legacy, cloud));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::late);
  EXPECT_GE(entries[0].comparison.converged_ms, 2'400);
  EXPECT_LE(entries[0].comparison.converged_ms, 2'700);
}

TEST_F(LooksTest, WhatIsTooOldIsNotCompared) {
  Answers legacy{{"100"}};
  Answers cloud{{"99"}};
  ComparisonSettings settings;
  settings.max_age_ms[Capability::inventory] = 60'000;
  ShadowCheck old = check(legacy, cloud);
  old.answered.as_of = now().plus_ms(-60'001);
  auto entries = after(std::move(old), {}, settings);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::not_compared);
  EXPECT_EQ(entries[0].comparison.reason.rfind("stale source: nav is of ", 0), 0U);
  ShadowCheck fresh = check(legacy, cloud);
  fresh.answered.as_of = now().plus_ms(-1'000);
  entries = after(std::move(fresh), {}, settings);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].comparison.verdict, parity::Verdict::mismatch);
}

TEST_F(LooksTest, WithoutAnAnswerBothSidesAreAsked) {
  Answers legacy{{"100"}};
  Answers cloud{{"100"}};
  ShadowCheck held = check(legacy, cloud);
  held.answered = {};
  const auto entries = after(std::move(held));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::match);
  EXPECT_EQ(legacy.at, 2U);
}

TEST_F(LooksTest, AnEntrySaysByWhichRulesAndCanBeJudgedAgain) {
  Answers legacy{{"100"}};
  Answers cloud{{"99"}};
  ShadowCheck of_web = check(legacy, cloud);
  of_web.cohort = {{"channels", {"web"}}};
  const parity::Rules rules =
      with_rule(R"({"name":"web","path":"/onHand","absolute":"1","cohort":{"channels":["web"]}})");
  const auto entries = after(std::move(of_web), rules);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::tolerated);
  EXPECT_EQ(entries[0].rules, parity::identity(rules));
  EXPECT_TRUE(entries[0].is_pair);
  EXPECT_EQ(entries[0].question.cohort.at("channels"), std::vector<std::string>{"web"});
}

// A mirror that the other ERP refused, and people know of: it is no mismatch, and counted.
TEST_F(ComparisonsTest, AKnownDifferenceCoversARefusedMirrorByWhatItSays) {
  const parity::Rules rules = *parity::read_rules(R"({"version":"7","knownDifferences":[
      {"name":"closed months","capability":"orders","answers":[{"system":"nav","answered":true},
       {"system":"bc","code":"rejected","message":"*period is closed*"}],"owner":"o","reason":"r",
       "ticket":"t","approvedBy":"q","expires":"2099-12-31","budget":{"hits":5}}]})");
  Comparisons comparisons(systems_, *ledger_, rules, queue_, system_now);
  journal::OutboxRow row;
  row.capability = Capability::orders;
  row.side = Side::cloud;
  row.operation = "amend_order";
  row.subject = "web/1";
  comparisons.record_refused_mirror(row, {ErrorCode::rejected, "The period is closed"});
  row.subject = "web/2";
  comparisons.record_refused_mirror(row, {ErrorCode::rejected, "The customer is blocked"});
  ledger_->flush();
  const auto entries = ledger_->entries({});
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].comparison.verdict, parity::Verdict::known_difference);
  EXPECT_EQ((*entries)[0].comparison.differences.at(0).rule, "closed months");
  EXPECT_EQ((*entries)[1].comparison.verdict, parity::Verdict::mismatch);
  EXPECT_EQ(ledger_->known_uses()->at("closed months").documents, 1);
}

}  // namespace
}  // namespace underpin::facade
