#include "parity/evidence_summary.h"

#include <gtest/gtest.h>

namespace underpin::parity {
namespace {

SubjectEvidence subject(const std::string& name, std::int64_t at, Verdict verdict) {
  SubjectEvidence one;
  one.operation = "get_order";
  one.subject = name;
  one.at = {at};
  one.verdict = verdict;
  one.asked = 1;
  return one;
}

EvidenceSummary summary() {
  EvidenceSummary one;
  one.ledger = "l1";
  one.told_at = {1'000};
  one.binding = "b";
  one.evidence.subjects = {subject("web/1", 10, Verdict::match),
                           subject("web/2", 20, Verdict::mismatch)};
  one.evidence.subjects[1].wrong = {"amount", "other"};
  one.evidence.subjects[1].money = *Decimal::parse("1.50");
  one.evidence.subjects[1].scenario = true;
  one.evidence.subjects[1].classes = {"amount", "other", "quantity"};
  one.evidence.subjects[1].unvalued = 4;
  one.evidence.newest = {20};
  one.evidence.asked = 2;
  one.evidence.dropped = 3;
  one.evidence.skipped = 4;
  one.asked = {{"get_order", 7}};
  one.known = {{"tax", {2, *Decimal::parse("0.02"), 1}}};
  one.open = {{"get_order", "/total", "value", "", 1, true, *Decimal::parse("1.50")}};
  return one;
}

TEST(EvidenceSummary, IsReadAsItWasWritten) {
  const std::string text = write_summary(summary());
  const auto read = read_summary(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(write_summary(*read), text);
  ASSERT_EQ(read->evidence.subjects.size(), 2U);
  const SubjectEvidence& wrong = read->evidence.subjects[1];
  EXPECT_EQ(wrong.verdict, Verdict::mismatch);
  EXPECT_EQ(wrong.wrong, (std::set<std::string>{"amount", "other"}));
  EXPECT_EQ(wrong.money, *Decimal::parse("1.5"));
  EXPECT_TRUE(wrong.scenario);
  EXPECT_EQ(wrong.classes, (std::set<std::string>{"amount", "quantity", "other"}));
  EXPECT_EQ(wrong.unvalued, 4);
  EXPECT_EQ(read->evidence.dropped, 3);
  EXPECT_EQ(read->asked.at("get_order"), 7);
  EXPECT_EQ(read->known.at("tax").documents, 2);
  EXPECT_EQ(read->known.at("tax").unvalued, 1);
  std::map<std::string, KnownUse> both = read->known;
  merge(both, read->known);
  EXPECT_EQ(both.at("tax").unvalued, 2) << "no replica's unvalued differences are lost";
  EXPECT_EQ(read->open.at(0).count, 1);
}

TEST(EvidenceSummary, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"ledger": "l", "binding": "b", "toldAt": 1})",
        R"({"ledger": "l", "binding": "b", "toldAt": 1, "open": [], "subjects": [["get_order"]]})",
        R"({"ledger": "l", "binding": "b", "toldAt": 1, "open": [],
            "subjects": [["get_order", "web/1", 1, "perhaps", false, "", "0", 1, 0]]})"})
    EXPECT_FALSE(read_summary(text)) << text;
}

TEST(EvidenceSummary, TheNewestWordOnASubjectCountsAndOfTwoAtOnceTheMismatch) {
  Evidence own;
  own.subjects = {subject("web/1", 15, Verdict::mismatch), subject("web/2", 20, Verdict::match),
                  subject("web/3", 5, Verdict::match)};
  merge(own, summary(), {0});
  ASSERT_EQ(own.subjects.size(), 3U);
  EXPECT_EQ(own.subjects[0].verdict, Verdict::mismatch) << "the other's is older";
  EXPECT_EQ(own.subjects[1].verdict, Verdict::mismatch) << "at one moment";
  EXPECT_EQ(own.subjects[0].asked, 2);
  EXPECT_EQ(own.dropped, 3);
}

TEST(EvidenceSummary, OfBeforeTheWindowOnlyWhatIsWrongCounts) {
  Evidence own;
  EvidenceSummary of_dead = summary();
  of_dead.evidence.subjects.push_back(subject("web/9", 0, Verdict::not_compared));
  merge(own, of_dead, {2'000});
  ASSERT_EQ(own.subjects.size(), 1U);
  EXPECT_EQ(own.subjects[0].subject, "web/2");
  EXPECT_EQ(own.asked, 0);
  EXPECT_EQ(own.newest, Timestamp{20});
}

TEST(EvidenceSummary, ALargeLedgerLeavesOutMatchesAndNoMismatch) {
  EvidenceSummary large = summary();
  large.evidence.subjects.clear();
  large.evidence.subjects.push_back(subject("wrong", 1, Verdict::mismatch));
  for (std::size_t i = 0; i < told_subjects_max + 10; ++i)
    large.evidence.subjects.push_back(
        subject("web/" + std::to_string(i), static_cast<std::int64_t>(100 + i), Verdict::match));
  const auto read = read_summary(write_summary(large));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->evidence.subjects.size(), told_subjects_max);
  EXPECT_EQ(read->evidence.subjects[0].subject, "wrong");
}

TEST(EvidenceSummary, CountsOfOpenDifferencesAddUp) {
  std::vector<DifferenceClass> own = summary().open;
  std::vector<DifferenceClass> more = summary().open;
  more.push_back({"get_order", "/total", "value", "cents", 5, true, *Decimal::parse("0.05")});
  merge(own, more);
  ASSERT_EQ(own.size(), 2U);
  EXPECT_EQ(own[0].count, 2);
  EXPECT_EQ(own[0].money, *Decimal::parse("3.00"));
  EXPECT_EQ(own[1].rule, "cents");
}

}  // namespace
}  // namespace underpin::parity
