#include "parity/ledger.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace underpin::parity {
namespace {

struct LedgerTest : testing::Test {
  LedgerTest() {
    folder = std::filesystem::temp_directory_path() /
             ("underpin-ledger-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~LedgerTest() override { std::filesystem::remove_all(folder); }
  std::string file() const { return (folder / "parity.db").string(); }

  static LedgerEntry entry(Verdict verdict, const std::string& subject) {
    LedgerEntry entry;
    entry.at = *Timestamp::parse("2026-11-24T10:00:00Z");
    entry.question = {"orders", "get_order", subject, Date{2026, 11, 24}};
    entry.primary_system = "nav";
    entry.secondary_system = "bc";
    entry.primary_micros = 1500;
    entry.secondary_micros = 2500;
    entry.primary_document = R"({"a":1})";
    entry.secondary_document = R"({"a":2})";
    entry.comparison.verdict = verdict;
    entry.comparison.suppressed["clock"] = 2;
    if (verdict == Verdict::mismatch)
      entry.comparison.differences.push_back(
          {"/lines/10/unitPrice", Kind::value, Verdict::mismatch, "\"1.00\"", "\"1.01\"", ""});
    return entry;
  }

  std::filesystem::path folder;
};

TEST_F(LedgerTest, SumsUpByOperationFieldAndVerdict) {
  auto opened = open_ledger({file()});
  ASSERT_TRUE(opened);
  Ledger& ledger = *opened.value();
  for (int i = 0; i < 3; ++i) ledger.record(entry(Verdict::match, "web/1"));
  for (int i = 0; i < 7; ++i) ledger.record(entry(Verdict::mismatch, "web/2"));
  ledger.flush();
  const auto summary = ledger.summary();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->comparisons, 10);
  EXPECT_EQ(summary->by_verdict.at("match"), 3);
  ASSERT_EQ(summary->operations.size(), 1u);
  EXPECT_EQ(summary->operations[0].suppressed.at("clock"), 20);
  EXPECT_EQ(summary->operations[0].primary.p50_micros, 1500);
  ASSERT_EQ(summary->fields.size(), 1u);
  EXPECT_EQ(summary->fields[0].path, "/lines/*/unitPrice");
  EXPECT_EQ(summary->fields[0].by_verdict.at("mismatch"), 7);
  EXPECT_EQ(summary->fields[0].samples.size(), 5u);
}

TEST_F(LedgerTest, IsReadByAnotherProcessWhileItIsWritten) {
  auto opened = open_ledger({file()});
  ASSERT_TRUE(opened);
  opened.value()->record(entry(Verdict::mismatch, "web/1"));
  opened.value()->flush();
  const auto reader = open_ledger_read_only(file());
  ASSERT_TRUE(reader) << reader.error().message;
  const auto entries = reader.value()->entries({"orders", "mismatch", "web/1"});
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->at(0).comparison.differences.at(0).secondary, "\"1.01\"");
}

TEST_F(LedgerTest, KeepsWhatItHadAfterReopening) {
  {
    auto opened = open_ledger({file()});
    ASSERT_TRUE(opened);
    opened.value()->record(entry(Verdict::match, "web/1"));
  }
  auto opened = open_ledger({file()});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened.value()->summary()->comparisons, 1);
}

TEST_F(LedgerTest, DropsAndCountsRatherThanWaits) {
  LedgerSettings settings{file()};
  settings.queue_limit = 1;
  auto opened = open_ledger(settings);
  ASSERT_TRUE(opened);
  Ledger& ledger = *opened.value();
  int dropped = 0;
  for (int i = 0; i < 20'000 && dropped == 0; ++i)
    dropped += ledger.record(entry(Verdict::match, "web/1")) ? 0 : 1;
  ASSERT_EQ(dropped, 1);
  ledger.flush();
  while (!ledger.record(entry(Verdict::match, "web/1"))) ledger.flush();
  ledger.flush();
  EXPECT_GE(ledger.summary()->dropped, 1);
}

TEST_F(LedgerTest, TakesEntriesFromManyThreads) {
  auto opened = open_ledger({file()});
  ASSERT_TRUE(opened);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) opened.value()->record(entry(Verdict::match, "web/1"));
    });
  for (std::thread& thread : threads) thread.join();
  opened.value()->flush();
  EXPECT_EQ(opened.value()->summary()->comparisons, 400);
}

}  // namespace
}  // namespace underpin::parity
