// Reconciliations and repairs over HTTP: who may, what is refused, and what is shown.
#include "facade/api/ops_parts.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::api {
namespace {

using json::Value;
using testing::HasSubstr;

constexpr const char* of_stock = R"({"capability": "inventory", "reason": "before the move"})";
constexpr const char* why = R"({"reason": "as agreed"})";

struct ReconcileApi : test::FacadeFixture {
  Answer call(const std::string& operation, const std::string& role, const std::string& body = "",
              std::map<std::string, std::string> query = {}, const std::string& id = "1") {
    ApiCall call;
    call.subject = role + "@example.com";
    call.role = role;
    call.body = body;
    call.query = std::move(query);
    call.params = {{"id", id}};
    for (const ApiRoute& route : reconcile_routes(*facade))
      if (route.operation == operation) return route.handler(call);
    ADD_FAILURE() << operation;
    return {};
  }
  static Value body_of(const Answer& answer) {
    const auto value = json::parse(answer.body);
    EXPECT_TRUE(value) << answer.body;
    return value ? *value : Value{};
  }
  void stock_on(Side side, const std::string& sku, std::int64_t quantity) {
    on(side).set_stock({Sku{sku}, LocationCode{"EAST"}}, Decimal::of(quantity));
  }
  void run_to_end() {
    for (int round = 0; round < 500; ++round) {
      (void)facade->reconciliations().run();
      pass_ms(500);
      const auto now_at = facade->reconciliations().get(1);
      ASSERT_TRUE(now_at);
      if (!now_at->running()) return;
    }
    FAIL() << "no end";
  }
  // Three articles, of which two differ, one for each kind.
  void reconcile() {
    for (const Side side : {Side::legacy, Side::cloud}) stock_on(side, "1000", 5);
    stock_on(Side::legacy, "1001", 5);
    stock_on(Side::cloud, "1001", 4);
    stock_on(Side::legacy, "1002", 3);
    ASSERT_EQ(call("begin_reconciliation", "qa", of_stock).status, 202);
    run_to_end();
  }
};

TEST_F(ReconcileApi, IsBegunByThoseWhoMayAndOneAtATime) {
  for (const char* role : {"approver", "finance"})
    EXPECT_EQ(call("begin_reconciliation", role, of_stock).status, 403) << role;
  EXPECT_EQ(call("begin_reconciliation", "qa", R"({"capability": "inventory"})").status, 422);
  EXPECT_EQ(
      call("begin_reconciliation", "qa", R"({"capability": "weather", "reason": "x"})").status,
      422);
  EXPECT_TRUE(body_of(call("list_reconciliations", "finance")).get("items").empty());
  const Answer begun = call("begin_reconciliation", "qa", of_stock);
  ASSERT_EQ(begun.status, 202) << begun.body;
  EXPECT_EQ(body_of(begun).get("actor").text(), "qa@example.com");
  EXPECT_EQ(body_of(begun).get("state").text(), "sweeping");
  const Answer second = call("begin_reconciliation", "operator", of_stock);
  EXPECT_EQ(second.status, 409);
  EXPECT_THAT(second.body, HasSubstr("one at a time"));
}

TEST_F(ReconcileApi, DatesBelongToPostingAndAreDates) {
  const Answer of_other = call("begin_reconciliation", "qa",
                               R"({"capability": "orders", "from": "2026-11-01", "reason": "x"})");
  EXPECT_EQ(of_other.status, 422);
  EXPECT_THAT(of_other.body, HasSubstr("belongs to posting"));
  EXPECT_EQ(call("begin_reconciliation", "qa",
                 R"({"capability": "posting", "from": "2026-13-01", "reason": "x"})")
                .status,
            422);
}

TEST_F(ReconcileApi, ShowsCountsTotalsAndEveryDifferenceByPages) {
  reconcile();
  const Value shown = body_of(call("show_reconciliation", "finance"));
  EXPECT_EQ(shown.get("state").text(), "done");
  EXPECT_EQ(shown.get("equal").text(), "1");
  EXPECT_EQ(shown.get("different").text(), "2");
  EXPECT_EQ(shown.get("groups").items().at(0).get("legacy").get("onHand").text(), "13");
  EXPECT_EQ(call("show_reconciliation", "qa", "", {}, "7").status, 404);
  EXPECT_EQ(call("show_reconciliation", "qa", "", {}, "seven").status, 404);

  EXPECT_EQ(call("list_differences", "finance").status, 403);
  const Value first = body_of(call("list_differences", "qa", "", {{"limit", "1"}}));
  ASSERT_EQ(first.get("items").size(), 1u);
  EXPECT_EQ(first.get("items").items()[0].get("key").get("sku").text(), "1001");
  const Value second = body_of(
      call("list_differences", "qa", "", {{"limit", "1"}, {"after", first.get("next").text()}}));
  ASSERT_EQ(second.get("items").size(), 1u);
  EXPECT_EQ(second.get("items").items()[0].get("kind").text(), "missing_in_cloud");
  EXPECT_EQ(call("list_differences", "qa", "", {{"after", "1; DROP"}}).status, 422);
  EXPECT_EQ(call("list_differences", "qa", "", {{"colour", "red"}}).status, 422);

  EXPECT_EQ(call("differences_csv", "finance").status, 403);
  const Answer csv = call("differences_csv", "qa");
  EXPECT_TRUE(csv.csv);
  EXPECT_THAT(csv.body, HasSubstr("missing_in_cloud"));
  EXPECT_EQ(body_of(call("differences_json", "qa")).size(), 2u);
}

TEST_F(ReconcileApi, PersonsAreMaskedUnlessQaSaysWhyAndItIsWrittenDown) {
  for (const Side side : {Side::legacy, Side::cloud}) {
    Customer anna = customer("C1");
    anna.name = side == Side::legacy ? "Anna Schmidt" : "Anne Schmidt";
    on(side).add_customer(anna);
  }
  ASSERT_EQ(call("begin_reconciliation", "qa",
                 R"({"capability": "customers", "reason": "before the move"})")
                .status,
            202);
  run_to_end();
  for (const char* operation : {"list_differences", "differences_csv", "differences_json"}) {
    const Answer masked = call(operation, "qa");
    EXPECT_EQ(masked.status, 200) << masked.body;
    EXPECT_THAT(masked.body, HasSubstr("xxxx xxxxxxx")) << operation;
    EXPECT_THAT(masked.body, testing::Not(HasSubstr("Schmidt"))) << operation;
    EXPECT_EQ(call(operation, "qa", "", {{"unmask", "true"}}).status, 422) << "without a reason";
    const std::map<std::string, std::string> wanted{{"unmask", "true"}, {"reason", "FIN-311"}};
    EXPECT_EQ(call(operation, "operator", "", wanted).status, 403) << operation;
    const auto before = audit_log().size();
    EXPECT_THAT(call(operation, "qa", "", wanted).body, HasSubstr("Anna Schmidt")) << operation;
    ASSERT_EQ(audit_log().size(), before + 1) << operation;
    EXPECT_EQ(last_audit().get("kind").text(), "reconciliation_unmasked");
    EXPECT_EQ(last_audit().get("actor").text(), "qa@example.com");
    EXPECT_EQ(last_audit().get("detail").get("reason").text(), "FIN-311");
    failing_writes = 1;
    const Answer refused = call(operation, "qa", "", wanted);
    EXPECT_GE(refused.status, 500) << "nothing is shown that cannot be written down";
    EXPECT_THAT(refused.body, testing::Not(HasSubstr("Schmidt")));
    failing_writes = 0;
  }
}

TEST_F(ReconcileApi, ListsByCapabilityAndFilesAreThereOnceItIsDone) {
  ASSERT_EQ(call("begin_reconciliation", "qa", of_stock).status, 202);
  EXPECT_EQ(call("differences_csv", "qa").status, 409);
  run_to_end();
  EXPECT_EQ(body_of(call("list_reconciliations", "qa", "", {{"capability", "inventory"}}))
                .get("items")
                .size(),
            1u);
  EXPECT_TRUE(body_of(call("list_reconciliations", "qa", "", {{"capability", "posting"}}))
                  .get("items")
                  .empty());
  EXPECT_EQ(call("list_reconciliations", "qa", "", {{"capability", "weather"}}).status, 422);
}

TEST_F(ReconcileApi, IsStoppedWithAReasonAndOnce) {
  ASSERT_EQ(call("begin_reconciliation", "qa", of_stock).status, 202);
  EXPECT_EQ(call("stop_reconciliation", "finance", why).status, 403);
  EXPECT_EQ(call("stop_reconciliation", "qa", "{}").status, 422);
  EXPECT_EQ(call("stop_reconciliation", "qa", why, {}, "9").status, 404);
  EXPECT_EQ(body_of(call("stop_reconciliation", "qa", why)).get("state").text(), "stopped");
  EXPECT_EQ(call("stop_reconciliation", "qa", why).status, 409);
  EXPECT_EQ(last_audit().get("kind").text(), "reconciliation_stopped");
}

TEST_F(ReconcileApi, ARepairIsLookedAtFirstAndBegunOnce) {
  move_all(cutover::Stage::dual_write);
  reconcile();
  // It writes to ERPs: whoever may only look may not.
  for (const char* role : {"qa", "finance", "approver"}) {
    EXPECT_EQ(call("repair", role, why).status, 403) << role;
    EXPECT_EQ(call("stop_repair", role, why).status, 403) << role;
  }
  EXPECT_EQ(call("repair", "operator", "{}").status, 422);
  EXPECT_EQ(call("repair", "operator", R"({"reason": "x", "kinds": ["everything"]})").status, 422);
  EXPECT_EQ(call("repair", "operator", why, {}, "9").status, 404);
  EXPECT_EQ(call("show_repair", "qa").status, 404) << "there is none yet";

  const Answer dry = call("repair", "operator", why, {{"dryRun", "true"}});
  ASSERT_EQ(dry.status, 200) << dry.body;
  const Value plan = body_of(dry);
  EXPECT_EQ(plan.get("dryRun"), Value::boolean(true));
  EXPECT_GE(plan.get("classes").size(), 1u);
  EXPECT_EQ(call("show_repair", "qa").status, 404) << "a dry run begins nothing";

  const Answer begun = call("repair", "operator", R"({"reason": "as agreed", "kinds": ["value"]})");
  ASSERT_EQ(begun.status, 202) << begun.body;
  EXPECT_EQ(body_of(begun).get("actor").text(), "operator@example.com");
  EXPECT_TRUE(body_of(begun).get("offset").is_null()) << "its bookkeeping is nobody's";
  EXPECT_EQ(body_of(call("show_repair", "finance")).get("state").text(), "queueing");
  EXPECT_EQ(call("repair", "operator", why).status, 409);
  EXPECT_EQ(body_of(call("stop_repair", "operator", why)).get("state").text(), "stopped");
  EXPECT_EQ(call("stop_repair", "operator", why).status, 409);
}

TEST_F(ReconcileApi, WhatIsNotDoneIsNotRepaired) {
  ASSERT_EQ(call("begin_reconciliation", "operator", of_stock).status, 202);
  EXPECT_EQ(call("repair", "operator", why).status, 409);
  EXPECT_EQ(call("repair", "operator", why, {{"dryRun", "true"}}).status, 409);
}

}  // namespace
}  // namespace underpin::facade::api
