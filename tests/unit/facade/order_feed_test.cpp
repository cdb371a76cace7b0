// What the order feed meets while the write or the delivery that may have brought it is open.
#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {
namespace {

using cutover::Stage;

struct OrderFeedTest : FacadeFixture {
  OrderFeedTest() { legacy().add_customer(customer("C1")); }

  // Once, at a step of the first write or delivery.
  void at(Step step, std::function<void()> work) {
    on_step = [step, work = std::move(work), done = false](Step reached,
                                                           const std::string&) mutable {
      if (done || reached != step) return;
      done = true;
      work();
    };
    open();
  }
  void poll(Side side) { EXPECT_TRUE(facade->feeds().poll_orders(side, context())); }
  std::vector<std::string> raised() {
    std::vector<std::string> all;
    for (const auto& exception : exceptions())
      all.push_back(exception.kind + " " + exception.detail);
    return all;
  }
};

TEST_F(OrderFeedTest, ASecondDocumentThatItMetWhileTheWriteWasOpenIsRaised) {
  std::string second;
  at(Step::sent, [&] {
    second = legacy().second_document(order("1").id).text();
    poll(Side::legacy);
  });
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  settle();
  ASSERT_EQ(raised().size(), 1u);
  EXPECT_NE(raised()[0].find("duplicate_document"), std::string::npos);
  EXPECT_NE(raised()[0].find(second), std::string::npos) << raised()[0];
  settle();
  EXPECT_EQ(raised().size(), 1u) << "once";
}

TEST_F(OrderFeedTest, ASecondCopyThatItMetWhileTheDeliveryWasOpenIsRaised) {
  move_all(Stage::dual_write);
  std::string second;
  at(Step::relayed, [&] {
    second = cloud().second_document(order("1").id).text();
    poll(Side::cloud);
  });
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  facade->relay().deliver_due(Side::cloud);
  settle();
  ASSERT_EQ(raised().size(), 1u);
  EXPECT_NE(raised()[0].find("duplicate_document"), std::string::npos);
  EXPECT_NE(raised()[0].find(second), std::string::npos) << raised()[0];
}

TEST_F(OrderFeedTest, AMemoryOfWhatItMetSurvivesTheProcess) {
  at(Step::sent, [&] {
    (void)legacy().second_document(order("1").id);
    poll(Side::legacy);
  });
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  on_step = {};
  open();
  settle();
  EXPECT_EQ(raised().size(), 1u);
}

TEST_F(OrderFeedTest, WhatItMetOfAWriteThatWasRightIsForgotten) {
  move_all(Stage::dual_write);
  at(Step::sent, [&] { poll(Side::legacy); });
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  settle();
  EXPECT_TRUE(raised().empty()) << raised()[0];
  EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
    EXPECT_EQ(reader.fact("met_early/nav/orders"), "");
    EXPECT_EQ(reader.fact("met_early/bc/orders"), "");
  }));
}

TEST_F(OrderFeedTest, AnOrderThatUsersOrAnEarlierJournalMadeBelongsToTheWaveThatMeetsIt) {
  facade.reset();
  wave = "fr";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  open();
  Order own = order("7");
  own.id = {};
  const DocumentNumber raised_there = legacy().own_order(own, true);
  poll(Side::legacy);
  std::optional<journal::DocumentRecord> kept;
  std::int64_t counted = 0;
  EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
    kept = reader.document({ChannelId{}, OrderNumber{raised_there.text()}});
    counted = reader.document_counts("fr").open_in_legacy;
  }));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->wave, "fr");
  EXPECT_EQ(counted, 1);
}

}  // namespace
}  // namespace underpin::facade::test
