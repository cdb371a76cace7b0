#include "tests/unit/journal/journal_suite.h"
#include "tests/unit/journal/journal_suite_audit.h"
#include "tests/unit/journal/journal_suite_outbox.h"

namespace underpin::facade::journal {

INSTANTIATE_TEST_SUITE_P(Sqlite, JournalSuite,
                         ::testing::Values(Store{"sqlite",
                                                 [](const std::string& place) {
                                                   JournalSettings settings;
                                                   settings.file = place;
                                                   return open_sqlite_journal(settings);
                                                 }}),
                         [](const auto& store) { return store.param.name; });

}  // namespace underpin::facade::journal
