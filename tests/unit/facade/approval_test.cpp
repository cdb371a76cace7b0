#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::Contains;
using testing::HasSubstr;

struct Approvals : FacadeFixture {
  void SetUp() override {
    move_all(Stage::dual_write);
    move(Capability::customers, Stage::shadow_read);
    cutover_settings.approvals[static_cast<std::size_t>(Capability::customers)] =
        ApprovalRule{{"approver", "qa", "finance"}};
    open();
    ASSERT_TRUE(facade);
  }
  static json::Value change_to(const std::string& stage, bool force = false) {
    json::Value change = json::Value::object();
    change.set("stage", stage);
    change.set("reason", "parity is fine");
    if (force) change.set("force", json::Value::boolean(true));
    return change;
  }
  CutoverDesk& desk() { return facade->cutover(); }
  Result<Proposal> propose(const std::string& stage = "cloud_primary", bool force = false,
                           Timestamp not_before = {}, Timestamp not_after = {}) {
    return desk().propose(Capability::customers,
                          {change_to(stage, force), force, not_before, not_after},
                          version(Capability::customers), {"ada", "parity is fine", "CHG-1"});
  }
  Result<Proposal> approve(std::int64_t id, const std::string& role, const std::string& subject,
                           std::int64_t headroom = 0, const std::string& ceilings = "[]") {
    return desk().approve(Capability::customers, id,
                          {role, subject, "looked at it", *json::parse(ceilings), headroom});
  }
  void approve_all(std::int64_t id, std::int64_t headroom = 0) {
    ASSERT_TRUE(approve(id, "approver", "bob"));
    ASSERT_TRUE(approve(id, "qa", "quinn"));
    const auto last = approve(id, "finance", "fay", headroom);
    ASSERT_TRUE(last) << last.error().message;
    EXPECT_EQ(last->state, "approved");
  }
  Result<CutoverStatus> publish(std::int64_t id) {
    return desk().publish(Capability::customers, id, {"ada", "now"});
  }
  Proposal proposal(std::int64_t id) {
    const auto proposals = desk().proposals(Capability::customers);
    for (const Proposal& one : *proposals)
      if (one.id == id) return one;
    ADD_FAILURE() << "no proposal " << id;
    return {};
  }
  // A comparison of a customer as the shadow would leave it.
  void compared(const std::string& subject, const std::string& path, const std::string& one,
                const std::string& two) {
    parity::LedgerEntry entry;
    entry.at = Timestamp{clock};
    entry.question = {"customers", "get_customer", subject, entry.at.date_utc()};
    entry.comparison.verdict = path.empty() ? parity::Verdict::match : parity::Verdict::mismatch;
    if (!path.empty()) {
      entry.comparison.differences.push_back(
          {path, parity::Kind::value, parity::Verdict::mismatch, one, two, ""});
    }
    ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  }
};

TEST_F(Approvals, ADirectChangeIsRefusedAndSaysHowToPropose) {
  const auto direct = desk().change(Capability::customers, {Stage::cloud_primary, 100'000},
                                    version(Capability::customers), {"ada", "alone"});
  ASSERT_FALSE(direct);
  EXPECT_THAT(direct.error().message, HasSubstr("propose it"));
  EXPECT_THAT(direct.error().message, HasSubstr("approver, qa, finance"));
  EXPECT_EQ(last_audit().get("kind").text(), "plan_refused");
  EXPECT_TRUE(desk().change(Capability::inventory, {Stage::shadow_read, 100'000},
                            version(Capability::inventory), {"ada", "no rule here"}));
}

TEST_F(Approvals, ARollbackNeedsOnePerson) {
  const auto back =
      desk().roll_back(Capability::customers, version(Capability::customers), {"ada", "sick"});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->plan.rollout.to, Stage::dual_write);
}

TEST_F(Approvals, ASignedProposalIsPublishedOnceAndKeptWithItsSigners) {
  const auto made = propose();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->state, "open");
  const auto early = publish(made->id);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("signatures are missing: approver, qa, finance"));
  approve_all(made->id);
  const auto published = publish(made->id);
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_EQ(published->plan.rollout.to, Stage::cloud_primary);
  EXPECT_EQ(proposal(made->id).state, "published");
  EXPECT_EQ(last_audit().get("kind").text(), "plan_published");
  const json::Value detail = last_audit().get("detail");
  EXPECT_EQ(detail.get("changeReference").text(), "CHG-1");
  EXPECT_EQ(detail.get("proposal").get("signatures").size(), 3u);
  EXPECT_FALSE(publish(made->id)) << "once";
}

TEST_F(Approvals, EverySignerIsSomebodyElse) {
  const auto made = propose();
  ASSERT_TRUE(made);
  EXPECT_FALSE(approve(made->id, "approver", "ada")) << "who proposed";
  ASSERT_TRUE(approve(made->id, "approver", "bob"));
  EXPECT_FALSE(approve(made->id, "qa", "bob")) << "who has signed in another role";
  EXPECT_FALSE(approve(made->id, "approver", "bert")) << "one signature a role";
  EXPECT_FALSE(approve(made->id, "operator", "olga")) << "a role that is not asked for";
  EXPECT_EQ(proposal(made->id).signatures.size(), 1u);
}

TEST_F(Approvals, ARejectedProposalIsOver) {
  const auto made = propose();
  ASSERT_TRUE(desk().reject(Capability::customers, made->id, {"bob", "not before the weekend"}));
  EXPECT_FALSE(approve(made->id, "qa", "quinn"));
  EXPECT_FALSE(publish(made->id));
  EXPECT_EQ(last_audit().get("kind").text(), "proposal_rejected");
}

TEST_F(Approvals, APlanThatMovedVoidsIt) {
  const auto made = propose();
  approve_all(made->id);
  ASSERT_TRUE(
      desk().roll_back(Capability::customers, version(Capability::customers), {"ada", "back"}));
  const auto published = publish(made->id);
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message, HasSubstr("void"));
  EXPECT_EQ(proposal(made->id).state, "void");
  EXPECT_EQ(last_audit().get("kind").text(), "proposal_void");
}

TEST_F(Approvals, ANewDeadLetterVoidsItAndOneThatWasSeenDoesNot) {
  dead_letter(Capability::customers, "C7", Side::cloud);
  const auto seen = propose();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->dead_letters.size(), 1u);
  approve_all(seen->id);
  const auto refused = publish(seen->id);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("dead letters have no disposition"));
  EXPECT_EQ(proposal(seen->id).state, "approved") << "refused for now, not void";
  dead_letter(Capability::customers, "C8", Side::cloud);
  const auto voided = publish(seen->id);
  ASSERT_FALSE(voided);
  EXPECT_THAT(voided.error().message, HasSubstr("a dead letter that nobody has seen"));
  EXPECT_EQ(proposal(seen->id).state, "void");
}

TEST_F(Approvals, ANewClassOfDifferencesVoidsIt) {
  compared("C1", "/name", "\"A\"", "\"B\"");
  const auto made = propose();
  ASSERT_TRUE(made);
  ASSERT_EQ(made->classes.size(), 1u);
  approve_all(made->id);
  compared("C2", "/email", "\"a@x\"", "\"b@x\"");
  const auto published = publish(made->id);
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message, HasSubstr("get_customer /email value"));
}

TEST_F(Approvals, AClassMayGrowToItsCeilingAndNoFurther) {
  compared("C1", "/name", "\"A\"", "\"B\"");
  const auto made = propose();
  approve_all(made->id, 100);
  compared("C2", "/name", "\"A\"", "\"B\"");
  EXPECT_TRUE(publish(made->id)) << "two of two";
  ASSERT_TRUE(
      desk().roll_back(Capability::customers, version(Capability::customers), {"ada", "again"}));
  const auto again = propose();
  approve_all(again->id);
  compared("C3", "/name", "\"A\"", "\"B\"");
  const auto refused = publish(again->id);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is there 3 times; accepted were 2"));
}

TEST_F(Approvals, ADifferenceThatWasMendedIsNotOpenAnyMore) {
  compared("C1", "/name", "\"A\"", "\"B\"");
  compared("C1", "", "", "");
  const auto made = propose();
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->classes.empty());
}

TEST_F(Approvals, AmountsHaveACeilingInMoney) {
  compared("C1", "/creditLimitAmount", "\"100.00\"", "\"101.50\"");
  const auto made = propose();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->classes.at(0).seen.money, *Decimal::parse("1.50"));
  ASSERT_TRUE(approve(made->id, "approver", "bob"));
  ASSERT_TRUE(approve(made->id, "qa", "quinn"));
  const auto accepted =
      approve(made->id, "finance", "fay", 0,
              R"([{"operation":"get_customer","path":"/creditLimitAmount","kind":"value",
                   "rule":"","count":5,"money":"2.00"}])");
  ASSERT_TRUE(accepted) << accepted.error().message;
  compared("C2", "/creditLimitAmount", "\"1.00\"", "\"1.60\"");
  const auto published = publish(made->id);
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message, HasSubstr("amounts to 2.10; accepted were 2.00"));
}

TEST_F(Approvals, OnlyTheAcceptorGivesCeilings) {
  compared("C1", "/name", "\"A\"", "\"B\"");
  const auto made = propose();
  const auto refused = approve(made->id, "qa", "quinn", 50);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("finance"));
}

TEST_F(Approvals, ForceNeedsASecondPersonAndIsMarkedForEver) {
  dead_letter(Capability::inventory, "1000@EAST", Side::cloud);
  const auto alone = desk().change(Capability::inventory, {Stage::shadow_read, 100'000},
                                   version(Capability::inventory), {"ada", "now"}, true);
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().message, HasSubstr("second person"));
  const auto made =
      desk().propose(Capability::inventory, {change_to("shadow_read", true), true, {}, {}},
                     version(Capability::inventory), {"ada", "now"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->required, (std::vector<std::string>{"approver"}))
      << "although the two-person rule is off for inventory";
  ASSERT_TRUE(
      desk().approve(Capability::inventory, made->id, {"approver", "bob", "I know", {}, 0}));
  const auto published = desk().publish(Capability::inventory, made->id, {"ada", "now"});
  ASSERT_TRUE(published) << published.error().message;
  const json::Value detail = last_audit().get("detail");
  EXPECT_TRUE(*detail.get("force").as_bool());
  EXPECT_THAT(detail.get("overridden").items().at(0).text(), HasSubstr("dead letters"));
}

TEST_F(Approvals, AScheduledProposalIsPublishedAtItsTimeAndOnce) {
  const auto made = propose("cloud_primary", false, Timestamp{clock}.plus_ms(60'000));
  approve_all(made->id);
  EXPECT_FALSE(publish(made->id)) << "by hand, too early";
  EXPECT_FALSE(desk().run_schedule());
  pass_ms(61'000);
  EXPECT_TRUE(desk().run_schedule());
  EXPECT_FALSE(desk().run_schedule());
  EXPECT_EQ(desk().status(Capability::customers)->plan.rollout.to, Stage::cloud_primary);
  EXPECT_EQ(proposal(made->id).state, "published");
}

TEST_F(Approvals, AScheduleIsJudgedAgainAndGivenUpWhenItsTimeIsOver) {
  const auto made = propose("cloud_primary", false, Timestamp{clock}.plus_ms(60'000),
                            Timestamp{clock}.plus_ms(120'000));
  approve_all(made->id);
  const std::int64_t letter = dead_letter(Capability::customers, "C7", Side::cloud);
  pass_ms(61'000);
  EXPECT_FALSE(desk().run_schedule());
  EXPECT_EQ(proposal(made->id).state, "void") << "a dead letter that the signers have not seen";
  ASSERT_TRUE(facade->discard_exception(letter, "olga", "gone"));
  const auto unsigned_one = propose("cloud_primary", false, Timestamp{clock}.plus_ms(1'000),
                                    Timestamp{clock}.plus_ms(2'000));
  ASSERT_TRUE(unsigned_one) << unsigned_one.error().message;
  pass_ms(3'000);
  EXPECT_FALSE(desk().run_schedule());
  EXPECT_EQ(proposal(unsigned_one->id).state, "expired");
}

TEST_F(Approvals, ASchedulesRepeatedRefusalIsRecordedOnce) {
  FreezeWindow freeze;
  freeze.from = Timestamp{clock};
  freeze.to = Timestamp{clock}.plus_ms(100'000);
  freeze.reason = "year end";
  cutover_settings.freezes = {freeze};
  open();
  const auto made = propose("cloud_primary", false, Timestamp{clock}.plus_ms(1'000));
  ASSERT_TRUE(made) << made.error().message;
  approve_all(made->id);
  pass_ms(2'000);
  const std::size_t before = audit_log().size();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(desk().run_schedule());
  EXPECT_EQ(audit_log().size(), before + 1);
  EXPECT_THAT(proposal(made->id).why, HasSubstr("year end"));
  pass_ms(100'000);
  EXPECT_TRUE(desk().run_schedule()) << "the freeze is over, and its time is not";
}

TEST_F(Approvals, ProposalsSurviveARestart) {
  const auto made = propose();
  ASSERT_TRUE(approve(made->id, "approver", "bob"));
  open();
  EXPECT_EQ(proposal(made->id).signatures.size(), 1u);
  ASSERT_TRUE(approve(made->id, "qa", "quinn"));
  ASSERT_TRUE(approve(made->id, "finance", "fay"));
  EXPECT_TRUE(publish(made->id));
}

struct Holds : FacadeFixture {};

TEST_F(Holds, AStageIsKeptForItsDwellTime) {
  cutover_settings.min_dwell_ms[static_cast<std::size_t>(Stage::dual_write)] = 60'000;
  open();
  move(Capability::customers, Stage::dual_write);
  settle();
  const auto early = facade->cutover().change(Capability::customers, {Stage::shadow_read, 100'000},
                                              version(Capability::customers), {"ada", "quick"});
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("stays at dual_write for at least 60 s"));
  pass_ms(60'000);
  EXPECT_TRUE(facade->cutover().change(Capability::customers, {Stage::shadow_read, 100'000},
                                       version(Capability::customers), {"ada", "later"}));
}

TEST_F(Holds, AFreezeNamesItsReasonAndEnds) {
  FreezeWindow freeze;
  freeze.from = Timestamp{clock}.plus_ms(1'000);
  freeze.to = Timestamp{clock}.plus_ms(10'000);
  freeze.reason = "Black Friday";
  freeze.capabilities = {Capability::customers};
  cutover_settings.freezes = {freeze};
  open();
  pass_ms(1'000);
  const auto frozen = facade->cutover().change(Capability::customers, {Stage::dual_write, 100'000},
                                               1, {"ada", "sale"});
  ASSERT_FALSE(frozen);
  EXPECT_THAT(frozen.error().message, HasSubstr("Black Friday"));
  EXPECT_THAT(facade->cutover().status(Capability::customers)->frozen,
              Contains(HasSubstr("Black Friday")));
  EXPECT_TRUE(facade->cutover().change(Capability::pricing, {Stage::dual_write, 100'000}, 1,
                                       {"ada", "not frozen"}));
  pass_ms(9'000);
  EXPECT_TRUE(facade->cutover().change(Capability::customers, {Stage::dual_write, 100'000}, 1,
                                       {"ada", "over"}));
}

TEST_F(Holds, AChangeReferenceCanBeRequired) {
  cutover_settings.require_change_reference = true;
  open();
  const auto missing = facade->cutover().change(Capability::customers, {Stage::dual_write, 100'000},
                                                1, {"ada", "x"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fields.at(0).pointer, "/changeReference");
  EXPECT_TRUE(facade->cutover().change(Capability::customers, {Stage::dual_write, 100'000}, 1,
                                       {"ada", "x", "CHG-9"}));
}

}  // namespace
}  // namespace underpin::facade::test
