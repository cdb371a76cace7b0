#include "contracts/json/json_text.h"
#include "legacy-adapters/sql_profile/named_sql.h"
#include "legacy-adapters/sql_profile/rows.h"
#include "legacy-adapters/transport/profile/error_table.h"
#include "legacy-adapters/transport/profile/floating.h"

#include <gtest/gtest.h>

namespace underpin::legacy::sql_profile {
namespace {

json::Value value(std::string_view text) {
  auto parsed = json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : json::Value();
}

std::string rule_of(std::string_view sql) {
  std::string rule;
  (void)NamedSql::parse(sql, rule);
  return rule;
}

// ---- named SQL

TEST(NamedSql, BindsNamesAndPastesNothing) {
  std::string rule;
  const NamedSql sql = NamedSql::parse(
      R"(SELECT a::text, "a:b", ':no', [x:y] FROM t WHERE no = :no AND n < :limit OR no = :no)",
      rule);
  EXPECT_EQ(rule, "");
  const auto bound = sql.bind(value(R"({"no": "'; DROP TABLE t; --", "limit": 7})"));
  EXPECT_EQ(bound.sql,
            R"(SELECT a::text, "a:b", ':no', [x:y] FROM t WHERE no = ? AND n < ? OR no = ?)");
  ASSERT_EQ(bound.values.size(), 3U);
  EXPECT_EQ(bound.values[0].text(), "'; DROP TABLE t; --");
  EXPECT_TRUE(bound.values[1].is_whole());
  EXPECT_EQ(bound.values[1].whole(), 7);
  EXPECT_EQ(bound.values[2].text(), bound.values[0].text());
}

TEST(NamedSql, MakesOneMarkForEachItemOfAList) {
  std::string rule;
  const NamedSql sql = NamedSql::parse("SELECT 1 FROM t WHERE a IN (:items.sku)", rule);
  EXPECT_EQ(rule, "");
  const auto two = sql.bind(value(R"({"items": [{"sku": "1"}, {"sku": "2"}]})"));
  EXPECT_EQ(two.sql, "SELECT 1 FROM t WHERE a IN (?, ?)");
  ASSERT_EQ(two.values.size(), 2U);
  EXPECT_EQ(two.values[1].text(), "2");
  const auto none = sql.bind(value("{}"));
  EXPECT_EQ(none.sql, "SELECT 1 FROM t WHERE a IN (?)");
  EXPECT_EQ(none.values.at(0).text(), "");
}

TEST(NamedSql, WhatIsAbsentIsAnEmptyText) {
  std::string rule;
  const auto bound = NamedSql::parse("SELECT :a", rule).bind(value("{}"));
  EXPECT_FALSE(bound.values.at(0).is_whole());
  EXPECT_EQ(bound.values.at(0).text(), "");
}

TEST(NamedSql, RefusesWhatIsNotOneStatementWithNames) {
  EXPECT_EQ(rule_of("SELECT 1 WHERE a = ?"), "must not hold a ?: values are bound by :name");
  EXPECT_EQ(rule_of("SELECT 1; DELETE FROM t"), "must be one statement, without ;");
  EXPECT_EQ(rule_of("SELECT 1 -- :no"), "must not hold comments: they belong to \"note\"");
  EXPECT_EQ(rule_of("SELECT /* :no */ 1"), "must not hold comments: they belong to \"note\"");
  EXPECT_EQ(rule_of("SELECT 'open"), "has a quotation that does not end: 'open");
  EXPECT_EQ(rule_of(" \n "), "must not be empty");
  EXPECT_EQ(rule_of("SELECT '?;--' FROM \"a;b\""), "");
}

// ---- floating point

std::string exact(std::string_view text, int scale) {
  const auto amount = profile::exact_of_floating(text, scale);
  return amount ? amount->text() : "refused";
}

TEST(Floating, IsRoundedToItsScaleWhenOnlyNoiseGoes) {
  EXPECT_EQ(exact("2.5", 3), "2.500");
  EXPECT_EQ(exact("2.9999999999999996", 3), "3.000");
  EXPECT_EQ(exact("0.30000000000000004", 1), "0.3");
  EXPECT_EQ(exact("5.551115123125783e-17", 3), "0.000");
  EXPECT_EQ(exact("-5.551115123125783e-17", 3), "0.000");
  EXPECT_EQ(exact("1e-05", 5), "0.00001");
  EXPECT_EQ(exact("1.5e+3", 2), "1500.00");
  EXPECT_EQ(exact("-0.1", 1), "-0.1");
  EXPECT_EQ(exact("123456789.00000001", 3), "123456789.000");
}

TEST(Floating, IsRefusedWhenItIsNotOfThatScale) {
  EXPECT_EQ(exact("2.3456", 3), "refused");
  EXPECT_EQ(exact("0.0004", 3), "refused");
  EXPECT_EQ(exact("12345678.9004", 3), "refused") << "a digit that was meant, of a large number";
  EXPECT_EQ(exact("12345678.900000002", 3), "12345678.900");
  EXPECT_EQ(exact("1e-05", 3), "refused");
  for (const char* none : {"", "NaN", "Infinity", "-inf", "1e", "1e999", "1,5", "0x10", "1.2.3"})
    EXPECT_EQ(exact(none, 3), "refused") << none;
}

// ---- rows

Statement of_columns(std::vector<Column> columns) {
  Statement statement;
  statement.name = "rows";
  statement.columns = std::move(columns);
  return statement;
}

TEST(Rows, NullIsNoMemberAndPaddingIsTakenOff) {
  const Statement statement = of_columns({{"a", {}, false}, {"b", {}, false}, {"c", {}, true}});
  const auto record = record_of(statement, {"x  ", std::nullopt, "y  "});
  ASSERT_TRUE(record);
  EXPECT_EQ(json::write(*record), R"({"a":"x","c":"y  "})");
  const auto blank = record_of(statement, {"   ", "", std::nullopt});
  ASSERT_TRUE(blank);
  EXPECT_EQ(json::write(*blank), R"({"a":"","b":""})");
}

TEST(Rows, ARowThatIsNotWhatTheProfileSaysIsAnErrorThatNamesTheColumn) {
  const Statement statement = of_columns({{"a", {}, false}, {"qty", 3, false}});
  const auto few = record_of(statement, {"x"});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code, ErrorCode::internal);
  EXPECT_EQ(few.error().message, "statement rows gives 1 columns, the profile names 2");
  const auto odd = record_of(statement, {"x", "0.0004"});
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().message, "statement rows, column qty: '0.0004' is no number of 3 places");
}

TEST(Rows, AJoinedResultBecomesRecordsWithTheirRows) {
  Statement statement = of_columns({{"no", {}, false}, {"line", {}, false}});
  statement.key = {"no"};
  statement.rows = "lines";
  statement.rows_if = "line";
  const auto records =
      grouped(statement, {value(R"({"no": "A", "line": "1"})"), value(R"({"no": "B"})"),
                          value(R"({"no": "A", "line": "2"})")});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(json::write(records[0]),
            R"({"no":"A","line":"1","lines":[{"no":"A","line":"1"},{"no":"A","line":"2"}]})");
  EXPECT_EQ(json::write(records[1]), R"({"no":"B","lines":[]})") << "a header without lines";
}

TEST(Rows, ASecondResultIsPutToItsRecordsByACompositeKey) {
  Statement statement = of_columns({{"type", {}, false}, {"no", {}, false}, {"x", {}, false}});
  statement.match = {"type", "no"};
  statement.into = "lines";
  std::vector<json::Value> records{value(R"({"type": "A", "no": "B1"})"),
                                   value(R"({"type": "AB", "no": "1"})")};
  put_to_their_records(statement, {value(R"({"type": "AB", "no": "1", "x": "right"})")}, records);
  EXPECT_TRUE(records[0].get("lines").empty()) << "a key is not its parts in one";
  ASSERT_EQ(records[1].get("lines").size(), 1U);
}

// ---- errors

profile::ErrorTable table(const char* text, std::size_t faults_expected = 0) {
  std::vector<profile::Fault> faults;
  auto read = profile::ErrorTable::read(value(text), "errors.json", faults);
  EXPECT_EQ(faults.size(), faults_expected);
  return read;
}

TEST(ErrorTable, TheFirstRuleThatFitsDecides) {
  const auto errors = table(R"({"rules": [
    {"state": "23505", "contains": "by Ext Ref", "code": "conflict"},
    {"state": "NG*", "code": "rejected", "pointer": "/customer"},
    {"native": "1205", "code": "throttled"},
    {"state": "23*", "code": "rejected"}]})");
  const auto judged = [&](const char* vendor, const char* message) {
    return errors.judged({ErrorCode::internal, message, "erp", vendor});
  };
  EXPECT_EQ(judged("23505/1", "key by Ext Ref is there").code, ErrorCode::conflict);
  EXPECT_EQ(judged("23505/1", "another key").code, ErrorCode::rejected);
  EXPECT_EQ(judged("HY000/1205", "busy").code, ErrorCode::throttled);
  EXPECT_EQ(judged("42P01/1", "no table").code, ErrorCode::internal) << "no rule fits";
  const Error named = judged("NG001/1", "customer C1 is blocked");
  EXPECT_EQ(named.code, ErrorCode::rejected);
  ASSERT_EQ(named.fields.size(), 1U);
  EXPECT_EQ(named.fields[0].pointer, "/customer");
}

TEST(ErrorTable, AnUnknownOutcomeStaysUnknown) {
  const auto errors = table(R"({"rules": [{"contains": "lost", "code": "rejected"}]})");
  EXPECT_EQ(errors.judged({ErrorCode::outcome_unknown, "lost", "erp", "08S01/1"}).code,
            ErrorCode::outcome_unknown);
  EXPECT_EQ(errors.judged({ErrorCode::unavailable, "lost", "erp", {}}).code, ErrorCode::unavailable)
      << "the vendor did not say it";
}

TEST(ErrorTable, ARuleThatFitsEverythingIsAFault) {
  (void)table(R"({"rules": [{"code": "rejected"}]})", 1);
  (void)table(R"({"rules": [{"state": "*", "code": "rejected"}]})", 1);
  (void)table(R"({"rules": [{"native": "*", "code": "rejected"}]})", 1);
  (void)table(R"({"rules": [{"state": "1", "code": "outcome_unknown"}]})", 1);
  (void)table(R"({"rules": [{"state": "1", "code": "rejected", "pointer": "no"}]})", 1);
}

}  // namespace
}  // namespace underpin::legacy::sql_profile
