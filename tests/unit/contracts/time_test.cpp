#include "contracts/time.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

namespace underpin {
namespace {

std::string read(std::string_view text) {
  const auto time = Timestamp::parse(text);
  return time ? time->text() : "error";
}

TEST(Time, DaysAreReadAndWrittenAsTheCalendarHasThem) {
  EXPECT_EQ(Date::parse("2026-11-24").value().text(), "2026-11-24");
  EXPECT_EQ(Date::parse("2024-02-29").value().text(), "2024-02-29");
  EXPECT_EQ(Date::parse("0001-01-01").value().text(), "0001-01-01");
  for (const char* text :
       {"2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-4-1",
        "20261124", "2026-11-24 ", "2026/11/24", "0000-01-01", "", "2026-11-2x"})
    EXPECT_FALSE(Date::parse(text).has_value()) << text;
  EXPECT_LT(Date::parse("2026-11-24").value(), Date::parse("2026-12-01").value());
  EXPECT_TRUE(Date{}.empty());
}

TEST(Time, TimestampsAreReadWithAnyOffsetAndWrittenInUtc) {
  EXPECT_EQ(read("2026-11-24T18:15:00Z"), "2026-11-24T18:15:00Z");
  EXPECT_EQ(read("2026-11-24T19:15:00+01:00"), "2026-11-24T18:15:00Z");
  EXPECT_EQ(read("2026-01-01T00:30:00+05:30"), "2025-12-31T19:00:00Z");
  EXPECT_EQ(read("2026-12-31T20:00:00-08:00"), "2027-01-01T04:00:00Z");
  EXPECT_EQ(read("2026-11-24t18:15:00z"), "2026-11-24T18:15:00Z");
  EXPECT_EQ(read("2026-11-24 18:15:00Z"), "2026-11-24T18:15:00Z");
  EXPECT_EQ(read("1969-12-31T23:59:59.5Z"), "1969-12-31T23:59:59.500Z");
  for (const char* text :
       {"2026-11-24", "2026-11-24T18:15:00", "2026-11-24T18:15Z", "2026-11-24T24:00:00Z",
        "2026-11-24T18:60:00Z", "2026-02-30T00:00:00Z", "2026-11-24T18:15:00.Z",
        "2026-11-24T18:15:00+0100", "2026-11-24T18:15:00+01", "2026-11-24T18:15:00Zx",
        "2026-11-24T18:15:00+24:00", "", "yesterday"})
    EXPECT_EQ(read(text), "error") << text;
}

TEST(Time, AnOffsetDoesNotLeadOutOfTheYearsThatCanBeWritten) {
  EXPECT_EQ(Timestamp::parse("0001-01-01T00:00:00Z").value().text(), "0001-01-01T00:00:00Z");
  EXPECT_EQ(Timestamp::parse("9999-12-31T23:59:59.999999Z").value().text(),
            "9999-12-31T23:59:59.999999Z");
  for (const char* text :
       {"9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+00:01"})
    EXPECT_FALSE(Timestamp::parse(text).has_value()) << text;
}

TEST(Time, FractionsAreKeptToMicroseconds) {
  EXPECT_EQ(read("2026-11-24T18:15:00.123Z"), "2026-11-24T18:15:00.123Z");
  EXPECT_EQ(read("2026-11-24T18:15:00.120Z"), "2026-11-24T18:15:00.120Z");
  EXPECT_EQ(read("2026-11-24T18:15:00.123456Z"), "2026-11-24T18:15:00.123456Z");
  EXPECT_EQ(read("2026-11-24T18:15:00.1234567Z"), "2026-11-24T18:15:00.123456Z");
  EXPECT_EQ(read("2026-11-24T18:15:00.000Z"), "2026-11-24T18:15:00Z");
}

TEST(Time, ADayBeginsAtMidnightUtc) {
  const Date day = Date::parse("2026-11-24").value();
  EXPECT_EQ(Timestamp::start_of(day).text(), "2026-11-24T00:00:00Z");
  EXPECT_EQ(Timestamp::start_of(day).plus_ms(-1).date_utc().text(), "2026-11-23");
  EXPECT_EQ(Timestamp::start_of(day).plus_ms(86'399'999).date_utc(), day);
  EXPECT_EQ(Timestamp{-1}.date_utc().text(), "1969-12-31");
  EXPECT_EQ(Timestamp{0}.text(), "1970-01-01T00:00:00Z");
}

TEST(Time, TheClockIsTakenOver) {
  const auto point = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(Timestamp::from(point).text(), "2023-11-14T22:13:20Z");
}

TEST(Time, EveryTimestampIsReadBackFromItsText) {
  std::mt19937_64 random(20261124);
  const std::int64_t first = Timestamp::parse("0001-01-02T00:00:00Z").value().micros;
  const std::int64_t last = Timestamp::parse("9999-12-30T00:00:00Z").value().micros;
  std::uniform_int_distribution<std::int64_t> any(first, last);
  for (int i = 0; i < 20'000; ++i) {
    const Timestamp time{any(random) / 1000 * (i % 2 == 0 ? 1000 : 1)};
    const auto back = Timestamp::parse(time.text());
    ASSERT_TRUE(back.has_value()) << time.text();
    ASSERT_EQ(*back, time) << time.text();
    ASSERT_EQ(time.text().substr(0, 10), time.date_utc().text());
    ASSERT_EQ(Timestamp::start_of(time.date_utc()).date_utc(), time.date_utc());
  }
}

}  // namespace
}  // namespace underpin
