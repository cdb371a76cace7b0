#include "tests/conformance/site.h"
#include "tests/support/postgres.h"
#include "tests/support/postgres_proxy.h"

#include <libpq-fe.h>

#include <fstream>
#include <iterator>
#include <thread>

// The example profile of docs/adapters/examples/northgate on a PostgreSQL of its own: its triggers
// and functions are the ERP, and this is its people.
namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_sql_profile_adapter(const AdapterSettings&);

namespace conformance {
namespace {

using test::PostgresProxy;
using Rows = std::vector<std::vector<std::string>>;

const std::string example = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/northgate/";

// A session past the adapter and past the proxy.
class Books {
 public:
  explicit Books(const std::string& connection) : session_(PQconnectdb(connection.c_str())) {
    if (PQstatus(session_) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(session_));
    PQsetNoticeProcessor(
        session_, [](void*, const char*) {}, nullptr);
  }
  ~Books() { PQfinish(session_); }
  Books(const Books&) = delete;
  Books& operator=(const Books&) = delete;

  Rows run(const std::string& sql, const std::vector<std::string>& values = {}) {
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    PGresult* result = values.empty()
                           ? PQexec(session_, sql.c_str())
                           : PQexecParams(session_, sql.c_str(), static_cast<int>(texts.size()),
                                          nullptr, texts.data(), nullptr, nullptr, 0);
    const ExecStatusType status = PQresultStatus(result);
    Rows rows;
    for (int row = 0; row < PQntuples(result); ++row) {
      rows.emplace_back();
      for (int column = 0; column < PQnfields(result); ++column)
        rows.back().emplace_back(PQgetvalue(result, row, column));
    }
    const std::string message = PQresultErrorMessage(result);
    PQclear(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
      throw std::runtime_error(sql + ": " + message);
    return rows;
  }
  int count(const std::string& sql, const std::vector<std::string>& values) {
    return std::stoi(run("SELECT count(*) FROM " + sql, values).at(0).at(0));
  }
  void run_file(const std::string& file) {
    std::ifstream in(example + file);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (text.empty()) throw std::runtime_error(example + file + " cannot be read");
    run(text);
  }

 private:
  PGconn* session_;
};

std::string with_database(std::string connection, const std::string& name) {
  const std::size_t at = connection.find("dbname=");
  return connection.substr(0, at) + "dbname=" + name;
}

std::string socket_of(const std::string& connection) {
  const std::size_t at = connection.find("host=") + 5;
  return connection.substr(at, connection.find(' ', at) - at) + "/.s.PGSQL.5432";
}

// By path: a test must not depend on the machine's odbcinst.ini.
std::string driver() {
  for (const char* place : {"/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so",
                            "/usr/lib/aarch64-linux-gnu/odbc/psqlodbcw.so"})
    if (std::filesystem::exists(place)) return place;
  return "PostgreSQL Unicode";
}

std::string number_of(const DocumentNumber& document) {
  return document.text().substr(document.text().find('-') + 1);
}

// A database that exists as long as this.
class OwnDatabase {
 public:
  OwnDatabase()
      : server_(test_support::postgres_connection()),
        name_("northgate_" + std::to_string(::getpid()) + "_" + std::to_string(++made())) {
    Books(server_).run("CREATE DATABASE " + name_);
  }
  ~OwnDatabase() {
    try {
      Books(server_).run("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {  // The server may be gone already.
    }
  }
  OwnDatabase(const OwnDatabase&) = delete;
  OwnDatabase& operator=(const OwnDatabase&) = delete;
  const std::string& name() const { return name_; }
  std::string connection() const { return with_database(server_, name_); }
  std::string socket() const { return socket_of(server_); }

 private:
  static int& made() {
    static int count = 0;
    return count;
  }
  const std::string server_;
  const std::string name_;
};

class Northgate : public Site {
 public:
  Northgate() : Site("sql_profile"), books_(database_.connection()), proxy_(database_.socket()) {
    books_.run_file("schema.sql");
    books_.run_file("sample.sql");
    use(made(make_sql_profile_adapter({"erp", settings(proxy_.port()), {}})));
  }
  ~Northgate() override { unlock(); }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(make_sql_profile_adapter({"erp", settings(9), {}}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    const Rows shipped = books_.run("SELECT \"Northgate\".ship($1, $2)",
                                    {number_of(document), partial ? "true" : "false"});
    if (shipped.at(0).at(0) == "0") throw std::runtime_error("nothing was shipped");
  }
  void invoice(const DocumentNumber& document) override {
    books_.run("SELECT \"Northgate\".invoice($1)", {number_of(document)});
  }
  void delete_order(const DocumentNumber& document) override {
    books_.run(R"(UPDATE "Northgate"."Order Head" SET "State" = 'C' WHERE "Order No" = $1)",
               {number_of(document)});
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    books_.run(R"(UPDATE "Northgate"."Order Line" SET "Qty" = $3::float8
                   WHERE "Order No" = $1 AND "Line" = $2::integer)",
               {number_of(document), std::to_string(line), quantity});
    books_.run(R"(UPDATE "Northgate"."Order Head" SET "Reason" = 'by phone' WHERE "Order No" = $1)",
               {number_of(document)});
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    books_.run(R"(INSERT INTO "Northgate"."Movement" ("Art No", "Whse", "Qty", "Doc No", "Kind")
                  VALUES ($1, $2, -$3::float8, $4, 'G'))",
               {sku.text(), location.text(), quantity, document});
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    books_.run(R"(UPDATE "Northgate"."Customer" SET "Stop" = $2 WHERE "Cust No" = $1)",
               {number.text(), blocked ? "A" : ""});
  }
  void credit(const DocumentNumber&) override { throw std::runtime_error("no returns"); }

  int documents(const std::string& reference) override {
    return books_.count(R"("Northgate"."Order Head" WHERE "Ext Ref" = $1)", {reference});
  }
  bool is_open(const DocumentNumber& document) override {
    return books_.count(R"("Northgate"."Order Head" WHERE "Order No" = $1
                           AND "State" IN ('N', 'R'))",
                        {number_of(document)}) > 0;
  }
  bool is_released(const DocumentNumber& document) override {
    return books_.count(R"("Northgate"."Order Head" WHERE "Order No" = $1 AND "State" = 'R')",
                        {number_of(document)}) > 0;
  }
  int postings(const MovementId& movement) override {
    return books_.count(R"("Northgate"."Movement" WHERE "Doc No" = $1)", {movement.text()});
  }
  int customers(const CustomerNumber& number) override {
    return books_.count(R"("Northgate"."Customer" WHERE "Cust No" = $1)", {number.text()});
  }
  int returns(const std::string&) override { return 0; }
  std::string applied_to(const DocumentNumber&) override { return {}; }

  // By the statement of the profile that carries the write out.
  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {R"(INSERT INTO "Northgate"."Order Head")"};
      case Write::change_order:
        return {R"(SET "State" = 'N', "Cust Ref")"};
      case Write::delete_order:
        return {R"(SET "State" = 'C')"};
      case Write::release_order:
        return {R"(SET "State" = 'R')"};
      case Write::post_journal:
        return {R"(INSERT INTO "Northgate"."Interface Movement")"};
      case Write::create_customer:
        return {R"(INSERT INTO "Northgate"."Customer")"};
      case Write::create_return:
        return {};
    }
    return {};
  }
  using Site::fault;
  void fault(const std::string& operation, const std::string& kind, const std::string&) override {
    using enum PostgresProxy::Fault;
    if (operation == "*" && kind == "slow") return lock();
    if (kind == "duplicate") return post_twice(operation);
    if (kind == "drop") {
      proxy_.arm(operation, {cut_at_commit});
    } else if (kind == "late_commit") {
      proxy_.arm(operation, {commit_late, 200});
    } else if (kind == "504_after_commit" || kind == "drop_after_commit") {
      proxy_.arm(operation, {cut_after});
    } else if (kind == "slow") {
      proxy_.arm(operation, {commit_slow, 3'000});
    } else if (kind == "stale_key") {
      proxy_.arm(operation, {call, 0, [this] { somebody_saves(); }});
    } else {
      proxy_.arm(operation, {cut_before});
    }
  }
  void clear_faults() override {
    proxy_.disarm();
    unlock();
    books_.run(R"(DROP TRIGGER IF EXISTS twice ON "Northgate"."Movement")");
  }
  void await_late_commits() override { proxy_.await_late_commits(); }

 private:
  static std::string settings(int port, const std::string& name) {
    return R"({"profile": )" + quoted(example) + R"(, "connection_string": "Driver=)" + driver() +
           ";Servername=127.0.0.1;Port=" + std::to_string(port) + ";Database=" + name +
           R"(;Username=underpin;SSLmode=disable;"})";
  }
  std::string settings(int port) const { return settings(port, database_.name()); }

  void somebody_saves() {
    Books(database_.connection())
        .run(R"(UPDATE "Northgate"."Order Head" SET "Reason" = 'saved' WHERE "State" = 'N')");
  }
  // Nobody reads an order until it is unlocked.
  void lock() {
    locked_ = std::make_unique<Books>(database_.connection());
    locked_->run(R"(BEGIN; LOCK TABLE "Northgate"."Order Head" IN ACCESS EXCLUSIVE MODE)");
  }
  void unlock() { locked_.reset(); }
  // The job posts an adjustment twice, as if it had been started twice.
  void post_twice(const std::string& operation) {
    if (operation != operations_of(Write::post_journal).front()) return;
    books_.run(R"(
      CREATE OR REPLACE FUNCTION "Northgate".twice() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT count(*) FROM "Northgate"."Movement" WHERE "Doc No" = NEW."Doc No") < 2 THEN
          INSERT INTO "Northgate"."Movement" ("Art No", "Whse", "Qty", "Doc No", "Kind")
          VALUES (NEW."Art No", NEW."Whse", NEW."Qty", NEW."Doc No", NEW."Kind");
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER twice AFTER INSERT ON "Northgate"."Movement" FOR EACH ROW
        EXECUTE FUNCTION "Northgate".twice())");
  }

  OwnDatabase database_;
  Books books_;
  PostgresProxy proxy_;
  std::unique_ptr<Books> locked_;
};

}  // namespace

std::unique_ptr<Site> site_of_sql_profile() { return std::make_unique<Northgate>(); }

}  // namespace conformance
}  // namespace underpin
