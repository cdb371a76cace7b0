#include "facade/posting_scenarios.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace underpin::facade {
namespace {

using testing::HasSubstr;

std::string catalogue() {
  std::ifstream file(UNDERPIN_SOURCE_DIR "/config/posting-scenarios.json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string refused(std::string text) {
  const auto read = read_posting_scenarios(text, "scenarios.json");
  return read ? "read" : read.error().message;
}

std::string with(const std::string& what, const std::string& instead) {
  std::string text = catalogue();
  const std::size_t at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("the catalogue has no " + what);
  return text.replace(at, what.size(), instead);
}

PostedEntry entry(AccountClass account_class, const char* amount) {
  PostedEntry one;
  one.account_class = account_class;
  one.amount = *Decimal::parse(amount);
  return one;
}

PostedEntry tax(const char* code, const char* base, const char* amount) {
  PostedEntry one = entry(AccountClass::tax, amount);
  one.ledger = Ledger::tax;
  one.tax_code = code;
  one.base = *Decimal::parse(base);
  return one;
}

PostingScenario scenario(const char* tolerance) {
  PostingScenario one;
  one.name = "promotion";
  one.policy.name = "p";
  one.policy.tolerance = *Decimal::parse(tolerance);
  one.policy.folds = {{AccountClass::discount, AccountClass::revenue}};
  return one;
}

parity::Comparison compared(const PostingScenario& of, const std::vector<PostedEntry>& legacy,
                            const std::vector<PostedEntry>& cloud) {
  parity::Side one;
  parity::Side other;
  one.document = posting_document(legacy, of.policy);
  other.document = posting_document(cloud, of.policy);
  parity::Question question;
  question.capability = "orders";
  question.operation = "post_promotion";
  return compare_postings(of, one, other, {}, question);
}

TEST(PostingScenarios, TheCatalogueHasEveryKindOfOrder) {
  const auto read = read_posting_scenarios(catalogue(), "posting-scenarios.json");
  ASSERT_TRUE(read) << read.error().message;
  std::set<std::string> names;
  for (const PostingScenario& one : *read) {
    names.insert(one.name);
    EXPECT_FALSE(one.policy.name.empty());
    EXPECT_EQ(one.order.id.channel.text(), "scenario");
  }
  EXPECT_EQ(names, (std::set<std::string>{"promotion", "split_tax", "gift_card", "free_goods",
                                          "foreign_currency", "partial_cancel"}));
}

TEST(PostingScenarios, AWrongCatalogueIsRefusedByFieldAndRule) {
  EXPECT_EQ(refused(catalogue()), "read");
  EXPECT_THAT(refused("{"), testing::Not("read"));
  EXPECT_THAT(refused(R"({"policies": [], "scenarios": 3})"), HasSubstr("/scenarios"));
  EXPECT_THAT(refused(with("\"policy\": \"exact\"", "\"policy\": \"none\"")),
              HasSubstr("/scenarios/0/policy"));
  EXPECT_THAT(refused(with("\"from\": \"discount\"", "\"from\": \"rebate\"")),
              HasSubstr("/policies/0/fold/0/from"));
  EXPECT_THAT(refused(with("\"quantity\": \"4\"", "\"quantity\": \"x\"")),
              HasSubstr("/scenarios/0/order"));
  EXPECT_THAT(refused(with("\"name\": \"split_tax\"", "\"name\": \"promotion\"")),
              HasSubstr("/scenarios/1/name"));
  EXPECT_THAT(refused(with("\"number\": \"PROMOTION\"", "\"number\": \"PROMOTION-OF-AUTUMN\"")),
              HasSubstr("room for the run"));
  EXPECT_THAT(refused(with("\"tolerance\": \"0.02\"", "\"tolerance\": \"-1\"")),
              HasSubstr("/policies/0/tolerance"));
  EXPECT_THAT(refused(with("\"what\":", "\"wat\":")), HasSubstr("/scenarios/0/wat"));
}

TEST(PostingScenarios, ADiscountOfItsOwnAccountIsFoldedIntoTheRevenue) {
  const auto one =
      compared(scenario("0"),
               {entry(AccountClass::revenue, "-20.00"), entry(AccountClass::discount, "1.50")},
               {entry(AccountClass::revenue, "-18.50")});
  EXPECT_EQ(one.verdict, parity::Verdict::match);
  PostingScenario strict = scenario("0");
  strict.policy.folds.clear();
  EXPECT_EQ(
      compared(strict,
               {entry(AccountClass::revenue, "-20.00"), entry(AccountClass::discount, "1.50")},
               {entry(AccountClass::revenue, "-18.50")})
          .verdict,
      parity::Verdict::mismatch);
}

TEST(PostingScenarios, AmountsMayBeApartByThePolicysToleranceOnly) {
  const std::vector<PostedEntry> legacy{entry(AccountClass::tax, "-3.52"),
                                        tax("VAT19", "-18.50", "-3.52")};
  const std::vector<PostedEntry> cloud{entry(AccountClass::tax, "-3.51"),
                                       tax("VAT19", "-18.50", "-3.51")};
  EXPECT_EQ(compared(scenario("0"), legacy, cloud).verdict, parity::Verdict::mismatch);
  const parity::Comparison cent = compared(scenario("0.01"), legacy, cloud);
  EXPECT_EQ(cent.verdict, parity::Verdict::tolerated);
  EXPECT_THAT(cent.differences.at(0).rule, HasSubstr("posting policy p"));
}

TEST(PostingScenarios, AnotherClassAnotherTaxCodeAndAnotherSignDiffer) {
  const std::vector<PostedEntry> right{entry(AccountClass::revenue, "-10"),
                                       tax("VAT19", "-10", "-1.90")};
  EXPECT_EQ(compared(scenario("0.02"), right, right).verdict, parity::Verdict::match);
  EXPECT_EQ(compared(scenario("0.02"), right,
                     {entry(AccountClass::other, "-10"), tax("VAT19", "-10", "-1.90")})
                .verdict,
            parity::Verdict::mismatch);
  EXPECT_EQ(compared(scenario("0.02"), right,
                     {entry(AccountClass::revenue, "-10"), tax("VAT7", "-10", "-1.90")})
                .verdict,
            parity::Verdict::mismatch);
  EXPECT_EQ(compared(scenario("0.02"), right,
                     {entry(AccountClass::revenue, "10"), tax("VAT19", "-10", "-1.90")})
                .verdict,
            parity::Verdict::mismatch);
}

}  // namespace
}  // namespace underpin::facade
