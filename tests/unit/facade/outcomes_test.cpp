#include "facade/outcomes.h"

#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::HasSubstr;

struct OutcomeDispositions : FacadeFixture {
  void SetUp() override {
    legacy().add_customer(customer("C1"));
    move_all(Stage::dual_write);
    move(Capability::customers, Stage::shadow_read);  // Never behind orders.
  }
  void move_the_others_to_shadow_read() {
    for (const Capability capability :
         {Capability::orders, Capability::pricing, Capability::inventory})
      move(capability, Stage::shadow_read);
  }
  std::vector<UnknownOutcome> outcomes() {
    std::vector<UnknownOutcome> found;
    EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
      found = unknown_outcomes(reader, Timestamp{clock});
    }));
    return found;
  }
  // The ERP may or may not have it; nobody has looked yet.
  std::int64_t lose_the_answer(const std::string& number, Side side = Side::legacy) {
    on(side).set_trap("place_order", SmallErp::Trap::lost_answer);
    EXPECT_EQ(facade->orders().place(order(number), write("k-" + number)).status, 202);
    return outcomes().back().intent.id;
  }
  Status dispose(std::int64_t id, const std::string& reason = "nav says it has it") {
    return dispose_of_outcome(facade->audit(), id, "ada", reason, Timestamp{clock});
  }
  // Without the background work that would look it up.
  std::string refusal(Stage stage, std::uint32_t share = cutover::whole_share,
                      Capability capability = Capability::orders) {
    const auto moved = facade->cutover().change(capability, {stage, share, {}}, version(capability),
                                                {"ada", "on"});
    return moved ? "" : moved.error().message;
  }
};

TEST_F(OutcomeDispositions, AStepForwardWaitsUntilSomebodyHasSeenTheOutcome) {
  const std::int64_t id = lose_the_answer("1");
  EXPECT_THAT(refusal(Stage::shadow_read),
              HasSubstr("writes with an unknown outcome have no disposition: 1"));
  ASSERT_TRUE(dispose(id));
  EXPECT_EQ(refusal(Stage::shadow_read), "");
}

TEST_F(OutcomeDispositions, TheListSaysWhatIsUnknownAndWhoHasSeenIt) {
  const std::int64_t opened = clock;
  const std::int64_t id = lose_the_answer("1");
  pass_ms(5'000);
  ASSERT_EQ(outcomes().size(), 1u);
  EXPECT_FALSE(outcomes()[0].disposition);
  ASSERT_TRUE(dispose(id, "the first"));
  ASSERT_TRUE(dispose(id, "nav has it as SO-1"));
  const UnknownOutcome seen = outcomes().at(0);
  EXPECT_EQ(seen.intent.operation, "place_order");
  EXPECT_EQ(seen.intent.subject, "web/1");
  EXPECT_EQ(seen.intent.side, Side::legacy);
  EXPECT_EQ(seen.intent.opened_at.micros, opened);
  EXPECT_EQ(seen.intent.attempts, 1);
  EXPECT_THAT(seen.intent.last_error, HasSubstr("nav"));
  ASSERT_TRUE(seen.disposition);
  EXPECT_EQ(seen.disposition->by, "ada");
  EXPECT_EQ(seen.disposition->reason, "nav has it as SO-1");
  EXPECT_EQ(seen.disposition->at.micros, opened + 5'000'000);
}

TEST_F(OutcomeDispositions, NothingElseChangesWhileItStaysOpen) {
  const std::int64_t id = lose_the_answer("1");
  ASSERT_TRUE(dispose(id));
  EXPECT_EQ(refusal(Stage::shadow_read), "");
  EXPECT_EQ(facade->cutover().status(Capability::orders)->backlog.unknown_outcomes, 1)
      << "status and preview go on counting it";
  EXPECT_EQ(facade->orders().place(order("1"), write("k-1")).status, 409) << "still closed";
  EXPECT_EQ(facade->relay().deliver_due(Side::cloud), 0);
  EXPECT_EQ(cloud().order_count(), 0u);
  EXPECT_EQ(legacy().order_count(), 1u);
  settle();
  EXPECT_TRUE(outcomes().empty()) << "the resolver has gone on looking";
  EXPECT_EQ(legacy().orders_with(order("1").id).size(), 1u);
  EXPECT_EQ(cloud().orders_with(order("1").id).size(), 1u) << "mirrored by the plan now in force";
}

TEST_F(OutcomeDispositions, ItHoldsForAsManyStepsAsTheOutcomeStaysUnknown) {
  move_the_others_to_shadow_read();
  move(Capability::customers, Stage::cloud_primary);
  const std::int64_t id = lose_the_answer("1");
  ASSERT_TRUE(dispose(id));
  EXPECT_EQ(refusal(Stage::cloud_primary, 10'000), "");
  EXPECT_EQ(refusal(Stage::cloud_primary, 50'000), "") << "of an older plan by now";
  EXPECT_EQ(refusal(Stage::cloud_primary), "");
  EXPECT_EQ(outcomes().size(), 1u);
  settle();
  EXPECT_EQ(document("1").home, Side::legacy) << "born where it was sent";
  EXPECT_EQ(cloud().orders_with(order("1").id).size(), 1u);
}

TEST_F(OutcomeDispositions, AWriteOfAnOlderPlanThatNobodyHasSeenStillHoldsTheNextStep) {
  move_the_others_to_shadow_read();
  move(Capability::customers, Stage::cloud_primary);
  const std::int64_t seen = lose_the_answer("1");
  const std::int64_t other = lose_the_answer("2");
  ASSERT_TRUE(dispose(seen));
  ASSERT_TRUE(dispose(other));
  EXPECT_EQ(refusal(Stage::cloud_primary, 10'000), "");
  lose_the_answer("3");
  EXPECT_THAT(refusal(Stage::cloud_primary, 50'000), HasSubstr("have no disposition: 1"));
}

TEST_F(OutcomeDispositions, ItEndsWithTheWrite) {
  ASSERT_TRUE(dispose(lose_the_answer("1")));
  settle();
  EXPECT_TRUE(outcomes().empty());
  const std::int64_t next = lose_the_answer("2");
  EXPECT_THAT(refusal(Stage::shadow_read), HasSubstr("have no disposition: 1"));
  ASSERT_TRUE(dispose(next));
  EXPECT_EQ(refusal(Stage::shadow_read), "");
}

TEST_F(OutcomeDispositions, TheEndsWaitForItAllTheSame) {
  move_the_others_to_shadow_read();
  move_all(Stage::cloud_primary);
  move(Capability::customers, Stage::ramp_down);
  move(Capability::customers, Stage::cloud_only);
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    journal::NewIntent intent;  // A change of an order whose home is legacy.
    intent.subject = "web/7";
    intent.operation = "amend_order";
    intent.channel = ChannelId{"web"};
    intent.key = IdempotencyKey{"k-7"};
    intent.side = Side::legacy;
    intent.plan_version = tx.plan("default", Capability::orders)->version;
    const auto opened = tx.open_intent(intent, Timestamp{clock});
    tx.mark_unknown(std::get<journal::Opened>(opened).id, Timestamp{clock}, "nav: cut off");
    return true;
  }));
  ASSERT_TRUE(dispose(outcomes().at(0).intent.id));
  EXPECT_EQ(refusal(Stage::ramp_down), "");
  EXPECT_THAT(refusal(Stage::cloud_only),
              HasSubstr("cloud_only waits until nothing is pinned to legacy: 1"));
}

TEST_F(OutcomeDispositions, ItIsOfOneWriteAndOneCapability) {
  lose_the_answer("1");
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    journal::NewIntent intent;
    intent.capability = Capability::customers;
    intent.subject = "C1";
    intent.operation = "amend_customer";
    intent.channel = ChannelId{"web"};
    intent.key = IdempotencyKey{"k-c1"};
    const auto opened = tx.open_intent(intent, Timestamp{clock});
    tx.mark_unknown(std::get<journal::Opened>(opened).id, Timestamp{clock}, "nav: cut off");
    return true;
  }));
  ASSERT_EQ(outcomes().size(), 2u);
  ASSERT_TRUE(dispose(outcomes()[1].intent.id));
  EXPECT_EQ(refusal(Stage::cloud_primary, cutover::whole_share, Capability::customers), "");
  EXPECT_THAT(refusal(Stage::shadow_read), HasSubstr("have no disposition: 1"));
}

TEST_F(OutcomeDispositions, AWriteThatItsSenderWaitsForHasNone) {
  std::int64_t id = 0;
  ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    journal::NewIntent intent;
    intent.subject = "web/9";
    intent.operation = "place_order";
    intent.channel = ChannelId{"web"};
    intent.key = IdempotencyKey{"k-9"};
    intent.birth = true;
    intent.give_up_at = Timestamp{clock}.plus_ms(10'000);
    id = std::get<journal::Opened>(tx.open_intent(intent, Timestamp{clock})).id;
    return true;
  }));
  EXPECT_TRUE(outcomes().empty());
  const Status early = dispose(id);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::conflict);
  EXPECT_THAT(early.error().message, HasSubstr("still waits for its answer"));
  pass_ms(11'001);
  EXPECT_EQ(outcomes().size(), 1u) << "its sender is gone";
  EXPECT_TRUE(dispose(id));
  const Status none = dispose(id + 1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST_F(OutcomeDispositions, WhoHasSeenItIsInTheAuditLog) {
  const std::int64_t id = lose_the_answer("1");
  ASSERT_TRUE(dispose(id, "nav has it"));
  const json::Value entry = last_audit();
  EXPECT_EQ(entry.get("kind").text(), "outcome_disposed");
  EXPECT_EQ(entry.get("actor").text(), "ada");
  EXPECT_EQ(entry.get("about").text(), "outcome " + std::to_string(id));
  EXPECT_EQ(entry.get("detail").get("subject").text(), "web/1");
  EXPECT_EQ(entry.get("detail").get("reason").text(), "nav has it");
  const std::size_t entries = audit_log().size();
  EXPECT_FALSE(dispose(id + 7));
  EXPECT_EQ(audit_log().size(), entries) << "what was refused is no act";
}

TEST_F(OutcomeDispositions, ItOutlivesARestart) {
  const std::int64_t id = lose_the_answer("1");
  ASSERT_TRUE(dispose(id));
  open();
  ASSERT_EQ(outcomes().size(), 1u);
  EXPECT_TRUE(outcomes()[0].disposition);
  EXPECT_EQ(refusal(Stage::shadow_read), "");
}

// More are open than a round of look-ups has, and nothing becomes of the oldest.
TEST_F(OutcomeDispositions, NoneWaitsForThousandsThatStayOpen) {
  legacy().tune().settle_ms = 86'400'000;
  for (int i = 0; i < 505; ++i) {
    const std::string number = std::to_string(i);
    legacy().set_trap("place_order", SmallErp::Trap::lost_request);
    ASSERT_EQ(facade->orders().place(order(number), write("k-" + number)).status, 202);
  }
  lose_the_answer("there");
  EXPECT_EQ(facade->writes().resolve_outcomes(context()), 0);
  EXPECT_EQ(facade->writes().resolve_outcomes(context()), 1);
  EXPECT_EQ(outcomes().size(), 505u);
}

}  // namespace
}  // namespace underpin::facade::test
