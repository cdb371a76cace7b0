#pragma once

#include "contracts/money.h"
#include "contracts/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// A code of the channels and what NetSuite calls it.
struct CodePair {
  std::string canonical;
  std::string vendor;
};

// Names of the fields that the site adds to its transactions.
struct CustomFields {
  std::string line = "custcol_underpin_line";            // Integer: the channel's line number.
  std::string promotion = "custcol_underpin_promotion";  // Text.
  std::string reason = "custcol_underpin_reason";        // Text: of a line that comes back.
};

// The adapter's section of the configuration; settings.schema.json says the same for people.
struct Settings {
  std::string url;      // Up to and without "/services".
  std::string version;  // "2020_2": of the endpoint and of every namespace.
  std::string account;
  std::string consumer_key;
  std::string consumer_secret;  // Resolved, as the next two.
  std::string token;
  std::string token_secret;
  std::string subsidiary;          // Internal id, of what is made; empty: no OneWorld account.
  std::string adjustment_account;  // Internal id.
  std::string discount_item;       // Internal id; empty: discounts are refused.
  CustomFields fields;
  std::vector<CodePair> charges;         // Kind of charge, internal id of its item.
  std::string base_uom = "PCS";          // What an article is kept in; written as no unit.
  std::vector<CodePair> uom;             // Other units: internal ids.
  std::vector<CodePair> tax_codes;       // Without a pair a tax code is what NetSuite calls it.
  std::vector<CodePair> countries;       // Beside those that are known.
  std::vector<CodePair> price_groups;    // Without a pair a group is the price level's name.
  std::vector<CodePair> return_reasons;  // Empty: no returns are taken.
  std::string base_price = "1";          // Internal id of the price level of everyone.
  std::string zone = "UTC";              // Whose days price rows are said to rule in.
  std::string ca_file;
  bool verify_tls = true;
  int connect_timeout_ms = 5'000;
  int timeout_ms = 30'000;
  int pool_size = 8;
  int page_size = 100;  // 5 to 1000.
  std::int64_t settle_ms = 15'000;
  std::int64_t ids_kept_ms = 60'000;  // 0: every id is asked for each time.
  std::int64_t change_overlap_ms = 5'000;
};

// invalid_request, with pointers into the settings, for anything unknown or ill-typed.
Result<Settings> read_settings(std::string_view json);

// nullptr: there is no pair.
const std::string* to_vendor(const std::vector<CodePair>& table, const std::string& canonical);
const std::string* from_vendor(const std::vector<CodePair>& table, const std::string& vendor);

}  // namespace underpin::legacy::netsuite_soap
