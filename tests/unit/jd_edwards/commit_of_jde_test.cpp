// A commit that is not answered: JDE's tables on a PostgreSQL, with a network between that loses
// it.
#include "tests/support/postgres_proxy.h"
#include "tests/unit/jd_edwards/jde_site.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <regex>

namespace underpin::legacy::jd_edwards {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The PostgreSQL that ctest starts (fixture `postgres`).
std::string connection() {
  const std::string text = read_text(UNDERPIN_BINARY_DIR "/postgres/connection");
  if (text.empty())
    throw std::runtime_error(
        "no PostgreSQL runs: tests/support/postgres.py start " UNDERPIN_BINARY_DIR "/postgres");
  return text;
}

std::string word_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name + "=") + name.size() + 1;
  return text.substr(at, text.find_first_of(" \n", at) - at);
}

std::string driver() {
  for (const char* place : {"/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so",
                            "/usr/lib/aarch64-linux-gnu/odbc/psqlodbcw.so"})
    if (std::filesystem::exists(place)) return place;
  return "PostgreSQL Unicode";
}

class JdeCommits : public testing::Test {
 protected:
  JdeCommits()
      : server_(connection()),
        session_(PQconnectdb(server_.c_str())),
        proxy_(word_of(server_, "host") + "/.s.PGSQL.5432"),
        schema_("jde_" + std::to_string(::getpid())) {
    PQsetNoticeProcessor(
        session_, [](void*, const char*) {}, nullptr);
    run("CREATE SCHEMA " + schema_ + "; SET search_path TO " + schema_);
    std::string tables = read_text(UNDERPIN_SOURCE_DIR "/tests/simulators/jde/schema.sql");
    tables = std::regex_replace(tables, std::regex(R"(LIKE (\w+);)"), "(LIKE $1);");
    run(std::regex_replace(tables, std::regex(R"(CHAR\(\d+\))"), "TEXT"));
    run("INSERT INTO F0101 (ABAN8, ABALKY, ABAT1) VALUES (1, '" + padded("C10001", 20) +
        "', 'CP ')");
    adapter_ = adapter_of("underpin");
  }
  ~JdeCommits() override {
    run("DROP SCHEMA " + schema_ + " CASCADE");
    PQfinish(session_);
  }
  std::unique_ptr<ErpAdapter> adapter_of(const std::string& user) const {
    auto made = make_jd_edwards_adapter(
        {"jde",
         R"({"connection_string": "Driver=)" + driver() + ";Servername=127.0.0.1;Port=" +
             std::to_string(proxy_.port()) + ";Database=" + word_of(server_, "dbname") +
             ";Username=" + user + R"(;SSLmode=disable;", "branch": "EAST", "owner": ")" + schema_ +
             R"(", "poll_ms": 2, "ube_wait_ms": 50, "decimals": {"quantity": 2}})",
         {}});
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(made).value();
  }
  static std::string padded(std::string text, std::size_t width) {
    text.resize(width, ' ');
    return text;
  }
  std::string run(const std::string& sql) {
    PGresult* result = PQexec(session_, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const std::string error = PQresultErrorMessage(result);
    std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
      throw std::runtime_error(sql + ": " + error);
    return value;
  }
  std::string records() { return run("SELECT count(*) FROM F47011"); }
  OrderService& orders() { return *adapter_->orders(); }
  void lose(test::PostgresProxy::Fault how) {
    proxy_.arm("INSERT INTO " + schema_ + ".F47011", {how, 100});
  }

  const std::string server_;
  PGconn* session_;
  test::PostgresProxy proxy_;
  const std::string schema_;
  std::unique_ptr<ErpAdapter> adapter_;
};

TEST_F(JdeCommits, ThatAreNotAnsweredAreLookedUpAndNothingIsWrittenTwice) {
  using enum test::PostgresProxy::Fault;
  struct Case {
    test::PostgresProxy::Fault fault;
    const char* number;
    bool arrives;
  };
  int there = 0;
  for (const Case& one : {Case{cut_after, "LOST-1", true}, Case{commit_late, "LOST-2", true},
                          Case{cut_at_commit, "LOST-3", false}}) {
    SCOPED_TRACE(one.number);
    const Order order = order_numbered(one.number);
    lose(one.fault);
    const auto sent = orders().place_order(order, write_soon());
    proxy_.await_late_commits();
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, ErrorCode::outcome_unknown) << sent.error().message;
    there += one.arrives ? 1 : 0;
    EXPECT_EQ(records(), std::to_string(there));
    const auto looked = orders().find_receipt(order.id, write_soon());
    ASSERT_FALSE(looked);
    EXPECT_EQ(looked.error().code, one.arrives ? ErrorCode::outcome_unknown : ErrorCode::not_found)
        << looked.error().message;
    const auto again = orders().place_order(order, write_soon());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::outcome_unknown) << "it waits for its job";
    there += one.arrives ? 0 : 1;
    EXPECT_EQ(records(), std::to_string(there)) << "one record, whatever became of the commit";
  }
  // What cannot even be sent has not arrived, and may be sent again.
  lose(cut_before);
  const auto unsent = orders().place_order(order_numbered("LOST-4"), write_soon());
  ASSERT_FALSE(unsent);
  EXPECT_EQ(unsent.error().code, ErrorCode::unavailable) << unsent.error().message;
  EXPECT_EQ(records(), std::to_string(there));
}

TEST_F(JdeCommits, WantRightsThatTheDoctorAsksFor) {
  for (const Finding& finding : adapter_->examine(write_soon()))
    EXPECT_TRUE(finding.ok) << finding.what << ": " << finding.detail;
  const std::string reader = schema_ + "_reader";
  run("CREATE ROLE " + reader + " LOGIN; GRANT USAGE ON SCHEMA " + schema_ + " TO " + reader +
      "; GRANT SELECT ON ALL TABLES IN SCHEMA " + schema_ + " TO " + reader + "; GRANT INSERT, " +
      "UPDATE, DELETE ON F47011, F47012, F4706, F0101Z2, F03012Z1 TO " + reader +
      "; GRANT INSERT, UPDATE ON F4111Z1 TO " + reader);
  std::string bad;
  for (const Finding& finding : adapter_of(reader)->examine(write_soon()))
    if (!finding.ok) bad += finding.what + "; ";
  run("DROP OWNED BY " + reader + "; DROP ROLE " + reader);
  EXPECT_EQ(bad, "write access to " + schema_ + ".F4111Z1; ");
}

}  // namespace
}  // namespace underpin::legacy::jd_edwards
