// A search of customers is compared by what each side finds in all, however it cuts its pages.
#include "facade/cohorts.h"
#include "facade/digest.h"
#include "facade/gate_desk.h"
#include "facade/replay.h"
#include "facade/requests.h"
#include "parity/digest.h"
#include "parity/rejudge.h"
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

// A channel that lists all customers is compared like every other.
TEST_F(SearchComparisons, OfMoreThanCanBeReadTheFirstPartIsCompared) {
  for (std::size_t i = 0; i < search_compared_max + 300; ++i) both_have("C" + std::to_string(i));
  cloud().set_customers_page(170);
  const std::int64_t before = cloud().calls("search_customers");
  const Comparisons::Look seen = look();
  EXPECT_EQ(seen.comparison.verdict, Verdict::match);
  EXPECT_EQ(cloud().calls("search_customers") - before, 6) << "and no page more";
  EXPECT_GE(seen.of_primary.document->get("customers").size(), search_compared_max);
  EXPECT_LE(legacy().calls("get_customer") + cloud().calls("get_customer"), 100);
}

TEST_F(SearchComparisons, WhatLiesBeyondThePartOfOneSideIsAskedForByNumber) {
  for (std::size_t i = 0; i < search_compared_max + 300; ++i) both_have("C" + std::to_string(i));
  // Within the part of one side only; the other has it, too, or it has not.
  legacy().add_customer(customer("A1"));
  const Comparisons::Look missing = look();
  ASSERT_EQ(missing.comparison.differences.size(), 1U);
  EXPECT_EQ(missing.comparison.differences[0].path, "/customers/A1");
  cloud().add_customer(customer("A1"));
  EXPECT_EQ(look().comparison.verdict, Verdict::match);
  cloud().add_customer(customer("A0"));
  const Comparisons::Look extra = look();
  ASSERT_EQ(extra.comparison.differences.size(), 1U);
  EXPECT_EQ(extra.comparison.differences[0].path, "/customers/A0");
  // Who cannot be asked says nothing.
  legacy().set_trap("get_customer", SmallErp::Trap::unavailable);
  EXPECT_EQ(look().comparison.verdict, Verdict::not_compared);
}

TEST_F(SearchComparisons, AShareOfThemIsComparedByWhatTheyAskFor) {
  both_have("C1");
  comparison_settings.searches_per_100k = 30'000;
  open();
  to_shadow_read();
  std::set<std::string> compared;
  int skipped = 0;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 40; ++i) {
      CustomerQuery query;
      query.name = "N" + std::to_string(i);
      ASSERT_TRUE(facade->customers().search(query, context()));
    }
  }
  for (const parity::LedgerEntry& one : searches()) compared.insert(one.question.subject);
  skipped = static_cast<int>(facade->comparisons().left_out(Capability::customers).skipped);
  EXPECT_GT(compared.size(), 2U);
  EXPECT_LT(compared.size(), 30U);
  EXPECT_EQ(searches().size(), 2 * compared.size()) << "always the same ones";
  EXPECT_EQ(skipped, 80 - static_cast<int>(searches().size()));
}

TEST_F(SearchComparisons, RulesOfACohortHoldForItsCustomersAlone) {
  for (const char* number : {"C1", "C2"}) {
    Customer one = customer(number);
    one.price_group = number == std::string("C1") ? "VIP" : "STD";
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      record_cohort(tx, one);
      return true;
    }));
    one.phone = "1";
    legacy().add_customer(one);
    one.phone = "2";
    cloud().add_customer(one);
  }
  parity::Rule ignoring;
  ignoring.name = "phones of VIPs";
  ignoring.capability = "customers";
  ignoring.operation = "get_customer";
  ignoring.path = "/phone";
  ignoring.cohort = {{"segments", {"VIP"}}};
  ignoring.ignore = true;
  parity_rules.rules = {ignoring};
  open();
  const Comparisons::Look seen = look();
  ASSERT_EQ(seen.comparison.differences.size(), 1U);
  EXPECT_EQ(seen.comparison.differences[0].path, "/customers/C2/phone");
  // What is kept is judged again in the same way.
  ShadowCheck check = facade->customers().check_of(CustomerQuery{}, Side::legacy, context());
  parity::Side one = check.ask(Side::legacy);
  parity::Side two = check.ask(Side::cloud);
  check.prepare(one, two, check.cohort);
  parity::LedgerEntry entry;
  entry.is_pair = true;
  entry.question.capability = "customers";
  entry.question.operation = check.operation;
  entry.question.cohort = check.cohort;
  entry.primary_document = json::write(*one.document);
  entry.secondary_document = json::write(*two.document);
  const auto again = parity::judged_again(entry, facade->comparisons().rules());
  ASSERT_TRUE(again);
  ASSERT_EQ(again->differences.size(), 1U);
  EXPECT_EQ(again->differences[0].path, "/customers/C2/phone");
}

TEST_F(SearchComparisons, AKnownDifferenceOfOutcomesIsOneOfWhoIsNotFound) {
  both_have("C2");
  legacy().add_customer(customer("C1"));
  ASSERT_EQ(look().comparison.verdict, Verdict::mismatch);
  parity::KnownDifference known;
  known.name = "KD-2";
  known.capability = "customers";
  known.operation = "get_customer";
  known.subject = "C1";
  parity::AnswerPattern answered;
  answered.answered = true;
  parity::AnswerPattern absent;
  absent.code = "not_found";
  known.answers = {answered, absent};
  known.expires = Timestamp{clock}.plus_ms(86'400'000).date_utc();
  parity_rules.known = {known};
  open();
  const Comparisons::Look seen = look();
  EXPECT_EQ(seen.comparison.verdict, Verdict::known_difference);
  EXPECT_EQ(seen.comparison.suppressed.at("KD-2"), 1);
  legacy().add_customer(customer("C3"));
  EXPECT_EQ(look().comparison.verdict, Verdict::mismatch) << "it is of another customer";
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

TEST_F(SearchComparisons, AReportSaysHowAnErpIsAskedAndNotForWhom) {
  parity::LedgerEntry pair;
  pair.question.operation = "search_customers";
  pair.asked = "{}";
  using Commands = std::vector<std::string>;
  EXPECT_EQ(requests_of(*facade, pair, Side::cloud), Commands{"search for everybody"});
  pair.asked = R"({"email": "anna@example.com"})";
  const Commands said = requests_of(*facade, pair, Side::cloud);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[0], testing::StartsWith("# "));
  EXPECT_EQ(said[1], "search for whom");
  // Of writes, why there is no command.
  for (const char* write : {"rehearse_place_order", "put_customer", "place_order"}) {
    pair.question.operation = write;
    const Commands none = requests_of(*facade, pair, Side::cloud);
    ASSERT_EQ(none.size(), 1U) << write;
    EXPECT_THAT(none[0], testing::StartsWith("# A ")) << write;
  }
}

TEST_F(SearchComparisons, TheSubjectSaysWhatWasAskedAndNotOfWhom) {
  const auto subject = [&](const std::string& email) {
    CustomerQuery query;
    query.email = email;
    return facade->customers().check_of(query, Side::legacy, context()).subject;
  };
  const auto says_nothing = [&] {
    EXPECT_EQ(subject("Anna@example.com"), subject("anna@EXAMPLE.com"));
    EXPECT_NE(subject("anna@example.com"), subject("ben@example.com"));
    EXPECT_EQ(subject("anna@example.com").find("anna"), std::string::npos);
    // Whoever guesses the address cannot prove it.
    for (const char* guess : {"anna@example.com", R"({"email":"anna@example.com"})"})
      EXPECT_EQ(subject("anna@example.com").find(sha256_hex(guess).substr(0, 16)),
                std::string::npos);
  };
  says_nothing();
  EXPECT_THAT(subject("anna@example.com"), testing::EndsWith("-1")) << "numbered, without a key";
  parity_key = std::string(32, 'k');
  open();
  says_nothing();
  const std::string with_key = subject("anna@example.com");
  EXPECT_EQ(
      with_key,
      "search by email " +
          parity::hmac_sha256_hex(parity_key, R"({"email":"anna@example.com"})").substr(0, 16));
  parity_key = std::string(32, 'l');
  open();
  EXPECT_NE(subject("anna@example.com"), with_key);
}

}  // namespace
}  // namespace underpin::facade::test
