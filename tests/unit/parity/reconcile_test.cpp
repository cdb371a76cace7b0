#include "parity/reconcile/reconcile.h"

#include "parity/reconcile/bisect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <random>
#include <tuple>

// Every allocation of this executable is counted, so that a budget can be held against what was
// taken, not against what the code says of itself.
namespace {
std::atomic<std::int64_t> held_bytes{0};
std::atomic<std::int64_t> highest_bytes{0};

void* counted(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  const auto grown = static_cast<std::int64_t>(malloc_usable_size(memory));
  const std::int64_t now = held_bytes += grown;
  std::int64_t highest = highest_bytes;
  while (now > highest && !highest_bytes.compare_exchange_weak(highest, now)) {
  }
  return memory;
}
void uncounted(void* memory) {
  if (memory != nullptr) held_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
// What std::stable_sort asks for.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return counted(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }

namespace underpin::parity::reconcile {
namespace {

using testing::ElementsAre;

constexpr std::size_t smallest_memory = 256 << 10;

const Shape stock{{"sku", "location"}, {{"onHand", true, true}, {"uom", false, false}}};

// Legacy as a file has it: numbers filled with zeros, fields with blanks, codes of its own.
SideFormat file_format() {
  SideFormat format;
  format.key = {{true, true, false, {}}, {true, false, true, {{"WEST", "W01"}}}};
  format.columns = {{}, {true, false, true, {{"ST", "PCS"}}}};
  format.group = format.key[1];
  return format;
}

struct Line {
  std::string sku, location, quantity, uom;
  auto operator<=>(const Line&) const = default;
};

struct Side {
  Side(const Shape& shape, SideFormat format, std::size_t memory = smallest_memory)
      : rows(shape, std::move(format), {std::filesystem::temp_directory_path().string(), memory}) {}
  void add(const Line& line) {
    const std::vector<std::string_view> key{line.sku, line.location};
    const std::vector<std::string_view> values{line.quantity, line.uom};
    const Status added = rows.add(line.location, key, values);
    ASSERT_TRUE(added) << added.error().message;
  }
  Rows rows;
};

struct Found {
  Summary summary;
  std::vector<Difference> differences;
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    for (const Difference& one : differences)
      all.push_back(std::string(name(one.kind)) + " " + shown_key(one.key));
    return all;
  }
};

Found compared(Rows& legacy, Rows& cloud) {
  EXPECT_TRUE(legacy.sort());
  EXPECT_TRUE(cloud.sort());
  Found found;
  const auto summary = compare(legacy, cloud, [&](const Difference& difference) -> Status {
    found.differences.push_back(difference);
    return Done{};
  });
  EXPECT_TRUE(summary);
  if (summary) found.summary = *summary;
  return found;
}

Found compared(const std::vector<Line>& legacy, const std::vector<Line>& cloud,
               SideFormat legacy_format = file_format(), SideFormat cloud_format = {}) {
  Side left(stock, std::move(legacy_format));
  Side right(stock, std::move(cloud_format));
  for (const Line& line : legacy) left.add(line);
  for (const Line& line : cloud) right.add(line);
  return compared(left.rows, right.rows);
}

std::string text_of(std::string_view text, const TextRule& rule) {
  std::string result;
  normalise(text, rule, result);
  return result;
}

TEST(Keys, AreBroughtToOneForm) {
  EXPECT_EQ(text_of("  1000 ", {}), "1000");
  EXPECT_EQ(text_of("000123", {true, true}), "123");
  EXPECT_EQ(text_of("0000", {true, true}), "0");
  EXPECT_EQ(text_of("00A1", {true, true}), "00A1");
  EXPECT_EQ(text_of("000123", {}), "000123");
  EXPECT_EQ(text_of("east", {true, false, true}), "EAST");
  EXPECT_EQ(text_of(" west", {true, false, true, {{"WEST", "W01"}}}), "W01");
  EXPECT_EQ(text_of(" west", {false}), " west");
}

TEST(Keys, PartsDoNotRunIntoEachOther) {
  EXPECT_EQ(compared({{"1", "23", "1", "PCS"}}, {{"12", "3", "1", "PCS"}}).told(),
            (std::vector<std::string>{"missing_in_cloud 1@23", "missing_in_legacy 12@3"}));
  // A separator within a part is not one between parts.
  const std::string tricky = std::string("1") + '\x1f' + "2";
  const Found found = compared({{tricky, "3", "1", "PCS"}}, {{"1",
                                                              "2\x1f"
                                                              "3",
                                                              "1", "PCS"}});
  EXPECT_EQ(found.summary.different(), 2);
  std::vector<std::vector<std::string>> keys;
  for (const Difference& one : found.differences) keys.push_back(key_parts(one.key));
  EXPECT_THAT(keys, testing::UnorderedElementsAre(ElementsAre(tricky, "3"),
                                                  ElementsAre("1", std::string("2\x1f") + "3")));
}

TEST(Keys, NumbersAreEqualTexts) {
  const auto shortest = [](std::string_view text) {
    std::string result;
    return append_decimal(text, result) ? result : "none";
  };
  EXPECT_EQ(shortest("+007.500"), "7.5");
  EXPECT_EQ(shortest("-0.000"), "0");
  EXPECT_EQ(shortest("-00.010"), "-0.01");
  EXPECT_EQ(shortest(".50000"), "0.5");  // As SQL Server's driver writes it.
  EXPECT_EQ(shortest("12345678901234567.89"), "12345678901234567.89");
  for (const char* none : {"", "-", ".", "5.", "1e5", "1,5", "1.2.3", "0x1", " 1"})
    EXPECT_EQ(shortest(none), "none") << none;
  EXPECT_EQ(shortest(std::string(39, '9')), "none");
  EXPECT_EQ(shortest("0.000000000000000000001"), "none");
}

TEST(Reconcile, FindsNothingBetweenTwoWaysOfWritingTheSame) {
  const Found found = compared({{"0000001000", "EAST  ", "12.50000", "ST"},
                                {"0000000007", "west", "0.00", "PCS"},
                                {"00A1", "EAST", "-3", "PCS"}},
                               {{"00A1", "EAST", "-3.000", "PCS"},
                                {"7", "W01", "0", "PCS"},
                                {"1000", "EAST", "12.5", "PCS"}});
  EXPECT_THAT(found.told(), ElementsAre());
  EXPECT_EQ(found.summary.equal, 3);
  for (const GroupTotals& group : found.summary.groups) {
    EXPECT_EQ(group.legacy.hash_total, group.cloud.hash_total) << group.group;
    EXPECT_EQ(group.legacy.sums, group.cloud.sums) << group.group;
  }
}

TEST(Reconcile, NamesTheKeysThatDifferWithBothValues) {
  const Found found = compared({{"0001", "EAST", "5", "PCS"}, {"0002", "EAST", "5", "PCS"}},
                               {{"1", "EAST", "5.1", "PCS"}, {"3", "EAST", "5", "PCS"}});
  EXPECT_THAT(found.told(),
              ElementsAre("value 1@EAST", "missing_in_cloud 2@EAST", "missing_in_legacy 3@EAST"));
  EXPECT_THAT(found.differences[0].legacy, ElementsAre("5", "PCS"));
  EXPECT_THAT(found.differences[0].cloud, ElementsAre("5.1", "PCS"));
  EXPECT_THAT(found.differences[1].cloud, ElementsAre());
  EXPECT_THAT(found.differences[2].legacy, ElementsAre());
  EXPECT_EQ(found.summary.equal, 0);
  EXPECT_EQ(found.summary.legacy_rows, 2);
  EXPECT_EQ(found.summary.cloud_rows, 2);
}

TEST(Reconcile, SumsUpByGroup) {
  const Found found = compared(
      {{"1", "EAST", "1.25", "PCS"}, {"2", "EAST", "2", "PCS"}, {"1", "WEST", "0.75", "PCS"}},
      {{"1", "EAST", "1.25", "PCS"}, {"2", "NORTH", "nine", "PCS"}});
  ASSERT_EQ(found.summary.groups.size(), 3U);
  const GroupTotals& east = found.summary.groups[0];
  EXPECT_EQ(east.group, "EAST");
  EXPECT_EQ(east.legacy.rows, 2);
  EXPECT_EQ(east.legacy.sums[0].text(), "3.25");
  EXPECT_EQ(east.cloud.rows, 1);
  EXPECT_NE(east.legacy.hash_total, east.cloud.hash_total);
  EXPECT_EQ(found.summary.groups[1].cloud.unreadable, 1);
  EXPECT_TRUE(found.summary.groups[1].cloud.sums[0].is_zero());
  EXPECT_EQ(found.summary.groups[2].group, "W01");
  EXPECT_EQ(found.summary.groups[2].legacy.sums[0].text(), "0.75");
  EXPECT_EQ(found.summary.groups[2].cloud.rows, 0);
}

TEST(Reconcile, AColumnMayBeSummedUpOnly) {
  const Shape shape{{"order"}, {{"outstanding", true}, {"net", true, true, false}}};
  Rows legacy(shape, {}, {std::filesystem::temp_directory_path().string(), smallest_memory});
  Rows cloud(shape, {}, {std::filesystem::temp_directory_path().string(), smallest_memory});
  const std::vector<std::string_view> key{"web/1"};
  const std::vector<std::string_view> left{"2", "10.01"};
  const std::vector<std::string_view> right{"2", "10.02"};
  ASSERT_TRUE(legacy.add("EUR", key, left));
  ASSERT_TRUE(cloud.add("EUR", key, right));
  const Found found = compared(legacy, cloud);
  EXPECT_THAT(found.told(), ElementsAre());
  EXPECT_EQ(found.summary.groups[0].legacy.sums[1].text(), "10.01");
  EXPECT_EQ(found.summary.groups[0].cloud.sums[1].text(), "10.02");
}

TEST(Reconcile, AGroupTooManyIsCountedWithItsLike) {
  Side left(stock, {});
  Side right(stock, {});
  for (int i = 0; i < 10'005; ++i) left.add({"1", "L" + std::to_string(i), "1", "PCS"});
  const Found found = compared(left.rows, right.rows);
  EXPECT_EQ(found.summary.groups.size(), groups_max + 1);
  EXPECT_EQ(found.summary.groups[0].group, "(further groups)");
  EXPECT_EQ(found.summary.groups[0].legacy.rows, 5);
  EXPECT_EQ(found.summary.legacy_rows, 10'005);
}

TEST(Reconcile, ARowBeyondTheFirstOfItsKeyIsADuplicate) {
  const Found found =
      compared({{"1", "EAST", "5", "PCS"}, {"01", "EAST", "6", "PCS"}, {"001", "EAST", "7", "PCS"}},
               {{"1", "EAST", "5", "PCS"}, {"2", "EAST", "1", "PCS"}, {"2", "EAST", "1", "PCS"}});
  EXPECT_THAT(found.told(), ElementsAre("duplicate_in_legacy 1@EAST", "duplicate_in_legacy 1@EAST",
                                        "missing_in_legacy 2@EAST", "duplicate_in_cloud 2@EAST"));
  EXPECT_THAT(found.differences[0].legacy, ElementsAre("6", "PCS"));
  EXPECT_THAT(found.differences[1].legacy, ElementsAre("7", "PCS"));
  EXPECT_EQ(found.summary.equal, 1);
}

TEST(Reconcile, AnEmptySideLacksEverything) {
  const std::vector<Line> some{{"2", "EAST", "1", "PCS"}, {"1", "EAST", "1", "PCS"}};
  EXPECT_THAT(compared(some, {}).told(),
              ElementsAre("missing_in_cloud 1@EAST", "missing_in_cloud 2@EAST"));
  EXPECT_THAT(compared({}, some).told(),
              ElementsAre("missing_in_legacy 1@EAST", "missing_in_legacy 2@EAST"));
  EXPECT_THAT(compared(std::vector<Line>{}, {}).told(), ElementsAre());
}

TEST(Reconcile, RefusesARowOfAnotherShape) {
  Side left(stock, {});
  const std::vector<std::string_view> one{"1"};
  const std::vector<std::string_view> two{"1", "EAST"};
  EXPECT_FALSE(left.rows.add("EAST", one, two));
  EXPECT_FALSE(left.rows.add("EAST", two, one));
  const std::string huge(1 << 20, 'x');
  const std::vector<std::string_view> long_values{"1", huge};
  const Status refused = left.rows.add("EAST", two, long_values);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_request);
}

TEST(Reconcile, EndsWithTheErrorOfWhoIsTold) {
  Side left(stock, {});
  Side right(stock, {});
  left.add({"1", "EAST", "1", "PCS"});
  ASSERT_TRUE(left.rows.sort());
  ASSERT_TRUE(right.rows.sort());
  const auto ended = compare(left.rows, right.rows, [](const Difference&) -> Status {
    return Error{ErrorCode::unavailable, "the disk is full"};
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "the disk is full");
}

TEST(Sorter, SaysThatItsFolderCannotBeWritten) {
  Sorter sorter({"/nonexistent/folder", smallest_memory});
  Status added = Done{};
  for (int i = 0; i < 100'000 && added; ++i) added = sorter.add(std::to_string(i), "payload");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::unavailable);
}

// Every key with its rows, as a map would find it.
std::vector<std::string> naive(const std::vector<Line>& legacy, const std::vector<Line>& cloud) {
  using Keyed = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;
  const auto keyed = [](const std::vector<Line>& lines) {
    Keyed all;
    for (const Line& line : lines)
      all[{line.sku, line.location}].push_back(line.quantity + "/" + line.uom);
    // Of several rows the one with the shortest values is the first, as the payload has lengths in
    // front.
    for (auto& [key, values] : all)
      std::sort(values.begin(), values.end(), [](const std::string& a, const std::string& b) {
        const auto by = [](const std::string& text) {
          return std::make_tuple(text.find('/'), text.substr(0, text.find('/')), text.size(), text);
        };
        return by(a) < by(b);
      });
    return all;
  };
  const Keyed left = keyed(legacy);
  const Keyed right = keyed(cloud);
  std::vector<std::string> told;
  std::map<std::pair<std::string, std::string>, int> keys;
  for (const auto& one : left) keys[one.first] = 1;
  for (const auto& one : right) keys[one.first] = 1;
  for (const auto& [key, ignored] : keys) {
    const auto in_left = left.find(key);
    const auto in_right = right.find(key);
    const std::string shown = key.first + "@" + key.second;
    if (in_left == left.end()) {
      told.push_back("missing_in_legacy " + shown);
    } else if (in_right == right.end()) {
      told.push_back("missing_in_cloud " + shown);
    } else if (in_left->second.front() != in_right->second.front()) {
      told.push_back("value " + shown);
    }
    if (in_left != left.end())
      told.insert(told.end(), in_left->second.size() - 1, "duplicate_in_legacy " + shown);
    if (in_right != right.end())
      told.insert(told.end(), in_right->second.size() - 1, "duplicate_in_cloud " + shown);
  }
  return told;
}

// The line as the file would have it.
Line dressed(Line line, std::mt19937& random) {
  line.sku.insert(0, 10 - line.sku.size(), '0');
  if (line.location == "W01") line.location = "west";
  if (random() % 2 == 0) line.location += "  ";
  if (line.uom == "PCS" && random() % 2 == 0) line.uom = "st ";
  line.quantity += line.quantity.find('.') == std::string::npos ? ".000" : "00";
  return line;
}

TEST(Reconcile, AgreesWithANaiveComparisonOnRandomRowsWhateverIsSpilled) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    std::vector<Line> legacy;
    std::vector<Line> cloud;
    // Values are long in some worlds, so that parts are spilled.
    const std::string filling(seed % 3 == 0 ? 300 : 0, 'U');
    for (int i = 0; i < 2'000; ++i) {
      Line line{std::to_string(random() % 3'000 + 1), random() % 3 == 0 ? "W01" : "EAST",
                std::to_string(random() % 5), (random() % 2 == 0 ? "PCS" : "BOX") + filling};
      const auto fate = random() % 20;
      if (fate != 0) legacy.push_back(line);
      if (fate == 1) line.quantity = "17.5";
      if (fate == 2) line.uom = "PAL";
      if (fate != 3) cloud.push_back(line);
    }
    Side left(stock, file_format());
    Side right(stock, {});
    std::vector<Line> shuffled = legacy;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (const Line& line : shuffled) left.add(dressed(line, random));
    std::shuffle(cloud.begin(), cloud.end(), random);
    for (const Line& line : cloud) right.add(line);
    const Found found = compared(left.rows, right.rows);
    ASSERT_EQ(found.told(), naive(legacy, cloud)) << "seed " << seed;
    if (!filling.empty()) {
      EXPECT_GT(left.rows.statistics().spills, 1) << "seed " << seed;
    }
  }
}

TEST(Sorter, KeepsItsBudgetWhateverComesAndSortsAllTheSame) {
  for (const std::size_t memory : {smallest_memory, std::size_t{1} << 20, std::size_t{4} << 20}) {
    std::mt19937 random(7);
    const std::int64_t before = held_bytes;
    highest_bytes = before;
    Sorter sorter({std::filesystem::temp_directory_path().string(), memory});
    std::uint64_t sum = 0;
    const int records = 120'000;
    std::string key;
    std::string payload;
    for (int i = 0; i < records; ++i) {
      const std::uint32_t value = static_cast<std::uint32_t>(random());
      sum += value;
      key = "SKU-" + std::to_string(value);
      payload.assign(value % 200, 'p');
      ASSERT_TRUE(sorter.add(key, payload));
    }
    ASSERT_TRUE(sorter.sort());
    std::string last;
    int seen = 0;
    Sorter::Record record;
    while (true) {
      const auto more = sorter.next(record);
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) break;
      ASSERT_LE(last, record.key);
      last.assign(record.key);
      const auto value = std::stoul(last.substr(4));
      ASSERT_EQ(record.payload.size(), value % 200);
      sum -= value;
      ++seen;
    }
    EXPECT_EQ(seen, records);
    EXPECT_EQ(sum, 0U);
    // What it holds, as it counts it, and as the heap does; a few kilobytes are objects and names.
    EXPECT_LE(sorter.statistics().memory_highest, memory);
    EXPECT_LE(highest_bytes - before, static_cast<std::int64_t>(memory + memory / 8 + 32'768));
    EXPECT_GT(sorter.statistics().spills, 4);
  }
}

// Rows in memory, as a system that can compute would offer them.
class Computing : public RangeSource {
 public:
  explicit Computing(std::map<std::string, std::uint64_t> rows) : rows_(std::move(rows)) {}
  Result<RangeSum> sum(const KeyRange& range) override {
    RangeSum sum;
    for (auto at = rows_.lower_bound(range.from); at != end_of(range); ++at, ++sum.rows)
      sum.checksum += std::hash<std::string>()(at->first) ^ (at->second * 0x9E3779B97F4A7C15ULL);
    return sum;
  }
  Result<std::optional<std::string>> middle(const KeyRange& range) override {
    const auto begin = rows_.lower_bound(range.from);
    const auto count = std::distance(begin, end_of(range));
    if (count < 2) return std::optional<std::string>();
    return std::optional(std::next(begin, count / 2)->first);
  }

 private:
  std::map<std::string, std::uint64_t>::iterator end_of(const KeyRange& range) {
    return range.to ? rows_.lower_bound(*range.to) : rows_.end();
  }
  std::map<std::string, std::uint64_t> rows_;
};

TEST(Bisect, FindsWhatDiffersAndAsksForLittleElse) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::map<std::string, std::uint64_t> left;
    for (int i = 0; i < 5'000; ++i) left[std::to_string(random())] = random() % 100;
    std::map<std::string, std::uint64_t> right = left;
    std::vector<std::string> different;
    for (int i = 0; i < 5; ++i) {
      auto at = std::next(right.begin(), static_cast<std::ptrdiff_t>(random() % right.size()));
      different.push_back(at->first);
      if (i == 0) {
        right.erase(at);
      } else if (i == 1) {
        right[at->first + "x"] = 1;
        different.back() += "x";
      } else {
        ++at->second;
      }
    }
    Computing legacy(left);
    Computing cloud(right);
    std::vector<KeyRange> ranges;
    const auto done = bisect(legacy, cloud, {}, {50}, [&](const KeyRange& range) -> Status {
      ranges.push_back(range);
      return Done{};
    });
    ASSERT_TRUE(done);
    EXPECT_LE(ranges.size(), 5U);
    EXPECT_LT(done->asked, 100);
    for (const std::string& key : different) {
      EXPECT_EQ(std::count_if(ranges.begin(), ranges.end(),
                              [&](const KeyRange& range) {
                                return range.from <= key && (!range.to || key < *range.to);
                              }),
                1)
          << key << ", seed " << seed;
    }
    for (const KeyRange& range : ranges) {
      EXPECT_LE(legacy.sum(range)->rows, 50);
    }
  }
}

TEST(Bisect, AsksOnceWhereNothingDiffersAndEndsWhereNothingCanBeDivided) {
  Computing one({{"a", 1}, {"b", 2}});
  Computing same({{"a", 1}, {"b", 2}});
  int told = 0;
  const auto count = [&](const KeyRange&) -> Status {
    ++told;
    return Done{};
  };
  const auto equal = bisect(one, same, {}, {}, count);
  ASSERT_TRUE(equal);
  EXPECT_EQ(equal->asked, 1);
  EXPECT_EQ(told, 0);
  Computing empty({});
  ASSERT_TRUE(bisect(one, empty, {}, {0}, count));
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace underpin::parity::reconcile
