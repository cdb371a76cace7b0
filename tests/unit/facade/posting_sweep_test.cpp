#include "facade/pack_desk.h"
#include "facade/pack_posting.h"
#include "tests/unit/facade/books.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

#include <fstream>

namespace underpin::facade::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct PostingSweepTest : FacadeFixture {
  PostingSweepTest() {
    legacy().books = &nav_books;
    cloud().books = &bc_books;
    for (const Side side : {Side::legacy, Side::cloud}) on(side).add_customer(customer("C1"));
  }
  // Placed by a channel, shipped and invoiced by the home's people; not yet in the books.
  OrderId invoiced(const std::string& number) {
    Order placed = order(number);
    placed.lines[0].taxes = {{"VAT19", *Decimal::parse("0.19"), *Decimal::parse("3.80")}};
    placed.totals.tax = *Decimal::parse("3.80");
    placed.totals.grand_total = *Decimal::parse("23.80");
    const Answer answer = facade->orders().place(placed, write("key-" + number));
    EXPECT_EQ(answer.status, 201) << answer.body;
    settle();
    legacy().ship(placed.id);
    legacy().change(placed.id, [&](SmallErp::Held& held) {
      for (OrderLine& line : held.order.lines) line.invoiced_quantity = line.shipped_quantity;
      held.order.invoices = {
          {DocumentNumber{"RE-" + number}, today, held.order.totals.grand_total}};
      held.posted = true;
    });
    settle();
    return placed.id;
  }
  Reconciliation run_to_end(std::int64_t id) {
    for (int round = 0; round < 500; ++round) {
      (void)facade->reconciliations().run();
      pass_ms(500);
      const auto now_at = facade->reconciliations().get(id);
      EXPECT_TRUE(now_at);
      if (!now_at || !now_at->running()) return now_at ? *now_at : Reconciliation{};
    }
    ADD_FAILURE() << "no end";
    return {};
  }
  Reconciliation begin(Date from = today, Date to = today) {
    const auto begun = facade->reconciliations().start_posting(from, to, {"ada", "test"});
    EXPECT_TRUE(begun) << begun.error().message;
    return begun ? *begun : Reconciliation{};
  }
  Reconciliation reconciled() { return run_to_end(begin().id); }
  std::vector<std::string> found(std::int64_t id) {
    std::vector<std::string> all;
    std::int64_t after = 0;
    do {
      const auto page = facade->reconciliations().differences(id, after, 2);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return all;
      for (const json::Value& item : page->items)
        all.push_back(item.get("kind").text() + " " + item.get("key").get("order").text());
      after = page->next;
    } while (after > 0);
    return all;
  }

  Books nav_books;
  Books bc_books;
};

constexpr const char* net = "20.00";
constexpr const char* tax = "3.80";

TEST_F(PostingSweepTest, TheCreditOfAReturnIsTheHomesAloneAndNoDifference) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  const auto credited = [&](const char* document, const char* reference) {
    nav_books.post_sale(document, {}, net, tax);
    for (PostedEntry& entry : nav_books.entries) {
      if (entry.document != DocumentNumber{document}) continue;
      entry.kind = PostedKind::credit_memo;
      entry.reference = reference;
      entry.amount = -entry.amount;
    }
  };
  credited("GS-1", "WEB/1#R-1");
  const Reconciliation of_return = reconciled();
  EXPECT_EQ(of_return.different(), 0);
  EXPECT_EQ(of_return.counts.count("foreign"), 0U) << "it is the home's own";
  credited("GS-2", "EDI-7");
  EXPECT_EQ(reconciled().counts.at("foreign"), 1) << "what names no return is looked at";
}

TEST_F(PostingSweepTest, APackShowsTurnoverTotalsAndWhatIsPostedOtherwise) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  nav_books.post_sale("RE-2", invoiced("2"), "18.00", tax);
  const Reconciliation done = reconciled();
  ASSERT_EQ(done.different(), 1);
  CallContext context;
  context.deadline = deadline_in(std::chrono::seconds(20));
  const auto made =
      make_pack(*facade, Capability::orders, cutover::Stage::cloud_primary, context, "ada");
  ASSERT_TRUE(made) << made.error().message;
  const json::Value posting = *json::parse(made->files.at(posting_name));
  EXPECT_EQ(posting.get("reconciliation").get("id").text(), std::to_string(done.id));
  ASSERT_EQ(posting.get("differences").size(), 1U);
  const json::Value& row = posting.get("differences").items()[0];
  EXPECT_EQ(row.get("order").text(), "web/2");
  EXPECT_EQ(row.get("home").text(), "legacy");
  EXPECT_EQ(row.get("expectedNet").text(), "20.00");
  bool turnover = false;
  for (const json::Value& one : posting.get("turnover").items())
    if (one.get("group").text().rfind("turnover ", 0) == 0) {
      turnover = true;
      EXPECT_EQ(one.get("legacy").text(), "38.00");
      EXPECT_EQ(one.get("expected").text(), "40.00");
    }
  EXPECT_TRUE(turnover);
  EXPECT_GT(posting.get("totals").size(), 0U);
  const std::string page = pack_page(made->pack, made->files);
  EXPECT_THAT(page, HasSubstr("web/2"));
  EXPECT_THAT(page, HasSubstr("turnover "));
}

TEST_F(PostingSweepTest, TurnoverOfEachHomeIsWhatChannelsWereAcknowledged) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  nav_books.post_sale("RE-2", invoiced("2"), net, tax);
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_EQ(done.equal, 2);
  EXPECT_EQ(done.different(), 0);
  EXPECT_THAT(found(done.id), ElementsAre());
  const auto groups = facade->reconciliations().groups(done.id);
  ASSERT_TRUE(groups) << groups.error().message;
  bool turnover = false;
  for (const json::Value& group : groups->items()) {
    if (group.get("group").text() != "turnover 2026-11-24") continue;
    turnover = true;
    EXPECT_EQ(group.get("sum").text(), "40.00");
    EXPECT_EQ(group.get("expected").text(), "40.00");
    EXPECT_EQ(*Decimal::parse(group.get("difference").text()), Decimal{});
  }
  EXPECT_TRUE(turnover);
  const auto newest = facade->reconciliations().newest_posting();
  ASSERT_TRUE(newest && *newest);
  EXPECT_EQ((*newest)->id, done.id);
  EXPECT_EQ((*newest)->from, today);
  const auto orders = facade->reconciliations().newest(Capability::orders);
  EXPECT_TRUE(orders && !*orders) << "it is no reconciliation of orders";
}

TEST_F(PostingSweepTest, FindsWhatIsMissingWrongAndExecutedTwice) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  (void)invoiced("2");
  nav_books.post_sale("RE-3", invoiced("3"), "11.00", "2.09");
  const OrderId twice = invoiced("4");
  nav_books.post_sale("RE-4", twice, net, tax);
  bc_books.post_sale("SI-9", twice, net, tax);
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_THAT(found(done.id),
              UnorderedElementsAre("missing web/2", "value web/3", "executed_twice web/4"));
  EXPECT_EQ(done.different(), 3);
  EXPECT_EQ(done.equal, 1);
  const auto csv = facade->reconciliations().file(done.id, "csv");
  ASSERT_TRUE(csv);
  EXPECT_THAT(*csv, HasSubstr("value,web/3,2026-11-24,legacy,20.00,3.80,11.00,2.09,,,RE-3,EVA"));
  EXPECT_EQ(facade->repairs().plan(done.id, {}).error().code, ErrorCode::conflict);
}

TEST_F(PostingSweepTest, OrdersThatNobodyKnowsAreListedAndAreNoDifference) {
  nav_books.post_sale("RE-77", {}, "5.00", "0.95");
  nav_books.post("RE-78", {}, AccountClass::other, "100.00");
  nav_books.post("RE-78", {}, AccountClass::inventory, "-100.00");
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.different(), 0);
  EXPECT_EQ(done.counts.at("foreign"), 1);
  EXPECT_THAT(found(done.id), ElementsAre("foreign EDI-7"));
}

TEST_F(PostingSweepTest, WhatIsPostedMeanwhileDoesNotCount) {
  const OrderId id = invoiced("1");
  const Reconciliation begun = begin();
  while (facade->reconciliations().get(begun.id)->state != "verifying") {
    (void)facade->reconciliations().run();
    pass_ms(100);
  }
  nav_books.post_sale("RE-1", id, net, tax);
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.differed, 1);
  EXPECT_EQ(done.converged, 1);
  EXPECT_EQ(done.different(), 0);
}

TEST_F(PostingSweepTest, OtherDaysAndTheCloseOfAYearAreLeftOut) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  nav_books.post_sale("RE-0", {}, "9.00", "1.71", Date{2026, 11, 23});
  nav_books.post("CLOSE", {}, AccountClass::revenue, "1000.00");
  nav_books.entries.back().closing = true;
  const Reconciliation done = reconciled();
  EXPECT_EQ(done.different(), 0);
  EXPECT_EQ(done.counts.count("foreign"), 0U);
  EXPECT_EQ(done.legacy.left_out, 1);
}

TEST_F(PostingSweepTest, GoesOnWhereAnErpWasDown) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  bc_books.down = true;
  const Reconciliation begun = begin();
  for (int round = 0; round < 10; ++round) {
    (void)facade->reconciliations().run();
    pass_ms(1000);
  }
  EXPECT_THAT(facade->reconciliations().get(begun.id)->waits, HasSubstr("closed for the night"));
  bc_books.down = false;
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.state, "done");
  EXPECT_EQ(done.equal, 1);
}

TEST_F(PostingSweepTest, ARestartGoesOnFromTheLastPage) {
  nav_books.post_sale("RE-1", invoiced("1"), net, tax);
  (void)invoiced("2");
  const Reconciliation begun = begin();
  // Three entries a page: in the middle of the books, and again while what differs is looked at.
  while (facade->reconciliations().get(begun.id)->legacy.rows < 3) {
    (void)facade->reconciliations().run();
    pass_ms(100);
  }
  open();
  while (facade->reconciliations().get(begun.id)->state != "verifying") {
    (void)facade->reconciliations().run();
    pass_ms(100);
  }
  open();
  const Reconciliation done = run_to_end(begun.id);
  EXPECT_EQ(done.state, "done") << done.waits;
  EXPECT_EQ(done.legacy.rows, 4);
  EXPECT_EQ(done.equal, 1);
  EXPECT_THAT(found(done.id), ElementsAre("missing web/2"));
}

TEST_F(PostingSweepTest, AnOrderOfTheErpsOwnPeopleIsFoundWhereBothPostIt) {
  // NAV's own order, which the index knows, copied to the cloud and posted in both.
  const OrderId known{ChannelId{}, OrderNumber{"SO-77"}};
  journal::DocumentRecord record;
  record.id = known;
  record.home = Side::legacy;
  record.legacy_document = DocumentNumber{"SO-77"};
  record.cloud_document = DocumentNumber{"S-ORD7"};
  record.currency = "EUR";
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    tx.put_document(record);
    return true;
  }));
  nav_books.post_sale("RE-1", {}, "9.00", "1.71");
  for (PostedEntry& entry : nav_books.entries) entry.of_order = DocumentNumber{"SO-77"};
  const Reconciliation one = reconciled();
  EXPECT_EQ(one.different(), 0);
  EXPECT_EQ(one.counts.at("ownOrders"), 1);
  bc_books.post_sale("SI-1", {}, "9.00", "1.71");
  for (PostedEntry& entry : bc_books.entries) entry.of_order = DocumentNumber{"S-ORD7"};
  const Reconciliation both = reconciled();
  EXPECT_THAT(found(both.id), ElementsAre("executed_twice /SO-77"));
}

TEST_F(PostingSweepTest, RefusesWithoutBooksAndWithDatesInNoOrder) {
  EXPECT_EQ(
      facade->reconciliations().start_posting(today, Date{2026, 11, 23}, {"ada", "t"}).error().code,
      ErrorCode::invalid_request);
  EXPECT_EQ(
      facade->reconciliations().start_posting(today, Date{2028, 1, 1}, {"ada", "t"}).error().code,
      ErrorCode::invalid_request);
  cloud().books = nullptr;
  EXPECT_EQ(facade->reconciliations().start_posting(today, today, {"ada", "t"}).error().code,
            ErrorCode::unsupported);
}

}  // namespace
}  // namespace underpin::facade::test
