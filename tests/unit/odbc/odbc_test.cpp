#include "legacy-adapters/transport/odbc/connection.h"
#include "tests/unit/odbc/sample_database.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace underpin::legacy::odbc {
namespace {

using testing::HasSubstr;

TEST(Odbc, HalfOfASurrogatePairIsReplacedAndTakesNothingWithIt) {
  const std::vector<SQLWCHAR> units{'a', 0xD83D, 'b', 0xDE00, 0xD83D, 0xDE00, 0xD83D};
  EXPECT_EQ(narrow(units.data(), units.size()), "a\uFFFDb\uFFFD\U0001F600\uFFFD");
}

TEST(Odbc, KeepsTwentyDecimalsAsTheyAreStored) {
  SampleDatabase sample;
  sample.run("CREATE TABLE [CRONUS$Item] ([No_] VARCHAR(20), [Unit Price] VARCHAR(42))");
  sample.run("INSERT INTO [CRONUS$Item] VALUES ('1000', '12345678901234567.89000000000000000001')");
  Database database(sample.settings());
  const auto rows = database.rows("SELECT i.[Unit Price] FROM [CRONUS$Item] i", {}, in_ms(5000));
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(text((*rows)[0], 0), "12345678901234567.89000000000000000001");
}

TEST(Odbc, TellsNullFromBlank) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a VARCHAR(5), b VARCHAR(5), c VARCHAR(5))");
  sample.run("INSERT INTO t VALUES (NULL, '', ' ')");
  Database database(sample.settings());
  const auto rows = database.rows("SELECT a, b, c FROM t", {}, in_ms(5000));
  ASSERT_TRUE(rows);
  EXPECT_FALSE((*rows)[0][0].has_value());
  EXPECT_EQ((*rows)[0][1], "");
  EXPECT_EQ((*rows)[0][2], " ");
}

TEST(Odbc, ReadsIntegersDatesAndUmlautsAsText) {
  SampleDatabase sample;
  sample.run("CREATE TABLE [Müller$Item] ([Öl] VARCHAR(20), n BIGINT, d TIMESTAMP, s SMALLINT)");
  sample.run(
      "INSERT INTO [Müller$Item] VALUES "
      "('Grün 🍏', 9223372036854775807, '1753-01-01 00:00:00', 1)");
  Database database(sample.settings());
  const auto rows = database.rows(
      "SELECT i.[Öl], i.n, i.d, i.s FROM [Müller$Item] i "
      "WHERE i.[Öl] = ?",
      {"Grün 🍏"}, in_ms(5000));
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(text((*rows)[0], 0), "Grün 🍏");
  EXPECT_EQ(text((*rows)[0], 1), "9223372036854775807");
  EXPECT_EQ(text((*rows)[0], 2), "1753-01-01 00:00:00");
  EXPECT_EQ(text((*rows)[0], 3), "1");
}

TEST(Odbc, BindsValuesSoThatTheyNeverBecomeSql) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a VARCHAR(40), n INTEGER)");
  sample.run("INSERT INTO t VALUES ('x'' OR ''1''=''1', 7), ('other', 8)");
  Database database(sample.settings());
  const auto rows = database.rows("SELECT a FROM t WHERE a = ? AND n = ?",
                                  {"x' OR '1'='1", std::int64_t{7}}, in_ms(5000));
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(text((*rows)[0], 0), "x' OR '1'='1");
}

TEST(Odbc, ReadsValuesLongerThanItsBuffer) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a TEXT)");
  for (const int length : {4094, 4095, 4096, 4097, 8190, 50'000})
    sample.run("INSERT INTO t VALUES ('" + std::string(static_cast<std::size_t>(length), 'x') +
               "')");
  Database database(sample.settings());
  const auto rows = database.rows("SELECT a FROM t", {}, in_ms(5000));
  ASSERT_TRUE(rows) << rows.error().message;
  std::vector<std::size_t> lengths;
  for (const Row& row : *rows) lengths.push_back(row[0]->size());
  EXPECT_THAT(lengths, testing::ElementsAre(4094, 4095, 4096, 4097, 8190, 50'000));
}

TEST(Odbc, RefusesEverythingButSelect) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("INSERT INTO t VALUES (1)");
  Database database(sample.settings());
  for (const char* sql : {"DELETE FROM t", "UPDATE t SET a = 2", "DROP TABLE t", "",
                          "WITH x AS (SELECT 1) DELETE FROM t"}) {
    const auto answer = database.rows(sql, {}, in_ms(5000));
    ASSERT_FALSE(answer) << sql;
  }
  const auto rows = database.rows("SELECT a FROM t", {}, in_ms(5000));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 1U);
}

TEST(Odbc, StreamsALargeResultRowByRow) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  Database database(sample.settings());
  // A million rows that nobody could hold: the reader stops after a thousand, long before the end.
  const auto started = std::chrono::steady_clock::now();
  int seen = 0;
  const Status status = database.query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
      "SELECT i, 'some text' FROM n",
      {}, in_ms(20'000), [&](const Row&) { return ++seen < 1000; });
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(seen, 1000);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
}

TEST(Odbc, StopsAStatementThatComputesPastTheDeadline) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  Database database(sample.settings());
  const auto started = std::chrono::steady_clock::now();
  const auto answer = database.rows(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) "
      "SELECT max(i) FROM n",
      {}, in_ms(200));
  const auto took = std::chrono::steady_clock::now() - started;
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable) << answer.error().message;
  EXPECT_EQ(answer.error().system, "nav");
  EXPECT_LT(took, std::chrono::seconds(5));
  EXPECT_EQ(database.statistics().cancelled, 1);
  EXPECT_TRUE(database.ping(in_ms(5000)));  // The next statement is not cancelled with it.
}

TEST(Odbc, GivesUpAtTheQueryTimeoutEvenWhenTheDeadlineIsFar) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  Settings settings = sample.settings();
  settings.query_timeout_ms = 100;
  Database database(settings);
  const auto answer = database.rows(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) "
      "SELECT max(i) FROM n",
      {}, in_ms(60'000));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST(Odbc, CancelsManyStatementsAtOnceWithoutHurtingOthers) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("INSERT INTO t VALUES (1)");
  Database database(sample.settings());
  std::atomic<int> stopped{0};
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        const auto slow = database.rows(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100000000000) "
            "SELECT max(i) FROM n",
            {}, in_ms(30));
        if (!slow && slow.error().code == ErrorCode::unavailable) ++stopped;
        if (database.rows("SELECT a FROM t", {}, in_ms(20'000))) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stopped, 20);
  EXPECT_EQ(answered, 20);
}

TEST(Odbc, WaitsForALockedDatabaseWithinTheDeadline) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("INSERT INTO t VALUES (1)");
  sample.run("PRAGMA journal_mode=DELETE");
  Database database(sample.settings());
  sample.run("BEGIN EXCLUSIVE");
  std::atomic<bool> released{false};
  std::thread writer([&] {
    while (database.statistics().busy == 0) std::this_thread::yield();
    released = true;
    sample.run("COMMIT");
  });
  const auto rows = database.rows("SELECT a FROM t", {}, in_ms(20'000));
  EXPECT_TRUE(released);  // Not before.
  writer.join();
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 1U);
}

TEST(Odbc, CallsALockedDatabaseUnavailableWhenTimeIsUp) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("PRAGMA journal_mode=DELETE");
  Database database(sample.settings());
  sample.run("BEGIN EXCLUSIVE");
  const auto started = std::chrono::steady_clock::now();
  const auto rows = database.rows("SELECT a FROM t", {}, in_ms(300));
  const auto took = std::chrono::steady_clock::now() - started;
  sample.run("COMMIT");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::unavailable) << rows.error().message;
  EXPECT_LT(took, std::chrono::seconds(3));
}

TEST(Odbc, NamesAMissingTableAndColumn) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  Database database(sample.settings());
  const auto table = database.rows("SELECT x.a FROM [CRONUS$Item] x", {}, in_ms(5000));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::internal);
  EXPECT_THAT(table.error().message, HasSubstr("CRONUS$Item"));
  EXPECT_FALSE(table.error().vendor_code.empty());
  const auto column = database.rows("SELECT t.[No_] FROM t", {}, in_ms(5000));
  ASSERT_FALSE(column);
  EXPECT_THAT(column.error().message, HasSubstr("No_"));
}

TEST(Odbc, CallsAMissingDatabaseUnavailableAndDoesNotCreateIt) {
  SampleDatabase sample;
  Settings settings = sample.settings();
  const std::string missing = sample.path() + ".missing";
  settings.connection_string = "Driver=" + SampleDatabase::driver() + ";Database=" + missing;
  Database database(settings);
  const Status status = database.ping(in_ms(5000));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable) << status.error().message;
  EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST(Odbc, CallsAMissingDriverOurOwnFault) {
  Settings settings;
  settings.system = "nav";
  settings.connection_string = "Driver=/nowhere/libnodriver.so;Database=x";
  Database database(settings);
  const Status status = database.ping(in_ms(5000));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::internal) << status.error().vendor_code;
  EXPECT_THAT(status.error().message, testing::Not(HasSubstr("Database=x")));
}

TEST(Odbc, LimitsRowsAndBytesOfAResult) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a VARCHAR(10))");
  for (int i = 0; i < 11; ++i) sample.run("INSERT INTO t VALUES ('0123456789')");
  Settings settings = sample.settings();
  settings.rows_max = 10;
  const auto rows = Database(settings).rows("SELECT a FROM t", {}, in_ms(5000));
  ASSERT_FALSE(rows);
  EXPECT_THAT(rows.error().message, HasSubstr("more than 10 rows"));
  settings.rows_max = 11;
  EXPECT_TRUE(Database(settings).rows("SELECT a FROM t", {}, in_ms(5000)));
  settings.bytes_max = 109;
  const auto bytes = Database(settings).rows("SELECT a FROM t", {}, in_ms(5000));
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, HasSubstr("more than 109 bytes"));
  settings.bytes_max = 110;
  settings.value_max = 9;
  const auto value = Database(settings).rows("SELECT a FROM t", {}, in_ms(5000));
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message, HasSubstr("column 1"));
}

// What arrives in blocks, row by row, with NULL as "".
Result<std::vector<std::vector<std::string>>> in_blocks(Database& database, const std::string& sql,
                                                        const BlockShape& shape,
                                                        std::size_t* blocks = nullptr) {
  std::vector<std::vector<std::string>> all;
  const Status status =
      database.query_blocks(sql, {std::int64_t{0}}, shape, in_ms(20'000), [&](const Block& block) {
        for (std::size_t row = 0; row < block.rows(); ++row) {
          all.emplace_back();
          for (std::size_t column = 0; column < block.columns(); ++column)
            all.back().emplace_back(block.text(row, column));
        }
        if (blocks != nullptr) ++*blocks;
        return true;
      });
  if (!status) return status.error();
  return all;
}

TEST(OdbcBlocks, GiveTheRowsThatComeOneByOne) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (id INTEGER, a TEXT, b DECIMAL(38,20))");
  for (int i = 1; i <= 25; ++i) {
    const std::string text = i % 5 == 0 ? "NULL"
                             : i % 7 == 0
                                 ? "''"
                                 : "'Ä" + std::string(static_cast<std::size_t>(i), 'x') + "'";
    sample.run("INSERT INTO t VALUES (" + std::to_string(i) + ", " + text + ", '" +
               std::to_string(i) + ".25')");
  }
  Database database(sample.settings());
  const std::string sql = "SELECT id, a, b FROM t WHERE id > ? ORDER BY id";
  const auto rows = database.rows(sql, {std::int64_t{0}}, in_ms(5000));
  ASSERT_TRUE(rows);
  for (const int size : {1, 7, 25, 100}) {
    std::size_t blocks = 0;
    const auto found = in_blocks(database, sql, {size, 40}, &blocks);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), rows->size()) << size;
    EXPECT_EQ(blocks, static_cast<std::size_t>((25 + size - 1) / size));
    for (std::size_t i = 0; i < rows->size(); ++i)
      for (std::size_t column = 0; column < 3; ++column)
        EXPECT_EQ((*found)[i][column], text((*rows)[i], column)) << i;
  }
}

TEST(OdbcBlocks, NameTheColumnOfAValueThatIsTooLong) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (id INTEGER, a TEXT)");
  sample.run("INSERT INTO t VALUES (1, '0123456789')");
  Database database(sample.settings());
  const std::string sql = "SELECT id, a FROM t WHERE id > ?";
  const auto fits = in_blocks(database, sql, {10, 10});
  ASSERT_TRUE(fits) << fits.error().message;
  EXPECT_EQ(fits->front()[1], "0123456789");
  const auto cut = in_blocks(database, sql, {10, 9});
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("column 2 has more than 9 bytes"));
}

TEST(OdbcBlocks, KeepTheLimitsAndTheDeadline) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (id INTEGER, a TEXT)");
  for (int i = 1; i <= 11; ++i) sample.run("INSERT INTO t VALUES (1, '0123456789')");
  Settings settings = sample.settings();
  settings.rows_max = 10;
  Database few(settings);
  const auto rows = in_blocks(few, "SELECT a FROM t WHERE id > ?", {5, 40});
  ASSERT_FALSE(rows);
  EXPECT_THAT(rows.error().message, HasSubstr("more than 10 rows"));
  Database database(sample.settings());
  std::size_t seen = 0;
  const Status stopped = database.query_blocks(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
      "SELECT i FROM n",
      {}, {100, 20}, in_ms(20'000), [&](const Block& block) {
        seen += block.rows();
        return seen < 1'000;
      });
  EXPECT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(seen, 1'000U);
  const Status late = database.query_blocks(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) "
      "SELECT i FROM n WHERE i < 0",
      {}, {100, 20}, in_ms(200), [](const Block&) { return true; });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unavailable);
}

TEST(Odbc, ReusesConnectionsAndOpensNoMoreThanAllowed) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("INSERT INTO t VALUES (1)");
  Settings settings = sample.settings();
  settings.pool_max = 2;
  Database database(settings);
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        if (database.rows("SELECT a FROM t", {}, in_ms(20'000))) ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 120);
  EXPECT_LE(database.statistics().opened, 2);
}

TEST(Odbc, SaysSoWhenNoConnectionBecomesFree) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("INSERT INTO t VALUES (1)");
  Settings settings = sample.settings();
  settings.pool_max = 1;
  Database database(settings);
  Status inner{Done{}};
  const Status outer = database.query("SELECT a FROM t", {}, in_ms(5000), [&](const Row&) {
    inner = database.ping(in_ms(50));
    return true;
  });
  EXPECT_TRUE(outer);
  ASSERT_FALSE(inner);
  EXPECT_EQ(inner.error().code, ErrorCode::unavailable);
  EXPECT_THAT(inner.error().message, HasSubstr("in use"));
}

TEST(Odbc, ReplacesAConnectionThatWasIdleTooLong) {
  SampleDatabase sample;
  Settings settings = sample.settings();
  settings.idle_max_ms = 0;
  Database database(settings);
  EXPECT_TRUE(database.ping(in_ms(5000)));
  EXPECT_TRUE(database.ping(in_ms(5000)));
  EXPECT_EQ(database.statistics().opened, 2);
  EXPECT_EQ(database.statistics().discarded, 1);
}

TEST(Odbc, TurnsAnExceptionOfTheReaderIntoAnErrorAndKeepsTheConnection) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  sample.run("INSERT INTO t VALUES (1)");
  Database database(sample.settings());
  const Status status = database.query("SELECT a FROM t", {}, in_ms(5000), [](const Row&) -> bool {
    throw std::runtime_error("not a decimal");
  });
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("not a decimal"));
  EXPECT_TRUE(database.ping(in_ms(5000)));
  EXPECT_EQ(database.statistics().opened, 1);
}

TEST(SqlState, MapsWhatDriversReport) {
  EXPECT_EQ(code_of("28000", 18456, Driver::other), ErrorCode::unauthorized);
  EXPECT_EQ(code_of("08S01", 0, Driver::other), ErrorCode::unavailable);
  EXPECT_EQ(code_of("08001", 0, Driver::other), ErrorCode::unavailable);
  EXPECT_EQ(code_of("HYT00", 0, Driver::other), ErrorCode::unavailable);
  EXPECT_EQ(code_of("HYT01", 0, Driver::other), ErrorCode::unavailable);
  EXPECT_EQ(code_of("HY008", 0, Driver::other), ErrorCode::unavailable);
  EXPECT_EQ(code_of("40001", 1205, Driver::other), ErrorCode::unavailable);
  EXPECT_EQ(code_of("23000", 2627, Driver::other), ErrorCode::conflict);
  EXPECT_EQ(code_of("42501", 0, Driver::other), ErrorCode::unauthorized);
  EXPECT_EQ(code_of("42S02", 208, Driver::other), ErrorCode::internal);
  EXPECT_EQ(code_of("22003", 0, Driver::other), ErrorCode::internal);
  EXPECT_EQ(code_of("IM002", 0, Driver::other), ErrorCode::internal);
  EXPECT_EQ(code_of("HY000", 5, Driver::other), ErrorCode::internal);
  EXPECT_EQ(code_of("HY000", 5, Driver::sqlite), ErrorCode::unavailable);
  EXPECT_EQ(code_of("S1000", 261, Driver::sqlite), ErrorCode::unavailable);  // SQLITE_BUSY_RECOVERY
  EXPECT_EQ(code_of("HY000", 19, Driver::sqlite), ErrorCode::conflict);
  EXPECT_EQ(code_of("HY000", 1, Driver::sqlite), ErrorCode::internal);
  EXPECT_EQ(code_of("ZZ999", 0, Driver::other), ErrorCode::internal);
}

TEST(SqlState, TheNativeCodeDecidesWhereTheStateSaysNothing) {
  EXPECT_EQ(code_of("HY000", 1205, Driver::mariadb), ErrorCode::unavailable);
  EXPECT_EQ(code_of("HY000", 1062, Driver::mariadb), ErrorCode::conflict);
  EXPECT_EQ(code_of("HY000", 1045, Driver::mariadb), ErrorCode::unauthorized);
  EXPECT_EQ(code_of("S1000", 20003, Driver::sql_server), ErrorCode::unavailable);
  EXPECT_EQ(code_of("HY000", 1017, Driver::oracle), ErrorCode::unauthorized);
  EXPECT_EQ(code_of("HY000", 1205, Driver::other), ErrorCode::internal);
  EXPECT_EQ(code_of("42S02", 1205, Driver::mariadb), ErrorCode::internal);  // The state said it.
  EXPECT_TRUE(is_busy("HY000", 1205, Driver::mariadb));
  EXPECT_TRUE(is_connection_lost("HY000", 2006, Driver::mariadb));
  EXPECT_FALSE(is_connection_lost("HY000", 2006, Driver::oracle));
  EXPECT_TRUE(is_connection_lost("57P01", 0, Driver::postgresql));
}

TEST(SqlState, ADriverIsKnownByItsNameAndByItsFile) {
  EXPECT_EQ(driver_of("Driver={MariaDB Unicode};Server=x"), Driver::mariadb);
  EXPECT_EQ(driver_of("Server=x;DRIVER=/usr/lib/psqlodbcw.so"), Driver::postgresql);
  EXPECT_EQ(driver_of("Driver={ODBC Driver 18 for SQL Server};"), Driver::sql_server);
  EXPECT_EQ(driver_of("DSN=mariadb"), Driver::other);
  EXPECT_EQ(driver_of_library("libtdsodbc.so"), Driver::sql_server);
}

TEST(SqlState, CallsLocksBusyAndBrokenLinksLost) {
  EXPECT_TRUE(is_busy("HY000", 5, Driver::sqlite));
  EXPECT_TRUE(is_busy("40001", 1205, Driver::other));
  EXPECT_FALSE(is_busy("HY000", 5, Driver::other));
  EXPECT_FALSE(is_busy("08S01", 0, Driver::other));
  EXPECT_TRUE(is_connection_lost("08S01", 0, Driver::other));
  EXPECT_FALSE(is_connection_lost("HYT00", 0, Driver::other));
}

}  // namespace
}  // namespace underpin::legacy::odbc
