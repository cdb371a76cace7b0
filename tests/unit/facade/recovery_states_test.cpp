#include "tests/unit/facade/recovery_fixture.h"

namespace underpin::facade::test {
namespace {

TEST_F(RecoveryTest, TheCustomerThatWasWrittenLastIsCarriedOver) {
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(facade->customers().create(customer("C2"), write("k-c2")).status, 201);
  settle();
  // Never mirrored: only legacy has it.
  ASSERT_EQ(facade->customers()
                .amend(CustomerNumber{"C1"}, {"Ada", {}, {}, {}, {}}, {"*"}, write("k1"))
                .status,
            200);
  ASSERT_EQ(facade->customers().create(customer("C3"), write("k-c3")).status, 201);
  restore_backup();
  const RecoveryState done = recover();
  EXPECT_EQ(done.state, "open") << done.waits;
  EXPECT_EQ(done.counts.at("customers_differing"), 2);
  settle();
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Ada");
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "Ada");
  EXPECT_EQ(cloud().customers_now().count(CustomerNumber{"C3"}), 1U);
  EXPECT_TRUE(exceptions().empty());
}

// A person decides: a touch of the copy, with the old value in it, looks the same.
TEST_F(RecoveryTest, AMirrorOfTheBackupDoesNotUndoWhatTheOtherSideWroteSince) {
  dual_write();
  settle();
  ASSERT_EQ(facade->customers()
                .amend(CustomerNumber{"C1"}, {"Ada", {}, {}, {}, {}}, {"*"}, write("k1"))
                .status,
            200);
  EXPECT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  take_backup();  // Legacy -> cloud waits in it.
  settle();
  move(Capability::customers, Stage::shadow_read);
  move(Capability::customers, Stage::cloud_primary);
  ASSERT_EQ(facade->customers()
                .amend(CustomerNumber{"C1"}, {"Grace", {}, {}, {}, {}}, {"*"}, write("k2"))
                .status,
            200);
  restore_backup();
  ASSERT_EQ(recover().state, "open");
  settle();
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Grace");
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "Ada");
  ASSERT_EQ(exceptions().size(), 1U);
  ASSERT_EQ(exceptions()[0].side, Side::legacy) << exceptions()[0].detail;
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "olga", "Grace was said last"));
  settle();
  EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Grace");
  EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "Grace");
}

TEST_F(RecoveryTest, ACustomerThatBothChangedIsAPersonsToDecideAndNeitherIsOverwritten) {
  for (const bool replay : {true, false}) {
    if (!replay) anew();
    dual_write();
    settle();
    take_backup();
    const auto amended = [&](const char* name, const char* key) {
      return facade->customers()
          .amend(CustomerNumber{"C1"}, {name, {}, {}, {}, {}}, {"*"}, write(key))
          .status;
    };
    ASSERT_EQ(amended("Ada", "k1"), 200);
    settle();  // Mirrored: both have changed.
    ASSERT_EQ(amended("Grace", "k2"), 200);
    restore_backup();
    ASSERT_EQ(recover().state, "open");
    settle();
    ASSERT_EQ(exceptions().size(), 1U);
    EXPECT_EQ(exceptions()[0].kind, "customer_differs_after_restore");
    EXPECT_NE(exceptions()[0].detail.find("Ada"), std::string::npos);
    EXPECT_NE(exceptions()[0].detail.find("Grace"), std::string::npos);
    EXPECT_EQ(legacy().customers_now().at(CustomerNumber{"C1"}).name, "Grace");
    EXPECT_EQ(cloud().customers_now().at(CustomerNumber{"C1"}).name, "Ada");
    EXPECT_EQ(amended("Edith", "k3"), 503);
    const std::int64_t id = exceptions()[0].id;
    ASSERT_TRUE(replay ? facade->replay_exception(id, "olga", "legacy was last")
                       : facade->discard_exception(id, "olga", "the cloud was last"));
    settle();
    EXPECT_TRUE(exceptions().empty());
    for (SmallErp* erp : {&legacy(), &cloud()})
      EXPECT_EQ(erp->customers_now().at(CustomerNumber{"C1"}).name, replay ? "Grace" : "Ada");
    EXPECT_EQ(amended("Edith", "k3"), 200);
  }
}

TEST_F(RecoveryTest, AMovementOfAChannelsThatOneErpLacksIsPostedThereOnce) {
  recovery_settings.movement_prefixes = {"SHOP-"};
  dual_write();
  settle();
  take_backup();
  ASSERT_EQ(facade->inventory().adjust(movement("SHOP-1", "5"), write("k1")).status, 201);
  ASSERT_EQ(facade->inventory().adjust(movement("SHOP-2", "3"), write("k2")).status, 201);
  settle();
  ASSERT_EQ(facade->inventory().adjust(movement("SHOP-3", "2"), write("k3")).status, 201);
  ASSERT_EQ(facade->inventory().adjust(movement("WR-4", "9"), write("k4")).status, 201);
  restore_backup();
  const RecoveryState done = recover();
  EXPECT_EQ(done.state, "open") << done.waits;
  EXPECT_EQ(done.counts.at("movements_missing"), 1);
  settle();
  for (const char* id : {"SHOP-1", "SHOP-2", "SHOP-3"}) {
    EXPECT_EQ(legacy().postings_of(MovementId{id}), 1) << id;
    EXPECT_EQ(cloud().postings_of(MovementId{id}), 1) << id;
  }
  EXPECT_EQ(cloud().postings_of(MovementId{"WR-4"}), 0) << "it may be the ERP's own";
  ASSERT_EQ(exceptions().size(), 1U);
  EXPECT_EQ(exceptions()[0].kind, "movement_in_one_erp");
  ASSERT_TRUE(facade->replay_exception(exceptions()[0].id, "olga", "it was a shop's"));
  settle();
  EXPECT_EQ(cloud().postings_of(MovementId{"WR-4"}), 1);
  // Its channel repeats it: found, and posted nowhere again.
  EXPECT_EQ(facade->inventory().adjust(movement("SHOP-3", "2"), write("k3")).status, 201);
  settle();
  EXPECT_EQ(legacy().postings_of(MovementId{"SHOP-3"}), 1);
  EXPECT_EQ(cloud().postings_of(MovementId{"SHOP-3"}), 1);
  EXPECT_EQ(legacy().stock_now(), cloud().stock_now());
}

}  // namespace
}  // namespace underpin::facade::test
