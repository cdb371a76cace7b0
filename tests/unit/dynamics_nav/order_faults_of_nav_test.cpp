// What becomes of orders when the way to NAV, or NAV itself, fails in the middle.
#include "tests/unit/dynamics_nav/nav_adapter.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class OrderFaultsOfNav : public NavAdapter {
 protected:
  ErrorCode code_of_placing(const WriteContext& context) {
    const auto receipt = orders().place_order(sample_order(), context);
    EXPECT_FALSE(receipt);
    return receipt ? ErrorCode::internal : receipt.error().code;
  }
  // Sends again as the facade does, and counts what NAV holds.
  void places_once() {
    const auto receipt = orders().place_order(sample_order(), now());
    ASSERT_TRUE(receipt) << receipt.error().message;
    const auto documents = held("WEB/100042");
    ASSERT_THAT(documents, SizeIs(1));
    EXPECT_EQ(documents[0].get("no").text(), receipt->document.text());
    EXPECT_EQ(documents[0].get("lines").size(), 3U);
    EXPECT_THAT(held("WEB/100042", "archived"), IsEmpty());
  }
};

TEST_F(OrderFaultsOfNav, AnAnswerWithoutAnEnvelopeLeavesTheOutcomeUnknown) {
  for (const char* kind : {"500", "503", "drop"}) {
    fault("SalesOrder.Create", kind);
    EXPECT_EQ(code_of_placing(now()), ErrorCode::outcome_unknown) << kind;
  }
  fault("SalesOrder.Create", "429");
  EXPECT_EQ(code_of_placing(now()), ErrorCode::throttled);
  EXPECT_THAT(held("WEB/100042"), IsEmpty());
  fault("SalesOrder.ReadMultiple", "503");
  EXPECT_EQ(code_of_placing(now()), ErrorCode::unavailable);
  places_once();
}

TEST_F(OrderFaultsOfNav, AHeaderThatWasLeftAloneIsCompletedAndNeverDoubled) {
  fault("SalesOrder.Create", "504_after_commit");
  EXPECT_EQ(code_of_placing(now()), ErrorCode::outcome_unknown);
  EXPECT_THAT(held("WEB/100042"), SizeIs(1));
  const auto found = orders().find_receipt(sample_order().id, now());
  ASSERT_FALSE(found) << "a header without lines is no order";
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_FALSE(orders().get_order(by_id(sample_order()), now()));
  places_once();
}

TEST_F(OrderFaultsOfNav, LinesThatArrivedUnseenAreFoundByTheirReference) {
  fault("SalesOrder.Update", "drop_after_commit");
  EXPECT_EQ(code_of_placing(now()), ErrorCode::outcome_unknown);
  const auto found = orders().find_receipt(sample_order().id, now());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->erp_totals->grand_total, amount("63.10"));
  places_once();
}

TEST_F(OrderFaultsOfNav, ALateCommitOfTheHeaderIsCompleted) {
  fault("SalesOrder.Create", "late_commit", R"(,"delay_ms":300)");
  EXPECT_EQ(code_of_placing(now()), ErrorCode::outcome_unknown);
  EXPECT_TRUE(eventually([&] { return held("WEB/100042").size() == 1; }));
  places_once();
}

TEST_F(OrderFaultsOfNav, ALateCommitOfTheLinesComesTooLateForASecondTime) {
  fault("SalesOrder.Update", "late_commit", R"(,"delay_ms":1500)");
  EXPECT_EQ(code_of_placing(now()), ErrorCode::outcome_unknown);
  places_once();
  EXPECT_TRUE(eventually([&] {
    return nav_.get("/_sim/faults").find("\"late_commits_done\": 1") != std::string::npos ||
           nav_.get("/_sim/faults").find("\"late_commits_done\":1") != std::string::npos;
  }));
  places_once();
}

TEST_F(OrderFaultsOfNav, RequestsRepeatedOnTheirWayMakeOneOrder) {
  fault("SalesOrder.Create", "duplicate");
  fault("SalesOrder.Update", "duplicate");
  places_once();
  fault("SalesOrder.Update", "duplicate");
  OrderAmendment amendment;
  amendment.lines.push_back({2, amount("4"), {}, {}, {}, {}});
  const auto changed = orders().amend_order(by_id(sample_order()), amendment, now());
  ASSERT_TRUE(changed) << changed.error().message;
  fault("SalesOrder.Delete", "duplicate");
  const auto cancelled = orders().cancel_order(by_id(sample_order()), {}, now());
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_THAT(held("WEB/100042", "archived"), SizeIs(1));
}

TEST_F(OrderFaultsOfNav, AStaleKeyIsReadAgainOnceAndOnlyOnce) {
  fault("SalesOrder.Update", "stale_key");
  places_once();
  OrderAmendment amendment;
  amendment.requested_date = Date{2026, 12, 5};
  fault("SalesOrder.Update", "stale_key");
  ASSERT_TRUE(orders().amend_order(by_id(sample_order()), amendment, now()));
  amendment.requested_date = Date{2026, 12, 6};
  fault("SalesOrder.Update", "stale_key", R"(,"count":2)");
  const auto twice = orders().amend_order(by_id(sample_order()), amendment, now());
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::conflict);
  fault("SalesOrder.Delete", "stale_key");
  EXPECT_TRUE(orders().cancel_order(by_id(sample_order()), {}, now()));
}

TEST_F(OrderFaultsOfNav, SlownessEndsAtTheOneDeadline) {
  fault("SalesOrder.Create", "slow", R"(,"delay_ms":3000)");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of_placing(within(700)), ErrorCode::outcome_unknown);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2'500));
  EXPECT_TRUE(eventually([&] { return held("WEB/100042").size() == 1; }));
  places_once();
  fault("SalesOrder.*", "slow", R"(,"delay_ms":3000)");
  const auto read = orders().get_order(by_id(sample_order()), within(500));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::unavailable);
}

TEST_F(OrderFaultsOfNav, AChangeOfWhichNothingIsKnownIsAbsolute) {
  places_once();
  OrderAmendment amendment;
  amendment.lines.push_back({2, amount("9"), {}, {}, {}, {}});
  fault("SalesOrder.Update", "504_after_commit");
  const auto unknown = orders().amend_order(by_id(sample_order()), amendment, now());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::outcome_unknown);
  const auto again = orders().amend_order(by_id(sample_order()), amendment, now());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(held("WEB/100042").at(0).get("lines").items().at(1).get("quantity").text(), "9");
}

TEST_F(OrderFaultsOfNav, WrongCredentialsAreNamed) {
  std::filesystem::create_directories(nav_.folder() / "state2");
  auto stranger =
      make_dynamics_nav_adapter({"nav", settings("wrong"), (nav_.folder() / "state2").string()});
  ASSERT_TRUE(stranger) << stranger.error().message;
  const auto refused = (*stranger)->orders()->place_order(sample_order(), now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
  EXPECT_EQ((*stranger)->ping(now()).error().code, ErrorCode::unauthorized);
  const auto findings = (*stranger)->examine(now());
  EXPECT_FALSE(findings.at(0).ok);
}

TEST_F(OrderFaultsOfNav, TheDoctorFindsEverythingOfTheSampleSite) {
  const auto findings = adapter_->examine(now());
  EXPECT_GT(findings.size(), 30U);
  for (const Finding& finding : findings)
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  EXPECT_TRUE(adapter_->ping(now()));
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
