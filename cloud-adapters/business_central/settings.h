#pragma once

#include "contracts/money.h"
#include "contracts/posting.h"
#include "contracts/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::cloud::business_central {

// A code of the channels and what Business Central calls it. Codes without a pair are the same.
struct CodePair {
  std::string canonical;
  std::string vendor;
};

// Which order line a charge becomes: lineType and lineObjectNumber of v2.0 salesOrderLines.
struct ChargeLine {
  std::string kind;
  std::string line_type;  // "Charge" or "Account".
  std::string number;
};

enum class AuthKind { basic, oauth2 };

struct Pages {
  std::string releases = "salesOrderReleases";
  std::string reopens = "salesOrderReopens";
  std::string archive = "orderArchive";
  std::string promotions = "salesLinePromotions";
  std::string stock = "stockLevels";
  std::string journal = "itemJournalPostings";
  std::string ledger = "itemLedgerEntries";
  std::string prices = "salesPrices";
  std::string price_batches = "priceListBatches";
  std::string customer_pricing = "customerPricing";
  std::string quotes = "priceQuotes";
};

// The adapter's section of the configuration; settings.schema.json says the same for people.
struct Settings {
  std::string base_url;    // Up to and without "/api".
  std::string company;     // Name; or:
  std::string company_id;  // GUID, when known; spares a look-up.
  AuthKind auth = AuthKind::basic;
  std::string user;
  std::string password;  // Resolved.
  std::string token_url;
  std::string client_id;
  std::string client_secret;  // Resolved.
  std::string scope = "https://api.businesscentral.dynamics.com/.default";
  std::string publisher = "contoso";
  std::string group = "retail";
  std::string version = "v1.0";
  Pages pages;
  std::string ca_file;
  bool verify_tls = true;
  std::string client_certificate_file;
  std::string client_key_file;
  int connect_timeout_ms = 5'000;
  int pool_size = 16;
  int page_size = 200;
  std::int64_t settle_ms = 10'000;
  std::int64_t change_overlap_ms = 2'000;
  bool trust_503 = false;
  std::vector<CodePair> uom;
  std::vector<CodePair> locations;
  std::vector<CodePair> tax_codes;
  std::vector<CodePair> reasons;
  std::vector<CodePair> return_reasons;  // Empty: no returns are taken.
  std::vector<ChargeLine> charges;
  ChartOfAccounts chart;  // Empty: nothing is told of what was posted.
  Currency local_currency = "EUR";
};

// invalid_request, with pointers into the settings, for anything unknown or ill-typed.
Result<Settings> read_settings(std::string_view json);

// The first pair that has it; the code itself without one.
const std::string& to_vendor(const std::vector<CodePair>& table, const std::string& canonical);
const std::string& from_vendor(const std::vector<CodePair>& table, const std::string& vendor);

}  // namespace underpin::cloud::business_central
