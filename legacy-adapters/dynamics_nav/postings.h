#pragma once

#include "contracts/ports/posting_service.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <memory>
#include <string>

namespace underpin::legacy::dynamics_nav {

struct PostingSettings {
  std::string system;
  SqlNames sql;
  ChartOfAccounts chart;
  Currency local_currency = "EUR";
};

// What NAV has posted, over ODBC: [G_L Entry] for the general ledger, then [VAT Entry] of sales for
// the tax ledger; NAV's general ledger entries of tax accounts name no code. Which order a document
// is of comes from [Sales Invoice Header]. Credits are negative in both. Dimensions are not read. A
// closing date is the last second of its day. NAV previews postings in its client
// from 2016 on, and over no service.
class Postings final : public PostingService {
 public:
  Postings(PostingSettings settings, std::shared_ptr<odbc::Database> database)
      : settings_(std::move(settings)), database_(std::move(database)) {}

  const PostingDeclaration& declares() const override { return declaration_; }
  Result<Page<PostedEntry>> posted_entries(const PostingQuery& query,
                                           const CallContext& context) override;

 private:
  std::string q(std::string_view identifier) const { return quoted(settings_.sql, identifier); }
  std::string t(std::string_view nav_name) const { return table(settings_.sql, nav_name); }
  std::string statement(Ledger ledger, const PostingQuery& query) const;
  Status read(Ledger ledger, const PostingQuery& query, std::int64_t after, Deadline deadline,
              Page<PostedEntry>& page) const;
  PostedEntry entry_of(Ledger ledger, const odbc::Row& row) const;

  const PostingSettings settings_;
  const PostingDeclaration declaration_{false, true, true};
  const std::shared_ptr<odbc::Database> database_;
};

// Every table and column that is read; for the doctor.
std::vector<Finding> examine_postings(odbc::Database& database, const SqlNames& names,
                                      Deadline deadline);

}  // namespace underpin::legacy::dynamics_nav
