// What people see of comparisons, and what they decide about them.
#include "facade/api/ops_parts.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace underpin::facade::api {
namespace {

struct ParityApi : test::FacadeFixture {
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
  static json::Value body_of(const Answer& answer) {
    const auto value = json::parse(answer.body);
    EXPECT_TRUE(value) << answer.body;
    return value ? *value : json::Value{};
  }

  void record(int subject, const std::string& path, const std::string& one,
              const std::string& two) {
    parity::LedgerEntry entry;
    entry.at = Timestamp{clock.load()};
    entry.question.capability = "customers";
    entry.question.operation = "get_customer";
    entry.question.subject = "C" + std::to_string(subject);
    entry.primary_system = "nav";
    entry.secondary_system = "bc";
    entry.comparison.verdict = parity::Verdict::mismatch;
    parity::Difference difference;
    difference.path = difference.field = path;
    difference.primary = one;
    difference.secondary = two;
    entry.comparison.differences.push_back(difference);
    ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  }
};

TEST_F(ParityApi, PersonalDataIsMaskedUntilSomebodyAsksWithAReason) {
  record(1, "/name", R"("Anna Schmidt")", R"("Anne Schmidt")");
  const Answer shown = call("parity_entries", by("qa"));
  EXPECT_EQ(shown.body.find("Schmidt"), std::string::npos);
  EXPECT_NE(shown.body.find("xxxx xxxxxxx"), std::string::npos);

  ApiCall unmasked = by("qa");
  unmasked.query["unmask"] = "true";
  EXPECT_EQ(call("parity_entries", unmasked).status, 422) << "without a reason";
  unmasked.query["reason"] = "ticket 7";
  ApiCall of_operator = unmasked;
  of_operator.role = "operator";
  EXPECT_EQ(call("parity_entries", of_operator).status, 403);
  const auto audited_before = audit_log().size();
  EXPECT_NE(call("parity_entries", unmasked).body.find("Anna Schmidt"), std::string::npos);
  ASSERT_EQ(audit_log().size(), audited_before + 1);
  EXPECT_EQ(last_audit().get("kind").text(), "parity_unmasked");
  EXPECT_EQ(last_audit().get("actor").text(), "ida");
  EXPECT_EQ(last_audit().get("detail").get("reason").text(), "ticket 7");
  EXPECT_EQ(last_audit().get("detail").get("subjects").items().at(0).text(), "C1");
}

TEST_F(ParityApi, AnExportOfPairsIsMaskedByRole) {
  record(1, "/name", R"("Anna Schmidt")", R"("Anne Schmidt")");
  EXPECT_EQ(call("parity_pairs", by("qa")).body.find("Schmidt"), std::string::npos);
  ApiCall unmasked = by("qa");
  unmasked.query = {{"unmask", "true"}};
  EXPECT_EQ(call("parity_pairs", unmasked).status, 422) << "without a reason";
  unmasked.query["reason"] = "FIN-311";
  ApiCall of_operator = unmasked;
  of_operator.role = "operator";
  EXPECT_EQ(call("parity_pairs", of_operator).status, 403);
  EXPECT_NE(call("parity_pairs", unmasked).body.find("Anna Schmidt"), std::string::npos);
  EXPECT_EQ(last_audit().get("kind").text(), "parity_unmasked");
  EXPECT_EQ(last_audit().get("detail").get("subjects").items().at(0).text(), "C1");
}

TEST_F(ParityApi, NothingIsShownWhenItCannotBeWrittenDown) {
  record(1, "/name", R"("Anna Schmidt")", R"("Anne Schmidt")");
  ApiCall unmasked = by("qa");
  unmasked.query = {{"unmask", "true"}, {"reason", "ticket 7"}};
  failing_writes = 1;
  const Answer refused = call("parity_entries", unmasked);
  EXPECT_GE(refused.status, 500);
  EXPECT_EQ(refused.body.find("Schmidt"), std::string::npos);
}

TEST_F(ParityApi, AProposalIsAcceptedByAPersonAndChangesNothingByItself) {
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::string(1, static_cast<char>('a' + i)) + "x@example.com";
    record(i, "/email", '"' + name + '"', "\"X" + name + '"');
  }
  EXPECT_TRUE(body_of(call("parity_proposals", by("qa"))).get("items").empty());
  for (int i = 0; i < 60; ++i) {
    const std::string number = std::to_string(i);
    record(100 + i, "/priceGroup", "\"vip" + number + '"', "\"VIP" + number + '"');
  }
  const json::Value items = body_of(call("parity_proposals", by("qa"))).get("items");
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items.items()[0].get("transformation").text(), "case");
  EXPECT_EQ(items.items()[0].get("support").text(), "60");

  const std::size_t rules = facade->comparisons().rules().rules.size();
  ApiCall accept = by("qa");
  accept.params["id"] = items.items()[0].get("id").text();
  accept.body = R"({"reason": "group codes have no case"})";
  ApiCall of_operator = accept;
  of_operator.role = "operator";
  EXPECT_EQ(call("accept_parity_proposal", of_operator).status, 403);
  const Answer accepted = call("accept_parity_proposal", accept);
  ASSERT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_EQ(last_audit().get("kind").text(), "parity_proposal_accepted");
  EXPECT_EQ(last_audit().get("detail").get("reason").text(), "group codes have no case");
  EXPECT_EQ(last_audit().get("detail").get("rule").get("path").text(), "/priceGroup");
  const json::Value again = body_of(call("parity_proposals", by("qa"))).get("items");
  EXPECT_EQ(again.items().at(0).get("decision").get("by").text(), "ida");
  EXPECT_EQ(facade->comparisons().rules().rules.size(), rules) << "only the file changes rules";

  accept.params["id"] = "none";
  EXPECT_EQ(call("reject_parity_proposal", accept).status, 404);
}

TEST_F(ParityApi, TheRegisterSaysWhetherItIsInOrder) {
  const json::Value body = body_of(call("parity_register", by("operator")));
  EXPECT_EQ(body.get("inOrder"), json::Value::boolean(true));
  EXPECT_EQ(body.get("expired").text(), "0");
  ApiCall wrong = by("operator");
  wrong.query["unusedDays"] = "many";
  EXPECT_EQ(call("parity_register", wrong).status, 422);
}

}  // namespace
}  // namespace underpin::facade::api
