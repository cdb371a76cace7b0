#include "parity/compare.h"

#include <gtest/gtest.h>

namespace underpin::parity {
namespace {

json::Value doc(std::string_view text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : json::Value{};
}

Side answered(std::string_view text) {
  Side side;
  side.document = doc(text);
  return side;
}

Side failed(ErrorCode code) {
  Side side;
  side.error = Error{code, "no"};
  return side;
}

const Question question{"orders", "get_order", "web/1", Date{2026, 11, 24}};

Comparison judged(std::string_view one, std::string_view two, const Rules& rules = {},
                  const References& references = {}) {
  return compare(answered(one), answered(two), rules, references, question);
}

Rules lines_by_number() {
  Rules rules;
  Rule rule;
  rule.name = "lines";
  rule.path = "/lines";
  rule.list_key = {"number"};
  rules.rules.push_back(rule);
  return rules;
}

TEST(Compare, DecimalsAreEqualByValueNotByText) {
  EXPECT_EQ(judged(R"({"price":"1.50","b":2.0})", R"({"price":"1.5","b":2})").verdict,
            Verdict::match);
}

TEST(Compare, ANumberEqualsTheSameNumberInAString) {
  EXPECT_EQ(judged(R"({"a":"10.50"})", R"({"a":10.5})").verdict, Verdict::match);
}

TEST(Compare, AnIdentifierThatLooksLikeADecimalIsAText) {
  for (const char* member :
       {"sku", "number", "document", "customer", "code", "postCode", "phone"}) {
    const std::string name = std::string("{\"") + member + "\":";
    EXPECT_EQ(judged(name + "\"1.10\"}", name + "\"1.1\"}").verdict, Verdict::mismatch) << member;
  }
  EXPECT_EQ(judged(R"({"skus":["1.10"]})", R"({"skus":["1.1"]})").verdict, Verdict::mismatch);
  for (const char* member : {"netAmount", "quantity", "unitPrice", "rate", "onHand", "tax"}) {
    const std::string name = std::string("{\"") + member + "\":";
    EXPECT_EQ(judged(name + "\"1.10\"}", name + "\"1.1\"}").verdict, Verdict::match) << member;
  }
}

TEST(Compare, ARuleAboutNumbersMakesATextOne) {
  Rules rules;
  Rule rule;
  rule.name = "numbers";
  rule.path = "/size";
  rule.absolute = Decimal{};
  rules.rules.push_back(rule);
  EXPECT_EQ(judged(R"({"size":"1.10"})", R"({"size":"1.1"})").verdict, Verdict::mismatch);
  EXPECT_EQ(judged(R"({"size":"1.10"})", R"({"size":"1.1"})", rules).verdict, Verdict::match);
}

TEST(Compare, AKeyThatLooksLikeADecimalIsAText) {
  Rules rules;
  Rule rule;
  rule.name = "rows";
  rule.path = "/rows";
  rule.list_key = {"sku"};
  rules.rules.push_back(rule);
  const Comparison result = judged(R"({"rows":[{"sku":"1.10","quantity":"1"}]})",
                                   R"({"rows":[{"sku":"1.1","quantity":"1"}]})", rules);
  ASSERT_EQ(result.differences.size(), 2u);
  EXPECT_EQ(result.differences[0].kind, Kind::missing);
  EXPECT_EQ(result.differences[0].path, "/rows/1.10");
  EXPECT_EQ(result.differences[1].kind, Kind::extra);
}

TEST(Compare, LeadingZerosAreANameNotANumber) {
  EXPECT_EQ(judged(R"({"a":"007"})", R"({"a":"7"})").verdict, Verdict::mismatch);
}

TEST(Compare, AnAmountBeyondADoublesDigitsIsStillTold) {
  EXPECT_EQ(judged(R"({"a":12345678901234567.89})", R"({"a":12345678901234567.88})").verdict,
            Verdict::mismatch);
}

TEST(Compare, OneInsertedLineIsOneDifferenceNotForty) {
  std::string one = "[";
  std::string two = R"([{"number":0,"sku":"X"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string line =
        R"({"number":)" + std::to_string(i) + R"(,"sku":"S)" + std::to_string(i) + "\"}";
    one += (i > 1 ? "," : "") + line;
    two += "," + line;
  }
  const Comparison result =
      judged("{\"lines\":" + one + "]}", "{\"lines\":" + two + "]}", lines_by_number());
  ASSERT_EQ(result.differences.size(), 1u);
  EXPECT_EQ(result.differences[0].kind, Kind::extra);
  EXPECT_EQ(result.differences[0].path, "/lines/0");
}

TEST(Compare, ListsWithAKeyMatchInAnyOrder) {
  EXPECT_EQ(judged(R"({"lines":[{"number":1},{"number":2}]})",
                   R"({"lines":[{"number":2},{"number":"1"}]})", lines_by_number())
                .verdict,
            Verdict::match);
}

TEST(Compare, ListsWithoutAKeyDifferInCountOnce) {
  const Comparison result = judged(R"({"l":[1,2,3]})", R"({"l":[1]})");
  ASSERT_EQ(result.differences.size(), 1u);
  EXPECT_EQ(result.differences[0].kind, Kind::count);
}

TEST(Compare, MissingAndExtraAndTypeAreNamed) {
  const Comparison result = judged(R"({"a":1,"b":{"c":1}})", R"({"b":[1],"d":2})");
  ASSERT_EQ(result.differences.size(), 3u);
  EXPECT_EQ(result.differences[0].kind, Kind::missing);
  EXPECT_EQ(result.differences[1].kind, Kind::type);
  EXPECT_EQ(result.differences[2].kind, Kind::extra);
}

TEST(Compare, ToleranceIsPerFieldAndIncludesItsLimit) {
  Rules rules;
  Rule rule;
  rule.name = "cents";
  rule.path = "/total";
  rule.absolute = Decimal{1, 2};
  rules.rules.push_back(rule);
  EXPECT_EQ(judged(R"({"total":"10.00"})", R"({"total":"10.01"})", rules).verdict,
            Verdict::tolerated);
  EXPECT_EQ(judged(R"({"total":"10.00"})", R"({"total":"10.02"})", rules).verdict,
            Verdict::mismatch);
  EXPECT_EQ(judged(R"({"other":"10.00"})", R"({"other":"10.01"})", rules).verdict,
            Verdict::mismatch);
}

TEST(Compare, RelativeToleranceIsAFractionOfTheSmaller) {
  Rules rules;
  Rule rule;
  rule.name = "one per mille";
  rule.path = "/total";
  rule.relative = Decimal{1, 3};
  rules.rules.push_back(rule);
  EXPECT_EQ(judged(R"({"total":"1000"})", R"({"total":"1001"})", rules).verdict,
            Verdict::tolerated);
  EXPECT_EQ(judged(R"({"total":"1000"})", R"({"total":"1001.01"})", rules).verdict,
            Verdict::mismatch);
}

TEST(Compare, WhatARuleIgnoresIsCounted) {
  Rules rules;
  Rule rule;
  rule.name = "clock";
  rule.path = "/lines/*/at";
  rule.ignore = true;
  rules.rules.push_back(rule);
  const Comparison result =
      judged(R"({"lines":[{"at":1},{"at":2}]})", R"({"lines":[{"at":3},{"at":4}]})", rules);
  EXPECT_EQ(result.verdict, Verdict::match);
  EXPECT_EQ(result.suppressed.at("clock"), 2);
}

TEST(Compare, ARuleForAnotherCapabilityDoesNotApply) {
  Rules rules;
  Rule rule;
  rule.name = "elsewhere";
  rule.capability = "pricing";
  rule.path = "/a";
  rule.ignore = true;
  rules.rules.push_back(rule);
  EXPECT_EQ(judged(R"({"a":1})", R"({"a":2})", rules).verdict, Verdict::mismatch);
}

KnownDifference known() {
  KnownDifference difference;
  difference.name = "tax cents";
  difference.path = "/tax";
  difference.at_most = Decimal{2, 2};
  difference.reason = "the cloud rounds per line";
  difference.approved_by = "qa@example.com";
  difference.expires = Date{2026, 11, 24};
  return difference;
}

TEST(KnownDifference, CoversUntilItsLastDayAndUpToItsLimit) {
  Rules rules;
  rules.known.push_back(known());
  EXPECT_EQ(judged(R"({"tax":"1.00"})", R"({"tax":"1.02"})", rules).verdict,
            Verdict::known_difference);
  EXPECT_EQ(judged(R"({"tax":"1.00"})", R"({"tax":"1.03"})", rules).verdict, Verdict::mismatch);
  Question later = question;
  later.today = Date{2026, 11, 25};
  EXPECT_EQ(compare(answered(R"({"tax":"1.00"})"), answered(R"({"tax":"1.02"})"), rules, {}, later)
                .verdict,
            Verdict::mismatch);
}

TEST(KnownDifference, OfOneSubjectCoversNoOther) {
  Rules rules;
  rules.known.push_back(known());
  rules.known[0].subject = "web/2";
  EXPECT_EQ(judged(R"({"tax":"1.00"})", R"({"tax":"1.01"})", rules).verdict, Verdict::mismatch);
}

TEST(Compare, NamesOfOneThingInTwoErpsAreEqual) {
  Rules rules;
  Rule rule;
  rule.name = "documents";
  rule.path = "/document";
  rule.references = "order_document";
  rules.rules.push_back(rule);
  References references;
  references.add("order_document", "SO-1", "S-ORD-9");
  EXPECT_EQ(
      judged(R"({"document":"SO-1"})", R"({"document":"S-ORD-9"})", rules, references).verdict,
      Verdict::match);
  EXPECT_EQ(
      judged(R"({"document":"S-ORD-9"})", R"({"document":"SO-1"})", rules, references).verdict,
      Verdict::match);
  EXPECT_EQ(
      judged(R"({"document":"SO-1"})", R"({"document":"S-ORD-8"})", rules, references).verdict,
      Verdict::mismatch);
}

TEST(Compare, ErrorsAreObservationsToo) {
  EXPECT_EQ(
      compare(failed(ErrorCode::not_found), failed(ErrorCode::not_found), {}, {}, question).verdict,
      Verdict::match);
  const Comparison one = compare(answered("{}"), failed(ErrorCode::not_found), {}, {}, question);
  EXPECT_EQ(one.verdict, Verdict::mismatch);
  EXPECT_EQ(one.differences.at(0).kind, Kind::outcome);
  EXPECT_EQ(
      compare(failed(ErrorCode::rejected), failed(ErrorCode::not_found), {}, {}, question).verdict,
      Verdict::mismatch);
}

TEST(Rules, AnUnknownKeyIsRefusedWithFilePlaceAndRule) {
  const auto rules = read_rules(
      R"({"version":"1","rules":[{"name":"clock","path":"/a","ignroe":true}]})", "site/rules.json");
  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().message.find("site/rules.json"), std::string::npos);
  EXPECT_NE(rules.error().message.find("/rules/0/ignroe \"clock\": is not a known key"),
            std::string::npos)
      << rules.error().message;
}

TEST(Rules, AFileWithoutAVersionIsRefused) {
  const auto rules = read_rules(R"({"rules":[]})");
  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().message.find("/version"), std::string::npos);
}

TEST(Rules, AKnownDifferenceNeedsOwnerReasonTicketApproverBudgetAndExpiry) {
  const auto rules = read_rules(R"({"version":"1","knownDifferences":[{"name":"x","path":"/a"}]})");
  ASSERT_FALSE(rules);
  for (const char* field : {"owner", "reason", "ticket", "approvedBy", "expires", "budget"})
    EXPECT_NE(rules.error().message.find(field), std::string::npos) << field;
}

TEST(Rules, AFileIsReadWithItsComments) {
  const auto rules = read_rules(R"({
    // Lists match by key.
    "version": "2026-11-24",
    "rules": [{"name": "lines", "path": "/lines", "listKey": "number"},
              {"name": "cents", "path": "/lines/*/net", "absolute": "0.01", "perDocument": "0.05"}],
    "knownDifferences": [{"name": "k", "path": "/tax", "owner": "o", "reason": "r", "ticket": "T-1",
      "approvedBy": "a", "expires": "2027-01-31", "budget": {"hits": 10, "money": "5.00"}}]})");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->version, "2026-11-24");
  EXPECT_EQ(rules->hash.size(), 64u);
  EXPECT_EQ(rules->rules.at(0).list_key, std::vector<std::string>{"number"});
  EXPECT_EQ(rules->rules.at(1).per_document, (Decimal{5, 2}));
  EXPECT_EQ(rules->known.at(0).expires, (Date{2027, 1, 31}));
  EXPECT_EQ(rules->known.at(0).budget_hits, 10);
}

TEST(Rules, WhatCannotWorkIsRefused) {
  const auto refusal = [](const std::string& rule) {
    const auto rules =
        read_rules(R"({"version":"1","rules":[{"name":"x","path":"/a",)" + rule + "}]}");
    return rules ? std::string{} : rules.error().message;
  };
  EXPECT_NE(refusal(R"("zone":"Mars/Olympus")").find("time zone"), std::string::npos);
  EXPECT_NE(refusal(R"("codes":"none")").find("codeMaps"), std::string::npos);
  EXPECT_NE(refusal(R"("units":"none")").find("unitMaps"), std::string::npos);
  EXPECT_NE(refusal(R"("factor":"100")").find("\"of\""), std::string::npos);
  EXPECT_NE(refusal(R"("rounding":{"scale":2,"policy":"up"})").find("policy"), std::string::npos);
  EXPECT_NE(refusal(R"("cohort":{"colour":"red"})").find("colour"), std::string::npos);
  EXPECT_NE(refusal(R"("absolute":"-1")").find("at least 0"), std::string::npos);
}

}  // namespace
}  // namespace underpin::parity
