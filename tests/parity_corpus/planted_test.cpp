// Differences planted in raw answers of the vendors: every real one must be found, and no harmless
// one reported, under config/parity-rules.json as it is. README.md describes the corpus.
#include "facade/inventory.h"
#include "parity/values.h"
#include "tests/parity_corpus/reading.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace underpin::corpus {

parity::Side stock_side(const Result<std::vector<StockLevel>>& levels) {
  parity::Side side;
  if (!levels) {
    side.error = levels.error();
    return side;
  }
  for (const StockLevel& level : *levels)
    if (level.key == stock_key()) side.document = facade::comparable_level(level);
  if (!side.document) side.error = Error{ErrorCode::not_found, "no stock is known"};
  return side;
}

namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(UNDERPIN_SOURCE_DIR) / "tests/parity_corpus";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Case {
  std::string name;
  std::string document;
  bool real = false;
  json::Value described;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const bool real : {true, false}) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder / (real ? "real" : "harmless")))
      files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const auto list = json::parse_with_comments(read_file(file));
      EXPECT_TRUE(list) << file << (list ? "" : list.error().message);
      if (!list) continue;
      for (const json::Value& item : list->items())
        all.push_back({item.get("name").text(), file.stem().string(), real, item});
    }
  }
  return all;
}

Raw raw_answers() {
  Raw raw;
  for (const auto& entry : fs::directory_iterator(folder / "raw"))
    raw[entry.path().filename().string()] = read_file(entry.path());
  return raw;
}

const parity::Rules& rules() {
  static const parity::Rules all = [] {
    const fs::path file = fs::path(UNDERPIN_SOURCE_DIR) / "config/parity-rules.json";
    const auto read = parity::read_rules(read_file(file), file.string());
    EXPECT_TRUE(read) << read.error().message;
    parity::Rules rules = read ? *read : parity::Rules{};
    // What the facade adds by itself: the journal knows both numbers of a document.
    parity::Rule documents;
    documents.name = "document numbers are cross-references";
    documents.capability = "orders";
    documents.path = "/document";
    documents.references = "order_document";
    rules.rules.push_back(documents);
    return rules;
  }();
  return all;
}

parity::Question question_of(const std::string& document) {
  static const std::map<std::string, std::pair<std::string, std::string>> operations{
      {"order", {"orders", "get_order"}},
      {"customer", {"customers", "get_customer"}},
      {"stock", {"inventory", "get_stock"}},
      {"prices", {"pricing", "list_prices"}}};
  parity::Question question;
  question.capability = operations.at(document).first;
  question.operation = operations.at(document).second;
  question.subject = "planted";
  question.today = Date{2026, 11, 24};
  question.primary_system = "nav";
  question.secondary_system = "bc";
  return question;
}

// "from" must be there as often as the case says (once): a change that changes nothing proves
// nothing.
void apply(const json::Value& change, Raw& raw) {
  const std::string file = change.get("in").text();
  ASSERT_EQ(raw.count(file), 1u) << "there is no raw/" << file;
  std::string& text = raw[file];
  if (const json::Value* with = change.find("answer")) {
    ASSERT_EQ(raw.count(with->text()), 1u) << "there is no raw/" << with->text();
    const std::string status = change.get("status").text();
    text = (status.empty() ? "" : "HTTP " + status + "\n") + raw.at(with->text());
    return;
  }
  const std::string from = change.get("from").text();
  const std::string to = change.get("to").text();
  const auto times = change.find("times") == nullptr ? 1 : *change.get("times").as_int();
  ASSERT_FALSE(from.empty());
  ASSERT_NE(from, to);
  std::int64_t found = 0;
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
    ++found;
  }
  ASSERT_EQ(found, times) << file << " has \"" << from << "\" " << found << " times";
}

parity::Comparison judged(const std::string& document, const Raw& raw,
                          const parity::Rules& judged_by = rules()) {
  parity::References references;
  references.add("order_document", "SO-200001", "S-ORD100042");
  return parity::compare(read_legacy(document, raw), read_cloud(document, raw), judged_by,
                         references, question_of(document));
}

parity::Comparison judged(const Case& one, const parity::Rules& judged_by = rules()) {
  Raw raw = raw_answers();
  for (const json::Value& change : one.described.get("changes").items()) apply(change, raw);
  return judged(one.document, raw, judged_by);
}

// A real difference is found when it is a mismatch where the case expects one.
bool is_found(const Case& one, const parity::Comparison& comparison) {
  const std::string at = one.described.get("at").text();
  return comparison.verdict == parity::Verdict::mismatch &&
         std::any_of(comparison.differences.begin(), comparison.differences.end(),
                     [&](const parity::Difference& difference) {
                       return difference.verdict == parity::Verdict::mismatch &&
                              parity::fits(at, difference.field);
                     });
}

bool is_reported(const parity::Comparison& comparison) {
  return comparison.verdict != parity::Verdict::match &&
         comparison.verdict != parity::Verdict::tolerated;
}

std::string told(const parity::Comparison& comparison) {
  std::string text = std::string(parity::name(comparison.verdict)) + " " + comparison.reason;
  for (const parity::Difference& one : comparison.differences)
    text += "\n  " + std::string(parity::name(one.verdict)) + " " +
            std::string(parity::name(one.kind)) + " " + one.path + ": " + one.primary + " | " +
            one.secondary;
  return text;
}

class PlantedBase : public testing::TestWithParam<std::string> {};

TEST_P(PlantedBase, NothingIsReportedBeforeSomethingIsPlanted) {
  const parity::Comparison comparison = judged(GetParam(), raw_answers());
  EXPECT_EQ(comparison.verdict, parity::Verdict::match) << told(comparison);
  EXPECT_GT(comparison.fields, 2);
}

INSTANTIATE_TEST_SUITE_P(Documents, PlantedBase,
                         testing::Values("order", "customer", "stock", "prices"),
                         [](const auto& one) { return one.param; });

class Planted : public testing::TestWithParam<Case> {};

TEST_P(Planted, IsFoundWhenItIsRealAndOnlyThen) {
  const parity::Comparison comparison = judged(GetParam());
  if (GetParam().real) {
    EXPECT_TRUE(is_found(GetParam(), comparison)) << told(comparison);
  } else {
    EXPECT_FALSE(is_reported(comparison)) << told(comparison);
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, Planted, testing::ValuesIn(cases()), [](const auto& one) {
  std::string name = one.param.document + "_" + one.param.name;
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z'); },
      '_');
  return name;
});

TEST(PlantedCorpus, WithoutRulesHarmlessOnesWouldBeReported) {
  parity::Rules only_lists;  // Without keys no line would find its pair, whatever is planted.
  for (const parity::Rule& rule : rules().rules)
    if (!rule.list_key.empty() || !rule.references.empty()) only_lists.rules.push_back(rule);
  int reported = 0;
  for (const Case& one : cases())
    reported += !one.real && is_reported(judged(one, only_lists)) ? 1 : 0;
  EXPECT_GE(reported, 15);
}

TEST(PlantedCorpus, HoldsFortyRealAndTwentyHarmlessKindsInEveryShape) {
  std::int64_t real = 0;
  std::int64_t real_found = 0;
  std::int64_t harmless = 0;
  std::int64_t harmless_reported = 0;
  std::set<std::string> names;
  std::set<std::string> shapes;
  for (const Case& one : cases()) {
    EXPECT_TRUE(names.insert(one.document + "/" + one.name).second)
        << one.name << " is there twice";
    EXPECT_FALSE(one.described.get("why").text().empty()) << one.name;
    EXPECT_FALSE(one.described.get("changes").empty()) << one.name;
    shapes.insert(one.document);
    const parity::Comparison comparison = judged(one);
    if (one.real) {
      EXPECT_FALSE(one.described.get("at").text().empty()) << one.name;
      ++real;
      real_found += is_found(one, comparison) ? 1 : 0;
    } else {
      ++harmless;
      harmless_reported += is_reported(comparison) ? 1 : 0;
    }
  }
  json::Value result = json::Value::object();
  result.set("real", json::Value::integer(real));
  result.set("real_found", json::Value::integer(real_found));
  result.set("harmless", json::Value::integer(harmless));
  result.set("harmless_reported", json::Value::integer(harmless_reported));
  fs::create_directories(fs::path(UNDERPIN_SOURCE_DIR) / "out");
  std::ofstream(fs::path(UNDERPIN_SOURCE_DIR) / "out/planted.json")
      << json::write_pretty(result) << "\n";
  EXPECT_GE(real, 40);
  EXPECT_GE(harmless, 20);
  EXPECT_EQ(real_found, real);
  EXPECT_EQ(harmless_reported, 0);
  EXPECT_EQ(shapes, (std::set<std::string>{"customer", "order", "prices", "stock"}));
}

}  // namespace
}  // namespace underpin::corpus
