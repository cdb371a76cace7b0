#include "legacy-adapters/transport/odbc/transaction.h"
#include "tests/unit/odbc/sample_database.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace underpin::legacy::odbc {
namespace {

class Transactions : public testing::Test {
 protected:
  Transactions() {
    sample_.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)");
    writer_ = std::make_unique<Writer>(sample_.settings());
  }
  std::string count() {
    Database database(sample_.settings());
    const auto rows = database.rows("SELECT count(*) FROM t", {}, in_ms(10'000));
    return rows ? *rows->at(0).at(0) : rows.error().message;
  }
  static Status insert(Transaction& transaction, int id) {
    const auto done =
        transaction.execute("INSERT INTO t (id, a) VALUES (?, ?)", {id, "it's; -- \"a\""});
    if (!done) return done.error();
    EXPECT_EQ(done->affected, 1);
    return Done{};
  }

  SampleDatabase sample_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(Transactions, AreCommittedWhenTheirBodySucceeds) {
  for (const int first : {1, 3}) {  // The second on the same connection.
    const Status done = writer_->transact(in_ms(10'000), [&](Transaction& transaction) -> Status {
      if (const Status one = insert(transaction, first); !one) return one;
      EXPECT_EQ(count(), first == 1 ? "0" : "2") << "nobody sees it before";
      return insert(transaction, first + 1);
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_EQ(count(), "4");
  EXPECT_EQ(writer_->statistics().opened, 1);
}

TEST_F(Transactions, LeaveNothingWhenTheirBodyFails) {
  const Status done = writer_->transact(in_ms(10'000), [&](Transaction& transaction) -> Status {
    EXPECT_TRUE(insert(transaction, 1));
    return Error{ErrorCode::conflict, "changed meanwhile"};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::conflict);
  EXPECT_EQ(count(), "0");
  const Status thrown = writer_->transact(in_ms(10'000), [&](Transaction& transaction) -> Status {
    EXPECT_TRUE(insert(transaction, 1));
    throw std::runtime_error("no room");
  });
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().message, "a transaction failed: no room");
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, AStatementThatFailedCannotBePassedOver) {
  const Status done = writer_->transact(in_ms(10'000), [&](Transaction& transaction) -> Status {
    EXPECT_TRUE(insert(transaction, 1));
    const auto twice = transaction.execute("INSERT INTO t (id) VALUES (1)", {});
    EXPECT_FALSE(twice);
    if (!twice) {
      EXPECT_EQ(twice.error().code, ErrorCode::conflict) << twice.error().vendor_code;
    }
    EXPECT_FALSE(transaction.execute("INSERT INTO t (id) VALUES (2)", {}));
    return Done{};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::internal);
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, GiveTheRowsOfAStatementThatHasSome) {
  sample_.run("INSERT INTO t (id, a) VALUES (1, 'x'), (2, NULL)");
  const Status done = writer_->transact(in_ms(10'000), [&](Transaction& transaction) -> Status {
    const auto rows = transaction.execute("SELECT id, a FROM t WHERE id > ? ORDER BY id", {0});
    if (!rows) return rows.error();
    EXPECT_EQ(rows->rows.size(), 2U);
    EXPECT_EQ(rows->rows.at(0).at(1), "x");
    EXPECT_FALSE(rows->rows.at(1).at(1).has_value());
    const auto none = transaction.execute("UPDATE t SET a = 'y' WHERE id = ?", {7});
    if (!none) return none.error();
    EXPECT_EQ(none->affected, 0);
    return Done{};
  });
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(Transactions, AreNotCommittedWhenNobodyCanAwaitIt) {
  const Deadline end = in_ms(300);
  const Status late = writer_->transact(end, [&](Transaction& transaction) -> Status {
    EXPECT_TRUE(insert(transaction, 1));
    while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return Done{};
  });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unavailable) << "and no unknown outcome";
  const Status next =
      writer_->transact(in_ms(10'000), [](Transaction&) -> Status { return Done{}; });
  EXPECT_TRUE(next);
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, ADatabaseThatIsNotThereIsUnavailableAndNothingWasSent) {
  Settings settings = sample_.settings();
  settings.connection_string = "Driver=" + SampleDatabase::driver() + ";Database=/nowhere/erp.db";
  Writer nowhere(settings);
  bool called = false;
  const Status done = nowhere.transact(in_ms(3'000), [&](Transaction&) -> Status {
    called = true;
    return Done{};
  });
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().code, ErrorCode::outcome_unknown) << done.error().message;
}

}  // namespace
}  // namespace underpin::legacy::odbc
