// A sender that was stopped and woken (SIGSTOP, a paused machine) finds that another replica has
// taken its write over. What it says about its own attempt must not touch the other's.
#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {
namespace {

using Trap = SmallErp::Trap;

struct TakenOverTest : FacadeFixture {
  TakenOverTest() { legacy().add_customer(customer("C1")); }

  // Once, directly after the ERP has answered the sender and before it settles.
  void meanwhile(std::function<void(journal::JournalTransaction&, const journal::Intent&)> work) {
    on_step = [this, work = std::move(work), done = false](Step step, const std::string&) mutable {
      if (step != Step::sent || done) return;
      done = true;
      EXPECT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
        for (const journal::Intent& intent : tx.open_intents(1)) work(tx, intent);
        return true;
      }));
    };
    open();
  }
  std::vector<journal::Intent> open_intents() {
    std::vector<journal::Intent> all;
    EXPECT_TRUE(facade->journal().read(
        [&](const journal::JournalReader& reader) { all = reader.open_intents(10); }));
    return all;
  }
  // What another replica's resolver does before it sends again.
  void another_sends_again() {
    meanwhile([this](journal::JournalTransaction& tx, const journal::Intent& intent) {
      tx.count_attempt(intent.id, Timestamp{clock}.plus_ms(10'000));
    });
  }
  void another_closes(int status) {
    meanwhile([this, status](journal::JournalTransaction& tx, const journal::Intent& intent) {
      EXPECT_TRUE(
          tx.close_intent(intent.id, {status, R"({"by":"another"})", "", ""}, Timestamp{clock}));
    });
  }
};

TEST_F(TakenOverTest, AFailureOfTheFirstAttemptDoesNotReleaseTheSecond) {
  another_sends_again();
  legacy().set_trap("place_order", Trap::unavailable);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  ASSERT_EQ(open_intents().size(), 1u) << "the second attempt is on its way";
  EXPECT_EQ(open_intents()[0].attempts, 2);
  EXPECT_EQ(open_intents()[0].state, journal::IntentState::open);
}

TEST_F(TakenOverTest, ARefusalOfTheFirstAttemptDoesNotCloseTheSecond) {
  another_sends_again();
  legacy().set_trap("place_order", Trap::refused);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  ASSERT_EQ(open_intents().size(), 1u);
}

TEST_F(TakenOverTest, AnUnknownOutcomeOfTheFirstAttemptDoesNotMarkTheSecond) {
  another_sends_again();
  legacy().set_trap("place_order", Trap::lost_request);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 202);
  ASSERT_EQ(open_intents().size(), 1u);
  EXPECT_EQ(open_intents()[0].state, journal::IntentState::open)
      << "marked, it would be looked up and sent while the second attempt is on its way";
}

TEST_F(TakenOverTest, TheAnswerThatAnotherGaveIsTheAnswer) {
  another_closes(201);
  const Answer answer = facade->orders().place(order("1"), write("k1"));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, R"({"by":"another"})");
}

TEST_F(TakenOverTest, AFailureThatComesAfterTheAnswerIsNotToldToTheChannel) {
  another_closes(201);
  legacy().set_trap("place_order", Trap::unavailable);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201);
  EXPECT_EQ(facade->orders().place(order("1"), write("k1")).status, 201) << "the stored answer";
}

}  // namespace
}  // namespace underpin::facade::test
