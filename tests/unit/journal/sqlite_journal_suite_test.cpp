#include "tests/unit/journal/journal_suite.h"
#include "tests/unit/journal/journal_suite_audit.h"
#include "tests/unit/journal/journal_suite_backup.h"
#include "tests/unit/journal/journal_suite_claims.h"
#include "tests/unit/journal/journal_suite_outbox.h"
#include "tests/unit/journal/journal_suite_transfers.h"

namespace underpin::facade::journal {

namespace {

const Store sqlite{"sqlite", [](const std::string& place) {
                     JournalSettings settings;
                     settings.file = place;
                     return open_sqlite_journal(settings);
                   }};

const BackupStore sqlite_backup{sqlite, [](const std::string& place) {
                                  JournalSettings settings;
                                  settings.file = place;
                                  return StoreSettings(settings);
                                }};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, JournalBackup, ::testing::Values(sqlite_backup),
                         [](const auto& store) { return store.param.store.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, JournalSuite, ::testing::Values(sqlite),
                         [](const auto& store) { return store.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, JournalClaims, ::testing::Values(sqlite),
                         [](const auto& store) { return store.param.name; });

}  // namespace underpin::facade::journal
