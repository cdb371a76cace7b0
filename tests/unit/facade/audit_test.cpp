#include "facade/audit.h"

#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using journal::AuditRecord;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Audit : FacadeFixture {
  // Four entries: two published, one refused, one published.
  void SetUp() override {
    move(Capability::customers, Stage::dual_write);
    move(Capability::orders, Stage::dual_write);
    EXPECT_FALSE(facade->cutover().change(Capability::orders, {Stage::cloud_primary, 100'000},
                                          version(Capability::orders), {"ada", "too far"}));
    move(Capability::customers, Stage::shadow_read);
    records = audit_log();
    ASSERT_GE(records.size(), 4u);
  }
  std::vector<std::string> faults(const std::vector<std::string>& heads = {}) {
    return audit_faults(records, heads);
  }
  // As somebody would who has the file: past the triggers.
  void tamper(const std::string& sql) {
    facade.reset();
    sqlite3* file = nullptr;
    ASSERT_EQ(sqlite3_open((folder / "journal.db").c_str(), &file), SQLITE_OK);
    for (const std::string& one :
         {std::string("DROP TRIGGER audit_kept"), std::string("DROP TRIGGER audit_whole"), sql}) {
      ASSERT_EQ(sqlite3_exec(file, one.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << one;
    }
    sqlite3_close(file);
    const auto read = journal::read_sqlite_audit((folder / "journal.db").string());
    ASSERT_TRUE(read) << read.error().message;
    records = *read;
  }
  std::vector<AuditRecord> records;
};

TEST_F(Audit, IsWholeAfterChangesAndRefusals) {
  EXPECT_THAT(faults({records.front().hash, records.back().hash}), IsEmpty());
  EXPECT_THAT(audit_kinds(), testing::Contains("plan_refused"));
  const auto refused = json::parse(records[2].entry);
  EXPECT_EQ(refused->get("actor").text(), "ada");
  EXPECT_EQ(refused->get("about").text(), "orders");
  EXPECT_THAT(refused->get("detail").get("why").text(), HasSubstr("skips a stage"));
}

TEST_F(Audit, EveryEntryIsToldToTheLogOnceItIsKept) {
  std::vector<std::string> hashes;
  for (const AuditRecord& record : records) hashes.push_back(record.hash);
  EXPECT_EQ(heads_told, hashes);
}

TEST_F(Audit, TheFileItselfRefusesChanges) {
  facade.reset();
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "journal.db").c_str(), &file), SQLITE_OK);
  EXPECT_NE(sqlite3_exec(file, "DELETE FROM audit", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_NE(sqlite3_exec(file, "UPDATE audit SET entry = '{}'", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(file);
}

TEST_F(Audit, NamesAnEntryThatWasChanged) {
  tamper("UPDATE audit SET entry = replace(entry, 'ada', 'eve') WHERE seq = 2");
  ASSERT_THAT(faults(), ElementsAre(HasSubstr("entry 2 (plan_published orders, eve")));
  EXPECT_THAT(faults()[0], HasSubstr("was changed"));
}

TEST_F(Audit, NamesAnEntryThatWasChangedAndSealedAnew) {
  records[1].entry.replace(records[1].entry.find("ada"), 3, "eve");
  records[1].hash = audit_hash(records[1].previous, records[1].entry);
  ASSERT_THAT(faults(), ElementsAre(HasSubstr("entry 3")));
  EXPECT_THAT(faults()[0], HasSubstr("does not continue the entry before it"));
}

TEST_F(Audit, NamesAnEntryThatIsMissing) {
  tamper("DELETE FROM audit WHERE seq = 2");
  EXPECT_THAT(faults(), ElementsAre("entry 2 is missing"));
}

TEST_F(Audit, NamesAnEntryThatIsMissingAlthoughTheOthersWereRenumbered) {
  records.erase(records.begin() + 1);
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i].seq = static_cast<std::int64_t>(i) + 1;
  ASSERT_FALSE(faults().empty());
  EXPECT_THAT(faults()[0], HasSubstr("it was written as entry 3"));
}

TEST_F(Audit, NamesEntriesThatWereReordered) {
  tamper(
      "UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; "
      "UPDATE audit SET seq = 3 WHERE seq = -2");
  ASSERT_EQ(faults().size(), 2u) << faults()[0];
  EXPECT_THAT(faults()[0], HasSubstr("reordered: it was written as entry 3"));
  EXPECT_THAT(faults()[1], HasSubstr("reordered: it was written as entry 2"));
}

TEST_F(Audit, FindsACutTailByAHeadThatWasSeenBefore) {
  const std::string head = records.back().hash;
  tamper("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)");
  EXPECT_THAT(faults(), IsEmpty()) << "what is left is a chain of its own";
  ASSERT_THAT(faults({head}), ElementsAre(HasSubstr("its tail was cut")));
}

TEST_F(Audit, FindsACutTailByTheHeadsThatALogRepeats) {
  std::string log = "not JSON\n{\"msg\":\"request\"}\n";
  for (const AuditRecord& record : records)
    log += R"({"level":"info","msg":"audit","audit_hash":")" + record.hash + "\"}\n";
  ASSERT_EQ(audit_heads_in_log(log)["default"].size(), records.size());
  EXPECT_THAT(faults(audit_heads_in_log(log)["default"]), IsEmpty());
  records.pop_back();
  EXPECT_EQ(faults(audit_heads_in_log(log)["default"]).size(), 1u);
}

TEST_F(Audit, TheHeadsOfAnotherWaveInOneLogAreNotMissedHere) {
  std::string log = R"({"msg":"audit","wave":"fr","audit_hash":"1234"})"
                    "\n";
  for (const AuditRecord& record : records)
    log += R"({"msg":"audit","wave":"de","audit_hash":")" + record.hash + "\"}\n";
  EXPECT_THAT(faults(audit_heads_in_log(log)["de"]), IsEmpty());
  EXPECT_EQ(faults(audit_heads_in_log(log)["fr"]).size(), 1u);
}

TEST_F(Audit, AChainThatWasRewrittenWholeIsFoundByAnOlderHead) {
  const std::string head = records[1].hash;
  std::string previous(64, '0');
  for (AuditRecord& record : records) {
    const auto at = record.entry.find("ada");
    if (at != std::string::npos) record.entry.replace(at, 3, "eve");
    record.previous = previous;
    previous = record.hash = audit_hash(record.previous, record.entry);
  }
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(faults({head}).size(), 1u);
}

TEST_F(Audit, SettledExceptionsAreInIt) {
  const std::int64_t replayed = dead_letter(Capability::customers, "C1", Side::cloud);
  ASSERT_TRUE(facade->replay_exception(replayed, "olga", "mended"));
  EXPECT_EQ(last_audit().get("kind").text(), "exception_replayed");
  EXPECT_EQ(last_audit().get("about").text(), "exception " + std::to_string(replayed));
  EXPECT_EQ(last_audit().get("actor").text(), "olga");
  const std::int64_t discarded = dead_letter(Capability::customers, "C2", Side::cloud);
  ASSERT_TRUE(facade->discard_exception(discarded, "olga", "typed by hand"));
  EXPECT_EQ(last_audit().get("kind").text(), "exception_discarded");
  const std::size_t before = audit_log().size();
  EXPECT_FALSE(facade->discard_exception(discarded, "olga", "again"));
  EXPECT_EQ(audit_log().size(), before) << "nothing was settled, so nothing is recorded";
}

TEST_F(Audit, ADryRunLeavesNoTrace) {
  const std::size_t before = audit_log().size();
  const auto outlook = facade->cutover().outlook(Capability::orders, {Stage::shadow_read, 100'000},
                                                 version(Capability::orders), false);
  ASSERT_TRUE(outlook);
  EXPECT_TRUE(outlook->verdict.allowed);
  EXPECT_EQ(outlook->next.rollout.to, Stage::shadow_read);
  EXPECT_EQ(outlook->next.version, version(Capability::orders) + 1);
  EXPECT_EQ(facade->cutover().status(Capability::orders)->plan.rollout.to, Stage::dual_write);
  EXPECT_EQ(audit_log().size(), before);
  const auto refused = facade->cutover().outlook(Capability::orders, {Stage::cloud_only, 100'000},
                                                 version(Capability::orders), false);
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->verdict.allowed);
  EXPECT_THAT(refused->verdict.reasons[0], HasSubstr("skips a stage"));
  EXPECT_EQ(audit_log().size(), before);
}

}  // namespace
}  // namespace underpin::facade::test
