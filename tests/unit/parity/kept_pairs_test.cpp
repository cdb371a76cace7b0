// What the ledger keeps: sealed, for some days, masked for those who may not see it, and good
// enough to be judged again.
#include "parity/known_register.h"
#include "parity/masking.h"
#include "parity/rejudge.h"
#include "parity/report_data.h"
#include "parity/sealing.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace underpin::parity {
namespace {

const std::string key(32, 'k');

struct KeptPairs : testing::Test {
  KeptPairs() {
    folder = std::filesystem::temp_directory_path() /
             ("underpin-kept-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~KeptPairs() override { std::filesystem::remove_all(folder); }
  std::string file() const { return (folder / "parity.db").string(); }
  std::string bytes() const {
    std::ostringstream all;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      all << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    return all.str();
  }

  static LedgerEntry compared(const std::string& one, const std::string& two,
                              const Rules& rules = {},
                              const std::string& at = "2026-11-24T10:00:00Z",
                              const std::string& subject = "web/1") {
    LedgerEntry entry;
    entry.at = *Timestamp::parse(at);
    entry.question = {"orders", "get_order", subject, entry.at.date_utc(), {}, "nav", "bc"};
    entry.primary_system = "nav";
    entry.secondary_system = "bc";
    entry.primary_document = one;
    entry.secondary_document = two;
    entry.is_pair = true;
    Side a;
    a.document = *json::parse(one);
    Side b;
    b.document = *json::parse(two);
    References references;
    references.add("order_document", "SO-1", "S-ORD1");
    entry.comparison = compare(a, b, rules, references, entry.question);
    return entry;
  }

  std::filesystem::path folder;
};

const char* const anna = R"({"name":"Anna Schmidt","total":"10.00"})";
const char* const anne = R"({"name":"Anne Schmidt","total":"10.02"})";

Rules rules_of(const std::string& members) {
  auto rules = read_rules(R"({"version":"1",)" + members + "}");
  EXPECT_TRUE(rules) << (rules ? "" : rules.error().message);
  return rules ? *rules : Rules{};
}

TEST(Seal, GivesBackOnlyWhatWasSealedWithItsKeyAndNotChanged) {
  const Seal seal(key);
  const std::string hidden = seal.sealed("Anna");
  EXPECT_EQ(hidden.find("Anna"), std::string::npos);
  EXPECT_NE(hidden, seal.sealed("Anna"));
  EXPECT_EQ(*seal.opened(hidden), "Anna");
  EXPECT_FALSE(Seal(std::string(32, 'x')).opened(hidden));
  EXPECT_FALSE(Seal().opened(hidden));
  for (std::size_t i = 8; i < hidden.size(); ++i) {
    std::string changed = hidden;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(seal.opened(changed)) << i;
  }
  EXPECT_FALSE(seal.opened(hidden.substr(0, hidden.size() - 1)));
  EXPECT_EQ(*seal.opened("never sealed"), "never sealed");
  EXPECT_EQ(Seal().sealed("Anna"), "Anna");
}

TEST_F(KeptPairs, AKeyFileIsForItsOwnerOnly) {
  const std::string path = (folder / "key").string();
  std::ofstream(path) << std::string(64, 'a') << "\n";
  ::chmod(path.c_str(), 0644);
  EXPECT_FALSE(read_seal_key(path));
  ::chmod(path.c_str(), 0600);
  ASSERT_TRUE(read_seal_key(path)) << read_seal_key(path).error().message;
  EXPECT_EQ(*read_seal_key(path), std::string(32, '\xaa'));
  std::ofstream(path) << "too short";
  EXPECT_FALSE(read_seal_key(path));
  EXPECT_FALSE(read_seal_key(path + "-none"));
}

TEST_F(KeptPairs, NothingOfAPairIsReadableInTheFile) {
  LedgerSettings settings{file()};
  settings.key = key;
  const Rules rules = rules_of(R"("rules":[{"name":"any","path":"/name","ignore":true}])");
  {
    auto ledger = open_ledger(settings);
    ASSERT_TRUE(ledger);
    ledger.value()->record(compared(anna, anne));
    ledger.value()->record(compared(anna, anne, rules));
    ledger.value()->flush();
    const std::string stored = bytes();
    EXPECT_EQ(stored.find("Schmidt"), std::string::npos);
    EXPECT_NE(stored.find("web/1"), std::string::npos);
  }
  const auto with = open_ledger_read_only(file(), key);
  ASSERT_TRUE(with) << with.error().message;
  const auto entries = with.value()->entries({});
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ(entries->at(0).primary_document, anna);
  EXPECT_EQ(entries->at(0).comparison.differences.at(0).secondary, "\"Anne Schmidt\"");
  EXPECT_EQ(with.value()->rule_uses()->at("any").samples.at(0).what.primary, "\"Anna Schmidt\"");
  const auto without = open_ledger_read_only(file());
  EXPECT_EQ(without.value()->entries({})->at(0).primary_document, "");
  EXPECT_EQ(without.value()->entries({})->at(0).comparison.differences.at(0).secondary, "");

  LedgerSettings unsealed{(folder / "other.db").string()};
  auto ledger = open_ledger(unsealed);
  ledger.value()->record(compared(anna, anne));
  ledger.value()->flush();
  EXPECT_NE(bytes().find("Schmidt"), std::string::npos);
}

TEST_F(KeptPairs, AfterTheirDaysOnlyCountsAreLeft) {
  LedgerSettings settings{file()};
  settings.keep_days = 10;
  auto opened = open_ledger(settings);
  ASSERT_TRUE(opened);
  Ledger& ledger = *opened.value();
  ledger.record(compared(anna, anne, {}, "2026-11-01T10:00:00Z"));
  ledger.flush();
  ledger.record(compared(anna, anne, {}, "2026-11-10T10:00:00Z"));
  ledger.flush();
  EXPECT_FALSE(ledger.entries({})->at(0).primary_document.empty());
  ledger.record(compared(anna, anne, {}, "2026-11-12T10:00:00Z"));
  ledger.flush();
  const auto entries = ledger.entries({});
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_TRUE(entries->at(0).primary_document.empty());
  EXPECT_TRUE(entries->at(0).comparison.differences.at(0).primary.empty());
  EXPECT_EQ(entries->at(0).comparison.verdict, Verdict::mismatch);
  EXPECT_FALSE(entries->at(1).primary_document.empty());
  EXPECT_FALSE(judged_again(entries->at(0), {}));
}

TEST_F(KeptPairs, ALedgerOfTheReleaseBeforeIsTakenOver) {
  sqlite3* old = nullptr;
  sqlite3_open(file().c_str(), &old);
  ASSERT_EQ(
      sqlite3_exec(old,
                   "CREATE TABLE comparison (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER "
                   "NOT NULL, capability TEXT NOT NULL, operation TEXT NOT NULL, subject TEXT "
                   "NOT NULL, correlation TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT "
                   "NOT NULL, fields INTEGER NOT NULL, primary_system TEXT NOT NULL, "
                   "secondary_system TEXT NOT NULL, primary_side TEXT NOT NULL, "
                   "primary_micros INTEGER NOT NULL, secondary_micros INTEGER NOT NULL, "
                   "primary_document TEXT NOT NULL, secondary_document TEXT NOT NULL, "
                   "suppressed TEXT NOT NULL);"
                   "INSERT INTO comparison VALUES (1, 1, 'orders', 'get_order', 'web/1', '', "
                   "'match', '', 1, 'nav', 'bc', 'legacy', 1, 1, '', '', '{}');"
                   "PRAGMA user_version=1",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(old);
  EXPECT_FALSE(open_ledger_read_only(file()));
  auto ledger = open_ledger({file()});
  ASSERT_TRUE(ledger) << ledger.error().message;
  ledger.value()->record(compared(anna, anne));
  ledger.value()->flush();
  EXPECT_EQ(ledger.value()->entries({})->size(), 2u);
}

TEST_F(KeptPairs, ALedgerWithoutRegionsIsTakenOver) {
  { ASSERT_TRUE(open_ledger({file()})); }
  sqlite3* old = nullptr;
  sqlite3_open(file().c_str(), &old);
  ASSERT_EQ(sqlite3_exec(old,
                         "ALTER TABLE comparison DROP COLUMN region; ALTER TABLE comparison DROP "
                         "COLUMN segment; PRAGMA user_version=2",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(old);
  auto ledger = open_ledger({file()});
  ASSERT_TRUE(ledger) << ledger.error().message;
  LedgerEntry of_region = compared(anna, anne);
  of_region.question.cohort = {{"regions", {"DE"}}};
  ledger.value()->record(of_region);
  ledger.value()->flush();
  ASSERT_EQ(ledger.value()->entries({})->size(), 1u);
  EXPECT_EQ(ledger.value()->entries({})->at(0).question.cohort.at("regions").at(0), "DE");
}

TEST_F(KeptPairs, DifferencesOfTheReleaseBeforeAreValuedWhenItIsTakenOver) {
  {
    auto ledger = open_ledger({file()});
    ledger.value()->record(compared(anna, anne));
    ledger.value()->flush();
  }
  sqlite3* old = nullptr;
  sqlite3_open(file().c_str(), &old);
  ASSERT_EQ(sqlite3_exec(old, "ALTER TABLE difference DROP COLUMN worth; PRAGMA user_version=3",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(old);
  auto ledger = open_ledger({file()});
  ASSERT_TRUE(ledger) << ledger.error().message;
  Decimal money;
  const auto open = ledger.value()->open_differences("orders", {});
  ASSERT_TRUE(open);
  for (const DifferenceClass& one : *open) money += one.money;
  EXPECT_EQ(money, (Decimal{2, 2}));
}

// Releases before erased without overwriting, and free pages outlive every change of the tables.
TEST_F(KeptPairs, FreePagesOfEarlierReleasesAreGoneAfterTheFirstStart) {
  { ASSERT_TRUE(open_ledger({file()})); }
  const auto holds = [&](const std::string& text) {
    std::ifstream stream(file(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    return bytes.find(text) != std::string::npos;
  };
  const auto as_before = [&](const char* sql) {
    sqlite3* old = nullptr;
    sqlite3_open(file().c_str(), &old);
    ASSERT_EQ(sqlite3_exec(old, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(old);
  };
  const char* erased =
      "PRAGMA secure_delete=OFF; CREATE TABLE IF NOT EXISTS t (a); WITH RECURSIVE n(i) AS (SELECT "
      "1 UNION ALL "
      "SELECT i + 1 FROM n WHERE i < 300) INSERT INTO t SELECT 'Anna Lindenweg ' || "
      "hex(zeroblob(100)) FROM n; DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE);";
  as_before("DELETE FROM counter WHERE name = 'written_anew'");
  as_before(erased);
  ASSERT_TRUE(holds("Anna Lindenweg"));
  { ASSERT_TRUE(open_ledger({file()})); }
  EXPECT_FALSE(holds("Anna Lindenweg"));
  // Once: a start with a large file is not slow each time.
  as_before(erased);
  { ASSERT_TRUE(open_ledger({file()})); }
  EXPECT_TRUE(holds("Anna Lindenweg"));
}

// Not only out of sight: whoever reads the file byte by byte finds nothing either.
TEST_F(KeptPairs, WhatIsPastItsDaysIsGoneFromTheFileItself) {
  LedgerSettings settings;
  settings.file = file();
  settings.keep_days = 10;
  settings.keep_matching_documents_every = 1;
  auto opened = open_ledger(settings);
  ASSERT_TRUE(opened);
  Ledger& ledger = *opened.value();
  const Rules trims = rules_of(R"("rules":[{"name":"trim","path":"/name","trimmed":true}])");
  const auto old_name = [](int i) { return "Anna Lindenweg " + std::to_string(i); };
  // Small and large ones: within a page, and over several.
  for (int i = 0; i < 200; ++i) {
    const std::string note(i % 10 == 0 ? 9'000 : 20, 'n');
    const auto document = [&](const std::string& name) {
      return R"({"name":")" + name + R"(","note":")" + note + "\"}";
    };
    LedgerEntry entry = compared(document(old_name(i)), document(old_name(i) + (i % 2 ? " " : "x")),
                                 trims, "2026-11-01T10:00:00Z", "C" + std::to_string(i));
    if (i % 3 == 0) entry.comparison.reason = "rejected: Anna Lindenweg is blocked";
    ledger.record(entry);
    if (i % 50 == 0) ledger.flush();
  }
  ledger.flush();
  EXPECT_NE(bytes().find("Lindenweg"), std::string::npos) << "it is not sealed here";
  ledger.record(compared(anna, anne, {}, "2026-11-24T10:00:00Z", "C999"));
  ledger.flush();
  EXPECT_EQ(bytes().find("Lindenweg"), std::string::npos);
  const auto entries = ledger.entries({"", "", "C3", 0, 10});
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->at(0).comparison.reason, "rejected");
  EXPECT_EQ(ledger.summary()->comparisons, 201) << "counts stay";
}

// A report that is being read keeps the pages; as soon as it is over they go.
TEST_F(KeptPairs, AReaderOnlyPutsOffThatTheyAreGone) {
  LedgerSettings settings;
  settings.file = file();
  settings.keep_days = 10;
  auto opened = open_ledger(settings);
  ASSERT_TRUE(opened);
  Ledger& ledger = *opened.value();
  ledger.record(compared(anna, anne, {}, "2026-11-01T10:00:00Z", "C1"));
  ledger.flush();
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM comparison", nullptr, nullptr, nullptr),
      SQLITE_OK);
  ledger.record(compared(R"({"a":1})", R"({"a":2})", {}, "2026-11-24T10:00:00Z", "C2"));
  ledger.flush();
  EXPECT_NE(bytes().find("Schmidt"), std::string::npos) << "the reader holds it";
  sqlite3_close(reader);
  ledger.record(compared(R"({"a":1})", R"({"a":2})", {}, "2026-11-24T10:00:01Z", "C3"));
  ledger.flush();
  EXPECT_EQ(bytes().find("Schmidt"), std::string::npos);
}

TEST_F(KeptPairs, WhatAnErpWroteInAReasonIsSealedAndCountedByWhatStandsInFront) {
  LedgerSettings settings;
  settings.file = file();
  settings.key = key;
  auto opened = open_ledger(settings);
  ASSERT_TRUE(opened);
  LedgerEntry entry = compared(anna, anne);
  entry.comparison = {};
  entry.comparison.verdict = Verdict::not_compared;
  entry.comparison.reason = "bc: throttled: Anna Schmidt asks too often";
  opened.value()->record(entry);
  opened.value()->flush();
  EXPECT_EQ(bytes().find("Schmidt"), std::string::npos);
  EXPECT_EQ(opened.value()->entries({})->at(0).comparison.reason, entry.comparison.reason);
  const auto report = opened.value()->report({});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->not_compared, (std::map<std::string, std::int64_t>{{"bc", 1}}));
  const auto without_key = open_ledger_read_only(file());
  ASSERT_TRUE(without_key);
  EXPECT_EQ(without_key.value()->entries({})->at(0).comparison.reason, "bc");
}

TEST(Seal, AKeyOfOnesOwnIsMadeOnceAndItsOwnersOnly) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("underpin-own-key-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string at = (folder / "key").string();
  const auto made = own_seal_key(at);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 32u);
  EXPECT_EQ(*own_seal_key(at), *made);
  struct stat about {};
  ASSERT_EQ(::stat(at.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "nothing is left";
  EXPECT_FALSE(own_seal_key((folder / "none" / "key").string()));
  std::filesystem::remove_all(folder);
}

TEST_F(KeptPairs, AreJudgedAgainUnderNewRulesWithoutTraffic) {
  const Rules documents = rules_of(
      R"("rules":[{"name":"documents","path":"/document","references":"order_document"}])");
  auto opened = open_ledger({file()});
  ASSERT_TRUE(opened);
  Ledger& ledger = *opened.value();
  ledger.record(compared(R"({"document":"SO-1","total":"10.00"})",
                         R"({"document":"S-ORD1","total":"10.02"})", documents));
  LedgerEntry late = compared(anna, anne);
  late.comparison.verdict = Verdict::late;
  ledger.record(late);
  LedgerEntry no_pair = compared(anna, anne);
  no_pair.is_pair = false;
  ledger.record(no_pair);
  ledger.flush();

  const auto same = rejudge(ledger, documents);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->judged, 2);
  EXPECT_EQ(same->not_kept, 1);
  EXPECT_TRUE(same->changed.empty());
  EXPECT_EQ(same->moved.at({Verdict::late, Verdict::late}), 1);

  const auto milder = rejudge(
      ledger,
      rules_of(R"("rules":[{"name":"documents","path":"/document","references":"order_document"},
                           {"name":"cents","path":"/total","absolute":"0.05"}])"));
  ASSERT_EQ(milder->changed.size(), 1u);
  EXPECT_EQ(milder->changed[0].before, Verdict::mismatch);
  EXPECT_EQ(milder->changed[0].after, Verdict::tolerated);
  EXPECT_EQ(milder->changed[0].path, "/total");
}

TEST_F(KeptPairs, AnErrorIsKeptAndJudgedAgainToo) {
  auto opened = open_ledger({file()});
  LedgerEntry entry = compared(anna, anne);
  entry.secondary_document.clear();
  entry.secondary_error = Error{ErrorCode::rejected, "credit limit"};
  opened.value()->record(entry);
  opened.value()->flush();
  const auto again = judged_again(opened.value()->entries({})->at(0), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->verdict, Verdict::mismatch);
  EXPECT_EQ(again->differences.at(0).kind, Kind::outcome);
}

TEST(Masking, HidesPersonsAndLeavesTheForm) {
  EXPECT_EQ(masked("/shipTo/name", R"("Anna Müller ")"), R"("xxxx xxxxxx ")");
  EXPECT_EQ(masked("/phone", R"("+49 341 55")"), R"("+99 999 99")");
  EXPECT_EQ(masked("/lines/1/unitPrice", R"("12.50")"), R"("12.50")");
  EXPECT_EQ(masked("", R"({"customer":"C1","address":{"line1":"Hof 1","country":"DE"}})"),
            R"({"customer":"C1","address":{"line1":"xxx 9","country":"DE"}})");
  EXPECT_EQ(masked("/faults/name", R"("Anna Müller is too long")"), R"("xxxx xxxxxx xx xxx xxxx")");
  EXPECT_EQ(masked("/faults", R"({"lines.*.description":"Anna","address":"Hof 1"})"),
            R"({"lines.*.description":"xxxx","address":"xxx 9"})");
  EXPECT_EQ(
      masked("",
             R"({"shipToName":"Anna","addressLine1":"Hof 1","phoneNumber":"+49","unitPrice":1})"),
      R"({"shipToName":"xxxx","addressLine1":"xxx 9","phoneNumber":"+99","unitPrice":1})");
  EXPECT_EQ(masked("/name", "no json"), "\"(masked)\"");
}

// What an ERP writes about a refusal names people too.
TEST(Masking, HidesWhatAnErpWroteBehindItsCode) {
  EXPECT_EQ(masked("", R"-("rejected: Anna Müller, C 10 is blocked (E1)")-"),
            R"-("rejected: xxxx xxxxxx, x 99 xx xxxxxxx (x9)")-");
  EXPECT_EQ(masked("", R"("answered")"), R"("answered")");
  EXPECT_EQ(masked("", R"("accepted")"), R"("accepted")");
  EXPECT_EQ(masked("", R"("not_found")"), R"("not_found")");
  EXPECT_EQ(masked("", R"("Anna: is blocked")"), R"("xxxx: xx xxxxxxx")");
  EXPECT_EQ(masked_reason("bc: throttled: Anna asks too often"),
            "bc: throttled: xxxx xxxx xxx xxxxx");
  EXPECT_EQ(masked_reason("stale source: bc is of 2026"), "stale source: bc is of 2026");
}

const char* const register_of_one = R"("knownDifferences":[{"name":"tax","path":"/total",
  "owner":"finance","reason":"r","ticket":"T-1","approvedBy":"q","expires":"2026-11-30",
  "budget":{"hits":2,"money":"0.05"}}])";

TEST_F(KeptPairs, TheRegisterIsHeldAgainstItsBudgetsAndDays) {
  const Rules rules = rules_of(register_of_one);
  auto opened = open_ledger({file()});
  Ledger& ledger = *opened.value();
  const char* one = R"({"total":"10.00"})";
  const char* two = R"({"total":"10.02"})";
  ledger.record(compared(one, two, rules, "2026-11-24T10:00:00Z", "web/1"));
  ledger.record(compared(one, two, rules, "2026-11-24T11:00:00Z", "web/1"));
  ledger.record(compared(one, two, rules, "2026-11-24T11:00:00Z", "web/2"));
  ledger.flush();
  const auto health = [&](Date today) {
    return register_health(rules, *ledger.known_uses(), today);
  };
  RegisterHealth now = health(Date{2026, 11, 24});
  EXPECT_TRUE(now.in_order());
  EXPECT_EQ(now.known.at(0).hits, 2);  // Documents, however often they were looked at.
  EXPECT_EQ(now.known.at(0).money, (Decimal{4, 2}));
  EXPECT_EQ(health(Date{2026, 12, 1}).expired, 1);
  EXPECT_FALSE(health(Date{2026, 12, 1}).in_order());
  ledger.record(compared(one, two, rules, "2026-11-24T11:00:00Z", "web/3"));
  ledger.flush();
  now = health(Date{2026, 11, 24});
  EXPECT_EQ(now.over_budget, 1);
  EXPECT_TRUE(now.known.at(0).over_hits);
  EXPECT_TRUE(now.known.at(0).over_money);
  EXPECT_FALSE(now.in_order());
}

// A budget of money is used up by whatever is worth money, not only by amounts that differ.
TEST_F(KeptPairs, LostLinesQuantitiesAndRefusalsUseUpABudgetOfMoney) {
  const Rules rules = rules_of(R"("rules":[{"name":"lines","path":"/lines","listKey":"number"}],
    "knownDifferences":[
    {"name":"lost","path":"/lines/*","kinds":["missing"],"owner":"o","reason":"r","ticket":"t",
     "approvedBy":"q","expires":"2026-11-30","budget":{"money":"1.00"}},
    {"name":"counted","path":"/lines/*/quantity","owner":"o","reason":"r","ticket":"t",
     "approvedBy":"q","expires":"2026-11-30","budget":{"money":"1.00"}},
    {"name":"refused","path":"/","kinds":["outcome"],"owner":"o","reason":"r","ticket":"t",
     "approvedBy":"q","expires":"2026-11-30","budget":{"money":"1.00"}}])");
  auto opened = open_ledger({file()});
  Ledger& ledger = *opened.value();
  const char* const whole = R"({"lines":[{"number":10,"quantity":"2","unitPrice":"3.00"},
      {"number":20,"quantity":"5","unitPrice":"4.00"}],"totals":{"grandTotal":"26.00"}})";
  ledger.record(compared(whole, R"({"lines":[{"number":10,"quantity":"4","unitPrice":"3.00"}],
      "totals":{"grandTotal":"26.00"}})",
                         rules));
  ledger.flush();
  const auto uses = *ledger.known_uses();
  EXPECT_EQ(uses.at("lost").money, Decimal::of(20));
  EXPECT_EQ(uses.at("counted").money, Decimal::of(6));
  const RegisterHealth health = register_health(rules, uses, Date{2026, 11, 24});
  EXPECT_TRUE(health.known.at(0).over_money);
  EXPECT_TRUE(health.known.at(1).over_money);
  EXPECT_FALSE(health.in_order());

  Side answered;
  answered.document = *json::parse(whole);
  Side refused;
  refused.error = Error{ErrorCode::rejected, "blocked"};
  const Question asked{"orders", "get_order", "web/2", Date{2026, 11, 24}};
  const Comparison outcome = compare(refused, answered, rules, {}, asked);
  ASSERT_EQ(outcome.differences.size(), 1u);
  EXPECT_EQ(outcome.differences[0].worth, Decimal::of(26));
}

TEST_F(KeptPairs, WhatCannotBeValuedIsOverABudgetOfMoneyAlone) {
  const auto rules_with = [&](const std::string& budget) {
    return rules_of(R"("knownDifferences":[{"name":"names","path":"/name","owner":"o",
        "reason":"r","ticket":"t","approvedBy":"q","expires":"2026-11-30","budget":)" +
                    budget + "}]");
  };
  const Rules money = rules_with(R"({"money":"1.00"})");
  auto opened = open_ledger({file()});
  Ledger& ledger = *opened.value();
  ledger.record(compared(R"({"name":"Anna"})", R"({"name":"Anne"})", money));
  ledger.flush();
  const auto uses = *ledger.known_uses();
  EXPECT_EQ(uses.at("names").unvalued, 1);
  const RegisterHealth health = register_health(money, uses, Date{2026, 11, 24});
  EXPECT_TRUE(health.known.at(0).unvalued);
  EXPECT_EQ(health.over_budget, 1);
  EXPECT_FALSE(health.in_order());
  EXPECT_TRUE(register_health(rules_with(R"({"hits":1,"money":"1.00"})"), uses, Date{2026, 11, 24})
                  .in_order())
      << "a budget of hits limits what cannot be valued";
}

TEST_F(KeptPairs, ARebateThatDiffersIsAnAmountForRegisterAndGateAlike) {
  auto opened = open_ledger({file()});
  opened.value()->record(compared(R"({"discount":"2.00"})", R"({"discount":"1.50"})"));
  opened.value()->flush();
  const auto classes = opened.value()->open_differences("orders", {});
  ASSERT_EQ(classes->size(), 1u);
  EXPECT_TRUE(classes->at(0).amount);
  EXPECT_EQ(classes->at(0).money, (Decimal{50, 2}));
}

TEST_F(KeptPairs, ARuleThatWasOfNoUseForDaysIsProposedForRemoval) {
  const Rules rules = rules_of(R"("rules":[{"name":"used","path":"/name","ignore":true},
      {"name":"never","path":"/x","ignore":true},{"name":"lines","path":"/lines","listKey":"n"},
      {"name":"tags","path":"/tags","set":true},{"name":"at","path":"/at","volatile":true},
      {"name":"documents","path":"/document","references":"order_document"}],
      "outcomes":[{"name":"gone","reason":"r","answers":[{"code":"not_found"}]}])");
  auto opened = open_ledger({file()});
  Ledger& ledger = *opened.value();
  ASSERT_TRUE(ledger.note_rules(rules, *Timestamp::parse("2026-11-01T00:00:00Z")));
  ledger.record(compared(anna, anne, rules, "2026-11-20T10:00:00Z"));
  ledger.flush();
  const auto unused = [&](const char* now, int days) {
    return unused_rules(rules, *ledger.rule_uses(), *Timestamp::parse(now), days);
  };
  EXPECT_EQ(ledger.rule_uses()->at("used").hits, 1);
  const std::vector<std::string> all_but_used{"never", "lines", "tags", "at", "documents", "gone"};
  EXPECT_EQ(unused("2026-11-24T00:00:00Z", 14), all_but_used);
  EXPECT_TRUE(unused("2026-11-10T00:00:00Z", 14).empty());
  EXPECT_EQ(unused("2026-12-24T00:00:00Z", 14).size(), 7u);

  const char* const one = R"({"lines":[{"n":1}],"tags":["a"],"at":1,"document":"SO-1"})";
  const char* const two = R"({"lines":[{"n":1}],"tags":["a"],"at":1,"document":"S-ORD1"})";
  ledger.record(compared(one, two, rules, "2026-11-23T10:00:00Z"));
  LedgerEntry refused = compared(one, two, rules, "2026-11-23T10:00:00Z");
  Side gone;
  gone.error = Error{ErrorCode::not_found, "no"};
  refused.comparison = compare(gone, gone, rules, {}, refused.question);
  ledger.record(refused);
  ledger.flush();
  EXPECT_EQ(ledger.rule_uses()->at("lines").hits, 0) << "it is used, and suppresses nothing";
  EXPECT_EQ(unused("2026-11-24T00:00:00Z", 14), std::vector<std::string>{"never"});
}

TEST_F(KeptPairs, ARuleCountsFromWhenItWasFirstInForceAsItStands) {
  const auto rules_with = [](const char* path) {
    return rules_of(std::string(R"("rules":[{"name":"never","ignore":true,"path":")") + path +
                    "\"}]");
  };
  auto opened = open_ledger({file()});
  Ledger& ledger = *opened.value();
  ledger.record(compared(anna, anne, {}, "2026-01-01T10:00:00Z"));
  ledger.flush();
  const auto unused = [&](const Rules& rules, const char* now) {
    return unused_rules(rules, *ledger.rule_uses(), *Timestamp::parse(now), 14).size();
  };
  const Rules added = rules_with("/x");
  EXPECT_EQ(unused(added, "2026-11-01T00:00:00Z"), 0u) << "it never was in force";
  ASSERT_TRUE(ledger.note_rules(added, *Timestamp::parse("2026-11-01T00:00:00Z")));
  ASSERT_TRUE(ledger.note_rules(added, *Timestamp::parse("2026-11-10T00:00:00Z")));
  EXPECT_EQ(unused(added, "2026-11-02T00:00:00Z"), 0u) << "the ledger is older than the rule";
  EXPECT_EQ(unused(added, "2026-11-16T00:00:00Z"), 1u);
  const Rules changed = rules_with("/y");
  ASSERT_TRUE(ledger.note_rules(changed, *Timestamp::parse("2026-11-16T00:00:00Z")));
  EXPECT_EQ(unused(changed, "2026-11-17T00:00:00Z"), 0u) << "what it says is new";
}

}  // namespace
}  // namespace underpin::parity
