#include "parity/proposals.h"

#include <gtest/gtest.h>

namespace underpin::parity {
namespace {

Mismatch mismatch(int subject, const std::string& one, const std::string& two) {
  Mismatch mismatch;
  mismatch.capability = "orders";
  mismatch.operation = "get_order";
  mismatch.subject = "web/" + std::to_string(subject);
  mismatch.primary_system = "nav";
  mismatch.secondary_system = "bc";
  mismatch.difference.path = "/lines/" + std::to_string(subject) + "/x";
  mismatch.difference.field = "/lines/*/x";
  mismatch.difference.primary = one;
  mismatch.difference.secondary = two;
  return mismatch;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::vector<Mismatch> mismatches(const Pairs& pairs) {
  std::vector<Mismatch> all;
  for (const auto& [one, two] : pairs)
    all.push_back(mismatch(static_cast<int>(all.size()), one, two));
  return all;
}

// The one proposal for the pairs; its rule must be readable and take the mismatches away.
Proposal proposed(const Pairs& pairs) {
  const auto all = mismatches(pairs);
  const auto proposals = propose(all, 3);
  EXPECT_EQ(proposals.size(), 1u);
  if (proposals.empty()) return {};
  json::Value file = json::Value::object();
  file.set("version", "1");
  json::Value list = json::Value::array();
  list.push(proposals[0].rule);
  file.set("rules", list);
  if (!proposals[0].code_map.is_null()) {
    json::Value maps = json::Value::object();
    maps.set(proposals[0].rule.get("codes").text(), proposals[0].code_map);
    file.set("codeMaps", maps);
  }
  const auto rules = read_rules(json::write(file));
  EXPECT_TRUE(rules) << (rules ? "" : rules.error().message);
  if (!rules) return proposals[0];
  for (const auto& [one, two] : pairs) {
    Question question{"orders", "get_order", "web/1", Date{2026, 11, 24}, {}, "nav", "bc"};
    const auto side = [](const std::string& value) {
      Side answered;
      answered.document =
          *json::parse(R"({"lines":[{)" + (value.empty() ? "" : R"("x":)" + value) + "}]}");
      return answered;
    };
    EXPECT_NE(compare(side(one), side(two), *rules, {}, question).verdict, Verdict::mismatch)
        << one << " " << two;
    EXPECT_EQ(compare(side(one), side(two), {}, {}, question).verdict, Verdict::mismatch);
  }
  return proposals[0];
}

TEST(Proposals, NameWhatMismatchesHaveInCommon) {
  EXPECT_EQ(proposed({{R"("a b")", R"("A B")"}, {R"("c")", R"("C")"}, {R"("d")", R"("D")"}})
                .transformation,
            "case");
  EXPECT_EQ(proposed({{R"("a ")", R"("a")"}, {R"("b")", R"("b  ")"}, {R"(" c")", R"("c")"}})
                .transformation,
            "blanks around");
  EXPECT_EQ(proposed({{R"("007")", R"("7")"}, {R"("0042")", R"("42")"}, {R"("01")", R"("1")"}})
                .transformation,
            "leading zeros");
  EXPECT_EQ(proposed({{R"("a***")", R"("a")"}, {R"("b*")", R"("b")"}, {R"("c**")", R"("c")"}})
                .transformation,
            "padding");
  EXPECT_EQ(proposed({{"1.005", "1.01"}, {"2.344", "2.34"}, {"9.999", "10.00"}}).transformation,
            "rounding");
  EXPECT_EQ(proposed({{"1", "12"}, {"2", "24"}, {"5", "60"}}).transformation, "unit factor");
  EXPECT_EQ(proposed({{"5.00", "-5.00"}, {"1", "-1"}, {"-2", "2"}}).transformation, "sign");
  EXPECT_EQ(proposed({{R"("2026-07-24T10:00:00")", R"("2026-07-24T08:00:00Z")"},
                      {R"("2026-11-24T10:00:00")", R"("2026-11-24T09:00:00Z")"},
                      {R"("2026-11-25T10:00:00")", R"("2026-11-25T09:00:00Z")"}})
                .rule.get("zone")
                .text(),
            "Europe/Berlin");
  EXPECT_EQ(proposed({{R"("0001-01-01")", ""}, {"", R"("1753-01-01")"}, {"null", R"("")"}})
                .transformation,
            "blank value");
  Pairs codes;
  for (int i = 0; i < 6; ++i) codes.emplace_back(R"("ST")", R"("PCS")");
  for (int i = 0; i < 6; ++i) codes.emplace_back(R"("KRT")", R"("BOX")");
  EXPECT_EQ(proposed(codes).transformation, "code map");
}

TEST(Proposals, SayHowMuchTheyExplainAndShowIt) {
  const Proposal one =
      proposed({{"1.005", "1.01"}, {"2.344", "2.34"}, {"9.999", "10.00"}, {"3.3333", "3.33"}});
  EXPECT_EQ(one.support, 4);
  EXPECT_EQ(one.of, 4);
  EXPECT_EQ(one.subjects, 4);
  EXPECT_EQ(one.samples.size(), 4u);
  EXPECT_EQ(one.path, "/lines/*/x");
  EXPECT_EQ(one.id.size(), 12u);
}

TEST(Proposals, NothingIsProposedForWhatIsSimplyDifferent) {
  EXPECT_TRUE(propose(mismatches({{"1", "7"}, {"2", "3"}, {"5", "11"}, {"4", "9"}}), 3).empty());
  // Half of them is no explanation.
  EXPECT_TRUE(propose(mismatches({{R"("a")", R"("A")"},
                                  {R"("b")", R"("B")"},
                                  {R"("c")", R"("C")"},
                                  {R"("d")", R"("x")"},
                                  {R"("e")", R"("y")"}}),
                      3)
                  .empty());
  // Every name became another one: no code.
  EXPECT_TRUE(propose(mismatches({{R"("Anna")", R"("Berta")"},
                                  {R"("Carl")", R"("Dora")"},
                                  {R"("Emil")", R"("Fritz")"}}),
                      3)
                  .empty());
}

TEST(Proposals, OneSubjectIsNoPattern) {
  std::vector<Mismatch> all;
  for (int i = 0; i < 10; ++i) all.push_back(mismatch(1, R"("a")", R"("A")"));
  EXPECT_TRUE(propose(all, 3).empty());
}

}  // namespace
}  // namespace underpin::parity
