#include "parity/compare.h"

#include <gtest/gtest.h>

namespace underpin::parity {
namespace {

Side answered(std::string_view text) {
  const auto value = json::parse(text);
  EXPECT_TRUE(value) << text;
  Side side;
  side.document = value ? *value : json::Value{};
  return side;
}

Side failed(ErrorCode code, const std::string& vendor_code = {}, const std::string& message = {}) {
  Side side;
  side.error = Error{code, message};
  side.error->vendor_code = vendor_code;
  return side;
}

Rules rules_of(const std::string& members) {
  auto rules = read_rules(R"({"version":"1",)" + members + "}");
  EXPECT_TRUE(rules) << rules.error().message;
  return rules ? *rules : Rules{};
}
Rules rule_at(const std::string& path, const std::string& members, const std::string& maps = {}) {
  return rules_of(maps + R"("rules":[{"name":"r","path":")" + path + "\"," + members + "}]");
}

Question question() {
  Question asked;
  asked.capability = "orders";
  asked.operation = "get_order";
  asked.subject = "web/1";
  asked.today = Date{2026, 11, 24};
  asked.primary_system = "nav";
  asked.secondary_system = "bc";
  return asked;
}

Comparison judged(std::string_view one, std::string_view two, const Rules& rules) {
  return compare(answered(one), answered(two), rules, {}, question());
}
Verdict verdict(std::string_view one, std::string_view two, const Rules& rules) {
  return judged(one, two, rules).verdict;
}

TEST(Normalising, CaseBlanksPaddingAndLeadingZerosAreRulesOfTheirOwn) {
  EXPECT_EQ(verdict(R"({"a":"Web "})", R"({"a":"WEB"})",
                    rule_at("/a", R"("trimmed":true,"anyCase":true)")),
            Verdict::match);
  EXPECT_EQ(verdict(R"({"a":"Web "})", R"({"a":"WEB"})", rule_at("/a", R"("trimmed":true)")),
            Verdict::mismatch);
  EXPECT_EQ(verdict(R"({"a":"0000100042"})", R"({"a":"100042"})",
                    rule_at("/a", R"("leadingZeros":true)")),
            Verdict::match);
  EXPECT_EQ(verdict(R"({"a":"00A42"})", R"({"a":"A42"})", rule_at("/a", R"("leadingZeros":true)")),
            Verdict::mismatch);
  EXPECT_EQ(verdict(R"({"a":"A42***"})", R"({"a":"A42"})", rule_at("/a", R"("padding":"*")")),
            Verdict::match);
}

TEST(Normalising, RulesOfOneFieldWorkTogetherAndAreAllCounted) {
  const Rules rules = rules_of(R"("rules":[{"name":"blanks","path":"/a","trimmed":true},
                                           {"name":"case","path":"/a","anyCase":true}])");
  const Comparison result = judged(R"({"a":" east"})", R"({"a":"EAST"})", rules);
  EXPECT_EQ(result.verdict, Verdict::match);
  EXPECT_EQ(result.suppressed.at("blanks"), 1);
  EXPECT_EQ(result.suppressed.at("case"), 1);
  ASSERT_FALSE(result.samples.empty());
  EXPECT_EQ(result.samples[0].path, "/a");
  EXPECT_EQ(result.samples[0].primary, "\" east\"");
}

TEST(Normalising, TimesAreEqualByTheirInstant) {
  const Rules rules = rule_at("/at", R"("zone":"Europe/Berlin")");
  EXPECT_EQ(
      verdict(R"({"at":"2026-11-24T10:00:00+01:00"})", R"({"at":"2026-11-24T09:00:00Z"})", rules),
      Verdict::match);
  EXPECT_EQ(verdict(R"({"at":"2026-07-24T10:00:00"})", R"({"at":"2026-07-24T08:00:00Z"})", rules),
            Verdict::match);
  EXPECT_EQ(verdict(R"({"at":"2026-11-24T10:00:00"})", R"({"at":"2026-11-24T10:00:00Z"})", rules),
            Verdict::mismatch);
  // Midnight in Berlin is a day in Berlin, and the day before in UTC.
  EXPECT_EQ(verdict(R"({"at":"2026-11-24"})", R"({"at":"2026-11-23T23:00:00Z"})", rules),
            Verdict::match);
  EXPECT_EQ(verdict(R"({"at":"2026-11-24"})", R"({"at":"2026-11-23T22:59:59Z"})", rules),
            Verdict::mismatch);
}

TEST(Normalising, CodesMeanTheSameByTheirMap) {
  const Rules rules = rule_at("/country", R"("codes":"countries")",
                              R"("codeMaps":{"countries":{"DE":["DEU","Germany"],"FR":"FRA"}},)");
  EXPECT_EQ(verdict(R"({"country":"DE"})", R"({"country":"DEU"})", rules), Verdict::match);
  EXPECT_EQ(verdict(R"({"country":"Germany"})", R"({"country":"DEU"})", rules), Verdict::match);
  EXPECT_EQ(verdict(R"({"country":"FRA"})", R"({"country":"DEU"})", rules), Verdict::mismatch);
}

const char* const packs = R"("unitMaps":{"packs":{"BOX":{"unit":"PCS","factor":"12"}}},
  "rules":[{"name":"unit","path":"/unit","units":"packs"},
           {"name":"quantity","path":"/quantity","units":"packs","unitAt":"unit"},
           {"name":"price","path":"/price","units":"packs","unitAt":"unit","perUnit":true}])";

TEST(Normalising, AQuantityAndAPriceAreComparedInTheirBaseUnit) {
  const Rules rules = rules_of(packs);
  EXPECT_EQ(verdict(R"({"unit":"BOX","quantity":"2","price":"6.00"})",
                    R"({"unit":"PCS","quantity":"24","price":"0.50"})", rules),
            Verdict::match);
  EXPECT_EQ(verdict(R"({"unit":"BOX","quantity":"2","price":"6.00"})",
                    R"({"unit":"PCS","quantity":"24","price":"0.51"})", rules),
            Verdict::mismatch);
}

TEST(Normalising, TheSameFigureOfAnotherUnitIsADifference) {
  const Comparison result = judged(R"({"unit":"BOX","quantity":"12"})",
                                   R"({"unit":"PCS","quantity":"12"})", rules_of(packs));
  ASSERT_EQ(result.differences.size(), 1u);
  EXPECT_EQ(result.differences[0].path, "/quantity");
}

TEST(Normalising, AFactorIsForTheNumbersOfItsSystemOnly) {
  const Rules rules = rule_at("/price", R"("of":"nav","factor":"0.01")");
  EXPECT_EQ(verdict(R"({"price":1999})", R"({"price":"19.99"})", rules), Verdict::match);
  EXPECT_EQ(verdict(R"({"price":"19.99"})", R"({"price":1999})", rules), Verdict::mismatch);
}

TEST(Normalising, ABlankNullAndAnAbsentMemberAreOne) {
  const Rules rules = rule_at("/date", R"("blanks":["","1753-01-01","0001-01-01","00000000"])");
  EXPECT_EQ(verdict(R"({"date":"1753-01-01"})", R"({})", rules), Verdict::match);
  EXPECT_EQ(verdict(R"({"date":null})", R"({"date":"0001-01-01"})", rules), Verdict::match);
  EXPECT_EQ(verdict(R"({})", R"({"date":"00000000"})", rules), Verdict::match);
  EXPECT_EQ(verdict(R"({"date":"1753-01-01"})", R"({"date":"2026-11-24"})", rules),
            Verdict::mismatch);
  EXPECT_EQ(verdict(R"({})", R"({"date":"2026-11-24"})", rules), Verdict::mismatch);
  EXPECT_EQ(verdict(R"({"date":"1753-01-01"})", R"({})", {}), Verdict::mismatch);
}

TEST(Normalising, RoundingIsAskedForByNameAndIsTolerated) {
  const char* one = R"({"net":"2.345"})";
  const char* half_up = R"({"net":"2.35"})";
  const char* half_even = R"({"net":"2.34"})";
  EXPECT_EQ(verdict(one, half_up, rule_at("/net", R"("rounding":{"scale":2,"policy":"half_up"})")),
            Verdict::tolerated);
  EXPECT_EQ(
      verdict(one, half_even, rule_at("/net", R"("rounding":{"scale":2,"policy":"half_up"})")),
      Verdict::mismatch);
  EXPECT_EQ(
      verdict(one, half_even, rule_at("/net", R"("rounding":{"scale":2,"policy":"half_even"})")),
      Verdict::tolerated);
  EXPECT_EQ(verdict(one, half_up, {}), Verdict::mismatch);
}

TEST(Limits, ToleranceOfADocumentIsOfAllItsLinesTogether) {
  const Rules rules = rules_of(R"("rules":[{"name":"lines","path":"/lines","listKey":"n"},
    {"name":"cents","path":"/lines/*/net","absolute":"0.01","perDocument":"0.02"}])");
  const auto document = [](int off) {
    std::string text = R"({"lines":[)";
    for (int i = 0; i < 4; ++i)
      text += std::string(i == 0 ? "" : ",") + R"({"n":)" + std::to_string(i) + R"(,"net":")" +
              (i < off ? "1.01" : "1.00") + "\"}";
    return text + "]}";
  };
  EXPECT_EQ(verdict(document(0), document(2), rules), Verdict::tolerated);
  const Comparison over = judged(document(0), document(3), rules);
  EXPECT_EQ(over.verdict, Verdict::mismatch);
  EXPECT_EQ(over.differences.size(), 3u);
  EXPECT_EQ(over.suppressed.count("cents"), 0u);
  // One cent each is allowed, two in one line are not, whatever the document's limit.
  EXPECT_EQ(
      verdict(R"({"lines":[{"n":1,"net":"1.00"}]})", R"({"lines":[{"n":1,"net":"1.02"}]})", rules),
      Verdict::mismatch);
}

TEST(Limits, WhatIsRoundedAlikeCountsForTheLimitOfItsDocument) {
  const Rules rules = rules_of(R"("rules":[{"name":"lines","path":"/lines","listKey":"n"},
    {"name":"round","path":"/lines/*/net","rounding":{"scale":2,"policy":"half_up"},
     "perDocument":"0.01"}])");
  const auto document = [](int lines, const char* net) {
    std::string text = R"({"lines":[)";
    for (int i = 0; i < lines; ++i)
      text += std::string(i == 0 ? "" : ",") + R"({"n":)" + std::to_string(i) + R"(,"net":")" +
              net + "\"}";
    return text + "]}";
  };
  const Comparison within = judged(document(2, "1.00"), document(2, "1.004"), rules);
  EXPECT_EQ(within.verdict, Verdict::tolerated);
  EXPECT_EQ(within.suppressed.at("round"), 2);
  const Comparison over = judged(document(200, "1.00"), document(200, "1.004"), rules);
  EXPECT_EQ(over.verdict, Verdict::mismatch);
  EXPECT_EQ(over.suppressed.count("round"), 0u);
}

TEST(Limits, TheRoundingRuleIsNamedNotAnotherOneOfTheField) {
  const Rules rules = rules_of(R"("rules":[
    {"name":"round","path":"/net","rounding":{"scale":2,"policy":"half_up"}},
    {"name":"cents","path":"/net","of":"nav","factor":"0.01"}])");
  const Comparison result = judged(R"({"net":"100.004"})", R"({"net":"1.00"})", rules);
  EXPECT_EQ(result.verdict, Verdict::tolerated);
  EXPECT_EQ(result.differences.at(0).rule, "round");
}

TEST(Limits, ADocumentsLimitHoldsInElementsOfASet) {
  const Rules rules = rules_of(R"("rules":[{"name":"set","path":"/p","set":true},
    {"name":"cents","path":"/p/*/net","absolute":"0.05","perDocument":"0.06"}])");
  const char* one = R"({"p":[{"k":"a","net":"1.00"},{"k":"a","net":"1.04"}]})";
  EXPECT_EQ(verdict(one, R"({"p":[{"k":"a","net":"1.05"},{"k":"a","net":"1.01"}]})", rules),
            Verdict::tolerated)
      << "the nearest are paired";
  EXPECT_EQ(verdict(one, R"({"p":[{"k":"a","net":"1.08"},{"k":"a","net":"0.96"}]})", rules),
            Verdict::mismatch);
}

TEST(Lists, AnotherOrderIsOneDifferenceNotMany) {
  const Comparison result = judged(R"({"l":["a","b","c"]})", R"({"l":["c","a","b"]})", {});
  ASSERT_EQ(result.differences.size(), 1u);
  EXPECT_EQ(result.differences[0].kind, Kind::order);
  EXPECT_EQ(result.differences[0].path, "/l");
}

TEST(Lists, ASetHasNoOrder) {
  const Rules rules = rule_at("/tags", R"("set":true)");
  EXPECT_EQ(verdict(R"({"tags":["a","b"]})", R"({"tags":["b","a"]})", rules), Verdict::match);
  const Comparison result = judged(R"({"tags":["a","b"]})", R"({"tags":["b","c"]})", rules);
  ASSERT_EQ(result.differences.size(), 2u);
  EXPECT_EQ(result.differences[0].kind, Kind::missing);
  EXPECT_EQ(result.differences[0].path, "/tags/a");
  EXPECT_EQ(result.differences[0].field, "/tags/*");
  EXPECT_EQ(result.differences[1].kind, Kind::extra);
}

TEST(Lists, ElementsOfASetAreMatchedUnderTheRulesOfTheirFields) {
  const Rules rules = rules_of(R"("rules":[{"name":"set","path":"/p","set":true},
                                           {"name":"case","path":"/p/*/code","anyCase":true}])");
  EXPECT_EQ(verdict(R"({"p":[{"code":"A","n":1},{"code":"b","n":2}]})",
                    R"({"p":[{"code":"B","n":2},{"code":"a","n":1}]})", rules),
            Verdict::match);
}

TEST(Lists, AKeyIsReadByTheRulesOfItsField) {
  const Rules rules =
      rules_of(R"("rules":[{"name":"rows","path":"/rows","listKey":["sku","location"]},
                           {"name":"zeros","path":"/rows/*/sku","leadingZeros":true}])");
  EXPECT_EQ(verdict(R"({"rows":[{"sku":"000100","location":"E","q":1}]})",
                    R"({"rows":[{"sku":"100","location":"E","q":1}]})", rules),
            Verdict::match);
  const Comparison result = judged(R"({"rows":[{"sku":"000100","location":"E","q":1}]})",
                                   R"({"rows":[{"sku":"100","location":"E","q":2}]})", rules);
  ASSERT_EQ(result.differences.size(), 1u);
  EXPECT_EQ(result.differences[0].path, "/rows/100|E/q");
  EXPECT_EQ(result.differences[0].field, "/rows/*/q");
}

TEST(Lists, AnOrderedListWithAKeyTellsAnotherOrder) {
  const char* one = R"({"l":[{"n":1},{"n":2}]})";
  const char* two = R"({"l":[{"n":2},{"n":1}]})";
  EXPECT_EQ(verdict(one, two, rule_at("/l", R"("listKey":"n")")), Verdict::match);
  const Comparison result = judged(one, two, rule_at("/l", R"("listKey":"n","ordered":true)"));
  ASSERT_EQ(result.differences.size(), 1u);
  EXPECT_EQ(result.differences[0].kind, Kind::order);
}

TEST(Cohorts, ARuleIsForTheCohortThatItNames) {
  const Rules rules =
      rule_at("/a", R"("ignore":true,"cohort":{"channels":["web"],"regions":["DE"]})");
  Question asked = question();
  const auto verdict_of_cohort = [&](Cohort cohort) {
    asked.cohort = std::move(cohort);
    return compare(answered(R"({"a":1})"), answered(R"({"a":2})"), rules, {}, asked).verdict;
  };
  EXPECT_EQ(verdict_of_cohort({{"channels", {"web"}}, {"regions", {"DE-BY"}}}), Verdict::match);
  EXPECT_EQ(verdict_of_cohort({{"channels", {"pos"}}, {"regions", {"DE"}}}), Verdict::mismatch);
  EXPECT_EQ(verdict_of_cohort({{"channels", {"web"}}}), Verdict::mismatch);
  EXPECT_EQ(verdict_of_cohort({{"channels", {"web"}}, {"regions", {"DEN"}}}), Verdict::mismatch);
}

TEST(Outcomes, TwoRefusalsAreEqualByTheirClassOnly) {
  const Rules rules = rules_of(R"("outcomes":[{"name":"credit","reason":"r","answers":[
      {"system":"nav","code":"rejected","vendorCode":"*CreditLimit*"},
      {"system":"bc","code":"rejected","message":"*credit limit*"}]}])");
  const Side nav = failed(ErrorCode::rejected, "Nav.CreditLimitException");
  const Side bc = failed(ErrorCode::rejected, "Application_Dialog", "The Credit Limit is exceeded");
  const Side closed = failed(ErrorCode::rejected, "Application_Dialog", "The period is closed");
  const Comparison same = compare(nav, bc, rules, {}, question());
  EXPECT_EQ(same.verdict, Verdict::match);
  EXPECT_EQ(same.suppressed.at("credit"), 1);
  EXPECT_EQ(compare(nav, closed, rules, {}, question()).verdict, Verdict::mismatch);
  EXPECT_EQ(compare(nav, bc, {}, {}, question()).verdict, Verdict::mismatch);
}

constexpr const char* accepted_by =
    R"("owner":"o","reason":"r","ticket":"t","approvedBy":"q","expires":"2026-12-31",
       "budget":{"hits":5})";

TEST(Outcomes, AKnownDifferenceCoversThePairOfAnswersThatItNamesAndNoOther) {
  const Rules rules = rules_of(std::string(R"("knownDifferences":[{"name":"archived",
      "capability":"orders","answers":[{"system":"nav","answered":true},
      {"system":"bc","code":"not_found","message":"*archived*"}],)") +
                               accepted_by + "}]");
  const Side order = answered(R"({"number":"1"})");
  const Side archived = failed(ErrorCode::not_found, "", "Order 1 is archived");
  Question asked = question();
  asked.capability = "orders";
  const Comparison known = compare(order, archived, rules, {}, asked);
  EXPECT_EQ(known.verdict, Verdict::known_difference);
  ASSERT_EQ(known.differences.size(), 1u);
  EXPECT_EQ(known.differences[0].kind, Kind::outcome);
  EXPECT_EQ(known.differences[0].rule, "archived");
  EXPECT_EQ(known.suppressed.at("archived"), 1);

  Question swapped = asked;
  std::swap(swapped.primary_system, swapped.secondary_system);
  EXPECT_EQ(compare(archived, order, rules, {}, swapped).verdict, Verdict::known_difference);
  EXPECT_EQ(compare(archived, order, rules, {}, asked).verdict, Verdict::mismatch)
      << "it is nav that answers, not bc";
  EXPECT_EQ(
      compare(order, failed(ErrorCode::not_found, "", "no such order"), rules, {}, asked).verdict,
      Verdict::mismatch);
  EXPECT_EQ(compare(failed(ErrorCode::rejected, "E1"), archived, rules, {}, asked).verdict,
            Verdict::mismatch);
  EXPECT_EQ(compare(order, answered(R"({"number":"2"})"), rules, {}, asked).verdict,
            Verdict::mismatch)
      << "values are not outcomes";
  EXPECT_EQ(compare(order, answered("[]"), rules, {}, asked).verdict, Verdict::mismatch)
      << "nor is another type of document";
  EXPECT_EQ(
      compare(order, failed(ErrorCode::unavailable, "", "archived"), rules, {}, asked).verdict,
      Verdict::not_compared);
  Question of_stock = asked;
  of_stock.capability = "inventory";
  EXPECT_EQ(compare(order, archived, rules, {}, of_stock).verdict, Verdict::mismatch);
  Question later = asked;
  later.today = Date{2027, 1, 1};
  EXPECT_EQ(compare(order, archived, rules, {}, later).verdict, Verdict::mismatch);
}

TEST(Outcomes, AKnownDifferenceOfAnswersIsReadStrictly) {
  const auto refused = [](const std::string& members) {
    const auto rules = read_rules(R"({"version":"1","knownDifferences":[{"name":"k",)" + members +
                                  accepted_by + "}]}");
    return rules ? std::string("read") : rules.error().message;
  };
  const std::string two = R"("answers":[{"answered":true},{"code":"not_found"}],)";
  EXPECT_EQ(refused(two), "read");
  for (const auto& [members, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "/path \"k\": is required"},
           {R"("answers":[{"code":"not_found"}],)", "must be two"},
           {R"("answers":[{"answered":true},{"empty":true}],)", "must have an error"},
           {R"("answers":[{"answered":true},{"code":"gone"}],)", "one of the error codes"},
           {R"("answers":[{"answered":true,"code":"rejected"},{"code":"rejected"}],)",
            "is no error"},
           {R"("answers":[{},{"code":"rejected"}],)", "must say what answers"},
           {two + R"("path":"/",)", "path"},
           {two + R"("atMost":"1",)", "atMost"},
           {two + R"("kinds":["outcome"],)", "kinds"}})
    EXPECT_NE(refused(members).find(said), std::string::npos)
        << members << ": " << refused(members);
  const auto of_class = read_rules(R"({"version":"1","outcomes":[{"name":"k","reason":"r",
      "answers":[{"answered":true},{"code":"not_found"}]}]})");
  EXPECT_FALSE(of_class) << "a class that any answer is in would hide every refusal";
}

TEST(Outcomes, AnAnswerOfNothingCanEqualNotFound) {
  const Rules rules = rules_of(R"("outcomes":[{"name":"nothing","reason":"r","answers":[
      {"code":"not_found"},{"empty":true}]}])");
  EXPECT_EQ(compare(failed(ErrorCode::not_found), answered("[]"), rules, {}, question()).verdict,
            Verdict::match);
  EXPECT_EQ(compare(failed(ErrorCode::not_found), answered("[1]"), rules, {}, question()).verdict,
            Verdict::mismatch);
}

TEST(Outcomes, ASystemThatCouldNotBeAskedIsNotComparedAndSaysWhy) {
  const Comparison result =
      compare(answered("{}"), failed(ErrorCode::throttled, "429", "later"), {}, {}, question());
  EXPECT_EQ(result.verdict, Verdict::not_compared);
  EXPECT_EQ(result.reason, "bc: throttled: later (429)");
}

}  // namespace
}  // namespace underpin::parity
