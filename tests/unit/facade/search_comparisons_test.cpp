// A search of customers is compared by what each side finds in all, however it cuts its pages.
#include "facade/gate_desk.h"
#include "facade/replay.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using parity::Verdict;
using testing::HasSubstr;

struct SearchComparisons : FacadeFixture {
  void both_have(const std::string& number) {
    for (SmallErp* erp : {&legacy(), &cloud()}) erp->add_customer(customer(number));
  }
  Comparisons::Look look(const CustomerQuery& query = {}) {
    return facade->comparisons().look_now(
        facade->customers().check_of(query, Side::legacy, context()));
  }
  void to_shadow_read() {
    move(Capability::customers, cutover::Stage::dual_write);
    move(Capability::customers, cutover::Stage::shadow_read);
  }
  std::vector<parity::LedgerEntry> searches() {
    EXPECT_TRUE(facade->shadows().drain(deadline_in(std::chrono::seconds(30))));
    facade->ledger().flush();
    parity::LedgerFilter filter;
    filter.capability = "customers";
    auto entries = facade->ledger().entries(filter);
    EXPECT_TRUE(entries);
    std::vector<parity::LedgerEntry> found = *entries;
    std::erase_if(found, [](const parity::LedgerEntry& one) {
      return one.question.operation != "search_customers";
    });
    return found;
  }
};

TEST_F(SearchComparisons, FindsTheSameHoweverPagesAreCut) {
  for (const char* number : {"C1", "C2", "C3", "C4", "C5"}) both_have(number);
  legacy().set_customers_page(2);
  cloud().set_customers_page(3);
  EXPECT_EQ(look().comparison.verdict, Verdict::match);
  EXPECT_EQ(look().of_primary.document->get("customers").size(), 5U);
}

TEST_F(SearchComparisons, ACustomerThatOnlyOneSideFindsIsOneDifference) {
  for (const char* number : {"C1", "C2", "C3"}) both_have(number);
  legacy().add_customer(customer("C0"));
  const Comparisons::Look seen = look();
  ASSERT_EQ(seen.comparison.differences.size(), 1U) << "not one for each that moved up";
  EXPECT_EQ(seen.comparison.differences[0].path, "/customers/C0");
  EXPECT_EQ(seen.comparison.differences[0].kind, parity::Kind::missing);
  EXPECT_EQ(seen.comparison.verdict, Verdict::mismatch);
}

TEST_F(SearchComparisons, MoreThanCanBeReadIsNotComparedForThatReason) {
  for (std::size_t i = 0; i <= search_compared_max; ++i) both_have("C" + std::to_string(i));
  cloud().set_customers_page(100);
  const Comparisons::Look seen = look();
  EXPECT_EQ(seen.comparison.verdict, Verdict::not_compared);
  EXPECT_THAT(seen.comparison.reason, HasSubstr("more than 1000 customers"));
}

TEST_F(SearchComparisons, TheRulesOfACustomerHoldForEachThatIsFound) {
  const auto with_phone = [&](Side side, const std::string& number, const std::string& phone) {
    Customer one = customer(number);
    one.phone = phone;
    on(side).add_customer(one);
  };
  with_phone(Side::legacy, "C1", "1");
  with_phone(Side::cloud, "C1", "2");
  ASSERT_EQ(look().comparison.verdict, Verdict::mismatch);
  parity::Rule ignoring;
  ignoring.name = "phones";
  ignoring.capability = "customers";
  ignoring.operation = "get_customer";
  ignoring.path = "/phone";
  ignoring.ignore = true;
  parity_rules.rules = {ignoring};
  open();
  EXPECT_EQ(look().comparison.verdict, Verdict::match);
  parity_rules.rules.clear();
  parity::KnownDifference known;
  known.name = "KD-1";
  known.capability = "customers";
  known.path = "/phone";
  known.subject = "C1";
  known.expires = Timestamp{clock}.plus_ms(86'400'000).date_utc();
  parity_rules.known = {known};
  open();
  EXPECT_EQ(look().comparison.verdict, Verdict::known_difference);
  with_phone(Side::legacy, "C2", "1");
  with_phone(Side::cloud, "C2", "2");
  EXPECT_EQ(look().comparison.verdict, Verdict::mismatch) << "it is of another customer";
}

TEST_F(SearchComparisons, ADeliveryOfOneOfThemIsOnItsWay) {
  to_shadow_read();
  both_have("C1");
  EXPECT_FALSE(look().on_its_way);
  ASSERT_EQ(facade->customers().create(customer("C7"), write("k7")).status, 201);
  const Comparisons::Look seen = look();
  EXPECT_EQ(seen.comparison.verdict, Verdict::mismatch);
  EXPECT_TRUE(seen.on_its_way) << "the caller calls it late";
  CustomerQuery other;
  other.email = "C1@example.com";
  EXPECT_FALSE(look(other).on_its_way) << "of customers that it does not find";
}

TEST_F(SearchComparisons, IsBegunOnceForAnAnswerOfSeveralPagesAndOnlyWhereReadsAreCompared) {
  for (const char* number : {"C1", "C2", "C3"}) both_have(number);
  ASSERT_TRUE(facade->customers().search({}, context()));
  EXPECT_TRUE(searches().empty()) << "nothing is read from the cloud yet";
  to_shadow_read();
  for (SmallErp* erp : {&legacy(), &cloud()}) erp->set_customers_page(2);
  CustomerQuery query;
  const auto first = facade->customers().search(query, context());
  ASSERT_TRUE(first);
  query.cursor = first->next;
  ASSERT_FALSE(query.cursor.empty());
  ASSERT_TRUE(facade->customers().search(query, context()));
  const auto seen = searches();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].comparison.verdict, Verdict::match);
  EXPECT_EQ(seen[0].question.subject, "search all");
  // What channels ask for is covered by it, and fills cells of its own.
  facade->gate().asked(Capability::customers, "search_customers");
  const auto report =
      facade->gate().judge(Capability::customers, cutover::Stage::cloud_primary, context());
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->facts.unseen.empty());
  bool found = false;
  for (const parity::GateCell& cell : report->facts.cells)
    found = found || (cell.operation == "search_customers" && cell.compared == 1);
  EXPECT_TRUE(found);
  // And asked again, from what was kept.
  const auto again = replay(*facade, seen[0].id, context());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->now.comparison.verdict, Verdict::match);
}

TEST_F(SearchComparisons, ASearchThatWasNeverComparedIsUnseen) {
  facade->gate().asked(Capability::customers, "search_customers");
  const auto report =
      facade->gate().judge(Capability::customers, cutover::Stage::cloud_primary, context());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->facts.unseen, std::vector<std::string>{"operation search_customers"});
}

TEST_F(SearchComparisons, TheSubjectSaysWhatWasAskedAndNotOfWhom) {
  const auto subject = [&](const std::string& email) {
    CustomerQuery query;
    query.email = email;
    return facade->customers().check_of(query, Side::legacy, context()).subject;
  };
  EXPECT_EQ(subject("Anna@example.com"), subject("anna@EXAMPLE.com"));
  EXPECT_NE(subject("anna@example.com"), subject("ben@example.com"));
  EXPECT_EQ(subject("anna@example.com").find("anna"), std::string::npos);
}

}  // namespace
}  // namespace underpin::facade::test
