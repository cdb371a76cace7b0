#include "parity/report.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::HasSubstr;
using Trap = SmallErp::Trap;

struct RehearsalTest : FacadeFixture {
  RehearsalTest() {
    legacy().add_customer(customer("C1"));
    cloud().tune().rehearsal = RehearsalGrade::simulated;
    rehearse(RehearsalGrade::rendered);
  }
  void rehearse(RehearsalGrade grade) {
    for (const Capability capability :
         {Capability::orders, Capability::customers, Capability::inventory})
      rehearsal_settings.grades[static_cast<std::size_t>(capability)] = grade;
    open();
  }
  std::vector<parity::LedgerEntry> ledger() {
    EXPECT_TRUE(facade->rehearsals().queue().drain(deadline_in(std::chrono::seconds(20))));
    facade->ledger().flush();
    const auto entries = facade->ledger().entries({});
    EXPECT_TRUE(entries);
    return entries ? *entries : std::vector<parity::LedgerEntry>{};
  }
};

TEST_F(RehearsalTest, AnAcceptedOrderIsRenderedForTheCloudAndNotSent) {
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  const auto entries = ledger();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].question.operation, "rehearse_place_order");
  EXPECT_EQ(entries[0].question.subject, "web/1");
  EXPECT_EQ(entries[0].comparison.verdict, parity::Verdict::match);
  EXPECT_EQ(cloud().order_count(), 0u);
  EXPECT_EQ(cloud().calls("place_order"), 0);
}

TEST_F(RehearsalTest, WhatTheDescriptionForbidsIsAMismatchOfItsOwnKindInTheReport) {
  Order talkative = order("1");
  talkative.lines[0].description = "a description that is much too long";
  ASSERT_EQ(facade->orders().place(talkative, write("k1")).status, 201);
  const auto entries = ledger();
  ASSERT_EQ(entries.size(), 1u);
  ASSERT_EQ(entries[0].comparison.verdict, parity::Verdict::mismatch);
  std::string paths;
  for (const auto& difference : entries[0].comparison.differences) paths += difference.path + " ";
  EXPECT_THAT(paths, HasSubstr("/outcome"));
  EXPECT_THAT(paths, HasSubstr("/faults/lines.*.description"));
  const auto report = facade->ledger().report({});
  ASSERT_TRUE(report);
  EXPECT_THAT(parity::report_html(*report), HasSubstr("rehearse_place_order"));
  const std::string shown = parity::report_json(*report);
  EXPECT_THAT(shown, HasSubstr("rehearse_place_order"));
  // In the words of what would refuse it, which may be those of a person.
  int looked_for = 0;
  for (const auto& difference : entries[0].comparison.differences) {
    if (difference.path != "/faults/lines.*.description") continue;
    ++looked_for;
    EXPECT_THAT(shown, testing::Not(HasSubstr(difference.secondary)));
  }
  EXPECT_GT(looked_for, 0);
}

TEST_F(RehearsalTest, GradeTwoAsksTheVendor) {
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  EXPECT_EQ(ledger().back().comparison.verdict, parity::Verdict::match) << "grade 1 cannot know";
  rehearse(RehearsalGrade::simulated);
  ASSERT_EQ(facade->orders().place(order("2"), write("k2")).status, 201);
  EXPECT_EQ(ledger().back().comparison.verdict, parity::Verdict::mismatch)
      << "the cloud does not know the customer";
}

TEST_F(RehearsalTest, WhatTheAdapterRefusesIsAMismatchAndWhatItCannotAskIsNone) {
  Customer silent = customer("N1");
  silent.email.clear();
  ASSERT_EQ(facade->customers().create(silent, write("k1")).status, 201);
  EXPECT_EQ(ledger().back().question.operation, "rehearse_create_customer");
  EXPECT_EQ(ledger().back().comparison.verdict, parity::Verdict::mismatch);
  cloud().set_trap("rehearse_place_order", Trap::unavailable);
  ASSERT_EQ(facade->orders().place(order("1"), write("k2")).status, 201);
  EXPECT_EQ(ledger().back().comparison.verdict, parity::Verdict::not_compared);
  cloud().set_trap("rehearse_place_order", Trap::throws_before);
  EXPECT_EQ(facade->orders().place(order("2"), write("k3")).status, 201)
      << "nothing that a rehearsal does reaches the answer";
  EXPECT_EQ(ledger().back().comparison.verdict, parity::Verdict::not_compared);
}

TEST_F(RehearsalTest, RefusedWritesAndThoseThatAreMirroredAreNotRehearsed) {
  legacy().set_trap("place_order", Trap::refused);
  ASSERT_EQ(facade->orders().place(order("1"), write("k1")).status, 422);
  EXPECT_TRUE(ledger().empty());
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  ASSERT_EQ(facade->orders().place(order("2"), write("k2")).status, 201);
  EXPECT_TRUE(ledger().empty());
  EXPECT_EQ(cloud().calls("rehearse_place_order"), 0);
}

TEST_F(RehearsalTest, AFullQueueDropsAndCounts) {
  rehearsal_settings.queue_limit = 1;
  rehearsal_settings.threads = 0;  // Nobody empties it.
  open();
  for (int i = 0; i < 4; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(facade->orders().place(order(number), write("k" + number)).status, 201);
  }
  EXPECT_EQ(facade->rehearsals().queue().waiting(), 1u);
  EXPECT_EQ(facade->rehearsals().queue().dropped(), 3u);
}

TEST_F(RehearsalTest, AGradeThatTheAdapterDoesNotDeclareRefusesToStart) {
  cloud().tune().rehearsal = RehearsalGrade::rendered;
  Systems systems;
  systems.legacy = make("nav", legacy_state);
  systems.cloud = make("bc", cloud_state);
  RehearsalSettings settings;
  settings.grades[static_cast<std::size_t>(Capability::orders)] = RehearsalGrade::simulated;
  const Status possible = Rehearsals::possible(systems, settings);
  ASSERT_FALSE(possible);
  EXPECT_EQ(possible.error().message,
            "rehearsal of orders is configured with grade 2; the adapter of bc declares 1");
}

}  // namespace
}  // namespace underpin::facade::test
