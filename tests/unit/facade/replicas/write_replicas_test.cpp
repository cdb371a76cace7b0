#include "tests/unit/facade/replicas/two_replicas.h"

namespace underpin::facade {
namespace {

// Changes that another replica is about to make, or has made, since this one looked.
struct WriteReplicas : test::TwoReplicas {
  void SetUp() override {
    first = replica("first", [](Step, const std::string&) {});
    second = replica("second");
    ASSERT_TRUE(first && second);
    ASSERT_EQ(first->orders().place(order(), write("k1")).status, 201);
    settle(*first);
  }
  static OrderAmendment quantity(int wanted) {
    OrderAmendment amendment;
    LineAmendment line;
    line.number = 1;
    line.quantity = Decimal::of(wanted);
    amendment.lines.push_back(line);
    return amendment;
  }
  Answer amend(Facade& at, int wanted, const std::string& if_match, const std::string& key) const {
    return at.orders().amend("1", quantity(wanted), {if_match}, write(key));
  }
  Decimal held() const { return legacy->orders_with(order().id).at(0).order.lines.at(0).quantity; }
  // The intent that `key` has open, of which nothing has reached an ERP.
  std::int64_t opened_under(const std::string& key, int wanted) {
    legacy->set_trap("amend_order", test::SmallErp::Trap::lost_request);
    EXPECT_EQ(amend(*second, wanted, "*", key).status, 202);
    std::int64_t id = 0;
    EXPECT_TRUE(second->journal().read([&](const journal::JournalReader& reader) {
      const auto open = reader.open_intent_of(Capability::orders, "web/1");
      if (open) id = open->id;
    }));
    EXPECT_NE(id, 0);
    return id;
  }
  std::unique_ptr<Facade> first;
  std::unique_ptr<Facade> second;
};

TEST_F(WriteReplicas, ARepeatWhoseFirstRunIsGivenUpMeanwhileIsTheFirst) {
  const std::int64_t open = opened_under("a1", 3);
  // This replica has seen that the key is in flight; before it opens anything, it is not any more.
  before_write = [&] {
    EXPECT_TRUE(second->journal().write(
        [&](journal::JournalTransaction& tx) { return tx.release_intent(open); }));
  };
  const Answer repeated = amend(*first, 3, "*", "a1");
  EXPECT_EQ(repeated.status, 200) << repeated.body;
  EXPECT_EQ(held(), Decimal::of(3));
}

TEST_F(WriteReplicas, AChangeIsJudgedByWhatAnotherWroteAfterItLooked) {
  const std::string tag = first->orders().get("1", context())->etag;
  ASSERT_FALSE(tag.empty());
  before_write = [&] { EXPECT_EQ(amend(*second, 3, tag, "a1").status, 200); };
  const Answer late = amend(*first, 4, tag, "a2");
  EXPECT_EQ(late.status, 412) << late.body;
  EXPECT_EQ(held(), Decimal::of(3));
}

TEST_F(WriteReplicas, AChangeWaitsForTheEndOfAnothersAndIsJudgedByIt) {
  const std::int64_t open = opened_under("a1", 3);
  const Answer meanwhile = amend(*first, 4, "*", "a2");
  EXPECT_EQ(meanwhile.status, 409) << meanwhile.body;
  EXPECT_EQ(held(), Decimal::of(2));
  EXPECT_TRUE(second->journal().write(
      [&](journal::JournalTransaction& tx) { return tx.release_intent(open); }));
  EXPECT_EQ(amend(*first, 4, "*", "a2").status, 200);
  EXPECT_EQ(held(), Decimal::of(4));
}

}  // namespace
}  // namespace underpin::facade
