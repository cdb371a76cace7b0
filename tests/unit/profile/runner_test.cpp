#include "legacy-adapters/sql_profile/runner.h"
#include "legacy-adapters/transport/profile/adapter.h"
#include "tests/unit/odbc/sample_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

// A profile on a database file: transactions, interface rows, and what is refused.
namespace underpin::legacy::sql_profile {
namespace {

using profile::Files;
using profile::Profile;

// Everything that a case does not describe is not offered.
Files with_head(Files files) {
  std::string none;
  for (const profile::OperationShape& shape : profile::operation_shapes()) {
    if (files.count("operations/" + std::string(shape.name) + ".json") != 0) continue;
    none += (none.empty() ? "\"" : ", \"") + std::string(shape.name) + "\": \"not here\"";
  }
  files["profile.json"] = R"({"kind": "sql", "name": "small", "not_offered": {)" + none + "}}";
  return files;
}

const char* const get_customer = R"json({"operation": "get_customer",
  "request": [{"as": "text", "canonical": "/number", "vendor": "no"}],
  "answer": [{"as": "text", "canonical": "/number", "vendor": "no"},
             {"as": "text", "canonical": "/name", "vendor": "name"},
             {"as": "text", "canonical": "/email", "vendor": "email"},
             {"as": "text", "canonical": "/revision", "vendor": "version"}],
  "sql": {"statements": [{"name": "card", "columns": ["no", "name", "email", "version"],
    "text": "SELECT no, name, email, version FROM customer WHERE no = :no"}]}})json";
const char* const change_customer = R"json({"operation": "change_customer",
  "request": [{"as": "text", "canonical": "/number", "vendor": "no"},
              {"as": "text", "canonical": "/name", "vendor": "name", "max": 10},
              {"as": "text", "canonical": "/email", "vendor": "email"},
              {"as": "text", "canonical": "/revision", "vendor": "version"}],
  "ignore": ["/kind", "/currency", "/blocked"],
  "refuse": {"/address": "the ERP keeps no addresses", "/phone": "no phones", "/priceGroup": "no"},
  "sql": {"statements": [
    {"name": "log", "text": "INSERT INTO log (no) VALUES (:no)"},
    {"name": "card", "expect": {"rows": 1, "message": "somebody was quicker"},
     "text": ["UPDATE customer SET name = :name, email = NULLIF(:email, ''), version = version + 1",
              "WHERE no = :no AND version = :version"]}]}})json";
const char* const find_adjustment = R"json({"operation": "find_adjustment",
  "request": [{"as": "text", "canonical": "/movement", "vendor": "doc"}],
  "answer": [{"as": "text", "canonical": "/document", "vendor": "id"},
             {"as": "text", "canonical": "/sku", "vendor": "sku"},
             {"as": "text", "canonical": "/location", "vendor": "place"},
             {"as": "decimal", "canonical": "/quantity", "vendor": "qty"}],
  "sql": {"statements": [{"name": "posting", "columns": ["id", "sku", "place", "qty"],
    "text": "SELECT id, sku, place, qty FROM iface WHERE doc = :doc AND state = 'D'"}]}})json";
const char* const adjust_stock = R"json({"operation": "adjust_stock",
  "request": [{"as": "text", "canonical": "/movement", "vendor": "doc"},
              {"as": "text", "canonical": "/sku", "vendor": "sku"},
              {"as": "text", "canonical": "/location", "vendor": "place"},
              {"as": "decimal", "canonical": "/quantity", "vendor": "qty", "scale_max": 3}],
  "ignore": ["/uom", "/reason"],
  "sql": {"statements": [{"name": "row",
    "text": "INSERT INTO iface (doc, sku, place, qty) VALUES (:doc, :sku, :place, :qty)"}],
    "poll": {"text": "SELECT state, why FROM iface WHERE doc = :doc", "columns": ["state", "why"],
             "done": ["D"], "failed": ["E"], "every_ms": 10}}})json";

class SqlRunner : public testing::Test {
 protected:
  void SetUp() override {
    database_.run(
        "CREATE TABLE customer (no TEXT PRIMARY KEY, name TEXT, email TEXT, version INT)");
    database_.run("INSERT INTO customer VALUES ('C1', 'Ada', NULL, 1), ('C2', 'Bob  ', '', 1)");
    database_.run("CREATE TABLE log (no TEXT)");
    database_.run(
        "CREATE TABLE iface (id INTEGER PRIMARY KEY, doc TEXT UNIQUE, sku TEXT, place TEXT, qty "
        "TEXT, state TEXT NOT NULL DEFAULT 'N', why TEXT)");
    Files files = with_head({{"operations/get_customer.json", get_customer},
                             {"operations/change_customer.json", change_customer},
                             {"operations/find_adjustment.json", find_adjustment},
                             {"operations/adjust_stock.json", adjust_stock}});
    const auto loaded = Profile::read(files, SqlKind{});
    for (const profile::Fault& fault : loaded.faults)
      ADD_FAILURE() << fault.file << " " << fault.pointer << ": " << fault.rule;
    ASSERT_NE(loaded.profile, nullptr);
    odbc::Settings settings = database_.settings();
    settings.system = "erp";
    adapter_ = std::make_unique<profile::Adapter>(
        loaded.profile, std::make_shared<Runner>(loaded.profile, settings), "erp",
        [this](const profile::Step& step) { steps_.push_back(step); });
  }
  static WriteContext within(int ms) {
    WriteContext context;
    context.deadline = odbc::in_ms(ms);
    return context;
  }
  std::int64_t count(const std::string& from) {
    odbc::Database database(database_.settings());
    const auto rows = database.rows("SELECT count(*) FROM " + from, {}, odbc::in_ms(10'000));
    EXPECT_TRUE(rows);
    return rows ? std::stoll(*rows->at(0).at(0)) : -1;
  }
  static StockAdjustment adjustment() {
    StockAdjustment one;
    one.movement = MovementId{"MV-1"};
    one.key = {Sku{"1000"}, LocationCode{"EAST"}};
    one.quantity = *Decimal::parse("2.5");
    return one;
  }

  odbc::SampleDatabase database_;
  std::unique_ptr<profile::Adapter> adapter_;
  std::vector<profile::Step> steps_;
};

TEST_F(SqlRunner, ReadsWithoutPaddingAndTellsNullAndBlankAlike) {
  const auto ada = adapter_->customers()->get_customer(CustomerNumber{"C1"}, within(10'000));
  ASSERT_TRUE(ada) << ada.error().message;
  EXPECT_EQ(ada->name, "Ada");
  EXPECT_EQ(ada->email, "");
  const auto bob = adapter_->customers()->get_customer(CustomerNumber{"C2"}, within(10'000));
  ASSERT_TRUE(bob) << bob.error().message;
  EXPECT_EQ(bob->name, "Bob");
  const auto none = adapter_->customers()->get_customer(CustomerNumber{"' OR 1=1"}, within(10'000));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST_F(SqlRunner, TellsWhatWasSaidOnBothSides) {
  (void)adapter_->customers()->get_customer(CustomerNumber{"C1"}, within(10'000));
  ASSERT_EQ(steps_.size(), 1U);
  EXPECT_EQ(json::write(steps_[0].request), R"({"number":"C1"})");
  EXPECT_EQ(json::write(steps_[0].exchange.sent),
            R"([{"statement":"card","sql":"SELECT no, name, email, version FROM customer WHERE )"
            R"(no = :no","values":{"no":"C1"}}])");
  EXPECT_EQ(json::write(steps_[0].exchange.received),
            R"([{"statement":"card","rows":[{"no":"C1","name":"Ada","version":"1"}]}])");
  EXPECT_EQ(json::write(steps_[0].answers), R"([{"number":"C1","name":"Ada","revision":"1"}])");
}

TEST_F(SqlRunner, AWriteIsOneTransactionAndAStaleOneLeavesNothing) {
  CustomerAmendment amendment;
  amendment.name = "Eve";
  const auto changed =
      adapter_->customers()->amend_customer(CustomerNumber{"C1"}, amendment, {}, within(10'000));
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->revision, Revision{"2"});
  EXPECT_EQ(count("log"), 1);
  // Somebody is always quicker: tried twice, and both times nothing stays.
  database_.run(
      "CREATE TRIGGER quicker AFTER INSERT ON log BEGIN UPDATE customer SET version = version + 1; "
      "END");
  amendment.name = "Mallory";
  const auto stale =
      adapter_->customers()->amend_customer(CustomerNumber{"C1"}, amendment, {}, within(10'000));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::conflict);
  EXPECT_EQ(stale.error().message, "operations/change_customer.json: somebody was quicker");
  EXPECT_EQ(count("log"), 1) << "the first statement was rolled back with the second";
  EXPECT_EQ(count("customer WHERE name = 'Eve' AND version = 2"), 1);
}

TEST_F(SqlRunner, WhatHasNoPlaceIsRefusedAndWhatIsTooLongIsNotCut) {
  CustomerAmendment amendment;
  amendment.phone = "+49 30 1";
  const auto phone =
      adapter_->customers()->amend_customer(CustomerNumber{"C1"}, amendment, {}, within(10'000));
  ASSERT_FALSE(phone);
  EXPECT_EQ(phone.error().code, ErrorCode::unsupported);
  ASSERT_EQ(phone.error().fields.size(), 1U);
  EXPECT_EQ(phone.error().fields[0].pointer, "/phone");
  amendment.phone.reset();
  amendment.name = "Longer than ten";
  const auto name =
      adapter_->customers()->amend_customer(CustomerNumber{"C1"}, amendment, {}, within(10'000));
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code, ErrorCode::invalid_request);
  ASSERT_EQ(name.error().fields.size(), 1U);
  EXPECT_EQ(name.error().fields[0].pointer, "/name");
  EXPECT_EQ(count("log"), 0);
}

TEST_F(SqlRunner, WhatIsNotOfferedIsRefusedWithItsReason) {
  const auto page = adapter_->customers()->search_customers({}, within(10'000));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::unsupported);
  EXPECT_EQ(page.error().message, "search_customers: not here");
  EXPECT_EQ(adapter_->orders(), nullptr);
  EXPECT_EQ(adapter_->pricing(), nullptr);
}

TEST_F(SqlRunner, AnInterfaceRowIsAwaitedUntilTheJobHasDoneIt) {
  std::thread job([this] {
    odbc::Database database(database_.settings());
    const auto until = odbc::in_ms(20'000);
    for (;;) {
      const auto rows = database.rows("SELECT count(*) FROM iface", {}, until);
      if (!rows || *rows->at(0).at(0) == "1" || std::chrono::steady_clock::now() > until) break;
    }
    database_.run("UPDATE iface SET state = 'D'");
  });
  const auto posted = adapter_->inventory()->adjust_stock(adjustment(), within(20'000));
  job.join();
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->quantity, adjustment().quantity);
  EXPECT_EQ(posted->document, DocumentNumber{"1"});
}

TEST_F(SqlRunner, AJobThatDoesNotComeIsAnUnknownOutcomeAndARepeatWritesNoSecondRow) {
  const auto unknown = adapter_->inventory()->adjust_stock(adjustment(), within(150));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::outcome_unknown) << unknown.error().message;
  EXPECT_EQ(count("iface"), 1);
  database_.run("UPDATE iface SET state = 'E', why = 'closed period'");
  const auto again = adapter_->inventory()->adjust_stock(adjustment(), within(10'000));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::rejected) << "the row's own outcome";
  EXPECT_EQ(again.error().message, "operations/adjust_stock.json: closed period");
  EXPECT_EQ(count("iface"), 1);
}

TEST_F(SqlRunner, ARuleThatIsBrokenIsNotARowThatIsThereAlready) {
  // The database calls both a constraint; the row is what tells.
  database_.run(
      "CREATE TRIGGER closed BEFORE INSERT ON iface BEGIN SELECT RAISE(ABORT, 'closed'); END");
  const auto refused = adapter_->inventory()->adjust_stock(adjustment(), within(2'000));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict) << refused.error().message;
  EXPECT_EQ(count("iface"), 0);
}

TEST_F(SqlRunner, AllRowsOfAPollMustBeDone) {
  // The key is not unique here: the ERP's job works two rows off.
  database_.run("DROP TABLE iface");
  database_.run(
      "CREATE TABLE iface (id INTEGER PRIMARY KEY, doc TEXT, sku TEXT, place TEXT, qty TEXT, "
      "state TEXT NOT NULL DEFAULT 'D', why TEXT)");
  database_.run(
      "CREATE TRIGGER second AFTER INSERT ON iface WHEN NEW.state = 'D' BEGIN INSERT INTO iface "
      "(doc, state, why) VALUES (NEW.doc, 'E', 'no such place'); END");
  const auto part = adapter_->inventory()->adjust_stock(adjustment(), within(10'000));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, ErrorCode::outcome_unknown);
  EXPECT_THAT(part.error().message, testing::HasSubstr("no such place"));
}

// An operation's statements with no port above them.
class SqlWrite : public testing::Test {
 protected:
  Status run(const std::string& statements) {
    Files files = with_head({{"operations/get_customer.json", get_customer},
                             {"operations/change_customer.json",
                              R"json({"operation": "change_customer",
  "request": [{"as": "text", "canonical": "/number", "vendor": "no"}],
  "ignore": ["/name", "/kind", "/address", "/email", "/phone", "/currency", "/priceGroup",
             "/blocked", "/revision"],
  "sql": {"statements": [)json" + statements +
                                  "]}}"}});
    const auto loaded = Profile::read(files, SqlKind{});
    for (const profile::Fault& fault : loaded.faults)
      ADD_FAILURE() << fault.file << " " << fault.pointer << ": " << fault.rule;
    if (loaded.profile == nullptr) return Error{ErrorCode::internal, "no profile"};
    Runner runner(loaded.profile, database_.settings());
    CallContext context;
    context.deadline = odbc::in_ms(10'000);
    json::Value values = json::Value::object();
    values.set("no", "C1");
    const auto rows =
        runner.run(*loaded.profile->operation("change_customer"), values, context, nullptr);
    if (!rows) return rows.error();
    return Done{};
  }
  std::string notes() {
    odbc::Database database(database_.settings());
    const auto rows =
        database.rows("SELECT group_concat(no || '=' || note) FROM notes", {}, odbc::in_ms(10'000));
    return rows && rows->at(0).at(0) ? *rows->at(0).at(0) : "";
  }
  void SetUp() override {
    database_.run("CREATE TABLE notes (no TEXT, note TEXT)");
    database_.run("CREATE TABLE seen (no TEXT, own TEXT)");
  }
  const std::string look_up = R"({"name": "seen", "columns": ["own"],
      "text": "SELECT own FROM seen WHERE no = :no"}, )";
  const std::string insert = R"sql({"name": "note", "text":
      "INSERT INTO notes (no, note) VALUES (:no, :own)"})sql";
  odbc::SampleDatabase database_;
};

TEST_F(SqlWrite, NamesWhatAnEarlierStatementGave) {
  database_.run("INSERT INTO seen VALUES ('C1', 'K-9')");
  const Status done = run(look_up + insert);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(notes(), "C1=K-9");
}

TEST_F(SqlWrite, ANameThatNoRowGaveIsNotWrittenAsABlank) {
  const Status none = run(look_up + insert);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::internal);
  EXPECT_THAT(none.error().message, testing::HasSubstr("statement seen gave 0 rows"));
  database_.run("INSERT INTO seen VALUES ('C1', 'K-9'), ('C1', 'K-8')");
  EXPECT_FALSE(run(look_up + insert)) << "whose?";
  EXPECT_EQ(notes(), "");
}

TEST_F(SqlWrite, AtLeastSomeRows) {
  const std::string change =
      R"({"name": "note", "text": "UPDATE notes SET note = 'x' WHERE no = :no",
                                 "expect": {"at_least": )";
  EXPECT_TRUE(run(change + "0}}"));
  const Status none = run(change + "1}}");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::conflict);
  database_.run("INSERT INTO notes VALUES ('C1', 'a'), ('C1', 'b')");
  EXPECT_TRUE(run(change + "1}}"));
  EXPECT_EQ(notes(), "C1=x,C1=x");
}

}  // namespace
}  // namespace underpin::legacy::sql_profile
