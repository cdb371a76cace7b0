#include "facade/document_home.h"

#include <gtest/gtest.h>

namespace underpin::facade {
namespace {

using Seen = DocumentSeen;

HomeEvidence evidence(Seen legacy, Seen cloud) {
  HomeEvidence e;
  e.legacy = legacy;
  e.cloud = cloud;
  return e;
}

TEST(DocumentHome, IsWhereTheDocumentIsReleased) {
  EXPECT_EQ(judge_home(evidence(Seen::live, Seen::inert)).home, Side::legacy);
  HomeEvidence moved = evidence(Seen::inert, Seen::live);
  EXPECT_EQ(judge_home(moved).home, Side::cloud);
  moved.known_home = Side::legacy;  // Moved since the backup: blocked here before it was released.
  EXPECT_EQ(judge_home(moved).home, Side::cloud);
  EXPECT_EQ(judge_home(evidence(Seen::ended, Seen::live)).home, Side::cloud);
}

TEST(DocumentHome, NobodyDecidesWhenBothAreExecuted) {
  HomeEvidence both = evidence(Seen::live, Seen::live);
  both.known_home = Side::legacy;
  EXPECT_FALSE(judge_home(both).home);
  EXPECT_EQ(judge_home(both).doubt, "live_in_both");
  // Cancelled where it lives, and executed by its copy.
  HomeEvidence executed = evidence(Seen::ended, Seen::live);
  executed.known_home = Side::legacy;
  EXPECT_EQ(judge_home(executed).doubt, "live_in_both");
}

TEST(DocumentHome, OfAMoveThatWasInterruptedIsWhereAPartHasLeft) {
  CapabilityDescriptor can;
  can.inert_by = "unreleased";
  Order part;
  part.status = OrderStatus::partially_shipped;
  EXPECT_EQ(seen_as(can, part, true), Seen::live);
  EXPECT_EQ(seen_as(can, part, false), Seen::inert);
  EXPECT_EQ(seen_as(CapabilityDescriptor{}, part, false), Seen::live);
  HomeEvidence e = evidence(Seen::inert, Seen::inert);
  e.birth_side = Side::cloud;
  e.shipped_in_legacy = true;
  EXPECT_EQ(judge_home(e).home, Side::legacy);
  e.shipped_in_cloud = true;
  EXPECT_EQ(judge_home(e).doubt, "home_unknown") << "a copy is never shipped";
  e.shipped_in_legacy = false;
  EXPECT_EQ(judge_home(e).home, Side::cloud);
  e.known_home = Side::legacy;
  EXPECT_EQ(judge_home(e).home, Side::legacy);
}

TEST(DocumentHome, IsWhatRemainsWhenAPersonHasEndedTheOther) {
  HomeEvidence e = evidence(Seen::ended, Seen::live);
  e.known_home = Side::legacy;
  e.mended = true;
  EXPECT_EQ(judge_home(e).home, Side::cloud);
  e = evidence(Seen::ended, Seen::inert);
  e.known_home = Side::legacy;  // Only guessed, when nobody could tell.
  e.mended = true;
  EXPECT_EQ(judge_home(e).home, Side::cloud);
  e = evidence(Seen::live, Seen::live);
  e.mended = true;
  EXPECT_EQ(judge_home(e).doubt, "live_in_both") << "nothing has changed";
}

TEST(DocumentHome, IsWhereAPersonSaysWhileNothingIsReleased) {
  HomeEvidence e = evidence(Seen::inert, Seen::inert);
  e.decided = Side::cloud;
  EXPECT_EQ(judge_home(e).home, Side::cloud);
  e.legacy = Seen::live;  // It was released meanwhile: that is not undone by a word.
  EXPECT_EQ(judge_home(e).home, Side::legacy);
}

TEST(DocumentHome, IsTheKnownOneWhileNothingIsReleased) {
  for (const Side side : {Side::legacy, Side::cloud}) {
    for (const Seen legacy : {Seen::inert, Seen::ended}) {
      HomeEvidence e = evidence(legacy, Seen::inert);
      e.known_home = side;
      EXPECT_EQ(judge_home(e).home, side);
    }
  }
}

TEST(DocumentHome, IsTheOnlyOneThereIs) {
  EXPECT_EQ(judge_home(evidence(Seen::inert, Seen::absent)).home, Side::legacy);
  EXPECT_EQ(judge_home(evidence(Seen::absent, Seen::ended)).home, Side::cloud);
  EXPECT_FALSE(judge_home(evidence(Seen::absent, Seen::absent)).home);
}

TEST(DocumentHome, OfTwoCopiesThatSayTheSameIsWhereThePlanHasItBorn) {
  HomeEvidence e = evidence(Seen::inert, Seen::inert);
  e.birth_side = Side::cloud;
  EXPECT_EQ(judge_home(e).doubt, "home_unknown") << "one has a change that the other lacks";
  e.same_content = true;
  EXPECT_EQ(judge_home(e).home, Side::cloud);
}

TEST(DocumentHome, ACancelledOneIsHomeOnlyWhereThePlanHasItBorn) {
  HomeEvidence e = evidence(Seen::ended, Seen::inert);
  e.birth_side = Side::legacy;
  EXPECT_EQ(judge_home(e).home, Side::legacy) << "cancelled by its channel, the copy is behind";
  e.birth_side = Side::cloud;
  EXPECT_EQ(judge_home(e).doubt, "home_unknown") << "or somebody deleted the copy";
}

TEST(DocumentHome, WhereNothingCanBeKeptInertEveryDocumentIsLive) {
  Order open;
  CapabilityDescriptor can;
  can.inert_by = "unreleased";
  EXPECT_EQ(seen_as(can, open, true), Seen::inert);
  EXPECT_EQ(seen_as(CapabilityDescriptor{}, open, true), Seen::live);
  open.status = OrderStatus::cancelled;
  EXPECT_EQ(seen_as(CapabilityDescriptor{}, open, true), Seen::ended);
  open.status = OrderStatus::partially_shipped;
  EXPECT_EQ(seen_as(can, open, true), Seen::live);
}

}  // namespace
}  // namespace underpin::facade
