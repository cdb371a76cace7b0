// Reports over the ops API, and both ERPs asked again for one pair.
#include "contracts/json/schema.h"
#include "facade/api/ops_parts.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace underpin::facade::api {
namespace {

using cutover::Stage;
using testing::HasSubstr;
using testing::Not;

struct ParityReplay : test::FacadeFixture {
  ParityReplay() {
    legacy().add_customer(customer("C1"));
    comparison_settings.after_writes = true;
    open();
    move_all(Stage::dual_write);
  }

  Answer call(const std::string& operation, ApiCall call) {
    for (const ApiRoute& route : parity_routes(*facade))
      if (route.operation == operation) return route.handler(call);
    ADD_FAILURE() << operation;
    return {};
  }
  static ApiCall by(const std::string& role) {
    ApiCall call;
    call.subject = "ida";
    call.role = role;
    return call;
  }
  Answer of_entry(const std::string& operation, std::int64_t id, ApiCall asking = by("qa")) {
    asking.params["id"] = std::to_string(id);
    return call(operation, std::move(asking));
  }
  static json::Value body_of(const Answer& answer) {
    const auto value = json::parse(answer.body);
    EXPECT_TRUE(value) << answer.body;
    return value ? *value : json::Value{};
  }

  std::int64_t newest(const std::string& operation) {
    settle();
    EXPECT_TRUE(facade->shadows().drain(deadline_in(std::chrono::seconds(30))));
    facade->ledger().flush();
    std::int64_t id = 0;
    const std::vector<parity::LedgerEntry> entries = *facade->ledger().entries({});
    for (const parity::LedgerEntry& entry : entries)
      if (entry.question.operation == operation) id = entry.id;
    EXPECT_GT(id, 0) << operation;
    return id;
  }
  std::int64_t placed_order() {
    EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
    return newest("held_after_place_order");
  }
};

TEST_F(ParityReplay, BothErpsAreAskedAgainAndJudgedUnderTheRulesInForce) {
  const std::int64_t id = placed_order();
  json::Value body = body_of(of_entry("replay_parity_entry", id));
  EXPECT_EQ(body.get("then").get("verdict").text(), "match");
  EXPECT_EQ(body.get("now").get("verdict").text(), "match");
  EXPECT_EQ(body.get("now").get("primarySystem").text(), "nav");
  cloud().total_becomes(order("1").id, Decimal{2001, 2});
  const std::int64_t calls = static_cast<std::int64_t>(facade->ledger().entries({})->size());
  body = body_of(of_entry("replay_parity_entry", id));
  EXPECT_EQ(body.get("then").get("verdict").text(), "match") << "what was stored stays";
  EXPECT_EQ(body.get("now").get("verdict").text(), "mismatch");
  EXPECT_EQ(body.at_pointer("/now/differences/0/path")->text(), "/totals/grandTotal");
  EXPECT_EQ(body.at_pointer("/now/differences/0/secondary")->text(), "\"20.01\"");
  facade->ledger().flush();
  EXPECT_EQ(static_cast<std::int64_t>(facade->ledger().entries({})->size()), calls)
      << "a replay is no sample";
}

// A person with an account in an ERP can ask it the same, without Underpin.
TEST_F(ParityReplay, TellsWhatEachErpIsAskedAndSoDoesTheReport) {
  const std::int64_t id = placed_order();
  const json::Value requests = body_of(of_entry("replay_parity_entry", id)).get("requests");
  const journal::DocumentRecord placed = document("1");
  ASSERT_NE(placed.document(Side::legacy), placed.document(Side::cloud));
  for (const Side side : {Side::legacy, Side::cloud}) {
    const auto& asked = requests.get(std::string(name(side))).items();
    ASSERT_EQ(asked.size(), 1u) << name(side);
    EXPECT_EQ(asked[0].text(), "ask for order " + placed.document(side).text());
  }
  for (const auto& [operation, subject] : std::vector<std::pair<std::string, std::string>>{
           {"get_order", "web/1"}, {"get_customer", "C1"}, {"place_order", "web/1"}}) {
    parity::LedgerEntry entry;
    entry.at = Timestamp{clock.load()};
    entry.question = {"orders", operation, subject, Date{2026, 11, 24}};
    entry.primary_system = "nav";
    entry.secondary_system = "bc";
    entry.primary_side = "legacy";
    entry.comparison.verdict = parity::Verdict::mismatch;
    parity::Difference difference;
    difference.path = difference.field = "/" + operation;
    difference.primary = "1";
    difference.secondary = "2";
    entry.comparison.differences.push_back(difference);
    ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  }
  const std::string page = call("parity_report", by("qa")).body;
  EXPECT_THAT(page, HasSubstr("Copy as curl: nav"));
  EXPECT_THAT(page, HasSubstr("ask for order " + placed.document(Side::cloud).text()));
  EXPECT_THAT(page, HasSubstr("ask for customer C1"));
  EXPECT_THAT(page, HasSubstr("as curl, through Underpin: bc"));
  EXPECT_THAT(page, HasSubstr("underpin parity replay " + std::to_string(id + 1)));
}

TEST_F(ParityReplay, OneSideIsReadByItself) {
  const std::int64_t id = placed_order();
  cloud().total_becomes(order("1").id, Decimal{2001, 2});
  ApiCall asking = by("operator");
  asking.params["side"] = "cloud";
  const json::Value body = body_of(of_entry("read_parity_side", id, asking));
  EXPECT_EQ(body.get("system").text(), "bc");
  EXPECT_EQ(body.at_pointer("/document/totals/grandTotal")->text(), "20.01");
  asking.params["side"] = "moon";
  EXPECT_EQ(of_entry("read_parity_side", id, asking).status, 404);
}

TEST_F(ParityReplay, AsksNothingThatWasNotWrittenDownAndShowsPersonalDataToFew) {
  Order named = order("1");
  named.ship_to = Address{};
  named.ship_to->name = "Anna Schmidt";
  ASSERT_EQ(facade->orders().place(named, write("k1")).status, 201);
  const std::int64_t id = newest("held_after_place_order");
  EXPECT_EQ(of_entry("replay_parity_entry", id, by("channel")).status, 403);
  const std::size_t before = audit_log().size();
  const Answer masked = of_entry("replay_parity_entry", id);
  EXPECT_EQ(masked.status, 200);
  ASSERT_EQ(audit_log().size(), before + 1);
  EXPECT_EQ(last_audit().get("kind").text(), "parity_replayed");
  EXPECT_EQ(last_audit().get("actor").text(), "ida");
  EXPECT_EQ(last_audit().get("detail").get("subject").text(), "web/1");

  const std::string& name = named.ship_to->name;
  EXPECT_THAT(masked.body, Not(HasSubstr(name)));
  ApiCall clear = by("qa");
  clear.query["unmask"] = "true";
  EXPECT_EQ(of_entry("replay_parity_entry", id, clear).status, 422) << "without a reason";
  clear.query["reason"] = "ticket 7";
  EXPECT_THAT(of_entry("replay_parity_entry", id, clear).body, HasSubstr(name));
  EXPECT_EQ(last_audit().get("detail").get("reason").text(), "ticket 7");
  clear.role = "operator";
  EXPECT_EQ(of_entry("replay_parity_entry", id, clear).status, 403);

  failing_writes = 1;
  EXPECT_GE(of_entry("replay_parity_entry", id).status, 500);
}

TEST_F(ParityReplay, WhatCannotBeReadAgainIsSaid) {
  EXPECT_EQ(of_entry("replay_parity_entry", 4711).status, 404);
  parity::LedgerEntry write_of;
  write_of.at = Timestamp{clock.load()};
  write_of.question.capability = "orders";
  write_of.question.operation = "place_order";
  write_of.question.subject = "web/1";
  write_of.comparison.verdict = parity::Verdict::mismatch;
  ASSERT_TRUE(facade->ledger().record(write_of));
  const Answer refused = of_entry("replay_parity_entry", newest("place_order"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("nothing to read again"));
  write_of.question.operation = "quote";
  ASSERT_TRUE(facade->ledger().record(write_of));
  EXPECT_THAT(of_entry("replay_parity_entry", newest("quote")).body, HasSubstr("is not kept"));
}

TEST_F(ParityReplay, EveryComparedReadCanBeAskedAgain) {
  const StockKey key{Sku{"1000"}, LocationCode{"EAST"}};
  legacy().set_stock(key, Decimal::of(5));
  cloud().set_stock(key, Decimal::of(5));
  PriceEntry price;
  price.sku = Sku{"1000"};
  price.from = Date{2020, 1, 1};
  price.zone = "UTC";
  price.minimum_quantity = Decimal::of(1);
  price.uom = "PCS";
  price.currency = "EUR";
  price.unit_price = Decimal{1000, 2};
  legacy().set_price(price);
  price.unit_price = Decimal{1001, 2};  // Of equal answers not every one is kept.
  cloud().set_price(price);
  move_all(Stage::shadow_read);
  ASSERT_TRUE(facade->inventory().get(StockQuery{{key.sku}, key.location}, context()));
  ASSERT_TRUE(facade->customers().get(CustomerNumber{"C1"}, context()));
  QuoteRequest request;
  request.customer = CustomerNumber{"C1"};
  request.currency = "EUR";
  request.lines = {{1, Sku{"1000"}, Decimal::of(2), "PCS"}};
  ASSERT_TRUE(facade->pricing().quote(request, context()));
  PriceQuery query;
  query.sku = Sku{"1000"};
  ASSERT_TRUE(facade->pricing().prices(query, context()));
  for (const auto& [operation, verdict] :
       std::map<std::string, std::string>{{"get_stock", "match"},
                                          {"get_customer", "match"},
                                          {"quote", "mismatch"},
                                          {"list_prices", "mismatch"}}) {
    const Answer answer = of_entry("replay_parity_entry", newest(operation));
    ASSERT_EQ(answer.status, 200) << operation << answer.body;
    EXPECT_EQ(body_of(answer).get("now").get("verdict").text(), verdict) << operation;
  }
}

TEST_F(ParityReplay, ReportsComeInEveryFormatForACapabilityAndATime) {
  cloud().tax_off_by(Decimal{1, 2});
  const std::int64_t id = placed_order();
  const std::string entry = std::to_string(id);
  const Answer html = call("parity_report", by("qa"));
  EXPECT_TRUE(html.html);
  EXPECT_THAT(html.body, HasSubstr("underpin parity replay " + entry));
  const Answer junit = call("parity_junit", by("qa"));
  EXPECT_TRUE(junit.xml);
  EXPECT_THAT(junit.body, HasSubstr("<failure type=\"mismatch\""));
  const Answer cells = call("parity_cells", by("qa"));
  EXPECT_TRUE(cells.csv);
  EXPECT_THAT(cells.body, HasSubstr(",held_after_place_order,/answered/"));
  const Answer pairs = call("parity_pairs", by("qa"));
  EXPECT_THAT(pairs.body, HasSubstr("\r\n" + entry + ","));
  ApiCall later = by("qa");
  later.query["after"] = entry;
  EXPECT_THAT(call("parity_pairs", later).body, Not(HasSubstr("\r\n" + entry + ",")));

  const json::Value all = body_of(call("parity_summary", by("qa")));
  EXPECT_TRUE(json::Schema::named("parity-report").check(all).empty());
  EXPECT_EQ(all.get("wave").text(), facade->settings().wave);
  ApiCall others = by("qa");
  others.query["capability"] = "customers";
  EXPECT_EQ(body_of(call("parity_summary", others)).get("comparisons").text(), "0");
  ApiCall before = by("qa");
  before.query["to"] = "2020-01-01T00:00:00Z";
  EXPECT_EQ(body_of(call("parity_summary", before)).get("comparisons").text(), "0");
  for (const auto& [name, value] : std::map<std::string, std::string>{{"from", "yesterday"},
                                                                      {"capability", "weather"},
                                                                      {"verdict", "odd"},
                                                                      {"kind", "odd"},
                                                                      {"cohort", "web"},
                                                                      {"colour", "red"}}) {
    ApiCall wrong = by("qa");
    wrong.query[name] = value;
    EXPECT_EQ(call("parity_summary", wrong).status, 422) << name;
  }
}

TEST_F(ParityReplay, TheFacadesOwnRuleIsNeverProposedForRemoval) {
  placed_order();
  pass_ms(std::int64_t{40} * 86'400'000);
  const json::Value later = body_of(call("parity_proposals", by("qa")));
  EXPECT_EQ(later.get("unusedDays").text(), "30");
  EXPECT_TRUE(later.get("removals").empty()) << "it is in no file";
  ApiCall wrong = by("qa");
  wrong.query["unusedDays"] = "0";
  EXPECT_EQ(call("parity_proposals", wrong).status, 422);
}

}  // namespace
}  // namespace underpin::facade::api
