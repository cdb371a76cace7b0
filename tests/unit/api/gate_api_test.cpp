// The gate and the packs over HTTP: who may, and what is refused.
#include "facade/api/ops_parts.h"
#include "facade/gate_waivers.h"
#include "facade/pack.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::api {
namespace {

using json::Value;
using testing::HasSubstr;

struct GateApi : test::FacadeFixture {
  Answer call(const std::string& operation, const std::string& role, const std::string& body = "",
              std::map<std::string, std::string> query = {},
              const std::string& capability = "customers", const std::string& id = "1") {
    ApiCall call;
    call.subject = role + "@example.com";
    call.role = role;
    call.body = body;
    call.query = std::move(query);
    call.params = {{"capability", capability}, {"id", id}};
    for (const ApiRoutes& routes : {gate_routes(*facade), pack_routes(*facade)})
      for (const ApiRoute& route : routes)
        if (route.operation == operation) return route.handler(call);
    ADD_FAILURE() << operation;
    return {};
  }
  static Value body_of(const Answer& answer) {
    const auto value = json::parse(answer.body);
    EXPECT_TRUE(value) << answer.body;
    return value ? *value : Value{};
  }
  std::string waiver(const std::string& cell) const {
    return R"({"cell": ")" + cell + R"(", "reason": "few customers", "by": "Olga", "until": ")" +
           Timestamp{clock.load()}.plus_ms(3'600'000).text() + "\"}";
  }
};

TEST_F(GateApi, ShowsTheNextStepThatNeedsIt) {
  const Value gate = body_of(call("show_gate", "operator"));
  EXPECT_EQ(gate.get("to").text(), "cloud_primary");
  EXPECT_EQ(gate.get("passed"), Value::boolean(false));
  EXPECT_EQ(gate.get("enforced"), Value::boolean(false));
  EXPECT_FALSE(gate.get("madeWith").get("hash").text().empty());
  EXPECT_EQ(body_of(call("show_gate", "operator", "", {{"to", "ramp_down"}})).get("to").text(),
            "ramp_down");
  EXPECT_EQ(call("show_gate", "operator", "", {{"to", "shadow_read"}}).status, 422);
  EXPECT_EQ(call("show_gate", "operator", "", {}, "weather").status, 404);
}

TEST_F(GateApi, AWaiverOfAnEarlierReleaseIsShownAsWhatItIs) {
  facade::Waiver stepless;
  stepless.id = 1;
  stepless.cell = "get_customer";
  stepless.until = Timestamp{clock.load()}.plus_ms(3'600'000);
  ASSERT_TRUE(facade->journal().write([&](facade::journal::JournalTransaction& tx) {
    facade::keep(tx, Capability::customers, {stepless});
    return true;
  }));
  const Value listed = body_of(call("list_gate_waivers", "operator")).get("items");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed.items()[0].get("inForce"), Value::boolean(false)) << "it answers for no step";
}

TEST_F(GateApi, AWaiverIsAPersonsWithAReasonAnEndAndACellThatIsThere) {
  EXPECT_EQ(call("waive_gate", "architect", waiver("get_customer")).status, 403);
  EXPECT_EQ(call("waive_gate", "operator", waiver("get_customer")).status, 403);
  EXPECT_EQ(call("waive_gate", "qa", R"({"cell": "get_customer"})").status, 422);
  const Answer unknown = call("waive_gate", "qa", waiver("get_kustomer"));
  EXPECT_EQ(unknown.status, 422);
  EXPECT_THAT(unknown.body, HasSubstr("there is get_customer"));
  EXPECT_TRUE(body_of(call("list_gate_waivers", "qa")).get("items").empty());
  const Answer kept = call("waive_gate", "qa", waiver("get_customer"));
  ASSERT_EQ(kept.status, 201) << kept.body;
  EXPECT_EQ(body_of(kept).get("actor").text(), "qa@example.com");
  const Value listed = body_of(call("list_gate_waivers", "operator")).get("items");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed.items()[0].get("inForce"), Value::boolean(true));
  EXPECT_EQ(listed.items()[0].get("to").text(), "cloud_primary") << "the next step that needs it";
  std::string beyond = waiver("get_customer");
  beyond.insert(1, R"("to": "ramp_down", )");
  const Answer later = call("waive_gate", "qa", beyond);
  ASSERT_EQ(later.status, 201) << later.body;
  EXPECT_EQ(body_of(later).get("to").text(), "ramp_down");
  EXPECT_EQ(call("revoke_gate_waiver", "qa", R"({"reason": "over"})", {}, "customers", "9").status,
            404);
  EXPECT_EQ(call("revoke_gate_waiver", "qa", R"({"reason": "over"})").status, 200);
}

TEST_F(GateApi, PostingThatWasNotEvaluatedIsAnsweredForByName) {
  EXPECT_EQ(call("waive_gate", "qa", waiver("posting_totals"), {}, "orders").status, 422)
      << "it is not asked for";
  gate_settings.posting.required = true;
  open();
  EXPECT_EQ(call("waive_gate", "qa", waiver("posting_totals"), {}, "orders").status, 201);
  const Value gate = body_of(call("show_gate", "qa", "", {}, "orders"));
  EXPECT_EQ(gate.get("posting").text(), "not_evaluated") << "the scenarios are not";
}

TEST_F(GateApi, APackIsSignedInTheRoleOfTheKey) {
  move_all(cutover::Stage::dual_write);
  move_all(cutover::Stage::shadow_read);
  const Answer made = call("make_pack", "architect");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto pack = read_pack(body_of(made).get("pack").text());
  ASSERT_TRUE(pack);
  const std::string sign = R"({"seal": ")" + pack->seal() + R"(", "previous": ")" + pack->head() +
                           R"(", "name": "Quinn", "role": "qa", "comment": "looked"})";
  EXPECT_EQ(call("sign_pack", "operator", sign).status, 403) << "says it is qa";
  const Answer signed_off = call("sign_pack", "qa", sign);
  ASSERT_EQ(signed_off.status, 201) << signed_off.body;
  EXPECT_THAT(body_of(signed_off).get("entry").text(), HasSubstr("qa@example.com"));
  EXPECT_EQ(call("sign_pack", "qa", sign).status, 409) << "it has moved on";
}

TEST_F(GateApi, AnUnmaskedPackIsOfWhoMaySeePersonalDataWithAReason) {
  EXPECT_EQ(call("make_pack", "operator", "", {{"unmask", "true"}, {"reason", "x"}}).status, 403);
  EXPECT_EQ(call("make_pack", "finance", "", {{"unmask", "true"}, {"reason", "x"}}).status, 403);
  EXPECT_EQ(call("make_pack", "qa", "", {{"unmask", "true"}}).status, 422);
  EXPECT_EQ(call("make_pack", "qa", "", {{"unmask", "true"}, {"reason", "FIN-311"}}).status, 201);
  EXPECT_EQ(last_audit().get("kind").text(), "parity_unmasked");
  EXPECT_EQ(call("make_pack", "operator").status, 201) << "masked, for everybody";
  EXPECT_EQ(last_audit().get("kind").text(), "pack_made");
}

}  // namespace
}  // namespace underpin::facade::api
