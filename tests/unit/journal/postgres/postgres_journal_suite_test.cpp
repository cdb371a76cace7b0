#include "tests/support/postgres.h"
#include "tests/unit/journal/journal_suite.h"
#include "tests/unit/journal/journal_suite_audit.h"
#include "tests/unit/journal/journal_suite_backup.h"
#include "tests/unit/journal/journal_suite_claims.h"
#include "tests/unit/journal/journal_suite_outbox.h"
#include "tests/unit/journal/journal_suite_transfers.h"

namespace underpin::facade::journal {
namespace {

// The place is the test's own, and so is the schema named after it.
PostgresSettings schema_of(const std::string& place) {
  PostgresSettings settings;
  settings.connection = test_support::postgres_connection();
  settings.schema = place.substr(place.size() > 60 ? place.size() - 60 : 0);
  return settings;
}

const Store postgres{
    "postgres", [](const std::string& place) { return open_postgres_journal(schema_of(place)); }};

const BackupStore postgres_backup{
    postgres, [](const std::string& place) { return StoreSettings(schema_of(place)); }};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, JournalSuite, ::testing::Values(postgres),
                         [](const auto& store) { return store.param.name; });
INSTANTIATE_TEST_SUITE_P(Postgres, JournalBackup, ::testing::Values(postgres_backup),
                         [](const auto& store) { return store.param.store.name; });
INSTANTIATE_TEST_SUITE_P(Postgres, JournalClaims, ::testing::Values(postgres),
                         [](const auto& store) { return store.param.name; });

}  // namespace underpin::facade::journal
