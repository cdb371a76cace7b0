#include "facade/posting_judge.h"

#include <gtest/gtest.h>

namespace underpin::facade {
namespace {

constexpr Date today{2026, 11, 24};
constexpr Date tomorrow{2026, 11, 25};

Decimal decimal(const char* text) { return *Decimal::parse(text); }

// Two pieces for 10.00, 1.00 off; 19 % tax; 5.00 shipping.
Order content() {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"1"}};
  order.currency = "EUR";
  OrderLine line;
  line.number = 1;
  line.quantity = Decimal::of(2);
  line.unit_price = decimal("10.00");
  line.adjustments = {{"promotion", "P", 1, decimal("-1.00"), ""}};
  line.net_amount = decimal("19.00");
  line.taxes = {{"VAT19", decimal("0.19"), decimal("3.61")}};
  order.lines = {line};
  order.charges = {
      {"shipping", "", decimal("5.00"), {{"VAT19", decimal("0.19"), decimal("0.95")}}}};
  return order;
}

Order seen(const char* invoiced, std::vector<Date> dates) {
  Order order = content();
  order.lines[0].invoiced_quantity = decimal(invoiced);
  for (const Date date : dates)
    order.invoices.push_back({DocumentNumber("RE-" + date.text()), date, decimal("10.00")});
  return order;
}

PostedLine entry(AccountClass account_class, const char* amount, Side side = Side::legacy,
                 Date date = today) {
  PostedLine line;
  line.side = side;
  line.kind = PostedKind::invoice;
  line.account_class = account_class;
  line.date = date;
  line.document = "RE-" + date.text();
  line.amount = decimal(amount);
  line.currency = "EUR";
  return line;
}

PostedLine tax_entry(const char* amount, Side side = Side::legacy) {
  PostedLine line = entry(AccountClass::tax, amount, side);
  line.ledger = Ledger::tax;
  line.tax_code = "VAT19";
  return line;
}

// As it should be: 24.00 net, 4.56 tax.
std::vector<PostedLine> right(Side side = Side::legacy) {
  return {entry(AccountClass::revenue, "-25.00", side), entry(AccountClass::discount, "1.00", side),
          entry(AccountClass::tax, "-4.56", side), entry(AccountClass::receivable, "28.56", side),
          tax_entry("-4.56", side)};
}

ExpectedPosting expected(const Order& at_home, const std::vector<PostedLine>& others = {},
                         const std::set<std::string>& elsewhere = {}) {
  return expected_posting(content(), at_home, Side::legacy, elsewhere, today, tomorrow, others);
}

std::vector<std::string> kinds(const std::vector<PostedLine>& posted,
                               const ExpectedPosting& expected, const char* tolerance = "0.05") {
  std::vector<std::string> found;
  for (const PostingFinding& one :
       judge_postings("web/1", posted, expected, decimal(tolerance)).findings)
    found.push_back(one.kind);
  return found;
}
using Kinds = std::vector<std::string>;

TEST(PostingJudge, AWholeInvoiceIsWorthWhatTheChannelWasAcknowledged) {
  const ExpectedPosting whole = expected(seen("2", {today}));
  EXPECT_EQ(whole.net, (std::map<Date, Decimal>{{today, decimal("24.00")}}));
  EXPECT_EQ(whole.tax, (std::map<std::string, Decimal>{{"VAT19", decimal("4.56")}}));
  EXPECT_EQ(kinds(right(), whole), Kinds{});
}

TEST(PostingJudge, ADiscountIsTakenOffTheRevenueWhereverItIsPosted) {
  std::vector<PostedLine> net = right();
  net[0].amount = decimal("-24.00");
  net.erase(net.begin() + 1);
  EXPECT_EQ(kinds(net, expected(seen("2", {today}))), Kinds{});
}

TEST(PostingJudge, APartIsWorthItsShareAndTheChargesGoWithTheFirstInvoice) {
  const ExpectedPosting part = expected(seen("1", {today}));
  EXPECT_EQ(part.net_sum(), decimal("14.50"));
  EXPECT_EQ(part.tax_sum(), decimal("2.76"));  // 9.50 at 19 %, half up, and the charge's.
}

TEST(PostingJudge, WhatOtherDaysPostedIsTakenOff) {
  const Date before{2026, 11, 20};
  std::vector<PostedLine> others{entry(AccountClass::revenue, "-14.50", Side::legacy, before)};
  PostedLine tax = tax_entry("-2.76");
  tax.date = before;
  others.push_back(tax);
  const ExpectedPosting rest = expected(seen("2", {before, today}), others);
  EXPECT_EQ(rest.net_sum(), decimal("9.50"));
  EXPECT_EQ(rest.tax_sum(), decimal("1.80"));
}

TEST(PostingJudge, TwoInvoicesOfTheSpanShareWhatIsExpectedByTheirAmounts) {
  const ExpectedPosting both = expected(seen("2", {today, tomorrow}));
  EXPECT_EQ(both.net,
            (std::map<Date, Decimal>{{today, decimal("12.00")}, {tomorrow, decimal("12.00")}}));
}

TEST(PostingJudge, PricesWithTaxAreReckonedBack) {
  Order gross = content();
  gross.prices_include_tax = true;
  gross.charges.clear();
  gross.lines[0].taxes[0].amount = decimal("3.03");
  const ExpectedPosting one =
      expected_posting(gross, seen("2", {today}), Side::legacy, {}, today, today, {});
  EXPECT_EQ(one.net_sum(), decimal("15.97"));
  EXPECT_EQ(one.tax_sum(), decimal("3.03"));
}

TEST(PostingJudge, AnotherAmountIsFoundAndACentWithinTheToleranceIsCounted) {
  std::vector<PostedLine> off = right();
  off[0].amount = decimal("-24.90");
  off[3].amount = decimal("28.46");
  EXPECT_EQ(kinds(off, expected(seen("2", {today}))), Kinds{"value"});
  off[0].amount = decimal("-24.99");
  off[3].amount = decimal("28.55");
  const PostingVerdict cent =
      judge_postings("web/1", off, expected(seen("2", {today})), decimal("0.05"));
  EXPECT_TRUE(cent.findings.empty());
  EXPECT_TRUE(cent.rounded);
  EXPECT_EQ(kinds(off, expected(seen("2", {today})), "0.00"), Kinds{"value"});
}

TEST(PostingJudge, TheSameSumUnderAnotherTaxCodeIsFound) {
  std::vector<PostedLine> off = right();
  off[4].tax_code = "VAT7";
  EXPECT_EQ(kinds(off, expected(seen("2", {today}))), Kinds{"value"});
}

TEST(PostingJudge, TheSameSumOnAnotherDayIsFound) {
  std::vector<PostedLine> off = right();
  for (PostedLine& line : off) line.date = tomorrow;
  EXPECT_EQ(kinds(off, expected(seen("2", {today}))), Kinds{"value"});
}

TEST(PostingJudge, RevenueOnAnAccountOfAnotherClassIsFound) {
  std::vector<PostedLine> off = right();
  off[0].account_class = AccountClass::other;
  EXPECT_EQ(kinds(off, expected(seen("2", {today}))), Kinds{"value"});
}

TEST(PostingJudge, AnInvoiceThatIsNotInTheBooksIsMissing) {
  EXPECT_EQ(kinds({}, expected(seen("2", {today}))), Kinds{"missing"});
  EXPECT_EQ(kinds({}, expected(seen("0", {}))), Kinds{});
}

TEST(PostingJudge, PostingInTheOtherErpIsExecutionTwice) {
  EXPECT_EQ(kinds(right(Side::cloud), expected(seen("0", {}))), Kinds{"executed_twice"});
  std::vector<PostedLine> both = right();
  for (const PostedLine& line : right(Side::cloud)) both.push_back(line);
  EXPECT_EQ(kinds(both, expected(seen("2", {today}))), Kinds{"executed_twice"});
  // A receivable alone is enough.
  EXPECT_EQ(kinds({entry(AccountClass::receivable, "0", Side::cloud)}, expected(seen("0", {}))),
            Kinds{"executed_twice"});
}

TEST(PostingJudge, WhatAnEarlierHomeHadInvoicedBelongsThere) {
  EXPECT_EQ(kinds(right(Side::cloud), expected(seen("2", {today}), {}, {"RE-2026-11-24"})),
            Kinds{});
  EXPECT_EQ(kinds(right(Side::cloud), expected(seen("2", {today}), {}, {"RE-1"})),
            (Kinds{"executed_twice", "missing"}));
}

TEST(PostingJudge, ADocumentMustBalanceAndBothLedgersMustAgree) {
  std::vector<PostedLine> off = right();
  off[3].amount = decimal("28.55");
  EXPECT_EQ(kinds(off, expected(seen("2", {today}))), Kinds{"unbalanced"});
  std::vector<PostedLine> ledgers = right();
  ledgers[2].amount = decimal("-4.55");
  ledgers[3].amount = decimal("28.55");
  EXPECT_EQ(kinds(ledgers, expected(seen("2", {today}))), Kinds{"tax_ledger"});
}

TEST(PostingJudge, AnotherCurrencyIsNotComparedButDoubleExecutionIs) {
  std::vector<PostedLine> posted = right();
  for (PostedLine& line : posted) line.currency = "CHF";
  posted[0].amount = decimal("-20.00");
  posted[3].amount = decimal("23.56");
  const PostingVerdict verdict =
      judge_postings("web/1", posted, expected(seen("2", {today})), decimal("0.05"));
  EXPECT_TRUE(verdict.findings.empty());
  EXPECT_TRUE(verdict.other_currency);
  for (PostedLine& line : posted) line.side = Side::cloud;
  EXPECT_EQ(kinds(posted, expected(seen("0", {}))), Kinds{"executed_twice"});
}

TEST(PostingJudge, OnlySalesAreForeign) {
  const auto sale = foreign_postings(right());
  ASSERT_TRUE(sale);
  EXPECT_EQ(sale->kind, "foreign");
  EXPECT_EQ(sale->posted.at(Side::legacy).first, decimal("24.00"));
  EXPECT_FALSE(
      foreign_postings({entry(AccountClass::inventory, "5"), entry(AccountClass::cogs, "-5")}));
}

TEST(PostingJudge, WhoIsNotDeclaredIsNamedWhereTheErpTells) {
  std::vector<PostedLine> posted = right();
  posted[0].user = "EVA";
  posted[1].user = "MALLORY";
  const auto rogue = undeclared_writers("web/1", posted, {{Side::legacy, {"EVA"}}});
  ASSERT_TRUE(rogue);
  EXPECT_EQ(rogue->kind, "undeclared_writer");
  EXPECT_EQ(rogue->users, std::set<std::string>{"MALLORY"});
  EXPECT_EQ(rogue->date, today);
  EXPECT_FALSE(undeclared_writers("web/1", posted, {{Side::legacy, {"EVA", "MALLORY"}}}));
  EXPECT_FALSE(undeclared_writers("web/1", posted, {})) << "nobody is named: anybody may";
  EXPECT_FALSE(undeclared_writers("web/1", posted, {{Side::cloud, {"EVA"}}}));
}

TEST(PostingJudge, AnEntryComesBackFromItsRecord) {
  PostedLine line = tax_entry("-4.56", Side::cloud);
  line.base = decimal("-24.00");
  line.reference = "WEB/1";
  line.user = "EVA";
  const auto read = read_posted_line(to_record(line));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_record(*read), to_record(line));
  EXPECT_EQ(read->side, Side::cloud);
  EXPECT_EQ(read->ledger, Ledger::tax);
  auto torn = to_record(line);
  torn[7] = "x";
  EXPECT_FALSE(read_posted_line(torn));
  torn.pop_back();
  EXPECT_FALSE(read_posted_line(torn));
}

}  // namespace
}  // namespace underpin::facade
