#include "legacy-adapters/iseries_batch/price_store.h"
#include "legacy-adapters/iseries_batch/settings.h"
#include "tests/unit/iseries_batch/batch_site.h"

#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace underpin::legacy::iseries_batch {
namespace {

// A price file with `rows` rows, as the iSeries writes one.
void write_price_file(std::ostream& output, std::int64_t run, int rows, const char* price) {
  edi::FixedWriter writer(output, format_of(FileKind::prices, {}), "\r\n");
  EXPECT_TRUE(writer.begin({{"FILE", std::string("PRC")},
                            {"RUN", Decimal::of(run)},
                            {"HDATE", Date{2026, 11, 28}},
                            {"HTIME", Decimal::of(23'000)}}));
  for (int i = 0; i < rows; ++i) {
    std::string sku = std::to_string(1'000'000 + i);
    EXPECT_TRUE(writer.record("price", {{"SKU", sku},
                                        {"TYPE", std::string("A")},
                                        {"FROM", Date{2026, 1, 1}},
                                        {"UOM", std::string("PCS")},
                                        {"CUR", std::string("EUR")},
                                        {"PRICE", decimal(price)},
                                        {"TAXINC", std::string("N")}}));
  }
  EXPECT_TRUE(writer.end({}));
}

std::string price_file(std::int64_t run, int rows, const char* price = "1.00") {
  std::ostringstream output;
  write_price_file(output, run, rows, price);
  return output.str();
}

class Prices : public testing::Test {
 protected:
  Status take(PriceStore& store, const std::string& text, const std::string& checksum) {
    std::istringstream input(text);
    return store.take(
        edi::reading(input), checksum, {wire_, zone_, none_, none_}, false,
        Timestamp::start_of(Date{2026, 11, 28}),
        [this](Refusal refusal) { refusals_.push_back(std::move(refusal)); },
        [this] { ++reported_; });
  }
  test::TemporaryFolder folder_{"iseries-prices"};
  Wire wire_;
  std::string zone_ = "Europe/Berlin";
  CodeTable none_;
  std::vector<Refusal> refusals_;
  int reported_ = 0;
};

TEST_F(Prices, AListIsInForceAsAWholeAndSurvivesARestart) {
  {
    PriceStore store(folder_.path());
    EXPECT_EQ(store.in_force(), nullptr);
    ASSERT_TRUE(take(store, price_file(1, 3), "one"));
    const auto old = store.in_force();
    ASSERT_NE(old, nullptr);
    ASSERT_TRUE(take(store, price_file(2, 2, "2.00"), "two"));
    EXPECT_EQ(store.in_force()->head().run, 2);
    EXPECT_EQ(store.in_force()->rows_of(Sku{"1000000"}).at(0).unit_price, decimal("2.00"));
    EXPECT_TRUE(store.in_force()->rows_of(Sku{"1000002"}).empty());
    EXPECT_EQ(old->rows_of(Sku{"1000000"}).at(0).unit_price, decimal("1.00"))
        << "who reads the old list reads it to its end";
  }
  const PriceStore again(folder_.path());
  ASSERT_NE(again.in_force(), nullptr);
  EXPECT_EQ(again.in_force()->head().run, 2);
  EXPECT_EQ(again.in_force()->head().rows, 2);
}

TEST_F(Prices, AFileThatItsTrailerDoesNotConfirmChangesNothing) {
  PriceStore store(folder_.path());
  ASSERT_TRUE(take(store, price_file(1, 3), "one"));
  std::string cut = price_file(2, 3);
  cut.resize(cut.rfind("TRL"));
  const Status refused = take(store, cut, "cut");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(store.in_force()->head().run, 1);
  std::string wrong = price_file(2, 3);
  wrong.replace(wrong.find("000000001000{"), 13, "000000009000{");
  const Status hash = take(store, wrong, "wrong");
  ASSERT_FALSE(hash.has_value());
  EXPECT_NE(hash.error().message.find("HASH1"), std::string::npos) << hash.error().message;
  EXPECT_EQ(store.in_force()->head().run, 1);
}

TEST_F(Prices, AnOlderListIsRefusedAndTheSameIsARepeat) {
  PriceStore store(folder_.path());
  ASSERT_TRUE(take(store, price_file(7, 1), "seven"));
  const Status same = take(store, price_file(7, 1), "seven");
  ASSERT_FALSE(same.has_value());
  EXPECT_EQ(same.error().code, ErrorCode::conflict);
  for (const std::int64_t run : {6, 7}) {
    const Status old = take(store, price_file(run, 1, "3.00"), "other");
    ASSERT_FALSE(old.has_value());
    EXPECT_EQ(old.error().code, ErrorCode::invalid_request);
  }
}

TEST_F(Prices, ABadRowIsPutAsideAndTheOthersRule) {
  std::ostringstream output;
  edi::FixedWriter writer(output, format_of(FileKind::prices, {}));
  ASSERT_TRUE(writer.begin(
      {{"FILE", std::string("PRC")}, {"RUN", Decimal::of(1)}, {"HDATE", Date{2026, 11, 28}}}));
  const auto row = [&](const char* sku, const char* type, const char* code) {
    ASSERT_TRUE(writer.record("price", {{"SKU", std::string(sku)},
                                        {"TYPE", std::string(type)},
                                        {"CODE", std::string(code)},
                                        {"FROM", Date{2026, 1, 1}},
                                        {"CUR", std::string("EUR")},
                                        {"PRICE", decimal("1.2345")}}));
  };
  row("1", "A", "");
  row("2", "Q", "");
  row("3", "G", "");
  row("1", "A", "");
  row("4", "C", "C1");
  ASSERT_TRUE(writer.end({}));
  PriceStore store(folder_.path());
  ASSERT_TRUE(take(store, output.str(), "x"));
  EXPECT_EQ(store.in_force()->head().rows, 2);
  ASSERT_EQ(refusals_.size(), 3u);
  EXPECT_EQ(text(refusals_[0]), "line 3: price, TYPE: must be A, G or C, not \"Q\"");
  EXPECT_EQ(refusals_[1].field, "CODE");
  EXPECT_EQ(refusals_[2].reason, "a second row with the same key");
  EXPECT_EQ(store.in_force()->rows_of(Sku{"1"}).at(0).unit_price, decimal("1.2345"));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long spare_kb = 400'000;  // AddressSanitizer keeps 256 MB of what was freed.
#else
constexpr long spare_kb = 6'000;
#endif

// Nothing is kept in memory of a row. UNDERPIN_LARGE_ROWS=1000000 makes it a night's file.
TEST_F(Prices, ALargeListIsTakenInWithinConstantMemoryWhileTheOldOneIsRead) {
  PriceStore store(folder_.path());
  ASSERT_TRUE(take(store, price_file(1, 10), "small"));
  const char* asked = std::getenv("UNDERPIN_LARGE_ROWS");
  const int rows = asked != nullptr ? std::stoi(asked) : 30'000;
  const auto file = folder_.path() / "large";
  {
    std::ofstream output(file, std::ios::binary);
    write_price_file(output, 2, rows, "5.00");
  }
  const auto peak_kb = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const auto before = peak_kb();
  int reads = 0;
  std::ifstream input(file, std::ios::binary);
  const edi::ReadBytes bytes = edi::reading(input);
  const edi::ReadBytes read = [&](char* to, std::size_t most) {
    if (reads < 100) {
      EXPECT_EQ(store.in_force()->rows_of(Sku{"1000005"}).at(0).unit_price, decimal("1.00"));
      ++reads;
    }
    return bytes(to, most);
  };
  const auto begun = std::chrono::steady_clock::now();
  const Status taken = store.take(
      read, "large", {wire_, zone_, none_, none_}, false, Timestamp::start_of(Date{2026, 11, 28}),
      [](Refusal) {}, [] {});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  RecordProperty("rows_per_second", std::to_string(static_cast<int>(rows / took.count())));
  ASSERT_TRUE(taken.has_value()) << taken.error().message;
  EXPECT_EQ(store.in_force()->head().rows, rows);
  EXPECT_EQ(store.in_force()->rows_of(Sku{"1000005"}).at(0).unit_price, decimal("5.00"));
  EXPECT_GT(reads, 10);
  EXPECT_LT(peak_kb() - before, spare_kb) << "SQLite keeps 2 MB a connection";
}

}  // namespace
}  // namespace underpin::legacy::iseries_batch
