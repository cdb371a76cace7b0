// What must be the same over every driver, and what each needs for it.
#include "legacy-adapters/transport/odbc/transaction.h"
#include "tests/unit/odbc/drivers/servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace underpin::legacy::odbc {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// The highest resident size of this process since the last reset, in kB.
long peak_kb() {
  std::ifstream status("/proc/self/status");
  long kb = 0;
  for (std::string word; status >> word;)
    if (word == "VmHWM:") status >> kb;
  return kb;
}

// AddressSanitizer keeps 256 MB of what was freed, to find who uses it.
#ifdef __SANITIZE_ADDRESS__
constexpr long constant_kb = 400'000;
#else
constexpr long constant_kb = 10'000;
#endif

struct Place {
  const char* name;
  std::string (*connection)();
  const char* million;  // Two columns, a million rows, beyond the key that is bound.
  const char* slow;     // Runs for a minute.
  const char* bytes;    // The type of a column of bytes, and a constant of it: C1 C2 5A 81.
  const char* constant;
};

std::ostream& operator<<(std::ostream& out, const Place& place) { return out << place.name; }

SampleDatabase& sqlite_file() {
  static SampleDatabase sample;
  return sample;
}

std::string sqlite_string() { return sqlite_file().settings().connection_string; }

void fill_sqlite() {
  sqlite_file().run("CREATE TABLE million (i INTEGER PRIMARY KEY, t TEXT)");
  sqlite_file().run(
      "INSERT INTO million WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
      "i < 1000000) SELECT i, 'some text of a row' FROM n");
}

// Tests of one run share the servers: each process has a table of its own.
std::string own(std::string sql) {
  const std::string name = "underpin_t";
  for (std::size_t at = sql.find(name); at != std::string::npos; at = sql.find(name, at + 1))
    sql.insert(at + name.size(), std::to_string(::getpid()));
  return sql;
}

class Drivers : public testing::TestWithParam<Place> {
 protected:
  Drivers() : database_(settings_for(GetParam().connection())) {}
  // A table of its own name, gone with the test.
  void table(const std::string& columns) {
    run("DROP TABLE IF EXISTS underpin_t");
    run("CREATE TABLE underpin_t (" + columns + ")");
  }
  void run(const std::string& sql) {
    if (!writer_) writer_ = std::make_unique<TestWriter>(GetParam().connection());
    writer_->run(own(sql));
  }
  ~Drivers() override {
    if (writer_) writer_->run(own("DROP TABLE IF EXISTS underpin_t"));
  }
  bool is(const char* name) const { return std::string(GetParam().name) == name; }

  Database database_;
  std::unique_ptr<TestWriter> writer_;
};

class Bytes : public Drivers {};

TEST_P(Drivers, KeepADecimalsDigits) {
  table(is("sqlite") ? "a VARCHAR(40)" : "a DECIMAL(37,20)");
  run("INSERT INTO underpin_t VALUES ('12345678901234567.89000000000000000001')");
  const auto rows = database_.rows(
      own("SELECT t.a FROM underpin_t t WHERE t.a = ?"),
      {Decimal::parse("12345678901234567.89000000000000000001").value()}, in_ms(10'000));
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(text((*rows)[0], 0), "12345678901234567.89000000000000000001");
}

TEST_P(Drivers, TellNullBlankAndPaddingApart) {
  table("n INTEGER, a CHAR(8), b VARCHAR(8)");
  run("INSERT INTO underpin_t VALUES (1, NULL, NULL), (2, 'ab', ''), (3, '', 'x ')");
  const auto rows =
      database_.rows(own("SELECT t.a, t.b FROM underpin_t t WHERE t.n > ? ORDER BY t.n"),
                     {std::int64_t{0}}, in_ms(10'000));
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_FALSE((*rows)[0][0].has_value());
  EXPECT_FALSE((*rows)[0][1].has_value());
  EXPECT_EQ(unpadded(text((*rows)[1], 0)), "ab");
  EXPECT_EQ((*rows)[1][1], "");
  EXPECT_TRUE((*rows)[2][0].has_value());
  EXPECT_EQ(unpadded(text((*rows)[2], 0)), "");
  EXPECT_EQ((*rows)[2][1], "x ");
  std::vector<bool> nulls;
  const Status blocks =
      database_.query_blocks(own("SELECT t.a, t.b FROM underpin_t t ORDER BY t.n"), {}, {2, 40},
                             in_ms(10'000), [&](const Block& block) {
                               for (std::size_t row = 0; row < block.rows(); ++row)
                                 nulls.push_back(block.is_null(row, 1));
                               return true;
                             });
  ASSERT_TRUE(blocks) << blocks.error().message;
  EXPECT_EQ(nulls, (std::vector<bool>{true, false, false}));
}

// A key as it is stored, padded, is found by the bare one, where CHAR compares so.
TEST_P(Drivers, BindTextThatIsLookedUpInAPaddedColumn) {
  table("a CHAR(8)");
  run(is("sqlite") ? "INSERT INTO underpin_t VALUES ('AB')"
                   : "INSERT INTO underpin_t VALUES ('AB      ')");
  const auto rows =
      database_.rows(own("SELECT t.a FROM underpin_t t WHERE t.a = ?"), {"AB"}, in_ms(10'000));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 1U);
}

TEST_P(Drivers, CarryLettersOfEveryKind) {
  table("a VARCHAR(40), b VARCHAR(40)");
  const std::string letters = "Grün Ω 漢 \U0001F34F";
  if (is("mariadb")) run("ALTER TABLE underpin_t CONVERT TO CHARACTER SET utf8mb4");
  run("INSERT INTO underpin_t VALUES ('x', 'it''s')");
  const auto rows = database_.rows(own("SELECT t.a FROM underpin_t t WHERE t.a <> ? AND t.b = ?"),
                                   {letters, "it's"}, in_ms(10'000));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 1U);
  const auto back =
      database_.rows(own(is("mariadb") ? "SELECT CAST(? AS CHAR(40)) FROM underpin_t t"
                                       : "SELECT CAST(? AS VARCHAR(40)) FROM underpin_t t"),
                     {letters}, in_ms(10'000));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(text((*back)[0], 0), letters);
}

TEST_P(Bytes, AreReadInTheConfiguredCodePage) {
  table("n INTEGER, a " + std::string(GetParam().bytes));
  run("INSERT INTO underpin_t VALUES (1, " + std::string(GetParam().constant) + "), (2, NULL)");
  Settings settings = settings_for(GetParam().connection());
  settings.code_page = "IBM037";
  Database ebcdic(settings);
  const auto rows =
      ebcdic.rows(own("SELECT t.a FROM underpin_t t ORDER BY t.n"), {}, in_ms(10'000));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ((*rows)[0][0], "AB!a");
  EXPECT_FALSE((*rows)[1][0].has_value());
  const Status blocks = ebcdic.query_blocks(own("SELECT t.a FROM underpin_t t"), {}, {5, 40},
                                            in_ms(10'000), [](const Block&) { return true; });
  ASSERT_FALSE(blocks);
  settings.code_page = "NO-SUCH-PAGE";
  const auto unknown =
      Database(settings).rows(own("SELECT t.a FROM underpin_t t"), {}, in_ms(10'000));
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("NO-SUCH-PAGE"));
}

TEST_P(Drivers, AMillionRowsTakeNoMemory) {
  if (is("sqlite")) fill_sqlite();
  // What is allocated once: buffers, the driver's own.
  ASSERT_TRUE(database_.ping(in_ms(10'000)));
  std::ofstream("/proc/self/clear_refs") << "5";
  const long before = peak_kb();
  std::int64_t rows = 0;
  const Status read = database_.sweep(GetParam().million, std::int64_t{0}, 20'000, {500, 40},
                                      in_ms(100'000), [&](const Block& block) {
                                        rows += static_cast<std::int64_t>(block.rows());
                                        return true;
                                      });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(rows, 1'000'000);
  EXPECT_LT(peak_kb() - before, constant_kb) << "kB";
}

// In one statement, where the driver can. MariaDB's of Debian (3.1) holds the result whatever it is
// told, and SQLite's does when values are bound; that is what sweeps are for.
TEST_P(Drivers, OneStatementStreamsWhereTheDriverCan) {
  std::string sql = GetParam().million;
  Parameters parameters{std::int64_t{0}};
  if (is("sqlite")) {
    sql.replace(sql.find('?'), 1, "0");
    parameters.clear();
    fill_sqlite();
  }
  ASSERT_TRUE(database_.ping(in_ms(10'000)));
  std::ofstream("/proc/self/clear_refs") << "5";
  const long before = peak_kb();
  std::int64_t rows = 0;
  const Status read = database_.query(sql, parameters, in_ms(100'000), [&](const Row&) {
    ++rows;
    return true;
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(rows, 1'000'000);
  EXPECT_LT(peak_kb() - before, is("mariadb") ? 120'000 + constant_kb : constant_kb) << "kB";
}

TEST_P(Drivers, AStatementIsCancelledAtItsDeadline) {
  const auto started = Clock::now();
  const auto rows = database_.rows(GetParam().slow, {}, in_ms(300));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::unavailable) << rows.error().message;
  EXPECT_LT(Clock::now() - started, std::chrono::seconds(8));
  EXPECT_TRUE(database_.ping(in_ms(10'000)));
}

TEST_P(Drivers, SayWhatIsMissingAndWhatIsTwice) {
  const auto missing = database_.rows("SELECT t.a FROM underpin_none t", {}, in_ms(10'000));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::internal) << missing.error().vendor_code;
  EXPECT_THAT(missing.error().message, HasSubstr("underpin_none"));
}

constexpr Place sqlite{
    "sqlite",
    sqlite_string,
    "SELECT i, t FROM million WHERE i > ? ORDER BY i",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT "
    "max(i) FROM n",
    nullptr,
    nullptr};
constexpr Place postgresql{
    "postgresql",
    postgresql_string,
    "SELECT i, 'some text of a row' FROM generate_series(1, 1000000) i WHERE i > ? ORDER BY i",
    "SELECT pg_sleep(60)",
    "BYTEA",
    "'\\xC1C25A81'"};
constexpr Place mariadb{
    "mariadb",
    mariadb_string,
    "SELECT seq, 'some text of a row' FROM seq_1_to_1000000 WHERE seq > ? ORDER BY seq",
    "SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq + b.seq < 0",
    "VARBINARY(20)",
    "X'C1C25A81'"};

INSTANTIATE_TEST_SUITE_P(Each, Drivers, testing::Values(sqlite, postgresql, mariadb),
                         [](const auto& place) { return std::string(place.param.name); });
// SQLite's driver gives bytes as text, "X'C1'".
INSTANTIATE_TEST_SUITE_P(Each, Bytes, testing::Values(postgresql, mariadb),
                         [](const auto& place) { return std::string(place.param.name); });

// A session that the server ends while its connection lies in the pool.
void replaces_killed_sessions(const std::string& connection, const std::string& own_id,
                              const std::string& kill) {
  Settings settings = settings_for(connection);
  settings.pool_max = 1;
  Database database(settings);
  const auto id = database.rows(own_id, {}, in_ms(10'000));
  ASSERT_TRUE(id) << id.error().message;
  TestWriter other(connection);
  other.run(kill + std::string(text((*id)[0], 0)) + (kill.back() == '(' ? ")" : ""));
  const auto after = database.rows(own_id, {}, in_ms(10'000));
  ASSERT_TRUE(after) << after.error().message << " " << after.error().vendor_code;
  EXPECT_NE(text((*after)[0], 0), text((*id)[0], 0));
  EXPECT_EQ(database.statistics().opened, 2);
  EXPECT_EQ(database.statistics().discarded, 1);
}

TEST(DeadConnections, OfPostgresqlAreReplaced) {
  replaces_killed_sessions(postgresql_string(), "SELECT pg_backend_pid()",
                           "SELECT pg_terminate_backend(");
}

TEST(DeadConnections, OfMariadbAreReplaced) {
  replaces_killed_sessions(mariadb_string(), "SELECT CONNECTION_ID()", "KILL ");
}

// A server that takes the connection and never says a word.
// What a procedure does behind its first result is a part of the statement.
TEST(Procedures, FailWhereTheyFailBehindTheirFirstResult) {
  const std::string connection = mariadb_string();
  TestWriter site(connection);
  site.run(own("DROP TABLE IF EXISTS underpin_t"));
  site.run(own("CREATE TABLE underpin_t (id INT) ENGINE=InnoDB"));
  site.run(own("DROP PROCEDURE IF EXISTS p_underpin_t"));
  site.run(
      own("CREATE PROCEDURE p_underpin_t(wrong INT) BEGIN INSERT INTO underpin_t VALUES (1); "
          "SELECT 'taken'; IF wrong THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no room'; "
          "END IF; END"));
  Writer writer(settings_for(connection));
  const auto call = [&](int wrong) {
    return writer.transact(in_ms(20'000), [&](Transaction& transaction) -> Status {
      const auto done = transaction.execute(own("CALL p_underpin_t(?)"), {wrong});
      if (!done) return done.error();
      EXPECT_EQ(done->rows.size(), 1U);
      return Done{};
    });
  };
  const Status refused = call(1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no room"));
  const Status done = call(0);
  EXPECT_TRUE(done) << done.error().message;
  Database database(settings_for(connection));
  const auto rows = database.rows(own("SELECT count(*) FROM underpin_t"), {}, in_ms(20'000));
  site.run(own("DROP PROCEDURE p_underpin_t"));
  site.run(own("DROP TABLE underpin_t"));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows->at(0).at(0), "1") << "the refused one left nothing";
}

TEST(LoginDeadline, EndsAnEndlessLogin) {
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(silent, 5), 0);
  socklen_t length = sizeof address;
  ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length);
  const std::string port = std::to_string(ntohs(address.sin_port));
  for (const std::string driver : {"psqlodbcw.so", "libmaodbc.so"}) {
    Settings settings = settings_for("Driver=" + driver_file(driver) +
                                     ";Server=127.0.0.1;Port=" + port + ";Uid=x;Database=x");
    settings.login_timeout_ms = 1'000;
    Database database(settings);
    const auto started = Clock::now();
    const Status answered = database.ping(in_ms(30'000));
    ASSERT_FALSE(answered) << driver;
    EXPECT_EQ(answered.error().code, ErrorCode::unavailable) << answered.error().vendor_code;
    EXPECT_LT(Clock::now() - started, std::chrono::seconds(10)) << driver;
  }
  ::close(silent);
}

}  // namespace
}  // namespace underpin::legacy::odbc
