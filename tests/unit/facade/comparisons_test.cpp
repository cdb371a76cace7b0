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
