#include "parity/report.h"

#include "contracts/json/schema.h"
#include "parity/csv.h"
#include "parity/marking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace underpin::parity {
namespace {

using testing::HasSubstr;
using testing::Not;

struct ReportTest : testing::Test {
  ReportTest() {
    folder = std::filesystem::temp_directory_path() /
             ("underpin-report-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    open();
  }
  ~ReportTest() override {
    ledger.reset();
    std::filesystem::remove_all(folder);
  }

  void open(const std::string& key = {}) {
    ledger.reset();
    LedgerSettings settings{(folder / "parity.db").string()};
    settings.key = key;
    auto opened = open_ledger(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    ledger = std::move(opened).value();
  }

  static Timestamp at(std::int64_t minutes) {
    return Timestamp::parse("2026-11-24T10:00:00Z")->plus_ms(minutes * 60'000);
  }

  static LedgerEntry entry(Verdict verdict, const std::string& subject, std::int64_t minutes = 0) {
    LedgerEntry entry;
    entry.at = at(minutes);
    entry.question = {"orders", "get_order", subject, Date{2026, 11, 24}};
    entry.correlation_id = "c-" + subject;
    entry.primary_system = "nav";
    entry.secondary_system = "bc";
    entry.primary_side = "legacy";
    entry.primary_micros = 1500;
    entry.secondary_micros = 2500;
    entry.primary_document = R"({"lines":[{"number":10,"unitPrice":"1.00"}],"currency":"EUR"})";
    entry.secondary_document = R"({"lines":[{"number":10,"unitPrice":"1.01"}],"currency":"EUR"})";
    entry.comparison.verdict = verdict;
    if (verdict != Verdict::match && verdict != Verdict::not_compared)
      entry.comparison.differences.push_back(
          {"/lines/10/unitPrice", Kind::value, verdict, "\"1.00\"", "\"1.01\"", ""});
    return entry;
  }
  void record(LedgerEntry entry) {
    while (!ledger->record(entry)) ledger->flush();
  }

  Report report(const ReportQuery& query = {}) {
    ledger->flush();
    const auto found = ledger->report(query);
    EXPECT_TRUE(found) << found.error().message;
    Report report = found ? *found : Report{};
    report.made_at = at(60);
    return report;
  }

  std::filesystem::path folder;
  std::unique_ptr<Ledger> ledger;
};

std::int64_t of(const std::map<std::string, std::int64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

TEST_F(ReportTest, CountsByOperationFieldCohortAndInterval) {
  for (int i = 0; i < 5; ++i) record(entry(Verdict::match, "web/1", i));
  record(entry(Verdict::mismatch, "web/2", 5));
  record(entry(Verdict::mismatch, "web/2", 6));
  record(entry(Verdict::mismatch, "pos/3", 7));
  const Report found = report();
  EXPECT_EQ(found.comparisons, 8);
  EXPECT_EQ(of(found.by_verdict, "mismatch"), 3);
  ASSERT_EQ(found.operations.size(), 1u);
  EXPECT_EQ(found.operations[0].primary.p50_micros, 1500);
  ASSERT_EQ(found.fields.size(), 1u);
  const ReportField& field = found.fields[0];
  EXPECT_EQ(field.path, "/lines/*/unitPrice");
  EXPECT_EQ(of(field.by_verdict, "mismatch"), 3);
  EXPECT_EQ(field.subjects, 2);
  EXPECT_EQ(field.open, 2) << "of each subject, what its newest comparison shows";
  EXPECT_TRUE(field.amount);
  EXPECT_EQ(field.money.text(), "0.02");
  ASSERT_EQ(field.pairs.size(), 3u);
  EXPECT_EQ(field.pairs[0].question.subject, "pos/3") << "the newest first";
  EXPECT_EQ(found.cohorts, (std::vector<std::string>{"", "channels=web", "channels=pos"}));
  EXPECT_EQ(found.interval_ms, 10'000);
  std::int64_t in_minute_6 = 0;
  for (const ReportCount& one : found.differing)
    if (one.interval == 36) in_minute_6 += one.count;
  EXPECT_EQ(in_minute_6, 1);
}

TEST_F(ReportTest, RegionsAndSegmentsAreCohortsWhereComparisonsCarryThem) {
  const auto of_region = [&](Verdict verdict, const std::string& subject, const char* region,
                             const char* segment) {
    LedgerEntry one = entry(verdict, subject);
    one.question.cohort = {{"regions", {region}}, {"segments", {segment}}};
    record(one);
  };
  of_region(Verdict::match, "web/1", "DE-BY", "RETAIL");  // A match keeps no context.
  of_region(Verdict::match, "web/2", "DE", "RETAIL");
  of_region(Verdict::mismatch, "web/3", "DE-BY", "TRADE");
  of_region(Verdict::mismatch, "web/4", "DEN", "TRADE");
  record(entry(Verdict::mismatch, "web/5"));
  ReportQuery query;
  query.cohort = "regions=DE";
  EXPECT_EQ(report(query).comparisons, 3) << "with the parts of the country, and no other";
  query.cohort = "regions=DE-BY";
  EXPECT_EQ(report(query).comparisons, 2);
  query.cohort = "segments=TRADE";
  const Report of_trade = report(query);
  EXPECT_EQ(of_trade.comparisons, 2);
  EXPECT_EQ(of(of_trade.fields.at(0).by_verdict, "mismatch"), 2);
  EXPECT_EQ(ledger->pairs(query, 0, 10)->size(), 2u);
  query = {};
  query.group = "segments";
  const Report by_segment = report(query);
  EXPECT_EQ(by_segment.cohorts,
            (std::vector<std::string>{"", "segments=RETAIL", "segments=TRADE"}));
  std::int64_t of_segment = 0;
  for (const ReportCount& one : by_segment.differing)
    if (one.cohort == 2) of_segment += one.count;
  EXPECT_EQ(of_segment, 2);
  EXPECT_THAT(report_html(by_segment), HasSubstr("segments=TRADE"));
  query.group = "regions";
  EXPECT_EQ(report(query).cohorts.size(), 4u);
  EXPECT_TRUE(is_report_cohort("regions=DE") && is_report_cohort("segments=X"));
  EXPECT_FALSE(is_report_cohort("regions=") || is_report_cohort("skus=1"));
  EXPECT_FALSE(is_report_group("skus"));
}

TEST_F(ReportTest, ALedgerThatIsEmptySaysSoAndNamesNoDate) {
  const Report found = report();
  EXPECT_THAT(report_html(found), HasSubstr("Nothing has been compared yet."));
  for (const std::string& text :
       {report_html(found), report_json(found), report_junit(found), report_csv(found)})
    EXPECT_THAT(text, Not(HasSubstr("1970")));
  record(entry(Verdict::match, "web/1"));
  ReportQuery later;
  later.from = at(60);
  EXPECT_THAT(report_html(report(later)), HasSubstr("Nothing was compared."));
}

TEST_F(ReportTest, AFilterOfDifferencesLeavesTheWholeOfARateAlone) {
  for (int i = 0; i < 4; ++i) record(entry(Verdict::match, "web/1", i));
  record(entry(Verdict::tolerated, "web/2", 5));
  record(entry(Verdict::mismatch, "pos/3", 7));
  ReportQuery query;
  query.verdict = "mismatch";
  EXPECT_EQ(report(query).comparisons, 6);
  ASSERT_EQ(report(query).fields.size(), 1u);
  EXPECT_EQ(of(report(query).fields[0].by_verdict, "tolerated"), 0);
  query = {};
  query.cohort = "channels=web";
  EXPECT_EQ(report(query).comparisons, 5);
  query = {};
  query.from = at(5);
  query.to = at(7);
  EXPECT_EQ(report(query).comparisons, 1);
  query = {};
  query.kind = "missing";
  EXPECT_TRUE(report(query).fields.empty());
  query = {};
  query.capability = "customers";
  EXPECT_EQ(report(query).comparisons, 0);
}

TEST_F(ReportTest, TheJsonOfALedgerConformsToItsSchema) {
  record(entry(Verdict::match, "web/1"));
  record(entry(Verdict::mismatch, "web/2", 1));
  LedgerEntry known = entry(Verdict::known_difference, "web/3", 2);
  known.comparison.differences[0].rule = "rounding";
  known.comparison.suppressed["clock"] = 2;
  known.comparison.samples.push_back({"clock", "/at", "1", "2"});
  record(known);
  LedgerEntry stale = entry(Verdict::not_compared, "web/4", 3);
  stale.comparison.reason = "stale source: bc is of 2026";
  record(stale);
  Report found = report();
  const auto rules = read_rules(R"({"version": "1", "rules": [
    {"name": "clock", "path": "/at", "ignore": true, "reason": "clocks differ"},
    {"name": "never", "path": "/x", "ignore": true, "reason": "once needed"}],
    "knownDifferences": [{"name": "rounding", "capability": "orders", "operation": "get_order",
      "path": "/lines/*/unitPrice", "owner": "f@x", "reason": "half cents", "ticket": "T-1",
      "approvedBy": "q@x", "expires": "2026-12-31", "budget": {"hits": 5}}]})");
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_TRUE(ledger->note_rules(*rules, at(0)));
  found = report();
  found.made_at = at(60 * 24 * 40);
  found.rules = rules_shown(*rules, found, *ledger->known_uses(), 30);
  const auto value = json::parse(report_json(found));
  ASSERT_TRUE(value);
  for (const FieldError& fault : json::Schema::named("parity-report").check(*value))
    ADD_FAILURE() << fault.pointer << " " << fault.detail;
  EXPECT_EQ(value->get("byVerdict").get("match").text(), "1");
  EXPECT_EQ(value->get("notCompared").get("stale source").text(), "1");
  EXPECT_EQ(value->at_pointer("/fields/0/samples/0/differences/0/secondary")->text(), "\"1.01\"");
  ASSERT_EQ(value->get("proposedForRemoval").size(), 2u) << "both are unused for 40 days by then";
  const json::Value empty_query = *json::parse(report_json(Report{}));
  EXPECT_TRUE(json::Schema::named("parity-report").check(empty_query).empty());
  json::Value wrong = *value;
  wrong.set("comparisons", "many");
  EXPECT_FALSE(json::Schema::named("parity-report").check(wrong).empty());
}

TEST_F(ReportTest, AScriptInADocumentStaysText) {
  LedgerEntry evil = entry(Verdict::mismatch, "web/<script>alert(1)</script>");
  evil.comparison.differences[0].path = "/</script><script>alert(2)</script>";
  evil.comparison.differences[0].field = evil.comparison.differences[0].path;
  evil.comparison.differences[0].secondary = R"("\"><img src=x onerror=alert(3)>")";
  evil.primary_document = R"({"note":"</script><script>alert(4)</script>"})";
  record(evil);
  const std::string html = report_html(report());
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert"));
}

TEST_F(ReportTest, ThePageNeedsNoNetworkAndSaysSo) {
  record(entry(Verdict::mismatch, "web/2"));
  const std::string html = report_html(report());
  for (const char* outside : {"http://", "https://", " src=", "@import", "url("})
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(html, Not(HasSubstr(" style=\""))) << "the policy would not allow it";
  EXPECT_THAT(html, Not(HasSubstr(" onclick")));
  EXPECT_THAT(html, HasSubstr("1.0<mark>0</mark>"));
  EXPECT_THAT(html, HasSubstr("1.0<mark>1</mark>"));
  EXPECT_THAT(html, HasSubstr("underpin parity replay 1<"));
  EXPECT_THAT(html, HasSubstr("/ops/v1/parity/entries/1/sides/legacy"));
  EXPECT_THAT(html, HasSubstr("$UNDERPIN_OPS_KEY")) << "the name, never a key";
}

TEST_F(ReportTest, PersonalDataIsMaskedInEveryFormatAndWhatDiffersStaysMarked) {
  LedgerEntry one = entry(Verdict::mismatch, "web/2");
  one.comparison.differences = {
      {"/shipTo/name", Kind::value, Verdict::mismatch, "\"Anna Schmidt\"", "\"Anne Schmidt\"", ""}};
  one.primary_document = R"({"shipTo":{"name":"Anna Schmidt"}})";
  one.secondary_document = R"({"shipTo":{"name":"Anne Schmidt"}})";
  one.comparison.suppressed["case"] = 1;
  one.comparison.samples.push_back({"case", "/email", R"("anna@a.de")", R"("ANNA@a.de")"});
  record(one);
  const Report found = report();
  const std::string pairs = pairs_csv(*ledger->pairs({}, 0, 10), "");
  for (const std::string& text :
       {report_html(found), report_json(found), report_junit(found), report_csv(found), pairs}) {
    EXPECT_THAT(text, Not(HasSubstr("Schmidt")));
    EXPECT_THAT(text, Not(HasSubstr("anna")));
  }
  EXPECT_THAT(report_html(found), HasSubstr("xxx<mark>x</mark> xxxxxxx"));
}

TEST_F(ReportTest, CsvGivesNoFormulaToASpreadsheet) {
  EXPECT_EQ(csv_line({"=1+1", "+x", "-x", "@x", "\tx", "-1.50", "+2", "-1-1", "1.2.3"}),
            "'=1+1,'+x,'-x,'@x,'\tx,-1.50,+2,'-1-1,1.2.3\r\n");
  EXPECT_EQ(csv_line({"a,b", "say \"so\"", "two\nlines", ""}),
            "\"a,b\",\"say \"\"so\"\"\",\"two\nlines\",\r\n");
  LedgerEntry one = entry(Verdict::mismatch, "web/2");
  one.comparison.differences[0].primary = R"--("=HYPERLINK(\"x\")")--";
  one.comparison.differences[0].secondary = R"("-1.00")";
  record(one);
  ledger->flush();
  const std::string csv = pairs_csv(*ledger->pairs({}, 0, 10), "fr");
  EXPECT_THAT(csv, HasSubstr("\"'=HYPERLINK(\"\"x\"\")\""));
  EXPECT_THAT(csv, HasSubstr(",bc,-1.00,"));
}

TEST_F(ReportTest, PairsComePageByPageAndOnlyTheDifferencesThatWereAskedFor) {
  for (int i = 0; i < 7; ++i) {
    LedgerEntry one =
        entry(i % 2 == 0 ? Verdict::mismatch : Verdict::match, "web/" + std::to_string(i));
    if (i % 2 == 0)
      one.comparison.differences.push_back(
          {"/totals/tax", Kind::value, Verdict::tolerated, "\"1\"", "\"2\"", "cents"});
    record(one);
  }
  ledger->flush();
  ReportQuery query;
  query.verdict = "mismatch";
  std::vector<std::string> subjects;
  std::int64_t after = 0;
  for (auto page = *ledger->pairs(query, after, 3); !page.empty();
       page = *ledger->pairs(query, after, 3)) {
    for (const LedgerEntry& one : page) {
      subjects.push_back(one.question.subject);
      ASSERT_EQ(one.comparison.differences.size(), 1u);
      EXPECT_EQ(one.comparison.differences[0].field, "/lines/*/unitPrice");
    }
    after = page.back().id;
  }
  EXPECT_EQ(subjects, (std::vector<std::string>{"web/0", "web/2", "web/4", "web/6"}));
}

TEST_F(ReportTest, JUnitFailsForMismatchesSkipsWhatIsKnownAndNeverPassesOnNothing) {
  EXPECT_THAT(report_junit(report()), HasSubstr("errors=\"1\""));
  record(entry(Verdict::match, "web/1"));
  EXPECT_THAT(report_junit(report()), HasSubstr("tests=\"1\" failures=\"0\" errors=\"0\""));
  LedgerEntry known = entry(Verdict::known_difference, "web/3");
  known.comparison.differences[0].rule = "rounding";
  known.comparison.differences[0].path = "/totals/tax";
  record(known);
  const auto rules_with = [&](const std::string& budget) {
    Report found = report();
    const auto rules = read_rules(R"({"version": "1", "rules": [], "knownDifferences": [
      {"name": "rounding", "capability": "orders", "operation": "get_order", "path": "/totals/tax",
       "owner": "f@x", "reason": "half cents", "ticket": "T-1", "approvedBy": "q@x",
       "expires": "2026-12-31", "budget": )" +
                                  budget + "}]}");
    EXPECT_TRUE(rules) << rules.error().message;
    found.rules = rules_shown(*rules, found, *ledger->known_uses(), 30);
    return report_junit(found);
  };
  EXPECT_THAT(rules_with(R"({"hits": 5})"),
              HasSubstr("<skipped message=\"known difference &quot;rounding&quot;, until "
                        "2026-12-31, f@x, T-1\"/>"));
  EXPECT_THAT(rules_with(R"({"hits": 5})"), HasSubstr("failures=\"0\""));
  LedgerEntry another = known;
  another.question.subject = "web/4";
  record(another);
  EXPECT_THAT(rules_with(R"({"hits": 1})"), HasSubstr("over its budget"));
  record(entry(Verdict::mismatch, "web/2"));
  const std::string junit = rules_with(R"({"hits": 5})");
  EXPECT_THAT(junit, HasSubstr("<testcase classname=\"orders.get_order\" "
                               "name=\"/lines/*/unitPrice\" time=\"0\"><failure "
                               "type=\"mismatch\" message=\"1 mismatch, 1 open\">"));
  EXPECT_THAT(junit, HasSubstr("nav: &quot;1.00&quot;"));
}

TEST_F(ReportTest, AKeyOpensWhatIsSealedAndWithoutItCountsRemain) {
  open(std::string(32, 'k'));
  record(entry(Verdict::mismatch, "web/2"));
  const Report found = report();
  ASSERT_EQ(found.fields.size(), 1u);
  EXPECT_EQ(found.fields[0].pairs.at(0).comparison.differences.at(0).secondary, "\"1.01\"");
  const auto without = open_ledger_read_only((folder / "parity.db").string());
  ASSERT_TRUE(without);
  const auto sealed = without.value()->report({});
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_EQ(of(sealed->fields.at(0).by_verdict, "mismatch"), 1);
  EXPECT_EQ(sealed->fields.at(0).pairs.at(0).comparison.differences.at(0).secondary, "");
}

// A page that nobody can open is no report.
TEST_F(ReportTest, AHundredThousandMismatchesAreAPageOfAFewMegabytes) {
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    LedgerEntry one = entry(Verdict::mismatch, "web/" + number, i / 10);
    one.comparison.differences[0].field = "/lines/*/field" + std::to_string(i % 400);
    one.comparison.differences[0].path = "/lines/10/field" + std::to_string(i % 400);
    if (i % 3 == 0) {
      one.question.capability = "inventory";
      one.question.operation = "get_stock";
      one.question.subject = "sku" + number + "@L" + std::to_string(i % 500);
    }
    record(one);
  }
  const Report found = report();
  EXPECT_EQ(found.comparisons, 100'000);
  EXPECT_EQ(found.fields.size(), Report::fields_max);
  EXPECT_GT(found.fields_left_out, 0);
  std::int64_t counted = found.differences_left_out;
  for (const ReportField& field : found.fields) counted += of(field.by_verdict, "mismatch");
  EXPECT_EQ(counted, 100'000) << "every difference is counted, shown or left out";
  EXPECT_LE(found.compared.size(), Report::counts_max);
  EXPECT_LE(found.differing.size(), Report::counts_max);
  const std::string html = report_html(found);
  EXPECT_LT(html.size(), 4'000'000u);
  EXPECT_GT(html.size(), 500'000u) << "there is room for many pairs";
  EXPECT_LT(report_json(found).size(), 12'000'000u);
}

TEST(Marking, WhatDiffersIsMarkedByCharacterOnBothSides) {
  const auto text = [](const MarkedText& parts) {
    std::string all;
    for (const TextPart& part : parts) all += part.differs ? "[" + part.text + "]" : part.text;
    return all;
  };
  const auto both = [&](const std::string& one, const std::string& two) {
    const auto [left, right] = mark(one, two);
    return text(left) + " | " + text(right);
  };
  EXPECT_EQ(both("10.00", "10.01"), "10.0[0] | 10.0[1]");
  EXPECT_EQ(both("abc", "abc"), "abc | abc");
  EXPECT_EQ(both("", "x"), " | [x]");
  EXPECT_EQ(both("M\xC3\xBCller", "Muller"), "M[\xC3\xBC]ller | M[u]ller") << "by character";
  EXPECT_EQ(both("  12", "12"), "[  ]12 | 12");
  EXPECT_EQ(both("answered", "not found"), "[answered] | [not found]");
  const std::string longer(1'000, 'a');
  EXPECT_EQ(text(mark(longer + "x", longer + "y").first), longer + "[x]");
}

TEST(Marking, LinesOfTwoDocumentsStandSideBySide) {
  const auto rows = pair_lines({"a", "b", "c", "d"}, {"a", "c", "x", "d"});
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_FALSE(rows[0].differs);
  EXPECT_EQ(rows[1].one, 1);
  EXPECT_EQ(rows[1].two, -1);
  EXPECT_FALSE(rows[2].differs);
  EXPECT_EQ(rows[3].one, -1);
  EXPECT_EQ(rows[3].two, 2);
  EXPECT_FALSE(rows[4].differs);
}

}  // namespace
}  // namespace underpin::parity
