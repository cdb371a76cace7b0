#include "facade/gate_desk.h"
#include "facade/gate_posting.h"
#include "facade/posting_scenarios.h"
#include "tests/unit/facade/books.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

#include <set>

namespace underpin::facade::test {
namespace {

using testing::HasSubstr;

// The sample site's catalogue in two small ERPs.
struct PostingRun : FacadeFixture {
  PostingRun() {
    legacy().books = &nav_books;
    cloud().books = &bc_books;
    for (const Side side : {Side::legacy, Side::cloud}) on(side).add_customer(customer("C10000"));
  }
  void reopen(bool test_company,
              const std::string& file = UNDERPIN_SOURCE_DIR "/config/posting-scenarios.json") {
    facade.reset();
    Systems systems;
    systems.legacy = make("nav", legacy_state);
    systems.cloud = make("bc", cloud_state);
    FacadeSettings settings;
    settings.state_folder = folder.string();
    settings.now = [this] { return Timestamp{clock.load()}; };
    settings.reconcile.test_company = test_company;
    settings.reconcile.scenarios_file = file;
    auto opened = Facade::open(std::move(systems), std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message;
    facade = std::move(opened).value();
  }
  Result<std::int64_t> place() { return PostingScenarios(*facade).place({"ada", "test"}); }
  std::set<std::string> verdicts() {
    const auto results = PostingScenarios(*facade).compare();
    EXPECT_TRUE(results) << results.error().message;
    std::set<std::string> found;
    if (!results) return found;
    EXPECT_EQ(results->size(), 6U);
    for (const ScenarioResult& one : *results)
      found.insert(std::string(parity::name(one.comparison.verdict)));
    return found;
  }
  bool met_in_gate() {
    PostingParity judged;
    EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
      judged = judge_posting(reader, PostingGate{}, facade->gate().binding().hash, {},
                             Timestamp{clock.load()});
    }));
    return judged.criteria.size() == 2 && judged.criteria[1].met;
  }
  Books nav_books;
  Books bc_books;
};

TEST_F(PostingRun, NothingIsPlacedUnlessBothAreTestCompanies) {
  reopen(false);
  const auto refused = place();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("test companies"));
  EXPECT_EQ(legacy().order_count() + cloud().order_count(), 0U);
}

TEST_F(PostingRun, EachRunPlacesOrdersOfItsOwnInBothErpsAndNamesThemReleased) {
  reopen(true);
  for (const std::int64_t run : {1, 2}) {
    const auto placed = place();
    ASSERT_TRUE(placed) << placed.error().message;
    EXPECT_EQ(*placed, run);
    const OrderId id{ChannelId{"scenario"}, OrderNumber{"PROMOTION-" + std::to_string(run)}};
    for (const Side side : {Side::legacy, Side::cloud}) {
      const auto held = on(side).orders_with(id);
      ASSERT_EQ(held.size(), 1U);
      EXPECT_TRUE(held[0].released);
    }
  }
  EXPECT_EQ(legacy().order_count(), 12U);
  const auto cancelled = cloud().orders_with({ChannelId{"scenario"}, OrderNumber{"PART-CANCEL-2"}});
  ASSERT_EQ(cancelled.size(), 1U);
  EXPECT_EQ(cancelled[0].order.lines[0].quantity, Decimal::of(2)) << "one of three is cancelled";
  EXPECT_THAT(audit_kinds(), testing::Contains("posting_scenarios_placed"));
}

TEST_F(PostingRun, WhatNobodyHasInvoicedIsNotCompared) {
  reopen(true);
  EXPECT_EQ(PostingScenarios(*facade).compare().error().code, ErrorCode::not_found);
  ASSERT_TRUE(place());
  EXPECT_EQ(verdicts(), std::set<std::string>{"not_compared"});
}

TEST_F(PostingRun, AnAdapterThatPreviewsNeedsNobodyWhoInvoices) {
  reopen(true);
  ASSERT_TRUE(place());
  nav_books.offer_previews();
  bc_books.offer_previews();
  EXPECT_EQ(verdicts(), std::set<std::string>{"match"});
  EXPECT_TRUE(met_in_gate()) << "the newest comparison is kept for the gate";
  bc_books.previewed = Decimal::of(-11);
  EXPECT_EQ(verdicts(), std::set<std::string>{"mismatch"});
  EXPECT_FALSE(met_in_gate());
  facade->ledger().flush();
  parity::LedgerFilter filter;
  filter.verdict = "mismatch";
  const auto entries = facade->ledger().entries(filter);
  ASSERT_TRUE(entries);
  std::set<std::string> operations;
  for (const parity::LedgerEntry& one : *entries) operations.insert(one.question.operation);
  EXPECT_EQ(operations.count("post_split_tax"), 1U);
  EXPECT_EQ(operations.size(), 6U);
}

TEST_F(PostingRun, RefusesWithoutCatalogueOrBooks) {
  reopen(true, "");
  EXPECT_EQ(place().error().code, ErrorCode::unsupported);
  reopen(true, (folder / "none.json").string());
  EXPECT_EQ(place().error().code, ErrorCode::unsupported);
  cloud().books = nullptr;
  reopen(true);
  EXPECT_EQ(place().error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace underpin::facade::test
