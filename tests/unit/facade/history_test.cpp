#include "facade/history.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

#include <fstream>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using testing::HasSubstr;

struct HistoryTest : FacadeFixture {
  HistoryTest() {
    legacy().add_customer(customer("C1"));
    EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
    settle();
    EXPECT_EQ(facade->orders().cancel("1", {"", {}}, {}, write("c1")).status, 200);
    settle();
    order_settings.history_file = (folder / "history.db").string();
  }
  void all_in_the_cloud() {
    for (const Stage stage : {Stage::dual_write, Stage::shadow_read, Stage::cloud_primary,
                              Stage::ramp_down, Stage::cloud_only})
      for (const Capability capability :
           {Capability::customers, Capability::orders, Capability::inventory})
        if (capability != Capability::inventory || stage != Stage::cloud_only)
          move(capability, stage);
  }
  void read_history(HistoryReads reads) {
    order_settings.history_reads = reads;
    open();
  }
  Error refused(const std::string& number) {
    const auto read = facade->orders().get(number, context());
    EXPECT_FALSE(read) << "the order is still answered";
    return read ? Error{} : read.error();
  }
};

TEST_F(HistoryTest, ByDefaultClosedOrdersStayReadableFromLegacy) {
  read_history(HistoryReads::legacy);
  all_in_the_cloud();
  const int before = legacy().calls("get_order");
  const auto read = facade->orders().get("1", context());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value.status, OrderStatus::cancelled);
  EXPECT_GT(legacy().calls("get_order"), before);
}

TEST_F(HistoryTest, AnExportAnswersWithoutLegacy) {
  read_history(HistoryReads::export_file);
  const auto before = facade->orders().get("1", context());
  ASSERT_TRUE(before);
  const auto page = facade->history().page(0, 10, context());
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->exported, 1);
  EXPECT_EQ(page->in_file, 1);
  EXPECT_FALSE(page->more);
  EXPECT_EQ(facade->history().page(0, 10, context())->in_file, 1) << "a repeat adds nothing";
  all_in_the_cloud();
  legacy().set_down(true);
  const auto after = facade->orders().get("1", context());
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->value, before->value);
  EXPECT_EQ(after->etag, before->etag);
}

TEST_F(HistoryTest, WhatWasNotExportedIsNotFoundWithAReasonOfItsOwn) {
  read_history(HistoryReads::export_file);
  ASSERT_TRUE(open_history_file(order_settings.history_file, true));
  all_in_the_cloud();
  EXPECT_EQ(refused("1").vendor_code, "history-not-exported");
  EXPECT_THAT(refused("1").message, HasSubstr("has not been exported"));
}

TEST_F(HistoryTest, WithNoneTheyAreGoneAndLegacyIsNotAsked) {
  read_history(HistoryReads::none);
  EXPECT_TRUE(facade->orders().get("1", context())) << "before cloud_only nothing is history";
  all_in_the_cloud();
  const int before = legacy().calls("get_order");
  EXPECT_EQ(refused("1").vendor_code, "history-closed");
  EXPECT_EQ(refused("never-known").code, ErrorCode::not_found);
  EXPECT_TRUE(refused("never-known").vendor_code.empty());
  OrderAmendment amendment;
  amendment.requested_date = Date{2026, 12, 1};
  EXPECT_EQ(facade->orders().amend("1", amendment, {"*"}, write("a1")).status, 409);
  EXPECT_EQ(facade->orders().cancel("1", {"", {{1, Decimal::of(1)}}}, {}, write("a2")).status, 409);
  EXPECT_EQ(legacy().calls("get_order"), before);
  const auto list = facade->orders().list({}, context());
  ASSERT_TRUE(list);
  EXPECT_EQ(list->items.size(), 1u) << "the list still names it";
}

TEST_F(HistoryTest, OpenOrdersOfLegacyAreReadThereWhateverIsHistory) {
  ASSERT_EQ(facade->orders().place(order("2"), write("k2")).status, 201);
  settle();
  read_history(HistoryReads::none);
  all_in_the_cloud();
  const auto read = facade->orders().get("2", context());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value.status, OrderStatus::released);
}

TEST_F(HistoryTest, AnotherProgramsFileIsRefused) {
  std::ofstream(order_settings.history_file) << "not a database, but long enough to be looked at";
  EXPECT_FALSE(open_history_file(order_settings.history_file, true));
  EXPECT_FALSE(open_history_file((folder / "missing.db").string(), false));
}

}  // namespace
}  // namespace underpin::facade::test
