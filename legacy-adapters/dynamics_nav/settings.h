#pragma once

#include "contracts/decimal.h"
#include "contracts/money.h"
#include "contracts/posting.h"
#include "contracts/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// NAV's web services: <url>/<instance>/WS/<company>/Page|Codeunit/<service>.
struct SoapSettings {
  std::string url;  // "https://nav.example:7047", without the instance.
  std::string instance = "DynamicsNAV90";
  std::string company;
  std::string user;         // HTTP Basic (NavUserPassword).
  std::string password;     // Resolved.
  int timeout_ms = 30'000;  // Of one exchange; the caller's deadline if that is sooner.
  int connect_timeout_ms = 5'000;
  int pool_size = 5;  // NAV serves a few requests of one user at once.
  std::int64_t response_limit_bytes = 64 * 1024 * 1024;
  std::string ca_file;
  bool verify_tls = true;
};

struct OdbcSettings {
  std::string connection_string;  // Resolved.
  std::string company;            // As it stands before the $ of the table names.
  std::string app_suffix;         // "$437dbf0e-…" of later versions; empty: none.
  std::string quote = "[]";
  // An SQL expression above which row versions may still be in open transactions, so that the
  // change feed does not pass them by: "MIN_ACTIVE_ROWVERSION()" on SQL Server; empty where row
  // versions appear in order.
  std::string rowversion_fence;
  bool value_entries = false;  // [Value Entry] may be read: who posted an entry of the item ledger.
  int pool_max = 8;
  int login_timeout_ms = 5'000;
  int query_timeout_ms = 30'000;
};

struct PriceFolderSettings {
  bool table = false;  // Prices are read from [Sales Price]; what else is said of files is not.
  std::string folder;  // Where the nightly file arrives; archive/ and quarantine/ appear in it.
  std::string suffix = ".csv";
  bool needs_done = false;
  int stable_ms = 2'000;
  int poll_every_ms = 1'000;
  std::string expected_by;  // "06:00" local time; empty: no alarm.
};

// Which general ledger account a charge is posted to.
struct ChargeAccount {
  std::string kind;  // "shipping".
  std::string account;
};

// The adapter's section of the configuration; settings.schema.json says the same for people.
struct Settings {
  SoapSettings soap;
  OdbcSettings odbc;
  PriceFolderSettings prices;
  std::string zone = "Europe/Berlin";     // Of NAV's dates and of the price file.
  Currency local_currency = "EUR";        // NAV keeps it as a blank currency code.
  Decimal vat_percent = Decimal::of(19);  // To compare prices with tax against prices without.
  std::string reason_code;                // Of item journal lines; empty: none.
  int page_size = 100;
  std::int64_t settle_ms = 10'000;
  std::vector<ChargeAccount> charges;
  // The channels' return reasons and NAV's codes of them; empty: no returns are taken.
  std::vector<std::pair<std::string, std::string>> return_reasons;
  ChartOfAccounts chart;  // Empty: nothing is told of what was posted.
};

// invalid_request, with pointers into the settings, for anything unknown or ill-typed.
Result<Settings> read_settings(std::string_view json);

}  // namespace underpin::legacy::dynamics_nav
