#pragma once

#include "parity/ledger.h"
#include "parity/ledger_db.h"
#include "parity/report_data.h"
#include "parity/sealing.h"

// The questions that a ledger answers, on any connection to its file. Throws as ledger_db.h does.
namespace underpin::parity {

struct Reading {
  Database& database;
  const Seal& seal;
};

// "/lines/10/unitPrice" -> "/lines/*/unitPrice": list elements have numeric or composed keys.
std::string field_of(const std::string& path);

Result<Summary> summarize(const Reading& reading);
Result<std::vector<LedgerEntry>> select_entries(const Reading& reading, const LedgerFilter& filter);
Result<std::vector<DifferenceClass>> classes_of(const Reading& reading,
                                                const std::string& capability, Timestamp since);
Result<std::map<std::string, RuleUse>> uses_of_rules(const Reading& reading);
Result<std::map<std::string, KnownUse>> uses_of_known(const Reading& reading);
Result<Report> report_of(const Reading& reading, const ReportQuery& query);
Result<std::vector<LedgerEntry>> pairs_of(const Reading& reading, const ReportQuery& query,
                                          std::int64_t after_id, int limit);
// One comparison with its documents and all its differences. not_found.
Result<LedgerEntry> entry_with(const Reading& reading, std::int64_t id);

// What an entry needs beside its documents to be judged again.
std::string write_context(const LedgerEntry& entry);
void read_context(const std::string& text, LedgerEntry& entry);

}  // namespace underpin::parity
