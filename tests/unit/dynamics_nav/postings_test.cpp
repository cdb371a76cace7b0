// What NAV has posted, against the simulated NAV.
#include "legacy-adapters/dynamics_nav/postings.h"
#include "tests/unit/dynamics_nav/nav_process.h"
#include "tests/unit/dynamics_nav/nav_tables.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

class PostingsOfNav : public testing::Test {
 protected:
  PostingsOfNav() {
    PostingSettings settings;
    settings.system = "nav";
    settings.chart.accounts = {{"8300", "8599", AccountClass::revenue},
                               {"8400", "8400", AccountClass::liability}};
    settings.chart.tax_codes = {{"VAT19", "STANDARD"}};
    postings_ = std::make_unique<Postings>(settings, nav_.database());
  }
  std::vector<PostedEntry> entries(Date from, Date to, int limit = 100) {
    PostingQuery query;
    query.from = from;
    query.to = to;
    query.limit = limit;
    std::vector<PostedEntry> all;
    do {
      const auto page = postings_->posted_entries(query, in_five_seconds());
      EXPECT_TRUE(page) << page.error().message;
      if (!page) break;
      all.insert(all.end(), page->items.begin(), page->items.end());
      query.cursor = page->next;
    } while (!query.cursor.empty());
    return all;
  }
  static Date today() { return Timestamp::from(std::chrono::system_clock::now()).date_utc(); }

  NavProcess nav_;
  std::unique_ptr<Postings> postings_;
};

TEST_F(PostingsOfNav, TheDoctorFindsEveryTableAndColumn) {
  for (const Finding& finding :
       examine_postings(*nav_.database(), SqlNames{}, in_five_seconds().deadline))
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  SqlNames other;
  other.company = "NOBODY";
  for (const Finding& finding :
       examine_postings(*nav_.database(), other, in_five_seconds().deadline))
    EXPECT_FALSE(finding.ok) << finding.what;
}

TEST_F(PostingsOfNav, TheCloseOfAYearIsToldFromItsLastDay) {
  nav_.post("/_sim/users/close_year", R"({"year": 2025, "amount": "1000"})");
  const auto last_day = entries(Date{2025, 12, 31}, Date{2025, 12, 31});
  ASSERT_EQ(last_day.size(), 2U);
  for (const PostedEntry& entry : last_day) {
    EXPECT_TRUE(entry.closing);
    EXPECT_EQ(entry.posting_date, (Date{2025, 12, 31}));
    EXPECT_EQ(entry.source, "CLSINCOME");
    EXPECT_EQ(entry.kind, PostedKind::other);
  }
  EXPECT_TRUE(entries(Date{2025, 12, 1}, Date{2025, 12, 30}).empty());
  EXPECT_TRUE(entries(Date{2026, 1, 1}, Date{2026, 1, 1}).empty());
}

TEST_F(PostingsOfNav, AccountsHaveTheFirstClassThatHoldsThemAndTaxCodesTheChannelsNames) {
  bool revenue = false;
  bool tax = false;
  for (const PostedEntry& entry : entries(today(), today())) {
    EXPECT_NE(entry.account_class, AccountClass::liability) << "the first range holds 8400";
    if (entry.account == "8400") {
      revenue = true;
      EXPECT_EQ(entry.account_class, AccountClass::revenue);
      EXPECT_TRUE(entry.amount.is_negative());
      EXPECT_FALSE(entry.of_order.empty());
      EXPECT_EQ(entry.user, "CRONUS\\ACCOUNTING");
    }
    if (entry.account == "1400") {
      EXPECT_EQ(entry.account_class, AccountClass::other);
    }
    if (entry.ledger != Ledger::tax) continue;
    tax = true;
    EXPECT_EQ(entry.tax_code, "STANDARD");
    const Decimal exact = entry.base * *Decimal::parse("0.19");
    EXPECT_LT((exact - entry.amount).magnitude(), *Decimal::parse("0.05"));
  }
  EXPECT_TRUE(revenue);
  EXPECT_TRUE(tax);
}

TEST_F(PostingsOfNav, ACursorOfAnotherSystemIsRefused) {
  for (const char* cursor : {"X1", "G", "G-1", "Gx", "T99999999999999999999"}) {
    PostingQuery query;
    query.from = query.to = today();
    query.cursor = Cursor{cursor};
    const auto page = postings_->posted_entries(query, in_five_seconds());
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, ErrorCode::invalid_request) << cursor;
  }
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
