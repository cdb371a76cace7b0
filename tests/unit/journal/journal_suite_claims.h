#pragma once

#include "tests/unit/journal/journal_fixture.h"

#include <algorithm>
#include <chrono>

// Claims and replicas. Included once per store, by the file that instantiates the suite.
namespace underpin::facade::journal {

// Opening again makes another replica of us; with an embedded store, another process.
class JournalClaims : public JournalSuite {
 protected:
  bool claim(const std::string& what, Timestamp expired_by, Timestamp until) {
    bool got = false;
    write([&](JournalTransaction& tx) { got = tx.claim(what, expired_by, until); });
    return got;
  }
  void by_another(const std::string& what, Timestamp until) {
    EXPECT_TRUE(claim(what, at(0), until));
    open();
  }
  std::optional<Claim> claim_on(const std::string& what) const {
    return read([&](const JournalReader& r) { return r.claim_on(what); });
  }
};

TEST_P(JournalClaims, WorkIsTakenOnceAndAgainOnlyWhenItsTimeIsUp) {
  by_another("row/7", at(10));
  EXPECT_FALSE(claim("row/7", at(9), at(30)));
  EXPECT_EQ(claim_on("row/7")->until, at(10));
  EXPECT_TRUE(claim("row/8", at(9), at(30)));
  EXPECT_TRUE(claim("row/7", at(10), at(30)));
  EXPECT_EQ(claim_on("row/7")->until, at(30));
  EXPECT_EQ(claim_on("row/7")->replica, read([](const JournalReader& r) { return r.self(); }));
}

TEST_P(JournalClaims, OfSeveralTakenAtOnceThoseThatAnotherHasAreLeft) {
  by_another("row/1", at(10));
  by_another("row/2", at(20));
  std::set<std::string> taken;
  write([&](JournalTransaction& tx) {
    taken = tx.claim_all({"row/1", "row/2", "row/3"}, at(15), at(50));
  });
  EXPECT_EQ(taken, (std::set<std::string>{"row/1", "row/3"}));
  EXPECT_EQ(claim_on("row/2")->until, at(20));
  EXPECT_EQ(claim_on("row/3")->until, at(50));
  write([&](JournalTransaction& tx) { EXPECT_TRUE(tx.claim_all({}, at(15), at(50)).empty()); });
}

TEST_P(JournalClaims, ADueRowSaysHowLongItIsClaimed) {
  const std::int64_t taken = add(customer_row("C1"));
  const std::int64_t free = add(customer_row("C2"));
  EXPECT_TRUE(claim(row_claim(taken), at(0), at(70)));
  const auto rows = read([](const JournalReader& r) { return r.due_rows(Side::cloud, at(9), 9); });
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].id, taken);
  EXPECT_EQ(rows[0].claimed_until, at(70));
  EXPECT_EQ(rows[1].id, free);
  EXPECT_EQ(rows[1].claimed_until, std::nullopt);
}

TEST_P(JournalClaims, AClaimIsRenewedAndGivenBackByItsHolderOnly) {
  by_another("task/feed", at(10));
  write([](JournalTransaction& tx) { tx.give_back("task/feed"); });
  EXPECT_TRUE(claim_on("task/feed"));
  EXPECT_TRUE(claim("task/feed", at(10), at(20)));
  EXPECT_TRUE(claim("task/feed", at(11), at(40)));
  EXPECT_EQ(claim_on("task/feed")->until, at(40));
  write([](JournalTransaction& tx) { tx.give_back("task/feed"); });
  EXPECT_FALSE(claim_on("task/feed"));
}

TEST_P(JournalClaims, ARowThatAnotherHasTakenOverIsNotPutOffByWhoHadItBefore) {
  const std::int64_t row = add(customer_row("C1"));
  by_another(row_claim(row), at(10));
  write([&](JournalTransaction& tx) { tx.retry_later(row, at(50), "late news"); });
  EXPECT_EQ(due(Side::cloud, at(20)), std::vector<std::int64_t>{row});
  EXPECT_TRUE(claim_on(row_claim(row)));
  EXPECT_TRUE(claim(row_claim(row), at(10), at(40)));
  write([&](JournalTransaction& tx) { tx.retry_later(row, at(50), "not now"); });
  EXPECT_TRUE(due(Side::cloud, at(20)).empty());
  EXPECT_FALSE(claim_on(row_claim(row)));
}

TEST_P(JournalClaims, TheEndOfTheWorkEndsItsClaim) {
  const std::int64_t row = add(customer_row("C1"));
  const std::int64_t dead = add(customer_row("C2"));
  const std::int64_t intent = opened(order_intent("1", "k1"));
  const std::int64_t released = opened(order_intent("2", "k2"));
  for (const std::string& what :
       {row_claim(row), row_claim(dead), intent_claim(intent), intent_claim(released)})
    EXPECT_TRUE(claim(what, at(0), at(90)));
  write([&](JournalTransaction& tx) {
    tx.delivered(row);
    tx.dead_letter(dead, "refused", at(1));
    tx.close_intent(intent, {201, "{}", "", ""}, at(1));
    tx.release_intent(released);
  });
  for (const std::string& what :
       {row_claim(row), row_claim(dead), intent_claim(intent), intent_claim(released)})
    EXPECT_FALSE(claim_on(what)) << what;
}

TEST_P(JournalClaims, OnlyAnEmbeddedStoreKnowsThatAnEarlierProcessIsGone) {
  by_another("row/7", at(100));
  write([](JournalTransaction& tx) { tx.end_claims_of_the_gone(at(5)); });
  EXPECT_EQ(claim_on("row/7")->until, journal_->shared() ? at(100) : at(5));
}

TEST_P(JournalClaims, AReplicaIsKnownWithThePlansItRoutesBy) {
  const auto renewed = [&](const ReplicaRecord& replica) {
    return replica.id == read([](const JournalReader& r) { return r.self(); });
  };
  Timestamp until;
  write([&](JournalTransaction& tx) {
    until = tx.clock().plus_ms(5'000);
    tx.renew_replica({{"default/orders", 4}, {"north/customers", 1}}, until);
  });
  const auto replicas = read([](const JournalReader& r) { return r.replicas(); });
  const auto self = std::find_if(replicas.begin(), replicas.end(), renewed);
  ASSERT_NE(self, replicas.end());
  EXPECT_EQ(self->alive_until, until);
  EXPECT_FALSE(self->name.empty() && journal_->shared());
  EXPECT_EQ(self->taken,
            (std::map<std::string, std::int64_t>{{"default/orders", 4}, {"north/customers", 1}}));
}

TEST_P(JournalClaims, TheStoresClockRuns) {
  const Timestamp before = Timestamp::from(std::chrono::system_clock::now());
  const Timestamp told = read([](const JournalReader& r) { return r.clock(); });
  EXPECT_GT(told, before.plus_ms(-5'000));
  EXPECT_LT(told, before.plus_ms(5'000));
}

}  // namespace underpin::facade::journal
