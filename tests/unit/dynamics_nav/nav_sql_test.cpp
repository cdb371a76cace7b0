#include "legacy-adapters/dynamics_nav/nav_sql.h"

#include "tests/unit/dynamics_nav/nav_tables.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::HasSubstr;

TEST(NavSql, WritesNamesAsTheDatabaseHasThem) {
  SqlNames names;
  EXPECT_EQ(table(names, "Item Ledger Entry"), "[CRONUS$Item Ledger Entry]");
  names.company = "Cronus Int. [Ltd.] 5%";
  names.app_suffix = "$437dbf0e-84ff-417a-965d-ed2bb9650972";
  EXPECT_EQ(table(names, "Item"),
            "[Cronus Int_ _Ltd__ 5_$Item$437dbf0e-84ff-417a-965d-ed2bb9650972]");
  names = {};
  names.quote = "\"\"";
  EXPECT_EQ(quoted(names, "No_"), "\"No_\"");
  EXPECT_EQ(quoted(names, "x\" OR 1=1"), "\"x\"\" OR 1=1\"");
}

TEST(NavSql, ReadsDecimalsWholeNumbersAndBlankDates) {
  EXPECT_EQ(decimal_of("-.50000000000000000000", "Quantity"), Decimal::parse("-0.5").value());
  EXPECT_EQ(decimal_of(".00000000000000000000", "Quantity"), Decimal());
  EXPECT_EQ(decimal_of("12345678901234567.89", "Quantity").text(), "12345678901234567.89");
  EXPECT_THROW(decimal_of("1E+2", "Quantity"), std::domain_error);
  EXPECT_THROW(decimal_of("", "Quantity"), std::domain_error);
  EXPECT_EQ(whole_of("9223372036854775807", "Entry No_"), 9223372036854775807);
  EXPECT_THROW(whole_of("1.0", "Entry No_"), std::domain_error);
  EXPECT_EQ(date_of("1753-01-01 00:00:00", "Posting Date"), std::nullopt);
  EXPECT_EQ(date_of("2026-11-24 00:00:00.000", "Posting Date"), (Date{2026, 11, 24}));
  EXPECT_THROW((void)date_of("24.11.2026", "Posting Date"), std::domain_error);
}

TEST(NavSql, WhatMerelyBeginsLikeADayIsNone) {
  EXPECT_EQ(date_of("2026-11-24", "Posting Date"), (Date{2026, 11, 24}));
  EXPECT_EQ(date_of("2026-11-24T00:00:00", "Posting Date"), (Date{2026, 11, 24}));
  for (const char* text : {"2026-11-245", "2026-11-24.5", "1753-01-01x", "2026-11-2"})
    EXPECT_THROW((void)date_of(text, "Posting Date"), std::domain_error) << text;
}

TEST(NavSql, DoctorFindsEverythingInACompleteDatabase) {
  NavTables tables("Müller GmbH", "$437dbf0e");
  SqlNames names;
  names.company = "Müller GmbH";
  names.app_suffix = "$437dbf0e";
  const auto findings = examine_sql(*tables.database(), names, in_five_seconds().deadline);
  EXPECT_GE(findings.size(), 8U);
  for (const Finding& finding : findings) EXPECT_TRUE(finding.ok) << finding.what << finding.detail;
}

TEST(NavSql, DoctorNamesTheTableAndTheColumnThatAreMissing) {
  NavTables tables;
  tables.run("DROP TABLE " + tables.name("Reservation Entry"));
  tables.run("ALTER TABLE " + tables.name("Sales Line") + " DROP COLUMN [Outstanding Quantity]");
  std::vector<std::string> missing;
  for (const Finding& finding :
       examine_sql(*tables.database(), SqlNames{}, in_five_seconds().deadline))
    if (!finding.ok) missing.push_back(finding.what);
  EXPECT_THAT(missing,
              testing::UnorderedElementsAre("table [CRONUS$Reservation Entry]",
                                            "column [CRONUS$Sales Line].[Outstanding Quantity]"));
}

TEST(NavSql, DoctorSaysThatTheDatabaseIsNotThere) {
  odbc::Settings settings;
  settings.connection_string =
      "Driver=" + odbc::SampleDatabase::driver() + ";Database=/nowhere/nav.db";
  odbc::Database database(settings);
  const auto findings = examine_sql(database, SqlNames{}, in_five_seconds().deadline);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_FALSE(findings[0].ok);
  EXPECT_THAT(findings[0].what, HasSubstr("ODBC"));
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
