#include "facade/comparisons.h"

#include <gtest/gtest.h>

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
      if (entries && !entries->empty()) return entries->front().comparison;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << "nothing was recorded in 30 s";
    return {};
  }

  const std::string file_ = testing::TempDir() + "comparisons_" +
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

}  // namespace
}  // namespace underpin::facade
