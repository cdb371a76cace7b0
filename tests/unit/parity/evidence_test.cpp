#include "parity/evidence.h"

#include "parity/ledger.h"
#include "parity/worth.h"
#include "parity/zones.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace underpin::parity {
namespace {

const Timestamp now = *Timestamp::parse("2026-11-28T12:00:00Z");
constexpr std::int64_t hour_ms = 3'600'000;

struct EvidenceOfLedger : testing::Test {
  EvidenceOfLedger() {
    folder = std::filesystem::temp_directory_path() /
             ("underpin-evidence-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    LedgerSettings settings;
    settings.file = (folder / "parity.db").string();
    settings.key = std::string(32, 'k');
    ledger = std::move(open_ledger(settings)).value();
  }
  ~EvidenceOfLedger() override {
    ledger.reset();
    std::filesystem::remove_all(folder);
  }
  EvidenceBook book() const { return {(folder / "parity.db").string(), std::string(32, 'k')}; }

  void compared(const std::string& subject, Verdict verdict, Timestamp at,
                std::vector<Difference> differences = {}, const std::string& correlation = "c-1",
                const std::string& operation = "get_order") {
    LedgerEntry entry;
    entry.at = at;
    entry.question = {"orders", operation, subject, at.date_utc()};
    entry.correlation_id = correlation;
    entry.comparison.verdict = verdict;
    entry.comparison.differences = std::move(differences);
    entry.primary_document = R"({"totals": {"grandTotal": "119.00"}})";
    ASSERT_TRUE(ledger->record(std::move(entry)));
  }
  static Difference differs(const std::string& path, const std::string& one, const std::string& two,
                            Kind kind = Kind::value) {
    return {path, kind, Verdict::mismatch, one, two, ""};
  }
  Evidence read(Timestamp since, Timestamp bound = now.plus_ms(-100 * hour_ms)) {
    ledger->flush();
    const auto evidence = book().read("orders", since, bound);
    EXPECT_TRUE(evidence) << evidence.error().message;
    return evidence ? *evidence : Evidence{};
  }

  std::filesystem::path folder;
  std::unique_ptr<Ledger> ledger;
};

TEST_F(EvidenceOfLedger, TheNewestComparisonOfASubjectCounts) {
  compared("web/1", Verdict::mismatch, now, {differs("/totals/tax", "\"1.00\"", "\"1.01\"")});
  compared("web/1", Verdict::match, now);
  compared("web/2", Verdict::match, now);
  compared("web/2", Verdict::mismatch, now,
           {differs("/lines/10/quantity", "\"1\"", "\"2\""),
            differs("/totals/grandTotal", "\"10.00\"", "\"12.50\""),
            differs("/totals/tax", "\"1.00\"", "\"3.50\"")});
  const Evidence evidence = read(now.plus_ms(-hour_ms));
  ASSERT_EQ(evidence.subjects.size(), 2u) << "asking twice is no second sample";
  EXPECT_EQ(evidence.asked, 4);
  EXPECT_EQ(evidence.subjects[0].verdict, Verdict::match);
  EXPECT_EQ(evidence.subjects[1].verdict, Verdict::mismatch);
  EXPECT_EQ(evidence.subjects[1].wrong, (std::set<std::string>{"amount", "quantity"}));
  EXPECT_EQ(evidence.subjects[1].money, *Decimal::parse("2.50")) << "the total says it all";
}

TEST_F(EvidenceOfLedger, ADocumentThatOneSideLacksIsWrongInEveryClassAndWorthItsTotal) {
  compared("web/1", Verdict::mismatch, now,
           {differs("", "\"accepted\"", "\"not_found\"", Kind::outcome)});
  const Evidence evidence = read(now.plus_ms(-hour_ms));
  ASSERT_EQ(evidence.subjects.size(), 1u);
  EXPECT_EQ(evidence.subjects[0].wrong, (std::set<std::string>{"amount", "other", "quantity"}));
  EXPECT_EQ(evidence.subjects[0].money, Decimal::of(119));
}

TEST_F(EvidenceOfLedger, SaysOfWhichClassesSomethingWasCompared) {
  const auto recorded = [&](const std::string& subject, const char* text, const Rules& rules,
                            const std::string& operation = "get_order") {
    Side side;
    side.document = *json::parse(text);
    LedgerEntry entry;
    entry.at = now;
    entry.question = {"orders", operation, subject, now.date_utc()};
    entry.comparison = compare(side, side, rules, {}, entry.question);
    ASSERT_TRUE(ledger->record(std::move(entry)));
  };
  const auto of = [](const char* path, bool ignore, bool set) {
    Rule rule;
    rule.name = path;
    rule.path = path;
    rule.ignore = ignore;
    rule.set = set;
    return rule;
  };
  const char* order =
      R"({"customer": "C1", "lines": [{"quantity": "1", "unitPrice": "2"}], "totals": {"tax": "1"}})";
  Rules ignoring;
  ignoring.rules = {of("/lines/*/unitPrice", true, false), of("/totals", true, false)};
  Rules sets;
  sets.rules = {of("/lines", false, true)};
  Rules both = ignoring;
  both.rules.push_back(sets.rules[0]);
  recorded("web/1", order, {});
  recorded("web/2", order, ignoring);
  recorded("web/3", R"({"lines": [{"quantity": "1", "unitPrice": "2"}]})", sets);
  recorded("web/4", R"({"lines": [{"quantity": "1", "unitPrice": "2"}]})", both);
  recorded("C1", R"({"creditAmount": "5"})", {}, "get_customer");
  std::map<std::string, std::set<std::string>> classes;
  for (const SubjectEvidence& one : read(now.plus_ms(-hour_ms)).subjects)
    classes[one.subject] = one.classes;
  using Classes = std::set<std::string>;
  EXPECT_EQ(classes["web/1"], (Classes{"amount", "other", "quantity"}));
  EXPECT_EQ(classes["web/2"], (Classes{"other", "quantity"}));
  EXPECT_EQ(classes["web/3"], (Classes{"amount", "quantity"})) << "equal as a whole";
  EXPECT_EQ(classes["web/4"], (Classes{"quantity"}));
  EXPECT_EQ(classes["C1"], Classes{"other"}) << "as its cells call it";
}

TEST_F(EvidenceOfLedger, AQuantityWithoutAPriceIsNotWorthNothing) {
  compared("web/1", Verdict::mismatch, now,
           {differs("/onHand", "\"5\"", "\"4\""), differs("/name", "\"A\"", "\"B\"")});
  const Evidence evidence = read(now.plus_ms(-hour_ms));
  EXPECT_EQ(evidence.subjects.at(0).unvalued, 1) << "a name is no amount";
  EXPECT_EQ(evidence.subjects.at(0).money, Decimal{});
}

TEST_F(EvidenceOfLedger, LinesAreAddedUpWhereNoTotalDiffers) {
  compared("web/1", Verdict::mismatch, now,
           {differs("/lines/10/netAmount", "\"5.00\"", "\"4.00\""),
            differs("/lines/20/netAmount", "\"5.00\"", "\"6.00\"")});
  EXPECT_EQ(read(now.plus_ms(-hour_ms)).subjects.at(0).money, Decimal::of(2));
}

TEST_F(EvidenceOfLedger, ALostLineIsWorthItsAmountWhereNoTotalDiffers) {
  compared("web/1", Verdict::mismatch, now,
           {differs("/lines/10", R"({"number":10,"quantity":"3","unitPrice":"7.00"})", "",
                    Kind::missing),
            differs("/lines/20", "", R"({"number":20,"netAmount":"4.00"})", Kind::extra)});
  EXPECT_EQ(read(now.plus_ms(-hour_ms)).subjects.at(0).money, Decimal::of(25));
}

TEST_F(EvidenceOfLedger, ALostLineIsAtRiskWhateverTheTotalsSay) {
  compared("web/1", Verdict::mismatch, now,
           {differs("/lines/10", R"({"number":10,"netAmount":"21.00"})", "", Kind::missing),
            differs("/totals/grandTotal", "\"10.00\"", "\"10.01\"")});
  EXPECT_EQ(read(now.plus_ms(-hour_ms)).subjects.at(0).money, Decimal::of(21));
}

TEST_F(EvidenceOfLedger, AQuantityIsWorthItsPriceOnceBesideTheAmountsItMakes) {
  Side one;
  one.document = *json::parse(
      R"({"lines":[{"quantity":"5","unitPrice":"10.00","netAmount":"50.00"},
                   {"quantity":"1","unitPrice":"3.00"}]})");
  Side two;
  two.document = *json::parse(
      R"({"lines":[{"quantity":"4","unitPrice":"10.00","netAmount":"40.00"},
                   {"quantity":"2","unitPrice":"3.00"}]})");
  const Comparison found = compare(one, two, {}, {}, {"orders", "get_order", "web/1", {}});
  compared("web/1", Verdict::mismatch, now, found.differences);
  EXPECT_EQ(read(now.plus_ms(-hour_ms)).subjects.at(0).money, Decimal::of(13));
}

// The values go after some days; what the difference is worth is no personal data.
TEST_F(EvidenceOfLedger, AnOpenMismatchKeepsItsWorthWhenItsValuesAreErased) {
  ledger.reset();
  LedgerSettings settings;
  settings.file = (folder / "parity.db").string();
  settings.key = std::string(32, 'k');
  settings.keep_days = 2;
  ledger = std::move(open_ledger(settings)).value();
  compared("web/1", Verdict::mismatch, now.plus_ms(-72 * hour_ms),
           {differs("", "\"answered\"", "\"not_found\"", Kind::outcome)});
  compared("web/2", Verdict::mismatch, now.plus_ms(-72 * hour_ms),
           {differs("/totals/grandTotal", "\"10.00\"", "\"12.00\"")});
  compared("web/3", Verdict::match, now);
  const Evidence evidence = read(now.plus_ms(-hour_ms));
  const auto entries = ledger->entries({});
  ASSERT_TRUE(entries);
  EXPECT_TRUE(entries->at(0).primary_document.empty()) << "nothing was erased";
  Decimal money;
  for (const SubjectEvidence& one : evidence.subjects) money += one.money;
  EXPECT_EQ(money, Decimal::of(121));
}

TEST_F(EvidenceOfLedger, WhatWasNotComparedIsNoSample) {
  compared("web/1", Verdict::not_compared, now);
  compared("web/2", Verdict::match, now);
  compared("web/2", Verdict::not_compared, now);
  const Evidence evidence = read(now.plus_ms(-hour_ms));
  ASSERT_EQ(evidence.subjects.size(), 2u);
  EXPECT_EQ(evidence.subjects[0].verdict, Verdict::not_compared);
  EXPECT_EQ(evidence.subjects[1].verdict, Verdict::match);
  EXPECT_EQ(evidence.subjects[1].not_compared, 1);
}

TEST_F(EvidenceOfLedger, OldEvidenceIsNone) {
  compared("web/1", Verdict::match, now.plus_ms(-25 * hour_ms));
  compared("web/2", Verdict::match, now.plus_ms(-hour_ms));
  const Evidence evidence = read(now.plus_ms(-24 * hour_ms));
  ASSERT_EQ(evidence.subjects.size(), 1u);
  EXPECT_EQ(evidence.subjects[0].subject, "web/2");
  EXPECT_EQ(evidence.newest, now.plus_ms(-hour_ms));
}

// A difference does not end because nobody looks.
TEST_F(EvidenceOfLedger, AnOldMismatchIsOpenUntilItIsComparedAgain) {
  compared("web/1", Verdict::mismatch, now.plus_ms(-30 * hour_ms),
           {differs("/currency", "\"EUR\"", "\"USD\"")});
  compared("web/2", Verdict::mismatch, now.plus_ms(-30 * hour_ms),
           {differs("/currency", "\"EUR\"", "\"USD\"")});
  compared("web/2", Verdict::match, now.plus_ms(-hour_ms));
  const Evidence evidence = read(now.plus_ms(-24 * hour_ms));
  ASSERT_EQ(evidence.subjects.size(), 2u);
  EXPECT_EQ(evidence.subjects[0].verdict, Verdict::match);
  EXPECT_EQ(evidence.subjects[1].subject, "web/1");
  EXPECT_EQ(evidence.subjects[1].verdict, Verdict::mismatch);
}

TEST_F(EvidenceOfLedger, NothingCountsFromBeforeTheBindingChanged) {
  compared("web/1", Verdict::mismatch, now.plus_ms(-3 * hour_ms),
           {differs("/currency", "\"EUR\"", "\"USD\"")});
  compared("web/2", Verdict::match, now.plus_ms(-3 * hour_ms));
  EXPECT_TRUE(read(now.plus_ms(-24 * hour_ms), now.plus_ms(-2 * hour_ms)).subjects.empty());
}

TEST_F(EvidenceOfLedger, ScenariosAreMarked) {
  compared("web/1", Verdict::match, now, {}, "scenario-7");
  compared("web/2", Verdict::match, now, {}, "my-scenario-7");
  const Evidence evidence = read(now.plus_ms(-hour_ms));
  EXPECT_TRUE(evidence.subjects.at(0).scenario);
  EXPECT_FALSE(evidence.subjects.at(1).scenario);
}

TEST_F(EvidenceOfLedger, TheBindingKeepsItsMomentUntilAnythingChanges) {
  EvidenceBook evidence = book();
  const std::map<std::string, std::string> parts{{"adapter nav", "a1"}, {"rules", "2@77"}};
  EXPECT_EQ(evidence.bind(parts, now)->since, now);
  EXPECT_EQ(evidence.bind(parts, now.plus_ms(hour_ms))->since, now) << "a restart voids nothing";
  for (const char* changed : {"adapter nav", "rules"}) {
    auto other = parts;
    other[changed] += "x";
    const Timestamp later = now.plus_ms(2 * hour_ms);
    EXPECT_EQ(evidence.bind(other, later)->since, later) << changed;
    EXPECT_EQ(evidence.bind(parts, later.plus_ms(1))->since, later.plus_ms(1))
        << "and back is a change, too";
  }
  const auto bindings = evidence.bindings();
  ASSERT_EQ(bindings->size(), 5u);
  EXPECT_EQ(bindings->front().parts, parts);
}

// Names and values cannot run into each other.
TEST_F(EvidenceOfLedger, TheHashTellsPartsApart) {
  EXPECT_NE(hash_of({{"a", "b=c"}}), hash_of({{"a=b", "c"}}));
  EXPECT_NE(hash_of({{"a", "1\n1:b=1:2"}}), hash_of({{"a", "1"}, {"b", "2"}}));
}

TEST_F(EvidenceOfLedger, CountsAreAddedUpByTheHour) {
  EvidenceBook evidence = book();
  ASSERT_TRUE(evidence.add({{"orders", "", 0, 3, 1}, {"orders", "get_order", 5, 0, 0}}, now));
  ASSERT_TRUE(evidence.add({{"orders", "", 0, 2, 1}, {"pricing", "", 0, 9, 9}}, now));
  ASSERT_TRUE(evidence.add({{"orders", "", 0, 50, 0}}, now.plus_ms(-48 * hour_ms)));
  const Evidence seen = read(now.plus_ms(-24 * hour_ms));
  EXPECT_EQ(seen.dropped, 5);
  EXPECT_EQ(seen.skipped, 2);
  EXPECT_EQ(*evidence.asked("orders", now.plus_ms(-hour_ms)),
            (std::map<std::string, std::int64_t>{{"get_order", 5}}));
}

TEST(FieldClass, IsThatOfTheMemberThatItNames) {
  EXPECT_EQ(field_class_of("/lines/*/netAmount"), "amount");
  EXPECT_EQ(field_class_of("/totals/tax"), "amount");
  EXPECT_EQ(field_class_of("/lines/*/quantity"), "quantity");
  EXPECT_EQ(field_class_of("/onHand"), "quantity");
  EXPECT_EQ(field_class_of("/priceGroup"), "other");
  EXPECT_EQ(field_class_of("/currency"), "other");
}

TEST(Zones, ADayBeginsWhereItsZoneSays) {
  const Date day{2026, 12, 1};
  EXPECT_EQ(start_of_day("Europe/Berlin", day).text(), "2026-11-30T23:00:00Z");
  EXPECT_EQ(start_of_day("America/New_York", day).text(), "2026-12-01T05:00:00Z");
  EXPECT_EQ(day_in("Europe/Berlin", *Timestamp::parse("2026-06-30T22:30:00Z")), (Date{2026, 7, 1}));
  EXPECT_EQ(next_day({2026, 12, 31}), (Date{2027, 1, 1}));
}

}  // namespace
}  // namespace underpin::parity
