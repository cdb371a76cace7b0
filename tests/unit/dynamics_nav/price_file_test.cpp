#include "legacy-adapters/dynamics_nav/price_file.h"

#include "tests/unit/dynamics_nav/price_file_text.h"

#include <gmock/gmock.h>

#include <sstream>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::HasSubstr;

struct Read {
  PriceFileHeader header;
  std::vector<PriceEntry> entries;
  std::vector<PriceEntry> deletions;
  Result<PriceFileTotals> totals = Error{};
};

Read read(const std::string& text, PriceFileLimits limits = {}) {
  Read result;
  std::istringstream input(text);
  PriceFileConsumer consumer;
  consumer.header = [&](const PriceFileHeader& header) -> Status {
    result.header = header;
    return Done{};
  };
  consumer.row = [&](const PriceEntry& entry, bool deletion) -> Status {
    (deletion ? result.deletions : result.entries).push_back(entry);
    return Done{};
  };
  result.totals = read_price_file(input, limits, consumer);
  return result;
}

std::string fault(const std::string& text, PriceFileLimits limits = {}) {
  const Read result = read(text, limits);
  if (result.totals) return "no fault";
  EXPECT_EQ(result.totals.error().code, ErrorCode::invalid_request);
  return result.totals.error().message;
}

std::string full(std::string_view row) { return PriceFileText("B1", "FULL").price(row).text(); }

constexpr std::string_view good_row =
    "1000;1;VIP;2026-01-01;2026-12-24;10;PCS;12345678901234567.89;1;Europe/Berlin";

TEST(PriceFile, ReadsHeaderRowsAndTotals) {
  const Read file = read(PriceFileText("P-1", "FULL", "2026-11-24T02:00:00+01:00")
                             .price(good_row)
                             .everyone("1001", "10.50")
                             .text());
  ASSERT_TRUE(file.totals) << file.totals.error().message;
  EXPECT_EQ(file.header.batch, "P-1");
  EXPECT_TRUE(file.header.full);
  EXPECT_EQ(file.header.created, Timestamp::parse("2026-11-24T01:00:00Z").value());
  EXPECT_EQ(file.header.currency, "EUR");
  ASSERT_EQ(file.entries.size(), 2U);
  const PriceEntry& first = file.entries[0];
  EXPECT_EQ(first.sku, Sku("1000"));
  EXPECT_EQ(first.scope, PriceScope::group);
  EXPECT_EQ(first.scope_code, "VIP");
  EXPECT_EQ(first.from.text(), "2026-01-01");
  EXPECT_EQ(first.to->text(), "2026-12-24");
  EXPECT_EQ(first.minimum_quantity, Decimal::of(10));
  EXPECT_EQ(first.uom, "PCS");
  EXPECT_EQ(first.unit_price.text(), "12345678901234567.89");
  EXPECT_TRUE(first.tax_included);
  EXPECT_EQ(first.zone, "Europe/Berlin");
  EXPECT_EQ(first.currency, "EUR");
  EXPECT_FALSE(file.entries[1].to.has_value());
  EXPECT_EQ(file.entries[1].unit_price.text(), "10.50");
  EXPECT_EQ(file.totals->rows, 2);
  EXPECT_EQ(file.totals->hash_total.text(), "12345678901234578.39");
}

TEST(PriceFile, ReadsDeletionsOfADeltaOnly) {
  const std::string row = "1000;2;;2026-01-01;0;PCS";
  const Read delta = read(PriceFileText("B2", "DELTA").everyone("1001", "3").deletion(row).text());
  ASSERT_TRUE(delta.totals) << delta.totals.error().message;
  ASSERT_EQ(delta.deletions.size(), 1U);
  EXPECT_EQ(delta.totals->deletions, 1);
  EXPECT_EQ(delta.totals->hash_total, Decimal::of(3));
  EXPECT_THAT(fault(PriceFileText("B2", "FULL").deletion(row).text()),
              HasSubstr("line 2: a deletion (D) in a full list"));
}

TEST(PriceFile, AcceptsAnEmptyListAByteOrderMarkAndBareLineFeeds) {
  EXPECT_TRUE(read(PriceFileText("B1", "FULL").text()).totals);
  EXPECT_TRUE(read("\xEF\xBB\xBF" + full(good_row)).totals);
  std::string unix_lines = full(good_row);
  for (std::size_t at; (at = unix_lines.find('\r')) != std::string::npos;) unix_lines.erase(at, 1);
  EXPECT_TRUE(read(unix_lines).totals);
}

TEST(PriceFile, EveryTruncationIsRefused) {
  const std::string text = PriceFileText("B1", "FULL").price(good_row).everyone("1001", "2").text();
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(read(text.substr(0, length)).totals) << text.substr(0, length);
  EXPECT_THAT(fault(PriceFileText("B1", "FULL").price(good_row).without_trailer()),
              HasSubstr("line 3: the file is truncated: no trailer"));
  EXPECT_THAT(fault(""), HasSubstr("truncated"));
}

TEST(PriceFile, ChecksCountAndHashTotal) {
  const std::string rows = PriceFileText("B1", "FULL").everyone("1000", "5.90").without_trailer();
  EXPECT_TRUE(read(rows + "T;1;5.90\r\n").totals);
  EXPECT_TRUE(read(rows + "T;1;5.9000\r\n").totals);
  EXPECT_THAT(fault(rows + "T;2;5.90\r\n"), HasSubstr("line 3: count: is 2, but the file has 1"));
  EXPECT_THAT(fault(rows + "T;1;5.91\r\n"),
              HasSubstr("line 3: hash total: is 5.91, but the unit prices add up to 5.90"));
  EXPECT_THAT(fault(rows + "T;x;5.90\r\n"), HasSubstr("count: is not a count"));
  EXPECT_THAT(fault(rows + "T;1\r\n"), HasSubstr("trailer"));
}

TEST(PriceFile, NamesLineFieldAndRule) {
  const auto row = [](std::string_view fields) { return fault(full(fields)); };
  EXPECT_THAT(row(";2;;2026-01-01;;0;PCS;1;0;UTC"), HasSubstr("line 2: item: is missing"));
  EXPECT_THAT(row("1000;EVERY;;2026-01-01;;0;PCS;1;0;UTC"),
              HasSubstr("line 2: sales type: is not 0"));
  EXPECT_THAT(row("1000;1;;2026-01-01;;0;PCS;1;0;UTC"), HasSubstr("sales code: is missing"));
  EXPECT_THAT(row("1000;2;X;2026-01-01;;0;PCS;1;0;UTC"), HasSubstr("sales code: must be blank"));
  EXPECT_THAT(row("1000;2;;2026-02-30;;0;PCS;1;0;UTC"), HasSubstr("start: is not a day"));
  EXPECT_THAT(row("1000;2;;2026-01-02;2026-01-01;0;PCS;1;0;UTC"), HasSubstr("end: lies before"));
  EXPECT_THAT(row("1000;2;;2026-01-01;;-1;PCS;1;0;UTC"), HasSubstr("minimum quantity: must not"));
  EXPECT_THAT(row("1000;2;;2026-01-01;;0;ELEVENCHARS;1;0;UTC"), HasSubstr("unit of measure: is"));
  EXPECT_THAT(row("1000;2;;2026-01-01;;0;PCS;1;2;UTC"), HasSubstr("price including VAT"));
  EXPECT_THAT(row("1000;2;;2026-01-01;;0;PCS;1;0;Mars/Base"), HasSubstr("zone: is not known"));
  EXPECT_THAT(row("1000;2;;2026-01-01;;0;PCS;1;0"), HasSubstr("eleven fields"));
  EXPECT_THAT(row("1000;2;;2026-01-01;;0;PCS;1;0;UTC;more"), HasSubstr("eleven fields"));
  EXPECT_THAT(row("123456789012345678901;2;;2026-01-01;;0;PCS;1;0;UTC"),
              HasSubstr("item: is longer than 20 bytes"));
}

TEST(PriceFile, TakesNoPriceThatIsNotAPlainDecimal) {
  for (const char* price : {"1,50", "1e3", "0x10", "NaN", "", " 1", "1.000.000", "-5",
                            "1234567890123456789012345678901234567890"}) {
    std::string text = PriceFileText("B1", "FULL").without_trailer() +
                       "P;1000;2;;2026-01-01;;0;PCS;" + price + ";0;UTC\r\nT;1;0\r\n";
    EXPECT_THAT(fault(text), HasSubstr("line 2: unit price:")) << price;
  }
}

TEST(PriceFile, RefusesUnknownRecordsAndWhatFollowsTheTrailer) {
  EXPECT_THAT(fault(PriceFileText("B1", "FULL").raw("X;1\r\n").text()),
              HasSubstr("line 2: unknown record 'X'"));
  EXPECT_THAT(fault(PriceFileText("B1", "FULL").raw("\r\n").text()), HasSubstr("line 2"));
  EXPECT_THAT(fault(full(good_row) + "P;more\r\n"), HasSubstr("more after the trailer"));
  EXPECT_THAT(fault(full(good_row) + "x"), HasSubstr("line 4"));
  EXPECT_THAT(fault("T;0;0\r\n"), HasSubstr("line 1: the first record is not a header"));
  EXPECT_THAT(fault("H;STOCK;B;FULL;2026-01-01T00:00:00Z;EUR\r\nT;0;0\r\n"), HasSubstr("header"));
  EXPECT_THAT(fault("H;PRICES;B;SOME;2026-01-01T00:00:00Z;EUR\r\nT;0;0\r\n"), HasSubstr("mode"));
  EXPECT_THAT(fault("H;PRICES;B;FULL;yesterday;EUR\r\nT;0;0\r\n"), HasSubstr("created"));
  EXPECT_THAT(fault("H;PRICES;B;FULL;2026-01-01T00:00:00Z;eur\r\nT;0;0\r\n"),
              HasSubstr("currency"));
  EXPECT_THAT(fault("H;PRICES;;FULL;2026-01-01T00:00:00Z;EUR\r\nT;0;0\r\n"), HasSubstr("batch"));
}

TEST(PriceFile, RefusesTextThatIsNotCleanUtf8) {
  for (const char* sku : {"10\xC3", "10\xE4\x20", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                          "1\x01", "1\x7F", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xFF"}) {
    const std::string text = PriceFileText("B1", "FULL").without_trailer() + "P;" + sku +
                             ";2;;2026-01-01;;0;PCS;1;0;UTC\r\nT;1;1\r\n";
    EXPECT_THAT(fault(text), HasSubstr("line 2: is not UTF-8")) << sku;
  }
  EXPECT_TRUE(read(full("ÄÖ\xF0\x9F\x8D\x8F;2;;2026-01-01;;0;PCS;1;0;UTC")).totals);
}

TEST(PriceFile, LimitsLinesAndRows) {
  PriceFileLimits limits;
  limits.line_max = 100;
  EXPECT_TRUE(read(full(good_row), limits).totals);
  EXPECT_THAT(fault(PriceFileText("B1", "FULL").raw(std::string(101, 'x')).text(), limits),
              HasSubstr("line 2: is longer than 100 bytes"));
  limits.rows_max = 2;
  EXPECT_TRUE(read(PriceFileText("B1", "FULL").everyone("1", "1").everyone("2", "1").text(), limits)
                  .totals);
  EXPECT_THAT(fault(PriceFileText("B1", "FULL")
                        .everyone("1", "1")
                        .everyone("2", "1")
                        .everyone("3", "1")
                        .text(),
                    limits),
              HasSubstr("line 4: more than 2 rows"));
}

TEST(PriceFile, StopsAtWhatTheConsumerRefuses) {
  std::istringstream input(full(good_row));
  PriceFileConsumer consumer;
  consumer.header = [](const PriceFileHeader&) -> Status { return Done{}; };
  consumer.row = [](const PriceEntry&, bool) -> Status {
    return Error{ErrorCode::invalid_request, "no such article"};
  };
  const auto totals = read_price_file(input, {}, consumer);
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().message, "line 2: no such article");
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
